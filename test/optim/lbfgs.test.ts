import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError, grad, jit, numpy as np, optim, ParamState, type State } from 'xlastate';

interface Course {
  problem: 'rosenbrock' | 'leastSquares';
  options: optim.LBFGSOptions;
  steps: number[][];
  searched: number[];
}
const fixture: { xs: number[][]; ys: number[][]; courses: Course[] } = JSON.parse(readFileSync(join(__dirname, '../fixtures/lbfgs.json'), 'utf8'));

function problem(name: Course['problem']) {
  if (name === 'rosenbrock') {
    const x = new ParamState(np.array([-1.2, 1]));
    const of = (v: np.Array) => np.square(v.slice(0).neg().add(1)).add(np.square(v.slice(1).sub(np.square(v.slice(0)))).mul(100));
    return { states: { x } as Record<string, ParamState>, byStates: () => of(x.value), byParams: (p: { x: np.Array }) => of(p.x) };
  }
  const [w, b] = [new ParamState(np.full([3, 2], 0.1, { dtype: 'float32' })), new ParamState(np.zeros([2]))];
  const [xs, ys] = [np.array(fixture.xs), np.array(fixture.ys)];
  const of = (w: np.Array, b: np.Array) => np.mean(np.square(np.matmul(xs, w).add(b).sub(ys)));
  return { states: { w, b } as Record<string, ParamState>, byStates: () => of(w.value, b.value), byParams: (p: { w: np.Array; b: np.Array }) => of(p.w, p.b) };
}

/** The optimiser, a step of it, and where it is. */
function run({ problem: name, options }: Course, byParams: boolean) {
  const p = problem(name);
  const optimizer = new optim.LBFGS(options);
  optimizer.registerTrainableWeights(p.states);
  const step = () => {
    const [grads, value] = grad(p.byStates, { gradStates: p.states, returnValue: true })() as [Record<string, np.Array>, np.Array];
    optimizer.update(grads, options.linesearch === null ? {} : { value, valueFn: byParams ? p.byParams as never : p.byStates });
    return value;
  };
  const where = () => Object.values(p.states).flatMap((s) => (s.value.js() as number[]).flat(2));
  const searched = () => ((optimizer.optState!.value as unknown[]).at(-1) as { info: { num_linesearch_steps: np.Array } }).info.num_linesearch_steps.item();
  return { optimizer, step, where, searched, loss: p.byStates };
}

function expectNear(got: number[], wanted: number[], what: string, tolerance: number): void {
  expect(got).toHaveLength(wanted.length);
  const far = got.findIndex((x, i) => !(Math.abs(x - wanted[i]!) <= tolerance * Math.max(1, Math.abs(wanted[i]!))));
  if (far >= 0) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

test.each(fixture.courses)('$problem $options: the trajectory of optax, compiled', (course) => {
  const { step, where, searched } = run(course, false);
  let traces = 0;
  const compiled = jit(() => {
    traces++;
    return step();
  });
  course.steps.forEach((wanted, i) => {
    compiled();
    // Rounding grows along a curved valley.
    expectNear(where(), wanted, `step ${i}`, 2e-4);
    if (course.options.linesearch !== null) expect([i, searched()]).toEqual([i, course.searched[i]]);
  });
  expect(traces).toBe(1);
});

test('eagerly, with an objective of the parameters, it goes the same way', () => {
  for (const course of [fixture.courses[4]!, fixture.courses[5]!]) {
    const { step, where, optimizer } = run(course, true);
    course.steps.slice(0, 2).forEach((wanted, i) => {
      step();
      expectNear(where(), wanted, `step ${i}`, 1e-4);
    });
    expect(optimizer.stepCount.value.item()).toBe(2);
  }
});

test('a zoom search finds the minimum', () => {
  const { step, where, loss } = run({ ...fixture.courses[3]!, options: { linesearch: 'zoom' } }, false);
  const compiled = jit(step);
  for (let i = 0; i < 25; i++) compiled();
  expectNear(where(), [1, -1, 2, 0.5, -0.5, 3, 0.3, -0.7], 'minimum', 1e-4);
  expect(Number(loss().item())).toBeLessThan(1e-9);
});

test('a line search of one\'s own, and what it needs', () => {
  const w = new ParamState(np.array([3, -4]));
  const half: optim.GradientTransformation = { init: () => ({}), update: (u, s, _, extra) => [{ w: (u as { w: np.Array }).w.mul((extra!.value as np.Array).div(25)) }, s] };
  const own = new optim.LBFGS({ linesearch: half });
  own.registerTrainableWeights({ w });
  own.update({ w: np.array([3, -4]) }, { value: 12.5, valueFn: () => np.sum(np.square(w.value)) });
  expectNear(w.value.js() as number[], [2.7, -3.6], 'half of a step of length 1', 1e-6);
  const zoom = new optim.LBFGS({ linesearch: 'zoom' });
  zoom.registerTrainableWeights({ w });
  expect(() => zoom.update({ w: np.ones([2]) })).toThrow(/needs \{ value, valueFn \}/);
  expect(() => new optim.LBFGS({ linesearch: 'wolfe' as never })).toThrow(ArgumentError);
  expect(() => new optim.LBFGS({ memorySize: 0 })).toThrow(/memorySize/);
  expect(() => zoom.update({ w: np.ones([2]) }, { value: 1, valueFn: () => { throw new RangeError('mine'); } })).toThrow('mine');
  expect(w.value.shape).toEqual([2]);
  zoom.addParamGroup({ b: new ParamState(np.ones([1])) });
  expect(() => zoom.update({ w: np.ones([2]), b: np.ones([1]) }, { value: 1, valueFn: () => np.array(1) })).toThrow(/one group/);
});

test('where the objective is not finite no step is made', () => {
  for (const linesearch of ['zoom', 'backtracking'] as const) {
    const w = new ParamState(np.array([1, 2]));
    const optimizer = new optim.LBFGS({ linesearch });
    optimizer.registerTrainableWeights({ w });
    jit(() => optimizer.update({ w: np.ones([2]) }, { value: 1, valueFn: () => np.sum(w.value).mul(NaN) }))();
    expect(w.value.js()).toEqual([1, 2]);
  }
});

test('UniqueStateManager keeps each state once, by path', () => {
  const [a, b, c] = [1, 2, 3].map((v) => new ParamState(np.array(v))) as [ParamState, ParamState, ParamState];
  const unique = new optim.UniqueStateManager({ layer1: { weight: a, bias: b }, layer2: [a, c] });
  expect([unique.numUniqueStates, unique.length]).toEqual([3, 3]);
  expect(Object.keys(unique.toDict())).toEqual(['layer1.bias', 'layer1.weight', 'layer2[1]']);
  expect(Object.values(unique.toDictValue() as Record<string, np.Array>).map((x) => x.item())).toEqual([2, 1, 3]);
  expect(unique.toPytree()).toEqual({ layer1: { bias: b, weight: a }, layer2: { 1: c } });
  expect((unique.toPytreeValue() as { layer2: { 1: np.Array } }).layer2[1].item()).toBe(3);
  expect(unique.uniquePaths).toEqual([['layer1', 'bias'], ['layer1', 'weight'], ['layer2', 1]]);
  expect([unique.getStateByPath(['layer2', 1]) === (c as State), unique.getStateByPath(['layer2', 0])]).toEqual([true, null]);
  const d = new ParamState(np.array(4));
  expect([unique.updateState(['layer2', 1], d), unique.updateState(['none'], d), unique.uniqueStates.includes(d)]).toEqual([true, false, true]);
  expect(unique.mergeWith({ more: [d, c] }).getFlattened().map(([p]) => p.join('.'))).toEqual(['layer1.bias', 'layer1.weight', 'layer2.1', 'more.1']);
  unique.clear();
  expect(unique.toPytree()).toEqual({});
  expect(unique.makeUnique({ a })).toEqual({ a });
  expect(() => new optim.UniqueStateManager({ a: 1 })).toThrow(ArgumentError);
});
