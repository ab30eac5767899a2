import { type Array, ConcreteArray } from '../core/array';
import { ShapedArray } from '../core/aval';
import { canonAxis, checkInteger } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, ShapeError } from '../core/errors';
import { encode } from '../core/hostFormat';
import { checkOptions } from '../functional/options';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../lax/arrayLike';
import { fft, fftfreq, ifft, irfft, rfft, rfftfreq } from '../numpy/fft';
import { pad } from '../numpy/padding';
import { median } from '../numpy/quantiles';
import { take } from '../numpy/take';
import * as e from '../primitives/elementwise';
import { realPart } from '../primitives/matrix';
import { broadcastInDim, concatenate, iota, like, moveaxis, range, reduceSum, reshape, rev, scalar, sliceInDim } from '../primitives/structural';
import { detrend as detrendOf } from './signal';
import { wholeProgram } from './wholeProgram';
import { isWindowName, type WindowName, windowByName } from './windowShapes';

// scipy.signal: spectra by Fourier transforms of windowed segments.

type Detrend = false | 'constant' | 'linear' | ((segments: Array) => Array);
type Boundary = 'even' | 'odd' | 'constant' | 'zeros' | null;

interface SegmentOptions {
  /** Samples per unit of time; 1. */
  fs?: number;
  /** The window's name, such as 'hann', or its name and parameters, such as `['kaiser', 14]`; or the window itself. */
  window?: WindowName | ArrayLike;
  /** Length of a segment: the window's, or the signal's. */
  nperseg?: number | null;
  /** How much segments overlap; half a segment. */
  noverlap?: number | null;
  /** Length of the transforms, of segments that are padded with zeros. */
  nfft?: number | null;
  axis?: number;
}

/** Options of {@link stft}. */
export interface StftOptions extends SegmentOptions {
  /** What is taken off each segment. */
  detrend?: Detrend;
  /** Whether only frequencies from 0 up are given. */
  returnOnesided?: boolean;
  /** How the signal goes on beyond its ends by half a segment; 'zeros'. */
  boundary?: Boundary;
  /** Whether zeros are added until segments fill the signal. */
  padded?: boolean;
}

/** Options of {@link csd} and {@link welch}. */
export interface SpectrumOptions extends SegmentOptions {
  /** What is taken out of each segment; its mean. */
  detrend?: Detrend;
  /** Whether only frequencies from 0 up are given. */
  returnOnesided?: boolean;
  /** Power per frequency, or power. */
  scaling?: 'density' | 'spectrum';
  /** How segments are put together. */
  average?: 'mean' | 'median';
}

interface Plan extends Required<Omit<StftOptions, 'window' | 'nperseg' | 'noverlap' | 'nfft'>> {
  op: string;
  window: WindowName | ArrayLike;
  nperseg: number | null;
  noverlap: number | null;
  nfft: number | null;
  scaling: 'density' | 'spectrum';
  /** Whether products are taken, as for a density. */
  power: boolean;
}

function hann(n: number, of: Array): Array {
  if (n === 1) return reshape(like(of, 1), [1]);
  return e.square(e.sin(e.mul(iota(of.dtype, [n], 0), like(of, Math.PI / n))));
}

function windowFor(op: string, window: WindowName | ArrayLike, nperseg: number | null, length: number, of: Array): Array {
  if (isWindowName(window)) {
    const n = Math.min(nperseg ?? length, length);
    return window === 'hann' ? hann(n, of) : ConcreteArray.fromHost(encode(windowByName(op, window, n), of.dtype), new ShapedArray([n], of.dtype));
  }
  const w = astype(asArray(window, `${op}: window`), of.dtype);
  if (w.ndim !== 1 || w.size > length || (nperseg !== null && nperseg !== w.size)) throw new ShapeError(`${op}: expected window to be a vector of at most ${length} values${nperseg === null ? '' : ` and of length nperseg = ${nperseg}`}, got ${w.aval}`);
  return w;
}

function checkSizes(op: string, nperseg: number, noverlap: number, nfft: number): void {
  checkInteger(op, 'nperseg', nperseg, 1);
  if (!Number.isInteger(noverlap) || noverlap < 0 || noverlap >= nperseg) throw new ArgumentError(`${op}: expected noverlap to be an integer from 0 to nperseg − 1 = ${nperseg - 1}, got ${noverlap}`);
  if (!Number.isInteger(nfft) || nfft < nperseg) throw new ArgumentError(`${op}: expected nfft to be an integer of at least nperseg = ${nperseg}, got ${nfft}`);
}

function extended(op: string, x: Array, n: number, how: Boundary): Array {
  if (how === null || n === 0) return x;
  const widths = x.shape.map((_, d): [number, number] => (d === x.ndim - 1 ? [n, n] : [0, 0]));
  if (how === 'zeros') return pad(x, widths);
  if (how === 'even') return pad(x, widths, { mode: 'reflect' });
  if (how === 'constant') return pad(x, widths, { mode: 'edge' });
  if (how !== 'odd') throw new ArgumentError(`${op}: expected boundary to be 'even', 'odd', 'constant', 'zeros' or null, got ${String(how)}`);
  const [size, last] = [x.shape[x.ndim - 1]!, x.ndim - 1];
  if (n > size - 1) throw new ShapeError(`${op}: expected a signal longer than half a segment, got ${size} values for ${n}`);
  const about = (at: number, from: number) => e.sub(e.mul(like(x, 2), sliceInDim(x, at, at + 1, last)), rev(sliceInDim(x, from, from + n, last), [last]));
  return concatenate([about(0, 1), x, about(size - 1, size - 1 - n)], last);
}

const lastPadded = (x: Array, n: number) => (n === 0 ? x : pad(x, x.shape.map((_, d): [number, number] => [0, d === x.ndim - 1 ? n : 0])));

/** Frequencies, times of segments, and the transforms (or their products) with frequencies in the place of the axis and segments last. */
function spectra(given: readonly Array[], plan: Plan): [Array, Array, Array] {
  const { op, fs, axis, boundary, padded, scaling, power } = plan;
  const signals = promoteDtypesInexact(op, ...given);
  const ndim = signals[0]!.ndim;
  if (signals.some((x) => x.ndim !== ndim || x.size === 0)) throw new ShapeError(`${op}: expected signals of as many dimensions that are not empty, got ${signals.map((x) => x.aval).join(' and ')}`);
  const along = canonAxis(op, axis, ndim);
  const win = windowFor(op, plan.window, plan.nperseg, signals[0]!.shape[along]!, signals[0]!);
  const n = win.size;
  const overlap = plan.noverlap ?? Math.floor(n / 2);
  const nfft = plan.nfft ?? n;
  checkSizes(op, n, overlap, nfft);
  const step = n - overlap;
  let rows = signals.map((x) => moveaxis(x, along, ndim - 1));
  const longest = Math.max(...rows.map((x) => x.shape[ndim - 1]!));
  rows = rows.map((x) => extended(op, lastPadded(x, longest - x.shape[ndim - 1]!), Math.floor(n / 2), boundary));
  const mod = (a: number, b: number) => ((a % b) + b) % b;
  if (padded) rows = rows.map((x) => lastPadded(x, mod(mod(-(x.shape[ndim - 1]! - n), step), n)));
  const length = rows[0]!.shape[ndim - 1]!;
  const count = Math.floor((length - n) / step) + 1;
  const onesided = plan.returnOnesided && dtypeKind(signals[0]!.dtype) !== 'complex';
  const index = e.add(e.mul(iota('int32', [count, n], 0), scalar(step, 'int32')), iota('int32', [count, n], 1));
  const transformed = rows.map((x) => {
    let parts = take(x, index, { axis: -1 });
    if (typeof plan.detrend === 'function') parts = plan.detrend(parts);
    else if (plan.detrend !== false) parts = detrendOf(parts, { type: plan.detrend, axis: -1 });
    const weighed = e.mul(parts, broadcastInDim(win, parts.shape, [parts.ndim - 1]));
    return onesided ? rfft(weighed, { n: nfft }) : fft(weighed, { n: nfft });
  });
  const total = scaling === 'density' ? e.mul(like(win, fs), reduceSum(e.square(win), [0])) : e.square(reduceSum(win, [0]));
  const weight = power ? e.div(like(win, 1), total) : e.sqrt(e.div(like(win, 1), total));
  let out = transformed[0]!;
  if (power) out = e.mul(e.conj(out), transformed[1] ?? out);
  out = e.mul(out, astype(weight, out.dtype));
  if (onesided && power) {
    // Negative frequencies count as well: all but 0, and the highest where there is one of each sign.
    const bins = out.shape[out.ndim - 1]!;
    const twice = iota('int32', [bins], 0);
    const inner = e.and(e.gt(twice, scalar(0, 'int32')), e.lt(twice, scalar(nfft % 2 ? bins : bins - 1, 'int32')));
    const factor = e.where(inner, broadcastInDim(like(out, 2), [bins], []), broadcastInDim(like(out, 1), [bins], []));
    out = e.mul(out, broadcastInDim(factor, out.shape, [out.ndim - 1]));
  }
  const real = e.real(out).dtype;
  const freqs = astype(onesided ? rfftfreq(nfft, { d: 1 / fs }) : fftfreq(nfft, { d: 1 / fs }), real);
  const start = n / 2 - (boundary === null ? 0 : n / 2);
  const times = e.div(e.add(e.mul(iota(real, [count], 0), scalar(step, real)), scalar(start, real)), scalar(fs, real));
  if (power && transformed.length === 1) out = e.real(out);
  return [freqs, times, moveaxis(out, out.ndim - 1, along)];
}

/**
 * Short-time Fourier transform: `[frequencies, times, transforms]`, frequencies in the place of the axis and segments last.
 *
 * Mirrors `jax.scipy.signal.stft`.
 *
 * @throws ArgumentError or ShapeError for segments that do not fit
 * @example
 * const [f, t, Z] = scipy.signal.stft([1, 2, 3, 2, 1, 0, 1, 2], { nperseg: 4 });
 * scipy.signal.istft(Z)[1].js() // about [1, 2, 3, 2, 1, 0, 1, 2]
 */
export function stft(x: ArrayLike, options: StftOptions = {}): [Array, Array, Array] {
  const { fs = 1, window = 'hann', nperseg = 256, noverlap = null, nfft = null, detrend = false, returnOnesided = true, boundary = 'zeros', padded = true, axis = -1 } = checkOptions('stft', ['detrend', 'returnOnesided', 'boundary', 'padded', 'fs', 'window', 'nperseg', 'noverlap', 'nfft', 'axis'], options);
  return wholeProgram('stft', (xs) => spectra(xs, { op: 'stft', fs, window, nperseg, noverlap, nfft, detrend, returnOnesided, boundary, padded, axis, scaling: 'spectrum', power: false }), [asArray(x, 'stft')]) as [Array, Array, Array];
}

function density(op: string, signals: readonly Array[], options: SpectrumOptions): [Array, Array] {
  const { fs = 1, window = 'hann', nperseg = null, noverlap = null, nfft = null, detrend = 'constant', returnOnesided = true, scaling = 'density', axis = -1, average = 'mean' } = checkOptions(op, ['fs', 'window', 'nperseg', 'noverlap', 'nfft', 'detrend', 'returnOnesided', 'scaling', 'axis', 'average'], options);
  if (scaling !== 'density' && scaling !== 'spectrum') throw new ArgumentError(`${op}: expected scaling to be 'density' or 'spectrum', got ${String(scaling)}`);
  if (average !== 'mean' && average !== 'median') throw new ArgumentError(`${op}: expected average to be 'mean' or 'median', got ${String(average)}`);
  return wholeProgram(op, (xs) => {
    const [freqs, , p] = spectra(xs, { op, fs, window, nperseg, noverlap, nfft, detrend, returnOnesided, boundary: null, padded: false, axis, scaling, power: true });
    const [last, count] = [p.ndim - 1, p.shape[p.ndim - 1]!];
    if (count === 1) return [freqs, reshape(p, p.shape.slice(0, -1))];
    if (average === 'mean') return [freqs, e.div(reduceSum(p, [last]), like(p, count))];
    let bias = 1;
    for (let i = 2; i < count; i += 2) bias += 1 / (i + 1) - 1 / i;
    const middle = (v: Array) => e.div(median(v, { axis: last }), like(v, bias));
    return [freqs, dtypeKind(p.dtype) === 'complex' ? e.complex(middle(e.real(p)), middle(e.imag(p))) : middle(p)];
  }, signals) as [Array, Array];
}

/**
 * Cross power spectral density of two signals by Welch's method, or of one with itself where y is null: `[frequencies, densities]`. Mirrors `jax.scipy.signal.csd`.
 *
 * @param x a signal; the last axis is time
 * @throws ArgumentError or ShapeError for segments or signals that do not fit
 * @example
 * scipy.signal.csd([1, 2, 3, 4], [4, 3, 2, 1], { nperseg: 2 })[1].shape // [2]
 */
export function csd(x: ArrayLike, y: ArrayLike | null, options: SpectrumOptions = {}): [Array, Array] {
  return density('csd', (y === null ? [x] : [x, y]).map((v) => asArray(v, 'csd')), options);
}

/** Power spectral density by Welch's method: `[frequencies, densities]`. Mirrors `jax.scipy.signal.welch`. @throws ArgumentError or ShapeError for segments that do not fit @example scipy.signal.welch([1, 2, 3, 4], { nperseg: 2 })[1].shape // [2] */
export function welch(x: ArrayLike, options: SpectrumOptions = {}): [Array, Array] {
  return density('welch', [asArray(x, 'welch')], options);
}

/** Options of {@link istft}. */
export interface IstftOptions {
  /** Samples in a unit of time. */
  fs?: number;
  /** The window that segments were multiplied by. */
  window?: WindowName | ArrayLike;
  /** Length of a segment, by default from the number of frequencies. */
  nperseg?: number | null;
  /** How many samples segments share. */
  noverlap?: number | null;
  /** Length of the transforms. */
  nfft?: number | null;
  /** Whether only frequencies from 0 up are given. */
  inputOnesided?: boolean;
  /** Whether the signal had been extended at its ends. */
  boundary?: boolean;
  /** The axis of the segments. */
  timeAxis?: number;
  /** The axis of the frequencies. */
  freqAxis?: number;
}

/** Segments [..., count, n] added where they lie, `step` apart. */
function overlapAdd(x: Array, step: number): Array {
  const [count, n] = x.shape.slice(-2) as [number, number];
  const pieces = Math.ceil(n / step);
  const outer = x.shape.slice(0, -2);
  const wide = lastPadded(x, pieces * step - n);
  const split = reshape(wide, [...outer, count, pieces, step]);
  const d = outer.length;
  const shifted = range(pieces).map((i) => {
    const piece = reshape(sliceInDim(split, i, i + 1, d + 1), [...outer, count, step]);
    return pad(piece, piece.shape.map((_, k): [number, number] => (k === d ? [i, pieces - 1 - i] : [0, 0])));
  });
  const sum = reshape(shifted.reduce(e.add), [...outer, (count + pieces - 1) * step]);
  return sliceInDim(sum, 0, step * (count - 1) + n, d);
}

/**
 * The signal of a short-time Fourier transform: `[times, signal]`.
 *
 * Mirrors `jax.scipy.signal.istft`.
 *
 * @throws ShapeError or ArgumentError for axes or segments that do not fit
 * @example scipy.signal.istft(scipy.signal.stft([1, 2, 3, 4], { nperseg: 2 })[2])[1].js() // about [1, 2, 3, 4]
 */
export function istft(Zxx: ArrayLike, options: IstftOptions = {}): [Array, Array] {
  options = checkOptions('istft', ['fs', 'window', 'nperseg', 'noverlap', 'nfft', 'inputOnesided', 'boundary', 'timeAxis', 'freqAxis'], options);
  const op = 'istft';
  const { fs = 1, window = 'hann', inputOnesided = true, boundary = true, timeAxis = -1, freqAxis = -2 } = options;
  const given = asArray(Zxx, op);
  if (given.ndim < 2) throw new ShapeError(`${op}: expected an array of frequencies and times, got ${given.aval}`);
  const [tAxis, fAxis] = [canonAxis(op, timeAxis, given.ndim), canonAxis(op, freqAxis, given.ndim)];
  if (tAxis === fAxis) throw new ArgumentError(`${op}: expected timeAxis and freqAxis to differ, got ${timeAxis} and ${freqAxis}`);
  const bins = given.shape[fAxis]!;
  const natural = inputOnesided ? 2 * (bins - 1) : bins;
  const n = options.nperseg ?? natural;
  const overlap = options.noverlap || Math.floor(n / 2);
  checkSizes(op, n, overlap, options.nfft ?? (inputOnesided && n === natural + 1 ? n : natural));
  return wholeProgram(op, ([z]) => {
    const [z0] = promoteDtypesInexact(op, z!) as [Array];
    const last = z0.ndim - 1;
    // Times, then frequencies, at the end.
    const ordered = moveaxis(moveaxis(z0, tAxis, last), fAxis > tAxis ? fAxis - 1 : fAxis, last);
    const segments = inputOnesided ? irfft(ordered, { n: options.nfft ?? null }) : ifft(ordered, { n: options.nfft ?? null });
    if (segments.shape[last]! < n) throw new ShapeError(`${op}: expected transforms of at least nperseg = ${n} values, got ${segments.shape[last]}; give nfft`);
    const x = sliceInDim(segments, 0, n, last);
    const real = realPart(x);
    const win = windowFor(op, window, n, n, reshape(sliceInDim(reshape(real, [real.size]), 0, 1, 0), []));
    const scale = e.mul(win, reduceSum(win, [0]));
    let out = overlapAdd(e.mul(x, broadcastInDim(astype(scale, x.dtype), x.shape, [last])), n - overlap);
    let norm = overlapAdd(broadcastInDim(e.square(win), x.shape.slice(-2), [1]), n - overlap);
    if (boundary) {
      const half = Math.floor(n / 2);
      const cut = (v: Array) => sliceInDim(v, half, half === 0 ? 0 : v.shape[v.ndim - 1]! - half, v.ndim - 1);
      [out, norm] = [cut(out), cut(norm)];
    }
    const safe = e.where(e.gt(norm, like(norm, 1e-10)), norm, broadcastInDim(like(norm, 1), norm.shape, []));
    out = e.div(out, broadcastInDim(astype(safe, out.dtype), out.shape, [out.ndim - 1]));
    if (out.ndim > 1 && tAxis !== last) out = moveaxis(out, out.ndim - 1, fAxis < tAxis ? tAxis - 1 : tAxis);
    // As JAX: as many times as the first axis is long.
    return [e.div(iota(win.dtype, [out.shape[0]!], 0), like(win, fs)), out];
  }, [given]) as [Array, Array];
}
