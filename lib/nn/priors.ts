import type { Array } from '../core/array';
import type { ArrayLike } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Size } from '../init';
import { lgamma } from '../lax';
import * as np from '../numpy';
import * as random from '../random';
import { maybeState } from '../state/kinds';
import { relu } from './activations';
import { floatArray, type Hyper, lossProgram, positive, probabilities, rand, randn, REG_OPTIONS, type RegOptions, Regularization, shapeOf, sumOf, WeightedReg } from './regularization';

// The losses are negative logarithms of densities, but for constants where that is said.

const gaussian = lossProgram('gaussianReg', (x, weight, mean, precision) => {
  const p = np.add(relu(precision), 1e-6);
  return np.multiply(weight, np.subtract(sumOf(np.multiply(p, np.square(np.subtract(x, mean)))), sumOf(np.log(p))));
});

/**
 * A normal distribution, twice the negative logarithm but for a constant; the precision is what is fitted. Mirrors `brainstate.nn.GaussianReg`.
 *
 * @example
 * new nn.GaussianReg(0, 1).loss(np.array([1, 2])).js(); // 5
 */
export class GaussianReg extends Regularization {
  readonly mean: Hyper;
  readonly precision: Hyper;
  readonly weight: Array;

  constructor(mean: ArrayLike, std: ArrayLike, options: RegOptions = {}) {
    const { weight = 1, ...rest } = checkOptions(new.target.name, REG_OPTIONS, options);
    super(rest);
    this.mean = this.hyper(mean);
    this.precision = this.hyper(np.divide(1, np.add(np.square(floatArray(std)), 1e-8)));
    this.weight = floatArray(weight);
  }

  override loss(value: ArrayLike): Array {
    return gaussian(value, this.weight, this.mean, this.precision);
  }

  override sampleInit(shape: Size): Array {
    const noise = randn(shape);
    return np.add(maybeState(this.mean), np.multiply(np.divide(1, np.sqrt(positive(this.precision))), noise));
  }

  override resetValue(): Array {
    return maybeState(this.mean);
  }
}

const studentT = lossProgram('studentTReg', (x, weight, df, scale) => {
  const [n, s] = [positive(df), positive(scale)];
  const data = sumOf(np.multiply(np.multiply(0.5, np.add(n, 1)), np.log(np.add(1, np.divide(np.square(np.divide(x, s)), n)))));
  const constant = np.subtract(np.add(np.add(np.log(s), lgamma(np.divide(n, 2))), np.multiply(0.5, np.log(np.multiply(n, Math.PI)))), lgamma(np.divide(np.add(n, 1), 2)));
  return np.multiply(weight, np.add(data, np.multiply(x.size, constant)));
});

/**
 * Student's t distribution. Its samples are normal numbers, as BrainState's are. Mirrors `brainstate.nn.StudentTReg`.
 *
 * @example
 * new nn.StudentTReg({ weight: 1, df: 3 }).loss(np.array([0, 1])).shape; // []
 */
export class StudentTReg extends WeightedReg {
  readonly df: Hyper;
  readonly scale: Hyper;

  constructor(given: RegOptions & { df?: ArrayLike; scale?: ArrayLike } = {}) {
    const { df = 3, scale = 1, ...options } = checkOptions(new.target.name, ['df', 'scale', ...REG_OPTIONS], given);
    super(options);
    this.df = this.hyper(df);
    this.scale = this.hyper(scale);
  }

  override loss(value: ArrayLike): Array {
    return studentT(value, this.weight, this.df, this.scale);
  }

  override sampleInit(shape: Size): Array {
    return np.multiply(positive(this.scale), randn(shape));
  }
}

const cauchy = lossProgram('cauchyReg', (x, weight, scale) => {
  const s = positive(scale);
  return np.multiply(weight, np.add(sumOf(np.log(np.add(1, np.square(np.divide(x, s))))), np.multiply(x.size, np.log(s))));
});
/** Numbers of Cauchy's distribution. */
const cauchyOf = (shape: Size) => np.tan(np.multiply(Math.PI, np.subtract(rand(shape), 0.5)));

/** Cauchy's distribution, but for log π. Mirrors `brainstate.nn.CauchyReg`. @example new nn.CauchyReg({ weight: 1, scale: 1 }).loss(np.array([0, 1])).js(); // 0.6931… */
export class CauchyReg extends WeightedReg {
  readonly scale: Hyper;

  constructor(given: RegOptions & { scale?: ArrayLike } = {}) {
    const { scale = 1, ...options } = checkOptions(new.target.name, ['scale', ...REG_OPTIONS], given);
    super(options);
    this.scale = this.hyper(scale);
  }

  override loss(value: ArrayLike): Array {
    return cauchy(value, this.weight, this.scale);
  }

  override sampleInit(shape: Size): Array {
    return np.multiply(positive(this.scale), cauchyOf(shape));
  }
}

/**
 * A horseshoe: normal numbers whose scales are Cauchy's. The loss is {@link CauchyReg}'s. Mirrors `brainstate.nn.HorseshoeReg`.
 *
 * @example
 * new nn.HorseshoeReg({ weight: 1 }).loss(np.array([1, 2])).shape; // []
 */
export class HorseshoeReg extends WeightedReg {
  readonly tau: Hyper;

  constructor(given: RegOptions & { tau?: ArrayLike } = {}) {
    const { tau = 1, ...options } = checkOptions(new.target.name, ['tau', ...REG_OPTIONS], given);
    super(options);
    this.tau = this.hyper(tau);
  }

  override loss(value: ArrayLike): Array {
    return cauchy(value, this.weight, this.tau);
  }

  override sampleInit(shape: Size): Array {
    const scale = np.abs(cauchyOf(shape));
    return np.multiply(np.multiply(positive(this.tau), scale), randn(shape));
  }
}

const uniform = lossProgram('uniformReg', (x, weight, lower, upper) => np.multiply(weight, sumOf(np.add(np.square(relu(np.subtract(lower, x))), np.square(relu(np.subtract(x, upper)))))));

/**
 * Nothing within an interval, the square of the distance outside. Mirrors `brainstate.nn.UniformReg`.
 *
 * @example
 * new nn.UniformReg({ weight: 1, lower: -1, upper: 1 }).loss(np.array([0, 0.5])).js(); // 0
 */
export class UniformReg extends WeightedReg {
  readonly lower: Hyper;
  readonly upper: Hyper;

  constructor(given: RegOptions & { lower?: ArrayLike; upper?: ArrayLike } = {}) {
    const { lower = -1, upper = 1, ...options } = checkOptions(new.target.name, ['lower', 'upper', ...REG_OPTIONS], given);
    super(options);
    this.lower = this.hyper(lower);
    this.upper = this.hyper(upper);
  }

  override loss(value: ArrayLike): Array {
    return uniform(value, this.weight, this.lower, this.upper);
  }

  override sampleInit(shape: Size): Array {
    const [lower, upper] = [maybeState(this.lower), maybeState(this.upper)];
    return np.add(lower, np.multiply(np.subtract(upper, lower), rand(shape)));
  }

  override resetValue(): Array {
    return np.divide(np.add(maybeState(this.lower), maybeState(this.upper)), 2);
  }
}

const logNormal = lossProgram('logNormalReg', (x, weight, mu, sigma) => {
  const [s, log] = [positive(sigma), np.log(positive(x))];
  const data = sumOf(np.add(np.divide(np.square(np.subtract(log, mu)), np.multiply(2, np.square(s))), log));
  return np.multiply(weight, np.add(data, np.multiply(x.size, np.log(s))));
});

/** A log-normal distribution, but for log √2π. Mirrors `brainstate.nn.LogNormalReg`. @example new nn.LogNormalReg({ weight: 1 }).loss(np.array([1, 2])).shape; // [] */
export class LogNormalReg extends WeightedReg {
  readonly mu: Hyper;
  readonly sigma: Hyper;

  constructor(given: RegOptions & { mu?: ArrayLike; sigma?: ArrayLike } = {}) {
    const { mu = 0, sigma = 1, ...options } = checkOptions(new.target.name, ['mu', 'sigma', ...REG_OPTIONS], given);
    super(options);
    this.mu = this.hyper(mu);
    this.sigma = this.hyper(sigma);
  }

  override loss(value: ArrayLike): Array {
    return logNormal(value, this.weight, this.mu, this.sigma);
  }

  override sampleInit(shape: Size): Array {
    return np.exp(np.add(maybeState(this.mu), np.multiply(positive(this.sigma), randn(shape))));
  }

  override resetValue(): Array {
    return np.exp(maybeState(this.mu));
  }
}

const exponential = lossProgram('exponentialReg', (x, weight, rate) => np.multiply(np.multiply(weight, positive(rate)), sumOf(relu(x))));

/**
 * An exponential distribution, but for the logarithm of its rate. Mirrors `brainstate.nn.ExponentialReg`.
 *
 * @example
 * new nn.ExponentialReg({ weight: 1, rate: 2 }).loss(np.array([1, -2])).js(); // 2
 */
export class ExponentialReg extends WeightedReg {
  readonly rate: Hyper;

  constructor(given: RegOptions & { rate?: ArrayLike } = {}) {
    const { rate = 1, ...options } = checkOptions(new.target.name, ['rate', ...REG_OPTIONS], given);
    super(options);
    this.rate = this.hyper(rate);
  }

  override loss(value: ArrayLike): Array {
    return exponential(value, this.weight, this.rate);
  }

  override sampleInit(shape: Size): Array {
    return np.divide(np.negative(np.log(np.add(rand(shape), 1e-8))), positive(this.rate));
  }
}

/** What the gamma distributions have in common: a shape alpha, and beta. */
abstract class GammaFamily extends WeightedReg {
  readonly alpha: Hyper;
  readonly beta: Hyper;

  constructor(given: RegOptions & { alpha?: ArrayLike; beta?: ArrayLike } = {}) {
    const { alpha = 2, beta = 1, ...options } = checkOptions(new.target.name, ['alpha', 'beta', ...REG_OPTIONS], given);
    super(options);
    this.alpha = this.hyper(alpha);
    this.beta = this.hyper(beta);
  }
}

/** -alpha log beta + log Γ(alpha): what the densities of gamma and inverse gamma are divided by. */
const gammaConstant = (alpha: Array, beta: Array) => np.subtract(lgamma(alpha), np.multiply(alpha, np.log(beta)));

const gamma = lossProgram('gammaReg', (x, weight, alpha, beta) => {
  const [a, b, v] = [positive(alpha), positive(beta), positive(x)];
  const data = sumOf(np.subtract(np.multiply(b, v), np.multiply(np.subtract(a, 1), np.log(v))));
  return np.multiply(weight, np.add(data, np.multiply(x.size, gammaConstant(a, b))));
});

/** A gamma distribution of shape alpha and rate beta. Mirrors `brainstate.nn.GammaReg`. @example new nn.GammaReg({ weight: 1 }).loss(np.array([1, 2])).shape; // [] */
export class GammaReg extends GammaFamily {
  override loss(value: ArrayLike): Array {
    return gamma(value, this.weight, this.alpha, this.beta);
  }

  override sampleInit(shape: Size): Array {
    return random.gamma(positive(this.alpha), { scale: np.divide(1, positive(this.beta)), size: shapeOf(shape) });
  }

  override resetValue(): Array {
    return np.maximum(np.divide(np.subtract(positive(this.alpha), 1), positive(this.beta)), 1e-8);
  }
}

const inverseGamma = lossProgram('inverseGammaReg', (x, weight, alpha, beta) => {
  const [a, b, v] = [positive(alpha), positive(beta), positive(x)];
  const data = sumOf(np.add(np.multiply(np.add(a, 1), np.log(v)), np.divide(b, v)));
  return np.multiply(weight, np.add(data, np.multiply(x.size, gammaConstant(a, b))));
});

/**
 * An inverse gamma distribution of shape alpha and scale beta. Mirrors `brainstate.nn.InverseGammaReg`.
 *
 * @example
 * new nn.InverseGammaReg({ weight: 1 }).loss(np.array([1, 2])).shape; // []
 */
export class InverseGammaReg extends GammaFamily {
  override loss(value: ArrayLike): Array {
    return inverseGamma(value, this.weight, this.alpha, this.beta);
  }

  override sampleInit(shape: Size): Array {
    return np.divide(positive(this.beta), np.add(random.gamma(positive(this.alpha), { scale: 1, size: shapeOf(shape) }), 1e-8));
  }

  override resetValue(): Array {
    return np.divide(positive(this.beta), np.add(positive(this.alpha), 1));
  }
}

/** Away from 0 and 1; in float32 the upper bound is 1 itself. */
const inUnit = (x: Array) => np.clip(x, { min: 1e-8, max: 1 - 1e-8 });

const beta = lossProgram('betaReg', (x, weight, first, second) => {
  const [a, b, v] = [positive(first), positive(second), inUnit(x)];
  const data = sumOf(np.subtract(np.negative(np.multiply(np.subtract(a, 1), np.log(v))), np.multiply(np.subtract(b, 1), np.log(np.subtract(1, v)))));
  return np.multiply(weight, np.add(data, np.multiply(x.size, np.subtract(np.add(lgamma(a), lgamma(b)), lgamma(np.add(a, b))))));
});

/** A beta distribution. Mirrors `brainstate.nn.BetaReg`. @example new nn.BetaReg({ a: 2, b: 2 }).loss(np.array([0.5])).js(); // -0.4054… */
export class BetaReg extends WeightedReg {
  readonly a: Hyper;
  readonly b: Hyper;

  constructor(given: RegOptions & { a?: ArrayLike; b?: ArrayLike } = {}) {
    const { a = 2, b = 2, ...options } = checkOptions(new.target.name, ['a', 'b', ...REG_OPTIONS], given);
    super(options);
    this.a = this.hyper(a);
    this.b = this.hyper(b);
  }

  override loss(value: ArrayLike): Array {
    return beta(value, this.weight, this.a, this.b);
  }

  override sampleInit(shape: Size): Array {
    return random.beta(positive(this.a), positive(this.b), { size: shapeOf(shape) });
  }

  override resetValue(): Array {
    const [a, b] = [positive(this.a), positive(this.b)];
    return np.clip(np.divide(np.subtract(a, 1), np.add(np.subtract(np.add(a, b), 2), 1e-8)), { min: 0, max: 1 });
  }
}

const logUniform = lossProgram('logUniformReg', (x, weight, lower, upper) => np.multiply(weight, sumOf(np.log(np.clip(positive(x), { min: positive(lower), max: positive(upper) })))));

/**
 * A distribution whose logarithm is uniform, but for a constant. Mirrors `brainstate.nn.LogUniformReg`.
 *
 * @example
 * new nn.LogUniformReg({ weight: 1, lower: 0.1, upper: 10 }).loss(np.array([1, 2])).shape; // []
 */
export class LogUniformReg extends WeightedReg {
  readonly lower: Hyper;
  readonly upper: Hyper;

  constructor(given: RegOptions & { lower?: ArrayLike; upper?: ArrayLike } = {}) {
    const { lower = 1e-3, upper = 1e3, ...options } = checkOptions(new.target.name, ['lower', 'upper', ...REG_OPTIONS], given);
    super(options);
    this.lower = this.hyper(lower);
    this.upper = this.hyper(upper);
  }

  override loss(value: ArrayLike): Array {
    return logUniform(value, this.weight, this.lower, this.upper);
  }

  override sampleInit(shape: Size): Array {
    const [lower, upper] = [np.log(positive(this.lower)), np.log(positive(this.upper))];
    return np.exp(np.add(lower, np.multiply(np.subtract(upper, lower), rand(shape))));
  }

  override resetValue(): Array {
    return np.sqrt(np.multiply(positive(this.lower), positive(this.upper)));
  }
}

const spikeAndSlab = lossProgram('spikeAndSlabReg', (x, weight, spike, slab, pi) => {
  const p = inUnit(pi);
  const density = (scale: Array) => np.divide(np.exp(np.multiply(-0.5, np.square(np.divide(x, scale)))), scale);
  const mixture = np.add(np.multiply(p, density(positive(spike))), np.multiply(np.subtract(1, p), density(positive(slab))));
  return np.multiply(weight, sumOf(np.negative(np.log(np.add(mixture, 1e-8)))));
});

/**
 * A mixture of two normal distributions around 0, a narrow one with probability pi, but for log √2π. Mirrors `brainstate.nn.SpikeAndSlabReg`.
 *
 * @example
 * new nn.SpikeAndSlabReg({ weight: 1 }).loss(np.array([0, 1])).shape; // []
 */
export class SpikeAndSlabReg extends WeightedReg {
  readonly spikeScale: Hyper;
  readonly slabScale: Hyper;
  readonly pi: Hyper;

  constructor(given: RegOptions & { spikeScale?: ArrayLike; slabScale?: ArrayLike; pi?: ArrayLike } = {}) {
    const { spikeScale = 0.01, slabScale = 1, pi = 0.5, ...options } = checkOptions(new.target.name, ['spikeScale', 'slabScale', 'pi', ...REG_OPTIONS], given);
    super(options);
    this.spikeScale = this.hyper(spikeScale);
    this.slabScale = this.hyper(slabScale);
    this.pi = this.hyper(pi);
  }

  override loss(value: ArrayLike): Array {
    return spikeAndSlab(value, this.weight, this.spikeScale, this.slabScale, this.pi);
  }

  override sampleInit(shape: Size): Array {
    const isSpike = np.less(rand(shape), inUnit(maybeState(this.pi)));
    const spikes = np.multiply(positive(this.spikeScale), randn(shape));
    return np.where(isSpike, spikes, np.multiply(positive(this.slabScale), randn(shape)));
  }
}

const dirichlet = lossProgram('dirichletReg', (x, weight, alpha) => np.multiply(weight, sumOf(np.multiply(np.subtract(1, positive(alpha)), np.log(np.add(probabilities(x), 1e-8))))));

/**
 * A Dirichlet distribution of softmax(x), but for a constant. Mirrors `brainstate.nn.DirichletReg`.
 *
 * @example
 * new nn.DirichletReg({ weight: 1, alpha: 2 }).loss(np.array([0.5, 0.5])).js(); // 1.3862…
 */
export class DirichletReg extends WeightedReg {
  readonly alpha: Hyper;

  constructor(given: RegOptions & { alpha?: ArrayLike } = {}) {
    const { alpha = 1, ...options } = checkOptions(new.target.name, ['alpha', ...REG_OPTIONS], given);
    super(options);
    this.alpha = this.hyper(alpha);
  }

  override loss(value: ArrayLike): Array {
    return dirichlet(value, this.weight, this.alpha);
  }

  override sampleInit(shape: Size): Array {
    const samples = random.gamma(positive(this.alpha), { scale: 1, size: shapeOf(shape) });
    return np.log(np.add(np.divide(samples, np.add(sumOf(samples), 1e-8)), 1e-8));
  }
}
