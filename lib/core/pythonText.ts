import type { ScalarValue } from './array';
import { type DType, dtypeKind, isDtype } from './dtype';
import { decode, encode } from './hostFormat';

/** Text that goes into a printed jaxpr as it is: what a primitive's print rule gives for values that have no general form. */
export class Verbatim {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** Python's name for a camelCase one: `new_dtype` for `newDtype`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
}

/** A double as Python's `repr` writes it: the fewest digits that tell it from its neighbours. */
export function pythonFloat(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x < 0 ? '-inf' : 'inf';
  if (x === 0) return Object.is(x, -0) ? '-0.0' : '0.0';
  const [mantissa, power] = x.toExponential().split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const sign = x < 0 ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

function complexPart(x: number): string {
  return pythonFloat(x).replace(/\.0$/, '');
}

function pythonComplex(re: number, im: number): string {
  const imaginary = `${complexPart(im)}j`;
  if (re === 0 && !Object.is(re, -0)) return imaginary;
  return `(${complexPart(re)}${imaginary.startsWith('-') ? '' : '+'}${imaginary})`;
}

/** A scalar of a dtype as Python prints the value it converts to. */
export function pythonScalar(value: ScalarValue, dtype: DType): string {
  const kind = dtypeKind(dtype);
  if (kind === 'bool') return value ? 'True' : 'False';
  // What the dtype can hold of the value, as the number on the host may have more digits.
  const [held] = kind === 'float' || kind === 'complex' ? Array.from(decode(encode([value], dtype), dtype, 1)) : [value];
  if (typeof held === 'object') return pythonComplex(held.re, held.im);
  return kind === 'float' ? pythonFloat(Number(held)) : String(held);
}

/**
 * An equation's parameter as Python's `str` of JAX's parameter: null is None, an array a tuple, a plain object a dict.
 *
 * @param nested whether it is within a tuple, where strings are quoted
 */
export function pythonValue(v: unknown, nested = false): string {
  switch (typeof v) {
    case 'boolean': return v ? 'True' : 'False';
    case 'number': return Number.isInteger(v) ? String(v) : pythonFloat(v);
    case 'string': return !nested ? v : isDtype(v) ? `dtype('${v}')` : `'${v}'`;
    case 'function': return `<function ${v.name || '<lambda>'} at 0xXXXXXXXXXXXX>`;
    case 'object': break;
    default: return v === undefined ? 'None' : String(v);
  }
  if (v === null) return 'None';
  if (Array.isArray(v)) return `(${v.map((x) => pythonValue(x, true)).join(', ')}${v.length === 1 ? ',' : ''})`;
  if (Object.getPrototypeOf(v) !== Object.prototype) return String(v);
  return `{${Object.entries(v).map(([k, x]) => `'${snakeCase(k)}': ${pythonValue(x, true)}`).join(', ')}}`;
}

/** A value that Python prints as a call with named fields, such as a named tuple: `Name(first_field=(0, 1), second=None)`. */
export function pythonRecord(name: string, fields: object): Verbatim {
  return new Verbatim(`${name}(${Object.entries(fields).map(([k, v]) => `${snakeCase(k)}=${pythonValue(v, true)}`).join(', ')})`);
}

/** A value that Python prints as a list rather than a tuple. */
export function pythonList(values: readonly unknown[]): Verbatim {
  return new Verbatim(`[${values.map((x) => pythonValue(x, true)).join(', ')}]`);
}
