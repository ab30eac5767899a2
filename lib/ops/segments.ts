import { type Array, ConcreteArray } from '../core/array';
import { checkExtent } from '../core/aval';
import { checkInteger } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ConcretizationError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { asIndices } from '../numpy/indexParse';
import { iinfo } from '../numpy/dtypes';
import { program, readOptions, type Rest } from '../numpy/program';
import { max } from '../numpy/reductions';
import * as s from '../primitives/scatter';
import { full, reshape } from '../primitives/structural';

/** Options of the functions of segments. */
export interface SegmentOptions {
  /** How many segments there are: entries of others are left out. Default: one more than the greatest id, whose value has to be known then. */
  numSegments?: number | null;
  /** Whether the ids ascend, which may be faster. */
  indicesAreSorted?: boolean;
  /** Whether no id comes twice, which may be faster. */
  uniqueIndices?: boolean;
}

interface Statics {
  numSegments: number;
  indicesAreSorted: boolean;
  uniqueIndices: boolean;
}

type Segments = (data: ArrayLike, segmentIds: ArrayLike, ...rest: Rest<SegmentOptions, 'numSegments', 'indicesAreSorted', 'uniqueIndices'>) => Array;

/** What a segment without entries is: the least or greatest value of a type. */
function extreme(x: Array, least: boolean): number | bigint | boolean {
  const kind = dtypeKind(x.dtype);
  if (kind === 'bool') return !least;
  if (kind === 'int' || kind === 'uint') return least ? iinfo(x.dtype).min : iinfo(x.dtype).max;
  return least ? -Infinity : Infinity;
}

function segments(op: string, name: string, scatter: typeof s.scatterAdd, empty: (x: Array) => number | bigint | boolean): Segments {
  const run = program<Statics>(name, ([data, ids], { numSegments, ...promises }) => {
    const [x, i] = [data!, ids!];
    const rest = x.shape.slice(1);
    const dimensionNumbers = { updateWindowDims: rest.map((_, d) => d + 1), insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
    return [scatter(full([numSegments, ...rest], empty(x), x.dtype), reshape(i, [i.size, 1]), x, { dimensionNumbers, ...promises })];
  });
  return (data, segmentIds, ...options) => {
    const { numSegments = null, indicesAreSorted = false, uniqueIndices = false } = readOptions(op, ['numSegments', 'indicesAreSorted', 'uniqueIndices'], 3, options);
    const x = asArray(data, `${op}: data`);
    const ids = asIndices(op, segmentIds);
    if (x.ndim === 0 || ids.ndim !== 1 || ids.size !== x.shape[0]) throw new ShapeError(`${op}: expected an id for each entry of data along its first dimension, got data ${x.aval} and ids ${ids.aval}`);
    let n = numSegments;
    if (n === null) {
      if (!(ids instanceof ConcreteArray)) throw new ConcretizationError(`${op}: the ids are traced, so that the number of segments is not known; give numSegments`);
      n = ids.size === 0 ? 0 : Math.max(0, Number(max(ids).item()) + 1);
    }
    checkExtent(op, numSegments === null ? 'segmentIds' : 'numSegments', checkInteger(op, 'numSegments', n, 0));
    return run([x, ids], { numSegments: n, indicesAreSorted, uniqueIndices })[0]!;
  };
}

/**
 * Sums of the entries of each segment: entry i of `data` belongs to segment `segmentIds[i]`. Mirrors `jax.ops.segment_sum`.
 *
 * @param data an array [n, ...]
 * @param segmentIds n integers, in any order; entries whose id is negative, or not below `numSegments`, are left out
 * @returns an array [numSegments, ...] of the dtype of data; 0 where a segment has no entries
 * @throws ShapeError if there is not an id for each entry
 * @throws ConcretizationError for traced ids without numSegments
 * @example
 * ops.segmentSum([1, 2, 3], [0, 0, 2], 3).js(); // [3, 0, 3]
 */
export const segmentSum: Segments = segments('segmentSum', 'segment_sum', s.scatterAdd, () => 0);
/**
 * Products of the entries of each segment, 1 where it has none; see {@link segmentSum}. A derivative is there with `uniqueIndices` alone. Mirrors `jax.ops.segment_prod`.
 *
 * @example
 * ops.segmentProd([1, 2, 3], [0, 2, 2], 3).js(); // [1, 1, 6]
 */
export const segmentProd: Segments = segments('segmentProd', 'segment_prod', s.scatterMul, () => 1);
/**
 * The greatest entry of each segment, −∞ (or the least integer) where it has none; see {@link segmentSum}. Mirrors `jax.ops.segment_max`.
 *
 * @example
 * ops.segmentMax([1, 2, 3], [0, 0, 1], 2).js(); // [2, 3]
 */
export const segmentMax: Segments = segments('segmentMax', 'segment_max', s.scatterMax, (x) => extreme(x, true));
/**
 * The least entry of each segment, ∞ (or the greatest integer) where it has none; see {@link segmentSum}. Mirrors `jax.ops.segment_min`.
 *
 * @example
 * ops.segmentMin([1, 2, 3], [0, 0, 1], 2).js(); // [1, 3]
 */
export const segmentMin: Segments = segments('segmentMin', 'segment_min', s.scatterMin, (x) => extreme(x, false));
