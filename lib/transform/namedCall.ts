import { namedScope } from '../functional/debugging';
import { checkOptions } from '../functional/options';
import { type AnyFunction, like, nameOf } from '../functional/treeFunction';
import { asFunction, type Callable } from './callable';
import { isCurried } from './vmap';

/**
 * A function, or a module, that runs in a {@link namedScope}. Mirrors `brainstate.transform.named_call` and `jax.named_call`.
 *
 * @param options `name`; default: that of the function
 * @throws ArgumentError unless it is given a function or a module
 * @example
 * namedCall((x: Array) => x.mul(2), { name: 'double' })(np.array(3)).js(); // 6
 */
export function namedCall<F extends AnyFunction>(f: F, options?: { name?: string | null }): F;
export function namedCall<A extends unknown[], R>(module: { call(...args: A): R }, options?: { name?: string | null }): (...args: A) => R;
export function namedCall(options: { name?: string | null }): { <F extends AnyFunction>(f: F): F; <A extends unknown[], R>(module: { call(...args: A): R }): (...args: A) => R };
export function namedCall(f: Callable | { name?: string | null }, options: { name?: string | null } = {}): unknown {
  if (isCurried('namedCall', f)) return (g: Callable) => namedCall(g as AnyFunction, f as { name?: string | null });
  const fn = asFunction(f as Callable, 'namedCall');
  const name = checkOptions('namedCall', ['name'], options).name ?? nameOf(fn);
  return like(fn, (...args: unknown[]) => namedScope(name, () => fn(...args)));
}
