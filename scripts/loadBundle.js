// Loads dist/bundle/xlastate.js with V8's code of it from the user's cache, where there is one: reading and compiling that file is most of the start of a
// process. Copied to dist/bundle/load.js, with the build's fingerprint in place of BUILD, and the scripts it requires within it. Nothing is required here
// that Node has not loaded already, but to write the cache: node:crypto alone takes 3 ms.
'use strict';
const { existsSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { basename, dirname, join } = require('node:path');
const vm = require('node:vm');
const { addonPaths } = require('../../scripts/addonPaths');
const { cacheRoot, makeFolder } = require('../../scripts/cacheFolder');
const { loadAhead } = require('../../scripts/pluginPlaces');
const { cpu } = require('../../scripts/plugins.json');

const build = 'BUILD';
const source = join(__dirname, 'xlastate.js');
/** Files of other builds and other versions of Node that are kept beside ours. */
const KEPT = 8;

/** The folder of V8's code: beside the compile cache, and off when that is. */
function folder() {
  const given = process.env.XLASTATE_CACHE_DIR;
  if (given !== undefined) return given === '' || given === '0' ? null : join(given, 'code');
  const root = cacheRoot();
  return root === null ? null : join(root, 'code');
}

/** The addon, which reads and checks megabytes in a fraction of the time; null if it is not there, or another build's: lib/pjrt/native.ts says so when it is needed. */
function findAddon() {
  try {
    const addon = require(addonPaths(join(__dirname, '..', '..')).find((path) => existsSync(path)));
    return addon.checksum === undefined ? null : addon;
  } catch {
    return null;
  }
}

/** What a file of the cache holds: the modules that had been loaded when it was written, by number, and V8's code. Null if it is damaged or of another build. */
function parse(bytes, magic, checksum) {
  const head = magic.length + 16;
  if (bytes.length < head || !bytes.subarray(0, magic.length).equals(magic)) return null;
  if (checksum(bytes.subarray(head)) !== bytes.latin1Slice(magic.length, head)) return null;
  const end = bytes.indexOf(10, head);
  return end < 0 ? null : { loaded: bytes.latin1Slice(head, end), code: bytes.subarray(end + 1) };
}

function read(file, magic, { readFile, checksum }) {
  try {
    return parse(readFile(file), magic, checksum);
  } catch {
    return null;
  }
}

// A cache that cannot be written is no cache; it is never an error.
function write(file, magic, { checksum }, loaded, code) {
  try {
    const dir = dirname(file);
    makeFolder(dir, 0o700, 0o755);
    const body = Buffer.concat([Buffer.from(`${loaded.join()}\n`, 'latin1'), code]);
    const temporary = `${file}.${require('node:crypto').randomBytes(6).toString('hex')}`;
    writeFileSync(temporary, Buffer.concat([magic, Buffer.from(checksum(body), 'latin1'), body]), { mode: 0o600 });
    renameSync(temporary, file);
    const others = readdirSync(dir).map((f) => join(dir, f)).filter((f) => f !== file);
    const byAge = others.map((f) => ({ f, time: statSync(f).mtimeMs })).sort((a, b) => b.time - a.time);
    for (const { f } of byAge.slice(KEPT)) rmSync(f, { force: true });
  } catch {
    // The next process compiles again.
  }
}

/** Where another context has globals of its own (Jest gives each file one), code has to be compiled in that one, which only Node's `require` does. */
function isPlain() {
  return vm.Script instanceof Function;
}

function load(entry) {
  // A bundler may have put this file into one of its own, where nothing lies beside it.
  const dir = basename(__filename) === 'load.js' && isPlain() ? folder() : null;
  const addon = dir === null ? null : findAddon();
  if (addon === null) return require('./xlastate.js');
  // As lib/pjrt/ahead.ts, which is on the way, would do later.
  if (entry === 'index.js') loadAhead(cpu, () => addon);
  // V8's code holds the path of its source, which errors and stacks show, and depends on V8 and its flags: each combination has a file of its own.
  // Programs on the command line, and files, are none of these.
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].filter((a) => /^--[\w-]+(=[\w.,-]*)?$/.test(a));
  const magic = Buffer.from(`xlastate code ${JSON.stringify([build, source, process.versions.v8, process.arch, ...flags])}\n`);
  const file = join(dir, `${addon.checksum(magic)}-${process.versions.v8}-${process.arch}.bin`);
  const cached = read(file, magic, addon);
  // Put together here, the text would be flattened by V8: a copy of megabytes.
  const [before, after] = Module.wrapper;
  const script = new vm.Script(addon.readText(source, before, after), { filename: source, cachedData: cached?.code });
  const known = cached === null || script.cachedDataRejected ? '' : cached.loaded;
  const module = { exports: {} };
  script.runInThisContext()(module.exports, Module.createRequire(source), module, source, __dirname);
  process.on('exit', () => {
    if (!require('node:worker_threads').isMainThread) return;
    // Written again when a process has used modules that none had before it: V8 keeps the code that was there.
    const all = new Set(known === '' ? [] : known.split(',').map(Number));
    const before = all.size;
    for (const n of module.exports.loaded) all.add(n);
    if (all.size > before) write(file, magic, addon, [...all], script.createCachedData());
  });
  return module.exports;
}

let bundle;

/** The exports of one of the entries. */
module.exports = (entry) => (bundle ??= load(entry))[entry]();
