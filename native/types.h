// Element types: PJRT's numbers, our names, sizes; and reading plain JS values.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

#include "pjrt_c_api.h"

namespace xs {

struct DtypeInfo {
  const char* name;
  int host_bytes;   // sub-byte types take a byte an element on the host
  int device_bits;
};

// Null for numbers that are no array element type.
const DtypeInfo* InfoOf(int type);
// PJRT_Buffer_Type_INVALID for unknown names.
PJRT_Buffer_Type TypeOf(const std::string& name);

using Dims = std::vector<int64_t>;

// Product of dims; throws a shape error for negative dims or products beyond what a host can hold.
int64_t ElementCount(const char* what, const Dims& dims);
std::string TypeText(int type, const Dims& dims);

std::string ReadString(napi_env env, napi_value v, const char* what);
int64_t ReadInt(napi_env env, napi_value v, const char* what);
std::vector<int64_t> ReadInts(napi_env env, napi_value v, const char* what);
bool IsNullish(napi_env env, napi_value v);
Dims ReadDims(napi_env env, napi_value v, const char* what);
PJRT_Buffer_Type ReadDtype(napi_env env, napi_value v, const char* what);

// Bytes of a TypedArray, DataView or ArrayBuffer.
struct Bytes {
  const uint8_t* data;
  size_t size;
};
Bytes ReadBytes(napi_env env, napi_value v, const char* what);

napi_value Str(napi_env env, const std::string& s);
napi_value Num(napi_env env, double x);
napi_value DimsToJs(napi_env env, const int64_t* dims, size_t n);
napi_value AttributesToJs(napi_env env, const PJRT_NamedValue* values, size_t n);
void Set(napi_env env, napi_value object, const char* key, napi_value value);

}  // namespace xs
