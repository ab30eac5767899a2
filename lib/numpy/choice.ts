import type { Array } from '../core/array';
import { isOptions } from '../functional/options';
import type { ArrayLike } from '../lax/arrayLike';
import { ArgumentError } from '../core/errors';
import { nonzero, type NonzeroOptions } from './nonzero';
import { whereValues } from './where';

const isValue = (x: unknown): x is ArrayLike => x !== null && x !== undefined;

/**
 * Elementwise, `x` where the condition is not zero and `y` elsewhere. With the condition only, the indices where it holds, as {@link nonzero} gives
 * them. Mirrors `jax.numpy.where`.
 *
 * @throws ArgumentError for one value without the other
 * @example
 * np.where([true, false], [1, 2], 0).js() // [1, 0]
 */
export function where(condition: ArrayLike, x: ArrayLike, y: ArrayLike): Array;
export function where(condition: ArrayLike, options?: NonzeroOptions): Array[];
export function where(condition: ArrayLike, x?: ArrayLike | NonzeroOptions | null, y?: ArrayLike | null): Array | Array[] {
  if (isValue(x) && isValue(y)) return whereValues(condition, x as ArrayLike, y);
  if (isValue(y) || (isValue(x) && !isOptions(x))) throw new ArgumentError('where: expected both values or neither, got one');
  return nonzero(condition, (x ?? {}) as NonzeroOptions);
}
