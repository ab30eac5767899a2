import type { Array, ScalarValue } from '../core/array';
import { ShapedArray, type Shape } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { pythonRecord, Verbatim } from '../core/pythonText';
import { type AxisData, type BatchDim, definePrimitive, isUndefinedPrimal, type Sample, type SinglePrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { gather as emitGather } from '../stablehlo/indexing';
import { bitWidth } from './elementwise';
import { scatterAdd } from './scatter';
import { moveaxis, range, zerosLike } from './structural';

/**
 * What happens at indices out of bounds. CLIP moves windows inside; FILL_OR_DROP gathers a fill value and scatters nothing; PROMISE_IN_BOUNDS leaves
 * it open, and gradients may then be wrong. Mirrors `jax.lax.GatherScatterMode`.
 */
export type GatherScatterMode = 'CLIP' | 'FILL_OR_DROP' | 'PROMISE_IN_BOUNDS';

const MODES: Record<string, GatherScatterMode> = {
  clip: 'CLIP', fill: 'FILL_OR_DROP', drop: 'FILL_OR_DROP', promise_in_bounds: 'PROMISE_IN_BOUNDS', promiseInBounds: 'PROMISE_IN_BOUNDS',
  CLIP: 'CLIP', FILL_OR_DROP: 'FILL_OR_DROP', PROMISE_IN_BOUNDS: 'PROMISE_IN_BOUNDS',
};

/** Reads a mode as users give it. @throws ArgumentError for anything that names none */
export function parseMode(op: string, mode: string | null | undefined, byDefault: GatherScatterMode): GatherScatterMode {
  if (mode === null || mode === undefined) return byDefault;
  if (!Object.hasOwn(MODES, mode)) throw new ArgumentError(`${op}: expected mode to be 'clip', 'fill', 'drop' or 'promise_in_bounds', got ${String(mode)}`);
  return MODES[mode]!;
}

export const printedMode = (mode: GatherScatterMode) => new Verbatim(`GatherScatterMode.${mode}`);

/** Which dimensions are which; the index vector is always the last dimension of the indices. Mirrors `jax.lax.GatherDimensionNumbers`. */
export interface GatherDimensionNumbers {
  /** Dimensions of the result that run over a window, increasing. */
  readonly offsetDims: readonly number[];
  /** Dimensions of the operand that windows have size 1 in and the result lacks, increasing. */
  readonly collapsedSliceDims: readonly number[];
  /** Dimension of the operand for each entry of an index vector. */
  readonly startIndexMap: readonly number[];
  /** Dimensions of the operand that go along with dimensions of the indices, increasing. */
  readonly operandBatchingDims: readonly number[];
  /** The dimensions of the indices that those go along with. */
  readonly startIndicesBatchingDims: readonly number[];
}

export interface GatherParams {
  dimensionNumbers: GatherDimensionNumbers;
  /** What FILL_OR_DROP gives out of bounds; null in other modes. */
  fillValue: ScalarValue | null;
  indicesAreSorted: boolean;
  mode: GatherScatterMode;
  sliceSizes: readonly number[];
  uniqueIndices: boolean;
}

/** Checks a list of dimensions: in range, distinct and, unless told otherwise, increasing. */
export function checkDimensions(op: string, name: string, dims: readonly number[], rank: number, sorted = true): void {
  dims.forEach((d, i) => {
    if (!Number.isInteger(d) || d < 0 || d >= rank) throw new ShapeError(`${op}: expected ${name} to be dimensions from 0 to ${rank - 1}, got [${dims}]`);
    if (sorted && i > 0 && dims[i - 1]! >= d) throw new ShapeError(`${op}: expected ${name} to increase, got [${dims}]`);
  });
  if (new Set(dims).size !== dims.length) throw new ShapeError(`${op}: expected ${name} to be distinct, got [${dims}]`);
}

/** Checks indices, and the dimensions of an operand that batching dimensions of the indices go along with. */
export function checkIndices(op: string, x: ShapedArray, indices: ShapedArray, map: readonly number[], gone: readonly number[], batching: readonly number[], indexBatching: readonly number[]): void {
  const kind = dtypeKind(indices.dtype);
  if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`${op}: expected indices of an integer dtype, got ${indices}`);
  if (indices.ndim === 0) throw new ShapeError(`${op}: expected indices whose last dimension is the index vector, got ${indices}`);
  const n = indices.shape[indices.ndim - 1]!;
  if (map.length !== n) throw new ShapeError(`${op}: expected one dimension of the operand for each of the ${n} entries of an index vector of ${indices}, got [${map}]`);
  checkDimensions(op, 'dimensions of index vectors', map, x.ndim, false);
  checkDimensions(op, 'dimensions without a window', gone, x.ndim);
  checkDimensions(op, 'operandBatchingDims', batching, x.ndim);
  checkDimensions(op, 'batching dimensions of the indices', indexBatching, indices.ndim - 1, false);
  for (const d of batching) if (gone.includes(d) || map.includes(d)) throw new ShapeError(`${op}: dimension ${d} of ${x} is a batching dimension and cannot be indexed or collapsed too`);
  if (batching.length !== indexBatching.length) throw new ShapeError(`${op}: expected as many batching dimensions of operand and indices, got [${batching}] and [${indexBatching}]`);
  batching.forEach((d, i) => {
    if (x.shape[d] !== indices.shape[indexBatching[i]!]) throw new ShapeError(`${op}: expected batching dimensions of equal sizes, got ${x.shape[d]} (dimension ${d} of ${x}) and ${indices.shape[indexBatching[i]!]} (dimension ${indexBatching[i]} of ${indices})`);
  });
}

function resultShape(x: ShapedArray, indices: ShapedArray, { dimensionNumbers: d, sliceSizes }: GatherParams): Shape {
  checkIndices('gather', x, indices, d.startIndexMap, d.collapsedSliceDims, d.operandBatchingDims, d.startIndicesBatchingDims);
  const rank = d.offsetDims.length + indices.ndim - 1;
  checkDimensions('gather', 'offsetDims', d.offsetDims, rank);
  if (sliceSizes.length !== x.ndim) throw new ShapeError(`gather: expected ${x.ndim} sliceSizes for ${x}, got [${sliceSizes}]`);
  const windows = range(x.ndim).filter((i) => !d.collapsedSliceDims.includes(i) && !d.operandBatchingDims.includes(i));
  if (windows.length !== d.offsetDims.length) throw new ShapeError(`gather: expected ${windows.length} offsetDims, one for each dimension of ${x} that is neither collapsed nor batching, got [${d.offsetDims}]`);
  sliceSizes.forEach((s, i) => {
    if (indices.size > 0 && !(Number.isInteger(s) && s >= 0 && s <= x.shape[i]!)) throw new ShapeError(`gather: expected sliceSizes[${i}] from 0 to ${x.shape[i]} for ${x}, got ${s}`);
    if (d.collapsedSliceDims.includes(i) && s !== 1) throw new ShapeError(`gather: expected sliceSizes[${i}] to be 1 because dimension ${i} is collapsed, got ${s}`);
    if (d.operandBatchingDims.includes(i) && s > 1) throw new ShapeError(`gather: expected sliceSizes[${i}] to be at most 1 because dimension ${i} is a batching dimension, got ${s}`);
  });
  let window = 0;
  let index = 0;
  return range(rank).map((i) => (d.offsetDims.includes(i) ? sliceSizes[windows[window++]!]! : indices.shape[index++]!));
}

/** Integer type that indices and bounds are compared in: a type of narrow indices may not hold the bounds. */
export function comparisonDtype(d: DType): DType {
  return bitWidth(d) === 64 ? 'int64' : 'int32';
}

/** Whether whole windows are in bounds, by index vector, of the indices' shape without its last dimension. */
function inBounds(ctx: LoweringContext, indices: IrValue, upper: readonly number[]): IrValue {
  const dtype = comparisonDtype(indices.aval.dtype);
  // Unsigned values too large for the signed type become negative, which is out of bounds as well.
  const wide = hlo.convert(ctx, indices, new ShapedArray(indices.aval.shape, dtype));
  const last = indices.aval.ndim - 1;
  const bound = hlo.broadcastInDim(ctx, ctx.dense(upper, new ShapedArray([upper.length], dtype)), [last], wide.aval);
  const ok = hlo.and(ctx, hlo.compare(ctx, 'GE', wide, ctx.splat(0, wide.aval)), hlo.compare(ctx, 'LE', wide, bound));
  const out = new ShapedArray(indices.aval.shape.slice(0, -1), 'bool');
  return hlo.reduce(ctx, [ok], [ctx.splat(true, out.withShape([]))], [last], [out], (c, [a, b]) => [hlo.and(c, a!, b!)])[0]!;
}

const plusOne = (dims: readonly number[]) => dims.map((d) => d + 1);

/** The batching rule, which that of dynamic_slice ends in as well. */
export function batchGather(_: AxisData, x: Array, indices: Array, dx: BatchDim, di: BatchDim, p: GatherParams): [Array, BatchDim] {
  const d = p.dimensionNumbers;
  if (di === null) {
    // One more dimension of each window.
    const b = moveaxis(x, dx!, 0);
    const dimensionNumbers = { ...d, offsetDims: [0, ...plusOne(d.offsetDims)], collapsedSliceDims: plusOne(d.collapsedSliceDims), startIndexMap: plusOne(d.startIndexMap), operandBatchingDims: plusOne(d.operandBatchingDims) };
    return [gatherP.bind({ ...p, dimensionNumbers, sliceSizes: [b.shape[0]!, ...p.sliceSizes] }, b, indices), 0];
  }
  const i = moveaxis(indices, di, 0);
  const shifted = { ...d, offsetDims: plusOne(d.offsetDims), startIndicesBatchingDims: plusOne(d.startIndicesBatchingDims) };
  // Indices of several entries into one array may repeat.
  if (dx === null) return [gatherP.bind({ ...p, dimensionNumbers: shifted, indicesAreSorted: false, uniqueIndices: false }, x, i), 0];
  const b = moveaxis(x, dx, 0);
  const dimensionNumbers = {
    ...shifted, collapsedSliceDims: plusOne(d.collapsedSliceDims), startIndexMap: plusOne(d.startIndexMap),
    operandBatchingDims: [0, ...plusOne(d.operandBatchingDims)], startIndicesBatchingDims: [0, ...shifted.startIndicesBatchingDims],
  };
  return [gatherP.bind({ ...p, dimensionNumbers, sliceSizes: [Math.min(1, b.shape[0]!), ...p.sliceSizes] }, b, i), 0];
}

export const gatherP: SinglePrimitive<GatherParams> = definePrimitive<GatherParams>({
  name: 'gather',
  print: { params: (p) => ({ ...p, dimensionNumbers: pythonRecord('GatherDimensionNumbers', p.dimensionNumbers), mode: printedMode(p.mode) }) },
  abstract: ([x, indices], p) => x!.withShape(resultShape(x!, indices!, p)),
  lower: (ctx, [x, indices], { dimensionNumbers: d, sliceSizes, indicesAreSorted, mode, fillValue }, out) => {
    if (out.size === 0) return ctx.splat(dtypeKind(out.dtype) === 'bool' ? false : 0, out);
    const found = emitGather(ctx, x!, indices!, d, sliceSizes, indicesAreSorted, out);
    if (mode !== 'FILL_OR_DROP') return found;
    const ok = inBounds(ctx, indices!, d.startIndexMap.map((k) => x!.aval.shape[k]! - sliceSizes[k]!));
    const batch = range(out.ndim).filter((i) => !d.offsetDims.includes(i));
    return hlo.select(ctx, hlo.broadcastInDim(ctx, ok, batch, new ShapedArray(out.shape, 'bool')), found, ctx.splat(fillValue!, out));
  },
  jvp: ([x, indices], [g], p) => [gatherP.bind(p, x!, indices!), g === null ? null : gatherP.bind({ ...p, fillValue: p.fillValue === null ? null : 0 }, g!, indices!)],
  transpose: (ct, [x, indices], { dimensionNumbers: d, indicesAreSorted, uniqueIndices, mode }) => {
    if (!isUndefinedPrimal(x!)) return [null, null];
    const dimensionNumbers = {
      updateWindowDims: d.offsetDims, insertedWindowDims: d.collapsedSliceDims, scatterDimsToOperandDims: d.startIndexMap,
      operandBatchingDims: d.operandBatchingDims, scatterIndicesBatchingDims: d.startIndicesBatchingDims,
    };
    return [scatterAdd(zerosLike(x.aval.strong()), indices as Array, ct, { dimensionNumbers, indicesAreSorted, uniqueIndices, mode }), null];
  },
  batch: (axis, [x, indices], [dx, di], p) => batchGather(axis, x!, indices!, dx!, di!, p),
  sample: samples,
});

/** The value gathered out of bounds where none is given: NaN, the least signed or the greatest unsigned integer, true. */
function defaultFill(dtype: DType): ScalarValue {
  switch (dtypeKind(dtype)) {
    case 'bool': return true;
    case 'float':
    case 'complex': return Number.NaN;
    case 'int': return dtype === 'int64' ? -(2n ** 63n) : -(2 ** (bitWidth(dtype) - 1));
    case 'uint': return dtype === 'uint64' ? 2n ** 64n - 1n : 2 ** bitWidth(dtype) - 1;
  }
}

/** The dimension numbers with all of them there, in one order: parameters that mean the same are equal. */
function ordered(d: GatherOptions['dimensionNumbers']): GatherDimensionNumbers {
  const { offsetDims, collapsedSliceDims, startIndexMap, operandBatchingDims = [], startIndicesBatchingDims = [] } = d;
  return { offsetDims, collapsedSliceDims, startIndexMap, operandBatchingDims, startIndicesBatchingDims };
}

export interface GatherOptions {
  dimensionNumbers: Omit<GatherDimensionNumbers, 'operandBatchingDims' | 'startIndicesBatchingDims'> & Partial<GatherDimensionNumbers>;
  /** Size of a window in each dimension of the operand. */
  sliceSizes: readonly number[];
  indicesAreSorted?: boolean;
  uniqueIndices?: boolean;
  /** A `GatherScatterMode` or `'clip'`, `'fill'`, `'promise_in_bounds'`, the default. */
  mode?: string | null;
  fillValue?: ScalarValue | null;
}

/**
 * Windows of x at the given indices, of shape [..., n]: the result has the indices' dimensions but the last, and those of a window at `offsetDims`.
 * Mirrors `jax.lax.gather`.
 *
 * @throws ShapeError, DtypeError, ArgumentError
 */
export function gather(x: Array, indices: Array, options: GatherOptions): Array {
  const mode = parseMode('gather', options.mode, 'PROMISE_IN_BOUNDS');
  return gatherP.bind({
    dimensionNumbers: ordered(options.dimensionNumbers),
    fillValue: mode === 'FILL_OR_DROP' ? (options.fillValue ?? defaultFill(x.dtype)) : null,
    indicesAreSorted: options.indicesAreSorted ?? false,
    mode,
    sliceSizes: options.sliceSizes,
    uniqueIndices: options.uniqueIndices ?? false,
  }, x, indices);
}

function samples(): Sample<GatherParams>[] {
  const s = (shape: readonly number[], indices: readonly number[], values: readonly number[], dims: readonly (readonly number[])[], sliceSizes: readonly number[], mode: GatherScatterMode, p: Partial<GatherParams> = {}, dtype = 'float32'): Sample<GatherParams> => ({
    inputs: [{ shape, dtype, ...(dtype === 'int32' ? { low: -5, high: 5 } : {}) }, { shape: indices, dtype: 'int32', values }],
    params: {
      dimensionNumbers: { offsetDims: dims[0]!, collapsedSliceDims: dims[1]!, startIndexMap: dims[2]!, operandBatchingDims: dims[3] ?? [], startIndicesBatchingDims: dims[4] ?? [] },
      fillValue: mode === 'FILL_OR_DROP' ? 7 : null, indicesAreSorted: false, mode, sliceSizes, uniqueIndices: false, ...p,
    },
  });
  return [
    s([4, 3], [3, 1], [2, 0, 2], [[1], [0], [0]], [1, 3], 'PROMISE_IN_BOUNDS'),
    s([4, 3], [3, 1], [2, 9, -1], [[1], [0], [0]], [1, 3], 'CLIP'),
    s([4, 3], [3, 1], [2, 9, -1], [[1], [0], [0]], [1, 3], 'FILL_OR_DROP'),
    s([4, 3], [2, 2, 2], [0, 1, 2, 3, 1, -1, 2, 0], [[0, 2], [], [1, 0]], [2, 2], 'FILL_OR_DROP'),
    s([3, 2, 4], [2, 3, 1], [0, 1, 2, 3, 4, 0], [[1], [2], [2], [0], [1]], [1, 2, 1], 'CLIP'),
    s([4, 3], [3, 1], [0, 1, 3], [[1], [0], [0]], [1, 3], 'CLIP', { indicesAreSorted: true, uniqueIndices: true }),
    s([5], [2, 1], [4, 1], [[], [0], [0]], [1], 'FILL_OR_DROP', { fillValue: -1 }, 'int32'),
  ];
}
