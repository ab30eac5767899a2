#include "ffi_work.h"

#include <algorithm>

namespace xs::ffi {

namespace {

// As many of its threads as XLA gives, each to take parts.
void Call(CallFrame* frame, const std::shared_ptr<SharedWork>& work, int64_t threads) {
  for (int64_t i = 0; i < threads; i++) {
    auto* held = new std::shared_ptr<SharedWork>(work);
    ScheduleArgs task{sizeof(ScheduleArgs), nullptr, frame->context, [](void* data) {
      std::unique_ptr<std::shared_ptr<SharedWork>> mine(static_cast<std::shared_ptr<SharedWork>*>(data));
      (*mine)->Take();
    }, held};
    if (Error* error = frame->api->thread_pool_schedule(&task)) {
      delete held;
      throw Refused{error};
    }
  }
}

}  // namespace

int64_t ThreadsFor(CallFrame* frame, double worth) {
  if (!(worth >= 2)) return 1;
  int64_t threads = 1;
  NumThreadsArgs count{sizeof(NumThreadsArgs), nullptr, frame->context, &threads};
  if (Error* error = frame->api->thread_pool_num_threads(&count)) throw Refused{error};
  return std::clamp<int64_t>(static_cast<int64_t>(std::min(worth, 1e4)), 1, std::max<int64_t>(threads, 1));
}

void Do(CallFrame* frame, const std::shared_ptr<SharedWork>& work, int64_t parts, int64_t threads) {
  SharedWork::Do(work, parts, threads, [&](int64_t more) { Call(frame, work, more); });
}

}  // namespace xs::ffi
