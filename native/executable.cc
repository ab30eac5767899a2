#include "executable.h"

#include <atomic>

#include "entry.h"
#include "handle.h"

namespace xs {

namespace {
std::string Text(const char* data, size_t n) { return data == nullptr ? "" : std::string(data, n); }

uint64_t NextId() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}
}  // namespace

Executable::Executable(std::shared_ptr<Client> c, PJRT_LoadedExecutable* l, std::vector<Parameter> p) : client(std::move(c)), id(NextId()), loaded(l), parameters(std::move(p)) {
  try {
    Describe();
  } catch (...) {
    Release();
    throw;
  }
}

Executable::~Executable() { Release(); }

void Executable::Describe() {
  XS_ARGS(PJRT_LoadedExecutable_GetExecutable_Args, get);
  get.loaded_executable = loaded;
  Check(api(), api()->PJRT_LoadedExecutable_GetExecutable(&get));
  program = get.executable;
  XS_ARGS(PJRT_Executable_NumOutputs_Args, count);
  count.executable = program;
  Check(api(), api()->PJRT_Executable_NumOutputs(&count));
  XS_ARGS(PJRT_Executable_OutputElementTypes_Args, types);
  types.executable = program;
  Check(api(), api()->PJRT_Executable_OutputElementTypes(&types));
  XS_ARGS(PJRT_Executable_OutputDimensions_Args, dims);
  dims.executable = program;
  Check(api(), api()->PJRT_Executable_OutputDimensions(&dims));
  const int64_t* next = dims.dims;
  for (size_t i = 0; i < count.num_outputs; i++) {
    if (InfoOf(types.output_types[i]) == nullptr) Fail(Kind::kDtype, "Executable: output " + std::to_string(i) + " is no array");
    outputs.push_back({types.output_types[i], std::make_shared<const Dims>(next, next + dims.dim_sizes[i])});
    next += dims.dim_sizes[i];
  }
  XS_ARGS(PJRT_LoadedExecutable_AddressableDevices_Args, where);
  where.executable = loaded;
  Check(api(), api()->PJRT_LoadedExecutable_AddressableDevices(&where));
  devices.assign(where.addressable_devices, where.addressable_devices + where.num_addressable_devices);
  for (const Parameter& p : parameters) any_donated |= p.donated;
}

void Executable::Release() {
  Error ignored;
  if (program) {
    XS_ARGS(PJRT_Executable_Destroy_Args, args);
    args.executable = program;
    TakeError(api(), api()->PJRT_Executable_Destroy(&args), &ignored);
    program = nullptr;
  }
  if (loaded) {
    XS_ARGS(PJRT_LoadedExecutable_Destroy_Args, args);
    args.executable = loaded;
    TakeError(api(), api()->PJRT_LoadedExecutable_Destroy(&args), &ignored);
    loaded = nullptr;
  }
}

PJRT_LoadedExecutable* Executable::Live() const {
  if (loaded == nullptr) Fail(Kind::kDeleted, "Executable: it was deleted");
  return loaded;
}

std::string Executable::OptimizedProgram(std::string* format) const {
  XS_ARGS(PJRT_Program, text);
  XS_ARGS(PJRT_Executable_OptimizedProgram_Args, args);
  args.executable = program;
  args.program = &text;
  Check(api(), XS_FN(api(), PJRT_Executable_OptimizedProgram)(&args));
  *format = Text(text.format, text.format_size);
  std::string code(text.code_size, '\0');
  text.code = code.data();
  Check(api(), api()->PJRT_Executable_OptimizedProgram(&args));
  return code;
}

void Executable::CheckParameters() {
  std::string format, code;
  try {
    code = OptimizedProgram(&format);
  } catch (const Error& e) {
    if (e.status == "UNIMPLEMENTED") return;
    throw;
  }
  std::optional<std::vector<TypedDims>> actual = HloParameters(code, format);
  if (!actual) return;
  if (actual->size() != parameters.size()) {
    Fail(Kind::kArgument, "compile: expected the program to take " + std::to_string(parameters.size()) + " parameters, got " + std::to_string(actual->size()));
  }
  for (size_t i = 0; i < parameters.size(); i++) {
    TypedDims& a = (*actual)[i];
    Parameter& p = parameters[i];
    bool partitioned = devices.size() > 1 && a.dims.size() == p.dims.size();
    if (a.type != p.type || (a.dims != p.dims && !partitioned)) {
      Fail(Kind::kArgument, "compile: expected parameter " + std::to_string(i) + " to be " + TypeText(p.type, p.dims) + ", but in the program it is " + TypeText(a.type, a.dims));
    }
    p.dims = std::move(a.dims);
  }
}

napi_value ExecutableToJs(napi_env env, std::unique_ptr<Executable> e) {
  napi_value object, parameters, outputs, devices;
  Napi(napi_create_object(env, &object));
  Napi(napi_create_array_with_length(env, e->outputs.size(), &outputs));
  for (size_t i = 0; i < e->outputs.size(); i++) {
    napi_value o;
    Napi(napi_create_object(env, &o));
    Set(env, o, "dtype", Str(env, InfoOf(e->outputs[i].type)->name));
    Set(env, o, "dims", DimsToJs(env, e->outputs[i].dims->data(), e->outputs[i].dims->size()));
    Napi(napi_set_element(env, outputs, i, o));
  }
  Set(env, object, "outputs", outputs);
  Napi(napi_create_array_with_length(env, e->arity(), &parameters));
  for (size_t i = 0; i < e->arity(); i++) {
    napi_value p;
    Napi(napi_create_object(env, &p));
    Set(env, p, "dtype", Str(env, InfoOf(e->parameters[i].type)->name));
    Set(env, p, "dims", DimsToJs(env, e->parameters[i].dims.data(), e->parameters[i].dims.size()));
    Set(env, p, "donated", Bool(env, e->parameters[i].donated));
    Napi(napi_set_element(env, parameters, i, p));
  }
  Set(env, object, "parameters", parameters);
  Napi(napi_create_array_with_length(env, e->devices.size(), &devices));
  for (size_t i = 0; i < e->devices.size(); i++) Napi(napi_set_element(env, devices, i, Num(env, e->client->IndexOf(e->devices[i]))));
  Set(env, object, "devices", devices);
  const PJRT_Api* api = e->api();
  XS_ARGS(PJRT_Executable_Name_Args, name);
  name.executable = e->program;
  Check(api, api->PJRT_Executable_Name(&name));
  Set(env, object, "name", Str(env, Text(name.executable_name, name.executable_name_size)));
  XS_ARGS(PJRT_Executable_NumReplicas_Args, replicas);
  replicas.executable = e->program;
  Check(api, api->PJRT_Executable_NumReplicas(&replicas));
  Set(env, object, "numReplicas", Num(env, static_cast<double>(replicas.num_replicas)));
  XS_ARGS(PJRT_Executable_NumPartitions_Args, partitions);
  partitions.executable = e->program;
  Check(api, api->PJRT_Executable_NumPartitions(&partitions));
  Set(env, object, "numPartitions", Num(env, static_cast<double>(partitions.num_partitions)));
  std::string fingerprint;
  if (XS_HAS(api, PJRT_Executable_Fingerprint)) {
    XS_ARGS(PJRT_Executable_Fingerprint_Args, print);
    print.executable = e->program;
    Error ignored;
    if (!TakeError(api, api->PJRT_Executable_Fingerprint(&print), &ignored)) fingerprint = Text(print.executable_fingerprint, print.executable_fingerprint_size);
  }
  napi_value digest;
  Napi(napi_create_buffer_copy(env, fingerprint.size(), fingerprint.data(), nullptr, &digest));
  Set(env, object, "fingerprint", digest);
  // Code, data and what XLA keeps of the program: about this much for small ones.
  constexpr int64_t kHostBytes = 128 << 10;
  Set(env, object, "handle", MakeHandle<kHostBytes>(env, std::move(e)));
  return object;
}

napi_value ExecutableSerialize(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = FromHandle<Executable>(env, Args(env, info, 1)[0]);
    e->Live();
    if (e->gated) Fail(Kind::kCallback, "serialize: a program with callbacks cannot be stored: its callbacks are functions of this process");
    XS_ARGS(PJRT_Executable_Serialize_Args, args);
    args.executable = e->program;
    Check(e->api(), XS_FN(e->api(), PJRT_Executable_Serialize)(&args));
    napi_value out;
    napi_status status = napi_create_buffer_copy(env, args.serialized_bytes_size, args.serialized_bytes, nullptr, &out);
    args.serialized_executable_deleter(args.serialized_executable);
    Napi(status);
    return out;
  });
}

napi_value ExecutableOptimizedHlo(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = FromHandle<Executable>(env, Args(env, info, 1)[0]);
    e->Live();
    std::string format, code = e->OptimizedProgram(&format);
    napi_value out;
    Napi(napi_create_buffer_copy(env, code.size(), code.data(), nullptr, &out));
    napi_value result;
    Napi(napi_create_object(env, &result));
    Set(env, result, "code", out);
    Set(env, result, "format", Str(env, format));
    return result;
  });
}

napi_value ExecutableCostAnalysis(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = FromHandle<Executable>(env, Args(env, info, 1)[0]);
    e->Live();
    XS_ARGS(PJRT_Executable_GetCostAnalysis_Args, args);
    args.executable = e->program;
    Check(e->api(), XS_FN(e->api(), PJRT_Executable_GetCostAnalysis)(&args));
    return AttributesToJs(env, args.properties, args.num_properties);
  });
}

napi_value ExecutableMemoryStats(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = FromHandle<Executable>(env, Args(env, info, 1)[0]);
    e->Live();
    XS_ARGS(PJRT_Executable_GetCompiledMemoryStats_Args, args);
    args.executable = e->program;
    Check(e->api(), XS_FN(e->api(), PJRT_Executable_GetCompiledMemoryStats)(&args));
    napi_value out;
    Napi(napi_create_object(env, &out));
    Set(env, out, "generatedCodeBytes", Num(env, static_cast<double>(args.generated_code_size_in_bytes)));
    Set(env, out, "argumentBytes", Num(env, static_cast<double>(args.argument_size_in_bytes)));
    Set(env, out, "outputBytes", Num(env, static_cast<double>(args.output_size_in_bytes)));
    Set(env, out, "aliasBytes", Num(env, static_cast<double>(args.alias_size_in_bytes)));
    Set(env, out, "tempBytes", Num(env, static_cast<double>(args.temp_size_in_bytes)));
    Set(env, out, "hostGeneratedCodeBytes", Num(env, static_cast<double>(args.host_generated_code_size_in_bytes)));
    Set(env, out, "hostArgumentBytes", Num(env, static_cast<double>(args.host_argument_size_in_bytes)));
    Set(env, out, "hostOutputBytes", Num(env, static_cast<double>(args.host_output_size_in_bytes)));
    Set(env, out, "hostAliasBytes", Num(env, static_cast<double>(args.host_alias_size_in_bytes)));
    Set(env, out, "hostTempBytes", Num(env, static_cast<double>(args.host_temp_size_in_bytes)));
    Set(env, out, "peakBytes", Num(env, static_cast<double>(args.peak_memory_in_bytes)));
    return out;
  });
}

napi_value ExecutableCodeSize(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = FromHandle<Executable>(env, Args(env, info, 1)[0]);
    e->Live();
    XS_ARGS(PJRT_Executable_SizeOfGeneratedCodeInBytes_Args, args);
    args.executable = e->program;
    Check(e->api(), XS_FN(e->api(), PJRT_Executable_SizeOfGeneratedCodeInBytes)(&args));
    return Num(env, static_cast<double>(args.size_in_bytes));
  });
}

napi_value ExecutableDelete(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    FromHandle<Executable>(env, Args(env, info, 1)[0])->Release();
    return nullptr;
  });
}

napi_value ExecutableIsDeleted(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return Bool(env, FromHandle<Executable>(env, Args(env, info, 1)[0])->loaded == nullptr); });
}

}  // namespace xs
