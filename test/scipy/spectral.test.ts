import { signal } from '../../lib/scipy';
import { testTable } from '../numpy/table';

testTable('scipySpectral', signal);

test('segments and options that do not fit are named', () => {
  expect(() => signal.stft([1, 2, 3, 4], { nperseg: 2, noverlap: 2 })).toThrow('stft: expected noverlap');
  expect(() => signal.welch([1, 2, 3], { window: 'kaiser' as 'hann' })).toThrow("welch: expected window to be 'hann' or an array");
  expect(() => signal.csd([1, 2], [1, 2], { average: 'max' as 'mean' })).toThrow("csd: expected average to be 'mean' or 'median'");
  expect(() => signal.istft([1])).toThrow('istft: expected an array of frequencies and times');
});
