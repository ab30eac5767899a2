import type { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext } from '../core/lowering';
import type { Block } from './block';
import { paced } from './contraction';
import { byRows } from './types';

/** A routine of LAPACK by the addon's own function (native/lapack.h): its name without a type, and its letters. `operations` are those of all matrices together. */
export function lapack(ctx: LoweringContext, routine: string, letters: string, operands: readonly IrValue[], outs: readonly ShapedArray[], operations: number): IrValue[] {
  const extra = paced(ctx, operands, operations);
  const all = extra === null ? operands : [...operands, extra];
  (ctx as Block).module.callsBlas = true;
  return ctx.emit('stablehlo.custom_call', all, outs, `call_target_name = "xs_lapack", api_version = 4 : i32, backend_config = {routine = "${routine}", letters = "${letters}"}, `
    + byRows(all, outs));
}
