import { type Array, ConcreteArray } from '../core/array';
import { canonicalDtype, checkExtent, sizeOf } from '../core/aval';
import { canonAxis } from '../core/checks';
import { ArgumentError, ConcretizationError } from '../core/errors';
import { type ArrayLike, asArray, astype, promoteDtypes } from '../lax/arrayLike';
import { argmax } from '../primitives/reduction';
import { cumsum } from '../primitives/cumulative';
import * as e from '../primitives/elementwise';
import { scatter } from '../primitives/scatter';
import { sort as sortP } from '../primitives/sort';
import { concatenate, convert, full, indexInDim, iota, like, reduceSum, reshape, scalar, sliceInDim } from '../primitives/structural';
import { hostInts, trueAt } from './indexParse';
import { concatenate as join, moveaxis } from './manipulation';
import { nonzero } from './nonzero';
import { isNan, where } from './operators';
import { program, readOptions, type Rest } from './program';
import { any, isInexact, max, min } from './reductions';
import { searchOf } from './search';
import { takeOf } from './take';

interface SizeOptions {
  /** Number of entries of the result, so that it can be traced; missing ones are filled. */
  size?: number | null;
  fillValue?: ArrayLike | null;
}

interface UniqueFlags {
  returnIndex?: boolean;
  returnInverse?: boolean;
  returnCounts?: boolean;
}

interface UniqueOptions extends SizeOptions, UniqueFlags {
  axis?: number | null;
  /** Whether NaN counts as equal to NaN. */
  equalNan?: boolean;
  /** Results are sorted either way. */
  sorted?: boolean;
}

const at0 = (x: Array, i: Array) => takeOf(x, i, { axis: 0, mode: 'fill', unique: false, sorted: false, fill: null });
const oneDim = { dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] } };
const column = (i: Array) => reshape(i, [i.size, 1]);

/** Whether entries next to each other differ. */
function differ(x: Array, y: Array, equalNan: boolean): Array {
  const ne = e.ne(x, y);
  return isInexact(x.dtype) && equalNan ? e.and(ne, e.not(e.and(isNan(x), isNan(y)))) : ne;
}

/** Entries of the first axis sorted, whether each is the first of its kind, and where it came from. */
function sortedMask(x: Array, equalNan: boolean): { aux: Array; mask: Array; perm: Array } {
  const [n, ...rest] = x.shape as [number, ...number[]];
  const int = canonicalDtype('int64');
  const width = sizeOf(rest);
  if (width === 0) return { aux: sliceInDim(x, 0, Math.min(1, n), 0), mask: full([Math.min(1, n)], false, 'bool'), perm: full([1], 0, int) };
  const flat = reshape(x, [n, width]);
  const keys = globalThis.Array.from({ length: width }, (_, k) => indexInDim(flat, k, 1));
  const sorted = sortP([...keys, iota(int, [n], 0)], { dimension: 0, numKeys: width, isStable: true });
  const perm = sorted[width]!;
  const aux = width === 1 ? reshape(sorted[0]!, x.shape) : at0(x, perm);
  if (n === 0) return { aux, mask: full([0], false, 'bool'), perm };
  const changed = reshape(differ(sliceInDim(aux, 1, n, 0), sliceInDim(aux, 0, n - 1, 0), equalNan), [n - 1, width]);
  return { aux, mask: concatenate([full([1], true, 'bool'), width === 1 ? reshape(changed, [n - 1]) : any(changed, { axis: 1 })], 0), perm };
}

const maskC = program<{ axis: number; equalNan: boolean }>('unique_sorted_mask', ([x], { axis, equalNan }) => {
  const { aux, mask, perm } = sortedMask(moveaxis(x!, axis, 0), equalNan);
  return [aux, mask, perm];
});

interface PickSpec {
  axis: number;
  /** Entries of the axis before sorting. */
  n: number;
  size: number | null;
  index: boolean;
  inverse: boolean;
  counts: boolean;
}

/** Results of unique from the sorted entries; `ind` says which are the first of their kind. */
const pickC = program<PickSpec>('unique', ([aux, mask, perm, given, fill], { axis, n, size, index, inverse, counts }) => {
  const int = canonicalDtype('int64');
  const ind = given ?? nonzero(mask!, { size })[0]!;
  let result = aux!.size > 0 ? at0(aux!, ind) : aux!;
  if (fill && size !== null) {
    const value = convert(fill, result.dtype);
    if (result.shape[0]! > 0) {
      const valid = e.lt(iota(int, [size], 0), reduceSum(convert(mask!, int), [0]));
      result = where(reshape(valid, [size, ...result.shape.slice(1).map(() => 1)]), result, value);
    } else result = astype(full([size, ...result.shape.slice(1)], 0, result.dtype), result.dtype);
    if (result.shape[0] === size && aux!.size === 0) result = where(full(result.shape, true, 'bool'), value, result);
  }
  const out = [moveaxis(result, 0, axis)];
  if (index) out.push(aux!.size > 0 ? at0(perm!, ind) : perm!);
  if (inverse) {
    const each = e.sub(cumsum(convert(mask!, int), 0, false), scalar(1, int));
    out.push(aux!.size > 0 ? scatter(full([n], 0, int), column(perm!), each, { ...oneDim, uniqueIndices: true }) : full([n], 0, int));
  }
  if (counts) {
    if (aux!.size === 0) out.push(n > 0 ? full([1], n, int) : full([0], 0, int));
    else {
      const total = full([1], mask!.size, int);
      let bounds: Array;
      if (size === null) bounds = concatenate([convert(ind, int), total], 0);
      else {
        const i = nonzero(mask!, { size: size + 1 })[0]!;
        const later = sliceInDim(i, 1, size + 1, 0);
        bounds = concatenate([sliceInDim(i, 0, 1, 0), e.where(e.ne(later, like(later, 0)), later, full([size], mask!.size, int))], 0);
      }
      const m = bounds.size;
      out.push(e.sub(sliceInDim(bounds, 1, m, 0), sliceInDim(bounds, 0, m - 1, 0)));
    }
  }
  return out;
});

const HINT = 'the array is traced, so that the size of the result is not known; give a size';

function needsValues(op: string, ...xs: readonly Array[]): void {
  for (const x of xs) if (!(x instanceof ConcreteArray)) throw new ConcretizationError(`${op}: ${HINT}`);
}

function uniqueOf(op: string, ar: ArrayLike, o: UniqueOptions): Array[] {
  let x = asArray(ar, op);
  const size = o.size ?? null;
  if (size === null) needsValues(op, x);
  else if (!Number.isInteger(size) || size < 0) throw new ArgumentError(`${op}: expected size to be a non-negative integer, got ${String(size)}`);
  else checkExtent(op, 'size', size);
  const shape = x.shape;
  const axis = o.axis === null || o.axis === undefined ? null : canonAxis(op, o.axis, x.ndim);
  if (axis === null) x = reshape(x, [x.size]);
  const fill = o.fillValue === null || o.fillValue === undefined ? null : asArray(o.fillValue, op);
  const d = axis ?? 0;
  if (x.shape[d] === 0 && size !== null && size > 0 && fill === null) throw new ArgumentError(`${op}: an empty array and a size need a fillValue`);
  const [aux, mask, perm] = maskC([x], { axis: d, equalNan: o.equalNan ?? true }) as [Array, Array, Array];
  const ind = size === null && aux.size > 0 ? astype(hostInts(trueAt(op, mask)[0]!), canonicalDtype('int64')) : null;
  const out = pickC([aux, mask, perm, ind ?? (size === null ? full([0], 0, canonicalDtype('int64')) : null), fill], {
    axis: d, n: x.shape[d]!, size, index: o.returnIndex ?? false, inverse: o.returnInverse ?? false, counts: o.returnCounts ?? false,
  });
  if (o.returnInverse && axis === null) {
    const k = o.returnIndex ? 2 : 1;
    out[k] = reshape(out[k]!, shape);
  }
  return out;
}

const UNIQUE = ['returnIndex', 'returnInverse', 'returnCounts', 'axis', 'equalNan', 'size', 'fillValue', 'sorted'] as const;

/**
 * The different elements (or, with an axis, entries), sorted; with flags a list of these, the index of the first of each, which one each element is,
 * and how often each occurs. With `size`, so many, and it can be traced. Mirrors `jax.numpy.unique`.
 *
 * @throws ConcretizationError when traced without a size
 * @example
 * np.unique([3, 1, 3]) // [1, 3]
 */
export function unique(ar: ArrayLike, options: UniqueOptions & ({ returnIndex: true } | { returnInverse: true } | { returnCounts: true })): Array[];
export function unique(ar: ArrayLike, options?: UniqueOptions): Array;
export function unique(ar: ArrayLike, ...rest: Rest<UniqueOptions>): Array | Array[] {
  const out = uniqueOf('unique', ar, readOptions('unique', UNIQUE, 0, rest));
  return out.length === 1 ? out[0]! : out;
}

const sizes = (op: string, rest: Rest<SizeOptions>) => readOptions(op, ['size', 'fillValue'], 0, rest);

/** Values, first indices, inverse indices and counts of {@link unique}, NaN differing from NaN. Mirrors `jax.numpy.unique_all`. @example np.uniqueAll([1, 1]).values // [1] */
export function uniqueAll(x: ArrayLike, ...rest: Rest<SizeOptions>): { values: Array; indices: Array; inverseIndices: Array; counts: Array } {
  const [values, indices, inverseIndices, counts] = uniqueOf('uniqueAll', x, { ...sizes('uniqueAll', rest), returnIndex: true, returnInverse: true, returnCounts: true, equalNan: false }) as [Array, Array, Array, Array];
  return { values, indices, inverseIndices, counts };
}

/** Values and counts of {@link unique}. Mirrors `jax.numpy.unique_counts`. @example np.uniqueCounts([1, 1]).counts // [2] */
export function uniqueCounts(x: ArrayLike, ...rest: Rest<SizeOptions>): { values: Array; counts: Array } {
  const [values, counts] = uniqueOf('uniqueCounts', x, { ...sizes('uniqueCounts', rest), returnCounts: true, equalNan: false }) as [Array, Array];
  return { values, counts };
}

/** Values and inverse indices of {@link unique}. Mirrors `jax.numpy.unique_inverse`. @example np.uniqueInverse([1, 1]).inverseIndices // [0, 0] */
export function uniqueInverse(x: ArrayLike, ...rest: Rest<SizeOptions>): { values: Array; inverseIndices: Array } {
  const [values, inverseIndices] = uniqueOf('uniqueInverse', x, { ...sizes('uniqueInverse', rest), returnInverse: true, equalNan: false }) as [Array, Array];
  return { values, inverseIndices };
}

/** Values of {@link unique}, NaN differing from NaN. Mirrors `jax.numpy.unique_values`. @example np.uniqueValues([1, 1]) // [1] */
export function uniqueValues(x: ArrayLike, ...rest: Rest<SizeOptions>): Array {
  return uniqueOf('uniqueValues', x, { ...sizes('uniqueValues', rest), equalNan: false })[0]!;
}

// ---- membership ----

type InMethod = 'auto' | 'compare_all' | 'binary_search' | 'sort';

/** Whether entries of one vector are in another, by comparing all or by halving the other, sorted. */
function memberOf(a: Array, b: Array, method: InMethod): Array {
  if (a.size === 0 || b.size === 0) return full([a.size], false, 'bool');
  if (method === 'auto' || method === 'compare_all') return any(e.eq(reshape(a, [a.size, 1]), reshape(b, [1, b.size])), { axis: 1 });
  const sorted = sortP([b], { dimension: 0, numKeys: 1, isStable: true })[0]!;
  const at = searchOf(sorted, a, 'left', method === 'sort' ? 'sort' : 'scan');
  return e.eq(a, takeOf(sorted, at, { axis: 0, mode: 'clip', unique: false, sorted: false, fill: null }));
}

const isinC = program<{ invert: boolean; method: InMethod }>('isin', ([x, y], { invert, method }) => {
  const [a, b] = promoteDtypes('isin', reshape(x!, [x!.size]), reshape(y!, [y!.size])) as [Array, Array];
  const hit = memberOf(a, b, method);
  return [reshape(invert ? e.not(hit) : hit, x!.shape)];
});

interface IsinOptions {
  /** A promise that neither array has an element twice; the same is given without it. */
  assumeUnique?: boolean;
  invert?: boolean;
  method?: InMethod;
}

/**
 * Whether each element is one of others. Mirrors `jax.numpy.isin`.
 *
 * @param testElements an array of what is looked for
 * @throws ArgumentError for another method
 * @example
 * np.isin([1, 2, 3], [2]) // [false, true, false]
 */
export function isin(element: ArrayLike, testElements: ArrayLike, ...rest: Rest<IsinOptions>): Array {
  const { invert = false, method = 'auto' } = readOptions('isin', ['assumeUnique', 'invert', 'method'], 0, rest);
  if (!['auto', 'compare_all', 'binary_search', 'sort'].includes(method)) throw new ArgumentError(`isin: expected method to be 'auto', 'compare_all', 'binary_search' or 'sort', got ${String(method)}`);
  return isinC([asArray(element, 'isin'), asArray(testElements, 'isin')], { invert, method })[0]!;
}

/** Entries of a vector where a mask is true, the values being known. */
function masked(op: string, x: Array, mask: Array): Array {
  return pickAtC([x, hostInts(trueAt(op, mask)[0]!)], {})[0]!;
}
const pickAtC = program<object>('take', ([x, i]) => [at0(x!, i!)]);

/** The first `size` entries where a mask is true. Without a fill value, missing ones get the least of the entries. */
function firstOf(x: Array, mask: Array, size: number, fill: Array | null): { values: Array; at: Array; valid: Array } {
  const at = nonzero(mask, { size, fillValue: x.size })[0]!;
  const n = reduceSum(convert(mask, 'int32'), [0]);
  const valid = e.lt(iota('int32', [size], 0), n);
  let values = takeOf(x, at, { axis: 0, mode: 'fill', unique: false, sorted: false, fill: x.dtype === 'bool' ? false : 0 });
  if (fill) return { values: where(valid, values, convert(fill, x.dtype)), at, valid };
  values = where(valid, values, max(values));
  return { values: where(valid, values, min(values)), at, valid };
}

interface SetOptions extends SizeOptions {
  /** A promise that neither array has an element twice. */
  assumeUnique?: boolean;
}

const SET = ['assumeUnique', 'size', 'fillValue'] as const;

function setArgs(op: string, ar1: ArrayLike, ar2: ArrayLike, o: SetOptions): { a: Array; b: Array; size: number | null; fill: Array | null } {
  const [a, b] = [asArray(ar1, op), asArray(ar2, op)].map((x) => reshape(x, [x.size])) as [Array, Array];
  const size = o.size ?? null;
  if (size === null) needsValues(op, a, b);
  return { a, b, size, fill: o.fillValue === null || o.fillValue === undefined ? null : asArray(o.fillValue, op) };
}

/**
 * Elements that are in either of two arrays, sorted. Mirrors `jax.numpy.union1d`.
 *
 * @param ar1 an array, read flat
 * @param ar2 an array, read flat
 * @example
 * np.union1d([1, 2], [2, 3]) // [1, 2, 3]
 */
export function union1d(ar1: ArrayLike, ar2: ArrayLike, ...rest: Rest<SizeOptions>): Array {
  return uniqueOf('union1d', join([asArray(ar1, 'union1d'), asArray(ar2, 'union1d')], { axis: null }), sizes('union1d', rest))[0]!;
}

const setdiffC = program<{ size: number; assume: boolean }>('setdiff1d', ([a0, b, fill], { size, assume }) => {
  const { aux, mask } = assume ? { aux: a0!, mask: full([a0!.size], true, 'bool') } : sortedMask(a0!, true);
  const [p, q] = promoteDtypes('setdiff1d', aux, b!) as [Array, Array];
  const keep = e.and(mask, e.not(memberOf(p, q, 'auto')));
  return [firstOf(aux, keep, size, fill ?? full([], aux.dtype === 'bool' ? false : 0, aux.dtype)).values];
});

/**
 * Elements of the first array that are not in the second, sorted. Mirrors `jax.numpy.setdiff1d`.
 *
 * @param ar1 an array, read flat
 * @param ar2 an array, read flat
 * @example
 * np.setdiff1d([1, 2, 3], [2]) // [1, 3]
 */
export function setdiff1d(ar1: ArrayLike, ar2: ArrayLike, ...rest: Rest<SetOptions>): Array {
  const o = readOptions('setdiff1d', SET, 0, rest);
  const { a, b, size, fill } = setArgs('setdiff1d', ar1, ar2, o);
  if (size !== null) return a.size === 0 ? where(full([size], true, 'bool'), fill ?? full([], 0, a.dtype), full([size], 0, a.dtype)) : setdiffC([a, b, fill], { size, assume: o.assumeUnique ?? false })[0]!;
  const left = o.assumeUnique ? a : uniqueOf('setdiff1d', a, {})[0]!;
  return masked('setdiff1d', left, isin(left, b, { invert: true }));
}

const xorMaskC = program<object>('setxor1d', ([x]) => {
  const sorted = sortP([x!], { dimension: 0, numKeys: 1, isStable: true })[0]!;
  const n = sorted.size;
  const edge = full([1], true, 'bool');
  const flag = concatenate([edge, e.ne(sliceInDim(sorted, 1, n, 0), sliceInDim(sorted, 0, n - 1, 0)), edge], 0);
  return [sorted, e.and(sliceInDim(flag, 1, n + 1, 0), sliceInDim(flag, 0, n, 0))];
});

const setxorC = program<{ size: number }>('setxor1d', ([a0, b0, fill], { size }) => {
  const [a, b] = promoteDtypes('setxor1d', a0!, b0!) as [Array, Array];
  const { aux, mask } = sortedMask(concatenate([a, b], 0), true);
  const once = e.ne(memberOf(aux, a, 'auto'), memberOf(aux, b, 'auto'));
  return [firstOf(aux, e.and(mask, once), size, fill ?? null).values];
});

/**
 * Elements that are in one of two arrays only, sorted. Mirrors `jax.numpy.setxor1d`.
 *
 * @param ar1 an array, read flat
 * @param ar2 an array, read flat
 * @example
 * np.setxor1d([1, 2], [2, 3]) // [1, 3]
 */
export function setxor1d(ar1: ArrayLike, ar2: ArrayLike, ...rest: Rest<SetOptions>): Array {
  const o = readOptions('setxor1d', SET, 0, rest);
  const { a, b, size, fill } = setArgs('setxor1d', ar1, ar2, o);
  if (size !== null) return setxorC([a, b, fill], { size })[0]!;
  const [p, q] = promoteDtypes('setxor1d', a, b) as [Array, Array];
  const both = o.assumeUnique ? [p, q] : [uniqueOf('setxor1d', p, {})[0]!, uniqueOf('setxor1d', q, {})[0]!];
  const joined = join(both);
  if (joined.size === 0) return joined;
  const [sorted, mask] = xorMaskC([joined], {}) as [Array, Array];
  return masked('setxor1d', sorted, mask);
}

interface IntersectOptions extends SetOptions {
  returnIndices?: boolean;
}

/** Sorted elements of the first vector, which of them are the first of their kind and in the second, and their places in both. */
const commonC = program<{ size: number | null; indices: boolean }>('intersect1d', ([a0, b0, fill], { size, indices }) => {
  const int = canonicalDtype('int64');
  const [a, b] = promoteDtypes('intersect1d', a0!, b0!) as [Array, Array];
  const { aux, mask, perm } = sortedMask(a, false);
  const hits = a.size === 0 || b.size === 0 ? full([aux.size, b.size], false, 'bool') : e.eq(reshape(aux, [aux.size, 1]), reshape(b, [1, b.size]));
  const keep = b.size === 0 ? full([aux.size], false, 'bool') : e.and(mask, any(hits, { axis: 1 }));
  const place = indices && b.size > 0 ? argmax(convert(hits, 'int32'), 1, int) : full([aux.size], 0, int);
  if (size === null) return [aux, keep, perm, place];
  const { values, at, valid } = firstOf(aux, keep, size, fill ?? null);
  const pick = (x: Array, missing: number) => where(valid, takeOf(x, at, { axis: 0, mode: 'clip', unique: false, sorted: false, fill: null }), scalar(missing, int));
  return indices ? [values, pick(perm, a.size), pick(place, b.size)] : [values];
});

/**
 * Elements that are in both of two arrays, sorted; with `returnIndices` a list of these and of the places of the first of each in both arrays.
 * Mirrors `jax.numpy.intersect1d`.
 *
 * @param ar1 an array, read flat
 * @param ar2 an array, read flat
 * @throws ConcretizationError when traced without a size
 * @example
 * np.intersect1d([1, 2, 3], [3, 1]) // [1, 3]
 */
export function intersect1d(ar1: ArrayLike, ar2: ArrayLike, options: IntersectOptions & { returnIndices: true }): [Array, Array, Array];
export function intersect1d(ar1: ArrayLike, ar2: ArrayLike, options?: IntersectOptions): Array;
export function intersect1d(ar1: ArrayLike, ar2: ArrayLike, ...rest: Rest<IntersectOptions>): Array | Array[] {
  const o = readOptions('intersect1d', ['assumeUnique', 'returnIndices', 'size', 'fillValue'], 0, rest);
  const { a, b, size, fill } = setArgs('intersect1d', ar1, ar2, o);
  const indices = o.returnIndices ?? false;
  const out = commonC([a, b, fill], { size, indices });
  if (size !== null) return indices ? out : out[0]!;
  const at = hostInts(trueAt('intersect1d', out[1]!)[0]!);
  const [values, i, j] = [out[0]!, out[2]!, out[3]!].map((x) => pickAtC([x, at], {})[0]!) as [Array, Array, Array];
  return indices ? [values, i, j] : values;
}

