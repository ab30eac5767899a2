// Buffers: the one class whose objects are made by the million, so that it is kept small and is finalized inside garbage collection.
#pragma once
#include <node_api.h>

#include <memory>

#include "client.h"

namespace xs {

struct Buffer {
  static constexpr uint64_t kMagic = 0x78737462756666ull;
  uint64_t magic = kMagic;
  Client* client;
  PJRT_Buffer* handle;  // null once deleted
  PJRT_Buffer_Type type;
  std::shared_ptr<const Dims> dims;
  PJRT_Device* device;
  int64_t bytes;

  Buffer(Client* client, PJRT_Buffer* handle, PJRT_Buffer_Type type, std::shared_ptr<const Dims> dims, PJRT_Device* device);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  // Frees the device memory; JS's view of its size is the caller's to adjust.
  void Release();
  PJRT_Buffer* Live(const char* what) const;
  std::string Type() const { return TypeText(type, *dims); }

  // Defines the JS class in an environment.
  static napi_value Define(napi_env env);
  // The JS object for a buffer just made; takes it over.
  static napi_value Wrap(napi_env env, std::unique_ptr<Buffer> buffer);
  // Null where v is no buffer.
  static Buffer* From(napi_env env, napi_value v);

  static napi_value FromHost(napi_env env, napi_callback_info info);
  static PJRT_Device* DeviceOf(Client* client, PJRT_Buffer* handle);
};

// Tells V8 what a buffer object holds on to; each holds some memory of its own besides its elements.
constexpr int64_t kObjectBytes = 512;

}  // namespace xs
