import { gradCore } from '../../lib/functional/derivatives';
import * as np from '../../lib/numpy';
import { testTable } from './table';

type A = np.Array;
type Options = Record<string, unknown>;
const ints = (v: number[]) => np.array(v, { dtype: 'int32' });
const functions: Record<string, (a: A) => A> = {
  gather: (a) => np.index(a, ints([0, 0, 2]), [], ints([1, 1, 0])),
  slice: (a) => np.index(a, [null, null, -2], 1),
  set: (a) => np.at(a, ints([0, 2]), 1).set(np.multiply(np.index(a, 3, 0, []), 2)),
  window: (a) => np.at(a, [1, 3], 0).multiply(3),
  takeAlongAxis: (a) => np.takeAlongAxis(a, np.array([[[0], [2], [1]]], { dtype: 'int32' }), 2),
  max: (a) => np.max(a, 1),
  sort: (a) => np.index(np.sort(a, 0), [1, null]),
  var: (a) => np.var(a, 0),
  cumprod: (a) => np.cumprod(a, 1),
};
const grad = Object.fromEntries(Object.entries(functions).map(([k, f]) => [k, (x: A) => gradCore('grad', (a: A) => np.sum(np.square(f(a))), [x], {}).grads]));
const update = (op: 'set' | 'add' | 'subtract' | 'multiply' | 'divide' | 'power' | 'min' | 'max') => (x: A, i: np.Index[], v: A, o?: Options) => np.at(x, ...i)[op](v, o);

testTable('numpyIndexing', {
  ...np, grad,
  getItem: (x: A, i: np.Index[]) => np.index(x, ...i),
  atGet: (x: A, i: np.Index[], o: Options) => np.at(x, ...i).get(o),
  atSet: update('set'), atAdd: update('add'), atSubtract: update('subtract'), atMultiply: update('multiply'), atDivide: update('divide'), atPower: update('power'), atMin: update('min'), atMax: update('max'),
});

test('apply, and misuse of indices', () => {
  expect(np.at([1, 2, 3], [1, null]).apply((x) => np.multiply(x, x)).js()).toEqual([1, 4, 9]);
  expect(() => np.index([1, 2], 0, 0)).toThrow(/2 indices are too many for f32\[2\]/);
  expect(() => np.index([1, 2], np.array([0, 1]))).toThrow(/integer or boolean dtype/);
  expect(() => np.index([1, 2], 0.5)).toThrow(/expected an integer/);
});
