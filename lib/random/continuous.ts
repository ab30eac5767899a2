import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { ArgumentError } from '../core/errors';
import type { ArrayLike } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { floatInfo } from '../primitives/randomFloats';
import { splitInto } from '../primitives/randomKeys';
import { reduceOr } from '../primitives/reduction';
import { convert, full, like, range, scalar } from '../primitives/structural';
import { broadcastTo, fitTo } from '../prng/arguments';
import type { Rest } from '../numpy/program';
import { anyNormalIn, exponentialIn, gumbelIn, maxwellIn, normalIn } from '../prng/continuous';
import { uniformBetween, uniformIn, unitUniform } from '../prng/uniform';
import { whileLoop } from '../prng/loops';
import { add, type CheckOptions, checkValues, div, draw, type DrawOptions, floatFor, given, type KeySource, le, locScale, mul, pow, readDraw, required, sizeFor, type Statics, sub } from './program';

// Continuous distributions, as BrainState's random states draw them: from one key each, with parameters in place of standard forms.

type Standard = (rng: KeySource, ...options: Rest<DrawOptions, 'size'>) => Array;
type Made = (key: Array, params: object, statics: Statics) => Array;

/** A sampler without parameters; its size may also be given positionally. */
function standard(op: string, run: Made): Standard {
  return (rng, ...options) => {
    const o = readDraw(op, ['size'], options);
    const statics = { size: sizeFor(op, o.size, {}), dtype: floatFor(op, o.dtype) };
    return run(rng.keyFor(o.key), {}, statics);
  };
}

const drawUnit = draw<never, Statics>('random', (key, _, { size, dtype }) => unitUniform(key, size, dtype));

/**
 * Floats in [0, 1) of a size. Mirrors `brainstate.random.random`.
 *
 * @example
 * random.random({ size: [2, 3] });
 */
export const random: Standard = standard('random', drawUnit);
/** The same as `random`. Mirrors `brainstate.random.random_sample`. */
export const randomSample: Standard = standard('randomSample', drawUnit);
/** The same as `random`. Mirrors `brainstate.random.ranf`. */
export const ranf: Standard = standard('ranf', drawUnit);
/** The same as `random`. Mirrors `brainstate.random.sample`. */
export const sample: Standard = standard('sample', drawUnit);

type DimsAnd = (number | Omit<DrawOptions, 'size'>)[];

function readDims(op: string, args: DimsAnd): { dims: number[]; options: Omit<DrawOptions, 'size'> | undefined } {
  const last = args[args.length - 1];
  const options = typeof last === 'object' && last !== null ? last : undefined;
  const dims = options === undefined ? args : args.slice(0, -1);
  if (dims.some((d) => typeof d !== 'number')) throw new ArgumentError(`${op}: expected sizes of dimensions, then options, got (${args.map(String).join(', ')})`);
  return { dims: dims as number[], options };
}

/**
 * Floats in [0, 1), of a shape given by its dimensions. Mirrors `brainstate.random.rand`.
 *
 * @example
 * random.rand(2, 3);
 */
export function rand(rng: KeySource, ...args: DimsAnd): Array {
  const { dims, options } = readDims('rand', args);
  return random(rng, dims, options);
}

const drawNormal = draw<'loc' | 'scale', Statics>('normal', (key, { loc, scale }, { size, dtype }) => locScale(normalIn(key, size, dtype), loc, scale));

/** Standard normal numbers. Mirrors `brainstate.random.standard_normal`. */
export const standardNormal: Standard = standard('standardNormal', drawNormal);

/**
 * Standard normal numbers, of a shape given by its dimensions. Mirrors `brainstate.random.randn`.
 *
 * @example
 * random.randn(2, 3);
 */
export function randn(rng: KeySource, ...args: DimsAnd): Array {
  const { dims, options } = readDims('randn', args);
  return standardNormal(rng, dims, options);
}

/** Options of samplers that are shifted and scaled. */
export interface LocScaleOptions extends DrawOptions {
  /** Added to each number; nothing by default. */
  loc?: ArrayLike | null;
  /** Each number is multiplied by it; 1 by default. */
  scale?: ArrayLike | null;
}

type LocScale = (rng: KeySource, ...options: Rest<LocScaleOptions, 'loc', 'scale', 'size'>) => Array;

function located(op: string, f: (key: Array, size: Statics['size'], dtype: Statics['dtype']) => Array): LocScale {
  const run = draw<'loc' | 'scale', Statics>(op, (key, { loc, scale }, { size, dtype }) => locScale(f(key, size, dtype), loc, scale));
  return (rng, ...options) => {
    const o = readDraw(op, ['loc', 'scale', 'size'], options);
    const params = given(op, { loc: o.loc, scale: o.scale });
    const statics = { size: sizeFor(op, o.size, params), dtype: floatFor(op, o.dtype, op === 'normal' ? ['float', 'complex'] : ['float']) };
    return run(rng.keyFor(o.key), params, statics);
  };
}

/**
 * Normal numbers with mean `loc` and standard deviation `scale`. Mirrors `brainstate.random.normal`.
 *
 * @returns an array of the size, by default that of the parameters; float32 by default
 * @example
 * random.normal({ loc: 1, scale: 0.1, size: [2] });
 */
export const normal: LocScale = located('normal', anyNormalIn);

/** Gumbel distributed numbers. Mirrors `brainstate.random.gumbel`. */
export const gumbel: LocScale = located('gumbel', (key, size, dtype) => gumbelIn(key, size, dtype, 'low'));

/** Laplace distributed numbers. Mirrors `brainstate.random.laplace`. */
export const laplace: LocScale = located('laplace', (key, size, dtype) => {
  const u = uniformBetween(key, size, dtype, -1 + floatInfo('laplace', dtype).eps / 2, 1);
  return e.mul(e.sign(u), e.log1p(e.neg(e.abs(u))));
});

/** Numbers of the logistic distribution. Mirrors `brainstate.random.logistic`. */
export const logistic: LocScale = located('logistic', (key, size, dtype) => {
  const u = uniformBetween(key, size, dtype, floatInfo('logistic', dtype).tiny, 1);
  return e.sub(e.log(u), e.log1p(e.neg(u)));
});

/** Numbers of the standard Cauchy distribution. Mirrors `brainstate.random.standard_cauchy`. */
export const standardCauchy: Standard = standard('standardCauchy', draw<never, Statics>('standard_cauchy', (key, _, { size, dtype }) => {
  const u = uniformBetween(key, size, dtype, floatInfo('standardCauchy', dtype).eps, 1);
  return e.tan(e.mul(like(u, Math.PI), e.sub(u, like(u, 0.5))));
}));

/** Exponentially distributed numbers with rate 1. Mirrors `brainstate.random.standard_exponential`. */
export const standardExponential: Standard = standard('standardExponential', draw<never, Statics>('standard_exponential', (key, _, { size, dtype }) => exponentialIn(key, size, dtype)));

/** Maxwell distributed numbers. Mirrors `brainstate.random.maxwell`. */
export const maxwell: Standard = standard('maxwell', draw<never, Statics>('maxwell', (key, _, { size, dtype }) => maxwellIn(key, size, dtype)));

/** Options of `uniform`. */
export interface UniformOptions extends DrawOptions {
  /** Lower bound, inclusive; 0 by default. */
  low?: ArrayLike;
  /** Upper bound, exclusive; 1 by default. */
  high?: ArrayLike;
}

const drawUniform = draw<'low' | 'high', Statics>('uniform', (key, { low, high }, { size, dtype }) => uniformIn(key, size, dtype, convert(low!, dtype), convert(high!, dtype)));

/**
 * Floats uniformly distributed in [low, high). Mirrors `brainstate.random.uniform`.
 *
 * @example
 * random.uniform({ low: -1, high: 1, size: [3] });
 */
export function uniform(rng: KeySource, ...options: Rest<UniformOptions, 'low', 'high', 'size'>): Array {
  const o = readDraw('uniform', ['low', 'high', 'size'], options);
  const params = given('uniform', { low: o.low ?? 0, high: o.high ?? 1 });
  const statics = { size: sizeFor('uniform', o.size, params), dtype: floatFor('uniform', o.dtype) };
  return drawUniform(rng.keyFor(o.key), params, statics);
}

/** Options of `truncatedNormal`. */
export interface TruncatedNormalOptions extends DrawOptions, CheckOptions {
  /** Mean of the normal distribution that is truncated; 0 by default. */
  loc?: ArrayLike;
  /** Its standard deviation; 1 by default. */
  scale?: ArrayLike;
}

const drawTruncated = draw<'lower' | 'upper' | 'loc' | 'scale', Statics>('truncated_normal', (key, params, { size, dtype }) => {
  const as = (x: Array | undefined) => convert(x!, dtype);
  const [lower, upper, loc, scale] = [as(params.lower), as(params.upper), as(params.loc), as(params.scale)];
  const k = (v: number) => scalar(v, dtype);
  const cdf = (x: Array) => e.div(e.add(k(1), e.erf(e.div(x, k(Math.SQRT2)))), k(2));
  // The ends of the uniform range, each moved inwards by one step.
  const end = (bound: Array, towards: number) => e.nextafter(e.sub(e.mul(k(2), cdf(div(sub(bound, loc), scale))), k(1)), k(towards));
  const u = uniformIn(key, size, dtype, end(lower, Infinity), end(upper, -Infinity));
  const out = add(mul(mul(e.erfInv(u), scale), k(Math.SQRT2)), loc);
  const least = e.nextafter(e.stopGradient(lower), k(Infinity));
  const most = e.nextafter(e.stopGradient(upper), k(-Infinity));
  return e.min(e.max(out, fitTo(least, size)), fitTo(most, size));
});

/**
 * Normal numbers conditioned to lie in (lower, upper). Mirrors `brainstate.random.truncated_normal`, whose formula is not `jax.random`'s.
 *
 * @param lower lower bound
 * @param upper upper bound
 * @throws ArgumentError if the mean is known to lie more than two standard deviations outside of the bounds
 * @example
 * random.truncatedNormal(-2, 2, { size: [3] });
 */
export function truncatedNormal(rng: KeySource, lower: ArrayLike, upper: ArrayLike, ...options: Rest<TruncatedNormalOptions, 'size'>): Array {
  const op = 'truncatedNormal';
  const o = readDraw(op, ['size', 'loc', 'scale', 'checkValid'], options);
  const params = { ...required(op, { lower, upper }), ...given(op, { loc: o.loc ?? 0, scale: o.scale ?? 1 }) };
  checkValues(op, o.checkValid, 'the mean is more than 2 standard deviations from [lower, upper] for (loc, lower, upper, scale)', (m, lo, hi, s) => !(m! < lo! - 2 * s! || m! > hi! + 2 * s!), params.loc!, params.lower!, params.upper!, params.scale!);
  const statics = { size: sizeFor(op, o.size, params), dtype: floatFor(op, o.dtype) };
  return drawTruncated(rng.keyFor(o.key), params, statics);
}

/** Options of `lognormal`. */
export interface LognormalOptions extends DrawOptions {
  /** Mean of the logarithm; 0 by default. */
  mean?: ArrayLike | null;
  /** Standard deviation of the logarithm; 1 by default. */
  sigma?: ArrayLike | null;
}

const drawLognormal = draw<'mean' | 'sigma', Statics>('lognormal', (key, { mean, sigma }, { size, dtype }) => e.exp(locScale(normalIn(key, size, dtype), mean && convert(mean, dtype), sigma && convert(sigma, dtype))));

/** Numbers whose logarithm is normal. Mirrors `brainstate.random.lognormal`. */
export function lognormal(rng: KeySource, ...options: Rest<LognormalOptions, 'mean', 'sigma', 'size'>): Array {
  const o = readDraw('lognormal', ['mean', 'sigma', 'size'], options);
  const params = given('lognormal', { mean: o.mean, sigma: o.sigma });
  const statics = { size: sizeFor('lognormal', o.size, params), dtype: floatFor('lognormal', o.dtype) };
  return drawLognormal(rng.keyFor(o.key), params, statics);
}

/** Options of samplers that are scaled. */
export interface ScaleOptions extends DrawOptions {
  /** Each number is multiplied by it; 1 by default. */
  scale?: ArrayLike | null;
}

const drawExponential = draw<'scale', Statics>('exponential', (key, { scale }, { size, dtype }) => locScale(exponentialIn(key, size, dtype), undefined, scale && convert(scale, dtype)));

/**
 * Exponentially distributed numbers with mean `scale`. Mirrors `brainstate.random.exponential`.
 *
 * @example
 * random.exponential({ scale: 2, size: [3] });
 */
export function exponential(rng: KeySource, ...options: Rest<ScaleOptions, 'scale', 'size'>): Array {
  const o = readDraw('exponential', ['scale', 'size'], options);
  const params = given('exponential', { scale: o.scale });
  const statics = { size: sizeFor('exponential', o.size, params), dtype: floatFor('exponential', o.dtype) };
  return drawExponential(rng.keyFor(o.key), params, statics);
}

const drawRayleigh = draw<'scale', Statics>('rayleigh', (key, { scale }, { size, dtype }) => {
  const u = unitUniform(key, size, dtype);
  return locScale(e.sqrt(e.mul(like(u, -2), e.log(u))), undefined, scale);
});

/** Rayleigh distributed numbers. Mirrors `brainstate.random.rayleigh`. */
export function rayleigh(rng: KeySource, ...options: Rest<ScaleOptions, 'scale', 'size'>): Array {
  const o = readDraw('rayleigh', ['scale', 'size'], options);
  const params = given('rayleigh', { scale: o.scale === undefined ? 1 : o.scale });
  const statics = { size: sizeFor('rayleigh', o.size, params), dtype: floatFor('rayleigh', o.dtype) };
  return drawRayleigh(rng.keyFor(o.key), params, statics);
}

const drawPareto = draw<'a', Statics>('pareto', (key, { a }, { size, dtype }) => e.exp(e.div(exponentialIn(key, size, dtype), fitTo(convert(a!, dtype), size))));

/** Pareto distributed numbers, at least 1. Mirrors `brainstate.random.pareto`. */
export function pareto(rng: KeySource, a: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('pareto', ['size'], options);
  const params = required('pareto', { a });
  const statics = { size: sizeFor('pareto', o.size, params), dtype: floatFor('pareto', o.dtype) };
  return drawPareto(rng.keyFor(o.key), params, statics);
}

const drawWeibull = draw<'a' | 'scale', Statics>('weibull', (key, { a, scale }, { size, dtype }) => locScale(pow(exponentialIn(key, size, dtype), div(scalar(1, dtypeKind(a!.dtype) === 'float' ? a!.dtype : dtype, a!.weakType), a!)), undefined, scale));

function weibullOf(op: string, rng: KeySource, a: ArrayLike, scale: ArrayLike | null | undefined, o: DrawOptions): Array {
  const params = { ...required(op, { a }), ...given(op, { scale }) };
  const sized = o.size !== undefined && o.size !== null;
  if (sized && params.a!.size > 1) throw new ArgumentError(`${op}: expected a to be a scalar where a size is given, got ${params.a!.aval}`);
  const statics = { size: sizeFor(op, o.size, params), dtype: floatFor(op, o.dtype) };
  return drawWeibull(rng.keyFor(o.key), params, statics);
}

/** Weibull distributed numbers with scale 1 and shape parameter a. Mirrors `brainstate.random.weibull`. */
export function weibull(rng: KeySource, a: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  return weibullOf('weibull', rng, a, undefined, readDraw('weibull', ['size'], options));
}

/** Weibull distributed numbers with shape parameter a. Mirrors `brainstate.random.weibull_min`. */
export function weibullMin(rng: KeySource, a: ArrayLike, ...options: Rest<ScaleOptions, 'scale', 'size'>): Array {
  const o = readDraw('weibullMin', ['scale', 'size'], options);
  return weibullOf('weibullMin', rng, a, o.scale, o);
}

const drawPower = draw<'a', Statics>('power', (key, { a }, { size, dtype }) => {
  const tiny = scalar(floatInfo('power', dtype).tiny, dtype);
  const u = uniformIn(key, size, dtype, tiny, scalar(1, dtype));
  return e.pow(u, e.div(scalar(1, dtype), e.max(fitTo(convert(a!, dtype), size), tiny)));
});

/** Numbers in [0, 1] with density a xᵃ⁻¹. Mirrors `brainstate.random.power`. */
export function power(rng: KeySource, a: ArrayLike, ...options: Rest<DrawOptions & CheckOptions, 'size'>): Array {
  const o = readDraw('power', ['size', 'checkValid'], options);
  const params = required('power', { a });
  checkValues('power', o.checkValid, 'expected a > 0', (v) => v! > 0, params.a!);
  const statics = { size: sizeFor('power', o.size, params), dtype: floatFor('power', o.dtype) };
  return drawPower(rng.keyFor(o.key), params, statics);
}

/** Options of `triangular`. */
export interface TriangularOptions extends DrawOptions {
  /** Lower end; 0 by default. */
  left?: ArrayLike;
  /** Where the density is largest; 0.5 by default. */
  mode?: ArrayLike;
  /** Upper end; 1 by default. */
  right?: ArrayLike;
}

const drawTriangular = draw<'left' | 'mode' | 'right', Statics>('triangular', (key, params, { size, dtype }) => {
  const [left, mode, right] = [params.left!, params.mode!, params.right!].map((x) => fitTo(convert(x, dtype), size)) as [Array, Array, Array];
  const k = (v: number) => scalar(v, dtype);
  const u = unitUniform(key, size, dtype);
  const span = e.sub(right, left);
  const wide = e.gt(span, k(0));
  const peak = e.where(wide, e.div(e.sub(mode, left), e.where(wide, span, k(1))), k(0));
  const rising = e.add(left, e.sqrt(e.mul(e.mul(u, span), e.sub(mode, left))));
  const falling = e.sub(right, e.sqrt(e.mul(e.mul(e.sub(k(1), u), span), e.sub(right, mode))));
  return e.where(e.lt(u, peak), rising, falling);
});

/** Numbers of the triangular distribution. Mirrors `brainstate.random.triangular`. */
export function triangular(rng: KeySource, ...options: Rest<TriangularOptions, 'left', 'mode', 'right'>): Array {
  const o = readDraw('triangular', ['left', 'mode', 'right', 'size'], options);
  const params = given('triangular', { left: o.left ?? 0, mode: o.mode ?? 0.5, right: o.right ?? 1 });
  checkValues('triangular', true, 'expected left <= mode <= right and left < right', (l, m, r) => l! <= m! && m! <= r! && l! < r!, params.left!, params.mode!, params.right!);
  const statics = { size: sizeFor('triangular', o.size, params), dtype: floatFor('triangular', o.dtype) };
  return drawTriangular(rng.keyFor(o.key), params, statics);
}

const drawWald = draw<'mean' | 'scale', Statics>('wald', (key, params, { size, dtype }) => {
  const [kn, ku] = splitInto(key, 2);
  const [mean, scale] = [convert(params.mean!, dtype), convert(params.scale!, dtype)];
  const k = (v: number) => scalar(v, dtype);
  const u = unitUniform(ku!, size, dtype);
  // 2 / w, where the candidate is mean + mean w (1 − sqrt(2 / w + 1)); this form does not cancel for large w.
  const ratio = div(mul(k(4), scale), mul(mean, e.square(normalIn(kn!, size, dtype))));
  const finite = e.lt(ratio, k(Infinity));
  const safe = e.where(finite, ratio, k(1));
  const step = e.div(e.expm1(e.mul(k(0.5), e.log1p(safe))), e.add(k(1), e.sqrt(e.add(safe, k(1)))));
  const x = mul(mean, e.where(finite, step, k(1)));
  return e.where(le(u, div(mean, add(mean, x))), x, div(mul(mean, mean), x));
});

/** Numbers of Wald's (the inverse Gaussian) distribution. Mirrors `brainstate.random.wald`. */
export function wald(rng: KeySource, mean: ArrayLike, scale: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('wald', ['size'], options);
  const params = required('wald', { mean, scale });
  const statics = { size: sizeFor('wald', o.size, params), dtype: floatFor('wald', o.dtype) };
  return drawWald(rng.keyFor(o.key), params, statics);
}

const CUTOFF: Partial<Record<string, number>> = { float16: 1.8e-1, bfloat16: 1.8e-1, float32: 2e-2, float64: 1.2e-4 };
const MAX_ROUNDS = 100;

const drawVonMises = draw<'mu' | 'kappa', Statics>('vonmises', (key, { mu, kappa }, { size, dtype }) => {
  const c = broadcastTo(convert(kappa!, dtype), size);
  const k = (v: number) => scalar(v, dtype);
  const [flatKey, first] = splitInto(key, 2);
  const r = e.add(k(1), e.sqrt(e.add(k(1), e.mul(k(4), e.mul(c, c)))));
  const rho = e.div(e.sub(r, e.sqrt(e.mul(k(2), r))), e.mul(k(2), c));
  const exact = e.div(e.add(k(1), e.mul(rho, rho)), e.mul(k(2), rho));
  const s = e.where(e.gt(c, k(CUTOFF[dtype]!)), exact, e.div(k(1), c));
  const zeros = full(size, 0, dtype);
  const [, , , u, w] = whileLoop(
    [scalar(0, 'int32'), first!, full(size, false, 'bool'), zeros, zeros],
    ([i, , done]) => e.and(e.lt(i!, like(i!, MAX_ROUNDS)), reduceOr(e.not(done!), range(size.length))),
    ([i, k0, done, , w0]) => {
      const [ku, kv, next] = splitInto(k0!, 3);
      const u1 = uniformBetween(ku!, size, dtype, -1, 1);
      const z = e.cos(e.mul(k(Math.PI), u1));
      const w1 = e.where(done!, w0!, e.div(e.add(k(1), e.mul(s, z)), e.add(s, z)));
      const y = e.mul(c, e.sub(s, w1));
      const v = unitUniform(kv!, size, dtype);
      const accept = e.or(e.ge(e.mul(y, e.sub(k(2), y)), v), e.ge(e.add(e.log(e.div(y, v)), k(1)), y));
      return [e.add(i!, like(i!, 1)), next!, e.or(accept, done!), u1, w1];
    },
  );
  // Without concentration every angle is as likely.
  const flat = uniformBetween(flatKey!, size, dtype, -Math.PI, Math.PI);
  const centred = e.where(e.le(c, k(0)), flat, e.mul(e.sign(u!), e.acos(w!)));
  const turned = e.add(add(centred, convert(mu!, dtype)), k(Math.PI));
  const whole = k(2 * Math.PI);
  const rest = e.rem(turned, whole);
  return e.sub(e.where(e.lt(rest, k(0)), e.add(rest, whole), rest), k(Math.PI));
});

/** Angles in [−π, π) with mean mu and concentration kappa. Mirrors `brainstate.random.vonmises`. */
export function vonmises(rng: KeySource, mu: ArrayLike, kappa: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('vonmises', ['size'], options);
  const params = required('vonmises', { mu, kappa });
  const statics = { size: sizeFor('vonmises', o.size, params), dtype: floatFor('vonmises', o.dtype) };
  return drawVonMises(rng.keyFor(o.key), params, statics);
}
