import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError } from '../../lib/core/errors';
import * as lax from '../../lib/lax';
import * as np from '../../lib/numpy';
import { grad } from '../../lib/transform/grad';
import { jit } from '../../lib/transform/jit';
import { vmap } from '../../lib/transform/vmap';

type A = np.Array;
const x = np.array([1, 2, 4]);
const over = (f: (v: A) => unknown) => (v: A) => vmap(f, { axisName: 'i' })(v) as A;

test('sums, means, extremes, indices and gathers over a named axis, eager and compiled', () => {
  const table: [(v: A) => unknown, unknown][] = [
    [(v) => lax.psum(v, 'i'), [7, 7, 7]],
    [(v) => lax.pmean(v, 'i').mul(3), [7, 7, 7]],
    [(v) => np.subtract(lax.pmax(v, 'i'), lax.pmin(v, 'i')), [3, 3, 3]],
    [(v) => np.add(v, lax.axisIndex('i')), [1, 3, 6]],
    [(v) => np.sum(np.multiply(lax.allGather(v, 'i'), v)), [7, 14, 28]],
    [() => lax.psum(1, 'i'), [3, 3, 3]],
  ];
  for (const [f, expected] of table) {
    expect(over(f)(x).js()).toEqual(expected);
    expect((jit(over(f))(x) as A).js()).toEqual(expected);
  }
  expect(over(() => np.asarray(lax.axisSize('i')))(x).js()).toEqual([3, 3, 3]);
  expect(() => lax.psum(x, 'i')).toThrow(ArgumentError);
});

test('derivatives, and another axis inside or outside', () => {
  const weights = np.array([1, 10, 100]);
  const loss = (f: (v: A) => A) => (v: A) => np.sum(np.multiply(weights, over(f)(v)));
  expect((grad(loss((v) => lax.psum(np.square(v), 'i')))(x) as A).js()).toEqual([222, 444, 888]);
  expect((grad(loss((v) => lax.pmax(v, 'i')))(x) as A).js()).toEqual([0, 0, 111]);
  expect((grad(loss((v) => np.sum(np.multiply(lax.allGather(v, 'i'), np.array([1, 2, 3])))))(x) as A).js()).toEqual([111, 222, 333]);
  const m = np.array([[1, 2, 4], [10, 20, 40]]);
  expect((vmap((row: A) => over((v) => lax.psum(v, 'i'))(row))(m) as A).js()).toEqual([[7, 7, 7], [70, 70, 70]]);
  const columns = vmap((c: A) => vmap((v: A) => lax.psum(v, 'outer'))(c), { axisName: 'outer' })(m) as A;
  expect(columns.js()).toEqual([[11, 22, 44], [11, 22, 44]]);
});

test('ppermute and pshuffle send values between lanes, zeros where nothing is sent', () => {
  const rows = np.array([[1, 10], [2, 20], [3, 30]]);
  const each = (f: (v: A) => unknown) => over(f)(rows);
  expect(each((v) => lax.ppermute(v, 'i', [[0, 1], [1, 2]])).js()).toEqual([[0, 0], [1, 10], [2, 20]]);
  expect(each((v) => lax.pshuffle(v, 'i', [2, 0, 1])).js()).toEqual([[3, 30], [1, 10], [2, 20]]);
  expect(() => each((v) => lax.ppermute(v, 'i', [[0, 1], [0, 2]]))).toThrow('at most once');
  expect(() => each((v) => lax.pshuffle(v, 'i', [0, 1]))).toThrow('a permutation of 3 lanes');
});

test('allToAll, psumScatter, pswapaxes and pbroadcast give JAX\'s values and gradients', () => {
  const { cases } = JSON.parse(readFileSync(join(__dirname, '../fixtures/laxCollective.json'), 'utf8')) as { cases: [string, number[], number, unknown[], object, unknown, unknown][] };
  for (const [name, shape, axis, args, options, result, gradient] of cases) {
    const operand = np.arange(shape.reduce((a, b) => a * b, 1)).astype('float32').reshape(shape);
    const exchange = (lax as unknown as Record<string, (v: A, axisName: string, ...rest: unknown[]) => A>)[name]!;
    const f = vmap((v: A) => exchange(v, 'i', ...args, ...(Object.keys(options).length > 0 ? [options] : [])), { inAxes: axis, axisName: 'i' }) as (v: A) => A;
    const loss = (v: A) => {
      const y = f(v);
      return [np.sum(np.multiply(y, np.arange(y.size).reshape(y.shape))), y];
    };
    const [g, y] = jit((v: A) => grad(loss, { hasAux: true })(v))(operand) as unknown as [A, A];
    expect([name, args, y.js(), g.js()]).toEqual([name, args, result, gradient]);
  }
  const rows = np.arange(6).reshape([3, 2]);
  expect(() => over((v) => lax.allToAll(v, 'i', 0, 0))(rows)).toThrow('expected a dimension of 3, the number of lanes, got 2');
  expect(() => over((v) => lax.psumScatter(v, 'i', { tiled: true }))(rows)).toThrow('a multiple of 3');
  expect(() => over((v) => lax.pbroadcast(v, 'i', 3))(rows)).toThrow('from 0 to 2');
});

test('several axes count as one; groups of lanes work among themselves; gathers put their axis where it is asked for', () => {
  const m = np.array([[1, 2, 3], [4, 5, 6]]);
  const both = (f: (v: A) => unknown) => vmap((row: A) => vmap(f, { axisName: 'j' })(row), { axisName: 'i' })(m) as A;
  const names = ['i', 'j'] as const;
  expect(both((v) => lax.psum(v, names)).js()).toEqual([[21, 21, 21], [21, 21, 21]]);
  expect(both((v) => np.subtract(lax.pmax(v, names), lax.pmean(v, names))).js()).toEqual([[2.5, 2.5, 2.5], [2.5, 2.5, 2.5]]);
  expect(both(() => lax.axisIndex(names)).js()).toEqual([[0, 1, 2], [3, 4, 5]]);
  expect((both((v) => lax.allGather(v, names)).js() as number[][][])[1]![2]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(both((v) => lax.ppermute(v, names, [[0, 5], [5, 0]])).js()).toEqual([[6, 0, 0], [0, 0, 1]]);
  expect((vmap((v: A) => lax.allGather(v, 'i', { axis: 1 }), { axisName: 'i', outAxes: null })(m) as A).js()).toEqual([[1, 4], [2, 5], [3, 6]]);
  expect((vmap((v: A) => lax.allGather(v, 'i', { axis: -1, tiled: true }), { axisName: 'i' })(m) as A).js()).toEqual([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]]);

  const axisIndexGroups = [[0, 3], [2, 1]];
  const four = np.array([1, 2, 4, 8]);
  expect((over((v) => lax.psum(v, 'i', { axisIndexGroups }))(four)).js()).toEqual([9, 6, 6, 9]);
  expect((over((v) => lax.pmax(v, 'i', { axisIndexGroups }))(four)).js()).toEqual([8, 4, 4, 8]);
  expect((over((v) => lax.pmean(v, 'i', { axisIndexGroups }))(four)).js()).toEqual([4.5, 3, 3, 4.5]);
  expect((over((v) => lax.allGather(v, 'i', { axisIndexGroups }))(four)).js()).toEqual([[1, 8], [4, 2], [4, 2], [1, 8]]);
  const pairs = np.array([[1, 2], [3, 4], [5, 6], [7, 8]]);
  expect((over((v) => lax.allToAll(v, 'i', 0, 0, { axisIndexGroups }))(pairs)).js()).toEqual([[1, 7], [6, 4], [5, 3], [2, 8]]);
  expect((over((v) => lax.psumScatter(v, 'i', { axisIndexGroups }))(pairs)).js()).toEqual([8, 10, 8, 10]);
  // The cotangent of a sum goes back to the lanes of the group.
  const back = grad((v: A) => np.sum(np.multiply(over((x) => lax.psum(x, 'i', { axisIndexGroups }))(v), np.array([1, 10, 100, 1000]))))(four) as A;
  expect(back.js()).toEqual([1001, 110, 110, 1001]);
  expect(() => over((v) => lax.psum(v, 'i', { axisIndexGroups: [[0, 1], [2]] }))(four)).toThrow('each of the 4 lanes once');
});
