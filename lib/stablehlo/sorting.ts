import type { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext } from '../core/lowering';
import { transpose } from './ops';

/** Sorts several arrays along a dimension together; `before` gets the two scalars of each array that are compared, side by side. */
export function sort(ctx: LoweringContext, operands: readonly IrValue[], dimension: number, isStable: boolean, before: (ctx: LoweringContext, pairs: readonly (readonly [IrValue, IrValue])[]) => IrValue): IrValue[] {
  const scalars = operands.flatMap((x) => [x.aval.withShape([]), x.aval.withShape([])]);
  const region = ctx.region(scalars, (c, args) => [before(c, operands.map((_, i) => [args[2 * i]!, args[2 * i + 1]!] as const))]);
  return ctx.emit('stablehlo.sort', operands, operands.map((x) => x.aval), `dimension = ${dimension} : i64, is_stable = ${isStable}`, [region]);
}

/** The k largest elements along a dimension, with their indices, the largest first. */
export function topK(ctx: LoweringContext, x: IrValue, k: number, axis: number, outs: readonly ShapedArray[]): IrValue[] {
  const last = x.aval.ndim - 1;
  if (axis === last) return ctx.emit('chlo.top_k', [x], outs, `k = ${k} : i64`);
  const swap = x.aval.shape.map((_, i) => (i === axis ? last : i === last ? axis : i));
  const moved = (a: ShapedArray) => a.withShape(swap.map((d) => a.shape[d]!));
  return ctx.emit('chlo.top_k', [transpose(ctx, x, swap)], outs.map(moved), `k = ${k} : i64`).map((v) => transpose(ctx, v, swap));
}
