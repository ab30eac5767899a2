// The part of XLA's foreign-function interface (xla/ffi/api/c_api.h, versions 0.1 to 0.4) that our handlers need: layouts that are the same in all of them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "client.h"
#include "pjrt_c_api.h"

namespace xs::ffi {

struct Error;
struct Future;
struct Context;

struct Extension {
  size_t struct_size;
  int32_t type;
  Extension* next;
};

struct Version {
  size_t struct_size;
  Extension* extensions;
  int32_t major, minor;
};

struct Metadata {
  size_t struct_size;
  Version version;
  uint32_t traits;
};

// With it a handler is asked about itself, not called.
constexpr int32_t kMetadataExtension = 1;
struct MetadataExtension {
  Extension base;
  Metadata* metadata;
};

struct ErrorCreateArgs {
  size_t struct_size;
  Extension* extensions;
  const char* message;
  int32_t code;
};

struct FutureArgs {
  size_t struct_size;
  Extension* extensions;
  Future* future;
};

struct FutureErrorArgs {
  size_t struct_size;
  Extension* extensions;
  Future* future;
  Error* error;
};

struct RunIdArgs {
  size_t struct_size;
  Extension* extensions;
  Context* context;
  int64_t run_id;
};

struct StreamArgs {
  size_t struct_size;
  Extension* extensions;
  Context* context;
  void* stream;  // out: a CUstream on CUDA
};

// Work for one of the threads that run the program.
struct ScheduleArgs {
  size_t struct_size;
  Extension* extensions;
  Context* context;
  void (*task)(void* data);
  void* data;
};

struct NumThreadsArgs {
  size_t struct_size;
  Extension* extensions;
  Context* context;
  int64_t* num_threads;  // out
};

struct Api {
  size_t struct_size;
  Extension* extensions;
  Version version;
  const void* internal;
  Error* (*error_create)(ErrorCreateArgs*);
  const void* unused_before[3];  // from Error_GetMessage to Handler_Register
  Error* (*stream_get)(StreamArgs*);
  const void* unused_after[6];  // from Type_Register to DeviceMemory_Free
  Error* (*thread_pool_schedule)(ScheduleArgs*);
  Error* (*thread_pool_num_threads)(NumThreadsArgs*);
  Error* (*future_create)(FutureArgs*);
  Error* (*future_set_available)(FutureArgs*);
  Error* (*future_set_error)(FutureErrorArgs*);
  Error* (*run_id_get)(RunIdArgs*);
};
static_assert(offsetof(Api, error_create) == 48 && offsetof(Api, stream_get) == 80 && offsetof(Api, thread_pool_schedule) == 136 && offsetof(Api, future_create) == 152 && offsetof(Api, run_id_get) == 176, "layout of XLA_FFI_Api");

struct Buffer {
  size_t struct_size;
  Extension* extensions;
  int32_t dtype;
  void* data;
  int64_t rank;
  int64_t* dims;
};

struct Operands {
  size_t struct_size;
  Extension* extensions;
  int64_t size;
  int32_t* types;
  void** values;
};

struct Bytes {
  const char* data;
  size_t size;
};

constexpr int32_t kArrayAttribute = 1;
struct List {
  int32_t dtype;
  size_t size;
  void* data;
};

constexpr int32_t kScalarAttribute = 3;
struct Scalar {
  int32_t dtype;
  void* value;
};

struct Attributes {
  size_t struct_size;
  Extension* extensions;
  int64_t size;
  int32_t* types;
  Bytes** names;
  void** values;
};

constexpr int32_t kExecuteStage = 3;
struct CallFrame {
  size_t struct_size;
  Extension* extensions;
  const Api* api;
  Context* context;
  int32_t stage;
  Operands args;
  Operands results;
  Attributes attributes;
  Future* future;
};
static_assert(offsetof(CallFrame, args) == 40 && offsetof(CallFrame, attributes) == 120 && offsetof(CallFrame, future) == 168, "layout of XLA_FFI_CallFrame");

// Its value is Bytes.
constexpr int32_t kStringAttribute = 4;

constexpr int32_t kS32 = 4;
constexpr int32_t kS64 = 5;
constexpr int32_t kF32 = 11;
constexpr int32_t kF64 = 12;
constexpr int32_t kC64 = 15;
constexpr int32_t kC128 = 18;
constexpr int kInvalidArgument = 3;
constexpr int kResourceExhausted = 8;
constexpr int kInternal = 13;

// Bits of an element by XLA_FFI_DataType, which has other numbers than PJRT's types; 0: none that has elements.
inline int64_t BitsOf(int32_t dtype) {
  switch (dtype) {
    case 30: case 31: return 1;                              // s1 u1
    case 26: case 27: return 2;                              // s2 u2
    case 21: case 22: case 32: return 4;                     // s4 u4 f4
    case 1: case 2: case 6: return 8;                        // pred s8 u8
    case 19: case 20: case 23: case 24: case 25: case 28: case 29: case 33: return 8;  // f8 kinds
    case 3: case 7: case 10: case 16: return 16;             // s16 u16 f16 bf16
    case 4: case 8: case 11: return 32;                      // s32 u32 f32
    case 5: case 9: case 12: case 15: return 64;             // s64 u64 f64 c64
    case 18: return 128;                                     // c128
    default: return 0;
  }
}

inline int64_t ElementsOf(const Buffer& b) {
  int64_t n = 1;
  for (int64_t i = 0; i < b.rank; i++) n *= b.dims[i];
  return n;
}

// PJRT's extension of number 5, by which handlers are registered.
constexpr int kPjrtExtension = 5;
struct RegisterArgs {
  size_t struct_size;
  const char* target;
  size_t target_size;
  void* handler;
  const char* platform;
  size_t platform_size;
  uint32_t traits;
};
constexpr size_t kRegisterArgsSize = offsetof(RegisterArgs, traits) + sizeof(uint32_t);
struct PjrtExtension {
  PJRT_Extension_Base base;
  const void* type_register;
  const void* user_data_add;
  PJRT_Error* (*register_handler)(RegisterArgs*);
};

using Handler = Error* (*)(CallFrame*);

Error* Failure(const Api* api, const std::string& message, int code = kInternal);

// Whether the handler is to do its work now; else it was asked about itself, and is done.
bool IsCall(CallFrame* frame);

// An attribute of a call; null where it has none of that name and kind.
const void* FindAttribute(const Attributes& attributes, const char* name, int32_t kind);

// Makes a handler known to a client's plugin, once; false where the plugin takes none.
bool RegisterHandler(Client* client, const char* target, Handler handler);

}  // namespace xs::ffi
