import type { Array } from '../core/array';
import { axisSize as sizeOf } from '../core/trace';
import { leaves, unflatten, structure } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import * as p from '../primitives/collective';
import { div } from '../primitives/elementwise';
import { scalar } from '../primitives/structural';
import { type ArrayLike, asArray, promoteDtypesInexact } from './arrayLike';

/** An array, or a tree of them, that each lane of a mapped axis holds. */
export type PerLane = ArrayLike | readonly PerLane[] | { readonly [key: string]: PerLane };

function each(f: (x: Array) => Array, tree: PerLane): never {
  const def = structure(tree, isArrayLeaf);
  return unflatten(def, leaves(tree, isArrayLeaf).map((x) => f(asArray(x as ArrayLike)))) as never;
}

/**
 * Sum over the lanes of a named axis, in every lane. Mirrors `jax.lax.psum`.
 *
 * @throws ArgumentError if no surrounding vmap has an axis of the name
 * @example
 * vmap((x) => lax.psum(x, 'i'), { axisName: 'i' })(np.array([1, 2, 3]));   // [6, 6, 6]
 */
export function psum(x: PerLane, axisName: string): Array {
  return each((a) => p.psum(a, axisName), x);
}

/** Mean over the lanes of a named axis. Mirrors `jax.lax.pmean`. */
export function pmean(x: PerLane, axisName: string): Array {
  return each((a) => {
    const [f] = promoteDtypesInexact('pmean', a);
    return div(p.psum(f!, axisName), scalar(sizeOf(axisName), f!.dtype));
  }, x);
}

/** Largest value over the lanes of a named axis. Mirrors `jax.lax.pmax`. */
export function pmax(x: PerLane, axisName: string): Array {
  return each((a) => p.pmax(a, axisName), x);
}

/** Smallest value over the lanes of a named axis. Mirrors `jax.lax.pmin`. */
export function pmin(x: PerLane, axisName: string): Array {
  return each((a) => p.pmin(a, axisName), x);
}

/** The values of all lanes of a named axis, stacked along a new leading axis, in every lane. Mirrors `jax.lax.all_gather`. */
export function allGather(x: PerLane, axisName: string): Array {
  return each((a) => p.allGather(a, axisName), x);
}

/** Number of the lane in a named axis: int32[]. Mirrors `jax.lax.axis_index`. */
export function axisIndex(axisName: string): Array {
  return p.axisIndex(axisName);
}

/** Size of a named axis. Mirrors `jax.lax.axis_size`. */
export function axisSize(axisName: string): number {
  return sizeOf(axisName);
}
