import type { Array } from '../../core/array';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray } from '../../lax/arrayLike';
import { broadcastAll, promoteArgsInexact } from '../../numpy/broadcast';
import { readNamed, type Rest } from '../../numpy/program';
import * as e from '../../primitives/elementwise';
import { expectReal } from '../elementwise';

// Functions of distributions: elementwise in the point and the parameters, one compiled program each.

/** Where a distribution stands and how wide it is. */
export interface LocScale {
  /** What points are shifted by; 0. */
  loc?: ArrayLike;
  /** What points are scaled by; 1. */
  scale?: ArrayLike;
}

/** Where a distribution of counts stands. */
export interface Loc {
  /** What points are shifted by; 0. */
  loc?: ArrayLike;
}

type LocScaleRest = Rest<LocScale, 'loc', 'scale'>;
type LocRest = Rest<Loc, 'loc'>;

/** A function of points, of a distribution with location and scale. */
export type Of0 = (x: ArrayLike, ...rest: LocScaleRest) => Array;
/** A function of values and one parameter. */
export type Of1 = (x: ArrayLike, a: ArrayLike, ...rest: LocScaleRest) => Array;
/** A function of values and two parameters. */
export type Of2 = (x: ArrayLike, a: ArrayLike, b: ArrayLike, ...rest: LocScaleRest) => Array;
/** A function of points, of a distribution with location only. */
export type Discrete1 = (k: ArrayLike, a: ArrayLike, ...rest: LocRest) => Array;
/** A function of counts and two parameters. */
export type Discrete2 = (k: ArrayLike, a: ArrayLike, b: ArrayLike, ...rest: LocRest) => Array;
/** A function of counts and three parameters. */
export type Discrete3 = (k: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike, ...rest: LocRest) => Array;
/** A function of points and one parameter. */
export type Plain1 = (x: ArrayLike, a: ArrayLike) => Array;

type Formula = (...xs: Array[]) => Array;
type OptionName = 'loc' | 'scale';

function method(name: string, count: number, options: readonly OptionName[], f: Formula, { stepwise = false, complex = [] }: Traits): (...args: unknown[]) => Array {
  const evaluate = (given: readonly Array[]) => {
    const xs = promoteArgsInexact(name, ...given);
    if (!complex.includes(name.slice(name.lastIndexOf('.') + 1))) expectReal(name, ...xs);
    return [f(...broadcastAll(name, xs))];
  };
  const run = stepwise ? evaluate : composite(name, evaluate);
  return (...args) => {
    const o = readNamed(name, options, options.length, args.slice(count));
    const parameters = options.map((k) => o[k] ?? (k === 'loc' ? 0 : 1));
    return run([...globalThis.Array.from({ length: count }, (_, i) => args[i]), ...parameters].map((x) => asArray(x as ArrayLike, name)), {})[0]!;
  };
}

/** What is particular about a distribution's functions. */
interface Traits {
  /** Outside of jit every operation is a program of its own, as in JAX. Fused, XLA multiplies by reciprocals and adds products unrounded, and gives other values where infinities or numbers that are nearly equal meet. */
  stepwise?: boolean;
  /** Functions that are analytic, and take complex numbers. */
  complex?: readonly string[];
}

/** Makes the functions of a distribution from formulas; each gets the point, the shape parameters, and location and scale as far as there are any. */
export function distribution<F>(name: string, count: number, options: readonly OptionName[], formulas: Record<string, Formula>, traits: Traits = {}): F {
  return Object.fromEntries(Object.entries(formulas).map(([k, f]) => [k, method(`${name}.${k}`, count, options, f, traits)])) as F;
}

export const LOC_SCALE = ['loc', 'scale'] as const;
export const LOC = ['loc'] as const;

/** The exponential of a formula. */
export const exponential = (f: Formula): Formula => (...xs) => e.exp(f(...xs));
/** The logarithm of a formula. */
export const logarithm = (f: Formula): Formula => (...xs) => e.log(f(...xs));
/** (x − loc) / scale. */
export const standard = (x: Array, loc: Array, scale: Array) => e.div(e.sub(x, loc), scale);
