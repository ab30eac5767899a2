import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import * as store from '../../scripts/pluginStore';

const root = resolve(__dirname, '..', '..');
let dir: string;
let app: string;

/** An empty project with the packed tarball in it, unpacked as npm would with scripts off; its dependencies are this checkout's. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'xlastate-pack-'));
  const packed = spawnSync('npm', ['pack', '--pack-destination', dir], { cwd: root, encoding: 'utf8' });
  if (packed.status !== 0) throw new Error(packed.stderr);
  app = join(dir, 'app');
  const modules = join(app, 'node_modules');
  mkdirSync(join(modules, 'xlastate'), { recursive: true });
  const tarball = readdirSync(dir).find((f) => f.endsWith('.tgz'))!;
  const unpacked = spawnSync('tar', ['-xzf', join(dir, tarball), '--strip-components=1', '-C', join(modules, 'xlastate')], { encoding: 'utf8' });
  if (unpacked.status !== 0) throw new Error(unpacked.stderr);
  for (const d of Object.keys(packageJson().dependencies)) {
    if (d.startsWith('@')) mkdirSync(join(modules, d.split('/')[0]!), { recursive: true });
    symlinkSync(join(root, 'node_modules', d), join(modules, d));
  }
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function packageJson(): { dependencies: Record<string, string>; exports: Record<string, { import: Record<string, string>; require: Record<string, string> } | string>; bin: Record<string, string> } {
  return JSON.parse(readFileSync(join(app, 'node_modules', 'xlastate', 'package.json'), 'utf8'));
}

function run(file: string, source: string, env: NodeJS.ProcessEnv = {}): { stdout: string; stderr: string; status: number | null } {
  writeFileSync(join(app, file), source);
  return spawnSync(process.execPath, [file], { cwd: app, encoding: 'utf8', env: { ...process.env, ...env } });
}

const ADD = 'func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> { %0 = stablehlo.add %x, %x : tensor<2xf32> return %0 : tensor<2xf32> }';
const USE = `
const client = pjrt.defaultClient();
const f = client.compileSync(${JSON.stringify(ADD)});
const [y] = f.execute([client.bufferFromHost(Float32Array.of(1, 2), 'float32', [2])]);
const out = [...new Float32Array(y.toHostSync())].join();
`;

test('holds what it names: every entry with types, the addon, no sources of ours', () => {
  const at = join(app, 'node_modules', 'xlastate');
  for (const entry of Object.values(packageJson().exports)) {
    for (const file of typeof entry === 'string' ? [entry] : [...Object.values(entry.import), ...Object.values(entry.require)]) expect([file, existsSync(join(at, file))]).toEqual([file, true]);
  }
  expect(existsSync(join(at, 'prebuilds', `${process.platform}-${process.arch}`, 'xlastate.node'))).toBe(true);
  for (const absent of ['lib', 'test', 'node_modules', 'build', 'dist/.stamp']) expect([absent, existsSync(join(at, absent))]).toEqual([absent, false]);
});

test('CommonJS', () => {
  expect(run('a.cjs', `const { pjrt } = require('xlastate');${USE}console.log(out);`)).toMatchObject({ stdout: '2,4\n', stderr: '', status: 0 });
});

test('what stands below the namespaces works before they are looked at, which loads them', () => {
  const source = `
const { numpy: np, ParamState } = require('xlastate');
console.log(ParamState.init((size) => np.ones(size), [2]).value.js().join(), np.array([1, 2]).sum().item(), Object.keys(require('xlastate').nn).includes('Linear'));
`;
  expect(run('l.cjs', source)).toMatchObject({ stdout: '1,1 3 true\n', stderr: '', status: 0 });
});

test('ES modules name the same objects as CommonJS', () => {
  const source = `
import { createRequire } from 'node:module';
import * as all from 'xlastate';
import { pjrt, PluginError } from 'xlastate';
import { Client } from 'xlastate/pjrt';
const cjs = createRequire(import.meta.url)('xlastate');
${USE}
const differ = Object.keys(cjs).filter((k) => cjs[k] !== all[k]);
console.log(out, differ.length, PluginError === cjs.PluginError, Client === cjs.pjrt.Client, client instanceof Client);
`;
  expect(run('b.mjs', source)).toMatchObject({ stdout: '2,4 0 true true true\n', stderr: '', status: 0 });
});

test('types are whole: a strict program with checked declarations, in an ES module and in CommonJS', () => {
  const source = `
import { environ, nn, numpy as np, optim, ParamState } from 'xlastate';
import { type Client, defaultClient } from 'xlastate/pjrt';
export const client: Client = defaultClient();
const net = new nn.Sequential(new nn.Conv2d([8, 8, 1], 4, 3), nn.relu, new nn.Dropout(0.5), new nn.Flatten({ startAxis: 1 }), new nn.Linear(256, 2));
export const y: np.Array = environ.context({ fit: false }, () => net.call(np.ones([1, 8, 8, 1])));
export const optimizer: optim.Optimizer = new optim.Adam({ lr: new optim.StepLR({ baseLr: 0.1, stepSize: 2 }) });
optimizer.registerTrainableWeights(net.states(ParamState));
export const conv: np.Array = new nn.Conv2d([8, 8, 1], 4, 3).call(y);
`;
  for (const file of ['types.mts', 'types.cts']) writeFileSync(join(app, file), source);
  const options = { strict: true, skipLibCheck: false, noEmit: true, target: 'es2022', lib: ['es2022'], module: 'nodenext', typeRoots: [join(root, 'node_modules', '@types')], types: ['node'] };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['types.mts', 'types.cts'] }));
  const r = spawnSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', '.'], { cwd: app, encoding: 'utf8' });
  expect(r).toMatchObject({ stdout: '', status: 0 });
});

test('in a worker', () => {
  const source = `
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { pjrt } from 'xlastate';
if (isMainThread) new Worker(new URL(import.meta.url)).on('message', (m) => console.log('worker', m));
else {${USE} parentPort.postMessage(out); }
`;
  expect(run('c.mjs', source)).toMatchObject({ stdout: 'worker 2,4\n', stderr: '', status: 0 });
});

test("V8's code is kept in the cache, used, extended by what a program loads anew, and written again when it is damaged", () => {
  const cache = join(dir, 'codeCache');
  const codes = () => readdirSync(join(cache, 'code')).map((f) => join(cache, 'code', f));
  const one = (source = '') => {
    const r = run('e.cjs', `const { pjrt } = require('xlastate');${source}${USE}console.log(out);`, { XLASTATE_CACHE_DIR: cache });
    expect(r).toMatchObject({ stdout: '2,4\n', stderr: '', status: 0 });
    expect(codes()).toHaveLength(1);
    return readFileSync(codes()[0]!);
  };
  const first = one();
  expect(one().equals(first)).toBe(true);
  // Whatever Node is given on its command line, but for flags that V8's code depends on.
  const inline = (flags: string[], count: number) => {
    const r = spawnSync(process.execPath, [...flags, '-e', `require('xlastate'); // ${count}`], { cwd: app, encoding: 'utf8', env: { ...process.env, XLASTATE_CACHE_DIR: cache } });
    expect(r).toMatchObject({ stdout: '', stderr: '', status: 0 });
    return codes().length;
  };
  expect([inline([], 1), inline([], 2), inline(['--no-lazy'], 3), inline(['--no-lazy'], 4)]).toEqual([1, 1, 2, 2]);
  for (const f of codes()) if (!readFileSync(f).equals(first)) rmSync(f);
  const more = one("require('xlastate').optim;");
  expect(more.length).toBeGreaterThan(first.length);
  expect(one().equals(more)).toBe(true);

  for (const damaged of [more.subarray(0, more.length >> 1), Buffer.alloc(0), Buffer.from(more).fill(7, more.length - 4096)]) {
    writeFileSync(codes()[0]!, damaged);
    expect(one().length).toBeGreaterThan(damaged.length >> 1);
    expect(one().equals(damaged)).toBe(false);
  }
  expect(run('e.cjs', `const { pjrt } = require('xlastate');${USE}console.log(out);`, { XLASTATE_CACHE_DIR: '/proc/none' })).toMatchObject({ stdout: '2,4\n', stderr: '', status: 0 });
});

const IS_MAPPED = `require('node:fs').readFileSync('/proc/self/maps', 'utf8').includes('xla_cpu_pjrt.so')`;

test('the main entry loads the CPU plugin ahead, if it is the one that the environment says; xlastate/pjrt does not', () => {
  const isMapped = (entry: string, env: NodeJS.ProcessEnv = {}) => {
    const r = run('g.cjs', `require('${entry}'); console.log(${IS_MAPPED});`, { XLASTATE_PLUGIN: '', PJRT_NAMES_AND_LIBRARY_PATHS: '', XLASTATE_PLATFORM: '', ...env });
    expect(r).toMatchObject({ stderr: '', status: 0 });
    return r.stdout.trim();
  };
  expect(isMapped('xlastate')).toBe('true');
  expect(isMapped('xlastate', { XLASTATE_CACHE_DIR: '0' })).toBe('true');
  expect(isMapped('xlastate/pjrt')).toBe('false');
  expect(isMapped('xlastate', { XLASTATE_PLATFORM: 'cuda' })).toBe('false');
  expect(isMapped('xlastate', { XLASTATE_PLUGIN: '/nowhere/plugin.so' })).toBe('false');
});

test('what was loaded ahead is not what a program has to use, and is in nobody\'s way', () => {
  const late = run('h.cjs', "const { pjrt } = require('xlastate'); process.env.XLASTATE_PLUGIN = __filename; try { pjrt.defaultClient(); } catch (e) { console.log(e.name, e.message); }");
  expect(late.stdout).toMatch(/^PluginError XLASTATE_PLUGIN names .*h\.cjs, which is no shared library/);
  expect(run('i.cjs', "require('xlastate'); process.exit(3);")).toMatchObject({ stdout: '', stderr: '', status: 3 });
  expect(run('m.cjs', "const before = JSON.stringify(process.env); require('xlastate'); console.log(JSON.stringify(process.env) === before);")).toMatchObject({ stdout: 'true\n', stderr: '', status: 0 });
  const workers = `
const { Worker } = require('node:worker_threads');
const ended = (code, wait) => new Promise((done) => {
  const worker = new Worker(code, { eval: true }).on('exit', () => done());
  if (wait !== undefined) setTimeout(() => worker.terminate(), wait);
});
Promise.all([ended("require('xlastate')"), ...[0, 20, 40, 60].map((wait) => ended("require('xlastate')", wait))]).then(() => {
  const { pjrt } = require('xlastate');${USE}
  console.log(out);
});
`;
  expect(run('j.cjs', workers)).toMatchObject({ stdout: '2,4\n', stderr: '', status: 0 });
});

test('an addon that cannot be loaded is said by who needs it', () => {
  writeFileSync(join(app, 'damaged.node'), 'no library');
  const r = run('k.cjs', "const { pjrt } = require('xlastate'); try { pjrt.defaultClient(); } catch (e) { console.log(e.name, e.message); }", { XLASTATE_ADDON: join(app, 'damaged.node') });
  expect(r).toMatchObject({ stderr: '', status: 0 });
  expect(r.stdout).toMatch(/^PluginError the native addon .*damaged\.node cannot be loaded/);
});

test('in a context with globals of its own, as tests have them, types are those of the context', () => {
  const source = `
const vm = require('node:vm');
const Module = require('node:module');
const context = vm.createContext({});
for (const name of Object.getOwnPropertyNames(globalThis)) if (!vm.runInContext('globalThis', context)[name]) context[name] = globalThis[name];
const cache = {};
const load = (file) => {
  if (cache[file]) return cache[file].exports;
  const module = cache[file] = { exports: {} };
  const inside = Module.createRequire(file);
  const require = (name) => name.startsWith('.') && !name.includes('scripts/') ? load(inside.resolve(name)) : inside(name);
  vm.runInContext(Module.wrap(require('node:fs').readFileSync(file, 'utf8')), context, { filename: file })(module.exports, require, module, file, require('node:path').dirname(file));
  return module.exports;
};
const { ArgumentError } = load(require.resolve('xlastate'));
console.log(new ArgumentError('x') instanceof vm.runInContext('Error', context));
`;
  expect(run('f.cjs', source)).toMatchObject({ stdout: 'true\n', stderr: '', status: 0 });
});

test('without a plugin, and forbidden to fetch one, the error names the command', () => {
  const r = run('d.cjs', "try { require('xlastate').pjrt.defaultClient(); } catch (e) { console.log(e.name, e.code, e.message); }", {
    XDG_CACHE_HOME: join(dir, 'none'), TMPDIR: dir, XLASTATE_NO_FETCH: '1', XLASTATE_PLUGIN: '', XLASTATE_PLUGIN_DIR: '', PJRT_NAMES_AND_LIBRARY_PATHS: '', XLASTATE_PLATFORM: '',
  });
  expect(r).toMatchObject({ status: 0, stdout: 'PluginError PLUGIN no PJRT plugin is installed, and XLASTATE_NO_FETCH=1 forbids fetching one: run `npx xlastate plugins install cpu`\n' });
});

test('the command line: doctor, its exit code and JSON, plugins', () => {
  const cli = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, [join(app, 'node_modules', 'xlastate', packageJson().bin.xlastate!), ...args], { cwd: app, encoding: 'utf8', env: { ...process.env, ...env } });
  const well = cli(['doctor', '--json']);
  const said = JSON.parse(well.stdout);
  expect([said.ok, well.status]).toEqual([true, 0]);
  expect(said.findings.map((f: { name: string }) => f.name)).toEqual(expect.arrayContaining(['node', 'addon', 'plugin', 'path', 'PJRT API', 'devices', 'compile cache', 'compiler']));

  // A store that has the plugin alone: OpenBLAS can be done without.
  const cpu = store.installed(store.PLUGINS.cpu!)!.folder;
  const plugins = join(dir, 'alone', 'xlastate', 'plugins');
  mkdirSync(plugins, { recursive: true });
  symlinkSync(cpu, join(plugins, basename(cpu)));
  const alone = cli(['doctor'], { XDG_CACHE_HOME: join(dir, 'alone'), XLASTATE_PLUGIN_DIR: '', XLASTATE_BLAS: '', TMPDIR: dir });
  expect(alone.status).toBe(0);
  expect(alone.stdout).toMatch(/note BLAS.*none\n.*large products on the CPU are XLA's own\n.*to mend: run `npx xlastate plugins install openblas`\n/);

  const ill = cli(['doctor'], { XLASTATE_PLUGIN: '/does/not/exist.so' });
  expect(ill.status).toBe(1);
  expect(ill.stdout).toMatch(/BAD {2}plugin.*none\n.*XLASTATE_PLUGIN names \/does\/not\/exist\.so, which does not exist\n.*to mend: correct it/);

  // A library, but no plugin.
  const other = cli(['doctor', '--json'], { XLASTATE_PLUGIN: join(app, 'node_modules', 'xlastate', 'prebuilds', `${process.platform}-${process.arch}`, 'xlastate.node') });
  expect(other.status).toBe(1);
  expect(JSON.parse(other.stdout).findings.find((f: { name: string }) => f.name === 'client')).toMatchObject({ problem: expect.stringMatching(/./), mend: expect.stringMatching(/XLASTATE_PLUGIN/) });

  expect(cli(['plugins', 'list']).stdout).toMatch(/^cpu .*xla_cpu_pjrt\.so\ncuda12 (.*\n)*Libraries, used where they are there:\nopenblas scipy-openblas32 /);
  expect(JSON.parse(cli(['plugins', 'list', '--json']).stdout).map((p: { name: string }) => p.name)).toEqual(['cpu', 'cuda12', 'cuda13', 'rocm7']);
  expect(cli(['plugins', 'install', 'nope'])).toMatchObject({ status: 1, stderr: "xlastate: installPlugin: unknown plugin 'nope'; known are cpu, cuda12, cuda13, rocm7, openblas\n" });
});
