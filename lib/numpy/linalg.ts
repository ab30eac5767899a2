import { checkInteger, checkList } from '../core/checks';
import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as chol from '../primitives/cholesky';
import { eig as eigP } from '../primitives/eig';
import { eigh as eighP } from '../primitives/eigh';
import { geqrf } from '../primitives/householder';
import { eye, H, T } from '../primitives/matrix';
import type { PrecisionLike } from '../primitives/precision';
import { qr as qrP } from '../primitives/qr';
import { reshape } from '../primitives/structural';
import { diagonal as diagonalN, trace as traceN } from './diagonals';
import { einsum } from './einsum';
import { matrixTranspose, moveaxis } from './manipulation';
import { cross as crossN, matmul, matmulOf, outer as outerN, tensordot, vecdot } from './products';
import { program, readOptions, type Rest } from './program';
import { type SvdSpec, svdOf } from './singularValues';
import { checkSquare, inexact, inv, solve } from './solvers';

// numpy.linalg: linear algebra of matrices in the last two dimensions, all others being batch dimensions.

export { cond, matrixNorm, matrixRank, norm, type NormOrder, vectorNorm } from './norms';
export { det, lstsq, pinv, slogdet } from './solvers';
export { inv, matmul, matrixTranspose, solve, tensordot, vecdot };

function checkMatrix(op: string, x: Array): void {
  if (x.ndim < 2) throw new ShapeError(`${op}: expected at least 2 dimensions, got ${x.aval}`);
}

const choleskyC = program<{ upper: boolean; symmetrize: boolean }>('cholesky', ([a], { upper, symmetrize }) => {
  const l = chol.cholesky(inexact('linalg.cholesky', a!), { symmetrizeInput: symmetrize });
  return [upper ? H(l) : l];
});

/** The triangular factor of positive definite matrices, a = L · Lᴴ, or with `upper` Lᴴ; NaN for others. Mirrors `jax.numpy.linalg.cholesky`. @throws ShapeError unless square @example np.linalg.cholesky([[4, 0], [0, 9]]) // [[2, 0], [0, 3]] */
export function cholesky(a: ArrayLike, ...rest: Rest<{ upper?: boolean; symmetrizeInput?: boolean }>): Array {
  const { upper = false, symmetrizeInput = true } = readOptions('linalg.cholesky', ['upper', 'symmetrizeInput'], 0, rest);
  const x = asArray(a, 'linalg.cholesky');
  checkSquare('linalg.cholesky', x);
  return choleskyC([x], { upper, symmetrize: symmetrizeInput })[0]!;
}

interface SvdOptions {
  fullMatrices?: boolean;
  computeUv?: boolean;
  hermitian?: boolean;
  /** The singular values wanted, by rank. */
  subsetByIndex?: readonly [number, number] | null;
}

const svdC = program<SvdSpec>('svd', ([a], s) => svdOf(inexact('linalg.svd', a!), s));

/**
 * Singular value decomposition a = U · diag(s) · Vᴴ, values descending. Mirrors `jax.numpy.linalg.svd`.
 *
 * @returns `[u, s, vh]`, or s alone with `computeUv: false`
 * @throws ShapeError for fewer than 2 dimensions
 * @example
 * np.linalg.svd([[3, 0], [0, 4]])[1] // [4, 3]
 */
export function svd(a: ArrayLike, options: SvdOptions & { computeUv: false }): Array;
export function svd(a: ArrayLike, ...rest: Rest<SvdOptions & { computeUv?: true }, 'fullMatrices'>): [Array, Array, Array];
export function svd(a: ArrayLike, ...rest: Rest<SvdOptions, 'fullMatrices'>): Array | Array[] {
  const { fullMatrices = true, computeUv = true, hermitian = false, subsetByIndex = null } = readOptions('linalg.svd', ['fullMatrices', 'computeUv', 'hermitian', 'subsetByIndex'], 1, rest);
  const x = asArray(a, 'linalg.svd');
  if (hermitian) checkSquare('linalg.svd', x);
  else checkMatrix('linalg.svd', x);
  const out = svdC([x], { fullMatrices, computeUv, hermitian, subset: subsetByIndex });
  return computeUv ? out : out[0]!;
}

/** Singular values, descending. Mirrors `jax.numpy.linalg.svdvals`. @example np.linalg.svdvals([[3, 0], [0, 4]]) // [4, 3] */
export function svdvals(x: ArrayLike): Array {
  return svd(x, { computeUv: false });
}

const powerC = program<{ n: number }>('matrix_power', ([a], { n }) => {
  if (n === 0) return [eye(a!.shape, a!.dtype)];
  const times = (x: Array, y: Array) => matmulOf(x, y, { precision: null, preferred: null });
  let z: Array | null = null;
  let out: Array | null = null;
  for (let left = Math.abs(n); left > 0; left = Math.floor(left / 2)) {
    z = z === null ? (n < 0 ? inv(a!) : a!) : times(z, z);
    if (left % 2 === 1) out = out === null ? z : times(out, z);
  }
  return [out!];
});

/**
 * Whole powers of square matrices; negative ones are powers of the inverse. Mirrors `jax.numpy.linalg.matrix_power`.
 *
 * @param a square matrices [..., n, n]
 * @param n an integer
 * @throws ShapeError unless square
 * @example
 * np.linalg.matrixPower([[1, 1], [0, 1]], 3) // [[1, 3], [0, 1]]
 */
export function matrixPower(a: ArrayLike, n: number): Array {
  const x = asArray(a, 'linalg.matrixPower');
  checkSquare('linalg.matrixPower', x);
  if (!Number.isInteger(n)) throw new ArgumentError(`linalg.matrixPower: expected a whole power, got ${String(n)}`);
  return powerC([x], { n })[0]!;
}

const eigC = program<{ vectors: boolean }>('eig', ([a], { vectors }) => eigP(inexact('linalg.eig', a!), { computeLeftEigenvectors: false, computeRightEigenvectors: vectors }));

/** Eigenvalues, in no order, and right eigenvectors, as columns, of square matrices: complex. Mirrors `jax.numpy.linalg.eig`. @throws ShapeError unless square @example np.linalg.eig([[2, 0], [0, 3]])[0].dtype // 'complex64' */
export function eig(a: ArrayLike): [Array, Array] {
  const x = asArray(a, 'linalg.eig');
  checkSquare('linalg.eig', x);
  return eigC([x], { vectors: true }) as [Array, Array];
}

/** Eigenvalues of square matrices, complex, in no order. Mirrors `jax.numpy.linalg.eigvals`. @throws ShapeError unless square @example np.linalg.eigvals([[0, -1], [1, 0]]).shape // [2] */
export function eigvals(a: ArrayLike): Array {
  const x = asArray(a, 'linalg.eigvals');
  checkSquare('linalg.eigvals', x);
  return eigC([x], { vectors: false })[0]!;
}

interface EighOptions {
  /** The triangle that is read: 'L' the lower, 'U' the upper. */
  UPLO?: 'L' | 'U' | null;
  symmetrizeInput?: boolean;
}

const eighC = program<{ lower: boolean; symmetrize: boolean }>('eigh', ([a], { lower, symmetrize }) => {
  const [v, w] = eighP(inexact('linalg.eigh', a!), { lower, symmetrizeInput: symmetrize });
  return [w, v];
});

/** Eigenvalues, ascending, and eigenvectors, as columns, of symmetric or Hermitian matrices. Mirrors `jax.numpy.linalg.eigh`. @throws ShapeError unless square @example np.linalg.eigh([[2, 0], [0, 1]])[0] // [1, 2] */
export function eigh(a: ArrayLike, ...rest: Rest<EighOptions, 'UPLO', 'symmetrizeInput'>): [Array, Array] {
  const { UPLO, symmetrizeInput = true } = readOptions('linalg.eigh', ['UPLO', 'symmetrizeInput'], 2, rest);
  const x = asArray(a, 'linalg.eigh');
  checkSquare('linalg.eigh', x);
  if (UPLO !== undefined && UPLO !== null && UPLO !== 'L' && UPLO !== 'U') throw new ArgumentError(`linalg.eigh: expected UPLO to be 'L' or 'U', got ${String(UPLO)}`);
  return eighC([x], { lower: UPLO !== 'U', symmetrize: symmetrizeInput }) as [Array, Array];
}

/** Eigenvalues, ascending, of symmetric or Hermitian matrices. Mirrors `jax.numpy.linalg.eigvalsh`. @example np.linalg.eigvalsh([[2, 0], [0, 1]]) // [1, 2] */
export function eigvalsh(a: ArrayLike, ...rest: Rest<EighOptions, 'UPLO'>): Array {
  return eigh(a, readOptions('linalg.eigvalsh', ['UPLO', 'symmetrizeInput'], 1, rest))[0];
}

type QrMode = 'reduced' | 'complete' | 'r' | 'raw' | 'full';

const qrC = program<{ mode: QrMode }>('qr', ([a], { mode }) => {
  const x = inexact('linalg.qr', a!);
  if (mode === 'raw') {
    const [packed, taus] = geqrf(x);
    return [T(packed), taus];
  }
  const [q, r] = qrP(x, { fullMatrices: mode === 'complete' }) as [Array, Array];
  return mode === 'r' ? [r] : [q, r];
});

/**
 * QR decomposition: Q with orthonormal columns and upper triangular R; mode 'r' gives R alone, 'raw' the Householder vectors and their factors.
 * Mirrors `jax.numpy.linalg.qr`.
 *
 * @throws ArgumentError for a mode that is none
 * @example
 * np.linalg.qr([[1, 0], [0, 1]]).length // 2
 */
export function qr(a: ArrayLike, mode: 'r' | { mode: 'r' }): Array;
export function qr(a: ArrayLike, ...rest: Rest<{ mode?: Exclude<QrMode, 'r'> }, 'mode'>): [Array, Array];
export function qr(a: ArrayLike, ...rest: Rest<{ mode?: QrMode }, 'mode'>): Array | Array[] {
  const { mode = 'reduced' } = readOptions('linalg.qr', ['mode'], 1, rest);
  if (!['reduced', 'complete', 'r', 'raw', 'full'].includes(mode)) throw new ArgumentError(`linalg.qr: expected mode to be 'reduced', 'complete', 'r' or 'raw', got ${String(mode)}`);
  const x = asArray(a, 'linalg.qr');
  checkMatrix('linalg.qr', x);
  const out = qrC([x], { mode });
  return mode === 'r' ? out[0]! : out;
}

/**
 * Cross products of vectors of 3 components along an axis. Mirrors `jax.numpy.linalg.cross`.
 *
 * @param x1 vectors
 * @param x2 vectors that broadcast against them
 * @throws ShapeError for other sizes
 * @example
 * np.linalg.cross([1, 0, 0], [0, 1, 0]) // [0, 0, 1]
 */
export function cross(x1: ArrayLike, x2: ArrayLike, ...rest: Rest<{ axis?: number }, 'axis'>): Array {
  const { axis = -1 } = readOptions('linalg.cross', ['axis'], 1, rest);
  const [a, b] = [asArray(x1, 'linalg.cross'), asArray(x2, 'linalg.cross')];
  if (a.shape.at(axis) !== 3 || b.shape.at(axis) !== 3) throw new ShapeError(`linalg.cross: expected vectors of 3 components, got ${a.aval} and ${b.aval}`);
  return crossN(a, b, { axis });
}

/**
 * Products of all pairs of entries of two vectors. Mirrors `jax.numpy.linalg.outer`.
 *
 * @param x1 vectors
 * @param x2 vectors that broadcast against them
 * @throws ShapeError for others than vectors
 * @example
 * np.linalg.outer([1, 2], [3]) // [[3], [6]]
 */
export function outer(x1: ArrayLike, x2: ArrayLike): Array {
  const [a, b] = [asArray(x1, 'linalg.outer'), asArray(x2, 'linalg.outer')];
  if (a.ndim !== 1 || b.ndim !== 1) throw new ShapeError(`linalg.outer: expected vectors, got ${a.aval} and ${b.aval}`);
  return outerN(a, b);
}

/** Diagonals of the last two dimensions. Mirrors `jax.numpy.linalg.diagonal`. @example np.linalg.diagonal([[1, 2], [3, 4]]) // [1, 4] */
export function diagonal(x: ArrayLike, ...rest: Rest<{ offset?: number }>): Array {
  const { offset = 0 } = readOptions('linalg.diagonal', ['offset'], 0, rest);
  return diagonalN(x, { offset, axis1: -2, axis2: -1 });
}

/** Sums of diagonals of the last two dimensions. Mirrors `jax.numpy.linalg.trace`. @example np.linalg.trace([[1, 2], [3, 4]]).item() // 5 */
export function trace(x: ArrayLike, ...rest: Rest<{ offset?: number; dtype?: DType | null }>): Array {
  const { offset = 0, dtype } = readOptions('linalg.trace', ['offset', 'dtype'], 0, rest);
  return traceN(x, { offset, axis1: -2, axis2: -1, dtype });
}

/** The inverse of an array as a linear map from its last dimensions to its first `ind`. Mirrors `jax.numpy.linalg.tensorinv`. @throws ShapeError unless both have one size @example np.linalg.tensorinv(np.eye(4).reshape([4, 2, 2]), 1).shape // [2, 2, 4] */
export function tensorinv(a: ArrayLike, ...rest: Rest<{ ind?: number }, 'ind'>): Array {
  const { ind = 2 } = readOptions('linalg.tensorinv', ['ind'], 1, rest);
  const x = asArray(a, 'linalg.tensorinv');
  checkInteger('linalg.tensorinv', 'ind', ind, 1);
  const [first, last] = [x.shape.slice(0, ind), x.shape.slice(ind)];
  if (sizeOf(first) !== sizeOf(last)) throw new ShapeError(`linalg.tensorinv: expected the first ${ind} dimensions of ${x.aval} to have the size of the others`);
  return reshape(inv(reshape(x, [sizeOf(first), sizeOf(last)])), [...last, ...first]);
}

/** The x that an array, as a linear map over x's dimensions, takes to b. Mirrors `jax.numpy.linalg.tensorsolve`. @throws ShapeError where shapes do not fit @example np.linalg.tensorsolve(np.eye(4).reshape([4, 2, 2]), np.ones([4])).shape // [2, 2] */
export function tensorsolve(a: ArrayLike, b: ArrayLike, ...rest: Rest<{ axes?: readonly number[] | null }, 'axes'>): Array {
  const { axes = null } = readOptions('linalg.tensorsolve', ['axes'], 1, rest);
  let x = asArray(a, 'linalg.tensorsolve');
  const y = asArray(b, 'linalg.tensorsolve');
  if (axes !== null) x = moveaxis(x, axes, axes.map((_, i) => x.ndim - axes.length + i));
  const out = x.shape.slice(y.ndim);
  if (y.shape.some((n, i) => n !== x.shape[i]) || sizeOf(out) !== y.size) throw new ShapeError(`linalg.tensorsolve: expected the first dimensions of a to be b's and the others of the same size, got ${x.aval} and ${y.aval}`);
  return reshape(solve(reshape(x, [y.size, y.size]), reshape(y, [y.size])), out);
}

/** Product of several matrices (the first and last may be vectors), in the order of least work. Mirrors `jax.numpy.linalg.multi_dot`. @throws ShapeError where shapes do not fit @example np.linalg.multiDot([np.ones([2, 3]), np.ones([3, 4]), np.ones([4])]).shape // [2] */
export function multiDot(arrays: readonly ArrayLike[], ...rest: Rest<{ precision?: PrecisionLike }>): Array {
  checkList('linalg.multiDot', 'arrays', arrays);
  const { precision } = readOptions('linalg.multiDot', ['precision'], 0, rest);
  const xs = arrays.map((x) => asArray(x, 'linalg.multiDot'));
  const last = xs.length - 1;
  if (xs.length < 2) throw new ArgumentError(`linalg.multiDot: expected at least two arrays, got ${xs.length}`);
  xs.forEach((x, i) => {
    const vector = x.ndim === 1 && (i === 0 || i === last);
    if ((x.ndim !== 2 && !vector) || (i > 0 && x.shape[0] !== xs[i - 1]!.shape.at(-1))) throw new ShapeError(`linalg.multiDot: expected matrices that fit, got ${xs.map((y) => y.aval).join(', ')}`);
  });
  const term = (i: number) => (xs[i]!.ndim === 2 ? [i, i + 1] : i === 0 ? [1] : [i]);
  return einsum(...xs.flatMap((x, i) => [x, term(i)] as const), { precision });
}
