import type { Array } from './array';
import type { ShapedArray } from './aval';
import { describeValue } from './describe';
import { ArgumentError, ShapeError } from './errors';

/** @throws ArgumentError unless an argument is a function */
export function checkFunction(op: string, what: string, f: unknown): void {
  if (typeof f !== 'function') throw new ArgumentError(`${op}: expected ${what} to be a function, got ${describeValue(f)}`);
}

/** @throws ArgumentError for what is given as an optional function and is none */
export function checkOptionalFunction(op: string, what: string, f: unknown): void {
  if (f !== undefined && f !== null) checkFunction(op, what, f);
}

/** @throws ArgumentError unless an argument is a class, or a function that makes objects */
export function checkClass(op: string, x: unknown): void {
  if (typeof x !== 'function' || typeof x.prototype !== 'object' || x.prototype === null) throw new ArgumentError(`${op}: expected a class, got ${describeValue(x)}`);
}

/** @throws ArgumentError unless an argument is an instance of a class, `what` of the message */
export function checkInstance(op: string, x: unknown, type: abstract new (...args: never[]) => unknown, what = `a ${type.name}`): void {
  if (!(x instanceof type)) throw new ArgumentError(`${op}: expected ${what}, got ${describeValue(x)}`);
}

/** @throws ArgumentError unless an argument is a list, or something else to iterate over that is no string */
export function checkIterable(op: string, what: string, x: unknown): void {
  if (x === null || typeof x !== 'object' || !(Symbol.iterator in x)) throw new ArgumentError(`${op}: expected ${what} to be a list, got ${describeValue(x)}`);
}

/** @throws ArgumentError unless an argument is a plain list */
export function checkList(op: string, what: string, x: unknown): void {
  if (!globalThis.Array.isArray(x)) throw new ArgumentError(`${op}: expected ${what} to be a list, got ${describeValue(x)}`);
}

/** An argument that is an integer. @throws ArgumentError unless it is one, and of at least `least` where that is given */
export function checkInteger(op: string, what: string, x: unknown, least?: number): number {
  if (Number.isInteger(x) && (least === undefined || (x as number) >= least)) return x as number;
  const kind = least === undefined ? 'an integer' : least === 0 ? 'a non-negative integer' : least === 1 ? 'a positive integer' : `an integer of at least ${least}`;
  throw new ArgumentError(`${op}: expected ${what} to be ${kind}, got ${describeValue(x)}`);
}

/**
 * An axis from 0 to ndim − 1; negative ones count from the end.
 *
 * @throws ArgumentError unless it is an integer, ShapeError where it is out of range
 */
export function canonAxis(op: string, axis: unknown, ndim: number, what = 'axis'): number {
  const a = checkInteger(op, what, axis);
  if (a < -ndim || a >= ndim) throw new ShapeError(`${op}: ${what} ${a} is out of range for an array of ${ndim} dimensions`);
  return a < 0 ? a + ndim : a;
}

/** @throws ArgumentError unless an argument is a list of integers */
export function checkIntegers(op: string, what: string, x: unknown): void {
  if (!globalThis.Array.isArray(x) || !x.every((n) => Number.isInteger(n))) throw new ArgumentError(`${op}: expected ${what} to be a list of integers, got ${describeValue(x)}`);
}

/** The type of an operand. @throws ArgumentError for what is no array: an argument that was left out, mostly */
export function operandAval(op: string, position: number, x: Array | null | undefined): ShapedArray {
  const aval = x?.aval;
  if (aval === undefined) throw new ArgumentError(`${op}: expected an array as operand ${position + 1}, got ${describeValue(x)}`);
  return aval;
}
