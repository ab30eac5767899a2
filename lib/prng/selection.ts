import type { Array } from '../core/array';
import { canonicalDtype, checkExtent, type Shape, sizeOf } from '../core/aval';
import { canonAxis } from '../core/checks';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { type ArrayLike, asArray, astype, promoteDtypesInexact } from '../lax/arrayLike';
import { cumsum } from '../primitives/cumulative';
import { add, log, lt, mul, shiftRightLogical, sub, where } from '../primitives/elementwise';
import { gather } from '../primitives/gather';
import { bitsOf, splitInto } from '../primitives/randomKeys';
import { sort, topK } from '../primitives/sort';
import { convert, full, indexInDim, iota, like, range, reshape, scalar, sliceInDim } from '../primitives/structural';
import { readOptions, type ShapeOptions, type ShapeOr, shapeOf } from './arguments';
import { gumbelIn, type GumbelMode, gumbelMode } from './continuous';
import { checkKey } from './keys';
import { sampler } from './sampler';
import { integersIn, unitUniform } from './uniform';

const intDtype = () => canonicalDtype('int64');

/** Entries of a dimension at indices of any shape, which take the dimension's place. */
function take(x: Array, indices: Array, axis: number): Array {
  const before = range(axis);
  const after = range(x.ndim - axis - 1).map((i) => axis + indices.ndim + i);
  return gather(x, reshape(indices, [...indices.shape, 1]), {
    dimensionNumbers: { offsetDims: [...before, ...after], collapsedSliceDims: [axis], startIndexMap: [axis] },
    sliceSizes: x.shape.map((n, i) => (i === axis ? 1 : n)),
    mode: 'promise_in_bounds',
  });
}

/** Sorts by random keys, often enough that equal keys hardly matter. */
function shuffled(key: Array, x: Array, axis: number): Array {
  const rounds = Math.ceil((3 * Math.log(Math.max(1, x.size))) / Math.log(2 ** 32 - 1));
  let [k, out] = [key, x];
  for (let i = 0; i < rounds; i++) {
    const [next, sub1] = splitInto(k, 2);
    k = next!;
    out = sort([bitsOf(sub1!, 32, x.shape), out], { dimension: axis, numKeys: 1, isStable: true })[1]!;
  }
  return out;
}

const count = (n: number) => iota(intDtype(), [n], 0);

function permuted(key: Array, x: Array, axis: number, independent: boolean): Array {
  return independent || x.ndim === 1 ? shuffled(key, x, axis) : take(x, shuffled(key, count(x.shape[axis]!), 0), axis);
}

const permuteRange = sampler<{ n: number }>('permutation', (key, _, { n }) => shuffled(key, count(n), 0));
const permuteArray = sampler<{ axis: number; independent: boolean }>('permutation', (key, [x], { axis, independent }) => permuted(key, x!, axis, independent));

/** A number of things to choose from, where that is meant: a JS number, or a concrete integer scalar. */
function countOf(op: string, x: ArrayLike): number | null {
  if (typeof x !== 'number' && typeof x !== 'bigint') {
    const a = asArray(x, op);
    if (a.ndim > 0) return null;
    const kind = dtypeKind(a.dtype);
    if (kind !== 'int' && kind !== 'uint') throw new DtypeError(`${op}: expected an integer or an array of at least one dimension, got ${a.aval}`);
    return countOf(op, Number(a.item()));
  }
  const n = Number(x);
  if (!Number.isInteger(n)) throw new ArgumentError(`${op}: expected an integer or an array of at least one dimension, got ${x}`);
  checkExtent(op, 'it', n);
  return n;
}

/** Options of {@link permutation}. */
export interface PermutationOptions {
  /** Dimension whose entries are permuted; 0 by default. */
  axis?: number;
  /** Whether each vector along the axis gets its own permutation. */
  independent?: boolean;
}

/**
 * The entries of an array in random order, or the integers below a number. Mirrors `jax.random.permutation`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param x an integer n, which stands for 0 … n − 1, or an array
 * @returns an array of x's shape and dtype, or an int32 array of shape [n]
 * @throws ArgumentError if the axis is out of range
 * @example
 * prng.permutation(prng.PRNGKey(0), 8);
 */
export function permutation(key: Array, x: ArrayLike, options?: PermutationOptions): Array {
  const k = checkKey('permutation', key);
  const { axis = 0, independent = false } = checkOptions('permutation', ['axis', 'independent'], options);
  const n = countOf('permutation: x', x);
  if (n !== null) {
    canonAxis('permutation', axis, 1);
    return permuteRange(k, [], { n: Math.max(0, n) });
  }
  const a = asArray(x, 'permutation: x');
  return permuteArray(k, [a], { axis: canonAxis('permutation', axis, a.ndim), independent });
}

/** Number of entries of a sorted vector that lie below each value, by bisection: each step halves what is left. */
function countBelow(sorted: Array, x: Array): Array {
  const n = sorted.shape[0]!;
  let low = full(x.shape, 0, 'int32');
  let high = full(x.shape, n, 'int32');
  for (let left = n; left > 0; left >>= 1) {
    const mid = add(low, shiftRightLogical(sub(high, low), like(low, 1)));
    // Where nothing is left, mid may be n; it is not used then.
    const below = lt(take(sorted, where(lt(mid, like(mid, n)), mid, like(mid, n - 1)), 0), x);
    const open = lt(low, high);
    const next = add(mid, like(mid, 1));
    [low, high] = [where(open, where(below, next, low), low), where(open, where(below, high, mid), high)];
  }
  return low;
}

interface ChoiceStatics {
  shape: Shape;
  n: number;
  /** Dimension of the array that is chosen from; null: integers. */
  axis: number | null;
  replace: boolean;
  weighted: boolean;
  mode: GumbelMode;
}

const drawChoice = sampler<ChoiceStatics>('choice', (key, params, { shape, n, axis, replace, weighted, mode }) => {
  const x = axis === null ? null : params[0]!;
  const draws = sizeOf(shape);
  const finish = (out: Array) => reshape(out, x === null ? shape : [...x.shape.slice(0, axis!), ...shape, ...x.shape.slice(axis! + 1)]);
  if (!weighted && !replace) {
    const all = x === null ? shuffled(key, count(n), 0) : permuted(key, x, axis!, false);
    return finish(sliceInDim(all, 0, draws, axis ?? 0));
  }
  const int = intDtype();
  let indices: Array;
  if (!weighted) {
    indices = integersIn(key, shape, int, scalar(0, int), scalar(n, int), false);
  } else {
    const p = params[params.length - 1]!;
    if (replace) {
      const sums = cumsum(p, 0, false);
      const u = unitUniform(key, shape, p.dtype);
      indices = countBelow(sums, mul(indexInDim(sums, n - 1, 0), sub(like(u, 1), u)));
    } else {
      indices = topK(add(gumbelIn(key, [n], p.dtype, mode), log(p)), draws, 0)[1]!;
    }
    indices = convert(indices, int);
  }
  return finish(x === null ? indices : take(x, indices, axis!));
});

/** Options of {@link choice}. */
export interface ChoiceOptions extends ShapeOptions {
  /** Whether an entry may be chosen more than once; true by default. */
  replace?: boolean;
  /** Weights of the entries, a vector; equal ones by default. They need not sum to 1. */
  p?: ArrayLike | null;
  /** Dimension whose entries are chosen from; 0 by default. */
  axis?: number;
  /** How Gumbel numbers are made, for weighted choice without replacement; see {@link gumbel}. */
  mode?: GumbelMode | null;
}

/**
 * Random entries of an array, or random integers below a number. Mirrors `jax.random.choice`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param a an integer n, which stands for 0 … n − 1, or an array
 * @returns the entries, with `shape` in the place of the axis
 * @throws ArgumentError if there are too few entries to choose from; ShapeError if p is not a vector with a weight for each
 * @example
 * prng.choice(prng.PRNGKey(0), 8, [3], { replace: false });
 */
export function choice(key: Array, a: ArrayLike, shape?: ShapeOr<ChoiceOptions>, options?: ChoiceOptions): Array {
  const k = checkKey('choice', key);
  const o = readOptions('choice', ['shape', 'replace', 'p', 'axis', 'mode'], shape, options);
  const { replace = true } = o;
  const wanted = shapeOf('choice', o.shape);
  const whole = countOf('choice: a', a);
  const x = whole === null ? asArray(a, 'choice: a') : null;
  const axis = x === null ? null : canonAxis('choice', o.axis ?? 0, x.ndim);
  const n = x === null ? whole! : x.shape[axis!]!;
  const draws = sizeOf(wanted);
  const dtype: DType = x === null ? intDtype() : x.dtype;
  if (draws === 0) return full(x === null ? wanted : [...x.shape.slice(0, axis!), ...wanted, ...x.shape.slice(axis! + 1)], dtypeKind(dtype) === 'bool' ? false : 0, dtype);
  if (n <= 0) throw new ArgumentError(`choice: expected at least one entry to choose from, got ${n}`);
  if (!replace && draws > n) throw new ArgumentError(`choice: cannot choose ${draws} entries of ${n} without replacement`);
  const params = x === null ? [] : [x];
  const weighted = o.p !== undefined && o.p !== null;
  if (weighted) {
    const p = promoteDtypesInexact('choice: p', o.p!)[0]!;
    if (p.ndim !== 1 || p.shape[0] !== n) throw new ShapeError(`choice: expected p to be a vector of ${n} weights, got ${p.aval}`);
    params.push(astype(p, p.dtype));
  }
  return drawChoice(k, params, { shape: wanted, n, axis, replace, weighted, mode: gumbelMode('choice', o.mode) });
}
