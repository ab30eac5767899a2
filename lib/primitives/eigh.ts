import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { realDtype } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, defineMultiPrimitive, type MultiPrimitive } from '../core/primitive';
import { symmetrize } from './cholesky';
import { add, div, mul, real, sub, where } from './elementwise';
import { jacobiEigh } from './jacobi';
import { lapackForm } from './lapackForms';
import { ascendingOrder, asColumns, asRows, asTypeOf, batchLeading, block, checkMatrix, diagonal, emitFunction, eye, flattenBatch, H, isComplex, matmul, onDiagonal, realPart, takeColumns, takeRows, tril, triu } from './matrix';
import { full, reshape, slice, sliceInDim } from './structural';
import { SMALL_SIZE, smallEigh } from './tridiagonalQl';

export interface EighParams {
  /** Always null: kept because JAX prints it. */
  algorithm: null;
  /** Whether the lower triangle is read, or the upper one. */
  lower: boolean;
  sortEigenvalues: boolean;
  /** The eigenvalues wanted, by rank: from the first up to, not including, the second. */
  subsetByIndex: readonly [number, number] | null;
}

/** Checks a range of eigenvalues or singular values out of n. */
export function checkSubset(op: string, subset: readonly [number, number] | null, n: number): readonly [number, number] {
  if (subset === null) return [0, n];
  const [lo, hi] = subset;
  if (!Number.isInteger(lo) || !Number.isInteger(hi) || lo < 0 || hi < lo || hi > n) throw new ArgumentError(`${op}: expected subsetByIndex to be a range within 0 to ${n}, got [${subset}]`);
  return subset;
}

export const eighP: MultiPrimitive<EighParams> = defineMultiPrimitive<EighParams>({
  name: 'eigh',
  abstract: ([x], { subsetByIndex }) => {
    checkMatrix('eigh', x!, true);
    const [lo, hi] = checkSubset('eigh', subsetByIndex, x!.shape[x!.ndim - 1]!);
    const batch = x!.shape.slice(0, -1);
    return [new ShapedArray([...batch, hi - lo], x!.dtype), new ShapedArray([...batch.slice(0, -1), hi - lo], realDtype(x!.dtype))];
  },
  lower: (ctx, args, params, outs) => byLapack(ctx, args[0]!, params, outs) ?? emitFunction(ctx, ([x]) => (outs[0]!.size === 0 ? outs.map((o) => full(o.shape, 0, o.dtype)) : decompose(x!, params)), args),
  jvp: ([x], [dx], params) => {
    const n = x!.shape[x!.ndim - 1]!;
    const [lo, hi] = checkSubset('eigh', params.subsetByIndex, n);
    if (hi - lo !== n) throw new ArgumentError(`eigh: the derivative of a part of the decomposition (subsetByIndex [${lo}, ${hi}] of ${n}) does not exist`);
    const [v, w] = eighP.bind(params, symmetrize(x!));
    const inner = matmul(matmul(H(v!), dx!), v!);
    const values = diagonal(realPart(inner));
    return [[v!, w!], [matmul(v!, mul(asTypeOf(gaps(w!, inner.shape), inner), inner)), values]];
  },
  transpose: absent('eigh is not linear'),
  batch: batchLeading(() => eighP),
  sample: () => {
    const skip = 'only symmetric directions are within its domain; test/primitives/linalg.test.ts differentiates it after symmetrizing';
    const values = [2, 0.3, -0.5, 0.3, 1, 0.7, -0.5, 0.7, -1];
    return [true, false].map((lower) => ({
      inputs: [{ shape: [3, 3], dtype: 'float32', values }], params: { algorithm: null, lower, sortEigenvalues: true, subsetByIndex: null }, skip: { jvp: skip, grad: skip, second: skip },
    }));
  },
});

/** 1 / (w_j − w_i) at row i and column j, zero on the diagonal. */
function gaps(w: Array, shape: readonly number[]): Array {
  const i = eye(shape, w.dtype);
  return sub(div(full(shape, 1, w.dtype), add(i, sub(asRows(w, shape), asColumns(w, shape)))), i);
}

/** A part of the eigenvalues is taken out of all. */
function byLapack(ctx: LoweringContext, x: IrValue, { lower, subsetByIndex }: EighParams, outs: readonly ShapedArray[]): IrValue[] | null {
  const n = x.aval.shape[x.aval.ndim - 1]!;
  const [lo, hi] = checkSubset('eigh', subsetByIndex, n);
  const all = [x.aval.strong(), outs[1]!.withShape(x.aval.shape.slice(0, -1))];
  const made = lapackForm(ctx, 'syevd', [x], all, lower ? 'L' : 'U');
  if (made === null || hi - lo === n) return made;
  return emitFunction(ctx, ([v, w]) => [block(v!, [0, n], [lo, hi]), sliceInDim(w!, lo, hi, w!.ndim - 1)], made);
}

function decompose(x: Array, { lower, subsetByIndex }: EighParams): Array[] {
  const { flat, restore } = flattenBatch(x);
  const [b, n] = flat.shape as [number, number];
  const half = lower ? tril(flat, -1) : triu(flat, 1);
  const own = isComplex(flat) ? asTypeOf(real(flat), flat) : flat;
  const whole = add(add(half, H(half)), where(onDiagonal(flat.shape), own, full(flat.shape, 0, flat.dtype)));
  const { values, vectors } = (n > 1 && n <= SMALL_SIZE ? smallEigh : jacobiEigh)(whole);
  const order = ascendingOrder(values);
  const [lo, hi] = checkSubset('eigh', subsetByIndex, n);
  const w = reshape(takeRows(reshape(values, [b, n, 1]), order), [b, n]);
  const v = takeColumns(vectors, order);
  return [block(v, [0, n], [lo, hi]), slice(w, [0, lo], [b, hi])].map(restore);
}

export interface EighOptions {
  lower?: boolean;
  symmetrizeInput?: boolean;
  sortEigenvalues?: boolean;
  subsetByIndex?: readonly [number, number] | null;
}

/**
 * Eigenvectors, as columns, and eigenvalues in ascending order of symmetric or Hermitian matrices. Mirrors `jax.lax.linalg.eigh`.
 *
 * @param x `[..., n, n]`
 * @returns vectors `[..., n, n]` and real values `[..., n]`
 */
export function eigh(x: Array, options: EighOptions = {}): [Array, Array] {
  const { lower = true, symmetrizeInput = true, sortEigenvalues = true, subsetByIndex = null } = options;
  checkMatrix('eigh', x.aval, true);
  const [v, w] = eighP.bind({ algorithm: null, lower, sortEigenvalues, subsetByIndex }, symmetrizeInput ? symmetrize(x) : x);
  return [v!, w!];
}
