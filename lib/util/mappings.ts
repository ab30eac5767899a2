import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { FlattedDict } from '../state/flattedDict';
import { NestedDict } from '../state/nestedDict';
import type { Path } from '../state/paths';

type Mapping = Readonly<Record<string, unknown>> | ReadonlyMap<string | number, unknown> | NestedDict<unknown>;

/** Entries of a plain object, Map or NestedDict; null for anything else. */
function entriesOf(x: unknown): [string | number, unknown][] | null {
  if (x instanceof Map || x instanceof NestedDict) return [...(x as Iterable<[string | number, unknown]>)];
  return isPlainObject(x) ? Object.entries(x) : null;
}

/** Options of {@link flatMapping}. */
export interface FlatMappingOptions {
  /** Whether empty maps stay, as empty objects. Default false. */
  keepEmptyNodes?: boolean;
  /** What is not taken apart. */
  isLeaf?: ((path: Path, x: unknown) => boolean) | null;
}

/**
 * Nested plain objects, Maps or NestedDicts as a map from paths to values; with `sep`, as a Map from paths joined by it.
 *
 * Mirrors `brainstate.util.flat_mapping`.
 *
 * @throws ArgumentError for what is no mapping
 * @example
 * util.flatMapping({ a: { b: 1, c: 2 } }).size; // 2
 */
export function flatMapping(xs: Mapping, options?: FlatMappingOptions & { sep?: null }): FlattedDict<unknown>;
export function flatMapping(xs: Mapping, options: FlatMappingOptions & { sep: string }): Map<string, unknown>;
export function flatMapping(xs: Mapping, options: FlatMappingOptions & { sep?: string | null } = {}): FlattedDict<unknown> | Map<string, unknown> {
  const { keepEmptyNodes = false, isLeaf = null, sep = null } = checkOptions('flatMapping', ['keepEmptyNodes', 'isLeaf', 'sep'], options);
  if (entriesOf(xs) === null) throw new ArgumentError(`util.flatMapping: expected a plain object, Map or NestedDict, got ${describeValue(xs)}`);
  const out: [Path, unknown][] = [];
  const walk = (x: unknown, path: Path): void => {
    const entries = path.length > 0 && isLeaf?.(path, x) ? null : entriesOf(x);
    if (entries === null) out.push([path, x]);
    else if (entries.length === 0) {
      if (keepEmptyNodes && path.length > 0) out.push([path, {}]);
    } else for (const [k, v] of entries) walk(v, [...path, k]);
  };
  walk(xs, []);
  return sep === null ? new FlattedDict(out) : new Map(out.map(([p, v]) => [p.join(sep), v]));
}

/**
 * The inverse of {@link flatMapping}: a map from paths, or by `sep` joined keys, as a nested one.
 *
 * Mirrors `brainstate.util.nest_mapping`.
 *
 * @throws ArgumentError for a path above another
 * @example
 * util.nestMapping({ 'a.b': 1, 'a.c': 2 }, { sep: '.' }).toFlat().size; // 2
 */
export function nestMapping(xs: FlattedDict<unknown> | ReadonlyMap<Path | string, unknown> | Readonly<Record<string, unknown>>, options: { sep?: string | null } = {}): NestedDict<unknown> {
  const { sep = null } = checkOptions('nestMapping', ['sep'], options);
  const entries = xs instanceof FlattedDict ? xs.entries() : entriesOf(xs as Mapping);
  if (entries === null) throw new ArgumentError(`util.nestMapping: expected a FlattedDict, Map or plain object, got ${describeValue(xs)}`);
  if ((entries as [Path | string | number, unknown][]).some(([k]) => globalThis.Array.isArray(k) && k.length === 0)) throw new ArgumentError('util.nestMapping: expected paths of one name at least, got an empty one');
  return NestedDict.fromFlat((entries as [Path | string | number, unknown][]).map(([k, v]): [Path, unknown] => [globalThis.Array.isArray(k) ? (k as Path) : sep === null ? [k as string | number] : String(k).split(sep), v]));
}
