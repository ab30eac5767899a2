import { type Array, graph, jit, nn, numpy as np, optim, ParamState, ShortTermState, State, tree, type util } from '../../lib';

const names = (d: { keys(): readonly (readonly (string | number)[])[] }) => d.keys().map((p) => p.join('.'));

class Sub extends nn.Module {
  w = new ParamState(np.ones([1]));
  _h = new ShortTermState(np.ones([2]));
}

// The paths that BrainState 0.5.4 gives for the same class.
const PATHS = ['_d._b._h', '_d._b.w', '_d.a', '_l.0', '_l.1._h', '_l.1.w', '_m._h', '_m.w', '_s', 'o.q._z', 't.0._h', 't.0.w', 'x'];

class Underscored extends nn.Module {
  _s = new ParamState(np.ones([1]));
  _m = new Sub();
  _l = [new ParamState(np.ones([3])), new Sub()];
  _d = { a: new ParamState(np.ones([4])), _b: new Sub(), _n: 3 };
  x = new ParamState(np.ones([1]));
  t = [new Sub()];
  o = { q: { _z: new ParamState(np.ones([1])) } };
}

describe('names that begin with an underscore', () => {
  test('are found by states, nodes and snapshots alike', () => {
    const m = new Underscored();
    expect(names(m.states())).toEqual(PATHS);
    expect(names(graph.treefyStates(m).toFlat())).toEqual(PATHS);
    expect(m.nodes().keys().map((p) => p.join('.'))).toEqual(['_d._b', '_l.1', '_m', 't.0', '']);
    expect(names(graph.clone(m).states())).toEqual(PATHS);
  });

  test('are printed without it, as BrainState does', () => {
    expect(String(new Sub())).toBe('Sub(\n  w=ParamState(\n    value=ShapedArray(float32[1])\n  ),\n  h=ShortTermState(\n    value=ShapedArray(float32[2])\n  )\n)');
  });

  test('graphInvisibleAttrs hides from states, snapshots and copies', () => {
    class Z extends graph.Node {
      static override graphInvisibleAttrs = ['h'];
      h? = new State(1);
      _g = new State(2);
    }
    const z = new Z();
    expect(names(z.states())).toEqual(['_g']);
    expect(names(graph.treefyStates(z).toFlat())).toEqual(['_g']);
    expect(graph.clone(z).h).toBeUndefined();
  });
});

class Net extends nn.Module {
  l1 = new nn.Linear(2, 3);
  tied = this.l1.weight;
  list: unknown[] = [new nn.Linear(3, 1), { scale: 2, s: new State(1) }];
  m = new Map<string, unknown>([['x', new State(3)]]);
  settings = { depth: [1, 2] };
  self: unknown = this;
}

describe('the structure of a graph', () => {
  test('is a table of nodes, with edges to nodes, states and values', () => {
    const [def, states] = graph.flatten(new Net());
    expect(def.type).toBe(Net);
    expect(def.root).toEqual(new graph.NodeEdge(0));
    expect(def.nodeSpecs.map((s) => s.type.name)).toEqual(['Net', 'Linear', 'Linear']);
    const fields = Object.fromEntries(def.nodeSpecs[0]!.fields) as Record<string, graph.Edge>;
    expect(fields.tied).toEqual(new graph.StateEdge(2, null, ParamState));
    expect(fields.self).toEqual(new graph.NodeEdge(0));
    expect(fields.settings).toBeInstanceOf(graph.PytreeEdge);
    expect(names(states.toFlat())).toEqual(['l1.weight', 'list.0.weight', 'list.1.s', 'm.x']);
    expect(String(def)).toContain('tied=ParamState#2');
  });

  test('is equal for equal graphs', () => {
    expect(graph.graphdef(new Net()).equals(graph.graphdef(new Net()))).toBe(true);
    const other = new Net();
    other.settings.depth = [1, 3];
    expect(graph.graphdef(new Net()).equals(graph.graphdef(other))).toBe(false);
    expect(tree.leaves(graph.graphdef(other))).toEqual([]);
    expect(tree.structure(new graph.Static(1)).equals(tree.structure(new graph.Static(2)))).toBe(false);
  });

  test('a copy shares what the original shares, and nothing with it', () => {
    const net = new Net();
    const copy = graph.clone(net);
    expect([copy.tied === copy.l1.weight, copy.self === copy, copy instanceof Net]).toEqual([true, true, true]);
    expect(copy.tied.value.weight).toBe(net.tied.value.weight);
    copy.settings.depth.push(3);
    copy.l1.inSize = 7;
    expect([net.settings.depth, net.l1.inSize]).toEqual([[1, 2], [2]]);
    expect(String(copy.l1)).not.toBe(String(net.l1));
    expect((copy.list[1] as { scale: number }).scale).toBe(2);
    expect((copy.m.get('x') as State).value.item()).toBe(3);
    const box = { both: [net.settings, net.settings] };
    const [a, b] = graph.clone(box).both;
    expect(a).toBe(b);
  });

  test('needs its states', () => {
    const [def, states] = graph.treefySplit(new Net(), ParamState, '...');
    expect(() => graph.unflatten(def, states!)).toThrow('expected a state at \'list.1.s\'');
    expect(() => graph.unflatten(3 as never)).toThrow('expected a GraphDef, got number 3');
    expect(() => graph.flatten(3)).toThrow('graph.flatten: expected a node');
  });

  test('is filled anew in the same objects', () => {
    const net = new Net();
    const index = new graph.RefMap<object, number>();
    const [def, states] = graph.flatten(net, { refIndex: index });
    const cache = new Map([...index].map(([x, i]) => [i, x]));
    net.m.set('x', 1);
    net.l1.weight.value = { weight: np.zeros([2, 3]), bias: np.zeros([3]) };
    expect(graph.unflatten(def, states, { indexRefCache: cache })).toBe(net);
    expect(net.m.get('x')).toBe([...index.keys()].find((x) => x instanceof State && !(x instanceof ParamState) && (x.value as np.Array).item() === 3));
    expect(np.any(net.l1.weight.value.weight).item()).toBe(true);
  });
});

test('leaves and nodes one by one', () => {
  const net = new Net();
  expect([...graph.iterNode(net)].map(([p]) => p.join('.'))).toEqual(['l1', 'list.0', '']);
  expect([...graph.iterNode(net, { allowedHierarchy: [0, 0] })].map(([p]) => p.join('.'))).toEqual(['']);
  const leaves = new Map([...graph.iterLeaf(net)].map(([p, v]) => [p.join('.'), v]));
  expect([leaves.get('list.1.scale'), leaves.get('m.x') instanceof State, leaves.has('tied')]).toEqual([2, true, false]);
});

describe('private fields', () => {
  class Base extends nn.Module {
    w = new ParamState(np.ones([1]));
  }
  class Secret extends Base {
    #count = 0;
    next() { return this.#count++; }
  }
  class Shared extends nn.Module {
    static #made = 0;
    w = new ParamState(np.ones([1]));
    n = Shared.#made++;
  }

  test('a copy of such an object is an error that says what to do, not an object that fails later', () => {
    const s = new Secret();
    s.next();
    expect(names(graph.treefyStates(s).toFlat())).toEqual(['w']);
    expect(() => graph.clone(s)).toThrow('a Secret cannot be made without its constructor, as it has the private field #count');
    class Below extends Secret {}
    expect(() => graph.clone(new Below())).toThrow('a Below cannot be made without its constructor');
    expect(graph.clone(new Shared()).w.value.item()).toBe(1);
  });

  test('a class can say how it is made', () => {
    class Counter extends Base {
      #count = 3;
      get count() { return this.#count; }
    }
    graph.registerGraphNodeType(
      Counter,
      (c) => ({ items: [['w', c.w]], metadata: null }),
      (c, k, v) => { Object.assign(c, { [k]: v }); },
      (c, k) => { const v = (c as unknown as Record<string, unknown>)[k]; delete (c as unknown as Record<string, unknown>)[k]; return v; },
      () => new Counter(),
      (c) => { Object.assign(c, { w: undefined }); },
    );
    const c = new Counter();
    c.w.value = np.full([1], 5);
    const copy = graph.clone(c);
    expect([copy.count, copy.w.value.toList(), copy.w === c.w]).toEqual([3, [5], false]);
  });
});

test('instances of registered classes are nodes', () => {
  class Bag {
    items = new Map<string, unknown>();
  }
  const register = () => graph.registerGraphNodeType(
    Bag,
    (b) => ({ items: [...b.items].sort(([x], [y]) => (x < y ? -1 : 1)), metadata: 'm' }),
    (b, k, v) => { b.items.set(String(k), v); },
    (b, k) => { const v = b.items.get(String(k)); b.items.delete(String(k)); return v; },
    (m) => { expect(m).toBe('m'); return new Bag(); },
    (b) => b.items.clear(),
  );
  register();
  expect(register).toThrow('Bag is registered already');
  const bag = new Bag();
  bag.items.set('w', new ParamState(np.ones([2]))).set('h', new ShortTermState(np.zeros([1])));
  const holder = { bag };
  expect(names(graph.states(holder) as never)).toEqual(['bag.h', 'bag.w']);
  const copy = graph.clone(holder);
  expect(copy.bag).toBeInstanceOf(Bag);
  expect(copy.bag.items.get('w')).not.toBe(bag.items.get('w'));
  graph.updateStates(holder, graph.treefyStates(copy));
  expect(names((graph.popStates(holder, ShortTermState) as never as { toFlat(): { keys(): string[][] } }).toFlat())).toEqual(['bag.h']);
  expect([...bag.items.keys()]).toEqual(['w']);
});

describe('several graphs', () => {
  test('split and merged together keep what they share', () => {
    const shared = new nn.Linear(2, 2);
    const [a, b] = [{ shared, own: new State(1) }, { shared, own: new State(2) }];
    const parts = graph.splitContext((ctx, refs) => {
      const p = [ctx.treefySplit(a), ctx.treefySplit(b)] as const;
      expect(refs.has(shared)).toBe(true);
      return p;
    });
    expect(parts.map(([, s]) => names(s!.toFlat()))).toEqual([['own', 'shared.weight'], ['own']]);
    const [c, d] = graph.mergeContext((ctx) => parts.map(([def, ...s]) => ctx.treefyMerge(def, ...s) as typeof a));
    expect(c!.shared).toBe(d!.shared);
    expect(c!.shared).not.toBe(shared);
    expect([c!.own.value.item(), d!.own.value.item()]).toEqual([1, 2]);
  });

  test('become trees and graphs again', () => {
    const shared = new ParamState(np.asarray(2));
    class One extends nn.Module {
      w = shared;
    }
    const [t, states] = graph.graphToTree({ a: new One(), b: [new One(), 5] });
    expect(states.keys()).toEqual([[1]]);
    const doubled = tree.map((x: np.Array | number) => (typeof x === 'number' ? x : x.mul(2)), t);
    const back = graph.treeToGraph(doubled) as { a: One; b: [One, number] };
    expect([back.a.w.value.item(), back.a.w === back.b[0].w, back.b[1], shared.value.item()]).toEqual([4, true, 5, 2]);
    expect(() => graph.graphToTree({ a: new One(), b: new One() }, { prefix: { a: 1, b: 2 } })).toThrow('is shared, but has different prefixes: 1 at \'w\', 2 at \'w\'');
    const [marked] = graph.graphToTree([new One(), 7], { prefix: 'p', splitFn: (_, path, prefix) => `${prefix}${String(path)}`, mapNonGraphNodes: true });
    expect(marked).toEqual(['p0', 'p1']);
    expect(() => graph.treeToGraph([3], { isNodeLeaf: () => true })).toThrow('expected a NodeStates');
  });
});

test('a copy of an optimiser goes on by itself', () => {
  const [w, v] = [new ParamState(np.asarray(1)), new ParamState(np.asarray(1))];
  const opt = new optim.SGD({ lr: 0.5 });
  opt.registerTrainableWeights({ w });
  opt.addParamGroup({ v }, { lr: 0.25 });
  const ones = { w: np.asarray(1), v: np.asarray(1) };
  opt.update(ones);
  const copy = graph.clone(opt);
  copy.paramGroups[1]!.lr.value = np.asarray(1, { dtype: 'float32' });
  copy.update(ones);
  // The parameters are the same; the group's rate and the number of steps are the copy's own.
  expect([w.value.item(), v.value.item()]).toEqual([0, -0.25]);
  expect([opt.stepCount.value.item(), copy.stepCount.value.item()]).toEqual([1, 2]);
  opt.update(ones);
  expect([w.value.item(), v.value.item()]).toEqual([-0.5, -0.5]);
});

test('nodes are a map in the order in which they are met; null is no leaf; plain nodes print what they hold', () => {
  class Holder extends graph.Node {
    static override readonly graphInvisibleAttrs = ['hidden'];
    b = new nn.Linear(2, 3);
    a: graph.Node & { sub?: graph.Node } = new nn.Linear(3, 4);
    none = null;
    hidden = 1;
    _size = 2;
  }
  const h = new Holder();
  h.a.sub = new nn.Linear(1, 1);
  const all = graph.nodes(h);
  expect([all.keys(), all.get('a.sub') === h.a.sub, all.get([]) === h]).toEqual([[['a', 'sub'], ['a'], ['b'], []], true, true]);
  const [linear, rest] = graph.nodes(h, nn.Linear, '...') as util.FlattedDict<graph.Node>[];
  expect([linear!.keys(), rest!.keys(), h.nodes({ allowedHierarchy: [1, 1] }).keys()]).toEqual([[['a', 'sub'], ['a'], ['b']], [[]], [['a'], ['b']]]);
  expect([...graph.iterLeaf(h, { allowedHierarchy: [0, 0] })]).toEqual([[['_size'], 2]]);
  expect(String(h)).toMatch(/^Holder\(\n {2}b=Linear\([\s\S]*,\n {2}_size=2\n\)$/);
  expect(String(h)).not.toMatch(/hidden|none/);
  expect(() => graph.flatten(h, { refIndex: {} as never })).toThrow('expected refIndex to be a RefMap');
});

test('updateStates under jit keeps the values of states that had been written', () => {
  const layer = new nn.Linear(2, 2);
  const double = (x: Array) => graph.updateStates(layer, tree.map((v: Array) => v.mul(x), graph.treefyStates(layer) as never) as never);
  const step = jit((x: Array) => {
    double(x);
    return layer.weight.value.bias;
  });
  layer.weight.value = { weight: np.ones([2, 2]), bias: np.ones([2]) };
  expect((step(3) as Array).js()).toEqual([3, 3]);
  expect(layer.weight.value.bias!.js()).toEqual([3, 3]);
});
