import type { Array } from '../core/array';
import { checkDtype, ShapedArray, type Shape } from '../core/aval';
import { checkInteger } from '../core/checks';
import { type DType, dtypeKind, isIntegral, realDtype } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { pythonRecord } from '../core/pythonText';
import { type AxisData, type BatchDim, definePrimitive, isUndefinedPrimal, type Sample, type SinglePrimitive } from '../core/primitive';
import { fixedOperand } from '../interpreters/transpose';
import { hlo } from '../stablehlo';
import { convolution } from '../stablehlo/contraction';
import { cpuForm, gpuForm } from './convolutionForms';
import { addAny } from './nary';
import { type CanonicalPrecision, canonicalizePrecision, dtypeBits, isAlgorithm, type PrecisionLike, printedPrecision } from './precision';
import { convert, full, range, reshape, rev, transpose, zerosLike } from './structural';

/** Positions of dimensions. Mirrors `jax.lax.ConvDimensionNumbers`. */
export interface ConvDimensionNumbers {
  /** Of batch, feature and spatial dimensions in the input. */
  readonly lhsSpec: readonly number[];
  /** Of output feature, input feature and spatial dimensions in the kernel. */
  readonly rhsSpec: readonly number[];
  /** Of batch, feature and spatial dimensions in the result. */
  readonly outSpec: readonly number[];
}

export type Padding = readonly (readonly [low: number, high: number])[];

export interface ConvParams {
  batchGroupCount: number;
  dimensionNumbers: ConvDimensionNumbers;
  featureGroupCount: number;
  lhsDilation: readonly number[];
  /** Always null: kept because JAX prints it. */
  outSharding: null;
  padding: Padding;
  precision: CanonicalPrecision;
  preferredElementType: DType | null;
  rhsDilation: readonly number[];
  windowStrides: readonly number[];
}

const OP = 'convGeneralDilated';
const take = (shape: Shape, dims: readonly number[]) => dims.map((d) => shape[d]!);
const dilated = (n: number, by: number) => (n === 0 ? 0 : (n - 1) * by + 1);
const swapFirst = ([a, b, ...rest]: readonly number[]) => [b!, a!, ...rest];

function checkCounts(x: ShapedArray, y: ShapedArray, p: ConvParams): void {
  const { dimensionNumbers: d, featureGroupCount: features, batchGroupCount: batches } = p;
  const n = x.ndim - 2;
  if (x.ndim !== y.ndim || n < 0) throw new ShapeError(`${OP}: expected operands of equal rank, at least 2, got ${x} and ${y}`);
  for (const [name, spec] of Object.entries(d) as [string, readonly number[]][]) {
    if (spec.length !== x.ndim || [...spec].sort((a, b) => a - b).some((v, i) => v !== i)) throw new ShapeError(`${OP}: expected dimensionNumbers.${name} to be a permutation of ${x.ndim} dimensions, got [${spec}]`);
  }
  for (const [name, list] of [['windowStrides', p.windowStrides], ['lhsDilation', p.lhsDilation], ['rhsDilation', p.rhsDilation]] as const) {
    if (list.length !== n || list.some((v) => !Number.isInteger(v) || v < 1)) throw new ShapeError(`${OP}: expected ${name} to be ${n} positive integers, got [${list}]`);
  }
  if (p.padding.length !== n || p.padding.some((v) => v.length !== 2 || !v.every(Number.isInteger))) throw new ShapeError(`${OP}: expected padding to be ${n} pairs of integers, got [${p.padding.map((v) => `[${v}]`)}]`);
  checkInteger(OP, 'featureGroupCount', features, 1);
  checkInteger(OP, 'batchGroupCount', batches, 1);
  if (features > 1 && batches > 1) throw new ArgumentError(`${OP}: expected at most one of featureGroupCount and batchGroupCount above 1, got ${features} and ${batches}`);
  const [batch, channels] = take(x.shape, d.lhsSpec) as [number, number];
  const [outputs, inputs] = take(y.shape, d.rhsSpec) as [number, number];
  if (channels !== inputs * features) throw new ShapeError(`${OP}: expected the ${channels} features of the input ${x} to be featureGroupCount ${features} times the ${inputs} input features of the kernel ${y}`);
  if (outputs % features !== 0 || outputs % batches !== 0) throw new ShapeError(`${OP}: expected the ${outputs} output features of the kernel ${y} to be a multiple of the number of groups, ${Math.max(features, batches)}`);
  if (batch % batches !== 0) throw new ShapeError(`${OP}: expected the batch size ${batch} of the input ${x} to be a multiple of batchGroupCount ${batches}`);
}

function resultShape(x: ShapedArray, y: ShapedArray, p: ConvParams): Shape {
  checkCounts(x, y, p);
  const { lhsSpec, rhsSpec, outSpec } = p.dimensionNumbers;
  const [batch, , ...size] = take(x.shape, lhsSpec);
  const [outputs, , ...window] = take(y.shape, rhsSpec);
  const shape = new globalThis.Array<number>(x.ndim);
  shape[outSpec[0]!] = batch! / p.batchGroupCount;
  shape[outSpec[1]!] = outputs!;
  size.forEach((n, i) => {
    const padded = dilated(n, p.lhsDilation[i]!) + p.padding[i]![0] + p.padding[i]![1];
    if (padded < 0) throw new ShapeError(`${OP}: negative padding [${p.padding[i]}] takes more than spatial dimension ${i} of ${x} has`);
    shape[outSpec[i + 2]!] = Math.max(0, Math.floor((padded - dilated(window[i]!, p.rhsDilation[i]!)) / p.windowStrides[i]!) + 1);
  });
  return shape;
}

function resultDtype(x: ShapedArray, y: ShapedArray, preferred: DType | null): DType {
  if (x.dtype !== y.dtype) throw new DtypeError(`${OP}: expected operands of one dtype, got ${x} and ${y}; convert with astype`);
  const from = dtypeKind(x.dtype);
  if (from === 'bool') throw new DtypeError(`${OP}: does not accept bool; convert ${x} first`);
  if (preferred === null) return x.dtype;
  const to = dtypeKind(preferred);
  const whole = isIntegral(x.dtype);
  if (!(from === to || (whole && to === 'float')) || part(preferred) < part(x.dtype)) {
    throw new DtypeError(`${OP}: expected a preferredElementType of the kind of ${x.dtype}${whole ? ' or float' : ''} and not narrower, got ${preferred}`);
  }
  return preferred;
}

const part = (d: DType) => dtypeBits(realDtype(d));

function emit(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray): IrValue {
  const form = ctx.platform === 'cpu' ? cpuForm : ctx.platform === 'cuda' || ctx.platform === 'rocm' ? gpuForm : () => null;
  return form(ctx, x, y, p, out, emit)
    ?? convolution(ctx, x, y, { ...p, ...p.dimensionNumbers, precision: isAlgorithm(p.precision) ? null : p.precision }, out);
}

/**
 * XLA has no complex convolutions on GPUs and only a slow loop on CPUs, so there they are three real ones, after Gauss:
 * (a + bi)(c + di) is k1 − k3 + (k1 + k2)i with k1 = (a + b)c, k2 = a(d − c), k3 = b(c + d).
 */
function emitComplex(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray): IrValue {
  const real = (v: IrValue, name: 'real' | 'imag') => hlo.op(ctx, name, [v], v.aval.withDtype(realDtype(v.aval.dtype)));
  const [a, b, c, d] = [real(x, 'real'), real(x, 'imag'), real(y, 'real'), real(y, 'imag')];
  const of = (u: IrValue, v: IrValue) => emit(ctx, u, v, p, out.withDtype(realDtype(out.dtype)));
  const k1 = of(hlo.add(ctx, a, b), c);
  const k2 = of(a, hlo.subtract(ctx, d, c));
  const k3 = of(b, hlo.add(ctx, c, d));
  return hlo.op(ctx, 'complex', [hlo.subtract(ctx, k1, k3), hlo.add(ctx, k1, k2)], out);
}

/** Splits a dimension in two, the first of size n. */
function splitAxis(axis: number, n: number, x: Array): Array {
  const s = x.shape;
  return reshape(x, [...s.slice(0, axis), n, s[axis]! / n, ...s.slice(axis + 1)]);
}

/** Moves dimension `from` into another, as its outer part; `into` is counted without the dimension that moves. */
function mergeAxis(from: number, into: number, x: Array): Array {
  const order = range(x.ndim).filter((d) => d !== from);
  order.splice(into, 0, from);
  const shape = x.shape.filter((_, d) => d !== from);
  shape[into]! *= x.shape[from]!;
  return reshape(transpose(x, order), shape);
}

interface Sizes {
  input: readonly number[];
  window: readonly number[];
  out: readonly number[];
}

/** Spatial sizes with their holes: by dilation in operands, by strides in the result. */
function spatial(x: Shape, y: Shape, out: Shape, { dimensionNumbers: d, lhsDilation, rhsDilation, windowStrides }: ConvParams): Sizes {
  const of = (shape: Shape, spec: readonly number[], by: readonly number[]) => take(shape, spec.slice(2)).map((n, i) => dilated(n, by[i]!));
  return { input: of(x, d.lhsSpec, lhsDilation), window: of(y, d.rhsSpec, rhsDilation), out: of(out, d.outSpec, windowStrides) };
}

/** Cotangent of the input: the cotangent of the result, with holes where strides were, convolved with the reversed kernel whose features change places. */
function transposeInput(ct: Array, x: ShapedArray, y: Array, p: ConvParams): Array {
  if (ct.size === 0 || y.size === 0) return zerosLike(x.strong());
  const { lhsSpec, rhsSpec, outSpec } = p.dimensionNumbers;
  const groups = Math.max(p.featureGroupCount, p.batchGroupCount);
  const s = spatial(x.shape, y.shape, ct.shape, p);
  const padding = s.input.map((n, i): [number, number] => {
    const low = s.window[i]! - p.padding[i]![0] - 1;
    return [low, n + s.window[i]! - 1 - s.out[i]! - low];
  });
  // Groups go from the kernel's output features to its input features, which are the outputs now.
  const kernel = groups === 1 ? y : mergeAxis(rhsSpec[0]!, rhsSpec[1]!, splitAxis(rhsSpec[0]!, groups, y));
  const reversed = convert(rev(kernel, rhsSpec.slice(2)), ct.dtype);
  const out = convert(convP.bind({
    ...p, padding, windowStrides: p.lhsDilation, lhsDilation: p.windowStrides, featureGroupCount: groups, batchGroupCount: 1,
    dimensionNumbers: { lhsSpec: outSpec, rhsSpec: swapFirst(rhsSpec), outSpec: lhsSpec },
  }, ct, reversed), x.dtype);
  return p.batchGroupCount === 1 ? out : mergeAxis(lhsSpec[1]!, lhsSpec[0]!, splitAxis(lhsSpec[1]!, groups, out));
}

/** Cotangent of the kernel: the input convolved with the cotangent of the result as kernel, batch and features having changed places; so do the two kinds of groups. */
function transposeKernel(ct: Array, x: Array, y: ShapedArray, p: ConvParams): Array {
  if (ct.size === 0 || x.size === 0) return zerosLike(y.strong());
  const { lhsSpec, rhsSpec, outSpec } = p.dimensionNumbers;
  const s = spatial(x.shape, y.shape, ct.shape, p);
  const padding = s.input.map((n, i): [number, number] => {
    const low = p.padding[i]![0];
    return [low, s.out[i]! - n + s.window[i]! - low - 1];
  });
  return convert(convP.bind({
    ...p, padding, windowStrides: p.rhsDilation, rhsDilation: p.windowStrides, featureGroupCount: p.batchGroupCount, batchGroupCount: p.featureGroupCount,
    dimensionNumbers: { lhsSpec: swapFirst(lhsSpec), rhsSpec: swapFirst(outSpec), outSpec: swapFirst(rhsSpec) },
  }, convert(x, ct.dtype), ct), y.dtype);
}

/** A mapped dimension as the inner part of a dimension's groups: groups must stay outermost. */
function mergeWithinGroups(x: Array, from: number, into: number, groups: number): Array {
  const split = splitAxis(into + (from <= into ? 1 : 0), groups, x);
  return mergeAxis(into, into, mergeAxis(from + (into < from ? 1 : 0), into + 1, split));
}

function batch(axis: AxisData, x: Array, y: Array, dx: BatchDim, dy: BatchDim, p: ConvParams): [Array, BatchDim] {
  const { lhsSpec, rhsSpec, outSpec } = p.dimensionNumbers;
  const n = axis.size;
  if (n === 0) {
    const without = (v: Array, d: BatchDim) => (d === null ? v.aval : v.aval.withShape(v.shape.filter((_, i) => i !== d)));
    const [a, b] = [without(x, dx), without(y, dy)];
    return [full([0, ...resultShape(a, b, p)], 0, resultDtype(a, b, p.preferredElementType)), 0];
  }
  if (dx !== null && dy !== null) {
    // Each entry is a group: of the batch where there are groups of it, else of features.
    const grouped = p.batchGroupCount > 1;
    const out = convP.bind(grouped ? { ...p, batchGroupCount: p.batchGroupCount * n } : { ...p, featureGroupCount: p.featureGroupCount * n },
      mergeAxis(dx, lhsSpec[grouped ? 0 : 1]!, x), mergeAxis(dy, rhsSpec[0]!, y));
    return [splitAxis(outSpec[1]!, n, out), outSpec[1]!];
  }
  if (dx !== null) {
    const input = p.batchGroupCount === 1 ? mergeAxis(dx, lhsSpec[0]!, x) : mergeWithinGroups(x, dx, lhsSpec[0]!, p.batchGroupCount);
    return [splitAxis(outSpec[0]!, n, convP.bind(p, input, y)), outSpec[0]!];
  }
  const groups = Math.max(p.featureGroupCount, p.batchGroupCount);
  const f = outSpec[1]!;
  if (groups === 1) return [splitAxis(f, n, convP.bind(p, x, mergeAxis(dy!, rhsSpec[0]!, y))), f];
  const out = splitAxis(f + 1, n, splitAxis(f, groups, convP.bind(p, x, mergeWithinGroups(y, dy!, rhsSpec[0]!, groups))));
  return [mergeAxis(f, f + 1, out), f];
}

export const convP: SinglePrimitive<ConvParams> = definePrimitive<ConvParams>({
  name: 'conv_general_dilated',
  print: { params: (p) => ({ ...p, dimensionNumbers: pythonRecord('ConvDimensionNumbers', p.dimensionNumbers), precision: printedPrecision(p.precision) }) },
  abstract: ([x, y], p) => new ShapedArray(resultShape(x!, y!, p), resultDtype(x!, y!, p.preferredElementType), x!.weakType && y!.weakType),
  lower: (ctx, [x, y], p, out) => {
    if (out.size === 0 || x!.aval.size === 0 || y!.aval.size === 0) return ctx.splat(0, out);
    return dtypeKind(out.dtype) === 'complex' && ctx.platform !== 'tpu' ? emitComplex(ctx, x!, y!, p, out) : emit(ctx, x!, y!, p, out);
  },
  jvp: ([x, y], [gx, gy], p) => {
    const a = gx === null ? null : convP.bind(p, gx!, y!);
    const b = gy === null ? null : convP.bind(p, x!, gy!);
    return [convP.bind(p, x!, y!), a === null ? b : b === null ? a : addAny(a, b)];
  },
  transpose: (ct, [x, y], p) => (isUndefinedPrimal(x!) ? [transposeInput(ct, x.aval, fixedOperand('conv_general_dilated', y!), p), null] : [null, transposeKernel(ct, x!, y!.aval, p)]),
  batch: (axis, [x, y], [dx, dy], p) => batch(axis, x!, y!, dx!, dy!, p),
  sample: samples,
});

export interface ConvOptions {
  windowStrides: readonly number[];
  /** Padding before and after each spatial dimension; may be negative. */
  padding: Padding;
  /** Holes put between elements of the input: size of the step from one to the next. */
  lhsDilation?: readonly number[] | null;
  /** The same for the kernel. */
  rhsDilation?: readonly number[] | null;
  /** Default: batch, features, then space in input and result; output features, input features, then space in the kernel. */
  dimensionNumbers?: ConvDimensionNumbers | null;
  featureGroupCount?: number;
  batchGroupCount?: number;
  precision?: PrecisionLike;
  preferredElementType?: DType | null;
}

/**
 * Convolution of an input with a kernel (not reversed, as everywhere in machine learning) over any number of spatial dimensions, in any layout,
 * with strides, dilations and groups. Mirrors `jax.lax.conv_general_dilated`.
 *
 * @throws ShapeError, DtypeError, ArgumentError
 */
export function convGeneralDilated(x: Array, kernel: Array, o: ConvOptions): Array {
  const plain = range(x.ndim);
  const ones = o.windowStrides.map(() => 1);
  const preferred = o.preferredElementType ?? null;
  let precision = canonicalizePrecision(OP, o.precision);
  // An algorithm that the configuration sets is for matrix products; one that is asked for here cannot be had.
  if (isAlgorithm(precision) && (o.precision === null || o.precision === undefined)) precision = null;
  if (isAlgorithm(precision)) throw new ArgumentError(`${OP}: expected precision to be 'default', 'high' or 'highest' (algorithms are for dotGeneral), got ${JSON.stringify(precision)}`);
  return convP.bind({
    batchGroupCount: o.batchGroupCount ?? 1,
    dimensionNumbers: o.dimensionNumbers ?? { lhsSpec: plain, rhsSpec: plain, outSpec: plain },
    featureGroupCount: o.featureGroupCount ?? 1,
    lhsDilation: o.lhsDilation ?? ones,
    outSharding: null,
    padding: o.padding,
    precision,
    preferredElementType: preferred === null ? null : checkDtype(OP, preferred),
    rhsDilation: o.rhsDilation ?? ones,
    windowStrides: o.windowStrides,
  }, x, kernel);
}

function permutation(spec: string, first: string, second: string, spatialOrder: string): number[] {
  return [spec.indexOf(first), spec.indexOf(second), ...[...spatialOrder].map((c) => spec.indexOf(c))];
}

/**
 * Reads layouts such as `['NHWC', 'HWIO', 'NHWC']`: N and C in input and result, O and I in the kernel, any other letters for space. Mirrors
 * `jax.lax.conv_dimension_numbers`.
 *
 * @param spec null: batch, features, space; an object is given back
 * @throws ArgumentError where the three do not fit each other or the rank
 */
export function convDimensionNumbers(rank: number, spec: readonly [string, string, string] | ConvDimensionNumbers | null | undefined): ConvDimensionNumbers {
  if (spec === null || spec === undefined) return { lhsSpec: range(rank), rhsSpec: range(rank), outSpec: range(rank) };
  if (!globalThis.Array.isArray(spec)) return spec as ConvDimensionNumbers;
  const letters = [['N', 'C'], ['O', 'I'], ['N', 'C']] as const;
  const names = ['input', 'kernel', 'result'];
  const space = spec.map((s: unknown, i) => {
    if (typeof s !== 'string' || s.length !== rank || new Set(s).size !== rank || !letters[i]!.every((c) => s.includes(c))) {
      throw new ArgumentError(`${OP}: expected the ${names[i]}'s layout to be ${rank} different letters with ${letters[i]!.join(' and ')} among them, got ${JSON.stringify(s)}`);
    }
    return [...s].filter((c) => !(letters[i] as readonly string[]).includes(c));
  });
  const sorted = space.map((s) => [...s].sort().join(''));
  if (spec.length !== 3 || sorted[0] !== sorted[1] || sorted[0] !== sorted[2]) throw new ArgumentError(`${OP}: expected three layouts with the same letters for space, got ${JSON.stringify(spec)}`);
  const order = space[1]!.join('');
  return { lhsSpec: permutation(spec[0]!, 'N', 'C', order), rhsSpec: permutation(spec[1]!, 'O', 'I', order), outSpec: permutation(spec[2]!, 'N', 'C', order) };
}

function samples(): Sample<ConvParams>[] {
  const nhwc = { lhsSpec: [0, 3, 1, 2], rhsSpec: [3, 2, 0, 1], outSpec: [0, 3, 1, 2] };
  const c = (x: Shape, y: Shape, p: Partial<ConvParams>, dtype = 'float32'): Sample<ConvParams> => ({
    inputs: [{ shape: x, dtype, low: -1, high: 1 }, { shape: y, dtype, low: -1, high: 1 }],
    params: {
      batchGroupCount: 1, dimensionNumbers: nhwc, featureGroupCount: 1, lhsDilation: [1, 1], outSharding: null, padding: [[0, 0], [0, 0]], precision: null,
      preferredElementType: null, rhsDilation: [1, 1], windowStrides: [1, 1], ...p,
    },
  });
  const one = { lhsDilation: [1], rhsDilation: [1], windowStrides: [1] };
  return [
    c([2, 4, 3, 2], [2, 3, 2, 3], { padding: [[1, 0], [1, 1]], windowStrides: [2, 1] }),
    c([1, 3, 4, 2], [2, 2, 2, 3], { lhsDilation: [2, 1], rhsDilation: [1, 2], padding: [[2, -1], [1, 2]], windowStrides: [1, 2] }),
    c([1, 3, 3, 4], [2, 2, 2, 6], { featureGroupCount: 2 }),
    c([4, 3, 3, 2], [2, 2, 2, 4], { batchGroupCount: 2, windowStrides: [1, 2] }),
    c([3, 2, 5], [3, 4, 3], { ...one, dimensionNumbers: { lhsSpec: [1, 0, 2], rhsSpec: [1, 0, 2], outSpec: [2, 1, 0] }, featureGroupCount: 1, padding: [[1, 1]] }, 'float32'),
    c([2, 3], [3, 4], { lhsDilation: [], rhsDilation: [], windowStrides: [], padding: [], dimensionNumbers: { lhsSpec: [0, 1], rhsSpec: [1, 0], outSpec: [0, 1] } }),
    c([1, 3, 3, 2], [2, 2, 2, 2], {}, 'complex64'),
  ];
}
