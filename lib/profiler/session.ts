import { accessSync, constants, existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { backend } from '../core/backend';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Client, Profile, ProgramRun } from '../pjrt';
import { makeFolder } from '../pjrt/cacheDir';
import { whenOver } from '../pjrt/promises';
import { Message } from '../pjrt/protobuf';
import { MAIN_LINE, type Recorded, type RunProgram, type Span, startRecording, stopRecording } from '../pjrt/spans';
import { writeAtomicSync } from '../storage/disk';
import { chromeTrace } from './chromeTrace';
import { ProfilerError } from './errors';
import { decodeSpace, encodePlane, hloOf, type PlaneEntry, type ProfileLine, type ProfilePlane, shiftedSpace } from './xspace';

/** Options of {@link startTrace} and {@link trace}. */
export interface TraceOptions {
  /** Writes `perfetto_trace.json.gz`, too: the same without the fields that Perfetto does not know. Default false. */
  createPerfettoTrace?: boolean;
}

/** Files of a profile. */
export interface TraceFiles {
  /** What TensorBoard reads, and {@link ProfileData}. */
  readonly xplane: string;
  /** What Perfetto and chrome://tracing read. */
  readonly traceJson: string;
  /** Where it was asked for. */
  readonly perfettoTrace?: string;
}

interface Session {
  readonly dir: string;
  readonly options: TraceOptions;
  readonly client: Client;
  readonly profile: Profile;
  /** `performance.now()` at the start. */
  readonly start: number;
}

let session: Session | null = null;

function checkDir(op: string, dir: unknown): string {
  if (typeof dir !== 'string' || dir === '') throw new ArgumentError(`${op}: expected the path of a folder, got ${describeValue(dir)}`);
  const path = resolve(dir);
  try {
    makeFolder(path, true);
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw new ProfilerError(`${op}: the folder '${path}' cannot be written to: ${(cause as Error).message}`, { cause });
  }
  return path;
}

/**
 * Begins to take a profile, which {@link stopTrace} ends: of what the library does (tracing, lowering, compiling, starting programs), of annotations,
 * and of the device where its plugin has a profiler. One at a time. Mirrors `jax.profiler.start_trace`.
 *
 * @param dir what TensorBoard's `--logdir` names; made if it does not exist
 * @throws ProfilerError if a profile is being taken already, or the folder cannot be written to
 * @example
 * ```ts
 * profiler.startTrace('traced');
 * jit((x: Array) => x.add(1))(np.array(1)).js();
 * profiler.stopTrace();
 * ```
 */
export function startTrace(dir: string, options?: TraceOptions): void {
  begin('startTrace', dir, options);
}

function begin(op: string, dir: string, options: TraceOptions | undefined): void {
  const given = checkOptions(op, ['createPerfettoTrace'], options);
  const path = checkDir(op, dir);
  if (session !== null) throw new ProfilerError(`${op}: a profile is being taken already, into '${session.dir}'; one can be taken at a time`);
  const { client } = backend();
  const start = performance.now();
  let profile: Profile;
  try {
    profile = client.startProfile();
  } catch (cause) {
    throw new ProfilerError(`${op}: ${(cause as Error).message}`, { cause });
  }
  session = { dir: path, options: given, client, profile, start };
  startRecording();
}

/**
 * Ends the profile that {@link startTrace} began, and writes it to `plugins/profile/<time>/<host>.xplane.pb` and `<host>.trace.json.gz` in its folder.
 * Mirrors `jax.profiler.stop_trace`.
 *
 * @returns paths of the files
 * @throws ProfilerError if no profile is being taken, or the files cannot be written: the profile is over then, too
 * @example
 * ```ts
 * profiler.startTrace('traced');
 * jit((x: Array) => x.add(1))(np.array(1)).js();
 * const files = profiler.stopTrace();
 * typeof files; // 'object'
 * ```
 */
export function stopTrace(): TraceFiles {
  if (session === null) throw new ProfilerError('stopTrace: no profile is being taken');
  const ended = session;
  session = null;
  const stop = performance.now();
  const recorded = stopRecording();
  try {
    return write(ended, assemble(ended, stop, recorded, ended.profile.stop()));
  } catch (cause) {
    throw new ProfilerError(`stopTrace: the profile cannot be written to '${ended.dir}': ${(cause as Error).message}`, { cause });
  }
}

function linesOf(spans: readonly Span[], origin: number): ProfileLine[] {
  const names = [...new Set([MAIN_LINE, ...spans.map((s) => s.line)])];
  return names.map((name, i) => ({
    name,
    id: process.pid + threadId * 1000 + i,
    events: spans
      .filter((s) => s.line === name)
      .sort((a, b) => a.start - b.start || b.end - a.end)
      .map((s) => ({ name: s.name, startNs: (s.start - origin) * 1e6, durationNs: (s.end - s.start) * 1e6, stats: s.stats })),
  }));
}

const epochNs = (t: number): bigint => BigInt(Math.round(performance.timeOrigin * 1e3)) * 1000n + BigInt(Math.round(t * 1e6));

/** A device runs one program after the other: what was started before the last one's end began there. */
function runLines(runs: readonly ProgramRun[], origin: number): ProfileLine[] {
  const devices = [...new Set(runs.map((r) => r.device))].sort((a, b) => a.index - b.index);
  return devices.map((device) => {
    let last = origin;
    const events = runs
      .filter((r) => r.device === device)
      .sort((a, b) => a.end - b.end)
      .map((r) => {
        const start = Math.min(Math.max(r.start, last), r.end);
        last = r.end;
        return { name: r.name, startNs: Math.max(0, start - origin) * 1e6, durationNs: (r.end - start) * 1e6, stats: { device: device.id, queued_us: Math.round((start - r.start) * 1e3), ...(!r.ended && { unfinished: true }) } };
      });
    return { name: `programs on ${device}`, id: device.index, events };
  });
}

/** As many bytes of programs as go into a profile. */
const MOST_HLO = 64 * 2 ** 20;

/** The programs that ran, in the form in which TensorBoard's graph viewer looks for them. */
function programEntries(programs: ReadonlySet<RunProgram>): PlaneEntry[] {
  const entries: PlaneEntry[] = [];
  let bytes = 0;
  for (const p of programs) {
    let hlo: Uint8Array | null;
    try {
      hlo = hloOf(p.optimizedHlo());
    } catch {
      // Deleted meanwhile, or of a platform that does not tell: the profile is complete without it.
      continue;
    }
    if (hlo === null || (bytes += hlo.length) > MOST_HLO) continue;
    entries.push({ name: `${p.name}(${entries.length + 1})`, stats: { 'Hlo Proto': hlo, program_id: entries.length + 1 } });
  }
  return entries;
}

/** An XSpace: the planes of the plugin's profiler, and ours. */
function assemble(ended: Session, stop: number, recorded: Recorded, device: ReturnType<Profile['stop']>): Uint8Array {
  const { client } = ended;
  const process_id = process.pid;
  const theirs = shiftedSpace(device.space, epochNs(ended.start));
  const taken = (name: string): boolean => theirs.planes.includes(name);
  const planes: ProfilePlane[] = [
    // The host's plane is the one that viewers show; where the plugin has made it, ours stands beside it.
    { name: taken('/host:CPU') ? '/device:CUSTOM:xlastate host' : '/host:CPU', lines: linesOf(recorded.spans, ended.start), stats: { process_id } },
    { name: '/device:CUSTOM:xlastate programs', lines: runLines(device.runs, ended.start), stats: {} },
    { name: '/host:metadata', lines: [], stats: { process_id, platform: client.platformName, [`${client.platformName}_version`]: client.platformVersion } },
  ];
  if (!taken('Task Environment')) planes.push({ name: 'Task Environment', lines: [], stats: { profile_start_time: epochNs(ended.start), profile_stop_time: epochNs(stop) } });
  const space = new Message();
  for (const f of theirs.fields) space.raw(f);
  planes.forEach((p, i) => {
    if (p.name.startsWith('/device:') && p.lines.length === 0) return;
    space.message(1, encodePlane(p, theirs.planes.length + i + 1, p.name === '/host:metadata' ? programEntries(recorded.programs) : []));
  });
  if (recorded.dropped > 0) space.text(3, `${recorded.dropped} spans were dropped: there were too many`);
  return space.text(4, hostname()).done();
}

/** As TensorBoard names its runs, in local time. */
function runName(now: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return [now.getFullYear(), now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('_');
}

function write(ended: Session, space: Uint8Array): TraceFiles {
  const host = hostname().replace(/[/\\]/g, '_') || 'localhost';
  const name = runName(new Date());
  const base = join(ended.dir, 'plugins', 'profile', name);
  let folder = base;
  for (let i = 1; existsSync(join(folder, `${host}.xplane.pb`)); i++) folder = `${base}_${i}`;
  const planes = decodeSpace(space);
  const put = (file: string, data: Uint8Array): string => {
    const path = join(folder, file);
    writeAtomicSync(path, [data], true);
    return path;
  };
  const traceJson = put(`${host}.trace.json.gz`, gzipSync(chromeTrace(planes)));
  const perfettoTrace = ended.options.createPerfettoTrace ? put('perfetto_trace.json.gz', gzipSync(chromeTrace(planes, false))) : undefined;
  const xplane = put(`${host}.xplane.pb`, space);
  return { xplane, traceJson, ...(perfettoTrace !== undefined && { perfettoTrace }) };
}

/** A profile that is being taken, until it is disposed of. */
class OpenTrace implements Disposable {
  private open = true;

  /** Ends the profile and writes it. */
  [Symbol.dispose](): void {
    if (!this.open) return;
    this.open = false;
    stopTrace();
  }
}

/**
 * Takes a profile while a function runs, and gives its result; without a function, until what it returns is disposed of. If the function returns a
 * promise the profile ends when that settles. Mirrors `jax.profiler.trace`; see {@link startTrace} and {@link stopTrace} for what is written.
 *
 * @param dir what TensorBoard's `--logdir` names; made if it does not exist
 * @throws ProfilerError if a profile is being taken already, or the folder cannot be written to
 * @example
 * ```ts
 * profiler.trace('/tmp/xlastate-profile', () => {
 *   const f = jit((x: np.Array) => np.sin(x).sum());
 *   new profiler.TraceAnnotation('first call').run(() => f(np.arange(8)).item());
 * });
 * ```
 */
export function trace(dir: string, options?: TraceOptions): Disposable;
export function trace<R>(dir: string, f: () => R, options?: TraceOptions): R;
export function trace<R>(dir: string, second?: (() => R) | TraceOptions, third?: TraceOptions): R | Disposable {
  const f = typeof second === 'function' ? second : undefined;
  begin('profiler.trace', dir, f === undefined ? (second as TraceOptions | undefined) : third);
  if (f === undefined) return new OpenTrace();
  return whenOver(f, () => void stopTrace());
}
