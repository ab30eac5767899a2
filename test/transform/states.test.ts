import type { Array } from '../../lib/core/array';
import { blockUntilReady } from '../../lib/functional/ready';
import * as np from '../../lib/numpy';
import { split } from '../../lib/prng';
import { BatchAxisError, BrainStateError } from '../../lib/state/errors';
import { ParamState, ShortTermState } from '../../lib/state/kinds';
import { State } from '../../lib/state/state';
import { checkpoint } from '../../lib/transform/checkpoint';
import { cond, forLoop, scan, switchCase, whileLoop } from '../../lib/transform/controlFlow';
import { grad } from '../../lib/transform/grad';
import { jit } from '../../lib/transform/jit';
import { vmap } from '../../lib/transform/vmap';

type A = np.Array;
const js = (s: State | A) => (s instanceof State ? s.value : s).js();

test('vmap: states with an axis, on entry, on exit, along another axis', () => {
  const a = new State(np.array([0, 1, 2]));
  const c = new State(np.array(10));
  const f = (x: A) => {
    a.value = np.add(a.value, x);
    return np.multiply(a.value, c.value);
  };
  expect(js(vmap(f, { inStates: a })(np.ones([3])))).toEqual([10, 20, 30]);
  expect(js(a)).toEqual([1, 2, 3]);
  const m = new State(np.array([[1, 2, 3], [4, 5, 6]]));
  vmap((x: A) => {
    m.value = np.multiply(m.value, x);
    return x;
  }, { inStates: { 1: m } })(np.array([1, 10, 100]));
  expect(js(m)).toEqual([[1, 20, 300], [4, 50, 600]]);
  const b = new State(np.array(0));
  vmap((x: A) => {
    b.value = x;
    return x;
  }, { outStates: [b] })(np.array([1, 2]));
  expect(js(b)).toEqual([1, 2]);
  c.value = np.array(10);
  vmap((x: A) => {
    c.value = np.add(c.value, 1);
    return x;
  })(np.ones([3]));
  expect(js(c)).toBe(11);
});

test('vmap: lanes that write an undeclared state are an error, which leaves it as it was', () => {
  const s = new State(np.array(1));
  expect(() => vmap((x: A) => {
    s.value = x;
    return x;
  })(np.ones([3]))).toThrow(BatchAxisError);
  expect(js(s)).toBe(1);
  expect(() => vmap((x: A) => x, { inStates: { 0: s }, outStates: { 1: s } })).toThrow(BatchAxisError);
  const two = new State(np.zeros([2]));
  expect(() => vmap((x: A) => np.add(x, two.value), { inStates: two })(np.ones([3]))).toThrow(BatchAxisError);
});

/** What a random state does: each draw takes one of two keys and keeps the other. */
class Keys extends State {
  draw(): Array {
    const [next, used] = split(this.value);
    this.value = next!;
    return used!;
  }

  override splitForLanes(n: number): { lanes: Array; after: Array } {
    const keys = split(this.current() as Array, n + 1);
    const [, after] = split(keys.slice(0));
    return { lanes: keys.slice([1, n + 1]), after: after! };
  }
}

test('vmap splits the states that say how, whether eager, compiled, or nested', () => {
  const run = (f: (k: Keys) => A): unknown[] => {
    const k = new Keys(np.array([0, 42], { dtype: 'uint32' }));
    return [f(k).js(), js(k)];
  };
  const lanes = (k: Keys) => vmap((x: A) => [np.add(x, 0), k.draw()][1]!)(np.zeros([3]));
  const [rows, after] = run(lanes) as [number[][], number[]];
  expect(new Set(rows.map(String)).size).toBe(3);
  expect(run((k) => jit(() => lanes(k))() as A)).toEqual([rows, after]);
  expect(run((k) => vmap((x: A) => [k.draw(), k.draw(), x][0] as A)(np.zeros([3])))[1]).toEqual(after);
  const nested = run((k) => vmap(() => vmap(() => k.draw(), { axisSize: 2, inAxes: null })(), { axisSize: 2, inAxes: null })() as A)[0] as number[][][];
  expect(new Set(nested.flat().map(String)).size).toBe(4);
});

test('branches: states of all are merged, what was written is', () => {
    const [a, b] = [new State(np.array(1)), new State(np.array(2))];
    const f = (p: A | boolean) => cond(p, (x) => {
      a.value = np.add(a.value, x);
      return a.value;
    }, (x) => {
      b.value = np.multiply(b.value, x);
      return b.value;
    }, np.array(5));
    expect(js(f(true))).toBe(6);
    expect(js(f(np.array(false, { dtype: 'bool' })))).toBe(10);
    expect([js(a), js(b)]).toEqual([6, 10]);
    switchCase(7, [(x) => x, (x) => {
      a.value = x;
      return x;
    }], np.array(3));
    expect(js(a)).toBe(3);
});

test('loops carry states; the condition may read but not write them', () => {
  const [n, s] = [new State(np.array(0)), new State(np.array(3))];
  const out = whileLoop((x) => np.less(x, s.value), (x) => {
    n.value = np.add(n.value, 10);
    return np.add(x, 1);
  }, np.array(0));
  expect([js(out), js(n)]).toEqual([3, 30]);
  expect(() => whileLoop((x) => {
    n.value = x;
    return np.less(x, 1);
  }, (x) => x, np.array(0))).toThrow(BrainStateError);
  const [total, ys] = scan((c: A, x: A) => {
    s.value = np.add(s.value, x);
    return [np.add(c, s.value), c];
  }, np.array(1), np.array([1, 2, 3]));
  expect([js(total), js(ys), js(s)]).toEqual([1 + 4 + 6 + 9, [1, 5, 11], 9]);
  const squares = forLoop((x: A, y: A) => {
    s.value = np.add(s.value, 1);
    return np.multiply(x, y);
  }, np.array([1, 2]), np.array([3, 4]), { reverse: true });
  expect([js(squares as A), js(s)]).toEqual([[3, 8], 11]);
});

test('gradients through loops with states, and through checkpoint', () => {
  const w = new ParamState(np.array(0.5));
  const h = new State(np.array(1));
  const run = () => {
    h.value = np.array(1);
    forLoop((x: A) => {
      h.value = np.multiply(h.value, np.multiply(w.value, x));
      return h.value;
    }, np.array([1, 2, 3]));
    return h.value;
  };
  expect(js(grad(run, { gradStates: w })() as A)).toBeCloseTo(3 * 6 * 0.25, 5);
  expect(js(grad(checkpoint(run), { gradStates: w })() as A)).toBeCloseTo(3 * 6 * 0.25, 5);
  expect(js(h)).toBeCloseTo(0.75, 5);
  expect(js(jit(grad(run, { gradStates: w }))() as A)).toBeCloseTo(4.5, 5);
});

test('waiting for a state does not hand its value out: the next step writes in the same memory', () => {
  const s = new ShortTermState(np.zeros([3]));
  const step = jit(() => {
    s.value = np.add(s.value, 1);
    return null;
  });
  step();
  expect(s.blockUntilReady()).toBe(s);
  expect(s.ownSlots()).not.toBeNull();
  expect(blockUntilReady({ s, other: 1 }).s).toBe(s);
  expect(s.ownSlots()).not.toBeNull();
  step();
  expect(s.value.js()).toEqual([2, 2, 2]);
  // A value that was handed out is waited for too.
  expect(s.blockUntilReady().value.js()).toEqual([2, 2, 2]);
});
