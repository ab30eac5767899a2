import type { Int, Layout, Shape } from './schema';

const TYPES: Record<number, string> = {
  1: 'pred', 30: 's1', 26: 's2', 21: 's4', 2: 's8', 3: 's16', 4: 's32', 5: 's64', 31: 'u1', 27: 'u2', 22: 'u4', 6: 'u8', 7: 'u16', 8: 'u32', 9: 'u64', 10: 'f16', 11: 'f32', 16: 'bf16', 12: 'f64', 19: 'f8e5m2', 28: 'f8e4m3', 20: 'f8e4m3fn',
  23: 'f8e4m3b11fnuz', 29: 'f8e3m4', 24: 'f8e5m2fnuz', 25: 'f8e4m3fnuz', 32: 'f4e2m1fn', 33: 'f8e8m0fnu', 35: 'f6e3m2fn', 36: 'f6e2m3fn', 15: 'c64', 18: 'c128', 13: 'tuple', 14: 'opaque', 17: 'token', 34: 'b',
};
const TUPLE = 13;
const TOKEN = 17;
const OPAQUE = 14;

/** XLA's name of an element type, `f32` say. */
export function typeName(type: number): string {
  return TYPES[type] ?? `type${type}`;
}

/** Items after commas, every fifth of which tells its place. */
export function indexed(items: readonly string[]): string {
  return items.map((s, i) => (i === 0 ? s : i % 5 === 0 ? `, /*index=${i}*/${s}` : `, ${s}`)).join('');
}

export const braces = (items: readonly Int[]): string => `{${items.join(',')}}`;

function layoutText(layout: Layout): string {
  let extra = '';
  if (layout.tiles.length > 0) extra += `T${layout.tiles.map((t) => `(${t.dimensions.map((d) => (d === -1 || BigInt(d) === -(2n ** 63n) ? '*' : d)).join(',')})`).join('')}`;
  if (Number(layout.tailPadding) > 1) extra += `L(${layout.tailPadding})`;
  if (Number(layout.elementBits) > 0) extra += `E(${layout.elementBits})`;
  if (Number(layout.memorySpace) > 0) extra += `S(${layout.memorySpace})`;
  return `{${layout.minorToMajor.join(',')}${extra === '' ? '' : `:${extra}`}}`;
}

/** A shape in XLA's notation, `f32[2,3]{1,0}`; `withLayout` says whether the order in memory is told. */
export function shapeText(shape: Shape | null, withLayout: boolean): string {
  if (shape === null) return 'invalid';
  if (shape.elementType === TUPLE) return `(${indexed(shape.tuple.map((s) => shapeText(s, withLayout)))})`;
  const dims = shape.dimensions.map((d, i) => (shape.dynamic[i] ? `<=${d}` : `${d}`)).join(',');
  const text = `${typeName(shape.elementType)}[${dims}]`;
  if (!withLayout || shape.layout === null || shape.elementType === TOKEN || shape.elementType === OPAQUE) return text;
  const layout = layoutText(shape.layout);
  return layout === '{}' ? text : text + layout;
}
