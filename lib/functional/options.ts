import { ArgumentError } from '../core/errors';
import { describeValue } from './arrayLike';

// biome-ignore lint/complexity/noBannedTypes: a class, abstract ones among them, or a function
type Taker = Function;

/** @throws ArgumentError for an option that is not known */
export function unknownOption(op: string, name: string, known: readonly string[]): never {
  throw new ArgumentError(`${op}: unknown option '${name}'; expected one of ${known.join(', ') || 'none'}`);
}

/** The names before the rest element of the first object pattern that has one, in the parameters and body of a function. */
function namesInPattern(text: string): string[] {
  const open: { braces: boolean; names: string[]; atName: boolean }[] = [];
  let closed = 0;
  for (const [token] of text.matchAll(/'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\.{3}|[\w$]+|[{}()[\],]/g)) {
    const top = open[open.length - 1];
    if ('{(['.includes(token)) open.push({ braces: token === '{', names: [], atName: true });
    else if ('})]'.includes(token)) {
      open.pop();
      // After the parameters comes the body.
      if (open.length === 0 && ++closed === 2) break;
    } else if (token === '...') {
      if (top?.braces && top.atName) return top.names;
    } else if (top !== undefined) {
      if (top.atName && token !== ',') top.names.push(token);
      // What follows a name, a default or a local name, is none.
      top.atName = token === ',';
    }
  }
  return [];
}

/** The names of the options that a function, or a class and those it extends, takes by a pattern: read from its source, for an error's message only. */
function optionNames(taker: Taker): string[] {
  const names = new Set<string>();
  for (let f: Taker | null = taker; typeof f === 'function' && f !== Function.prototype; f = Object.getPrototypeOf(f) as Taker | null) {
    const text = String(f);
    const start = text.startsWith('class') ? text.search(/\bconstructor\s*\(/) : 0;
    if (start >= 0) for (const n of namesInPattern(text.slice(start))) names.add(n);
  }
  return [...names];
}

/**
 * Checks that nothing is left of an options object of which a function or a class has taken what it knows: `({ a = 1, ...rest } = {}) => { noMoreOptions(rest, f); … }`.
 *
 * @param taker the function, or the class that is made
 * @throws ArgumentError that names the first option left, and the known ones
 */
export function noMoreOptions(rest: object, taker: Taker, op = taker.name): void {
  for (const [k, v] of Object.entries(rest)) if (v !== undefined) unknownOption(op, k, optionNames(taker));
}

/** What was given as options; {} for null and undefined. @throws ArgumentError for what is no options object: a number would be taken apart into nothing */
export function optionsObject<O extends object>(op: string, options: O | null | undefined): O {
  if (options === undefined || options === null) return {} as O;
  if (typeof options !== 'object' || Symbol.iterator in options) throw new ArgumentError(`${op}: expected an options object, got ${describeValue(options)}`);
  return options;
}

/** An options object whose names have been checked; {} for null and undefined. @throws ArgumentError for an option that does not exist, or what is no options object */
export function checkOptions<O extends object>(op: string, names: readonly (keyof O & string)[], options: O | null | undefined): O {
  const given = optionsObject(op, options);
  for (const k of Object.keys(given)) if (!(names as readonly string[]).includes(k)) unknownOption(op, k, names);
  return given;
}

/** Options of which one, no object, may also be given by itself, before the others. @throws ArgumentError where options are given twice */
export function withFirst<O extends object>(op: string, name: keyof O & string, first: O | number | boolean | null | undefined, options?: O): O {
  if (first === null || typeof first !== 'object') return { ...optionsObject(op, options), ...(first !== undefined && { [name]: first }) } as O;
  if (options !== undefined) throw new ArgumentError(`${op}: expected ${name} before the options, got ${describeValue(first)}`);
  return first;
}
