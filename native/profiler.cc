#include "profiler.h"

#include <atomic>
#include <chrono>
#include <mutex>

#include "client.h"
#include "entry.h"
#include "handle.h"
#include "profiler_api.h"

namespace xs {

namespace {

struct RunSpan {
  std::string name;
  int64_t begin;
  int64_t end;  // 0 while it runs
  int64_t client;
  int device;
};

// As many as viewers show.
constexpr size_t kMostRuns = 1000000;

struct Log {
  std::mutex mutex;
  std::vector<std::shared_ptr<RunSpan>> runs;
  std::atomic<int> readers{0};
};

// Never destroyed: XLA's threads may end work while the process exits.
Log& TheLog() {
  static auto* log = new Log;
  return *log;
}

// The plugin's profiler, null if it has none that is whole.
const profiler::Api* FindProfiler(const PJRT_Api* api) {
  for (const PJRT_Extension_Base* e = api->extension_start; e != nullptr; e = e->next) {
    if (e->type != PJRT_Extension_Type_Profiler) continue;
    if (e->struct_size < sizeof(profiler::Extension)) return nullptr;
    const profiler::Api* p = reinterpret_cast<const profiler::Extension*>(e)->api;
    if (p == nullptr || p->struct_size < sizeof(profiler::Api)) return nullptr;
    bool whole = p->error_destroy && p->error_message && p->error_get_code && p->create && p->destroy && p->start && p->stop && p->collect_data;
    return whole ? p : nullptr;
  }
  return nullptr;
}

void Check(const profiler::Api* api, profiler::Failure* failure) {
  if (failure == nullptr) return;
  profiler::FailureMessageArgs message{sizeof message, nullptr, failure, nullptr, 0};
  api->error_message(&message);
  profiler::FailureCodeArgs code{profiler::kFailureCodeArgsSize, nullptr, failure, 2};
  // The code of an error that has none is an error, too.
  if (profiler::Failure* other = api->error_get_code(&code)) {
    profiler::FailureDestroyArgs destroy{sizeof destroy, nullptr, other};
    api->error_destroy(&destroy);
  }
  Error e{Kind::kXla, std::string("the plugin's profiler: ") + (message.message ? std::string(message.message, message.message_size) : ""), StatusName(code.code)};
  profiler::FailureDestroyArgs destroy{sizeof destroy, nullptr, failure};
  api->error_destroy(&destroy);
  throw e;
}

// A profile that is being taken.
struct Session {
  static constexpr const char* kName = "a profile";
  const std::shared_ptr<Client> client;
  const profiler::Api* const api;
  profiler::Profiler* handle = nullptr;
  bool running = false;
  bool reading = true;
  int64_t begin = RunLog::Now();

  Session(std::shared_ptr<Client> c, const profiler::Api* a) : client(std::move(c)), api(a) { TheLog().readers++; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    StopReading();
    try {
      Destroy();
    } catch (const Error&) {
    }
  }

  void StopReading() {
    if (!reading) return;
    reading = false;
    if (--TheLog().readers > 0) return;
    std::lock_guard<std::mutex> lock(TheLog().mutex);
    TheLog().runs = {};
  }

  void Start(const std::string& options) {
    if (api == nullptr) return;
    profiler::CreateArgs create{sizeof create, options.data(), options.size(), nullptr};
    Check(api, api->create(&create));
    handle = create.profiler;
    profiler::ProfilerArgs start{sizeof start, handle};
    Check(api, api->start(&start));
    running = true;
  }

  void Stop() {
    if (!running) return;
    running = false;
    profiler::ProfilerArgs args{sizeof args, handle};
    Check(api, api->stop(&args));
  }

  void Destroy() {
    Stop();
    if (handle == nullptr) return;
    profiler::ProfilerArgs args{sizeof args, handle};
    handle = nullptr;
    Check(api, api->destroy(&args));
  }

  // A serialized XSpace; empty where there is no profiler.
  std::string Collect() {
    if (handle == nullptr) return "";
    Stop();
    profiler::CollectArgs args{sizeof args, handle, nullptr, 0};
    Check(api, api->collect_data(&args));
    if (args.buffer != nullptr) return std::string(reinterpret_cast<char*>(args.buffer), args.buffer_size);
    std::string space(args.buffer_size, '\0');
    if (space.empty()) return space;
    args.buffer = reinterpret_cast<uint8_t*>(space.data());
    Check(api, api->collect_data(&args));
    return space;
  }
};

}  // namespace

bool RunLog::On() { return TheLog().readers.load(std::memory_order_relaxed) > 0; }

int64_t RunLog::Now() { return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::function<void(const Error*)> RunLog::Ended(const Executable& e, size_t device, int64_t begin) {
  const PJRT_Api* api = e.api();
  XS_ARGS(PJRT_Executable_Name_Args, name);
  name.executable = e.program;
  Error ignored;
  std::string text;
  if (!TakeError(api, api->PJRT_Executable_Name(&name), &ignored)) text.assign(name.executable_name, name.executable_name_size);
  auto run = std::make_shared<RunSpan>(RunSpan{std::move(text), begin, 0, e.client->id, e.client->IndexOf(e.devices[device])});
  {
    std::lock_guard<std::mutex> lock(TheLog().mutex);
    if (On() && TheLog().runs.size() < kMostRuns) TheLog().runs.push_back(run);
  }
  return [run](const Error*) {
    std::lock_guard<std::mutex> lock(TheLog().mutex);
    run->end = Now();
  };
}

// (client, ProfileOptions): the profile that begins, nanoseconds of the clock, and whether the plugin has a profiler
napi_value ProfilerStart(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    std::shared_ptr<Client> client = FromHandle<ClientHandle>(env, args[0])->client;
    Bytes options = ReadBytes(env, args[1], "profilerStart: options");
    auto session = std::make_unique<Session>(client, FindProfiler(client->api()));
    session->Start(std::string(reinterpret_cast<const char*>(options.data), options.size));
    napi_value out;
    Napi(napi_create_object(env, &out));
    Set(env, out, "now", Num(env, static_cast<double>(RunLog::Now())));
    Set(env, out, "hasProfiler", Bool(env, session->api != nullptr));
    Set(env, out, "handle", MakeHandle(env, std::move(session)));
    return out;
  });
}

// (profile): bytes of an XSpace, none where the plugin has no profiler, and the runs of programs of the profile's client
napi_value ProfilerStop(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Session* session = FromHandle<Session>(env, Args(env, info, 1)[0]);
    std::vector<RunSpan> runs;
    const int64_t now = RunLog::Now();
    {
      std::lock_guard<std::mutex> lock(TheLog().mutex);
      for (const auto& r : TheLog().runs) if (session->reading && r->client == session->client->id && r->begin >= session->begin) runs.push_back(*r);
    }
    session->StopReading();
    std::string space = session->Collect();
    session->Destroy();
    napi_value out, list, bytes;
    Napi(napi_create_object(env, &out));
    Napi(napi_create_buffer_copy(env, space.size(), space.data(), nullptr, &bytes));
    Set(env, out, "space", bytes);
    Napi(napi_create_array_with_length(env, runs.size(), &list));
    for (size_t i = 0; i < runs.size(); i++) {
      napi_value run;
      Napi(napi_create_object(env, &run));
      Set(env, run, "name", Str(env, runs[i].name));
      Set(env, run, "device", Num(env, runs[i].device));
      Set(env, run, "begin", Num(env, static_cast<double>(runs[i].begin)));
      Set(env, run, "end", Num(env, static_cast<double>(runs[i].end == 0 ? now : runs[i].end)));
      Set(env, run, "ended", Bool(env, runs[i].end != 0));
      Napi(napi_set_element(env, list, static_cast<uint32_t>(i), run));
    }
    Set(env, out, "runs", list);
    return out;
  });
}

}  // namespace xs
