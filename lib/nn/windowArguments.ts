import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';

/** One number for all spatial dimensions, or one for each. */
export type PerDimension = number | readonly number[];

/** 'SAME', 'VALID', a number for both ends of all dimensions, a number for each, or pairs [low, high], of which one stands for all. */
export type WindowPadding = 'SAME' | 'VALID' | PerDimension | readonly (readonly [number, number])[];

/** A whole number for each of n dimensions. */
export function perDimension(op: string, name: string, value: PerDimension, n: number, least = 1): number[] {
  const list = typeof value === 'number' ? [value] : value;
  const ok = globalThis.Array.isArray(list) && (list.length === 1 || list.length === n) && list.every((v) => Number.isInteger(v) && v >= least);
  if (!ok) throw new ArgumentError(`${op}: expected ${name} to be a whole number from ${least}, or ${n} of them, got ${describeValue(value)}`);
  return list.length === n ? [...list] : globalThis.Array.from({ length: n }, () => list[0]!);
}

/** Padding of n dimensions: a rule, or pairs. */
export function windowPadding(op: string, padding: WindowPadding, n: number): 'SAME' | 'VALID' | [number, number][] {
  const fail = () => new ArgumentError(`${op}: expected padding to be 'SAME', 'VALID', a whole number, ${n === 1 ? 'a pair [low, high]' : `${n} numbers, or ${n} pairs [low, high]`}, got ${JSON.stringify(padding)}`);
  if (typeof padding === 'string') {
    if (padding !== 'SAME' && padding !== 'VALID') throw fail();
    return padding;
  }
  if (typeof padding === 'number') {
    if (!Number.isInteger(padding)) throw fail();
    return globalThis.Array.from({ length: n }, () => [padding, padding]);
  }
  if (!globalThis.Array.isArray(padding) || padding.length === 0) throw fail();
  const whole = (v: unknown) => Number.isInteger(v);
  if (padding.every(whole)) {
    const numbers = padding as readonly number[];
    if (n === 1 && numbers.length === 2) return [[numbers[0]!, numbers[1]!]];
    if (numbers.length !== n) throw fail();
    return numbers.map((v) => [v, v]);
  }
  const pairs = padding as readonly (readonly [number, number])[];
  if (!pairs.every((p) => globalThis.Array.isArray(p) && p.length === 2 && p.every(whole)) || (pairs.length !== 1 && pairs.length !== n)) throw fail();
  return globalThis.Array.from({ length: n }, (_, i) => [...pairs[pairs.length === 1 ? 0 : i]!] as [number, number]);
}
