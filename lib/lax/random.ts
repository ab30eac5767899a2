import type { Array } from '../core/array';
import { checkDtype, checkShape, type Shape } from '../core/aval';
import type { DType } from '../core/dtype';
import { checkOptions } from '../functional/options';
import { rngBitGenerator as rngBitGeneratorPrimitive, rngUniform as rngUniformPrimitive, type RandomAlgorithm as Algorithm } from '../primitives/random';
import { type ArrayLike, asArray, promoteDtypesInexact } from './arrayLike';
import { operands } from './operands';

/** Generators of random bits. Mirrors `jax.lax.RandomAlgorithm`. */
export const RandomAlgorithm = { RNG_DEFAULT: 'RNG_DEFAULT', RNG_THREE_FRY: 'RNG_THREE_FRY', RNG_PHILOX: 'RNG_PHILOX' } as const;

/**
 * Random bits of a key, and the next key. Mirrors `jax.lax.rng_bit_generator`.
 *
 * @param shape shape of the bits
 * @example
 * lax.rngBitGenerator(np.array([0, 1, 2, 3], { dtype: 'uint32' }), [2, 3])[1].dtype; // 'uint32'
 */
export function rngBitGenerator(key: ArrayLike, shape: Shape, options: { dtype?: DType; algorithm?: Algorithm } = {}): [Array, Array] {
  options = checkOptions('rngBitGenerator', ['dtype', 'algorithm'], options);
  return rngBitGeneratorPrimitive(asArray(key, 'rngBitGenerator'), checkShape('rngBitGenerator', shape), checkDtype('rngBitGenerator', options.dtype ?? 'uint32'), options.algorithm ?? 'RNG_DEFAULT');
}

/**
 * Numbers uniform in [a, b) from a generator of the device that has no key: other numbers at each run. Mirrors `jax.lax.rng_uniform`, whose use JAX
 * advises against; `random.uniform` takes a key.
 *
 * @param a a scalar; two JS numbers are floats, whole ones too
 * @param b a scalar of a's dtype, above a
 * @param shape a shape
 * @throws DtypeError, ShapeError for other bounds
 * @example
 * lax.rngUniform(0, 1, [3]).shape // [3]
 */
export function rngUniform(a: ArrayLike, b: ArrayLike, shape: Shape): Array {
  const plain = typeof a === 'number' && typeof b === 'number';
  const [low, high] = (plain ? promoteDtypesInexact('rngUniform', a, b) : operands('rngUniform', a, b)) as [Array, Array];
  return rngUniformPrimitive(low, high, checkShape('rngUniform', shape));
}
