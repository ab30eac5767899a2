// The BLAS library that the user has, its functions found by name: OpenBLAS with SciPy's prefix or without, or another that exports CBLAS's names.
#pragma once
#include <string>

namespace xs {

// CBLAS's numbers.
constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;

template <typename T>
struct Blas {
  void (*gemm)(int order, int trans_a, int trans_b, int m, int n, int k, T alpha, const T* a, int lda, const T* b, int ldb, T beta, T* c, int ldc);
  void (*gemv)(int order, int trans, int m, int n, T alpha, const T* a, int lda, const T* x, int incx, T beta, T* y, int incy);
};

// Its functions, once LoadBlas has returned.
template <typename T>
const Blas<T>& BlasOf();

// Loads it, once in a process; throws where it is none.
void LoadBlas(const std::string& path);

// A function of the library by the name that it has without a prefix; null: it has none, or no library is loaded.
void* BlasFunction(const std::string& name);

}  // namespace xs
