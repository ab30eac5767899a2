import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { like } from '../primitives/structural';
import { constLike } from './arithmetic';
import { promoteArgsInexact } from './broadcast';
import { choose, expectDtype, laxConst } from './where';

/** The sine of an angle in radians, elementwise. Mirrors `jax.numpy.sin`. @example np.sin([0, Math.PI / 2]).js() // [0, 1] */
export function sin(x: ArrayLike): Array {
  return p.sin(promoteArgsInexact('sin', x)[0]!);
}

/** The cosine of an angle in radians, elementwise. Mirrors `jax.numpy.cos`. @example np.cos([0, Math.PI]).js() // [1, -1] */
export function cos(x: ArrayLike): Array {
  return p.cos(promoteArgsInexact('cos', x)[0]!);
}

/** The tangent of an angle in radians, elementwise. Mirrors `jax.numpy.tan`. @example np.tan([0, Math.PI / 4]).js() // [0, 1] */
export function tan(x: ArrayLike): Array {
  return p.tan(promoteArgsInexact('tan', x)[0]!);
}

/** The angle in [−π/2, π/2] whose sine is x, elementwise. Mirrors `jax.numpy.arcsin`. @example np.arcsin([0, 1]).js() // [0, 1.5707…] */
export function arcsin(x: ArrayLike): Array {
  return p.asin(promoteArgsInexact('arcsin', x)[0]!);
}

/** The angle in [0, π] whose cosine is x, elementwise. Mirrors `jax.numpy.arccos`. @example np.arccos([1, -1]).js() // [0, 3.1415…] */
export function arccos(x: ArrayLike): Array {
  return p.acos(promoteArgsInexact('arccos', x)[0]!);
}

/** The angle in (−π/2, π/2) whose tangent is x, elementwise. Mirrors `jax.numpy.arctan`. @example np.arctan([0, 1]).js() // [0, 0.7853…] */
export function arctan(x: ArrayLike): Array {
  return p.atan(promoteArgsInexact('arctan', x)[0]!);
}

/** The angle of the point with ordinate x1 and abscissa x2, elementwise. Mirrors `jax.numpy.arctan2`. @example np.arctan2(1, -1).item() // 2.3561… */
export function arctan2(x1: ArrayLike, x2: ArrayLike): Array {
  const [x, y] = promoteArgsInexact('arctan2', x1, x2) as [Array, Array];
  return p.atan2(x, y);
}

/** The hyperbolic sine, elementwise. Mirrors `jax.numpy.sinh`. @example np.sinh([0, 1]).js() // [0, 1.1752…] */
export function sinh(x: ArrayLike): Array {
  return p.sinh(promoteArgsInexact('sinh', x)[0]!);
}

/** The hyperbolic cosine, elementwise. Mirrors `jax.numpy.cosh`. @example np.cosh([0, 1]).js() // [1, 1.5430…] */
export function cosh(x: ArrayLike): Array {
  return p.cosh(promoteArgsInexact('cosh', x)[0]!);
}

/** The hyperbolic tangent, elementwise. Mirrors `jax.numpy.tanh`. @example np.tanh([0, 1]).js() // [0, 0.7615…] */
export function tanh(x: ArrayLike): Array {
  return p.tanh(promoteArgsInexact('tanh', x)[0]!);
}

/** The inverse of sinh, elementwise. Mirrors `jax.numpy.arcsinh`. @example np.arcsinh([0, 1]).js() // [0, 0.8813…] */
export function arcsinh(x: ArrayLike): Array {
  return p.asinh(promoteArgsInexact('arcsinh', x)[0]!);
}

const arccoshProgram = composite('arccosh', ([x]) => {
  const y = p.acosh(promoteArgsInexact('arccosh', x!)[0]!);
  if (dtypeKind(y.dtype) !== 'complex') return [y];
  // NumPy takes the root with a real part that is not negative.
  const re = p.real(y);
  return [choose(p.lt(re, like(re, 0)), p.neg(y), y)];
});

/** The inverse of cosh that is not negative, elementwise. Mirrors `jax.numpy.arccosh`. @example np.arccosh([1, 2]).js() // [0, 1.3169…] */
export function arccosh(x: ArrayLike): Array {
  return arccoshProgram([asArray(x, 'arccosh')], {})[0]!;
}

/** The inverse of tanh, elementwise. Mirrors `jax.numpy.arctanh`. @example np.arctanh([0, 0.5]).js() // [0, 0.5493…] */
export function arctanh(x: ArrayLike): Array {
  return p.atanh(promoteArgsInexact('arctanh', x)[0]!);
}

/** {@link arcsin}. Mirrors `jax.numpy.asin`. @example np.asin([0, 1]).js(); // [0, 1.5708] */
export const asin = arcsin;
/** {@link arccos}. Mirrors `jax.numpy.acos`. @example np.acos([1, 0]).js(); // [0, 1.5708] */
export const acos = arccos;
/** {@link arctan}. Mirrors `jax.numpy.atan`. @example np.atan([0, 1]).js(); // [0, 0.7854] */
export const atan = arctan;
/**
 * {@link arctan2}. Mirrors `jax.numpy.atan2`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.atan2([1, -1], [0, -1]).js(); // [1.5708, -2.3562]
 */
export const atan2 = arctan2;
/** {@link arcsinh}. Mirrors `jax.numpy.asinh`. @example np.asinh([0, 1]).js(); // [0, 0.8813…] */
export const asinh = arcsinh;
/** {@link arccosh}. Mirrors `jax.numpy.acosh`. @example np.acosh([1, 2]).js(); // [0, 1.3169…] */
export const acosh = arccosh;
/** {@link arctanh}. Mirrors `jax.numpy.atanh`. @example np.atanh([0, 0.5]).js(); // [0, 0.5493…] */
export const atanh = arctanh;

/** Degrees as radians, elementwise. Mirrors `jax.numpy.deg2rad`. @example np.deg2rad(180).item() // 3.1415… */
export function deg2rad(x: ArrayLike): Array {
  const [a] = promoteArgsInexact('deg2rad', x) as [Array];
  return p.mul(a, laxConst(a, Math.PI / 180));
}

/** Radians as degrees, elementwise. Mirrors `jax.numpy.rad2deg`. @example np.rad2deg(Math.PI).item() // 180 */
export function rad2deg(x: ArrayLike): Array {
  const [a] = promoteArgsInexact('rad2deg', x) as [Array];
  return p.mul(a, laxConst(a, 180 / Math.PI));
}

/** {@link deg2rad}. Mirrors `jax.numpy.radians`. @example np.radians([0, 180]).js(); // [0, 3.1416] */
export const radians = deg2rad;
/** {@link rad2deg}. Mirrors `jax.numpy.degrees`. @example np.degrees([0, Math.PI]).js(); // [0, 180] */
export const degrees = rad2deg;

const hypotProgram = composite('hypot', ([a, b]) => {
  const [x1, x2] = promoteArgsInexact('hypot', a!, b!) as [Array, Array];
  expectDtype('hypot', x1, dtypeKind(x1.dtype) !== 'complex', 'real operands (take their absolute values first)');
  const [x, y] = [p.abs(x1), p.abs(x2)];
  const infinite = p.or(p.eq(x, like(x, Number.POSITIVE_INFINITY)), p.eq(y, like(y, Number.POSITIVE_INFINITY)));
  const long = p.max(x, y);
  const short = p.min(x, y);
  const zero = p.eq(long, like(long, 0));
  const ratio = p.div(short, choose(zero, constLike(long, 1), long));
  const length = choose(zero, long, p.mul(long, p.sqrt(p.add(constLike(long, 1), p.square(ratio)))));
  return [choose(infinite, laxConst(long, Number.POSITIVE_INFINITY), length)];
});

/** √(x1² + x2²) without overflow, elementwise. Mirrors `jax.numpy.hypot`. @throws DtypeError for complex operands @example np.hypot(3, 4).item() // 5 */
export function hypot(x1: ArrayLike, x2: ArrayLike): Array {
  return hypotProgram([asArray(x1, 'hypot'), asArray(x2, 'hypot')], {})[0]!;
}
