import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { add, or } from './elementwise';
import { concatenate, pad, rev, scalar, sliceInDim } from './structural';

/** Two arrays' entries along an axis in turn, the first array's first. */
function interleave(a: Array, b: Array, axis: number): Array {
  const isBool = dtypeKind(a.dtype) === 'bool';
  const zero = scalar(isBool ? false : 0, a.dtype);
  const spread = (x: Array, lo: number, hi: number) => pad(x, zero, x.shape.map((_, i) => (i === axis ? [lo, hi, 1] as const : [0, 0, 0] as const)));
  const equal = a.shape[axis] === b.shape[axis] ? 1 : 0;
  return (isBool ? or : add)(spread(a, 0, equal), spread(b, 1, 1 - equal));
}

/**
 * Running results of an associative operation on lists of arrays along an axis, in a logarithmic number of steps. Mirrors
 * `jax.lax.associative_scan` on flat lists.
 *
 * @param combine gets two lists of arrays whose axis may have any size, the earlier entries first
 */
export function associativeScan(combine: (a: Array[], b: Array[]) => readonly Array[], arrays: readonly Array[], axis: number, reverse = false): Array[] {
  const scan = (xs: readonly Array[]): readonly Array[] => {
    const n = xs[0]!.shape[axis]!;
    if (n < 2) return xs;
    const pairs = combine(xs.map((x) => sliceInDim(x, 0, n - 1, axis, 2)), xs.map((x) => sliceInDim(x, 1, n, axis, 2)));
    // What ends at odd places; from it, what ends at even places is one step away.
    const odd = scan(pairs);
    const firsts = xs.map((x) => sliceInDim(x, 0, 1, axis));
    if (n === 2) return firsts.map((x, i) => concatenate([x, odd[i]!], axis));
    const before = n % 2 === 0 ? odd.map((x) => sliceInDim(x, 0, x.shape[axis]! - 1, axis)) : odd;
    const even = combine([...before], xs.map((x) => sliceInDim(x, 2, n, axis, 2)));
    return even.map((x, i) => interleave(concatenate([firsts[i]!, x], axis), odd[i]!, axis));
  };
  const flip = (xs: readonly Array[]) => (reverse ? xs.map((x) => rev(x, [axis])) : xs);
  return [...flip(scan(flip(arrays)))];
}
