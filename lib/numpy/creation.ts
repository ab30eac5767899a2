import { checkIterable } from '../core/checks';
import { Array, ConcreteArray, type ScalarValue } from '../core/array';
import { canonicalDtype, checkDtype, checkShape, scalarType, type Shape, ShapedArray, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { bytesPerElement, ComplexArray, encode, SmallFloatArray, typedView } from '../core/hostFormat';
import { checkPlain, convertedPlain } from '../core/plainValues';
import { isEager } from '../core/trace';
import { fromTypedShaped, plainAs, typedArrayDtype } from '../functional/arrayLike';
import { type ArrayLike, asArray, astype as convertTo, describeValue, fromNested, isScalarValue, type NestedLike, type TypedArray } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { full as fullPrimitive, reshape } from '../primitives/structural';
import { broadcastToShape } from './broadcast';
import type { DtypeLike } from './dtypes';
import { type Rest, readOptions } from './program';

/** What becomes an array: plain values, nested JS arrays, typed arrays (also those of small floats and complex numbers that `data()` gives), arrays. */
export type ArraySource = ArrayLike | SmallFloatArray | ComplexArray;

/** Options of {@link array} and {@link asarray}. */
export interface ArrayOptions {
  /** Element type; by default that of a typed array (64-bit types narrow unless they are on), float32 for plain numbers, bool for booleans. */
  dtype?: DtypeLike | null;
  /** Shape of the result, in row-major order; by default that of the nesting. */
  shape?: Shape;
  /** Whether an array given is copied; true by default for {@link array}. */
  copy?: boolean | null;
  /** Dimensions at least; those that are missing go to the front. */
  ndmin?: number;
}

/** The type of a plain value on its own: numbers are floats as those in nested arrays, and weak, as they are in JAX. */
function plainValue(x: ScalarValue): Array {
  if (typeof x !== 'number') return asArray(x);
  return ConcreteArray.scalar(x, scalarType(canonicalDtype('float64'), true));
}

function make(op: string, object: ArraySource, { dtype, shape, copy, ndmin = 0 }: ArrayOptions): Array {
  const type = dtype === undefined || dtype === null ? undefined : checkDtype(op, dtype);
  let x: Array;
  if (object instanceof Array) {
    x = type === undefined || object.dtype === type ? (copy ? p.copy(object) : object) : convertTo(object, type);
    if (type !== undefined && x.weakType) x = convertTo(x, type);
  } else if (isScalarValue(object)) {
    if (type !== undefined) checkPlain(op, [object], type);
    x = type === undefined ? plainValue(object) : ConcreteArray.scalar(plainAs(object, type), scalarType(type));
  } else if (object instanceof SmallFloatArray) {
    const d = type ?? object.dtype;
    x = ConcreteArray.fromHost(encode(object, d), new ShapedArray([object.length], d));
  } else if (object instanceof ComplexArray) {
    const d = type ?? canonicalDtype(object.parts instanceof Float32Array ? 'complex64' : 'complex128');
    x = ConcreteArray.fromHost(encode(object, d), new ShapedArray([object.length], d));
  } else if (ArrayBuffer.isView(object)) {
    const from = typedArrayDtype(object);
    if (from === undefined) throw new ArgumentError(`${op}: expected a typed array of numbers, got ${describeValue(object)}`);
    x = type === undefined || type === from ? fromTypedShaped(object as TypedArray, from, [object.length]) : ConcreteArray.fromHost(encode(object as TypedArray, type), new ShapedArray([object.length], type));
  } else if (globalThis.Array.isArray(object)) {
    x = fromNested(object as NestedLike, op, type);
  } else {
    throw new ArgumentError(`${op}: expected an array, a number, a typed array or nested JS arrays, got ${describeValue(object)}`);
  }
  if (shape !== undefined) {
    const s = checkShape(op, shape);
    if (sizeOf(s) !== x.size) throw new ShapeError(`${op}: cannot make an array of shape [${s.join(', ')}] of ${x.size} elements`);
    x = reshapeValues(x, s);
  }
  return x.ndim >= ndmin ? x : reshapeValues(x, [...new globalThis.Array<number>(ndmin - x.ndim).fill(1), ...x.shape]);
}

/** Reshaped without a program where the values have just come from the host. */
function reshapeValues(x: Array, shape: Shape): Array {
  if (isEager() && x instanceof ConcreteArray && x.literal !== null) return ConcreteArray.fromHost(encode([x.literal], x.dtype), new ShapedArray(shape, x.dtype, x.weakType));
  return reshape(x, shape);
}

const ARRAY_OPTIONS = ['dtype', 'shape', 'copy', 'ndmin'] as const;

/**
 * An array of plain values, nested JS arrays, a typed array or another array. Mirrors `jax.numpy.array`, except that plain numbers are float32.
 *
 * @throws ShapeError for ragged nesting, or values that do not fill the shape
 * @throws DtypeError for an unknown dtype
 * @example
 * np.array([[1, 2], [3, 4]]).shape // [2, 2]
 * np.array([1, 2, 3, 4], { dtype: 'int32', shape: [2, 2] }).js() // [[1, 2], [3, 4]]
 */
export function array(object: ArraySource, ...rest: Rest<ArrayOptions, 'dtype'>): Array {
  const options = readOptions('array', ARRAY_OPTIONS, 1, rest);
  return make('array', object, { copy: true, ...options });
}

/**
 * Something as an array: an array is itself, unless its dtype or shape changes. Mirrors `jax.numpy.asarray`.
 *
 * @example
 * np.asarray([1, 2]).dtype // 'float32'
 */
export function asarray(a: ArraySource, ...rest: Rest<ArrayOptions, 'dtype'>): Array {
  return make('asarray', a, readOptions('asarray', ARRAY_OPTIONS, 1, rest));
}

/**
 * A copy with memory of its own. Mirrors `jax.numpy.copy`.
 *
 * @throws ArgumentError for another order
 * @example
 * np.copy([1, 2]).js() // [1, 2]
 */
export function copy(a: ArrayLike, options?: { order?: 'C' | 'K' | 'A' | null }): Array {
  const order = typeof options === 'object' ? (checkOptions('copy', ['order'], options).order ?? null) : null;
  if (order !== null && !['C', 'K', 'A'].includes(order)) throw new ArgumentError(`copy: expected order to be 'C', 'K' or 'A', got ${String(order)}`);
  return typeof a === 'object' && !(a instanceof Array) ? array(a) : p.copy(asArray(a, 'copy'));
}

/**
 * An array in another element type: floats become integers by dropping the fraction, complex numbers real by dropping the imaginary part, and all
 * but 0 become true. Mirrors `jax.numpy.astype`.
 *
 * @param x an array
 * @param dtype an element type; null is the default float type
 * @throws DtypeError for an unknown dtype
 * @example
 * np.astype([1.5, -1.5], 'int32').js() // [1, -1]
 */
export function astype(x: ArrayLike, dtype: DtypeLike | null, options: { copy?: boolean } = {}): Array {
  checkOptions('astype', ['copy'], options);
  const to = dtype === null ? canonicalDtype('float64') : checkDtype('astype', dtype);
  if (typeof x === 'number' || typeof x === 'bigint') return ConcreteArray.scalar(plainAs(x, to), scalarType(to));
  const a = asArray(x, 'astype');
  const out = convertTo(a, to);
  return options.copy && out === a ? p.copy(a) : out;
}

/** Options of {@link empty}, {@link full}, {@link ones} and {@link zeros}. */
export interface DtypeOption {
  /** Element type. */
  dtype?: DtypeLike | null;
}

/** Up to this many bytes, repeating a value on the host is faster than compiling a program that does it. */
const HOST_FILL = 2 ** 22;

/** An array of one repeated plain value. */
export function filled(shape: Shape, value: ScalarValue, dtype: DType, weakType = false): Array {
  const size = sizeOf(shape) * bytesPerElement(dtype);
  if (shape.length === 0 || !isEager() || size > HOST_FILL) return fullPrimitive(shape, plainAs(value, dtype), dtype, weakType);
  const one = encode([convertedPlain(value, dtype)], dtype);
  const bytes = new Uint8Array(size);
  if (one.some((b) => b !== 0)) for (let i = 0; i < size; i += one.length) bytes.set(one, i);
  return ConcreteArray.fromHost(bytes, new ShapedArray(shape, dtype, weakType));
}

function typeOr(op: string, dtype: DtypeLike | null | undefined, otherwise: DType): DType {
  return dtype === undefined || dtype === null ? otherwise : checkDtype(op, dtype);
}

const defaultType = () => canonicalDtype('float64');

/**
 * An array of zeros, float32 by default. Mirrors `jax.numpy.zeros`.
 *
 * @throws ShapeError for a bad shape, DtypeError for an unknown dtype
 * @example
 * np.zeros([2, 3]).shape // [2, 3]
 */
export function zeros(shape: Shape | number, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const { dtype } = readOptions('zeros', ['dtype'], 1, rest);
  return filled(checkShape('zeros', shape), 0, typeOr('zeros', dtype, defaultType()));
}

/** An array of ones, float32 by default. Mirrors `jax.numpy.ones`. @throws as {@link zeros} @example np.ones([2]).js() // [1, 1] */
export function ones(shape: Shape | number, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const { dtype } = readOptions('ones', ['dtype'], 1, rest);
  return filled(checkShape('ones', shape), 1, typeOr('ones', dtype, defaultType()));
}

/** An array whose values do not matter: zeros. Mirrors `jax.numpy.empty`. @throws as {@link zeros} @example np.empty([2]).shape // [2] */
export function empty(shape: Shape | number, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const { dtype } = readOptions('empty', ['dtype'], 1, rest);
  return filled(checkShape('empty', shape), 0, typeOr('empty', dtype, defaultType()));
}

/**
 * An array of one repeated value, or of an array that broadcasts to the shape. Mirrors `jax.numpy.full`, except that plain numbers are float32.
 *
 * @param fillValue a number, or an array that broadcasts to the shape
 * @throws as {@link zeros}
 * @example
 * np.full([2], 7).js() // [7, 7]
 */
export function full(shape: Shape | number, fillValue: ArrayLike, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const { dtype } = readOptions('full', ['dtype'], 1, rest);
  return fill('full', checkShape('full', shape), isScalarValue(fillValue) ? plainValue(fillValue) : asArray(fillValue, 'full'), dtype);
}

function fill(op: string, shape: Shape, value: Array, dtype: DtypeLike | null | undefined, weakType?: boolean): Array {
  const type = typeOr(op, dtype, value.dtype);
  const weak = weakType ?? ((dtype === undefined || dtype === null) && value.weakType);
  if (value instanceof ConcreteArray && value.literal !== null) return filled(shape, value.literal, type, weak);
  return broadcastToShape(op, convertTo(value, type, weak), shape);
}

/** Options of {@link emptyLike}, {@link fullLike}, {@link onesLike} and {@link zerosLike}. */
export interface LikeOptions {
  /** By default that of the array. */
  dtype?: DtypeLike | null;
  /** By default that of the array. */
  shape?: Shape | number | null;
}

function fillAs(op: string, a: ArrayLike, value: Array, rest: Rest<LikeOptions, 'dtype'>): Array {
  const { dtype, shape } = readOptions(op, ['dtype', 'shape'], 1, rest);
  const x = asArray(a, op);
  const typed = dtype !== undefined && dtype !== null;
  return fill(op, shape === undefined || shape === null ? x.shape : checkShape(op, shape), value, typed ? dtype : x.dtype, !typed && x.weakType);
}

/** Zeros of the shape and dtype of an array. Mirrors `jax.numpy.zeros_like`. @throws as {@link zeros} @example np.zerosLike([1, 2]).js() // [0, 0] */
export function zerosLike(a: ArrayLike, ...rest: Rest<LikeOptions, 'dtype'>): Array {
  return fillAs('zerosLike', a, asArray(0), rest);
}

/** Ones of the shape and dtype of an array. Mirrors `jax.numpy.ones_like`. @throws as {@link zeros} @example np.onesLike([1, 2]).js() // [1, 1] */
export function onesLike(a: ArrayLike, ...rest: Rest<LikeOptions, 'dtype'>): Array {
  return fillAs('onesLike', a, asArray(1), rest);
}

/** {@link zerosLike}. Mirrors `jax.numpy.empty_like`. @example np.emptyLike(np.ones([2, 3])).shape; // [2, 3] */
export function emptyLike(prototype: ArrayLike, ...rest: Rest<LikeOptions, 'dtype'>): Array {
  return fillAs('emptyLike', prototype, asArray(0), rest);
}

/**
 * One value in the shape and dtype of an array. Mirrors `jax.numpy.full_like`.
 *
 * @param a the array whose shape and dtype are taken
 * @param fillValue a number, or an array that broadcasts to the shape
 * @throws as {@link zeros}
 * @example
 * np.fullLike([1, 2], 7).js() // [7, 7]
 */
export function fullLike(a: ArrayLike, fillValue: ArrayLike, ...rest: Rest<LikeOptions, 'dtype'>): Array {
  return fillAs('fullLike', a, asArray(fillValue, 'fullLike'), rest);
}

/** Options of {@link frombuffer}. */
export interface FrombufferOptions extends DtypeOption {
  /** How many elements; −1: all there are. */
  count?: number;
  /** Where to begin, in bytes. */
  offset?: number;
}

/**
 * The bytes of a buffer as an array of one dimension; float64 is read by default, and narrowed unless 64-bit types are on. Mirrors `jax.numpy.frombuffer`.
 *
 * @throws ArgumentError where the bytes do not make whole elements, or there are too few
 * @example
 * np.frombuffer(new Uint8Array([1, 2]), { dtype: 'uint8' }).js() // [1, 2]
 */
export function frombuffer(buffer: ArrayBuffer | ArrayBufferView, ...rest: Rest<FrombufferOptions, 'dtype'>): Array {
  const { dtype = 'float64', count = -1, offset = 0 } = readOptions('frombuffer', ['dtype', 'count', 'offset'], 1, rest);
  const from: DType = dtype === 'float' || dtype === null ? 'float64' : dtype === 'int' ? 'int64' : dtype === 'complex' ? 'complex128' : dtype;
  const to = checkDtype('frombuffer', from);
  const all = ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
  const size = bytesPerElement(from);
  const left = all.length - offset;
  if (offset < 0 || left < 0 || (count < 0 && left % size !== 0) || (count >= 0 && count * size > left)) {
    throw new ArgumentError(`frombuffer: cannot read ${count < 0 ? 'whole' : count} elements of ${size} bytes from ${all.length} bytes at offset ${offset}`);
  }
  const n = count < 0 ? left / size : count;
  const bytes = all.slice(offset, offset + n * size);
  const view = typedView(bytes.buffer as ArrayBuffer, from);
  return ConcreteArray.fromHost(from === to ? bytes : encode(view as never, to), new ShapedArray([n], to));
}

/**
 * The values of an iterable as an array of one dimension. Mirrors `jax.numpy.fromiter`.
 *
 * @param dtype an element type, by name
 * @throws ArgumentError if there are fewer values than `count`
 * @example
 * np.fromiter(new Set([1, 2]), 'int32').js() // [1, 2]
 */
export function fromiter(iterable: Iterable<ScalarValue>, dtype: DtypeLike, options: { count?: number } = {}): Array {
  const { count = -1 } = checkOptions('fromiter', ['count'], options);
  checkIterable('fromiter', 'iterable', iterable);
  const values: ScalarValue[] = [];
  for (const v of iterable) {
    if (count >= 0 && values.length === count) break;
    values.push(v);
  }
  if (values.length < count) throw new ArgumentError(`fromiter: expected at least ${count} values, got ${values.length}`);
  return fromNested(values, 'fromiter', checkDtype('fromiter', dtype));
}

/** The numbers written in a string as an array of one dimension, float32 by default. Mirrors `jax.numpy.fromstring`. @throws ArgumentError where the text is not a number @example np.fromstring('1, 2', { sep: ',' }).js() // [1, 2] */
export function fromstring(string: string, options: { dtype?: DtypeLike; count?: number; sep: string }): Array {
  const { dtype, count = -1, sep } = checkOptions('fromstring', ['dtype', 'count', 'sep'], options);
  if (typeof sep !== 'string' || sep === '') throw new ArgumentError('fromstring: expected sep to be the text between numbers; for bytes use frombuffer');
  const words = (sep.trim() === '' ? string.trim().split(/\s+/) : string.split(sep.trim())).map((w) => w.trim()).filter((w) => w !== '');
  const values = (count < 0 ? words : words.slice(0, count)).map((w) => {
    const v = /^[+-]?inf(inity)?$/i.test(w) ? (w.startsWith('-') ? -Infinity : Infinity) : /^[+-]?nan$/i.test(w) ? Number.NaN : Number(w);
    if (Number.isNaN(v) && !/nan/i.test(w)) throw new ArgumentError(`fromstring: expected numbers between '${sep}', got '${w}'`);
    return v;
  });
  return fromNested(values, 'fromstring', typeOr('fromstring', dtype, defaultType()));
}
