import type { Array } from '../core/array';
import { canonAxis } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import * as s from '../primitives/sort';
import { neg } from '../primitives/elementwise';
import { moveaxis } from '../primitives/structural';
import { type ArrayLike, asArray } from './arrayLike';

/** Options of {@link sort} and {@link sortKeyVal}. */
export interface SortOptions {
  /** The last by default. */
  dimension?: number;
  /** Whether equal keys keep their order; true by default. */
  isStable?: boolean;
  /** How many of the arrays are keys, the first being the most important; 1 by default. */
  numKeys?: number;
}

/**
 * Sorts an array along a dimension, or several by the first of them. Mirrors `jax.lax.sort`: NaN comes last.
 *
 * @throws ArgumentError for a bad number of keys
 * @example
 * lax.sort(np.array([3, 1, 2])).js() // [1, 2, 3]
 */
export function sort(operand: readonly Array[], options?: SortOptions): Array[];
export function sort(operand: ArrayLike, options?: SortOptions): Array;
export function sort(operand: ArrayLike | readonly Array[], options: SortOptions = {}): Array | Array[] {
  const { dimension = -1, isStable = true, numKeys = 1 } = checkOptions('sort', ['dimension', 'isStable', 'numKeys'], options);
  const several = globalThis.Array.isArray(operand) && operand.length > 0 && operand.every((x) => typeof x === 'object' && x !== null && 'aval' in x);
  const xs = several ? [...(operand as readonly Array[])] : [asArray(operand as ArrayLike, 'sort')];
  if (!Number.isInteger(numKeys) || numKeys < 1 || numKeys > xs.length) throw new ArgumentError(`sort: expected numKeys to be from 1 to ${xs.length}, got ${numKeys}`);
  const out = s.sort(xs, { dimension: canonAxis('sort', dimension, xs[0]!.ndim), isStable, numKeys });
  return several ? out : out[0]!;
}

/** Keys sorted along a dimension, and values in the order of their keys. Mirrors `jax.lax.sort_key_val`. @example lax.sortKeyVal(np.array([2, 1]), np.array([10, 20]))[1].js() // [20, 10] */
export function sortKeyVal(keys: ArrayLike, values: ArrayLike, options: Omit<SortOptions, 'numKeys'> = {}): [Array, Array] {
  return sort([asArray(keys, 'sortKeyVal'), asArray(values, 'sortKeyVal')], options) as [Array, Array];
}

/**
 * The k greatest along an axis in descending order, and their int32 positions. Mirrors `jax.lax.top_k`.
 *
 * @param operand an array
 * @throws ArgumentError unless k is from 0 to the axis' size
 * @example
 * lax.topK(np.array([1, 3, 2]), 2).map((x) => x.js()) // [[3, 2], [1, 2]]
 */
export function topK(operand: ArrayLike, k: number, options: { axis?: number } | number = {}): [Array, Array] {
  const x = asArray(operand, 'topK');
  const axis = canonAxis('topK', typeof options === 'number' ? options : (options.axis ?? -1), x.ndim);
  if (!Number.isInteger(k) || k < 0 || k > x.shape[axis]!) throw new ArgumentError(`topK: expected k to be from 0 to ${x.shape[axis]}, got ${String(k)}`);
  return s.topK(x, k, axis);
}

/** Options of {@link approxMaxK} and {@link approxMinK}. */
export interface ApproxOptions {
  /** Where to look; the last dimension by default. */
  reductionDimension?: number;
  /** The share of true ones wanted, at least; all are found here, which any share allows. */
  recallTarget?: number;
}

function approx(op: string, x: Array, k: number, options: ApproxOptions, sign: (x: Array) => Array): [Array, Array] {
  const { reductionDimension = -1, recallTarget = 0.95 } = checkOptions(op, ['reductionDimension', 'recallTarget'], options);
  if (!(recallTarget > 0 && recallTarget <= 1)) throw new ArgumentError(`${op}: expected recallTarget to be over 0 and at most 1, got ${recallTarget}`);
  if (dtypeKind(x.dtype) !== 'float') throw new DtypeError(`${op}: expected floats, got ${x.aval}`);
  const axis = canonAxis(op, reductionDimension, x.ndim);
  const last = x.ndim - 1;
  const [v, i] = topK(moveaxis(sign(x), axis, last), k);
  return [sign(moveaxis(v, last, axis)), moveaxis(i, last, axis)];
}

/**
 * The k greatest along a dimension, and their positions; exact here, as on JAX's CPU. Mirrors `jax.lax.approx_max_k`.
 *
 * @param operand an array
 * @example
 * lax.approxMaxK(np.array([3.0, 1.0, 4.0, 2.0]), 2)[0].js(); // [4, 3]
 */
export function approxMaxK(operand: ArrayLike, k: number, options: ApproxOptions = {}): [Array, Array] {
  return approx('approxMaxK', asArray(operand, 'approxMaxK'), k, options, (x) => x);
}

/**
 * The k least along a dimension, and their positions; exact here, as on JAX's CPU. Mirrors `jax.lax.approx_min_k`.
 *
 * @param operand an array
 * @example
 * lax.approxMinK(np.array([3.0, 1.0, 4.0, 2.0]), 2)[1].js(); // [1, 3]
 */
export function approxMinK(operand: ArrayLike, k: number, options: ApproxOptions = {}): [Array, Array] {
  return approx('approxMinK', asArray(operand, 'approxMinK'), k, options, neg);
}
