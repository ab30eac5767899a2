import type { Array } from '../core/array';
import { checkFunction } from '../core/checks';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../core/errors';
import { structure, type TreeDef } from '../core/tree';
import { asArray, type ArrayLike } from '../functional/arrayLike';
import { customVjp } from '../functional/customRules';
import { vjp } from '../functional/derivatives';
import { closureConvert } from '../functional/staging';
import { trailingOptions } from '../functional/trailingOptions';
import { type AnyFunction, arraysOf, like, type Loose, nameOf, resultsOf } from '../functional/treeFunction';
import { promoteDtypesInexact } from '../lax/arrayLike';
import { foriLoop, scan, whileLoop } from '../lax/control';
import * as np from '../numpy';
import { isDifferentiable } from '../interpreters/jvp';

/** Options of {@link odeint}. */
export interface OdeintOptions {
  /** Relative error of a step. Default 1.4e-8. */
  rtol?: number;
  /** Absolute error of a step. Default 1.4e-8. */
  atol?: number;
  /** The most steps to one of the times. Default: any number. */
  mxstep?: number;
  /** The longest step. Default: any. */
  hmax?: number;
}

type Settings = Required<OdeintOptions>;
const OPTIONS = ['rtol', 'atol', 'mxstep', 'hmax'] as const;

/** The derivative of a vector, from the vector and the time. */
type Field = (y: Array, t: Array) => Array;

// The method of Dormand and Prince: times and weights of the stages, of the solution of order 5, of its difference to that of order 4, and of the middle.
const TIMES = [1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1];
const STAGES = [
  [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9], [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729],
  [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656], [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84],
].map((row) => [...row, ...new globalThis.Array<number>(7 - row.length).fill(0)]);
const SOLUTION = STAGES[5]!;
const ERROR = [35 / 384 - 1951 / 21600, 0, 500 / 1113 - 22642 / 50085, 125 / 192 - 451 / 720, -2187 / 6784 + 12231 / 42400, 11 / 84 - 649 / 6300, -1 / 60];
const MIDDLE = [
  6025192743 / 30085553152, 0, 51252292925 / 65400821598, -2691868925 / 45128329728, 187940372067 / 1594534317056, -1776094331 / 19743644256, 11237099 / 235043384,
].map((w) => w / 2);

const combine = (weights: readonly number[] | Array, k: Array): Array => np.matmul(np.asarray(weights as ArrayLike, { dtype: k.dtype as DType }), k, { precision: 'highest' });
const cast = (x: Array, like: Array): Array => x.astype(like.dtype as DType);

/** One step: the vector and its derivative after it, its error, and the polynomial of order 4 through the step, in units of the step. */
function takeStep(f: Field, y: Array, dy: Array, t: Array, dt: Array): { y: Array; dy: Array; error: Array; fit: Array } {
  const h = cast(dt, dy);
  const weights = np.asarray(STAGES, { dtype: dy.dtype as DType });
  const times = np.asarray(TIMES, { dtype: dt.dtype as DType });
  const start = np.zeros([7, dy.shape[0]!], { dtype: dy.dtype as DType }).at(0).set(dy);
  const k = foriLoop(1, 7, (i: Array, now: Array) => {
    const row = i.sub(1);
    return now.at(i).set(f(y.add(h.mul(combine(weights.slice(row), now))), t.add(dt.mul(times.slice(row)))));
  }, start);
  const next = y.add(h.mul(combine(SOLUTION, k)));
  const nextDy = k.slice(6);
  const middle = y.add(h.mul(combine(MIDDLE, k)));
  // Coefficients of the powers 4, 3, 2, 1, 0 of five conditions: both ends with their slopes, and the middle.
  const quartic = np.array([[-2, 2, -8, -8, 16], [5, -3, 18, 14, -32], [-4, 1, -11, -5, 16], [1, 0, 0, 0, 0], [0, 0, 1, 0, 0]], { dtype: dy.dtype as DType });
  const fit = np.matmul(quartic, np.stack([h.mul(dy), h.mul(nextDy), y, next, middle]), { precision: 'highest' });
  return { y: next, dy: nextDy, error: h.mul(combine(ERROR, k)), fit };
}

/** Root of the mean square of a step's error in units of what is tolerated. */
function errorRatio(error: Array, y: Array, next: Array, { rtol, atol }: Settings): Array {
  const tolerated = np.maximum(np.abs(y), np.abs(next)).mul(rtol).add(atol);
  return np.sqrt(np.mean(np.square(np.abs(error).div(tolerated))));
}

/** The next step's length for errors of order 5. */
function nextLength(dt: Array, ratio: Array, { hmax }: Settings): Array {
  const least = np.where(ratio.less(1), 1, 0.2);
  const factor = np.minimum(10, np.maximum(np.power(ratio, -1 / 5).mul(0.9), least));
  return np.clip(np.where(ratio.equal(0), dt.mul(10), dt.mul(factor)), 0, hmax);
}

/** The first step's length: Hairer, Nørsett and Wanner, Solving Ordinary Differential Equations I, II.4. */
function firstLength(f: Field, t: Array, y: Array, dy: Array, { rtol, atol, hmax }: Settings): Array {
  const tolerated = np.abs(y).mul(rtol).add(atol);
  const size = (x: Array) => np.linalg.norm(x.div(cast(tolerated, x)));
  const [d0, d1] = [size(y), size(dy)];
  const h0 = np.where(np.logicalOr(d0.less(1e-5), d1.less(1e-5)), 1e-6, d0.mul(0.01).div(d1));
  const d2 = size(f(y.add(cast(h0, dy).mul(dy)), t.add(h0)).sub(dy)).div(h0);
  const h1 = np.where(np.logicalAnd(d1.lessEqual(1e-15), d2.lessEqual(1e-15)), np.maximum(1e-6, h0.mul(1e-3)), np.power(np.divide(0.01, np.maximum(d1, d2)), 1 / 5));
  return cast(np.clip(np.minimum(h0.mul(100), h1), 0, hmax), t);
}

/** The vector at each of the times: steps of their own lengths, between which polynomials tell it. */
function solve(f: Field, y0: Array, ts: Array, settings: Settings): Array {
  const t0 = ts.slice(0);
  const dy0 = f(y0, t0);
  const start = [y0, dy0, t0, firstLength(f, t0, y0, dy0, settings), t0, np.stack([y0, y0, y0, y0, y0])];
  const toTime = (carry: Array[], target: Array): [Array[], Array] => {
    const isBefore = ([i, , , t, dt]: Array[]) => {
      const open = np.logicalAnd(t!.less(target), dt!.greater(0));
      return Number.isFinite(settings.mxstep) ? np.logicalAnd(open, i!.less(settings.mxstep)) : open;
    };
    const step = ([i, y, dy, t, dt, last, fit]: Array[]): Array[] => {
      const made = takeStep(f, y!, dy!, t!, dt!);
      const ratio = errorRatio(made.error, y!, made.y, settings);
      const accepted = ratio.lessEqual(1);
      const choose = (a: Array, b: Array) => np.where(accepted, a, b);
      return [i!.add(1), choose(made.y, y!), choose(made.dy, dy!), choose(t!.add(dt!), t!), cast(nextLength(dt!, ratio, settings), dt!), choose(t!, last!), choose(made.fit, fit!)];
    };
    const [, ...end] = whileLoop(isBefore as never, step as never, [np.array(0, { dtype: 'int32' }), ...carry] as never) as unknown as Array[];
    const [, , t, , last, fit] = end;
    return [end, np.polyval(fit!, cast(target.sub(last!).div(t!.sub(last!)), fit!))];
  };
  const [, ys] = scan(toTime as never, start as never, ts.slice([1, null]) as never) as unknown as [unknown, Array];
  return np.concatenate([np.expandDims(y0, 0), ys]);
}

/** Arrays as one vector, and back; a vector's leading axes stay. */
function raveled(leaves: readonly Array[]): { join: (parts: readonly Array[]) => Array; split: (flat: Array) => Array[] } {
  return {
    join: (parts) => np.concatenate(promoteDtypesInexact('odeint', ...parts.map((x) => np.ravel(x)))),
    split: (flat) => {
      let next = 0;
      return leaves.map((x) => {
        const part = np.reshape(flat.slice('...', [next, next + x.size]), [...flat.shape.slice(0, -1), ...x.shape]);
        next += x.size;
        return dtypeKind(x.dtype) === 'float' && dtypeKind(part.dtype) === 'complex' ? np.real(part).astype(x.dtype as DType) : part.astype(x.dtype as DType);
      });
    },
  };
}

/** Solutions with their reverse derivative: that of the adjoint equation, solved backwards from time to time. */
function solveWithAdjoint(field: (y: Array, t: Array, ...args: Array[]) => Array, y0: Array, ts: Array, args: readonly Array[], settings: Settings): Array {
  const isLinear = args.map((x) => isDifferentiable(x.aval));
  // Integers have no cotangents: they are what they are, on the way back too.
  const full = (some: readonly Array[]): Array[] => {
    let next = 0;
    return args.map((x, i) => (isLinear[i] ? some[next++]! : x));
  };
  const f = (y: Array, t: Array, ...some: Array[]) => field(y, t, ...full(some));
  const solved = customVjp(((y: Array, times: Array, ...some: Array[]) => solve((x, t) => f(x, t, ...some), y, times, settings)) as AnyFunction);
  solved.defvjp(((y: Array, times: Array, ...some: Array[]) => {
    const ys = solved(y, times, ...some);
    return [ys, [ys, times, some]];
  }) as AnyFunction, (([ys, times, some]: [Array, Array, Array[]], g: Array) => {
    const adjoint = ([y, ct]: [Array, Array], t: Array, ...own: Array[]) => {
      const [dy, pull] = vjp(f as AnyFunction, y, t.neg(), ...own) as [Array, (ct: Array) => Array[]];
      const [ofY, ofT, ...ofArgs] = pull(ct);
      return [dy.neg(), ofY, ofT, ofArgs];
    };
    const back = ([ct, ofT0, ofArgs]: [Array, Array, Array[]], i: Array): unknown => {
      const ofT = np.real(np.sum(f(ys.slice(i), times.slice(i), ...some).mul(g.slice(i)))).astype(times.dtype as DType);
      const interval = np.stack([times.slice(i).neg(), times.slice(i.sub(1)).neg()]);
      const [, ct1, ofT1, ofArgs1] = odeint(adjoint as AnyFunction, [ys.slice(i), ct, ofT0.sub(ofT), ofArgs], interval, ...some, settings) as [Array, Array, Array, Array[]];
      return [[ct1.slice(1).add(g.slice(i.sub(1))), ofT1.slice(1), ofArgs1.map((x) => x.slice(1))], ofT];
    };
    const n = times.shape[0]!;
    const start = [g.slice(-1), np.zeros([], { dtype: times.dtype as DType }), some.map((x) => np.zerosLike(x))];
    const [[ofY0, ofT0, ofArgs], ofTimes] = scan(back as never, start as never, np.arange(n - 1, 0, -1) as never) as unknown as [[Array, Array, Array[]], Array];
    return [ofY0, np.concatenate([np.expandDims(ofT0, 0), np.flip(ofTimes, 0)]), ...ofArgs];
  }) as AnyFunction);
  return solved(y0, ts, ...args.filter((_, i) => isLinear[i])) as Array;
}

/**
 * Solves ordinary differential equations with steps of their own lengths, by the method of Dormand and Prince of order 5. Reverse derivatives are those
 * of the adjoint equation, and cost no memory for steps; the function's captured arrays have theirs, too.
 *
 * Mirrors `jax.experimental.ode.odeint`. Options come last.
 *
 * @param func `func(y, t, ...args)`, the derivative of `y` at the time `t`, of the structure of `y`
 * @param y0 a tree of arrays: the value at the first of the times
 * @param t times, growing
 * @param rest further arguments of `func`, trees of arrays, then options
 * @returns `y0`'s tree with a leading axis of the times
 * @throws ArgumentError unless `func` is a function and the options are positive numbers
 * @throws DtypeError unless the times are floats
 * @throws ShapeError unless the times are a vector, of one or more
 * @throws TreeError if `func` gives another structure than `y0`'s
 * @example
 * ```ts
 * const decay = (y: Array, _: Array, rate: Array) => y.mul(rate).neg();
 * const y = scipy.integrate.odeint(decay, np.array([1, 2]), np.array([0, 1]), 0.5);
 * (y as Array).round(4).js(); // [[1, 2], [0.6065, 1.2131]]
 * ```
 */
export function odeint(func: AnyFunction, y0: unknown, t: ArrayLike, ...rest: unknown[]): Loose {
  checkFunction('odeint', 'func', func);
  const { args, options } = trailingOptions<OdeintOptions>(rest, OPTIONS);
  const settings: Settings = { rtol: 1.4e-8, atol: 1.4e-8, mxstep: Number.POSITIVE_INFINITY, hmax: Number.POSITIVE_INFINITY, ...options };
  for (const k of OPTIONS) {
    if (typeof settings[k] !== 'number' || !(settings[k] >= 0)) throw new ArgumentError(`odeint: expected ${k} to be a number that is not negative, got ${String(settings[k])}`);
  }
  const ts = asArray(t, 'odeint: t');
  if (dtypeKind(ts.dtype) !== 'float') throw new DtypeError(`odeint: expected the times to be floats, got ${ts.aval}`);
  if (ts.ndim !== 1 || ts.size === 0) throw new ShapeError(`odeint: expected a vector of times, got ${ts.aval}`);
  const start = arraysOf(y0, 'odeint: y0');
  const given = arraysOf(args, 'odeint: args');
  const leaves = start.leaves.map((x) => (x.weakType ? x.astype(dtypeKind(x.dtype) === 'int' ? 'float32' : (x.dtype as DType)) : x));
  const state = raveled(leaves);
  const argDef: TreeDef = given.def;
  const flatField = like(func, (y: Array, now: Array, ...flat: Array[]): Array => {
    const out = resultsOf((func as (...a: unknown[]) => unknown)(start.def.unflatten(state.split(y)), now, ...(argDef.unflatten(flat) as unknown[])), `odeint of ${nameOf(func)}`);
    if (!out.def.equals(start.def)) throw new TreeError(`odeint of ${nameOf(func)}: expected the derivative to have the structure of y0, ${structure(y0)}, got ${out.def}`);
    out.leaves.forEach((x, i) => {
      if (String(x.shape) !== String(leaves[i]!.shape)) throw new ShapeError(`odeint of ${nameOf(func)}: expected the derivative to have the shapes of y0, got ${x.aval} for ${leaves[i]!.aval}`);
    });
    return state.join(out.leaves).astype(y.dtype as DType);
  });
  const flatY = state.join(leaves);
  const times = ts.weakType ? ts.astype(ts.dtype as DType) : ts;
  const strong = given.leaves.map((x) => (x.weakType ? x.astype(dtypeKind(x.dtype) === 'int' ? 'float32' : (x.dtype as DType)) : x));
  const [field, captured] = closureConvert(flatField as AnyFunction, flatY, times.slice(0), ...strong);
  const ys = solveWithAdjoint(field as never, flatY, times, [...strong, ...captured], settings);
  return start.def.unflatten(state.split(ys));
}
