import { type Array, ConcreteArray } from '../core/array';
import { canonicalDtype, type Shape, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import { dftype } from '../environ';
import { type ArrayLike, asArray, inexactDtype } from '../lax/arrayLike';
import * as prng from '../prng';
import { broadcastShape } from '../numpy/broadcast';
import { broadcastTo } from '../prng/arguments';
import { binomialIn, poissonIn } from '../prng/discrete';
import { gammaIn } from '../prng/gamma';
import { laneLoop } from '../prng/loops';
import { uniformIn, unitUniform } from '../prng/uniform';
import { cumsum } from '../primitives/cumulative';
import * as e from '../primitives/elementwise';
import { logaddexp } from '../primitives/logaddexp';
import { randomBits, randomSplit } from '../primitives/random';
import { bitsForFloat, bitsToUnit, floatInfo } from '../primitives/randomFloats';
import { implOf, splitKeys } from '../primitives/randomKeys';
import { convert, full, indexInDim, iota, like, range, reduceSum, reshape, scalar, sliceInDim } from '../primitives/structural';
import { readOptions, type Rest } from '../numpy/program';
import { type CheckOptions, checkValues, div, draw, type DrawOptions, given, intFor, type KeySource, lt, mul, readDraw, required, sizeFor, type Statics, sub } from './program';

// Integers, and counts of events.

/** Options of `randint` and `randomIntegers`. */
export interface RandintOptions extends DrawOptions {
  /** Upper bound, exclusive; without it the integers are in [0, low). */
  high?: ArrayLike | null;
}

/**
 * Integers uniformly distributed in [low, high), or in [0, low) without `high`. Mirrors `brainstate.random.randint`.
 *
 * @returns an array of the size, by default that of the bounds; of dtype `environ.ditype()` by default
 * @example
 * random.randint(0, { high: 10, size: [4] });
 */
export function randint(rng: KeySource, low: ArrayLike, ...options: Rest<RandintOptions, 'high', 'size'>): Array {
  const o = readDraw('randint', ['high', 'size'], options);
  const [lo, hi] = o.high === undefined || o.high === null ? [0, low] : [low, o.high];
  const dtype = intFor('randint', o.dtype, ['int', 'uint']);
  const size = sizeFor('randint', o.size, shapesOf('randint', lo, hi));
  return prng.randint(rng.keyFor(o.key), size, lo, hi, { dtype });
}

/** Bounds for their shapes; numbers beyond the types of arrays are no arrays. */
function shapesOf(op: string, low: ArrayLike, high: ArrayLike) {
  const asParam = (x: ArrayLike) => (typeof x === 'number' || typeof x === 'bigint' ? 0 : x);
  return given(op, { low: asParam(low), high: asParam(high) });
}

/**
 * Integers uniformly distributed in [low, high], both ends included, or in [1, low] without `high`. Mirrors `brainstate.random.random_integers`.
 *
 * @example
 * random.randomIntegers(1, { high: 6, size: [4] });
 */
export function randomIntegers(rng: KeySource, low: ArrayLike, ...options: Rest<RandintOptions, 'high', 'size'>): Array {
  const o = readDraw('randomIntegers', ['high', 'size'], options);
  const [lo, last] = o.high === undefined || o.high === null ? [1, low] : [low, o.high];
  const end = typeof last === 'number' ? last + 1 : typeof last === 'bigint' ? last + 1n : plusOne(asArray(last, 'randomIntegers: high'));
  const dtype = intFor('randomIntegers', o.dtype, ['int', 'uint']);
  const size = sizeFor('randomIntegers', o.size, shapesOf('randomIntegers', lo, end));
  return prng.randint(rng.keyFor(o.key), size, lo, end, { dtype });
}

const plusOne = (x: Array) => e.add(x, like(x, 1));
const probability = (p: number | undefined) => p! >= 0 && p! <= 1;

/** Options of `bernoulli`. */
export interface BernoulliOptions extends Omit<DrawOptions, 'dtype'>, CheckOptions {
  /** Probability of true; 0.5 by default. */
  p?: ArrayLike;
}

/**
 * Booleans that are true with probability p. Mirrors `brainstate.random.bernoulli`.
 *
 * @throws ArgumentError where p is known not to be in [0, 1]
 * @example
 * random.bernoulli(0.3, { size: [5] });
 */
export function bernoulli(rng: KeySource, ...options: Rest<BernoulliOptions, 'p', 'size'>): Array {
  const o = readOptions('bernoulli', ['p', 'size', 'checkValid', 'key'], 2, options);
  const params = given('bernoulli', { p: o.p ?? 0.5 });
  checkValues('bernoulli', o.checkValid, 'expected p in [0, 1]', probability, params.p!);
  const shape = sizeFor('bernoulli', o.size, params);
  return prng.bernoulli(rng.keyFor(o.key), { p: params.p!, shape });
}

/** Options of `poisson`. */
export interface PoissonOptions extends DrawOptions {
  /** Rate; 1 by default. */
  lam?: ArrayLike;
}

/** Poisson distributed counts. Mirrors `brainstate.random.poisson`. */
export function poisson(rng: KeySource, ...options: Rest<PoissonOptions, 'lam', 'size'>): Array {
  const o = readDraw('poisson', ['lam', 'size'], options);
  const params = given('poisson', { lam: o.lam ?? 1 });
  const [shape, dtype] = [sizeFor('poisson', o.size, params), intFor('poisson', o.dtype, ['int', 'uint'])];
  return prng.poisson(rng.keyFor(o.key), params.lam!, { shape, dtype });
}

const drawBinomial = draw<'n' | 'p', Statics>('binomial', (key, { n, p }, { size, dtype }) => convert(binomialIn(key, n!, p!, size, canonicalDtype('float64')), dtype));

/** Numbers of successes in n trials. Mirrors `brainstate.random.binomial`. @throws ArgumentError where p is known not to be in [0, 1] */
export function binomial(rng: KeySource, n: ArrayLike, p: ArrayLike, ...options: Rest<DrawOptions & CheckOptions, 'size'>): Array {
  const o = readDraw('binomial', ['size', 'checkValid'], options);
  const params = required('binomial', { n, p });
  checkValues('binomial', o.checkValid, 'expected p in [0, 1]', probability, params.p!);
  const statics = { size: sizeFor('binomial', o.size, params), dtype: intFor('binomial', o.dtype) };
  return drawBinomial(rng.keyFor(o.key), params, statics);
}

interface FloatStatics extends Statics {
  /** Type that is calculated in. */
  float: DType;
}

const drawGeometric = draw<'p', FloatStatics>('geometric', (key, { p }, { size, dtype, float }) => {
  const u = unitUniform(key, size, float);
  const failures = e.floor(div(e.log1p(e.neg(u)), e.log1p(e.neg(inexact(p!)))));
  return convert(e.add(failures, like(failures, 1)), dtype);
});

const inexact = (x: Array) => convert(x, inexactDtype(x.dtype), x.weakType);

/** Numbers of trials up to the first success. Mirrors `brainstate.random.geometric`. @throws ArgumentError where p is known not to be in (0, 1] */
export function geometric(rng: KeySource, p: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('geometric', ['size'], options);
  const params = required('geometric', { p });
  checkValues('geometric', true, 'expected p in (0, 1]', (v) => v! > 0 && v! <= 1, params.p!);
  const statics = { size: sizeFor('geometric', o.size, params), dtype: intFor('geometric', o.dtype), float: dftype() };
  return drawGeometric(rng.keyFor(o.key), params, statics);
}

const drawNegativeBinomial = draw<'n' | 'p', FloatStatics>('negative_binomial', (keys, params, { size, dtype, float }) => {
  const p = inexact(params.p!);
  const odds = e.exp(e.neg(sub(e.log(p), e.log1p(e.neg(p)))));
  const rate = mul(gammaIn(indexInDim(keys, 0, 0), convert(params.n!, float), size), odds);
  return poissonIn(indexInDim(keys, 1, 0), rate, dtype);
});

/** Numbers of failures before n successes. Mirrors `brainstate.random.negative_binomial`. */
export function negativeBinomial(rng: KeySource, n: ArrayLike, p: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const op = 'negativeBinomial';
  const o = readDraw(op, ['size'], options);
  const params = required(op, { n, p });
  const statics = { size: sizeFor(op, o.size, params), dtype: intFor(op, o.dtype, ['int', 'uint']), float: dftype() };
  return drawNegativeBinomial(rng.keysFor(o.key, 2), params, statics);
}

interface MultinomialStatics extends Statics {
  batch: Shape;
  most: number;
}

const drawMultinomial = draw<'n' | 'pvals', MultinomialStatics>('multinomial', (key, { n, pvals }, { batch, size, dtype, most }) => {
  const p = inexact(pvals!);
  const kinds = p.shape[p.ndim - 1]!;
  const ones = size.map(() => 1);
  const sums = cumsum(p, p.ndim - 1, false);
  // Dimensions: trials, batch, size, kinds.
  const outer = [most, ...batch, ...size];
  const u = unitUniform(key, [...outer, 1], canonicalDtype('float64'));
  const edges = reshape(broadcastTo(sums, [...batch, kinds]), [...batch, ...ones, kinds]);
  const below = convert(lt(edges, u), 'int32');
  const kind = reduceSum(below, [below.ndim - 1]);
  const hits = e.eq(broadcastTo(reshape(kind, [...outer, 1]), [...outer, kinds]), broadcastTo(iota('int32', [kinds], 0), [...outer, kinds]));
  const trials = reshape(broadcastTo(n!, batch), [...batch, ...ones, 1]);
  const counted = lt(reshape(iota('int32', [most], 0), [most, ...range(outer.length).map(() => 1)]), trials);
  return reduceSum(convert(e.and(hits, broadcastTo(counted, [...outer, kinds])), dtype), [0]);
});

/**
 * Counts of each kind in n trials, along the last dimension. Mirrors `brainstate.random.multinomial`.
 *
 * @param n numbers of trials, whose values must be known
 * @param pvals probabilities [..., kinds]
 * @returns an array of shape [...batch, ...size, kinds], where the batch is the common shape of n and pvals without its last dimension
 * @throws ArgumentError if n is traced, or where pvals are known to sum to more than 1 without their last
 */
export function multinomial(rng: KeySource, n: ArrayLike, pvals: ArrayLike, ...options: Rest<DrawOptions & CheckOptions, 'size'>): Array {
  const o = readDraw('multinomial', ['size', 'checkValid'], options);
  const params = required('multinomial', { n, pvals });
  const p = params.pvals!;
  if (p.ndim === 0) throw new ArgumentError(`multinomial: expected pvals to have at least one dimension, got ${p.aval}`);
  if (!(params.n instanceof ConcreteArray)) throw new ArgumentError(`multinomial: the values of n must be known, but it is traced: ${params.n!.aval}`);
  const kinds = p.shape[p.ndim - 1]!;
  if (kinds > 1) checkValues('multinomial', o.checkValid, 'expected pvals without their last to sum to at most 1', (v) => v! <= 1 + 1e-6, partialSums(p));
  const most = Math.max(0, ...(params.n.ndim === 0 ? [Number(params.n.item())] : [...(params.n.dataSync() as Iterable<unknown>)].map(Number)));
  const batch = broadcastShape('multinomial', [params.n.shape, p.shape.slice(0, -1)]);
  const size = sizeFor('multinomial', o.size ?? [], {});
  const dtype = intFor('multinomial', o.dtype);
  const key = rng.keyFor(o.key);
  return most === 0 ? full([...batch, ...size, kinds], 0, dtype) : drawMultinomial(key, params, { batch, size, dtype, most });
}

function partialSums(p: Array): Array {
  if (!(p instanceof ConcreteArray)) return p;
  const x = inexact(p);
  return reduceSum(sliceInDim(x, 0, x.shape[x.ndim - 1]! - 1, x.ndim - 1), [x.ndim - 1]);
}

// ---- one loop for each number, all at once ----

function checkLanes(op: string, key: Array): void {
  if (implOf(key) !== 'threefry2x32') throw new ArgumentError(`${op}: only keys of threefry2x32 are supported, got one of ${implOf(key)}`);
}

const unitLanes = (keys: Array, dtype: DType) => bitsToUnit(randomBits(keys, bitsForFloat('random', dtype), []), dtype);

const drawHypergeometric = draw<'ngood' | 'nbad' | 'nsample', FloatStatics>('hypergeometric', (key, params, { size, dtype, float }) => {
  const n = sizeOf(size);
  const zero = scalar(0, dtype);
  const lanes = (x: Array) => e.max(reshape(broadcastTo(convert(x, dtype), size), [n]), zero);
  const [good, bad] = [lanes(params.ngood!), lanes(params.nbad!)];
  const draws = e.min(lanes(params.nsample!), e.add(good, bad));
  const keys = sliceInDim(splitKeys(key, [n + 1]), 1, n + 1, 0);
  const none = full([n], 0, dtype);
  const out = laneLoop([none, keys, good, bad, none], ([i, , g, b]) => e.and(e.lt(i!, draws), e.gt(e.add(g!, b!), zero)), ([i, k, g, b, hits]) => {
    const pair = randomSplit(k!, [2]);
    const share = e.div(convert(g!, float), convert(e.add(g!, b!), float));
    const hit = convert(e.lt(unitLanes(indexInDim(pair, 1, 1), float), share), dtype);
    const one = like(hit, 1);
    return [e.add(i!, one), indexInDim(pair, 0, 1), e.sub(g!, hit), e.sub(b!, e.sub(one, hit)), e.add(hits!, hit)];
  });
  return reshape(out[4]!, size);
});

/** Numbers of good items among nsample drawn from ngood and nbad. Mirrors `brainstate.random.hypergeometric`. */
export function hypergeometric(rng: KeySource, ngood: ArrayLike, nbad: ArrayLike, nsample: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const op = 'hypergeometric';
  const o = readDraw(op, ['size'], options);
  const params = required(op, { ngood, nbad, nsample });
  const statics = { size: sizeFor(op, o.size, params), dtype: intFor(op, o.dtype, ['int', 'uint']), float: canonicalDtype('float64') };
  const key = rng.keyFor(o.key);
  checkLanes(op, key);
  return sizeOf(statics.size) === 0 ? full(statics.size, 0, statics.dtype) : drawHypergeometric(key, params, statics);
}

/** The largest number below 1. */
const belowOne = (op: string, dtype: DType) => 1 - floatInfo(op, dtype).eps / 2;

interface SeriesStatics extends FloatStatics {
  /** Type that parameters are first rounded to. */
  given: DType;
}

const drawLogseries = draw<'p', SeriesStatics>('logseries', (key, { p }, { size, dtype, float, given: first }) => {
  const n = sizeOf(size);
  const tiny = floatInfo('logseries', float).tiny;
  const k = (v: number) => scalar(v, float);
  const raw = reshape(broadcastTo(convert(convert(p!, first), float), size), [n]);
  const q = e.clamp(k(tiny), raw, k(belowOne('logseries', float)));
  const logP = e.log(q);
  const first1 = e.sub(logP, e.log(e.neg(e.log1p(e.neg(q)))));
  const u = unitLanes(splitKeys(key, [n]), float);
  const [lo, hi] = [k(tiny), k(belowOne('logseries', float))];
  const logU = e.log(e.max(lo, e.add(e.mul(u, e.sub(hi, lo)), lo)));
  const one = full([n], 1, float);
  const [count] = laneLoop([one, first1, first1], ([, , cdf]) => e.gt(logU, cdf!), ([c, prob, cdf]) => {
    const next = e.add(c!, k(1));
    const p1 = e.sub(e.add(e.add(prob!, logP), e.log(c!)), e.log(next));
    return [next, p1, logaddexp(cdf!, p1)];
  });
  return reshape(convert(e.where(e.le(raw, k(0)), one, count!), dtype), size);
});

/** Numbers of the logarithmic series distribution. Mirrors `brainstate.random.logseries`. */
export function logseries(rng: KeySource, p: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('logseries', ['size'], options);
  const params = required('logseries', { p });
  const statics = { size: sizeFor('logseries', o.size, params), dtype: intFor('logseries', o.dtype), float: canonicalDtype('float64'), given: dftype() };
  const key = rng.keyFor(o.key);
  checkLanes('logseries', key);
  return sizeOf(statics.size) === 0 ? full(statics.size, 0, statics.dtype) : drawLogseries(key, params, statics);
}

const MAX_STEPS = 1_000_000;

const drawZipf = draw<'a', FloatStatics>('zipf', (key, params, { size, dtype, float }) => {
  const n = sizeOf(size);
  const k = (v: number) => scalar(v, float);
  const a = reshape(broadcastTo(convert(params.a!, float), size), [n]);
  const u = reshape(uniformIn(key, size, float, k(floatInfo('zipf', float).tiny), k(1)), [n]);
  const norm = e.zeta(a, full([n], 1, float));
  // The distribution function just below k, and at k.
  const before = (x: Array) => e.sub(k(1), e.div(e.zeta(a, x), norm));
  const upTo = (x: Array) => before(e.add(x, k(1)));
  const one = full([n], 1, float);
  const [value] = laneLoop(
    [one, full([n], 0, float), upTo(one), full([n], 0, 'int32')],
    ([, low, high, i]) => e.and(e.or(e.gt(u, high!), e.le(u, low!)), e.lt(i!, like(i!, MAX_STEPS))),
    ([x, , high, i]) => {
      const next = e.where(e.gt(u, high!), e.add(x!, k(1)), e.max(k(1), e.sub(x!, k(1))));
      return [next, before(next), upTo(next), e.add(i!, like(i!, 1))];
    },
  );
  return reshape(convert(value!, dtype), size);
});

/** Numbers of Zipf's distribution, with probabilities proportional to k⁻ᵃ. Mirrors `brainstate.random.zipf`. @throws ArgumentError where a is known not to be above 1 */
export function zipf(rng: KeySource, a: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('zipf', ['size'], options);
  const params = required('zipf', { a });
  checkValues('zipf', true, 'expected a > 1', (v) => v! > 1, params.a!);
  const statics = { size: sizeFor('zipf', o.size, params), dtype: intFor('zipf', o.dtype), float: canonicalDtype('float64') };
  const key = rng.keyFor(o.key);
  return sizeOf(statics.size) === 0 ? full(statics.size, 0, statics.dtype) : drawZipf(key, params, statics);
}
