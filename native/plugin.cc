#include "plugin.h"

#include <dlfcn.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "library.h"

namespace xs {

namespace {

// Called without asking each time whether the plugin has them; what else we call is asked for by XS_FN.
#define XS_REQUIRED(F)                                                                                                                 \
  F(PJRT_Error_Destroy) F(PJRT_Error_Message) F(PJRT_Error_GetCode) F(PJRT_Plugin_Initialize)                                          \
  F(PJRT_Event_Destroy) F(PJRT_Event_IsReady) F(PJRT_Event_Await) F(PJRT_Event_OnReady)                                                \
  F(PJRT_Client_Create) F(PJRT_Client_Destroy) F(PJRT_Client_PlatformName) F(PJRT_Client_ProcessIndex) F(PJRT_Client_PlatformVersion)  \
  F(PJRT_Client_Devices) F(PJRT_Client_AddressableDevices) F(PJRT_Client_Compile) F(PJRT_Client_BufferFromHostBuffer)                  \
  F(PJRT_DeviceDescription_Id) F(PJRT_DeviceDescription_ProcessIndex) F(PJRT_DeviceDescription_Attributes)                             \
  F(PJRT_DeviceDescription_Kind) F(PJRT_DeviceDescription_DebugString) F(PJRT_DeviceDescription_ToString)                              \
  F(PJRT_Device_GetDescription) F(PJRT_Device_IsAddressable) F(PJRT_Device_LocalHardwareId)                                            \
  F(PJRT_Executable_Destroy) F(PJRT_Executable_Name) F(PJRT_Executable_NumReplicas) F(PJRT_Executable_NumPartitions)                   \
  F(PJRT_Executable_NumOutputs) F(PJRT_Executable_OutputElementTypes) F(PJRT_Executable_OutputDimensions)                              \
  F(PJRT_LoadedExecutable_Destroy) F(PJRT_LoadedExecutable_GetExecutable) F(PJRT_LoadedExecutable_AddressableDevices)                  \
  F(PJRT_LoadedExecutable_Execute)                                                                                                     \
  F(PJRT_Buffer_Destroy) F(PJRT_Buffer_Device) F(PJRT_Buffer_IsDeleted) F(PJRT_Buffer_ReadyEvent) F(PJRT_Buffer_ToHostBuffer)          \
  F(PJRT_Buffer_OnDeviceSizeInBytes)

void RequireFunctions(const PJRT_Api* api, const std::string& path) {
#define XS_REQUIRE(name)                                                                               \
  if (offsetof(PJRT_Api, name) + sizeof(void*) > api->struct_size || api->name == nullptr) {           \
    Fail(Kind::kPlugin, "plugin '" + path + "' does not have " #name ", without which it is no use");  \
  }
  XS_REQUIRED(XS_REQUIRE)
#undef XS_REQUIRE
}

// XLA on the CPU takes all memory from malloc, and each call takes and frees the same sizes. With glibc's defaults, pages of large temporaries are new in
// each call (a quarter of the time of a recurrent net's gradients), and each freed result makes it tidy its fastbins (a fifth of a small call).
// Who sets the allocator up, by its own variables, is left alone. docs/performance.md has the measurements.
void SetUpAllocator() {
#ifdef __GLIBC__
  const char* ours = getenv("XLASTATE_MALLOC");
  if (ours != nullptr && std::string(ours) == "0") return;
  for (const char* name : {"GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_"}) {
    if (getenv(name) != nullptr) return;
  }
  mallopt(M_MXFAST, 0);
  mallopt(M_MMAP_THRESHOLD, 128 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

// Read by XLA when it is loaded; workers' process.env does not reach the C environment.
constexpr char kLogLevel[] = "TF_CPP_MIN_LOG_LEVEL";
void QuietLog() { setenv(kLogLevel, "2", 0); }

// The thread that loads a library ahead, if any did; only the first plugin of a process is worth it.
struct Ahead {
  std::mutex mutex;
  bool is_late = false;
  bool is_quiet = false;
  std::thread thread;
  static Ahead& Get() {
    static auto* ahead = new Ahead;
    return *ahead;
  }
};

}  // namespace

void Plugin::LoadAhead(const std::string& path) {
  Ahead& ahead = Ahead::Get();
  std::lock_guard<std::mutex> lock(ahead.mutex);
  if (ahead.is_late) return;
  ahead.is_late = true;
  ahead.is_quiet = getenv(kLogLevel) == nullptr;
  QuietLog();
  try {
    ahead.thread = std::thread([path] {
      try {
        OpenLibrary("plugin", path);
      } catch (const Error&) {
        // `Load` tells of it.
      }
    });
  } catch (const std::system_error&) {
    // No thread to be had: `Load` does all of it.
  }
}

void Plugin::FinishAhead() {
  Ahead& ahead = Ahead::Get();
  std::lock_guard<std::mutex> lock(ahead.mutex);
  if (ahead.thread.joinable()) ahead.thread.join();
  // Who only imports the library finds the environment as it was, and so do the processes that it starts.
  if (ahead.is_quiet) unsetenv(kLogLevel);
  ahead.is_quiet = false;
}

Plugin* Plugin::Load(const std::string& given) {
  static std::mutex mutex;
  static auto* loaded = new std::map<std::string, Plugin*>;
  std::lock_guard<std::mutex> lock(mutex);
  {
    Ahead& ahead = Ahead::Get();
    std::lock_guard<std::mutex> no_more(ahead.mutex);
    ahead.is_late = true;
  }
  char* real = realpath(given.c_str(), nullptr);
  if (real == nullptr) Fail(Kind::kPlugin, "plugin '" + given + "' does not exist");
  std::string path(real);
  free(real);
  auto known = loaded->find(path);
  if (known != loaded->end()) return known->second;
  QuietLog();
  if (loaded->empty()) SetUpAllocator();
  void* library = OpenLibrary("plugin", path);
  auto get = reinterpret_cast<const PJRT_Api* (*)()>(dlsym(library, "GetPjrtApi"));
  if (get == nullptr) Fail(Kind::kPlugin, "'" + path + "' is a library but no PJRT plugin: it does not export GetPjrtApi");
  const PJRT_Api* api = get();
  if (api == nullptr || api->struct_size < offsetof(PJRT_Api, PJRT_Error_Destroy) || api->pjrt_api_version.struct_size < PJRT_Api_Version_STRUCT_SIZE) Fail(Kind::kPlugin, "plugin '" + path + "' returned no usable PJRT API");
  if (api->pjrt_api_version.major_version != PJRT_API_MAJOR) {
    Fail(Kind::kPlugin, "plugin '" + path + "' speaks PJRT " + std::to_string(api->pjrt_api_version.major_version) + ".x, expected " + std::to_string(PJRT_API_MAJOR) + ".x");
  }
  RequireFunctions(api, path);
  XS_ARGS(PJRT_Plugin_Initialize_Args, init);
  Error e;
  if (TakeError(api, api->PJRT_Plugin_Initialize(&init), &e)) Fail(Kind::kPlugin, "plugin '" + path + "' cannot be initialized: " + e.message);
  auto* plugin = new Plugin{path, api};
  loaded->emplace(path, plugin);
  return plugin;
}

}  // namespace xs
