import { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { pythonValue, Verbatim } from '../core/pythonText';
import { isPlainObject } from '../core/tree';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Loose } from '../functional/treeFunction';
import { ShapeDtypeStruct } from '../functional/staging';
import { Node } from '../graph/node';
import * as lax from '../lax';
import * as np from '../numpy';
import type { Index } from '../numpy';
import { BrainStateError } from '../state/errors';
import { DelayState, ShortTermState } from '../state/kinds';
import { State } from '../state/state';
import { jitErrorIf } from '../transform/errorIf';
import { INIT_NO_BATCHING } from '../transform/newStates';
import { map } from '../tree';
import { type BatchSize, batchSizeOf } from './batchSize';
import { callOrder } from './collective';
import { type InterpolationMethod, InterpolationRegistry } from './delayInterpolation';
import { Module } from './module';
import { floatText, printAsModule, type PrintedFields } from './moduleText';

/** A time that is known when a delay is made: a number, or an array of them. */
export type DelayTime = number | Array | readonly number[];
/** What a delay is read at: steps (one, or an array of them), and indices of the value's axes. */
export type DelayInfo = readonly [number | Array, ...Index[]];
/** First contents of a delay: one value, or a function of shape and dtype. */
export type DelayInit = number | Array | ((shape: number[], options: { dtype: DType }) => Array);

/** Options of {@link Delay} and {@link StateWithDelay}. */
export interface DelayOptions {
  /** The longest time that is kept; registered delays make it longer. */
  time?: DelayTime | null;
  /** What was there before the first update; 0 by default. */
  init?: DelayInit | null;
  /** Delays by name: times, or lists of a time and indices. */
  entries?: Record<string, number | readonly [DelayTime | null, ...Index[]]> | null;
  /** How {@link Delay.retrieveAtTime} reads between steps: a name of the {@link InterpolationRegistry} or a function. By default 'linear'. */
  interpolation?: string | InterpolationMethod | null;
  /** Time between two values that are kept; each update's by default. */
  updateEvery?: number | null;
  /** The older name of `interpolation`, which comes before it: 'linear_interp' and 'round' are the older names of 'linear' and 'nearest'. */
  interpMethod?: string | InterpolationMethod;
  /** How values are kept: by 'rotation'. The older way, 'concat', gives the same values; a warning says so. */
  delayMethod?: 'rotation' | 'concat' | null;
}

/** A number that must be known now. */
function concrete(what: string, x: unknown): number[] {
  if (typeof x === 'number') return [x];
  try {
    return (np.asarray(x as Array).ravel().js() as (number | bigint)[]).map(Number);
  } catch {
    throw new ArgumentError(`${what}: expected numbers that are known while the delay is made, got ${describeValue(x)}`);
  }
}

const OLDER_NAMES: Readonly<Record<string, string>> = { linear_interp: 'linear', round: 'nearest' };

/** As quotients of float32, so that 1.1 / 0.1 is 11 steps. */
const stepsIn = (time: number, dt: number): number => Math.fround(time / dt);

/**
 * Past values of arrays, in a ring buffer with one slot for each update. Mirrors `brainstate.nn.Delay`, without units.
 *
 * Times are in the unit of the environment's `dt`, which must be set. Register delays first, then `initState(batchSize)` makes the buffer.
 *
 * @throws ArgumentError for an unknown interpolation, or `updateEvery` below `dt`
 * @example
 * ```ts
 * environ.set({ dt: 0.1 });
 * const delay = new nn.Delay(np.zeros([10]), { entries: { a: 0.5 } });
 * delay.initState();
 * delay.update(np.ones([10]));
 * delay.at('a');   // what was there five updates ago
 * ```
 */
export class Delay extends Module {
  static override readonly positional: readonly string[] = ['targetInfo'];

  /** Shapes and dtypes of what is kept. */
  targetInfo: Loose;
  /** How values are kept. */
  readonly delayMethod = 'rotation';
  readonly interpMethod: string | InterpolationMethod;
  maxTime: number;
  /** Number of slots. */
  maxLength: number;
  readonly updateEvery: number | null;
  /** Updates for each slot. */
  readonly updateEveryStep: number;
  /** The ring buffer, null before {@link initState}. */
  history: DelayState<Loose> | null = null;
  /** Number of updates, modulo those that the buffer has room for. */
  writePtr: ShortTermState | null = null;
  private readonly entries = new Map<string, DelayInfo | null>();
  private readonly init: DelayInit | null;

  constructor(targetInfo: Loose, options: DelayOptions & { name?: string } = {}) {
    const { time = null, init = null, entries = null, interpolation = null, updateEvery = null, interpMethod = 'linear', delayMethod = null, ...rest } = checkOptions(new.target.name, ['time', 'init', 'entries', 'interpolation', 'updateEvery', 'interpMethod', 'delayMethod', 'name'], options);
    super(rest);
    const what = new.target.name;
    // Bookkeeping, no part of the graph.
    for (const key of ['targetInfo', 'entries', 'init']) Object.defineProperty(this, key, { enumerable: false, writable: true });
    if (targetInfo === undefined) throw new ArgumentError(`${what}: expected arrays, or shapes and dtypes, of what is to be delayed, got undefined`);
    this.targetInfo = targetInfo === null ? null : infoOf(targetInfo);
    if (delayMethod !== null && delayMethod !== 'rotation' && delayMethod !== 'concat') throw new ArgumentError(`${what}: expected delayMethod to be 'rotation' or 'concat', got ${describeValue(delayMethod)}`);
    if (delayMethod === 'concat') process.emitWarning(`${what}: delayMethod 'concat' is deprecated; all delays are ring buffers`, 'DeprecationWarning');
    this.interpMethod = interpolation ?? (typeof interpMethod === 'string' ? OLDER_NAMES[interpMethod] ?? interpMethod : interpMethod);
    if (typeof this.interpMethod === 'string') InterpolationRegistry.get(this.interpMethod);
    else if (typeof this.interpMethod !== 'function') throw new ArgumentError(`${what}: expected interpolation to be a name or a function, got ${describeValue(interpolation)}`);
    if (init !== null && typeof init !== 'number' && typeof init !== 'function' && !(init instanceof Array)) throw new ArgumentError(`${what}: expected init to be a number, an array or a function, got ${describeValue(init)}`);
    this.init = init;
    const dt = concrete(`${what}: dt`, environ.getDt())[0]!;
    if (updateEvery !== null && !(updateEvery >= dt)) throw new ArgumentError(`${what}: expected updateEvery to be at least dt, ${dt}, got ${describeValue(updateEvery)}`);
    this.updateEvery = updateEvery;
    this.updateEveryStep = updateEvery === null ? 1 : Math.trunc(stepsIn(updateEvery, dt));
    this.maxTime = 0;
    this.maxLength = 1;
    if (time !== null) this.registerDelay(time);
    for (const [entry, at] of Object.entries(entries ?? {})) this.registerEntry(entry, ...(globalThis.Array.isArray(at) ? at as [DelayTime | null, ...Index[]] : [at as number] as [number]));
  }

  private firstHistory(given: BatchSize): Loose {
    const batchSize = batchSizeOf(this.constructor.name, given);
    if (this.targetInfo === null) throw new BrainStateError(`${this.constructor.name}: what is to be delayed is not known yet`);
    return map((a: ShapeDtypeStruct) => {
      const shape = [this.maxLength, ...(batchSize === null ? [] : [batchSize]), ...a.shape];
      if (typeof this.init === 'function') return this.init(shape, { dtype: a.dtype });
      return np.broadcastTo(np.asarray(this.init ?? 0).astype(a.dtype), shape);
    }, this.targetInfo);
  }

  protected override printedFields(): PrintedFields {
    const entries = Object.fromEntries([...this.entries].map(([k, v]) => [k, new Verbatim(v === null ? 'None' : `(${v.map((x) => (x instanceof Array ? np.arrayRepr(x) : String(x))).join(', ')}${v.length === 1 ? ',' : ''})`)]));
    return [['targetInfo', this.targetInfo instanceof ShapeDtypeStruct ? new Verbatim(`ShapeDtypeStruct(shape=${pythonValue(this.targetInfo.shape)}, dtype=${this.targetInfo.dtype})`) : undefined], 'delayMethod', 'interpMethod', ['maxTime', floatText(this.maxTime)], 'maxLength', 'updateEvery', 'updateEveryStep', ['registeredEntries', entries], 'writePtr', 'history'];
  }

  /** Makes the buffer; with `batchSize`, values have a leading axis of it. Called after the `initState` of other modules. */
  override initState(batchSize: BatchSize = null): void {
    // All lanes are written at once.
    this.writePtr = new ShortTermState(np.zeros([], { dtype: environ.ditype() }), { tag: INIT_NO_BATCHING });
    this.history = new DelayState<Loose>(this.firstHistory(batchSize));
  }

  /** Forgets all values. */
  override resetState(batchSize: BatchSize = null): void {
    const { history, writePtr } = this.buffer();
    writePtr.value = np.zeros([], { dtype: environ.ditype() });
    history.value = this.firstHistory(batchSize);
  }

  private buffer(): { history: DelayState<Loose>; writePtr: ShortTermState } {
    if (this.history === null || this.writePtr === null) throw new BrainStateError(`${this.constructor.name}: the buffer is not there yet; call initState first`);
    return { history: this.history, writePtr: this.writePtr };
  }

  /** Makes room for a delay. Before {@link initState}. @returns what {@link retrieveAtStep} takes; null for no time */
  registerDelay(time: DelayTime | null, ...indices: Index[]): DelayInfo | null {
    if (time === undefined) throw new ArgumentError('registerDelay: expected a time');
    for (const i of indices) if (typeof i === 'number' ? !Number.isInteger(i) : i instanceof Array && !np.issubdtype(i.dtype, np.integer)) throw new ArgumentError(`registerDelay: expected indices to be integers, got ${describeValue(i)}`);
    if (time === null) return null;
    const dt = this.updateEvery ?? concrete('registerDelay: dt', environ.getDt())[0]!;
    const times = concrete('registerDelay: time', time);
    const steps = times.map((t) => Math.ceil(stepsIn(t, dt)));
    if (steps.length === 0 || !steps.every((s) => s >= 0)) throw new ArgumentError(`registerDelay: expected times >= 0, got ${times.join(', ')}`);
    this.maxTime = Math.max(this.maxTime, ...times);
    this.maxLength = Math.max(this.maxLength, Math.max(...steps) + 1);
    const single = typeof time === 'number' || (time instanceof Array && time.ndim === 0);
    return [single ? steps[0]! : np.asarray(steps, { dtype: 'int32' }).reshape(time instanceof Array ? time.shape : [steps.length]), ...indices];
  }

  /** Names a delay, which {@link at} reads. @throws ArgumentError if the name is taken */
  registerEntry(entry: string, time: DelayTime | null, ...indices: Index[]): DelayInfo | null {
    if (this.entries.has(entry)) throw new ArgumentError(`registerEntry: '${entry}' is registered already; choose another name`);
    const info = this.registerDelay(time, ...indices);
    this.entries.set(entry, info);
    return info;
  }

  /** Names a delay and gives a node that reads it when called. */
  access(entry: string, time: DelayTime | null, ...indices: Index[]): DelayAccess {
    return new DelayAccess(this, entry, time, ...indices);
  }

  /** The value at a named delay. @throws ArgumentError for an unknown name */
  at(entry: string): Loose {
    if (!this.entries.has(entry)) throw new ArgumentError(`Delay.at: there is no entry ${describeValue(entry)}; there are ${[...this.entries.keys()].join(', ') || 'none'}`);
    return this.retrieveAtStep(...(this.entries.get(entry) ?? [0] as const));
  }

  /** The slot that was written last. */
  private lastSlot(writePtr: ShortTermState): Array {
    return np.floorDivide(np.subtract(writePtr.value, 1), this.updateEveryStep);
  }

  /** The value some steps ago, 0 being the last one; for an array of steps with `indices`, each from its own step. */
  retrieveAtStep(delayStep: number | Array, ...indices: Index[]): Loose {
    const { history, writePtr } = this.buffer();
    if (environ.get(environ.JIT_ERROR_CHECK, { default: false })) jitErrorIf(np.any(np.greaterEqual(delayStep, this.maxLength)), `Delay: the step should be less than ${this.maxLength}, but it is {}`, np.max(delayStep));
    const slot = np.mod(np.subtract(this.lastSlot(writePtr), delayStep), this.maxLength).astype('int32');
    return map((a: Array) => a.slice(slot, ...indices), history.value);
  }

  /** The value at a time, not later than the environment's `t`; between steps by the interpolation. */
  retrieveAtTime(delayTime: number | Array, ...indices: Index[]): Loose {
    const { history, writePtr } = this.buffer();
    const now = environ.get(environ.T, { desc: 'the current time' }) as number | Array;
    if (environ.get(environ.JIT_ERROR_CHECK, { default: false })) {
      const earliest = np.subtract(np.subtract(now, this.maxTime), environ.getDt());
      jitErrorIf(np.any(np.logicalOr(np.greater(delayTime, now), np.less(delayTime, earliest))), 'Delay: the time should be in [{}, {}]', earliest, np.asarray(now));
    }
    const steps = np.divide(np.subtract(now, delayTime), this.updateEvery ?? environ.getDt());
    const method = this.interpMethod;
    if (method === 'nearest' || method === 'round') return this.retrieveAtStep(np.round(steps).astype('int32'), ...indices);
    if (method === 'linear' || method === 'linear_interp') {
      const before = np.floor(steps);
      const t = np.subtract(steps, before);
      return map((a: Array, b: Array) => np.add(np.multiply(a, np.subtract(1, t)), np.multiply(b, t)), this.retrieveAtStep(before.astype('int32'), ...indices), this.retrieveAtStep(np.ceil(steps).astype('int32'), ...indices));
    }
    return (typeof method === 'string' ? InterpolationRegistry.get(method) : method)(history.value, indices, np.subtract(this.lastSlot(writePtr), steps), this.maxLength);
  }

  /** Takes the next value; with `updateEvery`, only each so many updates. */
  override update(current: Loose): void {
    const { history, writePtr } = this.buffer();
    const slot = np.floorDivide(writePtr.value, this.updateEveryStep);
    const due = this.updateEvery === null ? null : np.equal(np.mod(writePtr.value, this.updateEveryStep), 0);
    history.value = map((h: Array, given: Loose) => {
      const value = np.broadcastTo(np.asarray(given).astype(h.dtype), h.shape.slice(1));
      return lax.dynamicUpdateIndexInDim(h, due === null ? value : np.where(due, value, h.slice(slot)), slot, 0);
    }, history.value, current);
    writePtr.value = np.mod(np.add(writePtr.value, 1), this.maxLength * this.updateEveryStep).astype(writePtr.value.dtype);
  }
}
Delay.prototype.initState = callOrder(3)(Delay.prototype.initState);

/** Shapes and dtypes of a tree of arrays, or of shapes and dtypes. */
function infoOf(target: Loose): Loose {
  return map((a: Loose) => (a instanceof ShapeDtypeStruct ? a : new ShapeDtypeStruct(np.asarray(a).shape, np.asarray(a).dtype)), target, { isLeaf: (x: unknown) => x instanceof ShapeDtypeStruct } as never);
}

/**
 * Reads a named delay when called. Mirrors `brainstate.nn.DelayAccess`; the name comes before the time, or last as an option: `new DelayAccess(delay, 0.5, { entry: 'late' })`.
 *
 * @example
 * ```ts
 * environ.set({ dt: 0.1 });
 * const delay = new nn.Delay(np.zeros([10]));
 * const late = new nn.DelayAccess(delay, 'late', 0.5);
 * delay.initState();
 * late.call().shape; // [10]
 * ```
 */
export class DelayAccess extends Node {
  readonly delay: Delay;
  readonly entry: string;
  /** What {@link Delay.retrieveAtStep} takes; null for no time. */
  readonly delayInfo: DelayInfo | null;

  constructor(delay: Delay, entry: string, time: DelayTime | null, ...indices: Index[]);
  constructor(delay: Delay, ...timeAndName: [time: DelayTime | null, ...indices: Index[], name: { entry: string }]);
  constructor(delay: Delay, ...given: unknown[]) {
    super();
    if (!(delay instanceof Delay)) throw new ArgumentError(`DelayAccess: expected a Delay, got ${describeValue(delay)}`);
    const last = given[given.length - 1];
    const [entry, ...at] = isPlainObject(last) ? [checkOptions('DelayAccess', ['entry'], last as { entry?: string }).entry, ...given.slice(0, -1)] : given;
    if (typeof entry !== 'string') throw new ArgumentError(`DelayAccess: expected the name of an entry, got ${describeValue(entry)}`);
    this.delay = delay;
    this.entry = entry;
    this.delayInfo = delay.registerEntry(entry, ...(at as [DelayTime | null, ...Index[]]));
    Object.defineProperty(this, 'delayInfo', { enumerable: false, writable: true });
  }

  /** What was there so long ago. */
  call(): Loose {
    return this.delay.at(this.entry);
  }
}

printAsModule(DelayAccess);

/**
 * A {@link Delay} of a module's state, whose value each update takes. Mirrors `brainstate.nn.StateWithDelay`; interpolates to the nearest step by default.
 *
 * Made by `Dynamics.prefetchDelay`.
 *
 * @example
 * ```ts
 * class Held extends nn.Module { v = new ShortTermState(np.zeros([3])); }
 * environ.set({ dt: 0.1 });
 * const delay = new nn.StateWithDelay(new Held(), 'v', { init: 0 });
 * delay.registerEntry('late', 0.2);
 * delay.initState();
 * delay.update();
 * delay.at('late').shape; // [3]
 * ```
 */
export class StateWithDelay extends Delay {
  static override readonly positional: readonly string[] = ['target', 'item'];
  readonly target: Node;
  readonly item: string;

  constructor(target: Node, item: string, given: Omit<DelayOptions, 'time' | 'entries'> = {}) {
    const { interpolation = 'round', ...options } = checkOptions(new.target.name, ['init', 'interpolation', 'updateEvery', 'interpMethod', 'delayMethod'], given);
    super(null, { interpolation, ...options });
    this.target = target;
    this.item = item;
  }

  /** The state that is delayed. @throws ArgumentError if the module has no such state */
  get state(): State<Loose> {
    const found = (this.target as Loose)[this.item];
    if (!(found instanceof State)) throw new ArgumentError(`StateWithDelay: '${this.item}' of the ${this.target.constructor.name} is no state, but ${describeValue(found)}`);
    return found as State<Loose>;
  }

  /** Makes the buffer for the state as it is then: a batch's axis, if any, is in it already. */
  override initState(): void {
    this.targetInfo = infoOf(this.state.value);
    super.initState();
  }

  override resetState(): void {
    this.targetInfo = infoOf(this.state.value);
    super.resetState();
  }

  override update(): void {
    super.update(this.state.value);
  }
}
StateWithDelay.prototype.initState = callOrder(3)(StateWithDelay.prototype.initState);
