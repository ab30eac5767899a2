import type { Array } from '../core/array';
import { sizeOf, type Shape } from '../core/aval';
import { canonAxis } from '../core/checks';
import { type DType, dtypeKind } from '../core/dtype';
import { ArgumentError, DtypeError, ShapeError } from '../core/errors';
import { checkOptions } from '../functional/options';
import { type ArrayLike, asArray, describeValue, inexactDtype, promoteDtypesInexact } from '../lax/arrayLike';
import { abs, add, and, ceil, clamp, div, eq, floor, ge, gt, isFinite, le, lgamma, log, log1p, lt, mul, ne, neg, not, or, sqrt, sub, where } from '../primitives/elementwise';
import { cumsum } from '../primitives/cumulative';
import { implOf, splitInto, splitKeys } from '../primitives/randomKeys';
import { argmax, reduceOr } from '../primitives/reduction';
import { topK } from '../primitives/sort';
import { convert, full, like, moveaxis, range, reshape, scalar, transpose } from '../primitives/structural';
import { broadcastTo, dtypeOf, fitTo, readOptions, type SampleOptions, sampleShape, type ShapeOptions, type ShapeOr } from './arguments';
import { gumbelIn, type GumbelMode, gumbelMode } from './continuous';
import { checkKey } from './keys';
import { scan, whileLoop } from './loops';
import { sampler } from './sampler';
import { type ShapeAndDtype, unitUniform } from './uniform';

const any = (x: Array) => reduceOr(x, range(x.ndim));

// ---- categorical ----

/** Options of {@link categorical}. */
export interface CategoricalOptions extends ShapeOptions {
  /** The dimension of logits that runs over categories; −1, the last, by default. */
  axis?: number;
  /** false: samples of one batch entry are distinct; the dimensions of shape before the batch then count the samples. */
  replace?: boolean;
  /** How Gumbel numbers are made; see {@link gumbel}. */
  mode?: GumbelMode | null;
}

interface CategoricalStatics {
  shape: Shape;
  axis: number;
  replace: boolean;
  mode: GumbelMode;
}

const drawCategorical = sampler<CategoricalStatics>('categorical', (key, [logits], { shape, axis, replace, mode }) => {
  const x = logits!;
  const prefix = shape.slice(0, shape.length - (x.ndim - 1));
  if (replace) {
    const batch = shape.slice(prefix.length);
    const full = [...prefix, ...batch.slice(0, axis), x.shape[axis]!, ...batch.slice(axis)];
    return argmax(add(gumbelIn(key, full, x.dtype, mode), broadcastTo(x, full)), prefix.length + axis);
  }
  // The largest of perturbed logits are a sample without replacement.
  const k = sizeOf(prefix);
  const perturbed = moveaxis(add(x, gumbelIn(key, x.shape, x.dtype, mode)), axis, x.ndim - 1);
  const indices = topK(perturbed, k, x.ndim - 1)[1]!;
  return reshape(transpose(indices, [x.ndim - 1, ...range(x.ndim - 1)]), shape);
});

/**
 * Indices of categories, with probabilities proportional to exp(logits). Mirrors `jax.random.categorical`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param logits unnormalised log probabilities, floats
 * @returns an int32 array of the given shape, by default that of logits without `axis`
 * @throws ShapeError if the shape does not end with one that the batch broadcasts to; ArgumentError for more samples without replacement than categories
 * @example
 * prng.categorical(prng.PRNGKey(0), np.array([0.1, 0.5, 2]), { shape: [6] });
 */
export function categorical(key: Array, logits: ArrayLike, options?: CategoricalOptions): Array {
  const k = checkKey('categorical', key);
  const o = checkOptions('categorical', ['axis', 'shape', 'replace', 'mode'], options);
  const x = asArray(logits, 'categorical: logits');
  if (dtypeKind(x.dtype) !== 'float') throw new DtypeError(`categorical: expected logits to be of a float dtype, got ${x.aval}`);
  if (x.ndim === 0) throw new ShapeError(`categorical: expected logits to have at least one dimension, got ${x.aval}`);
  const { axis = -1, replace = true } = o;
  const at = canonAxis('categorical', axis, x.ndim);
  const batch = x.shape.filter((_, i) => i !== at);
  const shape = sampleShape('categorical', o.shape, batch);
  const n = sizeOf(shape.slice(0, shape.length - batch.length));
  if (!replace && n > x.shape[at]!) throw new ArgumentError(`categorical: cannot take ${n} samples without replacement from ${x.shape[at]} categories`);
  return drawCategorical(k, [x], { shape, axis: at, replace, mode: gumbelMode('categorical', o.mode) });
}

// ---- geometric ----

const drawGeometric = sampler<ShapeAndDtype>('geometric', (key, [p0], { shape, dtype }) => {
  const p = convert(p0!, inexactDtype(p0!.dtype));
  const u = unitUniform(key, shape, p.dtype);
  const positive = where(eq(u, like(u, 0)), like(u, 1), u);
  return convert(add(floor(div(log(positive), fitTo(log1p(neg(p)), shape))), like(u, 1)), dtype);
});

/**
 * Numbers of trials up to the first success. Mirrors `jax.random.geometric`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param p probability of success, an array that broadcasts to the shape
 * @returns an array of the given shape, int32 by default
 * @throws DtypeError if dtype is not an integer's
 * @example
 * prng.geometric(prng.PRNGKey(0), 0.5, [4]);
 */
export function geometric(key: Array, p: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('geometric', key);
  const o = readOptions('geometric', ['shape', 'dtype'], shape, options);
  const x = asArray(p, 'geometric: p');
  return drawGeometric(k, [x], { shape: sampleShape('geometric', o.shape, x.shape), dtype: dtypeOf('geometric', o.dtype, 'int', ['int', 'uint']) });
}

// ---- poisson ----

const MAX_ROUNDS = 2 ** 31 - 1;

/** For small rates: exponential waiting times are added up. Source: Knuth, TAOCP volume 2, section 3.4.1. */
function poissonByProducts(key: Array, lam: Array, dtype: DType, rounds: number): Array {
  const least = neg(lam);
  const [, k] = whileLoop(
    [scalar(0, 'int32'), full(lam.shape, 0, dtype), key, full(lam.shape, 0, 'float32')],
    ([i, , , logProduct]) => and(any(gt(logProduct!, least)), lt(i!, like(i!, rounds))),
    ([i, k0, rng, logProduct]) => {
      const [next, sub1] = splitInto(rng!, 2);
      const k1 = where(gt(logProduct!, least), add(k0!, like(k0!, 1)), k0!);
      return [add(i!, like(i!, 1)), k1, next!, add(logProduct!, log(unitUniform(sub1!, lam.shape, 'float32')))];
    },
  );
  return sub(k!, like(k!, 1));
}

/** For large rates: transformed rejection. Source: Hörmann, "The transformed rejection method for generating Poisson random variables", 1993. */
function poissonByRejection(key: Array, lam: Array, dtype: DType, rounds: number): Array {
  const c = (v: number) => like(lam, v);
  const logLam = log(lam);
  const b = add(c(0.931), mul(c(2.53), sqrt(lam)));
  const a = add(c(-0.059), mul(c(0.02483), b));
  const inverseAlpha = add(c(1.1239), div(c(1.1328), sub(b, c(3.4))));
  const vr = sub(c(0.9277), div(c(3.6224), sub(b, c(2))));
  const [, k] = whileLoop(
    [scalar(0, 'int32'), full(lam.shape, -1, 'float32'), full(lam.shape, false, 'bool'), key],
    ([i, , accepted]) => and(any(not(accepted!)), lt(i!, like(i!, rounds))),
    ([i, k0, accepted, rng]) => {
      const [next, ku, kv] = splitInto(rng!, 3);
      const u = sub(unitUniform(ku!, lam.shape, 'float32'), c(0.5));
      const v = unitUniform(kv!, lam.shape, 'float32');
      const us = sub(c(0.5), abs(u));
      const k1 = floor(add(add(mul(add(div(mul(c(2), a), us), b), u), lam), c(0.43)));
      const s = log(div(mul(v, inverseAlpha), add(div(a, mul(us, us)), b)));
      const t = sub(add(neg(lam), mul(k1, logLam)), lgamma(add(k1, c(1))));
      const quick = and(ge(us, c(0.07)), le(v, vr));
      const refuse = or(lt(k1, c(0)), and(lt(us, c(0.013)), gt(v, us)));
      const accept = or(quick, and(not(refuse), le(s, t)));
      return [add(i!, like(i!, 1)), where(accept, k1, k0!), or(accepted!, accept), next!];
    },
  );
  return convert(k!, dtype);
}

function integerMax(dtype: DType): number {
  const bits = Number(/\d+$/.exec(dtype)![0]);
  return Math.min(MAX_ROUNDS, 2 ** (dtype.startsWith('u') ? bits : bits - 1) - 1);
}

/** Counts for rates of any shape, which are taken as float32. */
export function poissonIn(key: Array, rates: Array, dtype: DType): Array {
  const lam = convert(rates, 'float32');
  const small = or(ne(lam, lam), lt(lam, like(lam, 10)));
  const rounds = integerMax(dtype);
  const products = poissonByProducts(key, where(small, lam, like(lam, 0)), dtype, rounds);
  const rejection = poissonByRejection(key, where(small, like(lam, 1e5), lam), dtype, rounds);
  const k = where(small, products, rejection);
  return where(eq(lam, like(lam, 0)), like(k, 0), k);
}

const drawPoisson = sampler<ShapeAndDtype>('poisson', (key, [lam], { shape, dtype }) => poissonIn(key, broadcastTo(lam!, shape), dtype));

/**
 * Poisson distributed counts. Mirrors `jax.random.poisson`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param lam rate, an array that broadcasts to the shape
 * @returns an array of the given shape, int32 by default
 * @throws ArgumentError for keys other than Threefry's; DtypeError if dtype is not an integer's
 * @example
 * prng.poisson(prng.PRNGKey(0), 4, [5]);
 */
export function poisson(key: Array, lam: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('poisson', key);
  if (implOf(k) !== 'threefry2x32') throw new ArgumentError(`poisson: only keys of threefry2x32 are supported, got one of ${implOf(k)}`);
  const o = readOptions('poisson', ['shape', 'dtype'], shape, options);
  const rate = asArray(lam, 'poisson: lam');
  return drawPoisson(k, [rate], { shape: sampleShape('poisson', o.shape, rate.shape), dtype: dtypeOf('poisson', o.dtype, 'int', ['int', 'uint']) });
}

// ---- binomial ----

/** log k! minus Stirling's approximation, for k = 0 … 9. */
const STIRLING_TAILS = [
  0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.010411265261972,
  0.00925546218271273, 0.00833056343336287,
];

function stirlingTail(k0: Array): Array {
  const c = (v: number) => like(k0, v);
  const k = clamp(c(0), k0, c(9));
  const k1 = add(k, c(1));
  const squared = mul(k1, k1);
  const approximation = div(sub(c(1 / 12), div(sub(c(1 / 360), div(c(1 / 1260), squared)), squared)), k1);
  const whole = floor(k);
  const exact = STIRLING_TAILS.reduceRight((rest, v, i) => (i === 9 ? fitTo(c(v), k0.shape) : where(eq(whole, c(i)), c(v), rest)), c(0));
  return where(le(k0, c(9)), exact, approximation);
}

/** For small means: geometric waiting times are added up. */
function binomialByWaiting(key: Array, count: Array, prob: Array, dtype: DType): Array {
  const logMiss = log1p(neg(prob));
  const zeros = full(prob.shape, 0, prob.dtype);
  const [trials] = whileLoop([zeros, zeros, key], ([, total]) => any(le(total!, count)), ([n, total, rng]) => {
    const [sub1, next] = splitInto(rng!, 2);
    const waiting = ceil(div(log(unitUniform(sub1!, prob.shape, prob.dtype)), logMiss));
    return [where(le(total!, count), add(n!, like(n!, 1)), n!), add(total!, waiting), next!];
  });
  return convert(sub(trials!, like(trials!, 1)), dtype);
}

/** For large means: transformed rejection. Source: Hörmann, "The generation of binomial random variates", J. Stat. Comput. Simul. 46, 1993. */
function binomialByRejection(key: Array, count: Array, prob: Array, dtype: DType): Array {
  const c = (v: number) => like(prob, v);
  const one = c(1);
  const deviation = sqrt(mul(mul(count, prob), sub(one, prob)));
  const b = add(c(1.15), mul(c(2.53), deviation));
  const a = add(add(c(-0.0873), mul(c(0.0248), b)), mul(c(0.01), prob));
  const centre = add(mul(count, prob), c(0.5));
  const vr = sub(c(0.92), div(c(4.2), b));
  const odds = div(prob, sub(one, prob));
  const alpha = mul(add(c(2.83), div(c(5.1), b)), deviation);
  const m = floor(mul(add(count, one), prob));
  const [k] = whileLoop([full(prob.shape, -1, prob.dtype), full(prob.shape, false, 'bool'), key], ([, accepted]) => any(not(accepted!)), ([k0, accepted, rng]) => {
    const [next, ku, kv] = splitInto(rng!, 3);
    const u = sub(unitUniform(ku!, prob.shape, prob.dtype), c(0.5));
    const v = unitUniform(kv!, prob.shape, prob.dtype);
    const us = sub(c(0.5), abs(u));
    const quick = and(ge(us, c(0.07)), le(v, vr));
    const k1 = floor(add(mul(add(div(mul(c(2), a), us), b), u), centre));
    const refuse = or(lt(k1, c(0)), gt(k1, count));
    const s = log(div(mul(v, alpha), add(div(a, mul(us, us)), b)));
    const restM = add(sub(count, m), one);
    const restK = add(sub(count, k1), one);
    const terms = [
      mul(add(m, c(0.5)), log(div(add(m, one), mul(odds, restM)))),
      mul(add(count, one), log(div(restM, restK))),
      mul(add(k1, c(0.5)), log(div(mul(odds, restK), add(k1, one)))),
      stirlingTail(m),
      stirlingTail(sub(count, m)),
    ];
    const bound = sub(sub(terms.reduce(add), stirlingTail(k1)), stirlingTail(sub(count, k1)));
    const accept = or(quick, and(not(refuse), le(s, bound)));
    return [where(accept, k1, k0!), or(accepted!, accept), next!];
  });
  return convert(k!, dtype);
}

/** Numbers of successes, of a shape that n and p broadcast to. */
export function binomialIn(key: Array, n: Array, p: Array, shape: Shape, dtype: DType): Array {
  const prob = broadcastTo(convert(p, inexactDtype(p.dtype)), shape);
  const given = broadcastTo(convert(n, prob.dtype), shape);
  const c = (v: number) => like(prob, v);
  const lower = lt(prob, c(0.5));
  const q0 = where(lower, prob, sub(c(1), prob));
  const badCount = or(ne(given, given), lt(given, c(0)));
  const infinite = and(not(isFinite(given)), eq(given, given));
  const badQ = or(ne(q0, q0), lt(q0, c(0)));
  const q = where(badQ, c(0.01), q0);
  const waiting = or(badCount, le(mul(given, q), c(10)));
  const count = floor(given);
  const samples = where(
    waiting,
    binomialByWaiting(key, where(waiting, count, c(0)), q, dtype),
    binomialByRejection(key, where(waiting, c(1e4), count), where(waiting, c(0.5), q), dtype),
  );
  const invalid = or(badQ, badCount);
  const valid = where(invalid, like(samples, Number.NaN), samples);
  const finite = where(and(infinite, not(invalid)), like(samples, Infinity), valid);
  // Above one half, failures were counted.
  return where(or(or(lower, badCount), or(ne(q0, q0), infinite)), finite, sub(convert(count, dtype), finite));
}

const drawBinomial = sampler<ShapeAndDtype>('binomial', (key, [n, p], { shape, dtype }) => binomialIn(key, n!, p!, shape, dtype));

/**
 * Numbers of successes in n trials. Mirrors `jax.random.binomial`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param n numbers of trials, an array that broadcasts to the shape
 * @param p probability of success, likewise
 * @returns a float array of the given shape; NaN where n is negative or p not in [0, 1]
 * @throws DtypeError if dtype is not a float's
 * @example
 * prng.binomial(prng.PRNGKey(0), 10, 0.3, [4]);
 */
export function binomial(key: Array, n: ArrayLike, p: ArrayLike, shape?: ShapeOr<SampleOptions>, options?: SampleOptions): Array {
  const k = checkKey('binomial', key);
  const o = readOptions('binomial', ['shape', 'dtype'], shape, options);
  const arrays = [asArray(n, 'binomial: n'), asArray(p, 'binomial: p')];
  return drawBinomial(k, arrays, { shape: sampleShape('binomial', o.shape, ...arrays.map((x) => x.shape)), dtype: dtypeOf('binomial', o.dtype, 'float', ['float']) });
}

interface MultinomialStatics extends ShapeAndDtype {
  unroll: number | boolean;
}

const drawMultinomial = sampler<MultinomialStatics>('multinomial', (key, [n, p], { shape, dtype, unroll }) => {
  const last = shape.length - 1;
  const batch = shape.slice(0, -1);
  const probs = moveaxis(broadcastTo(p!, shape), last, 0);
  const remaining = cumsum(probs, 0, true);
  const ratios = div(probs, where(eq(remaining, like(remaining, 0)), like(remaining, 1), remaining));
  const kinds = shape[last]!;
  const counts = scan([broadcastTo(n!, batch)], [ratios, splitKeys(key, [kinds])], kinds, unroll, ([rest], [ratio, k]) => {
    const count = binomialIn(k!, rest!, clamp(like(ratio!, 0), ratio!, like(ratio!, 1)), batch, rest!.dtype);
    return { carry: [sub(rest!, count)], ys: [count] };
  })[1]!;
  return convert(moveaxis(counts, 0, last), dtype);
});

/** Options of {@link multinomial}. */
export interface MultinomialOptions extends SampleOptions {
  /** Categories handled in one step of the loop over them; true is all. */
  unroll?: number | boolean;
}

/**
 * Counts of each category in n trials, along the last dimension. Mirrors `jax.random.multinomial`.
 *
 * @param key a key: `uint32[2]` as `PRNGKey` gives it, or one that `key` gives
 * @param n numbers of trials, an array that broadcasts to the shape without its last dimension
 * @param p probabilities [..., categories], which broadcast to the shape
 * @returns a float array of the given shape, by default that of p
 * @throws ShapeError if n or p do not broadcast to the shape; DtypeError if dtype is not a number's
 * @example
 * prng.multinomial(prng.PRNGKey(0), 10, np.array([0.2, 0.3, 0.5]));
 */
export function multinomial(key: Array, n: ArrayLike, p: ArrayLike, options?: MultinomialOptions): Array {
  const k = checkKey('multinomial', key);
  const o = checkOptions('multinomial', ['shape', 'dtype', 'unroll'], options);
  const [trials, probs] = promoteDtypesInexact('multinomial', n, p) as [Array, Array];
  if (probs.ndim === 0) throw new ShapeError(`multinomial: expected p to have at least one dimension, got ${probs.aval}`);
  const shape = sampleShape('multinomial', o.shape, probs.shape);
  sampleShape('multinomial', shape.slice(0, -1), trials.shape);
  const { unroll = 1 } = o;
  if (typeof unroll !== 'boolean' && !(Number.isInteger(unroll) && unroll > 0)) throw new ArgumentError(`multinomial: expected unroll to be a positive integer or a boolean, got ${describeValue(unroll)}`);
  return drawMultinomial(k, [trials, probs], { shape, dtype: dtypeOf('multinomial', o.dtype, 'float', ['int', 'uint', 'float']), unroll });
}
