import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { promoteArgs, promoteArgsNumeric } from './broadcast';
import { type BinaryUfunc, binaryUfunc } from './ufunc';

/**
 * And of the bits of integers, or of booleans, elementwise. Mirrors `jax.numpy.bitwise_and`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @throws DtypeError for floats
 * @example
 * np.bitwiseAnd(true, false).item() // false
 */
export const bitwiseAnd: BinaryUfunc = binaryUfunc('bitwiseAnd', (x1, x2) => {
  const [x, y] = promoteArgs('bitwiseAnd', x1, x2) as [Array, Array];
  return p.and(x, y);
}, -1);

/**
 * Or of the bits of integers, or of booleans, elementwise. Mirrors `jax.numpy.bitwise_or`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @throws DtypeError for floats
 * @example
 * np.bitwiseOr(true, false).item() // true
 */
export const bitwiseOr: BinaryUfunc = binaryUfunc('bitwiseOr', (x1, x2) => {
  const [x, y] = promoteArgs('bitwiseOr', x1, x2) as [Array, Array];
  return p.or(x, y);
}, 0);

/**
 * Exclusive or of the bits of integers, or of booleans, elementwise. Mirrors `jax.numpy.bitwise_xor`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @throws DtypeError for floats
 * @example
 * np.bitwiseXor(true, true).item() // false
 */
export const bitwiseXor: BinaryUfunc = binaryUfunc('bitwiseXor', (x1, x2) => {
  const [x, y] = promoteArgs('bitwiseXor', x1, x2) as [Array, Array];
  return p.xor(x, y);
}, 0);

/** All bits of integers turned, or booleans negated, elementwise. Mirrors `jax.numpy.bitwise_not`. @throws DtypeError for floats @example np.bitwiseNot(true).item() // false */
export function bitwiseNot(x: ArrayLike): Array {
  return p.not(asArray(x, 'bitwiseNot'));
}

/** {@link bitwiseNot}. Mirrors `jax.numpy.invert`. @example np.invert(np.array([true, false])).js(); // [false, true] */
export const invert = bitwiseNot;
/** {@link bitwiseNot}. Mirrors `jax.numpy.bitwise_invert`. @example np.bitwiseInvert(np.array([0, 5], { dtype: 'int32' })).js(); // [-1, -6] */
export const bitwiseInvert = bitwiseNot;

/**
 * Bits moved up by x2 places, zeros coming in, elementwise. Mirrors `jax.numpy.left_shift`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @throws DtypeError for floats
 * @example
 * np.leftShift(1, 4).item() // 16
 */
export function leftShift(x1: ArrayLike, x2: ArrayLike): Array {
  const [x, y] = promoteArgsNumeric('leftShift', x1, x2) as [Array, Array];
  return p.shiftLeft(x, y);
}

/**
 * Bits moved down by x2 places, the sign coming in, elementwise. Mirrors `jax.numpy.right_shift`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @throws DtypeError for floats
 * @example
 * np.rightShift(-8, 1).item() // -4
 */
export function rightShift(x1: ArrayLike, x2: ArrayLike): Array {
  const [x, y] = promoteArgsNumeric('rightShift', x1, x2) as [Array, Array];
  return dtypeKind(x.dtype) === 'uint' ? p.shiftRightLogical(x, y) : p.shiftRightArithmetic(x, y);
}

/**
 * {@link leftShift}. Mirrors `jax.numpy.bitwise_left_shift`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.bitwiseLeftShift(np.array([1, 3], { dtype: 'int32' }), 2).js(); // [4, 12]
 */
export const bitwiseLeftShift = leftShift;
/**
 * {@link rightShift}. Mirrors `jax.numpy.bitwise_right_shift`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.bitwiseRightShift(np.array([8, 12], { dtype: 'int32' }), 2).js(); // [2, 3]
 */
export const bitwiseRightShift = rightShift;

const countProgram = composite('bitwise_count', ([x]) => {
  const [a] = promoteArgsNumeric('bitwiseCount', x!) as [Array];
  return [astype(p.populationCount(dtypeKind(a.dtype) === 'uint' ? a : p.abs(a)), 'uint8')];
});

/** How many bits of the absolute value are set, as uint8, elementwise. Mirrors `jax.numpy.bitwise_count`. @throws DtypeError for floats @example np.bitwiseCount(7).item() // 3 */
export function bitwiseCount(x: ArrayLike): Array {
  return countProgram([asArray(x, 'bitwiseCount')], {})[0]!;
}
