import type { Array } from '../core/array';
import { checkExtent } from '../core/aval';
import type { Shape } from '../core/aval';
import { checkInteger } from '../core/checks';
import type { DType } from '../core/dtype';
import { ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { abs, add, div, exp, max, mul, pow, sqrt, stopGradient, sub } from '../primitives/elementwise';
import { randomGamma } from '../primitives/randomGamma';
import { splitInto } from '../primitives/randomKeys';
import { reduceMax } from '../primitives/reduction';
import { broadcastInDim, convert, reduceSum, scalar } from '../primitives/structural';
import { broadcastTo, dtypeOf, fitTo, readOptions, type SampleOptions, sampleShape, type ShapeOr, shapeOf } from './arguments';
import { exponentialIn, normalIn, parametric } from './continuous';
import { checkKey } from './keys';
import { sampler } from './sampler';
import { type ShapeAndDtype, signs } from './uniform';

/** Gamma samples of a shape, with shape parameters that broadcast to it; or their logarithms. */
export function gammaIn(key: Array, a: Array, shape: Shape, logSpace = false): Array {
  return randomGamma(key, broadcastTo(a, shape), logSpace);
}

const drawGamma = parametric('gamma', (key, [a], shape) => gammaIn(key, a!, shape), { lossy: true });

/**
 * Gamma distributed numbers with scale 1. Mirrors `jax.random.gamma`.
 *
 * Differentiable by `a`: the derivative at a fixed probability (implicit reparametrisation).
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param a shape parameter, an array that broadcasts to the shape
 * @returns an array of the given shape, by default that of a
 * @throws ShapeError if `a` does not broadcast to the shape
 * @example
 * prng.gamma(prng.PRNGKey(0), 2.5, [4]);
 */
export function gamma(key: Array, a: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawGamma(key, { a }, shape, options);
}

const drawLogGamma = parametric('loggamma', (key, [a], shape) => gammaIn(key, a!, shape, true), { lossy: true });

/**
 * Logarithms of gamma distributed numbers, accurate where the numbers themselves would round to 0. Mirrors `jax.random.loggamma`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param a shape parameter, an array that broadcasts to the shape
 * @example
 * prng.loggamma(prng.PRNGKey(0), 0.01, [4]);
 */
export function loggamma(key: Array, a: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawLogGamma(key, { a }, shape, options);
}

const drawBeta = parametric('beta', (key, [a, b], shape) => {
  const [ka, kb] = splitInto(key, 2);
  const la = gammaIn(ka!, a!, shape, true);
  const lb = gammaIn(kb!, b!, shape, true);
  // Both are scaled by the larger one, so that neither quotient loses precision.
  const top = max(la, lb);
  const [ga, gb] = [exp(sub(la, top)), exp(sub(lb, top))];
  return div(ga, add(ga, gb));
});

/**
 * Numbers of the beta distribution, in [0, 1]. Mirrors `jax.random.beta`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param a an array that broadcasts to the shape
 * @param b an array that broadcasts to the shape
 * @example
 * prng.beta(prng.PRNGKey(0), 0.5, 0.5, [3]);
 */
export function beta(key: Array, a: ArrayLike, b: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawBeta(key, { a, b }, shape, options);
}

const drawDirichlet = sampler<ShapeAndDtype>('dirichlet', (key, [a], { shape, dtype }) => {
  const alpha = convert(a!, dtype);
  const full = [...shape, alpha.shape[alpha.ndim - 1]!];
  const logs = gammaIn(key, alpha, full, true);
  const last = [full.length - 1];
  const keep = (x: Array) => broadcastInDim(x, full, shape.map((_, i) => i));
  const parts = exp(sub(logs, stopGradient(keep(reduceMax(logs, last)))));
  return div(parts, keep(reduceSum(parts, last)));
});

/**
 * Points of the simplex: numbers that sum to 1 along the last dimension. Mirrors `jax.random.dirichlet`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param alpha concentrations [..., n]
 * @param shape shape of the batch, [] by default for one-dimensional alpha: alpha's without its last dimension, which must broadcast to it
 * @returns an array of shape [...shape, n]
 * @throws ShapeError if alpha is a scalar
 * @example
 * prng.dirichlet(prng.PRNGKey(0), np.array([1, 2, 3]), [2]);
 */
export function dirichlet(key: Array, alpha: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('dirichlet', key);
  const o = readOptions('dirichlet', ['shape', 'dtype'], shape, options);
  const a = asArray(alpha, 'dirichlet: alpha');
  if (a.ndim === 0) throw new ShapeError(`dirichlet: expected alpha to have at least one dimension, got ${a.aval}`);
  return drawDirichlet(k, [a], { shape: sampleShape('dirichlet', o.shape, a.shape.slice(0, -1)), dtype: dtypeOf('dirichlet', o.dtype, 'float', ['float']) });
}

const half = (x: Array) => div(x, scalar(2, x.dtype));

function chisquareIn(key: Array, df: Array, shape: Shape): Array {
  return mul(exp(gammaIn(key, half(df), shape, true)), scalar(2, df.dtype));
}

const drawChisquare = parametric('chisquare', (key, [df], shape) => chisquareIn(key, df!, shape));

/**
 * Numbers of the chi-square distribution. Mirrors `jax.random.chisquare`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param df degrees of freedom, an array that broadcasts to the shape
 * @example
 * prng.chisquare(prng.PRNGKey(0), 4.5, [3]);
 */
export function chisquare(key: Array, df: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawChisquare(key, { df }, shape, options);
}

const drawT = parametric('t', (key, [df], shape, dtype) => {
  const [kn, kg] = splitInto(key, 2);
  const h = half(df!);
  return mul(normalIn(kn!, shape, dtype), sqrt(div(fitTo(h, shape), gammaIn(kg!, h, shape))));
});

/**
 * Numbers of Student's t distribution. Mirrors `jax.random.t`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param df degrees of freedom, an array that broadcasts to the shape
 * @example
 * prng.t(prng.PRNGKey(0), 4.5, [3]);
 */
export function t(key: Array, df: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawT(key, { df }, shape, options);
}

const drawF = parametric('f', (key, [num, den], shape) => {
  const [kd, kn] = splitInto(key, 2);
  return div(div(chisquareIn(kn!, num!, shape), fitTo(num!, shape)), div(chisquareIn(kd!, den!, shape), fitTo(den!, shape)));
});

/**
 * Numbers of the F distribution. Mirrors `jax.random.f`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param dfnum degrees of freedom of the numerator, an array that broadcasts to the shape
 * @param dfden degrees of freedom of the denominator, likewise
 * @example
 * prng.f(prng.PRNGKey(0), 3, 5, [3]);
 */
export function f(key: Array, dfnum: ArrayLike, dfden: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawF(key, { dfnum, dfden }, shape, options);
}

function generalizedNormalIn(key: Array, p: Array, shape: Shape, dtype: DType): Array {
  const [kg, ks] = splitInto(key, 2);
  const inverse = div(scalar(1, dtype), p);
  return mul(signs(ks!, shape, dtype), pow(gammaIn(kg!, inverse, shape), fitTo(inverse, shape)));
}

const drawGeneralizedNormal = parametric('generalizedNormal', (key, [p], shape, dtype) => generalizedNormalIn(key, p!, shape, dtype), { lossy: true });

/**
 * Numbers whose density falls with exp(−|x|ᵖ). Mirrors `jax.random.generalized_normal`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param p a number above 0
 * @returns an array of the given shape (a scalar by default), float32 by default
 * @example
 * prng.generalizedNormal(prng.PRNGKey(0), 1.5, [3]);
 */
export function generalizedNormal(key: Array, p: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const o = readOptions('generalizedNormal', ['shape', 'dtype'], shape, options);
  return drawGeneralizedNormal(key, { p }, { ...o, shape: shapeOf('generalizedNormal', o.shape) });
}

const drawBall = sampler<ShapeAndDtype & { d: number }>('ball', (key, [p0], { shape, dtype, d }) => {
  const p = convert(p0!, dtype);
  const [kg, ke] = splitInto(key, 2);
  const g = generalizedNormalIn(kg!, p, [...shape, d], dtype);
  const norm = pow(add(reduceSum(pow(abs(g), p), [shape.length]), exponentialIn(ke!, shape, dtype)), div(scalar(1, dtype), p));
  return div(g, broadcastInDim(norm, g.shape, shape.map((_, i) => i)));
});

/** Options of {@link ball}. */
export interface BallOptions extends SampleOptions {
  /** The norm is (Σ |x|ᵖ)^(1/p); 2 by default. */
  p?: ArrayLike;
}

/**
 * Points uniformly distributed in the unit ball of a p-norm. Mirrors `jax.random.ball`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param d dimension of the space
 * @returns an array of shape [...shape, d], float32 by default
 * @throws ArgumentError if d is not a whole number; ShapeError if p is not a scalar
 * @example
 * prng.ball(prng.PRNGKey(0), 3, { shape: [5] });
 */
export function ball(key: Array, d: number, shape?: ShapeOr<BallOptions>, options?: BallOptions): Array {
  const k = checkKey('ball', key);
  const o = readOptions('ball', ['p', 'shape', 'dtype'], shape, options);
  checkInteger('ball', 'd', d, 0);
  checkExtent('ball', 'd', d + 1);
  const p = asArray(o.p ?? 2, 'ball: p');
  if (p.ndim !== 0) throw new ShapeError(`ball: expected p to be a scalar, got ${p.aval}`);
  return drawBall(k, [p], { shape: shapeOf('ball', o.shape), dtype: dtypeOf('ball', o.dtype, 'float', ['float']), d });
}
