import type { IrValue, LoweringContext } from '../core/lowering';

// What comes after convolutions and products that the addon computes, done by it with their sums.

/** Sums with a number added for each output feature; null: neither operand is one that can have it. */
export function biasForm(args: readonly IrValue[]): IrValue | null {
  return args[0]!.sums?.plus(args[1]!) ?? args[1]!.sums?.plus(args[0]!) ?? null;
}

/** The larger of sums and zero; null: the operands are something else. */
export function rampForm(ctx: LoweringContext, args: readonly IrValue[]): IrValue | null {
  const i = args[0]!.sums === undefined ? 1 : 0;
  const other = args[1 - i]!;
  // There is one name for a constant in a block.
  return args[i]!.sums !== undefined && other.aval.ndim === 0 && other.name === ctx.splat(0, other.aval).name ? args[i]!.sums!.ramp() : null;
}
