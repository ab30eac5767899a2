import type { DType } from './dtype';

/** A binary floating-point format of at most 16 bits. */
interface Format {
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  /** ieee: infinities and NaNs; fn: all ones is NaN, no infinity; fnuz: the code of −0 is NaN, no infinity; finite: neither; unsigned: a power of two, all ones is NaN. */
  readonly special: 'ieee' | 'fn' | 'fnuz' | 'finite' | 'unsigned';
}

const FORMATS: Partial<Record<DType, Format>> = {
  float16: { exponentBits: 5, mantissaBits: 10, bias: 15, special: 'ieee' },
  bfloat16: { exponentBits: 8, mantissaBits: 7, bias: 127, special: 'ieee' },
  float8_e5m2: { exponentBits: 5, mantissaBits: 2, bias: 15, special: 'ieee' },
  float8_e4m3: { exponentBits: 4, mantissaBits: 3, bias: 7, special: 'ieee' },
  float8_e3m4: { exponentBits: 3, mantissaBits: 4, bias: 3, special: 'ieee' },
  float8_e4m3fn: { exponentBits: 4, mantissaBits: 3, bias: 7, special: 'fn' },
  float8_e5m2fnuz: { exponentBits: 5, mantissaBits: 2, bias: 16, special: 'fnuz' },
  float8_e4m3fnuz: { exponentBits: 4, mantissaBits: 3, bias: 8, special: 'fnuz' },
  float8_e4m3b11fnuz: { exponentBits: 4, mantissaBits: 3, bias: 11, special: 'fnuz' },
  float8_e8m0fnu: { exponentBits: 8, mantissaBits: 0, bias: 127, special: 'unsigned' },
  float4_e2m1fn: { exponentBits: 2, mantissaBits: 1, bias: 1, special: 'finite' },
};

/** Whether a dtype is one of the small floats of this file. */
export function isMinifloat(dtype: DType): boolean {
  return FORMATS[dtype] !== undefined;
}

function formatOf(dtype: DType): Format {
  const f = FORMATS[dtype];
  if (f === undefined) throw new TypeError(`${dtype} is not a float of 16 bits or fewer`);
  return f;
}

function decodeOne(code: number, f: Format): number {
  if (f.special === 'unsigned') return code === 255 ? Number.NaN : 2 ** (code - f.bias);
  const m = code & ((1 << f.mantissaBits) - 1);
  const top = (1 << f.exponentBits) - 1;
  const e = (code >> f.mantissaBits) & top;
  const negative = code >> (f.mantissaBits + f.exponentBits) !== 0;
  if (f.special === 'ieee' && e === top) return m !== 0 ? Number.NaN : negative ? -Infinity : Infinity;
  if (f.special === 'fn' && e === top && m === (1 << f.mantissaBits) - 1) return Number.NaN;
  if (f.special === 'fnuz' && negative && e === 0 && m === 0) return Number.NaN;
  const x = e === 0 ? m * 2 ** (1 - f.bias - f.mantissaBits) : (1 + m * 2 ** -f.mantissaBits) * 2 ** (e - f.bias);
  return negative ? -x : x;
}

const tables = new Map<DType, Float32Array>();

/**
 * The values of all codes of a small float, indexed by code; float32 holds each of them exactly.
 *
 * float4_e2m1fn has 256 entries too, of which the upper four bits do not matter.
 */
export function decodeTable(dtype: DType): Float32Array {
  let table = tables.get(dtype);
  if (table === undefined) {
    const f = formatOf(dtype);
    const mask = f.special === 'finite' ? 15 : 0xffff;
    table = Float32Array.from({ length: dtype === 'float16' || dtype === 'bfloat16' ? 65536 : 256 }, (_, code) => decodeOne(code & mask, f));
    tables.set(dtype, table);
  }
  return table;
}

const word = new Float64Array(1);
// Low and high half of the double, on the little-endian machines that XLA knows.
const halves = new Uint32Array(word.buffer);

/** From a number to the code of the nearest value. */
export type Encoder = (x: number) => number;

function makeEncoder(f: Format): Encoder {
  const { exponentBits, mantissaBits, bias, special } = f;
  const signShift = exponentBits + mantissaBits;
  const allOnes = (1 << signShift) - 1;
  const ieeeInf = ((1 << exponentBits) - 1) << mantissaBits;
  const largest = special === 'ieee' ? ieeeInf - 1 : special === 'fn' ? allOnes - 1 : allOnes;
  // NaN has no sign in JS. ml_dtypes writes float4's, which has no NaN, as −0.
  const nan = special === 'ieee' ? ieeeInf | (1 << (mantissaBits - 1)) : special === 'fn' ? allOnes : 1 << signShift;
  const lowest = 1 - bias;

  return (x) => {
    if (Number.isNaN(x)) return nan;
    word[0] = x;
    const high = halves[1]!;
    const sign = (high >>> 31) << signShift;
    // Too large: infinity where there is one, the NaN where there is only that, else the largest value.
    const overflow = special === 'ieee' ? sign | ieeeInf : special === 'fnuz' ? nan : sign | allOnes;
    const exponent = ((high >>> 20) & 0x7ff) - 1023;
    if (exponent > 1000) return overflow;
    const e = Math.max(exponent, lowest);
    const drop = 20 - mantissaBits + e - exponent;
    let magnitude = 0;
    if (drop <= 21) {
      const significand = 0x100000 | (high & 0xfffff);
      const rest = significand & ((1 << drop) - 1);
      const half = 1 << (drop - 1);
      magnitude = significand >>> drop;
      if (rest > half || (rest === half && (halves[0] !== 0 || (magnitude & 1) === 1))) magnitude++;
      // The hidden bit, and a carry into the next binade, add up with the exponent by themselves.
      magnitude += (e - lowest) << mantissaBits;
    }
    if (magnitude > largest) return overflow;
    return magnitude === 0 && special === 'fnuz' ? 0 : sign | magnitude;
  };
}

/** Powers of two: what is not positive is NaN; half-way cases go up, as in ml_dtypes; what is too small becomes the smallest, 2 ** -127. */
function encodePowerOfTwo(x: number): number {
  if (!(x > 0) || x >= 1.5 * 2 ** 127) return 255;
  if (x <= 2 ** -127) return 0;
  // ml_dtypes rounds up here, where float32 is subnormal.
  if (x < 2 ** -126) return 1;
  word[0] = x;
  const high = halves[1]!;
  return (high >>> 20) - 1023 + 127 + ((high >>> 19) & 1);
}

const encoders = new Map<DType, Encoder>();

/** The function that rounds numbers to a small float: to nearest, ties to even, and beyond the range as ml_dtypes does. */
export function minifloatEncoder(dtype: DType): Encoder {
  let encoder = encoders.get(dtype);
  if (encoder === undefined) {
    const f = formatOf(dtype);
    const direct = f.special === 'unsigned' ? encodePowerOfTwo : makeEncoder(f);
    // ml_dtypes, and so NumPy and JAX, round doubles by way of float32; NumPy's own float16 does not.
    encoder = dtype === 'float16' ? direct : (x) => direct(Math.fround(x));
    encoders.set(dtype, encoder);
  }
  return encoder;
}
