import type { Array } from '../core/array';
import { dtypeKind } from '../core/dtype';
import { ShapeError } from '../core/errors';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, promoteDtypesInexact } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { argmin, reduceMin } from '../primitives/reduction';
import { broadcastInDim, reduceSum, reshape } from '../primitives/structural';

const vqC = composite('vq', (args) => {
  const [obs, codes] = promoteDtypesInexact('vq', ...args).map((x) => (x.ndim === 1 ? reshape(x, [x.size, 1]) : x)) as [Array, Array];
  const [n, k, d] = [obs.shape[0]!, codes.shape[0]!, obs.shape[1]!];
  const shape = [n, k, d];
  const apart = e.sub(broadcastInDim(obs, shape, [0, 2]), broadcastInDim(codes, shape, [1, 2]));
  const squares = dtypeKind(apart.dtype) === 'complex' ? e.add(e.square(e.real(apart)), e.square(e.imag(apart))) : e.square(apart);
  const distance = e.sqrt(reduceSum(squares, [2]));
  return [argmin(distance, 1), reduceMin(distance, [1])];
});

/**
 * For each observation, the index of the nearest code and the distance to it. Mirrors `jax.scipy.cluster.vq.vq`.
 *
 * @param obs observations [m, d], or [m]
 * @param codeBook codes [k, d], or [k]
 * @throws ShapeError unless both are vectors, or matrices of as many columns
 * @example
 * scipy.cluster.vq.vq([[0], [5]], [[1], [4]])[0].js() // [0, 1]
 */
export function vq(obs: ArrayLike, codeBook: ArrayLike): [Array, Array] {
  const [x, c] = [asArray(obs, 'vq'), asArray(codeBook, 'vq')];
  if (x.ndim !== c.ndim || (x.ndim !== 1 && x.ndim !== 2) || (x.ndim === 2 && x.shape[1] !== c.shape[1])) throw new ShapeError(`vq: expected vectors, or matrices of as many columns, got ${x.aval} and ${c.aval}`);
  return vqC([x, c], {}) as [Array, Array];
}
