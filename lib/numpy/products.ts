import type { Array } from '../core/array';
import { checkDtype } from '../core/aval';
import { canonAxis } from '../core/checks';
import type { DType } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, promoteDtypes, resultType } from '../lax/arrayLike';
import { dotGeneral } from '../primitives/dot';
import * as e from '../primitives/elementwise';
import { conjugate } from '../primitives/matrix';
import type { PrecisionLike } from '../primitives/precision';
import { concatenate, range, reshape, sliceInDim, squeeze, transpose } from '../primitives/structural';
import { canonAxes } from './axes';
import { broadcastAll, broadcastShape } from './broadcast';
import { moveaxis } from './manipulation';
import { mul, sub } from './operators';
import { program, readOptions, type Rest } from './program';

/** Options of {@link dot}, {@link inner}, {@link matmul} and others like them. */
export interface ProductOptions {
  /** How exactly products are made: `'default'`, `'high'`, `'highest'`, a pair of these, or an algorithm. */
  precision?: PrecisionLike;
  /** Dtype that products are added up in, and of the result. */
  preferredElementType?: DType | null;
}

interface Spec {
  precision: PrecisionLike;
  preferred: DType | null;
}

const NAMES = ['precision', 'preferredElementType'] as const;

export function productSpec(op: string, o: ProductOptions): Spec {
  return { precision: o.precision ?? null, preferred: o.preferredElementType ? checkDtype(op, o.preferredElementType) : null };
}

/** Operands of a common type, the type of their product, and what makes a product of that type. */
function operands(a: Array, b: Array, s: Spec): { x: Array; y: Array; finish: (z: Array) => Array; preferred: DType } {
  const { dtype, weakType } = resultType(a, b);
  const preferred = s.preferred ?? dtype;
  return { x: astype(a, dtype, weakType), y: astype(b, dtype, weakType), preferred, finish: (z) => astype(z, preferred, s.preferred === null && weakType) };
}

const two = (op: string, a: ArrayLike, b: ArrayLike): [Array, Array] => [asArray(a, op), asArray(b, op)];

const dotC = program<Spec>('dot', ([a, b], s) => {
  const { x, y, finish, preferred } = operands(a!, b!, s);
  if (x.ndim === 0 || y.ndim === 0) return [finish(astype(mul(x, y), preferred))];
  const contract = [[x.ndim - 1], [Math.max(0, y.ndim - 2)]] as const;
  return [finish(dotGeneral(x, y, { dimensionNumbers: [contract, [[], []]], precision: s.precision, preferredElementType: preferred }))];
});

/**
 * Product of two arrays: of scalars and arrays elementwise, else summed over the last axis of the first and the last but one (or only one) of the second.
 * Mirrors `jax.numpy.dot`.
 *
 * @param a an array
 * @param b an array
 * @throws ShapeError where those axes differ in size
 * @example
 * np.dot([1, 2], [3, 4]).item() // 11
 */
export function dot(a: ArrayLike, b: ArrayLike, ...rest: Rest<ProductOptions>): Array {
  const [x, y] = two('dot', a, b);
  if (x.ndim > 0 && y.ndim > 0 && x.shape[x.ndim - 1] !== y.shape[Math.max(0, y.ndim - 2)]) throw new ShapeError(`dot: expected equal sizes of the summed axes, got ${x.aval} and ${y.aval}`);
  return dotC([x, y], productSpec('dot', readOptions('dot', NAMES, 0, rest)))[0]!;
}

const NO_BATCH = [[], []] as const;
/** Of two matrices: one object, so that what is planned by it is planned once. */
const MATRICES = [[[1], [0]], NO_BATCH] as const;

/** Matrix product over leading axes that broadcast; those that only one operand has are kept as they are, without repeating the other. */
export function matmulOf(a: Array, b: Array, s: Spec): Array {
  const { x, y, finish, preferred } = operands(a, b, s);
  const nx = Math.max(0, x.ndim - 2);
  const ny = Math.max(0, y.ndim - 2);
  if (nx === 0 && ny === 0) return finish(dotGeneral(x, y, { dimensionNumbers: x.ndim === 2 ? MATRICES : [[[x.ndim - 1], [0]], NO_BATCH], precision: s.precision, preferredElementType: preferred }));
  const lead = broadcastShape('matmul', [x.shape.slice(0, nx), y.shape.slice(0, ny)]);
  const rank = lead.length;
  // Leading axes of each operand, by their place in the result, without those of size 1 that broadcast.
  const own = (n: number, shape: readonly number[]) => range(n).map((d) => ({ d, at: rank - n + d })).filter(({ d, at }) => shape[d] === lead[at] && (shape[d] !== 1 || lead[at] === 1));
  const [ox, oy] = [own(nx, x.shape), own(ny, y.shape)];
  const drop = (z: Array, n: number, kept: { d: number }[]) => squeeze(z, range(n).filter((d) => !kept.some((k) => k.d === d)));
  const [xs, ys] = [drop(x, nx, ox), drop(y, ny, oy)];
  const shared = ox.filter(({ at }) => oy.some((o) => o.at === at)).map(({ at }) => at);
  const placeX = ox.map(({ at }) => at);
  const placeY = oy.map(({ at }) => at);
  const batch = [shared.map((at) => placeX.indexOf(at)), shared.map((at) => placeY.indexOf(at))] as const;
  const contract = [[xs.ndim - 1], [y.ndim === 1 ? ys.ndim - 1 : ys.ndim - 2]] as const;
  const out = dotGeneral(xs, ys, { dimensionNumbers: [contract, batch], precision: s.precision, preferredElementType: preferred });
  // Shared axes, those of x alone, its rows, those of y alone, its columns: bring them to their places.
  const onlyX = placeX.filter((at) => !shared.includes(at));
  const onlyY = placeY.filter((at) => !shared.includes(at));
  const order: number[] = [...shared, ...onlyX, ...(x.ndim > 1 ? [rank] : []), ...onlyY, ...(y.ndim > 1 ? [rank + 1] : [])];
  const sorted = [...order].sort((p, q) => p - q);
  const moved = transpose(out, sorted.map((at) => order.indexOf(at)));
  const present = new Set(order);
  const shape = [...lead, ...(x.ndim > 1 ? [x.shape[x.ndim - 2]!] : []), ...(y.ndim > 1 ? [y.shape[y.ndim - 1]!] : [])];
  return finish(range(rank).every((d) => present.has(d)) ? moved : reshape(moved, shape));
}

const matmulC = program<Spec>('matmul', ([a, b], s) => [matmulOf(a!, b!, s)]);

/**
 * Matrix product; vectors count as a row or a column, and axes before the last two broadcast. Mirrors `jax.numpy.matmul`.
 *
 * @param b an array [..., k, n], or [k]
 * @throws ShapeError for scalars, and where sizes do not fit
 * @example
 * np.matmul([[1, 2], [3, 4]], [1, 1]) // [3, 7]
 */
export function matmul(a: ArrayLike, b: ArrayLike, ...rest: Rest<ProductOptions>): Array {
  const x = asArray(a, 'matmul');
  const y = asArray(b, 'matmul');
  if (x.ndim === 0 || y.ndim === 0) throw new ShapeError(`matmul: expected arrays of at least one dimension, got ${x.aval} and ${y.aval}`);
  if (x.shape[x.ndim - 1] !== y.shape[Math.max(0, y.ndim - 2)]) throw new ShapeError(`matmul: expected as many columns as rows, got ${x.aval} and ${y.aval}`);
  return matmulC([x, y], productSpec('matmul', readOptions('matmul', NAMES, 0, rest)))[0]!;
}

const flat = (x: Array) => reshape(x, [x.size]);

const vdotC = program<Spec>('vdot', ([a, b], s) => dotC([flat(conjugate(a!)), flat(b!)], s));

/**
 * Sum of products of all elements, those of the first conjugated. Mirrors `jax.numpy.vdot`.
 *
 * @param a an array, read flat and conjugated
 * @param b an array of as many elements
 * @throws ShapeError where sizes differ
 * @example
 * np.vdot([[1, 2]], [3, 4]).item() // 11
 */
export function vdot(a: ArrayLike, b: ArrayLike, ...rest: Rest<ProductOptions>): Array {
  const [x, y] = two('vdot', a, b);
  if (x.size !== y.size) throw new ShapeError(`vdot: expected arrays of one size, got ${x.aval} and ${y.aval}`);
  return vdotC([x, y], productSpec('vdot', readOptions('vdot', NAMES, 0, rest)))[0]!;
}

const vecdotC = program<Spec & { axis: number }>('vecdot', ([a, b], { axis, ...s }) => {
  const [x, y] = broadcastAll('vecdot', [moveaxis(conjugate(a!), axis, -1), moveaxis(b!, axis, -1)]) as [Array, Array];
  const o = operands(x, y, s);
  const batch = range(x.ndim - 1);
  return [o.finish(dotGeneral(o.x, o.y, { dimensionNumbers: [[[x.ndim - 1], [x.ndim - 1]], [batch, batch]], precision: s.precision, preferredElementType: o.preferred }))];
});

/**
 * Sums of products along an axis, the first factor conjugated; other axes broadcast. Mirrors `jax.numpy.vecdot`.
 *
 * @param x1 vectors along the axis
 * @param x2 vectors that broadcast against them
 * @throws ShapeError if the vectors have different sizes
 * @example
 * np.vecdot([[1, 2], [3, 4]], [1, 1]) // [3, 7]
 */
export function vecdot(x1: ArrayLike, x2: ArrayLike, ...rest: Rest<ProductOptions & { axis?: number }, 'axis'>): Array {
  const o = readOptions('vecdot', ['axis', ...NAMES], 1, rest);
  const [x, y] = two('vecdot', x1, x2);
  const axis = o.axis ?? -1;
  const [i, j] = [canonAxis('vecdot', axis, x.ndim), canonAxis('vecdot', axis, y.ndim)];
  if (x.shape[i] !== y.shape[j]) throw new ShapeError(`vecdot: expected axis ${axis} of one size, got ${x.aval} and ${y.aval}`);
  return vecdotC([x, y], { axis, ...productSpec('vecdot', o) })[0]!;
}

const innerC = program<Spec>('inner', ([a, b], s) => {
  if (a!.ndim === 0 || b!.ndim === 0) return dotC([a!, b!], s);
  const { x, y, finish, preferred } = operands(a!, b!, s);
  return [finish(dotGeneral(x, y, { dimensionNumbers: [[[x.ndim - 1], [y.ndim - 1]], [[], []]], precision: s.precision, preferredElementType: preferred }))];
});

/**
 * Sums of products over the last axes of both. Mirrors `jax.numpy.inner`.
 *
 * @param a an array [..., n]
 * @param b an array [..., n]
 * @throws ShapeError where they differ in size
 * @example
 * np.inner([[1, 2]], [3, 4]) // [11]
 */
export function inner(a: ArrayLike, b: ArrayLike, ...rest: Rest<ProductOptions>): Array {
  const [x, y] = two('inner', a, b);
  if (x.ndim > 0 && y.ndim > 0 && x.shape[x.ndim - 1] !== y.shape[y.ndim - 1]) throw new ShapeError(`inner: expected last axes of one size, got ${x.aval} and ${y.aval}`);
  return innerC([x, y], productSpec('inner', readOptions('inner', NAMES, 0, rest)))[0]!;
}

const outerC = program<object>('outer', ([a, b]) => [mul(reshape(a!, [a!.size, 1]), reshape(b!, [1, b!.size]))]);

/**
 * Products of all pairs of elements. Mirrors `jax.numpy.outer`.
 *
 * @param a an array, read flat
 * @param b an array, read flat
 * @example
 * np.outer([1, 2], [3, 4]) // [[3, 4], [6, 8]]
 */
export function outer(a: ArrayLike, b: ArrayLike): Array {
  return outerC(two('outer', a, b), {})[0]!;
}

type TensorAxes = number | readonly [number | readonly number[], number | readonly number[]];

const tensordotC = program<Spec & { contract: readonly [readonly number[], readonly number[]] }>('tensordot', ([a, b], { contract, ...s }) => {
  const { x, y, finish, preferred } = operands(a!, b!, s);
  return [finish(dotGeneral(x, y, { dimensionNumbers: [contract, [[], []]], precision: s.precision, preferredElementType: preferred }))];
});

/**
 * Sums of products over several axes: the last `axes` of the first and the first of the second, or pairs of axes. Mirrors `jax.numpy.tensordot`.
 *
 * @param a an array
 * @param b an array
 * @throws ShapeError where sizes differ
 * @example
 * np.tensordot(np.ones([2, 3]), np.ones([3, 4]), 1).shape // [2, 4]
 */
export function tensordot(a: ArrayLike, b: ArrayLike, ...rest: Rest<ProductOptions & { axes?: TensorAxes }, 'axes'>): Array {
  const o = readOptions('tensordot', ['axes', ...NAMES], 1, rest);
  const [x, y] = two('tensordot', a, b);
  const axes = o.axes ?? 2;
  let contract: readonly [readonly number[], readonly number[]];
  if (typeof axes === 'number') {
    if (!Number.isInteger(axes) || axes < 0 || axes > Math.min(x.ndim, y.ndim)) throw new ArgumentError(`tensordot: expected axes from 0 to ${Math.min(x.ndim, y.ndim)}, got ${axes}`);
    contract = [range(axes).map((i) => x.ndim - axes + i), range(axes)];
  } else {
    if (axes.length !== 2) throw new ArgumentError('tensordot: expected axes to be a number or two lists');
    contract = [canonAxes('tensordot', axes[0], x.ndim), canonAxes('tensordot', axes[1], y.ndim)];
  }
  if (contract[0].length !== contract[1].length || contract[0].some((d, i) => x.shape[d] !== y.shape[contract[1][i]!])) throw new ShapeError(`tensordot: expected summed axes of equal sizes, got [${contract[0]}] of ${x.aval} and [${contract[1]}] of ${y.aval}`);
  return tensordotC([x, y], { contract, ...productSpec('tensordot', o) })[0]!;
}

const plain: Spec = { precision: null, preferred: null };

const matvecC = program<object>('matvec', ([a, b]) => [squeeze(matmulOf(a!, reshape(b!, [...b!.shape, 1]), plain), [Math.max(a!.ndim, b!.ndim + 1) - 1])]);
const vecmatC = program<object>('vecmat', ([a, b]) => {
  const x = conjugate(a!);
  return [squeeze(matmulOf(reshape(x, [...x.shape.slice(0, -1), 1, x.shape[x.ndim - 1]!]), b!, plain), [Math.max(a!.ndim + 1, b!.ndim) - 2])];
});

/**
 * Matrices times vectors, leading axes broadcasting. Mirrors `jax.numpy.matvec`.
 *
 * @param x1 matrices [..., m, n]
 * @param x2 vectors [..., n]
 * @throws ShapeError where sizes do not fit
 * @example
 * np.matvec([[1, 2], [3, 4]], [1, 1]) // [3, 7]
 */
export function matvec(x1: ArrayLike, x2: ArrayLike): Array {
  const [x, y] = two('matvec', x1, x2);
  if (x.ndim < 2 || y.ndim < 1 || x.shape[x.ndim - 1] !== y.shape[y.ndim - 1]) throw new ShapeError(`matvec: expected matrices and vectors that fit, got ${x.aval} and ${y.aval}`);
  return matvecC([x, y], {})[0]!;
}

/**
 * Vectors, conjugated, times matrices, leading axes broadcasting. Mirrors `jax.numpy.vecmat`.
 *
 * @param x1 vectors [..., n]
 * @param x2 matrices [..., n, m]
 * @throws ShapeError where sizes do not fit
 * @example
 * np.vecmat([1, 1], [[1, 2], [3, 4]]) // [4, 6]
 */
export function vecmat(x1: ArrayLike, x2: ArrayLike): Array {
  const [x, y] = two('vecmat', x1, x2);
  if (x.ndim < 1 || y.ndim < 2 || x.shape[x.ndim - 1] !== y.shape[y.ndim - 2]) throw new ShapeError(`vecmat: expected vectors and matrices that fit, got ${x.aval} and ${y.aval}`);
  return vecmatC([x, y], {})[0]!;
}

interface CrossOptions {
  axisa?: number;
  axisb?: number;
  axisc?: number;
  /** One axis for all three. */
  axis?: number | null;
}

const crossC = program<{ axisa: number; axisb: number; axisc: number }>('cross', ([a0, b0], { axisa, axisb, axisc }) => {
  const [p, q] = promoteDtypes('cross', moveaxis(a0!, axisa, -1), moveaxis(b0!, axisb, -1)) as [Array, Array];
  const parts = (x: Array) => range(x.shape[x.ndim - 1]!).map((i) => squeeze(sliceInDim(x, i, i + 1, x.ndim - 1), [x.ndim - 1]));
  const [a, b] = [parts(p), parts(q)];
  const z = sub(mul(a[0]!, b[1]!), mul(a[1]!, b[0]!));
  if (a.length === 2 && b.length === 2) return [z];
  const x = a.length === 2 ? mul(a[1]!, b[2]!) : b.length === 2 ? e.neg(mul(a[2]!, b[1]!)) : sub(mul(a[1]!, b[2]!), mul(a[2]!, b[1]!));
  const y = a.length === 2 ? e.neg(mul(a[0]!, b[2]!)) : b.length === 2 ? mul(a[2]!, b[0]!) : sub(mul(a[2]!, b[0]!), mul(a[0]!, b[2]!));
  return [moveaxis(concatenate([x, y, z].map((v) => reshape(v, [...v.shape, 1])), z.ndim), -1, axisc)];
});

/**
 * Cross products of vectors of 3 or 2 components along an axis. Mirrors `jax.numpy.cross`.
 *
 * @param a vectors of 2 or 3 elements along the axis
 * @param b vectors that broadcast against them
 * @throws ShapeError for other sizes
 * @example
 * np.cross([1, 0, 0], [0, 1, 0]) // [0, 0, 1]
 */
export function cross(a: ArrayLike, b: ArrayLike, ...rest: Rest<CrossOptions, 'axisa', 'axisb', 'axisc'>): Array {
  const o = readOptions('cross', ['axisa', 'axisb', 'axisc', 'axis'], 4, rest);
  const [x, y] = two('cross', a, b);
  const all = o.axis ?? null;
  const [axisa, axisb] = [canonAxis('cross', all ?? o.axisa ?? -1, x.ndim), canonAxis('cross', all ?? o.axisb ?? -1, y.ndim)];
  const sizes = [x.shape[axisa]!, y.shape[axisb]!];
  if (sizes.some((n) => n !== 2 && n !== 3)) throw new ShapeError(`cross: expected vectors of 2 or 3 components, got ${x.aval} and ${y.aval}`);
  return crossC([x, y], { axisa, axisb, axisc: all ?? o.axisc ?? -1 })[0]!;
}

const kronC = program<object>('kron', ([a, b]) => {
  const [x, y] = promoteDtypes('kron', a!, b!) as [Array, Array];
  const rank = Math.max(x.ndim, y.ndim);
  const wide = (z: Array) => [...range(rank - z.ndim).map(() => 1), ...z.shape];
  const [sx, sy] = [wide(x), wide(y)];
  const [px, py] = [reshape(x, sx.flatMap((n) => [n, 1])), reshape(y, sy.flatMap((n) => [1, n]))];
  return [reshape(mul(px, py), sx.map((n, i) => n * sy[i]!))];
});

/**
 * Kronecker product: the second array times each element of the first. Mirrors `jax.numpy.kron`.
 *
 * @param a an array
 * @param b an array
 * @example
 * np.kron([1, 2], [1, 1]) // [1, 1, 2, 2]
 */
export function kron(a: ArrayLike, b: ArrayLike): Array {
  return kronC(two('kron', a, b), {})[0]!;
}

