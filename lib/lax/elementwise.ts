import { checkInteger } from '../core/checks';
import type { Array } from '../core/array';
import { checkDtype } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { flatten, map } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import { checkOptions } from '../functional/options';
import { optimizationBarrierP } from '../interpreters/remat';
import * as p from '../primitives/elementwise';
import * as incomplete from '../primitives/incomplete';
import * as gammas from '../primitives/randomGamma';
import { full } from '../primitives/structural';
import { type ArrayLike, asArray, astype, isScalarValue } from './arrayLike';
import { operands } from './operands';

// Elementwise operations: those of one operand take arrays of the dtypes they are defined for, without promotion. Those of several take arrays of one
// dtype and of one shape, or scalars; a dimension of size 1 goes with any. Plain JS values take the dtype of the arrays beside them.

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

/** x + y, elementwise. Mirrors `jax.lax.add`. @throws DtypeError, ShapeError where the operands do not go together @example lax.add(np.array([1, 2]), 3).js(); // [4, 5] */
export function add(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('add', x, y) as [Array, Array];
  return p.add(a, b);
}

/**
 * The angle of the point with ordinate x and abscissa y, elementwise. Mirrors `jax.lax.atan2`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.atan2(np.array([1.0, -1.0]), np.array([0.0, -1.0])).js(); // [1.5708, -2.3562]
 */
export function atan2(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('atan2', x, y) as [Array, Array];
  return p.atan2(a, b);
}

/**
 * And of the bits of integers, or of booleans, elementwise. Mirrors `jax.lax.bitwise_and`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.bitwiseAnd(np.array([12, 10], { dtype: 'int32' }), 6).js(); // [4, 2]
 */
export function bitwiseAnd(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('bitwiseAnd', x, y) as [Array, Array];
  return p.and(a, b);
}

/**
 * Or of the bits of integers, or of booleans, elementwise. Mirrors `jax.lax.bitwise_or`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.bitwiseOr(np.array([12, 10], { dtype: 'int32' }), 6).js(); // [14, 14]
 */
export function bitwiseOr(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('bitwiseOr', x, y) as [Array, Array];
  return p.or(a, b);
}

/**
 * Exclusive or of the bits of integers, or of booleans, elementwise. Mirrors `jax.lax.bitwise_xor`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.bitwiseXor(np.array([12, 10], { dtype: 'int32' }), 6).js(); // [10, 12]
 */
export function bitwiseXor(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('bitwiseXor', x, y) as [Array, Array];
  return p.xor(a, b);
}

/**
 * Complex numbers of real and imaginary parts, elementwise. Mirrors `jax.lax.complex`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.complex(np.array([1.0]), np.array([2.0])).dtype; // 'complex64'
 */
export function complex(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('complex', x, y) as [Array, Array];
  return p.complex(a, b);
}

/**
 * x / y; of integers, rounded toward 0, elementwise. Mirrors `jax.lax.div`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.div(np.array([7, -7], { dtype: 'int32' }), 2).js(); // [3, -3]
 */
export function div(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('div', x, y) as [Array, Array];
  return p.div(a, b);
}

/**
 * x = y, as bool, elementwise. Mirrors `jax.lax.eq`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.eq(np.array([1, 2]), np.array([1, 3])).js(); // [true, false]
 */
export function eq(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('eq', x, y) as [Array, Array];
  return p.eq(a, b);
}

/**
 * x ≥ y, as bool, elementwise. Mirrors `jax.lax.ge`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.ge(np.array([1, 2, 3]), 2).js(); // [false, true, true]
 */
export function ge(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('ge', x, y) as [Array, Array];
  return p.ge(a, b);
}

/**
 * x > y, as bool, elementwise. Mirrors `jax.lax.gt`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.gt(np.array([1, 2, 3]), 2).js(); // [false, false, true]
 */
export function gt(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('gt', x, y) as [Array, Array];
  return p.gt(a, b);
}

/**
 * x ≤ y, as bool, elementwise. Mirrors `jax.lax.le`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.le(np.array([1, 2, 3]), 2).js(); // [true, true, false]
 */
export function le(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('le', x, y) as [Array, Array];
  return p.le(a, b);
}

/**
 * x < y, as bool, elementwise. Mirrors `jax.lax.lt`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.lt(np.array([1, 2, 3]), 2).js(); // [true, false, false]
 */
export function lt(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('lt', x, y) as [Array, Array];
  return p.lt(a, b);
}

/** The greater, elementwise. Mirrors `jax.lax.max`. @throws DtypeError, ShapeError where the operands do not go together @example lax.max(np.array([1, 5]), 3).js(); // [3, 5] */
export function max(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('max', x, y) as [Array, Array];
  return p.max(a, b);
}

/** The less, elementwise. Mirrors `jax.lax.min`. @throws DtypeError, ShapeError where the operands do not go together @example lax.min(np.array([1, 5]), 3).js(); // [1, 3] */
export function min(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('min', x, y) as [Array, Array];
  return p.min(a, b);
}

/** x · y, elementwise. Mirrors `jax.lax.mul`. @throws DtypeError, ShapeError where the operands do not go together @example lax.mul(np.array([1, 2]), np.array([3, 4])).js(); // [3, 8] */
export function mul(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('mul', x, y) as [Array, Array];
  return p.mul(a, b);
}

/**
 * x ≠ y, as bool, elementwise. Mirrors `jax.lax.ne`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.ne(np.array([1, 2]), np.array([1, 3])).js(); // [false, true]
 */
export function ne(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('ne', x, y) as [Array, Array];
  return p.ne(a, b);
}

/**
 * The next number after x in the direction of y, elementwise. Mirrors `jax.lax.nextafter`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.gt(lax.nextafter(np.array(1.0), np.array(2)), 1).js(); // true
 */
export function nextafter(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('nextafter', x, y) as [Array, Array];
  return p.nextafter(a, b);
}

/**
 * The m-th derivative of the digamma function, elementwise. Mirrors `jax.lax.polygamma`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.polygamma(np.array(1.0), np.array(1.0)).js(); // 1.6449…
 */
export function polygamma(m: ArrayLike, x: ArrayLike): Array {
  const [a, b] = operands('polygamma', m, x) as [Array, Array];
  return p.polygamma(a, b);
}

/**
 * The remainder with the sign of x, elementwise. Mirrors `jax.lax.rem`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.rem(np.array([7, -7], { dtype: 'int32' }), 3).js(); // [1, -1]
 */
export function rem(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('rem', x, y) as [Array, Array];
  return p.rem(a, b);
}

/**
 * Bits moved up by y places, elementwise. Mirrors `jax.lax.shift_left`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.shiftLeft(np.array([1, 3], { dtype: 'int32' }), 2).js(); // [4, 12]
 */
export function shiftLeft(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('shiftLeft', x, y) as [Array, Array];
  return p.shiftLeft(a, b);
}

/**
 * Bits moved down by y places, the sign coming in, elementwise. Mirrors `jax.lax.shift_right_arithmetic`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.shiftRightArithmetic(np.array([-8, 8], { dtype: 'int32' }), 1).js(); // [-4, 4]
 */
export function shiftRightArithmetic(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('shiftRightArithmetic', x, y) as [Array, Array];
  return p.shiftRightArithmetic(a, b);
}

/**
 * Bits moved down by y places, zeros coming in, elementwise. Mirrors `jax.lax.shift_right_logical`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.shiftRightLogical(np.array([-8, 8], { dtype: 'int32' }), 28).js(); // [15, 0]
 */
export function shiftRightLogical(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('shiftRightLogical', x, y) as [Array, Array];
  return p.shiftRightLogical(a, b);
}

/** x − y, elementwise. Mirrors `jax.lax.sub`. @throws DtypeError, ShapeError where the operands do not go together @example lax.sub(np.array([1, 2]), 3).js(); // [-2, -1] */
export function sub(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('sub', x, y) as [Array, Array];
  return p.sub(a, b);
}

/**
 * The Hurwitz zeta function, elementwise. Mirrors `jax.lax.zeta`. @throws DtypeError, ShapeError where the operands do not go together
 *
 * @example
 * lax.zeta(np.array(2), np.array(1.0)).js(); // 1.6449…
 */
export function zeta(x: ArrayLike, q: ArrayLike): Array {
  const [a, b] = operands('zeta', x, q) as [Array, Array];
  return p.zeta(a, b);
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
 * x to the power y, elementwise; y may be of integers. Mirrors `jax.lax.pow`. @throws DtypeError unless x is of floats or complex numbers
 *
 * @example
 * lax.pow(np.array([2.0, 3.0]), np.array([3.0, 0.5])).js(); // [8, 1.7320…]
 */
export function pow(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = [asArray(x, 'pow'), asArray(y, 'pow')];
  const whole = ['int', 'uint'].includes(dtypeKind(b.dtype)) && ['float', 'complex'].includes(dtypeKind(a.dtype));
  const [u, v] = whole ? [a, b] : operands('pow', x, y);
  return p.pow(u!, v!);
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

/**
 * Values below `min` become it, and those above `max` that. Mirrors `jax.lax.clamp`. @throws DtypeError, ShapeError unless bounds are scalars or of x's shape
 *
 * @example
 * lax.clamp(0, np.array([-1, 5, 12]), 10).js(); // [0, 5, 10]
 */
export function clamp(min: ArrayLike, x: ArrayLike, max: ArrayLike): Array {
  const [lo, a, hi] = operands('clamp', min, x, max) as [Array, Array, Array];
  return p.clamp(lo, a, hi);
}

/**
 * Elementwise, `onTrue` where `pred` (a bool scalar, or of their shape) holds, else `onFalse`. Mirrors `jax.lax.select`.
 *
 * @throws ShapeError if the predicate has another shape than the cases
 * @example
 * lax.select(np.array([true, false]), np.array([1, 2]), np.array([3, 4])).js(); // [1, 4]
 */
export function select(pred: ArrayLike, onTrue: ArrayLike, onFalse: ArrayLike): Array {
  const which = asArray(pred, 'select');
  if (which.ndim > 0 && isScalarValue(onTrue) && isScalarValue(onFalse)) throw new ShapeError(`select: expected pred to be a scalar as the cases are, got ${which.aval}`);
  return selectN(which, onFalse, onTrue);
}

/**
 * Elementwise, the case whose number is in `which`: int32, or bool for two cases. Mirrors `jax.lax.select_n`. @throws DtypeError, ShapeError unless the cases are of one type
 *
 * @example
 * lax.selectN(np.array([0, 2], { dtype: 'int32' }), np.array([1, 2], { dtype: 'int32' }), np.array([3, 4], { dtype: 'int32' }), np.array([5, 6], { dtype: 'int32' })).js(); // [1, 6]
 */
export function selectN(which: ArrayLike, ...cases: readonly ArrayLike[]): Array {
  if (cases.length === 0) throw new ArgumentError('selectN: expected at least one case');
  return p.selectN(asArray(which, 'selectN'), operands('selectN', ...cases));
}

/**
 * An array in another element type. Mirrors `jax.lax.convert_element_type`. @throws DtypeError for an unknown dtype
 *
 * @param operand an array
 * @param newDtype an element type, by name
 * @example
 * lax.convertElementType(np.array([1.7, -1.7]), 'int32').js(); // [1, -1]
 */
export function convertElementType(operand: ArrayLike, newDtype: DType | 'int' | 'float' | 'complex'): Array {
  const x = asArray(operand, 'convertElementType');
  const dtype = checkDtype('convertElementType', newDtype);
  // Only the real part is kept, also where the question is whether it is zero.
  return astype(dtype === 'bool' && dtypeKind(x.dtype) === 'complex' ? p.real(x) : x, dtype);
}

/**
 * The bits of the elements as another element type; where sizes differ, the last dimension comes or goes. Mirrors `jax.lax.bitcast_convert_type`. @throws ShapeError where the last dimension does not fit
 *
 * @param operand an array
 * @param newDtype an element type, by name
 * @example
 * lax.bitcastConvertType(np.array([1, -2], { dtype: 'float32' }), 'uint32').js(); // [1065353216, 3221225472]
 */
export function bitcastConvertType(operand: ArrayLike, newDtype: DType): Array {
  return p.bitcastConvertType(asArray(operand, 'bitcastConvertType'), checkDtype('bitcastConvertType', newDtype));
}

/**
 * Values rounded to a float type with fewer bits, in the same dtype. Mirrors `jax.lax.reduce_precision`.
 *
 * @param operand an array
 * @param exponentBits bits of exponent that are kept
 * @param mantissaBits bits of fraction that are kept
 * @example
 * lax.reducePrecision(np.array([1.001, 3.14159]), 8, 7).js(); // [1, 3.1406…]
 */
export function reducePrecision(operand: ArrayLike, exponentBits: number, mantissaBits: number): Array {
  checkInteger('reducePrecision', 'exponentBits', exponentBits);
  checkInteger('reducePrecision', 'mantissaBits', mantissaBits);
  if (exponentBits < 1 || mantissaBits < 0 || exponentBits > 64 || mantissaBits > 64) throw new ArgumentError(`reducePrecision: expected exponentBits from 1 and mantissaBits from 0, to 64, got ${exponentBits} and ${mantissaBits}`);
  return p.reducePrecision(asArray(operand, 'reducePrecision'), exponentBits, mantissaBits);
}

/** A tree of arrays through which no derivative flows. Mirrors `jax.lax.stop_gradient`. @example grad((x: Array) => x.mul(lax.stopGradient(x)))(3).js(); // 3 */
export function stopGradient<T>(x: T): T {
  const stop = (v: unknown) => (isArrayLeaf(v) ? p.stopGradient(asArray(v as ArrayLike)) : v);
  return map(stop as never, x, { isLeaf: isArrayLeaf }) as T;
}

/**
 * A tree of arrays that the compiler must not move computations across. Mirrors `jax.lax.optimization_barrier`.
 *
 * @example
 * jit((x: Array) => lax.optimizationBarrier({ a: x, b: x.mul(2) }))(np.array([1.0])).b.js(); // [2]
 */
export function optimizationBarrier<T>(operand: T): T {
  const [leaves, def] = flatten(operand, isArrayLeaf);
  return def.unflatten(optimizationBarrierP.bind({}, ...leaves.map((x) => asArray(x as ArrayLike, 'optimizationBarrier')))) as T;
}

/**
 * The derivative of samples of a gamma distribution by its parameter a, at samples x. Mirrors `jax.lax.random_gamma_grad`.
 *
 * @example
 * lax.randomGammaGrad(np.array(2), np.array(1.0)).js(); // 0.7507…
 */
export function randomGammaGrad(a: ArrayLike, x: ArrayLike): Array {
  const [u, v] = operands('randomGammaGrad', a, x) as [Array, Array];
  return gammas.randomGammaGrad(u, v);
}

/** The regularized lower incomplete gamma function P(a, x), elementwise. Mirrors `jax.lax.igamma`. @example lax.igamma(np.array(2), np.array(1.0)).js(); // 0.2642… */
export function igamma(a: ArrayLike, x: ArrayLike): Array {
  const [u, v] = operands('igamma', a, x) as [Array, Array];
  return incomplete.igamma(u, v);
}

/** The regularized upper incomplete gamma function Q(a, x) = 1 − P(a, x), elementwise. Mirrors `jax.lax.igammac`. @example lax.igammac(np.array(2), np.array(1.0)).js(); // 0.7357… */
export function igammac(a: ArrayLike, x: ArrayLike): Array {
  const [u, v] = operands('igammac', a, x) as [Array, Array];
  return incomplete.igammac(u, v);
}

/** The derivative of {@link igamma} by a, elementwise. Mirrors `jax.lax.igamma_grad_a`. @example lax.igammaGradA(np.array(2), np.array(1.0)).js(); // -0.2761… */
export function igammaGradA(a: ArrayLike, x: ArrayLike): Array {
  const [u, v] = operands('igammaGradA', a, x) as [Array, Array];
  return gammas.igammaGradA(u, v);
}

/**
 * The regularized incomplete beta function, elementwise; it has a derivative by x. Mirrors `jax.lax.betainc`.
 *
 * @example
 * lax.betainc(np.array(2), np.array(3.0), np.array(0.5)).js(); // 0.6875
 */
export function betainc(a: ArrayLike, b: ArrayLike, x: ArrayLike): Array {
  const [u, v, w] = operands('betainc', a, b, x) as [Array, Array, Array];
  return incomplete.betainc(u, v, w);
}

/**
 * The upper half of the bits of a product of integers, elementwise. Mirrors `jax.lax.mulhi`. @throws DtypeError unless both are integers of one dtype, of at most 32 bits unless 64-bit types are on
 *
 * @example
 * lax.mulhi(np.array([2 ** 30], { dtype: 'int32' }), np.array([8], { dtype: 'int32' })).js(); // [2]
 */
export function mulhi(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = operands('mulhi', x, y) as [Array, Array];
  const kind = dtypeKind(a.dtype);
  if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`mulhi: expected integers, got ${a.aval}`);
  const bits = p.bitWidth(a.dtype);
  return bits <= 16 ? narrowMulhi(a, b, bits) : wideMulhi(a, b, bits);
}

/** By a product in twice as many bits. */
function narrowMulhi(a: Array, b: Array, bits: number): Array {
  const wide = `${dtypeKind(a.dtype)}${bits * 2}` as DType;
  const product = p.mul(astype(a, wide), astype(b, wide));
  const by = astype(asArray(bits), wide);
  return astype(dtypeKind(a.dtype) === 'int' ? p.shiftRightArithmetic(product, by) : p.shiftRightLogical(product, by), a.dtype);
}

/** By products of halves: no type is twice as wide. */
function wideMulhi(x: Array, y: Array, bits: number): Array {
  const unsigned = `uint${bits}` as DType;
  const half = astype(asArray(bits / 2), unsigned);
  const low = (v: Array) => p.shiftRightLogical(p.shiftLeft(v, half), half);
  const high = (v: Array) => p.shiftRightLogical(v, half);
  const [a, b] = [astype(x, unsigned), astype(y, unsigned)];
  const cross1 = p.mul(low(a), high(b));
  const cross2 = p.mul(high(a), low(b));
  const carry = high(p.add(p.add(low(cross1), low(cross2)), high(p.mul(low(a), low(b)))));
  const product = astype(p.add(p.add(p.mul(high(a), high(b)), carry), p.add(high(cross1), high(cross2))), x.dtype);
  if (dtypeKind(x.dtype) === 'uint') return product;
  // A negative operand counts 2^bits too much.
  const sign = astype(asArray(bits - 1), x.dtype);
  return p.add(product, p.add(p.mul(p.shiftRightArithmetic(x, sign), y), p.mul(p.shiftRightArithmetic(y, sign), x)));
}
