import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { Node } from '../graph/node';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { OptimState } from './optimState';

/** Options of all schedules. */
export interface SchedulerOptions {
  /** Learning rate, or one for each group of parameters. Default 1e-3. */
  baseLr?: number | readonly number[];
  /** The epoch to start at. Default 0. */
  lastEpoch?: number;
}

/** The names of {@link SchedulerOptions}. @internal */
export const SCHEDULER_OPTIONS = ['baseLr', 'lastEpoch'] as const;

/** What a schedule changes the rate of. */
export interface Scheduled {
  /** Takes note of rates that changed, one for each group of parameters. @internal */
  noteRates(rates: readonly Array[], from: LRScheduler): void;
}

/** Checks a learning rate. */
export function checkRate(what: string, x: unknown): number {
  if (typeof x !== 'number' || !(x >= 0)) throw new ArgumentError(`${what}: expected a number >= 0, got ${describeValue(x)}`);
  return x;
}

/** Checks that a value is one of several. */
export function checkChoice<T extends string>(what: string, x: T, choices: readonly T[]): T {
  if (!choices.includes(x)) throw new ArgumentError(`${what}: expected ${choices.map((c) => `'${c}'`).join(' or ')}, got ${describeValue(x)}`);
  return x;
}

/** One number for each of `n` groups, from one for all or a list. */
export function perGroup(what: string, x: number | readonly number[], n: number): number[] {
  const list = typeof x === 'number' ? globalThis.Array.from({ length: n }, () => x) : x;
  if (list.length !== n) throw new ArgumentError(`${what}: expected one number or ${n}, one for each base rate, got ${list.length}`);
  return list.map((v) => checkRate(what, v));
}

/** A number, or a scalar array, as an array of one dtype. */
export function scalarOf(x: unknown, dtype: 'float32' | 'int32'): Array {
  return np.asarray(x as number).astype(dtype);
}

/** Where a schedule is to go: an epoch, by itself or by its name; the next one where there is none. */
export type Epoch = number | Array | { epoch?: number | Array | null } | null;

/** The epoch that was asked for, if any. @throws ArgumentError for an option that does not exist */
export function epochOf(given: Epoch | undefined): number | Array | undefined {
  if (!isPlainObject(given)) return (given ?? undefined) as number | Array | undefined;
  return checkOptions('step', ['epoch'], given as { epoch?: number | Array | null }).epoch ?? undefined;
}

// No attributes: optimisers are no part of the schedule, and a program is none of its settings.
const followersOf = new WeakMap<LRScheduler, Scheduled[]>();
const programOf = new WeakMap<LRScheduler, ReturnType<typeof composite<{ baseLrs: readonly number[] }>>>();

/**
 * A learning rate that changes from epoch to epoch. `step()` goes on by one epoch; optimisers read `currentLrs`.
 *
 * Its numbers are states, so that `step` may be called inside a compiled function. A subclass gives `getLr` and calls `begin()` at the end of its
 * constructor; where the rates depend on the epoch alone, {@link EpochSchedule} is the simpler base. Mirrors `braintools.optim.LRScheduler`.
 *
 * @example
 * ```ts
 * const lr: optim.LRScheduler = new optim.StepLR({ baseLr: 0.1, stepSize: 2, gamma: 0.5 });
 * const optimizer = new optim.SGD({ lr });
 * lr.step();
 * lr.step();
 * optimizer.lr === lr; // true
 * ```
 */
export abstract class LRScheduler extends Node {
  baseLrs: readonly number[];
  readonly lastEpoch: OptimState;
  readonly currentLrs: OptimState<Array[]>;

  constructor(given: SchedulerOptions = {}) {
    const { baseLr = 1e-3, lastEpoch = 0 } = checkOptions(new.target.name, SCHEDULER_OPTIONS, given);
    super();
    this.baseLrs = (typeof baseLr === 'number' ? [baseLr] : [...baseLr]).map((x) => checkRate(`${this.constructor.name}: baseLr`, x));
    if (this.baseLrs.length === 0) throw new ArgumentError(`${this.constructor.name}: expected baseLr to be a number or a list of some, got an empty list`);
    checkInteger(this.constructor.name, 'lastEpoch', lastEpoch);
    this.lastEpoch = new OptimState(scalarOf(lastEpoch, 'int32'));
    this.currentLrs = new OptimState<Array[]>(this.baseLrs.map((x) => scalarOf(x, 'float32')));
  }

  /** To be called at the end of a subclass's constructor: the rates of the first epoch. */
  protected begin(): void {
    this.currentLrs.value = this.getLr();
  }

  /** The rates at the current epoch, computed anew: a float32 scalar for each base rate. */
  abstract getLr(): Array[];

  /** The rates that were set last. */
  getLastLr(): Array[] {
    return [...this.currentLrs.value];
  }

  /** Goes to the next epoch, or to the one given. */
  step(epoch?: Epoch): void {
    this.advance(epochOf(epoch));
    this.setRates(this.getLr());
  }

  /** As {@link step}. */
  stepEpoch(): void {
    this.step();
  }

  /** What is done on the way to an epoch, before rates are computed. */
  protected advance(epoch?: number | Array): void {
    this.lastEpoch.value = epoch === undefined ? np.add(this.lastEpoch.value, 1) : scalarOf(epoch, 'int32');
  }

  /** Computes the rates anew, and changes them by a function. */
  apply(f: (lr: Array) => Array | number): void {
    this.setRates(this.getLr().map((x) => scalarOf(f(x), 'float32')));
  }

  /** @internal */
  setRates(rates: Array[]): void {
    this.currentLrs.value = rates;
    for (const o of followersOf.get(this) ?? []) o.noteRates(rates, this);
  }

  /** Whether an optimiser tells the first rate from the start, not the base rate until the first step. @internal */
  get toldAtOnce(): boolean {
    return false;
  }

  /** @internal */
  attachOptimizer(o: Scheduled): void {
    if (typeof o?.noteRates !== 'function') throw new ArgumentError(`${this.constructor.name}.attachOptimizer: expected an optimiser, got ${describeValue(o)}`);
    const known = followersOf.get(this) ?? [];
    if (!known.includes(o)) followersOf.set(this, [...known, o]);
    o.noteRates(this.currentLrs.value, this);
  }

  /** Minus the current rate, whatever the count: how a chain of transformations reads it. */
  call(_count?: unknown): Array {
    return np.negative(this.currentLrs.value[0]!);
  }

  /** Epoch, rates and base rates, for checkpoints, under the names that BrainTools gives them. */
  stateDict(): Record<string, unknown> {
    return { last_epoch: this.lastEpoch.value, base_lrs: [...this.baseLrs], current_lrs: [...this.currentLrs.value] };
  }

  /**
   * Takes over what {@link stateDict} gave, also after it was saved and loaded.
   *
   * @throws ArgumentError if an entry is missing
   */
  loadStateDict(state: Record<string, unknown>): void {
    const [epoch, base, rates] = ['last_epoch', 'base_lrs', 'current_lrs'].map((k) => savedEntry(this, state, k));
    this.baseLrs = savedList(base).map((x) => Number(np.asarray(x as number).item()));
    this.lastEpoch.value = scalarOf(epoch, 'int32');
    this.setRates(savedList(rates).map((x) => scalarOf(x, 'float32')));
  }
}

/** An entry of a saved schedule. */
export function savedEntry(of: LRScheduler, state: Record<string, unknown>, name: string): unknown {
  if (state === null || typeof state !== 'object') throw new ArgumentError(`${of.constructor.name}.loadStateDict: expected what stateDict gives, got ${describeValue(state)}`);
  const x = state[name];
  if (x === undefined) throw new ArgumentError(`${of.constructor.name}.loadStateDict: '${name}' is missing`);
  return x;
}

/** A list that was saved, perhaps as an object of its indices. */
export function savedList(x: unknown): unknown[] {
  return Object.values(x as object);
}

/**
 * A schedule whose rates depend on nothing but the epoch and its settings.
 *
 * @example
 * ```ts
 * const lr = new optim.StepLR({ baseLr: 0.1, stepSize: 30 });
 * lr instanceof optim.EpochSchedule; // true
 * ```
 */
export abstract class EpochSchedule extends LRScheduler {
  /** The rate of each group at an epoch (an int32 scalar), of the base rates. The settings that it reads must not change later. */
  protected abstract rates(epoch: Array, baseLrs: readonly number[]): (Array | number)[];

  /** The rates at the current epoch: run eagerly, one program. */
  getLr(): Array[] {
    let program = programOf.get(this);
    if (program === undefined) {
      program = composite(this.constructor.name, ([epoch], { baseLrs }: { baseLrs: readonly number[] }) => this.rates(epoch!, baseLrs).map((x) => scalarOf(x, 'float32')));
      programOf.set(this, program);
    }
    return program([this.lastEpoch.value], { baseLrs: this.baseLrs });
  }
}
