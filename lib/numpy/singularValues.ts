import type { Array } from '../core/array';
import * as e from '../primitives/elementwise';
import { eigh } from '../primitives/eigh';
import { H } from '../primitives/matrix';
import { sort } from '../primitives/sort';
import { broadcastInDim, convert, iota, range, reshape, rev } from '../primitives/structural';
import { svd } from '../primitives/svd';
import { takeAlong } from './take';

export interface SvdSpec {
  fullMatrices: boolean;
  computeUv: boolean;
  hermitian: boolean;
  subset: readonly [number, number] | null;
}

/** U, singular values and Vᴴ, or the values alone; those of a Hermitian matrix from its eigenvalues. */
export function svdOf(x: Array, { fullMatrices, computeUv, hermitian, subset }: SvdSpec): Array[] {
  if (!hermitian) return svd(x, { fullMatrices, computeUv, subsetByIndex: subset });
  const [v, w] = eigh(x, { subsetByIndex: subset });
  const s = e.abs(w);
  const last = s.ndim - 1;
  if (!computeUv) return [rev(sort([s], { dimension: last, numKeys: 1, isStable: true })[0]!, [last])];
  const [values, order, sign] = sort([s, iota('int32', s.shape, last), e.sign(w)], { dimension: last, numKeys: 1, isStable: true }).map((y) => rev(y, [last])) as [Array, Array, Array];
  const at = reshape(order, [...order.shape.slice(0, -1), 1, order.shape[last]!]);
  const u = takeAlong(v, at, { axis: v.ndim - 1, mode: 'clip', fill: null, wrap: false });
  const signs = broadcastInDim(convert(sign, u.dtype), u.shape, [...range(last), u.ndim - 1]);
  return [u, values, H(e.mul(u, signs))];
}
