import { config } from './config';
import { showValue } from './describe';
import { type DType, isDtype } from './dtype';
import { ArgumentError, DtypeError, ShapeError } from './errors';

export type Shape = readonly number[];

const SHORT: Partial<Record<DType, string>> = {
  bool: 'bool', bfloat16: 'bf16', float16: 'f16', float32: 'f32', float64: 'f64', complex64: 'c64', complex128: 'c128',
  int2: 'i2', int4: 'i4', int8: 'i8', int16: 'i16', int32: 'i32', int64: 'i64',
  uint2: 'u2', uint4: 'u4', uint8: 'u8', uint16: 'u16', uint32: 'u32', uint64: 'u64',
};

/** The short name JAX prints for an element type, `f32` for `float32`. */
export function shortDtype(dtype: DType): string {
  return SHORT[dtype] ?? dtype.replace('float', 'f');
}

/** What is known of an array without its values: shape, element type, and whether the type is weak. Mirrors `jax.core.ShapedArray`. */
export class ShapedArray {
  // Only declared, as the fields of variables are (jaxpr.ts).
  declare readonly shape: Shape;
  declare readonly dtype: DType;
  declare readonly weakType: boolean;
  declare private keyText: string | undefined;
  /** The type as lib/stablehlo writes it, once it has. @internal */
  declare irType: string | undefined;

  constructor(shape: Shape, dtype: DType, weakType = false) {
    this.shape = shape;
    this.dtype = dtype;
    this.weakType = weakType;
    this.keyText = undefined;
    this.irType = undefined;
  }

  get ndim(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  equals(other: ShapedArray): boolean {
    return this === other || (this.dtype === other.dtype && this.weakType === other.weakType && sameShape(this.shape, other.shape));
  }

  /** Equal but for weakness of the type. */
  matches(other: ShapedArray): boolean {
    return this === other || (this.dtype === other.dtype && sameShape(this.shape, other.shape));
  }

  withShape(shape: Shape): ShapedArray {
    return new ShapedArray(shape, this.dtype, this.weakType);
  }

  withDtype(dtype: DType, weakType = false): ShapedArray {
    return new ShapedArray(this.shape, dtype, weakType);
  }

  strong(): ShapedArray {
    return this.weakType ? new ShapedArray(this.shape, this.dtype, false) : this;
  }

  /** JAX's short form, `f32[2,3]`. */
  toString(): string {
    return `${shortDtype(this.dtype)}[${this.shape.join(',')}]`;
  }

  /** A string equal for equal avals only. */
  get key(): string {
    this.keyText ??= `${this.dtype}${this.weakType ? '*' : ''}[${this.shape.join(',')}]`;
    return this.keyText;
  }
}

const scalarTypes = { strong: new Map<DType, ShapedArray>(), weak: new Map<DType, ShapedArray>() };

/** The type of a scalar, one object for each: what is kept in it is made once. */
export function scalarType(dtype: DType, weakType = false): ShapedArray {
  const known = weakType ? scalarTypes.weak : scalarTypes.strong;
  let a = known.get(dtype);
  if (a === undefined) known.set(dtype, (a = new ShapedArray([], dtype, weakType)));
  return a;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function sizeOf(shape: Shape): number {
  let n = 1;
  for (let i = 0; i < shape.length; i++) n *= shape[i]!;
  return n;
}

/** How long an axis can be. */
const LARGEST_EXTENT = 0x7fffffff;

/** Checks that an axis can be as long as an argument, or several, make it: XLA's own message for longer ones names no argument. @throws ShapeError */
export function checkExtent(op: string, name: string, n: number): void {
  if (n > LARGEST_EXTENT) throw new ShapeError(`${op}: expected ${name} to make an axis of at most ${LARGEST_EXTENT} entries, got ${n}`);
}

/** Checks a shape given by a user: whole numbers from 0 to 2^31 − 1, with a product that a host can hold. */
export function checkShape(op: string, shape: unknown, name = 'shape'): Shape {
  const dims = typeof shape === 'number' ? [shape] : shape;
  if (!globalThis.Array.isArray(dims)) throw new ArgumentError(`${op}: expected ${name} to be an array of non-negative integers, got ${showValue(shape)}`);
  let n = 1;
  for (const d of dims) {
    if (typeof d !== 'number' || !Number.isInteger(d) || d < 0 || d > LARGEST_EXTENT) {
      throw new ShapeError(`${op}: expected ${name} to hold non-negative integers${typeof d === 'number' && Number.isInteger(d) && d > 0 ? ` up to ${LARGEST_EXTENT}` : ''}, got [${dims.map(showValue).join(', ')}]`);
    }
    n *= d;
  }
  if (n > Number.MAX_SAFE_INTEGER) throw new ShapeError(`${op}: ${name} [${dims.join(', ')}] has too many elements`);
  return dims as number[];
}

const NARROW: Partial<Record<DType, DType>> = { int64: 'int32', uint64: 'uint32', float64: 'float32', complex128: 'complex64' };

/** The type an array of `dtype` really gets: 64-bit types narrow to 32 bits unless they are enabled. */
export function canonicalDtype(dtype: DType): DType {
  return config.enableX64 ? dtype : (NARROW[dtype] ?? dtype);
}

/** Checks a dtype given by a user and narrows it as {@link canonicalDtype} does. */
export function checkDtype(op: string, dtype: unknown): DType {
  if (dtype === 'int') return canonicalDtype('int64');
  if (dtype === 'float') return canonicalDtype('float64');
  if (dtype === 'complex') return canonicalDtype('complex128');
  if (!isDtype(dtype)) throw new DtypeError(`${op}: expected dtype to be an element type such as 'float32', got ${showValue(dtype)}`);
  return canonicalDtype(dtype);
}
