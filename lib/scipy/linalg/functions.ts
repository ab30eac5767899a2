import { checkFunction, checkInteger } from '../../core/checks';
import type { Array } from '../../core/array';
import { dtypeKind } from '../../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../../core/errors';
import { jvp } from '../../functional/derivatives';
import { checkOptions } from '../../functional/options';
import { vmap } from '../../functional/vmap';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, astype, promoteDtypesInexact } from '../../lax/arrayLike';
import { foriLoop } from '../../lax/control';
import { qdwh } from '../../lax/linalgForms';
import { broadcastToShape } from '../../numpy/broadcast';
import { vectorize } from '../../numpy/functional';
import { eig, eigvals, inv, solve } from '../../numpy/linalg';
import { matmul } from '../../numpy/products';
import { checkSquare } from '../../numpy/solvers';
import { triangularSolve } from '../../primitives/cholesky';
import { dynamicSlice, dynamicUpdateSlice } from '../../primitives/dynamicSlice';
import * as e from '../../primitives/elementwise';
import { asColumns, asRows, columnIndex, diagonal, epsilon, eye, H, rowIndex, triu } from '../../primitives/matrix';
import { reduceAnd, reduceMax, reduceOr } from '../../primitives/reduction';
import { schur as schurP } from '../../primitives/schur';
import { svd as svdP } from '../../primitives/svd';
import { broadcastInDim, full, like, range, reduceSum, scalar } from '../../primitives/structural';
import { complexOf, solveTriangular } from './factorizations';

const dot = (x: Array, y: Array) => matmul(x, y, { precision: 'highest' });

function squareOf(op: string, a: ArrayLike): Array {
  const x = promoteDtypesInexact(op, a)[0]!;
  checkSquare(op, x);
  return x;
}

/** One number for each matrix, repeated over its entries. */
const over = (v: Array, x: Array) => broadcastInDim(v, x.shape, range(v.ndim));

// ---- exponential ----

// Padé approximants of degree 7 and 13 of exp, and up to which 1-norm they hold.
const PADE = {
  single: { bound: 3.92572478313866, b: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1] },
  double: { bound: 5.371920351148152, b: [64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600, 670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1] },
};

/** U and V with exp(A) ≈ (V − U)⁻¹ (V + U). */
function pade(a: Array, b: readonly number[]): [Array, Array] {
  const term = (x: Array, c: number) => e.mul(x, like(x, c));
  const sum = (xs: Array[]) => xs.reduce((p, q) => e.add(p, q));
  const identity = broadcastToShape('expm', eye(a.shape.slice(-2), a.dtype), a.shape);
  const a2 = dot(a, a);
  const a4 = dot(a2, a2);
  const a6 = dot(a4, a2);
  const low = (odd: number) => sum([term(a6, b[6 + odd]!), term(a4, b[4 + odd]!), term(a2, b[2 + odd]!), term(identity, b[odd]!)]);
  const high = (odd: number) => dot(a6, sum([term(a6, b[12 + odd]!), term(a4, b[10 + odd]!), term(a2, b[8 + odd]!)]));
  const parts = [0, 1].map((odd) => (b.length > 8 ? e.add(high(odd), low(odd)) : low(odd)));
  return [dot(a, parts[1]!), parts[0]!];
}

function expmOf(a: Array, upper: boolean, maxSquarings: number): Array {
  const double = a.dtype === 'float64' || a.dtype === 'complex128';
  const { bound, b } = double ? PADE.double : PADE.single;
  const norm = a.size === 0 ? full(a.shape.slice(0, -2), 0, a.dtype) : reduceMax(reduceSum(e.abs(a), [a.ndim - 2]), [a.ndim - 2]);
  const squarings = e.max(like(norm, 0), e.floor(e.div(e.log(e.div(norm, like(norm, bound))), like(norm, Math.LN2))));
  const scale = astype(e.exp2(squarings), a.dtype);
  const [u, v] = pade(e.div(a, over(scale, a)), b);
  const [p, q] = [e.add(v, u), e.sub(v, u)];
  const start = upper ? solveTriangular(q, p) : solve(q, p);
  const out = foriLoop(0, maxSquarings, (i, r: Array) => e.where(over(e.lt(astype(i, norm.dtype), squarings), r), dot(r, r), r), start) as Array;
  return e.where(over(e.gt(squarings, like(squarings, maxSquarings)), out), full(out.shape, Number.NaN, out.dtype), out);
}

const expmC = composite<{ upper: boolean; max: number }>('expm', ([a], { upper, max }) => [expmOf(a!, upper, max)]);

/** Options of {@link expm}. */
export interface ExpmOptions {
  /** Whether the matrices are known to be upper triangular. */
  upperTriangular?: boolean;
  /** How often results are squared at most; NaN where it does not do. */
  maxSquarings?: number;
}

function expmOperand(op: string, a: ArrayLike): Array {
  const x = squareOf(op, a);
  if (!['float32', 'float64', 'complex64', 'complex128'].includes(x.dtype)) throw new DtypeError(`${op}: expected float32, float64, complex64 or complex128, got ${x.aval}`);
  return x;
}

/** The exponential of matrices. Mirrors `jax.scipy.linalg.expm`. @throws ShapeError unless square; DtypeError for half precision @example scipy.linalg.expm([[0, 1], [0, 0]]).js() // [[1, 1], [0, 1]] */
export function expm(A: ArrayLike, options: ExpmOptions = {}): Array {
  options = checkOptions('expm', ['upperTriangular', 'maxSquarings'], options);
  const max = options.maxSquarings ?? 16;
  checkInteger('expm', 'maxSquarings', max, 0);
  return expmC([expmOperand('expm', A)], { upper: options.upperTriangular ?? false, max })[0]!;
}

const frechetC = composite('expm_frechet', ([a, d]) => jvp((x: Array) => expmOf(x, false, 16), [a!], [d!]) as Array[]);

/** exp(A) and its derivative in the direction E; the derivative alone with `computeExpm: false`. Mirrors `jax.scipy.linalg.expm_frechet`. @throws ShapeError unless both are square, of one shape @example scipy.linalg.expmFrechet([[0]], [[1]])[1].js() // [[1]] */
export function expmFrechet(A: ArrayLike, E: ArrayLike, options: { computeExpm: false }): Array;
export function expmFrechet(A: ArrayLike, E: ArrayLike, options?: { computeExpm?: true }): [Array, Array];
export function expmFrechet(A: ArrayLike, E: ArrayLike, options: { computeExpm?: boolean } = {}): Array | [Array, Array] {
  options = checkOptions('expmFrechet', ['computeExpm'], options);
  const [a, d] = promoteDtypesInexact('expmFrechet', A, E) as [Array, Array];
  if (a.shape.join() !== d.shape.join()) throw new ShapeError(`expmFrechet: expected A and E of one shape, got ${a.aval} and ${d.aval}`);
  const out = frechetC([expmOperand('expmFrechet', a), d], {}) as [Array, Array];
  return options.computeExpm === false ? out[1] : out;
}

// ---- functions by the Schur form ----

/** Fills triangular matrices one superdiagonal after the other: `next` gives the entries of the current one from what is there. */
function bySuperdiagonals(start: Array, next: (f: Array) => Array): Array {
  const n = start.shape[start.ndim - 1]!;
  if (n < 2) return start;
  const distance = e.sub(columnIndex(start.shape), rowIndex(start.shape));
  return foriLoop(1, n, (p, f: Array) => e.where(e.eq(distance, broadcastInDim(astype(p, 'int32'), distance.shape, [])), next(f), f), start) as Array;
}

const onDiagonal = (d: Array, shape: readonly number[]) => e.where(e.eq(rowIndex(shape), columnIndex(shape)), asColumns(d, shape), full(shape, 0, d.dtype));

const sqrtmC = composite('sqrtm', ([a]) => {
  const [t, z] = schurP(complexOf(a!)) as [Array, Array];
  const root = e.sqrt(diagonal(t));
  const sums = e.add(asColumns(root, t.shape), asRows(root, t.shape));
  const zero = full(t.shape, 0, t.dtype);
  const u = bySuperdiagonals(onDiagonal(root, t.shape), (f) => {
    const rest = e.sub(t, dot(f, f));
    return e.where(e.eq(rest, like(rest, 0)), zero, e.div(rest, sums));
  });
  return [dot(dot(z, u), H(z))];
});

/** A square root of matrices, complex. Mirrors `jax.scipy.linalg.sqrtm`. @throws ShapeError unless square @example scipy.linalg.sqrtm([[4]]).js() // [[{ re: 2, im: 0 }]] */
export function sqrtm(A: ArrayLike): Array {
  return sqrtmC([squareOf('sqrtm', A)], {})[0]!;
}

/** A function of a matrix by Parlett's recurrence, and the estimated error of its Schur form. */
function funmOf(a: Array, func: (x: Array) => Array): [Array, Array] {
  const [t, z] = schurP(complexOf(a)) as [Array, Array];
  const d = diagonal(t);
  const values = astype(func(d), t.dtype);
  const gaps = e.sub(asRows(d, t.shape), asColumns(d, t.shape));
  const none = e.eq(gaps, like(gaps, 0));
  const f = bySuperdiagonals(onDiagonal(values, t.shape), (x) => {
    const commutator = e.sub(dot(t, x), dot(x, t));
    return e.where(none, commutator, e.div(commutator, gaps));
  });
  const out = dot(dot(z, f), H(z));
  const eps = epsilon(t.dtype);
  const upper = e.lt(rowIndex(t.shape), columnIndex(t.shape));
  const size = e.abs(gaps);
  const shown = e.where(upper, size, full(size.shape, Number.POSITIVE_INFINITY, size.dtype));
  // Gaps of 1 and more do not make the estimate better.
  const least = e.min(full([], 1, size.dtype), e.neg(reduceMax(e.neg(shown), range(shown.ndim))));
  const gap = e.where(e.eq(least, like(least, 0)), like(least, eps), least);
  const norm = reduceMax(reduceSum(e.abs(triu(t, 1)), [t.ndim - 2]), range(t.ndim - 1));
  const error = e.min(like(norm, 1), e.max(like(norm, eps), e.mul(e.div(like(norm, eps), gap), norm)));
  const bad = e.not(reduceAnd(e.and(e.isFinite(e.real(out)), e.isFinite(e.imag(out))), range(out.ndim)));
  return [out, e.where(bad, like(error, Number.POSITIVE_INFINITY), error)];
}

/**
 * A function of a square matrix, from the function of its eigenvalues; with `disp: false` an estimate of the error as well. Complex. Mirrors `jax.scipy.linalg.funm`.
 *
 * @param func a function of a scalar array
 * @throws ShapeError unless there is one square matrix
 * @example
 * scipy.linalg.funm([[1, 0], [0, 4]], (x) => np.sqrt(x)).shape // [2, 2]
 */
export function funm(A: ArrayLike, func: (x: Array) => Array, options: { disp: false }): [Array, Array];
export function funm(A: ArrayLike, func: (x: Array) => Array, options?: { disp?: true }): Array;
export function funm(A: ArrayLike, func: (x: Array) => Array, options: { disp?: boolean } = {}): Array | [Array, Array] {
  checkFunction('funm', 'func', func);
  options = checkOptions('funm', ['disp'], options);
  const a = squareOf('funm', A);
  if (a.ndim !== 2) throw new ShapeError(`funm: expected one square matrix, got ${a.aval}`);
  const [out, error] = funmOf(a, func);
  return options.disp === false ? [out, error] : out;
}

// ---- polar decomposition, Sylvester's equation ----

const polarC = composite<{ right: boolean }>('polar', ([a], { right }) => {
  const [u, s, vh] = svdP(a!, { fullMatrices: false }) as [Array, Array, Array];
  const values = astype(s, u.dtype);
  const scaled = (x: Array) => e.mul(x, asRows(values, x.shape));
  return [dot(u, vh), right ? dot(scaled(H(vh)), vh) : dot(scaled(u), H(u))];
});

interface PolarOptions {
  side?: 'left' | 'right';
  /** 'svd', by singular values, for any shape; 'qdwh', an iteration, for matrices whose larger side is that of U. */
  method?: 'svd' | 'qdwh';
  /** Where the iteration stops, relative to the solution; the type's by default. */
  eps?: number | null;
  /** Steps of the iteration at most. */
  maxIterations?: number | null;
}

/**
 * A = U P with orthonormal U and positive semidefinite P, or A = P U for `side: 'left'`: `[u, p]`. Mirrors `jax.scipy.linalg.polar`, but for the method
 * where none is named.
 *
 * @throws ShapeError for fewer than two dimensions, or a shape 'qdwh' is not for; ArgumentError for an unknown side or method
 * @example scipy.linalg.polar([[2, 0], [0, 3]])[1].js() // [[2, 0], [0, 3]]
 */
export function polar(a: ArrayLike, options: PolarOptions = {}): [Array, Array] {
  const { side = 'right', method = 'svd', eps, maxIterations } = checkOptions('polar', ['side', 'method', 'eps', 'maxIterations'], options);
  if (side !== 'left' && side !== 'right') throw new ArgumentError(`polar: expected side to be 'left' or 'right', got ${String(side)}`);
  if (method !== 'svd' && method !== 'qdwh') throw new ArgumentError(`polar: expected method to be 'svd' or 'qdwh', got ${String(method)}`);
  const [x] = promoteDtypesInexact('polar', a) as [Array];
  if (x.ndim < 2) throw new ShapeError(`polar: expected at least two dimensions, got ${x.aval}`);
  const right = side === 'right';
  if (method === 'svd') {
    for (const [name, v] of Object.entries({ eps, maxIterations })) if (v !== undefined && v !== null) throw new ArgumentError(`polar: ${name} is an option of method 'qdwh', not of 'svd'`);
    return polarC([x], { right }) as [Array, Array];
  }
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (m >= n !== right) throw new ShapeError(`polar: method 'qdwh' expects ${right ? 'no fewer rows than columns' : 'fewer rows than columns'} for side '${side}', got ${x.aval}; use method 'svd'`);
  // One matrix: that with no fewer rows than columns.
  const one = (y: Array) => (([u, p]) => [u, p])(qdwh(y, { eps, maxIterations }));
  const all = range(x.ndim - 2).reduce<(y: Array) => Array[]>((f) => vmap(f) as unknown as (y: Array) => Array[], one as (y: Array) => Array[]);
  const [u, p] = all(right ? x : H(x)) as [Array, Array];
  return right ? [u, p] : [H(u), H(p)];
}

/** Y with R Y + Y S = F for upper triangular R and lower triangular S: its columns from the last to the first. */
function triangularSylvester(r: Array, s: Array, f: Array): Array {
  const [m, n] = f.shape as [number, number];
  const zero = scalar(0, 'int32');
  const identity = eye([m, m], r.dtype);
  return foriLoop(0, n, (k, y: Array) => {
    const j = e.sub(scalar(n - 1, 'int32'), astype(k, 'int32'));
    const column = dynamicSlice(e.sub(f, dot(y, s)), [zero, j], [m, 1]);
    const shift = dynamicSlice(s, [j, j], [1, 1]);
    const x = triangularSolve(e.add(r, e.mul(identity, shift)), column, { leftSide: true });
    return dynamicUpdateSlice(y, x, [zero, j]);
  }, full(f.shape, 0, f.dtype)) as Array;
}

const sylvesterC = composite<{ eigen: boolean; tol: number }>('solve_sylvester', ([a, b, c], { eigen, tol }) => {
  let x: Array;
  if (eigen) {
    const [[ra, ua], [rb, ub]] = [eig(a!), eig(b!)];
    const f = solve(ua, dot(astype(c!, ra.dtype), ub));
    const w = e.add(asColumns(ra, f.shape), asRows(rb, f.shape));
    x = dot(dot(ua, e.div(f, w)), inv(ub));
  } else {
    const [[r, u], [s, v]] = [schurP(complexOf(a!)), schurP(complexOf(H(b!)))] as [[Array, Array], [Array, Array]];
    const f = dot(dot(H(u), astype(c!, r.dtype)), v);
    x = dot(dot(u, triangularSylvester(r, H(s), f)), H(v));
  }
  const out = dtypeKind(c!.dtype) === 'complex' ? x : e.real(x);
  const sums = e.add(asColumns(eigvals(a!), out.shape), asRows(eigvals(b!), out.shape));
  const singular = reduceOr(e.lt(e.abs(sums), like(e.real(sums), tol)), [0, 1]);
  return [e.where(broadcastInDim(singular, out.shape, []), full(out.shape, Number.NaN, out.dtype), out)];
});

/** X with A X + X B = C, for each of a batch; NaN where there is no unique one. Mirrors `jax.scipy.linalg.solve_sylvester`. @throws ShapeError where shapes do not go together; ArgumentError for an unknown method @example scipy.linalg.solveSylvester([[1]], [[2]], [[6]]).js() // [[2]] */
export function solveSylvester(A: ArrayLike, B: ArrayLike, C: ArrayLike, options: { method?: 'schur' | 'eigen'; tol?: number } = {}): Array {
  const { method = 'schur', tol = 1e-8 } = checkOptions('solveSylvester', ['method', 'tol'], options);
  if (method !== 'schur' && method !== 'eigen') throw new ArgumentError(`solveSylvester: expected method to be 'schur' or 'eigen', got ${String(method)}`);
  const [a, b, c] = promoteDtypesInexact('solveSylvester', A, B, C) as [Array, Array, Array];
  const [m, n] = c.shape.slice(-2);
  if (c.ndim < 2 || a.shape.slice(-2).join() !== `${m},${m}` || b.shape.slice(-2).join() !== `${n},${n}`) throw new ShapeError(`solveSylvester: expected matrices [..., m, m], [..., n, n] and [..., m, n], got ${a.aval}, ${b.aval} and ${c.aval}`);
  const solveOne = (...xs: Array[]) => sylvesterC(xs, { eigen: method === 'eigen', tol })[0]!;
  return vectorize(solveOne, { signature: '(m,m),(n,n),(m,n)->(m,n)' })(a, b, c);
}
