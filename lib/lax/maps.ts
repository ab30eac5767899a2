import type { Array } from '../core/array';
import { ShapeError, TreeError } from '../core/errors';
import type { TreeDef } from '../core/tree';
import { canonAxis, checkFunction, checkInteger } from '../core/checks';
import { checkOptions } from '../functional/options';
import { arraysOf, resultsOf } from '../functional/treeFunction';
import { batchFlat, materialize } from '../interpreters/batch';
import { broadcastInDim, concatenate, reshape, rev, sliceInDim } from '../primitives/structural';
import { scan, scanLength } from './loops';
import { avalsOf, checkSameTypes, type Traced } from './staged';

/**
 * Applies a function to each entry of arrays, one after another or some at once, and stacks the results. Mirrors `jax.lax.map`.
 *
 * @param f of one entry of each array
 * @param xs a tree of arrays with one leading axis size
 * @param options `batchSize`: how many entries to compute at once, as `vmap` does (0: all); one by default
 * @throws ArgumentError unless `batchSize` is an integer of at least 0
 * @example
 * lax.map((x) => x.mul(x), np.array([1, 2, 3]));   // [1, 4, 9]
 */
export function map<X, Y>(f: (x: Traced<X>) => Y, xs: X, options: { batchSize?: number | null } = {}): Traced<Y> {
  options = checkOptions('map', ['batchSize'], options);
  const op = 'map';
  checkFunction(op, 'f', f);
  const size = options.batchSize ?? null;
  if (size !== null) checkInteger(op, 'batchSize', size, 0);
  const step = (_: unknown, x: unknown) => {
    const y = f(x as Traced<X>);
    resultsOf(y, op, 'f');
    return [null, y] as const;
  };
  if (size === null) return (scan(step as never, null, xs) as unknown as [null, Traced<Y>])[1];
  const { leaves: arrays, def: tree } = arraysOf(xs, `${op}: xs`);
  const n = scanLength(op, arrays, tree, null);
  let outTree!: TreeDef;
  const mapped = (rows: Array[]): Array[] => {
    const count = rows[0]!.shape[0]!;
    const { outs, dims } = batchFlat((args) => {
      const { leaves: flat, def } = resultsOf(f(tree.unflatten(args) as Traced<X>), op, 'f');
      outTree = def;
      return flat;
    }, { size: count, name: null }, rows, rows.map(() => 0));
    return outs.map((x, i) => materialize(x, dims[i]!, count));
  };
  const whole = size === 0 ? 0 : Math.floor(n / size);
  const head = arrays.map((x) => reshape(sliceInDim(x, 0, whole * size, 0), [whole, size, ...x.shape.slice(1)]));
  const parts: Array[][] = [];
  if (whole > 0) {
    const [, ys] = scan(((_: unknown, rows: Array[]) => [null, mapped(rows)]) as never, null, head) as unknown as [null, Array[]];
    parts.push(ys.map((y) => reshape(y, [whole * size, ...y.shape.slice(2)])));
  }
  if (n > whole * size) parts.push(mapped(arrays.map((x) => sliceInDim(x, whole * size, n, 0))));
  if (parts.length === 0) return (scan(step as never, null, xs) as unknown as [null, Traced<Y>])[1];
  return outTree.unflatten(parts[0]!.map((_, i) => concatenate(parts.map((p) => p[i]!), 0))) as Traced<Y>;
}

/**
 * All partial results of an associative operation along an axis, in a number of steps logarithmic in its size. Mirrors `jax.lax.associative_scan`.
 *
 * @param f of two trees of arrays like `elems`, combined elementwise along the axis
 * @param elems a tree of arrays of one size along the axis
 * @param options `reverse`: from the end; `axis`: 0 by default
 * @throws ShapeError if the arrays have different sizes along the axis; TreeError if `f` gives another structure
 * @example
 * lax.associativeScan((a, b) => a.add(b), np.array([1, 2, 3]));   // [1, 3, 6]
 */
export function associativeScan<T>(f: (a: Traced<T>, b: Traced<T>) => unknown, elems: T, options: { reverse?: boolean; axis?: number } = {}): Traced<T> {
  options = checkOptions('associativeScan', ['reverse', 'axis'], options);
  const op = 'associativeScan';
  checkFunction(op, 'f', f);
  const { leaves: arrays, def: tree } = arraysOf(elems, `${op}: elems`);
  const axis = options.axis ?? 0;
  if (arrays.length === 0) return tree.unflatten(arrays) as Traced<T>;
  const at = canonAxis(op, axis, arrays[0]!.ndim);
  for (const x of arrays) canonAxis(op, at, x.ndim);
  const n = arrays[0]!.shape[at]!;
  for (const x of arrays) if (x.shape[at] !== n) throw new ShapeError(`${op}: expected arrays of one size along axis ${axis}, got ${arrays.map((a) => a.aval).join(', ')}`);
  const combine = (a: readonly Array[], b: readonly Array[]): Array[] => {
    const { leaves: outs, def } = resultsOf(f(tree.unflatten(a) as Traced<T>, tree.unflatten(b) as Traced<T>), op, 'f');
    if (!def.equals(tree)) throw new TreeError(`${op}: expected f to return a tree of structure ${tree}, got ${def}`);
    checkSameTypes(op, 'elems', tree, avalsOf(a), avalsOf(outs));
    return outs;
  };
  const part = (xs: readonly Array[], from: number, to: number, step: number) => xs.map((x) => sliceInDim(x, from, to, at, step));
  const run = (xs: readonly Array[]): readonly Array[] => {
    const size = xs[0]!.shape[at]!;
    if (size < 2) return xs;
    // Sums of neighbours, scanned, are the results at odd places; each even place adds its own to the odd one before.
    const pairs = combine(part(xs, 0, size - 1, 2), part(xs, 1, size, 2));
    const odd = run(pairs);
    const odds = odd[0]!.shape[at]!;
    const firsts = part(xs, 0, 1, 1);
    const even = size === 2 ? firsts : (() => {
      const rest = combine(size % 2 === 0 ? part(odd, 0, odds - 1, 1) : odd, part(xs, 2, size, 2));
      return firsts.map((x, i) => concatenate([x, rest[i]!], at));
    })();
    return even.map((e, i) => interleave(e, odd[i]!, at));
  };
  const flip = (xs: readonly Array[]) => (options.reverse ? xs.map((x) => rev(x, [at])) : xs);
  return tree.unflatten(flip(run(flip(arrays)))) as Traced<T>;
}

/** Entries of two arrays by turns along an axis; the first has as many as the second, or one more. */
function interleave(a: Array, b: Array, axis: number): Array {
  const n = b.shape[axis]!;
  const wide = (x: Array) => broadcastInDim(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)], x.shape.map((_, i) => (i <= axis ? i : i + 1)));
  const both = concatenate([wide(sliceInDim(a, 0, n, axis)), wide(b)], axis + 1);
  const flat = reshape(both, b.shape.map((s, i) => (i === axis ? 2 * n : s)));
  return a.shape[axis] === n ? flat : concatenate([flat, sliceInDim(a, n, n + 1, axis)], axis);
}
