import { canonAxis, checkList } from '../core/checks';
import { Array, type ScalarValue } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { checkShape, type Shape } from '../core/aval';
import { checkOptions } from '../functional/options';
import { dynamicSlice as dynamicSliceP, dynamicUpdateSlice as dynamicUpdateSliceP } from '../primitives/dynamicSlice';
import { add, lt, rem, where } from '../primitives/elementwise';
import * as g from '../primitives/gather';
import * as s from '../primitives/scatter';
import { broadcastInDim, concatenate, like, range, squeeze as squeezeP } from '../primitives/structural';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, isScalarValue } from './arrayLike';
import { expandDims } from './shape';

// Parts of arrays at positions that are computed.

/** Whether negative starts count from the end. */
export interface NegativeOption {
  /** Whether negative indices count from the end; true by default. One for all dimensions, or one for each. */
  allowNegativeIndices?: boolean | readonly boolean[];
}

/** Start indices as scalars, negative ones counted from the end. */
function starts(op: string, x: Array, indices: ArrayLike | readonly ArrayLike[], { allowNegativeIndices: allow = true }: NegativeOption): Array[] {
  const list = globalThis.Array.isArray(indices) ? indices.map((i) => asArray(i as ArrayLike, op)) : unpack(asArray(indices as ArrayLike, op));
  if (list.length !== x.ndim) throw new ShapeError(`${op}: expected ${x.ndim} start indices for ${x.aval}, got ${list.length}`);
  return list.map((i, d) => {
    const kind = dtypeKind(i.dtype);
    if (i.ndim !== 0 || (kind !== 'int' && kind !== 'uint')) throw new DtypeError(`${op}: expected start indices to be integer scalars, got ${i.aval}`);
    const wraps = typeof allow === 'boolean' ? allow : allow[d];
    if (!wraps || kind === 'uint') return i;
    const n = x.shape[d]!;
    return where(lt(i, like(i, 0)), add(i, like(i, n)), i);
  });
}

function unpack(x: Array): Array[] {
  if (x.ndim !== 1) throw new ShapeError(`expected start indices as a list or an array of one dimension, got ${x.aval}`);
  return range(x.shape[0]!).map((i) => squeezeP(dynamicSliceP(x, [asArray(i)], [1]), [0]));
}

const sliceProgram = composite<{ sizes: Shape; allow: boolean | readonly boolean[]; list: boolean }>('dynamic_slice', ([x, ...at], { sizes, allow, list }) => [
  dynamicSliceP(x!, starts('dynamicSlice', x!, list ? at : at[0]!, { allowNegativeIndices: allow }), sizes),
]);
const updateProgram = composite<{ allow: boolean | readonly boolean[]; list: boolean }>('dynamic_update_slice', ([x, u, ...at], { allow, list }) => [
  dynamicUpdateSliceP(x!, u!, starts('dynamicUpdateSlice', x!, list ? at : at[0]!, { allowNegativeIndices: allow })),
]);

/** The indices as arrays; a negative plain number is counted from the end here, and moved to 0 where that is before the start. */
function indexArrays(op: string, x: Array, indices: ArrayLike | readonly ArrayLike[], allow: boolean | readonly boolean[]): Array[] {
  if (!globalThis.Array.isArray(indices)) return [asArray(indices as ArrayLike, op)];
  const types = new Set(indices.filter((i) => i instanceof Array).map((i) => (i as Array).dtype));
  if (types.size > 1) throw new DtypeError(`${op}: expected start indices of one integer dtype, got ${[...types].join(', ')}`);
  return indices.map((i, d) => {
    if (typeof i !== 'number' || i >= 0) return asArray(i as ArrayLike, op);
    if (!(typeof allow === 'boolean' ? allow : allow[d])) throw new ShapeError(`${op}: index ${i} of dimension ${d} is negative, and allowNegativeIndices is false`);
    return asArray(Math.max(i + (x.shape[d] ?? 0), 0), op);
  });
}

/**
 * A window of the given sizes, from start indices that may be computed; a start is moved where the window would not be inside. Mirrors `jax.lax.dynamic_slice`.
 *
 * @param operand an array
 * @param startIndices a list of integer scalars, or an integer array of one dimension
 * @param sliceSizes shape of the slice
 * @throws ShapeError where a window is larger than the array
 * @example
 * lax.dynamicSlice(np.arange(5), [3], [2]).js() // [3, 4]
 */
export function dynamicSlice(operand: ArrayLike, startIndices: ArrayLike | readonly ArrayLike[], sliceSizes: Shape, options: NegativeOption = {}): Array {
  options = checkOptions('dynamicSlice', ['allowNegativeIndices'], options);
  const x = asArray(operand, 'dynamicSlice');
  const allow = options.allowNegativeIndices ?? true;
  return sliceProgram([x, ...indexArrays('dynamicSlice', x, startIndices, allow)], { sizes: checkShape('dynamicSlice', sliceSizes, 'sliceSizes'), allow, list: globalThis.Array.isArray(startIndices) })[0]!;
}

/**
 * An array with a window replaced, from start indices that may be computed. Mirrors `jax.lax.dynamic_update_slice`.
 *
 * @param operand an array
 * @param update what is put there, an array of the dtype of the operand
 * @param startIndices where the slice begins in each dimension
 * @throws ShapeError, DtypeError
 * @example
 * lax.dynamicUpdateSlice(np.zeros(3), np.ones(1), [1]).js() // [0, 1, 0]
 */
export function dynamicUpdateSlice(operand: ArrayLike, update: ArrayLike, startIndices: ArrayLike | readonly ArrayLike[], options: NegativeOption = {}): Array {
  options = checkOptions('dynamicUpdateSlice', ['allowNegativeIndices'], options);
  const x = asArray(operand, 'dynamicUpdateSlice');
  const u = asArray(update, 'dynamicUpdateSlice');
  const allow = options.allowNegativeIndices ?? true;
  return updateProgram([x, u, ...indexArrays('dynamicUpdateSlice', x, startIndices, allow)], { allow, list: globalThis.Array.isArray(startIndices) })[0]!;
}

function oneAxis(x: Array, index: ArrayLike, axis: number): ArrayLike[] {
  return range(x.ndim).map((d) => (d === axis ? index : 0));
}

/**
 * A window of one dimension. Mirrors `jax.lax.dynamic_slice_in_dim`.
 *
 * @param operand an array
 * @param startIndex where the slice begins
 * @param sliceSize size of the slice
 * @example
 * lax.dynamicSliceInDim(np.arange(5), 1, 2).js() // [1, 2]
 */
export function dynamicSliceInDim(operand: ArrayLike, startIndex: ArrayLike, sliceSize: number, options: { axis?: number } & NegativeOption = {}): Array {
  options = checkOptions('dynamicSliceInDim', ['axis', 'allowNegativeIndices'], options);
  const x = asArray(operand, 'dynamicSliceInDim');
  const axis = canonAxis('dynamicSliceInDim', options.axis ?? 0, x.ndim);
  return dynamicSlice(x, oneAxis(x, startIndex, axis), x.shape.map((n, d) => (d === axis ? sliceSize : n)), { allowNegativeIndices: options.allowNegativeIndices });
}

/**
 * One entry of a dimension, which stays with size 1 unless `keepdims` is false. Mirrors `jax.lax.dynamic_index_in_dim`.
 *
 * @param operand an array
 * @param index an integer; from the end where it is negative
 * @example
 * lax.dynamicIndexInDim(np.arange(5), 3, { keepdims: false }).item() // 3
 */
export function dynamicIndexInDim(operand: ArrayLike, index: ArrayLike, options: { axis?: number; keepdims?: boolean } & NegativeOption = {}): Array {
  options = checkOptions('dynamicIndexInDim', ['axis', 'keepdims', 'allowNegativeIndices'], options);
  const { keepdims = true, ...others } = options;
  const out = dynamicSliceInDim(operand, index, 1, others);
  return keepdims ? out : squeezeP(out, [canonAxis('dynamicIndexInDim', options.axis ?? 0, out.ndim)]);
}

/**
 * An array with a window of one dimension replaced. Mirrors `jax.lax.dynamic_update_slice_in_dim`.
 *
 * @param operand an array
 * @param update what is put there, an array of the dtype of the operand
 * @param startIndex where the slice begins
 * @param axis a dimension
 * @example
 * lax.dynamicUpdateSliceInDim(np.zeros(3), np.ones(1), 1, 0).js() // [0, 1, 0]
 */
export function dynamicUpdateSliceInDim(operand: ArrayLike, update: ArrayLike, startIndex: ArrayLike, axis: number, options: NegativeOption = {}): Array {
  const x = asArray(operand, 'dynamicUpdateSliceInDim');
  return dynamicUpdateSlice(x, update, oneAxis(x, startIndex, canonAxis('dynamicUpdateSliceInDim', axis, x.ndim)), options);
}

/**
 * An array with one entry of a dimension replaced. Mirrors `jax.lax.dynamic_update_index_in_dim`.
 *
 * @param operand an array
 * @param update what is put there, an array of the dtype of the operand
 * @param index an integer; from the end where it is negative
 * @param axis a dimension
 * @example
 * lax.dynamicUpdateIndexInDim(np.zeros(3), 7.5, 1, 0).js() // [0, 7.5, 0]
 */
export function dynamicUpdateIndexInDim(operand: ArrayLike, update: ArrayLike, index: ArrayLike, axis: number, options: NegativeOption = {}): Array {
  const x = asArray(operand, 'dynamicUpdateIndexInDim');
  const d = canonAxis('dynamicUpdateIndexInDim', axis, x.ndim);
  let u = asArray(update, 'dynamicUpdateIndexInDim');
  if (isScalarValue(update)) u = astype(u, x.dtype);
  return dynamicUpdateSliceInDim(x, u.ndim === x.ndim ? u : expandDims(u, [d]), index, d, options);
}

/** What happens at indices out of bounds. Mirrors `jax.lax.GatherScatterMode`. */
export const GatherScatterMode = { CLIP: 'CLIP', FILL_OR_DROP: 'FILL_OR_DROP', PROMISE_IN_BOUNDS: 'PROMISE_IN_BOUNDS' } as const;

/** Which dimensions of the operand slices and indices stand for. */
export type GatherDimensionNumbers = g.GatherOptions['dimensionNumbers'];
/** Which dimensions of the operand updates and indices stand for. */
export type ScatterDimensionNumbers = s.ScatterOptions['dimensionNumbers'];

/** Options of {@link gather}. */
export interface GatherOptions {
  /** Whether no index comes twice. */
  uniqueIndices?: boolean;
  /** Whether indices ascend. */
  indicesAreSorted?: boolean;
  /** What happens to indices out of range. */
  mode?: string | null;
  /** What is given for indices out of range, where they are filled. */
  fillValue?: ScalarValue | null;
}

/**
 * Windows of an array at the given indices, of shape [..., n]. Mirrors `jax.lax.gather`. @throws ShapeError, DtypeError, ArgumentError where the numbers do not fit
 *
 * @param operand an array
 * @param startIndices an integer array, whose last dimension holds the start of a slice each
 * @param dimensionNumbers which dimensions are which
 * @param sliceSizes shape of the slices
 * @example
 * ```ts
 * const dimensionNumbers = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] };
 * lax.gather(np.array([[1, 2], [3, 4], [5, 6]], { dtype: 'int32' }), np.array([[2], [0]], { dtype: 'int32' }), dimensionNumbers, [1, 2]).js(); // [[5, 6], [1, 2]]
 * ```
 */
export function gather(operand: ArrayLike, startIndices: ArrayLike, dimensionNumbers: GatherDimensionNumbers, sliceSizes: Shape, options: GatherOptions = {}): Array {
  options = checkOptions('gather', ['uniqueIndices', 'indicesAreSorted', 'mode', 'fillValue'], options);
  return g.gather(asArray(operand, 'gather'), asArray(startIndices, 'gather'), { dimensionNumbers, sliceSizes, ...options });
}

/** Options of {@link scatterApply}. */
export interface ScatterOptions {
  /** Whether indices ascend. */
  indicesAreSorted?: boolean;
  /** Whether no index comes twice. */
  uniqueIndices?: boolean;
  /** What happens to indices out of range. */
  mode?: string | null;
}

type ScatterFunction = (operand: ArrayLike, scatterIndices: ArrayLike, updates: ArrayLike, dimensionNumbers: ScatterDimensionNumbers, options?: ScatterOptions) => Array;

function scattering(op: string, f: typeof s.scatter): ScatterFunction {
  return (operand, scatterIndices, updates, dimensionNumbers, options = {}) => {
    const x = asArray(operand, op);
    const u = asArray(updates, op);
    return f(x, asArray(scatterIndices, op), isScalarValue(updates) ? astype(u, x.dtype) : u, { dimensionNumbers, ...options });
  };
}

/**
 * An array with windows at the given indices, of shape [..., n], replaced by updates. Mirrors `jax.lax.scatter`.
 *
 * @param operand an array
 * @param scatterIndices an integer array, whose last dimension holds an index each
 * @param dimensionNumbers which dimensions are which
 * @example
 * ```ts
 * const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
 * lax.scatter(np.zeros([4]), np.array([[1], [3]], { dtype: 'int32' }), np.array([5.0, 7.0]), dimensionNumbers).js(); // [0, 5, 0, 7]
 * ```
 */
export const scatter: ScatterFunction = scattering('scatter', s.scatter);
/**
 * An array with updates added to windows. Mirrors `jax.lax.scatter_add`.
 *
 * @param operand an array
 * @param scatterIndices an integer array, whose last dimension holds an index each
 * @param dimensionNumbers which dimensions are which
 * @example
 * ```ts
 * const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
 * lax.scatterAdd(np.ones([3]), np.array([[1], [1]], { dtype: 'int32' }), np.array([5.0, 7.0]), dimensionNumbers).js(); // [1, 13, 1]
 * ```
 */
export const scatterAdd: ScatterFunction = scattering('scatterAdd', s.scatterAdd);
/**
 * An array with updates subtracted from windows. Mirrors `jax.lax.scatter_sub`.
 *
 * @param operand an array
 * @param scatterIndices an integer array, whose last dimension holds an index each
 * @param dimensionNumbers which dimensions are which
 * @example
 * ```ts
 * const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
 * lax.scatterSub(np.ones([3]), np.array([[1], [1]], { dtype: 'int32' }), np.array([5.0, 7.0]), dimensionNumbers).js(); // [1, -11, 1]
 * ```
 */
export const scatterSub: ScatterFunction = scattering('scatterSub', s.scatterSub);
/**
 * An array with windows multiplied by updates. Mirrors `jax.lax.scatter_mul`.
 *
 * @param operand an array
 * @param scatterIndices an integer array, whose last dimension holds an index each
 * @param dimensionNumbers which dimensions are which
 * @example
 * ```ts
 * const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
 * lax.scatterMul(np.full([3], 2), np.array([[1], [1]], { dtype: 'int32' }), np.array([5, 7]), dimensionNumbers).js(); // [2, 70, 2]
 * ```
 */
export const scatterMul: ScatterFunction = scattering('scatterMul', s.scatterMul);
/**
 * An array with the lesser of windows and updates. Mirrors `jax.lax.scatter_min`.
 *
 * @param operand an array
 * @param scatterIndices an integer array, whose last dimension holds an index each
 * @param dimensionNumbers which dimensions are which
 * @example
 * ```ts
 * const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
 * lax.scatterMin(np.full([3], 6), np.array([[0], [1]], { dtype: 'int32' }), np.array([5, 7]), dimensionNumbers).js(); // [5, 6, 6]
 * ```
 */
export const scatterMin: ScatterFunction = scattering('scatterMin', s.scatterMin);
/**
 * An array with the greater of windows and updates. Mirrors `jax.lax.scatter_max`.
 *
 * @param operand an array
 * @param scatterIndices an integer array, whose last dimension holds an index each
 * @param dimensionNumbers which dimensions are which
 * @example
 * ```ts
 * const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
 * lax.scatterMax(np.full([3], 6), np.array([[0], [1]], { dtype: 'int32' }), np.array([5, 7]), dimensionNumbers).js(); // [6, 7, 6]
 * ```
 */
export const scatterMax: ScatterFunction = scattering('scatterMax', s.scatterMax);

/**
 * An array with a function of one element applied at the given indices. Mirrors `jax.lax.scatter_apply`. @throws ArgumentError if the function uses arrays from outside
 *
 * @param operand an array
 * @param scatterIndices an integer array, whose last dimension holds an index each
 * @param func a function of a scalar
 * @param dimensionNumbers which dimensions are which
 * @example
 * ```ts
 * const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
 * lax.scatterApply(np.array([1.0, 2.0, 3.0]), np.array([[0], [2]], { dtype: 'int32' }), (x) => x.mul(10), dimensionNumbers, { updateShape: [2] }).js(); // [10, 2, 30]
 * ```
 */
export function scatterApply(operand: ArrayLike, scatterIndices: ArrayLike, func: (x: Array) => Array, dimensionNumbers: ScatterDimensionNumbers, options: ScatterOptions & { updateShape?: Shape } = {}): Array {
  options = checkOptions('scatterApply', ['indicesAreSorted', 'uniqueIndices', 'mode', 'updateShape'], options);
  return s.scatterApply(asArray(operand, 'scatterApply'), asArray(scatterIndices, 'scatterApply'), func, { dimensionNumbers, ...options });
}

/**
 * The entries of an array at one index array for each of the given axes, negative ones counted from the end. Mirrors `jax.lax.index_take`.
 *
 * @param src an array
 * @param idxs integer vectors, one for each axis
 * @example
 * lax.indexTake(np.array([[1, 2], [3, 4]], { dtype: 'int32' }), [np.array([1, 0], { dtype: 'int32' })], [0]).js(); // [[3, 4], [1, 2]]
 */
export function indexTake(src: ArrayLike, idxs: readonly ArrayLike[], axes: readonly number[]): Array {
  const x = asArray(src, 'indexTake');
  checkList('indexTake', 'idxs', idxs);
  const columns = idxs.map((i, k) => {
    const a = asArray(i, 'indexTake');
    const n = like(a, x.shape[axes[k]!]!);
    const r = rem(a, n);
    return broadcastInDim(where(lt(r, like(r, 0)), add(r, n), r), [a.shape[0]!, 1], [0]);
  });
  const indices = concatenate(columns, 1);
  return gather(x, indices, { offsetDims: range(x.ndim - axes.length).map((d) => d + 1), collapsedSliceDims: [...axes], startIndexMap: [...axes] }, x.shape.map((n, d) => (axes.includes(d) ? 1 : n)));
}
