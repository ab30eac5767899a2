import { clearCaches } from '../../lib/core/caches';
import { ArgumentError, DeletedArrayError, DtypeError, ShapeError, TreeError } from '../../lib/core/errors';
import { primitives } from '../../lib/core/primitive';
import * as environ from '../../lib/environ';
import { checkpoint, customGradient, customJvp, customVjp, customVmap, grad, hessian, jacfwd, namedCall, valueAndGrad, vjp } from '../../lib/index';
import * as lax from '../../lib/lax';
import * as np from '../../lib/numpy';
import { TraceContextError } from '../../lib/state/errors';
import { ParamState, ShortTermState } from '../../lib/state/kinds';
import { State } from '../../lib/state/state';
import { jit } from '../../lib/transform/jit';
import { vmap } from '../../lib/transform/vmap';
import { makeJaxpr } from '../../lib/transform/makeJaxpr';

type A = np.Array;
const v = (s: State) => s.value.js();

test('a state that is read is an input, one that is written an output; nothing is traced twice', () => {
  const a = new State(np.array([1, 2]));
  const b = new State(np.array(10));
  let traces = 0;
  const f = jit((x: A) => {
    traces++;
    a.value = np.add(a.value, np.multiply(b.value, x));
    return np.sum(a.value);
  });
  expect(f(1).item()).toBe(23);
  expect(f(2).item()).toBe(63);
  b.value = np.array(0);
  expect(f(5).item()).toBe(63);
  expect([v(a), traces]).toEqual([[31, 32], 1]);
  a.value = np.array([1, 2, 3]);
  expect(f(5).item()).toBe(6);
  expect(traces).toBe(2);
});

test('signatures: shape, dtype, weakness, structure and static values trace anew; equal ones do not', () => {
  let traces = 0;
  const f = jit((x: { a: A; b: A }, mode: { scale: number }) => {
    traces++;
    return np.multiply(np.add(x.a, x.b), mode.scale);
  }, { staticArgnums: 1 });
  const x = np.array([1, 2]);
  expect(f({ a: x, b: x }, { scale: 2 }).js()).toEqual([4, 8]);
  f({ b: x, a: x }, { scale: 2 });
  expect(traces).toBe(1);
  expect(f({ a: x, b: x }, { scale: 3 }).js()).toEqual([6, 12]);
  f({ a: x, b: np.array([1, 2], { dtype: 'int32' }) }, { scale: 3 });
  f({ a: x, b: np.array(1) }, { scale: 3 });
  f({ a: x, b: 1 as never }, { scale: 3 });
  expect(traces).toBe(5);
  f({ a: x, b: 7 as never }, { scale: 3 });
  expect(traces).toBe(5);
  expect(f.cacheSize).toBe(5);
  f.clearCache();
  f({ a: x, b: x }, { scale: 3 });
  expect(traces).toBe(6);
  expect(() => jit((y: A) => y, { staticArgnums: 0 })(x)).toThrow(ArgumentError);
  expect(() => jit((y: A) => y, { staticArgnums: 0.5 })).toThrow('integers');
});

test('static data is compared by its value at the call, also with functions in it; sizes of named axes count', () => {
  const f = jit((x: A, o: { scale: number }) => np.multiply(x, o.scale), { staticArgnums: 1 });
  const options = { scale: 2 };
  expect(f(1, options).item()).toBe(2);
  options.scale = 5;
  expect(f(1, options).item()).toBe(5);
  const square = (x: A) => np.square(x);
  const g = jit((x: A, o: { activation: (v: A) => A }) => o.activation(x), { staticArgnums: 1 });
  expect([g(3, { activation: square }), g(4, { activation: square })].map((x) => x.item())).toEqual([9, 16]);
  expect(g(3, { activation: (x: A) => np.negative(x) }).item()).toBe(-3);
  expect(g.cacheSize).toBe(2);
  const kind = jit((x: A, s: unknown) => np.multiply(x, typeof s === 'string' ? 2 : 3), { staticArgnums: 1 });
  expect([kind(1, '[1]').item(), kind(1, [1]).item()]).toEqual([2, 3]);
  const mean = jit((x: A) => lax.pmean(x, 'i'));
  const custom = customJvp((x: A) => lax.pmean(x, 'i'));
  custom.defjvp(([x]: A[], [t]: A[]) => [custom(x!), lax.pmean(t!, 'i')]);
  for (const n of [3, 6]) for (const m of [mean, custom]) expect((vmap((x: A) => m(x), { axisName: 'i' })(np.ones([n])) as A).js()).toEqual(Array(n).fill(1));
});

test('what someone holds of a state does not change when the state does', () => {
  const s = new State(np.zeros([4]));
  const step = jit(() => {
    s.value = np.add(s.value, 1);
    return null;
  });
  const first = s.value;
  step();
  const second = s.value;
  step();
  step();
  expect([first.js(), second.js(), v(s)]).toEqual([[0, 0, 0, 0], [1, 1, 1, 1], [3, 3, 3, 3]]);
});

test('two states with one array, and a state given as argument too, are not confused', () => {
  const x = np.array([1, 2]);
  const [a, b] = [new State(x), new State(x)];
  const f = jit((y: A) => {
    a.value = np.add(a.value, y);
    b.value = np.subtract(b.value, y);
    return y;
  });
  for (let i = 0; i < 3; i++) f(a.value);
  expect([v(a), v(b), x.js()]).toEqual([[8, 16], [-6, -12], [1, 2]]);
});

test('a throw while tracing leaves states as they were, and the function usable', () => {
  const s = new State(np.array([1]));
  let fail = true;
  const f = jit((x: A) => {
    s.value = np.add(s.value, x);
    if (fail) throw new Error('no');
    return s.value;
  });
  const before = s.value;
  expect(() => f(1)).toThrow('no');
  expect(s.value).toBe(before);
  fail = false;
  expect(f(1).js()).toEqual([2]);
});

test('a state made inside is not seen; its value ends with the trace', () => {
  let made: State | undefined;
  const f = jit((x: A) => {
    made = new State(x);
    made.value = np.add(made.value, 1);
    return made.value;
  });
  expect(f(1).item()).toBe(2);
  expect(() => made!.value).toThrow(TraceContextError);
  made!.value = np.array(5);
  expect(made!.value.item()).toBe(5);
});

test('environment keys that were read belong to the signature', () => {
  let traces = 0;
  const f = jit((x: A) => {
    traces++;
    return environ.get('fit', { default: false }) ? np.multiply(x, 2) : x;
  });
  const both = () => [environ.context({ fit: true }, () => f(3).item()), environ.context({ fit: false }, () => f(3).item()), f(3).item()];
  expect(both()).toEqual([6, 3, 3]);
  const before = traces;
  expect(both()).toEqual([6, 3, 3]);
  expect(traces).toBe(before);
});

test('nested compiled functions with states; the structure of a value may not change inside', () => {
  const s = new State<unknown>({ n: np.array(0) });
  const value = () => (s.value as { n: A }).n;
  const inner = jit(() => {
    s.value = { n: np.add(value(), 1) };
    return value();
  });
  const outer = jit(() => np.add(inner(), inner()));
  expect(outer().item()).toBe(3);
  expect(outer().item()).toBe(7);
  const bad = jit(() => {
    s.value = [value()] as never;
    return null;
  });
  expect(() => bad()).toThrow(TreeError);
  expect(value().item()).toBe(4);
});

test('donated arguments are deleted by the call', () => {
  const f = jit((x: A, y: A) => np.add(x, y), { donateArgnums: 0 });
  const [x, y] = [np.ones([8]), np.ones([8])];
  expect(f(x, y).js()).toEqual(Array(8).fill(2));
  expect([x.isDeleted(), y.isDeleted()]).toEqual([true, false]);
  expect(() => f(x, y)).toThrow(DeletedArrayError);
});

test('positions from the end of the parameters', () => {
  const power = jit((x: np.Array, n: number) => np.power(x, n + 0), { staticArgnums: -1 });
  expect((power(np.array([2]), 3) as np.Array).js()).toEqual([8]);
  const donating = jit((x: np.Array, y: np.Array) => np.add(x, y), { donateArgnums: -2 });
  const x = np.array([1, 2]);
  donating(x, np.array([3, 4]));
  expect(() => x.js()).toThrow(/donated|deleted/);
  expect(() => jit((x: np.Array) => x, { staticArgnums: -2 })).toThrow('declares 1 parameter');
});

test('lower, compile ahead, jaxprs', async () => {
  const s = new ParamState(np.array([1, 2]));
  const f = jit((x: A) => np.multiply(x, s.value), { name: 'scale' });
  expect(f.lower(np.array([1, 2])).asText()).toContain('stablehlo.multiply');
  const compiled = await f.compile(np.array([1, 2]));
  expect((compiled(np.array([3, 4])) as A).js()).toEqual([3, 8]);
  expect(f.cacheSize).toBe(1);
  expect(() => compiled(np.array([1]))).toThrow('was compiled for arguments');
  expect(String(makeJaxpr((x: A) => np.multiply(x, 2))(np.array([1, 2])))).toBe('{ lambda ; a:f32[2]. let b:f32[2] = mul a 2.0:f32[] in (b,) }');
  const j = makeJaxpr((x: A) => np.multiply(x, s.value))(np.array([1, 2]));
  expect(String(j)).toBe('({ lambda ; a:f32[2] b:f32[2]. let c:f32[2] = mul a b in (c, b) }, (ParamState(\n  value=ShapedArray(float32[2])\n),))');
  expect(j.states).toEqual([s]);
});

test('programs spread a scalar once for each type, and tell constants apart that a map takes for one', () => {
  const spreads = (f: (x: A, y: A) => unknown) => jit(f).lower(np.ones([2]), np.ones([3])).asText().split('stablehlo.broadcast_in_dim').length - 1;
  expect(spreads((x, y) => [np.add(np.multiply(x, 2), np.multiply(np.sin(x), 2)), np.multiply(y, 2)])).toBe(2);
  // A loop's body has its own: one of outside would be handed to it.
  expect(spreads((x) => [np.multiply(x, 2), lax.foriLoop(0, 3, (_: unknown, z: A) => np.multiply(z, 2), x)])).toBe(2);
  const f = jit((x: A) => [np.divide(1, np.multiply(x, 0)), np.divide(1, np.multiply(x, -0))]);
  expect((f(np.array([1])) as A[]).map((y) => y.js())).toEqual([[Infinity], [-Infinity]]);
});

test('operations whose last operands were accepted refuse others still', () => {
  const trace = (...xs: A[]) => makeJaxpr((...ys: A[]) => (ys.length === 1 ? lax.tanh(ys[0]!) : lax.add(ys[0]!, ys[1]!)))(...xs);
  const x = np.ones([2]);
  trace(x);
  trace(x, x);
  expect(() => trace(x.astype('int32'))).toThrow(DtypeError);
  expect(() => trace(x, np.ones([3]))).toThrow(ShapeError);
  expect(() => trace(x, x.astype('int32'))).toThrow(DtypeError);
});

test('the stages of a function: what each tells, unused arguments, options of the compiler, programs without static arguments', () => {
  const x = np.array([1, 2]);
  const main = (f: { asText(): string }) => /@main\((.*?)\) ->/.exec(f.asText())![1];
  const f = (a: A, b: A) => np.add(a.mul(2), np.sum(b.sub(b)).mul(0).mul(0));
  const second = (a: A, b: A) => (np.sin(a), b.mul(2));
  expect([main(jit(second).lower(x, x)), main(jit(second, { keepUnused: true }).lower(x, x))]).toEqual(['%arg0: tensor<2xf32>', '%arg0: tensor<2xf32>, %arg1: tensor<2xf32>']);
  expect([(jit(second)(x, np.array([3, 4])) as A).js(), (jit(second, { keepUnused: true })(x, np.array([3, 4])) as A).js(), (jit(f)(x, x) as A).js()]).toEqual([[6, 8], [6, 8], [2, 4]]);
  // A program without the argument does not take its memory either.
  jit(second, { donateArgnums: 0 })(x, x.copy());
  expect(x.js()).toEqual([1, 2]);
  const s = new State(np.array([1, 1]));
  const keeping = jit((_: A, b: A, c: A) => {
    s.value = s.value.add(b);
    return c.mul(s.value);
  }, { donateArgnums: 2 });
  expect([1, 2, 3].map((i) => keeping(x, x, np.array([i, i])).js())).toEqual([[2, 3], [6, 10], [12, 21]]);

  const traced = jit(second, { donateArgnums: [1] }).trace(x, 3);
  expect(String(traced)).toBe(String(makeJaxpr(second)(x, 3)));
  expect(traced).toMatchObject({ funName: 'second', donateArgnums: [1], outInfo: { shape: [], dtype: 'int32', weakType: true }, argsInfo: [{ shape: [2], dtype: 'float32', donated: false }, { shape: [], weakType: true, donated: true }] });
  expect([String(traced.inTree), String(traced.lower().outTree), traced.jaxpr.eqns.length]).toEqual(['PyTreeDef([*, *])', 'PyTreeDef(*)', 2]);
  const power = jit((n: number, a: A) => a.pow(n), { staticArgnums: 0 }).lower(3, x).compile();
  expect((power(np.array([3, 4])) as A).js()).toEqual([27, 64]);
  expect(() => power(3, x)).toThrow('static ones, which are not given again');

  const loops = 'xla_backend_optimization_level';
  expect(jit(second, { compilerOptions: { [loops]: 0 } })(x, x).js()).toEqual([2, 4]);
  expect((jit(second).lower(x, x).compile({ [loops]: 1 })(x, x) as A).js()).toEqual([2, 4]);
  expect(vmap(jit(second, { compilerOptions: { [loops]: 0 } }))(x, x).js()).toEqual([2, 4]);
  for (const run of [() => jit(second, { compilerOptions: { nope: 1 } })(x, x), () => jit(second).lower(x, x).compile({ nope: 1 }), () => vmap(jit(second, { compilerOptions: { nope: 1 } }))(x, x)]) {
    expect(run).toThrow(expect.objectContaining({ code: 'XLA', status: 'INVALID_ARGUMENT', message: expect.stringContaining("No such compile option: 'nope'") as string }) as Error);
  }
  expect(() => jit(second, { compilerOptions: { [loops]: 'x' } })(x, x)).toThrow('not a valid int32');
  expect(() => jit(second, { compilerOptions: { [loops]: null as never } })).toThrow('expected the compiler\'s option xla_backend_optimization_level to be a string');
  expect(() => jit((a: A) => jit(second, { compilerOptions: { [loops]: 0 } })(a, a))(x)).toThrow('compilerOptions are for whole programs');
  expect(String(makeJaxpr(jit(second, { keepUnused: true, donateArgnums: 1 }))(x, x))).toMatch(/donated_invars=\(False, True\)[\s\S]*keep_unused=True/);
});

test('what transforms make has the name of the function and its number of parameters', () => {
  function product(xs: A[], _: A) { return np.sum(xs[0]!.mul(xs[1]!)); }
  for (const g of [jit(product), vmap(product), checkpoint(product), grad(product), valueAndGrad(product), jacfwd(product), hessian(product), customJvp(product), customVjp(product), customGradient(product), customVmap(product), namedCall(product, { name: 'other' })]) {
    expect([(g as { name: string }).name, (g as { length: number }).length]).toEqual(['product', 2]);
  }
  expect(String(makeJaxpr(jit(vmap(product)))([np.ones([2, 3]), np.ones([2, 3])], np.ones([2])))).toContain('name=product');
  // One argument that is a list is no list of arguments, also where the function is compiled.
  const f = (xs: A[]) => xs[0]!.mul(xs[1]!);
  const xy = [np.array(3), np.array(4)];
  for (const g of [f, jit(f), checkpoint(f), jit(checkpoint(f))]) expect(vjp(g, xy)[1](np.array(1)).map((list: A[]) => list.map((x) => x.js()))).toEqual([[4, 3]]);
});

test('inline: no jit in the jaxpr; a program of one signature is not transformed', () => {
  const s = new State(np.array(1));
  const f = (x: A) => {
    s.value = s.value.add(x);
    return x.mul(2);
  };
  const text = (inline: boolean) => String(makeJaxpr(jit(f, { inline }))(np.array(1)));
  expect([text(false).includes('jit'), text(true).includes('jit')]).toEqual([true, false]);
  const outer = jit((x: A) => jit(f, { inline: true })(x).add(s.value));
  expect([outer(np.array(3)).js(), s.value.js()]).toEqual([10, 4]);
  const compiled = jit((x: A) => x.mul(2)).lower(np.array(1)).compile();
  expect(() => vmap((x: A) => compiled(x) as A)(np.ones([3]))).toThrow('cannot be transformed');
});

test('a function that writes a state need not return anything', () => {
  const s = new State(0);
  const f = jit(() => {
    s.value = np.add(s.value, 2);
  });
  expect([f(), f(), s.value.item()]).toEqual([undefined, undefined, 4]);
});

test('results of a wrong kind are errors that say what came', () => {
  expect(() => jit(async () => 1)()).toThrow('Promise');
  expect(() => jit(() => undefined)()).toThrow('undefined');
  expect(() => jit(() => 'text')()).toThrow('the string "text"');
  expect(() => jit(7 as never)).toThrow(ArgumentError);
  expect(() => jit((x: A) => x)(new State(0) as never)).toThrow('State');
});

test('modules, and options alone', () => {
  const model = { w: new ParamState(np.array([2])), call(x: A): A { return np.multiply(x, this.w.value); } };
  expect(jit(model)(np.array([4])).js()).toEqual([8]);
  const f = jit({ staticArgnums: 1 })((x: A, n: number) => np.multiply(x, n));
  expect(f(np.array([1, 2]), 3).js()).toEqual([3, 6]);
});

test('clearCaches forgets programs and traces, of compiled functions and of single operations', () => {
  let traces = 0;
  const f = jit((x: A) => {
    traces++;
    return np.add(np.var_(x), 1);
  });
  const x = np.array([1, 2, 3, 6]);
  const before = f(x).js();
  f(x);
  np.tanh(x);
  expect([traces, f.cacheSize, primitives().get('tanh')!.compiled.size > 0]).toEqual([1, 1, true]);
  clearCaches();
  expect([f.cacheSize, primitives().get('tanh')!.compiled.size]).toEqual([0, 0]);
  expect([f(x).js(), np.var_(x).item(), traces]).toEqual([before, 3.5, 2]);
});

describe('states that a function leaves in place are not handed over anew in each call, and every change of them is seen', () => {
  const make = () => {
    const [count, rate, other] = [new ShortTermState(np.array([1, 2])), new ShortTermState(np.array(10)), new ShortTermState(np.array(0))];
    const step = jit((x: np.Array) => {
      count.value = np.add(np.multiply(count.value, x), rate.value);
      other.value = np.add(other.value, 1);
      return np.sum(count.value);
    });
    return { count, rate, other, step };
  };

  test('values, reads between calls, writes from outside, other types, two functions on one state', () => {
    const { count, rate, other, step } = make();
    let [a, b, n] = [1, 2, 0];
    let r = 10;
    const once = (x: number) => {
      [a, b] = [a * x + r, b * x + r];
      expect(step(np.array(x)).item()).toBe(a + b);
      n++;
    };
    for (let i = 0; i < 4; i++) once(2);
    expect(count.value.js()).toEqual([a, b]);
    for (let i = 0; i < 4; i++) once(0.5);
    rate.value = np.array(3);
    r = 3;
    for (let i = 0; i < 4; i++) once(0.5);
    count.value = np.array([5, 6]);
    [a, b] = [5, 6];
    for (let i = 0; i < 4; i++) once(2);
    const double = jit(() => {
      count.value = np.multiply(count.value, 2);
      return null;
    });
    for (let i = 0; i < 6; i++) {
      once(1);
      double();
      [a, b] = [2 * a, 2 * b];
    }
    expect([count.value.js(), other.value.item()]).toEqual([[a, b], n]);
    count.value = np.array([[1, 2]]);
    expect(step(np.array(1)).item()).toBe(9);
    expect(count.value.js()).toEqual([[4, 5]]);
  });

  test('an array that was handed out keeps its value; hooks that come later are called', () => {
    const { count, step } = make();
    for (let i = 0; i < 3; i++) step(np.array(1));
    const seen = count.value;
    for (let i = 0; i < 3; i++) step(np.array(1));
    expect([seen.js(), count.value.js()]).toEqual([[31, 32], [61, 62]]);
    for (let i = 0; i < 3; i++) step(np.array(1));
    const written: unknown[] = [];
    const hook = count.registerHook('write_after', (context) => written.push(context.value));
    step(np.array(1));
    step(np.array(1));
    expect(written).toHaveLength(2);
    count.unregisterHook(hook);
    step(np.array(0));
    expect(count.value.js()).toEqual([10, 10]);
  });

  test('a call that fails leaves the states usable once they are set again', () => {
    const { count, step } = make();
    for (let i = 0; i < 3; i++) step(np.array(1));
    expect(() => step(np.array([1, 2, 3]))).toThrow(ShapeError);
    for (let i = 0; i < 3; i++) step(np.array(1));
    expect(count.value.js()).toEqual([61, 62]);
  });
});
