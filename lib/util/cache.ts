import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { checkOptions, withFirst } from '../functional/options';

/**
 * A map of at most `maxsize` entries, which forgets what was not used for longest. Mirrors `brainstate.util.BoundedCache`.
 *
 * @example
 * ```ts
 * const cache = new util.BoundedCache<string, number>({ maxsize: 2 });
 * cache.set('a', 1);
 * cache.get('a'); // 1
 * ```
 */
export class BoundedCache<K = unknown, V = unknown> {
  readonly maxsize: number;
  private readonly map = new Map<K, V>();
  private hits = 0;
  private misses = 0;

  constructor(options: number | { maxsize?: number } = {}) {
    const { maxsize = 128 } = checkOptions('util.BoundedCache', ['maxsize'], withFirst('util.BoundedCache', 'maxsize', options));
    checkInteger('util.BoundedCache', 'maxsize', maxsize, 0);
    this.maxsize = maxsize;
  }

  get size(): number {
    return this.map.size;
  }

  /** Whether a key has a value; it does not count as used. */
  has(key: K): boolean {
    return this.map.has(key);
  }

  /** The value of a key, which counts as used. @throws ArgumentError if there is none and raiseOnMiss is set */
  get(key: K, options: { default?: V; raiseOnMiss?: boolean; errorContext?: string } = {}): V | undefined {
    const { default: fallback, raiseOnMiss = false, errorContext = 'item' } = checkOptions('util.BoundedCache.get', ['default', 'raiseOnMiss', 'errorContext'], options);
    if (!this.map.has(key)) {
      this.misses++;
      if (raiseOnMiss) throw new ArgumentError(`util.BoundedCache: there is no ${errorContext} '${String(key)}'; there are ${this.map.size === 0 ? 'none' : [...this.map.keys()].map((k) => `'${String(k)}'`).join(', ')}`);
      return fallback;
    }
    this.hits++;
    const value = this.map.get(key)!;
    this.map.delete(key);
    this.map.set(key, value);
    return value;
  }

  /** Adds an entry. @throws ArgumentError if the key has one: {@link replace} it */
  set(key: K, value: V): void {
    if (this.map.has(key)) throw new ArgumentError(`util.BoundedCache: there is a value for '${String(key)}' already; use replace`);
    if (this.maxsize === 0) return;
    if (this.map.size >= this.maxsize) this.map.delete(this.map.keys().next().value as K);
    this.map.set(key, value);
  }

  /** Changes an entry. @throws ArgumentError if the key has none */
  replace(key: K, value: V): void {
    if (!this.map.delete(key)) throw new ArgumentError(`util.BoundedCache: there is no value for '${String(key)}'; use set`);
    this.map.set(key, value);
  }

  /** Takes an entry out and gives its value. */
  pop(key: K, options: { default?: V } = {}): V | undefined {
    const { default: fallback } = checkOptions('util.BoundedCache.pop', ['default'], options);
    const value = this.map.has(key) ? this.map.get(key) : fallback;
    this.map.delete(key);
    return value;
  }

  /** Forgets all entries. */
  clear(): void {
    this.map.clear();
    this.hits = 0;
    this.misses = 0;
  }

  /** Keys, the longest unused first. */
  keys(): K[] {
    return [...this.map.keys()];
  }

  /** How it is used; the hit rate in percent. */
  getStats(): { size: number; maxsize: number; hits: number; misses: number; hitRate: number } {
    const total = this.hits + this.misses;
    return { size: this.map.size, maxsize: this.maxsize, hits: this.hits, misses: this.misses, hitRate: total === 0 ? 0 : (this.hits / total) * 100 };
  }
}
