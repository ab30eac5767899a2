import type { Array } from '../core/array';
import { abs, add, and, div, eq, ge, gt, le, lt, max, min, mul, neg, or, rem, sqrt, square, sub, where } from './elementwise';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { hessenberg, householderProduct } from './householder';
import { block, columnIndex, diagonal, entryAt, epsilon, eye, int, orOne, repeatWhile, rowIndex, T } from './matrix';
import { reduceMax } from './reduction';
import { broadcastInDim, concatenate, full, iota, like, pad, reduceSum, reshape, scalar, slice, squeeze } from './structural';

// Schur form of one real matrix [n, n]: Francis' QR steps, whose pairs of shifts keep the arithmetic real.
// Source: Golub and Van Loan, "Matrix Computations" (4th ed.), section 7.5; Bai and Demmel's standard form of two by two blocks.

const STEPS_PER_VALUE = 40;
const next = (k: Array, by = 1) => add(k, int(by));
const signOf = (x: Array) => where(lt(x, like(x, 0)), like(x, -1), like(x, 1));

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
  // Where nothing is to be made zero, nothing is reflected.
  const rest = reduceMax(where(eq(index, int(0)), like(x, 0), abs(x)), [0]);
  const factor = where(eq(rest, like(norm, 0)), like(norm, 0), div(like(norm, 2), orOne(norm)));
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
  const [lower, upper] = [eq(b, zero), eq(c, zero)];
  const cosine = where(upper, one, where(lower, zero, where(isReal, realCos, complexCos)));
  const sine = where(upper, zero, where(lower, one, where(isReal, realSin, complexSin)));
  return { rotation: planeRotation(cosine, sine), triangular: or(isReal, or(lower, upper)) };
}

interface Shifts {
  first: Array;
  second: Array;
  /** Imaginary part of the first, the second's being its negative. */
  imaginary: Array;
}

/** The eigenvalues of a block; of two real ones that which is nearer to its last entry, twice. */
function shiftsOf([a, b, c, d]: readonly [Array, Array, Array, Array]): Shifts {
  const size = orOne(add(add(abs(a), abs(b)), add(abs(c), abs(d))));
  const [p, q, r, t] = [a, b, c, d].map((x) => div(x, size)) as [Array, Array, Array, Array];
  const middle = mul(add(p, t), like(p, 0.5));
  const determinant = sub(mul(sub(p, middle), sub(t, middle)), mul(q, r));
  const root = sqrt(abs(determinant));
  const conjugate = ge(determinant, like(p, 0));
  const [high, low] = [add(middle, root), sub(middle, root)];
  const near = where(le(abs(sub(high, t)), abs(sub(low, t))), high, low);
  const real = mul(where(conjugate, middle, near), size);
  return { first: real, second: real, imaginary: mul(where(conjugate, root, like(p, 0)), size) };
}

/**
 * For each index m, the first column of (H − s1)(H − s2) of the rows from m on, up to a factor, `[n, 3]`; and whether the entry before row m is so small that
 * the step may begin there. The diagonals are of length n, what they do not have being zeros at the end.
 */
function firstColumns(d: Array, above: Array, below: Array, { first, second, imaginary }: Shifts, eps: number): { columns: Array; starts: Array } {
  const all = (x: Array) => broadcastInDim(x, d.shape, []);
  const behind = (x: Array) => pad(slice(x, [1], [x.size]), like(x, 0), [[0, 1, 0]]);
  const before = (x: Array) => pad(slice(x, [0], [x.size - 1]), like(x, 0), [[1, 0, 0]]);
  const [next1, below1] = [behind(d), behind(below)];
  const size = orOne(add(add(abs(sub(d, all(second))), abs(all(imaginary))), abs(below)));
  const c = div(below, size);
  const x = add(add(mul(c, above), mul(sub(d, all(first)), div(sub(d, all(second)), size))), mul(all(imaginary), div(all(imaginary), size)));
  const y = mul(c, sub(sub(add(d, next1), all(first)), all(second)));
  const z = mul(c, below1);
  const total = orOne(add(add(abs(x), abs(y)), abs(z)));
  const [x1, y1, z1] = [x, y, z].map((v) => div(v, total)) as [Array, Array, Array];
  const around = add(add(abs(before(d)), abs(d)), abs(next1));
  const starts = le(mul(abs(before(below)), add(abs(y1), abs(z1))), mul(mul(abs(x1), like(d, eps)), around));
  return { columns: concatenate([x1, y1, z1].map((v) => reshape(v, [d.size, 1])), 1), starts };
}

/** The index from which on a step or a block begins: the last, up to `end`, at which `holds`, or `floor`. */
function lastWhere(holds: Array, floor: Array, end: Array): Array {
  const index = iota('int32', holds.shape, 0);
  const all = (x: Array) => broadcastInDim(x, holds.shape, []);
  return reduceMax(where(and(holds, and(le(index, all(end)), gt(index, all(floor)))), index, all(floor)), [0]);
}

/** Where an entry below the diagonal counts as zero beside those around it. Source: Ahues and Tisseur, "A new deflation criterion for the QR algorithm" (1997). */
function negligible(d: Array, above: Array, below: Array, eps: number, least: number): Array {
  // All beside the row of the entry: row k has below[k − 1].
  const before = (x: Array) => pad(slice(x, [0], [x.size - 1]), like(x, 0), [[1, 0, 0]]);
  const [left, over, size] = [before(d), abs(before(above)), abs(before(below))];
  const plain = add(abs(left), abs(d));
  const around = where(eq(plain, like(plain, 0)), add(before(size), abs(below)), plain);
  const [wide, narrow] = [max(size, over), min(size, over)];
  const gap = abs(sub(left, d));
  const [far, near] = [max(abs(d), gap), min(abs(d), gap)];
  const total = orOne(add(far, wide));
  const smallest = like(d, least);
  const relative = le(mul(narrow, div(wide, total)), max(smallest, mul(like(d, eps), mul(near, div(far, total)))));
  return or(le(size, smallest), and(le(size, mul(like(d, eps), around)), relative));
}

/** Orthogonal Z and quasi-triangular T with a = Z T Zᵀ, and whether the steps converged. */
export function realSchur(a: Array): { z: Array; t: Array; converged: Array } {
  const n = a.shape[0]!;
  if (n === 1) return { z: full([1, 1], 1, a.dtype), t: a, converged: scalar(true, 'bool') };
  const { dtype } = a;
  const eps = epsilon(dtype);
  const least = ((dtype === 'float64' ? 2 ** -1022 : 2 ** -126) * n) / eps;
  const [packed, taus] = hessenberg(a);
  const q = pad(householderProduct(block(packed, [1, n], [0, n - 1]), taus), scalar(0, dtype), [[1, 0, 0], [1, 0, 0]]);
  const q0 = add(q, where(eq(add(rowIndex([n, n]), columnIndex([n, n])), int(0)), full([n, n], 1, dtype), scalar(0, dtype)));
  // One row and column of zeros more, so that three rows from the last but one on exist.
  const size = n + 1;
  const border = (x: Array) => pad(x, scalar(0, dtype), [[0, 1, 0], [0, 1, 0]]);
  const clean = (h: Array) => where(le(rowIndex(h.shape), add(columnIndex(h.shape), int(1))), h, like(h, 0));

  const [hi, , , h, zt] = repeatWhile(
    ([hi1, , steps]) => and(gt(hi1!, int(0)), lt(steps!, int(STEPS_PER_VALUE * n))),
    ([hi1, stuck, steps, h1, zt1]) => {
      const d = diagonal(h1!);
      const side = (x: Array) => pad(diagonal(x), scalar(0, dtype), [[0, 1, 0]]);
      const [above, below] = [side(slice(h1!, [0, 1], [n, size])), side(slice(h1!, [1, 0], [size, n]))];
      const lo = lastWhere(negligible(d, above, below, eps, least), int(0), hi1!);
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
      // Now and then a step with other shifts, lest steps go round in circles.
      const [mean, off] = [add(mul(s, scalar(0.75, dtype)), last[3]), mul(s, scalar(-0.4375, dtype))];
      const shifts = shiftsOf([where(odd, mean, last[0]), where(odd, off, last[1]), where(odd, s, last[2]), where(odd, mean, last[3])]);
      const { columns, starts } = firstColumns(d, above, below, shifts, eps);
      const from = lastWhere(starts, lo, sub(hi1!, int(2)));
      const done = or(single, pair);
      const [, swept, sweptZ] = repeatWhile(
        ([k]) => lt(k!, where(done, from, hi1!)),
        ([k, hk, zk]) => {
          const before = max(sub(k!, int(1)), int(0));
          const column = where(eq(k!, from), reshape(dynamicSlice(columns, [from, int(0)], [1, 3]), [3]), reshape(dynamicSlice(hk!, [k!, before], [3, 1]), [3]));
          // The last step is on two rows.
          const two = and(eq(k!, sub(hi1!, int(1))), gt(iota('int32', [3], 0), int(1)));
          const [hn, zn] = similar(hk!, zk!, k!, reflection(where(two, like(column, 0), column)));
          return [next(k!), hn, zn];
        }, [from, settled, turnedZ]);
      return [where(single, sub(hi1!, int(1)), where(pair, sub(hi1!, int(2)), hi1!)), where(done, int(0), next(stuck!)), next(steps!), clean(swept!), sweptZ!];
    },
    [int(n - 1), int(0), int(0), border(clean(packed)), border(T(q0))],
  );
  const part = (x: Array) => slice(x, [0, 0], [n, n]);
  // The diagonal entries of a block are equal up to rounding; they are made so.
  const t = part(h!);
  const before = (x: Array) => pad(slice(x, [0], [n - 1]), scalar(0, dtype), [[1, 0, 0]]);
  const below = before(pad(diagonal(slice(t, [1, 0], [n, n - 1])), scalar(0, dtype), [[0, 1, 0]]));
  const own = diagonal(t);
  const equal = where(eq(below, like(below, 0)), own, before(own));
  const onDiagonal = eq(rowIndex(t.shape), columnIndex(t.shape));
  return { z: T(part(zt!)), t: where(onDiagonal, broadcastInDim(equal, t.shape, [1]), t), converged: le(hi!, int(0)) };
}
