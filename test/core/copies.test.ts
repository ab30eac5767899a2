import assert from 'node:assert';
import { ArgumentError, numpy as np, State } from 'xlastate';

test('comparisons that do not see values find no two arrays equal', () => {
  const x = np.array([1, 2]);
  assert.deepStrictEqual(x, x);
  expect(() => assert.deepStrictEqual(x, np.array([1, 3]))).toThrow(assert.AssertionError);
  expect(() => assert.deepStrictEqual(new State(x), new State(np.array([1, 3])))).toThrow(assert.AssertionError);
  for (const [a, b] of [[x, np.array([1, 3])], [np.sum(x), np.sum(np.array([1, 3]))]]) expect(() => expect(a).toEqual(b)).toThrow(/tests compare values: x\.js\(\)/);
});

test('a second copy of the library is told of, and what it makes is named', () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  try {
    jest.isolateModules(() => {
      const other = require('xlastate') as typeof import('xlastate');
      expect(warn).toHaveBeenCalledTimes(1);
      expect(warn.mock.calls[0]![0]).toMatch(/^xlastate is loaded twice, from \/.* and from \/.*: arrays, states and modules of one are unknown to the other/);
      expect(() => np.add(np.ones([2]), other.numpy.ones([2]))).toThrow(ArgumentError);
      expect(() => np.add(np.ones([2]), other.numpy.ones([2]))).toThrow(/got an instance of ConcreteArray of another copy of xlastate, \//);
    });
  } finally {
    warn.mockRestore();
  }
});
