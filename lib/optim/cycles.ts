import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { between, cosineFall } from './annealing';
import { checkChoice, EpochSchedule, perGroup, SCHEDULER_OPTIONS, type SchedulerOptions } from './scheduler';

/** Options of {@link CyclicLR}. */
export interface CyclicLROptions extends SchedulerOptions {
  /** The highest rate, or one for each base rate. Default 0.01. */
  maxLr?: number | readonly number[];
  /** How many epochs a rise takes. Default 2000. */
  stepSizeUp?: number;
  /** With `stepSizeUp`, the epochs of a cycle. Default: as many again. */
  stepSizeDown?: number | null;
  /** How high later cycles are: all alike, each half as high as the one before, or by `gamma` to the power of the epoch. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** For mode 'exp_range'. Default 1. */
  gamma?: number;
  /** Height of a cycle of your own, in place of `mode`: a function of the cycle's number (from 1) or of the epoch. */
  scaleFn?: ((x: Array) => Array | number) | null;
  /** What `scaleFn` is given. Default 'cycle'. */
  scaleMode?: 'cycle' | 'iterations';
}

/**
 * Up and down between two rates in straight lines (Smith, 2017). Mirrors `braintools.optim.CyclicLR`, with it that lines always rise and fall over
 * `stepSizeUp` epochs: another `stepSizeDown` changes only after how many epochs the next cycle is counted.
 *
 * @example
 * ```ts
 * const lr = new optim.CyclicLR({ baseLr: 0.1, maxLr: 0.5, stepSizeUp: 4 });
 * for (let epoch = 0; epoch < 4; epoch++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.5
 * ```
 */
export class CyclicLR extends EpochSchedule {
  readonly maxLrs: readonly number[];
  readonly stepSizeUp: number;
  readonly stepSizeDown: number;
  readonly mode: 'triangular' | 'triangular2' | 'exp_range';
  readonly gamma: number;
  readonly scaleFn: ((x: Array) => Array | number) | null;
  readonly scaleMode: 'cycle' | 'iterations';

  constructor(given: CyclicLROptions = {}) {
    const { maxLr = 0.01, stepSizeUp = 2000, stepSizeDown = null, mode = 'triangular', gamma = 1, scaleFn = null, scaleMode = 'cycle', ...options } = checkOptions(new.target.name, ['maxLr', 'stepSizeUp', 'stepSizeDown', 'mode', 'gamma', 'scaleFn', 'scaleMode', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.maxLrs = perGroup('CyclicLR: maxLr', maxLr, this.baseLrs.length);
    this.stepSizeUp = checkInteger('CyclicLR', 'stepSizeUp', stepSizeUp, 1);
    this.stepSizeDown = checkInteger('CyclicLR', 'stepSizeDown', stepSizeDown ?? stepSizeUp, 1);
    this.mode = checkChoice('CyclicLR: mode', mode, ['triangular', 'triangular2', 'exp_range']);
    this.gamma = gamma;
    if (scaleFn !== null && typeof scaleFn !== 'function') throw new ArgumentError(`CyclicLR: expected scaleFn to be a function or null, got ${describeValue(scaleFn)}`);
    this.scaleFn = scaleFn;
    this.scaleMode = checkChoice('CyclicLR: scaleMode', scaleMode, ['cycle', 'iterations']);
    this.begin();
  }

  private height(cycle: Array, epoch: Array): Array | number {
    if (this.scaleFn !== null) return this.scaleFn(this.scaleMode === 'cycle' ? cycle : epoch);
    if (this.mode === 'triangular') return 1;
    return this.mode === 'triangular2' ? np.power(2, np.subtract(1, cycle)) : np.power(this.gamma, epoch);
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const length = this.stepSizeUp + this.stepSizeDown;
    const cycle = np.add(1, np.floor(np.divide(epoch, length)));
    const off = np.abs(np.add(np.subtract(np.divide(epoch, this.stepSizeUp), np.multiply(2, cycle)), 1));
    const rise = np.multiply(this.height(cycle, epoch), np.maximum(0, np.subtract(1, off)));
    return baseLrs.map((lr, i) => between(lr, this.maxLrs[i]!, rise));
  }
}

/** Options of {@link OneCycleLR}. */
export interface OneCycleLROptions {
  /** The highest rate, or one for each group of parameters. Default 0.01. */
  maxLr?: number | readonly number[];
  /** How many epochs in all. */
  totalSteps?: number | null;
  /** In place of `totalSteps`, together with `stepsPerEpoch`. */
  epochs?: number | null;
  /** Steps of an epoch, where epochs are given. */
  stepsPerEpoch?: number | null;
  /** The part of all epochs that the rise takes. Default 0.3. */
  pctStart?: number;
  /** The form of the fall. Default 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** The first rate is `maxLr` divided by this. Default 25. */
  divFactor?: number;
  /** The last rate is `maxLr` divided by this. Default 1e4. */
  finalDivFactor?: number;
  /** The epoch to start at. Default 0. */
  lastEpoch?: number;
}

function stepsInAll({ totalSteps = null, epochs = null, stepsPerEpoch = null }: OneCycleLROptions): number {
  if (totalSteps !== null) return checkInteger('OneCycleLR', 'totalSteps', totalSteps, 1);
  if (epochs === null || stepsPerEpoch === null) throw new ArgumentError('OneCycleLR: expected totalSteps, or both epochs and stepsPerEpoch');
  return checkInteger('OneCycleLR', 'epochs', epochs, 1) * checkInteger('OneCycleLR', 'stepsPerEpoch', stepsPerEpoch, 1);
}

/**
 * Up in a straight line to the highest rate, then down to almost nothing (Smith and Topin, 2018). Mirrors `braintools.optim.OneCycleLR`.
 *
 * @example
 * ```ts
 * const lr = new optim.OneCycleLR({ maxLr: 0.1, totalSteps: 10 });
 * for (let step = 0; step < 3; step++) lr.step();
 * np.round(lr.getLr()[0]!, 4).js(); // 0.1
 * ```
 */
export class OneCycleLR extends EpochSchedule {
  readonly maxLrs: readonly number[];
  readonly minLrs: readonly number[];
  readonly totalSteps: number;
  readonly pctStart: number;
  readonly annealStrategy: 'cos' | 'linear';

  constructor(options: OneCycleLROptions = {}) {
    const { maxLr = 0.01, pctStart = 0.3, annealStrategy = 'cos', divFactor = 25, finalDivFactor = 1e4, lastEpoch } = checkOptions('OneCycleLR', ['maxLr', 'totalSteps', 'epochs', 'stepsPerEpoch', 'pctStart', 'annealStrategy', 'divFactor', 'finalDivFactor', 'lastEpoch'], options);
    const given = typeof maxLr === 'number' ? [maxLr] : maxLr;
    super({ baseLr: given.map((lr) => lr / divFactor), lastEpoch });
    this.maxLrs = perGroup('OneCycleLR: maxLr', given, given.length);
    this.minLrs = this.maxLrs.map((lr) => lr / finalDivFactor);
    this.totalSteps = stepsInAll(options ?? {});
    if (!(pctStart > 0 && pctStart < 1)) throw new ArgumentError(`OneCycleLR: expected pctStart to be above 0 and below 1, got ${describeValue(pctStart)}`);
    this.pctStart = pctStart;
    this.annealStrategy = checkChoice('OneCycleLR: annealStrategy', annealStrategy, ['cos', 'linear']);
    this.begin();
  }

  protected rates(epoch: Array, baseLrs: readonly number[]): Array[] {
    const rising = this.pctStart * this.totalSteps;
    const up = np.minimum(np.divide(epoch, rising), 1);
    const done = np.clip(np.divide(np.subtract(epoch, rising), (1 - this.pctStart) * this.totalSteps), 0, 1);
    const down = this.annealStrategy === 'cos' ? cosineFall(done) : np.subtract(1, done);
    const isRising = np.lessEqual(epoch, rising);
    return baseLrs.map((lr, i) => np.where(isRising, between(lr, this.maxLrs[i]!, up), between(this.minLrs[i]!, this.maxLrs[i]!, down)));
  }
}
