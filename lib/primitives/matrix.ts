import type { Array } from '../core/array';
import { type Shape, type ShapedArray, sizeOf } from '../core/aval';
import { type DType, dtypeKind, realDtype } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { ClosedJaxpr } from '../core/jaxpr';
import type { IrValue, LoweringContext } from '../core/lowering';
import type { AxisData, BatchDim, MultiPrimitive, Params } from '../core/primitive';
import { hoistConsts, stage } from '../interpreters/stage';
import { dotGeneral } from './dot';
import { dynamicSlice } from './dynamicSlice';
import { abs, add, complex, conj, eq, ge, le, lt, mul, real, where } from './elementwise';
import { gather } from './gather';
import { reduceMax } from './reduction';
import { scanP } from './scan';
import { sort } from './sort';
import { broadcastInDim, convert, iota, like, range, reduceSum, reshape, scalar, slice, squeeze, toFront, transpose } from './structural';
import { whileP } from './whileLoop';

// What rules of decompositions are written with: arrays are matrices in their last two dimensions, all others are batch dimensions.

/** Transposes the matrices. */
export function T(x: Array): Array {
  const n = x.ndim;
  return transpose(x, [...range(n - 2), n - 1, n - 2]);
}

/** Conjugate transpose. */
export function H(x: Array): Array {
  return T(conjugate(x));
}

/** Matrix product, as exact as the platform has it. */
export function matmul(x: Array, y: Array): Array {
  const n = x.ndim;
  const batch = range(n - 2);
  return dotGeneral(x, y, { dimensionNumbers: [[[n - 1], [n - 2]], [batch, batch]], precision: 'highest' });
}

/** Where a triangle is: column minus row at least k (upper), or at most k. */
function triangle(shape: Shape, k: number, upper: boolean): Array {
  const n = shape.length;
  const [row, column] = [iota('int32', shape, n - 2), iota('int32', shape, n - 1)];
  const shifted = k === 0 ? column : add(column, scalar(-k, 'int32'));
  return upper ? le(row, shifted) : ge(row, shifted);
}

/** The lower triangle, entries above diagonal k zero. */
export function tril(x: Array, k = 0): Array {
  return where(triangle(x.shape, k, false), x, like(x, 0));
}

/** The upper triangle, entries below diagonal k zero. */
export function triu(x: Array, k = 0): Array {
  return where(triangle(x.shape, k, true), x, like(x, 0));
}

/** Whether an entry is on the main diagonal. */
export function onDiagonal(shape: Shape): Array {
  const n = shape.length;
  return eq(iota('int32', shape, n - 2), iota('int32', shape, n - 1));
}

/** Identity matrices of a shape, which need not be square. */
export function eye(shape: Shape, dtype: DType): Array {
  return convert(onDiagonal(shape), dtype);
}

/** The main diagonals. */
export function diagonal(x: Array): Array {
  const n = Math.min(x.shape[x.ndim - 2]!, x.shape[x.ndim - 1]!);
  const square = slice(x, x.shape.map(() => 0), [...x.shape.slice(0, -2), n, n]);
  return reduceSum(where(onDiagonal(square.shape), square, like(x, 0)), [x.ndim - 1]);
}

/** Vectors as rows of matrices of a shape: entry j of the vector all along column j. */
export function asRows(v: Array, shape: Shape): Array {
  const n = shape.length;
  return broadcastInDim(v, shape, [...range(n - 2), n - 1]);
}

/** Vectors as columns of matrices of a shape: entry i of the vector all along row i. */
export function asColumns(v: Array, shape: Shape): Array {
  return broadcastInDim(v, shape, range(shape.length - 1));
}

/** Part of the matrices: rows and columns from the first up to, not including, the second of each pair. */
export function block(x: Array, rows: readonly [number, number], columns: readonly [number, number]): Array {
  const batch = x.shape.slice(0, -2);
  return slice(x, [...batch.map(() => 0), rows[0], columns[0]], [...batch, rows[1], columns[1]]);
}

export function isComplex(x: { dtype: DType }): boolean {
  return dtypeKind(x.dtype) === 'complex';
}

/** The conjugate; real values are their own. */
export function conjugate(x: Array): Array {
  return isComplex(x) ? conj(x) : x;
}

/** The real part; real values are their own. */
export function realPart(x: Array): Array {
  return isComplex(x) ? real(x) : x;
}

/** Distance from 1 to the next number of a type's parts. */
export function epsilon(dtype: DType): number {
  return realDtype(dtype) === 'float32' ? 2 ** -23 : 2 ** -52;
}

/** A whole number, as places and counts are. */
export const int = (v: number): Array => scalar(v, 'int32');

/** x where it is not zero, else 1: for divisors of quotients that are not used. */
export const orOne = (x: Array): Array => where(eq(x, like(x, 0)), like(x, 1), x);

/** One entry of a matrix, at places that the program computes. */
export function entryAt(a: Array, i: Array, j: Array): Array {
  return squeeze(dynamicSlice(a, [i, j], [1, 1]), [0, 1]);
}

/** Checks an operand of a decomposition: at least two dimensions, and a type that matrices are decomposed in. */
export function checkMatrix(op: string, x: ShapedArray, square = false): void {
  checkShape(op, x, square);
  checkMatrixDtype(op, x);
}

/** Checks that there are matrices, of any type. */
export function checkShape(op: string, x: ShapedArray, square = false): void {
  if (x.ndim < 2) throw new ShapeError(`${op}: expected an array of at least 2 dimensions, got ${x}`);
  if (square && x.shape[x.ndim - 1] !== x.shape[x.ndim - 2]) throw new ShapeError(`${op}: expected square matrices, got ${x}`);
}

export function checkMatrixDtype(op: string, x: ShapedArray): void {
  if (!/^(float32|float64|complex64|complex128)$/.test(x.dtype)) throw new DtypeError(`${op}: expected dtype float32, float64, complex64 or complex128, got ${x}`);
}

/** Emits a function of arrays in place: a lowering rule written with primitives. */
export function emitFunction(ctx: LoweringContext, f: (args: Array[]) => readonly Array[], args: readonly IrValue[]): IrValue[] {
  const { jaxpr, consts } = stage(f, args.map((x) => x.aval.strong()), '', 'lowering');
  if (consts.length > 0) throw new Error('emitFunction: expected a function without arrays from outside');
  return ctx.inline(new ClosedJaxpr(jaxpr, []), args);
}

/** Batching of operations whose leading dimensions are batch dimensions: mapped ones go to the front. */
export function batchLeading<P extends Params>(prim: () => MultiPrimitive<P> | { bindAll(args: readonly Array[], params: P): Array[] }) {
  return (axis: AxisData, args: readonly Array[], dims: readonly BatchDim[], params: P): [Array[], number[]] => {
    const outs = prim().bindAll(args.map((x, i) => toFront(x, dims[i]!, axis.size)), params);
    return [outs, outs.map(() => 0)];
  };
}

/** A symmetric, or Hermitian, test input's flat values: A Aᵀ + shift · I of small numbers. */
export function positiveDefinite(n: number, shift = 1): number[] {
  const a = range(n * n).map((i) => Math.sin(1.7 * i + 0.3));
  return range(n * n).map((k) => {
    const [i, j] = [Math.floor(k / n), k % n];
    return range(n).reduce((s, t) => s + a[i * n + t]! * a[j * n + t]!, i === j ? shift : 0);
  });
}

/** Rows of the matrices in the order of int32 `indices`, `[..., k]`. */
export function takeRows(x: Array, indices: Array): Array {
  const n = x.ndim;
  const batch = range(n - 2);
  return gather(x, broadcastInDim(indices, [...indices.shape, 1], range(n - 1)), {
    dimensionNumbers: { offsetDims: [n - 1], collapsedSliceDims: [n - 2], startIndexMap: [n - 2], operandBatchingDims: batch, startIndicesBatchingDims: batch },
    sliceSizes: [...batch.map(() => 1), 1, x.shape[n - 1]!],
  });
}

/** Columns of the matrices in the order of int32 `indices`, `[..., k]`. */
export function takeColumns(x: Array, indices: Array): Array {
  return T(takeRows(T(x), indices));
}

/** The operand as `[batch, m, n]`, and a function that gives a result `[batch, ...]` the operand's batch dimensions again. */
export function flattenBatch(x: Array, rank = 2): { flat: Array; restore: (y: Array) => Array } {
  const batch = x.shape.slice(0, x.ndim - rank);
  const flat = reshape(x, [sizeOf(batch), ...x.shape.slice(x.ndim - rank)]);
  return { flat, restore: (y) => reshape(y, [...batch, ...y.shape.slice(1)]) };
}

/** A loop over arrays, as one operation. */
export function repeatWhile(cond: (xs: Array[]) => Array, body: (xs: Array[]) => readonly Array[], init: readonly Array[]): Array[] {
  const avals = init.map((x) => x.aval.strong());
  const c = hoistConsts(stage((xs) => [cond(xs)], avals));
  const b = hoistConsts(stage(body, avals));
  return whileP.bind({ condNconsts: c.consts.length, condJaxpr: c.closed, bodyNconsts: b.consts.length, bodyJaxpr: b.closed }, ...c.consts, ...b.consts, ...init);
}

/** `body(k, …)` for k from `from` up to, not including, `to`. */
export function repeat(from: number, to: number, body: (k: Array, xs: Array[]) => readonly Array[], init: readonly Array[]): Array[] {
  if (to <= from) return [...init];
  const [, ...outs] = repeatWhile(([k]) => lt(k!, scalar(to, 'int32')), ([k, ...xs]) => [add(k!, scalar(1, 'int32')), ...body(k!, xs)], [scalar(from, 'int32'), ...init]);
  return outs;
}

/** Column k of `[batch, m, n]`, as `[batch, m]`. */
export function columnAt(a: Array, k: Array): Array {
  const [b, m] = a.shape as [number, number];
  return squeeze(dynamicSlice(a, [scalar(0, 'int32'), scalar(0, 'int32'), k], [b, m, 1]), [2]);
}

/** Row k of `[batch, m, n]`, as `[batch, n]`. */
export function rowAt(a: Array, k: Array): Array {
  const [b, , n] = a.shape as [number, number, number];
  return squeeze(dynamicSlice(a, [scalar(0, 'int32'), k, scalar(0, 'int32')], [b, 1, n]), [1]);
}

/** Index of the row, or column, of each entry. */
export function rowIndex(shape: Shape): Array {
  return iota('int32', shape, shape.length - 2);
}

export function columnIndex(shape: Shape): Array {
  return iota('int32', shape, shape.length - 1);
}

/** Indices, int32, that put real numbers `[..., n]` in ascending order, equal ones in the order they have. */
export function ascendingOrder(x: Array): Array {
  return sort([x, iota('int32', x.shape, x.ndim - 1)])[1]!;
}

/** Where each index stands in a permutation, `[..., n]`. */
export const inverseOrder = ascendingOrder;

/** Real numbers in the type of x. */
export function asTypeOf(re: Array, x: Array): Array {
  return isComplex(x) ? complex(re, mul(re, like(re, 0))) : re;
}

/** Scale of each matrix of a batch: its largest entry, or 1 where that is zero or not finite. */
export function scaleOf(a: Array): Array {
  const largest = reduceMax(abs(a), [a.ndim - 2, a.ndim - 1]);
  const usable = lt(mul(largest, like(largest, 0)), like(largest, 1));
  const positive = lt(like(largest, 0), largest);
  return where(usable, where(positive, largest, like(largest, 1)), like(largest, 1));
}

/** `body(carry, entries)` for each entry of `xs` along their first dimension: the last carry, and what the body gives besides it, stacked. */
export function scanOver(body: (carry: Array[], xs: Array[]) => { carry: readonly Array[]; out: readonly Array[] }, init: readonly Array[], xs: readonly Array[], reverse = false): { carry: Array[]; out: Array[] } {
  const n = init.length;
  const avals = [...init.map((x) => x.aval.strong()), ...xs.map((x) => x.aval.strong().withShape(x.shape.slice(1)))];
  const { closed, consts } = hoistConsts(stage((args) => {
    const r = body(args.slice(0, n), args.slice(n));
    return [...r.carry, ...r.out];
  }, avals));
  const outs = scanP.bind({ jaxpr: closed, length: xs[0]!.shape[0]!, numCarry: n, numConsts: consts.length, reverse, unroll: 1 }, ...consts, ...init, ...xs);
  return { carry: outs.slice(0, n), out: outs.slice(n) };
}
