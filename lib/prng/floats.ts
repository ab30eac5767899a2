import type { DType } from '../core/dtype';
import { DtypeError } from '../core/errors';

/** What samplers need to know of a floating point type. */
export interface FloatInfo {
  bits: 16 | 32 | 64;
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
  bfloat16: { bits: 16, mantissa: 7, one: 0x3f80, tiny: 2 ** -126, eps: 2 ** -7, max: (2 - 2 ** -7) * 2 ** 127 },
  float16: { bits: 16, mantissa: 10, one: 0x3c00, tiny: 2 ** -14, eps: 2 ** -10, max: 65504 },
  float32: { bits: 32, mantissa: 23, one: 0x3f800000, tiny: 2 ** -126, eps: 2 ** -23, max: (2 - 2 ** -23) * 2 ** 127 },
  float64: { bits: 64, mantissa: 52, one: 0x3ff0000000000000n, tiny: 2 ** -1022, eps: 2 ** -52, max: Number.MAX_VALUE },
};

/** @throws DtypeError for types that random numbers are not made in */
export function floatInfo(op: string, dtype: DType): FloatInfo {
  const info = INFO[dtype];
  if (info === undefined) throw new DtypeError(`${op}: expected dtype float16, bfloat16, float32 or float64, got ${dtype}`);
  return info;
}
