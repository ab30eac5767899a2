import type { Array } from '../core/array';
import { sameShape, ShapedArray } from '../core/aval';
import { complexDtype, type DType, dtypeKind, realDtype } from '../core/dtype';
import { DtypeError, ShapeError } from '../core/errors';
import type { IrValue, LoweringContext } from '../core/lowering';
import { absent, definePrimitive, isUndefinedPrimal, type SinglePrimitive } from '../core/primitive';
import { fixedOperand } from '../interpreters/transpose';
import { hlo } from '../stablehlo';
import { exponential } from '../stablehlo/exponentials';
import { larger, smaller } from '../stablehlo/extremes';
import { addAny, alignBatch, broadcastOperands, broadcastTo, checkKinds, defineNary, floats, ints, type NarySpec, naryShape } from './nary';
import { biasForm, rampForm } from './afterForms';
import { acoshForm, asinhForm, atanhForm, erfInvForm, log1pForm } from './logarithmForms';
import { scaledForm, sumForm } from './productForms';
import { broadcastInDim, convert, like, provideElementwise, toFront, zerosLike } from './structural';

const NUMERIC = ['int', 'uint', 'float', 'complex'] as const;
const REAL = ['int', 'uint', 'float'] as const;
const FLOAT = ['float'] as const;
const INEXACT = ['float', 'complex'] as const;
const BITS = ['bool', 'int', 'uint'] as const;

const NO = {};
const lin = isUndefinedPrimal;

type Unary = (x: Array) => Array;
type Binary = (x: Array, y: Array) => Array;

function unary(name: string, kinds: Parameters<typeof defineNary>[0]['kinds'], lower: Parameters<typeof defineNary>[0]['lower'], jvp: ((g: Array, out: Array, x: Array) => Array) | null | 'linear', range: [number, number] = [-2, 2], transpose?: (ct: Array) => Array, more?: Pick<NarySpec, 'host' | 'cheap'>): Unary {
  const p = defineNary({
    name, kinds, lower,
    jvp: jvp === 'linear' ? 'linear' : [jvp],
    transpose: transpose ? (ct) => [transpose(ct)] : undefined,
    ...more,
    sample: () => (kinds.includes('float') ? floats(1, ...range) : ints(1)),
  });
  return (x) => p.bind(NO, x);
}

/** An operation that XLA makes of others. */
function chlo(ctx: LoweringContext, name: string, x: IrValue): IrValue {
  return ctx.emit(name, [x], [x.aval])[0]!;
}

// ---- arithmetic ----

export const neg = unary('neg', NUMERIC, 'negate', 'linear', undefined, (ct) => neg(ct), { cheap: true, host: { float: (x) => -x, int: (x) => -x } });

const addP = defineNary({
  name: 'add', cheap: true, kinds: NUMERIC, lower: 'add', form: (ctx, args) => biasForm(args) ?? sumForm(ctx, args), host: { float: (x, y) => x + y, int: (x, y) => x + y },
  jvp: [(g) => g, (g) => g],
  transpose: (ct, args) => [lin(args[0]!) ? ct : null, lin(args[1]!) ? ct : null],
  sample: () => [...floats(2), ...ints(2)],
});
export const add: Binary = (x, y) => addP.bind(NO, x, y);

const subP = defineNary({
  name: 'sub', cheap: true, kinds: NUMERIC, lower: 'subtract', form: (ctx, args) => sumForm(ctx, args, true), host: { float: (x, y) => x - y, int: (x, y) => x - y },
  jvp: [(g) => g, (g) => neg(g)],
  transpose: (ct, args) => [lin(args[0]!) ? ct : null, lin(args[1]!) ? neg(ct) : null],
  sample: () => [...floats(2), ...ints(2)],
});
export const sub: Binary = (x, y) => subP.bind(NO, x, y);

const mulP = defineNary({
  name: 'mul', cheap: true, kinds: NUMERIC, lower: 'multiply', form: scaledForm, host: { float: (x, y) => x * y, int: Math.imul },
  jvp: [(g, _, _x, y) => mul(g, y!), (g, _, x) => mul(x!, g)],
  transpose: (ct, args) => {
    const x = args[0]!;
    const y = args[1]!;
    return [lin(x) ? mul(ct, fixedOperand('mul', y)) : null, lin(y) ? mul(fixedOperand('mul', x), ct) : null];
  },
  sample: () => [...floats(2), ...ints(2)],
});
export const mul: Binary = (x, y) => mulP.bind(NO, x, y);

const divP = defineNary({
  name: 'div', kinds: NUMERIC, lower: 'divide', host: { float: (x, y) => x / y },
  jvp: [(g, _, _x, y) => div(g, y!), (g, out, _x, y) => mul(mul(neg(g), out), reciprocal(y!))],
  transpose: (ct, [x, y]) => {
    const divisor = fixedOperand('div', y!);
    return [lin(x!) ? div(ct, divisor) : null, null];
  },
  sample: () => [...floats(2, 0.5, 2), ...ints(2, 1, 5)],
});
export const div: Binary = (x, y) => divP.bind(NO, x, y);

function reciprocal(x: Array): Array {
  return integerPow(x, -1);
}

const remP = defineNary({
  name: 'rem', kinds: REAL, lower: 'remainder',
  jvp: [(g) => g, (g, _, x, y) => mul(neg(g), roundTowardZero(div(x!, y!)))],
  sample: () => [...floats(2, 0.7, 5), ...ints(2, 1, 7)],
});
export const rem: Binary = (x, y) => remP.bind(NO, x, y);

function roundTowardZero(x: Array): Array {
  return mul(sign(x), floor(abs(x)));
}

/** For two equal operands the derivative is shared, as in JAX. */
function balanced(g: Array, x: Array, out: Array, y: Array): Array {
  const half = div(like(g, 1), like(g, 2));
  return mul(g, mul(select(eq(x, out), like(g, 0), like(g, 1)), select(eq(y, out), like(g, 1), half)));
}

/** JAX's select_n for a condition on arrays: first the value where it is false. Scalars are broadcast. */
function select(pred: Array, onFalse: Array, onTrue: Array): Array {
  return selectN(pred, [onFalse, onTrue]);
}

// Which of two zeros with different signs is the larger is left to the device.
const extreme = (f: (x: number, y: number) => number) => ({ float: (x: number, y: number) => (x === 0 && y === 0 ? undefined : f(x, y)), int: f });

const maxP = defineNary({
  name: 'max', cheap: true, kinds: ['bool', ...NUMERIC], lower: (ctx, [x, y]) => larger(ctx, x!, y!), form: rampForm, host: extreme(Math.max),
  jvp: [(g, out, x, y) => balanced(g, x!, out, y!), (g, out, x, y) => balanced(g, y!, out, x!)],
  sample: () => [...floats(2), ...ints(2)],
});
export const max: Binary = (x, y) => maxP.bind(NO, x, y);

const minP = defineNary({
  name: 'min', cheap: true, kinds: ['bool', ...NUMERIC], lower: (ctx, [x, y]) => smaller(ctx, x!, y!), host: extreme(Math.min),
  jvp: [(g, out, x, y) => balanced(g, x!, out, y!), (g, out, x, y) => balanced(g, y!, out, x!)],
  sample: () => [...floats(2), ...ints(2)],
});
export const min: Binary = (x, y) => minP.bind(NO, x, y);

// ---- powers, exponentials, logarithms ----

/** The derivative of x to the power y by x; for integers y it is 0 where y is, whatever x. */
function powSlope(x: Array, y: Array): Array {
  // As in JAX, strongly typed whatever the operands.
  const [base, e] = [convert(x, x.dtype), convert(y, x.dtype)];
  if (y.dtype === x.dtype) return mul(e, pow(base, sub(e, like(e, 1))));
  const slope = mul(replaceZero(e), pow(base, sub(e, like(e, 1))));
  const zero = eq(e, like(e, 0));
  return select(sameShape(zero.shape, slope.shape) ? zero : broadcastTo(zero, slope.shape), slope, like(slope, 0));
}

const powP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'pow',
  abstract: ([x, y]) => {
    const whole = ['int', 'uint'].includes(dtypeKind(y!.dtype));
    checkKinds('pow', whole ? [x!] : [x!, y!], INEXACT);
    return new ShapedArray(naryShape('pow', [x!, y!]), x!.dtype, x!.weakType && y!.weakType);
  },
  lower: (ctx, args, _, out) => {
    const [x, y] = broadcastOperands(ctx, args, out.shape);
    return hlo.same(ctx, 'power', [x!, y!.aval.dtype === out.dtype ? y! : hlo.convert(ctx, y!, out)]);
  },
  jvp: ([x, y], [tx, ty]) => {
    const out = powP.bind(NO, x!, y!);
    const parts = [tx && mul(tx, powSlope(x!, y!)), ty && convert(mul(ty, mul(log(replaceZero(x!)), out)), y!.dtype)].filter((t) => t !== null).map((t) => broadcastTo(t!, out.shape));
    return [out, parts.length === 2 ? addAny(parts[0]!, parts[1]!) : (parts[0] ?? null)];
  },
  transpose: absent('pow is not linear'),
  batch: (axis, args, dims) => {
    const aligned = alignBatch(axis, args, dims, true);
    return [powP.bind(NO, ...aligned.args), aligned.dim];
  },
  sample: () => [...floats(2, 0.5, 2), { inputs: [{ shape: [2, 3], dtype: 'float32', low: 0.5, high: 2 }, { shape: [2, 3], dtype: 'int32', low: -2, high: 3 }], params: NO }],
});
export const pow: Binary = (x, y) => powP.bind(NO, x, y);

function replaceZero(x: Array): Array {
  return select(eq(x, like(x, 0)), x, like(x, 1));
}


const integerPowP: SinglePrimitive<{ y: number }> = definePrimitive<{ y: number }>({
  name: 'integer_pow',
  abstract: ([x]) => x!,
  lower: (ctx, [x], { y }, out) => {
    if (y === 0) return ctx.splat(1, out);
    let n = Math.abs(y);
    let base = x!;
    let acc: IrValue | null = null;
    while (n > 0) {
      if (n & 1) acc = acc === null ? base : hlo.multiply(ctx, acc, base);
      n >>= 1;
      if (n > 0) base = hlo.multiply(ctx, base, base);
    }
    return y < 0 ? hlo.divide(ctx, ctx.splat(1, out), acc!) : acc!;
  },
  jvp: ([x], [g], { y }) => [integerPow(x!, y), y === 0 ? null : mul(g!, y === 1 ? like(x!, 1) : mul(like(x!, y), integerPow(x!, y - 1)))],
  transpose: absent('integer_pow is not linear'),
  batch: (_, [x], [d], p) => [integerPowP.bind(p, x!), d!],
  sample: () => [2, 3, -1, -2, 1].map((y) => ({ inputs: [{ shape: [3], dtype: 'float32', low: 0.5, high: 2 }], params: { y } })),
});
export function integerPow(x: Array, y: number): Array {
  return integerPowP.bind({ y }, x);
}

export const square = unary('square', NUMERIC, (ctx, [x]) => hlo.multiply(ctx, x!, x!), (g, _, x) => mul(g, mul(like(x, 2), x)), undefined, undefined, { cheap: true });
export const exp = unary('exp', INEXACT, (ctx, [x]) => exponential(ctx, 'exponential', x!), (g, out) => mul(g, out));
export const exp2 = unary('exp2', INEXACT, (ctx, [x], out) => exponential(ctx, 'exponential', hlo.multiply(ctx, x!, ctx.splat(Math.LN2, out))), (g, out) => mul(g, mul(like(out, Math.LN2), out)));
export const expm1 = unary('expm1', INEXACT, (ctx, [x]) => exponential(ctx, 'exponential_minus_one', x!), (g, out) => mul(g, add(out, like(out, 1))));
export const log = unary('log', INEXACT, 'log', (g, _, x) => div(g, x), [0.3, 3]);
export const log1p = unary('log1p', INEXACT, (ctx, [x]) => log1pForm(ctx, x!) ?? hlo.same(ctx, 'log_plus_one', [x!]), (g, _, x) => div(g, add(x, like(x, 1))), [-0.5, 3]);
export const sqrt = unary('sqrt', INEXACT, 'sqrt', (g, out) => mul(g, div(like(out, 0.5), out)), [0.3, 3]);
export const rsqrt = unary('rsqrt', INEXACT, 'rsqrt', (g, out, x) => mul(g, mul(like(x, -0.5), div(out, x))), [0.3, 3]);
export const cbrt = unary('cbrt', FLOAT, 'cbrt', (g, out, x) => mul(g, mul(like(x, 1 / 3), integerPow(out, -2))), [0.3, 3]);
export const logistic = unary('logistic', INEXACT, 'logistic', (g, out) => mul(mul(g, out), sub(like(out, 1), out)));

// ---- trigonometry ----

/** Sine, or cosine, of complex numbers by real functions: the parts that are zero on the axes are so exactly, with their signs. */
function lowerCircular(name: 'sine' | 'cosine'): (ctx: LoweringContext, args: readonly IrValue[], out: ShapedArray) => IrValue {
  return (ctx, [x], out) => {
    if (dtypeKind(out.dtype) !== 'complex') return hlo.same(ctx, name, [x!]);
    const part = out.withDtype(realDtype(out.dtype));
    const [a, b] = [hlo.op(ctx, 'real', [x!], part), hlo.op(ctx, 'imag', [x!], part)];
    const [zero, two] = [ctx.splat(0, part), ctx.splat(2, part)];
    const [sine, cosine] = [hlo.same(ctx, 'sine', [a]), hlo.same(ctx, 'cosine', [a])];
    const [up, down] = [exponential(ctx, 'exponential_minus_one', b), exponential(ctx, 'exponential_minus_one', hlo.negate(ctx, b))];
    const sinhB = hlo.divide(ctx, hlo.subtract(ctx, up, down), two);
    const coshB = hlo.divide(ctx, hlo.add(ctx, hlo.add(ctx, up, down), two), two);
    const onAxis = hlo.compare(ctx, 'EQ', a, zero);
    const [re, im] = name === 'sine'
      ? [hlo.select(ctx, onAxis, zero, hlo.multiply(ctx, sine, coshB)), hlo.multiply(ctx, cosine, sinhB)]
      : [hlo.multiply(ctx, cosine, coshB), hlo.select(ctx, onAxis, zero, hlo.multiply(ctx, hlo.negate(ctx, sine), sinhB))];
    return hlo.op(ctx, 'complex', [re, im], out);
  };
}

export const sin = unary('sin', INEXACT, lowerCircular('sine'), (g, _, x) => mul(g, cos(x)));
export const cos = unary('cos', INEXACT, lowerCircular('cosine'), (g, _, x) => neg(mul(g, sin(x))));
export const tan = unary('tan', INEXACT, 'chlo.tan', (g, out) => mul(g, add(like(out, 1), square(out))), [-1, 1]);
export const asin = unary('asin', INEXACT, 'chlo.asin', (g, _, x) => mul(g, rsqrt(sub(like(x, 1), square(x)))), [-0.8, 0.8]);
export const acos = unary('acos', INEXACT, 'chlo.acos', (g, _, x) => mul(g, neg(rsqrt(sub(like(x, 1), square(x))))), [-0.8, 0.8]);
export const atan = unary('atan', INEXACT, 'chlo.atan', (g, _, x) => div(g, add(like(x, 1), square(x))));
export const sinh = unary('sinh', INEXACT, (ctx, [x]) => exponential(ctx, 'chlo.sinh', x!), (g, _, x) => mul(g, cosh(x)));
export const cosh = unary('cosh', INEXACT, (ctx, [x]) => exponential(ctx, 'chlo.cosh', x!), (g, _, x) => mul(g, sinh(x)));
export const tanh = unary('tanh', INEXACT, 'tanh', (g, out) => mul(add(g, mul(g, out)), sub(like(out, 1), out)));
export const asinh = unary('asinh', INEXACT, (ctx, [x]) => asinhForm(ctx, x!) ?? chlo(ctx, 'chlo.asinh', x!), (g, _, x) => mul(g, rsqrt(add(square(x), like(x, 1)))));
export const acosh = unary('acosh', INEXACT, (ctx, [x]) => acoshForm(ctx, x!) ?? chlo(ctx, 'chlo.acosh', x!), (g, _, x) => mul(g, rsqrt(sub(square(x), like(x, 1)))), [1.3, 3]);
export const atanh = unary('atanh', INEXACT, (ctx, [x]) => atanhForm(ctx, x!) ?? chlo(ctx, 'chlo.atanh', x!), (g, _, x) => mul(integerPow(add(like(x, 1), x), -1), div(g, sub(like(x, 1), x))), [-0.8, 0.8]);

const atan2P = defineNary({
  name: 'atan2', kinds: INEXACT, lower: 'atan2',
  jvp: [(g, _, x, y) => mul(g, div(y!, add(square(x!), square(y!)))), (g, _, x, y) => mul(g, div(neg(x!), add(square(x!), square(y!))))],
  sample: () => floats(2, 0.5, 2),
});
export const atan2: Binary = (x, y) => atan2P.bind(NO, x, y);

// ---- rounding and sign ----

export const floor = unary('floor', FLOAT, 'floor', null, [0.1, 0.9]);
export const ceil = unary('ceil', FLOAT, 'ceil', null, [0.1, 0.9]);

const roundP: SinglePrimitive<{ roundingMethod: 'AWAY_FROM_ZERO' | 'TO_NEAREST_EVEN' }> = definePrimitive<{ roundingMethod: 'AWAY_FROM_ZERO' | 'TO_NEAREST_EVEN' }>({
  name: 'round',
  print: { params: ({ roundingMethod }) => ({ roundingMethod: roundingMethod === 'TO_NEAREST_EVEN' ? 1 : 0 }) },
  abstract: ([x]) => x!,
  lower: (ctx, [x], { roundingMethod }) => hlo.same(ctx, roundingMethod === 'TO_NEAREST_EVEN' ? 'round_nearest_even' : 'round_nearest_afz', [x!]),
  jvp: ([x], _, p) => [roundP.bind(p, x!), null],
  transpose: absent('round is not linear'),
  batch: (_, [x], [d], p) => [roundP.bind(p, x!), d!],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32', low: 0.1, high: 0.4 }], params: { roundingMethod: 'TO_NEAREST_EVEN' } }],
});
export function round(x: Array, toEven = false): Array {
  return roundP.bind({ roundingMethod: toEven ? 'TO_NEAREST_EVEN' : 'AWAY_FROM_ZERO' }, x);
}

export const sign = unary('sign', NUMERIC, (ctx, [x], out) => {
  if (dtypeKind(out.dtype) !== 'uint') return hlo.same(ctx, 'sign', [x!]);
  const zero = ctx.splat(0, out);
  return hlo.select(ctx, hlo.compare(ctx, 'EQ', x!, zero), zero, ctx.splat(1, out));
}, null, [0.5, 2]);

const absP = defineNary({
  name: 'abs', kinds: ['int', 'float', 'complex'], result: realDtype,
  lower: (ctx, [x], out) => hlo.op(ctx, 'abs', [x!], out),
  jvp: [(g, out, x) => (dtypeKind(x!.dtype) === 'complex' ? div(add(mul(real(g), real(x!)), mul(imag(g), imag(x!))), replaceZero(out)) : select(ge(x!, like(x!, 0)), neg(g), g))],
  sample: () => [...floats(1, 0.5, 2), ...ints(1)],
});
export const abs: Unary = (x) => absP.bind(NO, x);

// ---- complex parts ----

const realP = defineNary({
  name: 'real', kinds: ['complex'], result: realDtype, lower: (ctx, [x], out) => hlo.op(ctx, 'real', [x!], out),
  jvp: 'linear', transpose: (ct) => [complex(ct, like(ct, 0))],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'complex64' }], params: NO }],
});
export const real: Unary = (x) => realP.bind(NO, x);

const imagP = defineNary({
  name: 'imag', kinds: ['complex'], result: realDtype, lower: (ctx, [x], out) => hlo.op(ctx, 'imag', [x!], out),
  jvp: 'linear', transpose: (ct) => [complex(like(ct, 0), neg(ct))],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'complex64' }], params: NO }],
});
export const imag: Unary = (x) => imagP.bind(NO, x);

const complexP = defineNary({
  name: 'complex', kinds: FLOAT, result: complexDtype, lower: (ctx, [x, y], out) => hlo.op(ctx, 'complex', [x!, y!], out),
  jvp: [(g) => complex(g, like(g, 0)), (g) => complex(like(g, 0), g)],
  transpose: (ct, [x, y]) => [lin(x!) ? real(ct) : null, lin(y!) ? imag(neg(ct)) : null],
  sample: () => floats(2),
});
export const complex: Binary = (x, y) => complexP.bind(NO, x, y);

const conjP: SinglePrimitive<{ inputDtype: DType }> = definePrimitive<{ inputDtype: DType }>({
  name: 'conj',
  abstract: ([x]) => new ShapedArray(x!.shape, complexDtype(x!.dtype), x!.weakType),
  lower: (ctx, [x], _, out) => {
    const part = out.withDtype(realDtype(out.dtype));
    if (dtypeKind(x!.aval.dtype) !== 'complex') return hlo.op(ctx, 'complex', [x!, ctx.splat(0, part)], out);
    return hlo.op(ctx, 'complex', [hlo.op(ctx, 'real', [x!], part), hlo.negate(ctx, hlo.op(ctx, 'imag', [x!], part))], out);
  },
  jvp: 'linear',
  transpose: (ct, _, { inputDtype }) => [dtypeKind(inputDtype) === 'complex' ? conj(ct) : real(ct)],
  batch: (_, [x], [d], p) => [conjP.bind(p, x!), d!],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'complex64' }], params: { inputDtype: 'complex64' } }],
});
export function conj(x: Array): Array {
  return conjP.bind({ inputDtype: x.dtype }, x);
}

// ---- bits ----

export const not = unary('not', BITS, 'not', null);
export const populationCount = unary('population_count', ['int', 'uint'], 'popcnt', null);
export const clz = unary('clz', ['int', 'uint'], 'count_leading_zeros', null);

function bitwise(name: string, kinds: readonly ('bool' | 'int' | 'uint')[], lower: string): Binary {
  const p = defineNary({ name, kinds, lower, jvp: [null, null], sample: () => ints(2, 0, 7) });
  return (x, y) => p.bind(NO, x, y);
}
export const and = bitwise('and', BITS, 'and');
export const or = bitwise('or', BITS, 'or');
export const xor = bitwise('xor', BITS, 'xor');
export const shiftLeft = bitwise('shift_left', ['int', 'uint'], 'shift_left');
export const shiftRightLogical = bitwise('shift_right_logical', ['int', 'uint'], 'shift_right_logical');
export const shiftRightArithmetic = bitwise('shift_right_arithmetic', ['int', 'uint'], 'shift_right_arithmetic');

// ---- comparison ----

function comparison(name: string, direction: hlo.Direction, kinds: readonly ('bool' | 'int' | 'uint' | 'float' | 'complex')[], host: (x: number, y: number) => boolean): Binary {
  const p = defineNary({
    name, kinds, cheap: true, result: () => 'bool', lower: (ctx, [x, y]) => hlo.compare(ctx, direction, x!, y!), jvp: [null, null], host: { float: host, int: host },
    sample: () => [...floats(2), ...ints(2, 0, 2)],
  });
  return (x, y) => p.bind(NO, x, y);
}
const ORDERED = ['bool', 'int', 'uint', 'float'] as const;
export const eq = comparison('eq', 'EQ', [...ORDERED, 'complex'], (x, y) => x === y);
export const ne = comparison('ne', 'NE', [...ORDERED, 'complex'], (x, y) => x !== y);
export const lt = comparison('lt', 'LT', ORDERED, (x, y) => x < y);
export const le = comparison('le', 'LE', ORDERED, (x, y) => x <= y);
export const gt = comparison('gt', 'GT', ORDERED, (x, y) => x > y);
export const ge = comparison('ge', 'GE', ORDERED, (x, y) => x >= y);

const isFiniteP = defineNary({
  name: 'is_finite', kinds: FLOAT, result: () => 'bool', lower: (ctx, [x], out) => hlo.op(ctx, 'is_finite', [x!], out), jvp: [null], sample: () => floats(1),
});
export const isFinite: Unary = (x) => isFiniteP.bind(NO, x);

const nextafterP = defineNary({ name: 'nextafter', kinds: FLOAT, lower: 'chlo.next_after', jvp: absent('JAX gives nextafter none: it is the identity but for a step'), sample: () => floats(2) });
export const nextafter: Binary = (x, y) => nextafterP.bind(NO, x, y);

// ---- special functions ----

const SQRT_PI_2 = 2 / Math.sqrt(Math.PI);
export const erf = unary('erf', FLOAT, 'chlo.erf', (g, _, x) => mul(like(x, SQRT_PI_2), mul(g, exp(neg(square(x))))));
export const erfc = unary('erfc', FLOAT, 'chlo.erfc', (g, _, x) => mul(like(x, -SQRT_PI_2), mul(g, exp(neg(square(x))))));
export const erfInv = unary('erf_inv', FLOAT, (ctx, [x]) => erfInvForm(ctx, x!) ?? chlo(ctx, 'chlo.erf_inv', x!), (g, out) => mul(like(out, Math.sqrt(Math.PI) / 2), mul(g, exp(square(out)))), [-0.8, 0.8]);
export const lgamma = unary('lgamma', FLOAT, 'chlo.lgamma', (g, _, x) => mul(g, digamma(x)), [0.5, 3]);
/** XLA's versions do not agree on the poles: NaN there, as JAX has it. */
function lowerDigamma(ctx: LoweringContext, [x]: readonly IrValue[], out: ShapedArray): IrValue {
  const pole = hlo.and(ctx, hlo.compare(ctx, 'LE', x!, ctx.splat(0, out)), hlo.compare(ctx, 'EQ', x!, hlo.same(ctx, 'floor', [x!])));
  return hlo.select(ctx, pole, ctx.splat(Number.NaN, out), ctx.emit('chlo.digamma', [x!], [out])[0]!);
}
export const digamma = unary('digamma', FLOAT, lowerDigamma, (g, _, x) => mul(g, polygamma(like(x, 1), x)), [0.5, 3]);
const polygammaP = defineNary({
  name: 'polygamma', kinds: FLOAT, lower: 'chlo.polygamma',
  jvp: [null, (g, _, m, x) => mul(g, polygamma(add(m!, like(m!, 1)), x!))],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32', values: [1, 2, 1], constant: true }, { shape: [3], dtype: 'float32', low: 1, high: 3 }], params: NO, tolerance: 0.02 }],
});
export const polygamma: Binary = (m, x) => polygammaP.bind(NO, m, x);
const zetaP = defineNary({
  name: 'zeta', kinds: FLOAT, lower: 'chlo.zeta',
  jvp: [null, (g, _, x, q) => mul(g, mul(neg(x!), zeta(add(x!, like(x!, 1)), q!)))],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32', low: 2, high: 4, constant: true }, { shape: [3], dtype: 'float32', low: 1, high: 3 }], params: NO }],
});
export const zeta: Binary = (x, q) => zetaP.bind(NO, x, q);
/** Distance from 1 to the next number: what is less does not matter beside 1. */
const SMALL: Record<string, number> = { float16: 2 ** -10, bfloat16: 2 ** -7, float32: 2 ** -23, float64: 2 ** -52 };
export const besselI1e = unary('bessel_i1e', FLOAT, 'chlo.bessel_i1e', (g, out, x) => {
  const small = like(x, SMALL[x.dtype]!);
  const isLarge = gt(abs(x), small);
  const safe = select(isLarge, small, x);
  const dx = sub(besselI0e(safe), mul(out, add(sign(safe), integerPow(safe, -1))));
  return mul(g, select(isLarge, like(x, 0.5), dx));
}, [0.3, 3]);
export const besselI0e = unary('bessel_i0e', FLOAT, lowerBesselI0e, (g, out, x) => mul(g, sub(besselI1e(x), mul(sign(x), out))), [0.3, 3]);

/** Chebyshev series of Cephes for exp(−|x|) I0(x), on [0, 8] and beyond. */
const I0E_SMALL = [
  -4.41534164647933937950e-18, 3.33079451882223809783e-17, -2.43127984654795469359e-16, 1.71539128555513303061e-15, -1.16853328779934516808e-14, 7.67618549860493561688e-14, -4.85644678311192946090e-13,
  2.95505266312963983461e-12, -1.72682629144155570723e-11, 9.67580903537323691224e-11, -5.18979560163526290666e-10, 2.65982372468238665035e-9,
  -1.30002500998624804212e-8, 6.04699502254191894932e-8, -2.67079385394061173391e-7, 1.11738753912010371815e-6, -4.41673835845875056359e-6, 1.64484480707288970893e-5,
  -5.75419501008210370398e-5, 1.88502885095841655729e-4, -5.76375574538582365885e-4, 1.63947561694133579842e-3, -4.32430999505057594430e-3, 1.05464603945949983183e-2,
  -2.37374148058994688156e-2, 4.93052842396707084878e-2, -9.49010970480476444210e-2, 1.71620901522208775349e-1, -3.04682672343198398683e-1, 6.76795274409476084995e-1,
];
const I0E_LARGE = [
  -7.23318048787475395456e-18, -4.83050448594418207126e-18, 4.46562142029675999901e-17, 3.46122286769746109310e-17, -2.82762398051658348494e-16, -3.42548561967721913462e-16, 1.77256013305652638360e-15,
  3.81168066935262242075e-15, -9.55484669882830764870e-15, -4.15056934728722208663e-14, 1.54008621752140982691e-14, 3.85277838274214270114e-13, 7.18012445138366623367e-13, -1.79417853150680611778e-12,
  -1.32158118404477131188e-11, -3.14991652796324136454e-11, 1.18891471078464383424e-11, 4.94060238822496958910e-10,
  3.39623202570838634515e-9, 2.26666899049817806459e-8, 2.04891858946906374183e-7, 2.89137052083475648297e-6, 6.88975834691682398426e-5, 3.36911647825569408990e-3, 8.04490411014108831608e-1,
];

function chebyshev(ctx: LoweringContext, x: IrValue, coefficients: readonly number[]): IrValue {
  let b0 = ctx.splat(0, x.aval);
  let b1 = b0;
  let b2 = b0;
  for (const c of coefficients) {
    b2 = b1;
    b1 = b0;
    b0 = hlo.add(ctx, hlo.subtract(ctx, hlo.multiply(ctx, x, b1), b2), ctx.splat(c, x.aval));
  }
  return hlo.multiply(ctx, hlo.subtract(ctx, b0, b2), ctx.splat(0.5, x.aval));
}

function lowerBesselI0e(ctx: LoweringContext, [x]: readonly IrValue[]): IrValue {
  const a = hlo.op(ctx, 'abs', [x!], x!.aval);
  const k = (v: number) => ctx.splat(v, a.aval);
  // What narrower types cannot tell apart is left out.
  const double = a.aval.dtype === 'float64';
  const small = chebyshev(ctx, hlo.subtract(ctx, hlo.multiply(ctx, a, k(0.5)), k(2)), double ? I0E_SMALL : I0E_SMALL.slice(12));
  const large = hlo.multiply(ctx, chebyshev(ctx, hlo.subtract(ctx, hlo.divide(ctx, k(32), a), k(2)), double ? I0E_LARGE : I0E_LARGE.slice(18)), hlo.same(ctx, 'rsqrt', [a]));
  return hlo.select(ctx, hlo.compare(ctx, 'LE', a, k(8)), small, large);
}

// ---- choice ----


/** That one of the cases from number `lo` to before `hi`, which are operands from the second on, that an integer says. */
function chosen(ctx: LoweringContext, which: IrValue, args: readonly IrValue[], lo: number, hi: number): IrValue {
  if (hi - lo === 1) return args[lo + 1]!;
  const mid = (lo + hi) >> 1;
  return hlo.select(ctx, hlo.compare(ctx, 'LT', which, ctx.splat(mid, which.aval)), chosen(ctx, which, args, lo, mid), chosen(ctx, which, args, mid, hi));
}

const selectNP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'select_n', cheap: true,
  abstract: (avals) => {
    const which = avals[0]!;
    const first = avals[1];
    if (first === undefined) throw new ShapeError('selectN: expected at least one case');
    let weakType = true;
    for (let i = 1; i < avals.length; i++) {
      const c = avals[i]!;
      if (c.dtype !== first.dtype || !sameShape(c.shape, first.shape)) throw new ShapeError(`selectN: expected cases of one type, got ${avals.slice(1).join(' and ')}`);
      weakType &&= c.weakType;
    }
    if (which.dtype !== 'bool' && which.dtype !== 'int32') throw new DtypeError(`selectN: expected the choice to be bool or int32, got ${which}`);
    if (which.dtype === 'bool' && avals.length > 3) throw new ShapeError(`selectN: a bool chooses among at most 2 cases, got ${avals.length - 1}`);
    if (which.ndim !== 0 && !sameShape(which.shape, first.shape)) throw new ShapeError(`selectN: expected the choice to be a scalar or of shape [${first.shape}], got ${which}`);
    return weakType === first.weakType ? first : first.strong();
  },
  lower: (ctx, args, _, out) => {
    if (args.length === 2) return args[1]!;
    const which = args[0]!;
    const w = which.aval.ndim === 0 && out.ndim > 0 ? hlo.broadcastInDim(ctx, which, [], which.aval.withShape(out.shape)) : which;
    return w.aval.dtype === 'bool' ? hlo.select(ctx, w, args[2]!, args[1]!) : chosen(ctx, w, args, 0, args.length - 1);
  },
  jvp: (primals, tangents) => {
    const out = selectNP.bindAll(primals, NO)[0]!;
    const cases = tangents.slice(1);
    if (cases.every((t) => t === null)) return [out, null];
    return [out, selectNP.bind(NO, primals[0]!, ...cases.map((t, i) => t ?? zerosLike(primals[i + 1]!.aval)))];
  },
  transpose: (ct, args) => args.map((c, k) => {
    if (k === 0 || !lin(c)) return null;
    const zero = zerosLike(ct.aval);
    return selectNP.bindAll(args.map((x, i) => (i === 0 ? fixedOperand('select_n', x) : i === k ? ct : zero)), NO)[0]!;
  }),
  batch: (axis, args, dims) => {
    const [which, ...cases] = args;
    if (dims[0] === null || which!.ndim > 1 || cases.every((c, i) => c.ndim === (dims[i + 1] === null ? 0 : 1))) {
      const caseRank = cases[0]!.ndim - (dims[1] === null ? 0 : 1);
      if (dims[0] === null && which!.ndim === 0 && caseRank > 0) {
        const fronts = cases.map((c, i) => toFront(c, dims[i + 1]!, axis.size));
        return [selectNP.bind(NO, which!, ...fronts), 0];
      }
      return [selectNP.bind(NO, ...args.map((x, i) => toFront(x, dims[i]!, axis.size))), 0];
    }
    // A scalar choice for each entry of the axis.
    const fronts = cases.map((c, i) => toFront(c, dims[i + 1]!, axis.size));
    return [selectNP.bind(NO, broadcastInDim(which!, fronts[0]!.shape, [0]), ...fronts), 0];
  },
  sample: () => [
    { inputs: [{ shape: [2, 3], dtype: 'bool' }, { shape: [2, 3], dtype: 'float32' }, { shape: [2, 3], dtype: 'float32' }], params: NO },
    { inputs: [{ shape: [], dtype: 'bool' }, { shape: [2, 3], dtype: 'float32' }, { shape: [2, 3], dtype: 'float32' }], params: NO },
    { inputs: [{ shape: [3], dtype: 'int32', values: [0, 2, 1] }, { shape: [3], dtype: 'float32' }, { shape: [3], dtype: 'float32' }, { shape: [3], dtype: 'float32' }], params: NO },
  ],
});


/** Elementwise choice: case number `which`; scalars among the cases are broadcast. */
export function selectN(which: Array, cases: readonly Array[]): Array {
  const { shape } = which.ndim > 0 ? which : (cases.find((c) => c.ndim > 0) ?? which);
  return selectNP.bind(NO, which, ...cases.map((c) => (c.ndim === 0 && shape.length > 0 ? broadcastInDim(c, shape, []) : c)));
}

/** Elementwise: `onTrue` where `pred`, else `onFalse`. */
export function where(pred: Array, onTrue: Array, onFalse: Array): Array {
  return selectN(pred, [onFalse, onTrue]);
}

const clampP: SinglePrimitive<object> = definePrimitive<object>({
  name: 'clamp',
  abstract: ([lo, x, hi]) => {
    for (const b of [lo!, hi!]) {
      if (b.dtype !== x!.dtype) throw new DtypeError(`clamp: expected bounds of dtype ${x!.dtype}, got ${b}`);
      if (b.ndim !== 0 && !sameShape(b.shape, x!.shape)) throw new ShapeError(`clamp: expected bounds to be scalars or of shape [${x!.shape}], got ${b}`);
    }
    return x!;
  },
  lower: (ctx, [lo, x, hi], _, out) => hlo.op(ctx, 'clamp', [lo!, x!, hi!], out),
  jvp: ([lo, x, hi], [tl, tx, th]) => {
    const out = clampP.bind(NO, lo!, x!, hi!);
    const parts = [
      tx && where(and(gt(x!, lo!), lt(x!, hi!)), tx, like(tx, 0)),
      tl && where(gt(lo!, x!), wide(tl, out), like(tl, 0)),
      th && where(lt(hi!, x!), wide(th, out), like(th, 0)),
    ].filter((p) => p !== null);
    return [out, parts.length === 0 ? null : parts.reduce((a, b) => addAny(a!, b!))];
  },
  transpose: absent('clamp is not linear'),
  batch: (axis, args, dims) => {
    const bounds = dims[0] === null && dims[2] === null && args[0]!.ndim === 0 && args[2]!.ndim === 0;
    if (bounds) return [clampP.bind(NO, args[0]!, args[1]!, args[2]!), dims[1]!];
    const x = toFront(args[1]!, dims[1]!, axis.size);
    const bound = (b: Array, d: number | null) => {
      const f = toFront(b, d, axis.size);
      return broadcastInDim(f, x.shape, f.ndim === x.ndim ? x.shape.map((_, i) => i) : [0]);
    };
    return [clampP.bind(NO, bound(args[0]!, dims[0]!), x, bound(args[2]!, dims[2]!)), 0];
  },
  sample: () => [
    { inputs: [{ shape: [], dtype: 'float32', values: [-0.5] }, { shape: [2, 3], dtype: 'float32', low: -1, high: 1 }, { shape: [], dtype: 'float32', values: [0.5] }], params: NO },
    { inputs: [{ shape: [3], dtype: 'float32', low: -1, high: -0.5 }, { shape: [3], dtype: 'float32', low: -2, high: 2 }, { shape: [3], dtype: 'float32', low: 0.5, high: 1 }], params: NO },
  ],
});

function wide(x: Array, out: Array): Array {
  return x.ndim === out.ndim ? x : broadcastInDim(x, out.shape, []);
}

export function clamp(lo: Array, x: Array, hi: Array): Array {
  return clampP.bind(NO, lo, x, hi);
}

// ---- copies, precision, bits as another type ----

const copyP = defineNary({ name: 'copy', kinds: ['bool', ...NUMERIC], lower: (_, [x]) => x!, jvp: 'linear', transpose: (ct) => [ct], sample: () => floats(1) });
export const copy: Unary = (x) => copyP.bind(NO, x);

const stopGradientP = defineNary({ name: 'stop_gradient', kinds: ['bool', ...NUMERIC], lower: (_, [x]) => x!, jvp: [null], sample: () => [{ ...floats(1)[0]!, skip: { jvp: 'its derivative is zero by definition', grad: 'its derivative is zero by definition', second: 'as above' } }] });
export const stopGradient: Unary = (x) => (dtypeKind(x.dtype) === 'float' || dtypeKind(x.dtype) === 'complex' ? stopGradientP.bind(NO, x) : x);

const reducePrecisionP: SinglePrimitive<{ exponentBits: number; mantissaBits: number }> = definePrimitive<{ exponentBits: number; mantissaBits: number }>({
  name: 'reduce_precision',
  abstract: ([x]) => x!,
  lower: (ctx, [x], { exponentBits, mantissaBits }) => hlo.reducePrecision(ctx, x!, exponentBits, mantissaBits),
  jvp: 'linear',
  transpose: (ct, _, p) => [reducePrecisionP.bind(p, ct)],
  batch: (_, [x], [d], p) => [reducePrecisionP.bind(p, x!), d!],
  sample: () => [{ inputs: [{ shape: [3], dtype: 'float32' }], params: { exponentBits: 8, mantissaBits: 10 }, tolerance: 0.05, skip: { jvp: 'finite differences see the rounding', grad: 'as above', second: 'as above' } }],
});
export function reducePrecision(x: Array, exponentBits: number, mantissaBits: number): Array {
  return reducePrecisionP.bind({ exponentBits, mantissaBits }, x);
}

const WIDTH: Partial<Record<DType, number>> = { int64: 64, uint64: 64, float64: 64, complex64: 64, complex128: 128, int32: 32, uint32: 32, float32: 32, int16: 16, uint16: 16, float16: 16, bfloat16: 16, int4: 4, uint4: 4, float4_e2m1fn: 4, int2: 2, uint2: 2 };
export const bitWidth = (d: DType) => WIDTH[d] ?? 8;

const bitcastP: SinglePrimitive<{ newDtype: DType }> = definePrimitive<{ newDtype: DType }>({
  name: 'bitcast_convert_type',
  abstract: ([x], { newDtype }) => {
    for (const d of [x!.dtype, newDtype]) if (dtypeKind(d) === 'bool' || dtypeKind(d) === 'complex') throw new DtypeError(`bitcastConvertType: bool and complex have no bits of another type, got ${x} as ${newDtype}; view('${newDtype}') of an array takes them`);
    const from = bitWidth(x!.dtype);
    const to = bitWidth(newDtype);
    if (from === to) return new ShapedArray(x!.shape, newDtype);
    if (from > to) return new ShapedArray([...x!.shape, from / to], newDtype);
    if (x!.shape[x!.ndim - 1] !== to / from) throw new ShapeError(`bitcastConvertType: expected the last dimension of ${x} to be ${to / from} to make ${newDtype} of it`);
    return new ShapedArray(x!.shape.slice(0, -1), newDtype);
  },
  lower: (ctx, [x], _, out) => hlo.op(ctx, 'bitcast_convert', [x!], out),
  jvp: ([x], _, p) => [bitcastP.bind(p, x!), null],
  transpose: absent('bits have no derivative'),
  batch: (_, [x], [d], p) => (d === x!.ndim - 1 ? [bitcastP.bind(p, toFront(x!, d, x!.shape[d]!)), 0] : [bitcastP.bind(p, x!), d!]),
  sample: () => [{ inputs: [{ shape: [3], dtype: 'int32', low: 0, high: 9 }], params: { newDtype: 'float32' } }],
});
export function bitcastConvertType(x: Array, newDtype: DType): Array {
  return x.dtype === newDtype ? convert(x, newDtype) : bitcastP.bind({ newDtype }, x);
}

provideElementwise(sub, where);
