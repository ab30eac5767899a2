import type { Array } from '../core/array';
import { flatten, unflatten } from '../core/tree';
import { checkOptions } from '../functional/options';
import { rsqrt } from '../lax/index';
import * as np from '../numpy';
import { zeroCount } from './moments';
import { type ArrayTree, biasCorrection, complement, type Factor, type GradientTransformation, mapTree, updateMoment, zerosLikeTree } from './transformation';

const filled = (params: ArrayTree, value: Factor): ArrayTree => mapTree((p) => np.fullLike(p, value), params);
const absSquare = (x: Array): Array => np.square(np.abs(x));

/** Options of {@link scaleByRms} and {@link scaleByStddev}. */
export interface MeanSquareOptions {
  /** How slowly the mean moves. Default 0.9. */
  decay?: Factor;
  /** Added to the mean. Default 1e-8. */
  eps?: Factor;
  /** What means begin with. Default 0. */
  initialScale?: Factor;
  /** Whether eps is added inside of the root. Default true. */
  epsInSqrt?: boolean;
  /** Whether means are corrected for their beginning. Default false. */
  biasCorrection?: boolean;
}

const MEAN_SQUARE_OPTIONS = ['decay', 'eps', 'initialScale', 'epsInSqrt', 'biasCorrection'] as const;

/** Gradients over the root of a mean square. */
const overRoot = (g: Array, square: Array, eps: Factor, epsInSqrt: boolean): Array => (epsInSqrt ? np.multiply(g, rsqrt(np.add(square, eps))) : np.divide(g, np.add(np.sqrt(square), eps)));

/**
 * Over the root of a running mean square; `eps` is inside of the root. Mirrors `optax.scale_by_rms`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByRms();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [3.1622…, -3.1622…]
 * ```
 */
export function scaleByRms(given: MeanSquareOptions = {}): GradientTransformation {
  const { decay = 0.9, eps = 1e-8, initialScale = 0, epsInSqrt = true, biasCorrection: corrected = false } = checkOptions('scaleByRms', MEAN_SQUARE_OPTIONS, given);
  return {
    init: (params) => ({ ...(corrected && { count: zeroCount() }), nu: filled(params, initialScale) }),
    update: (updates, state) => {
      const s = state as { count?: Array; nu: ArrayTree };
      const nu = updateMoment(updates, s.nu, decay, 2);
      const count = s.count === undefined ? null : np.add(s.count, 1);
      const out = mapTree((g, v) => overRoot(g, v, eps, epsInSqrt), updates, count === null ? nu : biasCorrection(nu, decay, count));
      return [out, { ...(count !== null && { count }), nu }];
    },
  };
}

/**
 * Over the root of a running variance; `eps` is inside of the root. Mirrors `optax.scale_by_stddev`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByStddev();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [3.3333…, -3.3333…]
 * ```
 */
export function scaleByStddev(given: MeanSquareOptions = {}): GradientTransformation {
  const { decay = 0.9, eps = 1e-8, initialScale = 0, epsInSqrt = true, biasCorrection: corrected = false } = checkOptions('scaleByStddev', MEAN_SQUARE_OPTIONS, given);
  return {
    init: (params) => ({ ...(corrected && { count: zeroCount() }), mu: zerosLikeTree(params), nu: filled(params, initialScale) }),
    update: (updates, state) => {
      const s = state as { count?: Array; mu: ArrayTree; nu: ArrayTree };
      const mu = updateMoment(updates, s.mu, decay, 1);
      const nu = updateMoment(updates, s.nu, decay, 2);
      const count = s.count === undefined ? null : np.add(s.count, 1);
      const [m, v] = count === null ? [mu, nu] : [biasCorrection(mu, decay, count), biasCorrection(nu, decay, count)];
      const out = mapTree((g, mean, square) => overRoot(g, np.subtract(square, absSquare(mean)), eps, epsInSqrt), updates, m, v);
      return [out, { ...(count !== null && { count }), mu, nu }];
    },
  };
}

/**
 * Over the root of the sum of all squares. Mirrors `optax.scale_by_rss`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByRss();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.8451…, -0.9877…]
 * ```
 */
export function scaleByRss(given: { initialAccumulatorValue?: Factor; eps?: Factor } = {}): GradientTransformation {
  const { initialAccumulatorValue = 0.1, eps = 1e-7 } = checkOptions('scaleByRss', ['initialAccumulatorValue', 'eps'], given);
  return {
    init: (params) => ({ sum_of_squares: filled(params, initialAccumulatorValue) }),
    update: (updates, state) => {
      const sums = mapTree((g, t) => np.add(absSquare(g), t), updates, (state as { sum_of_squares: ArrayTree }).sum_of_squares);
      return [mapTree((g, t) => np.where(np.greater(t, 0), np.multiply(g, rsqrt(np.add(t, eps))), 0).astype(g.dtype), updates, sums), { sum_of_squares: sums }];
    },
  };
}

/**
 * Steps in the units of the parameters: over the size of gradients, times that of steps. Mirrors `optax.scale_by_adadelta`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByAdadelta();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.0031…, -0.0031…]
 * ```
 */
export function scaleByAdadelta(given: { rho?: Factor; eps?: Factor } = {}): GradientTransformation {
  const { rho = 0.9, eps = 1e-6 } = checkOptions('scaleByAdadelta', ['rho', 'eps'], given);
  return {
    init: (params) => ({ e_g: zerosLikeTree(params), e_x: zerosLikeTree(params) }),
    update: (updates, state) => {
      const s = state as { e_g: ArrayTree; e_x: ArrayTree };
      const sizes = updateMoment(updates, s.e_g, rho, 2);
      const out = mapTree((g, a, b) => np.multiply(np.divide(np.sqrt(np.add(b, eps)), np.sqrt(np.add(a, eps))), g), updates, sizes, s.e_x);
      return [out, { e_g: sizes, e_x: updateMoment(out, s.e_x, rho, 2) }];
    },
  };
}

/** The two largest axes of a shape, the largest last; null where squares are kept whole. */
function factoredAxes(shape: readonly number[], factored: boolean, least: number): [number, number] | null {
  if (!factored || shape.length < 2) return null;
  const axes = shape.map((_, i) => i).sort((a, b) => shape[a]! - shape[b]!);
  const [d1, d0] = [axes.at(-2)!, axes.at(-1)!];
  return shape[d1]! < least ? null : [d1, d0];
}

/** Options of {@link scaleByFactoredRms}. */
export interface FactoredRmsOptions {
  /** Whether of large matrices only sums of rows and columns are kept. Default true. */
  factored?: boolean;
  /** The mean forgets by `1 - t^-decayRate`. Default 0.8. */
  decayRate?: number;
  /** The least size of an axis for that. Default 128. */
  minDimSizeToFactor?: number;
  /** Added to squares. Default 1e-30. */
  epsilon?: number;
}

/**
 * Over the root of a mean square, kept by rows and columns for large matrices. Mirrors `optax.scale_by_factored_rms`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleByFactoredRms();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [1, -1]
 * ```
 */
export function scaleByFactoredRms(given: FactoredRmsOptions = {}): GradientTransformation {
  const { factored = true, decayRate = 0.8, minDimSizeToFactor = 128, epsilon = 1e-30 } = checkOptions('scaleByFactoredRms', ['factored', 'decayRate', 'minDimSizeToFactor', 'epsilon'], given);
  const axesOf = (p: Array) => factoredAxes(p.shape, factored, minDimSizeToFactor);
  const none = (p: Array) => np.zeros([1], { dtype: p.dtype });
  return {
    init: (params) => ({
      count: zeroCount(),
      v_row: mapTree((p) => (axesOf(p) === null ? none(p) : np.zeros(p.shape.filter((_, i) => i !== axesOf(p)![1]), { dtype: p.dtype })), params),
      v_col: mapTree((p) => (axesOf(p) === null ? none(p) : np.zeros(p.shape.filter((_, i) => i !== axesOf(p)![0]), { dtype: p.dtype })), params),
      v: mapTree((p) => (axesOf(p) === null ? np.zerosLike(p) : none(p)), params),
    }),
    update: (updates, state) => {
      const s = state as { count: Array; v_row: ArrayTree; v_col: ArrayTree; v: ArrayTree };
      const count = np.add(s.count, 1);
      const decay = np.subtract(1, np.power(count.astype('float32'), -decayRate));
      const mean = (v: Array, next: Array) => np.add(np.multiply(decay, v), np.multiply(np.subtract(1, decay), next)).astype(v.dtype);
      const square = (g: Array) => np.add(absSquare(g), epsilon);
      const rows = mapTree((g, r) => (axesOf(g) === null ? r : mean(r, np.mean(square(g), axesOf(g)![1]))), updates, s.v_row);
      const cols = mapTree((g, c) => (axesOf(g) === null ? c : mean(c, np.mean(square(g), axesOf(g)![0]))), updates, s.v_col);
      const whole = mapTree((g, v) => (axesOf(g) === null ? mean(v, square(g)) : v), updates, s.v);
      const out = mapTree((g, r, c, v) => {
        const axes = axesOf(g);
        if (axes === null) return np.multiply(g, rsqrt(v));
        const [d1, d0] = axes;
        const ofRows = rsqrt(np.divide(r, np.mean(r, { axis: d1 > d0 ? d1 - 1 : d1, keepdims: true })));
        return np.multiply(np.multiply(g, np.expandDims(ofRows, d0)), np.expandDims(rsqrt(c), d1));
      }, updates, rows, cols, whole);
      return [out, { count, v_row: rows, v_col: cols, v: whole }];
    },
  };
}

/**
 * Over the root of sums of squares, of which each axis keeps its largest; then momentum. Mirrors `optax.scale_by_sm3`.
 *
 * @example
 * ```ts
 * const tx = optim.scaleBySm3();
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.js(); // [0.1, -0.1]
 * ```
 */
export function scaleBySm3(given: { b1?: Factor; b2?: Factor; eps?: Factor } = {}): GradientTransformation {
  const { b1 = 0.9, b2 = 1, eps = 1e-8 } = checkOptions('scaleBySm3', ['b1', 'b2', 'eps'], given);
  const axesOf = (p: Array) => p.shape.map((_, i) => i);
  return {
    init: (params) => {
      const [ps, def] = flatten(params);
      return { mu: unflatten(def, ps.map((p) => ((p as Array).ndim === 0 ? [p as Array] : axesOf(p as Array).map((i) => np.zeros([(p as Array).shape[i]!], { dtype: (p as Array).dtype }))).map((x) => np.zerosLike(x)))), nu: zerosLikeTree(params) };
    },
    update: (updates, state) => {
      const s = state as { mu: ArrayTree; nu: ArrayTree };
      const [gs, def] = flatten(updates) as [Array[], ReturnType<typeof flatten>[1]];
      const [kept] = flatten(s.mu) as [Array[], unknown];
      let next = 0;
      const sums = gs.map((g) => {
        const mine = kept.slice(next, (next += Math.max(g.ndim, 1)));
        const least = mine.map((v, i) => (g.ndim < 2 ? v : np.reshape(v, g.shape.map((n, k) => (k === i ? n : 1))))).reduce((a, b) => np.minimum(a, b));
        return np.add(np.multiply(np.square(g), b2 === 1 ? 1 : complement(b2)), np.multiply(least, b2));
      });
      const scaled = gs.map((g, i) => np.where(np.greater(sums[i]!, 0), np.multiply(g, rsqrt(np.add(sums[i]!, eps))), 0).astype(g.dtype));
      const nu = updateMoment(unflatten(def, scaled), s.nu, b1, 1);
      const mu = sums.map((x) => (x.ndim < 2 ? [x] : axesOf(x).map((i) => np.max(x, { axis: axesOf(x).filter((k) => k !== i) }))));
      return [nu, { mu: unflatten(def, mu), nu }];
    },
  };
}
