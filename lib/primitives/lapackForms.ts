import type { ShapedArray } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import type { IrValue, LoweringContext } from '../core/lowering';
import { lapack } from '../stablehlo/lapack';

// Decompositions on the CPU by LAPACK (native/lapack.h), where the BLAS library has it: the routines that JAX calls, so that values, signs and orders are JAX's. Elsewhere they are
// programs of loops.

/** What each takes for rows × columns × the smaller of both, in operations of a product that take as long: measured on one core of a Xeon, for matrices of 100 × 100. */
const COST = {
  potrf: 8, getrf: 13, geqrf: 26, orgqr: 24, geqp3: 30, gehrd: 40, sytrd: 27, gesdd: 200, syevd: 115, gees: 440, geev: 480, trsm: 8,
  // For rows × columns.
  gtsv: 1800,
} as const;

export type LapackRoutine = keyof typeof COST;

const TYPES: ReadonlySet<string> = new Set(['float32', 'float64', 'complex64', 'complex128']);

/**
 * The results of LAPACK's routine for matrices by rows, in the order of native/lapack_factor.cc and native/lapack_spectral.cc; null: it cannot be had, or there are no elements.
 *
 * @param operands the first are the matrices whose batch and size count
 * @param letters LAPACK's, one after another
 */
export function lapackForm(ctx: LoweringContext, routine: LapackRoutine, operands: readonly IrValue[], outs: readonly ShapedArray[], letters = ''): IrValue[] | null {
  const x = operands[0]!.aval;
  if (!TYPES.has(x.dtype) || operands.some((v) => v.aval.size === 0) || outs.some((o) => o.size === 0) || !ctx.hasLapack) return null;
  const smaller = routine === 'gtsv' ? 1 : Math.min(...x.shape.slice(-2));
  return lapack(ctx, routine, letters, operands, outs, COST[routine] * (dtypeKind(x.dtype) === 'complex' ? 4 : 1) * x.size * smaller);
}
