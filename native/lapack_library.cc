#include "lapack_library.h"

#include <string>

#include "blas_library.h"

namespace xs {

namespace {

template <typename T>
Lapack<T> table{};

template <typename F>
bool Find(const std::string& name, F* f) {
  *f = reinterpret_cast<F>(BlasFunction(name + "_"));
  return *f != nullptr;
}

template <typename T>
bool FindAll(const char* type) {
  Lapack<T>& t = table<T>;
  auto find = [&](const char* name, auto* f) { return Find(std::string(type) + name, f); };
  return find("potrf", &t.potrf) && find("getrf", &t.getrf) && find("geqrf", &t.geqrf) && find("geqp3", &t.geqp3) && find(kIsComplex<T> ? "ungqr" : "orgqr", &t.orgqr)
    && find("gesdd", &t.gesdd) && find(kIsComplex<T> ? "heevd" : "syevd", &t.syevd) && find("geev", &t.geev) && find("gees", &t.gees) && find("gehrd", &t.gehrd) && find(kIsComplex<T> ? "hetrd" : "sytrd", &t.sytrd)
    && find("trsm", &t.trsm) && find("gtsv", &t.gtsv);
}

}  // namespace

bool LoadLapack() {
  static const bool found = FindAll<float>("s") && FindAll<double>("d") && FindAll<std::complex<float>>("c") && FindAll<std::complex<double>>("z");
  return found;
}

template <typename T>
const Lapack<T>& LapackOf() { return table<T>; }

template const Lapack<float>& LapackOf<float>();
template const Lapack<double>& LapackOf<double>();
template const Lapack<std::complex<float>>& LapackOf<std::complex<float>>();
template const Lapack<std::complex<double>>& LapackOf<std::complex<double>>();

}  // namespace xs
