import { jit, numpy as np, tree, TreeError } from '../../lib';

test('broadcast repeats the leaves of a prefix', () => {
  expect(tree.broadcast([1, 2, 3], [0, { a: 0, b: 0 }, [0, 0]])).toEqual([1, { a: 2, b: 2 }, [3, 3]]);
  expect(tree.broadcast(5, { a: [0, null] })).toEqual({ a: [5, null] });
  expect(() => tree.broadcast([1, 2], [0])).toThrow(TreeError);
});

test('flattenWithPath, reduceAssociative, isTreeNode, allLeaves', () => {
  const [pairs, def] = tree.flattenWithPath({ b: [1, 2], a: 3 });
  expect(pairs).toEqual([[['a'], 3], [['b', 0], 1], [['b', 1], 2]]);
  expect(String(def)).toBe("PyTreeDef({'a': *, 'b': [*, *]})");
  expect(tree.reduceAssociative((a: number, b: number) => a + b, [1, [2, 3], [4, 5, 6]])).toBe(21);
  expect(tree.reduceAssociative((a: string, b: string) => `(${a}${b})`, ['a', 'b', 'c'])).toBe('((ab)c)');
  expect(tree.reduceAssociative((a: number, b: number) => a + b, [], { identity: 7 })).toBe(7);
  expect(() => tree.reduceAssociative((a: number) => a, [])).toThrow(TreeError);
  expect([[], {}, null, new Map(), new tree.Partial(np.add)].map(tree.isTreeNode)).toEqual([true, true, true, true, true]);
  expect([1, 'a', np.ones([2])].map(tree.isTreeNode)).toEqual([false, false, false]);
  expect(tree.allLeaves([1, 2])).toBe(true);
  expect(tree.allLeaves([1, [2]])).toBe(false);
});

test('structures come apart and are put together', () => {
  const def = tree.structure([1, { a: 2 }]);
  const [leaf, dict] = tree.treedefChildren(def);
  expect([tree.treedefIsLeaf(leaf!), tree.treedefIsLeaf(dict!)]).toEqual([true, false]);
  expect(tree.treedefTuple([leaf!, dict!]).equals(def)).toBe(true);
  const one = tree.flattenOneLevel([1, { a: 2 }])!;
  expect(one.children).toEqual([1, { a: 2 }]);
  expect(one.treedef.unflatten([3, 4])).toEqual([3, 4]);
  expect(tree.flattenOneLevel(3)).toBeNull();
});

test('a registered dataclass goes through jit; what is meta is part of the signature', () => {
  class Point {
    constructor(public x: np.ArrayLike, public y: np.ArrayLike, public unit = 'm') {}
  }
  tree.registerDataclass(Point, { dataFields: ['x', 'y'], metaFields: ['unit'] });
  let traces = 0;
  const f = jit((p: Point) => {
    traces++;
    return new Point(np.add(p.x, 1), np.multiply(p.y, p.unit === 'm' ? 1 : 1000), p.unit);
  });
  const r = f(new Point(1, 2)) as Point;
  expect(r).toBeInstanceOf(Point);
  expect([Number(r.x), Number(r.y), r.unit]).toEqual([2, 2, 'm']);
  expect(Number((f(new Point(1, 2, 'km')) as Point).y)).toBe(2000);
  f(new Point(5, 6));
  expect(traces).toBe(2);
  expect(() => tree.registerDataclass(class Twice { a = 1; }, { dataFields: ['a', 'a'] })).toThrow(/each property/);
});

test('Partial and static classes as arguments of jit', () => {
  const f = jit((p: tree.Partial, x: np.Array) => p.call(x));
  expect((f(new tree.Partial(np.add, 1), np.ones([2])) as np.Array).js()).toEqual([2, 2]);
  expect((f(new tree.Partial(np.multiply, 3), np.ones([2])) as np.Array).js()).toEqual([3, 3]);
  class Mode {
    constructor(readonly scale: number) {}
  }
  tree.registerStatic(Mode, { equals: (a, b) => a.scale === b.scale });
  let traces = 0;
  const g = jit((m: Mode, x: np.Array) => {
    traces++;
    return np.multiply(x, m.scale);
  });
  expect((g(new Mode(2), np.ones([1])) as np.Array).js()).toEqual([2]);
  expect((g(new Mode(2), np.ones([1])) as np.Array).js()).toEqual([2]);
  expect((g(new Mode(3), np.ones([1])) as np.Array).js()).toEqual([3]);
  expect(traces).toBe(2);
});

test('isLeaf as a function or among options, in all functions that walk', () => {
  const t = { a: null, b: [1, null] };
  const isLeaf = (x: unknown) => x === null;
  for (const o of [isLeaf, { isLeaf }]) {
    expect(tree.leaves(t, o)).toEqual([null, 1, null]);
    expect(tree.flatten(t, o)[0]).toEqual([null, 1, null]);
    expect(tree.structure(t, o).numLeaves).toBe(3);
    expect(tree.leavesWithPath(t, o).map(([p]) => p)).toEqual([['a'], ['b', 0], ['b', 1]]);
    expect(tree.all(t, o)).toBe(false);
  }
  expect(tree.leaves(t, {})).toEqual([1]);
  expect(tree.mapWithPath((p, x: unknown) => [p.length, x], t, { isLeaf })).toEqual({ a: [1, null], b: [[2, 1], [2, null]] });
  expect(tree.reduce((n: number, x: number | null) => n + (x ?? 10), t, { initializer: 0, isLeaf })).toBe(21);
  expect(tree.reduce((n: number, x: number) => n + x, [1, 2], { initializer: 5 })).toBe(8);
  expect(() => tree.leaves(t, { isleaf: isLeaf } as never)).toThrow('expected isLeaf to be a function');
});
