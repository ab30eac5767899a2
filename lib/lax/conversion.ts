import { type Array, ConcreteArray } from '../core/array';
import { checkDtype, scalarType } from '../core/aval';
import { checkInteger } from '../core/checks';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { flatten, map } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import { optimizationBarrierP } from '../interpreters/remat';
import * as p from '../primitives/elementwise';
import { type ArrayLike, asArray, astype, plainAs } from './arrayLike';

// The same values in other types, and values that transformations and the compiler take in another way.

/**
 * An array in another element type. Mirrors `jax.lax.convert_element_type`: whole numbers wrap in an integer type that is too small for them, floats become its
 * least or greatest value. @throws DtypeError for an unknown dtype
 *
 * @param operand an array
 * @param newDtype an element type, by name
 * @example
 * lax.convertElementType(np.array([1.7, -1.7]), 'int32').js(); // [1, -1]
 */
export function convertElementType(operand: ArrayLike, newDtype: DType | 'int' | 'float' | 'complex'): Array {
  const dtype = checkDtype('convertElementType', newDtype);
  if (typeof operand === 'number' || typeof operand === 'bigint') return ConcreteArray.scalar(plainAs(operand, dtype), scalarType(dtype));
  const x = asArray(operand, 'convertElementType');
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
