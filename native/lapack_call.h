// A call of LAPACK by a program: its arrays, which are checked, and the work on each matrix of the batch.
#pragma once
#include <algorithm>
#include <complex>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <new>
#include <string>

#include "ffi.h"
#include "ffi_work.h"
#include "lapack_library.h"

namespace xs {

// Numbers for one thread, not set to anything.
template <typename T>
class Scratch {
 public:
  explicit Scratch(int64_t size) : data_(static_cast<T*>(std::malloc(static_cast<size_t>(size > 0 ? size : 1) * sizeof(T)))) {
    if (data_ == nullptr) throw std::bad_alloc();
  }
  ~Scratch() { std::free(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  operator T*() { return data_; }

 private:
  T* data_;
};

class LapackCall {
 public:
  // Reads the attributes; the first operand's matrices are `rows` × `columns`, each from 1 to what LAPACK can count.
  explicit LapackCall(ffi::CallFrame* frame);

  const std::string& routine() const { return routine_; }
  int rows() const { return rows_; }
  int columns() const { return columns_; }
  // XLA_FFI_DataType of the matrices.
  int32_t dtype() const { return dtype_; }

  [[noreturn]] void Refuse(const std::string& why) const;

  // There must be so many arrays; of operands there may be more, which are there for their order.
  void Expect(int operands, int results) const;
  void ExpectSquare() const;
  // The call's letters, one of each group.
  const char* Letters(std::initializer_list<const char*> groups) const;
  // The size of an operand's dimension, counted from the last.
  int64_t OperandSize(int index, int from_last) const;

  // An operand's or a result's numbers: the batch's dimensions, then these.
  template <typename T>
  const T* Operand(int index, std::initializer_list<int64_t> shape) const { return static_cast<const T*>(Data(frame_->args, index, shape, DtypeOf<T>())); }
  template <typename T>
  T* Result(int index, std::initializer_list<int64_t> shape) const { return static_cast<T*>(Data(frame_->results, index, shape, DtypeOf<T>())); }

  // A size as LAPACK counts.
  int Int(int64_t size) const;
  // The size of a workspace from what LAPACK wrote when it was asked for it, at least what it needs.
  template <typename T>
  int Workspace(T asked, int64_t least) const {
    // A size of more digits than float32 has may have been rounded down.
    const double size = std::real(asked) * (1.0 + std::numeric_limits<Real<T>>::epsilon());
    return Int(std::max<int64_t>(least, size < 4e9 ? static_cast<int64_t>(size) : int64_t{1} << 32));
  }

  // Does `chunk(from, to)` for all matrices, of which each takes so many operations, on as many threads as that is worth. Where each is cut into `slices`, these are counted.
  void Each(double operations, std::function<void(int64_t, int64_t)> chunk, int64_t slices = 1) const;

 private:
  template <typename T>
  static constexpr int32_t DtypeOf() {
    if (std::is_same_v<T, int32_t>) return ffi::kS32;
    if (std::is_same_v<T, float>) return ffi::kF32;
    if (std::is_same_v<T, double>) return ffi::kF64;
    return std::is_same_v<T, std::complex<float>> ? ffi::kC64 : ffi::kC128;
  }
  void* Data(const ffi::Operands& arrays, int index, std::initializer_list<int64_t> shape, int32_t dtype) const;

  ffi::CallFrame* frame_;
  std::string routine_, letters_;
  int rows_ = 0, columns_ = 0;
  int32_t dtype_ = 0;
  // Of the first operand.
  const int64_t* batch_ = nullptr;
  int64_t batch_rank_ = 0, count_ = 1;
};

// rows × columns elements by rows to as many by columns.
template <typename T>
void Transpose(const T* from, int64_t rows, int64_t columns, T* to) {
  // Squares that fit in the cache by rows and by columns.
  constexpr int64_t kSide = 16;
  for (int64_t i0 = 0; i0 < rows; i0 += kSide) {
    const int64_t i1 = std::min(i0 + kSide, rows);
    for (int64_t j0 = 0; j0 < columns; j0 += kSide) {
      const int64_t j1 = std::min(j0 + kSide, columns);
      for (int64_t j = j0; j < j1; j++) for (int64_t i = i0; i < i1; i++) to[j * rows + i] = from[i * columns + j];
    }
  }
}

// An operation on complex numbers is as many as these on real ones.
template <typename T>
constexpr double kWeight = kIsComplex<T> ? 4.0 : 1.0;

template <typename T>
T NaN() {
  constexpr auto nan = std::numeric_limits<Real<T>>::quiet_NaN();
  if constexpr (kIsComplex<T>) return {nan, nan};
  else return nan;
}

// Routines by name; false: there is none of that name. Each takes float, double and complex numbers of these.
template <typename T>
bool RunFactorization(const LapackCall& call);
template <typename T>
bool RunSpectral(const LapackCall& call);

}  // namespace xs
