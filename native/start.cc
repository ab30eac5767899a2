#include "start.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "entry.h"
#include "plugin.h"
#include "types.h"

namespace xs {

namespace {

constexpr size_t kHugePage = size_t{2} << 20;

struct File {
  int descriptor;
  File(const char* what, const std::string& path) : descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (descriptor < 0) Fail(Kind::kArgument, std::string(what) + ": " + path + ": " + strerror(errno));
  }
  File(const File&) = delete;
  ~File() { close(descriptor); }
};

struct Freed {
  void operator()(char* memory) const { free(memory); }
};
using Memory = std::unique_ptr<char, Freed>;

// A file's bytes, with what is to stand before and after them. Megabytes of new memory in small pages would take longer than the copy into them.
struct Content {
  Memory memory;
  size_t size;
};

Content Read(const char* what, const std::string& path, const std::string& before = "", const std::string& after = "") {
  File file(what, path);
  struct stat status;
  if (fstat(file.descriptor, &status) != 0 || !S_ISREG(status.st_mode)) Fail(Kind::kArgument, std::string(what) + ": " + path + " is not a file");
  const size_t length = static_cast<size_t>(status.st_size), size = before.size() + length + after.size();
  const size_t rounded = std::max<size_t>(1, (size + kHugePage - 1) / kHugePage) * kHugePage;
  char* const memory = static_cast<char*>(aligned_alloc(kHugePage, rounded));
  if (memory == nullptr) throw std::bad_alloc();
  Content content{Memory(memory), size};
#ifdef MADV_HUGEPAGE
  madvise(memory, rounded, MADV_HUGEPAGE);
#endif
  memcpy(memory, before.data(), before.size());
  char* const at = memory + before.size();
  for (size_t done = 0; done < length;) {
    const ssize_t n = read(file.descriptor, at + done, length - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) Fail(Kind::kArgument, std::string(what) + ": " + path + " cannot be read: " + (n < 0 ? strerror(errno) : "it became shorter"));
    done += static_cast<size_t>(n);
  }
  memcpy(at + length, after.data(), after.size());
  return content;
}

// Finds damage, not intent: a multiplication for each 8 bytes, in four chains. A digest takes six times as long.
uint64_t Checksum(const unsigned char* data, size_t size) {
  constexpr uint64_t kPrime = 0x9e3779b97f4a7c15;
  uint64_t lanes[4] = {size, 1, 2, 3};
  const auto mix = [&](int lane, uint64_t word) {
    lanes[lane] = (lanes[lane] ^ word) * kPrime;
    lanes[lane] ^= lanes[lane] >> 29;
  };
  size_t at = 0;
  for (; size - at >= 32; at += 32) {
    uint64_t words[4];
    memcpy(words, data + at, sizeof words);
    for (int i = 0; i < 4; i++) mix(i, words[i]);
  }
  for (; at < size; at++) mix(0, data[at]);
  for (int i = 1; i < 4; i++) mix(0, lanes[i]);
  return lanes[0];
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
    Content text = Read("readText", ReadString(env, args[0], "readText: path"), ReadString(env, args[1], "readText: before"), ReadString(env, args[2], "readText: after"));
    napi_value out;
    if (external_string == nullptr) {
      Napi(napi_create_string_latin1(env, text.memory.get(), text.size, &out));
      return out;
    }
    bool copied;
    Napi(external_string(env, text.memory.get(), text.size, [](napi_env, void* memory, void*) { free(memory); }, nullptr, &out, &copied));
    text.memory.release();
    return out;
  });
}

napi_value ReadFile(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Content bytes = Read("readFile", ReadString(env, Args(env, info, 1)[0], "readFile: path"));
    napi_value out;
    const napi_status status = napi_create_external_buffer(env, bytes.size, bytes.memory.get(), [](node_api_basic_env, void* memory, void*) { free(memory); }, nullptr, &out);
    if (status == napi_ok) {
      bytes.memory.release();
    } else {
      // Where V8 keeps all of its memory in one place.
      Napi(napi_create_buffer_copy(env, bytes.size, bytes.memory.get(), nullptr, &out));
    }
    return out;
  });
}

napi_value ChecksumOf(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    const Bytes bytes = ReadBytes(env, Args(env, info, 1)[0], "checksum");
    char text[17];
    snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(Checksum(bytes.data, bytes.size)));
    napi_value out;
    Napi(napi_create_string_latin1(env, text, 16, &out));
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
    const Bytes bytes = ReadBytes(env, args[0], "sha256");
    unsigned char hash[32];
    digest(bytes.data, bytes.size, hash);
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
