// Buffers: made by the million, so that they are kept small and are finalized inside garbage collection. JS has an object of a class of its own for
// each (lib/pjrt/buffer.ts), which holds the buffer's id: reading a number takes a tenth of the time of reading what an object wraps.
#pragma once
#include <node_api.h>

#include <atomic>
#include <memory>
#include <string>

#include "client.h"
#include "entry.h"

namespace xs {

struct Run;
struct EnvState;

using SharedDims = std::shared_ptr<const Dims>;

struct Buffer {
  const std::shared_ptr<Client> client;
  PJRT_Buffer* handle;  // null once deleted
  const PJRT_Buffer_Type type;
  const SharedDims dims;
  PJRT_Device* const device;
  const int64_t bytes;  // on the device
  // The program that computes it, if that has callbacks or waits for one that has; waiting for it then means serving them.
  std::shared_ptr<Run> run;
  // Known to be there: waiting needs no call of the plugin's.
  bool ready = false;
  // Whose JS object holds it; null before one does.
  const EnvState* owner = nullptr;
  // Never given to another buffer, 0 once this one is gone: its memory can still be read then.
  std::atomic<uint64_t> serial;
  // The call that gave it up last, to find buffers that are given twice.
  uint64_t given_up_by = 0;

  Buffer(std::shared_ptr<Client> client, PJRT_Buffer* handle, PJRT_Buffer_Type type, SharedDims dims, PJRT_Device* device);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  static void* operator new(size_t size);
  static void operator delete(void* p);
  Buffer& operator=(const Buffer&) = delete;

  const PJRT_Api* api() const { return client->api(); }
  // Frees the device memory, and tells V8.
  void Delete(napi_env env);
  // The same, but the device buffer is the caller's to destroy.
  PJRT_Buffer* Detach(napi_env env);
  // Lets the JS object stand for another device buffer of the same type and place, which is taken over.
  void Replace(napi_env env, PJRT_Buffer* other);
  // It is the result of a run that has begun, or is over.
  void Started(const std::shared_ptr<Run>& by, bool over) {
    run = by;
    ready = over;
  }
  PJRT_Buffer* Live(const char* what) const;
  // Whether its value depends on callbacks still to be served.
  bool AwaitsCallbacks();
  // Waits for the value if it does.
  void AwaitCallbacks(napi_env env, const char* what);
  // Throws where the code that runs is such a callback itself.
  void CheckWait(napi_env env, const char* what);
  std::string Type() const { return TypeText(type, *dims); }
  size_t HostBytes() const;
  // What of its elements is in the host's memory. A GPU's is no matter for V8, which would look for garbage every few arrays of some MB; see EnvState::Hold.
  int64_t HostSize() const { return client->on_host ? bytes : 0; }

  // What the methods of the JS class call.
  static void Define(napi_env env, napi_value exports);
  // Gives a buffer just made to a JS object, which frees it when it is collected: the id that the object is to hold. The object is to be new.
  static double Give(EnvState* state, napi_value object, std::unique_ptr<Buffer> buffer);
  // The buffer of an id of this environment's; null where that is none, or its buffer is gone.
  static Buffer* At(const EnvState* state, double id);
  static PJRT_Device* DeviceOf(const Client& client, PJRT_Buffer* handle);

 private:
  void Release();
  static void Finalize(node_api_basic_env env, void* data, void* state);
};

// The first two arguments of what methods call: the id, and the JS object, which stays alive so for the time of the call.
struct BufferSelf : Args {
  static constexpr size_t kOwn = 2;
  Buffer* buffer;
  BufferSelf(napi_env env, napi_callback_info info, const char* what);
};

napi_value MakeIds(napi_env env, napi_callback_info info);
// transfer.cc
napi_value AllocateHost(napi_env env, napi_callback_info info);
napi_value BufferFromHost(napi_env env, napi_callback_info info);
napi_value BufferToHostSync(napi_env env, napi_callback_info info);
napi_value BufferToHost(napi_env env, napi_callback_info info);
napi_value BufferCopyToDevice(napi_env env, napi_callback_info info);
napi_value BufferCopyToMemory(napi_env env, napi_callback_info info);

}  // namespace xs
