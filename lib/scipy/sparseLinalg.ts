import type { Array } from '../core/array';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import { whileLoop } from '../lax/control';
import { matmul } from '../numpy/products';
import * as e from '../primitives/elementwise';
import { like, range, reduceSum, scalar, zerosLike } from '../primitives/structural';

// scipy.sparse.linalg: iterative solvers, of which A need only be a function.

/** A matrix, or the function that multiplies by it. */
export type LinearOperator = ArrayLike | ((x: Array) => Array);

export interface CgOptions {
  /** Where to start; 0. */
  x0?: ArrayLike | null;
  /** The residual's norm is to be at most tol ‖b‖, or atol. */
  tol?: number;
  atol?: number;
  /** Steps at most; ten times b's size by default. */
  maxiter?: number | null;
  /** Approximates the inverse of A. */
  M?: LinearOperator | null;
}

function multiplier(op: string, name: string, A: LinearOperator, b: Array): (x: Array) => Array {
  if (typeof A === 'function') return (x) => {
    const y = asArray(A(x), op);
    if (y.shape.join() !== b.shape.join()) throw new ShapeError(`${op}: expected ${name} to give an array of b's shape [${b.shape}], got ${y.aval}`);
    return y;
  };
  const m = asArray(A, op);
  if (m.ndim !== 2 || b.ndim !== 1 || m.shape[0] !== b.size || m.shape[1] !== b.size) throw new ShapeError(`${op}: expected ${name} to be a square matrix for the vector b, got ${m.aval} and ${b.aval}`);
  return (x) => matmul(m, x, { precision: 'highest' });
}

/** Re ⟨x, y⟩. */
function inner(x: Array, y: Array): Array {
  const p = x.dtype.startsWith('complex') ? e.real(e.mul(e.conj(x), y)) : e.mul(x, y);
  return reduceSum(p, range(p.ndim));
}

/**
 * The solution of A x = b for a Hermitian positive definite A by conjugate gradients.
 *
 * Mirrors `jax.scipy.sparse.linalg.cg` for one array b.
 *
 * @param A a matrix, or a function that multiplies by it
 * @returns x, and null in place of SciPy's information
 * @throws ShapeError where A, b and x0 do not go together; ArgumentError for a bad maxiter
 * @example
 * scipy.sparse.linalg.cg([[2, 0], [0, 4]], [2, 4])[0].js() // [1, 1]
 */
export function cg(A: LinearOperator, b: ArrayLike, options: CgOptions = {}): [Array, null] {
  const { x0 = null, tol = 1e-5, atol = 0, maxiter = null, M = null } = options;
  const [rhs] = promoteDtypesInexact('cg', b) as [Array];
  const start = x0 === null ? zerosLike(rhs.aval) : promoteDtypesInexact('cg', x0, rhs)[0]!;
  if (start.shape.join() !== rhs.shape.join()) throw new ShapeError(`cg: expected x0 to have b's shape, got ${start.aval} and ${rhs.aval}`);
  const limit = maxiter ?? 10 * rhs.size;
  if (!Number.isInteger(limit) || limit < 0) throw new ArgumentError(`cg: expected maxiter to be a non-negative integer, got ${String(maxiter)}`);
  const multiply = multiplier('cg', 'A', A, rhs);
  const precondition = M === null ? (x: Array) => x : multiplier('cg', 'M', M, rhs);
  const norm2 = inner(rhs, rhs);
  const least = e.max(e.mul(like(norm2, tol * tol), norm2), like(norm2, atol * atol));
  const scaled = (x: Array, by: Array) => e.mul(x, x.dtype === by.dtype ? by : e.complex(by, like(by, 0)));
  const r0 = e.sub(rhs, multiply(start));
  const p0 = precondition(r0);
  const init = [start, r0, inner(r0, p0), p0, scalar(0, 'int32')];
  const out = whileLoop(
    (s: Array[]) => e.and(e.gt(M === null ? s[2]! : inner(s[1]!, s[1]!), least), e.lt(s[4]!, scalar(limit, 'int32'))),
    ([x, r, gamma, p, k]: Array[]) => {
      const ap = multiply(p!);
      const alpha = e.div(gamma!, inner(p!, ap));
      const next = e.sub(r!, scaled(ap, alpha));
      const z = precondition(next);
      const g = inner(next, z);
      return [e.add(x!, scaled(p!, alpha)), next, g, e.add(z, scaled(p!, e.div(g, gamma!))), e.add(k!, scalar(1, 'int32'))];
    },
    init,
  ) as Array[];
  return [out[0]!, null];
}
