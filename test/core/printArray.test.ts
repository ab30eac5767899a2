import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '../../lib/core/dtype';
import { encode, typedView } from '../../lib/core/hostFormat';
import { formatArray, type PrintOptions, reprArray } from '../../lib/core/printArray';

interface Case {
  t: DType;
  s: number[];
  /** Host bytes in base64, or the factor of a ramp. */
  v?: string;
  r?: number;
  o?: PrintOptions;
  w?: 1;
  str: string;
  repr: string;
}

const { cases } = JSON.parse(readFileSync(join(__dirname, '../fixtures/print.json'), 'utf8')) as { cases: Case[] };

function valuesOf({ t, s, v, r }: Case) {
  if (v !== undefined) return typedView(new Uint8Array(Buffer.from(v, 'base64')).buffer, t);
  const size = s.reduce((a, b) => a * b, 1);
  return typedView(encode(Array.from({ length: size }, (_, i) => Math.fround(r!) * i), t).buffer as ArrayBuffer, t);
}

test('arrays print as NumPy prints them', () => {
  for (const c of cases) expect(formatArray(c.s, c.t, valuesOf(c), c.o)).toBe(c.str);
});

test('arrays with their type print as JAX prints them', () => {
  for (const c of cases) expect(reprArray(c.s, c.t, valuesOf(c), { ...c.o, weakType: c.w === 1 })).toBe(c.repr);
});

test('plain arrays of values will do', () => {
  expect(formatArray([2], 'bool', [true, false])).toBe('[ True False]');
  expect(formatArray([], 'complex64', [{ re: 1, im: -2 }])).toBe('(1-2j)');
  expect(reprArray([2], 'int64', [1n, -20n])).toBe('Array([  1, -20], dtype=int64)');
});

test('only the elements that are shown are looked at', () => {
  let looked = 0;
  const values = { length: 1e6, at: (i: number) => { looked++; return i; } };
  expect(formatArray([1000, 1000], 'int32', values).split('\n')).toHaveLength(7);
  expect(looked).toBe(36);
});
