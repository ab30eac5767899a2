import type { Array } from '../core/array';
import { canonAxis } from '../core/checks';
import { dtypeKind } from '../core/dtype';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray, astype, promoteDtypes } from '../lax/arrayLike';
import { cumsum } from '../primitives/cumulative';
import * as p from '../primitives/elementwise';
import { concatenate, like, sliceInDim } from '../primitives/structural';
import { constLike, floorDivide, remainder, trueDivide } from './arithmetic';
import { promoteArgs } from './broadcast';
import { type Rest, readOptions } from './program';
import { choose, expectDtype } from './where';

/** Options of {@link unwrap}. */
export interface UnwrapOptions {
  /** Jumps of at least this are made good; half of the period by default. */
  discont?: ArrayLike | null;
  /** The axis along which values go on. */
  axis?: number;
  /** 2π by default. */
  period?: ArrayLike;
}

const unwrapProgram = composite<{ axis: number; discont: boolean }>('unwrap', ([p0, period0, discont0], { axis, discont }) => {
  const [x, period] = promoteDtypes('unwrap', p0!, period0!) as [Array, Array];
  const n = x.shape[axis]!;
  const limit = discont ? discont0! : trueDivide(period, 2);
  const half = ['int', 'uint'].includes(dtypeKind(x.dtype)) ? floorDivide(period, 2) : trueDivide(period, 2);
  const jump = p.sub(sliceInDim(x, 1, n, axis), sliceInDim(x, 0, n - 1, axis));
  const wrapped = p.sub(remainder(p.add(jump, half), period), half);
  // A jump of exactly half a period keeps its direction.
  const inside = choose(p.and(p.eq(wrapped, p.neg(half)), p.gt(jump, like(jump, 0))), half, wrapped);
  const [size, bound] = promoteArgs('unwrap', p.abs(jump), limit) as [Array, Array];
  const correction = choose(p.lt(size, bound), constLike(jump, 0), p.sub(inside, jump));
  return [astype(concatenate([sliceInDim(x, 0, 1, axis), p.add(sliceInDim(x, 1, n, axis), cumsum(correction, axis, false))], axis), x.dtype)];
});

/**
 * Values along an axis with multiples of the period added where they jump by half of it or more. Mirrors `jax.numpy.unwrap`.
 *
 * @throws DtypeError for complex numbers
 * @example
 * np.unwrap([0, 3, 6.5], { period: 6 }).js() // [0, 3, 0.5…]
 */
export function unwrap(x: ArrayLike, ...rest: Rest<UnwrapOptions, 'discont', 'axis'>): Array {
  const { discont = null, axis = -1, period = 2 * Math.PI } = readOptions('unwrap', ['discont', 'axis', 'period'], 2, rest);
  const a = asArray(x, 'unwrap');
  expectDtype('unwrap', a, dtypeKind(a.dtype) !== 'complex', 'real numbers');
  const at = canonAxis('unwrap', axis, a.ndim);
  if (a.shape[at] === 0) return a;
  const args = [a, asArray(period, 'unwrap'), ...(discont === null ? [] : [asArray(discont, 'unwrap')])];
  return unwrapProgram(args, { axis: at, discont: discont !== null })[0]!;
}
