import { type Array, ConcreteArray } from '../core/array';
import { ShapedArray } from '../core/aval';
import type { DType } from '../core/dtype';
import { encode, typedView } from '../core/hostFormat';
import { checkOptions } from '../functional/options';
import type { Precision } from './keys';
import { type EnvOption, envOf, rawPrecision, set } from './store';

interface Types {
  readonly float: DType;
  readonly int: DType;
  readonly uint: DType;
  readonly complex: DType;
  readonly bits: number;
}

const TYPES: Record<string, Types> = {
  64: { float: 'float64', int: 'int64', uint: 'uint64', complex: 'complex128', bits: 64 },
  32: { float: 'float32', int: 'int32', uint: 'uint32', complex: 'complex64', bits: 32 },
  16: { float: 'float16', int: 'int16', uint: 'uint16', complex: 'complex64', bits: 16 },
  bf16: { float: 'bfloat16', int: 'int16', uint: 'uint16', complex: 'complex64', bits: 16 },
  8: { float: 'float8_e5m2', int: 'int8', uint: 'uint8', complex: 'complex64', bits: 8 },
};

const typesOf = (op: string, options: EnvOption | null | undefined): Types => TYPES[String(rawPrecision(envOf(op, checkOptions(`environ.${op}`, ['env'], options))))]!;

/** Sets the bits of the default element types; 64 turns 64-bit types on. Mirrors `brainstate.environ.set_precision`. @example environ.setPrecision(32); */
export function setPrecision(precision: Precision, options: EnvOption = {}): void {
  set({ precision }, options);
}

/** Bits of the default element types; 16 for bfloat16. Mirrors `brainstate.environ.get_precision`. @example environ.getPrecision(); // 32 */
export function getPrecision(options: EnvOption = {}): number {
  return typesOf('getPrecision', options).bits;
}

/** The default floating-point type: float64, float32, float16, bfloat16 or float8_e5m2. Mirrors `brainstate.environ.dftype`. @example environ.dftype(); // 'float32' */
export function dftype(options: EnvOption = {}): DType {
  return typesOf('dftype', options).float;
}

/** The default integer type, int8 to int64. Mirrors `brainstate.environ.ditype`. @example environ.ditype(); // 'int32' */
export function ditype(options: EnvOption = {}): DType {
  return typesOf('ditype', options).int;
}

/** The default type of non-negative integers, uint8 to uint64. Mirrors `brainstate.environ.dutype`. @example environ.dutype(); // 'uint32' */
export function dutype(options: EnvOption = {}): DType {
  return typesOf('dutype', options).uint;
}

/** The default complex type: complex128 at 64 bits, else complex64. Mirrors `brainstate.environ.dctype`. @example environ.dctype(); // 'complex64' */
export function dctype(options: EnvOption = {}): DType {
  return typesOf('dctype', options).complex;
}

/**
 * A tolerance for comparisons: 1e-12, 1e-5 or 1e-2 at 64, 32, and 16 or 8 bits, of shape [] in float64, float32 or float16.
 * Mirrors `brainstate.environ.tolerance`.
 *
 * @example
 * environ.tolerance().shape; // []
 */
export function tolerance(options: EnvOption = {}): Array {
  const { bits } = typesOf('tolerance', options);
  const [value, dtype]: [number, DType] = bits === 64 ? [1e-12, 'float64'] : bits === 32 ? [1e-5, 'float32'] : [1e-2, 'float16'];
  return ConcreteArray.scalar(typedView(encode([value], dtype).buffer as ArrayBuffer, dtype).at(0) as number, new ShapedArray([], dtype));
}
