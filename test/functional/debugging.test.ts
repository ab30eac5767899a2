import { ArgumentError, type Array, CallbackError, cond, debugInfs, debugNans, disableJit, effectsBarrier, FailedCheckError, FloatingPointError, grad, jit, jitErrorIf, jvp, lax, namedCall, namedScope, numpy as np, scan, State, vmap, whileLoop } from '../../lib';
import { config } from '../../lib/core/config';
import { ClosedJaxpr, type Jaxpr } from '../../lib/core/jaxpr';
import { makeClosedJaxpr } from '../../lib/functional/staging';
import { compileJaxpr } from '../../lib/interpreters/compile';

const f32 = (x: number | number[]) => np.array(x, { dtype: 'float32' });

function thrown(f: () => unknown): Error & { cause?: unknown } {
  try {
    f();
  } catch (e) {
    return e as Error;
  }
  throw new Error('nothing was thrown');
}

afterEach(() => {
  expect([config.disableJit, config.debugNans, config.debugInfs]).toEqual([false, false, false]);
});

test('disableJit runs jitted functions and loops step by step', () => {
  const seen: number[] = [];
  const f = jit((x: Array) => lax.scan((c: Array) => (seen.push(c.item() as number), [c.add(1), null]), x, null, { length: 3 })[0] as Array);
  expect((disableJit(() => f(f32(2))) as Array).item()).toBe(5);
  expect(seen).toEqual([2, 3, 4]);
  expect(() => f(f32(2))).toThrow(/not known while tracing/);
  disableJit(() => expect(() => disableJit(false, () => f(f32(2)))).toThrow(/not known while tracing/));
  expect(() => disableJit(async () => 1)).toThrow(/synchronous/);
  expect(() => disableJit(() => { throw new Error('out'); })).toThrow('out');
});

test('debugNans and debugInfs name the operation', () => {
  const f = jit((x: Array) => np.log(x).add(1));
  expect(Number.isNaN((f(f32(-1)) as Array).item())).toBe(true);
  expect(thrown(() => debugNans(() => f(f32(-1))))).toBeInstanceOf(FloatingPointError);
  expect(() => debugNans(() => f(f32(-1)))).toThrow(/^log: encountered NaN in a result of type f32\[\]/);
  expect(() => debugNans(() => np.log(f32(-1)))).toThrow(/^log: encountered NaN/);
  expect((debugNans(() => f(f32(0))) as Array).item()).toBe(-Infinity);
  expect(() => debugInfs(() => f(f32(0)))).toThrow(/^log: encountered an infinity in a result of type f32\[\]/);
  expect(() => debugNans(() => lax.scan((c: Array) => [lax.sub(np.sqrt(c), f32(1)), null], f32(4), null, { length: 5 }))).toThrow(/^sqrt: encountered NaN/);
  expect(() => debugNans(() => grad((x: Array) => lax.mul(np.sqrt(x), f32(0)))(f32(0)))).toThrow(/^mul: encountered NaN/);
  debugNans(true);
  expect(() => f(f32(-1))).toThrow(FloatingPointError);
  debugNans(false);
  expect((debugNans(() => np.arange(3).astype('complex64').sum()) as Array).js()).toEqual({ re: 3, im: 0 });
  expect(() => debugNans(1 as never)).toThrow(/expected true, false or a function/);
});

test('transforms enclose the names of scopes, and what is recorded apart has its own', () => {
  const names = (f: (...a: never[]) => unknown, ...args: unknown[]) => {
    const walk = (j: Jaxpr): unknown[] => j.eqns.flatMap((e) => [e.scope, ...Object.values(e.params).flatMap((p) => (p instanceof ClosedJaxpr ? [walk(p.jaxpr)] : []))]);
    return walk(makeClosedJaxpr(f as never)(...args).jaxpr);
  };
  const scoped = (f: (x: Array) => Array) => (x: Array): Array => namedScope('foo', () => f(x));
  const bar = (x: Array): Array => namedScope('bar', () => namedScope('baz', () => np.sin(x)));
  expect(names(scoped(vmap(bar) as never) as never, np.ones([2]))).toEqual(['foo/vmap(bar)/baz']);
  expect(names(((x: Array, t: Array) => namedScope('foo', () => jvp(bar, [x], [t]))) as never, 1.5, 1.5)).toEqual(['foo/jvp(bar)/baz', 'foo/jvp(bar)/baz', 'foo/jvp(bar)/baz']);
  expect(new Set(names(grad(scoped(np.sin) as never) as never, 1.5))).toEqual(new Set(['jvp(foo)', 'transpose(jvp(foo))']));
  expect(new Set(names(vmap(grad(scoped(np.sin) as never)) as never, np.ones([2])))).toEqual(new Set(['vmap(jvp(foo))', 'vmap(transpose(jvp(foo)))']));
  expect(names(grad(scoped(jit(bar) as never) as never) as never, 1.5)).toEqual(['jvp(foo)', ['bar/baz', 'bar/baz'], 'transpose(jvp(foo))', ['bar/baz']]);
  const loop = (x: Array) => namedScope('foo', () => lax.whileLoop((c: Array) => namedScope('test', () => c.less(5)), (c: Array) => namedScope('body', () => c.add(1)), x)) as Array;
  expect(names(loop as never, 0)).toEqual(['foo', ['test'], ['body']]);
  // A compiled function that is applied in two scopes is one function.
  const f = jit(bar);
  expect(names(((x: Array) => [namedScope('one', () => f(x)), namedScope('two', () => f(x))]) as never, 1.5)).toEqual(['one', ['bar/baz'], 'two', ['bar/baz']]);
  const text = jit(grad((x: Array) => namedScope('foo', () => lax.scan((c: Array) => namedScope('step', () => [np.sin(c), null]), x, null, { length: 3 })[0]) as Array)).lower(1.5).asText();
  expect(text).toContain('loc("jvp(foo)/scan/step/sin")');
  expect(text).toContain('loc("transpose(jvp(foo))/scan/step/mul")');
});

test('scopes are in the text of programs and in the metadata of their operations', () => {
  const inner = namedCall((x: Array) => np.sin(x), { name: 'waves' });
  const f = jit((x: Array) => namedScope('encoder', () => inner(x).add(1)));
  const text = f.lower(f32(1)).asText();
  expect(text).toContain('loc("encoder/waves/sin")');
  expect(text).toContain('loc("encoder/add")');
  const { jaxpr } = f.trace(f32(1)).jaxpr;
  const { code } = compileJaxpr(jaxpr, [], { name: 'scopes' }).executable.optimizedHlo();
  expect(Buffer.from(code).toString('latin1')).toContain('encoder/waves/sin');
  expect(namedCall(function g() { return 1; }).name).toBe('g');
  expect(jit(namedCall({ name: 'curried' })((x: Array) => np.sin(x))).lower(f32(1)).asText()).toContain('curried/sin');
  expect(() => namedScope('', () => 1)).toThrow(/expected a name/);
  const decode = namedScope({ name: 'decoder', staticArgnums: 1 })((x: Array, n: number) => np.cos(x).mul(n));
  expect(jit((x: Array) => decode(x, 2)).lower(f32(1)).asText()).toContain('decoder/cos');
  expect([decode(f32(0), 2).item(), decode.fn(f32(0), 3).item(), namedScope('inc')((x: Array) => x.add(1))(f32(1)).item()]).toEqual([2, 3, 2]);
  const linear = { call: (x: Array) => x.mul(2) };
  const named = namedScope('linear')(linear);
  expect([named(f32(3)).item(), named.fn]).toEqual([6, linear]);
  expect(() => namedScope('')).toThrow(/expected a name/);
  expect(() => namedScope('a')(3 as never)).toThrow(ArgumentError);
  expect(() => namedScope('a', undefined as never)).toThrow(/expected a function/);
  // Within a derivative the scope is marked, as in JAX.
  expect(jit(grad((x: Array) => namedScope('loss', () => lax.mul(np.sin(x), x)))).lower(f32(1)).asText()).toMatch(/loc\("[^"]*loss[^"]*"\)/);
});

describe('jitErrorIf', () => {
  const message = (x: Array) => {
    jitErrorIf(np.less(x, 0), 'negative: {} and {y}', x, { y: x.mul(2) });
    return x.mul(x);
  };

  test('eagerly and compiled, with a message or a function', () => {
    expect(() => message(f32(-1))).toThrow(FailedCheckError);
    expect((jit(message)(f32(2)) as Array).item()).toBe(4);
    const e = thrown(() => (jit(message)(f32(-1)) as Array).item());
    expect(e).toBeInstanceOf(CallbackError);
    expect(e.message).toContain('negative: -1.0 and -2.0');
    expect(e.cause).toBeInstanceOf(FailedCheckError);
    class Mine extends Error {}
    const mine = jit((x: Array) => (jitErrorIf(np.less(x, 0), (v: Array) => { throw new Mine(`got ${v}`); }, x), x));
    expect((mine(f32(1)) as Array).item()).toBe(1);
    expect(thrown(() => (mine(f32(-3)) as Array).item()).cause).toBeInstanceOf(Mine);
    expect(() => jitErrorIf(true, 3 as never)).toThrow(/expected a message or a function/);
    expect(() => jitErrorIf(true, 'a %d, b %.2f and %s: 9%% of {y}', f32(3), f32(4), 'c', { y: 5 })).toThrow(/a 3, b 4.00 and c: 9% of 5/);
    expect(() => jitErrorIf(true, 'a set {a, b}')).toThrow(/a set \{a, b\}/);
    expect(() => jitErrorIf(false, '{} and {y}', 1, { z: 1 })).toThrow(/names 'y', which was not given/);
  });

  test('in scan, vmap and grad', () => {
    const total = jit((x: Array) => scan((c: Array, v: Array) => [c.add(message(v)), null], f32(0), x)[0] as Array);
    expect(total(f32([1, 2])).item()).toBe(5);
    expect(() => total(f32([1, -2])).item()).toThrow(/negative: -2.0/);
    expect((jit(vmap(message))(f32([1, 2])) as Array).js()).toEqual([1, 4]);
    expect(() => (jit(vmap(message))(f32([1, -2])) as Array).js()).toThrow(/negative/);
    // Without jit the error is thrown at once, with the values of all lanes.
    expect(() => vmap(message)(f32([1, -2]))).toThrow(FailedCheckError);
    expect(() => vmap(vmap(message))(np.reshape(f32([1, -2]), [2, 1]))).toThrow('negative: [[ 1.]');
    expect(() => grad(message)(f32(-3))).toThrow('negative: -3.0 and -6.0');
    expect((jit(grad(message))(f32(3)) as Array).item()).toBe(6);
    expect(() => (jit(grad(message))(f32(-3)) as Array).item()).toThrow(/negative: -3.0/);
    effectsBarrier();
  });
});

test('loops run step by step take and check types as compiled ones do', () => {
  const xs = np.array([1, 2, 3]);
  const run = () => lax.scan((c: np.Array, x: np.Array) => [c.add(x), c], 0, xs);
  const [plain, stepped] = [run(), disableJit(run)] as [np.Array, np.Array][];
  for (const k of [0, 1] as const) {
    expect(stepped![k].js()).toEqual(plain![k].js());
    expect(stepped![k].dtype).toBe(plain![k].dtype);
  }
  expect(() => disableJit(() => lax.scan((c: np.Array) => [c.astype('int32'), null], np.array(1.5), xs))).toThrow('equal types in and out');
  expect(() => disableJit(() => lax.scan((c: np.Array) => [[c, c], null], np.array(1.5), xs))).toThrow('one structure in and out');
});

test('transforms of functions with states run in JS, too: values are there to be looked at', () => {
  const seen: number[] = [];
  const total = new State(np.array(0));
  disableJit(() => {
    scan((c: np.Array, x: np.Array) => {
      seen.push(x.item() as number);
      total.value = total.value.add(x);
      return [c, null];
    }, np.array(0), np.array([1, 2, 3]), { reverse: true });
    whileLoop(() => (total.value.item() as number) < 9, () => {
      total.value = total.value.add(1);
    }, null);
    cond(true, (x: np.Array) => {
      seen.push(x.item() as number);
      return x;
    }, (x: np.Array) => x, total.value);
  });
  expect([seen, total.value.item()]).toEqual([[3, 2, 1, 9], 9]);
});
