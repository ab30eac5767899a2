// The shape of every function that JS calls: arguments, handles, and errors turned into exceptions.
#pragma once
#include <node_api.h>

#include <exception>
#include <new>
#include <string>

#include "env.h"
#include "error.h"

namespace xs {

template <typename F>
napi_value Entry(napi_env env, F&& body) {
  try {
    return body();
  } catch (const Error& e) {
    ThrowJs(env, e);
  } catch (const JsException&) {
  } catch (const std::bad_alloc&) {
    ThrowJs(env, Error{Kind::kArgument, "out of host memory", ""});
  } catch (const std::exception& e) {
    ThrowJs(env, Error{Kind::kArgument, e.what(), ""});
  }
  return nullptr;
}

struct Args {
  static constexpr size_t kMost = 10;
  napi_value values[kMost];
  size_t count = kMost;
  EnvState* state;
  Args(napi_env env, napi_callback_info info, size_t expected) {
    void* data;
    Napi(napi_get_cb_info(env, info, &count, values, nullptr, &data));
    state = static_cast<EnvState*>(data);
    if (count < expected) Fail(Kind::kArgument, "expected " + std::to_string(expected) + " arguments, got " + std::to_string(count));
  }
  napi_value operator[](size_t i) const { return values[i]; }
};

// A function for JS; its callback takes the environment's state by Args.
inline void AddFunction(napi_env env, napi_value object, const char* name, napi_callback f) {
  napi_value v;
  Napi(napi_create_function(env, name, NAPI_AUTO_LENGTH, f, EnvState::Get(env), &v));
  Napi(napi_set_named_property(env, object, name, v));
}

inline napi_value Bool(napi_env env, bool x) {
  napi_value v;
  Napi(napi_get_boolean(env, x, &v));
  return v;
}

}  // namespace xs
