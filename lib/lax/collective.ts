import { canonAxis, checkIntegers } from '../core/checks';
import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { axisSize as sizeOf } from '../core/trace';
import { leaves, unflatten, structure } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import { checkOptions } from '../functional/options';
import * as p from '../primitives/collective';
import * as exchange from '../primitives/exchange';
import { add, div, ge, max, mul, where } from '../primitives/elementwise';
import { reduceMax, reduceMin } from '../primitives/reduction';
import { broadcastInDim, full, moveaxis, reduceSum, reshape, scalar } from '../primitives/structural';
import { type ArrayLike, asArray, promoteDtypesInexact, describeValue } from './arrayLike';
import { dynamicIndexInDim, dynamicSliceInDim, indexTake } from './slicing';

/** An array, or a tree of them, that each lane of a mapped axis holds. */
export type PerLane = ArrayLike | readonly PerLane[] | { readonly [key: string]: PerLane };

function each(f: (x: Array) => Array, tree: PerLane): never {
  const def = structure(tree, isArrayLeaf);
  return unflatten(def, leaves(tree, isArrayLeaf).map((x) => f(asArray(x as ArrayLike)))) as never;
}

/** Name of a mapped axis, or names of several, which count as one with the last running fastest. */
export type AxisName = string | readonly string[];

/** Options of {@link allGather}, {@link pmax}, {@link pmean} and others like them. */
export interface GroupOptions {
  /** Lanes that work together, in groups of one size that hold every lane once; by default all do. */
  axisIndexGroups?: readonly (readonly number[])[] | null;
}

function namesOf(axisName: AxisName): readonly string[] {
  if (typeof axisName === 'string') return [axisName];
  if (!globalThis.Array.isArray(axisName) || !axisName.every((n) => typeof n === 'string')) throw new ArgumentError(`expected the name of an axis, or a list of names, got ${describeValue(axisName)}`);
  return axisName;
}
const int = (v: number) => scalar(v, 'int32');

/** The lanes that a lane works with. */
interface Lanes {
  size: number;
  /** This lane's place among them. */
  place: () => Array;
  /** What they hold, stacked along a new leading axis. */
  values: (x: Array) => Array;
}

function allLanes(axisName: AxisName): Lanes {
  const names = namesOf(axisName);
  const gather = (x: Array): Array => {
    const stacked = [...names].reverse().reduce((y, name) => p.allGather(y, name), x);
    return names.length === 1 ? stacked : reshape(stacked, [axisSize(names), ...x.shape]);
  };
  return { size: axisSize(names), place: () => axisIndex(names), values: gather };
}

/** The lanes of this lane's group. @throws ArgumentError if the groups are not of one size, or do not hold every lane once */
function lanesOf(op: string, axisName: AxisName, { axisIndexGroups: groups }: GroupOptions): Lanes {
  const all = allLanes(axisName);
  if (groups === undefined || groups === null) return all;
  const size = groups[0]?.length ?? 0;
  const lanes = groups.flat();
  const whole = new Set(lanes).size === all.size && lanes.length === all.size && lanes.every((i) => Number.isInteger(i) && i >= 0 && i < all.size);
  if (!whole || groups.some((g) => g.length !== size)) throw new ArgumentError(`${op}: expected axisIndexGroups of one size that hold each of the ${all.size} lanes once, got ${JSON.stringify(groups)}`);
  const mine = (table: number[]) => dynamicIndexInDim(asArray(Int32Array.from(table)), all.place(), { axis: 0, keepdims: false });
  const groupOf = globalThis.Array.from({ length: all.size }, (_, lane) => groups.findIndex((g) => g.includes(lane)));
  return {
    size,
    place: () => mine(groupOf.map((g, lane) => groups[g]!.indexOf(lane))),
    values: (x) => {
      const sorted = indexTake(all.values(x), [Int32Array.from(lanes)], [0]);
      return dynamicSliceInDim(sorted, mul(mine(groupOf), int(size)), size, { axis: 0 });
    },
  };
}

function reduceLanes(op: string, x: PerLane, axisName: AxisName, given: GroupOptions, whole: (a: Array, name: string) => Array, rows: (stacked: Array) => Array): Array {
  const options = checkOptions(op, ['axisIndexGroups'], given);
  if ((options.axisIndexGroups ?? null) === null) return each((a) => namesOf(axisName).reduce(whole, a), x);
  const lanes = lanesOf(op, axisName, options);
  return each((a) => rows(lanes.values(a)), x);
}

/**
 * Sum over the lanes of a named axis, or of several, in every lane. Mirrors `jax.lax.psum`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @throws ArgumentError if no surrounding vmap has an axis of the name
 * @example
 * vmap((x) => lax.psum(x, 'i'), { axisName: 'i' })(np.array([1, 2, 3]));   // [6, 6, 6]
 */
export function psum(x: PerLane, axisName: AxisName, options: GroupOptions = {}): Array {
  return reduceLanes('psum', x, axisName, options, p.psum, (s) => reduceSum(s, [0]));
}

/**
 * Mean over the lanes of a named axis. Mirrors `jax.lax.pmean`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @example
 * vmap((x: Array) => x.sub(lax.pmean(x, 'i')), { axisName: 'i' })(np.array([1.0, 2.0, 3.0])).js(); // [-1, 0, 1]
 */
export function pmean(x: PerLane, axisName: AxisName, options: GroupOptions = {}): Array {
  const { size } = lanesOf('pmean', axisName, checkOptions('pmean', ['axisIndexGroups'], options));
  return each((a) => {
    const [f] = promoteDtypesInexact('pmean', a);
    return div(psum(f!, axisName, options), scalar(size, f!.dtype));
  }, x);
}

/**
 * Largest value over the lanes of a named axis. Mirrors `jax.lax.pmax`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @example
 * vmap((x: Array) => lax.pmax(x, 'i'), { axisName: 'i' })(np.array([1, 5, 3])).js(); // [5, 5, 5]
 */
export function pmax(x: PerLane, axisName: AxisName, options: GroupOptions = {}): Array {
  return reduceLanes('pmax', x, axisName, options, p.pmax, (s) => reduceMax(s, [0]));
}

/**
 * Smallest value over the lanes of a named axis. Mirrors `jax.lax.pmin`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @example
 * vmap((x: Array) => lax.pmin(x, 'i'), { axisName: 'i' })(np.array([1, 5, 3])).js(); // [1, 1, 1]
 */
export function pmin(x: PerLane, axisName: AxisName, options: GroupOptions = {}): Array {
  return reduceLanes('pmin', x, axisName, options, p.pmin, (s) => reduceMin(s, [0]));
}

/**
 * The values of all lanes of a named axis, in every lane, stacked along a new axis. Mirrors `jax.lax.all_gather`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @param options `axis`: where the new axis is, 0 by default; if `tiled`, the values are concatenated along it instead
 * @throws ShapeError for an axis out of range
 * @example
 * vmap((x) => lax.allGather(x, 'i'), { axisName: 'i' })(np.array([1, 2])); // [[1, 2], [1, 2]]
 */
export function allGather(x: PerLane, axisName: AxisName, options: GroupOptions & { axis?: number; tiled?: boolean } = {}): Array {
  options = checkOptions('allGather', ['axisIndexGroups', 'axis', 'tiled'], options);
  const lanes = lanesOf('allGather', axisName, options);
  const tiled = options.tiled ?? false;
  return each((a) => {
    const to = canonAxis('allGather', options.axis ?? 0, a.ndim + (tiled ? 0 : 1));
    const stacked = moveaxis(lanes.values(a), 0, to);
    return tiled ? reshape(stacked, a.shape.map((n, i) => (i === to ? n * lanes.size : n))) : stacked;
  }, x);
}

/** Number of the lane in a named axis: int32[]. Mirrors `jax.lax.axis_index`. @example vmap(() => lax.axisIndex('i'), { axisName: 'i', axisSize: 3 })().js(); // [0, 1, 2] */
export function axisIndex(axisName: AxisName): Array {
  return namesOf(axisName).reduce<Array | null>((at, name) => (at === null ? p.axisIndex(name) : add(mul(at, int(sizeOf(name))), p.axisIndex(name))), null) ?? int(0);
}

/**
 * Size of a named axis, the product of those of several. Mirrors `jax.lax.axis_size`.
 *
 * @example
 * vmap((x: Array) => x.mul(lax.axisSize('i')), { axisName: 'i' })(np.ones([3])).js(); // [3, 3, 3]
 */
export function axisSize(axisName: AxisName): number {
  return namesOf(axisName).reduce((n, name) => n * sizeOf(name), 1);
}

function checkPermutation(op: string, axisName: AxisName, perm: readonly (readonly [number, number])[]): number[] {
  const n = axisSize(axisName);
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
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @param perm pairs `[source, destination]` of lanes
 * @throws ArgumentError for lanes that there are not, or that occur twice as source or as target
 * @example
 * vmap((x) => lax.ppermute(x, 'i', [[0, 1], [1, 2]]), { axisName: 'i' })(np.array([1, 2, 3])); // [0, 1, 2]
 */
export function ppermute(x: PerLane, axisName: AxisName, perm: readonly (readonly [number, number])[]): Array {
  const from = checkPermutation('ppermute', axisName, perm);
  const [name, ...others] = namesOf(axisName);
  if (others.length === 0) return each((a) => exchange.ppermute(a, name!, from), x);
  const lanes = allLanes(axisName);
  const source = dynamicIndexInDim(asArray(Int32Array.from(from)), lanes.place(), { axis: 0, keepdims: false });
  return each((a) => {
    const value = dynamicIndexInDim(lanes.values(a), max(source, int(0)), { axis: 0, keepdims: false });
    const sent = ge(source, int(0));
    return where(broadcastInDim(sent, value.shape, []), value, full(value.shape, value.dtype === 'bool' ? false : 0, value.dtype));
  }, x);
}

/**
 * Gives lane i of a named axis the value of lane `perm[i]`. Mirrors `jax.lax.pshuffle`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @throws ArgumentError unless perm is a permutation of the lanes
 * @example
 * vmap((x) => lax.pshuffle(x, 'i', [2, 0, 1]), { axisName: 'i' })(np.array([1, 2, 3])); // [3, 1, 2]
 */
export function pshuffle(x: PerLane, axisName: AxisName, perm: readonly number[]): Array {
  checkIntegers('pshuffle', 'perm', perm);
  if (perm.length !== axisSize(axisName)) throw new ArgumentError(`pshuffle: expected a permutation of ${axisSize(axisName)} lanes, got ${JSON.stringify(perm)}`);
  return ppermute(x, axisName, perm.map((source, target) => [source, target] as const));
}

/** Options of {@link allToAll} and {@link psumScatter}. */
export interface TiledOptions extends GroupOptions {
  /** Cuts the dimension into as many pieces as there are lanes, and adds or removes no dimension. */
  tiled?: boolean;
}

/** @throws ShapeError unless a dimension can be cut into one piece for each lane */
function checkPieces(op: string, n: number, length: number, tiled: boolean): void {
  if (tiled ? length % n !== 0 : length !== n) throw new ShapeError(`${op}: expected a dimension of ${tiled ? 'a multiple of ' : ''}${n}, the number of lanes, got ${length}${tiled ? '' : '; with { tiled: true } it is cut into pieces'}`);
}

/** The pieces of a dimension, one for each lane, along a new leading dimension; the dimension goes, unless `tiled`. */
function pieces(op: string, x: Array, n: number, dim: number, tiled: boolean): Array {
  const length = x.shape[dim]!;
  checkPieces(op, n, length, tiled);
  return moveaxis(tiled ? reshape(x, [...x.shape.slice(0, dim), n, length / n, ...x.shape.slice(dim + 1)]) : x, dim, 0);
}

/** The one name of an axis without groups, over which lanes send each other no more than they need; else null. */
function oneAxis(axisName: AxisName, { axisIndexGroups }: GroupOptions): string | null {
  const names = namesOf(axisName);
  return names.length === 1 && (axisIndexGroups ?? null) === null ? names[0]! : null;
}

/** Of a dimension cut into one piece for each lane, this lane's piece; the dimension goes, unless `tiled`. */
function ownPiece(op: string, x: Array, lanes: Lanes, dim: number, tiled: boolean): Array {
  const [n, length] = [lanes.size, x.shape[dim]!];
  checkPieces(op, n, length, tiled);
  const lane = lanes.place();
  if (!tiled) return dynamicIndexInDim(x, lane, { axis: dim, keepdims: false });
  return dynamicSliceInDim(x, mul(lane, int(length / n)), length / n, { axis: dim });
}

/**
 * Exchanges a dimension with a named axis: lane i gets piece i of `splitAxis` of all lanes, in a dimension at `concatAxis`. Mirrors
 * `jax.lax.all_to_all`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @returns the shape without `splitAxis` and with the named axis's size at `concatAxis`; if `tiled`, the first divided and the second multiplied by it
 * @throws ShapeError if `splitAxis` is not of the named axis's size, or, if `tiled`, no multiple of it
 * @example
 * vmap((x) => lax.allToAll(x, 'i', 0, 0), { axisName: 'i' })(np.array([[1, 2], [3, 4]])); // [[1, 3], [2, 4]]
 */
export function allToAll(x: PerLane, axisName: AxisName, splitAxis: number, concatAxis: number, options: TiledOptions = {}): Array {
  options = checkOptions('allToAll', ['tiled', 'axisIndexGroups'], options);
  const tiled = options.tiled ?? false;
  const lanes = lanesOf('allToAll', axisName, options);
  const name = oneAxis(axisName, options);
  return each((a) => {
    const from = canonAxis('allToAll', splitAxis, a.ndim);
    const to = canonAxis('allToAll', concatAxis, a.ndim);
    const got = name === null ? ownPiece('allToAll', lanes.values(a), lanes, from + 1, tiled) : exchange.allToAll(pieces('allToAll', a, lanes.size, from, tiled), name);
    const stacked = moveaxis(got, 0, to);
    if (!tiled) return stacked;
    const shape = got.shape.slice(1).map((n, i) => (i === to ? n * got.shape[0]! : n));
    return reshape(stacked, shape);
  }, x);
}

/**
 * The sum over the lanes of a named axis, of which each lane gets its piece. Mirrors `jax.lax.psum_scatter`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @param options `scatterDimension`, by default 0, is of the named axis's size and goes, or, if `tiled`, a multiple of it and is divided by it
 * @throws ShapeError for a dimension of another size
 * @example
 * vmap((x) => lax.psumScatter(x, 'i'), { axisName: 'i' })(np.array([[1, 2], [3, 4]])); // [4, 6]
 */
export function psumScatter(x: PerLane, axisName: AxisName, options: TiledOptions & { scatterDimension?: number } = {}): Array {
  options = checkOptions('psumScatter', ['tiled', 'axisIndexGroups', 'scatterDimension'], options);
  const { tiled = false, axisIndexGroups } = options;
  const lanes = lanesOf('psumScatter', axisName, options);
  const name = oneAxis(axisName, options);
  return each((a) => {
    const dim = canonAxis('psumScatter', options.scatterDimension ?? 0, a.ndim);
    if (name !== null) return p.reduceScatter(pieces('psumScatter', a, lanes.size, dim, tiled), name);
    return ownPiece('psumScatter', psum(a, axisName, { axisIndexGroups }), lanes, dim, tiled);
  }, x);
}

/**
 * Swaps a named axis with a dimension of the same size. Mirrors `jax.lax.pswapaxes`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @throws ShapeError if the sizes differ
 * @example
 * vmap((x) => lax.pswapaxes(x, 'i', 0), { axisName: 'i' })(np.array([[1, 2], [3, 4]])); // [[1, 3], [2, 4]]
 */
export function pswapaxes(x: PerLane, axisName: AxisName, axis: number, options: GroupOptions = {}): Array {
  return allToAll(x, axisName, axis, axis, options);
}

/**
 * The value of one lane of a named axis, in every lane. Mirrors `jax.lax.pbroadcast`.
 *
 * @param x an array, or a tree of them, a value in each lane
 * @param axisName name of a mapped axis, or a list of them
 * @param source the lane whose value all get
 * @throws ArgumentError for a lane that there is not
 * @example
 * vmap((x) => lax.pbroadcast(x, 'i', 1), { axisName: 'i' })(np.array([1, 2, 3])); // [2, 2, 2]
 */
export function pbroadcast(x: PerLane, axisName: AxisName, source: number): Array {
  const n = axisSize(axisName);
  if (!Number.isInteger(source) || source < 0 || source >= n) throw new ArgumentError(`pbroadcast: expected a lane from 0 to ${n - 1} of axis '${String(axisName)}', got ${source}`);
  return each((a) => dynamicIndexInDim(allLanes(axisName).values(a), source, { axis: 0, keepdims: false }), x);
}
