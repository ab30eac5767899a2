// The little we read of a serialized HloModule: the types of the entry computation's parameters.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "types.h"

namespace xs {

struct TypedDims {
  PJRT_Buffer_Type type;
  Dims dims;
};

// `format` is PJRT's name for what `code` holds. Empty if the bytes are not understood.
std::optional<std::vector<TypedDims>> HloParameters(const std::string& code, const std::string& format);

}  // namespace xs
