import { type Array, ConcreteArray, type HostElements, hostElements } from '../core/array';
import type { ShapedArray } from '../core/aval';
import type { DType } from '../core/dtype';

type OnNumbers = (x: number, y: number) => number | boolean | undefined;

/** What an operation does to numbers where the result, rounded to the dtype, is that of every device: of floats, and of int32 in its low 32 bits. Undefined: not known. */
export interface HostOperation {
  float: OnNumbers;
  int?: OnNumbers;
}

/** The smallest normal numbers: devices may take those below for zero, so that they are left to them. */
const SMALLEST = { float32: 2 ** -126, float64: 2 ** -1022 };

/** A number as the dtype has it; undefined where devices may have another, or the dtype is none of ours. */
function rounded(v: number, dtype: DType): number | undefined {
  if (dtype === 'int32') return v === (v | 0) ? v | 0 : undefined;
  if (dtype !== 'float32' && dtype !== 'float64') return undefined;
  const r = dtype === 'float32' ? Math.fround(v) : v;
  return r !== 0 && Math.abs(r) < SMALLEST[dtype] ? undefined : r;
}

/** What an operation makes of a pair of numbers; undefined where devices may make something else of it. */
function applied(apply: OnNumbers, x: number, y: number, dtype: DType): number | boolean | undefined {
  const [a, b] = [rounded(x, dtype), rounded(y, dtype)];
  if (a === undefined || b === undefined) return undefined;
  const v = apply(a, b);
  return typeof v === 'number' ? rounded(dtype === 'int32' ? v | 0 : v, dtype) : v;
}

/** The value of a scalar that the host knows, or the elements of a small array; null for other arrays, and other dtypes. */
function known(x: Array, dtype: DType): number | HostElements | null {
  if (!(x instanceof ConcreteArray) || x.dtype !== dtype) return null;
  if (x.ndim > 0) return x.knownElements;
  const v = x.hostValue;
  return typeof v === 'number' ? v : null;
}

/**
 * An elementwise operation without a program, for scalars and small arrays whose values the host knows: a step of a schedule, or a count, takes a tenth of a
 * microsecond where a program takes three. Null where operands are other arrays, of other dtypes, or too small for devices to agree on.
 */
export function onHost(operation: HostOperation, args: readonly Array[], out: (avals: readonly ShapedArray[]) => ShapedArray): Array[] | null {
  const { dtype } = args[0]!;
  const apply = dtype === 'int32' ? operation.int : operation.float;
  if (apply === undefined) return null;
  const x = known(args[0]!, dtype);
  if (x === null) return null;
  const y = args.length === 1 ? 0 : known(args[1]!, dtype);
  if (y === null) return null;
  const aval = out(args.map((v) => v.aval));
  if (typeof x === 'number' && typeof y === 'number') {
    const v = applied(apply, x, y, dtype);
    return v === undefined ? null : [ConcreteArray.computed(v, aval)];
  }
  // Arrays of two shapes broadcast along dimensions of size 1, which is left to programs.
  const n = aval.size;
  if ((typeof x !== 'number' && x.length !== n) || (typeof y !== 'number' && y.length !== n)) return null;
  const elements = aval.dtype === dtype ? hostElements(dtype, n) : null;
  if (elements === null) return null;
  for (let i = 0; i < n; i++) {
    const v = applied(apply, typeof x === 'number' ? x : x[i]!, typeof y === 'number' ? y : y[i]!, dtype);
    if (typeof v !== 'number') return null;
    elements[i] = v;
  }
  return [ConcreteArray.computedElements(elements, aval)];
}

/** A conversion without a program, of a number that the host knows and that the new dtype can hold; else null. */
export function convertOnHost(x: Array, out: ShapedArray): Array[] | null {
  if (!(x instanceof ConcreteArray)) return null;
  const value = x.hostValue;
  const from = typeof value === 'number' ? rounded(value, x.dtype) : undefined;
  const v = from === undefined ? undefined : rounded(from, out.dtype);
  return v === undefined ? null : [ConcreteArray.computed(v, out)];
}
