import { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, isScalarValue } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { full, scalar } from '../primitives/structural';
import { promoteArgs } from './broadcast';
import { holdsComplex } from './arithmetic';
import { type BinaryUfunc, binaryUfunc } from './ufunc';
import { laxConst, toBool } from './where';

const kindOf = (x: Array) => dtypeKind(x.dtype);

const BITS = { and: p.and, or: p.or, xor: p.xor };
const logicalProgram = composite<{ name: 'and' | 'or' | 'xor' }>('logical', ([a, b], { name }) => {
  const [x, y] = promoteArgs(`logical_${name}`, a!, b!) as [Array, Array];
  return [BITS[name](toBool(x), toBool(y))];
});
const logical = (name: 'and' | 'or' | 'xor', op: string) => (x1: ArrayLike, x2: ArrayLike) => logicalProgram([asArray(x1, op), asArray(x2, op)], { name })[0]!;

/**
 * Whether both are not zero, elementwise. Mirrors `jax.numpy.logical_and`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.logicalAnd([true, false], true).js() // [true, false]
 */
export const logicalAnd: BinaryUfunc = binaryUfunc('logicalAnd', logical('and', 'logicalAnd'), true);

/**
 * Whether either is not zero, elementwise. Mirrors `jax.numpy.logical_or`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.logicalOr([true, false], false).js() // [true, false]
 */
export const logicalOr: BinaryUfunc = binaryUfunc('logicalOr', logical('or', 'logicalOr'), false);

/**
 * Whether just one is not zero, elementwise. Mirrors `jax.numpy.logical_xor`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.logicalXor([true, false], true).js() // [false, true]
 */
export const logicalXor: BinaryUfunc = binaryUfunc('logicalXor', logical('xor', 'logicalXor'), false);

const logicalNotProgram = composite('logical_not', ([x]) => [p.not(toBool(x!))]);

/** Whether it is zero, elementwise. Mirrors `jax.numpy.logical_not`. @example np.logicalNot([0, 2]).js() // [true, false] */
export function logicalNot(x: ArrayLike): Array {
  return logicalNotProgram([asArray(x, 'logicalNot')], {})[0]!;
}

/** Whether it is NaN, elementwise. Mirrors `jax.numpy.isnan`. @example np.isnan([NaN, 1]).js() // [true, false] */
export function isnan(x: ArrayLike): Array {
  const a = asArray(x, 'isnan');
  return p.ne(a, a);
}

const finiteProgram = composite('isfinite', ([x]) => [p.and(p.isFinite(p.real(x!)), p.isFinite(p.imag(x!)))]);

/** Whether it is neither infinite nor NaN, elementwise. Mirrors `jax.numpy.isfinite`. @example np.isfinite([1, Infinity]).js() // [true, false] */
export function isfinite(x: ArrayLike): Array {
  const a = asArray(x, 'isfinite');
  if (kindOf(a) === 'complex') return finiteProgram([a], {})[0]!;
  return kindOf(a) === 'float' ? p.isFinite(a) : full(a.shape, true, 'bool');
}

const infinite = (x: Array) => p.eq(p.abs(x), scalar(Number.POSITIVE_INFINITY, x.dtype));
const infProgram = composite('isinf', ([x]) => [kindOf(x!) === 'complex' ? p.or(infinite(p.real(x!)), infinite(p.imag(x!))) : infinite(x!)]);

/** Whether it is infinite, elementwise. Mirrors `jax.numpy.isinf`. @example np.isinf([1, -Infinity]).js() // [false, true] */
export function isinf(x: ArrayLike): Array {
  const a = asArray(x, 'isinf');
  return kindOf(a) === 'complex' || kindOf(a) === 'float' ? infProgram([a], {})[0]! : full(a.shape, false, 'bool');
}

function isInfinity(op: string, x: ArrayLike, value: number): Array {
  const a = asArray(x, op);
  if (kindOf(a) === 'complex') throw new DtypeError(`${op}: expected real numbers, got ${a.aval}`);
  return kindOf(a) === 'float' ? p.eq(a, scalar(value, a.dtype)) : full(a.shape, false, 'bool');
}

/** Whether it is +∞, elementwise. Mirrors `jax.numpy.isposinf`. @throws DtypeError for complex numbers @example np.isposinf([Infinity, -Infinity]).js() // [true, false] */
export function isposinf(x: ArrayLike): Array {
  return isInfinity('isposinf', x, Number.POSITIVE_INFINITY);
}

/** Whether it is −∞, elementwise. Mirrors `jax.numpy.isneginf`. @throws DtypeError for complex numbers @example np.isneginf([Infinity, -Infinity]).js() // [false, true] */
export function isneginf(x: ArrayLike): Array {
  return isInfinity('isneginf', x, Number.NEGATIVE_INFINITY);
}

const complexProgram = composite<{ real: boolean }>('iscomplex', ([x], { real }) => {
  const im = p.imag(x!);
  return [real ? p.eq(im, laxConst(im, 0)) : p.ne(im, laxConst(im, 0))];
});

/** Whether its imaginary part is not 0, elementwise. Mirrors `jax.numpy.iscomplex`. @example np.iscomplex([1, { re: 0, im: 1 }]).js() // [false, true] */
export function iscomplex(x: ArrayLike): Array {
  const a = asArray(x, 'iscomplex');
  return kindOf(a) === 'complex' ? complexProgram([a], { real: false })[0]! : full(a.shape, false, 'bool', a.weakType && a.ndim === 0);
}

/** Whether its imaginary part is 0, elementwise. Mirrors `jax.numpy.isreal`. @example np.isreal([1, { re: 0, im: 1 }]).js() // [true, false] */
export function isreal(x: ArrayLike): Array {
  const a = asArray(x, 'isreal');
  return kindOf(a) === 'complex' ? complexProgram([a], { real: true })[0]! : full(a.shape, true, 'bool', a.weakType && a.ndim === 0);
}

/** Whether something is of a complex type, whatever its values. Mirrors `jax.numpy.iscomplexobj`. @example np.iscomplexobj({ re: 1, im: 0 }) // true */
export function iscomplexobj(x: unknown): boolean {
  return x !== null && x !== undefined && holdsComplex(x);
}

/** Whether something is not of a complex type. Mirrors `jax.numpy.isrealobj`. @example np.isrealobj(1) // true */
export function isrealobj(x: unknown): boolean {
  return !iscomplexobj(x);
}

/** Whether something is a number, boolean, string or array of rank 0. Mirrors `jax.numpy.isscalar`. @example np.isscalar(3) // true */
export function isscalar(element: unknown): boolean {
  if (element instanceof Array) return element.ndim === 0;
  return typeof element === 'string' || isScalarValue(element);
}
