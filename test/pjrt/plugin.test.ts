import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, defaultClient, findPlugin, Plugin, PluginError } from '../../lib/pjrt';
import { encodeCompileOptions } from '../../lib/pjrt/compileOptions';

const dir = mkdtempSync(join(tmpdir(), 'xlastate-plugin-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A library that exports GetPjrtApi with the start of an API table: size, version. */
function fakePlugin(name: string, body: string): string {
  const source = join(dir, `${name}.c`);
  const library = join(dir, `${name}.so`);
  writeFileSync(source, `#include <stddef.h>
    struct V { size_t size; void* ext; int major; int minor; };
    struct Api { size_t size; void* ext; struct V version; void* functions[200]; };
    static struct Api api;
    const struct Api* GetPjrtApi(void) { api.size = sizeof(api); api.version.size = sizeof(struct V); ${body} }`);
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return library;
}

test.each([
  ['null', 'return NULL;', 'no usable PJRT API'],
  ['small', 'api.size = 16; return &api;', 'no usable PJRT API'],
  ['major', 'api.version.major = 1; return &api;', 'speaks PJRT 1.x, expected 0.x'],
  ['hollow', 'return &api;', 'does not have PJRT_Error_Destroy'],
  ['short', 'for (int i = 0; i < 200; i++) api.functions[i] = (void*)1; api.size = 400; return &api;', 'does not have PJRT_'],
])('a plugin that is %s is refused', (name, body, message) => {
  const path = fakePlugin(name, body);
  expect(() => Plugin.load(path)).toThrow(PluginError);
  expect(() => Plugin.load(path)).toThrow(message);
});

test('paths that are no plugin', () => {
  expect(() => Plugin.load(dir)).toThrow(PluginError);
  expect(() => Plugin.load('')).toThrow(PluginError);
  expect(() => Plugin.load(undefined as never)).toThrow(ArgumentError);
});

test.each([0.5, 0.001])('a plugin that was cut off to %d of itself is told as such (the linker would crash)', (part) => {
  const whole = readFileSync(findPlugin().path);
  const path = join(dir, `cut${part}.so`);
  writeFileSync(path, whole.subarray(0, Math.floor(whole.length * part)));
  expect(() => Plugin.load(path)).toThrow(PluginError);
  expect(() => Plugin.load(path)).toThrow(/cannot be loaded/);
});

test('the hash is the file’s', () => {
  const path = fakePlugin('hashed', 'return NULL;');
  const { plugin } = defaultClient();
  expect(plugin.hash()).toBe(createHash('sha256').update(readFileSync(plugin.path)).digest('hex'));
  expect(() => Plugin.load(path)).toThrow(PluginError);
});

test('options', () => {
  const { plugin } = defaultClient();
  for (const options of [{ cpu_device_count: 1.5 }, { cpu_device_count: '1' }, { cpu_device_count: 0 }, { cpu_device_count: 2n ** 70n }, { toString: 1 }]) {
    expect(() => plugin.createClient(options as never)).toThrow(ArgumentError);
  }
  const two = plugin.createClient({ cpu_device_count: 2n });
  expect(two.addressableDevices.map((d) => d.index)).toEqual([0, 1]);
  expect(plugin.createClient({ cpu_device_count: 2 })).toBe(two);
  expect(two).not.toBe(plugin.createClient({ cpu_device_count: 5 }));
});

test('compile options are encoded in ascending order of fields', () => {
  const hex = (o: Parameters<typeof encodeCompileOptions>[0], shardy = false) => Buffer.from(encodeCompileOptions(o, shardy)).toString('hex');
  expect(hex({})).toBe('1a0420012801');
  expect(hex({}, true)).toBe('1a0720012801980101');
  expect(hex({ envOptionOverrides: { b: true, a: 1, c: 'x', d: 0.5 } })).toBe(hex({ envOptionOverrides: { d: 0.5, c: 'x', a: 1, b: true } }));
  expect(() => hex({ numReplicas: 0 })).toThrow(ArgumentError);
  expect(() => hex({ deviceAssignment: [[0, 1]] })).toThrow(ArgumentError);
  expect(() => hex({ envOptionOverrides: { a: Number.NaN } })).toThrow(ArgumentError);
});

(existsSync('/proc/self/task') ? test : test.skip)('threads of XLA that look for work long after there was any do not take the core from those that have some', () => {
  defaultClient();
  const tasks = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/stat`, 'latin1'));
  // After the name in parentheses, the 39th is the policy: 0 is that of others, 3 of batch threads.
  const policies = tasks.filter((t) => t.includes('(tf_XLAEigen')).map((t) => t.slice(t.lastIndexOf(')') + 2).split(' ')[38]);
  expect(policies).not.toContain('0');
});
