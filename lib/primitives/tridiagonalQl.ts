import type { Array } from '../core/array';
import { abs, add, and, div, eq, ge, gt, le, lt, max, mul, neg, not, or, sqrt, square, sub, where } from './elementwise';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { hessenberg, householderProduct } from './householder';
import { refine } from './jacobi';
import { asTypeOf, block, columnIndex, diagonal, epsilon, eye, int, matmul, orOne, realPart, repeatWhile, rowIndex, scaleOf } from './matrix';
import { reduceMax, reduceMin, reduceOr } from './reduction';
import { broadcastInDim, concatenate, full, iota, like, pad, reduceSum, reshape, rev, scalar, slice, squeeze } from './structural';

// Eigenvectors of small symmetric matrices by the steps of LAPACK's syevd: eigenvectors are unique up to a factor only (and not at all where values
// are equal), so that those which follow the same steps, and no others, are those of JAX.
//
// Source: Golub and Van Loan, "Matrix Computations" (4th ed.), section 8.3: implicit QL steps with Wilkinson's shift. LAPACK takes the end of a block with
// the smaller entry last, which is here a QL step on the block turned round; and solves blocks of two in closed form.

/** The largest size for which these steps are taken. LAPACK takes them up to 25 (beyond, it divides and conquers), where rotations one by one cost five times as much as Jacobi's. */
export const SMALL_SIZE = 16;
const STEPS_PER_VALUE = 30;

/** The size of x with the sign of y, that of −0 too. */
function sign(x: Array, y: Array): Array {
  const zero = like(y, 0);
  return where(or(lt(y, zero), lt(div(like(y, 1), y), zero)), neg(abs(x)), abs(x));
}

function hypot(x: Array, y: Array): Array {
  const large = max(abs(x), abs(y));
  const by = orOne(large);
  return mul(large, sqrt(add(square(div(x, by)), square(div(y, by)))));
}

/** A value for each lane `[b]`, beside arrays of shape [b, …]. */
const beside = (x: Array, shape: readonly number[]) => broadcastInDim(x, shape, [0]);

/** Entry `at` of each lane of `[b, n]`, 0 where there is none. */
function pick(x: Array, at: Array): Array {
  return reduceSum(where(eq(iota('int32', x.shape, 1), beside(at, x.shape)), x, like(x, 0)), [1]);
}

/** Entry `at` of the lanes that are `on`, replaced. */
function put(x: Array, at: Array, value: Array, on: Array): Array {
  return where(and(eq(iota('int32', x.shape, 1), beside(at, x.shape)), beside(on, x.shape)), beside(value, x.shape), x);
}

/** The first index from `from` on at which `holds`, or `end` where there is none before it. */
function firstWhere(holds: Array, from: Array, end: Array): Array {
  const index = iota('int32', holds.shape, 1);
  const far = beside(end, holds.shape);
  return reduceMin(concatenate([where(and(holds, and(ge(index, beside(from, holds.shape)), lt(index, far))), index, far), reshape(end, [end.shape[0]!, 1])], 1), [1]);
}

/** The rotation that makes (f, g) to (r, 0), with a cosine that is not negative. */
function rotation(f: Array, g: Array): { c: Array; s: Array; r: Array } {
  const length = hypot(f, g);
  const by = orOne(length);
  const [noF, noG] = [eq(f, like(f, 0)), eq(g, like(g, 0))];
  const c = where(noG, like(f, 1), div(abs(f), by));
  return { c, s: where(noG, like(g, 0), where(noF, sign(like(g, 1), g), div(g, sign(by, f)))), r: where(noG, f, where(noF, abs(g), sign(length, f))) };
}

/** Eigenvalues of [[a, b], [b, c]], that of larger size first, and its eigenvector (cs, sn). */
function pairOf(a: Array, b: Array, c: Array): { large: Array; small: Array; cs: Array; sn: Array } {
  const [sum, difference, twice] = [add(a, c), sub(a, c), add(b, b)];
  const root = hypot(difference, twice);
  const half = like(a, 0.5);
  const zero = like(a, 0);
  const negative = lt(sum, zero);
  const [larger, smaller] = [where(gt(abs(a), abs(c)), a, c), where(gt(abs(a), abs(c)), c, a)];
  const large = mul(half, where(negative, sub(sum, root), add(sum, root)));
  const quotient = sub(mul(div(larger, orOne(large)), smaller), mul(div(b, orOne(large)), b));
  const small = where(eq(sum, zero), neg(large), quotient);
  const above = ge(difference, zero);
  const cs = where(above, add(difference, root), sub(difference, root));
  const steep = gt(abs(cs), abs(twice));
  const cot = neg(div(twice, orOne(cs)));
  const tan = neg(div(cs, orOne(twice)));
  const one = like(a, 1);
  const [sn1, cs2] = [div(one, sqrt(add(one, square(cot)))), div(one, sqrt(add(one, square(tan))))];
  const none = eq(twice, zero);
  const c1 = where(steep, mul(cot, sn1), where(none, one, cs2));
  const s1 = where(steep, sn1, where(none, zero, mul(tan, cs2)));
  const turned = eq(negative, not(above));
  return { large, small, cs: where(turned, neg(s1), c1), sn: where(turned, c1, s1) };
}

/** Eigenvectors, in no order, of symmetric tridiagonal matrices with diagonals d `[b, n]` and e `[b, n − 1]`, n > 1, all lanes at once. */
function tridiagonalQl(d0: Array, e0: Array): { vectors: Array; converged: Array } {
  const [b, n] = d0.shape as [number, number];
  const { dtype } = d0;
  const eps = epsilon(dtype) / 2;
  const tiny = scalar(dtype === 'float64' ? 2 ** -1022 : 2 ** -126, dtype);
  const zero = full([b], 0, dtype);
  const lanes = (v: number) => full([b], v, 'int32');
  const columns = columnIndex([b, n, n]);
  const neighbours = (d: Array) => [abs(slice(d, [0, 0], [b, n - 1])), abs(slice(d, [0, 1], [b, n]))] as const;
  const turn = (on: Array, d: Array, e: Array, z: Array) => [where(beside(on, d.shape), rev(d, [1]), d), where(beside(on, e.shape), rev(e, [1]), e), where(beside(on, z.shape), rev(z, [2]), z)] as const;
  const last = lanes(n - 1);

  const [start, l, end, turned, , d, , z] = repeatWhile(
    ([start1, l1, end1, , steps]) => and(reduceOr(or(lt(start1!, lanes(n)), le(l1!, end1!)), [0]), lt(steps!, int(STEPS_PER_VALUE * n))),
    ([start1, l1, end1, turned1, steps, da, ea, za]) => {
      // The next block, for lanes that are through with the last one.
      const free = and(gt(l1!, end1!), lt(start1!, lanes(n)));
      let [d1, e1, z1] = turn(and(free, turned1!), da!, ea!, za!);
      e1 = put(e1, sub(start1!, int(1)), zero, free);
      const [left, right] = neighbours(d1);
      const small = le(abs(e1), mul(mul(sqrt(left), sqrt(right)), scalar(eps, dtype)));
      const stop = firstWhere(small, start1!, last);
      e1 = put(e1, stop, zero, free);
      const away = and(free, lt(abs(pick(d1, stop)), abs(pick(d1, start1!))));
      const l2 = where(free, where(away, sub(last, stop), start1!), l1!);
      const end2 = where(free, where(away, sub(last, start1!), stop), end1!);
      const turned2 = or(away, and(turned1!, not(free)));
      [d1, e1, z1] = turn(away, d1, e1, z1);

      // One step on it.
      const on = le(l2, end2);
      const [left2, right2] = neighbours(d1);
      const m = firstWhere(le(square(e1), add(mul(mul(left2, scalar(eps * eps, dtype)), right2), tiny)), l2, end2);
      e1 = put(e1, m, zero, and(on, lt(m, end2)));
      const l3 = add(l2, int(1));
      const [p, q, c] = [pick(d1, l2), pick(d1, l3), pick(e1, l2)];
      const [single, pair, sweep] = [and(on, eq(m, l2)), and(on, eq(m, l3)), and(on, gt(m, l3))];

      const two = pairOf(where(turned2, q, p), c, where(turned2, p, q));
      const sn = where(turned2, neg(two.sn), two.sn);
      const at = (k: Array) => eq(columns, beside(k, columns.shape));
      const vector = (k: Array) => reduceSum(where(at(k), z1, like(z1, 0)), [2]);
      const [u, v] = [vector(l2), vector(l3)];
      const across = (x: Array) => broadcastInDim(x, columns.shape, [0, 1]);
      const times = (x: Array, y: Array) => mul(beside(x, y.shape), y);
      const isPair = beside(pair, columns.shape);
      z1 = where(and(isPair, at(l2)), across(add(times(sn, v), times(two.cs, u))), where(and(isPair, at(l3)), across(sub(times(two.cs, v), times(sn, u))), z1));
      d1 = put(put(d1, l2, where(turned2, two.small, two.large), pair), l3, where(turned2, two.large, two.small), pair);
      e1 = put(e1, l2, zero, pair);

      const g0 = div(sub(q, p), orOne(mul(c, like(c, 2))));
      const shifted = add(sub(pick(d1, m), p), div(c, orOne(add(g0, sign(hypot(g0, like(g0, 1)), g0)))));
      const one = full([b], 1, dtype);
      // From the end of the longest block down to the first start of one.
      const top = reduceMax(where(sweep, sub(m, int(1)), lanes(-1)), [0]);
      const floor = reduceMin(where(sweep, l2, last), [0]);
      const [, , , shift, g, d2, e2, z2] = repeatWhile(([i]) => ge(i!, floor), ([i0, s, cc, pp, gg, dk, ek, zk]) => {
        const i = i0!;
        const index = broadcastInDim(i, [b], []);
        const act = and(sweep, and(le(l2, index), lt(index, m)));
        const entry = (x: Array, j: Array) => squeeze(dynamicSlice(x, [int(0), j], [b, 1]), [1]);
        const store = (x: Array, value: Array, j: Array, which: Array) => dynamicUpdateSlice(x, reshape(where(which, value, entry(x, j)), [b, 1]), [int(0), j]);
        const j = add(i, int(1));
        const [ei, di, dj] = [entry(ek!, i), entry(dk!, i), entry(dk!, j)];
        const [f, h] = [mul(s!, ei), mul(cc!, ei)];
        const t = rotation(gg!, f);
        const g1 = sub(dj, pp!);
        const r = add(mul(sub(di, g1), t.s), mul(mul(t.c, h), like(h, 2)));
        const p1 = mul(t.s, r);
        const entries = store(dk!, add(g1, p1), j, act);
        // The last entry that is zeroed has no place of its own.
        const edges = n > 2 ? store(ek!, t.r, where(lt(j, int(n - 1)), j, i), and(act, and(lt(index, sub(m, int(1))), broadcastInDim(lt(j, int(n - 1)), [b], [])))) : ek!;
        const both = dynamicSlice(zk!, [int(0), int(0), i], [b, n, 2]);
        const [x, y] = [0, 1].map((o) => squeeze(slice(both, [0, 0, o], [b, n, o + 1]), [2])) as [Array, Array];
        const mixed = [sub(times(t.c, x), times(t.s, y)), add(times(t.s, x), times(t.c, y))].map((w) => reshape(w, [b, n, 1]));
        const rotated = where(beside(act, both.shape), concatenate(mixed, 2), both);
        const keep = (next: Array, old: Array) => where(act, next, old);
        return [sub(i, int(1)), keep(t.s, s!), keep(t.c, cc!), keep(p1, pp!), keep(sub(mul(t.c, r), h), gg!), entries, edges, dynamicUpdateSlice(zk!, rotated, [int(0), int(0), i])];
      }, [top, one, one, zero, shifted, d1, e1, z1]);
      const d3 = put(d2!, l2, sub(p, shift!), sweep);
      const e3 = put(e2!, l2, g!, sweep);
      const moved = add(l2, where(single, lanes(1), where(pair, lanes(2), lanes(0))));
      return [where(free, add(stop, int(1)), start1!), moved, end2, turned2, add(steps!, int(1)), d3, e3, z2!];
    },
    [lanes(0), lanes(0), lanes(-1), full([b], false, 'bool'), int(0), d0, e0, eye([b, n, n], dtype)],
  );
  const [, , vectors] = turn(turned!, d!, e0, z!);
  return { vectors, converged: and(ge(start!, lanes(n)), gt(l!, end!)) };
}

/** Eigenvalues, in no order, and eigenvectors of Hermitian matrices `[b, n, n]`, n > 1, with the signs that LAPACK gives them; NaN where the steps do not converge. */
export function smallEigh(a: Array): { values: Array; vectors: Array } {
  const [b, n] = a.shape as [number, number];
  const scale = scaleOf(a);
  const scaled = div(a, broadcastInDim(asTypeOf(scale, a), a.shape, [0]));
  const [packed, taus] = hessenberg(scaled);
  const reflectors = householderProduct(block(packed, [1, n], [0, n - 1]), taus);
  const corner = and(eq(rowIndex(a.shape), int(0)), eq(columnIndex(a.shape), int(0)));
  const q = where(corner, like(a, 1), pad(reflectors, like(a, 0), [[0, 0, 0], [1, 0, 0], [1, 0, 0]]));
  const below = diagonal(slice(packed, [0, 1, 0], [b, n, n - 1]));
  const { vectors, converged } = tridiagonalQl(realPart(diagonal(packed)), realPart(below));
  const found = refine(scaled, matmul(q, asTypeOf(vectors, a)));
  const nan = full([b], Number.NaN, found.values.dtype);
  const ok = (x: Array) => where(beside(converged, x.shape), x, beside(asTypeOf(nan, x), x.shape));
  return { values: ok(mul(found.values, beside(scale, found.values.shape))), vectors: ok(found.vectors) };
}
