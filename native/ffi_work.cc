#include "ffi_work.h"

#include <algorithm>
#include <exception>

namespace xs::ffi {

namespace {

// As many of its threads as XLA gives, each to take parts.
void Call(CallFrame* frame, const std::shared_ptr<SharedWork>& work, int64_t threads) {
  for (int64_t i = 0; i < threads; i++) {
    auto* held = new std::shared_ptr<SharedWork>(work);
    ScheduleArgs task{sizeof(ScheduleArgs), nullptr, frame->context, [](void* data) {
      std::unique_ptr<std::shared_ptr<SharedWork>> mine(static_cast<std::shared_ptr<SharedWork>*>(data));
      (*mine)->Take(false);
    }, held};
    if (Error* error = frame->api->thread_pool_schedule(&task)) {
      delete held;
      throw Refused{error};
    }
  }
}

}  // namespace

void Refuse(CallFrame* frame, const std::string& why, int code) { throw Refused{Failure(frame->api, why, code)}; }

Error* Handle(CallFrame* frame, const char* name, void (*run)(CallFrame*)) {
  if (!IsCall(frame)) return nullptr;
  try {
    run(frame);
    return nullptr;
  } catch (const Refused& r) {
    return r.error;
  } catch (const std::exception& e) {
    return Failure(frame->api, std::string(name) + ": " + e.what());
  }
}

Planned ReadPlanned(CallFrame* frame, const char* name) {
  auto refuse = [&](const char* why) { Refuse(frame, std::string(name) + ": " + why); };
  if (frame->args.size < 2 || frame->results.size != 1) refuse("it has two operands and one result");
  auto at = [](const auto& arrays, int i) { return static_cast<const Buffer*>(arrays.values[i]); };
  Planned p{at(frame->args, 0), at(frame->args, 1), at(frame->results, 0), 0, nullptr, 0};
  p.type = p.a->dtype;
  if ((p.type != kF32 && p.type != kF64) || p.b->dtype != p.type || p.c->dtype != p.type) refuse("operands and result must all be float32 or all float64");
  auto* list = static_cast<const List*>(FindAttribute(frame->attributes, "plan", kArrayAttribute));
  if (list == nullptr || list->dtype != kS64) refuse("it has no plan");
  p.plan = static_cast<const int64_t*>(list->data);
  p.plan_size = list->size;
  return p;
}

int64_t ThreadsFor(CallFrame* frame, double worth) {
  if (!(worth >= 2)) return 1;
  int64_t threads = 1;
  NumThreadsArgs count{sizeof(NumThreadsArgs), nullptr, frame->context, &threads};
  if (Error* error = frame->api->thread_pool_num_threads(&count)) throw Refused{error};
  return std::clamp<int64_t>(static_cast<int64_t>(std::min(worth, 1e4)), 1, std::max<int64_t>(threads, 1));
}

void Do(CallFrame* frame, const std::shared_ptr<SharedWork>& work, int64_t parts, int64_t threads) {
  SharedWork::Do(work, parts, threads, [&](int64_t more) { Call(frame, work, more); });
}

}  // namespace xs::ffi
