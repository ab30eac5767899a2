import { sizeOf } from './aval';
import type { DType } from './dtype';
import { dtypeKind } from './dtype';
import { type FloatType, floatDigits } from './floatDigits';
import type { Complex, HostValue } from './hostFormat';
import { decodeTable, isMinifloat, minifloatEncoder } from './minifloat';

/** How arrays are printed; NumPy's options of the same names, with its defaults. */
export interface PrintOptions {
  /** Digits after the decimal point, at most. Default 8. */
  readonly precision?: number;
  /** Arrays with more elements are summarised. Default 1000. */
  readonly threshold?: number;
  /** Elements shown at each end of a summarised axis. Default 3. */
  readonly edgeitems?: number;
  /** Characters in a line. Default 75. */
  readonly linewidth?: number;
  /** Prints tiny numbers beside ordinary ones as 0, without an exponent. Default false. */
  readonly suppress?: boolean;
}

/** Values in row-major order: a typed array, a plain array, or a view of `typedView`. */
export interface Values {
  readonly length: number;
  at(i: number): HostValue | undefined;
}

type Options = Required<PrintOptions>;
type Format = (x: HostValue) => string;

const DEFAULTS: Options = { precision: 8, threshold: 1000, edgeitems: 3, linewidth: 75, suppress: false };

/**
 * The text of an array: `str(a)` of the same NumPy array (and of a JAX array, which is the same).
 *
 * @param shape lengths of the axes; their product is the number of `values`
 */
export function formatArray(shape: readonly number[], dtype: DType, values: Values, options: PrintOptions = {}): string {
  if (shape.length === 0) return formatScalar(dtype, values.at(0)!);
  return layOut(shape, dtype, values, { ...DEFAULTS, ...options }, ' ', '');
}

/** What {@link reprArray} takes besides. */
export interface ReprOptions extends PrintOptions {
  readonly weakType?: boolean;
}

/** The text of an array with its type, as JAX's `repr`: `Array([1., 2.], dtype=float32)`. */
export function reprArray(shape: readonly number[], dtype: DType, values: Values, options: ReprOptions = {}): string {
  const o = { ...DEFAULTS, ...options };
  const type = `dtype=${dtype}${options.weakType ? ', weak_type=True' : ''}`;
  const prefix = 'Array(';
  const body = shape.includes(0)
    ? `[], shape=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`
    : layOut(shape, dtype, values, { ...o, linewidth: o.linewidth - 1 }, ', ', prefix);
  const lastLine = body.length - body.lastIndexOf('\n') + 1;
  // JAX pads with spaces here where it might break the line.
  const gap = lastLine + type.length + 2 > o.linewidth ? ' '.repeat(prefix.length) : ' ';
  return `${prefix}${body},${gap}${type})`;
}

function layOut(shape: readonly number[], dtype: DType, values: Values, o: Options, separator: string, prefix: string): string {
  if (shape.includes(0)) return '[]';
  const size = sizeOf(shape);
  const summarise = size > o.threshold;
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  /** Indices shown along an axis, −1 for the dots. */
  const shown = shape.map((n) => {
    if (!summarise || n <= 2 * o.edgeitems) return Array.from({ length: n }, (_, i) => i);
    const edge = Array.from({ length: o.edgeitems }, (_, i) => i);
    return [...edge, -1, ...edge.map((i) => n - o.edgeitems + i)];
  });

  const visible: HostValue[] = [];
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) {
      visible.push(values.at(offset)!);
      return;
    }
    for (const i of shown[axis]!) if (i >= 0) collect(axis + 1, offset + i * strides[axis]!);
  };
  collect(0, 0);
  const format = formatter(dtype, visible, shape.length === 0, o);

  let next = 0;
  // `width` is what is left of the line once the brackets that will close after it are set aside.
  const build = (axis: number, indent: string, width: number): string => {
    if (axis === shape.length) return format(visible[next++]!);
    const inner = `${indent} `;
    if (axis === shape.length - 1) {
      const wrapAt = width - Math.max(separator.trimEnd().length, 1);
      const words = shown[axis]!.map((i) => (i < 0 ? '...' : format(visible[next++]!)));
      return `[${wrap(words, separator, indent, wrapAt).slice(indent.length)}]`;
    }
    const parts = shown[axis]!.map((i) => indent + (i < 0 ? '...' : build(axis + 1, inner, width - 1)));
    return `[${parts.join(separator.trimEnd() + '\n'.repeat(shape.length - axis - 1)).slice(indent.length)}]`;
  };
  return build(0, ' '.repeat(prefix.length + 1), o.linewidth);
}

function wrap(words: readonly string[], separator: string, indent: string, width: number): string {
  let done = '';
  let line = indent;
  words.forEach((word, i) => {
    // A word too long for any line stays where it is.
    if (line.length + word.length > width && line.length > indent.length) {
      done += `${line.trimEnd()}\n`;
      line = indent;
    }
    line += i < words.length - 1 ? word + separator : word;
  });
  return done + line;
}

function formatter(dtype: DType, values: readonly HostValue[], isScalar: boolean, o: Options): Format {
  switch (dtypeKind(dtype)) {
    case 'bool': return (x) => (x ? (isScalar ? 'True' : ' True') : 'False');
    case 'int':
    case 'uint': {
      // NumPy knows integers below 8 bits as foreign types, which it does not align.
      if (/int[24]$/.test(dtype)) return String;
      const width = values.reduce<number>((w, x) => Math.max(w, String(x).length), 0);
      return (x) => String(x).padStart(width);
    }
    case 'float':
      if (isForeignFloat(dtype)) return (x) => generalFormat(x as number);
      return floatFormat(values as number[], dtype as FloatType, o, false);
    case 'complex': {
      const part = partType(dtype);
      const re = floatFormat(values.map((z) => (z as Complex).re), part, o, false);
      const im = floatFormat(values.map((z) => (z as Complex).im), part, o, true);
      return (z) => re((z as Complex).re) + im((z as Complex).im).replace(/( *)$/, 'j$1');
    }
  }
}

function partType(dtype: DType): FloatType {
  return dtype === 'complex64' ? 'float32' : 'float64';
}

const isForeignFloat = (dtype: DType) => dtype !== 'float16' && isMinifloat(dtype);

/** C's `%g`, which is how ml_dtypes prints its floats: six significant digits. */
function generalFormat(x: number): string {
  if (!Number.isFinite(x)) return nonFinite(x, false);
  const sign = isNegative(x) ? '-' : '';
  if (x === 0) return `${sign}0`;
  const { digits, exponent } = floatDigits(Math.abs(x), 'float64', { count: 'significant', max: 5, min: 5 });
  const text = digits.join('').replace(/0+$/, '');
  const point = (whole: string, fraction: string) => sign + whole + (fraction ? `.${fraction}` : '');
  if (exponent < -4 || exponent >= 6) return `${point(text.slice(0, 1), text.slice(1))}e${signedExponent(exponent, 2)}`;
  if (exponent < 0) return point('0', '0'.repeat(-exponent - 1) + text);
  return point(text.padEnd(exponent + 1, '0').slice(0, exponent + 1), text.slice(exponent + 1));
}

function signedExponent(e: number, width: number): string {
  return (e < 0 ? '-' : '+') + String(Math.abs(e)).padStart(width, '0');
}

function nonFinite(x: number, plus: boolean): string {
  if (Number.isNaN(x)) return plus ? '+nan' : 'nan';
  return x < 0 ? '-inf' : plus ? '+inf' : 'inf';
}

const isNegative = (x: number) => x < 0 || Object.is(x, -0);

/** A number's text in two parts, around the decimal point, which is not in them. */
interface Parts {
  whole: string;
  fraction: string;
  /** With its sign; undefined in positional form. */
  exponent?: number;
}

function positional(x: number, type: FloatType, plus: boolean, max?: number): Parts {
  const sign = isNegative(x) ? '-' : plus ? '+' : '';
  const { digits, exponent } = x === 0 ? { digits: [0], exponent: 0 } : floatDigits(Math.abs(x), type, { count: 'fraction', max });
  const text = exponent < 0 ? '0'.repeat(-exponent) + digits.join('') : digits.join('').padEnd(exponent + 1, '0');
  const point = Math.max(exponent, 0) + 1;
  return { whole: sign + text.slice(0, point), fraction: text.slice(point).replace(/0+$/, '') };
}

function scientific(x: number, type: FloatType, plus: boolean, max?: number, min?: number): Parts {
  const sign = isNegative(x) ? '-' : plus ? '+' : '';
  const { digits, exponent } = x === 0 ? { digits: [0], exponent: 0 } : floatDigits(Math.abs(x), type, { count: 'significant', max, min });
  return { whole: sign + digits[0], fraction: digits.slice(1).join('').replace(/0+$/, '').padEnd(min ?? 0, '0'), exponent };
}

// Above 10 ** (decimal digits that the type holds), at most 1e8, arrays are printed with exponents.
const LARGE: Record<FloatType, number> = { float16: 1e3, float32: 1e6, float64: 1e8 };
// The same for single numbers.
const LARGE_SCALAR: Record<FloatType, number> = { float16: 1e3, float32: 1e6, float64: 1e16 };

function roundTo(x: number, type: FloatType): number {
  return type === 'float64' ? x : type === 'float32' ? Math.fround(x) : decodeTable('float16')[minifloatEncoder('float16')(x)]!;
}

function needsExponents(finite: readonly number[], type: FloatType, suppress: boolean): boolean {
  let least = Infinity;
  let largest = 0;
  for (const x of finite) {
    const a = Math.abs(x);
    if (a > largest) largest = a;
    if (a > 0 && a < least) least = a;
  }
  if (largest === 0) return false;
  // NumPy compares in the array's own type.
  return largest >= LARGE[type] || (!suppress && (least < roundTo(1e-4, type) || roundTo(largest / least, type) > 1000));
}

/** Aligns the decimal points of a column of floats. `plus` shows the sign of positive numbers. */
function floatFormat(values: readonly number[], type: FloatType, o: Options, plus: boolean): Format {
  const finite = values.filter(Number.isFinite);
  const exponents = needsExponents(finite, type, o.suppress);
  const max = o.precision;
  const parts = finite.map((x) => (exponents ? scientific(x, type, plus, max) : positional(x, type, plus, max)));
  const longest = (length: (p: Parts) => number) => parts.reduce((w, p) => Math.max(w, length(p)), 0);

  const fraction = longest((p) => p.fraction.length);
  const exponentDigits = Math.max(2, longest((p) => String(Math.abs(p.exponent ?? 0)).length));
  const right = exponents ? exponentDigits + 2 + fraction : fraction;
  let left = longest((p) => p.whole.length);
  if (finite.length < values.length) {
    const signed = plus || values.includes(-Infinity);
    left = Math.max(left, 3 - (right + 1), (signed ? 4 : 3) - (right + 1));
  }

  return (value) => {
    const x = value as number;
    if (!Number.isFinite(x)) return nonFinite(x, plus).padStart(left + right + 1);
    if (exponents) {
      const p = scientific(x, type, plus, fraction, fraction);
      return `${p.whole.padStart(left)}.${p.fraction}e${signedExponent(p.exponent!, exponentDigits)}`;
    }
    const p = positional(x, type, plus, max);
    return `${p.whole.padStart(left)}.${p.fraction.padEnd(right)}`;
  };
}

/** A number on its own: all the digits that its type has. `bare` is what stands after the digits of a whole number. */
function scalarFloat(x: number, type: FloatType, bare: string, plus = false): string {
  if (!Number.isFinite(x)) return nonFinite(x, plus);
  const a = Math.abs(x);
  if (a === 0 || (a >= 1e-4 && a < LARGE_SCALAR[type])) {
    const p = positional(x, type, plus);
    return p.whole + (p.fraction ? `.${p.fraction}` : bare);
  }
  const p = scientific(x, type, plus);
  return `${p.whole}${p.fraction ? '.' : ''}${p.fraction}e${signedExponent(p.exponent!, 2)}`;
}

/** One element as NumPy prints a scalar: no rounding to a precision, no padding. */
function formatScalar(dtype: DType, value: HostValue): string {
  switch (dtypeKind(dtype)) {
    case 'bool': return value ? 'True' : 'False';
    case 'int':
    case 'uint': return String(value);
    case 'float': return isForeignFloat(dtype) ? generalFormat(value as number) : scalarFloat(value as number, dtype as FloatType, '.0');
    case 'complex': {
      const { re, im } = value as Complex;
      const part = partType(dtype);
      if (Object.is(re, 0)) return `${scalarFloat(im, part, '')}j`;
      return `(${scalarFloat(re, part, '')}${scalarFloat(im, part, '', true)}j)`;
    }
  }
}
