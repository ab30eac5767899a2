import type { Array } from '../core/array';
import { flatten, unflatten } from '../core/tree';
import * as np from '../numpy';
import * as prng from '../prng';
import { formatKey, type SeedOrKey } from '../random/keyState';
import { zeroCount } from './moments';
import { checkFactor, type Factor, type GradientTransformation } from './transformation';

/**
 * Adds normal noise to gradients, whose variance is `eta / count ** gamma` in step `count`, counted from 1 (Neelakantan et al., 2015). Mirrors `optax.add_noise`.
 *
 * @param eta the variance in the first step
 * @param gamma how fast it falls
 * @param key a seed or a key; the state has the key of the next step
 * @throws ArgumentError for a key that is none
 * @example
 * ```ts
 * const tx = optim.addNoise(0.01, 0.55, 0);
 * const params = { w: np.array([3, 4]) };
 * const [updates] = tx.update({ w: np.array([0.5, -2]) }, tx.init(params) as never, params);
 * (updates as typeof params).w.shape; // [2]
 * ```
 */
export function addNoise(eta: Factor, gamma: Factor, key: SeedOrKey = 0): GradientTransformation {
  checkFactor('addNoise: eta', eta);
  checkFactor('addNoise: gamma', gamma);
  const first = formatKey('addNoise: key', key);
  return {
    init: () => ({ count: zeroCount(), rng_key: first }),
    update: (updates, state) => {
      const s = state as { count: Array; rng_key: Array };
      const count = np.add(s.count, 1);
      const deviation = np.sqrt(np.divide(eta, np.power(count, gamma)));
      const [next, own] = prng.split(s.rng_key);
      const [gradients, def] = flatten(updates) as [Array[], ReturnType<typeof flatten>[1]];
      const keys = prng.split(own, gradients.length);
      const noisy = gradients.map((g, i) => np.add(g, np.multiply(deviation, prng.normal(keys.slice(i) as Array, g.shape, { dtype: g.dtype }))));
      return [unflatten(def, noisy), { count, rng_key: next }];
    },
  };
}
