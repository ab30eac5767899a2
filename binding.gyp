{
  "variables": {
    "xlastate_pjrt_include%": "<!(node -p \"process.env.XLASTATE_PJRT_INCLUDE || require('path').join(process.env.XDG_CACHE_HOME || require('path').join(require('os').homedir(), '.cache'), 'xlastate/plugins/xla-cpu-pjrt-0.0.1/xla_plugins/xla_cpu_pjrt/include')\")"
  },
  "targets": [
    {
      "target_name": "xlastate",
      "sources": ["<!@(node -p \"[...require('fs').readFileSync('CMakeLists.txt', 'utf8').matchAll(/native\\/\\w+\\.cc/g)].map((m) => m[0]).join(' ')\")"],
      "include_dirs": ["<(xlastate_pjrt_include)"],
      "defines": ["NAPI_VERSION=2147483647", "NAPI_EXPERIMENTAL"],
      "cflags_cc": ["-std=c++17", "-fexceptions", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-Wall", "-Wextra", "-Wno-missing-field-initializers"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti"],
      "libraries": ["-ldl", "-lpthread"]
    }
  ]
}
