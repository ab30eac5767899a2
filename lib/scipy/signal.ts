import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { canonAxis } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import { canonAxes } from '../numpy/axes';
import { fftn, ifftn, irfftn, rfftn } from '../numpy/fft';
import { lstsq } from '../numpy/linalg';
import { matmul } from '../numpy/products';
import { convGeneralDilated } from '../primitives/convolution';
import * as e from '../primitives/elementwise';
import { conjugate } from '../primitives/matrix';
import type { PrecisionLike } from '../primitives/precision';
import { broadcastInDim, concatenate, iota, like, moveaxis, range, reduceSum, reshape, rev, slice, sliceInDim } from '../primitives/structural';

// scipy.signal: convolutions and trends.

/** Which part of a convolution is given. */
export type ConvolveMode = 'full' | 'same' | 'valid';

/** Options of {@link convolve} and {@link correlate}. */
export interface ConvolveOptions {
  /** How much of the result is given: all of it, as much as the first operand has, or where both overlap wholly. */
  mode?: ConvolveMode;
  /** Directly, or by Fourier transforms. */
  method?: 'auto' | 'direct' | 'fft';
  /** Precision of the products. */
  precision?: PrecisionLike;
}

const MODES = ['full', 'same', 'valid'];

function pair(op: string, in1: ArrayLike, in2: ArrayLike, mode: ConvolveMode): [Array, Array] {
  const [x, y] = [asArray(in1, op), asArray(in2, op)];
  if (!MODES.includes(mode)) throw new ArgumentError(`${op}: expected mode to be 'full', 'same' or 'valid', got ${String(mode)}`);
  if (x.ndim !== y.ndim || x.size === 0 || y.size === 0) throw new ShapeError(`${op}: expected arrays of as many dimensions that are not empty, got ${x.aval} and ${y.aval}`);
  return [x, y];
}

const within = (x: Array, y: Array) => x.shape.every((n, d) => n <= y.shape[d]!);
const flip = (x: Array) => rev(x, range(x.ndim));

function direct(op: string, in1: Array, in2: Array, mode: ConvolveMode, precision: PrecisionLike): Array {
  let [x, y] = promoteDtypesInexact(op, in1, in2) as [Array, Array];
  if (!within(x, y) && !within(y, x)) throw new ShapeError(`${op}: expected one array to be smaller than the other in every dimension, got ${x.aval} and ${y.aval}`);
  const wanted = y.shape;
  if (within(x, y)) [x, y] = [y, x];
  const padding = y.shape.map((s, d): [number, number] => {
    const half = Math.floor((wanted[d]! - 1) / 2);
    return mode === 'valid' ? [0, 0] : mode === 'full' ? [s - 1, s - 1] : [s - 1 - half, s - wanted[d]! + half];
  });
  const wide = (v: Array) => reshape(v, [1, 1, ...v.shape]);
  const out = convGeneralDilated(wide(x), wide(flip(y)), { windowStrides: y.shape.map(() => 1), padding, precision });
  return reshape(out, out.shape.slice(2));
}

function byFft(op: string, in1: Array, in2: Array, mode: ConvolveMode, axes: readonly number[]): Array {
  let [x, y] = promoteDtypesInexact(op, in1, in2) as [Array, Array];
  const on = (s: readonly number[]) => axes.map((d) => s[d]!);
  const shape = axes.map((d) => x.shape[d]! + y.shape[d]! - 1);
  if (mode === 'valid') {
    const [sx, sy] = [on(x.shape), on(y.shape)];
    const [less, more] = [sx.every((n, i) => n <= sy[i]!), sx.every((n, i) => n >= sy[i]!)];
    if (!less && !more) throw new ShapeError(`${op}: expected one array to be at least as large as the other in every dimension, got ${x.aval} and ${y.aval}`);
    if (less) [x, y] = [y, x];
  }
  const complex = dtypeKind(x.dtype) === 'complex';
  const options = { s: shape, axes: [...axes] };
  const [fx, fy] = [x, y].map((v) => (complex ? fftn(v, options) : rfftn(v, options))) as [Array, Array];
  const full = complex ? ifftn(e.mul(fx, fy), options) : irfftn(e.mul(fx, fy), options);
  const size = x.shape.map((n, d) => (!axes.includes(d) || mode === 'same' ? n : mode === 'full' ? full.shape[d]! : n - y.shape[d]! + 1));
  const start = size.map((n, d) => Math.floor((full.shape[d]! - n) / 2));
  return slice(full, start, start.map((s, d) => s + size[d]!));
}

interface Plan {
  op: string;
  mode: ConvolveMode;
  precision: PrecisionLike;
  /** Null: directly. */
  axes: readonly number[] | null;
  correlate: boolean;
}

const convolveC = composite<Plan>('convolve', ([x, y], { op, mode, precision, axes, correlate: turned }) => {
  const second = turned ? flip(conjugate(y!)) : y!;
  return [axes ? byFft(op, x!, second, mode, axes) : direct(op, x!, second, mode, precision)];
});

function convolution(op: string, in1: ArrayLike, in2: ArrayLike, o: ConvolveOptions, turned: boolean): Array {
  const { mode = 'full', method = 'auto', precision = null } = checkOptions(op, ['mode', 'method', 'precision'], o);
  if (!['auto', 'direct', 'fft'].includes(method)) throw new ArgumentError(`${op}: expected method to be 'auto', 'direct' or 'fft', got ${String(method)}`);
  const [x, y] = pair(op, in1, in2, mode);
  return convolveC([x, y], { op, mode, precision, axes: method === 'fft' ? range(x.ndim) : null, correlate: turned })[0]!;
}

/**
 * Convolution of arrays of any rank. Mirrors `jax.scipy.signal.convolve`.
 *
 * @param in1 an array
 * @param in2 an array of as many dimensions
 * @throws ShapeError where the arrays do not go together; ArgumentError for an unknown mode or method
 * @example
 * scipy.signal.convolve([1, 2], [1, 1]).js() // [1, 3, 2]
 */
export function convolve(in1: ArrayLike, in2: ArrayLike, options: ConvolveOptions = {}): Array {
  return convolution('convolve', in1, in2, options, false);
}

/**
 * Correlation of arrays of any rank, the second conjugated. Mirrors `jax.scipy.signal.correlate`.
 *
 * @param in1 an array
 * @param in2 an array of as many dimensions
 * @throws ShapeError, ArgumentError as {@link convolve}
 * @example
 * scipy.signal.correlate([1, 2], [1, 0]).js() // [0, 1, 2]
 */
export function correlate(in1: ArrayLike, in2: ArrayLike, options: ConvolveOptions = {}): Array {
  return convolution('correlate', in1, in2, options, true);
}

/**
 * Convolution by Fourier transforms along some axes, all by default. Mirrors `jax.scipy.signal.fftconvolve`.
 *
 * @param in1 an array
 * @param in2 an array of as many dimensions
 * @throws ShapeError where the arrays do not go together
 * @example
 * scipy.signal.fftconvolve([1, 2], [1, 1]).js() // [1, 3, 2]
 */
export function fftconvolve(in1: ArrayLike, in2: ArrayLike, options: { mode?: ConvolveMode; axes?: number | readonly number[] | null } = {}): Array {
  const { mode = 'full', axes = null } = checkOptions('fftconvolve', ['mode', 'axes'], options);
  const [x, y] = pair('fftconvolve', in1, in2, mode);
  const along = canonAxes('fftconvolve', axes, x.ndim);
  if (x.shape.some((n, d) => !along.includes(d) && n !== y.shape[d])) throw new ShapeError(`fftconvolve: expected equal sizes along the other axes than [${along.join()}], got ${x.aval} and ${y.aval}`);
  return convolveC([x, y], { op: 'fftconvolve', mode, precision: null, axes: along, correlate: false })[0]!;
}

/** Options of {@link convolve2d} and {@link correlate2d}. */
export interface Convolve2dOptions {
  /** Which part of the convolution is given. */
  mode?: ConvolveMode;
  /** Precision of the products. */
  precision?: PrecisionLike;
}

function matrices(op: string, in1: ArrayLike, in2: ArrayLike, mode: ConvolveMode): [Array, Array] {
  const [x, y] = pair(op, in1, in2, mode);
  if (x.ndim !== 2) throw new ShapeError(`${op}: expected matrices, got ${x.aval} and ${y.aval}`);
  return [x, y];
}

/**
 * Convolution of matrices, zeros being around them. Mirrors `jax.scipy.signal.convolve2d`.
 *
 * @param in1 an array
 * @param in2 an array of as many dimensions
 * @throws ShapeError unless both are matrices; ArgumentError for an unknown mode
 * @example
 * scipy.signal.convolve2d([[1, 2]], [[1, 1]]).js() // [[1, 3, 2]]
 */
export function convolve2d(in1: ArrayLike, in2: ArrayLike, options: Convolve2dOptions = {}): Array {
  const { mode = 'full', precision = null } = checkOptions('convolve2d', ['mode', 'precision'], options);
  return convolveC(matrices('convolve2d', in1, in2, mode), { op: 'convolve2d', mode, precision, axes: null, correlate: false })[0]!;
}

const correlate2dC = composite<{ mode: ConvolveMode; precision: PrecisionLike }>('correlate2d', ([x, y], { mode, precision }) => {
  const run = (a: Array, b: Array) => direct('correlate2d', a, b, mode, precision);
  const smaller = within(x!, y!);
  if (mode !== 'same' && smaller && !(mode === 'valid' && within(y!, x!))) {
    const out = run(flip(y!), conjugate(x!));
    return [mode === 'full' ? conjugate(out) : out];
  }
  return [flip(run(flip(x!), conjugate(y!)))];
});

/**
 * Correlation of matrices, the second conjugated. Mirrors `jax.scipy.signal.correlate2d`.
 *
 * @param in1 an array
 * @param in2 an array of as many dimensions
 * @throws ShapeError unless both are matrices; ArgumentError for an unknown mode
 * @example
 * scipy.signal.correlate2d([[1, 2]], [[1, 0]]).js() // [[0, 1, 2]]
 */
export function correlate2d(in1: ArrayLike, in2: ArrayLike, options: Convolve2dOptions = {}): Array {
  const { mode = 'full', precision = null } = checkOptions('correlate2d', ['mode', 'precision'], options);
  return correlate2dC(matrices('correlate2d', in1, in2, mode), { mode, precision })[0]!;
}

const detrendC = composite<{ axis: number; points: readonly number[] | null }>('detrend', ([given], { axis, points }) => {
  const [x] = promoteDtypesInexact('detrend', given!) as [Array];
  const n = x.shape[axis]!;
  if (points === null) {
    const mean = e.div(reduceSum(x, [axis]), like(x, n));
    return [e.sub(x, broadcastInDim(mean, x.shape, range(x.ndim).filter((d) => d !== axis)))];
  }
  const front = moveaxis(x, axis, 0);
  const flat = reshape(front, [n, sizeOf(front.shape.slice(1))]);
  const parts = points.slice(1).map((to, i) => {
    const from = points[i]!;
    const size = to - from;
    const place = e.div(e.add(iota(x.dtype, [size, 1], 0), like(x, 1)), like(x, size));
    const A = concatenate([e.add(e.mul(place, like(place, 0)), like(place, 1)), place], 1);
    const part = sliceInDim(flat, from, to, 0);
    return e.sub(part, matmul(A, lstsq(A, part)[0], { precision: 'highest' }));
  });
  return [moveaxis(reshape(concatenate(parts, 0), front.shape), 0, axis)];
});

/** Data without their mean (`type: 'constant'`) or their linear trend, between breakpoints `bp`. Mirrors `jax.scipy.signal.detrend`. @throws ArgumentError for an unknown type, or breakpoints that are not within the data @example scipy.signal.detrend([1, 2, 3], { type: 'constant' }).js() // [-1, 0, 1] */
export function detrend(data: ArrayLike, options: { axis?: number; type?: 'linear' | 'constant'; bp?: number | readonly number[] } = {}): Array {
  const { axis = -1, type = 'linear', bp = 0 } = checkOptions('detrend', ['axis', 'type', 'bp'], options);
  if (type !== 'linear' && type !== 'constant') throw new ArgumentError(`detrend: expected type to be 'linear' or 'constant', got ${String(type)}`);
  const x = asArray(data, 'detrend');
  const along = canonAxis('detrend', axis, x.ndim);
  const n = x.shape[along]!;
  const points = [...new Set([0, ...(typeof bp === 'number' ? [bp] : bp), n])].sort((a, b) => a - b);
  if (points.some((p) => !Number.isInteger(p)) || points[0]! < 0 || points[points.length - 1]! > n) throw new ArgumentError(`detrend: expected breakpoints to be integers from 0 to ${n}, got ${String(bp)}`);
  return detrendC([x], { axis: along, points: type === 'constant' ? null : points })[0]!;
}
