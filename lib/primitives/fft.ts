import type { Array } from '../core/array';
import { ShapedArray, sizeOf } from '../core/aval';
import { dtypeKind, realDtype } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { definePrimitive, type SinglePrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { fft as emitFft, type FftKind } from '../stablehlo/linalg';
import { conj, div, eq, mul, or, where } from './elementwise';
import { isComplex } from './matrix';
import { convert, full, iota, like, moveaxis, scalar } from './structural';

export type FftType = FftKind;

const TYPES: readonly FftType[] = ['FFT', 'IFFT', 'RFFT', 'IRFFT'];

export interface FftParams {
  fftLengths: readonly number[];
  fftType: FftType;
}

const complexDtype = (x: { dtype: string }) => (x.dtype === 'float64' || x.dtype === 'complex128' ? 'complex128' : 'complex64');

export const fftP: SinglePrimitive<FftParams> = definePrimitive<FftParams>({
  name: 'fft',
  print: { params: ({ fftLengths, fftType }) => ({ fftLengths, fftType: TYPES.indexOf(fftType) }) },
  abstract: ([x], { fftLengths: lengths, fftType }) => {
    const a = x!;
    const k = lengths.length;
    if (k < 1 || k > 3 || k > a.ndim) throw new ShapeError(`fft: expected 1 to 3 lengths, no more than the dimensions of ${a}, got [${lengths}]`);
    if (lengths.some((n) => !Number.isInteger(n) || n < 1)) throw new ShapeError(`fft: expected positive lengths, got [${lengths}]`);
    if (fftType === 'RFFT' ? !/^float(32|64)$/.test(a.dtype) : dtypeKind(a.dtype) !== 'complex') {
      throw new DtypeError(`fft: expected an array of dtype ${fftType === 'RFFT' ? 'float32 or float64' : 'complex64 or complex128'} for ${fftType}, got ${a}`);
    }
    const dims = a.shape.slice(a.ndim - k);
    const checked = fftType === 'IRFFT' ? k - 1 : k;
    if (lengths.some((n, i) => i < checked && dims[i] !== n) || (fftType === 'IRFFT' && dims[k - 1] !== Math.floor(lengths[k - 1]! / 2) + 1)) {
      throw new ShapeError(`fft: expected the last dimensions of ${a} to be those of lengths [${lengths}] (${fftType})`);
    }
    const batch = a.shape.slice(0, a.ndim - k);
    if (fftType === 'RFFT') return new ShapedArray([...batch, ...lengths.slice(0, -1), Math.floor(lengths[k - 1]! / 2) + 1], complexDtype(a));
    return new ShapedArray([...batch, ...lengths], fftType === 'IRFFT' ? realDtype(a.dtype) : a.dtype);
  },
  lower: (ctx, [x], { fftType, fftLengths }, out) => {
    const k = fftLengths.length;
    if (out.size === 0) return ctx.splat(0, out);
    if (fftType !== 'IRFFT' || k === 1 || ctx.platform === 'cpu') return emitFft(ctx, x!, fftType, fftLengths, out);
    // cuFFT takes the spectrum to be symmetric in every dimension, where NumPy takes it to be so in the last only: the others go first.
    let y = x!;
    for (let d = 0; d < k - 1; d++) {
      const [at, last] = [out.ndim - k + d, out.ndim - 1];
      const swap = out.shape.map((_, i) => (i === at ? last : i === last ? at : i));
      y = hlo.transpose(ctx, emitFft(ctx, hlo.transpose(ctx, y, swap), 'IFFT', [fftLengths[d]!], y.aval.withShape(swap.map((p) => y.aval.shape[p]!))), swap);
    }
    return emitFft(ctx, y, 'IRFFT', [fftLengths[k - 1]!], out);
  },
  jvp: 'linear',
  transpose: (ct, _, p) => {
    const total = sizeOf(p.fftLengths);
    if (p.fftType === 'RFFT') return [mul(fftP.bind({ ...p, fftType: 'IRFFT' }, div(conj(ct), multiplicity(ct, p))), scalar(total, realDtype(ct.dtype)))];
    if (p.fftType === 'IRFFT') {
      const x = fftP.bind({ ...p, fftType: 'RFFT' }, ct);
      return [conj(mul(mul(x, multiplicity(x, p)), like(x, 1 / total)))];
    }
    return [fftP.bind(p, ct)];
  },
  batch: (_, [x], [dim], p) => [fftP.bind(p, moveaxis(x!, dim!, 0)), 0],
  sample: () => [
    { inputs: [{ shape: [2, 4], dtype: 'complex64' }], params: { fftType: 'FFT', fftLengths: [4] } },
    { inputs: [{ shape: [3, 4], dtype: 'complex64' }], params: { fftType: 'IFFT', fftLengths: [3, 4] } },
    { inputs: [{ shape: [2, 5], dtype: 'float32' }], params: { fftType: 'RFFT', fftLengths: [5] } },
    { inputs: [{ shape: [3, 4], dtype: 'float32' }], params: { fftType: 'RFFT', fftLengths: [3, 4] } },
    { inputs: [{ shape: [2, 3], dtype: 'complex64' }], params: { fftType: 'IRFFT', fftLengths: [5] } },
    { inputs: [{ shape: [3, 3], dtype: 'complex64' }], params: { fftType: 'IRFFT', fftLengths: [3, 4] } },
  ],
});

/** How often each entry of a half spectrum stands in the whole one: twice, but once for frequency 0 and the highest of an even length. */
function multiplicity(spectrum: Array, { fftLengths }: FftParams): Array {
  const last = spectrum.ndim - 1;
  const k = iota('int32', spectrum.shape, last);
  const once = eq(k, scalar(0, 'int32'));
  const even = fftLengths[fftLengths.length - 1]! % 2 === 0;
  const single = even ? or(once, eq(k, scalar(spectrum.shape[last]! - 1, 'int32'))) : once;
  return where(single, full(spectrum.shape, 1, spectrum.dtype), full(spectrum.shape, 2, spectrum.dtype));
}

/**
 * Discrete Fourier transform over the last dimensions of x. Mirrors `jax.lax.fft`.
 *
 * @param x complex, or real for 'RFFT'; other dtypes are converted
 * @param fftType 'FFT', 'IFFT', 'RFFT' or 'IRFFT', in either case
 * @param fftLengths lengths of the transformed dimensions, at most 3
 * @throws ArgumentError, ShapeError, DtypeError
 */
export function fft(x: Array, fftType: string, fftLengths: readonly number[]): Array {
  const type = fftType.toUpperCase() as FftType;
  if (!TYPES.includes(type)) throw new ArgumentError(`fft: expected fftType to be one of ${TYPES.join(', ')}, got '${fftType}'`);
  if (type === 'RFFT' && isComplex(x)) throw new DtypeError(`fft: expected real values for RFFT, got ${x.aval}`);
  const wanted = type === 'RFFT' ? (x.dtype === 'float64' ? 'float64' : 'float32') : complexDtype(x);
  const converted = convert(x, wanted);
  return fftLengths.length === 0 ? converted : fftP.bind({ fftType: type, fftLengths }, converted);
}
