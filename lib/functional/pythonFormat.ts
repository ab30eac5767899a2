import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';

/** Part of a format: text, or a place for a value. */
export type FormatPart = string | { readonly key: string | number; readonly spec: string };

/**
 * Reads a format in Python's form: `{}` for the next value, `{0}` for one by its position, `{name}` for a named one, `{:.3f}` with a
 * specification, `{{` and `}}` for braces.
 */
export function parseFormat(op: string, fmt: string): FormatPart[] {
  const parts: FormatPart[] = [];
  let text = '';
  let next = 0;
  for (let i = 0; i < fmt.length; i++) {
    const c = fmt[i]!;
    if ((c === '{' || c === '}') && fmt[i + 1] === c) {
      text += c;
      i++;
    } else if (c === '}') throw new ArgumentError(`${op}: the format '${fmt}' has a single '}'; write '}}' for a brace`);
    else if (c === '{') {
      const end = fmt.indexOf('}', i);
      if (end < 0) throw new ArgumentError(`${op}: the format '${fmt}' has a '{' that is not closed`);
      const [name = '', spec = ''] = split(fmt.slice(i + 1, end));
      if (!/^\w*$/.test(name)) throw new ArgumentError(`${op}: expected {}, {0} or {name} in the format '${fmt}', got {${name}}`);
      if (!SPEC.test(spec)) throw new ArgumentError(`${op}: the format '${fmt}' has the specification '${spec}'; known are a width, a precision and one of d, e, f, g, s, %`);
      if (text !== '') parts.push(text);
      text = '';
      parts.push({ key: name === '' ? next++ : /^\d+$/.test(name) ? Number(name) : name, spec });
      i = end;
    } else text += c;
  }
  if (text !== '') parts.push(text);
  return parts;
}

function split(field: string): [string, string] {
  const at = field.indexOf(':');
  return at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
}

// [[fill]align][+][width][.precision][type]
const SPEC = /^([<>^]?)(\+?)(0?)(\d*)(?:\.(\d+))?([defgs%]?)$/;

/** Checks that every value has a place, and every place a value. */
export function checkFormat(op: string, fmt: string, parts: readonly FormatPart[], count: number, names: readonly string[]): void {
  const used = checkNamed(op, fmt, parts, count, names);
  for (let i = 0; i < count; i++) if (!used.has(i)) throw new ArgumentError(`${op}: argument ${i} has no place in the format '${fmt}'; write {} where it is to appear`);
  for (const n of names) if (!used.has(n)) throw new ArgumentError(`${op}: the value '${n}' has no place in the format '${fmt}'; write {${n}} where it is to appear`);
}

/** Checks that what a format names is there. @returns what it names */
export function checkNamed(op: string, fmt: string, parts: readonly FormatPart[], count: number, names: readonly string[]): Set<string | number> {
  const used = new Set<string | number>();
  for (const p of parts) {
    if (typeof p === 'string') continue;
    const known = typeof p.key === 'number' ? p.key < count : names.includes(p.key);
    if (!known) throw new ArgumentError(`${op}: the format '${fmt}' names ${typeof p.key === 'number' ? `argument ${p.key}` : `'${p.key}'`}, which was not given`);
    used.add(p.key);
  }
  return used;
}

/** The text of a format with its values. */
export function formatValues(parts: readonly FormatPart[], args: readonly unknown[], named: Readonly<Record<string, unknown>>): string {
  return parts.map((p) => (typeof p === 'string' ? p : formatValue(typeof p.key === 'number' ? args[p.key] : named[p.key], p.spec))).join('');
}

function text(x: unknown): string {
  if (x instanceof Array) return String(x);
  if (typeof x === 'object' && x !== null && !ArrayBuffer.isView(x)) {
    if (globalThis.Array.isArray(x)) return `[${x.map(text).join(', ')}]`;
    const entries = Object.entries(x).map(([k, v]) => `'${k}': ${text(v)}`);
    return isPlainObject(x) ? `{${entries.join(', ')}}` : String(x);
  }
  return String(x);
}

function formatValue(x: unknown, spec: string): string {
  if (spec === '') return text(x);
  const [, align, plus, zero, width, precision, type] = SPEC.exec(spec)!;
  const value = x instanceof Array && x.size === 1 ? x.item() : x;
  const number = typeof value === 'number' || typeof value === 'bigint';
  let body: string;
  if (number && type !== 's') body = formatNumber(value, type!, precision === undefined ? undefined : Number(precision));
  else {
    if (type !== '' && type !== 's') throw new ArgumentError(`debug.print: the specification '${spec}' is for a number, got ${text(x)}`);
    body = precision === undefined ? text(x) : text(x).slice(0, Number(precision));
  }
  if (number && plus === '+' && !body.startsWith('-')) body = `+${body}`;
  const size = Number(width || 0);
  if (body.length >= size) return body;
  if (zero === '0' && number && align === '') {
    const sign = /^[+-]/.test(body) ? body[0]! : '';
    return sign + body.slice(sign.length).padStart(size - sign.length, '0');
  }
  const where = align || (number ? '>' : '<');
  if (where === '<') return body.padEnd(size);
  if (where === '>') return body.padStart(size);
  const left = (size - body.length) >> 1;
  return ' '.repeat(left) + body + ' '.repeat(size - body.length - left);
}

function formatNumber(x: number | bigint, type: string, precision: number | undefined): string {
  const v = Number(x);
  if (type !== 'd' && !Number.isFinite(v)) return Number.isNaN(v) ? 'nan' : v < 0 ? '-inf' : 'inf';
  switch (type) {
    case 'd': return typeof x === 'bigint' ? String(x) : x.toFixed(0);
    case 'f': return fixed(v, precision ?? 6);
    case '%': return `${fixed(v * 100, precision ?? 6)}%`;
    case 'e': return pythonExponent(exponential(v, precision ?? 6));
    default: {
      if (type === '' && precision === undefined) return String(x);
      // Python's g: as many digits, trailing zeros left out.
      const digits = Math.max(1, precision ?? 6);
      const exponent = v === 0 ? 0 : Number(exponential(v, digits - 1).split('e')[1]);
      if (exponent < -4 || exponent >= digits) return pythonExponent(exponential(v, digits - 1).replace(/\.?0+e/, 'e'));
      const digitsText = fixed(v, Math.max(0, digits - 1 - exponent));
      return digitsText.includes('.') ? digitsText.replace(/\.?0+$/, '') : digitsText;
    }
  }
}

/** How many digits more tell whether a number lies in the middle between two. */
const MORE = 30;

/** Digits cut off where they are a half and the last one is even: Python rounds to even, JavaScript away from zero. Null where that is no matter. */
function evenHalf(long: string): string | null {
  const kept = long.slice(0, -MORE);
  return /^50*$/.test(long.slice(-MORE)) && /[02468]\.?$/.test(kept) ? kept.replace(/\.$/, '') : null;
}

function fixed(v: number, digits: number): string {
  const even = digits + MORE > 100 || Math.abs(v) >= 1e21 ? null : evenHalf(v.toFixed(digits + MORE));
  return even ?? v.toFixed(digits);
}

function exponential(v: number, digits: number): string {
  if (digits + MORE > 100) return v.toExponential(digits);
  const [mantissa, exponent] = v.toExponential(digits + MORE).split('e') as [string, string];
  const even = evenHalf(mantissa);
  return even === null ? v.toExponential(digits) : `${even}e${exponent}`;
}

function pythonExponent(s: string): string {
  return s.replace(/e([+-])(\d)$/, 'e$10$2');
}
