// Loads dist/bundle/xlastate.js with V8's code of it from the user's cache, where there is one: reading and compiling that file is most of the start of a
// process. Copied to dist/bundle/load.js, with the build's fingerprint in place of BUILD.
'use strict';
const { createHash, randomBytes } = require('node:crypto');
const { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { basename, dirname, join } = require('node:path');
const { cachedDataVersionTag } = require('node:v8');
const vm = require('node:vm');
const { isMainThread } = require('node:worker_threads');
// From dist/bundle.
const { cacheRoot, makeFolder } = require('../../scripts/cacheFolder');

const build = 'BUILD';
const source = join(__dirname, 'xlastate.js');
// V8's code holds the path of its source, which errors and stacks show: each place has a file of its own.
const place = createHash('sha256').update(`${build} ${source}`).digest('hex');
const magic = `xlastate code ${place}\n`;
/** Files of other builds and other versions of Node that are kept beside ours. */
const KEPT = 8;

/** The folder of V8's code: beside the compile cache, and off when that is. */
function folder() {
  const given = process.env.XLASTATE_CACHE_DIR;
  if (given !== undefined) return given === '' || given === '0' ? null : join(given, 'code');
  const root = cacheRoot();
  return root === null ? null : join(root, 'code');
}

const sha256 = (...parts) => parts.reduce((hash, p) => hash.update(p), createHash('sha256')).digest();

/** What a file of the cache holds: the namespaces that had been loaded when it was written, and V8's code. Null if it is damaged or of another build. */
function parse(bytes) {
  const head = magic.length + 32;
  if (bytes.length < head || bytes.toString('latin1', 0, magic.length) !== magic) return null;
  if (!sha256(bytes.subarray(head)).equals(bytes.subarray(magic.length, head))) return null;
  const end = bytes.indexOf(10, head);
  return end < 0 ? null : { loaded: bytes.toString('latin1', head, end).split(','), code: bytes.subarray(end + 1) };
}

function read(file) {
  try {
    return parse(readFileSync(file));
  } catch {
    return null;
  }
}

// A cache that cannot be written is no cache; it is never an error.
function write(file, loaded, code) {
  try {
    const dir = dirname(file);
    makeFolder(dir, 0o700, 0o755);
    const body = [Buffer.from(`${loaded.join()}\n`, 'latin1'), code];
    const temporary = `${file}.${randomBytes(6).toString('hex')}`;
    writeFileSync(temporary, Buffer.concat([Buffer.from(magic, 'latin1'), sha256(...body), ...body]), { mode: 0o600 });
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
  return vm.runInThisContext('globalThis') === globalThis;
}

function load() {
  // A bundler may have put this file into one of its own, where nothing lies beside it.
  const dir = basename(__filename) === 'load.js' && isPlain() ? folder() : null;
  if (dir === null) return require('./xlastate.js');
  const file = join(dir, `${place.slice(0, 16)}-${process.versions.v8}-${process.arch}-${cachedDataVersionTag().toString(16)}.bin`);
  const entry = read(file);
  const script = new vm.Script(Module.wrap(readFileSync(source, 'latin1')), { filename: source, cachedData: entry?.code });
  const known = entry === null || script.cachedDataRejected ? null : entry.loaded;
  const module = { exports: {} };
  script.runInThisContext()(module.exports, Module.createRequire(source), module, source, __dirname);
  if (isMainThread) {
    process.on('exit', () => {
      const loaded = module.exports.loaded;
      // Written again when a process has used namespaces that none had before it: V8 keeps the code that was there.
      if (known === null || loaded.some((n) => !known.includes(n))) write(file, [...new Set([...(known ?? []), ...loaded])], script.createCachedData());
    });
  }
  return module.exports;
}

module.exports = load();
