import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { axisSize as sizeOf } from '../core/trace';
import { leaves, unflatten, structure } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import * as p from '../primitives/collective';
import { div, ge, max, mul, where } from '../primitives/elementwise';
import { broadcastInDim, full, moveaxis, reshape, scalar } from '../primitives/structural';
import { type ArrayLike, asArray, promoteDtypesInexact } from './arrayLike';
import { axisOf } from './shape';
import { dynamicIndexInDim, dynamicSliceInDim } from './slicing';

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

export interface TiledOptions {
  /** Cuts the dimension into as many pieces as there are lanes, and adds or removes no dimension. */
  tiled?: boolean;
}

/** Of a dimension cut into one piece for each lane, this lane's piece; the dimension goes, unless `tiled`. */
function ownPiece(op: string, x: Array, axisName: string, dim: number, tiled: boolean): Array {
  const [n, length] = [sizeOf(axisName), x.shape[dim]!];
  if (tiled ? length % n !== 0 : length !== n) throw new ShapeError(`${op}: expected a dimension of ${tiled ? 'a multiple of ' : ''}${n}, the size of axis '${axisName}', got ${length}${tiled ? '' : '; with { tiled: true } it is cut into pieces'}`);
  const lane = p.axisIndex(axisName);
  if (!tiled) return dynamicIndexInDim(x, lane, { axis: dim, keepdims: false });
  return dynamicSliceInDim(x, mul(lane, scalar(length / n, 'int32')), length / n, { axis: dim });
}

/**
 * Exchanges a dimension with a named axis: lane i gets piece i of `splitAxis` of all lanes, in a dimension at `concatAxis`. Mirrors
 * `jax.lax.all_to_all`.
 *
 * @returns the shape without `splitAxis` and with the named axis's size at `concatAxis`; if `tiled`, the first divided and the second multiplied by it
 * @throws ShapeError if `splitAxis` is not of the named axis's size, or, if `tiled`, no multiple of it
 * @example
 * vmap((x) => lax.allToAll(x, 'i', 0, 0), { axisName: 'i' })(np.array([[1, 2], [3, 4]])); // [[1, 3], [2, 4]]
 */
export function allToAll(x: PerLane, axisName: string, splitAxis: number, concatAxis: number, options: TiledOptions = {}): Array {
  const tiled = options.tiled ?? false;
  return each((a) => {
    const from = axisOf('allToAll', splitAxis, a.ndim);
    const to = axisOf('allToAll', concatAxis, a.ndim);
    const pieces = ownPiece('allToAll', p.allGather(a, axisName), axisName, from + 1, tiled);
    const stacked = moveaxis(pieces, 0, to);
    if (!tiled) return stacked;
    const shape = pieces.shape.slice(1).map((n, i) => (i === to ? n * pieces.shape[0]! : n));
    return reshape(stacked, shape);
  }, x);
}

/**
 * The sum over the lanes of a named axis, of which each lane gets its piece. Mirrors `jax.lax.psum_scatter`.
 *
 * @param options `scatterDimension`, by default 0, is of the named axis's size and goes, or, if `tiled`, a multiple of it and is divided by it
 * @throws ShapeError for a dimension of another size
 * @example
 * vmap((x) => lax.psumScatter(x, 'i'), { axisName: 'i' })(np.array([[1, 2], [3, 4]])); // [4, 6]
 */
export function psumScatter(x: PerLane, axisName: string, options: TiledOptions & { scatterDimension?: number } = {}): Array {
  return each((a) => ownPiece('psumScatter', p.psum(a, axisName), axisName, axisOf('psumScatter', options.scatterDimension ?? 0, a.ndim), options.tiled ?? false), x);
}

/** Swaps a named axis with a dimension of the same size. Mirrors `jax.lax.pswapaxes`. @throws ShapeError if the sizes differ @example vmap((x) => lax.pswapaxes(x, 'i', 0), { axisName: 'i' })(np.array([[1, 2], [3, 4]])); // [[1, 3], [2, 4]] */
export function pswapaxes(x: PerLane, axisName: string, axis: number): Array {
  return allToAll(x, axisName, axis, axis);
}

/** The value of one lane of a named axis, in every lane. Mirrors `jax.lax.pbroadcast`. @throws ArgumentError for a lane that there is not @example vmap((x) => lax.pbroadcast(x, 'i', 1), { axisName: 'i' })(np.array([1, 2, 3])); // [2, 2, 2] */
export function pbroadcast(x: PerLane, axisName: string, source: number): Array {
  const n = sizeOf(axisName);
  if (!Number.isInteger(source) || source < 0 || source >= n) throw new ArgumentError(`pbroadcast: expected a lane from 0 to ${n - 1} of axis '${axisName}', got ${source}`);
  return each((a) => dynamicIndexInDim(p.allGather(a, axisName), source, { axis: 0, keepdims: false }), x);
}
