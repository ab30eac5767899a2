// Running programs: everything is checked before XLA sees it.
#include <algorithm>
#include <atomic>

#include "callback.h"
#include "entry.h"
#include "env.h"
#include "executable.h"
#include "gate.h"
#include "handle.h"
#include "profiler.h"

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
  explicit Row(const Executable& e) : args(e.arity()), handles(e.parameters.size()), outputs(e.outputs.size()) {}
};

std::string Where(size_t device, size_t i) { return "execute: argument " + std::to_string(i) + (device ? " of device " + std::to_string(device) : ""); }

// The arguments in JS, of which there are to be `count`: the first of all.
void ReadRow(napi_env env, size_t count, napi_value list, size_t device, Row* row) {
  bool is_array = false;
  uint32_t n = 0;
  if (napi_is_array(env, list, &is_array) != napi_ok || !is_array) Fail(Kind::kArgument, "execute: expected an array of Buffers");
  Napi(napi_get_array_length(env, list, &n));
  if (n != count) Fail(Kind::kArgument, "execute: expected " + std::to_string(count) + " arguments, got " + std::to_string(n));
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
    if (k < 0 || k >= static_cast<int64_t>(e.arity())) Fail(Kind::kArgument, "execute: nonDonatable: there is no argument " + std::to_string(k));
  }
  return kept;
}

// A buffer that is given up must not be given a second time in the same call.
void CheckDonations(const Executable& e, Row& row, const Indices& kept) {
  static std::atomic<uint64_t> calls{0};
  const uint64_t call = ++calls;
  bool any = false;
  auto given_up = [&](size_t i) { return e.parameters[i].donated && std::find(kept.begin(), kept.end(), static_cast<int64_t>(i)) == kept.end(); };
  for (size_t i = 0; i < row.args.size(); i++) {
    if (!given_up(i)) continue;
    if (row.args[i]->given_up_by == call) Fail(Kind::kArgument, "execute: argument " + std::to_string(i) + " is donated and given twice");
    row.args[i]->given_up_by = call;
    any = true;
  }
  if (!any) return;
  for (size_t i = 0; i < row.args.size(); i++) {
    if (!given_up(i) && row.args[i]->given_up_by == call) Fail(Kind::kArgument, "execute: argument " + std::to_string(i) + " is also given as a donated argument");
  }
}

// XLA alone knows which buffers it took. To destroy one waits for the end of a program that has not begun yet: those of a program at a desk are
// destroyed then, by another thread.
void DropDonated(napi_env env, const Executable& e, std::vector<Row>& rows, const std::shared_ptr<Run>& run) {
  std::vector<PJRT_Buffer*> later;
  for (Row& row : rows) {
    for (size_t i = 0; i < row.args.size(); i++) {
      Buffer* b = row.args[i];
      if (!e.parameters[i].donated || b->handle == nullptr) continue;
      XS_ARGS(PJRT_Buffer_IsDeleted_Args, gone);
      gone.buffer = b->handle;
      Error ignored;
      if (!TakeError(e.api(), e.api()->PJRT_Buffer_IsDeleted(&gone), &ignored) && gone.is_deleted) {
        if (run == nullptr) b->Delete(env);
        else later.push_back(b->Detach(env));
      }
    }
  }
  if (later.empty()) return;
  run->desk->AtEnd(run, [client = e.client, later] {
    for (PJRT_Buffer* b : later) {
      XS_ARGS(PJRT_Buffer_Destroy_Args, args);
      args.buffer = b;
      Error ignored;
      TakeError(client->api(), client->api()->PJRT_Buffer_Destroy(&args), &ignored);
    }
  });
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

// The programs with callbacks, or behind ones, that arguments come from.
std::vector<std::shared_ptr<Run>> RunsBefore(std::vector<Row>& rows) {
  std::vector<std::shared_ptr<Run>> out;
  for (Row& row : rows) {
    for (size_t i = 0; i < row.args.size(); i++) if (row.args[i]->AwaitsCallbacks()) out.push_back(row.args[i]->run);
  }
  return out;
}

// What is to be done when a program with callbacks is over: they were kept, and the process stayed up for it.
std::function<void()> HoldCallbacks(napi_env env, napi_value callbacks) {
  EnvState* state = EnvState::Get(env);
  napi_ref held;
  Napi(napi_create_reference(env, callbacks, 1, &held));
  state->Begin();
  return [mailbox = state->mailbox, held] {
    mailbox->Post([held](napi_env env) {
      napi_delete_reference(env, held);
      EnvState::Get(env)->End();
    });
  };
}

// One start by way of a desk: with its gates, where the program has callbacks.
template <typename F>
std::shared_ptr<Run> StartAtDesk(napi_env env, Executable* e, std::vector<Row>& rows, napi_value callbacks, const std::vector<std::shared_ptr<Run>>& before, F&& execute) {
  std::vector<std::shared_ptr<Gate>> gates;
  std::function<void(const char*)> open;
  std::function<void()> finished;
  if (e->gated) {
    for (size_t d = 0; d < rows.size(); d++) {
      gates.push_back(std::make_shared<Gate>(e->client, e->devices[d]));
      rows[d].handles[e->arity()] = gates[d]->buffer();
    }
    open = [gates](const char* error) { for (const auto& g : gates) g->Open(error); };
    finished = HoldCallbacks(env, callbacks);
  }
  return Desk::OfThread()->Start(EnvState::Get(env), e->client.get(), before, std::move(open), std::move(finished), [&](int launch_id) {
    execute(launch_id);
    for (const auto& g : gates) g->Taken();
  });
}

// Tells the desk when the work of all devices is over.
void TrackRun(const Executable& e, const std::shared_ptr<Run>& run, Few<PJRT_Event*, 8>& events, int64_t begin) {
  struct Left {
    std::mutex mutex;
    size_t count;
    bool failed = false;
    Error error;
  };
  auto left = std::make_shared<Left>();
  left->count = events.size();
  for (size_t d = 0; d < events.size(); d++) {
    std::function<void(const Error*)> log;
    if (begin != 0) log = RunLog::Ended(e, d, begin);
    e.client->Track(events[d], [run, left, log](const Error* failure) {
      if (log) log(failure);
      {
        std::lock_guard<std::mutex> lock(left->mutex);
        if (failure != nullptr && !left->failed) {
          left->failed = true;
          left->error = *failure;
        }
        if (--left->count > 0) return;
      }
      run->desk->Finish(run, left->failed ? &left->error : nullptr);
    });
  }
}

// How a run stands when it has been started.
struct Started {
  std::shared_ptr<Run> run;  // null where nothing but XLA is waited for
  bool over = false;         // without an error
};

// Checks and runs; the raw results are in the rows. `callbacks` is the JS object that holds the program's, if it has any.
Started RunRaw(napi_env env, Executable* e, std::vector<Row>& rows, const Indices& kept, napi_value callbacks) {
  RefuseWhenClosing();
  const PJRT_Api* api = e->api();
  if (e->gated && IsNullish(env, callbacks)) Fail(Kind::kCallback, "execute: the program has callbacks, which were not given");
  Desk* desk = EnvState::Get(env)->desk.get();
  if (e->gated || desk->Busy(e->client.get())) desk->MakeRoom(EnvState::Get(env), e->client.get());
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
  const std::vector<std::shared_ptr<Run>> before = RunsBefore(rows);
  const bool at_desk = e->gated || !before.empty() || desk->Busy(e->client.get());
  std::shared_ptr<Run> run;
  Error error;
  auto start = [&] {
    if (!at_desk) return !TakeError(api, api->PJRT_LoadedExecutable_Execute(&args), &error);
    try {
      run = StartAtDesk(env, e, rows, callbacks, before, [&](int launch_id) {
        options.launch_id = launch_id;
        Check(api, api->PJRT_LoadedExecutable_Execute(&args));
      });
      return true;
    } catch (const Error& failure) {
      error = failure;
      return false;
    }
  };
  // 0 while no profile is taken.
  const int64_t begin = RunLog::On() ? RunLog::Now() : 0;
  bool started = start();
  if (e->any_donated) DropDonated(env, *e, rows, run);
  if (!started && error.status == "RESOURCE_EXHAUSTED" && AllLive(rows)) {
    EnvState::Get(env)->CollectGarbage();
    started = start();
    if (e->any_donated) DropDonated(env, *e, rows, run);
  }
  if (!started) throw error;
  // An execution that fails later also fails its outputs, where the error is read; the event tells that the work is over.
  bool over = run == nullptr && begin == 0;
  if (run != nullptr) TrackRun(*e, run, events, begin);
  else if (begin != 0) for (size_t d = 0; d < n; d++) e->client->Track(events[d], RunLog::Ended(*e, d, begin));
  else for (size_t d = 0; d < n; d++) if (!e->client->Track(events[d])) over = false;
  return {run, over};
}

// The rows of results, as JS arrays in `out`.
void RunToJs(napi_env env, Executable* e, std::vector<Row>& rows, const Indices& kept, napi_value callbacks, napi_value* out) {
  SizesAtEnd sizes(EnvState::Get(env));
  const Started started = RunRaw(env, e, rows, kept, callbacks);
  const size_t n = rows.size(), n_out = e->outputs.size();
  // Own every output before anything can throw.
  Few<std::unique_ptr<Buffer>> owned(n * n_out);
  for (size_t d = 0; d < n; d++) {
    for (size_t k = 0; k < n_out; k++) {
      owned[d * n_out + k] = std::make_unique<Buffer>(e->client, rows[d].outputs[k], e->outputs[k].type, e->outputs[k].dims, e->devices[d]);
      owned[d * n_out + k]->Started(started.run, started.over);
    }
  }
  for (size_t d = 0; d < n; d++) {
    Napi(napi_create_array_with_length(env, n_out, &out[d]));
    for (size_t k = 0; k < n_out; k++) Napi(napi_set_element(env, out[d], k, Buffer::Wrap(env, std::move(owned[d * n_out + k]))));
  }
}

Few<Buffer*> ReadTargets(napi_env env, const Executable& e, napi_value list) {
  bool is_array = false;
  uint32_t n = 0;
  if (napi_is_array(env, list, &is_array) != napi_ok || !is_array) Fail(Kind::kArgument, "executeInto: expected an array of Buffers for the outputs");
  Napi(napi_get_array_length(env, list, &n));
  if (n != e.outputs.size()) Fail(Kind::kArgument, "executeInto: expected " + std::to_string(e.outputs.size()) + " outputs, got " + std::to_string(n));
  Few<Buffer*> targets(n);
  for (uint32_t k = 0; k < n; k++) {
    napi_value v;
    Napi(napi_get_element(env, list, k, &v));
    if (IsNullish(env, v)) continue;
    targets[k] = Buffer::From(env, v);
    if (targets[k] == nullptr) Fail(Kind::kArgument, "executeInto: output " + std::to_string(k) + ": expected a Buffer or null");
  }
  CheckTargets(e, targets);
  return targets;
}

// Runs, lets the targets stand for their results, and gives new buffers for those without.
napi_value RunInto(napi_env env, Executable* e, std::vector<Row>& rows, Few<Buffer*>& targets, const Indices& kept, napi_value callbacks) {
  SizesAtEnd sizes(EnvState::Get(env));
  const Started started = RunRaw(env, e, rows, kept, callbacks);
  const size_t n = targets.size();
  // Own every output before anything can throw.
  Few<std::unique_ptr<Buffer>> fresh(n);
  size_t count = 0;
  for (size_t k = 0; k < n; k++) {
    if (targets[k] != nullptr) {
      targets[k]->Replace(env, rows[0].outputs[k]);
      targets[k]->Started(started.run, started.over);
    } else {
      fresh[count] = std::make_unique<Buffer>(e->client, rows[0].outputs[k], e->outputs[k].type, e->outputs[k].dims, e->devices[0]);
      fresh[count++]->Started(started.run, started.over);
    }
  }
  napi_value out;
  Napi(napi_create_array_with_length(env, count, &out));
  for (size_t k = 0; k < count; k++) Napi(napi_set_element(env, out, k, Buffer::Wrap(env, std::move(fresh[k]))));
  return out;
}

// The last arguments and the targets of calls that are to be made again and again, so that JS need not hand them over one by one. Keeps none of
// them: one that is gone is an error.
struct Binding {
  static constexpr const char* kName = "a binding";
  struct Ref {
    Buffer* buffer;
    uint64_t serial;
    explicit Ref(Buffer* b) : buffer(b), serial(b ? b->serial.load(std::memory_order_relaxed) : 0) {}
    Buffer* Get() const {
      if (buffer != nullptr && buffer->serial.load(std::memory_order_acquire) != serial) Fail(Kind::kDeleted, "executeBound: a buffer of the binding is gone");
      return buffer;
    }
  };
  const Executable* executable;
  uint64_t id;
  std::vector<Ref> args, targets;
};

}  // namespace

// (executable, buffers, non-donatable indices, callbacks)
napi_value Execute(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    if (e->devices.size() != 1) Fail(Kind::kArgument, "execute: the program runs on " + std::to_string(e->devices.size()) + " devices: use executeSharded");
    Indices kept = ReadKept(env, *e, args, 2);
    std::vector<Row> rows;
    rows.emplace_back(*e);
    ReadRow(env, e->arity(), args[1], 0, &rows[0]);
    napi_value result;
    RunToJs(env, e, rows, kept, args.count > 3 ? args[3] : nullptr, &result);
    return result;
  });
}

// (executable, buffers, buffers that take the results or null, non-donatable indices, callbacks): the new buffers where there was null
napi_value ExecuteInto(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 3);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    if (e->devices.size() != 1) Fail(Kind::kArgument, "executeInto: the program runs on " + std::to_string(e->devices.size()) + " devices");
    Indices kept = ReadKept(env, *e, args, 3);
    std::vector<Row> rows;
    rows.emplace_back(*e);
    ReadRow(env, e->arity(), args[1], 0, &rows[0]);
    Few<Buffer*> targets = ReadTargets(env, *e, args[2]);
    return RunInto(env, e, rows, targets, kept, args.count > 4 ? args[4] : nullptr);
  });
}

// (executable, buffers of the last arguments, as for executeInto): what executeBound takes
napi_value Bind(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 3);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    uint32_t n = 0;
    bool is_array = false;
    if (napi_is_array(env, args[1], &is_array) != napi_ok || !is_array) Fail(Kind::kArgument, "bind: expected an array of Buffers");
    Napi(napi_get_array_length(env, args[1], &n));
    if (e->devices.size() != 1 || n > e->arity()) Fail(Kind::kArgument, "bind: the program has " + std::to_string(e->arity()) + " arguments on " + std::to_string(e->devices.size()) + " devices, got " + std::to_string(n));
    Row row(*e);
    ReadRow(env, n, args[1], 0, &row);
    Few<Buffer*> targets = ReadTargets(env, *e, args[2]);
    auto binding = std::make_unique<Binding>();
    binding->executable = e;
    binding->id = e->id;
    for (uint32_t i = 0; i < n; i++) binding->args.emplace_back(row.args[i]);
    for (size_t k = 0; k < targets.size(); k++) binding->targets.emplace_back(targets[k]);
    return MakeHandle(env, std::move(binding));
  });
}

// (executable, binding, buffers of the first arguments, callbacks): as executeInto
napi_value ExecuteBound(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 3);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    Binding* binding = FromHandle<Binding>(env, args[1]);
    if (binding->executable != e || binding->id != e->id) Fail(Kind::kArgument, "executeBound: the binding is of another program");
    const size_t first = e->arity() - binding->args.size();
    std::vector<Row> rows;
    rows.emplace_back(*e);
    ReadRow(env, first, args[2], 0, &rows[0]);
    for (size_t i = 0; i < binding->args.size(); i++) rows[0].args[first + i] = binding->args[i].Get();
    Few<Buffer*> targets(binding->targets.size());
    for (size_t k = 0; k < targets.size(); k++) targets[k] = binding->targets[k].Get();
    return RunInto(env, e, rows, targets, {}, args.count > 3 ? args[3] : nullptr);
  });
}

// (executable, buffers of each device, non-donatable indices, callbacks)
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
      ReadRow(env, e->arity(), list, d, &rows[d]);
    }
    std::vector<napi_value> results(n);
    RunToJs(env, e, rows, kept, args.count > 3 ? args[3] : nullptr, results.data());
    napi_value out;
    Napi(napi_create_array_with_length(env, n, &out));
    for (uint32_t d = 0; d < n; d++) Napi(napi_set_element(env, out, d, results[d]));
    return out;
  });
}

}  // namespace xs
