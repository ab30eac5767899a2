import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import { type Array, ConcreteArray } from '../../lib/core/array';
import { ShapedArray } from '../../lib/core/aval';
import { type DType, dtypeKind } from '../../lib/core/dtype';
import { encode } from '../../lib/core/hostFormat';

/** A call of a function and its result, as the fixtures of random numbers describe it. */
export interface Call {
  f: string;
  a?: unknown[];
  o?: Record<string, unknown>;
  t: DType;
  s: number[];
  v: (number | string)[];
  first?: number;
}

/** An argument of a call: an array where it stands for one. */
export function argument(x: unknown): unknown {
  if (typeof x !== 'object' || x === null || !('array' in x)) return x;
  const { array, dtype } = x as { array: unknown[]; dtype: DType };
  const shape: number[] = [];
  for (let p: unknown = array; globalThis.Array.isArray(p); p = p[0]) shape.push(p.length);
  return ConcreteArray.fromHost(encode(array.flat(shape.length) as number[], dtype), new ShapedArray(shape, dtype));
}

/** All arguments of a call, its options last. */
export function argumentsOf(c: Call): unknown[] {
  const options = Object.fromEntries(Object.entries(c.o ?? {}).map(([k, v]) => [k, argument(v)]));
  return [...(c.a ?? []).map(argument), ...(c.o ? [options] : [])];
}

/** Values in row-major order; complex ones as two floats, 64-bit integers as strings. */
export function flat(x: Array, first?: number): (number | string)[] {
  const values: (number | string)[] = [];
  for (const v of x.dataSync() as Iterable<unknown>) {
    if (typeof v === 'object') values.push((v as { re: number }).re, (v as { im: number }).im);
    else values.push(typeof v === 'bigint' ? String(v) : Number(v));
  }
  return first === undefined ? values : values.slice(0, first);
}

const TOLERANCE: Partial<Record<DType, number>> = { float64: 1e-14, complex128: 1e-14, float32: 4e-6, complex64: 4e-6, float16: 2e-3, bfloat16: 1.6e-2 };

/**
 * What differs from the call's result; null if nothing. Integers must be equal.
 *
 * @param exact floats must be equal, too
 * @param together elements are compared on the scale of the largest: decompositions round them together
 */
export function difference(c: Call, x: Array, exact = false, together = false): string | null {
  if (x.dtype !== c.t || String(x.shape) !== String(c.s)) return `expected ${c.t}[${c.s}], got ${x.aval}`;
  const got = flat(x, c.first);
  const equal = exact || !['float', 'complex'].includes(dtypeKind(c.t));
  const scale = Math.max(...c.v.map((v) => Math.abs(Number(v)))) * (together ? 1 : 1e-2);
  const bad = c.v.findIndex((v, i) => {
    // Counts of 64 bits are written as numbers by one script, as strings by the other.
    if (equal) return String(v) !== String(got[i]);
    return !(Math.abs(Number(v) - Number(got[i])) <= TOLERANCE[c.t]! * Math.max(Math.abs(Number(v)), scale));
  });
  return bad < 0 && got.length === c.v.length ? null : `element ${bad}: expected ${c.v[bad]}, got ${got[bad]} of [${got}] against [${c.v}]`;
}

export function title(c: Call): string {
  return `${c.f}(${[...(c.a ?? []), ...(c.o ? [c.o] : [])].map((x) => JSON.stringify(x)).join(', ')})`;
}
