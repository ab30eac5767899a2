// What belongs to one JS environment (the main thread's or a worker's), and the way back to its thread.
#pragma once
#include <node_api.h>

#include <functional>
#include <memory>
#include <mutex>

namespace xs {

// Takes work from any thread to the environment's own; work for an environment that is gone is dropped.
class Mailbox {
 public:
  using Task = std::function<void(napi_env)>;
  void Post(Task task);

 private:
  friend struct EnvState;
  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
};

struct EnvState {
  napi_env env;
  napi_ref error_factory = nullptr;
  napi_ref buffer_class = nullptr;
  std::shared_ptr<Mailbox> mailbox;

  static EnvState* Get(napi_env env);
  static void Create(napi_env env);

  // A promise is pending: the process stays up for it.
  void Begin();
  void End();

 private:
  int pending_ = 0;
  static void Cleanup(void* self);
};

// Exit code that the process will end with, told by JS; used when work in flight will not end.
void SetExitCode(int code);

// A promise and the two ways to settle it, from any thread.
class Deferred {
 public:
  static std::shared_ptr<Deferred> Make(napi_env env, napi_value* promise);
  // `value` runs on the environment's thread.
  void Settle(std::function<napi_value(napi_env)> value);

 private:
  std::shared_ptr<Mailbox> mailbox_;
  napi_deferred deferred_;
};

}  // namespace xs
