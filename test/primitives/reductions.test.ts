import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import { type Array, ConcreteArray } from '../../lib/core/array';
import { ShapedArray } from '../../lib/core/aval';
import type { DType } from '../../lib/core/dtype';
import { backend } from '../../lib/core/backend';
import { ArgumentError, DtypeError, ShapeError } from '../../lib/core/errors';
import { type Complex, encode } from '../../lib/core/hostFormat';
import { DifferentiationError, jvpFlat } from '../../lib/interpreters/jvp';
import { lowerJaxpr } from '../../lib/interpreters/compile';
import { linearizeFlat } from '../../lib/interpreters/partial';
import { stage } from '../../lib/interpreters/stage';
import { backwardPass } from '../../lib/interpreters/transpose';
import { cumlogsumexp, cummax, cummin, cumprod, cumsum } from '../../lib/primitives/cumulative';
import { add, ge as holds, mul } from '../../lib/primitives/elementwise';
import { argmax, argmin, computationJaxpr, reduce, reduceAnd, reduceMax, reduceMin, reduceOr, reduceProd, reduceXor, soleOperation } from '../../lib/primitives/reduction';
import { selectAndScatter, selectAndScatterAdd } from '../../lib/primitives/selectAndScatter';
import { sort, topK } from '../../lib/primitives/sort';
import { scalar } from '../../lib/primitives/structural';
import { reduceWindow, reduceWindowMax, reduceWindowMin, reduceWindowSum } from '../../lib/primitives/window';
import type { WindowParams } from '../../lib/primitives/windowGeometry';
import { lowerToStableHlo } from '../../lib/stablehlo';
import { numbersFrom } from '../support/numbers';
import { pinned } from '../support/pinned';

type Packed = [number[], string, (number | string)[]];
type Arguments = WindowParams & { axes: number[]; axis: number; reverse: boolean; dimension: number; isStable: boolean; numKeys: number; k: number };
interface Case { f: string; in: Packed[]; a: Arguments; out: Packed[]; ct?: Packed; grad?: Packed }

const value = (v: number | string): number => (typeof v === 'number' ? v : { nan: Number.NaN, inf: Infinity, '-inf': -Infinity, '-0': -0 }[v]!);

function unpack([shape, dtype, values]: Packed): Array {
  const flat = values.map(value);
  const complex = flat.length / 2;
  const data = dtype.startsWith('complex') ? globalThis.Array.from({ length: complex }, (_, i): Complex => ({ re: flat[2 * i]!, im: flat[2 * i + 1]! })) : flat;
  return ConcreteArray.fromHost(encode(data as number[], dtype as DType), new ShapedArray(shape, dtype as DType));
}

const vector = (values: number[]) => unpack([[values.length], 'float32', values]);

function parts(x: Array): number[] {
  const view = x.dataSync();
  return globalThis.Array.from({ length: x.size }, (_, i) => view.at(i) as number | Complex).flatMap((v) => (typeof v === 'object' ? [v.re, v.im] : [Number(v)]));
}

function expectSame(what: string, x: Array, [shape, dtype, values]: Packed): void {
  expect([what, x.shape, x.dtype]).toEqual([what, shape, dtype]);
  const wanted = values.map(value);
  parts(x).forEach((a, i) => {
    const w = wanted[i]!;
    const close = Object.is(a, w) || a === w || Math.abs(a - w) <= 2e-6 * Math.max(1, Math.abs(w));
    if (!close) throw new Error(`${what}: element ${i} is ${a}, JAX gives ${w}`);
  });
}

const product = computationJaxpr(([a, b]) => [mul(a!, b!)], ['float32']);

const functions: Record<string, (xs: Array[], a: Arguments) => Array[]> = {
  reduceMax: ([x], a) => [reduceMax(x!, a.axes)], reduceMin: ([x], a) => [reduceMin(x!, a.axes)], reduceProd: ([x], a) => [reduceProd(x!, a.axes)],
  reduceAnd: ([x], a) => [reduceAnd(x!, a.axes)], reduceOr: ([x], a) => [reduceOr(x!, a.axes)], reduceXor: ([x], a) => [reduceXor(x!, a.axes)],
  argmax: ([x], a) => [argmax(x!, a.axis)], argmin: ([x], a) => [argmin(x!, a.axis)],
  cumsum: ([x], a) => [cumsum(x!, a.axis, a.reverse)], cumprod: ([x], a) => [cumprod(x!, a.axis, a.reverse)], cummax: ([x], a) => [cummax(x!, a.axis, a.reverse)],
  cummin: ([x], a) => [cummin(x!, a.axis, a.reverse)], cumlogsumexp: ([x], a) => [cumlogsumexp(x!, a.axis, a.reverse)],
  reduceWindowSum: ([x], a) => [reduceWindowSum(x!, a.windowDimensions, a)], reduceWindowMax: ([x], a) => [reduceWindowMax(x!, a.windowDimensions, a)],
  reduceWindowMin: ([x], a) => [reduceWindowMin(x!, a.windowDimensions, a)],
  reduceWindow: ([x], a) => reduceWindow([x!], [scalar(1, 'float32')], product, a.windowDimensions, a),
  sort: (xs, a) => sort(xs, { dimension: a.dimension, isStable: a.isStable, numKeys: a.numKeys }), topK: ([x], a) => topK(x!, a.k, a.axis),
};

function gradient(f: (x: Array) => Array, x: Array, ct: Array): Array {
  const l = linearizeFlat(([a]) => [f(a!)], [x], [true]);
  return backwardPass(l.jaxpr, l.consts, l.jaxpr.invars, [ct])[0]!;
}

const { cases } = JSON.parse(readFileSync(join(__dirname, '../fixtures/reductions.json'), 'utf8')) as { cases: Case[] };

test.each([...new Set(cases.map((c) => c.f))])('%s gives what JAX gives, derivatives included', (name) => {
  cases.filter((c) => c.f === name).forEach((c, i) => {
    const what = `${name}, case ${i}`;
    const xs = c.in.map(unpack);
    functions[name]!(xs, c.a).forEach((x, k) => expectSame(`${what}, result ${k}`, x, c.out[k]!));
    if (c.grad) expectSame(`${what}, gradient`, gradient((x) => functions[name]!([x, ...xs.slice(1)], c.a)[0]!, xs[0]!, unpack(c.ct!)), c.grad);
  });
});

test('argmax and argmin of rows find the first of equal elements in each, or the first NaN', () => {
  const [rows, columns] = [150, 64];
  const values = Float32Array.from(numbersFrom(3, rows * columns), (v, i) => (i % 977 === 500 ? Number.NaN : Math.round(v * 20)));
  const first = (row: number, better: (a: number, b: number) => boolean) => {
    const at = [...values.subarray(row * columns, (row + 1) * columns)];
    const nan = at.findIndex(Number.isNaN);
    return nan >= 0 ? nan : at.reduce((best, v, i) => (better(v, at[best]!) ? i : best), 0);
  };
  const x = unpack([[rows, columns], 'float32', [...values]]);
  const every = globalThis.Array.from({ length: rows }, (_, r) => r);
  expect(parts(argmax(x, 1))).toEqual(every.map((r) => first(r, (a, b) => a > b)));
  expect(parts(argmin(x, 1))).toEqual(every.map((r) => first(r, (a, b) => a < b)));
});

test('argmax and argmin of long axes find the first extreme, or the first NaN', () => {
  const values = globalThis.Array.from({ length: 6000 }, (_, i) => i % 7);
  const at = (changes: [number, number][]) => vector(values.map((v, i) => changes.find(([k]) => k === i)?.[1] ?? v));
  expect(argmax(at([[2500, 9], [3100, 9]]), 0).item()).toBe(2500);
  expect(argmin(at([[2500, -9], [3100, -9]]), 0).item()).toBe(2500);
  expect(argmax(at([[2500, 9], [4000, Number.NaN], [4500, Number.NaN]]), 0).item()).toBe(4000);
  expect(argmin(at([[4000, Number.NaN], [4500, Number.NaN]]), 0).item()).toBe(4000);
});

test('a long running sum rounds little, and short floats are summed in float32', () => {
  const n = 20000;
  const ones = unpack([[n], 'bfloat16', new globalThis.Array<number>(n).fill(1)]);
  expect(parts(cumsum(ones, 0))[n - 1]).toBe(19968);
  const tenth = parts(cumsum(vector(new globalThis.Array<number>(n).fill(0.1)), 0));
  let oneByOne = 0;
  for (let i = 0; i < n; i++) oneByOne = Math.fround(oneByOne + Math.fround(0.1));
  const error = (v: number) => Math.abs(v - n * Math.fround(0.1));
  expect(error(tenth[n - 1]!)).toBeLessThan(error(oneByOne) / 5);
  expect(parts(cumsum(vector([...new globalThis.Array<number>(4999).fill(0), 1, 2]), 0, true)).slice(-3)).toEqual([3, 3, 2]);
});

test('the pooling gradient made position by position is that of XLA\'s operation, ties, NaN and infinities included', () => {
  const choose = computationJaxpr(([a, b]) => [holds(a!, b!)], ['float32']);
  const combine = computationJaxpr(([a, b]) => [add(a!, b!)], ['float32']);
  let seed = 1;
  const draw = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return [0, 1, 1, 2, Number.NaN, -Infinity, Infinity, 3][(seed >> 16) & 7]!;
  };
  for (const [windowStrides, shape] of [[[2, 2], [3, 4]], [[3, 2], [2, 4]], [[1, 1], [6, 7]]] as const) {
    const w = { windowDimensions: [2, 2], windowStrides, padding: [[0, 0], [0, 0]] as const };
    const x = unpack([[7, 8], 'float32', globalThis.Array.from({ length: 56 }, draw)]);
    const source = unpack([[...shape], 'float32', globalThis.Array.from({ length: shape[0] * shape[1] }, (_, i) => i + 1)]);
    expect(parts(selectAndScatterAdd(source, x, 'ge', w))).toEqual(parts(selectAndScatter(x, source, scalar(0, 'float32'), choose, combine, w)));
  }
  const text = (n: number) => lowerJaxpr(stage(([s, x]) => [selectAndScatterAdd(s!, x!, 'ge', { windowDimensions: [n], windowStrides: [n], padding: [[0, 0]] })], [new ShapedArray([2], 'float32'), new ShapedArray([2 * n], 'float32')]).jaxpr, { name: 'f' });
  expect(text(2)).not.toContain('select_and_scatter');
  expect(text(64)).toContain('select_and_scatter');
});

test('a reduction by any computation includes its initial value, and its derivative agrees', () => {
  const x = vector([2, 3, 4]);
  const f = (a: Array) => reduce([a], [scalar(10, 'float32')], product, [0])[0]!;
  expect(f(x).item()).toBe(240);
  const r = jvpFlat(([a]) => [f(a!)], [x], [vector([1, 0, 0])]);
  expect([r.outs[0]!.item(), r.tangents[0]!.item()]).toEqual([240, 120]);
  expect(() => jvpFlat(([i]) => reduce([x], [i!], product, [0]), [scalar(1, 'float32')], [scalar(1, 'float32')])).toThrow(DifferentiationError);
});

test('a computation of one operation is recognised', () => {
  expect(soleOperation(product)).toBe('mul');
  expect(soleOperation(computationJaxpr(([a, b]) => [add(b!, a!)], ['float32']))).toBe('add');
  expect(soleOperation(computationJaxpr(([a]) => [add(a!, a!)], ['float32']))).toBeNull();
  expect(soleOperation(computationJaxpr(([a, b]) => [mul(add(a!, b!), b!)], ['float32']))).toBeNull();
});

test('wrong arguments are named', () => {
  const x = vector([1, 2, 3]);
  expect(() => reduceMax(x, [1])).toThrow(ShapeError);
  expect(() => reduceMax(x, [0, 0])).toThrow(ArgumentError);
  expect(() => reduceAnd(x, [0])).toThrow(/reduce_and: does not accept f32\[3\]/);
  expect(() => reduceProd(unpack([[1], 'bool', [1]]), [0])).toThrow(DtypeError);
  expect(() => argmax(vector([]), 0)).toThrow(/axis 0 of f32\[0\] is empty/);
  expect(() => argmax(x, 0, 'float32')).toThrow(DtypeError);
  expect(() => cumsum(x, 1)).toThrow(ShapeError);
  expect(() => cumlogsumexp(unpack([[1], 'int32', [1]]), 0)).toThrow(DtypeError);
  expect(() => reduceWindowSum(x, [1, 1])).toThrow(ShapeError);
  expect(() => reduceWindowSum(x, [0])).toThrow(ArgumentError);
  expect(() => reduceWindow([x], [scalar(1, 'int32')], product, [2])).toThrow(DtypeError);
  expect(() => reduce([x], [scalar(1, 'float32')], computationJaxpr(([a, b]) => [add(a!, b!)], ['int32']), [0])).toThrow(ArgumentError);
  expect(() => selectAndScatterAdd(x, x, 'ge', { windowDimensions: [2], windowStrides: [2], padding: [[0, 0]] })).toThrow(/expected a source of shape \[1\]/);
  expect(() => sort([x, vector([1])])).toThrow(ShapeError);
  expect(() => sort([x], { numKeys: 2 })).toThrow(ArgumentError);
  expect(() => topK(x, 4)).toThrow(ArgumentError);
});

test('a padded window has room for a whole window only', () => {
  expect(reduceWindowMax(vector([1]), [3]).shape).toEqual([0]);
  expect(reduceWindowSum(vector([]), [2], { padding: [[1, 1]] }).shape).toEqual([1]);
  // More is cut off than there is: no windows, and no tangents.
  const cut = jvpFlat(([x]) => reduceWindow([x!], [scalar(1, 'float32')], product, [2], { padding: [[-7, 0]] }), [vector([1, 2, 3])], [vector([1, 1, 1])]);
  expect([cut.outs[0]!.shape, cut.tangents[0]]).toEqual([[0], null]);
});

test('the largest and smallest of long rows, in lanes or not, are those of a loop, and NaN wins', () => {
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return Math.fround(seed / 2147483647 - 0.5);
  };
  for (const [shape, axes] of [[[64, 64], [1]], [[2, 8, 32, 16], [2, 3]], [[2, 8, 32, 16], [3, 2, 1, 0]], [[4, 1040], [1]], [[40, 104], [1]], [[64, 100], [1]], [[64, 64], [0]], [[64, 8, 16], [1]]] as const) {
    const size = shape.reduce((a: number, b) => a * b, 1);
    const values = globalThis.Array.from({ length: size }, random);
    if (pinned) for (const at of [3, size >> 1, size - 1]) values[at] = Number.NaN;
    const kept = shape.map((_, d) => d).filter((d) => !(axes as readonly number[]).includes(d));
    const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a: number, b) => a * b, 1));
    const rows = new Map<number, number[]>();
    values.forEach((v, i) => {
      const row = kept.reduce((r, d) => r * shape[d]! + Math.floor(i / strides[d]!) % shape[d]!, 0);
      rows.set(row, [...(rows.get(row) ?? []), v]);
    });
    const x = unpack([[...shape], 'float32', values.map((v) => (Number.isNaN(v) ? 'nan' : v))]);
    expect(parts(reduceMax(x, axes))).toEqual([...rows.values()].map((r) => Math.max(...r)));
    expect(parts(reduceMin(x, axes))).toEqual([...rows.values()].map((r) => Math.min(...r)));
  }
});

test.each([
  ['two dimensions', [2, 6, 4, 3], [1, 2, 2, 1], { windowStrides: [1, 2, 2, 1] }, true],
  ['a rest, and places between windows', [11, 7], [3, 2], { windowStrides: [4, 2] }, true],
  ['windows that overlap', [7], [3], { windowStrides: [2] }, false],
  ['padding', [6], [2], { windowStrides: [2], padding: [[1, 1]] }, false],
  ['holes in the window', [8], [2], { windowStrides: [4], windowDilation: [2] }, false],
  ['holes in the array', [4], [2], { windowStrides: [2], baseDilation: [2] }, false],
  ['no window fits', [1], [3], { windowStrides: [3] }, false],
] as const)('on CPUs windows that lie apart are taken as slices, with the same result: %s', (_, shape, window, options, apart) => {
  const size = shape.reduce((a: number, b) => a * b, 1);
  const x = unpack([[...shape], 'float32', globalThis.Array.from({ length: size }, (_v, i) => ((i * 7) % 11) - 5)]) as ConcreteArray;
  for (const f of [reduceWindowMax, reduceWindowMin, reduceWindowSum]) {
    const { jaxpr } = stage(([v]) => [f(v!, window, options)], [x.aval]);
    const run = (platform: string) => {
      const { text } = lowerToStableHlo(jaxpr, { name: 'f', platform });
      const [out] = backend().client.compileSync(text).execute([x.buffer]);
      return { slices: !text.includes('stablehlo.reduce_window'), values: parts(new ConcreteArray(jaxpr.outvars[0]!.aval, out!)) };
    };
    const [here, there] = [run('cpu'), run('cuda')];
    expect([here.slices, there.slices]).toEqual([apart, false]);
    expect(here.values).toEqual(there.values);
  }
});

test('NaN is the largest and smallest of windows that lie apart, as in JAX', () => {
  const x = vector([1, Number.NaN, 2, 3, Number.NaN, -1]);
  for (const f of [reduceWindowMax, reduceWindowMin]) expect(parts(f(x, [2], { windowStrides: [2] })).map(Number.isNaN)).toEqual([true, false, true]);
});
