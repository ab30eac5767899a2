import fc from 'fast-check';
import { type Array, jit, numpy as np } from '../../lib';
import type { ConcreteArray } from '../../lib/core/array';
import { abs, add, div, eq, ge, gt, le, lt, max, min, mul, ne, neg, sub } from '../../lib/primitives/elementwise';
import { convert } from '../../lib/primitives/structural';

const BINARY = { add, sub, mul, div, max, min, eq, ne, lt, le, gt, ge };

/** The same value on the device. */
const onDevice = (x: Array): Array => np.array([x.item() as number], { dtype: x.dtype as 'float32' }).reshape([]);

function agree(f: (...xs: Array[]) => Array, ...xs: Array[]): void {
  const [host, device] = [f(...xs), f(...xs.map(onDevice))];
  expect(Object.is(host.item(), device.item())).toBe(true);
  expect([host.dtype, host.shape, host.weakType]).toEqual([device.dtype, device.shape, device.weakType]);
}

const SPECIAL = [0, -0, 1, -1, 2, 0.1, -0.3, 1e-38, -1e-39, 1e-45, 3.4e38, -3.4e38, Infinity, -Infinity, NaN, 16777217, 1 / 3];

describe('scalars that the host knows', () => {
  test.each(Object.keys(BINARY) as (keyof typeof BINARY)[])('%s of them is what the device makes of them', (name) => {
    const f = BINARY[name];
    const check = (a: number, b: number) => agree(f, np.array(a, { dtype: 'float32' }), np.array(b, { dtype: 'float32' }));
    for (const a of SPECIAL) for (const b of SPECIAL) check(a, b);
    fc.assert(fc.property(fc.float(), fc.float(), check), { seed: 1, numRuns: 100 });
    fc.assert(fc.property(fc.integer(), fc.integer(), (a, b) => agree(f, np.array(a, { dtype: 'int32' }), np.array(b, { dtype: 'int32' }))), { seed: 2, numRuns: 60 });
  });

  test('negation, absolute values and conversions', () => {
    for (const a of SPECIAL) for (const f of [neg, abs, (x: Array) => convert(x, 'int32'), (x: Array) => convert(x, 'float32', true), (x: Array) => convert(x, 'bfloat16')]) agree(f, np.array(a, { dtype: 'float32' }));
    for (const a of [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 16777217]) for (const f of [neg, abs, (x: Array) => convert(x, 'float32'), (x: Array) => convert(x, 'int8')]) agree(f, np.array(a, { dtype: 'int32' }));
  });

  test('results need no device, and are arrays like any other', () => {
    const x = np.array(1.5).mul(2).add(0.25) as ConcreteArray;
    expect(x.hostValue).toBe(3.25);
    expect(x.blockUntilReady()).toBe(x);
    expect(x.dataSync()).toEqual(Float32Array.of(3.25));
    expect(np.ones([2]).mul(x).js()).toEqual([3.25, 3.25]);
    x.dispose();
    expect(x.isDeleted()).toBe(true);
    expect(() => x.add(1)).toThrow(/deleted/);
    expect(() => x.item()).toThrow(/disposed/);
  });

  test('a program captures one as an array, not as a number of its text: another value is another argument', () => {
    const program = (v: Array) => jit((x: Array) => x.mul(v)).lower(np.ones([2])).asText();
    const a = np.array(2, { dtype: 'float32' });
    expect(program(a.mul(2))).toBe(program(a.mul(3)));
    expect(jit((x: Array) => x.mul(a.mul(3)))(np.ones([2])).js()).toEqual([6, 6]);
  });

  test('a wrong pair is the error it is for arrays', () => {
    expect(() => add(np.array(1, { dtype: 'float32' }), np.array(1, { dtype: 'int32' }))).toThrow(/expected operands of one dtype/);
  });
});
