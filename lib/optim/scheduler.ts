import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { Node } from '../graph/node';
import * as np from '../numpy';
import { OptimState } from './optimState';

export interface SchedulerOptions {
  /** Learning rate, or one for each group of parameters. */
  baseLr?: number | readonly number[];
  /** The epoch to start at. */
  lastEpoch?: number;
}

/** What a schedule changes the rate of. */
export interface Scheduled {
  /** Takes note of a rate that changed. */
  noteLr(lr: Array): void;
}

/** Checks a learning rate. */
export function checkRate(what: string, x: unknown): number {
  if (typeof x !== 'number' || !(x >= 0)) throw new ArgumentError(`${what}: expected a number >= 0, got ${describeValue(x)}`);
  return x;
}

/**
 * A learning rate that depends on the epoch. `step()` goes on by one epoch; optimisers read `currentLrs`.
 *
 * Its numbers are states, so that `step` may be called inside a compiled function. Mirrors `braintools.optim.LRScheduler`; subclasses give {@link rates}.
 */
export abstract class LRScheduler extends Node {
  readonly baseLrs: readonly number[];
  readonly lastEpoch: OptimState;
  readonly currentLrs: OptimState<Array[]>;

  constructor({ baseLr = 1e-3, lastEpoch = 0 }: SchedulerOptions = {}) {
    super();
    this.baseLrs = (typeof baseLr === 'number' ? [baseLr] : [...baseLr]).map((x) => checkRate(`${this.constructor.name}: baseLr`, x));
    if (!Number.isInteger(lastEpoch)) throw new ArgumentError(`${this.constructor.name}: expected lastEpoch to be an integer, got ${lastEpoch}`);
    this.lastEpoch = new OptimState(np.asarray(lastEpoch, { dtype: 'int32' }));
    this.currentLrs = new OptimState<Array[]>(this.baseLrs.map((x) => np.asarray(x, { dtype: 'float32' })));
  }

  /** To be called at the end of a subclass's constructor: the rates of the first epoch. */
  protected begin(): void {
    this.currentLrs.value = this.getLr();
  }

  /** The rate of each group at an epoch (an int32 scalar). */
  protected abstract rates(epoch: Array): (Array | number)[];

  /** The rates at the current epoch. */
  getLr(): Array[] {
    return this.rates(this.lastEpoch.value).map((x) => np.asarray(x).astype('float32'));
  }

  /** The rates that were set last. */
  getLastLr(): Array[] {
    return [...this.currentLrs.value];
  }

  /** Goes to the next epoch, or to the one given. */
  step(epoch?: number | Array): void {
    this.lastEpoch.value = epoch === undefined ? np.add(this.lastEpoch.value, 1) : np.asarray(epoch).astype('int32');
    this.setRates(this.getLr());
  }

  /** As {@link step}. */
  stepEpoch(): void {
    this.step();
  }

  /** Computes the rates anew, and changes them by a function. */
  apply(f: (lr: Array) => Array | number): void {
    this.setRates(this.getLr().map((x) => np.asarray(f(x)).astype('float32')));
  }

  /** @internal */
  setRates(rates: Array[]): void {
    this.currentLrs.value = rates;
    this.followers.forEach((o, i) => o.noteLr(rates[Math.min(i, rates.length - 1)]!));
  }

  private get followers(): Scheduled[] {
    return followersOf.get(this) ?? [];
  }

  /** @internal */
  attachOptimizer(o: Scheduled): void {
    const known = followersOf.get(this) ?? [];
    if (!known.includes(o)) followersOf.set(this, [...known, o]);
    o.noteLr(this.currentLrs.value[0]!);
  }

  /** Minus the current rate, whatever the count: how a chain of transformations reads it. */
  call(_count?: unknown): Array {
    return np.negative(this.currentLrs.value[0]!);
  }

  /** Epoch, rates and base rates, for checkpoints. */
  stateDict(): Record<string, unknown> {
    return { last_epoch: this.lastEpoch.value, base_lrs: [...this.baseLrs], current_lrs: [...this.currentLrs.value] };
  }

  loadStateDict(state: Record<string, unknown>): void {
    this.lastEpoch.value = np.asarray(state.last_epoch as number).astype('int32');
    const saved = state.current_lrs as Record<string, number> | number[];
    this.setRates(Object.values(saved).map((x) => np.asarray(x).astype('float32')));
  }
}

// Not an attribute: the optimiser is no part of the schedule.
const followersOf = new WeakMap<LRScheduler, Scheduled[]>();

export interface ConstantLROptions extends SchedulerOptions {
  /** What the rate is multiplied by at first. Default 1/3. */
  factor?: number;
  /** For how many epochs. Default 5. */
  totalIters?: number;
}

/** A smaller rate for some epochs, then the base rate. Mirrors `braintools.optim.ConstantLR`. */
export class ConstantLR extends LRScheduler {
  private readonly factor: number;
  private readonly totalIters: number;

  constructor({ factor = 1 / 3, totalIters = 5, ...options }: ConstantLROptions = {}) {
    super(options);
    this.factor = factor;
    this.totalIters = totalIters;
    this.begin();
  }

  protected rates(epoch: Array): (Array | number)[] {
    if (this.totalIters === 0 || this.factor === 1) return [...this.baseLrs];
    const first = np.less(epoch, this.totalIters);
    return this.baseLrs.map((lr) => np.where(first, lr * this.factor, lr));
  }
}
