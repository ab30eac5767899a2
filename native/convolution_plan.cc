#include "convolution_plan.h"

#include <algorithm>
#include <numeric>

namespace xs::convolution {

namespace {

// Steps, and holes in the input, are less than these, so that no place is beyond 64 bits and there are few phases.
constexpr int64_t kMostStep = 1 << 20, kMostBase = 16;
// As many elements of the padded input as a part may have before it (lib/primitives/convolutionPlan.ts asks for none that has more).
constexpr double kMostPadded = 1 << 26;

bool Within(int64_t v, int64_t low, int64_t high) { return v >= low && v <= high; }
bool Size(int64_t v) { return Within(v, 1, INT32_MAX); }
bool Distance(int64_t v) { return Within(v, 0, INT32_MAX); }

// The elements that an array is asked for: how many, and the last of them.
struct Extent {
  double count = 1, last = 0;
  void Add(int64_t size, int64_t distance) {
    count *= static_cast<double>(size);
    last += static_cast<double>(size - 1) * static_cast<double>(distance);
  }
  bool Is(int64_t elements) const { return count == static_cast<double>(elements) && last < static_cast<double>(elements); }
};

}  // namespace

const char* ReadPlan(const int64_t* v, size_t count, const int64_t* after, size_t after_count, int64_t x_size, int64_t y_size, int64_t c_size, Plan* plan) {
  if (count != kPlanNumbers) return "the plan has the wrong length";
  plan->groups = {v[0], v[1], v[2], v[3]};
  plan->batch = {v[4], v[5], v[6]};
  plan->inputs = {v[7], v[8], v[9]};
  plan->outputs = {v[10], v[11], v[12]};
  plan->after = After{};
  const auto &[groups, batch, inputs, outputs, axes, then] = *plan;
  bool good = Size(groups.size) && Size(batch.size) && Size(inputs.size) && Size(outputs.size);
  for (int64_t d : {groups.x, groups.y, groups.c, batch.x, batch.c, inputs.x, inputs.y, outputs.y, outputs.c}) good = good && Distance(d);
  for (int i = 0; i < kAxes; i++) {
    const int64_t* a = v + 13 + 10 * i;
    plan->axes[i] = {a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]};
    good = good && Size(a[0]) && Size(a[1]) && Size(a[2]) && Within(a[3], 1, kMostStep) && Within(a[4], -INT32_MAX, INT32_MAX) && Within(a[5], 1, kMostBase) && Within(a[6], 1, kMostStep);
    good = good && Distance(a[7]) && Distance(a[8]) && Distance(a[9]);
  }
  if (!good) return "the plan has a size or a distance that is none";
  if (after != nullptr) {
    if (after_count != kAfterNumbers || !Within(after[0], -1, INT32_MAX) || !Within(after[1], 0, 1)) return "what is to be done after it is nothing that there is";
    plan->after.bias = after[0];
    plan->after.relu = after[1] == 1;
    for (int i = 0; i < kAxes; i++) {
      plan->after.pool[i] = after[2 + i];
      if (!Within(after[2 + i], 1, kMostPooled) || axes[i].out % after[2 + i] != 0 || (after[2 + i] > 1 && axes[i].base > 1)) return "it has no such windows";
    }
    if (then.pooled() > kMostPooled) return "it has no such windows";
  }
  Extent x, y, c;
  x.Add(groups.size, groups.x), x.Add(batch.size, batch.x), x.Add(inputs.size, inputs.x);
  y.Add(groups.size, groups.y), y.Add(inputs.size, inputs.y), y.Add(outputs.size, outputs.y);
  c.Add(groups.size, groups.c), c.Add(batch.size, batch.c), c.Add(outputs.size, outputs.c);
  double padded = 1;
  for (int i = 0; i < kAxes; i++) {
    const Axis& a = axes[i];
    x.Add(a.in, a.x), y.Add(a.window, a.y), c.Add(a.out / then.pool[i], a.c);
    padded *= (static_cast<double>(a.out - 1) * a.stride + static_cast<double>(a.window - 1) * a.dilation) / a.base + 1;
  }
  if (!x.Is(x_size) || !y.Is(y_size) || !c.Is(c_size)) return "the plan goes beyond the arrays";
  return padded > kMostPadded ? "the plan has an input that is padded to too many elements" : nullptr;
}

int64_t PhasesOf(const Axis& a) { return std::min(a.out, a.base / std::gcd(a.stride, a.base)); }

Phase PhaseOf(const Axis& a, int64_t f) {
  const int64_t step = a.base / std::gcd(a.stride, a.base);
  Phase p{f, (a.out - f + step - 1) / step, step, a.stride / std::gcd(a.stride, a.base), 0, 0, a.base / std::gcd(a.dilation, a.base), 0, a.dilation / std::gcd(a.dilation, a.base)};
  for (int64_t t = 0; t < std::min(p.tap_step, a.window); t++) {
    const int64_t place = f * a.stride + t * a.dilation - a.low;
    if (place % a.base != 0) continue;
    p.tap = t;
    p.taps = (a.window - t + p.tap_step - 1) / p.tap_step;
    p.at = place / a.base;
    break;
  }
  return p;
}

}  // namespace xs::convolution
