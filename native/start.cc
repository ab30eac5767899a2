#include "start.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entry.h"
#include "plugin.h"
#include "types.h"

namespace xs {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

struct File {
  int descriptor;
  explicit File(const std::string& path) : descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor < 0) Fail(Kind::kArgument, "readText: " + path + ": " + strerror(errno));
  }
  File(const File&) = delete;
  ~File() { close(descriptor); }
};

struct Freed {
  void operator()(char* memory) const { free(memory); }
};
using Text = std::unique_ptr<char, Freed>;

// Megabytes of new memory in small pages take longer than the copy into them.
Text AllocateText(size_t size) {
  const size_t rounded = (size + kHugePage - 1) / kHugePage * kHugePage;
  char* memory = static_cast<char*>(aligned_alloc(kHugePage, rounded));
  if (memory == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
  madvise(memory, rounded, MADV_HUGEPAGE);
#endif
  return Text(memory);
}

template <typename F>
F Find(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
}

// What not every Node has: the string from 20.4 on, OpenSSL's function unless it is hidden. Found when the addon is loaded, as dlsym waits for a dlopen that
// goes on in another thread.
const auto external_string = Find<napi_status (*)(napi_env, char*, size_t, void (*)(napi_env, void*, void*), void*, napi_value*, bool*)>("node_api_create_external_string_latin1");
const auto digest = Find<unsigned char* (*)(const unsigned char*, size_t, unsigned char*)>("SHA256");

}  // namespace

napi_value ReadText(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 3);
    const std::string path = ReadString(env, args[0], "readText: path");
    const std::string before = ReadString(env, args[1], "readText: before"), after = ReadString(env, args[2], "readText: after");
    File file(path);
    struct stat status;
    if (fstat(file.descriptor, &status) != 0 || !S_ISREG(status.st_mode)) Fail(Kind::kArgument, "readText: " + path + " is not a file");
    const size_t length = static_cast<size_t>(status.st_size), size = before.size() + length + after.size();
    Text text = AllocateText(size);
    char* at = text.get();
    memcpy(at, before.data(), before.size());
    at += before.size();
    for (size_t done = 0; done < length;) {
      const ssize_t n = read(file.descriptor, at + done, length - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) Fail(Kind::kArgument, "readText: " + path + " cannot be read: " + (n < 0 ? strerror(errno) : "it became shorter"));
      done += static_cast<size_t>(n);
    }
    memcpy(at + length, after.data(), after.size());
    napi_value out;
    if (external_string == nullptr) {
      Napi(napi_create_string_latin1(env, text.get(), size, &out));
      return out;
    }
    bool copied;
    Napi(external_string(env, text.get(), size, [](napi_env, void* memory, void*) { free(memory); }, nullptr, &out, &copied));
    text.release();
    return out;
  });
}

napi_value Sha256(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 1);
    napi_value out;
    if (digest == nullptr) {
      Napi(napi_get_null(env, &out));
      return out;
    }
    void* data;
    size_t size;
    bool is_buffer;
    Napi(napi_is_buffer(env, args[0], &is_buffer));
    if (!is_buffer) Fail(Kind::kArgument, "sha256: expected bytes");
    Napi(napi_get_buffer_info(env, args[0], &data, &size));
    unsigned char hash[32];
    digest(static_cast<const unsigned char*>(data), size, hash);
    Napi(napi_create_buffer_copy(env, sizeof hash, hash, nullptr, &out));
    return out;
  });
}

napi_value LoadAhead(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Plugin::LoadAhead(ReadString(env, Args(env, info, 1)[0], "loadAhead: path"));
    return nullptr;
  });
}

napi_value FinishAhead(napi_env env, napi_callback_info) {
  return Entry(env, []() -> napi_value {
    Plugin::FinishAhead();
    return nullptr;
  });
}

}  // namespace xs
