// The functions of NVIDIA's driver that callbacks need: what a program on a GPU gives to a callback lies in the device's memory.
#pragma once
#include <cstddef>
#include <cstdint>

namespace xs {

struct Cuda {
  using Stream = void*;
  int (*copy_to_host)(void* to, uint64_t from, size_t size, Stream stream);
  int (*copy_to_device)(uint64_t to, const void* from, size_t size, Stream stream);
  int (*synchronize)(Stream stream);

  // Of the driver that the plugin has loaded; null without one.
  static const Cuda* Find();
};

}  // namespace xs
