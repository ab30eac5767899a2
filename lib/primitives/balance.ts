import type { Array } from '../core/array';
import { abs, add, and, div, eq, ge, gt, le, lt, mul, ne, not, or, sqrt, sub, where } from './elementwise';
import { dynamicSlice, dynamicUpdateSlice } from './dynamicSlice';
import { asRows, asTypeOf, columnIndex, int, repeat, repeatWhile, rowIndex } from './matrix';
import { reduceMax, reduceMin, reduceOr } from './reduction';
import { broadcastInDim, convert, full, iota, like, reduceSum, reshape, scalar, squeeze } from './structural';

// Balancing of a general matrix [n, n] before its eigenvalues are sought: rows and columns that have an eigenvalue to themselves go to the ends, which gives
// that value exactly; the others are scaled by powers of two until row and column are of like size.
//
// Source: Parlett and Reinsch, "Balancing a matrix for calculation of eigenvalues and eigenvectors" (1969); James, Langou and Lowery, "On matrix balancing and
// eigenvector computation" (2014), for sizes measured in the 2-norm. The order in which rows are looked for is LAPACK's.

function swap(x: Array, i: Array, j: Array, axis: number): Array {
  const sizes = x.shape.map((n, d) => (d === axis ? 1 : n));
  const at = (k: Array) => x.shape.map((_, d) => (d === axis ? k : int(0)));
  return dynamicUpdateSlice(dynamicUpdateSlice(x, dynamicSlice(x, at(j), sizes), at(i)), dynamicSlice(x, at(i), sizes), at(j));
}

/** Rows and columns from `lo` to `hi` are those that share their eigenvalues; row i of the matrix was row order[i]. */
interface Permuted {
  a: Array;
  order: Array;
  lo: Array;
  hi: Array;
}

function permute(a0: Array): Permuted {
  const n = a0.shape[0]!;
  const shape = a0.shape;
  const index = iota('int32', [n], 0);
  const within = (x: Array, lo: Array, hi: Array) => and(le(broadcastInDim(lo, x.shape, []), x), le(x, broadcastInDim(hi, x.shape, [])));
  const entries = (a: Array) => and(ne(a, like(a, 0)), ne(rowIndex(shape), columnIndex(shape)));
  const rowsAlone = (a: Array, hi: Array) => and(not(reduceOr(and(entries(a), within(columnIndex(shape), int(0), hi)), [1])), within(index, int(0), hi));
  const columnsAlone = (a: Array, lo: Array, hi: Array) => and(not(reduceOr(and(entries(a), within(rowIndex(shape), lo, hi)), [0])), within(index, lo, hi));
  const both = (a: Array, i: Array, j: Array) => swap(swap(a, i, j, 0), i, j, 1);
  // The last row that has nothing but its diagonal entry goes to the end of those that are left.
  const [a1, order1, hi1] = repeatWhile(([a, , hi]) => and(reduceOr(rowsAlone(a!, hi!), [0]), gt(hi!, int(0))), ([a, order, hi]) => {
    const i = reduceMax(where(rowsAlone(a!, hi!), index, int(-1)), [0]);
    return [both(a!, i, hi!), swap(order!, i, hi!, 0), sub(hi!, int(1))];
  }, [a0, index, int(n - 1)]);
  // The first column that has nothing but its diagonal entry goes to the front.
  const [a, order, lo] = repeatWhile(([x, , k]) => and(reduceOr(columnsAlone(x!, k!, hi1!), [0]), lt(k!, hi1!)), ([x, o, k]) => {
    const j = reduceMin(where(columnsAlone(x!, k!, hi1!), index, int(n)), [0]);
    return [both(x!, j, k!), swap(o!, j, k!, 0), add(k!, int(1))];
  }, [a1!, order1!, int(0)]);
  return { a: a!, order: order!, lo: lo!, hi: hi1! };
}

/** Scaling of row and column i by powers of two; and whether it made a difference. */
function scaleOne([a, factors]: readonly [Array, Array], i: Array, lo: Array, hi: Array): { a: Array; factors: Array; changed: Array } {
  const n = a.shape[0]!;
  const column = squeeze(dynamicSlice(a, [int(0), i], [n, 1]), [1]);
  const row = squeeze(dynamicSlice(a, [i, int(0)], [1, n]), [0]);
  const index = iota('int32', [n], 0);
  const inside = and(ge(index, broadcastInDim(lo, [n], [])), le(index, broadcastInDim(hi, [n], [])));
  const length = (x: Array) => {
    const size = where(inside, abs(x), like(abs(x), 0));
    return sqrt(reduceSum(mul(size, size), [0]));
  };
  const [c0, r0] = [length(column), length(row)];
  const one = like(c0, 1);
  const [two, half] = [like(c0, 2), like(c0, 0.5)];
  // Sizes apart by more than this are let be.
  const most = like(c0, 2 ** 40);
  const grow = repeatWhile(([f, c, r]) => and(lt(c!, mul(r!, half)), lt(f!, most)), ([f, c, r]) => [mul(f!, two), mul(c!, two), mul(r!, half)], [one, c0, r0]);
  const [f, c, r] = repeatWhile(([f1, c1, r1]) => and(ge(mul(c1!, half), r1!), gt(f1!, div(one, most))), ([f1, c1, r1]) => [mul(f1!, half), mul(c1!, half), mul(r1!, two)], grow);
  const zero = like(c0, 0);
  const empty = or(eq(c0, zero), eq(r0, zero));
  const changed = and(and(not(empty), lt(add(c!, r!), mul(add(c0, r0), like(c0, 0.95)))), and(ge(i, lo), le(i, hi)));
  const by = where(changed, f!, one);
  const put = (x: Array, v: Array, at: readonly Array[]) => dynamicUpdateSlice(x, reshape(v, at.map((_, d) => (x.ndim === 2 ? (at[d] === i ? 1 : n) : 1))), [...at]);
  const rowsDone = put(a, mul(row, broadcastInDim(asTypeOf(div(one, by), row), [n], [])), [i, int(0)]);
  const column1 = squeeze(dynamicSlice(rowsDone, [int(0), i], [n, 1]), [1]);
  const done = put(rowsDone, mul(column1, broadcastInDim(asTypeOf(by, column1), [n], [])), [int(0), i]);
  const factor = squeeze(dynamicSlice(factors, [i], [1]), [0]);
  return { a: done, factors: put(factors, mul(factor, by), [i]), changed };
}

/** A matrix similar to a; and the matrices that turn its right and left eigenvectors into those of a. */
export function balance(a0: Array): { a: Array; right: Array; left: Array } {
  const n = a0.shape[0]!;
  const { a: permuted, order, lo, hi } = permute(a0);
  const ones = full([n], 1, abs(a0).dtype);
  const [a, factors] = repeatWhile(([, , more]) => more!, ([a1, f1]) => repeat(0, n, (i, [x, f, changed]) => {
    const s = scaleOne([x!, f!], i, lo, hi);
    return [s.a, s.factors, or(changed!, s.changed)];
  }, [a1!, f1!, scalar(false, 'bool')]), [permuted, ones, scalar(true, 'bool')]);
  const places = convert(eq(rowIndex([n, n]), asRows(order, [n, n])), factors!.dtype);
  const back = (f: Array) => mul(places, asRows(f, [n, n]));
  return { a: a!, right: back(factors!), left: back(div(like(factors!, 1), factors!)) };
}
