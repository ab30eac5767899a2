import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadForever, prepareGpuLibraries } from '../../lib/pjrt/gpuLibraries';

const dir = mkdtempSync(join(tmpdir(), 'xlastate-gpu-'));
afterAll(() => rmSync(dir, { recursive: true }));

const isLoaded = (file: string) => readFileSync('/proc/self/maps', 'utf8').includes(file);

function compile(file: string, source: string, ...flags: string[]): void {
  const r = spawnSync('c++', ['-shared', '-fPIC', '-x', 'c++', '-', '-o', file, ...flags], { input: source, encoding: 'utf8' });
  if (r.status !== 0) throw new Error(r.stderr);
}

(process.platform === 'linux' ? test : test.skip)('what is loaded beforehand stays, and is found by those who need it by name', () => {
  const root = join(dir, 'site-packages');
  const lib = join(root, 'nvidia', 'cublas', 'lib');
  mkdirSync(lib, { recursive: true });
  mkdirSync(join(root, 'nvidia', 'cuda_nvcc', 'bin', 'ptxas'), { recursive: true });
  const blas = join(lib, 'libcublas.so.12');
  compile(blas, 'extern "C" int xlastate_test_blas() { return 7; }', '-Wl,-soname,libcublas.so.12');
  const user = join(dir, 'user.so');
  compile(user, 'extern "C" int xlastate_test_blas(); extern "C" int xlastate_test_user() { return xlastate_test_blas(); }', '-Wl,--no-as-needed', '-x', 'none', blas);
  expect(loadForever(user)).toMatch(/libcublas\.so\.12/);

  const before = process.env.XLA_FLAGS;
  process.env.XLA_FLAGS = '--xla_some=1';
  prepareGpuLibraries(root);
  expect(process.env.XLA_FLAGS).toBe(`--xla_some=1 --xla_gpu_cuda_data_dir=${join(root, 'nvidia', 'cuda_nvcc')}`);
  if (before === undefined) delete process.env.XLA_FLAGS;
  else process.env.XLA_FLAGS = before;

  expect(isLoaded(blas)).toBe(true);
  expect(loadForever(user)).toBeNull();
  expect(isLoaded(user)).toBe(true);
});

test('dlopen says why a library could not be loaded', () => {
  expect(loadForever(join(dir, 'none.so'))).toMatch(/none\.so/);
});
