import type { Array } from '../../core/array';
import { canonicalDtype } from '../../core/aval';
import { canonAxis } from '../../core/checks';
import { ArgumentError } from '../../core/errors';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../../lax/arrayLike';
import { expand } from '../../numpy/axes';
import { promoteArgsInexact } from '../../numpy/broadcast';
import { isNan } from '../../numpy/operators';
import { nanstd, std, sum } from '../../numpy/reductions';
import { argsort, sort } from '../../numpy/sorting';
import { takeAlongAxis } from '../../numpy/take';
import { readOptions, type Rest } from '../../numpy/program';
import { argmax } from '../../primitives/reduction';
import { cummax, cummin, cumsum } from '../../primitives/cumulative';
import * as e from '../../primitives/elementwise';
import { reduceMax, reduceOr } from '../../primitives/reduction';
import { concatenate, full, iota, like, moveaxis, rev, reshape, sliceInDim } from '../../primitives/structural';

type NanPolicy = 'propagate' | 'omit' | 'raise';

function checkPolicy(op: string, policy: string, omit: boolean): void {
  if (!['propagate', 'omit', 'raise'].includes(policy)) throw new ArgumentError(`${op}: expected nanPolicy to be 'propagate', 'omit' or 'raise', got ${String(policy)}`);
  if (policy === 'raise' || (policy === 'omit' && !omit)) throw new ArgumentError(`${op}: nanPolicy '${policy}' is not available (nor in JAX)`);
}

/** Whether an entry of sorted values [..., n] differs from the one before it; the first one does. NaN equals NaN if wished. */
function starts(sorted: Array, nanEqual: boolean): Array {
  const axis = sorted.ndim - 1;
  const n = sorted.shape[axis]!;
  const [later, earlier] = [sliceInDim(sorted, 1, n, axis), sliceInDim(sorted, 0, n - 1, axis)];
  const differs = e.ne(later, earlier);
  const changed = nanEqual ? e.and(differs, e.not(e.and(isNan(later), isNan(earlier)))) : differs;
  return concatenate([full([...sorted.shape.slice(0, -1), 1], true, 'bool'), changed], axis);
}

const modeC = composite<{ axis: number; keepdims: boolean }>('mode', ([x], { axis, keepdims }) => {
  const rows = sort(moveaxis(x!, axis, x!.ndim - 1), { axis: -1 });
  const last = rows.ndim - 1;
  const place = iota('int32', rows.shape, last);
  const start = cummax(e.where(starts(rows, true), place, full(rows.shape, 0, 'int32')), last);
  // How often a value occurred so far: the most frequent value, and the least of several, gets to the maximum first.
  const seen = e.add(e.sub(place, start), like(place, 1));
  const at = argmax(seen, last);
  const value = reshape(takeAlongAxis(rows, reshape(at, [...at.shape, 1]), { axis: last }), at.shape);
  const count = reduceMax(seen, [last]);
  return keepdims ? [expand(value, [axis]), expand(count, [axis])] : [value, count];
});

/** Options of {@link mode}. */
export interface ModeOptions {
  /** The axis; null: all elements. */
  axis?: number | null;
  /** What NaN does. */
  nanPolicy?: NanPolicy;
  /** Whether reduced dimensions stay, of size 1. */
  keepdims?: boolean;
}

/** The most frequent values along an axis, the least of several, and how often they occur. Mirrors `jax.scipy.stats.mode`. @throws ArgumentError for a nanPolicy other than 'propagate' @example scipy.stats.mode([1, 3, 3]).mode.item() // 3 */
export function mode(a: ArrayLike, ...rest: Rest<ModeOptions, 'axis'>): { mode: Array; count: Array } {
  const { axis = 0, nanPolicy = 'propagate', keepdims = false } = readOptions('mode', ['axis', 'nanPolicy', 'keepdims'], 1, rest);
  checkPolicy('mode', nanPolicy, false);
  const given = asArray(a, 'mode');
  const x = given.ndim === 0 ? reshape(given, [1]) : given;
  const along = axis === null ? 0 : canonAxis('mode', axis, x.ndim);
  const flat = axis === null ? reshape(x, [x.size]) : x;
  if (flat.shape[along] === 0) {
    const shape = keepdims ? flat.shape.map((n, d) => (d === along ? 1 : n)) : flat.shape.filter((_, d) => d !== along);
    return { mode: full(shape, Number.NaN, canonicalDtype('float64')), count: full(shape, 0, canonicalDtype('float64')) };
  }
  const [value, count] = modeC([flat], { axis: along, keepdims }) as [Array, Array];
  if (axis !== null || !keepdims) return { mode: value, count };
  const ones = x.shape.map(() => 1);
  return { mode: reshape(value, ones), count: reshape(count, ones) };
}

type RankMethod = 'average' | 'min' | 'max' | 'dense' | 'ordinal';

const rankC = composite<{ method: RankMethod; axis: number }>('rankdata', ([x], { method, axis }) => {
  const rows = moveaxis(x!, axis, x!.ndim - 1);
  const last = rows.ndim - 1;
  const n = rows.shape[last]!;
  const dtype = canonicalDtype('float64');
  const order = argsort(rows, { axis: -1 });
  const sorted = takeAlongAxis(rows, order, { axis: -1 });
  const places = argsort(order, { axis: -1 });
  const place = iota('int32', rows.shape, last);
  const first = starts(sorted, false);
  const k = (v: number) => full(rows.shape, v, 'int32');
  let rank: Array;
  if (method === 'ordinal') rank = e.add(place, like(place, 1));
  else if (method === 'dense') rank = cumsum(astype(first, 'int32'), last);
  else {
    const low = e.add(cummax(e.where(first, place, k(0)), last), like(place, 1));
    // An entry is the last of its run if the next one starts another.
    const ends = concatenate([sliceInDim(first, 1, n, last), full([...rows.shape.slice(0, -1), 1], true, 'bool')], last);
    const high = rev(cummin(rev(e.where(ends, e.add(place, like(place, 1)), k(n)), [last]), last), [last]);
    rank = method === 'min' ? low : method === 'max' ? high : e.mul(e.add(astype(low, dtype), astype(high, dtype)), full([], 0.5, dtype));
  }
  const out = astype(takeAlongAxis(rank, places, { axis: -1 }), dtype);
  const bad = reduceOr(isNan(rows), [last]);
  const wide = e.and(full(rows.shape, true, 'bool'), expand(bad, [last]));
  return [moveaxis(e.where(wide, full(out.shape, Number.NaN, dtype), out), last, axis)];
});

/** Options of {@link rankdata}. */
export interface RankOptions {
  /** What equal values get. */
  method?: RankMethod;
  /** The axis; null: all elements, flattened. */
  axis?: number | null;
  /** What NaN does. */
  nanPolicy?: NanPolicy;
}

/** Ranks of values, from 1; all are NaN where a value is. Mirrors `jax.scipy.stats.rankdata`. @throws ArgumentError for an unknown method, or a nanPolicy other than 'propagate' @example scipy.stats.rankdata([10, 30, 10]).js() // [1.5, 3, 1.5] */
export function rankdata(a: ArrayLike, ...rest: Rest<RankOptions, 'method'>): Array {
  const { method = 'average', axis = null, nanPolicy = 'propagate' } = readOptions('rankdata', ['method', 'axis', 'nanPolicy'], 1, rest);
  checkPolicy('rankdata', nanPolicy, false);
  if (!['average', 'min', 'max', 'dense', 'ordinal'].includes(method)) throw new ArgumentError(`rankdata: expected method to be 'average', 'min', 'max', 'dense' or 'ordinal', got ${String(method)}`);
  const x = asArray(a, 'rankdata');
  const flat = axis === null ? reshape(x, [x.size]) : x;
  const along = axis === null ? 0 : canonAxis('rankdata', axis, x.ndim);
  return flat.size === 0 ? full(flat.shape, 0, canonicalDtype('float64')) : rankC([flat], { method, axis: along })[0]!;
}

/** Options of {@link sem}. */
export interface SemOptions {
  /** The axis that is reduced. */
  axis?: number | null;
  /** What is subtracted from the number of elements in the divisor. */
  ddof?: number;
  /** What NaN does. */
  nanPolicy?: NanPolicy;
  /** Whether reduced dimensions stay, of size 1. */
  keepdims?: boolean;
}

const semC = composite<{ axis: number | null; ddof: number; omit: boolean; keepdims: boolean }>('sem', ([x], { axis, ddof, omit, keepdims }) => {
  const [a] = promoteArgsInexact('sem', x!) as [Array];
  if (!omit) {
    const n = axis === null ? a.size : a.shape[canonAxis('sem', axis, a.ndim)]!;
    return [e.div(std(a, { axis, ddof, keepdims }), like(a, Math.sqrt(n)))];
  }
  const n = sum(e.not(isNan(a)), { axis, keepdims });
  return [e.div(nanstd(a, { axis, ddof, keepdims }), astype(e.sqrt(astype(n, 'float32')), a.dtype))];
});

/** The standard error of the mean along an axis. Mirrors `jax.scipy.stats.sem`. @throws ArgumentError for nanPolicy 'raise' @example scipy.stats.sem([1, 2, 3]).item() // 1/√3 */
export function sem(a: ArrayLike, ...rest: Rest<SemOptions, 'axis', 'ddof'>): Array {
  const { axis = 0, ddof = 1, nanPolicy = 'propagate', keepdims = false } = readOptions('sem', ['axis', 'ddof', 'nanPolicy', 'keepdims'], 2, rest);
  checkPolicy('sem', nanPolicy, true);
  return semC([asArray(a, 'sem')], { axis, ddof, omit: nanPolicy === 'omit', keepdims })[0]!;
}
