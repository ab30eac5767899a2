import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { leaves, map } from '../core/tree';
import type { DtypeLike } from '../numpy/dtypes';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';

/** A tree of arrays: gradients, parameters, or what an optimiser keeps for each parameter. */
export type ArrayTree = unknown;

/**
 * A step of an optimiser: from gradients to updates, which are added to the parameters. Mirrors `optax.GradientTransformation`.
 *
 * `init` makes its state for parameters; `update` gives updates and the next state.
 */
export interface GradientTransformation {
  /** The first state, for parameters of this structure. */
  init(params: ArrayTree): unknown;
  /** The updates for gradients, and the next state. */
  update(updates: ArrayTree, state: never, params: ArrayTree, extra?: Record<string, unknown>): readonly [ArrayTree, unknown];
}

/** A number that a transformation is made with; a scalar array where it changes from step to step. */
export type Factor = number | Array;

/** A {@link Factor}. @throws ArgumentError for anything else */
export function checkFactor<T extends Factor>(what: string, x: T): T {
  if (!(typeof x === 'number' && !Number.isNaN(x)) && !(x instanceof Array)) throw new ArgumentError(`${what}: expected a number, got ${describeValue(x)}`);
  return x;
}

/** A function of the arrays at one place of several trees. */
export function mapTree(f: (...xs: Array[]) => Array, tree: ArrayTree, ...rest: ArrayTree[]): ArrayTree {
  return map(f as never, tree, ...rest);
}

/** `1 - x`; of a number on the host. */
export function complement(x: Factor): Factor {
  return typeof x === 'number' ? 1 - x : np.subtract(1, x);
}

/** A tree's arrays in another dtype; null leaves them. */
export function castTree(tree: ArrayTree, dtype: DtypeLike | null): ArrayTree {
  return dtype === null ? tree : mapTree((x) => x.astype(dtype), tree);
}

/** @throws ArgumentError for what is no gradient transformation */
export function checkTransformation<T extends GradientTransformation>(what: string, x: T): T {
  if (typeof (x as T | null | undefined)?.init !== 'function' || typeof x.update !== 'function') throw new ArgumentError(`${what}: expected a gradient transformation, with init and update, got ${describeValue(x)}`);
  return x;
}

/** A transformation without a state. */
export function stateless(f: (updates: ArrayTree, params: ArrayTree) => ArrayTree): GradientTransformation {
  return { init: () => ({}), update: (updates, state, params) => [f(updates, params), state] };
}

/**
 * Transformations one after another; the state is the list of theirs. Mirrors `optax.chain`.
 *
 * @throws ArgumentError for what is no gradient transformation
 * @example
 * ```ts
 * const tx = optim.chain(optim.clip(1), optim.scale(-0.1));
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [-0.05, 0.1]
 * ```
 */
export function chain(...transformations: GradientTransformation[]): GradientTransformation {
  for (const t of transformations) checkTransformation('optim.chain', t);
  return {
    init: (params) => transformations.map((t) => t.init(params)),
    update: (updates, state, params, extra) => {
      const next: unknown[] = [];
      let u = updates;
      transformations.forEach((t, i) => {
        const [v, s] = t.update(u, (state as unknown[])[i] as never, params, extra);
        u = v;
        next.push(s);
      });
      return [u, next];
    },
  };
}

/** Zeros of the shapes of a tree's arrays, in their dtypes or the given one. */
export function zerosLikeTree(params: ArrayTree, dtype: DtypeLike | null = null): ArrayTree {
  return mapTree((p) => np.zerosLike(p, { dtype }), params);
}

/** Euclidean norm of all arrays of a tree together. Mirrors `optax.global_norm`. @example optim.globalNorm({ a: np.array([3]), b: np.array([4]) }).js(); // 5 */
export function globalNorm(tree: ArrayTree): Array {
  const squares = leaves(tree).map((x) => np.sum(np.square(np.abs(x as Array))));
  return np.sqrt(squares.length === 0 ? 0 : squares.reduce((a, b) => np.add(a, b)));
}

/** A tree of a known norm scaled down, where need be, to a norm of at most `maxNorm`. */
export function scaleToNorm(tree: ArrayTree, norm: Array, maxNorm: Factor): ArrayTree {
  const small = np.less(norm, maxNorm);
  return mapTree((g) => np.where(small, g, np.multiply(np.divide(g, norm.astype(g.dtype)), maxNorm)), tree);
}

/**
 * Scales gradients down to a norm where theirs, all together, is larger. Mirrors `optax.clip_by_global_norm`.
 *
 * @example
 * ```ts
 * const tx = optim.clipByGlobalNorm(1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.2425…, -0.9701…]
 * ```
 */
export function clipByGlobalNorm(maxNorm: Factor): GradientTransformation {
  checkFactor('clipByGlobalNorm: maxNorm', maxNorm);
  return stateless((updates) => scaleToNorm(updates, globalNorm(updates), maxNorm));
}

/**
 * Limits each entry to [-maxDelta, maxDelta]. Mirrors `optax.clip`.
 *
 * @example
 * ```ts
 * const tx = optim.clip(1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.5, -1]
 * ```
 */
export function clip(maxDelta: Factor): GradientTransformation {
  checkFactor('clip: maxDelta', maxDelta);
  const least = typeof maxDelta === 'number' ? -maxDelta : np.negative(maxDelta);
  return stateless((updates) => mapTree((g) => np.clip(g, least, maxDelta), updates));
}

/**
 * Multiplies by a number. Mirrors `optax.scale`.
 *
 * @example
 * ```ts
 * const tx = optim.scale(-0.1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [-0.05, 0.2]
 * ```
 */
export function scale(stepSize: Factor): GradientTransformation {
  checkFactor('scale: stepSize', stepSize);
  return stateless((updates) => mapTree((g) => np.multiply(g, stepSize), updates));
}

/**
 * Multiplies by a function of the number of steps so far. Mirrors `optax.scale_by_schedule`.
 *
 * @throws ArgumentError unless it is given a function
 * @example
 * ```ts
 * const tx = optim.scaleBySchedule(() => -0.1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [-0.05, 0.2]
 * ```
 */
export function scaleBySchedule(stepSize: (count: Array) => Factor): GradientTransformation {
  if (typeof stepSize !== 'function') throw new ArgumentError(`scaleBySchedule: expected a function of the number of steps, got ${describeValue(stepSize)}`);
  return {
    init: () => ({ count: np.zeros([], { dtype: 'int32' }) }),
    update: (updates, state) => {
      const { count } = state as { count: Array };
      const size = np.asarray(stepSize(count));
      return [mapTree((g) => np.multiply(size.astype(g.dtype), g), updates), { count: np.add(count, 1) }];
    },
  };
}

/**
 * Momentum: `trace = g + decay * trace`. Mirrors `optax.trace`.
 *
 * @example
 * ```ts
 * const tx = optim.trace(0.9);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.5, -2]
 * ```
 */
export function trace(decay: Factor, options: { nesterov?: boolean; accumulatorDtype?: DtypeLike | null } = {}): GradientTransformation {
  checkFactor('trace: decay', decay);
  const { nesterov = false, accumulatorDtype = null } = checkOptions('trace', ['nesterov', 'accumulatorDtype'], options);
  return {
    init: (params) => ({ trace: zerosLikeTree(params, accumulatorDtype) }),
    update: (updates, state) => {
      const next = mapTree((g, t) => np.add(g, np.multiply(t, decay)), updates, (state as { trace: ArrayTree }).trace);
      const out = nesterov ? mapTree((g, t) => np.add(g, np.multiply(t, decay)), updates, next) : next;
      return [out, { trace: castTree(next, accumulatorDtype) }];
    },
  };
}

/** `(1 - decay) * g^order + decay * moment`. Mirrors `optax.tree_utils.tree_update_moment`. */
export function updateMoment(updates: ArrayTree, moments: ArrayTree, decay: Factor, order: 1 | 2): ArrayTree {
  return mapTree((g, m) => np.add(np.multiply(order === 1 ? g : np.square(np.abs(g)), complement(decay)), np.multiply(m, decay)), updates, moments);
}

/** Moments as they would be had they not started at zero. Mirrors `optax.tree_utils.tree_bias_correction`. */
export function biasCorrection(moments: ArrayTree, decay: Factor, count: Array): ArrayTree {
  const factor = np.subtract(1, np.power(decay, count));
  return mapTree((m) => np.divide(m, factor.astype(m.dtype)), moments);
}

/** Options of {@link scaleByAdam} and {@link scaleByAmsgrad}. */
export interface AdamOptions {
  /** Decay of the first moment; 0.9 by default. */
  b1?: Factor;
  /** Decay of the second moment; 0.999 by default. */
  b2?: Factor;
  /** Added to the root of the second moment. */
  eps?: Factor;
  /** Added to the second moment below the root. */
  epsRoot?: Factor;
}

/** The first moment without its bias; with Nesterov's momentum it looks a step ahead, as Dozat (2016) has it. */
export function firstMoment(mu: ArrayTree, updates: ArrayTree, b1: Factor, count: Array, nesterov: boolean): ArrayTree {
  if (!nesterov) return biasCorrection(mu, b1, count);
  return mapTree((m, g) => np.add(np.multiply(b1, m), np.multiply(complement(b1), g)), biasCorrection(mu, b1, np.add(count, 1)), biasCorrection(updates, b1, count));
}

/**
 * Adam's direction; with `nesterov` that of a step ahead. Mirrors `optax.scale_by_adam`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByAdam();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.9999…, -0.9999…]
 * ```
 */
export function scaleByAdam(given: AdamOptions & { nesterov?: boolean; muDtype?: DtypeLike | null } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0, nesterov = false, muDtype = null } = checkOptions('scaleByAdam', ['b1', 'b2', 'eps', 'epsRoot', 'nesterov', 'muDtype'], given);
  return {
    init: (params) => ({ count: np.zeros([], { dtype: 'int32' }), mu: zerosLikeTree(params, muDtype), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const s = state as { count: Array; mu: ArrayTree; nu: ArrayTree };
      const mu = updateMoment(updates, s.mu, b1, 1);
      const nu = updateMoment(updates, s.nu, b2, 2);
      const count = np.add(s.count, 1);
      const muHat = firstMoment(mu, updates, b1, count, nesterov);
      const nuHat = biasCorrection(nu, b2, count);
      const out = mapTree((m, v) => np.divide(m, np.add(np.sqrt(epsRoot === 0 ? v : np.add(v, epsRoot)), eps)), muHat, nuHat);
      return [out, { count, mu: castTree(mu, muDtype), nu }];
    },
  };
}

/**
 * Adam's direction with the largest second moment so far. Mirrors `optax.scale_by_amsgrad`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByAmsgrad();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.9999…, -0.9999…]
 * ```
 */
export function scaleByAmsgrad(given: AdamOptions = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0 } = checkOptions('scaleByAmsgrad', ['b1', 'b2', 'eps', 'epsRoot'], given);
  return {
    init: (params) => ({ count: np.zeros([], { dtype: 'int32' }), mu: zerosLikeTree(params), nu: zerosLikeTree(params), nu_max: zerosLikeTree(params) }),
    update: (updates, state) => {
      const s = state as { count: Array; mu: ArrayTree; nu: ArrayTree; nu_max: ArrayTree };
      const mu = updateMoment(updates, s.mu, b1, 1);
      const nu = updateMoment(updates, s.nu, b2, 2);
      const count = np.add(s.count, 1);
      const muHat = biasCorrection(mu, b1, count);
      const nuHat = biasCorrection(nu, b2, count);
      const nuMax = mapTree((a, b) => np.maximum(a, b), s.nu_max, nuHat);
      const out = mapTree((m, v) => np.divide(m, np.add(np.sqrt(epsRoot === 0 ? v : np.add(v, epsRoot)), eps)), muHat, nuMax);
      return [out, { count, mu, nu, nu_max: nuMax }];
    },
  };
}

/**
 * Parameters with updates added, in the parameters' dtypes. Mirrors `optax.apply_updates`.
 *
 * @param params a tree of arrays
 * @example
 * (optim.applyUpdates({ w: np.array([3, 4]) }, { w: np.array([-1, 1]) }) as { w: Array }).w.js(); // [2, 5]
 */
export function applyUpdates(params: ArrayTree, updates: ArrayTree): ArrayTree {
  return mapTree((p, u) => np.add(p, u).astype(p.dtype), params, updates);
}
