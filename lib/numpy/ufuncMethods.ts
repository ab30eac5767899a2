import { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import { canonAxis } from '../core/checks';
import type { DType } from '../core/dtype';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { evalShape } from '../functional/staging';
import { trailingOptions } from '../functional/trailingOptions';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import { foriLoop, scan } from '../lax/control';
import * as e from '../primitives/elementwise';
import { realPart } from '../primitives/matrix';
import { reduceAnd, reduceOr, reduceXor } from '../primitives/reduction';
import { concatenate, convert, full, indexInDim, range, reduceSum, reshape, sliceInDim } from '../primitives/structural';
import { add, maximum, minimum, multiply, subtract } from './arithmetic';
import { canonAxes, expand } from './axes';
import { bitwiseAnd, bitwiseOr, bitwiseXor } from './bitwise';
import { broadcastAll, broadcastShape, broadcastToShape } from './broadcast';
import { where } from './choice';
import { astype } from './creation';
import type { DtypeLike } from './dtypes';
import { logaddexp, logaddexp2 } from './exponents';
import { vectorize } from './functional';
import { at, type IndexUpdate } from './indexing';
import { asIndices, type Index } from './indexParse';
import { logicalAnd, logicalOr, logicalXor } from './logic';
import { expandDims, moveaxis } from './manipulation';
import { truth } from './operators';
import { cumprod, cumsum, max, min, prod, sum } from './reductions';
import { checkInplace, take } from './take';
import { ownMethods, provideUfuncMethods, type UfuncAccumulateOptions, type UfuncAtOptions, type UfuncAttributes, type UfuncIndices, type UfuncReduceOptions } from './ufunc';

// reduce, accumulate, reduceat, outer and at of ufuncs: by the reductions and updates there are, else one element after another in a loop.

type Callable = UfuncAttributes & ((...args: ArrayLike[]) => Array);

const given = (o: object) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== null));

/** Checks that a function has two operands and one result, which folds need. */
function checkBinary(f: UfuncAttributes, method: string): Callable {
  if (f.nin !== 2 || f.nout !== 1) throw new ArgumentError(`${f.name}.${method}: expected a function of two operands with one result, got one of ${f.nin} with ${f.nout}`);
  return f as Callable;
}

/** The dtype of a ufunc's result for elements of these arrays. */
function resultOf(f: Callable, ...operands: Array[]): DType {
  return (evalShape(f as never, ...operands.map((x) => full([], x.dtype === 'bool' ? true : 1, x.dtype, x.weakType))) as { dtype: DType }).dtype;
}

function oneAxis(op: string, axis: unknown, ndim: number): number {
  if (typeof axis !== 'number') throw new ArgumentError(`${op}: expected one axis, got ${String(axis)}`);
  return canonAxis(op, axis, ndim);
}

/** Folds an axis from the left, or without one all elements in order. */
function foldInLoop(f: Callable, a: ArrayLike, options: UfuncReduceOptions): Array {
  const op = `${f.name}.reduce`;
  const a0 = asArray(a, op);
  const axis = options.axis === undefined ? 0 : options.axis;
  const d = axis === null ? 0 : oneAxis(op, axis, a0.ndim);
  const flat = (x: Array) => (axis === null ? reshape(x, [a0.size]) : moveaxis(x, d, 0));
  const dtype = options.dtype ? (options.dtype as DType) : resultOf(f, a0, a0);
  const x = flat(a0);
  const mask = options.where === undefined || options.where === null ? null : flat(broadcastToShape(op, asArray(options.where, op), a0.shape));
  const initial = options.initial ?? f.identity;
  const shape = x.shape.slice(1);
  const n = x.shape[0]!;
  let out: Array;
  if (n === 0 && initial === null) throw new ArgumentError(`${op}: cannot fold an empty axis of ${a0.aval}: there is no identity`);
  const start = broadcastToShape(op, astype(initial === null ? indexInDim(x, 0, 0) : initial, dtype as DtypeLike), shape);
  if (n === 0) out = start;
  else {
    const step = (i: Array, value: Array) => {
      const next = astype(f(value, convert(at(x, i).get(), dtype)), dtype as DtypeLike);
      return mask === null ? next : where(at(mask, i).get(), next, value);
    };
    out = foriLoop(initial === null ? 1 : 0, n, step as never, start) as unknown as Array;
  }
  if (!options.keepdims) return out;
  return axis === null ? reshape(out, range(a0.ndim).map(() => 1)) : expand(out, [d]);
}

/** Reductions by an operation on bits, or on truth values. */
function foldBits(f: UfuncAttributes, reduce: (x: Array, axes: readonly number[]) => Array, two: (x: Array, y: Array) => Array, start: number | boolean, isLogical: boolean) {
  return (a: ArrayLike, o: UfuncReduceOptions): Array => {
    const op = `${f.name}.reduce`;
    let x = asArray(a, op);
    if (isLogical) x = truth(x);
    else if (!['int', 'uint', 'bool'].includes(dtypeKind(x.dtype))) throw new DtypeError(`${op}: expected integers or booleans, got ${x.aval}`);
    const dtype = o.dtype ? (o.dtype as DType) : x.dtype;
    x = astype(x, dtype as DtypeLike);
    const neutral = x.dtype === 'bool' ? start !== 0 && start !== false : Number(start);
    if (o.where !== undefined && o.where !== null) x = where(asArray(o.where, op), x, full([], neutral, x.dtype));
    const axes = canonAxes(op, o.axis === undefined ? 0 : o.axis, x.ndim);
    let out = axes.length === 0 ? x : reduce(x, axes);
    if (o.initial !== undefined && o.initial !== null) {
      const [p, q] = broadcastAll(op, [astype(o.initial, dtype as DtypeLike), out]);
      out = two(p!, q!);
    }
    return o.keepdims ? expand(out, axes) : out;
  };
}

/** log(sum(exp(x))) without overflow, in a base. */
function foldLogs(f: Callable, base: number) {
  return (a: ArrayLike, o: UfuncReduceOptions): Array => {
    const op = `${f.name}.reduce`;
    const x = promoteDtypesInexact(op, a)[0]!;
    const axes = canonAxes(op, o.axis === undefined ? 0 : o.axis, x.ndim);
    const selected = o.where === undefined || o.where === null ? x : where(asArray(o.where, op), x, Number.NEGATIVE_INFINITY);
    const top = max(realPart(selected), { axis: axes, keepdims: true, initial: Number.NEGATIVE_INFINITY });
    const safe = where(e.isFinite(top), top, 0);
    const scale = Math.log(base);
    const total = reduceSum(e.exp(multiply(subtract(selected, safe), scale)), axes);
    const kept = add(expand(multiply(e.log(total), 1 / scale), axes), safe);
    const out = o.keepdims ? kept : reshape(kept, x.shape.filter((_, i) => !axes.includes(i)));
    return o.initial === undefined || o.initial === null ? out : f(out, o.initial);
  };
}

/** The indices of `at` as separate ones: a JS array is several where one of them is an array. */
function separate(indices: UfuncIndices): Index[] {
  if (globalThis.Array.isArray(indices)) return (indices as unknown[]).some((i) => i instanceof Array) ? [...(indices as Index[])] : [asIndices('at', indices)];
  return [indices as Index];
}

/** Updates at indices one after another, since the function may depend on the order. */
function updateInLoop(f: Callable, a: ArrayLike, indices: UfuncIndices, b?: ArrayLike): Array {
  const op = `${f.name}.at`;
  const operands = [asArray(a, op), ...(b === undefined ? [] : [asArray(b, op)])];
  const dtype = resultOf(f, ...operands);
  const [x, value] = operands.map((v) => astype(v, dtype as DtypeLike)) as [Array, Array?];
  const apply = (target: IndexUpdate, v?: Array) => target.set(v === undefined ? f(target.get()) : f(target.get(), v));
  const list = separate(indices);
  const arrays = list.filter((i): i is Array => i instanceof Array && i.dtype !== 'bool');
  const shape = broadcastShape(op, arrays.map((i) => i.shape));
  if (shape.length === 0) return apply(at(x, ...list), value);
  const n = sizeOf(shape);
  const flat = list.map((i) => (arrays.includes(i as Array) ? reshape(broadcastToShape(op, i as Array, shape), [n]) : i));
  const rest = value === undefined ? [] : value.shape.slice(shape.length);
  const values = value === undefined ? null : reshape(broadcastToShape(op, value, [...shape, ...rest]), [n, ...rest]);
  return foriLoop(0, n, ((k: Array, y: Array) => {
    const target = at(y, ...flat.map((i) => (arrays.length > 0 && i instanceof Array && i.ndim === 1 && i.dtype !== 'bool' ? at(i, k).get() : i)) as Index[]);
    return astype(apply(target, values === null ? undefined : at(values, k).get()), dtype as DtypeLike);
  }) as never, x) as unknown as Array;
}

/** An update that arrays have; booleans are counted, so that none is lost. */
const updateBy = (update: (target: IndexUpdate, b: ArrayLike) => Array) => (a: ArrayLike, indices: UfuncIndices, b?: ArrayLike): Array => {
  const x = asArray(a, 'at');
  const value = asArray(b as ArrayLike, 'at');
  if (x.dtype !== 'bool') return update(at(x, ...separate(indices)), value);
  return astype(update(at(astype(x, 'int32'), ...separate(indices)), astype(truth(value), 'int32')), 'bool');
};

type Reduction = (a: ArrayLike, o: UfuncReduceOptions) => Array;
const reduceBy = (reduction: (a: ArrayLike, o: object) => Array): Reduction => (a, o) => {
  const { axis = 0, ...rest } = o;
  return reduction(a, { ...given(rest), axis });
};
// JAX's take a dtype, which max and min themselves have not.
const extreme = (reduction: (a: ArrayLike, o: object) => Array): Reduction => (a, { dtype, ...o }) => reduceBy(reduction)(dtype ? astype(a, dtype as DtypeLike) : a, o);

Object.assign(ownMethods(add), { reduce: reduceBy(sum), accumulate: (a: ArrayLike, o: UfuncAccumulateOptions) => cumsum(a, { axis: 0, ...given(o) } as object), at: updateBy((t, b) => t.add(b)) });
Object.assign(ownMethods(multiply), { reduce: reduceBy(prod), accumulate: (a: ArrayLike, o: UfuncAccumulateOptions) => cumprod(a, { axis: 0, ...given(o) } as object), at: updateBy((t, b) => t.multiply(b)) });
Object.assign(ownMethods(subtract), { at: (a: ArrayLike, indices: UfuncIndices, b?: ArrayLike) => at(a, ...separate(indices)).subtract(b as ArrayLike) });
Object.assign(ownMethods(maximum), { reduce: extreme(max) });
Object.assign(ownMethods(minimum), { reduce: extreme(min) });
for (const [f, reduce, two, start, isLogical] of [
  [bitwiseAnd, reduceAnd, e.and, -1, false], [bitwiseOr, reduceOr, e.or, 0, false], [bitwiseXor, reduceXor, e.xor, 0, false],
  [logicalAnd, reduceAnd, e.and, true, true], [logicalOr, reduceOr, e.or, false, true], [logicalXor, reduceXor, e.xor, false, true],
] as const) Object.assign(ownMethods(f), { reduce: foldBits(f, reduce, two, start, isLogical) });
Object.assign(ownMethods(logaddexp), { reduce: foldLogs(logaddexp, Math.E) });
Object.assign(ownMethods(logaddexp2), { reduce: foldLogs(logaddexp2, 2) });

const REDUCE = ['axis', 'dtype', 'keepdims', 'initial', 'where'] as const;
const ACCUMULATE = ['axis', 'dtype'] as const;

provideUfuncMethods({
  vectorize: (func) => vectorize(func),
  reduce(f, own, a, options) {
    const op = `${f.name}.reduce`;
    const g = checkBinary(f, 'reduce');
    const o = checkOptions(op, REDUCE, options);
    if (o.where !== undefined && o.where !== null) {
      if ((o.initial ?? f.identity) === null) throw new ArgumentError(`${op}: where needs an initial value: there is no identity`);
      const mask = asArray(o.where, op);
      if (mask.dtype !== 'bool') throw new DtypeError(`${op}: expected where to be a boolean array, got ${mask.aval}`);
    }
    return own.reduce ? own.reduce(a, o) : foldInLoop(g, a, o);
  },
  accumulate(f, own, a, options) {
    const op = `${f.name}.accumulate`;
    const g = checkBinary(f, 'accumulate');
    const o = checkOptions(op, ACCUMULATE, options);
    if (own.accumulate) return own.accumulate(a, o);
    const a0 = asArray(a, op);
    const d = oneAxis(op, o.axis ?? 0, a0.ndim);
    const dtype = o.dtype ? (o.dtype as DType) : resultOf(g, a0, a0);
    if (a0.size === 0) return full(a0.shape, dtype === 'bool' ? false : 0, dtype);
    const x = moveaxis(astype(a0, dtype as DtypeLike), d, 0);
    const first = indexInDim(x, 0, 0);
    const [, out] = scan(([i, value]: readonly [Array, Array], next: Array) => {
      const y = where(e.eq(i, full([], 0, 'int32')), first, astype(g(value, next), dtype as DtypeLike));
      return [[e.add(i, full([], 1, 'int32')), y], y] as const;
    }, [full([], 0, 'int32'), first] as never, x as never) as unknown as [unknown, Array];
    return moveaxis(out, 0, d);
  },
  reduceat(f, own, a, indices, options) {
    const op = `${f.name}.reduceat`;
    const g = checkBinary(f, 'reduceat');
    const o = checkOptions(op, ACCUMULATE, options);
    if (own.reduceat) return own.reduceat(a, indices, o);
    const x = o.dtype ? astype(a, o.dtype as DtypeLike) : asArray(a, op);
    if (x.ndim === 0) throw new ShapeError(`${op}: expected at least one dimension, got ${x.aval}`);
    const starts = asIndices(op, indices);
    if (starts.ndim !== 1) throw new ShapeError(`${op}: expected indices of one dimension, got ${starts.aval}`);
    const result = resultOf(g, x, x);
    if (result !== x.dtype) throw new DtypeError(`${op}: expected a dtype that the function keeps, got ${x.aval}, of which it makes ${result}`);
    const d = oneAxis(op, o.axis ?? 0, x.ndim);
    const n = x.shape[d]!;
    const count = starts.shape[0]!;
    const column = range(x.ndim).filter((i) => i !== d);
    const from = expandDims(starts, column);
    const to = expandDims(concatenate([sliceInDim(starts, Math.min(1, count), count, 0), full([Math.min(1, count)], n, starts.dtype)], 0), column);
    return foriLoop(0, n, ((i: Array, out: Array) => {
      const inside = logicalAnd(e.gt(...(broadcastAll(op, [astype(i, from.dtype as DtypeLike), from]) as [Array, Array])), e.lt(...(broadcastAll(op, [astype(i, to.dtype as DtypeLike), to]) as [Array, Array])));
      return where(inside, g(out, take(x, reshape(i, [1]), { axis: d })), out);
    }) as never, take(x, starts, { axis: d })) as unknown as Array;
  },
  outer(f, a, b) {
    const op = `${f.name}.outer`;
    const g = checkBinary(f, 'outer');
    const [x, y] = [asArray(a, op), asArray(b, op)];
    return g(reshape(x, [...x.shape, ...range(y.ndim).map(() => 1)]), y);
  },
  at(f, own, a, indices, rest) {
    const op = `${f.name}.at`;
    const { args, options } = trailingOptions<UfuncAtOptions>(rest.filter((x) => x !== undefined), ['b', 'inplace']);
    if (args.length > 1) throw new ArgumentError(`${op}: expected an array, indices, at most a second operand and options, got ${args.length + 2} arguments`);
    checkInplace(op, options.inplace);
    const b = (args[0] ?? options.b) as ArrayLike | null | undefined;
    if (f.nin > 2 || f.nout !== 1) throw new ArgumentError(`${op}: expected a function of one or two operands with one result, got one of ${f.nin} with ${f.nout}`);
    if ((b === undefined || b === null) !== (f.nin === 1)) throw new ArgumentError(`${op}: expected ${f.nin === 1 ? 'no second operand' : 'a second operand'} of a function of ${f.nin}`);
    return own.at ? own.at(a, indices, b ?? undefined) : updateInLoop(f as Callable, a, indices, b ?? undefined);
  },
});
