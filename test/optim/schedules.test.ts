import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { file, jit, numpy as np, optim, ParamState } from 'xlastate';

interface Settings {
  name: string;
  options: Record<string, unknown>;
}
interface Fixture {
  schedules: (Settings & { rates: number[][] })[];
  plateaus: { options: Record<string, unknown>; metrics: number[]; rates: number[] }[];
  composed: { name: string; parts: Settings[]; rest: unknown[]; rates: number[][] }[];
}
const fixture: Fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/optim.json'), 'utf8'));
const camel = (s: string) => s.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());
const camelKeys = (o: Record<string, unknown>) => Object.fromEntries(Object.entries(o).map(([k, v]) => [camel(k), v]));
const classes = optim as unknown as Record<string, new (...args: unknown[]) => optim.LRScheduler>;
const make = ({ name, options }: Settings) => new classes[name]!(camelKeys(options));
const last = (s: optim.LRScheduler) => s.getLastLr().map((x) => x.item() as number);

function expectRates(got: number[], wanted: number[], what: string): void {
  expect(got).toHaveLength(wanted.length);
  got.forEach((x, i) => {
    if (!(Math.abs(x - wanted[i]!) <= 2e-6 * Math.max(1e-2, Math.abs(wanted[i]!)))) throw new Error(`${what}: expected ${wanted}, got ${got}`);
  });
}

/** The rates of BrainTools, stepping eagerly and inside a compiled function, and going on from what was saved. */
function expectCourse(create: () => optim.LRScheduler, rates: number[][]): void {
  const [eager, compiled] = [create(), create()];
  const { lastEpoch } = compiled;
  const step = jit(() => compiled.step());
  const half = rates.length >> 1;
  let saved: Uint8Array | undefined;
  rates.forEach((wanted, i) => {
    expectRates(last(eager), wanted, `eager, step ${i}`);
    expectRates(last(compiled), wanted, `compiled, step ${i}`);
    expectRates(eager.getLr().map((x) => x.item() as number), wanted, `getLr, step ${i}`);
    if (i === half) saved = file.msgpackSerialize(eager.stateDict());
    eager.step();
    step();
  });
  expect(compiled.lastEpoch).toBe(lastEpoch);
  const restored = create();
  restored.loadStateDict(file.msgpackRestore(saved!) as Record<string, unknown>);
  for (const wanted of rates.slice(half)) {
    expectRates(last(restored), wanted, 'restored');
    restored.step();
  }
  expect(restored.lastEpoch.value.item()).toBe(eager.lastEpoch.value.item());
}

test.each(fixture.schedules)('$name $options', ({ rates, ...settings }) => {
  expectCourse(() => make(settings), rates);
  const jumped = make(settings);
  const start = jumped.lastEpoch.value.item() as number;
  jumped.step(start + 7);
  expectRates(last(jumped), rates[7]!, 'a jump of 7 epochs');
  jumped.step(start + 2);
  expectRates(last(jumped), rates[2]!, 'back to the second');
});

test.each(fixture.composed)('$name of $parts', ({ name, parts, rest, rates }) => {
  expectCourse(() => new classes[name]!(parts.map(make), ...rest), rates);
});

test.each(fixture.plateaus)('ReduceLROnPlateau $options', ({ options, metrics, rates }) => {
  const create = () => new optim.ReduceLROnPlateau(camelKeys(options));
  const [eager, compiled] = [create(), create()];
  let restored = create();
  const step = jit((m: np.Array) => compiled.step(m));
  expectRates(last(eager), [rates[0]!], 'start');
  metrics.forEach((m, i) => {
    eager.step(m);
    step(np.array(m));
    restored.step(m);
    for (const s of [eager, compiled, restored]) expectRates(last(s), [rates[i + 1]!], `metric ${i}`);
    const next = create();
    next.loadStateDict(file.msgpackRestore(file.msgpackSerialize(restored.stateDict())) as Record<string, unknown>);
    restored = next;
  });
  expect([compiled.best.value.item(), compiled.numBadEpochs.value.item(), compiled.cooldownCounter.value.item()]).toEqual([eager.best.value.item(), eager.numBadEpochs.value.item(), eager.cooldownCounter.value.item()]);
});

test('eps of ReduceLROnPlateau: a reduction that is too small is left out', () => {
  const s = new optim.ReduceLROnPlateau({ baseLr: 0.1, patience: 0, eps: 0.2 });
  s.step(1);
  s.step(1);
  expectRates(last(s), [0.1], 'kept');
});

test('cycles: longer than a rise and a fall (as BrainTools has them), heights of your own', () => {
  const s = new optim.CyclicLR({ baseLr: 0.1, maxLr: 1, stepSizeUp: 2, stepSizeDown: 4 });
  const course: number[] = [];
  for (let i = 0; i < 9; i++) {
    course.push(last(s)[0]!);
    s.step();
  }
  // Measured with BrainTools 0.3.0.
  expectRates(course, [0.1, 0.55, 1, 0.55, 0.1, 0.1, 1, 0.55, 0.1], 'lengths 2 and 4');
  const halves = new optim.CyclicLR({ baseLr: 0, maxLr: 1, stepSizeUp: 1, scaleFn: (cycle) => np.divide(1, cycle) });
  halves.step(3);
  expectRates(last(halves), [0.5], 'the second cycle');
  const byEpoch = new optim.CyclicLR({ baseLr: 0, maxLr: 1, stepSizeUp: 1, scaleFn: (epoch) => np.multiply(epoch, 0.1), scaleMode: 'iterations' });
  byEpoch.step(3);
  expectRates(last(byEpoch), [0.3], 'the third epoch');
});

test('restarts are exact at every period, and may be entered anywhere', () => {
  const s = new optim.CosineAnnealingWarmRestarts({ baseLr: 1, T0: 3, TMult: 3 });
  for (const [epoch, since, length] of [[2, 2, 3], [3, 0, 9], [11, 8, 9], [12, 0, 27], [39, 0, 81], [3 * (3 ** 9 - 1) / 2, 0, 3 ** 10]]) {
    s.step(epoch);
    expect([epoch, s.TCur.value.item(), s.TI.value.item()]).toEqual([epoch, since, length]);
    if (since === 0) expect(last(s)).toEqual([1]);
  }
  expect(last(new optim.CosineAnnealingWarmRestarts({ baseLr: 1, T0: 4, lastEpoch: 6 }))[0]).toBeCloseTo(0.5, 6);
  const other = new optim.CosineAnnealingWarmRestarts({ baseLr: 1, T0: 3, TMult: 3 });
  s.step({ epoch: 11 });
  other.loadStateDict(s.stateDict());
  other.step();
  expect([other.TCur.value.item(), other.TI.value.item(), last(other)]).toEqual([0, 27, [1]]);
  expect(() => s.step({ epochs: 3 } as never)).toThrow("step: unknown option 'epochs'; expected one of epoch");
  expect(() => s.attachOptimizer('no optimiser' as never)).toThrow(/attachOptimizer: expected an optimiser, got the string/);
});

test("an optimiser tells its schedule's base rate until the first step, and takes the schedule's", () => {
  const lr = new optim.WarmupScheduler({ baseLr: 0.1, warmupEpochs: 5, warmupStartLr: 0.01 });
  const weight = new ParamState(np.array([1]));
  const optimizer = new optim.SGD({ lr });
  optimizer.registerTrainableWeights({ weight });
  expect([optimizer.currentLr.item(), lr.currentLrs.value[0]!.item()].map((x) => Number((x as number).toFixed(6)))).toEqual([0.1, 0.01]);
  optimizer.loadStateDict(optimizer.stateDict());
  optimizer.update({ weight: np.ones([1]) });
  expectRates(weight.value.js() as number[], [0.99], 'the first rate');
  lr.step();
  expectRates([optimizer.currentLr.item() as number], [0.028], 'after a step');
  const chained = new optim.ChainedScheduler([new optim.ConstantLR({ baseLr: 0.1, factor: 0.5, totalIters: 3 }), new optim.ExponentialLR({ baseLr: 0.1, gamma: 0.9 })]);
  expectRates([new optim.SGD({ lr: chained }).currentLr.item() as number], [0.05], 'a chain of schedules from the start');
  const base = optim.scale(-1);
  expect(new optim.Lookahead(base).baseOptimizer).toBe(base);
});

test('SequentialLR: parts stand at epochs of their own, and it may start in the middle', () => {
  const parts = () => [new optim.WarmupScheduler({ baseLr: 1, warmupEpochs: 4 }), new optim.ExponentialLR({ baseLr: 1, gamma: 0.5 })];
  const [a, b] = [new optim.SequentialLR(parts(), [4]), new optim.SequentialLR(parts(), [4], { lastEpoch: 6 })];
  expectRates(last(b), [0.25], 'epoch 6');
  a.step(2);
  expect([a.currentSchedulerIdx.item(), ...a.schedulers.map((s) => s.lastEpoch.value.item())]).toEqual([0, 2, 0]);
  a.step(6);
  expect([a.currentSchedulerIdx.item(), ...a.schedulers.map((s) => s.lastEpoch.value.item())]).toEqual([1, 3, 2]);
  const nested = new optim.ChainedScheduler([a, new optim.ConstantLR({ baseLr: 1, factor: 0.5, totalIters: 1 })]);
  expectRates(last(nested), [0.125], 'nested');
  nested.step();
  expectRates(last(nested), [0.125], 'nested, next');
});

test('an optimiser follows its schedule, inside a compiled function too, without being traced anew', () => {
  const weight = new ParamState(np.array([1]));
  const lr = new optim.StepLR({ baseLr: 0.1, stepSize: 2 });
  const optimizer = new optim.SGD({ lr });
  optimizer.registerTrainableWeights({ weight });
  let traces = 0;
  const train = jit(() => {
    traces++;
    optimizer.update({ weight: np.ones([1]) });
    lr.step();
  });
  const seen: number[][] = [];
  for (let i = 0; i < 4; i++) {
    train();
    seen.push([(weight.value.js() as number[])[0]!, optimizer.currentLr.item() as number]);
  }
  expectRates(seen.flat(), [0.9, 0.1, 0.8, 0.01, 0.79, 0.01, 0.78, 0.001], 'weights and rates');
  expect(traces).toBe(1);
  optimizer.currentLr = 0.5;
  expectRates(last(lr), [0.5], 'set through the optimiser');
  optimizer.lrApply((x) => x.mul(10));
  expectRates([optimizer.currentLr.item() as number, ...last(lr)], [0.01, 0.01], 'the rate of the epoch, changed');
  lr.apply((x) => x);
  expectRates([lr.call().item() as number], [-0.001], 'as a schedule of a chain');
});

test('rates for groups of parameters, and two optimisers on one schedule', () => {
  const [a, b, c] = [0, 1, 2].map(() => new ParamState(np.array([1])));
  const lr = new optim.ExponentialLR({ baseLr: [0.1, 0.01], gamma: 0.5 });
  const [first, second] = [new optim.SGD({ lr }), new optim.SGD({ lr })];
  first.registerTrainableWeights({ a });
  first.addParamGroup({ b });
  second.registerTrainableWeights({ c });
  expectRates(first.paramGroups.map((g) => g.lr.value.item() as number), [0.1, 0.01], 'at first');
  lr.step();
  expectRates(first.paramGroups.map((g) => g.lr.value.item() as number), [0.05, 0.005], 'after a step');
  first.update({ a: np.ones([1]), b: np.ones([1]) });
  second.update({ c: np.ones([1]) });
  expectRates([a, b, c].flatMap((x) => x!.value.js() as number[]), [0.95, 0.995, 0.95], 'weights');
});

test('settings that make no sense are told by name', () => {
  expect(() => new optim.StepLR({ stepSize: 0 })).toThrow('StepLR: expected stepSize to be a positive integer, got number 0');
  expect(() => new optim.StepLR({ baseLr: -1 })).toThrow('StepLR: baseLr: expected a number >= 0');
  expect(() => new optim.StepLR({ baseLr: [] })).toThrow('empty list');
  expect(() => new optim.StepLR({ lastEpoch: 0.5 })).toThrow('lastEpoch');
  expect(() => new optim.MultiStepLR({ milestones: [1.5] })).toThrow('milestones');
  expect(() => new optim.ExponentialDecayLR({ decayRate: 0 })).toThrow('decayRate');
  expect(() => new optim.CyclicLR({ mode: 'square' as never })).toThrow("'triangular' or 'triangular2' or 'exp_range'");
  expect(() => new optim.CyclicLR({ baseLr: [1, 2], maxLr: [1, 2, 3] })).toThrow('one number or 2');
  expect(() => new optim.OneCycleLR({ epochs: 3 })).toThrow('totalSteps, or both epochs and stepsPerEpoch');
  expect(() => new optim.OneCycleLR({ totalSteps: 3, pctStart: 1 })).toThrow('pctStart');
  expect(() => new optim.ReduceLROnPlateau({ factor: 1 })).toThrow('factor');
  expect(() => new optim.ReduceLROnPlateau().step(undefined as never)).toThrow('a metric');
  expect(() => new optim.PiecewiseConstantSchedule({ boundaries: [1], values: [1] })).toThrow('one more value');
  expect(() => new optim.PiecewiseConstantSchedule({ boundaries: [2, 1] })).toThrow('ascending');
  expect(() => new optim.ChainedScheduler([])).toThrow('a list of schedules');
  expect(() => new optim.ChainedScheduler([new optim.ReduceLROnPlateau()])).toThrow('depends on a metric');
  expect(() => new optim.SequentialLR([new optim.StepLR()], [1])).toThrow('0 milestones');
  expect(() => new optim.SequentialLR([new optim.StepLR(), new optim.StepLR()], [0])).toThrow('ascending');
  expect(() => new optim.StepLR().loadStateDict({})).toThrow("StepLR.loadStateDict: 'last_epoch' is missing");
});
