import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { axisSize as sizeOf } from '../core/trace';
import { leaves, unflatten, structure } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import * as p from '../primitives/collective';
import { div, ge, max, where } from '../primitives/elementwise';
import { broadcastInDim, full, scalar } from '../primitives/structural';
import { type ArrayLike, asArray, promoteDtypesInexact } from './arrayLike';
import { dynamicIndexInDim } from './slicing';

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

function checkPermutation(op: string, axisName: string, perm: readonly (readonly [number, number])[]): number[] {
  const n = sizeOf(axisName);
  const from = new globalThis.Array<number>(n).fill(-1);
  const sources = new Set<number>();
  for (const [source, target] of perm) {
    if (![source, target].every((i) => Number.isInteger(i) && i >= 0 && i < n)) throw new ArgumentError(`${op}: expected lanes from 0 to ${n - 1}, got [${source}, ${target}]`);
    if (from[target] !== -1 || sources.has(source)) throw new ArgumentError(`${op}: expected each lane to send and to get at most once, got ${JSON.stringify(perm)}`);
    from[target] = source;
    sources.add(source);
  }
  return from;
}

/**
 * Sends values from lane to lane of a named axis, along pairs of source and target; a lane that nothing is sent to gets zeros. Mirrors `jax.lax.ppermute`.
 *
 * @throws ArgumentError for lanes that there are not, or that occur twice as source or as target
 * @example
 * vmap((x) => lax.ppermute(x, 'i', [[0, 1], [1, 2]]), { axisName: 'i' })(np.array([1, 2, 3])); // [0, 1, 2]
 */
export function ppermute(x: PerLane, axisName: string, perm: readonly (readonly [number, number])[]): Array {
  const from = checkPermutation('ppermute', axisName, perm);
  const source = dynamicIndexInDim(asArray(Int32Array.from(from)), p.axisIndex(axisName), { axis: 0, keepdims: false });
  return each((a) => {
    const value = dynamicIndexInDim(p.allGather(a, axisName), max(source, scalar(0, 'int32')), { axis: 0, keepdims: false });
    const sent = ge(source, scalar(0, 'int32'));
    return where(broadcastInDim(sent, value.shape, []), value, full(value.shape, value.dtype === 'bool' ? false : 0, value.dtype));
  }, x);
}

/** Gives lane i of a named axis the value of lane `perm[i]`. Mirrors `jax.lax.pshuffle`. @throws ArgumentError unless perm is a permutation of the lanes @example vmap((x) => lax.pshuffle(x, 'i', [2, 0, 1]), { axisName: 'i' })(np.array([1, 2, 3])); // [3, 1, 2] */
export function pshuffle(x: PerLane, axisName: string, perm: readonly number[]): Array {
  if (perm.length !== sizeOf(axisName)) throw new ArgumentError(`pshuffle: expected a permutation of ${sizeOf(axisName)} lanes, got ${JSON.stringify(perm)}`);
  return ppermute(x, axisName, perm.map((source, target) => [source, target] as const));
}
