import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, TreeError } from '../core/errors';
import { flatten } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { checkpoint } from '../functional/staging';
import { trailingOptions } from '../functional/trailingOptions';
import { type AnyFunction, arraysOf, isArrayLeaf, type Loose } from '../functional/treeFunction';
import * as lax from '../lax/control';
import type { Traced } from '../lax/control';
import * as np from '../numpy';
import { concatenate, reshape, sliceInDim } from '../primitives/structural';
import { BrainStateError } from '../state/errors';
import { type Applicable, asFunction, type Callable, orNull } from './callable';
import { type ProgressBar, withProgress } from './progressBar';
import { lengthOf, read, sliceTypes, threaded, write, writtenBy } from './threading';
import { unvmap } from './unvmap';

// Long loops as trees of short ones whose intermediate values are computed again in the backward pass: for n steps it holds about
// base * log(n) / log(base) carries in place of n.

/** Steps in one step of the outermost loop of n steps: the largest power of the base below n. */
function chunkOf(n: number, base: number): number {
  let chunk = base;
  while (chunk * base < n) chunk *= base;
  return chunk;
}

type Step = (carry: unknown, x: unknown) => readonly [unknown, unknown];

function mapTree(tree: unknown, f: (x: Array) => Array): unknown {
  const { leaves, def } = arraysOf(tree, 'checkpointedScan');
  return def.unflatten(leaves.map(f));
}

const runScan = lax.scan as unknown as (f: Step, init: unknown, xs: unknown, options: { length: number }) => [unknown, unknown];

function nestedScan(step: Step, init: unknown, xs: unknown, n: number, base: number): [unknown, unknown] {
  if (n <= base) return runScan(step, init, xs, { length: n });
  const chunk = chunkOf(n, base);
  const whole = Math.floor(n / chunk);
  const inner = (length: number) => checkpoint(((c: unknown, x: unknown) => nestedScan(step, c, x, length, base)) as AnyFunction) as unknown as Step;
  const head = mapTree(xs, (x) => reshape(sliceInDim(x, 0, whole * chunk, 0), [whole, chunk, ...x.shape.slice(1)]));
  const [carry, parts] = runScan(inner(chunk), init, head, { length: whole });
  const ys = mapTree(parts, (y) => reshape(y, [whole * chunk, ...y.shape.slice(2)]));
  const rest = n - whole * chunk;
  if (rest === 0) return [carry, ys];
  const [last, tail] = inner(rest)(carry, mapTree(xs, (x) => sliceInDim(x, whole * chunk, n, 0)));
  const more = arraysOf(tail, 'checkpointedScan').leaves;
  let i = 0;
  return [last, mapTree(ys, (y) => concatenate([y, more[i++]!], 0))];
}

/** Options of {@link checkpointedScan}. */
export interface CheckpointedOptions {
  /** How many steps, where there is nothing to loop over. */
  length?: number;
  /** Steps of each loop of the tree of loops. Default 16; larger ones compile faster and hold more. */
  base?: number;
  /** A bar that moves while the loop runs, or the number of steps between its updates. */
  pbar?: ProgressBar | number | null;
}

const OPTIONS: readonly (keyof CheckpointedOptions)[] = ['length', 'base', 'pbar'];

/**
 * As `scan`, with much less memory in the backward pass: of n steps the carries of some `base * log(n) / log(base)` are held, and the others computed
 * again, at the price of running the steps log(n) / log(base) times more.
 *
 * Mirrors `brainstate.transform.checkpointed_scan`.
 *
 * @param f a function `(carry, x) => [carry, y]`, or a module
 * @param init the first value, a tree of arrays
 * @param xs a tree of arrays, whose first axis is scanned
 * @throws ArgumentError for a loop of no steps, or a function that does not return `[carry, y]`
 * @example
 * ```ts
 * const last = (h: np.Array) => transform.checkpointedScan((c: np.Array, x: np.Array) => [np.sin(c.add(x)), null], h, np.ones([1000]))[0];
 * grad(last)(0.5);
 * ```
 */
export function checkpointedScan<C, X, Y>(f: (carry: Traced<C>, x: Traced<X>) => readonly [unknown, Y], init: C, xs: X, options?: CheckpointedOptions): [Traced<C>, Traced<Y>];
export function checkpointedScan<C, X, Y>(f: Applicable<[carry: Traced<C>, x: Traced<X>], readonly [unknown, Y]>, init: C, xs: X, options?: CheckpointedOptions): [Traced<C>, Traced<Y>];
export function checkpointedScan<C, X, Y>(f: Callable, init: C, xs: X, options: CheckpointedOptions = {}): [Traced<C>, Traced<Y>] {
  return nested('checkpointedScan', f, init, xs, options) as [Traced<C>, Traced<Y>];
}

function nested(op: string, given: Callable, init: unknown, xs: unknown, options: CheckpointedOptions): [unknown, unknown] {
  const f = asFunction(given, op);
  const { base = 16 } = checkOptions(op, OPTIONS, options);
  checkInteger(op, 'base', base, 2);
  const n = lengthOf(op, xs, options.length);
  if (!Number.isInteger(n) || n < 1) throw new ArgumentError(`${op}: expected at least one step, got ${n}; scan runs loops of none`);
  if (options.pbar !== undefined && options.pbar !== null) {
    const p = withProgress(op, options.pbar, n, f, init);
    const [carry, ys] = nested(op, p.f, p.init, xs, { length: n, base });
    return [p.done(carry), ys];
  }
  const states = writtenBy(f, [init, sliceTypes(xs, op)], op);
  const step = threaded(f, states, op, true);
  const [[carry, values], ys] = nestedScan((cs, x) => {
    const [c, s] = cs as [unknown, unknown[]];
    const [pair, after] = step(s, c, x);
    if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`${op}: expected the function to return [carry, y], got ${describeValue(pair)}`);
    return [[pair[0], after], pair[1]];
  }, [init, read(states)], xs ?? null, n, base) as [[unknown, unknown[]], unknown];
  write(states, values);
  return [carry, ys];
}

/**
 * As `forLoop`, with less memory in the backward pass: see {@link checkpointedScan}. `checkpointedForLoop(f, ...xs, options?)`.
 *
 * Mirrors `brainstate.transform.checkpointed_for_loop`.
 *
 * @example
 * transform.checkpointedForLoop((x: Array) => x.mul(x), np.arange(3)).js(); // [0, 1, 4]
 */
export function checkpointedForLoop<Y>(f: (...slices: Loose[]) => Y, ...rest: unknown[]): Traced<Y>;
export function checkpointedForLoop<Y>(module: { call(...slices: Loose[]): Y; apply?: never }, ...rest: unknown[]): Traced<Y>;
export function checkpointedForLoop(given: Callable, ...rest: unknown[]): Loose {
  const f = asFunction(given, 'checkpointedForLoop');
  const { args: xs, options } = trailingOptions<CheckpointedOptions>(rest, OPTIONS);
  return nested('checkpointedForLoop', ((_: unknown, slices: unknown[]) => [null, f(...slices) ?? null]) as AnyFunction, null, xs, options)[1];
}

/** Options of {@link boundedWhileLoop}. */
export interface BoundedWhileOptions {
  /** The loop ends after so many steps, whatever the condition says. */
  maxSteps: number;
  /** Steps of each loop of the tree of loops. Default 16; larger ones compile faster and hold more. */
  base?: number;
}

/**
 * Repeats `body` while `cond` holds, at most `maxSteps` times. Unlike `whileLoop` it can be differentiated in reverse, as a tree of loops of `base` steps
 * that are skipped once the condition fails. States may be read in both, and written in the body; under vmap, a lane that is done stays as it is.
 *
 * Mirrors `brainstate.transform.bounded_while_loop`.
 *
 * @param condFun a function of the value, which gives a boolean scalar
 * @param bodyFun a function of the value, which gives the next one: like it in structure, shapes and dtypes
 * @param init the first value, a tree of arrays
 * @throws ArgumentError for options that are no such numbers, BrainStateError if `cond` writes states
 * @example
 * ```ts
 * const f = (x: np.Array) => transform.boundedWhileLoop((v: np.Array) => v.less(100), (v: np.Array) => v.mul(v), x, { maxSteps: 8 });
 * grad(f)(3); // the value is 6561, the derivative 8 * 3 ** 7
 * ```
 */
export function boundedWhileLoop<T>(condFun: (value: Traced<T>) => unknown, bodyFun: (value: Traced<T>) => unknown, init: T, options: BoundedWhileOptions): Traced<T>;
export function boundedWhileLoop<T>(condFun: Applicable<[value: Traced<T>], unknown>, bodyFun: Applicable<[value: Traced<T>], unknown>, init: T, options: BoundedWhileOptions): Traced<T>;
export function boundedWhileLoop<T>(condFun: Callable, bodyFun: Callable, init: T, options: BoundedWhileOptions): Traced<T> {
  const op = 'boundedWhileLoop';
  const { maxSteps, base = 16 } = checkOptions(op, ['maxSteps', 'base'], options);
  checkInteger(op, 'maxSteps', maxSteps, 0);
  checkInteger(op, 'base', base, 2);
  const { leaves, def } = arraysOf(init, `${op}: init`);
  const first = def.unflatten(leaves);
  if (maxSteps === 0) return first as Traced<T>;
  const condition = asFunction(condFun, op);
  const body = orNull(asFunction(bodyFun, op));
  const inCond = writtenBy(condition, [first], op);
  if (inCond.length > 0) throw new BrainStateError(`${op}: the condition must not write states, but it writes ${inCond.map((s) => s.describe()).join(', ')}`);
  const states = writtenBy(body, [first], op);
  const test = threaded(condition, states, op);
  const step = threaded(body, states, op, true);
  type Value = [unknown, unknown[]];
  const holds = ([v, s]: Value): Array => {
    const r = test(s, v)[0];
    const { leaves: flags } = arraysOf(r, `${op}: the result of cond`);
    if (flags.length !== 1 || flags[0]!.ndim !== 0) throw new ArgumentError(`${op}: expected cond to return one bool scalar, got ${flags.map((x) => x.aval).join(', ') || 'nothing'}`);
    return flags[0]!;
  };
  const masked = (value: Value): unknown => {
    const going = holds(value);
    const next = step(value[1], value[0]);
    const [before, was] = flatten(value, isArrayLeaf);
    const { leaves: after, def: is } = arraysOf(next, `${op}: the result of body`);
    if (!was.equals(is)) throw new TreeError(`${op}: expected the value to have one structure in and out, but they differ: in ${was.children[0]}, out ${is.children[0]}`);
    return is.unflatten(after.map((y, i) => np.where(going, y, before[i] as Array)));
  };
  const same = (value: unknown) => value;
  /** `n` steps, all of which are skipped where no lane goes on. */
  const run = (value: unknown, n: number): unknown => {
    if (n > 1) return lax.cond(unvmap(holds(value as Value)), checkpoint(((v: unknown) => loop(v, n)) as AnyFunction) as never, same as never, value);
    return lax.cond(unvmap(holds(value as Value)), masked as never, same as never, value);
  };
  const loop = (value: unknown, n: number): unknown => {
    if (n === 1) return run(value, 1);
    const chunk = n <= base ? 1 : chunkOf(n, base);
    const whole = Math.floor(n / chunk);
    const [after] = runScan((v) => [run(v, chunk), null], value, null, { length: whole });
    const rest = n - whole * chunk;
    return rest === 0 ? after : run(after, rest);
  };
  const [out, values] = loop([first, read(states)], maxSteps) as Value;
  write(states, values);
  return out as Traced<T>;
}
