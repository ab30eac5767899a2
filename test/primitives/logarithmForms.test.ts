import { type Array, environ, jit, lax, numpy as np } from '../../lib';
import { numbersFrom } from '../support/numbers';

// lib/primitives/logarithmForms.ts against the host's functions of double precision.

const erf = (y: number) => {
  // The series of its integral: 40 terms are enough below 4.
  let [sum, term] = [y, y];
  for (let n = 1; n < 80; n++) {
    term *= (-y * y) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
};

/** The distance to the next float32. */
function spacing(y: number): number {
  return 2 ** (Math.max(Math.floor(Math.log2(Math.abs(y))), -126) - 23);
}

const functions: Record<string, [(x: Array) => Array, (x: number) => number, (x: number) => number]> = {
  log1p: [(x) => np.log1p(x), Math.log1p, (x) => (x > 0 ? x : x / 40)],
  arctanh: [(x) => np.arctanh(x), Math.atanh, (x) => x / 40],
  arcsinh: [(x) => np.arcsinh(x), Math.asinh, (x) => x],
  arccosh: [(x) => np.arccosh(x), Math.acosh, (x) => 1 + Math.abs(x)],
};

/** From 1e-12 to 40, of both signs. */
const wide = numbersFrom(5, 4000).map((v) => Math.sign(v) * 40 * Math.abs(2 * v) ** 8);

test.each(Object.entries(functions))('%s is that of the host in all digits but the last', (_, [f, host, domain]) => {
  const x = Float32Array.from(wide, domain);
  const y = jit(f)(np.array(x)).dataSync() as Float32Array;
  const far = [...x].findIndex((v, i) => !(Math.abs(y[i]! - host(v)) <= 4 * spacing(host(v))));
  expect(far < 0 ? null : [x[far], y[far], host(x[far]!)]).toBeNull();
});

test('erfInv is what erf undoes', () => {
  const x = Float32Array.from(wide, (v) => Math.max(-0.99999, Math.min(0.99999, v / 20)));
  const y = jit((v: Array) => lax.erfInv(v))(np.array(x)).dataSync() as Float32Array;
  // Last digits of y, by the slope of erf there; JAX's numbers have lost as many in the tails, where 1 - x² has lost some of x.
  const far = [...x].findIndex((v, i) => !(Math.abs(erf(y[i]!) - v) <= (Math.abs(v) < 0.9 ? 6 : 100) * spacing(y[i]!) * (2 / Math.sqrt(Math.PI)) * Math.exp(-(y[i]! ** 2)) + 1e-13));
  expect(far < 0 ? null : [x[far], y[far]]).toBeNull();
});

test('a product that XLA may round or not before it is added to has the same logarithm', () => {
  const values = Float32Array.from(numbersFrom(9, 20000), (v) => 1.999 * v);
  const x = np.array(values);
  const both = jit((v: Array) => [np.log1p(v.mul(v.neg())), v.mul(v.neg()).add(1), np.log1p(v.mul(v))])(x) as Array[];
  const [down, , up] = both.map((y) => y.dataSync() as Float32Array);
  const off = (y: number, exact: number) => Math.abs(y - exact) / (Math.abs(exact) + 1e-30);
  // Where 1 - v² is small, that v² is rounded shows.
  const worst = [...values].reduce((most, v, i) => Math.max(most, off(up![i]!, Math.log1p(v * v)), Math.abs(v) < 0.9 ? off(down![i]!, Math.log1p(-v * v)) : 0), 0);
  expect(worst).toBeLessThan(2e-6);
});

test('edges are those of the functions', () => {
  const at = (f: (x: Array) => Array, values: number[]) => [...(jit(f)(np.array(Float32Array.from(values))).dataSync() as Float32Array)];
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  expect(at((x) => np.log1p(x), [0, -0, -1, -1.5, inf, -inf, nan, 3e38])).toEqual([0, -0, -inf, nan, inf, nan, nan, Math.fround(Math.log(3e38))]);
  expect(at((x) => np.arctanh(x), [0, -0, 1, -1, 1.5, -1.5, inf, nan])).toEqual([0, -0, inf, -inf, nan, nan, nan, nan]);
  expect(at((x) => np.arcsinh(x), [0, -0, inf, -inf, nan])).toEqual([0, -0, inf, -inf, nan]);
  expect(at((x) => np.arccosh(x), [1, 0.5, inf, nan])).toEqual([0, nan, inf, nan]);
  expect(at((x) => lax.erfInv(x), [0, -0, 1, -1, 1.5, -2, nan])).toEqual([0, -0, inf, -inf, nan, nan, nan]);
});

test('double precision stays with XLA', () => {
  environ.context({ precision: 64 }, () => {
    expect(jit((x: Array) => np.log1p(x)).lower(np.array([0.5], { dtype: 'float64' })).asText()).toContain('log_plus_one');
  });
});
