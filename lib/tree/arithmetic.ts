import type { Array } from '../core/array';
import { checkList } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { map } from '../core/tree';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { arraysOf, isArrayLeaf } from '../functional/treeFunction';
import { composite } from '../interpreters/jit';
import * as np from '../numpy';

// Arithmetic on trees of arrays. JS arrays are nodes of trees here, as lists are in Python: [1, 2] is a tree of two numbers.

/** Whether a value is one array or number, not a tree of some. */
const isOne = (x: unknown): x is ArrayLike => typeof x === 'number' || typeof x === 'boolean' || typeof x === 'bigint' || isArrayLeaf(x);
const mapArrays = <T>(f: (...xs: never[]) => unknown, tree: T, ...rest: unknown[]): T => map(f, tree, ...rest, { isLeaf: isArrayLeaf }) as T;

/**
 * Every array of a tree times a value. Mirrors `braintools.tree.scale`.
 *
 * @param x an array, a number, or a tree of them
 * @example
 * tree.scale({ a: np.array([1, 2]) }, 3).a.js(); // [3, 6]
 */
export function scale<T>(tree: T, x: ArrayLike): T {
  return mapArrays((a: ArrayLike) => np.multiply(a, x), tree);
}

/**
 * The product of two trees of one structure, or of a tree and a value. Mirrors `braintools.tree.mul`.
 *
 * @param x an array, a number, or a tree of them
 * @example
 * tree.mul({ a: np.array([1, 2]) }, 3).a.js(); // [3, 6]
 */
export function mul<T>(tree: T, x: T | ArrayLike): T {
  return isOne(x) ? scale(tree, x) : mapArrays((a: ArrayLike, b: ArrayLike) => np.multiply(a, b), tree, x);
}

/**
 * Every array of a tree plus a value. Mirrors `braintools.tree.shift`.
 *
 * @param x an array, a number, or a tree of them
 * @example
 * tree.shift({ a: np.array([1, 2]) }, 3).a.js(); // [4, 5]
 */
export function shift<T>(tree: T, x: ArrayLike): T {
  return mapArrays((a: ArrayLike) => np.add(a, x), tree);
}

/**
 * The sum of two trees of one structure, or of a tree and a value. Mirrors `braintools.tree.add`.
 *
 * @param tree1 a tree of arrays
 * @param tree2 a tree of the same structure
 * @example
 * tree.add({ a: np.array([1, 2]) }, { a: np.array([3, 4]) }).a.js(); // [4, 6]
 */
export function add<T>(tree1: T, tree2: T | ArrayLike): T {
  return isOne(tree2) ? shift(tree1, tree2) : mapArrays((a: ArrayLike, b: ArrayLike) => np.add(a, b), tree1, tree2);
}

/**
 * The difference of two trees of one structure. Mirrors `braintools.tree.sub`.
 *
 * @param tree1 a tree of arrays
 * @param tree2 a tree of the same structure
 * @example
 * tree.sub({ a: np.array([1, 2]) }, { a: np.array([3, 1]) }).a.js(); // [-2, 1]
 */
export function sub<T>(tree1: T, tree2: T): T {
  return mapArrays((a: ArrayLike, b: ArrayLike) => np.subtract(a, b), tree1, tree2);
}

const total = (parts: readonly Array[]) => parts.reduce((a, b) => np.add(a, b));
const sumProgram = composite('treeSum', (xs) => [total(xs.map((x) => np.sum(x)))]);
const squaresProgram = composite('treeSquaredNorm', (xs) => [total(xs.map((x) => np.sum(np.multiply(x, x))))]);

function arraysIn(op: string, tree: unknown): Array[] {
  const { leaves } = arraysOf(tree, `tree.${op}`);
  if (leaves.length === 0) throw new ArgumentError(`tree.${op}: expected a tree with at least one array`);
  return leaves;
}

/**
 * The sum of all elements of a tree: shape []. Mirrors `braintools.tree.sum`. @throws ArgumentError for a tree without arrays
 *
 * @example
 * tree.sum({ a: np.array([1, 2]), b: np.array(3) }).js(); // 6
 */
export function sum(tree: unknown): Array {
  return sumProgram(arraysIn('sum', tree), {})[0]!;
}

/**
 * The sum of the elements' products of two trees of one structure: shape []. Mirrors `braintools.tree.dot`.
 *
 * @param b a tree of the same structure
 * @example
 * tree.dot({ a: np.array([1, 2]) }, { a: np.array([3, 4]) }).js(); // 11
 */
export function dot(a: unknown, b: unknown): Array {
  return sum(mul(a, b as never));
}

/**
 * The sum of all elements' squares: shape []. Mirrors `braintools.tree.squared_norm`. @throws ArgumentError for a tree without arrays
 *
 * @example
 * tree.squaredNorm({ a: np.array([1, 2]), b: np.array(2) }).js(); // 9
 */
export function squaredNorm(tree: unknown): Array {
  return squaresProgram(arraysIn('squaredNorm', tree), {})[0]!;
}

/**
 * Trees of one structure, their arrays joined along an axis. Mirrors `braintools.tree.concat`.
 *
 * @throws ArgumentError unless it is given a list of trees
 * @example
 * tree.concat([{ a: np.array([1]) }, { a: np.array([2, 3]) }]).a.js(); // [1, 2, 3]
 */
export function concat<T>(trees: readonly T[], options: { axis?: number } | number = {}): T {
  if (!globalThis.Array.isArray(trees) || trees.length === 0) throw new ArgumentError(`tree.concat: expected a list of trees, got ${describeValue(trees)}`);
  const { axis = 0 } = typeof options === 'number' ? { axis: options } : options;
  return mapArrays((...xs: ArrayLike[]) => np.concatenate(xs, { axis }), trees[0] as T, ...trees.slice(1));
}

/**
 * Parts of a tree along the arrays' first axis: of the given sizes, and the rest. Mirrors `braintools.tree.split`.
 *
 * @example
 * tree.split({ a: np.arange(6) }, [2, 3]).map((part) => part.a.js()); // [[0, 1], [2, 3, 4], [5]]
 */
export function split<T>(tree: T, sizes: readonly number[]): T[] {
  checkList('tree.split', 'sizes', sizes);
  let at = 0;
  const ranges: [number, number | null][] = sizes.map((s) => [at, (at += s)]);
  return [...ranges, [at, null] as [number, number | null]].map((r) => idx(tree, r));
}

/**
 * Every array of a tree indexed in one way: `tree.idx(t, 0)`, `tree.idx(t, [1, 3])`. Mirrors `braintools.tree.idx`.
 *
 * @param index an index, as arrays take it
 * @example
 * tree.idx({ a: np.array([1, 2, 3]) }, 1).a.js(); // 2
 */
export function idx<T>(tree: T, index: np.Index): T {
  return mapArrays((a: ArrayLike) => np.asarray(a).slice(index), tree);
}

/** Every array of a tree with a new axis of size 1. Mirrors `braintools.tree.expand`. @example tree.expand({ a: np.ones([3]) }, 0).a.shape; // [1, 3] */
export function expand<T>(tree: T, axis: number): T {
  return mapArrays((a: ArrayLike) => np.expandDims(a, axis), tree);
}

/**
 * Entries of every array of a tree along an axis, by number, an array of numbers, or a range [start, stop, step?]. Mirrors `braintools.tree.take`.
 *
 * @param indices an index along the axis
 * @example
 * tree.take({ a: np.array([[1, 2], [3, 4]]) }, 1, 0).a.js(); // [3, 4]
 */
export function take<T>(tree: T, indices: np.Index, axis: number): T {
  return mapArrays((a: ArrayLike) => {
    const x = np.asarray(a);
    if (!globalThis.Array.isArray(indices)) return np.take(x, indices as ArrayLike, { axis });
    const at = axis < 0 ? axis + x.ndim : axis;
    return x.slice(...globalThis.Array.from({ length: at }, () => [] as number[]), indices as np.Index);
  }, tree);
}
