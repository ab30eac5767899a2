// PJRT events, and the count of work that is still running.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "error.h"
#include "pjrt_c_api.h"

namespace xs {

// Counts things under way, so that what they use is not torn down under them.
class WorkCount {
 public:
  void Begin();
  void End();
  // False if something still ran when the time was over.
  bool WaitUntil(std::chrono::steady_clock::time_point deadline);
  // How much has begun so far.
  uint64_t Total();
  // Everything in the process.
  static WorkCount& All();

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  int count_ = 0;
  uint64_t total_ = 0;
};

// Waits for what runs, 2 s at most for all callers in the process together; false if something still runs then.
bool Drain();
// For the end of the process: new work is refused from now on, and if running work does not end, the process is left at once, with the
// exit code that JS told, since static destructors under running XLA threads crash.
void DrainOrLeave();
void SetExitCode(int code);
// Throws once the process is leaving.
void RefuseWhenClosing();
// Has exit() do DrainOrLeave before the destructors of what exists by now. Exit handlers and destructors of statics run in reverse order of
// their making, and XLA makes some of its statics at first use (oneDNN's generated code, when the first product runs): so this is called
// again after the first client, each of the first compilations, now and then when work runs, and when the process is leaving.
void DrainAtExit();

void DestroyEvent(const PJRT_Api* api, PJRT_Event* event);
// Whether an event comes within the time in which it pays to look again and again: to be woken up takes a sleeping thread as long as a small program runs.
// A thread that looked in vain looks less often. One that has time, as it must wait in any case, takes part in work that is there meanwhile, however long that takes.
bool ComesSoon(const PJRT_Api* api, PJRT_Event* event, bool has_time);
// Waits for an event and destroys it; throws its error.
void Await(const PJRT_Api* api, PJRT_Event* event);
// Calls `done` with the event's error, if any, from whatever thread fires it; takes the event over.
// `done` must not call PJRT.
void OnReady(const PJRT_Api* api, PJRT_Event* event, std::function<void(const Error*)> done);

// Tells the core that this thread waits.
inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace xs
