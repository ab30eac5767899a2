/** The IEEE types whose decimal digits are found here. */
export type FloatType = 'float16' | 'float32' | 'float64';

// Bits of the significand, the hidden one among them, and the least exponent of a normal number.
const SIGNIFICAND: Record<FloatType, number> = { float16: 11, float32: 24, float64: 53 };
const LEAST: Record<FloatType, number> = { float16: -14, float32: -126, float64: -1022 };

/** Decimal digits of a number: `digits[0]` counts 10 ** exponent. */
export interface Decimal {
  readonly digits: number[];
  readonly exponent: number;
}

/** Bounds on how many digits are made. */
export interface DigitLimits {
  /** What is counted: digits after the decimal point, or after the first digit. */
  readonly count: 'fraction' | 'significant';
  /** At most so many, the last one rounded. */
  readonly max?: number;
  /** At least so many, though fewer would tell the number from its neighbours. */
  readonly min?: number;
}

interface Scaled {
  /** The number is value / scale; half the gap to its neighbours low / scale below and high / scale above. */
  value: bigint;
  scale: bigint;
  low: bigint;
  high: bigint;
  /** Neighbours' midpoints round to a number with an even significand. */
  even: boolean;
}

const bits = new DataView(new ArrayBuffer(8));

function exponentOf(x: number): number {
  bits.setFloat64(0, x);
  const e = bits.getUint16(0) >> 4;
  return e === 0 ? Math.floor(Math.log2(x)) : e - 1023;
}

function scaled(x: number, type: FloatType): Scaled {
  const p = SIGNIFICAND[type];
  const e = Math.max(exponentOf(x), LEAST[type]);
  const ulp = e - (p - 1);
  // Two steps: 2 ** 1074 alone overflows.
  const significand = BigInt(x * 2 ** Math.min(-ulp, 1000) * 2 ** Math.max(-ulp - 1000, 0));
  // The gap below a power of two is half the gap above it.
  const uneven = significand === 1n << BigInt(p - 1) && e > LEAST[type];
  const up = ulp > 0 ? BigInt(ulp) : 0n;
  const down = ulp < 0 ? BigInt(-ulp) : 0n;
  return {
    value: (significand * 4n) << up, scale: 4n << down, low: (uneven ? 1n : 2n) << up, high: 2n << up, even: (significand & 1n) === 0n,
  };
}

/**
 * The digits of a positive finite number of a floating-point type: as few as tell it from its neighbours, or as the limits say, as NumPy prints it.
 *
 * Source: Steele and White, "How to print floating-point numbers accurately", PLDI 1990 (Dragon4), with exact integers.
 */
export function floatDigits(x: number, type: FloatType, limits: DigitLimits): Decimal {
  const n = scaled(x, type);
  // The logarithm may be off by one where x is next to a power of ten.
  let exponent = Math.floor(Math.log10(x));
  if (exponent > 0) n.scale *= 10n ** BigInt(exponent);
  else shift(n, 10n ** BigInt(-exponent));
  if (n.value >= n.scale * 10n) {
    n.scale *= 10n;
    exponent++;
  } else if (n.value < n.scale) {
    shift(n, 10n);
    exponent--;
  }
  const origin = limits.count === 'fraction' ? 0 : exponent;
  const last = limits.max === undefined ? -Infinity : origin - limits.max;
  const least = limits.min === undefined ? Infinity : origin - limits.min;
  if (last > exponent) return { digits: [last === exponent + 1 && n.value > n.scale * 5n ? 1 : 0], exponent: last };

  const digits: number[] = [];
  for (let place = exponent; ; place--) {
    const digit = n.value / n.scale;
    n.value -= digit * n.scale;
    digits.push(Number(digit));
    const top = n.value + n.high - n.scale;
    const nearLow = n.even ? n.value <= n.low : n.value < n.low;
    const nearHigh = n.even ? top >= 0n : top > 0n;
    if (place === last || ((nearLow || nearHigh) && place <= least)) {
      const half = n.value * 2n - n.scale;
      const up = nearLow !== nearHigh ? nearHigh : half > 0n || (half === 0n && (digit & 1n) === 1n);
      return up ? increment(digits, exponent) : { digits, exponent };
    }
    shift(n, 10n);
  }
}

function shift(n: Scaled, factor: bigint): void {
  n.value *= factor;
  n.low *= factor;
  n.high *= factor;
}

function increment(digits: number[], exponent: number): Decimal {
  let i = digits.length - 1;
  while (i >= 0 && digits[i] === 9) i--;
  // Nines all the way: the trailing zeros are for the formatter to pad.
  if (i < 0) return { digits: [1], exponent: exponent + 1 };
  return { digits: [...digits.slice(0, i), digits[i]! + 1], exponent };
}
