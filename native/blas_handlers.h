// The custom calls that do their work by the BLAS library.
#pragma once
#include <node_api.h>

namespace xs {

// (client, path of the library): names of the custom calls that programs of the client may have; throws where the library is none.
napi_value EnableBlas(napi_env env, napi_callback_info info);

}  // namespace xs
