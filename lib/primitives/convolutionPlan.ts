import { type ShapedArray, sizeOf } from '../core/aval';
import type { IrValue, LoweringContext } from '../core/lowering';
import { type AxisPlan, type ConvolutionPlan, ownConvolution } from '../stablehlo/ownConvolution';
import type { ConvParams } from './convolution';
import { stridesIn, stridesOf } from './productForms';
import { range } from './structural';

// Convolutions on the CPU by the addon (native/convolution.cc). It is told where the elements lie in the arrays, so that any layout will do, and transposed operands are not transposed for it.
//
// Measured on 2 cores of a Xeon with the plugin xla_cpu_pjrt 0.0.1, each the only operation of its program, the other form that there is (convolutionForms.ts) and this: one picture of 14 × 14 × 32 to 64
// features by 3 × 3 142 and 46 µs, 32 of them 1510 and 1180, 56 × 56 × 64 to 64 1490 and 1110, 224 × 224 × 3 to 64 by 7 × 7 in steps of two 2230 and 1220, the gradient of such steps by the input 1200 and 690,
// three dimensions of 16 with 8 to 16 features 10,100 and 340; 28 × 28 × 1 to 8 features element by element 119 and 239, to 32 204 and 211.

/** Fewer multiplications than this stay with XLA, which may make one loop of them and their neighbours. */
const FEWEST = 1000;

/** What native/convolution_plan.cc takes. */
const MOST = 2 ** 31 - 1;
const MOST_STEP = 2 ** 20;
const MOST_LHS_DILATION = 16;
const MOST_PADDED = 2 ** 26;

const NO_AXIS: AxisPlan = { in: 1, window: 1, out: 1, stride: 1, low: 0, lhsDilation: 1, rhsDilation: 1, x: 0, y: 0, c: 0 };

function planOf(x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray): ConvolutionPlan | null {
  const { lhsSpec, rhsSpec, outSpec } = p.dimensionNumbers;
  const [xs, ys, cs] = [stridesIn(x), stridesIn(y), stridesOf(out.shape)];
  const of = (v: { aval: ShapedArray }, d: number) => v.aval.shape[d]!;
  const groups = Math.max(p.featureGroupCount, p.batchGroupCount);
  const [inputs, outputs] = [of(y, rhsSpec[1]!), of(y, rhsSpec[0]!) / groups];
  const batch = of(x, lhsSpec[0]!) / p.batchGroupCount;
  const space = range(lhsSpec.length - 2);
  if (space.length > 3) return null;
  const axes = space.map((i): AxisPlan => ({
    in: of(x, lhsSpec[i + 2]!), window: of(y, rhsSpec[i + 2]!), out: out.shape[outSpec[i + 2]!]!, stride: p.windowStrides[i]!, low: p.padding[i]![0],
    lhsDilation: p.lhsDilation[i]!, rhsDilation: p.rhsDilation[i]!, x: xs[lhsSpec[i + 2]!]!, y: ys[rhsSpec[i + 2]!]!, c: cs[outSpec[i + 2]!]!,
  }));
  const fits = (a: AxisPlan) => Math.max(a.stride, a.rhsDilation) <= MOST_STEP && a.lhsDilation <= MOST_LHS_DILATION && Math.abs(a.low) <= MOST;
  const padded = axes.reduce((n, a) => n * (((a.out - 1) * a.stride + (a.window - 1) * a.rhsDilation) / a.lhsDilation + 1), 1);
  if (!axes.every(fits) || padded > MOST_PADDED || [x.aval, y.aval, out].some((a) => sizeOf(a.shape) > MOST)) return null;
  return {
    groups: { size: groups, x: p.batchGroupCount > 1 ? batch * xs[lhsSpec[0]!]! : inputs * xs[lhsSpec[1]!]!, y: outputs * ys[rhsSpec[0]!]!, c: outputs * cs[outSpec[1]!]! },
    batch: { size: batch, x: xs[lhsSpec[0]!]!, c: cs[outSpec[0]!]! },
    inputs: { size: inputs, x: xs[lhsSpec[1]!]!, y: ys[rhsSpec[1]!]! },
    outputs: { size: outputs, y: ys[rhsSpec[0]!]!, c: cs[outSpec[1]!]! },
    axes: [...range(3 - space.length).map(() => NO_AXIS), ...axes],
  };
}

/** The convolution by the addon; null: as the operation, or in another form. */
export function ownForm(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray): IrValue | null {
  if ((out.size * sizeOf(y.aval.shape)) / y.aval.shape[p.dimensionNumbers.rhsSpec[0]!]! < FEWEST || !ctx.hasProducts) return null;
  const plan = planOf(x, y, p, out);
  return plan && ownConvolution(ctx, x.view?.of ?? x, y.view?.of ?? y, plan, out, p.dimensionNumbers.outSpec);
}
