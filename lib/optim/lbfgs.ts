import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { leaves } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as lax from '../lax';
import * as np from '../numpy';
import { BrainStateError } from '../state/errors';
import { scaleByBacktrackingLinesearch, scaleByZoomLinesearch } from './lbfgsLinesearch';
import { treeDot } from './lbfgsTrees';
import { nest } from './paramTrees';
import { lookUp, OptaxOptimizer, type OptimizerOptions, type StepSettings } from './optimizer';
import { type ArrayTree, type GradientTransformation, mapTree, scaleBySchedule, zerosLikeTree } from './transformation';

/** Options of {@link scaleByLbfgs}. */
export interface LBFGSDirectionOptions {
  /** How many past steps the approximation of the inverse Hessian is made of. */
  memorySize?: number;
  /** Whether the approximation begins with a multiple of the identity that fits the last step, not with the identity. */
  scaleInitPrecond?: boolean;
}

interface LBFGSState {
  count: Array;
  params: ArrayTree;
  updates: ArrayTree;
  diff_params_memory: ArrayTree;
  diff_updates_memory: ArrayTree;
  weights_memory: Array;
}

/**
 * Gradients times an approximation of the inverse Hessian, made of past differences of parameters and gradients (Liu and Nocedal, 1989). Mirrors `optax.scale_by_lbfgs`.
 *
 * The first step is of length 1 at most. What past steps left is kept in stacks of `memorySize`, written in turn.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByLbfgs();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.2425…, -0.9701…]
 * ```
 */
export function scaleByLbfgs(given: LBFGSDirectionOptions = {}): GradientTransformation {
  const { memorySize = 10, scaleInitPrecond = true } = checkOptions('scaleByLbfgs', ['memorySize', 'scaleInitPrecond'], given);
  checkInteger('scaleByLbfgs', 'memorySize', memorySize, 1);
  const stacks = (params: ArrayTree) => mapTree((p) => np.zeros([memorySize, ...p.shape], { dtype: p.dtype }), params);
  return {
    init: (params): LBFGSState => ({
      count: np.zeros([], { dtype: 'int32' }), params: zerosLikeTree(params), updates: zerosLikeTree(params),
      diff_params_memory: stacks(params), diff_updates_memory: stacks(params), weights_memory: np.zeros([memorySize]),
    }),
    update: (updates, state, params) => {
      const s = state as LBFGSState;
      const begun = np.greater(s.count, 0);
      const since = (now: ArrayTree, before: ArrayTree) => mapTree((a, b) => np.where(begun, np.subtract(a, b), 0).astype(b.dtype), now, before);
      const dParams = since(params, s.params);
      const dUpdates = since(updates, s.updates);
      const curvature = treeDot(dUpdates, dParams);
      const weight = np.where(np.equal(curvature, 0), 0, np.divide(1, curvature));
      const last = np.mod(np.subtract(s.count, 1), memorySize);
      const put = (memory: Array, x: Array) => lax.dynamicUpdateIndexInDim(memory, x.astype(memory.dtype), last, 0);
      const paramsMemory = mapTree(put, s.diff_params_memory, dParams);
      const updatesMemory = mapTree(put, s.diff_updates_memory, dUpdates);
      const weights = put(s.weights_memory, weight);

      // From the oldest step to the last one.
      const order = np.mod(np.add(s.count, np.arange(memorySize, { dtype: 'int32' })), memorySize);
      const ordered = (memory: Array) => np.take(memory, order, { axis: 0 });
      const past = { dp: mapTree(ordered, paramsMemory), du: mapTree(ordered, updatesMemory), rho: ordered(weights) };
      type Past = typeof past;
      const plus = (vec: ArrayTree, factor: Array, d: ArrayTree) => mapTree((v, x) => np.add(v, np.multiply(factor, x)).astype(v.dtype), vec, d);
      const [right, alphas] = lax.scan((vec: ArrayTree, { dp, du, rho }: Past) => {
        const alpha = np.multiply(rho, treeDot(dp, vec));
        return [plus(vec, np.negative(alpha), du), alpha] as const;
      }, updates, past, { reverse: true });
      const scaled = scaleInitPrecond ? mapTree((v) => np.multiply(v, identityScale(dParams, dUpdates, updates, begun)).astype(v.dtype), right) : right;
      const [out] = lax.scan((vec: ArrayTree, { dp, du, rho, alpha }: Past & { alpha: Array }) => {
        const beta = np.multiply(rho, treeDot(du, vec));
        return [plus(vec, np.subtract(alpha, beta), dp), null] as const;
      }, scaled, { ...past, alpha: alphas as Array });
      const next: LBFGSState = { count: np.add(s.count, 1), params, updates, diff_params_memory: paramsMemory, diff_updates_memory: updatesMemory, weights_memory: weights };
      return [out as ArrayTree, next];
    },
  };
}

/** What the identity is multiplied by: the last step's curvature, or what makes the first step of length 1 at most. */
function identityScale(dParams: ArrayTree, dUpdates: ArrayTree, updates: ArrayTree, begun: Array): Array {
  const square = treeDot(dUpdates, dUpdates);
  const fitted = np.where(np.greater(square, 0), np.divide(treeDot(dUpdates, dParams), square), 1);
  const first = np.minimum(1, np.divide(1, np.sqrt(treeDot(updates, updates))));
  return np.where(begun, fitted, first);
}

/** Options of {@link LBFGS}. */
export interface LBFGSOptions extends Omit<OptimizerOptions, 'weightDecay'>, LBFGSDirectionOptions {
  /** How the length of a step is found: null takes `lr`; a transformation of your own gets `value`, `grad` and `valueFn` in its last argument. */
  linesearch?: 'zoom' | 'backtracking' | GradientTransformation | null;
}

/** What a line search needs besides gradients. */
export interface LBFGSUpdateExtra {
  /** The value of the objective where the parameters are. */
  value?: Array | number;
  /**
   * The objective. It is given trial values of the parameters in the structure in which they were registered (paths as nested objects); while it runs the
   * registered states hold these values, so that a function that reads the model does as well. It must be traceable.
   */
  valueFn?: (params: never) => Array;
}

/**
 * The limited-memory BFGS method, for objectives without noise. Mirrors `braintools.optim.LBFGS`; `lr` is 1 by default.
 *
 * With a line search `update` needs the value of the objective and a function for it. Call it inside `jit` where it runs many times: the search is
 * a loop, compiled for each call otherwise.
 *
 * @throws ArgumentError for an unknown line search, or where `update` lacks what it needs
 * @example
 * ```ts
 * const params = { w: new ParamState(np.array([1, -2])) };
 * const loss = () => np.sum(np.square(params.w.value));
 * const optimizer = new optim.LBFGS({ linesearch: 'zoom' });
 * optimizer.registerTrainableWeights(params);
 * const step = jit(() => {
 *   const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
 *   optimizer.update(grads, { value, valueFn: loss });
 *   return value;
 * });
 * ```
 */
export class LBFGS extends OptaxOptimizer {
  readonly memorySize: number;
  readonly scaleInitPrecond: boolean;
  readonly linesearch: 'zoom' | 'backtracking' | GradientTransformation | null;

  constructor(given: LBFGSOptions = {}) {
    const { lr = 1, memorySize = 10, scaleInitPrecond = true, linesearch = null, ...options } = checkOptions(new.target.name, ['linesearch', 'lr', 'gradClipNorm', 'gradClipValue', 'memorySize', 'scaleInitPrecond'], given);
    super({ lr, ...options });
    this.memorySize = checkInteger('LBFGS', 'memorySize', memorySize, 1);
    this.scaleInitPrecond = scaleInitPrecond;
    const own = linesearch !== null && typeof linesearch === 'object' && typeof linesearch.update === 'function';
    if (linesearch !== null && linesearch !== 'zoom' && linesearch !== 'backtracking' && !own) throw new ArgumentError(`LBFGS: unknown line search ${describeValue(linesearch)}; expected null, 'zoom', 'backtracking' or a gradient transformation`);
    this.linesearch = linesearch;
  }

  protected override steps({ minusRate }: StepSettings): readonly GradientTransformation[] {
    const search = this.linesearch === 'zoom' ? [scaleByZoomLinesearch(100)] : this.linesearch === 'backtracking' ? [scaleByBacktrackingLinesearch(100)] : this.linesearch === null ? [] : [this.linesearch];
    return [scaleByLbfgs({ memorySize: this.memorySize, scaleInitPrecond: this.scaleInitPrecond }), scaleBySchedule(minusRate), ...search];
  }

  /**
   * Changes the registered states by their gradients.
   *
   * @param grads gradients in the structure of the registered states
   * @param given the objective and its value, for a line search
   * @throws ArgumentError if a line search lacks `value` or `valueFn`, BrainStateError for groups of parameters with a line search
   */
  override update(grads: unknown, given: LBFGSUpdateExtra = {}): void {
    const { value, valueFn } = checkOptions('LBFGS.update', ['value', 'valueFn'], given);
    if (this.linesearch === null) {
      super.update(grads);
      return;
    }
    if (value === undefined || typeof valueFn !== 'function') throw new ArgumentError(`LBFGS.update: a line search needs { value, valueFn }, the objective's value and the objective; got value ${describeValue(value)} and valueFn ${describeValue(valueFn)}`);
    // One step length for all: the groups would be searched one after another, each with the old values of the others.
    if (this.paramGroups.length > 1) throw new BrainStateError('LBFGS.update: a line search is for one group of parameters, and addParamGroup made several');
    const raw = this.treeOf(this.paramStates, (_, path) => lookUp(grads, path));
    const first = leaves(raw)[0] as Array | undefined;
    super.update(grads, { value: np.asarray(value).astype(np.abs(first ?? np.zeros([])).dtype), grad: raw, valueFn: (trial: Record<string, unknown>) => this.valueAt(trial, valueFn) });
  }

  /** As {@link update}. */
  override step(grads: unknown, extra: LBFGSUpdateExtra = {}): void {
    this.update(grads, extra);
  }

  /** The objective where the parameters are at trial values. */
  private valueAt(trial: Record<string, unknown>, valueFn: (params: never) => Array): Array {
    const entries = this.paramStates.entries();
    const before = entries.map(([, s]) => s.value);
    const nested = nest(entries.map(([path]) => [path, this.valueIn(trial, path)]));
    try {
      // Lent, not written: no trace of theirs is left behind.
      for (const [path, s] of entries) s.replaceQuietly(this.valueIn(trial, path));
      return np.asarray(valueFn(nested as never));
    } finally {
      entries.forEach(([, s], i) => s.replaceQuietly(before[i]));
    }
  }
}
