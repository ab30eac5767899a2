// Lets `node -r test/support/register.js file.ts` run TypeScript: children of tests, benchmarks and scripts use it.
const { readFileSync } = require('node:fs');
const { transformSync } = require('@swc/core');

/** The JavaScript of a file. */
function compile(filename) {
  return transformSync(readFileSync(filename, 'utf8'), {
    filename,
    sourceMaps: 'inline',
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    // `import()` stays what it is: ES modules cannot be required by every Node we support.
    module: { type: 'commonjs', ignoreDynamic: true },
  }).code;
}

require.extensions['.ts'] = (module, filename) => module._compile(compile(filename), filename);

module.exports = { compile };
