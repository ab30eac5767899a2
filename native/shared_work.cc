#include "shared_work.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "event.h"

namespace xs {

namespace {

std::atomic<int> helpers{0};
std::atomic<int> offered{0};
std::atomic<bool> missed{false};

struct Offers {
  std::mutex mutex;
  std::vector<std::shared_ptr<SharedWork>> list;
  static Offers& All() {
    static auto* all = new Offers;
    return *all;
  }
};

}  // namespace

void SharedWork::Take(bool own) {
  if (taken_.fetch_add(1) >= parts_) return;
  fenv_t before;
  fegetenv(&before);
  fesetenv(&mode_);
  do {
    Part(own ? first_.fetch_add(1) : parts_ - 1 - last_.fetch_add(1));
    over_.fetch_add(1, std::memory_order_release);
  } while (taken_.fetch_add(1) < parts_);
  fesetenv(&before);
}

bool SharedWork::TakeOne(const SharedWork* before) {
  if (offered.load(std::memory_order_relaxed) == 0) return false;
  std::shared_ptr<SharedWork> work;
  {
    Offers& all = Offers::All();
    std::lock_guard<std::mutex> lock(all.mutex);
    for (auto w = all.list.begin(); work == nullptr && w != all.list.end() && w->get() != before; w++) if ((*w)->taken_.load() < (*w)->parts_) work = *w;
  }
  if (work == nullptr) return false;
  work->Take(false);
  return true;
}

void SharedWork::Do(const std::shared_ptr<SharedWork>& work, int64_t parts, int64_t threads, const std::function<void(int64_t)>& call) {
  work->parts_ = parts;
  fegetenv(&work->mode_);
  threads = std::min(threads, parts);
  if (threads <= 1) {
    for (int64_t i = 0; i < parts; i++) work->Part(i);
    return;
  }
  Offers& all = Offers::All();
  {
    std::lock_guard<std::mutex> lock(all.mutex);
    all.list.push_back(work);
  }
  offered.fetch_add(1);
  std::exception_ptr failure;
  const int64_t more = threads - 1 - helpers.load();
  if (more > 0) {
    missed = true;
    try {
      call(more);
    } catch (...) {
      // Who has begun must be done before the arrays go.
      failure = std::current_exception();
    }
  }
  // XLA runs what does not depend on each other at once, on more threads than there are cores. What was begun before is wanted before.
  while (TakeOne(work.get())) {}
  work->Take(true);
  {
    std::lock_guard<std::mutex> lock(all.mutex);
    all.list.erase(std::find(all.list.begin(), all.list.end(), work));
  }
  offered.fetch_sub(1);
  for (int i = 0; !work->Over(); i++) {
    if (TakeOne(nullptr)) i = 0;
    else if (i < 1000) Pause();
    else std::this_thread::yield();
  }
  // This thread is awake: others that have begun work may wait for a core.
  while (TakeOne(nullptr)) {}
  if (failure) std::rethrow_exception(failure);
}

SharedWork::Helper::Helper() { helpers.fetch_add(1); }
SharedWork::Helper::~Helper() { helpers.fetch_sub(1); }

bool SharedWork::Helper::Help() { return TakeOne(nullptr); }

bool SharedWork::MissedHelpers() { return missed.load(std::memory_order_relaxed) && missed.exchange(false); }

}  // namespace xs
