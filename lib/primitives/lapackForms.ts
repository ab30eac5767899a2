import type { ShapedArray } from '../core/aval';
import { dtypeKind } from '../core/dtype';
import type { IrValue, LoweringContext } from '../core/lowering';
import { lapack } from '../stablehlo/lapack';

// Decompositions on the CPU by LAPACK (native/lapack.h), where the BLAS library has it: the routines that JAX calls, so that values, signs and orders are JAX's. Elsewhere they are
// programs of loops.

/** What each takes for rows × columns × the smaller of both, in operations of a product that take as long: measured for matrices of 100 × 100. */
const COST = {
  potrf: 2, getrf: 5, geqrf: 10, orgqr: 10, geqp3: 40, gehrd: 50, sytrd: 20, gesdd: 300, syevd: 200, gees: 2000, geev: 2000, trsm: 2,
  // For rows × columns.
  gtsv: 100,
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
