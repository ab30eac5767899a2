import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, definePrimitive, type SinglePrimitive } from '../core/primitive';
import { axisSize } from '../core/trace';
import { hlo as ops } from '../stablehlo';
import * as hlo from '../stablehlo/manual';
import { broadcastInDim, full, iota, moveaxis, range, reduceSum, toFront } from './structural';
import { reduceMax, reduceMin } from './reduction';
import { div, eq, selectN } from './elementwise';

// Operations over a named axis. Over that of a surrounding vmap their batching rule is what they do; over one of a mesh, within shardMap, they are operations among devices.

/** A named axis. */
export interface Named {
  axisName: string;
  /** Size of the axis, which the result depends on. */
  size: number;
}

/** The tests map the samples over an axis of this name and size. */
export const SAMPLE: Named = { axisName: 'i', size: 3 };

/** @throws ShapeError unless there is a piece for each lane */
export function checkPieces(name: string, x: ShapedArray, { axisName, size }: Named): void {
  if (x.shape[0] !== size) throw new ShapeError(`${name}: expected a leading dimension of ${size}, the size of axis '${axisName}', got ${x}`);
}

type Combine = (c: LoweringContext, a: IrValue, b: IrValue) => IrValue;

/** Axes along which a value differs, but for one. */
const without = (axes: ReadonlySet<string>, name: string): ReadonlySet<string> => new Set([...axes].filter((a) => a !== name));

function reducer(name: string, reduce: (x: Array, dim: number) => Array, combine: Combine, linear: boolean): SinglePrimitive<Named> {
  const p: SinglePrimitive<Named> = definePrimitive<Named>({
    name,
    abstract: ([x]) => x!,
    lower: (ctx, [x], { axisName }) => hlo.allReduce(ctx, name, x!, axisName, combine),
    axisNames: ({ axisName }) => [axisName],
    varying: ([x], { axisName }) => [without(x!, axisName)],
    jvp: linear ? 'linear' : ([x], [t], params) => {
      // The tangent of the lanes that hold the extreme value, shared among them as in a reduction.
      const out = p.bind(params, x!);
      const here = eq(x!, out);
      const ones = selectN(here, [zero(t!), one(t!)]);
      const count = psumP.bind(params, ones);
      return [out, div(psumP.bind(params, selectN(here, [zero(t!), t!])), count)];
    },
    transpose: linear ? (ct, _, params) => [p.bind(params, ct)] : absent(`${name} is not linear`),
    batch: (axis, [x], [dim], params) => {
      if (axis.name !== params.axisName) return [p.bind(params, x!), dim!];
      // An operand that is the same in all lanes counts once for each.
      const full = dim === null ? broadcastInDim(x!, [axis.size, ...x!.shape], range(x!.ndim).map((d) => d + 1)) : x!;
      return [reduce(full, dim ?? 0), null];
    },
    sample: () => [{ inputs: [{ shape: [3], dtype: 'float32' }], params: SAMPLE }],
  });
  return p;
}

const zero = (x: Array) => full(x.shape, 0, x.dtype);
const one = (x: Array) => full(x.shape, 1, x.dtype);

const psumP = reducer('psum', (x, dim) => reduceSum(x, [dim]), ops.add, true);
const pmaxP = reducer('pmax', (x, dim) => reduceMax(x, [dim]), ops.maximum, false);
const pminP = reducer('pmin', (x, dim) => reduceMin(x, [dim]), ops.minimum, false);

/** An axis that is in scope. */
export const named = (axisName: string): Named => ({ axisName, size: axisSize(axisName) });

/** Sum over the lanes of a named axis. */
export const psum = (x: Array, axisName: string): Array => psumP.bind(named(axisName), x);
export const pmax = (x: Array, axisName: string): Array => pmaxP.bind(named(axisName), x);
export const pmin = (x: Array, axisName: string): Array => pminP.bind(named(axisName), x);

const axisIndexP: SinglePrimitive<Named> = definePrimitive<Named>({
  name: 'axis_index',
  abstract: () => new ShapedArray([], 'int32'),
  lower: (ctx, _args, { axisName }, out) => hlo.placeAlong(ctx, 'axis_index', axisName, out),
  axisNames: ({ axisName }) => [axisName],
  jvp: absent('it has no operands'),
  transpose: absent('it has no operands'),
  batch: (axis) => [iota('int32', [axis.size], 0), 0],
  sample: () => [{ inputs: [], params: SAMPLE }],
});

/** Number of the lane in a named axis. */
export const axisIndex = (axisName: string): Array => axisIndexP.bind(named(axisName));

const allGatherP: SinglePrimitive<Named> = definePrimitive<Named>({
  name: 'all_gather',
  abstract: ([x], { size }) => x!.withShape([size, ...x!.shape]),
  lower: (ctx, [x], { axisName }) => hlo.allGather(ctx, 'all_gather', x!, axisName),
  axisNames: ({ axisName }) => [axisName],
  jvp: 'linear',
  transpose: (ct, _, params) => [reduceScatterP.bind(params, ct)],
  batch: (axis, [x], [dim], params) => {
    if (axis.name !== params.axisName) return [allGatherP.bind(params, x!), dim! + 1];
    return [dim === null ? broadcastInDim(x!, [axis.size, ...x!.shape], range(x!.ndim).map((d) => d + 1)) : moveaxis(x!, dim, 0), null];
  },
  sample: () => [{ inputs: [{ shape: [2], dtype: 'float32' }], params: SAMPLE }],
});

/** The values of all lanes of a named axis, stacked along a new leading axis. */
export const allGather = (x: Array, axisName: string): Array => allGatherP.bind(named(axisName), x);

const reduceScatterP: SinglePrimitive<Named> = definePrimitive<Named>({
  name: 'reduce_scatter',
  abstract: ([x], p) => {
    checkPieces('reduce_scatter', x!, p);
    return x!.withShape(x!.shape.slice(1));
  },
  lower: (ctx, [x], { axisName }) => hlo.reduceScatter(ctx, 'reduce_scatter', x!, axisName, ops.add),
  axisNames: ({ axisName }) => [axisName],
  jvp: 'linear',
  transpose: (ct, _, params) => [allGatherP.bind(params, ct)],
  batch: (axis, [x], [dim], params) => {
    if (axis.name !== params.axisName) return [reduceScatterP.bind(params, moveaxis(x!, dim!, 1)), 0];
    return [reduceSum(toFront(x!, dim!, axis.size), [0]), 0];
  },
  sample: () => [{ inputs: [{ shape: [3, 2], dtype: 'float32' }], params: SAMPLE }],
});

/** The sum over the lanes of a named axis, of whose leading dimension each lane gets its entry. */
export const reduceScatter = (x: Array, axisName: string): Array => reduceScatterP.bind(named(axisName), x);
