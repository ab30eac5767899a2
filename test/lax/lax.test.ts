import { DtypeError, ShapeError } from '../../lib/core/errors';
import * as lax from '../../lib/lax/index';
import * as np from '../../lib/numpy/index';
import { testTable } from '../numpy/table';

testTable('lax', lax);
testTable('laxEdges', lax);

test('calls that JAX refuses', () => {
  const [ints, flags, m] = [np.array([1, 2], { dtype: 'int32' }), np.array([true, false]), np.ones([4, 5])];
  expect(() => lax.reciprocal(ints)).toThrow(DtypeError);
  expect(() => lax.mul(flags, flags)).toThrow(/mul: does not accept dtype bool/);
  expect(() => lax.approxMaxK(ints, 1)).toThrow(DtypeError);
  expect(() => lax.select(flags, 1, 2)).toThrow(ShapeError);
  expect(() => lax.dynamicSlice(m, [-1, 0], [2, 2], { allowNegativeIndices: false })).toThrow(/index -1 of dimension 0 is negative/);
  expect(() => lax.pad(m, 0, [[0, 0, 0]])).toThrow(/expected 2 entries in paddingConfig/);
  expect(() => lax.pad(m, np.ones([1]), [[0, 0, 0], [0, 0, 0]])).toThrow(/expected the padding value to be a scalar/);
  expect(() => lax.convGeneralDilated(np.ones([1, 1, 4]), np.ones([1, 1, 2]), [1], 'VALID', { lhsDilation: [2] })).toThrow(/padding by rule is not defined/);
  expect(() => lax.fft(m, 0 as never, [5])).toThrow(/expected fftType to be one of FFT, IFFT, RFFT, IRFFT/);
});
