import { leaves } from '../core/tree';

/** What can be waited for: arrays and states. */
interface Waitable {
  blockUntilReady(): unknown;
}

function isWaitable(x: unknown): x is Waitable {
  return typeof x === 'object' && x !== null && typeof (x as Partial<Waitable>).blockUntilReady === 'function';
}

/**
 * Waits until every array and every state of a tree has its value, and gives the tree. Other leaves, and arrays that are being traced, are passed over.
 *
 * In a training loop wait for states themselves, not for their `.value`: an array that was handed out keeps its memory, so that the next step cannot write its result there.
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
  for (const x of leaves(tree)) if (isWaitable(x)) x.blockUntilReady();
  return tree;
}
