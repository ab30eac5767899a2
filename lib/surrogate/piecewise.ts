import type { Array } from '../core/array';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import type { AlphaOptions } from './smooth';
import { asFunction, type Parameter, Surrogate } from './surrogate';

/** A parabola on each side of 0, flat beyond `1 / alpha`. Mirrors `braintools.surrogate.PiecewiseQuadratic`. @example new surrogate.PiecewiseQuadratic().call([-1, 0, 1]) // [0, 1, 1] */
export class PiecewiseQuadratic extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 1 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateFun(x: Array): Array {
    const [a, edge] = [this.alpha, np.divide(1, this.alpha)];
    const inside = np.add(np.multiply(np.multiply(np.subtract(1, np.divide(np.multiply(np.abs(x), a), 2)), a), x), 0.5);
    return np.where(np.less(x, np.negative(edge)), 0, np.where(np.greater(x, edge), 1, inside));
  }

  override surrogateGrad(x: Array): Array {
    const size = np.abs(x);
    return np.where(np.greater(size, np.divide(1, this.alpha)), 0, np.subtract(this.alpha, np.multiply(np.square(this.alpha), size)));
  }
}

/**
 * Exponential decay on each side of 0. Mirrors `braintools.surrogate.PiecewiseExp`.
 *
 * @example
 * new surrogate.PiecewiseExp().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.3032…, 0.5, 0.3032…]
 */
export class PiecewiseExp extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 1 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateFun(x: Array): Array {
    const half = np.divide(np.exp(np.negative(np.multiply(np.abs(x), this.alpha))), 2);
    return np.where(np.less(x, 0), half, np.subtract(1, half));
  }

  override surrogateGrad(x: Array): Array {
    return np.multiply(np.divide(this.alpha, 2), np.exp(np.negative(np.multiply(np.abs(x), this.alpha))));
  }
}

/** Options of {@link PiecewiseLeakyRelu}. */
export interface PiecewiseLeakyReluOptions {
  /** Slope beyond the width. */
  c?: Parameter;
  /** Width on each side of 0. */
  w?: Parameter;
}

/**
 * A line of slope `1 / (2 w)` within w of 0, of slope c beyond. Mirrors `braintools.surrogate.PiecewiseLeakyRelu`.
 *
 * @example
 * new surrogate.PiecewiseLeakyRelu().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.5, 0.5, 0.5]
 */
export class PiecewiseLeakyRelu extends Surrogate {
  readonly c: Parameter;
  readonly w: Parameter;

  constructor(given: PiecewiseLeakyReluOptions = {}) {
    const { c = 0.01, w = 1 } = checkOptions(new.target.name, ['c', 'w'], given);
    super();
    this.c = c;
    this.w = w;
  }

  override surrogateFun(x: Array): Array {
    const [line, offset] = [np.multiply(x, this.c), np.multiply(this.c, this.w)];
    const above = np.where(np.greater(x, this.w), np.add(np.subtract(line, offset), 1), np.add(np.divide(np.multiply(0.5, x), this.w), 0.5));
    return np.where(np.less(x, np.negative(this.w)), np.add(line, offset), above);
  }

  override surrogateGrad(x: Array): Array {
    return np.where(np.greater(np.abs(x), this.w), np.multiply(this.c, np.onesLike(x)), np.divide(1, np.multiply(2, this.w)));
  }
}

/** Options of {@link LeakyRelu}. */
export interface LeakyReluOptions {
  /** Slope below 0. */
  alpha?: Parameter;
  /** Slope from 0 on. */
  beta?: Parameter;
}

/** A line of slope alpha below 0 and beta above. Mirrors `braintools.surrogate.LeakyRelu`. @example new surrogate.LeakyRelu().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.1, 1, 1] */
export class LeakyRelu extends Surrogate {
  readonly alpha: Parameter;
  readonly beta: Parameter;

  constructor(given: LeakyReluOptions = {}) {
    const { alpha = 0.1, beta = 1 } = checkOptions(new.target.name, ['alpha', 'beta'], given);
    super();
    this.alpha = alpha;
    this.beta = beta;
  }

  override surrogateFun(x: Array): Array {
    return np.where(np.less(x, 0), np.multiply(x, this.alpha), np.multiply(x, this.beta));
  }

  override surrogateGrad(x: Array): Array {
    return np.where(np.less(x, 0), np.multiply(np.onesLike(x), this.alpha), this.beta);
  }
}

/**
 * A line up to 1 (of slope alpha below 0), logarithmic beyond. Mirrors `braintools.surrogate.LogTailedRelu`.
 *
 * @example
 * new surrogate.LogTailedRelu().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0, 0, 1]
 */
export class LogTailedRelu extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 0 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateFun(x: Array): Array {
    const beyond = np.greater(x, 1);
    return np.where(beyond, np.add(1, np.log(np.where(beyond, x, 1))), np.where(np.greater(x, 0), x, np.multiply(x, this.alpha)));
  }

  override surrogateGrad(x: Array): Array {
    const beyond = np.greater(x, 1);
    return np.where(beyond, np.divide(1, np.where(beyond, x, 1)), np.where(np.greater(x, 0), np.onesLike(x), this.alpha));
  }
}

/** Options of {@link ReluGrad}. */
export interface ReluGradOptions {
  /** Height of the triangle. */
  alpha?: Parameter;
  /** Width of the triangle. */
  width?: Parameter;
}

/**
 * A triangular gradient of height `alpha width`. Mirrors `braintools.surrogate.ReluGrad`.
 *
 * @example
 * new surrogate.ReluGrad().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.15, 0.3, 0.15]
 */
export class ReluGrad extends Surrogate {
  readonly alpha: Parameter;
  readonly width: Parameter;

  constructor(given: ReluGradOptions = {}) {
    const { alpha = 0.3, width = 1 } = checkOptions(new.target.name, ['alpha', 'width'], given);
    super();
    this.alpha = alpha;
    this.width = width;
  }

  override surrogateGrad(x: Array): Array {
    return np.maximum(np.subtract(np.multiply(this.alpha, this.width), np.multiply(np.abs(x), this.alpha)), 0);
  }
}

/** Options of {@link GaussianGrad}. */
export interface GaussianGradOptions {
  /** Width of the bell. */
  sigma?: Parameter;
  /** Factor of the bell curve. */
  alpha?: Parameter;
}

/** The density of a normal distribution at x. */
function bell(x: Array, sigma: Array | number): Array {
  const scaled = np.divide(np.square(x), np.multiply(2, np.square(sigma)));
  return np.divide(np.exp(np.negative(scaled)), np.multiply(Math.sqrt(2 * Math.PI), sigma));
}

/** A bell-shaped gradient. Mirrors `braintools.surrogate.GaussianGrad`. @example new surrogate.GaussianGrad().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.2419…, 0.3989…, 0.2419…] */
export class GaussianGrad extends Surrogate {
  readonly sigma: Parameter;
  readonly alpha: Parameter;

  constructor(given: GaussianGradOptions = {}) {
    const { sigma = 0.5, alpha = 0.5 } = checkOptions(new.target.name, ['sigma', 'alpha'], given);
    super();
    this.sigma = sigma;
    this.alpha = alpha;
  }

  override surrogateGrad(x: Array): Array {
    return np.multiply(this.alpha, bell(x, this.sigma));
  }
}

/** Options of {@link MultiGaussianGrad}. */
export interface MultiGaussianGradOptions {
  /** Depth of the negative side lobes. */
  h?: Parameter;
  /** Their width, in widths of the middle. */
  s?: Parameter;
  /** Width of the bell. */
  sigma?: Parameter;
  /** Factor of the gradient. */
  scale?: Parameter;
}

/**
 * A bell-shaped gradient with negative side lobes. Mirrors `braintools.surrogate.MultiGaussianGrad`.
 *
 * @example
 * new surrogate.MultiGaussianGrad().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.2588…, 0.4391…, 0.2588…]
 */
export class MultiGaussianGrad extends Surrogate {
  readonly h: Parameter;
  readonly s: Parameter;
  readonly sigma: Parameter;
  readonly scale: Parameter;

  constructor(given: MultiGaussianGradOptions = {}) {
    const { h = 0.15, s = 6, sigma = 0.5, scale = 0.5 } = checkOptions(new.target.name, ['h', 's', 'sigma', 'scale'], given);
    super();
    this.h = h;
    this.s = s;
    this.sigma = sigma;
    this.scale = scale;
  }

  override surrogateGrad(x: Array): Array {
    const wide = np.multiply(this.s, this.sigma);
    const lobes = np.add(bell(np.subtract(x, this.sigma), wide), bell(np.add(x, this.sigma), wide));
    return np.multiply(this.scale, np.subtract(np.multiply(bell(x, this.sigma), np.add(1, this.h)), np.multiply(lobes, this.h)));
  }
}

/**
 * `(alpha |x| + 1) ** -2` as the gradient. Mirrors `braintools.surrogate.InvSquareGrad`.
 *
 * @example
 * new surrogate.InvSquareGrad().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [3.8447e-4, 1, 3.8447e-4]
 */
export class InvSquareGrad extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 100 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateGrad(x: Array): Array {
    return np.divide(1, np.square(np.add(np.multiply(np.abs(x), this.alpha), 1)));
  }
}

/**
 * `exp(-alpha |x|)` as the gradient. Mirrors `braintools.surrogate.SlayerGrad`.
 *
 * @example
 * new surrogate.SlayerGrad().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.6065…, 1, 0.6065…]
 */
export class SlayerGrad extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 1 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateGrad(x: Array): Array {
    return np.exp(np.negative(np.multiply(np.abs(x), this.alpha)));
  }
}

/**
 * Spikes with {@link PiecewiseQuadratic}'s gradient. Mirrors `braintools.surrogate.piecewise_quadratic`.
 *
 * @example
 * grad((x: Array) => surrogate.piecewiseQuadratic(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.5, 1, 0.5]
 */
export const piecewiseQuadratic = asFunction(PiecewiseQuadratic);
/**
 * Spikes with {@link PiecewiseExp}'s gradient. Mirrors `braintools.surrogate.piecewise_exp`.
 *
 * @example
 * grad((x: Array) => surrogate.piecewiseExp(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.3032…, 0.5, 0.3032…]
 */
export const piecewiseExp = asFunction(PiecewiseExp);
/**
 * Spikes with {@link PiecewiseLeakyRelu}'s gradient. Mirrors `braintools.surrogate.piecewise_leaky_relu`.
 *
 * @example
 * grad((x: Array) => surrogate.piecewiseLeakyRelu(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.5, 0.5, 0.5]
 */
export const piecewiseLeakyRelu = asFunction(PiecewiseLeakyRelu);
/**
 * Spikes with {@link LeakyRelu}'s gradient. Mirrors `braintools.surrogate.leaky_relu`.
 *
 * @example
 * grad((x: Array) => surrogate.leakyRelu(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.1, 1, 1]
 */
export const leakyRelu = asFunction(LeakyRelu);
/**
 * Spikes with {@link LogTailedRelu}'s gradient. Mirrors `braintools.surrogate.log_tailed_relu`.
 *
 * @example
 * grad((x: Array) => surrogate.logTailedRelu(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0, 0, 1]
 */
export const logTailedRelu = asFunction(LogTailedRelu);
/** Spikes with {@link ReluGrad}. Mirrors `braintools.surrogate.relu_grad`. @example grad((x: Array) => surrogate.reluGrad(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.15, 0.3, 0.15] */
export const reluGrad = asFunction(ReluGrad);
/**
 * Spikes with {@link GaussianGrad}. Mirrors `braintools.surrogate.gaussian_grad`.
 *
 * @example
 * grad((x: Array) => surrogate.gaussianGrad(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.2419…, 0.3989…, 0.2419…]
 */
export const gaussianGrad = asFunction(GaussianGrad);
/**
 * Spikes with {@link MultiGaussianGrad}. Mirrors `braintools.surrogate.multi_gaussian_grad`.
 *
 * @example
 * grad((x: Array) => surrogate.multiGaussianGrad(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.2588…, 0.4391…, 0.2588…]
 */
export const multiGaussianGrad = asFunction(MultiGaussianGrad);
/**
 * Spikes with {@link InvSquareGrad}. Mirrors `braintools.surrogate.inv_square_grad`.
 *
 * @example
 * grad((x: Array) => surrogate.invSquareGrad(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [3.8447e-4, 1, 3.8447e-4]
 */
export const invSquareGrad = asFunction(InvSquareGrad);
/**
 * Spikes with {@link SlayerGrad}. Mirrors `braintools.surrogate.slayer_grad`.
 *
 * @example
 * grad((x: Array) => surrogate.slayerGrad(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.6065…, 1, 0.6065…]
 */
export const slayerGrad = asFunction(SlayerGrad);
