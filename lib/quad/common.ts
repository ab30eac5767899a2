import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import type { Loose } from '../functional/treeFunction';
import type { ArrayLike } from '../lax/arrayLike';
import * as np from '../numpy';
import * as random from '../random';
import { map } from '../tree';

/** A number of time. */
export type Time = number | Array;
/** A right-hand side: of the state (an array or a tree of them), the time, and further arguments. */
export type Rhs = (y: Loose, t: Time, ...args: Loose[]) => Loose;

export function checkRhs(op: string, ...fs: unknown[]): void {
  for (const f of fs) if (typeof f !== 'function') throw new ArgumentError(`${op}: expected a function as the right-hand side, got ${describeValue(f)}`);
}

/** How often what is implicit is improved. */
export interface IterationOptions {
  /** How often the fixed point is iterated. */
  maxIter: number;
}

/** @throws ArgumentError unless maxIter is an integer of at least 1 */
export function checkIterations(op: string, given: IterationOptions): number {
  const { maxIter } = checkOptions(op, ['maxIter'], given);
  checkInteger(op, 'maxIter', maxIter, 1);
  return maxIter;
}

/** A call's arguments, and the options that follow them: a plain object with nothing but such options, which no argument of a right-hand side is. */
export function splitOptions<O extends object>(args: readonly unknown[], names: readonly (keyof O & string)[]): [Loose[], Partial<O>] {
  const last = args.at(-1);
  const keys = isPlainObject(last) ? Object.keys(last) : [];
  if (keys.length === 0 || !keys.every((k) => (names as readonly string[]).includes(k))) return [args as Loose[], {}];
  return [args.slice(0, -1) as Loose[], last as Partial<O>];
}

/** A step whose number of iterations may follow its arguments. */
export function iterated<Step extends (...args: never[]) => unknown>(op: string, standard: number, make: (given: IterationOptions) => Step): Step {
  const usual = make({ maxIter: standard });
  return ((...args: unknown[]) => {
    const [rest, { maxIter }] = splitOptions<IterationOptions>(args, ['maxIter']);
    return (maxIter === undefined ? usual : make({ maxIter: checkIterations(op, { maxIter }) }))(...(rest as never[]));
  }) as unknown as Step;
}

export const dt = (): Time => environ.getDt();

/** `a + b` and `a * b` for numbers of time, plain where both are. */
export const plus = (a: Time, b: Time): Time => (typeof a === 'number' && typeof b === 'number' ? a + b : np.add(a, b));
export const times = (a: Time, b: Time): Time => (typeof a === 'number' && typeof b === 'number' ? a * b : np.multiply(a, b));
export const root = (a: Time): Time => (typeof a === 'number' ? Math.sqrt(a) : np.sqrt(a));

/** `sum_i c_i k_i` over trees; zero coefficients are left out. */
export function combine(coefficients: readonly Time[], ks: readonly unknown[]): unknown {
  const used = ks.map((k, i) => [coefficients[i] ?? 0, k] as const).filter(([c]) => c !== 0);
  return map((...leaves: ArrayLike[]) => {
    let total: Array | null = null;
    leaves.forEach((k, i) => {
      const term = used[i]![0] === 1 ? np.asarray(k) : np.multiply(used[i]![0], k);
      total = total === null ? term : np.add(total, term);
    });
    return total;
  }, used[0]![1] as never, ...(used.slice(1).map(([, k]) => k) as never[]));
}

/** `y + h sum_i c_i k_i` over trees. */
export function advance(y: unknown, h: Time, coefficients: readonly number[], ks: readonly unknown[]): unknown {
  return map((a: ArrayLike, b: ArrayLike) => np.add(a, np.multiply(h, b)), y as never, combine(coefficients, ks) as never);
}

/** Applies a function to the leaves of trees of one structure. */
export function zip(f: (...leaves: Array[]) => Array, ...trees: unknown[]): unknown {
  return map((...leaves: ArrayLike[]) => f(...leaves.map((x) => np.asarray(x))), trees[0] as never, ...(trees.slice(1) as never[]));
}

/** Increments of Brownian motion in the step, in y's structure, one key for each leaf. They are floats of the default type, so that integers and half floats widen. */
export function brownian(y: unknown, sqrtDt: Time): unknown {
  return zip((a) => np.multiply(random.randn(...a.shape), sqrtDt), y);
}

/** `(exp(x) - 1) / x`, 1 at 0. */
export function exprel(x: Array): Array {
  const small = np.less(np.abs(x), 1e-5);
  const safe = np.where(small, 1, x);
  return np.where(small, np.add(1, np.multiply(x, np.add(0.5, np.divide(x, 6)))), np.divide(np.expm1(safe), safe));
}
