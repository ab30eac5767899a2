#include "blas_library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

#include "error.h"
#include "library.h"

namespace xs {

namespace {

// Set once, before a handler is known to any plugin.
Blas<float> single{};
Blas<double> twice{};
std::atomic<void*> loaded{nullptr};

// SciPy's builds have a prefix, others none.
void* Find(void* library, const std::string& name) {
  void* f = dlsym(library, ("scipy_" + name).c_str());
  return f != nullptr ? f : dlsym(library, name.c_str());
}

// OpenBLAS makes a thread for each core when it is loaded, unless it is told not to, and these look for work for a while before they sleep. It is told by the environment, whose
// array we replace for that time: setenv would move it under threads that read it.
void* OpenWithoutThreads(const std::string& path) {
  static char one[] = "OPENBLAS_NUM_THREADS=1";
  // Not freed: who reads it may still do so.
  auto* changed = new std::vector<char*>{one};
  char** const before = environ;
  for (char** v = before; v != nullptr && *v != nullptr; v++) if (std::strncmp(*v, one, sizeof(one) - 2) != 0) changed->push_back(*v);
  changed->push_back(nullptr);
  environ = changed->data();
  struct Restore {
    char **before, **now;
    ~Restore() {
      if (environ == now) environ = before;
    }
  } restore{before, environ};
  return OpenLibrary("BLAS", path);
}

}  // namespace

template <>
const Blas<float>& BlasOf<float>() { return single; }
template <>
const Blas<double>& BlasOf<double>() { return twice; }

void LoadBlas(const std::string& path) {
  static auto* mutex = new std::mutex;
  std::lock_guard<std::mutex> lock(*mutex);
  if (loaded != nullptr) return;
  void* library = OpenWithoutThreads(path);
  auto find = [&](const std::string& name) { return Find(library, name); };
  void* functions[4];
  const char* names[] = {"cblas_sgemm", "cblas_dgemm", "cblas_sgemv", "cblas_dgemv"};
  for (int i = 0; i < 4; i++) {
    functions[i] = find(names[i]);
    if (functions[i] == nullptr) Fail(Kind::kPlugin, "BLAS '" + path + "' is a library but no BLAS: it does not export " + names[i]);
  }
  auto config = reinterpret_cast<const char* (*)()>(find("openblas_get_config"));
  if (config != nullptr && std::string(config()).find("USE64BITINT") != std::string::npos) Fail(Kind::kPlugin, "BLAS '" + path + "' takes integers of 64 bits, expected one that takes 32");
  // MKL looks for its threads' library at the first product, and ends the process if there is none: it is to use none.
  if (auto set_layer = reinterpret_cast<int (*)(int)>(find("MKL_Set_Threading_Layer"))) set_layer(1);
  for (const char* name : {"openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads"}) {
    if (auto set_threads = reinterpret_cast<void (*)(int)>(find(name))) set_threads(1);
  }
  twice = {reinterpret_cast<decltype(twice.gemm)>(functions[1]), reinterpret_cast<decltype(twice.gemv)>(functions[3])};
  single = {reinterpret_cast<decltype(single.gemm)>(functions[0]), reinterpret_cast<decltype(single.gemv)>(functions[2])};
  loaded = library;
}

void* BlasFunction(const std::string& name) {
  void* library = loaded;
  return library == nullptr ? nullptr : Find(library, name);
}

}  // namespace xs
