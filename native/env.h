// What belongs to one JS environment (the main thread's or a worker's), and the way back to its thread.
#pragma once
#include <node_api.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace xs {

class Desk;

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
  // Where JS and the addon write ids of buffers for each other: the memory of an ArrayBuffer.
  napi_ref ids_buffer = nullptr;
  double* ids = nullptr;
  size_t ids_size = 0;
  // What callbacks are called through; see callback.h.
  std::shared_ptr<Desk> desk;
  napi_ref dispatch = nullptr;
  napi_ref callers = nullptr;
  std::atomic<bool> closed{false};
  std::shared_ptr<Mailbox> mailbox;

  static EnvState* Get(napi_env env);
  static void Create(napi_env env);

  // Objects that JS values of this environment hold, with what they are.
  using Kind = const char* const*;
  void Remember(void* object, Kind kind) { objects_[object] = kind; }
  void Forget(void* object) {
    objects_.erase(object);
    if (object == last_known_) last_known_ = nullptr;
  }
  bool Knows(void* object, Kind kind) {
    if (object == last_known_ && kind == last_kind_) return true;
    auto found = objects_.find(object);
    if (found == objects_.end() || found->second != kind) return false;
    last_known_ = object;
    last_kind_ = kind;
    return true;
  }

  // Device bytes that JS objects of this environment hold. V8 is told of them where they are the host's, but lets 1 to 2 GB gather before it collects,
  // however large the arrays: so we ask for a collection ourselves when half as much again, and `most_garbage` at least, have come since the last one.
  // That frees memory at once only where finalizers run inside collections, which is what the experimental Node-API is used for; on a runtime that
  // defers them all the same, memory is freed when the event loop turns, and asking does no harm.
  void Hold(int64_t bytes, int64_t most_garbage);
  void LetGo(int64_t bytes) { held_ -= bytes; }
  // Tells V8 of bytes outside of its heap: when they are enough to be of interest and, within a SizesAtEnd, at its end, as a call that replaces a
  // hundred arrays by others of their sizes has nothing to tell.
  void TellSize(int64_t bytes);
  // Has V8 collect all garbage now.
  void CollectGarbage();

  // A promise is pending: the process stays up for it.
  void Begin();
  void End();

 private:
  std::unordered_map<void*, Kind> objects_;
  void* last_known_ = nullptr;
  Kind last_kind_ = nullptr;
  int pending_ = 0;
  int64_t held_ = 0;
  friend class SizesAtEnd;
  int gathering_ = 0;
  int64_t untold_ = 0;
  static constexpr int64_t kWorthTelling = 64 << 10;
  int64_t kept_ = 0;  // of held_, when garbage was collected last
  static void Cleanup(void* self);
};

class SizesAtEnd {
 public:
  explicit SizesAtEnd(EnvState* state) : state_(state) { state_->gathering_++; }
  SizesAtEnd(const SizesAtEnd&) = delete;
  ~SizesAtEnd() {
    if (--state_->gathering_ == 0) state_->TellSize(0);
  }

 private:
  EnvState* state_;
};

// A promise and the two ways to settle it, from any thread.
class Deferred {
 public:
  static std::shared_ptr<Deferred> Make(napi_env env, napi_value* promise);
  // `value` runs on the environment's thread; what it throws rejects the promise.
  void Settle(std::function<napi_value(napi_env)> value);

 private:
  std::shared_ptr<Mailbox> mailbox_;
  napi_deferred deferred_;
};

}  // namespace xs
