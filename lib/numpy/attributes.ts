import { Array } from '../core/array';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { canonAxes } from './axes';
import { type Rest, readOptions } from './program';

/** Lengths of the axes. Mirrors `jax.numpy.shape`. @example np.shape([[1, 2]]) // [1, 2] */
export function shape(a: ArrayLike): number[] {
  return [...asArray(a, 'shape').shape];
}

/** How many axes there are. Mirrors `jax.numpy.ndim`. @example np.ndim([[1, 2]]) // 2 */
export function ndim(a: ArrayLike): number {
  return asArray(a, 'ndim').ndim;
}

/** How many elements there are, in all or along axes. Mirrors `jax.numpy.size`. @throws ShapeError for an axis out of range @example np.size([[1, 2]]) // 2 */
export function size(a: ArrayLike, ...rest: Rest<{ axis?: number | readonly number[] | null }, 'axis'>): number {
  const { axis } = readOptions('size', ['axis'], 1, rest);
  const x = asArray(a, 'size');
  return canonAxes('size', axis, x.ndim).reduce((n, d) => n * x.shape[d]!, 1);
}

/** Whether something can be iterated over: an array has a first axis for it. Mirrors `jax.numpy.iterable`. @example np.iterable(np.array(1)) // false */
export function iterable(y: unknown): boolean {
  if (y instanceof Array) return y.ndim > 0;
  return typeof y === 'string' || (typeof y === 'object' && y !== null && Symbol.iterator in y);
}
