import { checkInstance } from '../core/checks';
import { existsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ArgumentError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { readAll, readAllSync, writeAtomic, writeAtomicSync } from '../storage/disk';
import { InvalidCheckpointPath } from '../storage/errors';
import { packStateMap, stateMapToHost, stateMapToHostAsync } from './msgpackPack';
import { DEFAULT_LIMITS, type Limits, unpackStateDict } from './msgpackUnpack';
import { checkMismatchMode, type MismatchMode, msgpackFromStateDict, toStateMap } from './stateDict';
import './states';
import { toDevice, toDeviceAsync } from './toDevice';

/** Name of a file: text or a file URL. */
export type FileName = string | URL;

/** The path of a file named by a user. */
export function filePath(op: string, name: FileName): string {
  if (typeof name === 'string' && name !== '') return name;
  if (name instanceof URL) return fileURLToPath(name);
  throw new ArgumentError(`${op}: expected filename to be a path, got ${String(name) || 'an empty string'}`);
}

/** The bytes that {@link msgpackSave} writes. @example file.msgpackSerialize({ a: 1 }) instanceof Uint8Array; // true */
export function msgpackSerialize(target: unknown): Uint8Array {
  return Buffer.concat(packStateMap(stateMapToHost(toStateMap(target))));
}

/** Options of {@link msgpackRestore}. */
export interface RestoreOptions extends Partial<Limits> {
  /** A tree of the same structure: its states get the values, and its structure is kept. Without one the result is nested plain objects. */
  target?: unknown;
  /** What happens where the file does not fit the target. */
  mismatch?: MismatchMode;
  /** Give arrays as {@link HostArray}, in the file's types, and on no device. */
  host?: boolean;
}

/** Options of {@link msgpackLoad} and {@link msgpackLoadAsync}. */
export interface LoadOptions extends RestoreOptions {
  /** Refuse larger files, in bytes. */
  maxSize?: number;
  /** With the event loop free, read files of more than 128 MiB by several reads at a time; default true. Otherwise it is one read after the other. */
  parallel?: boolean;
  /** Say so on the console. */
  verbose?: boolean;
}

const RESTORE = ['target', 'mismatch', 'host', 'maxDepth', 'maxEntries'] as const;
const LOAD = [...RESTORE, 'maxSize', 'parallel', 'verbose'] as const;

function limitsOf({ maxDepth, maxEntries }: Partial<Limits>): Limits {
  return { maxDepth: maxDepth ?? DEFAULT_LIMITS.maxDepth, maxEntries: maxEntries ?? DEFAULT_LIMITS.maxEntries };
}

/**
 * What bytes written by {@link msgpackSave}, BrainTools or flax hold.
 *
 * @throws InvalidCheckpointPath if they are damaged
 * @throws CheckpointMismatchError where they do not fit the target and `mismatch` is `'error'`
 * @example
 * file.msgpackRestore(file.msgpackSerialize({ a: 1 })); // { a: 1 }
 */
export function msgpackRestore(bytes: Uint8Array, options: RestoreOptions = {}): unknown {
  checkInstance('msgpackRestore', bytes, Uint8Array);
  return restore(bytes, checkOptions('msgpackRestore', RESTORE, options));
}

function restore(bytes: Uint8Array, options: RestoreOptions): unknown {
  checkMismatchMode(options.mismatch ?? 'error');
  const state = unpackStateDict(bytes, limitsOf(options));
  return msgpackFromStateDict(options.target ?? null, options.host ? state : toDevice(state), { mismatch: options.mismatch });
}

/** Options of {@link msgpackSave} and {@link msgpackSaveAsync}. */
export interface SaveOptions {
  /** Replace a file that is there. */
  overwrite?: boolean;
  /** Say so on the console. */
  verbose?: boolean;
}

/**
 * Saves a tree of arrays, numbers, text, states and registered objects in one file, in the bytes that BrainTools and flax write. The file is
 * replaced in one step when the new one is whole.
 *
 * A whole JS number is stored as an int, another as a float; {@link float} and {@link int} say otherwise. A `Buffer` is stored as bytes, other
 * typed arrays as arrays. With an `asyncManager` the file is written behind the caller's back: the values are those at the time of the call.
 *
 * Mirrors `braintools.file.msgpack_save`.
 *
 * @param filename path of the file
 * @param target a tree of arrays, states and plain values
 * @returns the file's name
 * @throws InvalidCheckpointPath if the file is there and `overwrite` is false
 * @throws ArgumentError for what cannot be saved, naming where it is
 * @example
 * file.msgpackSave('model.msgpack', new nn.Linear(3, 2).states(ParamState));
 */
export function msgpackSave(filename: FileName, target: unknown, options: SaveOptions & { asyncManager?: AsyncManager } = {}): string {
  const path = filePath('msgpackSave', filename);
  checkOptions('msgpackSave', ['overwrite', 'verbose', 'asyncManager'], options);
  if (options.verbose) console.log(`Saving checkpoint into ${path}`);
  const overwrite = options.overwrite ?? true;
  if (!overwrite && existsSync(path)) throw new InvalidCheckpointPath(`${path} exists, and overwrite is false`);
  const state = toStateMap(target);
  if (options.asyncManager) {
    const host = stateMapToHostAsync(state);
    // An error is the save's, not one of nobody.
    host.catch(() => {});
    options.asyncManager.saveAsync(async () => writeAtomic(path, packStateMap(await host), overwrite));
  } else {
    writeAtomicSync(path, packStateMap(stateMapToHost(state)), overwrite);
  }
  return path;
}

/**
 * {@link msgpackSave} with the event loop free; the values are those at the time of the call.
 *
 * @param filename path of the file
 * @param target a tree of arrays, states and plain values
 * @throws InvalidCheckpointPath if the file is there and `overwrite` is false
 * @example
 * ```ts
 * await file.msgpackSaveAsync('c.msgpack', { w: np.ones([2]) });
 * (file.msgpackLoad('c.msgpack') as { w: Array }).w.js(); // [1, 1]
 * ```
 */
export async function msgpackSaveAsync(filename: FileName, target: unknown, options: SaveOptions = {}): Promise<string> {
  const path = filePath('msgpackSaveAsync', filename);
  checkOptions('msgpackSaveAsync', ['overwrite', 'verbose'], options);
  if (options.verbose) console.log(`Saving checkpoint into ${path}`);
  const overwrite = options.overwrite ?? true;
  const host = stateMapToHostAsync(toStateMap(target));
  host.catch(() => {});
  if (!overwrite && (await access(path).then(() => true, () => false))) throw new InvalidCheckpointPath(`${path} exists, and overwrite is false`);
  await writeAtomic(path, packStateMap(await host), overwrite);
  return path;
}

/**
 * Loads what {@link msgpackSave}, BrainTools or flax saved: nested plain objects, with arrays on the default device. With a `target` its
 * structure is kept, and its states get the values; unless all fits, nothing is changed.
 *
 * 64-bit arrays narrow unless 64-bit types are on; `host: true` keeps them. Files are checked before anything is made of them: a length that is
 * declared must be there, and `maxSize`, `maxDepth` and `maxEntries` bound what they may ask for.
 *
 * Mirrors `braintools.file.msgpack_load`.
 *
 * @throws CheckpointError if there is no such file, or it is larger than `maxSize`
 * @throws InvalidCheckpointPath if it is damaged
 * @throws CheckpointMismatchError where it does not fit the target and `mismatch` is `'error'`
 * @example
 * ```ts
 * const model = new nn.Linear(3, 2);
 * file.msgpackSave('layer.msgpack', model.states(ParamState));
 * file.msgpackLoad('layer.msgpack', { target: model.states(ParamState) });
 * ```
 */
export function msgpackLoad(filename: FileName, options: LoadOptions = {}): unknown {
  const path = filePath('msgpackLoad', filename);
  checkOptions('msgpackLoad', LOAD, options);
  checkMismatchMode(options.mismatch ?? 'error');
  if (options.verbose) console.log(`Loading checkpoint from ${path}`);
  return restore(readAllSync(path, options.maxSize ?? null), options);
}

/**
 * {@link msgpackLoad} with the event loop free.
 *
 * @example
 * ```ts
 * file.msgpackSave('b.msgpack', { a: 1 });
 * await file.msgpackLoadAsync('b.msgpack'); // { a: 1 }
 * ```
 */
export async function msgpackLoadAsync(filename: FileName, options: LoadOptions = {}): Promise<unknown> {
  const path = filePath('msgpackLoadAsync', filename);
  checkOptions('msgpackLoadAsync', LOAD, options);
  checkMismatchMode(options.mismatch ?? 'error');
  if (options.verbose) console.log(`Loading checkpoint from ${path}`);
  const state = unpackStateDict(await readAll(path, options.maxSize ?? null, options.parallel ?? true), limitsOf(options));
  return msgpackFromStateDict(options.target ?? null, options.host ? state : await toDeviceAsync(state), { mismatch: options.mismatch });
}

/**
 * Saves one file after the other while the program goes on. Mirrors `braintools.file.AsyncManager`.
 *
 * @example
 * await using manager = new file.AsyncManager();
 * file.msgpackSave('step.msgpack', { w: np.ones([3]) }, { asyncManager: manager });
 */
export class AsyncManager implements AsyncDisposable {
  private last: Promise<unknown> = Promise.resolve();
  private running = 0;
  private closed = false;

  /** Runs a task after those before it. @throws InvalidCheckpointPath if the manager is closed */
  saveAsync(task: () => Promise<unknown>): void {
    if (this.closed) throw new InvalidCheckpointPath('AsyncManager: it is closed and saves no more');
    if (this.running > 0) process.emitWarning('the save before has not ended yet; this one waits for it', 'CheckpointWarning');
    this.running++;
    // An error waits until it is asked for; a later save does not run in its place unnoticed.
    const next = this.last.then(task).finally(() => this.running--);
    next.catch(() => {});
    this.last = next;
  }

  /** Resolves when all saves have ended. @throws what the first of them threw that failed; those after it did not run */
  async waitPreviousSave(): Promise<void> {
    const waiting = this.last;
    try {
      await waiting;
    } finally {
      if (this.last === waiting) this.last = Promise.resolve();
    }
  }

  /** Waits for all saves, and takes no more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.waitPreviousSave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
