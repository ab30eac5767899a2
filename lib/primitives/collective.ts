import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { ArgumentError } from '../core/errors';
import { absent, definePrimitive, type SinglePrimitive } from '../core/primitive';
import { axisSize } from '../core/trace';
import { broadcastInDim, full, iota, moveaxis, range, reduceSum } from './structural';
import { reduceMax, reduceMin } from './reduction';
import { div, eq, selectN } from './elementwise';

// Operations over a named axis of a surrounding vmap. Their batching rule for that axis is what they do; over any other axis they pass it by.

interface Named {
  axisName: string;
  /** Size of the axis, which the result depends on. */
  size: number;
}

/** The tests map the samples over an axis of this name and size. */
const SAMPLE: Named = { axisName: 'i', size: 3 };

const notLowered = (name: string, axis: string): never => {
  throw new ArgumentError(`${name}: unbound axis name '${axis}'`);
};

function reducer(name: string, reduce: (x: Array, dim: number) => Array, linear: boolean): SinglePrimitive<Named> {
  const p: SinglePrimitive<Named> = definePrimitive<Named>({
    name,
    abstract: ([x]) => x!,
    lower: (_ctx, _args, { axisName }) => notLowered(name, axisName),
    axisNames: ({ axisName }) => [axisName],
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

const psumP = reducer('psum', (x, dim) => reduceSum(x, [dim]), true);
const pmaxP = reducer('pmax', (x, dim) => reduceMax(x, [dim]), false);
const pminP = reducer('pmin', (x, dim) => reduceMin(x, [dim]), false);

const named = (axisName: string): Named => ({ axisName, size: axisSize(axisName) });

/** Sum over the lanes of a named axis. */
export const psum = (x: Array, axisName: string): Array => psumP.bind(named(axisName), x);
export const pmax = (x: Array, axisName: string): Array => pmaxP.bind(named(axisName), x);
export const pmin = (x: Array, axisName: string): Array => pminP.bind(named(axisName), x);

const axisIndexP: SinglePrimitive<Named> = definePrimitive<Named>({
  name: 'axis_index',
  abstract: () => new ShapedArray([], 'int32'),
  lower: (_ctx, _args, { axisName }) => notLowered('axis_index', axisName),
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
  lower: (_ctx, _args, { axisName }) => notLowered('all_gather', axisName),
  axisNames: ({ axisName }) => [axisName],
  jvp: 'linear',
  transpose: (ct, _, params) => [scatterOwn(ct, params)],
  batch: (axis, [x], [dim], params) => {
    if (axis.name !== params.axisName) return [allGatherP.bind(params, x!), dim! + 1];
    return [dim === null ? broadcastInDim(x!, [axis.size, ...x!.shape], range(x!.ndim).map((d) => d + 1)) : moveaxis(x!, dim, 0), null];
  },
  sample: () => [{ inputs: [{ shape: [2], dtype: 'float32' }], params: SAMPLE }],
});

/** The lane's own entry of the sum over all lanes. */
function scatterOwn(ct: Array, params: Named): Array {
  const total = psumP.bind(params, ct);
  const mine = eq(iota('int32', [params.size], 0), axisIndexP.bind(params));
  const wide = broadcastInDim(mine, total.shape, [0]);
  return reduceSum(selectN(wide, [zero(total), total]), [0]);
}

/** The values of all lanes of a named axis, stacked along a new leading axis. */
export const allGather = (x: Array, axisName: string): Array => allGatherP.bind(named(axisName), x);
