import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { BrainStateError, environ, graph, jit, mixin, nn, numpy as np, ParamState, ShapeError, ShortTermState, State, util } from 'xlastate';
import { fixture } from '../support/nnFixture';

const printed: { cases: [name: string, args: unknown[], text: string][] } = JSON.parse(readFileSync(join(__dirname, '../fixtures/nnPrint.json'), 'utf8'));

// Settings of initialisers have no units here; functions have no addresses.
const expected = (name: string) => (fixture.texts[name] as string).replaceAll(/ZeroInit\(\n *unit=Unit\("1"\)\n *\)/g, 'ZeroInit()');

class Net extends nn.Module {
  b: nn.Linear;
  a: nn.Linear;
  k = [new nn.Linear(2, 2, { bInit: null }), 3];
  d = { x: new nn.ReLU(), y: 1.5 };
  f = true;
  t = [1, 2];
  s = 'hi';
  arr = np.ones([2, 2]);
  st = new ShortTermState(np.zeros([2]));
  none = null;
  constructor() {
    super({ name: 'net' });
    this.b = new nn.Linear(2, 2);
    this.a = this.b;
  }
}

test('modules print as BrainState prints them', () => {
  expect(new nn.Linear(3, 2).toString()).toBe(expected('linear'));
  expect(new nn.Linear(3, 2, { wMask: np.ones([3, 2]) }).toString()).toBe(expected('masked'));
  expect(new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU(), new nn.Dropout(0.5), nn.Linear.desc(1)).toString()).toBe(expected('sequential'));
  expect(inspect(nn.Linear.desc({ outSize: 3 }))).toBe(expected('describer').replace('out_size', 'outSize'));
  expect(new nn.URLSTMCell(2, 3).toString()).toBe(expected('urlstm'));
  expect(nn.initAllStates(new nn.GRUCell(2, 3), 4).toString()).toBe(expected('gru'));
  const net = new Net();
  expect(inspect(net)).toBe(expected('net'));
  const copy = graph.clone(net);
  expect([copy.name, copy.a === copy.b, copy.a.inSize]).toEqual(['net', true, [2]]);
  expect(() => {
    (net as { name: string }).name = 'other';
  }).toThrow('only a getter');
});

test.each(printed.cases)('%s %j prints as in BrainState', (name, args, text) => {
  const type = (nn as unknown as Record<string, new (...args: unknown[]) => object>)[name]!;
  expect(inspect(new type(...args))).toBe(text);
});

test('references to systems, frozen and dotted dictionaries, snapshots print as in BrainState', () => {
  environ.context({ dt: 0.1 }, () => {
    const system = new nn.Dynamics(3);
    expect(String(system.prefetch('v'))).toBe('Prefetch(\n  module=Dynamics(\n    in_size=(3,),\n    out_size=(3,)\n  ),\n  item=v\n)');
    expect(inspect(system.prefetchDelay('v', 0.3))).toMatch(/^PrefetchDelayAt\(\n {2}module=Dynamics\([\s\S]*'v-prefetch-delay-None': StateWithDelay\([\s\S]*target=Dynamics\(...\)[\s\S]*stateDelay=StateWithDelay\(...\)\n\)$/);
    const delay = new nn.Delay(np.zeros([3]), { time: 0.5, entries: { a: 0.3 } });
    expect(String(delay)).toBe("Delay(\n  target_info=ShapeDtypeStruct(shape=(3,), dtype=float32),\n  delay_method=rotation,\n  interp_method=linear,\n  max_time=0.5,\n  max_length=6,\n  update_every_step=1,\n  registered_entries={\n    'a': (3,)\n  }\n)");
  });
  expect(inspect(new util.FrozenDict({ a: 1, b: { c: 2 } }))).toBe("FrozenDict({\n  'a': 1,\n  'b': {\n    'c': 2\n  }\n})");
  expect(inspect(new util.DotDict({ a: 1, b: { c: 2 } }))).toBe("DotDict({'a': 1, 'b': DotDict({'c': 2})})");
  expect(String(new State([np.ones([2]), null], { foo: 3, name: 's' }))).toBe('State(\n  foo=3,\n  value=[\n    ShapedArray(float32[2]),\n    None\n  ],\n  name=s\n)');
  expect(inspect(new State(np.ones([1]), { name: 'q', tag: 't' }).toStateRef())).toMatch(/^TreefyState\(\n {2}type=State,\n {2}value=[\s\S]*,\n {2}name=q,\n {2}tag=\{'t'\}\n\)$/);
});

test('a module defines call or update, and each does the same', () => {
  class Doubled extends nn.Module {
    override update(x: np.Array) {
      return x.mul(2);
    }
  }
  const m = new Doubled();
  expect([m.call(np.array([1])), m.update(np.array([1])), jit(m as { call(x: np.Array): np.Array })(np.array([1]))].map(Number)).toEqual([2, 2, 2]);
  expect(new nn.ReLU().update(np.array([-1, 1])).js()).toEqual([0, 1]);
  expect(() => new nn.Module().update(1)).toThrow('Module: the module has no call method; define call(x)');
});

test('Sequential: sizes are passed on, layers are made from descriptions', () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), nn.relu, nn.Linear.desc(4, { bInit: null }), new nn.Tanh(), nn.Linear.desc({ outSize: 5 }));
  expect([net.inSize, net.outSize, net.length, [...net].length]).toEqual([[2], [5], 5, 5]);
  expect([...net.states(ParamState).keys()]).toEqual([['layers', 0, 'weight'], ['layers', 2, 'weight'], ['layers', 4, 'weight']]);
  expect((net.at(2) as nn.Linear).weight.value).not.toHaveProperty('bias');
  expect((net.call(np.ones([7, 2])) as np.Array).shape).toEqual([7, 5]);
  expect(net.at(-1)).toBe(net.layers[4]);
  const part = net.slice(0, 3);
  expect([part.outSize, part.at(0) === net.at(0), net.select([0, -1]).length, net.slice(9).length]).toEqual([[4], true, 2, 0]);
  net.append(nn.Linear.desc(6));
  net.extend([new nn.ReLU(), nn.Linear.desc(7)]);
  net.insert(1, nn.Linear.desc(3));
  net.insert(-1, new nn.Identity());
  expect([net.outSize, net.length, net.layers.map((l) => l.constructor.name)]).toEqual([[7], 10, ['Linear', 'Linear', 'Function', 'Linear', 'Tanh', 'Linear', 'Linear', 'ReLU', 'Linear', 'Identity']]);
  expect((net.call(np.ones([2])) as np.Array).shape).toEqual([7]);
  const empty = net.slice(99);
  expect(() => empty.append(nn.relu)).toThrow('empty');
  expect(() => empty.insert(0, nn.relu)).toThrow('expected a module');
  empty.insert(0, new nn.Linear(1, 2));
  expect([empty.inSize, empty.outSize]).toEqual([[1], [2]]);
  expect(() => new nn.Sequential(nn.relu as never)).toThrow('first layer');
  expect(() => new nn.Sequential(new nn.ReLU(), nn.Linear.desc(2))).toThrow('not known');
  expect(() => net.at(10)).toThrow('index');
  expect(() => net.insert(11, nn.relu)).toThrow('index');
});

test('an error of a layer names it and keeps its cause', () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), new nn.Linear(4, 1));
  let thrown: unknown;
  try {
    net.call(np.ones([2]));
  } catch (e) {
    thrown = e;
  }
  expect(thrown).toBeInstanceOf(BrainStateError);
  expect((thrown as Error).message).toContain('layer 1 failed');
  expect((thrown as Error).cause).toBeInstanceOf(ShapeError);
});

test('what is in a module: children, modules, parameters, snapshots', () => {
  const net = new Net();
  expect([...net.namedChildren()].map(([n]) => n).sort()).toEqual(['a', 'd.x', 'k.0']);
  expect([...net.children()]).toHaveLength(3);
  expect([...net.namedModules({ prefix: 'p' })].map(([n]) => n).sort()).toEqual(['p', 'p.a', 'p.d.x', 'p.k.0']);
  expect([...net.modules({ includeSelf: false })]).toHaveLength(3);
  expect([...net.namedParameters({ prefix: 'p' })].map(([n]) => n)).toEqual(['p.a.weight', 'p.k.0.weight']);
  expect([...net.parameters({ recurse: false })]).toHaveLength(0);
  expect([...net.a.parameters({ recurse: false })]).toEqual([net.a.weight]);
  expect(net.stateTrees(ParamState).toFlat().size).toBe(2);
  expect([net.regLoss(), [...net.paramModules()]]).toEqual([0, []]);
  expect(net.paramPrecompute(() => 7)).toBe(7);
  expect(() => net.call()).toThrow('no call method');
  expect(net.inSize).toBeNull();
});

test('states are made in order, with tags, and not where excluded', () => {
  const calls: string[] = [];
  class Part extends nn.Module {
    tag: string;
    h?: ShortTermState;
    constructor(tag: string) {
      super();
      this.tag = tag;
    }
    override initState(n: number): void {
      calls.push(this.tag);
      this.h = new ShortTermState(np.zeros([n]));
    }
  }
  class Late extends Part {}
  Late.prototype.initState = nn.callOrder(2)(function initState(this: Late) {
    calls.push(this.tag);
  });
  class Later extends Part {}
  Later.prototype.initState = nn.callOrder(5)(function initState(this: Later) {
    calls.push(this.tag);
  });
  class Whole extends Part {
    a = new Later('a');
    b = new Late('b');
    c = new Part('c');
  }
  const whole = new Whole('whole');
  const catcher = whole.initAllStates(3, { stateTag: 'made' });
  expect(calls).toEqual(['c', 'whole', 'b', 'a']);
  expect(catcher.getByTag('made')).toHaveLength(2);
  calls.length = 0;
  expect(nn.initAllStates(whole, 3, { nodeToExclude: Later })).toBe(whole);
  expect(calls).toEqual(['c', 'whole', 'b']);
  expect(() => nn.callAllFns(whole, 'missing')).toThrow("no method 'missing'");
  expect(nn.callAllFns(whole, 'missing', { fnIfNotExist: 'pass' })).toBe(whole);
  expect(() => nn.callOrder(10)).toThrow('[0, 10)');
  nn.callOrder(11, { checkOrderBoundary: false });
});

test('mixin: describers, joint types, modes', () => {
  const d = nn.Conv2d.desc(4, 3, { padding: 'VALID' });
  expect(d.init({ inSize: [5, 5, 2] }).outSize).toEqual([3, 3, 4]);
  expect([d instanceof mixin.ParamDescriber, d instanceof (mixin.ParamDescriber.of(nn.Conv2d) as never), d instanceof (mixin.ParamDescriber.of(nn.Linear) as never)]).toEqual([true, true, false]);
  expect([d instanceof (mixin.ParamDescriber.of(nn.Module) as never), d.identifier]).toEqual([true, [nn.Conv2d, [4, 3], { padding: 'VALID' }]]);
  class Neuron extends mixin.ParamDesc {
    size: number;
    tau: number;
    constructor(size: number, { tau = 10 }: { tau?: number } = {}) {
      super();
      this.size = size;
      this.tau = tau;
    }
  }
  const n = Neuron.desc(3, { tau: 5 });
  expect([n.init().tau, n.call({ tau: 7 }).tau, Neuron.desc({ tau: 1 }).init(4).size]).toEqual([5, 7, 4]);

  class A {}
  class B extends A {}
  const joint = mixin.JointTypes(A, B);
  const either = mixin.OneOfTypes(B, Neuron);
  expect([new B() instanceof joint, new A() instanceof joint, new A() instanceof either, new B() instanceof either]).toEqual([true, false, false, true]);
  expect([joint.equals(mixin.JointTypes(B, A)), joint.equals(either), mixin.JointTypes(A, A), String(joint)]).toEqual([true, false, A, 'JointTypes[A, B]']);
  expect(() => mixin.OneOfTypes()).toThrow('at least one');

  const mode = new mixin.JointMode(new mixin.Training(), new mixin.Batching({ batchSize: 8 }));
  expect([mode.has(mixin.Training), mode.has(mixin.Mode), mode.get('batchSize'), mode.get('other'), String(mode)]).toEqual([true, true, 8, undefined, 'JointMode(Training, Batching(in_size=8, axis=0))']);
  expect([mode.isA(mixin.JointTypes(mixin.Batching, mixin.Training)), mode.isA(mixin.Training), new mixin.Training().isA(mixin.Training), new mixin.Training().equals(new mixin.Training())]).toEqual([true, false, true, true]);
});

test('sizes that are not known are null; parameters of a module itself, and precomputed ones up to the end of a block', () => {
  class Net extends nn.Module {
    w = new ParamState(np.ones([2]));
    gain = new nn.Param(np.ones([2]), { t: new nn.SoftplusT(0) });
    part = new nn.Linear(2, 2);
  }
  const net = new Net();
  expect([net.inSize, net.outSize, new nn.Sequential(new Net()).inSize]).toEqual([null, null, null]);
  net.inSize = np.array(4, { dtype: 'int32' });
  expect(net.inSize).toEqual([4]);
  expect(() => { net.outSize = np.array(3); }).toThrow(/expected a size/);
  expect([...net.namedParameters({ recurse: false })].map(([name]) => name)).toEqual(['gain.val', 'w']);
  const block = net.paramPrecompute({ allowedHierarchy: [1, 1] });
  expect(net.gain.cacheStats.valid).toBe(true);
  block[Symbol.dispose]();
  expect(net.gain.cacheStats.valid).toBe(false);
  class Hidden extends nn.Module { static override graphInvisibleAttrs = ['secret']; }
  expect([new Hidden().prettyReprItem('secret', 1), new Hidden().prettyReprItem('other', 1)]).toEqual([null, ['other', 1]]);
});

test('collectives hand options on', () => {
  const got: unknown[] = [];
  class Part extends nn.Module {
    notMethod = 3;
    note(...args: unknown[]) { got.push(args); }
    override initState(options: { k: number }) { this.v = new State(np.zeros([options.k])); }
    declare v: State;
  }
  const part = new Part();
  nn.callAllFns(part, 'note', { args: [1], kwargs: { a: 2 } });
  nn.callAllFns(part, 'note', { kwargs: { a: 2 } });
  expect(got).toEqual([[1, { a: 2 }], [{ a: 2 }]]);
  expect(() => nn.callAllFns(part, 'note', { kwargs: [1] as never })).toThrow(/kwargs to be an object/);
  expect(() => nn.callAllFns(part, 'notMethod', { fnIfNotExist: 'pass' })).toThrow(/to be a method/);
  expect(nn.vmapInitAllStates(part, { axisSize: 4, k: 3 }).v.value.shape).toEqual([4, 3]);
  expect(() => nn.vmapInitAllStates(part, { axisSize: 4, inStates: {} })).toThrow(/were there before/);
  const cell = nn.initAllStates(new nn.GRUCell(1, 2), { batchSize: 3 });
  expect([cell.h.value.shape, nn.resetAllStates(cell, { batchSize: 5 }).h.value.shape, nn.vmapInitAllStates(cell, { axisSize: 4, batchSize: 2 }).h.value.shape]).toEqual([[3, 2], [5, 2], [4, 2, 2]]);
  expect(() => cell.initState({ batch: 3 } as never)).toThrow(/unknown option 'batch'/);
  expect([nn.callOrder(4)(() => null).callOrder, nn.callOrder({ level: -5, checkOrderBoundary: false })(() => null).callOrder]).toEqual([4, -5]);
  expect(util.filter.OfType(Part)(['p'], part)).toBe(true);
});
