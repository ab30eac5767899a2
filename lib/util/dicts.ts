import { inspect } from 'node:util';
import { ArgumentError } from '../core/errors';
import { isPlainObject, registerPytreeNode } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';

type Dict = Record<string, unknown>;

function checkDict(op: string, x: unknown): asserts x is Dict {
  if (!isPlainObject(x)) throw new ArgumentError(`${op}: expected a plain object, got ${describeValue(x)}`);
}

/** Sets a property whatever its name. */
const put = (o: object, key: string, value: unknown) => Object.defineProperty(o, key, { value, enumerable: true, writable: true, configurable: true });

/**
 * The union of plain objects, of which later ones win; objects that both have under a key are merged in turn. In a list and with options: `mergeDicts([a, b],
 * { recursive: false })`.
 *
 * Mirrors `brainstate.util.merge_dicts`.
 *
 * @example
 * util.mergeDicts({ a: { b: 1 } }, { a: { c: 2 } }); // { a: { b: 1, c: 2 } }
 */
export function mergeDicts(...dicts: object[]): Dict;
export function mergeDicts(dicts: readonly object[], options: { recursive?: boolean }): Dict;
export function mergeDicts(...args: unknown[]): Dict {
  const [dicts, options] = globalThis.Array.isArray(args[0]) ? [args[0] as unknown[], args[1] as { recursive?: boolean }] : [args, {}];
  const { recursive = true } = checkOptions('util.mergeDicts', ['recursive'], options);
  const out: Dict = {};
  for (const d of dicts) {
    checkDict('util.mergeDicts', d);
    for (const [k, v] of Object.entries(d)) {
      const was = Object.hasOwn(out, k) ? out[k] : undefined;
      put(out, k, recursive && isPlainObject(was) && isPlainObject(v) ? mergeDicts(was, v) : v);
    }
  }
  return out;
}

/**
 * Nested plain objects as one, whose keys are joined: `{ a: { b: 1 } }` is `{ 'a.b': 1 }`. Mirrors `brainstate.util.flatten_dict`. @throws ArgumentError where two keys become one
 *
 * @example
 * util.flattenDict({ a: { b: 1, c: 2 } }, { sep: '.' }); // { 'a.b': 1, 'a.c': 2 }
 */
export function flattenDict(d: object, options: { parentKey?: string; sep?: string } = {}): Dict {
  const { parentKey = '', sep = '.' } = checkOptions('flattenDict', ['parentKey', 'sep'], options);
  checkDict('util.flattenDict', d);
  const out: Dict = {};
  const add = (k: string, v: unknown) => {
    if (Object.hasOwn(out, k)) throw new ArgumentError(`util.flattenDict: two entries have the key '${k}'`);
    put(out, k, v);
  };
  for (const [k, v] of Object.entries(d)) {
    const key = parentKey === '' ? k : `${parentKey}${sep}${k}`;
    if (isPlainObject(v) && Object.keys(v).length > 0) for (const [kk, vv] of Object.entries(flattenDict(v, { parentKey: key, sep }))) add(kk, vv);
    else add(key, v);
  }
  return out;
}

/**
 * The inverse of {@link flattenDict}. Mirrors `brainstate.util.unflatten_dict`. @throws ArgumentError for empty parts of keys, and a key above another
 *
 * @example
 * util.unflattenDict({ 'a.b': 1, 'a.c': 2 }, { sep: '.' }); // { a: { b: 1, c: 2 } }
 */
export function unflattenDict(d: object, options: { sep?: string } = {}): Dict {
  const { sep = '.' } = checkOptions('unflattenDict', ['sep'], options);
  checkDict('util.unflattenDict', d);
  const out: Dict = {};
  for (const [key, value] of Object.entries(d)) {
    const parts = key.split(sep);
    if (parts.includes('')) throw new ArgumentError(`util.unflattenDict: expected keys joined by '${sep}', got '${key}'`);
    let at = out;
    for (const part of parts.slice(0, -1)) {
      if (!Object.hasOwn(at, part)) put(at, part, {});
      if (!isPlainObject(at[part])) throw new ArgumentError(`util.unflattenDict: '${key}' is below a key that has a value`);
      at = at[part] as Dict;
    }
    const last = parts[parts.length - 1]!;
    if (Object.hasOwn(at, last)) throw new ArgumentError(`util.unflattenDict: '${key}' is above another key, or given twice`);
    put(at, last, isPlainObject(value) ? { ...value } : value);
  }
  return out;
}

/** Entries one a line, nested ones indented. */
function dictText(d: FrozenDict): string {
  const lines = d.entries().map(([k, v]) => `  '${k}': ${(v instanceof FrozenDict ? dictText(v) : inspect(v)).replaceAll('\n', '\n  ')}`);
  return lines.length === 0 ? '{}' : `{\n${lines.join(',\n')}\n}`;
}

/** A plain object that cannot be changed, nor what is nested in it. A node of trees. Mirrors `brainstate.util.FrozenDict`. @example new util.FrozenDict({ a: 1, b: 2 }).size; // 2 */
export class FrozenDict<V = unknown> implements Iterable<[string, V]> {
  private readonly data: Readonly<Dict>;

  constructor(entries: object | FrozenDict<V> = {}) {
    const from = entries instanceof FrozenDict ? (entries.data as object) : entries;
    checkDict('util.FrozenDict', from);
    const data: Dict = {};
    for (const [k, v] of Object.entries(from)) put(data, k, isPlainObject(v) ? new FrozenDict(v) : v);
    this.data = Object.freeze(data);
    Object.freeze(this);
  }

  get size(): number {
    return Object.keys(this.data).length;
  }

  /** The value of a key. */
  get(key: string): V | undefined {
    return this.has(key) ? (this.data[key] as V) : undefined;
  }

  /** Whether there is such a key. */
  has(key: string): boolean {
    return Object.hasOwn(this.data, key);
  }

  /** The keys, in order. */
  keys(): string[] {
    return Object.keys(this.data);
  }

  /** The values, in order of their keys. */
  values(): V[] {
    return Object.values(this.data) as V[];
  }

  /** Pairs of key and value. */
  entries(): [string, V][] {
    return Object.entries(this.data) as [string, V][];
  }

  [Symbol.iterator](): Iterator<[string, V]> {
    return this.entries()[Symbol.iterator]();
  }

  /** A frozen object with further entries. */
  copy(addOrReplace: object | FrozenDict = {}): FrozenDict<V> {
    const more = addOrReplace instanceof FrozenDict ? (addOrReplace.data as object) : addOrReplace;
    checkDict('util.FrozenDict.copy', more);
    return new FrozenDict<V>({ ...this.data, ...more });
  }

  /** A frozen object without an entry, and that entry's value. @throws ArgumentError if there is none */
  pop(key: string): [FrozenDict<V>, V] {
    if (!this.has(key)) throw new ArgumentError(`util.FrozenDict.pop: there is no key '${key}'`);
    const { [key]: value, ...rest } = this.data;
    return [new FrozenDict<V>(rest), value as V];
  }

  toString(): string {
    return `FrozenDict(${dictText(this)})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** Plain objects again. */
  unfreeze(): Dict {
    const out: Dict = {};
    for (const [k, v] of Object.entries(this.data)) put(out, k, v instanceof FrozenDict ? v.unfreeze() : v);
    return out;
  }
}

registerPytreeNode(FrozenDict, {
  name: 'FrozenDict',
  flatten: (d) => {
    const keys = d.keys().sort();
    return { children: keys.map((k) => d.get(k)), keys, aux: keys };
  },
  unflatten: (aux, children) => new FrozenDict(Object.fromEntries((aux as string[]).map((k, i) => [k, children[i]]))),
  equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
});

/** A plain object as one that cannot be changed. Mirrors `brainstate.util.freeze`. @example util.freeze({ a: { b: 1 } }) instanceof util.FrozenDict; // true */
export function freeze<V = unknown>(x: object | FrozenDict<V>): FrozenDict<V> {
  return x instanceof FrozenDict ? (x as FrozenDict<V>) : new FrozenDict<V>(x);
}

/**
 * Plain objects in place of frozen ones, all the way down; anything else as it is. Mirrors `brainstate.util.unfreeze`.
 *
 * @example
 * util.unfreeze(util.freeze({ a: { b: 1 } })); // { a: { b: 1 } }
 */
export function unfreeze(x: unknown): unknown {
  if (x instanceof FrozenDict) return x.unfreeze();
  if (!isPlainObject(x)) return x;
  const out: Dict = {};
  for (const [k, v] of Object.entries(x)) put(out, k, unfreeze(v));
  return out;
}

/** A copy with further entries, frozen if the original is. Mirrors `brainstate.util.copy`. @example util.copy(util.freeze({ a: 1 }), { addOrReplace: { b: 2 } }).get('b'); // 2 */
export function copy<T extends object>(x: T, options: { addOrReplace?: object } = {}): T {
  const { addOrReplace = {} } = checkOptions('util.copy', ['addOrReplace'], options);
  if (x instanceof FrozenDict) return x.copy(addOrReplace) as unknown as T;
  checkDict('util.copy', x);
  return { ...x, ...addOrReplace } as T;
}

/**
 * A copy without an entry, and that entry's value; frozen if the original is. Mirrors `brainstate.util.pop`. @throws ArgumentError if there is no such entry
 *
 * @param x a dictionary
 * @param key the key
 * @example
 * util.pop({ a: 1, b: 2 }, 'a'); // [{ b: 2 }, 1]
 */
export function pop<T extends object>(x: T, key: string): [T, unknown] {
  if (x instanceof FrozenDict) return x.pop(key) as unknown as [T, unknown];
  checkDict('util.pop', x);
  if (!Object.hasOwn(x, key)) throw new ArgumentError(`util.pop: there is no key '${key}'`);
  const { [key]: value, ...rest } = x as Dict;
  return [rest as T, value];
}

/** Entries of a plain object, a dictionary, a Map or a list of pairs. */
function pairsOf(op: string, x: unknown): [string, unknown][] {
  if (isPlainObject(x) || x instanceof DotDict) return Object.entries(x);
  const list = x instanceof Map || globalThis.Array.isArray(x) ? [...x] : null;
  if (list === null || !list.every((e) => globalThis.Array.isArray(e) && e.length === 2)) throw new ArgumentError(`${op}: expected a plain object, a Map or pairs of keys and values, got ${describeValue(x)}`);
  return list.map(([k, v]) => [String(k), v]);
}

const hooked = (x: unknown): unknown => (isPlainObject(x) ? new DotDict(x) : globalThis.Array.isArray(x) ? x.map(hooked) : x);

/**
 * A plain object with what Python's dictionaries have: `update` merges what is nested, `toDict` gives plain objects again. A node of trees.
 *
 * Mirrors `brainstate.util.DotDict`; a value whose name a method has is reached by `get`.
 *
 * @example
 * new util.DotDict({ a: { b: 1 } }).a; // { b: 1 }
 */
export class DotDict {
  [key: string]: unknown;

  constructor(...entries: object[]) {
    for (const e of entries) for (const [k, v] of pairsOf('util.DotDict', e)) this.set(k, v);
  }

  private set(key: string, value: unknown): void {
    if (key in DotDict.prototype) throw new ArgumentError(`util.DotDict: '${key}' is the name of a method`);
    put(this, key, hooked(value));
  }

  /** The value of a key, or a default. */
  get(key: string, fallback: unknown = null): unknown {
    return Object.hasOwn(this, key) ? this[key] : fallback;
  }

  /** The value of a key, which is set if there is none. */
  setdefault(key: string, value: unknown = null): unknown {
    if (!Object.hasOwn(this, key)) this.set(key, value);
    return this[key];
  }

  /** Sets entries; objects that both have under a key are merged. */
  update(other: object): void {
    for (const [k, v] of pairsOf('util.DotDict.update', other)) {
      const was = this.get(k);
      if (was instanceof DotDict && (isPlainObject(v) || v instanceof DotDict)) was.update(v);
      else this.set(k, v);
    }
  }

  /** The union with another, whose entries win. */
  merge(other: object): DotDict {
    const out = new DotDict(this);
    out.update(other);
    return out;
  }

  /** A dictionary with the same entries. */
  copy(): DotDict {
    return Object.assign(new DotDict(), this);
  }

  /** A dictionary with the same entries, of which dictionaries and lists are copies, too. */
  deepcopy(): DotDict {
    return new DotDict(this.toDict());
  }

  /** Plain objects, all the way down. */
  toDict(): Dict {
    const plain = (x: unknown): unknown => (x instanceof DotDict ? x.toDict() : globalThis.Array.isArray(x) ? x.map(plain) : x);
    return Object.fromEntries(Object.entries(this).map(([k, v]) => [k, plain(v)]));
  }

  toString(): string {
    return `DotDict({${Object.entries(this).map(([k, v]) => `'${k}': ${inspect(v)}`).join(', ')}})`;
  }

  [inspect.custom](): string {
    return this.toString();
  }

  /** Of a plain object; those within become dictionaries, too. */
  static fromDict(d: object): DotDict {
    return new DotDict(d);
  }
}

registerPytreeNode(DotDict, {
  name: 'DotDict',
  flatten: (d) => {
    const keys = Object.keys(d).sort();
    return { children: keys.map((k) => d[k]), keys, aux: keys };
  },
  unflatten: (aux, children) => Object.assign(new DotDict(), Object.fromEntries((aux as string[]).map((k, i) => [k, children[i]]))),
  equals: (a, b) => JSON.stringify(a) === JSON.stringify(b),
});
