#include "types.h"

#include <cmath>
#include <unordered_map>

#include "error.h"

namespace xs {

namespace {
const DtypeInfo kInfo[] = {
    {nullptr, 0, 0},        {"bool", 1, 8},
    {"int8", 1, 8},         {"int16", 2, 16},
    {"int32", 4, 32},       {"int64", 8, 64},
    {"uint8", 1, 8},        {"uint16", 2, 16},
    {"uint32", 4, 32},      {"uint64", 8, 64},
    {"float16", 2, 16},     {"float32", 4, 32},
    {"float64", 8, 64},     {"bfloat16", 2, 16},
    {"complex64", 8, 64},   {"complex128", 16, 128},
    {"float8_e5m2", 1, 8},  {"float8_e4m3fn", 1, 8},
    {"float8_e4m3b11fnuz", 1, 8}, {"float8_e5m2fnuz", 1, 8},
    {"float8_e4m3fnuz", 1, 8}, {"int4", 1, 4},
    {"uint4", 1, 4},        {nullptr, 0, 0},
    {"int2", 1, 2},         {"uint2", 1, 2},
    {"float8_e4m3", 1, 8},  {"float8_e3m4", 1, 8},
    {"float8_e8m0fnu", 1, 8}, {"float4_e2m1fn", 1, 4},
};
constexpr int kCount = sizeof(kInfo) / sizeof(kInfo[0]);
static_assert(PJRT_Buffer_Type_F4E2M1FN == kCount - 1, "the table follows PJRT_Buffer_Type");
}  // namespace

const DtypeInfo* InfoOf(int type) {
  if (type < 0 || type >= kCount || kInfo[type].name == nullptr) return nullptr;
  return &kInfo[type];
}

PJRT_Buffer_Type TypeOf(const std::string& name) {
  static const auto* table = [] {
    auto* t = new std::unordered_map<std::string, int>;
    for (int i = 0; i < kCount; i++) if (kInfo[i].name) t->emplace(kInfo[i].name, i);
    return t;
  }();
  auto found = table->find(name);
  return static_cast<PJRT_Buffer_Type>(found == table->end() ? 0 : found->second);
}

int64_t ElementCount(const char* what, const Dims& dims) {
  constexpr int64_t kMost = int64_t{1} << 46;
  int64_t n = 1;
  bool empty = false;
  for (int64_t d : dims) {
    if (d < 0) Fail(Kind::kShape, std::string(what) + ": expected dims >= 0, got " + std::to_string(d));
    if (d == 0) empty = true;
    else if (n > kMost / d) Fail(Kind::kShape, std::string(what) + ": the dims have too many elements");
    else n *= d;
  }
  return empty ? 0 : n;
}

std::string TypeText(int type, const Dims& dims) {
  const DtypeInfo* info = InfoOf(type);
  std::string text = info ? info->name : "unknown";
  text += "[";
  for (size_t i = 0; i < dims.size(); i++) text += (i ? "," : "") + std::to_string(dims[i]);
  return text + "]";
}

std::string ReadString(napi_env env, napi_value v, const char* what) {
  size_t n = 0;
  if (v == nullptr || napi_get_value_string_utf8(env, v, nullptr, 0, &n) != napi_ok) Fail(Kind::kArgument, std::string(what) + ": expected a string");
  std::string s(n, '\0');
  napi_get_value_string_utf8(env, v, s.data(), n + 1, &n);
  return s;
}

int64_t ReadInt(napi_env env, napi_value v, const char* what) {
  double x;
  napi_valuetype type;
  if (v == nullptr) Fail(Kind::kArgument, std::string(what) + ": expected an integer");
  if (napi_typeof(env, v, &type) == napi_ok && type == napi_bigint) {
    int64_t n;
    bool lossless;
    napi_get_value_bigint_int64(env, v, &n, &lossless);
    if (!lossless) Fail(Kind::kArgument, std::string(what) + ": the integer does not fit 64 bits");
    return n;
  }
  if (napi_get_value_double(env, v, &x) != napi_ok) Fail(Kind::kArgument, std::string(what) + ": expected an integer");
  if (!(std::fabs(x) <= 9007199254740991.0) || x != std::floor(x)) Fail(Kind::kArgument, std::string(what) + ": expected an integer, got " + std::to_string(x));
  return static_cast<int64_t>(x);
}

bool IsNullish(napi_env env, napi_value v) {
  napi_valuetype type;
  return v == nullptr || napi_typeof(env, v, &type) != napi_ok || type == napi_undefined || type == napi_null;
}

std::vector<int64_t> ReadInts(napi_env env, napi_value v, const char* what) {
  bool is_array = false;
  if (v == nullptr || napi_is_array(env, v, &is_array) != napi_ok || !is_array) Fail(Kind::kArgument, std::string(what) + ": expected an array of integers");
  uint32_t n;
  Napi(napi_get_array_length(env, v, &n));
  std::vector<int64_t> out;
  for (uint32_t i = 0; i < n; i++) {
    napi_value e;
    Napi(napi_get_element(env, v, i, &e));
    out.push_back(ReadInt(env, e, what));
  }
  return out;
}

Dims ReadDims(napi_env env, napi_value v, const char* what) {
  Dims dims = ReadInts(env, v, what);
  if (dims.size() > 64) Fail(Kind::kShape, std::string(what) + ": expected at most 64 dimensions, got " + std::to_string(dims.size()));
  return dims;
}

PJRT_Buffer_Type ReadDtype(napi_env env, napi_value v, const char* what) {
  std::string name = ReadString(env, v, what);
  PJRT_Buffer_Type type = TypeOf(name);
  if (type == PJRT_Buffer_Type_INVALID) Fail(Kind::kDtype, std::string(what) + ": unknown element type '" + name + "'");
  return type;
}

Bytes ReadBytes(napi_env env, napi_value v, const char* what) {
  bool is;
  if (v == nullptr) Fail(Kind::kArgument, std::string(what) + ": expected a TypedArray, DataView or ArrayBuffer");
  void* data = nullptr;
  size_t size = 0;
  if (napi_is_typedarray(env, v, &is) == napi_ok && is) {
    napi_typedarray_type type;
    size_t length, offset;
    napi_value buffer;
    Napi(napi_get_typedarray_info(env, v, &type, &length, &data, &buffer, &offset));
    static const int bytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 2};
    size = length * (static_cast<size_t>(type) < sizeof(bytes) / sizeof(int) ? bytes[type] : 1);
    if (data == nullptr) size = 0;
  } else if (napi_is_dataview(env, v, &is) == napi_ok && is) {
    napi_value buffer;
    size_t offset;
    Napi(napi_get_dataview_info(env, v, &size, &data, &buffer, &offset));
  } else if (napi_is_arraybuffer(env, v, &is) == napi_ok && is) {
    Napi(napi_get_arraybuffer_info(env, v, &data, &size));
  } else {
    Fail(Kind::kArgument, std::string(what) + ": expected a TypedArray, DataView or ArrayBuffer");
  }
  return {static_cast<const uint8_t*>(data), size};
}

napi_value Str(napi_env env, const std::string& s) {
  napi_value v;
  Napi(napi_create_string_utf8(env, s.data(), s.size(), &v));
  return v;
}

napi_value Num(napi_env env, double x) {
  napi_value v;
  Napi(napi_create_double(env, x, &v));
  return v;
}

void Set(napi_env env, napi_value object, const char* key, napi_value value) { Napi(napi_set_named_property(env, object, key, value)); }

napi_value DimsToJs(napi_env env, const int64_t* dims, size_t n) {
  napi_value a;
  Napi(napi_create_array_with_length(env, n, &a));
  for (size_t i = 0; i < n; i++) Napi(napi_set_element(env, a, i, Num(env, static_cast<double>(dims[i]))));
  return a;
}

napi_value AttributesToJs(napi_env env, const PJRT_NamedValue* values, size_t n) {
  napi_value object;
  Napi(napi_create_object(env, &object));
  for (size_t i = 0; i < n; i++) {
    const PJRT_NamedValue& a = values[i];
    napi_value v;
    switch (a.type) {
      case PJRT_NamedValue_kString: v = Str(env, std::string(a.string_value, a.value_size)); break;
      case PJRT_NamedValue_kInt64: v = Num(env, static_cast<double>(a.int64_value)); break;
      case PJRT_NamedValue_kInt64List: v = DimsToJs(env, a.int64_array_value, a.value_size); break;
      case PJRT_NamedValue_kFloat: v = Num(env, a.float_value); break;
      case PJRT_NamedValue_kBool: Napi(napi_get_boolean(env, a.bool_value, &v)); break;
      default: continue;
    }
    Napi(napi_set_property(env, object, Str(env, std::string(a.name, a.name_size)), v));
  }
  return object;
}

}  // namespace xs
