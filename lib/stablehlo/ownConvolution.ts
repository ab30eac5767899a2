import type { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext } from '../core/lowering';
import type { Block } from './block';
import { paced, rowMajor } from './contraction';
import { i64s } from './ops';

/** A spatial dimension: sizes of input, window and result, steps, padding before it, holes in input and window, and how far apart the elements lie in the three arrays. */
export interface AxisPlan {
  readonly in: number;
  readonly window: number;
  readonly out: number;
  readonly stride: number;
  readonly low: number;
  readonly lhsDilation: number;
  readonly rhsDilation: number;
  readonly x: number;
  readonly y: number;
  readonly c: number;
}

/** Where the elements of a convolution lie: sizes of its dimensions, and how far apart the elements along them lie in input `x`, kernel `y` and result `c`. */
export interface ConvolutionPlan {
  readonly groups: { readonly size: number; readonly x: number; readonly y: number; readonly c: number };
  readonly batch: { readonly size: number; readonly x: number; readonly c: number };
  /** Features of the input in each group. */
  readonly inputs: { readonly size: number; readonly x: number; readonly y: number };
  /** Features of the result in each group. */
  readonly outputs: { readonly size: number; readonly y: number; readonly c: number };
  /** Three. */
  readonly axes: readonly AxisPlan[];
}

/** A convolution by the addon's own function (native/convolution.cc), which checks the plan again. */
export function ownConvolution(ctx: LoweringContext, x: IrValue, y: IrValue, { groups, batch, inputs, outputs, axes }: ConvolutionPlan, out: ShapedArray): IrValue {
  const numbers = [
    groups.size, groups.x, groups.y, groups.c, batch.size, batch.x, batch.c, inputs.size, inputs.x, inputs.y, outputs.size, outputs.y, outputs.c,
    ...axes.flatMap((a) => [a.in, a.window, a.out, a.stride, a.low, a.lhsDilation, a.rhsDilation, a.x, a.y, a.c]),
  ];
  const work = axes.reduce((n, a) => (n * a.out * a.window) / a.lhsDilation, 2 * groups.size * batch.size * inputs.size * outputs.size);
  const extra = paced(ctx, [x, y], work);
  const operands = extra === null ? [x, y] : [x, y, extra];
  const made = ctx.emit('stablehlo.custom_call', operands, [out], `call_target_name = "xs_convolution", api_version = 4 : i32, backend_config = {plan = ${i64s(numbers)}}, `
    + `operand_layouts = [${operands.map((v) => rowMajor(v.aval)).join(', ')}], result_layouts = [${rowMajor(out)}]`)[0]!;
  (ctx as Block).module.products.add(made.name);
  return { ...made, own: true };
}
