// Handlers of custom calls that do their work in parts, on the threads that XLA has for a program and on those that wait for it.
#pragma once
#include <memory>
#include <string>

#include "ffi.h"
#include "shared_work.h"

namespace xs::ffi {

// As many operations of sums, or bytes to read, as are worth a thread more: the thread has to wake up.
constexpr double kWorth = 1e6, kWorthBytes = 2.5e5;

// Thrown inside of a handler: the error it is to give to XLA.
struct Refused {
  Error* error;
};

[[noreturn]] void Refuse(CallFrame* frame, const std::string& why, int code = kInvalidArgument);

// What a handler of such a name does with a call: runs it, and gives to XLA what is thrown.
Error* Handle(CallFrame* frame, const char* name, void (*run)(CallFrame*));

// Two operands and a result of one type, float32 or float64, and the plan of what is done with them. More operands may follow.
struct Planned {
  const Buffer *a, *b, *c;
  int32_t type;
  const int64_t* plan;
  size_t plan_size;
};

// Throws where a call of such a name has no such arrays or no plan.
Planned ReadPlanned(CallFrame* frame, const char* name);

// How many threads work that is worth so many gets; XLA is asked only where it is two or more.
int64_t ThreadsFor(CallFrame* frame, double worth);

// Does all parts of the work, on so many threads.
void Do(CallFrame* frame, const std::shared_ptr<SharedWork>& work, int64_t parts, int64_t threads);

}  // namespace xs::ffi
