// What makes a new process quick: called by dist/bundle/load.js before the library itself is there, and by lib/pjrt/digest.ts.
#pragma once
#include <node_api.h>

namespace xs {

// readText(path, before, after): a file of Latin-1 as a string, with what is to stand before and after it. V8 gets no copy of it.
napi_value ReadText(napi_env env, napi_callback_info info);
// readFile(path): a file as a Buffer.
napi_value ReadFile(napi_env env, napi_callback_info info);
// checksum(bytes): 16 hexadecimal digits, by which a damaged file is found out.
napi_value ChecksumOf(napi_env env, napi_callback_info info);
// sha256(bytes): its digest; null where Node has no OpenSSL of its own, or hides it.
napi_value Sha256(napi_env env, napi_callback_info info);
// loadAhead(path) begins to load a plugin's library; finishAhead() waits until that is over.
napi_value LoadAhead(napi_env env, napi_callback_info info);
napi_value FinishAhead(napi_env env, napi_callback_info info);

}  // namespace xs
