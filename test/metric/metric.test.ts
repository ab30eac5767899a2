import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradCore } from '../../lib/functional/derivatives';
import * as metric from '../../lib/metric/index';
import * as np from '../../lib/numpy/index';

type Nested = number | Nested[];
interface Case { f: string; in: (Nested | string | { int: Nested })[]; o?: unknown; out: Nested; grad?: Nested; many?: number }
type Loss = (...args: unknown[]) => np.Array;

const { cases } = JSON.parse(readFileSync(join(__dirname, '../fixtures/metric.json'), 'utf8')) as { cases: Case[] };
const losses = metric as unknown as Record<string, Loss>;
const operand = (x: Case['in'][number]) => (typeof x === 'number' || typeof x === 'string' ? x : typeof x === 'object' && 'int' in x ? np.array(x.int as number[], 'int32') : np.array(x as number[], 'float32'));

const listOf = (x: np.Array | number): Nested => (typeof x === 'number' ? x : (x.toList() as Nested));

/** Whether numbers differ by more than rounding in float32, absolute below 1. */
function differs(got: np.Array | number | (np.Array | number)[], want: Nested): boolean {
  const [a, b] = [[globalThis.Array.isArray(got) ? got.map(listOf) : listOf(got)].flat(9) as number[], [want].flat(9) as number[]];
  return a.length !== b.length || a.some((x, i) => !(Math.abs(x - b[i]!) <= 3e-6 * Math.max(1, Math.abs(b[i]!))));
}

test('losses, their gradients, and measures of signals are braintools\'', () => {
  const failures: string[] = [];
  for (const c of cases) {
    const args = c.in.map(operand);
    // The options follow the targets, which may be absent.
    const rest: unknown[] = c.o === undefined ? args.slice(1) : [...args.slice(1), ...(globalThis.Array.isArray(c.o) ? (c.o as unknown[]) : [c.o])];
    const loss = (x: np.Array) => losses[c.f]!(x, ...rest);
    const out = loss(args[0] as np.Array);
    if (differs(out, c.out)) failures.push(`${c.f}(${JSON.stringify(c.in).slice(0, 80)}, ${JSON.stringify(c.o)}): ${out}, expected ${JSON.stringify(c.out)}`);
    if (c.grad === undefined) continue;
    const g = gradCore('grad', (x: np.Array) => np.sum(loss(x)), [args[0] as np.Array], { argnums: 0 }).grads as np.Array;
    if (differs(g, c.grad)) failures.push(`gradient of ${c.f}(${JSON.stringify(c.in).slice(0, 80)}, ${JSON.stringify(c.o)}): ${g}, expected ${JSON.stringify(c.grad)}`);
  }
  expect(cases.length).toBe(82);
  expect(failures).toEqual([]);
});

test('a Fenchel-Young loss of logsumexp is cross entropy, and passes further arguments on', () => {
  const [x, y] = [np.array([[1, 2, 0.5], [0.1, -1, 3]], 'float32'), np.array([[0, 1, 0], [0, 0, 1]], 'float32')];
  const loss = metric.makeFenchelYoungLoss((s, scale: number) => np.multiply(np.log(np.sum(np.exp(s))), scale));
  expect(differs(loss(x, y, 1), metric.softmaxCrossEntropy(x, y).toList() as number[])).toBe(false);
  const g = gradCore('grad', (s: np.Array) => np.sum(loss(s, y, 0)), [x], { argnums: 0 }).grads as np.Array;
  expect(differs(g, np.negative(y).toList() as number[][])).toBe(false);
});

test('L1Loss keeps its reduction', () => {
  const loss = new metric.L1Loss({ reduction: 'sum' });
  expect(loss.update(np.array([[1, 2], [3, 4]]), np.array([[1, 0], [0, 0]])).item()).toBe(4.5);
});

test('wrong arguments are named', () => {
  const x = np.array([[1, 2], [3, 4]], 'float32');
  expect(() => metric.squaredError(np.array([1], 'int32'))).toThrow(/squaredError: expected predictions of a float dtype/);
  expect(() => metric.squaredError(x, np.array([1, 2], 'float32'))).toThrow(/squaredError: expected predictions and targets of one shape/);
  expect(() => metric.softmaxCrossEntropyWithIntegerLabels(x, np.array([0, 1], 'float32'))).toThrow(/expected labels of an integer dtype/);
  expect(() => metric.nllLoss(x, np.array(0, 'int32'))).toThrow(/nllLoss: expected logProbs to have 1 axes/);
  expect(() => metric.nllLoss(np.zeros([5, 4]), np.array([1, 2, 3], 'int32'))).toThrow(/nllLoss: expected target of the shape of logProbs/);
  for (const loss of [metric.softmaxCrossEntropy, metric.hingeLoss, metric.nllLoss, metric.multiclassHingeLoss, metric.klDivergence, metric.matrixCorrelation] as unknown as ((...a: unknown[]) => unknown)[]) {
    for (const third of [3, 'sum', {}, { reduction: 'sum' }]) expect(() => loss([[1, 2]], [[0, 1]], third)).toThrow(/expected 2 arguments and no options, got/);
  }
  expect(() => metric.ctcLoss(np.zeros([1, 2, 3]), np.zeros([1, 2]), np.array([[1]], 'int32'), np.zeros([1, 1]), { blankId: -1 })).toThrow(/ctcLoss: expected blankId to be one of 3 classes, got number -1/);
  expect(() => metric.l1Loss(x, x, { reduction: 'median' as metric.Reduction })).toThrow(/l1Loss: expected reduction/);
  expect(() => metric.smoothLabels(x, 2)).toThrow(/smoothLabels: expected alpha in \[0, 1\], got 2/);
});

test('windows of half steps round to the even number, as Python does; half floats are counted in single precision; no list has a mean of 0', () => {
  const spikes = np.array([[1, 0], [0, 1], [1, 1], [0, 0], [1, 0], [0, 1], [0, 1], [1, 0]]);
  expect(metric.crossCorrelation(spikes, 2.5, { dt: 1 }).item()).toBe(metric.crossCorrelation(spikes, 2, { dt: 1 }).item());
  expect(metric.crossCorrelation(spikes, 3.5, { dt: 1 }).item()).toBe(metric.crossCorrelation(spikes, 4, { dt: 1 }).item());
  expect(() => metric.crossCorrelation(spikes, 0.5, { dt: 1 })).toThrow(/expected bin of at least one step/);
  expect(metric.spikeTimeTilingCoefficient(spikes, { dt: 1, tau: 0.5 }).toList()).toEqual(metric.spikeTimeTilingCoefficient(spikes, { dt: 1, tau: 0 }).toList());
  expect(metric.crossCorrelation(spikes, 2, { dt: 1, method: 'vmap' }).item()).toBe(metric.crossCorrelation(spikes, 2, { dt: 1 }).item());
  expect(() => metric.voltageFluctuation(spikes, { method: 'map' as never })).toThrow(/expected method to be 'loop' or 'vmap'/);
  expect(metric.firingRate(spikes.astype('float16'), 2, { dt: 1 }).dtype).toBe('float32');
  expect(metric.rankingSoftmaxLoss(np.zeros([0, 3]), np.zeros([0, 3])).item()).toBe(0);
  expect(metric.ctcLoss(np.zeros([1, 4, 3]), np.zeros([1, 4]), np.zeros([1, 0], { dtype: 'int32' }), np.zeros([1, 0])).toList()).toEqual([expect.closeTo(4 * Math.log(3), 5)]);
});

test('a second operand or a reduction function may be among the options', () => {
  const [x, y] = [np.array([[1, 2], [3, 5]], 'float32'), np.array([[0, 4], [3, 1]], 'float32')];
  for (const loss of [metric.squaredError, metric.absoluteError, metric.l2Loss, metric.logCosh, metric.huberLoss] as metric.ErrorLoss[]) {
    expect(loss(x, { targets: y, axis: 0, reduction: 'sum' }).js()).toEqual(loss(x, y, { axis: 0, reduction: 'sum' }).js());
    expect(loss(x, { reduction: 'mean' }).js()).toEqual(loss(x, null, { reduction: 'mean' }).js());
    expect(() => loss(x, { reduction: 'sum' }, {})).toThrow(/expected targets before the options/);
    expect(() => loss(x, { target: y } as never)).toThrow(/unknown option 'target'; expected one of targets/);
  }
  expect(metric.l2Norm(x, { targets: y, axis: 1 }).js()).toEqual(metric.l2Norm(x, y, { axis: 1 }).js());
  expect(metric.pairwiseCosineSimilarity(x, { Y: y }).js()).toEqual(metric.pairwiseCosineSimilarity(x, y).js());
  expect(metric.pairwiseCosineDistance(x, { eps: 10 }).js()).toEqual(metric.pairwiseCosineDistance(x, null, { eps: 10 }).js());
  const where = np.array([[true, true], [false, false]]);
  const lists = metric.rankingSoftmaxLoss(x, y, { where, reduceFn: null });
  expect(metric.rankingSoftmaxLoss(x, y, { where, reduceFn: np.sum }).item()).toBe(np.sum(lists).item());
  expect(metric.rankingSoftmaxLoss(x, y, { where, reduceFn: np.mean }).item()).toBe(np.sum(lists).item());
  expect(metric.rankingSoftmaxLoss(x, y, { where: np.zeros([2, 2]), reduceFn: np.mean }).item()).toBe(0);
  expect(metric.rankingSoftmaxLoss(x, y, { reduction: 'none', reduceFn: np.max }).shape).toEqual([2]);
  expect(() => metric.rankingSoftmaxLoss(x, y, { reduceFn: 'mean' as never })).toThrow(/expected reduceFn to be a function or null/);
});
