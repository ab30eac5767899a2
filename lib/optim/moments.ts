import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import type { DtypeLike } from '../numpy/dtypes';
import {
  type AdamOptions, type ArrayTree, biasCorrection, castTree, checkFactor, complement, type Factor, firstMoment, type GradientTransformation, mapTree, updateMoment, zerosLikeTree,
} from './transformation';

interface Moments {
  count: Array;
  mu: ArrayTree;
  nu: ArrayTree;
}

/** A count of zero: an int32 scalar. */
export const zeroCount = (): Array => np.zeros([], { dtype: 'int32' });

/** Decays of means, each in [0, 1). */
export function checkBetas(what: string, betas: readonly [number, number]): readonly [number, number] {
  if (!globalThis.Array.isArray(betas) || betas.length !== 2 || betas.some((b) => typeof b !== 'number' || !(b >= 0 && b < 1))) {
    throw new ArgumentError(`${what}: expected betas to be two numbers in [0, 1), got ${globalThis.Array.isArray(betas) ? `[${betas.join(', ')}]` : describeValue(betas)}`);
  }
  return betas;
}

function withMoments(init: (params: ArrayTree) => ArrayTree, step: (g: ArrayTree, s: Moments, count: Array, params: ArrayTree) => [ArrayTree, ArrayTree, ArrayTree]): GradientTransformation {
  return {
    init: (params) => ({ count: zeroCount(), mu: init(params), nu: init(params) }),
    update: (updates, state, params) => {
      const s = state as Moments;
      const count = np.add(s.count, 1);
      const [out, mu, nu] = step(updates, s, count, params);
      return [out, { count, mu, nu }];
    },
  };
}

/** `m / (sqrt(v) + eps)`. */
const normalized = (mu: ArrayTree, nu: ArrayTree, eps: Factor): ArrayTree => mapTree((m, v) => np.divide(m, np.add(np.sqrt(v), eps)), mu, nu);

/**
 * The mean gradient over the largest gradient of late. Mirrors `optax.scale_by_adamax`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByAdamax();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [1, -1]
 * ```
 */
export function scaleByAdamax(given: Omit<AdamOptions, 'epsRoot'> = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8 } = checkOptions('scaleByAdamax', ['b1', 'b2', 'eps'], given);
  return withMoments(zerosLikeTree, (g, s, count) => {
    const mu = updateMoment(g, s.mu, b1, 1);
    const nu = mapTree((x, v) => np.maximum(np.add(np.abs(x), eps), np.multiply(v, b2)), g, s.nu);
    return [mapTree((m, v) => np.divide(m, v), biasCorrection(mu, b1, count), nu), mu, nu];
  });
}

/**
 * Adam's direction with the variance of gradients about their mean. Mirrors `optax.scale_by_belief`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByBelief();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [1.1111, -1.1111]
 * ```
 */
export function scaleByBelief(given: AdamOptions & { nesterov?: boolean } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-16, epsRoot = 1e-16, nesterov = false } = checkOptions('scaleByBelief', ['b1', 'b2', 'eps', 'epsRoot', 'nesterov'], given);
  return withMoments(zerosLikeTree, (g, s, count) => {
    const mu = updateMoment(g, s.mu, b1, 1);
    const errors = mapTree((x, m) => np.subtract(x, m), g, mu);
    const nu = mapTree((v) => np.add(v, epsRoot), updateMoment(errors, s.nu, b2, 2));
    return [normalized(firstMoment(mu, g, b1, count, nesterov), biasCorrection(nu, b2, count), eps), mu, nu];
  });
}

/**
 * Adam's direction with a mean square that changes by small additions. Mirrors `optax.scale_by_yogi`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByYogi();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.9960…, -0.9993…]
 * ```
 */
export function scaleByYogi(given: Omit<AdamOptions, 'epsRoot'> & { initialAccumulatorValue?: Factor } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-3, initialAccumulatorValue = 1e-6 } = checkOptions('scaleByYogi', ['b1', 'b2', 'eps', 'initialAccumulatorValue'], given);
  return withMoments(
    (params) => mapTree((p) => np.fullLike(p, initialAccumulatorValue), params),
    (g, s, count) => {
      const mu = updateMoment(g, s.mu, b1, 1);
      const nu = mapTree((x, v) => {
        const square = np.square(np.abs(x));
        return np.subtract(v, np.multiply(np.multiply(np.sign(np.subtract(v, square)), complement(b2)), square));
      }, g, s.nu);
      return [normalized(biasCorrection(mu, b1, count), biasCorrection(nu, b2, count), eps), mu, nu];
    },
  );
}

/**
 * Adam's direction, rectified while there are few gradients. Mirrors `optax.scale_by_radam`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByRadam();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.5, -2]
 * ```
 */
export function scaleByRadam(given: AdamOptions & { threshold?: Factor; nesterov?: boolean } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, epsRoot = 0, threshold = 5, nesterov = false } = checkOptions('scaleByRadam', ['b1', 'b2', 'eps', 'epsRoot', 'threshold', 'nesterov'], given);
  const most = typeof b2 === 'number' ? 2 / (1 - b2) - 1 : np.subtract(np.divide(2, complement(b2)), 1);
  const ofMost = typeof most === 'number' ? (most - 4) * (most - 2) : np.multiply(np.subtract(most, 4), np.subtract(most, 2));
  return withMoments(zerosLikeTree, (g, s, count) => {
    const mu = updateMoment(g, s.mu, b1, 1);
    const nu = updateMoment(g, s.nu, b2, 2);
    const power = np.power(b2, count);
    const ro = np.subtract(most, np.divide(np.multiply(np.multiply(count, 2), power), np.subtract(1, power)));
    const r = np.sqrt(np.divide(np.multiply(np.multiply(np.subtract(ro, 4), np.subtract(ro, 2)), most), np.multiply(ofMost, ro)));
    const enough = np.greaterEqual(ro, threshold);
    const muHat = firstMoment(mu, g, b1, count, nesterov);
    const out = mapTree((m, v) => np.where(enough, np.divide(np.multiply(r.astype(m.dtype), m), np.add(np.sqrt(epsRoot === 0 ? v : np.add(v, epsRoot)), eps)), m), muHat, biasCorrection(nu, b2, count));
    return [out, mu, nu];
  });
}

/**
 * Adam's direction with Nesterov's momentum, which grows with time. Mirrors the transformation of `braintools.optim.Nadam`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByNadam();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [1.0564…, -1.0564…]
 * ```
 */
export function scaleByNadam(given: Omit<AdamOptions, 'epsRoot'> & { momentumDecay?: Factor } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.999, eps = 1e-8, momentumDecay = 0.004 } = checkOptions('scaleByNadam', ['b1', 'b2', 'eps', 'momentumDecay'], given);
  const momentum = (t: Array) => np.multiply(b1, np.subtract(1, np.multiply(0.5, np.power(0.96, np.multiply(t, momentumDecay)))));
  return {
    init: (params) => ({ count: zeroCount(), mu_product: np.ones([], { dtype: 'float32' }), mu: zerosLikeTree(params), nu: zerosLikeTree(params) }),
    update: (updates, state) => {
      const s = state as Moments & { mu_product: Array };
      const count = np.add(s.count, 1);
      const t = count.astype('float32');
      const [now, next] = [momentum(t), momentum(np.add(t, 1))];
      const product = np.multiply(s.mu_product, now);
      const [mu, nu] = [updateMoment(updates, s.mu, b1, 1), updateMoment(updates, s.nu, b2, 2)];
      const ofGradient = np.divide(np.subtract(1, now), np.subtract(1, product));
      const ofMomentum = np.divide(next, np.subtract(1, np.multiply(product, next)));
      const out = mapTree((g, m, v) => {
        const size = np.add(np.sqrt(v), eps);
        return np.divide(np.add(np.multiply(ofGradient.astype(g.dtype), g), np.multiply(ofMomentum.astype(g.dtype), m)), size);
      }, updates, mu, biasCorrection(nu, b2, count));
      return [out, { count, mu_product: product, mu, nu }];
    },
  };
}

/**
 * The sign of momentum. Mirrors `optax.scale_by_lion`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByLion();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [1, -1]
 * ```
 */
export function scaleByLion(given: { b1?: Factor; b2?: Factor; muDtype?: DtypeLike | null } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.99, muDtype = null } = checkOptions('scaleByLion', ['b1', 'b2', 'muDtype'], given);
  return {
    init: (params) => ({ count: zeroCount(), mu: zerosLikeTree(params, muDtype) }),
    update: (updates, state) => {
      const s = state as { count: Array; mu: ArrayTree };
      const out = mapTree((x) => np.sign(x), updateMoment(updates, s.mu, b1, 1));
      return [out, { count: np.add(s.count, 1), mu: castTree(updateMoment(updates, s.mu, b2, 1), muDtype) }];
    },
  };
}

/**
 * Momentum of gradients over the norm of each array, with weight decay in it. Mirrors `optax.scale_by_novograd`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByNovograd();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.2425…, -0.9701…]
 * ```
 */
export function scaleByNovograd(given: AdamOptions & { weightDecay?: Factor } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 0.25, eps = 1e-8, epsRoot = 0, weightDecay = 0 } = checkOptions('scaleByNovograd', ['b1', 'b2', 'eps', 'epsRoot', 'weightDecay'], given);
  return {
    init: (params) => ({ count: zeroCount(), mu: zerosLikeTree(params), nu: mapTree((p) => np.zeros([], { dtype: p.dtype }), params) }),
    update: (updates, state, params) => {
      const s = state as Moments;
      const count = np.add(s.count, 1);
      const first = np.equal(count, 1);
      const nu = mapTree((g, v) => {
        const square = np.sum(np.square(np.abs(g)));
        return np.where(first, square, np.add(np.multiply(square, complement(b2)), np.multiply(v, b2)));
      }, updates, s.nu);
      const mu = mapTree((g, v, p, m) => {
        const direction = np.add(np.divide(g, np.add(np.sqrt(np.add(v, epsRoot)), eps)), np.multiply(p, weightDecay));
        return np.where(first, direction, np.add(np.multiply(m, b1), direction));
      }, updates, nu, params, s.mu);
      return [mu, { count, mu, nu }];
    },
  };
}

/**
 * Running mean; with `debias`, as it would be had it not started at zero. Mirrors `optax.ema`.
 *
 * @example
 * ```ts
 * const tx = optim.ema(0.9);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.5, -2]
 * ```
 */
export function ema(decay: Factor, given: { debias?: boolean; accumulatorDtype?: DtypeLike | null } = {}): GradientTransformation {
  checkFactor('ema: decay', decay);
  const { debias = true, accumulatorDtype = null } = checkOptions('ema', ['debias', 'accumulatorDtype'], given);
  return {
    init: (params) => ({ count: zeroCount(), ema: zerosLikeTree(params, accumulatorDtype) }),
    update: (updates, state) => {
      const s = state as { count: Array; ema: ArrayTree };
      const count = np.add(s.count, 1);
      const mean = updateMoment(updates, s.ema, decay, 1);
      return [debias ? biasCorrection(mean, decay, count) : mean, { count, ema: castTree(mean, accumulatorDtype) }];
    },
  };
}
