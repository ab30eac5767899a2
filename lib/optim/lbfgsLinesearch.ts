import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { leaves } from '../core/tree';
import { vjp } from '../functional/derivatives';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as lax from '../lax';
import * as np from '../numpy';
import { treeAlong, treeDot, treeTimes } from './lbfgsTrees';
import type { ArrayTree, GradientTransformation } from './transformation';

/** What a line search is given besides updates, state and parameters. */
interface Objective {
  value: Array;
  grad: ArrayTree;
  valueFn(params: ArrayTree): Array;
}

interface SearchState {
  learning_rate: Array;
  value: Array;
  info: Record<string, Array>;
}

function objectiveOf(op: string, extra: Record<string, unknown> | undefined): Objective {
  const { value, grad, valueFn } = extra ?? {};
  if (value === undefined || grad === undefined || typeof valueFn !== 'function') throw new ArgumentError(`${op}: update needs value, grad and valueFn in its last argument, got ${describeValue(extra)}`);
  return { value: np.asarray(value as Array), grad, valueFn: valueFn as Objective['valueFn'] };
}

/** Floats that values and steps are kept in. */
function realDtype(params: ArrayTree): Array['dtype'] {
  const [first] = leaves(params) as Array[];
  return np.abs(first ?? np.zeros([])).dtype;
}

/** Options of {@link scaleByBacktrackingLinesearch}. */
export interface BacktrackingOptions {
  /** How much of the decrease that the slope promises is enough. */
  slopeRtol?: number;
  /** The factor by which the step shrinks. */
  decreaseFactor?: number;
  /** What the last step length is multiplied by to begin with. */
  increaseFactor?: number;
  /** The greatest step. */
  maxLearningRate?: number;
  atol?: number;
  rtol?: number;
}

/**
 * Shortens updates until the objective decreases enough (Armijo's criterion). Mirrors `optax.scale_by_backtracking_linesearch` without `store_grad` and `verbose`.
 *
 * `update` needs `{ value, grad, valueFn }` in its last argument. Where no step gives a finite value, none is made.
 *
 * @example
 * ```ts
 * const tx = optim.chain(optim.scale(-1), optim.scaleByBacktrackingLinesearch(10));
 * const params = { w: np.array([3, 4]) };
 * const valueFn = (p: typeof params) => np.sum(np.square(p.w));
 * const grads = grad(valueFn)(params);
 * const [updates] = tx.update(grads, tx.init(params) as never, params, { value: valueFn(params), grad: grads, valueFn });
 * valueFn(optim.applyUpdates(params, updates) as typeof params).item() as number < 25; // true
 * ```
 */
export function scaleByBacktrackingLinesearch(maxBacktrackingSteps: number, given: BacktrackingOptions = {}): GradientTransformation {
  const { slopeRtol = 1e-4, decreaseFactor = 0.8, increaseFactor = 1.5, maxLearningRate = 1, atol = 0, rtol = 0 } = checkOptions('scaleByBacktrackingLinesearch', ['slopeRtol', 'decreaseFactor', 'increaseFactor', 'maxLearningRate', 'atol', 'rtol'], given);
  const op = 'scaleByBacktrackingLinesearch';
  checkInteger(op, 'maxBacktrackingSteps', maxBacktrackingSteps, 1);
  return {
    init: (params): SearchState => {
      const dtype = realDtype(params);
      return { learning_rate: np.ones([], { dtype }), value: np.full([], Infinity, { dtype }), info: { num_linesearch_steps: np.zeros([], { dtype: 'int32' }), decrease_error: np.full([], Infinity, { dtype }) } };
    },
    update: (updates, state, params, extra) => {
      const { value, grad, valueFn } = objectiveOf(op, extra);
      const dtype = realDtype(params);
      const slope = treeDot(updates, grad);
      const start = { rate: np.minimum(np.multiply(increaseFactor, (state as SearchState).learning_rate), maxLearningRate).astype(dtype), value: value.astype(dtype), error: np.full([], Infinity, { dtype }), steps: np.zeros([], { dtype: 'int32' }) };
      type Search = typeof start;
      const end = lax.whileLoop(
        ({ error, steps }: Search) => np.logicalAnd(np.logicalNot(np.lessEqual(error, atol)), np.lessEqual(steps, maxBacktrackingSteps)),
        ({ rate, steps }: Search) => {
          const next = np.where(np.greater(steps, 0), np.multiply(decreaseFactor, rate), rate).astype(dtype);
          const there = valueFn(treeAlong(params, next, updates)).astype(dtype);
          const excess = np.subtract(np.subtract(there, np.multiply(1 + rtol, value)), np.multiply(np.multiply(next, slopeRtol), slope));
          return { rate: next, value: there, error: positivePart(excess).astype(dtype), steps: np.add(steps, 1).astype('int32') };
        },
        start,
      ) as Search;
      const rate = np.where(np.isinf(end.error), 0, end.rate).astype(dtype);
      const next: SearchState = { learning_rate: rate, value: end.value, info: { num_linesearch_steps: end.steps, decrease_error: end.error } };
      return [treeTimes(rate, updates), next];
    },
  };
}

/** How far a criterion is from being met: 0 where it is, infinite for NaN. */
function positivePart(x: Array): Array {
  return np.where(np.isnan(x), Infinity, np.maximum(x, 0));
}

/** Options of {@link scaleByZoomLinesearch}. */
export interface ZoomOptions {
  /** The greatest step. */
  maxLearningRate?: number | null;
  /** Tolerance of the conditions. */
  tol?: number;
  /** What a step is multiplied by while an interval is looked for. */
  increaseFactor?: number;
  /** How much of the decrease that the slope promises is enough. */
  slopeRtol?: number;
  /** How much of the slope may be left. */
  curvRtol?: number;
  /** How near to the first value the weaker criterion of Hager and Zhang takes over; null for never. */
  approxDecRtol?: number | null;
  /** Width of an interval that is not looked into further. */
  stepsizePrecision?: number;
  /** Whether the search begins with the last step length or with 1. */
  initialGuessStrategy?: 'keep' | 'one';
}

/** A place on the line: how far along, and the objective and its slope there. */
interface Point {
  at: Array;
  value: Array;
  slope: Array;
}

interface Zoom {
  count: Array;
  /** The last place that was tried. */
  tried: Point;
  decrease: Array;
  curvature: Array;
  found: Array;
  done: Array;
  failed: Array;
  /** Ends of the interval: the value is less at `low`, which may be either end. */
  low: Point;
  high: Point;
  /** A third place, for cubic interpolation. */
  third: { at: Array; value: Array };
  /** The best place with enough decrease, whatever the slope. */
  safe: { at: Array; value: Array };
}

const and = np.logicalAnd;
const or = np.logicalOr;
const not = np.logicalNot;

function choose<T extends object>(condition: Array, yes: T, no: T): T {
  return Object.fromEntries(Object.keys(no).map((k) => [k, np.where(condition, (yes as Record<string, Array>)[k]!, (no as Record<string, Array>)[k]!)])) as T;
}

/** Minimum of the cubic through three places with the first one's slope; NaN if it has none. */
function cubicMinimum(a: Point, b: Point, c: Zoom['third']): Array {
  const db = np.subtract(b.at, a.at);
  const dc = np.subtract(c.at, a.at);
  const denominator = np.multiply(np.square(np.multiply(db, dc)), np.subtract(db, dc));
  const eb = np.subtract(np.subtract(b.value, a.value), np.multiply(a.slope, db));
  const ec = np.subtract(np.subtract(c.value, a.value), np.multiply(a.slope, dc));
  const A = np.divide(np.subtract(np.multiply(np.square(dc), eb), np.multiply(np.square(db), ec)), denominator);
  const B = np.divide(np.subtract(np.multiply(np.power(db, 3), ec), np.multiply(np.power(dc, 3), eb)), denominator);
  const root = np.sqrt(np.subtract(np.square(B), np.multiply(np.multiply(3, A), a.slope)));
  return np.add(a.at, np.divide(np.subtract(root, B), np.multiply(3, A)));
}

/** Minimum of the parabola through two places with the first one's slope. */
function quadraticMinimum(a: Point, b: Point): Array {
  const d = np.subtract(b.at, a.at);
  const B = np.divide(np.subtract(np.subtract(b.value, a.value), np.multiply(a.slope, d)), np.square(d));
  return np.subtract(a.at, np.divide(a.slope, np.multiply(2, B)));
}

/** Where to look in the interval: the minimum of a cubic or a parabola if it is well inside, or else the middle. */
function interpolated({ low, high, third }: Zoom): Array {
  const width = np.abs(np.subtract(high.at, low.at));
  const inside = (x: Array, margin: number) => and(
    np.greater(x, np.add(np.minimum(high.at, low.at), np.multiply(margin, width))),
    np.less(x, np.subtract(np.maximum(high.at, low.at), np.multiply(margin, width))),
  );
  const cubic = cubicMinimum(low, high, third);
  const quadratic = quadraticMinimum(low, high);
  const middle = np.divide(np.add(low.at, high.at), 2);
  return np.where(inside(cubic, 0.2), cubic, np.where(inside(quadratic, 0.1), quadratic, middle));
}

/**
 * Scales updates so that the objective decreases enough and its slope flattens (the strong Wolfe conditions; Nocedal and Wright, algorithms 3.5 and 3.6).
 * Mirrors `optax.scale_by_zoom_linesearch` without `verbose`.
 *
 * `update` needs `{ value, grad, valueFn }` in its last argument. An interval is looked for first, then narrowed by interpolation.
 *
 * @throws ArgumentError for another strategy of the first guess
 * @example
 * ```ts
 * const tx = optim.chain(optim.scale(-1), optim.scaleByZoomLinesearch(10));
 * const params = { w: np.array([3, 4]) };
 * const valueFn = (p: typeof params) => np.sum(np.square(p.w));
 * const grads = grad(valueFn)(params);
 * const [updates] = tx.update(grads, tx.init(params) as never, params, { value: valueFn(params), grad: grads, valueFn });
 * valueFn(optim.applyUpdates(params, updates) as typeof params).item() as number < 25; // true
 * ```
 */
export function scaleByZoomLinesearch(maxLinesearchSteps: number, given: ZoomOptions = {}): GradientTransformation {
  const { maxLearningRate = null, tol = 0, increaseFactor = 2, slopeRtol = 1e-4, curvRtol = 0.9, approxDecRtol = 1e-6, stepsizePrecision = 1e-5, initialGuessStrategy = 'keep' } = checkOptions('scaleByZoomLinesearch', ['maxLearningRate', 'tol', 'increaseFactor', 'slopeRtol', 'curvRtol', 'approxDecRtol', 'stepsizePrecision', 'initialGuessStrategy'], given);
  const op = 'scaleByZoomLinesearch';
  checkInteger(op, 'maxLinesearchSteps', maxLinesearchSteps, 1);
  if (initialGuessStrategy !== 'keep' && initialGuessStrategy !== 'one') throw new ArgumentError(`${op}: expected initialGuessStrategy 'keep' or 'one', got ${describeValue(initialGuessStrategy)}`);

  const decreaseError = ({ at, value, slope }: Point, from: Point): Array => {
    const gained = np.subtract(value, from.value);
    const armijo = np.subtract(gained, np.multiply(np.multiply(slopeRtol, at), from.slope));
    if (approxDecRtol === null) return positivePart(armijo);
    // Near a minimum rounding hides the decrease of the values; slopes tell it still.
    const bySlopes = np.subtract(slope, np.multiply(2 * slopeRtol - 1, from.slope));
    const byValues = np.subtract(gained, np.multiply(approxDecRtol, np.abs(from.value)));
    return positivePart(np.minimum(np.maximum(bySlopes, byValues), armijo));
  };
  const curvatureError = (p: Point, from: Point): Array => positivePart(np.subtract(np.abs(p.slope), np.multiply(curvRtol, np.abs(from.slope))));

  /** What is known after a place was tried to find an interval. */
  const widened = (s: Zoom, p: Point, decrease: Array, good: Array, atMost: Array) => {
    const isHigh = or(np.greater(decrease, 0), and(np.greaterEqual(p.value, s.tried.value), np.greater(s.count, 0)));
    const isLow = and(np.greaterEqual(p.slope, 0), not(isHigh));
    const low = choose(isLow, p, s.tried);
    const found = or(or(isHigh, isLow), good);
    return { found, done: or(good, and(atMost, not(found))), low, high: choose(isLow, s.tried, p), third: { at: low.at, value: low.value }, safer: np.lessEqual(decrease, tol) };
  };
  /** What is known after a place inside the interval was tried. */
  const narrowed = (s: Zoom, p: Point, decrease: Array, good: Array) => {
    const isHigh = or(np.greater(decrease, 0), np.greaterEqual(p.value, s.low.value));
    const turned = and(np.greaterEqual(np.multiply(p.slope, np.subtract(s.high.at, s.low.at)), 0), not(isHigh));
    const third = choose(or(isHigh, turned), { at: s.high.at, value: s.high.value }, { at: s.low.at, value: s.low.value });
    return { found: s.found, done: good, low: choose(isHigh, s.low, p), high: choose(turned, s.low, choose(isHigh, p, s.high)), third, safer: and(np.lessEqual(decrease, tol), np.less(p.value, s.safe.value)) };
  };

  return {
    init: (params): SearchState => {
      const dtype = realDtype(params);
      const infinite = np.full([], Infinity, { dtype });
      return { learning_rate: np.ones([], { dtype }), value: infinite, info: { num_linesearch_steps: np.zeros([], { dtype: 'int32' }), decrease_error: infinite, curvature_error: infinite } };
    },
    update: (updates, state, params, extra) => {
      const { value, grad, valueFn } = objectiveOf(op, extra);
      const dtype = realDtype(params);
      const zero = np.zeros([], { dtype });
      const from: Point = { at: zero, value: value.astype(dtype), slope: treeDot(updates, grad).astype(dtype) };
      const guess = initialGuessStrategy === 'keep' ? (state as SearchState).learning_rate : np.ones([], { dtype });
      const infinite = np.full([], Infinity, { dtype });
      const no = np.asarray(false);
      const origin = { at: zero, value: from.value };
      const start: Zoom = { count: np.zeros([], { dtype: 'int32' }), tried: from, decrease: infinite, curvature: infinite, found: no, done: no, failed: no, low: from, high: from, third: origin, safe: origin };

      const step = (s: Zoom): Zoom => {
        const wide = np.where(np.equal(s.count, 0), guess, np.multiply(increaseFactor, s.tried.at));
        const atMost = maxLearningRate === null ? no : np.greaterEqual(wide, maxLearningRate);
        const at = np.where(s.found, interpolated(s), maxLearningRate === null ? wide : np.minimum(wide, maxLearningRate)).astype(dtype);
        const [there, pullback] = vjp(valueFn, treeAlong(params, at, updates)) as [Array, (ct: Array) => [ArrayTree]];
        const p: Point = { at, value: there.astype(dtype), slope: treeDot(pullback(np.onesLike(there))[0], updates).astype(dtype) };
        const decrease = decreaseError(p, from);
        const curvature = curvatureError(p, from);
        const good = np.lessEqual(np.maximum(decrease, curvature), tol);
        const [w, n] = [widened(s, p, decrease, good, atMost), narrowed(s, p, decrease, good)];
        const pick = (a: Array, b: Array) => np.where(s.found, a, b);
        const done = pick(n.done, w.done);
        const safe = choose(pick(n.safer, w.safer), { at: p.at, value: p.value }, s.safe);
        const tooSmall = and(and(s.found, np.lessEqual(np.abs(np.subtract(s.high.at, s.low.at)), stepsizePrecision)), np.greater(safe.at, 0));
        const failed = and(or(np.greaterEqual(np.add(s.count, 1), maxLinesearchSteps), tooSmall), not(done));
        const back = and(failed, or(np.greater(safe.at, 0), np.isinf(decrease)));
        return {
          count: np.add(s.count, 1).astype('int32'), tried: { ...choose(back, safe, { at: p.at, value: p.value }), slope: p.slope }, decrease: decrease.astype(dtype), curvature: curvature.astype(dtype), found: pick(n.found, w.found), done, failed,
          low: choose(s.found, n.low, w.low), high: choose(s.found, n.high, w.high), third: choose(s.found, n.third, w.third), safe,
        };
      };
      const end = lax.whileLoop((s: Zoom) => not(or(s.done, s.failed)), step as never, start) as Zoom;
      const next: SearchState = { learning_rate: end.tried.at, value: end.tried.value, info: { num_linesearch_steps: end.count, decrease_error: end.decrease, curvature_error: end.curvature } };
      return [treeTimes(end.tried.at, updates), next];
    },
  };
}
