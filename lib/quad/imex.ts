import type { Loose } from '../functional/treeFunction';
import { checkRhs, combine, dt, plus, type Rhs, type Time, times } from './common';

/** One step of `y' = fExp + fImp`, the second of which is stiff: it is solved for by two fixed-point iterations. Further arguments go to both. */
export type ImexStep = (fExp: Rhs, fImp: Rhs, y: Loose, t: Time, ...args: Loose[]) => Loose;

const ITERATIONS = 2;

function fixedPoint(update: (y: Loose) => unknown, start: unknown): Loose {
  let y = start;
  for (let i = 0; i < ITERATIONS; i++) y = update(y as Loose);
  return y as Loose;
}

/** Forward and backward Euler. Mirrors `braintools.quad.imex_euler_step`. @example environ.context({ dt: 0.1 }, () => quad.imexEulerStep(() => np.array(0), (y) => np.negative(y), np.array(1), 0)) // 0.91 */
export const imexEulerStep: ImexStep = (fExp, fImp, y, t, ...args) => {
  checkRhs('imexEulerStep', fExp, fImp);
  const h = dt();
  const explicit = fExp(y, t, ...args);
  return fixedPoint((at) => combine([1, h, h], [y, explicit, fImp(at, plus(t, h), ...args)]), y);
};

/**
 * Ascher, Ruuth and Spiteri's method (2, 2, 2). Mirrors `braintools.quad.imex_ars222_step`.
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexArs222Step(() => np.array(0), (y) => np.negative(y), np.array(1), 0)); // 0.9048
 */
export const imexArs222Step: ImexStep = (fExp, fImp, y, t, ...args) => {
  checkRhs('imexArs222Step', fExp, fImp);
  const h = dt();
  const gamma = 1 - Math.SQRT1_2;
  const [mid, end] = [plus(t, times(gamma, h)), plus(t, h)];
  const [near, far] = [times(gamma, h), times(1 - gamma, h)];
  const y1 = fixedPoint((at) => combine([1, near], [y, fImp(at, mid, ...args)]), y);
  const [e1, i1] = [fExp(y1, t, ...args), fImp(y1, mid, ...args)];
  const y2 = fixedPoint((at) => combine([1, h, far, near], [y, e1, i1, fImp(at, end, ...args)]), y);
  const [e2, i2] = [fExp(y2, end, ...args), fImp(y2, end, ...args)];
  return combine([1, far, near, far, near], [y, e1, e2, i1, i2]);
};

/**
 * Crank-Nicolson and Adams-Bashforth, from this state and the one before. Mirrors `braintools.quad.imex_cnab_step`.
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.imexCnabStep(() => np.array(0), (y) => np.negative(y), np.array(1), np.array(1.1), 0)); // 0.9048…
 */
export function imexCnabStep(fExp: Rhs, fImp: Rhs, y: Loose, yPrev: Loose, t: Time, ...args: Loose[]): Loose {
  checkRhs('imexCnabStep', fExp, fImp);
  const h = dt();
  const parts = [y, fExp(y, t, ...args), fExp(yPrev, plus(t, times(-1, h)), ...args), fImp(y, t, ...args)];
  const predicted = combine([1, times(1.5, h), times(-0.5, h), times(0.5, h)], parts);
  return fixedPoint((at) => combine([1, times(0.5, h)], [predicted, fImp(at, plus(t, h), ...args)]), predicted);
}
