#include "convolution_panels.h"

#include <algorithm>
#include <vector>

#include "convolution_walk.h"
#include "tiles.h"

namespace xs::convolution {

template <typename T>
Panels<T>::Panels(const Plan& plan, const T* y) : plan_(plan), y_(y) {
  const tiles::Loops<T>& loops = tiles::LoopsHere<T>();
  lanes_ = loops.lanes;
  vectors_ = static_cast<int>(Quotient(plan.outputs.size, lanes_));
  count_ = Quotient(vectors_, loops.vectors);
  terms_ = plan.inputs.size;
  for (const Axis& a : plan.axes) terms_ *= a.window;
  const bool whole = plan.outputs.size % lanes_ == 0 && (plan.outputs.y == 1 || plan.outputs.size == 1);
  if (!whole) packed_.reset(new T[plan.groups.size * terms_ * vectors_ * lanes_]);
}

template <typename T>
Panel<T> Panels<T>::At(int64_t group, int64_t index) const {
  // The first ones have a vector more where they cannot all have as many.
  const int each = static_cast<int>(vectors_ / count_), more = static_cast<int>(vectors_ % count_);
  Panel<T> p;
  p.vectors = each + (index < more ? 1 : 0);
  const int64_t before = (index * each + std::min<int64_t>(index, more)) * lanes_;
  p.first = before;
  p.outputs = std::min<int64_t>(p.vectors * lanes_, plan_.outputs.size - before);
  if (packed_ == nullptr) {
    p.y = y_ + group * plan_.groups.y + before;
    p.input = plan_.inputs.y;
    for (int i = 0; i < kAxes; i++) p.tap[i] = plan_.axes[i].y;
    return p;
  }
  p.y = packed_.get() + (group * vectors_ * lanes_ + before) * terms_;
  p.input = p.vectors * lanes_;
  for (int64_t i = kAxes - 1, distance = p.input * plan_.inputs.size; i >= 0; distance *= plan_.axes[i--].window) p.tap[i] = distance;
  return p;
}

template <typename T>
void Packing<T>::Part(int64_t index) {
  const Plan& plan = panels_.plan();
  const Axis *axes = plan.axes;
  const int64_t t1 = index % axes[1].window, t0 = index / axes[1].window % axes[0].window, at = index / (axes[1].window * axes[0].window);
  const int64_t group = at / panels_.count();
  const Panel<T> p = panels_.At(group, at % panels_.count());
  T* to = const_cast<T*>(p.y) + t0 * p.tap[0] + t1 * p.tap[1];
  const T* from = panels_.y() + group * plan.groups.y + p.first * plan.outputs.y + t0 * axes[0].y + t1 * axes[1].y;
  std::vector<Walk> walks{{plan.inputs.size, plan.inputs.y, p.input}, {axes[2].window, axes[2].y, p.tap[2]}};
  if (walks[0].a < walks[1].a) std::swap(walks[0], walks[1]);
  Merge(&walks);
  if (walks.empty()) walks.push_back({1, 0, 0});
  // Neighbours in the kernel are read one after the other, and some of them for all output features before the next.
  const Walk inner = walks.back();
  Each(walks.data(), walks.size() - 1, 0, 0, [&](ptrdiff_t a, ptrdiff_t b) {
    tiles::Gather(from + a, inner.a, plan.outputs.y, inner.size, p.outputs, to + b, inner.b, p.input);
  });
}

template class Panels<float>;
template class Panels<double>;
template class Packing<float>;
template class Packing<double>;

}  // namespace xs::convolution
