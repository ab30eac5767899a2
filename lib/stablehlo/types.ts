import type { ShapedArray } from '../core/aval';
import type { DType } from '../core/dtype';
import type { IrValue } from '../core/lowering';

const ELEMENT: Record<DType, string> = {
  bool: 'i1', int2: 'i2', int4: 'i4', int8: 'i8', int16: 'i16', int32: 'i32', int64: 'i64',
  uint2: 'ui2', uint4: 'ui4', uint8: 'ui8', uint16: 'ui16', uint32: 'ui32', uint64: 'ui64',
  float4_e2m1fn: 'f4E2M1FN', float8_e3m4: 'f8E3M4', float8_e4m3: 'f8E4M3', float8_e4m3fn: 'f8E4M3FN', float8_e4m3b11fnuz: 'f8E4M3B11FNUZ',
  float8_e4m3fnuz: 'f8E4M3FNUZ', float8_e5m2: 'f8E5M2', float8_e5m2fnuz: 'f8E5M2FNUZ', float8_e8m0fnu: 'f8E8M0FNU',
  bfloat16: 'bf16', float16: 'f16', float32: 'f32', float64: 'f64', complex64: 'complex<f32>', complex128: 'complex<f64>',
};

/** MLIR's name of an element type. */
export function elementType(dtype: DType): string {
  return ELEMENT[dtype];
}

/** MLIR's name of an array type, `tensor<2x3xf32>`. */
export function tensorType(aval: ShapedArray): string {
  return (aval.irType ??= aval.shape.length === 0 ? `tensor<${ELEMENT[aval.dtype]}>` : `tensor<${aval.shape.join('x')}x${ELEMENT[aval.dtype]}>`);
}

const rowMajor = ({ shape }: ShapedArray) => `dense<[${shape.map((_, i) => shape.length - 1 - i).join(', ')}]> : tensor<${shape.length}xindex>`;

/** Attributes of a call whose operands and results lie by rows: else XLA may choose how they do, as it does on GPUs for transposed ones. */
export function byRows(operands: readonly IrValue[], outs: readonly ShapedArray[]): string {
  return `operand_layouts = [${operands.map((v) => rowMajor(v.aval)).join(', ')}], result_layouts = [${outs.map(rowMajor).join(', ')}]`;
}
