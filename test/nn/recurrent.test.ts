import { forLoop, grad, HiddenState, jit, nn, numpy as np, optim, ParamState, random } from 'xlastate';
import { camelKeys, expectClose, fixture } from '../support/nnFixture';

type Cell = nn.RNNCell & { h: HiddenState; c?: HiddenState };
type Made = new (numIn: number, numOut: number, o: object) => Cell;
const leaves = (v: object): unknown[] => (v instanceof np.Array ? [v.js()] : Object.keys(v).sort().flatMap((k) => leaves((v as Record<string, object>)[k]!)));

test.each(fixture.cells as { name: string; options: Record<string, unknown>; paths: string[][]; params: unknown[]; hs: unknown; states: Record<string, unknown>; grads: unknown[] }[])(
  '$name $options: first parameters, states and gradients of BrainState, eager and compiled', ({ name, options, paths, params, hs, states, grads }) => {
    random.seed(42);
    const cell = new (nn as unknown as Record<string, Made>)[name]!(2, 3, camelKeys(options));
    const own = cell.states(ParamState);
    expect([...own.keys()]).toEqual(paths);
    const given = [...own.values()].flatMap((s) => leaves(s.value as object));
    given.forEach((v, i) => expectClose(v, params[i]));
    const xs = np.array(fixture.xs);
    nn.initAllStates(cell, 3);
    expectClose(np.stack([0, 1, 2, 3].map((t) => cell.call(xs.slice(t)) as np.Array)).js(), hs, 5);
    for (const [k, v] of Object.entries(states)) expectClose(cell[k as 'h']!.value.js(), v, 5);

    const step = jit((inputs: np.Array) => grad(() => {
      nn.resetAllStates(cell, 3);
      const out = forLoop((x: np.Array) => cell.call(x) as np.Array, inputs);
      return [np.sum(np.square(out)), out];
    }, { gradStates: own, hasAux: true })());
    const [found, out] = step(xs) as unknown as [Map<string, object>, np.Array];
    expectClose(out.js(), hs, 5);
    [...found.values()].flatMap(leaves).forEach((v, i) => expectClose(v, grads[i], 4));
    for (const [k, v] of Object.entries(states)) expectClose(cell[k as 'h']!.value.js(), v, 5);
  });

test('cells without a batch, without a state, with other activations; LoRA', () => {
  const cell = new nn.GRUCell(2, 3, { bInit: null, stateInit: new nn.init.Constant(0.5), activation: (x) => np.sin(x) });
  expect(() => cell.call(np.ones([2]))).toThrow('initState');
  expect(() => cell.resetState()).toThrow('initState');
  cell.initState();
  expect([cell.h.value.js(), cell.h instanceof HiddenState]).toEqual([[0.5, 0.5, 0.5], true]);
  expect(cell.call(np.ones([2])).shape).toEqual([3]);
  cell.resetState(2);
  expect(cell.h.value.shape).toEqual([2, 3]);
  expect(nn.VanillaRNNCell).toBe(nn.ValinaRNNCell);
  expect([cell.inSize, cell.outSize]).toEqual([[2], [3]]);
  expect(() => new nn.LSTMCell(2, 3, { activation: 'nothing' })).toThrow('activation');
  expect(() => new nn.LSTMCell(2, 0)).toThrow('numOut');

  random.seed(42);
  const base = new nn.Linear(2, 3);
  const lora = new nn.LoRA(2, 1, 3, { baseModule: base });
  expectClose(lora.call(np.array(fixture.xs[0])).js(), fixture.lora.value);
  expect(new nn.LoRA(2, 1, 3, { inSize: [4, 2] }).outSize).toEqual([4, 3]);
  expect([...lora.states(ParamState).keys()]).toEqual([['baseModule', 'weight'], ['weight']]);
});

test('a GRU learns to remember the first of a sequence', () => {
  random.seed(0);
  class Model extends nn.Module {
    cell = new nn.GRUCell(1, 8);
    out = new nn.Linear(8, 1);
    override call(xs: np.Array): np.Array {
      this.cell.initState(xs.shape[1]);
      forLoop((x: np.Array) => this.cell.call(x), xs);
      return this.out.call(this.cell.h.value);
    }
  }
  const model = new Model();
  const params = model.states(ParamState);
  const optimizer = new optim.Adam({ lr: 0.02 });
  optimizer.registerTrainableWeights(params);
  const step = jit((xs: np.Array) => {
    const [grads, loss] = grad(() => np.mean(np.square(model.call(xs).sub(xs.slice(0)))), { gradStates: params, returnValue: true })();
    optimizer.update(grads);
    return loss;
  });
  const losses: number[] = [];
  for (let i = 0; i < 150; i++) losses.push(step(random.normal({ size: [6, 32, 1] })).item() as number);
  expect(losses[0]).toBeGreaterThan(0.5);
  expect(losses.slice(-5).reduce((a, b) => a + b) / 5).toBeLessThan(0.08);
});
