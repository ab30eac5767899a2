import type { Loose } from '../functional/treeFunction';
import { checkIterations, checkRhs, combine, dt, type IterationOptions, iterated, plus, type Time, times } from './common';

/** A delayed right-hand side: of the time, the state, the states at each delay, and further arguments. */
export type DelayedRhs = (t: Time, y: Loose, ...delayedAndArgs: Loose[]) => Loose;

/** One step of a delay equation. `historyFn(t)` gives the state at an earlier time; delays are one or several. Further arguments go to f. */
export type DdeStep = (f: DelayedRhs, y: Loose, t: Time, historyFn: (t: Time) => Loose, delays: Time | readonly Time[], ...args: Loose[]) => Loose;

/** Evaluates f at a time and state, with the delayed states. */
function slopes(op: string, f: DelayedRhs, history: (t: Time) => Loose, delays: Time | readonly Time[], args: readonly Loose[]): (t: Time, y: unknown) => unknown {
  checkRhs(op, f, history);
  const list = globalThis.Array.isArray(delays) ? (delays as readonly Time[]) : [delays as Time];
  return (t, y) => f(t, y as Loose, ...list.map((d) => history(plus(t, times(-1, d)))), ...args);
}

/**
 * Euler's method. Mirrors `braintools.quad.dde_euler_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @param historyFn the solution at earlier times
 * @param delays a delay, or several
 * @example
 * environ.context({ dt: 0.1 }, () => quad.ddeEulerStep((t, y, past) => np.negative(past), np.array(1), 0, () => np.array(2), 1)) // 0.8
 */
export const ddeEulerStep: DdeStep = (f, y, t, historyFn, delays, ...args) => combine([1, dt()], [y, slopes('ddeEulerStep', f, historyFn, delays, args)(t, y)]);

/**
 * Heun's method. Mirrors `braintools.quad.dde_heun_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @param historyFn the solution at earlier times
 * @param delays a delay, or several
 * @example
 * environ.context({ dt: 0.1 }, () => quad.ddeHeunStep((t, y, past) => np.negative(past), np.array(1), 0, () => np.array(2), 1)); // 0.8
 */
export const ddeHeunStep: DdeStep = (f, y, t, historyFn, delays, ...args) => {
  const at = slopes('ddeHeunStep', f, historyFn, delays, args);
  const h = dt();
  const k1 = at(t, y);
  const half = times(0.5, h);
  return combine([1, half, half], [y, k1, at(plus(t, h), combine([1, h], [y, k1]))]);
};

/**
 * The classical method of order 4. Mirrors `braintools.quad.dde_rk4_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @param historyFn the solution at earlier times
 * @param delays a delay, or several
 * @example
 * environ.context({ dt: 0.1 }, () => quad.ddeRk4Step((t, y, past) => np.negative(past), np.array(1), 0, () => np.array(2), 1)); // 0.8
 */
export const ddeRk4Step: DdeStep = (f, y, t, historyFn, delays, ...args) => {
  const at = slopes('ddeRk4Step', f, historyFn, delays, args);
  const h = dt();
  const half = times(0.5, h);
  const k1 = at(t, y);
  const k2 = at(plus(t, half), combine([1, half], [y, k1]));
  const k3 = at(plus(t, half), combine([1, half], [y, k2]));
  const k4 = at(plus(t, h), combine([1, h], [y, k3]));
  return combine([1, times(1 / 6, h), times(2 / 6, h), times(2 / 6, h), times(1 / 6, h)], [y, k1, k2, k3, k4]);
};

/**
 * Euler's method, corrected three times by the slope at the end. Mirrors `braintools.quad.dde_euler_pc_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @param historyFn the solution at earlier times
 * @param delays a delay, or several
 * @example
 * environ.context({ dt: 0.1 }, () => quad.ddeEulerPcStep((t, y, past) => np.negative(past), np.array(1), 0, () => np.array(2), 1)); // 0.8
 */
export const ddeEulerPcStep: DdeStep = iterated('ddeEulerPcStep', 3, ddeEulerPcStepWith);

/**
 * {@link ddeEulerPcStep} with a number of corrections of its own. Mirrors `max_iter` of `braintools.quad.dde_euler_pc_step`. @throws ArgumentError if maxIter is less than 1
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.ddeEulerPcStepWith({ maxIter: 1 })((t, y, past) => np.negative(past), np.array(1), 0, () => np.array(2), 1)); // 0.8
 */
export function ddeEulerPcStepWith(given: IterationOptions): DdeStep {
  const maxIter = checkIterations('ddeEulerPcStepWith', given);
  return (f, y, t, historyFn, delays, ...args) => {
    const at = slopes('ddeEulerPcStep', f, historyFn, delays, args);
    const h = dt();
    let next = combine([1, h], [y, at(t, y)]);
    for (let i = 0; i < maxIter; i++) next = combine([1, h], [y, at(plus(t, h), next)]);
    return next;
  };
}

/**
 * Heun's method, corrected three times. Mirrors `braintools.quad.dde_heun_pc_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @param historyFn the solution at earlier times
 * @param delays a delay, or several
 * @example
 * environ.context({ dt: 0.1 }, () => quad.ddeHeunPcStep((t, y, past) => np.negative(past), np.array(1), 0, () => np.array(2), 1)); // 0.8
 */
export const ddeHeunPcStep: DdeStep = iterated('ddeHeunPcStep', 3, ddeHeunPcStepWith);

/**
 * {@link ddeHeunPcStep} with a number of corrections of its own. Mirrors `max_iter` of `braintools.quad.dde_heun_pc_step`. @throws ArgumentError if maxIter is less than 1
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.ddeHeunPcStepWith({ maxIter: 1 })((t, y, past) => np.negative(past), np.array(1), 0, () => np.array(2), 1)); // 0.8
 */
export function ddeHeunPcStepWith(given: IterationOptions): DdeStep {
  const maxIter = checkIterations('ddeHeunPcStepWith', given);
  return (f, y, t, historyFn, delays, ...args) => {
    const at = slopes('ddeHeunPcStep', f, historyFn, delays, args);
    const h = dt();
    const half = times(0.5, h);
    const k1 = at(t, y);
    let next: unknown = combine([1, h], [y, k1]);
    // The first pass is Heun's own step.
    for (let i = 0; i <= maxIter; i++) next = combine([1, half, half], [y, k1, at(plus(t, h), next)]);
    return next;
  };
}
