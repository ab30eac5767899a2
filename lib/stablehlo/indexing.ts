import type { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext, RegionBody } from '../core/lowering';
import { i64s, op } from './ops';

// Reading and writing at indices that are values of the program.

const list = (dims: readonly number[]) => `[${dims.join(', ')}]`;

export interface GatherAttrs {
  offsetDims: readonly number[];
  collapsedSliceDims: readonly number[];
  startIndexMap: readonly number[];
  operandBatchingDims: readonly number[];
  startIndicesBatchingDims: readonly number[];
}

/** Windows of an operand at indices whose last dimension is the index vector; windows that reach out of bounds are moved inside. */
export function gather(ctx: LoweringContext, x: IrValue, indices: IrValue, a: GatherAttrs, sliceSizes: readonly number[], sorted: boolean, out: ShapedArray): IrValue {
  return op(ctx, 'gather', [x, indices], out, `dimension_numbers = #stablehlo.gather<offset_dims = ${list(a.offsetDims)}, collapsed_slice_dims = ${list(a.collapsedSliceDims)}, `
    + `operand_batching_dims = ${list(a.operandBatchingDims)}, start_indices_batching_dims = ${list(a.startIndicesBatchingDims)}, start_index_map = ${list(a.startIndexMap)}, `
    + `index_vector_dim = ${indices.aval.ndim - 1}>, slice_sizes = ${i64s(sliceSizes)}, indices_are_sorted = ${sorted}`);
}

export interface ScatterAttrs {
  updateWindowDims: readonly number[];
  insertedWindowDims: readonly number[];
  scatterDimsToOperandDims: readonly number[];
  operandBatchingDims: readonly number[];
  scatterIndicesBatchingDims: readonly number[];
}

/** Windows of updates combined into an operand, at indices whose last dimension is the index vector; windows that reach out of bounds are dropped. */
export function scatter(ctx: LoweringContext, [x, indices, updates]: readonly [IrValue, IrValue, IrValue], a: ScatterAttrs, sorted: boolean, unique: boolean, combine: RegionBody): IrValue {
  const element = x.aval.withShape([]).strong();
  return op(ctx, 'scatter', [x, indices, updates], x.aval, `scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = ${list(a.updateWindowDims)}, inserted_window_dims = ${list(a.insertedWindowDims)}, `
    + `input_batching_dims = ${list(a.operandBatchingDims)}, scatter_indices_batching_dims = ${list(a.scatterIndicesBatchingDims)}, scatter_dims_to_operand_dims = ${list(a.scatterDimsToOperandDims)}, `
    + `index_vector_dim = ${indices.aval.ndim - 1}>, indices_are_sorted = ${sorted}, unique_indices = ${unique}`, [ctx.region([element, element], combine)]);
}

/**
 * Start indices in a type that holds every bound: XLA's CPU backend narrows the last valid start to the index's type before it clamps, so that an
 * int8 index into 200 elements is clamped to a negative place, and memory outside of the array is written.
 */
function wideStarts(ctx: LoweringContext, starts: readonly IrValue[]): IrValue[] {
  const narrow = starts.some((s) => /^u?int(2|4|8|16)$/.test(s.aval.dtype));
  return narrow ? starts.map((s) => (s.aval.dtype === 'int32' ? s : op(ctx, 'convert', [s], s.aval.withDtype('int32')))) : [...starts];
}

/** A window of x of the given sizes, which starts where scalars say. */
export function dynamicSlice(ctx: LoweringContext, x: IrValue, starts: readonly IrValue[], sizes: readonly number[]): IrValue {
  return op(ctx, 'dynamic_slice', [x, ...wideStarts(ctx, starts)], x.aval.withShape(sizes), `slice_sizes = ${i64s(sizes)}`);
}

/** x with a window in place of its own, which starts where scalars say. */
export function dynamicUpdateSlice(ctx: LoweringContext, x: IrValue, update: IrValue, starts: readonly IrValue[]): IrValue {
  return op(ctx, 'dynamic_update_slice', [x, update, ...wideStarts(ctx, starts)], x.aval);
}
