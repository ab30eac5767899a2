import { type Array, ConcreteArray, type ScalarValue } from '../core/array';
import { sameShape, scalarType, ShapedArray, type Shape, sizeOf } from '../core/aval';
import { type DType, dtypeKind, realDtype } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { absent, type BatchDim, definePrimitive, isUndefinedPrimal, type SinglePrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { convertOnHost } from './hostScalars';
import { cpuSum, type Reduce } from './reductionForms';

// Primitives that every other file's rules are written with: types, broadcasting, reshaping, and the plain sum.

/** 0, 1, … n − 1. */
/** Dimensions of n that are in neither list. */
export function except(n: number, contract: readonly number[], batch: readonly number[]): number[] {
  const out = new globalThis.Array<number>(n - contract.length - batch.length);
  for (let d = 0, k = 0; d < n; d++) if (!contract.includes(d) && !batch.includes(d)) out[k++] = d;
  return out;
}

export function range(n: number): number[] {
  const out = new globalThis.Array<number>(Math.max(0, n));
  for (let i = 0; i < n; i++) out[i] = i;
  return out;
}

export interface BroadcastParams {
  shape: Shape;
  /** Output dimension of each input dimension. */
  broadcastDimensions: readonly number[];
}

export const broadcastInDimP: SinglePrimitive<BroadcastParams> = definePrimitive<BroadcastParams>({
  name: 'broadcast_in_dim',
  cheap: true,
  print: { params: ({ broadcastDimensions }) => (broadcastDimensions.length > 0 ? { broadcastDimensions } : {}) },
  // Here and below without patterns of arrays, as in dot.ts.
  abstract: (avals, { shape, broadcastDimensions: dims }) => {
    const a = avals[0]!;
    if (dims.length !== a.ndim) throw new ShapeError(`broadcastInDim: expected ${a.ndim} broadcastDimensions for ${a}, got [${dims}]`);
    for (let i = 0; i < dims.length; i++) {
      const d = dims[i]!;
      if (!Number.isInteger(d) || d < 0 || d >= shape.length) throw new ShapeError(`broadcastInDim: dimension ${d} is not one of the ${shape.length} of the result`);
      if (i > 0 && dims[i - 1]! >= d) throw new ShapeError(`broadcastInDim: expected broadcastDimensions to increase, got [${dims}]`);
      if (a.shape[i] !== 1 && a.shape[i] !== shape[d]) throw new ShapeError(`broadcastInDim: dimension ${i} of ${a} has size ${a.shape[i]}, expected 1 or ${shape[d]}`);
    }
    return a.withShape(shape);
  },
  lower: (ctx, args, { broadcastDimensions }, out) => hlo.broadcastInDim(ctx, args[0]!, broadcastDimensions, out),
  jvp: 'linear',
  transpose: (ct, args, { shape, broadcastDimensions: dims }) => {
    const x = args[0]!;
    if (!isUndefinedPrimal(x)) return [null];
    const inShape = x.aval.shape;
    const summed = range(shape.length).filter((d) => {
      const i = dims.indexOf(d);
      return i < 0 || inShape[i] !== shape[d];
    });
    return [reshape(summed.length ? reduceSum(ct, summed) : ct, inShape)];
  },
  batch: (_, [x], [dim], { shape, broadcastDimensions: dims }) => {
    const b = moveaxis(x!, dim!, 0);
    return [broadcastInDim(b, [b.shape[0]!, ...shape], [0, ...dims.map((d) => d + 1)]), 0];
  },
  sample: () => [
    { inputs: [{ shape: [3], dtype: 'float32' }], params: { shape: [2, 3], broadcastDimensions: [1] } },
    { inputs: [{ shape: [], dtype: 'float32' }], params: { shape: [2], broadcastDimensions: [] } },
    { inputs: [{ shape: [1, 3], dtype: 'float32' }], params: { shape: [2, 4, 3], broadcastDimensions: [0, 2] } },
  ],
});

/** `dims[i]` is the output dimension that dimension i of x goes to. */
export function broadcastInDim(x: Array, shape: Shape, dims: readonly number[]): Array {
  if (sameShape(x.shape, shape) && dims.every((d, i) => d === i)) return x;
  return broadcastInDimP.bind({ shape, broadcastDimensions: dims }, x);
}

export interface ReshapeParams {
  newSizes: Shape;
  /** Always null: kept because JAX prints it. */
  dimensions: null;
  sharding: null;
}

export const reshapeP: SinglePrimitive<ReshapeParams> = definePrimitive<ReshapeParams>({
  name: 'reshape',
  cheap: true,
  abstract: (avals, { newSizes }) => {
    const x = avals[0]!;
    if (sizeOf(newSizes) !== x.size) throw new ShapeError(`reshape: cannot reshape ${x} of ${x.size} elements into [${newSizes.join(', ')}]`);
    return x.withShape(newSizes);
  },
  lower: (ctx, args, _, out) => hlo.reshape(ctx, args[0]!, out),
  jvp: 'linear',
  transpose: (ct, args) => [reshape(ct, args[0]!.aval.shape)],
  batch: (_, [x], [dim], { newSizes }) => {
    const b = moveaxis(x!, dim!, 0);
    return [reshape(b, [b.shape[0]!, ...newSizes]), 0];
  },
  sample: () => [{ inputs: [{ shape: [2, 3], dtype: 'float32' }], params: { newSizes: [3, 2], dimensions: null, sharding: null } }],
});

export function reshape(x: Array, shape: Shape): Array {
  return sameShape(x.shape, shape) ? x : reshapeP.bind({ newSizes: shape, dimensions: null, sharding: null }, x);
}

export const squeezeP: SinglePrimitive<{ dimensions: readonly number[] }> = definePrimitive<{ dimensions: readonly number[] }>({
  name: 'squeeze',
  cheap: true,
  abstract: (avals, { dimensions }) => {
    const x = avals[0]!;
    for (const d of dimensions) if (x.shape[d] !== 1) throw new ShapeError(`squeeze: dimension ${d} of ${x} has size ${x.shape[d]}, expected 1`);
    return x.withShape(x.shape.filter((_, i) => !dimensions.includes(i)));
  },
  lower: (ctx, args, _, out) => hlo.reshape(ctx, args[0]!, out),
  jvp: 'linear',
  transpose: (ct, args) => [reshape(ct, args[0]!.aval.shape)],
  batch: (_, [x], [dim], { dimensions }) => [squeezeP.bind({ dimensions: dimensions.map((d) => d + 1) }, moveaxis(x!, dim!, 0)), 0],
  sample: () => [{ inputs: [{ shape: [2, 1, 3], dtype: 'float32' }], params: { dimensions: [1] } }],
});

export function squeeze(x: Array, dimensions: readonly number[]): Array {
  return dimensions.length === 0 ? x : squeezeP.bind({ dimensions }, x);
}

/** A shape's dimensions in another order. */
function permuted(shape: Shape, permutation: readonly number[]): Shape {
  const out = new globalThis.Array<number>(permutation.length);
  for (let i = 0; i < out.length; i++) out[i] = shape[permutation[i]!]!;
  return out;
}

function isPermutation(p: readonly number[]): boolean {
  for (let d = 0; d < p.length; d++) if (!p.includes(d)) return false;
  return true;
}

export const transposeP: SinglePrimitive<{ permutation: readonly number[] }> = definePrimitive<{ permutation: readonly number[] }>({
  name: 'transpose',
  abstract: (avals, { permutation: p }) => {
    const x = avals[0];
    if (p.length !== x!.ndim || !isPermutation(p)) throw new ShapeError(`transpose: expected a permutation of the ${x!.ndim} dimensions of ${x}, got [${p}]`);
    return x!.withShape(permuted(x!.shape, p));
  },
  lower: (ctx, args, { permutation }, out) => hlo.transpose(ctx, args[0]!, permutation, out),
  jvp: 'linear',
  transpose: (ct, _, { permutation }) => [transpose(ct, inverse(permutation))],
  batch: (_, [x], [dim], { permutation }) => {
    const shifted = permutation.map((p) => (p < dim! ? p : p + 1));
    return [transpose(x!, [dim!, ...shifted]), 0];
  },
  sample: () => [{ inputs: [{ shape: [2, 3, 4], dtype: 'float32' }], params: { permutation: [2, 0, 1] } }],
});

export function inverse(permutation: readonly number[]): number[] {
  const out = new globalThis.Array<number>(permutation.length);
  permutation.forEach((p, i) => {
    out[p] = i;
  });
  return out;
}

export function transpose(x: Array, permutation: readonly number[]): Array {
  return permutation.every((p, i) => p === i) && permutation.length === x.ndim ? x : transposeP.bind({ permutation }, x);
}

export function moveaxis(x: Array, from: number, to: number): Array {
  if (from === to) return x;
  const rest = range(x.ndim).filter((d) => d !== from);
  rest.splice(to, 0, from);
  return transpose(x, rest);
}

export interface ConvertParams {
  newDtype: DType;
  weakType: boolean;
  sharding: null;
}

export const convertElementTypeP: SinglePrimitive<ConvertParams> = definePrimitive<ConvertParams>({
  name: 'convert_element_type',
  cheap: true,
  print: { params: ({ newDtype, weakType }) => ({ newDtype, weakType }) },
  abstract: (avals, { newDtype, weakType }) => new ShapedArray(avals[0]!.shape, newDtype, weakType),
  lower: (ctx, args, _, out) => {
    const x = args[0]!;
    const from = dtypeKind(x.aval.dtype);
    const to = dtypeKind(out.dtype);
    if (from === 'complex' && to !== 'complex') {
      const part = x.aval.withDtype(realDtype(x.aval.dtype));
      if (to === 'bool') return hlo.compare(ctx, 'NE', x, ctx.splat({ re: 0, im: 0 }, x.aval));
      return hlo.convert(ctx, hlo.op(ctx, 'real', [x], part), out);
    }
    if (to === 'bool' && from !== 'bool') return hlo.compare(ctx, 'NE', x, ctx.splat(0, x.aval));
    return hlo.convert(ctx, x, out);
  },
  jvp: ([x], [t], params) => {
    const out = convertElementTypeP.bind(params, x!);
    const kind = dtypeKind(params.newDtype);
    return [out, kind === 'float' || kind === 'complex' ? convertElementTypeP.bind(params, t!) : null];
  },
  transpose: (ct, [x]) => {
    const { dtype, weakType } = (x as { aval: ShapedArray }).aval;
    return [convert(ct, dtype, weakType)];
  },
  batch: (_, [x], [dim], params) => [convertElementTypeP.bind(params, x!), dim!],
  impl: ([x], { newDtype, weakType }) => convertOnHost(x!, scalarType(newDtype, weakType)),
  sample: () => [
    { inputs: [{ shape: [3], dtype: 'float32', low: -3, high: 3 }], params: { newDtype: 'int32', weakType: false, sharding: null } },
    { inputs: [{ shape: [3], dtype: 'int32', low: -3, high: 3 }], params: { newDtype: 'float32', weakType: false, sharding: null } },
    { inputs: [{ shape: [3], dtype: 'float32' }], params: { newDtype: 'bfloat16', weakType: false, sharding: null }, tolerance: 0.05 },
  ],
});

export function convert(x: Array, dtype: DType, weakType = false): Array {
  const { aval } = x;
  if (aval.dtype === dtype && aval.weakType === weakType) return x;
  if (weakType && x instanceof ConcreteArray && x.literal !== null && x.dtype === dtype) return ConcreteArray.scalar(x.literal, scalarType(dtype, true));
  return convertElementTypeP.bind({ newDtype: dtype, weakType, sharding: null }, x);
}

/** A scalar on the host, in a dtype. */
export function scalar(value: ScalarValue, dtype: DType, weakType = false): Array {
  return ConcreteArray.scalar(value, scalarType(dtype, weakType));
}

/** A scalar of an array's type, weak where it is, for use beside it in elementwise operations. */
export function like(x: Array, value: ScalarValue): Array {
  return scalar(value, x.dtype, x.weakType);
}

/** An array of one repeated value. */
export function full(shape: Shape, value: ScalarValue, dtype: DType, weakType = false): Array {
  const s = scalar(value, dtype, weakType);
  return shape.length === 0 ? s : broadcastInDimP.bind({ shape, broadcastDimensions: [] }, s);
}

export function zerosLike(aval: ShapedArray): Array {
  return full(aval.shape, dtypeKind(aval.dtype) === 'bool' ? false : 0, aval.dtype, aval.weakType);
}

export interface ReduceAxes {
  axes: readonly number[];
  outSharding: null;
}

/** Shape of a reduction's result. */
export function reducedShape(op: string, aval: ShapedArray, axes: readonly number[]): Shape {
  for (let i = 0; i < axes.length; i++) {
    const a = axes[i]!;
    if (!Number.isInteger(a) || a < 0 || a >= aval.ndim) throw new ShapeError(`${op}: axis ${a} is out of range for ${aval}`);
    if (axes.indexOf(a) !== i) throw new ArgumentError(`${op}: axes [${axes}] name an axis twice`);
  }
  return aval.shape.filter((_, i) => !axes.includes(i));
}

export const reduceSumP: SinglePrimitive<ReduceAxes> = definePrimitive<ReduceAxes>({
  name: 'reduce_sum',
  abstract: (avals, { axes }) => {
    const x = avals[0]!;
    if (dtypeKind(x.dtype) === 'bool') throw new DtypeError(`reduceSum: does not accept bool; convert ${x} first`);
    return x.withShape(reducedShape('reduceSum', x, axes));
  },
  lower: (ctx, args, { axes }, out) => {
    const sum: Reduce = (x, over, to) => hlo.reduce(ctx, [x], [ctx.splat(0, scalarType(to.dtype))], over, [to], (c, v) => [hlo.add(c, v[0]!, v[1]!)])[0]!;
    return cpuSum(ctx, args[0]!, axes, out, sum) ?? sum(args[0]!, axes, out);
  },
  jvp: 'linear',
  transpose: (ct, args, { axes }) => {
    const { shape } = args[0]!.aval;
    return [broadcastInDim(ct, shape, range(shape.length).filter((d) => !axes.includes(d)))];
  },
  batch: (_, [x], [dim], { axes }) => {
    const [shifted, out] = shiftAxes(axes, dim!);
    return [reduceSumP.bind({ axes: shifted, outSharding: null }, x!), out];
  },
  sample: () => [
    { inputs: [{ shape: [2, 3, 4], dtype: 'float32' }], params: { axes: [0, 2], outSharding: null } },
    { inputs: [{ shape: [4], dtype: 'float32' }], params: { axes: [0], outSharding: null } },
  ],
});

/** Axes of the operand with a mapped dimension in it, and where that dimension is in the result. */
export function shiftAxes(axes: readonly number[], dim: number): [number[], number] {
  const shifted = axes.map((a) => (a < dim ? a : a + 1));
  return [shifted, dim - shifted.filter((a) => a < dim).length];
}

export function reduceSum(x: Array, axes: readonly number[]): Array {
  return axes.length === 0 ? x : reduceSumP.bind({ axes, outSharding: null }, x);
}

export interface IotaParams {
  dtype: DType;
  shape: Shape;
  dimension: number;
  sharding: null;
}

export const iotaP: SinglePrimitive<IotaParams> = definePrimitive<IotaParams>({
  name: 'iota',
  abstract: (_, { dtype, shape, dimension }) => {
    if (dimension < 0 || dimension >= shape.length) throw new ShapeError(`iota: dimension ${dimension} is out of range for shape [${shape}]`);
    if (dtypeKind(dtype) === 'bool') throw new DtypeError(`iota: does not accept dtype bool; expected one of kind int, uint, float, complex`);
    return new ShapedArray(shape, dtype);
  },
  lower: (ctx, _, { dimension }, out) => hlo.iota(ctx, dimension, out),
  jvp: absent('it has no operands'),
  transpose: absent('it has no operands'),
  batch: absent('it has no operands'),
  sample: () => [{ inputs: [], params: { dtype: 'int32', shape: [2, 3], dimension: 1, sharding: null } }],
});

export function iota(dtype: DType, shape: Shape, dimension: number): Array {
  return iotaP.bind({ dtype, shape, dimension, sharding: null });
}

export interface SliceParams {
  startIndices: readonly number[];
  limitIndices: readonly number[];
  strides: readonly number[] | null;
}

export const sliceP: SinglePrimitive<SliceParams> = definePrimitive<SliceParams>({
  name: 'slice',
  cheap: true,
  abstract: ([x], { startIndices: s, limitIndices: l, strides }) => {
    const a = x!;
    if (s.length !== a.ndim || l.length !== a.ndim || (strides && strides.length !== a.ndim)) throw new ShapeError(`slice: expected ${a.ndim} starts, limits and strides for ${a}`);
    return a.withShape(a.shape.map((n, i) => {
      const step = strides?.[i] ?? 1;
      if (s[i]! < 0 || l[i]! > n || s[i]! > l[i]! || step < 1) throw new ShapeError(`slice: ${s[i]}:${l[i]}:${step} is not within dimension ${i} of ${a}`);
      return Math.ceil((l[i]! - s[i]!) / step);
    }));
  },
  lower: (ctx, [x], { startIndices, limitIndices, strides }) => hlo.slice(ctx, x!, startIndices, limitIndices, strides ?? undefined),
  jvp: 'linear',
  transpose: (ct, [x], { startIndices: s, strides }) => {
    const shape = (x as { aval: ShapedArray }).aval.shape;
    const config = shape.map((n, i): [number, number, number] => {
      const step = strides?.[i] ?? 1;
      const covered = ct.shape[i]! === 0 ? 0 : (ct.shape[i]! - 1) * step + 1;
      return [s[i]!, n - s[i]! - covered, step - 1];
    });
    return [pad(ct, like(ct, 0), config)];
  },
  batch: (_, [x], [dim], { startIndices: s, limitIndices: l, strides }) => {
    const insert = (xs: readonly number[], v: number) => [...xs.slice(0, dim!), v, ...xs.slice(dim!)];
    return [sliceP.bind({ startIndices: insert(s, 0), limitIndices: insert(l, x!.shape[dim!]!), strides: strides && insert(strides, 1) }, x!), dim!];
  },
  sample: () => [
    { inputs: [{ shape: [5, 4], dtype: 'float32' }], params: { startIndices: [1, 0], limitIndices: [5, 3], strides: [2, 1] } },
    { inputs: [{ shape: [5], dtype: 'float32' }], params: { startIndices: [1], limitIndices: [4], strides: null } },
  ],
});

export function slice(x: Array, start: readonly number[], limit: readonly number[], strides: readonly number[] | null = null): Array {
  if (start.every((s, i) => s === 0 && limit[i] === x.shape[i]) && (!strides || strides.every((s) => s === 1))) return x;
  return sliceP.bind({ startIndices: start, limitIndices: limit, strides: strides?.every((s) => s === 1) ? null : strides }, x);
}

/** A range of one dimension. */
export function sliceInDim(x: Array, start: number, limit: number, axis: number, stride = 1): Array {
  return slice(x, x.shape.map((_, i) => (i === axis ? start : 0)), x.shape.map((n, i) => (i === axis ? limit : n)), stride === 1 ? null : x.shape.map((_, i) => (i === axis ? stride : 1)));
}

/** One entry of a dimension, the dimension gone. */
export function indexInDim(x: Array, i: number, axis: number): Array {
  return squeeze(sliceInDim(x, i, i + 1, axis), [axis]);
}

export interface PadParams {
  /** Low, high and interior padding of each dimension; low and high may be negative. */
  paddingConfig: readonly (readonly [number, number, number])[];
}

export const padP: SinglePrimitive<PadParams> = definePrimitive<PadParams>({
  name: 'pad',
  abstract: ([x, v], { paddingConfig }) => {
    if (paddingConfig.length !== x!.ndim) throw new ShapeError(`pad: expected ${x!.ndim} entries in paddingConfig for ${x}, got ${paddingConfig.length}`);
    if (v!.ndim !== 0 || v!.dtype !== x!.dtype) throw new ShapeError(`pad: expected the padding value to be a scalar of dtype ${x!.dtype}, got ${v}`);
    return new ShapedArray(x!.shape.map((n, i) => {
      const [lo, hi, interior] = paddingConfig[i]!;
      const m = lo + hi + n + Math.max(0, n - 1) * interior;
      if (interior < 0 || m < 0) throw new ShapeError(`pad: padding ${paddingConfig[i]} of dimension ${i} of ${x} gives a negative size`);
      return m;
    }), x!.dtype, x!.weakType && v!.weakType);
  },
  lower: (ctx, [x, v], { paddingConfig: p }) => hlo.pad(ctx, x!, v!, p.map((c) => c[0]), p.map((c) => c[1]), p.map((c) => c[2])),
  jvp: 'linear',
  transpose: (ct, [x, v], { paddingConfig }) => {
    const unpad = (c: Array) => {
      const trimmed = pad(c, like(c, 0), paddingConfig.map(([lo, hi]) => [-lo, -hi, 0]));
      return slice(trimmed, trimmed.shape.map(() => 0), trimmed.shape, paddingConfig.map((c2) => c2[2] + 1));
    };
    const ctx = isUndefinedPrimal(x!) || isUndefinedPrimal(v!) ? unpad(ct) : null;
    const all = (c: Array) => reduceSum(c, range(c.ndim));
    return [isUndefinedPrimal(x!) ? ctx : null, isUndefinedPrimal(v!) ? subtractP()(all(ct), all(ctx!)) : null];
  },
  batch: (axis, [x, v], [dx, dv], { paddingConfig: p }) => {
    if (dv === null) {
      const config = [...p.slice(0, dx!), [0, 0, 0] as const, ...p.slice(dx!)];
      return [pad(x!, v!, config), dx!];
    }
    // Values that differ along the axis: pad with one, then choose.
    const b = dx === null ? broadcastInDim(x!, [axis.size, ...x!.shape], range(x!.ndim).map((d) => d + 1)) : moveaxis(x!, dx!, 0);
    const config = [[0, 0, 0] as const, ...p];
    const zero = pad(b, like(b, 0), config);
    const mask = pad(full(b.shape, true, 'bool'), scalar(false, 'bool'), config);
    return [selectFn()(mask, zero, broadcastInDim(v!, zero.shape, [0])), 0];
  },
  sample: () => [
    { inputs: [{ shape: [2, 3], dtype: 'float32' }, { shape: [], dtype: 'float32' }], params: { paddingConfig: [[1, 2, 1], [0, -1, 0]] } },
    { inputs: [{ shape: [3], dtype: 'float32' }, { shape: [], dtype: 'float32' }], params: { paddingConfig: [[1, 1, 0]] } },
  ],
});

export function pad(x: Array, value: Array, config: readonly (readonly [number, number, number])[]): Array {
  if (value.ndim === 0 && value.dtype === x.dtype && config.length === x.ndim && config.every((c) => c[0] === 0 && c[1] === 0 && c[2] === 0)) return x;
  return padP.bind({ paddingConfig: config }, x, value);
}

// Two operations of elementwise.ts, which is written on this file.
let subtractFn: (x: Array, y: Array) => Array;
let selectFnSet: (p: Array, t: Array, f: Array) => Array;
const subtractP = () => subtractFn;
const selectFn = () => selectFnSet;
export function provideElementwise(subtract: typeof subtractFn, select: typeof selectFnSet): void {
  subtractFn = subtract;
  selectFnSet = select;
}

export const concatenateP: SinglePrimitive<{ dimension: number }> = definePrimitive<{ dimension: number }>({
  name: 'concatenate',
  abstract: (avals, { dimension: d }) => {
    const first = avals[0];
    if (!first) throw new ArgumentError('concatenate: expected at least one array');
    if (d < 0 || d >= first.ndim) throw new ShapeError(`concatenate: dimension ${d} is out of range for ${first}`);
    for (const a of avals) {
      if (a.dtype !== first.dtype) throw new DtypeError(`concatenate: expected arrays of one dtype, got ${avals.join(', ')}`);
      if (a.ndim !== first.ndim || a.shape.some((n, i) => i !== d && n !== first.shape[i])) throw new ShapeError(`concatenate: shapes differ outside of dimension ${d}: ${avals.join(', ')}`);
    }
    return new ShapedArray(first.shape.map((n, i) => (i === d ? avals.reduce((s, a) => s + a.shape[d]!, 0) : n)), first.dtype, avals.every((a) => a.weakType));
  },
  lower: (ctx, args, { dimension }) => hlo.concatenate(ctx, args, dimension),
  jvp: 'linear',
  transpose: (ct, args, { dimension }) => {
    let at = 0;
    return args.map((x) => {
      const n = x.aval.shape[dimension]!;
      const part = isUndefinedPrimal(x) ? sliceInDim(ct, at, at + n, dimension) : null;
      at += n;
      return part;
    });
  },
  batch: (axis, args, dims, { dimension }) => {
    const moved = args.map((x, i) => (dims[i] === null ? broadcastInDim(x, [axis.size, ...x.shape], range(x.ndim).map((d) => d + 1)) : moveaxis(x, dims[i]!, 0)));
    return [concatenate(moved, dimension + 1), 0];
  },
  sample: () => [{ inputs: [{ shape: [2, 3], dtype: 'float32' }, { shape: [2, 1], dtype: 'float32' }, { shape: [2, 2], dtype: 'float32' }], params: { dimension: 1 } }],
});

export function concatenate(xs: readonly Array[], dimension: number): Array {
  return xs.length === 1 ? xs[0]! : concatenateP.bindAll(xs, { dimension })[0]!;
}

export const revP: SinglePrimitive<{ dimensions: readonly number[] }> = definePrimitive<{ dimensions: readonly number[] }>({
  name: 'rev',
  abstract: ([x], { dimensions }) => {
    reducedShape('rev', x!, dimensions);
    return x!;
  },
  lower: (ctx, [x], { dimensions }) => hlo.reverse(ctx, x!, dimensions),
  jvp: 'linear',
  transpose: (ct, _, params) => [revP.bind(params, ct)],
  batch: (_, [x], [dim], { dimensions }) => [revP.bind({ dimensions: dimensions.map((d) => (d < dim! ? d : d + 1)) }, x!), dim!],
  sample: () => [{ inputs: [{ shape: [2, 3], dtype: 'float32' }], params: { dimensions: [1] } }],
});

export function rev(x: Array, dimensions: readonly number[]): Array {
  return dimensions.length === 0 ? x : revP.bind({ dimensions }, x);
}

/** An array with its mapped dimension at the front, repeated along it where it has none. */
export function toFront(x: Array, dim: BatchDim, size: number): Array {
  return dim === null ? broadcastInDim(x, [size, ...x.shape], range(x.ndim).map((d) => d + 1)) : moveaxis(x, dim, 0);
}
