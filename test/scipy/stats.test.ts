import { gradCore } from '../../lib/functional/derivatives';
import * as np from '../../lib/numpy';
import { stats } from '../../lib/scipy';
import { testTable } from '../numpy/table';

type Fn = (...xs: np.Array[]) => np.Array;
type Functions = Record<string, Fn>;

/** Derivatives of the sum of a function's values by all of its arguments, or by those named. */
const slopes = (f: Fn, argnums?: (n: number) => number[]) => (...xs: np.Array[]) => gradCore('grad', (...ys: np.Array[]) => np.sum(f(...ys)), xs, { argnums: argnums ? argnums(xs.length) : xs.map((_, i) => i) }).grads;
const eachOf = (d: Functions, argnums?: (n: number, name: string) => number[]) => Object.fromEntries(Object.entries(d).map(([k, f]) => [k, slopes(f, argnums && ((n) => argnums(n, k)))]));

const parameters = (n: number) => globalThis.Array.from({ length: n - 1 }, (_, i) => i + 1);
const all = stats as unknown as Record<string, Functions>;
const derivatives = Object.fromEntries(Object.entries(all).filter(([, d]) => typeof d === 'object').map(([name, d]) => {
  if ('pmf' in d) return [name, eachOf(d, parameters)];
  return [name, eachOf(d, name === 'beta' ? (n, m) => (/pdf/.test(m) ? [...globalThis.Array(n).keys()] : [0, 3, 4]) : undefined)];
}));

const kde = Object.fromEntries(['evaluate', 'logpdf', 'integrateBox1d', 'integrateGaussian'].map((m) => [m, (data: np.Array, ...rest: never[]) => {
  const n = m === 'evaluate' || m === 'logpdf' ? 1 : 2;
  return (new stats.gaussian_kde(data, rest[n]) as unknown as Functions)[m]!(...(rest.slice(0, n) as np.Array[]));
}]));

testTable('scipyStats', {
  ...stats,
  d: derivatives,
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
