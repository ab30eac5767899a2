import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Array } from '../../lib/core/array';
import * as environ from '../../lib/environ';
import * as random from '../../lib/random';
import { argumentsOf, type Call, difference, flat, title } from '../support/calls';

interface Case extends Call {
  key: number[];
  x?: 1;
}
interface Fixture {
  cases: Case[];
  rest: { draws: number[]; afterDraws: number[]; auto: Record<string, number[][]>; clone: { key: number[]; draw: number; default: number[] }; multi: number[][] };
}
const { cases, rest } = JSON.parse(readFileSync(path.join(__dirname, '../fixtures/randomStates.json'), 'utf8')) as Fixture;
const call = (on: object, c: Case) => (on as Record<string, (...args: unknown[]) => Array>)[c.f]!(...argumentsOf(c));
const withPrecision = <T>(c: Case, f: () => T): T => environ.context({ precision: c.x ? 64 : 32 }, f) as T;
const names = [...new Set(cases.map((c) => c.f))];

test.each(names)('%s gives what brainstate.random gives, and leaves the same key', (name) => {
  for (const c of cases.filter((k) => k.f === name)) {
    withPrecision(c, () => {
      random.seed(42);
      const x = call(random, c);
      expect([title(c), difference(c, x, false, name === 'orthogonal')]).toEqual([title(c), null]);
      expect([title(c), flat(random.getKeyData())]).toEqual([title(c), c.key]);
    });
  }
});

test('a random state of its own draws as the default one does, and does not touch it', () => {
  random.seed(1);
  for (const c of cases.filter((k) => !k.f.startsWith('splitKeys') && !k.x)) {
    const rng = new random.RandomState(42);
    expect([title(c), difference(c, call(rng, c), false, c.f === 'orthogonal')]).toEqual([title(c), null]);
    expect(flat(rng.value)).toEqual(c.key);
  }
  expect(flat(random.getKey())).toEqual([0, 1]);
});

test('draws one after another advance the key', () => {
  random.seed(42);
  rest.draws.forEach((v) => expect(random.normal().item()).toBeCloseTo(v, 6));
  expect(flat(random.getKey())).toEqual(rest.afterDraws);
});

test('seeding seeds the generator of keys for unseeded random states', () => {
  random.setAutoKeyRange(2 ** 32);
  try {
    for (const [seed, keys] of Object.entries(rest.auto)) {
      random.seed(seed.includes(',') ? Uint32Array.from(seed.split(',').map(Number)) : BigInt(seed));
      for (const key of keys) expect([seed, flat(new random.RandomState().value)]).toEqual([seed, key]);
    }
  } finally {
    random.setAutoKeyRange(100_000);
  }
  // The older rule draws from a smaller range.
  random.seed(42);
  const rng = new random.RandomState();
  expect(flat(rng.value)).toEqual([15795, 860]);
  const [a, b] = flat(rng.normal({ size: [2] })) as number[];
  expect(a).toBeCloseTo(0.6630464792251587, 6);
  expect(b).toBeCloseTo(-0.7239619493484497, 6);
});

test('clones are split off; several keys take the place of one and can be taken back', () => {
  random.seed(42);
  const rng = random.cloneRng();
  expect(flat(rng.value)).toEqual(rest.clone.key);
  expect(rng.normal().item()).toBeCloseTo(rest.clone.draw, 6);
  expect(flat(random.getKey())).toEqual(rest.clone.default);
  random.seed(42);
  random.selfAssignMultiKeys(3);
  expect(random.getKey().js()).toEqual(rest.multi);
  random.restoreKey();
  expect(flat(random.getKey())).toEqual([0, 42]);
});

test('parameters and the size by place are those by name', () => {
  const pairs: [() => Array, () => Array][] = [
    [() => random.normal(1, 2, [3]), () => random.normal({ loc: 1, scale: 2, size: [3] })],
    [() => random.normal(1, { size: 3 }), () => random.normal({ loc: 1, size: [3] })],
    [() => random.uniform(-1, 1, [2, 2]), () => random.uniform({ low: -1, high: 1, size: [2, 2] })],
    [() => random.uniform(-1, 1, 2, { dtype: 'float16' }), () => random.uniform({ low: -1, high: 1, size: 2, dtype: 'float16' })],
    [() => random.randint(0, 10, [4]), () => random.randint(0, { high: 10, size: [4] })],
    [() => random.randint(10), () => random.randint(0, { high: 10 })],
    [() => random.randomIntegers(1, 6, 4), () => random.randomIntegers(1, { high: 6, size: 4 })],
    [() => random.truncatedNormal(-1, 1, [3], { scale: 2 }), () => random.truncatedNormal(-1, 1, { size: [3], scale: 2 })],
    [() => random.triangular(0, 1, 4, { size: 3 }), () => random.triangular({ left: 0, mode: 1, right: 4, size: 3 })],
    [() => random.poisson(3, [3]), () => random.poisson({ lam: 3, size: [3] })],
    [() => random.binomial(10, 0.5, [3]), () => random.binomial(10, 0.5, { size: [3] })],
    [() => random.gamma(2, 1.5, [3]), () => random.gamma(2, { scale: 1.5, size: [3] })],
    [() => random.beta(2, 3, [3]), () => random.beta(2, 3, { size: [3] })],
    [() => random.bernoulli(0.3, [5]), () => random.bernoulli({ p: 0.3, size: [5] })],
    [() => random.choice(5, [3], false), () => random.choice(5, { size: [3], replace: false })],
    [() => random.multivariateNormal([0, 1], [[1, 0], [0, 1]], [2]), () => random.multivariateNormal([0, 1], [[1, 0], [0, 1]], { size: [2] })],
    [() => random.random([2]), () => random.random({ size: [2] })],
  ];
  for (const [byPlace, byName] of pairs) {
    const [a, b] = [byPlace, byName].map((f) => {
      random.seed(3);
      return f();
    }) as [Array, Array];
    expect([byPlace.toString(), a.shape, a.dtype, flat(a)]).toEqual([byPlace.toString(), b.shape, b.dtype, flat(b)]);
  }
  expect(() => (random.normal as unknown as (...args: unknown[]) => Array)(0, 1, [3], 'float32')).toThrow('normal: expected at most loc, scale, size and an options object after the required arguments, got 4 arguments');
  expect(() => random.randint(0, { hi: 3 } as never)).toThrow("randint: unknown option 'hi'");
});
