// Running programs: everything is checked before XLA sees it.
#include <algorithm>
#include <unordered_set>

#include "entry.h"
#include "env.h"
#include "executable.h"
#include "handle.h"

namespace xs {

namespace {

// An array that is on the stack for the usual number of arguments.
template <typename T, size_t kInline = 24>
class Few {
 public:
  explicit Few(size_t n) : size_(n) {
    if (n > kInline) many_.resize(n);
  }
  Few(Few&&) = default;
  T* data() { return many_.empty() ? few_ : many_.data(); }
  T& operator[](size_t i) { return data()[i]; }
  size_t size() const { return size_; }

 private:
  size_t size_;
  T few_[kInline] = {};
  std::vector<T> many_;
};

// One device's arguments and results.
struct Row {
  Few<Buffer*> args;  // their JS objects are held by the scope of the call
  Few<PJRT_Buffer*> handles;
  Few<PJRT_Buffer*> outputs;
  explicit Row(const Executable& e) : args(e.parameters.size()), handles(e.parameters.size()), outputs(e.outputs.size()) {}
};

std::string Where(size_t device, size_t i) { return "execute: argument " + std::to_string(i) + (device ? " of device " + std::to_string(device) : ""); }

void ReadRow(napi_env env, const Executable* e, napi_value list, size_t device, Row* row) {
  bool is_array = false;
  uint32_t n = 0;
  if (napi_is_array(env, list, &is_array) != napi_ok || !is_array) Fail(Kind::kArgument, "execute: expected an array of Buffers");
  Napi(napi_get_array_length(env, list, &n));
  if (n != e->parameters.size()) Fail(Kind::kArgument, "execute: expected " + std::to_string(e->parameters.size()) + " arguments, got " + std::to_string(n));
  for (uint32_t i = 0; i < n; i++) {
    napi_value v;
    Napi(napi_get_element(env, list, i, &v));
    Buffer* b = Buffer::From(env, v);
    if (b == nullptr) Fail(Kind::kArgument, Where(device, i) + ": expected a Buffer");
    row->args[i] = b;
  }
}

// For after all rows are read: a getter in a list can run JS, which can delete buffers.
void CheckRow(const Executable* e, size_t device, Row* row) {
  PJRT_Device* expected = e->devices[device];
  for (size_t i = 0; i < row->args.size(); i++) {
    const Buffer* b = row->args[i];
    const Parameter& p = e->parameters[i];
    row->handles[i] = b->handle;
    if (b->handle == nullptr) Fail(Kind::kDeleted, Where(device, i) + " of type " + b->Type() + " was deleted or donated");
    if (b->client != e->client) Fail(Kind::kArgument, Where(device, i) + " is a buffer of another client");
    if (b->type != p.type) Fail(Kind::kDtype, Where(device, i) + ": expected " + TypeText(p.type, p.dims) + ", got " + b->Type());
    if (*b->dims != p.dims) Fail(Kind::kShape, Where(device, i) + ": expected " + TypeText(p.type, p.dims) + ", got " + b->Type());
    if (b->device != expected) {
      Fail(Kind::kArgument, Where(device, i) + " is on device " + std::to_string(e->client->IndexOf(b->device)) + ", expected device " + std::to_string(e->client->IndexOf(expected)));
    }
  }
}

using Indices = std::vector<int64_t>;

Indices ReadKept(napi_env env, const Executable& e, const Args& args, size_t i) {
  if (args.count <= i || IsNullish(env, args[i])) return {};
  Indices kept = ReadInts(env, args[i], "execute: nonDonatable");
  for (int64_t k : kept) {
    if (k < 0 || k >= static_cast<int64_t>(e.parameters.size())) Fail(Kind::kArgument, "execute: nonDonatable: there is no argument " + std::to_string(k));
  }
  return kept;
}

// A buffer that is given up must not be given a second time in the same call.
void CheckDonations(const Executable& e, Row& row, const Indices& kept) {
  std::unordered_set<PJRT_Buffer*> donated;
  auto given_up = [&](size_t i) { return e.parameters[i].donated && std::find(kept.begin(), kept.end(), static_cast<int64_t>(i)) == kept.end(); };
  for (size_t i = 0; i < row.handles.size(); i++) {
    if (given_up(i) && !donated.insert(row.handles[i]).second) Fail(Kind::kArgument, "execute: argument " + std::to_string(i) + " is donated and given twice");
  }
  if (donated.empty()) return;
  for (size_t i = 0; i < row.handles.size(); i++) {
    if (!given_up(i) && donated.count(row.handles[i])) Fail(Kind::kArgument, "execute: argument " + std::to_string(i) + " is also given as a donated argument");
  }
}

// XLA alone knows which buffers it took.
void DropDonated(napi_env env, const Executable& e, std::vector<Row>& rows) {
  for (Row& row : rows) {
    for (size_t i = 0; i < row.args.size(); i++) {
      Buffer* b = row.args[i];
      if (!e.parameters[i].donated || b->handle == nullptr) continue;
      XS_ARGS(PJRT_Buffer_IsDeleted_Args, gone);
      gone.buffer = b->handle;
      Error ignored;
      if (!TakeError(e.api(), e.api()->PJRT_Buffer_IsDeleted(&gone), &ignored) && gone.is_deleted) b->Delete(env);
    }
  }
}

bool AllLive(std::vector<Row>& rows) {
  for (Row& row : rows) {
    for (size_t i = 0; i < row.args.size(); i++) if (row.args[i]->handle == nullptr) return false;
  }
  return true;
}

// Where results go: buffers whose JS objects exist; null for those that get new ones.
void CheckTargets(const Executable& e, Few<Buffer*>& targets) {
  for (size_t k = 0; k < targets.size(); k++) {
    const Buffer* b = targets[k];
    if (b == nullptr) continue;
    const Output& o = e.outputs[k];
    std::string where = "executeInto: output " + std::to_string(k);
    if (b->client != e.client) Fail(Kind::kArgument, where + " is a buffer of another client");
    if (b->type != o.type) Fail(Kind::kDtype, where + ": expected " + TypeText(o.type, *o.dims) + ", got " + b->Type());
    if (b->dims != o.dims && *b->dims != *o.dims) Fail(Kind::kShape, where + ": expected " + TypeText(o.type, *o.dims) + ", got " + b->Type());
    if (b->device != e.devices[0]) Fail(Kind::kArgument, where + " is on another device");
    for (size_t i = 0; i < k; i++) if (targets[i] == b) Fail(Kind::kArgument, where + " is given twice");
  }
}

// Checks and runs; the raw results are in the rows.
void RunRaw(napi_env env, Executable* e, std::vector<Row>& rows, const Indices& kept) {
  RefuseWhenClosing();
  const PJRT_Api* api = e->api();
  for (size_t d = 0; d < rows.size(); d++) CheckRow(e, d, &rows[d]);
  if (e->any_donated) for (Row& row : rows) CheckDonations(*e, row, kept);
  const size_t n = rows.size();
  Few<PJRT_Buffer* const*, 8> arg_lists(n);
  Few<PJRT_Buffer**, 8> out_lists(n);
  Few<PJRT_Event*, 8> events(n);
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
  args.argument_lists = arg_lists.data();
  args.num_devices = n;
  args.num_args = e->parameters.size();
  args.output_lists = out_lists.data();
  args.device_complete_events = events.data();
  Error error;
  bool failed = TakeError(api, api->PJRT_LoadedExecutable_Execute(&args), &error);
  if (e->any_donated) DropDonated(env, *e, rows);
  if (failed && error.status == "RESOURCE_EXHAUSTED" && AllLive(rows)) {
    EnvState::Get(env)->CollectGarbage();
    failed = TakeError(api, api->PJRT_LoadedExecutable_Execute(&args), &error);
    if (e->any_donated) DropDonated(env, *e, rows);
  }
  if (failed) throw error;
  // An execution that fails later also fails its outputs, where the error is read; the event tells that the work is over.
  for (size_t d = 0; d < n; d++) e->client->Track(events[d]);
}

// The rows of results, as JS arrays in `out`.
void Run(napi_env env, Executable* e, std::vector<Row>& rows, const Indices& kept, napi_value* out) {
  RunRaw(env, e, rows, kept);
  const size_t n = rows.size(), n_out = e->outputs.size();
  // Own every output before anything can throw.
  Few<std::unique_ptr<Buffer>> owned(n * n_out);
  for (size_t d = 0; d < n; d++) {
    for (size_t k = 0; k < n_out; k++) {
      owned[d * n_out + k] = std::make_unique<Buffer>(e->client, rows[d].outputs[k], e->outputs[k].type, e->outputs[k].dims, e->devices[d]);
    }
  }
  for (size_t d = 0; d < n; d++) {
    Napi(napi_create_array_with_length(env, n_out, &out[d]));
    for (size_t k = 0; k < n_out; k++) Napi(napi_set_element(env, out[d], k, Buffer::Wrap(env, std::move(owned[d * n_out + k]))));
  }
}

}  // namespace

// (executable, buffers, non-donatable indices)
napi_value Execute(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    if (e->devices.size() != 1) Fail(Kind::kArgument, "execute: the program runs on " + std::to_string(e->devices.size()) + " devices: use executeSharded");
    Indices kept = ReadKept(env, *e, args, 2);
    std::vector<Row> rows;
    rows.emplace_back(*e);
    ReadRow(env, e, args[1], 0, &rows[0]);
    napi_value result;
    Run(env, e, rows, kept, &result);
    return result;
  });
}

// (executable, buffers, buffers that take the results or null, non-donatable indices): the new buffers where there was null
napi_value ExecuteInto(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 3);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    if (e->devices.size() != 1) Fail(Kind::kArgument, "executeInto: the program runs on " + std::to_string(e->devices.size()) + " devices");
    Indices kept = ReadKept(env, *e, args, 3);
    std::vector<Row> rows;
    rows.emplace_back(*e);
    ReadRow(env, e, args[1], 0, &rows[0]);
    bool is_array = false;
    uint32_t n = 0;
    if (napi_is_array(env, args[2], &is_array) != napi_ok || !is_array) Fail(Kind::kArgument, "executeInto: expected an array of Buffers for the outputs");
    Napi(napi_get_array_length(env, args[2], &n));
    if (n != e->outputs.size()) Fail(Kind::kArgument, "executeInto: expected " + std::to_string(e->outputs.size()) + " outputs, got " + std::to_string(n));
    Few<Buffer*> targets(n);
    for (uint32_t k = 0; k < n; k++) {
      napi_value v;
      Napi(napi_get_element(env, args[2], k, &v));
      if (IsNullish(env, v)) continue;
      targets[k] = Buffer::From(env, v);
      if (targets[k] == nullptr) Fail(Kind::kArgument, "executeInto: output " + std::to_string(k) + ": expected a Buffer or null");
    }
    CheckTargets(*e, targets);
    RunRaw(env, e, rows, kept);
    // Own every output before anything can throw.
    Few<std::unique_ptr<Buffer>> fresh(n);
    size_t count = 0;
    for (uint32_t k = 0; k < n; k++) {
      if (targets[k] != nullptr) targets[k]->Replace(env, rows[0].outputs[k]);
      else fresh[count++] = std::make_unique<Buffer>(e->client, rows[0].outputs[k], e->outputs[k].type, e->outputs[k].dims, e->devices[0]);
    }
    napi_value out;
    Napi(napi_create_array_with_length(env, count, &out));
    for (size_t k = 0; k < count; k++) Napi(napi_set_element(env, out, k, Buffer::Wrap(env, std::move(fresh[k]))));
    return out;
  });
}

// (executable, buffers of each device, non-donatable indices)
napi_value ExecuteSharded(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    uint32_t n = 0;
    bool is_array = false;
    if (napi_is_array(env, args[1], &is_array) != napi_ok || !is_array) Fail(Kind::kArgument, "executeSharded: expected an array of arrays of Buffers");
    Napi(napi_get_array_length(env, args[1], &n));
    if (n != e->devices.size()) Fail(Kind::kArgument, "executeSharded: expected arguments for " + std::to_string(e->devices.size()) + " devices, got " + std::to_string(n));
    Indices kept = ReadKept(env, *e, args, 2);
    std::vector<Row> rows;
    rows.reserve(n);
    for (uint32_t d = 0; d < n; d++) {
      napi_value list;
      Napi(napi_get_element(env, args[1], d, &list));
      rows.emplace_back(*e);
      ReadRow(env, e, list, d, &rows[d]);
    }
    std::vector<napi_value> results(n);
    Run(env, e, rows, kept, results.data());
    napi_value out;
    Napi(napi_create_array_with_length(env, n, &out));
    for (uint32_t d = 0; d < n; d++) Napi(napi_set_element(env, out, d, results[d]));
    return out;
  });
}

}  // namespace xs
