// Functions of JS that compiled programs call.
//
// XLA calls the handler on a thread of its own. The handler leaves the request at the desk of the JS thread that started the program, gives XLA
// a future, and returns: no thread of XLA's waits for JS. The JS thread serves its desk from the event loop, and while it waits for a value that
// depends on such a program.
//
// Programs with callbacks take one argument more, the gate, whose value comes only after the start: so they never run inside of the call that
// starts them. XLA's CPU client runs the programs of a client in the order of their starts, so that whatever is started after one with callbacks
// depends on it: all of these stand in the client's line, in which the gates are opened one after another. What a callback computes must
// therefore run on another client; see lib/pjrt/callbacks.ts.
//
// On a GPU the handler copies the operands to the host, waits for the answer, and copies the results back. XLA's GPU clients call it inside of the call that
// starts the program, so that the JS thread answers itself there, and gates are open from the start. Where it is another thread that waits, XLA holds a
// lock of the device, which whoever compiles may need: so the JS thread serves its desk while it waits for the compiler, too.
#pragma once
#include <node_api.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "buffer.h"
#include "client.h"
#include "env.h"
#include "ffi.h"

namespace xs {

class Desk;

// A program that was started and has callbacks, or stands behind one that has.
struct Run {
  const int64_t id;
  const std::shared_ptr<Desk> desk;
  EnvState* const env;
  Client* const client;  // lives: its program is under way
  // All below is the desk's.
  std::atomic<bool> finished{false};
  bool started = false;
  bool opened = false;
  std::vector<int64_t> callers;  // the programs whose callbacks started it
  std::vector<std::shared_ptr<Run>> after;  // what it waits for
  std::vector<std::function<void()>> when_finished;
  std::function<void(const char* error)> open;  // of the gate; null where there is none
  Run(int64_t i, std::shared_ptr<Desk> d, EnvState* e, Client* c) : id(i), desk(std::move(d)), env(e), client(c) {}
};

// One call of a JS function.
struct Request {
  struct Memory {
    void* data;
    size_t size;
  };
  std::shared_ptr<Run> run;
  int64_t callback = 0;
  int64_t number = 0;  // where the answer comes later
  std::vector<Memory> args, results;
  // Tells XLA; null: the results are in place.
  std::function<void(const std::string* error)> reply;
  bool answered = false;

  // On the thread of the desk; the first answer counts.
  void Answer(const std::string* error);
};

// What callbacks of one JS thread go through. Its lists are guarded by the mutex; what is marked so belongs to the thread alone.
class Desk {
 public:
  static std::shared_ptr<Desk> OfThread();

  // Starts a program whose arguments depend on `inputs`: `execute` starts it with `launch_id`. `open` opens its gate, or with an error lets it
  // fail; null where it has none. `finished`, if not null, is called at its end, whatever that is.
  std::shared_ptr<Run> Start(EnvState* env, Client* client, const std::vector<std::shared_ptr<Run>>& inputs, std::function<void(const char* error)> open, std::function<void()> finished,
                             const std::function<void(int launch_id)>& execute);
  // Waits, and serves meanwhile, until the client takes another program without blocking: what is blocked serves no callbacks.
  void MakeRoom(EnvState* env, Client* client);
  // Whether programs started now stand behind one of this thread's with callbacks.
  bool Busy(Client* client);
  // Whether none is under way that this thread started, with callbacks or behind one.
  bool Idle() const { return unfinished_ == 0; }
  void Finish(const std::shared_ptr<Run>& run, const Error* error);

  // Does something at the end of a program, on a thread that may call PJRT.
  void AtEnd(const std::shared_ptr<Run>& run, std::function<void()> job);

  // The handler's part. Null: there is no such program.
  static std::shared_ptr<Run> Find(int64_t run_id);
  // False if the environment is gone.
  bool Ask(std::shared_ptr<Request> request);
  // The handler's part where it is called on the thread of the desk itself, inside of the call that starts the program: the answer is there afterwards.
  void AskHere(const std::shared_ptr<Request>& request);
  bool IsOfThisThread() const { return std::this_thread::get_id() == thread_; }

  // Serves until `done`, of whose change Wake or the desk tells. `before_sleep` is called where nothing is to be served, and may throw. Both run under the lock.
  void ServeUntil(const std::function<bool()>& done, const std::function<void()>& before_sleep = {});
  void Wake();

  // Waits for an event of something that depends on `run`, and serves meanwhile. Throws where that would wait for ever.
  void Await(EnvState* env, const std::shared_ptr<Run>& run, const char* what, const PJRT_Api* api, PJRT_Event* event);
  // Throws if a callback waits for its own program.
  void CheckWait(EnvState* env, const std::shared_ptr<Run>& run, const char* what);
  // Waits for all programs with callbacks; throws one of the errors of those that ended.
  void Barrier(EnvState* env);
  // Calls `done`, on any thread, when the programs of now have ended.
  void WhenIdle(std::function<void()> done);
  // An error of a program with callbacks, each once.
  bool TakeFailure(Error* error);
  // Answers one waiting request, if there is one: for the event loop.
  void ServeOne();
  // The answer of a callback that gave a promise.
  void Settle(napi_env env, int64_t number, napi_value outcome);
  // Before the process leaves while JS still runs: serves until nothing waits or the time is over, then lets everything fail.
  void Leave();
  // The environment ends: what it has started fails.
  void Close(EnvState* env);

 private:
  using Lock = std::unique_lock<std::mutex>;
  std::shared_ptr<Request> Take();
  void Serve(const std::shared_ptr<Request>& request);
  void Deliver(napi_env env, const std::shared_ptr<Request>& request, napi_value outcome);
  std::vector<std::shared_ptr<Run>> Callers(EnvState* env);
  bool Depends(const std::shared_ptr<Run>& run, const std::vector<std::shared_ptr<Run>>& on);
  bool WaitsForPromise(const std::shared_ptr<Run>& run);
  void OpenNext(Client* client);
  void FailAll(EnvState* env, const std::string& why);

  const std::thread::id thread_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Request>> waiting_;
  std::unordered_map<Client*, std::deque<std::shared_ptr<Run>>> lines_;  // in the order of their starts
  std::vector<Error> failures_;
  std::atomic<int> unfinished_{0};
  // The thread's own.
  std::vector<std::shared_ptr<Request>> serving_;
  std::unordered_map<int64_t, std::shared_ptr<Request>> promised_;
  int64_t next_number_ = 1;
};

// Registers the handler with a plugin, once a process; throws where the plugin has no way to.
void RegisterCallbackHandler(Client* client);

// (dispatch, callers): `dispatch(callback, number, runs, inputs)` gives the results, null for later, or the text of an error; `callers()` the numbers
// of the programs whose callbacks the code that runs belongs to.
napi_value SetCallbackHooks(napi_env env, napi_callback_info info);
// (number, results or the text of an error)
napi_value AnswerCallback(napi_env env, napi_callback_info info);
napi_value CallbackBarrier(napi_env env, napi_callback_info info);
napi_value CallbacksIdle(napi_env env, napi_callback_info info);

}  // namespace xs
