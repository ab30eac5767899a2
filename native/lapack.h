// Dense linear algebra on the CPU by LAPACK, where the BLAS library has it (SciPy's OpenBLAS does): the routines that JAX calls, so that signs and orders are JAX's.
//
// A program asks for one by a custom call, `xs_lapack`, whose attributes are the name of the routine without its type (`gesdd`) and LAPACK's letters for it, which say
// what is wanted (lib/primitives/lapackForms.ts). Arrays are batches of matrices by rows, as all of XLA's; LAPACK's are by columns, so that they are transposed on the way where that
// matters. Where LAPACK finds no result, it is NaN. Matrices of a batch are shared out among XLA's threads.
#pragma once
#include "client.h"

namespace xs {

// Makes `xs_lapack` known to the client's plugin; false: it takes no functions of ours, or the BLAS library has no LAPACK. The library is loaded.
bool RegisterLapack(Client* client);

}  // namespace xs
