import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { abs, add, and, eq, gt, le, lt, min, mul, or, rsqrt, sign, sqrt, square, sub, where } from '../primitives/elementwise';
import { dynamicSlice } from '../primitives/dynamicSlice';
import { householderProduct } from '../primitives/householder';
import { asRows, asTypeOf, block, checkMatrix, checkMatrixDtype, diagonal, epsilon, eye, H, isComplex, matmul, repeatWhile } from '../primitives/matrix';
import { qr } from '../primitives/qr';
import { reduceMax } from '../primitives/reduction';
import { tridiagonalP } from '../primitives/tridiagonalForm';
import { concatenate, convert, like, pad, reduceSum, reshape, scalar } from '../primitives/structural';
import { type ArrayLike, asArray } from './arrayLike';

// Functions of jax.lax.linalg that are written with the decompositions.

const ormqrProgram = composite<{ left: boolean; transpose: boolean }>('ormqr', ([a, taus, c], { left, transpose }) => {
  const [m, n] = a!.shape.slice(-2) as [number, number];
  const square = pad(a!, like(a!, 0), a!.shape.map((_, d) => [0, d === a!.ndim - 1 ? m - n : 0, 0] as const));
  const q = householderProduct(square, taus!);
  const factor = transpose ? H(q) : q;
  return [left ? matmul(factor, c!) : matmul(c!, factor)];
});

/**
 * Q · c, or with `left: false` c · Q, for the orthogonal (unitary) m × m matrix Q that Householder reflectors make; with `transpose` for Qᴴ.
 *
 * Mirrors `jax.lax.linalg.ormqr`.
 *
 * @param a reflectors in the columns below the diagonal, `[..., m, n]` with n ≤ m
 * @param taus their factors, `[..., k]`
 * @param c `[..., rows, columns]`
 * @throws ShapeError if the sizes do not agree; DtypeError if the dtypes differ
 * @example
 * lax.linalg.ormqr(np.array([[1.0], [0.5]]), np.array([1.6]), np.eye(2)).js(); // [[-0.6, -0.8], [-0.8, 0.6]]
 */
export function ormqr(a: ArrayLike, taus: ArrayLike, c: ArrayLike, options: { left?: boolean; transpose?: boolean } = {}): Array {
  const { left = true, transpose = false } = checkOptions('ormqr', ['left', 'transpose'], options);
  const [x, t, y] = [asArray(a, 'ormqr'), asArray(taus, 'ormqr'), asArray(c, 'ormqr')];
  for (const z of [x, y]) checkMatrix('ormqr', z.aval);
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (n > m) throw new ShapeError(`ormqr: expected a with no more columns than rows, got ${x.aval}`);
  if (y.shape[y.ndim - (left ? 2 : 1)] !== m) throw new ShapeError(`ormqr: expected c with ${m} ${left ? 'rows' : 'columns'} as a has rows, got ${y.aval}`);
  if (x.dtype !== t.dtype || x.dtype !== y.dtype) throw new DtypeError(`ormqr: expected operands of one dtype, got ${x.aval}, ${t.aval} and ${y.aval}`);
  return ormqrProgram([x, t, y], { left, transpose })[0]!;
}

const updateProgram = composite<object>('choleskyUpdate', ([r, w]) => {
  const stacked = concatenate([r!, reshape(w!, [1, w!.shape[0]!])], 0);
  const upper = qr(stacked, { fullMatrices: false })[1]!;
  // QR leaves the signs of the rows open: the diagonal keeps those it had.
  return [mul(upper, asRows(mul(sign(diagonal(upper)), sign(diagonal(r!))), upper.shape))];
});

/**
 * The upper triangular factor of Rᵀ · R + w · wᵀ.
 *
 * Mirrors `jax.lax.linalg.cholesky_update`.
 *
 * @param rMatrix upper triangular R, `[n, n]`, real
 * @param wVector w, `[n]`
 * @throws ShapeError unless the vector has the size of the square matrix; DtypeError for complex numbers
 * @example
 * lax.linalg.choleskyUpdate(np.eye(2), np.array([1.0, 0.0])).js(); // [[1.4142…, 0], [0, 1]]
 */
export function choleskyUpdate(rMatrix: ArrayLike, wVector: ArrayLike): Array {
  const [r, w] = [asArray(rMatrix, 'choleskyUpdate'), asArray(wVector, 'choleskyUpdate')];
  checkMatrix('choleskyUpdate', r.aval, true);
  if (r.ndim !== 2 || w.ndim !== 1 || w.shape[0] !== r.shape[0]) throw new ShapeError(`choleskyUpdate: expected a square matrix and a vector of its size, got ${r.aval} and ${w.aval}`);
  if (r.dtype !== w.dtype || isComplex(r)) throw new DtypeError(`choleskyUpdate: expected real operands of one dtype, got ${r.aval} and ${w.aval}`);
  return updateProgram([r, w], {})[0]!;
}

/**
 * Tridiagonal form of symmetric (Hermitian) matrices: Qᴴ · a · Q = T, real, Q being a product of Householder reflectors.
 *
 * Mirrors `jax.lax.linalg.tridiagonal`.
 *
 * @param a `[..., n, n]`; only the triangle that `lower` names is read
 * @returns the matrix with T and the reflectors in that triangle, T's diagonal `[..., n]`, its other diagonal `[..., n - 1]`, and the reflectors' factors
 * @throws ShapeError for empty matrices
 * @example
 * lax.linalg.tridiagonal(np.eye(3))[1].js(); // [1, 1, 1]
 */
export function tridiagonal(a: ArrayLike, options: { lower?: boolean } = {}): [Array, Array, Array, Array] {
  const { lower = true } = checkOptions('tridiagonal', ['lower'], options);
  const x = asArray(a, 'tridiagonal');
  checkMatrix('tridiagonal', x.aval, true);
  if (x.shape[x.ndim - 1] === 0) throw new ShapeError(`tridiagonal: expected matrices that are not empty, got ${x.aval}`);
  return tridiagonalP.bind({ lower }, x) as [Array, Array, Array, Array];
}

/** Coefficients of Halley's iteration, weighted so that singular values between l and 1 come near 1 as fast as can be, until all are. */
function weights(eps: number, most: number): { a: number; b: number; c: number }[] {
  const out: { a: number; b: number; c: number }[] = [];
  let l = eps;
  while (l + 5 * eps < 1 && out.length < most) {
    const l2 = l * l;
    const dd = Math.cbrt((4 * (1 / l2 - 1)) / l2);
    const sqd = Math.sqrt(1 + dd);
    const a = sqd + Math.sqrt(2 - dd + (2 * (2 - l2)) / (l2 * sqd));
    const b = (a - 1) ** 2 / 4;
    const c = a + b - 1;
    out.push({ a, b, c });
    l = (l * (a + b * l2)) / (1 + c * l2);
  }
  return out;
}

/** One step: u ↦ u (a + b uᴴu) (1 + c uᴴu)⁻¹, by a QR decomposition, which keeps what small singular values have. */
function halley(u: Array, rootC: Array, e: Array, f: Array): Array {
  const [m, n] = u.shape as [number, number];
  const q = qr(concatenate([mul(u, asTypeOf(rootC, u)), eye([n, n], u.dtype)], 0), { fullMatrices: false })[0]!;
  const product = matmul(block(q, [0, m], [0, n]), H(block(q, [m, m + n], [0, n])));
  return add(mul(u, asTypeOf(e, u)), mul(product, asTypeOf(f, u)));
}

const qdwhProgram = composite<{ eps: number; most: number }>('qdwh', ([x], { eps, most }) => {
  const size = abs(x!);
  const one = reduceMax(reduceSum(size, [0]), [0]);
  const inf = reduceMax(reduceSum(size, [1]), [0]);
  const scale = where(eq(one, like(one, 0)), like(one, 1), mul(rsqrt(one), rsqrt(inf)));
  const norm = (y: Array) => sqrt(reduceSum(square(abs(y)), [0, 1]));
  const steps = weights(eps, most);
  // After the weighted steps follow plain ones of Halley.
  const table = [...steps, { a: 3, b: 1, c: 3 }].map(({ a, b, c }) => [Math.sqrt(c), b / c, (a - b / c) / Math.sqrt(c)]);
  const columns = [0, 1, 2].map((k) => concatenate(table.map((row) => reshape(like(one, row[k]!), [1])), 0));
  const heavy = steps.filter(({ c }) => c > 100).length;
  const tolerance = like(one, Math.cbrt(5 * eps));
  const int = (v: number) => scalar(v, 'int32');
  const [k, last, change] = repeatWhile(
    ([i, , d]) => and(or(lt(i!, int(steps.length)), gt(d!, tolerance)), lt(i!, int(most))),
    ([i, u]) => {
      const at = min(i!, int(steps.length));
      const [rootC, e, f] = columns.map((c) => reshape(dynamicSlice(c, [at], [1]), []));
      const next = halley(u!, rootC!, e!, f!);
      // Steps with great weights move what is near zero only, so how far they go says nothing.
      return [add(i!, int(1)), next, where(lt(i!, int(heavy)), like(one, Number.POSITIVE_INFINITY), norm(sub(next, u!)))];
    },
    [int(0), mul(x!, asTypeOf(scale, x!)), like(one, Number.POSITIVE_INFINITY)],
  );
  // One step of Newton and Schulz mends rounding.
  const refined = sub(mul(last!, like(last!, 1.5)), mul(matmul(last!, matmul(H(last!), last!)), like(last!, 0.5)));
  const h = matmul(H(refined), x!);
  return [refined, mul(add(h, H(h)), like(h, 0.5)), convert(k!, 'int32', true), le(change!, tolerance)];
});

/**
 * Polar decomposition x = u · h by the dynamically weighted Halley iteration: u has orthonormal columns, h is positive semidefinite.
 *
 * Mirrors `jax.lax.linalg.qdwh`.
 *
 * @param x `[m, n]` with m ≥ n
 * @returns u `[m, n]`, h `[n, n]`, the int32 number of iterations, and whether they converged
 * @throws ShapeError for fewer rows than columns; ArgumentError for other values of the options
 * @example
 * lax.linalg.qdwh(np.array([[2.0, 0.0], [0.0, 3.0]]))[0].js(); // [[1, 0], [0, 1]]
 */
export function qdwh(x: ArrayLike, options: { maxIterations?: number | null; eps?: number | null } = {}): [Array, Array, Array, Array] {
  const { maxIterations: most, eps } = checkOptions('qdwh', ['maxIterations', 'eps'], options);
  const maxIterations = most ?? 10;
  const a = asArray(x, 'qdwh');
  checkMatrix('qdwh', a.aval);
  checkMatrixDtype('qdwh', a.aval);
  if (a.ndim !== 2 || a.shape[0]! < a.shape[1]!) throw new ShapeError(`qdwh: expected a matrix with no fewer rows than columns, got ${a.aval}`);
  checkInteger('qdwh', 'maxIterations', maxIterations, 1);
  const small = eps ?? epsilon(a.dtype);
  if (!(small > 0 && small < 1)) throw new ArgumentError(`qdwh: expected eps between 0 and 1, got ${small}`);
  return qdwhProgram([a], { eps: small, most: maxIterations }) as [Array, Array, Array, Array];
}
