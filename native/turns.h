// Runs that take their turn: one begins when the one before is over, whatever threads they are started by.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>

namespace xs {

class Turns : public std::enable_shared_from_this<Turns> {
 public:
  // Waits for the turn; it is over when what is returned is gone, with all copies.
  std::shared_ptr<void> Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    free_.wait(lock, [this] { return !taken_; });
    taken_ = true;
    return {this, [self = shared_from_this()](void*) { self->Give(); }};
  }

 private:
  void Give() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      taken_ = false;
    }
    free_.notify_one();
  }
  std::mutex mutex_;
  std::condition_variable free_;
  bool taken_ = false;
};

}  // namespace xs
