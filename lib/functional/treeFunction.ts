import { Array, type ScalarValue } from '../core/array';
import { ArgumentError } from '../core/errors';
import { flatten, keystr, pathsOf, type TreeDef } from '../core/tree';
import { isPromise } from '../pjrt/promises';
import { type ArrayLike, asArray, describeValue, isComplex, type TypedArray } from './arrayLike';

/** Any function on trees. Its parameters' types are not looked at, so that those of a function written in place need not be given. */
// biome-ignore lint/suspicious/noExplicitAny: with unknown, parameters without annotations would be of no use
export type AnyFunction = (...args: any[]) => unknown;

/** Where TypeScript cannot follow: results whose form depends on options, parameters of functions written in place. */
// biome-ignore lint/suspicious/noExplicitAny: said above
export type Loose = any;

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The type of an argument from outside: where the function takes an array, numbers and typed arrays do as well. */
export type Liked<T> = IsAny<T> extends true ? T : [ArrayLike] extends [T] ? T : LikedPart<T>;

type LikedPart<T> = T extends TypedArray | ScalarValue ? T
  : T extends Array ? ArrayLike
    : T extends (...args: never[]) => unknown ? T
      : T extends readonly unknown[] ? { [K in keyof T]: Liked<T[K]> }
        : T extends object ? T | { [K in keyof T]: Liked<T[K]> } : T;

/** {@link Liked} for a list of arguments. */
export type LikedArgs<A extends unknown[]> = { [K in keyof A]: Liked<A[K]> };

/** The type of an argument's gradient: an array for each of its leaves, be they numbers. */
export type GradientOf<T> = IsAny<T> extends true ? T : [ArrayLike] extends [T] ? Array : GradientPart<T>;

type GradientPart<T> = T extends Array ? T
  : T extends TypedArray | ScalarValue ? Array
    : T extends (...args: never[]) => unknown ? T
      : T extends object ? { [K in keyof T]: GradientOf<T[K]> } : T;

/** Whether a tree's node stands for one array: typed arrays and complex numbers do, and so are not taken apart. */
export function isArrayLeaf(x: unknown): boolean {
  return x instanceof Array || ArrayBuffer.isView(x) || isComplex(x);
}

/** Name of a function for messages, programs and jaxprs; `fallback` for one without a name. */
export function nameOf(f: unknown, fallback = 'fn'): string {
  return (typeof f === 'function' && f.name) || fallback;
}

/**
 * What a transform makes of `f`, with the name of `f` and as many parameters: jaxprs and programs show the name, and the number tells a list of arguments
 * from an argument that is a list.
 */
export function like<W extends object>(f: unknown, wrapper: W, name = nameOf(f)): W {
  return Object.defineProperties(wrapper, { name: { value: name, configurable: true }, length: { value: (f as AnyFunction).length, configurable: true } });
}

/** Leaves of a tree as arrays, and its structure. @throws ArgumentError naming the path of a leaf that is no array */
export function arraysOf(tree: unknown, what: string): { leaves: Array[]; def: TreeDef } {
  const [values, def] = flatten(tree, isArrayLeaf);
  return { leaves: toArrays(values, def, what), def };
}

/** Leaves of a structure as arrays; `hint` says what to do with a string or a function among them. */
export function toArrays(values: readonly unknown[], def: TreeDef, what: string, hint = '; close over it, or mark it as static where there are staticArgnums'): Array[] {
  const out = new globalThis.Array<Array>(values.length);
  for (let i = 0; i < values.length; i++) {
    const x = values[i];
    if (x instanceof Array) out[i] = x;
    else if (typeof x === 'string' || typeof x === 'function' || typeof x === 'symbol' || (typeof x === 'object' && !isArrayLeaf(x))) {
      throw new ArgumentError(`${what}: expected arrays or numbers in the tree, got ${describeValue(x)} at ${keystr(pathsOf(def)[i]!) || 'the root'}${typeof x === 'string' || typeof x === 'function' ? hint : ''}`);
    } else out[i] = asArray(x as ArrayLike, what);
  }
  return out;
}

/**
 * The results of a traced function as arrays.
 *
 * @param who the function, as messages name it
 * @throws ArgumentError for a Promise, or a result that is no tree of arrays
 */
export function resultsOf(result: unknown, what: string, who = 'the function', nothingIsFine = false): { leaves: Array[]; def: TreeDef } {
  if (isPromise(result)) throw new ArgumentError(`${what}: expected ${who} to return a tree of arrays, got a Promise; traced functions are synchronous: await before or after, not inside`);
  if (result === undefined && !nothingIsFine) throw new ArgumentError(`${what}: expected ${who} to return a tree of arrays, got undefined; is a return statement missing? (null is for no result)`);
  const [values, def] = flatten(result, isArrayLeaf);
  return { leaves: toArrays(values, def, `${what}: the result of ${who}`, ''), def };
}

/** A function on trees as one on flat arrays; the structure of its result is known once it has run. */
export class FlatFunction {
  /** Structure of the result of the last run. */
  outDef!: TreeDef;
  /** What the function returned besides its result, flat, where it has auxiliary results. */
  auxDef: TreeDef | null = null;
  private readonly f: AnyFunction;
  private readonly def: TreeDef;
  private readonly what: string;
  private readonly hasAux: boolean;
  private readonly nothingIsFine: () => boolean;

  /**
   * @param def structure of the list of arguments
   * @param hasAux whether the function returns [result, auxiliary]; both are flattened, the auxiliary part last
   * @param nothingIsFine whether, after a run, it is no mistake to have returned undefined
   */
  constructor(f: AnyFunction, def: TreeDef, what: string, hasAux = false, nothingIsFine: () => boolean = () => false) {
    if (typeof f !== 'function') throw new ArgumentError(`${what}: expected a function, got ${describeValue(f)}`);
    this.f = f;
    this.def = def;
    this.what = what;
    this.hasAux = hasAux;
    this.nothingIsFine = nothingIsFine;
  }

  get numOuts(): number {
    return this.outDef.numLeaves;
  }

  call = (leaves: readonly Array[]): Array[] => {
    const result = (this.f as (...args: unknown[]) => unknown)(...(this.def.unflatten(leaves) as unknown[]));
    if (!this.hasAux) {
      const r = resultsOf(result, this.what, 'the function', result === undefined && this.nothingIsFine());
      this.outDef = r.def;
      return r.leaves;
    }
    if (!globalThis.Array.isArray(result) || result.length !== 2) {
      throw new ArgumentError(`${this.what}: with hasAux the function must return [result, auxiliary], got ${describeValue(result)}`);
    }
    const r = resultsOf(result[0], this.what, 'the function', result[0] === undefined && this.nothingIsFine());
    const aux = arraysOf(result[1], `the auxiliary result of ${this.what}`);
    this.outDef = r.def;
    this.auxDef = aux.def;
    return [...r.leaves, ...aux.leaves];
  };
}
