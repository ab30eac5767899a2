import type { Array } from '../../core/array';
import { dtypeKind } from '../../core/dtype';
import { DtypeError } from '../../core/errors';
import { type ArrayLike, asArray, astype } from '../../lax/arrayLike';
import { type Axis, canonAxes, expand } from '../../numpy/axes';
import { broadcastAll, broadcastToShape, promoteArgsInexact } from '../../numpy/broadcast';
import { add, div, eq, fullLike, ge, isNan, lt, ne, truth, where } from '../../numpy/operators';
import { program, readOptions, type Rest } from '../../numpy/program';
import { laxConst } from '../../numpy/where';
import * as e from '../../primitives/elementwise';
import { reduceMax } from '../../primitives/reduction';
import { like, reduceSum } from '../../primitives/structural';
import { type Binary, elementwise, type Unary, withSlopes } from '../elementwise';

export const logitOf = withSlopes('logit', (x) => e.log(e.div(x!, e.sub(laxConst(x!, 1), x!))), [(t, _, x) => e.div(t, e.mul(x!, e.sub(like(x!, 1), x!)))]);

/** log(x / (1 − x)), elementwise. Mirrors `jax.scipy.special.logit`. @example scipy.special.logit([0.5, 0.75]).js() // [0, 1.0986…] */
export const logit: Unary = elementwise('logit', logitOf, { complex: true });

/** 1 / (1 + exp(−x)), elementwise. Mirrors `jax.scipy.special.expit`. @example scipy.special.expit([0, 2]).js() // [0.5, 0.8807…] */
export const expit: Unary = elementwise('expit', e.logistic, { complex: true });

/** x f(y), 0 where x is 0 unless y is NaN. */
const guarded = (f: (y: Array) => Array) => (x: Array, y: Array) => where(e.or(ne(x, 0), isNan(y)), e.mul(x, f(y)), fullLike(x, 0));

export const xlogyOf = withSlopes('xlogy', (x, y) => guarded(e.log)(x!, y!), [(t, _, _x, y) => e.mul(t, e.log(y!)), (t, _, x, y) => e.div(e.mul(t, x!), y!)]);
export const xlog1pyOf = withSlopes('xlog1py', (x, y) => guarded(e.log1p)(x!, y!), [(t, _, _x, y) => e.mul(t, e.log1p(y!)), (t, _, x, y) => e.div(e.mul(t, x!), add(1, y!))]);

/** x log y, 0 where x is 0, elementwise. Mirrors `jax.scipy.special.xlogy`. @example scipy.special.xlogy([0, 2], [0, 3]).js() // [0, 2.1972…] */
export const xlogy: Binary = elementwise('xlogy', xlogyOf, { complex: true });

/** x log(1 + y), 0 where x is 0, elementwise. Mirrors `jax.scipy.special.xlog1py`. @example scipy.special.xlog1py([0, 2], [-1, 3]).js() // [0, 2.7725…] */
export const xlog1py: Binary = elementwise('xlog1py', xlog1pyOf, { complex: true });

export const xlogx = withSlopes('_xlogx', (x) => guarded(e.log)(x!, x!), [(t, _, x) => e.mul(t, add(e.log(x!), 1))]);

/** Entropy −x log x, 0 at 0 and −∞ for negative numbers, elementwise. Mirrors `jax.scipy.special.entr`. @throws DtypeError for complex numbers @example scipy.special.entr([0, 0.5]).js() // [0, 0.3465…] */
export const entr: Unary = elementwise('entr', (x) => e.where(lt(x, 0), fullLike(x, Number.NEGATIVE_INFINITY), e.neg(xlogx(x))));

function relativeEntropy(p: Array, q: Array): Array {
  const zero = laxConst(p, 0);
  const both = e.and(e.gt(p, zero), e.gt(q, zero));
  const none = e.and(e.eq(p, zero), ge(q, zero));
  const [sp, sq] = [where(both, p, 1), where(both, q, 1)];
  return where(both, e.sub(xlogx(sp), xlogyOf(sp, sq)), where(none, zero, Number.POSITIVE_INFINITY));
}

/**
 * Relative entropy p log(p / q), elementwise. Mirrors `jax.scipy.special.rel_entr`.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.relEntr(0.5, 0.25).item() // 0.3465…
 */
export const relEntr: Binary = elementwise('rel_entr', relativeEntropy);

/**
 * p log(p / q) − p + q, elementwise. Mirrors `jax.scipy.special.kl_div`.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.klDiv(0.5, 0.25).item() // 0.0965…
 */
export const klDiv: Binary = elementwise('kl_div', (p, q) => e.add(e.sub(relativeEntropy(p, q), p), q));

const power = (log: (x: Array) => Array) => (x: Array, lambda: Array) => {
  const zero = eq(lambda, 0);
  const safe = where(zero, fullLike(lambda, 1), lambda);
  const l = log(x);
  return where(zero, l, div(e.expm1(e.mul(safe, l)), safe));
};

/**
 * Box and Cox's transformation (x^λ − 1) / λ, log x for λ = 0, elementwise. Mirrors `jax.scipy.special.boxcox`.
 *
 * @param y an array that broadcasts against x
 * @example
 * scipy.special.boxcox(2, 2).item() // 1.5
 */
export const boxcox: Binary = elementwise('boxcox', power(e.log), { complex: true });

/**
 * Box and Cox's transformation of 1 + x, elementwise. Mirrors `jax.scipy.special.boxcox1p`.
 *
 * @param y an array that broadcasts against x
 * @example
 * scipy.special.boxcox1p(1, 2).item() // 1.5
 */
export const boxcox1p: Binary = elementwise('boxcox1p', power(e.log1p), { complex: true });

/** Options of {@link logsumexp}. */
export interface LogsumexpOptions {
  /** Axes that are reduced; null: all. */
  axis?: Axis;
  /** Factors of the exponentials. */
  b?: ArrayLike | null;
  /** Whether reduced dimensions stay, of size 1. */
  keepdims?: boolean;
  /** Whether the sign of the sum is given as well, and the logarithm is of its absolute value. */
  returnSign?: boolean;
  /** Elements that count. */
  where?: ArrayLike | null;
}

const logsumexpC = program<{ axes: readonly number[]; keepdims: boolean; sign: boolean }>('logsumexp', ([x, b, mask], { axes, keepdims, sign: withSign }) => {
  const given = mask ? where(mask, x!, 0) : x!;
  let [a, factor] = (b ? promoteArgsInexact('logsumexp', given, b) : [...promoteArgsInexact('logsumexp', given), null]) as [Array, Array | null];
  if (factor) {
    [a, factor] = broadcastAll('logsumexp', [a, factor]) as [Array, Array];
    a = where(ne(factor, 0), a, Number.NEGATIVE_INFINITY);
  }
  const complex = dtypeKind(a.dtype) === 'complex';
  const on = mask ? truth(broadcastToShape('logsumexp', mask, a.shape)) : null;
  const re = complex ? e.real(a) : a;
  const shown = on ? e.where(on, re, fullLike(re, Number.NEGATIVE_INFINITY)) : re;
  // Of no elements the maximum is −∞, which is then taken as 0.
  const top = a.size === 0 ? fullLike(re, 0, a.shape.filter((_, d) => !axes.includes(d))) : reduceMax(shown, axes);
  const finite = e.stopGradient(e.where(e.isFinite(top), top, fullLike(top, 0)));
  const wide = broadcastToShape('logsumexp', expand(finite, axes), a.shape);
  let terms = e.exp(e.sub(a, astype(wide, a.dtype)));
  if (factor) terms = e.mul(terms, factor);
  if (on) terms = e.where(on, terms, fullLike(terms, 0));
  let sum = reduceSum(terms, axes);
  const sign = e.sign(sum);
  if (withSign || !complex) sum = e.abs(sum);
  let out = e.add(e.log(sum), astype(finite, sum.dtype));
  if (b && !withSign && !complex) out = where(lt(sign, 0), fullLike(out, Number.NaN), out);
  const kept = keepdims ? [expand(out, axes), expand(sign, axes)] : [out, sign];
  return withSign ? kept : [kept[0]!];
});

const LOGSUMEXP = ['axis', 'b', 'keepdims', 'returnSign', 'where'] as const;

/**
 * log Σ b exp(a) over axes, without overflow. Mirrors `jax.scipy.special.logsumexp`.
 *
 * @returns the logarithms; with `returnSign` a pair of logarithms of absolute values and signs
 * @example
 * scipy.special.logsumexp([1000, 1000]).item() // 1000.693…
 */
export function logsumexp(a: ArrayLike, options: LogsumexpOptions & { returnSign: true }): [Array, Array];
export function logsumexp(a: ArrayLike, ...rest: Rest<LogsumexpOptions & { returnSign?: false }, 'axis'>): Array;
export function logsumexp(a: ArrayLike, ...rest: Rest<LogsumexpOptions, 'axis'>): Array | [Array, Array] {
  const o = readOptions('logsumexp', LOGSUMEXP, 1, rest);
  const x = asArray(a, 'logsumexp');
  const [b, mask] = [o.b, o.where].map((v) => (v === null || v === undefined ? null : asArray(v, 'logsumexp')));
  const rank = Math.max(x.ndim, b?.ndim ?? 0, mask?.ndim ?? 0);
  const out = logsumexpC([x, b, mask], { axes: canonAxes('logsumexp', o.axis, rank), keepdims: o.keepdims ?? false, sign: o.returnSign ?? false });
  return o.returnSign ? [out[0]!, out[1]!] : out[0]!;
}

const softmaxC = program<{ axes: readonly number[]; log: boolean }>('softmax', ([given], { axes, log }) => {
  const [a] = promoteArgsInexact('softmax', given!) as [Array];
  const x = astype(a, a.dtype);
  const wide = (v: Array) => broadcastToShape('softmax', expand(v, axes), x.shape);
  const shifted = e.sub(x, e.stopGradient(wide(reduceMax(x, axes))));
  const terms = e.exp(shifted);
  const sum = wide(reduceSum(terms, axes));
  return [log ? e.sub(shifted, e.log(sum)) : e.div(terms, sum)];
});

function softmaxOf(op: string, x: ArrayLike, rest: Rest<{ axis?: Axis }, 'axis'>, log: boolean): Array {
  const { axis = null } = readOptions(op, ['axis'], 1, rest);
  const a = asArray(x, op);
  if (a.dtype === 'bool') throw new DtypeError(`${op}: expected numbers, got ${a.aval}`);
  return softmaxC([a], { axes: canonAxes(op, axis, a.ndim), log })[0]!;
}

/** exp(x) / Σ exp(x) over axes, all by default. Mirrors `jax.scipy.special.softmax`. @example scipy.special.softmax([0, 0]).js() // [0.5, 0.5] */
export function softmax(x: ArrayLike, ...rest: Rest<{ axis?: Axis }, 'axis'>): Array {
  return softmaxOf('softmax', x, rest, false);
}

/** The logarithm of {@link softmax}. Mirrors `jax.scipy.special.log_softmax`. @example scipy.special.logSoftmax([0, 0]).js() // [-log 2, -log 2] */
export function logSoftmax(x: ArrayLike, ...rest: Rest<{ axis?: Axis }, 'axis'>): Array {
  return softmaxOf('logSoftmax', x, rest, true);
}
