import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { epsilon } from '../primitives/matrix';
import { convert, like, scalar } from '../primitives/structural';
import { type Axis, canonAxes } from './axes';
import { moveaxis, expandDims } from './manipulation';
import { power } from './arithmetic';
import { gt, isNan, mul, where } from './operators';
import { program, readOptions, type Rest } from './program';
import { any, max, min, sum } from './reductions';
import { svdOf } from './singularValues';
import { inexact, inv } from './solvers';

/** A norm: a number p, `'fro'` the root of the sum of squares, `'nuc'` the sum of singular values. */
export type NormOrder = number | 'fro' | 'f' | 'nuc' | null;

interface NormSpec {
  ord: NormOrder;
  axes: readonly number[] | null;
  keepdims: boolean;
}

const magnitude = (x: Array) => (dtypeKind(x.dtype) === 'uint' ? x : e.abs(x));

function root(x: Array, axis: Axis, keepdims: boolean): Array {
  return e.sqrt(sum(dtypeKind(x.dtype) === 'complex' ? e.real(mul(x, e.conj(x))) : mul(x, x), { axis, keepdims }));
}

function vectorNormOf(x: Array, ord: NormOrder, axis: Axis, keepdims: boolean): Array {
  if (ord === null || ord === 2) return root(x, axis, keepdims);
  if (typeof ord !== 'number') throw new ArgumentError(`linalg.norm: expected ord of a vector norm to be a number, got '${ord}'`);
  const size = magnitude(x);
  if (ord === Number.POSITIVE_INFINITY) return max(size, { axis, keepdims, initial: 0 });
  if (ord === Number.NEGATIVE_INFINITY) return min(size, { axis, keepdims });
  if (ord === 0) return sum(convert(e.ne(x, like(x, 0)), size.dtype), { axis, keepdims });
  if (ord === 1) return sum(size, { axis, keepdims });
  return power(sum(power(size, scalar(ord, size.dtype)), { axis, keepdims }), scalar(1 / ord, size.dtype));
}

function matrixNormOf(x: Array, ord: NormOrder, axes: readonly number[], keepdims: boolean): Array {
  const [row, col] = axes as [number, number];
  if (ord === null || ord === 'fro' || ord === 'f') return root(x, axes, keepdims);
  if (ord === 'nuc' || ord === 2 || ord === -2) {
    const [s] = svdOf(moveaxis(x, axes, [-2, -1]), { computeUv: false, fullMatrices: true, hermitian: false, subset: null }) as [Array];
    const y = ord === 2 ? max(s, { axis: -1, initial: 0 }) : ord === -2 ? min(s, { axis: -1 }) : sum(s, { axis: -1 });
    return keepdims ? expandDims(y, axes) : y;
  }
  // Largest or smallest sum of a column (1) or a row (infinity).
  const [summed, picked] = Math.abs(ord) === 1 ? [row, col] : [col, row];
  if (Math.abs(ord) !== 1 && Math.abs(ord) !== Number.POSITIVE_INFINITY) throw new ArgumentError(`linalg.norm: expected ord of a matrix norm to be ±1, ±2, ±Infinity, 'fro' or 'nuc', got ${ord}`);
  const sums = sum(magnitude(x), { axis: summed, keepdims });
  const axis = !keepdims && picked > summed ? picked - 1 : picked;
  return ord > 0 ? max(sums, { axis, keepdims, initial: 0 }) : min(sums, { axis, keepdims });
}

const normC = program<NormSpec>('norm', ([a], { ord, axes, keepdims }) => {
  const x = inexact('linalg.norm', a!);
  if (axes === null) return [root(x, null, keepdims)];
  return [axes.length === 1 ? vectorNormOf(x, ord, axes, keepdims) : matrixNormOf(x, ord, axes, keepdims)];
});

interface NormOptions {
  ord?: NormOrder;
  axis?: Axis;
  keepdims?: boolean;
}

/**
 * Norms of vectors along an axis, or matrices along two; without an axis, of all elements. Mirrors `jax.numpy.linalg.norm`.
 *
 * @throws ArgumentError for a norm that does not exist, ShapeError for more than two axes
 * @example
 * np.linalg.norm([3, 4]).item() // 5
 */
export function norm(x: ArrayLike, ...rest: Rest<NormOptions, 'ord', 'axis', 'keepdims'>): Array {
  const { ord = null, axis = null, keepdims = false } = readOptions('linalg.norm', ['ord', 'axis', 'keepdims'], 3, rest);
  const a = asArray(x, 'linalg.norm');
  const axes = axis === null && ord === null ? null : canonAxes('linalg.norm', axis, a.ndim);
  if (axes !== null && axes.length !== 1 && axes.length !== 2) throw new ShapeError(`linalg.norm: expected one axis or two, got ${axes.length}`);
  return normC([a], { ord, axes, keepdims })[0]!;
}

/** Norms of the matrices in the last two dimensions. Mirrors `jax.numpy.linalg.matrix_norm`. @example np.linalg.matrixNorm([[3, 0], [0, 4]]).item() // 5 */
export function matrixNorm(x: ArrayLike, ...rest: Rest<Omit<NormOptions, 'axis'>>): Array {
  const { ord = 'fro', keepdims = false } = readOptions('linalg.matrixNorm', ['keepdims', 'ord'], 0, rest);
  return norm(x, { ord, axis: [-2, -1], keepdims });
}

const vectorC = program<{ ord: NormOrder; axes: readonly number[]; keepdims: boolean }>('vector_norm', ([x], { ord, axes, keepdims }) => [vectorNormOf(x!, ord, axes, keepdims)]);

/** Norms of vectors along axes, all as one vector. Mirrors `jax.numpy.linalg.vector_norm`. @example np.linalg.vectorNorm([[3, 4]]).item() // 5 */
export function vectorNorm(x: ArrayLike, ...rest: Rest<NormOptions>): Array {
  const { ord = 2, axis = null, keepdims = false } = readOptions('linalg.vectorNorm', ['axis', 'keepdims', 'ord'], 0, rest);
  const a = inexact('linalg.vectorNorm', x);
  return vectorC([a], { ord, axes: canonAxes('linalg.vectorNorm', axis, a.ndim), keepdims })[0]!;
}

const condC = program<{ p: NormOrder }>('cond', ([a], { p }) => {
  const x = inexact('linalg.cond', a!);
  let r: Array;
  if (p === null || p === 2 || p === -2) {
    const [s] = svdOf(x, { computeUv: false, fullMatrices: true, hermitian: false, subset: null }) as [Array];
    const [top, low] = [max(s, -1), min(s, -1)];
    if (p !== -2) return [e.div(top, low)];
    r = e.div(low, top);
  } else r = e.mul(norm(x, { ord: p, axis: [-2, -1] }), norm(inv(x), { ord: p, axis: [-2, -1] }));
  const fine = e.not(any(isNan(x), { axis: [-2, -1] }));
  return [where(e.and(isNan(r), fine), like(r, Number.POSITIVE_INFINITY), r)];
});

/** Condition numbers of matrices. Mirrors `jax.numpy.linalg.cond`. @throws ShapeError for empty ones, and for others than square ones with norms other than ±2 @example np.linalg.cond([[2, 0], [0, 1]]).item() // 2 */
export function cond(x: ArrayLike, ...rest: Rest<{ p?: NormOrder }, 'p'>): Array {
  const { p = null } = readOptions('linalg.cond', ['p'], 1, rest);
  const a = asArray(x, 'linalg.cond');
  const [m, n] = a.shape.slice(-2);
  if (a.ndim < 2 || m === 0 || n === 0) throw new ShapeError(`linalg.cond: expected matrices that are not empty, got ${a.aval}`);
  if (p !== null && p !== 2 && p !== -2 && m !== n) throw new ShapeError(`linalg.cond: expected square matrices for norm ${p}, got ${a.aval}`);
  return condC([a], { p })[0]!;
}

interface RankOptions {
  /** Singular values not above it count as zero. */
  rtol?: ArrayLike | null;
  hermitian?: boolean;
  /** As rtol, which it excludes. */
  tol?: ArrayLike | null;
}

const rankC = program<{ hermitian: boolean; eps: number }>('matrix_rank', ([a, tol], { hermitian, eps }) => {
  const x = inexact('linalg.matrixRank', a!);
  if (x.ndim < 2) return [convert(any(e.ne(x, like(x, 0))), 'int32')];
  const [s] = svdOf(x, { computeUv: false, fullMatrices: false, hermitian, subset: null }) as [Array];
  const least = tol ?? e.mul(max(s, -1), like(s, Math.max(...x.shape.slice(-2)) * eps));
  const wide = expandDims(least, least.ndim);
  return [sum(gt(s, wide), { axis: -1 })];
});

/**
 * Number of singular values above a tolerance, by default the largest times the larger size times the dtype's precision. Mirrors `jax.numpy.linalg.matrix_rank`.
 *
 * @throws ArgumentError if both `rtol` and `tol` are given
 * @example
 * np.linalg.matrixRank([[1, 1], [1, 1]]).item() // 1
 */
export function matrixRank(M: ArrayLike, ...rest: Rest<RankOptions, 'rtol'>): Array {
  const o = readOptions('linalg.matrixRank', ['rtol', 'hermitian', 'tol'], 1, rest);
  if (o.rtol !== null && o.rtol !== undefined && o.tol !== null && o.tol !== undefined) throw new ArgumentError('linalg.matrixRank: expected rtol or tol, got both');
  const given = o.rtol ?? o.tol ?? null;
  const x = asArray(M, 'linalg.matrixRank');
  return rankC([x, given === null ? null : asArray(given, 'linalg.matrixRank')], { hermitian: o.hermitian ?? false, eps: epsilon(inexact('linalg.matrixRank', x).dtype) })[0]!;
}
