import type { Array } from '../core/array';
import { canonicalDtype, type ShapedArray } from '../core/aval';
import { configKey } from '../core/config';
import { realDtype } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../lax/arrayLike';
import type { JvpRule } from '../interpreters/derivativeRules';
import { hoistConsts, stage } from '../interpreters/stage';
import { withJvp } from '../lax/customJvp';
import { triangularSolve } from '../primitives/cholesky';
import * as e from '../primitives/elementwise';
import { svd } from '../primitives/svd';
import { type LinearSolveParams, linearSolveP } from '../primitives/linearSolve';
import { geqrf } from '../primitives/householder';
import { lu, luSolve } from '../primitives/lu';
import { epsilon, eye, H, isComplex, matmul } from '../primitives/matrix';
import { reduceProd } from '../primitives/reduction';
import { broadcastInDim, concatenate, convert, full, indexInDim, iota, like, range, reduceSum, reshape, scalar, sliceInDim, transpose } from '../primitives/structural';
import { broadcastShape, broadcastToShape } from './broadcast';
import { diagonal } from './diagonals';
import { where } from './operators';
import { program, readOptions, type Rest } from './program';
import { any, cumprod, sum } from './reductions';
import { svdOf } from './singularValues';
import { takeAlong } from './take';

const diag = (x: Array) => diagonal(x, { axis1: -2, axis2: -1 });
const trace = (x: Array) => sum(diag(x), { axis: -1 });
const column = (x: Array) => reshape(x, [...x.shape, 1]);
const lastOf = (x: Array, i: number) => indexInDim(x, i < 0 ? x.shape[x.ndim - 1]! + i : i, x.ndim - 1);

export function checkSquare(op: string, x: Array): void {
  if (x.ndim < 2 || x.shape[x.ndim - 1] !== x.shape[x.ndim - 2]) throw new ShapeError(`${op}: expected square matrices [..., n, n], got ${x.aval}`);
}

export function inexact(op: string, a: ArrayLike): Array {
  return promoteDtypesInexact(op, a)[0]!;
}

// ---- systems of equations ----

const solveParams = new Map<string, LinearSolveParams>();

/** The functions of {@link solveOf} for types: products with the matrix, and solutions by its factors. */
function paramsOfSolve(matrix: ShapedArray, packed: ShapedArray, permutation: ShapedArray, vectors: ShapedArray): LinearSolveParams {
  const key = `${matrix.key};${vectors.key}!${configKey()}`;
  let params = solveParams.get(key);
  if (params === undefined) {
    const swap = range(matrix.ndim).map((d) => (d < matrix.ndim - 2 ? d : 2 * matrix.ndim - 3 - d));
    const closed = (avals: readonly ShapedArray[], f: (xs: Array[]) => Array) => hoistConsts(stage((xs) => [f(xs)], avals, 'solve')).closed;
    const product = (turn: (m: Array) => Array) => closed([matrix, vectors], ([m, x]) => matmul(turn(m!), x!));
    const solution = (trans: 0 | 1) => closed([packed, permutation, vectors], ([factors, order, x]) => luSolve(factors!, order!, x!, trans));
    params = { constLengths: { matvec: 1, vecmat: 1, solve: 2, transposeSolve: 2 }, jaxprs: { matvec: product((m) => m), vecmat: product((m) => transpose(m, swap)), solve: solution(0), transposeSolve: solution(1) } };
    solveParams.set(key, params);
  }
  return params;
}

/** x of a · x = b, for matrices b with a's batch dimensions. The derivative is a solution with the same factors. */
function solveOf(a: Array, b: Array): Array[] {
  const [packed, , permutation] = lu(e.stopGradient(a));
  return linearSolveP.bind(paramsOfSolve(a.aval, packed.aval, permutation.aval, b.aval), a, a, packed, permutation, packed, permutation, b);
}

const solveC = program<{ vector: boolean }>('solve', ([a0, b0], { vector }) => {
  const [a, b1] = promoteDtypesInexact('solve', a0!, b0!) as [Array, Array];
  const b = vector ? column(b1) : b1;
  const batch = broadcastShape('solve', [a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  const n = a.shape[a.ndim - 1]!;
  if (n === 0) return [full(vector ? [...batch, 0] : [...batch, 0, b.shape[b.ndim - 1]!], 0, a.dtype)];
  const [x] = solveOf(broadcastToShape('solve', a, [...batch, n, n]), broadcastToShape('solve', b, [...batch, ...b.shape.slice(-2)])) as [Array];
  return [vector ? reshape(x, x.shape.slice(0, -1)) : x];
});

/**
 * The solution x of a · x = b, b being one vector or matrices. Mirrors `jax.numpy.linalg.solve`.
 *
 * @param a `[..., n, n]`
 * @param b `[n]` or `[..., n, k]`
 * @throws ShapeError where shapes do not fit
 * @example
 * np.linalg.solve([[2, 0], [0, 4]], [2, 4]) // [1, 1]
 */
export function solve(a: ArrayLike, b: ArrayLike): Array {
  const [x, y] = [asArray(a, 'linalg.solve'), asArray(b, 'linalg.solve')];
  checkSquare('linalg.solve', x);
  const rows = y.ndim === 1 ? y.shape[0] : y.shape[y.ndim - 2];
  if (y.ndim === 0 || rows !== x.shape[x.ndim - 1]) throw new ShapeError(`linalg.solve: expected b of ${x.shape[x.ndim - 1]} rows for ${x.aval}, got ${y.aval}`);
  return solveC([x, y], { vector: y.ndim === 1 })[0]!;
}

const invC = program<object>('inv', ([a]) => {
  const x = inexact('linalg.inv', a!);
  if (x.size === 0) return [x];
  return solveOf(x, eye(x.shape, x.dtype));
});

/** The inverse of square matrices. Mirrors `jax.numpy.linalg.inv`. @throws ShapeError unless square @example np.linalg.inv([[2, 0], [0, 4]]) // [[0.5, 0], [0, 0.25]] */
export function inv(a: ArrayLike): Array {
  const x = asArray(a, 'linalg.inv');
  checkSquare('linalg.inv', x);
  return invC([x], {})[0]!;
}

// ---- determinants ----

/** Sign and log of the absolute value of a determinant, which an LU decomposition gives. */
function signAndLog(packed: Array, pivots: Array): [Array, Array] {
  const d = diag(packed);
  const zero = any(e.eq(d, like(d, 0)), { axis: -1 });
  const moved = convert(e.ne(pivots, broadcastInDim(iota(pivots.dtype, [pivots.shape[pivots.ndim - 1]!], 0), pivots.shape, [pivots.ndim - 1])), 'int32');
  const size = e.abs(d);
  // Each exchange of rows turns the sign.
  const exchanges = reduceSum(moved, [moved.ndim - 1]);
  const parity = convert(e.sub(scalar(1, 'int32'), e.mul(scalar(2, 'int32'), e.rem(exchanges, scalar(2, 'int32')))), d.dtype);
  const units = e.div(d, convert(where(e.eq(size, like(size, 0)), like(size, 1), size), d.dtype));
  const sign = e.mul(reduceProd(units, [units.ndim - 1]), parity);
  const log = reduceSum(e.log(size), [size.ndim - 1]);
  return [e.where(zero, full(sign.shape, 0, sign.dtype), sign), e.where(zero, full(log.shape, Number.NEGATIVE_INFINITY, log.dtype), log)];
}

function slogdetRule(self: () => (a: Array) => Array[]): JvpRule {
  return ([x], [g]) => {
    const [sign, log] = self()(x!) as [Array, Array];
    const [packed, , permutation] = lu(x!);
    const d = trace(luSolve(packed, permutation, g!));
    if (!isComplex(x!)) return { outs: [sign, log], tangents: [null, d] };
    return { outs: [sign, log], tangents: [e.mul(e.sub(d, convert(e.real(d), d.dtype)), sign), e.real(d)] };
  };
}

const slogdetLu: (a: Array) => Array[] = withJvp('slogdet', (a) => {
  const [packed, pivots] = lu(a!);
  return signAndLog(packed, pivots);
}, slogdetRule(() => slogdetLu));

const slogdetQr: (a: Array) => Array[] = withJvp('slogdet_qr', (a) => {
  const n = a!.shape[a!.ndim - 1]!;
  const [packed, taus] = geqrf(a!);
  const d = diag(packed);
  const reflected = sliceInDim(taus, 0, Math.max(0, n - 1), taus.ndim - 1);
  const turns = where(e.ne(reflected, like(reflected, 0)), like(d, -1), like(d, 1));
  return [e.mul(reduceProd(e.sign(d), [d.ndim - 1]), reduceProd(convert(turns, d.dtype), [turns.ndim - 1])), reduceSum(e.log(e.abs(d)), [d.ndim - 1])];
}, slogdetRule(() => slogdetQr));

const slogdetC = program<{ method: string }>('slogdet', ([a], { method }) => {
  const x = inexact('linalg.slogdet', a!);
  if (x.shape[x.ndim - 1] === 0) return [full(x.shape.slice(0, -2), 1, x.dtype), full(x.shape.slice(0, -2), 0, realDtype(x.dtype))];
  return method === 'qr' ? slogdetQr(x) : slogdetLu(x);
});

/**
 * Sign and log of the absolute value of determinants, by LU or, for real matrices, QR decomposition. Mirrors `jax.numpy.linalg.slogdet`.
 *
 * @throws ShapeError unless square
 * @example
 * np.linalg.slogdet([[2, 0], [0, -1]])[0].item() // -1
 */
export function slogdet(a: ArrayLike, ...rest: Rest<{ method?: 'lu' | 'qr' | null }>): [Array, Array] {
  const { method } = readOptions('linalg.slogdet', ['method'], 0, rest);
  const x = asArray(a, 'linalg.slogdet');
  checkSquare('linalg.slogdet', x);
  const m = method ?? 'lu';
  if (m !== 'lu' && m !== 'qr') throw new ArgumentError(`linalg.slogdet: expected method to be 'lu' or 'qr', got ${String(method)}`);
  if (m === 'qr' && isComplex(x)) throw new ArgumentError("linalg.slogdet: method 'qr' is for real matrices");
  return slogdetC([x], { method: m }) as [Array, Array];
}

const entry = (x: Array, i: number, j: number) => lastOf(indexInDim(x, i, x.ndim - 2), j);

/**
 * The determinant of a, and its adjugate times b, also where a is singular: with d the running products of U's diagonal, U's last entry may be
 * replaced by the inverse of the product of the others, after which one backward substitution scales rows by what the determinant lacks.
 */
function cofactorSolve(a: Array, b: Array): [Array, Array] {
  const n = a.shape[a.ndim - 1]!;
  const [packed, pivots, permutation] = lu(a);
  const moved = convert(e.ne(pivots, broadcastInDim(iota(pivots.dtype, [n], 0), pivots.shape, [pivots.ndim - 1])), 'int32');
  const parity = convert(e.sub(scalar(1, 'int32'), e.mul(scalar(2, 'int32'), e.rem(reduceSum(moved, [moved.ndim - 1]), scalar(2, 'int32')))), a.dtype);
  const products = e.mul(cumprod(diag(packed), -1), broadcastToShape('det', column(parity), [...parity.shape, n]));
  const corner = e.div(like(a, 1), lastOf(products, n - 2));
  const isCorner = e.and(e.eq(iota('int32', packed.shape, a.ndim - 2), scalar(n - 1, 'int32')), e.eq(iota('int32', packed.shape, a.ndim - 1), scalar(n - 1, 'int32')));
  const changed = e.where(isCorner, broadcastToShape('det', column(column(corner)), packed.shape), packed);
  // Where the rank is less than n − 1, all cofactors are zero.
  const probe = triangularSolve(changed, full([...a.shape.slice(0, -1), 1], 1, a.dtype), { leftSide: true, lower: false });
  const size = isComplex(probe) ? e.abs(probe) : probe;
  const lost = broadcastToShape('det', column(column(any(e.not(e.isFinite(size)), { axis: [-2, -1] }))), b.shape);
  const zero = full(b.shape, 0, b.dtype);
  let x = e.where(lost, zero, b);
  x = takeAlong(x, column(permutation), { axis: x.ndim - 2, mode: 'clip', fill: null, wrap: false });
  x = triangularSolve(changed, x, { leftSide: true, lower: true, unitDiagonal: true });
  const det = lastOf(products, n - 1);
  const rows = x.ndim - 2;
  x = concatenate([e.mul(sliceInDim(x, 0, n - 1, rows), broadcastToShape('det', column(column(det)), [...x.shape.slice(0, -2), n - 1, x.shape[x.ndim - 1]!])), sliceInDim(x, n - 1, n, rows)], rows);
  x = triangularSolve(changed, x, { leftSide: true, lower: false });
  return [det, e.where(lost, zero, x)];
}

const detOf: (a: Array) => Array[] = withJvp('det', (a) => {
  const [sign, log] = slogdetLu(a!) as [Array, Array];
  return [e.mul(sign, convert(e.exp(log), sign.dtype))];
}, ([x], [g]) => {
  const [y, z] = cofactorSolve(x!, g!);
  return { outs: [y], tangents: [trace(z)] };
});

const detC = program<object>('det', ([a]) => {
  const x = inexact('linalg.det', a!);
  const n = x.shape[x.ndim - 1]!;
  if (n === 0) return [full(x.shape.slice(0, -2), 1, x.dtype)];
  const at = (i: number, j: number) => entry(x, i, j);
  const product = (...factors: Array[]) => factors.reduce((p, q) => e.mul(p, q));
  if (n === 1) return [at(0, 0)];
  if (n === 2) return [e.sub(product(at(0, 0), at(1, 1)), product(at(0, 1), at(1, 0)))];
  if (n > 3) return detOf(x);
  const plus = [[0, 1, 2], [1, 2, 0], [2, 0, 1]].map((p) => product(at(0, p[0]!), at(1, p[1]!), at(2, p[2]!))).reduce((p, q) => e.add(p, q));
  return [[[2, 1, 0], [0, 2, 1], [1, 0, 2]].reduce((s, p) => e.sub(s, product(at(0, p[0]!), at(1, p[1]!), at(2, p[2]!))), plus)];
});

/** Determinants of square matrices. Mirrors `jax.numpy.linalg.det`. @throws ShapeError unless square @example np.linalg.det([[1, 2], [3, 4]]).item() // -2 */
export function det(a: ArrayLike): Array {
  const x = asArray(a, 'linalg.det');
  checkSquare('linalg.det', x);
  return detC([x], {})[0]!;
}

// ---- least squares ----

interface LstsqOptions {
  /** Singular values below this part of the largest count as zero. */
  rcond?: number | null;
  /** Whether residuals are left out as NumPy does, where the rank is less than n or m ≤ n; then the rank must be known. */
  numpyResid?: boolean;
}

const lstsqC = program<{ rcond: number | null }>('lstsq', ([a0, b0], { rcond }) => {
  const [a, b1] = promoteDtypesInexact('linalg.lstsq', a0!, b0!) as [Array, Array];
  const b = b1.ndim === 1 ? column(b1) : b1;
  const [m, n] = a.shape as [number, number];
  const shape = b1.ndim === 1 ? [n] : [n, b.shape[1]!];
  const [u, s, vh] = svd(a, { fullMatrices: false }) as [Array, Array, Array];
  const eps = epsilon(a.dtype);
  const tolerance = rcond === null ? eps * Math.max(m, n) : rcond < 0 ? eps : rcond;
  const top = broadcastToShape('lstsq', sliceInDim(s, 0, 1, 0), s.shape);
  const kept = e.and(e.gt(s, like(s, 0)), e.ge(s, e.mul(like(s, tolerance), top)));
  const rank = reduceSum(convert(kept, canonicalDtype('int64')), [0]);
  const safe = convert(e.where(kept, s, full(s.shape, 1, s.dtype)), a.dtype);
  const inverse = e.where(kept, e.div(like(safe, 1), safe), full(s.shape, 0, a.dtype));
  const x = matmul(H(vh), e.mul(column(inverse), matmul(H(u), b)));
  const d = e.sub(b, matmul(a, x));
  const squares = isComplex(d) ? e.real(e.mul(d, e.conj(d))) : e.square(d);
  return [reshape(x, shape), reduceSum(squares, [0]), rank, s];
});

/**
 * The x that makes |a · x − b| least; of several, the shortest. Mirrors `jax.numpy.linalg.lstsq`.
 *
 * @returns x, the sums of squared residuals, the rank of a, and its singular values
 * @throws ShapeError where rows differ in number
 * @example
 * np.linalg.lstsq([[1, 0], [1, 1], [1, 2]], [1, 3, 5])[0] // [1, 2]
 */
export function lstsq(a: ArrayLike, b: ArrayLike, ...rest: Rest<LstsqOptions, 'rcond'>): [Array, Array, Array, Array] {
  const { rcond = null, numpyResid = false } = readOptions('linalg.lstsq', ['rcond', 'numpyResid'], 1, rest);
  const [x, y] = [asArray(a, 'linalg.lstsq'), asArray(b, 'linalg.lstsq')];
  if (x.ndim !== 2 || (y.ndim !== 1 && y.ndim !== 2) || x.shape[0] !== y.shape[0]) throw new ShapeError(`linalg.lstsq: expected a matrix and a vector or matrix of as many rows, got ${x.aval} and ${y.aval}`);
  const [m, n] = x.shape as [number, number];
  const none = () => full([0], 0, canonicalDtype('float64'));
  if (x.size === 0) {
    const z = inexact('linalg.lstsq', x);
    const rhs = y.ndim === 1 ? column(y) : y;
    const squares = e.square(e.abs(inexact('linalg.lstsq', rhs)));
    return [full([n, ...y.shape.slice(1)], 0, z.dtype), numpyResid && m <= n ? none() : reduceSum(squares, [0]), full([], 0, canonicalDtype('int64')), full([0], 0, z.dtype)];
  }
  const [sol, resid, rank, s] = lstsqC([x, y], { rcond }) as [Array, Array, Array, Array];
  return [sol, numpyResid && (m <= n || Number(rank.item()) < n) ? none() : resid, rank, s];
}

// ---- pseudo-inverses ----

const pinvPlain = new Map<string, (a: Array) => Array[]>();

/** The pseudo-inverse, its derivative in closed form: that of singular vectors does not exist where singular values are equal. */
function pinvOf(hermitian: boolean, rtol: number | null): (a: Array) => Array[] {
  const key = `${hermitian},${rtol}`;
  let f = pinvPlain.get(key);
  if (!f) {
    const self: (a: Array) => Array[] = withJvp('pinv', (a) => {
      const x = a!;
      const [m, n] = x.shape.slice(-2) as [number, number];
      const [u, s, vh] = svdOf(x, { hermitian, fullMatrices: false, computeUv: true, subset: null }) as [Array, Array, Array];
      const cutoff = e.mul(like(s, rtol ?? 10 * Math.max(m, n) * epsilon(x.dtype)), broadcastToShape('pinv', sliceInDim(s, 0, 1, s.ndim - 1), s.shape));
      const inverse = convert(e.where(e.gt(s, cutoff), e.div(like(s, 1), s), full(s.shape, 0, s.dtype)), x.dtype);
      return [matmul(H(vh), e.mul(broadcastToShape('pinv', column(inverse), H(u).shape), H(u)))];
    }, ([a0], [d0]) => {
      const half = (x: Array) => e.mul(e.add(x, H(x)), like(x, 0.5));
      const p = self(a0!)[0]!;
      const [a, d] = hermitian ? [half(a0!), half(d0!)] : [a0!, d0!];
      const [ph, dh] = [H(p), H(d)];
      const s = matmul(matmul(p, ph), dh);
      const t = matmul(dh, matmul(ph, p));
      const parts = [e.neg(matmul(matmul(p, d), p)), s, e.neg(matmul(s, matmul(a, p))), t, e.neg(matmul(p, matmul(a, t)))];
      return { outs: [p], tangents: [parts.reduce((x, y) => e.add(x, y))] };
    });
    pinvPlain.set(key, (f = self));
  }
  return f;
}

interface PinvOptions {
  /** Singular values below this part of the largest count as zero. */
  rtol?: number | null;
  hermitian?: boolean;
  /** As rtol, which it excludes. */
  rcond?: number | null;
}

const pinvC = program<{ rtol: number | null; hermitian: boolean }>('pinv', ([a], { rtol, hermitian }) => {
  const x = inexact('linalg.pinv', a!);
  const [m, n] = x.shape.slice(-2) as [number, number];
  if (m === 0 || n === 0) return [full([...x.shape.slice(0, -2), n, m], 0, x.dtype)];
  return pinvOf(hermitian, rtol)(x).map((y) => astype(y, x.dtype));
});

/** Moore–Penrose pseudo-inverses. Mirrors `jax.numpy.linalg.pinv`. @throws ShapeError for fewer than 2 dimensions @example np.linalg.pinv([[2, 0]]) // [[0.5], [0]] */
export function pinv(a: ArrayLike, ...rest: Rest<PinvOptions, 'rtol', 'hermitian'>): Array {
  const o = readOptions('linalg.pinv', ['rtol', 'hermitian', 'rcond'], 2, rest);
  if (o.rtol !== null && o.rtol !== undefined && o.rcond !== null && o.rcond !== undefined) throw new ArgumentError('linalg.pinv: expected rtol or rcond, got both');
  const x = asArray(a, 'linalg.pinv');
  if (x.ndim < 2) throw new ShapeError(`linalg.pinv: expected at least 2 dimensions, got ${x.aval}`);
  return pinvC([x], { rtol: o.rtol ?? o.rcond ?? null, hermitian: o.hermitian ?? false })[0]!;
}
