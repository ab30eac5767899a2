import { readFileSync } from 'node:fs';
import path from 'node:path';
import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import { type Array, ConcreteArray, type ScalarValue } from '../../lib/core/array';
import { ShapedArray } from '../../lib/core/aval';
import type { DType } from '../../lib/core/dtype';
import { encode } from '../../lib/core/hostFormat';
import { printJaxpr } from '../../lib/core/printJaxpr';
import { linearizeFlat } from '../../lib/interpreters/partial';
import { stage } from '../../lib/interpreters/stage';
import { backwardPass } from '../../lib/interpreters/transpose';

// Values that fixtures hold, as arrays and back.

/** Shape, dtype and row-major values; a complex number is two numbers in a row, and text names a number that JSON lacks. */
export type Packed = [number[], DType, (number | string)[]];

export function unpack([shape, dtype, values]: Packed): Array {
  const numbers = values.map(Number);
  const scalars: ScalarValue[] = dtype.startsWith('complex') ? numbers.flatMap((re, i) => (i % 2 === 0 ? [{ re, im: numbers[i + 1]! }] : [])) : dtype === 'bool' ? numbers.map(Boolean) : numbers;
  return ConcreteArray.fromHost(encode(scalars, dtype), new ShapedArray(shape, dtype));
}

/** Row-major values as plain numbers. */
export function numbers(x: Array): number[] {
  return globalThis.Array.from(x.dataSync() as Iterable<unknown>).flatMap((v) => (typeof v === 'object' ? [(v as { re: number }).re, (v as { im: number }).im] : [Number(v)]));
}

export function expectPacked(x: Array, [shape, dtype, values]: Packed, tolerance = 1e-6): void {
  expect(`${dtype}[${x.shape}]`).toBe(`${x.dtype}[${shape}]`);
  const got = numbers(x);
  const wanted = values.map(Number);
  const far = got.findIndex((v, i) => !(Object.is(v, wanted[i]) || v === wanted[i] || Math.abs(v - wanted[i]!) <= tolerance * Math.max(1, Math.abs(wanted[i]!))));
  if (far >= 0 || got.length !== wanted.length) throw new Error(`value ${far} of ${got.length}: expected\n${wanted}, got\n${got}`);
}

/** Cotangents of the operands in `wrt` from that of the result. */
export function vjp(f: (xs: Array[]) => Array, xs: readonly Array[], wrt: readonly boolean[], ct: Array): (Array | null)[] {
  const l = linearizeFlat((args) => [f(args)], xs, wrt);
  const cts = backwardPass(l.jaxpr, l.consts, l.jaxpr.invars, l.nonzero[0] ? [ct] : []);
  let next = 0;
  return wrt.map((w) => (w ? cts[next++]! : null));
}

let texts: Record<string, string> | undefined;

/** Checks a function's jaxpr against the text of that name in test/fixtures/jaxprText.json; operand types are as in `float32[3,4]`. */
export function expectPrinted(name: string, f: (xs: Array[]) => Array, ...types: string[]): void {
  texts ??= (JSON.parse(readFileSync(path.join(__dirname, '../fixtures/jaxprText.json'), 'utf8')) as { texts: Record<string, string> }).texts;
  const avals = types.map((t) => {
    const [, dtype, dims] = /^(\w+)\[(.*)\]$/.exec(t)!;
    return new ShapedArray(dims === '' ? [] : dims!.split(',').map(Number), dtype as DType);
  });
  expect(printJaxpr(stage((xs) => [f(xs)], avals).jaxpr)).toBe(texts[name]);
}
