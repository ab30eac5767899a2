import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import * as p from '../primitives/elementwise';
import { type ArrayLike, asArray, isScalarValue } from './arrayLike';
import { operands } from './operands';

// Elements chosen among those of arrays of one dtype and shape.

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
