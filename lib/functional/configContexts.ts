import { checkOptionalFunction } from '../core/checks';
import { type Config, config, PRNG_IMPLS, type PrngImpl } from '../core/config';
import { ArgumentError } from '../core/errors';
import { isPromise } from '../pjrt/promises';
import { canonicalizePrecision } from '../primitives/precision';

/** Sets a switch while a function runs; without a function, from now on. @throws ArgumentError if the function is async */
export function withConfig<K extends keyof Config, R>(key: K, value: Config[K], f: (() => R) | undefined): R | undefined {
  const switches: Config = config;
  if (f === undefined) {
    switches[key] = value;
    return undefined;
  }
  const saved = switches[key];
  switches[key] = value;
  try {
    const result = f();
    if (isPromise(result)) throw new ArgumentError(`${key}: expected a synchronous function, got one that returns a Promise: the setting would be back before it ends`);
    return result;
  } finally {
    switches[key] = saved;
  }
}

/**
 * The precision of matrix products and convolutions that name none, while a function runs; without a function, from now on. Compiled functions are
 * compiled anew for another precision. Mirrors `jax.default_matmul_precision`.
 *
 * @param precision 'default', 'high', 'highest', 'float32' … or the name of an algorithm; null is the platform's own
 * @param f a function
 * @throws ArgumentError if it is none of these
 * @example
 * ```ts
 * const y = defaultMatmulPrecision('highest', () => np.matmul(np.ones([2, 2]), np.ones([2, 2])));
 * ```
 */
export function defaultMatmulPrecision<R>(precision: string | null, f: () => R): R;
export function defaultMatmulPrecision(precision: string | null): void;
export function defaultMatmulPrecision<R>(precision: string | null, f?: () => R): R | undefined {
  checkOptionalFunction('defaultMatmulPrecision', 'f', f);
  if (precision !== null) canonicalizePrecision('defaultMatmulPrecision', precision);
  return withConfig('defaultMatmulPrecision', precision, f ?? undefined);
}

/**
 * The generator of keys that name none, while a function runs; without a function, from now on. Mirrors `jax.default_prng_impl`.
 *
 * @param impl the name of the generator
 * @param f a function
 * @throws ArgumentError for another name
 * @example
 * ```ts
 * const key = defaultPrngImpl('rbg', () => prng.key(0));
 * ```
 */
export function defaultPrngImpl<R>(impl: PrngImpl, f: () => R): R;
export function defaultPrngImpl(impl: PrngImpl): void;
export function defaultPrngImpl<R>(impl: PrngImpl, f?: () => R): R | undefined {
  if (!PRNG_IMPLS.includes(impl)) throw new ArgumentError(`defaultPrngImpl: expected one of ${PRNG_IMPLS.join(', ')}, got '${String(impl)}'`);
  return withConfig('defaultPrngImpl', impl, f);
}
