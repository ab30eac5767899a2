import { checkOptions } from '../functional/options';
import { OptaxOptimizer, OPTIMIZER_OPTIONS, type OptimizerOptions } from './optimizer';
import { type GradientTransformation, trace } from './transformation';

/** Options of {@link SGD}. */
export interface SGDOptions extends OptimizerOptions {
  /** How much of the last direction is kept. */
  momentum?: number;
  /** Whether momentum is looked ahead, as Nesterov does. */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent: `p -= lr * g`, with momentum `m`: `t = g + m t; p -= lr * t`. Mirrors `braintools.optim.SGD`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.SGD({ lr: 0.1, momentum: 0.9 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class SGD extends OptaxOptimizer {
  readonly momentum: number;
  readonly nesterov: boolean;

  constructor(given: SGDOptions = {}) {
    const { momentum = 0, nesterov = false, ...options } = checkOptions(new.target.name, ['momentum', 'nesterov', ...OPTIMIZER_OPTIONS], given);
    super(options);
    this.momentum = momentum;
    this.nesterov = nesterov;
  }

  protected override direction(): readonly GradientTransformation[] {
    return this.momentum > 0 ? [trace(this.momentum, { nesterov: this.nesterov })] : [];
  }
}

/**
 * Gradient descent with momentum, 0.9 by default. Mirrors `braintools.optim.Momentum`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Momentum({ lr: 0.1, momentum: 0.9 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class Momentum extends OptaxOptimizer {
  readonly momentum: number;

  constructor(given: OptimizerOptions & { momentum?: number } = {}) {
    const { momentum = 0.9, ...options } = checkOptions(new.target.name, ['momentum', ...OPTIMIZER_OPTIONS], given);
    super(options);
    this.momentum = momentum;
  }

  protected override direction(): readonly GradientTransformation[] {
    return [trace(this.momentum)];
  }
}

/**
 * Gradient descent with Nesterov's momentum. Mirrors `braintools.optim.MomentumNesterov`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.MomentumNesterov({ lr: 0.1, momentum: 0.9 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.81, -1.81]
 * ```
 */
export class MomentumNesterov extends Momentum {
  protected override direction(): readonly GradientTransformation[] {
    return [trace(this.momentum, { nesterov: true })];
  }
}
