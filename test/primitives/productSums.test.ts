import * as fc from 'fast-check';
import { type Array, jit, lax, makeJaxpr, numpy as np, optim, ParamState, pjrt } from '../../lib';
import type { ConcreteArray } from '../../lib/core/array';
import { sizeOf } from '../../lib/core/aval';
import type { Jaxpr } from '../../lib/core/jaxpr';
import { lowerToStableHlo } from '../../lib/stablehlo';
import { numbersFrom } from '../support/numbers';

// Products of matrices that are added to something where that lies (sumForm in lib/primitives/productForms.ts).

const client = pjrt.defaultClient();
const withBlas = client.hasProducts ? test : test.skip;

/** Numbers from −0.5 to 0.5. */
function numbers(shape: readonly number[], seed: number): Float32Array {
  return Float32Array.from(numbersFrom(seed, sizeOf(shape)));
}

type F = (...xs: Array[]) => readonly Array[];

/** Runs a function by OpenBLAS and by XLA's own products; its first argument is given up for its first result. */
function both(f: F, shapes: readonly (readonly number[])[], values = shapes.map(numbers)): { text: string; hlo: string; ours: number[][]; xla: number[][] } {
  const args = () => shapes.map((shape, i) => np.array(values[i]!).reshape([...shape]));
  const { jaxpr } = (makeJaxpr((...xs: Array[]) => [...f(...xs)])(...args()) as unknown as { jaxpr: { jaxpr: Jaxpr } });
  const run = (hasProducts: boolean) => {
    const { text } = lowerToStableHlo(jaxpr.jaxpr, { name: 'f', platform: 'cpu', hasProducts: () => hasProducts, aliases: shapes.map((_, i) => (i === 0 ? 0 : -1)) });
    const program = client.compileSync(text);
    const results = program.execute(args().map((x) => (x as unknown as ConcreteArray).buffer));
    return { text, hlo: program.hloText(), values: results.map((r) => [...new Float32Array(r.toHostSync())]) };
  };
  const ours = run(true);
  return { text: ours.text, hlo: ours.hlo, ours: ours.values, xla: run(false).values };
}

function expectSame(a: readonly number[][], b: readonly number[][], tolerance = 2e-5): void {
  expect(a.map((r) => r.length)).toEqual(b.map((r) => r.length));
  a.forEach((r, k) => {
    const far = r.findIndex((v, i) => !(Object.is(v, b[k]![i]) || Math.abs(v - b[k]![i]!) <= tolerance * (1 + Math.abs(b[k]![i]!))));
    expect(far < 0 ? null : [k, far, r[far], b[k]![far]]).toBeNull();
  });
}

const sums = (text: string) => text.match(/sum = array/g)?.length ?? 0;
const W = [96, 80];
const X = [48, 96];
const Y = [48, 80];

withBlas('weights less the gradient times a rate are computed where the weights lie', () => {
  for (const step of [
    (w: Array, g: Array, rate: Array) => w.sub(g.mul(rate)), (w: Array, g: Array, rate: Array) => w.add(np.negative(rate).mul(g)), (w: Array, g: Array) => w.add(g), (w: Array, g: Array) => w.sub(g),
    (w: Array, g: Array, rate: Array) => np.add(g.mul(rate), w),
  ]) {
    const f: F = (w, x, y, rate) => [step(w!, np.matmul(x!.T, y!), rate!)];
    const { text, hlo, ours, xla } = both(f, [W, X, Y, []]);
    expectSame(ours, xla);
    expect([sums(text), text.match(/xs_product/g)!.length]).toEqual([1, 1]);
    expect(hlo).not.toMatch(/ copy\(| fusion\([^)]*f32\[96,80\]/);
  }
});

withBlas('weights that a product reads before are written over after it, and those that others read stay', () => {
  const after: F = (w, x, y, rate) => {
    const read = np.matmul(x!, w!);
    return [w!.sub(np.matmul(x!.T, y!).mul(rate!)), read];
  };
  const good = both(after, [W, X, Y, []]);
  expectSame(good.ours, good.xla);
  expect(sums(good.text)).toBe(1);
  expect(good.hlo).not.toMatch(/ copy\(/);
  const kept: F = (w, x, y, rate) => [w!.sub(np.matmul(x!.T, y!).mul(rate!)), np.exp(w!)];
  const other = both(kept, [W, X, Y, []]);
  expectSame(other.ours, other.xla);
  expect(sums(other.text)).toBe(0);
});

withBlas('sums of products are computed in the memory of the first', () => {
  const f: F = (w, a, b, c) => [w!.mul(2), np.matmul(a!, w!).add(np.matmul(b!, w!)).sub(np.matmul(c!, w!))];
  const { text, ours, xla } = both(f, [W, X, X, X]);
  expectSame(ours, xla);
  expect([sums(text), text.match(/xs_product/g)!.length]).toEqual([2, 3]);
});

withBlas('a product that more is wanted of, itself twice, and one of what it would be written over are products and sums', () => {
  const square = [64, 64];
  for (const f of [
    (w, x) => { const p = np.matmul(x!, x!); return [w!.add(p), p]; },
    (w, x) => { const p = np.matmul(x!, x!); return [w!.add(p.add(p))]; },
    (w, x) => { const p = np.matmul(x!, x!).T; return [w!.add(p.T), np.exp(p)]; },
    (w, x) => [w!.add(np.matmul(w!, x!))],
    (w, x) => [w!.add(np.matmul(w!.T, x!).mul(3))],
    (w, x) => { const p = np.matmul(x!, x!).mul(2); return [w!.add(p.mul(3)), np.exp(p)]; },
  ] as F[]) {
    const { ours, xla } = both(f, [square, square]);
    expectSame(ours, xla);
  }
});

withBlas('products times 0, infinity and NaN are what they are', () => {
  for (const rate of [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-40]) {
    for (const odd of [1, Number.NaN, Number.POSITIVE_INFINITY, -0]) {
      const values = [W, X, Y].map(numbers);
      values[1]!.fill(odd, 5, 7);
      const f: F = (w, x, y, r) => [w!.add(np.matmul(x!.T, y!).mul(r!))];
      const { text, ours, xla } = both(f, [W, X, Y, []], [...values, Float32Array.of(rate)]);
      expect(sums(text)).toBe(1);
      expectSame(ours, xla);
    }
  }
});

/** A step of a random program: what it does to which values. */
const steps = fc.array(fc.tuple(fc.constantFrom('matmul', 'weights', 'left', 'right', 'turn', 'scale', 'add', 'sub', 'relu', 'loop'), fc.nat(), fc.nat()), { minLength: 3, maxLength: 14 });

withBlas('random programs of products, sums, multiples and transposed ones are what XLA makes of them', () => {
  const square = [64, 64];
  let used = 0;
  fc.assert(fc.property(steps, fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), (list, picks) => {
    const f: F = (w, x, y, r) => {
      const values = [x!, y!];
      // What comes last is taken more often: it may be all that reads it.
      const pick = (n: number) => values[Math.max(0, values.length - 1 - (n % 7 < 4 ? n % 2 : n % values.length))]!;
      for (const [op, i, j] of list) {
        const [a, b] = [pick(i), pick(j)];
        const small = (v: Array) => np.tanh(v);
        if (op === 'matmul') values.push(np.matmul(a, b).mul(0.2));
        else if (op === 'weights') values.push(np.matmul(a, i % 2 ? w! : w!.T).add(b));
        else if (op === 'left') values.push(np.matmul(a.T, small(b)));
        else if (op === 'right') values.push(np.matmul(small(a), b.T));
        else if (op === 'turn') values.push(a.T);
        else if (op === 'scale') values.push(a.mul(r!));
        else if (op === 'add') values.push(a.add(b));
        else if (op === 'sub') values.push(a.sub(b));
        else if (op === 'relu') values.push(small(a));
        else values.push(lax.foriLoop(0, 2, (_: unknown, v: unknown) => small((v as Array).add(np.matmul(b, v as Array))), small(a)) as Array);
      }
      return [pick(0), ...picks.map(pick), w!.sub(np.matmul(x!, values.at(-1)!).mul(r!))].reverse().map((v) => np.tanh(v.mul(0.01)).mul(100).add(v.mul(0.001)));
    };
    const { text, ours, xla } = both(f, [square, square, square, []]);
    used += sums(text);
    expectSame(ours, xla, 1e-3);
  }), { numRuns: 30, seed: 11 });
  expect(used).toBeGreaterThan(10);
}, 120_000);

withBlas('SGD learns what it learns without', () => {
  const run = (rate: number) => {
    const weight = new ParamState(np.array(numbers([64, 72], 3)).reshape([64, 72]));
    const optimizer = new optim.SGD({ lr: rate });
    optimizer.registerTrainableWeights({ weight });
    const [x, y] = [np.array(numbers([32, 64], 1)).reshape([32, 64]), np.array(numbers([32, 72], 2)).reshape([32, 72])];
    const step = jit(() => { optimizer.update({ weight: np.matmul(x.T, np.matmul(x, weight.value).sub(y)) }); });
    const held = weight.value;
    const before = [...held.dataSync()];
    step();
    const first = weight.value.dataSync();
    // By hand, in double precision.
    const [w, a, b] = [before, [...x.dataSync()], [...y.dataSync()]].map((v) => v.map(Number)) as [number[], number[], number[]];
    const at = (i: number, j: number) => {
      let sum = 0;
      for (let k = 0; k < 32; k++) {
        let predicted = 0;
        for (let l = 0; l < 64; l++) predicted += a[k * 64 + l]! * w[l * 72 + j]!;
        sum += a[k * 64 + i]! * (predicted - b[k * 72 + j]!);
      }
      return w[i * 72 + j]! - rate * sum;
    };
    for (const [i, j] of [[0, 0], [5, 71], [63, 40]] as const) expect(first[i * 72 + j]).toBeCloseTo(at(i, j), 5);
    // A value that someone holds is not written over.
    expect([...held.dataSync()]).toEqual(before);
    step();
    expect([...weight.value.dataSync()]).not.toEqual([...first]);
  };
  run(0.1);
});

withBlas('biases and relu that come after a product are done with its sums, for any number of rows and columns', () => {
  for (const rows of [1, 2, 6, 17, 32, 33]) {
    for (const columns of [2, 16, 17, 100, 513]) {
      const f: F = (w, x, b) => [w!, np.maximum(np.add(np.matmul(x!, w!), b!), 0)];
      const values = [[600, columns], [rows, 600], [columns]].map(numbers);
      if (columns === 17) values[1]![3] = Number.NaN;
      const { text, ours, xla } = both(f, [[600, columns], [rows, 600], [columns]], values);
      expect([text.match(/after = array<i64: 2, 1>/g)?.length, text.includes('maximum')]).toEqual([1, false]);
      expectSame(ours, xla);
    }
  }
});

withBlas('only what nothing else reads is done with the sums', () => {
  const shapes = [[96, 80], [48, 96], [80]];
  const afters = (f: F, s = shapes) => {
    const { text, ours, xla } = both(f, s);
    expectSame(ours, xla);
    return text.match(/after = array<i64: [^>]*>/g) ?? [];
  };
  const P = (w: Array, x: Array) => np.matmul(x, w);
  expect(afters((w, x, b) => [w!, np.exp(P(w!, x!).add(b!))])).toEqual(['after = array<i64: 2, 0>']);
  expect(afters((w, x) => [w!, np.maximum(P(w!, x!), 0)])).toEqual(['after = array<i64: -1, 1>']);
  expect(afters((w, x) => [w!, np.maximum(P(w!, x!), 1)])).toEqual([]);
  expect(afters((w, x, b) => { const p = P(w!, x!); return [w!, np.maximum(p.add(b!), 0), p]; })).toEqual([]);
  expect(afters((w, x, b) => { const p = P(w!, x!).add(b!); return [w!, np.maximum(p, 0), np.exp(p)]; })).toEqual([]);
  expect(afters((w, x, b) => [w!, P(w!, x!).T.add(b!.reshape([80, 1]))])).toEqual([]);
  expect(afters((w, x, b) => [w!, P(w!, x!).add(b!.reshape([48, 1]))], [[96, 80], [48, 96], [48]])).toEqual([]);
  // A batch of products, and rows in several dimensions.
  expect(afters((w, x, b) => [w!, np.matmul(x!, w!).add(b!)], [[3, 96, 80], [3, 48, 96], [80]])).toEqual(['after = array<i64: 2, 0>']);
  expect(afters((w, x, b) => [w!, np.maximum(np.matmul(x!, w!).add(b!), 0)], [[96, 80], [3, 4, 5, 96], [80]])).toEqual(['after = array<i64: 2, 1>']);
});

const evil: [string, string, string][] = [
  ['no such operand', 'sum = array<i64: 7, -1>', 'not there'],
  ['another place', 'sum = array<i64: 0, -1>', 'not where the result is'],
  ['many numbers', 'sum = array<i64: -1, 1>', 'one number'],
  ['one place', 'sum = array<i64: 1>', 'two places'],
  ['another type', 'sum = array<i64: -1, 2>', 'another type'],
  ['more done with it', 'sum = array<i64: -1, -1>, after = array<i64: -1, 1>', 'more done with its sums'],
  ['one thing done', 'after = array<i64: 1>', 'two numbers'],
  ['biases for something else', 'after = array<i64: 0, 0>', 'one number for each column'],
  ['biases of another type', 'after = array<i64: 2, 0>', 'another type'],
];

withBlas.each(evil)('a program whose sum has %s is refused when it runs', (_, sum, why) => {
  const t = 'tensor<64x64xf32>';
  const text = `module @m { func.func @main(%a: ${t}, %n: tensor<i32>) -> ${t} {
    %r = "stablehlo.custom_call"(%a, %a, %n) {call_target_name = "xs_product", api_version = 4 : i32, backend_config = {plan = array<i64: 0, 0, 64, 64, 0, 64, 64, 0, 1, 1, 64, 1, 64, 0>, ${sum}}} : (${t}, ${t}, tensor<i32>) -> ${t}
    return %r : ${t} } }`;
  const args = [np.array(numbers([64, 64], 1)).reshape([64, 64]), np.array(3, { dtype: 'int32' })];
  expect(() => client.compileSync(text).execute(args.map((x) => (x as unknown as ConcreteArray).buffer))[0]!.toHostSync()).toThrow(why);
});
