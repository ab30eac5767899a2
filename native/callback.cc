#include "callback.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>

#include "cuda.h"
#include "entry.h"

namespace xs {

namespace {

constexpr const char* kTarget = "xs_callback";
constexpr const char* kGone = "callback: the JS environment that started the program has ended";

// Threads that grow in number as long as none is idle: to answer XLA is to go on with the program, which may take long, and may wait for
// another that is answered.
class Pool {
 public:
  static void Run(std::function<void()> job) {
    static auto* pool = new Pool;
    pool->Add(std::move(job));
  }

 private:
  void Add(std::function<void()> job) {
    std::lock_guard<std::mutex> lock(mutex_);
    jobs_.push_back(std::move(job));
    if (idle_ < jobs_.size()) std::thread([this] { Work(); }).detach();
    else wake_.notify_one();
  }

  void Work() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      if (jobs_.empty()) {
        idle_++;
        bool some = wake_.wait_for(lock, std::chrono::seconds(10), [this] { return !jobs_.empty(); });
        idle_--;
        if (!some) return;
      }
      std::function<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  size_t idle_ = 0;
};

struct Programs {
  std::mutex mutex;
  std::unordered_map<int64_t, std::shared_ptr<Run>> by_id;
  int64_t last = kFirst;

  // XLA numbers programs from 1 where it is given no number: ours are apart from those, and fit the int that PJRT takes.
  static constexpr int64_t kFirst = int64_t{1} << 30;

  static Programs& All() {
    static auto* all = new Programs;
    return *all;
  }

  int64_t NextId() {
    std::lock_guard<std::mutex> lock(mutex);
    last = last == INT32_MAX ? kFirst : last + 1;
    return last;
  }
};

std::vector<Request::Memory> MemoryOf(const ffi::Operands& operands) {
  std::vector<Request::Memory> out;
  for (int64_t i = 0; i < operands.size; i++) {
    auto* b = static_cast<const ffi::Buffer*>(operands.values[i]);
    out.push_back({b->data, static_cast<size_t>((ffi::ElementsOf(*b) * ffi::BitsOf(b->dtype) + 7) / 8)});
  }
  return out;
}

bool ReadId(const ffi::Attributes& attributes, int64_t* id) {
  auto* scalar = static_cast<const ffi::Scalar*>(ffi::FindAttribute(attributes, "id", ffi::kScalarAttribute));
  if (scalar == nullptr || scalar->dtype != ffi::kS64) return false;
  std::memcpy(id, scalar->value, sizeof(*id));
  return true;
}

// On the CPU: XLA's thread goes on with other work.
ffi::Error* AskForFuture(ffi::CallFrame* frame, const std::shared_ptr<Request>& request) {
  const ffi::Api* api = frame->api;
  ffi::FutureArgs made{sizeof(ffi::FutureArgs), nullptr, nullptr};
  if (ffi::Error* error = api->future_create(&made)) return error;
  frame->future = made.future;
  request->reply = [api, future = made.future](const std::string* error) {
    Pool::Run([api, future, failed = error != nullptr, text = error ? *error : std::string()] {
      if (failed) {
        ffi::FutureErrorArgs args{sizeof(ffi::FutureErrorArgs), nullptr, future, ffi::Failure(api, text)};
        api->future_set_error(&args);
      } else {
        ffi::FutureArgs args{sizeof(ffi::FutureArgs), nullptr, future};
        api->future_set_available(&args);
      }
    });
  };
  if (!request->run->desk->Ask(request)) {
    const std::string gone = kGone;
    request->Answer(&gone);
  }
  return nullptr;
}

struct Reply {
  std::mutex mutex;
  std::condition_variable wake;
  bool done = false, failed = false;
  std::string text;
};

// On a GPU: the program stands still until the answer is there.
ffi::Error* AskFromDevice(ffi::CallFrame* frame, const std::shared_ptr<Request>& request) {
  const ffi::Api* api = frame->api;
  const Cuda* cuda = Cuda::Find();
  if (cuda == nullptr) return ffi::Failure(api, "callback: NVIDIA's driver library was not found");
  ffi::StreamArgs which{sizeof(ffi::StreamArgs), nullptr, frame->context, nullptr};
  if (ffi::Error* error = api->stream_get(&which)) return error;
  // The host's copies live until the device has the results.
  std::vector<std::vector<char>> copies;
  auto on_host = [&](std::vector<Request::Memory>& memories) {
    std::vector<Request::Memory> device = memories;
    for (auto& m : memories) m.data = copies.emplace_back(m.size).data();
    return device;
  };
  copies.reserve(request->args.size() + request->results.size());
  const std::vector<Request::Memory> args = on_host(request->args), results = on_host(request->results);
  int failed = 0;
  for (size_t i = 0; i < args.size() && failed == 0; i++) {
    if (args[i].size > 0) failed = cuda->copy_to_host(request->args[i].data, reinterpret_cast<uint64_t>(args[i].data), args[i].size, which.stream);
  }
  if (failed == 0) failed = cuda->synchronize(which.stream);
  if (failed != 0) return ffi::Failure(api, "callback: the operands could not be copied to the host (error " + std::to_string(failed) + " of the driver)");

  auto reply = std::make_shared<Reply>();
  request->reply = [reply](const std::string* error) {
    std::lock_guard<std::mutex> lock(reply->mutex);
    reply->done = true;
    reply->failed = error != nullptr;
    if (error != nullptr) reply->text = *error;
    reply->wake.notify_all();
  };
  const std::shared_ptr<Desk>& desk = request->run->desk;
  if (desk->IsOfThisThread()) desk->AskHere(request);
  else if (!desk->Ask(request)) return ffi::Failure(api, kGone);
  {
    std::unique_lock<std::mutex> lock(reply->mutex);
    reply->wake.wait(lock, [&] { return reply->done; });
  }
  if (reply->failed) return ffi::Failure(api, reply->text);
  for (size_t i = 0; i < results.size() && failed == 0; i++) {
    if (results[i].size > 0) failed = cuda->copy_to_device(reinterpret_cast<uint64_t>(results[i].data), request->results[i].data, results[i].size, which.stream);
  }
  if (failed == 0) failed = cuda->synchronize(which.stream);
  return failed == 0 ? nullptr : ffi::Failure(api, "callback: the results could not be copied to the device (error " + std::to_string(failed) + " of the driver)");
}

ffi::Error* Ask(ffi::CallFrame* frame) {
  auto request = std::make_shared<Request>();
  ffi::RunIdArgs which{sizeof(ffi::RunIdArgs), nullptr, frame->context, 0};
  if (frame->api->struct_size < offsetof(ffi::Api, run_id_get) + sizeof(void*)) return ffi::Failure(frame->api, "callback: the plugin's FFI is too old");
  if (ffi::Error* error = frame->api->run_id_get(&which)) return error;
  request->run = Desk::Find(which.run_id);
  if (request->run == nullptr) return ffi::Failure(frame->api, "callback: the program was not started as one that has callbacks");
  if (!ReadId(frame->attributes, &request->callback)) return ffi::Failure(frame->api, "callback: the call has no id");
  request->args = MemoryOf(frame->args);
  request->results = MemoryOf(frame->results);
  return request->run->client->platform_name == "cpu" ? AskForFuture(frame, request) : AskFromDevice(frame, request);
}

ffi::Error* Handle(ffi::CallFrame* frame) {
  if (!ffi::IsCall(frame)) return nullptr;
  try {
    return Ask(frame);
  } catch (const std::exception& e) {
    return ffi::Failure(frame->api, std::string("callback: ") + e.what());
  }
}

}  // namespace

void Request::Answer(const std::string* error) {
  if (answered) return;
  answered = true;
  reply(error);
}

std::shared_ptr<Desk> Desk::OfThread() {
  thread_local std::shared_ptr<Desk> desk = std::make_shared<Desk>();
  return desk;
}

std::shared_ptr<Run> Desk::Find(int64_t run_id) {
  Programs& all = Programs::All();
  std::lock_guard<std::mutex> lock(all.mutex);
  auto found = all.by_id.find(run_id);
  return found == all.by_id.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Run>> Desk::Callers(EnvState* env) {
  std::vector<std::shared_ptr<Run>> out;
  for (const auto& r : serving_) out.push_back(r->run);
  if (promised_.empty() || env->callers == nullptr) return out;
  // What follows an `await` in an asynchronous callback is not on the stack: JS knows whose it is.
  napi_value hook, undefined, list;
  napi_get_reference_value(env->env, env->callers, &hook);
  napi_get_undefined(env->env, &undefined);
  Napi(napi_call_function(env->env, undefined, hook, 0, nullptr, &list));
  for (int64_t id : ReadInts(env->env, list, "callbacks: callers")) {
    if (std::shared_ptr<Run> run = Find(id)) out.push_back(std::move(run));
  }
  return out;
}

// The two that follow are for holders of the lock.
bool Desk::Depends(const std::shared_ptr<Run>& run, const std::vector<std::shared_ptr<Run>>& on) {
  std::vector<Run*> todo{run.get()};
  std::set<Run*> seen;
  while (!todo.empty()) {
    Run* r = todo.back();
    todo.pop_back();
    if (r->finished || !seen.insert(r).second) continue;
    for (const auto& x : on) if (x.get() == r) return true;
    for (const auto& x : r->after) todo.push_back(x.get());
  }
  return false;
}

bool Desk::WaitsForPromise(const std::shared_ptr<Run>& run) {
  if (promised_.empty()) return false;
  std::vector<std::shared_ptr<Run>> open;
  for (const auto& [number, request] : promised_) open.push_back(request->run);
  return Depends(run, open);
}

std::shared_ptr<Run> Desk::Start(EnvState* env, Client* client, const std::vector<std::shared_ptr<Run>>& inputs, std::function<void(const char*)> open, std::function<void()> finished,
                                 const std::function<void(int)>& execute) {
  auto run = std::make_shared<Run>(Programs::All().NextId(), OfThread(), env, client);
  for (const auto& c : Callers(env)) run->callers.push_back(c->id);
  run->open = std::move(open);
  if (finished != nullptr) run->when_finished.push_back(std::move(finished));
  {
    Lock lock(mutex_);
    for (const auto& input : inputs) if (!input->finished) run->after.push_back(input);
    auto& line = lines_[client];
    if (!line.empty()) run->after.push_back(line.back());
    line.push_back(run);
    unfinished_++;
    client->at_desks++;
  }
  {
    Programs& all = Programs::All();
    std::lock_guard<std::mutex> lock(all.mutex);
    all.by_id[run->id] = run;
  }
  try {
    execute(static_cast<int>(run->id));
  } catch (...) {
    Finish(run, nullptr);
    throw;
  }
  {
    Lock lock(mutex_);
    run->started = true;
  }
  OpenNext(client);
  return run;
}

void Desk::MakeRoom(EnvState* env, Client* client) {
  // XLA's CPU client blocks beyond 32 programs under way.
  constexpr int kMost = 24;
  if (client->at_desks < kMost) return;
  std::vector<std::shared_ptr<Run>> callers = Callers(env);
  while (client->at_desks >= kMost) {
    std::shared_ptr<Request> request;
    {
      Lock lock(mutex_);
      request = Take();
      if (request == nullptr) {
        auto found = lines_.find(client);
        if (found != lines_.end() && !found->second.empty()) {
          const auto& first = found->second.front();
          std::string many = "execute: " + std::to_string(kMost) + " programs wait already for ";
          if (Depends(first, callers)) Fail(Kind::kCallback, many + "the one whose callback starts another");
          if (WaitsForPromise(first)) Fail(Kind::kCallback, many + "a callback that returned a Promise, which cannot settle while the thread is busy: `await` one of their results first");
        }
        // Those of other threads do not wake this one.
        wake_.wait_for(lock, std::chrono::milliseconds(5));
        continue;
      }
    }
    Serve(request);
  }
}

bool Desk::Busy(Client* client) {
  if (unfinished_ == 0) return false;
  Lock lock(mutex_);
  auto found = lines_.find(client);
  return found != lines_.end() && !found->second.empty();
}

void Desk::OpenNext(Client* client) {
  Lock lock(mutex_);
  auto found = lines_.find(client);
  if (found == lines_.end()) return;
  if (found->second.empty()) {
    lines_.erase(found);
    return;
  }
  std::shared_ptr<Run> run = found->second.front();
  if (run->open == nullptr || run->opened || !run->started) return;
  run->opened = true;
  // This may be a thread of XLA's, which must not call PJRT.
  Pool::Run([run] { run->open(nullptr); });
}

void Desk::Finish(const std::shared_ptr<Run>& run, const Error* error) {
  std::vector<std::function<void()>> then;
  {
    Lock lock(mutex_);
    if (run->finished) return;
    run->finished = true;
    run->after.clear();
    auto& line = lines_[run->client];
    line.erase(std::remove(line.begin(), line.end(), run), line.end());
    unfinished_--;
    run->client->at_desks--;
    constexpr size_t kMostFailures = 64;
    if (error != nullptr && run->open != nullptr && failures_.size() < kMostFailures) failures_.push_back(*error);
    then.swap(run->when_finished);
    wake_.notify_all();
  }
  {
    Programs& all = Programs::All();
    std::lock_guard<std::mutex> lock(all.mutex);
    all.by_id.erase(run->id);
  }
  OpenNext(run->client);
  for (auto& f : then) f();
}

void Desk::AtEnd(const std::shared_ptr<Run>& run, std::function<void()> job) {
  {
    Lock lock(mutex_);
    if (!run->finished) {
      run->when_finished.push_back([job = std::move(job)] { Pool::Run(job); });
      return;
    }
  }
  Pool::Run(std::move(job));
}

bool Desk::Ask(std::shared_ptr<Request> request) {
  EnvState* env = request->run->env;
  {
    Lock lock(mutex_);
    if (env->closed) return false;
    waiting_.push_back(std::move(request));
    wake_.notify_all();
  }
  env->mailbox->Post([](napi_env) { OfThread()->ServeOne(); });
  return true;
}

void Desk::AskHere(const std::shared_ptr<Request>& request) {
  Serve(request);
  if (request->answered) return;
  {
    Lock lock(mutex_);
    promised_.erase(request->number);
  }
  std::string text = "callback: it returned a Promise, which cannot settle: this platform runs the program inside of the call that starts it; use a synchronous callback";
  request->Answer(&text);
}

void Desk::ServeUntil(const std::function<bool()>& done, const std::function<void()>& before_sleep) {
  for (;;) {
    std::shared_ptr<Request> request;
    {
      Lock lock(mutex_);
      if (done()) return;
      request = Take();
      if (request == nullptr) {
        if (before_sleep) before_sleep();
        wake_.wait(lock);
        continue;
      }
    }
    Serve(request);
  }
}

void Desk::Wake() {
  Lock lock(mutex_);
  wake_.notify_all();
}

std::shared_ptr<Request> Desk::Take() {
  if (waiting_.empty()) return nullptr;
  std::shared_ptr<Request> request = std::move(waiting_.front());
  waiting_.pop_front();
  return request;
}

void Desk::ServeOne() {
  std::shared_ptr<Request> request;
  {
    Lock lock(mutex_);
    request = Take();
  }
  if (request != nullptr) Serve(request);
}

void Desk::Serve(const std::shared_ptr<Request>& request) {
  EnvState* state = request->run->env;
  napi_env env = state->env;
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) {
    std::string error = "callback: the JS environment is ending";
    return request->Answer(&error);
  }
  serving_.push_back(request);
  request->number = next_number_++;
  std::string failure;
  try {
    napi_value dispatch, undefined, runs, inputs, outcome;
    if (state->dispatch == nullptr) Fail(Kind::kArgument, "there is nobody to call");
    Napi(napi_get_reference_value(env, state->dispatch, &dispatch));
    Napi(napi_get_undefined(env, &undefined));
    Napi(napi_create_array(env, &runs));
    uint32_t n = 0;
    for (int64_t id : request->run->callers) Napi(napi_set_element(env, runs, n++, Num(env, static_cast<double>(id))));
    Napi(napi_set_element(env, runs, n++, Num(env, static_cast<double>(request->run->id))));
    Napi(napi_create_array_with_length(env, request->args.size(), &inputs));
    for (size_t i = 0; i < request->args.size(); i++) {
      void* data = nullptr;
      napi_value copy;
      Napi(napi_create_arraybuffer(env, request->args[i].size, &data, &copy));
      if (request->args[i].size > 0) std::memcpy(data, request->args[i].data, request->args[i].size);
      Napi(napi_set_element(env, inputs, static_cast<uint32_t>(i), copy));
    }
    napi_value args[] = {Num(env, static_cast<double>(request->callback)), Num(env, static_cast<double>(request->number)), runs, inputs};
    Napi(napi_call_function(env, undefined, dispatch, 4, args, &outcome));
    if (!request->answered) Deliver(env, request, outcome);
  } catch (const Error& e) {
    failure = e.message;
  } catch (const JsException&) {
    // The dispatcher catches what callbacks throw: this is the end of the environment.
    napi_value exception;
    napi_get_and_clear_last_exception(env, &exception);
    failure = "the JS environment is ending";
  }
  serving_.erase(std::remove(serving_.begin(), serving_.end(), request), serving_.end());
  if (!failure.empty()) {
    failure = "callback: " + failure;
    request->Answer(&failure);
  }
  napi_close_handle_scope(env, scope);
}

void Desk::Deliver(napi_env env, const std::shared_ptr<Request>& request, napi_value outcome) {
  napi_valuetype type;
  Napi(napi_typeof(env, outcome, &type));
  if (type == napi_null) {
    Lock lock(mutex_);
    promised_[request->number] = request;
    return;
  }
  if (type == napi_string) {
    std::string error = ReadString(env, outcome, "callback");
    return request->Answer(&error);
  }
  uint32_t n = 0;
  Napi(napi_get_array_length(env, outcome, &n));
  if (n != request->results.size()) Fail(Kind::kArgument, "expected " + std::to_string(request->results.size()) + " results, got " + std::to_string(n));
  for (uint32_t i = 0; i < n; i++) {
    napi_value v;
    Napi(napi_get_element(env, outcome, i, &v));
    Bytes bytes = ReadBytes(env, v, "result");
    const Request::Memory& to = request->results[i];
    if (bytes.size != to.size) Fail(Kind::kShape, "expected result " + std::to_string(i) + " to have " + std::to_string(to.size) + " bytes, got " + std::to_string(bytes.size));
    if (to.size > 0) std::memcpy(to.data, bytes.data, to.size);
  }
  request->Answer(nullptr);
}

void Desk::Settle(napi_env env, int64_t number, napi_value outcome) {
  std::shared_ptr<Request> request;
  {
    Lock lock(mutex_);
    auto found = promised_.find(number);
    if (found == promised_.end()) return;
    request = std::move(found->second);
    promised_.erase(found);
  }
  try {
    Deliver(env, request, outcome);
  } catch (const Error& e) {
    std::string text = "callback: " + e.message;
    request->Answer(&text);
  }
}

void Desk::CheckWait(EnvState* env, const std::shared_ptr<Run>& run, const char* what) {
  std::vector<std::shared_ptr<Run>> callers = Callers(env);
  if (callers.empty()) return;
  Lock lock(mutex_);
  if (Depends(run, callers)) {
    Fail(Kind::kCallback, std::string(what) + ": a callback cannot wait for a value that depends on the program which is waiting for the callback; give the value to the callback as an argument");
  }
}

void Desk::Await(EnvState* env, const std::shared_ptr<Run>& run, const char* what, const PJRT_Api* api, PJRT_Event* event) {
  struct Slot {
    bool done = false, failed = false;
    Error error;
  };
  try {
    CheckWait(env, run, what);
  } catch (...) {
    DestroyEvent(api, event);
    throw;
  }
  auto slot = std::make_shared<Slot>();
  OnReady(api, event, [slot, self = OfThread()](const Error* e) {
    Lock lock(self->mutex_);
    slot->done = true;
    slot->failed = e != nullptr;
    if (e != nullptr) slot->error = *e;
    self->wake_.notify_all();
  });
  ServeUntil([&] { return slot->done; }, [&] {
    if (!WaitsForPromise(run)) return;
    Fail(Kind::kCallback, std::string(what) + ": the value depends on a callback that returned a Promise, which cannot settle while the thread is blocked; use `await x.data()` or `await x.ready()` first");
  });
  if (slot->failed) throw slot->error;
}

void Desk::Barrier(EnvState* env) {
  if (!Callers(env).empty()) Fail(Kind::kCallback, "effectsBarrier: a callback cannot wait for the programs that are waiting for it");
  ServeUntil([&] { return std::all_of(lines_.begin(), lines_.end(), [](const auto& line) { return line.second.empty(); }); }, [&] {
    if (!promised_.empty()) Fail(Kind::kCallback, "effectsBarrier: a callback returned a Promise, which cannot settle while the thread is blocked; use `await effectsBarrierAsync()`");
  });
  Error error;
  if (TakeFailure(&error)) throw error;
}

bool Desk::TakeFailure(Error* error) {
  Lock lock(mutex_);
  if (failures_.empty()) return false;
  *error = failures_.front();
  failures_.erase(failures_.begin());
  return true;
}

void Desk::WhenIdle(std::function<void()> done) {
  {
    Lock lock(mutex_);
    auto left = std::make_shared<std::atomic<int>>(1);
    auto one = [left, done] {
      if (--*left == 0) done();
    };
    for (const auto& [client, line] : lines_) {
      for (const auto& run : line) {
        ++*left;
        run->when_finished.push_back(one);
      }
    }
    if (--*left > 0) return;
  }
  done();
}

void Desk::FailAll(EnvState* env, const std::string& why) {
  std::vector<std::shared_ptr<Request>> open;
  {
    Lock lock(mutex_);
    auto mine = [&](const std::shared_ptr<Request>& r) { return env == nullptr || r->run->env == env; };
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (mine(*it)) {
        open.push_back(*it);
        it = waiting_.erase(it);
      } else ++it;
    }
    for (auto it = promised_.begin(); it != promised_.end();) {
      if (mine(it->second)) {
        open.push_back(it->second);
        it = promised_.erase(it);
      } else ++it;
    }
    for (const auto& r : serving_) if (mine(r)) open.push_back(r);
    for (const auto& [client, line] : lines_) {
      for (const auto& run : line) {
        if ((env != nullptr && run->env != env) || run->open == nullptr || run->opened) continue;
        run->opened = true;
        Pool::Run([run, why = why] { run->open(why.c_str()); });
      }
    }
  }
  for (const auto& r : open) r->Answer(&why);
}

void Desk::Leave() {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
  while (serving_.empty()) {
    std::shared_ptr<Request> request;
    {
      Lock lock(mutex_);
      bool any = false;
      for (const auto& [client, line] : lines_) any |= !line.empty();
      if (!any || std::chrono::steady_clock::now() >= deadline) break;
      request = Take();
      if (request == nullptr) {
        if (!promised_.empty()) break;
        wake_.wait_until(lock, deadline);
        continue;
      }
    }
    Serve(request);
  }
  FailAll(nullptr, "callback: the process is exiting");
}

void Desk::Close(EnvState* env) {
  {
    Lock lock(mutex_);
    env->closed = true;
  }
  FailAll(env, kGone);
}

void RegisterCallbackHandler(Client* client) {
  if (client->platform_name != "cpu" && client->platform_name != "cuda") Fail(Kind::kCallback, "callbacks: programs of the platform '" + client->platform_name + "' cannot call JS; those of the CPU and of NVIDIA's GPUs can");
  if (!ffi::RegisterHandler(client, kTarget, &Handle)) Fail(Kind::kCallback, "callbacks: the plugin '" + client->plugin->path + "' has no extension for custom calls");
}

napi_value SetCallbackHooks(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 2);
    EnvState* state = EnvState::Get(env);
    napi_ref* refs[] = {&state->dispatch, &state->callers};
    for (size_t i = 0; i < 2; i++) {
      if (*refs[i] != nullptr) napi_delete_reference(env, *refs[i]);
      *refs[i] = nullptr;
      Napi(napi_create_reference(env, args[i], 1, refs[i]));
    }
    return nullptr;
  });
}

napi_value AnswerCallback(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 2);
    Desk::OfThread()->Settle(env, ReadInt(env, args[0], "answerCallback"), args[1]);
    return nullptr;
  });
}

napi_value CallbackBarrier(napi_env env, napi_callback_info) {
  return Entry(env, [&]() -> napi_value {
    Desk::OfThread()->Barrier(EnvState::Get(env));
    return nullptr;
  });
}

napi_value CallbacksIdle(napi_env env, napi_callback_info) {
  return Entry(env, [&] {
    napi_value promise;
    auto deferred = Deferred::Make(env, &promise);
    Desk::OfThread()->WhenIdle([deferred] {
      deferred->Settle([](napi_env env) {
        Error error;
        if (Desk::OfThread()->TakeFailure(&error)) throw error;
        napi_value v;
        Napi(napi_get_undefined(env, &v));
        return v;
      });
    });
    return promise;
  });
}

}  // namespace xs
