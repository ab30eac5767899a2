import type { Array } from '../core/array';
import { canonicalDtype, checkDtype } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { conjugate } from '../primitives/matrix';
import { concatenate, convert, full, indexInDim, reshape, scalar, squeeze, transpose } from '../primitives/structural';
import { abs } from './arithmetic';
import { clip } from './clip';
import { diagonal } from './diagonals';
import { asIndices } from './indexParse';
import { div, mul, sub } from './operators';
import { dot } from './products';
import { program, readOptions, type Rest } from './program';
import { average, isInexact, sum } from './reductions';

interface CovOptions {
  /** Further variables, as in m. */
  y?: ArrayLike | null;
  /** Whether rows are variables and columns observations. */
  rowvar?: boolean;
  /** Whether sums are divided by the number of observations, not one less. */
  bias?: boolean;
  ddof?: number | null;
  /** How often each observation counts. */
  fweights?: ArrayLike | null;
  aweights?: ArrayLike | null;
  dtype?: DType | null;
}

interface Spec {
  rowvar: boolean;
  ddof: number;
  dtype: DType | null;
}

const rows = (x: Array) => (x.ndim === 2 ? x : reshape(x, [1, x.size]));

const covC = program<Spec>('cov', ([m0, y0, f0, a0], { rowvar, ddof, dtype }) => {
  const [m, y] = (y0 ? promoteDtypesInexact('cov', m0!, y0) : promoteDtypesInexact('cov', m0!)) as [Array, Array?];
  let X = rows(m);
  if (!rowvar && m.ndim !== 1) X = transpose(X, [1, 0]);
  if (X.shape[0] === 0) return [full([0, 0], 0, canonicalDtype('float64'))];
  if (y) {
    let Y = rows(y);
    if (!rowvar && Y.shape[0] !== 1) Y = transpose(Y, [1, 0]);
    X = concatenate([X, Y], 0);
  }
  const [k, n] = X.shape as [number, number];
  if (n === 0) return [full(k === 1 ? [] : [k, k], Number.NaN, X.dtype)];
  const aw = a0 ? abs(a0) : null;
  let w = f0 ? abs(f0) : null;
  if (aw) w = w ? mul(w, aw) : aw;
  if (dtype) {
    X = astype(X, dtype);
    w = w && astype(w, dtype);
  }
  const [mean, totals] = average(X, { axis: 1, weights: w, returned: true });
  const total = indexInDim(totals, 0, 0);
  let f: Array;
  if (!w) f = scalar(n - ddof, 'int32', true);
  else if (ddof === 0) f = total;
  else if (!aw) f = sub(total, ddof);
  else f = sub(total, div(mul(ddof, sum(mul(w, aw))), total));
  const centered = e.sub(X, convert(reshape(mean, [k, 1]), X.dtype));
  const weighted = w ? mul(centered, reshape(w, [1, n])) : centered;
  const out = div(dot(centered, conjugate(transpose(weighted, [1, 0]))), f);
  return [squeeze(out, out.shape.map((s, d) => (s === 1 ? d : -1)).filter((d) => d >= 0))];
});

/**
 * Covariances of variables, by default the rows. Mirrors `jax.numpy.cov`.
 *
 * @throws ShapeError for more than 2 dimensions, DtypeError for a dtype that is not inexact
 * @example
 * np.cov([[1, 2, 3], [3, 2, 1]]) // [[1, -1], [-1, 1]]
 */
export function cov(m: ArrayLike, ...rest: Rest<CovOptions, 'y'>): Array {
  const o = readOptions('cov', ['y', 'rowvar', 'bias', 'ddof', 'fweights', 'aweights', 'dtype'], 1, rest);
  const x = asArray(m, 'cov');
  const y = o.y === null || o.y === undefined ? null : asArray(o.y, 'cov');
  for (const z of [x, y]) if (z && z.ndim > 2) throw new ShapeError(`cov: expected at most 2 dimensions, got ${z.aval}`);
  const dtype = o.dtype ? checkDtype('cov', o.dtype) : null;
  if (dtype !== null && !isInexact(dtype)) throw new DtypeError(`cov: expected an inexact dtype, got ${dtype}`);
  const rowvar = o.rowvar ?? true;
  const n = x.ndim === 2 ? x.shape[rowvar ? 1 : 0] : x.size;
  const f = o.fweights === null || o.fweights === undefined ? null : asIndices('cov', o.fweights);
  const a = o.aweights === null || o.aweights === undefined ? null : asArray(o.aweights, 'cov');
  for (const w of [f, a]) if (w && (w.ndim !== 1 || w.size !== n)) throw new ShapeError(`cov: expected a weight for each of ${n} observations, got ${w.aval}`);
  const ddof = o.ddof ?? (o.bias ? 0 : 1);
  if (typeof ddof !== 'number') throw new ArgumentError(`cov: expected ddof to be a number, got ${String(ddof)}`);
  return covC([x, y, f, a], { rowvar, ddof, dtype })[0]!;
}

const corrC = program<object>('corrcoef', ([c0]) => {
  const c = c0!;
  if (c.ndim === 0) return [e.div(c, c)];
  const complex = dtypeKind(c.dtype) === 'complex';
  const d = diagonal(c);
  const sd = convert(e.sqrt(complex ? e.real(d) : d), c.dtype);
  const n = sd.size;
  const scaled = e.div(e.div(c, reshape(sd, [n, 1])), reshape(sd, [1, n]));
  const inRange = (x: Array) => clip(x, -1, 1);
  return [complex ? e.complex(inRange(e.real(scaled)), inRange(e.imag(scaled))) : inRange(scaled)];
});

/** Correlation coefficients of variables, by default the rows. Mirrors `jax.numpy.corrcoef`. @example np.corrcoef([[1, 2, 3], [3, 2, 1]]) // [[1, -1], [-1, 1]] */
export function corrcoef(x: ArrayLike, ...rest: Rest<Pick<CovOptions, 'y' | 'rowvar' | 'dtype'>, 'y'>): Array {
  const o = readOptions('corrcoef', ['y', 'rowvar', 'dtype'], 1, rest);
  return corrC([cov(x, o)], {})[0]!;
}
