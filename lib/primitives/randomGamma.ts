import type { Array } from '../core/array';
import { sameShape, ShapedArray, sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, definePrimitive, type SinglePrimitive } from '../core/primitive';
import { hlo } from '../stablehlo';
import { dynamicSlice as emitSlice, dynamicUpdateSlice as emitUpdate } from '../stablehlo/indexing';
import { abs, add, and, digamma, div, eq, exp, ge, gt, le, lgamma, log, lt, mul, ne, neg, not, or, pow, sqrt, sub, where } from './elementwise';
import { emitFunction } from './matrix';
import { defineNary } from './nary';
import { randomBits, randomSplit } from './random';
import { bitsForFloat, bitsToUnit, floatInfo, unitToExponential, unitToNormal } from './randomFloats';
import { bitsOf, implOf, isKeyWords, splitKeys } from './randomKeys';
import { reduceOr } from './reduction';
import { broadcastInDim, concatenate, convert, indexInDim, like, range, reshape, toFront } from './structural';

type Fun = (args: Array[]) => readonly Array[];

const emitLoop = (ctx: LoweringContext, inits: readonly IrValue[], cond: Fun, body: (ctx: LoweringContext, args: IrValue[]) => readonly IrValue[]) =>
  hlo.whileLoop(ctx, inits, (c, xs) => emitFunction(c, cond, xs), body);

const any = (x: Array) => reduceOr(x, range(x.ndim));

// ---- derivatives by a of the incomplete gamma function, and of a sample ----

/** What is derived by a: P(a, x), or the x of a fixed P(a, x). */
type GammaDerivative = 'probability' | 'sample';

/** Sum of the incomplete gamma function's power series and of its derivative by a, as long as `enabled`; then ∂P/∂a, or ∂x/∂a. */
function series(ctx: LoweringContext, of: GammaDerivative, enabled: IrValue, x: IrValue, a: IrValue, density: IrValue): IrValue {
  const eps = floatInfo('randomGammaGrad', a.aval.dtype).eps;
  const [one, zero] = [ctx.splat(1, a.aval), ctx.splat(0, a.aval)];
  const done = emitLoop(ctx, [enabled, a, one, one, x, zero, zero], ([on]) => [any(on!)], (c, args) => emitFunction(c, ([on, r0, c0, sum0, x1, dc0, dsum0]) => {
    const r = add(r0!, like(r0!, 1));
    const ratio = div(x1!, r);
    const dc = sub(mul(dc0!, ratio), div(mul(c0!, x1!), mul(r, r)));
    const dsum = add(dsum0!, dc);
    const term = mul(c0!, ratio);
    const keep = (next: Array, old: Array) => where(on!, next, old);
    return [and(on!, gt(abs(div(dc, dsum)), like(dc, eps))), keep(r, r0!), keep(term, c0!), keep(add(sum0!, term), sum0!), x1!, keep(dc, dc0!), keep(dsum, dsum0!)];
  }, args));
  return emitFunction(ctx, ([sum, dsum, x1, a1, ax]) => {
    const slope = add(dsum!, mul(sum!, sub(log(x1!), digamma(add(a1!, like(a1!, 1))))));
    return [div(of === 'sample' ? mul(neg(slope), x1!) : mul(ax!, slope), a1!)];
  }, [done[3]!, done[6]!, x, a, density])[0]!;
}

/** The same from the continued fraction of the complement. */
function continuedFraction(ctx: LoweringContext, of: GammaDerivative, enabled: IrValue, x: IrValue, a: IrValue, density: IrValue): IrValue {
  const eps = floatInfo('randomGammaGrad', a.aval.dtype).eps;
  const inits = emitFunction(ctx, ([on, x1, a1]) => {
    const one = like(x1!, 1);
    const y = sub(one, a1!);
    const z = add(add(x1!, y), one);
    const [p1, q1] = [add(x1!, one), mul(z, x1!)];
    const ans = div(p1, q1);
    const zero = sub(x1!, x1!);
    const dq1 = neg(x1!);
    return [on!, ans, y, z, p1, q1, add(zero, one), x1!, zero, zero, zero, dq1, div(neg(mul(ans, dq1)), q1)];
  }, [enabled, x, a]);
  const count = ctx.splat(0, new ShapedArray([], a.aval.dtype));
  const done = emitLoop(ctx, [count, ...inits], ([n, on]) => [and(lt(n!, like(n!, 2000)), any(on!))], (c, args) => emitFunction(c, ([n0, on, ...old]) => {
    const [ans0, y0, z0, p1, q1, p2, q2, dp2, dq2, dp1, dq1, dans0] = old as [Array, Array, Array, Array, Array, Array, Array, Array, Array, Array, Array, Array];
    const n = add(n0!, like(n0!, 1));
    const y = add(y0, like(y0, 1));
    const z = add(z0, like(z0, 2));
    const yc = mul(y, n);
    const p = sub(mul(p1, z), mul(p2, yc));
    const q = sub(mul(q1, z), mul(q2, yc));
    const nonzero = ne(q, like(q, 0));
    const ans = where(nonzero, div(p, q), ans0);
    const dp = add(sub(sub(mul(dp1, z), p1), mul(dp2, yc)), mul(p2, n));
    const dq = add(sub(sub(mul(dq1, z), q1), mul(dq2, yc)), mul(q2, n));
    const dans = where(nonzero, div(sub(dp, mul(ans, dq)), q), dans0);
    const moved = where(nonzero, abs(sub(dans, dans0)), like(dans, 1));
    // Numerators and denominators grow: both are scaled down together.
    const rescale = gt(abs(p), like(p, 1 / eps));
    const scaled = (v: Array) => where(rescale, mul(v, like(v, eps)), v);
    const next = [ans, y, z, scaled(p), scaled(q), scaled(p1), scaled(q1), scaled(dp1), scaled(dq1), scaled(dp), scaled(dq), dans];
    return [n, and(on!, gt(moved, like(moved, eps))), ...next.map((v, i) => where(on!, v, old[i]!))];
  }, args));
  return emitFunction(ctx, ([ans, dans, x1, a1, ax]) => {
    const slope = add(dans!, mul(ans!, sub(log(x1!), digamma(a1!))));
    return [of === 'sample' ? mul(slope, x1!) : neg(mul(ax!, slope))];
  }, [done[2]!, done[13]!, x, a, density])[0]!;
}

function emitGammaGrad(ctx: LoweringContext, of: GammaDerivative, a: IrValue, x: IrValue): IrValue {
  const max = floatInfo('randomGammaGrad', a.aval.dtype).max;
  const [enabled, upper, invalid, density] = emitFunction(ctx, ([a1, x1]) => {
    const k = (v: number) => like(a1!, v);
    const isNan = or(ne(a1!, a1!), ne(x1!, x1!));
    const outside = or(or(lt(x1!, k(0)), le(a1!, k(0))), isNan);
    const logDensity = sub(sub(mul(a1!, log(x1!)), x1!), lgamma(a1!));
    const on = not(or(or(eq(x1!, k(0)), outside), lt(logDensity, k(-Math.log(max)))));
    return [on, and(gt(x1!, k(1)), gt(x1!, a1!)), outside, exp(logDensity)];
  }, [a, x]);
  const fraction = continuedFraction(ctx, of, hlo.and(ctx, enabled!, upper!), x, a, density!);
  const sum = series(ctx, of, hlo.and(ctx, enabled!, hlo.not(ctx, upper!)), x, a, density!);
  return emitFunction(ctx, ([up, bad, f, s, x1]) => {
    const out = where(eq(x1!, like(x1!, 0)), like(x1!, 0), where(up!, f!, s!));
    return [where(bad!, like(out, Number.NaN), out)];
  }, [upper!, invalid!, fraction, sum, x])[0]!;
}

const gammaDerivative = (name: string, of: GammaDerivative) => defineNary({
  name,
  kinds: ['float'],
  lower: (ctx, [a, x], out) => {
    if (out.dtype === 'float32' || out.dtype === 'float64') return emitGammaGrad(ctx, of, a!, x!);
    const wide = out.withDtype('float32');
    return hlo.convert(ctx, emitGammaGrad(ctx, of, hlo.convert(ctx, a!, wide), hlo.convert(ctx, x!, wide)), out);
  },
  jvp: absent('the derivative by a is known once only, as in JAX'),
  sample: () => [{ inputs: [{ shape: [2, 3], dtype: 'float32', low: 0.5, high: 3 }, { shape: [2, 3], dtype: 'float32', low: 0.3, high: 4 }], params: {}, skip: { jvp: 'no second derivative', grad: 'no second derivative', second: 'no second derivative' } }],
});

const randomGammaGradP = gammaDerivative('random_gamma_grad', 'sample');
/** Derivative by a of a sample x of the gamma distribution with shape parameter a, at a fixed probability. Mirrors `jax.lax.random_gamma_grad`. */
export function randomGammaGrad(a: Array, x: Array): Array {
  return randomGammaGradP.bind({}, a, x);
}

const igammaGradAP = gammaDerivative('igamma_grad_a', 'probability');
/** Derivative by a of the regularized lower incomplete gamma function P(a, x). Mirrors `jax.lax.igamma_grad_a`. */
export function igammaGradA(a: Array, x: Array): Array {
  return igammaGradAP.bind({}, a, x);
}

// ---- samples ----

/** Whether a draw takes many keys at once. */
const drawsLanes = (keys: Array) => implOf(keys) === 'threefry2x32';
const lane = (keys: Array) => reshape(keys, keys.shape.slice(1));

/** Keys [lanes, words] split into n of that form. The generators other than Threefry-2x32 take one lane at a time. */
function splitLanes(keys: Array, n: number): Array[] {
  const split = drawsLanes(keys) ? randomSplit(keys, [n]) : reshape(splitKeys(lane(keys), [n]), [1, n, keys.shape[1]!]);
  return range(n).map((i) => indexInDim(split, i, 1));
}

/** A float in [0, 1) for each lane. */
function unitLanes(keys: Array, dtype: DType): Array {
  const width = bitsForFloat('gamma', dtype);
  return bitsToUnit(drawsLanes(keys) ? randomBits(keys, width, []) : bitsOf(lane(keys), width, [1]), dtype);
}

const choose = (lanes: Array, next: Array, old: Array) => where(next.ndim === 1 ? lanes : broadcastInDim(lanes, next.shape, [0]), next, old);

/** Whether the proposal's lane is to be drawn anew: Marsaglia and Tsang's test, its quick form first. */
function rejected(x: Array, v: Array, u: Array, d: Array): Array {
  const k = (n: number) => like(x, n);
  const squeeze = ge(u, sub(k(1), mul(k(0.0331), mul(x, x))));
  return and(squeeze, ge(log(u), add(mul(x, k(0.5)), mul(d, add(sub(k(1), v), log(v))))));
}

/**
 * A gamma number for each lane, by rejection, all lanes at once until each has one.
 *
 * Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26(3), 2000.
 */
function emitLanes(ctx: LoweringContext, keys: IrValue, a: IrValue, logSpace: boolean): IrValue {
  const dtype = a.aval.dtype;
  // Below 1, a sample for a + 1 is scaled by a power of a uniform number.
  const [first, boost, d, c] = emitFunction(ctx, ([k, a1]) => {
    const one = like(a1!, 1);
    const d1 = sub(where(ge(a1!, one), a1!, add(a1!, one)), like(a1!, 1 / 3));
    return [...splitLanes(k!, 2), d1, div(like(d1, 1 / 3), sqrt(d1))];
  }, [keys, a]);
  const k = (v: number) => ctx.splat(v, a.aval);
  const done = emitLoop(ctx, [first!, k(0), k(1), k(2), d!, c!], ([, x, v, u, d1]) => [any(rejected(x!, v!, u!, d1!))], (outer, [key, x0, v0, u0, d1, c1]) => {
    const [next, xKey, uKey] = emitFunction(outer, ([k1]) => splitLanes(k1!, 3), [key!]);
    const proposed = emitLoop(outer, [xKey!, outer.splat(0, a.aval), outer.splat(-1, a.aval), c1!], ([, , v]) => [any(le(v!, like(v!, 0)))], (inner, args) => emitFunction(inner, ([k1, x, v, c2]) => {
      const on = le(v!, like(v!, 0));
      const [rest, sub1] = splitLanes(k1!, 2);
      const normal = unitToNormal(unitLanes(sub1!, dtype));
      return [choose(on, rest!, k1!), where(on, normal, x!), where(on, add(mul(normal, c2!), like(normal, 1)), v!), c2!];
    }, args));
    return emitFunction(outer, ([k0, k1, uk, xp, vp, x, v, u, d2, c2]) => {
      const on = rejected(x!, v!, u!, d2!);
      return [choose(on, k1!, k0!), where(on, mul(xp!, xp!), x!), where(on, mul(mul(vp!, vp!), vp!), v!), where(on, unitLanes(uk!, dtype), u!), d2!, c2!];
    }, [key!, next!, uKey!, proposed[1]!, proposed[2]!, x0!, v0!, u0!, d1!, c1!]);
  });
  return emitFunction(ctx, ([k1, a1, d1, v]) => {
    const one = like(a1!, 1);
    const large = ge(a1!, one);
    const u = unitLanes(k1!, dtype);
    if (!logSpace) return [mul(mul(d1!, v!), where(large, one, pow(sub(one, u), div(one, a1!))))];
    const e = neg(unitToExponential(u));
    const scale = where(or(large, eq(e, like(e, 0))), like(e, 0), mul(e, div(one, a1!)));
    return [add(add(log(d1!), log(v!)), scale)];
  }, [boost!, a, d!, done[2]!])[0]!;
}

/** One lane after another, for the generators that draw for one key at a time. */
function emitLaneByLane(ctx: LoweringContext, keys: IrValue, a: IrValue, logSpace: boolean): IrValue {
  const i32 = new ShapedArray([], 'int32');
  const cut = (c: LoweringContext, x: IrValue, i: IrValue) => {
    const sizes = x.aval.shape.map((n, d) => (d === 0 ? 1 : n));
    return emitSlice(c, x, [i, ...sizes.slice(1).map(() => c.splat(0, i32))], sizes);
  };
  const n = a.aval.size;
  return emitLoop(ctx, [ctx.splat(0, i32), keys, a, ctx.splat(0, a.aval)], ([i]) => [lt(i!, like(i!, n))], (c, [i, ks, as, out]) => {
    const one = emitLanes(c, cut(c, ks!, i!), cut(c, as!, i!), logSpace);
    return [hlo.add(c, i!, c.splat(1, i32)), ks!, as!, emitUpdate(c, out!, one, [i!])];
  })[3]!;
}

export interface RandomGammaParams {
  logSpace: boolean;
}

/** Gamma samples of keys [...batch, words] with shape parameters [...batch, ...], or their logarithms. Mirrors `jax.random.random_gamma_p`. */
export const randomGammaP: SinglePrimitive<RandomGammaParams> = definePrimitive<RandomGammaParams>({
  name: 'random_gamma',
  abstract: ([key, a]) => {
    floatInfo('gamma', a!.dtype);
    const words = key!.shape[key!.ndim - 1];
    const batch = key!.shape.slice(0, -1);
    if (key!.dtype !== 'uint32') throw new DtypeError(`randomGamma: expected a key of dtype uint32, got ${key}`);
    if (!isKeyWords(words) || !sameShape(batch, a!.shape.slice(0, batch.length))) {
      throw new ShapeError(`randomGamma: expected keys of shape [..., 2] (or as many words as the generator's keys have) for the leading dimensions of ${a}, got ${key}`);
    }
    return a!.strong();
  },
  lower: (ctx, [key, a], { logSpace }, out) => {
    if (out.size === 0) return ctx.splat(0, out);
    const batch = key!.aval.shape.slice(0, -1);
    const words = key!.aval.shape[batch.length]!;
    const lanes = out.withShape([out.size]);
    const perKey = out.size / sizeOf(batch);
    let atOnce = false;
    const [keys, flat] = emitFunction(ctx, ([k, a1]) => {
      atOnce = drawsLanes(k!);
      const rows = reshape(k!, [sizeOf(batch), words]);
      const split = atOnce ? randomSplit(rows, [perKey]) : concatenate(range(rows.shape[0]!).map((i) => splitKeys(indexInDim(rows, i, 0), [perKey])), 0);
      return [reshape(split, [out.size, words]), reshape(a1!, lanes.shape)];
    }, [key!, a!]);
    return hlo.reshape(ctx, (atOnce ? emitLanes : emitLaneByLane)(ctx, keys!, flat!, logSpace), out);
  },
  jvp: ([key, a], [, t], { logSpace }) => {
    const out = randomGammaP.bind({ logSpace }, key!, a!);
    if (!logSpace) return [out, mul(t!, randomGammaGrad(a!, out))];
    // The logarithm's derivative is the sample's over the sample, which may have been rounded to 0.
    const sample = exp(out);
    const positive = where(eq(sample, like(sample, 0)), like(sample, floatInfo('gamma', sample.dtype).tiny), sample);
    return [out, mul(t!, div(randomGammaGrad(a!, positive), positive))];
  },
  transpose: absent('random_gamma is not linear'),
  batch: (axis, [key, a], [dk, da], params) => [randomGammaP.bind(params, toFront(key!, dk!, axis.size), toFront(a!, da!, axis.size)), 0],
  sample: () => [true, false].map((logSpace) => ({
    inputs: [{ shape: [2], dtype: 'uint32', values: [0, 42], constant: true }, { shape: [4], dtype: 'float32', low: 0.3, high: 4 }],
    params: { logSpace },
    skip: { jvp: 'a sample jumps where a proposal is rejected', grad: 'a sample jumps where a proposal is rejected', second: 'no second derivative' },
  })),
});

/** Gamma samples, or their logarithms, of a key [words] (or keys [...batch, words]) with shape parameters a. */
export function randomGamma(key: Array, a: Array, logSpace = false): Array {
  return randomGammaP.bind({ logSpace }, key, convert(a, a.dtype));
}
