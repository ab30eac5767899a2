// Profiles: what the plugin's profiler gives, if it has one, and when programs ran.
#pragma once
#include <node_api.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "executable.h"

namespace xs {

// When programs ran, of all threads of the process, while someone asks for it.
class RunLog {
 public:
  static bool On();
  static int64_t Now();  // nanoseconds of the steady clock, which performance.now() counts, too
  // What is to be called when the work of a program, started at `begin`, is over on one of its devices.
  static std::function<void(const Error*)> Ended(const Executable& e, size_t device, int64_t begin);
};

napi_value ProfilerStart(napi_env env, napi_callback_info info);
napi_value ProfilerStop(napi_env env, napi_callback_info info);

}  // namespace xs
