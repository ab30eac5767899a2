import { ArgumentError, DtypeError, ShapeError, TreeError } from '../../lib/core/errors';
import { gradCore } from '../../lib/functional/derivatives';
import { makeClosedJaxpr } from '../../lib/functional/staging';
import * as lax from '../../lib/lax/index';
import * as np from '../../lib/numpy/index';
import { jit } from '../../lib/transform';

const x = np.array([[1, 5, 2], [4, 3, 6]]);
const text = (f: (v: np.Array) => unknown, ...args: np.Array[]) => String(makeClosedJaxpr(f as never)(...args));

test('reduce recognises sums, products, extremes and bits, by what the function does', () => {
  const cases: [number | boolean, (a: np.Array, b: np.Array) => np.Array, string, np.Array, unknown][] = [
    [0, lax.add, 'reduce_sum', x, [8, 13]],
    [0, (a, b) => b.add(a), 'reduce_sum', x, [8, 13]],
    [1, lax.mul, 'reduce_prod', x, [10, 72]],
    [-Infinity, np.maximum, 'reduce_max', x, [5, 6]],
    [Infinity, lax.min, 'reduce_min', x, [1, 3]],
    [true, lax.bitwiseAnd, 'reduce_and', x.greater(1), [false, true]],
    [false, lax.bitwiseOr, 'reduce_or', x.greater(5), [false, true]],
    [0, lax.bitwiseXor, 'reduce_xor', x.astype('int32'), [6, 1]],
  ];
  for (const [init, f, name, operand, want] of cases) {
    expect(lax.reduce(operand, init, f, [1]).js()).toEqual(want);
    expect(text((v) => lax.reduce(v, init, f, [1]), operand)).toContain(name);
  }
  expect(text((v) => lax.reduce(v, 1, lax.add, [1]), x)).toContain('reduce[');
  expect(lax.reduce(x, 0, (a, b) => lax.add(a, lax.mul(b, b)), [-1]).shape).toEqual([2]);
});

test('reduce takes trees: argmax with its value', () => {
  const positions = lax.broadcastedIota('int32', [2, 3], 1);
  const better = (a: { v: np.Array; i: np.Array }, b: { v: np.Array; i: np.Array }) => {
    const first = lax.ge(a.v, b.v);
    return { v: lax.select(first, a.v, b.v), i: lax.select(first, a.i, b.i) };
  };
  const { v, i } = lax.reduce({ v: x, i: positions }, { v: -Infinity, i: 0 }, better, [1]) as { v: np.Array; i: np.Array };
  expect([v.js(), i.js()]).toEqual([[5, 6], [1, 2]]);
});

test('reduceWindow, with strides and padding by position or by name', () => {
  expect(lax.reduceWindow(x, 0, lax.add, [1, 2], [1, 1], 'VALID').js()).toEqual([[6, 7], [7, 9]]);
  expect(lax.reduceWindow(x, -Infinity, lax.max, [2, 2], { windowStrides: [1, 2], padding: 'SAME' }).js()).toEqual([[5, 6], [4, 6]]);
  expect(lax.reduceWindow(x, Infinity, lax.min, [1, 2], { windowDilation: [1, 2] }).js()).toEqual([[1], [4]]);
  expect(lax.reduceWindow(x, 1, lax.mul, [2, 1], [1, 1], [[0, 0], [1, 0]]).js()).toEqual([[1, 4, 15, 12]]);
  expect(text((v) => lax.reduceWindow(v, -Infinity, lax.max, [1, 2]), x)).toContain('reduce_window_max');
  const { grads } = gradCore('grad', (v: np.Array) => lax.reduceWindow(v, -Infinity, lax.max, [1, 3], [1, 3], 'VALID').sum(), [x], {});
  expect((grads as np.Array).js()).toEqual([[0, 1, 0], [0, 0, 1]]);
});

test('one function of one element at indices', () => {
  const numbers = { updateWindowDims: [], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
  expect(lax.scatterApply(np.array([1, 2, 3]), np.array([[0], [2]], 'int32'), (v) => lax.mul(v, 10), numbers, { updateShape: [2] }).js()).toEqual([10, 2, 30]);
});

test('plain JS values take the dtype of arrays beside them, if they fit', () => {
  expect(text((v) => lax.add(v, 1), np.ones(2))).toBe('{ lambda ; a:f32[2]. let b:f32[2] = add a 1.0:f32[] in (b,) }');
  expect(lax.mul(np.arange(3), 2).dtype).toBe('int32');
  expect(() => lax.add(np.arange(3), 0.5)).toThrow(DtypeError);
  expect(() => lax.add(np.ones(2), true)).toThrow(DtypeError);
  expect(() => lax.add(np.ones(2), np.arange(2))).toThrow(DtypeError);
  expect(() => lax.add(np.ones([2]), np.ones([1, 2]))).toThrow(ShapeError);
  expect(() => lax.sin(np.arange(3))).toThrow(DtypeError);
});

test('no derivative flows through stopGradient; the barrier is transparent', () => {
  const d = (f: (v: np.Array) => np.Array) => (gradCore('grad', f, [np.array(3)], {}).grads as np.Array).item();
  expect(d((v) => v.mul(lax.stopGradient(v)))).toBe(3);
  expect(d((v) => v.mul(lax.stopGradient({ a: [v] }).a[0]!))).toBe(3);
  expect(d((v) => lax.optimizationBarrier([v.mul(v)])[0]!)).toBe(6);
});

test('several arrays sorted by the first', () => {
  const [k1, k2, v] = [np.array([2, 1, 2, 1]), np.array([0, 1, -1, 0]), np.arange(4)];
  expect(lax.sort([k1, k2, v], { numKeys: 2 }).map((a) => a.js())).toEqual([[1, 1, 2, 2], [0, 1, -1, 0], [3, 1, 2, 0]]);
  expect(lax.sort([[3, 1], [0, 2]]).js()).toEqual([[1, 3], [0, 2]]);
});

test('decompositions give the matrix back', () => {
  const a = np.array([[4, 1, 0.5], [1, 3, 0.25], [0.5, 0.25, 2]]);
  const close = (got: np.Array) => expect(np.isclose(got, a, { atol: 1e-4 }).all().item()).toBe(true);
  const l = lax.linalg.cholesky(a);
  close(l.matmul(l.T));
  const [v, w] = lax.linalg.eigh(a);
  close(v.mul(w).matmul(v.T));
  const [q, r] = lax.linalg.qr(a) as [np.Array, np.Array];
  close(q.matmul(r));
  const [u, s, vt] = lax.linalg.svd(a);
  close(u.mul(s).matmul(vt));
  expect(lax.linalg.svd(a, { computeUv: false }).shape).toEqual([3]);
});

test('arguments that do not fit', () => {
  expect(() => lax.reduce({ a: x }, 0, lax.add, [0])).toThrow(TreeError);
  expect(() => lax.reduce(x, 0, (a: np.Array) => [a] as never, [0])).toThrow(TreeError);
  expect(() => lax.reduce(x, [0, 1], lax.add, [0])).toThrow(TreeError);
  const outside = np.ones([1]).sum();
  expect(() => lax.reduce(x, 0, (a: np.Array) => a.add(outside), [0])).toThrow(ArgumentError);
  expect(() => lax.reduce(x, 0, lax.add, [2])).toThrow(ShapeError);
  expect(() => lax.reduce(np.arange(3), -Infinity, lax.max, [0])).toThrow(DtypeError);
  expect(() => lax.reduceWindow(x, 0, lax.add, [2])).toThrow(ShapeError);
  expect(() => lax.convGeneralDilated(np.ones([1, 1, 4]), np.ones([1, 1, 2]), [1], 'ALMOST')).toThrow(ArgumentError);
  expect(() => lax.convGeneralDilated(np.ones([1, 1, 4]), np.ones([1, 1, 2]), [1, 1], 'SAME')).toThrow(ShapeError);
  expect(() => lax.topK(x, 4)).toThrow(ArgumentError);
  expect(() => lax.dot(x, x)).toThrow(ShapeError);
  expect(() => lax.integerPow(np.arange(2), -1)).toThrow(DtypeError);
  expect(() => lax.dynamicSlice(x, [0], [1, 1])).toThrow(ShapeError);
  expect(() => lax.dynamicSlice(x, [0.5, 0], [1, 1])).toThrow(DtypeError);
  expect(() => lax.split(x, [1, 1], 1)).toThrow(ShapeError);
});

test('exponentials of a NaN that the compiler knows of', () => {
  const x = np.arange(8, { dtype: 'float32' });
  for (const f of [lax.exp, lax.exp2, lax.expm1, lax.cosh, lax.sinh]) {
    const g = jit((v: np.Array, s: np.Array) => f(np.where(s.greater(0), v, Number.NaN)));
    expect((g(x, -1).js() as number[]).every(Number.isNaN)).toBe(true);
    expect(Number.isFinite((g(x, 1).js() as number[])[7])).toBe(true);
  }
});
