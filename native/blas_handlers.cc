#include "blas_handlers.h"

#include <memory>

#include "blas.h"
#include "blas_library.h"
#include "client.h"
#include "convolution.h"
#include "entry.h"
#include "handle.h"
#include "lapack.h"
#include "types.h"

namespace xs {

namespace {

// Each with what makes it known to a client's plugin, where both the plugin and the library are up to it.
struct Target {
  const char* name;
  bool (*register_with)(Client* client);
};
constexpr Target kTargets[] = {{"xs_product", &RegisterProducts}, {"xs_lapack", &RegisterLapack}, {"xs_convolution", &RegisterConvolution}};

}  // namespace

napi_value EnableBlas(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    std::shared_ptr<Client> client = FromHandle<ClientHandle>(env, args[0])->client;
    napi_value names;
    Napi(napi_create_array(env, &names));
    if (client->platform_name != "cpu") return names;
    LoadBlas(ReadString(env, args[1], "enableBlas: path"));
    uint32_t count = 0;
    for (const Target& target : kTargets) {
      if (!target.register_with(client.get())) continue;
      napi_value name;
      Napi(napi_create_string_utf8(env, target.name, NAPI_AUTO_LENGTH, &name));
      Napi(napi_set_element(env, names, count++, name));
    }
    return names;
  });
}

}  // namespace xs
