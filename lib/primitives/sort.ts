import type { Array } from '../core/array';
import { sameShape, ShapedArray } from '../core/aval';
import { dtypeKind, realDtype } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, type BatchDim, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import * as sorting from '../stablehlo/sorting';
import { gather } from './gather';
import { broadcastInDim, full, iota, moveaxis, range, reshape } from './structural';

export interface SortParams {
  dimension: number;
  isStable: boolean;
  numKeys: number;
}

/** One representation of zero and of NaN, so that the total order below has −0 beside 0 and every NaN at the end. */
function canonical(ctx: LoweringContext, x: IrValue): IrValue {
  const zero = ctx.splat(0, x.aval);
  const plain = hlo.select(ctx, hlo.compare(ctx, 'EQ', x, zero), zero, x);
  return hlo.select(ctx, hlo.compare(ctx, 'NE', x, x), ctx.splat(Number.NaN, x.aval), plain);
}

/** What an element is compared by: complex numbers have two keys, the real part first. */
function keysOf(ctx: LoweringContext, x: IrValue): IrValue[] {
  switch (dtypeKind(x.aval.dtype)) {
    case 'float': return [canonical(ctx, x)];
    case 'complex': {
      const part = x.aval.withDtype(realDtype(x.aval.dtype));
      return ['real', 'imag'].map((name) => canonical(ctx, hlo.op(ctx, name, [x], part)));
    }
    default: return [x];
  }
}

/** Whether the first elements of the pairs come before the second, by one key after the other. */
function comesBefore(ctx: LoweringContext, pairs: readonly (readonly [IrValue, IrValue])[]): IrValue {
  const keys = pairs.flatMap(([x, y]) => {
    const ys = keysOf(ctx, y);
    return keysOf(ctx, x).map((k, i) => [k, ys[i]!] as const);
  });
  let before: IrValue | null = null;
  for (const [x, y] of keys.reverse()) {
    const less = hlo.compare(ctx, 'LT', x, y, true);
    before = before === null ? less : hlo.or(ctx, less, hlo.and(ctx, hlo.compare(ctx, 'EQ', x, y, true), before));
  }
  return before!;
}

/** Entries of x along an axis, an index for each place of the result. */
function takeAlong(x: Array, indices: Array, axis: number): Array {
  const others = range(x.ndim).filter((d) => d !== axis);
  return gather(x, reshape(indices, [...indices.shape, 1]), {
    dimensionNumbers: { offsetDims: [], collapsedSliceDims: [axis], startIndexMap: [axis], operandBatchingDims: others, startIndicesBatchingDims: others },
    sliceSizes: x.shape.map(() => 1), mode: 'promise_in_bounds',
  });
}

export const sortP: MultiPrimitive<SortParams> = defineMultiPrimitive<SortParams>({
  name: 'sort',
  abstract: (avals, { dimension, numKeys }) => {
    const first = avals[0];
    if (!first) throw new ArgumentError('sort: expected at least one array');
    for (const a of avals) if (!sameShape(a.shape, first.shape)) throw new ShapeError(`sort: expected arrays of one shape, got ${avals.join(', ')}`);
    if (!Number.isInteger(dimension) || dimension < 0 || dimension >= first.ndim) throw new ShapeError(`sort: dimension ${dimension} is out of range for ${first}`);
    if (!Number.isInteger(numKeys) || numKeys < 1 || numKeys > avals.length) throw new ArgumentError(`sort: expected numKeys to be from 1 to the number of arrays, ${avals.length}, got ${numKeys}`);
    return avals;
  },
  lower: (ctx, args, { dimension, isStable, numKeys }) => sorting.sort(ctx, args, dimension, isStable, (c, pairs) => comesBefore(c, pairs.slice(0, numKeys))),
  jvp: (primals, tangents, p) => {
    const outs = sortP.bind(p, ...primals, iota('uint32', primals[0]!.shape, p.dimension));
    const order = outs.pop()!;
    return [outs, tangents.map((t) => (t === null ? null : takeAlong(t, order, p.dimension)))];
  },
  transpose: absent('sort is not linear'),
  batch: (axis, args, dims, p) => {
    const at = dims.find((d) => d !== null)!;
    const place = (x: Array, d: BatchDim) => (d === null
      ? broadcastInDim(x, [...x.shape.slice(0, at), axis.size, ...x.shape.slice(at)], range(x.ndim).map((i) => (i < at ? i : i + 1)))
      : moveaxis(x, d, at));
    const outs = sortP.bind({ ...p, dimension: at <= p.dimension ? p.dimension + 1 : p.dimension }, ...args.map((x, i) => place(x, dims[i]!)));
    return [outs, outs.map(() => at)];
  },
  sample: () => [
    { inputs: [{ shape: [2, 5], dtype: 'float32' }], params: { dimension: 1, isStable: true, numKeys: 1 } },
    { inputs: [{ shape: [4, 2], dtype: 'int32', low: 0, high: 2 }, { shape: [4, 2], dtype: 'float32' }, { shape: [4, 2], dtype: 'float32' }], params: { dimension: 0, isStable: true, numKeys: 2 } },
    { inputs: [{ shape: [4], dtype: 'complex64' }], params: { dimension: 0, isStable: false, numKeys: 1 } },
  ],
});

/**
 * Sorts arrays of one shape together along a dimension, by the first `numKeys` of them, the first mattering most. Floats are in the order
 * −∞ … ∞, NaN, with −0 and 0 equal; complex numbers are ordered by real, then by imaginary part. Mirrors `jax.lax.sort` on a list.
 *
 * @throws ShapeError, ArgumentError
 */
export function sort(operands: readonly Array[], { dimension = (operands[0]?.ndim ?? 0) - 1, isStable = true, numKeys = 1 }: Partial<SortParams> = {}): Array[] {
  return sortP.bind({ dimension, isStable, numKeys }, ...operands);
}

export interface TopKParams {
  axis: number;
  k: number;
}

export const topKP: MultiPrimitive<TopKParams> = defineMultiPrimitive<TopKParams>({
  name: 'top_k',
  abstract: ([x], { axis, k }) => {
    if (dtypeKind(x!.dtype) === 'complex') throw new DtypeError(`topK: complex numbers are not ordered: ${x}`);
    if (!Number.isInteger(axis) || axis < 0 || axis >= x!.ndim) throw new ShapeError(`topK: axis ${axis} is out of range for ${x}`);
    if (!Number.isInteger(k) || k < 0 || k > x!.shape[axis]!) throw new ArgumentError(`topK: expected k to be from 0 to the size of axis ${axis}, ${x!.shape[axis]}, got ${k}`);
    const shape = x!.shape.map((n, i) => (i === axis ? k : n));
    return [x!.withShape(shape), new ShapedArray(shape, 'int32', x!.weakType)];
  },
  lower: (ctx, [x], { axis, k }, outs) => (outs[0]!.size === 0 ? outs.map((o) => ctx.splat(o.dtype === 'bool' ? false : 0, o)) : sorting.topK(ctx, x!, k, axis, outs)),
  jvp: ([x], [t], p) => {
    const outs = topKP.bind(p, x!);
    return [outs, [outs[0]!.size === 0 ? full(outs[0]!.shape, 0, t!.dtype) : takeAlong(t!, outs[1]!, p.axis), null]];
  },
  transpose: absent('top_k is not linear'),
  batch: (_, [x], [dim], { axis, k }) => [topKP.bind({ axis: dim! <= axis ? axis + 1 : axis, k }, x!), [dim!, dim!]],
  sample: () => [
    { inputs: [{ shape: [2, 5], dtype: 'float32' }], params: { axis: 1, k: 3 } },
    { inputs: [{ shape: [4, 2, 2], dtype: 'float32' }], params: { axis: 0, k: 2 } },
    { inputs: [{ shape: [6], dtype: 'int32', low: 0, high: 3 }], params: { axis: 0, k: 4 } },
    { inputs: [{ shape: [2, 3], dtype: 'float32' }], params: { axis: 1, k: 0 } },
  ],
});

/**
 * The k largest elements along an axis, the largest first, and their int32 indices. Mirrors `jax.lax.top_k`.
 *
 * @throws ShapeError, DtypeError, ArgumentError
 */
export function topK(x: Array, k: number, axis: number = x.ndim - 1): [Array, Array] {
  return topKP.bind({ axis, k }, x) as [Array, Array];
}
