import type { Array } from '../core/array';
import { sameShape, scalarType, ShapedArray } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ClosedJaxpr, Literal } from '../core/jaxpr';
import { highest, lowest } from '../core/limits';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, defineMultiPrimitive, definePrimitive, type MultiPrimitive, type PrimitiveRecord, type Sample, type SinglePrimitive } from '../core/primitive';
import { DifferentiationError, jvpFlat } from '../interpreters/jvp';
import { hoistConsts, stage } from '../interpreters/stage';
import { hlo } from '../stablehlo';
import { larger, smaller } from '../stablehlo/extremes';
import { add, div, eq, mul } from './elementwise';
import { mergedForm, type Reduce } from './reductionForms';
import { broadcastInDim, concatenate, convert, indexInDim, like, range, reducedShape, reduceSum, reshape, shiftAxes, toFront } from './structural';
import { elementwise, treeReduce } from './treeReduce';

export interface AxesParams {
  axes: readonly number[];
  outSharding: null;
}

const axesParams = (axes: readonly number[]): AxesParams => ({ axes, outSharding: null });

interface ReducerSpec {
  name: string;
  /** Kinds that the operation takes. */
  accepts: readonly string[];
  /** What a reduction of nothing gives. */
  identity: (dtype: DType) => Parameters<LoweringContext['splat']>[0];
  combine: (ctx: LoweringContext, x: IrValue, y: IrValue) => IrValue;
  /** Whether the result is weak where the operand is: it is in all but the reductions of bits. */
  keepsWeak: boolean;
  /** Whether the last dimension is better reduced in {@link lanes}. */
  inLanes?: boolean;
  jvp: PrimitiveRecord<AxesParams>['jvp'];
  sample: () => readonly Sample<AxesParams>[];
}

/** Elements from which {@link lanes} pay. */
const LANES_FROM = 4096;

/**
 * How many elements side by side a reduction over the last dimensions is made of, on the CPU; 1 for one loop. XLA does not vectorise the largest of neighbours, as that
 * needs another order; over all dimensions but the last it does. 4096 rows of 128 floats take 0.12 ms in 16 lanes in place of 1.3 (2 cores), the softmax of them 0.7 in place of 1.9.
 */
function lanes(ctx: LoweringContext, x: ShapedArray, axes: readonly number[]): number {
  if (ctx.platform !== 'cpu' || ctx.isDivided || x.size < LANES_FROM || dtypeKind(x.dtype) === 'complex') return 1;
  if ([...axes].sort((a, b) => a - b).some((d, i) => d !== x.ndim - axes.length + i)) return 1;
  const count = axes.reduce((n, d) => n * x.shape[d]!, 1);
  return [16, 8].find((k) => count % k === 0 && count >= 4 * k) ?? 1;
}

/** A reduction in {@link lanes}; null: it is better in one loop. */
function lanewise(ctx: LoweringContext, x: IrValue, axes: readonly number[], out: ShapedArray, reduce: Reduce): IrValue | null {
  const k = lanes(ctx, x.aval, axes);
  if (k === 1) return null;
  const first = reduce(hlo.reshape(ctx, x, new ShapedArray([...out.shape, x.aval.size / out.size / k, k], out.dtype)), [out.ndim], new ShapedArray([...out.shape, k], out.dtype));
  // Without the barrier XLA makes one reduction of the two again.
  return reduce(hlo.optimizationBarrier(ctx, [first], [first.aval])[0]!, [out.ndim], out);
}

function defineReducer(spec: ReducerSpec): SinglePrimitive<AxesParams> {
  const { name } = spec;
  const prim: SinglePrimitive<AxesParams> = definePrimitive<AxesParams>({
    name,
    // JAX's reductions of bits have no parameter but the axes.
    ...(spec.keepsWeak ? {} : { print: { params: ({ axes }: AxesParams) => ({ axes }) } }),
    abstract: ([x], { axes }) => {
      if (!spec.accepts.includes(dtypeKind(x!.dtype))) throw new DtypeError(`${name}: does not accept ${x}; expected a dtype of kind ${spec.accepts.join(', ')}`);
      const out = x!.withShape(reducedShape(name, x!, axes));
      return spec.keepsWeak ? out : out.strong();
    },
    lower: (ctx, [x], { axes }, out) => {
      const reduce: Reduce = (v, over, to) => hlo.reduce(ctx, [v], [ctx.splat(spec.identity(out.dtype), scalarType(out.dtype))], over, [to], (c, [a, b]) => [spec.combine(c, a!, b!)])[0]!;
      return (spec.inLanes ? lanewise(ctx, x!, axes, out, reduce) : null) ?? mergedForm(ctx, x!, axes, out, reduce) ?? reduce(x!, axes, out);
    },
    jvp: spec.jvp,
    transpose: absent(`${name} is not linear`),
    batch: (_, [x], [dim], { axes }) => {
      const [shifted, out] = shiftAxes(axes, dim!);
      return [prim.bind(axesParams(shifted), x!), out];
    },
    sample: spec.sample,
  });
  return prim;
}

const cases = (...inputs: { shape: readonly number[]; dtype: string; axes: readonly number[]; low?: number; high?: number; values?: readonly number[] }[]): Sample<AxesParams>[] => (
  inputs.map(({ axes, ...input }) => ({ inputs: [input], params: axesParams(axes) })));

/** The tangent of a reduction that chooses: the mean of the tangents of the elements that are equal to the result, as in JAX. */
function chosen(g: Array, out: Array, x: Array, axes: readonly number[]): Array {
  const at = convert(eq(x, broadcastInDim(out, x.shape, range(x.ndim).filter((d) => !axes.includes(d)))), g.dtype);
  return div(reduceSum(mul(g, at), axes), reduceSum(at, axes));
}

const ANY = ['bool', 'int', 'uint', 'float', 'complex'];

const reduceMaxP = defineReducer({
  name: 'reduce_max', accepts: ANY, identity: lowest, combine: larger, keepsWeak: true, inLanes: true,
  jvp: ([x], [g], { axes }) => {
    const out = reduceMax(x!, axes);
    return [out, chosen(g!, out, x!, axes)];
  },
  sample: () => cases({ shape: [2, 3, 4], dtype: 'float32', axes: [0, 2] }, { shape: [4], dtype: 'float32', axes: [0] }, { shape: [2, 3], dtype: 'int32', axes: [1], low: -9, high: 9 }, { shape: [2, 3], dtype: 'complex64', axes: [1] }),
});

const reduceMinP = defineReducer({
  name: 'reduce_min', accepts: ANY, identity: highest, combine: smaller, keepsWeak: true, inLanes: true,
  jvp: ([x], [g], { axes }) => {
    const out = reduceMin(x!, axes);
    return [out, chosen(g!, out, x!, axes)];
  },
  sample: () => cases({ shape: [2, 3, 4], dtype: 'float32', axes: [0, 2] }, { shape: [4], dtype: 'float32', axes: [0] }, { shape: [2, 3], dtype: 'uint8', axes: [1], low: 0, high: 9 }, { shape: [2, 3], dtype: 'complex64', axes: [0] }),
});

const reduceProdP = defineReducer({
  name: 'reduce_prod', accepts: ['int', 'uint', 'float', 'complex'], identity: () => 1, combine: hlo.multiply, keepsWeak: true,
  // Products of halves, so that derivatives need no division and hold where elements are zero.
  jvp: ([x], [g], { axes }) => {
    const r = jvpFlat((xs) => treeReduce((a, b) => [mul(a[0]!, b[0]!)], [like(xs[0]!, 1)], xs, axes), [x!], [g!]);
    return [r.outs[0]!, r.tangents[0]!];
  },
  sample: () => cases({ shape: [2, 3, 2], dtype: 'float32', axes: [0, 2] }, { shape: [5], dtype: 'float32', axes: [0] }, { shape: [4], dtype: 'float32', axes: [0], values: [2, 0, 3, 1] },
    { shape: [4], dtype: 'float32', axes: [0], values: [2, 0, 3, 0] }, { shape: [3], dtype: 'complex64', axes: [0] }, { shape: [2, 3], dtype: 'int32', axes: [0], low: -3, high: 3 }),
});

const BITS = ['bool', 'int', 'uint'];
const bitSamples = () => cases({ shape: [2, 3], dtype: 'bool', axes: [1] }, { shape: [2, 3], dtype: 'int32', axes: [0], low: 0, high: 99 });
const noDerivative = 'it acts on bits';

const reduceAndP = defineReducer({ name: 'reduce_and', accepts: BITS, identity: (d) => (d === 'bool' ? true : dtypeKind(d) === 'uint' ? highest(d) as bigint : -1), combine: hlo.and, keepsWeak: false, jvp: absent(noDerivative), sample: bitSamples });
const reduceOrP = defineReducer({ name: 'reduce_or', accepts: BITS, identity: (d) => (d === 'bool' ? false : 0), combine: hlo.or, keepsWeak: false, jvp: absent(noDerivative), sample: bitSamples });
const reduceXorP = defineReducer({ name: 'reduce_xor', accepts: BITS, identity: (d) => (d === 'bool' ? false : 0), combine: hlo.xor, keepsWeak: false, jvp: absent(noDerivative), sample: bitSamples });

const reducer = (prim: SinglePrimitive<AxesParams>) => (x: Array, axes: readonly number[]): Array => prim.bind(axesParams(axes), x);

/** Largest element over axes; NaN if there is one. */
export const reduceMax = reducer(reduceMaxP);
/** Smallest element over axes; NaN if there is one. */
export const reduceMin = reducer(reduceMinP);
export const reduceProd = reducer(reduceProdP);
export const reduceAnd = reducer(reduceAndP);
export const reduceOr = reducer(reduceOrP);
export const reduceXor = reducer(reduceXorP);

// ---- where the extreme is ----

export interface ArgParams {
  axes: readonly number[];
  indexDtype: DType;
}

/**
 * From this size on, on the CPU, an index is found in two passes: the extreme, then the first place where it is. XLA vectorises both, and not
 * a reduction of pairs: 64 × 32000 floats take 1.3 ms in place of 8.9 (2 cores), while compilation takes three times as long. Both in {@link lanes}: 1000 × 1000 3.4 → 0.7 (JAX 2.1).
 */
const TWO_PASSES = 4096;

function defineArg(name: 'argmax' | 'argmin'): SinglePrimitive<ArgParams> {
  const [direction, identity] = name === 'argmax' ? ['GT' as const, lowest] : ['LT' as const, highest];
  const prim: SinglePrimitive<ArgParams> = definePrimitive<ArgParams>({
    name,
    abstract: ([x], { axes, indexDtype }) => {
      const axis = axes[0]!;
      if (dtypeKind(x!.dtype) === 'complex') throw new DtypeError(`${name}: complex numbers are not ordered: ${x}`);
      const kind = dtypeKind(indexDtype);
      if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`${name}: expected indexDtype to be an integer type, got ${indexDtype}`);
      const shape = reducedShape(name, x!, [axis]);
      if (x!.shape[axis] === 0) throw new ShapeError(`${name}: axis ${axis} of ${x} is empty`);
      return new ShapedArray(shape, indexDtype);
    },
    lower: (ctx, [x], { axes, indexDtype }, out) => {
      const value = new ShapedArray([], x!.aval.dtype);
      const index = new ShapedArray([], indexDtype);
      const iota = hlo.iota(ctx, axes[0]!, new ShapedArray(x!.aval.shape, indexDtype));
      if (ctx.platform === 'cpu' && x!.aval.size > TWO_PASSES) {
        const reduced = (v: IrValue, init: IrValue, f: (c: LoweringContext, a: IrValue, b: IrValue) => IrValue) => {
          const result = new ShapedArray(out.shape, v.aval.dtype);
          const reduce: Reduce = (u, over, to) => hlo.reduce(ctx, [u], [init], over, [to], (c, [l, r]) => [f(c, l!, r!)])[0]!;
          return lanewise(ctx, v, axes, result, reduce) ?? reduce(v, axes, result);
        };
        const extreme = reduced(x!, ctx.splat(identity(value.dtype), value), name === 'argmax' ? larger : smaller);
        const wide = hlo.broadcastInDim(ctx, extreme, range(x!.aval.ndim).filter((d) => d !== axes[0]), x!.aval);
        const none = ctx.splat(highest(indexDtype), iota.aval);
        const firstOf = (hit: IrValue) => reduced(hlo.select(ctx, hit, iota, none), ctx.splat(highest(indexDtype), index), smaller);
        const place = firstOf(hlo.compare(ctx, 'EQ', x!, wide));
        if (dtypeKind(value.dtype) !== 'float') return place;
        // Whether NaN wins a long reduction depends on the version of XLA, so it is looked for by itself.
        const nan = firstOf(hlo.compare(ctx, 'NE', x!, x!));
        return hlo.select(ctx, hlo.compare(ctx, 'NE', nan, ctx.splat(highest(indexDtype), out)), nan, place);
      }
      // The first of equal elements, and NaN before all others.
      return hlo.reduce(ctx, [x!, iota], [ctx.splat(identity(value.dtype), value), ctx.splat(0, index)], axes, [new ShapedArray(out.shape, value.dtype), out], (c, [av, ai, bv, bi]) => {
        const nan = hlo.compare(c, 'NE', av!, av!);
        const better = hlo.or(c, hlo.compare(c, direction, av!, bv!), nan);
        const bothNan = hlo.and(c, nan, hlo.compare(c, 'NE', bv!, bv!));
        const tie = hlo.or(c, hlo.compare(c, 'EQ', av!, bv!), bothNan);
        const earlier = hlo.compare(c, 'LT', ai!, bi!);
        const pickA = hlo.select(c, tie, earlier, better);
        return [hlo.select(c, better, av!, bv!), hlo.select(c, pickA, ai!, bi!)];
      })[1]!;
    },
    jvp: ([x], _, p) => [prim.bind(p, x!), null],
    transpose: absent('an index has no derivative'),
    batch: (_, [x], [dim], { axes, indexDtype }) => {
      const [shifted, out] = shiftAxes(axes, dim!);
      return [prim.bind({ axes: shifted, indexDtype }, x!), out];
    },
    sample: () => [
      { inputs: [{ shape: [2, 4], dtype: 'float32' }], params: { axes: [1], indexDtype: 'int32' } },
      { inputs: [{ shape: [4, 2], dtype: 'int32', low: 0, high: 2 }], params: { axes: [0], indexDtype: 'int32' } },
      { inputs: [{ shape: [2, 3000], dtype: 'float32' }], params: { axes: [1], indexDtype: 'uint32' } },
    ],
  });
  return prim;
}

const argmaxP = defineArg('argmax');
const argminP = defineArg('argmin');

/** Index of the first largest element along an axis; of the first NaN if there is one. */
export function argmax(x: Array, axis: number, indexDtype: DType = 'int32'): Array {
  return argmaxP.bind({ axes: [axis], indexDtype }, x);
}

/** Index of the first smallest element along an axis; of the first NaN if there is one. */
export function argmin(x: Array, axis: number, indexDtype: DType = 'int32'): Array {
  return argminP.bind({ axes: [axis], indexDtype }, x);
}

// ---- any computation ----

export interface ReduceParams {
  /** From accumulators, then elements, all scalars, to new accumulators. */
  jaxpr: ClosedJaxpr;
  dimensions: readonly number[];
}

/** Checks that a jaxpr combines scalars of the operands' types. */
export function checkComputation(op: string, jaxpr: ClosedJaxpr, avals: readonly ShapedArray[]): void {
  const wanted = [...avals, ...avals].map((a) => a.dtype).join();
  if (jaxpr.consts.length > 0) throw new ArgumentError(`${op}: the computation must not use arrays from outside`);
  if (jaxpr.inAvals.some((a) => a.ndim !== 0) || jaxpr.inAvals.map((a) => a.dtype).join() !== wanted) throw new ArgumentError(`${op}: expected the computation to take scalars of types ${wanted}, got ${jaxpr.inAvals}`);
  if (jaxpr.outAvals.length !== avals.length || jaxpr.outAvals.some((a, i) => a.ndim !== 0 || a.dtype !== avals[i]!.dtype)) throw new ArgumentError(`${op}: expected the computation to give scalars like ${avals.map((a) => a.dtype)}, got ${jaxpr.outAvals}`);
  if (jaxpr.effects.size > 0) throw new ArgumentError(`${op}: the computation must not have effects`);
}

/** Operands and initial values, of one shape and scalar, with types that go together. */
export function checkReduceOperands(op: string, avals: readonly ShapedArray[]): { operands: readonly ShapedArray[]; inits: readonly ShapedArray[] } {
  const n = avals.length / 2;
  const operands = avals.slice(0, n);
  const inits = avals.slice(n);
  if (n === 0) throw new ArgumentError(`${op}: expected at least one operand`);
  operands.forEach((x, i) => {
    if (!sameShape(x.shape, operands[0]!.shape)) throw new ShapeError(`${op}: expected operands of one shape, got ${operands.join(', ')}`);
    if (inits[i]!.ndim !== 0) throw new ShapeError(`${op}: expected initial values to be scalars, got ${inits[i]}`);
    if (inits[i]!.dtype !== x.dtype) throw new DtypeError(`${op}: expected the initial value of ${x} to be of its dtype, got ${inits[i]}`);
  });
  return { operands, inits };
}

/** A jaxpr of a computation on scalars: how samples and rules make one. */
export function computationJaxpr(f: (args: Array[]) => readonly Array[], dtypes: readonly DType[]): ClosedJaxpr {
  const scalars = dtypes.map((d) => new ShapedArray([], d));
  return hoistConsts(stage(f, [...scalars, ...scalars], 'computation')).closed;
}

/** The name of the primitive that a computation on one operand consists of, such as 'add'; null if it is something else. */
export function soleOperation({ jaxpr }: ClosedJaxpr): string | null {
  const [e] = jaxpr.eqns;
  const [x, y] = jaxpr.invars;
  if (jaxpr.eqns.length !== 1 || jaxpr.invars.length !== 2 || e!.inputs.length !== 2 || jaxpr.outvars[0] !== e!.outputs[0]) return null;
  if (e!.inputs.some((a) => a instanceof Literal)) return null;
  const [a, b] = e!.inputs;
  return (a === x && b === y) || (a === y && b === x) ? e!.prim.name : null;
}

export const reduceP: MultiPrimitive<ReduceParams> = defineMultiPrimitive<ReduceParams>({
  name: 'reduce',
  abstract: (avals, { jaxpr, dimensions }) => {
    const { operands, inits } = checkReduceOperands('reduce', avals);
    checkComputation('reduce', jaxpr, operands);
    return operands.map((x, i) => new ShapedArray(reducedShape('reduce', x, dimensions), x.dtype, x.weakType && inits[i]!.weakType));
  },
  lower: (ctx, args, { jaxpr, dimensions }, outs) => {
    const n = args.length / 2;
    return hlo.reduce(ctx, args.slice(0, n), args.slice(n), dimensions, outs, (c, xs) => c.inline(jaxpr, xs));
  },
  // Nothing is known of the computation: it is differentiated as a tree of applications.
  jvp: (primals, tangents, { jaxpr, dimensions }) => {
    const n = primals.length / 2;
    if (tangents.slice(n).some((t) => t !== null)) throw new DifferentiationError('reduce: derivatives with respect to initial values do not exist: they must be the identity of the computation');
    const inits = primals.slice(n);
    const combine = elementwise(jaxpr);
    const r = jvpFlat((xs) => {
      const outs = treeReduce(combine, inits, xs, dimensions);
      return combine(inits.map((v) => broadcastInDim(v, outs[0]!.shape, [])), outs);
    }, primals.slice(0, n), tangents.slice(0, n));
    return [r.outs, r.tangents];
  },
  transpose: absent('reduce is not linear'),
  batch: (axis, args, dims, { jaxpr, dimensions }) => {
    const n = args.length / 2;
    if (dims.slice(n).every((d) => d === null)) {
      const moved = args.slice(0, n).map((x, i) => toFront(x, dims[i]!, axis.size));
      const outs = reduceP.bind({ jaxpr, dimensions: dimensions.map((d) => d + 1) }, ...moved, ...args.slice(n));
      return [outs, outs.map(() => 0)];
    }
    // Initial values that differ: one reduction for each entry of the axis.
    const rows = range(axis.size).map((k) => reduceP.bind({ jaxpr, dimensions }, ...args.map((x, i) => (dims[i] === null ? x : indexInDim(x, k, dims[i])))));
    const outs = range(n).map((i) => concatenate(rows.map((r) => reshape(r[i]!, [1, ...r[i]!.shape])), 0));
    return [outs, outs.map(() => 0)];
  },
  sample: () => {
    const product = computationJaxpr(([a, b]) => [mul(a!, b!)], ['float32']);
    const both = computationJaxpr(([a, b, x, y]) => [add(mul(a!, y!), mul(x!, b!)), mul(b!, y!)], ['float32', 'float32']);
    return [
      { inputs: [{ shape: [3, 5], dtype: 'float32' }, { shape: [], dtype: 'float32', values: [1], constant: true }], params: { jaxpr: product, dimensions: [1] } },
      {
        inputs: [{ shape: [2, 3], dtype: 'float32' }, { shape: [2, 3], dtype: 'float32' }, { shape: [], dtype: 'float32', values: [0], constant: true }, { shape: [], dtype: 'float32', values: [1], constant: true }],
        params: { jaxpr: both, dimensions: [0, 1] },
      },
    ];
  },
});

/**
 * Reduces several arrays together over dimensions.
 *
 * @param inits the computation's identity, a scalar for each array
 */
export function reduce(operands: readonly Array[], inits: readonly Array[], jaxpr: ClosedJaxpr, dimensions: readonly number[]): Array[] {
  return reduceP.bind({ jaxpr, dimensions }, ...operands, ...inits);
}
