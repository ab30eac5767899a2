#include "executable.h"

#include <pthread.h>

#include <cstring>
#include <algorithm>
#include <unordered_set>

#include "buffer.h"
#include "entry.h"
#include "env.h"

namespace xs {

namespace {

struct Parameter {
  PJRT_Buffer_Type type;
  Dims dims;
  bool donated;
};

struct Output {
  PJRT_Buffer_Type type;
  std::shared_ptr<const Dims> dims;
};

struct Executable {
  static constexpr uint64_t kMagic = 0x78736578656375ull;
  uint64_t magic = kMagic;
  std::shared_ptr<Client> client;
  PJRT_LoadedExecutable* loaded = nullptr;
  PJRT_Executable* program = nullptr;
  std::vector<Parameter> parameters;
  std::vector<Output> outputs;
  std::vector<PJRT_Device*> devices;
  bool any_donated = false;

  const PJRT_Api* api() const { return client->api(); }

  PJRT_LoadedExecutable* Live() const {
    if (loaded == nullptr) Fail(Kind::kDeleted, "Executable: it was deleted");
    return loaded;
  }

  void Release() {
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

  ~Executable() {
    Release();
    magic = 0;
  }

  // Reads what the plugin knows of the program.
  void Describe() {
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
};

Executable* Unwrap(napi_env env, napi_value v) {
  void* data = nullptr;
  napi_valuetype type;
  if (napi_typeof(env, v, &type) == napi_ok && type == napi_external && napi_get_value_external(env, v, &data) == napi_ok) {
    auto* e = static_cast<Executable*>(data);
    if (e->magic == Executable::kMagic) return e;
  }
  Fail(Kind::kArgument, "Executable: not an executable");
}

napi_value Get(napi_env env, napi_value object, const char* key) {
  napi_value v;
  Napi(napi_get_named_property(env, object, key, &v));
  return v;
}

std::vector<Parameter> ReadParameters(napi_env env, napi_value list) {
  uint32_t n = 0;
  Napi(napi_get_array_length(env, list, &n));
  std::vector<Parameter> out(n);
  for (uint32_t i = 0; i < n; i++) {
    napi_value p;
    Napi(napi_get_element(env, list, i, &p));
    out[i].type = ReadDtype(env, Get(env, p, "dtype"), "compile: parameter dtype");
    out[i].dims = ReadDims(env, Get(env, p, "dims"), "compile: parameter dims");
    ElementCount("compile: parameter", out[i].dims);
    Napi(napi_get_value_bool(env, Get(env, p, "donated"), &out[i].donated));
  }
  return out;
}

std::string Text(const char* data, size_t n) { return data == nullptr ? "" : std::string(data, n); }

napi_value ToJs(napi_env env, std::unique_ptr<Executable> e) {
  napi_value object, external, outputs, devices;
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
  XS_ARGS(PJRT_Executable_Fingerprint_Args, print);
  print.executable = e->program;
  Error ignored;
  std::string fingerprint;
  if (offsetof(PJRT_Api, PJRT_Executable_Fingerprint) < api->struct_size && api->PJRT_Executable_Fingerprint &&
      !TakeError(api, api->PJRT_Executable_Fingerprint(&print), &ignored)) {
    fingerprint = Text(print.executable_fingerprint, print.executable_fingerprint_size);
  }
  napi_value digest;
  Napi(napi_create_buffer_copy(env, fingerprint.size(), fingerprint.data(), nullptr, &digest));
  Set(env, object, "fingerprint", digest);
  Executable* raw = e.release();
  napi_status status = napi_create_external(env, raw, [](node_api_basic_env, void* data, void*) { delete static_cast<Executable*>(data); }, nullptr, &external);
  if (status != napi_ok) {
    delete raw;
    Napi(status);
  }
  Set(env, object, "handle", external);
  return object;
}

// Work for a thread with a stack that LLVM's recursion fits in.
struct Job {
  std::function<void()> run;
};

void* RunJob(void* arg) {
  std::unique_ptr<Job> job(static_cast<Job*>(arg));
  job->run();
  return nullptr;
}

pthread_t Start(std::function<void()> run) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{64} << 20);
  auto* job = new Job{std::move(run)};
  pthread_t thread;
  int failed = pthread_create(&thread, &attributes, RunJob, job);
  pthread_attr_destroy(&attributes);
  if (failed) {
    delete job;
    Fail(Kind::kXla, "compile: no thread could be started");
  }
  return thread;
}

struct Compilation {
  std::shared_ptr<Client> client;
  std::string code, format, options;
  std::vector<Parameter> parameters;
  bool load = false;  // `code` is a serialized executable
  std::unique_ptr<Executable> result;
  Error error;
  bool failed = false;

  void Run() {
    try {
      auto e = std::make_unique<Executable>();
      e->client = client;
      const PJRT_Api* api = client->api();
      if (load) {
        XS_ARGS(PJRT_Executable_DeserializeAndLoad_Args, args);
        args.client = client->handle;
        args.serialized_executable = code.data();
        args.serialized_executable_size = code.size();
        Check(api, XS_FN(api, PJRT_Executable_DeserializeAndLoad)(&args));
        e->loaded = args.loaded_executable;
      } else {
        XS_ARGS(PJRT_Program, program);
        program.code = code.data();
        program.code_size = code.size();
        program.format = format.data();
        program.format_size = format.size();
        XS_ARGS(PJRT_Client_Compile_Args, args);
        args.client = client->handle;
        args.program = &program;
        args.compile_options = options.data();
        args.compile_options_size = options.size();
        Check(api, XS_FN(api, PJRT_Client_Compile)(&args));
        e->loaded = args.executable;
      }
      e->parameters = std::move(parameters);
      e->Describe();
      result = std::move(e);
    } catch (const Error& e) {
      error = e;
      failed = true;
    }
  }
};

// (client, code, format, options, parameters) or, to load, (client, bytes, parameters)
std::shared_ptr<Compilation> ReadCompilation(napi_env env, const Args& args, bool load) {
  auto c = std::make_shared<Compilation>();
  UnwrapClient(env, args[0]);
  void* data;
  napi_get_value_external(env, args[0], &data);
  c->client = static_cast<ClientHandle*>(data)->client;
  Bytes code = ReadBytes(env, args[1], "compile: program");
  c->code.assign(reinterpret_cast<const char*>(code.data), code.size);
  c->load = load;
  if (load) {
    c->parameters = ReadParameters(env, args[2]);
  } else {
    c->format = ReadString(env, args[2], "compile: format");
    Bytes options = ReadBytes(env, args[3], "compile: options");
    if (options.size == 0) Fail(Kind::kArgument, "compile: options are empty");
    c->options.assign(reinterpret_cast<const char*>(options.data), options.size);
    c->parameters = ReadParameters(env, args[4]);
  }
  if (c->code.empty()) Fail(Kind::kArgument, "compile: the program is empty");
  return c;
}

napi_value RunNow(napi_env env, std::shared_ptr<Compilation> c) {
  pthread_join(Start([c] { c->Run(); }), nullptr);
  if (c->failed) throw c->error;
  return ToJs(env, std::move(c->result));
}

std::string Where(size_t device, size_t i) {
  return "argument " + std::to_string(i) + (device ? " of device " + std::to_string(device) : "");
}

// One call's arguments and results, checked.
struct Row {
  std::vector<Buffer*> args;
  std::vector<PJRT_Buffer*> handles;
  std::vector<PJRT_Buffer*> outputs;
};

void ReadRow(napi_env env, Executable* e, napi_value list, size_t device, PJRT_Device* expected, Row* row) {
  bool is_array = false;
  napi_is_array(env, list, &is_array);
  if (!is_array) Fail(Kind::kArgument, "execute: expected an array of Buffers");
  uint32_t n;
  Napi(napi_get_array_length(env, list, &n));
  if (n != e->parameters.size()) Fail(Kind::kArgument, "execute: expected " + std::to_string(e->parameters.size()) + " arguments, got " + std::to_string(n));
  row->args.resize(n);
  row->handles.resize(n);
  for (uint32_t i = 0; i < n; i++) {
    napi_value v;
    Napi(napi_get_element(env, list, i, &v));
    Buffer* b = Buffer::From(env, v);
    if (b == nullptr) Fail(Kind::kArgument, "execute: " + Where(device, i) + ": expected a Buffer");
    const Parameter& p = e->parameters[i];
    if (b->handle == nullptr) Fail(Kind::kDeleted, "execute: " + Where(device, i) + " of type " + b->Type() + " was deleted or donated");
    if (b->client != e->client.get()) Fail(Kind::kArgument, "execute: " + Where(device, i) + " is a buffer of another client");
    if (b->type != p.type) Fail(Kind::kDtype, "execute: " + Where(device, i) + ": expected " + TypeText(p.type, p.dims) + ", got " + b->Type());
    if (*b->dims != p.dims) Fail(Kind::kShape, "execute: " + Where(device, i) + ": expected " + TypeText(p.type, p.dims) + ", got " + b->Type());
    if (b->device != expected) {
      Fail(Kind::kArgument, "execute: " + Where(device, i) + " is on device " + std::to_string(e->client->IndexOf(b->device)) + ", expected device " + std::to_string(e->client->IndexOf(expected)));
    }
    row->args[i] = b;
    row->handles[i] = b->handle;
  }
  row->outputs.assign(e->outputs.size(), nullptr);
}

// A buffer that is given up must not be given twice in one call.
void CheckDonations(Executable* e, const Row& row, const std::vector<int64_t>& kept) {
  std::unordered_set<PJRT_Buffer*> donated;
  auto given_up = [&](size_t i) { return e->parameters[i].donated && std::find(kept.begin(), kept.end(), static_cast<int64_t>(i)) == kept.end(); };
  for (size_t i = 0; i < row.handles.size(); i++) {
    if (given_up(i) && !donated.insert(row.handles[i]).second) Fail(Kind::kArgument, "execute: argument " + std::to_string(i) + " is donated and given twice");
  }
  if (donated.empty()) return;
  for (size_t i = 0; i < row.handles.size(); i++) {
    if (!given_up(i) && donated.count(row.handles[i])) Fail(Kind::kArgument, "execute: argument " + std::to_string(i) + " is also given as a donated argument");
  }
}

napi_value Run(napi_env env, Executable* e, std::vector<Row>& rows, const std::vector<int64_t>& kept) {
  const PJRT_Api* api = e->api();
  if (e->any_donated) for (const Row& row : rows) CheckDonations(e, row, kept);
  size_t n = rows.size();
  PJRT_Buffer* const* small_args[1];
  PJRT_Buffer** small_outs[1];
  PJRT_Event* small_events[1] = {nullptr};
  std::vector<PJRT_Buffer* const*> many_args;
  std::vector<PJRT_Buffer**> many_outs;
  std::vector<PJRT_Event*> many_events;
  PJRT_Buffer* const** arg_lists = small_args;
  PJRT_Buffer*** out_lists = small_outs;
  PJRT_Event** events = small_events;
  if (n > 1) {
    many_args.resize(n);
    many_outs.resize(n);
    many_events.resize(n);
    arg_lists = many_args.data();
    out_lists = many_outs.data();
    events = many_events.data();
  }
  for (size_t d = 0; d < n; d++) {
    arg_lists[d] = rows[d].handles.data();
    out_lists[d] = rows[d].outputs.data();
  }
  XS_ARGS(PJRT_ExecuteOptions, options);
  options.non_donatable_input_indices = kept.data();
  options.num_non_donatable_input_indices = kept.size();
  XS_ARGS(PJRT_LoadedExecutable_Execute_Args, args);
  args.executable = e->Live();
  args.options = &options;
  args.argument_lists = arg_lists;
  args.num_devices = n;
  args.num_args = e->parameters.size();
  args.output_lists = out_lists;
  args.device_complete_events = events;
  Check(api, api->PJRT_LoadedExecutable_Execute(&args));
  // From here on every output is owned, whatever happens.
  std::vector<std::vector<std::unique_ptr<Buffer>>> owned(n);
  for (size_t d = 0; d < n; d++) {
    owned[d].reserve(e->outputs.size());
    for (size_t k = 0; k < e->outputs.size(); k++) {
      owned[d].push_back(std::make_unique<Buffer>(e->client.get(), rows[d].outputs[k], e->outputs[k].type, e->outputs[k].dims, e->devices[d]));
    }
  }
  for (size_t d = 0; d < n; d++) e->client->Track(events[d]);
  if (e->any_donated) {
    for (Row& row : rows) {
      for (size_t i = 0; i < row.args.size(); i++) {
        if (!e->parameters[i].donated || row.args[i]->handle == nullptr) continue;
        XS_ARGS(PJRT_Buffer_IsDeleted_Args, gone);
        gone.buffer = row.args[i]->handle;
        Check(api, api->PJRT_Buffer_IsDeleted(&gone));
        if (!gone.is_deleted) continue;
        row.args[i]->Release();
        int64_t ignored;
        napi_adjust_external_memory(env, -row.args[i]->bytes, &ignored);
      }
    }
  }
  napi_value result;
  Napi(napi_create_array_with_length(env, n == 1 ? e->outputs.size() : n, &result));
  for (size_t d = 0; d < n; d++) {
    napi_value list = result;
    if (n > 1) {
      Napi(napi_create_array_with_length(env, e->outputs.size(), &list));
      Napi(napi_set_element(env, result, d, list));
    }
    for (size_t k = 0; k < owned[d].size(); k++) Napi(napi_set_element(env, list, k, Buffer::Wrap(env, std::move(owned[d][k]))));
  }
  return result;
}

std::vector<int64_t> ReadKept(napi_env env, const Args& args, size_t i) {
  if (args.count <= i || IsNullish(env, args[i])) return {};
  return ReadDims(env, args[i], "execute: nonDonatable");
}

}  // namespace

Client* UnwrapClient(napi_env env, napi_value v) {
  void* data = nullptr;
  napi_valuetype type;
  if (napi_typeof(env, v, &type) == napi_ok && type == napi_external && napi_get_value_external(env, v, &data) == napi_ok) {
    auto* h = static_cast<ClientHandle*>(data);
    if (h->magic == ClientHandle::kMagic) return h->client.get();
  }
  Fail(Kind::kArgument, "Client: not a client");
}

napi_value CompileSync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return RunNow(env, ReadCompilation(env, Args(env, info, 5), false)); });
}

napi_value Deserialize(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return RunNow(env, ReadCompilation(env, Args(env, info, 3), true)); });
}

napi_value CompileAsync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    auto c = ReadCompilation(env, Args(env, info, 5), false);
    napi_value promise;
    auto deferred = Deferred::Make(env, &promise);
    Client::WorkBegins();
    pthread_detach(Start([c, deferred] {
      c->Run();
      deferred->Settle([c](napi_env env) {
        if (c->failed) throw c->error;
        return ToJs(env, std::move(c->result));
      });
      Client::WorkEnds();
    }));
    return promise;
  });
}

// (executable, buffers, non-donatable indices)
napi_value Execute(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    Executable* e = Unwrap(env, args[0]);
    e->Live();
    if (e->devices.size() != 1) Fail(Kind::kArgument, "execute: the program runs on " + std::to_string(e->devices.size()) + " devices: use executeSharded");
    std::vector<Row> rows(1);
    ReadRow(env, e, args[1], 0, e->devices[0], &rows[0]);
    return Run(env, e, rows, ReadKept(env, args, 2));
  });
}

// (executable, buffers of each device, non-donatable indices)
napi_value ExecuteSharded(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    Executable* e = Unwrap(env, args[0]);
    e->Live();
    uint32_t n = 0;
    bool is_array = false;
    napi_is_array(env, args[1], &is_array);
    if (!is_array) Fail(Kind::kArgument, "executeSharded: expected an array of arrays of Buffers");
    Napi(napi_get_array_length(env, args[1], &n));
    if (n != e->devices.size()) Fail(Kind::kArgument, "executeSharded: expected arguments for " + std::to_string(e->devices.size()) + " devices, got " + std::to_string(n));
    std::vector<Row> rows(n);
    for (uint32_t d = 0; d < n; d++) {
      napi_value list;
      Napi(napi_get_element(env, args[1], d, &list));
      ReadRow(env, e, list, d, e->devices[d], &rows[d]);
    }
    napi_value result = Run(env, e, rows, ReadKept(env, args, 2));
    if (n != 1) return result;
    napi_value outer;
    Napi(napi_create_array_with_length(env, 1, &outer));
    Napi(napi_set_element(env, outer, 0, result));
    return outer;
  });
}

napi_value ExecutableSerialize(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = Unwrap(env, Args(env, info, 1)[0]);
    e->Live();
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
    Executable* e = Unwrap(env, Args(env, info, 1)[0]);
    e->Live();
    XS_ARGS(PJRT_Program, program);
    XS_ARGS(PJRT_Executable_OptimizedProgram_Args, args);
    args.executable = e->program;
    args.program = &program;
    Check(e->api(), XS_FN(e->api(), PJRT_Executable_OptimizedProgram)(&args));
    std::string code(program.code_size, '\0');
    program.code = code.data();
    Check(e->api(), e->api()->PJRT_Executable_OptimizedProgram(&args));
    napi_value out;
    Napi(napi_create_buffer_copy(env, code.size(), code.data(), nullptr, &out));
    napi_value result;
    Napi(napi_create_object(env, &result));
    Set(env, result, "code", out);
    Set(env, result, "format", Str(env, Text(program.format, program.format_size)));
    return result;
  });
}

napi_value ExecutableCostAnalysis(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = Unwrap(env, Args(env, info, 1)[0]);
    e->Live();
    XS_ARGS(PJRT_Executable_GetCostAnalysis_Args, args);
    args.executable = e->program;
    Check(e->api(), XS_FN(e->api(), PJRT_Executable_GetCostAnalysis)(&args));
    return AttributesToJs(env, args.properties, args.num_properties);
  });
}

napi_value ExecutableMemoryStats(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = Unwrap(env, Args(env, info, 1)[0]);
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
    return out;
  });
}

napi_value ExecutableCodeSize(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Executable* e = Unwrap(env, Args(env, info, 1)[0]);
    e->Live();
    XS_ARGS(PJRT_Executable_SizeOfGeneratedCodeInBytes_Args, args);
    args.executable = e->program;
    Check(e->api(), XS_FN(e->api(), PJRT_Executable_SizeOfGeneratedCodeInBytes)(&args));
    return Num(env, static_cast<double>(args.size_in_bytes));
  });
}

napi_value ExecutableDelete(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Unwrap(env, Args(env, info, 1)[0])->Release();
    return nullptr;
  });
}

napi_value ExecutableIsDeleted(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return Bool(env, Unwrap(env, Args(env, info, 1)[0])->loaded == nullptr); });
}

}  // namespace xs
