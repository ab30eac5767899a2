import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import * as p from '../primitives/elementwise';
import { full } from '../primitives/structural';
import { type ArrayLike, asArray } from './arrayLike';

// Elementwise operations of one operand: they take arrays of the dtypes they are defined for, without promotion.

/**
 * The absolute value; of complex numbers, the modulus, elementwise. Mirrors `jax.lax.abs`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.abs(np.array([-1.5, 2])).js(); // [1.5, 2]
 */
export function abs(x: ArrayLike): Array {
  return p.abs(asArray(x, 'abs'));
}

/** The angle whose cosine is x, elementwise. Mirrors `jax.lax.acos`. @throws DtypeError for a dtype it is not defined for @example lax.acos(np.array([1, 0])).js(); // [0, 1.5708] */
export function acos(x: ArrayLike): Array {
  return p.acos(asArray(x, 'acos'));
}

/** The inverse of cosh, elementwise. Mirrors `jax.lax.acosh`. @throws DtypeError for a dtype it is not defined for @example lax.acosh(np.array([1, 2])).js(); // [0, 1.3169…] */
export function acosh(x: ArrayLike): Array {
  return p.acosh(asArray(x, 'acosh'));
}

/** The angle whose sine is x, elementwise. Mirrors `jax.lax.asin`. @throws DtypeError for a dtype it is not defined for @example lax.asin(np.array([0, 1])).js(); // [0, 1.5708] */
export function asin(x: ArrayLike): Array {
  return p.asin(asArray(x, 'asin'));
}

/** The inverse of sinh, elementwise. Mirrors `jax.lax.asinh`. @throws DtypeError for a dtype it is not defined for @example lax.asinh(np.array([0, 1])).js(); // [0, 0.8813…] */
export function asinh(x: ArrayLike): Array {
  return p.asinh(asArray(x, 'asinh'));
}

/** The angle whose tangent is x, elementwise. Mirrors `jax.lax.atan`. @throws DtypeError for a dtype it is not defined for @example lax.atan(np.array([0, 1])).js(); // [0, 0.7854] */
export function atan(x: ArrayLike): Array {
  return p.atan(asArray(x, 'atan'));
}

/** The inverse of tanh, elementwise. Mirrors `jax.lax.atanh`. @throws DtypeError for a dtype it is not defined for @example lax.atanh(np.array([0, 0.5])).js(); // [0, 0.5493…] */
export function atanh(x: ArrayLike): Array {
  return p.atanh(asArray(x, 'atanh'));
}

/**
 * exp(−|x|) I0(x), I0 being the modified Bessel function of order 0, elementwise. Mirrors `jax.lax.bessel_i0e`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.besselI0e(np.array([0.0, 1.0])).js(); // [1, 0.4657…]
 */
export function besselI0e(x: ArrayLike): Array {
  return p.besselI0e(asArray(x, 'besselI0e'));
}

/**
 * exp(−|x|) I1(x), I1 being the modified Bessel function of order 1, elementwise. Mirrors `jax.lax.bessel_i1e`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.besselI1e(np.array([0.0, 1.0])).js(); // [0, 0.2079…]
 */
export function besselI1e(x: ArrayLike): Array {
  return p.besselI1e(asArray(x, 'besselI1e'));
}

/** The cube root, elementwise. Mirrors `jax.lax.cbrt`. @throws DtypeError for a dtype it is not defined for @example lax.cbrt(np.array([8.0, -27.0])).js(); // [2, -3] */
export function cbrt(x: ArrayLike): Array {
  return p.cbrt(asArray(x, 'cbrt'));
}

/** The smallest integer not below x, elementwise. Mirrors `jax.lax.ceil`. @throws DtypeError for a dtype it is not defined for @example lax.ceil(np.array([1.2, -1.2])).js(); // [2, -1] */
export function ceil(x: ArrayLike): Array {
  return p.ceil(asArray(x, 'ceil'));
}

/**
 * How many leading bits are 0, elementwise. Mirrors `jax.lax.clz`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.clz(np.array([1, 255], { dtype: 'int32' })).js(); // [31, 24]
 */
export function clz(x: ArrayLike): Array {
  return p.clz(asArray(x, 'clz'));
}

/** The cosine, elementwise. Mirrors `jax.lax.cos`. @throws DtypeError for a dtype it is not defined for @example lax.cos(np.array([0.0, Math.PI])).js(); // [1, -1] */
export function cos(x: ArrayLike): Array {
  return p.cos(asArray(x, 'cos'));
}

/** The hyperbolic cosine, elementwise. Mirrors `jax.lax.cosh`. @throws DtypeError for a dtype it is not defined for @example lax.cosh(np.array([0.0, 1.0])).js(); // [1, 1.5430…] */
export function cosh(x: ArrayLike): Array {
  return p.cosh(asArray(x, 'cosh'));
}

/**
 * The derivative of log Γ, elementwise. Mirrors `jax.lax.digamma`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.digamma(np.array([1.0, 2.0])).js(); // [-0.5772…, 0.4227…]
 */
export function digamma(x: ArrayLike): Array {
  return p.digamma(asArray(x, 'digamma'));
}

/** The error function, elementwise. Mirrors `jax.lax.erf`. @throws DtypeError for a dtype it is not defined for @example lax.erf(np.array([0.0, 1.0])).js(); // [0, 0.8427] */
export function erf(x: ArrayLike): Array {
  return p.erf(asArray(x, 'erf'));
}

/** 1 − erf(x), exact for large x, elementwise. Mirrors `jax.lax.erfc`. @throws DtypeError for a dtype it is not defined for @example lax.erfc(np.array([0.0, 1.0])).js(); // [1, 0.1572…] */
export function erfc(x: ArrayLike): Array {
  return p.erfc(asArray(x, 'erfc'));
}

/** The inverse of erf, elementwise. Mirrors `jax.lax.erf_inv`. @throws DtypeError for a dtype it is not defined for @example lax.erfInv(np.array([0.0, 0.5])).js(); // [0, 0.4769…] */
export function erfInv(x: ArrayLike): Array {
  return p.erfInv(asArray(x, 'erfInv'));
}

/** e to the power x, elementwise. Mirrors `jax.lax.exp`. @throws DtypeError for a dtype it is not defined for @example lax.exp(np.array([0.0, 1.0])).js(); // [1, 2.7182…] */
export function exp(x: ArrayLike): Array {
  return p.exp(asArray(x, 'exp'));
}

/** 2 to the power x, elementwise. Mirrors `jax.lax.exp2`. @throws DtypeError for a dtype it is not defined for @example lax.exp2(np.array([0.0, 3.0])).js(); // [1, 8] */
export function exp2(x: ArrayLike): Array {
  return p.exp2(asArray(x, 'exp2'));
}

/**
 * exp(x) − 1, exact for small x, elementwise. Mirrors `jax.lax.expm1`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.expm1(np.array([0.0, 1.0])).js(); // [0, 1.7182…]
 */
export function expm1(x: ArrayLike): Array {
  return p.expm1(asArray(x, 'expm1'));
}

/** The largest integer not above x, elementwise. Mirrors `jax.lax.floor`. @throws DtypeError for a dtype it is not defined for @example lax.floor(np.array([1.7, -1.2])).js(); // [1, -2] */
export function floor(x: ArrayLike): Array {
  return p.floor(asArray(x, 'floor'));
}

/** The imaginary part, elementwise. Mirrors `jax.lax.imag`. @throws DtypeError for a dtype it is not defined for @example lax.imag(np.array([{ re: 1, im: 2 }])).js(); // [2] */
export function imag(x: ArrayLike): Array {
  return p.imag(asArray(x, 'imag'));
}

/**
 * Whether x is neither infinite nor NaN, elementwise. Mirrors `jax.lax.is_finite`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.isFinite(np.array([1, Infinity, NaN])).js(); // [true, false, false]
 */
export function isFinite(x: ArrayLike): Array {
  return p.isFinite(asArray(x, 'isFinite'));
}

/** log |Γ(x)|, elementwise. Mirrors `jax.lax.lgamma`. @throws DtypeError for a dtype it is not defined for @example lax.lgamma(np.array([1.0, 5.0])).js(); // [0, 3.1780…] */
export function lgamma(x: ArrayLike): Array {
  return p.lgamma(asArray(x, 'lgamma'));
}

/** The natural logarithm, elementwise. Mirrors `jax.lax.log`. @throws DtypeError for a dtype it is not defined for @example lax.log(np.array([1.0, 10.0])).js(); // [0, 2.3025…] */
export function log(x: ArrayLike): Array {
  return p.log(asArray(x, 'log'));
}

/**
 * log(1 + x), exact for small x, elementwise. Mirrors `jax.lax.log1p`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.log1p(np.array([0.0, 1.0])).js(); // [0, 0.6931…]
 */
export function log1p(x: ArrayLike): Array {
  return p.log1p(asArray(x, 'log1p'));
}

/** 1 / (1 + exp(−x)), elementwise. Mirrors `jax.lax.logistic`. @throws DtypeError for a dtype it is not defined for @example lax.logistic(np.array([0.0, 2.0])).js(); // [0.5, 0.8808] */
export function logistic(x: ArrayLike): Array {
  return p.logistic(asArray(x, 'logistic'));
}

/** The negative, elementwise. Mirrors `jax.lax.neg`. @throws DtypeError for a dtype it is not defined for @example lax.neg(np.array([1, -2])).js(); // [-1, 2] */
export function neg(x: ArrayLike): Array {
  return p.neg(asArray(x, 'neg'));
}

/**
 * How many bits are set, elementwise. Mirrors `jax.lax.population_count`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.populationCount(np.array([7, 8], { dtype: 'int32' })).js(); // [3, 1]
 */
export function populationCount(x: ArrayLike): Array {
  return p.populationCount(asArray(x, 'populationCount'));
}

/** The real part, elementwise. Mirrors `jax.lax.real`. @throws DtypeError for a dtype it is not defined for @example lax.real(np.array([{ re: 1, im: 2 }])).js(); // [1] */
export function real(x: ArrayLike): Array {
  return p.real(asArray(x, 'real'));
}

/** 1 / √x, elementwise. Mirrors `jax.lax.rsqrt`. @throws DtypeError for a dtype it is not defined for @example lax.rsqrt(np.array([4.0, 16.0])).js(); // [0.5, 0.25] */
export function rsqrt(x: ArrayLike): Array {
  return p.rsqrt(asArray(x, 'rsqrt'));
}

/**
 * −1, 0 or 1 by the sign; of complex numbers, x / |x|, elementwise. Mirrors `jax.lax.sign`. @throws DtypeError for a dtype it is not defined for
 *
 * @example
 * lax.sign(np.array([-3.0, 0.0, 2.0])).js(); // [-1, 0, 1]
 */
export function sign(x: ArrayLike): Array {
  return p.sign(asArray(x, 'sign'));
}

/** The sine, elementwise. Mirrors `jax.lax.sin`. @throws DtypeError for a dtype it is not defined for @example lax.sin(np.array([0.0, Math.PI / 2])).js(); // [0, 1] */
export function sin(x: ArrayLike): Array {
  return p.sin(asArray(x, 'sin'));
}

/** The hyperbolic sine, elementwise. Mirrors `jax.lax.sinh`. @throws DtypeError for a dtype it is not defined for @example lax.sinh(np.array([0.0, 1.0])).js(); // [0, 1.1752] */
export function sinh(x: ArrayLike): Array {
  return p.sinh(asArray(x, 'sinh'));
}

/** The square root, elementwise. Mirrors `jax.lax.sqrt`. @throws DtypeError for a dtype it is not defined for @example lax.sqrt(np.array([4.0, 2.0])).js(); // [2, 1.4142…] */
export function sqrt(x: ArrayLike): Array {
  return p.sqrt(asArray(x, 'sqrt'));
}

/** x · x, elementwise. Mirrors `jax.lax.square`. @throws DtypeError for a dtype it is not defined for @example lax.square(np.array([-3, 2])).js(); // [9, 4] */
export function square(x: ArrayLike): Array {
  return p.square(asArray(x, 'square'));
}

/** The tangent, elementwise. Mirrors `jax.lax.tan`. @throws DtypeError for a dtype it is not defined for @example lax.tan(np.array([0.0, 1.0])).js(); // [0, 1.5574…] */
export function tan(x: ArrayLike): Array {
  return p.tan(asArray(x, 'tan'));
}

/** The hyperbolic tangent, elementwise. Mirrors `jax.lax.tanh`. @throws DtypeError for a dtype it is not defined for @example lax.tanh(np.array([0.0, 1.0])).js(); // [0, 0.7615…] */
export function tanh(x: ArrayLike): Array {
  return p.tanh(asArray(x, 'tanh'));
}

/**
 * The complement of the bits of integers, or of booleans, elementwise. Mirrors `jax.lax.bitwise_not`. @throws DtypeError for other dtypes
 *
 * @example
 * lax.bitwiseNot(np.array([0, 5], { dtype: 'int32' })).js(); // [-1, -6]
 */
export function bitwiseNot(x: ArrayLike): Array {
  return p.not(asArray(x, 'bitwiseNot'));
}

/** The complex conjugate, elementwise; real numbers become complex. Mirrors `jax.lax.conj`. @example lax.imag(lax.conj(np.array([{ re: 1, im: 2 }]))).js(); // [-2] */
export function conj(x: ArrayLike): Array {
  return p.conj(asArray(x, 'conj'));
}

/** 1 / x, elementwise. Mirrors `jax.lax.reciprocal`. @throws DtypeError for integers @example lax.reciprocal(np.array([2.0, 4.0])).js(); // [0.5, 0.25] */
export function reciprocal(x: ArrayLike): Array {
  return integerPow(x, -1);
}

/**
 * x to a whole power known beforehand, elementwise. Mirrors `jax.lax.integer_pow`. @throws DtypeError for an integer to a negative power
 *
 * @example
 * lax.integerPow(np.array([2.0, 3.0]), -2).js(); // [0.25, 0.1111…]
 */
export function integerPow(x: ArrayLike, y: number): Array {
  const a = asArray(x, 'integerPow');
  checkInteger('integerPow', 'y', y);
  if (y < 0 && ['int', 'uint'].includes(dtypeKind(a.dtype))) throw new DtypeError(`integerPow: integers cannot be raised to negative powers, got ${a.aval} and ${y}`);
  if (y === 0) return full(a.shape, 1, a.dtype, a.weakType);
  return y === 1 ? a : p.integerPow(a, y);
}

/** How numbers halfway between two integers are rounded. Mirrors `jax.lax.RoundingMethod`. */
export const RoundingMethod = { AWAY_FROM_ZERO: 0, TO_NEAREST_EVEN: 1 } as const;

/**
 * The nearest integer, elementwise; halves go away from zero unless told otherwise. Mirrors `jax.lax.round`.
 *
 * @throws ArgumentError for another method
 * @example
 * lax.round(np.array([2.5, -2.5]), { roundingMethod: 'TO_NEAREST_EVEN' }).js(); // [2, -2]
 */
export function round(x: ArrayLike, options: { roundingMethod?: 0 | 1 | 'AWAY_FROM_ZERO' | 'TO_NEAREST_EVEN' } = {}): Array {
  options = checkOptions('round', ['roundingMethod'], options);
  const m = options.roundingMethod ?? 0;
  const method = typeof m === 'string' ? RoundingMethod[m] : m;
  if (method !== 0 && method !== 1) throw new ArgumentError(`round: expected roundingMethod to be one of RoundingMethod, got ${String(m)}`);
  return p.round(asArray(x, 'round'), method === 1);
}
