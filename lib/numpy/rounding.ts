import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { like } from '../primitives/structural';
import { promoteArgsInexact } from './broadcast';
import { defaultFloat, finfo } from './dtypes';
import { type Rest, readOptions } from './program';
import { choose, expectDtype } from './where';

const isWhole = (x: Array) => ['bool', 'int', 'uint'].includes(dtypeKind(x.dtype));

/** The largest integer not above x, elementwise, in x's type. Mirrors `jax.numpy.floor`. @throws DtypeError for complex numbers @example np.floor([1.5, -1.5]).js() // [1, -2] */
export function floor(x: ArrayLike): Array {
  const a = asArray(x, 'floor');
  return isWhole(a) ? a : p.floor(a);
}

/** The smallest integer not below x, elementwise, in x's type. Mirrors `jax.numpy.ceil`. @throws DtypeError for complex numbers @example np.ceil([1.5, -1.5]).js() // [2, -1] */
export function ceil(x: ArrayLike): Array {
  const a = asArray(x, 'ceil');
  return isWhole(a) ? a : p.ceil(a);
}

const towardZero = (x: Array) => choose(p.lt(x, like(x, 0)), p.ceil(x), p.floor(x));
const truncProgram = composite('trunc', ([x]) => [towardZero(x!)]);

/** The fraction dropped, elementwise. Mirrors `jax.numpy.trunc`. @throws DtypeError for complex numbers @example np.trunc([1.5, -1.5]).js() // [1, -1] */
export function trunc(x: ArrayLike): Array {
  const a = asArray(x, 'trunc');
  return isWhole(a) ? a : truncProgram([a], {})[0]!;
}

/** {@link trunc}. Mirrors `numpy.fix`. @example np.fix([1.7, -1.7]).js(); // [1, -1] */
export const fix = trunc;

const nearest = (x: Array) => (dtypeKind(x.dtype) === 'complex' ? p.complex(p.round(p.real(x), true), p.round(p.imag(x), true)) : p.round(x, true));
const rintProgram = composite('rint', ([x]) => [nearest(x!)]);

/** The nearest integer as a float, halves to even, elementwise. Mirrors `jax.numpy.rint`. @example np.rint([0.5, 1.5]).js() // [0, 2] */
export function rint(x: ArrayLike): Array {
  const a = asArray(x, 'rint');
  return isWhole(a) ? astype(a, defaultFloat()) : rintProgram([a], {})[0]!;
}

const roundProgram = composite<{ decimals: number }>('round', ([x], { decimals }) => {
  const a = x!;
  const part = (v: Array): Array => {
    if (decimals === 0) return p.round(v, true);
    const wide = a.dtype === 'float16' ? astype(v, 'float32') : v;
    const factor = like(wide, 10 ** decimals);
    return astype(p.div(p.round(p.mul(wide, factor), true), factor), v.dtype, v.weakType);
  };
  return [dtypeKind(a.dtype) === 'complex' ? p.complex(part(p.real(a)), part(p.imag(a))) : part(a)];
});

/**
 * Rounded to a number of decimals, halves to even, elementwise; integers are as they are. Mirrors `jax.numpy.round`.
 *
 * @throws ArgumentError for integers with negative decimals
 * @example
 * np.round([0.25, 1.375], 1).js() // [0.2, 1.4]
 */
export function round(a: ArrayLike, ...rest: Rest<{ decimals?: number }, 'decimals'>): Array {
  const { decimals = 0 } = readOptions('round', ['decimals'], 1, rest);
  checkInteger('round', 'decimals', decimals);
  const x = asArray(a, 'round');
  const kind = dtypeKind(x.dtype);
  if (kind === 'int' || kind === 'uint') {
    if (decimals < 0) throw new ArgumentError(`round: expected decimals not to be negative for integers, got ${decimals}`);
    return x;
  }
  expectDtype('round', x, kind !== 'bool', 'numbers');
  return decimals > Math.log10(finfo(x.dtype).max) ? x : roundProgram([x], { decimals })[0]!;
}

/** {@link round}. Mirrors `jax.numpy.around`. @example np.around(np.array([1.25, 2.75]), 1).js(); // [1.2, 2.8] */
export const around = round;

const modfProgram = composite('modf', ([x]) => {
  const [a] = promoteArgsInexact('modf', x!) as [Array];
  const whole = choose(p.ge(a, like(a, 0)), p.floor(a), p.ceil(a));
  return [p.sub(a, whole), whole];
});

/** Fraction and whole part, both with x's sign, elementwise. Mirrors `jax.numpy.modf`. @example np.modf([1.5, -1.5]).map((x) => x.js()) // [[0.5, -0.5], [1, -1]] */
export function modf(x: ArrayLike): [Array, Array] {
  return modfProgram([asArray(x, 'modf')], {}) as [Array, Array];
}
