import type { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext } from '../core/lowering';
import { i64s, op } from './ops';

// Decompositions of matrices and Fourier transforms.

/** Lower triangular factor; what is above its diagonal is not defined. */
export function cholesky(ctx: LoweringContext, x: IrValue): IrValue {
  return op(ctx, 'cholesky', [x], x.aval, 'lower = true');
}

export interface TriangularSolveAttrs {
  leftSide: boolean;
  lower: boolean;
  unitDiagonal: boolean;
  transpose: 'NO_TRANSPOSE' | 'TRANSPOSE' | 'ADJOINT';
}

export function triangularSolve(ctx: LoweringContext, a: IrValue, b: IrValue, { leftSide, lower, unitDiagonal, transpose }: TriangularSolveAttrs): IrValue {
  return op(ctx, 'triangular_solve', [a, b], b.aval, `left_side = ${leftSide}, lower = ${lower}, unit_diagonal = ${unitDiagonal}, transpose_a = #stablehlo<transpose ${transpose}>`);
}

/** A call that XLA's own passes expand on every platform: no code outside the compiler is called. */
export function expandedCall(ctx: LoweringContext, target: 'Qr' | 'Eigh' | 'ProductOfElementaryHouseholderReflectors', operands: readonly IrValue[], outs: readonly ShapedArray[], config = ''): IrValue[] {
  return ctx.emit('stablehlo.custom_call', operands, outs, `call_target_name = "${target}"${config === '' ? '' : `, backend_config = "${config}"`}`);
}

export type FftKind = 'FFT' | 'IFFT' | 'RFFT' | 'IRFFT';

/** Fourier transform over the last dimensions, as many as there are lengths. */
export function fft(ctx: LoweringContext, x: IrValue, kind: FftKind, lengths: readonly number[], out: ShapedArray): IrValue {
  return op(ctx, 'fft', [x], out, `fft_type = #stablehlo<fft_type ${kind}>, fft_length = ${i64s(lengths)}`);
}
