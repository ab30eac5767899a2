import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isEager, Tracer } from '../core/trace';
import { flatten, isPlainObject } from '../core/tree';
import { type ArrayLike, asArray } from '../functional/arrayLike';
import { debugCallback } from '../functional/callbacks';
import { checkNamed, formatValues, parseFormat } from '../functional/pythonFormat';
import { type AnyFunction, isArrayLeaf } from '../functional/treeFunction';
import * as lax from '../lax/index';
import * as np from '../numpy';
import { FailedCheckError } from '../primitives/check';
import { unvmap } from './unvmap';

/**
 * Throws an error if a predicate holds, in compiled functions, too: there the program fails, and whoever waits for one of its results gets a
 * CallbackError whose `cause` is the error. Under `vmap` it is thrown if the predicate holds in any lane. Mirrors `brainstate.transform.jit_error_if`.
 *
 * @param pred a bool scalar, or an array of them
 * @param error a function that throws, or a message in the form of `debug.print`, or with a `%d`, `%g` or `%s` for each value
 * @param args values for the function or the message; for a message a last plain object holds named ones
 * @throws FailedCheckError eagerly, where `error` is a message; ArgumentError if it is neither, or names a value that is not given
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
  const raise = typeof error === 'string' ? raiser(error, args) : error;
  const p = asArray(pred, 'jitErrorIf');
  // What the predicate is is known at once, but for a function that is staged out: under vmap over arrays, too, of which the error then sees whole batches.
  const holds = isEager() ? np.any(np.notEqual(p, 0)) : unvmap(p);
  if (!(holds instanceof Tracer)) {
    if (np.notEqual(holds, 0).item() === true) raise(...args.map(whole));
    return;
  }
  lax.cond(holds, (...values: unknown[]) => {
    debugCallback(raise, ...values);
    return null;
  }, () => null, ...args);
}

/** A tree with the arrays of all lanes in place of those of one. */
function whole(x: unknown): unknown {
  const [leaves, def] = flatten(x, isArrayLeaf);
  return def.unflatten(leaves.map((v) => (v instanceof Tracer ? unvmap(lax.stopGradient(v) as Array, 'none') : v)));
}

function raiser(message: string, args: readonly unknown[]): AnyFunction {
  const names = isPlainObject(args.at(-1)) ? Object.keys(args.at(-1) as object) : null;
  const count = args.length - (names === null ? 0 : 1);
  const format = braced(message, count);
  const parts = args.length === 0 ? [message] : parseFormat('jitErrorIf', format);
  checkNamed('jitErrorIf', message, parts, count, names ?? []);
  return (...values: unknown[]) => {
    throw new FailedCheckError(formatValues(parts, values.slice(0, count), names === null ? {} : (values.at(-1) as Record<string, Array>)));
  };
}

/** A message with places as C's printf has them (`'%d'`, `'%.3f'`), one for each value, as a format; another as it is. */
function braced(message: string, count: number): string {
  const place = /%(%|[-+0]*\d*(?:\.\d+)?[difegs])/g;
  const places = [...message.matchAll(place)].filter(([, spec]) => spec !== '%');
  if (count === 0 || places.length !== count) return message;
  let at = 0;
  return message.replace(place, (_, spec: string) => (spec === '%' ? '%' : `{${at++}:${spec.replace('-', '<').replace(/[di]$/, '.0f').replace(/s$/, '')}}`));
}
