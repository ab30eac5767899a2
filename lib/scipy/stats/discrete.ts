import type { Array } from '../../core/array';
import { add, eq, fullLike, gt, isNan, le, lt, where } from '../../numpy/operators';
import { promoteArgsInexact } from '../../numpy/broadcast';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray } from '../../lax/arrayLike';
import * as e from '../../primitives/elementwise';
import * as incomplete from '../../primitives/incomplete';
import { broadcastInDim, iota, range, reduceSum } from '../../primitives/structural';
import { laxConst as like } from '../../numpy/where';
import { readOptions, type Rest } from '../../numpy/program';
import { xlog1pyOf, xlogx, xlogyOf } from '../special/entropy';
import { betalnOf } from '../special/gamma';
import { type Discrete1, type Discrete2, type Discrete3, distribution, exponential, LOC, type Loc, type Plain1 } from './distribution';

const INF = Number.POSITIVE_INFINITY;
const more = (x: Array) => e.add(x, like(x, 1));
/** One more, as weak as the number. */
const next = (x: Array) => add(x, 1);

const bernoulliLogpmf = (k: Array, p: Array, loc: Array) => {
  const x = e.sub(k, loc);
  return where(e.or(lt(x, 0), gt(x, 1)), -INF, e.add(xlogyOf(x, p), xlog1pyOf(e.sub(like(x, 1), x), e.neg(p))));
};
const notProbability = (p: Array) => e.or(isNan(p), e.or(lt(p, 0), gt(p, 1)));
const bernoulliFunctions: { logpmf: Discrete1; pmf: Discrete1 } = distribution('bernoulli', 2, LOC, { logpmf: bernoulliLogpmf, pmf: exponential(bernoulliLogpmf) });
const bernoulliOthers: { cdf: Plain1; ppf: Plain1 } = distribution('bernoulli', 2, [], {
  cdf: (k, p) => {
    const c = (v: number) => fullLike(k!, v);
    const value = e.where(lt(k!, 0), c(0), e.where(lt(k!, 1), e.sub(like(p!, 1), p!), c(1)));
    return e.where(e.or(isNan(k!), notProbability(p!)), c(Number.NaN), value);
  },
  ppf: (q, p) => where(e.or(notProbability(q!), notProbability(p!)), Number.NaN, where(e.le(q!, e.sub(like(p!, 1), p!)), like(q!, 0), like(q!, 1))),
});
/** One trial with probability p. Mirrors `jax.scipy.stats.bernoulli`. @example scipy.stats.bernoulli.pmf(1, 0.3).item() // 0.3 */
export const bernoulli: typeof bernoulliFunctions & typeof bernoulliOthers = { ...bernoulliFunctions, ...bernoulliOthers };

const betabinomLogpmf = (k: Array, n: Array, a: Array, b: Array, loc: Array) => {
  const y = e.sub(e.floor(k), loc);
  const combinations = e.neg(e.add(e.log1p(n), betalnOf(more(e.sub(n, y)), more(y))));
  const value = e.add(combinations, e.sub(betalnOf(e.add(y, a), e.add(e.sub(n, y), b)), betalnOf(a, b)));
  const plain = where(e.and(eq(y, 0), eq(n, 0)), 0, value);
  const none = e.or(e.or(e.lt(y, e.neg(loc)), e.gt(y, n)), le(e.add(y, a), 0));
  return where(e.or(e.or(lt(n, 0), le(a, 0)), le(b, 0)), Number.NaN, where(none, -INF, plain));
};
/** Successes of n trials whose probability has a beta distribution. Mirrors `jax.scipy.stats.betabinom`. @example scipy.stats.betabinom.pmf(1, 2, 1, 1).item() // 1/3 */
export const betabinom: { logpmf: Discrete3; pmf: Discrete3 } = distribution('betabinom', 4, LOC, { logpmf: betabinomLogpmf, pmf: exponential(betabinomLogpmf) });

const binomLogpmf = (k: Array, n: Array, p: Array, loc: Array) => {
  const y = e.sub(k, loc);
  const combinations = e.sub(e.lgamma(next(n)), e.add(e.lgamma(next(y)), e.lgamma(next(e.sub(n, y)))));
  const linear = e.add(xlogyOf(y, p), xlog1pyOf(e.sub(n, y), e.neg(p)));
  const value = where(e.or(e.and(eq(y, 0), eq(n, 0)), eq(linear, 0)), 0, e.add(combinations, linear));
  return where(e.and(e.ge(k, loc), e.lt(k, more(e.add(loc, n)))), value, -INF);
};
/** Successes of n trials with probability p. Mirrors `jax.scipy.stats.binom`. @example scipy.stats.binom.pmf(1, 2, 0.5).item() // 0.5 */
export const binom: { logpmf: Discrete2; pmf: Discrete2 } = distribution('binom', 3, LOC, { logpmf: binomLogpmf, pmf: exponential(binomLogpmf) });

const geomLogpmf = (k: Array, p: Array, loc: Array) => {
  const x = e.sub(k, loc);
  return where(le(x, 0), -INF, e.add(xlog1pyOf(e.sub(x, like(x, 1)), e.neg(p)), e.log(p)));
};
/** Trials up to the first success. Mirrors `jax.scipy.stats.geom`. @example scipy.stats.geom.pmf(2, 0.5).item() // 0.25 */
export const geom: { logpmf: Discrete1; pmf: Discrete1 } = distribution('geom', 2, LOC, { logpmf: geomLogpmf, pmf: exponential(geomLogpmf) });

const nbinomLogpmf = (k: Array, n: Array, p: Array, loc: Array) => {
  const y = e.sub(k, loc);
  const combinations = e.sub(e.sub(e.lgamma(e.add(y, n)), e.lgamma(n)), e.lgamma(more(y)));
  return where(e.lt(k, loc), -INF, e.add(combinations, e.add(xlogyOf(n, p), xlogyOf(y, e.sub(like(p, 1), p)))));
};
/** Failures before the n-th success. Mirrors `jax.scipy.stats.nbinom`. @example scipy.stats.nbinom.pmf(1, 1, 0.5).item() // 0.25 */
export const nbinom: { logpmf: Discrete2; pmf: Discrete2 } = distribution('nbinom', 3, LOC, { logpmf: nbinomLogpmf, pmf: exponential(nbinomLogpmf) });

const poissonLogpmf = (k: Array, mu: Array, loc: Array) => {
  const x = e.sub(k, loc);
  const value = e.sub(e.sub(xlogyOf(x, mu), e.lgamma(next(x))), mu);
  return where(e.or(lt(x, 0), e.ne(e.round(k, true), k)), -INF, value);
};

/** −Σ p log p over the first `terms` probabilities. */
function entropySum(mu: Array, terms: number, end: Array): Array {
  const shape = [...mu.shape, terms];
  const k = iota(mu.dtype, shape, mu.ndim);
  const wide = (x: Array) => broadcastInDim(x, shape, range(mu.ndim));
  const p = e.exp(poissonLogpmf(k, wide(mu), e.mul(k, like(k, 0))));
  const counted = e.where(e.lt(k, wide(end)), p, fullLike(p, 0));
  return reduceSum(e.neg(xlogx(counted)), [mu.ndim]);
}

const entropyProgram = composite('poisson.entropy', ([m, l]) => {
  const [mu, loc] = promoteArgsInexact('poisson.entropy', m!, l!) as [Array, Array];
  const low = entropySum(mu, 35, e.ceil(e.add(mu, like(mu, 20))));
  const middle = entropySum(mu, 250, e.ceil(e.add(e.add(mu, e.mul(like(mu, 10), e.sqrt(mu))), like(mu, 20))));
  const high = e.sub(e.mul(like(mu, 0.5), e.log(e.mul(like(mu, 2 * Math.PI * Math.E), mu))), e.div(like(mu, 1), e.mul(like(mu, 12), mu)));
  const out = where(eq(mu, 0), fullLike(mu, 0), where(lt(mu, 10), low, where(lt(mu, 100), middle, high)));
  return [loc.ndim === 0 ? out : e.add(out, e.mul(loc, like(loc, 0)))];
});

const poissonFunctions: { logpmf: Discrete1; pmf: Discrete1; cdf: Discrete1 } = distribution('poisson', 2, LOC, {
  logpmf: poissonLogpmf, pmf: exponential(poissonLogpmf),
  cdf: (k, mu, loc) => {
    const x = e.sub(k!, loc!);
    return where(lt(x, 0), like(x, 0), incomplete.igammac(e.floor(more(x)), mu!));
  },
});
/** Events at rate mu. Mirrors `jax.scipy.stats.poisson`. @example scipy.stats.poisson.pmf(0, 1).item() // e⁻¹ */
export const poisson: typeof poissonFunctions & { entropy(mu: ArrayLike, ...rest: Rest<Loc, 'loc'>): Array } = {
  ...poissonFunctions,
  /** The entropy, in nats. */
  entropy: (mu, ...rest) => {
    const { loc = 0 } = readOptions('poisson.entropy', LOC, 1, rest);
    return entropyProgram([asArray(mu, 'poisson.entropy'), asArray(loc, 'poisson.entropy')], {})[0]!;
  },
};
