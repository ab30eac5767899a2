// Data from host to device, back, and between devices and memories.
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "buffer.h"
#include "entry.h"
#include "env.h"
#include "handle.h"

namespace xs {

namespace {

struct Free {
  void operator()(void* p) const { std::free(p); }
};
using HostMemory = std::shared_ptr<void>;

void* NewArrayBuffer(napi_env env, const char* what, size_t size, napi_value* out) {
  void* data = nullptr;
  if (napi_create_arraybuffer(env, size, &data, out) != napi_ok || (data == nullptr && size > 0)) {
    napi_value pending;
    napi_get_and_clear_last_exception(env, &pending);
    Fail(Kind::kArgument, std::string(what) + ": no host memory for " + std::to_string(size) + " bytes");
  }
  return data;
}

// Starts to copy a buffer's elements, row-major, to host memory that lives until the event fires.
PJRT_Event* StartCopy(Buffer* b, PJRT_Buffer* handle, void* data, size_t size) {
  std::vector<int64_t> order(b->dims->size());
  for (size_t i = 0; i < order.size(); i++) order[i] = static_cast<int64_t>(order.size() - 1 - i);
  PJRT_Buffer_MemoryLayout layout{};
  layout.struct_size = PJRT_Buffer_MemoryLayout_STRUCT_SIZE;
  layout.type = PJRT_Buffer_MemoryLayout_Type_Tiled;
  layout.tiled.struct_size = PJRT_Buffer_MemoryLayout_Tiled_STRUCT_SIZE;
  layout.tiled.minor_to_major = order.data();
  layout.tiled.minor_to_major_size = order.size();
  XS_ARGS(PJRT_Buffer_ToHostBuffer_Args, args);
  args.src = handle;
  if (b->client->row_major_host_layout) args.host_layout = &layout;
  args.dst = data;
  args.dst_size = size;
  Check(b->api(), b->api()->PJRT_Buffer_ToHostBuffer(&args));
  return args.event;
}

// XLA leaves the high bits of small signed integers empty: on the host they are int8 values.
void ExtendSign(PJRT_Buffer_Type type, void* data, size_t size) {
  const int bits = type == PJRT_Buffer_Type_S4 ? 4 : type == PJRT_Buffer_Type_S2 ? 2 : 0;
  if (bits == 0) return;
  auto* bytes = static_cast<uint8_t*>(data);
  const int shift = 8 - bits;
  for (size_t i = 0; i < size; i++) bytes[i] = static_cast<uint8_t>(static_cast<int8_t>(bytes[i] << shift) >> shift);
}

// Shows host memory to JS without a copy where the runtime allows it.
napi_value AsArrayBuffer(napi_env env, const HostMemory& memory, size_t size) {
  constexpr size_t kCopyBelow = 4096;
  napi_value out;
  if (size >= kCopyBelow) {
    auto keep = std::make_unique<HostMemory>(memory);
    napi_status status = napi_create_external_arraybuffer(
        env, memory.get(), size, [](node_api_basic_env, void*, void* kept) { delete static_cast<HostMemory*>(kept); }, keep.get(), &out);
    if (status == napi_ok) {
      keep.release();
      return out;
    }
    if (status != napi_no_external_buffers_allowed) Napi(status);
  }
  std::memcpy(NewArrayBuffer(env, "Buffer.toHost", size, &out), memory.get(), size);
  return out;
}

// Host memory that device buffers may share. JS can transfer or drop an ArrayBuffer at any time, so that only memory whose life is
// ours is shared: it stays until the last of its ArrayBuffer and its device buffers is gone.
constexpr size_t kAlignment = 64;  // XLA's CPU client copies what is aligned less

struct Shareable {
  std::mutex mutex;
  std::map<uintptr_t, std::pair<size_t, std::weak_ptr<void>>> blocks;  // by address

  static Shareable& All() {
    static auto* all = new Shareable;
    return *all;
  }

  HostMemory Make(size_t size) {
    size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
    void* p = rounded < size ? nullptr : std::aligned_alloc(kAlignment, rounded ? rounded : kAlignment);
    if (p == nullptr) Fail(Kind::kArgument, "allocateHost: no host memory for " + std::to_string(size) + " bytes");
    std::memset(p, 0, size);
    HostMemory memory(p, [this](void* gone) {
      {
        std::lock_guard<std::mutex> lock(mutex);
        blocks.erase(reinterpret_cast<uintptr_t>(gone));
      }
      std::free(gone);
    });
    std::lock_guard<std::mutex> lock(mutex);
    blocks[reinterpret_cast<uintptr_t>(p)] = {size, memory};
    return memory;
  }

  // The block that holds all of these bytes; null if none does.
  HostMemory Find(const Bytes& bytes) {
    auto at = reinterpret_cast<uintptr_t>(bytes.data);
    std::lock_guard<std::mutex> lock(mutex);
    auto next = blocks.upper_bound(at);
    if (next == blocks.begin()) return nullptr;
    auto& [start, block] = *--next;
    return at - start <= block.first && bytes.size <= block.first - (at - start) ? block.second.lock() : nullptr;
  }
};

// What a copy gives: (id, object, where to, object of the copy) -> id of the copy
napi_value GiveCopy(napi_env env, const BufferSelf& self, PJRT_Buffer* made, PJRT_Device* device) {
  const Buffer* source = self.buffer;
  return Num(env, Buffer::Give(self.state, self[BufferSelf::kOwn + 1], std::make_unique<Buffer>(source->client, made, source->type, source->dims, device)));
}

PJRT_Buffer* CopyTo(const Client& client, PJRT_Buffer* handle, PJRT_Memory* memory) {
  XS_ARGS(PJRT_Buffer_CopyToMemory_Args, args);
  args.buffer = handle;
  args.dst_memory = memory;
  Check(client.api(), XS_FN(client.api(), PJRT_Buffer_CopyToMemory)(&args));
  return args.dst_buffer;
}

}  // namespace

napi_value BufferToHostSync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    constexpr const char* what = "Buffer.toHostSync";
    BufferSelf self(env, info, "toHostSync");
    self.buffer->Live(what);
    self.buffer->AwaitCallbacks(env, what);
    PJRT_Buffer* handle = self.buffer->Live(what);  // a callback may have deleted it
    size_t size = self.buffer->HostBytes();
    napi_value out;
    void* data = NewArrayBuffer(env, what, size, &out);
    if (size > 0) Await(self.buffer->api(), StartCopy(self.buffer, handle, data, size));
    ExtendSign(self.buffer->type, data, size);
    return out;
  });
}

napi_value BufferToHost(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    constexpr const char* what = "Buffer.toHost";
    BufferSelf self(env, info, "toHost");
    self.buffer->CheckWait(env, what);
    PJRT_Buffer* handle = self.buffer->Live(what);
    size_t size = self.buffer->HostBytes();
    // Ours, not V8's: a worker that is terminated frees its ArrayBuffers while XLA still writes.
    HostMemory memory(std::malloc(size ? size : 1), Free());
    if (memory == nullptr) Fail(Kind::kArgument, std::string(what) + ": no host memory for " + std::to_string(size) + " bytes");
    PJRT_Event* event = size > 0 ? StartCopy(self.buffer, handle, memory.get(), size) : nullptr;
    napi_value promise;
    auto deferred = Deferred::Make(env, &promise);
    self.buffer->client->Track(event, [deferred, memory, size, type = self.buffer->type](const Error* error) {
      ExtendSign(type, memory.get(), size);
      deferred->Settle([memory, size, failed = error != nullptr, copy = error ? *error : Error{}](napi_env env) {
        if (failed) throw copy;
        return AsArrayBuffer(env, memory, size);
      });
    });
    return promise;
  });
}

// (.., device index, object)
napi_value BufferCopyToDevice(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    constexpr const char* what = "Buffer.copyToDevice";
    BufferSelf self(env, info, "copyToDevice");
    Buffer* b = self.buffer;
    b->Live(what);
    b->AwaitCallbacks(env, what);
    PJRT_Buffer* handle = b->Live(what);
    RefuseWhenClosing();
    PJRT_Device* device = b->client->DeviceAt(what, ReadInt(env, self[BufferSelf::kOwn], what));
    if (b->device == device) {
      // PJRT refuses a copy to where the buffer is; the memory form makes one.
      XS_ARGS(PJRT_Device_DefaultMemory_Args, memory);
      memory.device = device;
      Check(b->api(), XS_FN(b->api(), PJRT_Device_DefaultMemory)(&memory));
      return GiveCopy(env, self, CopyTo(*b->client, handle, memory.memory), device);
    }
    XS_ARGS(PJRT_Buffer_CopyToDevice_Args, args);
    args.buffer = handle;
    args.dst_device = device;
    Check(b->api(), XS_FN(b->api(), PJRT_Buffer_CopyToDevice)(&args));
    return GiveCopy(env, self, args.dst_buffer, device);
  });
}

// (.., memory index, object)
napi_value BufferCopyToMemory(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    constexpr const char* what = "Buffer.copyToMemory";
    BufferSelf self(env, info, "copyToMemory");
    Buffer* b = self.buffer;
    b->Live(what);
    b->AwaitCallbacks(env, what);
    PJRT_Buffer* handle = b->Live(what);
    RefuseWhenClosing();
    PJRT_Memory* memory = b->client->MemoryAt(what, ReadInt(env, self[BufferSelf::kOwn], what));
    PJRT_Buffer* made = CopyTo(*b->client, handle, memory);
    return GiveCopy(env, self, made, Buffer::DeviceOf(*b->client, made));
  });
}

// (bytes): an ArrayBuffer that bufferFromHost can share
napi_value AllocateHost(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    int64_t size = ReadInt(env, Args(env, info, 1)[0], "allocateHost");
    if (size < 0) Fail(Kind::kArgument, "allocateHost: expected a number of bytes >= 0, got " + std::to_string(size));
    return AsArrayBuffer(env, Shareable::All().Make(static_cast<size_t>(size)), static_cast<size_t>(size));
  });
}

// (client, data, dtype, dims, device index or -1, memory index or -1, whether to share memory where that is safe, object): id
napi_value BufferFromHost(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    constexpr const char* what = "bufferFromHost";
    Args args(env, info, 8);
    const std::shared_ptr<Client>& client = FromHandle<ClientHandle>(env, args[0])->client;
    RefuseWhenClosing();
    PJRT_Buffer_Type type = ReadDtype(env, args[2], what);
    auto dims = std::make_shared<const Dims>(ReadDims(env, args[3], "bufferFromHost: dims"));
    size_t expected = static_cast<size_t>(ElementCount(what, *dims)) * InfoOf(type)->host_bytes;
    Bytes bytes = ReadBytes(env, args[1], "bufferFromHost: data");
    if (bytes.size != expected) {
      Fail(Kind::kShape, "bufferFromHost: expected " + std::to_string(expected) + " bytes for " + TypeText(type, *dims) + ", got " + std::to_string(bytes.size));
    }
    int64_t device = ReadInt(env, args[4], "bufferFromHost: device");
    int64_t memory = ReadInt(env, args[5], "bufferFromHost: memory");
    static const uint8_t nothing[16] = {};
    XS_ARGS(PJRT_Client_BufferFromHostBuffer_Args, make);
    make.client = client->handle;
    make.data = bytes.size == 0 ? nothing : bytes.data;
    make.type = type;
    make.dims = dims->data();
    make.num_dims = dims->size();
    // The only semantics under which JS may do with its memory what it likes afterwards: the data is copied before the call returns.
    make.host_buffer_semantics = PJRT_HostBufferSemantics_kImmutableOnlyDuringCall;
    bool share = false;
    HostMemory shared;
    if (napi_get_value_bool(env, args[6], &share) == napi_ok && share && bytes.size > 0) shared = Shareable::All().Find(bytes);
    if (shared != nullptr) make.host_buffer_semantics = PJRT_HostBufferSemantics_kImmutableZeroCopy;
    if (memory >= 0) {
      make.memory = client->MemoryAt(what, memory);
    } else {
      make.device = device < 0 ? client->addressable[0] : client->DeviceAt(what, device);
    }
    Error error;
    bool failed = TakeError(client->api(), client->api()->PJRT_Client_BufferFromHostBuffer(&make), &error);
    if (failed && error.status == "RESOURCE_EXHAUSTED") {
      args.state->CollectGarbage();
      failed = TakeError(client->api(), client->api()->PJRT_Client_BufferFromHostBuffer(&make), &error);
    }
    if (failed) throw error;
    PJRT_Device* where = make.device ? make.device : Buffer::DeviceOf(*client, make.buffer);
    auto buffer = std::make_unique<Buffer>(client, make.buffer, type, dims, where);
    if (shared != nullptr && make.done_with_host_buffer != nullptr) {
      // Fires when the device buffer is gone, which is no work to wait for.
      OnReady(client->api(), make.done_with_host_buffer, [shared](const Error*) {});
    } else {
      Await(client->api(), make.done_with_host_buffer);
    }
    return Num(env, Buffer::Give(args.state, args[7], std::move(buffer)));
  });
}

}  // namespace xs
