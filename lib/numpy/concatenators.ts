import type { Array } from '../core/array';
import { canonAxis } from '../core/checks';
import { promoteTypes } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import { concatenate, range, reshape, transpose } from '../primitives/structural';
import { axisOfRange, type GridRange } from './grids';

/** A range `[start, stop, step]` as an entry of {@link r_} and {@link c_}, where a list stands for its numbers. */
class RangeEntry {
  readonly range: GridRange;
  constructor(range: GridRange) {
    this.range = range;
  }
}

/** What is concatenated: arrays, numbers, or ranges made by `np.r_.range`; first of all a directive may stand. */
export type ConcatenateEntry = ArrayLike | RangeEntry;

/** Concatenates what it is called with. */
export interface Concatenator {
  (...entries: readonly (ConcatenateEntry | string)[]): Array;
  /** The numbers from start to before stop, NumPy's `start:stop:step`; a step `{ re: 0, im: n }` stands for n numbers, the stop being one of them. */
  range(start: number, stop: number, step?: GridRange[2]): RangeEntry;
}

interface Form {
  axis: number;
  ndmin: number;
  /** Where an entry's own dimensions are to be among `ndmin`; -1: last. */
  trans1d: number;
}

/** `'axis,ndmin,trans1d'`, the last ones of which may be left out. */
function readDirective(op: string, text: string, form: Form): Form {
  const parts = text.split(',').slice(0, 3).map((s) => (/^\s*[+-]?\d+\s*$/.test(s) ? Number(s) : Number.NaN));
  if (parts.some(Number.isNaN)) throw new ArgumentError(`${op}: expected the directive to be 'r', 'c' or up to three integers 'axis,ndmin,trans1d', got '${text}'`);
  const [axis = form.axis, ndmin = form.ndmin, trans1d = form.trans1d] = parts;
  return { axis, ndmin, trans1d };
}

/** Gives an array at least `ndmin` dimensions, its own at the place that `trans1d` says. */
function widened(x: Array, own: number, { ndmin, trans1d }: Form): Array {
  const full = x.ndim >= ndmin ? x : reshape(x, [...range(ndmin - x.ndim).map(() => 1), ...x.shape]);
  if (trans1d === -1 || ndmin <= own) return full;
  const shifts = ndmin - (Math.abs(ndmin + trans1d + 1) % ndmin);
  const order = range(ndmin);
  return transpose(full, [...order.slice(shifts), ...order.slice(0, shifts)]);
}

function concatenator(op: string, usual: Form): Concatenator {
  const call = (...given: readonly (ConcatenateEntry | string)[]): Array => {
    const directive = typeof given[0] === 'string' ? given[0] : null;
    const entries = directive === null ? given : given.slice(1);
    const matrix = directive === 'r' ? 0 : directive === 'c' ? 1 : null;
    const form = directive === null || matrix !== null ? usual : readDirective(op, directive, usual);
    if (entries.length === 0) throw new ArgumentError(`${op}: expected at least one array`);
    const parts = entries.map((x) => {
      if (typeof x === 'string') throw new ArgumentError(`${op}: expected the directive to come first, got '${x}' after arrays`);
      if (x instanceof RangeEntry) return widened(axisOfRange(op, x.range), 0, form);
      const a = asArray(x, op);
      return widened(a, a.ndim, form);
    });
    const { dtype, weakType } = promoteTypes(...parts.map((x) => x.aval));
    const joined = concatenate(parts.map((x) => astype(x, dtype, weakType)), canonAxis(op, form.axis, parts[0]!.ndim));
    return matrix === null || joined.ndim !== 1 ? joined : reshape(joined, matrix === 0 ? [1, ...joined.shape] : [...joined.shape, 1]);
  };
  return Object.assign(call, { range: (start: number, stop: number, step?: GridRange[2]) => new RangeEntry(step === undefined ? [start, stop] : [start, stop, step]) });
}

/**
 * Arrays, numbers and ranges joined along the first axis: NumPy's `r_[…]` as a call. Mirrors `jax.numpy.r_`.
 *
 * A first argument may say how: `'axis,ndmin,trans1d'` gives the axis, the least number of dimensions, and the place of an array's own among them;
 * `'r'` and `'c'` make a row or a column of one dimension.
 *
 * @throws ArgumentError for another directive; ShapeError where shapes do not fit
 * @example
 * np.r_(np.r_.range(0, 3), 7, [8, 9]).js() // [0, 1, 2, 7, 8, 9]
 * np.r_('0,2', [1, 2], [3, 4]).shape // [2, 2]
 */
export const r_: Concatenator = concatenator('r_', { axis: 0, ndmin: 1, trans1d: -1 });

/**
 * Arrays joined along the last axis, those of one dimension as columns: NumPy's `c_[…]` as a call; the directives are those of {@link r_}. Mirrors
 * `jax.numpy.c_`.
 *
 * @throws ArgumentError for another directive; ShapeError where shapes do not fit
 * @example
 * np.c_([1, 2, 3], [4, 5, 6]).js() // [[1, 4], [2, 5], [3, 6]]
 */
export const c_: Concatenator = concatenator('c_', { axis: -1, ndmin: 2, trans1d: 0 });
