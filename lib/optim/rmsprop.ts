import type { Array } from '../core/array';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { addDecayedWeights } from './adjustments';
import { scaleByAdadelta, scaleByFactoredRms, scaleByRms, scaleByRss, scaleBySm3, scaleByStddev } from './meanSquares';
import { ema } from './moments';
import { clipByBlockRms, scaleByParamBlockRms } from './norms';
import { OptaxOptimizer, OPTIMIZER_OPTIONS, type OptimizerOptions, type StepSettings } from './optimizer';
import type { LRScheduler } from './scheduler';
import { type GradientTransformation, scaleBySchedule, trace } from './transformation';

/** Options of {@link RMSprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /** How slowly the mean square moves. Default 0.99. */
  alpha?: number;
  /** What is added to the mean square, inside of the root. Default 1e-8. */
  eps?: number;
  /** How much of the last direction is kept. Default 0. */
  momentum?: number;
  /** Whether the variance is used in place of the mean square. Default false. */
  centered?: boolean;
}

/**
 * Gradients over the root of their mean square (Hinton, 2012). Mirrors `braintools.optim.RMSprop`; `lr` is 0.01 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.RMSprop({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0, -1]
 * ```
 */
export class RMSprop extends OptaxOptimizer {
  readonly alpha: number;
  readonly eps: number;
  readonly momentum: number;
  readonly centered: boolean;

  constructor(given: RMSpropOptions = {}) {
    const { lr = 0.01, alpha = 0.99, eps = 1e-8, momentum = 0, centered = false, ...options } = checkOptions(new.target.name, ['alpha', 'eps', 'momentum', 'centered', ...OPTIMIZER_OPTIONS], given);
    super({ lr, ...options });
    this.alpha = alpha;
    this.eps = eps;
    this.momentum = momentum;
    this.centered = centered;
  }

  protected override direction(): readonly GradientTransformation[] {
    return [(this.centered ? scaleByStddev : scaleByRms)({ decay: this.alpha, eps: this.eps }), ...(this.momentum > 0 ? [trace(this.momentum)] : [])];
  }
}

/** Options of {@link Adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** The rate is divided by `1 + lrDecay * updates`. Default 0. */
  lrDecay?: number;
  /** What the sums of squares begin with. Default 0. */
  initialAccumulatorValue?: number;
  /** What is added to them, inside of the root. Default 1e-10. */
  eps?: number;
}

/**
 * Gradients over the root of the sum of their squares (Duchi et al., 2011). Mirrors `braintools.optim.Adagrad`; `lr` is 0.01 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Adagrad({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class Adagrad extends OptaxOptimizer {
  readonly lrDecay: number;
  readonly initialAccumulatorValue: number;
  readonly eps: number;

  constructor(given: AdagradOptions = {}) {
    const { lr = 0.01, lrDecay = 0, initialAccumulatorValue = 0, eps = 1e-10, ...options } = checkOptions(new.target.name, ['lrDecay', 'initialAccumulatorValue', 'eps', ...OPTIMIZER_OPTIONS], given);
    super({ lr, ...options });
    this.lrDecay = lrDecay;
    this.initialAccumulatorValue = initialAccumulatorValue;
    this.eps = eps;
  }

  protected override direction(): readonly GradientTransformation[] {
    const decay = (count: Array) => np.divide(1, np.add(1, np.multiply(count, this.lrDecay)));
    return [scaleByRss({ initialAccumulatorValue: this.initialAccumulatorValue, eps: this.eps }), ...(this.lrDecay === 0 ? [] : [scaleBySchedule(decay)])];
  }
}

/**
 * Steps in the units of the parameters (Zeiler, 2012). Mirrors `braintools.optim.Adadelta`; `lr` is 1 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Adadelta({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9996…, -1.9996…]
 * ```
 */
export class Adadelta extends OptaxOptimizer {
  readonly rho: number;
  readonly eps: number;

  constructor(given: OptimizerOptions & { rho?: number; eps?: number } = {}) {
    const { lr = 1, rho = 0.9, eps = 1e-6, ...options } = checkOptions(new.target.name, ['rho', 'eps', ...OPTIMIZER_OPTIONS], given);
    super({ lr, ...options });
    this.rho = rho;
    this.eps = eps;
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByAdadelta({ rho: this.rho, eps: this.eps })];
  }
}

/**
 * Sums of squares of which each axis keeps its largest, and momentum (Anil et al., 2019). Mirrors `braintools.optim.SM3`; `lr` is 1 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.SM3({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.99, -1.99]
 * ```
 */
export class SM3 extends OptaxOptimizer {
  readonly momentum: number;
  readonly eps: number;

  constructor(given: OptimizerOptions & { momentum?: number; eps?: number } = {}) {
    const { lr = 1, momentum = 0.9, eps = 1e-8, ...options } = checkOptions(new.target.name, ['momentum', 'eps', ...OPTIMIZER_OPTIONS], given);
    super({ lr, ...options });
    this.momentum = momentum;
    this.eps = eps;
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleBySm3({ b1: this.momentum, eps: this.eps })];
  }
}

/** Options of {@link Adafactor}. */
export interface AdafactorOptions extends Omit<OptimizerOptions, 'lr'> {
  /** The rate; null (the default) makes steps of `min(0.01, 1 / sqrt(t))` times the size of the parameters. */
  lr?: number | LRScheduler | null;
  /** Added to squares, and the least size of parameters that counts. Default [1e-30, 1e-3]. */
  eps?: readonly [number, number];
  /** The largest root mean square of an array's update; null leaves them. Default 1. */
  clipThreshold?: number | null;
  /** The mean square forgets by `1 - t^-decayRate`. Default 0.8. */
  decayRate?: number;
  /** Momentum, none by default. */
  beta1?: number | null;
  /** Whether of large matrices only means of rows and columns are kept. Default true. */
  factored?: boolean;
}

/**
 * Adam in less memory: of matrices of at least 128 by 128, only means of rows and columns are kept (Shazeer and Stern, 2018).
 *
 * Mirrors `braintools.optim.Adafactor`, which takes null for a rate of 1e-3 and ignores `clipThreshold`, `beta1` and the second of `eps`; here they are obeyed.
 * With `lr` and `clipThreshold: null` both are the same.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Adafactor({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class Adafactor extends OptaxOptimizer {
  readonly eps: readonly [number, number];
  readonly clipThreshold: number | null;
  readonly decayRate: number;
  readonly beta1: number | null;
  readonly factored: boolean;
  private readonly relative: boolean;

  constructor(given: AdafactorOptions = {}) {
    const { lr = null, eps = [1e-30, 1e-3], clipThreshold = 1, decayRate = 0.8, beta1 = null, factored = true, ...options } = checkOptions(new.target.name, ['eps', 'clipThreshold', 'decayRate', 'beta1', 'factored', ...OPTIMIZER_OPTIONS], given);
    super({ lr: lr ?? 1, ...options });
    this.eps = eps;
    this.clipThreshold = clipThreshold;
    this.decayRate = decayRate;
    this.beta1 = beta1;
    this.factored = factored;
    this.relative = lr === null;
  }

  protected override steps({ weightDecay, minusRate }: StepSettings): readonly GradientTransformation[] {
    const size = (count: Array) => np.minimum(0.01, np.divide(1, np.sqrt(np.add(count, 1).astype('float32'))));
    return [
      scaleByFactoredRms({ factored: this.factored, decayRate: this.decayRate, epsilon: this.eps[0] }),
      ...(this.clipThreshold === null ? [] : [clipByBlockRms(this.clipThreshold)]),
      ...(this.beta1 === null ? [] : [ema(this.beta1, { debias: false })]),
      ...(weightDecay > 0 ? [addDecayedWeights(weightDecay)] : []),
      ...(this.relative ? [scaleByParamBlockRms(this.eps[1]), scaleBySchedule(size)] : []),
      scaleBySchedule(minusRate),
    ];
  }
}
