import { checkFunction, checkInteger } from '../core/checks';
import type { Array } from '../core/array';
import { canonicalDtype, checkExtent, sizeOf, checkShape } from '../core/aval';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import { cumsum } from '../primitives/cumulative';
import * as e from '../primitives/elementwise';
import { scatterAdd } from '../primitives/scatter';
import { concatenate, convert, full, iota, like, reduceSum, reshape } from '../primitives/structural';
import { truth, where } from './operators';
import { hostInts, trueAt } from './indexParse';
import { program, readOptions, type Rest } from './program';

/** Options of {@link argwhere}, {@link flatnonzero} and {@link nonzero}. */
export interface NonzeroOptions {
  /** Number of entries of the result, so that it can be traced; null: as many as there are. */
  size?: number | null;
  /** What missing entries are filled with: one value, or one for each dimension; null: 0. */
  fillValue?: ArrayLike | readonly ArrayLike[] | null;
}

const nonzeroC = program<{ size: number; filled: boolean }>('nonzero', ([a, ...fills], { size, filled }) => {
  const x = a!;
  const dtype = canonicalDtype('int64');
  if (x.size === 0 || size === 0) return x.shape.map(() => full([size], 0, dtype));
  const mask = reshape(truth(x), [x.size]);
  const before = cumsum(convert(mask, dtype), 0, false);
  // How many elements have k true ones up to and with them, added up, is where the k-th true one is.
  const counts = scatterAdd(full([size], 0, dtype), reshape(before, [before.size, 1]), full([before.size], 1, dtype), {
    dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, mode: 'drop', indicesAreSorted: true,
  });
  const flat = cumsum(counts, 0, false);
  const missing = filled ? e.ge(iota(dtype, [size], 0), reduceSum(convert(mask, dtype), [0])) : null;
  return x.shape.map((n, d) => {
    const stride = sizeOf(x.shape.slice(d + 1));
    const i = e.rem(e.div(flat, like(flat, stride)), like(flat, n));
    return missing ? where(missing, fills[fills.length === 1 ? 0 : d]!, i) : i;
  });
});

/**
 * Indices of elements that are not zero, one vector for each dimension; with `size`, so many of them, and it can be traced. Mirrors `jax.numpy.nonzero`.
 *
 * @throws ShapeError for scalars; ConcretizationError when traced without a size
 * @example
 * np.nonzero([[0, 1], [2, 0]]).map((x) => x.js()) // [[0, 1], [1, 0]]
 */
export function nonzero(a: ArrayLike, ...rest: Rest<NonzeroOptions>): Array[] {
  const { size = null, fillValue = null } = readOptions('nonzero', ['size', 'fillValue'], 0, rest);
  const x = asArray(a, 'nonzero');
  if (x.ndim === 0) throw new ShapeError('nonzero: expected an array of at least one dimension; use atleast1d');
  if (size === null) return trueAt('nonzero', truth(x)).map((list) => astype(hostInts(list), canonicalDtype('int64')));
  checkInteger('nonzero', 'size', size, 0);
  checkExtent('nonzero', 'size', size);
  const fills = fillValue === null ? [] : globalThis.Array.isArray(fillValue) ? (fillValue as ArrayLike[]).map((f) => asArray(f, 'nonzero')) : [asArray(fillValue as ArrayLike, 'nonzero')];
  if (fills.some((f) => f.ndim !== 0) || (fills.length > 1 && fills.length !== x.ndim)) throw new ArgumentError(`nonzero: expected fillValue to be a scalar or ${x.ndim} of them`);
  return nonzeroC([x, ...fills], { size, filled: fills.length > 0 });
}

/** Positions, among all elements, of those that are not zero. Mirrors `jax.numpy.flatnonzero`. @example np.flatnonzero([[0, 1], [2, 0]]) // [1, 2] */
export function flatnonzero(a: ArrayLike, ...rest: Rest<NonzeroOptions>): Array {
  const x = asArray(a, 'flatnonzero');
  return nonzero(reshape(x, [x.size]), readOptions('flatnonzero', ['size', 'fillValue'], 0, rest))[0]!;
}

/** Indices of elements that are not zero as rows of a matrix. Mirrors `jax.numpy.argwhere`. @example np.argwhere([[0, 1], [2, 0]]) // [[0, 1], [1, 0]] */
export function argwhere(a: ArrayLike, ...rest: Rest<NonzeroOptions>): Array {
  const x = asArray(a, 'argwhere');
  if (x.ndim === 0) {
    const o = readOptions('argwhere', ['size', 'fillValue'], 0, rest);
    return full([nonzero(reshape(x, [1]), o)[0]!.size, 0], 0, canonicalDtype('int64'));
  }
  const at = nonzero(x, readOptions('argwhere', ['size', 'fillValue'], 0, rest));
  return concatenate(at.map((i) => reshape(i, [i.size, 1])), 1);
}

/**
 * Indices that a function of a square matrix of ones, such as `np.triu`, leaves other than zero. Mirrors `jax.numpy.mask_indices`.
 *
 * @param n size of the square matrix
 * @param maskFunc what makes the mask of a matrix of ones: `triu`, say
 * @example
 * np.maskIndices(2, np.triu).map((x) => x.js()) // [[0, 0, 1], [0, 1, 1]]
 */
export function maskIndices(n: number, maskFunc: (x: Array, k: number) => Array, ...rest: Rest<{ k?: number; size?: number | null }, 'k'>): Array[] {
  const { k = 0, size = null } = readOptions('maskIndices', ['k', 'size'], 1, rest);
  checkFunction('maskIndices', 'maskFunc', maskFunc);
  checkShape('maskIndices', [n, n]);
  return nonzero(maskFunc(full([n, n], 1, 'float32'), k), { size });
}
