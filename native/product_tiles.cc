#include "product_tiles.h"

#include <algorithm>

namespace xs::tiles {

namespace {

// Bytes that stay in the first cache, of a strip of B and the rows of A that it is multiplied with; in the second one, of A, which is read anew for each strip.
constexpr int64_t kFirstCache = 44 << 10, kSecondCache = 576 << 10;
// Terms that are summed up before they are added to others.
constexpr int64_t kMostTerms = 2048;
// Matrices whose sums are computed together.
constexpr int64_t kMostSums = 64;
// OpenBLAS has loops for two to five rows.
constexpr int64_t kFewRows = 6;
// Fewer terms are over before a tile's sums are begun and ended.
constexpr int64_t kFewTerms = 8;
// Rows that make up for turning B round, and for copying it once more.
constexpr int64_t kTurned = 64, kAgain = 256;
// Elements of A that lie further apart than this are each on a page of their own.
constexpr int64_t kPage = 4096;

// Columns of B, fewer than a vector holds, as vectors; what is missing in them is anything.
template <typename T>
void PackFew(const Loops<T>& loops, const T* from, ptrdiff_t term, ptrdiff_t column, int64_t terms, int64_t columns, T* to) {
  int64_t done = 0;
  if (column == 1) {
    // All rows but the last ones have others behind them.
    done = std::max<int64_t>(0, terms - Quotient(loops.lanes - columns, std::max<ptrdiff_t>(term, 1)));
    loops.copy[1]({from, term, done, to});
  }
  Gather(from + done * term, term, column, terms - done, columns, to + done * loops.lanes, loops.lanes, loops.lanes);
}

}  // namespace

template <typename T>
int64_t RowsTogether(const Factors<T>& f) {
  const int64_t row = f.terms * f.sums * static_cast<int64_t>(sizeof(T));
  return std::max<int64_t>(kSecondCache / row / kMostRows * kMostRows, 1);
}

template <typename T>
bool Suits(const Factors<T>& f) {
  const int64_t lanes = LoopsHere<T>().lanes;
  // A tile of one vector reads as many elements as it multiplies; what a last vector has too many is lost.
  if (lanes * sizeof(T) < 32 || f.columns < 2 * lanes || 4 * Quotient(f.columns, lanes) * lanes > 5 * f.columns) return false;
  if (f.terms * f.sums < kFewTerms) return false;
  if (f.rows != 1 && f.rows < kFewRows) return false;
  if (f.b_column != 1 && f.rows < kTurned) return false;
  if (f.a_term * static_cast<int64_t>(sizeof(T)) >= kPage) return false;
  const int64_t together = RowsTogether(f);
  return f.rows <= together || (together >= kAgain && f.columns * f.terms * f.sums * static_cast<int64_t>(sizeof(T)) <= kSecondCache);
}

template <typename T>
int64_t StripColumns() {
  return int64_t{LoopsHere<T>().vectors} * LoopsHere<T>().lanes;
}

template <typename T>
void Multiply(const Factors<T>& f) {
  const Loops<T>& loops = LoopsHere<T>();
  // Of so few rows that they are one tile B is read once, as it lies.
  int most = loops.vectors;
  if (f.rows <= kMostRows) while (most > 2 && loops.rows[most] < f.rows && loops.rows[most - 1] > loops.rows[most]) most--;
  Run rows[kMostRows];
  for (int r = 0; r < kMostRows; r++) rows[r] = {r * f.a_row, r * f.c_row};
  Tile<T> tile;
  tile.a_step = f.a_term;
  tile.alpha = f.alpha;
  alignas(64) T packed[kFirstCache / sizeof(T)];
  for (int64_t first = 0; first < f.columns;) {
    const int64_t left = f.columns - first;
    const bool whole = left >= loops.lanes;
    const int vectors = whole ? static_cast<int>(std::min<int64_t>(most, left / loops.lanes)) : 1;
    const int64_t width = int64_t{vectors} * loops.lanes, columns = std::min(width, left), tiles = Quotient(f.rows, loops.rows[vectors]);
    // What is read once, or is small as it lies, is not copied.
    const bool packs = !whole || f.b_column != 1 || (tiles > 1 && f.terms * f.b_term * static_cast<int64_t>(sizeof(T)) > kFirstCache / 2);
    T start[kMostVectors * 64 / sizeof(T)] = {};
    if (f.bias != nullptr) std::copy_n(f.bias + first, columns, start);
    // A piece at a time of the terms, or some of the matrices.
    const int64_t room = packs ? kFirstCache / static_cast<int64_t>(sizeof(T)) / (width + loops.rows[vectors]) : kMostTerms;
    const int64_t pieces = Quotient(f.terms, room), together = std::clamp<int64_t>(room / f.terms, 1, kMostSums);
    for (int64_t sum = 0; sum < f.sums; sum += together) {
      const int64_t count = std::min(together, f.sums - sum);
      for (int64_t piece = 0; piece < pieces; piece++) {
        const int64_t term = f.terms * piece / pieces, terms = f.terms * (piece + 1) / pieces - term;
        Run runs[kMostSums];
        for (int64_t s = 0; s < count; s++) {
          runs[s] = f.run(sum + s);
          runs[s].a += term * f.a_term;
          runs[s].b += term * f.b_term + first * f.b_column;
          if (!packs) continue;
          const T* from = f.b + runs[s].b;
          T* to = packed + s * terms * width;
          if (!whole) PackFew(loops, from, f.b_term, f.b_column, terms, columns, to);
          else if (f.b_column == 1) loops.copy[vectors]({from, f.b_term, terms, to});
          else loops.copy_turned[vectors]({from, f.b_column, terms, to});
          runs[s].b = s * terms * width;
        }
        tile.b = packs ? packed : f.b;
        tile.b_step = packs ? width : f.b_term;
        tile.runs = runs;
        tile.count = count;
        tile.length = terms;
        tile.start = start;
        tile.add = f.add || sum > 0 || piece > 0;
        tile.ramp = f.ramp && sum + count == f.sums && piece + 1 == pieces;
        for (int64_t i = 0; i < tiles; i++) {
          const int64_t row = f.rows * i / tiles, height = f.rows * (i + 1) / tiles - row;
          tile.a = f.a + row * f.a_row;
          T* const c = f.c + row * f.c_row + first;
          if (whole) {
            tile.c = c;
            tile.rows = rows;
            loops.sum[vectors][height](tile);
            continue;
          }
          T apart[kMostRows * 64 / sizeof(T)] = {};
          Run rows_apart[kMostRows];
          for (int64_t r = 0; r < height; r++) {
            rows_apart[r] = {rows[r].a, static_cast<ptrdiff_t>(r * width)};
            if (tile.add) std::copy_n(c + rows[r].b, columns, apart + r * width);
          }
          tile.c = apart;
          tile.rows = rows_apart;
          loops.sum[vectors][height](tile);
          for (int64_t r = 0; r < height; r++) std::copy_n(apart + r * width, columns, c + rows[r].b);
        }
      }
    }
    first += columns;
  }
}

template bool Suits(const Factors<float>&);
template bool Suits(const Factors<double>&);
template int64_t RowsTogether(const Factors<float>&);
template int64_t RowsTogether(const Factors<double>&);
template void Multiply(const Factors<float>&);
template void Multiply(const Factors<double>&);
template int64_t StripColumns<float>();
template int64_t StripColumns<double>();

}  // namespace xs::tiles
