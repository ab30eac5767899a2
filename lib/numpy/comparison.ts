import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { reduceAnd } from '../primitives/reduction';
import { range } from '../primitives/structural';
import { promoteArgs, promoteArgsInexact } from './broadcast';
import { type Rest, readOptions } from './program';
import { choose } from './where';

/**
 * Equality, elementwise, as bool. Mirrors `jax.numpy.equal`.
 *
 * @param x an array of any dtype
 * @param y an array that broadcasts against x
 * @example
 * np.equal([1, 2], 2).js() // [false, true]
 */
export function equal(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = promoteArgs('equal', x, y) as [Array, Array];
  return p.eq(a, b);
}

/**
 * Inequality, elementwise, as bool. Mirrors `jax.numpy.not_equal`.
 *
 * @param x an array of any dtype
 * @param y an array that broadcasts against x
 * @example
 * np.notEqual([1, 2], 2).js() // [true, false]
 */
export function notEqual(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = promoteArgs('notEqual', x, y) as [Array, Array];
  return p.ne(a, b);
}

const ORDER = { less: p.lt, lessEqual: p.le, greater: p.gt, greaterEqual: p.ge };

const complexOrder = composite<{ name: keyof typeof ORDER }>('compare', ([a, b], { name }) => {
  const op = ORDER[name];
  const [x, y] = promoteArgs(name, a!, b!) as [Array, Array];
  // By real parts, then by imaginary ones.
  return [choose(p.eq(p.real(x), p.real(y)), op(p.imag(x), p.imag(y)), op(p.real(x), p.real(y)))];
});

function compare(name: keyof typeof ORDER, x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = promoteArgs(name, x, y) as [Array, Array];
  return dtypeKind(a.dtype) === 'complex' ? complexOrder([a, b], { name })[0]! : ORDER[name](a, b);
}

/** x < y, elementwise, as bool; complex numbers by real, then imaginary part. Mirrors `jax.numpy.less`. @example np.less([1, 3], 2).js() // [true, false] */
export function less(x: ArrayLike, y: ArrayLike): Array {
  return compare('less', x, y);
}

/** x ≤ y, elementwise, as bool. Mirrors `jax.numpy.less_equal`. @example np.lessEqual([1, 3], 3).js() // [true, true] */
export function lessEqual(x: ArrayLike, y: ArrayLike): Array {
  return compare('lessEqual', x, y);
}

/** x > y, elementwise, as bool. Mirrors `jax.numpy.greater`. @example np.greater([1, 3], 2).js() // [false, true] */
export function greater(x: ArrayLike, y: ArrayLike): Array {
  return compare('greater', x, y);
}

/** x ≥ y, elementwise, as bool. Mirrors `jax.numpy.greater_equal`. @example np.greaterEqual([1, 3], 3).js() // [false, true] */
export function greaterEqual(x: ArrayLike, y: ArrayLike): Array {
  return compare('greaterEqual', x, y);
}

/** Options of {@link allclose} and {@link isclose}. */
export interface CloseOptions {
  /** Relative to the absolute value of `b`; 1e-5 by default. */
  rtol?: ArrayLike;
  /** 1e-8 by default. */
  atol?: ArrayLike;
  /** Whether NaN is close to NaN; false by default. */
  equalNan?: boolean;
}

const finite = (x: Array) => (dtypeKind(x.dtype) === 'complex' ? p.and(p.isFinite(p.real(x)), p.isFinite(p.imag(x))) : p.isFinite(x));

const iscloseProgram = composite<{ equalNan: boolean }>('isclose', ([a, b, r, t], { equalNan }) => {
  const [x, y] = promoteArgsInexact('isclose', a!, b!) as [Array, Array];
  const size = p.abs(y);
  const [rtol, atol] = [astype(r!, size.dtype), astype(t!, size.dtype)];
  const near = p.le(p.abs(p.sub(x, y)), p.add(atol, p.mul(rtol, size)));
  const out = p.or(p.eq(x, y), p.and(finite(y), near));
  return [equalNan ? p.or(out, p.and(p.ne(x, x), p.ne(y, y))) : out];
});

/** The options of {@link isclose} given by place or name. */
function readClose(op: string, rest: Rest<CloseOptions, 'rtol', 'atol', 'equalNan'>): CloseOptions {
  return readOptions(op, ['rtol', 'atol', 'equalNan'], 3, rest);
}

/**
 * Whether |a − b| ≤ atol + rtol · |b|, elementwise, as bool. Mirrors `jax.numpy.isclose`.
 *
 * @example
 * np.isclose([1, 2], [1 + 1e-6, 2.1]).js() // [true, false]
 */
export function isclose(a: ArrayLike, b: ArrayLike, ...rest: Rest<CloseOptions, 'rtol', 'atol', 'equalNan'>): Array {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = readClose('isclose', rest);
  return iscloseProgram([a, b, rtol, atol].map((x) => asArray(x, 'isclose')), { equalNan })[0]!;
}

const allcloseProgram = composite<{ equalNan: boolean }>('allclose', (args, statics) => {
  const [close] = iscloseProgram(args, statics) as [Array];
  return [reduceAnd(close, range(close.ndim))];
});

/**
 * Whether all elements are close, as {@link isclose} says. Mirrors `jax.numpy.allclose`.
 *
 * @param a an array
 * @param b an array that broadcasts against a
 * @example
 * np.allclose([1, 2], [1 + 1e-6, 2]).item() // true
 */
export function allclose(a: ArrayLike, b: ArrayLike, ...rest: Rest<CloseOptions, 'rtol', 'atol', 'equalNan'>): Array {
  const { rtol = 1e-5, atol = 1e-8, equalNan = false } = readClose('allclose', rest);
  return allcloseProgram([a, b, rtol, atol].map((x) => asArray(x, 'allclose')), { equalNan })[0]!;
}
