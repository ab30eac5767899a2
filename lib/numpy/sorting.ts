import type { Array } from '../core/array';
import { canonicalDtype, checkDtype } from '../core/aval';
import { canonAxis } from '../core/checks';
import { complexDtype, type DType, dtypeKind } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import { sort as sortP } from '../primitives/sort';
import { concatenate, convert, full, iota, reshape, rev, sliceInDim } from '../primitives/structural';
import { arrayList } from './axes';
import { program, readOptions, type Rest } from './program';

export interface SortOptions {
  /** Axis that is sorted; null: all elements in one dimension. */
  axis?: number | null;
  /** Whether equal elements keep their order. */
  stable?: boolean;
  descending?: boolean;
}

interface Spec {
  axis: number;
  stable: boolean;
  descending: boolean;
}

const sortC = program<Spec>('sort', ([x], { axis, stable, descending }) => {
  const out = sortP([x!], { dimension: axis, numKeys: 1, isStable: stable })[0]!;
  return [descending ? rev(out, [axis]) : out];
});

function along(op: string, a: ArrayLike, axis: number | null | undefined): [Array, number] {
  const x = asArray(a, op);
  return axis === null ? [reshape(x, [x.size]), 0] : [x, canonAxis(op, axis ?? -1, x.ndim)];
}

/** Elements in ascending order along an axis, NaN last. Mirrors `jax.numpy.sort`. @example np.sort([3, 1, 2]) // [1, 2, 3] */
export function sort(a: ArrayLike, ...rest: Rest<SortOptions, 'axis'>): Array {
  const { axis, stable = true, descending = false } = readOptions('sort', ['axis', 'stable', 'descending'], 1, rest);
  const [x, d] = along('sort', a, axis);
  return sortC([x], { axis: d, stable, descending })[0]!;
}

export interface ArgsortOptions extends SortOptions {
  dtype?: DType | null;
}

const argsortC = program<Spec & { dtype: DType }>('argsort', ([a, ...more], { axis, stable, descending, dtype }) => {
  let keys = [a!, ...(more as Array[])];
  let at = iota(dtype, a!.shape, axis);
  if (descending && stable) {
    keys = keys.map((k) => rev(k, [axis]));
    at = rev(at, [axis]);
  }
  const out = sortP([...keys, at], { dimension: axis, numKeys: keys.length, isStable: stable })[keys.length]!;
  return [descending ? rev(out, [axis]) : out];
});

/** Indices that sort an axis. Mirrors `jax.numpy.argsort`. @example np.argsort([3, 1, 2]) // [1, 2, 0] */
export function argsort(a: ArrayLike, ...rest: Rest<ArgsortOptions, 'axis'>): Array {
  const { axis, stable = true, descending = false, dtype } = readOptions('argsort', ['axis', 'stable', 'descending', 'dtype'], 1, rest);
  const [x, d] = along('argsort', a, axis);
  return argsortC([x], { axis: d, stable, descending, dtype: dtype ? checkDtype('argsort', dtype) : canonicalDtype('int64') })[0]!;
}

/** Indices that sort by several keys, the last one counting most. Mirrors `jax.numpy.lexsort`. @throws ShapeError where keys differ in shape @example np.lexsort([[1, 0, 1], [2, 2, 1]]) // [2, 1, 0] */
export function lexsort(keys: readonly ArrayLike[] | Array, ...rest: Rest<{ axis?: number }, 'axis'>): Array {
  const { axis = -1 } = readOptions('lexsort', ['axis'], 1, rest);
  const xs = arrayList('lexsort', keys);
  const first = xs[0]!;
  for (const x of xs) if (x.ndim !== first.ndim || x.shape.some((n, i) => n !== first.shape[i])) throw new ShapeError(`lexsort: expected keys of one shape, got ${xs.map((y) => y.aval).join(', ')}`);
  if (first.ndim === 0) return full([], 0, canonicalDtype('int64'));
  return argsortC([...xs].reverse(), { axis: canonAxis('lexsort', axis, first.ndim), stable: true, descending: false, dtype: canonicalDtype('int64') })[0]!;
}

const partitionC = program<{ axis: number; kth: number; arg: boolean }>('partition', ([x], { axis, kth, arg }) => {
  const n = x!.shape[axis]!;
  const cut = (y: Array) => [sliceInDim(y, 0, kth + 1, axis), sliceInDim(y, kth + 1, n, axis)] as const;
  if (!arg) {
    const [low, high] = cut(sortP([x!], { dimension: axis, numKeys: 1, isStable: true })[0]!);
    return [concatenate([low, rev(high, [axis])], axis)];
  }
  const [low, high] = cut(sortP([x!, iota('int32', x!.shape, axis)], { dimension: axis, numKeys: 1, isStable: true })[1]!);
  return [concatenate([low, sortP([high], { dimension: axis, numKeys: 1, isStable: true })[0]!], axis)];
});

function partitionOf(op: string, a: ArrayLike, kth: number, axis: number, arg: boolean): Array {
  const x = asArray(a, op);
  if (dtypeKind(x.dtype) === 'complex') throw new DtypeError(`${op}: complex values are not supported, got ${x.aval}`);
  const d = canonAxis(op, axis, x.ndim);
  return partitionC([x], { axis: d, kth: canonAxis(op, kth, x.shape[d]!), arg })[0]!;
}

const partitionAxis = (op: string, rest: Rest<{ axis?: number }, 'axis'>): number => {
  const { axis = -1 } = readOptions(op, ['axis'], 1, rest);
  return axis;
};

/**
 * Elements along an axis so that the one at `kth` is where sorting puts it, none before it greater, none after it less. Mirrors `jax.numpy.partition`.
 *
 * @param a an array
 * @example
 * np.partition([3, 1, 2], 0)  // [1, 3, 2]
 */
export function partition(a: ArrayLike, kth: number, ...rest: Rest<{ axis?: number }, 'axis'>): Array {
  return partitionOf('partition', a, kth, partitionAxis('partition', rest), false);
}

/**
 * Indices that partition an axis as {@link partition} does. Mirrors `jax.numpy.argpartition`.
 *
 * @param a an array
 * @param kth the position whose element is in its place
 * @example
 * np.argpartition([3, 1, 2], 0) // [1, 0, 2]
 */
export function argpartition(a: ArrayLike, kth: number, ...rest: Rest<{ axis?: number }, 'axis'>): Array {
  return partitionOf('argpartition', a, kth, partitionAxis('argpartition', rest), true);
}

const sortComplexC = program<object>('sort_complex', ([x]) => {
  const out = sortP([x!], { dimension: x!.ndim - 1, numKeys: 1, isStable: true })[0]!;
  return [convert(out, complexDtype(x!.dtype))];
});

/** Elements sorted by real and then imaginary part, as complex numbers. Mirrors `jax.numpy.sort_complex`. @example np.sortComplex([2, 1]).dtype // 'complex64' */
export function sortComplex(a: ArrayLike): Array {
  return sortComplexC([asArray(a, 'sortComplex')], {})[0]!;
}
