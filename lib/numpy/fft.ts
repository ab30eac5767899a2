import { checkIntegers } from '../core/checks';
import type { Array } from '../core/array';
import { checkDtype, checkExtent, sizeOf } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, inexactDtype } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { fft as fftP } from '../primitives/fft';
import { convert, full, iota, like, pad, range, scalar } from '../primitives/structural';
import { canonAxes } from './axes';
import { defaultFloat } from './dtypes';
import { moveaxis, rollStatic } from './manipulation';
import { mul } from './operators';
import { program, readOptions, type Rest } from './program';

// numpy.fft: discrete Fourier transforms.

/** Where transforms are divided by the number of points: 'backward' the inverse, 'forward' the forward one, 'ortho' each by its root. */
export type FftNorm = 'backward' | 'ortho' | 'forward';
type Kind = 'FFT' | 'IFFT' | 'RFFT' | 'IRFFT';

interface Spec {
  kind: Kind;
  /** Lengths of the transformed dimensions. */
  s: readonly number[];
  /** Whether lengths were given, so that the array is cut or padded to them. */
  resized: boolean;
  axes: readonly number[];
  norm: FftNorm;
  /** Whether the norm is that of an inverse. */
  inverse: boolean;
  /** A factor of the result; 1. */
  scale: number;
  /** Whether operand and result are conjugated. */
  conjugate: 'before' | 'after' | null;
}

/** A transform of any number of trailing dimensions: XLA has those of three. */
function transform(x: Array, kind: Kind, s: readonly number[]): Array {
  if (s.length <= 3) return fftP(x, kind, s);
  const n = s.length === 4 ? 2 : 3;
  const src = range(s.length - n).map((i) => x.ndim - s.length + i);
  const dst = src.map((d) => d + n);
  const turned = (y: Array, inner: Kind) => moveaxis(transform(moveaxis(y, src, dst), inner, s.slice(0, -n)), dst, src);
  if (kind === 'FFT' || kind === 'RFFT') return turned(fftP(x, kind, s.slice(-n)), 'FFT');
  return fftP(turned(x, 'IFFT'), kind, s.slice(-n));
}

const fftC = program<Spec>('fft', ([a], { kind, s, resized, axes, norm, inverse, scale, conjugate }) => {
  const last = axes.map((_, i) => a!.ndim - axes.length + i);
  let x = moveaxis(conjugate === 'before' && dtypeKind(a!.dtype) === 'complex' ? e.conj(a!) : a!, axes, last);
  if (resized) {
    const wanted = x.shape.map((n, d) => (last.includes(d) ? s[last.indexOf(d)]! : n));
    if (kind === 'IRFFT') wanted[x.ndim - 1] = Math.floor(wanted[x.ndim - 1]! / 2) + 1;
    x = pad(x, like(x, x.dtype === 'bool' ? false : 0), x.shape.map((n, d) => [0, wanted[d]! - n, 0] as [number, number, number]));
  }
  if (kind === 'RFFT' && dtypeKind(x.dtype) === 'complex') throw new DtypeError(`fft: expected real values, got ${x.aval}`);
  let out = transform(convert(x, inexactDtype(x.dtype)), kind, s);
  const points = sizeOf(s);
  const factor = scale * (norm === 'backward' ? 1 : (norm === 'ortho' ? Math.sqrt(points) : points) ** (inverse ? 1 : -1));
  if (conjugate === 'after') out = e.conj(out);
  if (factor !== 1) out = mul(out, like(out, factor));
  return [moveaxis(out, last, axes)];
});

interface Call {
  name: string;
  kind: Kind;
  s: readonly number[] | null;
  axes: readonly number[] | null;
  norm: FftNorm | null | undefined;
  scale?: (points: number) => number;
  conjugate?: 'before' | 'after';
}

function run(a: ArrayLike, { name, kind, s, axes, norm, scale, conjugate }: Call): Array {
  const op = `fft.${name}`;
  const x = asArray(a, op);
  if (s?.some((n) => !Number.isInteger(n) || n <= 0)) throw new ShapeError(`${op}: expected positive lengths, got [${s.join(', ')}]`);
  for (const n of s ?? []) checkExtent(op, name.endsWith('n') || name.endsWith('2') ? 's' : 'n', n);
  if (norm !== null && norm !== undefined && !['backward', 'ortho', 'forward'].includes(norm)) throw new ArgumentError(`${op}: expected norm to be 'backward', 'ortho' or 'forward', got ${String(norm)}`);
  const list = axes !== null ? canonAxes(op, axes, x.ndim) : range(s?.length ?? x.ndim).map((i) => x.ndim - (s?.length ?? x.ndim) + i);
  if (list.some((d) => d < 0)) throw new ShapeError(`${op}: ${list.length} lengths are too many for ${x.aval}`);
  if (s !== null && s.length !== list.length) throw new ArgumentError(`${op}: expected a length for each of the ${list.length} axes, got [${s.join(', ')}]`);
  const lengths = s ?? list.map((d, i) => (kind === 'IRFFT' && i === list.length - 1 ? Math.max(0, 2 * (x.shape[d]! - 1)) : x.shape[d]!));
  if (lengths.includes(0) && kind !== 'RFFT') {
    const shape = x.shape.map((n, d) => (list.includes(d) ? lengths[list.indexOf(d)]! : n));
    const type = inexactDtype(x.dtype);
    const isWide = type === 'float64' || type === 'complex128';
    return full(shape, 0, kind === 'IRFFT' ? (isWide ? 'float64' : 'float32') : isWide ? 'complex128' : 'complex64');
  }
  return fftC([x], { kind, s: lengths, resized: s !== null, axes: list, norm: norm ?? 'backward', inverse: name.startsWith('i'), scale: scale ? scale(lengths[0]!) : 1, conjugate: conjugate ?? null })[0]!;
}

interface Fft1Options {
  /** Length of the transform: the axis is cut or padded with zeros to it. */
  n?: number | null;
  axis?: number;
  norm?: FftNorm | null;
}

function one(name: string, kind: Kind, a: ArrayLike, rest: Rest<Fft1Options, 'n', 'axis', 'norm'>, more: Partial<Call> = {}): Array {
  const { n = null, axis = -1, norm } = readOptions(`fft.${name}`, ['n', 'axis', 'norm'], 3, rest);
  if (typeof axis !== 'number') throw new ArgumentError(`fft.${name}: expected one axis, got ${String(axis)}; use ${name}n`);
  return run(a, { name, kind, s: n === null ? null : [n], axes: [axis], norm, ...more });
}

/** Discrete Fourier transform along an axis. Mirrors `jax.numpy.fft.fft`. @example np.fft.fft([1, 1]).shape // [2] */
export function fft(a: ArrayLike, ...rest: Rest<Fft1Options, 'n', 'axis', 'norm'>): Array {
  return one('fft', 'FFT', a, rest);
}

/** Inverse of {@link fft}. Mirrors `jax.numpy.fft.ifft`. @example np.fft.ifft([2, 0]).shape // [2] */
export function ifft(a: ArrayLike, ...rest: Rest<Fft1Options, 'n', 'axis', 'norm'>): Array {
  return one('ifft', 'IFFT', a, rest);
}

/** Transform of real values along an axis: frequencies from 0 up. Mirrors `jax.numpy.fft.rfft`. @throws DtypeError for complex values @example np.fft.rfft([1, 0, 0, 0]).shape // [3] */
export function rfft(a: ArrayLike, ...rest: Rest<Fft1Options, 'n', 'axis', 'norm'>): Array {
  return one('rfft', 'RFFT', a, rest);
}

/** Inverse of {@link rfft}, of length 2 (m − 1) where none is given. Mirrors `jax.numpy.fft.irfft`. @example np.fft.irfft([1, 1, 1]).shape // [4] */
export function irfft(a: ArrayLike, ...rest: Rest<Fft1Options, 'n', 'axis', 'norm'>): Array {
  return one('irfft', 'IRFFT', a, rest);
}

/** Transform of a signal that is Hermitian in time, so that its spectrum is real. Mirrors `jax.numpy.fft.hfft`. @example np.fft.hfft([1, 1, 1]).shape // [4] */
export function hfft(a: ArrayLike, ...rest: Rest<Fft1Options, 'n', 'axis', 'norm'>): Array {
  return one('hfft', 'IRFFT', a, rest, { conjugate: 'before', scale: (n) => n });
}

/** Inverse of {@link hfft}. Mirrors `jax.numpy.fft.ihfft`. @throws DtypeError for complex values @example np.fft.ihfft([1, 0, 0, 0]).shape // [3] */
export function ihfft(a: ArrayLike, ...rest: Rest<Fft1Options, 'n', 'axis', 'norm'>): Array {
  return one('ihfft', 'RFFT', a, rest, { conjugate: 'after', scale: (n) => 1 / n });
}

interface FftnOptions {
  /** Lengths of the transform by axis: axes are cut or padded with zeros to them. */
  s?: readonly number[] | null;
  /** Transformed axes; the last ones if lengths are given, else all. */
  axes?: readonly number[] | null;
  norm?: FftNorm | null;
}

function many(name: string, kind: Kind, a: ArrayLike, rest: Rest<FftnOptions, 's', 'axes', 'norm'>, two: boolean): Array {
  const { s = null, axes = two ? [-2, -1] : null, norm } = readOptions(`fft.${name}`, ['s', 'axes', 'norm'], 3, rest);
  if (s !== null) checkIntegers(`fft.${name}`, 's', s);
  if (axes !== null) checkIntegers(`fft.${name}`, 'axes', axes);
  if (two && axes?.length !== 2) throw new ArgumentError(`fft.${name}: expected two axes, got ${String(axes)}`);
  return run(a, { name, kind, s, axes, norm });
}

/** Transform along several axes. Mirrors `jax.numpy.fft.fftn`. @example np.fft.fftn(np.ones([2, 2])).shape // [2, 2] */
export function fftn(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('fftn', 'FFT', a, rest, false);
}

/** Inverse of {@link fftn}. Mirrors `jax.numpy.fft.ifftn`. @example np.fft.ifftn(np.ones([2, 2])).shape // [2, 2] */
export function ifftn(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('ifftn', 'IFFT', a, rest, false);
}

/** Transform of real values along several axes. Mirrors `jax.numpy.fft.rfftn`. @example np.fft.rfftn(np.ones([2, 4])).shape // [2, 3] */
export function rfftn(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('rfftn', 'RFFT', a, rest, false);
}

/** Inverse of {@link rfftn}. Mirrors `jax.numpy.fft.irfftn`. @example np.fft.irfftn(np.ones([2, 3])).shape // [2, 4] */
export function irfftn(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('irfftn', 'IRFFT', a, rest, false);
}

/** Transform along two axes, the last ones by default. Mirrors `jax.numpy.fft.fft2`. @example np.fft.fft2(np.ones([2, 2])).shape // [2, 2] */
export function fft2(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('fft2', 'FFT', a, rest, true);
}

/** Inverse of {@link fft2}. Mirrors `jax.numpy.fft.ifft2`. @example np.fft.ifft2(np.ones([2, 2])).shape // [2, 2] */
export function ifft2(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('ifft2', 'IFFT', a, rest, true);
}

/** Transform of real values along two axes. Mirrors `jax.numpy.fft.rfft2`. @example np.fft.rfft2(np.ones([2, 4])).shape // [2, 3] */
export function rfft2(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('rfft2', 'RFFT', a, rest, true);
}

/** Inverse of {@link rfft2}. Mirrors `jax.numpy.fft.irfft2`. @example np.fft.irfft2(np.ones([2, 3])).shape // [2, 4] */
export function irfft2(a: ArrayLike, ...rest: Rest<FftnOptions, 's', 'axes', 'norm'>): Array {
  return many('irfft2', 'IRFFT', a, rest, true);
}

interface FreqOptions {
  /** Time between samples; 1. */
  d?: number;
  dtype?: DType | null;
}

const freqC = program<{ n: number; size: number; d: number; dtype: DType; half: boolean }>('fftfreq', (_, { n, size, d, dtype, half }) => {
  const type = inexactDtype(dtype);
  // A length that is no whole number is taken by the same formula, in floats.
  const counted = Number.isInteger(n) ? 'int32' : type;
  const i = iota(counted, [size], 0);
  const middle = scalar(Math.floor(n / 2), counted);
  const k = half || n === 0 ? i : e.sub(e.rem(e.add(i, middle), scalar(n, counted)), middle);
  return [convert(e.div(convert(k, type), scalar(d * n, type)), dtype)];
});

function frequencies(name: string, n: number, rest: Rest<FreqOptions, 'd'>, half: boolean): Array {
  const { d = 1, dtype } = readOptions(`fft.${name}`, ['d', 'dtype'], 1, rest);
  if (typeof n !== 'number' || !Number.isFinite(n) || typeof d !== 'number') throw new ArgumentError(`fft.${name}: expected n and d to be numbers, got ${String(n)} and ${String(d)}`);
  const size = Math.max(0, half ? (n % 2 === 0 ? n / 2 + 1 : Math.floor((n - 1) / 2) + 1) : Math.ceil(n));
  checkExtent(`fft.${name}`, 'n', size);
  return freqC([], { n, size, d, dtype: dtype ? checkDtype(`fft.${name}`, dtype) : defaultFloat(), half })[0]!;
}

/** Frequencies of the entries of {@link fft} of n points. Mirrors `jax.numpy.fft.fftfreq`. @example np.fft.fftfreq(4) // [0, 0.25, -0.5, -0.25] */
export function fftfreq(n: number, ...rest: Rest<FreqOptions, 'd'>): Array {
  return frequencies('fftfreq', n, rest, false);
}

/** Frequencies of the entries of {@link rfft} of n points. Mirrors `jax.numpy.fft.rfftfreq`. @example np.fft.rfftfreq(4) // [0, 0.25, 0.5] */
export function rfftfreq(n: number, ...rest: Rest<FreqOptions, 'd'>): Array {
  return frequencies('rfftfreq', n, rest, true);
}

function shifted(name: string, x: ArrayLike, rest: Rest<{ axes?: number | readonly number[] | null }, 'axes'>, back: boolean): Array {
  const { axes = null } = readOptions(`fft.${name}`, ['axes'], 1, rest);
  const a = asArray(x, `fft.${name}`);
  const list = canonAxes(`fft.${name}`, axes, a.ndim);
  if (list.length === 0) return a;
  return rollStatic(a, list.map((d) => (back ? -1 : 1) * Math.floor(a.shape[d]! / 2)), list);
}

/** Entries moved so that frequency 0 is in the middle. Mirrors `jax.numpy.fft.fftshift`. @example np.fft.fftshift([0, 1, 2]) // [2, 0, 1] */
export function fftshift(x: ArrayLike, ...rest: Rest<{ axes?: number | readonly number[] | null }, 'axes'>): Array {
  return shifted('fftshift', x, rest, false);
}

/** Inverse of {@link fftshift}. Mirrors `jax.numpy.fft.ifftshift`. @example np.fft.ifftshift([2, 0, 1]) // [0, 1, 2] */
export function ifftshift(x: ArrayLike, ...rest: Rest<{ axes?: number | readonly number[] | null }, 'axes'>): Array {
  return shifted('ifftshift', x, rest, true);
}
