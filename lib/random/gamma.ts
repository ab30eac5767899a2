import type { Array } from '../core/array';
import { ditype } from '../environ';
import type { ArrayLike } from '../lax/arrayLike';
import * as prng from '../prng';
import { broadcastTo, fitTo } from '../prng/arguments';
import { normalIn } from '../prng/continuous';
import { poissonIn } from '../prng/discrete';
import { gammaIn } from '../prng/gamma';
import * as e from '../primitives/elementwise';
import { splitInto } from '../primitives/randomKeys';
import { convert, indexInDim, scalar } from '../primitives/structural';
import type { DType } from '../core/dtype';
import type { Rest } from '../numpy/program';
import { add, type CheckOptions, checkValues, div, draw, type DrawOptions, floatFor, given, type KeySource, locScale, readDraw, required, sizeFor, type Statics } from './program';
import type { ScaleOptions } from './continuous';

// The gamma distribution and those that are made of it.

type OneParameter = (rng: KeySource, parameter: ArrayLike, ...options: Rest<DrawOptions, 'size'>) => Array;
type TwoParameters = (rng: KeySource, first: ArrayLike, second: ArrayLike, ...options: Rest<DrawOptions, 'size'>) => Array;

const drawGamma = draw<'shape' | 'scale', Statics>('gamma', (key, { shape, scale }, { size, dtype }) => locScale(gammaIn(key, convert(shape!, dtype), size), undefined, scale));

/**
 * Gamma distributed numbers. Mirrors `brainstate.random.gamma`.
 *
 * @param shape shape parameter
 * @example
 * random.gamma(2, { scale: 1.5, size: [3] });
 */
export function gamma(rng: KeySource, shape: ArrayLike, ...options: Rest<ScaleOptions, 'scale', 'size'>): Array {
  const o = readDraw('gamma', ['scale', 'size'], options);
  const params = { ...required('gamma', { shape }), ...given('gamma', { scale: o.scale }) };
  const statics = { size: sizeFor('gamma', o.size, params), dtype: floatFor('gamma', o.dtype) };
  return drawGamma(rng.keyFor(o.key), params, statics);
}

/** A sampler of jax.random with one parameter. */
function plain(op: string, sampler: (key: Array, parameter: Array, options: prng.SampleOptions) => Array): OneParameter {
  return (rng, parameter, ...options) => {
    const o = readDraw(op, ['size'], options);
    const params = required(op, { parameter });
    const [shape, dtype] = [sizeFor(op, o.size, params), floatFor(op, o.dtype)];
    return sampler(rng.keyFor(o.key), params.parameter!, { shape: shape as number[], dtype });
  };
}

/** Gamma distributed numbers with scale 1. Mirrors `brainstate.random.standard_gamma`. */
export const standardGamma: OneParameter = plain('standardGamma', (key, a, o) => prng.gamma(key, a, o));
/** Logarithms of gamma distributed numbers. Mirrors `brainstate.random.loggamma`. */
export const loggamma: OneParameter = plain('loggamma', (key, a, o) => prng.loggamma(key, a, o));
/** Numbers of Student's t distribution with df degrees of freedom. Mirrors `brainstate.random.standard_t`. */
export const standardT: OneParameter = plain('standardT', (key, df, o) => prng.t(key, df, o));

/** Numbers of the beta distribution. Mirrors `brainstate.random.beta`. */
export function beta(rng: KeySource, a: ArrayLike, b: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('beta', ['size'], options);
  const params = required('beta', { a, b });
  const [shape, dtype] = [sizeFor('beta', o.size, params), floatFor('beta', o.dtype)];
  return prng.beta(rng.keyFor(o.key), params.a!, params.b!, { shape, dtype });
}

/** Points of the simplex, along the last dimension. Mirrors `brainstate.random.dirichlet`. */
export function dirichlet(rng: KeySource, alpha: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('dirichlet', ['size'], options);
  return prng.dirichlet(rng.keyFor(o.key), alpha, { shape: o.size, dtype: floatFor('dirichlet', o.dtype) });
}

const half = (df: Array) => e.mul(df, scalar(0.5, df.dtype));
const twice = (x: Array) => e.mul(x, scalar(2, x.dtype));

function chisquareIn(key: Array, df: Array, size: Statics['size']): Array {
  return twice(gammaIn(key, half(df), size));
}

const drawChisquare = draw<'df', Statics>('chisquare', (key, { df }, { size, dtype }) => chisquareIn(key, convert(df!, dtype), size));

/** Numbers of the chi-square distribution. Mirrors `brainstate.random.chisquare`. @throws ArgumentError where df is known not to be positive */
export function chisquare(rng: KeySource, df: ArrayLike, ...options: Rest<DrawOptions & CheckOptions, 'size'>): Array {
  const o = readDraw('chisquare', ['size', 'checkValid'], options);
  const params = required('chisquare', { df });
  checkValues('chisquare', o.checkValid, 'expected df > 0', (v) => v! > 0, params.df!);
  const statics = { size: sizeFor('chisquare', o.size, params), dtype: floatFor('chisquare', o.dtype) };
  return drawChisquare(rng.keyFor(o.key), params, statics);
}

const drawT = draw<'df', Statics>('t', (keys, { df }, { size, dtype }) => {
  const h = e.div(convert(df!, dtype), scalar(2, dtype));
  return e.mul(normalIn(indexInDim(keys, 0, 0), size, dtype), e.sqrt(e.div(fitTo(h, size), gammaIn(indexInDim(keys, 1, 0), h, size))));
});

/** Numbers of Student's t distribution. Mirrors `brainstate.random.t`. */
export function t(rng: KeySource, df: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const o = readDraw('t', ['size'], options);
  const params = required('t', { df });
  const statics = { size: sizeFor('t', o.size, params), dtype: floatFor('t', o.dtype) };
  return drawT(rng.keysFor(o.key, 2), params, statics);
}

const drawF = draw<'dfnum' | 'dfden', Statics>('f', (key, params, { size, dtype }) => {
  const [num, den] = [broadcastTo(convert(params.dfnum!, dtype), size), broadcastTo(convert(params.dfden!, dtype), size)];
  const [kn, kd] = splitInto(key, 2);
  return e.div(e.div(chisquareIn(kn!, num, size), num), e.div(chisquareIn(kd!, den, size), den));
});

/** Numbers of the F distribution. Mirrors `brainstate.random.f`. */
export const f: TwoParameters = (rng, dfnum, dfden, ...options) => {
  const o = readDraw('f', ['size'], options);
  const params = required('f', { dfnum, dfden });
  const statics = { size: sizeFor('f', o.size, params), dtype: floatFor('f', o.dtype) };
  return drawF(rng.keyFor(o.key), params, statics);
};

interface NoncentralStatics extends Statics {
  counts: DType;
}

/** Noncentral chi-square numbers from three keys: for more than one degree of freedom a shifted normal number is squared, else degrees of freedom are added at random. */
function noncentralIn(keys: readonly Array[], df: Array, nonc: Array, { size, dtype, counts }: NoncentralStatics): Array {
  const extra = convert(poissonIn(keys[0]!, broadcastTo(half(nonc), size), counts), dtype);
  const n = add(normalIn(keys[1]!, size, dtype), e.sqrt(nonc));
  const many = e.gt(fitTo(df, size), scalar(1, dtype));
  const degrees = broadcastTo(e.where(broadcastTo(many, size), broadcastTo(e.sub(df, scalar(1, dtype)), size), add(df, e.mul(extra, scalar(2, dtype)))), size);
  const chi2 = chisquareIn(keys[2]!, degrees, size);
  return e.where(broadcastTo(many, size), e.add(chi2, e.mul(n, n)), chi2);
}

const drawNoncentralChisquare = draw<'df' | 'nonc', NoncentralStatics>('noncentral_chisquare', (keys, { df, nonc }, s) => noncentralIn([0, 1, 2].map((i) => indexInDim(keys, i, 0)), convert(df!, s.dtype), convert(nonc!, s.dtype), s));

/** Numbers of the noncentral chi-square distribution. Mirrors `brainstate.random.noncentral_chisquare`. */
export const noncentralChisquare: TwoParameters = (rng, df, nonc, ...options) => {
  const op = 'noncentralChisquare';
  const o = readDraw(op, ['size'], options);
  const params = required(op, { df, nonc });
  const statics = { size: sizeFor(op, o.size, params), dtype: floatFor(op, o.dtype), counts: ditype() };
  return drawNoncentralChisquare(rng.keysFor(o.key, 3), params, statics);
};

const drawNoncentralF = draw<'dfnum' | 'dfden' | 'nonc', NoncentralStatics>('noncentral_f', (key, params, s) => {
  const [num, den, nonc] = [params.dfnum!, params.dfden!, params.nonc!].map((x) => convert(x, s.dtype)) as [Array, Array, Array];
  const [k1, k2] = splitInto(key, 2);
  const numerator = noncentralIn(splitInto(k1!, 3), num, nonc, s);
  return div(div(numerator, num), div(chisquareIn(k2!, den, s.size), den));
});

/** Numbers of the noncentral F distribution. Mirrors `brainstate.random.noncentral_f`. */
export function noncentralF(rng: KeySource, dfnum: ArrayLike, dfden: ArrayLike, nonc: ArrayLike, ...options: Rest<DrawOptions, 'size'>): Array {
  const op = 'noncentralF';
  const o = readDraw(op, ['size'], options);
  const params = required(op, { dfnum, dfden, nonc });
  const statics = { size: sizeFor(op, o.size, params), dtype: floatFor(op, o.dtype), counts: ditype() };
  return drawNoncentralF(rng.keyFor(o.key), params, statics);
}
