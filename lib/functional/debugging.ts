import { describeValue } from './arrayLike';
import { ArgumentError } from '../core/errors';
import { withScope } from '../core/trace';
import { withConfig } from './configContexts';

type Switch = 'disableJit' | 'debugNans' | 'debugInfs';

function switched(key: Switch, on: boolean | (() => unknown), f?: () => unknown): unknown {
  if (typeof on === 'function') return withConfig(key, true, on);
  if (typeof on !== 'boolean') throw new ArgumentError(`${key}: expected true, false or a function, got ${typeof on}`);
  return withConfig(key, on, f);
}

/**
 * Runs a function with `jit` switched off: jitted functions in it run operation by operation, so that values can be looked at, and steps of loops run
 * one by one. Mirrors `jax.disable_jit`.
 *
 * @param f a synchronous function
 * @example
 * ```ts
 * const seen: number[] = [];
 * disableJit(() => jit((x: np.Array) => { seen.push(x.item() as number); return x.add(1); })(1).item()); // 2
 * ```
 */
export function disableJit<R>(f: () => R): R;
export function disableJit<R>(disable: boolean, f: () => R): R;
export function disableJit(disable: boolean): void;
export function disableJit(on: boolean | (() => unknown), f?: () => unknown): unknown {
  return switched('disableJit', on, f);
}

/**
 * Has each operation that gives NaN throw an error with its name, in jitted functions, too: these run operation by operation then. Mirrors
 * `jax.debug_nans`. With a function it holds while that runs, else from now on.
 *
 * @param f a function
 * @throws FloatingPointError where an operation gives NaN
 * @example
 * ```ts
 * debugNans(() => np.log(2)).item();
 * ```
 */
export function debugNans<R>(f: () => R): R;
export function debugNans<R>(enabled: boolean, f: () => R): R;
export function debugNans(enabled: boolean): void;
export function debugNans(on: boolean | (() => unknown), f?: () => unknown): unknown {
  return switched('debugNans', on, f);
}

/**
 * {@link debugNans} for infinite results. Mirrors `jax.debug_infs`. @throws FloatingPointError where an operation gives an infinity
 *
 * @param f a function
 * @example
 * debugInfs(() => np.divide(1, 2).js()); // 0.5
 */
export function debugInfs<R>(f: () => R): R;
export function debugInfs<R>(enabled: boolean, f: () => R): R;
export function debugInfs(enabled: boolean): void;
export function debugInfs(on: boolean | (() => unknown), f?: () => unknown): unknown {
  return switched('debugInfs', on, f);
}

function checkName(op: string, name: unknown): string {
  if (typeof name !== 'string' || name === '') throw new ArgumentError(`${op}: expected a name, got ${typeof name === 'string' ? "''" : typeof name}`);
  return name;
}

/** The scope of the public function `namedScope`. */
export function namedScope<R>(name: string, f: () => R): R {
  if (typeof f !== 'function') throw new ArgumentError(`namedScope: expected a function, got ${describeValue(f)}`);
  return withScope(checkName('namedScope', name), f);
}
