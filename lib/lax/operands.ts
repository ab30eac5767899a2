import type { Array, ConcreteArray } from '../core/array';
import { type DType, dtypeKind } from '../core/dtype';
import { DtypeError } from '../core/errors';
import { type ArrayLike, asArray, astype, isScalarValue, promoteDtypes } from './arrayLike';

const RANK = { bool: 0, int: 1, uint: 1, float: 2, complex: 3 };

/** A plain value in an array's dtype, if its kind fits there: whole numbers go with floats, fractions do not go with integers. */
function plainIn(op: string, x: Array, dtype: DType, weak: boolean): Array {
  const [from, to] = [dtypeKind(x.dtype), dtypeKind(dtype)];
  if (RANK[from] > RANK[to] || (from === 'bool') !== (to === 'bool')) throw new DtypeError(`${op}: cannot use the value ${String((x as ConcreteArray).literal)} with an array of dtype ${dtype}; convert one of them`);
  return astype(x, dtype, weak);
}

/**
 * Operands of an elementwise operation of lax: arrays must be of one dtype (the operation checks that), plain JS values take the arrays' dtype.
 */
export function operands(op: string, ...xs: readonly ArrayLike[]): Array[] {
  const first = xs.find((x) => !isScalarValue(x));
  if (first === undefined) return promoteDtypes(op, ...xs);
  const { dtype } = asArray(first, op);
  const weak = xs.every((x) => isScalarValue(x) || asArray(x, op).weakType);
  return xs.map((x) => (isScalarValue(x) ? plainIn(op, asArray(x), dtype, weak) : asArray(x, op)));
}

