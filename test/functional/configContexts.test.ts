import { ArgumentError, defaultMatmulPrecision, defaultPrngImpl, jit, makeJaxpr, numpy as np, prng } from '../../lib';

const product = (x: np.Array) => np.matmul(x, x);
const precisionOf = () => /precision=([^\n]*)/.exec(String(makeJaxpr(product)(np.ones([2, 2]))))?.[1] ?? 'none';

test('defaultMatmulPrecision holds for products that name none, while a function runs', () => {
  const before = precisionOf();
  expect(defaultMatmulPrecision('highest', precisionOf)).toMatch(/HIGHEST/);
  expect(precisionOf()).toBe(before);
  expect(() => defaultMatmulPrecision('highest', () => {
    throw new Error('inside');
  })).toThrow('inside');
  expect(precisionOf()).toBe(before);
  defaultMatmulPrecision('high');
  expect(precisionOf()).toMatch(/HIGH/);
  defaultMatmulPrecision(null);
  expect(precisionOf()).toBe(before);
  expect(() => defaultMatmulPrecision('lowest', () => 1)).toThrow(ArgumentError);
  expect(() => defaultMatmulPrecision('high', async () => 1)).toThrow(/synchronous/);
});

test('a compiled function is traced anew for another precision', () => {
  let traces = 0;
  const f = jit((x: np.Array) => {
    traces++;
    return product(x);
  });
  f(np.ones([2, 2]));
  defaultMatmulPrecision('highest', () => f(np.ones([2, 2])));
  f(np.ones([2, 2]));
  expect(traces).toBe(2);
});

test('defaultPrngImpl says which generator keys are for', () => {
  expect(defaultPrngImpl('rbg', () => prng.keyData(prng.key(1)).shape)).toEqual([4]);
  expect(prng.keyData(prng.key(1)).shape).toEqual([2]);
  expect(() => defaultPrngImpl('dice' as never)).toThrow(ArgumentError);
});
