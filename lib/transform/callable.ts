import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { type AnyFunction, like, nameOf } from '../functional/treeFunction';

/** What transforms take: a function, or a module, whose `call` it is. */
export type Callable = AnyFunction | { call(...args: never[]): unknown };

/** A function of given arguments, or a module whose `call` is one. `apply` keeps functions, which have a `call` of their own, from being taken for modules. */
export type Applicable<A extends readonly unknown[], R> = ((...args: A) => R) | { call(...args: A): R; apply?: never };

/** The function, null where it returns nothing: Python's functions return None there. */
export function orNull(f: AnyFunction): AnyFunction {
  return like(f, (...args: unknown[]) => f(...args) ?? null, f.name);
}

/** A function, or a module's `call` as one. */
export function asFunction(f: Callable, op = 'transform'): AnyFunction {
  if (typeof f === 'function') return f as AnyFunction;
  if (f !== null && typeof f === 'object' && typeof f.call === 'function') {
    return like(f.call, (...args: unknown[]) => (f.call as (...a: unknown[]) => unknown)(...args), f.constructor?.name ?? nameOf(undefined));
  }
  throw new ArgumentError(`${op}: expected a function or a module, got ${describeValue(f)}`);
}
