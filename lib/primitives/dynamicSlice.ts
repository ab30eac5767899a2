import type { Array } from '../core/array';
import type { ShapedArray, Shape } from '../core/aval';
import { config } from '../core/config';
import { type DType, dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { type AxisData, type BatchDim, definePrimitive, isUndefinedPrimal, type SinglePrimitive } from '../core/primitive';
import { dynamicSlice as emitSlice, dynamicUpdateSlice as emitUpdate } from '../stablehlo/indexing';
import { bitWidth, min } from './elementwise';
import { batchGather } from './gather';
import { scatter } from './scatter';
import { broadcastInDim, concatenate, convert, full, like, moveaxis, range, scalar, toFront, zerosLike } from './structural';

function checkStarts(op: string, x: ShapedArray, sizes: Shape, starts: readonly ShapedArray[]): void {
  if (sizes.length !== x.ndim) throw new ShapeError(`${op}: expected a size for each of the ${x.ndim} dimensions of ${x}, got [${sizes}]`);
  sizes.forEach((s, i) => {
    if (!Number.isInteger(s) || s < 0 || s > x.shape[i]!) throw new ShapeError(`${op}: expected size ${i} from 0 to ${x.shape[i]} for ${x}, got ${s}`);
  });
  if (starts.length !== x.ndim) throw new ShapeError(`${op}: expected a start index for each of the ${x.ndim} dimensions of ${x}, got ${starts.length}`);
  for (const s of starts) {
    const kind = dtypeKind(s.dtype);
    if (s.ndim !== 0) throw new ShapeError(`${op}: expected start indices to be scalars, got ${s}`);
    if ((kind !== 'int' && kind !== 'uint') || s.dtype !== starts[0]!.dtype) throw new DtypeError(`${op}: expected start indices of one integer dtype, got ${starts.join(', ')}`);
  }
}

const insert = <T>(xs: readonly T[], at: number, x: T) => [...xs.slice(0, at), x, ...xs.slice(at)];

/** A zero beside other start indices. */
const zeroStart = (starts: readonly Array[]) => (starts.length > 0 ? like(starts[0]!, 0) : scalar(0, 'int32'));

/** Start indices as index vectors, one for each entry of the axis. */
function indexVectors(axis: AxisData, starts: readonly Array[], dims: readonly BatchDim[]): Array {
  return concatenate(starts.map((s, i) => broadcastInDim(s, [axis.size, 1], dims[i] === null ? [] : [0])), 1);
}

export interface DynamicSliceParams {
  sliceSizes: Shape;
}

export const dynamicSliceP: SinglePrimitive<DynamicSliceParams> = definePrimitive<DynamicSliceParams>({
  name: 'dynamic_slice',
  abstract: ([x, ...starts], { sliceSizes }) => {
    checkStarts('dynamicSlice', x!, sliceSizes, starts);
    return x!.withShape(sliceSizes);
  },
  lower: (ctx, [x, ...starts], { sliceSizes }) => emitSlice(ctx, x!, starts, sliceSizes),
  jvp: ([x, ...starts], [g], p) => [dynamicSliceP.bind(p, x!, ...starts), g === null ? null : dynamicSliceP.bind(p, g!, ...starts)],
  transpose: (ct, [x, ...starts]) => [
    isUndefinedPrimal(x!) ? dynamicUpdateSliceP.bind({}, zerosLike(x.aval.strong()), ct, ...(starts as Array[])) : null,
    ...starts.map(() => null),
  ],
  batch: (axis, [x, ...starts], [dx, ...ds], p) => {
    if (ds.every((d) => d === null)) {
      // The same place in each entry: one slice of all, where JAX makes a gather.
      return [dynamicSliceP.bind({ sliceSizes: insert(p.sliceSizes, dx!, axis.size) }, x!, ...insert(starts, dx!, zeroStart(starts))), dx!];
    }
    const dims = range(p.sliceSizes.length);
    const dimensionNumbers = { offsetDims: dims, collapsedSliceDims: [], startIndexMap: dims, operandBatchingDims: [], startIndicesBatchingDims: [] };
    return batchGather(axis, x!, indexVectors(axis, starts, ds), dx!, 0, { dimensionNumbers, fillValue: null, indicesAreSorted: true, mode: 'CLIP', sliceSizes: p.sliceSizes, uniqueIndices: true });
  },
  sample: () => samples().map(({ x, size, starts, dtype }) => ({
    inputs: [{ shape: x, dtype: 'float32' }, ...starts.map((v) => ({ shape: [], dtype, values: [v] }))],
    params: { sliceSizes: size },
  })),
});

export const dynamicUpdateSliceP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'dynamic_update_slice',
  abstract: ([x, update, ...starts]) => {
    if (x!.dtype !== update!.dtype) throw new DtypeError(`dynamicUpdateSlice: expected an update of dtype ${x!.dtype}, got ${update}; convert it with astype`);
    checkStarts('dynamicUpdateSlice', x!, update!.shape, starts);
    return [x!, update!, ...starts].every((a) => a.weakType) ? x! : x!.strong();
  },
  lower: (ctx, [x, update, ...starts]) => emitUpdate(ctx, x!, update!, starts),
  jvp: ([x, update, ...starts], [gx, gu], p) => [
    dynamicUpdateSliceP.bind(p, x!, update!, ...starts),
    dynamicUpdateSliceP.bind(p, gx ?? zerosLike(x!.aval.strong()), gu ?? zerosLike(update!.aval.strong()), ...starts),
  ],
  transpose: (ct, [x, update, ...rest], p) => {
    const starts = rest as Array[];
    const shape = update!.aval.shape;
    return [
      isUndefinedPrimal(x!) ? dynamicUpdateSliceP.bind(p, ct, full(shape, 0, ct.dtype), ...starts) : null,
      isUndefinedPrimal(update!) ? dynamicSliceP.bind({ sliceSizes: shape }, ct, ...starts) : null,
      ...starts.map(() => null),
    ];
  },
  batch: (axis, [x, update, ...starts], [dx, du, ...ds], p) => {
    if (ds.every((d) => d === null)) {
      // The same place in each entry: one update of all, where JAX makes a scatter, which is slow on CPUs.
      const at = dx ?? 0;
      const front = (v: Array, d: BatchDim) => (d === null ? moveaxis(toFront(v, null, axis.size), 0, at) : moveaxis(v, d, at));
      return [dynamicUpdateSliceP.bind(p, front(x!, dx!), front(update!, du!), ...insert(starts, at, zeroStart(starts))), at];
    }
    const b = toFront(x!, dx!, axis.size);
    const dims = range(b.ndim - 1);
    const shifted = dims.map((d) => d + 1);
    const dimensionNumbers = { updateWindowDims: shifted, insertedWindowDims: [], scatterDimsToOperandDims: shifted, operandBatchingDims: [0], scatterIndicesBatchingDims: [0] };
    return [scatter(b, indexVectors(axis, starts, ds), toFront(update!, du!, axis.size), { dimensionNumbers, indicesAreSorted: true, uniqueIndices: true, mode: 'CLIP' }), 0];
  },
  sample: () => samples().map(({ x, size, starts, dtype }) => ({
    inputs: [{ shape: x, dtype: 'float32' }, { shape: size, dtype: 'float32' }, ...starts.map((v) => ({ shape: [], dtype, values: [v] }))],
    params: {},
  })),
});

function samples(): { x: Shape; size: Shape; starts: number[]; dtype: string }[] {
  return [
    { x: [4, 3], size: [2, 3], starts: [1, 0], dtype: 'int32' },
    { x: [4, 3], size: [2, 2], starts: [9, -3], dtype: 'int32' },
    { x: [5], size: [2], starts: [4], dtype: 'uint8' },
    { x: [], size: [], starts: [], dtype: 'int32' },
  ];
}

/** Start indices in one dtype: values that the common type could not hold are past the end in any case. */
function commonStarts(starts: readonly Array[]): readonly Array[] {
  const types = new Set(starts.map((s) => s.dtype));
  if (types.size <= 1) return starts;
  const widest = Math.max(...starts.map((s) => bitWidth(s.dtype)));
  const dtype: DType = widest === 64 && config.enableX64 ? 'int64' : 'int32';
  return starts.map((s) => {
    if (dtypeKind(s.dtype) !== 'uint' || bitWidth(s.dtype) < bitWidth(dtype)) return convert(s, dtype);
    return convert(min(s, like(s, dtype === 'int64' ? 2n ** 63n - 1n : 2 ** 31 - 1)), dtype);
  });
}

/**
 * A window of x of the given sizes, its start given by scalars that are clamped so that it is inside. Indices are not counted from the end where negative:
 * `jax.lax.dynamic_slice` does that before it gets here.
 *
 * @throws ShapeError, DtypeError
 */
export function dynamicSlice(x: Array, starts: readonly Array[], sizes: Shape): Array {
  return dynamicSliceP.bind({ sliceSizes: sizes }, x, ...commonStarts(starts));
}

/** x with a window replaced by `update`, its start clamped so that it is inside. Mirrors `jax.lax.dynamic_update_slice`. */
export function dynamicUpdateSlice(x: Array, update: Array, starts: readonly Array[]): Array {
  return dynamicUpdateSliceP.bind({}, x, update, ...commonStarts(starts));
}

