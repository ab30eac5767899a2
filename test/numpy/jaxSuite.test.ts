import * as lax from '../../lib/lax';
import * as numpy from '../../lib/numpy';
import * as prng from '../../lib/prng';
import * as scipy from '../../lib/scipy';
import { type WindowName, windowByName } from '../../lib/scipy/windowShapes';
import { testTable } from './table';

testTable('jaxSuite', {
  numpy, lax, prng, scipy,
  window: (name: WindowName, n: number) => numpy.array(windowByName('window', name, n)),
  stft: (x: numpy.Array, o: object) => scipy.signal.stft(x, o)[2],
  welch: (x: numpy.Array, o: object) => scipy.signal.welch(x, o)[1],
  istft: (x: numpy.Array, o: object) => scipy.signal.istft(x, o)[1],
  sortedEigvals: (a: numpy.Array) => numpy.sort(numpy.linalg.eigvals(a)),
  get: (x: numpy.Array, i: Parameters<typeof numpy.at>[1], o?: numpy.GetOptions) => numpy.at(x, i).get(o),
  add: (x: numpy.Array, i: Parameters<typeof numpy.at>[1], v: number, o?: numpy.IndexOptions) => numpy.at(x, i).add(v, o),
});

test('views take their type as an option too', () => {
  const x = numpy.array([1, 2], { dtype: 'float32' });
  expect(x.view({ dtype: 'int32' }).js()).toEqual(x.view('int32').js());
  expect(x.view().dtype).toBe('float32');
  expect(() => x.view({ dtyp: 'int32' } as never)).toThrow(/view: unknown option 'dtyp'/);
});

test('what JAX refuses', () => {
  const mixed = [numpy.array(1, { dtype: 'int32' }), numpy.array(2, { dtype: 'int16' })];
  expect(() => lax.dynamicSlice(numpy.ones([3, 4]), mixed, [2, 2])).toThrow(/dynamicSlice: expected start indices of one integer dtype, got int32, int16/);
  expect(() => lax.argmax(numpy.ones([2, 3]), -1, 'int32')).toThrow(/argmax: expected an axis from 0 to 1/);
  expect(() => lax.dynamicUpdateSlice(numpy.ones([3, 4]), numpy.ones([2, 2]), mixed)).toThrow(/dynamicUpdateSlice: expected start indices of one integer dtype/);
  expect(() => lax.dynamicSlice(numpy.ones([3, 4]), [1, 2], numpy.ones([2]) as never)).toThrow(/dynamicSlice: expected sliceSizes/);
  expect(() => scipy.linalg.polar(numpy.ones([2, 3]), { method: 'qdwh' })).toThrow(/polar: method 'qdwh' expects no fewer rows than columns/);
  expect(() => scipy.linalg.polar(numpy.ones([2, 3]), { eps: 1e-3 })).toThrow(/polar: eps is an option of method 'qdwh'/);
  expect(() => scipy.signal.stft(numpy.ones([9]), { window: 'hanning' })).toThrow(/stft: expected window to be an array or one of boxcar/);
  expect(() => scipy.signal.stft(numpy.ones([9]), { window: 'kaiser' })).toThrow(/stft: expected window 'kaiser' with 1 parameters/);
  expect(() => numpy.interp(0, [0, 1], [0, 1], { period: numpy.ones([1]) })).toThrow(/interp: expected period to be a scalar/);
  expect(() => numpy.fillDiagonal(numpy.ones([2, 2]), numpy.zeros([0]))).toThrow(/fillDiagonal: expected at least one value/);
  expect(() => numpy.fillDiagonal(numpy.ones([2, 2]), 1, { wrap: true as never })).toThrow(/fillDiagonal: wrap cannot be true/);
  expect(() => numpy.eye(2, { k: 1.5 })).toThrow(/eye: expected k to be an integer/);
});

test('eigenvalues and vectors of real matrices come in exact pairs', () => {
  const a = prng.normal(prng.key(2), [7, 7]);
  const [w, left, right] = lax.linalg.eig(a) as [numpy.Array, numpy.Array, numpy.Array];
  const values = w.js() as { re: number; im: number }[];
  const firsts = values.map((v, i) => (v.im > 0 ? i : -1)).filter((i) => i >= 0);
  expect(firsts).toEqual([1, 3]);
  for (const i of firsts) {
    expect(values[i + 1]).toEqual({ re: values[i]!.re, im: -values[i]!.im });
    for (const v of [left, right]) expect(numpy.arrayEqual(v.slice([], i + 1), numpy.conj(v.slice([], i))).item()).toBe(true);
  }
  expect(numpy.allclose(numpy.matmul(a, right), numpy.multiply(right, w), { atol: 1e-5 }).item()).toBe(true);
});
