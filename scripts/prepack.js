// Before `npm pack` and `npm publish`: everything built anew, and the addon where the package ships it.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { buildAddon } = require('./buildAddon');
const { buildDist } = require('./buildDist');
const { root, say, script, run } = require('./steps');

script(() => {
  // npm prints the archive's name on stdout, and what we say must not be in its way.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  buildDist({ strict: true });
  const addon = buildAddon();
  const dir = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`);
  fs.mkdirSync(dir, { recursive: true });
  const target = path.join(dir, 'xlastate.node');
  fs.copyFileSync(addon, target);
  // Symbols of the addon's own are of no use to anybody else; without strip it is only larger.
  run('strip', ['--strip-unneeded', target]);
  say(`prebuild: ${path.relative(root, target)}, ${(fs.statSync(target).size / 1e6).toFixed(1)} MB`);
});
