// The user's cache folder. Plain JavaScript: install scripts need it before anything is compiled, loadBundle.js before the library is loaded, lib/pjrt after.
'use strict';
const { mkdirSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');

function cacheRoot() {
  if (process.env.XDG_CACHE_HOME) return join(process.env.XDG_CACHE_HOME, 'xlastate');
  try {
    const home = require('node:os').homedir();
    return home ? join(home, '.cache', 'xlastate') : null;
  } catch {
    return null;
  }
}

// Node's own `recursive` never returns where the file system says ENOENT for a folder that is there, as /proc does.
function makeFolder(dir, mode = 0o777, parentMode = mode) {
  try {
    mkdirSync(dir, { mode });
  } catch (e) {
    if (e.code === 'EEXIST' && statSync(dir).isDirectory()) return;
    if (e.code !== 'ENOENT' || dirname(dir) === dir) throw e;
    makeFolder(dirname(dir), parentMode);
    mkdirSync(dir, { mode });
  }
}

module.exports = { cacheRoot, makeFolder };
