import { pythonFloat } from '../core/pythonText';
import { ArgumentError } from '../core/errors';
import { describeValue } from './arrayLike';

function quoted(s: string): string {
  const quote = s.includes("'") && !s.includes('"') ? '"' : "'";
  const body = s.replace(/[\\'"\p{Cc}]/gu, (c) => {
    if (c === "'" || c === '"') return c === quote ? `\\${c}` : c;
    if (c === '\\') return '\\\\';
    if (c === '\n') return '\\n';
    if (c === '\r') return '\\r';
    if (c === '\t') return '\\t';
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return quote + body + quote;
}

function repr(x: unknown, path: string): string {
  return typeof x === 'string' ? quoted(x) : pythonKey(x, path);
}

/**
 * A dict's key as Python's `str` of it: a whole number is an int, an array a tuple (`"('weight',)"`, as optimisers' dictionaries have them).
 *
 * @throws ArgumentError for objects
 */
export function pythonKey(key: unknown, path: string): string {
  switch (typeof key) {
    case 'string': return key;
    case 'number': return Number.isInteger(key) ? String(key) : pythonFloat(key);
    case 'bigint': return String(key);
    case 'boolean': return key ? 'True' : 'False';
    default:
  }
  if (key === null) return 'None';
  if (Array.isArray(key)) return `(${key.map((k) => repr(k, path)).join(', ')}${key.length === 1 ? ',' : ''})`;
  throw new ArgumentError(`expected the keys of a dict to be text, numbers, booleans, null or lists of these, got ${describeValue(key)} at ${path}`);
}
