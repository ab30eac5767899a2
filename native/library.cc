#include "library.h"

#include <dlfcn.h>
#include <sys/stat.h>
#ifdef __linux__
#include <elf.h>
#include <link.h>
#endif

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "error.h"

namespace xs {

namespace {

#ifdef __linux__
// Bytes that the file must have for what is loaded of it; 0 where it is no library that we can tell.
uint64_t BytesNeeded(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  ElfW(Ehdr) header;
  if (!file.read(reinterpret_cast<char*>(&header), sizeof(header)) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return 0;
  if (header.e_phentsize != sizeof(ElfW(Phdr)) || header.e_phnum > 1000) return 0;
  uint64_t end = header.e_phoff + uint64_t{header.e_phnum} * sizeof(ElfW(Phdr));
  std::vector<ElfW(Phdr)> parts(header.e_phnum);
  file.seekg(static_cast<std::streamoff>(header.e_phoff));
  if (!file.read(reinterpret_cast<char*>(parts.data()), static_cast<std::streamsize>(parts.size() * sizeof(ElfW(Phdr))))) return end;
  for (const auto& p : parts) if (p.p_type == PT_LOAD) end = std::max<uint64_t>(end, p.p_offset + p.p_filesz);
  return end;
}
#endif

}  // namespace

void* OpenLibrary(const std::string& what, const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) Fail(Kind::kPlugin, what + " '" + path + "' is not a file");
#ifdef __linux__
  if (const uint64_t needed = BytesNeeded(path); needed > static_cast<uint64_t>(info.st_size)) {
    Fail(Kind::kPlugin, what + " '" + path + "' cannot be loaded: it is damaged, " + std::to_string(info.st_size) + " bytes of at least " + std::to_string(needed));
  }
#endif
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();
    Fail(Kind::kPlugin, what + " '" + path + "' cannot be loaded: " + (why ? why : "no reason given"));
  }
  return library;
}

}  // namespace xs
