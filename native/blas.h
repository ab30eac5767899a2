// Matrix products on the CPU by OpenBLAS: XLA's own run at half to three quarters of the speed that the machine has (docs/performance.md).
//
// A program asks for one by a custom call, `xs_product`, of two arrays of float32 or float64, whose attribute `plan` says where the elements of the
// matrices lie (lib/primitives/productForms.ts makes it). OpenBLAS runs on the calling thread; a large product is cut into parts, which the threads that XLA
// runs the program with take one by one, so that no thread waits for one that has not begun.
#pragma once
#include "client.h"

namespace xs {

// Makes `xs_product`, and what orders products, known to the client's plugin; false: it takes no functions of ours. The library is loaded.
bool RegisterProducts(Client* client);

}  // namespace xs
