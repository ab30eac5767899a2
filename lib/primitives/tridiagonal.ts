import type { Array } from '../core/array';
import { sameShape, type ShapedArray, sizeOf } from '../core/aval';
import { realDtype } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { definePrimitive, isUndefinedPrimal, type MaybeLinear, type SinglePrimitive } from '../core/primitive';
import { abs, add, div, eq, ge, imag, lt, max, mul, ne, neg, real, sub, where } from './elementwise';
import { lapackForm } from './lapackForms';
import { asTypeOf, batchLeading, checkMatrixDtype, emitFunction, epsilon, isComplex, scanOver } from './matrix';
import { addAny } from './nary';
import { reduceAnd, reduceMax } from './reduction';
import { broadcastInDim, concatenate, full, iota, like, range, reshape, scalar, slice, sliceInDim, transpose, zerosLike } from './structural';

export interface TridiagonalSolveParams {
  /** Whether pivots next to zero are moved away from it, so that the result is finite. */
  perturbSingular: boolean;
}

export const tridiagonalSolveP: SinglePrimitive<TridiagonalSolveParams> = definePrimitive<TridiagonalSolveParams>({
  name: 'tridiagonal_solve',
  abstract: ([dl, d, du, b]) => {
    checkMatrixDtype('tridiagonalSolve', b!);
    for (const x of [dl!, d!, du!]) {
      if (x.dtype !== b!.dtype) throw new DtypeError(`tridiagonalSolve: expected operands of one dtype, got ${[dl, d, du, b].join(', ')}`);
      if (b!.ndim < 2 || !sameShape(x.shape, b!.shape.slice(0, -1))) throw new ShapeError(`tridiagonalSolve: expected diagonals of shape [..., n] and b of shape [..., n, k], got ${[dl, d, du, b].join(', ')}`);
    }
    return b!.strong();
  },
  lower: (ctx, args, p, out) => gtsv(ctx, args, p, out) ?? emitFunction(ctx, (xs) => [solve(xs as [Array, Array, Array, Array], p)], args)[0]!,
  jvp: ([dl, d, du, b], tangents, p) => {
    const x = tridiagonalSolveP.bind(p, dl!, d!, du!, b!);
    const diagonals = tangents.slice(0, 3);
    const moved = diagonals.every((t) => t === null) ? null : neg(product(diagonals.map((t) => t ?? zerosLike(d!.aval)) as [Array, Array, Array], x));
    const db = tangents[3]!;
    const rhs = moved === null ? db! : db === null ? moved : addAny(db!, moved);
    return [x, tridiagonalSolveP.bind(p, dl!, d!, du!, rhs)];
  },
  transpose: (ct, args: readonly MaybeLinear[], p) => {
    if (args.some((x, i) => isUndefinedPrimal(x) !== (i === 3))) throw new ShapeError('tridiagonalSolve: it is linear in its last operand only');
    const [dl, d, du] = args as readonly Array[];
    const n = d!.ndim - 1;
    const zero = zerosLike(d!.aval.withShape([...d!.shape.slice(0, -1), 1]));
    const m = d!.shape[n]!;
    return [null, null, null, tridiagonalSolveP.bind(p, concatenate([zero, sliceInDim(du!, 0, m - 1, n)], n), d!, concatenate([sliceInDim(dl!, 1, m, n), zero], n), ct)];
  },
  batch: (axis, args, dims, p) => {
    const [[out]] = batchLeading(() => tridiagonalSolveP)(axis, args, dims, p);
    return [out!, 0];
  },
  sample: () => {
    const near = (low: number, high: number) => ({ shape: [4], dtype: 'float32', low, high });
    return [
      { inputs: [near(-1, 1), near(2.5, 4), near(-1, 1), { shape: [4, 2], dtype: 'float32' }], params: { perturbSingular: false } },
      // Rows change places.
      { inputs: [near(2, 3), near(0.1, 0.5), near(0.5, 1), { shape: [4, 1], dtype: 'float32' }], params: { perturbSingular: false } },
    ];
  },
});

/** Tridiagonal matrices times `[..., n, k]`. */
function product([dl, d, du]: [Array, Array, Array], x: Array): Array {
  const n = x.ndim - 2;
  const all = (v: Array) => broadcastInDim(v, x.shape, range(x.ndim - 1));
  const m = x.shape[n]!;
  const zero = zerosLike(x.aval.withShape(x.shape.map((s, i) => (i === n ? 1 : s))));
  const above = concatenate([zero, sliceInDim(x, 0, m - 1, n)], n);
  const below = concatenate([sliceInDim(x, 1, m, n), zero], n);
  return add(mul(all(d), x), add(mul(all(dl), above), mul(all(du), below)));
}

/** By LAPACK, which moves no pivots. */
function gtsv(ctx: LoweringContext, [dl, d, du, b]: readonly IrValue[], { perturbSingular }: TridiagonalSolveParams, out: ShapedArray): IrValue | null {
  return perturbSingular ? null : lapackForm(ctx, 'gtsv', [b!, dl!, d!, du!], [out])?.[0] ?? null;
}

/** Gaussian elimination with partial pivoting, which fills a second diagonal above the first: LAPACK's gtsv. */
function solve([dl, d, du, b]: [Array, Array, Array, Array], { perturbSingular }: TridiagonalSolveParams): Array {
  const [n, k] = b.shape.slice(-2) as [number, number];
  if (b.size === 0) return b;
  const batch = sizeOf(b.shape.slice(0, -2));
  // Steps first: [n, batch] and [n, batch, k].
  const steps = (x: Array) => transpose(reshape(x, [batch, n]), [1, 0]);
  const rhs = transpose(reshape(b, [batch, n, k]), [1, 0, 2]);
  const [lower, middle, upper] = [steps(dl), steps(d), steps(du)];
  const first = (x: Array) => reshape(slice(x, x.shape.map(() => 0), [1, ...x.shape.slice(1)]), x.shape.slice(1));
  const rest = (x: Array) => slice(x, [1, ...x.shape.slice(1).map(() => 0)], x.shape);
  const size = (x: Array) => (isComplex(x) ? add(abs(real(x)), abs(imag(x))) : abs(x));
  const wide = (x: Array) => broadcastInDim(x, [batch, k], [0]);
  const one = full([batch], 1, b.dtype);
  const zero = full([batch], 0, b.dtype);
  // What is above the last row's diagonal does not count.
  const last = eq(iota('int32', [n, batch], 0), scalar(n - 1, 'int32'));
  const above = where(last, full([n, batch], 0, b.dtype), upper);

  let rows: { d: Array; du: Array; du2: Array; b: Array };
  if (n === 1) rows = { d: middle, du: full([1, batch], 0, b.dtype), du2: full([1, batch], 0, b.dtype), b: rhs };
  else {
    const { carry, out } = scanOver(([cd, cu, cb], [l, m, u, r]) => {
      const keep = ge(size(cd!), size(l!));
      const pivot = where(keep, cd!, l!);
      const none = eq(pivot, like(pivot, 0));
      const factor = where(none, zero, div(where(keep, l!, cd!), where(none, one, pivot)));
      const row = { du: where(keep, cu!, m!), du2: where(keep, zero, u!), b: where(wide(keep), cb!, r!) };
      const next = {
        d: sub(where(keep, m!, cu!), mul(factor, row.du)),
        du: where(keep, u!, neg(mul(factor, u!))),
        b: sub(where(wide(keep), r!, cb!), mul(wide(factor), row.b)),
      };
      return { carry: [next.d, next.du, next.b], out: [pivot, row.du, row.du2, row.b] };
    }, [first(middle), first(above), first(rhs)], [rest(lower), rest(middle), rest(above), rest(rhs)]);
    const all = (x: Array, tail: Array) => concatenate([x, reshape(tail, [1, ...tail.shape])], 0);
    rows = { d: all(out[0]!, carry[0]!), du: all(out[1]!, zero), du2: all(out[2]!, zero), b: all(out[3]!, carry[2]!) };
  }

  let pivots = rows.d;
  if (perturbSingular) {
    const largest = reduceMax(max(max(abs(rows.d), abs(rows.du)), abs(rows.du2)), [0]);
    const least = broadcastInDim(max(mul(largest, like(largest, epsilon(b.dtype))), like(largest, realDtype(b.dtype) === 'float32' ? 2 ** -126 : 2 ** -1022)), [n, batch], [1]);
    const tiny = lt(abs(pivots), least);
    const negative = isComplex(pivots) ? full([n, batch], false, 'bool') : lt(pivots, like(pivots, 0));
    pivots = where(tiny, asTypeOf(where(negative, neg(least), least), pivots), pivots);
  }
  const { out } = scanOver(([x1, x2], [pd, pu, pu2, pb]) => {
    const x = div(sub(pb!, add(mul(wide(pu!), x1!), mul(wide(pu2!), x2!))), wide(pd!));
    return { carry: [x, x1!], out: [x] };
  }, [full([batch, k], 0, b.dtype), full([batch, k], 0, b.dtype)], [pivots, rows.du, rows.du2, rows.b], true);
  const regular = broadcastInDim(reduceAnd(ne(pivots, like(pivots, 0)), [0]), [n, batch, k], [1]);
  const x = where(regular, out[0]!, full([n, batch, k], Number.NaN, b.dtype));
  return reshape(transpose(x, [1, 0, 2]), b.shape);
}

/**
 * X with A X = b for tridiagonal matrices A; NaN where A is singular. Mirrors `jax.lax.linalg.tridiagonal_solve`.
 *
 * @param dl below the diagonal, `[..., n]`: entry i is A[i, i − 1]; entry 0 does not count
 * @param d on the diagonal
 * @param du above the diagonal: entry i is A[i, i + 1]; the last does not count
 * @param b `[..., n, k]`
 */
export function tridiagonalSolve(dl: Array, d: Array, du: Array, b: Array, options: { perturbSingular?: boolean } = {}): Array {
  return tridiagonalSolveP.bind({ perturbSingular: options.perturbSingular ?? false }, dl, d, du, b);
}
