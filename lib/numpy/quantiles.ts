import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, inexactDtype, promoteDtypesInexact } from '../lax/arrayLike';
import { cumsum } from '../primitives/cumulative';
import * as e from '../primitives/elementwise';
import { sort } from '../primitives/sort';
import { broadcastInDim, convert, full, like, range, reduceSum, reshape, scalar, sliceInDim, transpose } from '../primitives/structural';
import { type Axis, canonAxes } from './axes';
import { broadcastToShape } from './broadcast';
import { add, isNan, lt, maximum, minimum, mul, where } from './operators';
import { program, readOptions, type Rest } from './program';
import { any } from './reductions';
import { takeAlong, takeOf } from './take';

const METHODS = ['linear', 'lower', 'higher', 'midpoint', 'nearest', 'inverted_cdf'] as const;
type Method = (typeof METHODS)[number];

interface QuantileOptions {
  axis?: Axis;
  /** What is given between two elements; 'linear' interpolates. */
  method?: Method;
  keepdims?: boolean;
  /** For method 'inverted_cdf': a weight for each element, or each entry of the axes. */
  weights?: ArrayLike | null;
}

interface Spec {
  axes: readonly number[];
  method: Method;
  keepdims: boolean;
  nan: boolean;
}

/** Axes moved to the end and made one. */
function flatten(x: Array, axes: readonly number[]): Array {
  const kept = range(x.ndim).filter((d) => !axes.includes(d));
  const last = [...axes].sort((p, q) => p - q);
  return reshape(transpose(x, [...kept, ...last]), [...kept.map((d) => x.shape[d]!), last.reduce((n, d) => n * x.shape[d]!, 1)]);
}

/** Value at the place where the sum of weights reaches a part of the whole. */
function inverseCdf(a: Array, weights: Array | null, q: Array, nan: boolean): Array {
  const last = a.ndim - 1;
  const n = a.shape[last]!;
  const w = weights ?? full(a.shape, 1, a.dtype);
  const bad = e.or(e.lt(w, like(w, 0)), isNan(w));
  const missing = isNan(a);
  const clean = e.where(e.or(bad, missing), full(w.shape, 0, w.dtype), w);
  const sums = cumsum(clean, last, false);
  const target = mul(q, sliceInDim(sums, n - 1, n, last));
  const less = lt(reshape(sums, [...sums.shape, 1]), reshape(target, [...target.shape.slice(0, -1), 1, target.shape[last]!]));
  const at = reduceSum(convert(less, 'int32'), [last]);
  const count = nan ? reduceSum(convert(e.not(missing), 'int32'), [last]) : full(a.shape.slice(0, -1), n, 'int32');
  const top = reshape(e.sub(count, like(count, 1)), [...count.shape, 1]);
  const out = takeAlong(a, maximum(like(at, 0), minimum(at, top)), { axis: last, mode: 'fill', fill: null, wrap: true });
  const none = nan ? e.eq(count, like(count, 0)) : any(missing, { axis: last });
  const spoilt = e.or(any(bad, { axis: last }), none);
  return where(reshape(spoilt, [...spoilt.shape, 1]), like(out, Number.NaN), out);
}

const quantileC = program<Spec>('quantile', ([a0, q0, w0], { axes, method, keepdims, nan }) => {
  const x = astype(a0!, inexactDtype(a0!.dtype));
  let a = flatten(x, axes);
  const last = a.ndim - 1;
  const n = a.shape[last]!;
  const q = convert(reshape(q0!, [q0!.size]), inexactDtype(q0!.dtype));
  const missing = isNan(a);
  const bad = nan ? missing : broadcastToShape('quantile', any(missing, { axis: last, keepdims: true }), a.shape);
  a = e.where(bad, full(a.shape, Number.NaN, a.dtype), a);
  let w = w0 ? flatten(w0, axes) : null;
  if (w) [a, w] = sort([a, w], { dimension: last, numKeys: 1, isStable: true }) as [Array, Array];
  else a = sort([a], { dimension: last, numKeys: 1, isStable: true })[0]!;
  let out: Array;
  if (method === 'inverted_cdf') out = inverseCdf(a, w, q, nan);
  else {
    const count = nan ? reshape(reduceSum(convert(e.not(isNan(a)), q.dtype), [last]), [...a.shape.slice(0, -1), 1]) : scalar(n, q.dtype);
    const top = e.sub(count, like(count, 1));
    const at = mul(q, top);
    const [low, high] = [e.floor(at), e.ceil(at)];
    const highWeight = e.sub(at, low);
    const lowWeight = e.sub(like(at, 1), highWeight);
    const value = (i: Array) => {
      const k = convert(maximum(like(i, 0), minimum(i, top)), 'int32');
      return nan ? takeAlong(a, k, { axis: last, mode: 'promise_in_bounds', fill: null, wrap: false })
        : takeOf(a, k, { axis: last, mode: 'clip', unique: false, sorted: false, fill: null });
    };
    const [l, h] = [value(low), value(high)];
    if (method === 'linear') out = add(mul(convert(l, q.dtype), lowWeight), mul(convert(h, q.dtype), highWeight));
    else if (method === 'lower') out = l;
    else if (method === 'higher') out = h;
    else if (method === 'midpoint') out = e.mul(e.add(l, h), like(l, 0.5));
    else out = where(e.le(highWeight, like(highWeight, 0.5)), l, h);
  }
  out = convert(out, a.dtype);
  // The quantiles' dimension comes first.
  if (q0!.ndim === 0) out = reshape(out, out.shape.slice(0, -1));
  else out = transpose(out, [last, ...range(last)]);
  const kept = x.shape.map((s, d) => (axes.includes(d) ? 1 : s));
  return [keepdims ? reshape(out, [...q0!.shape, ...kept]) : out];
});

function quantileOf(op: string, a: ArrayLike, q: Array, o: QuantileOptions, nan: boolean): Array {
  let x = asArray(a, op);
  const method = o.method ?? 'linear';
  if (!METHODS.includes(method)) throw new ArgumentError(`${op}: expected method to be one of ${METHODS.join(', ')}, got ${String(method)}`);
  if (dtypeKind(x.dtype) === 'complex') throw new DtypeError(`${op}: complex values have no order, got ${x.aval}`);
  if (q.ndim > 1) throw new ShapeError(`${op}: expected q to be a scalar or a vector, got ${q.aval}`);
  const axes = canonAxes(op, o.axis, x.ndim);
  if (nan && axes.some((d) => x.shape[d] === 0)) throw new ShapeError(`${op}: expected at least one element along the reduced axes of ${x.aval}`);
  let weights: Array | null = null;
  if (o.weights !== null && o.weights !== undefined) {
    if (method !== 'inverted_cdf') throw new ArgumentError(`${op}: weights need method 'inverted_cdf', got '${method}'`);
    const [p, w] = promoteDtypesInexact(op, x, o.weights) as [Array, Array];
    x = p;
    const same = w.ndim === x.ndim && w.shape.every((n, i) => n === x.shape[i]);
    if (!same && (w.ndim !== axes.length || w.shape.some((n, i) => n !== x.shape[axes[i]!]))) throw new ShapeError(`${op}: expected weights of the shape of ${x.aval} or of its reduced axes, got ${w.aval}`);
    weights = same ? w : broadcastInDim(w, x.shape, axes);
  }
  return quantileC([x, q, weights], { axes, method, keepdims: o.keepdims ?? false, nan })[0]!;
}

const NAMES = ['axis', 'method', 'keepdims', 'weights'] as const;

/**
 * The values below which parts `q` (from 0 to 1) of the elements lie; dimensions of q come first. Mirrors `jax.numpy.quantile`.
 *
 * @throws ArgumentError for a method that is none, DtypeError for complex values
 * @example
 * np.quantile([1, 2, 3], 0.5).item() // 2
 */
export function quantile(a: ArrayLike, q: ArrayLike, ...rest: Rest<QuantileOptions, 'axis'>): Array {
  return quantileOf('quantile', a, asArray(q, 'quantile'), readOptions('quantile', NAMES, 1, rest), false);
}

/**
 * As {@link quantile}, NaN left out. Mirrors `jax.numpy.nanquantile`.
 *
 * @param a an array of real numbers
 * @param q fractions from 0 to 1
 * @example
 * np.nanquantile([1, NaN, 3], 0.5).item() // 2
 */
export function nanquantile(a: ArrayLike, q: ArrayLike, ...rest: Rest<QuantileOptions, 'axis'>): Array {
  return quantileOf('nanquantile', a, asArray(q, 'nanquantile'), readOptions('nanquantile', NAMES, 1, rest), true);
}

function fraction(q: ArrayLike): Array {
  const [p] = promoteDtypesInexact('percentile', q) as [Array];
  return e.div(p, like(p, 100));
}

/**
 * As {@link quantile}, `q` from 0 to 100. Mirrors `jax.numpy.percentile`.
 *
 * @param a an array of real numbers
 * @example
 * np.percentile([1, 2, 3], 50).item() // 2
 */
export function percentile(a: ArrayLike, q: ArrayLike, ...rest: Rest<QuantileOptions, 'axis'>): Array {
  return quantileOf('percentile', a, fraction(q), readOptions('percentile', NAMES, 1, rest), false);
}

/**
 * As {@link percentile}, NaN left out. Mirrors `jax.numpy.nanpercentile`.
 *
 * @param a an array of real numbers
 * @param q percentages from 0 to 100
 * @example
 * np.nanpercentile([1, NaN, 3], 50).item() // 2
 */
export function nanpercentile(a: ArrayLike, q: ArrayLike, ...rest: Rest<QuantileOptions, 'axis'>): Array {
  return quantileOf('nanpercentile', a, fraction(q), readOptions('nanpercentile', NAMES, 1, rest), true);
}

interface MedianOptions {
  axis?: Axis;
  keepdims?: boolean;
}

const HALF = () => scalar(0.5, 'float32', true);

/** The middle element over axes, or the mean of the two in the middle. Mirrors `jax.numpy.median`. @example np.median([3, 1, 2]).item() // 2 */
export function median(a: ArrayLike, ...rest: Rest<MedianOptions, 'axis'>): Array {
  return quantileOf('median', a, HALF(), { ...readOptions('median', ['axis', 'keepdims'], 1, rest), method: 'midpoint' }, false);
}

/** As {@link median}, NaN left out. Mirrors `jax.numpy.nanmedian`. @example np.nanmedian([3, NaN, 1]).item() // 2 */
export function nanmedian(a: ArrayLike, ...rest: Rest<MedianOptions, 'axis'>): Array {
  return quantileOf('nanmedian', a, HALF(), { ...readOptions('nanmedian', ['axis', 'keepdims'], 1, rest), method: 'midpoint' }, true);
}

