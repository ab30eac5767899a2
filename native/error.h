// Errors on their way to JS: thrown in C++, turned into the typed classes of lib/pjrt/errors.ts at the boundary.
#pragma once
#include <node_api.h>

#include <string>

#include "pjrt_c_api.h"

namespace xs {

enum class Kind { kArgument, kShape, kDtype, kDeleted, kPlugin, kXla, kCallback };

struct Error {
  Kind kind;
  std::string message;
  std::string status;  // XLA's status name, for kXla only
};

[[noreturn]] inline void Fail(Kind kind, std::string message) { throw Error{kind, std::move(message), ""}; }

// A JS exception is pending already.
struct JsException {};

const char* StatusName(int code);

// Reads and destroys `error`; a null one is success.
bool TakeError(const PJRT_Api* api, PJRT_Error* error, Error* out);
void Check(const PJRT_Api* api, PJRT_Error* error);

// Throws the JS form of an error.
void ThrowJs(napi_env env, const Error& error);
napi_value MakeJs(napi_env env, const Error& error);

inline void Napi(napi_status status) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception) throw JsException{};
  Fail(Kind::kArgument, "a Node-API call failed with status " + std::to_string(status));
}

}  // namespace xs
