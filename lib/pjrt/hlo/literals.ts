import { typeName } from './shapes';
import type { Int, Literal } from './schema';

/** Larger ones are left out, as XLA does. */
const MOST_ELEMENTS = 10;

/** `%g` of C with a number of digits. */
function general(x: number, digits: number): string {
  const [mantissa, exponent] = rounded(x, digits).split('e') as [string, string];
  const e = Number(exponent);
  const trim = (s: string): string => (s.includes('.') ? s.replace(/\.?0+$/, '') : s);
  if (e < -4 || e >= digits) return `${trim(mantissa)}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`;
  return trim(Number(`${mantissa}e${exponent}`).toFixed(Math.max(0, digits - 1 - e)));
}

/** `toExponential`, but halves go to the even digit, as in C. */
function rounded(x: number, digits: number): string {
  const [mantissa, exponent] = x.toExponential(digits + 50).split('e') as [string, string];
  const cut = mantissa.indexOf('.') + digits;
  if (!/^50*$/.test(mantissa.slice(cut)) || Number(mantissa[cut - 1]) % 2 === 1) return x.toExponential(digits - 1);
  return `${mantissa.slice(0, cut)}e${exponent}`;
}

/** Few digits where they tell the number, else as many as it needs. */
function floatText(x: number, few: number, many: number, round: (y: number) => number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  if (Object.is(x, -0)) return '-0';
  const short = general(x, few);
  return round(Number(short)) === x ? short : general(x, many);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function fromBfloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

const FLOATS: Record<string, (x: number) => string> = {
  f32: (x) => floatText(x, 6, 9, Math.fround),
  f64: (x) => floatText(x, 15, 17, (y) => y),
  f16: (x) => floatText(x, 5, 5, (y) => y),
  bf16: (x) => floatText(x, 4, 4, (y) => y),
};

/** Elements in the order of memory, as texts; null for a type that is not read. */
function elements(literal: Literal, type: string, nested: boolean): string[] | null {
  const view = (b: Uint8Array): DataView => new DataView(b.buffer, b.byteOffset, b.byteLength);
  const two = (b: Uint8Array, read: (v: DataView, at: number) => number | string): string[] => Array.from({ length: b.length >> 1 }, (_, i) => String(read(view(b), 2 * i)));
  const pairs = (xs: readonly number[], f: (x: number) => string): string[] => Array.from({ length: xs.length >> 1 }, (_, i) => `(${f(xs[2 * i]!)}, ${f(xs[2 * i + 1]!)})`);
  const all = (xs: readonly Int[]): string[] => xs.map(String);
  // One a byte, whatever their width.
  const small = (b: Uint8Array, bits: number, isSigned: boolean): string[] =>
    Array.from(b, (x) => {
      const v = x & (2 ** bits - 1);
      return String(isSigned && v >= 2 ** (bits - 1) ? v - 2 ** bits : v);
    });
  switch (type) {
    case 'pred': return literal.preds.map((p) => (nested ? (p ? '1' : '0') : p ? 'true' : 'false'));
    case 's8': return Array.from(new Int8Array(literal.s8s), String);
    case 'u8': return Array.from(literal.u8s, String);
    case 's16': return two(literal.s16s, (v, at) => v.getInt16(at, true));
    case 'u16': return two(literal.u16s, (v, at) => v.getUint16(at, true));
    case 's32': return all(literal.s32s);
    case 's64': return all(literal.s64s);
    case 'u32': return all(literal.u32s);
    case 'u64': return all(literal.u64s);
    case 'f16': return two(literal.f16s, (v, at) => FLOATS.f16!(fromHalf(v.getUint16(at, true))));
    case 'bf16': return two(literal.bf16s, (v, at) => FLOATS.bf16!(fromBfloat(v.getUint16(at, true))));
    case 'f32': return literal.f32s.map(FLOATS.f32!);
    case 'f64': return literal.f64s.map(FLOATS.f64!);
    case 'c64': return pairs(literal.c64s, FLOATS.f32!);
    case 'c128': return pairs(literal.c128s, FLOATS.f64!);
    case 's4': return small(literal.s4s, 4, true);
    case 'u4': return small(literal.u4s, 4, false);
    case 's2': return small(literal.s2s, 2, true);
    case 'u2': return small(literal.u2s, 2, false);
    default: return null;
  }
}

/** A constant's value in XLA's notation; `{...}` for one of more than ten elements. */
export function literalText(literal: Literal | null): string {
  if (literal === null || literal.shape === null) return '{...}';
  const { shape } = literal;
  const type = typeName(shape.elementType);
  if (type === 'tuple') return `( ${literal.tuple.map(literalText).join(', ')} )`;
  const dims = shape.dimensions.map(Number);
  const size = dims.reduce((n, d) => n * d, 1);
  if (!(size <= MOST_ELEMENTS) || dims.some((d) => d < 0 || d > MOST_ELEMENTS)) return '{...}';
  const values = elements(literal, type, dims.length > 0);
  if (values === null || values.length < size) return '{...}';
  if (dims.length === 0) return values[0]!;
  // Steps in memory of the dimensions, the last of which is usually the smallest.
  const order = shape.layout?.minorToMajor.length === dims.length ? shape.layout.minorToMajor : dims.map((_, i) => dims.length - 1 - i);
  const steps = dims.map(() => 0);
  let step = 1;
  for (const d of order) {
    steps[d] = step;
    step *= dims[d] ?? 1;
  }
  const last = dims.length - 1;
  const part = (d: number, at: number, note: string): string => {
    // Parts of two dimensions and more tell their place where there are more than three.
    const next = (i: number): string => (last > 2 && d < last - 1 ? ` /*i${d}=${i}*/` : '');
    const items = Array.from({ length: dims[d]! }, (_, i) => (d === last ? values[at + i * steps[d]!]! : part(d + 1, at + i * steps[d]!, next(i))));
    const inner = items.join(', ');
    if (d < last) return note !== '' && inner === '' ? `{${note} }` : `{${note} ${inner} }`;
    return last === 0 || items.length <= 1 ? `{${inner}}` : `{ ${inner} }`;
  };
  return part(0, 0, '');
}
