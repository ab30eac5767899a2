import { DtypeError, ShapeError, XlastateError } from '../../lib/core/errors';
import { lax, nn, prng, random } from '../../lib/index';
import * as np from '../../lib/numpy/index';
import { testTable } from './table';

testTable('numpyOptions', np);

test('what JAX refuses is refused by name', () => {
  const x = np.arange(6).reshape(2, 3);
  const refused: [() => unknown, RegExp][] = [
    [() => np.split(x, [3, 1], 1), /split: expected indices that rise/],
    [() => np.split(x, [-1], 1), /split: expected indices that rise/],
    [() => np.nanquantile([], 0.5), /nanquantile: expected at least one element/],
    [() => np.partition(x, 1, { axis: null as never }), /partition: expected axis to be an integer/],
    [() => np.transpose(x, 1 as never), /transpose: expected axes to be a list/],
    [() => np.arange(2, { dtype: 'bool' }), /iota: does not accept dtype bool/],
    [() => np.einsum('ij,jk', x, x.T, { optimize: 'foo' as never }), /einsum: expected optimize/],
    [() => np.einsum(x as never), /einsum: expected/],
    [() => np.copy(x, { ordre: 'C' } as never), /copy: unknown option 'ordre'/],
    [() => np.meshgrid([1], [2], { copy: false as never }), /meshgrid: .*copy can only be true/],
    [() => np.select([[true]], [[1]], { defualt: 1 } as never), /select: unknown option 'defualt'/],
    [() => np.setPrintoptions({ precison: 1 } as never), /setPrintoptions: unknown option 'precison'/],
    [() => np.applyAlongAxis(3 as never, 0, x), /applyAlongAxis/],
    [() => x.at(0).set(1, { mod: 'clip' } as never), /at: unknown option 'mod'/],
    [() => x.at(0).get({ fill: 1 } as never), /at: unknown option 'fill'/],
    [() => x.at(0).apply(3 as never), /at: expected f to be a function/],
    [() => np.zeros([0, 3]).at(0).add(1), /at: index 0 is out of bounds for dimension 0/],
  ];
  for (const other of ['int8', 'uint4', 'int32', 'bfloat16', 'complex64'] as const) refused.push([() => np.add(np.ones(2, 'int4'), np.ones(2, other)), /no implicit promotion of int4/]);
  for (const [f, message] of refused) {
    expect(f).toThrow(XlastateError);
    expect(f).toThrow(message);
  }
  expect(() => np.split(x, [9], 1)).toThrow(ShapeError);
  expect(() => np.bitwiseAnd.reduce(np.ones(2))).toThrow(DtypeError);
});

test('text by the options of array_str and array_repr', () => {
  const x = np.array([1.23456, 1e-10]);
  expect([np.arrayStr(x, { precision: 2, suppressSmall: true }), np.arrayStr(np.arange(5), { maxLineWidth: 8 })]).toEqual(['[1.23 0.  ]', '[0 1 2\n 3 4]']);
});

test('values and bytes of an array by NumPy\'s names', () => {
  const x = np.array([[1, 2], [3, 258]], 'int16');
  expect([x.tolist(), [...x.tobytes()]]).toEqual([[[1, 2], [3, 258]], [1, 0, 2, 0, 3, 0, 2, 1]]);
});

test('sizes that no axis can have are refused by name before XLA sees them', () => {
  const n = 2 ** 40;
  const x = np.ones([3]);
  const refused: [() => unknown, RegExp][] = [
    [() => np.arange(n), /arange: expected start, stop and step to make an axis of at most 2147483647 entries, got 1099511627776/],
    [() => np.arange(0, 1, 1 / n), /arange: expected start, stop and step/],
    [() => np.linspace(0, 1, n), /linspace: expected num to make an axis/],
    [() => np.pad(x, [[0, n]]), /pad: expected padWidth to make an axis/],
    [() => np.repeat(x, n), /repeat: expected repeats to make an axis/],
    [() => np.repeat(x, np.array([1, 2, 3], 'int32'), { totalRepeatLength: n }), /repeat: expected totalRepeatLength/],
    [() => np.ones([n]), /ones: expected shape to hold non-negative integers up to 2147483647/],
    [() => np.kaiser(n, 1), /kaiser: expected M to make an axis/],
    [() => np.vander(x, n), /vander: expected N/],
    [() => np.diag(x, n), /diag: expected k/],
    [() => np.diagflat(x, -n), /diagflat: expected k/],
    [() => np.diagIndices(n), /diagIndices: expected n/],
    [() => np.histogram(x, { bins: n }), /histogram: expected bins/],
    [() => np.bincount(np.ones([3], 'int32'), { length: n }), /bincount: expected length/],
    [() => np.nonzero(x, { size: n }), /nonzero: expected size/],
    [() => np.unique(x, { size: n }), /unique: expected size/],
    [() => np.fft.fft(x, { n }), /fft\.fft: expected n/],
    [() => np.fft.fftfreq(n), /fft\.fftfreq: expected n/],
    [() => np.unpackbits(np.ones([3], 'uint8'), { count: n }), /unpackbits: expected count/],
    [() => lax.pad(x, 0, [[0, 0, n]]), /pad: expected paddingConfig/],
    [() => prng.permutation(prng.key(0), n), /permutation: x: expected it to make an axis/],
    [() => prng.orthogonal(prng.key(0), n), /orthogonal: expected n/],
    [() => random.splitKeys(n), /splitKey: expected n/],
    [() => nn.oneHot(np.ones([3], 'int32'), n), /oneHot: expected numClasses/],
    // 16 TB in two dimensions, each of which an axis can have.
    [() => np.ones([2 ** 21, 2 ** 21]), /expected results that memory can hold/],
  ];
  for (const [f, message] of refused) {
    expect(f).toThrow(ShapeError);
    expect(f).toThrow(message);
  }
  expect(np.diff(x, n).shape).toEqual([0]);
});
