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

// An id is made of the number of the buffer's memory and of the low bits of its serial: both fit into the 53 bits of a JS number.
constexpr int kNumberBits = 25, kSerialBits = 53 - kNumberBits;
constexpr uint64_t kNumberMask = (uint64_t{1} << kNumberBits) - 1, kSerialMask = (uint64_t{1} << kSerialBits) - 1;
static_assert(Slots<sizeof(Buffer)>::kMost <= kNumberMask, "numbers of buffers fit into ids");

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
  DestroyBuffer(api(), handle);
  handle = nullptr;
  client->Account(-bytes, -1);
}

void Buffer::Delete(napi_env env) {
  if (PJRT_Buffer* gone = Detach(env)) DestroyBuffer(api(), gone);
}

PJRT_Buffer* Buffer::Detach(napi_env env) {
  if (handle == nullptr) return nullptr;
  PJRT_Buffer* gone = handle;
  handle = nullptr;
  client->Account(-bytes, -1);
  EnvState* state = EnvState::Get(env);
  state->LetGo(bytes);
  state->TellSize(-HostSize());
  return gone;
}

void Buffer::Replace(napi_env env, PJRT_Buffer* other) {
  run.reset();
  ready = false;
  if (handle != nullptr) {
    DestroyBuffer(api(), handle);
    handle = other;
    return;
  }
  handle = other;
  client->Account(bytes, 1);
  EnvState* state = EnvState::Get(env);
  state->Hold(bytes, client->most_garbage);
  state->TellSize(HostSize());
}

void Buffer::Finalize(node_api_basic_env, void* data, void* state) {
  auto* b = static_cast<Buffer*>(data);
  const int64_t told = kObjectBytes + (b->handle ? b->HostSize() : 0);
  if (b->handle) static_cast<EnvState*>(state)->LetGo(b->bytes);
  delete b;
  static_cast<EnvState*>(state)->TellSize(-told);
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

Buffer* Buffer::At(const EnvState* state, double id) {
  if (!(id >= 0 && id < 9007199254740992.0)) return nullptr;
  const auto bits = static_cast<uint64_t>(id);
  auto* b = static_cast<Buffer*>(Memory().At(bits & kNumberMask));
  if (b == nullptr) return nullptr;
  const uint64_t serial = b->serial.load(std::memory_order_acquire);
  return serial != 0 && (serial & kSerialMask) == bits >> kNumberBits && b->owner == state ? b : nullptr;
}

double Buffer::Give(EnvState* state, napi_value object, std::unique_ptr<Buffer> buffer) {
  Napi(napi_add_finalizer(state->env, object, buffer.get(), Finalize, state, nullptr));
  Buffer* b = buffer.release();
  b->owner = state;
  state->TellSize(b->HostSize() + kObjectBytes);
  state->Hold(b->bytes, b->client->most_garbage);
  return static_cast<double>((b->serial.load(std::memory_order_relaxed) & kSerialMask) << kNumberBits | Memory().NumberOf(b));
}

BufferSelf::BufferSelf(napi_env env, napi_callback_info info, const char* what) : Args(env, info, kOwn) {
  double id = -1;
  napi_get_value_double(env, values[0], &id);
  buffer = Buffer::At(state, id);
  if (buffer == nullptr) Fail(Kind::kArgument, std::string("Buffer.") + what + ": called on something that is no Buffer");
}

void Buffer::Define(napi_env env, napi_value exports) {
  napi_value functions;
  Napi(napi_create_object(env, &functions));
  auto add = [&](const char* name, napi_callback f) { AddFunction(env, functions, name, f); };
  add("toHostSync", BufferToHostSync);
  add("toHost", BufferToHost);
  add("ready", Ready);
  add("blockUntilReady", BlockUntilReady);
  add("isReady", IsReady);
  add("isDeleted", IsDeleted);
  add("delete", DeleteMethod);
  add("copyToDevice", BufferCopyToDevice);
  add("copyToMemory", BufferCopyToMemory);
  add("unsafePointer", UnsafePointer);
  add("dtype", Dtype);
  add("dims", GetDims);
  add("clientId", ClientId);
  add("deviceIndex", DeviceIndex);
  add("memoryIndex", MemoryIndex);
  add("nbytes", NBytes);
  add("onDeviceSize", OnDeviceSize);
  Set(env, exports, "buffer", functions);
}

// (how many): a Float64Array, which is used from now on
napi_value MakeIds(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 1);
    const int64_t n = ReadInt(env, args[0], "makeIds");
    void* data;
    napi_value memory, ids;
    napi_ref held;
    Napi(napi_create_arraybuffer(env, static_cast<size_t>(n) * sizeof(double), &data, &memory));
    Napi(napi_create_typedarray(env, napi_float64_array, static_cast<size_t>(n), memory, 0, &ids));
    Napi(napi_create_reference(env, memory, 1, &held));
    if (args.state->ids_buffer != nullptr) napi_delete_reference(env, args.state->ids_buffer);
    args.state->ids_buffer = held;
    args.state->ids = static_cast<double*>(data);
    args.state->ids_size = static_cast<size_t>(n);
    return ids;
  });
}

}  // namespace xs
