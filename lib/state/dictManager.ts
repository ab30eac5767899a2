import { inspect, isDeepStrictEqual } from 'node:util';
import { checkEntries } from './paths';
import { checkClass, checkFunction, checkIterable } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { registerPytreeNode } from '../core/tree';
import { isClass } from './filters';
import { State } from './state';

type Class<T = unknown> = abstract new (...args: never[]) => T;
type Entries<K, V> = ReadonlyMap<K, V> | (K extends string ? Readonly<Record<string, V>> : never);

function entriesOf<K, V>(op: string, x: Entries<K, V>): [K, V][] {
  if (x instanceof Map) return [...x.entries()] as [K, V][];
  if (x === null || typeof x !== 'object' || globalThis.Array.isArray(x)) throw new ArgumentError(`${op}: expected a Map or a plain object, got ${describeValue(x)}`);
  return Object.entries(x) as [K, V][];
}

/** A test for instances of classes. */
function isOneOf(op: string, types: readonly Class[]): (x: unknown) => boolean {
  for (const t of types) checkClass(op, t);
  return (x) => types.some((t) => x instanceof t);
}

/** A test for what is among values: by identity, or by what they are. */
function among<V>(op: string, values: Iterable<V>, options: { by?: 'id' | 'value' }): (x: V) => boolean {
  checkIterable(op, 'values', values);
  const { by = 'id' } = checkOptions(op, ['by'], options);
  if (by !== 'id' && by !== 'value') throw new ArgumentError(`${op}: expected by to be 'id' or 'value', got ${describeValue(by)}`);
  const given = new Set(values);
  return by === 'id' ? (x) => given.has(x) : (x) => given.has(x) || [...given].some((v) => isDeepStrictEqual(v, x));
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

  /** The entries whose values are instances of a class, or of one of several, or pass a test. */
  subset(sep: Class | readonly Class[] | ((value: V) => boolean)): this {
    if (globalThis.Array.isArray(sep)) return this.where(isOneOf(`${this.constructor.name}.subset`, sep as readonly Class[]));
    checkFunction(`${this.constructor.name}.subset`, 'sep', sep);
    return this.where(isClass(sep) ? (v) => v instanceof sep : (sep as (v: V) => boolean));
  }

  /** The entries whose values are no instances of a class, or of any of several. */
  notSubset(sep: Class | readonly Class[]): this {
    const is = isOneOf(`${this.constructor.name}.notSubset`, globalThis.Array.isArray(sep) ? (sep as readonly Class[]) : [sep as Class]);
    return this.where((v) => !is(v));
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
    for (const t of types) checkClass(`${this.constructor.name}.split`, t);
    const parts: [K, V][][] = [...types.map(() => []), []];
    for (const [k, v] of this) {
      const i = types.findIndex((t) => v instanceof t);
      parts[i < 0 ? types.length : i]!.push([k, v]);
    }
    return parts.map((p) => this.make(p));
  }

  /** The entries that a predicate takes. */
  filterByPredicate(predicate: (key: K, value: V) => boolean): this {
    checkFunction(`${this.constructor.name}.filterByPredicate`, 'predicate', predicate);
    return this.where((v, k) => predicate(k, v));
  }

  /** The entries, their values as a function changes them. */
  mapValues<W>(f: (value: V) => W): DictManager<K, W> {
    checkFunction(`${this.constructor.name}.mapValues`, 'f', f);
    return new DictManager<K, W>([...this].map(([k, v]) => [k, f(v)] as const));
  }

  /** @throws ArgumentError if two keys become one */
  mapKeys<L>(f: (key: K) => L): DictManager<L, V> {
    checkFunction(`${this.constructor.name}.mapKeys`, 'f', f);
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
    checkIterable(`${this.constructor.name}.popByKeys`, 'keys', keys);
    for (const k of keys) this.delete(k);
  }

  /** Takes entries with these values away: the same, or with `by: 'value'` equal ones. */
  popByValues(values: Iterable<V>, options: { by?: 'id' | 'value' } = {}): void {
    const has = among(`${this.constructor.name}.popByValues`, values, options);
    for (const [k, v] of [...this]) if (has(v)) this.delete(k);
  }

  /** The entries but those of these keys. */
  differenceByKeys(keys: Iterable<K>): this {
    checkIterable(`${this.constructor.name}.differenceByKeys`, 'keys', keys);
    const out = new Set(keys);
    return this.where((_, k) => !out.has(k));
  }

  /** The entries but those with these values; `by` as in {@link popByValues}. */
  differenceByValues(values: Iterable<V>, options: { by?: 'id' | 'value' } = {}): this {
    const has = among(`${this.constructor.name}.differenceByValues`, values, options);
    return this.where((v) => !has(v));
  }

  /** The entries of these keys. */
  intersectionByKeys(keys: Iterable<K>): this {
    checkIterable(`${this.constructor.name}.intersectionByKeys`, 'keys', keys);
    const both = new Set(keys);
    return this.where((_, k) => both.has(k));
  }

  /** The entries with these values; `by` as in {@link popByValues}. */
  intersectionByValues(values: Iterable<V>, options: { by?: 'id' | 'value' } = {}): this {
    const has = among(`${this.constructor.name}.intersectionByValues`, values, options);
    return this.where(has);
  }

  /** The union with another; its entries win. */
  merge(other: Entries<K, V>): this {
    return this.make([...this, ...entriesOf(`${this.constructor.name}.merge`, other)]);
  }

  /** The entries as a plain object. */
  toDict(): Record<string, V> {
    return Object.fromEntries([...this].map(([k, v]) => [String(k), v]));
  }

  override toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    return `${this.constructor.name}({${[...this].map(([k, v]) => `${typeof k === 'string' ? `'${k}'` : inspect(k)}: ${inspect(v)}`).join(', ')}})`;
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

for (const type of [DictManager, StateDictManager] as (new (entries: Iterable<readonly [unknown, never]>) => DictManager<unknown, unknown>)[]) {
  registerPytreeNode(type, {
    name: type.name,
    flatten: (d) => ({ children: [...d.values()], keys: [...d.keys()].map(String), aux: [...d.keys()] }),
    // What a tree has in place of states goes in as it is.
    unflatten: (aux, children) => {
      const made = new type([]);
      (aux as unknown[]).forEach((k, i) => made.set(k, children[i]));
      return made;
    },
    equals: (a, b) => isDeepStrictEqual(a, b),
  });
}
