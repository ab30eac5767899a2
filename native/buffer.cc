#include "buffer.h"

#include "callback.h"
#include "entry.h"
#include "env.h"
#include "slots.h"

namespace xs {

namespace {

// What a buffer's objects take besides its elements, in V8, here and in XLA.
constexpr int64_t kObjectBytes = 512;

int64_t DeviceBytes(PJRT_Buffer_Type type, const Dims& dims) {
  int64_t n = 1;
  for (int64_t x : dims) n *= x;
  return (n * InfoOf(type)->device_bits + 7) / 8;
}

Slots<sizeof(Buffer)>& Memory() {
  static auto* slots = new Slots<sizeof(Buffer)>;
  return *slots;
}

std::atomic<uint64_t> last_serial{0};

// How a buffer reaches the constructor that napi_new_instance calls; napi values cannot carry it.
thread_local std::unique_ptr<Buffer> being_wrapped;

void Destroy(const PJRT_Api* api, PJRT_Buffer* handle) {
  XS_ARGS(PJRT_Buffer_Destroy_Args, args);
  args.buffer = handle;
  Error ignored;
  TakeError(api, api->PJRT_Buffer_Destroy(&args), &ignored);
}

PJRT_Event* ReadyEvent(const char* what, Buffer* b) {
  XS_ARGS(PJRT_Buffer_ReadyEvent_Args, args);
  args.buffer = b->Live(what);
  Check(b->api(), b->api()->PJRT_Buffer_ReadyEvent(&args));
  return args.event;
}

napi_value Ready(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    BufferSelf self(env, info, "ready");
    self.buffer->CheckWait(env, "ready");
    PJRT_Event* event = ReadyEvent("Buffer.ready", self.buffer);
    napi_value promise;
    auto deferred = Deferred::Make(env, &promise);
    self.buffer->client->Track(event, [deferred](const Error* error) {
      deferred->Settle([failed = error != nullptr, copy = error ? *error : Error{}](napi_env env) {
        if (failed) throw copy;
        napi_value v;
        Napi(napi_get_undefined(env, &v));
        return v;
      });
    });
    return promise;
  });
}

napi_value BlockUntilReady(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    BufferSelf self(env, info, "blockUntilReady");
    self.buffer->AwaitCallbacks(env, "blockUntilReady");
    if (self.buffer->ready) self.buffer->Live("Buffer.blockUntilReady");
    else Await(self.buffer->api(), ReadyEvent("Buffer.blockUntilReady", self.buffer));
    self.buffer->ready = true;
    return nullptr;
  });
}

napi_value IsReady(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    BufferSelf self(env, info, "isReady");
    const PJRT_Api* api = self.buffer->api();
    if (self.buffer->ready && self.buffer->handle != nullptr) return Bool(env, true);
    XS_ARGS(PJRT_Event_IsReady_Args, args);
    args.event = ReadyEvent("Buffer.isReady", self.buffer);
    Error error;
    bool failed = TakeError(api, api->PJRT_Event_IsReady(&args), &error);
    DestroyEvent(api, args.event);
    if (failed) throw error;
    return Bool(env, args.is_ready);
  });
}

napi_value IsDeleted(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return Bool(env, BufferSelf(env, info, "isDeleted").buffer->handle == nullptr); });
}

napi_value DeleteMethod(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    BufferSelf(env, info, "delete").buffer->Delete(env);
    return nullptr;
  });
}

napi_value UnsafePointer(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    BufferSelf self(env, info, "unsafePointer");
    XS_ARGS(PJRT_Buffer_UnsafePointer_Args, args);
    args.buffer = self.buffer->Live("Buffer.unsafePointer");
    Check(self.buffer->api(), XS_FN(self.buffer->api(), PJRT_Buffer_UnsafePointer)(&args));
    napi_value v;
    Napi(napi_create_bigint_uint64(env, args.buffer_pointer, &v));
    return v;
  });
}

napi_value Dtype(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return Str(env, InfoOf(BufferSelf(env, info, "dtype").buffer->type)->name); });
}

napi_value GetDims(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    BufferSelf self(env, info, "dims");
    return DimsToJs(env, self.buffer->dims->data(), self.buffer->dims->size());
  });
}

napi_value ClientId(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return Num(env, static_cast<double>(BufferSelf(env, info, "clientId").buffer->client->id)); });
}

napi_value DeviceIndex(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    BufferSelf self(env, info, "deviceIndex");
    return Num(env, self.buffer->client->IndexOf(self.buffer->device));
  });
}

napi_value MemoryIndex(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    BufferSelf self(env, info, "memoryIndex");
    XS_ARGS(PJRT_Buffer_Memory_Args, args);
    args.buffer = self.buffer->Live("Buffer.memory");
    Check(self.buffer->api(), XS_FN(self.buffer->api(), PJRT_Buffer_Memory)(&args));
    return Num(env, self.buffer->client->IndexOf(args.memory));
  });
}

napi_value NBytes(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return Num(env, static_cast<double>(BufferSelf(env, info, "nbytes").buffer->HostBytes())); });
}

napi_value OnDeviceSize(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    BufferSelf self(env, info, "onDeviceSize");
    XS_ARGS(PJRT_Buffer_OnDeviceSizeInBytes_Args, args);
    args.buffer = self.buffer->Live("Buffer.onDeviceSize");
    Check(self.buffer->api(), self.buffer->api()->PJRT_Buffer_OnDeviceSizeInBytes(&args));
    return Num(env, static_cast<double>(args.on_device_size_in_bytes));
  });
}

}  // namespace

Buffer::Buffer(std::shared_ptr<Client> c, PJRT_Buffer* h, PJRT_Buffer_Type t, SharedDims d, PJRT_Device* dev)
    : client(std::move(c)), handle(h), type(t), dims(std::move(d)), device(dev), bytes(DeviceBytes(t, *dims)), serial(++last_serial) {
  client->Account(bytes, 1);
}

Buffer::~Buffer() {
  Release();
  serial.store(0, std::memory_order_release);
}

void* Buffer::operator new(size_t) { return Memory().Take(); }
void Buffer::operator delete(void* p) { Memory().Give(p); }

void Buffer::Release() {
  if (handle == nullptr) return;
  Destroy(api(), handle);
  handle = nullptr;
  client->Account(-bytes, -1);
}

void Buffer::Delete(napi_env env) {
  if (PJRT_Buffer* gone = Detach(env)) Destroy(api(), gone);
}

PJRT_Buffer* Buffer::Detach(napi_env env) {
  if (handle == nullptr) return nullptr;
  PJRT_Buffer* gone = handle;
  handle = nullptr;
  client->Account(-bytes, -1);
  EnvState* state = EnvState::Get(env);
  state->LetGo(bytes);
  state->TellSize(-bytes);
  return gone;
}

void Buffer::Replace(napi_env env, PJRT_Buffer* other) {
  run.reset();
  ready = false;
  if (handle != nullptr) {
    Destroy(api(), handle);
    handle = other;
    return;
  }
  handle = other;
  client->Account(bytes, 1);
  EnvState* state = EnvState::Get(env);
  state->Hold(bytes);
  state->TellSize(bytes);
}

void Buffer::Finalize(node_api_basic_env env, void* data, void* state) {
  std::unique_ptr<Buffer> buffer(static_cast<Buffer*>(data));
  int64_t elements = buffer->handle ? buffer->bytes : 0;
  int64_t held = kObjectBytes + elements;
  static_cast<EnvState*>(state)->LetGo(elements);
  buffer.reset();
  int64_t ignored;
  napi_adjust_external_memory(env, -held, &ignored);
}

napi_value Buffer::Construct(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    std::unique_ptr<Buffer> b = std::move(being_wrapped);
    if (b == nullptr) Fail(Kind::kArgument, "Buffer: not made with new; use client.bufferFromHost");
    napi_value self;
    Napi(napi_get_cb_info(env, info, nullptr, nullptr, &self, nullptr));
    Napi(napi_wrap(env, self, b.get(), Finalize, EnvState::Get(env), nullptr));
    b.release();
    return self;
  });
}

PJRT_Buffer* Buffer::Live(const char* what) const {
  if (handle == nullptr) Fail(Kind::kDeleted, std::string(what) + ": the buffer of type " + Type() + " was deleted or donated");
  return handle;
}

bool Buffer::AwaitsCallbacks() {
  if (run == nullptr) return false;
  if (run->finished) run.reset();
  return run != nullptr;
}

void Buffer::CheckWait(napi_env env, const char* what) {
  if (AwaitsCallbacks()) run->desk->CheckWait(EnvState::Get(env), run, what);
}

void Buffer::AwaitCallbacks(napi_env env, const char* what) {
  if (!AwaitsCallbacks()) return;
  std::shared_ptr<Run> waited = run;
  waited->desk->Await(EnvState::Get(env), waited, what, api(), ReadyEvent(what, this));
}

size_t Buffer::HostBytes() const { return static_cast<size_t>(ElementCount("Buffer", *dims)) * InfoOf(type)->host_bytes; }

PJRT_Device* Buffer::DeviceOf(const Client& client, PJRT_Buffer* handle) {
  XS_ARGS(PJRT_Buffer_Device_Args, args);
  args.buffer = handle;
  Check(client.api(), client.api()->PJRT_Buffer_Device(&args));
  return args.device;
}

Buffer* Buffer::From(napi_env env, napi_value v) {
  void* data = nullptr;
  napi_valuetype type;
  if (v == nullptr || napi_typeof(env, v, &type) != napi_ok || type != napi_object) return nullptr;
  if (napi_unwrap(env, v, &data) != napi_ok || !Memory().Owns(data)) return nullptr;
  return static_cast<Buffer*>(data);
}

napi_value Buffer::Wrap(napi_env env, std::unique_ptr<Buffer> buffer) {
  napi_value cls, object;
  EnvState* state = EnvState::Get(env);
  Napi(napi_get_reference_value(env, state->buffer_class, &cls));
  int64_t elements = buffer->bytes, held = elements + kObjectBytes;
  being_wrapped = std::move(buffer);
  napi_status status = napi_new_instance(env, cls, 0, nullptr, &object);
  being_wrapped.reset();
  Napi(status);
  state->TellSize(held);
  state->Hold(elements);
  return object;
}

BufferSelf::BufferSelf(napi_env env, napi_callback_info info, const char* what) {
  napi_value self;
  Napi(napi_get_cb_info(env, info, &argc, argv, &self, nullptr));
  buffer = Buffer::From(env, self);
  if (buffer == nullptr) Fail(Kind::kArgument, std::string("Buffer.") + what + ": called on something that is no Buffer");
}

napi_value Buffer::Define(napi_env env) {
  auto method = [](const char* name, napi_callback f) { return napi_property_descriptor{name, nullptr, f, nullptr, nullptr, nullptr, napi_default_method, nullptr}; };
  auto getter = [](const char* name, napi_callback f) { return napi_property_descriptor{name, nullptr, nullptr, f, nullptr, nullptr, napi_configurable, nullptr}; };
  napi_property_descriptor properties[] = {
      method("toHostSync", BufferToHostSync), method("toHost", BufferToHost), method("ready", Ready), method("blockUntilReady", BlockUntilReady),
      method("isReady", IsReady), method("isDeleted", IsDeleted), method("delete", DeleteMethod), method("copyToDeviceIndex", BufferCopyToDevice),
      method("copyToMemoryIndex", BufferCopyToMemory), method("unsafePointer", UnsafePointer), getter("dtype", Dtype), getter("dims", GetDims),
      getter("clientId", ClientId), getter("deviceIndex", DeviceIndex), getter("memoryIndex", MemoryIndex), getter("nbytes", NBytes),
      getter("onDeviceSize", OnDeviceSize)};
  napi_value cls;
  Napi(napi_define_class(env, "Buffer", NAPI_AUTO_LENGTH, Construct, nullptr, sizeof(properties) / sizeof(properties[0]), properties, &cls));
  Napi(napi_create_reference(env, cls, 1, &EnvState::Get(env)->buffer_class));
  return cls;
}

}  // namespace xs
