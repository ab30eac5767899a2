import type { ScalarValue } from './array';
import { type DType, dtypeKind } from './dtype';

// Largest values of the float types that have no infinity.
const LARGEST: Partial<Record<DType, number>> = { float8_e4m3fn: 448, float8_e4m3b11fnuz: 30, float8_e4m3fnuz: 240, float8_e5m2fnuz: 57344, float4_e2m1fn: 6, float8_e8m0fnu: 2 ** 127 };

function integer(value: bigint): number | bigint {
  return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
}

/** The value that is at most every value of a type: what a maximum of nothing is. */
export function lowest(dtype: DType): ScalarValue {
  switch (dtypeKind(dtype)) {
    case 'bool': return false;
    case 'uint': return 0;
    case 'int': return integer(-(2n ** BigInt(Number(dtype.slice(3)) - 1)));
    case 'complex': return { re: -Infinity, im: 0 };
    case 'float': return dtype === 'float8_e8m0fnu' ? 2 ** -127 : LARGEST[dtype] === undefined ? -Infinity : -LARGEST[dtype];
  }
}

/** The value that is at least every value of a type: what a minimum of nothing is. */
export function highest(dtype: DType): ScalarValue {
  switch (dtypeKind(dtype)) {
    case 'bool': return true;
    case 'uint': return integer(2n ** BigInt(Number(dtype.slice(4))) - 1n);
    case 'int': return integer(2n ** BigInt(Number(dtype.slice(3)) - 1) - 1n);
    case 'complex': return { re: Infinity, im: 0 };
    case 'float': return LARGEST[dtype] ?? Infinity;
  }
}
