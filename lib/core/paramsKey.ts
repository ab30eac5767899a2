const ids = new WeakMap<object, number>();
let nextId = 0;

function idOf(x: object): number {
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
    case 'function': return `#${idOf(x)}`;
    case 'symbol': return String(x);
    default:
  }
  if (x === null) return 'null';
  if (globalThis.Array.isArray(x)) return `[${x.map(write).join()}]`;
  const proto = Object.getPrototypeOf(x);
  if (proto !== null && Object.getPrototypeOf(proto) !== null) return `#${idOf(x as object)}`;
  const o = x as Record<string, unknown>;
  return `{${Object.keys(o).map((k) => `${k}:${write(o[k])}`).join()}}`;
}

const known = new WeakMap<object, string>();

/**
 * A string that is equal for equations' parameters that mean the same: plain data by value, functions and instances of classes
 * (jaxprs) by identity. Parameter objects must not be changed once used.
 */
export function paramsKey(params: object): string {
  let key = known.get(params);
  if (key === undefined) {
    key = write(params);
    known.set(params, key);
  }
  return key;
}
