import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue, isComplex } from './arrayLike';

/**
 * The names of the options that O declares, all of them and no other: a name too many or too few does not compile.
 * What takes such a list and hands it to {@link checkOptions} has the type parameters `<O extends object, const K extends keyof O & string>`.
 */
export type OptionNames<O, K extends keyof O & string> = readonly K[] & ([Exclude<keyof O, K>] extends [never] ? unknown : { readonly 'missing among the names': Exclude<keyof O, K> });

/** The known name that was most likely meant, with Python's underscores or in another case, too; null if none is near. */
function nearestName(name: string, known: readonly string[]): string | null {
  // Loaded for a message only: it takes 2 ms, and programs that are right need none.
  const { distance } = require('fastest-levenshtein') as typeof import('fastest-levenshtein');
  const plain = (s: string) => s.replaceAll('_', '').toLowerCase();
  const letters = (s: string) => [...s].sort().join('');
  const given = plain(name);
  let best: string | null = null;
  let least = Math.max(1, Math.floor(given.length / 3)) + 1;
  for (const k of known) {
    // Two letters that changed places are one mistake, not two.
    const d = distance(given, plain(k)) - (given !== plain(k) && letters(given) === letters(plain(k)) ? 1 : 0);
    if (d < least) [best, least] = [k, d];
  }
  return best;
}

/** @throws ArgumentError for an option that is not known */
export function unknownOption(op: string, name: string, known: readonly string[]): never {
  const near = nearestName(name, known);
  throw new ArgumentError(`${op}: unknown option '${name}'; expected one of ${known.join(', ') || 'none'}${near === null ? '' : `; did you mean '${near}'?`}`);
}

/** Whether a value is an object of options, rather than an array, a number or what else stands in its place. */
export function isOptions(x: unknown): x is object {
  return isPlainObject(x) && !isComplex(x);
}

/** What was given as options, of any names; {} for null and undefined. @throws ArgumentError for what is no options object: a number would be taken apart into nothing */
export function optionsObject<O extends object>(op: string, options: O | null | undefined): O {
  if (options === undefined || options === null) return {} as O;
  if (typeof options !== 'object' || Symbol.iterator in options) throw new ArgumentError(`${op}: expected an options object, got ${describeValue(options)}`);
  return options;
}

/** An options object, as it was given. @throws ArgumentError for a name that is none of the known ones, unless its value is undefined */
export function checkNames<O extends object>(op: string, known: readonly string[], given: O): O {
  for (const k of Object.keys(given)) if (!known.includes(k) && given[k as keyof O] !== undefined) unknownOption(op, k, known);
  return given;
}

/**
 * An options object whose names have been checked; {} for null and undefined. A class that extends another lists what its base takes as well:
 * `const { b = 1, ...rest } = checkOptions(new.target.name, [...BASE_OPTIONS, 'b'], options); super(rest);`.
 *
 * @throws ArgumentError for an option that does not exist, or what is no options object
 */
export function checkOptions<O extends object, const K extends keyof O & string>(op: string, names: OptionNames<O, K>, options: O | null | undefined): O {
  return checkNames(op, names, optionsObject(op, options));
}

/** Options of which one, no object, may also be given by itself, before the others. @throws ArgumentError where options are given twice */
export function withFirst<O extends object>(op: string, name: keyof O & string, first: O | number | boolean | null | undefined, options?: O): O {
  if (first === null || typeof first !== 'object') return { ...optionsObject(op, options), ...(first !== undefined && { [name]: first }) } as O;
  if (options !== undefined) throw new ArgumentError(`${op}: expected ${name} before the options, got ${describeValue(first)}`);
  return first;
}
