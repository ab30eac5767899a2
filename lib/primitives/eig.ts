import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { realDtype } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { abs, add, and, complex, conj, div, eq, ge, imag, le, lt, mul, ne, neg, not, or, real, sqrt, sub, where } from './elementwise';
import { balance } from './balance';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { normalizeColumns, schur, triangularEigenvectors, triangularLeftEigenvectors } from './hessenbergQr';
import { lapackForm } from './lapackForms';
import { lu, luSolve } from './lu';
import { asColumns, asRows, asTypeOf, batchLeading, checkMatrix, columnIndex, diagonal, emitFunction, epsilon, eye, flattenBatch, H, isComplex, matmul, repeat, rowIndex, scaleOf, T } from './matrix';
import { realSchur } from './realSchur';
import { argmax, reduceMax } from './reduction';
import { broadcastInDim, convert, full, like, pad, reduceSum, reshape, scalar, slice } from './structural';

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
  lower: (ctx, args, p, outs) => lapackForm(ctx, 'geev', args, outs, `${p.computeLeftEigenvectors ? 'V' : 'N'}${p.computeRightEigenvectors ? 'V' : 'N'}`) ?? emitFunction(ctx, ([x]) => (x!.size === 0 ? outs.map((o) => full(o.shape, 0, o.dtype)) : decompose(x!, p)), args),
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
  const scaled = div(a, broadcastInDim(asTypeOf(scale, a), a.shape, []));
  const { values, converged, right, left } = (isComplex(a) ? ofComplex : ofReal)(balance(scaled));
  // Sizes that are not finite have no scale, and no eigenvalues.
  const found = and(converged, lt(reduceMax(abs(a), [0, 1]), scalar(Number.POSITIVE_INFINITY, realDtype(a.dtype))));
  const ok = (x: Array) => {
    const nan = full(x.shape, Number.NaN, realDtype(dtype));
    return where(broadcastInDim(found, x.shape, []), x, complex(nan, nan));
  };
  const w = mul(values, broadcastInDim(asTypeOf(scale, values), [n], []));
  return [ok(w), ...(p.computeLeftEigenvectors ? [ok(left())] : []), ...(p.computeRightEigenvectors ? [ok(right())] : [])];
}

type Balanced = ReturnType<typeof balance>;

/** Eigenvalues, and eigenvectors where they are wanted. */
interface Decomposition {
  values: Array;
  converged: Array;
  right: () => Array;
  left: () => Array;
}

function ofComplex({ a, ...back }: Balanced): Decomposition {
  const { z, t, converged } = schur(a);
  const [right, left] = [back.right, back.left].map((m) => matmul(asTypeOf(m, z), z)) as [Array, Array];
  return {
    values: diagonal(t), converged,
    right: () => normalizeColumns(matmul(right, triangularEigenvectors(t))),
    left: () => normalizeColumns(matmul(left, triangularLeftEigenvectors(t))),
  };
}

/**
 * By the real Schur form: real eigenvalues are real to the last bit, and complex ones come in pairs beside each other, that with a positive imaginary part first.
 * Vectors have the signs that LAPACK gives them.
 */
function ofReal({ a, ...back }: Balanced): Decomposition {
  const n = a.shape[0]!;
  const dtype = complexOf(a.dtype);
  const { z, t, converged } = realSchur(a);
  const zero = like(t, 0);
  const after = (x: Array) => pad(slice(x, [0], [n - 1]), like(x, x.dtype === 'bool' ? false : 0), [[1, 0, 0]]);
  const beside = (rows: readonly [number, number], columns: readonly [number, number]) => (n === 1 ? full([1], 0, a.dtype) : pad(diagonal(slice(t, [rows[0], columns[0]], [rows[1], columns[1]])), zero, [[0, 1, 0]]));
  const [above, below] = [beside([0, n - 1], [1, n]), beside([1, n], [0, n - 1])];
  const first = ne(below, like(below, 0));
  const second = after(first);
  const size = mul(sqrt(abs(above)), sqrt(abs(below)));
  const values = complex(diagonal(t), where(first, size, where(second, neg(after(size)), like(size, 0))));

  // A unitary matrix [[c, i s], [i s, c]] makes a block triangular, its first eigenvalue before the second.
  const slope = div(size, where(eq(above, like(above, 0)), like(above, 1), above));
  const c1 = div(like(slope, 1), sqrt(add(mul(slope, slope), like(slope, 1))));
  const c = where(first, c1, where(second, after(c1), like(c1, 1)));
  const s = where(first, mul(slope, c1), like(c1, 0));
  const shape = [n, n];
  const [rows, columns] = [rowIndex(shape), columnIndex(shape)];
  const one = scalar(1, 'int32');
  const on = (where1: Array, x: Array) => where(where1, asRows(x, shape), full(shape, 0, a.dtype));
  const onRows = (where1: Array, x: Array) => where(where1, asColumns(x, shape), full(shape, 0, a.dtype));
  const g = complex(on(eq(rows, columns), c), add(on(eq(rows, add(columns, one)), s), onRows(eq(columns, add(rows, one)), s)));
  const turned = matmul(matmul(H(g), convert(t, dtype)), g);
  const triangular = where(eq(rows, columns), asRows(values, shape), where(lt(rows, columns), turned, like(turned, 0)));

  const minus = lt(above, like(above, 0));
  const wider = ge(abs(above), abs(below));
  /** Vectors in the coordinates of the Schur form, the first entry of each block's made real. */
  const vectors = (inBlocks: Array, negative: Array, turn: Array) => {
    const w = matmul(g, inBlocks);
    const entry = diagonal(w);
    const length = abs(entry);
    const none = eq(length, like(length, 0));
    const direction = where(none, like(entry, 1), div(conj(entry), asTypeOf(where(none, like(length, 1), length), entry)));
    const v = normalizeColumns(matmul(convert(matmul(turn, z), dtype), mul(w, asRows(where(negative, neg(direction), direction), shape))), true);
    // A vector of a real value that is complex all the same is one of several whose values are as good as equal: all are kept, for they are independent.
    const slight = le(reduceMax(abs(imag(v)), [0]), scalar(Math.sqrt(epsilon(dtype)), a.dtype));
    const isReal = asRows(and(not(or(first, second)), slight), shape);
    const before = pad(slice(v, [0, 0], [n, n - 1]), like(v, 0), [[0, 0, 0], [1, 0, 0]]);
    return where(isReal, complex(real(v), full(shape, 0, a.dtype)), where(asRows(second, shape), conj(before), v));
  };
  return {
    values, converged,
    right: () => vectors(triangularEigenvectors(triangular), and(first, and(minus, not(wider))), back.right),
    left: () => vectors(triangularLeftEigenvectors(triangular), and(first, and(minus, wider)), back.left),
  };
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
