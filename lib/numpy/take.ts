import { canonAxis, checkList } from '../core/checks';
import { type Array, ConcreteArray } from '../core/array';
import { canonicalDtype, checkDtype, type Shape, sizeOf } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, ConcretizationError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, promoteDtypes, resultType } from '../lax/arrayLike';
import { cumsum as cumsumP } from '../primitives/cumulative';
import { dotGeneral } from '../primitives/dot';
import * as e from '../primitives/elementwise';
import { gather } from '../primitives/gather';
import { scatter } from '../primitives/scatter';
import { sort as sortP } from '../primitives/sort';
import { broadcastInDim, concatenate, convert, full, iota as iotaP, like, range, reshape, scalar, sliceInDim, transpose } from '../primitives/structural';
import { divmod } from './arithmetic';
import { arrayList } from './axes';
import { broadcastAll, broadcastShape, broadcastToShape } from './broadcast';
import { asIndices, hostInts, trueAt } from './indexParse';
import { at } from './indexing';
import { moveaxis } from './manipulation';
import { mod, truth, where } from './operators';
import { program, readOptions, type Rest } from './program';

type TakeMode = 'fill' | 'wrap' | 'clip';

export interface TakeOptions {
  axis?: number | null;
  /** Out of bounds: 'fill' gives the fill value (negative indices count from the end), 'wrap' counts on, 'clip' takes the nearest. */
  mode?: TakeMode | null;
  uniqueIndices?: boolean;
  indicesAreSorted?: boolean;
  fillValue?: number | boolean | null;
}

interface TakeSpec {
  axis: number;
  mode: TakeMode;
  unique: boolean;
  sorted: boolean;
  fill: number | boolean | null;
}

/** Negative indices counted from the end. */
function wrapNegative(i: Array, n: number): Array {
  const wide = /^u?int(8|16|4|2)$/.test(i.dtype) ? convert(i, 'int32') : i;
  return dtypeKind(i.dtype) === 'uint' ? wide : e.where(e.lt(wide, like(wide, 0)), e.add(wide, like(wide, n)), wide);
}

/** Entries of an axis at integer indices, which give their dimensions in its place. */
function takeOf(a: Array, indices: Array, { axis, mode, unique, sorted, fill }: TakeSpec): Array {
  const n = a.shape[axis]!;
  const shape = [...a.shape.slice(0, axis), ...indices.shape, ...a.shape.slice(axis + 1)];
  if (n === 0) {
    if (indices.size !== 0) throw new ShapeError(`take: cannot take entries of an empty axis of ${a.aval}`);
    return a;
  }
  if (indices.size === 0) return full(shape, a.dtype === 'bool' ? false : 0, a.dtype, a.weakType);
  const i = mode === 'fill' ? wrapNegative(indices, n) : mode === 'wrap' ? mod(indices, like(indices, n)) : indices;
  const k = indices.ndim;
  return gather(a, reshape(i, [...i.shape, 1]), {
    dimensionNumbers: { offsetDims: [...range(axis), ...range(a.ndim - axis - 1).map((d) => axis + k + d)], collapsedSliceDims: [axis], startIndexMap: [axis] },
    sliceSizes: a.shape.map((s, d) => (d === axis ? 1 : s)),
    mode: mode === 'wrap' ? 'promise_in_bounds' : mode, uniqueIndices: unique, indicesAreSorted: sorted, fillValue: fill,
  });
}

const takeC = program<TakeSpec>('take', ([a, i], s) => [takeOf(a!, i!, s)]);

/**
 * Entries of an axis (without one: of all elements in one dimension) at integer indices; the result has the indices' dimensions in its place.
 * Mirrors `jax.numpy.take`.
 *
 * @throws ArgumentError for a mode that is none, DtypeError for indices that are no integers
 * @example
 * np.take([10, 20, 30], [2, 0]) // [30, 10]
 */
export function take(a: ArrayLike, indices: ArrayLike, ...rest: Rest<TakeOptions, 'axis'>): Array {
  const o = readOptions('take', ['axis', 'mode', 'uniqueIndices', 'indicesAreSorted', 'fillValue'], 1, rest);
  let x = asArray(a, 'take');
  const axis = o.axis ?? null;
  if (axis === null) x = reshape(x, [x.size]);
  const mode = o.mode ?? 'fill';
  if (mode !== 'fill' && mode !== 'wrap' && mode !== 'clip') throw new ArgumentError(`take: expected mode to be 'fill', 'wrap' or 'clip', got ${String(mode)}`);
  return takeC([x, asIndices('take', indices)], { axis: axis === null ? 0 : canonAxis('take', axis, x.ndim), mode, unique: o.uniqueIndices ?? false, sorted: o.indicesAreSorted ?? false, fill: o.fillValue ?? null })[0]!;
}

interface AlongOptions {
  axis?: number | null;
  mode?: 'fill' | 'clip' | 'promise_in_bounds' | 'one_hot' | null;
  fillValue?: number | boolean | null;
  /** Whether negative indices count from the end; true but for mode 'promise_in_bounds'. */
  wrapNegativeIndices?: boolean | null;
}

interface AlongSpec {
  axis: number;
  mode: string;
  fill: number | boolean | null;
  wrap: boolean;
}

/** Array and indices with equal sizes in all dimensions but one. */
function alignAlong(op: string, a: Array, i: Array, axis: number): [Array, Array] {
  const rest = (x: Array) => x.shape.map((n, d) => (d === axis ? 1 : n));
  const common = broadcastShape(op, [rest(a), rest(i)]);
  const shape = (x: Array) => common.map((n, d) => (d === axis ? x.shape[axis]! : n));
  return [broadcastToShape(op, a, shape(a)), broadcastToShape(op, i, shape(i))];
}

/** The entries as products with rows of zeros and a one, which some platforms do faster than reading; out of bounds there is no one. */
function takeByProduct(a: Array, i: Array, axis: number): Array {
  const others = range(a.ndim).filter((d) => d !== axis);
  const last = [...others, axis];
  const positions = transpose(i, last);
  const hot = e.eq(broadcastInDim(positions, [...positions.shape, a.shape[axis]!], range(a.ndim)), iotaP(positions.dtype, [...positions.shape, a.shape[axis]!], a.ndim));
  const batch = range(others.length);
  const out = dotGeneral(convert(hot, a.dtype), transpose(a, last), { dimensionNumbers: [[[a.ndim], [others.length]], [batch, batch]], precision: 'highest', preferredElementType: a.dtype });
  return transpose(out, range(a.ndim).map((d) => last.indexOf(d)));
}

/** For each other index, the entries of an axis that the indices name. */
export function takeAlong(a0: Array, i0: Array, { axis, mode, fill, wrap }: AlongSpec): Array {
  const [a, i] = alignAlong('takeAlongAxis', a0, i0, axis);
  if (a.shape[axis] === 0 || i.size === 0) return full(i.shape, a.dtype === 'bool' ? false : 0, a.dtype);
  const others = range(a.ndim).filter((d) => d !== axis);
  const at_ = wrap ? wrapNegative(i, a.shape[axis]!) : i;
  if (mode === 'one_hot') return takeByProduct(a, at_, axis);
  return gather(a, reshape(at_, [...at_.shape, 1]), {
    dimensionNumbers: { offsetDims: [], collapsedSliceDims: [axis], startIndexMap: [axis], operandBatchingDims: others, startIndicesBatchingDims: others },
    sliceSizes: a.shape.map(() => 1), mode, fillValue: fill,
  });
}

const alongC = program<AlongSpec>('take_along_axis', ([a, i], s) => [takeAlong(a!, i!, s)]);

function alongArgs(op: string, arr: ArrayLike, indices: ArrayLike, axis: number | null): [Array, Array, number] {
  let a = asArray(arr, op);
  const i = asIndices(op, indices);
  if (axis === null) {
    if (i.ndim !== 1) throw new ShapeError(`${op}: without an axis expected indices of one dimension, got ${i.aval}`);
    a = reshape(a, [a.size]);
  }
  if (i.ndim !== a.ndim) throw new ShapeError(`${op}: expected indices of ${a.ndim} dimensions for ${a.aval}, got ${i.aval}`);
  return [a, i, canonAxis(op, axis ?? 0, a.ndim)];
}

/**
 * Entries of an axis at indices that differ by the other axes, as `argsort` gives them; the other dimensions broadcast. Mirrors `jax.numpy.take_along_axis`.
 *
 * @param arr an array
 * @example
 * np.takeAlongAxis([[3, 1, 2]], [[1, 2, 0]], -1) // [[1, 2, 3]]
 */
export function takeAlongAxis(arr: ArrayLike, indices: ArrayLike, ...rest: Rest<AlongOptions, 'axis'>): Array {
  const o = readOptions('takeAlongAxis', ['axis', 'mode', 'fillValue', 'wrapNegativeIndices'], 1, rest);
  const [a, i, axis] = alongArgs('takeAlongAxis', arr, indices, o.axis === undefined ? -1 : o.axis);
  const mode = o.mode ?? 'fill';
  return alongC([a, i], { axis, mode, fill: o.fillValue ?? null, wrap: o.wrapNegativeIndices ?? mode !== 'promise_in_bounds' })[0]!;
}

const putAlongC = program<{ axis: number; mode: string }>('put_along_axis', ([a, i, v], { axis, mode }) => {
  const [x, i1] = alignAlong('putAlongAxis', a!, wrapNegative(i!, a!.shape[axis]!), axis);
  const others = range(x.ndim).filter((d) => d !== axis);
  return [scatter(x, reshape(i1, [...i1.shape, 1]), broadcastToShape('putAlongAxis', astype(v!, x.dtype), i1.shape), {
    dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [axis], scatterDimsToOperandDims: [axis], operandBatchingDims: others, scatterIndicesBatchingDims: others }, mode,
  })];
});

/** Checks the option `inplace`, which arrays that never change cannot have. */
function checkInplace(op: string, inplace: boolean | undefined): void {
  if (inplace === true) throw new ArgumentError(`${op}: arrays never change: inplace cannot be true; the changed array is returned`);
}

interface PutOptions {
  mode?: string | null;
  /** Never true: the changed array is returned. */
  inplace?: false;
}

/**
 * The array with values at indices along an axis, as {@link takeAlongAxis} reads them. Mirrors `jax.numpy.put_along_axis`.
 *
 * @param arr an array
 * @example
 * np.putAlongAxis([[1, 2]], [[1]], 9, 1) // [[1, 9]]
 */
export function putAlongAxis(arr: ArrayLike, indices: ArrayLike, values: ArrayLike, axis: number | null, ...rest: Rest<PutOptions>): Array {
  const o = readOptions('putAlongAxis', ['mode', 'inplace'], 0, rest);
  checkInplace('putAlongAxis', o.inplace);
  const shape = asArray(arr, 'putAlongAxis').shape;
  const [a, i, d] = alongArgs('putAlongAxis', arr, indices, axis);
  return reshape(putAlongC([a, i, asArray(values, 'putAlongAxis')], { axis: d, mode: o.mode ?? 'drop' })[0]!, shape);
}

/** The first elements of a vector repeated to a length. */
export function cycle(v: Array, n: number): Array {
  const times = Math.ceil(n / v.size);
  return sliceInDim(times === 1 ? v : concatenate(range(times).map(() => v), 0), 0, n, 0);
}

/**
 * The array with values at positions among all its elements; values are repeated as often as needed. Mirrors `jax.numpy.put`.
 *
 * @param a an array
 * @param ind flat indices
 * @param v values, repeated as needed
 * @throws ArgumentError for another mode
 * @example
 * np.put([1, 2, 3], [0, 2], [9, 8]) // [9, 2, 8]
 */
export function put(a: ArrayLike, ind: ArrayLike, v: ArrayLike, ...rest: Rest<PutOptions, 'mode'>): Array {
  const o = readOptions('put', ['mode', 'inplace'], 1, rest);
  checkInplace('put', o.inplace);
  const x = asArray(a, 'put');
  const values = asArray(v, 'put');
  const i = asIndices('put', ind);
  const mode = o.mode ?? null;
  if (mode !== null && mode !== 'clip' && mode !== 'wrap') throw new ArgumentError(`put: expected mode to be 'clip', 'wrap' or null, got ${String(mode)}`);
  if (x.size === 0 || i.size === 0 || values.size === 0) return x;
  return putC([x, i, values], { mode })[0]!;
}

const putC = program<{ mode: 'clip' | 'wrap' | null }>('put', ([x, i, v], { mode }) => {
  const flat = reshape(x!, [x!.size]);
  let at_ = reshape(i!, [i!.size]);
  // Without a mode negative positions count from the end, and those still out of bounds are the nearest, as in JAX.
  if (mode === null) at_ = wrapNegative(at_, flat.size);
  if (mode !== 'wrap') at_ = e.clamp(like(at_, 0), at_, like(at_, flat.size - 1));
  if (mode === 'wrap') at_ = mod(at_, like(at_, flat.size));
  return [reshape(at(flat, at_).set(cycle(reshape(v!, [v!.size]), at_.size)), x!.shape)];
});

const placeC = program<object>('place', ([x, mask, v]) => {
  const flat = reshape(x!, [x!.size]);
  const m = truth(reshape(mask!, [mask!.size]));
  const values = cycle(reshape(v!, [v!.size]), flat.size);
  // The n-th place that is true gets the n-th value.
  const n = e.sub(cumsumInts(m), scalar(1, 'int32'));
  return [reshape(e.where(m, astype(takeOf(values, n, { axis: 0, mode: 'clip', unique: false, sorted: true, fill: null }), flat.dtype), flat), x!.shape)];
});

function cumsumInts(mask: Array): Array {
  return cumsumP(convert(mask, 'int32'), 0, false);
}

/**
 * The array with values, in order and repeated as often as needed, where the mask is true. Mirrors `jax.numpy.place`.
 *
 * @param arr an array
 * @param vals values, repeated as needed
 * @throws ShapeError if the mask has another size, or there are no values
 * @example
 * np.place([1, 2, 3], [true, false, true], [9, 8]) // [9, 2, 8]
 */
export function place(arr: ArrayLike, mask: ArrayLike, vals: ArrayLike, ...rest: Rest<{ inplace?: false }>): Array {
  checkInplace('place', readOptions('place', ['inplace'], 0, rest).inplace);
  const [x, m, v] = [asArray(arr, 'place'), asArray(mask, 'place'), asArray(vals, 'place')];
  if (x.size !== m.size) throw new ShapeError(`place: expected a mask of the size of ${x.aval}, got ${m.aval}`);
  if (v.size === 0) throw new ShapeError('place: expected at least one value');
  return x.size === 0 ? x : placeC([x, m, v], {})[0]!;
}

const chooseC = program<{ mode: string }>('choose', ([a, ...choices], { mode }) => {
  const n = choices.length;
  const i = mode === 'wrap' ? mod(a!, like(a!, n)) : mode === 'clip' ? e.clamp(like(a!, 0), a!, like(a!, n - 1)) : a!;
  const all = promoteDtypes('choose', ...(choices as Array[])).map((c) => convert(c, c.dtype));
  const [at_, ...wide] = broadcastAll('choose', [i, ...all]);
  const stacked = concatenate(wide.map((c) => reshape(c, [1, ...c.shape])), 0);
  const out = takeAlong(stacked, reshape(at_!, [1, ...at_!.shape]), { axis: 0, mode: 'promise_in_bounds', fill: null, wrap: false });
  return [reshape(out, at_!.shape)];
});

/**
 * For each index the element of the choice that it names. Mirrors `jax.numpy.choose`.
 *
 * @param a an integer array
 * @param choices arrays that broadcast against it
 * @throws ArgumentError for an index out of bounds in mode 'raise', the default
 * @example
 * np.choose([1, 0], [[1, 2], [3, 4]]) // [3, 2]
 */
export function choose(a: ArrayLike, choices: readonly ArrayLike[] | Array, ...rest: Rest<{ mode?: 'raise' | 'wrap' | 'clip' }>): Array {
  const { mode = 'raise' } = readOptions('choose', ['mode'], 0, rest);
  const i = asIndices('choose', a);
  const xs = arrayList('choose', choices);
  if (mode !== 'raise' && mode !== 'wrap' && mode !== 'clip') throw new ArgumentError(`choose: expected mode to be 'raise', 'wrap' or 'clip', got ${String(mode)}`);
  if (mode === 'raise') checkBounds('choose', i, xs.length);
  return chooseC([i, ...xs], { mode })[0]!;
}

/** @throws ArgumentError where concrete indices are out of bounds or indices are traced */
function checkBounds(op: string, i: Array, n: number): void {
  if (!(i instanceof ConcreteArray)) throw new ConcretizationError(`${op}: mode 'raise' needs the values of the indices, which are traced; use mode 'wrap' or 'clip'`);
  for (const v of i.ndim === 0 ? [i.item()] : (i.js() as unknown[]).flat(i.ndim)) {
    if (Number(v) < 0 || Number(v) >= n) throw new ArgumentError(`${op}: expected indices from 0 to ${n - 1}, got ${Number(v)}`);
  }
}

export interface CompressOptions {
  axis?: number | null;
  /** Number of entries of the result, so that it can be traced. */
  size?: number | null;
  /** What missing entries are filled with. */
  fillValue?: ArrayLike;
}

const compressC = program<{ size: number; axis: number }>('compress', ([c, x, fill], { size, axis }) => {
  const rows = moveaxis(x!, axis, 0);
  const cond = truth(c!);
  // A stable order with the true ones first.
  const order = convert(e.not(cond), 'int32');
  const at_ = sortP([order, iotaP('int32', [order.size], 0)], { dimension: 0, numKeys: 1, isStable: true })[1]!;
  const masked = where(reshape(cond, [cond.size, ...rows.shape.slice(1).map(() => 1)]), rows, convert(fill!, rows.dtype));
  const out = takeOf(masked, sliceInDim(at_, 0, size, 0), { axis: 0, mode: 'clip', unique: true, sorted: false, fill: null });
  return [moveaxis(out, 0, axis)];
});

/**
 * The entries of an axis (without one: of all elements) where a condition holds; with `size`, so many, and it can be traced. Mirrors `jax.numpy.compress`.
 *
 * @throws ArgumentError where the condition is true past the end
 * @example
 * np.compress([true, false, true], [1, 2, 3]) // [1, 3]
 */
export function compress(condition: ArrayLike, a: ArrayLike, ...rest: Rest<CompressOptions, 'axis'>): Array {
  const o = readOptions('compress', ['axis', 'size', 'fillValue'], 1, rest);
  let cond = asArray(condition, 'compress');
  let x = asArray(a, 'compress');
  if (cond.ndim !== 1) throw new ShapeError(`compress: expected a condition of one dimension, got ${cond.aval}`);
  const axis = o.axis === null || o.axis === undefined ? 0 : canonAxis('compress', o.axis, x.ndim);
  if (o.axis === null || o.axis === undefined) x = reshape(x, [x.size]);
  const n = x.shape[axis]!;
  const size = o.size ?? null;
  if (size === null) {
    const at_ = trueAt('compress', truth(cond))[0]!;
    if (at_.some((i) => i >= n)) throw new ArgumentError(`compress: the condition is true past the ${n} entries of axis ${axis}`);
    return takeC([x, hostInts(at_)], { axis, mode: 'clip', unique: true, sorted: true, fill: null })[0]!;
  }
  if (!Number.isInteger(size) || size < 0 || size > n) throw new ArgumentError(`compress: expected size from 0 to ${n}, got ${size}`);
  const m = Math.min(n, cond.size);
  cond = sliceInDim(cond, 0, m, 0);
  return compressC([cond, sliceInDim(x, 0, m, axis), asArray(o.fillValue ?? 0, 'compress')], { size, axis })[0]!;
}

/**
 * All elements where a condition holds. Mirrors `jax.numpy.extract`.
 *
 * @param arr an array
 * @example
 * np.extract([true, false], [1, 2]) // [1]
 */
export function extract(condition: ArrayLike, arr: ArrayLike, ...rest: Rest<Omit<CompressOptions, 'axis'>>): Array {
  const c = asArray(condition, 'extract');
  return compress(reshape(c, [c.size]), arr, readOptions('extract', ['size', 'fillValue'], 0, rest));
}

/** Vectors shaped so that, as indices, they name all combinations of their entries. Mirrors `jax.numpy.ix_`. @throws ShapeError for others than vectors @example np.ix_([0, 1], [2]).map((x) => x.shape) // [[2, 1], [1, 1]] */
export function ix_(...args: readonly ArrayLike[]): Array[] {
  return args.map((a, i) => {
    const x = globalThis.Array.isArray(a) && a.every((v) => typeof v === 'number' && Number.isInteger(v)) ? asIndices('ix_', a) : asArray(a, 'ix_');
    if (x.ndim !== 1) throw new ShapeError(`ix_: expected vectors, got ${x.aval}`);
    if (x.dtype === 'bool') throw new ArgumentError('ix_: boolean vectors are not supported, as in JAX; use nonzero');
    return broadcastInDim(x, args.map((_, d) => (d === i ? x.size : 1)), [i]);
  });
}

interface RavelIndexOptions {
  mode?: 'raise' | 'wrap' | 'clip' | 'ignore';
  order?: 'C' | 'F';
  dtype?: DType | null;
}

const ravelIndexC = program<{ dims: Shape; mode: string; order: 'C' | 'F'; dtype: DType }>('ravel_multi_index', (xs, { dims, mode, order, dtype }) => {
  const strides = dims.map((_, d) => sizeOf(order === 'C' ? dims.slice(d + 1) : dims.slice(0, d)));
  let out: Array = scalar(0, dtype);
  xs.forEach((x, d) => {
    const n = dims[d]!;
    const i = mode === 'clip' ? e.clamp(like(x!, 0), x!, like(x!, n - 1)) : mode === 'wrap' ? mod(x!, like(x!, n)) : x!;
    const term = e.mul(convert(i, dtype), scalar(strides[d]!, dtype));
    const [p, q] = broadcastAll('ravelMultiIndex', [out, term]);
    out = e.add(p!, q!);
  });
  return [out];
});

/**
 * Positions among all elements of an array of the given shape, from an index for each dimension. Mirrors `jax.numpy.ravel_multi_index`.
 *
 * @param multiIndex integer arrays, one for each dimension
 * @param dims the shape that is indexed
 * @throws ShapeError unless there is an index for each dimension; ArgumentError for another mode
 * @example
 * np.ravelMultiIndex([[1, 0], [2, 1]], [2, 3]) // [5, 1]
 */
export function ravelMultiIndex(multiIndex: readonly ArrayLike[], dims: readonly number[], ...rest: Rest<RavelIndexOptions, 'mode'>): Array {
  checkList('ravelMultiIndex', 'multiIndex', multiIndex);
  const o = readOptions('ravelMultiIndex', ['mode', 'order', 'dtype'], 2, rest);
  const xs = multiIndex.map((x) => asIndices('ravelMultiIndex', x));
  if (xs.length !== dims.length) throw new ShapeError(`ravelMultiIndex: expected an index for each of the ${dims.length} dimensions, got ${xs.length}`);
  const mode = o.mode ?? 'raise';
  if (!['raise', 'wrap', 'clip', 'ignore'].includes(mode)) throw new ArgumentError(`ravelMultiIndex: expected mode to be 'raise', 'wrap', 'clip' or 'ignore', got ${String(mode)}`);
  if (mode === 'raise') xs.forEach((x, d) => checkBounds('ravelMultiIndex', x, dims[d]!));
  const dtype = o.dtype ? checkDtype('ravelMultiIndex', o.dtype) : resultType(scalar(0, canonicalDtype('int64')), ...xs).dtype;
  return ravelIndexC(xs, { dims, mode, order: o.order ?? 'C', dtype })[0]!;
}

const unravelC = program<{ shape: Shape }>('unravel_index', ([i], { shape }) => {
  let rest = i!;
  const out = new globalThis.Array<Array>(shape.length);
  for (let d = shape.length - 1; d >= 0; d--) [rest, out[d]!] = divmod(rest, scalar(shape[d]!, rest.dtype, rest.weakType)) as [Array, Array];
  const past = e.gt(rest, like(rest, 0));
  const before = dtypeKind(rest.dtype) === 'uint' ? full(rest.shape, false, 'bool') : e.lt(rest, like(rest, -1));
  return out.map((x, d) => e.where(past, full(x.shape, shape[d]! - 1, x.dtype, x.weakType), e.where(before, full(x.shape, 0, x.dtype, x.weakType), x)));
});

/**
 * An index for each dimension from positions among all elements; those out of bounds give the nearest. Mirrors `jax.numpy.unravel_index`.
 *
 * @param indices flat indices, an integer array
 * @param shape the shape that is indexed
 * @example
 * np.unravelIndex(5, [2, 3]).map((x) => x.item()) // [1, 2]
 */
export function unravelIndex(indices: ArrayLike, shape: number | readonly number[]): Array[] {
  return unravelC([asIndices('unravelIndex', indices)], { shape: typeof shape === 'number' ? [shape] : shape });
}

export { checkInplace, takeOf };
