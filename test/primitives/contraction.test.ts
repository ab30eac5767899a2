import { readFileSync } from 'node:fs';
import path from 'node:path';
import { config } from '../../lib/core/config';
import { type Array, ConcreteArray } from '../../lib/core/array';
import { backend } from '../../lib/core/backend';
import { ShapedArray } from '../../lib/core/aval';
import { DtypeError, ShapeError } from '../../lib/core/errors';
import { convDimensionNumbers, convGeneralDilated } from '../../lib/primitives/convolution';
import { dotGeneral } from '../../lib/primitives/dot';
import { stage } from '../../lib/interpreters/stage';
import { lowerToStableHlo } from '../../lib/stablehlo';
import { expectPacked, expectPrinted, numbers, type Packed, unpack, vjp } from '../support/cases';

interface Case { f: string; in: Packed[]; o: Record<string, unknown>; out: Packed; ct?: number[]; vjp?: Packed[] }
const all = (JSON.parse(readFileSync(path.join(__dirname, '../fixtures/contraction.json'), 'utf8')) as { cases: Case[] }).cases;
const title = (c: Case) => `${c.in.map(([shape, dtype]) => `${dtype}[${shape}]`).join(' ')} ${JSON.stringify(c.o)}`;

function check(f: string, apply: (xs: ReturnType<typeof unpack>[], o: Record<string, unknown>) => ReturnType<typeof unpack>): void {
  test.each(all.filter((c) => c.f === f).map((c) => [title(c), c] as const))(`${f} gives JAX's values and cotangents: %s`, (_, c) => {
    const xs = c.in.map(unpack);
    expectPacked(apply(xs, c.o), c.out);
    if (c.ct) vjp((args) => apply(args, c.o), xs, [true, true], unpack([c.out[0], c.out[1], c.ct])).forEach((g, i) => expectPacked(g!, c.vjp![i]!));
  });
}

check('dotGeneral', ([x, y], o) => dotGeneral(x!, y!, o as never));
check('convGeneralDilated', ([x, y], o) => convGeneralDilated(x!, y!, o as never));

const matmul = [[[1], [0]], [[], []]] as const;
const x = () => unpack([[2, 3], 'float32', [1, 2, 3, 4, 5, 6]]);
const y = () => unpack([[3, 2], 'float32', [1, 0, 0, 1, 2, 2]]);

test('dotGeneral takes every form of precision, and those of the configuration', () => {
  for (const precision of ['highest', 'high', ['default', 'highest'], null, 'F32_F32_F32', 'BF16_BF16_F32', 'BF16_BF16_F32_X3', 'DEFAULT'] as const) {
    expect(numbers(dotGeneral(x(), y(), { dimensionNumbers: matmul, precision }))).toEqual([7, 8, 16, 17]);
  }
  expect(() => dotGeneral(x(), y(), { dimensionNumbers: matmul, precision: 'most' })).toThrow(/expected precision to be .* got "most"/);
  expect(() => dotGeneral(x(), y(), { dimensionNumbers: matmul, precision: 'TF32_TF32_F32' })).toThrow('TF32_TF32_F32 is not supported on CPU');
  config.defaultMatmulPrecision = 'most';
  try {
    expect(() => dotGeneral(x(), y(), { dimensionNumbers: matmul })).toThrow(/got "most"/);
  } finally {
    config.defaultMatmulPrecision = null;
  }
});

test('operands that do not fit are named', () => {
  expect(() => dotGeneral(x(), x(), { dimensionNumbers: matmul })).toThrow(ShapeError);
  expect(() => dotGeneral(x(), x(), { dimensionNumbers: matmul })).toThrow('expected contracting dimensions of equal sizes, got 3 (dimension 1 of f32[2,3]) and 2 (dimension 0 of f32[2,3])');
  expect(() => dotGeneral(x(), y(), { dimensionNumbers: [[[2], [0]], [[], []]] })).toThrow('dimension 2 is not one of the 2 of the first operand f32[2,3]');
  expect(() => dotGeneral(x(), y(), { dimensionNumbers: [[[1], [0]], [[1], [0]]] })).toThrow('distinct dimensions');
  expect(() => dotGeneral(x(), y(), { dimensionNumbers: [[[1], [0]], [[0], []]] })).toThrow('as many batch dimensions');
  const i = unpack([[2, 3], 'int32', [1, 2, 3, 4, 5, 6]]);
  expect(() => dotGeneral(i, i, { dimensionNumbers: [[[1], [1]], [[], []]], preferredElementType: 'int8' })).toThrow(DtypeError);
});

test('layouts of convolutions are read from letters', () => {
  expect(convDimensionNumbers(4, ['NHWC', 'HWIO', 'CWHN'])).toEqual({ lhsSpec: [0, 3, 1, 2], rhsSpec: [3, 2, 0, 1], outSpec: [3, 0, 2, 1] });
  expect(convDimensionNumbers(3, null)).toEqual({ lhsSpec: [0, 1, 2], rhsSpec: [0, 1, 2], outSpec: [0, 1, 2] });
  expect(() => convDimensionNumbers(4, ['NHWC', 'HWIO', 'NHHC'])).toThrow('expected the result\'s layout to be 4 different letters with N and C among them, got "NHHC"');
  expect(() => convDimensionNumbers(4, ['NHWC', 'HWIO', 'NHDC'])).toThrow('same letters for space');
});

test('convolutions that do not fit are named', () => {
  const input = () => unpack([[1, 2, 3], 'float32', [1, 2, 3, 4, 5, 6]]);
  const kernel = () => unpack([[2, 2, 1], 'float32', [1, 2, 3, 4]]);
  const o = { windowStrides: [1], padding: [[0, 0]] as [number, number][] };
  expect(numbers(convGeneralDilated(input(), kernel(), o))).toEqual([9, 12, 15, 19, 26, 33]);
  expect(() => convGeneralDilated(input(), kernel(), { ...o, featureGroupCount: 2 })).toThrow('expected the 2 features of the input f32[1,2,3] to be featureGroupCount 2 times the 2 input features of the kernel f32[2,2,1]');
  expect(() => convGeneralDilated(input(), kernel(), { ...o, padding: [[-2, -2]] })).toThrow(ShapeError);
  expect(() => convGeneralDilated(input(), kernel(), { ...o, windowStrides: [0] })).toThrow('expected windowStrides to be 1 positive integers, got [0]');
  expect(() => convGeneralDilated(input(), kernel(), { ...o, preferredElementType: 'bfloat16' })).toThrow(DtypeError);
  expect(() => convGeneralDilated(input(), kernel(), { ...o, precision: 'F32_F32_F32' })).toThrow('algorithms are for dotGeneral');
});

test('equations are printed as JAX prints them', () => {
  expectPrinted('dot_general', ([a, b]) => dotGeneral(a!, b!, { dimensionNumbers: matmul }), 'float32[3,4]', 'float32[4,2]');
  expectPrinted('dot_general precision', ([a, b]) => dotGeneral(a!, b!, { dimensionNumbers: matmul, precision: 'highest', preferredElementType: 'float32' }), 'float32[3,4]', 'float32[4,2]');
  expectPrinted('conv', ([a, b]) => convGeneralDilated(a!, b!, { windowStrides: [1, 1], padding: [[0, 1], [0, 1]] }), 'float32[1,1,4,4]', 'float32[1,1,2,2]');
});

/** Whole numbers that are no constant along any dimension. */
function wavy(shape: number[]): Array {
  const n = shape.reduce((a, b) => a * b, 1);
  return ConcreteArray.fromHost(Float32Array.from({ length: n }, (_, i) => ((i * 7) % 11) - 5), new ShapedArray(shape, 'float32'));
}

const nhwc = convDimensionNumbers(4, ['NHWC', 'HWIO', 'NHWC']);
const forms = {
  'patches, strided': [[2, 6, 5, 2], [3, 2, 2, 4], { windowStrides: [2, 1] }],
  'patches, with holes in the window': [[1, 6, 5, 2], [2, 3, 2, 3], { rhsDilation: [2, 1] }],
  'element by element, one feature in, with holes in the window': [[2, 6, 5, 1], [2, 3, 1, 3], { rhsDilation: [2, 1] }],
  'element by element, one feature in, strided': [[2, 6, 5, 1], [3, 3, 1, 4], { windowStrides: [2, 1] }],
  'element by element, two features in and three out of each group': [[2, 5, 4, 6], [2, 3, 2, 9], { featureGroupCount: 3, windowStrides: [1, 2] }],
  'element by element, with holes in the input': [[1, 3, 4, 2], [2, 2, 1, 2], { featureGroupCount: 2, lhsDilation: [2, 1], rhsDilation: [1, 2] }],
  'group by group': [[1, 4, 3, 24], [2, 2, 8, 24], { featureGroupCount: 3 }],
  'groups of the batch': [[6, 4, 5, 2], [3, 2, 2, 6], { batchGroupCount: 3 }],
  'groups of the batch by position': [[66, 5, 4, 3], [4, 3, 3, 66], { batchGroupCount: 33, windowStrides: [2, 1], rhsDilation: [1, 2], lhsDilation: [1, 2] }],
} as const;

test.each(Object.entries(forms))('on CPUs another form gives what the operation gives: %s', (_, [xs, ys, o]) => {
  const [x, y] = [wavy([...xs]), wavy([...ys])];
  const apply = ([a, b]: Array[]) => [convGeneralDilated(a!, b!, { windowStrides: [1, 1], padding: [[1, 0], [2, 1]], dimensionNumbers: nhwc, ...o })];
  const { jaxpr } = stage(apply, [x.aval, y.aval]);
  const run = (platform: string) => {
    const { text } = lowerToStableHlo(jaxpr, { name: 'f', platform });
    const outs = backend().client.compileSync(text).execute([(x as ConcreteArray).buffer, (y as ConcreteArray).buffer]);
    return { op: (text.match(/stablehlo\.convolution"?\(.*_group_count/g) ?? []).length, values: numbers(new ConcreteArray(jaxpr.outvars[0]!.aval, outs[0]!)) };
  };
  const [here, there] = [run('cpu'), run('cuda')];
  expect(there.op).toBe(1);
  expect(here.op).not.toBe(1);
  expect(here.values).toEqual(there.values);
  expect(new Set(here.values).size).toBeGreaterThan(3);
});

test.each([
  ['int32', 'int32', {}], ['int8', 'int32', { preferredElementType: 'int32', windowStrides: [2, 1] }], ['uint8', 'float32', { preferredElementType: 'float32' }],
  ['int32', 'int32', { featureGroupCount: 2, rhsDilation: [1, 2] }], ['int16', 'int16', { batchGroupCount: 2, lhsDilation: [2, 1] }],
] as const)('on GPUs another form of a convolution of %s gives what the operation gives: to %s with %j', (from, to, o) => {
  const groups = 'featureGroupCount' in o;
  const whole = (shape: number[]) => unpack([shape, from, globalThis.Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => (i * 7) % 11 - (from === 'uint8' ? 0 : 5))]);
  const [x, y] = [whole([2, 6, 5, groups ? 4 : 2]), whole([3, 2, 2, 4])];
  const { jaxpr } = stage(([a, b]) => [convGeneralDilated(a!, b!, { windowStrides: [1, 1], padding: [[1, 0], [2, 1]], dimensionNumbers: nhwc, ...o })], [x.aval, y.aval]);
  const run = (platform: string) => {
    const { text } = lowerToStableHlo(jaxpr, { name: 'f', platform });
    const outs = backend().client.compileSync(text).execute([(x as ConcreteArray).buffer, (y as ConcreteArray).buffer]);
    return { whole: /stablehlo\.convolution[^\n]*\(tensor<[\dx]+x(ui|i)\d+>, tensor/.test(text), values: numbers(new ConcreteArray(jaxpr.outvars[0]!.aval, outs[0]!)) };
  };
  const [here, there] = [run('cpu'), run('cuda')];
  expect(jaxpr.outvars[0]!.aval.dtype).toBe(to);
  expect([here.whole, there.whole]).toEqual([true, false]);
  expect(there.values).toEqual(here.values);
  expect(new Set(here.values).size).toBeGreaterThan(3);
});

test('on GPUs integers with a float as their product are converted first', () => {
  const i = unpack([[2, 3], 'int32', [1, 2, 3, 4, 5, 6]]);
  const { jaxpr } = stage(([a]) => [dotGeneral(a!, a!, { dimensionNumbers: [[[1], [1]], [[], []]], preferredElementType: 'float32' })], [i.aval]);
  const text = (platform: string) => lowerToStableHlo(jaxpr, { name: 'f', platform }).text;
  expect(text('cuda')).toMatch(/dot_general[^\n]*tensor<2x3xf32>, tensor<2x3xf32>/);
  expect(text('cpu')).toMatch(/dot_general[^\n]*tensor<2x3xi32>, tensor<2x3xi32>/);
});

// Shapes and dimensions: [x, y, contracted, batch].
const products: [string, number[], number[], [number[], number[]], [number[], number[]], boolean][] = [
  ['gradient of weights by sequences', [3, 5, 4], [3, 5, 2], [[0, 1], [0, 1]], [[], []], true],
  ['pairs in another order', [3, 5, 4], [3, 5, 2], [[1, 0], [1, 0]], [[], []], true],
  ['contracted dimensions in different orders', [3, 5, 4], [5, 3, 2], [[0, 1], [1, 0]], [[], []], false],
  ['free dimensions on both sides', [2, 3, 4], [4, 5, 2], [[2], [0]], [[], []], true],
  ['free dimensions apart', [2, 4, 3], [4, 5], [[1], [0]], [[], []], false],
  ['several batch dimensions', [2, 3, 4, 5], [2, 3, 5, 4], [[3], [2]], [[0, 1], [0, 1]], true],
  ['batch dimensions that are not first', [4, 2, 3, 5], [2, 3, 5], [[3], [2]], [[1, 2], [0, 1]], false],
  ['nothing free', [2, 3, 4], [2, 3, 4], [[1, 2], [1, 2]], [[0], [0]], true],
  ['everything contracted', [2, 3], [2, 3], [[0, 1], [0, 1]], [[], []], true],
  ['nothing contracted', [2, 3], [3, 2], [[], []], [[], []], true],
  ['an empty dimension', [0, 3, 4], [0, 3, 2], [[0, 1], [0, 1]], [[], []], true],
];

test.each(products)('on CPUs dimensions that lie together are multiplied as one: %s', (_, xs, ys, contract, batch, merged) => {
  const [x, y] = [wavy(xs), wavy(ys)];
  const { jaxpr } = stage(([a, b]) => [dotGeneral(a!, b!, { dimensionNumbers: [contract, batch] })], [x.aval, y.aval]);
  const run = (platform: string) => {
    const { text } = lowerToStableHlo(jaxpr, { name: 'f', platform });
    const [out] = backend().client.compileSync(text).execute([(x as ConcreteArray).buffer, (y as ConcreteArray).buffer]);
    return { flat: text.includes('stablehlo.reshape'), values: numbers(new ConcreteArray(jaxpr.outvars[0]!.aval, out!)) };
  };
  const [here, there] = [run('cpu'), run('cuda')];
  expect([here.flat, there.flat]).toEqual([merged, false]);
  expect(here.values).toEqual(there.values);
});
