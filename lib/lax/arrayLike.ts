import { type Array, ConcreteArray } from '../core/array';
import { canonicalDtype } from '../core/aval';
import { type DType, dtypeKind, promoteTypes, type TypeInfo } from '../core/dtype';
import { type ArrayLike, asArray, convertScalar } from '../functional/arrayLike';
import { convert } from '../primitives/structural';

export { type ArrayLike, asArray, convertScalar, describeValue, fromNested, isComplex, isScalarValue, type NestedLike, plainAs, scalarAval, type TypedArray } from '../functional/arrayLike';

/** An array in another dtype; host scalars convert without a program. */
export function astype(x: Array, dtype: DType, weakType = false): Array {
  const { aval } = x;
  if (aval.dtype === dtype && aval.weakType === weakType) return x;
  if (x instanceof ConcreteArray && x.literal !== null && fits(x, dtype)) return convertScalar(x, dtype, weakType);
  return convert(x, dtype, weakType);
}

/** Whether a host scalar's value converts exactly as the device would convert it. */
function fits(x: ConcreteArray, dtype: DType): boolean {
  const v = x.literal!;
  return !/^u?int/.test(dtype) || typeof v === 'boolean' || (typeof v === 'number' && Number.isInteger(v) && Math.abs(v) < 128 && !(v < 0 && dtype.startsWith('u')));
}

/** The common type of several arrays in JAX's lattice. */
export function resultType(...xs: readonly Array[]): TypeInfo {
  const first = xs[0]!.aval;
  let alike = first.dtype !== 'bool' || !first.weakType;
  for (let i = 1; i < xs.length; i++) if (xs[i]!.aval.dtype !== first.dtype || xs[i]!.aval.weakType !== first.weakType) alike = false;
  if (alike) return first;
  return promoteTypes(...xs.map((x) => x.aval));
}

/** Operands converted to their common type, shapes as they are. Mirrors `jax.numpy.promote_types` applied to values. */
export function promoteDtypes(op: string, ...xs: readonly ArrayLike[]): Array[] {
  const arrays = xs.map((x) => asArray(x, op));
  const t = resultType(...arrays);
  return arrays.map((x) => astype(x, t.dtype, t.weakType));
}

/** The floating point type that stands for a type where one is needed: wide integers give wide floats. */
export function inexactDtype(dtype: DType): DType {
  const kind = dtypeKind(dtype);
  if (kind === 'float' || kind === 'complex') return dtype;
  return dtype === 'int64' || dtype === 'uint64' ? canonicalDtype('float64') : 'float32';
}

/** As {@link promoteDtypes}, with integers and booleans promoted to floats of the default precision. */
export function promoteDtypesInexact(op: string, ...xs: readonly ArrayLike[]): Array[] {
  const arrays = xs.map((x) => asArray(x, op));
  const t = resultType(...arrays);
  const dtype = inexactDtype(t.dtype);
  return arrays.map((x) => astype(x, dtype, t.weakType));
}
