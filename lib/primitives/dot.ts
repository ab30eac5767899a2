import type { Array } from '../core/array';
import { checkDtype, ShapedArray, sizeOf } from '../core/aval';
import { type DType, dtypeKind, isIntegral, realDtype } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { pythonList, Verbatim } from '../core/pythonText';
import { type BatchDim, definePrimitive, isUndefinedPrimal, type MaybeZero, type Sample, type SinglePrimitive } from '../core/primitive';
import { fixedOperand } from '../interpreters/transpose';
import { hlo } from '../stablehlo';
import type { IrValue, LoweringContext } from '../core/lowering';
import { type DotAttrs, dotGeneral as emitDot } from '../stablehlo/contraction';
import { addAny } from './nary';
import { type CanonicalPrecision, canonicalizePrecision, dtypeBits, isAlgorithm, planAlgorithm, type PrecisionLike, printedPrecision, productDtype } from './precision';
import { productForm } from './productForms';
import { convert, except, inverse, range, transpose } from './structural';

/** Contracted dimensions of both operands, then batch dimensions of both: those of the two lists of a pair go together. */
export type DotDimensionNumbers = readonly [
  contract: readonly [lhs: readonly number[], rhs: readonly number[]],
  batch: readonly [lhs: readonly number[], rhs: readonly number[]],
];

export interface DotGeneralParams {
  dimensionNumbers: DotDimensionNumbers;
  /** Always null: kept because JAX has it. */
  outSharding: null;
  precision: CanonicalPrecision;
  preferredElementType: DType | null;
}

function checkDims(side: string, aval: ShapedArray, contract: readonly number[], batch: readonly number[]): void {
  const n = contract.length;
  for (let i = 0; i < n + batch.length; i++) {
    const d = i < n ? contract[i]! : batch[i - n]!;
    if (!Number.isInteger(d) || d < 0 || d >= aval.ndim) throw new ShapeError(`dotGeneral: dimension ${d} is not one of the ${aval.ndim} of the ${side} operand ${aval}`);
    const first = contract.indexOf(d);
    if (i !== (first >= 0 ? first : n + batch.indexOf(d))) throw new ShapeError(`dotGeneral: expected distinct dimensions of the ${side} operand, got contracting [${contract}] and batch [${batch}]`);
  }
}

function checkPairs(kind: string, x: ShapedArray, y: ShapedArray, dx: readonly number[], dy: readonly number[]): void {
  if (dx.length !== dy.length) throw new ShapeError(`dotGeneral: expected as many ${kind} dimensions of both operands, got [${dx}] and [${dy}]`);
  for (let i = 0; i < dx.length; i++) {
    const d = dx[i]!;
    if (x.shape[d] !== y.shape[dy[i]!]) throw new ShapeError(`dotGeneral: expected ${kind} dimensions of equal sizes, got ${x.shape[d]} (dimension ${d} of ${x}) and ${y.shape[dy[i]!]} (dimension ${dy[i]} of ${y})`);
  }
}

const runsUp = (dims: readonly number[]) => dims.every((d, i) => i === 0 || d === dims[i - 1]! + 1);
const sizeAlong = (aval: ShapedArray, dims: readonly number[]) => sizeOf(dims.map((d) => aval.shape[d]!));

/** Whether both operands have at most one batch, one contracted and one free dimension. */
function isFlat(x: ShapedArray, y: ShapedArray, { lhsBatch, lhsContract }: DotAttrs): boolean {
  const nb = lhsBatch.length;
  const nc = lhsContract.length;
  return nb < 2 && nc < 2 && x.shape.length - nb - nc < 2 && y.shape.length - nb - nc < 2;
}

/**
 * A product of at most one batch, one contracted and one free dimension of each operand where dimensions lie so that this costs only reshapes; null: they do not.
 *
 * For gradients of weights by sequences, [B, T, m] and [B, T, n] to [m, n], XLA's CPU compiler otherwise writes a transposed copy of an operand, and computes what
 * that is made of once more for it: a training step of a transformer's block of 8 × 128 tokens took 40 ms, and takes 32 ms with this form (2 cores).
 */
function flatForm(ctx: LoweringContext, x: IrValue, y: IrValue, a: DotAttrs, out: ShapedArray): IrValue | null {
  const { lhsBatch, rhsBatch } = a;
  const nb = lhsBatch.length;
  const nc = a.lhsContract.length;
  const xFree = except(x.aval.ndim, a.lhsContract, lhsBatch);
  const yFree = except(y.aval.ndim, a.rhsContract, rhsBatch);
  const order = range(nc).sort((i, j) => a.lhsContract[i]! - a.lhsContract[j]!);
  const xContract = order.map((i) => a.lhsContract[i]!);
  const yContract = order.map((i) => a.rhsContract[i]!);
  if (![xContract, yContract, xFree, yFree].every(runsUp) || lhsBatch.some((d, i) => d !== i) || rhsBatch.some((d, i) => d !== i)) return null;
  const b = nb === 0 ? [] : [sizeAlong(x.aval, lhsBatch)];
  // Batch, then what is free and what is contracted in the order in which they are, each if there are any.
  const flat = (v: IrValue, free: readonly number[], contract: readonly number[]) => {
    const groups = [free, contract].filter((g) => g.length > 0).sort((g, h) => g[0]! - h[0]!);
    return { value: hlo.reshape(ctx, v, v.aval.withShape([...b, ...groups.map((g) => sizeAlong(v.aval, g))])), contract: contract.length === 0 ? [] : [b.length + groups.indexOf(contract)] };
  };
  const l = flat(x, xFree, xContract);
  const r = flat(y, yFree, yContract);
  const batch = range(b.length);
  const shape = [...b, ...(xFree.length === 0 ? [] : [sizeAlong(x.aval, xFree)]), ...(yFree.length === 0 ? [] : [sizeAlong(y.aval, yFree)])];
  const product = emitDot(ctx, l.value, r.value, { ...a, lhsContract: l.contract, rhsContract: r.contract, lhsBatch: batch, rhsBatch: batch }, out.withShape(shape));
  return hlo.reshape(ctx, product, out);
}

const attrsOf = (n: DotDimensionNumbers, precision: DotAttrs['precision'] = null): DotAttrs => ({
  lhsContract: n[0][0], rhsContract: n[0][1], lhsBatch: n[1][0], rhsBatch: n[1][1], precision, algorithm: null,
});

const isExact = (d: DType) => isIntegral(d) || d === 'bool';
const bothF8 = (x: DType, y: DType) => x.startsWith('float8') && y.startsWith('float8');

/** How the cotangent of an operand is computed: as a product with the other one, whose dimensions are put in order. */
interface CotangentPlan {
  readonly dimensionNumbers: DotDimensionNumbers;
  readonly permutation: readonly number[];
}

function planCotangent(nx: number, ny: number, [[xContract, yContract], [xBatch, yBatch]]: DotDimensionNumbers, swapped: boolean): CotangentPlan {
  const xKept = except(nx, xContract, xBatch);
  const yKept = except(ny, yContract, yBatch);
  const batch = range(xBatch.length);
  // Where the dimensions that came from y are in the result.
  const fromY = yKept.map((_, i) => batch.length + i + (swapped ? 0 : xKept.length));
  const byY = range(yContract.length).sort((a, b) => yContract[a]! - yContract[b]!).map((i) => xContract[i]!);
  return { dimensionNumbers: [[fromY, yKept], [batch, yBatch]], permutation: inverse([...xBatch, ...xKept, ...byY]) };
}

/** What is kept with dimension numbers, of which matrices have one object: to work it out takes longer than the rest of a product's tracing. */
interface Known {
  /** By the operands' numbers of dimensions, and by which of them the cotangent is of. */
  readonly plans: Map<number, CotangentPlan>;
  /** The type of the last product, and what it was worked out from. */
  last: { a: ShapedArray; b: ShapedArray; precision: CanonicalPrecision; preferred: DType | null; out: ShapedArray } | null;
}

const knownOf = new WeakMap<DotDimensionNumbers, Known>();

function known(n: DotDimensionNumbers): Known {
  let k = knownOf.get(n);
  if (k === undefined) knownOf.set(n, (k = { plans: new Map(), last: null }));
  return k;
}

/** Cotangent of an operand x, the second one where `swapped`. */
function cotangent(ct: Array, x: ShapedArray, y: Array, p: DotGeneralParams, swapped: boolean): Array {
  const n = p.dimensionNumbers;
  const { plans } = known(n);
  const key = (x.ndim * 256 + y.ndim) * 2 + (swapped ? 1 : 0);
  let plan = plans.get(key);
  if (plan === undefined) plans.set(key, (plan = planCotangent(x.ndim, y.ndim, swapped ? [[n[0][1], n[0][0]], [n[1][1], n[1][0]]] : n, swapped)));
  const out = dotGeneralP.bind({ dimensionNumbers: plan.dimensionNumbers, outSharding: null, precision: p.precision, preferredElementType: p.preferredElementType }, ct, y);
  return convert(transpose(out, plan.permutation), x.dtype);
}

/** Dimension numbers with mapped dimensions in the operands, and where the mapped dimension is in the result. */
function batchDims(nx: number, ny: number, dx: BatchDim, dy: BatchDim, [[xc, yc], [xb, yb]]: DotDimensionNumbers): [DotDimensionNumbers, number] {
  const bump = (dims: readonly number[], b: BatchDim) => (b === null ? dims : dims.map((d) => (d >= b ? d + 1 : d)));
  const contract = [bump(xc, dx), bump(yc, dy)] as const;
  const batch = [bump(xb, dx), bump(yb, dy)] as const;
  if (dx !== null && dy !== null) return [[contract, [[dx, ...batch[0]], [dy, ...batch[1]]]], 0];
  if (dx !== null) {
    // One more free dimension of the first operand.
    const before = except(nx, contract[0], batch[0]).filter((d) => d < dx).length;
    return [[contract, batch], xb.length + before];
  }
  const before = except(ny, contract[1], batch[1]).filter((d) => d < dy!).length;
  return [[contract, batch], nx - xc.length + before];
}

export const dotGeneralP: SinglePrimitive<DotGeneralParams> = definePrimitive<DotGeneralParams>({
  name: 'dot_general',
  print: {
    params: ({ dimensionNumbers, precision, preferredElementType }) => ({
      dimensionNumbers: new Verbatim(`(${dimensionNumbers.map(([l, r]) => `(${pythonList(l)}, ${pythonList(r)})`).join(', ')})`),
      ...(precision === null ? {} : { precision: printedPrecision(precision) }),
      ...(preferredElementType === null ? {} : { preferredElementType }),
    }),
  },
  // Here and below without patterns of arrays, which cost more than the work before V8 compiles it.
  abstract: (avals, { dimensionNumbers: n, precision, preferredElementType: preferred }) => {
    const a = avals[0]!;
    const b = avals[1]!;
    const kept = known(n);
    const { last } = kept;
    if (last !== null && last.a === a && last.b === b && last.precision === precision && last.preferred === preferred) return last.out;
    const xc = n[0][0];
    const yc = n[0][1];
    const xb = n[1][0];
    const yb = n[1][1];
    checkDims('first', a, xc, xb);
    checkDims('second', b, yc, yb);
    checkPairs('batch', a, b, xb, yb);
    checkPairs('contracting', a, b, xc, yc);
    let dtype = productDtype('dotGeneral', a.dtype, b.dtype);
    if (preferred !== null && preferred !== dtype) {
      if (!isAlgorithm(precision) && dtypeKind(dtype) !== 'float' && dtypeBits(realDtype(preferred)) < dtypeBits(realDtype(dtype))) {
        throw new DtypeError(`dotGeneral: expected a preferredElementType not narrower than ${dtype}, got ${preferred}`);
      }
      dtype = preferred;
    }
    const shape = new globalThis.Array<number>(a.ndim + b.ndim - 2 * xc.length - xb.length);
    let k = 0;
    for (let i = 0; i < xb.length; i++) shape[k++] = a.shape[xb[i]!]!;
    for (let d = 0; d < a.ndim; d++) if (!xc.includes(d) && !xb.includes(d)) shape[k++] = a.shape[d]!;
    for (let d = 0; d < b.ndim; d++) if (!yc.includes(d) && !yb.includes(d)) shape[k++] = b.shape[d]!;
    const type = new ShapedArray(shape, dtype, a.weakType && b.weakType);
    // One object for equal types, so that the products of a row of equal layers are all of the same operands.
    const out = last?.out.equals(type) ? last.out : type;
    kept.last = { a, b, precision, preferred, out };
    return out;
  },
  lower: (ctx, args, { dimensionNumbers: n, precision }, out) => {
    const x = args[0]!;
    const y = args[1]!;
    if (isAlgorithm(precision)) {
      const plan = planAlgorithm('dotGeneral', precision, ctx.platform, x.aval.dtype, y.aval.dtype, out.dtype);
      const [l, r] = [hlo.convert(ctx, x, x.aval.withDtype(plan.lhs)), hlo.convert(ctx, y, y.aval.withDtype(plan.rhs))];
      return hlo.convert(ctx, emitDot(ctx, l, r, { ...attrsOf(n), algorithm: plan.attr }, out.withDtype(plan.product)), out);
    }
    // Platforms differ in which mixed operands they take: all take equal ones. Of integers with a float as the product, XLA's GPU compiler makes an invalid program.
    const onCpu = ctx.platform === 'cpu';
    const mixed = (x.aval.dtype !== y.aval.dtype && !bothF8(x.aval.dtype, y.aval.dtype)) || (!onCpu && isExact(x.aval.dtype) && !isExact(out.dtype));
    const l = mixed ? hlo.convert(ctx, x, x.aval.withDtype(out.dtype)) : x;
    const r = mixed ? hlo.convert(ctx, y, y.aval.withDtype(out.dtype)) : y;
    const all = attrsOf(n, precision);
    return (onCpu && !ctx.isDivided ? productForm(ctx, l, r, all, out) ?? (isFlat(l.aval, r.aval, all) ? null : flatForm(ctx, l, r, all, out)) : null) ?? emitDot(ctx, l, r, all, out);
  },
  jvp: (primals, tangents, p) => {
    const x = primals[0]!;
    const y = primals[1]!;
    const gx = tangents[0]!;
    const gy = tangents[1]!;
    const a: MaybeZero = gx === null ? null : dotGeneralP.bind(p, gx, y);
    const b: MaybeZero = gy === null ? null : dotGeneralP.bind(p, x, gy);
    return [dotGeneralP.bind(p, x, y), a === null ? b : b === null ? a : addAny(a, b)];
  },
  transpose: (ct, args, p) => {
    const x = args[0]!;
    const y = args[1]!;
    if (isUndefinedPrimal(x)) return [cotangent(ct, x.aval, fixedOperand('dot_general', y), p, false), null];
    return [null, cotangent(ct, y.aval, x, p, true)];
  },
  batch: (_, [x, y], [dx, dy], p) => {
    const [dimensionNumbers, at] = batchDims(x!.ndim, y!.ndim, dx!, dy!, p.dimensionNumbers);
    return [dotGeneralP.bind({ ...p, dimensionNumbers }, x!, y!), at];
  },
  sample: samples,
});

/**
 * Product of two arrays, summed over the contracting dimensions of both, for each entry of the batch dimensions: the result has the batch
 * dimensions, the others of x, then the others of y. Mirrors `jax.lax.dot_general`.
 *
 * @throws ShapeError, DtypeError where operands do not fit
 */
export function dotGeneral(x: Array, y: Array, options: { dimensionNumbers: DotDimensionNumbers; precision?: PrecisionLike; preferredElementType?: DType | null }): Array {
  const { dimensionNumbers, precision, preferredElementType: preferred = null } = options;
  return dotGeneralP.bind({
    dimensionNumbers, outSharding: null, precision: canonicalizePrecision('dotGeneral', precision), preferredElementType: preferred === null ? null : checkDtype('dotGeneral', preferred),
  }, x, y);
}

function samples(): Sample<DotGeneralParams>[] {
  const c = (x: readonly number[], y: readonly number[], dimensionNumbers: DotDimensionNumbers, dtype = 'float32', p: Partial<DotGeneralParams> = {}): Sample<DotGeneralParams> => ({
    inputs: [{ shape: x, dtype, ...(dtype.includes('int') ? { low: -4, high: 4 } : {}) }, { shape: y, dtype, ...(dtype.includes('int') ? { low: -4, high: 4 } : {}) }],
    params: { dimensionNumbers, outSharding: null, precision: null, preferredElementType: null, ...p },
    ...(dtype === 'bfloat16' ? { tolerance: 0.05 } : {}),
  });
  return [
    c([2, 3], [3, 4], [[[1], [0]], [[], []]]),
    c([3], [3], [[[0], [0]], [[], []]], 'float32', { precision: ['HIGHEST', 'DEFAULT'], preferredElementType: 'float32' }),
    c([2], [3], [[[], []], [[], []]]),
    // Batch dimensions, and contracted ones in another order on each side.
    c([3, 2, 4, 5], [5, 3, 6, 2], [[[0, 3], [1, 0]], [[1], [3]]]),
    c([2, 3], [2, 3], [[[], []], [[1, 0], [1, 0]]]),
    c([2, 3], [3, 2], [[[1], [0]], [[], []]], 'complex64'),
    c([2, 3], [3, 2], [[[1], [0]], [[], []]], 'int32'),
    c([2, 3], [3, 2], [[[1], [0]], [[], []]], 'bfloat16', { preferredElementType: 'float32' }),
  ];
}
