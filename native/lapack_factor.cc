// Factors of matrices, and systems of equations with triangular and tridiagonal ones.
#include <algorithm>
#include <cstring>

#include "lapack_call.h"

namespace xs {

namespace {

template <typename T>
void CopyTo(T* to, const T* from, int64_t size) {
  if (to != from) std::memcpy(to, from, static_cast<size_t>(size) * sizeof(T));
}

// Factors that take the matrices' place: `factor(matrix by columns, workspace, index in the batch)` for each.
template <typename T, typename F>
void InPlace(const LapackCall& call, double operations, const T* x, T* out, int64_t lwork, F factor) {
  const int m = call.rows(), n = call.columns();
  const int64_t size = int64_t{m} * n;
  call.Each(kWeight<T> * operations, [=](int64_t from, int64_t to) {
    Scratch<T> a(size), work(lwork);
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, m, n, static_cast<T*>(a));
      factor(static_cast<T*>(a), static_cast<T*>(work), b);
      Transpose(static_cast<T*>(a), n, m, out + b * size);
    }
  });
}

// L of x = L Lᴴ, of which the lower triangle is read. The transposed matrix as it lies has an upper factor that is as good, but where matrices are next to singular, rounding decides whether there is one.
template <typename T>
void Cholesky(const LapackCall& call) {
  call.Expect(1, 1);
  call.ExpectSquare();
  call.Letters({});
  const int n = call.rows();
  const int64_t size = int64_t{n} * n;
  const T* x = call.Operand<T>(0, {n, n});
  T* l = call.Result<T>(0, {n, n});
  call.Each(kWeight<T> / 3 * n * n * n, [=](int64_t from, int64_t to) {
    Scratch<T> a(size);
    for (int64_t b = from; b < to; b++) {
      T* out = l + b * size;
      Transpose(x + b * size, n, n, static_cast<T*>(a));
      int info = 0;
      LapackOf<T>().potrf("L", &n, a, &n, &info, 1);
      if (info == 0) Transpose(static_cast<T*>(a), n, n, out);
      for (int64_t i = 0; i < n; i++) {
        if (info != 0) std::fill(out + i * n, out + i * n + i + 1, NaN<T>());
        std::fill(out + i * n + i + 1, out + (i + 1) * n, T{0});
      }
    }
  });
}

template <typename T>
void Lu(const LapackCall& call) {
  call.Expect(1, 3);
  call.Letters({});
  const int m = call.rows(), n = call.columns(), k = std::min(m, n);
  const T* x = call.Operand<T>(0, {m, n});
  T* packed = call.Result<T>(0, {m, n});
  int32_t* pivots = call.Result<int32_t>(1, {k});
  int32_t* order = call.Result<int32_t>(2, {m});
  InPlace(call, 1.0 * m * n * k, x, packed, 0, [=](T* a, T*, int64_t b) {
    int32_t *p = pivots + b * k, *o = order + b * m;
    int info = 0;
    LapackOf<T>().getrf(&m, &n, a, &m, p, &info);
    for (int i = 0; i < m; i++) o[i] = i;
    for (int i = 0; i < k; i++) {
      // LAPACK counts rows from one.
      p[i] = std::clamp(p[i] - 1, 0, m - 1);
      std::swap(o[i], o[p[i]]);
    }
  });
}

template <typename T>
void Qr(const LapackCall& call) {
  call.Expect(1, 2);
  call.Letters({});
  const int m = call.rows(), n = call.columns(), k = std::min(m, n);
  const T* x = call.Operand<T>(0, {m, n});
  T* packed = call.Result<T>(0, {m, n});
  T* taus = call.Result<T>(1, {k});
  T asked{};
  int info = 0, none = -1;
  LapackOf<T>().geqrf(&m, &n, nullptr, &m, nullptr, &asked, &none, &info);
  const int lwork = call.Workspace(asked, n);
  InPlace(call, 2.0 * m * n * k, x, packed, lwork, [=](T* a, T* work, int64_t b) {
    int failed = 0;
    LapackOf<T>().geqrf(&m, &n, a, &m, taus + b * k, work, &lwork, &failed);
  });
}

// With the order of the columns, from zero.
template <typename T>
void PivotedQr(const LapackCall& call) {
  call.Expect(1, 3);
  call.Letters({});
  const int m = call.rows(), n = call.columns(), k = std::min(m, n);
  const int64_t size = int64_t{m} * n;
  const T* x = call.Operand<T>(0, {m, n});
  T* packed = call.Result<T>(0, {m, n});
  int32_t* order = call.Result<int32_t>(1, {n});
  T* taus = call.Result<T>(2, {k});
  auto factor = [=](T* a, int32_t* o, T* tau, T* work, int lwork, Real<T>* rwork) {
    int info = 0;
    if constexpr (kIsComplex<T>) LapackOf<T>().geqp3(&m, &n, a, &m, o, tau, work, &lwork, rwork, &info);
    else LapackOf<T>().geqp3(&m, &n, a, &m, o, tau, work, &lwork, &info);
  };
  T asked{};
  factor(nullptr, nullptr, nullptr, &asked, -1, nullptr);
  const int lwork = call.Workspace(asked, kIsComplex<T> ? int64_t{n} + 1 : 3 * int64_t{n} + 1);
  call.Each(kWeight<T> * 4 * m * n * k, [=](int64_t from, int64_t to) {
    Scratch<T> a(size), work(lwork);
    Scratch<Real<T>> rwork(kIsComplex<T> ? 2 * int64_t{n} : 0);
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, m, n, static_cast<T*>(a));
      int32_t* o = order + b * n;
      std::fill(o, o + n, 0);
      factor(a, o, taus + b * k, work, lwork, rwork);
      for (int i = 0; i < n; i++) o[i]--;
      Transpose(static_cast<T*>(a), n, m, packed + b * size);
    }
  });
}

template <typename T>
void ReflectorProduct(const LapackCall& call) {
  call.Expect(2, 1);
  call.Letters({});
  const int m = call.rows(), n = call.columns(), k = call.Int(call.OperandSize(1, 1));
  if (m < n || n < k) call.Refuse("it has more columns than rows, or more reflectors than columns");
  const T* x = call.Operand<T>(0, {m, n});
  const T* taus = call.Operand<T>(1, {k});
  T* q = call.Result<T>(0, {m, n});
  T asked{};
  int info = 0, none = -1;
  LapackOf<T>().orgqr(&m, &n, &k, nullptr, &m, nullptr, &asked, &none, &info);
  const int lwork = call.Workspace(asked, n);
  InPlace(call, 4.0 * m * n * k, x, q, lwork, [=](T* a, T* work, int64_t b) {
    int failed = 0;
    LapackOf<T>().orgqr(&m, &n, &k, a, &m, taus + b * k, work, &lwork, &failed);
  });
}

// X with op(A) X = B, or X op(A) = B. By columns these are the transposed matrices: Xᵀ op(A)ᵀ = Bᵀ, where op(A)ᵀ is op(Aᵀ).
template <typename T>
void TriangularSolve(const LapackCall& call) {
  call.Expect(2, 1);
  const char* letters = call.Letters({"LR", "LU", "NTC", "NU"});
  const bool left = letters[0] == 'L';
  const char side = left ? 'R' : 'L', uplo = letters[1] == 'L' ? 'U' : 'L';
  const int m = call.rows(), n = call.columns(), order = left ? m : n;
  const int64_t size = int64_t{m} * n, order_size = int64_t{order} * order;
  const T* rhs = call.Operand<T>(0, {m, n});
  const T* a = call.Operand<T>(1, {order, order});
  T* x = call.Result<T>(0, {m, n});
  // Many right-hand sides are solved for in slices, each a part of all rows, or some rows.
  const int sides = left ? n : m, width = 128;
  const int64_t slices = (sides + width - 1) / width;
  call.Each(kWeight<T> * order * size, [=](int64_t from, int64_t to) {
    const T one{1};
    for (int64_t i = from; i < to; i++) {
      const int64_t b = i / slices, first = i % slices * width;
      const int some = static_cast<int>(std::min<int64_t>(width, sides - first));
      const T* in = rhs + b * size + (left ? first : first * n);
      T* out = x + b * size + (left ? first : first * n);
      if (left) for (int64_t r = 0; r < m; r++) CopyTo(out + r * n, in + r * n, some);
      else CopyTo(out, in, int64_t{some} * n);
      LapackOf<T>().trsm(&side, &uplo, letters + 2, letters + 3, left ? &some : &n, left ? &m : &some, &one, a + b * order_size, &order, out, &n, 1, 1, 1, 1);
    }
  }, slices);
}

template <typename T>
void TridiagonalSolve(const LapackCall& call) {
  call.Expect(4, 1);
  call.Letters({});
  const int n = call.rows(), columns = call.columns();
  const int64_t size = int64_t{n} * columns;
  const T* rhs = call.Operand<T>(0, {n, columns});
  const T* lower = call.Operand<T>(1, {n});
  const T* middle = call.Operand<T>(2, {n});
  const T* upper = call.Operand<T>(3, {n});
  T* x = call.Result<T>(0, {n, columns});
  call.Each(kWeight<T> * 10 * size, [=](int64_t from, int64_t to) {
    Scratch<T> b(size), diagonals(3 * int64_t{n});
    T *dl = diagonals, *d = dl + n, *du = d + n;
    for (int64_t k = from; k < to; k++) {
      Transpose(rhs + k * size, n, columns, static_cast<T*>(b));
      std::copy_n(lower + k * n + 1, n - 1, dl);
      std::copy_n(middle + k * n, n, d);
      std::copy_n(upper + k * n, n, du);
      int info = 0;
      LapackOf<T>().gtsv(&n, &columns, dl, d, du, b, &n, &info);
      if (info != 0) std::fill(x + k * size, x + (k + 1) * size, NaN<T>());
      else Transpose(static_cast<T*>(b), columns, n, x + k * size);
    }
  });
}

}  // namespace

template <typename T>
bool RunFactorization(const LapackCall& call) {
  const std::string& name = call.routine();
  if (name == "potrf") Cholesky<T>(call);
  else if (name == "getrf") Lu<T>(call);
  else if (name == "geqrf") Qr<T>(call);
  else if (name == "geqp3") PivotedQr<T>(call);
  else if (name == "orgqr") ReflectorProduct<T>(call);
  else if (name == "trsm") TriangularSolve<T>(call);
  else if (name == "gtsv") TridiagonalSolve<T>(call);
  else return false;
  return true;
}

template bool RunFactorization<float>(const LapackCall&);
template bool RunFactorization<double>(const LapackCall&);
template bool RunFactorization<std::complex<float>>(const LapackCall&);
template bool RunFactorization<std::complex<double>>(const LapackCall&);

}  // namespace xs
