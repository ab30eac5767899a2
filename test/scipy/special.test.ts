import { gradCore } from '../../lib/functional/derivatives';
import * as np from '../../lib/numpy';
import { special } from '../../lib/scipy';
import { testTable } from '../numpy/table';

type Fn = (...xs: unknown[]) => np.Array | np.Array[];

/** Derivatives of the sum of the results' real parts by all arguments, or by those named. */
const slopes = (f: Fn, argnums?: number[]) => (...xs: np.Array[]) => {
  const total = (...ys: np.Array[]) => [f(...ys)].flat().map((v) => np.sum(np.real(v))).reduce((a, b) => a.add(b));
  return gradCore('grad', total, xs, { argnums: argnums ?? xs.map((_, i) => i) }).grads;
};

const derivatives: Record<string, unknown> = Object.fromEntries(Object.entries(special).map(([name, f]) => [name, slopes(f as Fn)]));
Object.assign(derivatives, {
  betainc2: slopes(special.betainc as Fn, [2]),
  boxcox0: slopes(special.boxcox as Fn, [0]),
  multigammaln: slopes((x) => special.multigammaln(x as np.Array, 3)),
  expn: slopes((x) => special.expn(3, x as np.Array)),
  expn0: slopes((x) => special.expn(0, x as np.Array)),
  softmax: slopes((x) => np.square(special.softmax(x as np.Array).slice(0))),
  logSoftmax: slopes((x) => np.square(special.logSoftmax(x as np.Array).slice(0))),
});

testTable('scipySpecial', { ...special, d: derivatives });

test('poles of digamma and of the gamma function', () => {
  const poles = np.array([0, -0, -1, -7]);
  expect(special.digamma(poles).js()).toEqual([NaN, NaN, NaN, NaN]);
  expect(special.gammaln(poles).js()).toEqual([Infinity, Infinity, Infinity, Infinity]);
  expect(special.digamma(Infinity).item()).toBe(Infinity);
});

test('where the dilogarithm has a value of its own, cotangents are zeros, as in JAX', () => {
  expect((slopes(special.spence as Fn)(np.array([-3.5, -0, 0, 1, 0.5, Number.NEGATIVE_INFINITY])) as np.Array[])[0]!.js()).toEqual([0, 0, 0, 0, expect.closeTo(-2 * Math.LN2, 5), 0]);
});

test('arguments that are not accepted are named', () => {
  expect(() => special.ndtr(np.array([1], 'int32'))).toThrow('ndtr: expected float32 or float64');
  expect(() => special.dawsn(np.array([{ re: 1, im: 2 }]))).toThrow('dawsn: expected real numbers');
  expect(() => special.zeta(2)).toThrow('expected q');
  expect(() => special.polygamma(0.5, 1)).toThrow('expected n to be of integers');
  expect(() => (special.beta as (x: number) => np.Array)(2)).toThrow('beta: expected 2 arrays, got 1');
  expect(() => (special.owensT as (x: number) => np.Array)(2)).toThrow('owensT: expected 2 arrays, got 1');
  expect(() => (special.besselJn as (x: number) => np.Array)(2)).toThrow('besselJn: expected integers');
  expect(() => special.softmax([true, false])).toThrow('softmax: expected numbers');
  expect(special.multigammaln(3, np.array(2)).item()).toBeCloseTo(special.multigammaln(3, 2).item() as number, 6);
  expect([0.5, 1].map(special.erf as (x: number) => np.Array).map((x) => x.item())).toEqual(special.erf([0.5, 1]).js());
  expect(() => special.logNdtr([1], { seriesOrder: 31 })).toThrow('seriesOrder');
});
