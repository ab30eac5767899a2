import type { Array } from '../core/array';
import { astype } from '../lax/arrayLike';
import { foriLoop, whileLoop } from '../lax/control';
import { dynamicIndexInDim, dynamicUpdateIndexInDim } from '../lax/slicing';
import { matmul, vdot } from '../numpy/products';
import * as e from '../primitives/elementwise';
import { conjugate, epsilon, realPart } from '../primitives/matrix';
import { broadcastInDim, like, pad, reshape, scalar, sliceInDim, transpose } from '../primitives/structural';
import type { Multiply } from './linearOperator';
import { solve, solveTriangular } from './linalg/factorizations';
import { where } from '../numpy/operators';

// Steps of conjugate gradients, stabilised biconjugate gradients and GMRES, on vectors.

const int = (v: number) => scalar(v, 'int32');
const mm = (a: Array, b: Array) => matmul(a, b, { precision: 'highest' });
/** ⟨x, y⟩, and its real part. */
const inner = (x: Array, y: Array) => vdot(x, y, { precision: 'highest' });
const innerReal = (x: Array, y: Array) => realPart(inner(x, y));
export const normOf = (x: Array) => e.sqrt(innerReal(x, x));
const scaled = (a: Array, x: Array) => e.mul(astype(a, x.dtype), x);

export interface Stop {
  tol: number;
  atol: number;
  maxiter: number;
}

function leastSquared(b: Array, { tol, atol }: Stop): Array {
  const bb = innerReal(b, b);
  return e.max(e.mul(like(bb, tol * tol), bb), like(bb, atol * atol));
}

export function cgSteps(A: Multiply, b: Array, x0: Array, M: Multiply | null, stop: Stop): Array {
  const least = leastSquared(b, stop);
  const precondition = M ?? ((x: Array) => x);
  const r0 = e.sub(b, A(x0));
  const p0 = precondition(r0);
  const out = whileLoop(
    ([, r, gamma, , k]: Array[]) => e.and(e.gt(M === null ? gamma! : innerReal(r!, r!), least), e.lt(k!, int(stop.maxiter))),
    ([x, r, gamma, p, k]: Array[]) => {
      const ap = A(p!);
      const alpha = e.div(gamma!, innerReal(p!, ap));
      const next = e.sub(r!, scaled(alpha, ap));
      const z = precondition(next);
      const g = innerReal(next, z);
      return [e.add(x!, scaled(alpha, p!)), next, g, e.add(z, scaled(e.div(g, gamma!), p!)), e.add(k!, int(1))];
    },
    [x0, r0, innerReal(r0, p0), p0, int(0)],
  ) as Array[];
  return out[0]!;
}

export function bicgstabSteps(A: Multiply, b: Array, x0: Array, M: Multiply | null, stop: Stop): Array {
  const least = leastSquared(b, stop);
  const precondition = M ?? ((x: Array) => x);
  const r0 = e.sub(b, A(x0));
  const one = like(b, 1);
  const init = { x: x0, r: r0, alpha: one, omega: one, rho: one, p: r0, q: r0, k: int(0) };
  const zero = like(b, 0);
  const out = whileLoop(
    (s: typeof init) => e.and(e.and(e.gt(innerReal(s.r, s.r), least), e.lt(s.k, int(stop.maxiter))), e.ge(s.k, int(0))),
    (s: typeof init) => {
      const rho = inner(r0, s.r);
      const beta = e.div(e.mul(e.div(rho, s.rho), s.alpha), s.omega);
      const p = e.add(s.r, scaled(beta, e.sub(s.p, scaled(s.omega, s.q))));
      const direction = precondition(p);
      const q = A(direction);
      const alpha = e.div(rho, inner(r0, q));
      const half = e.sub(s.r, scaled(alpha, q));
      const early = e.lt(innerReal(half, half), least);
      const second = precondition(half);
      const t = A(second);
      const omega = e.div(inner(t, half), inner(t, t));
      const first = e.add(s.x, scaled(alpha, direction));
      // A step that divides by nothing ends the search.
      const broken = e.where(e.eq(rho, zero), int(-10), e.where(e.or(e.eq(omega, zero), e.eq(alpha, zero)), int(-11), e.add(s.k, int(1))));
      return {
        x: e.where(early, first, e.add(first, scaled(omega, second))),
        r: e.where(early, half, e.sub(half, scaled(omega, t))),
        alpha, omega, rho, p, q, k: broken,
      };
    },
    init,
  ) as unknown as typeof init;
  return out.x;
}

/** A vector of length one and the length; both zero where it is not above a threshold, rounding by default. */
function normalize(x: Array, threshold?: Array): [Array, Array] {
  const length = normOf(x);
  const enough = e.gt(length, threshold ?? like(length, epsilon(length.dtype)));
  return [where(enough, e.div(x, astype(length, x.dtype)), like(x, 0)), e.where(enough, length, like(length, 0))];
}

const column = (V: Array, k: Array) => dynamicIndexInDim(V, k, { axis: 1, keepdims: false });
const entry = (x: Array, k: Array) => dynamicIndexInDim(x, k, { axis: 0, keepdims: false });
const put = (x: Array, v: Array, k: Array, axis = 0) => dynamicUpdateIndexInDim(x, v, k, axis);
const next = (k: Array) => e.add(k, int(1));

/** One more orthonormal vector of the Krylov space, and its parts along the others as row k of H. */
function arnoldi(k: Array, A: Multiply, M: Multiply, V: Array, H: Array): [V: Array, H: Array, length: Array] {
  const v = M(A(column(V, k)));
  const [, before] = normalize(v);
  const parts = mm(transpose(conjugate(V), [1, 0]), v);
  const [unit, length] = normalize(e.sub(v, mm(V, parts)), e.mul(like(before, epsilon(before.dtype)), before));
  const row = put(parts, astype(length, parts.dtype), next(k));
  return [put(V, unit, next(k), 1), put(H, row, k), length];
}

function startOf(unit: Array, restart: number): [V: Array, H: Array] {
  const V = pad(reshape(unit, [unit.size, 1]), like(unit, 0), [[0, 0, 0], [0, restart, 0]]);
  const eye = pad(broadcastInDim(like(unit, 1), [restart, 1], []), like(unit, 0), [[0, 0, 0], [0, restart + 1, 0]]);
  // Rows of one 1 and restart + 1 zeros, read as rows one shorter: ones on the diagonal.
  const flat = sliceInDim(reshape(eye, [restart * (restart + 2)]), 0, restart * (restart + 1), 0);
  return [V, reshape(flat, [restart, restart + 1])];
}

type Restart = (x: Array, unit: Array, length: Array) => Array;

function batched(A: Multiply, M: Multiply, restart: number): Restart {
  return (x, unit, length) => {
    const [V0, H0] = startOf(unit, restart);
    const [V, H] = whileLoop(
      ([, , more, k]: Array[]) => e.and(e.lt(k!, int(restart)), more!),
      ([v, h, , k]: Array[]) => {
        const [v1, h1, size] = arnoldi(k!, A, M, v!, h!);
        return [v1, h1, e.ne(size, like(size, 0)), next(k!)];
      },
      [V0, H0, scalar(true, 'bool'), int(0)],
    ) as [Array, Array, Array, Array];
    const beta = pad(reshape(astype(length, x.dtype), [1]), like(x, 0), [[0, restart, 0]]);
    const [a, ah] = [transpose(H, [1, 0]), conjugate(H)];
    const y = solve(mm(ah, a), mm(ah, beta), { assumeA: 'pos' });
    return e.add(x, mm(sliceInDim(V, 0, restart, 1), y));
  };
}

type Rotation = readonly [cs: Array, sn: Array];

/** Turns entries i and i + 1. */
function turned(v: Array, i: Array, [cs, sn]: Rotation): Array {
  const [x, y] = [entry(v, i), entry(v, next(i))];
  const first = e.sub(e.mul(conjugate(cs), x), e.mul(conjugate(sn), y));
  return put(put(v, first, i), e.add(e.mul(sn, x), e.mul(cs, y)), next(i));
}

/** The rotation that makes b zero. */
function givens(a: Array, b: Array): Rotation {
  const [one, zero] = [like(a, 1), like(a, 0)];
  const none = e.eq(e.abs(b), like(e.abs(b), 0));
  const steep = e.lt(e.abs(a), e.abs(b));
  const t = e.neg(e.div(e.where(steep, a, b), e.where(steep, b, a)));
  const size = e.abs(t);
  const r = astype(e.rsqrt(e.add(like(size, 1), e.square(size))), t.dtype);
  return [where(none, one, e.where(steep, e.mul(r, t), r)), where(none, zero, e.where(steep, r, e.mul(r, t)))];
}

function incremental(A: Multiply, M: Multiply, restart: number, least: Array): Restart {
  return (x, unit, length) => {
    const [V0, R0] = startOf(unit, restart);
    const zeros = broadcastInDim(like(x, 0), [restart], []);
    const beta0 = pad(reshape(astype(length, x.dtype), [1]), like(x, 0), [[0, restart, 0]]);
    const init = { k: int(0), error: length, V: V0, R: R0, beta: beta0, cs: zeros, sn: zeros };
    const s = whileLoop(
      (v: typeof init) => e.and(e.lt(v.k, int(restart)), e.gt(v.error, least)),
      ({ k, V, R, beta, cs, sn }: typeof init) => {
        const [V1, H] = arnoldi(k, A, M, V, R);
        const row = foriLoop(int(0), k, (i: Array, h: Array) => turned(h, i, [entry(cs, i), entry(sn, i)]), entry(H, k)) as unknown as Array;
        const rotation = givens(entry(row, k), entry(row, next(k)));
        const after = turned(beta, k, rotation);
        return { k: next(k), error: e.abs(entry(after, next(k))), V: V1, R: put(H, turned(row, k, rotation), k), beta: after, cs: put(cs, rotation[0], k), sn: put(sn, rotation[1], k) };
      },
      init,
    ) as unknown as typeof init;
    const y = solveTriangular(transpose(sliceInDim(s.R, 0, restart, 1), [1, 0]), sliceInDim(s.beta, 0, restart, 0));
    return e.add(x, mm(sliceInDim(s.V, 0, restart, 1), y));
  };
}

export function gmresSteps(A: Multiply, b: Array, x0: Array, M: Multiply | null, stop: Stop & { restart: number; incremental: boolean }, least: Array, inside: Array): Array {
  const precondition = M ?? ((x: Array) => x);
  const step = stop.incremental ? incremental(A, precondition, stop.restart, inside) : batched(A, precondition, stop.restart);
  const residual = (x: Array) => normalize(precondition(e.sub(b, A(x))));
  const [unit0, length0] = residual(x0);
  const out = whileLoop(
    ([, k, , length]: Array[]) => e.and(e.lt(k!, int(stop.maxiter)), e.gt(length!, least)),
    ([x, k, unit, length]: Array[]) => {
      const better = step(x!, unit!, length!);
      return [better, next(k!), ...residual(better)];
    },
    [x0, int(0), unit0, length0],
  ) as Array[];
  return out[0]!;
}
