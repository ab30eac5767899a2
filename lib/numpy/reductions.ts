import type { Array } from '../core/array';
import { canonicalDtype, checkDtype } from '../core/aval';
import { canonAxis } from '../core/checks';
import { type DType, dtypeKind, realDtype } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, inexactDtype, promoteDtypesInexact } from '../lax/arrayLike';
import { cumprod as cumprodP, cumsum as cumsumP } from '../primitives/cumulative';
import * as e from '../primitives/elementwise';
import { realPart } from '../primitives/matrix';
import { argmax as argmaxP, argmin as argminP, reduceAnd, reduceMax, reduceMin, reduceOr, reduceProd } from '../primitives/reduction';
import { concatenate, convert, full, like, range, reduceSum, reshape, scalar, transpose } from '../primitives/structural';
import { type Axis, canonAxes, expand } from './axes';
import { broadcastToShape } from './broadcast';
import { add, isNan, maximum, minimum, mul, sub, where as select } from './operators';
import { program, readOptions, type Rest } from './program';

/** Options of {@link all}, {@link any}, {@link countNonzero} and {@link ptp}. */
export interface AxisOptions {
  /** Axes that are reduced; null: all. */
  axis?: Axis;
  /** Whether reduced axes stay, with size 1. */
  keepdims?: boolean;
}

export interface WhereOption {
  /** Elements that count; broadcast to the array. */
  where?: ArrayLike | null;
}

export interface MinMaxOptions extends AxisOptions, WhereOption {
  /** A value that takes part in the reduction. */
  initial?: ArrayLike | null;
}

export interface SumOptions extends MinMaxOptions {
  /** Dtype of the computation and the result. */
  dtype?: DType | null;
  /** Whether integers narrower than the default are promoted; true. */
  promoteIntegers?: boolean;
}

export interface MeanOptions extends AxisOptions, WhereOption {
  dtype?: DType | null;
}

export interface VarOptions extends MeanOptions {
  /** What is subtracted from the number of elements in the divisor. */
  ddof?: number;
  /** As ddof, which it excludes. */
  correction?: number | null;
  /** The mean, where it is known, with reduced axes of size 1. */
  mean?: ArrayLike | null;
}

/** The wider floating point type that sums of half-precision values are computed in. */
export function upcastHalf(dtype: DType): DType {
  return dtype === 'float16' || dtype === 'bfloat16' ? 'float32' : dtype;
}

/** The dtype of sums of integers: at least the default one. */
export function promoteInteger(dtype: DType): DType {
  const kind = dtypeKind(dtype);
  if (kind === 'bool') return canonicalDtype('int64');
  if (kind !== 'int' && kind !== 'uint') return dtype;
  const bits = (d: DType) => Number(/\d+/.exec(d)![0]);
  const wide = canonicalDtype(kind === 'int' ? 'int64' : 'uint64');
  return bits(dtype) < bits(wide) ? wide : dtype;
}

export const isInexact = (d: DType) => dtypeKind(d) === 'float' || dtypeKind(d) === 'complex';
const isIntegral = (d: DType) => !isInexact(d);

function checkWhere(op: string, where: ArrayLike | null | undefined): Array | null {
  if (where === null || where === undefined) return null;
  const w = asArray(where, op);
  if (w.dtype !== 'bool') throw new DtypeError(`${op}: expected where to be a boolean array, got ${w.aval}`);
  return w;
}

type Op = 'sum' | 'prod' | 'max' | 'min' | 'all' | 'any';
interface Spec {
  op: Op;
  axes: readonly number[];
  keepdims: boolean;
  dtype: DType | null;
  promote: boolean;
}

const reducers: Record<Op, { reduce: (x: Array, axes: readonly number[]) => Array; two: (x: Array, y: Array) => Array }> = {
  sum: { reduce: reduceSum, two: add },
  prod: { reduce: reduceProd, two: mul },
  max: { reduce: reduceMax, two: maximum },
  min: { reduce: reduceMin, two: minimum },
  all: { reduce: reduceAnd, two: e.and },
  any: { reduce: reduceOr, two: e.or },
};

/** The value that a reduction starts from. */
export function identityOf(op: Op, dtype: DType): number | boolean | bigint {
  if (op === 'all') return true;
  if (op === 'any') return false;
  if (op === 'sum') return dtype === 'bool' ? false : 0;
  if (op === 'prod') return dtype === 'bool' ? true : 1;
  const low = op === 'max';
  const kind = dtypeKind(dtype);
  if (kind === 'bool') return !low;
  if (kind === 'float' || kind === 'complex') return low ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const bits = BigInt(/\d+/.exec(dtype)![0]);
  if (kind === 'uint') return low ? 0 : (1n << bits) - 1n;
  return low ? -(1n << (bits - 1n)) : (1n << (bits - 1n)) - 1n;
}

/** Elements where the mask is true, others replaced by a value. */
function mask(a: Array, where: Array, value: number | boolean | bigint): Array {
  return e.where(broadcastToShape('where', where, a.shape), a, full(a.shape, value, a.dtype));
}

const reductionC = program<Spec>('reduction', ([a, where, initial], { op, axes, keepdims, dtype, promote }) => {
  let x = a!;
  if (op === 'all' || op === 'any') x = convert(realPart(x), 'bool');
  else if ((op === 'sum' || op === 'prod') && x.dtype === 'bool' && dtype === null) x = convert(x, canonicalDtype('int64'));
  const result = dtype ?? (promote ? promoteInteger(x.dtype) : x.dtype);
  const computed = (op === 'sum' || op === 'prod') && dtype === null ? upcastHalf(result) : result;
  x = convert(x, computed);
  const { reduce, two } = computed === 'bool' && op === 'sum' ? reducers.any : computed === 'bool' && op === 'prod' ? reducers.all : reducers[op];
  if (where) x = mask(x, where, identityOf(op, computed));
  let out = axes.length === 0 ? x : reduce(x, axes);
  if (initial) out = two(convert(initial, computed), out);
  if (keepdims) out = expand(out, axes);
  return [convert(out, result)];
});

function reduction(name: string, op: Op, a: ArrayLike, o: SumOptions): Array {
  const x = asArray(a, name);
  const where = checkWhere(name, o.where);
  const initial = o.initial === null || o.initial === undefined ? null : asArray(o.initial, name);
  if (initial !== null && initial.ndim !== 0) throw new ShapeError(`${name}: expected initial to be a scalar, got ${initial.aval}`);
  const axes = canonAxes(name, o.axis, x.ndim);
  if ((op === 'max' || op === 'min') && initial === null) {
    if (where !== null) throw new ArgumentError(`${name}: it has no identity, so where needs an initial value`);
    if (axes.some((d) => x.shape[d] === 0)) throw new ShapeError(`${name}: expected at least one element along the reduced axes of ${x.aval}`);
  }
  const dtype = o.dtype === null || o.dtype === undefined ? null : checkDtype(name, o.dtype);
  return reductionC([x, where, initial], { op, axes, keepdims: o.keepdims ?? false, dtype, promote: (op === 'sum' || op === 'prod') && (o.promoteIntegers ?? true) })[0]!;
}

const SUM = ['axis', 'dtype', 'keepdims', 'initial', 'where', 'promoteIntegers'] as const;
const MINMAX = ['axis', 'keepdims', 'initial', 'where'] as const;
const LOGICAL = ['axis', 'keepdims', 'where'] as const;
const MEAN = ['axis', 'dtype', 'keepdims', 'where'] as const;
const VAR = ['axis', 'dtype', 'ddof', 'keepdims', 'where', 'mean', 'correction'] as const;

/**
 * Sum of elements over axes; booleans and narrow integers are promoted to the default integer, half-precision floats are summed in float32.
 * Mirrors `jax.numpy.sum`.
 *
 * @throws ShapeError for an axis out of range
 * @example
 * np.sum([[1, 2], [3, 4]], 0) // [4, 6]
 */
export function sum(a: ArrayLike, ...rest: Rest<SumOptions, 'axis'>): Array {
  return reduction('sum', 'sum', a, readOptions('sum', SUM, 1, rest));
}

/** Product of elements over axes. Mirrors `jax.numpy.prod`. @example np.prod([2, 3, 4]).item() // 24 */
export function prod(a: ArrayLike, ...rest: Rest<SumOptions, 'axis'>): Array {
  return reduction('prod', 'prod', a, readOptions('prod', SUM, 1, rest));
}

/** Largest element over axes. Mirrors `jax.numpy.max`. @throws ShapeError where there are no elements @example np.max([1, 3, 2]).item() // 3 */
export function max(a: ArrayLike, ...rest: Rest<MinMaxOptions, 'axis'>): Array {
  return reduction('max', 'max', a, readOptions('max', MINMAX, 1, rest));
}

/** Smallest element over axes. Mirrors `jax.numpy.min`. @throws ShapeError where there are no elements @example np.min([1, 3, 2]).item() // 1 */
export function min(a: ArrayLike, ...rest: Rest<MinMaxOptions, 'axis'>): Array {
  return reduction('min', 'min', a, readOptions('min', MINMAX, 1, rest));
}

export { max as amax, min as amin };

/** Whether all elements over axes are true. Mirrors `jax.numpy.all`. @example np.all([true, false]).item() // false */
export function all(a: ArrayLike, ...rest: Rest<AxisOptions & WhereOption, 'axis'>): Array {
  return reduction('all', 'all', a, readOptions('all', LOGICAL, 1, rest));
}

/** Whether any element over axes is true. Mirrors `jax.numpy.any`. @example np.any([true, false]).item() // true */
export function any(a: ArrayLike, ...rest: Rest<AxisOptions & WhereOption, 'axis'>): Array {
  return reduction('any', 'any', a, readOptions('any', LOGICAL, 1, rest));
}

/** Number of elements over axes that are not zero. Mirrors `jax.numpy.count_nonzero`. @example np.countNonzero([0, 1, 2]).item() // 2 */
export function countNonzero(a: ArrayLike, ...rest: Rest<AxisOptions, 'axis'>): Array {
  const { axis, keepdims } = readOptions('countNonzero', ['axis', 'keepdims'], 1, rest);
  const x = asArray(a, 'countNonzero');
  return countC([x], { axes: canonAxes('countNonzero', axis, x.ndim), keepdims: keepdims ?? false })[0]!;
}

const countC = program<{ axes: readonly number[]; keepdims: boolean }>('countNonzero', ([x], { axes, keepdims }) => [sum(e.ne(x!, like(x!, x!.dtype === 'bool' ? false : 0)), { axis: axes, keepdims, dtype: canonicalDtype('int64') })]);

/** Number of elements that a mean divides by. */
function count(a: Array, axes: readonly number[], keepdims: boolean, where: Array | null, dtype: DType): Array {
  if (where === null) return scalar(axes.reduce((n, d) => n * a.shape[d]!, 1), dtype);
  return sum(broadcastToShape('where', where, a.shape), { axis: axes, dtype, keepdims });
}

interface MeanSpec {
  axes: readonly number[];
  keepdims: boolean;
  dtype: DType | null;
}

const meanC = program<MeanSpec>('mean', ([a, where], { axes, keepdims, dtype }) => {
  const result = dtype ?? inexactDtype(a!.dtype);
  const computed = dtype === null ? upcastHalf(result) : result;
  const total = sum(a!, { axis: axes, dtype: computed, keepdims, where });
  return [convert(e.div(total, count(a!, axes, keepdims, where, computed)), result)];
});

/** Mean over axes; half-precision floats are summed in float32. Mirrors `jax.numpy.mean`. @example np.mean([[1, 2], [3, 4]], 0) // [2, 3] */
export function mean(a: ArrayLike, ...rest: Rest<MeanOptions, 'axis'>): Array {
  const o = readOptions('mean', MEAN, 1, rest);
  const x = asArray(a, 'mean');
  return meanC([x, checkWhere('mean', o.where)], { axes: canonAxes('mean', o.axis, x.ndim), keepdims: o.keepdims ?? false, dtype: o.dtype ? checkDtype('mean', o.dtype) : null })[0]!;
}

/** Dtypes that a variance is computed in, and that it has. */
function varTypes(op: string, from: DType, dtype: DType | null): [DType, DType] {
  if (dtype !== null) {
    if (dtypeKind(from) === 'complex' && dtypeKind(dtype) !== 'complex') throw new DtypeError(`${op}: a real dtype for complex values is not supported, got ${dtype} for ${from}`);
    return [upcastHalf(dtype), dtype];
  }
  if (isIntegral(from)) return [inexactDtype(from), inexactDtype(from)];
  return [upcastHalf(from), realDtype(from)];
}

/** Squares of magnitudes, real. */
function squared(x: Array): Array {
  return dtypeKind(x.dtype) === 'complex' ? e.real(e.mul(x, e.conj(x))) : e.square(x);
}

interface VarSpec extends MeanSpec {
  correction: number;
  root: boolean;
}

const varC = program<VarSpec>('var', ([a, where, given], { axes, keepdims, dtype, correction, root }) => {
  const [computed, result] = varTypes(root ? 'std' : 'var', a!.dtype, dtype);
  const x = convert(a!, computed);
  const centre = given ? astype(given, computed) : mean(x, { axis: axes, dtype: computed, keepdims: true, where });
  const centered = squared(sub(x, centre));
  const normalizer = e.sub(count(x, axes, keepdims, where, centered.dtype), like(centered, correction));
  const total = sum(centered, { axis: axes, dtype: centered.dtype, keepdims, where });
  const out = convert(e.div(total, normalizer), result);
  const safe = select(e.gt(normalizer, like(normalizer, 0)), out, scalar(Number.NaN, 'float32', true));
  return [root ? e.sqrt(safe) : safe];
});

function correctionOf(op: string, o: VarOptions): number {
  if (o.correction === null || o.correction === undefined) return o.ddof ?? 0;
  if (o.ddof) throw new ArgumentError(`${op}: expected ddof or correction, got both`);
  return o.correction;
}

function variance(op: string, a: ArrayLike, o: VarOptions, root: boolean): Array {
  const x = asArray(a, op);
  const dtype = o.dtype ? checkDtype(op, o.dtype) : null;
  if (root && dtype !== null && !isInexact(dtype)) throw new DtypeError(`${op}: expected an inexact dtype, got ${dtype}`);
  const given = o.mean === null || o.mean === undefined ? null : asArray(o.mean, op);
  return varC([x, checkWhere(op, o.where), given], { axes: canonAxes(op, o.axis, x.ndim), keepdims: o.keepdims ?? false, dtype, correction: correctionOf(op, o), root })[0]!;
}

/** Variance over axes: the mean of squared deviations, with `ddof` taken from the number of elements. Mirrors `jax.numpy.var`. @example np.var([1, 2, 3, 4]).item() // 1.25 */
export function var_(a: ArrayLike, ...rest: Rest<VarOptions, 'axis'>): Array {
  return variance('var', a, readOptions('var', VAR, 1, rest), false);
}

/** Standard deviation over axes. Mirrors `jax.numpy.std`. @example np.std([1, 1, 3, 3]).item() // 1 */
export function std(a: ArrayLike, ...rest: Rest<VarOptions, 'axis'>): Array {
  return variance('std', a, readOptions('std', VAR, 1, rest), true);
}

const ptpC = program<{ axes: readonly number[]; keepdims: boolean }>('ptp', ([x], { axes, keepdims }) => [e.sub(max(x!, { axis: axes, keepdims }), min(x!, { axis: axes, keepdims }))]);

/** Largest less smallest element over axes. Mirrors `jax.numpy.ptp`. @example np.ptp([1, 5, 3]).item() // 4 */
export function ptp(a: ArrayLike, ...rest: Rest<AxisOptions, 'axis'>): Array {
  const { axis, keepdims = false } = readOptions('ptp', ['axis', 'keepdims'], 1, rest);
  const x = asArray(a, 'ptp');
  return ptpC([x], { axes: canonAxes('ptp', axis, x.ndim), keepdims })[0]!;
}

// ---- positions of extremes ----

export interface ArgOptions {
  axis?: number | null;
  keepdims?: boolean | null;
}

const argC = program<{ op: 'argmax' | 'argmin'; axis: number | null; keepdims: boolean; nan: boolean }>('argmax', ([a], { op, axis, keepdims, nan }) => {
  let x = a!;
  const bad = nan && isInexact(x.dtype) ? isNan(x) : null;
  if (bad) x = e.where(bad, full(x.shape, op === 'argmax' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY, x.dtype), x);
  const flat = axis === null ? reshape(x, [x.size]) : x;
  const index = (op === 'argmax' ? argmaxP : argminP)(flat, axis ?? 0, canonicalDtype('int64'));
  let out = keepdims ? reshape(index, axis === null ? x.shape.map(() => 1) : x.shape.map((n, i) => (i === axis ? 1 : n))) : index;
  if (bad) out = e.where(all(bad, { axis, keepdims }), full(out.shape, -1, out.dtype), out);
  return [out];
});

function arg(name: string, op: 'argmax' | 'argmin', nan: boolean, a: ArrayLike, rest: Rest<ArgOptions, 'axis'>): Array {
  const { axis = null, keepdims } = readOptions(name, ['axis', 'keepdims'], 2, rest);
  const x = asArray(a, name);
  const d = axis === null ? null : canonAxis(name, axis, x.ndim);
  if ((d === null ? x.size : x.shape[d]) === 0) throw new ShapeError(`${name}: expected at least one element, got ${x.aval}`);
  return argC([x], { op, axis: d, keepdims: keepdims ?? false, nan })[0]!;
}

/** Index of the first largest element (NaN is largest) along an axis, or among all. Mirrors `jax.numpy.argmax`. @example np.argmax([1, 3, 2]).item() // 1 */
export function argmax(a: ArrayLike, ...rest: Rest<ArgOptions, 'axis'>): Array {
  return arg('argmax', 'argmax', false, a, rest);
}

/** Index of the first smallest element (NaN is smallest) along an axis, or among all. Mirrors `jax.numpy.argmin`. @example np.argmin([3, 1, 2]).item() // 1 */
export function argmin(a: ArrayLike, ...rest: Rest<ArgOptions, 'axis'>): Array {
  return arg('argmin', 'argmin', false, a, rest);
}

/** As {@link argmax}, NaN left out; −1 where all are NaN. Mirrors `jax.numpy.nanargmax`. @example np.nanargmax([1, NaN, 3]).item() // 2 */
export function nanargmax(a: ArrayLike, ...rest: Rest<ArgOptions, 'axis'>): Array {
  return arg('nanargmax', 'argmax', true, a, rest);
}

/** As {@link argmin}, NaN left out; −1 where all are NaN. Mirrors `jax.numpy.nanargmin`. @example np.nanargmin([1, NaN, 3]).item() // 0 */
export function nanargmin(a: ArrayLike, ...rest: Rest<ArgOptions, 'axis'>): Array {
  return arg('nanargmin', 'argmin', true, a, rest);
}

// ---- reductions that leave NaN out ----

interface NanSpec {
  op: 'sum' | 'prod' | 'max' | 'min';
  axes: readonly number[];
  keepdims: boolean;
  dtype: DType | null;
  promote: boolean;
}

const nanC = program<NanSpec>('nanreduction', ([a, where, initial], { op, axes, keepdims, dtype, promote }) => {
  const x = a!;
  const clean = isInexact(x.dtype) ? e.where(isNan(x), full(x.shape, identityOf(op, x.dtype), x.dtype), x) : x;
  const out = reduction(`nan${op}`, op, clean, { axis: axes, keepdims, dtype, where, initial, promoteIntegers: promote });
  if (!isInexact(x.dtype) || op === 'sum' || op === 'prod' || initial) return [out];
  return [select(all(isNan(x), { axis: axes, keepdims }), like(x, Number.NaN), out)];
});

function nanReduction(name: string, op: NanSpec['op'], a: ArrayLike, o: SumOptions): Array {
  const x = asArray(a, name);
  const initial = o.initial === null || o.initial === undefined ? null : asArray(o.initial, name);
  return nanC([x, checkWhere(name, o.where), initial], { op, axes: canonAxes(name, o.axis, x.ndim), keepdims: o.keepdims ?? false, dtype: o.dtype ? checkDtype(name, o.dtype) : null, promote: true })[0]!;
}

const NANSUM = ['axis', 'dtype', 'keepdims', 'initial', 'where'] as const;

/** As {@link sum}, NaN counting as 0. Mirrors `jax.numpy.nansum`. @example np.nansum([1, NaN]).item() // 1 */
export function nansum(a: ArrayLike, ...rest: Rest<Omit<SumOptions, 'promoteIntegers'>, 'axis'>): Array {
  return nanReduction('nansum', 'sum', a, readOptions('nansum', NANSUM, 1, rest));
}

/** As {@link prod}, NaN counting as 1. Mirrors `jax.numpy.nanprod`. @example np.nanprod([2, NaN]).item() // 2 */
export function nanprod(a: ArrayLike, ...rest: Rest<Omit<SumOptions, 'promoteIntegers'>, 'axis'>): Array {
  return nanReduction('nanprod', 'prod', a, readOptions('nanprod', NANSUM, 1, rest));
}

/** As {@link max}, NaN left out. Mirrors `jax.numpy.nanmax`. @example np.nanmax([1, NaN]).item() // 1 */
export function nanmax(a: ArrayLike, ...rest: Rest<MinMaxOptions, 'axis'>): Array {
  return nanReduction('nanmax', 'max', a, readOptions('nanmax', MINMAX, 1, rest));
}

/** As {@link min}, NaN left out. Mirrors `jax.numpy.nanmin`. @example np.nanmin([1, NaN]).item() // 1 */
export function nanmin(a: ArrayLike, ...rest: Rest<MinMaxOptions, 'axis'>): Array {
  return nanReduction('nanmin', 'min', a, readOptions('nanmin', MINMAX, 1, rest));
}

const nanmeanC = program<MeanSpec>('nanmean', ([a, where], { axes, keepdims, dtype }) => {
  const d = dtype ?? a!.dtype;
  const n = sum(e.not(isNan(a!)), { axis: axes, dtype: d, keepdims, where });
  return [e.div(nansum(a!, { axis: axes, dtype: d, keepdims, where }), n)];
});

/** As {@link mean}, NaN left out. Mirrors `jax.numpy.nanmean`. @example np.nanmean([1, NaN, 3]).item() // 2 */
export function nanmean(a: ArrayLike, ...rest: Rest<MeanOptions, 'axis'>): Array {
  const o = readOptions('nanmean', MEAN, 1, rest);
  const x = asArray(a, 'nanmean');
  if (isIntegral(x.dtype)) return mean(x, o);
  return nanmeanC([x, checkWhere('nanmean', o.where)], { axes: canonAxes('nanmean', o.axis, x.ndim), keepdims: o.keepdims ?? false, dtype: o.dtype ? checkDtype('nanmean', o.dtype) : null })[0]!;
}

const nanvarC = program<VarSpec>('nanvar', ([a, where, given], { axes, keepdims, dtype, correction, root }) => {
  const [computed, result] = varTypes('nanvar', a!.dtype, dtype);
  const x = convert(a!, computed);
  const centre = given ? astype(given, computed) : nanmean(x, { axis: axes, dtype: computed, keepdims: true, where });
  const bad = isNan(x);
  const deviation = sub(x, centre);
  const centered = squared(e.where(bad, full(x.shape, 0, x.dtype), deviation));
  const count = sum(e.not(bad), { axis: axes, keepdims, where });
  const n = e.sub(count, like(count, correction));
  const none = e.le(n, like(n, 0));
  const total = select(none, scalar(Number.NaN, 'float32', true), sum(centered, { axis: axes, keepdims, where }));
  const out = convert(e.div(total, convert(e.where(none, full(n.shape, 1, n.dtype), n), total.dtype)), result);
  return [root ? e.sqrt(out) : out];
});

type NanVarOptions = Omit<VarOptions, 'correction'>;

function nanvariance(op: string, a: ArrayLike, rest: Rest<NanVarOptions, 'axis'>, root: boolean): Array {
  const o = readOptions(op, ['axis', 'dtype', 'ddof', 'keepdims', 'where', 'mean'], 1, rest);
  const x = asArray(a, op);
  const given = o.mean === null || o.mean === undefined ? null : asArray(o.mean, op);
  return nanvarC([x, checkWhere(op, o.where), given], { axes: canonAxes(op, o.axis, x.ndim), keepdims: o.keepdims ?? false, dtype: o.dtype ? checkDtype(op, o.dtype) : null, correction: o.ddof ?? 0, root })[0]!;
}

/** As {@link var_}, NaN left out. Mirrors `jax.numpy.nanvar`. @example np.nanvar([1, NaN, 3]).item() // 1 */
export function nanvar(a: ArrayLike, ...rest: Rest<NanVarOptions, 'axis'>): Array {
  return nanvariance('nanvar', a, rest, false);
}

/** As {@link std}, NaN left out. Mirrors `jax.numpy.nanstd`. @example np.nanstd([1, NaN, 3]).item() // 1 */
export function nanstd(a: ArrayLike, ...rest: Rest<NanVarOptions, 'axis'>): Array {
  return nanvariance('nanstd', a, rest, true);
}

// ---- running sums ----

export interface CumulativeOptions {
  axis?: number | null;
  dtype?: DType | null;
}

interface CumulativeSpec {
  op: 'sum' | 'prod';
  axis: number | null;
  dtype: DType | null;
  nan: boolean;
  promote: boolean;
  initial: boolean;
}

const cumulativeC = program<CumulativeSpec>('cumulative', ([a], { op, axis, dtype, nan, promote, initial }) => {
  let x = axis === null || a!.ndim === 0 ? reshape(a!, [a!.size]) : a!;
  const d = axis ?? 0;
  const unit = op === 'sum' ? 0 : 1;
  if (nan && isInexact(x.dtype)) x = e.where(isNan(x), full(x.shape, unit, x.dtype), x);
  const result = dtype ?? (promote || x.dtype === 'bool' ? promoteInteger(x.dtype) : x.dtype);
  if (result === 'bool' && x.dtype !== 'bool') x = e.ne(x, like(x, 0));
  x = convert(x, result === 'bool' ? promoteInteger('bool') : result);
  let out = convert((op === 'sum' ? cumsumP : cumprodP)(x, d, false), result);
  if (initial) out = concatenate([full(out.shape.map((n, i) => (i === d ? 1 : n)), result === 'bool' ? unit !== 0 : unit, result), out], d);
  return [out];
});

function cumulative(name: string, op: 'sum' | 'prod', nan: boolean, a: ArrayLike, rest: Rest<CumulativeOptions, 'axis', 'dtype'>): Array {
  const { axis = null, dtype } = readOptions(name, ['axis', 'dtype'], 2, rest);
  const x = asArray(a, name);
  return cumulativeC([x], { op, axis: axis === null ? null : canonAxis(name, axis, Math.max(1, x.ndim)), dtype: dtype ? checkDtype(name, dtype) : null, nan, promote: false, initial: false })[0]!;
}

/** Running sums along an axis, or of all elements in one dimension. Mirrors `jax.numpy.cumsum`. @example np.cumsum([1, 2, 3]) // [1, 3, 6] */
export function cumsum(a: ArrayLike, ...rest: Rest<CumulativeOptions, 'axis', 'dtype'>): Array {
  return cumulative('cumsum', 'sum', false, a, rest);
}

/** Running products along an axis, or of all elements in one dimension. Mirrors `jax.numpy.cumprod`. @example np.cumprod([1, 2, 3]) // [1, 2, 6] */
export function cumprod(a: ArrayLike, ...rest: Rest<CumulativeOptions, 'axis', 'dtype'>): Array {
  return cumulative('cumprod', 'prod', false, a, rest);
}

/** As {@link cumsum}, NaN counting as 0. Mirrors `jax.numpy.nancumsum`. @example np.nancumsum([1, NaN, 3]) // [1, 1, 4] */
export function nancumsum(a: ArrayLike, ...rest: Rest<CumulativeOptions, 'axis', 'dtype'>): Array {
  return cumulative('nancumsum', 'sum', true, a, rest);
}

/** As {@link cumprod}, NaN counting as 1. Mirrors `jax.numpy.nancumprod`. @example np.nancumprod([2, NaN, 3]) // [2, 2, 6] */
export function nancumprod(a: ArrayLike, ...rest: Rest<CumulativeOptions, 'axis', 'dtype'>): Array {
  return cumulative('nancumprod', 'prod', true, a, rest);
}

interface CumulativeSumOptions extends CumulativeOptions {
  /** Whether the result begins with the value of an empty sum. */
  includeInitial?: boolean;
}

function cumulativeApi(name: string, op: 'sum' | 'prod', x: ArrayLike, rest: Rest<CumulativeSumOptions, 'axis'>): Array {
  const o = readOptions(name, ['axis', 'dtype', 'includeInitial'], 1, rest);
  const a = asArray(x, name);
  if (a.ndim === 0 || (a.ndim > 1 && (o.axis === null || o.axis === undefined))) throw new ShapeError(`${name}: expected an axis for ${a.aval}; it is optional for arrays of one dimension`);
  // The product does not promote integers here, as in JAX.
  return cumulativeC([a], { op, axis: canonAxis(name, o.axis ?? 0, a.ndim), dtype: o.dtype ? checkDtype(name, o.dtype) : null, nan: false, promote: op === 'sum', initial: o.includeInitial ?? false })[0]!;
}

/** Running sums along an axis, which arrays of more than one dimension need. Mirrors `jax.numpy.cumulative_sum`. @example np.cumulativeSum([1, 2], { includeInitial: true }) // [0, 1, 3] */
export function cumulativeSum(x: ArrayLike, ...rest: Rest<CumulativeSumOptions, 'axis'>): Array {
  return cumulativeApi('cumulativeSum', 'sum', x, rest);
}

/** Running products along an axis, which arrays of more than one dimension need. Mirrors `jax.numpy.cumulative_prod`. @example np.cumulativeProd([2, 3]) // [2, 6] */
export function cumulativeProd(x: ArrayLike, ...rest: Rest<CumulativeSumOptions, 'axis'>): Array {
  return cumulativeApi('cumulativeProd', 'prod', x, rest);
}

interface AverageOptions {
  axis?: Axis;
  /** One weight for each element, or for each entry of the axes. */
  weights?: ArrayLike | null;
  /** Whether the sum of weights is returned as well. */
  returned?: boolean;
  keepdims?: boolean;
}

const averageC = program<{ axis: readonly number[] | null; keepdims: boolean }>('average', ([a, weights], { axis, keepdims }) => {
  const axes = axis ?? range(a!.ndim);
  if (!weights) {
    const x = astype(a!, inexactDtype(a!.dtype), a!.weakType);
    const avg = mean(x, { axis: axes, keepdims });
    return [avg, full(avg.shape, axes.reduce((n, d) => n * x.shape[d]!, 1), avg.dtype)];
  }
  const x = a!;
  let w = weights;
  if (w.ndim !== x.ndim || w.shape.some((n, i) => n !== x.shape[i])) {
    // Weights of the axes, in the order that the axes were named in.
    const order = range(axes.length).sort((p, q) => axes[p]! - axes[q]!);
    w = reshape(transpose(w, order), x.shape.map((n, i) => (axes.includes(i) ? n : 1)));
  }
  const total = sum(w, { axis: axes, keepdims });
  const avg = e.div(...broadcastPair(sum(mul(x, w), { axis: axes, keepdims }), total));
  return [avg, broadcastToShape('average', total, avg.shape)];
});

function broadcastPair(x: Array, y: Array): [Array, Array] {
  return [x, y.ndim === 0 || y.ndim === x.ndim && y.shape.every((n, i) => n === x.shape[i]) ? y : broadcastToShape('average', y, x.shape)];
}

/**
 * Weighted mean over axes. Mirrors `jax.numpy.average`.
 *
 * @returns the averages, or with `returned` a pair of them and the sums of weights
 * @throws ShapeError if the weights have neither the shape of the array nor that of the axis
 * @example
 * np.average([1, 3], { weights: [3, 1] }).item() // 1.5
 */
export function average(a: ArrayLike, ...rest: Rest<AverageOptions & { returned: true }, 'axis'>): [Array, Array];
export function average(a: ArrayLike, ...rest: Rest<AverageOptions, 'axis'>): Array;
export function average(a: ArrayLike, ...rest: Rest<AverageOptions, 'axis'>): Array | [Array, Array] {
  const o = readOptions('average', ['axis', 'weights', 'returned', 'keepdims'], 1, rest);
  let x = asArray(a, 'average');
  let weights: Array | null = null;
  const axis = o.axis === null || o.axis === undefined ? null : canonAxes('average', o.axis, x.ndim);
  if (o.weights !== null && o.weights !== undefined) {
    const [p, q] = promoteDtypesInexact('average', x, o.weights);
    [x, weights] = [p!, q!];
    const same = weights.ndim === x.ndim && weights.shape.every((n, i) => n === x.shape[i]);
    if (!same && axis === null) throw new ShapeError(`average: expected an axis, since weights ${weights.aval} have another shape than ${x.aval}`);
    if (!same && (weights.ndim !== axis!.length || weights.shape.some((n, i) => n !== x.shape[axis![i]!]))) throw new ShapeError(`average: expected weights of shape [${axis!.map((d) => x.shape[d])}], got ${weights.aval}`);
  }
  const [avg, total] = averageC([x, weights], { axis, keepdims: o.keepdims ?? false });
  return o.returned ? [avg!, total!] : avg!;
}
