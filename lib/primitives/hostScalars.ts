import { type Array, ConcreteArray } from '../core/array';
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

/**
 * An elementwise operation without a program, for scalars whose values the host knows: a step of a schedule, or a count, takes a tenth of a
 * microsecond where a program takes four. Null where operands are arrays, of other dtypes, or too small for devices to agree on.
 */
export function onHost(operation: HostOperation, args: readonly Array[], out: (avals: readonly ShapedArray[]) => ShapedArray): Array[] | null {
  const { dtype } = args[0]!;
  const apply = dtype === 'int32' ? operation.int : operation.float;
  if (apply === undefined) return null;
  const values = [0, 0];
  for (let i = 0; i < args.length; i++) {
    const x = args[i]!;
    if (!(x instanceof ConcreteArray) || x.dtype !== dtype) return null;
    const known = x.hostValue;
    const v = typeof known === 'number' ? rounded(known, dtype) : undefined;
    if (v === undefined) return null;
    values[i] = v;
  }
  const result = apply(values[0]!, values[1]!);
  const v = typeof result === 'number' ? rounded(dtype === 'int32' ? result | 0 : result, dtype) : result;
  return v === undefined ? null : [ConcreteArray.computed(v, out(args.map((x) => x.aval)))];
}

/** A conversion without a program, of a number that the host knows and that the new dtype can hold; else null. */
export function convertOnHost(x: Array, out: ShapedArray): Array[] | null {
  if (!(x instanceof ConcreteArray)) return null;
  const known = x.hostValue;
  const from = typeof known === 'number' ? rounded(known, x.dtype) : undefined;
  const v = from === undefined ? undefined : rounded(from, out.dtype);
  return v === undefined ? null : [ConcreteArray.computed(v, out)];
}
