#include "client.h"

#include <chrono>

namespace xs {

namespace {
std::mutex work_mutex;
std::condition_variable work_done;
int work = 0;
}  // namespace

void Client::WorkBegins() {
  std::lock_guard<std::mutex> lock(work_mutex);
  work++;
}

void Client::WorkEnds() {
  std::lock_guard<std::mutex> lock(work_mutex);
  if (--work == 0) work_done.notify_all();
}

bool Client::DrainAll() {
  std::unique_lock<std::mutex> lock(work_mutex);
  return work_done.wait_for(lock, std::chrono::seconds(2), [] { return work == 0; });
}

void DestroyEvent(const PJRT_Api* api, PJRT_Event* event) {
  XS_ARGS(PJRT_Event_Destroy_Args, args);
  args.event = event;
  Error ignored;
  TakeError(api, api->PJRT_Event_Destroy(&args), &ignored);
}

void Await(const PJRT_Api* api, PJRT_Event* event) {
  if (event == nullptr) return;
  XS_ARGS(PJRT_Event_Await_Args, args);
  args.event = event;
  Error error;
  bool failed = TakeError(api, api->PJRT_Event_Await(&args), &error);
  DestroyEvent(api, event);
  if (failed) throw error;
}

namespace {
struct Waiter {
  const PJRT_Api* api;
  std::function<void(const Error*)> done;
};

void Fired(PJRT_Error* error, void* arg) {
  std::unique_ptr<Waiter> waiter(static_cast<Waiter*>(arg));
  Error e;
  bool failed = TakeError(waiter->api, error, &e);
  waiter->done(failed ? &e : nullptr);
}
}  // namespace

void OnReady(const PJRT_Api* api, PJRT_Event* event, std::function<void(const Error*)> done) {
  XS_ARGS(PJRT_Event_OnReady_Args, args);
  args.event = event;
  args.callback = Fired;
  auto* waiter = new Waiter{api, std::move(done)};
  args.user_arg = waiter;
  Error error;
  bool failed = TakeError(api, XS_FN(api, PJRT_Event_OnReady)(&args), &error);
  DestroyEvent(api, event);
  if (failed) {
    waiter->done(&error);
    delete waiter;
  }
}

void Client::Track(PJRT_Event* event) {
  if (event == nullptr) return;
  XS_ARGS(PJRT_Event_IsReady_Args, args);
  args.event = event;
  Error ignored;
  if (!TakeError(api(), api()->PJRT_Event_IsReady(&args), &ignored) && args.is_ready) {
    DestroyEvent(api(), event);
    return;
  }
  WorkBegins();
  OnReady(api(), event, [](const Error*) { WorkEnds(); });
}

void Client::Account(int64_t bytes) {
  int64_t now = live_bytes += bytes;
  int64_t peak = peak_bytes;
  while (now > peak && !peak_bytes.compare_exchange_weak(peak, now)) {}
}

int Client::IndexOf(PJRT_Device* device) const {
  for (size_t i = 0; i < devices.size(); i++) if (devices[i] == device) return static_cast<int>(i);
  return -1;
}

int Client::IndexOf(PJRT_Memory* memory) const {
  for (size_t i = 0; i < memories.size(); i++) if (memories[i] == memory) return static_cast<int>(i);
  return -1;
}

std::shared_ptr<Client> Client::Get(Plugin* plugin, const std::vector<Option>& options) {
  static std::mutex mutex;
  static auto* known = new std::map<std::string, std::shared_ptr<Client>>;
  std::string key = plugin->path;
  for (const Option& o : options) {
    key += "\n" + o.name + "=" + o.text + std::to_string(o.integer) + std::to_string(o.real) + (o.flag ? "t" : "f");
    for (int64_t x : o.list) key += "," + std::to_string(x);
  }
  std::lock_guard<std::mutex> lock(mutex);
  // Clients live until the process ends: making one costs 0.15 s and tears down thread pools when it goes.
  auto found = known->find(key);
  if (found != known->end()) return found->second;

  std::vector<PJRT_NamedValue> values(options.size());
  for (size_t i = 0; i < options.size(); i++) {
    const Option& o = options[i];
    PJRT_NamedValue& v = values[i];
    v = PJRT_NamedValue{};
    v.struct_size = PJRT_NamedValue_STRUCT_SIZE;
    v.name = o.name.data();
    v.name_size = o.name.size();
    v.type = o.type;
    v.value_size = 1;
    switch (o.type) {
      case PJRT_NamedValue_kString: v.string_value = o.text.data(); v.value_size = o.text.size(); break;
      case PJRT_NamedValue_kInt64: v.int64_value = o.integer; break;
      case PJRT_NamedValue_kInt64List: v.int64_array_value = o.list.data(); v.value_size = o.list.size(); break;
      case PJRT_NamedValue_kFloat: v.float_value = o.real; break;
      case PJRT_NamedValue_kBool: v.bool_value = o.flag; break;
    }
  }
  const PJRT_Api* api = plugin->api;
  XS_ARGS(PJRT_Client_Create_Args, create);
  create.create_options = values.data();
  create.num_options = values.size();
  Check(api, XS_FN(api, PJRT_Client_Create)(&create));
  auto client = std::make_shared<Client>();
  client->plugin = plugin;
  client->handle = create.client;
  XS_ARGS(PJRT_Client_Devices_Args, all);
  all.client = client->handle;
  Check(api, api->PJRT_Client_Devices(&all));
  client->devices.assign(all.devices, all.devices + all.num_devices);
  XS_ARGS(PJRT_Client_AddressableDevices_Args, here);
  here.client = client->handle;
  Check(api, api->PJRT_Client_AddressableDevices(&here));
  client->addressable.assign(here.addressable_devices, here.addressable_devices + here.num_addressable_devices);
  XS_ARGS(PJRT_Client_AddressableMemories_Args, memories);
  memories.client = client->handle;
  Error ignored;
  if (!TakeError(api, XS_FN(api, PJRT_Client_AddressableMemories)(&memories), &ignored)) {
    client->memories.assign(memories.addressable_memories, memories.addressable_memories + memories.num_addressable_memories);
  }
  XS_ARGS(PJRT_Client_PlatformName_Args, name);
  name.client = client->handle;
  Check(api, api->PJRT_Client_PlatformName(&name));
  client->row_major_host_layout = std::string(name.platform_name, name.platform_name_size) != "cpu";
  known->emplace(key, client);
  return client;
}

Client::~Client() {
  if (handle == nullptr) return;
  XS_ARGS(PJRT_Client_Destroy_Args, args);
  args.client = handle;
  Error ignored;
  TakeError(api(), api()->PJRT_Client_Destroy(&args), &ignored);
}

}  // namespace xs
