import type { Array } from '../core/array';
import { type DType, dtypeKind } from '../core/dtype';
import { DtypeError } from '../core/errors';
import * as p from '../primitives/elementwise';
import * as incomplete from '../primitives/incomplete';
import * as gammas from '../primitives/randomGamma';
import { type ArrayLike, asArray, astype } from './arrayLike';
import { operands } from './operands';

// Elementwise operations of several operands: they take arrays of one dtype and of one shape, or scalars; a dimension of size 1 goes with any. Plain JS
// values take the dtype of the arrays beside them.

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
