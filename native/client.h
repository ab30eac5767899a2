// A PJRT client with its devices and memories; one a process for each plugin and set of options, shared by all environments. Whatever is made
// by a client holds it; it is destroyed when the last of them goes.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "event.h"
#include "plugin.h"
#include "turns.h"
#include "types.h"

namespace xs {

struct Option {
  std::string name;
  PJRT_NamedValue_Type type;
  std::string text;
  int64_t integer = 0;
  std::vector<int64_t> list;
  float real = 0;
  bool flag = false;
};

class Client {
 public:
  static std::shared_ptr<Client> Get(Plugin* plugin, const std::vector<Option>& options, int64_t instance);
  Client(Plugin* plugin, PJRT_Client* handle);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  const PJRT_Api* api() const { return plugin->api; }
  int IndexOf(PJRT_Device* device) const;
  int IndexOf(PJRT_Memory* memory) const;
  // Throw for indices that are none, or of another process.
  PJRT_Device* DeviceAt(const char* what, int64_t index) const;
  PJRT_Memory* MemoryAt(const char* what, int64_t index) const;

  Plugin* const plugin;
  PJRT_Client* const handle;
  const int64_t id;                        // another one for every client of the process
  std::string platform_name, platform_version;
  std::vector<PJRT_Device*> devices;       // all of the client's
  std::vector<PJRT_Device*> addressable;   // those of this process
  std::vector<PJRT_Memory*> memories;
  bool row_major_host_layout = false;      // ask for it where device layouts are not row-major by nature
  bool on_host = true;                     // the memory of arrays is the host's
  int64_t most_garbage = kLeastGarbage;    // bytes of arrays that may gather before JS is asked to look for those that nobody holds
  static constexpr int64_t kLeastGarbage = int64_t{512} << 20;

  // Of runs on several devices of the CPU: see RunRaw.
  const std::shared_ptr<Turns> turns = std::make_shared<Turns>();

  // Programs that have callbacks or stand behind such, of all threads.
  std::atomic<int> at_desks{0};

  // Bytes of live buffers.
  std::atomic<int64_t> live_bytes{0}, peak_bytes{0}, live_buffers{0};
  void Account(int64_t bytes, int buffers);

  // How the work of an event stands, which may be null; takes the event over unless it runs.
  enum class Work { kRuns, kOver, kFailed };
  Work Poll(PJRT_Event* event);
  // Counts work until its event fires; takes the event over, which may be null. `done` is called then, and must not call PJRT.
  void Track(PJRT_Event* event, std::function<void(const Error*)> done);

  // Takes over buffers whose memory a program has taken: to destroy one waits for the end of that program, so that it is done when `running` devices
  // have become none, by a later call or with the client.
  void Bury(std::vector<PJRT_Buffer*> buffers, std::shared_ptr<std::atomic<size_t>> running);

 private:
  struct Buried {
    std::vector<PJRT_Buffer*> buffers;
    std::shared_ptr<std::atomic<size_t>> running;
  };
  // Destroys those whose programs are over.
  void Sweep();
  std::mutex buried_mutex_;
  std::deque<Buried> buried_;
  // Outlives the client in the callbacks of its last work.
  const std::shared_ptr<WorkCount> work_ = std::make_shared<WorkCount>();
};

void DestroyBuffer(const PJRT_Api* api, PJRT_Buffer* buffer);

// What JS holds of a client.
struct ClientHandle {
  static constexpr const char* kName = "a client";
  std::shared_ptr<Client> client;
};

// The functions of lib/pjrt/native.ts that make and describe clients and devices.
napi_value LoadPlugin(napi_env env, napi_callback_info info);
napi_value CreateClient(napi_env env, napi_callback_info info);
napi_value Topology(napi_env env, napi_callback_info info);
napi_value DeviceMemoryStats(napi_env env, napi_callback_info info);
napi_value ClientMemory(napi_env env, napi_callback_info info);
napi_value ClientResetPeak(napi_env env, napi_callback_info info);

}  // namespace xs
