import { ArgumentError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { trailingOptions } from '../functional/trailingOptions';
import type { AnyFunction, Loose } from '../functional/treeFunction';
import * as lax from '../lax/control';
import type { Traced } from '../lax/control';
import { runsInJs } from '../lax/staged';
import * as np from '../numpy';
import { BrainStateError } from '../state/errors';
import { type Applicable, asFunction, type Callable, orNull } from './callable';
import { jitErrorIf } from './errorIf';
import { type ProgressBar, withProgress } from './progressBar';
import { lengthOf, read, sliceTypes, threaded, union, write, writtenBy } from './threading';

/**
 * One of two functions, by a predicate that may be traced; both are traced, one runs. States may be read and written in either.
 *
 * Mirrors `brainstate.transform.cond` and `jax.lax.cond`.
 *
 * @param pred a scalar: a boolean, or a number
 * @param trueFun what is applied where it is true: a function, or a module
 * @param falseFun what is applied where it is not
 * @param operands what the function chosen is called with
 * @example
 * ```ts
 * const x = np.array(-3);
 * cond(np.greater(x, 0), (v) => v, (v) => v.neg(), x).js(); // 3
 * ```
 */
export function cond<A extends readonly unknown[], T>(pred: ArrayLike, trueFun: (...operands: { [K in keyof A]: Traced<A[K]> }) => T, falseFun: (...operands: { [K in keyof A]: Traced<A[K]> }) => unknown, ...operands: A): Traced<T>;
export function cond<A extends readonly unknown[], T>(pred: ArrayLike, trueFun: Applicable<{ [K in keyof A]: Traced<A[K]> }, T>, falseFun: Applicable<{ [K in keyof A]: Traced<A[K]> }, unknown>, ...operands: A): Traced<T>;
export function cond<A extends readonly unknown[], T>(pred: ArrayLike, trueFun: Callable, falseFun: Callable, ...operands: A): Traced<T> {
  const branches = [trueFun, falseFun].map((f) => asFunction(f, 'cond: a branch'));
  const states = runsInJs() ? [] : union(branches.map((f) => writtenBy(f, operands, 'cond')));
  if (states.length === 0) return lax.cond(pred, branches[0] as never, branches[1] as never, ...operands) as Traced<T>;
  const [t, f] = branches.map((b) => threaded(b, states, 'cond'));
  const [out, values] = lax.cond(pred, t as never, f as never, read(states), ...operands) as [Traced<T>, unknown[]];
  write(states, values);
  return out;
}

/**
 * One of several functions by an integer, which is clamped into range. Mirrors `brainstate.transform.switch` and `jax.lax.switch`.
 *
 * @param index an integer scalar, clamped into range
 * @param given functions of the operands, or modules, with results of one structure and type
 * @param operands what the function chosen is called with
 * @throws ArgumentError without branches
 * @example
 * transform.switchCase(1, [(x: Array) => x.add(1), (x: Array) => x.mul(10)], np.array(2)).js(); // 20
 */
export function switchCase<A extends readonly unknown[], T>(index: ArrayLike, given: readonly ((...operands: { [K in keyof A]: Traced<A[K]> }) => T)[], ...operands: A): Traced<T>;
export function switchCase<A extends readonly unknown[], T>(index: ArrayLike, given: readonly Applicable<{ [K in keyof A]: Traced<A[K]> }, T>[], ...operands: A): Traced<T>;
export function switchCase<A extends readonly unknown[], T>(index: ArrayLike, given: readonly Callable[], ...operands: A): Traced<T> {
  if (!globalThis.Array.isArray(given) || given.length === 0) throw new ArgumentError('switchCase: expected a list of at least one branch');
  const branches = given.map((f) => asFunction(f, 'switchCase: a branch'));
  const states = runsInJs() ? [] : union(branches.map((f) => writtenBy(f, operands, 'switchCase')));
  if (states.length === 0) return lax.switch_(index, branches as never, ...operands) as Traced<T>;
  const [out, values] = lax.switch_(index, branches.map((b) => threaded(b, states, 'switchCase')) as never, read(states), ...operands) as [Traced<T>, unknown[]];
  write(states, values);
  return out;
}

/**
 * One of several functions by conditions of which exactly one is to hold. All are traced, one runs; states may be read and written in any.
 *
 * Mirrors `brainstate.transform.ifelse`: `ifelse(conditions, branches, ...operands, options?)`.
 *
 * @param conditions as many bool scalars, traced or not, as branches
 * @param given functions of the operands, or modules, with results of one structure and type
 * @param rest the operands; options last: with `checkCond: false` the first condition that holds decides, and the last branch runs where none does
 * @throws ArgumentError if the numbers of conditions and branches differ, or not exactly one condition holds (under jit, when the program runs: the
 *   cause of a CallbackError)
 * @example
 * ```ts
 * const x = np.array(3);
 * ifelse([np.greater(x, 5), np.lessEqual(x, 5)], [(v: np.Array) => v.mul(2), (v: np.Array) => v.neg()], x); // -3
 * ```
 */
export function ifelse(conditions: readonly ArrayLike[], given: readonly Callable[], ...rest: unknown[]): Loose {
  if (!globalThis.Array.isArray(given) || given.length === 0) throw new ArgumentError('ifelse: expected a list of at least one branch');
  const branches = given.map((f) => asFunction(f, 'ifelse: a branch'));
  if (!globalThis.Array.isArray(conditions) || conditions.length !== branches.length) {
    throw new ArgumentError(`ifelse: expected a list of as many conditions as branches, ${branches.length}, got ${globalThis.Array.isArray(conditions) ? conditions.length : describeValue(conditions)}`);
  }
  const { args: operands, options } = trailingOptions<{ checkCond?: boolean }>(rest, ['checkCond']);
  if (branches.length === 1) return branches[0]!(...operands);
  const flags = conditions.map((c, i) => {
    const x = asArray(c, `ifelse: condition ${i}`);
    if (x.ndim !== 0) throw new ArgumentError(`ifelse: expected conditions to be scalars, got ${x.aval} as condition ${i}`);
    return x;
  });
  const holds = np.notEqual(np.stack(flags.map((x) => np.astype(x, 'int32'))), 0);
  if (options.checkCond ?? true) checkOneHolds(holds);
  const index = np.where(np.any(holds), np.argmax(holds), branches.length - 1);
  return switchCase(index, branches, ...operands) as Loose;
}

function checkOneHolds(holds: np.Array): void {
  const wrong = np.notEqual(np.sum(np.astype(holds, 'int32')), 1);
  jitErrorIf(wrong, (given: np.Array) => {
    throw new ArgumentError(`ifelse: expected exactly one condition to hold, got [${(given.js() as boolean[]).join(', ')}]; pass checkCond: false to take the first that does, or the last branch`);
  }, holds);
}

/**
 * Repeats `body` while `cond` holds. States may be read in both, and written in the body.
 *
 * Mirrors `brainstate.transform.while_loop` and `jax.lax.while_loop`.
 *
 * @param condFun a function of the value, or a module, which gives a boolean scalar
 * @param bodyFun a function of the value, or a module, which gives the next one: like it in structure, shapes and dtypes
 * @param init the first value, a tree of arrays
 * @throws BrainStateError if the condition writes a state
 * @example
 * transform.whileLoop((x: Array) => x.less(10), (x: Array) => x.mul(2), np.array(1)).js(); // 16
 */
export function whileLoop<T>(condFun: (value: Traced<T>) => unknown, bodyFun: (value: Traced<T>) => unknown, init: T): Traced<T>;
export function whileLoop<T>(condFun: Applicable<[value: Traced<T>], unknown>, bodyFun: Applicable<[value: Traced<T>], unknown>, init: T): Traced<T>;
export function whileLoop<T>(condFun: Callable, bodyFun: Callable, init: T): Traced<T> {
  const condition = asFunction(condFun, 'whileLoop');
  const body = orNull(asFunction(bodyFun, 'whileLoop'));
  if (runsInJs()) return lax.whileLoop(condition, body, init);
  const inCond = writtenBy(condition, [init], 'whileLoop');
  if (inCond.length > 0) throw new BrainStateError(`whileLoop: the condition must not write states, but it writes ${inCond.map((s) => s.describe()).join(', ')}`);
  const states = writtenBy(body, [init], 'whileLoop');
  if (states.length === 0) return lax.whileLoop(condition, body, init);
  const test = threaded(condition, states, 'whileLoop');
  const step = threaded(body, states, 'whileLoop', true);
  const [out, values] = lax.whileLoop(
    (([v, s]: [unknown, unknown[]]) => test(s, v)[0]) as never, (([v, s]: [unknown, unknown[]]) => step(s, v)) as never, [init, read(states)] as never,
  ) as unknown as [Traced<T>, unknown[]];
  write(states, values);
  return out;
}

/** Options of {@link scan}. */
export interface ScanOptions {
  /** How many steps, where there is nothing to loop over. */
  length?: number;
  /** From the last slice to the first. */
  reverse?: boolean;
  /** How many steps are unrolled into one, or all. */
  unroll?: number | boolean;
  /** A bar that moves while the loop runs, or the number of steps between its updates. */
  pbar?: ProgressBar | number | null;
}

const LOOP_OPTIONS: readonly (keyof ScanOptions)[] = ['length', 'reverse', 'unroll', 'pbar'];

/**
 * Loops over the leading axis of `xs`, carrying a value: `f(carry, x)` returns `[carry, y]`; the result is `[carry, ys]`. States are carried along.
 *
 * Mirrors `brainstate.transform.scan` and `jax.lax.scan`.
 *
 * @param body a function `(carry, x) => [carry, y]`, or a module
 * @param init the first value, a tree of arrays
 * @throws ArgumentError unless the function returns `[carry, y]`
 * @example
 * transform.scan((sum: Array, x: Array) => [sum.add(x), sum] as const, np.array(0), np.array([1, 2, 3]))[0].js(); // 6
 */
export function scan<C, X, Y>(body: (carry: Traced<C>, x: Traced<X>) => readonly [unknown, Y], init: C, xs: X, options?: ScanOptions): [Traced<C>, Traced<Y>];
export function scan<C, X, Y>(body: Applicable<[carry: Traced<C>, x: Traced<X>], readonly [unknown, Y]>, init: C, xs: X, options?: ScanOptions): [Traced<C>, Traced<Y>];
export function scan<C, X, Y>(body: Callable, init: C, xs: X, options: ScanOptions = {}): [Traced<C>, Traced<Y>] {
  const f = asFunction(body, 'scan') as (carry: Traced<C>, x: Traced<X>) => readonly [unknown, Y];
  const { pbar, ...rest } = checkOptions('scan', LOOP_OPTIONS, options);
  if (pbar !== undefined && pbar !== null) {
    const p = withProgress('scan', pbar, lengthOf('scan', xs, options.length), f as AnyFunction, init);
    const [carry, ys] = scan(p.f as typeof f, p.init as C, xs, rest);
    return [p.done(carry) as Traced<C>, ys];
  }
  const states = runsInJs() ? [] : writtenBy(f as AnyFunction, [init, sliceTypes(xs, 'scan')], 'scan');
  if (states.length === 0) return lax.scan(f, init, xs, options);
  const step = threaded(f as AnyFunction, states, 'scan', true);
  const [[carry, values], ys] = lax.scan((([c, s]: [unknown, unknown[]], x: unknown) => {
    const [pair, after] = step(s, c, x);
    if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`scan: expected the function to return [carry, y], got ${describeValue(pair)}`);
    return [[pair[0], after], pair[1]];
  }) as never, [init, read(states)] as never, xs as never, options) as unknown as [[Traced<C>, unknown[]], Traced<Y>];
  write(states, values);
  return [carry, ys];
}

/**
 * Calls a function, or a module, for each slice along the leading axis of its arguments, and stacks the results: `forLoop(f, ...xs, options?)`. States are carried along.
 *
 * Mirrors `brainstate.transform.for_loop`.
 *
 * @example
 * transform.forLoop((x: Array) => x.mul(2), np.arange(3)).js(); // [0, 2, 4]
 */
export function forLoop<Y>(f: (...slices: Loose[]) => Y, ...rest: unknown[]): Traced<Y>;
export function forLoop<Y>(module: { call(...slices: Loose[]): Y; apply?: never }, ...rest: unknown[]): Traced<Y>;
export function forLoop(given: Callable, ...rest: unknown[]): Loose {
  const f = asFunction(given, 'forLoop');
  const { args: xs, options } = trailingOptions<ScanOptions>(rest, LOOP_OPTIONS);
  return scan(((_: unknown, slices: unknown[]) => [null, f(...slices)]) as never, null, xs, options)[1];
}
