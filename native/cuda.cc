#include "cuda.h"

#include <dlfcn.h>

namespace xs {

const Cuda* Cuda::Find() {
  static const Cuda* found = []() -> const Cuda* {
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (driver == nullptr) return nullptr;
    static Cuda cuda;
    cuda.copy_to_host = reinterpret_cast<decltype(cuda.copy_to_host)>(dlsym(driver, "cuMemcpyDtoHAsync_v2"));
    cuda.copy_to_device = reinterpret_cast<decltype(cuda.copy_to_device)>(dlsym(driver, "cuMemcpyHtoDAsync_v2"));
    cuda.synchronize = reinterpret_cast<decltype(cuda.synchronize)>(dlsym(driver, "cuStreamSynchronize"));
    return cuda.copy_to_host && cuda.copy_to_device && cuda.synchronize ? &cuda : nullptr;
  }();
  return found;
}

}  // namespace xs
