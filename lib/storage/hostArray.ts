import { Array, ConcreteArray } from '../core/array';
import { canonicalDtype, type Shape, ShapedArray, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { bytesPerElement, ComplexArray, encode, type HostView, SmallFloatArray, typedView } from '../core/hostFormat';
import { type ArrayLike, asArray, describeValue, typedArrayDtype } from '../functional/arrayLike';

/** Whether a value is one of the array classes that `x.data()` gives for types JS has none for. */
export function isSmallFloatOrComplex(x: unknown): x is SmallFloatArray | ComplexArray {
  return x instanceof SmallFloatArray || x instanceof ComplexArray;
}

/** The bytes beneath the values of an array on the host; no copy. */
export function viewBytes(view: HostView): Uint8Array {
  const v: ArrayBufferView = view instanceof SmallFloatArray ? view.bits : view instanceof ComplexArray ? view.parts : view;
  return new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
}

/**
 * An array as a file holds it: any element type, 64-bit ones too where they are switched off, and on no device.
 *
 * Files are read into these with `{ host: true }`, and take them wherever they take arrays.
 *
 * @example
 * ```ts
 * file.saveSafetensors('w.safetensors', { w: np.ones([2, 3]) });
 * file.loadSafetensors('w.safetensors', { host: true }).w!.shape; // [2, 3]
 * ```
 */
export class HostArray {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Row-major elements, little-endian; those smaller than a byte take one. */
  readonly bytes: Uint8Array;
  /** Whether NumPy has a scalar rather than an array of shape []. */
  readonly isScalar: boolean;

  constructor(dtype: DType, shape: Shape, bytes: Uint8Array, isScalar = false) {
    const expected = sizeOf(shape) * bytesPerElement(dtype);
    if (bytes.byteLength !== expected) throw new ArgumentError(`HostArray: expected ${expected} bytes for ${dtype}[${shape.join(', ')}], got ${bytes.byteLength}`);
    this.dtype = dtype;
    this.shape = shape;
    // A Buffer's slices share its memory, unlike those of other arrays.
    this.bytes = Buffer.isBuffer(bytes) ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
    this.isScalar = isScalar;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The values in row-major order. A copy where the bytes lie at an address that typed arrays cannot have. */
  data(): HostView {
    const { bytes } = this;
    return typedView(bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength ? (bytes.buffer as ArrayBuffer) : (bytes.slice().buffer as ArrayBuffer), this.dtype);
  }

  /** The array on the device. 64-bit types narrow unless they are on, as everywhere: `environ.set({ precision: 64 })`. */
  toArray(): Array {
    const to = canonicalDtype(this.dtype);
    return ConcreteArray.fromHost(to === this.dtype ? this.bytes : encode(this.data(), to), new ShapedArray(this.shape, to));
  }

  /** What an array, number, typed array or nested JS array holds; blocks until its values are there. */
  static from(x: ArrayLike | HostArray | SmallFloatArray | ComplexArray, what = 'array'): HostArray {
    const there = HostArray.ofHostValue(x);
    if (there !== null) return there;
    const a = asArray(x as ArrayLike, what);
    return HostArray.ofView(a.dtype, a.shape, a.dataSync());
  }

  /** {@link from} without blocking the event loop. The copy from the device begins before this returns. */
  static async fromAsync(x: ArrayLike | HostArray | SmallFloatArray | ComplexArray, what = 'array'): Promise<HostArray> {
    const there = HostArray.ofHostValue(x);
    if (there !== null) return there;
    const a = asArray(x as ArrayLike, what);
    return HostArray.ofView(a.dtype, a.shape, await a.data());
  }

  private static ofView(dtype: DType, shape: Shape, view: HostView): HostArray {
    // Small signed integers are read with their sign, and stored without.
    const bytes = dtype === 'int4' || dtype === 'int2' ? encode(view as Int8Array, dtype) : viewBytes(view);
    return new HostArray(dtype, shape, bytes);
  }

  /** What needs no device: host arrays, typed arrays of any element type, and arrays of one plain value. */
  private static ofHostValue(x: unknown): HostArray | null {
    if (x instanceof HostArray) return x;
    if (isSmallFloatOrComplex(x)) {
      const dtype = x instanceof SmallFloatArray ? x.dtype : x.parts instanceof Float32Array ? 'complex64' : 'complex128';
      return new HostArray(dtype, [x.length], viewBytes(x));
    }
    if (ArrayBuffer.isView(x)) {
      const dtype = typedArrayDtype(x);
      if (dtype === undefined) throw new ArgumentError(`expected a typed array of numbers, got ${describeValue(x)}`);
      return new HostArray(dtype, [(x as Uint8Array).length], new Uint8Array(x.buffer, x.byteOffset, x.byteLength));
    }
    if (x instanceof ConcreteArray && x.literal !== null && !x.isDeleted()) return new HostArray(x.dtype, [], encode([x.literal], x.dtype));
    return null;
  }
}

/** Whether a value is an array of any kind, with a shape. */
export function isArrayValue(x: unknown): x is Array | HostArray | SmallFloatArray | ComplexArray | ArrayBufferView {
  return x instanceof Array || x instanceof HostArray || isSmallFloatOrComplex(x) || (ArrayBuffer.isView(x) && !Buffer.isBuffer(x));
}

export function shapeOf(x: Array | HostArray | SmallFloatArray | ComplexArray | ArrayBufferView): Shape {
  if (x instanceof Array || x instanceof HostArray) return x.shape;
  return [(x as { length: number }).length];
}
