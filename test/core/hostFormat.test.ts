import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { DTYPES, type DType } from '../../lib/core/dtype';
import { BFloat16Array, bytesPerElement, ComplexArray, decode, encode, Float16Array, type SmallFloatArray, typedView, valueAt } from '../../lib/core/hostFormat';
import { decodeTable, isMinifloat, minifloatEncoder } from '../../lib/core/minifloat';

interface Format {
  values: string;
  doubles: string;
  codes: string;
}

const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/minifloats.json'), 'utf8')) as { formats: Record<string, Format> };
const small = DTYPES.filter(isMinifloat);

function bytesOf(base64: string): ArrayBuffer {
  return new Uint8Array(Buffer.from(base64, 'base64')).buffer;
}

function bitsOfNumbers(values: Iterable<number>): Uint32Array {
  return new Uint32Array(Float32Array.from(values, (x) => (Number.isNaN(x) ? Number.NaN : x)).buffer);
}

/** The array that `encode` makes, as its dtype's view. */
function stored(values: Parameters<typeof encode>[0], dtype: DType) {
  return typedView(encode(values, dtype).buffer as ArrayBuffer, dtype);
}

test('the fixture has every small float', () => {
  expect(Object.keys(fixture.formats).sort()).toEqual([...small].sort());
});

describe.each(small)('%s', (dtype) => {
  const format = fixture.formats[dtype]!;
  const table = decodeTable(dtype);

  test('every code has the value that ml_dtypes gives it', () => {
    const bits = bitsOfNumbers(table);
    if (format.values.length === 64) {
      expect(createHash('sha256').update(bits).digest('hex')).toBe(format.values);
    } else {
      const expected = new Uint32Array(bytesOf(format.values));
      expect([...bits.subarray(0, expected.length)]).toEqual([...expected]);
    }
  });

  test('doubles round to the codes that ml_dtypes gives them', () => {
    const doubles = new Float64Array(bytesOf(format.doubles));
    const codes = bytesPerElement(dtype) === 2 ? new Uint16Array(bytesOf(format.codes)) : new Uint8Array(bytesOf(format.codes));
    const round = minifloatEncoder(dtype);
    const wrong = [...doubles].map((x, i) => [x, round(x), codes[i]]).filter(([, got, expected]) => got !== expected);
    expect(wrong).toEqual([]);
  });

  test('every value but NaN survives a round trip', () => {
    const codes = [...table.keys()].filter((c) => !Number.isNaN(table[c]) && (dtype !== 'float4_e2m1fn' || c < 16));
    expect([...(stored(codes.map((c) => table[c]!), dtype) as SmallFloatArray).bits]).toEqual(codes);
  });
});

describe('integers', () => {
  test.each([
    ['int8', [127, 128, -129, 300.9, -1.9, Number.NaN], [127, -128, 127, 44, -1, 0]],
    ['uint8', [255, 256, -1, 3.99], [255, 0, 255, 3]],
    ['int16', [40000, -40000], [-25536, 25536]],
    ['uint16', [-1, 65536], [65535, 0]],
    ['int32', [2 ** 31, -1, Infinity], [-(2 ** 31), -1, 0]],
    ['uint32', [2 ** 32 - 1, -1, 2 ** 33 + 5], [2 ** 32 - 1, 2 ** 32 - 1, 5]],
    ['int4', [7, 8, -8, -9], [7, -8, -8, 7]],
    ['uint4', [15, 16, -1], [15, 0, 15]],
    ['int2', [1, 2, -2, 5], [1, -2, -2, 1]],
    ['uint2', [3, 4, -1], [3, 0, 3]],
  ] as const)('%s truncates and wraps', (dtype, given, expected) => {
    expect([...(stored(given, dtype) as Int8Array)]).toEqual(expected);
    const bigints = given.filter(Number.isInteger).map(BigInt);
    expect([...(stored(bigints, dtype) as Int8Array)]).toEqual(expected.filter((_, i) => Number.isInteger(given[i])));
    expect(stored(BigInt64Array.from(bigints), dtype)).toEqual(stored(bigints, dtype));
  });

  test('small integers fill the low bits of a byte, and only these are read', () => {
    expect([...encode([-1, -8], 'int4')]).toEqual([15, 8]);
    expect([...(typedView(new Uint8Array([0xff, 0x18, 0x07]).buffer, 'int4') as Int8Array)]).toEqual([-1, -8, 7]);
    expect([...(typedView(new Uint8Array([0xff, 0x18]).buffer, 'uint2') as Uint8Array)]).toEqual([3, 0]);
  });

  test('64-bit integers wrap numbers and bigints alike', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(fc.property(fc.oneof(finite, fc.maxSafeInteger()), (x) => {
      const exact = BigInt(Math.trunc(x));
      expect(valueAt(stored([x], 'int64'), 'int64', 0)).toBe(BigInt.asIntN(64, exact));
      expect(valueAt(stored([x], 'uint64'), 'uint64', 0)).toBe(BigInt.asUintN(64, exact));
      expect(valueAt(stored([exact], 'uint64'), 'uint64', 0)).toBe(BigInt.asUintN(64, exact));
    }));
    expect([...(stored([Infinity, -Infinity, Number.NaN, true], 'int64') as BigInt64Array)]).toEqual([0n, 0n, 0n, 1n]);
  });
});

test('booleans are what NumPy calls true', () => {
  expect([...encode([0, -0, 0.5, Number.NaN, 0n, 2n, false, true, { re: 0, im: 1 }], 'bool')]).toEqual([0, 0, 1, 1, 0, 1, 0, 1, 1]);
  expect(decode(new Uint8Array([0, 1, 1]), 'bool', 3)).toEqual([false, true, true]);
  expect(valueAt(stored([1], 'bool'), 'bool', 0)).toBe(true);
});

test('complex numbers are interleaved', () => {
  const z = stored([{ re: 1.5, im: -2 }, 3, 4n], 'complex64') as ComplexArray;
  expect([...z.parts]).toEqual([1.5, -2, 3, 0, 4, 0]);
  expect([...z]).toEqual([{ re: 1.5, im: -2 }, { re: 3, im: 0 }, { re: 4, im: 0 }]);
  expect([z.length, z.at(-1), z.at(3), z.byteLength]).toEqual([3, { re: 4, im: 0 }, undefined, 24]);
  expect(decode(encode(z, 'complex128'), 'complex128', 3)).toEqual([...z]);
  expect([...encode(z, 'complex64')]).toEqual([...new Uint8Array(z.parts.buffer)]);
  expect([...(stored(z, 'float32') as Float32Array)]).toEqual([1.5, 3, 4]);
  z.set(0, 7);
  expect(z.at(0)).toEqual({ re: 7, im: 0 });
});

test('small float arrays read and write numbers', () => {
  const x = BFloat16Array.from([1, 2.5, 1 / 3, -Infinity]);
  expect([...x]).toEqual([1, 2.5, 0.333984375, -Infinity]);
  expect([x.length, x.byteLength, x.dtype, x.at(-2), x.at(4)]).toEqual([4, 8, 'bfloat16', 0.333984375, undefined]);
  x.set(1, 65504);
  expect(x.toFloat32Array()).toEqual(Float32Array.of(1, 65536, 0.333984375, -Infinity));
  expect([...(stored(x, 'float16') as SmallFloatArray)]).toEqual([1, Infinity, 0.333984375, -Infinity]);
  expect([...Float16Array.from([65504, 65519, 65520, 1e-8])]).toEqual([65504, 65504, Infinity, 0]);
  expect(typedView(new ArrayBuffer(4), 'float16')).toBeInstanceOf(Float16Array);
  expect((typedView(new ArrayBuffer(4), 'float8_e5m2') as SmallFloatArray).length).toBe(4);
});

test('small floats and complex numbers are read and set by index, as typed arrays are', () => {
  const x = Float16Array.from([1, 2.5]);
  x[1] = 0.1;
  x[7] = 3;
  expect([x[0], x[1], x[2], (x as unknown as { '-1': unknown })['-1'], x.length, Object.keys(x)]).toEqual([1, 0.0999755859375, undefined, undefined, 2, ['dtype', 'bits']]);
  const z = typedView(new Float32Array([1, 2, 3, 4]).buffer as ArrayBuffer, 'complex64') as ComplexArray;
  z[0] = { re: 5, im: 6 };
  expect([z[0], z[1], z[2], `${x instanceof ComplexArray}`]).toEqual([{ re: 5, im: 6 }, { re: 3, im: 4 }, undefined, 'false']);
});

test('typed arrays of the dtype are copied as they are, signed and unsigned alike', () => {
  const source = new Float32Array([9, 1, Number.NaN, -0]).subarray(1);
  const bytes = encode(source, 'float32');
  expect(new Float32Array(bytes.buffer)).toEqual(source);
  bytes.fill(0);
  expect(source[0]).toBe(1);
  expect([...(stored(Int32Array.of(-1), 'uint32') as Uint32Array)]).toEqual([2 ** 32 - 1]);
  expect([...(stored(BigInt64Array.of(-1n), 'uint64') as BigUint64Array)]).toEqual([2n ** 64n - 1n]);
});

test('every dtype round-trips small integers, whole and from unaligned bytes', () => {
  for (const dtype of DTYPES) {
    const values = dtype === 'bool' ? [true, true] : dtype === 'float4_e2m1fn' || dtype.startsWith('float8_e8m0') ? [1, 2] : [1, 1];
    const bytes = encode(values, dtype);
    expect(bytes.length).toBe(2 * bytesPerElement(dtype));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    const read = Array.from(decode(shifted.subarray(1), dtype, 2), (v) => (typeof v === 'object' ? v.re : typeof v === 'bigint' ? Number(v) : v));
    expect([dtype, read]).toEqual([dtype, values]);
  }
  expect(() => decode(new Uint8Array(7), 'float32', 2)).toThrow(RangeError);
});
