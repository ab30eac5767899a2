import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { full, scalar } from '../primitives/structural';
import { defaultFloat } from './dtypes';
import { type Rest, readOptions } from './program';

const isComplexArray = (x: Array) => dtypeKind(x.dtype) === 'complex';

/** The real part, elementwise. Mirrors `jax.numpy.real`. @example np.real({ re: 1, im: 2 }).item() // 1 */
export function real(val: ArrayLike): Array {
  const x = asArray(val, 'real');
  return isComplexArray(x) ? p.real(x) : x;
}

/** The imaginary part, elementwise. Mirrors `jax.numpy.imag`. @example np.imag({ re: 1, im: 2 }).item() // 2 */
export function imag(val: ArrayLike): Array {
  const x = asArray(val, 'imag');
  return isComplexArray(x) ? p.imag(x) : full(x.shape, x.dtype === 'bool' ? false : 0, x.dtype, x.weakType);
}

/** The complex conjugate, elementwise. Mirrors `jax.numpy.conjugate`. @example np.conjugate({ re: 1, im: 2 }).item() // { re: 1, im: -2 } */
export function conjugate(x: ArrayLike): Array {
  const a = asArray(x, 'conjugate');
  return isComplexArray(a) ? p.conj(a) : a;
}

/** {@link conjugate}. Mirrors `jax.numpy.conj`. @example np.imag(np.conj(np.array([{ re: 1, im: 2 }]))).js(); // [-2] */
export const conj = conjugate;

const angleProgram = composite<{ deg: boolean }>('angle', ([z], { deg }) => {
  let [re, im] = [real(z!), imag(z!)];
  const kind = dtypeKind(re.dtype);
  if (kind !== 'float' || (dtypeKind(z!.dtype) === 'float' && z!.ndim === 0)) [re, im] = [astype(re, defaultFloat()), astype(im, defaultFloat())];
  const out = p.atan2(im, re);
  return [deg ? p.mul(out, scalar(180 / Math.PI, out.dtype)) : out];
});

/**
 * The angle of complex numbers in the plane, in (−π, π], elementwise. Mirrors `jax.numpy.angle`.
 *
 * @example
 * np.angle({ re: 0, im: 1 }, { deg: true }).item() // 90
 */
export function angle(z: ArrayLike, ...rest: Rest<{ deg?: boolean }, 'deg'>): Array {
  const { deg = false } = readOptions('angle', ['deg'], 1, rest);
  return angleProgram([asArray(z, 'angle')], { deg })[0]!;
}
