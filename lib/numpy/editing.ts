import { Array, ConcreteArray } from '../core/array';
import { checkExtent } from '../core/aval';
import { canonAxis, checkInteger } from '../core/checks';
import { ArgumentError, ConcretizationError, DtypeError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { cumsum } from '../primitives/cumulative';
import { dynamicSlice } from '../primitives/dynamicSlice';
import * as e from '../primitives/elementwise';
import { scatter, scatterAdd } from '../primitives/scatter';
import { sort as sortP } from '../primitives/sort';
import { broadcastInDim, concatenate, convert, full, iota, like, pad as padP, range, reduceSum, reshape, scalar, sliceInDim } from '../primitives/structural';
import { axisList, type Axis, canonAxes, padAt, staticInts } from './axes';
import { broadcastToShape } from './broadcast';
import { asIndices, hostInts } from './indexParse';
import { moveaxis, rollStatic, swapaxes } from './manipulation';
import { nonzero } from './nonzero';
import { mod } from './operators';
import { program, readOptions, type Rest } from './program';
import { takeOf } from './take';

type AxisOption = { axis?: number | null };

// ---- rolling and repeating ----

const rollDynamicC = program<{ axes: readonly number[] }>('roll', ([a, shift], { axes }) => {
  let x = a!;
  axes.forEach((axis, i) => {
    const n = x.shape[axis]!;
    if (n === 0) return;
    const s = convert(shift!.ndim === 0 ? shift! : reshape(sliceInDim(shift!, shift!.size === 1 ? 0 : i, shift!.size === 1 ? 1 : i + 1, 0), []), 'int32');
    const start = e.sub(scalar(n, 'int32'), mod(s, scalar(n, 'int32')));
    x = dynamicSlice(concatenate([x, x], axis), x.shape.map((_, d) => (d === axis ? start : scalar(0, 'int32'))), x.shape);
  });
  return [x];
});

/**
 * Elements shifted along axes, those that leave at one end coming in at the other; without an axis, all in one dimension. Mirrors `jax.numpy.roll`.
 *
 * @param shift a number, several, or an integer array, which may be traced
 * @throws ShapeError unless there are as many shifts as axes
 * @example
 * np.roll([1, 2, 3], 1) // [3, 1, 2]
 */
export function roll(a: ArrayLike, shift: number | readonly number[] | Array, ...rest: Rest<{ axis?: number | readonly number[] | Array | null }, 'axis'>): Array {
  const { axis = null } = readOptions('roll', ['axis'], 1, rest);
  const x = asArray(a, 'roll');
  if (axis === null) return reshape(roll(reshape(x, [x.size]), shift, 0), x.shape);
  const axes = axisList('roll', axis instanceof Array ? staticInts('roll', 'axis', axis) : axis, x.ndim);
  if (!(shift instanceof Array)) return rollStatic(x, staticInts('roll', 'shift', shift), axes);
  if (shift.ndim > 1) throw new ShapeError(`roll: expected shift to be a scalar or a vector, got ${shift.aval}`);
  const n = Math.max(shift.size, axes.length);
  if ((shift.size !== 1 && shift.size !== n) || (axes.length !== 1 && axes.length !== n)) throw new ShapeError(`roll: expected as many shifts as axes, got ${shift.aval} and ${axes.length}`);
  return rollDynamicC([x, shift], { axes: range(n).map((i) => axes[axes.length === 1 ? 0 : i]!) })[0]!;
}

export interface RepeatOptions {
  axis?: number | null;
  /** Size of the result, so that repeats can be traced: what is past it is left out, and the last entry fills what is missing. */
  totalRepeatLength?: number | null;
}

const repeatC = program<{ axis: number; times: number }>('repeat', ([a], { axis, times }) => {
  const x = a!;
  const shape = [...x.shape.slice(0, axis + 1), times, ...x.shape.slice(axis + 1)];
  return [reshape(broadcastInDim(x, shape, range(x.ndim).map((d) => (d <= axis ? d : d + 1))), x.shape.map((n, d) => (d === axis ? n * times : n)))];
});

const repeatEachC = program<{ axis: number; total: number }>('repeat', ([a, repeats], { axis, total }) => {
  // A one where a new entry begins, added up, says which entry is at a place.
  const r = convert(repeats!, 'int32');
  const starts = e.sub(cumsum(r, 0, false), r);
  const begins = scatterAdd(full([total], 0, 'int32'), reshape(starts, [starts.size, 1]), full([starts.size], 1, 'int32'), {
    dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, mode: 'drop', indicesAreSorted: true,
  });
  const at = e.sub(cumsum(begins, 0, false), scalar(1, 'int32'));
  return [takeOf(a!, at, { axis, mode: 'fill', unique: false, sorted: true, fill: null })];
});

/**
 * Each entry of an axis (without one: each element) repeated, all alike or each its own number of times. Mirrors `jax.numpy.repeat`.
 *
 * @param a an array
 * @throws ConcretizationError for traced repeats without `totalRepeatLength`
 * @example
 * np.repeat([1, 2], [2, 1]) // [1, 1, 2]
 */
export function repeat(a: ArrayLike, repeats: number | ArrayLike, ...rest: Rest<RepeatOptions, 'axis'>): Array {
  const { axis = null, totalRepeatLength = null } = readOptions('repeat', ['axis', 'totalRepeatLength'], 2, rest);
  let x = asArray(a, 'repeat');
  if (axis === null) x = reshape(x, [x.size]);
  const d = canonAxis('repeat', axis ?? 0, x.ndim);
  const n = x.shape[d]!;
  if (totalRepeatLength !== null) {
    checkExtent('repeat', 'totalRepeatLength', totalRepeatLength);
    const r = asIndices('repeat', repeats);
    if (totalRepeatLength === 0 || n === 0) return sliceInDim(x, 0, 0, d);
    return repeatEachC([x, broadcastToShape('repeat', reshape(r, [r.size]), [n])], { axis: d, total: totalRepeatLength })[0]!;
  }
  if (typeof repeats === 'number') {
    checkInteger('repeat', 'repeats', repeats, 0);
    checkExtent('repeat', 'repeats', n * repeats);
    return repeatC([x], { axis: d, times: repeats })[0]!;
  }
  const r = asIndices('repeat', repeats);
  if (!(r instanceof ConcreteArray)) throw new ConcretizationError('repeat: the repeats are traced, so that the size of the result is not known; give totalRepeatLength');
  if (r.ndim === 0) return repeat(x, Number(r.item()), { axis: d });
  const each = staticInts('repeat', 'repeats', r.ndim === 1 ? r : reshape(r, [r.size]));
  const counts = each.length === 1 ? range(n).map(() => each[0]!) : each;
  if (counts.length !== n) throw new ShapeError(`repeat: expected ${n} repeats for axis ${d} of ${x.aval}, got ${counts.length}`);
  const total = counts.reduce((p, q) => p + q, 0);
  checkExtent('repeat', 'repeats', total);
  return total === 0 ? sliceInDim(x, 0, 0, d) : repeatEachC([x, hostInts(counts)], { axis: d, total })[0]!;
}

// ---- inserting and deleting ----

const insertC = program<{ axis: number; scalar: boolean }>('insert', ([a, obj, v], { axis, scalar: single }) => {
  const x = a!;
  let values = convert(reshape(v!, [...range(Math.max(0, x.ndim - v!.ndim)).map(() => 1), ...v!.shape]), x.dtype);
  if (single) values = moveaxis(values, 0, axis);
  const n = x.shape[axis]!;
  const given = values.shape[axis]!;
  const indices = obj!.size === 1 ? broadcastInDim(reshape(obj!, [1]), [given], [0]) : obj!;
  const count = Math.max(indices.size, given);
  const i = convert(broadcastToShape('insert', indices, [count]), 'int32');
  const at = e.clamp(scalar(0, 'int32'), e.where(e.lt(i, like(i, 0)), e.add(i, like(i, n)), i), scalar(n, 'int32'));
  // Each insertion moves those after it on by one.
  const [sorted, order] = sortP([at, iota('int32', [count], 0)], { dimension: 0, numKeys: 1, isStable: true });
  const set = { dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, uniqueIndices: true };
  const places = scatter(at, reshape(order!, [count, 1]), e.add(sorted!, iota('int32', [count], 0)), set);
  const old = scatter(full([n + count], true, 'bool'), reshape(places, [count, 1]), full([count], false, 'bool'), set);
  const [kept] = nonzero(old, { size: n });
  const rows = (y: Array, m: number) => broadcastToShape('insert', y, x.shape.map((s, d) => (d === axis ? m : s)));
  const window = { dimensionNumbers: { updateWindowDims: range(x.ndim).filter((d) => d !== axis), insertedWindowDims: [axis], scatterDimsToOperandDims: [axis] }, uniqueIndices: true };
  let out = full(x.shape.map((s, d) => (d === axis ? s + count : s)), x.dtype === 'bool' ? false : 0, x.dtype);
  out = scatter(out, reshape(places, [count, 1]), rows(values, count), window);
  return [scatter(out, reshape(convert(kept!, 'int32'), [n, 1]), x, window)];
});

/**
 * Values put in before the given indices of an axis, or of all elements. Mirrors `jax.numpy.insert`.
 *
 * @param arr an array
 * @param obj an index or a list of them, before which values go
 * @param values an array of values; broadcasts where it must
 * @throws DtypeError for indices that are no integers
 * @example
 * np.insert([1, 2, 3], 1, 9) // [1, 9, 2, 3]
 */
export function insert(arr: ArrayLike, obj: ArrayLike, values: ArrayLike, ...rest: Rest<AxisOption, 'axis'>): Array {
  const { axis = null } = readOptions('insert', ['axis'], 1, rest);
  let x = asArray(arr, 'insert');
  if (axis === null) x = reshape(x, [x.size]);
  const i = asIndices('insert', obj);
  if (i.ndim > 1) throw new ShapeError(`insert: expected indices to be a scalar or a vector, got ${i.aval}`);
  return insertC([x, i, asArray(values, 'insert')], { axis: canonAxis('insert', axis ?? 0, x.ndim), scalar: i.ndim === 0 })[0]!;
}

interface DeleteOptions {
  axis?: number | null;
  /** A promise that no index occurs twice, so that indices can be traced. */
  assumeUniqueIndices?: boolean;
}

const deleteOneC = program<{ axis: number; i: number }>('delete', ([x], { axis, i }) => [concatenate([sliceInDim(x!, 0, i, axis), sliceInDim(x!, i + 1, x!.shape[axis]!, axis)], axis)]);

const deleteUniqueC = program<{ axis: number }>('delete', ([x, obj], { axis }) => {
  const n = x!.shape[axis]!;
  const m = obj!.size;
  const i = convert(reshape(obj!, [m]), 'int32');
  const at = e.clamp(scalar(0, 'int32'), e.where(e.lt(i, like(i, 0)), e.add(i, like(i, n)), i), scalar(n, 'int32'));
  const gone = e.sub(sortP([at], { dimension: 0, numKeys: 1, isStable: true })[0]!, iota('int32', [m], 0));
  const kept = iota('int32', [n - m], 0);
  const passed = e.ge(broadcastInDim(kept, [m, n - m], [1]), broadcastInDim(gone, [m, n - m], [0]));
  const source = e.add(kept, reduceCount(passed));
  return [takeOf(x!, source, { axis, mode: 'fill', unique: true, sorted: true, fill: null })];
});

function reduceCount(mask: Array): Array {
  return reduceSum(convert(mask, 'int32'), [0]);
}

/**
 * The array without entries of an axis, or without some of all elements: an index, several, or a boolean mask. Mirrors `jax.numpy.delete`.
 *
 * @param arr an array
 * @param obj an index, a list of them, or a range, along the axis
 * @throws ConcretizationError for traced indices, unless they are promised to be unique
 * @example
 * np.delete([1, 2, 3], 1) // [1, 3]
 */
export function delete_(arr: ArrayLike, obj: ArrayLike, ...rest: Rest<DeleteOptions, 'axis'>): Array {
  const o = readOptions('delete', ['axis', 'assumeUniqueIndices'], 1, rest);
  let x = asArray(arr, 'delete');
  if (o.axis === null || o.axis === undefined) x = reshape(x, [x.size]);
  const axis = canonAxis('delete', o.axis ?? 0, x.ndim);
  const n = x.shape[axis]!;
  if (typeof obj === 'number') return deleteOneC([x], { axis, i: canonAxis('delete', obj, n) })[0]!;
  const given = asArray(obj, 'delete');
  const isMask = given.dtype === 'bool';
  const i = isMask ? given : asIndices('delete', obj);
  if (!isMask && (o.assumeUniqueIndices ?? false)) return deleteUniqueC([x, i], { axis })[0]!;
  if (!(i instanceof ConcreteArray)) throw new ConcretizationError('delete: the indices are traced, so that the size of the result is not known; give assumeUniqueIndices: true where they are unique');
  const keep = new globalThis.Array<boolean>(n).fill(true);
  const flat = i.ndim === 0 ? [i.item()] : (i.js() as unknown[]).flat(i.ndim);
  if (isMask) {
    if (i.ndim !== 1 || i.size !== n) throw new ShapeError(`delete: expected a mask of ${n} entries for axis ${axis} of ${x.aval}, got ${i.aval}`);
    flat.forEach((v, k) => {
      keep[k] = !v;
    });
  } else {
    for (const v of flat) keep[canonAxis('delete', Number(v), n)] = false;
  }
  return keptC([x, hostInts(range(n).filter((k) => keep[k]))], { axis })[0]!;
}

const keptC = program<{ axis: number }>('delete', ([x, i], { axis }) => [takeOf(x!, i!, { axis, mode: 'clip', unique: true, sorted: true, fill: null })]);

interface TrimOptions {
  /** Which ends: 'f' the front, 'b' the back. */
  trim?: string;
  axis?: Axis;
}

/** The array without zeros at the ends of axes. Mirrors `jax.numpy.trim_zeros`. @throws ConcretizationError when traced @example np.trimZeros([0, 1, 0]) // [1] */
export function trimZeros(filt: ArrayLike, ...rest: Rest<TrimOptions, 'trim', 'axis'>): Array {
  const { trim = 'fb', axis = null } = readOptions('trimZeros', ['trim', 'axis'], 2, rest);
  const x = asArray(filt, 'trimZeros');
  if (!(x instanceof ConcreteArray)) throw new ConcretizationError('trimZeros: the array is traced, so that the size of the result is not known');
  const [front, back] = [/f/i.test(trim), /b/i.test(trim)];
  let out: Array = x;
  for (const d of canonAxes('trimZeros', axis, x.ndim)) {
    const at = (nonzero(x)[d]!.js() as (number | bigint)[]).map(Number);
    if (!front && !back) break;
    const [first, last] = at.length === 0 ? [0, -1] : [Math.min(...at), Math.max(...at)];
    out = at.length === 0 ? sliceInDim(out, 0, 0, d) : sliceInDim(out, front ? first : 0, back ? last + 1 : x.shape[d]!, d);
  }
  return out;
}

// ---- bits ----

interface PackOptions {
  axis?: number | null;
  bitorder?: 'big' | 'little';
}

function bitValues(order: 'big' | 'little'): Array {
  const i = iota('uint8', [8], 0);
  return e.shiftLeft(full([8], 1, 'uint8'), order === 'big' ? e.sub(full([8], 7, 'uint8'), i) : i);
}

function checkBitorder(op: string, order: unknown): 'big' | 'little' {
  if (order !== 'big' && order !== 'little') throw new ArgumentError(`${op}: expected bitorder to be 'big' or 'little', got ${String(order)}`);
  return order;
}

const packC = program<{ axis: number; order: 'big' | 'little' }>('packbits', ([a], { axis, order }) => {
  let x = swapaxes(convert(a!.dtype === 'bool' ? a! : e.ne(a!, like(a!, 0)), 'uint8'), axis, -1);
  const n = x.shape[x.ndim - 1]!;
  const bytes = Math.ceil(n / 8);
  x = padP(x, scalar(0, 'uint8'), padAt(x.ndim, x.ndim - 1, 0, bytes * 8 - n));
  x = reshape(x, [...x.shape.slice(0, -1), bytes, 8]);
  const weighted = e.mul(x, broadcastInDim(bitValues(order), x.shape, [x.ndim - 1]));
  return [swapaxes(reduceSum(weighted, [x.ndim - 1]), axis, -1)];
});

/** Elements that are not zero as bits of bytes, eight to one, along an axis or all. Mirrors `jax.numpy.packbits`. @throws DtypeError for other than integers and booleans @example np.packbits([true, false, true]) // [160] */
export function packbits(a: ArrayLike, ...rest: Rest<PackOptions, 'axis'>): Array {
  const { axis = null, bitorder = 'big' } = readOptions('packbits', ['axis', 'bitorder'], 2, rest);
  let x = asArray(a, 'packbits');
  if (!/^(bool|u?int)/.test(x.dtype)) throw new DtypeError(`packbits: expected integers or booleans, got ${x.aval}`);
  if (axis === null) x = reshape(x, [x.size]);
  return packC([x], { axis: canonAxis('packbits', axis ?? 0, x.ndim), order: checkBitorder('packbits', bitorder) })[0]!;
}

interface UnpackOptions extends PackOptions {
  /** Number of bits along the axis: more are left out, missing ones are 0. */
  count?: number | null;
}

const unpackC = program<{ axis: number; order: 'big' | 'little'; count: number | null }>('unpackbits', ([a], { axis, order, count }) => {
  const x = swapaxes(a!, axis, -1);
  const shape = [...x.shape, 8];
  const bits = e.and(broadcastInDim(x, shape, range(x.ndim)), broadcastInDim(bitValues(order), shape, [x.ndim]));
  let out = reshape(convert(e.ne(bits, like(bits, 0)), 'uint8'), [...x.shape.slice(0, -1), x.shape[x.ndim - 1]! * 8]);
  const last = out.ndim - 1;
  if (count !== null) out = padP(out, scalar(0, 'uint8'), padAt(out.ndim, last, 0, count - out.shape[last]!));
  return [swapaxes(out, axis, -1)];
});

/** How many bits are given: a negative number is that of those left out. */
function bitCount(count: number | null, all: number): number | null {
  if (count === null) return null;
  if (!Number.isInteger(count)) throw new ArgumentError(`unpackbits: expected count to be an integer or null, got ${String(count)}`);
  checkExtent('unpackbits', 'count', count);
  return count < 0 ? Math.max(0, all + count) : count;
}

/** Bits of bytes as elements, along an axis or all. Mirrors `jax.numpy.unpackbits`. @throws DtypeError for other dtypes than uint8 @example np.unpackbits(np.array([3], { dtype: 'uint8' })) // [0, 0, 0, 0, 0, 0, 1, 1] */
export function unpackbits(a: ArrayLike, ...rest: Rest<UnpackOptions, 'axis'>): Array {
  const { axis = null, count = null, bitorder = 'big' } = readOptions('unpackbits', ['axis', 'count', 'bitorder'], 3, rest);
  let x = asArray(a, 'unpackbits');
  if (x.dtype !== 'uint8') throw new DtypeError(`unpackbits: expected dtype uint8, got ${x.aval}`);
  if (axis === null) x = reshape(x, [x.size]);
  return unpackC([x], { axis: canonAxis('unpackbits', axis ?? 0, x.ndim), order: checkBitorder('unpackbits', bitorder), count: bitCount(count, 8 * x.shape[canonAxis('unpackbits', axis ?? 0, x.ndim)]!) })[0]!;
}
