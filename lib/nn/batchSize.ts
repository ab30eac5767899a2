import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';

/** The batch size that states are made for, by itself or as an option; null for none. */
export type BatchSize = number | null | { batchSize?: number | null };

/** The batch size of what was given to `initState` or `resetState`; null for none. @throws ArgumentError unless it is a natural number @internal */
export function batchSizeOf(op: string, given: BatchSize | undefined): number | null {
  const size = (isPlainObject(given) ? checkOptions(op, ['batchSize'], given).batchSize : (given as number | null | undefined)) ?? null;
  if (size !== null && !(Number.isInteger(size) && size >= 0)) throw new ArgumentError(`${op}: expected batchSize to be a natural number, got ${describeValue(size)}`);
  return size;
}
