import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findPlugin } from '../../lib/pjrt';
import { listPlugins } from '../../lib/pjrt/install';

const root = join(__dirname, '..', '..');

/**
 * The real plugin in the clothes of a GPU's: the platform is called cuda, handlers are registered for it, and a call's stream can be asked for. Small programs
 * call their handlers inside of the call that starts them, as on a GPU, larger ones on other threads.
 */
const PLUGIN = `
#include <dlfcn.h>
#include <pjrt_c_api.h>
#include <stdlib.h>
#include <string.h>
typedef struct { size_t size; void* next; void* context; void* stream; } StreamArgs;
typedef struct { size_t size; const char* target; size_t target_size; void* handler; const char* platform; size_t platform_size; unsigned traits; } RegisterArgs;
typedef struct { PJRT_Extension_Base base; void* a; void* b; PJRT_Error* (*reg)(RegisterArgs*); } Ffi;
static void* (*handler)(char*);
static char table[4096];
static void* stream_get(StreamArgs* a) { a->stream = &table; return NULL; }
static void* handle(char* frame) {
  char** api = (char**)(frame + 16);
  memcpy(table, *api, *(size_t*)*api);
  *(void**)(table + 80) = (void*)stream_get;
  *api = table;
  return handler(frame);
}
static PJRT_Error* (*real_register)(RegisterArgs*);
static PJRT_Error* reg(RegisterArgs* a) {
  if (a->platform_size != 4 || memcmp(a->platform, "CUDA", 4) != 0) abort();
  RegisterArgs b = *a;
  handler = (void* (*)(char*))a->handler; b.handler = (void*)handle; b.platform = "Host";
  return real_register(&b);
}
static PJRT_Error* (*real_name)(PJRT_Client_PlatformName_Args*);
static PJRT_Error* name(PJRT_Client_PlatformName_Args* a) { PJRT_Error* e = real_name(a); a->platform_name = "cuda"; a->platform_name_size = 4; return e; }
static PJRT_Error* (*real_create)(PJRT_Client_Create_Args*);
static PJRT_Error* create(PJRT_Client_Create_Args* a) { a->num_options = 0; return real_create(a); }
const PJRT_Api* GetPjrtApi(void) {
  static PJRT_Api* copy;
  if (copy) return copy;
  void* real = dlopen(getenv("REAL"), RTLD_NOW | RTLD_LOCAL);
  const PJRT_Api* api = ((const PJRT_Api* (*)(void))dlsym(real, "GetPjrtApi"))();
  copy = malloc(api->struct_size); memcpy(copy, api, api->struct_size);
  real_name = api->PJRT_Client_PlatformName; copy->PJRT_Client_PlatformName = name;
  real_create = api->PJRT_Client_Create; copy->PJRT_Client_Create = create;
  PJRT_Extension_Base** at = &copy->extension_start;
  for (PJRT_Extension_Base* e = api->extension_start; e; e = e->next) {
    *at = malloc(e->struct_size); memcpy(*at, e, e->struct_size);
    if (e->type == 5) { real_register = ((Ffi*)*at)->reg; ((Ffi*)*at)->reg = reg; }
    at = &(*at)->next;
  }
  return copy;
}
`;

/** What callbacks use of NVIDIA's driver, on memory of the host. */
const DRIVER = `
#include <stdint.h>
#include <string.h>
int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t n, void* stream) { memcpy(to, (void*)from, n); return stream == 0; }
int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t n, void* stream) { memcpy((void*)to, from, n); return stream == 0; }
int cuStreamSynchronize(void* stream) { return stream == 0; }
`;

/** What a program of test/pjrt/children prints as JSON where the plugin passes for a GPU's. */
export function onPretendedGpu(program: string): Record<string, unknown> {
  const dir = mkdtempSync(join(tmpdir(), 'xlastate-pretended-gpu-'));
  try {
    return run(dir, program);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function run(dir: string, program: string): Record<string, unknown> {
  const real = findPlugin().path;
  // The plugin that the addon is built with brings the API's header.
  const include = join(dirname(listPlugins().find((p) => p.name === 'cpu')!.library!), 'include');
  const compile = (name: string, source: string, file: string, ...flags: string[]) => {
    writeFileSync(join(dir, name), source);
    const made = spawnSync('cc', ['-shared', '-fPIC', '-o', join(dir, file), join(dir, name), ...flags]);
    if (made.status !== 0) throw new Error(String(made.stderr));
  };
  compile('plugin.c', PLUGIN, 'pretended_cuda.so', '-I', include, '-ldl');
  compile('driver.c', DRIVER, 'libcuda.so.1');
  const child = spawnSync(process.execPath, ['-r', join(root, 'test/support/register.js'), join(root, 'test/pjrt/children', program)], {
    cwd: root, encoding: 'utf8', timeout: 50_000,
    env: { ...process.env, REAL: real, XLASTATE_PLUGIN: join(dir, 'pretended_cuda.so'), LD_LIBRARY_PATH: dir, XLASTATE_CACHE_DIR: '0' },
  });
  if (child.status !== 0) throw new Error(`status ${child.status} ${child.signal ?? ''}\n${child.stdout}\n${child.stderr}`);
  return JSON.parse(child.stdout) as Record<string, unknown>;
}
