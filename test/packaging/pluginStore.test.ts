import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as store from '../../scripts/pluginStore';
import { variables } from '../support/variables';
import { makeWheel } from '../support/wheels';

const environment = variables(['XLASTATE_PLUGIN_DIR', 'XDG_CACHE_HOME', 'TMPDIR', 'PATH', 'PIP_NO_INDEX', 'PIP_FIND_LINKS', 'XLASTATE_PYTHON']);
let dir: string;
let wheels: string;
let spec: store.PluginSpec;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'xlastate-store-'));
  wheels = join(dir, 'wheels');
  mkdirSync(wheels);
  spec = { ...makeWheel(wheels, 'tiny-pjrt', '1.0', 'tiny/tiny.so'), platform: 'cpu' };
  delete process.env.XLASTATE_PLUGIN_DIR;
  process.env.XDG_CACHE_HOME = join(dir, 'cache');
  process.env.PIP_NO_INDEX = '1';
  process.env.PIP_FIND_LINKS = wheels;
});
afterEach(() => {
  environment.restore();
  rmSync(dir, { recursive: true, force: true });
});

const plugins = () => join(dir, 'cache', 'xlastate', 'plugins');

test('the table pins each wheel of each plugin by its hash', () => {
  expect(Object.keys(store.PLUGINS)).toEqual(['cpu', 'cuda12', 'cuda13', 'rocm7']);
  for (const p of Object.values(store.PLUGINS)) {
    expect(p.wheels.x64?.[0]?.name.replaceAll('_', '-')).toBe(p.package);
    for (const w of Object.values(p.wheels).flat()) {
      expect(w.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(w.file).toMatch(/-py3-none-manylinux.*(x86_64|aarch64)\.whl$/);
    }
  }
});

(process.arch === 'x64' ? test : test.skip)('pip fetches, the folder appears whole, a second install does nothing', () => {
  const lines: string[] = [];
  const done = store.install('tiny', { spec, log: (l) => lines.push(l) });
  expect(done).toEqual({ folder: join(plugins(), 'tiny-pjrt-1.0'), library: join(plugins(), 'tiny-pjrt-1.0', 'tiny', 'tiny.so'), fetched: true });
  expect(lines).toEqual([`fetching plugin tiny (tiny-pjrt-1.0) with pip into ${done.folder}`]);
  expect(readdirSync(plugins())).toEqual(['tiny-pjrt-1.0']);
  expect(store.verify(spec)).toBe('ok');
  expect(store.install('tiny', { spec })).toEqual({ ...done, fetched: false });

  writeFileSync(done.library, '\x7fELF damaged', 'latin1');
  expect(store.verify(spec)).toBe('damaged');
  expect(store.install('tiny', { spec, force: true }).fetched).toBe(true);
  expect(store.verify(spec)).toBe('ok');
  expect(readdirSync(plugins())).toEqual(['tiny-pjrt-1.0']);
});

(process.arch === 'x64' ? test : test.skip)('another hash than the pinned one is refused, and nothing stays behind', () => {
  spec.wheels[process.arch]![0]!.sha256 = 'a'.repeat(64);
  expect(() => store.install('tiny', { spec })).toThrow(/pip could not download tiny-pjrt 1\.0: .*(HASH|hash)/i);
  expect(() => store.install('tiny', { spec, from: wheels })).toThrow(/has SHA-256 [0-9a-f]{64}, expected a{64}/);
  expect(readdirSync(plugins())).toEqual([]);
});

test('from a folder; a wheel that is not in it is named', () => {
  expect(() => store.install('tiny', { spec, from: dir })).toThrow(new RegExp(`put the wheel ${spec.wheels[process.arch]![0]!.file.replaceAll('.', '\\.')} there`));
  expect(store.install('tiny', { spec, from: wheels }).fetched).toBe(true);
  expect(store.verify(spec)).toBe('ok');
});

test('a folder without the library is replaced', () => {
  mkdirSync(join(plugins(), 'tiny-pjrt-1.0', 'tiny'), { recursive: true });
  expect(store.installed(spec)).toBeNull();
  store.install('tiny', { spec, from: wheels });
  expect(store.verify(spec)).toBe('ok');
});

test('eight installs at once all succeed', async () => {
  const program = `require(${JSON.stringify(require.resolve('../../scripts/pluginStore'))}).install('tiny', { spec: ${JSON.stringify(spec)}, from: ${JSON.stringify(wheels)} })`;
  const codes = await Promise.all(
    Array.from({ length: 8 }, () => new Promise((resolve) => spawn(process.execPath, ['-e', program], { stdio: 'inherit', env: process.env }).on('exit', resolve))),
  );
  expect(codes).toEqual(Array(8).fill(0));
  expect(readdirSync(plugins())).toEqual(['tiny-pjrt-1.0']);
  expect(store.verify(spec)).toBe('ok');
});

test('where the cache cannot be written, a temporary place of this user serves, and is said', () => {
  process.env.XDG_CACHE_HOME = '/proc/nowhere';
  process.env.TMPDIR = dir;
  const lines: string[] = [];
  const done = store.install('tiny', { spec, from: wheels, log: (l) => lines.push(l) });
  expect(done.folder).toBe(join(dir, `xlastate-${process.getuid!()}`, 'plugins', 'tiny-pjrt-1.0'));
  expect(lines[0]).toMatch(/\/proc\/nowhere\/xlastate\/plugins cannot be written: using .*set XDG_CACHE_HOME/);
  expect(store.installed(spec)?.folder).toBe(done.folder);

  rmSync(join(dir, `xlastate-${process.getuid!()}`), { recursive: true });
  mkdirSync(join(dir, `xlastate-${process.getuid!()}`));
  chmodSync(join(dir, `xlastate-${process.getuid!()}`), 0o777);
  expect(store.installed(spec)).toBeNull();
  expect(() => store.install('tiny', { spec, from: wheels })).toThrow(/set XDG_CACHE_HOME to a folder that can be written/);
});

test('without Python or pip one line says what to install', () => {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  process.env.PATH = bin;
  expect(() => store.install('tiny', { spec })).toThrow(/^Python 3\.8 or newer is missing: install it with pip \(Debian, Ubuntu: `apt-get install python3 python3-pip`/);
  const python = join(bin, 'python3');
  writeFileSync(python, '#!/bin/sh\ncase "$*" in *pip*) exit 1;; *) echo 3.11;; esac\n');
  chmodSync(python, 0o755);
  expect(() => store.install('tiny', { spec })).toThrow(/^pip for Python 3\.11 \(python3\) is missing: install it \(Debian, Ubuntu: `apt-get install python3-pip`/);
});

test('without a compiler or CMake one line says what to install', () => {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const missing = (what: string) => spawnSync(process.execPath, ['-e', `require('./scripts/buildAddon').${what}()`], { encoding: 'utf8', env: { PATH: bin } }).stderr;
  expect(missing('checkCompiler')).toMatch(/Error: a C\+\+17 compiler is missing: install one \(Debian, Ubuntu: `apt-get install g\+\+`/);
  expect(missing('checkCMake')).toMatch(/Error: CMake 3\.18 or newer is missing: install it \(Debian, Ubuntu: `apt-get install cmake`/);
  writeFileSync(join(bin, 'c++'), '#!/bin/sh\nexit 1\n');
  writeFileSync(join(bin, 'cmake'), '#!/bin/sh\necho cmake version 3.10.2\n');
  for (const f of ['c++', 'cmake']) chmodSync(join(bin, f), 0o755);
  symlinkSync('/bin/sh', join(bin, 'sh'));
  expect(missing('checkCompiler')).toMatch(/does not know C\+\+17: install one/);
  expect(missing('checkCMake')).toMatch(/CMake version 3\.10 is too old, 3\.18 or newer is needed/);
  expect(existsSync(join(bin, 'make'))).toBe(false);
});
