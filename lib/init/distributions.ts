import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import * as environ from '../environ';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';
import type { RandomState } from '../random';
import { ndtr, ndtri } from '../scipy/special';
import { Initialization } from './initialization';

const holds = (condition: Array) => Boolean(np.all(condition).item());

function checkNonNegative(op: string, name: string, x: ArrayLike): void {
  if (!holds(np.greaterEqual(x, 0))) throw new ArgumentError(`${op}: expected ${name} not to be negative, got ${describe(x)}`);
}

function checkPositive(op: string, name: string, x: ArrayLike): void {
  if (!holds(np.greater(x, 0))) throw new ArgumentError(`${op}: expected ${name} to be positive, got ${describe(x)}`);
}

function checkLowHigh(op: string, low: ArrayLike, high: ArrayLike): void {
  if (!holds(np.less(low, high))) throw new ArgumentError(`${op}: expected low to be less than high, got ${describe(low)} and ${describe(high)}`);
}

const describe = (x: ArrayLike) => (typeof x === 'object' ? String(x) : describeValue(x));

/** A value that is repeated. Mirrors `braintools.init.Constant`. @example new init.Constant(0.5).call([2]).js(); // [0.5, 0.5] */
export class Constant extends Initialization {
  readonly value: ArrayLike;

  constructor(value: ArrayLike) {
    super();
    if (value === null || value === undefined) throw new ArgumentError(`${new.target.name}: expected a value, got ${String(value)}`);
    this.value = value;
  }

  override sample(shape: number[]): Array {
    return np.full(shape, this.value);
  }
}

/** Zeros. Mirrors `braintools.init.ZeroInit`. @example new init.ZeroInit().call([2]).js(); // [0, 0] */
export class ZeroInit extends Initialization {
  override sample(shape: number[]): Array {
    return np.zeros(shape, { dtype: environ.dftype() });
  }
}

/** Numbers uniform in [low, high). Mirrors `braintools.init.Uniform`. @throws ArgumentError unless low < high @example new init.Uniform(-1, 1).call([4]).shape; // [4] */
export class Uniform extends Initialization {
  readonly low: ArrayLike;
  readonly high: ArrayLike;

  constructor(low: ArrayLike, high: ArrayLike) {
    super();
    checkLowHigh('Uniform', low, high);
    this.low = low;
    this.high = high;
  }

  override sample(shape: number[], rng: RandomState): Array {
    return rng.uniform({ low: this.low, high: this.high, size: shape });
  }
}

/** Normal numbers. Mirrors `braintools.init.Normal`. @throws ArgumentError for a negative std @example new init.Normal(0, 0.1).call([3, 2]).shape; // [3, 2] */
export class Normal extends Initialization {
  readonly mean: ArrayLike;
  readonly std: ArrayLike;

  constructor(mean: ArrayLike, std: ArrayLike) {
    super();
    checkNonNegative('Normal', 'std', std);
    this.mean = mean;
    this.std = std;
  }

  override sample(shape: number[], rng: RandomState): Array {
    return rng.normal({ loc: this.mean, scale: this.std, size: shape });
  }
}

/**
 * Log-normal numbers of a mean and standard deviation: their own, not those of their logarithms. Mirrors `braintools.init.LogNormal`.
 *
 * @example
 * new init.LogNormal(1, 0.5).call([4]).shape; // [4]
 */
export class LogNormal extends Initialization {
  readonly mean: number;
  readonly std: number;

  /** @throws ArgumentError unless the mean is positive and std not negative */
  constructor(mean: number, std: number) {
    super();
    if (!(mean > 0)) throw new ArgumentError(`LogNormal: expected mean to be positive, got ${describeValue(mean)}`);
    if (!(std >= 0)) throw new ArgumentError(`LogNormal: expected std not to be negative, got ${describeValue(std)}`);
    this.mean = mean;
    this.std = std;
  }

  override sample(shape: number[], rng: RandomState): Array {
    const ratio = (this.std / this.mean) ** 2;
    return rng.lognormal({ mean: Math.log(this.mean ** 2 / Math.sqrt(this.mean ** 2 + this.std ** 2)), sigma: Math.sqrt(Math.log1p(ratio)), size: shape });
  }
}

/** Numbers of a gamma distribution. Mirrors `braintools.init.Gamma`. @throws ArgumentError unless the shape is positive @example new init.Gamma(2, 1).call([4]).shape; // [4] */
export class Gamma extends Initialization {
  readonly shape: ArrayLike;
  readonly scale: ArrayLike;

  constructor(shape: ArrayLike, scale: ArrayLike) {
    super();
    checkPositive('Gamma', 'shape', shape);
    this.shape = shape;
    this.scale = scale;
  }

  override sample(shape: number[], rng: RandomState): Array {
    return rng.gamma(this.shape, { scale: this.scale, size: shape });
  }
}

/** Numbers of an exponential distribution of a mean, `scale`. Mirrors `braintools.init.Exponential`. @example new init.Exponential(2).call([4]).shape; // [4] */
export class Exponential extends Initialization {
  readonly scale: ArrayLike;

  constructor(scale: ArrayLike) {
    super();
    this.scale = scale;
  }

  override sample(shape: number[], rng: RandomState): Array {
    return rng.exponential({ scale: this.scale, size: shape });
  }
}

/** Normal numbers from uniform ones, by way of the distribution function: between the values of it at two bounds. @internal */
export const normalBetween = composite('normalBetween', ([u, mean, std, low, high]) => {
  const safe = np.where(np.equal(std!, 0), np.onesLike(std!), std!);
  const [a, b] = [low!, high!].map((v) => ndtr(np.divide(np.subtract(v, mean!), safe)));
  const p = np.clip(np.add(a!, np.multiply(u!, np.subtract(b!, a!))), { min: 1e-7, max: 1 - 1e-7 });
  return [np.clip(np.add(mean!, np.multiply(std!, ndtri(p))), { min: low!, max: high! })];
});

/**
 * Normal numbers between two bounds; null is none. Mirrors `braintools.init.TruncatedNormal`. @throws ArgumentError unless low < high and std is not negative
 *
 * @example
 * new init.TruncatedNormal(0, 1, { low: -1, high: 1 }).call([4]).shape; // [4]
 */
export class TruncatedNormal extends Initialization {
  readonly mean: ArrayLike;
  readonly std: ArrayLike;
  readonly low: ArrayLike | null;
  readonly high: ArrayLike | null;

  constructor(mean: ArrayLike, std: ArrayLike, options: { low?: ArrayLike | null; high?: ArrayLike | null } = {}) {
    super();
    const { low = null, high = null } = checkOptions(new.target.name, ['low', 'high'], options);
    checkNonNegative('TruncatedNormal', 'std', std);
    if (low !== null && high !== null) checkLowHigh('TruncatedNormal', low, high);
    this.mean = mean;
    this.std = std;
    this.low = low;
    this.high = high;
  }

  override sample(shape: number[], rng: RandomState): Array {
    const u = rng.uniform({ low: 0, high: 1, size: shape });
    return normalBetween([u, ...[this.mean, this.std, this.low ?? -Infinity, this.high ?? Infinity].map((x) => np.asarray(x, { dtype: u.dtype }))], {})[0]!;
  }
}

/**
 * Numbers of a beta distribution, scaled to an interval. Mirrors `braintools.init.Beta`. @throws ArgumentError unless alpha and beta are positive and low < high
 *
 * @example
 * new init.Beta(2, 3, 0, 1).call([4]).shape; // [4]
 */
export class Beta extends Initialization {
  readonly alpha: ArrayLike;
  readonly beta: ArrayLike;
  readonly low: ArrayLike;
  readonly high: ArrayLike;

  constructor(alpha: ArrayLike, beta: ArrayLike, low: ArrayLike, high: ArrayLike) {
    super();
    checkPositive('Beta', 'alpha', alpha);
    checkPositive('Beta', 'beta', beta);
    checkLowHigh('Beta', low, high);
    this.alpha = alpha;
    this.beta = beta;
    this.low = low;
    this.high = high;
  }

  override sample(shape: number[], rng: RandomState): Array {
    return np.add(this.low, np.multiply(np.subtract(this.high, this.low), rng.beta(this.alpha, this.beta, { size: shape })));
  }
}

/** Numbers of a Weibull distribution. Mirrors `braintools.init.Weibull`. @throws ArgumentError unless the shape is positive @example new init.Weibull(2, 1).call([4]).shape; // [4] */
export class Weibull extends Initialization {
  readonly shape: ArrayLike;
  readonly scale: ArrayLike;

  constructor(shape: ArrayLike, scale: ArrayLike) {
    super();
    checkPositive('Weibull', 'shape', shape);
    this.shape = shape;
    this.scale = scale;
  }

  override sample(shape: number[], rng: RandomState): Array {
    return np.multiply(rng.weibull(this.shape, { size: shape }), this.scale);
  }
}
