// Compiled programs: compile, load, run, describe.
#pragma once
#include <node_api.h>

namespace xs {

napi_value CompileSync(napi_env env, napi_callback_info info);
napi_value CompileAsync(napi_env env, napi_callback_info info);
napi_value Deserialize(napi_env env, napi_callback_info info);
napi_value Execute(napi_env env, napi_callback_info info);
napi_value ExecuteSharded(napi_env env, napi_callback_info info);
napi_value ExecutableSerialize(napi_env env, napi_callback_info info);
napi_value ExecutableOptimizedHlo(napi_env env, napi_callback_info info);
napi_value ExecutableCostAnalysis(napi_env env, napi_callback_info info);
napi_value ExecutableMemoryStats(napi_env env, napi_callback_info info);
napi_value ExecutableCodeSize(napi_env env, napi_callback_info info);
napi_value ExecutableDelete(napi_env env, napi_callback_info info);
napi_value ExecutableIsDeleted(napi_env env, napi_callback_info info);

}  // namespace xs
