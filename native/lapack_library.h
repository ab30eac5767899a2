// LAPACK's functions in the BLAS library, as Fortran has them: pointers to everything, matrices by columns, and the lengths of letters at the end.
#pragma once
#include <complex>
#include <cstddef>
#include <type_traits>

namespace xs {

template <typename T>
struct RealOf { using Type = T; };
template <typename T>
struct RealOf<std::complex<T>> { using Type = T; };
template <typename T>
using Real = typename RealOf<T>::Type;
template <typename T>
constexpr bool kIsComplex = !std::is_same_v<T, Real<T>>;

template <typename T>
struct Lapack {
  using R = Real<T>;
  using Letter = const char*;
  using Int = const int*;
  template <typename OfReal, typename OfComplex>
  using Either = std::conditional_t<kIsComplex<T>, OfComplex, OfReal>;

  void (*potrf)(Letter uplo, Int n, T* a, Int lda, int* info, size_t);
  void (*getrf)(Int m, Int n, T* a, Int lda, int* pivots, int* info);
  void (*geqrf)(Int m, Int n, T* a, Int lda, T* tau, T* work, Int lwork, int* info);
  Either<void (*)(Int m, Int n, T* a, Int lda, int* order, T* tau, T* work, Int lwork, int* info),
         void (*)(Int m, Int n, T* a, Int lda, int* order, T* tau, T* work, Int lwork, R* rwork, int* info)> geqp3;
  // orgqr, or ungqr of complex numbers.
  void (*orgqr)(Int m, Int n, Int k, T* a, Int lda, const T* tau, T* work, Int lwork, int* info);
  Either<void (*)(Letter job, Int m, Int n, T* a, Int lda, T* s, T* u, Int ldu, T* vt, Int ldvt, T* work, Int lwork, int* iwork, int* info, size_t),
         void (*)(Letter job, Int m, Int n, T* a, Int lda, R* s, T* u, Int ldu, T* vt, Int ldvt, T* work, Int lwork, R* rwork, int* iwork, int* info, size_t)> gesdd;
  // syevd, or heevd of complex numbers.
  Either<void (*)(Letter job, Letter uplo, Int n, T* a, Int lda, T* w, T* work, Int lwork, int* iwork, Int liwork, int* info, size_t, size_t),
         void (*)(Letter job, Letter uplo, Int n, T* a, Int lda, R* w, T* work, Int lwork, R* rwork, Int lrwork, int* iwork, Int liwork, int* info, size_t, size_t)> syevd;
  Either<void (*)(Letter left, Letter right, Int n, T* a, Int lda, T* re, T* im, T* vl, Int ldvl, T* vr, Int ldvr, T* work, Int lwork, int* info, size_t, size_t),
         void (*)(Letter left, Letter right, Int n, T* a, Int lda, T* w, T* vl, Int ldvl, T* vr, Int ldvr, T* work, Int lwork, R* rwork, int* info, size_t, size_t)> geev;
  Either<void (*)(Letter job, Letter sort, const void* select, Int n, T* a, Int lda, int* selected, T* re, T* im, T* z, Int ldz, T* work, Int lwork, int* bwork, int* info, size_t, size_t),
         void (*)(Letter job, Letter sort, const void* select, Int n, T* a, Int lda, int* selected, T* w, T* z, Int ldz, T* work, Int lwork, R* rwork, int* bwork, int* info, size_t, size_t)> gees;
  // sytrd, or hetrd of complex numbers.
  void (*sytrd)(Letter uplo, Int n, T* a, Int lda, R* d, R* e, T* tau, T* work, Int lwork, int* info, size_t);
  void (*gehrd)(Int n, Int low, Int high, T* a, Int lda, T* tau, T* work, Int lwork, int* info);
  void (*trsm)(Letter side, Letter uplo, Letter trans, Letter diag, Int m, Int n, const T* alpha, const T* a, Int lda, T* b, Int ldb, size_t, size_t, size_t, size_t);
  void (*gtsv)(Int n, Int columns, T* dl, T* d, T* du, T* b, Int ldb, int* info);
};

// Finds the functions of all types in the library that LoadBlas has loaded; false: it does not have all of them.
bool LoadLapack();

// Of float, double and complex numbers of these, once LoadLapack has found them.
template <typename T>
const Lapack<T>& LapackOf();

}  // namespace xs
