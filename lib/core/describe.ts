import { otherCopy } from './copies';

/** What a value is, for messages. */
export function describeValue(x: unknown): string {
  if (x === null || x === undefined) return String(x);
  if (typeof x === 'function') return `the function ${x.name || '(anonymous)'}`;
  if (typeof x === 'string') return `the string ${JSON.stringify(x.length > 40 ? `${x.slice(0, 40)}…` : x)}`;
  if (typeof x !== 'object') return `${typeof x} ${String(x)}`;
  if (globalThis.Array.isArray(x)) return `a JS array of ${x.length} ${x.length === 1 ? 'entry' : 'entries'}`;
  if (x instanceof Promise) return 'a Promise (was an async function called?)';
  const name = (x as object).constructor?.name ?? 'Object';
  const place = otherCopy(x);
  if (place !== null) return `an instance of ${name} of another copy of xlastate, ${place}`;
  return name === 'Object' ? 'a plain object' : `an instance of ${name}`;
}

/** A value as it is written, where that says what it is; else {@link describeValue}. */
export function showValue(x: unknown): string {
  const plain = typeof x === 'object' && x !== null ? Object.prototype.toString !== x.toString : typeof x !== 'function';
  return plain ? String(x) : describeValue(x);
}
