import { numpy as np } from '../../lib';
import { cluster, fft, integrate, ndimage, signal } from '../../lib/scipy';
import { testTable } from '../numpy/table';

testTable('scipyOthers', { cluster, fft, integrate, ndimage, signal });

test('arguments that do not go together are named', () => {
  expect(() => fft.dct([1], { type: 3 as 2 })).toThrow('dct: expected type to be 2');
  expect(() => signal.convolve([1], [[1]])).toThrow('convolve: expected arrays of as many dimensions');
  expect(() => signal.convolve2d([1], [1])).toThrow('convolve2d: expected matrices');
  expect(() => ndimage.mapCoordinates([1], [], 1)).toThrow('an array of coordinates for each, got f32[1] and 0');
  expect(() => ndimage.mapCoordinates(1, [], 1)).toThrow('at least one dimension');
});

test('vq of complex observations', () => {
  // JAX: distances are real.
  const [code, distance] = cluster.vq.vq(np.array([{ re: 1, im: 1 }, { re: 0, im: -2 }]), np.array([{ re: 0, im: -1 }, { re: 1, im: 2 }]));
  expect([code.js(), distance.js(), distance.dtype]).toEqual([[1, 0], [1, 1], 'float32']);
});
