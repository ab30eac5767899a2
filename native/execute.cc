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
    else for (size_t i = 0; i < n; i++) few_[i] = T();
  }
  Few(Few&&) = default;
  T* data() { return many_.empty() ? few_ : many_.data(); }
  T& operator[](size_t i) { return data()[i]; }
  size_t size() const { return size_; }

 private:
  size_t size_;
  T few_[kInline];
  std::vector<T> many_;
};

// One device's arguments and results.
struct Row {
  Few<Buffer*> args;  // their JS objects are held by an argument of the call
  Few<PJRT_Buffer*> handles;
  Few<PJRT_Buffer*> outputs;
  explicit Row(const Executable& e) : args(e.arity()), handles(e.parameters.size()), outputs(e.outputs.size()) {}
};

// Those of all devices.
struct Rows {
  Row* first;
  size_t count;
  Row* begin() const { return first; }
  Row* end() const { return first + count; }
  Row& operator[](size_t d) const { return first[d]; }
  size_t size() const { return count; }
};

std::string Where(size_t device, size_t i) { return "execute: argument " + std::to_string(i) + (device ? " of device " + std::to_string(device) : ""); }

// What JS left in the environment's `ids`, read at once: JS that runs later may leave others there.
class Ids {
 public:
  static constexpr double kNone = -2;  // no buffer, where one may be left out
  Ids(const EnvState* state, size_t count, size_t results) : ids_(count) {
    if (count > state->ids_size || results > state->ids_size) Fail(Kind::kArgument, "execute: there is no room for " + std::to_string(std::max(count, results)) + " ids");
    std::copy_n(state->ids, count, ids_.data());
  }
  double operator[](size_t i) { return ids_[i]; }

 private:
  Few<double> ids_;
};

size_t ReadCount(napi_env env, napi_value v) {
  uint32_t n = 0;
  if (napi_get_value_uint32(env, v, &n) != napi_ok) Fail(Kind::kArgument, "execute: expected a number of arguments");
  return n;
}

void CheckCount(size_t expected, size_t given) {
  if (given != expected) Fail(Kind::kArgument, "execute: expected " + std::to_string(expected) + " arguments, got " + std::to_string(given));
}

// The buffers of ids from `at`: the first `count` arguments.
void ReadRow(const EnvState* state, Ids& ids, size_t at, size_t count, size_t device, Row* row) {
  for (size_t i = 0; i < count; i++) {
    Buffer* b = Buffer::At(state, ids[at + i]);
    if (b == nullptr) Fail(Kind::kArgument, Where(device, i) + ": expected a Buffer");
    row->args[i] = b;
  }
}

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

// The buffers that the program took, which XLA alone knows: their JS objects hold none then.
std::vector<PJRT_Buffer*> TakeDonated(napi_env env, const Executable& e, Rows rows) {
  std::vector<PJRT_Buffer*> taken;
  if (!e.any_donated) return taken;
  for (Row& row : rows) {
    for (size_t i = 0; i < row.args.size(); i++) {
      Buffer* b = row.args[i];
      if (!e.parameters[i].donated || b->handle == nullptr) continue;
      XS_ARGS(PJRT_Buffer_IsDeleted_Args, gone);
      gone.buffer = b->handle;
      Error ignored;
      if (!TakeError(e.api(), e.api()->PJRT_Buffer_IsDeleted(&gone), &ignored) && gone.is_deleted) taken.push_back(b->Detach(env));
    }
  }
  return taken;
}

void DestroyAll(const PJRT_Api* api, const std::vector<PJRT_Buffer*>& buffers) {
  for (PJRT_Buffer* b : buffers) DestroyBuffer(api, b);
}

bool AllLive(Rows rows) {
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
std::vector<std::shared_ptr<Run>> RunsBefore(Rows rows) {
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
std::shared_ptr<Run> StartAtDesk(napi_env env, Executable* e, Rows rows, napi_value callbacks, const std::vector<std::shared_ptr<Run>>& before, F&& execute) {
  std::vector<std::shared_ptr<Gate>> gates;
  std::function<void(const char*)> open;
  std::function<void()> finished;
  if (e->gated) {
    for (size_t d = 0; d < rows.size(); d++) {
      gates.push_back(std::make_shared<Gate>(e->client, e->devices[d]));
      rows[d].handles[e->arity()] = gates[d]->buffer();
    }
    open = [gates](const char* error) { for (const auto& g : gates) g->Open(error); };
    // Clients of GPUs call the handler inside of the call that starts the program, and would wait there for an argument without a value.
    if (e->client->platform_name != "cpu") {
      for (const auto& g : gates) g->Open(nullptr);
      open = [](const char*) {};
    }
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

// A number for a run of several devices that no other one has: runs with callbacks have small ones of their own.
int NextLaunch() {
  constexpr int kFirst = 1 << 30;
  static std::atomic<unsigned> count{0};
  return kFirst + static_cast<int>(count.fetch_add(1) % (1u << 29));
}

// To be called before buffers are read: it may run JS, which may delete some.
void MakeRoom(EnvState* state, const Executable& e, napi_value callbacks) {
  RefuseWhenClosing();
  if (e.gated && IsNullish(state->env, callbacks)) Fail(Kind::kCallback, "execute: the program has callbacks, which were not given");
  if (e.gated || state->desk->Busy(e.client.get())) state->desk->MakeRoom(state, e.client.get());
}

// Checks and runs; the raw results are in the rows. `callbacks` is the JS object that holds the program's, if it has any.
Started RunRaw(EnvState* state, Executable* e, Rows rows, const Indices& kept, napi_value callbacks) {
  const napi_env env = state->env;
  const PJRT_Api* api = e->api();
  Desk* desk = state->desk.get();
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
  // Devices find each other by it, and more than one run may be under way.
  if (n > 1) options.launch_id = NextLaunch();
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
  // Threads of the CPU's pool wait in collectives for the other devices, and to begin more runs than a device takes at once: two runs of several devices could each
  // hold threads that the other needs, for good.
  std::shared_ptr<void> turn;
  if (n > 1 && !at_desk && e->client->platform_name == "cpu") turn = e->client->turns->Take();
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
  // To see the end of a small program is cheaper than to be told of it, and what it took can go at once.
  if (e->any_donated && started && run == nullptr && events[0] != nullptr) ComesSoon(api, events[0], false);
  std::vector<PJRT_Buffer*> taken = TakeDonated(env, *e, rows);
  if (!started && error.status == "RESOURCE_EXHAUSTED" && AllLive(rows)) {
    state->CollectGarbage();
    started = start();
    taken = TakeDonated(env, *e, rows);
  }
  if (!started) {
    DestroyAll(api, taken);
    throw error;
  }
  // An execution that fails later also fails its outputs, where the error is read; the event tells that the work is over.
  if (run != nullptr) {
    TrackRun(*e, run, events, begin);
    if (!taken.empty()) run->desk->AtEnd(run, [client = e->client, taken] { DestroyAll(client->api(), taken); });
    return {run, false};
  }
  bool over = true;
  std::shared_ptr<std::atomic<size_t>> running;  // devices, where there is something to do at the end
  for (size_t d = 0; d < n; d++) {
    const Client::Work work = begin != 0 ? Client::Work::kRuns : e->client->Poll(events[d]);
    if (work != Client::Work::kOver) over = false;
    if (work != Client::Work::kRuns) continue;
    std::function<void(const Error*)> log;
    if (begin != 0) log = RunLog::Ended(*e, d, begin);
    if (running == nullptr && !taken.empty()) running = std::make_shared<std::atomic<size_t>>(0);
    if (running != nullptr) ++*running;
    e->client->Track(events[d], [running, turn, log = std::move(log)](const Error* failure) {
      if (log) log(failure);
      if (running != nullptr) --*running;
    });
  }
  if (running != nullptr) e->client->Bury(std::move(taken), running);
  else DestroyAll(api, taken);
  return {nullptr, over};
}

// Gives buffers to JS objects: to `objects` itself where there is one, else to its elements. Their ids are in the environment's `ids`.
void GiveAll(EnvState* state, napi_value objects, std::unique_ptr<Buffer>* buffers, size_t count) {
  if (count == 1) {
    state->ids[0] = Buffer::Give(state, objects, std::move(buffers[0]));
    return;
  }
  for (size_t k = 0; k < count; k++) {
    napi_value object;
    Napi(napi_get_element(state->env, objects, static_cast<uint32_t>(k), &object));
    state->ids[k] = Buffer::Give(state, object, std::move(buffers[k]));
  }
}

// Runs, and gives the results, row after row, to new JS objects.
void RunAll(EnvState* state, Executable* e, Rows rows, const Indices& kept, napi_value callbacks, napi_value objects) {
  SizesAtEnd sizes(state);
  const Started started = RunRaw(state, e, rows, kept, callbacks);
  const size_t n_out = e->outputs.size();
  // Own every output before anything can throw.
  Few<std::unique_ptr<Buffer>, 4> owned(rows.size() * n_out);
  for (size_t d = 0; d < rows.size(); d++) {
    for (size_t k = 0; k < n_out; k++) {
      auto& b = owned[d * n_out + k] = std::make_unique<Buffer>(e->client, rows[d].outputs[k], e->outputs[k].type, e->outputs[k].dims, e->devices[d]);
      b->Started(started.run, started.over);
    }
  }
  GiveAll(state, objects, owned.data(), owned.size());
}

// The buffers that take the results, by ids from `at`.
Few<Buffer*> ReadTargets(const EnvState* state, const Executable& e, Ids& ids, size_t at) {
  Few<Buffer*> targets(e.outputs.size());
  for (size_t k = 0; k < targets.size(); k++) {
    if (ids[at + k] == Ids::kNone) continue;
    targets[k] = Buffer::At(state, ids[at + k]);
    if (targets[k] == nullptr) Fail(Kind::kArgument, "executeInto: output " + std::to_string(k) + ": expected a Buffer or null");
  }
  CheckTargets(e, targets);
  return targets;
}

// Runs, lets the targets stand for their results, and gives the results without one to new JS objects.
void RunInto(EnvState* state, Executable* e, Row& row, Few<Buffer*>& targets, const Indices& kept, napi_value callbacks, napi_value objects) {
  SizesAtEnd sizes(state);
  const Started started = RunRaw(state, e, {&row, 1}, kept, callbacks);
  const size_t n = targets.size();
  // Own every output before anything can throw.
  Few<std::unique_ptr<Buffer>, 4> fresh(n);
  size_t count = 0;
  for (size_t k = 0; k < n; k++) {
    if (targets[k] != nullptr) {
      targets[k]->Replace(state->env, row.outputs[k]);
      targets[k]->Started(started.run, started.over);
    } else {
      fresh[count] = std::make_unique<Buffer>(e->client, row.outputs[k], e->outputs[k].type, e->outputs[k].dims, e->devices[0]);
      fresh[count++]->Started(started.run, started.over);
    }
  }
  GiveAll(state, objects, fresh.data(), count);
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

// JS leaves the ids of the arguments in the environment's `ids`, and finds those of the results there. What holds the JS objects of the arguments (`held`) is
// an argument of each call, so that they stay alive. Objects for results are one, or a list where there is not one result.

// (executable, held, number of arguments, objects for the results, non-donatable indices, callbacks)
napi_value Execute(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 4);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    if (e->devices.size() != 1) Fail(Kind::kArgument, "execute: the program runs on " + std::to_string(e->devices.size()) + " devices: use executeSharded");
    const size_t n = ReadCount(env, args[2]);
    CheckCount(e->arity(), n);
    Ids ids(args.state, n, e->outputs.size());
    const Indices kept = ReadKept(env, *e, args, 4);
    MakeRoom(args.state, *e, args[5]);
    Row row(*e);
    ReadRow(args.state, ids, 0, n, 0, &row);
    RunAll(args.state, e, {&row, 1}, kept, args[5], args[3]);
    return nullptr;
  });
}

// (executable, held, number of arguments, objects, non-donatable indices, callbacks): after the arguments' ids are those of the buffers that take the
// results; results that have none are given to the objects
napi_value ExecuteInto(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 4);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    if (e->devices.size() != 1) Fail(Kind::kArgument, "executeInto: the program runs on " + std::to_string(e->devices.size()) + " devices");
    const size_t n = ReadCount(env, args[2]);
    CheckCount(e->arity(), n);
    Ids ids(args.state, n + e->outputs.size(), e->outputs.size());
    const Indices kept = ReadKept(env, *e, args, 4);
    MakeRoom(args.state, *e, args[5]);
    Row row(*e);
    ReadRow(args.state, ids, 0, n, 0, &row);
    Few<Buffer*> targets = ReadTargets(args.state, *e, ids, n);
    RunInto(args.state, e, row, targets, kept, args[5], args[3]);
    return nullptr;
  });
}

// (executable, held, number of last arguments), with ids as for executeInto: what executeBound takes
napi_value Bind(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 3);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    const size_t n = ReadCount(env, args[2]);
    if (e->devices.size() != 1 || n > e->arity()) Fail(Kind::kArgument, "bind: the program has " + std::to_string(e->arity()) + " arguments on " + std::to_string(e->devices.size()) + " devices, got " + std::to_string(n));
    Ids ids(args.state, n + e->outputs.size(), 0);
    Row row(*e);
    ReadRow(args.state, ids, 0, n, 0, &row);
    Few<Buffer*> targets = ReadTargets(args.state, *e, ids, n);
    auto binding = std::make_unique<Binding>();
    binding->executable = e;
    binding->id = e->id;
    for (size_t i = 0; i < n; i++) binding->args.emplace_back(row.args[i]);
    for (size_t k = 0; k < targets.size(); k++) binding->targets.emplace_back(targets[k]);
    return MakeHandle(env, std::move(binding));
  });
}

// (executable, binding, held, number of first arguments, objects, callbacks): as executeInto
napi_value ExecuteBound(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 5);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    Binding* binding = FromHandle<Binding>(env, args[1]);
    if (binding->executable != e || binding->id != e->id) Fail(Kind::kArgument, "executeBound: the binding is of another program");
    const size_t first = e->arity() - binding->args.size(), n = ReadCount(env, args[3]);
    CheckCount(first, n);
    Ids ids(args.state, n, e->outputs.size());
    MakeRoom(args.state, *e, args[5]);
    Row row(*e);
    ReadRow(args.state, ids, 0, n, 0, &row);
    for (size_t i = 0; i < binding->args.size(); i++) row.args[first + i] = binding->args[i].Get();
    Few<Buffer*> targets(binding->targets.size());
    for (size_t k = 0; k < targets.size(); k++) targets[k] = binding->targets[k].Get();
    RunInto(args.state, e, row, targets, {}, args[5], args[4]);
    return nullptr;
  });
}

// As execute, with the ids, and the objects, of one device after the other
napi_value ExecuteSharded(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 4);
    Executable* e = FromHandle<Executable>(env, args[0]);
    e->Live();
    const size_t n = e->devices.size(), arity = e->arity(), given = ReadCount(env, args[2]);
    CheckCount(n * arity, given);
    Ids ids(args.state, given, n * e->outputs.size());
    const Indices kept = ReadKept(env, *e, args, 4);
    MakeRoom(args.state, *e, args[5]);
    std::vector<Row> rows;
    rows.reserve(n);
    for (size_t d = 0; d < n; d++) {
      rows.emplace_back(*e);
      ReadRow(args.state, ids, d * arity, arity, d, &rows[d]);
    }
    RunAll(args.state, e, {rows.data(), n}, kept, args[5], args[3]);
    return nullptr;
  });
}

}  // namespace xs
