import { canonAxis } from '../core/checks';
import { checkOptions } from '../functional/options';
import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../lax/arrayLike';
import { canonAxes, padAt } from '../numpy/axes';
import { fft as fftN, ifft as ifftN } from '../numpy/fft';
import { take } from '../numpy/take';
import * as e from '../primitives/elementwise';
import { broadcastInDim, like, pad, range, sliceInDim } from '../primitives/structural';

// scipy.fft: cosine transforms by Fourier transforms of the same length.

type Norm = 'backward' | 'ortho' | null;

/** Options of {@link dct} and {@link idct}. */
export interface DctOptions {
  /** The kind of the transform; 2, the only one there is. */
  type?: 2;
  /** The length: longer input is cut, shorter is padded with zeros. */
  n?: number | null;
  /** The axis that is transformed. */
  axis?: number;
  /** How results are scaled. */
  norm?: Norm;
}

/** Options of {@link dctn} and {@link idctn}. */
export interface DctnOptions {
  /** Which cosine transform. */
  type?: 2;
  /** The lengths along the axes. */
  s?: readonly number[] | number | null;
  /** The axes; by default all, or as many of the last as there are lengths. */
  axes?: readonly number[] | null;
  /** How results are scaled. */
  norm?: Norm;
}

interface Plan {
  /** Axes with lengths, or −1 to keep a length. */
  axes: readonly (readonly [axis: number, n: number])[];
  ortho: boolean;
  inverse: boolean;
}

/** Host values along one axis. */
function along(x: Array, axis: number, f: (k: number) => number): Array {
  const n = x.shape[axis]!;
  return broadcastInDim(astype(asArray(Float64Array.from(range(n), f)), x.dtype), x.shape, [axis]);
}

function resized(x: Array, axis: number, n: number): Array {
  const size = x.shape[axis]!;
  if (n < 0 || n === size) return x;
  return n < size ? sliceInDim(x, 0, n, axis) : pad(x, like(x, 0), padAt(x.ndim, axis, 0, n - size));
}

const factor = (n: number) => (k: number) => 1 / Math.sqrt((k === 0 ? 4 : 2) * n);

/** Even places ascending, then odd ones descending: the order in which a Fourier transform gives the cosine transform. */
const interleaved = (n: number) => [...range(Math.ceil(n / 2)).map((i) => 2 * i), ...range(Math.floor(n / 2)).map((i) => 2 * i + 1).reverse()];

function dctAxis(x: Array, axis: number, ortho: boolean): Array {
  const n = x.shape[axis]!;
  const v = fftN(take(x, asArray(Int32Array.from(interleaved(n))), { axis }), { axis });
  const [re, im] = [e.real(v), e.imag(v)];
  const angle = (k: number) => (-0.5 * Math.PI * k) / n;
  const out = e.mul(like(re, 2), e.sub(e.mul(re, along(re, axis, (k) => Math.cos(angle(k)))), e.mul(im, along(im, axis, (k) => Math.sin(angle(k))))));
  return ortho ? e.mul(out, along(out, axis, factor(n))) : out;
}

function idctAxis(given: Array, axis: number, ortho: boolean): Array {
  const n = given.shape[axis]!;
  const scaled = e.mul(given, along(given, axis, (k) => factor(n)(k) ** (ortho ? 1 : 2) * 2 * n));
  // Complex numbers have no halves.
  const x = e.bitWidth(scaled.dtype) < 32 ? astype(scaled, 'float32') : scaled;
  const angle = (k: number) => (0.5 * Math.PI * k) / n;
  const v = e.complex(e.mul(x, along(x, axis, (k) => Math.cos(angle(k)))), e.mul(x, along(x, axis, (k) => Math.sin(angle(k)))));
  const order = interleaved(n);
  const places = range(n).map((i) => order.indexOf(i));
  return take(e.real(ifftN(v, { axis })), asArray(Int32Array.from(places)), { axis });
}

const transform = composite<Plan>('dct', ([given], { axes, ortho, inverse }) => {
  const real = (part: Array) => axes.reduce((x, [axis, n]) => (inverse ? idctAxis : dctAxis)(resized(x, axis, n), axis, ortho), part);
  const [x] = promoteDtypesInexact('dct', given!) as [Array];
  return [dtypeKind(x.dtype) === 'complex' ? e.complex(real(e.real(x)), real(e.imag(x))) : real(x)];
});

function check(op: string, type: number | undefined, norm: Norm | undefined): boolean {
  if (type !== undefined && type !== 2) throw new ArgumentError(`${op}: expected type to be 2, got ${String(type)}`);
  if (norm !== undefined && norm !== null && norm !== 'backward' && norm !== 'ortho') throw new ArgumentError(`${op}: expected norm to be 'backward' or 'ortho', got ${String(norm)}`);
  return norm === 'ortho';
}

function one(op: string, x: ArrayLike, options: DctOptions, inverse: boolean): Array {
  const o = checkOptions(op, ['type', 'n', 'axis', 'norm'], options);
  const ortho = check(op, o.type, o.norm);
  const a = asArray(x, op);
  return transform([a], { axes: [[canonAxis(op, o.axis ?? -1, a.ndim), o.n ?? -1]], ortho, inverse })[0]!;
}

function several(op: string, x: ArrayLike, options: DctnOptions, inverse: boolean): Array {
  const o = checkOptions(op, ['type', 's', 'axes', 'norm'], options);
  const ortho = check(op, o.type, o.norm);
  const a = asArray(x, op);
  const s = o.s === null || o.s === undefined ? null : typeof o.s === 'number' ? [o.s] : [...o.s];
  if (s !== null && s.length > a.ndim) throw new ArgumentError(`${op}: expected at most ${a.ndim} lengths, got ${s.length}`);
  const axes = o.axes ? canonAxes(op, o.axes, a.ndim) : range(a.ndim).slice(s === null ? 0 : a.ndim - s.length);
  if (s !== null && s.length !== axes.length) throw new ArgumentError(`${op}: expected as many lengths as axes, got ${s.length} and ${axes.length}`);
  return transform([a], { axes: axes.map((axis, i) => [axis, s?.[i] ?? -1] as const), ortho, inverse })[0]!;
}

/** The discrete cosine transform along an axis. Mirrors `jax.scipy.fft.dct`. @throws ArgumentError for another type than 2 @example scipy.fft.dct([1, 2]).js() // [6, −1.4142…] */
export function dct(x: ArrayLike, options: DctOptions = {}): Array {
  return one('dct', x, options, false);
}

/** The inverse of {@link dct}. Mirrors `jax.scipy.fft.idct`. @throws ArgumentError for another type than 2 @example scipy.fft.idct(scipy.fft.dct([1, 2])).js() // [1, 2] */
export function idct(x: ArrayLike, options: DctOptions = {}): Array {
  return one('idct', x, options, true);
}

/** The discrete cosine transform along several axes. Mirrors `jax.scipy.fft.dctn`. @throws ArgumentError for another type than 2 @example scipy.fft.dctn([[1, 2], [3, 4]]).shape // [2, 2] */
export function dctn(x: ArrayLike, options: DctnOptions = {}): Array {
  return several('dctn', x, options, false);
}

/** The inverse of {@link dctn}. Mirrors `jax.scipy.fft.idctn`. @throws ArgumentError for another type than 2 @example scipy.fft.idctn(scipy.fft.dctn([[1, 2], [3, 4]])).shape // [2, 2] */
export function idctn(x: ArrayLike, options: DctnOptions = {}): Array {
  return several('idctn', x, options, true);
}
