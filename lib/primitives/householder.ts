import type { Array } from '../core/array';
import { sameShape, ShapedArray } from '../core/aval';
import { realDtype } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import { absent, defineMultiPrimitive, definePrimitive, type MultiPrimitive, type SinglePrimitive } from '../core/primitive';
import * as emit from '../stablehlo/linalg';
import { abs, add, and, div, eq, ge, gt, imag, lt, mul, neg, real, sqrt, sub, where } from './elementwise';
import { lapackForm } from './lapackForms';
import { asColumns, asRows, asTypeOf, batchLeading, checkMatrix, columnAt, columnIndex, conjugate, emitFunction, flattenBatch, isComplex, repeat, rowIndex, scaleOf, tril, triu } from './matrix';
import { argmax, reduceMax } from './reduction';
import { broadcastInDim, full, iota, like, pad, range, reduceSum, scalar } from './structural';

// Householder reflectors, in LAPACK's form.

export const geqrfP: MultiPrimitive<object> = defineMultiPrimitive<object>({
  name: 'geqrf',
  abstract: ([x]) => {
    checkMatrix('geqrf', x!);
    return [x!.strong(), new ShapedArray([...x!.shape.slice(0, -2), Math.min(...x!.shape.slice(-2))], x!.dtype)];
  },
  lower: (ctx, args, _, outs) => {
    if (outs[1]!.size === 0) return [args[0]!, ctx.splat(0, outs[1]!)];
    const made = lapackForm(ctx, 'geqrf', args, outs);
    if (made !== null) return made;
    // XLA's expansion squares entries as they are: without a scale, large ones overflow and small ones vanish.
    const scales = (x: Array) => broadcastInDim(asTypeOf(scaleOf(x), x), x.shape, range(x.ndim - 2));
    const [scaled] = emitFunction(ctx, ([x]) => [div(x!, scales(x!))], args);
    const [packed, taus] = emit.expandedCall(ctx, 'Qr', [scaled!], outs);
    return [...emitFunction(ctx, ([x, y]) => [add(mul(triu(y!), scales(x!)), tril(y!, -1))], [args[0]!, packed!]), taus!];
  },
  jvp: absent('the reflectors of a QR decomposition have no derivative in JAX; differentiate qr'),
  transpose: absent('geqrf is not linear'),
  batch: batchLeading(() => geqrfP),
  sample: () => [{ inputs: [{ shape: [4, 3], dtype: 'float32' }], params: {} }, { inputs: [{ shape: [2, 3], dtype: 'complex64' }], params: {} }],
});

/**
 * QR decomposition in LAPACK's form: R in the upper triangle, reflectors below it. Mirrors `jax.lax.linalg.geqrf`.
 *
 * @param x `[..., m, n]`
 * @returns the packed matrices and the reflectors' factors, `[..., min(m, n)]`
 */
export function geqrf(x: Array): [Array, Array] {
  const [a, taus] = geqrfP.bind({}, x);
  return [a!, taus!];
}

export const householderProductP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'householder_product',
  abstract: ([a, taus]) => {
    checkMatrix('householderProduct', a!);
    const [m, n] = a!.shape.slice(-2) as [number, number];
    if (m < n) throw new ShapeError(`householderProduct: expected no more columns than rows, got ${a}`);
    if (taus!.dtype !== a!.dtype) throw new DtypeError(`householderProduct: expected operands of one dtype, got ${a} and ${taus}`);
    if (taus!.ndim !== a!.ndim - 1 || !sameShape(taus!.shape.slice(0, -1), a!.shape.slice(0, -2)) || taus!.shape[taus!.ndim - 1]! > n) throw new ShapeError(`householderProduct: expected at most ${n} factors for ${a}, got ${taus}`);
    return a!.strong();
  },
  lower: (ctx, args, _, out) => {
    if (out.size === 0) return args[0]!;
    const made = lapackForm(ctx, 'orgqr', args, [out]);
    if (made !== null) return made[0]!;
    // XLA's expansion wants as many factors as columns: a reflector with factor 0 is the identity.
    const missing = out.shape[out.ndim - 1]! - args[1]!.aval.shape[args[1]!.aval.ndim - 1]!;
    const taus = missing === 0 ? args[1]! : emitFunction(ctx, ([t]) => [pad(t!, like(t!, 0), t!.shape.map((_, i) => [0, i === t!.ndim - 1 ? missing : 0, 0]))], [args[1]!])[0]!;
    return emit.expandedCall(ctx, 'ProductOfElementaryHouseholderReflectors', [args[0]!, taus], [out])[0]!;
  },
  jvp: absent('the product of reflectors has no derivative in JAX; differentiate qr'),
  transpose: absent('householder_product is not linear'),
  batch: (axis, args, dims, p) => {
    const [[out]] = batchLeading(() => householderProductP)(axis, args, dims, p);
    return [out!, 0];
  },
  sample: () => [
    { inputs: [{ shape: [4, 3], dtype: 'float32' }, { shape: [3], dtype: 'float32' }], params: {} },
    { inputs: [{ shape: [3, 3], dtype: 'float32' }, { shape: [2], dtype: 'float32' }], params: {} },
  ],
});

/** The first columns of the product of the reflectors that {@link geqrf} gives. Mirrors `jax.lax.linalg.householder_product`. */
export function householderProduct(a: Array, taus: Array): Array {
  return householderProductP.bind({}, a, taus);
}


/** 2-norms over dimension 1, without overflow. */
function norms(x: Array): Array {
  const size = abs(x);
  const largest = reduceMax(size, [1]);
  const scale = where(eq(largest, like(largest, 0)), like(largest, 1), largest);
  const scaled = div(size, broadcastInDim(scale, x.shape, x.ndim === 2 ? [0] : [0, 2]));
  return mul(sqrt(reduceSum(mul(scaled, scaled), [1])), scale);
}

/**
 * LAPACK's reflector of vectors `[batch, m]` onto their entry k, with what is above it left alone: I − tau v vᴴ, whose conjugate transpose
 * makes entry k the real beta and the ones below zero. v is 1 at entry k, which is not stored.
 */
function reflector(x: Array, k: Array): { beta: Array; tau: Array; v: Array } {
  const [b, m] = x.shape as [number, number];
  const complexX = isComplex(x);
  const index = iota('int32', [b, m], 1);
  const alpha = reduceSum(where(eq(index, k), x, like(x, 0)), [1]);
  const below = where(gt(index, k), x, like(x, 0));
  const rest = norms(below);
  const re = complexX ? real(alpha) : alpha;
  const nothing = eq(rest, like(rest, 0));
  const trivial = complexX ? and(nothing, eq(imag(alpha), like(rest, 0))) : nothing;
  const length = norms(where(ge(index, k), x, like(x, 0)));
  const beta = where(trivial, re, where(lt(re, like(re, 0)), length, neg(length)));
  const safe = where(eq(beta, like(beta, 0)), like(beta, 1), beta);
  const tau = where(trivial, like(alpha, 0), div(sub(asTypeOf(beta, alpha), alpha), asTypeOf(safe, alpha)));
  const denominator = sub(alpha, asTypeOf(beta, alpha));
  const all = (v: Array) => broadcastInDim(v, [b, m], [0]);
  const v = where(all(trivial), like(x, 0), div(below, all(where(eq(denominator, like(alpha, 0)), like(alpha, 1), denominator))));
  return { beta, tau, v };
}

/** One step of a pivoted QR decomposition of `[batch, m, n]`: reflects column k, the largest of the rest, onto its first entry. */
function pivotedStep(k: Array, [a, taus, order]: readonly Array[]): Array[] {
  const [b, m, n] = a!.shape as [number, number, number];
  const [rows, columns] = [rowIndex(a!.shape), columnIndex(a!.shape)];
  const each = iota('int32', [b, n], 1);
  const remaining = where(lt(rows, k), like(a!, 0), a!);
  const p = argmax(where(lt(each, k), scalar(-1, realDtype(a!.dtype)), norms(remaining)), 1);
  const at = (v: Array, shape: readonly number[]) => broadcastInDim(v, shape, [0]);
  const pick = (x: Array, which: Array) => reduceSum(where(eq(columns, at(which, a!.shape)), x, like(x, 0)), [2]);
  const x = pick(a!, p);
  const swapped = where(eq(columns, k), asColumns(x, a!.shape), where(eq(columns, at(p, a!.shape)), asColumns(columnAt(a!, k), a!.shape), a!));
  const entry = (which: Array) => at(reduceSum(where(which, order!, scalar(0, 'int32')), [1]), [b, n]);
  const [atK, atP] = [eq(each, k), eq(each, at(p, [b, n]))];
  const nextOrder = where(atK, entry(atP), where(atP, entry(atK), order!));

  const index = iota('int32', [b, m], 1);
  const { beta, tau, v } = reflector(x, k);
  const withOne = where(eq(index, k), like(v, 1), v);
  // Hᴴ = I − conj(tau) v vᴴ from the left.
  const products = reduceSum(mul(asColumns(conjugate(withOne), a!.shape), swapped), [1]);
  const factor = conjugate(tau);
  const reflected = sub(swapped, mul(asColumns(mul(withOne, at(factor, [b, m])), a!.shape), asRows(products, a!.shape)));
  const column = where(eq(index, k), at(asTypeOf(beta, x), [b, m]), where(gt(index, k), v, columnAt(swapped, k)));
  const next = where(gt(columns, k), reflected, where(eq(columns, k), asColumns(column, a!.shape), swapped));
  const r = taus!.shape[1]!;
  return [next, where(eq(iota('int32', [b, r], 1), k), at(tau, [b, r]), taus!), nextOrder];
}

const geqp3P: MultiPrimitive<object> = defineMultiPrimitive<object>({
  name: 'geqp3',
  abstract: ([x]) => {
    checkMatrix('geqp3', x!);
    const batch = x!.shape.slice(0, -2);
    const [m, n] = x!.shape.slice(-2) as [number, number];
    return [x!.strong(), new ShapedArray([...batch, n], 'int32'), new ShapedArray([...batch, Math.min(m, n)], x!.dtype)];
  },
  lower: (ctx, args, _, outs) => lapackForm(ctx, 'geqp3', args, outs) ?? emitFunction(ctx, ([x]) => {
    const { flat, restore } = flattenBatch(x!);
    const [b, m, n] = flat.shape as [number, number, number];
    const r = Math.min(m, n);
    const [a, taus, order] = repeat(0, r, pivotedStep, [flat, full([b, r], 0, flat.dtype), iota('int32', [b, n], 1)]);
    return [a!, order!, taus!].map(restore);
  }, args),
  jvp: absent('the reflectors of a QR decomposition have no derivative in JAX; differentiate qr'),
  transpose: absent('geqp3 is not linear'),
  batch: batchLeading(() => geqp3P),
  sample: () => [{ inputs: [{ shape: [4, 3], dtype: 'float32' }], params: {} }, { inputs: [{ shape: [2, 3], dtype: 'complex64' }], params: {} }],
});

/**
 * {@link geqrf} of the columns in an order in which each is the longest of what the ones before leave. Mirrors `jax.lax.linalg.geqp3`, with
 * indices from 0 and all columns free.
 *
 * @returns the packed matrices, the order of the columns, int32 `[..., n]`, and the reflectors' factors
 */
export function geqp3(x: Array): [Array, Array, Array] {
  const [a, order, taus] = geqp3P.bind({}, x);
  return [a!, order!, taus!];
}

/** One step of the reduction to Hessenberg form of `[batch, n, n]`: column k becomes zero below the entry under the diagonal. */
function hessenbergStep(k: Array, [a, taus]: readonly Array[]): Array[] {
  const [b, n] = a!.shape as [number, number];
  const next = add(k, scalar(1, 'int32'));
  const index = iota('int32', [b, n], 1);
  const { beta, tau, v } = reflector(columnAt(a!, k), next);
  const at = (x: Array) => broadcastInDim(x, [b, n], [0]);
  const w = where(eq(index, next), like(v, 1), v);
  const shape = a!.shape;
  // Reflectors stored in columns before k are not part of the matrix.
  const active = ge(columnIndex(shape), next);
  const right = reduceSum(where(active, mul(a!, asRows(w, shape)), like(a!, 0)), [2]);
  const once = sub(a!, mul(asColumns(right, shape), asRows(mul(conjugate(w), at(tau)), shape)));
  const left = reduceSum(mul(asColumns(conjugate(w), shape), once), [1]);
  const twice = sub(once, mul(asColumns(mul(w, at(conjugate(tau))), shape), asRows(left, shape)));
  const column = where(eq(index, next), at(asTypeOf(beta, v)), where(gt(index, next), v, columnAt(a!, k)));
  const out = where(active, twice, where(eq(columnIndex(shape), k), asColumns(column, shape), a!));
  return [out, where(eq(iota('int32', taus!.shape, 1), k), broadcastInDim(tau, taus!.shape, [0]), taus!)];
}

export const hessenbergP: MultiPrimitive<object> = defineMultiPrimitive<object>({
  name: 'hessenberg',
  abstract: ([x]) => {
    checkMatrix('hessenberg', x!, true);
    return [x!.strong(), new ShapedArray([...x!.shape.slice(0, -2), Math.max(0, x!.shape[x!.ndim - 1]! - 1)], x!.dtype)];
  },
  lower: (ctx, args, _, outs) => lapackForm(ctx, 'gehrd', args, outs) ?? emitFunction(ctx, ([x]) => {
    const { flat, restore } = flattenBatch(x!);
    const [b, n] = flat.shape as [number, number];
    return repeat(0, n - 1, hessenbergStep, [flat, full([b, Math.max(0, n - 1)], 0, flat.dtype)]).map(restore);
  }, args),
  jvp: absent('the Hessenberg form has no derivative in JAX'),
  transpose: absent('hessenberg is not linear'),
  batch: batchLeading(() => hessenbergP),
  sample: () => [{ inputs: [{ shape: [4, 4], dtype: 'float32' }], params: {} }, { inputs: [{ shape: [3, 3], dtype: 'complex64' }], params: {} }],
});

/**
 * Hessenberg form: Qᴴ x Q has zeros below its first subdiagonal. Mirrors `jax.lax.linalg.hessenberg`.
 *
 * @param x `[..., n, n]`
 * @returns that form with the reflectors below it, and their factors, `[..., n - 1]`
 */
export function hessenberg(x: Array): [Array, Array] {
  const [a, taus] = hessenbergP.bind({}, x);
  return [a!, taus!];
}
