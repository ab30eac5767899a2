import { type Array, ConcreteArray } from '../core/array';
import { dtypeKind, isIntegral } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, isComplex } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { full, like } from '../primitives/structural';
import { broadcastAll, promoteArgs, promoteArgsInexact, promoteArgsNumeric, promoteShapes } from './broadcast';
import { greater, less } from './comparison';
import { type BinaryUfunc, binaryUfunc, type UnaryUfunc, unaryUfunc } from './ufunc';
import { choose, expectDtype } from './where';

const isBool = (x: Array) => x.dtype === 'bool';
const isInteger = (x: Array) => isIntegral(x.dtype);

/** A literal of the dtype and weakness of x. */
export function constLike(x: Array, value: number): Array {
  return astype(asArray(value), x.dtype, x.weakType);
}

/**
 * Sum, elementwise; of booleans, logical or. Mirrors `jax.numpy.add`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.add([1, 2], 3).js() // [4, 5]
 */
export const add: BinaryUfunc = binaryUfunc('add', (x1, x2) => {
  const [x, y] = promoteArgs('add', x1, x2) as [Array, Array];
  return isBool(x) ? p.or(x, y) : p.add(x, y);
}, 0);

/**
 * Difference, elementwise. Mirrors `jax.numpy.subtract`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @throws DtypeError for booleans
 * @example
 * np.subtract([4, 5], 3).js() // [1, 2]
 */
export const subtract: BinaryUfunc = binaryUfunc('subtract', (x1, x2) => {
  const [x, y] = promoteArgs('subtract', x1, x2) as [Array, Array];
  return p.sub(x, y);
});

/**
 * Product, elementwise; of booleans, logical and. Mirrors `jax.numpy.multiply`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.multiply([1, 2], 3).js() // [3, 6]
 */
export const multiply: BinaryUfunc = binaryUfunc('multiply', (x1, x2) => {
  const [x, y] = promoteArgs('multiply', x1, x2) as [Array, Array];
  return isBool(x) ? p.and(x, y) : p.mul(x, y);
}, 1);

/**
 * Quotient, elementwise, floating also for integers. Mirrors `jax.numpy.true_divide`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.trueDivide([1, 2], 2).js() // [0.5, 1]
 */
export function trueDivide(x1: ArrayLike, x2: ArrayLike): Array {
  const [x, y] = promoteArgsInexact('trueDivide', x1, x2) as [Array, Array];
  return p.div(x, y);
}

/**
 * {@link trueDivide}. Mirrors `jax.numpy.divide`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.divide([7, 8], 2).js(); // [3.5, 4]
 */
export const divide = trueDivide;

function floatDivmod(x: Array, y: Array): [Array, Array] {
  const rem = p.rem(x, y);
  // The quotient is exact once the remainder is taken off; dividing by zero is to give infinity, not NaN.
  const quotient = p.div(choose(p.eq(y, like(y, 0)), x, p.sub(x, rem)), y);
  const differ = p.and(p.ne(rem, like(rem, 0)), p.ne(p.sign(y), p.sign(rem)));
  const [d, r, ry, q, q1] = broadcastAll('divmod', [differ, rem, p.add(rem, y), quotient, p.sub(quotient, constLike(quotient, 1))]) as [Array, Array, Array, Array, Array];
  return [p.round(p.where(d, q1, q)), p.where(d, ry, r)];
}

function floorDivideOf(x: Array, y: Array): Array {
  const kind = dtypeKind(x.dtype);
  if (kind === 'uint') return p.div(x, y);
  if (kind === 'int') {
    const q = p.div(x, y);
    const down = p.and(p.ne(p.sign(x), p.sign(y)), p.ne(p.rem(x, y), like(x, 0)));
    return choose(down, p.sub(q, constLike(q, 1)), q);
  }
  return floatDivmod(x, y)[0];
}

const floorDivideProgram = composite('floor_divide', ([a, b]) => {
  const [x, y] = promoteArgsNumeric('floorDivide', a!, b!) as [Array, Array];
  expectDtype('floorDivide', x, dtypeKind(x.dtype) !== 'complex', 'real operands');
  return [floorDivideOf(x, y)];
});

/**
 * The largest integer not above the quotient, elementwise. Mirrors `jax.numpy.floor_divide`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @throws DtypeError for complex operands
 * @example
 * np.floorDivide([-7, 7], 2).js() // [-4, 3]
 */
export function floorDivide(x1: ArrayLike, x2: ArrayLike): Array {
  return floorDivideProgram([asArray(x1, 'floorDivide'), asArray(x2, 'floorDivide')], {})[0]!;
}

/** An integer divisor with 1 in place of 0, so that remainders are 0 there. */
function safeDivisor(y: Array): Array {
  return isInteger(y) ? choose(p.eq(y, like(y, 0)), constLike(y, 1), y) : y;
}

function remainderOf(x: Array, y0: Array): Array {
  const y = safeDivisor(y0);
  const rem = p.rem(x, y);
  const nonzero = p.ne(rem, like(rem, 0));
  const shift = p.and(p.ne(p.lt(rem, like(rem, 0)), p.lt(y, like(y, 0))), nonzero);
  return p.where(shift, p.add(rem, y), rem);
}

const remainderProgram = composite('remainder', ([a, b]) => {
  const [x, y] = promoteArgsNumeric('remainder', a!, b!) as [Array, Array];
  return [remainderOf(x, y)];
});

/**
 * The remainder with the divisor's sign, elementwise, as Python's `%`. Mirrors `jax.numpy.remainder`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.remainder([-7, 7], 3).js() // [2, 1]
 */
export function remainder(x1: ArrayLike, x2: ArrayLike): Array {
  return remainderProgram([asArray(x1, 'remainder'), asArray(x2, 'remainder')], {})[0]!;
}

/**
 * {@link remainder}. Mirrors `jax.numpy.mod`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.mod([7, -7], 3).js(); // [1, 2]
 */
export const mod = remainder;

const fmodProgram = composite('fmod', ([a, b]) => {
  const [x, y] = promoteArgsNumeric('fmod', a!, b!) as [Array, Array];
  return [p.rem(x, isInteger(a!) || isInteger(b!) ? safeDivisor(y) : y)];
});

/**
 * The remainder with the dividend's sign, elementwise, as C's `fmod`. Mirrors `jax.numpy.fmod`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.fmod([-7, 7], 3).js() // [-1, 1]
 */
export function fmod(x1: ArrayLike, x2: ArrayLike): Array {
  return fmodProgram([asArray(x1, 'fmod'), asArray(x2, 'fmod')], {})[0]!;
}

const divmodProgram = composite('divmod', ([a, b]) => {
  const [x, y] = promoteArgsNumeric('divmod', a!, b!) as [Array, Array];
  expectDtype('divmod', x, dtypeKind(x.dtype) !== 'complex', 'real operands');
  return isInteger(x) ? [floorDivideOf(x, y), remainderOf(x, y)] : floatDivmod(x, y);
});

/**
 * {@link floorDivide} and {@link remainder}. Mirrors `jax.numpy.divmod`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.divmod(7, 2).map((x) => x.item()) // [3, 1]
 */
export function divmod(x1: ArrayLike, x2: ArrayLike): [Array, Array] {
  return divmodProgram([asArray(x1, 'divmod'), asArray(x2, 'divmod')], {}) as [Array, Array];
}

/** The negative, elementwise. Mirrors `jax.numpy.negative`. @throws DtypeError for booleans @example np.negative([1, -2]).js() // [-1, 2] */
export const negative: UnaryUfunc = unaryUfunc('negative', (x) => p.neg(asArray(x, 'negative')));

/** The array itself. Mirrors `jax.numpy.positive`. @example np.positive([1, -2]).js() // [1, -2] */
export function positive(x: ArrayLike): Array {
  return asArray(x, 'positive');
}

/** 1 / x, elementwise. Mirrors `jax.numpy.reciprocal`. @example np.reciprocal([2, 4]).js() // [0.5, 0.25] */
export function reciprocal(x: ArrayLike): Array {
  return p.integerPow(promoteArgsInexact('reciprocal', x)[0]!, -1);
}

/** x · x, elementwise; booleans become int32. Mirrors `jax.numpy.square`. @example np.square([2, 3]).js() // [4, 9] */
export function square(x: ArrayLike): Array {
  return p.square(promoteArgsNumeric('square', x)[0]!);
}

/** The absolute value, elementwise; of complex numbers, the real modulus. Mirrors `jax.numpy.absolute`. @example np.absolute([-1, 2]).js() // [1, 2] */
export function absolute(x: ArrayLike): Array {
  const a = asArray(x, 'absolute');
  const kind = dtypeKind(a.dtype);
  return kind === 'bool' || kind === 'uint' ? a : p.abs(a);
}

/** {@link absolute}. Mirrors `jax.numpy.abs`. @example np.abs(np.array([-1.5, 2])).js(); // [1.5, 2] */
export const abs = absolute;

/** The absolute value as a float, elementwise. Mirrors `jax.numpy.fabs`. @throws DtypeError for complex numbers @example np.fabs([-1, 2]).js() // [1, 2] */
export function fabs(x: ArrayLike): Array {
  const [a] = promoteArgsInexact('fabs', x) as [Array];
  expectDtype('fabs', a, dtypeKind(a.dtype) !== 'complex', 'real numbers');
  return p.abs(a);
}

/** −1, 0 or 1 by the sign, elementwise; of complex numbers, x / |x|. Mirrors `jax.numpy.sign`. @example np.sign([-3, 0, 2]).js() // [-1, 0, 1] */
export function sign(x: ArrayLike): Array {
  return p.sign(asArray(x, 'sign'));
}

/**
 * The greater, elementwise; NaN where either is. Mirrors `jax.numpy.maximum`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.maximum([1, 5], 3).js() // [3, 5]
 */
export const maximum: BinaryUfunc = binaryUfunc('maximum', (x1, x2) => {
  const [x, y] = promoteArgs('maximum', x1, x2) as [Array, Array];
  return p.max(x, y);
});

/**
 * The less, elementwise; NaN where either is. Mirrors `jax.numpy.minimum`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.minimum([1, 5], 3).js() // [1, 3]
 */
export const minimum: BinaryUfunc = binaryUfunc('minimum', (x1, x2) => {
  const [x, y] = promoteArgs('minimum', x1, x2) as [Array, Array];
  return p.min(x, y);
});

const fmaxProgram = composite<{ max: boolean }>('fmax', ([a, b], { max }) => {
  const [x, y] = promoteArgs(max ? 'fmax' : 'fmin', a!, b!) as [Array, Array];
  return [choose(p.or(max ? greater(x, y) : less(x, y), p.ne(y, y)), x, y)];
});

/**
 * The greater, elementwise, NaN being ignored where it can. Mirrors `jax.numpy.fmax`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.fmax([1, NaN], 0).js() // [1, 0]
 */
export function fmax(x1: ArrayLike, x2: ArrayLike): Array {
  return fmaxProgram([asArray(x1, 'fmax'), asArray(x2, 'fmax')], { max: true })[0]!;
}

/**
 * The less, elementwise, NaN being ignored where it can. Mirrors `jax.numpy.fmin`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.fmin([1, NaN], 0).js() // [0, 0]
 */
export function fmin(x1: ArrayLike, x2: ArrayLike): Array {
  return fmaxProgram([asArray(x1, 'fmin'), asArray(x2, 'fmin')], { max: false })[0]!;
}

/** The whole number that a plain value or a concrete integer scalar stands for; undefined if none. */
function staticInteger(x: ArrayLike): number | undefined {
  const v = x instanceof ConcreteArray && x.ndim === 0 && !['float', 'complex'].includes(dtypeKind(x.dtype)) ? x.item() : x;
  if (typeof v === 'number' && Number.isSafeInteger(v) && !Object.is(v, -0)) return v;
  return typeof v === 'boolean' ? Number(v) : typeof v === 'bigint' ? Number(v) : undefined;
}

/** Binary exponentiation with as many steps as a power of any base but −1, 0 and 1 can have before it overflows 64 bits. */
function integerPower(x: Array, y: Array): Array {
  const [x0, y0] = broadcastAll('power', [x, y]) as [Array, Array];
  const zero = like(y0, 0);
  const one = like(y0, 1);
  let base = x0;
  let exponent = y0;
  let acc = p.where(p.and(p.eq(base, zero), p.ne(exponent, zero)), constLike(y0, 0), constLike(y0, 1));
  if (acc.ndim !== y0.ndim) acc = full(y0.shape, 1, y0.dtype);
  for (let i = 0; i < 6; i++) {
    acc = p.where(p.ne(p.and(exponent, one), zero), p.mul(acc, base), acc);
    base = p.mul(base, base);
    exponent = p.shiftRightLogical(exponent, one);
  }
  return acc;
}

const powerProgram = composite('power', ([a, b]) => {
  const [x, y] = promoteArgsNumeric('power', a!, b!) as [Array, Array];
  if (isInteger(x)) {
    const out = integerPower(x, y);
    // Its constants are weak beside weak scalars only.
    return [out.ndim === 0 ? out : astype(out, out.dtype)];
  }
  // A float's integer power keeps the float's type, whatever the integer's.
  if (['float', 'complex'].includes(dtypeKind(a!.dtype)) && isInteger(b!)) {
    const [u, v] = promoteShapes('power', [a!, b!]) as [Array, Array];
    return [p.pow(u, v)];
  }
  return [p.pow(x, y)];
});

/**
 * x1 to the power x2, elementwise. A whole JS number as exponent multiplies exactly, and has a derivative at 0. Mirrors `jax.numpy.power`.
 *
 * @throws DtypeError for an integer to a negative whole number
 * @example
 * np.power([1, 2, 3], 2).js() // [1, 4, 9]
 */
export function power(x1: ArrayLike, x2: ArrayLike): Array {
  const n = staticInteger(x2);
  if (n !== undefined) {
    const [x] = promoteArgsNumeric('power', x1) as [Array];
    return wholePower('power', x, n);
  }
  return powerProgram([asArray(x1, 'power'), asArray(x2, 'power')], {})[0]!;
}

/** x to a whole power known beforehand. */
export function wholePower(op: string, x: Array, n: number): Array {
  if (n < 0 && isInteger(x)) throw new DtypeError(`${op}: integers cannot be raised to negative powers, got ${x.aval} and ${n}`);
  if (n === 0) return full(x.shape, 1, x.dtype, x.weakType);
  return n === 1 ? x : p.integerPow(x, n);
}

/**
 * {@link power}. Mirrors `jax.numpy.pow`.
 *
 * @param x1 an array or a number; broadcasts against x2
 * @param x2 an array or a number; broadcasts against x1
 * @example
 * np.pow([2, 3], 2).js(); // [4, 9]
 */
export const pow = power;

/** x1 to the power x2 as floats, elementwise. Mirrors `jax.numpy.float_power`. @example np.floatPower([2, 3], -1).js() // [0.5, 0.3333…] */
export function floatPower(x1: ArrayLike, x2: ArrayLike): Array {
  const [x, y] = promoteArgsInexact('floatPower', x1, x2) as [Array, Array];
  return p.pow(x, y);
}

/** Whether an argument holds complex numbers, by its type. */
export function holdsComplex(x: unknown): boolean {
  return isComplex(x) || (typeof x === 'object' && x !== null && dtypeKind(asArray(x as ArrayLike).dtype) === 'complex');
}

