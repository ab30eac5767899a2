// Native objects that JS holds as opaque values. Which are ours is known by their address, so that values of other addons, or none at all,
// are told apart without reading their memory.
#pragma once
#include <node_api.h>

#include <memory>

#include "env.h"
#include "error.h"

namespace xs {

// V8, which collects them, is told that each takes `kHostBytes`.
template <int64_t kHostBytes = 0, typename T>
napi_value MakeHandle(napi_env env, std::unique_ptr<T> object) {
  EnvState* state = EnvState::Get(env);
  napi_value external;
  napi_status status = napi_create_external(
      env, object.get(),
      [](node_api_basic_env, void* data, void* hint) {
        auto* state = static_cast<EnvState*>(hint);
        state->Forget(data);
        delete static_cast<T*>(data);
        state->TellSize(-kHostBytes);
      },
      state, &external);
  Napi(status);
  state->Remember(object.release(), &T::kName);
  state->TellSize(kHostBytes);
  return external;
}

template <typename T>
T* FromHandle(napi_env env, napi_value v) {
  void* data = nullptr;
  if (v == nullptr || napi_get_value_external(env, v, &data) != napi_ok || !EnvState::Get(env)->Knows(data, &T::kName)) {
    Fail(Kind::kArgument, std::string("expected ") + T::kName + ", got something else");
  }
  return static_cast<T*>(data);
}

}  // namespace xs
