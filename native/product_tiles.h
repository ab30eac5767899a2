// Products of matrices by tiles (tiles.h).
#pragma once
#include <cstdint>
#include <functional>

#include "tiles.h"

namespace xs::tiles {

// C[row, column] = `alpha` times the sum of A[row, term] * B[term, column] over the terms and over `sums` such matrices, which begin where `run` says, and what C is already, or a number for each
// column where there are; with `ramp`, no less than zero. Elements lie as far apart as is said, those of C in a row are neighbours.
template <typename T>
struct Factors {
  int64_t rows, columns, terms, sums;
  std::function<Run(int64_t)> run;
  const T* a;
  ptrdiff_t a_row, a_term;
  const T* b;
  ptrdiff_t b_term, b_column;
  T* c;
  ptrdiff_t c_row;
  T alpha;
  bool add;
  const T* bias;
  bool ramp;
};

// Whether this is faster than OpenBLAS on this processor, measured where it has vectors of 32 and 64 bytes.
template <typename T>
bool Suits(const Factors<T>& f);

// Rows that are computed together, at most; 1 or more.
template <typename T>
int64_t RowsTogether(const Factors<T>& f);

// Needs B's columns, or its rows, to be neighbours.
template <typename T>
void Multiply(const Factors<T>& f);

// Columns that are computed together, at most.
template <typename T>
int64_t StripColumns();

}  // namespace xs::tiles
