import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { isEager } from '../core/trace';
import { type ArrayLike, asArray } from '../functional/arrayLike';
import { debugCallback } from '../functional/callbacks';
import { formatValues, parseFormat } from '../functional/pythonFormat';
import type { AnyFunction } from '../functional/treeFunction';
import * as lax from '../lax/index';
import { FailedCheckError } from '../primitives/check';
import { unvmap } from './unvmap';

/**
 * Throws an error if a predicate holds, in compiled functions, too: there the program fails, and whoever waits for one of its results gets a
 * CallbackError whose `cause` is the error. Under `vmap` it is thrown if the predicate holds in any lane. Mirrors `brainstate.transform.jit_error_if`.
 *
 * @param pred a bool scalar, or an array of them
 * @param error a function that throws, or a message in the form of `debug.print`
 * @param args values for the function or the message; for a message a last plain object holds named ones
 * @throws FailedCheckError eagerly, where `error` is a message; ArgumentError if it is neither
 * @example
 * ```ts
 * const f = jit((x: np.Array) => {
 *   jitErrorIf(np.less(x, 0), 'x is negative: {}', x);
 *   return np.sqrt(x);
 * });
 * f(4).item(); // 2
 * ```
 */
export function jitErrorIf(pred: ArrayLike, error: string | AnyFunction, ...args: unknown[]): void {
  if (typeof error !== 'string' && typeof error !== 'function') throw new ArgumentError(`jitErrorIf: expected a message or a function that throws, got ${typeof error}`);
  const raise = typeof error === 'string' ? raiser(error) : error;
  const p = asArray(pred, 'jitErrorIf');
  if (isEager()) {
    if (globalThis.Array.from(p.dataSync() as Iterable<unknown>, Boolean).includes(true)) raise(...args);
    return;
  }
  lax.cond(unvmap(p), (...values: unknown[]) => {
    debugCallback(raise, ...values);
    return null;
  }, () => null, ...args);
}

function raiser(message: string): AnyFunction {
  const parts = parseFormat('jitErrorIf', message);
  return (...values: unknown[]) => {
    const last = values.at(-1);
    const named = isPlainObject(last) ? (last as Record<string, Array>) : {};
    throw new FailedCheckError(formatValues(parts, named === last ? values.slice(0, -1) : values, named));
  };
}
