import { Array, ConcreteArray } from '../core/array';
import { canonicalDtype, checkExtent, sizeOf } from '../core/aval';
import { ArgumentError, ConcretizationError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, astype, inexactDtype, promoteDtypesInexact } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { scatterAdd } from '../primitives/scatter';
import { concatenate, convert, full, indexInDim, like, range, reshape, scalar, slice, sliceInDim } from '../primitives/structural';
import { arrayList } from './axes';
import { broadcastToShape } from './broadcast';
import { asIndices } from './indexParse';
import { program, readOptions, type Rest } from './program';
import { linspace } from './ranges';
import { max, min, sum } from './reductions';
import { searchOf } from './search';

interface BincountOptions {
  /** What each value adds to its count; 1. */
  weights?: ArrayLike | null;
  minlength?: number;
  /** Number of counts, so that values can be traced; what is past it is left out. */
  length?: number | null;
}

const bincountC = program<{ length: number }>('bincount', ([x, weights], { length }) => {
  const w = weights ?? full(x!.shape, 1, canonicalDtype('int64'));
  const i = e.max(x!, like(x!, 0));
  return [scatterAdd(full([length], 0, w.dtype), reshape(i, [i.size, 1]), w, { dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, mode: 'drop' })];
});

/**
 * How often each whole number from 0 occurs. Mirrors `jax.numpy.bincount`.
 *
 * @throws DtypeError for other than integers; ConcretizationError when traced without a length
 * @example
 * np.bincount(np.array([0, 2, 2], { dtype: 'int32' })) // [1, 0, 2]
 */
export function bincount(x: ArrayLike, ...rest: Rest<BincountOptions, 'weights'>): Array {
  const { weights = null, minlength = 0, length = null } = readOptions('bincount', ['weights', 'minlength', 'length'], 1, rest);
  const given = asArray(x, 'bincount');
  const a = given.dtype === 'bool' ? convert(given, 'int32') : asIndices('bincount', x);
  if (a.ndim !== 1) throw new ShapeError(`bincount: expected a vector, got ${a.aval}`);
  const w = weights === null ? null : asArray(weights, 'bincount');
  if (w !== null && (w.ndim !== 1 || w.size !== a.size)) throw new ShapeError(`bincount: expected a weight for each value of ${a.aval}, got ${w.aval}`);
  let n = length;
  if (n === null) {
    if (!(a instanceof ConcreteArray)) throw new ConcretizationError('bincount: the values are traced, so that the number of counts is not known; give a length');
    n = Math.max(minlength, a.size === 0 ? 0 : Math.max(0, Number(max(a).item())) + 1);
  }
  checkExtent('bincount', length === null ? 'x and minlength' : 'length', n);
  return bincountC([a, w], { length: n })[0]!;
}

// ---- histograms ----

/** Number of bins, or their edges. */
type Bins = number | ArrayLike;
type Range = readonly [ArrayLike, ArrayLike] | ArrayLike | null;

interface EdgesOptions {
  bins?: Bins;
  /** Ends of the bins; by default the least and the greatest value. */
  range?: Range;
  /** Has no influence on edges. */
  weights?: ArrayLike | null;
}

const isCount = (bins: Bins): boolean => typeof bins === 'number' || (bins instanceof Array && bins.ndim === 0);

/** Edges of bins: the given ones, or evenly spaced ones. */
function edgesOf(op: string, a: Array, bins: number | Array, ends: Array | null): Array {
  const dtype = inexactDtype(a.dtype);
  if (bins instanceof Array) {
    if (bins.ndim !== 1) throw new ShapeError(`${op}: expected edges of bins to be a vector, got ${bins.aval}`);
    return astype(bins, dtype);
  }
  const low = ends ? convert(indexInDim(ends, 0, 0), dtype) : convert(min(a), dtype);
  const high = ends ? convert(indexInDim(ends, 1, 0), dtype) : convert(max(a), dtype);
  const flat = e.eq(low, high);
  return linspace(e.where(flat, e.sub(low, like(low, 0.5)), low), e.where(flat, e.add(high, like(high, 0.5)), high), { num: bins + 1, dtype });
}

const edgesC = program<{ bins: number | null; ranged: boolean }>('histogram_bin_edges', ([a, ...more], { bins, ranged }) => [edgesOf('histogramBinEdges', a!, bins ?? (more[0] as Array), ranged ? (more[more.length - 1] as Array) : null)]);

/** Arrays and counts of the options that say where bins are. */
function binArgs(op: string, bins: Bins, ends: Range | undefined): { bins: number | null; arrays: (Array | null)[]; ranged: boolean } {
  const count = isCount(bins) ? Number(typeof bins === 'number' ? bins : (bins as Array).item()) : null;
  if (count !== null && (!Number.isInteger(count) || count < 1)) throw new ArgumentError(`${op}: expected a positive number of bins, got ${count}`);
  if (count !== null) checkExtent(op, 'bins', count + 1);
  const r = ends === null || ends === undefined ? null : asArray(ends as ArrayLike, op);
  if (r !== null && (r.ndim !== 1 || r.size !== 2)) throw new ShapeError(`${op}: expected range to hold two numbers, got ${r.aval}`);
  return { bins: count, arrays: [count === null ? asArray(bins as ArrayLike, op) : null, r], ranged: r !== null };
}

/** Edges of the bins that {@link histogram} uses. Mirrors `jax.numpy.histogram_bin_edges`. @example np.histogramBinEdges([0, 4], { bins: 2 }) // [0, 2, 4] */
export function histogramBinEdges(a: ArrayLike, ...rest: Rest<EdgesOptions, 'bins', 'range'>): Array {
  const { bins = 10, range: ends } = readOptions('histogramBinEdges', ['bins', 'range', 'weights'], 2, rest);
  const b = binArgs('histogramBinEdges', bins, ends);
  return edgesC([asArray(a, 'histogramBinEdges'), ...b.arrays.filter((x) => x !== null)], { bins: b.bins, ranged: b.ranged })[0]!;
}

interface HistogramOptions {
  bins?: Bins;
  range?: Range;
  weights?: ArrayLike | null;
  /** Whether counts are divided so that the histogram's area is 1. */
  density?: boolean | null;
}

const histogramC = program<{ bins: number | null; density: boolean }>('histogram', ([a0, w0, given, ends], { bins, density }) => {
  const [a, w1] = (w0 ? promoteDtypesInexact('histogram', a0!, w0) : promoteDtypesInexact('histogram', a0!)) as [Array, Array?];
  const w = w1 ?? full(a.shape, 1, a.dtype);
  const edges = edgesOf('histogram', a, bins ?? given!, ends ?? null);
  const n = edges.size;
  const x = reshape(a, [a.size]);
  const last = broadcastToShape('histogram', convert(sliceInDim(edges, n - 1, n, 0), a.dtype), x.shape);
  const found = searchOf(convert(edges, a.dtype), x, 'right', 'scan');
  const at = e.where(e.eq(x, last), full(found.shape, n - 1, found.dtype), found);
  const all = scatterAdd(full([n], 0, w.dtype), reshape(at, [at.size, 1]), reshape(w, [w.size]), { dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, mode: 'drop' });
  let counts = sliceInDim(all, 1, n, 0);
  if (density) {
    const widths = e.sub(sliceInDim(edges, 1, n, 0), sliceInDim(edges, 0, n - 1, 0));
    counts = e.div(e.div(counts, convert(widths, counts.dtype)), sum(counts));
  }
  return [counts, edges];
});

/**
 * How many values are in each bin, and the bins' edges; a bin holds its left edge, the last one its right edge too. Mirrors `jax.numpy.histogram`.
 *
 * @throws ShapeError if the weights have another shape
 * @example
 * np.histogram([1, 2, 2, 4], { bins: 3 })[0] // [1, 2, 1]
 */
export function histogram(a: ArrayLike, ...rest: Rest<HistogramOptions, 'bins', 'range'>): [Array, Array] {
  const o = readOptions('histogram', ['bins', 'range', 'weights', 'density'], 2, rest);
  const x = asArray(a, 'histogram');
  const w = o.weights === null || o.weights === undefined ? null : asArray(o.weights, 'histogram');
  if (w !== null && (w.ndim !== x.ndim || w.shape.some((n, i) => n !== x.shape[i]))) throw new ShapeError(`histogram: expected weights of the shape of ${x.aval}, got ${w.aval}`);
  const b = binArgs('histogram', o.bins ?? 10, o.range);
  return histogramC([x, w, ...b.arrays], { bins: b.bins, density: o.density ?? false }) as [Array, Array];
}

interface HistogramddOptions {
  /** Bins for all dimensions, or a list with an entry for each. */
  bins?: Bins | readonly Bins[];
  /** Ends for each dimension. */
  range?: readonly Range[] | null;
  weights?: ArrayLike | null;
  density?: boolean | null;
}

const histogramddC = program<{ bins: readonly (number | null)[]; density: boolean; weighted: boolean; ranged: readonly boolean[] }>('histogramdd', (arrays, { bins, density, weighted, ranged }) => {
  const rest = arrays.slice(1).filter((x): x is Array => x !== null);
  const w0 = weighted ? rest.shift()! : null;
  const [sample, w] = (w0 ? promoteDtypesInexact('histogramdd', arrays[0]!, w0) : promoteDtypesInexact('histogramdd', arrays[0]!)) as [Array, Array?];
  const [points, D] = sample.shape as [number, number];
  const int = canonicalDtype('int64');
  const edges: Array[] = [];
  let at: Array = scalar(0, int);
  for (let d = 0; d < D; d++) {
    const x = indexInDim(sample, d, 1);
    const given = bins[d] === null ? rest.shift()! : bins[d]!;
    const edge = edgesOf('histogramdd', x, given, ranged[d] ? rest.shift()! : null);
    const n = edge.size;
    const found = searchOf(convert(edge, x.dtype), x, 'right', 'scan');
    const top = broadcastToShape('histogramdd', convert(sliceInDim(edge, n - 1, n, 0), x.dtype), x.shape);
    const i = convert(e.where(e.eq(x, top), e.sub(found, like(found, 1)), found), int);
    at = e.add(e.mul(at, scalar(n + 1, int)), i);
    edges.push(edge);
  }
  const shape = edges.map((x) => x.size + 1);
  const total = sizeOf(shape);
  const one = w ?? full([points], 1, int);
  const all = scatterAdd(full([total], 0, one.dtype), reshape(at, [points, 1]), one, { dimensionNumbers: { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] }, mode: 'drop' });
  // The outermost bins hold what is outside.
  let hist = slice(reshape(all, shape), shape.map(() => 1), shape.map((n) => n - 1));
  if (density) {
    hist = convert(hist, sample.dtype);
    hist = e.div(hist, sum(hist));
    edges.forEach((x, d) => {
      const widths = e.sub(sliceInDim(x, 1, x.size, 0), sliceInDim(x, 0, x.size - 1, 0));
      hist = e.div(hist, reshape(convert(widths, hist.dtype), hist.shape.map((_, k) => (k === d ? widths.size : 1))));
    });
  }
  return [hist, ...edges];
});

/** Counts of points, the rows of `sample`, in boxes, and a list of edges for each dimension. Mirrors `jax.numpy.histogramdd`. @throws ShapeError where bins or ranges are not one for each dimension @example np.histogramdd([[0, 0], [1, 1]], { bins: 2 })[0] // [[1, 0], [0, 1]] */
export function histogramdd(sample: ArrayLike, ...rest: Rest<HistogramddOptions, 'bins', 'range'>): [Array, Array[]] {
  const o = readOptions('histogramdd', ['bins', 'range', 'weights', 'density'], 2, rest);
  const x = asArray(sample, 'histogramdd');
  if (x.ndim !== 2) throw new ShapeError(`histogramdd: expected a row for each point, got ${x.aval}`);
  const [points, D] = x.shape as [number, number];
  const bins = o.bins ?? 10;
  const list = globalThis.Array.isArray(bins) ? (bins as readonly Bins[]) : bins instanceof Array && bins.ndim > 0 ? (arrayList('histogramdd', bins) as Bins[]) : range(D).map(() => bins as Bins);
  const ends = o.range ?? range(D).map(() => null);
  if (list.length !== D || ends.length !== D) throw new ShapeError(`histogramdd: expected bins and ranges for each of ${D} dimensions, got ${list.length} and ${ends.length}`);
  const w = o.weights === null || o.weights === undefined ? null : asArray(o.weights, 'histogramdd');
  if (w !== null && (w.ndim !== 1 || w.size !== points)) throw new ShapeError(`histogramdd: expected a weight for each of ${points} points, got ${w.aval}`);
  const args = list.map((b, d) => binArgs('histogramdd', b, ends[d] as Range));
  const [hist, ...edges] = histogramddC([x, w, ...args.flatMap((a) => a.arrays)], { bins: args.map((a) => a.bins), density: o.density ?? false, weighted: w !== null, ranged: args.map((a) => a.ranged) }) as [Array, ...Array[]];
  return [hist, edges];
}

/**
 * Counts of points in the plane in boxes, and the edges in both directions. Mirrors `jax.numpy.histogram2d`.
 *
 * @param x a vector of abscissas
 * @param y a vector of ordinates
 * @throws ShapeError unless both are vectors of one size
 * @example
 * np.histogram2d([0, 1], [0, 1], { bins: 2 })[0] // [[1, 0], [0, 1]]
 */
export function histogram2d(x: ArrayLike, y: ArrayLike, ...rest: Rest<HistogramddOptions, 'bins', 'range'>): [Array, Array, Array] {
  const o = readOptions('histogram2d', ['bins', 'range', 'weights', 'density'], 2, rest);
  const [a, b] = [asArray(x, 'histogram2d'), asArray(y, 'histogram2d')];
  if (a.ndim !== 1 || b.ndim !== 1 || a.size !== b.size) throw new ShapeError(`histogram2d: expected vectors of one size, got ${a.aval} and ${b.aval}`);
  const [p, q] = promoteDtypesInexact('histogram2d', a, b) as [Array, Array];
  const sample = concatenate([reshape(p, [p.size, 1]), reshape(q, [q.size, 1])], 1);
  // A list of numbers other than a pair holds the edges in both directions.
  const given = o.bins;
  const edges = given !== undefined && typeof given !== 'number' && (given instanceof Array ? given.ndim === 1 && given.size > 2 : globalThis.Array.isArray(given) && given.length !== 2);
  const bins = edges ? [given as ArrayLike, given as ArrayLike] : given;
  const [hist, [ex, ey]] = histogramdd(sample, { ...o, bins: bins as HistogramddOptions['bins'] }) as [Array, [Array, Array]];
  return [hist, ex, ey];
}

