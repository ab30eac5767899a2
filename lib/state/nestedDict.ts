import { inspect } from 'node:util';
import { ArgumentError } from '../core/errors';
import { registerPytreeNode } from '../core/tree';
import type { Filter } from './filters';
import { FlattedDict } from './flattedDict';
import { checkEntries, comparePaths, type Path, pathOf, pathText } from './paths';

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

  constructor(entries: Iterable<readonly [string | number, NestedDict<V> | V]> = []) {
    this.map = new Map([...checkEntries('NestedDict', entries)].sort((a, b) => comparePaths([a[0]], [b[0]])));
  }

  /** Of a map by paths. */
  static fromFlat<V>(flat: Iterable<readonly [Path | string, V]>): NestedDict<V> {
    const root: Map<string | number, unknown> = new Map();
    for (const [p, v] of flat) {
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
    return this.toFlat().merge(...others.map((o) => o.toFlat())).toNest();
  }

  subtract(other: NestedDict<unknown>): NestedDict<V> {
    return this.toFlat().subtract(other.toFlat()).toNest();
  }

  subset(filter: Filter): NestedDict<V>;
  subset(first: Filter, second: Filter, ...rest: Filter[]): NestedDict<V>[];
  subset(...filters: Filter[]): NestedDict<V> | NestedDict<V>[];
  subset(...filters: Filter[]): NestedDict<V> | NestedDict<V>[] {
    return this.filter(...filters);
  }

  /** Plain objects, with the snapshots of states replaced by their values. */
  toPureDict(): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    for (const [k, v] of this.map) out[k] = v instanceof NestedDict ? v.toPureDict() : isSnapshot(v) ? v.value : v;
    return out;
  }

  /**
   * A map with some values replaced by those of nested plain objects: a snapshot of a state gets the value, anything else becomes it.
   *
   * @throws ArgumentError for a path that is not here
   */
  replaceByPureDict(pure: Readonly<Record<string, unknown>>, replaceFn: (was: V, value: unknown) => unknown = (was, v) => (isSnapshot(was) ? (was as unknown as { replace(v: unknown): unknown }).replace(v) : v)): NestedDict<V> {
    const walk = (d: NestedDict<V>, p: Readonly<Record<string, unknown>>, path: Path): NestedDict<V> => {
      const extra = Object.keys(p).find((k) => !d.has([k]));
      if (extra !== undefined) throw new ArgumentError(`replaceByPureDict: there is nothing at ${pathText([...path, extra])}`);
      return new NestedDict([...d.map].map(([k, v]): [string | number, NestedDict<V> | V] => {
        if (!Object.hasOwn(p, k)) return [k, v];
        return [k, v instanceof NestedDict ? walk(v, p[k] as Record<string, unknown>, [...path, k]) : (replaceFn(v, p[k]) as V)];
      }));
    };
    return walk(this, pure, []);
  }

  toString(): string {
    return this[inspect.custom]();
  }

  [inspect.custom](): string {
    const body = (d: NestedDict<V>, pad: string): string => [...d.map].map(([k, v]) => `${pad}${typeof k === 'number' ? k : `'${k}'`}: ${v instanceof NestedDict ? `{\n${body(v, `${pad}  `)}\n${pad}}` : inspect(v).replaceAll('\n', `\n${pad}`)}`).join(',\n');
    return `NestedDict({\n${body(this, '  ')}\n})`;
  }
}

function isSnapshot(x: unknown): x is { value: unknown } {
  return typeof x === 'object' && x !== null && typeof (x as { toState?: unknown }).toState === 'function';
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
