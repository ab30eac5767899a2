import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import { OptimState } from './optimState';
import { checkChoice, checkRate, type Epoch, epochOf, LRScheduler, perGroup, savedEntry, scalarOf, SCHEDULER_OPTIONS, type SchedulerOptions } from './scheduler';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions extends SchedulerOptions {
  /** Whether the metric is to become small or large. Default 'min'. */
  mode?: 'min' | 'max';
  /** What the rate is multiplied by. Below 1, default 0.1. */
  factor?: number;
  /** How many epochs without progress are put up with. Default 10. */
  patience?: number;
  /** How much better than the best a metric must be to count. Default 1e-4. */
  threshold?: number;
  /** Whether the threshold is a part of the best or a difference. Default 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** For how many epochs after a reduction nothing is counted. Default 0. */
  cooldown?: number;
  /** The least rate, or one for each base rate. Default 0. */
  minLr?: number | readonly number[];
  /** A reduction by no more than this is left out. Default 1e-8. */
  eps?: number;
}

interface Rules {
  mode: 'min' | 'max';
  factor: number;
  patience: number;
  threshold: number;
  thresholdMode: 'rel' | 'abs';
  cooldown: number;
  minLrs: readonly number[];
  eps: number;
}

/** Counters and rates after a metric: from and to [cooldown, best, bad epochs, ...rates]. */
const program = composite<Rules>('ReduceLROnPlateau', ([metric, cooling, best, bad, ...rates], r) => {
  const sign = r.mode === 'min' ? -1 : 1;
  const mark = r.thresholdMode === 'rel' ? np.multiply(best!, 1 + sign * r.threshold) : np.add(best!, sign * r.threshold);
  const better = r.mode === 'min' ? np.less(metric!, mark) : np.greater(metric!, mark);
  const counts = np.lessEqual(cooling!, 0);
  const nextBad = np.where(counts, np.where(better, 0, np.add(bad!, 1)), bad!);
  const reduce = np.logicalAnd(counts, np.greater(nextBad, r.patience));
  return [
    np.where(reduce, r.cooldown, np.maximum(np.subtract(cooling!, 1), 0)).astype('int32'),
    np.where(np.logicalAnd(counts, better), metric!, best!),
    np.where(reduce, 0, nextBad).astype('int32'),
    ...rates.map((lr, i) => {
      const next = np.maximum(np.multiply(lr, r.factor), r.minLrs[i]!);
      return np.where(np.logicalAnd(reduce, np.greater(np.subtract(lr, next), r.eps)), next, lr);
    }),
  ];
});

/**
 * A rate that is reduced when a metric stops getting better: `step(metric)` after each epoch.
 *
 * Mirrors `braintools.optim.ReduceLROnPlateau`, which ignores `eps`.
 *
 * @example
 * ```ts
 * const lr = new optim.ReduceLROnPlateau({ baseLr: 0.1, patience: 2 });
 * lr.step(1.5);
 * ```
 */
export class ReduceLROnPlateau extends LRScheduler {
  readonly mode: 'min' | 'max';
  readonly factor: number;
  readonly patience: number;
  readonly threshold: number;
  readonly thresholdMode: 'rel' | 'abs';
  readonly cooldown: number;
  readonly minLrs: readonly number[];
  readonly eps: number;
  /** The best metric so far. */
  readonly best: OptimState;
  readonly numBadEpochs: OptimState;
  readonly cooldownCounter: OptimState;

  constructor(given: ReduceLROnPlateauOptions = {}) {
    const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, thresholdMode = 'rel', cooldown = 0, minLr = 0, eps = 1e-8, ...options } = checkOptions(new.target.name, ['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps', ...SCHEDULER_OPTIONS], given);
    super(options);
    this.mode = checkChoice('ReduceLROnPlateau: mode', mode, ['min', 'max']);
    if (typeof factor !== 'number' || !(factor >= 0 && factor < 1)) throw new ArgumentError(`ReduceLROnPlateau: expected factor to be a number in [0, 1), got ${describeValue(factor)}`);
    this.factor = factor;
    this.patience = checkInteger('ReduceLROnPlateau', 'patience', patience, 0);
    this.threshold = checkRate('ReduceLROnPlateau: threshold', threshold);
    this.thresholdMode = checkChoice('ReduceLROnPlateau: thresholdMode', thresholdMode, ['rel', 'abs']);
    this.cooldown = checkInteger('ReduceLROnPlateau', 'cooldown', cooldown, 0);
    this.minLrs = perGroup('ReduceLROnPlateau: minLr', minLr, this.baseLrs.length);
    this.eps = checkRate('ReduceLROnPlateau: eps', eps);
    this.best = new OptimState(scalarOf(mode === 'min' ? Infinity : -Infinity, 'float32'));
    this.numBadEpochs = new OptimState(scalarOf(0, 'int32'));
    this.cooldownCounter = new OptimState(scalarOf(0, 'int32'));
  }

  /** The rates as they are: they depend on the metrics so far. */
  getLr(): Array[] {
    return [...this.currentLrs.value];
  }

  /**
   * Takes note of the metric of an epoch (a scalar), and reduces the rate if it is time.
   *
   * @throws ArgumentError without a metric
   */
  override step(metric: number | Array, epoch?: Epoch): void {
    if (metric === undefined) throw new ArgumentError('ReduceLROnPlateau.step: expected a metric');
    this.advance(epochOf(epoch));
    const { mode, factor, patience, threshold, thresholdMode, cooldown, minLrs, eps } = this;
    const before = [scalarOf(metric, 'float32'), this.cooldownCounter.value, this.best.value, this.numBadEpochs.value, ...this.currentLrs.value];
    const [cooling, best, bad, ...rates] = program(before, { mode, factor, patience, threshold, thresholdMode, cooldown, minLrs, eps });
    this.cooldownCounter.value = cooling!;
    this.best.value = best!;
    this.numBadEpochs.value = bad!;
    this.setRates(rates);
  }

  override stateDict(): Record<string, unknown> {
    return { ...super.stateDict(), best: this.best.value, num_bad_epochs: this.numBadEpochs.value, cooldown_counter: this.cooldownCounter.value };
  }

  override loadStateDict(state: Record<string, unknown>): void {
    const [best, bad, cooling] = ['best', 'num_bad_epochs', 'cooldown_counter'].map((k) => savedEntry(this, state, k));
    super.loadStateDict(state);
    this.best.value = scalarOf(best, 'float32');
    this.numBadEpochs.value = scalarOf(bad, 'int32');
    this.cooldownCounter.value = scalarOf(cooling, 'int32');
  }
}
