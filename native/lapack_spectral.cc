// Singular values, eigenvalues, and the forms that they are found by.
#include <algorithm>
#include <cmath>

#include "lapack_call.h"

namespace xs {

namespace {

double Cube(int n) { return static_cast<double>(n) * n * n; }

template <typename T>
void FillNaN(T* x, int64_t size) { std::fill(x, x + size, NaN<T>()); }

// A matrix that LAPACK has left by columns, or NaN where it found none, by rows.
template <typename T>
void Give(bool found, const T* from, int64_t rows, int64_t columns, T* to) {
  if (found) Transpose(from, columns, rows, to);
  else FillNaN(to, rows * columns);
}

// Letters: A, all columns of U and rows of Vᴴ; S, as many as there are singular values; N, no vectors.
template <typename T>
void SingularValues(const LapackCall& call) {
  using R = Real<T>;
  const char job = *call.Letters({"ASN"});
  const bool vectors = job != 'N';
  call.Expect(1, vectors ? 3 : 1);
  const int m = call.rows(), n = call.columns(), k = std::min(m, n), ku = job == 'A' ? m : k, kv = job == 'A' ? n : k;
  const int64_t size = int64_t{m} * n, u_size = vectors ? int64_t{m} * ku : 0, v_size = vectors ? int64_t{kv} * n : 0;
  const T* x = call.Operand<T>(0, {m, n});
  R* values = call.Result<R>(0, {k});
  T* left = vectors ? call.Result<T>(1, {m, ku}) : nullptr;
  T* right = vectors ? call.Result<T>(2, {kv, n}) : nullptr;
  const int64_t least = static_cast<int64_t>(k), most = std::max(m, n);
  // What LAPACK's documentation asks for. It counts with 32 bits, also where it is asked how much it wants.
  const int64_t needed = !vectors ? 3 * least + std::max(most, 7 * least) : call.Int(least * least) * int64_t{4} + 7 * least + most;
  call.Int(needed);
  const int64_t real_needed = !kIsComplex<T> ? 0 : !vectors ? 7 * least : std::max(5 * least * least + 5 * least, 2 * most * least + 2 * least * least + least);
  if (kIsComplex<T>) call.Int(real_needed);
  auto decompose = [=](T* a, R* s, T* u, T* v, T* work, int lwork, R* rwork, int* iwork) {
    int info = 0;
    if constexpr (kIsComplex<T>) LapackOf<T>().gesdd(&job, &m, &n, a, &m, s, u, &m, v, &kv, work, &lwork, rwork, iwork, &info, 1);
    else LapackOf<T>().gesdd(&job, &m, &n, a, &m, s, u, &m, v, &kv, work, &lwork, iwork, &info, 1);
    return info;
  };
  T asked{};
  decompose(nullptr, nullptr, nullptr, nullptr, &asked, -1, nullptr, nullptr);
  const int lwork = call.Workspace(asked, 1);
  call.Each(kWeight<T> * 10 * size * k, [=](int64_t from, int64_t to) {
    Scratch<T> a(size), u(u_size), v(v_size), work(lwork);
    Scratch<R> rwork(real_needed);
    Scratch<int> iwork(8 * int64_t{k});
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, m, n, static_cast<T*>(a));
      const bool found = decompose(a, values + b * k, u, v, work, lwork, rwork, iwork) == 0;
      if (!found) FillNaN(values + b * k, k);
      if (!vectors) continue;
      Give<T>(found, u, m, ku, left + b * u_size);
      Give<T>(found, v, kv, n, right + b * v_size);
    }
  });
}

// Letter: the triangle that is read.
template <typename T>
void SymmetricEigen(const LapackCall& call) {
  using R = Real<T>;
  call.Expect(1, 2);
  call.ExpectSquare();
  const char* uplo = call.Letters({"LU"});
  const int n = call.rows();
  const int64_t size = int64_t{n} * n;
  const T* x = call.Operand<T>(0, {n, n});
  T* vectors = call.Result<T>(0, {n, n});
  R* values = call.Result<R>(1, {n});
  // Those that JAX gives it: the block size that it takes is by them.
  const int lwork = call.Int(kIsComplex<T> ? 2 * int64_t{n} + size : 1 + 6 * int64_t{n} + 2 * size);
  const int lrwork = call.Int(1 + 5 * int64_t{n} + 2 * size), liwork = call.Int(3 + 5 * int64_t{n});
  call.Each(kWeight<T> * 5 * Cube(n), [=](int64_t from, int64_t to) {
    Scratch<T> a(size), work(lwork);
    Scratch<R> rwork(kIsComplex<T> ? lrwork : 0);
    Scratch<int> iwork(liwork);
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, n, n, static_cast<T*>(a));
      R* w = values + b * n;
      int info = 0;
      if constexpr (kIsComplex<T>) LapackOf<T>().syevd("V", uplo, &n, a, &n, w, work, &lwork, rwork, &lrwork, iwork, &liwork, &info, 1, 1);
      else LapackOf<T>().syevd("V", uplo, &n, a, &n, w, work, &lwork, iwork, &liwork, &info, 1, 1);
      if (info != 0) FillNaN(w, n);
      Give<T>(info == 0, a, n, n, vectors + b * size);
    }
  });
}

template <typename T>
bool IsFinite(const T* x, int64_t size) {
  return std::all_of(x, x + size, [](const T& v) { return std::isfinite(std::real(v)) && std::isfinite(std::imag(v)); });
}

// Vectors by columns to complex ones by rows. LAPACK leaves those of a pair of conjugate eigenvalues as two columns: the real and the imaginary parts of the first.
template <typename T, typename C>
void GiveVectors(const T* from, const Real<T>* im, int n, C* to) {
  for (int64_t j = 0; j < n; j++) {
    const T* v = from + j * n;
    if constexpr (kIsComplex<T>) {
      for (int64_t i = 0; i < n; i++) to[i * n + j] = v[i];
    } else if (im[j] == 0 || j + 1 == n) {
      for (int64_t i = 0; i < n; i++) to[i * n + j] = C(v[i], 0);
    } else {
      for (int64_t i = 0; i < n; i++) {
        to[i * n + j] = C(v[i], v[n + i]);
        to[i * n + j + 1] = C(v[i], -v[n + i]);
      }
      j++;
    }
  }
}

// Letters: whether left vectors, and right ones, are wanted.
template <typename T>
void GeneralEigen(const LapackCall& call) {
  using R = Real<T>;
  using C = std::complex<R>;
  const char* letters = call.Letters({"VN", "VN"});
  const bool left = letters[0] == 'V', right = letters[1] == 'V';
  call.Expect(1, 1 + left + right);
  call.ExpectSquare();
  const int n = call.rows();
  const int64_t size = int64_t{n} * n;
  const T* x = call.Operand<T>(0, {n, n});
  C* values = call.Result<C>(0, {n});
  C* vl = left ? call.Result<C>(1, {n, n}) : nullptr;
  C* vr = right ? call.Result<C>(left ? 2 : 1, {n, n}) : nullptr;
  auto decompose = [=](T* a, C* w, R* re, R* im, T* l, T* r, T* work, int lwork) {
    int info = 0;
    // The second pair of parts is complex LAPACK's room for real numbers.
    if constexpr (kIsComplex<T>) LapackOf<T>().geev(letters, letters + 1, &n, a, &n, w, l, &n, r, &n, work, &lwork, re, &info, 1, 1);
    else LapackOf<T>().geev(letters, letters + 1, &n, a, &n, re, im, l, &n, r, &n, work, &lwork, &info, 1, 1);
    return info;
  };
  T asked{};
  R room[2] = {};
  decompose(nullptr, nullptr, room, nullptr, nullptr, nullptr, &asked, -1);
  const int lwork = call.Workspace(asked, 4 * int64_t{n});
  call.Each(kWeight<T> * 25 * Cube(n), [=](int64_t from, int64_t to) {
    Scratch<T> a(size), l(left ? size : 0), r(right ? size : 0), work(lwork);
    Scratch<R> parts(2 * int64_t{n});
    R *re = parts, *im = re + n;
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, n, n, static_cast<T*>(a));
      C* w = values + b * n;
      // Of matrices that are not finite it may look for them forever.
      const bool found = IsFinite<T>(a, size) && decompose(a, w, re, im, l, r, work, lwork) == 0;
      if (!found) {
        FillNaN(w, n);
        if (left) FillNaN(vl + b * size, size);
        if (right) FillNaN(vr + b * size, size);
        continue;
      }
      if constexpr (!kIsComplex<T>) for (int i = 0; i < n; i++) w[i] = C(re[i], im[i]);
      if (left) GiveVectors<T>(l, im, n, vl + b * size);
      if (right) GiveVectors<T>(r, im, n, vr + b * size);
    }
  });
}

// Letter: whether the vectors are wanted.
template <typename T>
void Schur(const LapackCall& call) {
  using R = Real<T>;
  const char* job = call.Letters({"VN"});
  const bool vectors = *job == 'V';
  call.Expect(1, vectors ? 2 : 1);
  call.ExpectSquare();
  const int n = call.rows();
  const int64_t size = int64_t{n} * n;
  const T* x = call.Operand<T>(0, {n, n});
  T* form = call.Result<T>(0, {n, n});
  T* basis = vectors ? call.Result<T>(1, {n, n}) : nullptr;
  auto decompose = [=](T* a, T* w, R* parts, T* z, T* work, int lwork) {
    int info = 0, selected = 0;
    if constexpr (kIsComplex<T>) LapackOf<T>().gees(job, "N", nullptr, &n, a, &n, &selected, w, z, &n, work, &lwork, parts, nullptr, &info, 1, 1);
    else LapackOf<T>().gees(job, "N", nullptr, &n, a, &n, &selected, w, parts, z, &n, work, &lwork, nullptr, &info, 1, 1);
    return info;
  };
  T asked{};
  decompose(nullptr, nullptr, nullptr, nullptr, &asked, -1);
  const int lwork = call.Workspace(asked, 3 * int64_t{n});
  call.Each(kWeight<T> * 25 * Cube(n), [=](int64_t from, int64_t to) {
    Scratch<T> a(size), z(vectors ? size : 0), w(n), work(lwork);
    Scratch<R> parts(n);
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, n, n, static_cast<T*>(a));
      const bool found = decompose(a, w, parts, z, work, lwork) == 0;
      Give<T>(found, a, n, n, form + b * size);
      if (vectors) Give<T>(found, z, n, n, basis + b * size);
    }
  });
}

template <typename T>
void Hessenberg(const LapackCall& call) {
  call.Expect(1, 2);
  call.ExpectSquare();
  call.Letters({});
  const int n = call.rows(), first = 1;
  const int64_t size = int64_t{n} * n;
  const T* x = call.Operand<T>(0, {n, n});
  T* packed = call.Result<T>(0, {n, n});
  T* taus = call.Result<T>(1, {n - 1});
  T asked{};
  int info = 0, none = -1;
  LapackOf<T>().gehrd(&n, &first, &n, nullptr, &n, nullptr, &asked, &none, &info);
  const int lwork = call.Workspace(asked, n);
  call.Each(kWeight<T> * 10 / 3 * Cube(n), [=](int64_t from, int64_t to) {
    Scratch<T> a(size), work(lwork);
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, n, n, static_cast<T*>(a));
      int failed = 0;
      LapackOf<T>().gehrd(&n, &first, &n, a, &n, taus + b * (n - 1), work, &lwork, &failed);
      Transpose(static_cast<T*>(a), n, n, packed + b * size);
    }
  });
}

// Letter: the triangle that is read, and left with the reflectors; the other stays.
template <typename T>
void Tridiagonal(const LapackCall& call) {
  using R = Real<T>;
  call.Expect(1, 4);
  call.ExpectSquare();
  const char* uplo = call.Letters({"LU"});
  const int n = call.rows();
  const int64_t size = int64_t{n} * n;
  const T* x = call.Operand<T>(0, {n, n});
  T* packed = call.Result<T>(0, {n, n});
  R* diagonals = call.Result<R>(1, {n});
  R* beside = call.Result<R>(2, {n - 1});
  T* taus = call.Result<T>(3, {n - 1});
  T asked{};
  int info = 0, none = -1;
  LapackOf<T>().sytrd(uplo, &n, nullptr, &n, nullptr, nullptr, nullptr, &asked, &none, &info, 1);
  const int lwork = call.Workspace(asked, 1);
  call.Each(kWeight<T> * 4 / 3 * Cube(n), [=](int64_t from, int64_t to) {
    Scratch<T> a(size), work(lwork);
    for (int64_t b = from; b < to; b++) {
      Transpose(x + b * size, n, n, static_cast<T*>(a));
      int failed = 0;
      LapackOf<T>().sytrd(uplo, &n, a, &n, diagonals + b * n, beside + b * (n - 1), taus + b * (n - 1), work, &lwork, &failed, 1);
      Transpose(static_cast<T*>(a), n, n, packed + b * size);
    }
  });
}

}  // namespace

template <typename T>
bool RunSpectral(const LapackCall& call) {
  const std::string& name = call.routine();
  if (name == "gesdd") SingularValues<T>(call);
  else if (name == "syevd") SymmetricEigen<T>(call);
  else if (name == "geev") GeneralEigen<T>(call);
  else if (name == "gees") Schur<T>(call);
  else if (name == "sytrd") Tridiagonal<T>(call);
  else if (name == "gehrd") Hessenberg<T>(call);
  else return false;
  return true;
}

template bool RunSpectral<float>(const LapackCall&);
template bool RunSpectral<double>(const LapackCall&);
template bool RunSpectral<std::complex<float>>(const LapackCall&);
template bool RunSpectral<std::complex<double>>(const LapackCall&);

}  // namespace xs
