import { canonAxis, checkInteger, checkIntegers, checkList } from '../core/checks';
import { type Array, ConcreteArray } from '../core/array';
import { checkDtype, checkExtent, checkShape, scalarType, type Shape, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import * as p from '../primitives/structural';
import { type ArrayLike, asArray, astype, isScalarValue, plainAs } from './arrayLike';
import { operands } from './operands';

// Operations that move elements about, and arrays made of nothing.

type DtypeLike = DType | 'int' | 'float' | 'complex';

/**
 * New dimensions of the given sizes at the front, the array being repeated along them. Mirrors `jax.lax.broadcast`.
 *
 * @param operand an array
 * @example
 * lax.broadcast(np.array([1, 2]), [3]).shape; // [3, 2]
 */
export function broadcast(operand: ArrayLike, sizes: Shape): Array {
  const x = asArray(operand, 'broadcast');
  return p.broadcastInDim(x, [...checkShape('broadcast', sizes, 'sizes'), ...x.shape], p.range(x.ndim).map((d) => d + sizes.length));
}

/**
 * An array repeated to a shape; `broadcastDimensions[i]` is the dimension of the result that dimension i goes to. Mirrors `jax.lax.broadcast_in_dim`.
 *
 * @param operand an array
 * @example
 * lax.broadcastInDim(np.array([1, 2]), [2, 3], [0]).js(); // [[1, 1, 1], [2, 2, 2]]
 */
export function broadcastInDim(operand: ArrayLike, shape: Shape, broadcastDimensions: readonly number[]): Array {
  const x = asArray(operand, 'broadcastInDim');
  checkIntegers('broadcastInDim', 'broadcastDimensions', broadcastDimensions);
  const order = broadcastDimensions.map((_, i) => i).sort((i, j) => broadcastDimensions[i]! - broadcastDimensions[j]!);
  const sorted = order.length === x.ndim ? p.transpose(x, order) : x;
  return p.broadcastInDim(sorted, checkShape('broadcastInDim', shape), order.map((i) => broadcastDimensions[i]!));
}

/**
 * Dimensions of size 1 at the front, up to a rank; an array of that rank or more stays. Mirrors `jax.lax.broadcast_to_rank`.
 *
 * @param x an array
 * @example
 * lax.broadcastToRank(np.array([1, 2]), 3).shape; // [1, 1, 2]
 */
export function broadcastToRank(x: ArrayLike, rank: number): Array {
  const a = asArray(x, 'broadcastToRank');
  checkInteger('broadcastToRank', 'rank', rank);
  return rank <= a.ndim ? a : broadcast(a, p.range(rank - a.ndim).map(() => 1));
}

/**
 * The shape that arrays of the given shapes broadcast to. Mirrors `jax.lax.broadcast_shapes`. @throws ShapeError where they do not
 *
 * @example
 * lax.broadcastShapes([2, 1], [1, 3]); // [2, 3]
 */
export function broadcastShapes(...shapes: readonly Shape[]): number[] {
  for (const s of shapes) checkShape('broadcastShapes', s);
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return p.range(rank).map((d) => {
    const sizes = shapes.map((s) => s[d - rank + s.length] ?? 1).filter((n) => n !== 1);
    if (sizes.some((n) => n !== sizes[0])) throw new ShapeError(`broadcastShapes: shapes do not broadcast together: ${shapes.map((s) => `[${s.join(', ')}]`).join(' and ')}`);
    return sizes[0] ?? 1;
  });
}

/**
 * An array repeated to the shape of another. Mirrors `jax.lax.broadcast_like`.
 *
 * @param arr an array or a number
 * @param likeArr the array whose shape is taken
 * @throws ShapeError if the array does not broadcast to the shape
 * @example
 * lax.broadcastLike(1, np.zeros([2, 2])).js(); // [[1, 1], [1, 1]]
 */
export function broadcastLike(arr: ArrayLike, likeArr: ArrayLike): Array {
  const x = asArray(arr, 'broadcastLike');
  const { shape } = asArray(likeArr, 'broadcastLike');
  const lead = shape.length - x.ndim;
  if (lead < 0) throw new ShapeError(`broadcastLike: cannot broadcast ${x.aval} to shape [${shape.join(', ')}]`);
  return p.broadcastInDim(x, shape, p.range(x.ndim).map((d) => d + lead));
}

/**
 * Several dimensions in a row as one: from `startDimension` up to, not including, `stopDimension`. Mirrors `jax.lax.collapse`.
 *
 * @param operand an array
 * @throws ShapeError if the first dimension stands after the last
 * @example
 * lax.collapse(np.ones([2, 3, 4]), 0, { stopDimension: 2 }).shape; // [6, 4]
 */
export function collapse(operand: ArrayLike, startDimension: number, options: { stopDimension?: number | null } | number = {}): Array {
  const x = asArray(operand, 'collapse');
  const clip = (d: number) => Math.max(0, Math.min(x.ndim, d < 0 ? d + x.ndim : d));
  const stop = typeof options === 'number' ? options : (options.stopDimension ?? x.ndim);
  const [lo, hi] = [clip(startDimension), clip(stop)];
  if (hi < lo) throw new ShapeError(`collapse: expected startDimension not to be after stopDimension, got ${startDimension} and ${stop} for ${x.aval}`);
  return p.reshape(x, [...x.shape.slice(0, lo), sizeOf(x.shape.slice(lo, hi)), ...x.shape.slice(hi)]);
}

/**
 * Arrays of one dtype, joined along a dimension. Mirrors `jax.lax.concatenate`. @throws DtypeError, ShapeError where they do not go together
 *
 * @param arrays arrays that agree but for this dimension
 * @example
 * lax.concatenate([np.array([1, 2]), np.array([3])], 0).js(); // [1, 2, 3]
 */
export function concatenate(arrays: readonly ArrayLike[], dimension: number): Array {
  checkList('concatenate', 'arrays', arrays);
  const xs = arrays.map((x) => asArray(x, 'concatenate'));
  if (xs.length === 0) throw new ArgumentError('concatenate: expected at least one array');
  return p.concatenate(xs, canonAxis('concatenate', dimension, xs[0]!.ndim));
}

/**
 * New dimensions of size 1 at the given places of the result. Mirrors `jax.lax.expand_dims`. @throws ShapeError for places out of range or named twice
 *
 * @param array an array
 * @example
 * lax.expandDims(np.array([1, 2]), [0, 2]).shape; // [1, 2, 1]
 */
export function expandDims(array: ArrayLike, dimensions: readonly number[]): Array {
  const x = asArray(array, 'expandDims');
  checkIntegers('expandDims', 'dimensions', dimensions);
  const rank = x.ndim + dimensions.length;
  const dims = dimensions.map((d) => canonAxis('expandDims', d, rank));
  if (new Set(dims).size !== dims.length) throw new ShapeError(`expandDims: dimensions [${dimensions}] name a dimension twice`);
  const kept = p.range(rank).filter((d) => !dims.includes(d));
  const shape = p.range(rank).map((d) => (dims.includes(d) ? 1 : x.shape[kept.indexOf(d)]!));
  return p.broadcastInDim(x, shape, kept);
}

/**
 * Dimensions of size 1 taken out. Mirrors `jax.lax.squeeze`.
 *
 * @param array an array
 * @param dimensions dimensions of size 1 to drop
 * @throws ShapeError where one has another size
 * @example
 * lax.squeeze(np.ones([1, 3, 1]), [0, 2]).shape; // [3]
 */
export function squeeze(array: ArrayLike, dimensions: readonly number[]): Array {
  const x = asArray(array, 'squeeze');
  checkIntegers('squeeze', 'dimensions', dimensions);
  const dims = dimensions.map((d) => canonAxis('squeeze', d, x.ndim));
  if (new Set(dims).size !== dims.length) throw new ShapeError(`squeeze: dimensions [${dimensions}] name a dimension twice`);
  return p.squeeze(x, dims);
}

/**
 * The same elements in row-major order in another shape, after the dimensions are put in the order of `dimensions`, if given. Mirrors `jax.lax.reshape`.
 *
 * @param operand an array
 * @param newSizes the shape, of as many elements
 * @example
 * lax.reshape(np.arange(6), [2, 3]).js(); // [[0, 1, 2], [3, 4, 5]]
 */
export function reshape(operand: ArrayLike, newSizes: Shape, options: { dimensions?: readonly number[] | null } = {}): Array {
  options = checkOptions('reshape', ['dimensions'], options);
  const x = asArray(operand, 'reshape');
  return p.reshape(options.dimensions ? p.transpose(x, options.dimensions) : x, checkShape('reshape', newSizes, 'newSizes'));
}

/**
 * Dimensions in reverse order of their elements. Mirrors `jax.lax.rev`.
 *
 * @param operand an array
 * @param dimensions dimensions to turn round
 * @example
 * lax.rev(np.array([[1, 2], [3, 4]]), [1]).js(); // [[2, 1], [4, 3]]
 */
export function rev(operand: ArrayLike, dimensions: readonly number[]): Array {
  checkIntegers('rev', 'dimensions', dimensions);
  return p.rev(asArray(operand, 'rev'), dimensions);
}

/**
 * Dimensions in another order: dimension i of the result is dimension `permutation[i]`. Mirrors `jax.lax.transpose`.
 *
 * @param operand an array
 * @example
 * lax.transpose(np.ones([2, 3, 4]), [2, 0, 1]).shape; // [4, 2, 3]
 */
export function transpose(operand: ArrayLike, permutation: readonly number[]): Array {
  checkIntegers('transpose', 'permutation', permutation);
  return p.transpose(asArray(operand, 'transpose'), permutation);
}

/**
 * A value put around an array and between its elements: low, high and interior for each dimension; low and high may be negative. Mirrors `jax.lax.pad`.
 *
 * @param operand an array
 * @param paddingValue a scalar of the dtype of the operand
 * @param paddingConfig `[low, high, interior]` for each dimension; negative ones cut
 * @example
 * lax.pad(np.array([1, 2, 3]), 0, [[1, 0, 1]]).js(); // [0, 1, 0, 2, 0, 3]
 */
export function pad(operand: ArrayLike, paddingValue: ArrayLike, paddingConfig: readonly (readonly [number, number, number])[]): Array {
  const [x, v] = operands('pad', operand, paddingValue) as [Array, Array];
  checkList('pad', 'paddingConfig', paddingConfig);
  for (const part of paddingConfig) checkIntegers('pad', 'each entry of paddingConfig', part);
  paddingConfig.forEach(([low, high, interior], d) => checkExtent('pad', 'paddingConfig', (x.shape[d] ?? 0) * (1 + interior) + low + high));
  return p.pad(x, v, paddingConfig);
}

/**
 * A range of each dimension, in steps. Mirrors `jax.lax.slice`. @throws ShapeError where it is not within the array
 *
 * @param operand an array
 * @param startIndices where the slice begins in each dimension
 * @param limitIndices where it ends in each dimension, exclusive
 * @example
 * lax.slice(np.arange(10), [1], [8], { strides: [3] }).js(); // [1, 4, 7]
 */
export function slice(operand: ArrayLike, startIndices: readonly number[], limitIndices: readonly number[], options: { strides?: readonly number[] | null } = {}): Array {
  options = checkOptions('slice', ['strides'], options);
  checkIntegers('slice', 'startIndices', startIndices);
  checkIntegers('slice', 'limitIndices', limitIndices);
  if (options.strides) checkIntegers('slice', 'strides', options.strides);
  return p.slice(asArray(operand, 'slice'), startIndices, limitIndices, options.strides ?? null);
}

/**
 * A range of one dimension; negative bounds are counted from its end, null is the end. Mirrors `jax.lax.slice_in_dim`.
 *
 * @param operand an array
 * @param startIndex where it begins; null for the beginning
 * @param limitIndex where it ends, exclusive; null for the end
 * @example
 * lax.sliceInDim(np.arange(6).reshape([2, 3]), 1, null, { axis: 1 }).js(); // [[1, 2], [4, 5]]
 */
export function sliceInDim(operand: ArrayLike, startIndex: number | null, limitIndex: number | null, options: { stride?: number; axis?: number } = {}): Array {
  options = checkOptions('sliceInDim', ['stride', 'axis'], options);
  const x = asArray(operand, 'sliceInDim');
  const axis = canonAxis('sliceInDim', options.axis ?? 0, x.ndim);
  const n = x.shape[axis]!;
  for (const [what, i] of [['startIndex', startIndex ?? 0], ['limitIndex', limitIndex ?? n], ['stride', options.stride ?? 1]] as const) checkInteger('sliceInDim', what, i);
  const at = (i: number) => (i < 0 ? i + n : i);
  return p.sliceInDim(x, at(startIndex ?? 0), at(limitIndex ?? n), axis, options.stride ?? 1);
}

/**
 * One entry of a dimension, which stays with size 1 unless `keepdims` is false. Mirrors `jax.lax.index_in_dim`. @throws ShapeError out of bounds
 *
 * @param operand an array
 * @param index an integer; from the end where it is negative
 * @example
 * lax.indexInDim(np.array([[1, 2], [3, 4]]), -1, { keepdims: false }).js(); // [3, 4]
 */
export function indexInDim(operand: ArrayLike, index: number, options: { axis?: number; keepdims?: boolean } = {}): Array {
  options = checkOptions('indexInDim', ['axis', 'keepdims'], options);
  const x = asArray(operand, 'indexInDim');
  const axis = canonAxis('indexInDim', options.axis ?? 0, x.ndim);
  const n = x.shape[axis]!;
  const i = index < 0 ? index + n : index;
  if (!Number.isInteger(i) || i < 0 || i >= n) throw new ShapeError(`indexInDim: index ${index} is out of bounds for axis ${axis} of ${x.aval}`);
  return options.keepdims === false ? p.indexInDim(x, i, axis) : p.sliceInDim(x, i, i + 1, axis);
}

/**
 * Parts of the given sizes along an axis. Mirrors `jax.lax.split`. @throws ShapeError unless the sizes add up
 *
 * @param operand an array
 * @example
 * lax.split(np.arange(5), [2, 3]).map((part) => part.js()); // [[0, 1], [2, 3, 4]]
 */
export function split(operand: ArrayLike, sizes: readonly number[], options: { axis?: number } | number = {}): Array[] {
  const x = asArray(operand, 'split');
  const axis = canonAxis('split', typeof options === 'number' ? options : (checkOptions('split', ['axis'], options).axis ?? 0), x.ndim);
  checkShape('split', sizes, 'sizes');
  if (sizes.reduce((a, b) => a + b, 0) !== x.shape[axis]) throw new ShapeError(`split: expected sizes that add up to ${x.shape[axis]}, got [${sizes}]`);
  let at = 0;
  return sizes.map((n) => p.sliceInDim(x, at, (at += n), axis));
}

/**
 * Arrays of one type along a new axis. Mirrors `jax.lax.stack`.
 *
 * @throws ArgumentError for an empty list; ShapeError if shapes differ
 * @example
 * lax.stack([np.array([1, 2]), np.array([3, 4])], { axis: 1 }).js(); // [[1, 3], [2, 4]]
 */
export function stack(arrays: readonly ArrayLike[], options: { axis?: number } | number = {}): Array {
  checkList('stack', 'arrays', arrays);
  const xs = arrays.map((x) => asArray(x, 'stack'));
  if (xs.length === 0) throw new ArgumentError('stack: expected at least one array');
  const axis = canonAxis('stack', typeof options === 'number' ? options : (checkOptions('stack', ['axis'], options).axis ?? 0), xs[0]!.ndim + 1);
  return p.concatenate(xs.map((x) => p.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)])), axis);
}

/** The entries of an axis, one by one. Mirrors `jax.lax.unstack`. @example lax.unstack(np.array([[1, 2], [3, 4]])).map((row) => row.js()); // [[1, 2], [3, 4]] */
export function unstack(x: ArrayLike, options: { axis?: number } | number = {}): Array[] {
  const a = asArray(x, 'unstack');
  const axis = canonAxis('unstack', typeof options === 'number' ? options : (checkOptions('unstack', ['axis'], options).axis ?? 0), a.ndim);
  return p.range(a.shape[axis]!).map((i) => p.indexInDim(a, i, axis));
}

/**
 * The array repeated along each dimension, as many times as `reps` says. Mirrors `jax.lax.tile`. @throws ShapeError unless there is a number for each dimension
 *
 * @param operand an array
 * @example
 * lax.tile(np.array([1, 2]), [2]).js(); // [1, 2, 1, 2]
 */
export function tile(operand: ArrayLike, reps: readonly number[]): Array {
  const x = asArray(operand, 'tile');
  checkIntegers('tile', 'reps', reps);
  if (reps.length !== x.ndim) throw new ShapeError(`tile: expected ${x.ndim} repetitions for ${x.aval}, got [${reps}]`);
  checkShape('tile', reps, 'reps');
  const wide = p.broadcastInDim(x, x.shape.flatMap((n, i) => [reps[i]!, n]), p.range(x.ndim).map((d) => 2 * d + 1));
  return p.reshape(wide, x.shape.map((n, i) => n * reps[i]!));
}

/**
 * The numbers 0, 1, … size − 1. Mirrors `jax.lax.iota`.
 *
 * @param dtype an element type, by name
 * @example
 * lax.iota('int32', 4).js(); // [0, 1, 2, 3]
 */
export function iota(dtype: DtypeLike, size: number): Array {
  return p.iota(checkDtype('iota', dtype), checkShape('iota', size, 'size'), 0);
}

/**
 * The index along one dimension, in an array of a shape. Mirrors `jax.lax.broadcasted_iota`.
 *
 * @param dtype an element type, by name
 * @example
 * lax.broadcastedIota('int32', [2, 3], 1).js(); // [[0, 1, 2], [0, 1, 2]]
 */
export function broadcastedIota(dtype: DtypeLike, shape: Shape, dimension: number): Array {
  const s = checkShape('broadcastedIota', shape);
  return p.iota(checkDtype('broadcastedIota', dtype), s, canonAxis('broadcastedIota', dimension, s.length));
}

function filled(op: string, shape: Shape, value: ArrayLike, dtype: DtypeLike | null | undefined, like?: Array): Array {
  const v = asArray(value, op);
  if (v.ndim !== 0) throw new ShapeError(`${op}: expected fillValue to be a scalar, got ${v.aval}`);
  const typed = dtype !== null && dtype !== undefined;
  const type = typed ? checkDtype(op, dtype) : (like ?? v).dtype;
  const weak = !typed && (like ?? v).weakType;
  const s = checkShape(op, shape);
  const scalar = isScalarValue(value) ? ConcreteArray.scalar(plainAs(value, type), scalarType(type, weak)) : astype(v, type, weak);
  return s.length === 0 && scalar instanceof ConcreteArray ? scalar : p.broadcastInDim(scalar, s, []);
}

/**
 * An array of one repeated value. Mirrors `jax.lax.full`.
 *
 * @param shape a shape
 * @param fillValue a number, or a scalar array
 * @example
 * lax.full([2, 2], 7).js(); // [[7, 7], [7, 7]]
 */
export function full(shape: Shape, fillValue: ArrayLike, options: { dtype?: DtypeLike | null } = {}): Array {
  options = checkOptions('full', ['dtype'], options);
  return filled('full', shape, fillValue, options.dtype);
}

/**
 * One value in the shape and dtype of an array. Mirrors `jax.lax.full_like`.
 *
 * @param x the array whose shape and dtype are taken
 * @param fillValue a number, or a scalar array
 * @example
 * lax.fullLike(np.ones([2]), 3).js(); // [3, 3]
 */
export function fullLike(x: ArrayLike, fillValue: ArrayLike, options: { dtype?: DtypeLike | null; shape?: Shape | null } = {}): Array {
  options = checkOptions('fullLike', ['dtype', 'shape'], options);
  const a = asArray(x, 'fullLike');
  return filled('fullLike', options.shape ?? a.shape, fillValue, options.dtype, a);
}

/** Zeros of the shape and dtype of an array. @example lax.zerosLikeArray(np.array([1, 2])).js(); // [0, 0] */
export function zerosLikeArray(x: ArrayLike): Array {
  return fullLike(x, 0);
}

/**
 * An array whose values do not matter: zeros. Mirrors `jax.lax.empty`.
 *
 * @param shape a shape
 * @param dtype an element type, by name
 * @example
 * lax.empty([2, 3], 'float32').shape; // [2, 3]
 */
export function empty(shape: Shape, dtype: DtypeLike): Array {
  return filled('empty', shape, 0, dtype);
}
