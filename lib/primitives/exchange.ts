import type { Array } from '../core/array';
import { type AxisData, type BatchDim, definePrimitive, type SinglePrimitive } from '../core/primitive';
import * as hlo from '../stablehlo/manual';
import { checkPieces, type Named, named, SAMPLE } from './collective';
import { concatenate, full, moveaxis, range, sliceInDim, toFront, transpose as permuteDims } from './structural';

// What lanes of a mapped axis, or devices along an axis of a mesh, send each other: beside the operations of collective.ts, which give all the same.

/** The values of all lanes, along the leading dimension. */
const lanes = (axis: AxisData, x: Array, dim: BatchDim): Array => toFront(x, dim, axis.size);

interface PermuteParams extends Named {
  /** For each lane the one whose value it gets, or −1 for zeros. */
  from: readonly number[];
}

/** Rows of an array in another order; zeros for −1. */
function rows(x: Array, from: readonly number[]): Array {
  const parts: Array[] = [];
  for (let i = 0; i < from.length; ) {
    let end = i + 1;
    while (end < from.length && (from[i]! < 0 ? from[end]! < 0 : from[end] === from[i]! + end - i)) end++;
    parts.push(from[i]! < 0 ? full([end - i, ...x.shape.slice(1)], x.dtype === 'bool' ? false : 0, x.dtype, x.weakType) : sliceInDim(x, from[i]!, from[i]! + end - i, 0));
    i = end;
  }
  return parts.length === 1 ? parts[0]! : concatenate(parts, 0);
}

const ppermuteP: SinglePrimitive<PermuteParams> = definePrimitive<PermuteParams>({
  name: 'ppermute',
  print: { params: ({ axisName, from }) => ({ axisName, perm: from.flatMap((source, target) => (source < 0 ? [] : [[source, target]])) }) },
  abstract: ([x]) => x!,
  lower: (ctx, [x], { axisName, from }) => hlo.permute(ctx, 'ppermute', x!, axisName, from),
  axisNames: ({ axisName }) => [axisName],
  jvp: 'linear',
  transpose: (ct, _, { axisName, size, from }) => [ppermuteP.bind({ axisName, size, from: from.map((_f, source) => from.indexOf(source)) }, ct)],
  batch: (axis, [x], [dim], p) => (axis.name === p.axisName ? [rows(lanes(axis, x!, dim!), p.from), 0] : [ppermuteP.bind(p, x!), dim!]),
  sample: () => [{ inputs: [{ shape: [2], dtype: 'float32' }], params: { ...SAMPLE, from: [2, -1, 0] } }],
});

/** The value of lane `from[i]` of a named axis in lane i; zeros where that is −1. */
export const ppermute = (x: Array, axisName: string, from: readonly number[]): Array => ppermuteP.bind({ ...named(axisName), from }, x);

const allToAllP: SinglePrimitive<Named> = definePrimitive<Named>({
  name: 'all_to_all',
  abstract: ([x], p) => {
    checkPieces('all_to_all', x!, p);
    return x!;
  },
  lower: (ctx, [x], { axisName }) => hlo.allToAll(ctx, 'all_to_all', x!, axisName),
  axisNames: ({ axisName }) => [axisName],
  jvp: 'linear',
  transpose: (ct, _, p) => [allToAllP.bind(p, ct)],
  batch: (axis, [x], [dim], p) => {
    if (axis.name !== p.axisName) return [allToAllP.bind(p, moveaxis(x!, dim!, 1)), 1];
    const all = lanes(axis, x!, dim!);
    return [permuteDims(all, [1, 0, ...range(all.ndim).slice(2)]), 0];
  },
  sample: () => [{ inputs: [{ shape: [3, 2], dtype: 'float32' }], params: SAMPLE }],
});

/** Entry i of the leading dimension goes to lane i of a named axis; what comes is stacked in the order of the lanes. */
export const allToAll = (x: Array, axisName: string): Array => allToAllP.bind(named(axisName), x);
