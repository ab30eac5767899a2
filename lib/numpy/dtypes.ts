import { checkList } from '../core/checks';
import { Array } from '../core/array';
import { canonicalDtype, checkDtype } from '../core/aval';
import { config } from '../core/config';
import { type DType, dtypeKind, isDtype, promoteTypes as promoteInfos, realDtype, type TypeInfo } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { bitWidth } from '../primitives/elementwise';

// Element types by name, what is known of them, and how they go together.

/** An element type as functions take it: a name, or 'int', 'float', 'complex' for those of the default precision. */
export type DtypeLike = DType | 'int' | 'float' | 'complex';

/** Booleans. Mirrors `jax.numpy.bool_`. */
export const bool_ = 'bool';
/** Signed integers of 2 bits: -2 to 1. Mirrors `jax.numpy.int2`. */
export const int2 = 'int2';
/** Signed integers of 4 bits: -8 to 7. Mirrors `jax.numpy.int4`. */
export const int4 = 'int4';
/** Signed integers of 8 bits. Mirrors `jax.numpy.int8`. */
export const int8 = 'int8';
/** Signed integers of 16 bits. Mirrors `jax.numpy.int16`. */
export const int16 = 'int16';
/** Signed integers of 32 bits. Mirrors `jax.numpy.int32`. */
export const int32 = 'int32';
/** Signed integers of 64 bits; narrowed to 32 where 64-bit types are off. Mirrors `jax.numpy.int64`. */
export const int64 = 'int64';
/** Unsigned integers of 2 bits: 0 to 3. Mirrors `jax.numpy.uint2`. */
export const uint2 = 'uint2';
/** Unsigned integers of 4 bits: 0 to 15. Mirrors `jax.numpy.uint4`. */
export const uint4 = 'uint4';
/** Unsigned integers of 8 bits. Mirrors `jax.numpy.uint8`. */
export const uint8 = 'uint8';
/** Unsigned integers of 16 bits. Mirrors `jax.numpy.uint16`. */
export const uint16 = 'uint16';
/** Unsigned integers of 32 bits. Mirrors `jax.numpy.uint32`. */
export const uint32 = 'uint32';
/** Unsigned integers of 64 bits; narrowed to 32 where 64-bit types are off. Mirrors `jax.numpy.uint64`. */
export const uint64 = 'uint64';
/** Floats of 16 bits with the exponents of float32: 8 bits of exponent, 7 of fraction. Mirrors `jax.numpy.bfloat16`. */
export const bfloat16 = 'bfloat16';
/** Half precision: 5 bits of exponent, 10 of fraction. Mirrors `jax.numpy.float16`. */
export const float16 = 'float16';
/** Single precision, the default float. Mirrors `jax.numpy.float32`. */
export const float32 = 'float32';
/** Double precision; narrowed to float32 where 64-bit types are off. Mirrors `jax.numpy.float64`. */
export const float64 = 'float64';
/** Floats of 8 bits: 3 of exponent, 4 of fraction. Mirrors `jax.numpy.float8_e3m4`. */
export const float8_e3m4 = 'float8_e3m4';
/** Floats of 8 bits: 4 of exponent, 3 of fraction, with infinities. Mirrors `jax.numpy.float8_e4m3`. */
export const float8_e4m3 = 'float8_e4m3';
/** Floats of 8 bits: 4 of exponent, 3 of fraction, without infinities. Mirrors `jax.numpy.float8_e4m3fn`. */
export const float8_e4m3fn = 'float8_e4m3fn';
/** Floats of 8 bits: 4 of exponent with bias 11, 3 of fraction, without infinities and negative zero. Mirrors `jax.numpy.float8_e4m3b11fnuz`. */
export const float8_e4m3b11fnuz = 'float8_e4m3b11fnuz';
/** Floats of 8 bits: 4 of exponent, 3 of fraction, without infinities and negative zero. Mirrors `jax.numpy.float8_e4m3fnuz`. */
export const float8_e4m3fnuz = 'float8_e4m3fnuz';
/** Floats of 8 bits: 5 of exponent, 2 of fraction, with infinities. Mirrors `jax.numpy.float8_e5m2`. */
export const float8_e5m2 = 'float8_e5m2';
/** Floats of 8 bits: 5 of exponent, 2 of fraction, without infinities and negative zero. Mirrors `jax.numpy.float8_e5m2fnuz`. */
export const float8_e5m2fnuz = 'float8_e5m2fnuz';
/** Floats of 8 bits that are powers of two: 8 of exponent, without sign. Mirrors `jax.numpy.float8_e8m0fnu`. */
export const float8_e8m0fnu = 'float8_e8m0fnu';
/** Floats of 4 bits: 2 of exponent, 1 of fraction, finite only. Mirrors `jax.numpy.float4_e2m1fn`. */
export const float4_e2m1fn = 'float4_e2m1fn';
/** Complex numbers of two float32. Mirrors `jax.numpy.complex64`. */
export const complex64 = 'complex64';
/** Complex numbers of two float64; narrowed to complex64 where 64-bit types are off. Mirrors `jax.numpy.complex128`. */
export const complex128 = 'complex128';
/** float32 by C's name. Mirrors `jax.numpy.single`. */
export const single = 'float32';
/** float64 by C's name. Mirrors `jax.numpy.double`. */
export const double = 'float64';
/** complex64 by C's name. Mirrors `jax.numpy.csingle`. */
export const csingle = 'complex64';
/** complex128 by C's name. Mirrors `jax.numpy.cdouble`. */
export const cdouble = 'complex128';
/** The default integer type: int64 where 64-bit types are on, else int32. */
export const int_ = 'int';
/** The default unsigned type, narrowed as int_ is. */
export const uint = 'uint64';
/** The default float type: float64 where 64-bit types are on, else float32. */
export const float_ = 'float';
/** The default complex type: complex128 where 64-bit types are on, else complex64. */
export const complex_ = 'complex';

/** The family of all element types, for {@link issubdtype}. Mirrors `jax.numpy.generic`. */
export const generic = 'generic';
/** The family of all numbers: integers, floats, complex numbers. Mirrors `jax.numpy.number`. */
export const number = 'number';
/** The family of integers, signed and unsigned. Mirrors `jax.numpy.integer`. */
export const integer = 'integer';
/** The family of signed integers. Mirrors `jax.numpy.signedinteger`. */
export const signedinteger = 'signedinteger';
/** The family of unsigned integers. Mirrors `jax.numpy.unsignedinteger`. */
export const unsignedinteger = 'unsignedinteger';
/** The family of floats and complex numbers. Mirrors `jax.numpy.inexact`. */
export const inexact = 'inexact';
/** The family of floats. Mirrors `jax.numpy.floating`. */
export const floating = 'floating';
/** The family of complex numbers. Mirrors `jax.numpy.complexfloating`. */
export const complexfloating = 'complexfloating';

/** A family of element types. */
export type DtypeFamily = 'generic' | 'number' | 'integer' | 'signedinteger' | 'unsignedinteger' | 'inexact' | 'floating' | 'complexfloating';

const FAMILIES: Record<ReturnType<typeof dtypeKind>, readonly DtypeFamily[]> = {
  bool: ['generic'],
  int: ['signedinteger', 'integer', 'number', 'generic'],
  uint: ['unsignedinteger', 'integer', 'number', 'generic'],
  float: ['floating', 'inexact', 'number', 'generic'],
  complex: ['complexfloating', 'inexact', 'number', 'generic'],
};

const FAMILY_UP: Record<DtypeFamily, readonly DtypeFamily[]> = {
  generic: [], number: ['generic'], integer: ['number', 'generic'], inexact: ['number', 'generic'],
  signedinteger: FAMILIES.int.slice(1), unsignedinteger: FAMILIES.uint.slice(1), floating: FAMILIES.float.slice(1), complexfloating: FAMILIES.complex.slice(1),
};

/** The full name of a dtype, not narrowed. */
function fullDtype(op: string, x: unknown): DType {
  if (x instanceof Array) return x.dtype;
  if (x === 'int') return 'int64';
  if (x === 'float') return 'float64';
  if (x === 'complex') return 'complex128';
  if (!isDtype(x)) throw new DtypeError(`${op}: expected an element type such as 'float32', got ${String(x)}`);
  return x;
}

/**
 * The name of an element type, or of an array's. Mirrors `jax.numpy.dtype`.
 *
 * @throws DtypeError if there is none of that name
 * @example
 * np.dtype('float') // 'float32'
 */
export function dtype(x: DtypeLike | Array): DType {
  return x instanceof Array ? x.dtype : checkDtype('dtype', x);
}

/**
 * Whether an element type or family is within another. Mirrors `jax.numpy.issubdtype`.
 *
 * @param arg1 an element type, a family of them, or an array
 * @param arg2 the type or family that may hold it
 * @example
 * np.issubdtype('bfloat16', np.floating) // true
 */
export function issubdtype(arg1: DtypeLike | DtypeFamily | Array, arg2: DtypeLike | DtypeFamily | Array): boolean {
  if (typeof arg1 === 'string' && arg1 in FAMILY_UP) return arg1 === arg2 || FAMILY_UP[arg1 as DtypeFamily].includes(arg2 as DtypeFamily);
  const a = fullDtype('issubdtype', arg1);
  if (typeof arg2 === 'string' && arg2 in FAMILY_UP) return FAMILIES[dtypeKind(a)].includes(arg2 as DtypeFamily);
  return a === fullDtype('issubdtype', arg2);
}

/** Names of groups of element types in the array API standard. */
export type DtypeGroup = 'bool' | 'signed integer' | 'unsigned integer' | 'integral' | 'real floating' | 'complex floating' | 'numeric';

const GROUPS: Record<DtypeGroup, readonly ReturnType<typeof dtypeKind>[]> = {
  bool: ['bool'], 'signed integer': ['int'], 'unsigned integer': ['uint'], integral: ['int', 'uint'], 'real floating': ['float'], 'complex floating': ['complex'],
  numeric: ['int', 'uint', 'float', 'complex'],
};

/**
 * Whether an element type is of a kind, or of one of several. Mirrors `jax.numpy.isdtype`.
 *
 * @param dtype an element type, or an array
 * @example
 * np.isdtype('int8', ['signed integer', 'bool']) // true
 */
export function isdtype(dtype: DtypeLike, kind: DtypeGroup | DtypeLike | readonly (DtypeGroup | DtypeLike)[]): boolean {
  const d = fullDtype('isdtype', dtype);
  const kinds = typeof kind === 'string' ? [kind] : kind;
  checkList('isdtype', 'kind', kinds);
  return kinds.some((k) => (k in GROUPS ? GROUPS[k as DtypeGroup].includes(dtypeKind(d)) : fullDtype('isdtype', k) === d));
}

function infoOf(op: string, x: ArrayLike | DtypeLike): TypeInfo {
  if (typeof x === 'string') return { dtype: checkDtype(op, x), weakType: false };
  return asArray(x, op).aval;
}

/**
 * The element type that arrays and values, or element types by name, go to together. Mirrors `jax.numpy.result_type`.
 *
 * @throws DtypeError where there is none
 * @example
 * np.resultType('int8', 'bfloat16', 1.5) // 'bfloat16'
 */
export function resultType(...args: readonly (ArrayLike | DtypeLike)[]): DType {
  return canonicalDtype(promoteInfos(...args.map((x) => infoOf('resultType', x))).dtype);
}

/**
 * The element type that two element types go to together. Mirrors `jax.numpy.promote_types`.
 *
 * @param a an element type
 * @param b an element type
 * @throws DtypeError where there is none
 * @example
 * np.promoteTypes('int32', 'float16') // 'float16'
 */
export function promoteTypes(a: DtypeLike, b: DtypeLike): DType {
  const info = (d: DtypeLike): TypeInfo => ({ dtype: fullDtype('promoteTypes', d), weakType: d === 'int' || d === 'float' || d === 'complex' });
  const t = promoteInfos(info(a), info(b));
  // Without a value, types of Python's numbers are NumPy's.
  return t.weakType && t.dtype !== 'bool' ? fullDtype('promoteTypes', dtypeKind(t.dtype)) : t.dtype;
}

/** How far a conversion may go, from none to any. */
export type Casting = 'no' | 'equiv' | 'safe' | 'same_kind' | 'unsafe';

const KIND_RANK = { bool: 0, uint: 1, int: 2, float: 3, complex: 4 };

function castIsSafe(from: DType, to: DType): boolean {
  if (from === to) return true;
  const [f, t] = [dtypeKind(from), dtypeKind(to)];
  if (f === 'bool') return true;
  if (t === 'bool') return false;
  if (f === 'uint' || f === 'int') {
    if (t === 'uint') return f === 'uint' && bitWidth(to) > bitWidth(from);
    if (t === 'int') return bitWidth(to) > bitWidth(from);
    // A float holds all integers of its significand's width; NumPy takes float64 to hold those of 64 bits.
    const part = realDtype(to);
    return part === 'float64' || finfo(part).nmant + 1 >= bitWidth(from) - (f === 'int' ? 1 : 0);
  }
  if (f === 'complex' && t !== 'complex') return false;
  if (t !== 'float' && t !== 'complex') return false;
  const [a, b] = [finfo(realDtype(from)), finfo(realDtype(to))];
  return a.nmant <= b.nmant && a.maxexp <= b.maxexp && a.minexp - a.nmant >= b.minexp - b.nmant;
}

/**
 * Whether an element type converts to another under a rule, 'safe' by default: no value is lost. Mirrors `jax.numpy.can_cast`.
 *
 * @param from an element type, or an array
 * @throws ArgumentError for another kind of casting
 * @example
 * np.canCast('int32', 'float32') // false
 */
export function canCast(from: DtypeLike, to: DtypeLike, options: { casting?: Casting } | Casting = {}): boolean {
  const casting = typeof options === 'string' ? options : (options.casting ?? 'safe');
  const [f, t] = [fullDtype('canCast', from), fullDtype('canCast', to)];
  switch (casting) {
    case 'no':
    case 'equiv': return f === t;
    case 'safe': return castIsSafe(f, t);
    case 'same_kind': return castIsSafe(f, t) || KIND_RANK[dtypeKind(f)] <= KIND_RANK[dtypeKind(t)];
    case 'unsafe': return true;
    default: throw new ArgumentError(`canCast: expected casting to be 'no', 'equiv', 'safe', 'same_kind' or 'unsafe', got ${String(casting)}`);
  }
}

interface FloatFormat { bits: number; nexp: number; nmant: number; minexp: number; maxexp: number; max: number }

const format = (bits: number, nexp: number, nmant: number, minexp: number, maxexp: number, max = 2 ** (maxexp - 1) * (2 - 2 ** -nmant)): FloatFormat => ({ bits, nexp, nmant, minexp, maxexp, max });

const FLOATS: Partial<Record<DType, FloatFormat>> = {
  bfloat16: format(16, 8, 7, -126, 128), float16: format(16, 5, 10, -14, 16), float32: format(32, 8, 23, -126, 128), float64: format(64, 11, 52, -1022, 1024),
  float8_e3m4: format(8, 3, 4, -2, 4), float8_e4m3: format(8, 4, 3, -6, 8), float8_e4m3b11fnuz: format(8, 4, 3, -10, 5), float8_e4m3fn: format(8, 4, 3, -6, 9, 448),
  float8_e4m3fnuz: format(8, 4, 3, -7, 8), float8_e5m2: format(8, 5, 2, -14, 16), float8_e5m2fnuz: format(8, 5, 2, -15, 16), float8_e8m0fnu: format(8, 8, 0, -127, 128),
  float4_e2m1fn: format(4, 2, 1, 0, 3),
};

/** What is known of a float type. */
export interface FloatInfo {
  /** Element type. */
  readonly dtype: DType;
  /** Size in bits. */
  readonly bits: number;
  /** Distance from 1 to the next greater number. */
  readonly eps: number;
  /** Distance from 1 to the next smaller number. */
  readonly epsneg: number;
  /** The largest finite number. */
  readonly max: number;
  /** The smallest finite number. */
  readonly min: number;
  /** The least positive normal number. */
  readonly tiny: number;
  /** The smallest positive normal number. */
  readonly smallestNormal: number;
  /** The smallest positive number. */
  readonly smallestSubnormal: number;
  /** Bits of the exponent. */
  readonly nexp: number;
  /** Bits of the exponent, as NumPy counts them. */
  readonly iexp: number;
  /** Bits of the fraction. */
  readonly nmant: number;
  /** The least exponent of a normal number. */
  readonly minexp: number;
  /** The exponent at which numbers overflow. */
  readonly maxexp: number;
  /** The exponent of `eps`. */
  readonly machep: number;
  /** The exponent of `epsneg`. */
  readonly negep: number;
  /** Decimal digits that are exact. */
  readonly precision: number;
  /** The decimal resolution. */
  readonly resolution: number;
}

/**
 * What is known of a float type, or of the parts of a complex one. Mirrors `jax.numpy.finfo`.
 *
 * @throws DtypeError for other types
 * @example
 * np.finfo('float32').eps // 1.1920928955078125e-7
 */
export function finfo(dtype: DtypeLike | Array): FloatInfo {
  const d = realDtype(dtype instanceof Array ? dtype.dtype : dtype === 'float' ? canonicalDtype('float64') : dtype === 'complex' ? canonicalDtype('complex128') : fullDtype('finfo', dtype));
  const f = FLOATS[d];
  if (f === undefined) throw new DtypeError(`finfo: expected a float or complex type, got ${d}`);
  const { nmant, minexp } = f;
  const unsigned = d === 'float8_e8m0fnu';
  const negep = d === 'float4_e2m1fn' ? -nmant : -nmant - 1;
  const tiny = 2 ** minexp;
  const precision = d === 'float4_e2m1fn' ? 0 : Math.max(1, Math.floor(nmant * Math.LOG10E * Math.LN2));
  return {
    dtype: d, bits: f.bits, eps: 2 ** -nmant, epsneg: 2 ** negep, max: f.max, min: unsigned ? tiny : -f.max, tiny, smallestNormal: tiny, smallestSubnormal: unsigned ? tiny : 2 ** (minexp - nmant),
    nexp: f.nexp, iexp: f.nexp, nmant, minexp, maxexp: f.maxexp, machep: -nmant, negep, precision, resolution: 10 ** -precision,
  };
}

/** What is known of an integer type. Bounds of 64-bit types are bigints. */
export interface IntegerInfo {
  /** Element type. */
  readonly dtype: DType;
  /** Size in bits. */
  readonly bits: number;
  /** `i` for signed ones, `u` for unsigned ones. */
  readonly kind: 'i' | 'u';
  /** The smallest number. */
  readonly min: number | bigint;
  /** The largest number. */
  readonly max: number | bigint;
}

/**
 * The range of an integer type. Mirrors `jax.numpy.iinfo`.
 *
 * @throws DtypeError for other types
 * @example
 * np.iinfo('int8').max // 127
 */
export function iinfo(intType: DtypeLike | Array): IntegerInfo {
  const d = intType instanceof Array ? intType.dtype : intType === 'int' ? canonicalDtype('int64') : fullDtype('iinfo', intType);
  const kind = dtypeKind(d);
  if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`iinfo: expected an integer type, got ${d}`);
  const bits = bitWidth(d);
  const signed = kind === 'int';
  if (bits === 64) return { dtype: d, bits, kind: signed ? 'i' : 'u', min: signed ? -(2n ** 63n) : 0n, max: signed ? 2n ** 63n - 1n : 2n ** 64n - 1n };
  return { dtype: d, bits, kind: signed ? 'i' : 'u', min: signed ? -(2 ** (bits - 1)) : 0, max: signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1 };
}

/** The dtype of numbers with fractions where none is asked for. */
export function defaultFloat(): DType {
  return config.enableX64 ? 'float64' : 'float32';
}
