import type { Array } from '../core/array';
import { sameShape } from '../core/aval';
import { ShapeError } from '../core/errors';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as e from '../primitives/elementwise';
import { full } from '../primitives/structural';
import { broadcastShape } from './broadcast';
import { eq, isNan } from './operators';
import { program, readOptions, type Rest } from './program';
import { all } from './reductions';

const equalC = program<{ nan: boolean }>('array_equal', ([x, y], { nan }) => {
  const same = eq(x!, y!);
  return [all(nan ? e.or(same, e.and(isNan(x!), isNan(y!))) : same)];
});

/**
 * Whether two arrays have one shape and equal elements. Mirrors `jax.numpy.array_equal`.
 *
 * @param a1 an array
 * @param a2 an array
 * @example
 * np.arrayEqual([1, 2], [1, 2]).item() // true
 */
export function arrayEqual(a1: ArrayLike, a2: ArrayLike, ...rest: Rest<{ equalNan?: boolean }, 'equalNan'>): Array {
  const { equalNan = false } = readOptions('arrayEqual', ['equalNan'], 1, rest);
  const [x, y] = [asArray(a1, 'arrayEqual'), asArray(a2, 'arrayEqual')];
  return sameShape(x.shape, y.shape) ? equalC([x, y], { nan: equalNan })[0]! : full([], false, 'bool');
}

/**
 * Whether two arrays broadcast together and are then equal. Mirrors `jax.numpy.array_equiv`.
 *
 * @param a1 an array
 * @param a2 an array
 * @example
 * np.arrayEquiv([1, 1], 1).item() // true
 */
export function arrayEquiv(a1: ArrayLike, a2: ArrayLike): Array {
  const [x, y] = [asArray(a1, 'arrayEquiv'), asArray(a2, 'arrayEquiv')];
  try {
    broadcastShape('arrayEquiv', [x.shape, y.shape]);
  } catch (error) {
    if (error instanceof ShapeError) return full([], false, 'bool');
    throw error;
  }
  return equalC([x, y], { nan: false })[0]!;
}
