import { type Shape, type ShapedArray, sizeOf } from '../core/aval';
import { isIntegral } from '../core/dtype';
import type { IrValue, LoweringContext } from '../core/lowering';
import { hlo } from '../stablehlo';
import { dotGeneral } from '../stablehlo/contraction';
import type { ConvParams } from './convolution';
import { ownForm } from './convolutionPlan';
import { inverse, range } from './structural';

// Other forms of convolutions, for where XLA's CPU compiler makes slow code of the operation itself, and its GPU compiler none. The former were measured in programs that go forward and
// backward (2 cores of a Xeon, plugin xla_cpu_pjrt 0.0.1), not alone: what wins alone may lose where it keeps its neighbours from being fused.

/** Fewer output features in each group, which the addon computes as a vector of 16, are for other forms, unless each is a sum of so many terms: XLA's operation is slower still. */
const FEWEST_OUTPUTS = 12;
const FEWEST_TERMS = 18;

/** Lowers a convolution. */
export type Emit = (ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray) => IrValue;

/**
 * The convolution in the form that is fastest on CPUs; null: as the operation that it is. The addon's own is so nearly everywhere ({@link ownForm}); these are for where it is not, or cannot be had:
 *
 * - Few input features (the first layer; the gradient of a last one): patches, 20–50 % less time than the operation, 4–8 % of a whole step of a small network.
 *   With more features patches lose: the step took 28 ms in place of 20 ms with them for 32 → 64 features, and 36 ms for the gradient of these.
 * - One input feature and few taps: element by element, 0.95 ms with patches → 0.49 ms for 32 × 28 × 28 to 32 features; inference of a small network 10–15 % less CPU time.
 * - Groups of few features: element by element, 13–25 ms → 1–3 ms for 64 × 14 × 14 with 32 groups.
 * - Groups of many features: group by group, if there are not so many that compiling (20 ms each) takes long; 11 ms → 3.5 ms for 4 groups of 8 → 16 features.
 * - Groups of the batch, which gradients of grouped kernels are: XLA computes all pairs of groups, 193 ms for those 4 groups, and 2100 ms for 64; group by group
 *   2 ms, and by positions 14 ms. It has a good form for one feature in each.
 */
export function cpuForm(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray, emit: Emit): IrValue | null {
  const { lhsSpec, rhsSpec } = p.dimensionNumbers;
  // Types that are summed up in a wider one must stay with the operation.
  if ((out.dtype !== 'float32' && out.dtype !== 'float64') || x.aval.dtype !== out.dtype) return null;
  const [outputs, inputs] = [y.aval.shape[rhsSpec[0]!]!, y.aval.shape[rhsSpec[1]!]!];
  const terms = sizeOf(taps(y, p)) * inputs;
  const own = outputs / Math.max(p.featureGroupCount, p.batchGroupCount) >= FEWEST_OUTPUTS || (p.featureGroupCount === 1 && p.batchGroupCount === 1 && terms >= FEWEST_TERMS) ? ownForm(ctx, x, y, p, out) : null;
  if (own !== null) return own;
  if (p.batchGroupCount > 1) {
    const groups = p.batchGroupCount;
    if (outputs === groups && x.aval.shape[lhsSpec[0]!] === groups) return null;
    if (groups <= 32) return groupsForm(ctx, x, y, p, out, emit);
    return sizeOf(spaceOf(out, p)) <= 64 ? positionsForm(ctx, x, y, p, out) : null;
  }
  if (p.featureGroupCount > 1) {
    const groups = p.featureGroupCount;
    if (terms <= 100 && (inputs * outputs) / groups <= 32) return elementwiseForm(ctx, x, y, p, out);
    return groups > 2 && groups <= 16 ? groupsForm(ctx, x, y, p, out, emit) : null;
  }
  if (inputs === 1 && terms <= 9 && outputs <= 64 && p.lhsDilation.every((v) => v === 1)) return elementwiseForm(ctx, x, y, p, out);
  return inputs <= 4 && terms <= Math.max(32, outputs) && p.lhsDilation.every((v) => v === 1) ? patchesForm(ctx, x, y, p, out) : null;
}

/** As many positions of a window as are written out, each as a slice. */
const MOST_TAPS = 512;

/** Convolutions of integers, which cuDNN has not, in a form that GPUs have; null: as the operation. */
export function gpuForm(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray, emit: Emit): IrValue | null {
  if (!isIntegral(x.aval.dtype)) return null;
  const wide = (v: IrValue) => hlo.convert(ctx, v, v.aval.withDtype(out.dtype));
  if (!isIntegral(out.dtype)) return emit(ctx, wide(x), wide(y), p, out);
  if (sizeOf(taps(y, p)) > MOST_TAPS) return null;
  return Math.max(p.featureGroupCount, p.batchGroupCount) > 1 ? groupsForm(ctx, x, y, p, out, emit) : patchesForm(ctx, wide(x), wide(y), p, out);
}

const permuted = (ctx: LoweringContext, x: IrValue, order: readonly number[]) => (order.every((d, i) => d === i) ? x : hlo.transpose(ctx, x, order));

/** Spatial dimensions of an array in the order batch, space, features, padded and with the holes of its dilation. */
function padded(ctx: LoweringContext, x: IrValue, p: ConvParams): IrValue {
  const low = [0, ...p.padding.map((v) => v[0]), 0];
  const high = [0, ...p.padding.map((v) => v[1]), 0];
  const interior = [0, ...p.lhsDilation.map((v) => v - 1), 0];
  if ([...low, ...high, ...interior].every((v) => v === 0)) return x;
  return hlo.pad(ctx, x, ctx.splat(0, x.aval.withShape([])), low, high, interior);
}

/** Every position in a window. */
function positions(window: Shape): number[][] {
  return window.reduce<number[][]>((all, n) => all.flatMap((at) => range(n).map((i) => [...at, i])), [[]]);
}

/** What each position of the window sees, for all elements of the result: arrays of batch, space of the result, features. */
function views(ctx: LoweringContext, x: IrValue, window: Shape, space: Shape, p: ConvParams): IrValue[] {
  const { lhsSpec } = p.dimensionNumbers;
  const full = padded(ctx, permuted(ctx, x, [lhsSpec[0]!, ...lhsSpec.slice(2), lhsSpec[1]!]), p);
  const [batch, features] = [full.aval.shape[0]!, full.aval.shape[full.aval.ndim - 1]!];
  return positions(window).map((at) => {
    const start = at.map((k, i) => k * p.rhsDilation[i]!);
    return hlo.slice(ctx, full, [0, ...start, 0], [batch, ...start.map((s, i) => s + (space[i]! - 1) * p.windowStrides[i]! + 1), features], [1, ...p.windowStrides, 1]);
  });
}

const taps = (y: IrValue, p: ConvParams) => p.dimensionNumbers.rhsSpec.slice(2).map((d) => y.aval.shape[d]!);
const spaceOf = (out: ShapedArray, p: ConvParams) => p.dimensionNumbers.outSpec.slice(2).map((d) => out.shape[d]!);

/** From batch, space, features to the result's layout. */
function toLayout(ctx: LoweringContext, x: IrValue, p: ConvParams): IrValue {
  const { outSpec } = p.dimensionNumbers;
  return permuted(ctx, x, inverse([outSpec[0]!, ...outSpec.slice(2), outSpec[1]!]));
}

/** As one matrix product of patches of the input with the kernel: for few input features, where the patches are not much. */
function patchesForm(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray): IrValue {
  const { rhsSpec } = p.dimensionNumbers;
  const window = taps(y, p);
  const space = spaceOf(out, p);
  const seen = views(ctx, x, window, space, p);
  const batch = seen[0]!.aval.shape[0]!;
  const [outputs, inputs] = [y.aval.shape[rhsSpec[0]!]!, y.aval.shape[rhsSpec[1]!]!];
  const rows = batch * sizeOf(space);
  const columns = seen.length * inputs;
  const patches = hlo.concatenate(ctx, seen, space.length + 1);
  const kernel = hlo.reshape(ctx, permuted(ctx, y, [...rhsSpec.slice(2), rhsSpec[1]!, rhsSpec[0]!]), y.aval.withShape([columns, outputs]));
  const pair = { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [], precision: null, algorithm: null };
  const flat = dotGeneral(ctx, hlo.reshape(ctx, patches, x.aval.withShape([rows, columns])), kernel, pair, out.withShape([rows, outputs]));
  return toLayout(ctx, hlo.reshape(ctx, flat, out.withShape([batch, ...space, outputs])), p);
}

/** As a sum of products element by element, which XLA fuses: for few input and output features in each group, depthwise convolutions above all. */
function elementwiseForm(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray): IrValue {
  const { rhsSpec } = p.dimensionNumbers;
  const groups = p.featureGroupCount;
  const window = taps(y, p);
  const space = spaceOf(out, p);
  const inputs = y.aval.shape[rhsSpec[1]!]!;
  const outputs = y.aval.shape[rhsSpec[0]!]! / groups;
  const kernel = hlo.reshape(ctx, permuted(ctx, y, [...rhsSpec.slice(2), rhsSpec[1]!, rhsSpec[0]!]), y.aval.withShape([sizeOf(window) * inputs, groups, outputs]));
  const batch = x.aval.shape[p.dimensionNumbers.lhsSpec[0]!]!;
  const rank = space.length + 3;
  const wide = x.aval.withShape([batch, ...space, groups, outputs]);
  const terms = views(ctx, x, window, space, p).flatMap((seen, k) => {
    const split = inputs === 1 ? seen : hlo.reshape(ctx, seen, x.aval.withShape([batch, ...space, groups, inputs]));
    return range(inputs).map((j) => {
      const start = [...range(rank - 1).map(() => 0), j];
      const one = inputs === 1 ? seen : hlo.reshape(ctx, hlo.slice(ctx, split, start, [batch, ...space, groups, j + 1], start.map(() => 1)), x.aval.withShape([batch, ...space, groups]));
      const row = k * inputs + j;
      const tap = hlo.reshape(ctx, hlo.slice(ctx, kernel, [row, 0, 0], [row + 1, groups, outputs], [1, 1, 1]), y.aval.withShape([groups, outputs]));
      return hlo.multiply(ctx, hlo.broadcastInDim(ctx, one, range(rank - 1), wide), hlo.broadcastInDim(ctx, tap, [rank - 2, rank - 1], wide));
    });
  });
  return toLayout(ctx, hlo.reshape(ctx, terms.reduce((a, b) => hlo.add(ctx, a, b)), out.withShape([batch, ...space, groups * outputs])), p);
}

/** As one convolution for each group. */
function groupsForm(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray, emit: Emit): IrValue {
  const { lhsSpec, rhsSpec, outSpec } = p.dimensionNumbers;
  const groups = Math.max(p.featureGroupCount, p.batchGroupCount);
  const of = (v: IrValue, dim: number, g: number) => {
    const n = v.aval.shape[dim]! / groups;
    return hlo.slice(ctx, v, v.aval.shape.map((_, i) => (i === dim ? g * n : 0)), v.aval.shape.map((s, i) => (i === dim ? (g + 1) * n : s)), v.aval.shape.map(() => 1));
  };
  const each = out.withShape(out.shape.map((n, i) => (i === outSpec[1] ? n / groups : n)));
  const parts = range(groups).map((g) => emit(ctx, of(x, lhsSpec[p.batchGroupCount > 1 ? 0 : 1]!, g), of(y, rhsSpec[0]!, g), { ...p, featureGroupCount: 1, batchGroupCount: 1 }, each));
  return hlo.concatenate(ctx, parts, outSpec[1]!);
}

/**
 * As one matrix product, batched over groups, for each position of the result's space: for groups of the batch, which gradients of kernels of grouped
 * convolutions are, with windows as large as the input and few positions.
 */
function positionsForm(ctx: LoweringContext, x: IrValue, y: IrValue, p: ConvParams, out: ShapedArray): IrValue {
  const { lhsSpec, rhsSpec } = p.dimensionNumbers;
  const groups = p.batchGroupCount;
  const space = spaceOf(out, p);
  const window = taps(y, p);
  const full = padded(ctx, permuted(ctx, x, [lhsSpec[1]!, ...lhsSpec.slice(2), lhsSpec[0]!]), p);
  const kernel = permuted(ctx, y, [rhsSpec[1]!, ...rhsSpec.slice(2), rhsSpec[0]!]);
  const [features, batch, outputs] = [full.aval.shape[0]!, full.aval.shape[full.aval.ndim - 1]!, y.aval.shape[rhsSpec[0]!]!];
  const rows = features * sizeOf(window);
  const grouped = (v: IrValue, n: number) => hlo.reshape(ctx, v, v.aval.withShape([rows, groups, n / groups]));
  const right = grouped(kernel, outputs);
  const pair = { lhsContract: [0], rhsContract: [0], lhsBatch: [1], rhsBatch: [1], precision: null, algorithm: null };
  const each = [groups, batch / groups, outputs / groups];
  const parts = positions(space).map((q) => {
    const start = q.map((v, i) => v * p.windowStrides[i]!);
    const seen = hlo.slice(ctx, full, [0, ...start, 0], [features, ...start.map((s, i) => s + (window[i]! - 1) * p.rhsDilation[i]! + 1), batch], [1, ...p.rhsDilation, 1]);
    return hlo.reshape(ctx, dotGeneral(ctx, grouped(seen, batch), right, pair, out.withShape(each)), out.withShape([1, ...each]));
  });
  const all = hlo.concatenate(ctx, parts, 0);
  // [positions, groups, batch, features] to batch, space, groups and features.
  const ordered = hlo.reshape(ctx, hlo.transpose(ctx, all, [2, 0, 1, 3]), out.withShape([batch / groups, ...space, outputs]));
  return toLayout(ctx, ordered, p);
}
