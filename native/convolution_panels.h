// The kernel of a convolution as tiles read it.
#pragma once
#include <memory>

#include "convolution_plan.h"
#include "shared_work.h"

namespace xs::convolution {

// Output features that tiles have together, and where the kernel's elements for them lie: neighbours, and so far apart from one input and one position of the window to the next.
template <typename T>
struct Panel {
  int vectors;
  int64_t first, outputs;
  const T* y;
  int64_t input, tap[kAxes];
};

// The kernel as panels: as it lies, or a copy with room for whole vectors.
template <typename T>
class Panels {
 public:
  Panels(const Plan& plan, const T* y);

  bool packs() const { return packed_ != nullptr; }
  const Plan& plan() const { return plan_; }
  const T* y() const { return y_; }
  int lanes() const { return lanes_; }
  int64_t count() const { return count_; }
  // Output features and what fills the last vector up.
  int64_t room() const { return int64_t{vectors_} * lanes_; }
  Panel<T> At(int64_t group, int64_t index) const;

 private:
  const Plan& plan_;
  const T* y_;
  int lanes_, vectors_;
  int64_t count_, terms_;
  std::unique_ptr<T[]> packed_;
};

// Copies the kernel, a position of the window's first two axes at a time.
template <typename T>
class Packing : public SharedWork {
 public:
  explicit Packing(const Panels<T>& panels) : panels_(panels) {}
  int64_t parts() const { return panels_.plan().groups.size * panels_.count() * panels_.plan().axes[0].window * panels_.plan().axes[1].window; }

 private:
  void Part(int64_t index) override;
  const Panels<T>& panels_;
};

}  // namespace xs::convolution
