import { Array, ConcreteArray, type Complex, type ScalarValue } from '../core/array';
import { canonicalDtype, scalarType, ShapedArray } from '../core/aval';
import { config } from '../core/config';
import { hintFor } from '../core/copies';
import { describeValue } from '../core/describe';
import { type DType, dtypeKind, promoteTypes } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { encode, typedView } from '../core/hostFormat';
import { checkPlain, convertedPlain } from '../core/plainValues';
import { broadcastInDim, concatenate, convert, reshape } from '../primitives/structural';

export { describeValue } from '../core/describe';

/** JavaScript's arrays of numbers of one type. */
export type TypedArray = Int8Array | Uint8Array | Uint8ClampedArray | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float32Array | Float64Array;

/** Nested JS arrays of values or of arrays. */
export type NestedLike = readonly (ScalarValue | Array | TypedArray | NestedLike)[];

/** What is taken where an array is asked for: arrays, plain values (which are weakly typed), typed arrays, nested JS arrays. */
export type ArrayLike = Array | ScalarValue | TypedArray | NestedLike;

const FROM_TYPED: Record<string, DType> = {
  Int8Array: 'int8', Uint8Array: 'uint8', Uint8ClampedArray: 'uint8', Int16Array: 'int16', Uint16Array: 'uint16', Int32Array: 'int32', Uint32Array: 'uint32',
  BigInt64Array: 'int64', BigUint64Array: 'uint64', Float16Array: 'float16', Float32Array: 'float32', Float64Array: 'float64',
};

/** The element type of a typed array's values, before 64-bit types narrow; undefined for other views. */
export function typedArrayDtype(x: ArrayBufferView): DType | undefined {
  return FROM_TYPED[(x as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] ?? ''];
}

export function isComplex(x: unknown): x is Complex {
  return typeof x === 'object' && x !== null && typeof (x as Complex).re === 'number' && typeof (x as Complex).im === 'number';
}

const weak = (dtype: DType): ShapedArray => scalarType(canonicalDtype(dtype), true);
const MAX_INT = 2 ** 31;

/** The type of a plain value: a whole number is a weak int, another number a weak float, as Python's scalars are in JAX. */
export function scalarAval(x: ScalarValue): ShapedArray {
  if (typeof x === 'number') {
    if (Number.isInteger(x) && !Object.is(x, -0) && (config.enableX64 ? Number.isSafeInteger(x) : x < MAX_INT && x >= -MAX_INT)) return weak('int64');
    return weak('float64');
  }
  if (typeof x === 'boolean') return scalarType('bool');
  if (typeof x === 'bigint') {
    const bits = config.enableX64 ? 64 : 32;
    if (BigInt.asIntN(bits, x) !== x) throw new ArgumentError(`expected an integer of ${bits} bits, got ${x}n${bits === 32 ? '; 64-bit types are off: environ.set({ precision: 64 })' : ''}`);
    return weak('int64');
  }
  return weak('complex128');
}

/** Whether a value is a JS number, bigint, boolean or { re, im }. */
export function isScalarValue(x: unknown): x is ScalarValue {
  const t = typeof x;
  return t === 'number' || t === 'boolean' || t === 'bigint' || isComplex(x);
}

/** A plain value, typed array or nested JS array as an array. @throws ArgumentError for anything else, naming `what` */
export function asArray(x: ArrayLike, what = 'array'): Array {
  if (x instanceof Array) return x;
  if (isScalarValue(x)) return ConcreteArray.scalar(x, scalarAval(x));
  if (ArrayBuffer.isView(x)) return fromTyped(x as TypedArray, what);
  if (globalThis.Array.isArray(x)) return fromNested(x as NestedLike, what);
  throw new ArgumentError(`${what}: expected an array, a number or nested JS arrays, got ${describeValue(x)}${hintFor(x)}`);
}

function fromTyped(x: TypedArray, what: string): Array {
  const dtype = typedArrayDtype(x);
  if (dtype === undefined) throw new ArgumentError(`${what}: expected a typed array of numbers, got ${describeValue(x)}`);
  return fromTypedShaped(x, dtype, [x.length]);
}

/** Values of a typed array, of element type `from`, as an array of the narrowed type. */
export function fromTypedShaped(x: TypedArray, from: DType, shape: readonly number[]): Array {
  const to = canonicalDtype(from);
  const aval = new ShapedArray(shape, to);
  return ConcreteArray.fromHost(to === from ? x : encode(x as ArrayLike_, to), aval);
}

type ArrayLike_ = globalThis.ArrayLike<number | bigint>;

interface Scan {
  shape: number[];
  kinds: Set<'bool' | 'number' | 'bigint' | 'complex'>;
  arrays: boolean;
}

/** Shape and kinds of leaves of nested JS arrays. @throws ShapeError where they are ragged */
function scan(x: NestedLike, what: string): Scan {
  const shape: number[] = [];
  for (let p: unknown = x; globalThis.Array.isArray(p); p = p[0]) {
    shape.push(p.length);
    if (p.length === 0) break;
    if (shape.length > 64) throw new ArgumentError(`${what}: nested more than 64 deep`);
  }
  const out: Scan = { shape, kinds: new Set(), arrays: false };
  const visit = (v: unknown, d: number): void => {
    if (globalThis.Array.isArray(v)) {
      if (d >= shape.length || v.length !== shape[d]) throw new ShapeError(`${what}: nested arrays are ragged: expected ${d < shape.length ? `length ${shape[d]}` : 'a number'} at depth ${d}, got ${d < shape.length ? `length ${v.length}` : 'an array'}`);
      for (const e of v) visit(e, d + 1);
      return;
    }
    if (d !== shape.length) throw new ShapeError(`${what}: nested arrays are ragged: expected an array of length ${shape[d]} at depth ${d}, got ${describeValue(v)}`);
    if (v instanceof Array || ArrayBuffer.isView(v)) out.arrays = true;
    else if (typeof v === 'number') out.kinds.add('number');
    else if (typeof v === 'boolean') out.kinds.add('bool');
    else if (typeof v === 'bigint') out.kinds.add('bigint');
    else if (isComplex(v)) out.kinds.add('complex');
    else throw new ArgumentError(`${what}: expected numbers or arrays in nested JS arrays, got ${describeValue(v)}`);
  };
  visit(x, 0);
  return out;
}

/** Element type of nested plain values: numbers are floats (float32, or float64 where 64-bit types are on), as is the convention of JS libraries; booleans are bool. */
function nestedDtype(kinds: Scan['kinds']): DType {
  if (kinds.has('complex')) return canonicalDtype('complex128');
  if (kinds.has('number') || kinds.size === 0) return canonicalDtype('float64');
  return kinds.has('bigint') ? canonicalDtype('int64') : 'bool';
}

/** Nested JS arrays as an array; arrays within are stacked. `dtype` overrides the one inferred. */
export function fromNested(x: NestedLike, what = 'array', dtype?: DType): Array {
  const { shape, kinds, arrays } = scan(x, what);
  if (!arrays) {
    const d = dtype ?? nestedDtype(kinds);
    const values = (shape.length === 1 ? x : (x as unknown[]).flat(shape.length)) as ScalarValue[];
    checkPlain(what, values, d);
    return ConcreteArray.fromHost(encode(values, d), new ShapedArray(shape, d));
  }
  const flat = (x as unknown[]).flat(shape.length) as ArrayLike[];
  const parts = flat.map((e) => asArray(e, what));
  const inner = parts.find((p) => p.ndim > 0)?.shape ?? [];
  for (const p of parts) {
    if (p.ndim !== inner.length || p.shape.some((n, i) => n !== inner[i])) throw new ShapeError(`${what}: expected arrays of one shape within nested JS arrays, got ${parts.map((q) => q.aval).join(', ')}`);
  }
  const type = dtype ?? promoteTypes(...parts.map((p) => p.aval)).dtype;
  const rows = parts.map((p) => broadcastInDim(convert(p, type), [1, ...inner], inner.map((_, i) => i + 1)));
  return reshape(concatenate(rows, 0), [...shape, ...inner]);
}

/** A plain value as one of an element type, converted as `np.full` and `lax.convertElementType` do. */
export function plainAs(x: ScalarValue, dtype: DType): ScalarValue {
  const v = typedView(encode([convertedPlain(x, dtype)], dtype).buffer as ArrayBuffer, dtype).at(0) as number | bigint | Complex;
  return dtype === 'bool' ? Boolean(v) : v;
}

/** A weak scalar in the dtype it is promoted to: a literal stays one. */
export function convertScalar(x: ConcreteArray, dtype: DType, weakType = false): Array {
  const v = x.literal!;
  const aval = scalarType(dtype, weakType);
  const kind = dtypeKind(dtype);
  if (kind === 'bool') return ConcreteArray.scalar(isComplex(v) ? v.re !== 0 || v.im !== 0 : Boolean(v), aval);
  if (kind === 'complex') return ConcreteArray.scalar(v, aval);
  if (isComplex(v)) return ConcreteArray.scalar(v.re, aval);
  if (kind === 'float') return ConcreteArray.scalar(Number(v), aval);
  if (typeof v === 'number' && !Number.isInteger(v)) return ConcreteArray.scalar(Number.isFinite(v) ? Math.trunc(v) : 0, aval);
  return ConcreteArray.scalar(typeof v === 'boolean' ? Number(v) : v, aval);
}
