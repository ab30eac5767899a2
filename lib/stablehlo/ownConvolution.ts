import { type ShapedArray, sizeOf } from '../core/aval';
import type { IrValue, LoweringContext, SumsValue } from '../core/lowering';
import type { Block } from './block';
import { paced } from './contraction';
import { i64s } from './ops';
import { byRows } from './types';

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

/** What is done with sums before they are the result. */
interface After {
  readonly bias: IrValue | null;
  readonly ramp: boolean;
  readonly pool: readonly number[];
}

const NOTHING: After = { bias: null, ramp: false, pool: [1, 1, 1] };
/** As many elements as a window that is pooled may have (native/convolution_plan.h). */
const MOST_POOLED = 16;

/** A convolution by the addon's own function (native/convolution.cc), which checks the plan again. `outSpec` has the positions of batch, features and space in the result. */
export function ownConvolution(ctx: LoweringContext, x: IrValue, y: IrValue, plan: ConvolutionPlan, out: ShapedArray, outSpec: readonly number[]): IrValue {
  const { groups, inputs, outputs, batch, axes } = plan;
  const work = axes.reduce((n, a) => (n * a.out * a.window) / a.lhsDilation, 2 * groups.size * batch.size * inputs.size * outputs.size);
  return emit(ctx as Block, [x, y, paced(ctx, [y, x], work)], plan, NOTHING, out, outSpec);
}

function emit(block: Block, [x, y, extra]: readonly [IrValue, IrValue, IrValue | null], plan: ConvolutionPlan, after: After, out: ShapedArray, outSpec: readonly number[]): IrValue {
  const { groups, batch, inputs, outputs, axes } = plan;
  const numbers = [
    groups.size, groups.x, groups.y, groups.c, batch.size, batch.x, batch.c, inputs.size, inputs.x, inputs.y, outputs.size, outputs.y, outputs.c,
    ...axes.flatMap((a) => [a.in, a.window, a.out, a.stride, a.low, a.lhsDilation, a.rhsDilation, a.x, a.y, a.c]),
  ];
  const operands = [x, y, after.bias, extra].filter((v) => v !== null);
  const then = after === NOTHING ? '' : `, after = ${i64s([after.bias === null ? -1 : 2, after.ramp ? 1 : 0, ...after.pool])}`;
  const made = block.emit('stablehlo.custom_call', operands, [out], `call_target_name = "xs_convolution", api_version = 4 : i32, backend_config = {plan = ${i64s(numbers)}${then}}, `
    + byRows(operands, [out]))[0]!;
  block.module.products.add(made.name);
  const line = block.lines.length - 1;
  const again = (more: Partial<After>, changed = plan, result = out): IrValue => {
    const by = emit(block, [x, y, extra], changed, { ...after, ...more }, result, outSpec);
    block.replace(line, made, by);
    return by;
  };
  const pooled = after.pool.some((n) => n > 1);
  const sums: SumsValue = {
    plus: (bias) => (after.bias === null && !after.ramp && !pooled && bias.aval.dtype === out.dtype && bias.aval.ndim === out.ndim
      && bias.aval.shape.every((n, d) => n === (d === outSpec[1] ? groups.size * outputs.size : 1)) ? again({ bias }) : null),
    ramp: () => (after.ramp ? null : again({ ramp: true })),
    pool: (window, result) => {
      if (pooled || sizeOf(window) > MOST_POOLED || window[outSpec[0]!] !== 1 || window[outSpec[1]!] !== 1 || axes.some((a) => a.lhsDilation > 1)) return null;
      // Places that are in no window are not computed.
      const strides = result.shape.map((_, d) => sizeOf(result.shape.slice(d + 1)));
      const pool = [...new Array<number>(5 - outSpec.length).fill(1), ...outSpec.slice(2).map((d) => window[d]!)];
      const at = (i: number) => outSpec[i - 3 + outSpec.length];
      const changed = axes.map((a, i) => (at(i) === undefined || i < 5 - outSpec.length ? a : { ...a, out: result.shape[at(i)!]! * pool[i]!, c: strides[at(i)!]! }));
      const c = strides[outSpec[1]!]!;
      return again({ pool }, { ...plan, axes: changed, groups: { ...groups, c: outputs.size * c }, outputs: { ...outputs, c }, batch: { ...batch, c: strides[outSpec[0]!]! } }, result);
    },
  };
  return { ...made, own: true, sums };
}
