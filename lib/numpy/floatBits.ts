import type { Array } from '../core/array';
import { type DType, dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import { withJvp } from '../lax/customJvp';
import * as p from '../primitives/elementwise';
import { full, like, scalar } from '../primitives/structural';
import { promoteArgs, promoteArgsInexact } from './broadcast';
import { finfo } from './dtypes';
import { choose, expectDtype } from './where';

// Functions of how floats are stored: sign, exponent and fraction.

const INT_OF: Partial<Record<number, DType>> = { 16: 'int16', 32: 'int32', 64: 'int64' };

function bitsOf(op: string, x: Array): Array {
  const int = INT_OF[finfo(x.dtype).bits];
  expectDtype(op, x, int !== undefined, 'floats of 16, 32 or 64 bits');
  return p.bitcastConvertType(x, int!);
}

function negativeBit(op: string, x: Array): Array {
  const bits = bitsOf(op, x);
  return p.lt(bits, like(bits, 0));
}

const signbitProgram = composite('signbit', ([x]) => [negativeBit('signbit', x!)]);

/** Whether the sign is set, of −0 and NaN as well, elementwise. Mirrors `jax.numpy.signbit`. @throws DtypeError for complex numbers @example np.signbit([-0, 1]).js() // [true, false] */
export function signbit(x: ArrayLike): Array {
  const a = asArray(x, 'signbit');
  const kind = dtypeKind(a.dtype);
  expectDtype('signbit', a, kind !== 'complex', 'real numbers');
  if (kind === 'int') return p.lt(a, scalar(0, a.dtype));
  return kind === 'float' ? signbitProgram([a], {})[0]! : full(a.shape, false, 'bool');
}

function withSign(x: Array, y: Array): Array {
  const size = p.abs(x);
  return choose(negativeBit('copysign', y), p.neg(size), size);
}

const copysignProgram = composite('copysign', ([a, b]) => {
  const [x, y] = promoteArgsInexact('copysign', a!, b!) as [Array, Array];
  expectDtype('copysign', x, dtypeKind(x.dtype) === 'float', 'real numbers');
  return [withSign(x, y)];
});

/** The size of x1 with the sign of x2, elementwise. Mirrors `jax.numpy.copysign`. @throws DtypeError for complex numbers @example np.copysign([1, 2], -1).js() // [-1, -2] */
export function copysign(x1: ArrayLike, x2: ArrayLike): Array {
  return copysignProgram([asArray(x1, 'copysign'), asArray(x2, 'copysign')], {})[0]!;
}

/** The next number of x's type in the direction of y, elementwise. Mirrors `jax.numpy.nextafter`. @example np.nextafter(1, 2).item() // 1.0000001192092896 */
export function nextafter(x: ArrayLike, y: ArrayLike): Array {
  const [a, b] = promoteArgsInexact('nextafter', x, y) as [Array, Array];
  return p.nextafter(a, b);
}

const spacingProgram = composite('spacing', ([x]) => {
  const [a] = promoteArgsInexact('spacing', x!) as [Array];
  expectDtype('spacing', a, dtypeKind(a.dtype) === 'float', 'real numbers');
  const far = full(a.shape, Number.POSITIVE_INFINITY, a.dtype);
  if (a.dtype === 'float16') return [p.sub(p.nextafter(a, far), a)];
  const out = p.sub(p.nextafter(a, withSign(far, a)), a);
  return [choose(p.eq(out, like(out, 0)), withSign(full(a.shape, finfo(a.dtype).smallestSubnormal, a.dtype), a), out)];
});

/** The distance to the next number away from 0, elementwise. Mirrors `jax.numpy.spacing`. @throws DtypeError for complex numbers @example np.spacing(1).item() // 1.1920928955078125e-7 */
export function spacing(x: ArrayLike): Array {
  return spacingProgram([asArray(x, 'spacing')], {})[0]!;
}

const frexpRule = withJvp('frexp', (x) => split(x!), ([x], [t]) => {
  const [m, e] = frexpRule(x!) as [Array, Array];
  return { outs: [m, e], tangents: [p.mul(t!, p.exp2(p.neg(astype(e, t!.dtype)))), null] };
});

/** Fraction in [1/2, 1) and exponent of floats. */
function split(x: Array): [Array, Array] {
  const { nmant, nexp, minexp, tiny } = finfo(x.dtype);
  const bias = 1 - minexp;
  // Subnormals are scaled up first, so that their exponent is where others have it.
  const small = p.lt(p.abs(x), like(x, tiny));
  const bits = bitsOf('frexp', choose(small, p.mul(x, like(x, 2 ** nmant)), x));
  const k = (v: number) => like(bits, v);
  const field = p.and(p.shiftRightArithmetic(bits, k(nmant)), k(2 ** nexp - 1));
  const exponent = p.sub(p.sub(field, k(bias - 1)), choose(small, full(x.shape, nmant, bits.dtype), full(x.shape, 0, bits.dtype)));
  const mask = BigInt(2 ** nexp - 1) << BigInt(nmant);
  const big = (v: bigint) => astype(asArray(x.dtype === 'float64' ? v : Number(v)), bits.dtype);
  const fraction = p.bitcastConvertType(p.or(p.and(bits, big(~mask)), big(BigInt(bias - 1) << BigInt(nmant))), x.dtype);
  const special = p.or(p.not(p.isFinite(x)), p.eq(x, like(x, 0)));
  return [choose(special, x, fraction), astype(choose(special, full(x.shape, 0, bits.dtype), exponent), 'int32')];
}

const frexpProgram = composite('frexp', ([x]) => {
  const [a] = promoteArgsInexact('frexp', x!) as [Array];
  expectDtype('frexp', a, dtypeKind(a.dtype) === 'float', 'real numbers');
  return frexpRule(a);
});

/** Fraction in [1/2, 1) and int32 exponent: x is fraction · 2^exponent, elementwise. Mirrors `jax.numpy.frexp`. @throws DtypeError for complex numbers @example np.frexp(6).map((x) => x.item()) // [0.75, 3] */
export function frexp(x: ArrayLike): [Array, Array] {
  return frexpProgram([asArray(x, 'frexp')], {}) as [Array, Array];
}

const ldexpProgram = composite('ldexp', ([a, b]) => {
  expectDtype('ldexp', a!, dtypeKind(a!.dtype) !== 'complex', 'real numbers');
  expectDtype('ldexp', b!, !['float', 'complex'].includes(dtypeKind(b!.dtype)), 'whole exponents');
  const [x] = promoteArgsInexact('ldexp', a!) as [Array];
  const [fraction, e] = frexpRule(x) as [Array, Array];
  const [m, n, exponent, x1] = promoteArgs('ldexp', fraction, astype(b!, x.dtype), astype(e, x.dtype), x) as [Array, Array, Array, Array];
  // The exponent goes over the largest by one where the result is still finite.
  const sum = p.add(exponent, n);
  const over = p.gt(sum, like(sum, 0));
  const scaled = p.mul(choose(over, p.mul(m, like(m, 2)), m), p.pow(like(sum, 2), choose(over, p.sub(sum, like(sum, 1)), sum)));
  return [choose(p.or(p.eq(p.abs(x1), like(x1, Number.POSITIVE_INFINITY)), p.eq(x1, like(x1, 0))), x1, scaled)];
});

/** x1 · 2^x2 for whole x2, elementwise. Mirrors `jax.numpy.ldexp`. @throws DtypeError for complex numbers, or exponents that are floats @example np.ldexp([1, 3], np.array([2, 1], { dtype: 'int32' })).js() // [4, 6] */
export function ldexp(x1: ArrayLike, x2: ArrayLike): Array {
  return ldexpProgram([asArray(x1, 'ldexp'), asArray(x2, 'ldexp')], {})[0]!;
}
