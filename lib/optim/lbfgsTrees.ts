import type { Array } from '../core/array';
import { leaves } from '../core/tree';
import * as np from '../numpy';
import { type ArrayTree, mapTree } from './transformation';

/** Real part of the inner product of two trees. */
export function treeDot(a: ArrayTree, b: ArrayTree): Array {
  const products = leaves(mapTree((x, y) => np.real(np.vdot(x, y, { precision: 'highest' })), a, b)) as Array[];
  return products.length === 0 ? np.zeros([]) : products.reduce((x, y) => np.add(x, y));
}

/** `params + step * direction`, in the parameters' dtypes. */
export function treeAlong(params: ArrayTree, step: Array, direction: ArrayTree): ArrayTree {
  return mapTree((p, u) => np.add(p, np.multiply(step, u)).astype(p.dtype), params, direction);
}

/** A tree times a number. */
export function treeTimes(factor: Array, tree: ArrayTree): ArrayTree {
  return mapTree((u) => np.multiply(factor, u).astype(u.dtype), tree);
}
