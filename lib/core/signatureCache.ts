import type { Array } from './array';
import type { ShapedArray } from './aval';
import { registerCache } from './caches';
import { operandAval } from './checks';
import { configKey } from './config';
import { paramsKey } from './paramsKey';

interface Entry<T> {
  readonly params: object;
  readonly avals: readonly ShapedArray[];
  readonly config: number;
  readonly value: T;
}

/** How many signatures are compared before a key is written. */
const COMPARED = 4;

/**
 * What is kept for each signature of an operation: the types of its operands, its parameters, and the switches of the process. Those used last are
 * found by comparing, which takes a tenth of the time of writing a key. Lives as long as the process; clearCaches empties it.
 */
export class SignatureCache<T> {
  private readonly known = new Map<string, T>();
  private recent: Entry<T>[] = [];
  private next = 0;

  constructor() {
    registerCache(() => this.clear());
  }

  get size(): number {
    return this.known.size;
  }

  /** @throws ArgumentError where an operand is no array */
  get(op: string, args: readonly Array[], params: object): T | undefined {
    const { recent } = this;
    const config = configKey();
    for (let i = 0; i < recent.length; i++) {
      const e = recent[i]!;
      if (e.config === config && sameTypes(e.avals, args) && samePlain(e.params, params)) return e.value;
    }
    const value = this.known.get(key(op, args, params));
    if (value !== undefined) this.remember(args, params, value);
    return value;
  }

  set(op: string, args: readonly Array[], params: object, value: T): void {
    this.known.set(key(op, args, params), value);
    this.remember(args, params, value);
  }

  clear(): void {
    this.known.clear();
    this.recent = [];
    this.next = 0;
  }

  private remember(args: readonly Array[], params: object, value: T): void {
    this.recent[this.next] = { params, avals: args.map((x) => x.aval), config: configKey(), value };
    this.next = (this.next + 1) % COMPARED;
  }
}

function key(op: string, args: readonly Array[], params: object): string {
  let text = paramsKey(params);
  for (let i = 0; i < args.length; i++) text += `;${operandAval(op, i, args[i]).key}`;
  return `${text}!${configKey()}`;
}

function sameTypes(avals: readonly ShapedArray[], args: readonly (Array | undefined)[]): boolean {
  if (avals.length !== args.length) return false;
  for (let i = 0; i < avals.length; i++) {
    const a = args[i]?.aval;
    if (a === undefined || !avals[i]!.equals(a)) return false;
  }
  return true;
}

/** Whether parameters are equal, seen from the outside: lists and plain objects by what they hold, all else by identity. */
function samePlain(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (globalThis.Array.isArray(a)) {
    if (!globalThis.Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!samePlain(a[i], b[i])) return false;
    return true;
  }
  if (Object.getPrototypeOf(a) !== Object.prototype || Object.getPrototypeOf(b) !== Object.prototype) return false;
  let more = 0;
  for (const k in a) {
    if (!(k in b) || !samePlain((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k])) return false;
    more++;
  }
  for (const _ in b) more--;
  return more === 0;
}
