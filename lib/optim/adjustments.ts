import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { zeroCount } from './moments';
import { LRScheduler } from './scheduler';
import {
  type ArrayTree, biasCorrection, checkFactor, checkTransformation, complement, type Factor, globalNorm, type GradientTransformation, mapTree, scale, scaleBySchedule, stateless, updateMoment, zerosLikeTree,
} from './transformation';
import { type Mask, masked } from './wrappers';

/** A rate: a number, a function of the number of steps so far, or a schedule. */
export type Rate = Factor | ((count: Array) => Factor) | LRScheduler;

/** A rate as a function of the number of steps, or the number that it is. */
export function rateOf(what: string, rate: Rate): Factor | ((count: Array) => Factor) {
  if (rate instanceof LRScheduler) return (count) => rate.call(count);
  if (typeof rate === 'function') return rate;
  if (!(typeof rate === 'number' && !Number.isNaN(rate)) && !(rate instanceof Array)) throw new ArgumentError(`${what}: expected a number, a function of the number of steps, or a schedule, got ${describeValue(rate)}`);
  return rate;
}

/** Leaves updates as they are. Mirrors `optax.identity`. @example optim.identity().update({ w: np.array([1]) }, {} as never, null)[0]; // { w: [1] } */
export function identity(): GradientTransformation {
  return stateless((updates) => updates);
}

/**
 * Makes all updates zero: parameters stay as they are. Mirrors `optax.set_to_zero`.
 *
 * @example
 * (optim.setToZero().update({ w: np.array([1, 2]) }, {} as never, null)[0] as { w: Array }).w.js(); // [0, 0]
 */
export function setToZero(): GradientTransformation {
  return stateless((updates) => zerosLikeTree(updates));
}

/**
 * Multiplies by minus the rate. Mirrors `optax.scale_by_learning_rate`.
 *
 * @example
 * (optim.scaleByLearningRate(0.5).update({ w: np.array([1, 2]) }, {} as never, null)[0] as { w: Array }).w.js(); // [-0.5, -1]
 */
export function scaleByLearningRate(learningRate: Rate | null = null, given: { flipSign?: boolean } = {}): GradientTransformation {
  const { flipSign = true } = checkOptions('scaleByLearningRate', ['flipSign'], given);
  if (learningRate === null) return identity();
  const rate = rateOf('scaleByLearningRate: learningRate', learningRate);
  const signed = (x: Factor): Factor => (!flipSign ? x : typeof x === 'number' ? -x : np.negative(x));
  return typeof rate === 'function' ? scaleBySchedule((count) => signed(rate(count))) : scale(signed(rate));
}

/**
 * Adds the parameters, scaled. Mirrors `optax.add_decayed_weights`.
 *
 * @param given.mask which parameters count; see {@link masked}
 * @example
 * ```ts
 * const tx = optim.addDecayedWeights(0.1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.8, -1.6]
 * ```
 */
export function addDecayedWeights(weightDecay: Rate = 0, given: { mask?: Mask | null } = {}): GradientTransformation {
  const { mask = null } = checkOptions('addDecayedWeights', ['mask'], given);
  const decay = rateOf('addDecayedWeights: weightDecay', weightDecay);
  const added = (factor: Factor, updates: ArrayTree, params: ArrayTree): ArrayTree => mapTree((g, p) => np.add(g, np.multiply(p, factor)), updates, params);
  const tx: GradientTransformation = typeof decay !== 'function' ? stateless((updates, params) => (decay === 0 ? updates : added(decay, updates, params))) : {
    init: () => ({ count: zeroCount() }),
    update: (updates, state, params) => {
      const { count } = state as { count: Array };
      return [added(decay(count), updates, params), { count: np.add(count, 1) }];
    },
  };
  return mask === null ? tx : masked(tx, mask);
}

/**
 * Transformations one after another, whose states have names. Mirrors `optax.named_chain`.
 *
 * @throws ArgumentError for a name given twice, or what is no gradient transformation
 * @example
 * ```ts
 * const tx = optim.namedChain(['clip', optim.clip(1)], ['rate', optim.scale(-0.1)]);
 * const params = { w: np.array([3, 4]) };
 * const [updates, state] = tx.update({ w: np.array([5, 0.5]) }, tx.init(params) as never, params);
 * [(updates as typeof params).w.js(), Object.keys(state as object)]; // [[-0.1, -0.05], ['clip', 'rate']]
 * ```
 */
export function namedChain(...transformations: (readonly [string, GradientTransformation])[]): GradientTransformation {
  const names = new Set<string>();
  for (const pair of transformations) {
    if (!globalThis.Array.isArray(pair) || typeof pair[0] !== 'string') throw new ArgumentError(`namedChain: expected pairs of a name and a gradient transformation, got ${describeValue(pair)}`);
    checkTransformation(`namedChain: '${pair[0]}'`, pair[1]);
    if (names.has(pair[0])) throw new ArgumentError(`namedChain: the name '${pair[0]}' is given twice`);
    names.add(pair[0]);
  }
  return {
    init: (params) => Object.fromEntries(transformations.map(([name, t]) => [name, t.init(params)])),
    update: (updates, state, params, extra) => {
      const next: Record<string, unknown> = {};
      let changed = updates;
      for (const [name, t] of transformations) [changed, next[name]] = t.update(changed, (state as Record<string, never>)[name]!, params, extra);
      return [changed, next];
    },
  };
}

/** The signs of updates. Mirrors `optax.scale_by_sign`. @example (optim.scaleBySign().update({ w: np.array([3, -2]) }, {} as never, null)[0] as { w: Array }).w.js(); // [1, -1] */
export function scaleBySign(): GradientTransformation {
  return stateless((updates) => mapTree((g) => np.sign(g), updates));
}

/**
 * Subtracts the mean over all axes but the first of arrays with two axes or more. Mirrors `optax.centralize`.
 *
 * @example
 * (optim.centralize().update({ w: np.array([[1, 3], [5, 5]]) }, {} as never, null)[0] as { w: Array }).w.js(); // [[-1, 1], [0, 0]]
 */
export function centralize(): GradientTransformation {
  return stateless((updates) => mapTree((g) => (g.ndim < 2 ? g : np.subtract(g, np.mean(g, { axis: g.shape.map((_, i) => i).slice(1), keepdims: true }))), updates));
}

/**
 * Divides by the norm of all updates together. Mirrors `optax.normalize_by_update_norm`.
 *
 * @example
 * (optim.normalizeByUpdateNorm().update({ w: np.array([3, 4]) }, {} as never, null)[0] as { w: Array }).w.js(); // [0.6, 0.8]
 */
export function normalizeByUpdateNorm(given: { scaleFactor?: Factor; eps?: Factor } = {}): GradientTransformation {
  const { scaleFactor = 1, eps = 1e-6 } = checkOptions('normalizeByUpdateNorm', ['scaleFactor', 'eps'], given);
  return stateless((updates) => {
    const norm = np.divide(np.add(globalNorm(updates), eps), scaleFactor);
    return mapTree((g) => np.divide(g, norm), updates);
  });
}

/**
 * Puts zeros in the place of NaN; the state tells where there was one. Mirrors `optax.zero_nans`.
 *
 * @example
 * ```ts
 * const tx = optim.zeroNans();
 * const params = { w: np.array([3, 4]) };
 * const [updates, state] = tx.update({ w: np.array([NaN, 1]) }, tx.init(params) as never, params);
 * [(updates as typeof params).w.js(), (state as { found_nan: typeof params }).found_nan.w.js()]; // [[0, 1], true]
 * ```
 */
export function zeroNans(): GradientTransformation {
  return {
    init: (params) => ({ found_nan: mapTree(() => np.array(false), params) }),
    update: (updates) => [mapTree((g) => np.where(np.isnan(g), np.zerosLike(g), g), updates), { found_nan: mapTree((g) => np.any(np.isnan(g)), updates) }],
  };
}

/**
 * Makes parameters that would become negative zero. Mirrors `optax.keep_params_nonnegative`.
 *
 * @example
 * (optim.keepParamsNonnegative().update({ w: np.array([-3, 1]) }, {} as never, { w: np.array([1, 1]) })[0] as { w: Array }).w.js(); // [-1, 1]
 */
export function keepParamsNonnegative(): GradientTransformation {
  return stateless((updates, params) => mapTree((p, u) => np.where(np.less(np.add(p, u), 0), np.negative(p), u), params, updates));
}

/**
 * A gradient that looks ahead by the last change of gradients. Mirrors `optax.scale_by_optimistic_gradient`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByOptimisticGradient();
 * const params = { w: np.array([1]) };
 * const [, state] = tx.update({ w: np.array([2]) }, tx.init(params) as never, params);
 * (tx.update({ w: np.array([3]) }, state as never, params)[0] as typeof params).w.js(); // [4]
 * ```
 */
export function scaleByOptimisticGradient(given: { alpha?: Factor; beta?: Factor } = {}): GradientTransformation {
  const { alpha = 1, beta = 1 } = checkOptions('scaleByOptimisticGradient', ['alpha', 'beta'], given);
  return {
    init: (params) => ({ is_initial_step: np.array(true), previous_gradient: zerosLikeTree(params) }),
    update: (updates, state) => {
      const s = state as { is_initial_step: Array; previous_gradient: ArrayTree };
      const out = mapTree((g, last) => np.subtract(np.multiply(np.add(alpha, beta), g), np.multiply(beta, np.where(s.is_initial_step, g, last))), updates, s.previous_gradient);
      return [out, { is_initial_step: np.array(false), previous_gradient: updates }];
    },
  };
}

/**
 * Adan's direction, of means of gradients, of their changes and of squares (Xie et al., 2022). Mirrors `optax.scale_by_adan`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByAdan();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.9999…, -0.9999…]
 * ```
 */
export function scaleByAdan(given: { b1?: Factor; b2?: Factor; b3?: Factor; eps?: Factor; epsRoot?: Factor } = {}): GradientTransformation {
  const { b1 = 0.98, b2 = 0.92, b3 = 0.99, eps = 1e-8, epsRoot = 0 } = checkOptions('scaleByAdan', ['b1', 'b2', 'b3', 'eps', 'epsRoot'], given);
  return {
    init: (params) => ({ m: zerosLikeTree(params), v: zerosLikeTree(params), n: zerosLikeTree(params), g: zerosLikeTree(params), t: zeroCount() }),
    update: (updates, state) => {
      const s = state as { m: ArrayTree; v: ArrayTree; n: ArrayTree; g: ArrayTree; t: Array };
      const first = np.equal(s.t, 0);
      const change = mapTree((g, last) => np.where(first, np.zerosLike(g), np.subtract(g, last)), updates, s.g);
      const m = updateMoment(updates, s.m, b1, 1);
      const v = updateMoment(change, s.v, b2, 1);
      const n = updateMoment(mapTree((g, d) => np.add(g, np.multiply(complement(b2), d)), updates, change), s.n, b3, 2);
      const t = np.add(s.t, 1);
      const out = mapTree((a, b, c) => np.divide(np.add(a, np.multiply(complement(b2), b)), np.add(np.sqrt(np.add(c, epsRoot)), eps)), biasCorrection(m, b1, t), biasCorrection(v, b2, t), biasCorrection(n, b3, t));
      return [out, { m, v, n, g: updates, t }];
    },
  };
}

/** Options of {@link scaleByPolyak}. */
export interface PolyakOptions {
  /** The least value that the loss can have. Default 0. */
  fMin?: Factor;
  /** The largest rate. Default 1. */
  maxLearningRate?: Factor;
  /** Added to the squared norm of gradients. Default 0. */
  eps?: Factor;
  /** 'sps+' makes no step where the loss is below fMin. Default 'sps'. */
  variant?: 'sps' | 'sps+';
}

/**
 * Polyak's rate: how far the loss is above its least value, over the squared norm of gradients. `update` needs the loss: `optimizer.update(grads, { value })`. Mirrors `optax.scale_by_polyak`.
 *
 * @throws ArgumentError without the loss
 * @example
 * (optim.scaleByPolyak().update({ w: np.array([3, 4]) }, {} as never, null, { value: np.array(5) })[0] as { w: Array }).w.js(); // [0.6, 0.8]
 */
export function scaleByPolyak(given: PolyakOptions = {}): GradientTransformation {
  const { fMin = 0, maxLearningRate = 1, eps = 0, variant = 'sps' } = checkOptions('scaleByPolyak', ['fMin', 'maxLearningRate', 'eps', 'variant'], given);
  if (variant !== 'sps' && variant !== 'sps+') throw new ArgumentError(`scaleByPolyak: expected variant to be 'sps' or 'sps+', got ${describeValue(variant)}`);
  return {
    init: () => ({}),
    update: (updates, state, _params, extra) => {
      const { value } = (extra ?? {}) as { value?: Factor };
      if (value === undefined) throw new ArgumentError('scaleByPolyak: expected the value of the loss: update(gradients, state, params, { value })');
      const square = np.add(np.square(globalNorm(updates)), eps);
      const gap = np.subtract(checkFactor('scaleByPolyak: value', value), fMin);
      const step = np.minimum(np.divide(variant === 'sps' ? gap : np.maximum(gap, 0), square), maxLearningRate);
      const rate = np.where(np.lessEqual(square, np.finfo('float32').eps), 0, step);
      return [mapTree((g) => np.multiply(rate.astype(g.dtype), g), updates), state];
    },
  };
}

