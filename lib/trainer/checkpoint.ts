import { copyFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkInteger } from '../core/checks';
import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { AlreadyExistsError, CheckpointError, type FileName, type Metrics, msgpackFromStateDict, msgpackLoad, msgpackSave } from '../file';
import { pythonKey } from '../functional/pythonKey';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type FormatPart, formatValues, parseFormat } from '../functional/pythonFormat';
import { Module } from '../nn';
import { OptaxOptimizer } from '../optim';
import { makeFolder } from '../pjrt/cacheDir';
import { ParamState } from '../state/kinds';
import type { State } from '../state/state';
import { checkMode, type Mode } from './callbacks';

/** A folder's path. @throws ArgumentError for anything else */
export function checkFolder(op: string, name: string, x: unknown): string {
  if (typeof x !== 'string' || x === '') throw new ArgumentError(`${op}: expected ${name} to be the path of a folder, got ${describeValue(x)}`);
  return x;
}

/** A name of files made of numbers by a template in Python's form. */
export class NameTemplate {
  /** What the template names. */
  readonly names: ReadonlySet<string>;
  private readonly parts: readonly FormatPart[];

  /** @throws ArgumentError for a template that cannot be read, or with folders in it */
  constructor(op: string, option: string, template: string) {
    if (typeof template !== 'string' || template === '' || /[\\/]/.test(template.replace(/\{[^{}]*\}/g, ''))) {
      throw new ArgumentError(`${op}: expected ${option} to be a name without folders, such as 'model-{epoch:02d}', got ${typeof template === 'string' ? `'${template}'` : describeValue(template)}`);
    }
    this.parts = parseFormat(op, template);
    this.names = new Set(this.parts.flatMap((p) => (typeof p === 'string' ? [] : [String(p.key)])));
  }

  /** The name for values; null where one is missing, or has another type than its place asks for. */
  text(values: Readonly<Record<string, unknown>>): string | null {
    for (const name of this.names) if (!Object.hasOwn(values, name)) return null;
    try {
      return formatValues(this.parts, [], values);
    } catch (e) {
      if (e instanceof ArgumentError) return null;
      throw e;
    }
  }
}

/** A module's states by path, named as BrainTools names them. */
function namedStates(model: Module): [string, State<unknown>][] {
  return model.states().entries().map(([path, s]) => [pythonKey(path, 'model'), s as State<unknown>]);
}

/** The values of a module's states, parameters and others, by path. */
export function modelStateDict(model: Module): Record<string, unknown> {
  return Object.fromEntries(namedStates(model).map(([name, s]) => [name, s.value]));
}

/** Puts saved values into a module: all, or none if they do not fit. States other than parameters may be missing, as BrainTools does not save them. */
export function loadModelState(model: Module, saved: unknown): void {
  if (!isPlainObject(saved)) throw new CheckpointError(`the checkpoint's model_state_dict is ${describeValue(saved)}, no object of values`);
  const wanted = namedStates(model).filter(([name, s]) => s instanceof ParamState || Object.hasOwn(saved, name));
  msgpackFromStateDict(Object.fromEntries(wanted), saved as never);
}

/** Does something that may fail half-way; then states get back the values that they had. */
export function allOrNothing<T>(states: readonly State<unknown>[], f: () => T): T {
  const before = states.map((s) => s.value);
  try {
    return f();
  } catch (e) {
    states.forEach((s, i) => {
      s.value = before[i];
    });
    throw e;
  }
}

/** The states of optimisers of a checkpoint: a list, an object of indices, or one alone. */
export function optimizerStates(saved: unknown): Record<string, unknown>[] {
  if (globalThis.Array.isArray(saved)) return saved;
  if (!isPlainObject(saved)) return [];
  const keys = Object.keys(saved);
  if (keys.length === 0 || !keys.every((k) => /^\d+$/.test(k))) return [saved];
  return keys.sort((a, b) => Number(a) - Number(b)).map((k) => saved[k] as Record<string, unknown>);
}

/**
 * Saves a tree as a checkpoint, in one step. Mirrors `braintools.trainer.save_checkpoint`.
 *
 * @returns the path
 * @throws AlreadyExistsError for a file that is there, unless `overwrite`
 * @example
 * ```ts
 * const path = trainer.saveCheckpoint({ epoch: 3, w: np.ones([2]) }, `${process.env.TMPDIR ?? '/tmp'}/xlastate-example.ckpt`);
 * (trainer.loadCheckpoint(path) as { epoch: number }).epoch; // 3
 * ```
 */
export function saveCheckpoint(state: Readonly<Record<string, unknown>>, filepath: FileName, given: { overwrite?: boolean } = {}): string {
  const { overwrite = true } = checkOptions('saveCheckpoint', ['overwrite'], given);
  if (state === null || typeof state !== 'object' || state instanceof Array) throw new ArgumentError(`saveCheckpoint: expected state to be an object, got ${describeValue(state)}`);
  const path = String(filepath);
  if (!overwrite && existsSync(path)) throw new AlreadyExistsError(`there is a checkpoint already: ${path}`);
  return msgpackSave(filepath, state, { overwrite });
}

/** What a checkpoint holds. Mirrors `braintools.trainer.load_checkpoint`. @throws CheckpointError if there is none @example trainer.saveCheckpoint({ step: 1 }, '/tmp/xlastate-example-load.ckpt'); (trainer.loadCheckpoint('/tmp/xlastate-example-load.ckpt') as { step: number }).step; // 1 */
export function loadCheckpoint(filepath: FileName): Record<string, unknown> {
  return msgpackLoad(filepath) as Record<string, unknown>;
}

const SORTS = ['time', 'name', 'epoch'] as const;

/** A file pattern with `*`, `?` and `[…]` as an expression. */
function globExpression(pattern: string): RegExp {
  const text = pattern.replace(/[.+^${}()|\\]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.').replace(/\[!/g, '[^');
  return new RegExp(`^${text}$`);
}

/** Options of {@link listCheckpoints}. */
export interface ListCheckpointsOptions {
  /** Names of files. Default '*.ckpt'. */
  pattern?: string;
  /** Their order: by the time of change (the default), by name, or by the epoch in the name. */
  sortBy?: (typeof SORTS)[number];
}

/**
 * The checkpoints in a folder and those below, the last one last. Mirrors `braintools.trainer.list_checkpoints`.
 *
 * @throws ArgumentError for another order
 * @example
 * trainer.listCheckpoints('/nowhere'); // []
 */
export function listCheckpoints(dirpath: string, given: ListCheckpointsOptions = {}): string[] {
  const { pattern = '*.ckpt', sortBy = 'time' } = checkOptions('listCheckpoints', ['pattern', 'sortBy'], given);
  checkFolder('listCheckpoints', 'dirpath', dirpath);
  if (typeof pattern !== 'string') throw new ArgumentError(`listCheckpoints: expected pattern to be a string, got ${describeValue(pattern)}`);
  if (!SORTS.includes(sortBy)) throw new ArgumentError(`listCheckpoints: expected sortBy to be 'time', 'name' or 'epoch', got ${describeValue(sortBy)}`);
  if (!existsSync(dirpath)) return [];
  const fits = globExpression(pattern);
  const found = (readdirSync(dirpath, { recursive: true }) as string[]).filter((f) => fits.test(basename(f))).map((f) => join(dirpath, f)).sort();
  const time = (f: string): number => statSync(f, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const epoch = (f: string): number => Number(/epoch[=_]?(\d+)/i.exec(basename(f))?.[1] ?? 0);
  return sortBy === 'name' ? found : found.sort((a, b) => (sortBy === 'time' ? time(a) - time(b) : epoch(a) - epoch(b)));
}

/** Options of {@link findCheckpoint}. */
export interface FindCheckpointOptions {
  /** Names of files. Default '*.ckpt'. */
  pattern?: string;
  /** One with 'best' in its name, or else the last. */
  best?: boolean;
  /** `last.ckpt`, or else the last. */
  last?: boolean;
}

/**
 * A checkpoint in a folder: the first by time, or the best or the last one; null if there is none. Mirrors `braintools.trainer.find_checkpoint`.
 *
 * @example
 * trainer.findCheckpoint('/nowhere', { last: true }); // null
 */
export function findCheckpoint(dirpath: string, given: FindCheckpointOptions = {}): string | null {
  const { pattern = '*.ckpt', best = false, last = false } = checkOptions('findCheckpoint', ['pattern', 'best', 'last'], given);
  const found = listCheckpoints(dirpath, { pattern });
  const named = found.find((f) => (best ? basename(f).toLowerCase().includes('best') : last && basename(f).toLowerCase() === 'last.ckpt'));
  return named ?? (best || last ? found.at(-1) : found[0]) ?? null;
}

/** Options of {@link CheckpointManager}. */
export interface CheckpointManagerOptions {
  /** How many of the last checkpoints are kept, the best one aside; 0 or less keeps all. Default 5. */
  maxToKeep?: number;
  /** The names of files, with `{epoch}`, `{step}`, `{timestamp}`, `{metric}` or a metric's name in Python's form. Default 'checkpoint-epoch={epoch:04d}'. */
  filenameTemplate?: string | null;
  /** Save only where the metric is better than before. Default false. */
  saveBestOnly?: boolean;
  /** The metric that tells the best. */
  monitor?: string | null;
  mode?: Mode;
  /** Whether it is printed what is done. Default true. */
  verbose?: boolean;
}

/** What is saved beside the model. */
export interface SaveOptions {
  optimizer?: OptaxOptimizer | null;
  epoch?: number;
  step?: number | null;
  metrics?: Metrics | null;
  /** Entries to be saved besides. */
  extraState?: Readonly<Record<string, unknown>> | null;
}

/** Which checkpoint is read, and where it is put. */
export interface LoadTargets {
  /** The path, in place of the first argument. */
  filepath?: string | null;
  model?: Module | null;
  optimizer?: OptaxOptimizer | null;
}

/** A checkpoint that a {@link CheckpointManager} has saved. */
export interface SavedCheckpoint {
  readonly path: string;
  readonly epoch: number;
  readonly step: number | null;
  readonly metrics: Metrics;
  readonly timestamp: string;
}

/**
 * Checkpoints of models and optimisers in a folder, of a training loop of one's own: the last few and the best one are kept. Mirrors `braintools.trainer.CheckpointManager`.
 *
 * A {@link ModelCheckpoint} does it for a {@link Trainer}; `file.CheckpointManager` keeps any tree, with checksums.
 *
 * @throws ArgumentError for a template with folders in it, or a mode other than 'min' and 'max'
 * @example
 * ```ts
 * const model = new nn.Linear(2, 1);
 * const manager = new trainer.CheckpointManager('checkpoints', { maxToKeep: 3, monitor: 'val_loss', verbose: false });
 * manager.save(model, { epoch: 1, metrics: { val_loss: 0.5 } });
 * [manager.loadBest({ model }).epoch, manager.bestScore]; // [1, 0.5]
 * manager.clear();
 * ```
 */
export class CheckpointManager {
  readonly dirpath: string;
  readonly maxToKeep: number;
  readonly filenameTemplate: string;
  readonly saveBestOnly: boolean;
  readonly monitor: string | null;
  readonly mode: Mode;
  readonly verbose: boolean;
  private readonly template: NameTemplate;
  private saved: SavedCheckpoint[] = [];
  private bestSaved: { path: string; score: number } | null = null;

  constructor(dirpath: string, given: CheckpointManagerOptions = {}) {
    const op = new.target.name;
    const { maxToKeep = 5, filenameTemplate, saveBestOnly = false, monitor = null, mode = 'min', verbose = true } = checkOptions(op, ['maxToKeep', 'filenameTemplate', 'saveBestOnly', 'monitor', 'mode', 'verbose'], given);
    this.dirpath = checkFolder(op, 'dirpath', dirpath);
    this.maxToKeep = checkInteger(op, 'maxToKeep', maxToKeep);
    this.filenameTemplate = filenameTemplate ?? 'checkpoint-epoch={epoch:04d}';
    this.template = new NameTemplate(op, 'filenameTemplate', this.filenameTemplate);
    if (monitor !== null && typeof monitor !== 'string') throw new ArgumentError(`${op}: expected monitor to be a metric's name or null, got ${describeValue(monitor)}`);
    this.saveBestOnly = saveBestOnly;
    this.monitor = monitor;
    this.mode = checkMode(op, mode);
    this.verbose = verbose;
    makeFolder(this.dirpath, true);
  }

  private say(text: string): void {
    if (this.verbose) console.log(text);
  }

  private better(score: number): boolean {
    return this.bestSaved === null || (this.mode === 'min' ? score < this.bestSaved.score : score > this.bestSaved.score);
  }

  /**
   * Saves a model, and an optimiser.
   *
   * @param optimizer the optimiser, or the options with it among them
   * @returns the path; null where `saveBestOnly` and it is not the best
   * @throws ArgumentError for what is no model, optimiser, epoch, or number
   */
  save(model: Module, optimizer: OptaxOptimizer | SaveOptions | null = null, given: SaveOptions = {}): string | null {
    const op = 'CheckpointManager.save';
    const among = optimizer !== null && !(optimizer instanceof OptaxOptimizer);
    const options = checkOptions(op, ['optimizer', 'epoch', 'step', 'metrics', 'extraState'], among ? optimizer : { optimizer, ...given });
    const { epoch = 0, step = null, metrics, extraState } = options;
    this.checkTargets(op, { model, optimizer: options.optimizer });
    if (!(model instanceof Module)) throw new ArgumentError(`${op}: expected model to be a module, got ${describeValue(model)}`);
    checkInteger(op, 'epoch', epoch, 0);
    if (step !== null) checkInteger(op, 'step', step, 0);
    if (metrics !== undefined && metrics !== null && !isPlainObject(metrics)) throw new ArgumentError(`${op}: expected metrics to be an object of numbers, got ${describeValue(metrics)}`);
    const numbers: Record<string, number> = {};
    for (const [k, v] of Object.entries(metrics ?? {})) {
      const x: unknown = (v as unknown) instanceof Array ? (v as unknown as Array).item() : v;
      if (typeof x !== 'number') throw new ArgumentError(`${op}: expected metrics.${k} to be a number, got ${describeValue(v)}`);
      numbers[k] = x;
    }
    const score = this.monitor === null ? undefined : numbers[this.monitor];
    if (this.saveBestOnly && this.monitor !== null && metrics) {
      if (score === undefined) this.say(`there is no metric '${this.monitor}'`);
      else if (!this.better(score)) {
        this.say(`not saved: ${this.monitor} ${score}, the best is ${this.bestSaved!.score}`);
        return null;
      }
    }
    const now = new Date();
    const timestamp = now.toISOString();
    const named = Object.fromEntries(Object.entries(numbers).map(([k, v]) => [k.replace(/[/ ]/g, '_'), v]));
    const values = { epoch, step: step ?? 0, timestamp: timestamp.slice(0, 19).replace(/[-:]/g, '').replace('T', '_'), ...named, ...(Object.keys(named).length > 0 && { metric: Object.values(named).at(-1) }) };
    const name = this.template.text(values) ?? `checkpoint-epoch=${String(epoch).padStart(4, '0')}`;
    const path = join(this.dirpath, `${name}.ckpt`);
    const state: Record<string, unknown> = { epoch, step, metrics: numbers, timestamp, model_state_dict: modelStateDict(model) };
    if (options.optimizer) state.optimizer_state_dict = options.optimizer.stateDict();
    saveCheckpoint({ ...state, ...extraState }, path);
    this.saved = [...this.saved.filter((c) => c.path !== path), { path, epoch, step, metrics: numbers, timestamp }];
    if (score !== undefined && this.better(score)) {
      this.bestSaved = { path, score };
      this.say(`the best checkpoint: ${this.monitor} ${score}`);
    }
    this.prune();
    this.say(`saved ${path}`);
    return path;
  }

  private prune(): void {
    while (this.maxToKeep > 0 && this.saved.length > this.maxToKeep) {
      const oldest = this.saved.find((c) => c.path !== this.bestSaved?.path);
      if (oldest === undefined) return;
      this.saved = this.saved.filter((c) => c !== oldest);
      rmSync(oldest.path, { force: true });
      this.say(`removed ${oldest.path}`);
    }
  }

  private checkTargets(op: string, { model, optimizer }: LoadTargets): void {
    if (model !== undefined && model !== null && !(model instanceof Module)) throw new ArgumentError(`${op}: expected model to be a module, got ${describeValue(model)}`);
    if (optimizer !== undefined && optimizer !== null && !(optimizer instanceof OptaxOptimizer)) throw new ArgumentError(`${op}: expected optimizer to be an optimiser, got ${describeValue(optimizer)}`);
  }

  /**
   * What a checkpoint holds, the last one's unless a path is given; model and optimiser get their values, both or none.
   *
   * @throws CheckpointError if there is none, CheckpointMismatchError if it does not fit
   */
  load(filepath: string | LoadTargets | null = null, given: LoadTargets = {}): Record<string, unknown> {
    const op = 'CheckpointManager.load';
    const among = filepath !== null && typeof filepath === 'object';
    const { filepath: named = null, model, optimizer } = checkOptions(op, ['filepath', 'model', 'optimizer'], among ? filepath : { ...given, filepath });
    this.checkTargets(op, { model, optimizer });
    if (named !== null && typeof named !== 'string') throw new ArgumentError(`${op}: expected filepath to be a path, got ${describeValue(named)}`);
    const path = named ?? this.latest;
    if (path === null) throw new CheckpointError(`${this.dirpath} has no checkpoint`);
    const state = loadCheckpoint(path);
    allOrNothing(model ? (model.states().values() as State<unknown>[]) : [], () => {
      if (model && state.model_state_dict !== undefined) loadModelState(model, state.model_state_dict);
      const [ofOptimizer] = optimizerStates(state.optimizer_state_dict);
      if (optimizer && ofOptimizer !== undefined) optimizer.loadStateDict(ofOptimizer);
    });
    this.say(`loaded ${path} (epoch ${String(state.epoch ?? '?')})`);
    return state;
  }

  /** {@link load} of the best checkpoint. @throws CheckpointError if there is none */
  loadBest(given: Omit<LoadTargets, 'filepath'> = {}): Record<string, unknown> {
    const path = this.best ?? findCheckpoint(this.dirpath, { best: true });
    if (path === null) throw new CheckpointError(`${this.dirpath} has no best checkpoint`);
    return this.load(path, given);
  }

  /** {@link load} of the last checkpoint. */
  loadLatest(given: Omit<LoadTargets, 'filepath'> = {}): Record<string, unknown> {
    return this.load(null, given);
  }

  /** The path of the last checkpoint, of this manager or else in the folder; null if there is none. */
  get latest(): string | null {
    return this.saved.at(-1)?.path ?? listCheckpoints(this.dirpath).at(-1) ?? null;
  }

  /** The path of the best checkpoint that this manager saved; null if there is none. */
  get best(): string | null {
    return this.bestSaved?.path ?? null;
  }

  /** The best metric so far; null before. */
  get bestScore(): number | null {
    return this.bestSaved?.score ?? null;
  }

  /** What this manager saved and keeps. */
  get checkpoints(): SavedCheckpoint[] {
    return [...this.saved];
  }

  /** Copies the best checkpoint. @throws CheckpointError if there is none */
  saveBestAs(filepath: string): void {
    if (this.best === null) throw new CheckpointError('there is no best checkpoint to copy');
    copyFileSync(this.best, filepath);
    this.say(`copied the best checkpoint to ${filepath}`);
  }

  /** Removes all that this manager saved. */
  clear(): void {
    for (const { path } of this.saved) rmSync(path, { force: true });
    this.saved = [];
    this.bestSaved = null;
    this.say('removed all checkpoints');
  }
}
