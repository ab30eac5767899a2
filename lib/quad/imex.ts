import type { Loose } from '../functional/treeFunction';
import { checkIterations, checkRhs, combine, dt, type IterationOptions, iterated, plus, type Rhs, type Time, times } from './common';

/** One step of `y' = fExp + fImp`, the second of which is stiff: it is solved for by two fixed-point iterations. Further arguments go to both. */
export type ImexStep = (fExp: Rhs, fImp: Rhs, y: Loose, t: Time, ...args: Loose[]) => Loose;

/** {@link ImexStep} from this state and the one before. */
export type ImexTwoStep = (fExp: Rhs, fImp: Rhs, y: Loose, yPrev: Loose, t: Time, ...args: Loose[]) => Loose;

function fixedPoint(iterations: number, update: (y: Loose) => unknown, start: unknown): Loose {
  let y = start;
  for (let i = 0; i < iterations; i++) y = update(y as Loose);
  return y as Loose;
}

/**
 * Forward and backward Euler. Mirrors `braintools.quad.imex_euler_step`.
 *
 * @param fExp the part of the right-hand side that is treated explicitly
 * @param fImp the part that is treated implicitly
 * @param y the state: an array, or a tree of them
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexEulerStep(() => np.array(0), (y) => np.negative(y), np.array(1), 0)) // 0.91
 */
export const imexEulerStep: ImexStep = iterated('imexEulerStep', 2, imexEulerStepWith);

/**
 * {@link imexEulerStep} with a number of iterations of its own. Mirrors `max_iter` of `braintools.quad.imex_euler_step`. @throws ArgumentError if maxIter is less than 1
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexEulerStepWith({ maxIter: 3 })(() => np.array(0), (y) => np.negative(y), np.array(1), 0)); // 0.909
 */
export function imexEulerStepWith(given: IterationOptions): ImexStep {
  const maxIter = checkIterations('imexEulerStepWith', given);
  return (fExp, fImp, y, t, ...args) => {
    checkRhs('imexEulerStep', fExp, fImp);
    const h = dt();
    const explicit = fExp(y, t, ...args);
    return fixedPoint(maxIter, (at) => combine([1, h, h], [y, explicit, fImp(at, plus(t, h), ...args)]), y);
  };
}

/**
 * Ascher, Ruuth and Spiteri's method (2, 2, 2). Mirrors `braintools.quad.imex_ars222_step`.
 *
 * @param fExp the part of the right-hand side that is treated explicitly
 * @param fImp the part that is treated implicitly
 * @param y the state: an array, or a tree of them
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexArs222Step(() => np.array(0), (y) => np.negative(y), np.array(1), 0)); // 0.9048
 */
export const imexArs222Step: ImexStep = iterated('imexArs222Step', 2, imexArs222StepWith);

/**
 * {@link imexArs222Step} with a number of iterations of its own. Mirrors `max_iter` of `braintools.quad.imex_ars222_step`. @throws ArgumentError if maxIter is less than 1
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexArs222StepWith({ maxIter: 3 })(() => np.array(0), (y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export function imexArs222StepWith(given: IterationOptions): ImexStep {
  const maxIter = checkIterations('imexArs222StepWith', given);
  return (fExp, fImp, y, t, ...args) => {
    checkRhs('imexArs222Step', fExp, fImp);
    const h = dt();
    const gamma = 1 - Math.SQRT1_2;
    const [mid, end] = [plus(t, times(gamma, h)), plus(t, h)];
    const [near, far] = [times(gamma, h), times(1 - gamma, h)];
    const y1 = fixedPoint(maxIter, (at) => combine([1, near], [y, fImp(at, mid, ...args)]), y);
    const [e1, i1] = [fExp(y1, t, ...args), fImp(y1, mid, ...args)];
    const y2 = fixedPoint(maxIter, (at) => combine([1, h, far, near], [y, e1, i1, fImp(at, end, ...args)]), y);
    const [e2, i2] = [fExp(y2, end, ...args), fImp(y2, end, ...args)];
    return combine([1, far, near, far, near], [y, e1, e2, i1, i2]);
  };
}

/**
 * Crank-Nicolson and Adams-Bashforth, from this state and the one before. Mirrors `braintools.quad.imex_cnab_step`.
 *
 * @param fExp the part of the right-hand side that is treated explicitly
 * @param fImp the part that is treated implicitly
 * @param y the state: an array, or a tree of them
 * @param yPrev the state a step before
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexCnabStep(() => np.array(0), (y) => np.negative(y), np.array(1), np.array(1.1), 0)); // 0.9048…
 */
export const imexCnabStep: ImexTwoStep = iterated('imexCnabStep', 2, imexCnabStepWith);

/**
 * {@link imexCnabStep} with a number of iterations of its own. Mirrors `max_iter` of `braintools.quad.imex_cnab_step`. @throws ArgumentError if maxIter is less than 1
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexCnabStepWith({ maxIter: 3 })(() => np.array(0), (y) => np.negative(y), np.array(1), np.array(1.1), 0)); // 0.9047…
 */
export function imexCnabStepWith(given: IterationOptions): ImexTwoStep {
  const maxIter = checkIterations('imexCnabStepWith', given);
  return (fExp, fImp, y, yPrev, t, ...args) => {
    checkRhs('imexCnabStep', fExp, fImp);
    const h = dt();
    const parts = [y, fExp(y, t, ...args), fExp(yPrev, plus(t, times(-1, h)), ...args), fImp(y, t, ...args)];
    const predicted = combine([1, times(1.5, h), times(-0.5, h), times(0.5, h)], parts);
    return fixedPoint(maxIter, (at) => combine([1, times(0.5, h)], [predicted, fImp(at, plus(t, h), ...args)]), predicted);
  };
}
