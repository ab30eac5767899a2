import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPlugin } from '../../lib/pjrt/discovery';
import { PluginError } from '../../lib/pjrt/errors';
import { listPlugins } from '../../lib/pjrt/install';
import { variables } from '../support/variables';

const environment = variables(['XLASTATE_PLUGIN', 'PJRT_NAMES_AND_LIBRARY_PATHS', 'XLASTATE_PLATFORM', 'XLASTATE_PLUGIN_DIR', 'XLASTATE_NO_FETCH', 'XDG_CACHE_HOME', 'TMPDIR']);
let dir: string;
let elf: string;

beforeEach(() => {
  environment.clear();
  dir = mkdtempSync(join(tmpdir(), 'xlastate-discovery-'));
  elf = join(dir, 'some_plugin.so');
  writeFileSync(elf, '\x7fELF and no more', 'latin1');
});
afterEach(() => {
  environment.restore();
  rmSync(dir, { recursive: true });
});

/** As on a machine with nothing of ours on it. */
function bare(): void {
  process.env.XDG_CACHE_HOME = dir;
  process.env.TMPDIR = dir;
  process.env.XLASTATE_NO_FETCH = '1';
}

function message(): string {
  try {
    findPlugin();
  } catch (e) {
    expect(e).toBeInstanceOf(PluginError);
    expect((e as PluginError).code).toBe('PLUGIN');
    return (e as Error).message;
  }
  throw new Error('findPlugin found one');
}

test('XLASTATE_PLUGIN comes before everything', () => {
  process.env.XLASTATE_PLUGIN = elf;
  process.env.PJRT_NAMES_AND_LIBRARY_PATHS = 'cpu:/elsewhere.so';
  expect(findPlugin()).toEqual({ path: elf, name: 'some_plugin', platform: 'cpu' });
  process.env.XLASTATE_PLATFORM = 'rocm';
  expect(findPlugin().platform).toBe('rocm');
});

test('what is no library is refused, with what to do', () => {
  process.env.XLASTATE_PLUGIN = join(dir, 'none.so');
  expect(message()).toMatch(/none\.so, which does not exist: correct it, or unset it/);
  process.env.XLASTATE_PLUGIN = dir;
  expect(message()).toMatch(/is a directory: name the plugin's library in it, for example .*some_plugin\.so/);
  process.env.XLASTATE_PLUGIN = join(dir, 'text.so');
  writeFileSync(process.env.XLASTATE_PLUGIN, 'no library');
  expect(message()).toMatch(/no shared library: a PJRT plugin is an ELF file/);
  writeFileSync(process.env.XLASTATE_PLUGIN, '');
  expect(message()).toMatch(/no shared library/);
  writeFileSync(process.env.XLASTATE_PLUGIN, 'PK\x03\x04 and so on', 'latin1');
  expect(message()).toMatch(/a wheel\? unzip it/);
});

test('PJRT_NAMES_AND_LIBRARY_PATHS: the first, or the one that XLASTATE_PLATFORM names', () => {
  process.env.PJRT_NAMES_AND_LIBRARY_PATHS = `mine:${elf},cuda:${elf}`;
  expect(findPlugin()).toMatchObject({ path: elf, name: 'mine', platform: 'mine' });
  process.env.XLASTATE_PLATFORM = 'cuda';
  expect(findPlugin()).toMatchObject({ name: 'cuda', platform: 'cuda' });
  process.env.PJRT_NAMES_AND_LIBRARY_PATHS = elf;
  expect(message()).toMatch(/expected name:path/);
  process.env.PJRT_NAMES_AND_LIBRARY_PATHS = 'cuda:/does/not/exist.so';
  expect(message()).toMatch(/does not exist/);
});

test('a platform that is unknown or not installed', () => {
  bare();
  process.env.XLASTATE_PLATFORM = 'tpu2';
  expect(message()).toMatch(/'tpu2': expected one of cpu, cuda, rocm/);
  process.env.XLASTATE_PLATFORM = 'cuda';
  expect(message()).toMatch(/run `npx xlastate plugins install cuda12` or `npx xlastate plugins install cuda13`/);
  process.env.XLASTATE_PLATFORM = '';
  expect(message()).toMatch(/XLASTATE_NO_FETCH=1 forbids fetching one: run `npx xlastate plugins install cpu`/);
});

test('the default plugin of the table is found where it is installed', () => {
  const cpu = listPlugins().find((p) => p.name === 'cpu');
  expect(cpu?.library).not.toBeNull();
  expect(findPlugin()).toEqual({ path: cpu?.library, name: 'cpu', platform: 'cpu' });
});
