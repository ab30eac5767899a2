import type { Array } from '../core/array';
import { checkDtype, checkShape, type Shape } from '../core/aval';
import type { DType } from '../core/dtype';
import { rngBitGenerator as rngBitGeneratorPrimitive, type RandomAlgorithm as Algorithm } from '../primitives/random';
import { type ArrayLike, asArray } from './arrayLike';

/** Generators of random bits. Mirrors `jax.lax.RandomAlgorithm`. */
export const RandomAlgorithm = { RNG_DEFAULT: 'RNG_DEFAULT', RNG_THREE_FRY: 'RNG_THREE_FRY', RNG_PHILOX: 'RNG_PHILOX' } as const;

/** Random bits of a key, and the next key. Mirrors `jax.lax.rng_bit_generator`. */
export function rngBitGenerator(key: ArrayLike, shape: Shape, options: { dtype?: DType; algorithm?: Algorithm } = {}): [Array, Array] {
  return rngBitGeneratorPrimitive(asArray(key, 'rngBitGenerator'), checkShape('rngBitGenerator', shape), checkDtype('rngBitGenerator', options.dtype ?? 'uint32'), options.algorithm ?? 'RNG_DEFAULT');
}
