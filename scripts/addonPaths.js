// Where the addon of the package in a folder may be. Plain JavaScript: loadBundle.js needs it before the library is loaded, lib/pjrt/native.ts after.
'use strict';
const { join } = require('node:path');

/** Where the environment says, built here, or shipped for this platform. */
function addonPaths(root) {
  const named = process.env.XLASTATE_ADDON;
  return [...(named ? [named] : []), join(root, 'build', 'Release', 'xlastate.node'), join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'xlastate.node')];
}

module.exports = { addonPaths };
