import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Array } from '../../lib/core/array';
import { ArgumentError } from '../../lib/core/errors';
import * as np from '../../lib/numpy';
import * as random from '../../lib/random';
import { BrainStateError } from '../../lib/state/errors';
import { State } from '../../lib/state/state';
import { boundedWhileLoop, checkpointedForLoop, checkpointedScan, forLoop, grad, ifelse, jit, map, scan, unvmap, vmap } from '../../lib/transform';

type A = Array;

interface Fixture {
  bounded: Record<string, { value: number; grad: number[]; mapped: number[] }>;
  checkpointed: Record<string, { ys: number[]; grad: number[]; state: number }>;
  ifelse: { values: number[]; grads: number[]; first: number; none: number };
  map: { one: number[]; key: number[]; batched: number[]; batchedKey: number[] };
}
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/transforms.json'), 'utf8')) as Fixture;

const X = () => np.array([0.3, -0.7, 1.1]);
const ROWS = () => np.array(globalThis.Array.from({ length: 37 }, (_, i) => Math.round(Math.sin(i) * 1000) / 1000));

/** Largest difference of two nests of numbers, relative to the size of the second. */
function far(a: unknown, b: unknown): number {
  const [x, y] = [[a].flat(9) as number[], [b].flat(9) as number[]];
  if (x.length !== y.length) return Infinity;
  return Math.max(0, ...x.map((v, i) => Math.abs(v - y[i]!) / Math.max(1, Math.abs(y[i]!))));
}

test.each(Object.entries(fixture.bounded))('boundedWhileLoop, steps/base %s: value, gradient, lanes', (name, want) => {
  const [maxSteps, base] = name.split('/').map(Number) as [number, number];
  const total = new State(np.array(0));
  const f = (x: A) => {
    total.value = np.array(0);
    const v = boundedWhileLoop((u: A) => np.less(np.sum(u.mul(u)), 4.5), (u: A) => {
      total.value = total.value.add(np.sum(u));
      return np.sin(u).mul(1.5).add(u.mul(0.2));
    }, x, { maxSteps, base });
    return np.sum(v.mul(v)).add(total.value);
  };
  expect(far(jit(f)(X()).js(), want.value)).toBeLessThan(1e-5);
  expect(far(jit(grad(f))(X()).js(), want.grad)).toBeLessThan(1e-5);
  const lanes = vmap((x: A) => boundedWhileLoop((v: A) => v.less(40), (v: A) => v.mul(1.5).add(1), x, { maxSteps, base }));
  expect(far(jit(lanes)(np.array([1, 8, 50, -1.5])).js(), want.mapped)).toBeLessThan(1e-6);
});

test('boundedWhileLoop: what it refuses', () => {
  const s = new State(np.array(0));
  const loop = (options: object) => boundedWhileLoop((v: A) => v.less(1), (v: A) => v.add(1), np.array(0), options as never);
  expect(() => loop({ maxSteps: -1 })).toThrow(/boundedWhileLoop: expected maxSteps to be a non-negative integer, got number -1/);
  expect(() => loop({ maxSteps: 3, base: 1 })).toThrow(ArgumentError);
  expect(() => boundedWhileLoop(() => {
    s.value = np.array(1);
    return true;
  }, (v: A) => v, np.array(0), { maxSteps: 2 })).toThrow(BrainStateError);
  expect(() => boundedWhileLoop(() => true, (v: A) => [v, v], np.array(0), { maxSteps: 2 })).toThrow(/one structure in and out/);
});

test.each(Object.entries(fixture.checkpointed))('checkpointedScan, length/base %s: results, states and gradients', (name, want) => {
  const [n, base] = name.split('/').map(Number) as [number, number];
  const s = new State(np.array(0.5));
  const f = (x: A) => {
    s.value = np.array(0.5);
    const [c, ys] = checkpointedScan((h: A, r: A) => {
      s.value = np.cos(s.value.mul(r));
      const next = np.sin(h.mul(s.value).add(r));
      return [next, next.mul(r)];
    }, x, ROWS().slice([0, n]), { base });
    return [np.sum(c).add(np.sum(ys.mul(ys))).add(s.value), ys];
  };
  const [g, ys] = jit(() => grad(f, { hasAux: true })(X()))() as [A, A];
  expect(far(ys.slice(-1).js(), want.ys)).toBeLessThan(1e-5);
  expect(far(g.js(), want.grad)).toBeLessThan(1e-5);
  expect(far(s.value.js(), want.state)).toBeLessThan(1e-6);
});

test('checkpointed loops hold a small part of the memory of plain ones in the backward pass', () => {
  const rows = np.ones([256]);
  const of = (loop: typeof scan | typeof checkpointedScan) => jit(grad((x: A) => np.sum((loop as typeof scan)((c: A, r: A) => [np.sin(np.cos(c.mul(r)).mul(c)), null], x, rows)[0])));
  const x = np.ones([4096]);
  const [plain, tree] = [of(scan), of(((f: never, i: never, xs: never) => checkpointedScan(f, i, xs, { base: 4 })) as never)];
  const bytes = (f: typeof plain) => f.memoryAnalysis(x)!.tempSizeInBytes;
  expect(bytes(tree)).toBeLessThan(bytes(plain) / 5);
  expect(far(tree(x).js(), plain(x).js())).toBeLessThan(1e-5);
});

test('checkpointedForLoop: results stacked, states carried, a loop of no steps refused', () => {
  const s = new State(np.array(0));
  const ys = checkpointedForLoop((x: A) => {
    s.value = s.value.add(x);
    return s.value;
  }, np.arange(20).astype('float32'), { base: 3 });
  expect(ys.js()).toEqual(forLoop((x: A) => np.divide(x.mul(x.add(1)), 2), np.arange(20).astype('float32')).js());
  expect(s.value.item()).toBe(190);
  expect(checkpointedForLoop(() => null, { length: 3 })).toBeNull();
  expect(() => checkpointedForLoop((x: A) => x, np.ones([0]))).toThrow(/at least one step/);
  expect(() => checkpointedScan((c: A) => c as never, np.array(0), np.ones([3]))).toThrow(/\[carry, y\]/);
  expect(() => checkpointedScan((c: A) => [c, c], np.array(0), np.ones([3]), { base: 1 })).toThrow(ArgumentError);
});

const branches = [(v: A) => v.mul(2), (v: A) => np.sin(v), (v: A) => v.mul(v)];
const sorted = (x: A): A => ifelse([x.greater(5), np.logicalAnd(x.greater(0), x.lessEqual(5)), x.lessEqual(0)], branches, x);

test('a step that changes the type of a state is an error that names the state; weak numbers may become strong', () => {
  const step = (f: (x: Array) => void) => (x: Array) => {
    f(x);
    return x;
  };
  const loops: Record<string, (f: (x: Array) => void) => unknown> = {
    scan: (f) => forLoop(step(f), np.ones([2])), checkpointedForLoop: (f) => checkpointedForLoop(step(f), np.ones([2])), boundedWhileLoop: (f) => boundedWhileLoop((i: Array) => np.less(i, 2), (i: Array) => step(f)(i).add(1), 0, { maxSteps: 3 }),
  };
  for (const [name, loop] of Object.entries(loops)) {
    const s = new State(np.ones([2]), { name: 's' });
    expect(() => loop(() => { s.value = np.ones([3]); })).toThrow(`${name}: a loop must leave states with the types that it finds, but the function changes State 's' from f32[2] to f32[3]`);
    expect(() => loop(() => { s.value = s.value.astype('int32'); })).toThrow("State 's' from f32[2] to i32[2]");
    expect(s.value.js()).toEqual([1, 1]);
    const weak = new State(0);
    loop(() => { weak.value = weak.value.add(0.5); });
    expect(weak.value.js()).toBe(1);
  }
});

test('ifelse: values and gradients, eager, compiled and mapped', () => {
  const points = [7, 1, -3];
  expect(far(points.map((x) => sorted(np.array(x)).item()), fixture.ifelse.values)).toBeLessThan(1e-6);
  expect(far(points.map((x) => (jit(grad(sorted))(np.array(x)) as A).item()), fixture.ifelse.grads)).toBeLessThan(1e-6);
  expect(far(vmap((x: A) => ifelse([x.greater(5), x.greater(0), true], branches, x, { checkCond: false }))(np.array(points)).js(), fixture.ifelse.values)).toBeLessThan(1e-6);
  const threes = [(v: A) => v, (v: A) => v.mul(2), (v: A) => v.mul(3)];
  expect(ifelse([false, true, true], threes, np.array(1), { checkCond: false }).item()).toBe(fixture.ifelse.first);
  expect(ifelse([false, false, false], threes, np.array(1), { checkCond: false }).item()).toBe(fixture.ifelse.none);
});

test('ifelse: not exactly one condition, and other mistakes', () => {
  expect(() => ifelse([true, true, false], branches, np.array(1))).toThrow(/expected exactly one condition to hold, got \[true, true, false\]/);
  expect(() => ifelse([true], branches, np.array(1))).toThrow(/as many conditions as branches, 3, got 1/);
  expect(() => ifelse([np.ones([2]), true, true], branches, np.array(1))).toThrow(/conditions to be scalars/);
  const s = new State(np.array(1));
  ifelse([false, true], [() => null, () => {
    s.value = np.array(5);
    return null;
  }]);
  expect(s.value.item()).toBe(5);
});

test('map: one by one and in batches, with random states as BrainState splits them', () => {
  const f = (x: A) => x.add(random.normal());
  random.seed(42);
  expect(far(map(f, np.zeros([5])).js(), fixture.map.one)).toBeLessThan(1e-6);
  expect(random.getKeyData().js()).toEqual(fixture.map.key);
  random.seed(42);
  expect(far(map(f, np.zeros([5]), { batchSize: 2 }).js(), fixture.map.batched)).toBeLessThan(1e-6);
  expect(random.getKeyData().js()).toEqual(fixture.map.batchedKey);
  const rows = np.arange(14).astype('float32').reshape([7, 2]);
  for (const batchSize of [1, 3, 7, 9]) expect(map((x: A, y: A) => np.sum(x.mul(y)), rows, rows, { batchSize }).js()).toEqual([1, 13, 41, 85, 145, 221, 313]);
  const s = new State(np.array(0));
  const counting = (x: A) => {
    s.value = s.value.add(x);
    return s.value;
  };
  expect(map(counting, np.ones([3])).js()).toEqual([1, 2, 3]);
  expect(() => map(counting, np.ones([3]), { batchSize: 2 })).toThrow(BrainStateError);
  expect(() => map(counting, np.array(1))).toThrow(/leading axis/);
  expect(() => map(counting, np.ones([3]), { batchSize: 0 })).toThrow(/positive integer/);
});

test('unvmap: one value for all lanes', () => {
  const x = np.array([0, 1, 2]);
  const run = (op: 'any' | 'all' | 'max') => jit(vmap((v: A) => unvmap(v, { op })))(x).js();
  expect([run('any'), run('all'), run('max')]).toEqual([[true, true, true], [false, false, false], [2, 2, 2]]);
  expect(vmap((v: A) => unvmap(v, { op: 'none' }))(x).js()).toEqual([[0, 1, 2], [0, 1, 2], [0, 1, 2]]);
  expect(unvmap(np.array([[0, 0], [0, 3]])).item()).toBe(true);
  expect(() => unvmap(x, { op: 'sum' as never })).toThrow(/expected op to be one of any, all, max, none/);
});
