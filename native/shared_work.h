// Work in parts, which several threads take one by one: the one that has it to do, threads of XLA's, and threads that wait for a result anyway.
//
// To wake a thread takes 30 to 80 us on a virtual machine, as long as a product of 32 rows; a thread that looks whether its result is there is awake.
#pragma once
#include <cfenv>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace xs {

class SharedWork {
 public:
  virtual ~SharedWork() = default;

  // Works on parts until none is left to begin: whose work it is on the first ones, others on the last ones, so that each finds in its cache what it had there when the work was done before.
  void Take(bool own);

  // Does all parts, and returns when they are done and none of other work waits for a thread. `call` asks for as many threads more, which are to Take, as is said; it may throw.
  static void Do(const std::shared_ptr<SharedWork>& work, int64_t parts, int64_t threads, const std::function<void(int64_t)>& call);

  // A thread that is about to wait looks for work as long as this lives.
  class Helper {
   public:
    Helper();
    ~Helper();
    // Takes parts of what there is; false: there is nothing.
    bool Help();
  };

  // Whether threads had to be called since the last time that this was asked.
  static bool MissedHelpers();

 protected:
  virtual void Part(int64_t index) = 0;

 private:
  // Takes parts of the oldest work that has some left, of that which was begun before the one that is given, if one is; false: there is none.
  static bool TakeOne(const SharedWork* before);
  bool Over() const { return over_.load(std::memory_order_acquire) == parts_; }

  int64_t parts_ = 0;
  std::atomic<int64_t> taken_{0}, first_{0}, last_{0}, over_{0};
  // How the thread that has the work to do rounds, and whether it flushes small numbers to zero.
  fenv_t mode_;
};

}  // namespace xs
