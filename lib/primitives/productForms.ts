import { sameShape, type Shape, type ShapedArray } from '../core/aval';
import { registerCache } from '../core/caches';
import type { IrValue, LoweringContext } from '../core/lowering';
import { hlo } from '../stablehlo';
import { type DotAttrs, type MatrixPlan, type PlanDim, product, scaledProduct } from '../stablehlo/contraction';
import { except, inverse, range } from './structural';

// Products of matrices on the CPU by OpenBLAS (native/blas.cc). It is told where the elements of the matrices lie in the arrays, so that neither operands nor
// results are transposed for it: where the lowering knows that an operand is a transposed array, or that all that is wanted of the result is the transposed one, that is part
// of the plan.
//
// Measured on 2 cores of a Xeon with the plugin xla_cpu_pjrt 0.0.1, XLA's own product and this one, each the only operation of its program: 32 × 784 by 784 × 512 takes 274 and 143 µs,
// 128 × 784 by 784 × 512 513 and 392, 32 × 128 by 128 × 384 88 and 17, 16 × 16 by 16 × 16 9.7 and 3.2.

/** Fewer multiplications than this, all together or in each matrix of many, stay with XLA, which may make one loop of them and their neighbours. */
const FEWEST = 1000;

/** Sums of fewer terms are a pass over the result, which XLA writes as such: 1000 × 2 by 2 × 1000 takes 0.58 ms by it and 0.85 by OpenBLAS, with 3 terms 0.59 and 0.51. */
const FEWEST_TERMS = 3;

/** What native/blas.cc takes: numbers that BLAS can hold, and so many dimensions. */
const MOST = 2 ** 31 - 1;
const MOST_DIMS = 24;

const UNIT: PlanDim = { size: 1, x: 0, y: 0, out: 0 };

/** How far apart the elements along each dimension lie. */
export function stridesOf(shape: Shape): number[] {
  const out = new globalThis.Array<number>(shape.length);
  for (let d = shape.length - 1, n = 1; d >= 0; d--) {
    out[d] = n;
    n *= shape[d]!;
  }
  return out;
}

/** The strides of a value's dimensions in memory, where that of what it is a transposed view of counts. */
export function stridesIn({ aval, view }: IrValue): number[] {
  if (view === undefined) return stridesOf(aval.shape);
  const strides = stridesOf(view.of.aval.shape);
  return view.permutation.map((p) => strides[p]!);
}

/** Dimensions of one kind, without those of size 1, those that can be walked through as one made one. */
function merged(dims: PlanDim[]): PlanDim[] {
  const long = dims.filter((d) => d.size > 1).sort((a, b) => b.x - a.x || b.y - a.y);
  const out: PlanDim[] = [];
  for (const d of long) {
    const last = out[out.length - 1];
    if (last !== undefined && last.x === d.x * d.size && last.y === d.y * d.size && last.out === d.out * d.size) out[out.length - 1] = { ...d, size: last.size * d.size };
    else out.push(d);
  }
  return out;
}

const oneOrNone = (dims: PlanDim[]) => (dims.length === 0 ? [UNIT] : dims);

/** A matrix whose rows, or whose columns, lie together without overlapping. */
const readable = (rows: number, columns: number, down: number, right: number) =>
  ((right === 1 || columns === 1) && (rows === 1 || down >= columns)) || ((down === 1 || rows === 1) && (columns === 1 || right >= rows));

/** The largest matrices that the dimensions have in them, and loops for the others; null: there are none that BLAS can read. */
function planOf(batch: PlanDim[], m: PlanDim[], n: PlanDim[], k: PlanDim[]): MatrixPlan | null {
  let best: MatrixPlan | null = null;
  let most = 0;
  for (const i of oneOrNone(m)) {
    for (const j of oneOrNone(n)) {
      if (!((j.out === 1 || j.size === 1) && (i.size === 1 || i.out >= j.size))) continue;
      for (const l of oneOrNone(k)) {
        const size = i.size * j.size * l.size;
        if (size <= most || !readable(i.size, l.size, i.x, l.x) || !readable(l.size, j.size, l.y, j.y)) continue;
        most = size;
        best = { m: i, n: j, k: l, loops: [...batch, ...m.filter((d) => d !== i), ...n.filter((d) => d !== j)], inner: k.filter((d) => d !== l) };
      }
    }
  }
  return best;
}

const swapped = (dims: PlanDim[]): PlanDim[] => dims.map(({ size, x, y, out }) => ({ size, x: y, y: x, out }));

interface Planned {
  readonly plan: MatrixPlan;
  /** Whether it is of the operands in the other order. */
  readonly turned: boolean;
  readonly shape: Shape;
}

/** How BLAS makes a product, its result's dimensions permuted; null: XLA's own is the better one, or matrices do not lie as BLAS reads them. */
function planned(x: IrValue, y: IrValue, a: DotAttrs, out: ShapedArray, permutation: readonly number[]): Planned | null {
  const [left, right] = [stridesIn(x), stridesIn(y)];
  const shape = permutation.map((p) => out.shape[p]!);
  const placed = stridesOf(shape);
  const outStrides = inverse(permutation).map((i) => placed[i]!);
  const [xFree, yFree] = [except(x.aval.ndim, a.lhsContract, a.lhsBatch), except(y.aval.ndim, a.rhsContract, a.rhsBatch)];
  const nb = a.lhsBatch.length;
  const size = (d: number) => x.aval.shape[d]!;
  const batch = merged(range(nb).map((i) => ({ size: size(a.lhsBatch[i]!), x: left[a.lhsBatch[i]!]!, y: right[a.rhsBatch[i]!]!, out: outStrides[i]! })));
  const m = merged(xFree.map((d, i) => ({ size: size(d), x: left[d]!, y: 0, out: outStrides[nb + i]! })));
  const n = merged(yFree.map((d, i) => ({ size: y.aval.shape[d]!, x: 0, y: right[d]!, out: outStrides[nb + xFree.length + i]! })));
  const k = merged(range(a.lhsContract.length).map((i) => ({ size: size(a.lhsContract[i]!), x: left[a.lhsContract[i]!]!, y: right[a.rhsContract[i]!]!, out: 0 })));
  // Multiplying numbers, rows by columns: not what matrices are for.
  if (k.length === 0 || (m.length === 0 && n.length === 0)) return null;
  const straight = planOf(batch, m, n, k);
  const turned = planOf(swapped(batch), swapped(n), swapped(m), swapped(k));
  const matrix = (p: MatrixPlan | null) => (p === null ? 0 : p.m.size * p.n.size * p.k.size);
  const plan = matrix(turned) > matrix(straight) ? turned : straight;
  if (plan === null || matrix(plan) < FEWEST || plan.loops.length + plan.inner.length > MOST_DIMS) return null;
  if ([plan.m, plan.n, plan.k, ...plan.loops, ...plan.inner].some((d) => Math.max(d.size, d.x, d.y, d.out) > MOST)) return null;
  return { plan, turned: plan === turned, shape };
}

// By all that plans are made of: layers are alike, and to plan takes as long as the rest of a product's tracing and lowering.
const plans = new Map<string, Planned | null>();
registerCache(() => plans.clear());

/** The product by OpenBLAS as it is {@link planned}. */
function permutedProduct(ctx: LoweringContext, x: IrValue, y: IrValue, a: DotAttrs, out: ShapedArray, permutation: readonly number[]): IrValue | null {
  const key = [x.aval.shape, x.view?.permutation, y.aval.shape, y.view?.permutation, a.lhsContract, a.rhsContract, a.lhsBatch, a.rhsBatch, permutation].join(';');
  let p = plans.get(key);
  if (p === undefined) plans.set(key, (p = planned(x, y, a, out, permutation)));
  if (p === null) return null;
  const left = x.view?.of ?? x;
  const right = y.view?.of ?? y;
  return p.turned ? product(ctx, right, left, p.plan, out.withShape(p.shape)) : product(ctx, left, right, p.plan, out.withShape(p.shape));
}

/** The product by OpenBLAS; null: as the operation. */
export function productForm(ctx: LoweringContext, x: IrValue, y: IrValue, a: DotAttrs, out: ShapedArray): IrValue | null {
  if ((out.dtype !== 'float32' && out.dtype !== 'float64') || x.aval.dtype !== out.dtype || y.aval.dtype !== out.dtype || a.algorithm !== null) return null;
  const terms = a.lhsContract.reduce((n, d) => n * x.aval.shape[d]!, 1);
  if (terms < FEWEST_TERMS || out.size * terms < FEWEST || !ctx.hasProducts) return null;
  // Gradients of weights are computed transposed.
  const use = ctx.onlyUse();
  if (use !== null && use.prim.name === 'transpose') {
    const { permutation } = use.params as { permutation: readonly number[] };
    const made = permutedProduct(ctx, x, y, a, out, permutation);
    if (made !== null) return hlo.transpose(ctx, made, inverse(permutation));
  }
  return permutedProduct(ctx, x, y, a, out, range(out.ndim));
}

/** A product times a number, which may still be added to something where that lies; null: this is not one. */
export function scaledForm(ctx: LoweringContext, args: readonly IrValue[], multiply: () => IrValue): IrValue | null {
  const i = args[0]!.product === undefined ? 1 : 0;
  const { product: of } = args[i]!;
  const scale = args[1 - i]!;
  return of !== undefined && of.scale === null && scale.aval.ndim === 0 ? scaledProduct(ctx, of, scale, multiply()) : null;
}

/** A product added to something in its memory, as steps of SGD do it with weights, or subtracted from it; null: this is neither. */
export function sumForm(ctx: LoweringContext, args: readonly IrValue[], subtract = false): IrValue | null {
  for (let i = 1; i >= (subtract ? 1 : 0); i--) {
    const { product: of } = args[i]!;
    const addend = args[1 - i]!;
    if (of === undefined || addend.own === undefined || addend.name === args[i]!.name || !sameShape(addend.aval.shape, args[i]!.aval.shape)) continue;
    const one = () => ctx.splat(1, addend.aval.withShape([]));
    const sum = of.addTo(addend, subtract ? hlo.negate(ctx, of.scale ?? one()) : of.scale);
    if (sum !== null) return sum;
  }
  return null;
}
