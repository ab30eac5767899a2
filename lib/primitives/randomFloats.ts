import type { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { add, bitcastConvertType, erfInv, log1p, max, mul, neg, or, shiftRightLogical, sub } from './elementwise';
import { convert, like, scalar } from './structural';

// Floats from random bits, elementwise.

/** What samplers need to know of a floating point type. */
export interface FloatInfo {
  bits: 8 | 16 | 32 | 64;
  /** Bits of the fraction. */
  mantissa: number;
  /** The bits of 1. */
  one: number | bigint;
  /** The smallest normal number. */
  tiny: number;
  /** Distance from 1 to the next larger number. */
  eps: number;
  max: number;
}

const INFO: Partial<Record<DType, FloatInfo>> = {
  float8_e4m3fn: { bits: 8, mantissa: 3, one: 0x38, tiny: 2 ** -6, eps: 2 ** -3, max: 448 },
  float8_e5m2: { bits: 8, mantissa: 2, one: 0x3c, tiny: 2 ** -14, eps: 2 ** -2, max: 57344 },
  bfloat16: { bits: 16, mantissa: 7, one: 0x3f80, tiny: 2 ** -126, eps: 2 ** -7, max: (2 - 2 ** -7) * 2 ** 127 },
  float16: { bits: 16, mantissa: 10, one: 0x3c00, tiny: 2 ** -14, eps: 2 ** -10, max: 65504 },
  float32: { bits: 32, mantissa: 23, one: 0x3f800000, tiny: 2 ** -126, eps: 2 ** -23, max: (2 - 2 ** -23) * 2 ** 127 },
  float64: { bits: 64, mantissa: 52, one: 0x3ff0000000000000n, tiny: 2 ** -1022, eps: 2 ** -52, max: Number.MAX_VALUE },
};

/** @throws DtypeError for types that random numbers are not made in */
export function floatInfo(op: string, dtype: DType): FloatInfo {
  const info = INFO[dtype];
  if (info === undefined) throw new DtypeError(`${op}: expected dtype ${Object.keys(INFO).join(', ')}, got ${dtype}`);
  return info;
}

const UINT: Record<number, DType> = { 8: 'uint8', 16: 'uint16', 32: 'uint32', 64: 'uint64' };

/** How many random bits a float takes: eight are enough for a fraction of less than eight. */
export function bitsForFloat(op: string, dtype: DType): number {
  const info = floatInfo(op, dtype);
  return info.mantissa < 8 ? 8 : info.bits;
}

/** Floats in [0, 1) from {@link bitsForFloat} bits each: they become the fraction under the exponent of 1, which gives [1, 2). */
export function bitsToUnit(bits: Array, dtype: DType): Array {
  const info = floatInfo('uniform', dtype);
  const raw = convert(bits, UINT[info.bits]!);
  const fraction = shiftRightLogical(raw, like(raw, bitsForFloat('uniform', dtype) - info.mantissa));
  return sub(bitcastConvertType(or(fraction, like(raw, info.one)), dtype), scalar(1, dtype));
}

/** Standard normal numbers from floats in [0, 1), by the inverse of the error function. */
export function unitToNormal(u: Array): Array {
  const dtype = u.dtype;
  // The open interval: the number next to −1 is the least.
  const lo = scalar(-1 + floatInfo('normal', dtype).eps / 2, dtype);
  const hi = scalar(1, dtype);
  return mul(erfInv(max(lo, add(mul(u, sub(hi, lo)), lo))), scalar(Math.SQRT2, dtype));
}

/** Exponentially distributed numbers from floats in [0, 1). */
export function unitToExponential(u: Array): Array {
  return neg(log1p(neg(u)));
}
