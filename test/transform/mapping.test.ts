import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Array } from '../../lib/core/array';
import { ArgumentError } from '../../lib/core/errors';
import * as lax from '../../lib/lax';
import * as np from '../../lib/numpy';
import * as random from '../../lib/random';
import { BatchAxisError } from '../../lib/state/errors';
import { NonBatchState, ParamState } from '../../lib/state/kinds';
import { State } from '../../lib/state/state';
import { grad, inNewStateProbe, jit, pmap, pmap2NewStates, scan, StatefulMapping, vmap, vmap2, type Vmap2Options, vmap2NewStates, vmapNewStates } from '../../lib/transform';

type A = Array;

interface Case {
  out: unknown;
  state: unknown;
  again: unknown;
  key: number[];
  values: unknown[];
}
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/transforms.json'), 'utf8')).states as Record<string, Case>;

function far(a: unknown, b: unknown): number {
  const [x, y] = [[a].flat(9) as number[], [b].flat(9) as number[]];
  if (x.length !== y.length) return Infinity;
  return Math.max(0, ...x.map((v, i) => Math.abs(v - y[i]!)));
}
const X = () => np.array([1, 2, 3]);

let warnings: jest.SpyInstance;
beforeEach(() => {
  warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});
afterEach(() => warnings.mockRestore());

const CASES: [string, () => State, (s: State) => Vmap2Options][] = [
  ['autoPerLane', () => new State(np.zeros([3])), () => ({})],
  ['autoScalar', () => new State(np.array(0)), () => ({})],
  ['autoRow', () => new State(np.zeros([2])), () => ({})],
  ['ignore', () => new State(np.zeros([3])), () => ({ unexpectedOutStateMapping: 'ignore' })],
  ['warn', () => new State(np.array(1)), () => ({ unexpectedOutStateMapping: 'warn' })],
  ['inByClass', () => new State(np.zeros([3])), () => ({ stateInAxes: State })],
  ['inByTag', () => new State(np.zeros([2, 3]), { tag: 't' }), () => ({ stateInAxes: { 1: 't' } })],
  ['inByState', () => new State(np.zeros([3, 2])), (s) => ({ stateInAxes: s })],
  ['outAxis', () => new State(np.ones([2])), (s) => ({ stateOutAxes: { 1: [s] } })],
];

test.each(CASES)('vmap2, %s: results and states as BrainState has them, eager and compiled', (name, make, options) => {
  for (const wrap of [(f: never) => f, jit] as ((f: (x: A) => A) => (x: A) => A)[]) {
    const s = make();
    const g = wrap(vmap2((x: A) => {
      s.value = s.value.add(x);
      return s.value;
    }, options(s)) as (x: A) => A);
    const want = fixture[name]!;
    expect(g(X()).js()).toEqual(want.out);
    if (want.again !== null) expect(g(X()).js()).toEqual(want.again);
    expect(s.value.js()).toEqual(want.state);
  }
});

test('vmap2 warns of a state that gets an axis, once; and where asked to', () => {
  const s = new State(np.array(0));
  const f = vmap2((x: A) => {
    s.value = s.value.add(x);
    return x;
  });
  f(X());
  expect(warnings).toHaveBeenCalledTimes(1);
  expect(warnings.mock.calls[0]![0]).toMatch(/vmap2 .*was written with values that differ along the mapped axis/);
  s.value = np.array(0);
  f(X());
  expect(warnings).toHaveBeenCalledTimes(1);
});

test('vmap2: random states, nested too', () => {
  const s = new State(np.array(0));
  const noisy = (x: A) => {
    s.value = s.value.add(x).add(random.normal());
    return random.normal();
  };
  random.seed(42);
  expect(far(vmap2(noisy, { stateOutAxes: s })(X()).js(), fixture.random!.out)).toBeLessThan(1e-6);
  expect(far(s.value.js(), fixture.random!.state)).toBeLessThan(1e-6);
  expect(random.getKeyData().js()).toEqual(fixture.random!.key);
  random.seed(42);
  const nested = vmap2((row: A) => (vmap2((x: A) => x.add(random.normal()))(row) as A).add(random.normal()));
  expect(far((nested(np.zeros([2, 2])) as A).js(), fixture.nested!.out)).toBeLessThan(1e-6);
  expect(random.getKeyData().js()).toEqual(fixture.nested!.key);
});

test('vmap2: what it refuses leaves states as they were', () => {
  const s = new State(np.zeros([3]));
  const f = (x: A) => {
    s.value = s.value.add(x);
    return x;
  };
  const refuse = (options: Vmap2Options, what: RegExp | typeof BatchAxisError) => {
    expect(() => vmap2(f, options)(X())).toThrow(what as RegExp);
    expect(s.value.js()).toEqual([0, 0, 0]);
  };
  refuse({ unexpectedOutStateMapping: 'raise' }, BatchAxisError);
  refuse({ stateOutAxes: new Map([[null, State]]) }, /declared to be the same in all lanes/);
  refuse({ stateInAxes: State, stateOutAxes: { 1: State } }, /must agree/);
  refuse({ unexpectedOutStateMapping: 'bad' as never }, /one of auto, raise, warn, ignore/);
  refuse({ inAxis: 0 } as never, /unknown option 'inAxis'/);
  s.value = np.zeros([4]);
  expect(() => vmap2(f, { stateInAxes: State })(X())).toThrow(/mapped axis has size 3, but a State is mapped and holds f32\[4\]/);
  expect(() => vmap2((_: A) => 1, { inAxes: null })(0)).toThrow(ArgumentError);
});

test('vmap2: states alone give the size, collectives see the axis, other transforms inside and outside', () => {
  const s = new ParamState(np.array([1, 2, 3]));
  expect(vmap2(() => s.value.mul(2), { inAxes: null, stateInAxes: ParamState })().js()).toEqual([2, 4, 6]);
  expect(vmap2((x: A) => lax.psum(x.mul(s.value), 'i'), { axisName: 'i', stateInAxes: s })(X()).js()).toEqual([14, 14, 14]);
  const total = new State(np.zeros([3]));
  const steps = vmap2((x: A) => scan((c: A, _: null) => {
    total.value = total.value.add(c);
    return [c.mul(2), null];
  }, x, null, { length: 3 })[0], { stateInAxes: total });
  expect((steps(X()) as A).js()).toEqual([8, 16, 24]);
  expect(total.value.js()).toEqual([7, 14, 21]);
  const g = grad(() => np.sum(vmap2((x: A) => x.mul(s.value), { stateInAxes: s })(X())), { gradStates: s })();
  expect(g.js()).toEqual([1, 2, 3]);
  const inner = jit((x: A) => x.mul(s.value));
  const outer = vmap2((x: A) => inner(x), { stateInAxes: s });
  expect([outer(X()).js(), outer(X()).js(), outer(X()).js()]).toEqual([[1, 4, 9], [1, 4, 9], [1, 4, 9]]);
  expect(inner.cacheSize).toBeLessThanOrEqual(2);
});

test('StatefulMapping: an object with the options, and static arguments', () => {
  const m = new StatefulMapping((x: A, name: string, y: A) => (name === 'mul' ? x.mul(y) : x), { inAxes: [0, null, null], staticArgnums: 1, name: 'mine' });
  expect((m.call(X(), 'mul', 2) as A).js()).toEqual([2, 4, 6]);
  expect([m.inAxes, m.outAxes, m.axisName, m.axisSize, m.unexpectedOutStateMapping, m.name]).toEqual([[0, null, null], 0, null, null, 'auto', 'mine']);
});

test('vmap: a declared state that all lanes write alike keeps its shape', () => {
  const s = new State(np.array(0));
  vmap((x: A) => {
    s.value = np.array(5);
    return x;
  }, { outStates: s })(X());
  expect(s.value.js()).toBe(5);
});

test('vmapNewStates: values, tags, keys, states that are shared', () => {
  random.seed(42);
  let made: State[] = [];
  const out = vmapNewStates((x: A) => {
    const base = new NonBatchState(np.ones([2]));
    const w = new State(random.normal({ size: [2] }).mul(x).add(base.value));
    made = [base, w];
    return np.sum(w.value);
  }, { stateTag: 'new' })(X()) as A;
  expect(far(out.js(), fixture.made!.out)).toBeLessThan(1e-5);
  expect(far(made.map((s) => s.value.js()), fixture.made!.values)).toBeLessThan(1e-5);
  expect(random.getKeyData().js()).toEqual(fixture.made!.key);
  expect(made.map((s) => [s.stackLevel, s.tag?.has('new')])).toEqual([[0, true], [0, true]]);
  // The states are ordinary ones afterwards.
  const step = jit(() => {
    made[1]!.value = np.zeros([3, 2]);
    return made[1]!.value;
  });
  step();
  expect(step().js()).toEqual([[0, 0], [0, 0], [0, 0]]);
});

test('vmapNewStates: what it refuses, and the key afterwards', () => {
  const before = new State(np.array(1));
  random.seed(42);
  const key = random.getKeyData().js();
  expect(() => vmapNewStates((x: A) => {
    random.normal();
    before.value = x;
  })(X())).toThrow(BatchAxisError);
  expect(before.value.js()).toBe(1);
  expect(random.getKeyData().js()).toEqual(key);
  expect(() => vmapNewStates(() => new NonBatchState(random.normal()) && null, { axisSize: 2 })()).toThrow(/to be the same in all lanes/);
  expect(() => vmapNewStates(() => null, { axisSize: 0 })).toThrow(/axisSize to be a positive integer/);
  expect(() => vmapNewStates(() => null, { inStates: before } as never)).toThrow(/use vmap/);
});

class Cell {
  h!: State;
  c!: State;
  initAllStates(size = 2): void {
    this.h = new State(random.normal({ size: [size] }));
    this.c = new State(np.zeros([size]), { tag: 'c' });
  }
}

test('vmap2NewStates, pmap2NewStates: states of a module by axis', () => {
  const cell = new Cell();
  random.seed(42);
  const made = vmap2NewStates(cell, [2], { axisSize: 3, stateOutAxes: { 1: 'c' }, stateTag: 'new' });
  expect([made.get(0), made.get(1)]).toEqual([[cell.h], [cell.c]]);
  expect(far(cell.h.value.js(), [[-1.0413289, 0.52936333], [-0.7398006, -0.604128], [0.740834, 0.83234864]])).toBeLessThan(1e-6);
  expect(random.getKeyData().js()).toEqual([1705926158, 899080142]);
  expect(cell.c.value.shape).toEqual([2, 3]);
  expect(cell.c.tag?.has('new')).toBe(true);
  expect(pmap2NewStates(cell, []).get(0)).toHaveLength(2);
  expect(cell.h.value.shape).toEqual([1, 2]);
  expect(() => vmap2NewStates(cell, [], {})).toThrow(/axisSize/);
  expect(() => pmap2NewStates(cell, [], { axisSize: 5 })).toThrow(/needs as many devices/);
});

test('pmap: on the devices there are; more lanes are an error', () => {
  const s = new State(np.array([1]));
  const f = pmap((x: A) => {
    s.value = s.value.add(lax.psum(x, 'd'));
    return x.mul(2);
  }, { axisName: 'd' }) as (x: A) => A;
  expect(f(np.array([3])).js()).toEqual([6]);
  expect(s.value.js()).toEqual([4]);
  expect(() => f(np.ones([3]))).toThrow(/pmap2 of .*needs as many devices, but there are 1|pmap2: the mapped axis has size 3/);
});

test('inNewStateProbe: true where what is made is thrown away', () => {
  const seen: boolean[] = [];
  scan((c: A, _: null) => {
    seen.push(inNewStateProbe());
    return [c, null];
  }, np.array(0), null, { length: 2 });
  expect(seen).toEqual([true, false]);
  expect(inNewStateProbe()).toBe(false);
});

test('a mapped function that writes states needs no result; one that does nothing is a mistake', () => {
  const total = new State(np.zeros([3]));
  expect(vmap((x: np.Array) => { total.value = total.value.add(x); }, { inStates: total, outStates: total })(np.array([1, 2, 3]))).toBeUndefined();
  expect(total.value.js()).toEqual([1, 2, 3]);
  expect(() => vmap((x: np.Array) => { x.add(1); })(np.ones([3]))).toThrow('expected the function to return a tree of arrays, got undefined');
});

test('vmap: an argument that is not mapped may be anything', () => {
  const f = (g: (x: A) => A, o: { mode: string }, x: A) => (o.mode === 'twice' ? g(g(x)) : g(x));
  expect(vmap(f, [null, null, 0])((x) => x.mul(2), { mode: 'twice' }, X()).js()).toEqual([4, 8, 12]);
  expect(() => vmap(f)((x) => x.mul(2), { mode: 'twice' }, X())).toThrow(ArgumentError);
});

test('vmap of a branch over what chooses it: what is not finite in one branch does not reach the gradients of the others', () => {
  const safe = (x: A, p: A) => lax.cond(x.equal(0), () => p, () => np.sqrt(x).add(np.divide(p, x)));
  const total = (x: A, p: A) => np.sum(vmap(safe, [0, null])(x, p) as A);
  for (const f of [total, jit(total)]) expect((grad(f, { argnums: [0, 1] })(np.array([0, 4]), 8) as A[]).map((g) => g.js())).toEqual([[0, -0.25], 1.25]);
  const pick = (i: A, x: A) => lax.switch(i, [(y: A) => y, (y: A) => np.log(y), (y: A) => y.mul(3)], x);
  const grads = grad((x: A) => np.sum(vmap(pick)(np.array([0, 1, 2, 0], { dtype: 'int32' }), x) as A))(np.array([0, 2, 0, 1])) as A;
  expect(grads.js()).toEqual([1, 0.5, 3, 1]);
});
