import { checkOptions } from '../functional/options';
import { checkBetas, scaleByAdamax, scaleByBelief, scaleByLion, scaleByNadam, scaleByNovograd, scaleByRadam, scaleByYogi } from './moments';
import { OptaxOptimizer, OPTIMIZER_OPTIONS, type OptimizerOptions, type StepSettings } from './optimizer';
import { type GradientTransformation, scaleByAdam, scaleByAmsgrad, scaleBySchedule } from './transformation';

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptimizerOptions extends OptimizerOptions {
  /** How slowly the means of gradients and of their squares move. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** In place of the first of betas. @deprecated give betas */
  beta1?: number | null;
  /** In place of the second of betas. @deprecated give betas */
  beta2?: number | null;
  /** What is added to the root of the mean square. Default 1e-8. */
  eps?: number;
  /** Whether the largest mean square so far is used. */
  amsgrad?: boolean;
}

const ADAMW_OPTIMIZER_OPTIONS = ['betas', 'eps', 'amsgrad', ...OPTIMIZER_OPTIONS] as const;
const ADAM_OPTIMIZER_OPTIONS = [...ADAMW_OPTIMIZER_OPTIONS, 'beta1', 'beta2'] as const;

/**
 * Adam (Kingma and Ba, 2015); weight decay is added to the gradient. Mirrors `braintools.optim.Adam`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Adam({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class Adam extends OptaxOptimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly amsgrad: boolean;

  constructor(given: AdamOptimizerOptions = {}) {
    const { betas = [0.9, 0.999], beta1 = null, beta2 = null, eps = 1e-8, amsgrad = false, ...options } = checkOptions(new.target.name, ADAM_OPTIMIZER_OPTIONS, given);
    super(options);
    const [b1, b2] = checkBetas(this.constructor.name, betas);
    this.betas = checkBetas(this.constructor.name, [beta1 ?? b1, beta2 ?? b2]);
    if (beta1 !== null || beta2 !== null) process.emitWarning(`${this.constructor.name}: beta1 and beta2 are deprecated; give betas: [${this.betas.join(', ')}]`, 'DeprecationWarning');
    this.eps = eps;
    this.amsgrad = amsgrad;
  }

  protected override direction(): readonly GradientTransformation[] {
    const [b1, b2] = this.betas;
    return [(this.amsgrad ? scaleByAmsgrad : scaleByAdam)({ b1, b2, eps: this.eps })];
  }
}

/**
 * Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019). Mirrors `braintools.optim.AdamW`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.AdamW({ lr: 0.1, weightDecay: 0.01 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.899, -1.898]
 * ```
 */
export class AdamW extends Adam {
  constructor(given: Omit<AdamOptimizerOptions, 'beta1' | 'beta2'> = {}) {
    const { weightDecay = 0.01, ...options } = checkOptions(new.target.name, ADAMW_OPTIMIZER_OPTIONS, given);
    super({ weightDecay, ...options });
  }

  protected override get decoupledDecay(): boolean {
    return true;
  }
}

/** Options of optimisers with two moments. */
export interface BetasOptions extends OptimizerOptions {
  /** How slowly the means of gradients and of their squares move, each in [0, 1). */
  betas?: readonly [number, number];
  /** What is added to the size that gradients are divided by. */
  eps?: number;
}

const BETAS_OPTIONS = ['betas', 'eps', ...OPTIMIZER_OPTIONS] as const;

/** Optimisers with two running means. */
abstract class MomentsOptimizer extends OptaxOptimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;

  constructor(given: BetasOptions) {
    const { betas = [0.9, 0.999], eps = 1e-8, ...options } = checkOptions(new.target.name, BETAS_OPTIONS, given);
    super(options);
    this.betas = checkBetas(this.constructor.name, betas);
    this.eps = eps;
  }

  protected get moments(): { b1: number; b2: number; eps: number } {
    return { b1: this.betas[0], b2: this.betas[1], eps: this.eps };
  }
}

/**
 * Adam with the largest gradient in place of the mean square (Kingma and Ba, 2015). Mirrors `braintools.optim.Adamax`; `lr` is 2e-3 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Adamax({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class Adamax extends MomentsOptimizer {
  constructor(given: BetasOptions = {}) {
    const { lr = 2e-3, ...options } = checkOptions(new.target.name, BETAS_OPTIONS, given);
    super({ lr, ...options });
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByAdamax(this.moments)];
  }
}

/**
 * Adam with Nesterov's momentum (Dozat, 2016). Mirrors `braintools.optim.Nadam`; `lr` is 2e-3 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Nadam({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.8943…, -1.8943…]
 * ```
 */
export class Nadam extends MomentsOptimizer {
  readonly momentumDecay: number;

  constructor(given: BetasOptions & { momentumDecay?: number } = {}) {
    const { lr = 2e-3, momentumDecay = 0.004, ...options } = checkOptions(new.target.name, ['momentumDecay', ...BETAS_OPTIONS], given);
    super({ lr, ...options });
    this.momentumDecay = momentumDecay;
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByNadam({ ...this.moments, momentumDecay: this.momentumDecay })];
  }
}

/**
 * Rectified Adam (Liu et al., 2020). Mirrors `braintools.optim.RAdam`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.RAdam({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class RAdam extends MomentsOptimizer {
  constructor(options: BetasOptions = {}) {
    super(options);
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByRadam(this.moments)];
  }
}

/**
 * Adam with the variance of gradients about their mean (Zhuang et al., 2020). Mirrors `braintools.optim.AdaBelief`; `eps` is 1e-16 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.AdaBelief({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.8888…, -1.8888…]
 * ```
 */
export class AdaBelief extends MomentsOptimizer {
  constructor(given: BetasOptions = {}) {
    const { eps = 1e-16, ...options } = checkOptions(new.target.name, BETAS_OPTIONS, given);
    super({ eps, ...options });
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByBelief(this.moments)];
  }
}

/**
 * Adam with a mean square that changes slowly (Zaheer et al., 2018). Mirrors `braintools.optim.Yogi`; `eps` is 1e-3 by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Yogi({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9001…, -1.9001…]
 * ```
 */
export class Yogi extends MomentsOptimizer {
  constructor(given: BetasOptions = {}) {
    const { eps = 1e-3, ...options } = checkOptions(new.target.name, BETAS_OPTIONS, given);
    super({ eps, ...options });
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByYogi(this.moments)];
  }
}

/**
 * Momentum of gradients over the norm of each array (Ginsburg et al., 2019). Mirrors `braintools.optim.Novograd`.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Novograd({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9292…, -1.9292…]
 * ```
 */
export class Novograd extends MomentsOptimizer {
  constructor(options: BetasOptions = {}) {
    super(options);
  }

  protected override steps({ weightDecay, minusRate }: StepSettings): readonly GradientTransformation[] {
    return [scaleByNovograd({ ...this.moments, weightDecay }), scaleBySchedule(minusRate)];
  }
}

/**
 * Steps by the sign of momentum, weight decay apart (Chen et al., 2023). Mirrors `braintools.optim.Lion`; `lr` is 1e-4, `betas` [0.9, 0.99] by default.
 *
 * @example
 * ```ts
 * const w = new ParamState(np.array([1, -2]));
 * const optimizer = new optim.Lion({ lr: 0.1 });
 * optimizer.registerTrainableWeights({ w });
 * optimizer.update({ w: np.array([1, -1]) });
 * w.value.js(); // [0.9, -1.9]
 * ```
 */
export class Lion extends OptaxOptimizer {
  readonly betas: readonly [number, number];

  constructor(given: Omit<BetasOptions, 'eps'> = {}) {
    const { lr = 1e-4, betas = [0.9, 0.99], ...options } = checkOptions(new.target.name, ['betas', ...OPTIMIZER_OPTIONS], given);
    super({ lr, ...options });
    this.betas = checkBetas('Lion', betas);
  }

  protected override direction(): readonly GradientTransformation[] {
    return [scaleByLion({ b1: this.betas[0], b2: this.betas[1] })];
  }

  protected override get decoupledDecay(): boolean {
    return true;
  }
}
