// binding.gyp must build what CMakeLists.txt builds. `--sources` compares what gyp makes of the one with the text of the other;
// without it the addon is also built with node-gyp into build/gyp, without a network, and loaded.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const store = require('./pluginStore');
const { root, say, script, run, seconds } = require('./steps');

function cmakeSources() {
  const text = fs.readFileSync(path.join(root, 'CMakeLists.txt'), 'utf8').replace(/#.*$/gm, '');
  const body = /add_library\(\s*xlastate\s+SHARED([^)]*)\)/.exec(text)?.[1];
  if (body === undefined) throw new Error('CMakeLists.txt has no add_library(xlastate SHARED …)');
  return body.split(/\s+/).filter((s) => s.endsWith('.cc')).sort();
}

function cmakeDefines() {
  const text = fs.readFileSync(path.join(root, 'CMakeLists.txt'), 'utf8');
  return [...text.matchAll(/target_compile_definitions\(\s*xlastate\s+PRIVATE([^)]*)\)/g)].flatMap((m) => m[1].trim().split(/\s+/)).sort();
}

/** The first target of binding.gyp, its `<!@(command)` lists run as gyp would run them. */
function gypTarget() {
  const text = fs.readFileSync(path.join(root, 'binding.gyp'), 'utf8');
  const target = JSON.parse(text).targets[0];
  const expand = (s) => {
    const command = /^<!@?\((.*)\)$/s.exec(s)?.[1];
    if (command === undefined) return [s];
    const r = run('sh', ['-c', command]);
    if (r.status !== 0) throw new Error(`binding.gyp: \`${command}\` failed: ${r.stderr}`);
    return r.stdout.trim().split(/\s+/);
  };
  return { sources: target.sources.flatMap(expand).sort(), defines: (target.defines ?? []).flatMap(expand).sort() };
}

function compare(what, cmake, gyp) {
  const missing = cmake.filter((s) => !gyp.includes(s));
  const extra = gyp.filter((s) => !cmake.includes(s));
  if (missing.length + extra.length > 0) {
    throw new Error(`binding.gyp and CMakeLists.txt differ in their ${what}: ${[...missing.map((s) => `${s} only in CMakeLists.txt`), ...extra.map((s) => `${s} only in binding.gyp`)].join(', ')}`);
  }
}

/** A folder with include/node/ and common.gypi, as node-gyp wants it: the running Node's own, if it came with its headers. */
function nodeDirectory() {
  const prefix = path.dirname(path.dirname(fs.realpathSync(process.execPath)));
  for (const dir of [process.env.npm_config_nodedir, prefix, '/usr', '/usr/local']) {
    if (!dir || !fs.existsSync(path.join(dir, 'include', 'node', 'node_api.h')) || !fs.existsSync(path.join(dir, 'include', 'node', 'common.gypi'))) continue;
    const version = fs.readFileSync(path.join(dir, 'include', 'node', 'node_version.h'), 'utf8');
    const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(version)?.[1];
    if (major === process.versions.node.split('.')[0]) return dir;
  }
  return null;
}

function nodeGyp() {
  const npm = process.env.npm_execpath ? [path.dirname(path.dirname(process.env.npm_execpath))] : [];
  const global = run('npm', ['root', '--global']);
  if (global.status === 0) npm.push(path.join(global.stdout.trim(), 'npm'));
  return npm.map((d) => path.join(d, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')).find((f) => fs.existsSync(f));
}

/** Builds a copy: node-gyp would clear build/, where cmake-js's result lies. */
function build() {
  const gyp = nodeGyp();
  const nodedir = nodeDirectory();
  if (gyp === undefined || nodedir === null) {
    say(`gyp: not built here: ${gyp === undefined ? "npm's node-gyp was not found" : `no headers of Node ${process.versions.node.split('.')[0]} lie beside it (name a folder with npm_config_nodedir)`}`);
    return;
  }
  const include = process.env.XLASTATE_PJRT_INCLUDE || store.includeDir();
  if (include === null) throw new Error('the PJRT header is not there: run `node scripts/install.js`');
  const copy = path.join(root, 'build', 'gyp');
  fs.rmSync(copy, { recursive: true, force: true });
  fs.mkdirSync(copy, { recursive: true });
  for (const f of ['native', 'binding.gyp', 'CMakeLists.txt', 'package.json']) fs.cpSync(path.join(root, f), path.join(copy, f), { recursive: true });
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  const start = Date.now();
  const r = run(process.execPath, [gyp, 'rebuild', '--nodedir', nodedir, '-j', '2'], { cwd: copy, env: { ...process.env, XLASTATE_PJRT_INCLUDE: include } });
  if (r.status !== 0) throw new Error(`node-gyp failed:\n${r.stdout.slice(-2000)}\n${r.stderr.slice(-4000)}`);
  const addon = path.join(copy, 'build', 'Release', 'xlastate.node');
  const same = run(process.execPath, ['-e', 'console.log(JSON.stringify(process.argv.slice(1).map((f) => Object.keys(require(f)).sort())))', addon]);
  if (same.status !== 0) throw new Error(`what node-gyp built does not load: ${same.stderr}`);
  const [names] = JSON.parse(same.stdout);
  if (names.length === 0) throw new Error('what node-gyp built exports nothing');
  say(`gyp: built and loaded in ${seconds(start)}, ${names.length} exports`);
}

script(() => {
  const target = gypTarget();
  compare('sources', cmakeSources(), target.sources);
  compare('definitions', cmakeDefines(), target.defines);
  for (const s of target.sources) if (!fs.existsSync(path.join(root, s))) throw new Error(`${s} is in the build files, but does not exist`);
  say(`gyp: the same ${target.sources.length} sources and ${target.defines.length} definitions as CMakeLists.txt`);
  if (!process.argv.includes('--sources')) build();
});
