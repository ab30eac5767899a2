import { ArgumentError } from '../core/errors';
import { map } from '../core/tree';
import { nameArray } from '../primitives/checkpointName';
import { asArray } from './arrayLike';

/**
 * A tree of arrays under a name, by which the policies of {@link checkpoint} know them; the values stay what they are.
 *
 * Mirrors `jax.ad_checkpoint.checkpoint_name`.
 *
 * @throws ArgumentError unless the name is a string that is not empty
 * @example
 * ```ts
 * const f = checkpoint((x: np.Array) => np.sin(checkpointName(np.sin(x), 'inner')), { policy: checkpointPolicies.saveOnlyTheseNames('inner') });
 * ```
 */
export function checkpointName<T>(x: T, name: string): T {
  if (typeof name !== 'string' || name === '') throw new ArgumentError(`checkpointName: expected name to be a string that is not empty, got ${JSON.stringify(name)}`);
  return map((leaf: never) => nameArray(asArray(leaf, 'checkpointName'), name), x) as T;
}
