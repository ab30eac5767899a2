import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';

const counts = new Map<string, number>();

/**
 * A name that no call before gave: the type with the number of its calls before. Mirrors `brainstate.util.get_unique_name`.
 *
 * @example
 * util.getUniqueName('Made', { prefix: 'my' }); // 'myMade0'
 */
export function getUniqueName(type: string, options: { prefix?: string } = {}): string {
  const { prefix = '' } = checkOptions('getUniqueName', ['prefix'], options);
  const n = counts.get(type) ?? 0;
  counts.set(type, n + 1);
  return `${prefix}${type}${n}`;
}

/**
 * A part of a whole number: a share of it if `fraction` is below 1, else that number itself. (JS does not tell 1 from 1.0: it is one.)
 *
 * Mirrors `brainstate.util.split_total`.
 *
 * @throws ArgumentError unless total is a positive integer, and fraction in [0, 1] or an integer up to total
 * @example
 * [util.splitTotal(10, 0.3), util.splitTotal(10, 4)]; // [3, 4]
 */
export function splitTotal(total: number, fraction: number): number {
  checkInteger('util.splitTotal', 'total', total, 1);
  if (typeof fraction !== 'number' || !(fraction >= 0)) throw new ArgumentError(`util.splitTotal: expected fraction not to be negative, got ${describeValue(fraction)}`);
  if (Number.isInteger(fraction) ? fraction > total : fraction > 1) throw new ArgumentError(`util.splitTotal: expected fraction in [0, 1] or an integer up to ${total}, got ${fraction}`);
  return Number.isInteger(fraction) ? fraction : Math.trunc(total * fraction);
}

type Class = abstract new (...args: never[]) => unknown;

/** A test for instances of classes. Mirrors `brainstate.util.is_instance_eval`. @example util.isInstanceEval(Map, Set)(new Map()); // true */
export function isInstanceEval(...classes: Class[]): (x: unknown) => boolean {
  return (x) => classes.some((c) => x instanceof c);
}

/** A test for what is no instance of classes. Mirrors `brainstate.util.not_instance_eval`. @example util.notInstanceEval(Map, Set)(new Map()); // false */
export function notInstanceEval(...classes: Class[]): (x: unknown) => boolean {
  const is = isInstanceEval(...classes);
  return (x) => !is(x);
}
