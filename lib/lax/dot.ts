import type { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { ShapeError } from '../core/errors';
import { type DotDimensionNumbers, dotGeneral as dotGeneralPrimitive } from '../primitives/dot';
import type { PrecisionLike } from '../primitives/precision';
import { range } from '../primitives/structural';
import { type ArrayLike, asArray } from './arrayLike';

export type { DotDimensionNumbers } from '../primitives/dot';
export { DOT_ALGORITHM_PRESETS as DotAlgorithmPreset, type DotAlgorithm, type PrecisionLike } from '../primitives/precision';

/** Names of precisions. Mirrors `jax.lax.Precision`. */
export const Precision = { DEFAULT: 'default', HIGH: 'high', HIGHEST: 'highest' } as const;

export interface DotOptions {
  precision?: PrecisionLike;
  /** Dtype of the result, and of the sums. */
  preferredElementType?: DType | null;
}

/** Sums of products over contracted dimensions, for each entry of batch dimensions: `[[lhsContract, rhsContract], [lhsBatch, rhsBatch]]`. Mirrors `jax.lax.dot_general`. @throws ShapeError, DtypeError where the operands do not fit */
export function dotGeneral(lhs: ArrayLike, rhs: ArrayLike, dimensionNumbers: DotDimensionNumbers, options: DotOptions = {}): Array {
  return dotGeneralPrimitive(asArray(lhs, 'dotGeneral'), asArray(rhs, 'dotGeneral'), { dimensionNumbers, ...options });
}

/** The product of vectors and matrices, or, with `dimensionNumbers`, {@link dotGeneral}. Mirrors `jax.lax.dot`. @throws ShapeError where the operands do not fit @example lax.dot(np.array([1, 2]), np.array([3, 4])).item() // 11 */
export function dot(lhs: ArrayLike, rhs: ArrayLike, options: DotOptions & { dimensionNumbers?: DotDimensionNumbers | null } = {}): Array {
  const [x, y] = [asArray(lhs, 'dot'), asArray(rhs, 'dot')];
  const { dimensionNumbers, ...others } = options;
  if (dimensionNumbers) return dotGeneral(x, y, dimensionNumbers, others);
  if (x.ndim < 1 || x.ndim > 2 || y.ndim < 1 || y.ndim > 2 || x.shape[x.ndim - 1] !== y.shape[0]) {
    throw new ShapeError(`dot: expected vectors or matrices whose inner sizes agree, or dimensionNumbers, got ${x.aval} and ${y.aval}`);
  }
  return dotGeneral(x, y, [[[x.ndim - 1], [0]], [[], []]], others);
}

/** Products of the matrices in the last two dimensions, other dimensions being equal. Mirrors `jax.lax.batch_matmul`. @throws ShapeError where they are not */
export function batchMatmul(lhs: ArrayLike, rhs: ArrayLike, options: { precision?: PrecisionLike } = {}): Array {
  const [x, y] = [asArray(lhs, 'batchMatmul'), asArray(rhs, 'batchMatmul')];
  if (x.ndim < 2 || x.ndim !== y.ndim) throw new ShapeError(`batchMatmul: expected arrays of one rank, at least 2, got ${x.aval} and ${y.aval}`);
  const batch = range(x.ndim - 2);
  return dotGeneral(x, y, [[[x.ndim - 1], [x.ndim - 2]], [batch, batch]], options);
}
