// A PJRT client with its devices and memories; one a process for each plugin and set of options, shared by all environments.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "plugin.h"
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
  static std::shared_ptr<Client> Get(Plugin* plugin, const std::vector<Option>& options);
  ~Client();

  const PJRT_Api* api() const { return plugin->api; }
  int IndexOf(PJRT_Device* device) const;
  int IndexOf(PJRT_Memory* memory) const;

  Plugin* plugin;
  PJRT_Client* handle = nullptr;
  std::vector<PJRT_Device*> devices;       // all of the client's
  std::vector<PJRT_Device*> addressable;   // those of this process
  std::vector<PJRT_Memory*> memories;
  bool row_major_host_layout = false;      // ask for it where device layouts are not row-major by nature

  // Bytes of live buffers.
  std::atomic<int64_t> live_bytes{0}, peak_bytes{0}, live_buffers{0};
  void Account(int64_t bytes);

  // Work that is still running. Counted so that exit can wait for it.
  static void WorkBegins();
  static void WorkEnds();
  // Waits, for a bounded time, until nothing runs any more; false if something still does.
  static bool DrainAll();

  // Counts an execution until its event fires; takes the event over.
  void Track(PJRT_Event* event);
};

// Waits for an event and destroys it; throws its error.
void Await(const PJRT_Api* api, PJRT_Event* event);
void DestroyEvent(const PJRT_Api* api, PJRT_Event* event);
// Calls `done` with the event's error, if any, from whatever thread fires it; takes the event over.
void OnReady(const PJRT_Api* api, PJRT_Event* event, std::function<void(const Error*)> done);

}  // namespace xs
