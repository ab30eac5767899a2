#include "hlo.h"

namespace xs {

namespace {

// Walks the fields of a protocol buffer message.
class Fields {
 public:
  Fields(const char* data, size_t size) : at_(reinterpret_cast<const uint8_t*>(data)), end_(at_ + size) {}

  int field = 0;
  uint64_t number = 0;            // of a varint
  const char* block = nullptr;    // of a length-delimited field, else null
  size_t block_size = 0;

  // False at the end, and at the first thing that is no message: then `ok` is false.
  bool Next() {
    uint64_t tag;
    if (at_ == end_ || !ok) return false;
    if (!Varint(&tag)) return ok = false;
    field = static_cast<int>(tag >> 3);
    block = nullptr;
    switch (tag & 7) {
      case 0: return ok = Varint(&number);
      case 1: return ok = Skip(8);
      case 2: {
        uint64_t n;
        if (!Varint(&n)) return ok = false;
        block = reinterpret_cast<const char*>(at_);
        block_size = n;
        return ok = Skip(n);
      }
      case 5: return ok = Skip(4);
      default: return ok = false;
    }
  }
  bool ok = true;

  bool Varint(uint64_t* out) {
    *out = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      uint8_t b = *at_++;
      *out |= static_cast<uint64_t>(b & 127) << shift;
      if (b < 128) return true;
    }
    return false;
  }
  bool AtEnd() const { return at_ == end_; }

 private:
  bool Skip(uint64_t n) {
    if (n > static_cast<uint64_t>(end_ - at_)) return false;
    at_ += n;
    return true;
  }
  const uint8_t* at_;
  const uint8_t* end_;
};

// XLA's PrimitiveType numbers are not PJRT's.
PJRT_Buffer_Type FromPrimitive(uint64_t type) {
  static const char* names[] = {nullptr, "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64",
                                nullptr, nullptr, "complex64", "bfloat16", nullptr, "complex128", "float8_e5m2", "float8_e4m3fn", "int4", "uint4",
                                "float8_e4m3b11fnuz", "float8_e5m2fnuz", "float8_e4m3fnuz", "int2", "uint2", "float8_e4m3", "float8_e3m4", nullptr, nullptr,
                                "float4_e2m1fn", "float8_e8m0fnu"};
  if (type >= sizeof(names) / sizeof(names[0]) || names[type] == nullptr) return PJRT_Buffer_Type_INVALID;
  return TypeOf(names[type]);
}

bool ReadShape(const char* data, size_t size, TypedDims* out) {
  uint64_t element = 0;
  Fields f(data, size);
  while (f.Next()) {
    if (f.field == 2 && f.block == nullptr) element = f.number;
    if (f.field != 3) continue;
    if (f.block == nullptr) {
      out->dims.push_back(static_cast<int64_t>(f.number));
      continue;
    }
    Fields packed(f.block, f.block_size);
    while (!packed.AtEnd()) {
      uint64_t d;
      if (!packed.Varint(&d)) return false;
      out->dims.push_back(static_cast<int64_t>(d));
    }
  }
  out->type = FromPrimitive(element);
  return f.ok && out->type != PJRT_Buffer_Type_INVALID;
}

}  // namespace

std::optional<std::vector<TypedDims>> HloParameters(const std::string& code, const std::string& format) {
  const char* data = code.data();
  size_t size = code.size();
  if (format == "hlo_with_config") {
    Fields f(data, size);
    const char* module = nullptr;
    size_t module_size = 0;
    while (f.Next()) {
      if (f.field == 1 && f.block != nullptr) module = f.block, module_size = f.block_size;
    }
    if (module == nullptr || !f.ok) return std::nullopt;
    data = module, size = module_size;
  } else if (format != "hlo") {
    return std::nullopt;
  }
  std::vector<TypedDims> out;
  bool found = false;
  Fields f(data, size);
  while (f.Next()) {
    if (f.field != 4 || f.block == nullptr) continue;
    found = true;
    Fields shape(f.block, f.block_size);
    while (shape.Next()) {
      if (shape.field != 1 || shape.block == nullptr) continue;
      TypedDims t{};
      if (!ReadShape(shape.block, shape.block_size, &t)) return std::nullopt;
      out.push_back(std::move(t));
    }
    if (!shape.ok) return std::nullopt;
  }
  if (!found || !f.ok) return std::nullopt;
  return out;
}

}  // namespace xs
