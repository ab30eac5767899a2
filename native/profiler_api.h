// The interface of a plugin's profiler: an extension of the PJRT API (type 1) that points to a table of functions of its own, as
// xla/backends/profiler/plugin/profiler_c_api.h has it, version 1.
#pragma once
#include <cstddef>
#include <cstdint>

#include "pjrt_c_api.h"

namespace xs::profiler {

struct Profiler;
struct Failure;

struct FailureDestroyArgs {
  size_t struct_size;
  void* priv;
  Failure* error;
};

struct FailureMessageArgs {
  size_t struct_size;
  void* priv;
  const Failure* error;
  const char* message;  // out; lives as long as the error
  size_t message_size;  // out
};

struct FailureCodeArgs {
  size_t struct_size;
  void* priv;
  const Failure* error;
  int code;  // out
};
constexpr size_t kFailureCodeArgsSize = offsetof(FailureCodeArgs, code) + sizeof(int);

struct CreateArgs {
  size_t struct_size;
  const char* options;  // a serialized tensorflow.ProfileOptions
  size_t options_size;
  Profiler* profiler;  // out
};

// Of destroy, start and stop.
struct ProfilerArgs {
  size_t struct_size;
  Profiler* profiler;
};

struct CollectArgs {
  size_t struct_size;
  Profiler* profiler;
  uint8_t* buffer;             // in and out: null at first, then the profiler's own memory, or still null if it wants ours
  size_t buffer_size;          // out
};

struct Api {
  size_t struct_size;
  void* priv;
  void (*error_destroy)(FailureDestroyArgs*);
  void (*error_message)(FailureMessageArgs*);
  Failure* (*error_get_code)(FailureCodeArgs*);
  Failure* (*create)(CreateArgs*);
  Failure* (*destroy)(ProfilerArgs*);
  Failure* (*start)(ProfilerArgs*);
  Failure* (*stop)(ProfilerArgs*);
  Failure* (*collect_data)(CollectArgs*);
};

struct Extension {
  PJRT_Extension_Base base;
  const Api* api;
};

}  // namespace xs::profiler
