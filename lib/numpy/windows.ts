import type { Array } from '../core/array';
import { checkExtent } from '../core/aval';
import { checkInteger } from '../core/checks';
import type { DType } from '../core/dtype';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { full, iota, like } from '../primitives/structural';
import { defaultFloat } from './dtypes';
import { div, mul } from './operators';
import { program } from './program';
import { i0 } from './special';

type Shape = (n: Array, M: number, beta: Array | null) => Array;

const times = (x: Array, v: number) => e.mul(x, like(x, v));
const plus = (x: Array, v: number) => e.add(x, like(x, v));
/** Cosine with k periods over the window. */
const wave = (n: Array, M: number, k: number) => e.cos(e.div(times(n, 2 * k * Math.PI), like(n, M - 1)));

const shapes: Record<'bartlett' | 'blackman' | 'hamming' | 'hanning' | 'kaiser', Shape> = {
  bartlett: (n, M) => plus(e.neg(e.div(e.abs(plus(times(n, 2), 1 - M)), like(n, M - 1))), 1),
  blackman: (n, M) => e.add(plus(times(wave(n, M, 1), -0.5), 0.42), times(wave(n, M, 2), 0.08)),
  hamming: (n, M) => plus(times(wave(n, M, 1), -0.46), 0.54),
  hanning: (n, M) => times(plus(e.neg(wave(n, M, 1)), 1), 0.5),
  kaiser: (n, M, beta) => {
    const alpha = 0.5 * (M - 1);
    const r = e.div(plus(n, -alpha), like(n, alpha));
    return div(i0(mul(beta!, e.sqrt(plus(e.neg(e.square(r)), 1)))), i0(beta!));
  },
};

const windowC = program<{ M: number; shape: keyof typeof shapes; dtype: DType }>('window', ([beta], { M, shape, dtype }) => [shapes[shape](iota(dtype, [M], 0), M, beta ?? null)]);

function window(shape: keyof typeof shapes, M: number, beta: Array | null): Array {
  checkInteger(shape, 'M', M, 0);
  checkExtent(shape, 'M', M);
  const dtype = defaultFloat();
  return M <= 1 ? full([M], 1, dtype) : windowC([beta], { M, shape, dtype })[0]!;
}

/** Triangular window of M points. Mirrors `jax.numpy.bartlett`. @example np.bartlett(3) // [0, 1, 0] */
export function bartlett(M: number): Array {
  return window('bartlett', M, null);
}

/** Blackman window of M points. Mirrors `jax.numpy.blackman`. @example np.blackman(3).shape // [3] */
export function blackman(M: number): Array {
  return window('blackman', M, null);
}

/** Hamming window of M points. Mirrors `jax.numpy.hamming`. @example np.hamming(3).shape // [3] */
export function hamming(M: number): Array {
  return window('hamming', M, null);
}

/** Hann window of M points. Mirrors `jax.numpy.hanning`. @example np.hanning(3) // [0, 1, 0] */
export function hanning(M: number): Array {
  return window('hanning', M, null);
}

/** Kaiser window of M points, the narrower the larger beta. Mirrors `jax.numpy.kaiser`. @example np.kaiser(3, 5).shape // [3] */
export function kaiser(M: number, beta: ArrayLike): Array {
  return window('kaiser', M, asArray(beta, 'kaiser'));
}
