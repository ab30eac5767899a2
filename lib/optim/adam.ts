import { OptaxOptimizer, type OptimizerOptions } from './optimizer';
import { type GradientTransformation, scaleByAdam, scaleByAmsgrad } from './transformation';

export interface AdamOptimizerOptions extends OptimizerOptions {
  /** How slowly the means of gradients and of their squares move. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** What is added to the root of the mean square. Default 1e-8. */
  eps?: number;
  /** Whether the largest mean square so far is used. */
  amsgrad?: boolean;
}

/** Adam (Kingma and Ba, 2015); weight decay is added to the gradient. Mirrors `braintools.optim.Adam`. */
export class Adam extends OptaxOptimizer {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly amsgrad: boolean;

  constructor({ betas = [0.9, 0.999], eps = 1e-8, amsgrad = false, ...options }: AdamOptimizerOptions = {}) {
    super(options);
    this.betas = betas;
    this.eps = eps;
    this.amsgrad = amsgrad;
  }

  protected override direction(): readonly GradientTransformation[] {
    const [b1, b2] = this.betas;
    return [(this.amsgrad ? scaleByAmsgrad : scaleByAdam)({ b1, b2, eps: this.eps })];
  }
}

/** Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2019). Mirrors `braintools.optim.AdamW`. */
export class AdamW extends Adam {
  constructor({ weightDecay = 0.01, ...options }: AdamOptimizerOptions = {}) {
    super({ weightDecay, ...options });
  }

  protected override get decoupledDecay(): boolean {
    return true;
  }
}
