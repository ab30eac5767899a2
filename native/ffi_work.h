// Handlers of custom calls that do their work in parts, on the threads that XLA has for a program and on those that wait for it.
#pragma once
#include <memory>

#include "ffi.h"
#include "shared_work.h"

namespace xs::ffi {

// Thrown inside of a handler: the error it is to give to XLA.
struct Refused {
  Error* error;
};

// How many threads work that is worth so many gets; XLA is asked only where it is two or more.
int64_t ThreadsFor(CallFrame* frame, double worth);

// Does all parts of the work, on so many threads.
void Do(CallFrame* frame, const std::shared_ptr<SharedWork>& work, int64_t parts, int64_t threads);

}  // namespace xs::ffi
