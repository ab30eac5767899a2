import type { Array } from '../../core/array';
import { ArgumentError } from '../../core/errors';
import { checkOptions } from '../../functional/options';
import { composite } from '../../interpreters/jit';
import { type ArrayLike, asArray, astype } from '../../lax/arrayLike';
import { promoteArgsInexact } from '../../numpy/broadcast';
import { fullLike } from '../../numpy/operators';
import * as e from '../../primitives/elementwise';
import { concatenate, like, reshape } from '../../primitives/structural';
import { elementwise, expectReal, type Unary } from '../elementwise';

const unscaled = (scaled: (x: Array) => Array) => (x: Array) => e.mul(e.exp(e.abs(x)), scaled(x));

/** The modified Bessel function of the first kind of order 0, elementwise. Mirrors `jax.scipy.special.i0`. @throws DtypeError for complex numbers @example scipy.special.i0([0, 1]).js() // [1, 1.2660…] */
export const i0: Unary = elementwise('i0', unscaled(e.besselI0e));

/** exp(−|x|) I0(x), elementwise. Mirrors `jax.scipy.special.i0e`. @throws DtypeError for complex numbers @example scipy.special.i0e(100).item() // 0.0399… */
export const i0e: Unary = elementwise('i0e', e.besselI0e);

/** The modified Bessel function of the first kind of order 1, elementwise. Mirrors `jax.scipy.special.i1`. @throws DtypeError for complex numbers @example scipy.special.i1([0, 1]).js() // [0, 0.5651…] */
export const i1: Unary = elementwise('i1', unscaled(e.besselI1e));

/** exp(−|x|) I1(x), elementwise. Mirrors `jax.scipy.special.i1e`. @throws DtypeError for complex numbers @example scipy.special.i1e(100).item() // 0.0397… */
export const i1e: Unary = elementwise('i1e', e.besselI1e);

const besselJnProgram = composite<{ v: number; n: number }>('bessel_jn', ([x], { v, n }) => {
  const given = promoteArgsInexact('besselJn', x!)[0]!;
  expectReal('besselJn', given);
  const z = astype(given, given.dtype);
  // Downward recurrence from an order where the function is negligible; the sum of even orders normalizes.
  let above = fullLike(z, 0);
  let here = fullLike(z, 1e-16);
  let sum = fullLike(z, 0);
  const orders: Array[] = [];
  for (let k = n; k >= 0; k--) {
    const below = e.sub(e.div(e.mul(like(z, 2 * (k + 1)), here), z), above);
    if (k % 2 === 0) sum = e.add(sum, e.mul(like(z, 2), below));
    above = here;
    here = below;
    if (k <= v) orders.unshift(below);
  }
  const scale = e.sub(sum, orders[0]!);
  return [concatenate(orders.map((f) => reshape(e.div(f, scale), [1, ...z.shape])), 0)];
});

/**
 * The Bessel functions of the first kind of orders 0 to v, elementwise; the first axis of the result is the order. Mirrors `jax.scipy.special.bessel_jn`.
 *
 * @throws DtypeError for complex numbers; ArgumentError unless v and nIter are integers, 0 ≤ v ≤ nIter
 * @example
 * scipy.special.besselJn(1, { v: 1, nIter: 20 }).js() // [0.7651…, 0.4400…]
 */
export function besselJn(z: ArrayLike, options: { v: number; nIter?: number }): Array {
  const { v, nIter = 50 } = checkOptions('besselJn', ['v', 'nIter'], options) as { v: number; nIter?: number };
  if (!Number.isInteger(v) || !Number.isInteger(nIter) || v < 0 || v > nIter) throw new ArgumentError(`besselJn: expected integers with 0 ≤ v ≤ nIter, got v = ${String(v)} and nIter = ${String(nIter)}`);
  return besselJnProgram([asArray(z, 'besselJn')], { v, n: nIter })[0]!;
}
