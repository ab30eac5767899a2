import * as lax from '../../lib/lax';
import * as numpy from '../../lib/numpy';
import * as prng from '../../lib/prng';
import * as scipy from '../../lib/scipy';
import { testTable } from './table';

testTable('jaxSuite', {
  numpy, lax, prng, scipy,
  get: (x: numpy.Array, i: Parameters<typeof numpy.at>[1], o?: numpy.GetOptions) => numpy.at(x, i).get(o),
  add: (x: numpy.Array, i: Parameters<typeof numpy.at>[1], v: number, o?: numpy.IndexOptions) => numpy.at(x, i).add(v, o),
});

test('what JAX refuses', () => {
  expect(() => numpy.interp(0, [0, 1], [0, 1], { period: numpy.ones([1]) })).toThrow(/interp: expected period to be a scalar/);
  expect(() => numpy.fillDiagonal(numpy.ones([2, 2]), numpy.zeros([0]))).toThrow(/fillDiagonal: expected at least one value/);
  expect(() => numpy.fillDiagonal(numpy.ones([2, 2]), 1, { wrap: true as never })).toThrow(/fillDiagonal: wrap cannot be true/);
  expect(() => numpy.eye(2, { k: 1.5 })).toThrow(/eye: expected k to be an integer/);
});
