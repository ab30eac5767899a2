import type { Array } from '../core/array';
import { checkOptions } from '../functional/options';
import { type BinaryUfunc, type Ufunc, type UnaryUfunc, ufunc } from './ufunc';

type FrompyfuncOptions = { identity?: number | boolean | null };

/**
 * Makes a ufunc of a function of `nin` scalars with `nout` results: with two operands and one result it has `reduce`, `accumulate`, `reduceat`, `outer` and `at`.
 * Mirrors `jax.numpy.frompyfunc`; the function is traced, and must be made of array operations.
 *
 * @param func a function of scalars
 * @throws ArgumentError for counts that are not positive whole numbers
 * @example
 * const add2 = np.frompyfunc((x, y) => x.add(y.mul(2)), 2, 1, { identity: 0 });
 * add2.outer([1, 2], [10, 20]).js() // [[21, 41], [22, 42]]
 */
export function frompyfunc(func: (x: Array) => Array, nin: 1, nout: 1, options?: FrompyfuncOptions): UnaryUfunc;
export function frompyfunc(func: (x: Array, y: Array) => Array, nin: 2, nout: 1, options?: FrompyfuncOptions): BinaryUfunc;
export function frompyfunc(func: (...args: Array[]) => Array | readonly Array[], nin: number, nout: number, options?: FrompyfuncOptions): Ufunc;
export function frompyfunc(func: (...args: Array[]) => Array | readonly Array[], nin: number, nout: number, options: FrompyfuncOptions = {}): Ufunc {
  return new ufunc(func, nin, nout, { identity: checkOptions('frompyfunc', ['identity'], options).identity ?? null });
}
