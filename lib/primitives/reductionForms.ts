import { type Shape, type ShapedArray, sizeOf } from '../core/aval';
import type { IrValue, LoweringContext } from '../core/lowering';
import { hlo } from '../stablehlo';
import { product } from '../stablehlo/contraction';

// Other forms of reductions for XLA's CPU compiler, which walks several reduced dimensions in a row, and the last one, element by element. Measured on 2 cores of a Xeon
// (plugin xla_cpu_pjrt 0.0.1), each in a program of its own, in microseconds, before and after:
//
// - sums over all but the last dimension: 8 × 128 × 256 211 → 27, 32 × 28 × 28 × 32 1170 → 98, of exponentials of the latter 1633 → 769;
// - sums over the last dimension, as a product with ones: 1024 × 256 94 → 19, 100 × 4096 121 → 23;
// - sums of everything: 8 × 128 × 1024 492 → 143, 32 × 28 × 28 × 32 664 → 136.

/** Operands of fewer elements are reduced as they are: what surrounds them is in one loop with them. */
const FEWEST = 4096;

/** XLA fuses shorter sums with what makes their operand. */
const LONG = 32;
/** Rows are summed up in parts of so many elements, one after the other, and then their sums: more of either would lose digits. */
const PART = 256;
const LONGEST_ROW = 8192;

/** The largest part of at most {@link PART} elements that rows can be cut into; 0: only short ones. */
function divisor(size: number): number {
  for (let parts = Math.ceil(size / PART); size / parts > LONG; parts++) if (size % parts === 0) return size / parts;
  return 0;
}

/** Neighbouring dimensions that are all reduced, or all kept, as one. */
interface Run {
  size: number;
  readonly reduced: boolean;
}

function runsOf(shape: Shape, axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  shape.forEach((size, d) => {
    if (size === 1) return;
    const reduced = axes.includes(d);
    const last = runs[runs.length - 1];
    if (last !== undefined && last.reduced === reduced) last.size *= size;
    else runs.push({ size, reduced });
  });
  return runs;
}

const sizes = (runs: readonly Run[]) => runs.map((r) => r.size);
const reducedOf = (runs: readonly Run[]) => runs.flatMap((r, i) => (r.reduced ? [i] : []));

/** x in another shape, kept apart from what makes it and what reads it: XLA would take the dimensions apart again. */
function apart(ctx: LoweringContext, x: IrValue, shape: Shape): IrValue {
  const flat = hlo.reshape(ctx, x, x.aval.withShape(shape));
  return hlo.optimizationBarrier(ctx, [flat], [flat.aval])[0]!;
}

/** A result without the dimensions of size 1 that it is to have. */
const shaped = (ctx: LoweringContext, x: IrValue, out: ShapedArray) => (x.aval.ndim === out.ndim ? x : hlo.reshape(ctx, x, out));

/** Reduces an operand over dimensions. */
export type Reduce = (x: IrValue, axes: readonly number[], out: ShapedArray) => IrValue;

/**
 * A reduction over some dimensions, those in a row as one; null: it is of everything, or of few. Also where one dimension alone is reduced: if it is several that were reshaped to
 * one, XLA takes them apart.
 */
export function mergedForm(ctx: LoweringContext, x: IrValue, axes: readonly number[], out: ShapedArray, reduce: Reduce): IrValue | null {
  if (ctx.platform !== 'cpu' || ctx.isDivided || x.aval.size < FEWEST) return null;
  const runs = runsOf(x.aval.shape, axes);
  if (runs.length < 2 || !runs.some((r) => r.reduced)) return null;
  const together = axes.filter((d) => x.aval.shape[d]! > 1).length > reducedOf(runs).length;
  if (!together && (runs[runs.length - 1]!.reduced || runs[runs.length - 2]!.size <= LONG)) return null;
  const to = out.withShape(sizes(runs.filter((r) => !r.reduced)));
  return shaped(ctx, reduce(apart(ctx, x, sizes(runs)), reducedOf(runs), to), out);
}

/** A sum in the form that is fastest on CPUs; null: as the operation that it is. */
export function cpuSum(ctx: LoweringContext, x: IrValue, axes: readonly number[], out: ShapedArray, sum: Reduce): IrValue | null {
  const { aval } = x;
  if (ctx.platform !== 'cpu' || ctx.isDivided || aval.size < FEWEST || (aval.dtype !== 'float32' && aval.dtype !== 'float64')) return null;
  const runs = runsOf(aval.shape, axes);
  if (!runs.some((r) => r.reduced)) return null;
  const last = runs[runs.length - 1]!;
  if (runs.length === 1) {
    const side = [32, 16, 8].find((k) => aval.size % k === 0);
    if (side === undefined) return null;
    const few = sum(apart(ctx, x, [aval.size / side, side]), [0], out.withShape([side]));
    return shaped(ctx, sum(apart(ctx, few, [side]), [0], out.withShape([])), out);
  }
  const each = last.reduced && last.size > LONG && last.size <= LONGEST_ROW && ctx.hasProducts ? divisor(last.size) : 0;
  if (each === 0) return mergedForm(ctx, x, axes, out, sum);
  const kept = sizes(runs.slice(0, -1));
  const ones = ctx.splat(1, aval.withShape([each]));
  const plan = {
    m: { size: sizeOf(kept), x: last.size, y: 0, out: 1 }, n: { size: 1, x: 0, y: 0, out: 0 }, k: { size: each, x: 1, y: 1, out: 0 },
    loops: [], inner: each === last.size ? [] : [{ size: last.size / each, x: each, y: 0, out: 0 }],
  };
  if (runs.length === 2) return product(ctx, x, ones, plan, out);
  const rows = product(ctx, x, ones, plan, out.withShape(kept));
  return shaped(ctx, sum(rows, reducedOf(runs.slice(0, -1)), out.withShape(sizes(runs.filter((r) => !r.reduced)))), out);
}
