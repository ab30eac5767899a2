import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { checkRate, EpochSchedule, SCHEDULER_OPTIONS, type SchedulerOptions } from './scheduler';

/** How many of some epochs have come: an int32 scalar. */
function reached(epoch: Array, milestones: readonly number[]): Array {
  return np.sum(np.greaterEqual(epoch, np.array(milestones, { dtype: 'int32' })).astype('int32'));
}

function checkMilestones(what: string, milestones: readonly number[]): readonly number[] {
  if (!globalThis.Array.isArray(milestones) || milestones.some((m) => !Number.isInteger(m))) throw new ArgumentError(`${what}: expected a list of integers, got ${describeValue(milestones)}`);
  return milestones;
}

/** Options of {@link StepLR}. */
export interface StepLROptions extends SchedulerOptions {
  /** After how many epochs the rate changes. Default 30. */
  stepSize?: number;
  /** What it is multiplied by. Default 0.1. */
  gamma?: number;
}

/**
 * `lr = base * gamma^floor(epoch / stepSize)`. Mirrors `braintools.optim.StepLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.StepLR({ baseLr: 0.1, stepSize: 30 });
 * const optimizer = new optim.SGD({ lr });
 * lr.step();
 * ```
 */
export class StepLR extends EpochSchedule {
  readonly stepSize: number;
  readonly gamma: number;

  constructor(given: StepLROptions = {}) {
    const { stepSize = 30, gamma = 0.1, ...options } = checkOptions(new.target.name, ['stepSize', 'gamma', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.stepSize = checkInteger('StepLR', 'stepSize', stepSize, 1);
    this.gamma = gamma;
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const factor = np.power(this.gamma, np.floorDivide(epoch, this.stepSize));
    return baseLrs.map((lr) => np.multiply(lr, factor));
  }
}

/** Options of {@link MultiStepLR}. */
export interface MultiStepLROptions extends SchedulerOptions {
  /** Epochs at which the rate changes. Default [30, 60, 90]. */
  milestones?: readonly number[];
  /** What it is multiplied by. Default 0.1. */
  gamma?: number;
}

/**
 * The rate is multiplied by `gamma` at each milestone. Mirrors `braintools.optim.MultiStepLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.MultiStepLR({ baseLr: 0.1, milestones: [2, 4], gamma: 0.1 });
 * for (let epoch = 0; epoch < 2; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.01
 * ```
 */
export class MultiStepLR extends EpochSchedule {
  readonly milestones: readonly number[];
  readonly gamma: number;

  constructor(given: MultiStepLROptions = {}) {
    const { milestones = [30, 60, 90], gamma = 0.1, ...options } = checkOptions(new.target.name, ['milestones', 'gamma', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.milestones = [...checkMilestones('MultiStepLR: milestones', milestones)].sort((a, b) => a - b);
    this.gamma = gamma;
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const factor = np.power(this.gamma, reached(epoch, this.milestones));
    return baseLrs.map((lr) => np.multiply(lr, factor));
  }
}

/** Options of {@link ExponentialLR}. */
export interface ExponentialLROptions extends SchedulerOptions {
  /** What the rate is multiplied by at each epoch. Default 0.95. */
  gamma?: number;
}

/**
 * `lr = base * gamma^epoch`. Mirrors `braintools.optim.ExponentialLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.ExponentialLR({ baseLr: 0.1, gamma: 0.9 });
 * for (let epoch = 0; epoch < 1; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.09
 * ```
 */
export class ExponentialLR extends EpochSchedule {
  readonly gamma: number;

  constructor(given: ExponentialLROptions = {}) {
    const { gamma = 0.95, ...options } = checkOptions(new.target.name, ['gamma', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.gamma = gamma;
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const factor = np.power(this.gamma, epoch);
    return baseLrs.map((lr) => np.multiply(lr, factor));
  }
}

/** Options of {@link ExponentialDecayLR}. */
export interface ExponentialDecayLROptions extends SchedulerOptions {
  /** Over how many epochs the rate is multiplied by `decayRate` once. Default 1000. */
  decaySteps?: number;
  /** Default 0.96. */
  decayRate?: number;
  /** The epoch at which decay begins. Default 0. */
  transitionBegin?: number;
  /** Whether the rate changes only after whole periods. Default false. */
  staircase?: boolean;
  /** Where decay ends: a lower bound, or an upper one if `decayRate` is above 1. */
  endValue?: number | null;
}

/**
 * `lr = base * decayRate^((epoch - transitionBegin) / decaySteps)`. Mirrors `braintools.optim.ExponentialDecayLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.ExponentialDecayLR({ baseLr: 0.1, decaySteps: 10, decayRate: 0.5 });
 * for (let epoch = 0; epoch < 10; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.05
 * ```
 */
export class ExponentialDecayLR extends EpochSchedule {
  readonly decaySteps: number;
  readonly decayRate: number;
  readonly transitionBegin: number;
  readonly staircase: boolean;
  readonly endValue: number | null;

  constructor(given: ExponentialDecayLROptions = {}) {
    const { decaySteps = 1000, decayRate = 0.96, transitionBegin = 0, staircase = false, endValue = null, ...options } = checkOptions(new.target.name, ['decaySteps', 'decayRate', 'transitionBegin', 'staircase', 'endValue', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.decaySteps = checkInteger('ExponentialDecayLR', 'decaySteps', decaySteps, 1);
    if (typeof decayRate !== 'number' || decayRate === 0) throw new ArgumentError(`ExponentialDecayLR: expected decayRate to be a number other than 0, got ${describeValue(decayRate)}`);
    this.decayRate = decayRate;
    this.transitionBegin = checkInteger('ExponentialDecayLR', 'transitionBegin', transitionBegin, 0);
    this.staircase = staircase;
    this.endValue = endValue;
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const periods = np.divide(np.maximum(np.subtract(epoch, this.transitionBegin), 0), this.decaySteps);
    const factor = np.power(this.decayRate, this.staircase ? np.floor(periods) : periods);
    return baseLrs.map((base) => {
      const lr = np.multiply(base, factor);
      if (this.endValue === null) return lr;
      return this.decayRate < 1 ? np.maximum(lr, this.endValue) : np.minimum(lr, this.endValue);
    });
  }
}

/** Options of {@link PolynomialLR}. */
export interface PolynomialLROptions extends SchedulerOptions {
  /** The epoch at which the rate is 0. Default 5. */
  totalIters?: number;
  /** Default 1: a straight line. */
  power?: number;
}

/**
 * `lr = base * (1 - epoch / totalIters)^power`, then 0. Mirrors `braintools.optim.PolynomialLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.PolynomialLR({ baseLr: 0.1, totalIters: 10, power: 2 });
 * for (let epoch = 0; epoch < 5; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.025
 * ```
 */
export class PolynomialLR extends EpochSchedule {
  readonly totalIters: number;
  readonly power: number;

  constructor(given: PolynomialLROptions = {}) {
    const { totalIters = 5, power = 1, ...options } = checkOptions(new.target.name, ['totalIters', 'power', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.totalIters = checkInteger('PolynomialLR', 'totalIters', totalIters, 1);
    this.power = power;
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const factor = np.power(np.subtract(1, np.divide(np.minimum(epoch, this.totalIters), this.totalIters)), this.power);
    return baseLrs.map((lr) => np.multiply(lr, factor));
  }
}

/** Options of {@link LinearLR}. */
export interface LinearLROptions extends SchedulerOptions {
  /** What the base rate is multiplied by at first. Default 1/3. */
  startFactor?: number;
  /** And in the end. Default 1. */
  endFactor?: number;
  /** Over how many epochs. Default 5. */
  totalIters?: number;
}

/**
 * The base rate times a factor that goes from one number to another in a straight line. Mirrors `braintools.optim.LinearLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.LinearLR({ baseLr: 0.1, startFactor: 0.5, totalIters: 10 });
 * for (let epoch = 0; epoch < 5; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.075
 * ```
 */
export class LinearLR extends EpochSchedule {
  readonly startFactor: number;
  readonly endFactor: number;
  readonly totalIters: number;

  constructor(given: LinearLROptions = {}) {
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5, ...options } = checkOptions(new.target.name, ['startFactor', 'endFactor', 'totalIters', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = checkInteger('LinearLR', 'totalIters', totalIters, 0);
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): (Array | number)[] {
    if (this.totalIters === 0) return baseLrs.map((lr) => lr * this.endFactor);
    const done = np.clip(np.divide(epoch, this.totalIters), 0, 1);
    const factor = np.add(this.startFactor, np.multiply(this.endFactor - this.startFactor, done));
    return baseLrs.map((lr) => np.multiply(lr, factor));
  }
}

/** Options of {@link ConstantLR}. */
export interface ConstantLROptions extends SchedulerOptions {
  /** What the rate is multiplied by at first. Default 1/3. */
  factor?: number;
  /** For how many epochs. Default 5. */
  totalIters?: number;
}

/**
 * A smaller rate for some epochs, then the base rate. Mirrors `braintools.optim.ConstantLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.ConstantLR({ baseLr: 0.1, factor: 0.5, totalIters: 3 });
 * for (let epoch = 0; epoch < 1; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.05
 * ```
 */
export class ConstantLR extends EpochSchedule {
  readonly factor: number;
  readonly totalIters: number;

  constructor(given: ConstantLROptions = {}) {
    const { factor = 1 / 3, totalIters = 5, ...options } = checkOptions(new.target.name, ['factor', 'totalIters', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.factor = checkRate('ConstantLR: factor', factor);
    this.totalIters = checkInteger('ConstantLR', 'totalIters', totalIters, 0);
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): (Array | number)[] {
    if (this.totalIters === 0 || this.factor === 1) return [...baseLrs];
    const first = np.less(epoch, this.totalIters);
    return baseLrs.map((lr) => np.where(first, lr * this.factor, lr));
  }
}

/** Options of {@link PiecewiseConstantSchedule}. */
export interface PiecewiseConstantScheduleOptions extends SchedulerOptions {
  /** Epochs at which the next value begins, in ascending order. Default [1000, 2000]. */
  boundaries?: readonly number[] | null;
  /** Rates before, between and after the boundaries: one more than those. Default [1, 0.1, 0.01]. */
  values?: readonly number[] | null;
}

/**
 * Rates that are given for each span of epochs; they are the rates themselves, whatever the base rate is. Mirrors `braintools.optim.PiecewiseConstantSchedule`.
 *
 * @example
 * ```ts
 * const lr = new optim.PiecewiseConstantSchedule({ boundaries: [2], values: [0.1, 0.01] });
 * for (let epoch = 0; epoch < 2; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.01
 * ```
 */
export class PiecewiseConstantSchedule extends EpochSchedule {
  readonly boundaries: readonly number[];
  readonly values: readonly number[];

  constructor(given: PiecewiseConstantScheduleOptions = {}) {
    const { boundaries = null, values = null, ...options } = checkOptions(new.target.name, ['boundaries', 'values', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.boundaries = [...checkMilestones('PiecewiseConstantSchedule: boundaries', boundaries ?? [1000, 2000])];
    this.values = (values ?? [1, 0.1, 0.01]).map((x) => checkRate('PiecewiseConstantSchedule: values', x));
    if (this.boundaries.some((b, i) => i > 0 && b < this.boundaries[i - 1]!)) throw new ArgumentError(`PiecewiseConstantSchedule: expected boundaries in ascending order, got [${this.boundaries.join(', ')}]`);
    if (this.values.length !== this.boundaries.length + 1) {
      throw new ArgumentError(`PiecewiseConstantSchedule: expected one more value than boundaries, got ${this.values.length} values and ${this.boundaries.length} boundaries`);
    }
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): (Array | number)[] {
    const [first, ...later] = this.values;
    const lr = later.reduce<Array | number>((before, value, i) => np.where(np.less(epoch, this.boundaries[i]!), before, value), first!);
    return baseLrs.map(() => lr);
  }
}
