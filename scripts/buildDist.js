// Compiles lib/ to dist/ (CommonJS and types), and writes an ES module beside each public entry that names what the CommonJS module
// exports: both kinds of import give the same objects. `node scripts/buildDist.js [--force]`
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { root, say, script, fingerprint, isFresh, run, seconds } = require('./steps');

const dist = path.join(root, 'dist');

/** Entries of the exports map that are CommonJS modules of ours: './index.js', './pjrt/index.js', … under dist/. */
function entries() {
  const map = require('../package.json').exports;
  return Object.values(map)
    .filter((e) => typeof e === 'object')
    .map((e) => e.require.default);
}

/**
 * Namespaces of the main entry are loaded when they are first looked at: two thirds of the files are needed by few programs. numpy is not one of these,
 * as it gives arrays their methods.
 */
function makeLazy() {
  const file = path.join(dist, 'index.js');
  const text = fs.readFileSync(file, 'utf8');
  let n = 0;
  const lines = text.replace(/^exports\.(\w+) = (__importStar\(require\("\.\/[\w/]+"\)\));$/gm, (line, name, load) => {
    if (name === 'numpy') return line;
    n++;
    return `lazy("${name}", () => ${load});`;
  });
  if (n === 0) throw new Error(`dist: ${file} has no namespaces in the form that tsc writes`);
  const lazy = `function lazy(name, load) {
    const define = (descriptor) => Object.defineProperty(exports, name, { enumerable: true, configurable: true, ...descriptor });
    define({ get: () => { const value = load(); define({ value }); return value; } });
}`;
  fs.writeFileSync(file, lines.replace('Object.defineProperty(exports, "__esModule", { value: true });', (line) => `${line}\n${lazy}`));
}

/** Runs in a process of its own, so that building does not keep what it loaded. */
function writeWrapper(cjs) {
  const file = path.resolve(root, cjs);
  const r = run(process.execPath, ['-e', 'process.stdout.write(JSON.stringify(Object.keys(require(process.argv[1]))))', file]);
  if (r.status !== 0) throw new Error(`${cjs} cannot be loaded: ${r.stderr}`);
  const names = JSON.parse(r.stdout).filter((n) => n !== 'default' && n !== '__esModule').sort();
  const bad = names.filter((n) => !/^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(n));
  if (bad.length > 0) throw new Error(`${cjs} exports what no ES module can name: ${bad.join(', ')}`);
  const base = path.basename(file, '.js');
  const list = names.map((n) => `  ${n},\n`).join('');
  fs.writeFileSync(file.replace(/\.js$/, '.mjs'), `import module from './${base}.js';\n\nexport const {\n${list}} = module;\n`);
  fs.writeFileSync(file.replace(/\.js$/, '.d.mts'), `export * from './${base}.js';\n`);
  return names.length;
}

/** Type errors stop it only when `strict`: a checkout should work while they are looked into, a package must not have them. */
function buildDist({ force = false, strict = false } = {}) {
  const typescript = require('typescript/package.json').version;
  const print = fingerprint(['lib', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/buildDist.js', 'scripts/pluginStore.d.ts'], { typescript });
  const stamp = path.join(root, 'dist', '.stamp');
  if (!force && isFresh(stamp, print)) {
    say('dist: up to date');
    return;
  }
  const start = Date.now();
  fs.rmSync(dist, { recursive: true, force: true });
  const r = run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  const errors = r.stdout.split('\n').filter((l) => /error TS\d+/.test(l));
  if (r.status !== 0 && (strict || errors.length === 0 || !fs.existsSync(dist))) throw new Error(`dist: lib/ does not compile\n${r.stdout}${r.stderr}`);
  if (errors.length > 0) say(`dist: ${errors.length} type errors, see \`npm run typecheck\``);
  makeLazy();
  const made = entries().map((cjs) => `${cjs} (${writeWrapper(cjs)} names)`);
  if (errors.length === 0) fs.writeFileSync(stamp, print);
  say(`dist: compiled in ${seconds(start)}: ${made.join(', ')}`);
}

module.exports = { buildDist };
if (require.main === module) script(() => buildDist({ force: process.argv.includes('--force'), strict: process.argv.includes('--strict') }));
