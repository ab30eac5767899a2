import {
  type Array, clearStateHooks, forLoop, GlobalHookRegistry, grad, hasStateHooks, HookCancellationError, HookConfig, HookExecutionError, HookManager, HookRegistrationError, jit, listStateHooks, numpy as np, ParamState,
  registerStateHook, State, unregisterStateHook, vmap,
} from '../../lib';

const item = (x: unknown) => (x as Array).item();

afterEach(() => GlobalHookRegistry.reset());

describe('hooks of a state', () => {
  test('see reads, writes and restores', () => {
    const s = new State(1, { name: 's' });
    const log: unknown[] = [];
    s.registerHook('read', (c) => log.push(['read', c.stateName, item(c.value)]));
    s.registerHook('write_before', (c) => log.push(['before', item(c.value), item(c.oldValue), item(c.state.current())]));
    s.registerHook('write_after', (c) => log.push(['after', item(c.value), item(c.oldValue), item(c.state.current())]));
    s.registerHook('restore', (c) => log.push(['restore', item(c.value), item(c.oldValue)]));
    s.value = s.value.add(1);
    s.restoreValue(np.asarray(7));
    expect(log).toEqual([['read', 's', 1], ['before', 2, 1, 1], ['after', 2, 1, 2], ['restore', 7, 2]]);
    expect(s.listHooks().length).toBe(4);
    s.clearHooks();
    expect(s.hasHooks()).toBe(false);
  });

  test('run by priority, then in order, each with what those before made of the value', () => {
    const s = new State(1);
    const order: string[] = [];
    s.registerHook('write_before', (c) => { order.push('b'); c.transformedValue = (c.transformedValue as Array).mul(10); });
    s.registerHook('write_before', (c) => { order.push('c'); expect(item(c.value)).toBe(2); c.transformedValue = (c.transformedValue as Array).add(5); });
    s.registerHook('write_before', (c) => { order.push('a'); c.transformedValue = (c.transformedValue as Array).add(1); }, { priority: 1, name: 'first' });
    s.value = 2;
    expect([order, s.value.item()]).toEqual([['a', 'b', 'c'], 35]);
  });

  test('may cancel a write', () => {
    const s = new State(1);
    s.registerHook('write_before', (c) => { c.cancel = true; c.cancelReason = 'no'; }, { name: 'guard' });
    expect(() => { s.value = 2; }).toThrow(HookCancellationError);
    expect(() => { s.value = 2; }).toThrow('guard: no');
    expect(s.value.item()).toBe(1);
  });

  test('are switched off and on, and removed', () => {
    const s = new State(1);
    let calls = 0;
    const handle = s.registerHook('write_after', () => calls++, { enabled: false });
    s.value = 2;
    handle.enable();
    s.value = 3;
    handle.disable();
    s.value = 4;
    expect([calls, handle.isEnabled()]).toEqual([1, false]);
    expect([handle.remove(), handle.remove(), handle.isRemoved(), s.hasHooks()]).toEqual([true, false, true, false]);
    expect(() => handle.enable()).toThrow('has been removed');
    expect(s.temporaryHook('read', () => calls++, () => s.value.item())).toBe(4);
    expect([calls, s.hasHooks()]).toEqual([2, false]);
    {
      using _ = s.temporaryHook('read', () => calls++);
      void s.value;
    }
    expect([calls, s.hasHooks()]).toEqual([3, false]);
  });

  test('do not run for what they do themselves', () => {
    const s = new State(1);
    let calls = 0;
    s.registerHook('write_after', (c) => { calls++; if (calls < 5) c.state.value = np.asarray(9); });
    s.value = 2;
    expect([calls, s.value.item()]).toEqual([1, 9]);
  });

  test('are not copied with the state', () => {
    const s = new State(1);
    s.registerHook('read', () => undefined);
    expect(s.copy().hasHooks()).toBe(false);
    expect(s.hasHooks('read')).toBe(true);
  });

  test('mistakes are named', () => {
    const s = new State(1);
    expect(() => s.registerHook('write' as never, () => undefined)).toThrow(HookRegistrationError);
    expect(() => s.registerHook('read', 3 as never)).toThrow('expected the callback to be a function, got number 3');
    expect(() => s.hooks.hasHooks('x' as never)).toThrow('expected one of');
  });
});

describe('a hook that throws', () => {
  const bad = () => { throw new Error('oh'); };

  test('is warned of, and the write goes on', () => {
    const s = new State(1);
    s.registerHook('write_after', bad, { name: 'bad' });
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      s.value = 2;
      expect(warn).toHaveBeenCalledWith('Hook \'bad\' error #1: Hook \'bad\' execution failed: oh', 'HookWarning');
      expect(s.value.item()).toBe(2);
    } finally {
      warn.mockRestore();
    }
  });

  test('is an error if asked for, or logged, or ignored, or disabled after some', () => {
    const state = {} as State<unknown>;
    const raising = new HookManager(new HookConfig({ onError: 'raise' }));
    raising.registerHook('read', bad);
    expect(() => raising.executeReadHooks(1, state)).toThrow(HookExecutionError);
    const messages: string[] = [];
    const logging = new HookManager(new HookConfig({ errorLogger: (m) => messages.push(m), disableOnError: true, maxErrorsPerHook: 2 }));
    logging.registerHook('read', bad, { name: 'h' });
    for (let i = 0; i < 3; i++) logging.executeReadHooks(1, state);
    expect(messages).toEqual(['Hook \'h\' error #1: Hook \'h\' execution failed: oh', 'Hook \'h\' disabled after 2 errors. Last error: Hook \'h\' execution failed: oh']);
    const quiet = new HookManager(new HookConfig({ onError: 'ignore' }));
    const handle = quiet.registerHook('restore', bad);
    quiet.executeRestoreHooks(1, 2, state);
    expect(handle.hook.errorCount).toBe(1);
    expect(() => new HookConfig({ onError: 'x' as never })).toThrow('expected onError');
  });
});

describe('hooks of all states', () => {
  test('run before a state\'s own, and when a state is made', () => {
    const log: unknown[] = [];
    const handle = registerStateHook('write_after', (c) => log.push(['all', c.stateName]));
    registerStateHook('init', (c) => log.push(['init', item(c.value), c.initMetadata]));
    const s = new State(3, { name: 'q', foo: 3 });
    s.registerHook('write_after', () => log.push(['own']));
    s.value = 4;
    expect(log).toEqual([['init', 3, { foo: 3, name: 'q', tag: null }], ['all', 'q'], ['own']]);
    expect([hasStateHooks(), hasStateHooks('read'), listStateHooks('init').length, listStateHooks().length]).toEqual([true, false, 1, 2]);
    expect([unregisterStateHook(handle), unregisterStateHook(handle)]).toEqual([true, false]);
    clearStateHooks();
    expect(hasStateHooks()).toBe(false);
    s.value = 5;
    expect(log.length).toBe(4);
  });

  test('the registry is one', () => {
    expect(GlobalHookRegistry.instance()).toBe(GlobalHookRegistry.instance());
    GlobalHookRegistry.reset(new HookConfig({ onError: 'raise' }));
    registerStateHook('read', () => { throw new Error('oh'); });
    const s = new State(1);
    expect(() => s.value).toThrow(HookExecutionError);
  });
});

describe('hooks inside of transformations', () => {
  test('what a hook changes before a write is part of the program, once', () => {
    const s = new State(1);
    s.registerHook('write_before', (c) => { c.transformedValue = (c.transformedValue as Array).mul(10); });
    const step = jit(() => { s.value = s.value.add(1); });
    step();
    expect(s.value.item()).toBe(20);
    step();
    expect(s.value.item()).toBe(210);
  });

  test('after each run of a compiled function hooks after a write get what it left', () => {
    const s = new State(1);
    const seen: unknown[] = [];
    const step = jit(() => { s.value = s.value.add(1); });
    step();
    void s.value;
    s.registerHook('write_after', (c) => seen.push([item(c.value), c.oldValue === null ? null : item(c.oldValue)]));
    step();
    step();
    expect(seen).toEqual([[3, 2], [4, 3]]);
  });

  test('the same after grad, loops and vmap', () => {
    const w = new ParamState(np.asarray(2));
    const n = new State(0);
    const seen: number[] = [];
    n.registerHook('write_before', (c) => { c.transformedValue = (c.transformedValue as Array).add(1); });
    grad(() => { n.value = 1; return np.square(w.value); }, { gradStates: { w } })();
    expect(n.value.item()).toBe(2);
    n.registerHook('write_after', (c) => { try { seen.push(item(c.value) as number); } catch { /* traced */ } });
    forLoop((i: Array) => { n.value = n.value.add(i); return i; }, np.arange(3));
    // Each step adds one more.
    expect([n.value.item(), seen[seen.length - 1]]).toEqual([8, 8]);
    vmap((x: Array) => { n.value = np.asarray(5); return x; })(np.arange(2));
    expect(n.value.item()).toBe(6);
  });
});
