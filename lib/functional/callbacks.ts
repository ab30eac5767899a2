import { checkFunction } from '../core/checks';
import { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { ArgumentError } from '../core/errors';
import { encode } from '../core/hostFormat';
import { flatten, flattenUpTo, type TreeDef } from '../core/tree';
import { isPromise } from '../pjrt/promises';
import { debugCallbackP, type FlatCallback, ioCallbackP, operand, pureCallbackP, type VmapMethod } from '../primitives/callback';
import { type ArrayLike, asArray, describeValue, isScalarValue } from './arrayLike';
import { trailingOptions } from './trailingOptions';
import { type AnyFunction, arraysOf, isArrayLeaf, type Loose } from './treeFunction';

export type { VmapMethod };

/** A type of a result: anything with a shape and a dtype. */
export interface ShapeDtype {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Options of {@link pureCallback}. */
export interface PureCallbackOptions {
  /** How it is mapped by `vmap`; without it, it cannot be. */
  vmapMethod?: VmapMethod | null;
  /** Only null: there is one host. */
  sharding?: null;
}

/** Options of {@link ioCallback}. */
export interface IoCallbackOptions {
  /** Whether calls keep the order of the program. */
  ordered?: boolean;
  /** Only null: there is one host. */
  sharding?: null;
}

/** Options of {@link debugCallback}. */
export interface DebugCallbackOptions {
  /** Whether calls keep the order of the program. */
  ordered?: boolean;
}

const METHODS: readonly unknown[] = ['sequential', 'sequential_unrolled', 'expand_dims', 'broadcast_all', 'legacy_vectorized', null, undefined];

function isType(x: unknown): boolean {
  return typeof x === 'object' && x !== null && 'shape' in x && 'dtype' in x;
}

function checkSharding(op: string, sharding: unknown): void {
  if (sharding !== undefined && sharding !== null) throw new ArgumentError(`${op}: expected sharding to be null, got ${describeValue(sharding)}: callbacks run on the host of the program`);
}

function resultTypes(op: string, types: unknown): { avals: ShapedArray[]; def: TreeDef } {
  const [values, def] = flatten(types, isType);
  const avals = values.map((t) => {
    if (!isType(t)) throw new ArgumentError(`${op}: expected a tree of types (new ShapeDtypeStruct(shape, dtype)) for the results, got ${describeValue(t)}`);
    return new ShapedArray([...(t as ShapeDtype).shape], (t as { dtype: ShapedArray['dtype'] }).dtype);
  });
  return { avals, def };
}

/** What a callback returned as an array; plain values take the type that is asked for. */
function resultArray(op: string, x: unknown, aval: ShapedArray): Array {
  if (x instanceof Array) return x;
  const made = asArray(x as ArrayLike, `the result of the callback of ${op}`);
  if (isScalarValue(x) || ArrayBuffer.isView(x)) return made;
  return operand(encode(made.dataSync(), aval.dtype), new ShapedArray(made.shape, aval.dtype));
}

function flatCallback(op: string, f: AnyFunction, inDef: TreeDef, outDef: TreeDef, avals: readonly ShapedArray[]): FlatCallback {
  const results = (value: unknown) => flattenUpTo(outDef, value, `${op}: the result of the callback`).map((x, i) => resultArray(op, x, avals[i]!));
  return (args) => {
    const value = f(...(inDef.unflatten(args) as unknown[]));
    return isPromise(value) ? value.then(results) : results(value);
  };
}

/**
 * Calls a function of the host from within compiled and transformed functions; without those it is called at once. It is to have no effects: a
 * program may call it as often as it likes, or not at all if its results are not used. Mirrors `jax.pure_callback`.
 *
 * It is given arrays with values, in the structure of `args`, and returns arrays or plain values, or a Promise of them if the program runs while
 * nothing blocks the event loop. It has no derivative: use `customJvp` or `customVjp`.
 *
 * @param f the function; what it throws becomes the `cause` of a CallbackError where the results are waited for
 * @param resultShapeDtypes tree of the results' types
 * @param args trees of arrays; a last plain object with no keys but `vmapMethod` and `sharding` holds options
 * @returns tree of arrays of the given types
 * @throws ArgumentError for options or types that are none; BatchingError under `vmap` without a `vmapMethod`
 * @example
 * ```ts
 * const f = jit((x: np.Array) => pureCallback((v: np.Array) => Math.hypot(...(v.js() as number[])), new ShapeDtypeStruct([], 'float32'), x));
 * f(np.array([3, 4])).item(); // 5
 * ```
 */
export function pureCallback(f: AnyFunction, resultShapeDtypes: unknown, ...args: unknown[]): Loose {
  checkFunction('pureCallback', 'callback', f);
  const { args: given, options } = trailingOptions<PureCallbackOptions>(args, ['vmapMethod', 'sharding']);
  if (!METHODS.includes(options.vmapMethod)) throw new ArgumentError(`pureCallback: expected vmapMethod to be one of ${METHODS.slice(0, 5).map((m) => `'${String(m)}'`).join(', ')} or null, got ${describeValue(options.vmapMethod)}`);
  checkSharding('pureCallback', options.sharding);
  const { leaves, def } = arraysOf(given, 'the arguments of pureCallback');
  const out = resultTypes('pureCallback', resultShapeDtypes);
  const callback = flatCallback('pureCallback', f, def, out.def, out.avals);
  return out.def.unflatten(pureCallbackP.bind({ callback, resultAvals: out.avals, sharding: null, vmapMethod: options.vmapMethod ?? null }, ...leaves));
}

/**
 * Calls a function of the host that has effects, as often as the program comes to it and although nothing uses its results. Mirrors
 * `jax.experimental.io_callback`. Otherwise as {@link pureCallback}.
 *
 * @param f a function
 * @param resultShapeDtypes what the function gives: a tree of arrays or {@link ShapeDtypeStruct}
 * @param args trees of arrays; a last plain object with no keys but `ordered` and `sharding` holds options
 * @throws BatchingError under `vmap` if `ordered`
 * @example
 * ```ts
 * let total = 0;
 * const f = jit((x: np.Array) => {
 *   ioCallback((v: np.Array) => { total += v.item() as number; return null; }, null, x, { ordered: true });
 *   return x.mul(2);
 * });
 * f(3).item();
 * effectsBarrier();
 * total; // 3
 * ```
 */
export function ioCallback(f: AnyFunction, resultShapeDtypes: unknown, ...args: unknown[]): Loose {
  checkFunction('ioCallback', 'callback', f);
  const { args: given, options } = trailingOptions<IoCallbackOptions>(args, ['ordered', 'sharding']);
  checkSharding('ioCallback', options.sharding);
  const { leaves, def } = arraysOf(given, 'the arguments of ioCallback');
  const out = resultTypes('ioCallback', resultShapeDtypes);
  const callback = flatCallback('ioCallback', f, def, out.def, out.avals);
  return out.def.unflatten(ioCallbackP.bind({ callback, resultAvals: out.avals, sharding: null, ordered: options.ordered === true }, ...leaves));
}

/**
 * Calls a function of the host to look at values; what it returns is ignored. Transformations let it be: under `vmap` it is called for each entry,
 * under `grad` with the values of the forward pass. Mirrors `jax.debug.callback`, whose name in this library is `debug.callback`.
 *
 * @param args trees of arrays, and of other values, which the function gets as they are; a last plain object `{ ordered }` holds options
 * @example
 * debug.callback((x: Array) => console.log(x.js()), np.array(1));
 */
export function debugCallback(f: AnyFunction, ...args: unknown[]): void {
  checkFunction('debug.callback', 'callback', f);
  const { args: given, options } = trailingOptions<DebugCallbackOptions>(args, ['ordered']);
  const [values, def] = flatten(given, isArrayLeaf);
  const dynamic = values.map((x) => isArrayLeaf(x) || isScalarValue(x));
  const arrays = values.filter((_, i) => dynamic[i]).map((x) => asArray(x as ArrayLike, 'debug.callback'));
  const nothing: readonly Array[] = [];
  const callback: FlatCallback = (xs) => {
    let next = 0;
    const result: unknown = f(...(def.unflatten(values.map((x, i) => (dynamic[i] ? xs[next++]! : x))) as unknown[]));
    return isPromise(result) ? result.then(() => nothing) : nothing;
  };
  debugCallbackP.bind({ callback, effect: options.ordered === true ? 'OrderedDebug' : 'Debug', partitioned: false }, ...arrays);
}
