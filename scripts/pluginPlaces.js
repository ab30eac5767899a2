// Where plugins and the libraries beside them lie. Plain JavaScript: loadBundle.js needs it before the library is loaded, pluginStore.js without it.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { cacheRoot } = require('./cacheFolder');

const temporaryFolder = () => process.env.TMPDIR || require('node:os').tmpdir();

/** A place of this user's for when there is no cache folder; others must not be able to put a library there. */
function temporaryHome() {
  const uid = typeof process.getuid === 'function' ? process.getuid() : 0;
  const dir = path.join(temporaryFolder(), `xlastate-${uid}`);
  try {
    if (!fs.existsSync(dir)) fs.mkdirSync(dir, { mode: 0o700 });
    const s = fs.lstatSync(dir);
    if (!s.isDirectory() || s.uid !== uid || (s.mode & 0o022) !== 0) return null;
    return dir;
  } catch {
    return null;
  }
}

/** Folders that may hold plugins, in the order they are looked at. */
function pluginRoots() {
  const roots = [];
  if (process.env.XLASTATE_PLUGIN_DIR) roots.push(path.resolve(process.env.XLASTATE_PLUGIN_DIR));
  const cache = cacheRoot();
  if (cache !== null) roots.push(path.join(cache, 'plugins'));
  const uid = typeof process.getuid === 'function' ? process.getuid() : 0;
  const temporary = path.join(temporaryFolder(), `xlastate-${uid}`);
  if (fs.existsSync(temporary) && temporaryHome() !== null) roots.push(path.join(temporary, 'plugins'));
  return roots;
}

function folderName(spec) {
  return `${spec.package}-${spec.version}`;
}

/** The folder and the library of what is installed, or null. @param {import('./pluginPlaces').Place} spec */
function installed(spec) {
  for (const root of pluginRoots()) {
    const folder = path.join(root, folderName(spec));
    const library = path.join(folder, spec.library);
    if (fs.existsSync(library)) return { folder, library };
  }
  return null;
}

/**
 * The library of a CPU plugin that is there and that the environment, as it stands, makes the default one; null otherwise. Fetches, checks and prepares nothing.
 *
 * @param {import('./pluginPlaces').Place} cpu the default plugin
 */
function pluginAhead(cpu) {
  if (process.env.XLASTATE_PLATFORM || process.env.PJRT_NAMES_AND_LIBRARY_PATHS) return null;
  const named = process.env.XLASTATE_PLUGIN;
  if (named) return /cuda|rocm/i.test(named) ? null : named;
  return installed(cpu)?.library ?? null;
}

/**
 * Begins to load that library on another thread, if there is one. What fails here is found again, and said, by who needs it.
 *
 * @param {import('./pluginPlaces').Place} cpu the default plugin
 * @param {() => { loadAhead(path: string): void }} addon asked for only where there is something to load
 */
function loadAhead(cpu, addon) {
  try {
    const plugin = pluginAhead(cpu);
    if (plugin !== null) addon().loadAhead(plugin);
  } catch {
    // As said above.
  }
}

module.exports = { folderName, installed, loadAhead, pluginRoots, temporaryFolder, temporaryHome };
