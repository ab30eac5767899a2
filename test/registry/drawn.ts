import fc from 'fast-check';
import type { Array } from '../../lib/core/array';
import { sizeOf } from '../../lib/core/aval';
import { type DType, dtypeKind } from '../../lib/core/dtype';
import { Literal } from '../../lib/core/jaxpr';
import type { Params, Sample, SampleInput } from '../../lib/core/primitive';
import { isDifferentiable } from '../../lib/interpreters/jvp';
import { stage } from '../../lib/interpreters/stage';
import * as lax from '../../lib/lax';
import { Case, type Law } from './laws';
import { fill } from './values';

// Cases of the registry test drawn at random: operations with shapes, dtypes and parameters of any form that they take.

/** A call of an operation, and the name of the primitive it is to become. */
export interface Drawn {
  name: string;
  f: (...args: Array[]) => Array | readonly Array[];
  inputs: SampleInput[];
  skip?: Sample<Params>['skip'];
}

/** The application of the primitive that a call becomes, as a case of the laws; null where the call gives its argument as it is. */
export function caseOf({ name, f, inputs, skip }: Drawn, index: number): Case | null {
  const { jaxpr } = stage((args) => [f(...args)].flat() as Array[], inputs.map((x) => fill(x, x.dtype as DType, () => 0).aval));
  if (jaxpr.eqns.length === 0) return null;
  const eqn = jaxpr.eqns.find((e) => e.prim.name === name);
  if (eqn === undefined) throw new Error(`expected an application of ${name}, got ${jaxpr}`);
  const operands = eqn.inputs.map((a): SampleInput => {
    if (a instanceof Literal) return { shape: [], dtype: a.aval.dtype, values: [Number(a.value)], constant: true };
    const at = jaxpr.invars.indexOf(a);
    if (at < 0) throw new Error(`expected ${name} to be applied to the arguments themselves, got ${jaxpr}`);
    return inputs[at]!;
  });
  return new Case(eqn.prim, { inputs: operands, params: eqn.params, ...(skip && { skip }) }, index);
}

const dim = fc.constantFrom(0, 1, 1, 2, 2, 3, 3, 4);
const LIMIT = 48;

/** Dimensions, cut so that arrays stay small. */
function small(shape: readonly number[]): number[] {
  let size = 1;
  return shape.map((n) => {
    const kept = size * n > LIMIT ? 1 : n;
    size *= Math.max(kept, 1);
    return kept;
  });
}

const shapes = (minLength = 0, maxLength = 6) => fc.array(dim, { minLength, maxLength }).map(small);
const filled = (minLength = 0, maxLength = 6) => shapes(minLength, maxLength).map((s) => s.map((n) => Math.max(n, 1)));
const FLOATS = ['float32', 'float32', 'float32', 'complex64', 'bfloat16', 'float16'] as const;
const REALS = ['float32', 'float32', 'bfloat16', 'int32', 'uint8', 'int8'] as const;
const ANY = ['float32', 'float32', 'complex64', 'bfloat16', 'int32', 'uint8', 'bool'] as const;
const int = (max: number, min = 0) => fc.integer({ min, max: Math.max(min, max) });
const eachOf = <T>(xs: readonly T[]) => fc.constantFrom(...xs);
const permutation = (n: number) => fc.shuffledSubarray([...globalThis.Array(n).keys()], { minLength: n, maxLength: n });
const subset = (n: number, minLength = 0) => fc.subarray([...globalThis.Array(n).keys()], { minLength: Math.min(minLength, n) });
const perDim = <T>(shape: readonly number[], of: (n: number) => fc.Arbitrary<T>) => (shape.length === 0 ? fc.constant([] as T[]) : fc.tuple(...shape.map(of)));
const flags = (n: number) => fc.array(fc.boolean(), { minLength: n, maxLength: n });

type Unary = [name: string, f: (x: Array) => Array, dtypes: readonly string[], low?: number, high?: number];
const REAL = ['float32', 'float32', 'bfloat16', 'float16'] as const;
const unary: Unary[] = [
  ['sin', lax.sin, FLOATS], ['cos', lax.cos, FLOATS], ['tan', lax.tan, REAL, -1, 1], ['tanh', lax.tanh, FLOATS, -1, 1], ['sinh', lax.sinh, FLOATS], ['cosh', lax.cosh, FLOATS], ['exp', lax.exp, FLOATS],
  ['exp2', lax.exp2, REAL], ['expm1', lax.expm1, FLOATS, -1, 1], ['log', lax.log, FLOATS, 0.5, 2], ['log1p', lax.log1p, FLOATS, 0.5, 2], ['sqrt', lax.sqrt, FLOATS, 0.5, 2], ['rsqrt', lax.rsqrt, FLOATS, 0.5, 2], ['cbrt', lax.cbrt, REAL, 0.5, 2],
  ['asin', lax.asin, REAL, -0.8, 0.8], ['acos', lax.acos, REAL, -0.8, 0.8], ['atan', lax.atan, REAL], ['asinh', lax.asinh, REAL], ['acosh', lax.acosh, REAL, 1.5, 3], ['atanh', lax.atanh, REAL, -0.8, 0.8],
  ['logistic', lax.logistic, REAL], ['erf', lax.erf, REAL], ['erfc', lax.erfc, REAL], ['erf_inv', lax.erfInv, REAL, -0.8, 0.8], ['lgamma', lax.lgamma, REAL, 0.5, 3], ['digamma', lax.digamma, REAL, 0.5, 3],
  ['neg', lax.neg, ANY.filter((d) => d !== 'bool')], ['abs', lax.abs, ['float32', 'complex64', 'int32'], 0.25, 2], ['sign', lax.sign, ['float32', 'complex64', 'int32'], 1, 2], ['floor', lax.floor, REAL, 0.1, 0.9], ['ceil', lax.ceil, REAL, 0.1, 0.9],
  ['round', lax.round, REAL, 0.1, 0.4], ['is_finite', lax.isFinite, REAL], ['square', lax.square, ['float32', 'complex64', 'int32']], ['integer_pow', (x) => lax.integerPow(x, 3), ['float32', 'complex64', 'int32']],
  ['not', lax.bitwiseNot, ['bool', 'int32', 'uint8']], ['population_count', lax.populationCount, ['int32', 'uint8']], ['clz', lax.clz, ['int32', 'uint8'], 0, 100], ['real', lax.real, ['complex64']], ['imag', lax.imag, ['complex64']], ['conj', lax.conj, ['complex64']],
];
const NUMBERS = ANY.filter((d) => d !== 'bool');
const WHOLE = ['int32', 'uint8', 'bool'] as const;
type Binary = [name: string, f: (x: Array, y: Array) => Array, dtypes: readonly string[], low?: number, high?: number];
const binary: Binary[] = [
  ['add', lax.add, NUMBERS], ['sub', lax.sub, NUMBERS], ['mul', lax.mul, NUMBERS], ['div', lax.div, NUMBERS, 1, 3], ['rem', lax.rem, ['int32', 'uint8'], 1, 9], ['max', lax.max, REALS], ['min', lax.min, REALS], ['pow', lax.pow, ['float32'], 0.5, 2],
  ['atan2', lax.atan2, ['float32'], 0.5, 2], ['nextafter', lax.nextafter, ['float32']], ['eq', lax.eq, ANY], ['ne', lax.ne, ANY], ['lt', lax.lt, REALS], ['le', lax.le, REALS], ['gt', lax.gt, REALS], ['ge', lax.ge, REALS],
  ['and', lax.bitwiseAnd, WHOLE], ['or', lax.bitwiseOr, WHOLE], ['xor', lax.bitwiseXor, WHOLE], ['shift_left', lax.shiftLeft, ['int32', 'uint8'], 0, 5], ['shift_right_logical', lax.shiftRightLogical, ['int32', 'uint8'], 0, 5], ['complex', lax.complex, ['float32']],
];

const input = (shape: readonly number[], dtype: string, low?: number, high?: number): SampleInput => ({ shape, dtype, ...(low !== undefined && { low }), ...(high !== undefined && { high }) });

const elementwise: fc.Arbitrary<Drawn> = fc.oneof(
  fc.tuple(eachOf(unary), shapes(), fc.nat()).map(([[name, f, dtypes, low, high], shape, k]) => ({ name, f: f as Drawn['f'], inputs: [input(shape, dtypes[k % dtypes.length]!, low, high)] })),
  fc.tuple(eachOf(binary), shapes(), fc.nat()).map(([[name, f, dtypes, low, high], shape, k]) => {
    const x = input(shape, dtypes[k % dtypes.length]!, low, high);
    return { name, f: f as Drawn['f'], inputs: [x, x] };
  }),
  fc.tuple(shapes(), eachOf(ANY), fc.boolean(), int(3, 2)).map(([shape, dtype, byNumber, n]) => ({
    name: 'select_n', f: ((which: Array, ...cases: Array[]) => lax.selectN(which, ...cases)) as Drawn['f'],
    inputs: [byNumber ? { shape, dtype: 'int32', low: 0, high: n - 1 } : { shape, dtype: 'bool' }, ...new globalThis.Array<SampleInput>(byNumber ? n : 2).fill(input(shape, dtype))],
  })),
  fc.tuple(shapes(), eachOf(['float32', 'int32']), fc.boolean()).map(([shape, dtype, scalars]) => {
    const bound = (low: number) => input(scalars ? [] : shape, dtype, low, low);
    return { name: 'clamp', f: ((lo: Array, x: Array, hi: Array) => lax.clamp(lo, x, hi)) as Drawn['f'], inputs: [{ ...bound(-1), constant: true }, input(shape, dtype), { ...bound(1), constant: true }] };
  }),
  fc.tuple(shapes(), eachOf(['float32', 'complex64']), eachOf(['float32', 'bfloat16', 'int32', 'complex64'])).filter(([, from, to]) => from !== to && from !== 'complex64').map(([shape, from, to]) => ({
    name: 'convert_element_type', f: (x: Array) => lax.convertElementType(x, to as DType), inputs: [input(shape, from, 0.1, 0.9)],
  })),
);

const structural: fc.Arbitrary<Drawn> = fc.oneof(
  fc.tuple(shapes(2), eachOf(ANY)).chain(([shape, dtype]) => permutation(shape.length).map((p) => ({ name: 'transpose', f: (x: Array) => lax.transpose(x, p.every((d, i) => d === i) ? [...p].reverse() : p), inputs: [input(shape, dtype)] }))),
  fc.tuple(shapes(1), eachOf(ANY)).chain(([shape, dtype]) => subset(shape.length, 1).map((dims) => ({ name: 'rev', f: (x: Array) => lax.rev(x, dims), inputs: [input(shape, dtype)] }))),
  fc.tuple(shapes(1, 5), eachOf(ANY)).chain(([shape, dtype]) => permutation(shape.length).map((p) => ({ name: 'reshape', f: (x: Array) => lax.reshape(x, [1, ...p.map((d) => shape[d]!)]), inputs: [input(shape, dtype)] }))),
  fc.tuple(shapes(1, 5), eachOf(ANY)).chain(([out, dtype]) => fc.tuple(subset(out.length), flags(out.length)).map(([dims, ones]) => ({
    name: 'broadcast_in_dim', f: (x: Array) => lax.broadcastInDim(x, out, dims), inputs: [input(dims.map((d) => (ones[d] ? 1 : out[d]!)), dtype)],
  }))),
  fc.tuple(shapes(1, 4), eachOf(ANY), int(3, 2)).chain(([shape, dtype, n]) => fc.tuple(int(shape.length - 1), fc.array(int(3), { minLength: n, maxLength: n })).map(([d, sizes]) => ({
    name: 'concatenate', f: (...xs: Array[]) => lax.concatenate(xs, d), inputs: sizes.map((s) => input(shape.map((k, i) => (i === d ? s : k)), dtype)),
  }))),
  fc.tuple(shapes(1, 4), eachOf(ANY)).chain(([shape, dtype]) => perDim(shape, (n) => fc.tuple(int(2, -1), int(2, -1), int(2)).filter(([lo, hi, inner]) => n + lo + hi + Math.max(n - 1, 0) * inner >= 0)).map((config) => ({
    name: 'pad', f: (x: Array, v: Array) => lax.pad(x, v, config as never), inputs: [input(shape, dtype), input([], dtype)],
  }))),
  fc.tuple(shapes(1), eachOf(ANY)).chain(([shape, dtype]) => perDim(shape, (n) => fc.tuple(int(n), int(n), int(3, 1)).map(([a, b, s]) => [Math.min(a, b), Math.max(a, b), s] as const)).map((ranges) => ({
    name: 'slice', f: (x: Array) => lax.slice(x, ranges.map((r) => r[0]), ranges.map((r) => r[1]), { strides: ranges.map((r) => r[2]) }), inputs: [input(shape, dtype)],
  }))),
  fc.tuple(shapes(1, 4), eachOf(ANY)).chain(([shape, dtype]) => fc.tuple(perDim(shape, (n) => int(n)), perDim(shape, (n) => int(n + 1, -1))).map(([sizes, starts]) => ({
    name: 'dynamic_slice', f: (x: Array, ...at: Array[]) => lax.dynamicSlice(x, at, sizes, { allowNegativeIndices: false } as never),
    inputs: [input(shape, dtype), ...starts.map((s): SampleInput => ({ shape: [], dtype: 'int32', values: [s] }))],
  }))),
  fc.tuple(shapes(1, 4), eachOf(ANY)).chain(([shape, dtype]) => fc.tuple(perDim(shape, (n) => int(n)), perDim(shape, (n) => int(n + 1, -1))).map(([sizes, starts]) => ({
    name: 'dynamic_update_slice', f: (x: Array, u: Array, ...at: Array[]) => lax.dynamicUpdateSlice(x, u, at, { allowNegativeIndices: false } as never),
    inputs: [input(shape, dtype), input(sizes, dtype), ...starts.map((s): SampleInput => ({ shape: [], dtype: 'int32', values: [s] }))],
  }))),
);

type Reducer = [name: string, f: (x: Array, axes: readonly number[]) => Array, dtypes: readonly string[]];
const reducers: Reducer[] = [
  ['reduce_sum', lax.reduceSum, NUMBERS], ['reduce_prod', lax.reduceProd, ['float32', 'complex64', 'int32']], ['reduce_max', lax.reduceMax, REALS], ['reduce_min', lax.reduceMin, REALS], ['reduce_and', lax.reduceAnd, WHOLE], ['reduce_or', lax.reduceOr, WHOLE],
  ['reduce_xor', lax.reduceXor, WHOLE],
];
const running: [string, (x: Array, o: { axis: number; reverse: boolean }) => Array, readonly string[]][] = [
  ['cumsum', lax.cumsum, NUMBERS], ['cumprod', lax.cumprod, ['float32', 'int32']], ['cummax', lax.cummax, REALS], ['cummin', lax.cummin, REALS], ['cumlogsumexp', lax.cumlogsumexp, ['float32']],
];

const reductions: fc.Arbitrary<Drawn> = fc.oneof(
  fc.tuple(eachOf(reducers), shapes(1), fc.nat()).chain(([[name, f, dtypes], shape, k]) => subset(shape.length, 1).map((axes) => ({ name, f: (x: Array) => f(x, axes), inputs: [input(shape, dtypes[k % dtypes.length]!)] }))),
  fc.tuple(eachOf(running), shapes(1, 4), fc.nat(), fc.boolean()).chain(([[name, f, dtypes], shape, k, reverse]) => int(shape.length - 1).map((axis) => ({ name, f: (x: Array) => f(x, { axis, reverse }), inputs: [input(shape, dtypes[k % dtypes.length]!)] }))),
  fc.tuple(filled(1, 4), eachOf(REALS), fc.boolean()).chain(([shape, dtype, most]) => int(shape.length - 1).map((axis) => ({ name: most ? 'argmax' : 'argmin', f: (x: Array) => (most ? lax.argmax : lax.argmin)(x, axis, 'int32'), inputs: [input(shape, dtype)] }))),
);

const contractions: fc.Arbitrary<Drawn> = fc.tuple(shapes(0, 2), shapes(0, 2), shapes(0, 2), shapes(0, 2), eachOf(['float32', 'float32', 'complex64', 'int32', 'bfloat16'])).chain(([batch, contracted, left, right, dtype]) => {
  const [b, c] = [batch.length, contracted.length];
  return fc.tuple(permutation(b + c + left.length), permutation(b + c + right.length)).map(([p, q]) => {
    const side = (own: readonly number[], order: readonly number[]) => {
      const all = [...batch, ...contracted, ...own];
      const place = (i: number) => order.indexOf(i);
      return { shape: order.map((i) => all[i]!), batch: batch.map((_, i) => place(i)), contracting: contracted.map((_, i) => place(b + i)) };
    };
    const [l, r] = [side(left, p), side(right, q)];
    return { name: 'dot_general', f: (x: Array, y: Array) => lax.dotGeneral(x, y, [[l.contracting, r.contracting], [l.batch, r.batch]] as never), inputs: [input(l.shape, dtype), input(r.shape, dtype)] };
  });
});

interface Windows {
  shape: number[];
  sizes: number[];
  axes: number[];
  collapsed: number[];
  batch: number[];
  indices: number[];
  at: number[];
}

/** Windows of an array at indices, some of them out of bounds. */
const windows = (most: number): fc.Arbitrary<Windows> => fc.tuple(filled(1, 4), fc.array(int(most, 1), { maxLength: most === 1 ? 0 : 2 })).chain(([shape, batch]) => fc.tuple(
  fc.constant(shape), perDim(shape, (n) => int(n, 1)), subset(shape.length, 1).chain((axes) => fc.shuffledSubarray(axes, { minLength: axes.length, maxLength: axes.length })), flags(shape.length), fc.constant(batch),
  fc.array(int(5, -1), { minLength: 8, maxLength: 8 }),
).chain(([s, sizes, axes, drop, b, numbers]) => {
  const collapsed = s.flatMap((_, i) => (drop[i] && axes.includes(i) ? [i] : []));
  const kept = sizes.map((n, i) => (collapsed.includes(i) ? 1 : n));
  const rank = b.length + s.length - collapsed.length;
  const count = sizeOf(b) * axes.length;
  return fc.subarray([...globalThis.Array(rank).keys()], { minLength: s.length - collapsed.length, maxLength: s.length - collapsed.length }).map((at) => ({ shape: s, sizes: kept, axes, collapsed, batch: b, at, indices: globalThis.Array.from({ length: count }, (_, i) => numbers[i % 8]! % (s[axes[i % axes.length]!]! + 1)) }));
}));

const indexing: fc.Arbitrary<Drawn> = fc.oneof(
  fc.tuple(windows(3), eachOf(['float32', 'complex64', 'int32', 'bool']), eachOf(['clip', 'fill'])).map(([w, dtype, mode]) => ({
    name: 'gather', f: (x: Array, i: Array) => lax.gather(x, i, { offsetDims: w.at, collapsedSliceDims: w.collapsed, startIndexMap: w.axes } as never, w.sizes, { mode }),
    inputs: [input(w.shape, dtype), { shape: [...w.batch, w.axes.length], dtype: 'int32', values: w.indices }],
  })),
  fc.tuple(eachOf([['scatter', lax.scatter], ['scatter-add', lax.scatterAdd], ['scatter-mul', lax.scatterMul], ['scatter-min', lax.scatterMin], ['scatter-max', lax.scatterMax]] as const), windows(1), windows(3), eachOf(['float32', 'int32']), eachOf(['clip', 'fill'])).map(([[name, f], one, many, dtype, mode]) => {
    // Only sums are the same in any order where windows overlap.
    const w = name === 'scatter-add' ? many : one;
    const inner = w.sizes.filter((_, i) => !w.collapsed.includes(i));
    const shape: number[] = [];
    let [k, j] = [0, 0];
    for (let d = 0; d < w.batch.length + inner.length; d++) shape.push(w.at.includes(d) ? inner[k++]! : w.batch[j++]!);
    return {
      name, f: (x: Array, i: Array, u: Array) => f(x, i, u, { updateWindowDims: w.at, insertedWindowDims: w.collapsed, scatterDimsToOperandDims: w.axes } as never, { mode, uniqueIndices: name === 'scatter-mul' }),
      inputs: [input(w.shape, dtype), { shape: [...w.batch, w.axes.length], dtype: 'int32', values: w.indices }, input(shape, dtype)],
    };
  }),
);

const orders: fc.Arbitrary<Drawn> = fc.oneof(
  fc.tuple(shapes(1, 4), fc.array(eachOf(['float32', 'int32']), { minLength: 1, maxLength: 3 })).chain(([shape, dtypes]) => fc.tuple(int(shape.length - 1), int(dtypes.length, 1)).map(([dimension, numKeys]) => ({
    name: 'sort', f: (...xs: Array[]) => lax.sort(xs, { dimension, numKeys }), inputs: dtypes.map((d) => input(shape, d)),
  }))),
  fc.tuple(filled(1, 4), eachOf(['float32', 'int32'])).chain(([shape, dtype]) => int(shape.at(-1)!).map((k) => ({ name: 'top_k', f: (x: Array) => lax.topK(x, k), inputs: [input(shape, dtype)] }))),
);

const sliding: fc.Arbitrary<Drawn> = fc.tuple(filled(1, 3), eachOf([['reduce_window_sum', lax.add, 0], ['reduce_window_max', lax.max, -Infinity], ['reduce_window_min', lax.min, Infinity]] as const)).chain(([shape, [name, op, init]]) => perDim(shape, (n) => fc.record({ window: int(3, 1), stride: int(2, 1), lo: int(1), hi: int(1), base: int(2, 1), dilation: int(2, 1) })
  .filter((w) => (n - 1) * w.base + 1 + w.lo + w.hi >= (w.window - 1) * w.dilation + 1)).map((ws) => ({
  name, f: (x: Array) => lax.reduceWindow(x, init, op as never, ws.map((w) => w.window), { windowStrides: ws.map((w) => w.stride), padding: ws.map((w) => [w.lo, w.hi] as const), baseDilation: ws.map((w) => w.base), windowDilation: ws.map((w) => w.dilation) }) as unknown as Array,
  inputs: [input(shape, 'float32')],
})));

const convolutions: fc.Arbitrary<Drawn> = fc.tuple(int(2, 1), int(3, 1), int(2, 1), int(3, 1), int(2)).chain(([groups, batch, features, outputs, rank]) => fc.array(fc.record({ n: int(4, 2), k: int(2, 1), stride: int(2, 1), lo: int(1), hi: int(1), base: int(2, 1), dilation: int(2, 1) }), { minLength: rank, maxLength: rank })
  .filter((ws) => ws.every((w) => (w.n - 1) * w.base + 1 + w.lo + w.hi >= (w.k - 1) * w.dilation + 1)).map((ws) => ({
    name: 'conv_general_dilated',
    f: (x: Array, y: Array) => lax.convGeneralDilated(x, y, ws.map((w) => w.stride), ws.map((w) => [w.lo, w.hi] as const), { lhsDilation: ws.map((w) => w.base), rhsDilation: ws.map((w) => w.dilation), featureGroupCount: groups }),
    inputs: [input([batch, groups * features, ...ws.map((w) => w.n)], 'float32'), input([groups * outputs, features, ...ws.map((w) => w.k)], 'float32')],
  })));

/** Calls by family. */
export const families: Record<string, fc.Arbitrary<Drawn>> = { elementwise, structural, reductions, contractions, indexing, orders, sliding, convolutions };

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 1, -1.5, 3e38, 1e-40];

/** Calls on values that are no ordinary numbers. */
export const special: fc.Arbitrary<Drawn> = fc.tuple(fc.oneof(elementwise, reductions, orders, structural), fc.array(eachOf(SPECIAL), { minLength: 7, maxLength: 7 })).map(([d, values]) => ({
  ...d, inputs: d.inputs.map((x, i) => (isReal(x.dtype) && x.values === undefined && !x.constant ? { ...x, values: [...values.slice(i), ...values.slice(0, i)] } : x)),
})).filter((d) => d.inputs.some((x) => x.values !== undefined && isReal(x.dtype)));

function isReal(dtype: string): boolean {
  return dtypeKind(dtype as DType) === 'float';
}

/** Laws that say something of a call: those of derivatives only where there is something to differentiate. */
export function lawsOf(d: Drawn): Law[] {
  const floats = d.inputs.some((x) => x.shape.every((n) => n > 0) && isDifferentiable(fill(x, x.dtype as DType, () => 0).aval));
  return floats ? ['jit', 'vmap', 'jvp', 'grad', 'second'] : ['jit', 'vmap'];
}
