import { gradCore } from '../../lib/functional/derivatives';
import * as np from '../../lib/numpy';
import * as prng from '../../lib/prng';
import { stats } from '../../lib/scipy';
import { jit } from '../../lib/transform';
import { testTable } from '../numpy/table';

type Fn = (...xs: np.Array[]) => np.Array;
type Functions = Record<string, Fn>;

/** Derivatives of the sum of a function's values by all of its arguments, or by those named. */
const slopes = (f: Fn, argnums?: (n: number) => number[]) => (...xs: np.Array[]) => gradCore('grad', (...ys: np.Array[]) => np.sum(f(...ys)), xs, { argnums: argnums ? argnums(xs.length) : xs.map((_, i) => i) }).grads;
const all = stats as unknown as Record<string, Functions>;
const distributions = Object.entries(all).filter(([, d]) => typeof d === 'object');

/** All functions of a distribution in one program: they share most of what they are made of, and so it is compiled in a fraction of the time. */
const together = Object.fromEntries(distributions.map(([name, d]) => [name, (methods: string[], points: np.Array[], parameters: np.Array[], options: object) =>
  jit((xs: np.Array[], ps: np.Array[], o: object) => methods.map((m, i) => d[m]!(xs[i]!, ...ps, o as never)))(points, parameters, options)]));
const derivatives = Object.fromEntries(distributions.map(([name, d]) => [name, (methods: string[], args: np.Array[][], nums: number[][]) =>
  jit((every: np.Array[][]) => methods.map((m, i) => slopes(d[m]!, () => nums[i]!)(...every[i]!)))(args)]));

const kde = Object.fromEntries(['evaluate', 'logpdf', 'integrateBox1d', 'integrateGaussian'].map((m) => [m, (data: np.Array, ...rest: never[]) => {
  const n = m === 'evaluate' || m === 'logpdf' ? 1 : 2;
  return (new stats.gaussian_kde(data, rest[n]) as unknown as Functions)[m]!(...(rest.slice(0, n) as np.Array[]));
}]));

testTable('scipyStats', {
  ...stats,
  truncated: (low: np.Array, high: np.Array) => prng.truncatedNormal(prng.key(0), low, high, { shape: [6] }),
  together,
  slopes: derivatives,
  d: { multivariateNormal: { logpdf: slopes(all.multivariateNormal!.logpdf!) } },
  mode: (a: np.Array, options?: object) => {
    const r = stats.mode(a, options ?? {});
    return [r.mode, r.count];
  },
  kde: {
    ...kde,
    integrateKde: (a: np.Array, b: np.Array) => new stats.gaussian_kde(a).integrateKde(new stats.gaussian_kde(b)),
    resample: (a: np.Array, key: np.Array) => new stats.gaussian_kde(a).resample(key, { shape: [4] }),
  },
});

test('edges are as in JAX outside of jit', () => {
  const { cauchy, gumbelL, gumbelR, truncnorm } = stats;
  const ends = np.array([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]);
  expect([cauchy.cdf(ends).js(), cauchy.logcdf(ends).js(), cauchy.logsf(ends).js()]).toEqual([[0, 1], [Number.NEGATIVE_INFINITY, 0], [0, Number.NEGATIVE_INFINITY]]);
  // 1 − 1e-6 in float32 times π is rounded before π / 2 is taken away.
  expect(cauchy.ppf(1 - 1e-6).item()).toBeCloseTo(327254.03125, 0);
  expect([gumbelL.logpdf(ends).js(), gumbelR.logpdf(ends).js()]).toEqual([[Number.NEGATIVE_INFINITY, Number.NaN], [Number.NaN, Number.NEGATIVE_INFINITY]]);
  for (const p of [gumbelL.pdf([0, 1], { scale: -1 }), gumbelR.cdf([0, 1], { scale: 0 }), truncnorm.pdf([0, 1], 2, 2)]) expect(p.js()).toEqual([Number.NaN, Number.NaN]);
});

test('complex points where a density is analytic, points at infinity, bounds far in a tail: values of JAX 0.10.2', () => {
  const z = np.array([{ re: 1, im: 1 }]);
  const given: [np.Array, number, number][] = [
    [stats.norm.logpdf(z), -0.9189385, -1], [stats.norm.pdf(z), 0.2155494, -0.3356984],
    [stats.cauchy.logpdf(z), -1.9494488, -1.1071488], [stats.cauchy.cdf(z), 0.8237917, 0.128075], [stats.cauchy.logsf(z), -1.5240126, -0.6285125], [stats.cauchy.isf(z), 0, -1.0037417],
    [stats.logistic.logpdf(z), -1.4271401, -0.4945774], [stats.logistic.cdf(z), 0.7820415, 0.2019482], [stats.logistic.ppf(z), 0.3465736, 2.3561945],
  ];
  for (const [out, re, im] of given) {
    const [v] = out.js() as { re: number; im: number }[];
    expect(v!.re).toBeCloseTo(re, 5);
    expect(v!.im).toBeCloseTo(im, 5);
  }
  expect(() => stats.laplace.pdf(z)).toThrow('expected real numbers');
  const points = [[0, Infinity], [Infinity, 0], [-Infinity, 1], [NaN, 0], [NaN, Infinity]];
  expect(stats.multivariateNormal.logpdf(points, [0, 1], [[2, 0.5], [0.5, 1]]).js()).toEqual([-Infinity, -Infinity, -Infinity, NaN, NaN]);
  const drawn = (low: number, high: number) => prng.truncatedNormal(prng.key(0), low, high, { shape: [2] }).js();
  expect(drawn(10, 12)).toEqual([11.999999046325684, 11.999999046325684]);
  expect(drawn(-12, -10)).toEqual([-11.999999046325684, -11.999999046325684]);
});

test('gradients of log distribution functions below the support are 0, not NaN', () => {
  // JAX: what is clamped has no slope, though the logarithm of 0 has an infinite one.
  const slope = (f: Fn) => (slopes(f)(np.array([-1, 1])) as np.Array[])[0]!.js() as number[];
  expect(slope((x) => stats.gamma.logcdf(x, 2))[0]).toBe(0);
  expect(slope((x) => stats.gamma.logcdf(x, 2))[1]).toBeCloseTo(1.3922125, 4);
  expect(slope((x) => stats.chi2.logcdf(x, 3))[0]).toBe(0);
});

test('whole points beside parameters without a type: log masses are as weak as in JAX (binom, poisson and their masses; not geom, nbinom, betabinom)', () => {
  const k = np.array([1], { dtype: 'int32' });
  const weak = (x: np.Array) => [x.dtype, x.weakType];
  for (const x of [stats.binom.logpmf(k, 3, 0.3), stats.binom.pmf(k, 3, 0.3), stats.poisson.logpmf(k, 0.4), stats.poisson.pmf(k, 0.4)]) expect(weak(x)).toEqual(['float32', true]);
  for (const x of [stats.geom.logpmf(k, 0.4), stats.nbinom.logpmf(k, 3, 0.3), stats.betabinom.logpmf(k, 3, 0.3, 0.2), stats.binom.logpmf(k, 3, np.array(0.3, { dtype: 'float32' }))]) expect(weak(x)).toEqual(['float32', false]);
});
