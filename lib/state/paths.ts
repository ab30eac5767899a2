import { describeValue } from '../functional/arrayLike';
import { ArgumentError } from '../core/errors';

/** Where something is in a module or tree: attribute names, and indices of lists. */
export type Path = readonly (string | number)[];

/** A path as an array: `'l1.weight'` is `['l1', 'weight']`. */
export function pathOf(path: Path | string | number): Path {
  if (typeof path === 'string') return path.split('.');
  if (typeof path === 'number') return [path];
  if (!globalThis.Array.isArray(path)) throw new ArgumentError(`expected a path, a list of names and indices or a text with dots, got ${describeValue(path)}`);
  return path as Path;
}

/** A text that is equal for equal paths, an index and its digits being the same. */
export function keyOf(path: Path): string {
  return path.join('\u0000');
}

export function pathText(path: Path): string {
  return `'${path.join('.')}'`;
}

/** Order of paths: entry by entry, indices by number and before names, names by code units. */
export function comparePaths(a: Path, b: Path): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    if (typeof x === 'number') return typeof y === 'number' ? x - y : -1;
    if (typeof y === 'number') return 1;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

/** @throws ArgumentError where an index and a name that reads the same stand for different things */
export function checkComparable(paths: readonly Path[]): void {
  const seen = new Map<string, Path>();
  for (const p of paths) {
    if (p.length === 0 || p.some((k) => typeof k !== 'string' && typeof k !== 'number')) throw new ArgumentError(`expected a path of names and indices, got [${p.map(String).join(', ')}]`);
    const known = seen.get(keyOf(p));
    if (known !== undefined && comparePaths(known, p) !== 0) throw new ArgumentError(`paths ${pathText(known)} and ${pathText(p)} differ only in an index that is a name`);
    seen.set(keyOf(p), p);
  }
}

/** What is to become a map. @throws ArgumentError for what is no list of pairs */
export function checkEntries<E extends readonly [unknown, unknown]>(op: string, entries: Iterable<E>): Iterable<E> {
  const given: unknown = entries;
  if (given === null || typeof given !== 'object' || !(Symbol.iterator in given)) throw new ArgumentError(`${op}: expected pairs of keys and values, got ${describeValue(given)}`);
  if (given instanceof Map) return entries;
  const list = [...entries];
  for (const e of list) if (!globalThis.Array.isArray(e) || e.length !== 2) throw new ArgumentError(`${op}: expected pairs of keys and values, got ${describeValue(e)} among them`);
  return list;
}
