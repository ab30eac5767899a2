import { Array } from '../core/array';
import { checkDtype, checkShape, type Shape, sizeOf } from '../core/aval';
import { canonAxis } from '../core/checks';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, promoteDtypes } from '../lax/arrayLike';
import { broadcastInDim, concatenate as concat_, full, range, reshape as reshape_, rev, sliceInDim, squeeze as squeeze_, transpose as transpose_ } from '../primitives/structural';
import { axisList, arrayList, type Axis, canonAxes, expand, staticInts } from './axes';
import { program, readOptions, type Rest } from './program';

/** Order in which elements are read and placed: 'C', last index fastest, or 'F', first index fastest. */
export type Order = 'C' | 'F';

function checkOrder(op: string, order: unknown): Order {
  if (order !== 'C' && order !== 'F') throw new ArgumentError(`${op}: expected order to be 'C' or 'F', got ${String(order)}`);
  return order;
}

/** A shape with one entry of −1 replaced by what is left of the size. */
function fillShape(op: string, x: Array, shape: number | readonly number[]): number[] {
  const dims = typeof shape === 'number' ? [shape] : shape;
  if (!globalThis.Array.isArray(dims)) return [...checkShape(op, dims)];
  const holes = dims.filter((d) => d === -1).length;
  if (holes === 0) return [...checkShape(op, dims)];
  const rest = sizeOf(checkShape(op, dims.filter((d) => d !== -1)));
  if (holes > 1 || rest === 0 || x.size % rest !== 0) throw new ShapeError(`${op}: cannot reshape ${x.aval} into [${dims.join(', ')}]`);
  return dims.map((d) => (d === -1 ? x.size / rest : d));
}

const reverseAxes = (x: Array) => transpose_(x, range(x.ndim).reverse());
const reshapeF = program<{ shape: Shape }>('reshape', ([x], { shape }) => [reverseAxes(reshape_(reverseAxes(x!), [...shape].reverse()))]);

/**
 * The elements in another shape; one entry of the shape may be −1. Mirrors `jax.numpy.reshape`.
 *
 * @param a an array
 * @throws ShapeError where sizes differ
 * @example
 * np.reshape([1, 2, 3, 4], [2, -1]).shape // [2, 2]
 */
export function reshape(a: ArrayLike, shape: number | readonly number[], ...rest: Rest<{ order?: Order; copy?: boolean | null }, 'order'>): Array {
  const { order = 'C', copy = null } = readOptions('reshape', ['order', 'copy'], 1, rest);
  if (copy !== null && typeof copy !== 'boolean') throw new ArgumentError(`reshape: expected copy to be a boolean or null, got ${String(copy)}`);
  const x = asArray(a, 'reshape');
  const s = fillShape('reshape', x, shape);
  if (checkOrder('reshape', order) === 'C' || x.ndim === 0) return reshape_(x, s);
  if (sizeOf(s) !== x.size) throw new ShapeError(`reshape: cannot reshape ${x.aval} into [${s.join(', ')}]`);
  return reshapeF([x], { shape: s })[0]!;
}

/**
 * All elements in one dimension. Mirrors `jax.numpy.ravel`.
 *
 * @example
 * np.ravel([[1, 2], [3, 4]]) // [1, 2, 3, 4]
 */
export function ravel(a: ArrayLike, ...rest: Rest<{ order?: Order }, 'order'>): Array {
  const { order = 'C' } = readOptions('ravel', ['order'], 1, rest);
  const x = asArray(a, 'ravel');
  return reshape(x, [x.size], { order });
}

/**
 * Dimensions in another order, by default reversed. Mirrors `jax.numpy.transpose`.
 *
 * @throws ShapeError where axes are not a permutation
 * @example
 * np.transpose(np.zeros([2, 3, 4]), [1, 0, 2]).shape // [3, 2, 4]
 */
export function transpose(a: ArrayLike, ...rest: Rest<{ axes?: readonly number[] | null }, 'axes'>): Array {
  const { axes = null } = readOptions('transpose', ['axes'], 1, rest);
  const x = asArray(a, 'transpose');
  if (axes === null) return reverseAxes(x);
  if (!globalThis.Array.isArray(axes)) throw new ArgumentError(`transpose: expected axes to be a list of integers, got ${String(axes)}`);
  const p = canonAxes('transpose', axes, x.ndim);
  if (p.length !== x.ndim) throw new ShapeError(`transpose: expected a permutation of the ${x.ndim} axes of ${x.aval}, got [${axes.join(', ')}]`);
  return transpose_(x, p);
}

/**
 * Dimensions in the given order. Mirrors `jax.numpy.permute_dims`.
 *
 * @param a an array
 * @param axes the dimensions in their new order
 * @example
 * np.permuteDims(np.zeros([2, 3]), [1, 0]).shape // [3, 2]
 */
export function permuteDims(a: ArrayLike, axes: readonly number[]): Array {
  return transpose(a, axes);
}

/** The last two dimensions exchanged. Mirrors `jax.numpy.matrix_transpose`. @throws ShapeError for fewer than two dimensions @example np.matrixTranspose(np.zeros([2, 3, 4])).shape // [2, 4, 3] */
export function matrixTranspose(x: ArrayLike): Array {
  const a = asArray(x, 'matrixTranspose');
  if (a.ndim < 2) throw new ShapeError(`matrixTranspose: expected at least 2 dimensions, got ${a.aval}`);
  return swapaxes(a, -1, -2);
}

/**
 * Axes moved to other places, the others keeping their order. Mirrors `jax.numpy.moveaxis`.
 *
 * @param a an array
 * @param source dimensions to move
 * @param destination where they go
 * @throws ShapeError, ArgumentError where axes are out of range or repeated
 * @example
 * np.moveaxis(np.zeros([2, 3, 4]), 0, -1).shape // [3, 4, 2]
 */
export function moveaxis(a: ArrayLike, source: number | readonly number[], destination: number | readonly number[]): Array {
  const x = asArray(a, 'moveaxis');
  const from = canonAxes('moveaxis', source, x.ndim);
  const to = canonAxes('moveaxis', destination, x.ndim);
  if (from.length !== to.length) throw new ArgumentError(`moveaxis: expected as many destinations as sources, got [${String(source)}] and [${String(destination)}]`);
  const perm = range(x.ndim).filter((d) => !from.includes(d));
  for (const i of range(from.length).sort((p, q) => to[p]! - to[q]!)) perm.splice(to[i]!, 0, from[i]!);
  return transpose_(x, perm);
}

/**
 * An axis rolled backwards until it lies before `start`. Mirrors `jax.numpy.rollaxis`.
 *
 * @param a an array
 * @throws ShapeError if `start` lies beyond the dimensions
 * @example
 * np.rollaxis(np.zeros([2, 3, 4]), 2).shape // [4, 2, 3]
 */
export function rollaxis(a: ArrayLike, axis: number, ...rest: Rest<{ start?: number }, 'start'>): Array {
  const x = asArray(a, 'rollaxis');
  let { start = 0 } = readOptions('rollaxis', ['start'], 1, rest);
  const from = canonAxis('rollaxis', axis, x.ndim);
  if (!Number.isInteger(start) || start < -x.ndim || start > x.ndim) throw new ShapeError(`rollaxis: expected start from ${-x.ndim} to ${x.ndim}, got ${start}`);
  if (start < 0) start += x.ndim;
  return moveaxis(x, from, start > from ? start - 1 : start);
}

/**
 * Two axes exchanged. Mirrors `jax.numpy.swapaxes`.
 *
 * @param a an array
 * @param axis1 a dimension
 * @param axis2 the dimension it changes places with
 * @example
 * np.swapaxes(np.zeros([2, 3, 4]), 0, 2).shape // [4, 3, 2]
 */
export function swapaxes(a: ArrayLike, axis1: number, axis2: number): Array {
  const x = asArray(a, 'swapaxes');
  const [i, j] = [canonAxis('swapaxes', axis1, x.ndim), canonAxis('swapaxes', axis2, x.ndim)];
  return transpose_(x, range(x.ndim).map((d) => (d === i ? j : d === j ? i : d)));
}

/**
 * New dimensions of size 1 at the given places of the result. Mirrors `jax.numpy.expand_dims`.
 *
 * @param a an array
 * @param axis where the new dimensions of size 1 stand in the result
 * @example
 * np.expandDims([1, 2], 0).shape // [1, 2]
 */
export function expandDims(a: ArrayLike, axis: number | readonly number[]): Array {
  const x = asArray(a, 'expandDims');
  const n = globalThis.Array.isArray(axis) ? axis.length : 1;
  const dims = canonAxes('expandDims', axisList('expandDims', axis, x.ndim + n), x.ndim + n).sort((p, q) => p - q);
  const shape = [...x.shape];
  for (const d of dims) shape.splice(d, 0, 1);
  return broadcastInDim(x, shape, range(shape.length).filter((d) => !dims.includes(d)));
}

/** Dimensions of size 1 left out: all, or those of `axis`. Mirrors `jax.numpy.squeeze`. @throws ShapeError where a named one has another size @example np.squeeze([[[1, 2]]]).shape // [2] */
export function squeeze(a: ArrayLike, ...rest: Rest<{ axis?: Axis }, 'axis'>): Array {
  const { axis = null } = readOptions('squeeze', ['axis'], 1, rest);
  const x = asArray(a, 'squeeze');
  return squeeze_(x, axis === null ? range(x.ndim).filter((d) => x.shape[d] === 1) : canonAxes('squeeze', axis, x.ndim).sort((p, q) => p - q));
}

// ---- joining ----

type JoinOptions = { axis?: number | null; dtype?: DType | null };

/** Arrays converted to their common dtype, or the one asked for. */
function common(op: string, xs: readonly Array[], dtype: DType | null | undefined): Array[] {
  return dtype === null || dtype === undefined ? promoteDtypes(op, ...xs) : xs.map((x) => astype(x, checkDtype(op, dtype)));
}

const joinC = program<{ axis: number; op: string; dtype: DType | null; shapes: readonly Shape[] }>('concatenate', (xs, { axis, op, dtype, shapes }) => [concat_(common(op, xs as Array[], dtype).map((x, i) => reshape_(x, shapes[i]!)), axis)]);

/** Reshapes each array, converts all to one dtype and joins them. */
function join(op: string, xs: readonly Array[], shapes: readonly Shape[], axis: number, dtype: DType | null | undefined): Array {
  return joinC(xs, { axis, op, dtype: dtype ?? null, shapes })[0]!;
}

/**
 * Arrays joined along an axis that they have; null joins their elements in one dimension. Mirrors `jax.numpy.concatenate`.
 *
 * @throws ShapeError where other dimensions differ
 * @example
 * np.concatenate([[1, 2], [3]]) // [1, 2, 3]
 */
export function concatenate(arrays: readonly ArrayLike[] | Array, ...rest: Rest<JoinOptions, 'axis'>): Array {
  const { axis = 0, dtype } = readOptions('concatenate', ['axis', 'dtype'], 2, rest);
  const xs = arrayList('concatenate', arrays);
  if (axis === null) return join('concatenate', xs, xs.map((x) => [x.size]), 0, dtype);
  if (xs[0]!.ndim === 0) throw new ShapeError(`concatenate: expected arrays of at least one dimension, got scalars${arrays instanceof Array ? ', the entries of an array; several arrays are joined as concatenate([a, b])' : '; use stack'}`);
  return join('concatenate', xs, xs.map((x) => x.shape), canonAxis('concatenate', axis, xs[0]!.ndim), dtype);
}

/** As {@link concatenate}. Mirrors `jax.numpy.concat`. @example np.concat([[1], [2]]) // [1, 2] */
export function concat(arrays: readonly ArrayLike[] | Array, ...rest: Rest<{ axis?: number | null }, 'axis'>): Array {
  return concatenate(arrays, readOptions('concat', ['axis'], 1, rest));
}

/**
 * Arrays of one shape joined along a new axis. Mirrors `jax.numpy.stack`.
 *
 * @throws ShapeError where shapes differ
 * @example
 * np.stack([[1, 2], [3, 4]], { axis: 1 }) // [[1, 3], [2, 4]]
 */
export function stack(arrays: readonly ArrayLike[] | Array, ...rest: Rest<{ axis?: number; dtype?: DType | null }, 'axis'>): Array {
  const { axis = 0, dtype } = readOptions('stack', ['axis', 'dtype'], 2, rest);
  const xs = arrayList('stack', arrays);
  const d = canonAxis('stack', axis, xs[0]!.ndim + 1);
  for (const x of xs) if (x.ndim !== xs[0]!.ndim || x.shape.some((n, i) => n !== xs[0]!.shape[i])) throw new ShapeError(`stack: expected arrays of one shape, got ${xs.map((y) => y.aval).join(', ')}`);
  return join('stack', xs, xs.map((x) => [...x.shape.slice(0, d), 1, ...x.shape.slice(d)]), d, dtype);
}

const atLeast2 = (s: Shape): Shape => (s.length === 0 ? [1, 1] : s.length === 1 ? [1, s[0]!] : s);
const atLeast3 = (s: Shape): Shape => (s.length === 0 ? [1, 1, 1] : s.length === 1 ? [1, s[0]!, 1] : s.length === 2 ? [s[0]!, s[1]!, 1] : s);

type DtypeOption = { dtype?: DType | null };

/** Arrays stacked as rows. Mirrors `jax.numpy.vstack`. @example np.vstack([[1, 2], [3, 4]]).shape // [2, 2] */
export function vstack(tup: readonly ArrayLike[] | Array, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const xs = arrayList('vstack', tup);
  return join('vstack', xs, xs.map((x) => atLeast2(x.shape)), 0, readOptions('vstack', ['dtype'], 1, rest).dtype);
}

/** Arrays joined along their second axis, or the first of those with one. Mirrors `jax.numpy.hstack`. @example np.hstack([[1, 2], [3]]) // [1, 2, 3] */
export function hstack(tup: readonly ArrayLike[] | Array, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const xs = arrayList('hstack', tup);
  return join('hstack', xs, xs.map((x) => (x.ndim === 0 ? [1] : x.shape)), xs[0]!.ndim <= 1 ? 0 : 1, readOptions('hstack', ['dtype'], 1, rest).dtype);
}

/** Arrays joined along their third axis. Mirrors `jax.numpy.dstack`. @example np.dstack([[1, 2], [3, 4]]).shape // [1, 2, 2] */
export function dstack(tup: readonly ArrayLike[] | Array, ...rest: Rest<DtypeOption, 'dtype'>): Array {
  const xs = arrayList('dstack', tup);
  return join('dstack', xs, xs.map((x) => atLeast3(x.shape)), 2, readOptions('dstack', ['dtype'], 1, rest).dtype);
}

/** Vectors as columns of a matrix. Mirrors `jax.numpy.column_stack`. @example np.columnStack([[1, 2], [3, 4]]) // [[1, 3], [2, 4]] */
export function columnStack(tup: readonly ArrayLike[] | Array): Array {
  const xs = arrayList('columnStack', tup);
  return join('columnStack', xs, xs.map((x) => (x.ndim === 0 ? [1, 1] : x.ndim === 1 ? [x.size, 1] : x.shape)), 1, null);
}

/** Nested lists of arrays: innermost ones are joined along the last axis, those around along the one before, and so on. */
export type Blocks = ArrayLike | readonly Blocks[];

/** An array put together of blocks. Mirrors `jax.numpy.block`. @throws ArgumentError for lists of unequal depths @example np.block([[np.ones([2, 2]), np.zeros([2, 1])]]).shape // [2, 3] */
export function block(arrays: Blocks): Array {
  const go = (xs: Blocks): [Array, number] => {
    if (!globalThis.Array.isArray(xs)) return [asArray(xs as ArrayLike, 'block'), 1];
    if (xs.length === 0) throw new ArgumentError('block: expected no empty lists');
    const parts = xs.map(go);
    const depth = parts[0]![1];
    if (parts.some((p) => p[1] !== depth)) throw new ArgumentError('block: expected lists of one depth');
    const rank = Math.max(depth, ...parts.map(([x]) => x.ndim));
    const raised = parts.map(([x]) => reshape_(x, [...range(rank - x.ndim).map(() => 1), ...x.shape]));
    return [concatenate(raised, -depth), depth + 1];
  };
  return go(arrays)[0];
}

function atLeast(op: string, shape: (s: Shape) => Shape, arys: readonly ArrayLike[]): Array | Array[] {
  const out = arys.map((a) => {
    const x = asArray(a, op);
    return reshape_(x, shape(x.shape));
  });
  return out.length === 1 ? out[0]! : out;
}

/** Scalars as arrays of one dimension; several arguments give a list. Mirrors `jax.numpy.atleast_1d`. @example np.atleast1d(3).shape // [1] */
export function atleast1d(a: ArrayLike): Array;
export function atleast1d(...arys: readonly ArrayLike[]): Array[];
export function atleast1d(...arys: readonly ArrayLike[]): Array | Array[] {
  return atLeast('atleast1d', (s) => (s.length === 0 ? [1] : s), arys);
}

/**
 * Arrays of at least two dimensions, new ones in front. Mirrors `jax.numpy.atleast_2d`.
 *
 * @param a an array or a number
 * @example
 * np.atleast2d([1, 2]).shape // [1, 2]
 */
export function atleast2d(a: ArrayLike): Array;
export function atleast2d(...arys: readonly ArrayLike[]): Array[];
export function atleast2d(...arys: readonly ArrayLike[]): Array | Array[] {
  return atLeast('atleast2d', atLeast2, arys);
}

/**
 * Arrays of at least three dimensions. Mirrors `jax.numpy.atleast_3d`.
 *
 * @param a an array or a number
 * @example
 * np.atleast3d([1, 2]).shape // [1, 2, 1]
 */
export function atleast3d(a: ArrayLike): Array;
export function atleast3d(...arys: readonly ArrayLike[]): Array[];
export function atleast3d(...arys: readonly ArrayLike[]): Array | Array[] {
  return atLeast('atleast3d', atLeast3, arys);
}

/**
 * Values joined to the end of an array; without an axis, both in one dimension. Mirrors `jax.numpy.append`.
 *
 * @param arr an array
 * @param values an array of values; broadcasts where it must
 * @example
 * np.append([1, 2], [3]) // [1, 2, 3]
 */
export function append(arr: ArrayLike, values: ArrayLike, ...rest: Rest<{ axis?: number | null }, 'axis'>): Array {
  const { axis = null } = readOptions('append', ['axis'], 1, rest);
  return concatenate([asArray(arr, 'append'), asArray(values, 'append')], { axis });
}

// ---- splitting ----

function splitAt(op: string, x: Array, sections: number | readonly number[] | Array, axis: number, even: boolean): Array[] {
  const d = canonAxis(op, axis, x.ndim);
  const n = x.shape[d]!;
  let bounds: number[];
  if (typeof sections === 'number' || (sections instanceof Array && sections.ndim === 0)) {
    const k = Number(sections instanceof Array ? sections.item() : sections);
    if (!Number.isInteger(k) || k < 1) throw new ArgumentError(`${op}: expected a positive number of sections, got ${k}`);
    if (even && n % k !== 0) throw new ShapeError(`${op}: axis ${axis} of ${x.aval} does not divide into ${k} equal sections`);
    const [small, extra] = [Math.floor(n / k), n % k];
    bounds = range(k + 1).map((i) => i * small + Math.min(i, extra));
  } else {
    bounds = [0, ...staticInts(op, 'indices', sections), n];
    if (bounds.some((b, i) => i > 0 && b < bounds[i - 1]!)) throw new ShapeError(`${op}: expected indices that rise from 0 to the ${n} entries of axis ${axis} of ${x.aval}, got [${bounds.slice(1, -1).join(', ')}]`);
  }
  return range(bounds.length - 1).map((i) => sliceInDim(x, bounds[i]!, bounds[i + 1]!, d));
}

type AxisOption = { axis?: number };
type Sections = number | readonly number[] | Array;

/**
 * An array cut along an axis: into equal parts, or at indices. Mirrors `jax.numpy.split`.
 *
 * @param ary an array
 * @param indicesOrSections a number of equal parts, or the indices where parts begin
 * @throws ShapeError where equal parts are not possible
 * @example
 * np.split(np.arange(4), 2).length // 2
 */
export function split(ary: ArrayLike, indicesOrSections: Sections, ...rest: Rest<AxisOption, 'axis'>): Array[] {
  return splitAt('split', asArray(ary, 'split'), indicesOrSections, readOptions('split', ['axis'], 1, rest).axis ?? 0, true);
}

/**
 * As {@link split}, but parts may differ by one in size. Mirrors `jax.numpy.array_split`.
 *
 * @param ary an array
 * @param indicesOrSections a number of equal parts, or the indices where parts begin
 * @example
 * np.arraySplit(np.arange(5), 2).map((x) => x.size) // [3, 2]
 */
export function arraySplit(ary: ArrayLike, indicesOrSections: Sections, ...rest: Rest<AxisOption, 'axis'>): Array[] {
  return splitAt('arraySplit', asArray(ary, 'arraySplit'), indicesOrSections, readOptions('arraySplit', ['axis'], 1, rest).axis ?? 0, false);
}

/**
 * Cuts along the first axis. Mirrors `jax.numpy.vsplit`.
 *
 * @param ary an array
 * @param indicesOrSections a number of equal parts, or the indices where parts begin
 * @example
 * np.vsplit(np.ones([4, 2]), 2)[0].shape // [2, 2]
 */
export function vsplit(ary: ArrayLike, indicesOrSections: Sections): Array[] {
  return splitAt('vsplit', asArray(ary, 'vsplit'), indicesOrSections, 0, true);
}

/**
 * Cuts along the second axis, or the only one. Mirrors `jax.numpy.hsplit`.
 *
 * @param ary an array
 * @param indicesOrSections a number of equal parts, or the indices where parts begin
 * @example
 * np.hsplit(np.ones([2, 4]), 2)[0].shape // [2, 2]
 */
export function hsplit(ary: ArrayLike, indicesOrSections: Sections): Array[] {
  const x = asArray(ary, 'hsplit');
  return splitAt('hsplit', x, indicesOrSections, x.ndim === 1 ? 0 : 1, true);
}

/**
 * Cuts along the third axis. Mirrors `jax.numpy.dsplit`.
 *
 * @param ary an array
 * @param indicesOrSections a number of equal parts, or the indices where parts begin
 * @example
 * np.dsplit(np.ones([2, 2, 4]), 2)[0].shape // [2, 2, 2]
 */
export function dsplit(ary: ArrayLike, indicesOrSections: Sections): Array[] {
  return splitAt('dsplit', asArray(ary, 'dsplit'), indicesOrSections, 2, true);
}

const unstackC = program<{ axis: number }>('unstack', ([x], { axis }) => range(x!.shape[axis]!).map((i) => squeeze_(sliceInDim(x!, i, i + 1, axis), [axis])));

/** The entries of an axis, each without it. Mirrors `jax.numpy.unstack`. @example np.unstack([[1, 2], [3, 4]]).length // 2 */
export function unstack(x: ArrayLike, ...rest: Rest<AxisOption, 'axis'>): Array[] {
  const a = asArray(x, 'unstack');
  return unstackC([a], { axis: canonAxis('unstack', readOptions('unstack', ['axis'], 1, rest).axis ?? 0, a.ndim) });
}

// ---- repeating, turning ----

const tileC = program<{ reps: readonly number[] }>('tile', ([x], { reps }) => {
  const out: number[] = [];
  x!.shape.forEach((n, i) => out.push(reps[i]!, n));
  return [reshape_(broadcastInDim(x!, out, x!.shape.map((_, i) => 2 * i + 1)), x!.shape.map((n, i) => n * reps[i]!))];
});

/**
 * The array repeated as a whole along each axis. Mirrors `jax.numpy.tile`.
 *
 * @param A an array
 * @param reps how often along each dimension
 * @example
 * np.tile([1, 2], 2) // [1, 2, 1, 2]
 */
export function tile(A: ArrayLike, reps: number | readonly number[]): Array {
  const x = asArray(A, 'tile');
  const given = checkShape('tile', reps, 'reps');
  const rank = Math.max(x.ndim, given.length);
  const lead = (n: number) => range(rank - n).map(() => 1);
  return tileC([reshape_(x, [...lead(x.ndim), ...x.shape])], { reps: [...lead(given.length), ...given] })[0]!;
}

/** Elements in reverse order along all or some axes. Mirrors `jax.numpy.flip`. @example np.flip([1, 2, 3]) // [3, 2, 1] */
export function flip(m: ArrayLike, ...rest: Rest<{ axis?: Axis }, 'axis'>): Array {
  const x = asArray(m, 'flip');
  return rev(x, canonAxes('flip', readOptions('flip', ['axis'], 1, rest).axis, x.ndim));
}

/** Columns in reverse order. Mirrors `jax.numpy.fliplr`. @example np.fliplr([[1, 2]]) // [[2, 1]] */
export function fliplr(m: ArrayLike): Array {
  return flip(m, 1);
}

/** Rows in reverse order. Mirrors `jax.numpy.flipud`. @example np.flipud([1, 2]) // [2, 1] */
export function flipud(m: ArrayLike): Array {
  return flip(m, 0);
}

const rot90C = program<{ k: number; i: number; j: number }>('rot90', ([x], { k, i, j }) => {
  if (k === 2) return [rev(x!, [i, j])];
  const perm = range(x!.ndim).map((d) => (d === i ? j : d === j ? i : d));
  return [k === 1 ? transpose_(rev(x!, [j]), perm) : rev(transpose_(x!, perm), [j])];
});

type Rot90Options = { k?: number; axes?: readonly [number, number] };

/**
 * Turned by 90° `k` times in the plane of two axes, from the first towards the second. Mirrors `jax.numpy.rot90`.
 *
 * @throws ShapeError for fewer than two dimensions
 * @example
 * np.rot90([[1, 2], [3, 4]]) // [[2, 4], [1, 3]]
 */
export function rot90(m: ArrayLike, ...rest: Rest<Rot90Options, 'k', 'axes'>): Array {
  const { k = 1, axes = [0, 1] } = readOptions('rot90', ['k', 'axes'], 2, rest);
  const x = asArray(m, 'rot90');
  if (x.ndim < 2) throw new ShapeError(`rot90: expected at least 2 dimensions, got ${x.aval}`);
  const [i, j] = canonAxes('rot90', axes, x.ndim);
  const turns = ((k % 4) + 4) % 4;
  return turns === 0 ? x : rot90C([x], { k: turns, i: i!, j: j! })[0]!;
}

const rollC = program<{ shifts: readonly (readonly [number, number])[] }>('roll', ([x], { shifts }) => {
  let out = x!;
  for (const [axis, shift] of shifts) {
    const n = out.shape[axis]!;
    const at = n === 0 ? 0 : ((-shift % n) + n) % n;
    if (at !== 0) out = concat_([sliceInDim(out, at, n, axis), sliceInDim(out, 0, at, axis)], axis);
  }
  return [out];
});

/** Static shifts of {@link roll}: for each, an axis. */
export function rollStatic(x: Array, shift: readonly number[], axes: readonly number[]): Array {
  const n = Math.max(shift.length, axes.length);
  if ((shift.length !== 1 && shift.length !== n) || (axes.length !== 1 && axes.length !== n)) throw new ShapeError(`roll: expected as many shifts as axes, got ${shift.length} and ${axes.length}`);
  return rollC([x], { shifts: range(n).map((i) => [axes[axes.length === 1 ? 0 : i]!, shift[shift.length === 1 ? 0 : i]!] as const) })[0]!;
}

const resizeC = program<{ shape: Shape }>('resize', ([x], { shape }) => {
  const n = sizeOf(shape);
  const flat = reshape_(x!, [x!.size]);
  const times = Math.ceil(n / x!.size);
  return [reshape_(sliceInDim(concat_(range(times).map(() => flat), 0), 0, n, 0), shape)];
});

/**
 * The elements, repeated as often as needed, in a shape of another size. Mirrors `jax.numpy.resize`.
 *
 * @param newShape the shape; elements are repeated or left out to fill it
 * @example
 * np.resize([1, 2], [3]) // [1, 2, 1]
 */
export function resize(a: ArrayLike, newShape: number | readonly number[]): Array {
  const x = asArray(a, 'resize');
  const shape = checkShape('resize', newShape);
  if (sizeOf(shape) === 0 || x.size === 0) return full(shape, x.dtype === 'bool' ? false : 0, x.dtype);
  return resizeC([x], { shape })[0]!;
}

export { expand };
