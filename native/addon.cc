// The addon's functions, as lib/pjrt/native.ts names them.
#include <dlfcn.h>
#include <node_api.h>

#include "blas_handlers.h"
#include "buffer.h"
#include "callback.h"
#include "client.h"
#include "entry.h"
#include "env.h"
#include "event.h"
#include "executable.h"
#include "profiler.h"
#include "start.h"

namespace xs {
namespace {

napi_value SetErrorFactory(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 1);
    napi_ref& factory = EnvState::Get(env)->error_factory;
    if (factory != nullptr) napi_delete_reference(env, factory);
    Napi(napi_create_reference(env, args[0], 1, &factory));
    return nullptr;
  });
}

napi_value SetExit(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    SetExitCode(static_cast<int>(ReadInt(env, Args(env, info, 1)[0], "setExitCode")));
    return nullptr;
  });
}

// Waits for running work, for a bounded time: for JS's exit listeners.
napi_value DrainWork(napi_env env, napi_callback_info) {
  return Entry(env, [&] {
    Desk::OfThread()->Leave();
    return Bool(env, Drain());
  });
}

// The library stays in memory for threads and exit handlers, also when only a worker loaded it and ends.
void StayLoaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&StayLoaded), &self) != 0 && self.dli_fname != nullptr) dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

}  // namespace
}  // namespace xs

NAPI_MODULE_INIT() {
  using namespace xs;
  StayLoaded();
  EnvState::Create(env);
  return Entry(env, [&] {
    auto add = [&](const char* name, napi_callback f) { AddFunction(env, exports, name, f); };
    add("setErrorFactory", SetErrorFactory);
    add("setExitCode", SetExit);
    add("drain", DrainWork);
    add("loadPlugin", LoadPlugin);
    add("createClient", CreateClient);
    add("topology", Topology);
    add("deviceMemoryStats", DeviceMemoryStats);
    add("clientMemory", ClientMemory);
    add("clientResetPeak", ClientResetPeak);
    add("allocateHost", AllocateHost);
    add("bufferFromHost", BufferFromHost);
    add("enableBlas", EnableBlas);
    add("compileSync", CompileSync);
    add("compileAsync", CompileAsync);
    add("deserializeSync", DeserializeSync);
    add("deserializeAsync", DeserializeAsync);
    add("execute", Execute);
    add("executeInto", ExecuteInto);
    add("bind", Bind);
    add("executeBound", ExecuteBound);
    add("executeSharded", ExecuteSharded);
    add("serialize", ExecutableSerialize);
    add("optimizedHlo", ExecutableOptimizedHlo);
    add("costAnalysis", ExecutableCostAnalysis);
    add("memoryStats", ExecutableMemoryStats);
    add("codeSize", ExecutableCodeSize);
    add("deleteExecutable", ExecutableDelete);
    add("isDeletedExecutable", ExecutableIsDeleted);
    add("profilerStart", ProfilerStart);
    add("profilerStop", ProfilerStop);
    add("setCallbackHooks", SetCallbackHooks);
    add("answerCallback", AnswerCallback);
    add("callbackBarrier", CallbackBarrier);
    add("callbacksIdle", CallbacksIdle);
    add("makeIds", MakeIds);
    add("readText", ReadText);
    add("readFile", ReadFile);
    add("checksum", ChecksumOf);
    add("sha256", Sha256);
    add("loadAhead", LoadAhead);
    add("finishAhead", FinishAhead);
    Buffer::Define(env, exports);
    return exports;
  });
}
