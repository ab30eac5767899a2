import { clearCaches, jit, numpy as np, pjrt } from 'xlastate';
import { scalarType, ShapedArray } from '../../lib/core/aval';
import { config } from '../../lib/core/config';
import { SignatureCache } from '../../lib/core/signatureCache';
import type { Array } from '../../lib/core/array';

const x = np.array([1, 2, 3], { dtype: 'float32' });

describe('numbers beside arrays', () => {
  test('equal ones share a buffer, which no array shows', () => {
    // Of more elements than the host keeps.
    const wide = np.arange(40).astype('float32');
    const shifted = globalThis.Array.from({ length: 40 }, (_, i) => i + 7.25);
    const live = () => pjrt.defaultClient().memoryStats().liveBuffers;
    const first = wide.add(7.25);
    const before = live();
    const more = globalThis.Array.from({ length: 10 }, () => wide.add(7.25));
    expect(live()).toBe(before + 10);
    const seven = np.asarray(7.25);
    expect(wide.add(seven).js()).toEqual(shifted);
    seven.dispose();
    expect(seven.isDeleted()).toBe(true);
    for (const y of [first, ...more, wide.add(7.25)]) expect(y.js()).toEqual(shifted);
  });

  test('zeros of both signs, booleans beside numbers, NaN', () => {
    for (let i = 0; i < 2; i++) {
      expect(np.divide(x, 0).js()).toEqual([Infinity, Infinity, Infinity]);
      expect(np.divide(x, -0).js()).toEqual([-Infinity, -Infinity, -Infinity]);
      expect(np.add(x, true).js()).toEqual([2, 3, 4]);
      expect(np.add(x, 1).js()).toEqual([2, 3, 4]);
      expect(np.add(x, Number.NaN).js()).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    }
  });

  test('more of them than are kept', () => {
    for (let i = 0; i < 600; i++) expect(np.add(np.array([0], { dtype: 'float32' }), i).item()).toBe(i);
    expect(x.add(1).js()).toEqual([2, 3, 4]);
    clearCaches();
    expect(x.add(1).js()).toEqual([2, 3, 4]);
  });

  test('one that is donated is no other call’s', () => {
    const f = jit((a: Array, b: Array) => np.add(a, b), { donateArgnums: 1 });
    for (let i = 0; i < 3; i++) expect([f(1, 2.5), np.add(np.array(1), 2.5)].map((y) => y.item())).toEqual([3.5, 3.5]);
  });
});

test('a cache of signatures finds what is equal, and nothing else', () => {
  const cache = new SignatureCache<string>();
  const of = (...avals: ShapedArray[]) => avals.map((aval) => ({ aval })) as unknown as Array[];
  const f3 = new ShapedArray([3], 'float32');
  const all: [Array[], object][] = [];
  for (const avals of [[f3], [f3, f3], [new ShapedArray([3], 'float32', true)], [new ShapedArray([3], 'int32')], [new ShapedArray([1, 3], 'float32')], [scalarType('float32')]]) {
    for (const params of [{}, { axis: 0 }, { axis: -0 }, { axis: null }, { axis: undefined }, { axis: 0, keepdims: true }, { axes: [0, 1] }, { axes: [0] }, { axes: { n: 1 } }, { f: of }]) all.push([of(...avals), params]);
  }
  all.forEach(([args, params], i) => {
    expect(cache.get('f', args, params)).toBe(undefined);
    cache.set('f', args, params, `value ${i}`);
  });
  expect(cache.size).toBe(all.length);
  for (let round = 0; round < 2; round++) {
    all.forEach(([args, params], i) => {
      const copy = Object.fromEntries(Object.entries(params).map(([k, v]) => [k, globalThis.Array.isArray(v) ? [...v] : v]));
      for (let again = 0; again < 2; again++) expect(cache.get('f', of(...args.map((a) => new ShapedArray([...a.aval.shape], a.aval.dtype, a.aval.weakType))), copy)).toBe(`value ${i}`);
    });
  }
  config.enableX64 = true;
  expect(cache.get('f', of(f3), {})).toBe(undefined);
  config.enableX64 = false;
  expect(() => cache.get('f', [undefined as unknown as Array], {})).toThrow('f: expected an array as operand 1, got undefined');
  cache.clear();
  expect(cache.get('f', of(f3), {})).toBe(undefined);
});
