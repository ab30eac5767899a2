import { inspect } from 'node:util';
import { checkFunction, checkInstance } from '../core/checks';
import { describeValue } from '../core/describe';
import { ArgumentError } from '../core/errors';
import { isPlainObject, registerPytreeNode } from '../core/tree';
import type { Filter } from './filters';
import { FlattedDict } from './flattedDict';
import { checkComparable, checkEntries, comparePaths, type Path, pathOf, pathText } from './paths';

type Branch<V> = Map<string | number, NestedDict<V> | V>;

/**
 * A map of maps, as a graph's states are nested in it. Mirrors `brainstate.util.NestedDict`. A node of trees.
 *
 * @example
 * ```ts
 * const nested = graph.treefyStates(new nn.Sequential(new nn.Linear(3, 2)));
 * nested.toFlat().keys(); // [['layers', 0, 'weight']]
 * ```
 */
export class NestedDict<V = unknown> implements Iterable<[string | number, NestedDict<V> | V]> {
  private readonly map: Branch<V>;

  /** @param entries pairs of key and value, or a plain object, in which nested ones become maps, too */
  constructor(entries?: Iterable<readonly [string | number, NestedDict<V> | V]>);
  constructor(entries: Readonly<Record<string, unknown>>);
  constructor(entries: Iterable<readonly [string | number, NestedDict<V> | V]> | Readonly<Record<string, unknown>> = []) {
    const pairs = isPlainObject(entries) ? Object.entries(entries).map(([k, v]): [string, NestedDict<V> | V] => [k, isPlainObject(v) ? new NestedDict<V>(v) : (v as V)]) : (entries as Iterable<[string | number, NestedDict<V> | V]>);
    this.map = new Map([...checkEntries('NestedDict', pairs)].sort((a, b) => comparePaths([a[0]], [b[0]])));
  }

  /** The union of maps, nested or by paths; later ones win. Mirrors `brainstate.util.NestedDict.merge`. */
  static merge<V>(first: NestedDict<V> | FlattedDict<V>, ...others: (NestedDict<V> | FlattedDict<V>)[]): NestedDict<V> {
    return FlattedDict.merge(first, ...others).toNest();
  }

  /** Puts a value at a path, given as an array or with dots; maps on the way are made. @throws ArgumentError where a value is on the way */
  set(path: Path | string | number, value: NestedDict<V> | V): this {
    const keys = pathOf(path);
    checkComparable([keys]);
    let at: NestedDict<V> = this;
    keys.forEach((k, i) => {
      const key = at.keyHere(k);
      if (i === keys.length - 1) {
        const rest = [...at.map].filter(([other]) => other !== key);
        at.map.clear();
        for (const [other, v] of [...rest, [key, value] as const].sort((a, b) => comparePaths([a[0]], [b[0]]))) at.map.set(other, v);
        return;
      }
      if (!at.map.has(key)) at.set([key], new NestedDict<V>());
      const next = at.map.get(key);
      if (!(next instanceof NestedDict)) throw new ArgumentError(`NestedDict.set: there is a value at ${pathText(keys.slice(0, i + 1))}, above ${pathText(keys)}`);
      at = next;
    });
    return this;
  }

  /** Takes away what is at a path; false if nothing is. */
  delete(path: Path | string | number): boolean {
    const keys = pathOf(path);
    const above = keys.length === 1 ? this : this.get(keys.slice(0, -1));
    return above instanceof NestedDict && above.map.delete(above.keyHere(keys[keys.length - 1]!));
  }

  /** A key as it is here: an index and its digits are one. */
  private keyHere(k: string | number): string | number {
    if (this.map.has(k)) return k;
    const other = typeof k === 'string' && /^\d+$/.test(k) ? Number(k) : String(k);
    return this.map.has(other) ? other : k;
  }

  /** Of a map by paths. */
  static fromFlat<V>(flat: Iterable<readonly [Path | string, V]>): NestedDict<V> {
    const root: Map<string | number, unknown> = new Map();
    for (const [p, v] of checkEntries('NestedDict.fromFlat', flat)) {
      const path = pathOf(p);
      let at = root;
      path.forEach((k, i) => {
        if (i === path.length - 1) {
          if (at.has(k)) throw new ArgumentError(`NestedDict: ${pathText(path)} is given twice, or is above another path`);
          at.set(k, v);
          return;
        }
        let next = at.get(k);
        if (next === undefined) at.set(k, (next = new Map()));
        else if (!(next instanceof Map)) throw new ArgumentError(`NestedDict: ${pathText(path)} is below another path`);
        at = next as Map<string | number, unknown>;
      });
    }
    const build = (m: Map<string | number, unknown>): NestedDict<V> => new NestedDict([...m].map(([k, x]): [string | number, NestedDict<V> | V] => [k, x instanceof Map ? build(x) : (x as V)]));
    return build(root);
  }

  get size(): number {
    return this.map.size;
  }

  /** What is at a path, given as an array or with dots: a value, or the map of what is below. */
  get(path: Path | string | number): NestedDict<V> | V | undefined {
    let at: NestedDict<V> | V | undefined = this;
    for (const k of pathOf(path)) {
      if (!(at instanceof NestedDict)) return undefined;
      const here: Branch<V> = at.map;
      at = here.get(k) ?? here.get(typeof k === 'string' && /^\d+$/.test(k) ? Number(k) : String(k));
    }
    return at;
  }

  /** Whether there is such a key. */
  has(path: Path | string | number): boolean {
    return this.get(path) !== undefined;
  }

  /** The keys, in order. */
  keys(): (string | number)[] {
    return [...this.map.keys()];
  }

  /** The values, in order of their keys. */
  values(): (NestedDict<V> | V)[] {
    return [...this.map.values()];
  }

  /** Pairs of key and value. */
  entries(): [string | number, NestedDict<V> | V][] {
    return [...this.map.entries()];
  }

  [Symbol.iterator](): Iterator<[string | number, NestedDict<V> | V]> {
    return this.map[Symbol.iterator]();
  }

  /** The same values by path. */
  toFlat(): FlattedDict<V> {
    const out: [Path, V][] = [];
    const walk = (d: NestedDict<V>, path: Path) => {
      for (const [k, v] of d.map) {
        if (v instanceof NestedDict) walk(v, [...path, k]);
        else out.push([[...path, k], v]);
      }
    };
    walk(this, []);
    return new FlattedDict(out);
  }

  filter(filter: Filter): NestedDict<V>;
  filter(first: Filter, second: Filter, ...rest: Filter[]): NestedDict<V>[];
  filter(...filters: Filter[]): NestedDict<V> | NestedDict<V>[];
  filter(...filters: Filter[]): NestedDict<V> | NestedDict<V>[] {
    return nest(this.toFlat().filter(...filters));
  }

  split(filter: Filter): NestedDict<V>;
  split(first: Filter, second: Filter, ...rest: Filter[]): NestedDict<V>[];
  split(...filters: Filter[]): NestedDict<V> | NestedDict<V>[];
  split(...filters: Filter[]): NestedDict<V> | NestedDict<V>[] {
    return nest(this.toFlat().split(...filters));
  }

  merge(...others: NestedDict<V>[]): NestedDict<V> {
    return this.toFlat().merge(...others.map((o) => toFlatDict('NestedDict.merge', o))).toNest();
  }

  subtract(other: NestedDict<unknown>): NestedDict<V> {
    return this.toFlat().subtract(toFlatDict('NestedDict.subtract', other)).toNest();
  }

  subset(filter: Filter): NestedDict<V>;
  subset(first: Filter, second: Filter, ...rest: Filter[]): NestedDict<V>[];
  subset(...filters: Filter[]): NestedDict<V> | NestedDict<V>[];
  subset(...filters: Filter[]): NestedDict<V> | NestedDict<V>[] {
    return this.filter(...filters);
  }

  /** Plain objects in place of maps; the values, snapshots of states above all, stay what they are. */
  toPureDict(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const [k, v] of this.map) Object.defineProperty(out, k, { value: v instanceof NestedDict ? v.toPureDict() : v, enumerable: true, writable: true, configurable: true });
    return out;
  }

  /**
   * Replaces some values, in place, by those of nested plain objects: a state or a snapshot of one gives way to one with the value, anything else to the value.
   *
   * @throws ArgumentError for a path that is not here
   */
  replaceByPureDict(pure: Readonly<Record<string, unknown>>, replaceFn: (was: V, value: unknown) => unknown = replaced): this {
    const walk = (d: NestedDict<V>, p: Readonly<Record<string, unknown>>, path: Path): NestedDict<V> => {
      if (!isPlainObject(p)) throw new ArgumentError(`replaceByPureDict: expected a plain object${path.length > 0 ? ` at ${pathText(path)}` : ''}, got ${describeValue(p)}`);
      const extra = Object.keys(p).find((k) => !d.has([k]));
      if (extra !== undefined) throw new ArgumentError(`replaceByPureDict: there is nothing at ${pathText([...path, extra])}`);
      return new NestedDict([...d.map].map(([k, v]): [string | number, NestedDict<V> | V] => {
        if (!Object.hasOwn(p, k)) return [k, v];
        return [k, v instanceof NestedDict ? walk(v, p[k] as Record<string, unknown>, [...path, k]) : (replaceFn(v, p[k]) as V)];
      }));
    };
    checkFunction('replaceByPureDict', 'replaceFn', replaceFn);
    const takeOver = (d: NestedDict<V>, from: NestedDict<V>): void => {
      for (const [k, v] of from.map) {
        const was = d.map.get(k);
        if (was instanceof NestedDict && v instanceof NestedDict) takeOver(was, v);
        else d.map.set(k, v);
      }
    };
    // Nothing is changed unless all of it can be.
    takeOver(this, walk(this, pure, []));
    return this;
  }

  toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    const body = (d: NestedDict<V>, pad: string): string => [...d.map].map(([k, v]) => `${pad}${typeof k === 'number' ? k : `'${k}'`}: ${v instanceof NestedDict ? `{\n${body(v, `${pad}  `)}\n${pad}}` : inspect(v).replaceAll('\n', `\n${pad}`)}`).join(',\n');
    return `NestedDict({\n${body(this, '  ')}\n})`;
  }
}

/** Another map by paths. @throws ArgumentError for what is no map of this kind */
function toFlatDict<V>(op: string, other: NestedDict<V>): FlattedDict<V> {
  if (!(other instanceof FlattedDict)) checkInstance(op, other, NestedDict);
  return other.toFlat();
}

/** A state or snapshot with another value, or else the value. */
function replaced(was: unknown, value: unknown): unknown {
  if (was === null || typeof was !== 'object') return value;
  if (typeof (was as { toState?: unknown }).toState === 'function') return (was as { replace(v: unknown): unknown }).replace(value);
  if (typeof (was as { toStateRef?: unknown }).toStateRef === 'function') return (was as { replace(changes: { value: unknown }): unknown }).replace({ value });
  return value;
}

function nest<V>(x: FlattedDict<V> | FlattedDict<V>[]): NestedDict<V> | NestedDict<V>[] {
  return globalThis.Array.isArray(x) ? x.map((d) => d.toNest()) : x.toNest();
}

registerPytreeNode(NestedDict, {
  name: 'NestedDict',
  flatten: (d) => ({ children: d.values(), keys: d.keys().map(String), aux: d.keys() }),
  unflatten: (aux, children) => new NestedDict((aux as (string | number)[]).map((k, i) => [k, children[i]])),
  equals: (a, b) => comparePaths(a as Path, b as Path) === 0,
});
