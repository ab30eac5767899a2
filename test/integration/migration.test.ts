import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { file, grad, graph, jit, makeJaxpr, nn, numpy as np, optim, ParamState, prng, random } from 'xlastate';

// The programs of BrainState's document for those who come from PyTorch, with what they print.
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/migration.json'), 'utf8'));

class LinearModel extends nn.Module {
  weight: ParamState;
  bias: ParamState;
  constructor(inFeatures: number, outFeatures: number) {
    super();
    const [k1, k2] = prng.split(prng.PRNGKey(0));
    this.weight = new ParamState(prng.normal(k1!, [inFeatures, outFeatures]));
    this.bias = new ParamState(prng.normal(k2!, [outFeatures]));
  }

  override call(x: np.Array): np.Array {
    return np.matmul(x, this.weight.value).add(this.bias.value);
  }
}

const x = np.array(fixture.x);
const y = np.array(fixture.y);
const mse = (m: LinearModel, a: np.Array, b: np.Array) => np.mean(np.square(m.call(a).sub(b)));

const dir = mkdtempSync(join(tmpdir(), 'migration-'));
afterAll(() => rmSync(dir, { recursive: true }));

const model = new LinearModel(1, 1);
const params = model.states(ParamState);
const jaxpr = makeJaxpr(model)(np.ones([1]));
const optimizer = new optim.SGD({ lr: 0.1 });
optimizer.registerTrainableWeights(params);
const trainStep = jit((a, b) => {
  const [grads, loss] = grad(() => mse(model, a, b), { gradStates: params, returnValue: true })();
  optimizer.update(grads);
  return loss;
});

test('initial weights are those of the same keys in JAX', () => {
  expect(model.weight.value.js()).toEqual(fixture.initial.weight);
  expect(model.bias.value.js()).toEqual(fixture.initial.bias);
});

test('the jaxpr of the model prints as in JAX', () => {
  expect(String(jaxpr.jaxpr)).toBe(fixture.jaxpr.text);
  expect(String(jaxpr)).toBe(fixture.jaxpr.printed);
});

test('training prints the losses of the document', () => {
  const losses = Array.from({ length: 200 }, () => trainStep(x, y).item() as number);
  const printed = [0, 40, 80, 120, 160].map((i) => losses[i]!.toFixed(4));
  expect(printed).toEqual(['13.1320', '0.0144', '0.0097', '0.0097', '0.0097']);
  fixture.losses.steps.forEach((step: number, i: number) => expect(losses[step]).toBeCloseTo(fixture.losses.values[i], 5));
  expect(String(model.call(np.zeros([1, 1])))).toBe('[[1.0059681]]');
  expect(String(model.weight.value)).toBe('[[3.0168793]]');
});

test('a file in BrainTools\' bytes, written and read back', () => {
  const path = join(dir, 'model.msgpack');
  file.msgpackSave(path, params);
  expect(readFileSync(path).toString('hex')).toBe(fixture.file.bytes);
  expect(params.toFlat().keys()).toEqual([['bias'], ['weight']]);
  expect(graph.treefyStates(model).toFlat().keys()).toEqual(fixture.file.treefyKeys);
  const fresh = new LinearModel(1, 1);
  file.msgpackLoad(path, { target: fresh.states(ParamState) });
  expect(String(fresh.weight.value)).toBe('[[3.0168793]]');
  const theirs = new LinearModel(1, 1);
  file.msgpackLoad(join(__dirname, '../fixtures/braintools-model.msgpack'), { target: theirs.states(ParamState) });
  expect(theirs.bias.value.js()).toEqual(fixture.file.restoredBias);
  const copy = new LinearModel(1, 1);
  graph.updateStates(copy, graph.treefyStates(model));
  expect(copy.weight.value.js()).toEqual(model.weight.value.js());
});

test('a loss with an argument: its gradient, with and without states', () => {
  const regularised = (alpha: np.Array) => mse(model, x, y).add(alpha.mul(np.sum(np.square(model.weight.value))));
  const [dAlpha, loss] = grad(regularised, { argnums: 0, returnValue: true })(0.1);
  expect([dAlpha.item().toFixed(7), loss.item().toFixed(7)]).toEqual(['9.1015606', '0.9198333']);
  const [[states, dAlpha2], loss2] = grad(regularised, { gradStates: params, argnums: 0, returnValue: true })(0.1);
  expect([dAlpha2.item().toFixed(7), loss2.item().toFixed(7)]).toEqual(['9.1015606', '0.9198333']);
  expect(states.keys()).toEqual([['bias'], ['weight']]);
  expect(states.get('weight').js()[0][0]).toBeCloseTo(fixture.regularisedWithStates.states.weight[0][0], 5);
  expect(states.get('bias').js()[0]).toBeCloseTo(fixture.regularisedWithStates.states.bias[0], 5);
});

test('an unseeded random state draws its key as the document prints it', () => {
  random.seed(42);
  const drawn = new random.RandomState().normal({ size: [2] });
  expect(drawn.js()).toEqual(fixture.randomState42['range 100000'].values);
  expect(String(drawn)).toBe('[ 0.6630465  -0.72396195]');
});
