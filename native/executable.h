// Compiled programs: compile, load, run, describe.
#pragma once
#include <node_api.h>

#include <memory>
#include <string>
#include <vector>

#include "buffer.h"
#include "hlo.h"

namespace xs {

struct Parameter : TypedDims {
  bool donated = false;
};

struct Output {
  PJRT_Buffer_Type type;
  SharedDims dims;
};

struct Executable {
  static constexpr const char* kName = "an executable";
  const std::shared_ptr<Client> client;
  const uint64_t id;  // never another program's
  PJRT_LoadedExecutable* loaded;  // null once deleted
  PJRT_Executable* program = nullptr;
  std::vector<Parameter> parameters;
  std::vector<Output> outputs;
  std::vector<PJRT_Device*> devices;
  bool any_donated = false;
  bool gated = false;  // its last parameter is a gate: it has callbacks

  // Takes `loaded` over and reads what the plugin knows of the program. `parameters` are what the caller thinks they are.
  Executable(std::shared_ptr<Client> client, PJRT_LoadedExecutable* loaded, std::vector<Parameter> parameters);
  ~Executable();
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  const PJRT_Api* api() const { return client->api(); }
  // How many parameters the caller gives.
  size_t arity() const { return parameters.size() - (gated ? 1 : 0); }
  PJRT_LoadedExecutable* Live() const;
  void Release();
  // Throws UNIMPLEMENTED where the plugin does not give it.
  std::string OptimizedProgram(std::string* format) const;
  // XLA compares arguments by bytes at most, so that a wrong idea of the parameters computes garbage or crashes: compares with the
  // program as compiled, and takes the dims of one device's part from there where the program is partitioned.
  void CheckParameters();

 private:
  void Describe();
};

napi_value ExecutableToJs(napi_env env, std::unique_ptr<Executable> e);

// compile.cc
napi_value CompileSync(napi_env env, napi_callback_info info);
napi_value CompileAsync(napi_env env, napi_callback_info info);
napi_value DeserializeSync(napi_env env, napi_callback_info info);
napi_value DeserializeAsync(napi_env env, napi_callback_info info);
// execute.cc
napi_value Execute(napi_env env, napi_callback_info info);
napi_value ExecuteInto(napi_env env, napi_callback_info info);
napi_value Bind(napi_env env, napi_callback_info info);
napi_value ExecuteBound(napi_env env, napi_callback_info info);
napi_value ExecuteSharded(napi_env env, napi_callback_info info);
// executable.cc
napi_value ExecutableSerialize(napi_env env, napi_callback_info info);
napi_value ExecutableOptimizedHlo(napi_env env, napi_callback_info info);
napi_value ExecutableCostAnalysis(napi_env env, napi_callback_info info);
napi_value ExecutableMemoryStats(napi_env env, napi_callback_info info);
napi_value ExecutableCodeSize(napi_env env, napi_callback_info info);
napi_value ExecutableDelete(napi_env env, napi_callback_info info);
napi_value ExecutableIsDeleted(napi_env env, napi_callback_info info);

}  // namespace xs
