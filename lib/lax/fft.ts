import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { fft as fftPrimitive } from '../primitives/fft';
import { type ArrayLike, asArray } from './arrayLike';

/** Kinds of Fourier transforms. Mirrors `jax.lax.FftType`. */
export const FftType = { FFT: 'FFT', IFFT: 'IFFT', RFFT: 'RFFT', IRFFT: 'IRFFT' } as const;

/**
 * The discrete Fourier transform over the last dimensions. Mirrors `jax.lax.fft`.
 *
 * @param x an array, complex but for the real transform
 * @param fftType which transform
 * @param fftLengths sizes of the last dimensions, one to three
 * @throws ArgumentError, ShapeError, DtypeError
 * @example
 * lax.fft(np.array([1, 0]), 'FFT', [2]).dtype // 'complex64'
 */
export function fft(x: ArrayLike, fftType: string, fftLengths: readonly number[]): Array {
  if (typeof fftType !== 'string') throw new ArgumentError(`fft: expected fftType to be one of ${Object.keys(FftType).join(', ')}, got ${String(fftType)}`);
  return fftPrimitive(asArray(x, 'fft'), fftType, fftLengths);
}
