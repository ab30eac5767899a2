import * as np from '../../lib/numpy';
import { testTable } from './table';

testTable('numpyRoutines', { ...np, sortedRoots: (p: np.Array) => np.sort(np.roots(p)), imagRoots: (p: np.Array) => np.sort(np.imag(np.roots(p))) });

test('functions over axes, vectorized functions, contraction paths', () => {
  expect(np.applyAlongAxis((v) => np.cumsum(v), 0, [[1, 2], [3, 4]]).js()).toEqual([[1, 2], [4, 6]]);
  expect(np.applyOverAxes(np.sum, np.ones([2, 3, 2]), [0, 2]).js()).toEqual([[[4], [4], [4]]]);
  const dot = np.vectorize((x: np.Array, y: np.Array) => np.dot(x, y), { signature: '(n),(n)->()' });
  expect(dot(np.ones([4, 3]), np.ones([3])).js()).toEqual([3, 3, 3, 3]);
  expect(np.einsumPath('ij,jk,kl->il', np.ones([2, 9]), np.ones([9, 2]), np.ones([2, 2]))[0]).toEqual([[0, 1], [0, 1]]);
});
