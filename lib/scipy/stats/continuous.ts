import type { Array } from '../../core/array';
import { fullLike, ge, gt, isNan, le, lt, where } from '../../numpy/operators';
import * as e from '../../primitives/elementwise';
import * as incomplete from '../../primitives/incomplete';
import { full } from '../../primitives/structural';
import { laxConst as like } from '../../numpy/where';
import { logaddexp } from '../../primitives/logaddexp';
import { logitOf, xlog1pyOf, xlogyOf } from '../special/entropy';
import { logNdtrOf, ndtriOf, ndtrOf } from '../special/error';
import { betalnOf } from '../special/gamma';
import { distribution, exponential, LOC_SCALE, logarithm, type Of0, type Of1, type Of2, type Plain1, standard } from './distribution';

const INF = Number.POSITIVE_INFINITY;
const outside = (q: Array) => e.or(isNan(q), e.or(lt(q, 0), gt(q, 1)));
/** A number brought into [low, ∞) or [low, high]. */
const within = (x: Array, low: number, high = INF) => e.clamp(like(x, low), x, like(x, high));

// ---- normal ----

const normLogpdf = (x: Array, loc: Array, scale: Array) => {
  const variance = e.square(scale);
  return e.div(e.add(e.log(e.mul(like(x, 2 * Math.PI), variance)), e.div(e.square(e.sub(x, loc)), variance)), like(x, -2));
};
const normCdf = (x: Array, loc: Array, scale: Array) => ndtrOf(standard(x, loc, scale));
const normLogcdf = (x: Array, loc: Array, scale: Array) => logNdtrOf(standard(x, loc, scale));
const normPpf = (q: Array, loc: Array, scale: Array) => e.add(e.mul(ndtriOf(q), scale), loc);
const mirrored = (f: (...xs: Array[]) => Array) => (x: Array, loc: Array, scale: Array) => f(e.neg(x), e.neg(loc), scale);

/** The normal distribution with mean `loc` and standard deviation `scale`. Mirrors `jax.scipy.stats.norm`. @example scipy.stats.norm.cdf(1.96).item() // 0.975… */
export const norm: { logpdf: Of0; pdf: Of0; cdf: Of0; logcdf: Of0; sf: Of0; logsf: Of0; ppf: Of0; isf: Of0 } = distribution('norm', 1, LOC_SCALE, {
  logpdf: normLogpdf, pdf: exponential(normLogpdf), cdf: normCdf, logcdf: normLogcdf, sf: mirrored(normCdf), logsf: mirrored(normLogcdf),
  ppf: normPpf, isf: ((q: Array, loc: Array, scale: Array) => normPpf(e.sub(like(q, 1), q), loc, scale)),
}, { complex: ['logpdf', 'pdf'] });

/** log(exp(x) − exp(y)), NaN where it is negative. */
function logDifference(x: Array, y: Array): Array {
  const top = e.max(x, y);
  const shift = e.stopGradient(e.where(e.isFinite(top), top, fullLike(top, 0)));
  const d = e.sub(e.exp(e.sub(x, shift)), e.exp(e.sub(y, shift)));
  return e.where(lt(d, 0), fullLike(d, Number.NaN), e.add(e.log(e.abs(d)), shift));
}

/** log of the normal probability of [a, b], from the tail where it lies. */
function logMass(a: Array, b: Array): Array {
  const [left, right] = [le(b, 0), gt(a, 0)];
  const tail = logDifference(logNdtrOf(e.where(right, e.neg(a), b)), logNdtrOf(e.where(right, e.neg(b), a)));
  const central = e.log1p(e.sub(e.neg(ndtrOf(a)), ndtrOf(e.neg(b))));
  return e.where(e.or(left, right), tail, central);
}

const truncLogpdf = (x: Array, a: Array, b: Array, loc: Array, scale: Array) => {
  const z = standard(x, loc, scale);
  const value = where(e.or(e.lt(z, a), e.gt(z, b)), -INF, e.sub(normLogpdf(x, loc, scale), logMass(a, b)));
  return where(e.ge(a, b), Number.NaN, value);
};
const truncLogcdf = (x: Array, a: Array, b: Array, loc: Array, scale: Array) => {
  const z = standard(x, loc, scale);
  const total = logMass(a, b);
  const low = e.sub(logMass(a, z), total);
  const high = e.sub(logMass(z, b), total);
  const k = (v: number) => fullLike(z, v);
  const near = e.where(gt(low, -0.1), e.log1p(e.neg(e.exp(high))), e.where(e.gt(z, a), low, k(0)));
  return e.where(e.ge(a, b), k(Number.NaN), e.where(e.ge(z, b), k(0), e.where(e.le(z, a), k(-INF), near)));
};
const truncLogsf = (x: Array, a: Array, b: Array, loc: Array, scale: Array) => truncLogcdf(e.neg(x), e.neg(b), e.neg(a), e.neg(loc), scale);

/** The normal distribution cut to [a, b] standard deviations about `loc`. Mirrors `jax.scipy.stats.truncnorm`. @example scipy.stats.truncnorm.cdf(0, -1, 1).item() // 0.5 */
export const truncnorm: { logpdf: Of2; pdf: Of2; cdf: Of2; logcdf: Of2; sf: Of2; logsf: Of2 } = distribution('truncnorm', 3, LOC_SCALE, {
  logpdf: truncLogpdf, pdf: exponential(truncLogpdf), logcdf: truncLogcdf, cdf: exponential(truncLogcdf), logsf: truncLogsf, sf: exponential(truncLogsf),
});

const genLogpdf = (x: Array, beta: Array) => e.sub(e.sub(e.log(e.mul(like(x, 0.5), beta)), e.lgamma(e.div(like(x, 1), beta))), e.pow(e.abs(x), beta));
/** The generalized normal distribution with exponent beta. Mirrors `jax.scipy.stats.gennorm`. @example scipy.stats.gennorm.cdf(0, 2).item() // 0.5 */
export const gennorm: { logpdf: Plain1; pdf: Plain1; cdf: Plain1 } = distribution('gennorm', 2, [], {
  logpdf: genLogpdf, pdf: exponential(genLogpdf),
  cdf: (x, beta) => e.mul(like(x, 0.5), e.add(like(x, 1), e.mul(e.sign(x), incomplete.igamma(e.div(like(x, 1), beta), e.pow(e.abs(x), beta))))),
});

// ---- on an interval ----

const betaLogpdf = (x: Array, a: Array, b: Array, loc: Array, scale: Array) => {
  const y = standard(x, loc, scale);
  const linear = e.add(xlogyOf(e.sub(a, like(a, 1)), y), xlog1pyOf(e.sub(b, like(b, 1)), e.neg(y)));
  const value = e.sub(e.add(e.neg(betalnOf(a, b)), linear), e.log(scale));
  const inside = where(e.or(e.gt(x, e.add(loc, scale)), e.lt(x, loc)), -INF, value);
  return where(e.or(e.or(le(a, 0), le(b, 0)), le(scale, 0)), Number.NaN, inside);
};
const betaCdf = (x: Array, a: Array, b: Array, loc: Array, scale: Array) => incomplete.betainc(a, b, within(standard(x, loc, scale), 0, 1));
const betaSf = (x: Array, a: Array, b: Array, loc: Array, scale: Array) => incomplete.betainc(b, a, e.sub(like(x, 1), within(standard(x, loc, scale), 0, 1)));

/** The beta distribution. Mirrors `jax.scipy.stats.beta`. @example scipy.stats.beta.pdf(0.5, 2, 2).item() // 1.5 */
export const beta: { logpdf: Of2; pdf: Of2; cdf: Of2; logcdf: Of2; sf: Of2; logsf: Of2 } = distribution('beta', 3, LOC_SCALE, {
  logpdf: betaLogpdf, pdf: exponential(betaLogpdf), cdf: betaCdf, logcdf: logarithm(betaCdf), sf: betaSf, logsf: logarithm(betaSf),
});

const uniformLogpdf = (x: Array, loc: Array, scale: Array) => where(e.or(e.gt(x, e.add(loc, scale)), e.lt(x, loc)), -INF, e.neg(e.log(scale)));
/** The uniform distribution on [loc, loc + scale]. Mirrors `jax.scipy.stats.uniform`. @example scipy.stats.uniform.cdf(0.25).item() // 0.25 */
export const uniform: { logpdf: Of0; pdf: Of0; cdf: Of0; ppf: Of0 } = distribution('uniform', 1, LOC_SCALE, {
  logpdf: uniformLogpdf, pdf: exponential(uniformLogpdf),
  cdf: (x, loc, scale) => {
    const end = e.add(loc!, scale!);
    const k = (v: number) => full(x!.shape, v, x!.dtype);
    const inside = e.and(e.ge(x!, loc!), e.le(x!, end));
    return e.where(e.lt(x!, loc!), k(0), e.where(e.gt(x!, end), k(1), e.where(inside, standard(x!, loc!, scale!), k(0))));
  },
  ppf: (q, loc, scale) => where(outside(q!), Number.NaN, e.add(loc!, e.mul(scale!, q!))),
});

// ---- on a half line ----

const exponLogsf = (x: Array, loc: Array, scale: Array) => {
  const z = e.div(e.sub(loc, x), scale);
  return e.where(e.lt(x, loc), fullLike(z, 0), z);
};
const exponLogpdf = (x: Array, loc: Array, scale: Array) => where(e.lt(x, loc), -INF, e.neg(e.add(standard(x, loc, scale), e.log(scale))));
/** The exponential distribution. Mirrors `jax.scipy.stats.expon`. @example scipy.stats.expon.sf(1).item() // e⁻¹ */
export const expon: { logpdf: Of0; pdf: Of0; cdf: Of0; logcdf: Of0; sf: Of0; logsf: Of0; ppf: Of0 } = distribution('expon', 1, LOC_SCALE, {
  logpdf: exponLogpdf, pdf: exponential(exponLogpdf), logsf: exponLogsf, sf: exponential(exponLogsf),
  cdf: (x, loc, scale) => {
    const z = e.div(e.sub(loc!, x!), scale!);
    return e.where(e.lt(x!, loc!), fullLike(z, 0), e.neg(e.expm1(z)));
  },
  logcdf: (x, loc, scale) => e.log1p(e.neg(e.exp(exponLogsf(x!, loc!, scale!)))),
  ppf: (q, loc, scale) => where(outside(q!), Number.NaN, e.sub(loc!, e.mul(scale!, e.log1p(e.neg(q!))))),
});

const gammaLogpdf = (x: Array, a: Array, loc: Array, scale: Array) => {
  const ok = e.ge(x, loc);
  const y = e.where(ok, standard(x, loc, scale), fullLike(x, 1));
  const value = e.sub(e.sub(xlogyOf(e.sub(a, like(a, 1)), y), y), e.add(e.lgamma(a), e.log(scale)));
  return where(ok, value, -INF);
};
const gammaCdf = (x: Array, a: Array, loc: Array, scale: Array) => incomplete.igamma(a, within(standard(x, loc, scale), 0));
const gammaSf = (x: Array, a: Array, loc: Array, scale: Array) => {
  const y = standard(x, loc, scale);
  return where(lt(y, 0), 1, incomplete.igammac(a, y));
};
/** The gamma distribution with shape a. Mirrors `jax.scipy.stats.gamma`. @example scipy.stats.gamma.sf(1, 1).item() // e⁻¹ */
export const gamma: { logpdf: Of1; pdf: Of1; cdf: Of1; logcdf: Of1; sf: Of1; logsf: Of1 } = distribution('gamma', 2, LOC_SCALE, {
  logpdf: gammaLogpdf, pdf: exponential(gammaLogpdf), cdf: gammaCdf, logcdf: logarithm(gammaCdf), sf: gammaSf, logsf: logarithm(gammaSf),
});

const chi2Logpdf = (x: Array, df: Array, loc: Array, scale: Array) => {
  const y = standard(x, loc, scale);
  const half = e.div(df, like(df, 2));
  const kernel = e.sub(e.mul(e.sub(half, like(df, 1)), e.log(y)), e.div(y, like(y, 2)));
  const norm_ = e.neg(e.add(e.lgamma(half), e.mul(like(df, Math.LN2 / 2), df)));
  return where(e.lt(x, loc), -INF, e.add(e.sub(norm_, e.log(scale)), kernel));
};
const chi2Point = (x: Array, loc: Array, scale: Array) => within(e.div(e.sub(x, loc), e.mul(scale, like(scale, 2))), 0);
const chi2Cdf = (x: Array, df: Array, loc: Array, scale: Array) => incomplete.igamma(e.div(df, like(df, 2)), chi2Point(x, loc, scale));
const chi2Sf = (x: Array, df: Array, loc: Array, scale: Array) => incomplete.igammac(e.div(df, like(df, 2)), chi2Point(x, loc, scale));
/** The chi-squared distribution with df degrees of freedom. Mirrors `jax.scipy.stats.chi2`. @example scipy.stats.chi2.sf(2, 2).item() // e⁻¹ */
export const chi2: { logpdf: Of1; pdf: Of1; cdf: Of1; logcdf: Of1; sf: Of1; logsf: Of1 } = distribution('chi2', 2, LOC_SCALE, {
  logpdf: chi2Logpdf, pdf: exponential(chi2Logpdf), cdf: chi2Cdf, logcdf: logarithm(chi2Cdf), sf: chi2Sf, logsf: logarithm(chi2Sf),
});

const below = (x: Array, loc: Array, scale: Array) => e.lt(x, e.add(loc, scale));
const paretoLogpdf = (x: Array, b: Array, loc: Array, scale: Array) => where(below(x, loc, scale), -INF, e.neg(e.add(e.log(e.div(scale, b)), e.mul(e.add(b, like(b, 1)), e.log(standard(x, loc, scale))))));
const paretoLogsf = (x: Array, b: Array, loc: Array, scale: Array) => where(below(x, loc, scale), like(x, 0), e.neg(e.mul(b, e.log(standard(x, loc, scale)))));
const paretoPower = (x: Array, b: Array, loc: Array, scale: Array) => e.pow(standard(x, loc, scale), e.neg(b));
/** The Pareto distribution with exponent b. Mirrors `jax.scipy.stats.pareto`. @example scipy.stats.pareto.sf(2, 1).item() // 0.5 */
export const pareto: { logpdf: Of1; pdf: Of1; cdf: Of1; logcdf: Of1; sf: Of1; logsf: Of1; ppf: Of1 } = distribution('pareto', 2, LOC_SCALE, {
  logpdf: paretoLogpdf, pdf: exponential(paretoLogpdf), logsf: paretoLogsf, sf: exponential(paretoLogsf),
  cdf: (x, b, loc, scale) => where(below(x!, loc!, scale!), like(x!, 0), e.sub(like(x!, 1), paretoPower(x!, b!, loc!, scale!))),
  logcdf: (x, b, loc, scale) => where(below(x!, loc!, scale!), -INF, e.log1p(e.neg(paretoPower(x!, b!, loc!, scale!)))),
  ppf: (q, b, loc, scale) => where(outside(q!), Number.NaN, e.add(loc!, e.mul(scale!, e.pow(e.sub(like(q!, 1), q!), e.neg(e.div(like(b!, 1), b!)))))),
});

// ---- on the line ----

const cauchyLogpdf = (x: Array, loc: Array, scale: Array) => e.neg(e.add(e.log(e.mul(like(x, Math.PI), scale)), e.log1p(e.square(standard(x, loc, scale)))));
const cauchyCdf = (x: Array, loc: Array, scale: Array) => e.add(like(x, 0.5), e.mul(e.div(like(x, 1), like(x, Math.PI)), e.atan(standard(x, loc, scale))));
const cauchyQuantile = (sign: 1 | -1) => (q: Array, loc: Array, scale: Array) => e.add(e.mul(e.tan(e.mul(like(q, sign), e.sub(e.mul(like(q, Math.PI), q), like(q, Math.PI / 2)))), scale), loc);
/** The Cauchy distribution. Mirrors `jax.scipy.stats.cauchy`. @example scipy.stats.cauchy.cdf(1).item() // 0.75 */
export const cauchy: { logpdf: Of0; pdf: Of0; cdf: Of0; logcdf: Of0; sf: Of0; logsf: Of0; ppf: Of0; isf: Of0 } = distribution('cauchy', 1, LOC_SCALE, {
  logpdf: cauchyLogpdf, pdf: exponential(cauchyLogpdf), cdf: cauchyCdf, logcdf: logarithm(cauchyCdf), sf: mirrored(cauchyCdf), logsf: mirrored(logarithm(cauchyCdf)), ppf: cauchyQuantile(1), isf: cauchyQuantile(-1),
}, { stepwise: true, complex: ['logpdf', 'pdf', 'cdf', 'logcdf', 'sf', 'logsf', 'ppf', 'isf'] });

const laplaceLogpdf = (x: Array, loc: Array, scale: Array) => e.neg(e.add(e.div(e.abs(e.sub(x, loc)), scale), e.log(e.mul(like(x, 2), scale))));
/** The Laplace distribution. Mirrors `jax.scipy.stats.laplace`. @example scipy.stats.laplace.cdf(0).item() // 0.5 */
export const laplace: { logpdf: Of0; pdf: Of0; cdf: Of0 } = distribution('laplace', 1, LOC_SCALE, {
  logpdf: laplaceLogpdf, pdf: exponential(laplaceLogpdf),
  cdf: (x, loc, scale) => {
    const d = standard(x!, loc!, scale!);
    const half = (v: Array) => e.mul(like(v, 0.5), e.exp(v));
    return e.where(le(d, 0), half(d), e.sub(like(d, 1), half(e.neg(d))));
  },
});

const logisticLogpdf = (x: Array, loc: Array, scale: Array) => {
  const half = e.div(standard(x, loc, scale), like(x, 2));
  return e.sub(e.mul(like(x, -2), logaddexp(half, e.neg(half))), e.log(scale));
};
/** The logistic distribution. Mirrors `jax.scipy.stats.logistic`. @example scipy.stats.logistic.cdf(0).item() // 0.5 */
export const logistic: { logpdf: Of0; pdf: Of0; cdf: Of0; sf: Of0; ppf: Of0; isf: Of0 } = distribution('logistic', 1, LOC_SCALE, {
  logpdf: logisticLogpdf, pdf: exponential(logisticLogpdf),
  cdf: (x, loc, scale) => e.logistic(standard(x!, loc!, scale!)),
  sf: (x, loc, scale) => e.logistic(e.neg(standard(x!, loc!, scale!))),
  ppf: (q, loc, scale) => e.add(e.mul(logitOf(q!), scale!), loc!),
  isf: (q, loc, scale) => e.add(e.mul(e.neg(logitOf(q!)), scale!), loc!),
}, { complex: ['logpdf', 'pdf', 'cdf', 'sf', 'ppf', 'isf'] });

const tLogpdf = (x: Array, df: Array, loc: Array, scale: Array) => {
  const z = standard(x, loc, scale);
  const half = e.div(df, like(df, 2));
  const more = e.add(half, like(df, 0.5));
  const spread = e.div(e.log(e.mul(e.mul(e.mul(scale, scale), like(scale, Math.PI)), df)), like(df, 2));
  const normalizer = e.sub(e.add(e.lgamma(half), spread), e.lgamma(more));
  return e.neg(e.add(normalizer, e.mul(more, e.log1p(e.div(e.mul(z, z), df)))));
};
/** Student's distribution with df degrees of freedom. Mirrors `jax.scipy.stats.t`. @example scipy.stats.t.pdf(0, 1).item() // 1/π */
export const t: { logpdf: Of1; pdf: Of1 } = distribution('t', 2, LOC_SCALE, { logpdf: tLogpdf, pdf: exponential(tLogpdf) });

const positive = (scale: Array, value: Array) => where(gt(scale, 0), value, Number.NaN);
const minusLog = (x: Array) => xlogyOf(fullLike(x, -1), x);
const gumbelLogpdf = (sign: 1 | -1) => (x: Array, loc: Array, scale: Array) => {
  // sign · z grows in the direction of the long tail.
  const z = e.mul(like(x, sign), standard(x, loc, scale));
  return positive(scale, e.add(minusLog(scale), e.neg(e.add(z, e.exp(e.neg(z))))));
};
const lower = (x: Array, loc: Array, scale: Array) => positive(scale, e.neg(e.exp(standard(x, loc, scale))));
const gumbelLLogcdf = (x: Array, loc: Array, scale: Array) => positive(scale, e.log(e.neg(e.expm1(e.neg(e.exp(standard(x, loc, scale)))))));
const inside = (p: Array, value: Array) => where(e.and(gt(p, 0), lt(p, 1)), value, Number.NaN);
/** The Gumbel distribution of minima. Mirrors `jax.scipy.stats.gumbel_l`. @example scipy.stats.gumbelL.sf(0).item() // e⁻¹ */
export const gumbelL: { logpdf: Of0; pdf: Of0; cdf: Of0; logcdf: Of0; sf: Of0; logsf: Of0; ppf: Of0 } = distribution('gumbel_l', 1, LOC_SCALE, {
  logpdf: gumbelLogpdf(-1), pdf: exponential(gumbelLogpdf(-1)), logcdf: gumbelLLogcdf, cdf: exponential(gumbelLLogcdf), logsf: lower, sf: exponential(lower),
  ppf: (p, loc, scale) => inside(p!, e.add(loc!, e.mul(scale!, e.log(xlog1pyOf(fullLike(p!, -1), e.neg(p!)))))),
}, { stepwise: true });

const upperLogcdf = (x: Array, loc: Array, scale: Array) => positive(scale, e.neg(e.exp(e.neg(standard(x, loc, scale)))));
/** log(1 − exp(−x)) for x > 0. */
const log1mexp = (x: Array) => e.where(gt(x, Math.LN2), e.log1p(e.neg(e.exp(e.neg(x)))), e.log(e.neg(e.expm1(e.neg(x)))));
/** The Gumbel distribution of maxima. Mirrors `jax.scipy.stats.gumbel_r`. @example scipy.stats.gumbelR.cdf(0).item() // e⁻¹ */
export const gumbelR: { logpdf: Of0; pdf: Of0; cdf: Of0; logcdf: Of0; sf: Of0; logsf: Of0; ppf: Of0 } = distribution('gumbel_r', 1, LOC_SCALE, {
  logpdf: gumbelLogpdf(1), pdf: exponential(gumbelLogpdf(1)), logcdf: upperLogcdf, cdf: exponential(upperLogcdf),
  sf: (x, loc, scale) => positive(scale!, e.sub(like(x!, 1), e.exp(e.neg(e.exp(e.div(e.sub(loc!, x!), scale!)))))),
  logsf: (x, loc, scale) => positive(scale!, log1mexp(e.exp(e.div(e.sub(loc!, x!), scale!)))),
  ppf: (p, loc, scale) => inside(p!, e.sub(loc!, e.mul(scale!, e.log(minusLog(p!))))),
}, { stepwise: true });

// ---- on the circle ----

const vonmisesLogpdf = (x: Array, kappa: Array) => where(gt(kappa, 0), e.sub(e.mul(kappa, e.sub(e.cos(x), like(x, 1))), e.log(e.mul(like(x, 2 * Math.PI), e.besselI0e(kappa)))), Number.NaN);
/** Von Mises's distribution on the circle. Mirrors `jax.scipy.stats.vonmises`. @example scipy.stats.vonmises.pdf(0, 1).item() */
export const vonmises: { logpdf: Plain1; pdf: Plain1 } = distribution('vonmises', 2, [], { logpdf: vonmisesLogpdf, pdf: exponential(vonmisesLogpdf) });

const wrapLogpdf = (x: Array, c: Array) => {
  const k = (v: number) => like(x, v);
  const c2 = e.mul(c, c);
  const value = e.sub(e.sub(e.log(e.sub(k(1), c2)), k(Math.log(2 * Math.PI))), e.log(e.sub(e.add(k(1), c2), e.mul(e.mul(k(2), c), e.cos(x)))));
  const on = e.and(ge(x, 0), le(x, k(2 * Math.PI)));
  return where(e.and(gt(c, 0), lt(c, 1)), where(on, value, -INF), Number.NaN);
};
/** The Cauchy distribution wrapped around the circle [0, 2π]. Mirrors `jax.scipy.stats.wrapcauchy`. @example scipy.stats.wrapcauchy.pdf(0, 0.5).item() */
export const wrapcauchy: { logpdf: Plain1; pdf: Plain1 } = distribution('wrapcauchy', 2, [], { logpdf: wrapLogpdf, pdf: exponential(wrapLogpdf) });
