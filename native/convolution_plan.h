// What a convolution computes, as the plan of a custom call says it: where the elements of the arrays lie, strides, padding and holes.
#pragma once
#include <cstddef>
#include <cstdint>

namespace xs::convolution {

// A spatial dimension: sizes of input, window and result, steps of the window and of the holes in input and window, padding before, and how far apart elements lie in the three arrays (in the
// result those that are left after pooling).
struct Axis {
  int64_t in, window, out, stride, low, base, dilation, x, y, c;
};

constexpr int kAxes = 3;

// What is done with sums before they are the result: a number is added for each output feature, they are no less than zero, they are the largest of windows of neighbouring places that do not overlap.
struct After {
  int64_t bias = -1;
  bool relu = false;
  int64_t pool[kAxes] = {1, 1, 1};
  bool none() const { return bias < 0 && !relu && pooled() == 1; }
  int64_t pooled() const { return pool[0] * pool[1] * pool[2]; }
};

constexpr int64_t kMostPooled = 16;

// c[group, batch, place, output] = sum over inputs and the window's positions of x[group, batch, place * stride + position * dilation - low, input] * y[group, position, input, output].
struct Plan {
  struct { int64_t size, x, y, c; } groups;
  struct { int64_t size, x, c; } batch;
  struct { int64_t size, x, y; } inputs;
  struct { int64_t size, y, c; } outputs;
  Axis axes[kAxes];
  After after;
};

// The numbers of a plan are those above, in their order, without what comes after.
constexpr size_t kPlanNumbers = 4 + 3 * 3 + 10 * kAxes;
// Its numbers: the operand that is the bias, or -1; 1 for no less than zero, or 0; the windows.
constexpr size_t kAfterNumbers = 2 + kAxes;

// Reads a plan and checks that nothing lies outside of arrays of so many elements: programs come from anywhere. `after` may be null. What is wrong with it; null: nothing.
const char* ReadPlan(const int64_t* numbers, size_t count, const int64_t* after, size_t after_count, int64_t x_size, int64_t y_size, int64_t c_size, Plan* plan);

// Positions of the result along an axis that see the same positions of the window: with holes in the input, not all do. Result `first` + q * `out_step`, for each q below `count`, is the sum
// over the window's positions `tap` + i * `tap_step`, each i below `taps`, which see the inputs `at` + i * `at_step` + q * `in_step`.
struct Phase {
  int64_t first, count, out_step, in_step, tap, taps, tap_step, at, at_step;
};

// Inputs along the axis that a phase sees, from the first to the last.
inline int64_t Seen(const Phase& p) { return (p.count - 1) * p.in_step + (p.taps > 0 ? p.taps - 1 : 0) * p.at_step + 1; }

// How many phases an axis has, and one of them.
int64_t PhasesOf(const Axis& axis);
Phase PhaseOf(const Axis& axis, int64_t index);

}  // namespace xs::convolution
