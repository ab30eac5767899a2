import { ArgumentError, type Array, graph, nn, numpy as np, ParamState, ShortTermState, State, transform, tree, util } from '../../lib';

test('filters, with and without new', () => {
  const [p, s] = [new ParamState(1, { tag: 'x' }), new ShortTermState(2)];
  const takes = (f: util.Filter) => [util.toPredicate(f)(['a', 0], p), util.toPredicate(f)(['b'], s)];
  expect(takes(new util.OfType(ParamState))).toEqual([true, false]);
  expect(takes(util.WithTag('x'))).toEqual([true, false]);
  expect(takes(util.PathContains('b'))).toEqual([false, true]);
  expect(takes(util.Any(ParamState, util.PathContains('b')))).toEqual([true, true]);
  expect(takes(util.All(State, util.Not(ParamState)))).toEqual([false, true]);
  expect([takes(util.Everything()), takes(new util.Nothing())]).toEqual([[true, true], [false, false]]);
});

test('nested and flat maps', () => {
  const flat = util.flatMapping({ a: { b: 1, c: { d: 2 } }, e: 3, f: {} });
  expect(flat.entries()).toEqual([[['a', 'b'], 1], [['a', 'c', 'd'], 2], [['e'], 3]]);
  expect(util.nestMapping(flat).toPureDict()).toEqual({ a: { b: 1, c: { d: 2 } }, e: 3 });
  const joined = util.flatMapping({ a: { b: 1 }, f: {} }, { sep: '/', keepEmptyNodes: true });
  expect([...joined]).toEqual([['a/b', 1], ['f', {}]]);
  expect(util.nestMapping(joined as Map<string, unknown>, { sep: '/' }).get(['a', 'b'])).toBe(1);
  expect(util.flatMapping({ a: { b: 1 } }, { isLeaf: (path) => path.length === 1 }).entries()).toEqual([[['a'], { b: 1 }]]);
  expect(() => util.flatMapping(3 as never)).toThrow('got number 3');
  expect(() => util.nestMapping({ a: 1, 'a/b': 2 }, { sep: '/' })).toThrow('is below another path');
});

test('plain objects flattened, unflattened and merged', () => {
  const d = { a: { b: 1, c: {} }, d: 2 };
  expect(util.flattenDict(d)).toEqual({ 'a.b': 1, 'a.c': {}, d: 2 });
  expect(util.flattenDict(d, { sep: '/', parentKey: 'p' })).toEqual({ 'p/a/b': 1, 'p/a/c': {}, 'p/d': 2 });
  expect(util.unflattenDict(util.flattenDict(d))).toEqual(d);
  expect(() => util.flattenDict({ 'a.b': 1, a: { b: 2 } })).toThrow('two entries have the key \'a.b\'');
  expect(() => util.unflattenDict({ 'a..b': 1 })).toThrow('expected keys joined by');
  expect(() => util.unflattenDict({ a: 1, 'a.b': 2 })).toThrow('is below a key that has a value');
  expect(() => util.unflattenDict({ 'a.b': 2, a: 1 })).toThrow('is above another key');
  expect(util.mergeDicts({ a: { x: 1 } }, { a: { y: 2 }, b: 3 })).toEqual({ a: { x: 1, y: 2 }, b: 3 });
  expect(util.mergeDicts([{ a: { x: 1 } }, { a: { y: 2 } }], { recursive: false })).toEqual({ a: { y: 2 } });
  expect(() => util.mergeDicts({}, 3 as never)).toThrow('expected a plain object, got number 3');
});

test('frozen objects', () => {
  const f = util.freeze({ a: { b: np.ones([2]) }, c: 1 });
  expect([f.size, f.has('c'), f.keys(), f.get('a') instanceof util.FrozenDict]).toEqual([2, true, ['a', 'c'], true]);
  expect(util.freeze(f)).toBe(f);
  expect(() => { (f as unknown as { x: number }).x = 1; }).toThrow(TypeError);
  const doubled = tree.map((x: Array | number) => (typeof x === 'number' ? x + 1 : x.mul(2)), f) as util.FrozenDict;
  expect(((doubled.unfreeze().a as { b: Array }).b).toList()).toEqual([2, 2]);
  const [rest, c] = f.pop('c');
  expect([rest.keys(), c, f.copy({ d: 4 }).keys()]).toEqual([['a'], 1, ['a', 'c', 'd']]);
  expect(util.unfreeze({ x: util.freeze({ y: { z: 1 } }) })).toEqual({ x: { y: { z: 1 } } });
  expect([util.copy({ a: 1 }, { addOrReplace: { b: 2 } }), util.pop({ a: 1, b: 2 }, 'a')]).toEqual([{ a: 1, b: 2 }, [{ b: 2 }, 1]]);
  expect(() => f.pop('z')).toThrow('there is no key \'z\'');
});

test('DotDict', () => {
  const d = new util.DotDict({ a: { x: 1 }, list: [{ y: 2 }] });
  expect((d.a as util.DotDict).x).toBe(1);
  d.update({ a: { z: 3 }, b: 4 });
  expect(d.toDict()).toEqual({ a: { x: 1, z: 3 }, list: [{ y: 2 }], b: 4 });
  expect([d.get('q'), d.setdefault('q', 5), d.q]).toEqual([null, 5, 5]);
  expect(d.merge({ b: 1 }).toDict()).toEqual({ ...d.toDict(), b: 1 });
  expect(tree.leaves(new util.DotDict({ b: 1, a: 2 }))).toEqual([2, 1]);
  expect(() => new util.DotDict({ update: 1 })).toThrow('is the name of a method');
});

test('BoundedCache forgets what was not used for longest', () => {
  const c = new util.BoundedCache<string, number>({ maxsize: 2 });
  c.set('a', 1);
  c.set('b', 2);
  expect(c.get('a')).toBe(1);
  c.set('c', 3);
  expect([c.keys(), c.get('b'), c.get('b', { default: 7 })]).toEqual([['a', 'c'], undefined, 7]);
  expect(() => c.set('a', 5)).toThrow('there is a value for \'a\' already');
  c.replace('a', 5);
  expect([c.pop('a'), c.has('a'), c.size]).toEqual([5, false, 1]);
  expect(c.getStats()).toEqual({ size: 1, maxsize: 2, hits: 1, misses: 2, hitRate: expect.closeTo(100 / 3) as unknown });
  expect(() => c.get('z', { raiseOnMiss: true, errorContext: 'program' })).toThrow('there is no program \'z\'; there are \'c\'');
  expect(() => c.replace('z', 1)).toThrow('use set');
  c.clear();
  expect(c.getStats().hits).toBe(0);
  expect(() => new util.BoundedCache({ maxsize: -1 })).toThrow('maxsize');
});

test('names, parts and tests', () => {
  const first = util.getUniqueName('Layer');
  expect([util.getUniqueName('Layer', { prefix: 'my' }), first]).toEqual(['myLayer1', 'Layer0']);
  expect([util.splitTotal(10, 0.25), util.splitTotal(10, 3)]).toEqual([2, 3]);
  expect(() => util.splitTotal(10, 1.5)).toThrow('in [0, 1] or an integer up to 10');
  expect(() => util.splitTotal(0, 1)).toThrow('positive integer');
  expect([util.isInstanceEval(State)(new State(1)), util.notInstanceEval(State)(3)]).toEqual([true, true]);
});

test('what makes no map, no graph and no function is refused by name', () => {
  const as = (x: unknown) => x as never;
  for (const bad of [3, 'ab', null, [1], [['a']], () => 1]) {
    for (const make of [() => new util.FlattedDict(as(bad)), () => new util.NestedDict(as(bad)), () => new graph.RefMap(as(bad))]) expect(make).toThrow(/expected pairs of keys and values, got/);
    expect(() => graph.splitContext(as(bad === 3 ? bad : 3))).toThrow('graph.splitContext: expected a function, got number 3');
  }
  for (const bad of [3, 'ab', null]) expect(() => new util.DictManager(as(bad))).toThrow('DictManager: expected a Map, a plain object or pairs, got');
  for (const call of [
    () => graph.mergeContext(as(3)), () => graph.registerGraphNodeType(class A {}, as({}), as(1), as(1), as(1), as(1)), () => graph.iterLeaf([], as({ depth: 1 })), () => transform.drawDotGraph(as(3)), () => transform.closureConvert(as(3)), () => transform.namedScope('a', as(3)),
    () => transform.checkpoint(as(null)), () => (transform.whileLoop as (...args: unknown[]) => unknown)(3, 3, 0), () => nn.assignStateValues(as({}), {}), () => new nn.MultiMetric(as(null)), () => new nn.ChainedReg(as(3)), () => nn.scaledDotGeneral(1, 1, as(3)), () => new nn.DropoutFixed(as(undefined)),
  ]) expect(call).toThrow(ArgumentError);
  expect(transform.jit((x: number) => x, as(null))(2)).toBeDefined();
});

test('filters tell what made them, print as BrainState\'s, and refuse what they do not take', () => {
  const made = util.All(util.WithTag('a'), util.Not(util.OfType(ParamState)), util.PathContains(0), (_path) => true);
  expect(String(made)).toBe("All(WithTag('a'), Not(OfType(ParamState)), PathContains(0), <function <lambda>>)");
  const is = (f: unknown, type: unknown) => f instanceof (type as typeof Object);
  expect([is(util.toPredicate('a'), util.WithTag), is(util.toPredicate(null), util.Nothing), is(util.toPredicate(['a']), util.Any), is(util.toPredicate('a'), util.Any)]).toEqual([true, true, true, false]);
  expect(() => util.WithTag(['a'] as never)).toThrow('WithTag: expected a tag');
  expect(() => util.OfType('a' as never)).toThrow('OfType: expected a class');
});

test('nested and flat maps: made of plain objects, changed in place, merged with each other', () => {
  const nested = new util.NestedDict<unknown>({ a: new ParamState(1), b: { c: 2, e: {} } });
  nested.set('b.d', 3).set(['x', 0], 4);
  expect([nested.delete('b.c'), nested.delete('b.c'), nested.get('x.0'), nested.toFlat().keys()]).toEqual([true, false, 4, [['a'], ['b', 'd'], ['x', 0]]]);
  expect(() => nested.set('b.d.e', 1)).toThrow("a value at 'b.d'");
  expect(nested.replaceByPureDict({ a: 10, b: { d: 30 } })).toBe(nested);
  expect([(nested.get('a') as ParamState).value.item(), nested.get('b.d')]).toEqual([10, 30]);
  expect(() => nested.replaceByPureDict({ b: { d: 1, z: 2 } })).toThrow("nothing at 'b.z'");
  expect(nested.get('b.d')).toBe(30);
  expect(util.NestedDict.merge(new util.NestedDict({ a: 1 }), new util.FlattedDict({ 'b.c': 2 })).toPureDict()).toEqual({ a: 1, b: { c: 2 } });
  const ref = graph.treefyStates(new nn.Linear(2, 3)).toPureDict() as { weight: { value: { bias: Array } } };
  expect(ref.weight.value.bias.shape).toEqual([3]);

  const flat = util.FlattedDict.fromNest<unknown>({ w: new State(1), n: { k: 2 } });
  flat.assignDictValues({ w: 5, 'n.k': 6 });
  expect([(flat.get('w') as State).value.item(), flat.set('a', 1).keys(), flat.delete('n.k')]).toEqual([5, [['a'], ['n', 'k'], ['w']], true]);
  expect(() => flat.assignDictValues({ w: 5 })).toThrow("no value for 'a'");
  expect(flat.split('...', '...').map((d) => d.size)).toEqual([2, 0]);
});

test('DictManager: several classes, values by what they are, trees; DotDict of pairs', () => {
  const d = new util.DictManager<string, unknown>({ y: [1], x: new Map(), z: new Set() });
  expect([[...d.subset([Map, Set]).keys()], [...d.notSubset(Map).keys()], [...d.differenceByValues([[1]], { by: 'value' }).keys()], d.intersectionByValues([[1]]).size]).toEqual([['x', 'z'], ['y', 'z'], ['x', 'z'], 0]);
  expect(() => d.popByValues([], { by: 'name' as never })).toThrow("expected by to be 'id' or 'value'");
  const doubled = tree.map((x: Array) => x.mul(2), new util.DictManager({ b: np.array([1]), a: np.array([2]) })) as unknown as util.DictManager<string, Array>;
  expect(doubled).toBeInstanceOf(util.DictManager);
  expect([...doubled].map(([k, v]) => [k, v.js()])).toEqual([['b', [2]], ['a', [4]]]);
  expect(String(d)).toBe("DictManager({'y': [ 1 ], 'x': Map(0) {}, 'z': Set(0) {}})");
  const dots = new util.DotDict([['a', { b: 1 }]]);
  const copy = dots.deepcopy() as { a: { b: number } } & util.DotDict;
  copy.update(new Map([['a', { c: 2 }]]));
  copy.a.b = 3;
  expect([copy.toDict(), dots.toDict()]).toEqual([{ a: { b: 3, c: 2 } }, { a: { b: 1 } }]);
  expect(() => dots.update(3 as never)).toThrow('util.DotDict.update: expected a plain object');
});
