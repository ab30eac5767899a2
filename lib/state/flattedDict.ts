import { inspect } from 'node:util';
import { ArgumentError } from '../core/errors';
import { registerPytreeNode } from '../core/tree';
import { type Filter, toPredicate } from './filters';
import { NestedDict } from './nestedDict';
import { checkComparable, checkEntries, comparePaths, keyOf, type Path, pathOf, pathText } from './paths';
import { State } from './state';

/**
 * A map from paths to values, in the order of the paths: what `module.states()` gives, and gradients with respect to it.
 *
 * Mirrors `brainstate.util.FlattedDict`. A node of trees: transforms look into it.
 *
 * @example
 * ```ts
 * const params = new nn.Sequential(new nn.Linear(3, 2), new nn.Linear(2, 1)).states(ParamState);
 * params.keys(); // [['layers', 0, 'weight'], ['layers', 1, 'weight']]
 * params.get('layers.0.weight'); // a ParamState
 * ```
 */
export class FlattedDict<V = unknown> implements Iterable<[Path, V]> {
  private readonly map: Map<string, [Path, V]>;

  constructor(entries: Iterable<readonly [Path | string, V]> = []) {
    const list = [...checkEntries('FlattedDict', entries)].map(([p, v]): [Path, V] => [pathOf(p), v]);
    checkComparable(list.map((e) => e[0]));
    list.sort((a, b) => comparePaths(a[0], b[0]));
    this.map = new Map(list.map((e) => [keyOf(e[0]), e]));
  }

  /** Of entries that stay in their order, and may be at the root: nodes of a graph as they are met. @internal */
  static inOrder<V>(entries: readonly (readonly [Path, V])[]): FlattedDict<V> {
    const made = new FlattedDict<V>();
    for (const [p, v] of entries) made.map.set(keyOf(p), [p, v]);
    return made;
  }

  /** Of a map of maps. */
  static fromNest<V>(nested: NestedDict<V>): FlattedDict<V> {
    return nested.toFlat();
  }

  get size(): number {
    return this.map.size;
  }

  private find(path: Path | string): [Path, V] | undefined {
    return this.map.get(keyOf(pathOf(path))) ?? (typeof path === 'string' ? this.map.get(path) : undefined);
  }

  /** The value at a path, given as an array or with dots. */
  get(path: Path | string): V | undefined {
    return this.find(path)?.[1];
  }

  /** Whether there is such a path. */
  has(path: Path | string): boolean {
    return this.find(path) !== undefined;
  }

  /** The paths, in order. */
  keys(): Path[] {
    return [...this.map.values()].map((e) => e[0]);
  }

  /** The values, in order of their paths. */
  values(): V[] {
    return [...this.map.values()].map((e) => e[1]);
  }

  /** Pairs of path and value. */
  entries(): [Path, V][] {
    return [...this.map.values()].map(([p, v]) => [p, v]);
  }

  /** Calls a function with each value and path. */
  forEach(f: (value: V, path: Path, dict: this) => void): void {
    for (const [p, v] of this.map.values()) f(v, p, this);
  }

  [Symbol.iterator](): Iterator<[Path, V]> {
    return this.entries()[Symbol.iterator]();
  }

  /** Another value at each path. */
  mapValues<W>(f: (value: V, path: Path) => W): FlattedDict<W> {
    return new FlattedDict(this.entries().map(([p, v]): [Path, W] => [p, f(v, p)]));
  }

  /** Itself, so that code written for nested and flat maps alike runs. */
  toFlat(): this {
    return this;
  }

  /** The same values in maps of maps. */
  toNest(): NestedDict<V> {
    return NestedDict.fromFlat(this.entries());
  }

  /** The same as `toNest`. */
  toNested(): NestedDict<V> {
    return this.toNest();
  }

  /** The entries that a filter lets through; for several filters, a list: each entry goes to the first that takes it. */
  filter(filter: Filter): FlattedDict<V>;
  filter(first: Filter, second: Filter, ...rest: Filter[]): FlattedDict<V>[];
  filter(...filters: Filter[]): FlattedDict<V> | FlattedDict<V>[];
  filter(...filters: Filter[]): FlattedDict<V> | FlattedDict<V>[] {
    const { parts } = this.partition(filters);
    return parts.length === 1 ? parts[0]! : parts;
  }

  /** As `filter`, but every entry must be taken. @throws ArgumentError naming the entries that no filter takes */
  split(filter: Filter): FlattedDict<V>;
  split(first: Filter, second: Filter, ...rest: Filter[]): FlattedDict<V>[];
  split(...filters: Filter[]): FlattedDict<V> | FlattedDict<V>[];
  split(...filters: Filter[]): FlattedDict<V> | FlattedDict<V>[] {
    const { parts, rest } = this.partition(filters);
    if (rest.length > 0) throw new ArgumentError(`split: the filters leave ${rest.map((e) => pathText(e[0])).join(', ')} over; add '...' as the last filter to take the rest`);
    return parts.length === 1 ? parts[0]! : parts;
  }

  private partition(filters: Filter[]): { parts: FlattedDict<V>[]; rest: [Path, V][] } {
    const predicates = filters.map((f) => toPredicate(f));
    filters.forEach((f, i) => {
      if ((f === '...' || f === true) && i < filters.length - 1) throw new ArgumentError(`'...' or true can only be the last filter, got it at index ${i}`);
    });
    const parts: [Path, V][][] = filters.map(() => []);
    const rest: [Path, V][] = [];
    for (const [p, v] of this.map.values()) {
      const i = predicates.findIndex((f) => f(p, v));
      (i < 0 ? rest : parts[i]!).push([p, v]);
    }
    // What is in order stays so.
    return { parts: parts.map((e) => FlattedDict.inOrder(e)), rest };
  }

  /** The union with others; later ones win. */
  merge(...others: FlattedDict<V>[]): FlattedDict<V> {
    return new FlattedDict([...this.entries(), ...others.flatMap((o) => o.entries())]);
  }

  /** The entries whose paths another does not have. */
  subtract(other: FlattedDict<unknown>): FlattedDict<V> {
    return new FlattedDict(this.entries().filter(([p]) => !other.has(p)));
  }

  /** The entries that pass a filter. */
  subset(filter: Filter): FlattedDict<V>;
  subset(first: Filter, second: Filter, ...rest: Filter[]): FlattedDict<V>[];
  subset(...filters: Filter[]): FlattedDict<V> | FlattedDict<V>[];
  subset(...filters: Filter[]): FlattedDict<V> | FlattedDict<V>[] {
    return this.filter(...filters);
  }

  /** The states' values; what is no state stays as it is. */
  toDictValues(): FlattedDict<unknown> {
    return this.mapValues((v) => (v instanceof State ? v.value : v));
  }

  /** Sets the states' values. @throws ArgumentError for a path that is not here */
  assignDictValues(values: FlattedDict<unknown> | Iterable<readonly [Path | string, unknown]>): void {
    for (const [p, v] of values) {
      const s = this.get(p as Path);
      if (!(s instanceof State)) throw new ArgumentError(`assignDictValues: there is no state at ${pathText(pathOf(p as Path))}`);
      s.restoreValue(v);
    }
  }

  toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    const lines = this.entries().map(([p, v]) => `  (${p.map((k) => (typeof k === 'number' ? k : `'${k}'`)).join(', ')}${p.length === 1 ? ',' : ''}): ${v instanceof State ? v.render(2) : inspect(v)}`);
    return `FlattedDict({\n${lines.join(',\n')}\n})`;
  }
}

registerPytreeNode(FlattedDict, {
  name: 'FlattedDict',
  flatten: (d) => ({ children: d.values(), keys: d.keys().map((p) => p.join('.')), aux: d.keys() }),
  unflatten: (aux, children) => new FlattedDict((aux as Path[]).map((p, i) => [p, children[i]])),
  equals: samePaths,
});

function samePaths(a: unknown, b: unknown): boolean {
  const [x, y] = [a as Path[], b as Path[]];
  return x.length === y.length && x.every((p, i) => comparePaths(p, y[i]!) === 0);
}

/** States by their paths in a module or graph. */
export type FlatStates<S = State<unknown>> = FlattedDict<S>;
