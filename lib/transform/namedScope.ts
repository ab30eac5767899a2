import { namedScope as scope } from '../functional/debugging';
import { checkOptions } from '../functional/options';
import type { AnyFunction } from '../functional/treeFunction';
import { asFunction, type Callable } from './callable';

/** Options of {@link namedScope}. */
export interface NamedScopeOptions {
  name: string;
  /** Arguments that are plain JS. Any may be: the function is traced where it is called, and not compiled by itself. */
  staticArgnums?: number | readonly number[] | ((...args: never[]) => number | readonly number[]) | null;
}

/** What {@link namedScope} makes of functions and modules; `fn` is what it was given. */
export interface NamedScopeDecorator {
  <F extends AnyFunction>(fn: F): F & { readonly fn: F };
  <A extends unknown[], R, M extends { call(...args: A): R }>(module: M & { call(...args: A): R }): ((...args: A) => R) & { readonly fn: M };
}

/**
 * Runs a function with a name on the operations that are traced in it: the name is in the program's text, and in the metadata of XLA's operations, which
 * profiles show. Scopes may be nested. Given a name alone, or options, it makes functions and modules that run so.
 *
 * Mirrors `jax.named_scope` and `brainstate.transform.named_scope`.
 *
 * @throws ArgumentError unless it is given a name, and a function
 * @example
 * ```ts
 * const f = jit((x: np.Array) => namedScope('encoder', () => np.sin(x)));
 * f.lower(1).asText().includes('encoder/sin'); // true
 * const decode = namedScope({ name: 'decoder' })((x: np.Array) => np.cos(x));
 * ```
 */
export function namedScope<R>(name: string, f: () => R): R;
export function namedScope(options: string | NamedScopeOptions): NamedScopeDecorator;
export function namedScope(options: string | NamedScopeOptions, ...rest: [f?: () => unknown]): unknown {
  if (rest.length > 0) return scope(options as string, rest[0]!);
  const name = typeof options === 'string' ? options : checkOptions('namedScope', ['name', 'staticArgnums'], options).name;
  scope(name, () => null);
  return (fn: Callable) => {
    const f = asFunction(fn, 'namedScope');
    const call = (...args: unknown[]) => scope(name, () => f(...args));
    return Object.defineProperties(call, { name: { value: f.name }, fn: { value: fn } });
  };
}
