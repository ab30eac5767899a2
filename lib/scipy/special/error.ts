import type { Array } from '../../core/array';
import { canonicalDtype } from '../../core/aval';
import { complexDtype } from '../../core/dtype';
import { ArgumentError } from '../../core/errors';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../../lax/arrayLike';
import { eq, fullLike, gt, isNan, le, lt, ge } from '../../numpy/operators';
import * as e from '../../primitives/elementwise';
import { isComplex } from '../../primitives/matrix';
import { full, like } from '../../primitives/structural';
import { type Binary, elementwise, expectFloat, polynomial, type Unary, withSlopes } from '../elementwise';

/** The error function, elementwise. Mirrors `jax.scipy.special.erf`. @throws DtypeError for complex numbers @example scipy.special.erf([0, 1]).js() // [0, 0.8427…] */
export const erf: Unary = elementwise('erf', e.erf);

/** 1 − erf(x), elementwise. Mirrors `jax.scipy.special.erfc`. @throws DtypeError for complex numbers @example scipy.special.erfc([0, 1]).js() // [1, 0.1572…] */
export const erfc: Unary = elementwise('erfc', e.erfc);

/** The inverse of the error function, elementwise. Mirrors `jax.scipy.special.erfinv`. @throws DtypeError for complex numbers @example scipy.special.erfinv([0, 0.5]).js() // [0, 0.4769…] */
export const erfinv: Unary = elementwise('erfinv', e.erfInv);

const float32First = (x: Array, f: (x: Array) => Array): Array => (x.dtype === 'float32' || x.dtype === 'float64' ? f(x) : astype(f(astype(x, 'float32')), x.dtype));
/** i z. */
const timesI = (z: Array) => e.complex(e.neg(e.imag(z)), e.real(z));

// Weideman's rational series of the Faddeeva function with 32 terms.
const WEIDEMAN_L = 4.756828460010884;
const WEIDEMAN = [
  -1.3034426067909105e-12, 3.741183837373847e-12, 8.030427700497756e-12, -2.154359355749088e-11, -5.544244996323793e-11, 1.165824698850374e-10, 4.1537441121999766e-10, -5.231020211492061e-10,
  -3.2080151339721323e-09, 8.124886421653591e-10, 2.3797556530014025e-08, 2.2930438438915445e-08, -1.4813078929137642e-07, -4.1840763750512053e-07, 4.2558331397138446e-07, 4.401531731283225e-06,
  6.821031944357515e-06, -2.1409619201999998e-05, -0.0001307544925457942, -0.00024532980270038237, 0.00039259136070109705, 0.004519541105349309, 0.0190061557848455, 0.05730440352983728,
  0.14060716226893755, 0.2954445107150874, 0.5460139720639338, 0.9019254893648001, 1.345544169234545, 1.8256696296324815, 2.2635372999002676, 2.5722534081245696,
];

function faddeevaAbove(z: Array): Array {
  const iz = timesI(z);
  const d = e.sub(like(z, WEIDEMAN_L), iz);
  const p = polynomial(WEIDEMAN, e.div(e.add(like(z, WEIDEMAN_L), iz), d));
  return e.add(e.div(e.mul(like(z, 2), p), e.mul(d, d)), e.div(like(z, 1 / Math.sqrt(Math.PI)), d));
}

const faddeeva = withSlopes('wofz', (z) => {
  const above = ge(e.imag(z!), 0);
  const w = faddeevaAbove(e.where(above, z!, e.neg(z!)));
  return e.where(above, w, e.sub(e.mul(like(z!, 2), e.exp(e.neg(e.mul(z!, z!)))), w));
}, [(t, out, z) => e.mul(t, e.add(e.neg(e.mul(e.mul(like(z!, 2), z!), out)), like(z!, { re: 0, im: 2 / Math.sqrt(Math.PI) })))]);

const toComplex = (x: Array) => (isComplex(x) ? x : astype(x, complexDtype(x.dtype), x.weakType));

/** The Faddeeva function exp(−z²) erfc(−iz), elementwise. Mirrors `jax.scipy.special.wofz`. @example scipy.special.wofz(1).js() // { re: 0.3678…, im: 0.6071… } */
export const wofz: Unary = elementwise('wofz', (x) => faddeeva(toComplex(x)), { complex: true });

// The asymptotic series of erfcx, in powers of 1/x².
const ERFCX_TAIL = [7918.06640625, -1055.7421875, 162.421875, -29.53125, 6.5625, -1.875, 0.75, -0.5, 1];

const realErfcx = withSlopes('erfcx', (x) => float32First(x!, (v) => {
  const double = v.dtype === 'float64';
  const large = gt(v, Math.sqrt(Math.log(double ? Number.MAX_VALUE : 3.4028234663852886e38)));
  const safe = e.where(large, fullLike(v, 1), v);
  const tail = e.div(polynomial(ERFCX_TAIL.slice(double ? 0 : 4), e.div(like(v, 1), e.square(v))), e.mul(v, like(v, Math.sqrt(Math.PI))));
  return e.where(large, tail, e.mul(e.exp(e.square(safe)), e.erfc(safe)));
}), [(t, out, x) => e.mul(t, e.sub(e.mul(e.mul(like(x!, 2), x!), out), like(x!, 2 / Math.sqrt(Math.PI))))]);

/** exp(x²) erfc(x), without overflow for large x, elementwise; real or complex. Mirrors `jax.scipy.special.erfcx`. @example scipy.special.erfcx([0, 10]).js() // [1, 0.0561…] */
export const erfcx: Unary = elementwise('erfcx', (x) => (isComplex(x) ? faddeeva(timesI(x)) : realErfcx(x)), { complex: true });

// Cephes' rational approximations of Dawson's integral, on [0, 3.25), [3.25, 6.25) and beyond.
const DAWSON = {
  an: [1.1368149897175597e-11, 8.492622676674738e-10, 1.9443420417555306e-08, 9.531517412544844e-07, 3.078283098749132e-06, 0.00035251336852028877, -0.0008501498467244109, 0.04226182230055466, -0.09174803717734524, 1],
  ad: [2.403720730667626e-11, 1.488646813684934e-09, 5.212652810105416e-08, 1.2725847827318697e-06, 2.324902498207895e-05, 0.00032552474182605793, 0.003488058146571626, 0.027944853119882897, 0.15887424196012057, 0.5749186294893204, 1],
  bn: [0.5089551564179009, -0.24475441814269785, 0.09415123353035344, -0.021871125514203903, 0.003662076123295692, -0.0004232091144603888, 3.5964130479389666e-05, -2.1464035171996896e-06, 9.100107800763914e-08, -2.4027452082825098e-09, 3.592333854409284e-11],
  bd: [1, -0.6318398698733682, 0.2367067882282487, -0.053180636700322324, 0.008480417185862954, -0.0009479967684866654, 7.810255929445524e-05, -4.558751532524426e-06, 1.8910035811142186e-07, -4.913246913319206e-09, 7.184664032357345e-11],
  cn: [-0.5905928605347732, 0.6292352427243688, -0.17285897538038814, 0.016483704782518965, -0.0004868276130204627],
  cd: [1, -2.698200571975449, 1.7327079904594784, -0.3937085822819395, 0.03442789240412334, -0.0009736552260409412],
};

const dawson = withSlopes('dawsn', (x) => float32First(x!, (v) => {
  const size = e.abs(v);
  const [near, far] = [lt(size, 3.25), ge(size, 6.25)];
  const a = e.where(near, size, fullLike(size, 1));
  const a2 = e.square(a);
  const inner = e.div(e.mul(a, polynomial(DAWSON.an, a2)), polynomial(DAWSON.ad, a2));
  const outer = (here: Array, n: number[], d: number[]) => {
    const b = e.where(here, size, fullLike(size, 1));
    const t = e.where(here, e.div(like(v, 1), e.square(b)), fullLike(size, 1));
    return e.mul(e.div(like(v, 0.5), b), e.add(like(v, 1), e.div(e.mul(t, polynomial(n, t)), polynomial(d, t))));
  };
  const middle = e.and(e.not(near), e.not(far));
  return e.mul(e.sign(v), e.where(near, inner, e.where(far, outer(far, DAWSON.cn, DAWSON.cd), outer(middle, DAWSON.bn, DAWSON.bd))));
}), [(t, out, x) => e.mul(t, e.sub(like(x!, 1), e.mul(e.mul(like(x!, 2), x!), out)))]);

/** Dawson's integral exp(−x²) ∫₀ˣ exp(t²) dt, elementwise. Mirrors `jax.scipy.special.dawsn`. @throws DtypeError for complex numbers @example scipy.special.dawsn(1).item() // 0.5380… */
export const dawsn: Unary = elementwise('dawsn', dawson);

/** Φ(x) of float32 or float64. */
export function ndtrOf(given: Array): Array {
  const x = astype(given, given.dtype);
  const w = e.mul(x, like(x, Math.SQRT1_2));
  const z = e.abs(w);
  const tail = e.erfc(z);
  const y = e.where(lt(z, Math.SQRT1_2), e.add(like(x, 1), e.erf(w)), e.where(gt(w, 0), e.sub(like(x, 2), tail), tail));
  return e.mul(like(x, 0.5), y);
}

const ndtrProgram = composite('ndtr', ([x]) => [ndtrOf(x!)]);

function floatOf(op: string, x: ArrayLike): Array {
  const a = asArray(x, op);
  expectFloat(op, a);
  return a;
}

/** The distribution function Φ of the normal distribution, elementwise. Mirrors `jax.scipy.special.ndtr`. @throws DtypeError for others than float32 and float64 @example scipy.special.ndtr([0, 1.96]).js() // [0.5, 0.975…] */
export function ndtr(x: ArrayLike): Array {
  return ndtrProgram([floatOf('ndtr', x)], {})[0]!;
}

// Cephes' rational approximations of the normal quantile: in the middle, in the tails, far in the tails.
const QUANTILE = {
  p0: [-59.96335010141079, 98.00107541859997, -56.67628574690703, 13.931260938727968, -1.2391658386738125],
  q0: [1, 1.9544885833814176, 4.676279128988815, 86.36024213908905, -225.46268785411937, 200.26021238006066, -82.03722561683334, 15.90562251262117, -1.1833162112133],
  p1: [4.0554489230596245, 31.525109459989388, 57.16281922464213, 44.08050738932008, 14.684956192885803, 2.1866330685079025, -0.1402560791713545, -0.03504246268278482, -0.0008574567851546854],
  q1: [1, 15.779988325646675, 45.39076351288792, 41.3172038254672, 15.04253856929075, 2.504649462083094, -0.14218292285478779, -0.03808064076915783, -0.0009332594808954574],
  p2: [3.2377489177694603, 6.915228890689842, 3.9388102529247444, 1.3330346081580755, 0.20148538954917908, 0.012371663481782003, 0.00030158155350823543, 2.6580697468673755e-06, 6.239745391849833e-09],
  q2: [1, 6.02427039364742, 3.6798356385616087, 1.3770209948908132, 0.21623699359449663, 0.013420400608854318, 0.00032801446468212774, 2.8924786474538068e-06, 6.790194080099813e-09],
};

/** The inverse of Φ, of float32 or float64. */
export function ndtriOf(given: Array): Array {
  const p = astype(given, given.dtype);
  const { p0, q0, p1, q1, p2, q2 } = QUANTILE;
  const upper = gt(p, like(p, -Math.expm1(-2)));
  const folded = e.where(upper, e.sub(like(p, 1), p), p);
  const q = e.where(eq(folded, 0), fullLike(folded, 0.5), folded);
  const w = e.sub(q, like(q, 0.5));
  const w2 = e.square(w);
  const middle = e.mul(e.add(w, e.mul(e.mul(w, w2), e.div(polynomial(p0, w2), polynomial(q0, w2)))), like(w, -Math.sqrt(2 * Math.PI)));
  const z = e.sqrt(e.mul(like(q, -2), e.log(q)));
  const first = e.sub(z, e.div(e.log(z), z));
  const inv = e.div(like(z, 1), z);
  const rational = (n: number[], d: number[]) => e.sub(first, e.div(e.div(polynomial(n, inv), polynomial(d, inv)), z));
  const tail = e.where(ge(z, 8), rational(p2, q2), rational(p1, q1));
  const x = e.where(gt(q, like(q, Math.exp(-2))), middle, tail);
  const signed = e.where(upper, x, e.neg(x));
  const infinity = full(p.shape, Number.POSITIVE_INFINITY, p.dtype);
  return e.where(eq(p, 0), e.neg(infinity), e.where(eq(p, 1), infinity, signed));
}

const ndtriProgram = composite('ndtri', ([p]) => [ndtriOf(p!)]);

/** The inverse of {@link ndtr}, elementwise. Mirrors `jax.scipy.special.ndtri`. @throws DtypeError for others than float32 and float64 @example scipy.special.ndtri([0.5, 0.975]).js() // [0, 1.9599…] */
export function ndtri(p: ArrayLike): Array {
  return ndtriProgram([floatOf('ndtri', p)], {})[0]!;
}

/** log Φ(x) for x far below 0, by the asymptotic series. */
function logTail(x: Array, order: number): Array {
  const x2 = e.square(x);
  const scale = e.sub(e.sub(e.mul(like(x, -0.5), x2), e.log(e.neg(x))), like(x, 0.5 * Math.log(2 * Math.PI)));
  let [even, odd] = [fullLike(x, 0), fullLike(x, 0)];
  let term = fullLike(x, 1);
  for (let n = 1; n <= order; n++) {
    term = e.div(e.mul(term, like(x, 2 * n - 1)), x2);
    if (n % 2 === 1) odd = e.add(odd, term);
    else even = e.add(even, term);
  }
  return order === 0 ? scale : e.add(scale, e.log(e.sub(e.add(like(x, 1), even), odd)));
}

function makeLogNdtr(order: number): (x: Array) => Array {
  const rule = withSlopes('log_ndtr', (x) => {
    const [low, high] = x!.dtype === 'float64' ? [-20, 8] : [-10, 5];
    const above = gt(x!, like(x!, high));
    const p = ndtrOf(e.where(above, e.neg(x!), e.max(x!, like(x!, low))));
    return e.where(above, e.neg(p), e.where(gt(x!, like(x!, low)), e.log(p), logTail(e.min(x!, like(x!, low)), order)));
  }, [(t, out, x) => {
    const density = e.sub(e.mul(like(x!, -0.5), e.square(x!)), like(x!, 0.5 * Math.log(2 * Math.PI)));
    return e.mul(t, e.exp(e.sub(density, out)));
  }]);
  return (x) => rule(x);
}
const logNdtrs = new Map<number, (x: Array) => Array>();

/** log Φ of float32 or float64, with a derivative that holds in the tails. */
export function logNdtrOf(x: Array, order = 3): Array {
  let f = logNdtrs.get(order);
  if (f === undefined) logNdtrs.set(order, (f = makeLogNdtr(order)));
  return f(x);
}

const logNdtrProgram = composite<{ order: number }>('log_ndtr', ([x], { order }) => [logNdtrOf(x!, order)]);

/** log Φ(x), exact far in the tails, elementwise. Mirrors `jax.scipy.special.log_ndtr`. @throws DtypeError for others than float32 and float64; ArgumentError unless seriesOrder is an integer from 0 to 30 @example scipy.special.logNdtr([-30, 0.5]).js() // [-454.3…, -0.3689…] */
export function logNdtr(x: ArrayLike, options: { seriesOrder?: number } = {}): Array {
  options = checkOptions('logNdtr', ['seriesOrder'], options);
  const order = options.seriesOrder ?? 3;
  if (!Number.isInteger(order) || order < 0 || order > 30) throw new ArgumentError(`logNdtr: expected seriesOrder to be an integer from 0 to 30, got ${String(order)}`);
  return logNdtrProgram([floatOf('logNdtr', x)], { order })[0]!;
}

// Thirteen-point quadrature of Patefield and Tandy for Owen's integral.
const OWENS_AT = [
  0.0035082039676451716, 0.031279042338030756, 0.08526682628321945, 0.16245071730812277, 0.25851196049125436, 0.3680755384069753, 0.485010929056047, 0.6027751415261857, 0.7147788421775323,
  0.814755109887601, 0.8971102975594897, 0.9572380808594426, 0.991788329746297,
];
const OWENS_WEIGHTS = [
  0.018831438115323503, 0.01856708624397765, 0.018042093461223385, 0.017263829606398752, 0.016243219975989858, 0.014994592034116705, 0.013535474469662087, 0.011886351605820165, 0.010070377242777432,
  0.008113054574229958, 0.006041900952847024, 0.0038862217010742057, 0.001679303108454609,
];

function owensQuadrature(h: Array, a: Array): Array {
  const [a2, h2] = [e.square(a), e.mul(like(h, -0.5), e.square(h))];
  let total = like(a, 0);
  OWENS_AT.forEach((at, i) => {
    const r = e.add(e.mul(a2, like(a, at)), like(a, 1));
    total = e.add(total, e.mul(like(a, OWENS_WEIGHTS[i]!), e.div(e.exp(e.mul(h2, r)), r)));
  });
  return e.mul(a, total);
}

const owens = withSlopes('owens_t', (h0, a0) => {
  const [h, a] = [e.abs(h0!), e.abs(a0!)];
  const inside = le(a, 1);
  const k = (v: number) => like(h, v);
  const am = e.where(inside, a, e.div(k(1), a));
  const hm = e.where(inside, h, e.mul(a, h));
  const s = e.div(hm, k(Math.SQRT2));
  let out = owensQuadrature(hm, am);
  out = e.where(eq(hm, 0), e.div(e.atan(am), k(2 * Math.PI)), out);
  out = e.where(eq(am, 1), e.mul(e.mul(k(0.125), e.erfc(e.neg(s))), e.erfc(s)), out);
  const hn = e.div(h, k(Math.SQRT2));
  const ah = e.mul(a, hn);
  const [nh, nah] = [e.erfc(hn), e.erfc(ah)];
  const close = e.sub(e.sub(k(0.25), e.mul(e.mul(k(0.25), e.erf(hn)), e.erf(ah))), out);
  const away = e.sub(e.mul(k(0.25), e.sub(e.add(nh, nah), e.mul(nh, nah))), out);
  out = e.where(inside, out, e.where(le(e.mul(a, h), like(h, 0.67)), close, away));
  out = e.mul(e.sign(a0!), out);
  return e.where(e.or(isNan(a0!), isNan(h0!)), fullLike(out, Number.NaN), out);
}, [
  (t, _, h, a) => e.mul(t, e.div(e.mul(e.neg(e.exp(e.mul(like(h!, -0.5), e.square(h!)))), e.erf(e.div(e.mul(a!, h!), like(h!, Math.SQRT2)))), like(h!, 2 * Math.sqrt(2 * Math.PI)))),
  (t, _, h, a) => {
    const s = e.add(e.square(a!), like(a!, 1));
    return e.mul(t, e.div(e.exp(e.mul(e.mul(like(h!, -0.5), s), e.square(h!))), e.mul(like(a!, 2 * Math.PI), s)));
  },
]);

/**
 * Owen's T function: the probability of X > h and 0 < Y < aX for independent normal X and Y, elementwise. Mirrors `jax.scipy.special.owens_t`, of which the result is of the default floating point type, too.
 *
 * @param x an array of real numbers
 * @param y an array that broadcasts against x
 * @throws DtypeError for complex numbers
 * @example
 * scipy.special.owensT(0, 1).item() // 0.125
 */
export const owensT: Binary = elementwise('owens_t', (h, a) => {
  const type = canonicalDtype('float64');
  return owens(astype(h, type), astype(a, type));
});
