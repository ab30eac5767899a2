import type { Array } from '../../core/array';
import { dtypeKind } from '../../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../../core/errors';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../../lax/arrayLike';
import { cov } from '../../numpy/covariance';
import { inv } from '../../numpy/linalg';
import { atleast2d } from '../../numpy/manipulation';
import { matmul } from '../../numpy/products';
import { power } from '../../numpy/arithmetic';
import { div, mul, sub } from '../../numpy/operators';
import { sum } from '../../numpy/reductions';
import * as e from '../../primitives/elementwise';
import { cholesky, triangularSolve } from '../../primitives/linalg';
import { diagonal } from '../../primitives/matrix';
import { reduceMax } from '../../primitives/reduction';
import { full, like, reduceSum, reshape, transpose } from '../../primitives/structural';
import { choice, multivariateNormal, split } from '../../prng/index';
import { ndtrOf } from '../special/error';

type Bandwidth = 'scott' | 'silverman' | ArrayLike | ((kde: GaussianKde) => ArrayLike);

/** log of the kernel's sum at points [d, m] over data [d, n] with weights [n]. */
const densityProgram = composite<{ log: boolean }>('gaussian_kde', (args, { log }) => {
  const [data, weights, points, precision] = promoteDtypesInexact('gaussian_kde', ...args) as [Array, Array, Array, Array];
  const [d, n] = data.shape as [number, number];
  const m = points.shape[1]!;
  const whitening = cholesky(precision);
  const [a, b] = [matmul(transpose(points, [1, 0]), whitening), matmul(transpose(data, [1, 0]), whitening)];
  const difference = sub(reshape(a, [m, 1, d]), reshape(b, [1, n, d]));
  const norm = sub(reduceSum(e.log(diagonal(whitening)), [0]), 0.5 * d * Math.log(2 * Math.PI));
  const exponent = sub(norm, mul(0.5, reduceSum(e.square(difference), [2])));
  if (!log) return [sum(mul(weights, e.exp(exponent)), 1)];
  const logs = e.add(exponent, mul(full([m, 1], 1, data.dtype), reshape(e.log(weights), [1, n])));
  const top = e.stopGradient(reduceMax(logs, [1]));
  return [e.add(e.log(reduceSum(e.exp(sub(logs, reshape(top, [m, 1]))), [1])), top)];
});

/** ∫ of kernels around data columns against a Gaussian at each column of means, for the sum of their covariances. */
const convolutionProgram = composite('gaussian_kde.integrate', ([data, weights, means, meanWeights, covariance]) => {
  const [d, n] = data!.shape as [number, number];
  const m = means!.shape[1]!;
  const L = cholesky(covariance!);
  const difference = sub(reshape(data!, [d, n, 1]), reshape(means!, [d, 1, m]));
  const z = triangularSolve(L, reshape(difference, [d, n * m]), { leftSide: true, lower: true });
  const kernel = reshape(e.exp(e.mul(like(z, -0.5), reduceSum(e.square(z), [0]))), [n, m]);
  const norm = e.div(like(z, (2 * Math.PI) ** (-d / 2)), e.exp(reduceSum(e.log(diagonal(L)), [0])));
  return [mul(norm, sum(mul(mul(kernel, reshape(weights!, [n, 1])), reshape(meanWeights!, [1, m]))))];
});

const boxProgram = composite('gaussian_kde.integrate_box_1d', ([data, weights, covariance, low, high]) => {
  const x = reshape(data!, [data!.size]);
  const sigma = reshape(e.sqrt(covariance!), []);
  const at = (v: Array) => ndtrOf(div(sub(astype(v, x.dtype), x), sigma));
  return [sum(mul(weights!, sub(at(high!), at(low!))))];
});

/** Options of {@link GaussianKde}. */
export interface GaussianKdeOptions {
  /** The bandwidth's rule, its factor, or a function that gives the factor. */
  bwMethod?: Bandwidth | null;
  /** Weights of the data points. */
  weights?: ArrayLike | null;
}

/**
 * An estimate of a density by Gaussian kernels around data points, the columns of `[d, n]` (or a vector, of one dimension).
 *
 * Mirrors `jax.scipy.stats.gaussian_kde`.
 *
 * @throws ArgumentError for fewer than two values, or an unknown bandwidth; ShapeError unless there is one weight a point; DtypeError for complex data
 * @example
 * new scipy.stats.gaussian_kde([0, 1, 2]).evaluate([1]).shape // [1]
 */
export class GaussianKde {
  readonly dataset: Array;
  readonly weights: Array;
  /** The effective number of points. */
  readonly neff: Array;
  readonly covariance: Array;
  readonly invCov: Array;

  constructor(dataset: ArrayLike, options: GaussianKdeOptions = {}) {
    const { bwMethod = 'scott', weights = null } = checkOptions('GaussianKde', ['bwMethod', 'weights'], options);
    let data = atleast2d(asArray(dataset, 'gaussian_kde')) as Array;
    if (dtypeKind(data.dtype) === 'complex') throw new DtypeError(`gaussian_kde: expected real data, got ${data.aval}`);
    if (data.size <= 1) throw new ArgumentError(`gaussian_kde: expected more than one value, got ${data.aval}`);
    const [d, n] = data.shape as [number, number];
    if (weights === null) {
      [data] = promoteDtypesInexact('gaussian_kde', data) as [Array];
      this.weights = full([n], 1 / n, data.dtype);
    } else {
      const [a, w] = promoteDtypesInexact('gaussian_kde', data, weights) as [Array, Array];
      if (w.ndim !== 1 || w.size !== n) throw new ShapeError(`gaussian_kde: expected ${n} weights, got ${w.aval}`);
      data = a;
      this.weights = div(w, sum(w));
    }
    this.dataset = data;
    this.neff = div(1, sum(e.square(this.weights)));
    const factor = this.factor(bwMethod ?? 'scott', d);
    const raw = atleast2d(cov(data, { aweights: this.weights })) as Array;
    this.covariance = mul(raw, e.square(asArray(factor)));
    this.invCov = div(inv(raw), e.square(asArray(factor)));
  }

  private factor(method: Bandwidth, d: number): ArrayLike {
    if (method === 'scott') return power(this.neff, -1 / (d + 4));
    if (method === 'silverman') return power(mul(this.neff, (d + 2) / 4), -1 / (d + 4));
    if (typeof method === 'function') return method(this);
    if (typeof method === 'string') throw new ArgumentError(`gaussian_kde: expected bwMethod to be 'scott', 'silverman', a number or a function, got '${String(method)}'`);
    const factor = asArray(method, 'gaussian_kde');
    if (factor.ndim !== 0) throw new ArgumentError(`gaussian_kde: expected bwMethod to be one number, got ${factor.aval}`);
    return astype(factor, this.dataset.dtype);
  }

  /** The dimension of points. */
  get d(): number {
    return this.dataset.shape[0]!;
  }

  /** The number of data points. */
  get n(): number {
    return this.dataset.shape[1]!;
  }

  private points(op: string, x: ArrayLike): Array {
    const p = atleast2d(asArray(x, op)) as Array;
    if (dtypeKind(p.dtype) === 'complex') throw new DtypeError(`${op}: expected real points, got ${p.aval}`);
    if (p.shape[0] === this.d) return p;
    if (p.shape[0] === 1 && p.shape[1] === this.d) return reshape(p, [this.d, 1]);
    throw new ShapeError(`${op}: expected points of ${this.d} dimensions, got ${p.aval}`);
  }

  /** The density at points `[d, m]`: `[m]`. */
  evaluate(points: ArrayLike): Array {
    return densityProgram([this.dataset, this.weights, this.points('evaluate', points), this.invCov], { log: false })[0]!;
  }

  /** {@link evaluate}. */
  pdf(x: ArrayLike): Array {
    return this.evaluate(x);
  }

  /** The logarithm of the density at points `[d, m]`: `[m]`. */
  logpdf(x: ArrayLike): Array {
    return densityProgram([this.dataset, this.weights, this.points('logpdf', x), this.invCov], { log: true })[0]!;
  }

  private convolve(means: Array, meanWeights: Array, covariance: Array): Array {
    const args = promoteDtypesInexact('gaussian_kde', this.dataset, this.weights, means, meanWeights, covariance);
    return convolutionProgram(args, {})[0]!;
  }

  /** The integral of the density times a Gaussian's. */
  integrateGaussian(mean: ArrayLike, covariance: ArrayLike): Array {
    const m = asArray(mean, 'integrateGaussian');
    const c = atleast2d(asArray(covariance, 'integrateGaussian')) as Array;
    if (m.size !== this.d || c.shape[0] !== this.d || c.shape[1] !== this.d) throw new ShapeError(`integrateGaussian: expected a mean and a covariance of ${this.d} dimensions, got ${m.aval} and ${c.aval}`);
    return this.convolve(reshape(m, [this.d, 1]), full([1], 1, this.dataset.dtype), e.add(this.covariance, astype(c, this.covariance.dtype)));
  }

  /** The integral of the product of two estimates. */
  integrateKde(other: GaussianKde): Array {
    if (other.d !== this.d) throw new ShapeError(`integrateKde: expected an estimate of ${this.d} dimensions, got one of ${other.d}`);
    return this.convolve(other.dataset, other.weights, e.add(this.covariance, other.covariance));
  }

  /** The integral of the density of one dimension from `low` to `high`. */
  integrateBox1d(low: ArrayLike, high: ArrayLike): Array {
    if (this.d !== 1) throw new ShapeError(`integrateBox1d: expected an estimate of one dimension, got one of ${this.d}`);
    const limits = [low, high].map((v) => asArray(v, 'integrateBox1d'));
    if (limits.some((v) => v.ndim !== 0)) throw new ShapeError(`integrateBox1d: expected limits to be scalars, got ${limits.map((v) => v.aval).join(' and ')}`);
    return boxProgram([this.dataset, this.weights, this.covariance, ...limits], {})[0]!;
  }

  /** Random points with the estimated density: `[d, ...shape]`. */
  resample(key: Array, options: { shape?: readonly number[] } = {}): Array {
    const { shape = [] } = checkOptions('GaussianKde.resample', ['shape'], options);
    const keys = split(key);
    const chosen = choice(keys.slice(0), this.n, { shape, p: this.weights });
    const noise = multivariateNormal(keys.slice(1), full([this.d], 0, this.covariance.dtype), this.covariance, { shape, dtype: this.dataset.dtype });
    return e.add(this.dataset.slice([], chosen), transpose(noise, [noise.ndim - 1, ...shape.map((_, i) => i)]));
  }
}
