import { canonAxis, checkFunction, checkIntegers } from '../core/checks';
import type { Array } from '../core/array';
import { checkDtype, ShapedArray } from '../core/aval';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, ShapeError, TreeError } from '../core/errors';
import { flatten } from '../core/tree';
import { isArrayLeaf } from '../functional/treeFunction';
import { hoistConsts, stage } from '../interpreters/stage';
import type { ClosedJaxpr } from '../core/jaxpr';
import { Tracer } from '../core/trace';
import { checkOptions } from '../functional/options';
import * as cumulative from '../primitives/cumulative';
import * as r from '../primitives/reduction';
import { reduceSum as reduceSumP } from '../primitives/structural';
import { type ArrayLike, asArray, isScalarValue } from './arrayLike';
import { operands as operandsOf } from './operands';

// Reductions over axes, running reductions, and the position of extremes.

/**
 * Sum over axes. Mirrors `jax.lax.reduce_sum`.
 *
 * @param operand an array
 * @throws DtypeError for bool
 * @example
 * lax.reduceSum(np.array([[1, 5], [7, 2]]), [1]).js(); // [6, 9]
 */
export function reduceSum(operand: ArrayLike, axes: readonly number[]): Array {
  return reduceSumP(asArray(operand, 'reduceSum'), axes);
}

/**
 * Product over axes. Mirrors `jax.lax.reduce_prod`.
 *
 * @param operand an array
 * @example
 * lax.reduceProd(np.array([[1, 5], [7, 2]]), [0, 1]).js(); // 70
 */
export function reduceProd(operand: ArrayLike, axes: readonly number[]): Array {
  checkIntegers('reduceProd', 'axes', axes);
  return r.reduceProd(asArray(operand, 'reduceProd'), axes);
}

/**
 * Greatest over axes. Mirrors `jax.lax.reduce_max`.
 *
 * @param operand an array
 * @example
 * lax.reduceMax(np.array([[1, 5], [7, 2]]), [0]).js(); // [7, 5]
 */
export function reduceMax(operand: ArrayLike, axes: readonly number[]): Array {
  checkIntegers('reduceMax', 'axes', axes);
  return r.reduceMax(asArray(operand, 'reduceMax'), axes);
}

/**
 * Least over axes. Mirrors `jax.lax.reduce_min`.
 *
 * @param operand an array
 * @example
 * lax.reduceMin(np.array([[1, 5], [7, 2]]), [0]).js(); // [1, 2]
 */
export function reduceMin(operand: ArrayLike, axes: readonly number[]): Array {
  checkIntegers('reduceMin', 'axes', axes);
  return r.reduceMin(asArray(operand, 'reduceMin'), axes);
}

/**
 * And of bits over axes. Mirrors `jax.lax.reduce_and`.
 *
 * @param operand an array
 * @example
 * lax.reduceAnd(np.array([[true, false], [true, true]]), [1]).js(); // [false, true]
 */
export function reduceAnd(operand: ArrayLike, axes: readonly number[]): Array {
  checkIntegers('reduceAnd', 'axes', axes);
  return r.reduceAnd(asArray(operand, 'reduceAnd'), axes);
}

/**
 * Or of bits over axes. Mirrors `jax.lax.reduce_or`.
 *
 * @param operand an array
 * @example
 * lax.reduceOr(np.array([[true, false], [false, false]]), [1]).js(); // [true, false]
 */
export function reduceOr(operand: ArrayLike, axes: readonly number[]): Array {
  checkIntegers('reduceOr', 'axes', axes);
  return r.reduceOr(asArray(operand, 'reduceOr'), axes);
}

/**
 * Exclusive or of bits over axes. Mirrors `jax.lax.reduce_xor`.
 *
 * @param operand an array
 * @example
 * lax.reduceXor(np.array([12, 10], { dtype: 'int32' }), [0]).js(); // 6
 */
export function reduceXor(operand: ArrayLike, axes: readonly number[]): Array {
  checkIntegers('reduceXor', 'axes', axes);
  return r.reduceXor(asArray(operand, 'reduceXor'), axes);
}

/** An axis that is not counted from the end. */
function ownAxis(op: string, axis: number, x: Array): number {
  const d = canonAxis(op, axis, x.ndim);
  if (axis < 0) throw new ShapeError(`${op}: expected an axis from 0 to ${x.ndim - 1} for ${x.aval}, got ${axis}`);
  return d;
}

/**
 * Position of the greatest along an axis. Mirrors `jax.lax.argmax`.
 *
 * @param operand an array
 * @param indexDtype an integer dtype
 * @example
 * lax.argmax(np.array([[1, 5], [7, 2]]), 1, 'int32').js(); // [1, 0]
 */
export function argmax(operand: ArrayLike, axis: number, indexDtype: DType): Array {
  const x = asArray(operand, 'argmax');
  return r.argmax(x, ownAxis('argmax', axis, x), checkDtype('argmax', indexDtype));
}

/**
 * Position of the least along an axis. Mirrors `jax.lax.argmin`.
 *
 * @param operand an array
 * @param indexDtype an integer dtype
 * @example
 * lax.argmin(np.array([[1, 5], [7, 2]]), 1, 'int32').js(); // [0, 1]
 */
export function argmin(operand: ArrayLike, axis: number, indexDtype: DType): Array {
  const x = asArray(operand, 'argmin');
  return r.argmin(x, ownAxis('argmin', axis, x), checkDtype('argmin', indexDtype));
}

/** Options of {@link cumlogsumexp}, {@link cummax}, {@link cummin} and others like them. */
export interface RunningOptions {
  /** 0 by default. */
  axis?: number;
  /** From the end; false by default. */
  reverse?: boolean;
}

function running(op: 'cumsum' | 'cumprod' | 'cummax' | 'cummin' | 'cumlogsumexp', operand: ArrayLike, options: RunningOptions | number): Array {
  const { axis = 0, reverse = false } = checkOptions(op, ['axis', 'reverse'], typeof options === 'number' ? { axis: options } : options);
  const x = asArray(operand, op);
  return RUNNING[op](x, canonAxis(op, axis, x.ndim), reverse);
}
const RUNNING = { cumsum: cumulative.cumsum, cumprod: cumulative.cumprod, cummax: cumulative.cummax, cummin: cumulative.cummin, cumlogsumexp: cumulative.cumlogsumexp };

/** Sums of the beginnings of an axis. Mirrors `jax.lax.cumsum`. @example lax.cumsum(np.array([[1, 2], [3, 4]]), { axis: 1 }).js(); // [[1, 3], [3, 7]] */
export function cumsum(operand: ArrayLike, options: RunningOptions | number = {}): Array {
  return running('cumsum', operand, options);
}

/** Products of the beginnings of an axis. Mirrors `jax.lax.cumprod`. @example lax.cumprod(np.array([1, 2, 3, 4]), { reverse: true }).js(); // [24, 24, 12, 4] */
export function cumprod(operand: ArrayLike, options: RunningOptions | number = {}): Array {
  return running('cumprod', operand, options);
}

/** Greatest of the beginnings of an axis. Mirrors `jax.lax.cummax`. @example lax.cummax(np.array([1, 3, 2])).js(); // [1, 3, 3] */
export function cummax(operand: ArrayLike, options: RunningOptions | number = {}): Array {
  return running('cummax', operand, options);
}

/** Least of the beginnings of an axis. Mirrors `jax.lax.cummin`. @example lax.cummin(np.array([3, 1, 2])).js(); // [3, 1, 1] */
export function cummin(operand: ArrayLike, options: RunningOptions | number = {}): Array {
  return running('cummin', operand, options);
}

/** Logarithms of sums of exponentials of the beginnings of an axis. Mirrors `jax.lax.cumlogsumexp`. @example lax.cumlogsumexp(np.array([0.0, 0.0, 0.0])).js(); // [0, 0.6931…, 1.0986…] */
export function cumlogsumexp(operand: ArrayLike, options: RunningOptions | number = {}): Array {
  return running('cumlogsumexp', operand, options);
}

/** Operation of a recognised computation, by the name of the primitive it consists of. */
export type Monoid = 'add' | 'mul' | 'max' | 'min' | 'and' | 'or' | 'xor';
const MONOIDS: ReadonlySet<string> = new Set(['add', 'mul', 'max', 'min', 'and', 'or', 'xor']);

function isIdentity(op: Monoid, init: Array): boolean {
  if (init instanceof Tracer || init.ndim !== 0) return false;
  const { dtype } = init;
  const kind = dtypeKind(dtype);
  if (kind === 'complex') {
    const v = init.item() as { re: number; im: number };
    return v.im === 0 && ((op === 'add' && v.re === 0) || (op === 'mul' && v.re === 1));
  }
  const v = Number(init.item());
  if (op === 'add' || op === 'xor' || op === 'or') return v === 0;
  if (op === 'mul') return v === 1;
  if (op === 'and') return kind === 'bool' ? v === 1 : kind === 'int' ? v === -1 : v === 2 ** bits(dtype) - 1;
  const top = kind === 'float' ? Number.POSITIVE_INFINITY : kind === 'bool' ? 1 : kind === 'int' ? 2 ** (bits(dtype) - 1) - 1 : 2 ** bits(dtype) - 1;
  const bottom = kind === 'float' ? Number.NEGATIVE_INFINITY : kind === 'int' ? -(2 ** (bits(dtype) - 1)) : 0;
  return v === (op === 'max' ? bottom : top);
}

const bits = (d: DType) => Number(/\d+$/.exec(d)?.[0] ?? 8);

/** A function of pairs of scalars as data, and what it is if it is known. */
export interface Computation {
  jaxpr: ClosedJaxpr;
  monoid: Monoid | null;
  inits: Array[];
}

/** What a computation on scalars of the given types does. @throws TreeError where its result has another structure */
export function readComputation(op: string, computation: (a: never, b: never) => unknown, operands: unknown, initValues: unknown): { xs: Array[]; c: Computation; unflatten: (outs: Array[]) => unknown } {
  checkFunction(op, 'computation', computation);
  const [values, def] = flatten(operands, isArrayLeaf);
  const [initLeaves, initDef] = flatten(initValues, isArrayLeaf);
  if (!def.equals(initDef)) throw new TreeError(`${op}: expected operands and initial values of one structure, got ${def} and ${initDef}`);
  const xs = values.map((x) => asArray(x as ArrayLike, op));
  const inits = initLeaves.map((x, i) => {
    // A plain JS value takes the operand's dtype.
    const v = isScalarValue(x) ? operandsOf(op, xs[i]!, x)[1]! : asArray(x as ArrayLike, op);
    if (v.ndim !== 0) throw new ShapeError(`${op}: expected initial values to be scalars, got ${v.aval}`);
    return v;
  });
  const avals = inits.map((x) => new ShapedArray([], x.dtype));
  const n = inits.length;
  const { closed, consts } = hoistConsts(stage((args) => {
    const [outs, outDef] = flatten(computation(def.unflatten(args.slice(0, n)) as never, def.unflatten(args.slice(n)) as never), isArrayLeaf);
    if (!outDef.equals(def)) throw new TreeError(`${op}: expected the computation to return ${def}, got ${outDef}`);
    return outs.map((x) => asArray(x as ArrayLike, op));
  }, [...avals, ...avals], 'computation'));
  if (consts.length > 0) throw new ArgumentError(`${op}: the computation uses arrays from outside; give them as operands`);
  const name = n === 1 ? r.soleOperation(closed) : null;
  const monoid = name !== null && MONOIDS.has(name) && isIdentity(name as Monoid, inits[0]!) ? (name as Monoid) : null;
  return { xs, c: { jaxpr: closed, monoid, inits }, unflatten: (outs) => def.unflatten(outs) };
}

const REDUCERS: Record<Monoid, (x: Array, axes: readonly number[]) => Array> = {
  add: reduceSumP, mul: r.reduceProd, max: r.reduceMax, min: r.reduceMin, and: r.reduceAnd, or: r.reduceOr, xor: r.reduceXor,
};

/**
 * Reduces an array, or a tree of arrays together, over dimensions by a function of two scalars (or two trees of them), which must be associative, with
 * `initValues` as its identity. Sums, products, extremes and bit operations are recognised. Mirrors `jax.lax.reduce`.
 *
 * @param operands arrays of one shape
 * @throws TreeError where structures differ; ArgumentError where the computation uses arrays from outside
 * @example
 * lax.reduce(np.arange(4), 0, lax.add, [0]).item() // 6
 */
export function reduce<T>(operands: T, initValues: unknown, computation: (a: never, b: never) => unknown, dimensions: readonly number[]): T extends ArrayLike ? Array : T {
  const { xs, c, unflatten } = readComputation('reduce', computation, operands, initValues);
  const dims = dimensions.map((d) => canonAxis('reduce', d, xs[0]!.ndim));
  const outs = c.monoid ? [REDUCERS[c.monoid](xs[0]!, dims)] : r.reduce(xs, c.inits, c.jaxpr, dims);
  return unflatten(outs) as never;
}

