import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { realDtype } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { abs, add, and, complex, conj, div, eq, imag, le, lt, min, mul, ne, neg, not, or, real, sub, where } from './elementwise';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { normalizeColumns, schur, triangularEigenvectors, triangularLeftEigenvectors } from './hessenbergQr';
import { lu, luSolve } from './lu';
import { asColumns, asRows, asTypeOf, batchLeading, checkMatrix, diagonal, emitFunction, epsilon, eye, flattenBatch, H, isComplex, matmul, repeat, rowIndex, scaleOf, T } from './matrix';
import { argmax, argmin, reduceMax } from './reduction';
import { sort } from './sort';
import { broadcastInDim, convert, full, like, reduceSum, reshape, scalar } from './structural';

export interface EigParams {
  computeLeftEigenvectors: boolean;
  computeRightEigenvectors: boolean;
  enableEigvecDerivs: boolean;
  /** Always null: kept because JAX prints it. */
  implementation: null;
}

const complexOf = (dtype: string) => (dtype === 'float64' || dtype === 'complex128' ? 'complex128' : 'complex64');

export const eigP: MultiPrimitive<EigParams> = defineMultiPrimitive<EigParams>({
  name: 'eig',
  abstract: ([x], p) => {
    checkMatrix('eig', x!, true);
    const dtype = complexOf(x!.dtype);
    const vectors = new ShapedArray(x!.shape, dtype);
    return [new ShapedArray(x!.shape.slice(0, -1), dtype), ...(p.computeLeftEigenvectors ? [vectors] : []), ...(p.computeRightEigenvectors ? [vectors] : [])];
  },
  lower: (ctx, args, p, outs) => emitFunction(ctx, ([x]) => (x!.size === 0 ? outs.map((o) => full(o.shape, 0, o.dtype)) : decompose(x!, p)), args),
  jvp: ([x], [dx], p) => {
    const { computeLeftEigenvectors: left, computeRightEigenvectors: right } = p;
    if ((left || right) && !p.enableEigvecDerivs) throw new ArgumentError('eig: derivatives of eigenvectors of general matrices hold only where eigenvalues are distinct; opt in with enableEigvecDerivs: true');
    const outs = eigP.bind({ ...p, computeRightEigenvectors: true, enableEigvecDerivs: true }, x!);
    const [w, vr] = [outs[0]!, outs[outs.length - 1]!];
    const d = convert(dx!, vr.dtype);
    if (!left && !right) return [[w], [reduceSum(mul(solve(vr, d), T(vr)), [vr.ndim - 1])]];
    const [dw, dvr] = tangents(w, vr, d);
    const primals = [w, ...(left ? [outs[1]!] : []), ...(right ? [vr] : [])];
    return [primals, [dw, ...(left ? [tangents(conj(w), outs[1]!, H(d))[1]] : []), ...(right ? [dvr] : [])]];
  },
  transpose: absent('eig is not linear'),
  batch: batchLeading(() => eigP),
  sample: () => {
    const values = [2, 0.3, -0.5, 0.7, 1, 0.2, -0.4, 0.6, -1.8];
    const p: EigParams = { computeLeftEigenvectors: true, computeRightEigenvectors: true, enableEigvecDerivs: true, implementation: null };
    const input = { shape: [3, 3], dtype: 'float32', values };
    return [{ inputs: [input], params: p }];
  },
});

function solve(a: Array, b: Array): Array {
  const [packed, , permutation] = lu(a);
  return luSolve(packed, permutation, b);
}

/**
 * Tangents of eigenvalues and of right eigenvectors of length 1 whose largest entry is real.
 * Source: Giles, "An extended collection of matrix derivative results" (2008), section 3.1, for distinct eigenvalues.
 */
function tangents(w: Array, v: Array, da: Array): [Array, Array] {
  const shape = v.shape;
  const inner = matmul(solve(v, da), v);
  const i = eye(shape, v.dtype);
  const gaps = sub(div(full(shape, 1, v.dtype), add(i, sub(asRows(w, shape), asColumns(w, shape)))), i);
  const u = matmul(v, mul(gaps, inner));
  // The vectors' scale: their length and the largest entry's phase stay.
  const n = shape.length;
  const where1 = eq(rowIndex(shape), asRows(argmax(abs(v), n - 2), shape));
  const pick = (x: Array) => reduceSum(where(where1, x, like(x, 0)), [n - 2]);
  const c = complex(neg(real(reduceSum(mul(conj(v), u), [n - 2]))), neg(div(imag(pick(u)), real(pick(v)))));
  return [diagonal(inner), add(u, mul(v, asRows(c, shape)))];
}

function decompose(x: Array, p: EigParams): Array[] {
  const { flat, restore } = flattenBatch(x);
  const [b, n] = flat.shape as [number, number];
  const dtype = complexOf(x.dtype);
  const zero = scalar(0, 'int32');
  const vectors = full([b, n, n], 0, dtype);
  const init = [full([b, n], 0, dtype), ...(p.computeLeftEigenvectors ? [vectors] : []), ...(p.computeRightEigenvectors ? [vectors] : [])];
  // One matrix at a time: their steps differ in number.
  const outs = repeat(0, b, (k, state) => {
    const a = reshape(dynamicSlice(flat, [k, zero, zero], [1, n, n]), [n, n]);
    const results = decomposeOne(a, p);
    return state.map((s, i) => dynamicUpdateSlice(s, reshape(results[i]!, [1, ...results[i]!.shape]), i === 0 ? [k, zero] : [k, zero, zero]));
  }, init);
  return outs.map(restore);
}

function decomposeOne(a: Array, p: EigParams): Array[] {
  const n = a.shape[0]!;
  const dtype = complexOf(a.dtype);
  const scale = scaleOf(a);
  const scaled = convert(div(a, broadcastInDim(asTypeOf(scale, a), a.shape, [])), dtype);
  const { z, t, converged } = schur(scaled);
  // Sizes that are not finite have no scale, and no eigenvalues.
  const found = and(converged, lt(reduceMax(abs(a), [0, 1]), scalar(Number.POSITIVE_INFINITY, realDtype(a.dtype))));
  const values = diagonal(t);
  // The eigenvalues of a real matrix are real up to rounding errors, or come in pairs.
  const largest = reduceMax(abs(values), [0]);
  const isReal = isComplex(a) ? full([n], false, 'bool') : le(abs(imag(values)), broadcastInDim(mul(largest, like(largest, n * epsilon(dtype))), [n], []));
  const zeros = full([n], 0, realDtype(dtype));
  const rounded = where(isReal, complex(real(values), zeros), values);
  const pairs = isComplex(a) ? null : conjugatePairs(rounded, isReal);
  const snapped = pairs?.values ?? rounded;
  const w = mul(snapped, broadcastInDim(asTypeOf(scale, snapped), [n], []));
  const ok = (x: Array) => {
    const nan = full(x.shape, Number.NaN, realDtype(dtype));
    return where(broadcastInDim(found, x.shape, []), x, complex(nan, nan));
  };
  const finish = (v: Array) => {
    const unit = normalizeColumns(v);
    // A vector that is complex all the same is one of a pair whose values are as good as equal: both are kept, for they are independent.
    const slight = le(reduceMax(abs(imag(unit)), [0]), scalar(Math.sqrt(epsilon(dtype)), realDtype(dtype)));
    const vector = where(broadcastInDim(and(isReal, slight), [n, n], [1]), complex(real(unit), full([n, n], 0, realDtype(dtype))), unit);
    return ok(pairs === null ? vector : pairs.vectors(vector));
  };
  return [
    ok(w),
    ...(p.computeLeftEigenvectors ? [finish(matmul(z, triangularLeftEigenvectors(t)))] : []),
    ...(p.computeRightEigenvectors ? [finish(matmul(z, triangularEigenvectors(t)))] : []),
  ];
}

/**
 * Values of a real matrix that are conjugate up to rounding errors made exactly so and put beside each other, that with a positive imaginary part
 * first, as LAPACK has them; and the vectors that go with them.
 */
function conjugatePairs(w: Array, isReal: Array): { values: Array; vectors: (v: Array) => Array } {
  const n = w.shape[0]!;
  const square = [n, n];
  // How far value j (rows) is from the conjugate of value k (columns).
  const far = full(square, Number.POSITIVE_INFINITY, realDtype(w.dtype));
  const distance = where(or(asColumns(isReal, square), asRows(isReal, square)), far, abs(sub(asColumns(w, square), asRows(conj(w), square))));
  const partner = argmin(distance, 0);
  const hot = convert(eq(rowIndex(square), asRows(partner, square)), w.dtype);
  const own = reshape(rowIndex([n, 1]), [n]);
  const ofPartner = (x: Array) => real(matmul(reshape(convert(x, w.dtype), [1, n]), hot));
  const mutual = eq(convert(reshape(ofPartner(partner), [n]), 'int32'), own);
  const paired = and(and(mutual, ne(partner, own)), not(isReal));
  const second = lt(partner, own);
  const half = like(w, 0.5);
  const middle = mul(add(w, conj(reshape(matmul(reshape(w, [1, n]), hot), [n]))), half);
  const size = abs(imag(middle));
  const place = where(paired, add(mul(min(own, partner), like(own, 2)), convert(second, 'int32')), mul(own, like(own, 2)));
  const order = convert(eq(rowIndex(square), asRows(sort([place, own])[1]!, square)), w.dtype);
  const values = reshape(matmul(reshape(where(paired, complex(real(middle), where(second, neg(size), size)), w), [1, n]), order), [n]);
  const wide = (x: Array) => broadcastInDim(x, square, [1]);
  const below = lt(imag(w), like(imag(w), 0));
  const vectors = (v: Array) => {
    // Of each pair the first vector, and its conjugate.
    const upper = where(wide(below), conj(v), v);
    return matmul(where(wide(paired), where(wide(second), conj(matmul(upper, hot)), upper), v), order);
  };
  return { values, vectors };
}

export interface EigOptions {
  computeLeftEigenvectors?: boolean;
  computeRightEigenvectors?: boolean;
  /** Whether eigenvectors may be differentiated: their derivatives hold only where eigenvalues are distinct. */
  enableEigvecDerivs?: boolean;
}

/**
 * Eigenvalues of general matrices, and their left and right eigenvectors as columns of length 1; NaN where the iteration does not converge.
 * Mirrors `jax.lax.linalg.eig`.
 *
 * @param x `[..., n, n]`
 * @returns complex values `[..., n]`, in no order, then the vectors asked for, `[..., n, n]`
 */
export function eig(x: Array, options: EigOptions = {}): Array[] {
  const { computeLeftEigenvectors = true, computeRightEigenvectors = true, enableEigvecDerivs = false } = options;
  return eigP.bind({ computeLeftEigenvectors, computeRightEigenvectors, enableEigvecDerivs, implementation: null }, x);
}
