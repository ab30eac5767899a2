import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError, environ, grad, graph, jit, nn, numpy as np, random, ShortTermState } from 'xlastate';
import { expectClose } from '../support/nnFixture';

const fixture: {
  length: [number, number]; steps: number[][][]; times: Record<string, number[][]>; every: number[][]; everyShape: number[]; system: number[][][]; keys: string[]; euler: number[][];
} = JSON.parse(readFileSync(join(__dirname, '../fixtures/delays.json'), 'utf8'));
const flat = (x: np.Array) => x.ravel().js() as number[];
const value = (i: number | np.Array) => np.stack([np.multiply(i, 1), np.multiply(np.multiply(i, i), 0.25), np.multiply(i, -0.5)]).astype('float32');

beforeAll(() => environ.set({ dt: 0.1 }));
afterAll(() => environ.pop('dt'));

test('a delay gives what BrainState gives, by entry, by step and by steps with indices, compiled and not', () => {
  const make = () => {
    const d = new nn.Delay(np.zeros([3]), { time: 0.45, entries: { a: 0.3, b: [0.2, 1], now: [null] }, init: -7 });
    const vector = d.registerDelay(np.array([0.1, 0.4, 1.1]), np.arange(3))!;
    d.initState();
    return (i: number | np.Array) => {
      d.update(value(i));
      return [d.at('a'), d.at('b'), d.at('now'), d.retrieveAtStep(...vector), d.retrieveAtStep(7)] as np.Array[];
    };
  };
  const [eager, compiled] = [make(), jit(make())];
  fixture.steps.forEach((wanted, i) => {
    expectClose(compiled(i).map(flat), wanted);
    if (i < 3) expectClose(eager(i).map(flat), wanted);
  });
  const d = new nn.Delay(np.zeros([3]), { time: 0.45 });
  d.registerDelay([0.1, 1.1]);
  expectClose([d.maxLength, d.maxTime], fixture.length);
});

test.each(Object.keys(fixture.times))('between steps: %s', (interpolation) => {
  const d = new nn.Delay(np.zeros([3]), { time: 1, interpolation });
  d.initState();
  const update = jit((i: np.Array) => d.update(value(i)));
  for (let i = 0; i < 16; i++) update(i);
  const read = jit((t: np.Array) => d.retrieveAtTime(t) as np.Array);
  environ.context({ t: 1.5 }, () => {
    expectClose([1.5, 1.43, 1.25, 1.18, 0.72, 1].map((t) => flat(read(t))), fixture.times[interpolation]!, 4);
  });
});

test('with updateEvery fewer values are kept, in batches', () => {
  const d = new nn.Delay(np.zeros([3]), { time: 1, updateEvery: 0.2 });
  d.initState(2);
  const step = jit((i: np.Array) => {
    d.update(np.stack([value(i), value(i).add(1)]));
    return d.retrieveAtStep(1) as np.Array;
  });
  fixture.every.forEach((wanted, i) => expectClose(flat(step(i)), wanted));
  expect(d.history!.value.shape).toEqual(fixture.everyShape);
  d.resetState(2);
  expect(Number(np.max(np.abs(d.history!.value)).item())).toBe(0);
});

class Leaky extends nn.Dynamics {
  v!: ShortTermState;
  override initState() {
    this.v = new ShortTermState(np.zeros(this.varshape));
  }
  override update(x: np.Array) {
    this.v.value = nn.expEulerStep((v: np.Array, input: np.Array) => input.sub(v.mul(v)), this.v.value, x);
    return this.v.value.mul(2);
  }
}

test('a system remembers its state and its output', () => {
  const m = new Leaky(2);
  const [late, now, output] = [m.prefetchDelay('v', 0.3), m.prefetch('v'), m.outputDelay(0.2)];
  const second = m.prefetch('v').delay.at(0.5);
  expect(() => now.call()).toThrow(/has no 'v'/);
  nn.initAllStates(m);
  const step = jit((x: np.Array) => [m.call(x), late.call(), now.call(), output.call(), second.call()] as np.Array[]);
  fixture.system.forEach((wanted, i) => expectClose(step(np.array([1, 0.1 * i])).map(flat), wanted, 5));
  expect(Object.keys(m.afterUpdates!).sort()).toEqual(fixture.keys);
  expect(second.stateDelay).toBe(late.stateDelay);
  const copy = graph.clone(m);
  copy.call(np.array([1, 1]));
  expectClose(flat(late.call()), fixture.system.at(-1)![1]!, 5);
  expect(() => nn.initMaybePrefetch(new nn.Prefetch(m, 'none'))).toThrow(ArgumentError);
  nn.initMaybePrefetch(now);
  nn.initMaybePrefetch(now.delay);
  expect(() => nn.initMaybePrefetch(m.prefetch('w').delay)).toThrow(/w-prefetch-delay-None/);
  expectClose(flat(new nn.PrefetchDelayAt(m, 'v').call()), flat(now.call()));
});

test('hooks before and after an update get what they ask for', () => {
  const m = new Leaky([2]);
  m.initState();
  const seen: [string, number][] = [];
  const hook = (name: string) => (...args: unknown[]) => void seen.push([name, args.length]);
  m.addBeforeUpdate('plain', hook('plain'));
  m.addBeforeUpdate('input', nn.receiveUpdateInput(hook('input')));
  m.addBeforeUpdate('undone', nn.notReceiveUpdateInput(nn.receiveUpdateInput(hook('undone'))));
  m.addAfterUpdate('output', hook('output'));
  m.addAfterUpdate('none', nn.notReceiveUpdateOutput(hook('none')));
  m.addAfterUpdate('again', nn.receiveUpdateOutput(nn.notReceiveUpdateOutput(hook('again'))));
  m.call(np.ones([2]));
  expect(seen).toEqual([['plain', 0], ['input', 1], ['undone', 0], ['output', 1], ['none', 0], ['again', 1]]);
  expect([m.hasBeforeUpdate('input'), m.hasAfterUpdate('input'), m.varshape]).toEqual([true, false, [2]]);
  expect(() => m.addAfterUpdate('none', hook('x'))).toThrow(/registered already/);
  expect(() => m.getBeforeUpdate('none')).toThrow(ArgumentError);
  expect(() => new Leaky([])).toThrow(/inSize/);
});

test('exponential Euler steps, and noise', () => {
  const x = np.array([1, -2, 0]);
  const fs = [(v: np.Array, t: number) => v.mul(-3).add(t), (v: np.Array, t: number) => np.sin(v).mul(t), (v: np.Array, t: number) => np.onesLike(v).mul(t), (v: np.Array, t: number) => np.stack([v.slice(1), v.slice(0).mul(-1), v.slice(2)]).mul(t)];
  fs.forEach((f, i) => expectClose(flat(nn.expEulerStep(f, x, 0.5)), fixture.euler[i]!));
  random.seed(3);
  const noisy = nn.expEulerStep((v: np.Array) => v.mul(0), (v: np.Array) => np.fullLike(v, 2), np.zeros([4000]));
  expect(Math.abs(Number(np.std(noisy).item()) - 2 * Math.sqrt(0.1))).toBeLessThan(0.03);
  expectClose(grad((v: np.Array) => nn.expEulerStep((u: np.Array) => u.mul(-3), v))(1).item(), Math.exp(-0.3));
  expect(() => nn.expEulerStep((v: np.Array) => v, np.array([1], { dtype: 'int32' }))).toThrow(/float dtype/);
  expect(() => nn.expEulerStep((v: np.Array) => v)).toThrow(/expected a state/);
});

test('what a delay refuses', () => {
  expect(() => new nn.Delay(np.zeros([3]), { interpolation: 'spline' })).toThrow(/unknown interpolation method/);
  expect(() => new nn.Delay(np.zeros([3]), { updateEvery: 0.05 })).toThrow(/at least dt/);
  const d = new nn.Delay(np.zeros([3]), { time: 0.2, interpolation: (history, _, at) => np.add(at, history.shape[0]) });
  const access = d.access('mine', 0.1);
  expect(() => d.registerEntry('mine', 0.1)).toThrow(/registered already/);
  expect(() => d.at('other')).toThrow(/there are mine/);
  expect(() => d.registerDelay(0.1, 0.5)).toThrow(/integers/);
  expect(() => d.update(np.zeros([3]))).toThrow(/call initState first/);
  d.initState();
  d.update(np.ones([3]));
  d.update(np.zeros([3]));
  expect(flat(access.call())).toEqual([1, 1, 1]);
  environ.context({ t: 0.1 }, () => expectClose(d.retrieveAtTime(0).item(), 3));
  environ.context({ jitErrorCheck: true, t: 1 }, () => {
    expect(() => d.retrieveAtStep(5)).toThrow(/less than 3/);
    expect(() => d.retrieveAtTime(2)).toThrow(/should be in/);
  });
  nn.InterpolationRegistry.register('twice', (h: np.Array) => h.mul(2));
  expect(nn.InterpolationRegistry.listMethods()).toContain('twice');
  expect(() => new nn.StateWithDelay(d, 'maxTime').state).toThrow(/no state/);
});

test('older names of a delay, and forms of its parts', () => {
  const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const [ring, list] = (['rotation', 'concat'] as const).map((delayMethod) => new nn.Delay(np.zeros([1]), { entries: { a: 0.3 }, delayMethod, interpMethod: 'round' })) as [nn.Delay, nn.Delay];
  expect(warned.mock.calls.map(([said]) => String(said))).toEqual([expect.stringMatching(/'concat' is deprecated/)]);
  warned.mockRestore();
  expect([list.delayMethod, list.interpMethod, new nn.Delay(np.zeros([1]), { interpMethod: 'linear_interp' }).interpMethod]).toEqual(['rotation', 'nearest', 'linear']);
  for (const d of [ring, list]) d.initState();
  for (let i = 0; i < 6; i++) for (const d of [ring, list]) d.update(np.array([i]));
  expect([ring, list].map((d) => flat(d.at('a')))).toEqual([[2], [2]]);
  const late = new nn.DelayAccess(ring, 0.2, { entry: 'late' });
  expect([flat(late.call()), late.delayInfo]).toEqual([[3], [2]]);
  expect(() => new nn.DelayAccess(ring, 0.2, {} as { entry: string })).toThrow(/name of an entry/);
  ring.initState({ batchSize: 2 });
  expect(ring.history!.value.shape).toEqual([4, 2, 1]);
  expect(() => ring.initState(1.5)).toThrow(/natural number/);
});

test('hooks marked by their classes; times and first values of references', () => {
  const got: unknown[] = [];
  class Before { call(...args: unknown[]) { got.push(args); } }
  class After extends nn.Module { override call(...args: unknown[]) { got.push(args); } }
  expect(nn.receiveUpdateInput(Before)).toBe(Before);
  nn.notReceiveUpdateOutput(After);
  class Sum extends nn.Dynamics {
    v!: ShortTermState;
    override initState() { this.v = new ShortTermState(np.zeros(this.varshape)); }
    override update(x: number) { return (this.v.value = this.v.value.add(x)); }
  }
  const sum = new Sum(np.array(2, { dtype: 'int32' }) as never);
  sum.addBeforeUpdate('b', new Before());
  sum.addAfterUpdate('a', new After());
  const [now, late] = [new nn.PrefetchDelayAt(sum, 'v'), new nn.PrefetchDelayAt(sum, 'v', [0.2, 1], { delayInit: 5 })];
  expect([now.delayTime, late.delayTime]).toEqual([[], [0.2, 1]]);
  sum.initAllStates();
  expect(late.call().item()).toBe(5);
  for (let i = 0; i < 4; i++) sum.call(1);
  expect([flat(now.call()), late.call().item(), got]).toEqual([[4, 4], 2, [[1], [], [1], [], [1], [], [1], []]]);
  for (const size of ['a', [1.5, 2], [], 3.5]) expect(() => new nn.Dynamics(size as number)).toThrow(ArgumentError);
});
