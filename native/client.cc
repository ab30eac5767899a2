#include "client.h"

#ifdef __linux__
#include <dirent.h>
#include <sched.h>
#endif

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>

namespace xs {

namespace {

std::atomic<int64_t> last_id{0};

std::string KeyOf(const Plugin* plugin, const std::vector<Option>& options) {
  std::string key = plugin->path;
  for (const Option& o : options) {
    key += "\n" + o.name + "=" + o.text + std::to_string(o.integer) + std::to_string(o.real) + (o.flag ? "t" : "f");
    for (int64_t x : o.list) key += "," + std::to_string(x);
  }
  return key;
}

std::vector<PJRT_NamedValue> NamedValues(const std::vector<Option>& options) {
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
  return values;
}

// XLA's threads for the parts of one operation look for work for a millisecond after each part. One that is woken for nothing would take the core from the thread
// that runs the program, as long as its time slice lasts: as batch threads they wait for a core that is free. Their share of the time stays the same.
void LetPoolsWait() {
#ifdef __linux__
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return;
  while (const dirent* entry = readdir(tasks)) {
    const int id = std::atoi(entry->d_name);
    if (id <= 0) continue;
    char name[32] = {};
    std::ifstream("/proc/self/task/" + std::string(entry->d_name) + "/comm").getline(name, sizeof(name));
    const sched_param none{};
    if (std::strncmp(name, "tf_XLAEigen", 11) == 0 && sched_getscheduler(id) == SCHED_OTHER) sched_setscheduler(id, SCHED_BATCH, &none);
  }
  closedir(tasks);
#endif
}

}  // namespace

Client::Client(Plugin* p, PJRT_Client* h) : plugin(p), handle(h), id(++last_id) {
  XS_ARGS(PJRT_Client_Devices_Args, all);
  all.client = handle;
  Check(api(), api()->PJRT_Client_Devices(&all));
  devices.assign(all.devices, all.devices + all.num_devices);
  XS_ARGS(PJRT_Client_AddressableDevices_Args, here);
  here.client = handle;
  Check(api(), api()->PJRT_Client_AddressableDevices(&here));
  addressable.assign(here.addressable_devices, here.addressable_devices + here.num_addressable_devices);
  if (addressable.empty()) Fail(Kind::kPlugin, "createClient: the platform has no device that this process can use");
  XS_ARGS(PJRT_Client_AddressableMemories_Args, list);
  list.client = handle;
  Error ignored;
  if (!TakeError(api(), XS_FN(api(), PJRT_Client_AddressableMemories)(&list), &ignored)) {
    memories.assign(list.addressable_memories, list.addressable_memories + list.num_addressable_memories);
  }
  XS_ARGS(PJRT_Client_PlatformName_Args, name);
  name.client = handle;
  Check(api(), api()->PJRT_Client_PlatformName(&name));
  platform_name.assign(name.platform_name, name.platform_name_size);
  XS_ARGS(PJRT_Client_PlatformVersion_Args, version);
  version.client = handle;
  Check(api(), api()->PJRT_Client_PlatformVersion(&version));
  platform_version.assign(version.platform_version, version.platform_version_size);
  row_major_host_layout = platform_name != "cpu";
  on_host = platform_name == "cpu";
  if (on_host) return;
  XS_ARGS(PJRT_Device_MemoryStats_Args, stats);
  stats.device = addressable[0];
  const bool known = XS_HAS(api(), PJRT_Device_MemoryStats) && !TakeError(api(), api()->PJRT_Device_MemoryStats(&stats), &ignored);
  if (known && stats.bytes_limit_is_set) most_garbage = std::max(kLeastGarbage, stats.bytes_limit / 64);
}

Client::~Client() {
  // XLA's pools must not go under running work. What does not end keeps its client.
  if (!work_->WaitUntil(std::chrono::steady_clock::now() + std::chrono::seconds(2))) return;
  Sweep();
  XS_ARGS(PJRT_Client_Destroy_Args, args);
  args.client = handle;
  Error ignored;
  TakeError(api(), api()->PJRT_Client_Destroy(&args), &ignored);
}

std::shared_ptr<Client> Client::Get(Plugin* plugin, const std::vector<Option>& options, int64_t instance) {
  static auto* mutex = new std::mutex;
  static auto* known = new std::map<std::string, std::weak_ptr<Client>>;
  std::string key = KeyOf(plugin, options) + "#" + std::to_string(instance);
  std::lock_guard<std::mutex> lock(*mutex);
  if (std::shared_ptr<Client> found = (*known)[key].lock()) return found;
  RefuseWhenClosing();
  std::vector<PJRT_NamedValue> values = NamedValues(options);
  XS_ARGS(PJRT_Client_Create_Args, create);
  create.create_options = values.data();
  create.num_options = values.size();
  Check(plugin->api, plugin->api->PJRT_Client_Create(&create));
  auto client = std::make_shared<Client>(plugin, create.client);
  if (client->platform_name == "cpu") LetPoolsWait();
  DrainAtExit();
  (*known)[key] = client;
  return client;
}

void DestroyBuffer(const PJRT_Api* api, PJRT_Buffer* buffer) {
  XS_ARGS(PJRT_Buffer_Destroy_Args, args);
  args.buffer = buffer;
  Error ignored;
  TakeError(api, api->PJRT_Buffer_Destroy(&args), &ignored);
}

Client::Work Client::Poll(PJRT_Event* event) {
  if (event == nullptr) return Work::kFailed;
  XS_ARGS(PJRT_Event_IsReady_Args, args);
  args.event = event;
  Error ignored;
  if (TakeError(api(), api()->PJRT_Event_IsReady(&args), &ignored) || !args.is_ready) return Work::kRuns;
  XS_ARGS(PJRT_Event_Await_Args, await);
  await.event = event;
  const bool failed = TakeError(api(), api()->PJRT_Event_Await(&await), &ignored);
  DestroyEvent(api(), event);
  return failed ? Work::kFailed : Work::kOver;
}

void Client::Bury(std::vector<PJRT_Buffer*> buffers, std::shared_ptr<std::atomic<size_t>> running) {
  Sweep();
  std::lock_guard<std::mutex> lock(buried_mutex_);
  buried_.push_back({std::move(buffers), std::move(running)});
}

void Client::Sweep() {
  while (true) {
    std::vector<PJRT_Buffer*> buffers;
    {
      std::lock_guard<std::mutex> lock(buried_mutex_);
      if (buried_.empty() || buried_.front().running->load(std::memory_order_acquire) > 0) return;
      buffers = std::move(buried_.front().buffers);
      buried_.pop_front();
    }
    for (PJRT_Buffer* b : buffers) DestroyBuffer(api(), b);
  }
}

void Client::Track(PJRT_Event* event, std::function<void(const Error*)> done) {
  if (event == nullptr) return done(nullptr);
  WorkCount::All().Begin();
  work_->Begin();
  uint64_t total = WorkCount::All().Total();
  if ((total & (total - 1)) == 0) DrainAtExit();
  OnReady(api(), event, [work = work_, done = std::move(done)](const Error* e) {
    done(e);
    work->End();
    WorkCount::All().End();
  });
}

void Client::Account(int64_t bytes, int buffers) {
  live_buffers.fetch_add(buffers, std::memory_order_relaxed);
  int64_t now = live_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = peak_bytes.load(std::memory_order_relaxed);
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

PJRT_Device* Client::DeviceAt(const char* what, int64_t index) const {
  if (index < 0 || index >= static_cast<int64_t>(devices.size())) Fail(Kind::kArgument, std::string(what) + ": there is no device " + std::to_string(index));
  for (PJRT_Device* d : addressable) if (d == devices[index]) return d;
  Fail(Kind::kArgument, std::string(what) + ": device " + std::to_string(index) + " belongs to another process");
}

PJRT_Memory* Client::MemoryAt(const char* what, int64_t index) const {
  if (index < 0 || index >= static_cast<int64_t>(memories.size())) Fail(Kind::kArgument, std::string(what) + ": there is no memory " + std::to_string(index));
  return memories[index];
}

}  // namespace xs
