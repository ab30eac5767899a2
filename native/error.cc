#include "error.h"

#include "env.h"

namespace xs {

const char* StatusName(int code) {
  static const char* names[] = {"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
                                "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
                                "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
                                "UNAUTHENTICATED"};
  return code >= 0 && code < 17 ? names[code] : "UNKNOWN";
}

bool TakeError(const PJRT_Api* api, PJRT_Error* error, Error* out) {
  if (error == nullptr) return false;
  PJRT_Error_Message_Args message{};
  message.struct_size = PJRT_Error_Message_Args_STRUCT_SIZE;
  message.error = error;
  api->PJRT_Error_Message(&message);
  std::string text(message.message, message.message_size);
  // Parse failures carry the whole module.
  constexpr size_t kLimit = 4000;
  if (text.size() > kLimit) text = text.substr(0, kLimit) + " … (" + std::to_string(text.size() - kLimit) + " characters more)";
  PJRT_Error_GetCode_Args code{};
  code.struct_size = PJRT_Error_GetCode_Args_STRUCT_SIZE;
  code.error = error;
  int number = 2;
  if (PJRT_Error* nested = api->PJRT_Error_GetCode(&code)) {
    PJRT_Error_Destroy_Args destroy{};
    destroy.struct_size = PJRT_Error_Destroy_Args_STRUCT_SIZE;
    destroy.error = nested;
    api->PJRT_Error_Destroy(&destroy);
  } else {
    number = code.code;
  }
  PJRT_Error_Destroy_Args destroy{};
  destroy.struct_size = PJRT_Error_Destroy_Args_STRUCT_SIZE;
  destroy.error = error;
  api->PJRT_Error_Destroy(&destroy);
  *out = Error{Kind::kXla, std::move(text), StatusName(number)};
  return true;
}

void Check(const PJRT_Api* api, PJRT_Error* error) {
  Error e;
  if (TakeError(api, error, &e)) throw e;
}

napi_value MakeJs(napi_env env, const Error& error) {
  static const char* names[] = {"ARGUMENT", "SHAPE", "DTYPE", "DELETED_ARRAY", "PLUGIN", "XLA", "CALLBACK"};
  EnvState* state = EnvState::Get(env);
  napi_value kind, message, status, factory, undefined, result;
  napi_create_string_utf8(env, names[static_cast<int>(error.kind)], NAPI_AUTO_LENGTH, &kind);
  napi_create_string_utf8(env, error.message.data(), error.message.size(), &message);
  napi_create_string_utf8(env, error.status.data(), error.status.size(), &status);
  if (state == nullptr || state->error_factory == nullptr) {
    napi_create_error(env, kind, message, &result);
    return result;
  }
  napi_get_reference_value(env, state->error_factory, &factory);
  napi_get_undefined(env, &undefined);
  napi_value args[] = {kind, message, status};
  if (napi_call_function(env, undefined, factory, 3, args, &result) != napi_ok) {
    // An environment that is being terminated runs no JS.
    result = undefined;
    napi_get_and_clear_last_exception(env, &result);
  }
  return result;
}

void ThrowJs(napi_env env, const Error& error) { napi_throw(env, MakeJs(env, error)); }

}  // namespace xs
