#include "env.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "callback.h"
#include "error.h"
#include "event.h"

namespace xs {

namespace {

// Only the end of the main thread's environment is the end of the process.
bool OnMainThread() { return syscall(SYS_gettid) == getpid(); }

void CallJs(napi_env env, napi_value, void*, void* data) {
  std::unique_ptr<Mailbox::Task> task(static_cast<Mailbox::Task*>(data));
  if (env == nullptr) return;
  (*task)(env);
}
}  // namespace

void Mailbox::Post(Task task) {
  auto* owned = new Task(std::move(task));
  std::lock_guard<std::mutex> lock(mutex_);
  if (function_ == nullptr || napi_call_threadsafe_function(function_, owned, napi_tsfn_nonblocking) != napi_ok) delete owned;
}

EnvState* EnvState::Get(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<EnvState*>(data);
}

void EnvState::Create(napi_env env) {
  auto* state = new EnvState;
  state->env = env;
  state->mailbox = std::make_shared<Mailbox>();
  state->desk = Desk::OfThread();
  napi_value name;
  napi_create_string_utf8(env, "xlastate", NAPI_AUTO_LENGTH, &name);
  napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, nullptr, CallJs, &state->mailbox->function_);
  napi_unref_threadsafe_function(env, state->mailbox->function_);
  napi_set_instance_data(env, state, nullptr, nullptr);
  napi_add_env_cleanup_hook(env, Cleanup, state);
}

void EnvState::Hold(int64_t bytes, int64_t most_garbage) {
  held_ += bytes;
  const int64_t most = kept_ + std::max(most_garbage, kept_ / 2);
  if (held_ < most) return;
  CollectGarbage();
  // A marking that was under way takes what was made since it began for live: a second collection finds it.
  if (held_ > most / 2) CollectGarbage();
  kept_ = held_;
}

void EnvState::TellSize(int64_t bytes) {
  untold_ += bytes;
  if (gathering_ > 0 || (untold_ < kWorthTelling && untold_ > -kWorthTelling)) return;
  // V8 may collect garbage in this call, and finalizers tell of what goes. Within a collection nothing may grow: V8 would begin another, and abort.
  const int64_t told = untold_;
  untold_ = 0;
  int64_t ignored;
  napi_adjust_external_memory(env, told, &ignored);
}

void EnvState::CollectGarbage() {
  // More external memory than V8's hard limit makes it collect at once; taking it back restores its accounts.
  constexpr int64_t kBeyondAnyLimit = int64_t{1} << 40;
  int64_t ignored;
  napi_adjust_external_memory(env, kBeyondAnyLimit, &ignored);
  napi_adjust_external_memory(env, -kBeyondAnyLimit, &ignored);
}

void EnvState::Begin() {
  if (pending_++ == 0) napi_ref_threadsafe_function(env, mailbox->function_);
}

void EnvState::End() {
  if (--pending_ == 0) napi_unref_threadsafe_function(env, mailbox->function_);
}

void EnvState::Cleanup(void* self) {
  auto* state = static_cast<EnvState*>(self);
  state->desk->Close(state);
  {
    std::lock_guard<std::mutex> lock(state->mailbox->mutex_);
    napi_release_threadsafe_function(state->mailbox->function_, napi_tsfn_abort);
    state->mailbox->function_ = nullptr;
  }
  // The state itself stays for finalizers that still run; it is a few words a worker.
  if (OnMainThread()) DrainOrLeave();
}

std::shared_ptr<Deferred> Deferred::Make(napi_env env, napi_value* promise) {
  auto d = std::make_shared<Deferred>();
  EnvState* state = EnvState::Get(env);
  d->mailbox_ = state->mailbox;
  Napi(napi_create_promise(env, &d->deferred_, promise));
  state->Begin();
  return d;
}

void Deferred::Settle(std::function<napi_value(napi_env)> value) {
  mailbox_->Post([deferred = deferred_, value = std::move(value)](napi_env env) {
    napi_handle_scope scope;
    napi_open_handle_scope(env, &scope);
    try {
      napi_resolve_deferred(env, deferred, value(env));
    } catch (const Error& e) {
      napi_reject_deferred(env, deferred, MakeJs(env, e));
    } catch (const JsException&) {
      napi_value exception;
      napi_get_and_clear_last_exception(env, &exception);
      napi_reject_deferred(env, deferred, exception);
    }
    EnvState::Get(env)->End();
    napi_close_handle_scope(env, scope);
  });
}

}  // namespace xs
