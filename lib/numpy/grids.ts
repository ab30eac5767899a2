import type { Array } from '../core/array';
import { promoteTypes } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { isComplex } from '../lax/arrayLike';
import { broadcastInDim, concatenate, range, reshape } from '../primitives/structural';
import { astype } from './creation';
import type { Index } from './indexing';
import { arange, linspace } from './ranges';

/** `[start, stop]` or `[start, stop, step]`; a step `{ re: 0, im: n }` stands for n numbers, the stop being one of them, as `nj` does in NumPy. */
export type GridRange = readonly [start: number, stop: number, step?: number | { re: number; im: number }];

/** The numbers of a range. */
export function axisOfRange(op: string, r: GridRange): Array {
  if (!globalThis.Array.isArray(r) || r.length < 2 || r.length > 3) throw new ArgumentError(`${op}: expected ranges [start, stop, step], got ${JSON.stringify(r)}`);
  const [start, stop, step] = r;
  return isComplex(step) ? linspace(start, stop, { num: Math.trunc(Math.abs(step.im)) }) : arange(start, stop, step ?? 1);
}

function axesOf(op: string, ranges: readonly GridRange[]): Array[] {
  const xs = ranges.map((r) => axisOfRange(op, r));
  if (xs.length === 0) throw new ArgumentError(`${op}: expected at least one range`);
  const { dtype } = promoteTypes(...xs.map((x) => x.aval));
  return xs.map((x) => astype(x, dtype));
}

/**
 * Coordinates of a grid, one array `[ranges, …sizes]` for all axes. Mirrors `jax.numpy.mgrid`, as a function of ranges.
 *
 * @throws ArgumentError for what is not a range
 * @example
 * np.mgrid([0, 2], [0, 3]).shape // [2, 2, 3]
 */
export function mgrid(...ranges: readonly GridRange[]): Array {
  const xs = axesOf('mgrid', ranges);
  if (xs.length === 1) return xs[0]!;
  const sizes = xs.map((x) => x.shape[0]!);
  return concatenate(xs.map((x, i) => broadcastInDim(x, [1, ...sizes], [i + 1])), 0);
}

/**
 * Coordinates of a grid, an array for each axis that has size 1 in the others. Mirrors `jax.numpy.ogrid`, as a function of ranges.
 *
 * @throws ArgumentError for what is not a range
 * @example
 * np.ogrid([0, 2], [0, 3]).map((x) => x.shape) // [[2, 1], [1, 3]]
 */
export function ogrid(...ranges: readonly GridRange[]): Array[] {
  const xs = axesOf('ogrid', ranges);
  return xs.map((x, i) => reshape(x, range(xs.length).map((d) => (d === i ? x.shape[0]! : 1))));
}

/** Indices kept for later: `x.slice(...np.s_([1, 3], '...'))`. Mirrors `jax.numpy.s_`. @example np.s_([1, 3], null) // [[1, 3], null] */
export function s_(...indices: readonly Index[]): Index[] {
  return [...indices];
}

/** {@link s_}. Mirrors `jax.numpy.index_exp`. @example np.arange(10).slice(...np.indexExp([2, 8, 3])).js(); // [2, 5] */
export const indexExp = s_;
