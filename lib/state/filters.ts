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

/** Instances of a class, or of what a state's snapshot says it was. */
export function ofType(type: Class): Predicate {
  return (_, x) => x instanceof type || (typeof (x as { type?: unknown } | null)?.type === 'function' && ((x as { type: Class }).type === type || (x as { type: Class }).type.prototype instanceof type));
}

/** What has a name or index in its path. */
export function pathContains(key: string | number): Predicate {
  return (path) => path.includes(key);
}

/** What has a tag. */
export function withTag(tag: string): Predicate {
  return (_, x) => {
    const t = (x as Tagged | null)?.tag;
    return t === tag || (typeof t === 'object' && t !== null && t.has(tag));
  };
}

export function any(...filters: Filter[]): Predicate {
  const ps = filters.map(toPredicate);
  return (path, x) => ps.some((p) => p(path, x));
}

export function all(...filters: Filter[]): Predicate {
  const ps = filters.map(toPredicate);
  return (path, x) => ps.every((p) => p(path, x));
}

export function not(filter: Filter): Predicate {
  const p = toPredicate(filter);
  return (path, x) => !p(path, x);
}

export function everything(): Predicate {
  return () => true;
}

export function nothing(): Predicate {
  return () => false;
}
