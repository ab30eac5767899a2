import { ArgumentError } from '../core/errors';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { evalShape as pureEvalShape, ShapeDtypeStruct } from '../functional/staging';
import { type AnyFunction, arraysOf, type Loose } from '../functional/treeFunction';
import * as lax from '../lax/control';
import type { Traced } from '../lax/control';
import { BrainStateError } from '../state/errors';
import type { State } from '../state/state';
import { type Effects, PureFunction } from './pure';

/** The states that a function writes when it is run on arguments of these types; nothing is computed. */
function writtenBy(f: AnyFunction, args: readonly unknown[], what: string): State<unknown>[] {
  const pure = new PureFunction(f, [], what);
  try {
    pureEvalShape((...xs: unknown[]) => {
      const [result, { writes }] = pure.run([], ...xs);
      return [result ?? null, writes];
    }, ...args);
    return pure.written;
  } finally {
    pure.close();
  }
}

function union(lists: readonly State<unknown>[][]): State<unknown>[] {
  return [...new Set(lists.flat())];
}

/** A function of states' values and arguments that gives its result and the states' values afterwards, for states it may write. */
function threaded(f: AnyFunction, states: readonly State<unknown>[], what: string): (values: readonly unknown[], ...args: unknown[]) => [unknown, unknown[]] {
  return (values, ...args) => {
    const pure = new PureFunction(f, states, what);
    try {
      const [result, { writes }] = pure.run(values, ...args) as [unknown, Effects];
      return [result, states.map((s, i) => {
        const w = pure.written.indexOf(s);
        return w < 0 ? values[i] : writes[w];
      })];
    } finally {
      pure.close();
    }
  };
}

function read(states: readonly State<unknown>[]): unknown[] {
  return states.map((s) => s.value);
}

function write(states: readonly State<unknown>[], values: readonly unknown[]): void {
  states.forEach((s, i) => {
    s.value = values[i] as never;
  });
}

/** Types of one slice along the leading axis of a tree of arrays. */
function sliceTypes(xs: unknown, what: string): unknown {
  if (xs === null || xs === undefined) return null;
  const { leaves, def } = arraysOf(xs, what);
  return def.unflatten(leaves.map((x) => {
    if (x.ndim === 0) throw new ArgumentError(`${what}: expected arrays with a leading axis to loop over, got ${x.aval}`);
    return new ShapeDtypeStruct(x.shape.slice(1), x.dtype, { weakType: x.weakType });
  }));
}

/**
 * One of two functions, by a predicate that may be traced; both are traced, one runs. States may be read and written in either.
 *
 * Mirrors `brainstate.transform.cond` and `jax.lax.cond`.
 *
 * @example
 * ```ts
 * cond(np.greater(x, 0), (v) => v, (v) => v.neg(), x);
 * ```
 */
export function cond<A extends readonly unknown[], T>(pred: ArrayLike, trueFun: (...operands: { [K in keyof A]: Traced<A[K]> }) => T, falseFun: (...operands: { [K in keyof A]: Traced<A[K]> }) => unknown, ...operands: A): Traced<T> {
  const branches = [trueFun, falseFun] as unknown as AnyFunction[];
  for (const f of branches) if (typeof f !== 'function') throw new ArgumentError(`cond: expected two functions as branches, got ${describeValue(f)}`);
  const states = union(branches.map((f) => writtenBy(f, operands, 'cond')));
  if (states.length === 0) return lax.cond(pred, trueFun as never, falseFun as never, ...operands) as Traced<T>;
  const [t, f] = branches.map((b) => threaded(b, states, 'cond'));
  const [out, values] = lax.cond(pred, t as never, f as never, read(states), ...operands) as [Traced<T>, unknown[]];
  write(states, values);
  return out;
}

/** One of several functions by an integer, which is clamped into range. Mirrors `brainstate.transform.switch` and `jax.lax.switch`. */
export function switchCase<A extends readonly unknown[], T>(index: ArrayLike, branches: readonly ((...operands: { [K in keyof A]: Traced<A[K]> }) => T)[], ...operands: A): Traced<T> {
  if (!globalThis.Array.isArray(branches) || branches.length === 0) throw new ArgumentError('switchCase: expected a list of at least one branch');
  const states = union(branches.map((f) => writtenBy(f as unknown as AnyFunction, operands, 'switchCase')));
  if (states.length === 0) return lax.switch_(index, branches as never, ...operands) as Traced<T>;
  const [out, values] = lax.switch_(index, branches.map((b) => threaded(b as unknown as AnyFunction, states, 'switchCase')) as never, read(states), ...operands) as [Traced<T>, unknown[]];
  write(states, values);
  return out;
}

/**
 * Repeats `body` while `cond` holds. States may be read in both, and written in the body.
 *
 * Mirrors `brainstate.transform.while_loop` and `jax.lax.while_loop`.
 */
export function whileLoop<T>(condFun: (value: Traced<T>) => unknown, bodyFun: (value: Traced<T>) => unknown, init: T): Traced<T> {
  const inCond = writtenBy(condFun as AnyFunction, [init], 'whileLoop');
  if (inCond.length > 0) throw new BrainStateError(`whileLoop: the condition must not write states, but it writes ${inCond.map((s) => s.describe()).join(', ')}`);
  const states = writtenBy(bodyFun as AnyFunction, [init], 'whileLoop');
  if (states.length === 0) return lax.whileLoop(condFun, bodyFun, init);
  const test = threaded(condFun as AnyFunction, states, 'whileLoop');
  const step = threaded(bodyFun as AnyFunction, states, 'whileLoop');
  const [out, values] = lax.whileLoop(
    (([v, s]: [unknown, unknown[]]) => test(s, v)[0]) as never, (([v, s]: [unknown, unknown[]]) => step(s, v)) as never, [init, read(states)] as never,
  ) as unknown as [Traced<T>, unknown[]];
  write(states, values);
  return out;
}

export interface ScanOptions {
  /** How many steps, where there is nothing to loop over. */
  length?: number;
  /** From the last slice to the first. */
  reverse?: boolean;
  /** How many steps are unrolled into one, or all. */
  unroll?: number | boolean;
}

/**
 * Loops over the leading axis of `xs`, carrying a value: `f(carry, x)` returns `[carry, y]`; the result is `[carry, ys]`. States are carried along.
 *
 * Mirrors `brainstate.transform.scan` and `jax.lax.scan`.
 */
export function scan<C, X, Y>(f: (carry: Traced<C>, x: Traced<X>) => readonly [unknown, Y], init: C, xs: X, options: ScanOptions = {}): [Traced<C>, Traced<Y>] {
  const states = writtenBy(f as AnyFunction, [init, sliceTypes(xs, 'scan')], 'scan');
  if (states.length === 0) return lax.scan(f, init, xs, options);
  const step = threaded(f as AnyFunction, states, 'scan');
  const [[carry, values], ys] = lax.scan((([c, s]: [unknown, unknown[]], x: unknown) => {
    const [pair, after] = step(s, c, x);
    if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`scan: expected the function to return [carry, y], got ${describeValue(pair)}`);
    return [[pair[0], after], pair[1]];
  }) as never, [init, read(states)] as never, xs as never, options) as unknown as [[Traced<C>, unknown[]], Traced<Y>];
  write(states, values);
  return [carry, ys];
}

const LOOP_OPTIONS = ['length', 'reverse', 'unroll'];

function splitLoopArgs(rest: readonly unknown[]): { xs: readonly unknown[]; options: ScanOptions } {
  const last = rest[rest.length - 1];
  if (rest.length > 0 && last !== null && typeof last === 'object' && Object.getPrototypeOf(last) === Object.prototype) {
    const keys = Object.keys(last);
    if (keys.length > 0 && keys.every((k) => LOOP_OPTIONS.includes(k))) return { xs: rest.slice(0, -1), options: last as ScanOptions };
  }
  return { xs: rest, options: {} };
}

/**
 * Calls a function for each slice along the leading axis of its arguments, and stacks the results: `forLoop(f, ...xs, options?)`. States are carried along.
 *
 * Mirrors `brainstate.transform.for_loop`.
 */
export function forLoop<Y>(f: (...slices: Loose[]) => Y, ...rest: unknown[]): Traced<Y> {
  const { xs, options } = splitLoopArgs(rest);
  return scan(((_: unknown, slices: unknown[]) => [null, (f as AnyFunction)(...slices)]) as never, null, xs, options)[1] as Traced<Y>;
}
