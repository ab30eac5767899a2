import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Array } from '../../lib/core/array';
import { ArgumentError } from '../../lib/core/errors';
import { type ClosedJaxpr, evalJaxpr } from '../../lib/core/jaxpr';
import * as lax from '../../lib/lax';
import * as nn from '../../lib/nn';
import * as np from '../../lib/numpy';
import * as random from '../../lib/random';
import { BrainStateError } from '../../lib/state/errors';
import { ParamState } from '../../lib/state/kinds';
import { State } from '../../lib/state/state';
import {
  algebraicSimplification, boundedWhileLoop, checkpoint, checkpointedScan, cond, commonSubexpressionElimination, constantFold, copyPropagation, deadCodeElimination, debugNan, debugNanIf, drawDotGraph, eqnsToClosedJaxpr, eqnsToJaxpr, evalShape, fwdGrad, grad, GradientTransform, inlineJit, jit, makeJaxpr,
  NanError, optimizeJaxpr, ProgressBar, scan, type ShapeDtypeStruct, StatefulFunction, StateFinder, switchCase, vmap, whileLoop,
} from '../../lib/transform';

type A = Array;
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/transforms.json'), 'utf8')).forward as Record<string, number[]>;

function far(a: unknown, b: unknown): number {
  const [x, y] = [[a].flat(9) as number[], [b].flat(9) as number[]];
  if (x.length !== y.length) return Infinity;
  return Math.max(0, ...x.map((v, i) => Math.abs(v - y[i]!) / Math.max(1, Math.abs(y[i]!))));
}

test('fwdGrad: one direction, several, clipped, of arguments and states', () => {
  const f = (z: A) => np.sum(z.mul(z));
  const x = np.array([3, 4]);
  const near = (a: A, name: string) => expect(far(a.js(), fixture[name])).toBeLessThan(1e-5);
  near(fwdGrad(f, { key: 0 })(x), 'one');
  near(jit(fwdGrad(f, { key: 0, tangentSize: 3 }) as (x: A) => A)(x), 'several');
  near(fwdGrad({ key: 0, drctDerClip: 1 })(f)(x), 'clipped');
  random.seed(42);
  near(fwdGrad(f)(x), 'free');
  expect(random.getKeyData().js()).toEqual(fixture.key);
  const both = fwdGrad((y: A, z: A) => np.sum(y.mul(z)), { key: 0, argnums: [0, 1] })(x, x.mul(2)) as A[];
  expect(far(both.map((g) => g.js()), fixture.argnums)).toBeLessThan(1e-5);
  const w = new State(np.array([1, 2]));
  const b = new State(np.array(3));
  const [[g], value] = fwdGrad((z: A) => np.sum(w.value.mul(z)).mul(b.value), { gradStates: [w], key: 0, returnValue: true })(x) as [[A], A];
  expect(far([g.js(), value.js()], fixture.state)).toBeLessThan(1e-5);
  expect(() => fwdGrad((z: A) => z)(x)).toThrow(/one scalar result/);
  expect(() => fwdGrad(f, { tangents: 1 } as never)).toThrow(/unknown option 'tangents'/);
});

test('GradientTransform: a gradient of arguments becomes one of states', () => {
  const w = new ParamState(np.ones([2]));
  const calls = new State(np.array(0));
  const f = (x: A) => {
    calls.value = calls.value.add(1);
    return [np.sum(w.value.mul(x)), x.mul(2)];
  };
  const seen: unknown[] = [];
  const g = new GradientTransform(f, (h, o) => {
    seen.push(o);
    return grad(h, { argnums: o.argnums, hasAux: true });
  }, { gradStates: { w }, argnums: 0, returnValue: true, hasAux: true, transformParams: { a: 5 } });
  const [[gs, gx], value, aux] = g.call(np.array([1, 2])) as [[{ w: A }, A], A, A];
  expect([gs.w.js(), gx.js(), value.js(), aux.js(), calls.value.js()]).toEqual([[1, 2], [1, 1], 3, [2, 4], 1]);
  expect(seen).toEqual([{ a: 5, argnums: [0, 1], hasAux: true }]);
});

test('StatefulFunction: jaxpr, states, types, calls, cache', () => {
  const a = new State(np.array([1, 2]));
  const b = new State(np.array(10), { name: 'b' });
  let runs = 0;
  const f = new StatefulFunction((x: A, k: number) => {
    runs++;
    a.value = a.value.add(x).mul(k);
    return { y: a.value.add(b.value) };
  }, { staticArgnums: 1, name: 'f' });
  const x = np.array([1, 1]);
  expect(f.getStates(x, 2)).toEqual([a, b]);
  expect([f.getReadStates(x, 2), f.getWriteStates(x, 2)]).toEqual([[b], [a]]);
  expect(String(f.getJaxpr(x, 2))).toBe('{ lambda ; a:f32[2] b:f32[2] c:f32[]. let\n    d:f32[2] = add b a\n    e:f32[2] = mul d 2.0:f32[]\n    f:f32[] = convert_element_type[new_dtype=float32 weak_type=False] c\n    g:f32[2] = add e f\n  in (g, e) }');
  const [types, states] = f.getOutShapes(x, 2);
  expect([types.y.shape, states.length, states[0].shape]).toEqual([[2], 1, [2]]);
  expect(String(f.getOutTreedef(x, 2))).toContain('y');
  const [after, out] = f.jaxprCall([np.array([0, 0]), np.array(1)], x, 2);
  expect([(after[0] as A).js(), after[1], out.y.js()]).toEqual([[2, 2], null, [3, 3]]);
  expect(a.value.js()).toEqual([1, 2]);
  expect(runs).toBe(1);
  expect(f.jaxprCallAuto(x, 2).y.js()).toEqual([14, 16]);
  expect(a.value.js()).toEqual([4, 6]);
  f.makeJaxpr(x, 3);
  expect(f.getCacheStats()).toMatchObject({ size: 2, misses: 2 });
  expect(f.validateStates(x, 2)).toBe(true);
  b.value = np.array([1, 2]);
  expect(() => f.validateStates(x, 2)).toThrow(/State 'b' has changed/);
  const [key, other] = [f.getArgCacheKey(x, 2), f.getArgCacheKey(x, 3)];
  expect(() => f.validateStates(key)).toThrow(/State 'b' has changed/);
  expect(f.validateAllStates()).toEqual({ [key]: expect.stringContaining("State 'b' has changed"), [other]: expect.any(String) });
  b.value = np.array(10);
  expect(f.validateAllStates()).toEqual({ [key]: true, [other]: true });
  expect([f.getStatesByCache(key), f.getReadStatesByCache(key), f.getWriteStatesByCache(key)]).toEqual([[a, b], [b], [a]]);
  expect(f.getJaxprByCache(key)).toBe(f.getJaxpr(x, 2));
  expect([f.getOutShapesByCache(key)[0].y.shape, f.getOutTreedefByCache(key), f.getStateTraceByCache(key).beenWriten]).toEqual([[2], f.getOutTreedef(x, 2), [true, false]]);
  expect(() => f.getJaxprByCache('none')).toThrow(/nothing is traced for the key none; there is/);
  const [left, shown] = f.debugCall([np.array([1, 1]), np.array(5)], x, 2);
  expect([(left[0] as A).js(), left[1], (shown as { y: A }).y.js()]).toEqual([[4, 4], null, [9, 9]]);
  expect([a.value.js(), b.value.js()]).toEqual([[4, 4], 5]);
  b.value = np.array([1, 2]);
  expect(f.getJaxpr(x, 2).inAvals.map(String)).toEqual(['f32[2]', 'f32[2]', 'f32[2]']);
  expect(() => f.validateStates(np.ones([5]), 2)).toThrow(BrainStateError);
  f.clearCache();
  expect(f.getCacheStats().size).toBe(0);
  const all = new StatefulFunction(() => b.value.add(1), { returnOnlyWrite: false });
  expect(all.getJaxpr().outAvals).toHaveLength(2);
  expect(all.getWriteStates()).toEqual([]);
  expect(() => f.jaxprCall([], x, 2)).toThrow(ArgumentError);
});

test('transforms refuse options that they do not have, and what is no function', () => {
  const o = { static: 0 } as never;
  const step = (c: A, x: A) => [c, x] as const;
  for (const [name, f] of Object.entries({
    jit: () => jit((x: A) => x, o), scan: () => scan(step, 0 as never, np.ones([2]), o), checkpoint: () => checkpoint((x: A) => x, o), checkpointedScan: () => checkpointedScan(step, 0 as never, np.ones([2]), o),
    boundedWhileLoop: () => boundedWhileLoop(() => false, (x) => x, 0, { maxSteps: 1, static: 0 } as never), ProgressBar: () => new ProgressBar(o), makeJaxpr: () => makeJaxpr((x: A) => x, o),
  })) expect(f).toThrow(`${name}: unknown option 'static'; expected one of `);
  expect(() => scan(3 as never, 0, np.ones([2]))).toThrow('scan: expected a function or a module, got');
  expect(() => lax.cond(np.astype(np.ones([]), 'complex64'), () => 1, () => 2)).toThrow('cond: expected pred to be a bool or a real number, got c64[]');
  expect(() => switchCase(1, [(x: A) => x, 3 as never], np.ones([]))).toThrow('switchCase: a branch: expected a function or a module, got');
});

test('passes refuse options that they do not have, and what is no jaxpr', () => {
  const { jaxpr } = makeJaxpr((x: Array) => x.add(0))(1);
  const bad = optimizeJaxpr as unknown as (...args: unknown[]) => unknown;
  expect(() => bad(jaxpr, { passes: [] })).toThrow("optimizeJaxpr: unknown option 'passes'; expected one of maxIterations, optimizations");
  for (const args of [[jaxpr, 3], [jaxpr, { maxIterations: 0 }], [jaxpr, { optimizations: 'fold' }], [jaxpr, { optimizations: [3] }], [3]]) expect(() => bad(...args)).toThrow(ArgumentError);
  for (const pass of [inlineJit, constantFold, deadCodeElimination, commonSubexpressionElimination, copyPropagation, algebraicSimplification]) expect(() => pass(3 as never)).toThrow('expected a jaxpr, got number');
  expect(() => new StatefulFunction((x: Array) => x, { irOptimizations: ['fold' as never] })).toThrow("got 'fold'");
  expect(() => eqnsToJaxpr(3 as never)).toThrow(ArgumentError);
});

test('axisEnv: mapped axes that the function may name', () => {
  const f = (x: A) => lax.psum(x, 'i').add(lax.axisIndex('j'));
  const text = '{ lambda ; a:f32[2]. let\n    b:f32[2] = psum';
  const axisEnv = [['i', 4], ['j', 2]] as const;
  for (const jaxpr of [makeJaxpr(f, { axisEnv }), new StatefulFunction(f, { axisEnv }).getJaxpr.bind(new StatefulFunction(f, { axisEnv }))]) expect(String(jaxpr(np.ones([2])))).toContain(text);
  expect(() => makeJaxpr(f)(np.ones([2]))).toThrow(/unbound axis name 'i'/);
  expect(() => makeJaxpr(f, { axisEnv: [['i']] as never })).toThrow(ArgumentError);
  expect(() => new StatefulFunction(f, { axes: 1 } as never)).toThrow(/unknown option 'axes'/);
});

test('StateFinder: by use and filter, in an object or a list', () => {
  const w = new ParamState(np.ones([2]), { name: 'w' });
  const n = new State(np.array(0));
  const f = (x: A) => {
    n.value = n.value.add(1);
    return w.value.mul(x);
  };
  expect(new StateFinder(f).find(2)).toEqual({ 0: n, 1: w });
  expect(new StateFinder(f, ParamState, { returnType: 'list' }).call(2)).toEqual([w]);
  expect(new StateFinder(f, null, { usage: 'both', returnType: 'list' }).find(2)).toEqual({ read: [w], write: [n] });
  expect(new StateFinder(f, null, { keyFn: () => null }).find(2)).toEqual({ state_0: n, w });
  expect(() => new StateFinder(f, null, { usage: 'some' as never })).toThrow(/all, read, write, both/);
});

test('makeJaxpr: types of the result, states left out, passes where asked for', () => {
  const s = new State(np.ones([2]));
  const f = (x: A) => {
    np.sin(x);
    return x.mul(1).add(s.value);
  };
  const made = makeJaxpr(f, { returnShape: true, returnOnlyWrite: true })(np.ones([2]));
  expect([made.outShapes.shape, made.jaxpr.outAvals.length, made.states]).toEqual([[2], 1, [s]]);
  expect(String(made.jaxpr)).toContain('sin');
  const small = makeJaxpr(f, { returnOnlyWrite: true, irOptimizations: ['deadCodeElimination', 'algebraicSimplification'] })(np.ones([2]));
  expect(String(small.jaxpr)).toBe('{ lambda ; a:f32[2] b:f32[2]. let c:f32[2] = add a b in (c,) }');
});

const names = (j: ClosedJaxpr) => j.jaxpr.eqns.map((e) => e.prim.name);

test('passes: each does its work, and the values stay', () => {
  const inner = jit((x: A) => np.cos(x).mul(x));
  const f = (x: A) => {
    np.exp(x);
    const y = np.sin(x).add(np.sin(x));
    const z = np.transpose(x, [0]).add(0).mul(1).div(1);
    const n = np.negative(np.negative(z));
    return [y.add(n), inner(x), inner(y), np.sin(np.array(2)).mul(3)];
  };
  const { jaxpr } = makeJaxpr(f)(np.ones([3]));
  expect(names(deadCodeElimination(jaxpr))).not.toContain('exp');
  const merged = names(deadCodeElimination(commonSubexpressionElimination(jaxpr)));
  expect(merged.filter((n) => n === 'sin').length).toBeLessThan(names(jaxpr).filter((n) => n === 'sin').length);
  expect(names(copyPropagation(jaxpr))).not.toContain('transpose');
  const algebra = names(deadCodeElimination(algebraicSimplification(jaxpr)));
  expect(algebra).not.toContain('neg');
  expect(algebra).not.toContain('div');
  const flat = inlineJit(jaxpr);
  expect(names(flat)).not.toContain('jit');
  expect(names(flat).filter((n) => n === 'cos')).toHaveLength(2);
  expect(names(inlineJit(jaxpr, () => false))).toEqual(names(jaxpr));
  const best = optimizeJaxpr(flat);
  expect(names(best).length).toBeLessThan(names(flat).length);
  expect(optimizeJaxpr(best)).toBe(best);
  const x = np.array([0.1, 0.2, 0.3]);
  const run = (j: ClosedJaxpr) => evalJaxpr(j.jaxpr, j.consts, [x]).map((v) => v.js());
  for (const j of [flat, best, commonSubexpressionElimination(jaxpr), algebraicSimplification(jaxpr), constantFold(jaxpr)]) expect(far(run(j), run(jaxpr))).toBeLessThan(1e-6);
});

test('passes by one name, short names or all, told of as they run; lists of equations take variables only', () => {
  const { jaxpr } = makeJaxpr((x: A) => {
    np.sin(x);
    return x.mul(1).add(x.mul(1));
  })(np.array(2));
  const eqns = (optimizations: never) => optimizeJaxpr(jaxpr, { optimizations }).jaxpr.eqns.length;
  expect(['all', 'dce', 'dead_code_elimination', ['cse', 'dce'], ['algebraicSimplification']].map((o) => eqns(o as never))).toEqual([1, 3, 3, 2, 2]);
  expect(() => eqns('faster' as never)).toThrow("got 'faster'");
  const told = jest.spyOn(console, 'log').mockImplementation();
  optimizeJaxpr(jaxpr, { optimizations: 'dce', maxIterations: 1, verbose: true });
  expect(told.mock.calls).toEqual([['optimizeJaxpr: round 1, deadCodeElimination: 4 -> 3 equations']]);
  told.mockRestore();
  expect(new StatefulFunction((x: A) => x.mul(1), { irOptimizations: 'all' }).getJaxpr(np.array(1)).jaxpr.eqns.length).toBe(0);
  expect(() => eqnsToJaxpr(jaxpr.jaxpr.eqns, { invars: [1 as never] })).toThrow('expected variables in invars, got number 1');
});

test('passes: constants of literals, effects and weak types are kept apart', () => {
  const folded = constantFold(makeJaxpr((x: A) => x.mul(np.sin(np.array(0.5)).add(1)))(np.ones([2])).jaxpr);
  expect(folded.jaxpr.outvars).toHaveLength(1);
  const ints = makeJaxpr((x: A) => x.mul(0).add(x.sub(x)))(np.array(3, { dtype: 'int32' })).jaxpr;
  expect(names(optimizeJaxpr(ints))).toEqual([]);
  const floats = makeJaxpr((x: A) => x.mul(0).add(x.sub(x)))(np.array(3)).jaxpr;
  expect(names(optimizeJaxpr(floats))).toEqual(['mul', 'sub', 'add']);
});

test('eqnsToJaxpr: inputs and results are found out, or given', () => {
  const { jaxpr } = makeJaxpr((x: A, y: A) => np.sin(x).add(y).mul(y))(np.ones([2]), np.ones([2])).jaxpr;
  const part = eqnsToJaxpr(jaxpr.eqns.slice(1));
  expect(String(part)).toBe('{ lambda ; a:f32[2] b:f32[2]. let\n    c:f32[2] = add a b\n    d:f32[2] = mul c b\n  in (d,) }');
  const closed = eqnsToClosedJaxpr(jaxpr.eqns, { constvars: [jaxpr.invars[1]!], consts: [np.array([1, 2])], outvars: [jaxpr.eqns[1]!.outputs[0]!] });
  expect(evalJaxpr(closed.jaxpr, closed.consts, [np.zeros([2])])[0]!.js()).toEqual([1, 2]);
  expect(() => eqnsToClosedJaxpr(jaxpr.eqns, { constvars: jaxpr.invars })).toThrow(/value for each of the 2 constants, got 0/);
});

test('debugNan: throws where a result is not finite, naming where it comes from', () => {
  const s = new State(np.array([1, 0]));
  const f = (x: A) => {
    s.value = s.value.add(1);
    return np.exp(np.log(x).mul(2)).add(np.sqrt(s.value));
  };
  debugNan(f, np.array([1, 2]));
  expect(() => debugNan(f, np.array([1, -2]), { phase: 'forward' })).toThrow(/NaN or infinity detected \[forward\].*\n {2}it comes from: log of \(f32\[2\]\)\n {2}result 0: f32\[2\], NaNs: 1, infinities: 0/);
  expect(s.value.js()).toEqual([1, 0]);
  debugNanIf(false, f, np.array([1, -2]));
  expect(() => debugNanIf(np.array([false, true]), f, np.array([1, -2]))).toThrow(NanError);
  debugNan((x: A) => x.astype('int32'), np.array(1));
  const causeOf = (run: () => unknown): unknown => {
    try {
      run();
    } catch (e) {
      return (e as Error).cause;
    }
    return null;
  };
  const g = jit((x: A) => {
    debugNan((y: A) => np.log(y), x);
    return x.mul(2);
  });
  expect(g(np.array(1)).item()).toBe(2);
  expect(String(causeOf(() => g(np.array(-1)).item()))).toMatch(/it comes from: log/);
  const h = jit((x: A) => {
    debugNanIf(x.less(0), (y: A) => np.sqrt(y), x);
    return x.mul(2);
  });
  expect(h(np.array(4)).item()).toBe(8);
  expect(String(causeOf(() => h(np.array(-4)).item()))).toMatch(/it comes from: sqrt/);
});

test('debugNan: names the operation within loops, branches and functions, in lanes of vmap, and what is written', () => {
  const log = (x: A) => np.log(x);
  const f32 = (x: number | number[]) => np.array(x, 'float32');
  const cases: [(x: A) => unknown, A][] = [
    [(x) => scan((c: A, v: A) => [c.add(log(v)), null], f32(0), x)[0], f32([1, -1])],
    [(x) => whileLoop((v: A) => v.greater(-3), (v: A) => log(v.sub(1)), x), f32(1.5)],
    [(x) => cond(x.less(0), log, (v: A) => v, x), f32(-1)],
    [checkpoint((x: A) => log(x).mul(2)), f32(-1)],
    [jit((x: A) => log(x).mul(2)), f32(-1)],
  ];
  for (const [f, x] of cases) {
    expect(() => debugNan(f, x)).toThrow(/it comes from: log of \(f32\[\]\)/);
    const lanes = (y: A) => {
      debugNan(f, y);
      return y;
    };
    if (x.ndim === 0) expect(() => vmap(lanes)(np.stack([f32(5), x]))).toThrow(/it comes from: log of/);
    if (x.ndim === 0) expect(() => grad((y: A) => lanes(y))(x)).toThrow(/it comes from: log of/);
  }
  const s = new State(f32([1, -1]));
  expect(() => debugNan((x: A) => {
    s.value = log(s.value.mul(x));
    return x;
  }, f32(1))).toThrow(/in what is written of the checked function\n {2}it comes from: log of \(f32\[2\]\)\n {2}written 0: f32\[2\], NaNs: 1/);
});

test('drawDotGraph: a graph that Graphviz can read', () => {
  const dot = drawDotGraph(makeJaxpr((x: A) => scan((c: A, v: A) => [c.add(v), null], np.array(0), x)[0])(np.ones([3])).jaxpr);
  expect(dot).toMatch(/^digraph jaxpr \{/);
  expect(dot).toContain('[label="scan", shape=box]');
  expect(dot).toContain('subgraph cluster_');
  expect(dot.split('{').length).toBe(dot.split('}').length);
});

test('evalShape: types of states and of modules that are made in the function', () => {
  const [w, r] = [new ParamState(np.zeros([4])), new State(np.ones([2, 3]))];
  const [types, out] = evalShape((x: np.Array) => {
    w.value = w.value.add(x);
    return w.value.sum().add(r.value.sum());
  }, np.ones([4]), { returnStateShapes: true }) as [Map<unknown, ShapeDtypeStruct>, ShapeDtypeStruct];
  expect([types.get(w)!.shape, types.get(r)!.shape, out.shape, w.value.js()]).toEqual([[4], [2, 3], [], [0, 0, 0, 0]]);
  const model = evalShape(() => new nn.Linear(3, 2)) as nn.Linear;
  expect([...model.states().values()].map((s) => Object.values(s.value as object).map((t) => (t as ShapeDtypeStruct).shape))).toEqual([[[2], [3, 2]]]);
  expect(() => evalShape(() => 'text')).toThrow('expected arrays');
});

test('tracing ahead of a call writes nothing', () => {
  const s = new State(np.zeros([2]));
  const inner = jit((x: np.Array) => {
    s.value = s.value.add(x);
    return s.value;
  });
  const outer = new StatefulFunction((x: np.Array) => {
    inner.evalShape(x);
    inner.lower(x);
    return x.mul(2);
  }).makeJaxpr(np.ones([2]));
  expect(outer.getStateTrace(np.ones([2])).getWriteStates()).toEqual([]);
});

test('whileLoop: a body that returns nothing gives null, as in Python', () => {
  const n = new State(np.array(0));
  const body = () => {
    n.value = n.value.add(1);
  };
  expect(whileLoop(() => n.value.less(3), body, null)).toBe(null);
  boundedWhileLoop(() => n.value.less(5), body, null, { maxSteps: 8 });
  expect(n.value.item()).toBe(5);
});
