import type { Array } from '../core/array';
import * as chol from '../primitives/cholesky';
import { eig as eigP, type EigOptions } from '../primitives/eig';
import { eigh as eighP, type EighOptions } from '../primitives/eigh';
import { hessenberg as hessenbergP, householderProduct as householderProductP } from '../primitives/householder';
import { lu as luP, luPivotsToPermutation as pivotsP } from '../primitives/lu';
import { qr as qrP } from '../primitives/qr';
import { schur as schurP } from '../primitives/schur';
import { svd as svdP, type SvdOptions } from '../primitives/svd';
import { tridiagonalSolve as tridiagonalSolveP } from '../primitives/tridiagonal';
import { checkOptions } from '../functional/options';
import { type ArrayLike, asArray, astype, inexactDtype } from './arrayLike';

// Decompositions and solvers of batches of matrices. Mirrors jax.lax.linalg.

/** Matrices of integers as floats where halves of sums are to be taken, as JAX has it. */
function inHalves(op: string, x: ArrayLike, { symmetrizeInput = true }: { symmetrizeInput?: boolean }): Array {
  const a = asArray(x, op);
  return symmetrizeInput ? astype(a, inexactDtype(a.dtype)) : a;
}

/**
 * The lower triangular L of x = L · Lᴴ, for positive definite x `[..., n, n]`; NaN for others. Mirrors `jax.lax.linalg.cholesky`.
 *
 * @example
 * lax.linalg.cholesky(np.array([[4.0, 2.0], [2.0, 5.0]])).js(); // [[2, 0], [1, 2]]
 */
export function cholesky(x: ArrayLike, options: { symmetrizeInput?: boolean } = {}): Array {
  const o = checkOptions('cholesky', ['symmetrizeInput'], options);
  return chol.cholesky(inHalves('cholesky', x, o), o);
}

/**
 * Eigenvectors as columns, and eigenvalues in ascending order, of symmetric or Hermitian `[..., n, n]`. Mirrors `jax.lax.linalg.eigh`.
 *
 * @example
 * lax.linalg.eigh(np.array([[2.0, 0.0], [0.0, 1.0]]))[1].js(); // [1, 2]
 */
export function eigh(x: ArrayLike, options: EighOptions = {}): [Array, Array] {
  const o = checkOptions('eigh', ['lower', 'symmetrizeInput', 'sortEigenvalues', 'subsetByIndex'], options);
  return eighP(inHalves('eigh', x, o), o);
}

/**
 * The product of Householder reflectors in the columns of `a`. Mirrors `jax.lax.linalg.householder_product`.
 *
 * @param taus the factors of the reflections, [..., k]
 * @example
 * lax.linalg.householderProduct(np.array([[1.0], [0.5]]), np.array([1.6])).shape; // [2, 1]
 */
export function householderProduct(a: ArrayLike, taus: ArrayLike): Array {
  return householderProductP(asArray(a, 'householderProduct'), asArray(taus, 'householderProduct'));
}

/** L and U in one matrix, int32 pivots, and the int32 permutation of rows. Mirrors `jax.lax.linalg.lu`. @example lax.linalg.lu(np.array([[1.0, 2.0], [3.0, 4.0]]))[2].js(); // [1, 0] */
export function lu(x: ArrayLike): [Array, Array, Array] {
  return luP(asArray(x, 'lu'));
}

/**
 * The permutation that row exchanges make. Mirrors `jax.lax.linalg.lu_pivots_to_permutation`.
 *
 * @param pivots int32 row exchanges, [..., k]
 * @param permutationSize how many rows there are
 * @example
 * lax.linalg.luPivotsToPermutation(np.array([1, 1], { dtype: 'int32' }), 2).js(); // [1, 0]
 */
export function luPivotsToPermutation(pivots: ArrayLike, permutationSize: number): Array {
  return pivotsP(asArray(pivots, 'luPivotsToPermutation'), permutationSize);
}

/**
 * Q with orthonormal columns and upper triangular R; with `pivoting`, the permutation of columns as well. Mirrors `jax.lax.linalg.qr`.
 *
 * @example
 * lax.linalg.qr(np.ones([3, 2]), { fullMatrices: false }).map((m) => m.shape); // [[3, 2], [2, 2]]
 */
export function qr(x: ArrayLike, options: { pivoting?: boolean; fullMatrices?: boolean } = {}): Array[] {
  return qrP(asArray(x, 'qr'), checkOptions('qr', ['pivoting', 'fullMatrices'], options));
}

/**
 * U, singular values in descending order, and Vᴴ; with `computeUv: false` the values only. Mirrors `jax.lax.linalg.svd`.
 *
 * @example
 * lax.linalg.svd(np.array([[3.0, 0.0], [0.0, 2.0]]), { computeUv: false }).js(); // [3, 2]
 */
export function svd(x: ArrayLike, options?: SvdOptions & { computeUv?: true }): [Array, Array, Array];
export function svd(x: ArrayLike, options: SvdOptions & { computeUv: false }): Array;
export function svd(x: ArrayLike, options: SvdOptions = {}): Array | [Array, Array, Array] {
  const o = checkOptions('svd', ['fullMatrices', 'computeUv', 'subsetByIndex'], options);
  const out = svdP(asArray(x, 'svd'), o);
  return o.computeUv === false ? out[0]! : (out as [Array, Array, Array]);
}

/**
 * The solution x of a · x = b (or x · a = b) for triangular a. Mirrors `jax.lax.linalg.triangular_solve`.
 *
 * @example
 * lax.linalg.triangularSolve(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[2.0], [3.0]]), { leftSide: true, lower: true }).js(); // [[1], [2]]
 */
export function triangularSolve(a: ArrayLike, b: ArrayLike, options: Partial<chol.TriangularSolveParams> = {}): Array {
  return chol.triangularSolve(asArray(a, 'triangularSolve'), asArray(b, 'triangularSolve'), checkOptions('triangularSolve', ['leftSide', 'lower', 'transposeA', 'conjugateA', 'unitDiagonal'], options));
}

/**
 * alpha · a · aᵀ + beta · c. Mirrors `jax.lax.linalg.symmetric_product`.
 *
 * @param aMatrix [..., n, k]
 * @param cMatrix [..., n, n]
 * @example
 * lax.linalg.symmetricProduct(np.array([[1.0], [2.0]]), np.zeros([2, 2]), { symmetrizeOutput: true }).js(); // [[1, 2], [2, 4]]
 */
export function symmetricProduct(aMatrix: ArrayLike, cMatrix: ArrayLike, options: { alpha?: number; beta?: number; symmetrizeOutput?: boolean } = {}): Array {
  return chol.symmetricProduct(asArray(aMatrix, 'symmetricProduct'), asArray(cMatrix, 'symmetricProduct'), checkOptions('symmetricProduct', ['alpha', 'beta', 'symmetrizeOutput'], options));
}

/**
 * The solution of tridiagonal systems, from the diagonals below, on and above the main one. Mirrors `jax.lax.linalg.tridiagonal_solve`.
 *
 * @param dl the lower diagonal, [..., n], whose first element is not used
 * @param d the diagonal, [..., n]
 * @param du the upper diagonal, [..., n], whose last element is not used
 * @param b right-hand sides, [..., n, k]
 * @example
 * lax.linalg.tridiagonalSolve(np.array([0.0, 1.0]), np.array([2.0, 2.0]), np.array([1.0, 0.0]), np.array([[3.0], [3.0]])).js(); // [[1], [1]]
 */
export function tridiagonalSolve(dl: ArrayLike, d: ArrayLike, du: ArrayLike, b: ArrayLike, options: { perturbSingular?: boolean } = {}): Array {
  return tridiagonalSolveP(asArray(dl, 'tridiagonalSolve'), asArray(d, 'tridiagonalSolve'), asArray(du, 'tridiagonalSolve'), asArray(b, 'tridiagonalSolve'), checkOptions('tridiagonalSolve', ['perturbSingular'], options));
}

/**
 * Complex eigenvalues of general matrices `[..., n, n]`, then their left and right eigenvectors as columns. Mirrors `jax.lax.linalg.eig`.
 *
 * @example
 * lax.linalg.eig(np.array([[0.0, 1.0], [-1.0, 0.0]]), { computeLeftEigenvectors: false })[0].imag.js(); // [1, -1]
 */
export function eig(x: ArrayLike, options: EigOptions = {}): Array[] {
  return eigP(asArray(x, 'eig'), checkOptions('eig', ['computeLeftEigenvectors', 'computeRightEigenvectors', 'enableEigvecDerivs'], options));
}

/**
 * The Hessenberg form of `[..., n, n]` with the reflectors that make it below, and their factors `[..., n - 1]`. Mirrors `jax.lax.linalg.hessenberg`.
 *
 * @example
 * lax.linalg.hessenberg(np.ones([3, 3])).map((m) => m.shape); // [[3, 3], [2]]
 */
export function hessenberg(a: ArrayLike): [Array, Array] {
  return hessenbergP(asArray(a, 'hessenberg'));
}

/**
 * The Schur form T of x = Z · T · Zᴴ, `[..., n, n]`, and Z unless `computeSchurVectors` is false. Mirrors `jax.lax.linalg.schur`.
 *
 * @example
 * lax.linalg.schur(np.array([[1.0, 2.0], [0.0, 3.0]])).map((m) => m.shape); // [[2, 2], [2, 2]]
 */
export function schur(x: ArrayLike, options: { computeSchurVectors?: boolean } = {}): Array[] {
  return schurP(asArray(x, 'schur'), checkOptions('schur', ['computeSchurVectors'], options));
}

export { choleskyUpdate, ormqr, qdwh, tridiagonal } from './linalgForms';
