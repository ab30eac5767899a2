import type { Array } from '../core/array';
import { realDtype } from '../core/dtype';
import { abs, add, and, complex, conj, div, eq, ge, gt, imag, le, lt, max, mul, neg, or, real, rem, sqrt, sub, where } from './elementwise';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { asTypeOf, columnIndex, diagonal, entryAt, epsilon, eye, H, int, matmul, repeat, repeatWhile, rowIndex, T } from './matrix';
import { reduceMax, reduceMin } from './reduction';
import { broadcastInDim, concatenate, full, iota, like, pad, reduceSum, reshape, rev, scalar, slice, squeeze } from './structural';

// Schur form and eigenvectors of one general complex matrix [n, n]: Hessenberg form, then QR steps with one shift.
// Source: Golub and Van Loan, "Matrix Computations" (4th ed.), sections 7.4 to 7.6.

const squared = (x: Array) => add(mul(real(x), real(x)), mul(imag(x), imag(x)));
/** |re| + |im|: as good as the absolute value for comparisons, and cheaper. */
const size1 = (x: Array) => add(abs(real(x)), abs(imag(x)));
const outer = (u: Array, v: Array) => {
  const shape = [u.shape[0]!, v.shape[0]!];
  return mul(broadcastInDim(u, shape, [0]), broadcastInDim(v, shape, [1]));
};
const times = (a: Array, v: Array) => reshape(matmul(a, reshape(v, [v.shape[0]!, 1])), [a.shape[0]!]);

/** The matrix without its entries further than one below the diagonal. */
function hessenbergPart(h: Array): Array {
  return where(le(rowIndex(h.shape), add(columnIndex(h.shape), int(1))), h, like(h, 0));
}

/** Q and Hessenberg H with a = Q H Qᴴ; columns no longer than `least` count as zero. */
function hessenberg(a: Array, least: Array): [Array, Array] {
  const n = a.shape[0]!;
  const index = iota('int32', [n], 0);
  const out = repeat(0, n - 2, (k, [h, q]) => {
    const column = squeeze(dynamicSlice(h!, [int(0), k], [n, 1]), [1]);
    const first = add(k, int(1));
    const x = where(gt(index, k), column, like(column, 0));
    const alpha = entryAt(h!, first, k);
    const length = sqrt(reduceSum(squared(x), [0]));
    // v = x + e^{i arg alpha} |x| e1, so that nothing cancels.
    const modulus = abs(alpha);
    const zero = eq(modulus, like(modulus, 0));
    const phase = where(zero, full([], 1, alpha.dtype), div(alpha, asTypeOf(where(zero, like(modulus, 1), modulus), alpha)));
    const v = add(x, where(eq(index, first), mul(phase, asTypeOf(length, alpha)), like(x, 0)));
    const norm = reduceSum(squared(v), [0]);
    const none = le(length, least);
    const beta = asTypeOf(where(none, like(norm, 0), div(like(norm, 2), where(none, like(norm, 1), norm))), alpha);
    const left = sub(h!, outer(mul(v, beta), times(T(h!), conj(v))));
    const both = sub(left, outer(times(left, v), mul(conj(v), beta)));
    return [both, sub(q!, outer(times(q!, v), mul(conj(v), beta)))];
  }, [a, eye([n, n], a.dtype)]);
  return [out[1]!, hessenbergPart(out[0]!)];
}

/** c real and s with [[c, s], [−s‾, c]] [f, g] = [r, 0]. */
function givens(f: Array, g: Array): [Array, Array] {
  const [df, dg] = [size1(f), size1(g)];
  const largest = max(df, dg);
  const none = eq(dg, like(dg, 0));
  const scale = asTypeOf(where(eq(largest, like(largest, 0)), like(largest, 1), largest), f);
  const [x, y] = [div(f, scale), div(g, scale)];
  const modulus = sqrt(squared(x));
  const length = sqrt(add(squared(x), squared(y)));
  const safe = where(eq(length, like(length, 0)), like(length, 1), length);
  const swap = eq(modulus, like(modulus, 0));
  const phase = where(swap, full([], 1, f.dtype), div(x, asTypeOf(where(swap, like(modulus, 1), modulus), f)));
  const c = where(none, like(modulus, 1), div(modulus, safe));
  const s = where(none, like(f, 0), div(mul(phase, conj(y)), asTypeOf(safe, f)));
  return [c, s];
}

/** Rows i and i + 1 times a rotation from the left. */
function rotateRows(a: Array, i: Array, c: Array, s: Array): Array {
  const n = a.shape[1]!;
  const two = dynamicSlice(a, [i, int(0)], [2, n]);
  const [x, y] = [slice(two, [0, 0], [1, n]), slice(two, [1, 0], [2, n])];
  const cc = asTypeOf(c, s);
  const top = add(mul(x, cc), mul(y, s));
  const bottom = sub(mul(y, cc), mul(x, conj(s)));
  return dynamicUpdateSlice(a, concatenate([top, bottom], 0), [i, int(0)]);
}

/** Columns i and i + 1 times the conjugate transpose of a rotation from the right. */
function rotateColumns(a: Array, i: Array, c: Array, s: Array): Array {
  const n = a.shape[0]!;
  const two = dynamicSlice(a, [int(0), i], [n, 2]);
  const [x, y] = [slice(two, [0, 0], [n, 1]), slice(two, [0, 1], [n, 2])];
  const cc = asTypeOf(c, s);
  const left = add(mul(x, cc), mul(y, conj(s)));
  const right = sub(mul(y, cc), mul(x, s));
  return dynamicUpdateSlice(a, concatenate([left, right], 1), [int(0), i]);
}

/** The shift of a QR step: the eigenvalue of the last two by two block nearer to its last entry. */
function wilkinson(h: Array, hi: Array): Array {
  const before = sub(hi, int(1));
  const [a, b, c, d] = [entryAt(h, before, before), entryAt(h, before, hi), entryAt(h, hi, before), entryAt(h, hi, hi)];
  const half = mul(sub(a, d), like(a, 0.5));
  const bc = mul(b, c);
  const root = sqrt(add(mul(half, half), bc));
  const [plus, minus] = [add(half, root), sub(half, root)];
  const larger = where(ge(size1(plus), size1(minus)), plus, minus);
  const none = eq(size1(larger), like(real(a), 0));
  // The root with less cancellation gives the other one: their product is −bc.
  return where(none, d, sub(d, div(bc, where(none, like(a, 1), larger))));
}

const STEPS_PER_VALUE = 40;

/** Unitary Z and upper triangular T with a = Z T Zᴴ, and whether the steps converged. */
export function schur(a: Array): { z: Array; t: Array; converged: Array } {
  const n = a.shape[0]!;
  const dtype = realDtype(a.dtype);
  if (n === 1) return { z: full([1, 1], 1, a.dtype), t: a, converged: scalar(true, 'bool') };
  const eps = epsilon(a.dtype);
  const norm = sqrt(reduceSum(squared(a), [0, 1]));
  // Far below rounding errors, and far above where squares underflow.
  const least = mul(norm, scalar(eps * eps, dtype));
  const [q, h0] = hessenberg(a, least);
  const index = iota('int32', [n], 0);
  // Rows of Zᵀ, which are contiguous, are rotated rather than columns of Z.
  const [left, , , , h, zt] = repeatWhile(
    ([hi, , steps]) => and(gt(hi!, int(0)), lt(steps!, int(STEPS_PER_VALUE * Math.max(n, 1)))),
    ([hi, stuck, steps, , h1, zt1]) => {
      const d = size1(diagonal(h1!));
      const below = pad(size1(diagonal(slice(h1!, [1, 0], [n, n - 1]))), scalar(0, dtype), [[1, 0, 0]]);
      const previous = pad(slice(d, [0], [n - 1]), scalar(0, dtype), [[1, 0, 0]]);
      const around = add(d, previous);
      const small = or(le(below, max(mul(around, like(around, eps)), broadcastInDim(least, [n], []))), eq(index, int(0)));
      const lo = reduceMax(where(and(small, le(index, hi!)), index, int(0)), [0]);
      const done = eq(lo, hi!);
      // Once in a while, a shift out of the ordinary gets steps that go round in circles out of it.
      const last = entryAt(h1!, hi!, max(sub(hi!, int(1)), int(0)));
      const odd = and(gt(stuck!, int(0)), eq(rem(stuck!, int(10)), int(0)));
      const usual = wilkinson(h1!, max(hi!, int(1)));
      const shift = where(odd, add(entryAt(h1!, hi!, hi!), asTypeOf(mul(size1(last), scalar(0.75, dtype)), last)), usual);
      const [, hn, zn] = repeatWhile(
        ([k]) => lt(k!, where(done, lo, hi!)),
        ([k, hk, zk]) => {
          const isFirst = eq(k!, lo);
          const before = max(sub(k!, int(1)), int(0));
          const f = where(isFirst, sub(entryAt(hk!, k!, k!), shift), entryAt(hk!, k!, before));
          const g = where(isFirst, entryAt(hk!, add(k!, int(1)), k!), entryAt(hk!, add(k!, int(1)), before));
          const [c, s] = givens(f, g);
          const rows = rotateRows(hk!, k!, c, s);
          return [add(k!, int(1)), rotateColumns(rows, k!, c, s), rotateRows(zk!, k!, c, conj(s))];
        }, [lo, h1!, zt1!]);
      return [where(done, sub(hi!, int(1)), hi!), where(done, int(0), add(stuck!, int(1))), add(steps!, int(1)), lo, hessenbergPart(hn!), zn!];
    },
    [int(n - 1), int(0), int(0), int(0), h0, T(q)],
  );
  const upper = where(le(rowIndex([n, n]), columnIndex([n, n])), h!, like(h!, 0));
  return { z: T(zt!), t: upper, converged: le(left!, int(0)) };
}

/**
 * Right eigenvectors, as columns of an upper triangular matrix with no entry above 1, of an upper triangular matrix with eigenvalues on its diagonal.
 */
export function triangularEigenvectors(t: Array): Array {
  const n = t.shape[0]!;
  const dtype = realDtype(t.dtype);
  const w = diagonal(t);
  const norm = reduceMax(size1(t), [0, 1]);
  const least = max(mul(norm, like(norm, epsilon(t.dtype))), scalar(dtype === 'float32' ? 1e-37 : 1e-300, dtype));
  const index = iota('int32', [n], 0);
  const [x] = repeat(0, n, (step, [x0]) => {
    const i = sub(int(n - 1), step);
    const row = squeeze(dynamicSlice(t, [i, int(0)], [1, n]), [0]);
    const sum = times(T(x0!), where(gt(index, i), row, like(row, 0)));
    const gap = sub(broadcastInDim(entryAt(t, i, i), [n], []), w);
    const tiny = lt(size1(gap), broadcastInDim(least, [n], []));
    const raw = neg(div(sum, where(tiny, asTypeOf(broadcastInDim(least, [n], []), gap), gap)));
    const value = where(gt(index, i), raw, where(eq(index, i), full([n], 1, t.dtype), like(raw, 0)));
    // Columns shrink where an entry would be large: nearly equal eigenvalues make them grow without bound.
    const modulus = size1(value);
    const factor = asTypeOf(where(gt(modulus, like(modulus, 1)), div(full([n], 1, dtype), where(gt(modulus, like(modulus, 1)), modulus, like(modulus, 1))), full([n], 1, dtype)), t);
    const shrunk = mul(x0!, broadcastInDim(factor, [n, n], [1]));
    return [dynamicUpdateSlice(shrunk, reshape(mul(value, factor), [1, n]), [i, int(0)])];
  }, [full([n, n], 0, t.dtype)]);
  return x!;
}

/** {@link triangularEigenvectors} of the conjugate transpose, whose eigenvalues are the conjugates: left eigenvectors. */
export function triangularLeftEigenvectors(t: Array): Array {
  // Reversed in both dimensions, the transpose is upper triangular again.
  return rev(triangularEigenvectors(rev(H(t), [0, 1])), [0, 1]);
}

/** Columns of length 1 whose largest entry is real: LAPACK's choice. It is positive, or has the sign of its real part before where `keepSign`. */
export function normalizeColumns(v: Array, keepSign = false): Array {
  const n = v.shape[0]!;
  const all = (x: Array) => broadcastInDim(x, [n, n], [1]);
  const lengths = sqrt(reduceSum(squared(v), [0]));
  const unit = div(v, asTypeOf(all(where(eq(lengths, like(lengths, 0)), like(lengths, 1), lengths)), v));
  const sizes = squared(unit);
  const largest = all(reduceMax(sizes, [0]));
  const isLargest = eq(sizes, largest);
  const firstOnly = and(isLargest, eq(rowIndex([n, n]), all(firstRow(isLargest))));
  const pivot = reduceSum(where(firstOnly, unit, like(unit, 0)), [0]);
  const modulus = abs(pivot);
  const none = eq(modulus, like(modulus, 0));
  const direction = where(none, full([n], 1, v.dtype), div(conj(pivot), asTypeOf(where(none, like(modulus, 1), modulus), pivot)));
  const phase = keepSign ? where(lt(real(pivot), like(modulus, 0)), neg(direction), direction) : direction;
  const turned = mul(unit, all(phase));
  return where(firstOnly, complex(real(turned), full([n, n], 0, realDtype(v.dtype))), turned);
}

function firstRow(found: Array): Array {
  const n = found.shape[0]!;
  return reduceMin(where(found, rowIndex([n, n]), int(n)), [0]);
}
