import { grad, jit, nn, numpy as np, ParamState, random, State, vmap } from 'xlastate';
import { testTable } from '../numpy/table';
import { camel, camelKeys, expectClose, fixture } from '../support/nnFixture';

testTable('nnCalls', nn);

const x = np.array(fixture.x);
const mask = np.array(fixture.mask);

test.each(fixture.functions as { name: string; options: Record<string, unknown>; value: unknown; grad?: unknown }[])('$name $options: value and gradient of BrainState', ({ name, options, value, grad: slope }) => {
  const f = (nn as unknown as Record<string, (v: np.ArrayLike, o: object) => np.Array>)[camel(name)]!;
  const given = camelKeys({ ...options, ...('where' in options && { where: mask }) });
  random.seed(1);
  expectClose(f(x, given).js(), value);
  if (slope) expectClose(grad((v: np.Array) => np.sum(f(v, given).mul(0.5)))(x).js(), slope, 5);
});

test('functions with a mask have finite gradients where nothing counts; logsumexp gives a sign', () => {
  const where = np.array([[false, false], [true, false]]);
  const g = grad((v: np.Array) => np.sum(np.square(nn.softmax(v, { where }))))(np.array([[1, 2], [3, 4]]));
  expect(g.js()).toEqual([[0, 0], [0, 0]]);
  const [value, sign] = nn.logsumexp(np.array([0, 1]), { b: [1, -1], returnSign: true });
  expectClose(value.item(), Math.log(Math.E - 1));
  expect(sign.item()).toBe(-1);
  expect(nn.logsumexp(np.array([0, 1]), { b: [1, -1] }).item()).toBeNaN();
  expect(nn.softShrink(np.array([1, 3], { dtype: 'int32' }), { lambd: 2 }).js()).toEqual([0, 1]);
});

test.each(fixture.scalar as { name: string; derivatives: number[][] }[])('$name: value and two derivatives of BrainState where pieces meet and far out', ({ name, derivatives }) => {
  const f = (nn as unknown as Record<string, (v: np.Array) => np.Array>)[camel(name)]!;
  const at = np.array(fixture.corners);
  expectClose(f(at).js(), derivatives[0]);
  expectClose((vmap(grad(f))(at) as np.Array).js(), derivatives[1]);
  expectClose((vmap(grad(grad(f)))(at) as np.Array).js(), derivatives[2], 5);
});

test('log1mexp, logmeanexp, identity; logic of spikes', () => {
  const [at, value, slope] = fixture.log1mexp;
  expectClose(nn.log1mexp(np.array(at)).js(), value);
  expectClose((vmap(grad(nn.log1mexp))(np.array(at)) as np.Array).js(), slope, 5);
  expectClose(nn.logmeanexp(x, 1).js(), fixture.logmeanexp[0]);
  expectClose(nn.logmeanexp(x, { where: mask, keepdims: true }).js(), fixture.logmeanexp[1]);
  expect(nn.identity(x)).toBe(x);
  const [a, b] = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])];
  const logic = (['or', 'and', 'iand', 'xor', 'ixor'] as const).map((op) => new nn.SpikeBitwise({ op }).call(a, b).js());
  expect(logic).toEqual([[0, 1, 1, 1], [0, 0, 0, 1], [0, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]);
  expect(() => new nn.SpikeBitwise({ op: 'add' as never })).toThrow('expected op');
});

type Made = new (...args: unknown[]) => nn.Module;
test.each(fixture.modules as { name: string; options: Record<string, number>; value: unknown; text: string }[])('module $name $options: value and text of BrainState', ({ name, options, value, text }) => {
  random.seed(1);
  const cls = (nn as unknown as Record<string, Made>)[name]!;
  const m = name === 'Threshold' ? new cls(options.threshold, options.value) : new cls(camelKeys(options));
  expectClose((m.call(x) as np.Array).js(), value);
  expect(m.toString()).toBe(text);
});

test('Softmax2d is over channels; PReLU learns; wrong settings are errors', () => {
  expectClose(new nn.Softmax2d().call(np.arange(12).reshape([3, 2, 2]).div(6)).js(), fixture.softmax2d);
  expect(() => new nn.Softmax2d().call(np.ones([2, 2]))).toThrow('3 or 4 dimensions');
  expect(() => new nn.Hardtanh({ minVal: 1, maxVal: 0 })).toThrow('maxVal');
  const m = new nn.PReLU();
  const g = jit(() => grad(() => np.sum(m.call(x)), { gradStates: m.states(ParamState) })())() as unknown as Map<string, np.Array>;
  expectClose([...g.values()][0]!.js(), [-4.7]);
});

test.each(fixture.initialisers as { name: string; options: Record<string, unknown>; shape: number[]; value: unknown }[])('initialiser $name $options $shape: values of BrainState', ({ name, options, shape, value }) => {
  random.seed(42);
  const made = new (nn.init as unknown as Record<string, new (o: object) => nn.init.Initializer>)[name]!(options);
  expectClose(made.call(shape).js(), value, 5);
});

test('gains; param repeats along the batch; impossible shapes are errors', () => {
  for (const [name, gain, param] of fixture.gains as [string, number, number?][]) expect(nn.init.calculateInitGain(name, param === undefined ? {} : { param })).toBeCloseTo(gain, 12);
  expect(() => nn.init.calculateInitGain('gelu')).toThrow('nonlinearity');
  for (const { value, sizes, batchSize, result } of fixture.param) expect(nn.init.param(np.array(value), sizes, { batchSize })!.js()).toEqual(result);
  expect(nn.init.param(new nn.init.Constant(2), 2, { batchSize: 1 })!.js()).toEqual([[2, 2]]);
  expect(nn.init.param((shape) => np.zeros([...shape]), [2], { batchSize: 3 })!.shape).toEqual([3, 2]);
  expect([nn.init.param(0.5, [2])!.shape, nn.init.param(0.5, [2], { batchSize: 2, allowScalar: false })!.shape]).toEqual([[], [2, 1]]);
  const state = nn.init.param(new ParamState(np.array([1, 2])), [2], { batchSize: 2 });
  expect([state instanceof ParamState, state.value.shape]).toEqual([true, [2, 2]]);
  const plain = new State(np.array([1, 2]));
  expect(nn.init.param(plain, [2])).toBe(plain);
  expect(() => nn.init.param(np.ones([3]), [2])).toThrow('broadcasts');
  expect(() => nn.init.param(np.ones([3, 2]), [2], { batchSize: 4 })).toThrow('batch size');
  expect(() => nn.init.param(null, [2], { allowNone: false })).toThrow('null');
  expect(() => new nn.init.DeltaOrthogonal().call([3, 3])).toThrow('3 to 5');
  expect(() => new nn.init.DeltaOrthogonal().call([3, 3, 2])).toThrow('outputs');
  expect(() => new nn.init.Orthogonal({ axis: 3 }).call([3, 3])).toThrow('axis');
});

test('a mask over an infinite entry; factors that are arrays have gradients; masks and axes that do not go are refused', () => {
  const [rows, mask] = [np.array([0, Infinity, 1, 2]), np.array([false, true, true, false])];
  expect(nn.softmax(rows, { where: mask }).js()).toEqual([0, NaN, NaN, 0]);
  for (const f of [nn.elu, nn.celu] as const) expect((grad((alpha: np.Array) => np.sum(f(np.array([-1, 2]), { alpha })))(np.array(1)) as np.Array).item()).toBeCloseTo(f === nn.elu ? Math.expm1(-1) : Math.expm1(-1) + Math.exp(-1), 6);
  expect((grad((negativeSlope: np.Array) => np.sum(nn.leakyRelu(np.array([-3, 2]), { negativeSlope })))(np.array(1)) as np.Array).item()).toBe(-3);
  for (const f of [nn.softmax, nn.logSoftmax, nn.logsumexp, nn.logmeanexp, nn.standardize] as const) expect(() => f(rows, { where: [1, 0, 1, 1] })).toThrow(/expected where to be a boolean array/);
  expect(() => nn.softmax(rows, { where: [[true], [false]] })).toThrow(/expected where to broadcast to x/);
  expect(() => nn.standardize(np.array([{ re: 1, im: 2 }]))).toThrow(/expected real numbers/);
  expect(() => nn.standardize(rows, { algorithm: 'slow' as never })).toThrow(/expected algorithm/);
  expect(() => nn.oneHot([0, 1], 3, { axis: 2 })).toThrow(/expected axis to be an integer from -2 to 1/);
});

test('oneHot along a named axis', () => {
  const parts = vmap((i: np.Array) => nn.oneHot(i, 3, { axis: 'i' }), { inAxes: null, outAxes: 1, axisName: 'i', axisSize: 3 });
  expect((parts(np.array([2, 0], { dtype: 'int32' })) as np.Array).js()).toEqual([[0, 0, 1], [1, 0, 0]]);
  expect(() => vmap((i: np.Array) => nn.oneHot(i, 4, { axis: 'i' }), { inAxes: null, axisName: 'i', axisSize: 3 })(np.array([2, 0], { dtype: 'int32' }))).toThrow(/expected numClasses to be the size of axis i, 3, got 4/);
});
