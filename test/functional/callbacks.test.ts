import { type Array, CallbackError, customVjp, debug, effectsBarrier, grad, ioCallback, jit, lax, makeJaxpr, numpy as np, pureCallback, random, scan, ShapeDtypeStruct, State, valueAndGrad, vmap } from '../../lib';

const scalar = new ShapeDtypeStruct([], 'float32');
const js = (x: Array) => x.js();
const f32 = (x: number) => np.array(x, { dtype: 'float32' });
const i32 = (x: number) => np.array(x, { dtype: 'int32' });
const num = (x: Array) => x.item() as number;

/** Everything printed while f runs, callbacks and all. */
function printed(f: () => unknown): string {
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  try {
    f();
    effectsBarrier();
    return spy.mock.calls.map((c) => String(c[0])).join('');
  } finally {
    spy.mockRestore();
  }
}

function thrown(f: () => unknown): Error & { cause?: unknown; code?: string } {
  try {
    f();
  } catch (e) {
    return e as Error;
  }
  throw new Error('nothing was thrown');
}

describe('pureCallback', () => {
  const hypot = (x: Array) => pureCallback((v: Array) => Math.hypot(...(v.js() as number[])), scalar, x) as Array;

  test('arrays are handed over by rows, transposed ones too, wherever XLA may choose otherwise', () => {
    const shown = (x: Array) => pureCallback((v: Array) => v, new ShapeDtypeStruct([3, 2], 'float32'), x.T) as Array;
    const x = np.array([[1, 2, 3], [4, 5, 6]]);
    expect(js(jit((y: Array) => shown(y).T)(x))).toEqual([[1, 2, 3], [4, 5, 6]]);
    const call = jit(shown).lower(x).asText().split('\n').find((line) => line.includes('xs_callback'));
    expect(call).toContain('operand_layouts = [dense<[1, 0]> : tensor<2xindex>], result_layouts = [dense<[1, 0]> : tensor<2xindex>]');
  });

  test('eagerly, jitted, in control flow, with trees', () => {
    expect(num(hypot(np.array([3, 4])))).toBe(5);
    expect(num(jit(hypot)(np.array([3, 4])))).toBe(5);
    const swap = (t: { a: Array; b: [Array] }) => pureCallback((v: typeof t) => ({ b: [v.a], a: v.b[0] }), { a: new ShapeDtypeStruct([2], 'float32'), b: [scalar] }, t) as typeof t;
    const out = jit(swap)({ a: np.array(1.5, { dtype: 'float32' }), b: [np.array([1, 2])] });
    expect([js(out.a), js(out.b[0])]).toEqual([[1, 2], 1.5]);
    const [last, ys] = jit((x: Array) => scan((c: Array, v: Array) => [c.add(pureCallback((u: Array) => num(u) * 10, scalar, v)), c], x, np.arange(3).astype('float32')))(f32(1)) as [Array, Array];
    expect([js(last), js(ys)]).toEqual([31, [1, 1, 11]]);
    const powers = jit((x: Array) => lax.whileLoop((v: Array) => pureCallback((u: Array) => num(u) < 100, new ShapeDtypeStruct([], 'bool'), v) as Array, (v: Array) => v.mul(3), x));
    expect(js(powers(f32(1)) as Array)).toBe(243);
    const either = jit((p: Array, x: Array) => lax.cond(p, (v: Array) => hypot(v), (v: Array) => v.sum(), x));
    expect([js(either(np.array(true), np.array([3, 4])) as Array), js(either(np.array(false), np.array([3, 4])) as Array)]).toEqual([5, 7]);
  });

  test.each(['bool', 'int4', 'uint4', 'int8', 'int32', 'uint32', 'bfloat16', 'float16', 'float32', 'complex64'] as const)('elements of %s', (dtype) => {
    const x = np.array([1, 0, 3, 2, 1]).astype(dtype);
    const f = jit((v: Array) => pureCallback((u: Array) => u, new ShapeDtypeStruct([5], dtype), v) as Array);
    expect(js(f(x))).toEqual(js(x));
  });

  test('a callback computes with arrays, and with functions that have callbacks', () => {
    const f = jit((x: Array) => pureCallback((v: Array) => np.matmul(v, v.T).add(captured), new ShapeDtypeStruct([40, 40], 'float32'), x) as Array);
    const captured = np.ones([40, 40]).mul(2);
    const x = np.arange(1600).reshape([40, 40]).astype('float32').div(1600);
    expect(num(np.abs(f(x).sub(np.matmul(x, x.T).add(2))).max())).toBeLessThan(1e-5);
    const nested = jit((x: Array) => pureCallback((v: Array) => jit(hypot)(v).mul(2), scalar, x) as Array);
    expect(num(nested(np.array([3, 4])))).toBe(10);
    // An array made in a callback is used outside.
    let kept: Array | undefined;
    jit((x: Array) => ioCallback((v: Array) => ((kept = v.mul(2)), null), null, x))(np.array([1, 2]));
    effectsBarrier();
    expect(js(kept!.add(np.array([1, 1])))).toEqual([3, 5]);
    expect(js(jit((v: Array) => v.add(1))(kept!))).toEqual([3, 5]);
  });

  test('vmap by each method', () => {
    const shapes: string[] = [];
    const f = (vmapMethod: 'sequential' | 'sequential_unrolled' | 'expand_dims' | 'broadcast_all' | 'legacy_vectorized') => (x: Array, y: Array) =>
      pureCallback((a: Array, b: Array) => (shapes.push(`${a.shape}|${b.shape}`), a.add(b)), scalar, x, y, { vmapMethod }) as Array;
    const x = np.arange(4).astype('float32');
    const run = (m: Parameters<typeof f>[0], compiled = true) => {
      shapes.length = 0;
      const g = vmap(f(m), { inAxes: [0, null] });
      return [js((compiled ? jit(g) : g)(x, f32(1))), [...shapes]];
    };
    for (const compiled of [true, false]) {
      expect(run('sequential', compiled)).toEqual([[1, 2, 3, 4], ['|', '|', '|', '|']]);
      expect(run('sequential_unrolled', compiled)).toEqual([[1, 2, 3, 4], ['|', '|', '|', '|']]);
      expect(run('expand_dims', compiled)).toEqual([[1, 2, 3, 4], ['4|1']]);
      expect(run('broadcast_all', compiled)).toEqual([[1, 2, 3, 4], ['4|4']]);
      expect(run('legacy_vectorized', compiled)).toEqual([[1, 2, 3, 4], ['4|']]);
    }
    expect(() => vmap((v: Array) => pureCallback((u: Array) => u, scalar, v))(x)).toThrow(/needs a vmapMethod/);
  });

  test('a derivative is asked for, and given', () => {
    expect(() => grad((x: Array) => pureCallback((v: Array) => v, scalar, x) as Array)(1)).toThrow(/customJvp or customVjp/);
    const sin = customVjp((x: Array) => pureCallback((v: Array) => Math.sin(num(v)), scalar, x) as Array);
    sin.defvjp((x: Array) => [sin(x), x], (x: Array, ct: Array) => [ct.mul(np.cos(x))]);
    expect(num(jit(grad((x: Array) => sin(x)))(0.5) as Array)).toBeCloseTo(Math.cos(0.5), 6);
  });

  test('unused, it is not called', () => {
    let calls = 0;
    js(jit((x: Array) => (pureCallback((v: Array) => (calls++, v), scalar, x), x))(f32(1)));
    expect(calls).toBe(0);
  });

  test('errors name what was expected; those thrown are the cause', async () => {
    const bad = (value: unknown) => jit((x: Array) => pureCallback(() => value, new ShapeDtypeStruct([2], 'float32'), x) as Array);
    expect(() => bad([1, 2, 3])(0).js()).toThrow(/pureCallback: expected result 0 of the callback to be of type f32\[2\], got f32\[3\]/);
    expect(() => bad(new Int32Array(2))(0).js()).toThrow(/expected result 0 of the callback to be of type f32\[2\], got i32\[2\]/);
    expect(() => pureCallback(() => [1, 2, 3], new ShapeDtypeStruct([2], 'float32'))).toThrow(/got f32\[3\]/);
    expect(() => bad({ a: 1 })(0).js()).toThrow(CallbackError);
    const original = new RangeError('no such thing');
    const fails = jit((x: Array) => pureCallback(() => { throw original; }, scalar, x) as Array);
    expect(thrown(() => fails(1).add(1).item())).toMatchObject({ code: 'CALLBACK', cause: original });
    await expect(fails(1).data()).rejects.toMatchObject({ cause: original });
    expect(() => pureCallback(() => 1, scalar, 1, { vmapMethod: 'fast' as never })).toThrow(/expected vmapMethod to be one of/);
    expect(() => pureCallback(() => 1, 'float32' as never, 1)).toThrow(/tree of types/);
    expect(() => pureCallback(3 as never, scalar)).toThrow(/expected callback to be a function, got number 3/);
  });

  test('an asynchronous callback', async () => {
    const f = jit((x: Array) => pureCallback(async (v: Array) => {
      await new Promise((resolve) => setTimeout(resolve, 2));
      return v.mul(2).add(1);
    }, scalar, x) as Array);
    expect(await f(f32(3)).jsAsync()).toBe(7);
    const y = f(f32(3));
    expect(thrown(() => y.item())).toMatchObject({ code: 'CALLBACK', message: expect.stringContaining('Promise') });
    expect(await y.jsAsync()).toBe(7);
    expect(() => pureCallback(async () => 1, scalar)).toThrow(/returned a Promise/);
  });

  test('waiting for the program itself is an error', () => {
    let own: Array;
    const f = jit((x: Array) => pureCallback((v: Array) => (own.item(), v), scalar, x) as Array);
    own = f(1);
    expect(() => own.item()).toThrow(/cannot wait for a value that depends on the program/);
  });
});

describe('ioCallback', () => {
  test('is called once for each time, in order where that is asked for', () => {
    const seen: number[] = [];
    const note = (x: Array, k: number) => ioCallback((v: Array) => (seen.push(num(v) * 10 + k), null), null, x, { ordered: true });
    const f = jit((x: Array) => {
      note(x, 1);
      const [y] = scan((c: Array) => {
        note(c, 2);
        lax.cond(np.equal(c.mod(2), 0), (v: Array) => (note(v, 3), v), (v: Array) => (note(v, 4), v), c);
        return [c.add(1), null];
      }, x, null, { length: 3 }) as [Array, null];
      note(y, 5);
      const z = lax.whileLoop((v: Array) => (note(v, 6), np.less(v, 6)), (v: Array) => (jit((u: Array) => (note(u, 7), u.add(1)))(v)), y) as Array;
      note(z, 8);
      return z;
    });
    const once = [21, 22, 23, 32, 34, 42, 43, 55, 56, 57, 66, 68];
    expect(num(f(i32(2)))).toBe(6);
    expect(seen).toEqual(once);
    f(i32(2));
    f(i32(2));
    effectsBarrier();
    expect(seen).toEqual([...once, ...once, ...once]);
  });

  test('unordered under vmap it runs for each entry; ordered it refuses', () => {
    const seen: number[] = [];
    const f = (ordered: boolean) => (x: Array) => ioCallback((v: Array) => (seen.push(num(v)), v.mul(2)), scalar, x, { ordered }) as Array;
    expect(js(jit(vmap(f(false)))(np.arange(3).astype('float32')))).toEqual([0, 2, 4]);
    expect(seen.sort()).toEqual([0, 1, 2]);
    expect(() => vmap(f(true))(np.arange(3).astype('float32'))).toThrow(/ordered/);
    expect(() => grad(f(false))(1)).toThrow(/no derivative/);
  });

  test('random numbers of the host, and states', () => {
    const count = new State(i32(0));
    const f = jit((x: Array) => {
      count.value = count.value.add(1);
      return ioCallback((v: Array) => num(v) + num(random.uniform({ size: [] }) as Array), scalar, x) as Array;
    });
    const [a, b] = [num(f(1)), num(f(1))];
    expect([a >= 1 && a < 2, a === b, num(count.value)]).toEqual([true, false, 2]);
  });
});

describe('debug', () => {
  test('print formats', () => {
    expect(printed(() => debug.print('{} {} {{}} {0} {n:.2f} {n:>8.1e} {k:04d}|{s:<4}|', 1, i32(5), { n: 3.2, k: 7, s: 'ab' }))).toBe('1 5 {} 1 3.20  3.2e+00 0007|ab  |\n');
    expect(printed(() => jit((x: Array) => (debug.print('x = {x:.3f}, {}', { a: x }, { x, ordered: true }), null))(1.5))).toBe("x = 1.500, {'a': 1.5}\n");
    expect(() => debug.print('{}')).toThrow(/argument 0, which was not given/);
    expect(() => debug.print('', 1)).toThrow(/argument 0 has no place/);
    expect(() => debug.print('{y}', { x: 1 })).toThrow(/'y', which was not given/);
    expect(() => debug.print('{')).toThrow(/not closed/);
  });

  test('under jit, scan, vmap, grad and without', () => {
    const f = (x: Array) => {
      debug.print('{}', x, { ordered: true });
      return x.mul(x);
    };
    expect(printed(() => f(f32(2)))).toBe('2.0\n');
    expect(printed(() => jit(f)(f32(2)))).toBe('2.0\n');
    expect(printed(() => scan((c: Array) => [f(c), null], f32(2), null, { length: 3 }))).toBe('2.0\n4.0\n16.0\n');
    expect(printed(() => vmap(f)(np.arange(3)))).toBe('0\n1\n2\n');
    expect(printed(() => jit(vmap(f))(np.arange(3)))).toBe('0\n1\n2\n');
    expect(printed(() => expect(num(grad(f)(3) as Array)).toBe(6))).toBe('3.0\n');
    expect(printed(() => expect(num(jit(grad(f))(3) as Array)).toBe(6))).toBe('3.0\n');
    expect(printed(() => jit(valueAndGrad((x: Array) => (scan((c: Array) => [f(c), null], x, null, { length: 2 }) as [Array, null])[0]))(2))).toBe('2.0\n4.0\n');
  });

  test('callback gets trees and static values; its errors fail the program', () => {
    const seen: unknown[] = [];
    jit((x: Array) => (debug.callback((a: { v: Array }, s: string) => seen.push([a.v.js(), s]), { v: x }, 'label', { ordered: true }), null))(np.array([1, 2]));
    effectsBarrier();
    expect(seen).toEqual([[[1, 2], 'label']]);
    jit((x: Array) => (debug.callback(() => { throw new Error('look'); }, x), null))(1);
    expect(() => effectsBarrier()).toThrow(/look/);
    effectsBarrier();
  });

  test('jaxprs name the primitives and keep them', () => {
    const text = String(makeJaxpr((x: Array) => {
      debug.callback(() => {}, x);
      ioCallback(() => null, null, x);
      return pureCallback((v: Array) => v, scalar, x) as Array;
    })(1));
    for (const name of ['debug_callback', 'io_callback', 'pure_callback', 'effect=Debug', 'vmap_method=None', 'ordered=False']) expect(text).toContain(name);
  });
});
