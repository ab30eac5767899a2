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

  test.each(Object.keys(BINARY) as (keyof typeof BINARY)[])('%s of small arrays, and of one with a scalar, is what the device makes of them', (name) => {
    const f = BINARY[name];
    const many = { float32: fc.float(), int32: fc.integer() };
    for (const dtype of ['float32', 'int32'] as const) {
      const array = (v: readonly number[]) => np.array([...v], { dtype });
      // Beyond the size up to which the host knows elements.
      const padded = (v: readonly number[]) => array([...v, ...new globalThis.Array<number>(40).fill(1)]);
      const check = (a: readonly number[], b: readonly number[]) => {
        const pairs = [[array(a), array(b), padded(a), padded(b)], [array(a), np.array(b[0]!, { dtype }), padded(a), np.array(b[0]!, { dtype })]] as const;
        for (const [x, y, xx, yy] of pairs) {
          const [small, large] = [f(x, y), f(xx, yy)];
          expect(globalThis.Array.from(small.dataSync() as Float32Array)).toEqual(globalThis.Array.from(large.dataSync() as Float32Array).slice(0, a.length));
          expect([small.dtype, small.shape]).toEqual([large.dtype, [a.length]]);
        }
      };
      if (dtype === 'float32') check(SPECIAL, SPECIAL.map((_, i) => SPECIAL[(i * 5 + 3) % SPECIAL.length]!));
      fc.assert(fc.property(fc.array(many[dtype], { minLength: 3, maxLength: 3 }), fc.array(many[dtype], { minLength: 3, maxLength: 3 }), check), { seed: 3, numRuns: 30 });
    }
  });

  test('small arrays: results need no device, what was given is not shared, shapes that broadcast are left to programs', () => {
    const given = Float32Array.of(1, 2, 3);
    const x = np.array(given) as ConcreteArray;
    given[0] = 9;
    const y = x.add(x).mul(0.5).reshape([3]) as ConcreteArray;
    expect(y.js()).toEqual([1, 2, 3]);
    expect((x.add(1) as ConcreteArray).knownElements).toEqual(Float32Array.of(2, 3, 4));
    const sum = x.add(1);
    (sum.dataSync() as Float32Array)[0] = 7;
    expect(sum.js()).toEqual([2, 3, 4]);
    expect(np.array([[1, 2]], { dtype: 'float32' }).add(np.array([[1], [2]], { dtype: 'float32' })).js()).toEqual([[2, 3], [3, 4]]);
    expect(jit((v: Array) => v.mul(2))(sum).js()).toEqual([4, 6, 8]);
    sum.dispose();
    expect((sum as ConcreteArray).knownElements).toBeNull();
    expect(() => sum.add(1)).toThrow(/deleted/);
    const donated = x.add(2);
    jit((v: Array) => v.mul(2), { donateArgnums: 0 })(donated).blockUntilReady();
    expect(donated.isDeleted()).toBe(true);
    expect(() => donated.add(1)).toThrow(/deleted/);
  });

  test('a wrong pair is the error it is for arrays', () => {
    expect(() => add(np.array(1, { dtype: 'float32' }), np.array(1, { dtype: 'int32' }))).toThrow(/expected operands of one dtype/);
  });
});
