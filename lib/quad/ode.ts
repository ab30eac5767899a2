import type { Array } from '../core/array';
import { DtypeError } from '../core/errors';
import * as environ from '../environ';
import type { Loose } from '../functional/treeFunction';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as np from '../numpy';
import { vectorGrad } from '../transform';
import { advance, checkRhs, combine, dt, exprel, plus, type Rhs, splitOptions, type Time, times, zip } from './common';

/** An explicit Runge-Kutta method: rows of the matrix, nodes, weights, and weights of the embedded method's error. */
interface Tableau {
  a: readonly (readonly number[])[];
  c: readonly number[];
  b: readonly number[];
  /** Weights of the method of lower order. With one more than b, the last is of the slope at the end. */
  lower?: readonly number[];
}

function stages(f: Rhs, y: unknown, t: Time, args: readonly unknown[], { a, c }: Tableau): unknown[] {
  const h = dt();
  const ks: unknown[] = [];
  c.forEach((node, i) => {
    ks.push(f(i === 0 ? y : advance(y, h, a[i]!, ks), node === 0 ? t : plus(t, times(h, node)), ...args));
  });
  return ks;
}

/** One step of an ODE: from y (an array or a tree of them) at time t to t + dt, with dt from `environ`. Further arguments go to f. */
export type OdeStep = (f: Rhs, y: Loose, t: Time, ...args: Loose[]) => Loose;

function stepper(op: string, tableau: Tableau): OdeStep {
  return (f, y, t, ...args) => {
    checkRhs(op, f);
    return advance(y, dt(), tableau.b, stages(f, y, t, args, tableau));
  };
}

/** {@link OdeStep}, and with `withError`, or `{ returnError: true }` after the arguments, the result and an estimate of its error. */
export interface EmbeddedStep {
  (f: Rhs, y: Loose, t: Time, ...args: Loose[]): Loose;
  /** `[y, error]`: Python's `return_error=True`. */
  withError(f: Rhs, y: Loose, t: Time, ...args: Loose[]): [Loose, Loose];
}

function embedded(op: string, tableau: Tableau, error?: (ks: readonly unknown[], h: Time) => unknown): EmbeddedStep {
  const lower = tableau.lower ?? [];
  const withError = (f: Rhs, y: unknown, t: Time, ...args: unknown[]): [Loose, Loose] => {
    checkRhs(op, f);
    const h = dt();
    const ks = stages(f, y, t, args, tableau);
    const next = advance(y, h, tableau.b, ks);
    if (lower.length > tableau.b.length) ks.push(f(next, plus(t, h), ...args));
    if (error !== undefined) return [next, error(ks, h)];
    return [next, zip((e) => np.multiply(h, e), combine(ks.map((_, i) => (tableau.b[i] ?? 0) - (lower[i] ?? 0)), ks))];
  };
  const step = stepper(op, tableau);
  const either = (f: Rhs, y: Loose, t: Time, ...args: Loose[]): Loose => {
    const [rest, { returnError = false }] = splitOptions<{ returnError: boolean }>(args, ['returnError']);
    return (returnError ? withError : step)(f, y, t, ...rest) as Loose;
  };
  return Object.assign(either, { withError }) as EmbeddedStep;
}

const heun3: Tableau = { a: [[], [1 / 3], [0, 2 / 3]], c: [0, 1 / 3, 2 / 3], b: [1 / 4, 0, 3 / 4] };
const bogackiShampine: Tableau = { a: [[], [1 / 2], [0, 3 / 4]], c: [0, 1 / 2, 3 / 4], b: [2 / 9, 1 / 3, 4 / 9], lower: [7 / 24, 1 / 4, 1 / 3, 1 / 8] };

/**
 * Euler's method. Mirrors `braintools.quad.ode_euler_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeEulerStep((y) => np.negative(y), np.array(1), 0)) // 0.9
 */
export const odeEulerStep: OdeStep = stepper('odeEulerStep', { a: [[]], c: [0], b: [1] });
/**
 * The trapezoidal method of order 2. Mirrors `braintools.quad.ode_rk2_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk2Step((y) => np.negative(y), np.array(1), 0)); // 0.905
 */
export const odeRk2Step: OdeStep = stepper('odeRk2Step', { a: [[], [1]], c: [0, 1], b: [1 / 2, 1 / 2] });
/**
 * Kutta's method of order 3. Mirrors `braintools.quad.ode_rk3_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk3Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRk3Step: OdeStep = stepper('odeRk3Step', { a: [[], [1 / 2], [-1, 2]], c: [0, 1 / 2, 1], b: [1 / 6, 4 / 6, 1 / 6] });
/**
 * The classical Runge-Kutta method of order 4. Mirrors `braintools.quad.ode_rk4_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk4Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRk4Step: OdeStep = stepper('odeRk4Step', { a: [[], [1 / 2], [0, 1 / 2], [0, 0, 1]], c: [0, 1 / 2, 1 / 2, 1], b: [1 / 6, 2 / 6, 2 / 6, 1 / 6] });
/**
 * Order 2 by the slope in the middle. Mirrors `braintools.quad.ode_midpoint_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeMidpointStep((y) => np.negative(y), np.array(1), 0)); // 0.905
 */
export const odeMidpointStep: OdeStep = stepper('odeMidpointStep', { a: [[], [1 / 2]], c: [0, 1 / 2], b: [0, 1] });
/**
 * Heun's method of order 3. Mirrors `braintools.quad.ode_heun_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeHeunStep((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeHeunStep: OdeStep = stepper('odeHeunStep', heun3);
/**
 * Kutta's 3/8 rule of order 4. Mirrors `braintools.quad.ode_rk4_38_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk438Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRk438Step: OdeStep = stepper('odeRk438Step', { a: [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]], c: [0, 1 / 3, 2 / 3, 1], b: [1 / 8, 3 / 8, 3 / 8, 1 / 8] });
/**
 * Ralston's method of order 2. Mirrors `braintools.quad.ode_ralston2_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRalston2Step((y) => np.negative(y), np.array(1), 0)); // 0.905
 */
export const odeRalston2Step: OdeStep = stepper('odeRalston2Step', { a: [[], [2 / 3]], c: [0, 2 / 3], b: [1 / 4, 3 / 4] });
/**
 * Ralston's method of order 3. Mirrors `braintools.quad.ode_ralston3_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRalston3Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRalston3Step: OdeStep = stepper('odeRalston3Step', { ...bogackiShampine, lower: undefined });
/**
 * Shu and Osher's strong-stability-preserving method of order 3. Mirrors `braintools.quad.ode_ssprk33_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeSsprk33Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeSsprk33Step: OdeStep = stepper('odeSsprk33Step', { a: [[], [1], [1 / 4, 1 / 4]], c: [0, 1, 1 / 2], b: [1 / 6, 1 / 6, 2 / 3] });
/**
 * Cash and Karp's method of order 5(4). Mirrors `braintools.quad.ode_rk45_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk45Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRk45Step: EmbeddedStep = embedded('odeRk45Step', {
  a: [[], [1 / 5], [3 / 40, 9 / 40], [3 / 10, -9 / 10, 6 / 5], [-11 / 54, 5 / 2, -70 / 27, 35 / 27], [1631 / 55296, 175 / 512, 575 / 13824, 44275 / 110592, 253 / 4096]],
  c: [0, 1 / 5, 3 / 10, 3 / 5, 1, 7 / 8], b: [37 / 378, 0, 250 / 621, 125 / 594, 0, 512 / 1771], lower: [2825 / 27648, 0, 18575 / 48384, 13525 / 55296, 277 / 14336, 1 / 4],
});
/**
 * Bogacki and Shampine's method of order 3(2). Mirrors `braintools.quad.ode_rk23_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk23Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRk23Step: EmbeddedStep = embedded('odeRk23Step', bogackiShampine);
/**
 * {@link odeRk23Step}. Mirrors `braintools.quad.ode_bs32_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeBs32Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeBs32Step: EmbeddedStep = embedded('odeBs32Step', bogackiShampine);
/**
 * Dormand and Prince's method of order 5(4). Mirrors `braintools.quad.ode_dopri5_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeDopri5Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeDopri5Step: EmbeddedStep = embedded('odeDopri5Step', {
  a: [[], [1 / 5], [3 / 40, 9 / 40], [44 / 45, -56 / 15, 32 / 9], [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729], [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656]],
  c: [0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1], b: [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84], lower: [5179 / 57600, 0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40],
});
/**
 * {@link odeDopri5Step}. Mirrors `braintools.quad.ode_rk45_dopri_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk45DopriStep((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRk45DopriStep: EmbeddedStep = odeDopri5Step;
/**
 * Fehlberg's method of order 5(4). Mirrors `braintools.quad.ode_rkf45_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRkf45Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRkf45Step: EmbeddedStep = embedded('odeRkf45Step', {
  a: [[], [1 / 4], [3 / 32, 9 / 32], [1932 / 2197, -7200 / 2197, 7296 / 2197], [439 / 216, -8, 3680 / 513, -845 / 4104], [-8 / 27, 2, -3544 / 2565, 1859 / 4104, -11 / 40]],
  c: [0, 1 / 4, 3 / 8, 12 / 13, 1, 1 / 2], b: [16 / 135, 0, 6656 / 12825, 28561 / 56430, -9 / 50, 2 / 55], lower: [25 / 216, 0, 1408 / 2565, 2197 / 4104, -1 / 5],
});

// The coefficients of Hairer, Norsett and Wanner's DOP853.
const dopri8: Tableau = {
  c: [0, 0.05260015195876773, 0.0789002279381516, 0.1183503419072274, 0.2816496580927726, 1 / 3, 0.25, 4 / 13, 127 / 195, 0.6, 6 / 7, 1],
  a: [
    [], [0.05260015195876773], [0.0197250569845379, 0.0591751709536137], [0.02958758547680685, 0, 0.08876275643042054], [0.2413651341592667, 0, -0.8845494793282861, 0.924834003261792],
    [1 / 27, 0, 0, 0.17082860872947386, 0.12546768756682242], [0.037109375, 0, 0, 0.17025221101954405, 0.06021653898045596, -0.017578125],
    [0.03709200011850479, 0, 0, 0.17038392571223998, 0.10726203044637328, -0.015319437748624402, 0.008273789163814023],
    [0.6241109587160757, 0, 0, -3.3608926294469414, -0.868219346841726, 27.59209969944671, 20.154067550477894, -43.48988418106996],
    [0.47766253643826434, 0, 0, -2.4881146199716677, -0.590290826836843, 21.230051448181193, 15.279233632882423, -33.28821096898486, -0.020331201708508627],
    [-0.9371424300859873, 0, 0, 5.186372428844064, 1.0914373489967295, -8.149787010746927, -18.52006565999696, 22.739487099350505, 2.4936055526796523, -3.0467644718982196],
    [2.273310147516538, 0, 0, -10.53449546673725, -2.0008720582248625, -17.9589318631188, 27.94888452941996, -2.8589982771350235, -8.87285693353063, 12.360567175794303, 0.6433927460157636],
  ],
  b: [0.054293734116568765, 0, 0, 0, 0, 4.450312892752409, 1.8915178993145003, -5.801203960010585, 0.3111643669578199, -0.1521609496625161, 0.20136540080403034, 0.04471061572777259],
};
const E3 = dopri8.b.map((w, i) => w - (i === 0 ? 0.2440944881889764 : i === 8 ? 0.7338466882816118 : i === 11 ? 0.022058823529411766 : 0));
const E5 = [0.01312004499419488, 0, 0, 0, 0, -1.2251564463762044, -0.4957589496572502, 1.6643771824549864, -0.35032884874997366, 0.3341791187130175, 0.08192320648511571, -0.022355307863886294];

/**
 * Dormand and Prince's method of order 8, with the combined error estimate of orders 5 and 3. Mirrors `braintools.quad.ode_dopri8_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeDopri8Step((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeDopri8Step: EmbeddedStep = embedded('odeDopri8Step', dopri8, (ks, h) => zip((e5, e3) => {
  const [size5, size3] = [np.abs(e5), np.multiply(0.1, np.abs(e3))];
  const norm = np.sqrt(np.add(np.square(size5), np.square(size3)));
  const some = np.greater(norm, 0);
  return np.multiply(np.multiply(h, e5), np.where(some, np.divide(size5, np.where(some, norm, 1)), 1));
}, combine(E5, ks), combine(E3, ks)));
/**
 * {@link odeDopri8Step}. Mirrors `braintools.quad.ode_rk87_dopri_step`.
 *
 * @param f the right-hand side `(y, t, ...args) => slope`
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeRk87DopriStep((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeRk87DopriStep: EmbeddedStep = odeDopri8Step;

/** The exponential Euler step of f, which is linearised element by element at y. */
export function exponentialStep(op: string, f: Rhs, given: ArrayLike, t: Time, args: readonly unknown[]): Array {
  // A JS number is a float here, whole or not.
  const y = typeof given === 'number' ? np.asarray(given, { dtype: environ.dftype() }) : asArray(given, op);
  if (!np.issubdtype(y.dtype, np.floating)) throw new DtypeError(`${op}: expected y of a float dtype, got ${y.aval}`);
  const [slope, value] = (vectorGrad as (f: unknown, o: object) => (x: Array) => [Array, Array])((x: Array) => f(x, t, ...args), { argnums: 0, returnValue: true })(y);
  return np.add(y, np.multiply(np.multiply(dt(), exprel(np.multiply(dt(), slope))), value));
}

/**
 * Exponential Euler: exact where f is linear in each element. Mirrors `braintools.quad.ode_expeuler_step`. @throws DtypeError if y is not of floats
 *
 * @param t the time
 * @example
 * environ.context({ dt: 0.1 }, () => quad.odeExpeulerStep((y) => np.negative(y), np.array(1), 0)); // 0.9048…
 */
export const odeExpeulerStep: OdeStep = (f, y, t, ...args) => {
  checkRhs('odeExpeulerStep', f);
  return exponentialStep('odeExpeulerStep', f, y as ArrayLike, t, args);
};
