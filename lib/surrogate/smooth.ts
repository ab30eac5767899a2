import type { Array } from '../core/array';
import { checkOptions } from '../functional/options';
import * as lax from '../lax';
import * as np from '../numpy';
import { asFunction, type Parameter, Surrogate } from './surrogate';

/** The slope of a surrogate at 0, or what stands for it. */
export interface AlphaOptions {
  /** How steep it is. */
  alpha?: Parameter;
}

/** The logistic function of `alpha x`. Mirrors `braintools.surrogate.Sigmoid`. @example new surrogate.Sigmoid({ alpha: 4 }).call([-1, 0, 1]) // [0, 1, 1] */
export class Sigmoid extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 4 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateFun(x: Array): Array {
    return lax.logistic(np.multiply(x, this.alpha));
  }

  override surrogateGrad(x: Array): Array {
    const s = lax.logistic(np.multiply(x, this.alpha));
    return np.multiply(np.multiply(np.subtract(1, s), s), this.alpha);
  }
}

/**
 * `alpha x / (2 (1 + |alpha x|)) + 1/2`. Mirrors `braintools.surrogate.SoftSign`.
 *
 * @example
 * new surrogate.SoftSign().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.2222…, 0.5, 0.2222…]
 */
export class SoftSign extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 1 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateFun(x: Array): Array {
    return np.add(np.divide(x, np.add(np.divide(2, this.alpha), np.multiply(2, np.abs(x)))), 0.5);
  }

  override surrogateGrad(x: Array): Array {
    return np.divide(np.multiply(this.alpha, 0.5), np.square(np.add(1, np.abs(np.multiply(x, this.alpha)))));
  }
}

/** `arctan(pi/2 alpha x) / pi + 1/2`. Mirrors `braintools.surrogate.Arctan`. @example new surrogate.Arctan().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.3092…, 0.5, 0.3092…] */
export class Arctan extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 1 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  private angle(x: Array): Array {
    return np.multiply(np.multiply(x, Math.PI / 2), this.alpha);
  }

  override surrogateFun(x: Array): Array {
    return np.add(np.divide(np.arctan(this.angle(x)), Math.PI), 0.5);
  }

  override surrogateGrad(x: Array): Array {
    return np.divide(np.multiply(this.alpha, 0.5), np.add(1, np.square(this.angle(x))));
  }
}

/** `(1 + erf(alpha x)) / 2`. Mirrors `braintools.surrogate.ERF`. @example new surrogate.ERF().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.4393…, 0.5641…, 0.4393…] */
export class ERF extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 1 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateFun(x: Array): Array {
    return np.multiply(0.5, np.subtract(1, lax.erf(np.negative(np.multiply(x, this.alpha)))));
  }

  override surrogateGrad(x: Array): Array {
    return np.multiply(np.multiply(this.alpha, 1 / Math.sqrt(Math.PI)), np.exp(np.negative(np.square(np.multiply(x, this.alpha)))));
  }
}

/**
 * `sign(x) log(1 + |alpha x|)`. Mirrors `braintools.surrogate.NonzeroSignLog`.
 *
 * @example
 * new surrogate.NonzeroSignLog().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.6666…, 1, 0.6666…]
 */
export class NonzeroSignLog extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 1 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  override surrogateFun(x: Array): Array {
    return np.multiply(np.where(np.less(x, 0), -1, 1), np.log(np.add(np.abs(np.multiply(x, this.alpha)), 1)));
  }

  override surrogateGrad(x: Array): Array {
    return np.divide(1, np.add(np.divide(1, this.alpha), np.abs(x)));
  }
}

/** Options of {@link SquarewaveFourierSeries}. */
export interface SquarewaveOptions {
  /** Number of terms. */
  n?: number;
  /** The period of the wave. */
  tPeriod?: Parameter;
}

/**
 * The first n terms of a square wave's Fourier series. Mirrors `braintools.surrogate.SquarewaveFourierSeries`.
 *
 * @example
 * new surrogate.SquarewaveFourierSeries().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.6532…, 1, 0.6532…]
 */
export class SquarewaveFourierSeries extends Surrogate {
  readonly n: number;
  readonly tPeriod: Parameter;

  constructor(given: SquarewaveOptions = {}) {
    const { n = 2, tPeriod = 8 } = checkOptions(new.target.name, ['n', 'tPeriod'], given);
    super();
    this.n = n;
    this.tPeriod = tPeriod;
  }

  /** The sum over odd frequencies c, each at least once, of `term(c w x, c)`. */
  private sum(x: Array, term: (angle: Array, c: number) => Array): Array {
    const angle = np.multiply(x, np.divide(2 * Math.PI, this.tPeriod));
    let total = term(angle, 1);
    for (let i = 2; i <= this.n; i++) total = np.add(total, term(np.multiply(angle, 2 * i - 1), 2 * i - 1));
    return total;
  }

  override surrogateFun(x: Array): Array {
    return np.add(0.5, np.multiply(2 / Math.PI, this.sum(x, (a, c) => np.divide(np.sin(a), c))));
  }

  override surrogateGrad(x: Array): Array {
    return np.multiply(this.sum(x, (a) => np.cos(a)), np.divide(4, this.tPeriod));
  }
}

/** Options of {@link S2NN}. */
export interface S2nnOptions {
  /** How steep it is below 0. */
  alpha?: Parameter;
  /** Its height above 0. */
  beta?: Parameter;
  /** Added where a logarithm is taken. */
  epsilon?: Parameter;
}

/**
 * Logistic in `alpha x` below 0, logarithmic above. Mirrors `braintools.surrogate.S2NN`.
 *
 * @example
 * new surrogate.S2NN().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.4199…, 1, 0.6666…]
 */
export class S2NN extends Surrogate {
  readonly alpha: Parameter;
  readonly beta: Parameter;
  readonly epsilon: Parameter;

  constructor(given: S2nnOptions = {}) {
    const { alpha = 4, beta = 1, epsilon = 1e-8 } = checkOptions(new.target.name, ['alpha', 'beta', 'epsilon'], given);
    super();
    this.alpha = alpha;
    this.beta = beta;
    this.epsilon = epsilon;
  }

  override surrogateFun(x: Array): Array {
    const above = np.add(np.multiply(this.beta, np.log(np.add(np.abs(np.add(x, 1)), this.epsilon))), 0.5);
    return np.where(np.less(x, 0), lax.logistic(np.multiply(x, this.alpha)), above);
  }

  override surrogateGrad(x: Array): Array {
    const s = lax.logistic(np.multiply(x, this.alpha));
    const negative = np.less(x, 0);
    return np.where(negative, np.multiply(np.multiply(this.alpha, s), np.subtract(1, s)), np.divide(this.beta, np.add(np.where(negative, 1, x), 1)));
  }
}

/**
 * A power law around 0: `(1 + 2 |x| / (alpha + 1)) ** -alpha` is its gradient. Mirrors `braintools.surrogate.QPseudoSpike`.
 *
 * @example
 * new surrogate.QPseudoSpike().surrogateGrad(np.array([-0.5, 0, 0.5])).js(); // [0.5625, 1, 0.5625]
 */
export class QPseudoSpike extends Surrogate {
  readonly alpha: Parameter;

  constructor(given: AlphaOptions = {}) {
    const { alpha = 2 } = checkOptions(new.target.name, ['alpha'], given);
    super();
    this.alpha = alpha;
  }

  private base(x: Array): Array {
    return np.add(1, np.multiply(np.divide(2, np.add(this.alpha, 1)), np.abs(x)));
  }

  override surrogateFun(x: Array): Array {
    const base = this.base(x);
    const [half, exponent] = [np.divide(np.add(this.alpha, 1), 2), np.subtract(1, this.alpha)];
    const flat = np.equal(exponent, 0);
    const power = np.multiply(np.divide(half, np.where(flat, 1, exponent)), np.subtract(np.power(base, exponent), 1));
    return np.add(0.5, np.multiply(np.sign(x), np.where(flat, np.multiply(half, np.log(base)), power)));
  }

  override surrogateGrad(x: Array): Array {
    return np.power(this.base(x), np.negative(this.alpha));
  }
}

/** Spikes with {@link Sigmoid}'s gradient. Mirrors `braintools.surrogate.sigmoid`. @example surrogate.sigmoid([-1, 0, 1], { alpha: 2 }) // [0, 1, 1] */
export const sigmoid = asFunction(Sigmoid);
/**
 * Spikes with {@link SoftSign}'s gradient. Mirrors `braintools.surrogate.soft_sign`.
 *
 * @example
 * grad((x: Array) => surrogate.softSign(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.2222…, 0.5, 0.2222…]
 */
export const softSign = asFunction(SoftSign);
/**
 * Spikes with {@link Arctan}'s gradient. Mirrors `braintools.surrogate.arctan`.
 *
 * @example
 * grad((x: Array) => surrogate.arctan(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.3092…, 0.5, 0.3092…]
 */
export const arctan = asFunction(Arctan);
/**
 * Spikes with {@link ERF}'s gradient. Mirrors `braintools.surrogate.erf`.
 *
 * @example
 * grad((x: Array) => surrogate.erf(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.4393…, 0.5641…, 0.4393…]
 */
export const erf = asFunction(ERF);
/**
 * Spikes with {@link NonzeroSignLog}'s gradient. Mirrors `braintools.surrogate.nonzero_sign_log`.
 *
 * @example
 * grad((x: Array) => surrogate.nonzeroSignLog(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.6666…, 1, 0.6666…]
 */
export const nonzeroSignLog = asFunction(NonzeroSignLog);
/**
 * Spikes with {@link SquarewaveFourierSeries}' gradient. Mirrors `braintools.surrogate.squarewave_fourier_series`.
 *
 * @example
 * grad((x: Array) => surrogate.squarewaveFourierSeries(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.6532…, 1, 0.6532…]
 */
export const squarewaveFourierSeries = asFunction(SquarewaveFourierSeries);
/** Spikes with {@link S2NN}'s gradient. Mirrors `braintools.surrogate.s2nn`. @example grad((x: Array) => surrogate.s2nn(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.4199…, 1, 0.6666…] */
export const s2nn = asFunction(S2NN);
/**
 * Spikes with {@link QPseudoSpike}'s gradient. Mirrors `braintools.surrogate.q_pseudo_spike`.
 *
 * @example
 * grad((x: Array) => surrogate.qPseudoSpike(x).sum())(np.array([-0.5, 0, 0.5])).js(); // [0.5625, 1, 0.5625]
 */
export const qPseudoSpike = asFunction(QPseudoSpike);
