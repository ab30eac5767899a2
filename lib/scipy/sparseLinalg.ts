import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { checkOptions } from '../functional/options';
import type { ArrayLike } from '../lax/arrayLike';
import type { Traced } from '../lax/control';
import { customLinearSolve, type TreeMap } from '../lax/solves';
import * as e from '../primitives/elementwise';
import { isComplex } from '../primitives/matrix';
import { like, scalar, zerosLike } from '../primitives/structural';
import { bicgstabSteps, cgSteps, gmresSteps, normOf, type Stop } from './krylov';
import { type LinearOperator, type Multiply, VectorSpace } from './linearOperator';
import { wholeProgram } from './wholeProgram';

export type { LinearOperator } from './linearOperator';

// scipy.sparse.linalg: iterative solvers, of which A need only be a function.

/** Options of {@link cg} and {@link bicgstab}. */
export interface SolverOptions<T = ArrayLike> {
  /** Where to start; 0. */
  x0?: T | null;
  /** The residual's norm is to be at most tol ‖b‖, or atol. */
  tol?: number;
  /** Absolute tolerance of the residual. */
  atol?: number;
  /** Steps at most; ten times b's size by default. */
  maxiter?: number | null;
  /** Approximates the inverse of A. */
  M?: LinearOperator | null;
}

/** Options of {@link cg}. */
export type CgOptions = SolverOptions;

/** Options of {@link gmres}. */
export interface GmresOptions<T = ArrayLike> extends SolverOptions<T> {
  /** Dimensions of the space that a step searches; 20. `maxiter` counts such steps. */
  restart?: number;
  /** Least squares at the end of a step, or a decomposition kept up to date, which may end a step early. */
  solveMethod?: 'batched' | 'incremental';
}

type Solve = (A: Multiply, b: Array, x0: Array, M: Multiply | null, stop: Stop) => Array;

function iterate<T>(op: string, A: LinearOperator, b: T, options: SolverOptions<T>, solve: Solve, hermitian = false): [unknown, Array] {
  const { x0 = null, tol = 1e-5, atol = 0, maxiter = null, M = null } = checkOptions(op, ['x0', 'tol', 'atol', 'maxiter', 'M'], options);
  const [space, rhs] = VectorSpace.of(op, b);
  const stop = { tol, atol, maxiter: checkInteger(op, 'maxiter', maxiter ?? 10 * rhs.size, 0) };
  const [multiply, approximate] = [space.operator('A', A), M === null ? null : space.operator('M', M)];
  const start = x0 === null ? zerosLike(rhs.aval) : space.pack(x0, 'x0', rhs);
  // A real Hermitian operator is its own transpose, so that cotangents are solved for with the operator itself.
  const symmetric = hermitian && !isComplex(rhs);
  const [x] = wholeProgram(op, ([right, first]) => {
    const steps = (matrix: TreeMap, r: Array) => solve(matrix as Multiply, r, first!, approximate, stop);
    return [customLinearSolve(multiply, right!, steps, { transposeSolve: steps, symmetric }) as Array];
  }, [rhs, start]);
  return [space.unpack(x!), x!];
}

/**
 * The solution of A x = b for a Hermitian positive definite A by conjugate gradients.
 *
 * Mirrors `jax.scipy.sparse.linalg.cg`; its derivatives, of both modes, are the solution's, by another solve.
 *
 * @param A a matrix, or a function that multiplies by it
 * @param b a vector, or a tree of arrays that stands for one
 * @returns x, of b's structure, and null in place of SciPy's information
 * @throws ShapeError or TreeError where A, b and x0 do not go together; ArgumentError for a bad maxiter
 * @example
 * scipy.sparse.linalg.cg([[2, 0], [0, 4]], [2, 4])[0].js() // [1, 1]
 */
export function cg(A: LinearOperator, b: ArrayLike, options?: SolverOptions): [Array, null];
export function cg<T>(A: LinearOperator, b: T, options?: SolverOptions<T>): [Traced<T>, null];
export function cg<T>(A: LinearOperator, b: T, options: SolverOptions<T> = {}): [unknown, null] {
  return [iterate('cg', A, b, options, cgSteps, true)[0], null];
}

/**
 * The solution of A x = b by stabilised biconjugate gradients.
 *
 * Mirrors `jax.scipy.sparse.linalg.bicgstab`; parameters, result and errors as of {@link cg}, for any A that has an inverse.
 *
 * @example
 * scipy.sparse.linalg.bicgstab([[2, 1], [0, 4]], [3, 4])[0].js() // [1, 1]
 */
export function bicgstab(A: LinearOperator, b: ArrayLike, options?: SolverOptions): [Array, null];
export function bicgstab<T>(A: LinearOperator, b: T, options?: SolverOptions<T>): [Traced<T>, null];
export function bicgstab<T>(A: LinearOperator, b: T, options: SolverOptions<T> = {}): [unknown, null] {
  return [iterate('bicgstab', A, b, options, bicgstabSteps)[0], null];
}

/**
 * The solution of A x = b as the best of a Krylov space, started anew from what it gave until it is good enough.
 *
 * Mirrors `jax.scipy.sparse.linalg.gmres`; parameters and errors as of {@link cg}, for any A that has an inverse.
 *
 * @returns x, of b's structure, and −1 where it is NaN, 0 otherwise
 * @throws ArgumentError for a bad restart or an unknown solveMethod
 * @example
 * scipy.sparse.linalg.gmres([[2, 1], [0, 4]], [3, 4])[0].js() // [1, 1]
 */
export function gmres(A: LinearOperator, b: ArrayLike, options?: GmresOptions): [Array, Array];
export function gmres<T>(A: LinearOperator, b: T, options?: GmresOptions<T>): [Traced<T>, Array];
export function gmres<T>(A: LinearOperator, b: T, options: GmresOptions<T> = {}): [unknown, Array] {
  const { restart = 20, solveMethod = 'batched', ...rest } = checkOptions('gmres', ['restart', 'solveMethod', 'x0', 'tol', 'atol', 'maxiter', 'M'], options);
  checkInteger('gmres', 'restart', restart, 1);
  if (solveMethod !== 'batched' && solveMethod !== 'incremental') throw new ArgumentError(`gmres: expected solveMethod to be 'batched' or 'incremental', got ${String(solveMethod)}`);
  const [tree, x] = iterate('gmres', A, b, rest, (matrix, right, x0, M, stop) => {
    const size = normOf(right);
    const least = e.max(e.mul(like(size, stop.tol), size), like(size, stop.atol));
    const inside = e.mul(M === null ? size : normOf(M(right)), e.min(like(size, 1), e.div(least, size)));
    return gmresSteps(matrix, right, x0, M, { ...stop, restart: Math.min(restart, right.size), incremental: solveMethod === 'incremental' }, least, inside);
  });
  const size = normOf(x);
  return [tree, e.where(e.ne(size, size), scalar(-1, 'int32', true), scalar(0, 'int32', true))];
}
