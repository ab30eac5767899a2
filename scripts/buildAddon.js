// Builds build/Release/xlastate.node with cmake-js, if its sources are other than those it was last built from.
// `node scripts/buildAddon.js [--force]`
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const store = require('./pluginStore');
const { root, say, script, fingerprint, isFresh, run, seconds } = require('./steps');

const ADDON = path.join(root, 'build', 'Release', 'xlastate.node');

/** The compiler CMake would take, after it has shown that it knows C++17. */
function checkCompiler() {
  const program = '#include <optional>\n#include <string_view>\nint main() { if (std::optional<int> x = 1; x) return 0; }\n';
  const named = process.env.CXX;
  let found = false;
  for (const cxx of named ? [named] : ['c++', 'g++', 'clang++']) {
    const [command, ...args] = cxx.split(' ');
    const r = run(command, [...args, '-std=c++17', '-fsyntax-only', '-x', 'c++', '-'], { input: program, stdio: ['pipe', 'pipe', 'pipe'] });
    // A compiler that stops before it has read its input is there all the same.
    if (r.error && r.error.code !== 'EPIPE') continue;
    found = true;
    if (r.status === 0) return cxx;
  }
  const install = 'install one (Debian, Ubuntu: `apt-get install g++`; Fedora: `dnf install gcc-c++`; macOS: `xcode-select --install`)';
  throw new Error(found ? `the C++ compiler does not know C++17: ${install}, GCC 9 or Clang 9 at least` : `a C++17 compiler is missing${named ? ` (CXX is '${named}')` : ''}: ${install}`);
}

function checkCMake() {
  const install = 'install it (Debian, Ubuntu: `apt-get install cmake`; Fedora: `dnf install cmake`; anywhere: `pip install cmake`)';
  const r = run('cmake', ['--version']);
  if (r.error || r.status !== 0) throw new Error(`CMake 3.18 or newer is missing: ${install}`);
  const version = /version (\d+)\.(\d+)/.exec(r.stdout);
  if (version === null || Number(version[1]) * 1000 + Number(version[2]) < 3018) throw new Error(`CMake ${version?.[0] ?? '?'} is too old, 3.18 or newer is needed: ${install}`);
  if (run('make', ['--version']).error && run('ninja', ['--version']).error) {
    throw new Error('make (or ninja) is missing: install it (Debian, Ubuntu: `apt-get install make`; Fedora: `dnf install make`)');
  }
}

/** Whether the addon can be loaded by this Node. In a process of its own: a library that does not fit may crash it. */
function loads(file) {
  return run(process.execPath, ['-e', 'require(process.argv[1])', file]);
}

function buildAddon({ force = false } = {}) {
  const include = process.env.XLASTATE_PJRT_INCLUDE || store.includeDir();
  if (include === null || !fs.existsSync(path.join(include, 'pjrt_c_api.h'))) {
    throw new Error(`pjrt_c_api.h is not in '${include ?? 'any plugin folder'}': it comes with the default plugin, which \`node scripts/install.js\` fetches`);
  }
  const cmakeJs = require.resolve('cmake-js/bin/cmake-js');
  const headers = ['node-addon-api', 'node-api-headers', 'cmake-js'].map((p) => {
    try {
      return `${p}@${require(`${p}/package.json`).version}`;
    } catch {
      return p;
    }
  });
  const print = fingerprint(['native', 'CMakeLists.txt', path.join(include, 'pjrt_c_api.h')], { platform: process.platform, arch: process.arch, headers, cxx: process.env.CXX, flags: process.env.CXXFLAGS });
  const stamp = path.join(root, 'build', 'addon.stamp');
  if (!force && fs.existsSync(ADDON) && isFresh(stamp, print)) {
    say('addon: up to date');
    return ADDON;
  }
  const compiler = checkCompiler();
  checkCMake();
  say(`addon: building with cmake-js and ${compiler}`);
  const start = Date.now();
  const r = run(process.execPath, [cmakeJs, 'compile', '--directory', root], { env: { CMAKE_BUILD_PARALLEL_LEVEL: '2', ...process.env, XLASTATE_PJRT_INCLUDE: include } });
  if (r.status !== 0 || !fs.existsSync(ADDON)) {
    const log = path.join(root, 'build', 'addon.log');
    fs.mkdirSync(path.dirname(log), { recursive: true });
    fs.writeFileSync(log, `${r.stdout}\n${r.stderr}`);
    const errors = `${r.stdout}\n${r.stderr}`.split('\n').filter((l) => /error|fatal/i.test(l)).slice(0, 12).join('\n');
    throw new Error(`the addon did not build; the whole output is in ${log}:\n${errors}`);
  }
  const loaded = loads(ADDON);
  if (loaded.status !== 0) throw new Error(`the addon was built but does not load: ${(loaded.stderr || String(loaded.signal)).trim().split('\n').find((l) => /Error/.test(l)) ?? loaded.stderr}`);
  fs.writeFileSync(stamp, print);
  say(`addon: built in ${seconds(start)}`);
  return ADDON;
}

module.exports = { ADDON, buildAddon, checkCompiler, checkCMake, loads };
if (require.main === module) script(() => buildAddon({ force: process.argv.includes('--force') }));
