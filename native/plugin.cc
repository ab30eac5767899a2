#include "plugin.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <map>
#include <mutex>

namespace xs {

Plugin* Plugin::Load(const std::string& given) {
  static std::mutex mutex;
  static auto* loaded = new std::map<std::string, Plugin*>;
  std::lock_guard<std::mutex> lock(mutex);
  char* real = realpath(given.c_str(), nullptr);
  if (real == nullptr) Fail(Kind::kPlugin, "plugin '" + given + "' does not exist");
  std::string path(real);
  free(real);
  auto known = loaded->find(path);
  if (known != loaded->end()) return known->second;
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) Fail(Kind::kPlugin, "plugin '" + path + "' is not a file");
  // Read by XLA when it is loaded; workers' process.env does not reach the C environment.
  setenv("TF_CPP_MIN_LOG_LEVEL", "2", 0);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    Fail(Kind::kPlugin, "plugin '" + path + "' cannot be loaded: " + (why ? why : "no reason given"));
  }
  auto get = reinterpret_cast<const PJRT_Api* (*)()>(dlsym(library, "GetPjrtApi"));
  if (get == nullptr) Fail(Kind::kPlugin, "'" + path + "' is a library but no PJRT plugin: it does not export GetPjrtApi");
  const PJRT_Api* api = get();
  if (api == nullptr || api->struct_size < offsetof(PJRT_Api, PJRT_Error_Destroy)) Fail(Kind::kPlugin, "plugin '" + path + "' returned no usable PJRT API");
  if (api->pjrt_api_version.major_version != PJRT_API_MAJOR) {
    Fail(Kind::kPlugin, "plugin '" + path + "' speaks PJRT " + std::to_string(api->pjrt_api_version.major_version) + ".x, expected " + std::to_string(PJRT_API_MAJOR) + ".x");
  }
  XS_ARGS(PJRT_Plugin_Initialize_Args, init);
  Check(api, XS_FN(api, PJRT_Plugin_Initialize)(&init));
  auto* plugin = new Plugin{path, api};
  loaded->emplace(path, plugin);
  return plugin;
}

}  // namespace xs
