import type { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { ShapeError } from '../core/errors';
import { type DotDimensionNumbers, dotGeneral as dotGeneralPrimitive } from '../primitives/dot';
import type { PrecisionLike } from '../primitives/precision';
import { composite } from '../interpreters/jit';
import { cumsum } from '../primitives/cumulative';
import { and, ge, lt, sub, where } from '../primitives/elementwise';
import { broadcastInDim, full, iota, range } from '../primitives/structural';
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

/**
 * The product of rows in groups with a matrix for each group: the first `groupSizes[0]` rows of `lhs` with `rhs[0]`, and so on; rows after all groups
 * give 0. Mirrors `jax.lax.ragged_dot`.
 *
 * @param lhs `[m, k]`
 * @param rhs `[groups, k, n]`
 * @param groupSizes integers `[groups]`
 * @returns `[m, n]`
 * @throws ShapeError where the operands do not fit
 */
export function raggedDot(lhs: ArrayLike, rhs: ArrayLike, groupSizes: ArrayLike, options: DotOptions = {}): Array {
  const [x, y, sizes] = [asArray(lhs, 'raggedDot'), asArray(rhs, 'raggedDot'), asArray(groupSizes, 'raggedDot')];
  if (x.ndim !== 2 || y.ndim !== 3 || sizes.ndim !== 1 || x.shape[1] !== y.shape[1] || y.shape[0] !== sizes.shape[0]) {
    throw new ShapeError(`raggedDot: expected types [m, k], [groups, k, n] and [groups], got ${x.aval}, ${y.aval} and ${sizes.aval}`);
  }
  return raggedProgram([x, y, sizes], { options })[0]!;
}

const raggedProgram = composite<{ options: DotOptions }>('ragged_dot', ([x, y, sizes], { options }) => {
  const [m, k] = x!.shape as [number, number];
  const g = y!.shape[0]!;
  const ends = cumsum(sizes!, 0, false);
  const row = iota(sizes!.dtype, [g, m], 1);
  const wide = (v: Array) => broadcastInDim(v, [g, m], [0]);
  const inGroup = and(lt(row, wide(ends)), ge(row, wide(sub(ends, sizes!))));
  const mask = broadcastInDim(inGroup, [g, m, k], [0, 1]);
  const rows = where(mask, broadcastInDim(x!, [g, m, k], [1, 2]), full([g, m, k], 0, x!.dtype));
  return [dotGeneral(rows, y!, [[[0, 2], [0, 1]], [[], []]], options)];
});
