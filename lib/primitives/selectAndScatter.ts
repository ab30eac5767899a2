import type { Array } from '../core/array';
import { sameShape, ShapedArray, sizeOf } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import type { ClosedJaxpr } from '../core/jaxpr';
import { highest, lowest } from '../core/limits';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, definePrimitive, isUndefinedPrimal, type SinglePrimitive } from '../core/primitive';
import { hoistConsts, stage } from '../interpreters/stage';
import { hlo } from '../stablehlo';
import { reduceWindow, selectAndScatter as emitSelectAndScatter } from '../stablehlo/windows';
import { add, eq, ge, le, where } from './elementwise';
import { checkComputation, computationJaxpr } from './reduction';
import { full, like, pad, slice, toFront } from './structural';
import { dilated, insertDimension, offsets, windowElements, type WindowParams, windowParams, windowShape } from './windowGeometry';

/** How a window's element is chosen: the first that is at least, or at most, all others. */
export type Choice = 'ge' | 'le';

const worst = (choose: Choice) => (choose === 'ge' ? lowest : highest);
const direction = (choose: Choice) => (choose === 'ge' ? 'GE' as const : 'LE' as const);

/** For each window, the position in it of the element that XLA's select-and-scatter would choose: it holds on to an element while that compares well. */
function chosenPositions(x: Array, choose: Choice, w: WindowParams): Array {
  const holds = choose === 'ge' ? ge : le;
  const [first, ...rest] = windowElements(x, like(x, worst(choose)(x.dtype)), w);
  let best = first!;
  let at = full(best.shape, 0, 'int32');
  rest.forEach((y, k) => {
    const keep = holds(best, y);
    best = where(keep, best, y);
    at = where(keep, at, full(y.shape, k + 1, 'int32'));
  });
  return at;
}

/**
 * Each element of `source` at the place of its window's chosen element, as plain operations: for each position of a window, the elements whose
 * windows choose it, spread out to where that position is.
 */
function scatterToChosen(source: Array, x: Array, choose: Choice, w: WindowParams): Array {
  const at = chosenPositions(x, choose, w);
  const zero = like(source, 0);
  const room = x.shape.map((n, i) => dilated(n, w.baseDilation[i]!) + w.padding[i]![0] + w.padding[i]![1]);
  const parts = offsets(w.windowDimensions).map((k, j) => pad(where(eq(at, full(at.shape, j, 'int32')), source, full(source.shape, 0, source.dtype)), zero, room.map((n, i) => {
    const start = k[i]! * w.windowDilation[i]!;
    const step = w.windowStrides[i]!;
    return [start, n - start - dilated(source.shape[i]!, step), step - 1] as const;
  })));
  const inPlace = pad(parts.reduce((a, b) => add(a, b)), zero, w.padding.map(([lo, hi]) => [-lo, -hi, 0] as const));
  return slice(inPlace, inPlace.shape.map(() => 0), inPlace.shape, w.baseDilation);
}

export interface SelectAndScatterAddParams {
  selectPrim: Choice;
  windowDimensions: readonly number[];
  windowStrides: readonly number[];
  padding: readonly (readonly [number, number])[];
}

const asWindow = (p: SelectAndScatterAddParams): WindowParams => windowParams(p.windowDimensions, p);
const withoutDilation = (p: SelectAndScatterAddParams, w: WindowParams): SelectAndScatterAddParams => ({ selectPrim: p.selectPrim, windowDimensions: w.windowDimensions, windowStrides: w.windowStrides, padding: w.padding });

/**
 * Windows of up to this many elements are done position by position on the CPU, where XLA's own operation is a loop of single elements. Milliseconds
 * for 32 images of 64 × 64 in 16 channels (2 cores): windows of 2 × 2 side by side 8 against 40 with channels first, 3 against 34 with channels
 * last; overlapping windows of 3 × 3 at every second place 25 against 33 and 50; at every place 82 against 133.
 */
const BY_POSITION = 32;

export const selectAndScatterAddP: SinglePrimitive<SelectAndScatterAddParams> = definePrimitive<SelectAndScatterAddParams>({
  name: 'select_and_scatter_add',
  abstract: ([source, x], p) => {
    if (dtypeKind(x!.dtype) !== 'float') throw new DtypeError(`selectAndScatterAdd: expected floats to choose among, got ${x}`);
    if (source!.dtype !== x!.dtype) throw new DtypeError(`selectAndScatterAdd: expected the source to be of dtype ${x!.dtype}, got ${source}`);
    const wanted = windowShape('selectAndScatterAdd', x!, asWindow(p));
    if (!sameShape(source!.shape, wanted)) throw new ShapeError(`selectAndScatterAdd: expected a source of shape [${wanted}] for the windows of ${x}, got ${source}`);
    return x!.strong();
  },
  lower: (ctx, [source, x], p, out) => {
    const w = asWindow(p);
    const scalarAval = new ShapedArray([], out.dtype);
    if (source!.aval.size === 0 || out.size === 0) return ctx.splat(0, out);
    if (ctx.platform === 'cpu' && sizeOf(p.windowDimensions) <= BY_POSITION) {
      const { closed } = hoistConsts(stage(([s, y]) => [scatterToChosen(s!, y!, p.selectPrim, w)], [source!.aval.strong(), x!.aval.strong()]));
      return ctx.inline(closed, [source!, x!])[0]!;
    }
    // XLA crashes on padded windows here, on CPU and GPU: the array is padded instead.
    const edges = (of: IrValue, value: IrValue, low: readonly number[], high: readonly number[]) => (low.every((v, i) => v === 0 && high[i] === 0) ? of : hlo.pad(ctx, of, value, low, high));
    const low = p.padding.map((q) => q[0]);
    const high = p.padding.map((q) => q[1]);
    const padded = edges(x!, ctx.splat(worst(p.selectPrim)(out.dtype), scalarAval), low, high);
    const zero = ctx.splat(0, scalarAval);
    const scattered = emitSelectAndScatter(ctx, padded, source!, zero, { ...w, padding: w.padding.map(() => [0, 0] as const) }, (c, [a, b]) => [hlo.compare(c, direction(p.selectPrim), a!, b!)], (c, [a, b]) => [hlo.add(c, a!, b!)]);
    return edges(scattered, zero, low.map((v) => -v), high.map((v) => -v));
  },
  // Which element is chosen does not change with a small step.
  jvp: ([source, x], [g], p) => [selectAndScatterAddP.bind(p, source!, x!), g ? selectAndScatterAddP.bind(p, g, x!) : null],
  transpose: (ct, [source, x], p) => [isUndefinedPrimal(source!) ? selectAndGatherAdd(ct, x as Array, p.selectPrim, asWindow(p)) : null, null],
  batch: (axis, args, dims, p) => [selectAndScatterAddP.bind(withoutDilation(p, insertDimension(asWindow(p), 0)), ...args.map((x, i) => toFront(x, dims[i]!, axis.size))), 0],
  sample: () => {
    const of = (source: readonly number[], x: readonly number[], params: SelectAndScatterAddParams) => ({ inputs: [{ shape: source, dtype: 'float32' }, { shape: x, dtype: 'float32' }], params });
    return [
      of([2, 3], [4, 7], { selectPrim: 'ge', windowDimensions: [2, 2], windowStrides: [2, 2], padding: [[0, 0], [0, 0]] }),
      of([3, 4], [5, 4], { selectPrim: 'le', windowDimensions: [3, 2], windowStrides: [2, 1], padding: [[1, 1], [0, 1]] }),
      of([2, 2], [8, 12], { selectPrim: 'ge', windowDimensions: [4, 9], windowStrides: [4, 3], padding: [[0, 0], [0, 0]] }),
    ];
  },
});

/** Adds each element of `source` to the place of x that its window of x chooses, the rest being zero: the gradient of a pooling maximum. */
export function selectAndScatterAdd(source: Array, x: Array, choose: Choice, w: Pick<WindowParams, 'windowDimensions' | 'windowStrides' | 'padding'>): Array {
  return selectAndScatterAddP.bind({ selectPrim: choose, windowDimensions: w.windowDimensions, windowStrides: w.windowStrides, padding: w.padding }, source, x);
}

export interface SelectAndGatherAddParams extends WindowParams {
  selectPrim: Choice;
}

export const selectAndGatherAddP: SinglePrimitive<SelectAndGatherAddParams> = definePrimitive<SelectAndGatherAddParams>({
  name: 'select_and_gather_add',
  abstract: ([t, x], p) => {
    if (!sameShape(t!.shape, x!.shape)) throw new ShapeError(`selectAndGatherAdd: expected tangents of the operand's shape, got ${t} and ${x}`);
    if (t!.dtype !== x!.dtype || dtypeKind(x!.dtype) !== 'float') throw new DtypeError(`selectAndGatherAdd: expected two arrays of one float type, got ${t} and ${x}`);
    return t!.strong().withShape(windowShape('selectAndGatherAdd', x!, p));
  },
  lower: (ctx, [t, x], p, out) => {
    const s = new ShapedArray([], out.dtype);
    const inits = [ctx.splat(worst(p.selectPrim)(out.dtype), s), ctx.splat(0, s)];
    return reduceWindow(ctx, [x!, t!], inits, p, [out, out], (c: LoweringContext, [k, v, l, u]) => {
      const keep = hlo.compare(c, direction(p.selectPrim), k!, l!);
      return [hlo.select(c, keep, k!, l!), hlo.select(c, keep, v!, u!)];
    })[1]!;
  },
  jvp: ([t, x], [g], p) => [selectAndGatherAddP.bind(p, t!, x!), g ? selectAndGatherAddP.bind(p, g, x!) : null],
  transpose: (ct, [t, x], p) => {
    if (!isUndefinedPrimal(t!)) return [null, null];
    const operand = x as Array;
    // XLA has no scattering into dilated windows.
    if (p.windowDilation.some((d) => d !== 1) || p.baseDilation.some((d) => d !== 1)) return [scatterToChosen(ct, operand, p.selectPrim, p), null];
    return [selectAndScatterAdd(ct, operand, p.selectPrim, p), null];
  },
  batch: (axis, args, dims, p) => [selectAndGatherAddP.bind({ selectPrim: p.selectPrim, ...insertDimension(p, 0) }, ...args.map((x, i) => toFront(x, dims[i]!, axis.size))), 0],
  sample: () => {
    const of = (x: readonly number[], params: SelectAndGatherAddParams) => ({ inputs: [{ shape: x, dtype: 'float32' }, { shape: x, dtype: 'float32' }], params });
    return [
      of([4, 7], { selectPrim: 'ge', ...windowParams([2, 2], { windowStrides: [2, 2] }) }),
      of([5, 4], { selectPrim: 'le', ...windowParams([2, 2], { windowStrides: [2, 1], padding: [[0, 1], [1, 0]], baseDilation: [1, 2], windowDilation: [2, 1] }) }),
    ];
  },
});

/** The element of `tangents` at the place that each window of x chooses: the derivative of a pooling maximum. */
export function selectAndGatherAdd(tangents: Array, x: Array, choose: Choice, w: WindowParams): Array {
  const { windowDimensions, windowStrides, padding, baseDilation, windowDilation } = w;
  return selectAndGatherAddP.bind({ selectPrim: choose, windowDimensions, windowStrides, padding, baseDilation, windowDilation }, tangents, x);
}

// ---- any choice, any combination ----

export interface SelectAndScatterParams {
  /** From the element held and another one to whether it is held on to. */
  selectJaxpr: ClosedJaxpr;
  scatterJaxpr: ClosedJaxpr;
  windowDimensions: readonly number[];
  windowStrides: readonly number[];
  padding: readonly (readonly [number, number])[];
}

export const selectAndScatterP: SinglePrimitive<SelectAndScatterParams> = definePrimitive<SelectAndScatterParams>({
  name: 'select_and_scatter',
  abstract: ([x, source, init], p) => {
    if (source!.dtype !== x!.dtype || init!.dtype !== x!.dtype || init!.ndim !== 0) throw new DtypeError(`selectAndScatter: expected a source and a scalar of dtype ${x!.dtype}, got ${source} and ${init}`);
    checkComputation('selectAndScatter', p.scatterJaxpr, [x!]);
    const wanted = windowShape('selectAndScatter', x!, windowParams(p.windowDimensions, p));
    if (!sameShape(source!.shape, wanted)) throw new ShapeError(`selectAndScatter: expected a source of shape [${wanted}] for the windows of ${x}, got ${source}`);
    return x!.strong();
  },
  lower: (ctx, [x, source, init], p) => emitSelectAndScatter(ctx, x!, source!, init!, p, (c, xs) => c.inline(p.selectJaxpr, xs), (c, xs) => c.inline(p.scatterJaxpr, xs)),
  jvp: absent('JAX gives select_and_scatter none; select_and_scatter_add has one'),
  transpose: absent('JAX gives select_and_scatter none; select_and_scatter_add has one'),
  batch: absent('JAX gives select_and_scatter none; select_and_scatter_add has one'),
  sample: () => [{
    inputs: [{ shape: [6], dtype: 'float32' }, { shape: [3], dtype: 'float32' }, { shape: [], dtype: 'float32', values: [0] }],
    params: {
      selectJaxpr: computationJaxpr(([a, b]) => [ge(a!, b!)], ['float32']), scatterJaxpr: computationJaxpr(([a, b]) => [add(a!, b!)], ['float32']),
      windowDimensions: [2], windowStrides: [2], padding: [[0, 0]],
    },
  }],
});

/** Puts each element of `source` where `select` finds the element of its window of x; elements that meet are combined by `scatter`, starting from `init`. */
export function selectAndScatter(x: Array, source: Array, init: Array, select: ClosedJaxpr, scatter: ClosedJaxpr, w: Pick<WindowParams, 'windowDimensions' | 'windowStrides' | 'padding'>): Array {
  return selectAndScatterP.bind({ selectJaxpr: select, scatterJaxpr: scatter, windowDimensions: w.windowDimensions, windowStrides: w.windowStrides, padding: w.padding }, x, source, init);
}
