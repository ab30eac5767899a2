import { checkOptionalFunction } from '../core/checks';
import { checkOptions } from '../functional/options';
import { checkpoint as pureCheckpoint, type CheckpointOptions, checkStatic } from '../functional/staging';
import { type AnyFunction, like, type LikedArgs, nameOf, resultsOf } from '../functional/treeFunction';
import { asFunction, type Callable } from './callable';
import { type Effects, PureFunction } from './pure';

/**
 * A function that computes its intermediate values again in the backward pass, which saves their memory. States that it writes are written once.
 *
 * Mirrors `brainstate.transform.checkpoint` (`remat`) and `jax.checkpoint`.
 *
 * @throws ArgumentError if the policy is no function
 * @example
 * ```ts
 * const block = checkpoint((x: np.Array) => np.sin(np.sin(x)));
 * grad((x: np.Array) => np.sum(block(x)))(np.ones([3]));
 * ```
 */
export function checkpoint<F extends AnyFunction>(f: F, options?: CheckpointOptions): (...args: LikedArgs<Parameters<F>>) => ReturnType<F>;
export function checkpoint<A extends unknown[], R>(module: { call(...args: A): R }, options?: CheckpointOptions): (...args: LikedArgs<A>) => R;
export function checkpoint(options: CheckpointOptions): (f: Callable) => (...args: unknown[]) => unknown;
export function checkpoint(f: Callable | CheckpointOptions, options: CheckpointOptions = {}): unknown {
  if (f !== null && typeof f === 'object' && typeof (f as { call?: unknown }).call !== 'function') return (g: Callable) => checkpoint(g as AnyFunction, f as CheckpointOptions);
  options = checkOptions('checkpoint', ['preventCse', 'policy', 'staticArgnums'], options);
  const fn = asFunction(f as Callable, 'checkpoint');
  checkOptionalFunction('checkpoint', 'policy', options.policy);
  const resolved = { ...options, staticArgnums: checkStatic('checkpoint', options.staticArgnums, fn) };
  return like(fn, (...args: unknown[]) => {
    const pure = new PureFunction(fn, [], `checkpoint of ${nameOf(fn)}`);
    try {
      const run = Object.defineProperty((...xs: unknown[]) => {
        const [result, { writes }] = pure.run([], ...xs);
        // What it wrote may be all there is to it.
        if (result === undefined && writes.length === 0) resultsOf(result, `checkpoint of ${nameOf(fn)}`);
        return [result, writes];
      }, 'name', { value: nameOf(fn) });
      const [result, writes] = pureCheckpoint(run as AnyFunction, resolved)(...args) as [unknown, Effects['writes']];
      pure.commit(writes);
      return result;
    } finally {
      pure.close();
    }
  });
}
