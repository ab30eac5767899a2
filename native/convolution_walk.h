// Dimensions that are walked through in two arrays at once.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "tiles.h"

namespace xs::convolution {

using tiles::Quotient;

// A dimension, and how far apart its elements lie in the two.
struct Walk {
  int64_t size;
  ptrdiff_t a, b;
};

// Dimensions that can be walked through as one are made one; those of size 1 are left out.
inline void Merge(std::vector<Walk>* walks) {
  size_t kept = 0;
  for (const Walk& w : *walks) {
    if (w.size == 1) continue;
    Walk* last = kept > 0 ? &(*walks)[kept - 1] : nullptr;
    if (last != nullptr && last->a == w.a * w.size && last->b == w.b * w.size) *last = {last->size * w.size, w.a, w.b};
    else (*walks)[kept++] = w;
  }
  walks->resize(kept);
}

// Calls for each position, the last dimension fastest, with its distances.
template <typename F>
void Each(const Walk* walks, size_t count, ptrdiff_t a, ptrdiff_t b, const F& f) {
  if (count == 0) {
    f(a, b);
    return;
  }
  for (int64_t i = 0; i < walks->size; i++, a += walks->a, b += walks->b) Each(walks + 1, count - 1, a, b, f);
}

// Copies what the dimensions are those of.
template <typename T>
void Copy(std::vector<Walk>* walks, const T* from, T* to) {
  Merge(walks);
  if (walks->empty()) walks->push_back({1, 1, 1});
  const Walk inner = walks->back();
  Each(walks->data(), walks->size() - 1, 0, 0, [&](ptrdiff_t a, ptrdiff_t b) {
    if (inner.a == 1 && inner.b == 1) std::memcpy(to + b, from + a, inner.size * sizeof(T));
    else for (int64_t i = 0; i < inner.size; i++) to[b + i * inner.b] = from[a + i * inner.a];
  });
}

}  // namespace xs::convolution
