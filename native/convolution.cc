#include "convolution.h"

#include <memory>
#include <string>

#include "convolution_work.h"
#include "ffi_work.h"

namespace xs {

namespace {

template <typename T>
void Convolve(ffi::CallFrame* frame, const convolution::Plan& plan, const ffi::Planned& x, const void* added) {
  const T* bias = static_cast<const T*>(added);
  const convolution::Panels<T> panels(plan, static_cast<const T*>(x.b->data));
  if (panels.packs()) {
    auto packing = std::make_shared<convolution::Packing<T>>(panels);
    ffi::Do(frame, packing, packing->parts(), ffi::ThreadsFor(frame, ffi::ElementsOf(*x.b) * sizeof(T) / ffi::kWorthBytes));
  }
  const int64_t threads = ffi::ThreadsFor(frame, convolution::OperationsOf(plan) / ffi::kWorth);
  auto work = std::make_shared<convolution::Convolution<T>>(plan, panels, static_cast<const T*>(x.a->data), bias, static_cast<T*>(x.c->data), ffi::ElementsOf(*x.c), threads);
  ffi::Do(frame, work, work->parts(), threads);
  work->Finish();
}

void Run(ffi::CallFrame* frame) {
  auto refuse = [&](const char* why) { ffi::Refuse(frame, std::string("convolution: ") + why); };
  const ffi::Planned x = ffi::ReadPlanned(frame, "convolution");
  auto* after = static_cast<const ffi::List*>(ffi::FindAttribute(frame->attributes, "after", ffi::kArrayAttribute));
  if (after != nullptr && after->dtype != ffi::kS64) refuse("what is to be done after it is nothing that there is");
  convolution::Plan plan;
  if (const char* wrong = convolution::ReadPlan(x.plan, x.plan_size, after == nullptr ? nullptr : static_cast<const int64_t*>(after->data), after == nullptr ? 0 : after->size,
                                                ffi::ElementsOf(*x.a), ffi::ElementsOf(*x.b), ffi::ElementsOf(*x.c), &plan)) refuse(wrong);
  const void* bias = nullptr;
  if (plan.after.bias >= 0) {
    if (plan.after.bias >= frame->args.size) refuse("it has no such bias");
    auto* buffer = static_cast<const ffi::Buffer*>(frame->args.values[plan.after.bias]);
    if (buffer->dtype != x.type || ffi::ElementsOf(*buffer) != plan.groups.size * plan.outputs.size) refuse("it has no such bias");
    bias = buffer->data;
  }
  if (x.type == ffi::kF32) Convolve<float>(frame, plan, x, bias);
  else Convolve<double>(frame, plan, x, bias);
}

ffi::Error* Handle(ffi::CallFrame* frame) { return ffi::Handle(frame, "convolution", &Run); }

}  // namespace

bool RegisterConvolution(Client* client) { return ffi::RegisterHandler(client, "xs_convolution", &Handle); }

}  // namespace xs
