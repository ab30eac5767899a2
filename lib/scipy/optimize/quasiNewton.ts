import type { Array } from '../../core/array';
import { foriLoop, whileLoop } from '../../lax/control';
import { dynamicIndexInDim, dynamicUpdateIndexInDim } from '../../lax/slicing';
import { norm, type NormOrder } from '../../numpy/linalg';
import { matmul } from '../../numpy/products';
import * as e from '../../primitives/elementwise';
import { broadcastInDim, concatenate, iota, like, reshape, scalar, sliceInDim, zerosLike } from '../../primitives/structural';
import { dotOf, lineSearch, type ValueAndGradient } from './lineSearch';

// Minimisation by BFGS (Nocedal and Wright, algorithm 6.1) and with limited memory (7.5). The searches, counts and codes are JAX's.

export interface Minimum {
  x: Array;
  fun: Array;
  jac: Array;
  hessInv: Array | null;
  nfev: Array;
  njev: Array;
  nit: Array;
  success: Array;
  status: Array;
}

/** Options of the method BFGS. */
export interface BfgsOptions {
  /** Steps at most; 200 times x's size. */
  maxiter?: number | null;
  /** Norm of the gradient that is looked at; Infinity. */
  norm?: NormOrder;
  /** What the gradient's norm is to be below; 1e-5. */
  gtol?: number;
  /** Steps of a line search at most; 10. */
  lineSearchMaxiter?: number;
}

const int = (v: number) => scalar(v, 'int32');
const scaled = (a: Array, x: Array) => e.mul(a, x);
const outer = (x: Array, y: Array) => e.mul(broadcastInDim(x, [x.size, y.size], [0]), broadcastInDim(y, [x.size, y.size], [1]));
const product = (a: Array, b: Array) => matmul(a, b, { precision: 'highest' });

function identity(n: number, of: Array): Array {
  const same = e.eq(iota('int32', [n, n], 0), iota('int32', [n, n], 1));
  const k = (v: number) => broadcastInDim(like(of, v), [n, n], []);
  return e.where(same, k(1), k(0));
}

export function bfgs(f: ValueAndGradient, x0: Array, options: BfgsOptions): Minimum {
  const n = x0.size;
  const { norm: ord = Number.POSITIVE_INFINITY, gtol = 1e-5, lineSearchMaxiter = 10 } = options;
  const maxiter = options.maxiter ?? 200 * n;
  const flat = (g: Array) => e.lt(norm(g, { ord }), like(g, gtol));
  const [f0, g0] = f(x0);
  const init = {
    converged: flat(g0), failed: scalar(false, 'bool'), k: int(0), count: int(1), x: x0, f: f0, g: g0,
    H: identity(n, x0), before: e.add(f0, e.div(norm(g0), like(f0, 2))), search: int(0),
  };
  const s = whileLoop(
    (v: typeof init) => e.and(e.not(e.or(v.converged, v.failed)), e.lt(v.k, int(maxiter))),
    (v: typeof init) => {
      const p = e.neg(product(v.H, v.g));
      const at = lineSearch(f, v.x, p, v.f, v.g, v.before, lineSearchMaxiter);
      const step = scaled(at.a, p);
      const change = e.sub(at.g, v.g);
      const rho = e.div(like(v.f, 1), dotOf(change, step));
      const w = e.sub(identity(n, v.x), scaled(rho, outer(step, change)));
      const H = e.add(product(product(w, v.H), w.T), outer(scaled(rho, step), step));
      return {
        converged: flat(at.g), failed: at.failed, k: e.add(v.k, int(1)), count: e.add(v.count, at.evaluations), x: e.add(v.x, step), f: at.phi, g: at.g,
        H: e.where(e.isFinite(rho), H, v.H), before: v.f, search: at.status,
      };
    },
    init,
  ) as unknown as typeof init;
  const status = e.where(s.converged, int(0), e.where(e.eq(s.k, int(maxiter)), int(1), e.where(s.failed, e.add(int(2), s.search), int(-1))));
  return { x: s.x, fun: s.f, jac: s.g, hessInv: s.H, nfev: s.count, njev: s.count, nit: s.k, success: e.and(s.converged, e.not(s.failed)), status };
}

/** Options of the method L-BFGS. */
export interface LbfgsOptions {
  /** Steps at most; 200 times x's size where none of the three limits is given. */
  maxiter?: number | null;
  /** Norm of the gradient that is looked at; Infinity. */
  norm?: NormOrder;
  /** How many past steps the curvature is taken from; 10. */
  maxcor?: number;
  /** A step that gains less ends the search; 2.220446049250313e-9. */
  ftol?: number;
  /** What the gradient's norm is to be below; 1e-5. */
  gtol?: number;
  /** Values at most. */
  maxfun?: number | null;
  /** Gradients at most. */
  maxgrad?: number | null;
  /** Steps of a line search at most; 20. */
  maxls?: number;
}

/** A history with the oldest row dropped and a new one at its end. */
const pushed = (history: Array, row: Array) => concatenate([sliceInDim(history, 1, history.shape[0]!, 0), reshape(row, [1, ...history.shape.slice(1)])], 0);

export function lbfgs(f: ValueAndGradient, x0: Array, options: LbfgsOptions): Minimum {
  const n = x0.size;
  const { norm: ord = Number.POSITIVE_INFINITY, maxcor = 10, ftol = 2.220446049250313e-9, gtol = 1e-5, maxls = 20, maxfun = null, maxgrad = null } = options;
  const maxiter = options.maxiter ?? (maxfun === null && maxgrad === null ? 200 * n : null);
  const [f0, g0] = f(x0);
  const rows = broadcastInDim(like(x0, 0), [maxcor, n], []);
  const init = {
    converged: scalar(false, 'bool'), failed: scalar(false, 'bool'), k: int(0), count: int(1), x: x0, f: f0, g: g0,
    steps: rows, changes: rows, rhos: broadcastInDim(like(x0, 0), [maxcor], []), gamma: like(x0, 1), status: int(0),
  };
  const direction = (v: typeof init): Array => {
    const known = e.min(v.k, int(maxcor));
    const row = (h: Array, i: Array) => dynamicIndexInDim(h, i, { keepdims: false });
    const [q, factors] = foriLoop(0, known, (j: Array, [r, a]: [Array, Array]) => {
      const i = e.sub(int(maxcor - 1), j);
      const factor = e.mul(row(v.rhos, i), dotOf(row(v.steps, i), r));
      return [e.sub(r, scaled(factor, row(v.changes, i))), dynamicUpdateIndexInDim(a, factor, i, 0)];
    }, [e.neg(v.g), zerosLike(v.rhos.aval)] as [Array, Array]) as unknown as [Array, Array];
    return foriLoop(0, known, (j: Array, r: Array) => {
      const i = e.add(e.sub(int(maxcor), known), j);
      const factor = e.mul(row(v.rhos, i), dotOf(row(v.changes, i), r));
      return e.add(r, scaled(e.sub(row(factors, i), factor), row(v.steps, i)));
    }, scaled(v.gamma, q)) as unknown as Array;
  };
  const s = whileLoop(
    (v: typeof init) => e.not(e.or(v.converged, v.failed)),
    (v: typeof init) => {
      const p = direction(v);
      const at = lineSearch(f, v.x, p, v.f, v.g, null, maxls);
      const step = scaled(at.a, p);
      const change = e.sub(at.g, v.g);
      const along = dotOf(change, step);
      const over = (count: Array, limit: number | null) => (limit === null ? scalar(false, 'bool') : e.ge(count, int(limit)));
      let status = e.where(e.lt(e.sub(v.f, at.phi), like(v.f, ftol)), int(4), int(0));
      status = e.where(over(v.count, maxgrad), int(3), status);
      status = e.where(over(v.count, maxfun), int(2), status);
      status = e.where(over(v.k, maxiter), int(1), status);
      status = e.where(at.failed, int(5), status);
      const converged = e.lt(norm(at.g, { ord }), like(at.g, gtol));
      return {
        converged, failed: e.and(e.gt(status, int(0)), e.not(converged)), k: e.add(v.k, int(1)), count: e.add(v.count, at.evaluations),
        x: e.add(v.x, step), f: at.phi, g: at.g,
        steps: pushed(v.steps, step), changes: pushed(v.changes, change), rhos: pushed(v.rhos, e.div(like(along, 1), along)),
        gamma: e.div(along, dotOf(change, change)), status: e.where(converged, int(0), status),
      };
    },
    init,
  ) as unknown as typeof init;
  return { x: s.x, fun: s.f, jac: s.g, hessInv: null, nfev: s.count, njev: s.count, nit: s.k, success: e.and(s.converged, e.not(s.failed)), status: s.status };
}
