#include "event.h"

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>

#include "plugin.h"
#include "shared_work.h"

namespace xs {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{2};

std::atomic<bool> closing{false};
std::atomic<int> exit_code{0};
std::atomic<int64_t> deadline_ticks{0};

// The first drain sets the time for all: an exit that passes several of them still takes 2 s at most.
Clock::time_point Deadline() {
  int64_t none = 0;
  int64_t mine = (Clock::now() + kPatience).time_since_epoch().count();
  deadline_ticks.compare_exchange_strong(none, mine);
  return Clock::time_point(Clock::duration(deadline_ticks.load()));
}

struct Waiter {
  const PJRT_Api* api;
  std::function<void(const Error*)> done;
};

void Fired(PJRT_Error* error, void* arg) {
  std::unique_ptr<Waiter> waiter(static_cast<Waiter*>(arg));
  Error e;
  bool failed = TakeError(waiter->api, error, &e);
  waiter->done(failed ? &e : nullptr);
}

#ifdef __GLIBC__
void AtExit(int code, void*) {
  exit_code = code;
  DrainOrLeave();
}
#endif

}  // namespace

void WorkCount::Begin() {
  std::lock_guard<std::mutex> lock(mutex_);
  count_++;
  total_++;
}

void WorkCount::End() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (--count_ == 0) idle_.notify_all();
}

bool WorkCount::WaitUntil(Clock::time_point deadline) {
  std::unique_lock<std::mutex> lock(mutex_);
  return idle_.wait_until(lock, deadline, [this] { return count_ == 0; });
}

uint64_t WorkCount::Total() {
  std::lock_guard<std::mutex> lock(mutex_);
  return total_;
}

WorkCount& WorkCount::All() {
  static auto* all = new WorkCount;
  return *all;
}

bool Drain() {
  bool idle = WorkCount::All().WaitUntil(Deadline());
  DrainAtExit();  // after what the work itself has made
  return idle;
}

void DrainOrLeave() {
  closing = true;
  if (WorkCount::All().WaitUntil(Deadline())) return;
  std::fflush(nullptr);
  _Exit(exit_code);
}

void SetExitCode(int code) { exit_code = code; }

void RefuseWhenClosing() {
  if (closing) Fail(Kind::kArgument, "the process is exiting: no new work is accepted");
}

void DrainAtExit() {
  static std::atomic<int> registered{0};
  if (registered++ >= 64) return;
#ifdef __GLIBC__
  on_exit(AtExit, nullptr);
#else
  atexit(DrainOrLeave);
#endif
}

void DestroyEvent(const PJRT_Api* api, PJRT_Event* event) {
  XS_ARGS(PJRT_Event_Destroy_Args, args);
  args.event = event;
  Error ignored;
  TakeError(api, api->PJRT_Event_Destroy(&args), &ignored);
}

// How this thread has fared of late when it looked for events; when it has time, and when not.
struct Looking {
  uint32_t missed = 0;    // how often in vain
  uint32_t left_out = 0;  // how often it is not to look now
  bool skipped = false;   // whether it did not the last time
  bool near = false;      // whether it would have seen the event then, but for the time in which threads that sleep wake up: they do so for each event, until one is seen
};
thread_local Looking looks[2];
constexpr std::chrono::microseconds kWhile{50};

bool ComesSoon(const PJRT_Api* api, PJRT_Event* event, bool has_time) {
  constexpr uint32_t kMostMissed = 6;
  // Where there is one core, the work waits for this thread.
  static const bool alone = std::thread::hardware_concurrency() < 2;
  auto is_ready = [&] {
    XS_ARGS(PJRT_Event_IsReady_Args, args);
    args.event = event;
    Error ignored;
    return TakeError(api, api->PJRT_Event_IsReady(&args), &ignored) || args.is_ready;
  };
  Looking& looking = looks[has_time];
  looking.skipped = false;
  if (is_ready()) return true;
  if (alone) return false;
  if (looking.left_out > 0 && !(has_time && SharedWork::MissedHelpers())) {
    looking.left_out--;
    looking.skipped = true;
    return false;
  }
  std::optional<SharedWork::Helper> helper;
  if (has_time) helper.emplace();
  Clock::time_point until = Clock::now() + (looking.near ? 3 * kWhile : kWhile);
  looking.near = false;
  bool helped = false;
  do {
    if (helper && helper->Help()) {
      helped = true;
      until = Clock::now() + kWhile;
    } else {
      for (int i = 0; i < 16; i++) Pause();
    }
    if (is_ready()) {
      looking.missed = 0;
      return true;
    }
  } while (Clock::now() < until);
  if (helped) {
    looking.missed = 0;
    return false;
  }
  looking.missed = std::min(looking.missed + 1, kMostMissed);
  looking.left_out = (1u << looking.missed) - 1;
  return false;
}

void Await(const PJRT_Api* api, PJRT_Event* event) {
  if (event == nullptr) return;
  ComesSoon(api, event, true);
  const bool skipped = looks[true].skipped;
  const Clock::time_point start = skipped ? Clock::now() : Clock::time_point();
  XS_ARGS(PJRT_Event_Await_Args, args);
  args.event = event;
  Error error;
  bool failed = TakeError(api, api->PJRT_Event_Await(&args), &error);
  if (skipped && Clock::now() - start < 2 * kWhile) looks[true] = {0, 0, false, true};
  DestroyEvent(api, event);
  if (failed) throw error;
}

void OnReady(const PJRT_Api* api, PJRT_Event* event, std::function<void(const Error*)> done) {
  XS_ARGS(PJRT_Event_OnReady_Args, args);
  args.event = event;
  args.callback = Fired;
  auto waiter = std::make_unique<Waiter>(Waiter{api, std::move(done)});
  args.user_arg = waiter.get();
  Error error;
  bool failed = TakeError(api, api->PJRT_Event_OnReady(&args), &error);
  Waiter* kept = waiter.release();  // Fired owns it, and may have run already
  DestroyEvent(api, event);
  if (failed) {
    std::unique_ptr<Waiter> mine(kept);
    mine->done(&error);
  }
}

}  // namespace xs
