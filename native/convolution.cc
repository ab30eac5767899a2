#include "convolution.h"

#include <memory>
#include <string>

#include "convolution_work.h"
#include "ffi_work.h"

namespace xs {

namespace {

// As many operations, or bytes to copy, as are worth a thread more: the thread has to wake up.
constexpr double kWorth = 1e6, kWorthBytes = 2.5e5;

template <typename T>
void Convolve(ffi::CallFrame* frame, const convolution::Plan& plan, const ffi::Buffer* const* x, const void* added) {
  const T* bias = static_cast<const T*>(added);
  const convolution::Panels<T> panels(plan, static_cast<const T*>(x[1]->data));
  if (panels.packs()) {
    auto packing = std::make_shared<convolution::Packing<T>>(panels);
    ffi::Do(frame, packing, packing->parts(), ffi::ThreadsFor(frame, ffi::ElementsOf(*x[1]) * sizeof(T) / kWorthBytes));
  }
  const int64_t threads = ffi::ThreadsFor(frame, convolution::OperationsOf(plan) / kWorth);
  auto work = std::make_shared<convolution::Convolution<T>>(plan, panels, static_cast<const T*>(x[0]->data), bias, static_cast<T*>(x[2]->data), ffi::ElementsOf(*x[2]), threads);
  ffi::Do(frame, work, work->parts(), threads);
  work->Finish();
}

void Run(ffi::CallFrame* frame) {
  auto refuse = [&](const char* why) { throw ffi::Refused{ffi::Failure(frame->api, std::string("convolution: ") + why, ffi::kInvalidArgument)}; };
  // What follows the two operands is there for its order.
  if (frame->args.size < 2 || frame->results.size != 1) refuse("it has two operands and one result");
  const ffi::Buffer* x[3] = {static_cast<const ffi::Buffer*>(frame->args.values[0]), static_cast<const ffi::Buffer*>(frame->args.values[1]), static_cast<const ffi::Buffer*>(frame->results.values[0])};
  const int32_t type = x[0]->dtype;
  if ((type != ffi::kF32 && type != ffi::kF64) || x[1]->dtype != type || x[2]->dtype != type) refuse("operands and result must all be float32 or all float64");
  auto* list = static_cast<const ffi::List*>(ffi::FindAttribute(frame->attributes, "plan", ffi::kArrayAttribute));
  if (list == nullptr || list->dtype != ffi::kS64) refuse("it has no plan");
  auto* after = static_cast<const ffi::List*>(ffi::FindAttribute(frame->attributes, "after", ffi::kArrayAttribute));
  if (after != nullptr && after->dtype != ffi::kS64) refuse("what is to be done after it is nothing that there is");
  convolution::Plan plan;
  if (const char* wrong = convolution::ReadPlan(static_cast<const int64_t*>(list->data), list->size, after == nullptr ? nullptr : static_cast<const int64_t*>(after->data), after == nullptr ? 0 : after->size,
                                                ffi::ElementsOf(*x[0]), ffi::ElementsOf(*x[1]), ffi::ElementsOf(*x[2]), &plan)) refuse(wrong);
  const void* bias = nullptr;
  if (plan.after.bias >= 0) {
    if (plan.after.bias >= frame->args.size) refuse("it has no such bias");
    auto* buffer = static_cast<const ffi::Buffer*>(frame->args.values[plan.after.bias]);
    if (buffer->dtype != type || ffi::ElementsOf(*buffer) != plan.groups.size * plan.outputs.size) refuse("it has no such bias");
    bias = buffer->data;
  }
  if (type == ffi::kF32) Convolve<float>(frame, plan, x, bias);
  else Convolve<double>(frame, plan, x, bias);
}

ffi::Error* Handle(ffi::CallFrame* frame) {
  if (!ffi::IsCall(frame)) return nullptr;
  try {
    Run(frame);
    return nullptr;
  } catch (const ffi::Refused& r) {
    return r.error;
  } catch (const std::exception& e) {
    return ffi::Failure(frame->api, std::string("convolution: ") + e.what());
  }
}

}  // namespace

bool RegisterConvolution(Client* client) { return ffi::RegisterHandler(client, "xs_convolution", &Handle); }

}  // namespace xs
