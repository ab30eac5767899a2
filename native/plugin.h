// A PJRT plugin: a shared library with GetPjrtApi. Loaded once a process and never unloaded.
#pragma once
#include <cstddef>
#include <string>

#include "error.h"
#include "pjrt_c_api.h"

namespace xs {

struct Plugin {
  std::string path;
  const PJRT_Api* api;

  static Plugin* Load(const std::string& path);
  // Begins to load a plugin's library on a thread of its own: relocations and initialisers of a quarter of a gigabyte take as long as reading our code. Neither
  // sets the process up for it nor calls it. What cannot be loaded is nothing here: `Load` says why.
  static void LoadAhead(const std::string& path);
  // Waits for that. As long as it runs nobody may change the environment, which initialisers read.
  static void FinishAhead();
};

// Whether this plugin has a function of the API.
#define XS_HAS(api, name) (offsetof(PJRT_Api, name) + sizeof(void*) <= (api)->struct_size && (api)->name != nullptr)

// The function, or an error that says that the plugin does not have it.
#define XS_FN(api, name)                                                                                 \
  (XS_HAS(api, name) ? (api)->name                                                                       \
       : throw ::xs::Error{::xs::Kind::kXla, #name ": the plugin does not have this function", "UNIMPLEMENTED"})

// Declares a zeroed argument struct of the right size.
#define XS_ARGS(type, var) \
  type var{};              \
  var.struct_size = type##_STRUCT_SIZE

}  // namespace xs
