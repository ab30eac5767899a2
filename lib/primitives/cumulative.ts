import type { Array, ScalarValue } from '../core/array';
import { ShapedArray } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { highest, lowest } from '../core/limits';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, definePrimitive, type PrimitiveRecord, type Sample, type SinglePrimitive } from '../core/primitive';
import { jvpFlat } from '../interpreters/jvp';
import { hoistConsts, stage } from '../interpreters/stage';
import { hlo } from '../stablehlo';
import { reduceWindow } from '../stablehlo/windows';
import { dynamicSlice as emitSlice, dynamicUpdateSlice as emitUpdate } from '../stablehlo/indexing';
import { associativeScan } from './associativeScan';
import { add, max, min, mul } from './elementwise';
import { logaddexp, logaddexpOps } from './logaddexp';

export interface CumulativeParams {
  axis: number;
  reverse: boolean;
}

type Combine = (x: Array, y: Array) => Array;

/** An array-level operation applied to values of the program that is being built. */
function emit(ctx: LoweringContext, f: Combine, x: IrValue, y: IrValue): IrValue {
  const aval = x.aval.strong();
  const { closed } = hoistConsts(stage(([a, b]) => [f(a!, b!)], [aval, aval]));
  return ctx.inline(closed, [x, y])[0]!;
}

/** Running results by a loop over the axis, of which each step combines whole slices. */
function loop(ctx: LoweringContext, x: IrValue, axis: number, reverse: boolean, f: Combine, identity: ScalarValue): IrValue {
  const aval = x.aval.strong();
  const n = aval.shape[axis]!;
  const i32 = new ShapedArray([], 'int32');
  const row = aval.withShape(aval.shape.map((d, i) => (i === axis ? 1 : d)));
  return hlo.whileLoop(ctx, [ctx.splat(0, i32), x, ctx.splat(identity, row), ctx.splat(identity, aval)], (c, [i]) => [hlo.compare(c, 'LT', i!, c.splat(n, i32))], (c, [i, all, sum, out]) => {
    const at = reverse ? hlo.subtract(c, c.splat(n - 1, i32), i!) : i!;
    const starts = aval.shape.map((_, d) => (d === axis ? at : c.splat(0, i32)));
    const next = emit(c, f, sum!, emitSlice(c, all!, starts, row.shape));
    return [hlo.add(c, i!, c.splat(1, i32)), all!, next, emitUpdate(c, out!, next, starts)];
  })[3]!;
}

function transposed(ctx: LoweringContext, x: IrValue, permutation: readonly number[]): IrValue {
  return permutation.every((p, i) => p === i) ? x : hlo.transpose(ctx, x, permutation);
}

/** A long axis of few lanes as blocks side by side, each with its running results, then those of the blocks' totals. */
function blocked(ctx: LoweringContext, x: IrValue, f: Combine, identity: ScalarValue): IrValue {
  const [n, lanes] = x.aval.shape as [number, number];
  const b = Math.ceil(Math.sqrt(n));
  const m = Math.ceil(n / b);
  const aval = x.aval;
  const zero = ctx.splat(identity, aval.withShape([]));
  const padded = m * b === n ? x : hlo.pad(ctx, x, zero, [0, 0], [m * b - n, 0]);
  const inner = loop(ctx, hlo.transpose(ctx, hlo.reshape(ctx, padded, aval.withShape([m, b, lanes])), [1, 0, 2]), 0, false, f, identity);
  const totals = hlo.reshape(ctx, hlo.slice(ctx, inner, [b - 1, 0, 0], [b, m, lanes]), aval.withShape([m, lanes]));
  const upTo = hlo.slice(ctx, loop(ctx, totals, 0, false, f, identity), [0, 0], [m - 1, lanes]);
  const before = hlo.pad(ctx, upTo, zero, [1, 0], [0, 0]);
  const all = emit(ctx, f, hlo.broadcastInDim(ctx, before, [1, 2], inner.aval), inner);
  const out = hlo.reshape(ctx, hlo.transpose(ctx, all, [1, 0, 2]), aval.withShape([m * b, lanes]));
  return m * b === n ? out : hlo.slice(ctx, out, [0, 0], [n, lanes]);
}

/**
 * The form for the CPU. Milliseconds on 2 cores, float32 sum, for [10⁶], [1000, 1000] along the last and the first axis, [16, 10⁴] along the
 * last: a window as large as the axis (JAX's form) 6.8, 2.7, 5.9, 1.1; pairwise (associative) scan 3.1, 3.5, 2.8, 1.3, its compilation taking up
 * to 3 s; doubling steps 56, 11, 19, 7.1; a loop 3.6, 4.3, 1.0, 0.2; a loop on the transposed array 3.1 for [1000, 1000] along the last axis;
 * blocks 2.5 for [10⁶], with a tenth of a single loop's rounding error.
 */
function lowerOnCpu(ctx: LoweringContext, x: IrValue, axis: number, reverse: boolean, f: Combine, identity: ScalarValue): IrValue {
  const { shape } = x.aval;
  const n = shape[axis]!;
  const lanes = x.aval.size / n;
  const permutation = [axis, ...shape.map((_, i) => i).filter((i) => i !== axis)];
  const back = permutation.map((_, i) => permutation.indexOf(i));
  if (n >= 4096 && lanes <= 16) {
    const flip = (v: IrValue) => (reverse ? hlo.reverse(ctx, v, [0]) : v);
    const flat = hlo.reshape(ctx, transposed(ctx, x, permutation), x.aval.withShape([n, lanes]));
    const out = flip(blocked(ctx, flip(flat), f, identity));
    return transposed(ctx, hlo.reshape(ctx, out, x.aval.withShape(permutation.map((d) => shape[d]!))), back);
  }
  const strided = axis === shape.length - 1 && axis > 0 && lanes >= 256;
  return strided ? transposed(ctx, loop(ctx, transposed(ctx, x, permutation), 0, reverse, f, identity), back) : loop(ctx, x, axis, reverse, f, identity);
}

function lowerAsWindow(ctx: LoweringContext, x: IrValue, axis: number, reverse: boolean, f: Combine, identity: ScalarValue): IrValue {
  const aval = x.aval.strong();
  const n = aval.shape[axis]!;
  const ones = aval.shape.map(() => 1);
  const window = {
    windowDimensions: ones.map((_, i) => (i === axis ? n : 1)), windowStrides: ones, baseDilation: ones, windowDilation: ones,
    padding: ones.map((_, i) => (i !== axis ? [0, 0] as const : reverse ? [0, n - 1] as const : [n - 1, 0] as const)),
  };
  return reduceWindow(ctx, [x], [ctx.splat(identity, aval.withShape([]))], window, [aval], (c, [a, b]) => [emit(c, f, a!, b!)])[0]!;
}

/** Whether sums and products of a type are better kept in float32 on the way. */
const isShort = (d: DType) => dtypeKind(d) === 'float' && d !== 'float32' && d !== 'float64';

interface Spec {
  name: string;
  kinds: readonly string[];
  /** The operation as it is differentiated, and as it is computed. */
  combine: Combine;
  ops: Combine;
  identity: (dtype: DType) => ScalarValue;
  /** Whether results round, so that short floats are computed in a longer type. */
  rounds: boolean;
  jvp?: PrimitiveRecord<CumulativeParams>['jvp'];
  transpose?: PrimitiveRecord<CumulativeParams>['transpose'];
  sample?: readonly Sample<CumulativeParams>[];
}

const NUMBERS = ['int', 'uint', 'float', 'complex'];

function defineCumulative(spec: Spec): (x: Array, axis: number, reverse?: boolean) => Array {
  const { name } = spec;
  const prim: SinglePrimitive<CumulativeParams> = definePrimitive<CumulativeParams>({
    name,
    abstract: ([x], { axis }) => {
      if (!Number.isInteger(axis) || axis < 0 || axis >= x!.ndim) throw new ShapeError(`${name}: axis ${axis} is out of range for ${x}`);
      if (!spec.kinds.includes(dtypeKind(x!.dtype))) throw new DtypeError(`${name}: does not accept ${x}; expected a dtype of kind ${spec.kinds.join(', ')}`);
      return x!;
    },
    lower: (ctx, [x], { axis, reverse }, out) => {
      if (out.size === 0 || out.shape[axis] === 1) return x!;
      const wide = spec.rounds && isShort(out.dtype) ? x!.aval.withDtype('float32') : x!.aval;
      const lowering = ctx.platform === 'cpu' && !ctx.isDivided ? lowerOnCpu : lowerAsWindow;
      return hlo.convert(ctx, lowering(ctx, hlo.convert(ctx, x!, wide), axis, reverse, spec.ops, spec.identity(wide.dtype)), out);
    },
    // Differentiated as a pairwise scan, of which every operation has all derivatives.
    jvp: spec.jvp ?? (([x], [t], { axis, reverse }) => {
      const r = jvpFlat((xs) => associativeScan((a, b) => [spec.combine(a[0]!, b[0]!)], xs, axis, reverse), [x!], [t!]);
      return [r.outs[0]!, r.tangents[0]!];
    }),
    transpose: spec.transpose ?? absent(`${name} is not linear`),
    batch: (_, [x], [dim], { axis, reverse }) => [prim.bind({ axis: axis < dim! ? axis : axis + 1, reverse }, x!), dim!],
    sample: () => [
      { inputs: [{ shape: [2, 4], dtype: 'float32' }], params: { axis: 1, reverse: false } },
      { inputs: [{ shape: [7, 2], dtype: 'float32' }], params: { axis: 0, reverse: true } },
      { inputs: [{ shape: [1, 3], dtype: 'float32' }], params: { axis: 0, reverse: false } },
      ...(spec.kinds.includes('int') ? [{ inputs: [{ shape: [2, 3], dtype: 'int32', low: -3, high: 3 }], params: { axis: 1, reverse: true } }] : []),
      ...(spec.sample ?? []),
    ],
  });
  return (x, axis, reverse = false) => prim.bind({ axis, reverse }, x);
}

/** Running sums along an axis; from the end, if `reverse`. */
export const cumsum = defineCumulative({
  name: 'cumsum', kinds: NUMBERS, combine: add, ops: add, identity: () => 0, rounds: true,
  jvp: 'linear',
  transpose: (ct, _, { axis, reverse }) => [cumsum(ct, axis, !reverse)],
  sample: [
    { inputs: [{ shape: [4100], dtype: 'float32' }], params: { axis: 0, reverse: true } },
    { inputs: [{ shape: [256, 3], dtype: 'float32' }], params: { axis: 1, reverse: true } },
  ],
});

/** Running products along an axis; from the end, if `reverse`. */
export const cumprod = defineCumulative({
  name: 'cumprod', kinds: NUMBERS, combine: mul, ops: mul, identity: () => 1, rounds: true,
  sample: [{ inputs: [{ shape: [5], dtype: 'float32', values: [2, 0, 3, 0, 1] }], params: { axis: 0, reverse: false } }, { inputs: [{ shape: [3], dtype: 'complex64' }], params: { axis: 0, reverse: false } }],
});

/** Running maxima along an axis; from the end, if `reverse`. */
export const cummax = defineCumulative({ name: 'cummax', kinds: NUMBERS, combine: max, ops: max, identity: lowest, rounds: false });

/** Running minima along an axis; from the end, if `reverse`. */
export const cummin = defineCumulative({ name: 'cummin', kinds: NUMBERS, combine: min, ops: min, identity: highest, rounds: false });

/** Running logarithms of sums of exponentials along an axis; from the end, if `reverse`. */
export const cumlogsumexp = defineCumulative({ name: 'cumlogsumexp', kinds: ['float', 'complex'], combine: logaddexp, ops: logaddexpOps, identity: () => -Infinity, rounds: true });
