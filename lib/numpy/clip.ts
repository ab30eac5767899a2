import type { Array } from '../core/array';
import { DtypeError } from '../core/errors';
import { composite } from '../interpreters/jit';
import { type ArrayLike, asArray } from '../lax/arrayLike';
import * as p from '../primitives/elementwise';
import { holdsComplex } from './arithmetic';
import { promoteArgs } from './broadcast';
import { type Rest, readOptions } from './program';

/** Options of {@link clip}. */
export interface ClipOptions {
  /** The least value; null: there is none. */
  min?: ArrayLike | null;
  /** The greatest value; null: there is none. */
  max?: ArrayLike | null;
}

const clipProgram = composite<{ lower: boolean; upper: boolean }>('clip', ([x, ...bounds], { lower, upper }) => {
  let out = x!;
  if (lower) {
    const [b, a] = promoteArgs('clip', bounds.shift()!, out) as [Array, Array];
    out = p.max(b, a);
  }
  if (upper) {
    const [b, a] = promoteArgs('clip', bounds.shift()!, out) as [Array, Array];
    out = p.min(b, a);
  }
  return [out];
});

/**
 * Values below `min` become it, and those above `max` that; where both hold, `max`. Mirrors `jax.numpy.clip`.
 *
 * @throws DtypeError for complex numbers, which have no order
 * @example
 * np.clip([-1, 0.5, 2], 0, 1).js() // [0, 0.5, 1]
 */
export function clip(arr: ArrayLike, ...rest: Rest<ClipOptions, 'min', 'max'>): Array {
  const { min = null, max = null } = readOptions('clip', ['min', 'max'], 2, rest);
  if ([arr, min, max].some((x) => x !== null && holdsComplex(x))) throw new DtypeError('clip: expected real numbers: complex ones have no order; clip real and imaginary parts one by one');
  const x = asArray(arr, 'clip');
  if (min === null && max === null) return x;
  const args = [x, min, max].filter((v): v is ArrayLike => v !== null).map((v) => asArray(v, 'clip'));
  return clipProgram(args, { lower: min !== null, upper: max !== null })[0]!;
}
