import type { Array } from '../../core/array';
import { type ArrayLike, asArray, astype } from '../../lax/arrayLike';
import { composite } from '../../interpreters/jit';
import { withJvp } from '../../lax/customJvp';
import { promoteArgsInexact } from '../../numpy/broadcast';
import { sinc } from '../../numpy/special';
import { eq, fullLike, ge, gt, le, lt } from '../../numpy/operators';
import * as e from '../../primitives/elementwise';
import { like } from '../../primitives/structural';
import { type Binary, elementwise, expectFloat, expectReal, iterate, machineEpsilon, polynomial, type Unary, withSlopes } from '../elementwise';

const EULER_GAMMA = 0.5772156649015329;

type Rational = readonly [numerator: readonly number[], denominator: readonly number[]];
const rational = ([n, d]: Rational, x: Array) => e.div(polynomial(n, x), polynomial(d, x));

// ---- exponential integrals ----

// Cephes' approximations of Ei: on (0, 2] in x, then on (2, 4], (4, 8], … (32, 64] and beyond in 1 / x.
const EI_NEAR: Rational = [
  [-5.350447357812543, 218.50491688166133, -4176.572384826693, 55411.76756393557, -331338.13311781443, 1592627.1633849454],
  [1, -52.505479591128626, 1259.6161867867906, -17565.495819735348, 149306.2117002726, -729494.9239640528, 1592627.1633849454],
];
const EI_FAR: readonly Rational[] = [
  [[0.019818085032596897, -1.2716456259849176, -2.0881603356812284, 2.7555445091879367, -0.44095070487016, 0.046656238059358916, -0.0015450426796734852, 7.059980605299618e-05], [1, 1.4764986709149215, 0.5629177174822436, 0.16990178978793072, 0.02291647179034212, 0.0044501504397287525, 0.00017274396122065214, 3.953167195549672e-05]],
  [[-1.3732153758712087, -0.7084559133740839, 1.580806855547941, -0.2601500427425623, 0.029946746941137137, -0.001038086040188744, 4.371064420753005e-05, 2.141783679522603e-06], [1, 0.8585231423622028, 0.4483285822873995, 0.07687932158124476, 0.024498682410218877, 0.0008832165941927797, 0.00045909522995113536, -4.729848351866523e-06, 2.66519553739071e-06]],
  [[-2.1069346016919166, 1.7327338696646881, -0.2423619178935842, 0.02322724180937566, 0.00023728804404931798, -8.343219561192553e-05, 1.3634087956052505e-05, -3.655412321999254e-07, 1.4649417339759612e-08, 6.17640786371036e-10], [1, -0.2298062239901678, 0.11050770414740378, -0.015665429666307924, 0.002761106850817353, -0.00020891480122840484, 1.7085289388076754e-05, -4.4593117963566865e-07, 1.3946349303538475e-08, 6.150865933977338e-10]],
  [[-0.24581193676740204, -0.14833822533220778, 0.07248291795735552, -0.013483156873809405, 0.001342775069788637, -7.942465637159712e-05, 2.644179518984236e-06, -4.239473659313765e-08], [1, -0.10442259084438711, -0.26764531281014026, 0.09695000254621984, -0.01601745692712991, 0.001496414899205908, -8.462452563778485e-05, 2.7289384034767266e-06, -4.239462431819542e-08]],
  [[0.12125611181054567, -0.5823133179043894, 0.2348887314557017, -0.030400343181132484, 0.0015100821468651906, -2.5231370954995714e-05], [1, -1.002252150365854, 0.2928709694872224, -0.03337004338674008, 0.0015605448811273888, -2.5231370936032347e-05]],
  [[-0.7657847078286127, 0.6886192415566705, -0.2132598113545206, 0.033461075523841935, -0.003076541477344756, 0.00017471193164549074, -6.1037116822741705e-06, 1.218032765428652e-07, -1.0860761027932903e-09], [1, -1.8888028686623086, 1.066691687211409, -0.27519159823063805, 0.039308526882338234, -0.003414684558602365, 0.00018668443707035555, -6.345146083130515e-06, 1.239754287483207e-07, -1.0860761027931265e-09]],
];

/** Ei for x > 0. */
function expiPositive(x: Array): Array {
  const w = e.div(like(x, 1), x);
  const scale = e.mul(e.exp(x), w);
  const far = EI_FAR.map((r) => e.mul(scale, e.add(e.mul(w, rational(r, w)), like(x, 1))));
  let out = far[far.length - 1]!;
  for (let i = far.length - 2; i >= 0; i--) out = e.where(e.and(gt(x, 0), le(x, 2 ** (i + 2))), far[i]!, out);
  return e.where(e.and(gt(x, 0), le(x, 2)), e.add(e.add(e.mul(x, rational(EI_NEAR, x)), like(x, EULER_GAMMA)), e.log(x)), out);
}

/** Eₙ(x) for 0 < x ≤ 1, by its power series. */
function expnSeries(n: Array, x: Array): Array {
  const one = like(x, 1);
  const logTerm = e.sub(like(x, -EULER_GAMMA), e.log(x));
  const [, psi] = iterate([fullLike(x, 1), logTerm], ([i]) => lt(i!, n), ([i, p]) => [e.add(i!, one), e.add(p!, e.div(one, i!))]);
  const first = eq(n, 1);
  const start = e.where(first, fullLike(x, 0), e.div(one, e.sub(one, e.where(first, fullLike(n, 2), n))));
  const eps = machineEpsilon(x.dtype);
  const z = e.neg(x);
  const out = iterate([fullLike(x, 0), fullLike(x, 1), e.sub(one, n), start, fullLike(x, Number.POSITIVE_INFINITY)], ([, , , , t]) => gt(t!, eps), ([k, y, p, total]) => {
    const k1 = e.add(k!, one);
    const y1 = e.mul(y!, e.div(z, k1));
    const p1 = e.add(p!, one);
    const sum = e.add(total!, e.where(e.ne(p1, like(p1, 0)), e.div(y1, p1), fullLike(p1, 0)));
    return [k1, y1, p1, sum, e.where(e.ne(sum, like(sum, 0)), e.abs(e.div(y1, sum)), fullLike(sum, 1))];
  });
  return e.sub(e.div(e.mul(e.pow(z, e.sub(n, one)), psi!), e.exp(e.lgamma(n))), out[3]!);
}

const BIG = 2 ** 57;

/** Eₙ(x) for x > 1, by its continued fraction. */
function expnFraction(n: Array, x: Array): Array {
  const one = like(x, 1);
  const k = (v: number) => fullLike(x, v);
  const eps = machineEpsilon(x.dtype);
  const sum = e.add(x, n);
  const out = iterate([k(1), k(1), x, k(1), sum, e.div(one, sum), k(Number.POSITIVE_INFINITY), k(0)], (s) => gt(s[6]!, eps), ([j0, p2, q2, p1, q1, ans, , r0]) => {
    const j = e.add(j0!, one);
    const odd = eq(e.rem(j, like(j, 2)), 1);
    const y = e.where(odd, k(1), x);
    const f = e.where(odd, e.add(n, e.div(e.sub(j, one), like(j, 2))), e.div(j, like(j, 2)));
    const pk = e.add(e.mul(p1!, y), e.mul(p2!, f));
    const qk = e.add(e.mul(q1!, y), e.mul(q2!, f));
    const nonzero = e.ne(qk, like(qk, 0));
    const r = e.where(nonzero, e.div(pk, qk), r0!);
    const change = e.where(nonzero, e.abs(e.div(e.sub(ans!, r), r)), k(1));
    const big = gt(e.abs(pk), BIG);
    const scaled = (v: Array) => e.where(big, e.div(v, like(v, BIG)), v);
    return [j, scaled(p1!), scaled(q1!), scaled(pk), scaled(qk), e.where(nonzero, r, ans!), change, r];
  });
  return e.mul(out[5]!, e.exp(e.neg(x)));
}

/** Eₙ(x) for large n. */
function expnLarge(n: Array, x: Array): Array {
  const one = like(x, 1);
  const s = e.add(x, n);
  const y = e.div(one, e.mul(s, s));
  let out = e.mul(e.mul(y, n), e.add(e.sub(e.mul(e.mul(like(x, 6), x), x), e.mul(e.mul(like(x, 8), n), x)), e.mul(n, n)));
  out = e.mul(y, e.add(out, e.mul(n, e.sub(n, e.mul(like(x, 2), x)))));
  out = e.mul(y, e.add(out, n));
  return e.div(e.mul(e.add(out, one), e.exp(e.neg(x))), s);
}

const expnRule = withSlopes('expn', (n, x) => {
  const [order, at] = [n!, x!];
  const zero = eq(at, 0);
  const wrong = e.or(lt(order, 0), lt(at, 0));
  const none = e.and(eq(order, 0), ge(at, 0));
  const plain = e.or(e.or(wrong, zero), e.or(none, ge(order, 5000)));
  const above = gt(at, 1);
  const one = fullLike(at, 1);
  const here = (region: Array, v: Array, other: Array) => e.where(region, v, other);
  const inSeries = e.not(e.or(above, plain));
  const fraction = expnFraction(here(above, order, one), here(above, at, fullLike(at, 2)));
  const series = expnSeries(here(inSeries, order, one), here(inSeries, at, fullLike(at, 0.5)));
  // As JAX: of the cases that hold the last counts, so that above 1 the fraction serves negative orders as well, which derivatives need.
  let out = e.where(wrong, fullLike(at, Number.NaN), series);
  out = e.where(e.and(zero, lt(order, 2)), fullLike(at, Number.POSITIVE_INFINITY), out);
  // The value at 0 is that of JAX, 1/n (SciPy's is 1/(n − 1)).
  const n1 = e.where(eq(order, 1), e.add(order, order), order);
  out = e.where(e.and(zero, ge(order, 2)), e.div(one, n1), out);
  out = e.where(none, e.div(e.exp(e.neg(at)), at), out);
  out = e.where(ge(order, 5000), expnLarge(order, at), out);
  return e.where(above, fraction, out);
}, [null, (t, _, n, x) => e.mul(e.neg(t), expnRule(e.sub(n!, like(n!, 1)), x!))]);

/**
 * The exponential integral Eₙ(x) = ∫₁^∞ exp(−xt) t⁻ⁿ dt, elementwise; it has a derivative by x only. Mirrors `jax.scipy.special.expn`.
 *
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.expn(2, 1).item() // 0.1484…
 */
export const expn: Binary = elementwise('expn', expnRule);

const exp1Of = (x: Array) => expnRule(fullLike(x, 1), x);

/** The exponential integral E₁(x), elementwise. Mirrors `jax.scipy.special.exp1`. @throws DtypeError for complex numbers @example scipy.special.exp1(1).item() // 0.2193… */
export const exp1: Unary = elementwise('exp1', exp1Of);

const expiRule = withSlopes('expi', (x) => {
  const negative = lt(x!, 0);
  const minus = e.neg(exp1Of(e.where(negative, e.neg(x!), fullLike(x!, 1))));
  return e.where(negative, minus, expiPositive(x!));
}, [(t, _, x) => e.mul(e.div(e.exp(x!), x!), t)]);

/** The exponential integral Ei(x), elementwise. Mirrors `jax.scipy.special.expi`. @throws DtypeError for complex numbers @example scipy.special.expi(1).item() // 1.8951… */
export const expi: Unary = elementwise('expi', expiRule);

// ---- sine and cosine integrals ----

// Cephes' approximations: Si and Ci near 0, and the auxiliary functions f and g on (4, 8) and beyond.
const SI: Rational = [[-8.391678279103039e-11, 4.625917144270128e-08, -9.757593038436328e-06, 0.0009769454381704354, -0.04134703162294066, 1], [2.0326926619595193e-12, 1.279978911799433e-09, 4.418278428012189e-07, 9.964121220438756e-05, 0.01420852393261499, 1]];
const CI: Rational = [[2.0252400238910228e-11, -1.3524950491579076e-08, 3.593250514199931e-06, -0.0004740072068734079, 0.028915965260755523, -1], [4.077460400618806e-12, 3.067809975818878e-09, 1.2321035568588342e-06, 0.00031744202477503275, 0.051002805623644606, 4]];
const F4: Rational = [[4.236128628922166, 5.4593771716181285, 1.6208328770153833, 0.16700661183132304, 0.006810201324725182, 0.00010893658065032867, 5.489002234213736e-07], [1, 8.16496634205391, 7.308288225055645, 1.867922579501842, 0.1787920529631499, 0.007017106683227897, 0.00011003435715391573, 5.489002527562557e-07]];
const G4: Rational = [[0.08710016989731142, 0.6113791099522193, 0.3971802963923375, 0.07485277376284691, 0.005388686814621773, 0.00016199979459893403, 1.9796387414096365e-06, 7.825790407440903e-09], [1, 1.6440220241335535, 0.666296701268988, 0.09887717612776888, 0.006223963454417684, 0.0001732210814741771, 2.0265918208634397e-06, 7.825792189335346e-09]];
const F8: Rational = [[0.4558808734704653, 0.7137152741001467, 0.16030015822231947, 0.01160642294081244, 0.00034955644244785906, 4.8621543082645475e-06, 3.200927900910049e-08, 9.41779576128513e-11, 9.70507110881952e-14], [1, 0.9174636118736841, 0.17868554533207454, 0.012225359477197129, 0.00035869648188185157, 4.924350643178815e-06, 3.21956939101046e-08, 9.437205903502767e-11, 9.70507110881952e-14]];
const G8: Rational = [[0.6973599534432762, 0.33041097930563207, 0.03848787676499743, 0.001717182390523479, 3.4894116550227946e-05, 3.471311670841167e-07, 1.7040445278204452e-09, 3.859459254302766e-12, 3.1404009894636335e-15], [1, 1.6854889881101165, 0.48785225869530496, 0.04679131942596258, 0.0019028442667439953, 3.684755044425611e-05, 3.5704322344374083e-07, 1.7269374896631615e-09, 3.878301660239547e-12, 3.1404009894636335e-15]];

const siciRule = withJvp('sici', (x) => siciOf(x!), ([x], [t]) => {
  const slope = sinc(e.div(x!, like(x!, Math.PI)));
  return { outs: siciRule(x!), tangents: [e.mul(slope, t!), e.mul(e.div(e.cos(x!), x!), t!)] };
});

function siciOf(x: Array): [Array, Array] {
  const k = (v: number) => fullLike(x, v);
  const a = e.abs(x);
  const zero = eq(a, 0);
  const t = e.mul(a, a);
  const siNear = e.where(zero, k(0), e.mul(a, rational(SI, t)));
  const ciNear = e.where(zero, k(Number.NEGATIVE_INFINITY), e.add(e.add(like(x, EULER_GAMMA), e.log(a)), e.mul(t, rational(CI, t))));
  const [s, c] = [e.sin(a), e.cos(a)];
  const z = e.div(like(x, 1), t);
  const below8 = lt(a, 8);
  const f = e.div(e.where(below8, rational(F4, z), rational(F8, z)), a);
  const g = e.mul(z, e.where(below8, rational(G4, z), rational(G8, z)));
  const half = like(x, Math.PI / 2);
  const siFar = e.sub(e.sub(half, e.mul(f, c)), e.mul(g, s));
  const ciFar = e.sub(e.mul(f, s), e.mul(g, c));
  const infinite = eq(a, Number.POSITIVE_INFINITY);
  const siEnd = e.where(infinite, k(Math.PI / 2), e.sub(half, e.div(c, a)));
  const ciEnd = e.where(infinite, k(0), e.div(s, a));
  const [near, far] = [le(a, 4), e.and(gt(a, 4), le(a, 1e9))];
  const si = e.mul(e.sign(x), e.where(near, siNear, e.where(far, siFar, siEnd)));
  const ci = e.where(near, ciNear, e.where(far, ciFar, ciEnd));
  return [si, e.where(eq(x, Number.NEGATIVE_INFINITY), k(Number.NaN), ci)];
}

const siciProgram = composite('sici', ([x]) => {
  const [a] = promoteArgsInexact('sici', x!) as [Array];
  expectReal('sici', a);
  return siciRule(a);
});

/** The sine and cosine integrals Si(x) and Ci(x), elementwise. Mirrors `jax.scipy.special.sici`. @throws DtypeError for complex numbers @example scipy.special.sici(1).map((v) => v.item()) // [0.9460…, 0.3374…] */
export function sici(x: ArrayLike): [Array, Array] {
  return siciProgram([asArray(x, 'sici')], {}) as [Array, Array];
}

// ---- the dilogarithm ----

const SPENCE: Rational = [[4.6512858607399003e-05, 0.007315890452380947, 0.13384763957830903, 0.8796913117545303, 2.7114985119655346, 4.256971560081218, 3.297713409852251, 1], [0.0006909904889125533, 0.02540437639325444, 0.2829748606025681, 1.4117259775183106, 3.6380053334513707, 5.03278880143317, 3.547713409852251, 1]];

function spenceOf(z: Array): Array {
  const whole = astype(z, z.dtype);
  const k = (v: number) => fullLike(whole, v);
  // Points with a value of their own do not go through the formula: what it gives there is no number, and neither would its cotangent be.
  const [zero, unit, negative] = [eq(whole, 0), eq(whole, 1), lt(whole, 0)];
  const given = e.where(e.or(e.or(zero, unit), negative), k(0.5), whole);
  const one = like(given, 1);
  const above2 = gt(given, 2);
  const x = e.where(above2, e.div(one, given), given);
  const [above, below] = [gt(x, 1.5), lt(x, 0.5)];
  const w = e.where(above, e.sub(e.div(one, x), one), e.where(below, e.neg(x), e.sub(x, one)));
  let y = e.mul(e.neg(w), rational(SPENCE, w));
  const l = e.log(x);
  y = e.where(below, e.sub(e.sub(like(x, Math.PI ** 2 / 6), e.mul(l, e.log(e.sub(one, x)))), y), y);
  y = e.where(e.or(above2, above), e.sub(e.mul(like(x, -0.5), e.square(l)), y), y);
  return e.where(zero, k(Math.PI ** 2 / 6), e.where(unit, k(0), e.where(negative, k(Number.NaN), y)));
}

const spenceProgram = composite('spence', ([x]) => [spenceOf(x!)]);

/** Spence's function −∫₁ˣ log t / (t − 1) dt, elementwise. Mirrors `jax.scipy.special.spence`. @throws DtypeError for others than float32 and float64 @example scipy.special.spence([0, 1]).js() // [π²/6, 0] */
export function spence(x: ArrayLike): Array {
  const a = asArray(x, 'spence');
  expectFloat('spence', a);
  return spenceProgram([a], {})[0]!;
}

// ---- Fresnel's integrals ----

// Cephes' approximations, in single and in double precision: S and C near 0, then the auxiliary functions f and g.
const FRESNEL32: Record<'s' | 'c' | 'f' | 'g', Rational> = {
  s: [[1.6476294637887e-09, -1.522754752581096e-07, 8.4247488085024e-06, -0.0003120693124703272, 0.007244727626597022, -0.09228055941124598, 0.5235987735681432], [1]],
  c: [[1.416802502367354e-08, -1.157231412229871e-06, 5.387223446683264e-05, -0.001604381798862293, 0.02818489036795073, -0.2467398198317899, 0.9999999760004487], [1]],
  f: [[-1903009855649.792, 135594238805.0252, -4158143148.511033, 73438484.63587323, -873235.6681548485, 8560.51546627547, -103.2877601091159, 2.999401847870011], [1]],
  g: [[-186084399762.465, 12783506733.93208, -377938771.3202229, 6492611.570598858, -77877.89623358162, 860.2931494734327, -14.93439396592284, 0.9999841934744914], [1]],
};
const FRESNEL64: Record<'s' | 'c' | 'f' | 'g', Rational> = {
  s: [[-2991.8191940101983, 708840.0452577386, -62974148.62058625, 2548908805.7337637, -44297951805.96978, 318016297876.5678], [1, 281.3762688899943, 45584.78108065326, 5173438.887700964, 419320245.8981112, 22441179564.534092, 607366389490.0846]],
  c: [[-4.9884311457357354e-08, 9.504280628298596e-06, -0.0006451914356839651, 0.018884331939670384, -0.20552590095501388, 1], [3.99982968972496e-12, 9.154392157746574e-10, 1.2500186247959882e-07, 1.2226278902417902e-05, 0.0008680295429417843, 0.04121420907221998, 1]],
  f: [[0.4215435550436775, 0.1434079197807589, 0.011522095507358577, 0.000345017939782574, 4.6361374928786735e-06, 3.055689837902576e-08, 1.0230451416490724e-10, 1.7201074326816183e-13, 1.3428327623306275e-16, 3.763297112699879e-20], [1, 0.7515863983533789, 0.11688892585919138, 0.0064405152650885865, 0.00015593440916415301, 1.8462756734893055e-06, 1.1269922476399903e-08, 3.6014002958937136e-11, 5.887545336215784e-14, 4.5200143407412973e-17, 1.2544323709001127e-20]],
  g: [[0.5044420736433832, 0.1971028335255234, 0.018764858409257526, 0.0006840793809153931, 1.1513882611188428e-05, 9.828524436884223e-08, 4.4534441586175015e-10, 1.0826804113902088e-12, 1.375554606332618e-15, 8.363544356306774e-19, 1.8695871016278324e-22], [1, 1.4749575992512833, 0.33774898912002, 0.02536037414203388, 0.0008146791071843061, 1.2754507566772912e-05, 1.0431458965757199e-07, 4.6068072814652043e-10, 1.1027321506624028e-12, 1.3879653125957886e-15, 8.391588162831187e-19, 1.8695871016278324e-22]],
};

/** sin and cos of πx²/2, exact for large x. */
function halfTurns(x0: Array): [Array, Array] {
  const x = e.abs(x0);
  const two = like(x, 2);
  const s = e.rem(x, two);
  const r = e.rem(e.mul(s, e.sub(x, e.div(s, two))), two);
  const turn = (f: (v: Array) => Array, shift: number) => f(e.mul(like(x, Math.PI), e.sub(r, like(x, shift))));
  const sin = e.where(lt(r, 0.5), turn(e.sin, 0), e.where(gt(r, 1.5), turn(e.sin, 2), e.neg(turn(e.sin, 1))));
  const cos = e.where(eq(r, 0.5), fullLike(x, 0), e.where(lt(r, 1), e.neg(turn(e.sin, 0.5)), turn(e.sin, 1.5)));
  return [sin, cos];
}

function fresnelOf(given: Array): [Array, Array] {
  const v = given.dtype === 'float64' ? given : astype(given, 'float32');
  const double = v.dtype === 'float64';
  const table = double ? FRESNEL64 : FRESNEL32;
  const k = (c: number) => fullLike(v, c);
  const half = like(v, 0.5);
  const x = e.abs(v);
  const x2 = e.mul(x, x);
  const t = e.mul(x2, x2);
  const [sNear, cNear] = [e.mul(e.mul(x, x2), rational(table.s, t)), e.mul(x, rational(table.c, t))];
  const [sin, cos] = halfTurns(x);
  const inv = e.div(like(v, 1), e.mul(like(v, Math.PI), x));
  const [sFar, cFar] = double ? [e.sub(half, e.mul(inv, cos)), e.add(half, e.mul(inv, sin))] : [k(0.5), k(0.5)];
  const w = e.div(like(v, 1), e.mul(like(v, Math.PI), x2));
  const u = e.mul(w, w);
  const f = e.sub(like(v, 1), e.mul(u, rational(table.f, u)));
  const g = e.mul(w, rational(table.g, u));
  const sMid = e.sub(half, e.mul(e.add(e.mul(f, cos), e.mul(g, sin)), inv));
  const cMid = e.add(half, e.mul(e.sub(e.mul(f, sin), e.mul(g, cos)), inv));
  const [infinite, near, far] = [eq(x, Number.POSITIVE_INFINITY), lt(x2, 2.5625), gt(x, 36974)];
  return ([[sNear, sFar, sMid], [cNear, cFar, cMid]] as const).map(([a, b, c]) => {
    const out = e.where(infinite, k(0.5), e.where(near, a, e.where(far, b, c)));
    return astype(e.where(lt(v, 0), e.neg(out), out), given.dtype);
  }) as [Array, Array];
}

const fresnelRule = withJvp('fresnel', (x) => fresnelOf(x!), ([x], [t]) => {
  const [sin, cos] = halfTurns(x!);
  return { outs: fresnelRule(x!), tangents: [e.mul(sin, t!), e.mul(cos, t!)] };
});

const fresnelProgram = composite('fresnel', ([x]) => {
  const [a] = promoteArgsInexact('fresnel', x!) as [Array];
  expectReal('fresnel', a);
  return fresnelRule(a);
});

/** Fresnel's integrals S(x) = ∫₀ˣ sin(πt²/2) dt and C(x) = ∫₀ˣ cos(πt²/2) dt, elementwise. Mirrors `jax.scipy.special.fresnel`. @throws DtypeError for complex numbers @example scipy.special.fresnel(1).map((v) => v.item()) // [0.4382…, 0.7798…] */
export function fresnel(x: ArrayLike): [Array, Array] {
  return fresnelProgram([asArray(x, 'fresnel')], {}) as [Array, Array];
}
