import type { Array } from '../core/array';
import { ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { zeroCount } from './moments';
import { type ArrayTree, checkFactor, checkTransformation, type Factor, type GradientTransformation, mapTree, stateless, zerosLikeTree } from './transformation';

const normOf = (x: Array): Array => np.sqrt(np.sum(np.square(np.abs(x))));
const rms = (x: Array): Array => np.sqrt(np.mean(np.square(np.abs(x))));

/**
 * Each array's update times the norm of its parameters over its own. Mirrors `optax.scale_by_trust_ratio`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByTrustRatio();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [1.2126…, -4.8507]
 * ```
 */
export function scaleByTrustRatio(given: { minNorm?: Factor; trustCoefficient?: Factor; eps?: Factor } = {}): GradientTransformation {
  const { minNorm = 0, trustCoefficient = 1, eps = 0 } = checkOptions('scaleByTrustRatio', ['minNorm', 'trustCoefficient', 'eps'], given);
  return stateless((updates, params) => mapTree((u, p) => {
    const [ofParams, ofUpdate] = [p, u].map((x) => np.maximum(normOf(x), minNorm)) as [Array, Array];
    const ratio = np.divide(np.multiply(ofParams, trustCoefficient), np.add(ofUpdate, eps));
    const zero = np.logicalOr(np.equal(ofParams, 0), np.equal(ofUpdate, 0));
    return np.multiply(u, np.where(zero, 1, ratio).astype(u.dtype));
  }, updates, params));
}

/**
 * Scales each array down to a root mean square of at most `threshold`. Mirrors `optax.clip_by_block_rms`.
 *
 * @example
 * ```ts
 * const tx = optim.clipByBlockRms(1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.3429…, -1.3719…]
 * ```
 */
export function clipByBlockRms(threshold: Factor): GradientTransformation {
  checkFactor('clipByBlockRms: threshold', threshold);
  return stateless((updates) => mapTree((u) => np.divide(u, np.maximum(1, np.divide(rms(u), threshold))), updates));
}

/** The dimensions of a parameter that belong to one unit of a layer, as optax has them: all of a vector, and all but the last of the weights of linear and convolutional layers. */
function unitAxes(x: Array): number[] {
  const all = x.shape.map((_, d) => d);
  if (x.shape.filter((n) => n !== 1).length <= 1) return all;
  if (x.ndim === 2 || x.ndim === 3) return [0];
  if (x.ndim === 4 || x.ndim === 5) return all.slice(0, -1);
  throw new ShapeError(`adaptiveGradClip: expected parameters of 1 to 5 dimensions, got ${x.aval}; say by axis which ones belong to one unit`);
}

/** Options of {@link adaptiveGradClip}. */
export interface AdaptiveGradClipOptions {
  /** The least norm that parameters count with, so that those that begin as zeros can move. Default 1e-3. */
  eps?: Factor;
  /** The dimensions that norms are taken over. Default: by the number of dimensions, as for layers' weights with outputs last. */
  axis?: number | readonly number[] | null;
}

/**
 * Limits the norm of each unit's gradient to `clipping` times the norm of its parameters (Brock et al., 2021). Mirrors `optax.adaptive_grad_clip`.
 *
 * @param clipping the greatest ratio of the two norms
 * @throws ShapeError for parameters of more than 5 dimensions, unless `axis` is given
 * @example
 * ```ts
 * const tx = optim.adaptiveGradClip(0.1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0, -0.5]
 * ```
 */
export function adaptiveGradClip(clipping: Factor, given: AdaptiveGradClipOptions = {}): GradientTransformation {
  const { eps = 1e-3, axis = null } = checkOptions('adaptiveGradClip', ['eps', 'axis'], given);
  checkFactor('adaptiveGradClip: clipping', clipping);
  checkFactor('adaptiveGradClip: eps', eps);
  const unitNorm = (x: Array): Array => np.sqrt(np.sum(np.square(np.abs(x)), { axis: (axis as number | number[] | null) ?? unitAxes(x), keepdims: true }));
  return stateless((updates, params) => mapTree((g, p) => {
    const [norm, most] = [unitNorm(g), np.multiply(clipping, np.maximum(unitNorm(p), eps))];
    return np.where(np.less(norm, most), g, np.multiply(g, np.divide(most, np.maximum(norm, 1e-6)))).astype(g.dtype);
  }, updates, params));
}

/**
 * Times the root mean square of the parameters of each array, or `minScale` if that is more. Mirrors `optax.scale_by_param_block_rms`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByParamBlockRms();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [1.7677…, -7.0710…]
 * ```
 */
export function scaleByParamBlockRms(minScale: Factor = 1e-3): GradientTransformation {
  checkFactor('scaleByParamBlockRms: minScale', minScale);
  return stateless((updates, params) => mapTree((u, p) => np.multiply(u, np.maximum(rms(p), minScale)), updates, params));
}

/** Options of {@link scaleByRprop}. */
export interface RpropOptions {
  /** The factor of steps where the sign changed. */
  etaMinus?: Factor;
  /** The factor of steps where it did not. */
  etaPlus?: Factor;
  /** The least step. */
  minStepSize?: Factor;
  /** The greatest step. */
  maxStepSize?: Factor;
}

/**
 * Steps of a size for each entry, which grows while the gradient's sign stays. Mirrors `optax.scale_by_rprop`, where a step is made one update after its gradient.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByRprop(0.1);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0, 0]
 * ```
 */
export function scaleByRprop(learningRate: Factor, given: RpropOptions = {}): GradientTransformation {
  const { etaMinus = 0.5, etaPlus = 1.2, minStepSize = 1e-6, maxStepSize = 50 } = checkOptions('scaleByRprop', ['etaMinus', 'etaPlus', 'minStepSize', 'maxStepSize'], given);
  checkFactor('scaleByRprop: learningRate', learningRate);
  return {
    init: (params) => ({ step_sizes: mapTree((p) => np.fullLike(p, learningRate), params), prev_updates: zerosLikeTree(params) }),
    update: (updates, state) => {
      const s = state as { step_sizes: ArrayTree; prev_updates: ArrayTree };
      const signs = mapTree((g, before) => np.multiply(g, before), updates, s.prev_updates);
      const sizes = mapTree((sign, size) => {
        const changed = np.clip(np.multiply(size, np.where(np.greater(sign, 0), etaPlus, etaMinus)), minStepSize, maxStepSize);
        return np.where(np.equal(sign, 0), size, changed).astype(size.dtype);
      }, signs, s.step_sizes);
      const steps = mapTree((sign, g, size) => np.where(np.less(sign, 0), 0, np.multiply(size, np.sign(g))).astype(g.dtype), signs, updates, sizes);
      return [mapTree((sign, before) => np.where(np.less(sign, 0), 0, before).astype(before.dtype), signs, s.prev_updates), { step_sizes: sizes, prev_updates: steps }];
    },
  };
}

/**
 * Slow parameters that follow the fast ones every `syncPeriod` steps by a part `alpha` (Zhang et al., 2019); the updates of `fast` are whole ones, with the rate in them.
 *
 * @example
 * ```ts
 * const tx = optim.lookahead(optim.scale(-0.1), { syncPeriod: 2, alpha: 0.5 });
 * const params = { w: np.array([3, 4]) };
 * tx.init(params);
 * ```
 */
export function lookahead(fast: GradientTransformation, given: { syncPeriod?: number; alpha?: Factor } = {}): GradientTransformation {
  checkTransformation('lookahead', fast);
  const { syncPeriod = 5, alpha = 0.5 } = checkOptions('lookahead', ['syncPeriod', 'alpha'], given);
  return {
    init: (params) => ({ count: zeroCount(), slow: mapTree((p) => p, params), fast_state: fast.init(params) }),
    update: (updates, state, params, extra) => {
      const s = state as { count: Array; slow: ArrayTree; fast_state: unknown };
      const [steps, fastState] = fast.update(updates, s.fast_state as never, params, extra);
      const count = np.add(s.count, 1);
      const sync = np.equal(np.mod(count, syncPeriod), 0);
      const synced = mapTree((slow, p, u) => np.add(slow, np.multiply(np.subtract(np.add(p, u), slow), alpha)), s.slow, params, steps);
      const out = mapTree((slow, p, u) => np.where(sync, np.subtract(slow, p), u), synced, params, steps);
      return [out, { count, slow: mapTree((next, slow) => np.where(sync, next, slow).astype(slow.dtype), synced, s.slow), fast_state: fastState }];
    },
  };
}
