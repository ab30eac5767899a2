import { describeValue } from '../core/describe';
import { ArgumentError } from '../core/errors';
import type { Path } from './paths';

/** Tells of a path and a value whether they are taken. */
export type Predicate = (path: Path, value: unknown) => boolean;
type Class = abstract new (...args: never[]) => unknown;

/**
 * What selects entries of a graph: a class (its instances), a string (a tag), `true` or `'...'` (everything), `false` or null (nothing), a function of
 * path and value, or a list of filters, any of which suffices.
 */
export type Filter = Class | string | boolean | null | Predicate | readonly Filter[];

interface Tagged {
  tag?: ReadonlySet<string> | string | null;
}

/** Whether a function is a class. */
export function isClass(f: unknown): f is Class {
  return typeof f === 'function' && /^class\b/.test(Function.prototype.toString.call(f));
}

/**
 * A filter as a function of path and value. Mirrors `brainstate.util.filter.to_predicate`.
 *
 * @throws ArgumentError for what is no filter
 * @example
 * util.toPredicate(ParamState)(['w'], new ParamState(np.ones([2]))); // true
 */
export function toPredicate(filter: Filter): Predicate {
  if (filter === '...' || filter === true) return everything();
  if (filter === null || filter === false) return nothing();
  if (typeof filter === 'string') return withTag(filter);
  if (isClass(filter)) return ofType(filter);
  if (typeof filter === 'function') return filter as Predicate;
  if (globalThis.Array.isArray(filter)) return any(...(filter as Filter[]));
  throw new ArgumentError(`filter: expected a class, a tag, a function, a list of filters, true, '...', false or null, got ${String(filter)}`);
}

/** Filters print as in BrainState. */
function named(text: string, f: Predicate): Predicate {
  return Object.defineProperty(f, 'toString', { value: () => text });
}

/** A predicate that one of the functions below made, by which. @internal */
export const makers = new WeakMap<Predicate, (...args: never[]) => Predicate>();

const textOf = (f: unknown): string => (typeof f === 'string' ? `'${f}'` : isClass(f) ? f.name : typeof f === 'function' && !makers.has(f as Predicate) ? `<function ${f.name || '<lambda>'}>` : String(f));

function made(maker: (...args: never[]) => Predicate, args: readonly unknown[], f: Predicate, name: string): Predicate {
  makers.set(f, maker);
  return named(`${name}(${args.map(textOf).join(', ')})`, f);
}

/** Instances of a class, or of what a state's snapshot says it was. */
export function ofType(type: Class): Predicate {
  if (typeof type !== 'function') throw new ArgumentError(`OfType: expected a class, got ${describeValue(type)}`);
  return made(ofType, [type], (_, x) => x instanceof type || (typeof (x as { type?: unknown } | null)?.type === 'function' && ((x as { type: Class }).type === type || (x as { type: Class }).type.prototype instanceof type)), 'OfType');
}

/** What has a name or index in its path. */
export function pathContains(key: string | number): Predicate {
  if (typeof key !== 'string' && typeof key !== 'number') throw new ArgumentError(`PathContains: expected a name or an index, got ${describeValue(key)}`);
  return made(pathContains, [key], (path) => path.includes(key), 'PathContains');
}

/** What has a tag. */
export function withTag(tag: string): Predicate {
  if (typeof tag !== 'string') throw new ArgumentError(`WithTag: expected a tag, a string, got ${describeValue(tag)}`);
  return made(withTag, [tag], (_, x) => {
    const t = (x as Tagged | null)?.tag;
    return t === tag || (typeof t === 'object' && t !== null && t.has(tag));
  }, 'WithTag');
}

export function any(...filters: Filter[]): Predicate {
  const ps = filters.map(toPredicate);
  return made(any, ps, (path, x) => ps.some((p) => p(path, x)), 'Any');
}

export function all(...filters: Filter[]): Predicate {
  const ps = filters.map(toPredicate);
  return made(all, ps, (path, x) => ps.every((p) => p(path, x)), 'All');
}

export function not(filter: Filter): Predicate {
  const p = toPredicate(filter);
  return made(not, [p], (path, x) => !p(path, x), 'Not');
}

export function everything(): Predicate {
  return made(everything, [], () => true, 'Everything');
}

export function nothing(): Predicate {
  return made(nothing, [], () => false, 'Nothing');
}
