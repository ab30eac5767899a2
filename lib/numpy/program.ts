import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { checkNames, isOptions, type OptionNames } from '../functional/options';
import { composite, isOpen } from '../interpreters/jit';

/**
 * Trailing arguments of a function: an options object, or the first one to three options in Python's order and then an object of others.
 * `np.sum(x, 0)`, `np.sum(x, { axis: 0 })` and `np.sum(x, 0, { keepdims: true })` are all of this form.
 */
export type Rest<O, A extends keyof O = never, B extends keyof O = never, C extends keyof O = never> =
  | readonly [options?: O]
  | readonly [a: O[A], options?: O]
  | readonly [a: O[A], b: O[B], options?: O]
  | readonly [a: O[A], b: O[B], c: O[C], options?: O];

/** {@link readOptions} where the names are not known to the compiler. */
export function readNamed(op: string, names: readonly string[], positional: number, rest: readonly unknown[]): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  rest.forEach((x, i) => {
    if (isOptions(x) && i === rest.length - 1) {
      for (const [k, v] of Object.entries(checkNames(op, names, x))) if (v !== undefined) out[k] = v;
    } else if (x !== undefined) {
      if (i >= positional) throw new ArgumentError(`${op}: expected ${positional === 0 ? 'an options object' : `at most ${names.slice(0, positional).join(', ')} and an options object`} after the required arguments, got ${rest.length} arguments`);
      out[names[i]!] = x;
    }
  });
  return out;
}

/**
 * Reads trailing arguments: values in the order of `names`, and an object of them by name.
 *
 * @param names of all options, first those that may be given by position
 * @param positional how many may be given by position
 * @throws ArgumentError for an option that is not one of the names, or too many values
 */
export function readOptions<O extends object, const K extends keyof O & string, A extends keyof O, B extends keyof O, C extends keyof O>(op: string, names: OptionNames<O, K>, positional: number, rest: Rest<O, A, B, C>): O {
  return readNamed(op, names, positional, rest) as O;
}

/**
 * As `composite`, for functions some of whose operands may be missing: an operand that is null is null for `f` as well.
 */
export function program<S extends object>(name: string, f: (args: (Array | null)[], statics: S) => readonly Array[]): (args: readonly (Array | null | undefined)[], statics: S) => Array[] {
  const run = composite<{ s: S; present: readonly boolean[] }>(name, (given, { s, present }) => {
    let next = 0;
    return f(present.map((p) => (p ? given[next++]! : null)), s);
  });
  return (args, s) => (isOpen() ? [...f(args.map((x) => x ?? null), s)] : run(args.filter((x): x is Array => x !== null && x !== undefined), { s, present: args.map((x) => x !== null && x !== undefined) }));
}
