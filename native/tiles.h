// The innermost loops of convolutions and products, for the vectors that the processor has.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace xs::tiles {

// Rounded up.
inline int64_t Quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Columns that lie `column` apart, in rows `term` apart, copied beside each other into rows `step` apart and filled up with zeros to `width`. Some rows, whose elements may fill a line of the cache, at
// a time for all columns.
template <typename T>
void Gather(const T* from, ptrdiff_t term, ptrdiff_t column, int64_t terms, int64_t columns, T* to, ptrdiff_t step, int64_t width) {
  constexpr int64_t kNeighbours = 16;
  for (int64_t first = 0; first < terms; first += kNeighbours) {
    const int64_t last = std::min(first + kNeighbours, terms);
    for (int64_t j = 0; j < columns; j++) for (int64_t i = first; i < last; i++) to[i * step + j] = from[i * term + j * column];
    for (int64_t i = first; i < last; i++) std::fill(to + i * step + columns, to + i * step + width, T{0});
  }
}

// Where a run of terms begins in the left and in the right operand, or a row of a tile in the left one and in the result.
struct Run {
  ptrdiff_t a, b;
};

constexpr int kMostRows = 12, kMostVectors = 4;

// A part of the result: `rows` rows, each of some vectors of neighbours, each the sum of a[row + run + i * a_step] * b[run + i * b_step + neighbour] over all runs and terms i, `alpha` times, and of
// what the result is already or, if it is nothing yet, of `start`; with `ramp`, no less than zero.
template <typename T>
struct Tile {
  const T *a, *b;
  T* c;
  const Run* rows;
  const Run* runs;
  int64_t count, length;
  ptrdiff_t a_step, b_step;
  const T* start;
  T alpha;
  bool add, ramp;
};

// Rows of some vectors of neighbours, to be copied one after the other. The next row is `step` further, or, where it is turned, the next neighbour is, and rows are neighbours.
template <typename T>
struct Strip {
  const T* from;
  ptrdiff_t step;
  int64_t length;
  T* to;
};

// Places of the result, where each window of sums begins and where its largest goes, for whole vectors of features; with `ramp`, no less than zero.
template <typename T>
struct Pooling {
  const T* sums;
  T* c;
  const Run* places;
  int64_t count;
  const ptrdiff_t* window;
  int64_t windows, vectors;
  bool ramp;
};

template <typename T>
struct Loops {
  int lanes;                       // elements of a vector
  int vectors;                     // at most in a tile
  int rows[kMostVectors + 1];      // at most, by the number of vectors
  void (*sum[kMostVectors + 1][kMostRows + 1])(const Tile<T>&);  // by vectors and rows
  void (*copy[kMostVectors + 1])(const Strip<T>&);               // by vectors
  void (*copy_turned[kMostVectors + 1])(const Strip<T>&);
  void (*pool)(const Pooling<T>&);
};

// The fastest that this processor has.
template <typename T>
const Loops<T>& LoopsHere();

}  // namespace xs::tiles
