import { type Array, environ, grad, jit, lax, makeJaxpr, nn, numpy as np, pjrt } from '../../lib';
import type { ConcreteArray } from '../../lib/core/array';
import type { Jaxpr } from '../../lib/core/jaxpr';
import { type ConvDimensionNumbers, convGeneralDilated, type ConvOptions } from '../../lib/primitives/convolution';
import { lowerToStableHlo } from '../../lib/stablehlo';

const client = pjrt.defaultClient();
const withOwn = client.hasProducts ? test : test.skip;

let state = 1;
/** The next of a row of numbers below n. */
function draw(n: number): number {
  state = (state * 1103515245 + 12345) % 2147483648;
  return Math.floor((state / 2147483648) * n);
}
const pick = <T>(...of: T[]): T => of[draw(of.length)]!;
const range = (n: number) => globalThis.Array.from({ length: n }, (_, i) => i);
const product = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

/** Numbers from −1 to 1. */
function numbers(shape: readonly number[], dtype = 'float32'): Array {
  const values = Float64Array.from({ length: product(shape) }, () => draw(2000) / 1000 - 1);
  return np.array(dtype === 'float64' ? values : Float32Array.from(values)).reshape([...shape]);
}

const valuesOf = (x: Array) => (x.dtype === 'float64' ? new Float64Array((x as ConcreteArray).buffer.toHostSync()) : new Float32Array((x as ConcreteArray).buffer.toHostSync()));

interface Run { text: string; values: Float32Array | Float64Array }

function run(f: (...xs: Array[]) => Array, xs: readonly Array[], own = true): Run {
  const { jaxpr } = makeJaxpr(f)(...xs) as unknown as { jaxpr: { jaxpr: Jaxpr } };
  const { text } = lowerToStableHlo(jaxpr.jaxpr, { name: 'f', platform: 'cpu', hasProducts: () => own });
  const [out] = client.compileSync(text).execute(xs.map((x) => (x as ConcreteArray).buffer));
  return { text, values: xs[0]!.dtype === 'float64' ? new Float64Array(out!.toHostSync()) : new Float32Array(out!.toHostSync()) };
}

const shapeOf = (f: (a: Array, b: Array) => Array, x: Array, y: Array) => (jit(f).evalShape(x, y) as { shape: readonly number[] }).shape;

type Options = ConvOptions & { dimensionNumbers: ConvDimensionNumbers; lhsDilation: number[]; rhsDilation: number[]; featureGroupCount: number; batchGroupCount: number };

/** By the definition, in double precision. */
function defined(x: Array, y: Array, o: Options, shape: readonly number[]): Float64Array {
  const stridesOf = (s: readonly number[]) => s.map((_, d) => product(s.slice(d + 1)));
  const { lhsSpec, rhsSpec, outSpec } = o.dimensionNumbers;
  const [xs, ys, cs] = [stridesOf(x.shape), stridesOf(y.shape), stridesOf(shape)];
  const [a, b] = [valuesOf(x), valuesOf(y)];
  const box = (dims: readonly number[]) => dims.reduce<number[][]>((all, n) => all.flatMap((at) => range(n).map((i) => [...at, i])), [[]]);
  const places = box(outSpec.slice(2).map((d) => shape[d]!));
  const taps = box(rhsSpec.slice(2).map((d) => y.shape[d]!));
  const [batch, outputs, inputs] = [shape[outSpec[0]!]!, y.shape[rhsSpec[0]!]!, y.shape[rhsSpec[1]!]!];
  const out = new Float64Array(product(shape));
  for (let n = 0; n < batch; n++) {
    for (let f = 0; f < outputs; f++) {
      const xBase = (n + Math.floor((f * o.batchGroupCount) / outputs) * batch) * xs[lhsSpec[0]!]! + Math.floor((f * o.featureGroupCount) / outputs) * inputs * xs[lhsSpec[1]!]!;
      for (const q of places) {
        let sum = 0;
        for (const t of taps) {
          let [xAt, yAt] = [xBase, f * ys[rhsSpec[0]!]!];
          let there = true;
          for (let d = 0; d < q.length; d++) {
            const at = q[d]! * o.windowStrides[d]! + t[d]! * o.rhsDilation[d]! - o.padding[d]![0];
            const i = at / o.lhsDilation[d]!;
            there &&= Number.isInteger(i) && i >= 0 && i < x.shape[lhsSpec[d + 2]!]!;
            xAt += i * xs[lhsSpec[d + 2]!]!;
            yAt += t[d]! * ys[rhsSpec[d + 2]!]!;
          }
          if (!there) continue;
          for (let i = 0; i < inputs; i++) sum += a[xAt + i * xs[lhsSpec[1]!]!]! * b[yAt + i * ys[rhsSpec[1]!]!]!;
        }
        out[n * cs[outSpec[0]!]! + f * cs[outSpec[1]!]! + q.reduce((s, v, d) => s + v * cs[outSpec[d + 2]!]!, 0)] = sum;
      }
    }
  }
  return out;
}

function expectNear(a: ArrayLike<number>, b: ArrayLike<number>, tolerance: number): void {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) if (!(Math.abs(a[i]! - b[i]!) <= tolerance * (1 + Math.abs(b[i]!)))) throw new Error(`${a[i]} in place of ${b[i]} at ${i}`);
}

/** Operands and options of some convolution, in some layout. */
function drawn(dtype: string): { x: Array; y: Array; o: Options } {
  for (;;) {
    const n = 1 + draw(3);
    const axes = range(n).map(() => ({ n: 1 + draw([40, 12, 6][n - 1]!), k: 1 + draw(n === 3 ? 3 : 5), stride: pick(1, 1, 2, 3), low: draw(4) - 1, high: draw(4) - 1, holes: pick(1, 1, 2, 3, 4), apart: pick(1, 1, 2, 3) }));
    if (draw(4) === 0) for (const a of axes) a.k = a.n;
    if (!axes.every((a) => (a.n - 1) * a.holes + 1 + a.low + a.high >= (a.k - 1) * a.apart + 1)) continue;
    const groups = pick(1, 1, 2, 3);
    const featureGroupCount = draw(2) === 0 ? groups : 1;
    const batchGroupCount = featureGroupCount === 1 ? groups : 1;
    const [batch, inputs, outputs] = [pick(1, 2, 3, 9), pick(1, 2, 3, 8, 17, 32), pick(12, 16, 17, 33, 64, 80, 130)];
    const order = () => range(n + 2).map((d) => [draw(1000), d] as const).sort((a, b) => a[0] - b[0]).map(([, d]) => d);
    const placed = (dims: readonly number[], spec: readonly number[]) => range(n + 2).map((d) => dims[spec.indexOf(d)]!);
    const [lhsSpec, rhsSpec, outSpec] = draw(3) === 0 ? [[0, n + 1, ...range(n).map((d) => d + 1)], [n + 1, n, ...range(n)], [0, n + 1, ...range(n).map((d) => d + 1)]] : [order(), order(), order()];
    const shapes = [[batch * batchGroupCount, inputs * featureGroupCount, ...axes.map((a) => a.n)], [outputs * groups, inputs, ...axes.map((a) => a.k)]] as const;
    if (product(shapes[0]) * product(shapes[1]) > 2e8) continue;
    return {
      x: numbers(placed(shapes[0], lhsSpec!), dtype), y: numbers(placed(shapes[1], rhsSpec!), dtype),
      o: {
        windowStrides: axes.map((a) => a.stride), padding: axes.map((a) => [a.low, a.high] as const), lhsDilation: axes.map((a) => a.holes), rhsDilation: axes.map((a) => a.apart),
        dimensionNumbers: { lhsSpec: lhsSpec!, rhsSpec: rhsSpec!, outSpec: outSpec! }, featureGroupCount, batchGroupCount,
      },
    };
  }
}

withOwn.each([['float32', 200, 3e-5], ['float64', 40, 1e-13]] as const)('convolutions of %s of any dimensions, layouts, steps, holes, padding and groups are what they are defined to be (%i of them)', (dtype, count, tolerance) => {
  state = 7;
  let own = 0;
  environ.context({ precision: dtype === 'float64' ? 64 : 32 }, () => {
    for (let i = 0; i < count; i++) {
      const { x, y, o } = drawn(dtype);
      const f = (a: Array, b: Array) => convGeneralDilated(a, b, o);
      const { text, values } = run(f, [x, y]);
      if (text.includes('xs_convolution')) own++;
      expectNear(values, defined(x, y, o, shapeOf(f, x, y)), tolerance);
    }
  });
  expect(own).toBeGreaterThan(count * 0.75);
});

const nhwc = ['NHWC', 'HWIO', 'NHWC'] as const;
const nchw = ['NCHW', 'OIHW', 'NCHW'] as const;
/** Of sizes at which the work is cut up: by pictures, rows, output and input features, and positions of the window. */
const large: [string, number[], number[], { strides?: number[]; spec?: readonly [string, string, string]; groups?: number }][] = [
  ['pictures', [40, 14, 14, 32], [3, 3, 32, 64], {}],
  ['rows of a picture', [1, 60, 60, 24], [3, 3, 24, 48], {}],
  ['many features', [2, 9, 9, 300], [3, 3, 300, 210], {}],
  ['few places and many features', [1, 4, 4, 200], [3, 3, 200, 512], {}],
  ['one input feature', [32, 28, 28, 1], [3, 3, 1, 32], {}],
  ['a large window', [1, 64, 64, 8], [33, 31, 8, 16], {}],
  ['steps', [4, 57, 57, 16], [7, 7, 16, 64], { strides: [2, 3] }],
  ['groups', [8, 20, 20, 64], [3, 3, 16, 96], { groups: 4 }],
  ['features before space', [6, 40, 30, 30], [70, 40, 3, 3], { spec: nchw }],
];

withOwn.each(large)('convolutions that are cut up, %s, and their gradients are those of XLA, the same in each run', (_, xs, ys, { strides = [1, 1], spec = nhwc, groups = 1 }) => {
  state = 3;
  const [x, y] = [numbers(xs), numbers(ys)];
  const f = (a: Array, b: Array) => lax.convGeneralDilated(a, b, strides, 'SAME', { dimensionNumbers: [...spec], featureGroupCount: groups });
  const ct = numbers(shapeOf(f, x, y));
  const byInput = (a: Array, b: Array, c: Array) => grad((v: Array) => np.sum(f(v, b).mul(c)))(a) as Array;
  const byKernel = (a: Array, b: Array, c: Array) => grad((v: Array) => np.sum(f(a, v).mul(c)))(b) as Array;
  for (const [g, args] of [[f, [x, y]], [byInput, [x, y, ct]], [byKernel, [x, y, ct]]] as [typeof byInput, Array[]][]) {
    const [first, again, xla] = [run(g, args), run(g, args), run(g, args, false)];
    expect(first.text).toContain('xs_convolution');
    expect(xla.text).not.toContain('xs_convolution');
    const scale = Float64Array.from(xla.values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    expectNear(Float64Array.from(first.values, (v) => v / scale), Float64Array.from(xla.values, (v) => v / scale), 2e-5);
    expect(Buffer.from(again.values.buffer).equals(Buffer.from(first.values.buffer))).toBe(true);
  }
});

const relu = (x: Array) => nn.relu(x) as Array;
const largest = (x: Array, window: number[]) => lax.reduceWindow(x, Number.NEGATIVE_INFINITY, lax.max, window, { windowStrides: window, padding: 'VALID' }) as unknown as Array;

withOwn('what comes after a convolution, a bias, relu and pooling, is done with its sums', () => {
  state = 5;
  const calls = (text: string) => text.match(/xs_convolution/g)?.length;
  for (let i = 0; i < 60; i++) {
    const n = 1 + draw(3);
    const channelsLast = draw(2) === 0;
    const [groups, batch, inputs, outputs] = [pick(1, 1, 2), pick(1, 3, 7), pick(1, 3, 20), pick(12, 16, 40, 100)];
    const space = range(n).map(() => 5 + draw([60, 20, 5][n - 1]!));
    const placed = (first: number, second: number, rest: number[]) => (channelsLast ? [first, ...rest, second] : [first, second, ...rest]);
    const x = numbers(placed(batch, inputs * groups, space));
    const y = numbers(channelsLast ? [...space.map(() => 3), inputs, outputs * groups] : [outputs * groups, inputs, ...space.map(() => 3)]);
    const letters = 'DHW'.slice(3 - n);
    const spec = channelsLast ? [`N${letters}C`, `${letters}IO`, `N${letters}C`] : [`NC${letters}`, `OI${letters}`, `NC${letters}`];
    const [hasBias, hasRelu, hasPool] = [draw(2) === 0, draw(2) === 0, draw(3) > 0];
    const bias = numbers(placed(1, outputs * groups, space.map(() => 1)));
    const window = placed(1, 1, space.map(() => pick(1, 2, 2, 3)));
    const f = (a: Array, b: Array, c: Array) => {
      const sums = lax.convGeneralDilated(a, b, space.map(() => pick(1)), pick('SAME', 'VALID'), { dimensionNumbers: spec as [string, string, string], featureGroupCount: groups });
      const added = hasBias ? sums.add(c) : sums;
      const ramped = hasRelu ? relu(added) : added;
      return hasPool && product(window) <= 16 ? largest(ramped, window) : ramped;
    };
    const padding = state;
    const ours = run(f, [x, y, bias]);
    state = padding;
    const xla = run(f, [x, y, bias], false);
    expect([calls(ours.text), calls(xla.text)]).toEqual([1, undefined]);
    expect(ours.text).not.toMatch(/stablehlo\.(add|maximum|reduce_window)/);
    expectNear(ours.values, xla.values, 3e-5);
  }
});

withOwn('what is wanted of a convolution besides stays what it is', () => {
  const [x, y, bias] = [numbers([2, 8, 8, 4]), numbers([3, 3, 4, 16]), numbers([1, 1, 1, 16])];
  const conv = (a: Array, b: Array) => lax.convGeneralDilated(a, b, [1, 1], 'SAME', { dimensionNumbers: [...nhwc] });
  const cases: [string, (a: Array, b: Array, c: Array) => Array][] = [
    ['sums read twice', (a, b, c) => { const s = conv(a, b); return relu(s.add(c)).mul(s); }],
    ['relu of sums that are added to', (a, b, c) => { const s = conv(a, b).add(c); return relu(s).sub(s); }],
    ['a bias after relu', (a, b, c) => relu(conv(a, b)).add(c)],
    ['a bias after pooling', (a, b, c) => largest(conv(a, b), [1, 2, 2, 1]).add(c)],
    ['relu after pooling', (a, b) => relu(largest(conv(a, b), [1, 2, 2, 1]))],
    ['pooling twice', (a, b) => largest(largest(conv(a, b), [1, 2, 2, 1]), [1, 2, 2, 1])],
    ['windows over pictures and features', (a, b) => largest(conv(a, b), [2, 2, 2, 2])],
    ['windows that overlap', (a, b) => lax.reduceWindow(conv(a, b), Number.NEGATIVE_INFINITY, lax.max, [1, 2, 2, 1], { windowStrides: [1, 1, 1, 1], padding: 'VALID' }) as unknown as Array],
    ['the smallest of windows', (a, b) => lax.reduceWindow(conv(a, b), Number.POSITIVE_INFINITY, lax.min, [1, 2, 2, 1], { windowStrides: [1, 2, 2, 1], padding: 'VALID' }) as unknown as Array],
    ['no less than one', (a, b) => lax.max(conv(a, b), np.ones([]))],
    ['biases that go along rows', (a, b, c) => conv(a, b).add(lax.slice(c.reshape([1, 1, 16, 1]), [0, 0, 0, 0], [1, 1, 8, 1]))],
    ['two convolutions', (a, b, c) => conv(a, b).add(conv(a.mul(2), b)).add(c)],
    ['a convolution in a branch', (a, b, c) => { const s = conv(a, b); return lax.cond(np.sum(c).greater(0), () => relu(s), () => s.mul(2)) as Array; }],
    ['a step of a loop', (a, b, c) => lax.foriLoop(0, 3, (_: Array, s: Array) => lax.slice(relu(conv(s, b).add(c)), [0, 0, 0, 0], [2, 8, 8, 4]).mul(0.1), a) as Array],
  ];
  for (const [name, f] of cases) {
    const [ours, xla] = [run(f, [x, y, bias]), run(f, [x, y, bias], false)];
    expect([name, ours.text.includes('xs_convolution')]).toEqual([name, true]);
    expectNear(ours.values, xla.values, 3e-5);
  }
});

withOwn('NaN is the largest of a window, and relu leaves it', () => {
  const x = np.array(Float32Array.from({ length: 64 }, (_, i) => (i === 27 ? Number.NaN : i - 40))).reshape([1, 8, 8, 1]);
  const f = (a: Array, b: Array) => largest(relu(lax.convGeneralDilated(a, b, [1, 1], 'SAME', { dimensionNumbers: [...nhwc] })), [1, 2, 2, 1]);
  const g = (a: Array, b: Array) => relu(lax.convGeneralDilated(a, b, [1, 1], 'SAME', { dimensionNumbers: [...nhwc] }));
  for (const h of [f, g]) {
    const [ours, xla] = [run(h, [x, np.ones([3, 3, 1, 16])]), run(h, [x, np.ones([3, 3, 1, 16])], false)];
    expect([...ours.values]).toEqual([...xla.values]);
    expect([...ours.values].some(Number.isNaN)).toBe(true);
  }
});

withOwn('operands that are transposed arrays are read as they lie', () => {
  const [x, y] = [numbers([5, 9, 8, 3]), numbers([20, 5, 3, 3])];
  const f = (a: Array, b: Array) => lax.convGeneralDilated(np.transpose(a, [3, 0, 1, 2]), b, [1, 1], 'SAME') as Array;
  const { text, values } = run(f, [x, y]);
  expect(text).toContain('xs_convolution');
  expectNear(values, run(f, [x, y], false).values, 1e-5);
  expect(client.compileSync(text).hloText()).not.toMatch(/ transpose\(| copy\(/);
});

withOwn('small convolutions, depthwise ones, other types and wider results stay with XLA', () => {
  const uses = (f: (...xs: Array[]) => Array, ...xs: Array[]) => run(f, xs).text.includes('xs_convolution');
  const conv = (o: object = {}) => (a: Array, b: Array) => lax.convGeneralDilated(a, b, [1, 1], 'SAME', { dimensionNumbers: [...nhwc], ...o });
  expect(uses(conv(), numbers([1, 8, 8, 4]), numbers([3, 3, 4, 16]))).toBe(true);
  expect(uses(conv(), numbers([1, 3, 3, 1]), numbers([1, 1, 1, 16]))).toBe(false);
  expect(uses(conv({ featureGroupCount: 16 }), numbers([1, 8, 8, 16]), numbers([3, 3, 1, 16]))).toBe(false);
  const half = (a: Array, b: Array) => conv({ preferredElementType: 'float32' })(a.astype('bfloat16'), b.astype('bfloat16'));
  expect(uses(half, numbers([1, 8, 8, 4]), numbers([3, 3, 4, 16]))).toBe(false);
});

withOwn('NaN and infinity go where they are read, and no further', () => {
  const x = np.array(Float32Array.from({ length: 64 }, (_, i) => (i === 27 ? Number.NaN : i === 60 ? Number.POSITIVE_INFINITY : 1))).reshape([1, 8, 8, 1]);
  const { values, text } = run((a, b) => lax.convGeneralDilated(a, b, [1, 1], 'SAME', { dimensionNumbers: [...nhwc] }), [x, np.ones([3, 3, 1, 16])]);
  expect(text).toContain('xs_convolution');
  const near = (i: number, at: number) => Math.abs((i >> 3) - (at >> 3)) <= 1 && Math.abs((i & 7) - (at & 7)) <= 1;
  for (let i = 0; i < 64; i++) expect([i, values[i * 16 + 5]]).toEqual([i, near(i, 27) ? Number.NaN : near(i, 60) ? Number.POSITIVE_INFINITY : (i % 56 < 8 ? 2 : 3) * (i % 8 === 0 || i % 8 === 7 ? 2 : 3)]);
});

/** The plan of one picture of 8 × 8 × 4, 3 × 3 to 16 features, with some numbers changed. */
function plan(changes: Readonly<Record<number, number | string>>, length = 43): string {
  const numbers: (number | string)[] = [
    1, 0, 0, 0, 1, 256, 1024, 4, 1, 16, 16, 1, 1,
    1, 1, 1, 1, 0, 1, 1, 0, 0, 0, 8, 3, 8, 1, 1, 1, 1, 32, 192, 128, 8, 3, 8, 1, 1, 1, 1, 4, 64, 16,
  ];
  for (const [i, v] of Object.entries(changes)) numbers[Number(i)] = v;
  return `plan = array<i64: ${numbers.slice(0, length).join(', ')}>`;
}

/** What a call with such a plan gives. */
function called(attributes: string, operands = '%a, %b', types = 'tensor<1x8x8x4xf32>, tensor<3x3x4x16xf32>', out = 'tensor<1x8x8x16xf32>'): Float32Array {
  const text = `module @m { func.func @main(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x16xf32>) -> ${out} {
    %r = "stablehlo.custom_call"(${operands}) {call_target_name = "xs_convolution", api_version = 4 : i32, backend_config = {${attributes}}} : (${types}) -> ${out}
    return %r : ${out} } }`;
  return new Float32Array(client.compileSync(text).execute([np.ones([1, 8, 8, 4]), np.ones([3, 3, 4, 16])].map((x) => (x as ConcreteArray).buffer))[0]!.toHostSync());
}

withOwn.each<[string, string, string]>([
  ['no plan', '', 'it has no plan'],
  ['a plan of the wrong length', plan({}, 42), 'wrong length'],
  ['no pictures', plan({ 4: 0 }), 'a size or a distance that is none'],
  ['a negative distance', plan({ 5: -1 }), 'a size or a distance that is none'],
  ['a size beyond 32 bits', plan({ 7: '9223372036854775807' }), 'a size or a distance that is none'],
  ['steps of nothing', plan({ 26: 0 }), 'a size or a distance that is none'],
  ['steps beyond all sense', plan({ 26: 2 ** 30 }), 'a size or a distance that is none'],
  ['padding beyond 32 bits', plan({ 27: '-9223372036854775808' }), 'a size or a distance that is none'],
  ['holes without end', plan({ 28: 17 }), 'a size or a distance that is none'],
  ['holes of nothing', plan({ 29: 0 }), 'a size or a distance that is none'],
  ['rows beyond the input', plan({ 30: 33 }), 'beyond the arrays'],
  ['more features than the kernel has', plan({ 10: 17 }), 'beyond the arrays'],
  ['results beyond the result', plan({ 32: 129 }), 'beyond the arrays'],
  ['fewer results than there are', plan({ 35: 4 }), 'beyond the arrays'],
  ['padding to more than memory holds', plan({ 26: 2 ** 20, 36: 2 ** 20 }), 'padded to too many elements'],
  ['too little to do after it', `${plan({})}, after = array<i64: -1, 0, 1, 1>`, 'nothing that there is'],
  ['too much to do after it', `${plan({})}, after = array<i64: -1, 2, 1, 1, 1>`, 'nothing that there is'],
  ['a bias that is not there', `${plan({})}, after = array<i64: 2, 0, 1, 1, 1>`, 'no such bias'],
  ['a bias of another size', `${plan({})}, after = array<i64: 1, 0, 1, 1, 1>`, 'no such bias'],
  ['a bias before all operands', `${plan({})}, after = array<i64: -2, 0, 1, 1, 1>`, 'nothing that there is'],
  ['windows that do not divide it', `${plan({})}, after = array<i64: -1, 0, 1, 3, 1>`, 'no such windows'],
  ['windows of nothing', `${plan({})}, after = array<i64: -1, 0, 1, 0, 1>`, 'no such windows'],
  ['windows that are too large', `${plan({})}, after = array<i64: -1, 0, 1, 8, 4>`, 'no such windows'],
  ['windows whose results are not there', `${plan({})}, after = array<i64: -1, 0, 1, 2, 1>`, 'beyond the arrays'],
  ['windows of results between holes', `${plan({ 28: 2 })}, after = array<i64: -1, 0, 1, 2, 1>`, 'no such windows'],
])('a program whose convolution has %s is refused when it runs', (_, attributes, why) => {
  expect(() => called(attributes)).toThrow(why);
});

withOwn('operands of other types, and too few of them, are refused; padding that leaves nothing gives zeros', () => {
  expect(() => called(plan({}), '%a', 'tensor<1x8x8x4xf32>')).toThrow('two operands and one result');
  expect(() => called(plan({}), '%a, %b', 'tensor<1x8x8x4xf32>, tensor<3x3x4x16xf32>', 'tensor<1x8x8x16xi32>')).toThrow('all be float32 or all float64');
  expect(called(plan({}))[9 * 16]).toBe(36);
  for (const far of [2 ** 31 - 1, 1 - 2 ** 31, 100, -100]) expect(called(plan({ 27: far })).every((v) => v === 0)).toBe(true);
});

withOwn('the text of a lowered function calls nothing of ours, so that any XLA compiles it', () => {
  const f = jit((a: Array, b: Array) => lax.convGeneralDilated(a, b, [1, 1], 'SAME', { dimensionNumbers: [...nhwc] }));
  const [x, y] = [numbers([1, 8, 8, 4]), numbers([3, 3, 4, 16])];
  expect(f.lower(x, y).asText()).not.toContain('xs_convolution');
  expect(f.lower(x, y).compile().asText()).toContain('xs_convolution');
  expect((f.lower(x, y).compile().costAnalysis() as { flops: number }).flops).toBeGreaterThan(8 * 8 * 16 * 20);
});
