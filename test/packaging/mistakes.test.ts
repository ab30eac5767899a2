// What beginners write: an error that says what to write instead, or the thing that they meant.
import { ArgumentError, cond, forLoop, grad, lax, metric, nn, numpy as np, optim, ParamState, prng, scan, scipy, ShapeError, State, switchCase, transform, tree, whileLoop, XlastateError } from 'xlastate';

const x = np.array([[1, 2, 3], [4, 5, 6]]);
const v = np.array([1, 2, 3]);
const wrong = (f: unknown): Error => {
  try {
    (f as () => unknown)();
  } catch (e) {
    return e as Error;
  }
  throw new Error('nothing was thrown');
};
// Written without types, as beginners do.
// biome-ignore lint/suspicious/noExplicitAny: mistakes that the types refuse
const any = <T>(y: T): any => y;

test.each<[string, () => unknown, RegExp]>([
  ['an element by []', () => any(v)[0], /arrays are not indexed by \[0\]: x\.slice\(0\) reads, and x\.at\(0\)\.set\(v\)/],
  ['an element set by []', () => { any(v)[1] = 5; }, /arrays are not indexed by \[1\]/],
  ['an axis that is a text', () => np.sum(x, any({ axis: '0' })), /sum: expected axis to be an integer or a list of integers, got the string "0"/],
  ['an axis that is a text, where one is asked for', () => np.argmax(x, any({ axis: '0' })), /argmax: expected axis to be an integer, got the string "0"/],
  ['a shift along an axis that is a text', () => np.roll(v, 1, any({ axis: '0' })), /roll: expected axis to be an integer/],
  ['padding by a text', () => np.pad(v, any('1')), /pad: expected padWidth to be a value, a pair or a list of pairs, got the string "1"/],
  ['parts by a text', () => np.split(v, any('3')), /split: expected .* to be an integer or a list of integers, got the string "3"/],
  ['a shape for eye', () => np.eye(any([2, 2])), /eye: expected N to be an integer, got a JS array of 2 entries/],
  ['arrays that are not in a list', () => np.concatenate(v, any(v)), /several arrays are joined as concatenate\(\[a, b\]\)/],
  ['a state for an array', () => np.add(any(new ParamState(v)), 1), /got an instance of ParamState; the array that it holds is its value, s\.value/],
  ['a key left out', () => prng.normal(any([2, 3])), /normal: expected key .*got a JS array of 2 entries/],
  ['layers in a list', () => new nn.Sequential(any([nn.relu])), /Sequential: expected the first layer to be a module, got a JS array of 1 entry/],
  ['the parameters before the options', () => new optim.Adam(any(new nn.Linear(1, 1).states(ParamState))), /Adam: expected an options object, got an instance of FlattedDict/],
  ['a number of steps', () => forLoop((i: np.Array) => i, any(5)), /np\.arange\(n\) loops n times/],
  ['another last dimension', () => new nn.Linear(4, 2).call(x), /Linear: expected an input whose last dimension is 4, got f32\[2,3\]/],
  ['another batch than the state has', () => nn.initAllStates(new nn.GRUCell(3, 4), 5).call(x), /GRUCell: expected an input of shape \[5,3\], as the hidden state was made for this batch size, got f32\[2,3\]/],
  ['no batch where the state has one', () => nn.initAllStates(new nn.LSTMCell(3, 4), 2).call(v), /LSTMCell: expected an input of shape \[2,3\]/],
  ['labels of another shape', () => metric.softmaxCrossEntropyWithIntegerLabels(x, np.array([0, 1, 2], 'int32')), /expected labels to have the shape of the logits without the last axis, which is the classes', got i32\[3\] for f32\[2,3\]/],
  ['no axis for a new dimension', () => np.expandDims(x, any(null)), /expandDims: expected axis to be an integer or a list of integers, got null/],
  ['no shape', () => np.reshape(x, any(undefined)), /reshape: expected shape to be an array of non-negative integers, got undefined/],
  ['an object for a shape', () => np.zeros(any({ shape: [2] })), /zeros: expected shape .*, got a plain object/],
  ['an object for a dtype', () => np.zeros([2], { dtype: any({ dtype: 'int32' }) }), /zeros: expected dtype .*, got a plain object/],
  ['argnums that are none', () => grad((y: np.Array) => y, { argnums: any({ x: 0 }) })(1), /grad.*: expected argnums to be an integer or a list of integers, got a plain object/],
  ['a tree before the function', () => tree.map(any([v]), any((y: np.Array) => y)), /tree\.map: expected f to be a function, got a JS array of 1 entry/],
  ['no objective', () => scipy.optimize.minimize(any(null), v, { method: 'BFGS' }), /minimize: expected fun to be a function, got null/],
  ['no strides', () => lax.convGeneralDilated(np.ones([1, 1, 4, 4]), np.ones([1, 1, 3, 3]), any(null), 'SAME'), /expected windowStrides to be a list of integers, got null/],
  ['a branch that is no function', () => cond(true, any(1), any(2)), /cond: a branch: expected a function or a module, got number 1/],
  ['one result of a scan', () => scan(any((c: np.Array, a: np.Array) => c.add(a)), np.array(0), v), /scan: expected f to return \[carry, y\]/],
])('%s', (_, f, message) => {
  const e = wrong(f);
  expect(e).toBeInstanceOf(XlastateError);
  expect(e.message).toMatch(message);
});

test('length is the size of the first axis', () => {
  expect([x.length, v.length, wrong(() => np.array(1).length) instanceof ShapeError]).toEqual([2, 3, true]);
});

test('JSON of a state is that of its value', () => {
  expect(JSON.stringify([new State(v), new State({ a: v })])).toBe('[[1,2,3],{"a":[1,2,3]}]');
  const layer = JSON.parse(JSON.stringify(new nn.Linear(1, 1, { wInit: new nn.init.Constant(2) })));
  expect(layer.weight).toEqual({ weight: [[2]], bias: [0] });
});

test('iterables are no options', () => {
  expect(wrong(() => np.sum(x, any(new Map([['axis', 0]]))))).toBeInstanceOf(ArgumentError);
});

test('modules are functions for loops and branches, too', () => {
  class Double extends nn.Module {
    override call(y: np.Array): np.Array {
      return y.mul(2);
    }
  }
  const double = new Double();
  expect([forLoop(double, v).js(), transform.map(double, v).js(), transform.checkpointedForLoop(double, v).js()]).toEqual(globalThis.Array(3).fill([2, 4, 6]));
  expect([any(cond(true, any(double), (y: np.Array) => y, v)).js(), any(switchCase(1, [(y: np.Array) => y, any(double)], v)).js()]).toEqual(globalThis.Array(2).fill([2, 4, 6]));
  expect(whileLoop((y: np.Array) => y.less(5), any(double), np.array(1)).item()).toBe(8);
  const cell = nn.initAllStates(new nn.GRUCell(2, 3), 4);
  expect((forLoop(cell, np.ones([5, 4, 2])) as np.Array).shape).toEqual([5, 4, 3]);
});
