// Shared libraries from files that may be damaged.
#pragma once
#include <string>

namespace xs {

// Loads a library; `what` names it in errors. One that is cut off is told as such: the linker would read beyond its end, which ends the process.
void* OpenLibrary(const std::string& what, const std::string& path);

}  // namespace xs
