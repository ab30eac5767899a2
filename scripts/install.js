// `npm install`'s script, in a checkout and, where npm lets it run, as a dependency: fetches the default PJRT plugin and OpenBLAS, and builds the addon.
// XLASTATE_SKIP_INSTALL=1 leaves all of it out.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const store = require('./pluginStore');
const { buildAddon, loads } = require('./buildAddon');
const { root, say, script } = require('./steps');

script(() => {
  if (process.env.XLASTATE_SKIP_INSTALL === '1') {
    say('XLASTATE_SKIP_INSTALL=1: nothing is fetched or built');
    return;
  }
  const checkout = fs.existsSync(path.join(root, 'lib'));
  const prebuilt = path.join(root, 'prebuilds', `${process.platform}-${process.arch}`, 'xlastate.node');
  const hasAddon = !checkout && fs.existsSync(prebuilt) && loads(prebuilt).status === 0;

  try {
    fetchPlugin();
    fetchBlas();
  } catch (e) {
    // With the addon in hand the plugin can come later, at first use.
    if (!hasAddon) throw e;
    say(`plugin: not fetched now (${e.message}); it will be at first use`);
  }
  if (hasAddon) say(`addon: the package has one for ${process.platform}-${process.arch}`);
  else buildAddon();
});

function fetchPlugin() {
  const there = store.installed(store.PLUGINS.cpu);
  if (there !== null) {
    say(`plugin: cpu is in ${there.folder}`);
    return;
  }
  if (process.env.XLASTATE_NO_FETCH === '1') throw new store.StoreError('plugin: cpu is not installed, and XLASTATE_NO_FETCH=1 forbids fetching it: run `npx xlastate plugins install cpu`');
  const { python, version, pip } = store.findPip();
  say(`plugin: ${python} ${version} with pip ${pip}`);
  const done = store.install('cpu', { log: (line) => say(`plugin: ${line}`) });
  say(`plugin: cpu is in ${done.folder}`);
}

function fetchBlas() {
  const done = store.installBlas({ log: (line) => say(`library: ${line}`) });
  if (done !== null) say(`library: openblas is in ${done.folder}`);
}
