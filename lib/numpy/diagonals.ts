import { canonAxis, checkInteger } from '../core/checks';
import type { Array } from '../core/array';
import { canonicalDtype, checkDtype, checkExtent, checkShape } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { broadcastInDim, full, iota, like, pad, range, reshape, slice } from '../primitives/structural';
import { at } from './indexing';
import { moveaxis } from './manipulation';
import { nonzero } from './nonzero';
import { program, readOptions, type Rest } from './program';
import { sum } from './reductions';
import { checkInplace, cycle } from './take';

interface KOption {
  /** Which diagonal: 0 the main one, above it where positive. */
  k?: number;
}

/** A mask of a matrix, true on and below diagonal k. */
export function lowerMask(n: number, m: number, k: number): Array {
  return e.ge(e.add(iota('int32', [n, m], 0), like(iota('int32', [n, m], 0), k)), iota('int32', [n, m], 1));
}

const triangleC = program<{ k: number; upper: boolean }>('tri', ([x], { k, upper }) => {
  const [n, m] = x!.shape.slice(-2) as [number, number];
  const mask = broadcastInDim(lowerMask(n, m, upper ? k - 1 : k), x!.shape, [x!.ndim - 2, x!.ndim - 1]);
  const zero = full(x!.shape, x!.dtype === 'bool' ? false : 0, x!.dtype, x!.weakType);
  return [upper ? e.where(mask, zero, x!) : e.where(mask, x!, zero)];
});

function triangle(op: string, m: ArrayLike, rest: Rest<KOption, 'k'>, upper: boolean): Array {
  const { k = 0 } = readOptions(op, ['k'], 1, rest);
  const x = asArray(m, op);
  if (x.ndim < 2) throw new ShapeError(`${op}: expected at least 2 dimensions, got ${x.aval}`);
  checkInteger(op, 'k', k);
  return triangleC([x], { k, upper })[0]!;
}

/** Zero above diagonal k of the last two dimensions. Mirrors `jax.numpy.tril`. @example np.tril([[1, 2], [3, 4]]) // [[1, 0], [3, 4]] */
export function tril(m: ArrayLike, ...rest: Rest<KOption, 'k'>): Array {
  return triangle('tril', m, rest, false);
}

/** Zero below diagonal k of the last two dimensions. Mirrors `jax.numpy.triu`. @example np.triu([[1, 2], [3, 4]]) // [[1, 2], [0, 4]] */
export function triu(m: ArrayLike, ...rest: Rest<KOption, 'k'>): Array {
  return triangle('triu', m, rest, true);
}

/** Options of {@link diagonal}. */
export interface DiagonalOptions {
  /** Above the diagonal where positive, below where negative; 0 by default. */
  offset?: number;
  /** First axis of the matrices; 0 by default. */
  axis1?: number;
  /** Second axis of the matrices; 1 by default. */
  axis2?: number;
}

/** Diagonal of the last two dimensions: a strided slice of rows laid end to end. */
function lastDiagonal(x: Array, offset: number): Array {
  const lead = x.shape.slice(0, -2);
  const [n, m] = x.shape.slice(-2) as [number, number];
  const count = Math.max(0, Math.min(n + Math.min(offset, 0), m - Math.max(offset, 0)));
  const start = count === 0 ? 0 : offset >= 0 ? offset : -offset * m;
  const flat = reshape(x, [...lead, n * m]);
  const stop = count === 0 ? 0 : start + (count - 1) * (m + 1) + 1;
  return slice(flat, [...lead.map(() => 0), start], [...lead, stop], [...lead.map(() => 1), m + 1]);
}

const diagonalC = program<{ offset: number; axis1: number; axis2: number }>('diagonal', ([x], { offset, axis1, axis2 }) => [lastDiagonal(moveaxis(x!, [axis1, axis2], [-2, -1]), offset)]);

function diagonalArgs(op: string, a: ArrayLike, o: DiagonalOptions): [Array, Required<DiagonalOptions>] {
  const x = asArray(a, op);
  if (x.ndim < 2) throw new ShapeError(`${op}: expected at least 2 dimensions, got ${x.aval}`);
  const { offset = 0 } = o;
  checkInteger(op, 'offset', offset);
  const [axis1, axis2] = [canonAxis(op, o.axis1 ?? 0, x.ndim), canonAxis(op, o.axis2 ?? 1, x.ndim)];
  if (axis1 === axis2) throw new ArgumentError(`${op}: expected two different axes, got ${axis1} twice`);
  return [x, { offset, axis1, axis2 }];
}

/** The diagonal in the plane of two axes, as the last dimension of the result. Mirrors `jax.numpy.diagonal`. @example np.diagonal([[1, 2], [3, 4]]) // [1, 4] */
export function diagonal(a: ArrayLike, ...rest: Rest<DiagonalOptions, 'offset', 'axis1', 'axis2'>): Array {
  const [x, s] = diagonalArgs('diagonal', a, readOptions('diagonal', ['offset', 'axis1', 'axis2'], 3, rest));
  return diagonalC([x], s)[0]!;
}

const diagC = program<{ k: number }>('diag', ([v], { k }) => {
  // One element in each row, n + 1 apart once rows are laid end to end.
  const m = v!.size;
  const n = m + Math.abs(k);
  if (m === 0) return [full([n, n], v!.dtype === 'bool' ? false : 0, v!.dtype, v!.weakType)];
  const low = k >= 0 ? k : -k * n;
  const covered = (m - 1) * (n + 1) + 1;
  return [reshape(pad(v!, like(v!, v!.dtype === 'bool' ? false : 0), [[low, n * n - low - covered, n]]), [n, n])];
});

/** A matrix with a vector on diagonal k, or diagonal k of a matrix. Mirrors `jax.numpy.diag`. @throws ShapeError for other ranks @example np.diag([1, 2]) // [[1, 0], [0, 2]] */
export function diag(v: ArrayLike, ...rest: Rest<KOption, 'k'>): Array {
  const { k = 0 } = readOptions('diag', ['k'], 1, rest);
  const x = asArray(v, 'diag');
  checkInteger('diag', 'k', k);
  if (x.ndim === 2) return diagonal(x, { offset: k });
  if (x.ndim !== 1) throw new ShapeError(`diag: expected 1 or 2 dimensions, got ${x.aval}`);
  checkExtent('diag', 'k', x.size + Math.abs(k));
  return diagC([x], { k })[0]!;
}

/** A matrix with all elements of an array on diagonal k. Mirrors `jax.numpy.diagflat`. @example np.diagflat([[1, 2]]) // [[1, 0], [0, 2]] */
export function diagflat(v: ArrayLike, ...rest: Rest<KOption, 'k'>): Array {
  const { k = 0 } = readOptions('diagflat', ['k'], 1, rest);
  const x = asArray(v, 'diagflat');
  checkInteger('diagflat', 'k', k);
  checkExtent('diagflat', 'k', x.size + Math.abs(k));
  return diagC([astype(reshape(x, [x.size]), x.dtype)], { k })[0]!;
}

/** Options of {@link trace}. */
export interface TraceOptions extends DiagonalOptions {
  /** Element type. */
  dtype?: DType | null;
}

const traceC = program<Required<DiagonalOptions> & { dtype: DType | null }>('trace', ([x], { dtype, ...s }) => {
  const d = lastDiagonal(moveaxis(x!, [s.axis1, s.axis2], [-2, -1]), s.offset);
  return [sum(d, { axis: -1, dtype })];
});

/** Sum of the diagonal in the plane of two axes. Mirrors `jax.numpy.trace`. @example np.trace([[1, 2], [3, 4]]).item() // 5 */
export function trace(a: ArrayLike, ...rest: Rest<TraceOptions, 'offset', 'axis1', 'axis2'>): Array {
  const o = readOptions('trace', ['offset', 'axis1', 'axis2', 'dtype'], 4, rest);
  const [x, s] = diagonalArgs('trace', a, o);
  return traceC([x], { ...s, dtype: o.dtype ? checkDtype('trace', o.dtype) : null })[0]!;
}

// ---- indices of diagonals and triangles ----

/**
 * Indices of the main diagonal of an array of `ndim` dimensions of size n. Mirrors `jax.numpy.diag_indices`.
 *
 * @throws ArgumentError unless both are non-negative integers
 * @example
 * np.diagIndices(2).map((x) => x.js()) // [[0, 1], [0, 1]]
 */
export function diagIndices(n: number, ...rest: Rest<{ ndim?: number }, 'ndim'>): Array[] {
  const { ndim = 2 } = readOptions('diagIndices', ['ndim'], 1, rest);
  if (!Number.isInteger(n) || n < 0 || !Number.isInteger(ndim) || ndim < 0) throw new ArgumentError(`diagIndices: expected non-negative integers, got n ${String(n)} and ndim ${String(ndim)}`);
  checkExtent('diagIndices', 'n', n);
  const i = iota(canonicalDtype('int64'), [n], 0);
  return range(ndim).map(() => i);
}

/**
 * Indices of the main diagonal of an array whose dimensions are equal. Mirrors `jax.numpy.diag_indices_from`.
 *
 * @throws ShapeError unless there are two or more dimensions of one size
 * @example
 * np.diagIndicesFrom(np.zeros([2, 2])).length // 2
 */
export function diagIndicesFrom(arr: ArrayLike): Array[] {
  const { shape, aval } = asArray(arr, 'diagIndicesFrom');
  if (shape.length < 2 || shape.some((n) => n !== shape[0])) throw new ShapeError(`diagIndicesFrom: expected at least 2 dimensions, all equal, got ${aval}`);
  return diagIndices(shape[0]!, { ndim: shape.length });
}

/** Number of entries below diagonal k + 1 of an n × m matrix. */
function lowerCount(n: number, m: number, k: number): number {
  let count = 0;
  for (let i = 0; i < n; i++) count += Math.min(Math.max(i + k + 1, 0), m);
  return count;
}

const trianglesC = program<{ n: number; m: number; k: number; upper: boolean }>('tri_indices', (_, { n, m, k, upper }) => {
  const lower = lowerMask(n, m, upper ? k - 1 : k);
  const size = upper ? n * m - lowerCount(n, m, k - 1) : lowerCount(n, m, k);
  return nonzero(upper ? e.not(lower) : lower, { size });
});

interface TriangleIndexOptions extends KOption {
  /** Number of columns; as many as rows by default. */
  m?: number | null;
}

function triangles(op: string, n: number, m: number, k: number, upper: boolean): Array[] {
  checkShape(op, [n, m]);
  checkInteger(op, 'k', k);
  return trianglesC([], { n, m, k, upper });
}

/** Indices of the entries on and below diagonal k of an n × m matrix. Mirrors `jax.numpy.tril_indices`. @example np.trilIndices(2).map((x) => x.js()) // [[0, 1, 1], [0, 0, 1]] */
export function trilIndices(n: number, ...rest: Rest<TriangleIndexOptions, 'k', 'm'>): Array[] {
  const { k = 0, m } = readOptions('trilIndices', ['k', 'm'], 2, rest);
  return triangles('trilIndices', n, m ?? n, k, false);
}

/** Indices of the entries on and above diagonal k of an n × m matrix. Mirrors `jax.numpy.triu_indices`. @example np.triuIndices(2).map((x) => x.js()) // [[0, 0, 1], [0, 1, 1]] */
export function triuIndices(n: number, ...rest: Rest<TriangleIndexOptions, 'k', 'm'>): Array[] {
  const { k = 0, m } = readOptions('triuIndices', ['k', 'm'], 2, rest);
  return triangles('triuIndices', n, m ?? n, k, true);
}

function matrixShape(op: string, arr: ArrayLike): readonly [number, number] {
  const { shape, aval } = asArray(arr, op);
  if (shape.length !== 2) throw new ShapeError(`${op}: expected 2 dimensions, got ${aval}`);
  return shape as readonly [number, number];
}

/** Indices of the entries on and below diagonal k of a matrix. Mirrors `jax.numpy.tril_indices_from`. @example np.trilIndicesFrom(np.zeros([2, 2])).length // 2 */
export function trilIndicesFrom(arr: ArrayLike, ...rest: Rest<KOption, 'k'>): Array[] {
  const [n, m] = matrixShape('trilIndicesFrom', arr);
  return trilIndices(n, { k: readOptions('trilIndicesFrom', ['k'], 1, rest).k, m });
}

/** Indices of the entries on and above diagonal k of a matrix. Mirrors `jax.numpy.triu_indices_from`. @example np.triuIndicesFrom(np.zeros([2, 2])).length // 2 */
export function triuIndicesFrom(arr: ArrayLike, ...rest: Rest<KOption, 'k'>): Array[] {
  const [n, m] = matrixShape('triuIndicesFrom', arr);
  return triuIndices(n, { k: readOptions('triuIndicesFrom', ['k'], 1, rest).k, m });
}

const fillC = program<object>('fill_diagonal', ([a, v]) => {
  const n = Math.min(...a!.shape);
  if (n === 0) return [a!];
  const i = iota('int32', [n], 0);
  return [at(a!, ...a!.shape.map(() => i)).set(v!.ndim === 0 ? v! : cycle(reshape(v!, [v!.size]), n))];
});

interface FillDiagonalOptions {
  /** Never true, as in JAX. */
  wrap?: false;
  /** Never true: the changed array is returned. */
  inplace?: false;
}

/**
 * The array with values on its main diagonal, repeated as often as needed. Mirrors `jax.numpy.fill_diagonal`.
 *
 * @param a an array of two or more dimensions
 * @param val a number, or the values of the diagonal
 * @throws ShapeError where more than 2 dimensions are not equal, or there are no values for a diagonal
 * @example
 * np.fillDiagonal([[1, 2], [3, 4]], 0) // [[0, 2], [3, 0]]
 */
export function fillDiagonal(a: ArrayLike, val: ArrayLike, ...rest: Rest<FillDiagonalOptions, 'wrap'>): Array {
  const { wrap, inplace } = readOptions('fillDiagonal', ['wrap', 'inplace'], 1, rest);
  checkInplace('fillDiagonal', inplace);
  if (wrap) throw new ArgumentError('fillDiagonal: wrap cannot be true, as in JAX: the diagonal does not start again below it');
  const x = asArray(a, 'fillDiagonal');
  if (x.ndim < 2 || (x.ndim > 2 && x.shape.some((n) => n !== x.shape[0]))) throw new ShapeError(`fillDiagonal: expected 2 dimensions, or more of one size, got ${x.aval}`);
  const v = asArray(val, 'fillDiagonal');
  if (v.size === 0 && x.size > 0) throw new ShapeError(`fillDiagonal: expected at least one value for the diagonal of ${x.aval}, got ${v.aval}`);
  return fillC([x, v], {})[0]!;
}
