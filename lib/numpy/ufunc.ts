import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isOptions, unknownOption } from '../functional/options';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import type { Index } from './indexParse';

/** Options of the reduction by a ufunc. */
export interface UfuncReduceOptions {
  /** The axis, or axes, that are reduced. */
  axis?: number | readonly number[] | null;
  /** Element type. */
  dtype?: string | null;
  /** Whether reduced dimensions stay, of size 1. */
  keepdims?: boolean;
  /** The value that reduction begins with. */
  initial?: ArrayLike | null;
  /** Which elements count. */
  where?: ArrayLike | null;
}

/** Options of the running results of a ufunc. */
export interface UfuncAccumulateOptions {
  /** The axis along which results run. */
  axis?: number;
  /** Element type. */
  dtype?: string | null;
}

/** Where a ufunc is applied: one index, or a JS array of several of which one at least is an array. */
export type UfuncIndices = Index | readonly Index[] | ArrayLike;

/** Options of `at`. */
export interface UfuncAtOptions {
  /** The second operand of functions of two. */
  b?: ArrayLike | null;
  /** Arrays are not changed: true is refused. */
  inplace?: boolean;
}

/** What ufuncs have besides being functions. */
export interface UfuncAttributes {
  readonly name: string;
  readonly nin: number;
  readonly nout: number;
  readonly nargs: number;
  /** The value that leaves others as they are; null if there is none. */
  readonly identity: number | boolean | null;
  /** Folds an axis, from the left; of functions of two arrays. */
  reduce(a: ArrayLike, options?: UfuncReduceOptions): Array;
  /** Folds of each beginning of an axis; of functions of two arrays. */
  accumulate(a: ArrayLike, options?: UfuncAccumulateOptions): Array;
  /** Folds of the slices of an axis that begin at each index and end before the next; the entry itself where that is no later. */
  reduceat(a: ArrayLike, indices: ArrayLike, options?: UfuncAccumulateOptions): Array;
  /** The function of all pairs: shape is that of `a`, then that of `b`. */
  outer(a: ArrayLike, b: ArrayLike): Array;
  /** `a` with the function applied at indices, those that occur repeatedly more than once; `b` is the second operand of functions of two. */
  at(a: ArrayLike, indices: UfuncIndices, b?: ArrayLike | null | UfuncAtOptions, options?: Omit<UfuncAtOptions, 'b'>): Array;
}

/** A function of arrays, elementwise and broadcasting. */
export interface Ufunc extends UfuncAttributes {
  (...args: ArrayLike[]): Array | readonly Array[];
}

/** A ufunc of one array. */
export interface UnaryUfunc extends UfuncAttributes {
  (x: ArrayLike): Array;
  readonly nin: 1;
  readonly nout: 1;
}

/** A ufunc of two arrays. */
export interface BinaryUfunc extends UfuncAttributes {
  (x1: ArrayLike, x2: ArrayLike): Array;
  readonly nin: 2;
  readonly nout: 1;
}

/** Implementations that a ufunc has in place of the general ones. */
export interface UfuncOptions {
  /** Name in messages and prints. */
  name?: string | null;
  nargs?: number | null;
  identity?: number | boolean | null;
  /** The function of arrays, where it broadcasts itself. */
  call?: ((...args: ArrayLike[]) => Array | readonly Array[]) | null;
  reduce?: ((a: ArrayLike, options: UfuncReduceOptions) => Array) | null;
  accumulate?: ((a: ArrayLike, options: UfuncAccumulateOptions) => Array) | null;
  at?: ((a: ArrayLike, indices: UfuncIndices, b?: ArrayLike) => Array) | null;
  reduceat?: ((a: ArrayLike, indices: ArrayLike, options: UfuncAccumulateOptions) => Array) | null;
}

type ScalarFunction = (...args: Array[]) => Array | readonly Array[];

export interface UfuncConstructor {
  new (func: (x: Array) => Array, nin: 1, nout: 1, options?: UfuncOptions): UnaryUfunc;
  new (func: (x: Array, y: Array) => Array, nin: 2, nout: 1, options?: UfuncOptions): BinaryUfunc;
  new (func: ScalarFunction, nin: number, nout: number, options?: UfuncOptions): Ufunc;
  readonly prototype: Ufunc;
}

/** The general methods. */
export interface UfuncMethods {
  vectorize(func: ScalarFunction): (...args: ArrayLike[]) => Array | readonly Array[];
  reduce(f: UfuncAttributes, own: UfuncOptions, a: ArrayLike, options: UfuncReduceOptions | undefined): Array;
  accumulate(f: UfuncAttributes, own: UfuncOptions, a: ArrayLike, options: UfuncAccumulateOptions | undefined): Array;
  reduceat(f: UfuncAttributes, own: UfuncOptions, a: ArrayLike, indices: ArrayLike, options: UfuncAccumulateOptions | undefined): Array;
  outer(f: UfuncAttributes, a: ArrayLike, b: ArrayLike): Array;
  at(f: UfuncAttributes, own: UfuncOptions, a: ArrayLike, indices: UfuncIndices, rest: readonly unknown[]): Array;
}

// Set by ufuncMethods.ts, which is written on reductions and indexing, which are written on ufuncs.
let methods: UfuncMethods;
export function provideUfuncMethods(m: UfuncMethods): void {
  methods = m;
}

const OPTIONS = ['name', 'nargs', 'identity', 'call', 'reduce', 'accumulate', 'at', 'reduceat'] as const;
const ownOf = new WeakMap<object, UfuncOptions>();

/** What a ufunc does itself. Changed by ufuncMethods.ts for those whose methods are reductions and updates there are. */
export function ownMethods(f: UfuncAttributes): UfuncOptions {
  const own = ownOf.get(f);
  if (own === undefined) throw new ArgumentError(`ufunc: expected a ufunc, got ${describeValue(f)}`);
  return own;
}

/** The options out and where of calls, which JAX's ufuncs name and refuse. */
function refuseOptions(name: string, more: readonly unknown[]): void {
  const last = more[more.length - 1];
  if (!isOptions(last)) return;
  for (const k of ['out', 'where'] as const) {
    if ((last as Record<string, unknown>)[k] !== undefined && (last as Record<string, unknown>)[k] !== null) throw new ArgumentError(`${name}: the option ${k} is not supported, as in JAX${k === 'where' ? '; use np.where' : ''}`);
  }
  for (const k of Object.keys(last)) if (k !== 'out' && k !== 'where') unknownOption(name, k, []);
}

function construct(this: unknown, func: ScalarFunction, nin: number, nout: number, options: UfuncOptions = {}): Ufunc {
  if (typeof func !== 'function') throw new ArgumentError(`ufunc: expected a function, got ${describeValue(func)}`);
  checkInteger('ufunc', 'nin', nin, 1);
  checkInteger('ufunc', 'nout', nout, 1);
  for (const k of Object.keys(options)) if (!(OPTIONS as readonly string[]).includes(k)) unknownOption('ufunc', k, OPTIONS);
  const name = options.name ?? (func.name || 'ufunc');
  let call = options.call ?? null;
  const general = (...args: ArrayLike[]) => {
    if (args.length !== nin) throw new ArgumentError(`${name}: expected ${nin} arguments, got ${args.length}`);
    call ??= methods.vectorize((...xs) => {
      const out = func(...xs);
      const count = globalThis.Array.isArray(out) ? out.length : 1;
      if (count !== nout) throw new ArgumentError(`${name}: expected ${nout} results, got ${count}`);
      return out;
    });
    return call(...args);
  };
  const f = call === null ? general
    : nin === 2 ? (x1: ArrayLike, x2: ArrayLike, ...more: unknown[]) => {
      if (more.length > 0) refuseOptions(name, more);
      return call!(x1, x2);
    } : (x: ArrayLike, ...more: unknown[]) => {
      if (more.length > 0) refuseOptions(name, more);
      return call!(x);
    };
  Object.setPrototypeOf(f, new.target === undefined ? ufunc.prototype : new.target.prototype);
  const define = (key: string, value: unknown) => Object.defineProperty(f, key, { value, enumerable: false });
  define('name', name);
  define('nin', nin);
  define('nout', nout);
  define('nargs', options.nargs ?? nin);
  define('identity', options.identity ?? null);
  ownOf.set(f, options);
  return f as unknown as Ufunc;
}

/**
 * A function of arrays made of one of scalars, elementwise and broadcasting, with `reduce`, `accumulate`, `reduceat`, `outer` and `at`.
 * `np.add` and others like it are of this class. Mirrors `jax.numpy.ufunc`.
 *
 * @throws ArgumentError for counts that are not positive whole numbers
 * @example
 * const f = new np.ufunc((x, y) => x.mul(2).add(y), 2, 1, { name: 'twice' });
 * f.reduce(np.array([1, 2, 3])).item() // 11
 */
export const ufunc = construct as unknown as UfuncConstructor;

const METHODS: Record<string, (this: UfuncAttributes, ...args: never[]) => unknown> = {
  reduce(a: ArrayLike, options?: UfuncReduceOptions) { return methods.reduce(this, ownMethods(this), a, options); },
  accumulate(a: ArrayLike, options?: UfuncAccumulateOptions) { return methods.accumulate(this, ownMethods(this), a, options); },
  reduceat(a: ArrayLike, indices: ArrayLike, options?: UfuncAccumulateOptions) { return methods.reduceat(this, ownMethods(this), a, indices, options); },
  outer(a: ArrayLike, b: ArrayLike) { return methods.outer(this, a, b); },
  at(a: ArrayLike, indices: UfuncIndices, ...rest: readonly unknown[]) { return methods.at(this, ownMethods(this), a, indices, rest); },
  toString() { return `<jnp.ufunc '${this.name}'>`; },
};
// A ufunc is a function, with what functions have.
Object.setPrototypeOf(ufunc.prototype, Function.prototype);
for (const [name, value] of Object.entries(METHODS)) Object.defineProperty(ufunc.prototype, name, { value, writable: true, configurable: true, enumerable: false });

/** Makes a function of two arrays a ufunc. */
export function binaryUfunc(name: string, f: (x1: ArrayLike, x2: ArrayLike) => Array, identity: number | boolean | null = null): BinaryUfunc {
  return new ufunc(f as (x: Array, y: Array) => Array, 2, 1, { name, identity, call: f as (...args: ArrayLike[]) => Array });
}

/** Makes a function of one array a ufunc. */
export function unaryUfunc(name: string, f: (x: ArrayLike) => Array): UnaryUfunc {
  return new ufunc(f as (x: Array) => Array, 1, 1, { name, call: f as (...args: ArrayLike[]) => Array });
}
