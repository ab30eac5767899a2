import type { Array } from '../core/array';
import { canonicalDtype } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, promoteDtypes } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { scatter } from '../primitives/scatter';
import { sort as sortP } from '../primitives/sort';
import { concatenate, convert, full, iota, like, reduceSum, reshape, rev, sliceInDim } from '../primitives/structural';
import { asIndices } from './indexParse';
import { isNan, where } from './operators';
import { program, readOptions, type Rest } from './program';
import { takeOf } from './take';

export type SearchMethod = 'scan' | 'scan_unrolled' | 'sort' | 'compare_all';

export interface SearchOptions {
  /** Where equal elements are: 'left' gives the first place, 'right' the one after the last. */
  side?: 'left' | 'right';
  /** Indices that sort the array. */
  sorter?: ArrayLike | null;
  /** How: by halving, by sorting all together, or by comparing with all. */
  method?: SearchMethod;
}

/** x < y in the order of sorting, NaN last. */
function before(x: Array, y: Array): Array {
  if (dtypeKind(x.dtype) === 'complex') {
    // By real parts, then by imaginary ones.
    const [p, q] = [e.real(x), e.real(y)];
    return e.or(before(p, q), e.and(e.not(before(q, p)), before(e.imag(x), e.imag(y))));
  }
  if (dtypeKind(x.dtype) !== 'float') return e.lt(x, y);
  const [nx, ny] = [isNan(x), isNan(y)];
  return e.or(e.lt(x, y), e.and(e.not(nx), ny));
}

/** Places of values in a sorted vector. */
export function searchOf(a: Array, v: Array, side: 'left' | 'right', method: SearchMethod): Array {
  const dtype = canonicalDtype('int32');
  const n = a.size;
  if (n === 0) return full(v.shape, 0, dtype);
  if (method === 'compare_all') {
    const [x, y] = [reshape(a, [...v.shape.map(() => 1), n]), reshape(v, [...v.shape, 1])];
    const hit = side === 'left' ? before(x, y) : e.not(before(y, x));
    return reduceSum(convert(hit, dtype), [v.ndim]);
  }
  if (method === 'sort') {
    // Rank of each value among all, less its rank among the values.
    const flat = reshape(v, [v.size]);
    const rank = (x: Array) => {
      const i = iota(dtype, [x.size], 0);
      const order = sortP([x, i], { dimension: 0, numKeys: 1, isStable: true })[1]!;
      return scatter(full([x.size], 0, dtype), reshape(order, [x.size, 1]), i, { dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, uniqueIndices: true });
    };
    const all = rank(concatenate(side === 'left' ? [flat, a] : [a, flat], 0));
    const own = side === 'left' ? sliceInDim(all, 0, v.size, 0) : sliceInDim(all, n, n + v.size, 0);
    return reshape(e.sub(own, rank(flat)), v.shape);
  }
  let low = full(v.shape, 0, dtype);
  let high = full(v.shape, n, dtype);
  for (let level = 0; level < Math.ceil(Math.log2(n + 1)); level++) {
    const mid = e.add(low, e.div(e.sub(high, low), like(low, 2)));
    const x = takeOf(a, mid, { axis: 0, mode: 'clip', unique: false, sorted: false, fill: null });
    const left = side === 'left' ? e.not(before(x, v)) : before(v, x);
    low = e.where(left, low, mid);
    high = e.where(left, mid, high);
  }
  return high;
}

const searchC = program<{ side: 'left' | 'right'; method: SearchMethod }>('searchsorted', ([a0, v0, sorter], { side, method }) => {
  const [a, v] = promoteDtypes('searchsorted', a0!, v0!) as [Array, Array];
  const sorted = sorter ? takeOf(a, sorter, { axis: 0, mode: 'fill', unique: false, sorted: false, fill: null }) : a;
  return [searchOf(sorted, v, side, method)];
});

const METHODS = ['scan', 'scan_unrolled', 'sort', 'compare_all'];

function checkMethod(op: string, method: unknown): SearchMethod {
  if (!METHODS.includes(method as string)) throw new ArgumentError(`${op}: expected method to be one of ${METHODS.join(', ')}, got ${String(method)}`);
  return method as SearchMethod;
}

/**
 * Places at which values would have to be put into a sorted vector to keep it sorted. Mirrors `jax.numpy.searchsorted`.
 *
 * @param v an array of values to place
 * @throws ShapeError unless `a` is a vector
 * @example
 * np.searchsorted([1, 2, 4], [2, 3]) // [1, 2]
 */
export function searchsorted(a: ArrayLike, v: ArrayLike, ...rest: Rest<SearchOptions, 'side'>): Array {
  const { side = 'left', sorter = null, method = 'scan' } = readOptions('searchsorted', ['side', 'sorter', 'method'], 2, rest);
  const x = asArray(a, 'searchsorted');
  if (x.ndim !== 1) throw new ShapeError(`searchsorted: expected a vector, got ${x.aval}`);
  if (side !== 'left' && side !== 'right') throw new ArgumentError(`searchsorted: expected side to be 'left' or 'right', got ${String(side)}`);
  return searchC([x, asArray(v, 'searchsorted'), sorter === null ? null : asIndices('searchsorted', sorter)], { side, method: checkMethod('searchsorted', method) })[0]!;
}

const digitizeC = program<{ side: 'left' | 'right'; method: SearchMethod }>('digitize', ([x0, bins0], { side, method }) => {
  const [bins, x] = promoteDtypes('digitize', bins0!, x0!) as [Array, Array];
  const n = bins.size;
  const rising = e.not(before(sliceInDim(bins, n - 1, n, 0), sliceInDim(bins, 0, 1, 0)));
  const up = searchOf(bins, x, side, method);
  return [where(reshape(rising, []), up, e.sub(like(up, n), searchOf(rev(bins, [0]), x, side, method)))];
});

interface DigitizeOptions {
  /** Whether bins hold their right end rather than their left one. */
  right?: boolean;
  method?: SearchMethod | null;
}

/**
 * Number of the bin that each value is in, the bins' ends rising or falling. Mirrors `jax.numpy.digitize`.
 *
 * @param x an array of real numbers
 * @throws ShapeError unless bins are a vector
 * @example
 * np.digitize([0.5, 2.5], [0, 1, 2]) // [1, 3]
 */
export function digitize(x: ArrayLike, bins: ArrayLike, ...rest: Rest<DigitizeOptions, 'right'>): Array {
  const { right = false, method } = readOptions('digitize', ['right', 'method'], 1, rest);
  const b = asArray(bins, 'digitize');
  const a = asArray(x, 'digitize');
  if (b.ndim !== 1) throw new ShapeError(`digitize: expected bins to be a vector, got ${b.aval}`);
  if (b.size === 0) return full(a.shape, 0, 'int32');
  return digitizeC([a, b], { side: right ? 'left' : 'right', method: checkMethod('digitize', method ?? 'scan') })[0]!;
}
