import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError, type Array, grad, jit, nn, numpy as np, ParamState, State } from '../../lib';

interface Case { f: string; a: unknown[]; o: object; in: Record<string, unknown>[]; out: unknown }
interface Clip { maxNorm: number; normType: number | 'inf' | null; grads: { b: number[]; w: number[][] }; norm: number }
const { cases, grads, clips } = JSON.parse(readFileSync(join(__dirname, '../fixtures/nnMetrics.json'), 'utf8')) as { cases: Case[]; grads: { b: number[]; w: number[][] }; clips: Clip[] };

const INTEGERS = ['labels', 'predictions'];
const arrays = (batch: Record<string, unknown>) => Object.fromEntries(Object.entries(batch).map(([k, v]) => [k, INTEGERS.includes(k) ? np.array(v as number[], 'int32') : np.asarray(v as number[])]));
const make = (c: Case) => new (nn as unknown as Record<string, new (...args: unknown[]) => nn.Metric>)[c.f]!(...c.a, c.o);

function result(x: unknown): number[] {
  if (x instanceof nn.Statistics) return [x.mean, x.standardErrorOfMean, x.standardDeviation].map((v) => v.item() as number);
  return [(x as Array).toList()].flat(3) as number[];
}

function expectClose(got: number[], want: unknown): void {
  const w = [want].flat(3) as number[];
  expect(got).toHaveLength(w.length);
  got.forEach((x, i) => expect(Math.abs(x - w[i]!)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(w[i]!))));
}

test.each(cases.map((c): [string, Case] => [`${c.f} ${JSON.stringify(c.a)} ${JSON.stringify(c.o)}`, c]))('%s is BrainState\'s, and after a reset again', (_, c) => {
  const m = make(c);
  for (let round = 0; round < 2; round++) {
    for (const b of c.in) m.update(arrays(b));
    expectClose(result(m.compute()), c.out);
    m.reset();
  }
});

test('metrics gather inside of a compiled function', () => {
  const [f1, matrix] = [new nn.F1ScoreMetric({ numClasses: 3 }), new nn.ConfusionMatrix(3)];
  const step = jit((predictions: Array, labels: Array) => {
    f1.update({ predictions, labels });
    matrix.update({ predictions, labels });
  });
  const [p, l] = [np.array([0, 1, 2, 2], 'int32'), np.array([0, 1, 1, 2], 'int32')];
  step(p, l);
  step(p, l);
  expect(matrix.compute().toList()).toEqual([[2, 0, 0], [0, 2, 2], [0, 0, 2]]);
  expect(f1.compute().item()).toBeCloseTo(7 / 9, 6);
});

test('several metrics at once', () => {
  const m = new nn.MultiMetric({ accuracy: new nn.AccuracyMetric(), loss: new nn.AverageMetric('loss') });
  expect(m.compute().loss.item()).toBeNaN();
  m.update({ logits: [[0, 1], [1, 0]], labels: np.array([1, 1], 'int32'), loss: 3 });
  expect([m.compute().accuracy.item(), m.compute().loss.item()]).toEqual([0.5, 3]);
  expect(() => new nn.MultiMetric({ x: 3 as never })).toThrow('MultiMetric: expected \'x\' to be a Metric, got number 3');
});

test('mistakes are named', () => {
  expect(() => new nn.AverageMetric('loss').update({ values: 1 })).toThrow('AverageMetric.update: expected an input \'loss\', got \'values\'');
  expect(() => new nn.AccuracyMetric().update({ logits: [1, 2], labels: np.array([1], 'int32') })).toThrow('one dimension more');
  expect(() => new nn.AccuracyMetric().update({ logits: [[1, 2]], labels: [1] })).toThrow('expected labels to be integers, got f32[1]');
  expect(() => new nn.PrecisionMetric({ average: 'mean' as never })).toThrow(ArgumentError);
  expect(() => new nn.RecallMetric({ numClasses: 2 }).update({ predictions: [1, 0], labels: [1] })).toThrow('of one shape');
  expect(() => new nn.ConfusionMatrix(2).update({ predictions: [0, 2], labels: [0, 1] })).toThrow('expected predictions in [0, 2), got 2');
});

test('clipGradNorm is BrainState\'s', () => {
  const g = { w: np.array(grads.w), b: np.array(grads.b) };
  for (const { maxNorm, normType, grads: want, norm } of clips) {
    const [clipped, total] = nn.clipGradNorm(g, maxNorm, { normType, returnNorm: true });
    expectClose(result(clipped.w), want.w);
    expectClose(result(clipped.b), want.b);
    expectClose(result(total), norm);
  }
  expect(nn.clipGradNorm({}, 1)).toEqual({});
  expect(() => nn.clipGradNorm(g, 1, { normType: 'two' as never })).toThrow('clipGradNorm: expected normType');
});

test('clipGradNorm takes gradients by states', () => {
  const states = { w: new ParamState(np.array([3, 4])) };
  const g = grad(() => np.sum(np.square(states.w.value)), { gradStates: states })() as { w: Array };
  expectClose(result(nn.clipGradNorm(g, 1).w), [0.6, 0.8]);
});

class Net extends nn.Module {
  l1 = new nn.Linear(3, 2);
  l2 = new nn.Linear(2000, 1000, { bInit: null });
  count = new State(0);
}

test('countParameters prints a table and gives the total', () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    const [table, total] = nn.countParameters(new Net(), { returnTable: true });
    expect(total).toBe(2_000_008);
    expect(table.split('\n')).toEqual(['+-----------+------------+', '| Modules   | Parameters |', '+-----------+------------+', '| l1.weight |          8 |', '| l2.weight |      2.00M |', '| Total     |      2.00M |', '+-----------+------------+']);
    expect(log).toHaveBeenCalledWith(table);
    expect(() => nn.countParameters(3 as never)).toThrow('expected a module, got number 3');
  } finally {
    log.mockRestore();
  }
});

test('assignStateValues sets what it finds, and names the rest', () => {
  const net = new Net();
  const weight = { weight: np.ones([3, 2]), bias: np.ones([2]) };
  expect(nn.assignStateValues(net, { count: 1, 'l1.weight': weight, zzz: 1 }, new Map([[['count'], 5]]))).toEqual([['zzz'], [['l2', 'weight']]]);
  expect(net.count.value.item()).toBe(5);
  expect(net.l1.weight.value.bias).toBe(weight.bias);
});

test('several metrics are properties; names of methods are reserved; a metric without methods says so', () => {
  const both = new nn.MultiMetric({ loss: new nn.AverageMetric(), accuracy: new nn.AccuracyMetric() });
  expect([both.loss === both.metrics.loss, both.accuracy instanceof nn.AccuracyMetric]).toEqual([true, true]);
  for (const name of ['reset', 'update', 'compute', 'metrics', '_metricNames']) expect(() => new nn.MultiMetric({ [name]: new nn.AverageMetric() })).toThrow(/reserved/);
  const bare = new nn.Metric();
  expect(() => bare.update({})).toThrow('define update(inputs)');
  expect(() => bare.compute()).toThrow('define compute()');
  expect(() => bare.reset()).toThrow('define reset()');
});
