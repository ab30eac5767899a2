import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { realDtype } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { abs, add, div, eq, mul, neg, sqrt, sub, where } from './elementwise';
import { checkSubset } from './eigh';
import { jacobiOrthogonalize } from './jacobi';
import { lapackForm } from './lapackForms';
import { ascendingOrder, asColumns, asRows, asTypeOf, batchLeading, block, checkMatrix, diagonal, emitFunction, eye, flattenBatch, H, matmul, onDiagonal, realPart, scaleOf, takeColumns, takeRows } from './matrix';
import { addAny } from './nary';
import { qr } from './qr';
import { broadcastInDim, concatenate, full, like, reduceSum, reshape, slice, sliceInDim } from './structural';

export interface SvdParams {
  /** Always null: kept because JAX prints it. */
  algorithm: null;
  computeUv: boolean;
  fullMatrices: boolean;
  /** The singular values wanted, by rank: from the first up to, not including, the second. */
  subsetByIndex: readonly [number, number] | null;
}

export const svdP: MultiPrimitive<SvdParams> = defineMultiPrimitive<SvdParams>({
  name: 'svd',
  abstract: ([x], { computeUv, fullMatrices, subsetByIndex }) => {
    checkMatrix('svd', x!);
    const batch = x!.shape.slice(0, -2);
    const [m, n] = x!.shape.slice(-2) as [number, number];
    const [lo, hi] = checkSubset('svd', subsetByIndex, Math.min(m, n));
    if (fullMatrices && hi - lo !== Math.min(m, n)) throw new ArgumentError(`svd: fullMatrices and subsetByIndex [${lo}, ${hi}] exclude each other`);
    const s = new ShapedArray([...batch, hi - lo], realDtype(x!.dtype));
    if (!computeUv) return [s];
    return [s, new ShapedArray([...batch, m, fullMatrices ? m : hi - lo], x!.dtype), new ShapedArray([...batch, fullMatrices ? n : hi - lo, n], x!.dtype)];
  },
  lower: (ctx, args, params, outs) => byLapack(ctx, args[0]!, params, outs) ?? emitFunction(ctx, ([x]) => (x!.size === 0 ? outs.map((o) => (o.ndim === x!.ndim ? eye(o.shape, o.dtype) : full(o.shape, 0, o.dtype))) : decompose(x!, params)), args),
  jvp: ([x], [dx], params) => {
    const [m, n] = x!.shape.slice(-2) as [number, number];
    if (params.computeUv && params.fullMatrices && m !== n) throw new ArgumentError('svd: the derivative with fullMatrices does not exist for matrices that are not square; use fullMatrices: false');
    const [s, u, vh] = svdP.bind({ ...params, fullMatrices: false, computeUv: true }, x!);
    const tangents = tangent(s!, u!, vh!, dx!, params.computeUv);
    return params.computeUv ? [[s!, u!, vh!], tangents] : [[s!], tangents];
  },
  transpose: absent('svd is not linear'),
  batch: batchLeading(() => svdP),
  sample: () => {
    const p: SvdParams = { algorithm: null, computeUv: true, fullMatrices: false, subsetByIndex: null };
    const values = [0.2, 1.4, -0.3, 2.5, 0.2, 0.6, -0.7, 0.1, 1.4, 0.2, -0.6, 0.8];
    return [
      { inputs: [{ shape: [3, 3], dtype: 'float32', values: values.slice(0, 9) }], params: p },
      { inputs: [{ shape: [4, 3], dtype: 'float32', values }], params: p },
      { inputs: [{ shape: [3, 4], dtype: 'float32', values }], params: p },
      { inputs: [{ shape: [2, 3], dtype: 'float32', values: values.slice(0, 6) }], params: { ...p, computeUv: false } },
    ];
  },
});

/** A part of the singular values is taken out of all. */
function byLapack(ctx: LoweringContext, x: IrValue, { computeUv, fullMatrices, subsetByIndex }: SvdParams, outs: readonly ShapedArray[]): IrValue[] | null {
  const { aval } = x;
  const [m, n] = aval.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const [lo, hi] = checkSubset('svd', subsetByIndex, k);
  const batch = aval.shape.slice(0, -2);
  const all = hi - lo === k ? outs : [outs[0]!.withShape([...batch, k]), ...(computeUv ? [outs[1]!.withShape([...batch, m, k]), outs[2]!.withShape([...batch, k, n])] : [])];
  const made = lapackForm(ctx, 'gesdd', [x], all, !computeUv ? 'N' : fullMatrices ? 'A' : 'S');
  if (made === null || hi - lo === k) return made;
  return emitFunction(ctx, ([s, u, vh]) => [sliceInDim(s!, lo, hi, s!.ndim - 1), ...(computeUv ? [block(u!, [0, m], [lo, hi]), block(vh!, [lo, hi], [0, n])] : [])], made);
}

function decompose(x: Array, { computeUv, fullMatrices, subsetByIndex }: SvdParams): Array[] {
  const { flat, restore } = flattenBatch(x);
  const wide = flat.shape[1]! < flat.shape[2]!;
  const { s, u, v } = tall(wide ? H(flat) : flat, computeUv, fullMatrices);
  const [b, k] = s.shape as [number, number];
  const [lo, hi] = checkSubset('svd', subsetByIndex, k);
  const values = slice(s, [0, lo], [b, hi]);
  if (u === null || v === null) return [restore(values)];
  const part = (y: Array) => (fullMatrices ? y : block(y, [0, y.shape[1]!], [lo, hi]));
  const [left, right] = wide ? [v, u] : [u, v];
  return [values, part(left), H(part(right))].map(restore);
}

/** The decomposition of matrices with at least as many rows as columns, singular values in descending order. */
function tall(a: Array, vectors: boolean, fullMatrices: boolean): { s: Array; u: Array | null; v: Array | null } {
  const [b, m, n] = a.shape as [number, number, number];
  const scale = scaleOf(a);
  const scaled = div(a, broadcastInDim(asTypeOf(scale, a), a.shape, [0]));
  // Rotations work on the small square factor.
  const [q, r] = m > n ? qr(scaled, { fullMatrices: vectors && fullMatrices }) : [null, scaled];
  const core = block(r!, [0, n], [0, n]);
  const { columns, rotation } = jacobiOrthogonalize(core, vectors);
  const lengths = sqrt(reduceSum(mul(abs(columns), abs(columns)), [1]));
  const order = ascendingOrder(neg(lengths));
  const sorted = reshape(takeRows(reshape(lengths, [b, n, 1]), order), [b, n]);
  const s = mul(sorted, broadcastInDim(scale, [b, n], [0]));
  if (rotation === null) return { s, u: null, v: null };
  // The columns are orthogonal, so that R of their QR decomposition is diagonal, and Q completes those of length zero.
  const [left, triangle] = qr(takeColumns(columns, order));
  const d = diagonal(triangle!);
  const size = abs(d);
  const none = eq(size, like(size, 0));
  const phase = where(none, full(d.shape, 1, d.dtype), div(d, asTypeOf(where(none, like(size, 1), size), d)));
  const inner = mul(left!, asRows(phase, left!.shape));
  const v = takeColumns(rotation, order);
  if (q === null) return { s, u: inner, v };
  const u = matmul(block(q!, [0, m], [0, n]), inner);
  return { s, u: fullMatrices ? concatenate([u, block(q!, [0, m], [n, m])], 2) : u, v };
}

/** 1 / x, or 0 where x is 0. */
function inverseOrZero(x: Array): Array {
  const zero = eq(x, like(x, 0));
  return where(zero, x, div(full(x.shape, 1, x.dtype), where(zero, like(x, 1), x)));
}

/** Source: Giles, "An extended collection of matrix derivative results for forward and reverse mode AD" (2008), section 3.2. */
function tangent(s: Array, u: Array, vh: Array, dx: Array, vectors: boolean): Array[] {
  const v = H(vh);
  const inner = matmul(matmul(H(u), dx), v);
  const ds = diagonal(realPart(inner));
  if (!vectors) return [ds];
  const shape = inner.shape;
  const [row, column] = [asRows(s, shape), asColumns(s, shape)];
  const i = eye(shape, s.dtype);
  const f = asTypeOf(sub(div(full(shape, 1, s.dtype), add(mul(add(row, column), sub(row, column)), i)), i), inner);
  const [right, left] = [mul(asTypeOf(row, inner), inner), mul(asTypeOf(column, inner), inner)];
  const skew = mul(mul(sub(inner, H(inner)), like(inner, 0.5)), asTypeOf(where(onDiagonal(shape), asRows(inverseOrZero(s), shape), like(s, 0)), inner));
  let du = matmul(u, add(mul(f, add(right, H(right))), skew));
  let dv = matmul(v, mul(f, add(left, H(left))));
  const [m, n] = dx.shape.slice(-2) as [number, number];
  const outside = (basis: Array, y: Array) => div(sub(y, matmul(basis, matmul(H(basis), y))), asRows(asTypeOf(s, y), y.shape));
  if (m > n) du = addAny(du, outside(u, matmul(dx, v)));
  if (n > m) dv = addAny(dv, outside(v, matmul(H(dx), u)));
  return [ds, du, H(dv)];
}

export interface SvdOptions {
  fullMatrices?: boolean;
  computeUv?: boolean;
  subsetByIndex?: readonly [number, number] | null;
}

/**
 * Singular values in descending order and singular vectors: x = U · diag(s) · Vᴴ. Mirrors `jax.lax.linalg.svd`.
 *
 * @param x `[..., m, n]`
 * @returns U `[..., m, k]`, s `[..., min(m, n)]` and Vᴴ `[..., k, n]`; with `computeUv: false` s only
 */
export function svd(x: Array, options: SvdOptions = {}): Array[] {
  const { fullMatrices = true, computeUv = true, subsetByIndex = null } = options;
  const [s, u, vh] = svdP.bind({ algorithm: null, computeUv, fullMatrices, subsetByIndex }, x);
  return computeUv ? [u!, s!, vh!] : [s!];
}
