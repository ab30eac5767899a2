import type { ScalarValue } from './array';
import { describeValue } from './describe';
import { type DType, dtypeKind } from './dtype';
import { ArgumentError, DtypeError } from './errors';

// Plain values as elements of a type that cannot hold them all.

/** The least value of an integer type and the power of two after the greatest: exact as numbers, also for 64 bits. */
function limits(dtype: DType): { from: number; below: number; bits: number } {
  const bits = Number(/\d+$/.exec(dtype)![0]);
  return dtype.startsWith('u') ? { from: 0, below: 2 ** bits, bits } : { from: -(2 ** (bits - 1)), below: 2 ** (bits - 1), bits };
}

const isIntegerType = (dtype: DType) => dtypeKind(dtype) === 'int' || dtypeKind(dtype) === 'uint';
const isComplex = (x: ScalarValue): x is Exclude<ScalarValue, number | bigint | boolean> => typeof x === 'object';

/**
 * A plain value as it is converted to a type. What is no whole number loses its fraction and becomes the least or greatest value where it is outside, NaN becomes 0,
 * as XLA converts floats; a whole number stays as it is, for `encode` to wrap, as JAX converts Python's integers.
 */
export function convertedPlain(x: ScalarValue, dtype: DType): ScalarValue {
  if (!isIntegerType(dtype)) return x;
  const v = isComplex(x) ? x.re : x;
  if (typeof v !== 'number' || Number.isSafeInteger(v)) return v;
  if (Number.isNaN(v)) return 0;
  const { from, below, bits } = limits(dtype);
  if (v >= below) return bits === 64 ? BigInt(below) - 1n : below - 1;
  return v <= from ? from : Math.trunc(v);
}

/**
 * Checks that an element type can hold plain values: their whole part where it is of integers (those of 2 and 4 bits wrap, as in JAX), no imaginary part where it is real.
 *
 * @throws ArgumentError for a value that is out of range, NaN or infinite, DtypeError for a complex one; Python's OverflowError, ValueError and TypeError in JAX
 */
export function checkPlain(op: string, values: ArrayLike<unknown>, dtype: DType): void {
  const kind = dtypeKind(dtype);
  if (kind === 'complex' || kind === 'bool') return;
  const range = isIntegerType(dtype) ? limits(dtype) : null;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] as ScalarValue;
    if (isComplex(v)) throw new DtypeError(`${op}: expected real values for dtype ${dtype}, got ${describeValue(v)} with parts ${v.re} and ${v.im}`);
    if (range === null || typeof v === 'boolean') continue;
    const whole = typeof v === 'number' ? Math.trunc(v) : v;
    if (whole >= range.from && whole < range.below) continue;
    if (range.bits < 8 && (typeof v === 'bigint' || Number.isFinite(v))) continue;
    const greatest = range.bits === 64 ? BigInt(range.below) - 1n : range.below - 1;
    throw new ArgumentError(`${op}: expected values from ${BigInt(range.from)} to ${greatest} for dtype ${dtype}, got ${v}; np.astype and lax.convertElementType convert what is outside`);
  }
}
