import { ClosedJaxpr, Jaxpr } from './jaxpr';
import { jaxprKey } from './jaxprKey';

const ids = new WeakMap<object, number>();
let nextId = 0;

/** A number for an object, its own as long as the process runs. */
export function identityOf(x: object): number {
  let id = ids.get(x);
  if (id === undefined) {
    id = nextId++;
    ids.set(x, id);
  }
  return id;
}

function write(x: unknown): string {
  switch (typeof x) {
    case 'number': return Object.is(x, -0) ? '-0' : String(x);
    case 'string': return JSON.stringify(x);
    case 'bigint': return `${x}n`;
    case 'boolean':
    case 'undefined': return String(x);
    case 'function': return `#${identityOf(x)}`;
    case 'symbol': return String(x);
    default:
  }
  if (x === null) return 'null';
  if (globalThis.Array.isArray(x)) return `[${x.map(write).join()}]`;
  if (x instanceof ClosedJaxpr || x instanceof Jaxpr) return `@${jaxprKey(x)}`;
  const proto = Object.getPrototypeOf(x);
  if (proto !== null && Object.getPrototypeOf(proto) !== null) return `#${identityOf(x as object)}`;
  const o = x as Record<string, unknown>;
  return `{${Object.keys(o).map((k) => `${k}:${write(o[k])}`).join()}}`;
}

const known = new WeakMap<object, string>();

/**
 * A string that is equal for equations' parameters that mean the same: plain data by value, jaxprs by structure, functions and instances of
 * other classes by identity. Parameter objects must not be changed once used.
 */
export function paramsKey(params: object): string {
  let key = known.get(params);
  if (key === undefined) {
    key = write(params);
    known.set(params, key);
  }
  return key;
}

/** Whether a value is what it says: plain objects and arrays of numbers, strings, functions and the like, but no instances of classes. */
export function isPlainData(x: unknown): boolean {
  if (x === null || typeof x !== 'object') return true;
  return globalThis.Array.isArray(x) ? x.every(isPlainData) : Object.getPrototypeOf(x) === Object.prototype && Object.values(x).every(isPlainData);
}

/** As {@link paramsKey}, for data that may be changed later: nothing is remembered. */
export function plainKey(x: unknown): string {
  return write(x);
}
