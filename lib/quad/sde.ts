import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import type { Loose } from '../functional/treeFunction';
import type { ArrayLike } from '../lax/arrayLike';
import * as np from '../numpy';
import { brownian, checkIterations, checkRhs, combine, dt, type IterationOptions, iterated, plus, type Rhs, root, splitOptions, type Time, times, zip } from './common';
import { exponentialStep } from './ode';

/**
 * One step of an SDE `dy = df dt + dg dW` from t to t + dt, with dt from `environ` and noise from the global random state, a key for each leaf. Further
 * arguments go to df and dg.
 */
export type SdeStep = (df: Rhs, dg: Rhs, y: Loose, t: Time, ...args: Loose[]) => Loose;

/** A step in either calculus: Python's `sde_type='stra'` is the function's `stratonovich`, or `{ sdeType: 'stra' }` after the arguments. */
export interface CalculusStep extends SdeStep {
  stratonovich: SdeStep;
}

/** The calculus that may follow the arguments, and they. */
function calculus(op: string, args: readonly Loose[], known: readonly string[]): [Loose[], string] {
  const [rest, { sdeType = 'ito' }] = splitOptions<{ sdeType: string }>(args, ['sdeType']);
  if (!known.includes(sdeType)) throw new ArgumentError(`${op}: expected sdeType to be ${known.map((k) => `'${k}'`).join(' or ')}, got ${describeValue(sdeType)}`);
  return [rest, sdeType];
}

function inCalculus(op: string, make: (stratonovich: boolean) => SdeStep): CalculusStep {
  const [ito, stratonovich] = [make(false), make(true)];
  const either: SdeStep = (df, dg, y, t, ...args) => {
    const [rest, kind] = calculus(op, args, ['ito', 'stra']);
    return (kind === 'stra' ? stratonovich : ito)(df, dg, y, t, ...rest);
  };
  return Object.assign(either, { stratonovich });
}

const increment = (h: Time, f: unknown, g: unknown, noise: unknown) => zip((a, b, z) => np.add(np.multiply(a, h), np.multiply(b, z)), f, g, noise);
const sum = (...parts: unknown[]) => combine(parts.map(() => 1), parts);

/**
 * Euler and Maruyama's method. Mirrors `braintools.quad.sde_euler_step`.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeEulerStep((y) => np.negative(y), () => np.array(0), np.array(1), 0)) // 0.9
 */
export const sdeEulerStep: SdeStep = (df, dg, y, t, ...given) => {
  checkRhs('sdeEulerStep', df, dg);
  const [args] = calculus('sdeEulerStep', given, ['ito']);
  const h = dt();
  const [f, g] = [df(y, t, ...args), dg(y, t, ...args)];
  return sum(y, increment(h, f, g, brownian(y, root(h))));
};

function milstein(stratonovich: boolean): SdeStep {
  return (df, dg, y, t, ...args) => {
    checkRhs('sdeMilsteinStep', df, dg);
    const h = dt();
    const sqrt = root(h);
    const [f, g] = [df(y, t, ...args), dg(y, t, ...args)];
    const support = zip((a, b, c) => np.add(np.add(a, np.multiply(b, h)), np.multiply(c, sqrt)), y, f, g);
    const moved = dg(support as Loose, t, ...args);
    const noise = brownian(y, sqrt);
    return zip((a, b, c, d, z) => {
      const square = stratonovich ? np.square(z) : np.subtract(np.square(z), h);
      return np.add(np.add(np.add(a, np.multiply(b, h)), np.multiply(c, z)), np.multiply(np.divide(np.subtract(d, c), times(2, sqrt)), square));
    }, y, f, g, moved, noise);
  };
}

/**
 * Milstein's method without derivatives. Mirrors `braintools.quad.sde_milstein_step`.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeMilsteinStep((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.9
 */
export const sdeMilsteinStep: CalculusStep = inCalculus('sdeMilsteinStep', milstein);

/**
 * Exponential Euler in the drift. Mirrors `braintools.quad.sde_expeuler_step`. @throws DtypeError if y is not of floats
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeExpeulerStep((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.9048…
 */
export const sdeExpeulerStep: SdeStep = (df, dg, y, t, ...args) => {
  checkRhs('sdeExpeulerStep', df, dg);
  const next = exponentialStep('sdeExpeulerStep', df, y as ArrayLike, t, args);
  return np.add(next, np.multiply(dg(y, t, ...args) as never, brownian(y, root(dt())) as never));
};

function heun(stratonovich: boolean): SdeStep {
  return (df, dg, y, t, ...args) => {
    checkRhs('sdeHeunStep', df, dg);
    const h = dt();
    const [f, g] = [df(y, t, ...args), dg(y, t, ...args)];
    const noise = brownian(y, root(h));
    const predicted = sum(y, increment(h, f, g, noise)) as Loose;
    const f1 = df(predicted, plus(t, h), ...args);
    const diffusion = stratonovich ? combine([0.5, 0.5], [g, dg(predicted, plus(t, h), ...args)]) : g;
    return sum(y, increment(h, combine([0.5, 0.5], [f, f1]), diffusion, noise));
  };
}

/**
 * Heun's method. Mirrors `braintools.quad.sde_heun_step`.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeHeunStep((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.905
 */
export const sdeHeunStep: CalculusStep = inCalculus('sdeHeunStep', heun);

/**
 * Euler's method with a drift that is tamed where it is large. Mirrors `braintools.quad.sde_tamed_euler_step`.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeTamedEulerStep((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.9090…
 */
export const sdeTamedEulerStep: SdeStep = (df, dg, y, t, ...args) => {
  checkRhs('sdeTamedEulerStep', df, dg);
  const h = dt();
  const [f, g] = [df(y, t, ...args), dg(y, t, ...args)];
  const tamed = zip((a) => np.divide(a, np.add(1, np.multiply(h, np.abs(a)))), f);
  return sum(y, increment(h, tamed, g, brownian(y, root(h))));
};

/**
 * Implicit Euler in the drift, by two iterations. Mirrors `braintools.quad.sde_implicit_euler_step`; {@link sdeImplicitEulerStepWith} sets their number.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeImplicitEulerStep((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.909
 */
export const sdeImplicitEulerStep: SdeStep = iterated('sdeImplicitEulerStep', 2, sdeImplicitEulerStepWith);

/**
 * Implicit Euler with a number of iterations of its own. @throws ArgumentError if maxIter is less than 1
 *
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeImplicitEulerStepWith({ maxIter: 5 })((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.9090…
 */
export function sdeImplicitEulerStepWith(given: IterationOptions): SdeStep {
  const maxIter = checkIterations('sdeImplicitEulerStepWith', given);
  return (df, dg, y, t, ...args) => {
    checkRhs('sdeImplicitEulerStep', df, dg);
    const h = dt();
    const g = dg(y, t, ...args);
    const noise = zip((b, z) => np.multiply(b, z), g, brownian(y, root(h)));
    const next = (f: unknown) => combine([1, 1, h], [y, noise, f]) as Loose;
    let at = next(df(y, t, ...args));
    for (let i = 0; i < maxIter; i++) at = next(df(at, plus(t, h), ...args));
    return at;
  };
}

/** A stochastic Runge-Kutta method on the whole increments, with the same noise in all stages. */
function stochastic(op: string, rows: readonly (readonly number[])[], nodes: readonly number[], weights: readonly number[]): SdeStep {
  return (df, dg, y, t, ...args) => {
    checkRhs(op, df, dg);
    const h = dt();
    const noise = brownian(y, root(h));
    const ks: unknown[] = [];
    nodes.forEach((c, i) => {
      const at = (i === 0 ? y : combine([1, ...rows[i]!], [y, ...ks])) as Loose;
      const time = c === 0 ? t : plus(t, times(c, h));
      ks.push(increment(h, df(at, time, ...args), dg(at, time, ...args), noise));
    });
    return combine([1, ...weights], [y, ...ks]);
  };
}

/**
 * Order 2 in the increments. Mirrors `braintools.quad.sde_srk2_step`.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeSrk2Step((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.905
 */
export const sdeSrk2Step: SdeStep = stochastic('sdeSrk2Step', [[], [1]], [0, 1], [0.5, 0.5]);
/**
 * Order 3 in the increments. Mirrors `braintools.quad.sde_srk3_step`.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeSrk3Step((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.9048…
 */
export const sdeSrk3Step: SdeStep = stochastic('sdeSrk3Step', [[], [0.5], [-1, 2]], [0, 0.5, 1], [1 / 6, 4 / 6, 1 / 6]);
/**
 * Order 4 in the increments. Mirrors `braintools.quad.sde_srk4_step`.
 *
 * @param df the drift `(y, t, ...args) => slope`
 * @param dg the diffusion `(y, t, ...args) => factor of the noise`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.sdeSrk4Step((y) => np.negative(y), () => np.array(0), np.array(1), 0)); // 0.9048…
 */
export const sdeSrk4Step: SdeStep = stochastic('sdeSrk4Step', [[], [0.5], [0, 0.5], [0, 0, 1]], [0, 0.5, 0.5, 1], [1 / 6, 2 / 6, 2 / 6, 1 / 6]);
