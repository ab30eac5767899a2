#include "tiles.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace xs::tiles {

namespace {

#if defined(__x86_64__)
namespace wide {
#define XS_TARGET __attribute__((target("avx512f")))
#define XS_BYTES 64
#define XS_VECTORS 4
#define XS_ROWS 6
#include "tile_loops.h"
#undef XS_TARGET
#undef XS_BYTES
#undef XS_VECTORS
#undef XS_ROWS
}  // namespace wide

namespace half {
#define XS_TARGET __attribute__((target("avx2,fma")))
#define XS_BYTES 32
#define XS_VECTORS 2
#define XS_ROWS 6
#include "tile_loops.h"
#undef XS_TARGET
#undef XS_BYTES
#undef XS_VECTORS
#undef XS_ROWS
}  // namespace half
#endif

// Sixteen bytes: what all processors have that XLA runs on. Those of Arm have 32 such vectors, those of Intel 16.
namespace plain {
#define XS_TARGET
#define XS_BYTES 16
#if defined(__aarch64__)
#define XS_VECTORS 4
#else
#define XS_VECTORS 2
#endif
#define XS_ROWS 6
#include "tile_loops.h"
}  // namespace plain

template <typename T>
Loops<T> Choose() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return wide::Make<T>();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return half::Make<T>();
#endif
  return plain::Make<T>();
}

}  // namespace

template <typename T>
const Loops<T>& LoopsHere() {
  static const Loops<T> loops = Choose<T>();
  return loops;
}

template const Loops<float>& LoopsHere<float>();
template const Loops<double>& LoopsHere<double>();

}  // namespace xs::tiles
