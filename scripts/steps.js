// Shared by the install and build scripts: where things are, what to say, and what must be built anew.
'use strict';
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);

const say = (line) => process.stdout.write(`xlastate: ${line}\n`);

/** Runs `main`; a failure is one line and exit code 1. Set XLASTATE_DEBUG for the stack. */
function script(main) {
  try {
    main();
  } catch (e) {
    process.stderr.write(`xlastate: ${process.env.XLASTATE_DEBUG ? e.stack : e.message}\n`);
    process.exitCode = 1;
  }
}

/** Every file under `entry`, sorted; `entry` itself if it is a file. */
function filesUnder(entry) {
  const full = path.resolve(root, entry);
  if (!fs.existsSync(full)) return [];
  if (!fs.statSync(full).isDirectory()) return [full];
  return fs.readdirSync(full).sort().flatMap((f) => filesUnder(path.join(full, f)));
}

/** One hash of the contents of files and of further facts. Times are not looked at: git sets them anew. */
function fingerprint(entries, facts) {
  const hash = createHash('sha256').update(JSON.stringify(facts));
  for (const file of entries.flatMap(filesUnder)) hash.update(`\0${path.relative(root, file)}\0`).update(fs.readFileSync(file));
  return hash.digest('hex');
}

function isFresh(stamp, print) {
  return fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === print;
}

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 256 << 20, stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

module.exports = { root, say, script, filesUnder, fingerprint, isFresh, run, seconds };
