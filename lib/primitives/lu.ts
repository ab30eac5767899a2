import type { Array } from '../core/array';
import { ShapedArray } from '../core/aval';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { absent, defineMultiPrimitive, definePrimitive, type MultiPrimitive, type SinglePrimitive } from '../core/primitive';
import { triangularSolve } from './cholesky';
import { abs, add, and, div, eq, gt, imag, lt, mul, ne, real, sub, where } from './elementwise';
import { lapackForm } from './lapackForms';
import { asColumns, asRows, batchLeading, block, checkMatrix, columnAt, columnIndex, emitFunction, eye, flattenBatch, inverseOrder, isComplex, matmul, repeat, rowAt, rowIndex, takeRows, tril, triu } from './matrix';
import { argmax } from './reduction';
import { broadcastInDim, concatenate, full, iota, like, pad, reduceSum, reshape, scalar, slice } from './structural';

const BLOCK = 128;

export const luP: MultiPrimitive<object> = defineMultiPrimitive<object>({
  name: 'lu',
  abstract: ([x]) => {
    checkMatrix('lu', x!);
    const batch = x!.shape.slice(0, -2);
    const [m, n] = x!.shape.slice(-2) as [number, number];
    return [x!.strong(), new ShapedArray([...batch, Math.min(m, n)], 'int32'), new ShapedArray([...batch, m], 'int32')];
  },
  lower: (ctx, args, _, outs) => lapackForm(ctx, 'getrf', args, outs) ?? emitFunction(ctx, ([x]) => {
    const { flat, restore } = flattenBatch(x!);
    return blocked(flat).map(restore);
  }, args),
  jvp: ([x], [dx]) => {
    const outs = luP.bind({}, x!);
    return [outs, [tangent(outs[0]!, takeRows(dx!, outs[2]!)), null, null]];
  },
  transpose: absent('lu is not linear'),
  batch: batchLeading(() => luP),
  sample: () => {
    const values = [0.2, 1.4, -0.3, 2.5, 0.2, 0.6, -0.7, 0.1, 1.4, 0.2, -0.6, 0.8];
    return [{ inputs: [{ shape: [3, 3], dtype: 'float32', values: values.slice(0, 9) }], params: {} }, { inputs: [{ shape: [4, 3], dtype: 'float32', values }], params: {} }, { inputs: [{ shape: [3, 4], dtype: 'float32', values }], params: {} }];
  },
});

/** Each row of `[batch, m, ...]` that `which`, `[batch]`, names, summed out of the matrix: rows differ from matrix to matrix. */
function pickRow(a: Array, which: Array): Array {
  const at = eq(iota('int32', a.shape, 1), broadcastInDim(which, a.shape, [0]));
  return reduceSum(where(at, a, like(a, 0)), [1]);
}

/** Factors of `[batch, m, n]` column by column: packed factors, pivots and the permutation. */
function unblocked(a: Array): [Array, Array, Array] {
  const [b, m, n] = a.shape as [number, number, number];
  const r = Math.min(m, n);
  const rows = rowIndex(a.shape);
  const columns = columnIndex(a.shape);
  const each = iota('int32', [b, m], 1);
  const out = repeat(0, r, (k, [x, pivots, permutation]) => {
    const column = columnAt(x!, k);
    const size = isComplex(x!) ? add(abs(real(column)), abs(imag(column))) : abs(column);
    const p = argmax(where(lt(each, k), like(size, -1), size), 1);
    const pAll = broadcastInDim(p, [b, m], [0]);
    // The rows k and p change places, then multiples of the first go off the rows below.
    const [top, other] = [pickRow(x!, p), rowAt(x!, k)];
    const isK = eq(rows, k);
    const swapped = where(isK, asRows(top, a.shape), where(eq(rows, broadcastInDim(p, a.shape, [0])), asRows(other, a.shape), x!));
    const pivot = columnAt(reshape(top, [b, 1, n]), k);
    const below = gt(each, k);
    const swappedColumn = where(eq(each, k), broadcastInDim(reshape(pivot, [b]), [b, m], [0]), where(eq(each, pAll), broadcastInDim(reshape(columnAt(reshape(other, [b, 1, n]), k), [b]), [b, m], [0]), column));
    const pivotAll = broadcastInDim(reshape(pivot, [b]), [b, m], [0]);
    const factor = where(and(below, ne(pivotAll, like(pivotAll, 0))), div(swappedColumn, pivotAll), swappedColumn);
    const update = mul(asColumns(factor, a.shape), asRows(top, a.shape));
    const isBelow = gt(rows, k);
    const next = where(eq(columns, k), asColumns(factor, a.shape), where(and(isBelow, gt(columns, k)), sub(swapped, update), swapped));
    const [atK, atP] = [eq(each, k), eq(each, pAll)];
    const entry = (at: Array) => broadcastInDim(reduceSum(where(at, permutation!, scalar(0, 'int32')), [1]), [b, m], [0]);
    const permuted = where(atK, entry(atP), where(atP, entry(atK), permutation!));
    return [next, where(eq(iota('int32', [b, r], 1), k), broadcastInDim(p, [b, r], [0]), pivots!), permuted];
  }, [a, full([b, r], 0, 'int32'), each]);
  return out as [Array, Array, Array];
}

/** Factors by panels of columns, so that most of the work is products of matrices. */
function blocked(a: Array): [Array, Array, Array] {
  const [b, m, n] = a.shape as [number, number, number];
  const r = Math.min(m, n);
  if (r <= BLOCK) return unblocked(a);
  const at = (v: Array, from: number, to: number) => slice(v, [0, from], [b, to]);
  let rest = a;
  const pivots: Array[] = [];
  // Finished columns of L, finished rows of U (with their part of L), and the permutation so far.
  let permutation = iota('int32', [b, m], 1);
  let done = slice(a, [0, 0, 0], [b, m, 0]);
  const top: Array[] = [];
  for (let k = 0; k < r; k += BLOCK) {
    const w = Math.min(BLOCK, r - k);
    const [panel, p, order] = unblocked(block(rest, [0, m - k], [0, w]));
    pivots.push(add(p, scalar(k, 'int32')));
    const moved = takeRows(block(rest, [0, m - k], [w, n - k]), order);
    done = takeRows(done, order);
    const tail = reshape(takeRows(reshape(at(permutation, k, m), [b, m - k, 1]), order), [b, m - k]);
    permutation = concatenate([at(permutation, 0, k), tail], 1);
    const u = n - k > w ? triangularSolve(block(panel, [0, w], [0, w]), block(moved, [0, w], [0, n - k - w]), { leftSide: true, lower: true, unitDiagonal: true }) : block(moved, [0, w], [0, 0]);
    top.push(concatenate([block(done, [0, w], [0, k]), block(panel, [0, w], [0, w]), u], 2));
    done = concatenate([block(done, [w, m - k], [0, k]), block(panel, [w, m - k], [0, w])], 2);
    rest = n - k > w && m - k > w ? sub(block(moved, [w, m - k], [0, n - k - w]), matmul(block(panel, [w, m - k], [0, w]), u)) : block(moved, [w, m - k], [0, n - k - w]);
  }
  return [concatenate([...top, ...(m > r ? [concatenate([done, rest], 2)] : [])], 1), concatenate(pivots, 1), permutation];
}

/**
 * Tangent of the packed factors from that of the permuted matrix: L⁻¹ dA U⁻¹ split in its triangles.
 * Source: de Hoog, Anderssen and Lukas, "Differentiation of matrix functionals using triangular factorization" (2011).
 */
function tangent(packed: Array, dx: Array): Array {
  const [m, n] = packed.shape.slice(-2) as [number, number];
  const k = Math.min(m, n);
  const batch = packed.shape.slice(0, -2);
  const padding = (rows: readonly [number, number], columns: readonly [number, number]) => [...batch.map(() => [0, 0, 0] as const), [...rows, 0] as const, [...columns, 0] as const];
  const l = add(pad(tril(block(packed, [0, m], [0, k]), -1), like(packed, 0), padding([0, 0], [0, m - k])), eye([...batch, m, m], packed.dtype));
  const u = add(pad(triu(block(packed, [0, k], [0, n])), like(packed, 0), padding([0, n - k], [0, 0])), pad(eye([...batch, n - k, n - k], packed.dtype), like(packed, 0), padding([k, 0], [k, 0])));
  const la = triangularSolve(l, dx, { leftSide: true, lower: true, unitDiagonal: true });
  const lau = triangularSolve(u, la);
  return add(matmul(l, tril(lau, -1)), matmul(triu(lau), u));
}

/**
 * P A = L U with partial pivoting. Mirrors `jax.lax.linalg.lu`.
 *
 * @param x `[..., m, n]`
 * @returns L (its unit diagonal left out) and U in one matrix; the row each row changed places with, int32 `[..., min(m, n)]`; the order of the rows, int32 `[..., m]`
 */
export function lu(x: Array): [Array, Array, Array] {
  const [packed, pivots, permutation] = luP.bind({}, x);
  return [packed!, pivots!, permutation!];
}

/**
 * Solution of A x = b from the factors of A. Mirrors `jax.lax.linalg.lu_solve`.
 *
 * @param b matrices `[..., n, k]` with the factors' batch dimensions, or vectors `[..., n]`
 * @param trans 1: Aᵀ x = b, 2: Aᴴ x = b
 */
export function luSolve(packed: Array, permutation: Array, b: Array, trans: 0 | 1 | 2 = 0): Array {
  if (trans !== 0 && trans !== 1 && trans !== 2) throw new ArgumentError(`luSolve: expected trans to be 0, 1 or 2, got ${String(trans)}`);
  checkMatrix('luSolve', packed.aval, true);
  if (packed.ndim === b.ndim + 1) return reshape(luSolve(packed, permutation, reshape(b, [...b.shape, 1]), trans), b.shape);
  if (trans === 0) {
    const y = triangularSolve(packed, takeRows(b, permutation), { leftSide: true, lower: true, unitDiagonal: true });
    return triangularSolve(packed, y, { leftSide: true });
  }
  const turned = { leftSide: true, transposeA: true, conjugateA: trans === 2 };
  const y = triangularSolve(packed, triangularSolve(packed, b, turned), { ...turned, lower: true, unitDiagonal: true });
  return takeRows(y, inverseOrder(permutation));
}

export interface PivotsParams {
  permutationSize: number;
}

export const luPivotsToPermutationP: SinglePrimitive<PivotsParams> = definePrimitive<PivotsParams>({
  name: 'lu_pivots_to_permutation',
  abstract: ([p], { permutationSize }) => {
    if (p!.dtype !== 'int32') throw new DtypeError(`luPivotsToPermutation: expected int32 pivots, got ${p}`);
    if (p!.ndim < 1 || p!.shape[p!.ndim - 1]! > permutationSize) throw new ShapeError(`luPivotsToPermutation: expected at most ${permutationSize} pivots (the size of the permutation), got ${p}`);
    return new ShapedArray([...p!.shape.slice(0, -1), permutationSize], 'int32');
  },
  lower: (ctx, args, { permutationSize: m }) => emitFunction(ctx, ([p]) => {
    const { flat, restore } = flattenBatch(p!, 1);
    const [b, n] = flat.shape as [number, number];
    const each = iota('int32', [b, m], 1);
    const [out] = repeat(0, n, (k, [order]) => {
      const j = broadcastInDim(reshape(columnAt(reshape(flat, [b, 1, n]), k), [b]), [b, m], [0]);
      const [atK, atJ] = [eq(each, k), eq(each, j)];
      const entry = (at: Array) => broadcastInDim(reduceSum(where(at, order!, scalar(0, 'int32')), [1]), [b, m], [0]);
      return [where(atK, entry(atJ), where(atJ, entry(atK), order!))];
    }, [each]);
    return [restore(out!)];
  }, args)[0]!,
  jvp: absent('its operand is not differentiable'),
  transpose: absent('its operand is not differentiable'),
  batch: (axis, args, dims, p) => {
    const [[out]] = batchLeading(() => luPivotsToPermutationP)(axis, args, dims, p);
    return [out!, 0];
  },
  sample: () => [{ inputs: [{ shape: [3], dtype: 'int32', values: [2, 2, 3] }], params: { permutationSize: 4 } }],
});

/** The order of rows that changes of places make, int32 `[..., permutationSize]`. Mirrors `jax.lax.linalg.lu_pivots_to_permutation`. */
export function luPivotsToPermutation(pivots: Array, permutationSize: number): Array {
  return luPivotsToPermutationP.bind({ permutationSize }, pivots);
}
