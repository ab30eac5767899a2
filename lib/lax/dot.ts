import type { Array } from '../core/array';
import type { DType } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { type DotDimensionNumbers, dotGeneral as dotGeneralPrimitive } from '../primitives/dot';
import type { PrecisionLike } from '../primitives/precision';
import { composite } from '../interpreters/jit';
import { cumsum } from '../primitives/cumulative';
import { and, ge, lt, mul, sub, where } from '../primitives/elementwise';
import { broadcastInDim, convert, full, iota, range, reshape, transpose } from '../primitives/structural';
import { type ArrayLike, asArray } from './arrayLike';

export type { DotDimensionNumbers } from '../primitives/dot';
export { DOT_ALGORITHM_PRESETS as DotAlgorithmPreset, type DotAlgorithm, type PrecisionLike } from '../primitives/precision';

/** Names of precisions. Mirrors `jax.lax.Precision`. */
export const Precision = { DEFAULT: 'default', HIGH: 'high', HIGHEST: 'highest' } as const;

/** Options of {@link dot}, {@link dotGeneral}, {@link raggedDot} and {@link raggedDotGeneral}. */
export interface DotOptions {
  /** Precision of the products. */
  precision?: PrecisionLike;
  /** Dtype of the result, and of the sums. */
  preferredElementType?: DType | null;
}

/**
 * Sums of products over contracted dimensions, for each entry of batch dimensions: `[[lhsContract, rhsContract], [lhsBatch, rhsBatch]]`. Mirrors `jax.lax.dot_general`. @throws ShapeError, DtypeError where the operands do not fit
 *
 * @param lhs an array
 * @param rhs an array
 * @param dimensionNumbers `[[lhs contracted, rhs contracted], [lhs batch, rhs batch]]`
 * @example
 * lax.dotGeneral(np.ones([5, 2, 3]), np.ones([5, 4, 3]), [[[2], [2]], [[0], [0]]]).shape; // [5, 2, 4]
 */
export function dotGeneral(lhs: ArrayLike, rhs: ArrayLike, dimensionNumbers: DotDimensionNumbers, options: DotOptions = {}): Array {
  options = checkOptions('dotGeneral', ['precision', 'preferredElementType'], options);
  return dotGeneralPrimitive(asArray(lhs, 'dotGeneral'), asArray(rhs, 'dotGeneral'), { dimensionNumbers, ...options });
}

/**
 * The product of vectors and matrices, or, with `dimensionNumbers`, {@link dotGeneral}. Mirrors `jax.lax.dot`.
 *
 * @param lhs a vector or a matrix
 * @param rhs a vector or a matrix
 * @throws ShapeError where the operands do not fit
 * @example
 * lax.dot(np.array([1, 2]), np.array([3, 4])).item() // 11
 */
export function dot(lhs: ArrayLike, rhs: ArrayLike, options: DotOptions & { dimensionNumbers?: DotDimensionNumbers | null } = {}): Array {
  const [x, y] = [asArray(lhs, 'dot'), asArray(rhs, 'dot')];
  const { dimensionNumbers, ...others } = checkOptions('dot', ['precision', 'preferredElementType', 'dimensionNumbers'], options);
  if (dimensionNumbers) return dotGeneral(x, y, dimensionNumbers, others);
  if (x.ndim < 1 || x.ndim > 2 || y.ndim < 1 || y.ndim > 2 || x.shape[x.ndim - 1] !== y.shape[0]) {
    throw new ShapeError(`dot: expected vectors or matrices whose inner sizes agree, or dimensionNumbers, got ${x.aval} and ${y.aval}`);
  }
  return dotGeneral(x, y, [[[x.ndim - 1], [0]], [[], []]], others);
}

/**
 * Products of the matrices in the last two dimensions, other dimensions being equal. Mirrors `jax.lax.batch_matmul`. @throws ShapeError where they are not
 *
 * @param lhs [..., m, k]
 * @param rhs [..., k, n] with the same batch dimensions
 * @example
 * lax.batchMatmul(np.ones([5, 2, 3]), np.ones([5, 3, 4])).shape; // [5, 2, 4]
 */
export function batchMatmul(lhs: ArrayLike, rhs: ArrayLike, options: { precision?: PrecisionLike } = {}): Array {
  const [x, y] = [asArray(lhs, 'batchMatmul'), asArray(rhs, 'batchMatmul')];
  if (x.ndim < 2 || x.ndim !== y.ndim) throw new ShapeError(`batchMatmul: expected arrays of one rank, at least 2, got ${x.aval} and ${y.aval}`);
  const batch = range(x.ndim - 2);
  return dotGeneral(x, y, [[[x.ndim - 1], [x.ndim - 2]], [batch, batch]], options);
}

/** Dimensions of {@link raggedDotGeneral}. Mirrors `jax.lax.RaggedDotDimensionNumbers`. */
export interface RaggedDotDimensionNumbers {
  dotDimensionNumbers: DotDimensionNumbers;
  /** The one dimension of lhs that is in groups. */
  lhsRaggedDimensions: readonly number[];
  /** The one dimension of rhs that groups have, where the ragged dimension is neither contracted nor a batch dimension; else none. */
  rhsGroupDimensions: readonly number[];
}

interface RaggedPlan {
  /** The product's dimensions, operands having been expanded. */
  dimensionNumbers: DotDimensionNumbers;
  /** Of an operand that is expanded: the ragged dimension, and the dimensions that group sizes have too, one by one. */
  expand: ({ dim: number; prefix: number[] } | null)[];
}

function planRagged(x: Array, y: Array, sizes: Array, d: RaggedDotDimensionNumbers): RaggedPlan {
  const op = 'raggedDotGeneral';
  const [[lc, rc], [lb, rb]] = d.dotDimensionNumbers;
  if (d.lhsRaggedDimensions.length !== 1) throw new ArgumentError(`${op}: expected one ragged dimension of lhs, got ${JSON.stringify(d.lhsRaggedDimensions)}`);
  const dim = d.lhsRaggedDimensions[0]!;
  if (!Number.isInteger(dim) || dim < 0 || dim >= x.ndim) throw new ArgumentError(`${op}: expected a ragged dimension from 0 to ${x.ndim - 1}, got ${dim}`);
  const kept = range(x.ndim).filter((i) => !lc.includes(i) && !lb.includes(i));
  const isKept = kept.includes(dim);
  if (d.rhsGroupDimensions.length !== (isKept ? 1 : 0)) throw new ArgumentError(`${op}: expected ${isKept ? 'one group dimension' : 'no group dimensions'} of rhs, as the ragged dimension is ${isKept ? 'kept' : lc.includes(dim) ? 'contracted' : 'a batch dimension'}, got ${JSON.stringify(d.rhsGroupDimensions)}`);
  const outer = (dims: readonly number[], at: number) => dims.slice(0, dims.indexOf(at));
  const up = (dims: readonly number[]) => dims.map((i) => i + 1);
  let plan: RaggedPlan;
  let prefix: number[];
  if (isKept) {
    prefix = [...lb, ...outer(kept, dim)];
    plan = { dimensionNumbers: [[[...up(lc), 0], [...rc, d.rhsGroupDimensions[0]!]], [up(lb), rb]], expand: [{ dim, prefix }, null] };
  } else if (lc.includes(dim)) {
    const other = rc[lc.indexOf(dim)]!;
    prefix = [...lb, ...outer(lc, dim)];
    plan = { dimensionNumbers: [[up(lc), up(rc)], [[0, ...up(lb)], [0, ...up(rb)]]], expand: [{ dim, prefix }, { dim: other, prefix: [...rb, ...outer(rc, other)] }] };
  } else {
    // Every group of a batch dimension is multiplied alike.
    prefix = outer(lb, dim);
    plan = { dimensionNumbers: d.dotDimensionNumbers, expand: [null, null] };
  }
  const expected = prefix.map((i) => x.shape[i]!);
  if (!/^u?int/.test(sizes.dtype)) throw new DtypeError(`${op}: expected group sizes to be integers, got ${sizes.aval}`);
  if (sizes.ndim !== 1 && (sizes.ndim !== expected.length + 1 || expected.some((n, i) => sizes.shape[i] !== n))) {
    throw new ShapeError(`${op}: expected group sizes of shape [groups]${expected.length > 0 ? ` or [${expected.join(', ')}, groups]` : ''}, got ${sizes.aval}`);
  }
  const groups = sizes.shape[sizes.ndim - 1]!;
  if (isKept && y.shape[d.rhsGroupDimensions[0]!] !== groups) throw new ShapeError(`${op}: expected dimension ${d.rhsGroupDimensions[0]} of rhs to be of ${groups} groups, got ${y.aval}`);
  return plan;
}

/** A copy of an operand for each group, along a new leading dimension, with zeros outside of the group. */
function forEachGroup(x: Array, sizes: Array, { dim, prefix }: { dim: number; prefix: readonly number[] }): Array {
  const at = sizes.ndim - 1;
  const shape = [sizes.shape[at]!, ...x.shape];
  const ends = cumsum(sizes, at, false);
  // The dimension of each of the sizes' dimensions in the result; they are put in order before they are spread.
  const places = [...(at === 0 ? [] : prefix.map((i) => i + 1)), 0];
  const order = range(places.length).sort((a, b) => places[a]! - places[b]!);
  const wide = (v: Array) => broadcastInDim(transpose(v, order), shape, order.map((i) => places[i]!));
  const row = iota(sizes.dtype, shape, dim + 1);
  const inGroup = and(lt(row, wide(ends)), ge(row, wide(sub(ends, sizes))));
  return where(inGroup, broadcastInDim(x, shape, range(x.ndim).map((i) => i + 1)), full(shape, 0, x.dtype));
}

/**
 * The product of arrays one dimension of which is in groups. As in {@link dotGeneral}, with, by what the ragged dimension is in it:
 * kept: each group of it is multiplied with its entry of rhs's group dimension, and what is after all groups gives 0;
 * contracted: there is a product for each group, along a new leading dimension;
 * a batch dimension: the product as without groups. Mirrors `jax.lax.ragged_dot_general`.
 *
 * @param groupSizes integers `[groups]`, or of shape [..., groups] after the batch dimensions and those of lhs outside of the ragged one
 * @param raggedDotDimensionNumbers which dimensions are contracted, of the batch, ragged and of the groups
 * @throws ShapeError, ArgumentError where operands or dimensions do not fit
 * @example
 * const d = { dotDimensionNumbers: [[[0], [0]], [[], []]], lhsRaggedDimensions: [0], rhsGroupDimensions: [] } as const;
 * lax.raggedDotGeneral([1, 2, 3], [1, 1, 1], Int32Array.of(1, 2), d) // [1, 5]
 */
export function raggedDotGeneral(lhs: ArrayLike, rhs: ArrayLike, groupSizes: ArrayLike, raggedDotDimensionNumbers: RaggedDotDimensionNumbers, options: DotOptions = {}): Array {
  const [x, y, sizes] = [asArray(lhs, 'raggedDotGeneral'), asArray(rhs, 'raggedDotGeneral'), asArray(groupSizes, 'raggedDotGeneral')];
  return raggedProgram([x, y, sizes], { plan: planRagged(x, y, sizes, raggedDotDimensionNumbers), options })[0]!;
}

const raggedProgram = composite<{ plan: RaggedPlan; options: DotOptions }>('ragged_dot', ([x, y, sizes], { plan, options }) => {
  const [ofX, ofY] = plan.expand;
  return [dotGeneral(ofX ? forEachGroup(x!, sizes!, ofX) : x!, ofY ? forEachGroup(y!, sizes!, ofY) : y!, plan.dimensionNumbers, options)];
});

/**
 * The product of rows in groups with a matrix for each group: the first `groupSizes[0]` rows of `lhs` with `rhs[0]`, and so on; rows after all groups
 * give 0. Mirrors `jax.lax.ragged_dot`.
 *
 * @param lhs `[m, k]`
 * @param rhs `[groups, k, n]`
 * @param groupSizes integers `[groups]`
 * @returns `[m, n]`
 * @throws ShapeError where the operands do not fit
 * @example
 * lax.raggedDot(np.ones([3, 2]), np.ones([2, 2, 4]), np.array([1, 2], { dtype: 'int32' })).shape; // [3, 4]
 */
export function raggedDot(lhs: ArrayLike, rhs: ArrayLike, groupSizes: ArrayLike, options: DotOptions = {}): Array {
  const [x, y, sizes] = [asArray(lhs, 'raggedDot'), asArray(rhs, 'raggedDot'), asArray(groupSizes, 'raggedDot')];
  if (x.ndim !== 2 || y.ndim !== 3 || sizes.ndim !== 1 || x.shape[1] !== y.shape[1] || y.shape[0] !== sizes.shape[0]) {
    throw new ShapeError(`raggedDot: expected types [m, k], [groups, k, n] and [groups], got ${x.aval}, ${y.aval} and ${sizes.aval}`);
  }
  return raggedDotGeneral(x, y, sizes, { dotDimensionNumbers: [[[1], [1]], [[], []]], lhsRaggedDimensions: [0], rhsGroupDimensions: [0] }, options);
}

/** Options of {@link scaledDot}. */
export interface ScaledDotOptions {
  /** Factors of lhs, whose contracted dimensions are smaller by a whole factor of at least 2; null: 1. */
  lhsScale?: ArrayLike | null;
  /** Factors of rhs. */
  rhsScale?: ArrayLike | null;
  /** By default the last dimension of lhs with the last but one of rhs, dimensions before them being batch dimensions. */
  dimensionNumbers?: DotDimensionNumbers | null;
  /** Dtype of the result: by default bfloat16. */
  preferredElementType?: DType | null;
}

function checkScale(side: string, x: Array, scale: Array, contract: readonly number[]): void {
  const fits = scale.ndim === x.ndim && x.shape.every((n, i) => (contract.includes(i) ? scale.shape[i]! > 0 && n % scale.shape[i]! === 0 && n / scale.shape[i]! >= 2 : scale.shape[i] === n));
  if (!fits) throw new ShapeError(`scaledDot: expected ${side}Scale to be of ${side}'s shape, contracted dimensions (${contract.join(', ')}) divided by whole numbers of at least 2, got ${scale.aval} for ${x.aval}`);
}

/** Repeats each factor for the elements that share it. */
function spreadScale(scale: Array, shape: readonly number[]): Array {
  const split = shape.flatMap((n, i) => [scale.shape[i]!, n / scale.shape[i]!]);
  return reshape(broadcastInDim(scale, split, range(shape.length).map((i) => 2 * i)), shape);
}

const scaledProgram = composite<{ dimensionNumbers: DotDimensionNumbers; preferredElementType: DType; scaled: readonly boolean[] }>('scaled_dot', (args, { dimensionNumbers, preferredElementType, scaled }) => {
  let next = 2;
  const [x, y] = args.slice(0, 2).map((v, i) => {
    const low = convert(v, 'bfloat16');
    return scaled[i] ? mul(low, convert(spreadScale(args[next++]!, v.shape), 'bfloat16')) : low;
  });
  return [dotGeneral(x!, y!, dimensionNumbers, { preferredElementType })];
});

/**
 * The product of arrays of few bits with factors that blocks of elements share: that of (lhs · lhsScale) and (rhs · rhsScale) in bfloat16. Mirrors
 * `jax.lax.scaled_dot`.
 *
 * @returns an array of the shape that {@link dotGeneral} gives
 * @throws ShapeError where operands and scales do not fit
 * @example
 * lax.scaledDot(np.ones([2, 4]), np.ones([4, 2]), { lhsScale: np.full([2, 2], 0.5) }) // all 2, bfloat16
 */
export function scaledDot(lhs: ArrayLike, rhs: ArrayLike, options: ScaledDotOptions = {}): Array {
  options = checkOptions('scaledDot', ['lhsScale', 'rhsScale', 'dimensionNumbers', 'preferredElementType'], options);
  const [x, y] = [asArray(lhs, 'scaledDot'), asArray(rhs, 'scaledDot')];
  const n = x.ndim;
  if (n < 2 || y.ndim !== n) throw new ShapeError(`scaledDot: expected arrays of one rank, at least 2, got ${x.aval} and ${y.aval}`);
  const dimensionNumbers: DotDimensionNumbers = options.dimensionNumbers ?? [[[n - 1], [n - 2]], [range(n - 2), range(n - 2)]];
  const scales = [options.lhsScale ?? null, options.rhsScale ?? null].map((s) => (s === null ? null : asArray(s, 'scaledDot')));
  if (scales[0]) checkScale('lhs', x, scales[0], dimensionNumbers[0][0]);
  if (scales[1]) checkScale('rhs', y, scales[1], dimensionNumbers[0][1]);
  return scaledProgram([x, y, ...scales.filter((s) => s !== null)], { dimensionNumbers, preferredElementType: options.preferredElementType ?? 'bfloat16', scaled: scales.map((s) => s !== null) })[0]!;
}
