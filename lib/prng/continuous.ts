import type { Array } from '../core/array';
import type { Shape } from '../core/aval';
import type { DType } from '../core/dtype';
import { dtypeKind, realDtype } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../lax/arrayLike';
import { abs, add, and, bitcastConvertType, clz, complex, div, eq, erf, erfInv, exp, ge, gt, integerPow, le, log, log1p, lt, max, min, mul, neg, nextafter, not, or, pow, shiftLeft, shiftRightLogical, sign, sqrt, square, stopGradient, sub, tan, where } from '../primitives/elementwise';
import { floatInfo, unitToExponential, unitToNormal } from '../primitives/randomFloats';
import { bitsOf, splitInto } from '../primitives/randomKeys';
import { concatenate, convert, indexInDim, like, reduceSum, reshape, scalar } from '../primitives/structural';
import { broadcastShape } from '../numpy/broadcast';
import { checkSafe, dtypeOf, fitTo, readOptions, type SampleOptions, sampleShape, type ShapeOr, shapeOf } from './arguments';
import { checkKey } from './keys';
import { sampler } from './sampler';
import { type ShapeAndDtype, signs, uniformBetween, uniformIn, unitUniform } from './uniform';

type Draw = (key: Array, shape: Shape, dtype: DType) => Array;
type Sampler = (key: Array, shape?: ShapeOr<SampleOptions>, options?: SampleOptions) => Array;

const OPTIONS = ['shape', 'dtype'] as const;

/** A sampler of a distribution without parameters. */
function standard(name: string, draw: Draw): Sampler {
  const program = sampler<ShapeAndDtype>(name, (key, _, { shape, dtype }) => draw(key, shape, dtype));
  return (key, shape, options) => {
    const k = checkKey(name, key);
    const o = readOptions(name, OPTIONS, shape, options);
    return program(k, [], { shape: shapeOf(name, o.shape), dtype: dtypeOf(name, o.dtype, 'float', ['float']) });
  };
}

/** A sampler whose parameters are arrays that broadcast to the shape; `draw` gets them in the result's dtype, to which they convert without loss, unless told otherwise. */
export function parametric(name: string, draw: (key: Array, params: Array[], shape: Shape, dtype: DType) => Array, { lossy = false }: { lossy?: boolean } = {}): (key: Array, params: Record<string, ArrayLike>, shape?: ShapeOr<SampleOptions>, options?: SampleOptions) => Array {
  const program = sampler<ShapeAndDtype>(name, (key, params, { shape, dtype }) => draw(key, params.map((p) => convert(p, dtype)), shape, dtype));
  return (key, params, shape, options) => {
    const k = checkKey(name, key);
    const o = readOptions(name, OPTIONS, shape, options);
    const dtype = dtypeOf(name, o.dtype, 'float', ['float']);
    const arrays = Object.entries(params).map(([n, p]) => asArray(p, `${name}: ${n}`));
    if (!lossy) checkSafe(name, dtype, ...arrays);
    return program(k, arrays, { shape: sampleShape(name, o.shape, ...arrays.map((a) => a.shape)), dtype });
  };
}

// ---- normal ----

/** Standard normal numbers. */
export function normalIn(key: Array, shape: Shape, dtype: DType): Array {
  return unitToNormal(unitUniform(key, shape, dtype));
}

function complexNormal(key: Array, shape: Shape, dtype: DType): Array {
  const part = realDtype(dtype);
  const [re, im] = splitInto(key, 2).map((k) => normalIn(k, shape, part));
  return div(complex(re!, im!), scalar({ re: Math.SQRT2, im: 0 }, dtype));
}

/** Standard normal numbers of a real or complex type. */
export function anyNormalIn(key: Array, shape: Shape, dtype: DType): Array {
  return (dtypeKind(dtype) === 'complex' ? complexNormal : normalIn)(key, shape, dtype);
}

const drawNormal = sampler<ShapeAndDtype>('normal', (key, _, { shape, dtype }) => anyNormalIn(key, shape, dtype));

/**
 * Standard normal numbers; complex ones have variance 1 in all. Mirrors `jax.random.normal`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @returns an array of the given shape (a scalar by default), float32 by default
 * @throws DtypeError if dtype is neither a float's nor complex
 * @example
 * prng.normal(prng.PRNGKey(0), [2, 3]);
 */
export function normal(key: Array, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('normal', key);
  const o = readOptions('normal', OPTIONS, shape, options);
  return drawNormal(k, [], { shape: shapeOf('normal', o.shape), dtype: dtypeOf('normal', o.dtype, 'float', ['float', 'complex']) });
}

/** erf, of float32 exactly ±1 where the nearest number is: pinned plugins stop short of it, JAX's does not, and far bounds tell them apart. */
function errorOf(x: Array): Array {
  return x.dtype === 'float32' ? where(gt(abs(x), like(x, 3.832506856900711)), sign(x), erf(x)) : erf(x);
}

const drawTruncated = sampler<ShapeAndDtype>('truncated_normal', (key, bounds, { shape, dtype }) => {
  const [lower, upper] = bounds.map((b) => convert(b, dtype)) as [Array, Array];
  const root2 = scalar(Math.SQRT2, dtype);
  const out = mul(erfInv(uniformIn(key, shape, dtype, errorOf(div(lower, root2)), errorOf(div(upper, root2)))), root2);
  // Rounding must not lead out of the open interval.
  const least = nextafter(stopGradient(lower), scalar(Infinity, dtype));
  const most = nextafter(stopGradient(upper), scalar(-Infinity, dtype));
  return min(max(out, fitTo(least, shape)), fitTo(most, shape));
});

/**
 * Standard normal numbers conditioned to lie in (lower, upper). Mirrors `jax.random.truncated_normal`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param lower lower bound, an array that broadcasts to the shape
 * @param upper upper bound, likewise
 * @returns an array of the given shape, by default that of the bounds
 * @throws ShapeError if the bounds do not broadcast to the shape
 * @example
 * prng.truncatedNormal(prng.PRNGKey(0), -2, 2, [5]);
 */
export function truncatedNormal(key: Array, lower: ArrayLike, upper: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('truncatedNormal', key);
  const o = readOptions('truncatedNormal', OPTIONS, shape, options);
  const bounds = [asArray(lower, 'truncatedNormal: lower'), asArray(upper, 'truncatedNormal: upper')];
  return drawTruncated(k, bounds, { shape: sampleShape('truncatedNormal', o.shape, ...bounds.map((b) => b.shape)), dtype: dtypeOf('truncatedNormal', o.dtype, 'float', ['float']) });
}

const logNormal = parametric('lognormal', (key, [sigma], shape, dtype) => exp(mul(normalIn(key, shape, dtype), fitTo(sigma!, shape))), { lossy: true });

/** Options of {@link lognormal}. */
export interface LognormalOptions extends SampleOptions {
  /** Standard deviation of the logarithm, which broadcasts to the shape; 1 by default. */
  sigma?: ArrayLike;
}

/**
 * Numbers whose logarithm is normal with mean 0 and standard deviation sigma. Mirrors `jax.random.lognormal`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param shape shape of the result; without it that of the parameters, a scalar where there are none
 * @example
 * prng.lognormal(prng.PRNGKey(0), [4], { sigma: 0.5 });
 */
export function lognormal(key: Array, shape?: ShapeOr<LognormalOptions>, options?: LognormalOptions): Array {
  const { sigma = 1, ...o } = readOptions('lognormal', ['sigma', 'shape', 'dtype'], shape, options);
  return logNormal(key, { sigma }, o);
}

// ---- exponential and what comes of it ----

export function exponentialIn(key: Array, shape: Shape, dtype: DType): Array {
  return unitToExponential(unitUniform(key, shape, dtype));
}

/**
 * Exponentially distributed numbers with rate 1. Mirrors `jax.random.exponential`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @returns an array of the given shape (a scalar by default), float32 by default
 * @example
 * prng.exponential(prng.PRNGKey(0), [4]);
 */
export const exponential: Sampler = standard('exponential', exponentialIn);

const drawPareto = parametric('pareto', (key, [b], shape, dtype) => exp(div(exponentialIn(key, shape, dtype), fitTo(b!, shape))));

/**
 * Pareto distributed numbers, at least 1. Mirrors `jax.random.pareto`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param b shape parameter, an array that broadcasts to the shape
 * @example
 * prng.pareto(prng.PRNGKey(0), 2.5, [4]);
 */
export function pareto(key: Array, b: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawPareto(key, { b }, shape, options);
}

const drawRayleigh = parametric('rayleigh', (key, [scale], shape, dtype) => mul(fitTo(scale!, shape), sqrt(mul(log(unitUniform(key, shape, dtype)), scalar(-2, dtype)))));

/**
 * Rayleigh distributed numbers. Mirrors `jax.random.rayleigh`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param scale an array that broadcasts to the shape
 * @example
 * prng.rayleigh(prng.PRNGKey(0), 2, [4]);
 */
export function rayleigh(key: Array, scale: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawRayleigh(key, { scale }, shape, options);
}

/** A sampler whose shape does not grow with its parameters: they must broadcast to it. */
function located(name: string, draw: (key: Array, params: Array[], shape: Shape, dtype: DType) => Array, wanted: ((shape: Shape, params: readonly Shape[]) => Shape) | null): (key: Array, params: Record<string, ArrayLike>, shape?: ShapeOr<SampleOptions>, options?: SampleOptions) => Array {
  const program = sampler<ShapeAndDtype>(name, (key, params, { shape, dtype }) => draw(key, params.map((p) => convert(p, dtype)), shape, dtype));
  return (key, params, shape, options) => {
    const k = checkKey(name, key);
    const o = readOptions(name, OPTIONS, shape, options);
    const arrays = Object.entries(params).map(([n, p]) => asArray(p, `${name}: ${n}`));
    const given = shapeOf(name, o.shape);
    const full = wanted === null ? given : sampleShape(name, wanted(given, arrays.map((a) => a.shape)), ...arrays.map((a) => a.shape));
    return program(k, arrays, { shape: full, dtype: dtypeOf(name, o.dtype, 'float', ['float']) });
  };
}

// Numbers of the shape, which then broadcast with the parameters.
const drawWeibull = located('weibullMin', (key, [scale, concentration], shape, dtype) => {
  const full = broadcastShape('weibullMin', [shape, scale!.shape, concentration!.shape]);
  const power = div(scalar(1, dtype), fitTo(concentration!, full));
  return mul(pow(fitTo(exponentialIn(key, shape, dtype), full), power), fitTo(scale!, full));
}, null);

/**
 * Weibull distributed numbers. Mirrors `jax.random.weibull_min`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param scale an array that broadcasts with the shape
 * @param concentration an array that broadcasts with the shape
 * @example
 * prng.weibullMin(prng.PRNGKey(0), 2, 1.5, [4]);
 */
export function weibullMin(key: Array, scale: ArrayLike, concentration: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawWeibull(key, { scale, concentration }, shape, options);
}

// ---- by inversion of other distribution functions ----

/**
 * Laplace distributed numbers with scale 1. Mirrors `jax.random.laplace`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param shape shape of the result; without it that of the parameters, a scalar where there are none
 * @example
 * prng.laplace(prng.PRNGKey(0), [4]);
 */
export const laplace: Sampler = standard('laplace', (key, shape, dtype) => {
  const u = uniformBetween(key, shape, dtype, -1 + floatInfo('laplace', dtype).eps / 2, 1);
  return mul(sign(u), log1p(neg(abs(u))));
});

/**
 * Numbers of the logistic distribution. Mirrors `jax.random.logistic`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param shape shape of the result; without it that of the parameters, a scalar where there are none
 * @example
 * prng.logistic(prng.PRNGKey(0), [4]);
 */
export const logistic: Sampler = standard('logistic', (key, shape, dtype) => {
  const u = uniformBetween(key, shape, dtype, floatInfo('logistic', dtype).tiny, 1);
  return sub(log(u), log1p(neg(u)));
});

/**
 * Cauchy distributed numbers. Mirrors `jax.random.cauchy`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param shape shape of the result; without it that of the parameters, a scalar where there are none
 * @example
 * prng.cauchy(prng.PRNGKey(0), [4]);
 */
export const cauchy: Sampler = standard('cauchy', (key, shape, dtype) => {
  const u = uniformBetween(key, shape, dtype, floatInfo('cauchy', dtype).eps, 1);
  return tan(mul(scalar(Math.PI, dtype), sub(u, scalar(0.5, dtype))));
});

/** How exact the tails are. */
export type GumbelMode = 'low' | 'high' | 'highest';

/** The float32 nearest below a fixed-point number of 64 bits, given as its two words stacked in dimension 0. */
function fixedToFloat(words: Array): Array {
  const zeros = clz(words);
  const [hiZeros, loZeros] = [indexInDim(zeros, 0, 0), indexInDim(zeros, 1, 0)];
  const [hi, lo] = [indexInDim(words, 0, 0), indexInDim(words, 1, 0)];
  const k = (v: number) => like(hi, v);
  const onlyLow = eq(hiZeros, k(32));
  const rest = where(onlyLow, shiftLeft(lo, loZeros), shiftRightLogical(lo, sub(k(32), hiZeros)));
  const fraction = and(shiftRightLogical(or(shiftLeft(hi, hiZeros), rest), k(8)), k(0x7fffff));
  const exponent = sub(k(126), where(onlyLow, add(loZeros, k(32)), hiZeros));
  return bitcastConvertType(or(and(shiftLeft(exponent, k(23)), k(0x3fc00000)), fraction), 'float32');
}

/** Gumbel numbers; `high` and `highest` take twice the bits, which reach further into the tail. */
export function gumbelIn(key: Array, shape: Shape, dtype: DType, mode: GumbelMode): Array {
  const info = floatInfo('gumbel', dtype);
  const twice = (x: Array) => neg(log(neg(x)));
  if (mode === 'low') return twice(log(uniformBetween(key, shape, dtype, info.tiny, 1)));
  if (mode === 'highest' && dtype === 'float32') {
    const words = bitsOf(key, 32, [2, ...shape]);
    const [hi, lo] = [indexInDim(words, 0, 0), indexInDim(words, 1, 0)];
    // 1 − x in fixed point, where x is at least one half.
    const notLo = not(lo);
    const flippedHi = add(not(hi), convert(eq(notLo, like(lo, 0xffffffff)), 'uint32'));
    const small = lt(hi, like(hi, 2 ** 31));
    const x = fixedToFloat(stackPair(where(small, hi, flippedHi), where(small, lo, add(notLo, like(lo, 1)))));
    return where(small, twice(log1p(neg(x))), twice(log(x)));
  }
  const u = unitUniform(key, [2, ...shape], dtype);
  const [coarse, fine] = [indexInDim(u, 0, 0), indexInDim(u, 1, 0)];
  const x = where(ge(coarse, like(coarse, 0.5)), coarse, add(add(coarse, mul(like(fine, 2 ** -info.mantissa), fine)), like(fine, info.tiny)));
  return twice(log1p(neg(x)));
}

function stackPair(x: Array, y: Array): Array {
  return concatenate([x, y].map((v) => reshape(v, [1, ...v.shape])), 0);
}

const drawGumbel = sampler<ShapeAndDtype & { mode: GumbelMode }>('gumbel', (key, _, { shape, dtype, mode }) => gumbelIn(key, shape, dtype, mode));

/** Options of {@link gumbel}. */
export interface GumbelOptions extends SampleOptions {
  /** `low` (default) takes the bits of the type; `high` and `highest` take twice as many, which reach further into the tail. */
  mode?: GumbelMode | null;
}

export function gumbelMode(op: string, mode: GumbelMode | null | undefined): GumbelMode {
  const m = mode ?? 'low';
  if (m !== 'low' && m !== 'high' && m !== 'highest') throw new ArgumentError(`${op}: expected mode to be 'low', 'high' or 'highest', got ${describeValue(mode)}`);
  return m;
}

/**
 * Gumbel distributed numbers. Mirrors `jax.random.gumbel`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param shape shape of the result; without it that of the parameters, a scalar where there are none
 * @example
 * prng.gumbel(prng.PRNGKey(0), [4]);
 */
export function gumbel(key: Array, shape?: ShapeOr<GumbelOptions>, options?: GumbelOptions): Array {
  const k = checkKey('gumbel', key);
  const o = readOptions('gumbel', ['shape', 'dtype', 'mode'], shape, options);
  return drawGumbel(k, [], { shape: shapeOf('gumbel', o.shape), dtype: dtypeOf('gumbel', o.dtype, 'float', ['float']), mode: gumbelMode('gumbel', o.mode) });
}

const drawTriangular = parametric('triangular', (key, params, shape, dtype) => {
  const [left, mode, right] = params.map((p) => fitTo(p, shape)) as [Array, Array, Array];
  const u = unitUniform(key, shape, dtype);
  const width = sub(right, left);
  const rising = add(left, sqrt(mul(mul(u, width), sub(mode, left))));
  const falling = sub(right, sqrt(mul(mul(sub(scalar(1, dtype), u), width), sub(right, mode))));
  return where(lt(u, div(sub(mode, left), width)), rising, falling);
}, { lossy: true });

/**
 * Numbers of the triangular distribution on [left, right] with its peak at `mode`. Mirrors `jax.random.triangular`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param left an array that broadcasts to the shape, as `mode` and `right` do
 * @example
 * prng.triangular(prng.PRNGKey(0), -1, 0.5, 2, [4]);
 */
export function triangular(key: Array, left: ArrayLike, mode: ArrayLike, right: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawTriangular(key, { left, mode, right }, shape, options);
}

// ---- from several normal numbers ----

export function maxwellIn(key: Array, shape: Shape, dtype: DType): Array {
  const x = normalIn(key, [...shape, 3], dtype);
  return sqrt(reduceSum(mul(x, x), [shape.length]));
}

/**
 * Maxwell distributed numbers with scale 1. Mirrors `jax.random.maxwell`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param shape shape of the result; without it that of the parameters, a scalar where there are none
 * @example
 * prng.maxwell(prng.PRNGKey(0), [4]);
 */
export const maxwell: Sampler = standard('maxwell', maxwellIn);

const drawDoubleSided = located('doubleSidedMaxwell', (key, params, shape, dtype) => {
  const [loc, scale] = params.map((p) => fitTo(p, shape)) as [Array, Array];
  const [k1, k2] = splitInto(key, 2);
  return add(mul(mul(signs(k2!, shape, dtype), maxwellIn(k1!, shape, dtype)), scale), loc);
}, (shape, params) => {
  const common = broadcastShape('doubleSidedMaxwell', params);
  return [...(shape.length === 0 ? common : shape), ...common];
});

/**
 * Maxwell distributed numbers with a random sign, scaled and shifted. Mirrors `jax.random.double_sided_maxwell`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param loc an array; its common shape with `scale` is appended to the shape
 * @param scale an array
 * @example
 * prng.doubleSidedMaxwell(prng.PRNGKey(0), 1, 2, [3]);
 */
export function doubleSidedMaxwell(key: Array, loc: ArrayLike, scale: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawDoubleSided(key, { loc, scale }, shape, options);
}

const drawWald = parametric('wald', (key, [m], shape, dtype) => {
  const [k1, k2] = splitInto(key, 2);
  const mean = fitTo(m!, shape);
  const y = square(normalIn(k1!, shape, dtype));
  const z = unitUniform(k2!, shape, dtype);
  const k = (v: number) => scalar(v, dtype);
  const squared = integerPow(mean, 2);
  const root = sqrt(add(mul(mul(k(4), mean), y), mul(squared, integerPow(y, 2))));
  const x = sub(add(mean, div(mul(squared, y), k(2))), mul(div(mean, k(2)), root));
  return where(le(z, div(mean, add(mean, x))), x, div(squared, x));
});

/**
 * Numbers of Wald's (the inverse Gaussian) distribution with scale 1. Mirrors `jax.random.wald`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param mean an array that broadcasts to the shape
 * @example
 * prng.wald(prng.PRNGKey(0), 1.5, [4]);
 */
export function wald(key: Array, mean: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  return drawWald(key, { mean }, shape, options);
}
