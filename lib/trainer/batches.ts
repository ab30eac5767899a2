import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { optionsObject, unknownOption } from '../functional/options';
import type { DataLoader } from './loader';

/** Batches: a {@link DataLoader}, or anything that gives them anew each time it is iterated over, also asynchronously. */
export type Batches = DataLoader | Iterable<unknown> | AsyncIterable<unknown>;
/** One source of batches, or a list of some. */
export type BatchesList = Batches | readonly Batches[];

/** Whether something can be iterated over for batches; an array on the device is none of them. */
export function isBatches(x: unknown): x is Batches {
  return typeof x === 'object' && x !== null && !(x instanceof Array) && (typeof (x as Iterable<unknown>)[Symbol.iterator] === 'function' || typeof (x as AsyncIterable<unknown>)[Symbol.asyncIterator] === 'function');
}

/** How many batches there are; null where only iterating tells. */
export function lengthOf(batches: Batches): number | null {
  const { length } = batches as { length?: unknown };
  return typeof length === 'number' ? length : null;
}

/** Sources of batches, of one or a list. */
export function sources(op: string, name: string, given: BatchesList): readonly Batches[] {
  const list: readonly unknown[] = globalThis.Array.isArray(given) ? given : [given];
  for (const x of list) if (!isBatches(x) || globalThis.Array.isArray(x)) throw new ArgumentError(`${op}: expected ${name} to be a DataLoader, other batches to iterate over, or a list of such, got ${describeValue(x)}`);
  return list as readonly Batches[];
}

/** A source of batches before the options, or among them by its name. @throws ArgumentError for an option that does not exist, or a source and its options in one place */
export function sourceAndOptions<O extends object, S>(op: string, name: keyof O & string, names: readonly (keyof O & string)[], first: S | O, options: O | undefined): [S, O] {
  const among = isPlainObject(first) && !isBatches(first);
  if (among && options !== undefined) throw new ArgumentError(`${op}: expected ${name} before the options, got ${describeValue(first)}`);
  const given = optionsObject(op, among ? (first as O) : options);
  const known = among ? [name, ...names] : names;
  for (const k of Object.keys(given) as (keyof O & string)[]) if (!known.includes(k) && given[k] !== undefined) unknownOption(op, k, known);
  return [among ? (given[name] as S) : (first as S), given];
}

/** The first batches of a source. */
export async function firstOf(batches: Batches, n: number): Promise<unknown[]> {
  const out: unknown[] = [];
  for await (const batch of batches as AsyncIterable<unknown>) if (out.push(batch) >= n) break;
  return out;
}
