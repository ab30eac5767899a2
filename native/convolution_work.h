// A convolution as work in parts.
#pragma once
#include <vector>

#include "convolution_panels.h"
#include "convolution_plan.h"
#include "convolution_walk.h"
#include "shared_work.h"
#include "tiles.h"

namespace xs::convolution {

using tiles::Run;
using tiles::Tile;

template <typename T>
struct Workspace;

template <typename T>
class Convolution : public SharedWork {
 public:
  // `bias` is null where there is none.
  Convolution(const Plan& plan, const Panels<T>& panels, const T* x, const T* bias, T* c, int64_t c_size, int64_t threads);

  int64_t parts() const { return plan_.groups.size * panel_parts_ * batch_parts_ * place_parts_ * input_parts_; }

  // Adds up what parts with some of the inputs each have computed.
  void Finish();

 private:
  struct Share;
  struct Target;
  void Part(int64_t index) override;
  void Places(Share s, const Phase* phases);
  void Sum(const Share& s, const Phase* p, const Target& to, Workspace<T>* space);
  void Pool(const Share& s, const Phase* p, const Target& from, Workspace<T>* space);
  const T* Input(const Share& s, const Phase* p, Workspace<T>* space, ptrdiff_t* batch, ptrdiff_t* input, ptrdiff_t* axes) const;
  void Runs(const Share& s, const Phase* p, const Panel<T>& panel, ptrdiff_t input, const ptrdiff_t* axes, Workspace<T>* space, Tile<T>* tile) const;

  const Plan& plan_;
  const Panels<T>& panels_;
  const T *x_, *bias_;
  T* c_;
  const int64_t c_size_;
  // The axis along which parts have some of the result's places, and terms are summed up piece by piece where there are many.
  int cut_ = kAxes - 1;
  int64_t panel_parts_ = 1, batch_parts_ = 1, place_parts_ = 1, input_parts_ = 1;
  std::vector<T> partial_;
};

double OperationsOf(const Plan& plan);

}  // namespace xs::convolution
