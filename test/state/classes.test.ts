import {
  ArgumentError, type Array, catchNewStates, checkStateValueTree, DictManager, FakeState, graph, HiddenGroupState, HiddenState, HiddenTreeState, init, jit, lax, NewStateCatcher, numpy as np, ParamState, ShortTermState, State,
  StateDictManager, StateTraceStack, TraceContextError, tree, TreeError, TreefyState,
} from '../../lib';

test('HiddenState tells its shape', () => {
  const h = new HiddenState(np.zeros([2, 3]));
  expect([h.varshape, h.numState]).toEqual([[2, 3], 1]);
});

test('HiddenGroupState keeps hidden states along the last axis', () => {
  const g = new HiddenGroupState(np.reshape(np.arange(6), [3, 2]));
  expect([g.varshape, g.numState, g.name2index]).toEqual([[3], 2, { 0: 0, 1: 1 }]);
  expect([g.getValue(1).toList(), g.getValue('0').toList(), g.getValue(-1).toList()]).toEqual([[1, 3, 5], [0, 2, 4], [1, 3, 5]]);
  g.setValue({ 1: np.asarray([7, 8, 9]) });
  expect(g.value.toList()).toEqual([[0, 7], [2, 8], [4, 9]]);
  g.setValue([np.asarray([1, 1, 1]), np.asarray([2, 2, 2])]);
  expect(g.value.toList()).toEqual([[1, 2], [1, 2], [1, 2]]);
  expect(() => new HiddenGroupState(np.zeros([2]))).toThrow('at least two dimensions');
  expect(() => g.getValue(2)).toThrow('expected an index in [-2, 2), got number 2');
  expect(() => g.getValue('x')).toThrow('there is no hidden state \'x\'');
  expect(() => g.setValue([np.zeros([2])])).toThrow('expected the hidden state \'0\' to be of shape [3], got f32[2]');
  expect(() => g.setValue({})).toThrow('at least one');
});

test('HiddenTreeState keeps hidden states by name', () => {
  const t = new HiddenTreeState({ v: np.asarray([1, 2]), u: np.asarray([3, 4]) });
  expect([t.value.toList(), t.numState, t.varshape, t.name2index]).toEqual([[[1, 3], [2, 4]], 2, [2], { v: 0, u: 1 }]);
  t.setValue({ u: np.asarray([5, 6]) });
  expect([t.getValue('u').toList(), t.getValue(0).toList()]).toEqual([[5, 6], [1, 2]]);
  expect(t).toBeInstanceOf(HiddenState);
  expect(() => new HiddenTreeState({ v: np.zeros([1]), u: np.zeros([2]) })).toThrow('of one shape');
  expect(() => new HiddenTreeState({ v: 3 as never })).toThrow('expected an array for \'v\', got number 3');
});

test('FakeState is no state', () => {
  const f = new FakeState(3, { name: 'f' });
  f.value = 4;
  expect([f.value, f.name, f instanceof State]).toEqual([4, 'f', false]);
});

test('snapshots of states, and back', () => {
  const s = new ParamState(np.ones([2]), { name: 'w', tag: 'x', note: 1 });
  const ref = s.toStateRef();
  expect([ref instanceof TreefyState, ref.type, ref.name]).toEqual([true, ParamState, 'w']);
  const doubled = tree.map((x: Array) => x.mul(2), ref) as TreefyState<Array>;
  const t = new ParamState(np.zeros([2]));
  t.updateFromRef(doubled);
  expect([t.value.toList(), t.name, [...t.tag!], t.metadata.note]).toEqual([[2, 2], 'w', ['x'], 1]);
  expect(s.value.toList()).toEqual([1, 1]);
});

test('DictManager', () => {
  const [a, b] = [new ParamState(1), new ShortTermState(2)];
  const d = new DictManager<string, State>({ a, b, c: a });
  expect([...d.subset(ParamState).keys()]).toEqual(['a', 'c']);
  expect([...d.subset((s) => s === b).keys()]).toEqual(['b']);
  expect([...d.notSubset(ParamState).keys()]).toEqual(['b']);
  expect([...d.unique().keys()]).toEqual(['a', 'b']);
  expect(d.split(ParamState).map((p) => [...p.keys()])).toEqual([['a', 'c'], ['b']]);
  expect([d.addUniqueValue('z', a), d.addUniqueValue('d', new State(4))]).toEqual([false, true]);
  expect(() => d.addUniqueKey('a', b)).toThrow('key \'a\' already has another value');
  expect([...d.mapKeys((k) => k + k).keys()]).toEqual(['aa', 'bb', 'cc', 'dd']);
  expect(() => d.mapKeys(() => 'x')).toThrow('two keys became x');
  expect([...d.differenceByKeys(['a']).keys()]).toEqual(['b', 'c', 'd']);
  expect([...d.differenceByValues([a]).keys()]).toEqual(['b', 'd']);
  expect([...d.intersectionByKeys(['a', 'q']).keys()]).toEqual(['a']);
  expect([...d.intersectionByValues([a]).keys()]).toEqual(['a', 'c']);
  expect([...d.filterByPredicate((k) => k > 'b').keys()]).toEqual(['c', 'd']);
  expect(d.merge({ a: b }).get('a')).toBe(b);
  d.popByValues([a]);
  d.popByKeys(['d']);
  d.assign({ e: a });
  expect([...d.unique_().keys()]).toEqual(['b', 'e']);
  expect(d.toDict()).toEqual({ b, e: a });
});

test('StateDictManager', () => {
  const d = new StateDictManager({ a: new ParamState(1) as State<unknown>, b: new ShortTermState(2) as State<unknown> });
  d.assignValues({ a: 5 });
  expect((d.collectValues().get('a') as Array).item()).toBe(5);
  expect(d.splitValues(ParamState).map((p) => [...p.keys()])).toEqual([['a'], ['b']]);
  expect((d.toDictValues().b as Array).item()).toBe(2);
  expect(() => d.assignValues({ q: 1 })).toThrow('there is no state \'q\'');
  expect(() => d.addUniqueKey('x', 3 as never)).toThrow('expected a State, got number 3');
});

test('a recorder gives values by what was done to the states', () => {
  const [a, b, c] = [new State(1), new ParamState(2), new State(3)];
  const first = new StateTraceStack({ name: 'outer' });
  first.run(() => {
    void a.value;
    b.value = 4;
  });
  const item = (x: unknown) => (x === null ? null : (x as Array).item());
  expect(first.getStateValues({ separate: true, replace: true }).map((v) => v.map(item))).toEqual([[null, 4], [1, null]]);
  expect([first.getStateValues().map(item), first.getWriteStateValues().map(item), first.getReadStateValues().map(item)]).toEqual([[1, 4], [4], [1]]);
  expect([first.getWriteStates({ replaceRead: true }), first.getReadStates()]).toEqual([[null, b], [a]]);
  expect([first.originalStateValues.map(item), first.stateSubset(ParamState)]).toEqual([[1, 2], [b]]);
  const second = new StateTraceStack();
  second.run(() => {
    a.value = 5;
    void c.value;
  });
  expect([first.merge(second).states.map((s) => first.wasWritten(s)), first.states.length]).toEqual([[true, true, false], 3]);
  first.assignStateVals([np.asarray(7), np.asarray(8), np.asarray(9)]);
  expect([a, b, c].map((s) => s.value.item())).toEqual([7, 8, 9]);
  expect(() => first.assignStateVals([1])).toThrow('expected 3 values, got 1');
  const strict = new StateTraceStack({
    checkRead: (s) => {
      if (s === b) throw new Error('b is not to be read');
    },
  });
  strict.run(() => {
    a.value = a.value.add(1);
    expect(() => b.value).toThrow('b is not to be read');
  });
  strict.recoveryOriginalValues();
  expect(a.value.item()).toBe(7);
});

test('snapshots take values from plain objects', () => {
  const net = { l: { w: new ParamState(np.ones([2])), n: new State(1) } };
  const taken = graph.treefyStates(net).replaceByPureDict({ l: { w: np.zeros([2]) } });
  graph.updateStates(net, taken);
  expect([net.l.w.value.toList(), net.l.n.value.item()]).toEqual([[0, 0], 1]);
  expect(() => taken.replaceByPureDict({ l: { q: 1 } })).toThrow('there is nothing at \'l.q\'');
});

test('new states are caught by filter and tag; the catcher takes and gives up states', () => {
  const { result, catcher } = catchNewStates(() => [new ParamState(1), new State(2), new ShortTermState(3)], { stateTag: 'new', stateToExclude: ParamState });
  expect([catcher.length, catcher.getByTag('new').length, result[0]!.tag]).toEqual([2, 2, null]);
  expect([...catcher]).toEqual(result.slice(1));
  catcher.append(result[1]!);
  expect(catcher.length).toBe(2);
  catcher.remove(result[1]!);
  expect(catcher.getStates()).toEqual([result[2]]);
  expect(() => catcher.remove(result[1]!)).toThrow(ArgumentError);
  catcher.clear();
  expect(catcher.length).toBe(0);
  const own = new NewStateCatcher({ stateToExclude: 'old' });
  own.append(new State(1, { tag: 'old' }));
  own.append(result[0]!);
  expect(own.getStates()).toEqual([result[0]]);
});

test('what is no option, or no options, is refused', () => {
  const F = catchNewStates as unknown as (...args: unknown[]) => unknown;
  for (const call of [
    () => F(() => 1, { tag: 'x' }), () => F(() => 1, 'x'), () => F({ stateTag: 'x' }), () => F(() => 1, { stateTag: 3 }), () => new StateTraceStack({ nme: 'x' } as never), () => new StateTraceStack(3 as never),
    () => new State(1, 'name' as never), () => new State(1).registerHook('read', () => 1, { prio: 1 } as never), () => new State(1).registerHook('read', () => 1, 3 as never),
  ]) expect(call).toThrow(ArgumentError);
});

test('a restored value lasts as long as the trace, an updated one as its snapshot says', () => {
  const s = new State<Array>(np.zeros([2]));
  const restore = jit((x: Array) => {
    s.restoreValue(x.mul(2));
    return s.value;
  });
  expect([restore(np.ones([2])).js(), s.value.js()]).toEqual([[2, 2], [0, 0]]);
  const update = (p: ParamState) => jit((x: Array) => {
    p.updateFromRef(p.toStateRef().replace(x));
    return p.value;
  })(np.ones([2])).js();
  const [fresh, written] = [new ParamState(np.zeros([2])), new ParamState(np.zeros([2]))];
  written.value = np.full([2], 3);
  expect([update(fresh), fresh.value.js(), update(written), written.value.js()]).toEqual([[1, 1], [0, 0], [1, 1], [1, 1]]);
});

test('the innermost check of structures decides; copies by replace; a function of the value leaves the state', () => {
  const s = new State<unknown>(np.zeros([2]), { name: 's', tag: 't' });
  checkStateValueTree(() => {
    checkStateValueTree(() => {
      s.value = { a: np.zeros([2]), b: [np.ones([1])] };
    }, false);
    expect(() => {
      s.value = np.zeros([2]);
    }).toThrow(TreeError);
  });
  expect((s.valueCall((x) => x.add(1)) as { b: Array[] }).b[0]!.js()).toEqual([2]);
  expect((s.value as { b: Array[] }).b[0]!.js()).toEqual([1]);
  const [a, b] = [new State<Array>(np.zeros([2])), new State<Array>(np.ones([2]))];
  expect([a.replace(np.ones([1])).value.js(), a.replace({ value: np.ones([1]), name: 'n' }).name, a.replace(b) === b, a.value.js()]).toEqual([[1], 'n', true, [0, 0]]);
  expect(() => a.replace(new ParamState(np.ones([2])))).toThrow('expected a State, got a ParamState');
  expect(ParamState.init(new init.Constant(2), 3, { batchSize: 2, tag: 'w' }).value.js()).toEqual([[2, 2, 2], [2, 2, 2]]);
  expect(() => lax.scan((c: Array, x: Array) => {
    a.value = x;
    return [c, x];
  }, np.zeros([2]), np.ones([3, 2]))).toThrow(TraceContextError);
  const kept: { s?: State } = {};
  jit((x: Array) => {
    kept.s = new State(x.mul(2));
    return kept.s.value;
  })(1);
  expect(() => kept.s!.numel()).toThrow(TraceContextError);
});

test('hidden states by name, position or key; catchers as lists', () => {
  const t = new HiddenTreeState({ v: np.zeros([2]), i: np.ones([2]) });
  t.setValue({ 0: np.full([2], 5) });
  expect(t.getValue('v').js()).toEqual([5, 5]);
  expect(() => t.setValue(new Map([[-1, np.ones([2])]]))).toThrow('expected an index in [0, 2), got -1');
  expect(() => t.setValue({ 1.5: np.ones([2]) })).toThrow("'1.5'");
  expect(String(new FakeState([1]))).toBe('FakedState(value=[ 1 ])');
  const { catcher } = catchNewStates(() => [new State(1), new State(2)]);
  const [first] = catcher.getStates();
  expect([catcher.has(first!), catcher.at(-1)!.numel(), catcher.values.map(String)]).toEqual([true, 1, ['1', '2']]);
  const ref = new TreefyState(ParamState as typeof State, np.ones([2]), { name: 'w', tag: ['a'], unit: 'mV' });
  expect(ref.replace(np.zeros([2])).toState()).toMatchObject({ name: 'w', tag: new Set(['a']), metadata: { unit: 'mV' } });
});
