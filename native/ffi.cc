#include "ffi.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <set>

namespace xs::ffi {

Error* Failure(const Api* api, const std::string& message, int code) {
  ErrorCreateArgs args{offsetof(ErrorCreateArgs, code) + sizeof(int32_t), nullptr, message.c_str(), code};
  return api->error_create(&args);
}

bool IsCall(CallFrame* frame) {
  if (frame->extensions != nullptr && frame->extensions->type == kMetadataExtension) {
    // A version that the plugin does not know, it takes for no handler at all: so it is told its own.
    Version& version = reinterpret_cast<MetadataExtension*>(frame->extensions)->metadata->version;
    version.major = frame->api->version.major;
    version.minor = std::min(frame->api->version.minor, 3);
    return false;
  }
  return frame->stage == kExecuteStage;
}

const void* FindAttribute(const Attributes& attributes, const char* name, int32_t kind) {
  const size_t size = std::strlen(name);
  for (int64_t i = 0; i < attributes.size; i++) {
    const Bytes* n = attributes.names[i];
    if (n->size == size && std::memcmp(n->data, name, size) == 0 && attributes.types[i] == kind) return attributes.values[i];
  }
  return nullptr;
}

bool RegisterHandler(Client* client, const char* target, Handler handler) {
  static auto* mutex = new std::mutex;
  static auto* known = new std::set<std::pair<Plugin*, std::string>>;
  std::lock_guard<std::mutex> lock(*mutex);
  if (known->count({client->plugin, target})) return true;
  const PjrtExtension* extension = nullptr;
  for (auto* e = client->api()->extension_start; e != nullptr; e = e->next) {
    if (static_cast<int>(e->type) == kPjrtExtension && e->struct_size >= sizeof(PjrtExtension)) extension = reinterpret_cast<const PjrtExtension*>(e);
  }
  if (extension == nullptr || extension->register_handler == nullptr) return false;
  const char* platform = client->platform_name == "cpu" ? "Host" : "CUDA";
  RegisterArgs args{kRegisterArgsSize, target, std::strlen(target), reinterpret_cast<void*>(handler), platform, std::strlen(platform), 0};
  Check(client->api(), extension->register_handler(&args));
  known->emplace(client->plugin, target);
  return true;
}

}  // namespace xs::ffi
