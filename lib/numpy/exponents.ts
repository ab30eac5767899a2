import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { logaddexp as logaddexpPrimitive } from '../primitives/logaddexp';
import { scalar } from '../primitives/structural';
import { promoteArgsInexact } from './broadcast';
import { logaddexp2Of } from './logaddexp2';
import { type BinaryUfunc, binaryUfunc } from './ufunc';

/** e to the power x, elementwise. Mirrors `jax.numpy.exp`. @example np.exp([0, 1]).js() // [1, 2.718…] */
export function exp(x: ArrayLike): Array {
  return p.exp(promoteArgsInexact('exp', x)[0]!);
}

/** 2 to the power x, elementwise. Mirrors `jax.numpy.exp2`. @example np.exp2([0, 3]).js() // [1, 8] */
export function exp2(x: ArrayLike): Array {
  return p.exp2(promoteArgsInexact('exp2', x)[0]!);
}

/** exp(x) − 1, exact for small x, elementwise. Mirrors `jax.numpy.expm1`. @example np.expm1([0, 1e-8]).js() // [0, 1e-8] */
export function expm1(x: ArrayLike): Array {
  return p.expm1(promoteArgsInexact('expm1', x)[0]!);
}

/** The natural logarithm, elementwise. Mirrors `jax.numpy.log`. @example np.log([1, Math.E]).js() // [0, 1] */
export function log(x: ArrayLike): Array {
  return p.log(promoteArgsInexact('log', x)[0]!);
}

/** log(1 + x), exact for small x, elementwise. Mirrors `jax.numpy.log1p`. @example np.log1p([0, 1e-8]).js() // [0, 1e-8] */
export function log1p(x: ArrayLike): Array {
  return p.log1p(promoteArgsInexact('log1p', x)[0]!);
}

const log2Program = composite('log2', ([x]) => {
  const [a] = promoteArgsInexact('log2', x!) as [Array];
  const l = p.log(a);
  if (dtypeKind(a.dtype) !== 'complex') return [p.div(l, p.log(scalar(2, a.dtype)))];
  const ln2 = p.log(scalar(2, p.real(l).dtype));
  return [p.complex(p.div(p.real(l), ln2), p.div(p.imag(l), ln2))];
});

/** The logarithm to base 2, elementwise. Mirrors `jax.numpy.log2`. @example np.log2([1, 8]).js() // [0, 3] */
export function log2(x: ArrayLike): Array {
  return log2Program([asArray(x, 'log2')], {})[0]!;
}

const log10Program = composite('log10', ([x]) => {
  const [a] = promoteArgsInexact('log10', x!) as [Array];
  const l = p.log(a);
  const scale = (v: Array) => p.mul(v, scalar(Math.LOG10E, v.dtype));
  return [dtypeKind(a.dtype) === 'complex' ? p.complex(scale(p.real(l)), scale(p.imag(l))) : scale(l)];
});

/** The logarithm to base 10, elementwise. Mirrors `jax.numpy.log10`. @example np.log10([1, 1000]).js() // [0, 3] */
export function log10(x: ArrayLike): Array {
  return log10Program([asArray(x, 'log10')], {})[0]!;
}

/** The square root, elementwise; NaN for negative real numbers. Mirrors `jax.numpy.sqrt`. @example np.sqrt([4, 9]).js() // [2, 3] */
export function sqrt(x: ArrayLike): Array {
  return p.sqrt(promoteArgsInexact('sqrt', x)[0]!);
}

/** The real cube root, elementwise. Mirrors `jax.numpy.cbrt`. @example np.cbrt([8, -27]).js() // [2, -3] */
export function cbrt(x: ArrayLike): Array {
  return p.cbrt(promoteArgsInexact('cbrt', x)[0]!);
}

const logaddexpProgram = composite<{ base: 2 | 'e' }>('logaddexp', ([a, b], { base }) => {
  const [x, y] = promoteArgsInexact(base === 2 ? 'logaddexp2' : 'logaddexp', a!, b!) as [Array, Array];
  return [base === 2 ? logaddexp2Of(x, y) : logaddexpPrimitive(x, y)];
});

/** log(exp(x1) + exp(x2)) without overflow, elementwise. Mirrors `jax.numpy.logaddexp`. @example np.logaddexp([0, 1000], [0, 1000]).js() // [0.693…, 1000.693…] */
export const logaddexp: BinaryUfunc = binaryUfunc('logaddexp', (x1, x2) => logaddexpProgram([asArray(x1, 'logaddexp'), asArray(x2, 'logaddexp')], { base: 'e' })[0]!, Number.NEGATIVE_INFINITY);

/** log2(2^x1 + 2^x2) without overflow, elementwise. Mirrors `jax.numpy.logaddexp2`. @example np.logaddexp2([0, 1000], [0, 1000]).js() // [1, 1001] */
export const logaddexp2: BinaryUfunc = binaryUfunc('logaddexp2', (x1, x2) => logaddexpProgram([asArray(x1, 'logaddexp2'), asArray(x2, 'logaddexp2')], { base: 2 })[0]!, Number.NEGATIVE_INFINITY);
