import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ArgumentError, type Array, jit, numpy as np, profiler, ProfilerError, State } from '../../lib';

const { ProfileData, StepTraceAnnotation, TraceAnnotation } = profiler;
interface Fixture {
  bytes: string;
  planes: { name: string; stats: object; lines: { name: string; events: { name: string; startNs: string; durationNs: number; stats: object }[] }[] }[];
}
const fixture = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'xspace.json'), 'utf8')) as Fixture;
const dir = mkdtempSync(join(tmpdir(), 'xlastate-profiler-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const hostOf = (path: string) => ProfileData.fromFile(path).findPlaneWithName('/host:CPU')!;

interface ChromeEvent {
  ph: string;
  pid: number;
  tid?: number;
  name: string;
  ts: number;
  dur: number;
  args?: Record<string, unknown>;
}

const readTrace = (path: string) => JSON.parse(gunzipSync(readFileSync(path)).toString()) as { displayTimeUnit: string; metadata?: object; traceEvents: ChromeEvent[] };

test('a profile holds what the library did and the annotations, as XSpace and as JSON', () => {
  profiler.startTrace(dir, { createPerfettoTrace: true });
  expect(TraceAnnotation.isEnabled()).toBe(true);
  const double = jit(function double(x: Array) {
    return x.mul(2);
  });
  const label = new TraceAnnotation('my label', { file: 3, what: 'ä', share: 0.5, on: true });
  expect(label.run(() => double(np.ones([2])).js())).toEqual([2, 2]);
  np.array([1, 2, 3, 4, 5]).blockUntilReady();
  for (let i = 0; i < 2; i++) new StepTraceAnnotation('train', { stepNum: i }).run(() => double(np.ones([2])).js());
  const load = profiler.annotateFunction(function load(n: number) {
    return n + 1;
  }, { name: 'loading', part: 1 });
  expect(load(1)).toBe(2);
  const files = profiler.stopTrace();
  expect(TraceAnnotation.isEnabled()).toBe(false);
  expect(files.xplane).toMatch(/plugins\/profile\/\d{4}(_\d\d){5}\/[^/]+\.xplane\.pb$/);

  const host = hostOf(files.xplane);
  const [line] = host.lines;
  const named = (name: string) => line!.events.filter((e) => e.name === name);
  for (const name of ['trace double', 'lower double', 'compile double']) expect(named(name)).toHaveLength(1);
  const runs = named('execute double');
  expect(runs).toHaveLength(3);
  expect(named('my label')).toMatchObject([{ stats: { file: 3, what: 'ä', share: 0.5, on: 1 } }]);
  expect(named('train').map((e) => e.stats)).toEqual([{ _r: 1, step_num: 0 }, { _r: 1, step_num: 1 }]);
  expect(named('to device').map((e) => e.stats)).toContainEqual({ bytes: 20 });
  expect(named('to host').map((e) => e.stats)).toContainEqual({ bytes: 8 });
  expect(named('wait')).toHaveLength(1);
  expect(named('loading')).toMatchObject([{ stats: { part: 1 } }]);
  // Each run lies within the annotation around it, and nothing before the beginning.
  const around = [...named('my label'), ...named('train')];
  runs.forEach((r, i) => {
    expect(r.startNs).toBeGreaterThanOrEqual(around[i]!.startNs);
    expect(r.startNs + r.durationNs).toBeLessThanOrEqual(around[i]!.startNs + around[i]!.durationNs + 1);
  });
  for (const e of line!.events) expect(e.startNs).toBeGreaterThanOrEqual(0);
  const environment = ProfileData.fromFile(files.xplane).findPlaneWithName('Task Environment')!;
  const began = Number(environment.stats.profile_start_time as bigint) / 1e6;
  expect(Math.abs(began - Date.now())).toBeLessThan(600_000);
  expect(environment.stats.profile_stop_time as bigint > (environment.stats.profile_start_time as bigint)).toBe(true);

  const json = readTrace(files.traceJson);
  expect(json.metadata).toEqual({ 'highres-ticks': true });
  const events = json.traceEvents.filter((e) => e.ph === 'X');
  const programs = ProfileData.fromFile(files.xplane).findPlaneWithName('/device:CUSTOM:xlastate programs')!;
  expect(programs.lines[0]!.events.map((e) => e.name)).toEqual(['double', 'double', 'double']);
  expect(events.map((e) => e.name).sort()).toEqual([...host.lines, ...programs.lines].flatMap((l) => l.events.map((e) => e.name)).sort());
  const shown = events.find((e) => e.name === 'my label')!;
  expect(shown.args).toEqual({ file: '3', what: 'ä', share: '0.5', on: '1' });
  expect(shown.ts * 1000).toBeCloseTo(named('my label')[0]!.startNs, 0);
  expect(json.traceEvents.filter((e) => e.ph === 'M' && e.name === 'process_name').map((e) => e.args)).toContainEqual({ name: '/host:CPU' });
  const perfetto = readTrace(files.perfettoTrace!);
  expect(perfetto.metadata).toBeUndefined();
  expect(perfetto.traceEvents).toEqual(json.traceEvents);
  expect(readdirSync(join(files.xplane, '..'))).toHaveLength(3);
});

test('trace takes a function, an async one, and works until it is disposed of', async () => {
  expect(profiler.trace(dir, () => 5)).toBe(5);
  const f = jit((x: Array) => x.add(1));
  const waited = profiler.trace(dir, async () => {
    await f.compile(1);
    await np.ones([3]).data();
    await new TraceAnnotation('waiting').run(() => new Promise((r) => setTimeout(r, 20)));
    return TraceAnnotation.isEnabled();
  });
  expect(() => profiler.startTrace(dir)).toThrow(ProfilerError);
  expect(await waited).toBe(true);
  expect(TraceAnnotation.isEnabled()).toBe(false);
  const opened = profiler.trace(dir);
  expect(TraceAnnotation.isEnabled()).toBe(true);
  opened[Symbol.dispose]();
  opened[Symbol.dispose]();
  expect(TraceAnnotation.isEnabled()).toBe(false);
  const failure = new Error('from within');
  expect(() => profiler.trace(dir, () => { throw failure; })).toThrow(failure);
  expect(TraceAnnotation.isEnabled()).toBe(false);
  // Profiles of one second do not overwrite each other.
  const found = readdirSync(join(dir, 'plugins', 'profile')).flatMap((run) => readdirSync(join(dir, 'plugins', 'profile', run)).filter((n) => n.endsWith('.xplane.pb')).map((n) => join(dir, 'plugins', 'profile', run, n)));
  expect(found).toHaveLength(5);
  const all = found.flatMap((p) => hostOf(p).lines);
  expect(all.find((l) => l.name === 'compile')!.events).toMatchObject([{ name: 'compile fn' }]);
  expect(all.find((l) => l.name === 'asynchronous copies')!.events).toMatchObject([{ name: 'to host', stats: { bytes: 12 } }]);
  const wait = all.flatMap((l) => l.events).find((e) => e.name === 'waiting')!;
  expect(wait.durationNs).toBeGreaterThan(15e6);
});

test('programs that read and write states are in it each time, and runs on the device tell when they ended', () => {
  const count = new State(np.array([0]));
  const step = jit(() => {
    count.value = count.value.add(1);
  }, { name: 'count' });
  step();
  profiler.startTrace(dir);
  for (let i = 0; i < 4; i++) step();
  count.value.blockUntilReady();
  const { xplane } = profiler.stopTrace();
  expect(count.value.js()).toEqual([5]);
  const data = ProfileData.fromFile(xplane);
  expect(hostOf(xplane).lines[0]!.events.filter((e) => e.name === 'execute count')).toHaveLength(4);
  const runs = data.findPlaneWithName('/device:CUSTOM:xlastate programs')!.lines[0]!.events;
  expect(runs.map((e) => e.name)).toEqual(['count', 'count', 'count', 'count']);
  // One after the other.
  for (let i = 1; i < 4; i++) expect(runs[i]!.startNs + 1).toBeGreaterThanOrEqual(runs[i - 1]!.startNs + runs[i - 1]!.durationNs);
});

test('nothing is recorded while no profile is taken', () => {
  const early = new TraceAnnotation('early');
  profiler.startTrace(dir);
  early[Symbol.dispose]();
  const late = new TraceAnnotation('late');
  const { xplane } = profiler.stopTrace();
  late[Symbol.dispose]();
  expect(hostOf(xplane).lines.flatMap((l) => l.events)).toEqual([]);
});

test('errors are typed and leave nothing behind', () => {
  expect(() => profiler.stopTrace()).toThrow(/no profile is being taken/);
  expect(() => profiler.stopTrace()).toThrow(ProfilerError);
  expect(() => profiler.startTrace('')).toThrow(ArgumentError);
  expect(() => profiler.startTrace(3 as unknown as string)).toThrow(/expected the path of a folder, got number 3/);
  expect(() => profiler.startTrace(dir, { createPerfettoLink: true } as object)).toThrow(/unknown option 'createPerfettoLink'/);
  const file = join(dir, 'file');
  writeFileSync(file, 'x');
  expect(() => profiler.startTrace(file)).toThrow(ProfilerError);
  expect(() => profiler.trace(join(file, 'below'), () => 1)).toThrow(/cannot be written to/);
  expect(TraceAnnotation.isEnabled()).toBe(false);
  // The folder goes away, or is closed, in between.
  const gone = join(dir, 'gone');
  profiler.startTrace(gone);
  rmSync(gone, { recursive: true });
  writeFileSync(gone, 'a file now');
  expect(() => profiler.stopTrace()).toThrow(/stopTrace: the profile cannot be written to/);
  expect(() => profiler.stopTrace()).toThrow(/no profile is being taken/);
  expect(() => new TraceAnnotation(1 as unknown as string)).toThrow(ArgumentError);
  expect(() => new TraceAnnotation('a', { x: {} as string })).toThrow(/expected x to be text/);
  expect(() => new StepTraceAnnotation('a', 3 as never)).toThrow(ArgumentError);
  expect(() => profiler.annotateFunction(3 as unknown as () => void)).toThrow(ArgumentError);
  expect(() => ProfileData.fromFile(join(dir, 'none'))).toThrow(ProfilerError);
});

test('a profile that XLA wrote reads as JAX reads it', () => {
  const bytes = new Uint8Array(Buffer.from(fixture.bytes, 'base64'));
  const { planes } = ProfileData.fromSerializedXspace(bytes);
  expect(planes.map((p) => p.name)).toEqual(fixture.planes.map((p) => p.name));
  expect(planes[0]!.stats).toEqual(fixture.planes[0]!.stats);
  const got = planes[0]!.lines[0]!;
  const want = fixture.planes[0]!.lines[0]!;
  expect(got.name).toBe(want.name);
  got.events.forEach((e, i) => {
    const w = want.events[i]!;
    // JAX gives whole nanoseconds.
    expect(e).toMatchObject({ name: w.name, startNs: Number(w.startNs) });
    expect(Math.floor(e.durationNs)).toBe(w.durationNs);
    expect(Object.fromEntries(Object.entries(e.stats).map(([k, v]) => [k, typeof v === 'bigint' ? `${v}` : v]))).toEqual(w.stats);
  });
});

test('damaged bytes give errors, whatever they are', () => {
  const bytes = Buffer.from(fixture.bytes, 'base64');
  const read = (b: Uint8Array) => {
    try {
      ProfileData.fromSerializedXspace(b);
    } catch (e) {
      expect(e).toBeInstanceOf(ProfilerError);
    }
  };
  for (let n = 0; n < bytes.length; n += 5) read(new Uint8Array(bytes.subarray(0, n)));
  let seed = 1;
  for (let k = 0; k < 200; k++) {
    const b = new Uint8Array(bytes);
    for (let i = 0; i < 3; i++) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      b[seed % b.length] = (seed >> 12) & 255;
    }
    read(b);
  }
  expect(() => ProfileData.fromSerializedXspace(Uint8Array.from([0x0a, 0xff]))).toThrow(ProfilerError);
  expect(() => ProfileData.fromSerializedXspace(Uint8Array.from([0x0b]))).toThrow(/unknown form 3/);
});
