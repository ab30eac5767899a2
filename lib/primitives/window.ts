import type { Array } from '../core/array';
import { ShapedArray, sizeOf } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../core/jaxpr';
import { highest, lowest } from '../core/limits';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, type BatchDim, defineMultiPrimitive, definePrimitive, type MultiPrimitive, type PrimitiveRecord, type Sample, type SinglePrimitive } from '../core/primitive';
import { DifferentiationError, isDifferentiable, jvpFlat, jvpJaxpr } from '../interpreters/jvp';
import { instantiateZeros } from '../interpreters/partial';
import { hlo } from '../stablehlo';
import { larger, smaller } from '../stablehlo/extremes';
import { reduceWindow as emitReduceWindow } from '../stablehlo/windows';
import { add, mul } from './elementwise';
import { checkComputation, checkReduceOperands, computationJaxpr } from './reduction';
import { selectAndGatherAdd } from './selectAndScatter';
import { broadcastInDim, concatenate, indexInDim, like, pad, range, reshape, toFront } from './structural';
import { elementwise } from './treeReduce';
import { pooledForm, slicesForm } from './windowForms';
import { dilated, insertDimension, windowElements, type WindowOptions, type WindowParams, windowParams, windowShape } from './windowGeometry';

interface Spec {
  name: string;
  kinds: readonly string[];
  identity: (dtype: DType) => Parameters<LoweringContext['splat']>[0];
  combine: (ctx: LoweringContext, x: IrValue, y: IrValue) => IrValue;
  /** A form for an operand of which something is known; null: there is none. */
  form?: (x: IrValue, w: WindowParams, out: ShapedArray) => IrValue | null;
  jvp: PrimitiveRecord<WindowParams>['jvp'];
  transpose: PrimitiveRecord<WindowParams>['transpose'];
  sample: () => readonly Sample<WindowParams>[];
}

function defineWindow(spec: Spec): SinglePrimitive<WindowParams> {
  const { name } = spec;
  const prim: SinglePrimitive<WindowParams> = definePrimitive<WindowParams>({
    name,
    abstract: ([x], w) => {
      if (!spec.kinds.includes(dtypeKind(x!.dtype))) throw new DtypeError(`${name}: does not accept ${x}; expected a dtype of kind ${spec.kinds.join(', ')}`);
      return new ShapedArray(windowShape(name, x!, w), x!.dtype, x!.weakType);
    },
    lower: (ctx, [x], w, out) =>
      spec.form?.(x!, w, out) ?? (ctx.platform === 'cpu' ? slicesForm(ctx, x!, w, out, spec.combine) : null)
      ?? emitReduceWindow(ctx, [x!], [ctx.splat(spec.identity(out.dtype), new ShapedArray([], out.dtype))], w, [out], (c, [a, b]) => [spec.combine(c, a!, b!)])[0]!,
    jvp: spec.jvp,
    transpose: spec.transpose,
    batch: (_, [x], [dim], w) => [prim.bind(insertDimension(w, dim!), x!), dim!],
    sample: spec.sample,
  });
  return prim;
}

const one = (shape: readonly number[], params: WindowParams): Sample<WindowParams> => ({ inputs: [{ shape, dtype: 'float32' }], params });
const simple = () => [
  one([2, 6], windowParams([1, 2], { windowStrides: [1, 2] })),
  one([4, 4], windowParams([3, 2], { windowStrides: [2, 1], padding: [[1, 1], [0, 1]] })),
];

const reduceWindowSumP = defineWindow({
  name: 'reduce_window_sum', kinds: ['int', 'uint', 'float', 'complex'], identity: () => 0, combine: hlo.add,
  jvp: 'linear',
  // The sum over windows of the cotangent, its elements as far apart as the windows were.
  transpose: (ct, [x], w) => {
    const { shape } = (x as { aval: ShapedArray }).aval;
    const spread = pad(ct, like(ct, 0), shape.map((n, i) => {
      const window = dilated(w.windowDimensions[i]!, w.windowDilation[i]!);
      const low = window - w.padding[i]![0] - 1;
      return [low, dilated(n, w.baseDilation[i]!) + window - 1 - dilated(ct.shape[i]!, w.windowStrides[i]!) - low, w.windowStrides[i]! - 1] as const;
    }));
    return [reduceWindowSumP.bind(windowParams(w.windowDimensions, { windowStrides: w.baseDilation, windowDilation: w.windowDilation }), spread)];
  },
  sample: () => [
    ...simple(),
    one([5, 4], windowParams([2, 2], { windowStrides: [2, 1], padding: [[1, 0], [0, 0]], baseDilation: [2, 1], windowDilation: [1, 2] })),
    { inputs: [{ shape: [5], dtype: 'int32', low: -5, high: 5 }], params: windowParams([3]) },
  ],
});

const dilatedSample = () => one([5, 4], windowParams([2, 2], { windowStrides: [2, 1], padding: [[0, 0], [0, 1]], windowDilation: [1, 2] }));

function chooser(name: string, choose: 'ge' | 'le', identity: Spec['identity'], combine: Spec['combine']): SinglePrimitive<WindowParams> {
  const prim: SinglePrimitive<WindowParams> = defineWindow({
    name, kinds: ['bool', 'int', 'uint', 'float'], identity, combine, form: choose === 'ge' ? pooledForm : undefined,
    jvp: ([x], [g], w) => [prim.bind(w, x!), selectAndGatherAdd(g!, x!, choose, w)],
    transpose: absent(`${name} is not linear`),
    sample: () => [...simple(), dilatedSample(), one([4], windowParams([2], { baseDilation: [2], padding: [[1, 1]] })), { inputs: [{ shape: [5], dtype: 'int32', low: -5, high: 5 }], params: windowParams([3]) }],
  });
  return prim;
}

const reduceWindowMaxP = chooser('reduce_window_max', 'ge', lowest, larger);
const reduceWindowMinP = chooser('reduce_window_min', 'le', highest, smaller);

type WindowFunction = (x: Array, windowDimensions: readonly number[], options?: WindowOptions) => Array;
const windowFunction = (prim: SinglePrimitive<WindowParams>): WindowFunction => (x, dims, options) => prim.bind(windowParams(dims, options), x);

/** Sum of each window. */
export const reduceWindowSum = windowFunction(reduceWindowSumP);
/** Largest element of each window. */
export const reduceWindowMax = windowFunction(reduceWindowMaxP);
/** Smallest element of each window. */
export const reduceWindowMin = windowFunction(reduceWindowMinP);

// ---- any computation ----

export interface ReduceWindowParams extends WindowParams {
  /** From accumulators, then elements, all scalars, to new accumulators. */
  jaxpr: ClosedJaxpr;
}

/** Windows of up to this many elements are differentiated element by element, which reverse mode needs; larger ones in forward mode only, as in JAX. */
const UNROLLED = 256;

/** The reduction as ordinary operations on the elements at each place of the windows. */
function unrolled(jaxpr: ClosedJaxpr, operands: readonly Array[], inits: readonly Array[], w: WindowParams): Array[] {
  const combine = elementwise(jaxpr);
  const places = operands.map((x, i) => windowElements(x, inits[i]!, w));
  let parts: (readonly Array[])[] = places[0]!.map((_, k) => places.map((p) => p[k]!));
  while (parts.length > 1) {
    const next: (readonly Array[])[] = [];
    for (let k = 0; k + 1 < parts.length; k += 2) next.push(combine(parts[k]!, parts[k + 1]!));
    if (parts.length % 2 === 1) next.push(parts[parts.length - 1]!);
    parts = next;
  }
  return [...combine(inits.map((v) => broadcastInDim(v, parts[0]![0]!.shape, [])), parts[0]!)];
}

/** One reduction of values and tangents together: windows of any size, but nothing that can be transposed. */
function together(p: ReduceWindowParams, operands: readonly Array[], inits: readonly Array[], tangents: readonly (Array | null)[]): [Array[], (Array | null)[]] {
  const n = operands.length;
  const smooth = operands.map((x) => isDifferentiable(x.aval));
  const full = instantiateZeros(tangents, operands.map((x) => x.aval)).filter((_, i) => smooth[i]);
  const { jaxpr } = jvpJaxpr(p.jaxpr, [...smooth, ...smooth], true);
  const dtypes = [...operands, ...full].map((x) => x.dtype);
  const m = dtypes.length;
  const both = computationJaxpr((xs) => evalJaxpr(jaxpr.jaxpr, jaxpr.consts, [...xs.slice(0, n), ...xs.slice(m, m + n), ...xs.slice(n, m), ...xs.slice(m + n)]), dtypes);
  const outs = reduceWindowP.bind({ ...p, jaxpr: both }, ...operands, ...full, ...inits, ...full.map((t) => like(t, 0)));
  let next = n;
  return [outs.slice(0, n), smooth.map((s) => (s ? outs[next++]! : null))];
}

export const reduceWindowP: MultiPrimitive<ReduceWindowParams> = defineMultiPrimitive<ReduceWindowParams>({
  name: 'reduce_window',
  print: { params: (p) => ({ ...p, consts: [] }) },
  abstract: (avals, p) => {
    const { operands } = checkReduceOperands('reduceWindow', avals);
    checkComputation('reduceWindow', p.jaxpr, operands);
    const shape = windowShape('reduceWindow', operands[0]!, p);
    return operands.map((x) => new ShapedArray(shape, x.dtype));
  },
  lower: (ctx, args, p, outs) => {
    const n = args.length / 2;
    return emitReduceWindow(ctx, args.slice(0, n), args.slice(n), p, outs, (c, xs) => c.inline(p.jaxpr, xs));
  },
  jvp: (primals, tangents, p) => {
    const n = primals.length / 2;
    if (tangents.slice(n).some((t) => t !== null)) throw new DifferentiationError('reduceWindow: derivatives with respect to initial values do not exist: they must be the identity of the computation');
    const inits = primals.slice(n);
    if (sizeOf(p.windowDimensions) > UNROLLED) return together(p, primals.slice(0, n), inits, tangents.slice(0, n));
    const r = jvpFlat((xs) => unrolled(p.jaxpr, xs, inits, p), primals.slice(0, n), tangents.slice(0, n));
    return [r.outs, r.tangents];
  },
  transpose: absent('reduce_window is not linear'),
  batch: (axis, args, dims, p) => {
    const n = args.length / 2;
    const front = (x: Array, d: BatchDim) => toFront(x, d, axis.size);
    if (dims.slice(n).every((d) => d === null)) {
      const outs = reduceWindowP.bind({ ...insertDimension(p, 0), jaxpr: p.jaxpr }, ...args.slice(0, n).map((x, i) => front(x, dims[i]!)), ...args.slice(n));
      return [outs, outs.map(() => 0)];
    }
    // Initial values that differ: one reduction for each entry of the axis.
    const rows = range(axis.size).map((k) => reduceWindowP.bind(p, ...args.map((x, i) => (dims[i] === null ? x : indexInDim(x, k, dims[i])))));
    const outs = range(n).map((i) => concatenate(rows.map((r) => reshape(r[i]!, [1, ...r[i]!.shape])), 0));
    return [outs, outs.map(() => 0)];
  },
  sample: () => {
    const product = computationJaxpr(([a, b]) => [mul(a!, b!)], ['float32']);
    const both = computationJaxpr(([a, b, x, y]) => [add(mul(a!, y!), mul(x!, b!)), mul(b!, y!)], ['float32', 'float32']);
    const init = (value: number) => ({ shape: [], dtype: 'float32', values: [value], constant: true });
    return [
      { inputs: [{ shape: [2, 6], dtype: 'float32' }, init(1)], params: { ...windowParams([1, 3], { windowStrides: [1, 2], padding: [[0, 0], [1, 1]] }), jaxpr: product } },
      { inputs: [{ shape: [6], dtype: 'float32' }, { shape: [6], dtype: 'float32' }, init(0), init(1)], params: { ...windowParams([2], { windowDilation: [2], baseDilation: [2] }), jaxpr: both } },
      { inputs: [{ shape: [301], dtype: 'float32', low: 0.9, high: 1.1 }, init(1)], params: { ...windowParams([300]), jaxpr: product }, skip: { grad: 'windows of more than 256 elements have derivatives in forward mode only, as in JAX', second: 'as above' } },
    ];
  },
});

/**
 * Reduces each window of several arrays of one shape together.
 *
 * @param inits the computation's identity, a scalar for each array
 */
export function reduceWindow(operands: readonly Array[], inits: readonly Array[], jaxpr: ClosedJaxpr, windowDimensions: readonly number[], options?: WindowOptions): Array[] {
  return reduceWindowP.bind({ ...windowParams(windowDimensions, options), jaxpr }, ...operands, ...inits);
}
