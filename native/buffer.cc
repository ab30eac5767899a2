#include "buffer.h"

#include <cstring>

#include "entry.h"
#include "env.h"

namespace xs {

Buffer::Buffer(Client* c, PJRT_Buffer* h, PJRT_Buffer_Type t, std::shared_ptr<const Dims> d, PJRT_Device* dev)
    : client(c), handle(h), type(t), dims(std::move(d)), device(dev) {
  int64_t n = 1;
  for (int64_t x : *dims) n *= x;
  bytes = (n * InfoOf(type)->device_bits + 7) / 8;
  client->live_buffers++;
  client->Account(bytes);
}

Buffer::~Buffer() {
  Release();
  magic = 0;
}

void Buffer::Release() {
  if (handle == nullptr) return;
  XS_ARGS(PJRT_Buffer_Destroy_Args, args);
  args.buffer = handle;
  handle = nullptr;
  Error ignored;
  TakeError(client->api(), client->api()->PJRT_Buffer_Destroy(&args), &ignored);
  client->live_buffers--;
  client->Account(-bytes);
}

PJRT_Buffer* Buffer::Live(const char* what) const {
  if (handle == nullptr) Fail(Kind::kDeleted, std::string(what) + ": the buffer of type " + Type() + " was deleted or donated");
  return handle;
}

PJRT_Device* Buffer::DeviceOf(Client* client, PJRT_Buffer* handle) {
  XS_ARGS(PJRT_Buffer_Device_Args, args);
  args.buffer = handle;
  Check(client->api(), client->api()->PJRT_Buffer_Device(&args));
  return args.device;
}

namespace {

thread_local Buffer* being_wrapped = nullptr;

void Finalize(node_api_basic_env env, void* data, void*) {
  auto* buffer = static_cast<Buffer*>(data);
  int64_t held = kObjectBytes + (buffer->handle ? buffer->bytes : 0);
  delete buffer;
  int64_t ignored;
  napi_adjust_external_memory(env, -held, &ignored);
}

// Deletes now, and tells V8.
void Delete(napi_env env, Buffer* b) {
  if (b->handle == nullptr) return;
  b->Release();
  int64_t ignored;
  napi_adjust_external_memory(env, -b->bytes, &ignored);
}

napi_value Construct(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    napi_value self;
    Napi(napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr));
    Buffer* b = being_wrapped;
    being_wrapped = nullptr;
    if (b == nullptr) Fail(Kind::kArgument, "Buffer: not made with new; use client.bufferFromHost");
    if (napi_wrap(env, self, b, Finalize, nullptr, nullptr) != napi_ok) {
      delete b;
      throw JsException{};
    }
    return self;
  });
}

struct Self {
  Buffer* buffer;
  size_t argc = 2;
  napi_value argv[2];
  Self(napi_env env, napi_callback_info info, const char* what) {
    napi_value self;
    Napi(napi_get_cb_info(env, info, &argc, argv, &self, nullptr));
    buffer = Buffer::From(env, self);
    if (buffer == nullptr) Fail(Kind::kArgument, std::string("Buffer.") + what + ": called on something that is no Buffer");
  }
};

// A copy of a buffer's contents under way to a fresh ArrayBuffer.
PJRT_Event* StartCopy(napi_env env, const char* what, Buffer* b, napi_value* out) {
  PJRT_Buffer* handle = b->Live(what);
  int64_t n = ElementCount(what, *b->dims);
  size_t size = static_cast<size_t>(n) * InfoOf(b->type)->host_bytes;
  void* data = nullptr;
  if (napi_create_arraybuffer(env, size, &data, out) != napi_ok || (data == nullptr && size > 0)) {
    napi_value pending;
    napi_get_and_clear_last_exception(env, &pending);
    Fail(Kind::kArgument, std::string(what) + ": no host memory for " + std::to_string(size) + " bytes");
  }
  if (size == 0) return nullptr;
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
  Check(b->client->api(), b->client->api()->PJRT_Buffer_ToHostBuffer(&args));
  return args.event;
}

PJRT_Event* ReadyEvent(const char* what, Buffer* b) {
  XS_ARGS(PJRT_Buffer_ReadyEvent_Args, args);
  args.buffer = b->Live(what);
  Check(b->client->api(), b->client->api()->PJRT_Buffer_ReadyEvent(&args));
  return args.event;
}

napi_value ToHostSync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "toHostSync");
    napi_value out;
    Await(self.buffer->client->api(), StartCopy(env, "Buffer.toHostSync", self.buffer, &out));
    return out;
  });
}

napi_value ToHost(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Self self(env, info, "toHost");
    napi_value out, promise;
    PJRT_Event* event = StartCopy(env, "Buffer.toHost", self.buffer, &out);
    napi_ref keep;
    Napi(napi_create_reference(env, out, 1, &keep));
    auto deferred = Deferred::Make(env, &promise);
    auto settle = [deferred, keep](const Error* error) {
      Error copy = error ? *error : Error{};
      bool failed = error != nullptr;
      deferred->Settle([keep, failed, copy](napi_env env) {
        napi_value v;
        Napi(napi_get_reference_value(env, keep, &v));
        Napi(napi_delete_reference(env, keep));
        if (failed) throw copy;
        return v;
      });
    };
    if (event == nullptr) {
      settle(nullptr);
    } else {
      Client::WorkBegins();
      OnReady(self.buffer->client->api(), event, [settle](const Error* e) {
        settle(e);
        Client::WorkEnds();
      });
    }
    return promise;
  });
}

napi_value Ready(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Self self(env, info, "ready");
    PJRT_Event* event = ReadyEvent("Buffer.ready", self.buffer);
    napi_value promise;
    auto deferred = Deferred::Make(env, &promise);
    Client::WorkBegins();
    OnReady(self.buffer->client->api(), event, [deferred](const Error* error) {
      Error copy = error ? *error : Error{};
      bool failed = error != nullptr;
      deferred->Settle([failed, copy](napi_env env) {
        if (failed) throw copy;
        napi_value v;
        Napi(napi_get_undefined(env, &v));
        return v;
      });
      Client::WorkEnds();
    });
    return promise;
  });
}

napi_value BlockUntilReady(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Self self(env, info, "blockUntilReady");
    Await(self.buffer->client->api(), ReadyEvent("Buffer.blockUntilReady", self.buffer));
    return nullptr;
  });
}

napi_value IsReady(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "isReady");
    const PJRT_Api* api = self.buffer->client->api();
    PJRT_Event* event = ReadyEvent("Buffer.isReady", self.buffer);
    XS_ARGS(PJRT_Event_IsReady_Args, args);
    args.event = event;
    Error error;
    bool failed = TakeError(api, api->PJRT_Event_IsReady(&args), &error);
    DestroyEvent(api, event);
    if (failed) throw error;
    return Bool(env, args.is_ready);
  });
}

napi_value IsDeleted(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "isDeleted");
    return Bool(env, self.buffer->handle == nullptr);
  });
}

napi_value DeleteMethod(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Self self(env, info, "delete");
    Delete(env, self.buffer);
    return nullptr;
  });
}

napi_value CopyToDevice(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "copyToDevice");
    Client* client = self.buffer->client;
    int64_t index = ReadInt(env, self.argc > 0 ? self.argv[0] : nullptr, "Buffer.copyToDevice: device");
    if (index < 0 || index >= static_cast<int64_t>(client->devices.size())) Fail(Kind::kArgument, "Buffer.copyToDevice: no device " + std::to_string(index));
    XS_ARGS(PJRT_Buffer_CopyToDevice_Args, args);
    args.buffer = self.buffer->Live("Buffer.copyToDevice");
    args.dst_device = client->devices[index];
    if (self.buffer->device == args.dst_device) {
      // PJRT refuses a copy to where the buffer is; the memory form makes one.
      XS_ARGS(PJRT_Device_DefaultMemory_Args, memory);
      memory.device = args.dst_device;
      Check(client->api(), XS_FN(client->api(), PJRT_Device_DefaultMemory)(&memory));
      XS_ARGS(PJRT_Buffer_CopyToMemory_Args, copy);
      copy.buffer = args.buffer;
      copy.dst_memory = memory.memory;
      Check(client->api(), XS_FN(client->api(), PJRT_Buffer_CopyToMemory)(&copy));
      return Buffer::Wrap(env, std::make_unique<Buffer>(client, copy.dst_buffer, self.buffer->type, self.buffer->dims, self.buffer->device));
    }
    Check(client->api(), XS_FN(client->api(), PJRT_Buffer_CopyToDevice)(&args));
    return Buffer::Wrap(env, std::make_unique<Buffer>(client, args.dst_buffer, self.buffer->type, self.buffer->dims, args.dst_device));
  });
}

napi_value CopyToMemory(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "copyToMemory");
    Client* client = self.buffer->client;
    int64_t index = ReadInt(env, self.argc > 0 ? self.argv[0] : nullptr, "Buffer.copyToMemory: memory");
    if (index < 0 || index >= static_cast<int64_t>(client->memories.size())) Fail(Kind::kArgument, "Buffer.copyToMemory: no memory " + std::to_string(index));
    XS_ARGS(PJRT_Buffer_CopyToMemory_Args, args);
    args.buffer = self.buffer->Live("Buffer.copyToMemory");
    args.dst_memory = client->memories[index];
    Check(client->api(), XS_FN(client->api(), PJRT_Buffer_CopyToMemory)(&args));
    return Buffer::Wrap(env, std::make_unique<Buffer>(client, args.dst_buffer, self.buffer->type, self.buffer->dims, Buffer::DeviceOf(client, args.dst_buffer)));
  });
}

napi_value UnsafePointer(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "unsafePointer");
    XS_ARGS(PJRT_Buffer_UnsafePointer_Args, args);
    args.buffer = self.buffer->Live("Buffer.unsafePointer");
    Check(self.buffer->client->api(), XS_FN(self.buffer->client->api(), PJRT_Buffer_UnsafePointer)(&args));
    napi_value v;
    Napi(napi_create_bigint_uint64(env, args.buffer_pointer, &v));
    return v;
  });
}

napi_value Dtype(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "dtype");
    return Str(env, InfoOf(self.buffer->type)->name);
  });
}

napi_value GetDims(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "dims");
    return DimsToJs(env, self.buffer->dims->data(), self.buffer->dims->size());
  });
}

napi_value DeviceIndex(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "deviceIndex");
    return Num(env, self.buffer->client->IndexOf(self.buffer->device));
  });
}

napi_value MemoryIndex(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "memoryIndex");
    XS_ARGS(PJRT_Buffer_Memory_Args, args);
    args.buffer = self.buffer->Live("Buffer.memory");
    Check(self.buffer->client->api(), XS_FN(self.buffer->client->api(), PJRT_Buffer_Memory)(&args));
    return Num(env, self.buffer->client->IndexOf(args.memory));
  });
}

napi_value NBytes(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "nbytes");
    return Num(env, static_cast<double>(ElementCount("Buffer.nbytes", *self.buffer->dims) * InfoOf(self.buffer->type)->host_bytes));
  });
}

napi_value OnDeviceSize(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Self self(env, info, "onDeviceSize");
    XS_ARGS(PJRT_Buffer_OnDeviceSizeInBytes_Args, args);
    args.buffer = self.buffer->Live("Buffer.onDeviceSize");
    Check(self.buffer->client->api(), self.buffer->client->api()->PJRT_Buffer_OnDeviceSizeInBytes(&args));
    return Num(env, static_cast<double>(args.on_device_size_in_bytes));
  });
}

}  // namespace

Buffer* Buffer::From(napi_env env, napi_value v) {
  void* data = nullptr;
  napi_valuetype type;
  if (v == nullptr || napi_typeof(env, v, &type) != napi_ok || type != napi_object) return nullptr;
  if (napi_unwrap(env, v, &data) != napi_ok || data == nullptr) return nullptr;
  auto* b = static_cast<Buffer*>(data);
  return b->magic == kMagic ? b : nullptr;
}

napi_value Buffer::Wrap(napi_env env, std::unique_ptr<Buffer> buffer) {
  napi_value cls, object;
  Napi(napi_get_reference_value(env, EnvState::Get(env)->buffer_class, &cls));
  int64_t held = buffer->bytes + kObjectBytes;
  being_wrapped = buffer.release();
  napi_status status = napi_new_instance(env, cls, 0, nullptr, &object);
  if (status != napi_ok) {
    delete being_wrapped;
    being_wrapped = nullptr;
    Napi(status);
  }
  int64_t ignored;
  napi_adjust_external_memory(env, held, &ignored);
  return object;
}

napi_value Buffer::Define(napi_env env) {
  auto method = [](const char* name, napi_callback f) { return napi_property_descriptor{name, nullptr, f, nullptr, nullptr, nullptr, napi_default_method, nullptr}; };
  auto getter = [](const char* name, napi_callback f) { return napi_property_descriptor{name, nullptr, nullptr, f, nullptr, nullptr, napi_configurable, nullptr}; };
  napi_property_descriptor properties[] = {
      method("toHostSync", ToHostSync), method("toHost", ToHost), method("ready", Ready), method("blockUntilReady", BlockUntilReady),
      method("isReady", IsReady), method("isDeleted", IsDeleted), method("delete", DeleteMethod), method("copyToDeviceIndex", CopyToDevice),
      method("copyToMemoryIndex", CopyToMemory), method("unsafePointer", UnsafePointer), getter("dtype", Dtype), getter("dims", GetDims),
      getter("deviceIndex", DeviceIndex), getter("memoryIndex", MemoryIndex), getter("nbytes", NBytes), getter("onDeviceSize", OnDeviceSize)};
  napi_value cls;
  Napi(napi_define_class(env, "Buffer", NAPI_AUTO_LENGTH, Construct, nullptr, sizeof(properties) / sizeof(properties[0]), properties, &cls));
  Napi(napi_create_reference(env, cls, 1, &EnvState::Get(env)->buffer_class));
  return cls;
}

// (client, data, dtype, dims, device index or -1, memory index or -1)
napi_value Buffer::FromHost(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 6);
    Client* client = UnwrapClient(env, args[0]);
    constexpr const char* what = "bufferFromHost";
    PJRT_Buffer_Type type = ReadDtype(env, args[2], what);
    auto dims = std::make_shared<const Dims>(ReadDims(env, args[3], "bufferFromHost: dims"));
    int64_t count = ElementCount(what, *dims);
    Bytes bytes = ReadBytes(env, args[1], "bufferFromHost: data");
    size_t expected = static_cast<size_t>(count) * InfoOf(type)->host_bytes;
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
    make.host_buffer_semantics = PJRT_HostBufferSemantics_kImmutableOnlyDuringCall;
    if (memory >= 0) {
      if (memory >= static_cast<int64_t>(client->memories.size())) Fail(Kind::kArgument, "bufferFromHost: no memory " + std::to_string(memory));
      make.memory = client->memories[memory];
    } else {
      if (device < 0) device = client->IndexOf(client->addressable[0]);
      if (device >= static_cast<int64_t>(client->devices.size())) Fail(Kind::kArgument, "bufferFromHost: no device " + std::to_string(device));
      make.device = client->devices[device];
    }
    Check(client->api(), client->api()->PJRT_Client_BufferFromHostBuffer(&make));
    // With these semantics the data is copied before the call returns.
    auto buffer = std::make_unique<Buffer>(client, make.buffer, type, dims, make.device ? make.device : DeviceOf(client, make.buffer));
    if (make.done_with_host_buffer) Await(client->api(), make.done_with_host_buffer);
    return Wrap(env, std::move(buffer));
  });
}

}  // namespace xs
