import { checkEntries } from './paths';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { isClass } from './filters';
import { State } from './state';

type Class<T = unknown> = abstract new (...args: never[]) => T;
type Entries<K, V> = ReadonlyMap<K, V> | (K extends string ? Readonly<Record<string, V>> : never);

function entriesOf<K, V>(op: string, x: Entries<K, V>): [K, V][] {
  if (x instanceof Map) return [...x.entries()] as [K, V][];
  if (x === null || typeof x !== 'object' || globalThis.Array.isArray(x)) throw new ArgumentError(`${op}: expected a Map or a plain object, got ${describeValue(x)}`);
  return Object.entries(x) as [K, V][];
}

/**
 * A Map with set operations: subsets, unions, differences by keys and by values, parts by class. Values are compared by identity.
 *
 * Mirrors `brainstate.util.DictManager`.
 *
 * @example
 * [...new util.DictManager({ a: 1, b: 'x' }).subset((v) => typeof v === 'number').keys()]; // ['a']
 */
export class DictManager<K = string, V = unknown> extends Map<K, V> {
  /** @param entries a Map, a plain object, or pairs */
  constructor(entries: Iterable<readonly [K, V]> | Readonly<Record<string, V>> = []) {
    super();
    if (entries === null || typeof entries !== 'object') throw new ArgumentError(`${new.target.name}: expected a Map, a plain object or pairs, got ${describeValue(entries)}`);
    const list = Symbol.iterator in entries ? checkEntries(new.target.name, entries as Iterable<readonly [K, V]>) : (Object.entries(entries) as unknown as [K, V][]);
    for (const [k, v] of list) this.set(k, v);
  }

  private make(entries: Iterable<readonly [K, V]>): this {
    return new (this.constructor as new (e: Iterable<readonly [K, V]>) => this)(entries);
  }

  private where(keep: (value: V, key: K) => boolean): this {
    return this.make([...this].filter(([k, v]) => keep(v, k)));
  }

  /** The entries whose values are instances of a class, or pass a test. */
  subset(sep: Class | ((value: V) => boolean)): this {
    return this.where(isClass(sep) ? (v) => v instanceof sep : (sep as (v: V) => boolean));
  }

  /** The entries whose values are no instances of a class. */
  notSubset(sep: Class): this {
    return this.where((v) => !(v instanceof sep));
  }

  /** Adds an entry. @throws ArgumentError if the key has another value */
  addUniqueKey(key: K, value: V): void {
    this.checkElem(value);
    if (this.has(key) && this.get(key) !== value) throw new ArgumentError(`${this.constructor.name}: key '${String(key)}' already has another value`);
    this.set(key, value);
  }

  /** Adds an entry unless some key has the value; whether it was added. @throws ArgumentError if the key has another value */
  addUniqueValue(key: K, value: V): boolean {
    this.checkElem(value);
    if (this.has(key) && this.get(key) !== value) throw new ArgumentError(`${this.constructor.name}: key '${String(key)}' already has another value`);
    if ([...this.values()].includes(value)) return false;
    this.set(key, value);
    return true;
  }

  /** The entries without those whose value a key before has. */
  unique(): this {
    const seen = new Set<V>();
    return this.where((v) => !seen.has(v) && seen.add(v) !== undefined);
  }

  /** {@link unique}, in place. */
  unique_(): this {
    const keep = this.unique();
    for (const k of [...this.keys()]) if (!keep.has(k)) this.delete(k);
    return this;
  }

  /** Sets all entries of others. */
  assign(...others: Entries<K, V>[]): void {
    for (const o of others) for (const [k, v] of entriesOf(`${this.constructor.name}.assign`, o)) this.set(k, v);
  }

  /** One part for each class, and the rest: an entry goes to the first class that its value is of. */
  split(...types: Class[]): this[] {
    const parts: [K, V][][] = [...types.map(() => []), []];
    for (const [k, v] of this) {
      const i = types.findIndex((t) => v instanceof t);
      parts[i < 0 ? types.length : i]!.push([k, v]);
    }
    return parts.map((p) => this.make(p));
  }

  /** The entries that a predicate takes. */
  filterByPredicate(predicate: (key: K, value: V) => boolean): this {
    return this.where((v, k) => predicate(k, v));
  }

  /** The entries, their values as a function changes them. */
  mapValues<W>(f: (value: V) => W): DictManager<K, W> {
    return new DictManager<K, W>([...this].map(([k, v]) => [k, f(v)] as const));
  }

  /** @throws ArgumentError if two keys become one */
  mapKeys<L>(f: (key: K) => L): DictManager<L, V> {
    const out = new DictManager<L, V>();
    for (const [k, v] of this) {
      const key = f(k);
      if (out.has(key)) throw new ArgumentError(`${this.constructor.name}.mapKeys: two keys became ${String(key)}`);
      out.set(key, v);
    }
    return out;
  }

  /** Takes entries of these keys away. */
  popByKeys(keys: Iterable<K>): void {
    for (const k of keys) this.delete(k);
  }

  /** Takes entries with these values away. */
  popByValues(values: Iterable<V>): void {
    const out = new Set(values);
    for (const [k, v] of [...this]) if (out.has(v)) this.delete(k);
  }

  /** The entries but those of these keys. */
  differenceByKeys(keys: Iterable<K>): this {
    const out = new Set(keys);
    return this.where((_, k) => !out.has(k));
  }

  /** The entries but those with these values. */
  differenceByValues(values: Iterable<V>): this {
    const out = new Set(values);
    return this.where((v) => !out.has(v));
  }

  /** The entries of these keys. */
  intersectionByKeys(keys: Iterable<K>): this {
    const both = new Set(keys);
    return this.where((_, k) => both.has(k));
  }

  /** The entries with these values. */
  intersectionByValues(values: Iterable<V>): this {
    const both = new Set(values);
    return this.where((v) => both.has(v));
  }

  /** The union with another; its entries win. */
  merge(other: Entries<K, V>): this {
    return this.make([...this, ...entriesOf(`${this.constructor.name}.merge`, other)]);
  }

  /** The entries as a plain object. */
  toDict(): Record<string, V> {
    return Object.fromEntries([...this].map(([k, v]) => [String(k), v]));
  }

  /** Subclasses say here what they do not take. */
  protected checkElem(_elem: V): void {}
}

/**
 * States by key, with their values. Mirrors `brainstate.StateDictManager`.
 *
 * @example
 * ```ts
 * const states = new StateDictManager({ w: new ParamState(np.ones([2])), h: new ShortTermState(np.zeros([3])) });
 * [...states.subset(ParamState).keys()]; // ['w']
 * ```
 */
export class StateDictManager<K = string> extends DictManager<K, State<unknown>> {
  protected override checkElem(elem: State<unknown>): void {
    if (!(elem instanceof State)) throw new ArgumentError(`StateDictManager: expected a State, got ${describeValue(elem)}`);
  }

  /** Sets the states' values by key. @throws ArgumentError for a key that is not here */
  assignValues(...values: Entries<K, unknown>[]): void {
    for (const given of values) {
      for (const [k, v] of entriesOf<K, unknown>('StateDictManager.assignValues', given)) {
        const state = this.get(k);
        if (state === undefined) throw new ArgumentError(`StateDictManager.assignValues: there is no state '${String(k)}'`);
        state.value = v;
      }
    }
  }

  /** The values of the states, in one part for each class, and the rest. */
  splitValues(...types: Class[]): DictManager<K, unknown>[] {
    return this.split(...types).map((p) => p.collectValues());
  }

  /** The states' values by key. */
  collectValues(): DictManager<K, unknown> {
    return this.mapValues((s) => s.value);
  }

  /** The values as a plain object. */
  toDictValues(): Record<string, unknown> {
    return this.collectValues().toDict();
  }
}
