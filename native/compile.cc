// Compilation and loading of programs, on threads of their own.
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>

#include "callback.h"
#include "entry.h"
#include "env.h"
#include "executable.h"
#include "handle.h"

namespace xs {

namespace {

// Deep programs recurse deeply in LLVM; an overflow is a segmentation fault.
constexpr size_t kStack = size_t{64} << 20;

// Work for a thread with a stack that LLVM's recursion fits in.
struct Job {
  std::function<void()> run;
};

void* RunJob(void* arg) {
  std::unique_ptr<Job> job(static_cast<Job*>(arg));
  job->run();
  return nullptr;
}

pthread_t Start(std::function<void()> run) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  auto* job = new Job{std::move(run)};
  pthread_t thread;
  int failed = pthread_create(&thread, &attributes, RunJob, job);
  pthread_attr_destroy(&attributes);
  if (failed) {
    delete job;
    Fail(Kind::kXla, "compile: no thread could be started");
  }
  return thread;
}

napi_value Get(napi_env env, napi_value object, const char* key) {
  napi_value v;
  Napi(napi_get_named_property(env, object, key, &v));
  return v;
}

std::vector<Parameter> ReadParameters(napi_env env, napi_value list) {
  uint32_t n = 0;
  Napi(napi_get_array_length(env, list, &n));
  std::vector<Parameter> out(n);
  for (uint32_t i = 0; i < n; i++) {
    napi_value p;
    Napi(napi_get_element(env, list, i, &p));
    out[i].type = ReadDtype(env, Get(env, p, "dtype"), "compile: parameter dtype");
    out[i].dims = ReadDims(env, Get(env, p, "dims"), "compile: parameter dims");
    ElementCount("compile: parameter", out[i].dims);
    Napi(napi_get_value_bool(env, Get(env, p, "donated"), &out[i].donated));
  }
  return out;
}

struct Compilation {
  std::shared_ptr<Client> client;
  std::string code, format, options;
  std::vector<Parameter> parameters;
  bool load = false;   // `code` is a serialized executable
  bool gated = false;  // the last parameter is a gate
  std::unique_ptr<Executable> result;
  Error error;
  bool failed = false;

  PJRT_LoadedExecutable* Load() const {
    XS_ARGS(PJRT_Executable_DeserializeAndLoad_Args, args);
    args.client = client->handle;
    args.serialized_executable = code.data();
    args.serialized_executable_size = code.size();
    Check(client->api(), XS_FN(client->api(), PJRT_Executable_DeserializeAndLoad)(&args));
    return args.loaded_executable;
  }

  PJRT_LoadedExecutable* Compile() const {
    XS_ARGS(PJRT_Program, program);
    program.code = const_cast<char*>(code.data());
    program.code_size = code.size();
    program.format = format.data();
    program.format_size = format.size();
    XS_ARGS(PJRT_Client_Compile_Args, args);
    args.client = client->handle;
    args.program = &program;
    args.compile_options = options.data();
    args.compile_options_size = options.size();
    Check(client->api(), client->api()->PJRT_Client_Compile(&args));
    return args.executable;
  }

  void Run() {
    try {
      result = std::make_unique<Executable>(client, load ? Load() : Compile(), std::move(parameters));
      result->gated = gated;
      // What we serialized was checked when it was compiled.
      if (!load) result->CheckParameters();
    } catch (const Error& e) {
      error = e;
      failed = true;
    } catch (const std::exception& e) {
      error = Error{Kind::kXla, std::string("compile: ") + e.what(), "INTERNAL"};
      failed = true;
    }
    DrainAtExit();
  }

  napi_value Finish(napi_env env) {
    if (failed) throw error;
    return ExecutableToJs(env, std::move(result));
  }
};

// The parts of its memory that the kernel keeps apart, and how many it allows; nothing where it does not tell.
struct Mappings {
  int64_t now = 0, most = 0;
  int64_t left() const { return most - now; }
};

std::optional<Mappings> ReadMappings() {
  Mappings m;
  if (FILE* f = std::fopen("/proc/sys/vm/max_map_count", "re")) {
    if (std::fscanf(f, "%" SCNd64, &m.most) != 1) m.most = 0;
    std::fclose(f);
  }
  if (m.most <= 0) return std::nullopt;
  FILE* f = std::fopen("/proc/self/maps", "re");
  if (f == nullptr) return std::nullopt;
  std::vector<char> text(1 << 16);
  while (size_t n = std::fread(text.data(), 1, text.size(), f)) m.now += std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(n), '\n');
  std::fclose(f);
  return m;
}

// A program takes three mappings and more, and XLA crashes when there are no more: garbage is collected before, and if that is no help, the
// program refused. Looks only now and then, more often the fewer are left.
void MakeRoomForProgram(EnvState* state) {
  constexpr int64_t kFew = 3000;
  static std::atomic<int64_t> next_look{0};
  if (next_look.fetch_sub(1) > 0) return;
  std::optional<Mappings> m = ReadMappings();
  if (m && m->left() < 2 * kFew) {
    state->CollectGarbage();
    m = ReadMappings();
  }
  if (m && m->left() < kFew) {
    throw Error{Kind::kXla, "compile: this process has " + std::to_string(m->now) + " mappings of memory, of which the kernel allows " + std::to_string(m->most)
      + ", and every compiled program takes some: forget programs that are not needed (clearCaches(), clearCache() of compiled functions), or raise vm.max_map_count", "RESOURCE_EXHAUSTED"};
  }
  next_look = m ? m->left() / 64 : std::numeric_limits<int64_t>::max();
}

// (client, code, format, options, parameters, whether it has callbacks) or, to load, (client, bytes, parameters)
std::shared_ptr<Compilation> ReadCompilation(napi_env env, const Args& args, bool load) {
  auto c = std::make_shared<Compilation>();
  c->client = FromHandle<ClientHandle>(env, args[0])->client;
  RefuseWhenClosing();
  MakeRoomForProgram(args.state);
  Bytes code = ReadBytes(env, args[1], "compile: program");
  c->code.assign(reinterpret_cast<const char*>(code.data), code.size);
  c->load = load;
  if (load) {
    c->parameters = ReadParameters(env, args[2]);
  } else {
    c->format = ReadString(env, args[2], "compile: format");
    Bytes options = ReadBytes(env, args[3], "compile: options");
    if (options.size == 0) Fail(Kind::kArgument, "compile: options are empty");
    c->options.assign(reinterpret_cast<const char*>(options.data), options.size);
    c->parameters = ReadParameters(env, args[4]);
    if (args.count > 5) napi_get_value_bool(env, args[5], &c->gated);
    if (c->gated) {
      if (c->parameters.empty() || c->parameters.back().type != PJRT_Buffer_Type_U8 || !c->parameters.back().dims.empty()) Fail(Kind::kArgument, "compile: the last parameter of a program with callbacks must be uint8[]");
      RegisterCallbackHandler(c->client.get());
    }
  }
  if (c->code.empty()) Fail(Kind::kArgument, "compile: the program is empty");
  return c;
}

napi_value RunNow(napi_env env, std::shared_ptr<Compilation> c) {
  Desk* desk = EnvState::Get(env)->desk.get();
  if (desk->Idle()) {
    pthread_join(Start([c] { c->Run(); }), nullptr);
    return c->Finish(env);
  }
  // Callbacks are served meanwhile. A GPU that waits for one is locked, and the compiler may want to try kernels on it.
  std::atomic<bool> done{false};
  pthread_t thread = Start([c, desk, &done] {
    c->Run();
    done = true;
    desk->Wake();
  });
  desk->ServeUntil([&done] { return done.load(); });
  pthread_join(thread, nullptr);
  return c->Finish(env);
}

napi_value RunLater(napi_env env, std::shared_ptr<Compilation> c) {
  napi_value promise;
  auto deferred = Deferred::Make(env, &promise);
  WorkCount::All().Begin();
  try {
    // The lambda's own references go before the work counts as ended: exit must not overtake the destruction of what they hold.
    pthread_detach(Start([c = std::move(c), deferred]() mutable {
      c->Run();
      deferred->Settle([c](napi_env env) { return c->Finish(env); });
      c.reset();
      WorkCount::All().End();
    }));
  } catch (const Error& e) {
    WorkCount::All().End();
    deferred->Settle([e](napi_env) -> napi_value { throw e; });
  }
  return promise;
}

}  // namespace

napi_value CompileSync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return RunNow(env, ReadCompilation(env, Args(env, info, 5), false)); });
}

napi_value CompileAsync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return RunLater(env, ReadCompilation(env, Args(env, info, 5), false)); });
}

napi_value DeserializeSync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return RunNow(env, ReadCompilation(env, Args(env, info, 3), true)); });
}

napi_value DeserializeAsync(napi_env env, napi_callback_info info) {
  return Entry(env, [&] { return RunLater(env, ReadCompilation(env, Args(env, info, 3), true)); });
}

}  // namespace xs
