import { checkInteger } from '../core/checks';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { addDecayedWeights } from './adjustments';
import { checkBetas } from './moments';
import { lookahead, scaleByRprop, scaleByTrustRatio } from './norms';
import { OptaxOptimizer, OPTIMIZER_OPTIONS, type OptimizerOptions, type StepSettings } from './optimizer';
import { type ArrayTree, chain, checkTransformation, type GradientTransformation, mapTree, scaleByAdam, scaleBySchedule, trace } from './transformation';

/**
 * Adam with steps in proportion to the norm of each array's parameters (You et al., 2020). Mirrors `braintools.optim.Lamb`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Lamb({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.8418…, -1.8418…]
 * ```
 */
export class Lamb extends OptaxOptimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;

  constructor(given: OptimizerOptions & { betas?: readonly [number, number]; eps?: number } = {}) {
    const { betas = [0.9, 0.999], eps = 1e-6, ...options } = checkOptions(new.target.name, ['betas', 'eps', ...OPTIMIZER_OPTIONS], given);
    super(options);
    this.betas = checkBetas('Lamb', betas);
    this.eps = eps;
  }

  protected override steps({ weightDecay, minusRate }: StepSettings): readonly GradientTransformation[] {
    const decay = weightDecay > 0 ? [addDecayedWeights(weightDecay)] : [];
    return [scaleByAdam({ b1: this.betas[0], b2: this.betas[1], eps: this.eps }), ...decay, scaleByTrustRatio(), scaleBySchedule(minusRate)];
  }
}

/**
 * Momentum of gradients scaled to the norm of each array's parameters (You et al., 2017). Mirrors `braintools.optim.Lars`; `lr` is 1 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Lars({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9998…, -1.9998…]
 * ```
 */
export class Lars extends OptaxOptimizer {
  readonly momentum: number;
  readonly trustCoefficient: number;
  readonly eps: number;

  constructor(given: OptimizerOptions & { momentum?: number; trustCoefficient?: number; eps?: number } = {}) {
    const { lr = 1, momentum = 0.9, trustCoefficient = 0.001, eps = 1e-8, ...options } = checkOptions(new.target.name, ['momentum', 'trustCoefficient', 'eps', ...OPTIMIZER_OPTIONS], given);
    super({ lr, ...options });
    this.momentum = momentum;
    this.trustCoefficient = trustCoefficient;
    this.eps = eps;
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByTrustRatio({ trustCoefficient: this.trustCoefficient, eps: this.eps }), trace(this.momentum)];
  }
}

/**
 * Steps in proportion to the norm of each array's parameters, which stay as large as they are (Bernstein et al., 2020). `lr` is 1 by default.
 *
 * Mirrors `braintools.optim.Fromage`, which ignores schedules and `momentum`; here the current rate counts, and momentum is that of the gradient.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Fromage({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.8377…, -1.8327…]
 * ```
 */
export class Fromage extends OptaxOptimizer {
  readonly momentum: number;

  constructor(given: Omit<OptimizerOptions, 'weightDecay'> & { momentum?: number } = {}) {
    const { lr = 1, momentum = 0, ...options } = checkOptions(new.target.name, ['lr', 'gradClipNorm', 'gradClipValue', 'momentum'], given);
    super({ lr, ...options });
    this.momentum = momentum;
  }

  protected override steps({ minusRate }: StepSettings): readonly GradientTransformation[] {
    const apply: GradientTransformation = {
      init: () => ({ count: np.zeros([], { dtype: 'int32' }) }),
      update: (updates: ArrayTree, state, params: ArrayTree) => {
        const { count } = state as { count: ReturnType<typeof np.zeros> };
        const minusLr = minusRate(count);
        const shrink = np.divide(1, np.sqrt(np.add(1, np.square(minusLr))));
        const size = np.multiply(minusLr, shrink);
        const out = mapTree((u, p) => np.add(np.multiply(size.astype(u.dtype), u), np.multiply(np.subtract(shrink, 1).astype(u.dtype), p)), updates, params);
        return [out, { count: np.add(count, 1) }];
      },
    };
    return [...(this.momentum > 0 ? [trace(this.momentum)] : []), scaleByTrustRatio({ minNorm: 1e-6 }), apply];
  }
}

/** Options of {@link Rprop}. */
export interface RpropOptimizerOptions extends Omit<OptimizerOptions, 'weightDecay'> {
  /** What the size of a step is multiplied by where the gradient's sign changed, and where it stayed. Default [0.5, 1.2]. */
  etas?: readonly [number, number];
  /** The least and the largest size of a step. Default [1e-6, 50]. */
  stepSizes?: readonly [number, number];
}

/**
 * Steps by the sign of the gradient, of a size for each entry that adapts (Riedmiller and Braun, 1993); `lr`, 0.01 by default, is the first size.
 *
 * Mirrors `braintools.optim.Rprop`, which ignores schedules; here steps are multiplied by the current rate over the base rate.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Rprop({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [1, -2]
 * ```
 */
export class Rprop extends OptaxOptimizer {
  readonly etas: readonly [number, number];
  readonly stepSizes: readonly [number, number];

  constructor(given: RpropOptimizerOptions = {}) {
    const { lr = 0.01, etas = [0.5, 1.2], stepSizes = [1e-6, 50], ...options } = checkOptions(new.target.name, ['etas', 'stepSizes', 'lr', 'gradClipNorm', 'gradClipValue'], given);
    super({ lr, ...options });
    this.etas = etas;
    this.stepSizes = stepSizes;
  }

  protected override steps({ minusRate, baseLr }: StepSettings): readonly GradientTransformation[] {
    const [[etaMinus, etaPlus], [minStepSize, maxStepSize]] = [this.etas, this.stepSizes];
    return [scaleByRprop(baseLr, { etaMinus, etaPlus, minStepSize, maxStepSize }), scaleBySchedule((count) => (baseLr === 0 ? 0 : np.divide(minusRate(count), baseLr)))];
  }
}

/**
 * Slow parameters that follow the fast ones of another optimiser every few steps (Zhang et al., 2019).
 *
 * `baseOptimizer` is a transformation that gives whole updates, with the rate in them: `chain(scaleByAdam(), scale(-0.1))`. Its updates are multiplied by the
 * current rate over the base rate, so that schedules count. Mirrors `braintools.optim.Lookahead`, which ignores `lr`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Lookahead(optim.scale(-0.1), { lr: 1, syncPeriod: 5 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.shape; // [2]
 * ```
 */
export class Lookahead extends OptaxOptimizer {
  readonly syncPeriod: number;
  readonly alpha: number;
  /** The transformation that the steps between are of. */
  get baseOptimizer(): GradientTransformation {
    return this.base.tx;
  }

  private readonly base: { readonly tx: GradientTransformation };

  constructor(baseOptimizer: GradientTransformation, given: OptimizerOptions & { syncPeriod?: number; alpha?: number } = {}) {
    const { syncPeriod = 5, alpha = 0.5, ...options } = checkOptions(new.target.name, ['syncPeriod', 'alpha', ...OPTIMIZER_OPTIONS], given);
    super(options);
    this.base = { tx: checkTransformation('Lookahead: baseOptimizer', baseOptimizer) };
    Object.defineProperty(this, 'base', { enumerable: false });
    this.syncPeriod = checkInteger('Lookahead', 'syncPeriod', syncPeriod, 1);
    this.alpha = alpha;
  }

  protected override steps({ weightDecay, minusRate, baseLr }: StepSettings): readonly GradientTransformation[] {
    const relative = scaleBySchedule((count) => (baseLr === 0 ? 0 : np.divide(np.negative(minusRate(count)), baseLr)));
    return [lookahead(chain(...(weightDecay > 0 ? [addDecayedWeights(weightDecay)] : []), this.base.tx, relative), { syncPeriod: this.syncPeriod, alpha: this.alpha })];
  }
}
