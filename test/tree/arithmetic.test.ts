import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Array, grad, numpy as np, tree } from '../../lib';

type T = Record<string, Array>;
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/treeArithmetic.json'), 'utf8')) as { a: Record<string, number[]>; b: Record<string, number[]>; out: Record<string, unknown> };
const arrays = (t: Record<string, number[]>): T => Object.fromEntries(Object.entries(t).map(([k, v]) => [k, np.array(v)]));
const [a, b] = [arrays(fixture.a), arrays(fixture.b)];
const lists = (t: unknown): unknown => tree.map((x: Array) => ({ list: x.toList() as unknown }), t, { isLeaf: (x: unknown) => !globalThis.Array.isArray(x) && typeof (x as Array).toList === 'function' });
const expected = (x: unknown): unknown => (typeof x === 'number' ? { list: x } : globalThis.Array.isArray(x) ? { list: x } : Object.fromEntries(Object.entries(x as object).map(([k, v]) => [k, expected(v)])));

const calls: Record<string, () => unknown> = {
  scale: () => tree.scale(a, 2),
  mul: () => tree.mul(a, b),
  mulOne: () => tree.mul(a, 3),
  shift: () => tree.shift(a, 1),
  add: () => tree.add(a, b),
  addOne: () => tree.add(a, 1.5),
  sub: () => tree.sub(a, b),
  dot: () => tree.dot(a, b),
  sum: () => tree.sum(a),
  squaredNorm: () => tree.squaredNorm(a),
  concat: () => tree.concat([a, b]),
  idx: () => tree.idx(a, 1),
  idxRange: () => tree.idx(a, [0, 1]),
  expand: () => tree.expand(a, 0),
  take: () => tree.take(a, 1, 0),
  takeMany: () => tree.take(a, np.array([1, 0, 1], 'int32'), -1),
  takeRange: () => tree.take(a, [1, 2], -1),
};

test.each(Object.keys(calls))('%s is BrainTools\'', (name) => {
  expect(lists(calls[name]!())).toEqual(expected(fixture.out[name]));
});

test('split is BrainTools\'', () => {
  expect(tree.split(a, [1]).map(lists)).toEqual((fixture.out.split as unknown[]).map(expected));
});

test('arithmetic on trees has derivatives, and names mistakes', () => {
  const g = grad((t: T) => tree.squaredNorm(t))(a) as T;
  expect(g.b!.toList()).toEqual([1, -2]);
  expect(() => tree.sum({})).toThrow('tree.sum: expected a tree with at least one array');
  expect(() => tree.concat(3 as never)).toThrow('expected a list of trees, got number 3');
  expect(() => tree.add(a, { w: a.w! })).toThrow("'b'");
});
