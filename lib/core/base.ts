import type { Array } from './array';
import type { ShapedArray } from './aval';

/**
 * The few array operations that interpreters need themselves. lib/primitives provides them at load, so that no interpreter names a primitive.
 */
export interface BaseOps {
  zeros(aval: ShapedArray): Array;
  /** Sum of two arrays of one type: how cotangents accumulate. */
  add(x: Array, y: Array): Array;
  moveaxis(x: Array, from: number, to: number): Array;
  /** A new dimension of the given size at `dim`, with the array repeated along it. */
  broadcastAt(x: Array, dim: number, size: number): Array;
  /** One entry of a dimension, the dimension gone; a static index. */
  index(x: Array, dim: number, i: number): Array;
  /** Sum over one dimension. */
  sum(x: Array, dim: number): Array;
}

let installed: BaseOps | undefined;

export function installBaseOps(ops: BaseOps): void {
  installed = ops;
}

export function baseOps(): BaseOps {
  return installed!;
}
