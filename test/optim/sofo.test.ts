import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { grad, jit, metric, nn, numpy as np, optim, ParamState, prng, random } from '../../lib/index';

type Weights = Record<'l1' | 'l2', { weight: number[][]; bias: number[] }>;
interface Run { loss: 'mse' | 'ce'; options: Record<string, number | boolean>; losses: number[]; end: Weights }
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/sofo.json'), 'utf8')) as { start: Weights; x: number[][]; y: number[][]; labels: number[]; runs: Run[] };
const camel = (s: string) => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const mse = (p: np.Array, y: np.Array) => np.mean(np.square(np.subtract(p, y)));
const ce = (p: np.Array, y: np.Array) => np.mean(metric.softmaxCrossEntropyWithIntegerLabels(p, y));

class Mlp extends nn.Module {
  readonly l1 = new nn.Linear(3, 4);
  readonly l2 = new nn.Linear(4, 2);

  constructor() {
    super();
    for (const name of ['l1', 'l2'] as const) this[name].weight.value = Object.fromEntries(Object.entries(fixture.start[name]).map(([k, v]) => [k, np.array(v, 'float32')])) as never;
  }

  override call(x: np.Array): np.Array {
    return this.l2.call(np.tanh(this.l1.call(x)));
  }
}

const valuesOf = (m: Mlp) => (['l1', 'l2'] as const).flatMap((n) => Object.values(m[n].weight.value as unknown as Record<string, np.Array>).flatMap((v) => [v.toList()].flat(3) as number[]));

test.each(fixture.runs.map((r, i) => [i, r] as const))("run %i of SOFO is BrainTools'", (i, { loss, options, losses, end }) => {
  const model = new Mlp();
  const given = Object.fromEntries(Object.entries(options).map(([k, v]) => [camel(k), k === 'key' ? prng.PRNGKey(v as number) : v]));
  const optimizer = new optim.SOFO(model, loss === 'mse' ? mse : ce, { lr: 0.05, loss, tangentSize: 6, damping: 1e-2, ...given });
  optimizer.registerTrainableWeights(model.states(ParamState));
  random.seed(1);
  const [x, target] = [np.array(fixture.x), loss === 'mse' ? np.array(fixture.y) : np.array(fixture.labels, 'int32')];
  // Compiled and not.
  const step = i === 0 ? jit((a: np.Array, b: np.Array) => optimizer.step(a, b)) : (a: np.Array, b: np.Array) => optimizer.step(a, b);
  losses.forEach((want) => expect(step(x, target).item()).toBeCloseTo(want, 3));
  const want = (['l1', 'l2'] as const).flatMap((n) => Object.keys(model[n].weight.value).flatMap((k) => [end[n][k as 'bias']].flat(3) as number[]));
  valuesOf(model).forEach((v, k) => expect(Math.abs(v - want[k]!)).toBeLessThan(3e-4 * (1 + Math.abs(want[k]!))));
});

class Cell extends nn.Module {
  readonly wh = new nn.Linear(2, 2);
  readonly wx = new nn.Linear(3, 2);

  override call(z: np.Array, x: np.Array): [np.Array, np.Array] {
    const next = np.tanh(np.add(this.wh.call(z), this.wx.call(x)));
    return [next, np.multiply(next, 2)];
  }
}

test('SOFOScan goes the steps of SOFO on the scanned cell, and down the gradient where damping is high', () => {
  random.seed(3);
  const cell = new Cell();
  const states = cell.states(ParamState);
  const [xs, ys, z0] = [random.randn(4, 5, 3), random.randn(4, 5, 2), random.randn(5, 2)];
  const begin = [...states].map(([, s]) => s.value);
  const options = { lr: 1e4, tangentSize: 90, damping: 1e6, key: 7 };
  const scanned = new optim.SOFOScan(cell, mse, options).registerTrainableWeights(states);
  const loss = scanned.step(z0, [xs, ys]);
  const ofScan = [...states].map(([, s]) => s.value);
  [...states].forEach(([, s], i) => {
    s.value = begin[i] as never;
  });
  // The loop written out.
  const whole = (x: np.Array) => {
    let z = z0;
    const outs: np.Array[] = [];
    for (let t = 0; t < 4; t++) {
      const [next, out] = cell.call(z, x.slice(t) as np.Array);
      [z, outs[t]] = [next, out];
    }
    return np.concatenate(outs);
  };
  const plain = new optim.SOFO(whole as never, mse, options).registerTrainableWeights(states);
  const targets = np.reshape(ys, [20, 2]);
  const grads = grad(() => mse(whole(xs), targets), { gradStates: states })() as typeof states;
  expect(plain.step(xs, targets).item()).toBeCloseTo(loss.item() as number, 5);
  const flat = (x: unknown) => Object.entries(x as Record<string, np.Array>).sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, v]) => [v.toList()].flat(3) as number[]);
  const [moved, gradient] = [[] as number[], [] as number[]];
  [...states].forEach(([path, s], i) => {
    const [now, before] = [flat(s.value), flat(begin[i])];
    flat(ofScan[i]).forEach((v, k) => expect(v).toBeCloseTo(now[k]!, 6));
    now.forEach((v, k) => moved.push(v - before[k]!));
    gradient.push(...flat(grads.get(path)));
  });
  const dot = (a: number[], b: number[]) => a.reduce((sum, v, k) => sum + v * b[k]!, 0);
  expect(dot(moved, gradient) / Math.sqrt(dot(moved, moved) * dot(gradient, gradient))).toBeLessThan(-0.8);
});

test('wrong uses are named', () => {
  const model = new Mlp();
  expect(() => new optim.SOFO(model, mse).step(np.array(fixture.x), np.array(fixture.y))).toThrow(/SOFO.update: call registerTrainableWeights first/);
  expect(() => new optim.SOFO(model, mse, { loss: 'mae' as never })).toThrow(/SOFO: loss/);
  expect(() => new optim.SOFO(model, mse, { tangents: 3 } as never)).toThrow(/SOFO: unknown option 'tangents'/);
  expect(() => new optim.SOFO(3 as never, mse)).toThrow(/SOFO: expected a function or a module, got number 3/);
  expect(() => new optim.SOFO(model, 'mse' as never)).toThrow(/SOFO: expected lossFn to be a function/);
  expect(() => new optim.SOFOScan(new Cell(), mse).step(np.zeros([1, 2]), np.zeros([1]))).toThrow(/SOFOScan.update: expected batch to be \[inputs, labels\]/);
  const vector = new optim.SOFO(((x: np.Array) => np.sum(model.call(x), { axis: 1 })) as never, mse, { tangentSize: 2 }).registerTrainableWeights(model.states(ParamState));
  expect(() => vector.step(np.array(fixture.x), np.array([0]))).toThrow(/SOFO: expected predictions of shape \(samples, outputs\)/);
});
