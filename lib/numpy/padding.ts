import { Array } from '../core/array';
import { checkExtent } from '../core/aval';
import { dtypeKind, isIntegral } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { broadcastInDim, concatenate, convert, full, iota, like, pad as padP, range, rev, sliceInDim } from '../primitives/structural';
import { padAt } from './axes';
import { program, readOptions, type Rest } from './program';
import { max, mean, min } from './reductions';
import { median } from './quantiles';
import { applyAlongAxis } from './functional';

type Pairs<T> = readonly (readonly [T, T])[];
/** One value for all ends, a pair for both ends of all axes, or a pair for each axis. */
export type PadValue<T> = T | readonly [T] | readonly [T, T] | readonly (readonly [T, T] | readonly [T])[];

/** What padding is filled with. */
export type PadMode = 'constant' | 'edge' | 'linear_ramp' | 'maximum' | 'mean' | 'median' | 'minimum' | 'reflect' | 'symmetric' | 'wrap' | 'empty';

/** Pads one row: given it with zeros at both ends, their numbers, the axis and further options, returns it filled. */
export type PadFunction = (row: Array, padWidth: readonly [number, number], axis: number, options: object) => ArrayLike;

interface PadOptions {
  mode?: PadMode | PadFunction;
  /** For mode 'constant': what is put at the ends; 0. */
  constantValues?: PadValue<ArrayLike>;
  /** For 'linear_ramp': the values that ramps end in; 0. */
  endValues?: PadValue<number>;
  /** For the statistics: how many entries at each end count; all. */
  statLength?: PadValue<number> | null;
  /** For 'reflect' and 'symmetric': 'odd' mirrors at the edge's value as well. */
  reflectType?: 'even' | 'odd';
}

function toPairs<T>(op: string, name: string, value: PadValue<T>, n: number, isLeaf: (v: unknown) => boolean): Pairs<T> {
  const all = (p: readonly [T, T]): Pairs<T> => range(n).map(() => p);
  if (isLeaf(value)) return all([value as T, value as T]);
  const list = value as readonly unknown[];
  if (!globalThis.Array.isArray(list)) throw new ArgumentError(`${op}: expected ${name} to be a value, a pair or a list of pairs, got ${describeValue(value)}`);
  const pair = (v: unknown): readonly [T, T] => {
    const p = v as readonly T[];
    if (isLeaf(v)) return [v as T, v as T];
    if (p.length === 1) return [p[0]!, p[0]!];
    if (p.length !== 2) throw new ArgumentError(`${op}: expected pairs in ${name}, got ${p.length} values`);
    return [p[0]!, p[1]!];
  };
  if (list.every(isLeaf)) {
    if (list.length === 1 || list.length === 2) return all(pair(list));
    throw new ArgumentError(`${op}: expected ${name} to be a value, a pair or a pair for each of ${n} axes, got ${list.length} values`);
  }
  if (list.length === 1) return all(pair(list[0]));
  if (list.length !== n) throw new ArgumentError(`${op}: expected a pair of ${name} for each of ${n} axes, got ${list.length}`);
  return list.map(pair);
}

const isNumber = (v: unknown) => typeof v === 'number';

interface PadSpec {
  widths: Pairs<number>;
  mode: PadMode;
  stat: Pairs<number> | null;
  ends: Pairs<number>;
  odd: boolean;
  /** Whether constants differ by end: then there is one operand for each. */
  each: boolean;
}

/** An end of an axis repeated. */
function spread(x: Array, axis: number, times: number): Array {
  return broadcastInDim(x, x.shape.map((n, d) => (d === axis ? times : n)), range(x.ndim));
}

/** Evenly spaced values from an end value to an edge, which they do not reach; rounded down for integers. */
function ramp(x: Array, edge: Array, axis: number, end: number, num: number): Array {
  const inexact = dtypeKind(x.dtype) === 'float' || dtypeKind(x.dtype) === 'complex';
  const dtype = inexact ? x.dtype : 'float32';
  const shape = x.shape.map((n, d) => (d === axis ? num : n));
  const step = e.div(convert(iota('float32', shape, axis), dtype), like(full([], 0, dtype), num));
  const stop = broadcastInDim(convert(edge, dtype), shape, range(x.ndim));
  const start = full([], end, dtype);
  const out = num === 1 ? full(shape, end, dtype) : e.add(e.mul(start, e.sub(like(step, 1), step)), e.mul(stop, step));
  return astype(inexact ? out : e.floor(out), x.dtype, x.weakType);
}

function padAxis(x: Array, axis: number, [before, after]: readonly [number, number], s: PadSpec): Array {
  const n = x.shape[axis]!;
  const edges = (): [Array, Array] => [sliceInDim(x, 0, 1, axis), sliceInDim(x, n - 1, n, axis)];
  if (s.mode === 'edge') {
    const [first, last] = edges();
    return concatenate([spread(first, axis, before), x, spread(last, axis, after)], axis);
  }
  if (s.mode === 'linear_ramp') {
    const [first, last] = edges();
    const ramps = [before > 0 ? ramp(x, first, axis, s.ends[axis]![0], before) : null, after > 0 ? rev(ramp(x, last, axis, s.ends[axis]![1], after), [axis]) : null];
    return concatenate([ramps[0], x, ramps[1]].filter((p) => p !== null && p !== undefined) as Array[], axis);
  }
  if (s.mode === 'wrap') {
    const parts: Array[] = [];
    if (before % n > 0) parts.push(sliceInDim(x, n - (before % n), n, axis));
    for (let i = 0; i < Math.floor(before / n) + Math.floor(after / n) + 1; i++) parts.push(x);
    if (after % n > 0) parts.push(sliceInDim(x, 0, after % n, axis));
    return concatenate(parts, axis);
  }
  if (s.mode === 'reflect' || s.mode === 'symmetric') return mirror(mirror(x, n, axis, before, true, s), n, axis, after, false, s);
  const stat = { maximum: max, minimum: min, mean, median }[s.mode as 'mean'];
  const of = (part: Array) => {
    const v = stat(part, { axis, keepdims: true });
    return astype(isIntegral(x.dtype) && dtypeKind(v.dtype) === 'float' ? e.round(v, true) : v, x.dtype, x.weakType);
  };
  const [p, q] = s.stat ? s.stat[axis]! : [n, n];
  if (p === 0 || q === 0) throw new ArgumentError('pad: expected a statLength greater than 0');
  return concatenate([spread(of(sliceInDim(x, 0, Math.min(p, n), axis)), axis, before), x, spread(of(sliceInDim(x, n - Math.min(q, n), n, axis)), axis, after)], axis);
}

/** Padding by mirror images at one end, as many as are needed; `n` is the axis' size before any padding. */
function mirror(x0: Array, n: number, axis: number, width: number, front: boolean, s: PadSpec): Array {
  let x = x0;
  const offset = s.mode === 'reflect' && n > 1 ? 1 : 0;
  let edge = front ? sliceInDim(x, 0, 1, axis) : sliceInDim(x, x.shape[axis]! - 1, x.shape[axis]!, axis);
  for (let left = width; left > 0;) {
    const now = Math.min(left, n - offset);
    left -= now;
    const size = x.shape[axis]!;
    let image = rev(front ? sliceInDim(x, offset, offset + now, axis) : sliceInDim(x, size - offset - now, size - offset, axis), [axis]);
    if (s.odd) {
      image = e.sub(e.mul(like(edge, 2), edge), image);
      if (n > 1) edge = front ? sliceInDim(image, 0, 1, axis) : sliceInDim(image, now - 1, now, axis);
    }
    x = concatenate(front ? [image, x] : [x, image], axis);
  }
  return x;
}

const padC = program<PadSpec>('pad', ([a, ...constants], s) => {
  let x = a!;
  if (s.mode === 'constant' || s.mode === 'empty') {
    const values = constants.map((c) => convert(c!, x.dtype));
    if (!s.each) return [padP(x, values[0] ?? like(x, x.dtype === 'bool' ? false : 0), s.widths.map(([p, q]) => [p, q, 0] as const))];
    s.widths.forEach(([p, q], d) => {
      x = padP(x, values[2 * d]!, padAt(x.ndim, d, p, 0));
      x = padP(x, values[2 * d + 1]!, padAt(x.ndim, d, 0, q));
    });
    return [x];
  }
  s.widths.forEach((w, d) => {
    if (x.shape[d] === 0) {
      if (w[0] > 0 || w[1] > 0) throw new ShapeError(`pad: cannot pad the empty axis ${d} of ${x.aval} in mode '${s.mode}'`);
      return;
    }
    if (w[0] > 0 || w[1] > 0) x = padAxis(x, d, w, s);
  });
  return [x];
});

const OPTIONS: Record<PadMode, readonly string[]> = {
  constant: ['constantValues'], linear_ramp: ['endValues'], maximum: ['statLength'], mean: ['statLength'], median: ['statLength'], minimum: ['statLength'],
  reflect: ['reflectType'], symmetric: ['reflectType'], edge: [], wrap: [], empty: [],
};

/**
 * The array with more entries at the ends of its axes: constants, edges, ramps, statistics, mirror images or the other end's entries.
 * Mirrors `jax.numpy.pad`.
 *
 * @param padWidth how many: a number for all ends, `[before, after]` for all axes, or a pair for each axis
 * @throws ArgumentError for a mode that is none, or an option that the mode does not have
 * @example
 * np.pad([1, 2], 1, { mode: 'edge' }) // [1, 1, 2, 2]
 */
export function pad(array: ArrayLike, padWidth: PadValue<number>, ...rest: Rest<PadOptions, 'mode'>): Array {
  const { mode = 'constant', ...o } = readOptions('pad', ['mode', 'constantValues', 'endValues', 'statLength', 'reflectType'], 1, rest);
  const x = asArray(array, 'pad');
  const widths = toPairs<number>('pad', 'padWidth', padWidth, x.ndim, isNumber);
  for (const w of widths) for (const v of w) if (!Number.isInteger(v) || v < 0) throw new ArgumentError(`pad: expected padWidth to hold non-negative integers, got ${String(v)}`);
  widths.forEach(([before, after], d) => checkExtent('pad', 'padWidth', x.shape[d]! + before + after));
  if (typeof mode === 'function') {
    let out = padP(x, like(x, x.dtype === 'bool' ? false : 0), widths.map(([p, q]) => [p, q, 0] as const));
    for (const d of range(x.ndim)) out = applyAlongAxis((row: Array) => asArray(mode(row, widths[d]!, d, o), 'pad'), d, out);
    return out;
  }
  if (!Object.hasOwn(OPTIONS, mode)) throw new ArgumentError(`pad: expected mode to be one of ${Object.keys(OPTIONS).join(', ')} or a function, got ${String(mode)}`);
  for (const k of Object.keys(o)) if (!OPTIONS[mode].includes(k)) throw new ArgumentError(`pad: mode '${mode}' has no option ${k}`);
  if (x.ndim === 0) return x;
  const leaf = (v: unknown) => v instanceof Array || !globalThis.Array.isArray(v);
  const given = o.constantValues ?? 0;
  const each = !leaf(given);
  const constants = mode !== 'constant' ? [] : each ? toPairs<ArrayLike>('pad', 'constantValues', given as PadValue<ArrayLike>, x.ndim, leaf).flat() : [given as ArrayLike];
  return padC([x, ...constants.map((c) => asArray(c, 'pad'))], {
    widths, mode, each, odd: o.reflectType === 'odd',
    stat: o.statLength === null || o.statLength === undefined ? null : toPairs<number>('pad', 'statLength', o.statLength, x.ndim, isNumber),
    ends: toPairs<number>('pad', 'endValues', o.endValues ?? 0, x.ndim, isNumber),
  })[0]!;
}

