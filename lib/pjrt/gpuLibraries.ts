import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

// The order and the list are those of JAX's CUDA plugin: its RPATH finds most of them beside itself, but not what cuDNN opens by name, nor
// cuSOLVER. What is loaded already is found by its SONAME.
const CUDA_LIBRARIES: readonly (readonly [folders: readonly string[], files: readonly string[]])[] = [
  [['cuda_runtime', 'cu13'], ['libcudart.so.12', 'libcudart.so.13']],
  [['cuda_nvrtc', 'cu13'], ['libnvrtc.so.12', 'libnvrtc.so.13']],
  [['nvjitlink', 'cu13'], ['libnvJitLink.so.12', 'libnvJitLink.so.13']],
  [['cublas', 'cu13'], ['libcublasLt.so.12', 'libcublas.so.12', 'libcublasLt.so.13', 'libcublas.so.13']],
  [['nccl'], ['libnccl.so.2']],
  [['cuda_cupti', 'cu13'], ['libcupti.so.12', 'libcupti.so.13']],
  [['cusparse', 'cu13'], ['libcusparse.so.12']],
  [['cusolver', 'cu13'], ['libcusolver.so.11', 'libcusolver.so.12']],
  [['cufft', 'cu13'], ['libcufft.so.11', 'libcufft.so.12']],
  [['nvshmem'], ['libnvshmem_host.so.3']],
  [['cudnn'], ['libcudnn.so.9']],
];

// dlopen's RTLD_NODELETE, which Node does not name: Node closes a library that is no addon, and this keeps it loaded all the same.
const RTLD_NODELETE = 0x1000;

/** Loads a shared library for the rest of the process; null if it worked, else dlopen's words. */
export function loadForever(file: string): string | null {
  try {
    process.dlopen({ exports: {} } as NodeJS.Module, file, constants.dlopen.RTLD_LAZY | RTLD_NODELETE);
    return null;
  } catch (e) {
    const message = (e as Error).message;
    return /self-register/.test(message) ? null : message;
  }
}

const prepared = new Set<string>();

/**
 * Makes NVIDIA's libraries known to the process before the CUDA plugin looks for them, as JAX does, and tells XLA where ptxas and libdevice
 * are. What is missing is left to the system's own search path.
 *
 * @param root the folder the wheels were unzipped into, as a Python's site-packages: it holds `nvidia/`
 */
export function prepareGpuLibraries(root: string): void {
  const nvidia = join(root, 'nvidia');
  if (prepared.has(nvidia) || !existsSync(nvidia)) return;
  prepared.add(nvidia);
  for (const [folders, files] of CUDA_LIBRARIES) {
    for (const folder of folders) {
      for (const file of files) {
        const path = join(nvidia, folder, 'lib', file);
        if (existsSync(path)) loadForever(path);
      }
    }
  }
  const tools = [join(nvidia, 'cuda_nvcc'), join(nvidia, 'cu13')].find((d) => existsSync(join(d, 'bin', 'ptxas')));
  const flags = process.env.XLA_FLAGS ?? '';
  if (tools !== undefined && !flags.includes('xla_gpu_cuda_data_dir')) process.env.XLA_FLAGS = `${flags} --xla_gpu_cuda_data_dir=${tools}`.trim();
}
