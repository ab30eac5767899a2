import type { Array } from '../core/array';
import type { ArrayLike } from '../lax/arrayLike';

/** A function of two arrays, elementwise and broadcasting, with what NumPy's ufuncs have. Mirrors `jax.numpy.ufunc`. */
export interface BinaryUfunc {
  (x1: ArrayLike, x2: ArrayLike): Array;
  readonly nin: 2;
  readonly nout: 1;
  readonly nargs: 3;
  /** The value that leaves others as they are; null if there is none. */
  readonly identity: number | boolean | null;
  /** Folds an axis. */
  reduce(a: ArrayLike, options?: UfuncReduceOptions): Array;
  /** Folds of each beginning of an axis. */
  accumulate(a: ArrayLike, options?: { axis?: number; dtype?: string | null }): Array;
  /** The function of all pairs: shape is that of `a`, then that of `b`. */
  outer(a: ArrayLike, b: ArrayLike): Array;
  /** `a` with the function applied at indices, those that occur repeatedly more than once. */
  at(a: ArrayLike, indices: ArrayLike, b: ArrayLike): Array;
}

export interface UfuncReduceOptions {
  axis?: number | readonly number[] | null;
  dtype?: string | null;
  keepdims?: boolean;
  initial?: ArrayLike | null;
  where?: ArrayLike | null;
}

export interface UfuncMethods {
  reduce(ufunc: BinaryUfunc, a: ArrayLike, options: UfuncReduceOptions): Array;
  accumulate(ufunc: BinaryUfunc, a: ArrayLike, options: { axis?: number; dtype?: string | null }): Array;
  outer(ufunc: BinaryUfunc, a: ArrayLike, b: ArrayLike): Array;
  at(ufunc: BinaryUfunc, a: ArrayLike, indices: ArrayLike, b: ArrayLike): Array;
}

// Set by ufuncMethods.ts, which is written on reductions and indexing, which are written on ufuncs.
let methods: UfuncMethods;
export function provideUfuncMethods(m: UfuncMethods): void {
  methods = m;
}

/** Makes a function of two arrays a ufunc. */
export function binaryUfunc(name: string, f: (x1: ArrayLike, x2: ArrayLike) => Array, identity: number | boolean | null = null): BinaryUfunc {
  const ufunc = ((x1: ArrayLike, x2: ArrayLike) => f(x1, x2)) as BinaryUfunc;
  const define = (key: string, value: unknown) => Object.defineProperty(ufunc, key, { value, enumerable: false });
  define('name', name);
  define('nin', 2);
  define('nout', 1);
  define('nargs', 3);
  define('identity', identity);
  define('reduce', (a: ArrayLike, options: UfuncReduceOptions = {}) => methods.reduce(ufunc, a, options));
  define('accumulate', (a: ArrayLike, options: { axis?: number; dtype?: string | null } = {}) => methods.accumulate(ufunc, a, options));
  define('outer', (a: ArrayLike, b: ArrayLike) => methods.outer(ufunc, a, b));
  define('at', (a: ArrayLike, indices: ArrayLike, b: ArrayLike) => methods.at(ufunc, a, indices, b));
  return ufunc;
}
