import { inspect } from 'node:util';
import { checkFunction, checkInstance } from '../core/checks';
import { describeValue } from '../core/describe';
import { ArgumentError } from '../core/errors';
import { isPlainObject, registerPytreeNode } from '../core/tree';
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

  /** @param entries pairs of path and value, a Map, or a plain object whose keys are paths with dots */
  constructor(entries?: Iterable<readonly [Path | string, V]>);
  constructor(entries: Readonly<Record<string, V>>);
  constructor(entries: Iterable<readonly [Path | string, V]> | Readonly<Record<string, V>> = []) {
    const pairs = isPlainObject(entries) ? Object.entries(entries as Record<string, V>) : (entries as Iterable<readonly [Path | string, V]>);
    const list = [...checkEntries('FlattedDict', pairs)].map(([p, v]): [Path, V] => [pathOf(p), v]);
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

  /** Of a map of maps, or of nested plain objects. */
  static fromNest<V>(nested: NestedDict<V> | Readonly<Record<string, unknown>>): FlattedDict<V> {
    if (isPlainObject(nested)) return new NestedDict<V>(nested).toFlat();
    checkInstance('FlattedDict.fromNest', nested, NestedDict, 'a NestedDict or a plain object');
    return (nested as NestedDict<V>).toFlat();
  }

  /** The union of maps, nested or by paths; later ones win. Mirrors `brainstate.util.FlattedDict.merge`. */
  static merge<V>(first: NestedDict<V> | FlattedDict<V>, ...others: (NestedDict<V> | FlattedDict<V>)[]): FlattedDict<V> {
    const [flat, ...rest] = [first, ...others].map((d) => {
      if (!(d instanceof FlattedDict) && !(d instanceof NestedDict)) throw new ArgumentError(`merge: expected FlattedDicts and NestedDicts, got ${describeValue(d)}`);
      return d.toFlat();
    });
    return flat!.merge(...rest);
  }

  /** Puts a value at a path, given as an array or with dots. */
  set(path: Path | string, value: V): this {
    const p = this.find(path)?.[0] ?? pathOf(path);
    checkComparable([p]);
    const list = [...this.entries().filter(([q]) => comparePaths(q, p) !== 0), [p, value] as [Path, V]].sort((a, b) => comparePaths(a[0], b[0]));
    this.map.clear();
    for (const e of list) this.map.set(keyOf(e[0]), e);
    return this;
  }

  /** Takes away what is at a path; false if nothing is. */
  delete(path: Path | string): boolean {
    const found = this.find(path);
    return found !== undefined && this.map.delete(keyOf(found[0]));
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
    checkFunction('FlattedDict.forEach', 'f', f);
    for (const [p, v] of this.map.values()) f(v, p, this);
  }

  [Symbol.iterator](): Iterator<[Path, V]> {
    return this.entries()[Symbol.iterator]();
  }

  /** Another value at each path. */
  mapValues<W>(f: (value: V, path: Path) => W): FlattedDict<W> {
    checkFunction('FlattedDict.mapValues', 'f', f);
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
      if ((f === '...' || f === true) && filters.slice(i + 1).some((g) => g !== '...' && g !== true)) throw new ArgumentError(`'...' or true can only be the last filter, got it at index ${i}`);
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
    return new FlattedDict([...this.entries(), ...others.flatMap((o) => (checkDict('merge', o), o.toFlat().entries()))]);
  }

  /** The entries whose paths another does not have. */
  subtract(other: FlattedDict<unknown>): FlattedDict<V> {
    checkDict('subtract', other);
    const there = other.toFlat();
    return new FlattedDict(this.entries().filter(([p]) => !there.has(p)));
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

  /** Sets the states' values; what is no state becomes the value. @throws ArgumentError unless there is a value for each path here, and for no other */
  assignDictValues(values: FlattedDict<unknown> | Iterable<readonly [Path | string, unknown]> | Readonly<Record<string, unknown>>): void {
    const given = values instanceof FlattedDict ? values : new FlattedDict<unknown>(values as Iterable<readonly [Path | string, unknown]>);
    const missing = this.keys().find((p) => !given.has(p));
    if (missing !== undefined) throw new ArgumentError(`FlattedDict.assignDictValues: there is no value for ${pathText(missing)}`);
    for (const [p] of given) if (!this.has(p)) throw new ArgumentError(`FlattedDict.assignDictValues: there is nothing at ${pathText(p)}`);
    for (const [p, v] of given) {
      const was = this.get(p);
      if (was instanceof State) was.value = v;
      else this.set(p, v as V);
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

/** @throws ArgumentError unless it is a map by paths, flat or nested */
function checkDict(op: string, other: FlattedDict<unknown> | NestedDict<unknown>): void {
  if (!(other instanceof NestedDict)) checkInstance(`FlattedDict.${op}`, other, FlattedDict);
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
