import type { Array } from '../core/array';
import type { IrValue, LoweringContext } from '../core/lowering';
import type { ShapedArray } from '../core/aval';
import { hlo } from '../stablehlo';
import { DifferentiationError } from '../interpreters/jvp';
import { abs, add, and, div, eq, exp, ge, gt, lgamma, log, log1p, lt, mul, ne, neg, not, or, sub, where } from './elementwise';
import { emitFunction, repeatWhile } from './matrix';
import { defineNary } from './nary';
import { igammaGradA } from './randomGamma';
import { reduceOr } from './reduction';
import { full, like, range } from './structural';

// The incomplete gamma and beta functions: series and continued fractions, run until no element changes.

const EPSILON: Record<string, number> = { float32: 2 ** -24, float64: 2 ** -53 };
const STEPS = 2000;

/** Runs a step on arrays until its flags are all false; what is done stays as it is. The step number goes first. */
function iterate(active: Array, init: readonly Array[], step: (k: Array, xs: Array[]) => { next: Array[]; going: Array }): Array[] {
  const k0 = full([], 1, init[0]!.dtype);
  const out = repeatWhile(
    ([k, on]) => and(lt(k!, like(k!, STEPS)), reduceOr(on!, range(on!.ndim))),
    ([k, on, ...xs]) => {
      const { next, going } = step(k!, xs);
      return [add(k!, like(k!, 1)), and(on!, going), ...next.map((v, i) => where(on!, v, xs[i]!))];
    },
    [k0, active, ...init],
  );
  return out.slice(2);
}

const k = (x: Array, v: number) => full(x.shape, v, x.dtype);

/** xᵃ e⁻ˣ / Γ(a). */
function density(a: Array, x: Array): Array {
  return exp(sub(sub(mul(a, log(x)), x), lgamma(a)));
}

/** P(a, x) by its power series, good where x is not much larger than a. */
function lowerSeries(active: Array, a: Array, x: Array): Array {
  const eps = EPSILON[a.dtype]!;
  const [sum] = iterate(active, [k(a, 1), k(a, 1)], (n, [total, term]) => {
    const t = mul(term!, div(x, add(a, n)));
    const s = add(total!, t);
    return { next: [s, t], going: gt(t, mul(s, like(s, eps))) };
  });
  return div(mul(sum!, density(a, x)), a);
}

const tiny = (v: Array) => where(lt(abs(v), like(v, 1e-30)), k(v, 1e-30), v);

/** Q(a, x) by its continued fraction, evaluated forwards as Lentz does, good where x is larger than a. */
function upperFraction(active: Array, a: Array, x: Array): Array {
  const eps = EPSILON[a.dtype]!;
  const b0 = add(sub(x, a), like(x, 1));
  const d0 = div(k(a, 1), tiny(b0));
  const [h] = iterate(active, [d0, b0, k(a, 1e30), d0], (n, [total, b1, c1, d1]) => {
    const an = mul(neg(n), sub(n, a));
    const b = add(b1!, like(b1!, 2));
    const d = div(k(a, 1), tiny(add(mul(an, d1!), b)));
    const c = tiny(add(b, div(an, c1!)));
    const factor = mul(d, c);
    return { next: [mul(total!, factor), b, c, d], going: gt(abs(sub(factor, like(factor, 1))), like(factor, eps)) };
  });
  return mul(h!, density(a, x));
}

/** P(a, x), or Q(a, x) = 1 − P(a, x), whichever of the two is computed directly. */
function regularized(upper: boolean): (xs: Array[]) => Array[] {
  return ([a, x]) => {
    const nan = or(ne(a!, a!), ne(x!, x!));
    const zero = eq(x!, like(x!, 0));
    const degenerate = eq(a!, like(a!, 0));
    const small = lt(x!, like(x!, 1));
    // All the mass is at 0 where a is 0; JAX's series for P divides by a there.
    const undefinedAt0 = and(degenerate, upper ? zero : small);
    const invalid = or(or(or(lt(x!, like(x!, 0)), lt(a!, like(a!, 0))), undefinedAt0), nan);
    const infinite = or(degenerate, eq(x!, like(x!, Number.POSITIVE_INFINITY)));
    const regular = not(or(or(invalid, zero), infinite));
    const far = and(not(small), upper ? ge(x!, a!) : gt(x!, a!));
    const safeA = where(regular, a!, k(a!, 1));
    const safeX = where(regular, x!, k(a!, 1));
    const q = upperFraction(and(regular, far), safeA, safeX);
    const p = lowerSeries(and(regular, not(far)), safeA, safeX);
    const one = k(a!, 1);
    const value = upper ? where(far, q, sub(one, p)) : where(far, sub(one, q), p);
    const [atZero, atInfinity] = upper ? [1, 0] : [0, 1];
    const out = where(zero, k(a!, atZero), where(infinite, k(a!, atInfinity), value));
    return [where(invalid, k(a!, Number.NaN), out)];
  };
}

/** The continued fraction of the incomplete beta function. */
function betaFraction(active: Array, a: Array, b: Array, x: Array): Array {
  const eps = EPSILON[a.dtype]!;
  const one = k(a, 1);
  const [ab, ap, am] = [add(a, b), add(a, one), sub(a, one)];
  const d0 = div(one, tiny(sub(one, div(mul(ab, x), ap))));
  const [h] = iterate(active, [d0, one, d0], (m, [total, c1, d1]) => {
    const m2 = mul(m, like(m, 2));
    const even = div(mul(mul(m, sub(b, m)), x), mul(add(am, m2), add(a, m2)));
    const dEven = div(one, tiny(add(one, mul(even, d1!))));
    const cEven = tiny(add(one, div(even, c1!)));
    const odd = div(neg(mul(mul(add(a, m), add(ab, m)), x)), mul(add(a, m2), add(ap, m2)));
    const d = div(one, tiny(add(one, mul(odd, dEven))));
    const c = tiny(add(one, div(odd, cEven)));
    const factor = mul(d, c);
    return { next: [mul(mul(total!, mul(dEven, cEven)), factor), c, d], going: gt(abs(sub(factor, one)), like(factor, eps)) };
  });
  return h!;
}

/** log of xᵃ (1 − x)ᵇ / B(a, b). */
function logBetaKernel(a: Array, b: Array, x: Array): Array {
  return add(sub(sub(lgamma(add(a, b)), lgamma(a)), lgamma(b)), add(mul(a, log(x)), mul(b, log1p(neg(x)))));
}

function incompleteBeta([a, b, x]: Array[]): Array[] {
  const [zero, one, infinity] = [like(a!, 0), like(x!, 1), like(a!, Number.POSITIVE_INFINITY)];
  // All the mass is at 0 where a is 0 or b infinite, and at 1 where b is 0 or a infinite.
  const low = or(eq(a!, zero), eq(b!, infinity));
  const high = or(eq(b!, zero), eq(a!, infinity));
  const outside = or(or(lt(a!, zero), lt(b!, zero)), or(lt(x!, zero), gt(x!, one)));
  const invalid = or(or(outside, and(low, high)), or(or(ne(a!, a!), ne(b!, b!)), ne(x!, x!)));
  const edge = or(eq(x!, zero), eq(x!, one));
  const regular = not(or(or(invalid, edge), or(low, high)));
  const safe = (v: Array, otherwise: number) => where(regular, v, k(v, otherwise));
  const [sa, sb, sx] = [safe(a!, 1), safe(b!, 1), safe(x!, 0.5)];
  // The fraction converges fast below the mean; above it, the other tail is computed.
  const turned = gt(sx, div(add(sa, like(sa, 1)), add(add(sa, sb), like(sa, 2))));
  const [ta, tb, tx] = [where(turned, sb, sa), where(turned, sa, sb), where(turned, sub(k(sx, 1), sx), sx)];
  const tail = div(mul(exp(logBetaKernel(sa, sb, sx)), betaFraction(regular, ta, tb, tx)), ta);
  const value = where(turned, sub(k(tail, 1), tail), tail);
  const atEdge = where(or(eq(x!, one), and(low, ne(x!, zero))), k(x!, 1), k(x!, 0));
  return [where(invalid, k(a!, Number.NaN), where(regular, value, atEdge))];
}

/** Lowers a function of float32 or float64 for the narrower types as well. */
function lowering(f: (xs: Array[]) => Array[]): (ctx: LoweringContext, args: readonly IrValue[], out: ShapedArray) => IrValue {
  return (ctx, args, out) => {
    if (EPSILON[out.dtype] !== undefined) return emitFunction(ctx, f, args)[0]!;
    const wide = out.withDtype('float32');
    return hlo.convert(ctx, emitFunction(ctx, f, args.map((v) => hlo.convert(ctx, v, wide)))[0]!, out);
  };
}

const positive = (low: number, high: number) => ({ shape: [2, 3], dtype: 'float32', low, high });
/** The derivative of P(a, x) by x. */
const slope = (a: Array, x: Array) => exp(sub(sub(mul(sub(a, like(a, 1)), log(x)), x), lgamma(a)));

const igammaP = defineNary({
  name: 'igamma', kinds: ['float'], lower: lowering(regularized(false)),
  jvp: [(g, _, a, x) => mul(g, igammaGradA(a!, x!)), (g, _, a, x) => mul(g, slope(a!, x!))],
  sample: () => [{ inputs: [positive(0.5, 3), positive(0.3, 4)], params: {}, tolerance: 0.02, skip: { second: 'the derivative by a is known once only, as in JAX' } }],
});
/** The regularized lower incomplete gamma function, elementwise. Mirrors `jax.lax.igamma`. */
export function igamma(a: Array, x: Array): Array {
  return igammaP.bind({}, a, x);
}

const igammacP = defineNary({
  name: 'igammac', kinds: ['float'], lower: lowering(regularized(true)),
  jvp: [(g, _, a, x) => neg(mul(g, igammaGradA(a!, x!))), (g, _, a, x) => neg(mul(g, slope(a!, x!)))],
  sample: () => [{ inputs: [positive(0.5, 3), positive(0.3, 4)], params: {}, tolerance: 0.02, skip: { second: 'the derivative by a is known once only, as in JAX' } }],
});
/** The regularized upper incomplete gamma function, elementwise. Mirrors `jax.lax.igammac`. */
export function igammac(a: Array, x: Array): Array {
  return igammacP.bind({}, a, x);
}

const unknown = (name: string) => (): Array => {
  throw new DifferentiationError(`betainc: the derivative by ${name} is not known (as in JAX); only that by x is`);
};
const betaincP = defineNary({
  name: 'regularized_incomplete_beta', kinds: ['float'], lower: lowering(incompleteBeta),
  jvp: [unknown('a'), unknown('b'), (g, _, a, b, x) => {
    const one = like(x!, 1);
    const inside = mul(exp(logBetaKernel(a!, b!, x!)), div(one, mul(x!, sub(one, x!))));
    const beta = sub(add(lgamma(a!), lgamma(b!)), lgamma(add(a!, b!)));
    const atEdge = exp(sub(add(mul(sub(b!, one), log1p(neg(x!))), mul(sub(a!, one), log(x!))), beta));
    return mul(g, where(or(eq(x!, like(x!, 0)), eq(x!, one)), atEdge, inside));
  }],
  sample: () => [{ inputs: [{ ...positive(0.5, 3), constant: true }, { ...positive(0.5, 3), constant: true }, positive(0.2, 0.8)], params: {}, tolerance: 0.02 }],
});
/** The regularized incomplete beta function, elementwise. Mirrors `jax.lax.betainc`. */
export function betainc(a: Array, b: Array, x: Array): Array {
  return betaincP.bind({}, a, b, x);
}

