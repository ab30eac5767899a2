import { checkFunction, checkInteger } from '../../core/checks';
import type { Array } from '../../core/array';
import { dtypeKind } from '../../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../../core/errors';
import { registerPytreeNode } from '../../core/tree';
import { gradCore } from '../../functional/derivatives';
import type { Loose } from '../../functional/treeFunction';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../../lax/arrayLike';
import { readNamed, readOptions } from '../../numpy/program';
import { wholeProgram } from '../wholeProgram';
import type { ValueAndGradient } from './lineSearch';
import { bfgs, type BfgsOptions, lbfgs, type LbfgsOptions } from './quasiNewton';

export type { BfgsOptions, LbfgsOptions } from './quasiNewton';

/**
 * What a minimisation gives: a node of trees, so that a compiled function may return it. Mirrors `jax.scipy.optimize.OptimizeResults`.
 *
 * @example
 * scipy.optimize.minimize((x: Array) => np.sum(np.square(x)), np.array([1, 2]), { method: 'BFGS' }) instanceof scipy.optimize.OptimizeResults; // true
 */
export class OptimizeResults {
  /** The point that was found, the function's value and gradient there. */
  declare readonly x: Array;
  declare readonly fun: Array;
  declare readonly jac: Array;
  /** The estimate of the Hessian's inverse; null where the method keeps none. */
  declare readonly hessInv: Array | null;
  /** How often the function and its gradient were computed, and the number of steps. */
  declare readonly nfev: Array;
  declare readonly njev: Array;
  declare readonly nit: Array;
  declare readonly success: Array;
  /** 0: converged. BFGS — 1: no more steps; 3: a line search could not narrow its interval; 5: a line search had no more steps. L-BFGS — 1, 2, 3: no more steps, values, gradients; 4: too little gained; 5: a line search failed. */
  declare readonly status: Array;

  constructor(fields: { [K in keyof OptimizeResults]: OptimizeResults[K] }) {
    Object.assign(this, fields);
  }
}

const FIELDS = ['x', 'success', 'status', 'fun', 'jac', 'hessInv', 'nfev', 'njev', 'nit'] as const;
registerPytreeNode(OptimizeResults, {
  name: 'OptimizeResults',
  flatten: (r) => ({ children: FIELDS.map((k) => r[k]), keys: [...FIELDS] }),
  unflatten: (_, children) => new OptimizeResults(Object.fromEntries(FIELDS.map((k, i) => [k, children[i]])) as never),
});

/** The method, with its options. */
export type MinimizeOptions =
  | { method: 'BFGS' | 'bfgs'; args?: readonly unknown[]; options?: BfgsOptions | null }
  | { method: 'l-bfgs-experimental-do-not-rely-on-this'; args?: readonly unknown[]; options?: LbfgsOptions | null };

const NAMES = {
  bfgs: ['maxiter', 'norm', 'gtol', 'lineSearchMaxiter'],
  lbfgs: ['maxiter', 'norm', 'maxcor', 'ftol', 'gtol', 'maxfun', 'maxgrad', 'maxls'],
} as const;

function checkCounts(options: object): void {
  for (const k of ['maxiter', 'lineSearchMaxiter', 'maxcor', 'maxfun', 'maxgrad', 'maxls']) {
    const v = (options as Record<string, unknown>)[k];
    const least = k === 'maxcor' ? 1 : 0;
    if (v !== undefined && v !== null) checkInteger('minimize', k, v, least);
  }
}

/**
 * Where a function of a vector is least, by its gradient and an estimate of its curvature.
 *
 * Mirrors `jax.scipy.optimize.minimize`, without its argument `tol`, which JAX does not use: give `gtol` among the options.
 *
 * @param fun from a vector (and `args`) to a real scalar, in functions that can be differentiated
 * @param x0 where to start: a real vector
 * @param options `method`, either 'BFGS' or 'l-bfgs-experimental-do-not-rely-on-this', `args` for the function, and `options` of the method
 * @throws ArgumentError for an unknown method or option; ShapeError unless x0 is a vector; DtypeError for complex numbers
 * @example
 * const r = scipy.optimize.minimize((x) => x.sub([1, 2]).square().sum(), [0, 0], { method: 'BFGS' });
 * r.x.js() // [1, 2]
 */
export function minimize(fun: (x: Array, ...args: Loose[]) => ArrayLike, x0: ArrayLike, options: MinimizeOptions): OptimizeResults {
  checkFunction('minimize', 'fun', fun);
  const { method, args = [], options: given = null } = readOptions('minimize', ['method', 'args', 'options'], 0, [options]);
  const kind = ({ bfgs: 'bfgs', 'l-bfgs-experimental-do-not-rely-on-this': 'lbfgs' } as const)[String(method).toLowerCase() as 'bfgs'];
  if (kind === undefined) throw new ArgumentError(`minimize: expected method to be 'BFGS' or 'l-bfgs-experimental-do-not-rely-on-this', got ${String(method)}`);
  if (!globalThis.Array.isArray(args)) throw new ArgumentError(`minimize: expected args to be a list of arguments, got ${String(args)}`);
  const o = readNamed(`minimize (${method})`, NAMES[kind], 0, [given ?? {}]) as BfgsOptions & LbfgsOptions;
  checkCounts(o);
  const [start] = promoteDtypesInexact('minimize', x0) as [Array];
  if (start.ndim !== 1 || start.size === 0) throw new ShapeError(`minimize: expected x0 to be a vector that is not empty, got ${start.aval}`);
  if (dtypeKind(start.dtype) !== 'float') throw new DtypeError(`minimize: expected x0 to be real, got ${start.aval}`);
  const f: ValueAndGradient = (x: Array) => {
    const { value, grads } = gradCore('minimize', (v: Array) => asArray(fun(v, ...args), 'minimize: the result of fun'), [x], {});
    return [astype(value as Array, start.dtype), grads as Array];
  };
  const run = (x: Array) => (kind === 'bfgs' ? bfgs(f, x, o) : lbfgs(f, x, o));
  const kept = FIELDS.filter((k) => kind === 'bfgs' || k !== 'hessInv');
  const outs = wholeProgram('minimize', ([x]) => {
    const r = run(x!);
    return kept.map((k) => r[k]!);
  }, [astype(start, start.dtype)]);
  return new OptimizeResults({ hessInv: null, ...Object.fromEntries(kept.map((k, i) => [k, outs[i]])) } as never);
}
