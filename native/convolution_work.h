// A convolution as work in parts.
#pragma once
#include <memory>
#include <vector>

#include "convolution_kernels.h"
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

template <typename T>
struct Workspace;

template <typename T>
class Convolution : public SharedWork {
 public:
  Convolution(const Plan& plan, const Panels<T>& panels, const T* x, T* c, int64_t c_size, int64_t threads);

  int64_t parts() const { return plan_.groups.size * panel_parts_ * batch_parts_ * place_parts_ * input_parts_; }

  // Adds up what parts with some of the inputs each have computed.
  void Finish();

 private:
  struct Share;
  void Part(int64_t index) override;
  void Places(Share s, const Phase* phases);
  void Sum(const Share& s, const Phase* p, Workspace<T>* space);
  const T* Input(const Share& s, const Phase* p, Workspace<T>* space, ptrdiff_t* batch, ptrdiff_t* input, ptrdiff_t* axes) const;
  void Runs(const Share& s, const Phase* p, const Panel<T>& panel, ptrdiff_t input, const ptrdiff_t* axes, Workspace<T>* space, Tile<T>* tile) const;

  const Plan& plan_;
  const Panels<T>& panels_;
  const T* x_;
  T* c_;
  const int64_t c_size_;
  // The axis along which parts have some of the result's places, and terms are summed up piece by piece where there are many.
  int cut_ = kAxes - 1;
  int64_t panel_parts_ = 1, batch_parts_ = 1, place_parts_ = 1, input_parts_ = 1;
  std::vector<T> partial_;
};

double OperationsOf(const Plan& plan);

}  // namespace xs::convolution
