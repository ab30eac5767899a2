import type { Array } from '../core/array';
import { ArgumentError, DtypeError } from '../core/errors';
import * as environ from '../environ';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';
import * as np from '../numpy';
import * as random from '../random';
import { vectorGrad } from '../transform/grad';

/** `(exp(x) - 1) / x`, 1 at 0, by its series where the quotient loses digits. */
function exprel(x: Array): Array {
  const small = np.less(np.abs(x), 1e-3);
  const safe = np.where(small, 1, x);
  const series = np.add(1, np.multiply(np.multiply(x, 0.5), np.add(1, np.multiply(np.divide(x, 3), np.add(1, np.divide(x, 4))))));
  return np.where(small, series, np.divide(np.expm1(safe), safe));
}

/**
 * One step of `dx = f(x, …) dt`, or of `dx = f dt + g dW` with a second function, over the environment's `dt`: exact where `f` is linear in each element alone.
 * Other elements count as in Euler's method.
 *
 * Mirrors `brainstate.nn.exp_euler_step`. The noise is drawn from the global random state.
 *
 * @param fn the drift, of the state and the further arguments
 * @param args the diffusion if it is a function; the state, of a float dtype; further arguments
 * @returns the next state
 * @throws ArgumentError without a state, DtypeError for one of another dtype
 * @example
 * ```ts
 * environ.set({ dt: 0.1 });
 * nn.expEulerStep((x: np.Array) => x.neg(), np.array([1]));   // [exp(-0.1)]
 * ```
 */
export function expEulerStep(fn: (x: Loose, ...args: Loose[]) => Loose, ...args: Loose[]): Array {
  if (typeof fn !== 'function') throw new ArgumentError(`expEulerStep: expected a function as the drift, got ${describeValue(fn)}`);
  const diffusion = typeof args[0] === 'function' ? (args[0] as (x: Array, ...rest: Loose[]) => ArrayLike) : null;
  const [given, ...rest] = diffusion === null ? args : args.slice(1);
  if (given === undefined) throw new ArgumentError('expEulerStep: expected a state after the functions');
  const state = np.asarray(given);
  if (!np.issubdtype(state.dtype, np.floating)) throw new DtypeError(`expEulerStep: expected a state of a float dtype, got ${state.dtype}`);
  const dt = environ.getDt();
  const [slope, drift] = (vectorGrad as (f: unknown, o: object) => (x: Array) => [Array, Array])((x: Array) => fn(x, ...rest), { argnums: 0, returnValue: true })(state);
  const next = np.add(state, np.multiply(np.multiply(dt, exprel(np.multiply(dt, slope))), drift));
  if (diffusion === null) return next;
  return np.add(next, np.multiply(np.multiply(diffusion(state, ...rest), np.sqrt(dt)), random.randnLike(state)));
}
