import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CallbackError, callbackId, defaultClient, effectsBarrier, effectsBarrierAsync, type Executable, type HostCallback, liveCallbacks } from '../../lib/pjrt';
import { addOne as addOneProgram, loopOfCallbacks, runChild } from './programs';

const client = defaultClient();
const vector = (values: readonly number[]) => client.bufferFromHost(Float32Array.from(values), 'float32', [values.length]);
const compile = (f: HostCallback, loops = 1, n = 4): Executable => client.compileSync(loopOfCallbacks(callbackId(f), n, loops), {}, [f]);
const list = (b: ArrayBuffer) => [...new Float32Array(b)];
const addOne: HostCallback = ([x]) => [new Float32Array(x!).map((v) => v + 1)];

function thrown(f: () => unknown): unknown {
  try {
    f();
  } catch (e) {
    return e;
  }
  throw new Error('nothing was thrown');
}

test('a program calls a function of JS, in loops, synchronously and not', async () => {
  const f = compile(addOne, 3);
  expect(list(f.execute([vector([1, 2, 3, 4])])[0]!.toHostSync())).toEqual([22, 30, 38, 46]);
  expect(list(await f.execute([vector([1, 2, 3, 4])])[0]!.toHost())).toEqual([22, 30, 38, 46]);
  const twice = f.execute([f.execute([vector([0, 0, 0, 0])])[0]!])[0]!;
  await twice.ready();
  expect(list(twice.toHostSync())).toEqual([126, 126, 126, 126]);
  const large = compile(addOne, 1, 1 << 20).execute([client.bufferFromHost(new Float32Array(1 << 20), 'float32', [1 << 20])])[0]!;
  expect(new Float32Array(large.toHostSync())[12345]).toBe(2);
});

test('programs run in the order they were started in, and those started after wait for callbacks', () => {
  const seen: number[] = [];
  const f = compile(([x]) => (seen.push(new Float32Array(x!)[0]!), [new Float32Array(x!)]));
  for (let i = 0; i < 5; i++) f.execute([vector([i, 0, 0, 0])]);
  // It has no callbacks, but the client's order puts it behind them.
  const after = client.compileSync(addOneProgram(4)).execute([vector([1, 1, 1, 1])])[0]!;
  expect(list(after.toHostSync())).toEqual([2, 2, 2, 2]);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test('more programs than XLA takes at a time', async () => {
  let calls = 0;
  const f = compile(([x]) => (calls++, [new Float32Array(x!)]));
  let x = vector([1, 1, 1, 1]);
  for (let i = 0; i < 100; i++) x = f.execute([x])[0]!;
  expect(new Float32Array(x.toHostSync())[0]).toBe(2 ** 100);
  expect(calls).toBe(100);
  let settle!: (x: Float32Array[]) => void;
  const slow = compile(() => new Promise<Float32Array[]>((resolve) => (settle = resolve)));
  const first = slow.execute([vector([0, 0, 0, 0])])[0]!;
  // It has been called once the event loop has turned.
  while (settle === undefined) await new Promise((resolve) => setImmediate(resolve));
  expect(thrown(() => {
    for (let i = 0; i < 100; i++) f.execute([vector([1, 1, 1, 1])]);
  })).toMatchObject({ code: 'CALLBACK', message: expect.stringContaining('await') });
  settle([new Float32Array(4)]);
  await first.ready();
  await effectsBarrierAsync();
}, 20_000);

test('what a callback throws is the cause of the error of what waits', async () => {
  const original = new RangeError('out of paper');
  const f = compile(() => {
    throw original;
  }, 3);
  const error = thrown(() => f.execute([vector([1, 2, 3, 4])])[0]!.toHostSync());
  expect(error).toBeInstanceOf(CallbackError);
  expect(error).toMatchObject({ code: 'CALLBACK', cause: original, message: expect.stringContaining('out of paper') });
  await expect(f.execute([vector([1, 2, 3, 4])])[0]!.toHost()).rejects.toMatchObject({ cause: original });
  const downstream = compile(addOne).execute(f.execute([vector([1, 2, 3, 4])]))[0]!;
  expect(thrown(() => downstream.blockUntilReady())).toMatchObject({ cause: original });
  const short = compile(() => [new Float32Array(3)]);
  expect(thrown(() => short.execute([vector([1, 2, 3, 4])])[0]!.toHostSync())).toMatchObject({ message: expect.stringContaining('expected result 0 to have 16 bytes, got 12') });
});

test('waiting in a callback for what waits for it is an error, not a deadlock', async () => {
  let own: ReturnType<Executable['execute']>[0];
  const f = compile(([x]) => (own.toHostSync(), [new Float32Array(x!)]));
  own = f.execute([vector([1, 2, 3, 4])])[0]!;
  expect(thrown(() => own.toHostSync())).toMatchObject({ message: expect.stringMatching(/cannot wait for a value that depends on the program/) });
  const g = compile(([x]) => (effectsBarrier(), [new Float32Array(x!)]));
  expect(thrown(() => g.execute([vector([1, 2, 3, 4])])[0]!.toHostSync())).toMatchObject({ message: expect.stringContaining('effectsBarrier') });
  const h = compile(async () => {
    await null;
    return [new Float32Array(await own.toHost())];
  });
  own = h.execute([vector([1, 2, 3, 4])])[0]!;
  await expect(own.toHost()).rejects.toThrow(/cannot wait for a value that depends on the program/);
});

test('another client works within callbacks, with callbacks of its own', () => {
  const other = client.plugin.createClient({}, 1);
  expect(other).not.toBe(client);
  const inner = other.compileSync(loopOfCallbacks(callbackId(addOne), 4, 2), {}, [addOne]);
  const f = compile(([x]) => [new Float32Array(inner.execute([other.bufferFromHost(x!, 'float32', [4])])[0]!.toHostSync())], 2);
  expect(list(f.execute([vector([0, 0, 0, 0])])[0]!.toHostSync())).toEqual([108, 108, 108, 108]);
});

test('a callback may be asynchronous where nothing blocks', async () => {
  const f = compile(async ([x]) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return [new Float32Array(x!).map((v) => v + 1)];
  }, 2);
  const y = f.execute([vector([0, 1, 2, 3])])[0]!;
  expect(thrown(() => y.toHostSync())).toMatchObject({ code: 'CALLBACK', message: expect.stringContaining('returned a Promise') });
  expect(list(await y.toHost())).toEqual([6, 10, 14, 18]);
  const g = compile(() => Promise.reject(new Error('later')));
  await expect(g.execute([vector([0, 1, 2, 3])])[0]!.toHost()).rejects.toThrow(/later/);
});

test('the barrier waits for programs whose results nobody wants, and tells of their errors once', async () => {
  let calls = 0;
  const f = compile(([x]) => (calls++, [new Float32Array(x!)]), 4);
  f.execute([vector([0, 0, 0, 0])]);
  effectsBarrier();
  expect(calls).toBe(4);
  const g = compile(() => {
    throw new Error('unheard');
  });
  g.execute([vector([0, 0, 0, 0])]);
  await expect(effectsBarrierAsync()).rejects.toThrow(/unheard/);
  effectsBarrier();
  const y = g.execute([vector([0, 0, 0, 0])])[0]!;
  expect(() => y.blockUntilReady()).toThrow(/unheard/);
  effectsBarrier();
});

test('programs with callbacks are not stored, and their callbacks go with them', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const collect = async () => {
    for (let i = 0; i < 5; i++) {
      gc();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await collect();
  const before = liveCallbacks();
  await (async () => {
    const f = compile(([x]) => [new Float32Array(x!)]);
    expect(() => f.serialize()).toThrow(CallbackError);
    // The callback is held while the program runs, though nobody else holds it or the program.
    const y = compile(([x]) => [new Float32Array(x!).map((v) => v + 5)]).execute([vector([1, 1, 1, 1])])[0]!;
    gc();
    expect(list(await y.toHost())).toEqual([12, 12, 12, 12]);
    expect(liveCallbacks()).toBeGreaterThan(before);
    f.delete();
  })();
  await collect();
  expect(liveCallbacks()).toBe(before);
});

describe('processes end well while callbacks are open', () => {
  test.each([
    ['end', 0, 'called\ncalled\ncalled\n'],
    ['exitServed', 3, 'called\ncalled\n'],
    ['exitNever', 4, ''],
    ['exitInside', 5, ''],
    ['exitQueued', 6, ''],
    ['unwatched', 0, 'alive\n'],
  ])('%s', async (mode, code, stdout) => {
    const r = await runChild('callbacks.ts', [mode]);
    expect([r.code, r.signal, r.stdout, r.stderr]).toEqual([code, null, stdout, '']);
  }, 20_000);

  test('an exception in a callback', async () => {
    const r = await runChild('callbacks.ts', ['throwInside']);
    expect([r.code, r.signal]).toEqual([1, null]);
    expect(r.stderr).toContain('from inside');
  }, 20_000);

  test('workers that are terminated', async () => {
    const r = await runChild('callbacks.ts', ['terminate']);
    expect([r.code, r.signal, r.stdout, r.stderr]).toEqual([0, null, 'waits 1\nserves 1\npromises 1\nqueues 1\n2\n', '']);
  }, 40_000);
});

// The last one: the addon calls the functions of the copy that was loaded last.
test('copies of the library in a thread are told of their own errors only', () => {
  const f = compile(() => {
    throw new Error('of the first copy');
  });
  expect(() => f.execute([vector([0, 0, 0, 0])])[0]!.blockUntilReady()).toThrow(/of the first copy/);
  jest.isolateModules(() => {
    const copy = jest.requireActual<typeof import('../../lib/pjrt')>('../../lib/pjrt');
    expect(copy.CallbackError).not.toBe(CallbackError);
    const client = copy.defaultClient();
    const program = (g: HostCallback) => client.compileSync(loopOfCallbacks(copy.callbackId(g), 4, 1), {}, [g]);
    const call = (e: ReturnType<typeof program>) => e.execute([client.bufferFromHost(new Float32Array(4), 'float32', [4])])[0]!;
    expect(list(call(program(addOne)).toHostSync())).toEqual([2, 2, 2, 2]);
    copy.effectsBarrier();
    call(program(() => {
      throw new Error('of the second copy');
    }));
    expect(() => copy.effectsBarrier()).toThrow(/of the second copy/);
  });
});
