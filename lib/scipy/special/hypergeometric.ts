import type { Array } from '../../core/array';
import type { ArrayLike } from '../../lax/arrayLike';
import { astype } from '../../lax/arrayLike';
import { eq, fullLike, ge, gt, le, lt, mod } from '../../numpy/operators';
import * as e from '../../primitives/elementwise';
import { like } from '../../primitives/structural';
import { elementwise, iterate, machineEpsilon, withSlopes } from '../elementwise';
import { gammaOf } from './gamma';

const TERMS = 250;
const one = (x: Array) => like(x, 1);

/**
 * Sums a series whose terms have a known ratio, until a term does not count.
 *
 * @param start sum and term number 1
 * @param ratio the quotient of a term and the one before it
 * @param weight what a term is multiplied by before it is added
 */
function series(start: number, first: Array, ratio: (k: Array) => Array, weight?: (k: Array) => Array, strict = false): Array {
  const eps = machineEpsilon(first.dtype);
  const k0 = fullLike(first, 1);
  const [sum] = iterate([fullLike(first, start), k0, first], ([s, k, t]) => {
    const small = strict ? gt(e.abs(t!), e.mul(like(t!, eps), e.abs(s!))) : gt(e.div(e.abs(t!), e.abs(s!)), eps);
    return e.and(lt(k!, TERMS), small);
  }, ([s, k, t]) => [e.add(s!, weight ? e.mul(t!, weight(k!)) : t!), e.add(k!, one(k!)), e.mul(t!, ratio(k!))]);
  return sum!;
}

const ratio1 = (a: Array, b: Array, x: Array) => (k: Array) => e.div(e.mul(e.div(e.add(a, k), e.add(b, k)), x), e.add(k, one(k)));

function hyp1f1Of(a: Array, b: Array, x: Array): Array {
  const near = lt(e.abs(x), 100);
  // Each of the two ways gets harmless arguments where the other is taken.
  const xn = e.where(near, x, fullLike(x, 1));
  const power = series(1, e.mul(e.div(a, b), xn), ratio1(a, b, xn));
  const xf = e.where(near, fullLike(x, 200), x);
  const first = e.div(e.mul(e.sub(b, a), e.sub(one(a), a)), xf);
  const tail = series(1, first, (k) => e.div(e.div(e.mul(e.add(e.sub(b, a), k), e.add(e.sub(one(a), a), k)), e.add(k, one(k))), xf));
  const far = e.mul(e.mul(e.mul(e.div(gammaOf(b), gammaOf(a)), e.exp(xf)), e.pow(xf, e.sub(a, b))), tail);
  const out = e.where(near, power, far);
  const zeroA = eq(a, 0);
  const infinite = e.where(e.and(eq(b, 0), e.not(zeroA)), fullLike(x, Number.POSITIVE_INFINITY), out);
  return e.where(zeroA, fullLike(x, 1), e.where(e.and(eq(a, b), e.not(zeroA)), e.exp(x), infinite));
}

const hyp1f1Rule: (...xs: Array[]) => Array = withSlopes('hyp1f1', (a, b, x) => hyp1f1Of(a!, b!, x!), [
  (t, _, a, b, x) => e.mul(t, series(0, e.mul(e.div(a!, b!), x!), ratio1(a!, b!, x!), (k) => e.sub(e.digamma(e.add(a!, k)), e.digamma(a!)))),
  (t, _, a, b, x) => e.mul(t, series(0, e.mul(e.div(a!, b!), x!), ratio1(a!, b!, x!), (k) => e.sub(e.digamma(b!), e.digamma(e.add(b!, k))))),
  (t, _, a, b, x) => e.mul(t, e.mul(e.div(a!, b!), hyp1f1Rule(e.add(a!, one(a!)), e.add(b!, one(b!)), x!))),
]);

/** Kummer's confluent hypergeometric function ₁F₁(a; b; x), elementwise. Mirrors `jax.scipy.special.hyp1f1`. @throws DtypeError for complex numbers @example scipy.special.hyp1f1(1, 1, 1).item() // e */
export const hyp1f1: (a: ArrayLike, b: ArrayLike, x: ArrayLike) => Array = elementwise('hyp1f1', hyp1f1Rule);

const isWhole = (x: Array, eps: number) => lt(e.abs(e.sub(x, e.round(x, true))), eps);

function ratio2(a: Array, b: Array, c: Array, x: Array) {
  return (k: Array) => e.mul(e.div(e.div(e.mul(e.add(a, k), e.add(b, k)), e.add(c, k)), e.add(k, one(k))), x);
}

/** Gauss's series where a or b is a whole number that is not positive, so that it ends. */
function finiteSeries(a0: Array, b0: Array, c: Array, x: Array, eps: number): Array {
  const wholeC = e.and(eq(mod(c, 1), 0), e.and(le(c, 0), gt(c, b0)));
  const swap = e.and(lt(b0, a0), e.and(isWhole(b0, eps), e.not(wholeC)));
  const a = e.abs(e.where(swap, b0, a0));
  const b = e.where(swap, a0, b0);
  const [, sum] = iterate([fullLike(x, 1), fullLike(x, 1), fullLike(x, 1)], ([i]) => lt(i!, e.add(a, one(a))), ([i, s, t]) => {
    const down = e.neg(e.add(e.sub(a, i!), one(a)));
    const term = e.mul(t!, e.mul(e.div(e.mul(e.div(down, e.sub(e.add(c, i!), one(c))), e.sub(e.add(b, i!), one(b))), i!), x));
    return [e.add(i!, one(i!)), e.add(s!, term), term];
  });
  return sum!;
}

/** Gauss's series. */
function gaussSeries(a: Array, b: Array, c: Array, x: Array): Array {
  const less = (v: Array, k: Array) => e.sub(e.add(v, k), one(v));
  return series(0, fullLike(x, 1), (k) => e.mul(e.div(e.div(e.mul(less(a, k), less(b, k)), less(c, k)), k), x), undefined, true);
}

/** The series about x = 1 where c − a − b is a whole number. */
function seriesAtOne(a: Array, b: Array, c: Array, x: Array): Array {
  const eps = machineEpsilon(x.dtype);
  const k = (v: number) => fullLike(x, v);
  const psi = e.digamma;
  const d = e.sub(e.sub(c, a), b);
  const s = e.sub(one(x), x);
  const rd = e.round(d, true);
  const up = ge(rd, 0);
  const ex = e.where(up, d, e.neg(d));
  const [d1, d2] = [e.where(up, d, k(0)), e.where(up, k(0), d)];
  const size = e.abs(rd);
  const logS = e.log(s);
  const [a1, b1] = [e.add(a, d1), e.add(b, d1)];
  let y = e.sub(e.sub(e.sub(e.add(psi(k(1)), psi(e.add(ex, one(ex)))), psi(a1)), psi(b1)), logS);
  y = e.div(y, gammaOf(e.add(ex, one(ex))));
  const p0 = e.div(e.mul(e.mul(a1, b1), s), gammaOf(e.add(ex, like(ex, 2))));
  const [, , , sum] = iterate([p0, y, k(1), y], ([, q, t, total]) => e.and(lt(t!, TERMS), ge(e.abs(q!), e.mul(like(q!, eps), e.abs(total!)))), ([p, , t, total]) => {
    const t1 = e.add(t!, one(t!));
    const te = e.add(t1, ex);
    const r = e.sub(e.sub(e.sub(e.add(psi(t1), psi(te)), psi(e.add(a1, t!))), psi(e.add(b1, t!))), logS);
    const q = e.mul(p!, r);
    const next = e.div(e.mul(e.mul(e.mul(p!, s), e.add(a1, t!)), e.add(b1, t!)), e.mul(t1, te));
    return [next, q, t1, e.add(total!, q)];
  });
  const [, , poly] = iterate([k(0), k(1), k(1)], ([t]) => lt(e.add(t!, one(t!)), size), ([t, p, total]) => {
    const step = e.div(e.mul(e.mul(e.mul(p!, s), e.add(e.add(a, t!), d2)), e.add(e.add(b, t!), d2)), e.add(e.sub(one(ex), ex), t!));
    const t1 = e.add(t!, one(t!));
    const p1 = e.div(step, t1);
    return [t1, p1, e.add(total!, p1)];
  });
  const gc = gammaOf(c);
  const finite = e.mul(poly!, e.div(e.mul(gammaOf(ex), gc), e.mul(gammaOf(a1), gammaOf(b1))));
  let infinite = e.mul(sum!, e.div(gc, e.mul(gammaOf(e.add(a, d2)), gammaOf(e.add(b, d2)))));
  infinite = e.where(e.ne(e.rem(size, like(size, 2)), like(size, 0)), e.neg(infinite), infinite);
  const power = e.pow(s, rd);
  const both = e.where(gt(rd, 0), e.add(e.mul(infinite, power), finite), e.add(infinite, e.mul(finite, power)));
  return e.where(eq(rd, 0), e.div(e.mul(sum!, gc), e.mul(gammaOf(a), gammaOf(b))), both);
}

function anySeries(a: Array, b: Array, c: Array, x: Array): Array {
  const eps = machineEpsilon(x.dtype) * 50;
  const ends = e.or(e.and(le(a, 0), isWhole(a, eps)), e.and(le(b, 0), isWhole(b, eps)));
  const d = e.sub(e.sub(c, a), b);
  const turned = e.and(e.and(gt(x, 0.9), e.not(ends)), isWhole(d, eps));
  const gauss = e.and(e.not(ends), e.not(turned));
  const k = (v: number) => fullLike(x, v);
  const only = (on: Array, v: Array, other: number) => e.where(on, v, k(other));
  const out = e.where(turned, seriesAtOne(only(turned, a, 1), only(turned, b, 1), only(turned, c, 2), only(turned, x, 0.95)), gaussSeries(only(gauss, a, 1), only(gauss, b, 1), only(gauss, c, 1), only(gauss, x, 0)));
  return e.where(ends, finiteSeries(only(ends, a, -1), only(ends, b, -1), only(ends, c, 1), only(ends, x, 0), eps), out);
}

function hyp2f1Of(a: Array, b: Array, c: Array, x: Array): Array {
  const eps = machineEpsilon(x.dtype) * 50;
  const k = (v: number) => fullLike(x, v);
  const d = e.sub(e.sub(c, a), b);
  const s = e.sub(one(x), x);
  const [ca, cb] = [e.sub(c, a), e.sub(c, b)];
  const trivial = e.or(eq(x, 0), e.and(e.or(eq(a, 0), eq(b, 0)), e.ne(c, like(c, 0))));
  const poles = e.and(le(c, 0), e.eq(e.floor(c), c));
  const transformed = e.and(le(d, -1), e.not(e.and(e.not(isWhole(d, eps)), lt(s, 0))));
  const at1 = eq(x, 1);
  const below = lt(x, 1);
  const infinity = k(Number.POSITIVE_INFINITY);
  // The cases from the last to the first.
  let out = e.where(at1, e.div(e.mul(gammaOf(c), gammaOf(d)), e.mul(gammaOf(ca), gammaOf(cb))), anySeries(a, b, c, x));
  out = e.where(gt(x, 1), infinity, out);
  out = e.where(e.and(below, eq(a, c)), e.pow(s, e.neg(b)), out);
  out = e.where(e.and(below, eq(b, c)), e.pow(s, e.neg(a)), out);
  out = e.where(e.and(le(d, 0), at1), infinity, out);
  out = e.where(transformed, e.mul(e.pow(s, d), anySeries(ca, cb, c, x)), out);
  out = e.where(poles, infinity, out);
  return astype(e.where(trivial, k(1), out), x.dtype);
}

const slope2 = (weight: (k: Array, a: Array, b: Array, c: Array) => Array) => (t: Array, _: Array, ...xs: Array[]) => {
  const [a, b, c, x] = xs as [Array, Array, Array, Array];
  return e.mul(t, series(0, e.mul(e.div(e.mul(a, b), c), x), ratio2(a, b, c, x), (k) => weight(k, a, b, c)));
};

const hyp2f1Rule: (...xs: Array[]) => Array = withSlopes('hyp2f1', (a, b, c, x) => hyp2f1Of(a!, b!, c!, x!), [
  slope2((k, a) => e.sub(e.digamma(e.add(a, k)), e.digamma(a))),
  slope2((k, _, b) => e.sub(e.digamma(e.add(b, k)), e.digamma(b))),
  slope2((k, _, __, c) => e.sub(e.digamma(c), e.digamma(e.add(c, k)))),
  (t, _, a, b, c, x) => e.mul(t, e.mul(e.div(e.mul(a!, b!), c!), hyp2f1Rule(e.add(a!, one(a!)), e.add(b!, one(b!)), e.add(c!, one(c!)), x!))),
]);

/** Gauss's hypergeometric function ₂F₁(a, b; c; x), elementwise. Mirrors `jax.scipy.special.hyp2f1`. @throws DtypeError for complex numbers @example scipy.special.hyp2f1(1, 1, 2, 0.5).item() // 2 log 2 */
export const hyp2f1: (a: ArrayLike, b: ArrayLike, c: ArrayLike, x: ArrayLike) => Array = elementwise('hyp2f1', hyp2f1Rule);
