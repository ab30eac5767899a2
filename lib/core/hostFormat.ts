import type { DType } from './dtype';
import { decodeTable, isMinifloat, minifloatEncoder } from './minifloat';

/** A complex number on the host. */
export interface Complex {
  /** Real part. */
  readonly re: number;
  /** Imaginary part. */
  readonly im: number;
}

/** One element on the host. */
export type HostValue = number | bigint | boolean | Complex;

const BYTES: Partial<Record<DType, number>> = {
  int16: 2, uint16: 2, float16: 2, bfloat16: 2, int32: 4, uint32: 4, float32: 4, int64: 8, uint64: 8, float64: 8, complex64: 8, complex128: 16,
};

/** Bytes of one element in host memory; types smaller than a byte take one. */
export function bytesPerElement(dtype: DType): number {
  return BYTES[dtype] ?? 1;
}

const INDEX = /^(?:0|[1-9]\d*)$/;

/**
 * What `view[i]` and `view[i] = v` find at the end of the prototype chain of arrays that are no typed arrays: `at` and `set`. All else is found before it,
 * so that only indexing pays for it.
 */
const indexed: object = new Proxy({}, {
  get: (target, key, receiver: SmallFloatArray) => (typeof key === 'string' && INDEX.test(key) ? receiver.at(Number(key)) : Reflect.get(target, key, receiver)),
  set(target, key, value, receiver: SmallFloatArray) {
    if (typeof key !== 'string' || !INDEX.test(key)) return Reflect.set(target, key, value, receiver);
    receiver.set(Number(key), value as number);
    return true;
  },
});

/** Floats of at most 16 bits: numbers to the reader, the type's own codes underneath. */
export class SmallFloatArray implements Iterable<number> {
  [i: number]: number;
  readonly dtype: DType;
  /** The codes: two bytes each for float16 and bfloat16, one for the rest. */
  readonly bits: Uint8Array | Uint16Array;

  constructor(dtype: DType, bits: Uint8Array | Uint16Array) {
    this.dtype = dtype;
    this.bits = bits;
  }

  get length(): number {
    return this.bits.length;
  }

  get byteLength(): number {
    return this.bits.byteLength;
  }

  /** The value at `i`, counted from the end where negative; undefined outside, as in a typed array. */
  at(i: number): number | undefined {
    const code = this.bits.at(i);
    return code === undefined ? undefined : decodeTable(this.dtype)[code];
  }

  /** Rounds `value` to the type and puts it at `i`; does nothing outside, as a typed array does. */
  set(i: number, value: number): void {
    this.bits[i] = minifloatEncoder(this.dtype)(value);
  }

  *[Symbol.iterator](): Iterator<number> {
    const table = decodeTable(this.dtype);
    for (const code of this.bits) yield table[code]!;
  }

  /** The values, none of which float32 rounds. */
  toFloat32Array(): Float32Array {
    const { bits } = this;
    const table = decodeTable(this.dtype);
    const out = new Float32Array(bits.length);
    for (let i = 0; i < out.length; i++) out[i] = table[bits[i]!]!;
    return out;
  }
}

Object.setPrototypeOf(SmallFloatArray.prototype, indexed);

/** bfloat16 values: float32's range with 8 significant bits. */
export class BFloat16Array extends SmallFloatArray {
  constructor(bits: Uint16Array) {
    super('bfloat16', bits);
  }

  static from(values: ArrayLike<number>): BFloat16Array {
    return new BFloat16Array(new Uint16Array(encode(values, 'bfloat16').buffer));
  }
}

/** IEEE half-precision values; JS's own class of this name is not in Node 20 and 22. */
export class Float16Array extends SmallFloatArray {
  constructor(bits: Uint16Array) {
    super('float16', bits);
  }

  static from(values: ArrayLike<number>): Float16Array {
    return new Float16Array(new Uint16Array(encode(values, 'float16').buffer));
  }
}

/** Complex numbers, real and imaginary parts interleaved. */
export class ComplexArray implements Iterable<Complex> {
  [i: number]: Complex;
  readonly parts: Float32Array | Float64Array;

  constructor(parts: Float32Array | Float64Array) {
    this.parts = parts;
  }

  get length(): number {
    return this.parts.length / 2;
  }

  get byteLength(): number {
    return this.parts.byteLength;
  }

  at(i: number): Complex | undefined {
    const k = i < 0 ? i + this.length : i;
    return k >= 0 && k < this.length ? { re: this.parts[2 * k]!, im: this.parts[2 * k + 1]! } : undefined;
  }

  set(i: number, value: Complex | number): void {
    this.parts[2 * i] = typeof value === 'number' ? value : value.re;
    this.parts[2 * i + 1] = typeof value === 'number' ? 0 : value.im;
  }

  *[Symbol.iterator](): Iterator<Complex> {
    for (let i = 0; i < this.length; i++) yield this.at(i)!;
  }
}
Object.setPrototypeOf(ComplexArray.prototype, indexed);

/** The values of an array on the host. */
export type HostView =
  | Uint8Array | Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float32Array | Float64Array
  | SmallFloatArray | ComplexArray;

/**
 * The array class of a dtype over host bytes: a JS typed array where there is one, `SmallFloatArray` for floats of 16 bits and fewer,
 * `ComplexArray` for complex numbers. Booleans are bytes 0 and 1.
 *
 * Integers of 2 and 4 bits are copied, since only the low bits of their bytes count; all else shares the buffer.
 */
export function typedView(buffer: ArrayBuffer, dtype: DType): HostView {
  switch (dtype) {
    case 'bool': case 'uint8': return new Uint8Array(buffer);
    case 'uint2': return Uint8Array.from(new Uint8Array(buffer), (b) => b & 3);
    case 'uint4': return Uint8Array.from(new Uint8Array(buffer), (b) => b & 15);
    case 'int2': return Int8Array.from(new Uint8Array(buffer), (b) => (b << 30) >> 30);
    case 'int4': return Int8Array.from(new Uint8Array(buffer), (b) => (b << 28) >> 28);
    case 'int8': return new Int8Array(buffer);
    case 'int16': return new Int16Array(buffer);
    case 'uint16': return new Uint16Array(buffer);
    case 'int32': return new Int32Array(buffer);
    case 'uint32': return new Uint32Array(buffer);
    case 'int64': return new BigInt64Array(buffer);
    case 'uint64': return new BigUint64Array(buffer);
    case 'float32': return new Float32Array(buffer);
    case 'float64': return new Float64Array(buffer);
    case 'complex64': return new ComplexArray(new Float32Array(buffer));
    case 'complex128': return new ComplexArray(new Float64Array(buffer));
    case 'float16': return new Float16Array(new Uint16Array(buffer));
    case 'bfloat16': return new BFloat16Array(new Uint16Array(buffer));
    default: return new SmallFloatArray(dtype, new Uint8Array(buffer));
  }
}

/** The element at `i` as a JS value: a boolean for bool, a bigint for 64-bit integers, `{ re, im }` for complex. */
export function valueAt(view: HostView, dtype: DType, i: number): HostValue {
  const v = view.at(i) as number | bigint | Complex;
  return dtype === 'bool' ? v !== 0 : v;
}

/** The values of `size` elements in host bytes, indexable. @throws RangeError if there are too few bytes */
export function decode(bytes: ArrayBuffer | Uint8Array, dtype: DType, size: number): ArrayLike<HostValue> {
  const length = size * bytesPerElement(dtype);
  if (bytes.byteLength < length) throw new RangeError(`decode: expected ${length} bytes for ${size} elements of ${dtype}, got ${bytes.byteLength}`);
  // A copy: typed arrays want aligned bytes.
  const view = typedView(bytes instanceof Uint8Array ? bytes.slice(0, length).buffer as ArrayBuffer : bytes.slice(0, length), dtype);
  if (dtype === 'bool') return Array.from(view as Uint8Array, (b) => b !== 0);
  if (view instanceof ComplexArray) return [...view];
  return view instanceof SmallFloatArray ? view.toFloat32Array() : view;
}

const isComplex = (v: unknown): v is Complex => typeof v === 'object' && v !== null;

function toNumber(v: HostValue): number {
  return typeof v === 'number' ? v : isComplex(v) ? v.re : Number(v);
}

function isTrue(v: HostValue): boolean {
  return isComplex(v) ? v.re !== 0 || v.im !== 0 : v !== 0 && v !== 0n && v !== false;
}

type Source = ArrayLike<HostValue> | SmallFloatArray | ComplexArray;

const isBigIntView = (v: unknown): v is BigInt64Array | BigUint64Array => v instanceof BigInt64Array || v instanceof BigUint64Array;

/** Whether the bytes of `values` are those of `dtype` already. */
function isOfType(values: Source, dtype: DType): boolean {
  switch (dtype) {
    case 'int8': return values instanceof Int8Array;
    case 'uint8': return values instanceof Uint8Array || values instanceof Uint8ClampedArray;
    case 'int16': return values instanceof Int16Array;
    case 'uint16': return values instanceof Uint16Array;
    case 'int32': case 'uint32': return values instanceof Int32Array || values instanceof Uint32Array;
    case 'int64': case 'uint64': return isBigIntView(values);
    case 'float32': return values instanceof Float32Array;
    case 'float64': return values instanceof Float64Array;
    default: return false;
  }
}

function copyBytes(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();
}

/**
 * The host bytes of values in a dtype, always a copy.
 *
 * Floats round to nearest, ties to even. Integers are truncated and wrapped modulo the type's range, NaN and infinities become 0.
 * Complex values lose their imaginary part in a real type. Whoever wants errors for what is out of range checks before.
 */
export function encode(values: Source, dtype: DType): Uint8Array {
  if (values instanceof SmallFloatArray) return values.dtype === dtype ? copyBytes(values.bits) : encode(values.toFloat32Array(), dtype);
  if (values instanceof ComplexArray) {
    const same = values.parts instanceof Float32Array ? 'complex64' : 'complex128';
    return same === dtype ? copyBytes(values.parts) : encode([...values], dtype);
  }
  if (isOfType(values, dtype)) return copyBytes(values as unknown as ArrayBufferView);
  const n = values.length;
  const buffer = new ArrayBuffer(n * bytesPerElement(dtype));
  switch (dtype) {
    case 'bool': {
      const out = new Uint8Array(buffer);
      for (let i = 0; i < n; i++) out[i] = isTrue(values[i]!) ? 1 : 0;
      break;
    }
    case 'int64': case 'uint64':
      encode64(values, buffer);
      break;
    case 'complex64': case 'complex128': {
      const out = dtype === 'complex64' ? new Float32Array(buffer) : new Float64Array(buffer);
      for (let i = 0; i < n; i++) {
        const v = values[i]!;
        out[2 * i] = toNumber(v);
        if (isComplex(v)) out[2 * i + 1] = v.im;
      }
      break;
    }
    case 'float32': case 'float64': {
      const out = dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
      for (let i = 0; i < n; i++) out[i] = toNumber(values[i]!);
      break;
    }
    default:
      if (isMinifloat(dtype)) {
        const out = bytesPerElement(dtype) === 2 ? new Uint16Array(buffer) : new Uint8Array(buffer);
        const round = minifloatEncoder(dtype);
        for (let i = 0; i < n; i++) out[i] = round(toNumber(values[i]!));
      } else {
        encodeIntegers(values, buffer, dtype);
      }
  }
  return new Uint8Array(buffer);
}

const INTEGER_VIEWS = {
  int8: Int8Array, int16: Int16Array, int32: Int32Array, uint2: Uint8Array, uint4: Uint8Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array,
  int2: Uint8Array, int4: Uint8Array,
};

/** Integers of up to 32 bits; those below 8 fill the low bits of their byte, as in ml_dtypes. */
function encodeIntegers(given: ArrayLike<HostValue>, buffer: ArrayBuffer, dtype: DType): void {
  const out = new INTEGER_VIEWS[dtype as keyof typeof INTEGER_VIEWS](buffer);
  let values = given;
  let step = 1;
  if (isBigIntView(given)) {
    // Low words: modulo 2 ** 32 without a bigint.
    values = new Int32Array(given.buffer, given.byteOffset, given.length * 2);
    step = 2;
  }
  const mask = dtype.endsWith('int4') ? 15 : dtype.endsWith('int2') ? 3 : -1;
  for (let i = 0; i < out.length; i++) {
    const v = values[i * step]!;
    out[i] = (typeof v === 'bigint' ? Number(BigInt.asIntN(32, v)) : toNumber(v)) & mask;
  }
}

/** 64-bit integers: numbers by halves, which is exact and makes no bigint. */
function encode64(values: ArrayLike<HostValue>, buffer: ArrayBuffer): void {
  const whole = new BigInt64Array(buffer);
  const halves = new Int32Array(buffer);
  for (let i = 0; i < whole.length; i++) {
    const v = values[i]!;
    if (typeof v === 'bigint') {
      whole[i] = v;
    } else {
      const x = Math.trunc(toNumber(v));
      const high = Math.floor(x / 4294967296);
      // Infinities give NaN here, which the bit operator turns into 0.
      halves[2 * i] = (x - high * 4294967296) | 0;
      halves[2 * i + 1] = high | 0;
    }
  }
}
