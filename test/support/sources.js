// As register.js, and `xlastate` is lib/ as it stands, not what dist/ was built of: `node -r test/support/sources.js examples/cnn.ts`.
const Module = require('node:module');
const { join } = require('node:path');
require('./register.js');

const lib = join(__dirname, '../../lib');
const names = { xlastate: join(lib, 'index.ts'), 'xlastate/pjrt': join(lib, 'pjrt/index.ts') };
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => resolve.call(Module, names[request] ?? request, ...rest);
