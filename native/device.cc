// Plugins, clients, devices and memories as JS objects.
#include "client.h"
#include "entry.h"
#include "handle.h"

namespace xs {
namespace {

struct PluginHandle {
  static constexpr const char* kName = "a plugin";
  Plugin* plugin;
};

Option ReadOption(napi_env env, napi_value entry) {
  napi_value name, type, value;
  Napi(napi_get_element(env, entry, 0, &name));
  Napi(napi_get_element(env, entry, 1, &type));
  Napi(napi_get_element(env, entry, 2, &value));
  Option o;
  o.name = ReadString(env, name, "createClient: option name");
  std::string kind = ReadString(env, type, "createClient: option type");
  if (kind == "string") {
    o.type = PJRT_NamedValue_kString;
    o.text = ReadString(env, value, o.name.c_str());
  } else if (kind == "int64") {
    o.type = PJRT_NamedValue_kInt64;
    o.integer = ReadInt(env, value, o.name.c_str());
  } else if (kind == "int64List") {
    o.type = PJRT_NamedValue_kInt64List;
    o.list = ReadDims(env, value, o.name.c_str());
  } else if (kind == "float") {
    o.type = PJRT_NamedValue_kFloat;
    double x;
    Napi(napi_get_value_double(env, value, &x));
    o.real = static_cast<float>(x);
  } else {
    o.type = PJRT_NamedValue_kBool;
    Napi(napi_get_value_bool(env, value, &o.flag));
  }
  return o;
}

napi_value DescribeDevice(napi_env env, Client* client, PJRT_Device* device) {
  const PJRT_Api* api = client->api();
  napi_value out, memories;
  Napi(napi_create_object(env, &out));
  XS_ARGS(PJRT_Device_GetDescription_Args, get);
  get.device = device;
  Check(api, api->PJRT_Device_GetDescription(&get));
  PJRT_DeviceDescription* d = get.device_description;
  XS_ARGS(PJRT_DeviceDescription_Id_Args, id);
  id.device_description = d;
  Check(api, api->PJRT_DeviceDescription_Id(&id));
  Set(env, out, "id", Num(env, id.id));
  XS_ARGS(PJRT_DeviceDescription_ProcessIndex_Args, process);
  process.device_description = d;
  Check(api, api->PJRT_DeviceDescription_ProcessIndex(&process));
  Set(env, out, "processIndex", Num(env, process.process_index));
  XS_ARGS(PJRT_DeviceDescription_Kind_Args, kind);
  kind.device_description = d;
  Check(api, api->PJRT_DeviceDescription_Kind(&kind));
  Set(env, out, "kind", Str(env, std::string(kind.device_kind, kind.device_kind_size)));
  XS_ARGS(PJRT_DeviceDescription_DebugString_Args, debug);
  debug.device_description = d;
  Check(api, api->PJRT_DeviceDescription_DebugString(&debug));
  Set(env, out, "debugString", Str(env, std::string(debug.debug_string, debug.debug_string_size)));
  XS_ARGS(PJRT_DeviceDescription_ToString_Args, text);
  text.device_description = d;
  Check(api, api->PJRT_DeviceDescription_ToString(&text));
  Set(env, out, "text", Str(env, std::string(text.to_string, text.to_string_size)));
  XS_ARGS(PJRT_DeviceDescription_Attributes_Args, attributes);
  attributes.device_description = d;
  Check(api, api->PJRT_DeviceDescription_Attributes(&attributes));
  Set(env, out, "attributes", AttributesToJs(env, attributes.attributes, attributes.num_attributes));
  XS_ARGS(PJRT_Device_IsAddressable_Args, here);
  here.device = device;
  Check(api, api->PJRT_Device_IsAddressable(&here));
  Set(env, out, "addressable", Bool(env, here.is_addressable));
  Error ignored;
  XS_ARGS(PJRT_Device_LocalHardwareId_Args, hardware);
  hardware.device = device;
  bool unknown = TakeError(api, api->PJRT_Device_LocalHardwareId(&hardware), &ignored);
  Set(env, out, "localHardwareId", Num(env, unknown ? -1 : hardware.local_hardware_id));
  Napi(napi_create_array(env, &memories));
  XS_ARGS(PJRT_Device_AddressableMemories_Args, list);
  list.device = device;
  if (here.is_addressable && !TakeError(api, XS_FN(api, PJRT_Device_AddressableMemories)(&list), &ignored)) {
    for (size_t i = 0; i < list.num_memories; i++) Napi(napi_set_element(env, memories, i, Num(env, client->IndexOf(list.memories[i]))));
  }
  Set(env, out, "memories", memories);
  XS_ARGS(PJRT_Device_DefaultMemory_Args, memory);
  memory.device = device;
  bool none = !here.is_addressable || TakeError(api, XS_FN(api, PJRT_Device_DefaultMemory)(&memory), &ignored);
  Set(env, out, "defaultMemory", Num(env, none ? -1 : client->IndexOf(memory.memory)));
  return out;
}

napi_value DescribeMemory(napi_env env, Client* client, PJRT_Memory* memory) {
  const PJRT_Api* api = client->api();
  napi_value out, devices;
  Napi(napi_create_object(env, &out));
  XS_ARGS(PJRT_Memory_Id_Args, id);
  id.memory = memory;
  Check(api, XS_FN(api, PJRT_Memory_Id)(&id));
  Set(env, out, "id", Num(env, id.id));
  XS_ARGS(PJRT_Memory_Kind_Args, kind);
  kind.memory = memory;
  Check(api, XS_FN(api, PJRT_Memory_Kind)(&kind));
  Set(env, out, "kind", Str(env, std::string(kind.kind, kind.kind_size)));
  XS_ARGS(PJRT_Memory_DebugString_Args, debug);
  debug.memory = memory;
  Check(api, XS_FN(api, PJRT_Memory_DebugString)(&debug));
  Set(env, out, "debugString", Str(env, std::string(debug.debug_string, debug.debug_string_size)));
  XS_ARGS(PJRT_Memory_AddressableByDevices_Args, by);
  by.memory = memory;
  Check(api, XS_FN(api, PJRT_Memory_AddressableByDevices)(&by));
  Napi(napi_create_array(env, &devices));
  for (size_t i = 0; i < by.num_devices; i++) Napi(napi_set_element(env, devices, i, Num(env, client->IndexOf(by.devices[i]))));
  Set(env, out, "devices", devices);
  return out;
}

}  // namespace

napi_value LoadPlugin(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 1);
    Plugin* plugin = Plugin::Load(ReadString(env, args[0], "Plugin.load: path"));
    const PJRT_Api* api = plugin->api;
    napi_value out, extensions;
    Napi(napi_create_object(env, &out));
    Set(env, out, "handle", MakeHandle(env, std::make_unique<PluginHandle>(PluginHandle{plugin})));
    Set(env, out, "path", Str(env, plugin->path));
    Set(env, out, "major", Num(env, api->pjrt_api_version.major_version));
    Set(env, out, "minor", Num(env, api->pjrt_api_version.minor_version));
    XS_ARGS(PJRT_Plugin_Attributes_Args, attributes);
    Error ignored;
    bool none = TakeError(api, XS_FN(api, PJRT_Plugin_Attributes)(&attributes), &ignored);
    Set(env, out, "attributes", AttributesToJs(env, attributes.attributes, none ? 0 : attributes.num_attributes));
    Napi(napi_create_array(env, &extensions));
    uint32_t n = 0;
    for (const PJRT_Extension_Base* e = api->extension_start; e != nullptr; e = e->next) Napi(napi_set_element(env, extensions, n++, Num(env, e->type)));
    Set(env, out, "extensions", extensions);
    return out;
  });
}

napi_value CreateClient(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Args args(env, info, 2);
    Plugin* plugin = FromHandle<PluginHandle>(env, args[0])->plugin;
    std::vector<Option> options;
    uint32_t n = 0;
    Napi(napi_get_array_length(env, args[1], &n));
    for (uint32_t i = 0; i < n; i++) {
      napi_value entry;
      Napi(napi_get_element(env, args[1], i, &entry));
      options.push_back(ReadOption(env, entry));
    }
    int64_t instance = args.count > 2 ? ReadInt(env, args[2], "createClient: instance") : 0;
    std::shared_ptr<Client> client = Client::Get(plugin, options, instance);
    const PJRT_Api* api = plugin->api;
    napi_value out, list;
    Napi(napi_create_object(env, &out));
    Set(env, out, "handle", MakeHandle(env, std::make_unique<ClientHandle>(ClientHandle{client})));
    Set(env, out, "id", Num(env, static_cast<double>(client->id)));
    Set(env, out, "platformName", Str(env, client->platform_name));
    Set(env, out, "platformVersion", Str(env, client->platform_version));
    XS_ARGS(PJRT_Client_ProcessIndex_Args, process);
    process.client = client->handle;
    Check(api, api->PJRT_Client_ProcessIndex(&process));
    Set(env, out, "processIndex", Num(env, process.process_index));
    Napi(napi_create_array(env, &list));
    for (size_t i = 0; i < client->devices.size(); i++) Napi(napi_set_element(env, list, i, DescribeDevice(env, client.get(), client->devices[i])));
    Set(env, out, "devices", list);
    Napi(napi_create_array(env, &list));
    for (size_t i = 0; i < client->memories.size(); i++) Napi(napi_set_element(env, list, i, DescribeMemory(env, client.get(), client->memories[i])));
    Set(env, out, "memories", list);
    return out;
  });
}

napi_value Topology(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Client* client = FromHandle<ClientHandle>(env, Args(env, info, 1)[0])->client.get();
    const PJRT_Api* api = client->api();
    XS_ARGS(PJRT_Client_TopologyDescription_Args, get);
    get.client = client->handle;
    Check(api, XS_FN(api, PJRT_Client_TopologyDescription)(&get));
    XS_ARGS(PJRT_TopologyDescription_PlatformName_Args, name);
    name.topology = get.topology;
    Check(api, XS_FN(api, PJRT_TopologyDescription_PlatformName)(&name));
    XS_ARGS(PJRT_TopologyDescription_PlatformVersion_Args, version);
    version.topology = get.topology;
    Check(api, XS_FN(api, PJRT_TopologyDescription_PlatformVersion)(&version));
    XS_ARGS(PJRT_TopologyDescription_GetDeviceDescriptions_Args, devices);
    devices.topology = get.topology;
    Check(api, XS_FN(api, PJRT_TopologyDescription_GetDeviceDescriptions)(&devices));
    napi_value out;
    Napi(napi_create_object(env, &out));
    Set(env, out, "platformName", Str(env, std::string(name.platform_name, name.platform_name_size)));
    Set(env, out, "platformVersion", Str(env, std::string(version.platform_version, version.platform_version_size)));
    Set(env, out, "numDevices", Num(env, static_cast<double>(devices.num_descriptions)));
    XS_ARGS(PJRT_TopologyDescription_Attributes_Args, attributes);
    attributes.topology = get.topology;
    Error ignored;
    bool none = TakeError(api, XS_FN(api, PJRT_TopologyDescription_Attributes)(&attributes), &ignored);
    Set(env, out, "attributes", AttributesToJs(env, attributes.attributes, none ? 0 : attributes.num_attributes));
    return out;
  });
}

napi_value DeviceMemoryStats(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Args args(env, info, 2);
    Client* client = FromHandle<ClientHandle>(env, args[0])->client.get();
    int64_t index = ReadInt(env, args[1], "memoryStats: device");
    XS_ARGS(PJRT_Device_MemoryStats_Args, stats);
    stats.device = client->DeviceAt("memoryStats", index);
    Error error;
    napi_value out;
    if (TakeError(client->api(), XS_FN(client->api(), PJRT_Device_MemoryStats)(&stats), &error)) {
      if (error.status != "UNIMPLEMENTED") throw error;
      Napi(napi_get_null(env, &out));
      return out;
    }
    Napi(napi_create_object(env, &out));
    Set(env, out, "bytesInUse", Num(env, static_cast<double>(stats.bytes_in_use)));
    if (stats.peak_bytes_in_use_is_set) Set(env, out, "peakBytesInUse", Num(env, static_cast<double>(stats.peak_bytes_in_use)));
    if (stats.num_allocs_is_set) Set(env, out, "numAllocs", Num(env, static_cast<double>(stats.num_allocs)));
    if (stats.largest_alloc_size_is_set) Set(env, out, "largestAllocSize", Num(env, static_cast<double>(stats.largest_alloc_size)));
    if (stats.bytes_limit_is_set) Set(env, out, "bytesLimit", Num(env, static_cast<double>(stats.bytes_limit)));
    return out;
  });
}

napi_value ClientMemory(napi_env env, napi_callback_info info) {
  return Entry(env, [&] {
    Client* client = FromHandle<ClientHandle>(env, Args(env, info, 1)[0])->client.get();
    napi_value out;
    Napi(napi_create_object(env, &out));
    Set(env, out, "liveBytes", Num(env, static_cast<double>(client->live_bytes)));
    Set(env, out, "peakBytes", Num(env, static_cast<double>(client->peak_bytes)));
    Set(env, out, "liveBuffers", Num(env, static_cast<double>(client->live_buffers)));
    return out;
  });
}

napi_value ClientResetPeak(napi_env env, napi_callback_info info) {
  return Entry(env, [&]() -> napi_value {
    Client* client = FromHandle<ClientHandle>(env, Args(env, info, 1)[0])->client.get();
    client->peak_bytes = client->live_bytes.load();
    return nullptr;
  });
}

}  // namespace xs
