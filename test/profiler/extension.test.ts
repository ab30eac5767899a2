import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { profiler } from '../../lib';
import { findPlugin } from '../../lib/pjrt';

const root = join(__dirname, '..', '..');
const dir = mkdtempSync(join(tmpdir(), 'xlastate-profiler-extension-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/**
 * A plugin that is the real one with a profiler before its other extensions: it gives one plane with an event at the time of its start. MODE says whose
 * memory the profile is read from, what fails, and what is missing.
 */
const SOURCE = `
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
struct Ext { size_t size; int type; struct Ext* next; const void* api; int64_t id; };
struct Args { size_t size; const char* a; size_t b; const char* c; };
struct Failure { const char* text; int code; };
struct MessageArgs { size_t size; void* priv; struct Failure* f; const char* text; size_t n; };
struct CodeArgs { size_t size; void* priv; struct Failure* f; int code; };
struct DestroyArgs { size_t size; void* priv; struct Failure* f; };
struct CreateArgs { size_t size; const char* options; size_t n; void* profiler; };
struct OneArgs { size_t size; void* profiler; };
struct CollectArgs { size_t size; void* profiler; uint8_t* buffer; size_t n; };
static int live, failures;
static const char* mode(void) { const char* m = getenv("MODE"); return m ? m : ""; }
static struct Failure* fail(const char* what) {
  if (strcmp(mode(), what) != 0) return NULL;
  struct Failure* f = malloc(sizeof *f);
  f->text = "no luck"; f->code = 9; failures++;
  return f;
}
static void error_destroy(struct DestroyArgs* a) { free(a->f); failures--; }
static void error_message(struct MessageArgs* a) { a->text = a->f->text; a->n = 7; }
static void* error_code(struct CodeArgs* a) { a->code = a->f->code; return NULL; }
static uint8_t space[256]; static size_t used;
static void varint(uint8_t** at, uint64_t v) { while (v > 127) { *(*at)++ = (v & 127) | 128; v >>= 7; } *(*at)++ = v; }
static void* create(struct CreateArgs* a) { struct Failure* f = fail("create"); if (f) return f; if (a->n == 0 || a->size != 32) abort(); live++; a->profiler = &live; return NULL; }
static void* destroy(struct OneArgs* a) { if (a->profiler != &live) abort(); live--; return NULL; }
static void* start(struct OneArgs* a) {
  struct Failure* f = fail("start"); if (f) return f;
  struct timespec t; clock_gettime(CLOCK_REALTIME, &t);
  uint64_t now = (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
  uint8_t event[32], *e = event; varint(&e, 0x08); varint(&e, 1); varint(&e, 0x10); varint(&e, 5000); varint(&e, 0x18); varint(&e, 7000);
  uint8_t line[96], *l = line; varint(&l, 0x08); varint(&l, 3); varint(&l, 0x18); varint(&l, now);
  varint(&l, 0x12); varint(&l, 6); memcpy(l, "stream", 6); l += 6; varint(&l, 0x22); varint(&l, e - event); memcpy(l, event, e - event); l += e - event;
  uint8_t name[] = {0x22, 12, 0x08, 1, 0x12, 8, 0x08, 1, 0x12, 4, 'k', 'e', 'r', 'n'};
  uint8_t plane[200], *p = plane; const char* title = strcmp(mode(), "host") == 0 ? "/host:CPU" : "/device:X:0";
  varint(&p, 0x12); varint(&p, strlen(title)); memcpy(p, title, strlen(title)); p += strlen(title);
  varint(&p, 0x1a); varint(&p, l - line); memcpy(p, line, l - line); p += l - line; memcpy(p, name, sizeof name); p += sizeof name;
  uint8_t* s = space; varint(&s, 0x0a); varint(&s, p - plane); memcpy(s, plane, p - plane); s += p - plane;
  used = strcmp(mode(), "empty") == 0 ? 0 : s - space;
  if (strcmp(mode(), "damaged") == 0) used -= 3;
  return NULL;
}
static void* stop(struct OneArgs* a) { return fail("stop"); }
static void* collect(struct CollectArgs* a) {
  struct Failure* f = fail("collect"); if (f) return f;
  a->n = used + (strcmp(mode(), "terminated") == 0);
  if (a->buffer) memcpy(a->buffer, space, used);
  else if (strcmp(mode(), "caller") != 0 && used > 0) a->buffer = space;
  return NULL;
}
static struct { size_t size; void* priv; void* f[8]; } api = { 80, NULL, { error_destroy, error_message, error_code, create, destroy, start, stop, collect } };
static struct Ext extension = { sizeof(struct Ext), 1, NULL, &api, 0 };
static void at_exit(void) { if (live || failures) { fprintf(stderr, "LEAK %d %d", live, failures); _exit(77); } }
const void* GetPjrtApi(void) {
  static char* copy;
  if (copy) return copy;
  void* real = dlopen(getenv("REAL"), RTLD_NOW | RTLD_LOCAL);
  const char* table = ((const char* (*)(void))dlsym(real, "GetPjrtApi"))();
  size_t n = *(const size_t*)table;
  copy = malloc(n); memcpy(copy, table, n);
  extension.next = *(struct Ext**)(copy + 8);
  if (strcmp(mode(), "hollow") == 0) api.f[7] = NULL;
  if (strcmp(mode(), "none") == 0) extension.api = NULL;
  if (strcmp(mode(), "old") == 0) api.size = 40;
  *(struct Ext**)(copy + 8) = &extension;
  atexit(at_exit);
  return copy;
}
`;

interface Report {
  error?: string;
  message?: string;
  extensions?: number[];
  planes?: profiler.ProfilePlane[];
  hasProfiler?: boolean;
  bytes?: number;
}

const MODES = ['own', 'terminated', 'caller', 'host', 'empty', 'create', 'start', 'stop', 'collect', 'damaged', 'own'];
const PARTIAL = ['none', 'hollow', 'old'];
let reports: Record<string, Report> = {};
let stderr = '';

beforeAll(() => {
  const source = join(dir, 'profiled.c');
  const build = (name: string): string => join(dir, `${name}_cpu.so`);
  writeFileSync(source, SOURCE);
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', build('profiled'), source, '-ldl']);
  if (made.status !== 0) throw new Error(String(made.stderr));
  for (const name of PARTIAL) copyFileSync(build('profiled'), build(name));
  const child = spawnSync(process.execPath, ['-r', join(root, 'test/support/register.js'), join(__dirname, 'children', 'profile.ts'), join(dir, 'out'), ...MODES, 'load', ...PARTIAL.map(build)], {
    encoding: 'utf8',
    env: { ...process.env, XLASTATE_PLUGIN: build('profiled'), REAL: findPlugin().path },
  });
  stderr = child.stderr;
  if (child.status !== 0) throw new Error(`status ${child.status} ${child.signal ?? ''} ${child.stderr}`);
  reports = JSON.parse(child.stdout) as Record<string, Report>;
}, 60_000);

const names = (r: Report) => r.planes!.map((p) => p.name);

test.each(['own', 'terminated', 'caller'])("the plugin's planes are in the profile, times since its start (memory: %s)", (mode) => {
  const r = reports[mode]!;
  expect(r.extensions![0]).toBe(1);
  expect(names(r)).toEqual(['/device:X:0', '/host:CPU', '/device:CUSTOM:xlastate programs', '/host:metadata', 'Task Environment']);
  const [line] = r.planes![0]!.lines;
  expect(line).toMatchObject({ name: 'stream', events: [{ name: 'kern', durationNs: 7 }] });
  // Five nanoseconds after the profiler's start, which is within the profile.
  expect(line!.events[0]!.startNs).toBeGreaterThanOrEqual(0);
  expect(line!.events[0]!.startNs).toBeLessThan(1e9);
  expect(r.planes![1]!.lines[0]!.events.map((e) => e.name)).toContain('execute wave');
  expect(r.planes![2]!.lines[0]!.events.map((e) => e.name)).toContain('wave');
});

test("a host's plane of the plugin's keeps its name, ours stands beside it", () => {
  expect(names(reports.host!)).toEqual(['/host:CPU', '/device:CUSTOM:xlastate host', '/device:CUSTOM:xlastate programs', '/host:metadata', 'Task Environment']);
});

test('a profiler that gives nothing leaves what is ours', () => {
  expect(names(reports.empty!)).toEqual(['/host:CPU', '/device:CUSTOM:xlastate programs', '/host:metadata', 'Task Environment']);
});

test.each(PARTIAL)('a profiler that is not whole is none (%s)', (mode) => {
  expect(reports[mode]).toMatchObject({ hasProfiler: false, bytes: 0 });
  expect(reports[mode]!.extensions![0]).toBe(1);
});

test.each([
  ['create', /startTrace: the plugin's profiler: no luck/],
  ['start', /startTrace: the plugin's profiler: no luck/],
  ['stop', /stopTrace: .*the plugin's profiler: no luck/],
  ['collect', /stopTrace: .*the plugin's profiler: no luck/],
  ['damaged', /stopTrace: .*longer than its message/],
])('a profiler that fails is a typed error, and the next profile can be taken (%s)', (mode, message) => {
  expect(reports[mode]).toMatchObject({ error: 'ProfilerError', message: expect.stringMatching(message) });
});

test('no profile and no error of the plugin is left', () => {
  expect(stderr).not.toContain('LEAK');
});
