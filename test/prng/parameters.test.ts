import type { Array } from '../../lib/core/array';
import { flat } from '../support/calls';
import { asArray } from '../../lib/lax/arrayLike';
import * as prng from '../../lib/prng';
import { indexInDim, reduceSum } from '../../lib/primitives/structural';
import { grad, jit, vmap } from '../../lib/transform';

const key = prng.PRNGKey(42);
const rows = (n: number, ...v: number[]) => asArray(globalThis.Array.from({ length: v.length / n }, (_, i) => v.slice(i * n, (i + 1) * n)));

// Mapping over parameters with one key gives each entry what it gets alone.
test.each<[string, (p: Array) => Array, Array]>([
  ['gamma', (a) => prng.gamma(key, a, [3]), asArray(Float32Array.of(0.3, 2, 40))],
  ['beta', (a) => prng.beta(key, a, 2, [3]), asArray(Float32Array.of(0.3, 2))],
  ['poisson', (lam) => prng.poisson(key, lam, [3]), asArray(Float32Array.of(0.5, 4, 30))],
  ['binomial', (p) => prng.binomial(key, 40, p, [3]), asArray(Float32Array.of(0.1, 0.5, 0.9))],
  ['multinomial', (p) => prng.multinomial(key, 20, p), rows(3, 0.2, 0.3, 0.5, 0.6, 0.3, 0.1)],
  ['categorical', (l) => prng.categorical(key, l, { shape: [4] }), rows(3, 0, 1, 2, 2, 1, 0)],
  ['choice', (p) => prng.choice(key, 3, [4], { p }), rows(3, 0.2, 0.3, 0.5, 0.6, 0.3, 0.1)],
  ['choice without replacement', (p) => prng.choice(key, 3, [2], { p, replace: false }), rows(3, 0.2, 0.3, 0.5, 0.6, 0.3, 0.1)],
  ['permutation', (x) => prng.permutation(key, x), rows(3, 1, 2, 3, 4, 5, 6)],
  ['randint', (hi) => prng.randint(key, [4], 0, hi), asArray(Int32Array.of(3, 100))],
  ['truncatedNormal', (lo) => prng.truncatedNormal(key, lo, 2, [3]), asArray(Float32Array.of(-1, 0.5))],
  ['multivariateNormal', (m) => prng.multivariateNormal(key, m, [[2, 0.5], [0.5, 1]]), rows(2, 0, 1, 2, 3)],
])('%s mapped over a parameter', (_, f, xs) => {
  const mapped = flat(vmap(f)(xs));
  const each = globalThis.Array.from({ length: xs.shape[0]! }, (_, i) => flat(f(indexInDim(xs, i, 0)))).flat();
  expect(mapped).toHaveLength(each.length);
  mapped.forEach((v, i) => expect(Number(v)).toBeCloseTo(Number(each[i]), 5));
});

test('gradients of samples are the same compiled and mapped', () => {
  const n = 4000;
  const g = grad((a: Array) => reduceSum(prng.gamma(key, a, [n]), [0])) as (x: Array) => Array;
  const xs = asArray(Float32Array.of(0.5, 3));
  const each = [0, 1].map((i) => (g(indexInDim(xs, i, 0)).item() as number) / n);
  (flat(vmap(g)(xs)) as number[]).forEach((v, i) => expect(v / n).toBeCloseTo(each[i]!, 4));
  expect((flat(jit(g)(indexInDim(xs, 1, 0)) as Array)[0] as number) / n).toBeCloseTo(each[1]!, 4);
  // The mean of the distribution is a.
  for (const v of each) expect(Math.abs(v - 1)).toBeLessThan(0.15);
});
