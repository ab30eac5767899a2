import { type Array, ConcreteArray } from '../../lib/core/array';
import { ShapedArray } from '../../lib/core/aval';
import { type DType, dtypeKind } from '../../lib/core/dtype';
import { type Complex, encode } from '../../lib/core/hostFormat';
import type { SampleInput } from '../../lib/core/primitive';

/** Values on the host: real components, two to an element for complex types. */
export interface Host {
  aval: ShapedArray;
  parts: number[];
}

/** A generator of numbers in [0, 1) that gives the same ones for the same name. */
export function generator(name: string): () => number {
  let h = 2166136261;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 16777619);
  return () => {
    h = (h + 0x6d2b79f5) | 0;
    let t = Math.imul(h ^ (h >>> 15), 1 | h);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const isComplex = (d: DType) => dtypeKind(d) === 'complex';

export function toDevice({ aval, parts }: Host): Array {
  const values = isComplex(aval.dtype)
    ? globalThis.Array.from({ length: parts.length / 2 }, (_, i): Complex => ({ re: parts[2 * i]!, im: parts[2 * i + 1]! }))
    : parts;
  return ConcreteArray.fromHost(encode(values as number[], aval.dtype), aval);
}

/** Reads an array, and checks that the buffer is of the type that the abstract rule promised. */
export function toHost(x: Array): Host {
  const { buffer } = x as ConcreteArray;
  if (buffer.dtype !== x.dtype || buffer.dims.join() !== x.shape.join()) throw new Error(`the abstract rule says ${x.aval}, the program gave ${buffer.dtype}[${buffer.dims}]`);
  const view = x.dataSync();
  const parts: number[] = [];
  for (let i = 0; i < x.size; i++) {
    const v = view.at(i) as number | bigint | Complex;
    if (typeof v === 'object') parts.push(v.re, v.im);
    else parts.push(Number(v));
  }
  return { aval: x.aval, parts };
}

/** Entry `k` of a family of inputs: explicit values are rolled, others drawn anew. */
export function fill(input: SampleInput, dtype: DType, random: () => number, k = 0): Host {
  const aval = new ShapedArray(input.shape, dtype);
  const kind = dtypeKind(dtype);
  const n = aval.size;
  if (input.values) return { aval, parts: globalThis.Array.from({ length: n }, (_, i) => Number(input.values![(i + k) % input.values!.length])) };
  const low = input.low ?? (kind === 'uint' ? 0 : -2);
  const high = input.high ?? 2;
  const draw = (): number => {
    if (kind === 'bool') return random() < 0.5 ? 0 : 1;
    if (kind === 'int' || kind === 'uint') return low + Math.floor(random() * (high - low + 1));
    return low + random() * (high - low);
  };
  return { aval, parts: globalThis.Array.from({ length: kind === 'complex' ? 2 * n : n }, draw) };
}

/** A random direction or cotangent of a type. */
export function direction(aval: ShapedArray, random: () => number): Host {
  return { aval: aval.strong(), parts: globalThis.Array.from({ length: isComplex(aval.dtype) ? 2 * aval.size : aval.size }, () => 2 * random() - 1) };
}

export function shifted(x: Host, v: Host, h: number): Host {
  return { aval: x.aval, parts: x.parts.map((p, i) => p + h * v.parts[i]!) };
}

/** Relative error that rounding alone explains. */
export function epsilonOf(dtype: DType): number {
  switch (dtype) {
    case 'float64':
    case 'complex128': return 1e-10;
    case 'float32':
    case 'complex64': return 2e-5;
    case 'float16': return 5e-3;
    default: return dtypeKind(dtype) === 'float' ? 5e-2 : 0;
  }
}

/** Throws unless two arrays agree to a tolerance relative to the largest magnitude. */
export function agree(what: string, actual: Host, wanted: Host, tolerance: number): void {
  if (actual.aval.shape.join() !== wanted.aval.shape.join() || actual.aval.dtype !== wanted.aval.dtype) throw new Error(`${what}: ${actual.aval} against ${wanted.aval}`);
  let scale = 1;
  for (const p of wanted.parts) if (Number.isFinite(p)) scale = Math.max(scale, Math.abs(p));
  wanted.parts.forEach((w, i) => {
    const a = actual.parts[i]!;
    if (Object.is(a, w) || a === w || Math.abs(a - w) <= tolerance * scale) return;
    throw new Error(`${what}: component ${i} is ${a}, expected ${w} (tolerance ${tolerance * scale}); all: [${actual.parts.slice(0, 24)}] against [${wanted.parts.slice(0, 24)}]`);
  });
}
