import type { Array } from '../core/array';
import { abs, add, and, div, eq, ge, gt, le, lt, max, mul, neg, or, rem, sqrt, sub, where } from './elementwise';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { hessenberg, householderProduct } from './householder';
import { block, columnIndex, diagonal, entryAt, epsilon, eye, repeatWhile, rowIndex, T } from './matrix';
import { reduceMax } from './reduction';
import { broadcastInDim, concatenate, full, iota, like, pad, reduceSum, reshape, scalar, slice, squeeze } from './structural';

// Schur form of one real matrix [n, n]: Francis' QR steps, whose pairs of shifts keep the arithmetic real.
// Source: Golub and Van Loan, "Matrix Computations" (4th ed.), section 7.5; Bai and Demmel's standard form of two by two blocks.

const STEPS_PER_VALUE = 40;
const int = (v: number) => scalar(v, 'int32');
const next = (k: Array, by = 1) => add(k, int(by));
const square = (x: Array) => mul(x, x);
const signOf = (x: Array) => where(lt(x, like(x, 0)), like(x, -1), like(x, 1));
/** x where it is not zero, else 1: for divisors of quotients that are not used. */
const orOne = (x: Array) => where(eq(x, like(x, 0)), like(x, 1), x);

/** Rows from i on, as many as `m` has, times m. */
function timesRows(a: Array, i: Array, m: Array): Array {
  const [k, width] = [m.shape[0]!, a.shape[1]!];
  const rows = dynamicSlice(a, [i, int(0)], [k, width]);
  const shape = [k, k, width];
  const out = reduceSum(mul(broadcastInDim(m, shape, [0, 1]), broadcastInDim(rows, shape, [1, 2])), [1]);
  return dynamicUpdateSlice(a, out, [i, int(0)]);
}

/** Columns from i on, as many as `m` has, times mᵀ from the right. */
function timesColumns(a: Array, i: Array, m: Array): Array {
  const [k, height] = [m.shape[0]!, a.shape[0]!];
  const columns = dynamicSlice(a, [int(0), i], [height, k]);
  const shape = [height, k, k];
  const out = reduceSum(mul(broadcastInDim(columns, shape, [0, 2]), broadcastInDim(m, shape, [1, 2])), [2]);
  return dynamicUpdateSlice(a, out, [int(0), i]);
}

/** M h Mᵀ and M zᵀ for an orthogonal M that acts on the indices from i on. */
function similar(h: Array, zt: Array, i: Array, m: Array): [Array, Array] {
  return [timesColumns(timesRows(h, i, m), i, m), timesRows(zt, i, m)];
}

/** The symmetric reflection that makes all but the first of a vector's three entries zero. */
function reflection(x: Array): Array {
  const index = iota('int32', [3], 0);
  const largest = reduceMax(abs(x), [0]);
  const scaled = div(x, orOne(largest));
  const first = squeeze(slice(scaled, [0], [1]), [0]);
  const length = sqrt(reduceSum(square(scaled), [0]));
  const v = add(scaled, where(eq(index, int(0)), mul(signOf(first), length), like(scaled, 0)));
  const norm = reduceSum(square(v), [0]);
  const outer = mul(broadcastInDim(v, [3, 3], [0]), broadcastInDim(v, [3, 3], [1]));
  const factor = where(eq(norm, like(norm, 0)), like(norm, 0), div(like(norm, 2), orOne(norm)));
  return sub(eye([3, 3], x.dtype), mul(outer, factor));
}

/** [[cos, sin], [−sin, cos]]. */
function planeRotation(cos: Array, sin: Array): Array {
  const row = (x: Array, y: Array) => concatenate([reshape(x, [1, 1]), reshape(y, [1, 1])], 1);
  return concatenate([row(cos, sin), row(neg(sin), cos)], 0);
}

/**
 * The rotation that brings a two by two block to standard form: upper triangular if its eigenvalues are real, else with equal diagonal entries.
 */
function standardRotation(a: Array, b: Array, c: Array, d: Array): { rotation: Array; triangular: Array } {
  const one = like(a, 1);
  const zero = like(a, 0);
  const p = mul(sub(a, d), like(a, 0.5));
  const scale = orOne(max(abs(p), max(abs(b), abs(c))));
  const [ps, bs, cs] = [div(p, scale), div(b, scale), div(c, scale)];
  const discriminant = add(square(ps), mul(bs, cs));
  const isReal = ge(discriminant, zero);
  // Real: the first row of the rotation is along the eigenvector of the eigenvalue a + …, the one without cancellation.
  const z = add(ps, mul(signOf(ps), sqrt(max(discriminant, zero))));
  const realLength = sqrt(add(square(z), square(cs)));
  const noLength = eq(realLength, zero);
  const [realCos, realSin] = [where(noLength, one, div(z, orOne(realLength))), where(noLength, zero, div(cs, orOne(realLength)))];
  // Complex: the diagonal becomes equal.
  const sigma = add(bs, cs);
  const length = sqrt(add(square(sigma), square(mul(ps, like(a, 2)))));
  const cos = sqrt(mul(add(one, div(abs(sigma), orOne(length))), like(a, 0.5)));
  const sin = neg(div(mul(ps, signOf(sigma)), orOne(mul(length, cos))));
  const equal = eq(ps, zero);
  const [complexCos, complexSin] = [where(equal, one, cos), where(equal, zero, sin)];
  return { rotation: planeRotation(where(isReal, realCos, complexCos), where(isReal, realSin, complexSin)), triangular: isReal };
}

/** The first column, up to a factor, of (H − s1)(H − s2) from row lo on, the shifts being the eigenvalues of a block with the given trace and determinant. */
function firstColumn(h: Array, lo: Array, trace: Array, determinant: Array): Array {
  const [a, b, c, d] = [entryAt(h, lo, lo), entryAt(h, lo, next(lo)), entryAt(h, next(lo), lo), entryAt(h, next(lo), next(lo))];
  const x = add(sub(add(square(a), mul(b, c)), mul(trace, a)), determinant);
  const y = mul(c, sub(add(a, d), trace));
  const z = mul(c, entryAt(h, next(lo, 2), next(lo)));
  return concatenate([x, y, z].map((v) => reshape(v, [1])), 0);
}

/** Orthogonal Z and quasi-triangular T with a = Z T Zᵀ, and whether the steps converged. */
export function realSchur(a: Array): { z: Array; t: Array; converged: Array } {
  const n = a.shape[0]!;
  if (n === 1) return { z: full([1, 1], 1, a.dtype), t: a, converged: scalar(true, 'bool') };
  const { dtype } = a;
  const eps = epsilon(dtype);
  const norm = sqrt(reduceSum(square(a), [0, 1]));
  const least = mul(norm, scalar(eps * eps, dtype));
  const [packed, taus] = hessenberg(a);
  const q = pad(householderProduct(block(packed, [1, n], [0, n - 1]), taus), scalar(0, dtype), [[1, 0, 0], [1, 0, 0]]);
  const q0 = add(q, where(eq(add(rowIndex([n, n]), columnIndex([n, n])), int(0)), full([n, n], 1, dtype), scalar(0, dtype)));
  // One row and column of zeros more, so that three rows from the last but one on exist.
  const size = n + 1;
  const border = (x: Array) => pad(x, scalar(0, dtype), [[0, 1, 0], [0, 1, 0]]);
  const clean = (h: Array) => where(le(rowIndex(h.shape), add(columnIndex(h.shape), int(1))), h, like(h, 0));
  const index = iota('int32', [size], 0);

  const [hi, , , h, zt] = repeatWhile(
    ([hi1, , steps]) => and(gt(hi1!, int(0)), lt(steps!, int(STEPS_PER_VALUE * n))),
    ([hi1, stuck, steps, h1, zt1]) => {
      const d = abs(diagonal(h1!));
      const below = pad(abs(diagonal(slice(h1!, [1, 0], [size, n]))), scalar(0, dtype), [[1, 0, 0]]);
      const around = add(d, pad(slice(d, [0], [n]), scalar(0, dtype), [[1, 0, 0]]));
      const small = or(le(below, max(mul(around, scalar(eps, dtype)), broadcastInDim(least, [size], []))), eq(index, int(0)));
      const lo = reduceMax(where(and(small, le(index, hi1!)), index, int(0)), [0]);
      const top = max(sub(hi1!, int(1)), int(0));
      const single = eq(lo, hi1!);
      const pair = eq(lo, top);
      // Entries that count as zero become zero.
      const cut = where(and(eq(rowIndex(h1!.shape), lo), eq(columnIndex(h1!.shape), sub(lo, int(1)))), like(h1!, 0), h1!);

      const last = [entryAt(cut, top, top), entryAt(cut, top, hi1!), entryAt(cut, hi1!, top), entryAt(cut, hi1!, hi1!)] as const;
      const { rotation, triangular } = standardRotation(...last);
      const [turned, turnedZ] = similar(cut, zt1!, top, where(pair, rotation, eye([2, 2], dtype)));
      const atPair = and(eq(rowIndex(h1!.shape), hi1!), eq(columnIndex(h1!.shape), top));
      const settled = where(and(atPair, and(pair, triangular)), like(turned, 0), turned);

      const odd = and(gt(stuck!, int(0)), eq(rem(stuck!, int(10)), int(0)));
      const s = add(abs(last[2]), abs(entryAt(cut, top, max(sub(top, int(1)), int(0)))));
      const trace = where(odd, mul(s, scalar(1.5, dtype)), add(last[0], last[3]));
      const determinant = where(odd, square(s), sub(mul(last[0], last[3]), mul(last[1], last[2])));
      const done = or(single, pair);
      const [, swept, sweptZ] = repeatWhile(
        ([k]) => lt(k!, where(done, lo, hi1!)),
        ([k, hk, zk]) => {
          const before = max(sub(k!, int(1)), int(0));
          const column = where(eq(k!, lo), firstColumn(hk!, lo, trace, determinant), reshape(dynamicSlice(hk!, [k!, before], [3, 1]), [3]));
          // The last step is on two rows.
          const two = and(eq(k!, sub(hi1!, int(1))), gt(iota('int32', [3], 0), int(1)));
          const [hn, zn] = similar(hk!, zk!, k!, reflection(where(two, like(column, 0), column)));
          return [next(k!), hn, zn];
        }, [lo, settled, turnedZ]);
      return [where(single, sub(hi1!, int(1)), where(pair, sub(hi1!, int(2)), hi1!)), where(done, int(0), next(stuck!)), next(steps!), clean(swept!), sweptZ!];
    },
    [int(n - 1), int(0), int(0), border(clean(packed)), border(T(q0))],
  );
  const part = (x: Array) => slice(x, [0, 0], [n, n]);
  return { z: T(part(zt!)), t: part(h!), converged: le(hi!, int(0)) };
}
