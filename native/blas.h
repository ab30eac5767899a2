// Matrix products on the CPU by OpenBLAS: XLA's own run at half to three quarters of the speed that the machine has (docs/performance.md).
//
// A program asks for one by a custom call, `xs_product`, of two arrays of float32 or float64, whose attribute `plan` says where the elements of the
// matrices lie (lib/pjrt/products.ts makes it). OpenBLAS runs on the calling thread; a large product is cut into parts, which the threads that XLA
// runs the program with take one by one, so that no thread waits for one that has not begun.
#pragma once
#include <node_api.h>

namespace xs {

// (client, path of the library): whether programs of the client may have products; throws where the library is none.
napi_value EnableProducts(napi_env env, napi_callback_info info);

}  // namespace xs
