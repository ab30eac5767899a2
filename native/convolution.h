// Convolutions on the CPU: XLA's own run at a sixth to a half of the speed that the machine has (docs/performance.md).
//
// A program asks for one by a custom call, `xs_convolution`, of an input and a kernel of float32 or float64, whose attribute `plan` says where the elements lie
// (convolution_plan.h). The result is computed in tiles (tile_loops.h) whose sums stay in registers: input elements are read one by one, so that any layout and any steps will do, and
// the kernel's output features as vectors. Of the input what is padded, or lies apart, is copied first, as much as the cache holds; a kernel whose output features do not lie together is
// copied whole.
#pragma once

namespace xs {

class Client;

// Makes the custom call known to a client's plugin; false: it takes none.
bool RegisterConvolution(Client* client);

}  // namespace xs
