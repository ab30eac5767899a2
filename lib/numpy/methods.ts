import { inspect } from 'node:util';
import { Array, ConcreteArray, type Nested } from '../core/array';
import { checkDtype, type Shape } from '../core/aval';
import { type DType, dtypeKind, realDtype } from '../core/dtype';
import { ArgumentError, ConcretizationError, ShapeError } from '../core/errors';
import { bytesPerElement, encode } from '../core/hostFormat';
import { Tracer } from '../core/trace';
import type { ArrayLike } from '../lax/arrayLike';
import { bitcastConvertType, bitWidth, complex } from '../primitives/elementwise';
import { concatenate, indexInDim, reshape as reshapeP } from '../primitives/structural';
import * as arithmetic from './arithmetic';
import * as bits from './bitwise';
import { clip, type ClipOptions } from './clip';
import { type CloseOptions, equal, greater, greaterEqual, isclose, less, lessEqual, notEqual } from './comparison';
import { conjugate, imag, real } from './complexParts';
import { astype, copy, type DtypeOption } from './creation';
import { diagonal, type DiagonalOptions, trace, type TraceOptions } from './diagonals';
import type { DtypeLike } from './dtypes';
import { cbrt, exp, exp2, expm1, log, log10, log1p, log2, sqrt } from './exponents';
import { at, type Index, index, type IndexUpdate } from './indexing';
import { isfinite, isinf, isnan, logicalAnd, logicalNot, logicalOr, logicalXor } from './logic';
import { expandDims, matrixTranspose, moveaxis, type Order, ravel, reshape, squeeze, swapaxes, transpose } from './manipulation';
import type { Binary, Unary } from './methodTable';
import { installMethods } from './methodTable';
import { nonzero, type NonzeroOptions } from './nonzero';
import { arrayRepr, arrayStr } from './printing';
import { dot, inner, matmul, outer, type ProductOptions, vdot } from './products';
import { readOptions, type Rest } from './program';
import type { Axis } from './axes';
import {
  all, any, type ArgOptions, argmax, argmin, type AxisOptions, countNonzero, cumprod, cumsum, type CumulativeOptions, max, mean, type MeanOptions, min, type MinMaxOptions, prod, ptp, std, sum, type SumOptions,
  type VarOptions, var_, type WhereOption,
} from './reductions';
import { ceil, floor, rint, round, trunc } from './rounding';
import { repeat, type RepeatOptions } from './editing';
import { type SearchOptions, searchsorted } from './search';
import { argpartition, argsort, type ArgsortOptions, partition, sort, type SortOptions } from './sorting';
import { choose, compress, type CompressOptions, take, type TakeOptions } from './take';
import { cos, cosh, sin, sinh, tan, tanh } from './trigonometric';

type ShapeArgs = readonly (number | Shape | { order?: Order })[];

/** A new shape as one array or as several numbers, and options. */
function reshapeTo(x: Array, ...shape: ShapeArgs): Array {
  const last = shape[shape.length - 1];
  const options = typeof last === 'object' && !globalThis.Array.isArray(last) ? (last as { order?: Order }) : undefined;
  const dims = options ? shape.slice(0, -1) : shape;
  return reshape(x, (dims.length === 1 ? dims[0] : dims) as Shape, ...(options ? [options] : []));
}

function transposeTo(x: Array, ...axes: readonly (number | readonly number[] | null)[]): Array {
  if (axes.length === 0) return transpose(x);
  return transpose(x, { axes: (axes.length === 1 && typeof axes[0] !== 'number' ? axes[0] : axes) as readonly number[] | null });
}

/** Complex numbers of the last dimension as their parts in turn, or the other way round. */
function partsInTurn(x: Array): Array {
  const pairs = concatenate([real(x), imag(x)].map((part) => reshapeP(part, [...x.shape, 1])), x.ndim);
  return reshapeP(pairs, [...x.shape.slice(0, -1), x.shape[x.ndim - 1]! * 2]);
}
function pairsAsComplex(x: Array): Array {
  const pairs = reshapeP(x, [...x.shape.slice(0, -1), x.shape[x.ndim - 1]! / 2, 2]);
  return complex(indexInDim(pairs, 0, x.ndim), indexInDim(pairs, 1, x.ndim));
}

/** The bytes of elements that are neither bool nor complex as others that are neither. */
function bitsAs(x: Array, to: DType): Array {
  const [a, b] = [bitWidth(x.dtype), bitWidth(to)];
  if (a === b) return bitcastConvertType(x, to);
  const shape = [...x.shape.slice(0, -1), (x.shape[x.ndim - 1]! * a) / b];
  return a > b ? reshapeP(bitcastConvertType(x, to), shape) : bitcastConvertType(reshapeP(x, [...shape, b / a]), to);
}

/** The bytes of the elements as elements of another type; the last dimension changes with their size. */
function view(x: Array, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const { dtype } = readOptions('view', ['dtype'], 1, rest);
  if (dtype === undefined || dtype === null) return x;
  const to = checkDtype('view', dtype);
  const [a, b] = [bitWidth(x.dtype), bitWidth(to)];
  if (x.ndim === 0) {
    if (a !== b) throw new ShapeError(`view: cannot change the size of elements of ${x.aval}, which has no dimensions`);
    return reshapeP(view(reshapeP(x, [1]), { dtype: to }), []);
  }
  if ((x.shape[x.ndim - 1]! * a) % b !== 0) throw new ShapeError(`view: the last dimension of ${x.aval} does not hold whole elements of ${to}`);
  if (x.dtype === to) return x;
  // Booleans are bytes, complex numbers pairs of floats.
  const source = x.dtype === 'bool' ? astype(x, 'uint8') : dtypeKind(x.dtype) === 'complex' ? partsInTurn(x) : x;
  if (to === 'bool') return astype(bitsAs(source, 'uint8'), 'bool');
  return dtypeKind(to) === 'complex' ? pairsAsComplex(bitsAs(source, realDtype(to))) : bitsAs(source, to);
}

function toList(x: Array): Nested {
  return x.js();
}

/** The elements' bytes, in row-major order. */
function toBytes(x: Array): Uint8Array {
  return encode(x.dataSync() as never, x.dtype);
}

const TABLE = {
  // What operators do in Python, by jax-js's short names and NumPy's.
  add: arithmetic.add, sub: arithmetic.subtract, subtract: arithmetic.subtract,
  mul: arithmetic.multiply, multiply: arithmetic.multiply, div: arithmetic.trueDivide, divide: arithmetic.trueDivide,
  trueDivide: arithmetic.trueDivide, floorDivide: arithmetic.floorDivide, mod: arithmetic.remainder, remainder: arithmetic.remainder, divmod: arithmetic.divmod, pow: arithmetic.power,
  power: arithmetic.power, neg: arithmetic.negative, negative: arithmetic.negative, abs: arithmetic.absolute, absolute: arithmetic.absolute, sign: arithmetic.sign, square: arithmetic.square,
  reciprocal: arithmetic.reciprocal, maximum: arithmetic.maximum, minimum: arithmetic.minimum,
  matmul, dot, vdot, inner, outer,
  bitwiseAnd: bits.bitwiseAnd, bitwiseOr: bits.bitwiseOr, bitwiseXor: bits.bitwiseXor,
  bitwiseNot: bits.bitwiseNot, invert: bits.bitwiseNot, leftShift: bits.leftShift, rightShift: bits.rightShift,
  equal, notEqual, less, lessEqual, greater, greaterEqual, isclose,
  logicalAnd: logicalAnd, logicalOr: logicalOr, logicalXor: logicalXor, logicalNot,
  isnan, isinf, isfinite,
  exp, exp2, expm1, log, log2, log10, log1p, sqrt, cbrt, sin, cos, tan, sinh, cosh, tanh, floor, ceil, trunc, rint, round, clip, conj: conjugate, conjugate,
  sum, prod, mean, std, var: var_, max, min, ptp, all, any, argmax, argmin, countNonzero, cumsum, cumprod, nonzero, trace, diagonal,
  reshape: reshapeTo, ravel, flatten: ravel, transpose: transposeTo, squeeze, swapaxes, moveaxis, expandDims,
  astype, copy, view, slice: index, at,
  argsort, sort, argpartition, partition, searchsorted, take, choose, repeat, compress: (x: Array, condition: ArrayLike, ...rest: Rest<CompressOptions, 'axis'>) => compress(condition, x, ...rest),
  toList, tolist: toList, tobytes: toBytes,
};

declare module '../core/array' {
  // What numpy's functions of the same names do, with the array as first argument.
  interface Array {
    readonly add: Binary;
    readonly sub: Binary;
    readonly subtract: Binary;
    readonly mul: Binary;
    readonly multiply: Binary;
    readonly div: Binary;
    readonly divide: Binary;
    readonly trueDivide: Binary;
    readonly floorDivide: Binary;
    readonly mod: Binary;
    readonly remainder: Binary;
    readonly pow: Binary;
    readonly power: Binary;
    readonly maximum: Binary;
    readonly minimum: Binary;
    readonly vdot: Binary;
    readonly outer: Binary;
    readonly bitwiseAnd: Binary;
    readonly bitwiseOr: Binary;
    readonly bitwiseXor: Binary;
    readonly leftShift: Binary;
    readonly rightShift: Binary;
    readonly equal: Binary;
    readonly notEqual: Binary;
    readonly less: Binary;
    readonly lessEqual: Binary;
    readonly greater: Binary;
    readonly greaterEqual: Binary;
    readonly logicalAnd: Binary;
    readonly logicalOr: Binary;
    readonly logicalXor: Binary;
    readonly neg: Unary;
    readonly negative: Unary;
    readonly abs: Unary;
    readonly absolute: Unary;
    readonly sign: Unary;
    readonly square: Unary;
    readonly reciprocal: Unary;
    readonly bitwiseNot: Unary;
    readonly invert: Unary;
    readonly logicalNot: Unary;
    readonly isnan: Unary;
    readonly isinf: Unary;
    readonly isfinite: Unary;
    readonly exp: Unary;
    readonly exp2: Unary;
    readonly expm1: Unary;
    readonly log: Unary;
    readonly log2: Unary;
    readonly log10: Unary;
    readonly log1p: Unary;
    readonly sqrt: Unary;
    readonly cbrt: Unary;
    readonly sin: Unary;
    readonly cos: Unary;
    readonly tan: Unary;
    readonly sinh: Unary;
    readonly cosh: Unary;
    readonly tanh: Unary;
    readonly floor: Unary;
    readonly ceil: Unary;
    readonly trunc: Unary;
    readonly rint: Unary;
    readonly conj: Unary;
    readonly conjugate: Unary;
    readonly copy: Unary;
    divmod(y: ArrayLike): [Array, Array];
    matmul(y: ArrayLike, ...rest: Rest<ProductOptions>): Array;
    dot(y: ArrayLike, ...rest: Rest<ProductOptions>): Array;
    inner(y: ArrayLike, ...rest: Rest<ProductOptions>): Array;
    isclose(y: ArrayLike, ...rest: Rest<CloseOptions, 'rtol', 'atol', 'equalNan'>): Array;
    clip(...rest: Rest<ClipOptions, 'min', 'max'>): Array;
    round(...rest: Rest<{ decimals?: number }, 'decimals'>): Array;
    sum(...rest: Rest<SumOptions, 'axis'>): Array;
    prod(...rest: Rest<SumOptions, 'axis'>): Array;
    mean(...rest: Rest<MeanOptions, 'axis'>): Array;
    std(...rest: Rest<VarOptions, 'axis'>): Array;
    var(...rest: Rest<VarOptions, 'axis'>): Array;
    max(...rest: Rest<MinMaxOptions, 'axis'>): Array;
    min(...rest: Rest<MinMaxOptions, 'axis'>): Array;
    ptp(...rest: Rest<AxisOptions, 'axis'>): Array;
    all(...rest: Rest<AxisOptions & WhereOption, 'axis'>): Array;
    any(...rest: Rest<AxisOptions & WhereOption, 'axis'>): Array;
    argmax(...rest: Rest<ArgOptions, 'axis'>): Array;
    argmin(...rest: Rest<ArgOptions, 'axis'>): Array;
    countNonzero(...rest: Rest<AxisOptions, 'axis'>): Array;
    cumsum(...rest: Rest<CumulativeOptions, 'axis', 'dtype'>): Array;
    cumprod(...rest: Rest<CumulativeOptions, 'axis', 'dtype'>): Array;
    nonzero(...rest: Rest<NonzeroOptions>): Array[];
    trace(...rest: Rest<TraceOptions, 'offset', 'axis1', 'axis2'>): Array;
    diagonal(...rest: Rest<DiagonalOptions, 'offset', 'axis1', 'axis2'>): Array;
    /** The same values in another shape, given as an array or as several numbers; −1 stands for what is left. */
    reshape(...shape: ShapeArgs): Array;
    ravel(...rest: Rest<{ order?: Order }, 'order'>): Array;
    flatten(...rest: Rest<{ order?: Order }, 'order'>): Array;
    /** The axes in another order, given as an array or as several numbers; reversed by default. */
    transpose(...axes: readonly (number | readonly number[] | null)[]): Array;
    squeeze(...rest: Rest<{ axis?: Axis }, 'axis'>): Array;
    swapaxes(axis1: number, axis2: number): Array;
    moveaxis(source: number | readonly number[], destination: number | readonly number[]): Array;
    expandDims(axis: number | readonly number[]): Array;
    astype(dtype: DtypeLike | null, options?: { copy?: boolean }): Array;
    /** The bytes of the elements as elements of another type. */
    view(...rest: Rest<DtypeOption, 'dtype'>): Array;
    /** The entries at indices: numbers, ranges `[start, stop, step]`, `[]` for all, null for a new axis, `'...'`, arrays. */
    slice(...indices: readonly Index[]): Array;
    /** The entries at indices, to be read or replaced in a new array. */
    at(...indices: readonly Index[]): IndexUpdate;
    argsort(...rest: Rest<ArgsortOptions, 'axis'>): Array;
    sort(...rest: Rest<SortOptions, 'axis'>): Array;
    argpartition(kth: number, ...rest: Rest<{ axis?: number }, 'axis'>): Array;
    partition(kth: number, ...rest: Rest<{ axis?: number }, 'axis'>): Array;
    searchsorted(v: ArrayLike, ...rest: Rest<SearchOptions, 'side'>): Array;
    take(indices: ArrayLike, ...rest: Rest<TakeOptions, 'axis'>): Array;
    choose(choices: readonly ArrayLike[] | Array, ...rest: Rest<{ mode?: 'raise' | 'wrap' | 'clip' }>): Array;
    repeat(repeats: number | ArrayLike, ...rest: Rest<RepeatOptions, 'axis'>): Array;
    /** The entries along an axis for which `condition`, of one dimension, holds. */
    compress(condition: ArrayLike, ...rest: Rest<CompressOptions, 'axis'>): Array;
    /** Values as nested JS arrays, as `js()` gives them. */
    toList(): Nested;
    /** {@link toList}, by NumPy's name. */
    tolist(): Nested;
    /** The elements' bytes, in row-major order, a copy. */
    tobytes(): Uint8Array;
    /** The array with its axes in reverse order. */
    readonly T: Array;
    /** The array with its last two axes exchanged. */
    readonly mT: Array;
    /** The real part, elementwise. */
    readonly real: Array;
    /** The imaginary part, elementwise. */
    readonly imag: Array;
    /** Size of the first axis: what Python's `len` gives. @throws ShapeError for an array of no dimensions */
    readonly length: number;
    /** Bytes of one element. */
    readonly itemsize: number;
    /** Rows along the first axis. */
    [Symbol.iterator](): IterableIterator<Array>;
    /** As NumPy prints it. */
    toString(): string;
    /** Values as nested JS arrays; what JSON.stringify writes. */
    toJSON(): unknown;
    [Symbol.toPrimitive](hint: string): unknown;
  }
}

installMethods(TABLE);

function getter(name: string, get: (x: Array) => unknown): void {
  Object.defineProperty(Array.prototype, name, { get(this: Array) { return get(this); }, configurable: true, enumerable: false });
}

getter('T', (x) => transpose(x));
getter('mT', (x) => matrixTranspose(x));
getter('real', (x) => real(x));
getter('imag', (x) => imag(x));
getter('length', (x) => {
  if (x.ndim === 0) throw new ShapeError(`length: an array of type ${x.aval} has no dimensions`);
  return x.shape[0];
});
getter('itemsize', (x) => bytesPerElement(x.dtype));
// `x[0]` would be undefined, and `x[0] = v` would be forgotten: the commonest indices say what to write instead.
for (const i of ['-1', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
  const refuse = () => {
    throw new ArgumentError(`arrays are not indexed by [${i}]: x.slice(${i}) reads, and x.at(${i}).set(v) gives a new array`);
  };
  Object.defineProperty(Array.prototype, i, { get: refuse, set: refuse, configurable: true, enumerable: false });
}

function define(name: string | symbol, value: (this: Array, ...args: never[]) => unknown): void {
  Object.defineProperty(Array.prototype, name, { value, writable: true, configurable: true, enumerable: false });
}

define('toString', function (this: Array) {
  return arrayStr(this);
});

define(inspect.custom, function (this: Array) {
  if (this instanceof ConcreteArray && this.isDeleted()) return `Array(<deleted>, shape=(${this.shape.join(', ')}), dtype=${this.dtype})`;
  if (this instanceof Tracer) return arrayRepr(this);
  const text = arrayRepr(this);
  // JAX's text, with the shape as well, which it has only where there are no elements.
  const type = text.lastIndexOf('dtype=');
  return this.size === 0 ? text : `${text.slice(0, type)}shape=(${this.shape.join(', ')}${this.ndim === 1 ? ',' : ''}), ${text.slice(type)}`;
});

/** A value JSON has a form for. */
function plain(v: Nested): unknown {
  if (globalThis.Array.isArray(v)) return v.map(plain);
  return typeof v === 'bigint' ? (Number.isSafeInteger(Number(v)) ? Number(v) : String(v)) : v;
}

define('toJSON', function (this: Array) {
  return plain(this.js());
});

define(Symbol.toPrimitive, function (this: Array, hint: string) {
  if (hint === 'string') return arrayStr(this);
  if (this instanceof Tracer) throw new ConcretizationError(`conversion to a number: the value of a traced array of type ${this.aval} is not known while tracing. JS operators do not work on arrays: use x.add(y), x.less(y) and the like`);
  if (this.size !== 1) throw new ArgumentError(`JS operators do not work on arrays of more than one element, such as ${this.aval}: use x.add(y), x.mul(y), x.less(y) and the like`);
  const v = this.item();
  if (typeof v === 'object') throw new ArgumentError(`JS operators do not work on complex numbers: use x.add(y) and the like on ${this.aval}`);
  return v;
});

define(Symbol.iterator, function* (this: Array): Generator<Array> {
  if (this.ndim === 0) throw new ShapeError(`iteration over an array of type ${this.aval}, which has no dimensions: x.item() is its value (tests compare values: x.js())`);
  for (let i = 0; i < this.shape[0]!; i++) yield indexInDim(this, i, 0);
});

