import type { ShapedArray } from '../core/aval';
import type { IrValue, LoweringContext } from '../core/lowering';
import { hlo } from '../stablehlo';

// Logarithms of one and something, and what is made of them, of float32 on the CPU: there XLA calls the C library for each element. Milliseconds for a million elements, on 2 cores of a Xeon (plugin
// xla_cpu_pjrt 0.0.1), XLA's and this: log1p 2.99 and 0.50, atanh 6.6 and 0.80, asinh 4.2 and 0.80, acosh 4.3 and 0.67, erfInv 5.1 and 0.83.

const taken = (ctx: LoweringContext, x: IrValue) => ctx.platform === 'cpu' && x.aval.dtype === 'float32';

function calculator(ctx: LoweringContext, aval: ShapedArray) {
  const to = (v: IrValue | number) => (typeof v === 'number' ? ctx.splat(v, aval) : v);
  return {
    add: (a: IrValue | number, b: IrValue | number) => hlo.add(ctx, to(a), to(b)),
    sub: (a: IrValue | number, b: IrValue | number) => hlo.subtract(ctx, to(a), to(b)),
    mul: (a: IrValue | number, b: IrValue | number) => hlo.multiply(ctx, to(a), to(b)),
    div: (a: IrValue | number, b: IrValue | number) => hlo.divide(ctx, to(a), to(b)),
    max: (a: IrValue | number, b: IrValue | number) => hlo.maximum(ctx, to(a), to(b)),
    is: (direction: Parameters<typeof hlo.compare>[1], a: IrValue, b: number) => hlo.compare(ctx, direction, a, to(b)),
    choose: (pred: IrValue, a: IrValue | number, b: IrValue | number) => hlo.select(ctx, pred, to(a), to(b)),
    map: (name: 'abs' | 'log' | 'sign' | 'sqrt', a: IrValue) => hlo.same(ctx, name, [a]),
  };
}

/**
 * The logarithm of u, which is 1 + x in 16 bits, and of what is left: log(1 + x) = log(u) + log(1 + rest / u), where rest = x - (u - 1) has no error. With all its bits, u - 1 would be x to XLA. Without
 * the last bit of x, u is the same wherever XLA computes it: a product it may round, or not, before it adds to it. Below -1/2, 1 + x has no error itself, and far above it does not matter. Values that are
 * used once are in one loop with the others.
 */
function logOnePlus(ctx: LoweringContext, x: IrValue): IrValue {
  const { add, sub, mul, div, max, is, choose, map } = calculator(ctx, x.aval);
  const integers = x.aval.withDtype('uint32');
  const bits = (v: IrValue) => hlo.op(ctx, 'bitcast_convert', [v], integers);
  const masked = (v: IrValue, mask: number) => hlo.op(ctx, 'bitcast_convert', [hlo.and(ctx, v, ctx.splat(mask, integers))], x.aval);
  const whole = add(masked(bits(x), 0xfffffffe), 1);
  const u = masked(hlo.add(ctx, bits(whole), ctx.splat(0x80, integers)), 0xffffff00);
  const most = choose(hlo.or(ctx, is('LE', whole, 0.5), is('GE', whole, 2 ** 24)), add(x, 1), u);
  const rest = sub(x, sub(most, 1));
  const value = add(map('log', most), div(rest, max(add(most, mul(rest, 0.5)), 1e-30)));
  // The sign of a zero is that of x.
  return choose(hlo.or(ctx, is('EQ', x, 0), is('EQ', x, Number.POSITIVE_INFINITY)), x, value);
}

/** log(1 + x); null: XLA's is as good here. */
export function log1pForm(ctx: LoweringContext, x: IrValue): IrValue | null {
  return taken(ctx, x) ? logOnePlus(ctx, x) : null;
}

/** The area hyperbolic tangent, whose sign is that of x. */
export function atanhForm(ctx: LoweringContext, x: IrValue): IrValue | null {
  if (!taken(ctx, x)) return null;
  const { sub, mul, div, map } = calculator(ctx, x.aval);
  const size = map('abs', x);
  return mul(mul(logOnePlus(ctx, div(mul(size, 2), sub(1, size))), 0.5), map('sign', x));
}

/** Where squares would be too large, twice the number is what there is a logarithm of. */
const LARGE = 1e18;

/** The area hyperbolic sine. */
export function asinhForm(ctx: LoweringContext, x: IrValue): IrValue | null {
  if (!taken(ctx, x)) return null;
  const { add, mul, div, is, choose, map } = calculator(ctx, x.aval);
  const size = map('abs', x);
  const square = mul(size, size);
  const large = is('GT', size, LARGE);
  const value = logOnePlus(ctx, choose(large, size, add(size, div(square, add(map('sqrt', add(square, 1)), 1)))));
  return mul(add(value, choose(large, Math.LN2, 0)), map('sign', x));
}

/** The area hyperbolic cosine; NaN below one. */
export function acoshForm(ctx: LoweringContext, x: IrValue): IrValue | null {
  if (!taken(ctx, x)) return null;
  const { add, sub, mul, is, choose, map } = calculator(ctx, x.aval);
  const [less, more] = [map('sqrt', sub(x, 1)), map('sqrt', add(x, 1))];
  const large = is('GT', x, LARGE);
  return add(logOnePlus(ctx, choose(large, x, mul(less, add(less, more)))), choose(large, Math.LN2, 0));
}

// M. Giles, "Approximating the erfinv function" (2010): polynomials for the middle and for the tails, as XLA has them.
const MIDDLE = [2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941];
const TAILS = [-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682];

/** The number whose erf is x, with the digits that XLA's has: random numbers are to be JAX's. */
export function erfInvForm(ctx: LoweringContext, x: IrValue): IrValue | null {
  if (!taken(ctx, x)) return null;
  const { add, sub, mul, is, choose, map } = calculator(ctx, x.aval);
  const w = hlo.negate(ctx, logOnePlus(ctx, mul(x, hlo.negate(ctx, x))));
  const middle = is('LT', w, 5);
  const at = choose(middle, sub(w, 2.5), sub(map('sqrt', w), 3));
  const sum = MIDDLE.slice(1).reduce((p, c, i) => add(mul(p, at), choose(middle, c, TAILS[i + 1]!)), choose(middle, MIDDLE[0]!, TAILS[0]!));
  return choose(is('EQ', map('abs', x), 1), mul(x, Number.POSITIVE_INFINITY), mul(sum, x));
}
