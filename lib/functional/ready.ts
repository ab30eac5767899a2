import { ConcreteArray } from '../core/array';
import { leaves } from '../core/tree';

/**
 * Waits until every array of a tree has its value, and gives the tree. Leaves that are no arrays, and arrays that are being traced, are passed over.
 *
 * Mirrors `jax.block_until_ready`.
 *
 * @throws XlaError if computing one of them failed
 * @example
 * ```ts
 * const { loss } = blockUntilReady({ loss: np.sum(np.ones([3])) });
 * ```
 */
export function blockUntilReady<T>(tree: T): T {
  for (const x of leaves(tree)) if (x instanceof ConcreteArray) x.blockUntilReady();
  return tree;
}
