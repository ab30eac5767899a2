import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Array, ConcreteArray } from '../../lib/core/array';
import { ShapedArray, sizeOf } from '../../lib/core/aval';
import type { DType } from '../../lib/core/dtype';
import { encode } from '../../lib/core/hostFormat';

// Cases made by scripts/fixtures/table.py: a function's name, its arguments, and what JAX gave.

type Value = number | string | boolean | [Value, Value];
/** `[dtype, shape, flat values]`, with a fourth entry where the type is weak. */
type Encoded = [string, number[], Value[], 1?];

export interface Case {
  f: string;
  a: unknown[];
  /** Result: an array, a list of results, or plain data. */
  r: unknown;
  /** Relative tolerance, where the default does not do. */
  t?: number;
}

const SPECIAL: Record<string, number> = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY, '-0': -0 };

function number(v: Value): number | boolean | bigint {
  if (typeof v === 'string') return v in SPECIAL ? SPECIAL[v]! : BigInt(v);
  return v as number | boolean;
}

function makeArray([dtype, shape, values, weak]: Encoded): Array {
  const kind = dtype as DType;
  const host = values.map((v) => (globalThis.Array.isArray(v) ? { re: Number(number(v[0])), im: Number(number(v[1])) } : number(v)));
  return ConcreteArray.fromHost(encode(host, kind), new ShapedArray(shape, kind, weak === 1));
}

const isTagged = (x: unknown, tag: string): x is Record<string, unknown> => typeof x === 'object' && x !== null && tag in x;

/** An argument of a case as the value it stands for. */
export function decode(x: unknown): unknown {
  if (globalThis.Array.isArray(x)) return x.map(decode);
  if (isTagged(x, '$')) return makeArray(x.$ as Encoded);
  if (isTagged(x, '$n')) return number(x.$n as Value);
  if (typeof x === 'object' && x !== null) return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, decode(v)]));
  return x;
}

const TOLERANCE: Record<string, number> = { float32: 2e-5, complex64: 2e-5, float64: 1e-10, complex128: 1e-10, bfloat16: 2e-2, float16: 3e-3 };

function differs(got: number, want: number, rtol: number, scale: number): boolean {
  if (Number.isNaN(want) || Number.isNaN(got)) return Number.isNaN(want) !== Number.isNaN(got);
  if (!Number.isFinite(want)) return got !== want;
  return !(Math.abs(got - want) <= rtol * Math.max(Math.abs(want), scale));
}

/** What is different between a result and what was expected; null if nothing. */
export function difference(got: unknown, want: unknown, tolerance?: number, path = ''): string | null {
  if (isTagged(want, '$')) {
    const [dtype, shape, values, weak] = want.$ as Encoded;
    if (!(got instanceof Array)) return `${path}: expected an array, got ${String(got)}`;
    const type = `${got.dtype}${got.weakType ? '*' : ''}[${got.shape}]`;
    const expected = `${dtype}${weak === 1 ? '*' : ''}[${shape}]`;
    if (type !== expected) return `${path}: expected type ${expected}, got ${type}`;
    if (sizeOf(shape) === 0) return null;
    const flat = (got.ndim === 0 ? [got.js()] : (got.js() as unknown[]).flat(got.ndim)) as unknown[];
    const rtol = tolerance ?? TOLERANCE[dtype] ?? 0;
    const numbers = values.map((v) => (globalThis.Array.isArray(v) ? v.map((p) => Number(number(p))) : [Number(number(v))]));
    // Values near zero are compared relative to the largest finite one of the array, as rounding errors are.
    const scale = rtol === 0 ? 0 : 0.05 * Math.max(0.1, ...numbers.flat().filter(Number.isFinite).map(Math.abs));
    for (let i = 0; i < numbers.length; i++) {
      const v = flat[i] as number | { re: number; im: number };
      const parts = typeof v === 'object' ? [v.re, v.im] : [Number(v)];
      for (let p = 0; p < parts.length; p++) {
        if (differs(parts[p]!, numbers[i]![p]!, rtol, scale)) return `${path}: element ${i}${parts.length > 1 ? (p ? '.im' : '.re') : ''}: expected ${numbers[i]![p]}, got ${parts[p]}`;
      }
    }
    return null;
  }
  if (globalThis.Array.isArray(want)) {
    if (!globalThis.Array.isArray(got) || got.length !== want.length) return `${path}: expected a list of ${want.length}, got ${globalThis.Array.isArray(got) ? `one of ${got.length}` : String(got)}`;
    for (let i = 0; i < want.length; i++) {
      const d = difference(got[i], want[i], tolerance, `${path}[${i}]`);
      if (d) return d;
    }
    return null;
  }
  if (isTagged(want, '$n')) return Object.is(got, number(want.$n as Value)) ? null : `${path}: expected ${String(want.$n)}, got ${String(got)}`;
  return JSON.stringify(got) === JSON.stringify(want) ? null : `${path}: expected ${JSON.stringify(want)}, got ${String(got)}`;
}

function lookup(namespace: object, name: string): (...args: unknown[]) => unknown {
  let at: unknown = namespace;
  let owner: unknown = null;
  for (const part of name.split('.')) [owner, at] = [at, (at as Record<string, unknown>)[part]];
  if (typeof at !== 'function') throw new Error(`${name} is not a function of the namespace`);
  return (at as (...args: unknown[]) => unknown).bind(owner);
}

/** Reads test/fixtures/{file}.json. */
export function loadTable(file: string): Case[] {
  return (JSON.parse(readFileSync(join(__dirname, '../fixtures', `${file}.json`), 'utf8')) as { cases: Case[] }).cases;
}

/** One test for each function of a fixture file: all its cases give what JAX gave, in value, dtype, shape and weakness of type. */
export function testTable(file: string, namespace: object): void {
  const byName = new Map<string, Case[]>();
  for (const c of loadTable(file)) {
    const list = byName.get(c.f);
    if (list) list.push(c);
    else byName.set(c.f, [c]);
  }
  for (const [name, cases] of byName) {
    test(`${name} (${cases.length})`, () => {
      const failures: string[] = [];
      cases.forEach((c, i) => {
        let d: string | null;
        try {
          d = difference(lookup(namespace, name)(...c.a.map(decode)), c.r, c.t);
        } catch (e) {
          d = `: threw ${(e as Error).message}`;
        }
        if (d) failures.push(`case ${i} ${JSON.stringify(c.a).slice(0, 300)}${d}`);
      });
      expect(failures).toEqual([]);
    });
  }
}
