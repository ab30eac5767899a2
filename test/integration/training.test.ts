import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environ, file, jit, nn, numpy as np, optim, ParamState, random } from 'xlastate';

const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/training.json'), 'utf8'));
const camel = (s: string) => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const flat = (x: unknown): number[] => [x].flat(9) as number[];

function expectClose(actual: unknown, expected: unknown, digits = 6): void {
  const [a, e] = [flat(actual), flat(expected)];
  expect(a).toHaveLength(e.length);
  a.forEach((v, i) => expect(Math.abs(v - e[i]!)).toBeLessThanOrEqual(10 ** -digits * Math.max(1, Math.abs(e[i]!))));
}

type Optimisers = Record<string, new (o: object) => optim.OptaxOptimizer>;
const make = (name: string, options: Record<string, unknown>) => new (optim as unknown as Optimisers)[name]!(Object.fromEntries(Object.entries(options).map(([k, v]) => [camel(k), v])));
const problem = () => ({ w: new ParamState(np.array([[1, -2], [0.5, 3]])), b: new ParamState(np.array([0.1, -0.2])) });
const gradients = ({ w, b }: ReturnType<typeof problem>, i: np.Array | number) => ({ w: w.value.mul(2).add(np.multiply(i, 0.1)), b: b.value.mul(0.5).sub(0.3) });

test.each(fixture.optimisers as { name: string; options: Record<string, unknown>; steps: { w: number[][]; b: number[] }[] }[])('$name $options: the trajectory of BrainTools, eager and compiled', ({ name, options, steps }) => {
  for (const compiled of [false, true]) {
    const params = problem();
    const optimizer = make(name, options);
    optimizer.registerTrainableWeights(params);
    const step = (i: number) => optimizer.update(gradients(params, i));
    const run = compiled ? jit((i: np.Array) => optimizer.update(gradients(params, i))) : step;
    steps.forEach((expected, i) => {
      run(i as never);
      expectClose(params.w.value.js(), expected.w);
      expectClose(params.b.value.js(), expected.b);
    });
    expect(optimizer.stepCount.value.item()).toBe(5);
  }
});

test('a saved optimiser goes on as the original does; groups have rates of their own', () => {
  const run = (params: ReturnType<typeof problem>, o: optim.OptaxOptimizer, n: number) => {
    for (let i = 0; i < n; i++) o.update(gradients(params, i));
  };
  const [a, b] = [problem(), problem()];
  const [first, second] = [new optim.Adam({ lr: 0.1 }), new optim.Adam({ lr: 0.5 })];
  first.registerTrainableWeights(a);
  run(a, first, 3);
  const saved = file.msgpackRestore(file.msgpackSerialize(first.stateDict())) as Record<string, unknown>;
  b.w.value = a.w.value;
  b.b.value = a.b.value;
  second.registerTrainableWeights(b);
  second.loadStateDict(saved);
  run(a, first, 2);
  run(b, second, 2);
  expect([b.w.value.js(), second.stepCount.value.item()]).toEqual([a.w.value.js(), 5]);

  const c = problem();
  const grouped = new optim.SGD({ lr: 0.1 });
  grouped.registerTrainableWeights({ w: c.w });
  grouped.addParamGroup({ b: c.b }, { lr: 0 });
  run(c, grouped, 1);
  expectClose(c.w.value.js(), fixture.optimisers[0].steps[0].w);
  expectClose(c.b.value.js(), [0.1, -0.2]);
});

test('misuse is told by name, and changes nothing', () => {
  const params = problem();
  const o = new optim.SGD({ lr: 0.1 });
  expect(() => o.update({})).toThrow('registerTrainableWeights first');
  o.registerTrainableWeights(params);
  expect(() => o.update({ w: np.ones([2, 2]) })).toThrow("no gradient for 'b'");
  expect(params.w.value.js()).toEqual([[1, -2], [0.5, 3]]);
  expect(() => new optim.SGD({ lr: -1 })).toThrow('>= 0');
  expect(() => new optim.Adam({ gradClipNorm: 0 })).toThrow('> 0');
  expect(() => o.registerTrainableWeights([1])).toThrow('expected states');
});

test('activations', () => {
  const functions = nn as unknown as Record<string, (x: np.Array) => np.Array>;
  for (const [name, expected] of Object.entries(fixture.activations)) expectClose(functions[camel(name)]!(np.array(fixture.x)).js(), expected, 5);
});

test('initialisers and a layer under a seed, dropout while fitting only', () => {
  const classes = nn.init as unknown as Record<string, new () => nn.init.Initializer>;
  for (const [name, expected] of Object.entries(fixture.initialisers)) {
    random.seed(42);
    expectClose(new classes[name]!().call([3, 2]).js(), expected, 5);
  }
  random.seed(42);
  const layer = new nn.Linear(3, 2);
  expectClose(layer.weight.value.weight.js(), fixture.linear.weight, 5);
  expectClose(layer.call(np.arange(12).reshape([4, 3]).div(10)).js(), fixture.linear.y, 5);
  const dropout = new nn.Dropout(0.5);
  const x = np.arange(1, 9).astype('float32');
  expect(environ.context({ fit: true }, () => dropout.call(x)).js()).toEqual(fixture.linear.dropped);
  expect(environ.context({ fit: false }, () => dropout.call(x)).js()).toEqual(x.js());
  expect(() => dropout.call(x)).toThrow('fit');
  const compiled = jit((v: np.Array) => dropout.call(v));
  environ.context({ fit: true }, () => compiled(x));
  expect(environ.context({ fit: false }, () => compiled(x)).js()).toEqual(x.js());
});
