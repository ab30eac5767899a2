import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError, DtypeError, lax, numpy as np } from '../../lib';

interface Case { f: string; dtype: np.DType; rows: [number | string, number | string | boolean | null][] }

const number = (v: number | string | boolean | null) => (typeof v === 'string' ? Number(v.replace('inf', 'Infinity')) : v);

const functions: Record<string, (v: number, dtype: np.DType) => np.Array> = {
  array: (v, dtype) => np.array(v, { dtype }),
  list: (v, dtype) => np.array([1, v], { dtype }).slice(1),
  astype: (v, dtype) => np.astype(v, dtype),
  full: (v, dtype) => np.full([], v, { dtype }),
  fulls: (v, dtype) => np.full([3], v, { dtype }).slice(2),
  laxFull: (v, dtype) => lax.full([], v, { dtype }),
  laxFulls: (v, dtype) => lax.full([3], v, { dtype }).slice(2),
  convert: (v, dtype) => lax.convertElementType(v, dtype),
};

const cases = JSON.parse(readFileSync(join(__dirname, '../fixtures/plainNumbers.json'), 'utf8')).cases as Case[];

test.each(cases)('numbers that a type may not hold, given to $f: $dtype', ({ f, dtype, rows }) => {
  for (const [v, expected] of rows) {
    const call = () => functions[f]!(number(v) as number, dtype);
    if (expected === null) expect(call).toThrow(ArgumentError);
    else expect([v, call().dtype, call().item()]).toEqual([v, dtype, number(expected)]);
  }
});

test('bigints beyond a type are refused by np.array and wrap in a conversion; complex numbers have no place among real ones', () => {
  expect(() => np.array([2n ** 40n])).toThrow(ArgumentError);
  expect(() => np.array([[1n], [-1n]], { dtype: 'uint8' })).toThrow('array: expected values from 0 to 255 for dtype uint8, got -1');
  expect(lax.convertElementType(2n ** 40n + 3n, 'int32').item()).toBe(3);
  expect(() => np.array([{ re: 1, im: 0 }], { dtype: 'float32' })).toThrow(DtypeError);
  expect(() => np.asarray({ re: 1, im: 0 }, { dtype: 'int32' })).toThrow(DtypeError);
  expect(np.array([{ re: 0, im: 1 }], { dtype: 'bool' }).js()).toEqual([true]);
});

test('values of typed arrays and arrays are converted, not refused', () => {
  expect(np.array(new Int32Array([300, -1]), { dtype: 'uint8' }).js()).toEqual([44, 255]);
  expect(np.array(np.array([300, -1]), { dtype: 'uint8' }).js()).toEqual([255, 0]);
});
