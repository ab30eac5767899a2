// Compiles lib/ to dist/: types file by file, the code as one file that V8's cache can hold (loadBundle.js), and beside each public entry an ES module
// that names what the CommonJS module exports: both kinds of import give the same objects. `node scripts/buildDist.js [--force]`
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { root, say, script, filesUnder, fingerprint, isFresh, run, seconds } = require('./steps');

// Built beside its place and moved there when whole, so that programs that run meanwhile find the old one.
const dist = path.join(root, `dist.${process.pid}`);

/** Entries of the exports map that are CommonJS modules of ours: './index.js', './pjrt/index.js', … under dist/. */
function entries() {
  const map = require('../package.json').exports;
  return Object.values(map)
    .filter((e) => typeof e === 'object')
    .map((e) => e.require.default);
}

/** Namespaces that are not loaded when they are first looked at but with the module that exports them: numpy gives arrays their methods, hlo is in every program. */
const PROMPT = ['numpy', 'hlo'];

/** Large modules that few programs need and that do nothing when they are loaded: wherever they are required, that is when they are first used. */
const SELDOM = ['pjrt/hlo/print.js'].map((n) => path.join(dist, n));

/** What else has an entry in the bundle: the command line, and what `doctor` runs in a process of its own and looks for beside itself. */
const MORE = { 'cli/main.js': 'cli/main.js', 'pjrt/probe.js': 'bundle/probe.js' };

/**
 * Makes a module of tsc's require when they are first used: what is not ours, since packages and parts of Node such as `node:crypto` take milliseconds and few
 * programs need them; modules and namespaces that it only exports again, since few programs need half of those; and what is `seldom` used, by number. tsc names what it
 * requires `node_crypto_1`, says that name for nothing else, and has `var` where it exports again.
 */
function withLazyRequires(text, seldom) {
  const names = [];
  const lazy = text.replace(/^(const|var) (\w+_\d+) = (\$load\((\d+)\)|(?:__import\w+\()?require\("[^."][^"]*"\)\)?);$/gm, (line, kind, name, load, number) => {
    if (kind === 'const' && number !== undefined && !seldom.includes(Number(number))) return line;
    names.push(name);
    return `const $${name} = $lazy(() => ${load});`;
  }).replace(/^exports\.(\w+) = (__importStar\(\$load\(\d+\)\));$/gm, (line, name, load) => (PROMPT.includes(name) ? line : `$again(exports, () => ({ ${name}: ${load} }), "${name}");`));
  return withExportsAgain(names.length === 0 ? lazy : lazy.replace(new RegExp(`(?<![\\w$])(?:${names.join('|')})\\b`, 'g'), '($$$&())'));
}

/** Writes what a module exports again as lists, in place of a getter for each name: these become values when they are first read. */
function withExportsAgain(text) {
  const one = 'Object\\.defineProperty\\(exports, "\\w+", \\{ enumerable: true, get: function \\(\\) \\{ return FROM\\.\\w+; \\} \\}\\);\\n';
  const from = '\\w+_\\d+|\\(\\$\\w+_\\d+\\(\\)\\)';
  return text.replace(new RegExp(`(?:^${one.replace('FROM', `(?:${from})`)})+`, 'gm'), (lines) => {
    const groups = new Map();
    for (const [, name, source, original] of lines.matchAll(/"(\w+)".* return (.*)\.(\w+); \} \}\);$/gm)) groups.set(source, [...(groups.get(source) ?? []), name === original ? name : `${name}=${original}`]);
    return [...groups].map(([source, list]) => `$again(exports, () => ${source}, "${list.join(' ')}");\n`).join('');
  });
}

/** Scripts that the library requires: modules of the bundle like others. */
const SCRIPTS = ['addonPaths.js', 'cacheFolder.js', 'pluginPlaces.js', 'pluginStore.js', 'plugins.json'].map((n) => path.join(root, 'scripts', n));

const moduleText = (file) => (file.endsWith('.json') ? `module.exports = ${fs.readFileSync(file, 'utf8')};` : fs.readFileSync(file, 'utf8'));

/** A script as an expression, with those in it that it requires. */
function inlined(name) {
  return `(function (module) {\n${withScripts(moduleText(path.join(__dirname, `${name}.js`)), /\brequire\('\.\/(\w+)'\)/g)}\nreturn module.exports;\n})({})`;
}

const withScripts = (text, requires) => text.replace(requires, (_, name) => inlined(name));

/** loadBundle.js for this build, with the scripts in it that it requires, and of the table of plugins only what it needs. */
function loader(print) {
  const { package: name, version, library } = require('./plugins.json').cpu;
  const text = fs.readFileSync(path.join(__dirname, 'loadBundle.js'), 'utf8')
    .replace("build = 'BUILD'", `build = '${print}'`)
    .replace("require('../../scripts/plugins.json')", JSON.stringify({ cpu: { package: name, version, library } }));
  return withScripts(text, /\brequire\('\.\.\/\.\.\/scripts\/(\w+)'\)/g);
}

/**
 * Puts all code into one file, each module of which still runs when it is first required, and short modules in place of the entries.
 * The text is ASCII, so that it is read without decoding and V8 keeps it in a byte a character. A bundler renames classes (`Array2`), which users would see.
 */
function bundle(print) {
  const stubs = { ...Object.fromEntries(entries().map((e) => path.posix.relative('dist', e)).map((e) => [e, e])), ...MORE };
  const files = [...filesUnder(dist).filter((f) => f.endsWith('.js')), ...SCRIPTS];
  const name = (file) => path.relative(dist, file).replaceAll(path.sep, '/');
  const numbers = new Map(files.map((f, i) => [f, i]));
  const seldom = SELDOM.map((f) => numbers.get(f));
  if (seldom.includes(undefined)) throw new Error('dist: a module that is named in SELDOM is not there');
  // tsc writes each import as require of a text; those of our modules become numbers.
  const modules = files.map((file) => {
    const text = moduleText(file).replace(/\brequire\(["'](\.[^"']*)["']\)/g, (_, to) => {
      const full = path.resolve(path.dirname(file), to);
      const number = [`${full}.js`, path.join(full, 'index.js'), full].map((f) => numbers.get(f)).find((n) => n !== undefined);
      if (number === undefined) throw new Error(`dist: ${name(file)} requires ${to}, which is not there`);
      return `$load(${number})`;
    });
    if (/\bimport\(/.test(text.replace(/^\s*(\/?\*|\/\/).*$/gm, ''))) throw new Error(`dist: ${name(file)} loads an ES module as it runs, which code from V8's cache cannot`);
    return `/* ${name(file)} */ function (exports, module) {${SCRIPTS.includes(file) ? text : withLazyRequires(text, seldom)}\n}`;
  });
  const text = `'use strict';
// What loadBundle.js goes by: the modules that have run.
const loaded = exports.loaded = [];
const cache = [];
const $lazy = (load) => {
    let value;
    return () => value ??= load();
};
// Undefined is what a name has in a module that has not run to its end.
const $settle = (object, name, value) => {
    if (value !== undefined) Object.defineProperty(object, name, { enumerable: true, configurable: true, value });
    return value;
};
const $again = (object, load, names) => {
    const property = { enumerable: true, configurable: true, get: undefined };
    for (const pair of names.split(' ')) {
        const at = pair.indexOf('=');
        const [name, original] = at < 0 ? [pair, pair] : [pair.slice(0, at), pair.slice(at + 1)];
        property.get = () => $settle(object, name, load()[original]);
        Object.defineProperty(object, name, property);
    }
};
function $load(n) {
    if (cache[n] === undefined) {
        const module = cache[n] = { exports: {} };
        try {
            modules[n].call(module.exports, module.exports, module);
            loaded.push(n);
        } catch (e) {
            cache[n] = undefined;
            throw e;
        }
    }
    return cache[n].exports;
}
const modules = [
${modules.join(',\n')}
];
${Object.keys(stubs).map((n) => `exports["${n}"] = () => $load(${numbers.get(path.join(dist, n))});`).join('\n')}
`;
  for (const file of files) if (!SCRIPTS.includes(file)) fs.rmSync(file);
  const folder = path.join(dist, 'bundle');
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'xlastate.js'), text.replace(/[^\0-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`), 'latin1');
  fs.writeFileSync(path.join(folder, 'load.js'), loader(print));
  for (const [name, stub] of Object.entries(stubs)) {
    const up = path.posix.relative(path.posix.dirname(stub), 'bundle/load.js');
    fs.writeFileSync(path.join(dist, stub), `'use strict';\nmodule.exports = require('${up.startsWith('.') ? up : `./${up}`}')('${name}');\n`);
  }
}

/** Runs in a process of its own, so that building does not keep what it loaded. */
function writeWrapper(cjs) {
  const file = path.join(dist, path.relative('dist', cjs));
  const r = run(process.execPath, ['-e', 'process.stdout.write(JSON.stringify(Object.keys(require(process.argv[1]))))', file], { env: { ...process.env, XLASTATE_CACHE_DIR: '0' } });
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

/** Two builds at once may both do this: the later one stays. */
function replace(place, attempts = 5) {
  try {
    fs.rmSync(place, { recursive: true, force: true, maxRetries: 3 });
    fs.renameSync(dist, place);
  } catch (e) {
    if (attempts === 0 || (e.code !== 'ENOTEMPTY' && e.code !== 'EEXIST')) throw e;
    replace(place, attempts - 1);
  }
}

/** Type errors stop it only when `strict`: a checkout should work while they are looked into, a package must not have them. */
function buildDist({ force = false, strict = false } = {}) {
  const typescript = require('typescript/package.json').version;
  const print = fingerprint(['lib', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'scripts/buildDist.js', 'scripts/loadBundle.js', 'scripts/pluginStore.d.ts', 'scripts/cacheFolder.d.ts', 'scripts/addonPaths.d.ts', 'scripts/pluginPlaces.d.ts', ...SCRIPTS.map((f) => path.relative(root, f))], { typescript });
  const stamp = path.join(root, 'dist', '.stamp');
  if (!force && isFresh(stamp, print)) {
    say('dist: up to date');
    return;
  }
  const start = Date.now();
  try {
    const r = run(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', dist]);
    const errors = r.stdout.split('\n').filter((l) => /error TS\d+/.test(l));
    if (r.status !== 0 && (strict || errors.length === 0 || !fs.existsSync(dist))) throw new Error(`dist: lib/ does not compile\n${r.stdout}${r.stderr}`);
    if (errors.length > 0) say(`dist: ${errors.length} type errors, see \`npm run typecheck\``);
    bundle(print);
    const made = entries().map((cjs) => `${cjs} (${writeWrapper(cjs)} names)`);
    if (errors.length === 0) fs.writeFileSync(path.join(dist, '.stamp'), print);
    replace(path.join(root, 'dist'));
    say(`dist: compiled in ${seconds(start)}: ${made.join(', ')}`);
  } finally {
    fs.rmSync(dist, { recursive: true, force: true });
  }
}

module.exports = { buildDist };
if (require.main === module) script(() => buildDist({ force: process.argv.includes('--force'), strict: process.argv.includes('--strict') }));
