import type { Array } from '../core/array';
import { realDtype } from '../core/dtype';
import { abs, add, conj, div, eq, lt, max, mul, neg, sqrt, sub, where } from './elementwise';
import { asColumns, asRows, asTypeOf, block, conjugate, diagonal, epsilon, eye, H, isComplex, matmul, onDiagonal, realPart, repeat, repeatWhile, scaleOf, T } from './matrix';
import { reduceMax } from './reduction';
import { broadcastInDim, concatenate, full, like, pad, reduceSum, scalar, slice, sliceInDim } from './structural';

// Jacobi's method: rotations of pairs of rows and columns, n / 2 pairs at a time, in the order of a round-robin tournament. It is as accurate
// as any and works on whole arrays, which XLA has fast code for.
// Source: Brent and Luk, "The solution of singular-value and symmetric eigenvalue problems on multiprocessor arrays" (1985).

const MAX_SWEEPS = 30;

const scaleBy = (x: Array, factor: Array): Array => mul(x, asTypeOf(factor, x));

/**
 * Rotations J = [[c, us‾], [−us, c]] with real c that make Jᴴ [[p, q], [q̄, r]] J diagonal. The angle is at most 45 degrees, so that no sign
 * changes where there is next to nothing to rotate.
 */
interface Rotation {
  c: Array;
  us: Array;
}

function rotation(p: Array, q: Array, r: Array): Rotation {
  const size = abs(q);
  const none = eq(size, like(size, 0));
  const tau = div(sub(r, p), mul(where(none, like(size, 1), size), like(size, 2)));
  const sign = where(lt(tau, like(tau, 0)), like(tau, -1), like(tau, 1));
  const slope = div(sign, add(abs(tau), sqrt(add(mul(tau, tau), like(tau, 1)))));
  const t = where(none, like(slope, 0), slope);
  const c = div(full(t.shape, 1, t.dtype), sqrt(add(mul(t, t), like(t, 1))));
  const s = mul(t, c);
  if (!isComplex(q)) return { c, us: where(lt(q, like(q, 0)), neg(s), s) };
  const u = div(conj(q), asTypeOf(where(none, like(size, 1), size), q));
  return { c: asTypeOf(c, q), us: scaleBy(u, s) };
}

/** The next round of the tournament: all but the first of the left players move on by one place. */
function nextRound(left: Array, right: Array, axis: number): [Array, Array] {
  const k = left.shape[axis]!;
  if (k === 1) return [left, right];
  return [
    concatenate([sliceInDim(left, 0, 1, axis), sliceInDim(right, 0, 1, axis), sliceInDim(left, 1, k - 1, axis)].filter((x) => x.shape[axis]! > 0), axis),
    concatenate([sliceInDim(right, 1, k, axis), sliceInDim(left, k - 1, k, axis)], axis),
  ];
}

/** Pairs of vectors times rotations, whose entries `at` gives the vectors' shape. */
function rotate(left: Array, right: Array, { c, us }: Rotation, at: (v: Array) => Array): [Array, Array] {
  const [cosine, sine] = [at(c), at(us)];
  const back = conjugate(sine);
  return [sub(mul(left, cosine), mul(right, sine)), add(mul(left, back), mul(right, cosine))];
}

const rotateRows = (left: Array, right: Array, j: Rotation) => rotate(left, right, j, (v) => asColumns(v, left.shape));
const rotateColumns = (left: Array, right: Array, j: Rotation) => rotate(left, right, j, (v) => asRows(v, left.shape));

/** Sweeps until a sweep has found no more to rotate than rounding errors, in any matrix of the batch. */
function sweeps(n: number, round: (xs: Array[]) => { found: Array; next: Array[] }, tolerance: number, init: readonly Array[], dtype: Parameters<typeof realDtype>[0]): Array[] {
  const rounds = Math.max(1, n - 1);
  const real = realDtype(dtype);
  const [, , ...out] = repeatWhile(
    ([k, found]) => where(lt(k!, scalar(MAX_SWEEPS, 'int32')), lt(scalar(tolerance, real), found!), scalar(false, 'bool')),
    ([k, , ...xs]) => {
      const [found, ...next] = repeat(0, rounds, (_, [most, ...ys]) => {
        const r = round(ys);
        return [max(most!, r.found), ...r.next];
      }, [scalar(0, real), ...xs]);
      return [add(k!, scalar(1, 'int32')), found!, ...next];
    },
    [scalar(0, 'int32'), scalar(Infinity, real), ...init],
  );
  return out;
}

/** One step of Newton's method towards the nearest matrix with orthonormal columns: what rotations' rounding errors have added up to goes. */
export function orthonormalize(v: Array): Array {
  const n = v.shape[2]!;
  const gram = matmul(H(v), v);
  const i = eye(gram.shape, gram.dtype);
  return mul(matmul(v, sub(mul(i, like(v, 3)), gram)), like(v, n === 0 ? 1 : 0.5));
}

/** Eigenvectors of `[batch, n, n]` made orthonormal, and their values as vᴴ a v, in which errors of the vectors count only to second order. */
export function refine(a: Array, vectors: Array): { values: Array; vectors: Array } {
  const v = orthonormalize(vectors);
  return { values: reduceSum(realPart(mul(conjugate(v), matmul(a, v))), [1]), vectors: v };
}

/**
 * Eigenvalues, in no order, and eigenvectors, as columns, of Hermitian matrices `[batch, n, n]` with n > 0.
 */
export function jacobiEigh(a: Array): { values: Array; vectors: Array } {
  const [b, n] = a.shape as [number, number];
  const scale = scaleOf(a);
  const scaled = div(a, broadcastInDim(asTypeOf(scale, a), a.shape, [0]));
  const even = n + (n % 2);
  const k = even / 2;
  const padded = pad(scaled, like(a, 0), [[0, 0, 0], [0, even - n, 0], [0, even - n, 0]]);
  const identity = eye([b, even, even], a.dtype);
  const size = sqrt(reduceSum(mul(abs(scaled), abs(scaled)), [1, 2]));
  const norm = where(eq(size, like(size, 0)), like(size, 1), size);
  const init = [
    block(padded, [0, k], [0, k]), block(padded, [0, k], [k, even]), block(padded, [k, even], [0, k]), block(padded, [k, even], [k, even]),
    block(identity, [0, k], [0, even]), block(identity, [k, even], [0, even]),
  ];
  const round = ([tl, tr, bl, br, top, bottom]: Array[]) => {
    const q = diagonal(tr!);
    const j = rotation(realPart(diagonal(tl!)), q, realPart(diagonal(br!)));
    const [tl1, tr1] = rotateColumns(tl!, tr!, j);
    const [bl1, br1] = rotateColumns(bl!, br!, j);
    const adjoint = isComplex(q) ? { c: j.c, us: conj(j.us) } : j;
    const [tl2, bl2] = rotateRows(tl1, bl1, adjoint);
    const [tr2, br2] = rotateRows(tr1, br1, adjoint);
    const on = onDiagonal(tr2.shape);
    const [tl3, tr3] = nextRound(tl2, where(on, like(tr2, 0), tr2), 2);
    const [bl3, br3] = nextRound(where(on, like(bl2, 0), bl2), br2, 2);
    const [tl4, bl4] = nextRound(tl3, bl3, 1);
    const [tr4, br4] = nextRound(tr3, br3, 1);
    const found = reduceMax(div(abs(q), broadcastInDim(norm, q.shape, [0])), [0, 1]);
    return { found, next: [tl4, tr4, bl4, br4, ...nextRound(...rotateRows(top!, bottom!, j), 1)] };
  };
  const [, , , , top, bottom] = sweeps(even, round, epsilon(a.dtype) * 4, init, a.dtype);
  const rows = slice(concatenate([top!, bottom!], 1), [0, 0, 0], [b, n, n]);
  const found = refine(scaled, T(rows));
  return { values: mul(found.values, broadcastInDim(scale, found.values.shape, [0])), vectors: found.vectors };
}

/**
 * Rotates the columns of matrices `[batch, m, n]`, n > 0, until they are orthogonal.
 *
 * @returns those columns G, and with `vectors` the unitary V with A V = G
 */
export function jacobiOrthogonalize(a: Array, vectors: boolean): { columns: Array; rotation: Array | null } {
  const [b, m, n] = a.shape as [number, number, number];
  const even = n + (n % 2);
  const k = even / 2;
  // Rows in place of columns: pairs are then contiguous. Those of Aᵀ come with those of Vᵀ beside them.
  const rows = pad(T(a), like(a, 0), [[0, 0, 0], [0, even - n, 0], [0, 0, 0]]);
  const all = vectors ? concatenate([rows, eye([b, even, even], a.dtype)], 2) : rows;
  const width = all.shape[2]!;
  const dot = (x: Array, y: Array) => reduceSum(mul(conjugate(x), y), [2]);
  const round = ([left, right]: Array[]) => {
    const [x, y] = [slice(left!, [0, 0, 0], [b, k, m]), slice(right!, [0, 0, 0], [b, k, m])];
    const squares = (z: Array) => reduceSum(mul(abs(z), abs(z)), [2]);
    const [p, q, r] = [squares(x), dot(x, y), squares(y)];
    // The cosine of the angle between the columns; those of length zero are orthogonal to all.
    const lengths = mul(sqrt(p), sqrt(r));
    const empty = eq(lengths, like(lengths, 0));
    const cosine = where(empty, like(lengths, 0), div(abs(q), where(empty, like(lengths, 1), lengths)));
    const j = rotation(p, where(empty, like(q, 0), q), r);
    return { found: reduceMax(cosine, [0, 1]), next: nextRound(...rotateRows(left!, right!, j), 1) };
  };
  const tolerance = epsilon(a.dtype) * Math.max(2, Math.sqrt(m));
  const [left, right] = sweeps(even, round, tolerance, [slice(all, [0, 0, 0], [b, k, width]), slice(all, [0, k, 0], [b, even, width])], a.dtype);
  const done = concatenate([left!, right!], 1);
  return {
    columns: T(slice(done, [0, 0, 0], [b, n, m])),
    rotation: vectors ? orthonormalize(T(slice(done, [0, 0, m], [b, n, m + n]))) : null,
  };
}
