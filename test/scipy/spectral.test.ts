import { numpy as np } from '../../lib';
import { fft, signal } from '../../lib/scipy';
import { testTable } from '../numpy/table';

testTable('scipySpectral', signal);

test('segments and options that do not fit are named', () => {
  expect(() => signal.stft([1, 2, 3, 4], { nperseg: 2, noverlap: 2 })).toThrow('stft: expected noverlap');
  expect(() => signal.welch([1, 2, 3], { window: 'round' as 'hann' })).toThrow('welch: expected window to be an array or one of');
  expect(() => signal.csd([1, 2], [1, 2], { average: 'max' as 'mean' })).toThrow("csd: expected average to be 'mean' or 'median'");
  expect(() => signal.istft([1])).toThrow('istft: expected an array of frequencies and times');
});

test.each(['bfloat16', 'float16'] as const)('the inverse cosine transform of %s is of float32', (dtype) => {
  // JAX's values.
  const expected = [0.9571067690849304, -0.4571067690849304];
  const x = fft.idct(np.array([1, 2], { dtype }));
  expect(x.dtype).toBe('float32');
  (x.js() as number[]).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 5));
});
