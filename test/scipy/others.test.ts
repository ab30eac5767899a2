import { cluster, fft, integrate, ndimage, signal } from '../../lib/scipy';
import { testTable } from '../numpy/table';

testTable('scipyOthers', { cluster, fft, integrate, ndimage, signal });

test('arguments that do not go together are named', () => {
  expect(() => fft.dct([1], { type: 3 as 2 })).toThrow('dct: expected type to be 2');
  expect(() => signal.convolve([1], [[1]])).toThrow('convolve: expected arrays of as many dimensions');
  expect(() => signal.convolve2d([1], [1])).toThrow('convolve2d: expected matrices');
  expect(() => ndimage.mapCoordinates([1], [], 1)).toThrow('expected 1 arrays of coordinates');
});
