import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Array, ConcreteArray } from '../../lib/core/array';
import { type DType, dtypeKind } from '../../lib/core/dtype';
import { config } from '../../lib/core/config';
import { encode } from '../../lib/core/hostFormat';
import { ShapedArray } from '../../lib/core/aval';
import { grad } from '../../lib/transform';
import { reduceSum } from '../../lib/primitives/structural';
import * as prng from '../../lib/prng';

/** A call of jax.random and its result, as scripts/fixtures/prng.py describes it. */
export interface Case {
  f: string;
  k?: number;
  impl?: prng.PrngImpl;
  a?: unknown[];
  o?: Record<string, unknown>;
  x?: 1;
  g?: 1;
  t: DType;
  s: number[];
  v: (number | string)[];
  first?: number;
}

export const cases = (JSON.parse(readFileSync(path.join(__dirname, '../fixtures/prng.json'), 'utf8')) as { cases: Case[] }).cases;

/** An argument of a case: an array where it stands for one. */
export function argument(x: unknown): unknown {
  if (typeof x !== 'object' || x === null || !('array' in x)) return x;
  const { array, dtype } = x as { array: unknown[]; dtype: DType };
  const shape: number[] = [];
  for (let p: unknown = array; globalThis.Array.isArray(p); p = p[0]) shape.push(p.length);
  return ConcreteArray.fromHost(encode(array.flat(shape.length) as number[], dtype), new ShapedArray(shape, dtype));
}

export function keyOf(c: Case): Array {
  return prng.PRNGKey(c.k!, c.impl ? { impl: c.impl } : undefined);
}

type Sampler = (...args: unknown[]) => Array;

/** The case's call for a key. */
export function call(c: Case, key: Array): Array {
  const options = Object.fromEntries(Object.entries(c.o ?? {}).map(([k, v]) => [k, argument(v)]));
  return (prng as unknown as Record<string, Sampler>)[c.f]!(key, ...(c.a ?? []).map(argument), options);
}

export function run(c: Case): Array {
  if (c.g) return gradient(c);
  return c.f === 'PRNGKey' ? prng.PRNGKey(c.a![0] as number) : call(c, keyOf(c));
}

/** Gradient of the sum of the call's result by its first argument. */
function gradient(c: Case): Array {
  const [first, ...rest] = c.a!;
  const by = grad((x: Array) => {
    const out = (prng as unknown as Record<string, Sampler>)[c.f]!(keyOf(c), x, ...rest.map(argument));
    return reduceSum(out, out.shape.map((_, i) => i));
  });
  return by(argument(first) as Array) as Array;
}

/** Runs with 64-bit types on where the case wants them. */
export function withCase<T>(c: Case, f: () => T): T {
  const saved = { ...config };
  config.enableX64 = c.x === 1;
  if (c.impl) config.defaultPrngImpl = c.impl;
  try {
    return f();
  } finally {
    Object.assign(config, saved);
  }
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

/** Samplers whose bits are JAX's to the last. */
const EXACT = new Set(['uniform', 'rademacher']);
const TOLERANCE: Partial<Record<DType, number>> = { float64: 1e-14, float32: 4e-6, complex64: 4e-6, complex128: 1e-14, float16: 2e-3, bfloat16: 1.6e-2 };

/** Samplers whose elements are compared on the scale of them all: decompositions round them together. */
const TOGETHER = new Set(['orthogonal', 'multivariateNormal']);

/** What differs from the case's result; null if nothing. */
export function difference(c: Case, x: Array): string | null {
  if (x.dtype !== c.t || String(x.shape) !== String(c.s)) return `expected ${c.t}[${c.s}], got ${x.aval}`;
  const got = flat(x, c.first);
  const exact = EXACT.has(c.f) || !['float', 'complex'].includes(dtypeKind(c.t));
  const tolerance = TOLERANCE[c.t]!;
  const scale = Math.max(...c.v.map((v) => Math.abs(Number(v))));
  const bad = c.v.findIndex((v, i) => (exact ? v !== got[i] : !(Math.abs(Number(v) - Number(got[i])) <= tolerance * Math.max(Math.abs(Number(v)), (TOGETHER.has(c.f) ? 1 : 1e-2) * scale))));
  return bad < 0 && got.length === c.v.length ? null : `element ${bad}: expected ${c.v[bad]}, got ${got[bad]} of [${got}] against [${c.v}]`;
}

export function title(c: Case): string {
  return `${c.f}(${[c.impl ?? '', ...(c.a ?? []), c.o ?? ''].map((x) => JSON.stringify(x)).join(' ')})${c.x ? ' x64' : ''}${c.g ? ' gradient' : ''}`;
}
