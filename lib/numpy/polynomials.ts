import { type Array, ConcreteArray } from '../core/array';
import { canonicalDtype, checkExtent } from '../core/aval';
import { checkInteger } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, ConcretizationError, ShapeError } from '../core/errors';
import { scan } from '../lax/control';
import { type ArrayLike, asArray, astype, promoteDtypes, promoteDtypesInexact } from '../lax/arrayLike';
import { cumprod } from '../primitives/cumulative';
import { eig } from '../primitives/eig';
import * as e from '../primitives/elementwise';
import { epsilon } from '../primitives/matrix';
import { broadcastInDim, concatenate, convert, full, indexInDim, iota, like, reduceSum, reshape, rev, scalar, sliceInDim, transpose } from '../primitives/structural';
import { sort } from '../primitives/sort';
import { power } from './arithmetic';
import { broadcastShape, broadcastToShape } from './broadcast';
import { convolve } from './calculus';
import { diag } from './diagonals';
import { roll, trimZeros } from './editing';
import { at } from './indexing';
import { add, div, maximum, mul } from './operators';
import { matmul, outer } from './products';
import { program, readOptions, type Rest } from './program';
import { prod, sum } from './reductions';
import { takeOf } from './take';
import { inv, lstsq } from './solvers';

// Polynomials are vectors of coefficients, that of the highest power first.

const vector = (op: string, x: Array) => {
  if (x.ndim > 1) throw new ShapeError(`${op}: expected a vector of coefficients, got ${x.aval}`);
  return x.ndim === 0 ? reshape(x, [1]) : x;
};

const vanderC = program<{ N: number; increasing: boolean }>('vander', ([x], { N, increasing }) => {
  const i = iota(x!.dtype, [N], 0);
  const exponents = increasing ? i : e.sub(like(i, N - 1), i);
  return [power(reshape(x!, [x!.size, 1]), reshape(exponents, [1, N]))];
});

interface VanderOptions {
  /** Number of columns; the number of values by default. */
  N?: number | null;
  increasing?: boolean;
}

/** Powers of values, a row for each, by default from the highest down. Mirrors `jax.numpy.vander`. @throws ShapeError unless x is a vector @example np.vander([1, 2], 3) // [[1, 1, 1], [4, 2, 1]] */
export function vander(x: ArrayLike, ...rest: Rest<VanderOptions, 'N', 'increasing'>): Array {
  const { N = null, increasing = false } = readOptions('vander', ['N', 'increasing'], 2, rest);
  const a = asArray(x, 'vander');
  if (a.ndim !== 1) throw new ShapeError(`vander: expected a vector, got ${a.aval}`);
  const n = N ?? a.size;
  checkInteger('vander', 'N', n, 0);
  checkExtent('vander', 'N', n);
  return vanderC([a], { N: n, increasing })[0]!;
}

const polyvalC = program<{ unroll: number }>('polyval', ([p0, x0], { unroll }) => {
  const [p, x] = promoteDtypes('polyval', p0!, x0!) as [Array, Array];
  const shape = broadcastShape('polyval', [p.shape.slice(1), x.shape]);
  const start = full(shape, 0, x.dtype, x.weakType);
  if (p.shape[0]! <= unroll) {
    let y = start;
    for (let i = 0; i < p.shape[0]!; i++) y = broadcastToShape('polyval', add(mul(y, x), indexInDim(p, i, 0)), shape);
    return [y];
  }
  const [y] = scan((c: Array, q: Array) => [broadcastToShape('polyval', add(mul(c, x), q), shape), null] as const, start as never, p as never, { unroll }) as unknown as [Array];
  return [y];
});

/**
 * Value of a polynomial at x, or with polynomials in the columns of p, of each. Mirrors `jax.numpy.polyval`.
 *
 * @throws ShapeError if the coefficients are a scalar
 * @example
 * np.polyval([1, 0, 2], 3).item() // 11
 */
export function polyval(p: ArrayLike, x: ArrayLike, ...rest: Rest<{ unroll?: number }>): Array {
  const { unroll = 16 } = readOptions('polyval', ['unroll'], 0, rest);
  const c = asArray(p, 'polyval');
  if (c.ndim === 0) throw new ShapeError('polyval: expected a vector of coefficients, got a scalar');
  return polyvalC([c, asArray(x, 'polyval')], { unroll })[0]!;
}

const polyaddC = program<object>('polyadd', ([p0, q0]) => {
  const [p, q] = promoteDtypes('polyadd', p0!, q0!) as [Array, Array];
  const [long, short] = q.size <= p.size ? [p, q] : [q, p];
  return [short.size === 0 ? long : at(long, [long.size - short.size, null]).add(short)];
});

/**
 * Sum of polynomials. Mirrors `jax.numpy.polyadd`.
 *
 * @param a1 coefficients, the highest power first
 * @param a2 coefficients, the highest power first
 * @example
 * np.polyadd([1, 2], [1]) // [1, 3]
 */
export function polyadd(a1: ArrayLike, a2: ArrayLike): Array {
  return polyaddC([vector('polyadd', asArray(a1, 'polyadd')), vector('polyadd', asArray(a2, 'polyadd'))], {})[0]!;
}

/**
 * Difference of polynomials. Mirrors `jax.numpy.polysub`.
 *
 * @param a1 coefficients, the highest power first
 * @param a2 coefficients, the highest power first
 * @example
 * np.polysub([1, 2], [1]) // [1, 1]
 */
export function polysub(a1: ArrayLike, a2: ArrayLike): Array {
  const [p, q] = promoteDtypes('polysub', a1, a2) as [Array, Array];
  return polyadd(p, e.neg(q));
}

interface TrimOption {
  /** Whether zeros at the front are taken off first, for which coefficients must be known. */
  trimLeadingZeros?: boolean;
}

/**
 * Product of polynomials. Mirrors `jax.numpy.polymul`.
 *
 * @param a1 coefficients, the highest power first
 * @param a2 coefficients, the highest power first
 * @example
 * np.polymul([1, 1], [1, -1]) // [1, 0, -1]
 */
export function polymul(a1: ArrayLike, a2: ArrayLike, ...rest: Rest<TrimOption>): Array {
  const { trimLeadingZeros = false } = readOptions('polymul', ['trimLeadingZeros'], 0, rest);
  let [p, q] = promoteDtypesInexact('polymul', a1, a2).map((x) => vector('polymul', x)) as [Array, Array];
  if (trimLeadingZeros && (p.size > 1 || q.size > 1)) [p, q] = [trimZeros(p, { trim: 'f' }), trimZeros(q, { trim: 'f' })];
  if (p.size === 0) p = full([1], 0, q.dtype);
  if (q.size === 0) q = full([1], 0, p.dtype);
  return convolve(p, q);
}

const polydivC = program<object>('polydiv', ([u0, v0]) => {
  const [u, v] = promoteDtypesInexact('polydiv', u0!, v0!) as [Array, Array];
  const steps = u.size - v.size + 1;
  const scale = e.div(like(v, 1), indexInDim(v, 0, 0));
  let left = u;
  const quotient: Array[] = [];
  for (let k = 0; k < steps; k++) {
    const d = e.mul(scale, indexInDim(left, k, 0));
    quotient.push(reshape(d, [1]));
    left = at(left, [k, k + v.size]).add(e.mul(e.neg(d), v));
  }
  return [quotient.length > 0 ? concatenate(quotient, 0) : full([1], 0, u.dtype), left];
});

/**
 * Quotient and remainder of polynomials; the remainder has the dividend's size unless zeros at its front are taken off. Mirrors `jax.numpy.polydiv`.
 *
 * @param u coefficients of what is divided, the highest power first
 * @param v coefficients of the divisor
 * @throws ConcretizationError for traced coefficients with `trimLeadingZeros`
 * @example
 * np.polydiv([1, 0, -1], [1, 1])[0] // [1, -1]
 */
export function polydiv(u: ArrayLike, v: ArrayLike, ...rest: Rest<TrimOption>): [Array, Array] {
  const { trimLeadingZeros = false } = readOptions('polydiv', ['trimLeadingZeros'], 0, rest);
  const [q, r] = polydivC([vector('polydiv', asArray(u, 'polydiv')), vector('polydiv', asArray(v, 'polydiv'))], {}) as [Array, Array];
  if (!trimLeadingZeros) return [q, r];
  if (!(r instanceof ConcreteArray)) throw new ConcretizationError('polydiv: trimLeadingZeros needs the values of the coefficients, which are traced');
  const size = (x: unknown) => (typeof x === 'object' && x !== null ? Math.hypot((x as { re: number }).re, (x as { im: number }).im) : Math.abs(Number(x)));
  const first = (r.js() as unknown[]).findIndex((x) => !(size(x) < Math.sqrt(epsilon(r.dtype))));
  return [q, sliceInDim(r, first < 0 ? r.size : first, r.size, 0)];
}

const polyderC = program<{ m: number }>('polyder', ([p0], { m }) => {
  const p = promoteDtypesInexact('polyder', p0!)[0]!;
  const n = p.size - m;
  // Each derivative brings the exponent down as a factor.
  const grid = e.sub(broadcastInDim(e.add(iota(p.dtype, [n], 0), scalar(m, p.dtype)), [m, n], [1]), broadcastInDim(iota(p.dtype, [m], 0), [m, n], [0]));
  const factors = prod(grid, 0);
  return [e.mul(sliceInDim(p, 0, n, 0), convert(revOf(factors), p.dtype))];
});

const revOf = (x: Array) => rev(x, [0]);

/** Derivative of order m of a polynomial. Mirrors `jax.numpy.polyder`. @throws ArgumentError for a negative order @example np.polyder([1, 2, 3]) // [2, 2] */
export function polyder(p: ArrayLike, ...rest: Rest<{ m?: number }, 'm'>): Array {
  const { m = 1 } = readOptions('polyder', ['m'], 1, rest);
  checkInteger('polyder', 'm', m, 0);
  const a = promoteDtypesInexact('polyder', p)[0]!;
  if (m === 0) return a;
  return m >= a.size ? full([0], 0, a.dtype) : polyderC([a], { m })[0]!;
}

interface PolyintOptions {
  m?: number;
  /** Constants of integration: one for all, or one for each, that of the first integral first. */
  k?: ArrayLike | null;
}

const polyintC = program<{ m: number }>('polyint', ([p0, k0], { m }) => {
  const [p, k] = promoteDtypesInexact('polyint', p0!, k0!) as [Array, Array];
  const n = p.size + m;
  const grid = e.sub(broadcastInDim(iota(p.dtype, [n], 0), [m, n], [1]), broadcastInDim(iota(p.dtype, [m], 0), [m, n], [0]));
  const factors = revOf(prod(maximum(grid, 1), 0));
  return [e.div(concatenate([p, broadcastInDim(reshape(k, [k.size]), [m], [0])], 0), convert(factors, p.dtype))];
});

/** Integral of order m of a polynomial. Mirrors `jax.numpy.polyint`. @throws ShapeError for other than one or m constants @example np.polyint([2, 2]) // [1, 2, 0] */
export function polyint(p: ArrayLike, ...rest: Rest<PolyintOptions, 'm', 'k'>): Array {
  const { m = 1, k } = readOptions('polyint', ['m', 'k'], 2, rest);
  checkInteger('polyint', 'm', m, 0);
  checkExtent('polyint', 'm', m);
  const constants = asArray(k ?? 0, 'polyint');
  if (constants.ndim > 1 || (constants.size !== 1 && constants.size !== m)) throw new ShapeError(`polyint: expected one constant of integration or ${m}, got ${constants.aval}`);
  const a = vector('polyint', asArray(p, 'polyint'));
  return m === 0 ? promoteDtypesInexact('polyint', a, constants)[0]! : polyintC([a, constants], { m })[0]!;
}

// ---- roots ----

/** Eigenvalues of the companion matrix. */
function rootsOf(p: Array): Array {
  const complex = p.dtype === 'float64' || p.dtype === 'complex128' ? 'complex128' : 'complex64';
  if (p.size < 2) return full([0], 0, complex);
  const n = p.size - 1;
  const lower = n > 1 ? diag(full([n - 1], 1, p.dtype), -1) : full([1, 1], 0, p.dtype);
  const top = e.div(e.neg(sliceInDim(p, 1, n + 1, 0)), broadcastToShape('roots', sliceInDim(p, 0, 1, 0), [n]));
  return eig(at(lower, 0).set(top), { computeLeftEigenvectors: false, computeRightEigenvectors: false })[0]!;
}

const rootsC = program<{ strip: boolean }>('roots', ([p0], { strip }) => {
  const p = promoteDtypesInexact('roots', p0!)[0]!;
  if (strip) return [rootsOf(p)];
  // As many leading zeros, as many roots are missing.
  const zero = e.eq(p, like(p, 0));
  const leading = reduceSum(convert(e.eq(cumulativeAnd(zero), like(convert(zero, 'int32'), 1)), 'int32'), [0]);
  const all = e.eq(leading, like(leading, p.size));
  const safe = e.where(broadcastInDim(all, p.shape, []), full(p.shape, 1, p.dtype), p);
  const found = rootsOf(roll(safe, e.neg(leading)));
  const isZero = convert(e.eq(found, full(found.shape, { re: 0, im: 0 }, found.dtype)), 'int32');
  const [, order] = sort([isZero, iota('int32', found.shape, 0)], { dimension: 0, numKeys: 1, isStable: true }) as [Array, Array];
  const sorted = takeOf(found, order, { axis: 0, mode: 'clip', unique: true, sorted: false, fill: null });
  const there = e.lt(iota('int32', found.shape, 0), e.sub(like(leading, found.size), leading));
  return [e.where(there, sorted, full(found.shape, { re: Number.NaN, im: Number.NaN }, found.dtype))];
});

/** Running conjunction, as integers. */
function cumulativeAnd(x: Array): Array {
  return cumprod(convert(x, 'int32'), 0, false);
}

/**
 * Roots of a polynomial, complex, in no order. Mirrors `jax.numpy.roots`.
 *
 * @throws ConcretizationError when traced, unless `stripZeros` is false: then roots that leading zeros take away are NaN
 * @example
 * np.roots([1, -3, 2]).shape // [2]
 */
export function roots(p: ArrayLike, ...rest: Rest<{ stripZeros?: boolean }>): Array {
  const { stripZeros = true } = readOptions('roots', ['stripZeros'], 0, rest);
  const a = vector('roots', promoteDtypesInexact('roots', p)[0]!);
  if (a.size < 2) return rootsOf(a);
  if (!stripZeros) return rootsC([a], { strip: false })[0]!;
  if (!(a instanceof ConcreteArray)) throw new ConcretizationError('roots: the coefficients are traced, so that leading zeros are not known; give stripZeros: false');
  const first = (a.js() as unknown[]).findIndex((x) => (typeof x === 'object' ? (x as { re: number; im: number }).re !== 0 || (x as { re: number; im: number }).im !== 0 : x !== 0));
  return rootsC([sliceInDim(a, first < 0 ? a.size : first, a.size, 0)], { strip: true })[0]!;
}

const polyC = program<object>('poly', ([z0]) => {
  let z = promoteDtypesInexact('poly', z0!)[0]!;
  if (z.ndim === 2) z = eig(z, { computeLeftEigenvectors: false, computeRightEigenvectors: false })[0]!;
  let a = full([1], 1, z.dtype);
  for (let k = 0; k < z.size; k++) a = convolve(a, concatenate([full([1], 1, z.dtype), e.neg(sliceInDim(z, k, k + 1, 0))], 0));
  return [a];
});

/** The polynomial with the given roots, or the characteristic polynomial of a square matrix. Mirrors `jax.numpy.poly`. @throws ShapeError for other arrays @example np.poly([1, 2]) // [1, -3, 2] */
export function poly(seqOfZeros: ArrayLike): Array {
  const given = asArray(seqOfZeros, 'poly');
  const z = given.ndim === 0 ? reshape(given, [1]) : given;
  if (z.ndim > 2 || (z.ndim === 2 && (z.shape[0] !== z.shape[1] || z.size === 0))) throw new ShapeError(`poly: expected a vector or a square matrix, got ${z.aval}`);
  if (z.size === 0) return full([], 1, promoteDtypesInexact('poly', z)[0]!.dtype);
  return polyC([z], {})[0]!;
}

// ---- least squares ----

interface PolyfitOptions {
  /** Singular values below this part of the largest count as zero. */
  rcond?: number | null;
  /** Whether residuals, rank, singular values and rcond are returned as well. */
  full?: boolean;
  /** What each residual is multiplied by. */
  w?: ArrayLike | null;
  /** Whether the covariance of the coefficients is returned as well; 'unscaled' where weights are inverse errors. */
  cov?: boolean | 'unscaled';
}

const fitC = program<{ deg: number; rcond: number; cov: boolean | 'unscaled' }>('polyfit', ([x, y0, w0], { deg, rcond, cov }) => {
  let lhs = vanderC([x!], { N: deg + 1, increasing: false })[0]!;
  let y = y0!;
  if (w0) {
    const w = promoteDtypesInexact('polyfit', w0)[0]!;
    lhs = mul(lhs, reshape(w, [w.size, 1]));
    y = mul(y, y.ndim === 2 ? reshape(w, [w.size, 1]) : w);
  }
  const scale = e.sqrt(convert(sum(mul(lhs, lhs), 0), promoteDtypesInexact('polyfit', lhs)[0]!.dtype));
  lhs = div(lhs, reshape(scale, [1, scale.size]));
  const [c0, resid, rank, s] = lstsq(lhs, y, { rcond });
  const c = div(c0, c0.ndim === 2 ? reshape(scale, [scale.size, 1]) : scale);
  if (cov === false) return [c, resid, rank, s];
  const base = div(inv(matmul(transposeOf(lhs), lhs)), outer(scale, scale));
  const factor = cov === 'unscaled' ? full([1], 1, resid.dtype) : div(resid, x!.size - deg - 1);
  if (y.ndim === 1) return [c, mul(base, reshape(factor, [1, factor.size]))];
  return [c, mul(reshape(base, [...base.shape, 1]), reshape(factor, [1, 1, factor.size]))];
});

const transposeOf = (x: Array) => transpose(x, [1, 0]);

/**
 * The polynomial of degree `deg` that fits points best, in the sense of least squares. Mirrors `jax.numpy.polyfit`.
 *
 * @param y values, or several sets of them in columns
 * @returns coefficients; with `full` a list of them, residuals, rank, singular values and rcond; with `cov` a pair of them and their covariance
 * @throws ShapeError where x and y do not fit
 * @example
 * np.polyfit([0, 1, 2], [1, 3, 5], 1) // [2, 1]
 */
export function polyfit(x: ArrayLike, y: ArrayLike, deg: number, options: PolyfitOptions & ({ full: true } | { cov: true | 'unscaled' })): Array[];
export function polyfit(x: ArrayLike, y: ArrayLike, deg: number, options?: PolyfitOptions): Array;
export function polyfit(x: ArrayLike, y: ArrayLike, deg: number, ...rest: Rest<PolyfitOptions>): Array | Array[] {
  const o = readOptions('polyfit', ['rcond', 'full', 'w', 'cov'], 0, rest);
  const [a, b] = [asArray(x, 'polyfit'), asArray(y, 'polyfit')];
  checkInteger('polyfit', 'deg', deg, 0);
  if (a.ndim !== 1 || a.size === 0 || (b.ndim !== 1 && b.ndim !== 2) || b.shape[0] !== a.size) throw new ShapeError(`polyfit: expected a vector x that is not empty, and as many values, got ${a.aval} and ${b.aval}`);
  const w = o.w === null || o.w === undefined ? null : asArray(o.w, 'polyfit');
  if (w !== null && (w.ndim !== 1 || w.size !== a.size)) throw new ShapeError(`polyfit: expected a weight for each of ${a.size} points, got ${w.aval}`);
  const cov = o.full ? false : (o.cov ?? false);
  if (cov === true && a.size <= deg + 1) throw new ArgumentError(`polyfit: expected more than ${deg + 1} points to estimate a covariance, got ${a.size}`);
  const xs = promoteDtypesInexact('polyfit', a)[0]!;
  const rcond = o.rcond ?? a.size * epsilon(xs.dtype);
  const out = fitC([dtypeKind(a.dtype) === 'bool' ? astype(a, 'int32') : a, b, w], { deg, rcond, cov });
  if (o.full) return [...out, astype(asArray(rcond), canonicalDtype('float64'), true)];
  return cov === false ? out[0]! : out;
}
