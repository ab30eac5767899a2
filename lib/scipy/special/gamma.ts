import type { Array } from '../../core/array';
import { canonicalDtype, checkExtent } from '../../core/aval';
import { checkInteger } from '../../core/checks';
import { dtypeKind } from '../../core/dtype';
import { ArgumentError, DtypeError } from '../../core/errors';
import { jvp } from '../../functional/derivatives';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../../lax/arrayLike';
import { withJvp } from '../../lax/customJvp';
import { promoteArgsInexact } from '../../numpy/broadcast';
import { signbit } from '../../numpy/floatBits';
import { add, div, eq, fullLike, ge, gt, isNan, le, lt, maximum, minimum, mul, ne, sub, where } from '../../numpy/operators';
import { cumprod } from '../../primitives/cumulative';
import * as e from '../../primitives/elementwise';
import * as incomplete from '../../primitives/incomplete';
import { isComplex, repeatWhile } from '../../primitives/matrix';
import { reduceOr } from '../../primitives/reduction';
import { broadcastInDim, iota, like, range, reduceSum, reshape, scalar, slice } from '../../primitives/structural';
import { type Binary, elementwise, expectReal, type Unary, withSlopes } from '../elementwise';

/** log |Γ(x)|, elementwise. Mirrors `jax.scipy.special.gammaln`. @throws DtypeError for complex numbers @example scipy.special.gammaln([5, 0.5]).js() // [log 24, log √π] */
export const gammaln: Unary = elementwise('gammaln', e.lgamma);

/** The derivative of log Γ, elementwise; NaN at its poles. Mirrors `jax.scipy.special.digamma`. @throws DtypeError for complex numbers @example scipy.special.digamma(1).item() // −0.5772… */
export const digamma: Unary = elementwise('digamma', e.digamma);

function signOf(x: Array): Array {
  const whole = e.floor(x);
  const negative = lt(x, 0);
  const minus = e.or(e.and(negative, ne(e.rem(whole, like(whole, 2)), 0)), e.and(eq(x, 0), signbit(x)));
  const one = (v: number) => fullLike(x, v);
  return astype(e.where(e.or(e.and(negative, eq(x, whole)), isNan(x)), one(Number.NaN), e.where(minus, one(-1), one(1))), x.dtype);
}

/** The sign of Γ(x), NaN at its poles, elementwise. Mirrors `jax.scipy.special.gammasgn`. @throws DtypeError for complex numbers @example scipy.special.gammasgn([-0.5, 0.5]).js() // [-1, 1] */
export const gammasgn: Unary = elementwise('gammasgn', signOf);

// Lanczos' approximation with g = 7 and nine terms.
const LANCZOS_G = 7;
const LANCZOS = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];

/** log Γ of complex numbers, up to multiples of 2πi to the left of Re z = 1/2. */
function complexLoggamma(z: Array): Array {
  const mirrored = lt(e.real(z), 0.5);
  const right = e.sub(where(mirrored, e.sub(like(z, 1), z), z), like(z, 1));
  let series = fullLike(z, LANCZOS[0]!);
  LANCZOS.slice(1).forEach((c, i) => {
    series = e.add(series, e.div(like(z, c), e.add(right, like(z, i + 1))));
  });
  const t = e.add(right, like(z, LANCZOS_G + 0.5));
  const value = e.add(e.sub(e.add(like(z, 0.5 * Math.log(2 * Math.PI)), e.mul(e.add(right, like(z, 0.5)), e.log(t))), t), e.log(series));
  const left = where(mirrored, z, fullLike(z, 0.5));
  const reflected = e.sub(e.sub(like(z, Math.log(Math.PI)), e.log(e.sin(e.mul(like(z, Math.PI), left)))), value);
  return where(mirrored, reflected, value);
}

/** Applies a function where it is defined: NaN at the poles of Γ and for NaN. */
function awayFromPoles(z: Array, f: (safe: Array) => Array): Array {
  const re = e.real(z);
  const pole = e.and(e.and(eq(e.imag(z), 0), eq(re, e.floor(re))), le(re, 0));
  const bad = e.or(pole, isNan(z));
  const out = f(where(bad, fullLike(z, 1), z));
  return where(bad, e.add(like(z, { re: Number.NaN, im: Number.NaN }), fullLike(z, 0)), out);
}

/** The branch of log Γ that is continuous off the negative real axis: logarithms are added up step by step from Re z > 1/2. */
function principalLoggamma(z: Array): Array {
  return awayFromPoles(z, (safe) => {
    const steps = maximum(0, e.ceil(e.sub(like(e.real(safe), 0.5), e.real(safe))));
    const [, , total] = repeatWhile(
      ([k, n]) => {
        const on = lt(k!, n!);
        return on.ndim === 0 ? on : reduceOr(on, range(on.ndim));
      },
      ([k, n, sum]) => {
        const on = lt(k!, n!);
        const at = where(on, add(safe, k!), fullLike(safe, 1));
        return [e.add(k!, like(k!, 1)), n!, e.add(sum!, where(on, e.log(at), fullLike(sum!, 0)))];
      },
      [scalar(0, steps.dtype), astype(steps, steps.dtype), fullLike(astype(safe, safe.dtype), 0)],
    );
    return e.sub(complexLoggamma(add(safe, steps)), total!);
  });
}

/** log Γ(x), elementwise: NaN for negative real numbers, the continuous branch for complex ones. Mirrors `jax.scipy.special.loggamma`. @example scipy.special.loggamma([5, -0.5]).js() // [log 24, NaN] */
export const loggamma: Unary = elementwise('loggamma', (x) => (isComplex(x) ? principalLoggamma(x) : where(gt(x, 0), e.lgamma(x), Number.NaN)), { complex: true });

export const gammaOf = (x: Array) => (isComplex(x) ? awayFromPoles(x, (z) => e.exp(complexLoggamma(z))) : e.mul(signOf(x), e.exp(e.lgamma(x))));

/** Γ(x), elementwise; real or complex. Mirrors `jax.scipy.special.gamma`. @example scipy.special.gamma([5, 0.5]).js() // [24, 1.7724…] */
export const gamma: Unary = elementwise('gamma', gammaOf, { complex: true });

/** log Γ(b) − log Γ(a + b) for b ≥ 8 and a ≤ b, by Stirling's series. */
function gammaRatio(a: Array, b: Array): Array {
  const h = div(a, b);
  const c = div(h, add(1, h));
  const c2 = mul(c, c);
  const s = [add(1, add(c, c2))];
  while (s.length < 5) s.push(add(1, add(c, mul(c2, s[s.length - 1]!))));
  const [s3, s5, s7, s9, s11] = s as [Array, Array, Array, Array, Array];
  const t = e.square(div(1, b));
  const terms = [mul(-0.165322962780713e-2, s11), mul(0.837308034031215e-3, s9), mul(-0.59520293135187e-3, s7), mul(0.79365066682539e-3, s5), mul(-0.277777777760991e-2, s3)];
  let w: Array = terms[0]!;
  for (const term of terms.slice(1)) w = add(mul(w, t), term);
  w = mul(add(mul(w, t), 0.833333333333333e-1), div(c, b));
  const u = mul(add(b, sub(a, 0.5)), e.log1p(div(a, b)));
  const v = mul(a, sub(e.log(b), 1));
  return where(le(u, v), sub(sub(w, v), u), sub(sub(w, u), v));
}

export function betalnOf(x: Array, y: Array): Array {
  const [a, b] = [minimum(x, y), maximum(x, y)];
  const small = e.add(e.lgamma(a), e.sub(e.lgamma(b), e.lgamma(e.add(a, b))));
  return where(lt(b, 8), small, e.add(e.lgamma(a), gammaRatio(a, b)));
}

/**
 * log |B(a, b)|, elementwise. Mirrors `jax.scipy.special.betaln`.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.betaln(2, 3).item() // −log 12
 */
export const betaln: Binary = elementwise('betaln', betalnOf);

/**
 * B(a, b), elementwise. Mirrors `jax.scipy.special.beta`.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.beta(2, 3).item() // 1/12
 */
export const beta: Binary = elementwise('beta', (a, b) => e.mul(e.mul(e.mul(signOf(a), signOf(b)), signOf(e.add(a, b))), e.exp(betalnOf(a, b))));

/**
 * The regularized incomplete beta function, elementwise. Mirrors `jax.scipy.special.betainc`.
 *
 * @param a an array of real numbers
 * @param b an array that broadcasts against a
 * @param x an array of real numbers
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.betainc(1, 1, 0.3).item() // 0.3
 */
export const betainc: (a: ArrayLike, b: ArrayLike, x: ArrayLike) => Array = elementwise('betainc', incomplete.betainc);

/**
 * The regularized lower incomplete gamma function, elementwise. Mirrors `jax.scipy.special.gammainc`.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.gammainc(1, 2).item() // 1 − e⁻²
 */
export const gammainc: Binary = elementwise('gammainc', incomplete.igamma);

/**
 * The regularized upper incomplete gamma function, elementwise. Mirrors `jax.scipy.special.gammaincc`.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.gammaincc(1, 2).item() // e⁻²
 */
export const gammaincc: Binary = elementwise('gammaincc', incomplete.igammac);

const factorialOf = elementwise('factorial', (n) => where(lt(n, 0), 0, e.exp(e.lgamma(add(n, 1)))));

/** n! = Γ(n + 1), elementwise; 0 for negative numbers. Mirrors `jax.scipy.special.factorial`. @throws ArgumentError for `exact: true` @example scipy.special.factorial(5).item() // 120 */
export function factorial(n: ArrayLike, options: { exact?: false } = {}): Array {
  options = checkOptions('factorial', ['exact'], options);
  if (options.exact) throw new ArgumentError('factorial: exact values are not available (nor in JAX); leave `exact` out');
  return factorialOf(n);
}

function combinations(N: Array, k: Array): Array {
  const valid = e.and(e.and(le(k, N), ge(N, 0)), ge(k, 0));
  const n = where(valid, N, 0);
  const m = where(valid, k, 0);
  const logs = e.sub(e.sub(e.lgamma(add(n, 1)), e.lgamma(add(m, 1))), e.lgamma(sub(add(n, 1), m)));
  return where(valid, e.exp(logs), 0);
}
const combOf = elementwise('comb', combinations);
const combRepeated = elementwise('comb', (N, k) => where(e.and(eq(k, 0), ge(N, 0)), 1, combinations(sub(add(N, k), 1), k)));

/** How many ways there are to take k of N things, elementwise; with `repetition`, each any number of times. Mirrors `jax.scipy.special.comb`. @example scipy.special.comb(5, 2).item() // 10 */
export function comb(N: ArrayLike, k: ArrayLike, options: { repetition?: boolean } = {}): Array {
  options = checkOptions('comb', ['repetition'], options);
  return (options.repetition ? combRepeated : combOf)(N, k);
}

const pochOf = withSlopes('poch', (z, m) => where(eq(m, 0), 1, e.div(gammaOf(e.add(z, m)), gammaOf(z))), [
  (t, _, z, m) => e.mul(e.mul(e.sub(e.digamma(e.add(z!, m!)), e.digamma(z!)), pochOf(z!, m!)), t),
  (t, _, z, m) => e.mul(e.mul(e.digamma(e.add(z!, m!)), pochOf(z!, m!)), t),
]);

/**
 * The rising factorial Γ(z + m) / Γ(z), elementwise. Mirrors `jax.scipy.special.poch`.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.poch(2, 3).item() // 24
 */
export const poch: Binary = elementwise('poch', pochOf);

const multigammalnOf = composite<{ d: number }>('multigammaln', ([x], { d }) => {
  const [a] = promoteArgsInexact('multigammaln', x!) as [Array];
  expectReal('multigammaln', a);
  const halves = e.mul(iota(a.dtype, [...a.shape, d], a.ndim), like(a, 0.5));
  const terms = e.lgamma(e.sub(broadcastInDim(a, halves.shape, a.shape.map((_, i) => i)), halves));
  return [e.add(reduceSum(terms, [a.ndim]), like(a, 0.25 * d * (d - 1) * Math.log(Math.PI)))];
});

/** The logarithm of the multivariate gamma function of d dimensions, elementwise. Mirrors `jax.scipy.special.multigammaln`. @throws ArgumentError unless d is a positive integer @throws ShapeError for one that no axis can be as long as @example scipy.special.multigammaln(2.5, 2).item() */
export function multigammaln(a: ArrayLike, d: number | Array): Array {
  const n = typeof d === 'number' ? d : Number(asArray(d, 'multigammaln').item());
  checkInteger('multigammaln', 'd', n, 1);
  checkExtent('multigammaln', 'd', n);
  return multigammalnOf([asArray(a, 'multigammaln')], { d: n })[0]!;
}

const polygammaProgram = composite('polygamma', ([n, x]) => {
  const [m, a] = promoteArgsInexact('polygamma', n!, x!) as [Array, Array];
  expectReal('polygamma', a);
  return [e.polygamma(m, a)];
});

/**
 * The n-th derivative of the digamma function, elementwise. Mirrors `jax.scipy.special.polygamma`.
 *
 * @param x an array of real numbers
 * @throws DtypeError unless n is of integers
 * @example
 * scipy.special.polygamma(1, 1).item() // π²/6
 */
export function polygamma(n: ArrayLike, x: ArrayLike): Array {
  const order = asArray(globalThis.Array.isArray(n) ? Int32Array.from(n as number[]) : n, 'polygamma');
  if (!['int', 'uint'].includes(dtypeKind(order.dtype))) throw new DtypeError(`polygamma: expected n to be of integers, got ${order.aval}`);
  return polygammaProgram([order, asArray(x, 'polygamma')], {})[0]!;
}

// (2k)! / B(2k), B being Bernoulli's numbers: the divisors of Euler and Maclaurin's series.
const EULER_MACLAURIN = [
  12, -720, 30240, -1209600, 47900160, -1307674368000 / 691, 74724249600, -10670622842880000 / 3617, 5109094217170944000 / 43867, -802857662698291200000 / 174611, 14101100039391805440000 / 77683,
  -1693824136731743669452800000 / 236364091, 186134520519971831808000000 / 657931, -37893265687455865519472640000000 / 3392780147, 759790291646040068357842010112000000 / 1723168255201,
  -134196726836183700385281186201600000000 / 7709321041217,
];

/** ζ(s, a) by Euler and Maclaurin's formula, which has derivatives by both. */
function zetaSeries(s: Array, a: Array): Array {
  const single = a.dtype !== 'float64';
  const n = single ? 8 : 16;
  const shape = [...a.shape, n];
  const axis = a.ndim;
  const wide = (x: Array, size: number) => broadcastInDim(x, [...a.shape, size], range(axis));
  const head = reduceSum(e.pow(e.add(wide(a, n), iota(a.dtype, shape, axis)), e.neg(wide(s, n))), [axis]);
  const end = e.add(a, like(a, n));
  const integral = e.div(e.pow(end, e.sub(like(s, 1), s)), e.sub(s, like(s, 1)));
  const first = e.pow(end, e.neg(s));
  const m = iota(a.dtype, [...a.shape, 2 * n], axis);
  const rising = cumprod(e.div(e.add(wide(s, 2 * n), m), wide(end, 2 * n)), axis);
  const odd = slice(rising, range(axis + 1).map(() => 0), rising.shape, [...a.shape.map(() => 1), 2]);
  const bounded = e.min(odd, like(a, single ? 3.4028234663852886e38 : Number.MAX_VALUE));
  let tail = like(a, 0.5);
  for (let i = 0; i < n; i++) {
    const term = reshape(slice(bounded, [...a.shape.map(() => 0), i], [...a.shape, i + 1]), a.shape);
    tail = e.add(tail, e.div(term, like(a, EULER_MACLAURIN[i]!)));
  }
  return e.add(e.add(head, integral), e.mul(first, tail));
}

const zetaRule = withJvp('zeta', (s, a) => [e.zeta(s!, a!)], (primals, tangents) => {
  const [out, tangent] = jvp(zetaSeries, primals, tangents) as [Array, Array];
  return { outs: [out], tangents: [tangent] };
});

const zetaOf = elementwise('zeta', (x, q) => zetaRule(x, q)[0]!);

/**
 * The Hurwitz zeta function Σ (k + q)⁻ˣ, elementwise. Mirrors `jax.scipy.special.zeta`.
 *
 * @param x an array of real numbers
 * @throws ArgumentError without q
 * @example
 * scipy.special.zeta(2, 1).item() // π²/6
 */
export function zeta(x: ArrayLike, q?: ArrayLike | null): Array {
  if (q === undefined || q === null) throw new ArgumentError('zeta: expected q: without it, Riemann\'s function is meant, which is q = 1');
  return zetaOf(x, q);
}

/** Bernoulli's numbers B(0) … B(n), computed as doubles. Mirrors `jax.scipy.special.bernoulli`. @throws ArgumentError unless n is a non-negative integer @example scipy.special.bernoulli(4).js() // [1, -0.5, 1/6, 0, -1/30] */
export function bernoulli(n: number): Array {
  checkInteger('bernoulli', 'n', n, 0);
  const values = new Float64Array(n + 1);
  values.set([1, -0.5, 1 / 6].slice(0, n + 1));
  let factor = 1 / Math.PI ** 2;
  for (let m = 4; m <= n; m += 2) {
    factor *= (-(m - 1) * m) / 4 / Math.PI ** 2;
    let tail = 0;
    for (let k = 49; k >= 2; k--) tail += k ** -m;
    values[m] = factor * (1 + tail);
  }
  return astype(asArray(values), canonicalDtype('float64'));
}
