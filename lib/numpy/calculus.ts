import type { Array } from '../core/array';
import { checkDtype } from '../core/aval';
import { canonAxis, checkInteger } from '../core/checks';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { isOptions } from '../functional/options';
import { type ArrayLike, asArray, promoteDtypes, promoteDtypesInexact } from '../lax/arrayLike';
import { convGeneralDilated } from '../primitives/convolution';
import * as e from '../primitives/elementwise';
import type { PrecisionLike } from '../primitives/precision';
import { sort } from '../primitives/sort';
import { broadcastInDim, concatenate, convert, full, like, range, reshape, rev, sliceInDim } from '../primitives/structural';
import { abs } from './arithmetic';
import { type Axis, canonAxes } from './axes';
import { finfo } from './dtypes';
import { moveaxis } from './manipulation';
import { add, div, gt, lt, mod, mul, sub, where } from './operators';
import { program, readOptions, type Rest } from './program';
import { sum } from './reductions';
import { searchOf } from './search';
import { takeOf } from './take';

// ---- differences ----

interface DiffOptions {
  /** How often differences are taken. */
  n?: number;
  axis?: number;
  /** Values put before or after the array's along the axis. */
  prepend?: ArrayLike | null;
  append?: ArrayLike | null;
}

const step = (x: Array, axis: number) => {
  const n = x.shape[axis]!;
  const [later, earlier] = [sliceInDim(x, Math.min(1, n), n, axis), sliceInDim(x, 0, Math.max(0, n - 1), axis)];
  return x.dtype === 'bool' ? e.ne(later, earlier) : e.sub(later, earlier);
};

const diffC = program<{ n: number; axis: number }>('diff', ([a, before, after], { n, axis }) => {
  const wide = (x: Array) => (x.ndim === 0 ? broadcastInDim(x, a!.shape.map((s, d) => (d === axis ? 1 : s)), []) : x);
  const parts = [before ? wide(before) : null, a!, after ? wide(after) : null].filter((x): x is Array => x !== null);
  let x = parts.length === 1 ? parts[0]! : concatenate(promoteDtypes('diff', ...parts), axis);
  // Past the last entry nothing changes any more.
  for (let i = 0; i < n && (i === 0 || x.shape[axis]! > 0); i++) x = step(x, axis);
  return [x];
});

/** Differences of entries next to each other along an axis. Mirrors `jax.numpy.diff`. @throws ShapeError for scalars @example np.diff([1, 4, 9]) // [3, 5] */
export function diff(a: ArrayLike, ...rest: Rest<DiffOptions, 'n', 'axis'>): Array {
  const { n = 1, axis = -1, prepend = null, append = null } = readOptions('diff', ['n', 'axis', 'prepend', 'append'], 2, rest);
  const x = asArray(a, 'diff');
  checkInteger('diff', 'n', n, 0);
  if (n === 0) return x;
  if (x.ndim === 0) throw new ShapeError('diff: expected at least one dimension, got a scalar');
  return diffC([x, prepend === null ? null : asArray(prepend, 'diff'), append === null ? null : asArray(append, 'diff')], { n, axis: canonAxis('diff', axis, x.ndim) })[0]!;
}

interface Ediff1dOptions {
  toEnd?: ArrayLike | null;
  toBegin?: ArrayLike | null;
}

const ediffC = program<object>('ediff1d', ([a, end, begin]) => {
  const x = reshape(a!, [a!.size]);
  const flat = (y: Array) => convert(reshape(y, [y.size]), x.dtype);
  const n = x.size;
  const d = e.sub(sliceInDim(x, Math.min(1, n), n, 0), sliceInDim(x, 0, Math.max(0, n - 1), 0));
  return [concatenate([begin ? flat(begin) : null, d, end ? flat(end) : null].filter((y): y is Array => y !== null), 0)];
});

/** Differences of all elements next to each other, with values before and after them. Mirrors `jax.numpy.ediff1d`. @example np.ediff1d([1, 4, 9], { toEnd: 0 }) // [3, 5, 0] */
export function ediff1d(ary: ArrayLike, ...rest: Rest<Ediff1dOptions>): Array {
  const { toEnd = null, toBegin = null } = readOptions('ediff1d', ['toEnd', 'toBegin'], 2, rest);
  return ediffC([asArray(ary, 'ediff1d'), toEnd === null ? null : asArray(toEnd, 'ediff1d'), toBegin === null ? null : asArray(toBegin, 'ediff1d')], {})[0]!;
}

interface GradientOptions {
  axis?: Axis;
}

/** Derivative along one axis: central differences inside, one-sided ones at the ends. */
function derivative(a: Array, h: Array | null, axis: number): Array {
  const n = a.shape[axis]!;
  const cut = (x: Array, i: number, j: number) => sliceInDim(x, i, j, axis);
  let first = e.sub(cut(a, 1, 2), cut(a, 0, 1));
  let last = e.sub(cut(a, n - 1, n), cut(a, n - 2, n - 1));
  let inner: Array;
  if (h === null || h.ndim === 0) {
    inner = mul(e.sub(cut(a, 2, n), cut(a, 0, n - 2)), 0.5);
    if (h !== null) [first, inner, last] = [div(first, h), div(inner, h), div(last, h)];
  } else {
    if (h.ndim !== 1 || h.size !== n) throw new ShapeError(`gradient: expected spacing to be a scalar or a vector of ${n} coordinates, got ${h.aval}`);
    const x = reshape(h, a.shape.map((_, d) => (d === axis ? n : 1)));
    first = div(first, e.sub(cut(x, 1, 2), cut(x, 0, 1)));
    last = div(last, e.sub(cut(x, n - 1, n), cut(x, n - 2, n - 1)));
    const dx1 = e.sub(cut(x, 1, n - 1), cut(x, 0, n - 2));
    const dx2 = e.sub(cut(x, 2, n), cut(x, 1, n - 1));
    const both = e.add(dx1, dx2);
    const [p, q, r] = [e.neg(e.div(dx2, e.mul(dx1, both))), e.div(e.sub(dx2, dx1), e.mul(dx1, dx2)), e.div(dx1, e.mul(dx2, both))];
    inner = add(add(mul(p, cut(a, 0, n - 2)), mul(q, cut(a, 1, n - 1))), mul(r, cut(a, 2, n)));
  }
  return concatenate([first, inner, last], axis);
}

const gradientC = program<{ axes: readonly number[] }>('gradient', (xs, { axes }) => {
  const [a, ...h] = promoteDtypesInexact('gradient', ...(xs as Array[])) as [Array, ...Array[]];
  return axes.map((d, i) => derivative(a, h.length === 0 ? null : h[h.length === 1 ? 0 : i]!, d));
});

/**
 * Derivatives of sampled values along axes, by differences; spacing is a number or coordinates, for all axes or each. Mirrors `jax.numpy.gradient`.
 *
 * @returns the derivative, or a list of those of several axes
 * @throws ShapeError where an axis has fewer than 2 entries
 * @example
 * np.gradient([1, 4, 9]) // [3, 4, 5]
 */
export function gradient(f: ArrayLike, ...args: readonly (ArrayLike | GradientOptions)[]): Array | Array[] {
  const rest = [...args];
  const last = rest[rest.length - 1];
  const { axis = null } = isOptions(last) ? readOptions('gradient', ['axis'], 0, [rest.pop() as GradientOptions]) : {};
  const a = asArray(f, 'gradient');
  const axes = canonAxes('gradient', axis, a.ndim);
  if (axes.length === 0) return [];
  if (axes.some((d) => a.shape[d]! < 2)) throw new ShapeError(`gradient: expected at least 2 entries along axes [${axes.join(', ')}] of ${a.aval}`);
  if (rest.length > 1 && rest.length !== axes.length) throw new ArgumentError(`gradient: expected spacing for all axes or each of ${axes.length}, got ${rest.length}`);
  const out = gradientC([a, ...rest.map((h) => asArray(h as ArrayLike, 'gradient'))], { axes });
  return axes.length === 1 ? out[0]! : out;
}

interface TrapezoidOptions {
  /** Coordinates: a vector, or an array of y's shape. */
  x?: ArrayLike | null;
  /** Spacing, where there are no coordinates; 1. */
  dx?: ArrayLike;
  axis?: number;
}

const trapezoidC = program<{ axis: number; coordinates: boolean }>('trapezoid', ([y0, x0], { axis, coordinates }) => {
  let dx: Array;
  let y: Array;
  if (coordinates) {
    const [p, x] = promoteDtypesInexact('trapezoid', y0!, x0!) as [Array, Array];
    y = p;
    dx = x.ndim === 1 ? step(x, 0) : moveaxis(step(x, canonAxis('trapezoid', axis, x.ndim)), axis, -1);
  } else {
    y = promoteDtypesInexact('trapezoid', y0!)[0]!;
    dx = x0!.ndim === 0 ? x0! : moveaxis(reshape(x0!, [...range(y.ndim - x0!.ndim).map(() => 1), ...x0!.shape]), axis, -1);
  }
  y = moveaxis(y, axis, -1);
  const last = y.ndim - 1;
  const n = y.shape[last]!;
  const end = (i: number) => reshape(sliceInDim(y, i, i + 1, last), y.shape.slice(0, -1));
  if (dx.ndim === 0 || dx.shape[dx.ndim - 1] === 1) {
    const one = dx.ndim === 0 ? dx : reshape(dx, dx.shape.slice(0, -1));
    return [mul(one, sub(sum(y, -1), e.mul(e.add(end(0), end(n - 1)), like(y, 0.5))))];
  }
  const pairs = e.add(sliceInDim(y, 1, n, last), sliceInDim(y, 0, n - 1, last));
  return [mul(0.5, sum(mul(dx, pairs), -1))];
});

/** Integral along an axis by the trapezoidal rule. Mirrors `jax.numpy.trapezoid`. @example np.trapezoid([1, 2, 3]).item() // 4 */
export function trapezoid(y: ArrayLike, ...rest: Rest<TrapezoidOptions, 'x'>): Array {
  const { x = null, dx = 1, axis = -1 } = readOptions('trapezoid', ['x', 'dx', 'axis'], 3, rest);
  const a = asArray(y, 'trapezoid');
  canonAxis('trapezoid', axis, a.ndim);
  return trapezoidC([a, asArray(x ?? dx, 'trapezoid')], { axis, coordinates: x !== null })[0]!;
}

// ---- interpolation ----

interface InterpOptions {
  /** What is given before the first point; its value by default, or `'extrapolate'`. */
  left?: ArrayLike | 'extrapolate' | null;
  right?: ArrayLike | 'extrapolate' | null;
  /** Period of the coordinates. */
  period?: ArrayLike | null;
}

const interpC = program<{ left: 'value' | 'extrapolate' | 'given'; right: 'value' | 'extrapolate' | 'given' }>('interp', ([x0, xp0, fp0, left, right, period0], sides) => {
  let [x, xp] = promoteDtypesInexact('interp', x0!, xp0!) as [Array, Array];
  let fp = promoteDtypesInexact('interp', fp0!)[0]!;
  if (period0) {
    const period = convert(abs(period0), xp.dtype);
    [x, xp] = [mod(x, period), mod(xp, period)];
    [xp, fp] = sort([xp, fp], { dimension: 0, numKeys: 1, isStable: true }) as [Array, Array];
    const n = xp.size;
    const p = reshape(period, [1]);
    xp = concatenate([e.sub(sliceInDim(xp, n - 1, n, 0), p), xp, e.add(sliceInDim(xp, 0, 1, 0), p)], 0);
    fp = concatenate([sliceInDim(fp, n - 1, n, 0), fp, sliceInDim(fp, 0, 1, 0)], 0);
  }
  const n = xp.size;
  const found = searchOf(xp, x, 'right', 'scan');
  const i = e.clamp(like(found, 1), found, like(found, n - 1));
  const at = (v: Array, k: Array) => takeOf(v, k, { axis: 0, mode: 'clip', unique: false, sorted: false, fill: null });
  const before = e.sub(i, like(i, 1));
  const [f0, f1, p0, p1] = [at(fp, before), at(fp, i), at(xp, before), at(xp, i)];
  const dx = e.sub(p1, p0);
  const eps = finfo(xp.dtype).eps;
  // The spacing of numbers near the precision itself: points closer than that are one.
  const flat = e.le(e.abs(dx), like(dx, eps * eps));
  const slope = mul(div(e.sub(x, p0), e.where(flat, full(dx.shape, 1, dx.dtype), dx)), e.sub(f1, f0));
  let f = where(flat, f0, add(f0, slope));
  if (period0) return [f];
  const end = (v: Array, k: number) => reshape(sliceInDim(v, k, k + 1, 0), []);
  if (sides.left !== 'extrapolate') f = where(lt(x, end(xp, 0)), sides.left === 'value' ? end(fp, 0) : left!, f);
  if (sides.right !== 'extrapolate') f = where(gt(x, end(xp, n - 1)), sides.right === 'value' ? end(fp, n - 1) : right!, f);
  return [f];
});

/**
 * Linear interpolation at x between points with ascending coordinates xp and values fp. Mirrors `jax.numpy.interp`.
 *
 * @throws ShapeError unless xp and fp are vectors of one size
 * @example
 * np.interp(1.5, [1, 2], [10, 20]).item() // 15
 */
export function interp(x: ArrayLike, xp: ArrayLike, fp: ArrayLike, ...rest: Rest<InterpOptions, 'left', 'right', 'period'>): Array {
  const o = readOptions('interp', ['left', 'right', 'period'], 3, rest);
  const [a, p, f] = [asArray(x, 'interp'), asArray(xp, 'interp'), asArray(fp, 'interp')];
  if (p.ndim !== 1 || f.ndim !== 1 || p.size !== f.size || p.size === 0) throw new ShapeError(`interp: expected points to be vectors of one size, got ${p.aval} and ${f.aval}`);
  if (dtypeKind(a.dtype) === 'complex' || dtypeKind(p.dtype) === 'complex') throw new DtypeError('interp: expected real coordinates');
  const side = (name: 'left' | 'right') => {
    const v = o[name];
    if (typeof v === 'string' && v !== 'extrapolate') throw new ArgumentError(`interp: expected ${name} to be a value or 'extrapolate', got '${String(v)}'`);
    return v === null || v === undefined ? 'value' : v === 'extrapolate' ? 'extrapolate' : 'given';
  };
  const value = (v: ArrayLike | 'extrapolate' | null | undefined) => (v === null || v === undefined || v === 'extrapolate' ? null : asArray(v as ArrayLike, 'interp'));
  const period = value(o.period);
  if (period !== null && period.ndim !== 0) throw new ShapeError(`interp: expected period to be a scalar, got ${period.aval}`);
  if (p.size === 1 && period === null) {
    // One point: everything is before, at or after it.
    return interpC([a, concatenate([p, p], 0), concatenate([f, f], 0), value(o.left), value(o.right), null], { left: side('left'), right: side('right') })[0]!;
  }
  return interpC([a, p, f, value(o.left), value(o.right), period], { left: side('left'), right: side('right') })[0]!;
}

// ---- convolution ----

type ConvolveMode = 'full' | 'same' | 'valid';

interface ConvolveOptions {
  /** How much of the result is given: all of it, as much as the longer operand has, or where both overlap wholly. */
  mode?: ConvolveMode;
  precision?: PrecisionLike;
  preferredElementType?: DType | null;
}

const convolveC = program<{ op: 'convolve' | 'correlate'; mode: ConvolveMode; precision: PrecisionLike; preferred: DType | null }>('convolve', ([a, v], { op, mode, precision, preferred }) => {
  let [x, y] = (preferred === null ? promoteDtypesInexact(op, a!, v!) : promoteDtypes(op, a!, v!)) as [Array, Array];
  const swapped = x.size < y.size;
  if (op === 'correlate' && dtypeKind(y.dtype) === 'complex') y = e.conj(y);
  if (swapped) [x, y] = [y, x];
  if (op === 'convolve') y = rev(y, [0]);
  const n = y.size;
  const half = Math.floor(n / 2);
  const padding = mode === 'valid' ? [0, 0] : mode === 'same' ? [half, n - half - 1] : [n - 1, n - 1];
  const out = convGeneralDilated(reshape(x, [1, 1, x.size]), reshape(y, [1, 1, n]), { windowStrides: [1], padding: [padding as [number, number]], precision, preferredElementType: preferred });
  const flat = reshape(out, [out.size]);
  return [op === 'correlate' && swapped ? rev(flat, [0]) : flat];
});

function convolution(op: 'convolve' | 'correlate', a: ArrayLike, v: ArrayLike, rest: Rest<ConvolveOptions, 'mode'>, byDefault: ConvolveMode): Array {
  const { mode = byDefault, precision, preferredElementType } = readOptions(op, ['mode', 'precision', 'preferredElementType'], 1, rest);
  const [x, y] = [asArray(a, op), asArray(v, op)];
  if (x.ndim !== 1 || y.ndim !== 1 || x.size === 0 || y.size === 0) throw new ShapeError(`${op}: expected vectors that are not empty, got ${x.aval} and ${y.aval}`);
  if (!['full', 'same', 'valid'].includes(mode)) throw new ArgumentError(`${op}: expected mode to be 'full', 'same' or 'valid', got ${String(mode)}`);
  return convolveC([x, y], { op, mode, precision: precision ?? null, preferred: preferredElementType ? checkDtype(op, preferredElementType) : null })[0]!;
}

/**
 * Convolution of two vectors. Mirrors `jax.numpy.convolve`.
 *
 * @param a a vector
 * @param v a vector
 * @throws ShapeError for others than vectors
 * @example
 * np.convolve([1, 2], [1, 1]) // [1, 3, 2]
 */
export function convolve(a: ArrayLike, v: ArrayLike, ...rest: Rest<ConvolveOptions, 'mode'>): Array {
  return convolution('convolve', a, v, rest, 'full');
}

/**
 * Correlation of two vectors, the second conjugated. Mirrors `jax.numpy.correlate`.
 *
 * @param a a vector
 * @param v a vector
 * @throws ShapeError for others than vectors
 * @example
 * np.correlate([1, 2, 3], [1, 1]) // [3, 5]
 */
export function correlate(a: ArrayLike, v: ArrayLike, ...rest: Rest<ConvolveOptions, 'mode'>): Array {
  return convolution('correlate', a, v, rest, 'valid');
}

