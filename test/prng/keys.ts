import type { Array } from '../../lib/core/array';
import { concatenate, reshape } from '../../lib/primitives/structural';

/** Keys as rows of one array. */
export function stack(keys: readonly Array[]): Array {
  return concatenate(keys.map((k) => reshape(k, [1, ...k.shape])), 0);
}
