import { ArgumentError } from '../core/errors';
import type { CheckpointPolicy } from '../interpreters/remat';
import { nameP } from '../primitives/checkpointName';

interface DotLike {
  dimensionNumbers: readonly [unknown, readonly [readonly number[], readonly number[]]];
}


/**
 * Keeps every intermediate value: as no checkpoint. Mirrors `jax.checkpoint_policies.everything_saveable`.
 *
 * @example
 * (grad(checkpoint((x: Array) => np.sin(np.sin(x)), { policy: checkpointPolicies.everythingSaveable }))(1) as Array).js(); // 0.3600…
 */
export const everythingSaveable: CheckpointPolicy = () => true;

/**
 * Keeps none, as without a policy. Mirrors `jax.checkpoint_policies.nothing_saveable`.
 *
 * @example
 * (grad(checkpoint((x: Array) => np.sin(np.sin(x)), { policy: checkpointPolicies.nothingSaveable }))(1) as Array).js(); // 0.3600…
 */
export const nothingSaveable: CheckpointPolicy = () => false;

/**
 * Keeps results of matrix products and convolutions. Mirrors `jax.checkpoint_policies.dots_saveable`.
 *
 * @example
 * (grad(checkpoint((x: Array) => np.sum(np.matmul(x, x)), { policy: checkpointPolicies.dotsSaveable }))(np.eye(2)) as Array).js(); // [[2, 2], [2, 2]]
 */
export const dotsSaveable: CheckpointPolicy = (prim) => prim.name === 'dot_general' || prim.name === 'conv_general_dilated';

/**
 * Keeps results of matrix products without batch dimensions: those with weights. Mirrors `jax.checkpoint_policies.dots_with_no_batch_dims_saveable`.
 *
 * @example
 * (grad(checkpoint((x: Array) => np.sum(np.matmul(x, x)), { policy: checkpointPolicies.dotsWithNoBatchDimsSaveable }))(np.eye(2)) as Array).js(); // [[2, 2], [2, 2]]
 */
export const dotsWithNoBatchDimsSaveable: CheckpointPolicy = (prim, params) => prim.name === 'dot_general' && (params as DotLike).dimensionNumbers[1][0].length === 0;

export { dotsSaveable as checkpointDots, dotsWithNoBatchDimsSaveable as checkpointDotsWithNoBatchDims };

function nameOf(prim: unknown, params: object): string | null {
  return prim === nameP ? (params as { name: string }).name : null;
}

function checked(what: string, names: readonly string[]): ReadonlySet<string> {
  for (const n of names) if (typeof n !== 'string') throw new ArgumentError(`${what}: expected names, got ${typeof n}`);
  return new Set(names);
}

/**
 * Keeps only what `checkpointName` gave one of these names. Mirrors `jax.checkpoint_policies.save_only_these_names`.
 *
 * @example
 * (grad(checkpoint((x: Array) => np.sin(checkpointName(np.sin(x), 'a')), { policy: checkpointPolicies.saveOnlyTheseNames('a') }))(1) as Array).js(); // 0.3600…
 */
export function saveOnlyTheseNames(...names: string[]): CheckpointPolicy {
  const set = checked('saveOnlyTheseNames', names);
  return (prim, params) => set.has(nameOf(prim, params) ?? '');
}

/**
 * Keeps what has a name, but for these names. Mirrors `jax.checkpoint_policies.save_any_names_but_these`.
 *
 * @example
 * (grad(checkpoint((x: Array) => np.sin(checkpointName(np.sin(x), 'a')), { policy: checkpointPolicies.saveAnyNamesButThese('a') }))(1) as Array).js(); // 0.3600…
 */
export function saveAnyNamesButThese(...names: string[]): CheckpointPolicy {
  const set = checked('saveAnyNamesButThese', names);
  return (prim, params) => {
    const n = nameOf(prim, params);
    return n !== null && !set.has(n);
  };
}

/**
 * Keeps everything, but for values of these names. Mirrors `jax.checkpoint_policies.save_anything_except_these_names`.
 *
 * @example
 * (grad(checkpoint((x: Array) => np.sin(checkpointName(np.sin(x), 'a')), { policy: checkpointPolicies.saveAnythingExceptTheseNames('a') }))(1) as Array).js(); // 0.3600…
 */
export function saveAnythingExceptTheseNames(...names: string[]): CheckpointPolicy {
  const set = checked('saveAnythingExceptTheseNames', names);
  return (prim, params) => !set.has(nameOf(prim, params) ?? '');
}

/**
 * Keeps what either policy keeps. Mirrors `jax.checkpoint_policies.save_from_both_policies`.
 *
 * @example
 * ```ts
 * const policy = checkpointPolicies.saveFromBothPolicies(checkpointPolicies.dotsSaveable, checkpointPolicies.saveOnlyTheseNames('a'));
 * (grad(checkpoint((x: Array) => np.sum(np.matmul(x, x)), { policy }))(np.eye(2)) as Array).js(); // [[2, 2], [2, 2]]
 * ```
 */
export function saveFromBothPolicies(first: CheckpointPolicy, second: CheckpointPolicy): CheckpointPolicy {
  return (...args) => first(...args) || second(...args);
}
