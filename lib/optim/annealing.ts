import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { OptimState } from './optimState';
import { checkRate, EpochSchedule, LRScheduler, scalarOf, SCHEDULER_OPTIONS, type SchedulerOptions } from './scheduler';

/** From 1 down to 0 along half a cosine, for a part of the way in [0, 1]. */
export function cosineFall(part: Array): Array {
  return np.multiply(0.5, np.add(1, np.cos(np.multiply(np.pi, part))));
}

/** `from + (to - from) * part`. */
export function between(from: number, to: number, part: Array): Array {
  return np.add(from, np.multiply(to - from, part));
}

/** Options of {@link CosineAnnealingLR}. */
export interface CosineAnnealingLROptions extends SchedulerOptions {
  /** The epoch at which the least rate is reached. Default 50. */
  TMax?: number;
  /** The least rate. Default 0. */
  etaMin?: number;
}

/**
 * Down from the base rate to `etaMin` along half a cosine, and there it stays. Mirrors `braintools.optim.CosineAnnealingLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.CosineAnnealingLR({ baseLr: 0.1, TMax: 10 });
 * for (let epoch = 0; epoch < 5; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.05
 * ```
 */
export class CosineAnnealingLR extends EpochSchedule {
  readonly TMax: number;
  readonly etaMin: number;

  constructor(given: CosineAnnealingLROptions = {}) {
    const { TMax = 50, etaMin = 0, ...options } = checkOptions(new.target.name, ['TMax', 'etaMin', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.TMax = checkInteger('CosineAnnealingLR', 'TMax', TMax, 1);
    this.etaMin = checkRate('CosineAnnealingLR: etaMin', etaMin);
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const factor = cosineFall(np.divide(np.minimum(epoch, this.TMax), this.TMax));
    return baseLrs.map((lr) => between(this.etaMin, lr, factor));
  }
}

/** Options of {@link CosineAnnealingWarmRestarts}. */
export interface CosineAnnealingWarmRestartsOptions extends SchedulerOptions {
  /** How many epochs the first period takes. Default 10. */
  T0?: number;
  /** By how much each period is longer than the one before. Default 1. */
  TMult?: number;
  /** The least rate. Default 0. */
  etaMin?: number;
}

// No attribute: a program is none of a schedule's settings.
const restartRates = composite<{ baseLrs: readonly number[]; etaMin: number }>('CosineAnnealingWarmRestarts', ([done, length], { baseLrs, etaMin }) => {
  const factor = cosineFall(np.divide(done!, length!));
  return baseLrs.map((lr) => scalarOf(between(etaMin, lr, factor), 'float32'));
});

/**
 * Down along half a cosine, again and again, in periods that grow (Loshchilov and Hutter, 2017). Mirrors
 * `braintools.optim.CosineAnnealingWarmRestarts`; with `lastEpoch` given, it starts at that place of its period.
 *
 * @example
 * ```ts
 * const lr = new optim.CosineAnnealingWarmRestarts({ baseLr: 0.1, T0: 10 });
 * for (let epoch = 0; epoch < 5; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.05
 * ```
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly T0: number;
  readonly TMult: number;
  readonly etaMin: number;
  /** Epochs since the last restart: an int32 scalar. */
  readonly TCur: OptimState;
  /** Length of the current period: an int32 scalar. */
  readonly TI: OptimState;

  constructor(given: CosineAnnealingWarmRestartsOptions = {}) {
    const { T0 = 10, TMult = 1, etaMin = 0, ...options } = checkOptions(new.target.name, ['T0', 'TMult', 'etaMin', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.T0 = checkInteger('CosineAnnealingWarmRestarts', 'T0', T0, 1);
    this.TMult = checkInteger('CosineAnnealingWarmRestarts', 'TMult', TMult, 1);
    this.etaMin = checkRate('CosineAnnealingWarmRestarts: etaMin', etaMin);
    const [done, length] = this.period(this.lastEpoch.value);
    this.TCur = new OptimState(done.astype('int32'));
    this.TI = new OptimState(length);
    this.begin();
  }

  /** Epochs since the last restart, and the length of the current period: int32 scalars. */
  private period(epoch: Array): [Array, Array] {
    if (this.TMult === 1) return [np.mod(epoch, this.T0), np.asarray(this.T0, { dtype: 'int32' })];
    // Restarts in integers, up to the largest epoch there can be: logarithms would miss some by rounding.
    let [start, length]: [Array, Array] = [np.asarray(0, { dtype: 'int32' }), np.asarray(this.T0, { dtype: 'int32' })];
    for (let [at, size] = [this.T0, this.T0 * this.TMult]; at + size < 2 ** 31; at += size, size *= this.TMult) {
      const later = np.greaterEqual(epoch, at);
      [start, length] = [np.where(later, at, start).astype('int32'), np.where(later, size, length).astype('int32')];
    }
    return [np.subtract(epoch, start), length];
  }

  /** The rates at the current place of the period. */
  getLr(): Array[] {
    return restartRates([this.TCur.value, this.TI.value], { baseLrs: this.baseLrs, etaMin: this.etaMin });
  }

  protected override advance(epoch?: number | Array): void {
    super.advance(epoch);
    const [done, length] = this.period(this.lastEpoch.value);
    this.TCur.value = done.astype('int32');
    this.TI.value = length;
  }

  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), T_cur: this.TCur.value, T_i: this.TI.value };
  }

  override loadStateDict(state: Record<string, unknown>): void {
    super.loadStateDict(state);
    const [done, length] = this.period(this.lastEpoch.value);
    this.TCur.value = scalarOf(state.T_cur ?? done, 'int32');
    this.TI.value = scalarOf(state.T_i ?? length, 'int32');
  }
}

/** Options of {@link WarmupScheduler}. */
export interface WarmupSchedulerOptions extends SchedulerOptions {
  /** How many epochs it takes to get to the base rate. Default 5. */
  warmupEpochs?: number;
  /** The first rate. Default 0. */
  warmupStartLr?: number;
}

/**
 * Up in a straight line to the base rate, and there it stays. Mirrors `braintools.optim.WarmupScheduler`.
 *
 * @example
 * ```ts
 * const lr = new optim.WarmupScheduler({ baseLr: 0.1, warmupEpochs: 5 });
 * for (let epoch = 0; epoch < 2; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.04
 * ```
 */
export class WarmupScheduler extends EpochSchedule {
  readonly warmupEpochs: number;
  readonly warmupStartLr: number;

  constructor(given: WarmupSchedulerOptions = {}) {
    const { warmupEpochs = 5, warmupStartLr = 0, ...options } = checkOptions(new.target.name, ['warmupEpochs', 'warmupStartLr', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.warmupEpochs = checkInteger('WarmupScheduler', 'warmupEpochs', warmupEpochs, 0);
    this.warmupStartLr = checkRate('WarmupScheduler: warmupStartLr', warmupStartLr);
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): (Array | number)[] {
    if (this.warmupEpochs === 0) return [...baseLrs];
    const part = np.minimum(np.divide(epoch, this.warmupEpochs), 1);
    return baseLrs.map((lr) => between(this.warmupStartLr, lr, part));
  }
}

/** Options of {@link WarmupCosineSchedule}. */
export interface WarmupCosineScheduleOptions extends SchedulerOptions {
  /** How many epochs it takes to get to the base rate. Default 1000. */
  warmupSteps?: number;
  /** The epoch at which the least rate is reached. Default 10000. */
  totalSteps?: number;
  /** The first rate. Default 0. */
  warmupStartLr?: number;
  /** The least rate at the end. Default 0. */
  etaMin?: number;
}

/**
 * Up in a straight line to the base rate, then down along half a cosine. Mirrors `braintools.optim.WarmupCosineSchedule`.
 *
 * @example
 * ```ts
 * const lr = new optim.WarmupCosineSchedule({ baseLr: 0.1, warmupSteps: 5, totalSteps: 20 });
 * for (let epoch = 0; epoch < 5; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.1
 * ```
 */
export class WarmupCosineSchedule extends EpochSchedule {
  readonly warmupSteps: number;
  readonly totalSteps: number;
  readonly warmupStartLr: number;
  readonly etaMin: number;

  constructor(given: WarmupCosineScheduleOptions = {}) {
    const { warmupSteps = 1000, totalSteps = 10000, warmupStartLr = 0, etaMin = 0, ...options } = checkOptions(new.target.name, ['warmupSteps', 'totalSteps', 'warmupStartLr', 'etaMin', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.warmupSteps = checkInteger('WarmupCosineSchedule', 'warmupSteps', warmupSteps, 0);
    this.totalSteps = checkInteger('WarmupCosineSchedule', 'totalSteps', totalSteps, 1);
    this.warmupStartLr = checkRate('WarmupCosineSchedule: warmupStartLr', warmupStartLr);
    this.etaMin = checkRate('WarmupCosineSchedule: etaMin', etaMin);
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const up = np.clip(np.divide(epoch, Math.max(this.warmupSteps, 1)), 0, 1);
    const down = cosineFall(np.clip(np.divide(np.subtract(epoch, this.warmupSteps), Math.max(this.totalSteps - this.warmupSteps, 1)), 0, 1));
    const warming = np.less(epoch, this.warmupSteps);
    return baseLrs.map((lr) => np.where(warming, between(this.warmupStartLr, lr, up), between(this.etaMin, lr, down)));
  }
}
