import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { file, jit, nn, numpy as np, optim, ParamState } from 'xlastate';

interface Course {
  name: string;
  options: Record<string, unknown>;
  steps: number[][];
}
const fixture: { optimisers: Course[]; optax: Record<string, number[][]> } = JSON.parse(readFileSync(join(__dirname, '../fixtures/optim.json'), 'utf8'));
const camel = (s: string) => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const classes = optim as unknown as Record<string, new (o: object) => optim.OptaxOptimizer>;
const make = ({ name, options }: Course) => new classes[name]!(Object.fromEntries(Object.entries(options).map(([k, v]) => [camel(k), v])));
const problem = () => ({ w: new ParamState(np.array([[1, -2], [0.5, 3]])), b: new ParamState(np.array([0.1, -0.2])) });
type Problem = ReturnType<typeof problem>;
const gradients = ({ w, b }: Problem, i: np.Array | number) => ({ w: w.value.mul(2).add(np.multiply(i, 0.1)), b: b.value.mul(0.5).sub(0.3) });
const values = (p: Problem) => [p.w, p.b].flatMap((s) => (s.value.js() as number[]).flat(2));

function expectClose(got: number[], wanted: number[], what: string, tolerance = 3e-6): void {
  expect(got).toHaveLength(wanted.length);
  const far = got.findIndex((x, i) => !(Math.abs(x - wanted[i]!) <= tolerance * Math.max(1, Math.abs(wanted[i]!))));
  if (far >= 0) throw new Error(`${what}: expected ${wanted}, got ${got}`);
}

/** The trajectory, compiled and eager, with what the optimiser remembers saved and loaded on the way. */
function expectCourse(create: () => optim.OptaxOptimizer, steps: number[][], after: (o: optim.OptaxOptimizer) => void = () => {}): void {
  const [eager, compiled] = [problem(), problem()];
  let first = create();
  const second = create();
  first.registerTrainableWeights(eager);
  second.registerTrainableWeights(compiled);
  const { optState } = second;
  let traces = 0;
  const step = jit((i: np.Array) => {
    traces++;
    second.update(gradients(compiled, i));
    after(second);
  });
  steps.forEach((wanted, i) => {
    step(np.array(i));
    expectClose(values(compiled), wanted, `compiled, step ${i}`);
    if (i === 3) {
      const saved = file.msgpackRestore(file.msgpackSerialize(first.stateDict())) as Record<string, unknown>;
      first = create();
      first.registerTrainableWeights(eager);
      first.loadStateDict(saved);
      for (let k = 0; k < i; k++) first.lrScheduler.step();
    }
    first.update(gradients(eager, i));
    after(first);
    expectClose(values(eager), wanted, `eager, step ${i}`);
  });
  expect([first.stepCount.value.item(), second.stepCount.value.item(), traces, second.optState === optState]).toEqual([steps.length, steps.length, 1, true]);
}

test.each(fixture.optimisers)('$name $options: the trajectory of BrainTools', (course) => expectCourse(() => make(course), course.steps));

test.each<[string, () => optim.OptaxOptimizer, (o: optim.OptaxOptimizer) => void]>([
  ['adafactorClipped', () => new optim.Adafactor({ lr: 0.1, clipThreshold: 0.7, beta1: 0.9 }), () => {}],
  ['adafactorRelative', () => new optim.Adafactor({ eps: [1e-30, 0.2] }), () => {}],
  ['factored', () => new optim.OptaxOptimizer({ tx: optim.chain(optim.scaleByFactoredRms({ minDimSizeToFactor: 2 }), optim.scale(-0.1)) }), () => {}],
  ['fromageScheduled', () => new optim.Fromage({ lr: new optim.ExponentialLR({ baseLr: 0.1, gamma: 0.5 }) }), (o) => o.lrScheduler.step()],
  ['lookahead', () => new optim.Lookahead(optim.chain(optim.scaleByAdam(), optim.scale(-0.1)), { syncPeriod: 3, alpha: 0.25, weightDecay: 0.1 }), () => {}],
])('%s: the trajectory of optax', (name, create, after) => expectCourse(create, fixture.optax[name]!, after));

test('schedules count for Rprop and Lookahead', () => {
  for (const create of [(lr: optim.LRScheduler) => new optim.Rprop({ lr }), (lr: optim.LRScheduler) => new optim.Lookahead(optim.scale(-0.01), { lr })]) {
    const p = problem();
    const lr = new optim.StepLR({ baseLr: 0.01, stepSize: 1, gamma: 0 });
    const o = create(lr);
    o.registerTrainableWeights(p);
    const start = values(p);
    for (let i = 0; i < 2; i++) o.update(gradients(p, i));
    const moved = values(p);
    expect(moved).not.toEqual(start);
    lr.step();
    o.update(gradients(p, 1));
    expect(values(p)).toEqual(moved);
  }
});

test('groups are updated as the parent is, each at its rate; what was remembered stays', () => {
  const [p, q] = [problem(), problem()];
  const [grouped, alone] = [new optim.RMSprop({ lr: 0.1 }), new optim.RMSprop({ lr: 0.1 })];
  grouped.registerTrainableWeights({ w: p.w });
  alone.registerTrainableWeights(q);
  const state = grouped.optState;
  for (const [o, s] of [[grouped, p], [alone, q]] as const) o.update(gradients(s, 0));
  grouped.addParamGroup({ b: p.b }, { lr: 0.05, weightDecay: 0 });
  const only = problem();
  const reference = new optim.RMSprop({ lr: 0.05 });
  reference.registerTrainableWeights({ b: only.b });
  for (let i = 1; i < 4; i++) for (const [o, s] of [[grouped, p], [alone, q], [reference, only]] as const) o.update(gradients(s, i));
  expectClose(values(p).slice(0, 4), values(q).slice(0, 4), 'the first group');
  expectClose(p.b.value.js() as number[], only.b.value.js() as number[], 'the second group');
  expect(grouped.optState).toBe(state);
  const custom = new optim.OptaxOptimizer({ tx: optim.scale(-0.1), lr: 0.1 });
  const r = problem();
  custom.registerTrainableWeights({ w: r.w });
  custom.addParamGroup({ b: r.b }, { lr: 0.05 });
  custom.update({ w: np.ones([2, 2]), b: np.ones([2]) });
  expectClose(values(r), [0.9, -2.1, 0.4, 2.9, 0.05, -0.25], 'a transformation of your own');
});

test('an added schedule sets the rate', () => {
  const p = problem();
  const o = new optim.SGD({ lr: 0.1 });
  o.registerTrainableWeights(p);
  const added = new optim.StepLR({ baseLr: 1, stepSize: 1, gamma: 0.5 });
  o.addScheduler(added);
  expect([o.currentLr.item(), o.schedulers.length]).toEqual([1, 1]);
  added.step();
  o.update({ w: np.ones([2, 2]), b: np.ones([2]) });
  expectClose(values(p), [0.5, -2.5, 0, 2.5, -0.4, -0.7], 'weights');
  expect(o.getLastLr().map((x) => x.item())).toEqual([0.5]);
});

test('misuse is told by name', () => {
  expect(() => new optim.SGD().registerTrainableWeights(new nn.Linear(2, 1))).toThrow('registerTrainableWeights: expected states, got an instance of Linear; give its parameters, model.states(ParamState)');
  expect(() => new optim.RMSprop({ lr: -1 })).toThrow('RMSprop: lr: expected a number >= 0');
  expect([...new optim.Adam({ beta1: 0.8 }).betas, ...new optim.Adam({ betas: [0.5, 0.6], beta2: 0.9 }).betas]).toEqual([0.8, 0.999, 0.5, 0.9]);
  expect(() => new optim.Adam({ beta2: 1 })).toThrow('Adam: expected betas to be two numbers in [0, 1)');
  expect(() => new optim.Lamb({ betas: [0.9, 1] })).toThrow('Lamb: expected betas to be two numbers in [0, 1)');
  expect(() => new optim.Lookahead({} as never)).toThrow('gradient transformation');
  expect(() => new optim.Lookahead(optim.scale(1), { syncPeriod: 0 })).toThrow('syncPeriod');
  expect(() => new optim.Lion().update({})).toThrow('registerTrainableWeights first');
  expect(() => new optim.Lion().addParamGroup({})).toThrow('registerTrainableWeights first');
  expect(() => new optim.Lion().addScheduler(1 as never)).toThrow('a schedule');
  const o = new optim.Yogi();
  o.registerTrainableWeights(problem());
  expect(() => o.update({ w: np.ones([2, 2]) })).toThrow("no gradient for 'b'");
});

test("Adam's direction a step ahead, as optax has it", () => {
  const tx = optim.scaleByAdam({ b1: 0.5, b2: 0.9, nesterov: true });
  const params = { w: np.array([1, -2]) };
  let state = tx.init(params);
  const seen: number[] = [];
  for (const g of [[0.5, -4], [0.25, 0], [-1, 2]]) {
    const [updates, next] = tx.update({ w: np.array(g) }, state as never, params);
    state = next;
    seen.push(...((updates as typeof params).w.js() as number[]));
  }
  // optax 0.2.8: scale_by_adam(b1=0.5, b2=0.9, nesterov=True)
  expectClose(seen, [1.333333, -1.333333, 0.795705, -0.207567, -1.131907, 0.563436], 'updates');
});
