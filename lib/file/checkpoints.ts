import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { breathe, readAllSync, removeFile, writeAtomic, writeAtomicSync } from '../storage/disk';
import { CheckpointError, InvalidCheckpointPath, reason } from '../storage/errors';
import { type FileName, filePath, type LoadOptions, msgpackRestore } from './msgpack';
import { packStateMap, stateMapToHost, stateMapToHostAsync } from './msgpackPack';
import { toStateMap } from './stateDict';

/** Numbers by which checkpoints are compared. */
export type Metrics = Readonly<Record<string, number>>;

/** Options of {@link CheckpointManager}. */
export interface CheckpointManagerOptions {
  /** How many of the last checkpoints are kept; null keeps all. */
  maxToKeep?: number | null;
  /** The metric by which a checkpoint is the best. The best one is always kept. */
  bestMetric?: string;
  /** How many of the best are kept beside the last ones; default 1. */
  bestToKeep?: number;
  /** Whether the least or the greatest value is the best. */
  bestMode?: 'min' | 'max';
  /** What names of files begin with. */
  prefix?: string;
}

/** Options of saving a checkpoint. */
export interface SavedAs {
  /** The name of its file in the folder. Default: prefix and step. */
  filename?: string;
}

/** What is known of a checkpoint. */
export interface CheckpointInfo {
  /** The step it was saved at. */
  readonly step: number;
  /** What was measured then. */
  readonly metrics: Metrics;
  /** Its file. */
  readonly file: string;
  /** Size of the file. */
  readonly bytes: number;
  /** Checksum of the file. */
  readonly sha256: string;
  /** When it was saved, in milliseconds since 1970; 0 where its description does not tell. */
  readonly time: number;
}

const FORMAT = 1;
/** After so many milliseconds without a change nobody is writing a file. */
const ABANDONED = 3_600_000;

/** The checksum of pieces. */
function sha256(pieces: readonly Uint8Array[]): string {
  const h = createHash('sha256');
  for (const p of pieces) h.update(p);
  return h.digest('hex');
}

const BREATH = 2 ** 22;

async function sha256Async(pieces: readonly Uint8Array[]): Promise<string> {
  const h = createHash('sha256');
  for (const p of pieces) {
    for (let at = 0; at < p.byteLength; at += BREATH) {
      h.update(p.subarray(at, at + BREATH));
      if (p.byteLength > BREATH) await breathe();
    }
  }
  return h.digest('hex');
}

/**
 * The checkpoints of a training run in a folder: the last few and the best one are kept, each with its checksum, and a run resumes from the last
 * one that is whole.
 *
 * A checkpoint is a MessagePack file that {@link msgpackLoad} and BrainTools read, and a small JSON file with step, metrics and checksum,
 * written after it: a checkpoint counts from then on. What a killed save has left is removed by a later one, an hour after at the soonest.
 *
 * @example
 * ```ts
 * const states = { w: new ParamState(np.ones([3])) };
 * const checkpoints = new file.CheckpointManager('run', { maxToKeep: 3, bestMetric: 'loss' });
 * const start = checkpoints.resume({ target: states }) ?? 0;
 * checkpoints.save(start + 1, states, { loss: 0.5 });
 * ```
 */
export class CheckpointManager {
  readonly folder: string;
  private readonly maxToKeep: number | null;
  private readonly bestMetric: string | null;
  private readonly bestMode: 'min' | 'max';
  private readonly bestToKeep: number;
  private readonly prefix: string;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(folder: FileName, given: CheckpointManagerOptions = {}) {
    const { maxToKeep = 5, bestMetric, bestMode = 'min', bestToKeep = 1, prefix = 'checkpoint' } = checkOptions(new.target.name, ['maxToKeep', 'bestMetric', 'bestMode', 'bestToKeep', 'prefix'], given);
    this.folder = filePath('CheckpointManager', folder);
    if (maxToKeep !== null) checkInteger('CheckpointManager', 'maxToKeep', maxToKeep, 1);
    if (bestMode !== 'min' && bestMode !== 'max') throw new ArgumentError(`CheckpointManager: expected bestMode to be 'min' or 'max', got ${String(bestMode)}`);
    checkInteger('CheckpointManager', 'bestToKeep', bestToKeep, 1);
    if (!/^[\w.-]+$/.test(prefix)) throw new ArgumentError(`CheckpointManager: expected prefix to be letters, digits, '.', '_' and '-', got '${prefix}'`);
    this.maxToKeep = maxToKeep;
    this.bestMetric = bestMetric ?? null;
    this.bestMode = bestMode;
    this.bestToKeep = bestToKeep;
    this.prefix = prefix;
  }

  private path(step: number, end: string): string {
    return join(this.folder, `${this.prefix}-${String(step).padStart(8, '0')}.${end}`);
  }

  private check(step: number, metrics: Metrics, { filename }: SavedAs): void {
    if (filename !== undefined && (typeof filename !== 'string' || filename === '' || basename(filename) !== filename || filename.endsWith('.json'))) throw new ArgumentError(`CheckpointManager.save: expected filename to be a name without folders, other than of JSON, got ${typeof filename === 'string' ? `'${filename}'` : describeValue(filename)}`);
    if (!Number.isSafeInteger(step) || step < 0) throw new ArgumentError(`CheckpointManager.save: expected step to be a non-negative integer, got ${String(step)}`);
    if (!isPlainObject(metrics)) throw new ArgumentError('CheckpointManager.save: expected metrics to be an object of numbers');
    for (const [name, v] of Object.entries(metrics)) if (typeof v !== 'number') throw new ArgumentError(`CheckpointManager.save: expected metric '${name}' to be a number, got ${typeof v}`);
    if (this.bestMetric !== null && metrics[this.bestMetric] === undefined) throw new ArgumentError(`CheckpointManager.save: the metric '${this.bestMetric}', by which the best is found, is missing`);
  }

  private info(step: number, metrics: Metrics, { filename }: SavedAs, pieces: readonly Uint8Array[], checksum: string): CheckpointInfo {
    return { step, metrics: { ...metrics }, file: filename === undefined ? this.path(step, 'msgpack') : join(this.folder, filename), bytes: pieces.reduce((n, p) => n + p.byteLength, 0), sha256: checksum, time: Date.now() };
  }

  private describe({ step, metrics, file, bytes, sha256: sum, time }: CheckpointInfo): Uint8Array[] {
    // JSON has no infinities.
    const written = Object.fromEntries(Object.entries(metrics).map(([k, v]) => [k, Number.isFinite(v) ? v : String(v)]));
    return [Buffer.from(`${JSON.stringify({ format: FORMAT, step, metrics: written, ...(file !== this.path(step, 'msgpack') && { file: basename(file) }), bytes, sha256: sum, time })}\n`)];
  }

  /**
   * Saves a tree as the checkpoint of a step, then removes those that are no longer kept. The checkpoint of the same step is replaced.
   *
   * @throws ArgumentError if the metric that tells the best is missing
   */
  save(step: number, tree: unknown, metrics: Metrics = {}, given: SavedAs = {}): CheckpointInfo {
    const as = checkOptions('CheckpointManager.save', ['filename'], given);
    this.check(step, metrics, as);
    const pieces = packStateMap(stateMapToHost(toStateMap(tree)));
    const info = this.info(step, metrics, as, pieces, sha256(pieces));
    this.forget(info);
    writeAtomicSync(info.file, pieces, true);
    writeAtomicSync(this.path(step, 'json'), this.describe(info), true);
    this.prune();
    return info;
  }

  /** Removes descriptions of what a checkpoint takes the place of: an old one must not lie beside a new content. */
  private forget({ step, file }: CheckpointInfo): void {
    const before = this.list().filter((c) => c.step === step || c.file === file);
    removeFile(this.path(step, 'json'));
    for (const c of before) {
      removeFile(this.path(c.step, 'json'));
      if (c.file !== file) removeFile(c.file);
    }
  }

  /** Removes the checkpoint of a step. @returns whether there was one */
  remove(step: number): boolean {
    const info = this.list().find((c) => c.step === step);
    if (info === undefined) return false;
    // What describes it goes first: there is no moment at which half a checkpoint counts.
    removeFile(this.path(step, 'json'));
    removeFile(info.file);
    return true;
  }

  /** {@link save} with the event loop free, one after the other; the values are those at the time of the call. */
  saveAsync(step: number, tree: unknown, metrics: Metrics = {}, given: SavedAs = {}): Promise<CheckpointInfo> {
    const as = checkOptions('CheckpointManager.saveAsync', ['filename'], given);
    this.check(step, metrics, as);
    const host = stateMapToHostAsync(toStateMap(tree));
    host.catch(() => {});
    const saved = this.queue.then(async () => {
      const pieces = packStateMap(await host);
      const info = this.info(step, metrics, as, pieces, await sha256Async(pieces));
      this.forget(info);
      await writeAtomic(info.file, pieces, true);
      await writeAtomic(this.path(step, 'json'), this.describe(info), true);
      this.prune();
      return info;
    });
    // A save that fails tells its own caller; the next one runs all the same.
    this.queue = saved.catch(() => {});
    return saved;
  }

  private readInfo(name: string): CheckpointInfo | null {
    try {
      const d: unknown = JSON.parse(readFileSync(join(this.folder, name), 'utf8'));
      if (!isPlainObject(d) || d.format !== FORMAT || !Number.isSafeInteger(d.step) || !isPlainObject(d.metrics) || !Number.isSafeInteger(d.bytes) || typeof d.sha256 !== 'string') return null;
      if (d.file !== undefined && (typeof d.file !== 'string' || basename(d.file) !== d.file)) return null;
      const file = d.file === undefined ? this.path(d.step as number, 'msgpack') : join(this.folder, d.file);
      if (name !== `${this.prefix}-${String(d.step).padStart(8, '0')}.json` || !existsSync(file)) return null;
      return { step: d.step as number, metrics: Object.fromEntries(Object.entries(d.metrics).map(([k, v]) => [k, Number(v)])), file, bytes: d.bytes as number, sha256: d.sha256, time: typeof d.time === 'number' ? d.time : 0 };
    } catch {
      return null;
    }
  }

  /** What the folder has, by step; files that describe no checkpoint are passed over. */
  list(): CheckpointInfo[] {
    if (!existsSync(this.folder) || !statSync(this.folder).isDirectory()) return [];
    return readdirSync(this.folder)
      .filter((f) => f.startsWith(`${this.prefix}-`) && f.endsWith('.json'))
      .map((f) => this.readInfo(f))
      .filter((c) => c !== null)
      .sort((a, b) => a.step - b.step);
  }

  /** Steps of the checkpoints, ascending. */
  allSteps(): number[] {
    return this.list().map((c) => c.step);
  }

  /** The last checkpoint; null if there is none. */
  latest(): CheckpointInfo | null {
    return this.list().at(-1) ?? null;
  }

  /** The checkpoint with the best metric, the later of equal ones; null if there is none. NaN is never the best. */
  best(): CheckpointInfo | null {
    return this.bestOf(this.list());
  }

  private bestOf(all: readonly CheckpointInfo[]): CheckpointInfo | null {
    return this.ranked(all)[0] ?? null;
  }

  /** Checkpoints that have the metric, the best first, of equal ones the later. */
  private ranked(all: readonly CheckpointInfo[]): CheckpointInfo[] {
    const { bestMetric } = this;
    if (bestMetric === null) return [];
    const sign = this.bestMode === 'min' ? 1 : -1;
    const value = (c: CheckpointInfo) => sign * c.metrics[bestMetric]!;
    const known = all.filter((c) => c.metrics[bestMetric] !== undefined && !Number.isNaN(c.metrics[bestMetric]));
    // Infinities of one sign have no difference: they are compared.
    return known.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : b.step - a.step));
  }

  /** Removes what saves that were killed have left: files half written, and contents without a description. Those of the last hour may be another process's work. */
  private sweep(): void {
    const before = Date.now() - ABANDONED;
    const names = readdirSync(this.folder);
    const there = new Set(names);
    for (const name of names) {
      const m = name.startsWith(`${this.prefix}-`) ? /^(\d{8,})\.(msgpack|json)(\.tmp-[0-9a-f]{32})?$/.exec(name.slice(this.prefix.length + 1)) : null;
      const half = m?.[3] !== undefined || /\.ckpt\.tmp-[0-9a-f]{32}$/.test(name);
      if (!half && (m === null || m[2] === 'json' || there.has(name.replace(/msgpack$/, 'json')))) continue;
      const path = join(this.folder, name);
      // Another process may remove it meanwhile.
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isFile() && stat.mtimeMs < before) removeFile(path);
    }
  }

  private prune(): void {
    this.sweep();
    if (this.maxToKeep === null) return;
    const all = this.list();
    const kept = new Set(all.slice(-this.maxToKeep).map((c) => c.step));
    for (const c of this.ranked(all).slice(0, this.bestToKeep)) kept.add(c.step);
    for (const { step } of all) if (!kept.has(step)) this.remove(step);
  }

  private load(info: CheckpointInfo, options: LoadOptions): unknown {
    const bytes = readAllSync(info.file, options.maxSize ?? null);
    if (bytes.byteLength !== info.bytes || sha256([bytes]) !== info.sha256) throw new InvalidCheckpointPath(`the checksum of ${info.file} is wrong: it was damaged after it was saved`);
    return msgpackRestore(bytes, options);
  }

  /**
   * What a step's checkpoint holds, the last one's unless a step is given; with a `target`, its states get the values.
   *
   * @throws CheckpointError if there is no such checkpoint
   * @throws InvalidCheckpointPath if its checksum is wrong
   */
  restore(options: LoadOptions & { step?: number } = {}): unknown {
    const { step, ...rest } = checkOptions('CheckpointManager.restore', ['maxSize', 'parallel', 'verbose', 'target', 'mismatch', 'host', 'maxDepth', 'maxEntries', 'step'], options);
    const info = step === undefined ? this.latest() : this.list().find((c) => c.step === step);
    if (info == null) throw new CheckpointError(`${this.folder} has no checkpoint${step === undefined ? '' : ` of step ${step}; it has ${this.allSteps().join(', ') || 'none'}`}`);
    return this.load(info, rest);
  }

  /** What the best checkpoint holds. @throws CheckpointError if there is none */
  restoreBest(options: LoadOptions = {}): unknown {
    const info = this.best();
    if (info === null) throw new CheckpointError(`${this.folder} has no checkpoint with ${this.bestMetric === null ? 'a metric: give bestMetric' : `the metric '${this.bestMetric}'`}`);
    return this.load(info, options);
  }

  /**
   * Puts the last whole checkpoint into the target and gives its step; null if there is none. Damaged ones are passed over with a warning.
   *
   * @throws CheckpointMismatchError if it does not fit the target
   */
  resume(options: LoadOptions & { target: unknown }): number | null {
    for (const info of this.list().reverse()) {
      try {
        this.load(info, options);
        return info.step;
      } catch (e) {
        if (!(e instanceof InvalidCheckpointPath)) throw e;
        process.emitWarning(`${reason(e)}; the one before is tried`, 'CheckpointWarning');
      }
    }
    return null;
  }
}
