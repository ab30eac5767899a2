import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import type { ArrayLike } from '../lax/arrayLike';
import { vectorize } from './functional';
import { type BinaryUfunc, binaryUfunc } from './ufunc';

/** A function of scalars as one of arrays, elementwise and broadcasting. */
export type Vectorized = (...args: ArrayLike[]) => Array | readonly Array[];

/**
 * Makes a ufunc of a function of `nin` scalars with `nout` results: with two operands and one result it has `reduce`, `accumulate`, `outer` and `at`.
 * Mirrors `jax.numpy.frompyfunc`; the function is traced, and must be made of array operations.
 *
 * @throws ArgumentError for counts that are not positive whole numbers
 * @example
 * const add2 = np.frompyfunc((x, y) => x.add(y.mul(2)), 2, 1, { identity: 0 });
 * add2.outer([1, 2], [10, 20]).js() // [[21, 41], [22, 42]]
 */
export function frompyfunc(func: (x: Array, y: Array) => Array, nin: 2, nout: 1, options?: { identity?: number | boolean | null }): BinaryUfunc;
export function frompyfunc(func: (...args: Array[]) => Array | readonly Array[], nin: number, nout: number, options?: { identity?: number | boolean | null }): Vectorized;
export function frompyfunc(func: (...args: Array[]) => Array | readonly Array[], nin: number, nout: number, options: { identity?: number | boolean | null } = {}): BinaryUfunc | Vectorized {
  for (const [name, n] of [['nin', nin], ['nout', nout]] as const) {
    if (!Number.isInteger(n) || n < 1) throw new ArgumentError(`frompyfunc: expected ${name} to be a positive integer, got ${String(n)}`);
  }
  const name = func.name || 'ufunc';
  const checked = (...args: Array[]): Array | readonly Array[] => {
    const out = func(...args);
    const count = globalThis.Array.isArray(out) ? out.length : 1;
    if (count !== nout) throw new ArgumentError(`${name}: expected ${nout} results, got ${count}`);
    return out;
  };
  const mapped = vectorize(checked) as Vectorized;
  if (nin === 2 && nout === 1) return binaryUfunc(name, (x, y) => mapped(x, y) as Array, options.identity ?? null);
  return (...args: ArrayLike[]) => {
    if (args.length !== nin) throw new ArgumentError(`${name}: expected ${nin} arguments, got ${args.length}`);
    return mapped(...args);
  };
}
