import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import type { Array } from '../../lib/core/array';
import { config } from '../../lib/core/config';
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../../lib/core/errors';
import { internJaxpr, jaxprKey } from '../../lib/core/jaxprKey';
import { dceJaxpr } from '../../lib/core/passes/dce';
import { primitives } from '../../lib/core/primitive';
import { gradCore, jvp, linearize, vjp } from '../../lib/functional/derivatives';
import { jacfwdCore } from '../../lib/functional/jacobians';
import { linearTranspose, makeClosedJaxpr } from '../../lib/functional/staging';
import type { AnyFunction } from '../../lib/functional/treeFunction';
import { vmap } from '../../lib/functional/vmap';
import { compileJaxpr } from '../../lib/interpreters/compile';
import { DifferentiationError } from '../../lib/interpreters/jvp';
import { hoistConsts, stage } from '../../lib/interpreters/stage';
import { associativeScan, cond, foriLoop, map, scan, switch_, whileLoop } from '../../lib/lax/control';
import { add, exp, gt, lt, mul, neg, sin, tanh, where } from '../../lib/primitives/elementwise';
import { asArray } from '../../lib/lax/arrayLike';
import { convert, full, indexInDim, like, reduceSum, scalar, sliceInDim } from '../../lib/primitives/structural';

const { programs, text } = JSON.parse(readFileSync(join(__dirname, '../fixtures/control.json'), 'utf8')) as {
  programs: Record<string, Record<'value' | 'grad' | 'hessian' | 'values' | 'grads', number[]>>;
  text: Record<string, string>;
};

type F = (x: Array) => Array;
const fn = (f: (...args: Array[]) => unknown) => f as unknown as AnyFunction;
const grad = (f: F): F => (x) => gradCore('grad', fn(f), [x], {}).grads as Array;
const jacfwd = (f: F): F => (x) => jacfwdCore(fn(f), [x], {}).jacobian as Array;
const mapped = (f: F): F => (x) => vmap(fn(f))(x) as Array;
const f32 = (x: number) => scalar(x, 'float32');
const i32 = (x: number) => scalar(x, 'int32');
const float = (x: Array) => convert(x, 'float32');
const total = (x: Array) => reduceSum(x, x.shape.map((_, i) => i));
const times = (...xs: Array[]) => xs.reduce(mul);
const flat = (x: Array) => globalThis.Array.from(x.dataSync() as Float32Array);

function expectClose(got: Array, wanted: readonly number[], tolerance = 2e-5): void {
  const values = flat(got);
  expect(values).toHaveLength(wanted.length);
  values.forEach((v, i) => {
    if (!(Math.abs(v - wanted[i]!) <= tolerance * Math.max(1, Math.abs(wanted[i]!)))) throw new Error(`value ${i}: expected ${wanted}, got ${values}`);
  });
}

const ROWS = asArray([[0.5, -1, 0.25], [1.5, 0.75, -0.5], [-0.25, 0.5, 1], [1, 0.125, 0.75]]);
const POINT = asArray([0.3, -0.7, 1.1]);
const POINTS = asArray([[0.3, -0.7, 1.1], [1.2, 0.4, -0.5]]);

// ---- the fixture's programs ----

type Options = Parameters<typeof scan>[3];

function scanProgram(options: Options = {}): F {
  return (x) => {
    const [c, ys] = scan((h: Array, a: Array) => {
      const n = sin(add(mul(h, a), x));
      return [n, mul(n, h)];
    }, mul(x, x), ROWS, options);
    return add(total(c), total(times(ys, ys, ROWS)));
  };
}

const combine = ([a0, a1]: [Array, Array], [b0, b1]: [Array, Array]): [Array, Array] => [mul(a0, b0), add(mul(b0, a1), b1)];
const rowsTimes = (x: Array) => vmap(fn((r) => mul(r!, x)))(ROWS) as Array;
const rowsPlus = (x: Array) => vmap(fn((r) => add(r!, x)))(ROWS) as Array;

const reverse: Record<string, F> = {
  scan: scanProgram(),
  'scan reversed': scanProgram({ reverse: true }),
  'scan unrolled by 3': scanProgram({ unroll: 3 }),
  'scan unrolled': scanProgram({ unroll: true }),
  counter: (x) => {
    const [[i, h], [js, hs]] = scan(([k, v]: [Array, Array], a: Array) => [[add(k, i32(1)), add(tanh(mul(v, a)), mul(x, float(k)))], [k, v]], [i32(0), x] as [Array, Array], ROWS, { reverse: true });
    return add(total(mul(h, float(i))), total(vmap(fn((r, j) => mul(r!, float(j!))))(hs, js) as Array));
  },
  nested: (x) => {
    const [c, ys] = scan((h: Array, a: Array) => {
      const [d, inner] = scan((v: Array, b: Array) => [add(sin(mul(v, b)), mul(a, x)), mul(v, x)], h, ROWS);
      return [d, total(vmap(fn((r) => mul(r!, a)))(inner) as Array)];
    }, x, ROWS);
    return add(total(c), total(mul(ys, ys)));
  },
  branches: (x) => {
    const [c, ys] = scan((h: Array, a: Array) => {
      const n = cond(gt(total(mul(h, a)), f32(0)), (v) => mul(sin(v), x), (v) => add(mul(v, v), a), h);
      return [n, total(n)];
    }, x, ROWS);
    return mul(total(c), total(ys));
  },
  choice: (x) => {
    const [c] = scan((h: Array, [k, row]: [Array, Array]) => [switch_(k, [(v) => mul(v, x), (v) => mul(exp(mul(v, row)), f32(0.1)), (v) => sin(v)], h), null],
      x, [asArray(new Int32Array([2, 0, 5, 1])), ROWS] as [Array, Array]);
    return total(mul(c, c));
  },
  'scan in cond': (x) => total(cond(gt(indexInDim(x, 0, 0), f32(0.5)), (v) => scan((c: Array, a: Array) => [add(sin(mul(c, a)), v), null], v, ROWS)[0], (v) => times(v, v, v), x)),
  fori: (x) => total(foriLoop(2, 6, (i, c) => add(sin(mul(c, x)), times(c, float(i), f32(0.1))), x)),
  map: (x) => add(total(map((a) => mul(sin(mul(a, x)), a), ROWS)), total(map((a) => {
    const s = total(mul(a, x));
    return mul(s, s);
  }, ROWS, { batchSize: 3 }))),
  associative: (x) => {
    const elems = [rowsTimes(x), rowsPlus(x)] as [Array, Array];
    const [, h] = associativeScan(combine, elems);
    const [, r] = associativeScan(combine, elems, { axis: 1, reverse: true });
    return add(total(mul(h, h)), total(sin(r)));
  },
  'while in scan': (x) => {
    const [[, h]] = scan(([c, v]: [Array, Array], a: Array) => {
      const [n] = whileLoop(([s, stop]: [Array, Array]) => lt(s, stop), ([s, stop]: [Array, Array]) => [mul(s, i32(2)), stop], [i32(1), c] as [Array, Array]);
      return [[add(c, i32(3)), mul(sin(mul(v, a)), float(n))], null];
    }, [i32(1), x] as [Array, Array], ROWS);
    return total(h);
  },
  empty: (x) => {
    const [c, ys] = scan((h: Array, a: Array) => [mul(sin(mul(h, a)), x), mul(h, a)], x, sliceInDim(ROWS, 0, 0, 0));
    return add(total(mul(c, c)), total(ys));
  },
};

const forward: Record<string, F> = {
  while: (x) => {
    const [c, n] = whileLoop(([s]: [Array, Array]) => lt(total(mul(s, s)), f32(50)), ([s, k]: [Array, Array]) => [add(mul(s, f32(1.5)), mul(sin(x), s)), add(k, i32(1))], [x, i32(0)] as [Array, Array]);
    return mul(total(c), float(n));
  },
  'fori with a traced bound': (x) => {
    const n = where(gt(indexInDim(x, 0, 0), f32(1)), i32(5), i32(3));
    return total(foriLoop(0, n, (i, c) => add(sin(mul(c, x)), mul(float(i), x)), x));
  },
};

function checkProgram(name: string, f: F, derivative: (f: F) => F): void {
  const wanted = programs[name]!;
  const all = stage(([x, xs]) => [f(x!), derivative(f)(x!), jacfwd(derivative(f))(x!), mapped(f)(xs!), mapped(derivative(f))(xs!)], [POINT.aval, POINTS.aval]);
  const [value, g, hessian, values, grads] = compileJaxpr(all.jaxpr, all.consts, { name: 'program' }).call([POINT, POINTS]);
  expectClose(value!, wanted.value);
  expectClose(g!, wanted.grad);
  expectClose(hessian!, wanted.hessian);
  expectClose(values!, wanted.values);
  expectClose(grads!, wanted.grads);
  // The same outside of a compiled program.
  if (['scan', 'choice', 'scan in cond', 'while in scan', 'while'].includes(name)) expectClose(derivative(f)(POINT), wanted.grad);
}

test.each(Object.keys(reverse))('%s: value, gradient, Hessian and their maps are JAX\'s', (name) => checkProgram(name, reverse[name]!, grad));
test.each(Object.keys(forward))('%s: value and forward derivatives of both orders, and their maps, are JAX\'s', (name) => checkProgram(name, forward[name]!, jacfwd));
test('every program of the fixture is tested', () => {
  expect(Object.keys({ ...reverse, ...forward }).sort()).toEqual(Object.keys(programs).sort());
});

test.each(['scan', 'nested', 'branches', 'counter'])('%s: reverse over reverse is forward over reverse, eagerly', (name) => {
  const f = reverse[name]!;
  const along = (x: Array) => total(grad(f)(x));
  const { hessian } = programs[name]!;
  expectClose(grad(along)(POINT), [0, 1, 2].map((j) => [0, 1, 2].reduce((s, i) => s + hessian[3 * i + j]!, 0)), 1e-4);
});

test('a gradient of a map is the map of gradients', () => {
  for (const name of ['scan', 'branches', 'choice']) expectClose(grad((xs) => total(mapped(reverse[name]!)(xs)))(POINTS), programs[name]!.grads);
});

// ---- structure of the derivatives ----

const eqnsOf = (f: (...a: Array[]) => unknown, ...args: Array[]) => makeClosedJaxpr(fn(f))(...args).jaxpr.eqns;
const scans = (f: F, x: Array) => eqnsOf(f as never, x).filter((e) => e.prim.name === 'scan');

test('the gradient runs the loop once forward and once backward; what does not change in the loop is not stacked', () => {
  const f = (x: Array) => {
    const w = exp(x);
    return total(scan((c: Array, a: Array) => [mul(tanh(mul(c, sin(w))), a), null], x, ROWS)[0]);
  };
  const [first, second, ...more] = scans(grad(f), POINT);
  expect(more).toEqual([]);
  const params = second!.params as { reverse: boolean; numConsts: number };
  expect(params.reverse).toBe(true);
  // cos and sin of w are computed before the loop and are constants of the backward one; scanned rows come as they are.
  expect(params.numConsts).toBeGreaterThan(0);
  const stacked = first!.outputs.filter((v) => v.aval.ndim === 2).length;
  const inLoop = (first!.params as { jaxpr: { jaxpr: { eqns: { prim: { name: string } }[] } } }).jaxpr.jaxpr.eqns.map((e) => e.prim.name);
  expect(inLoop).not.toContain('exp');
  expect(inLoop).not.toContain('sin');
  expect(stacked).toBeLessThanOrEqual(3);
});

test('a result that is stacked already is not stacked again as a residual', () => {
  const f = (x: Array) => total(scan((c: Array, a: Array) => {
    const n = exp(mul(c, a));
    return [n, n];
  }, x, ROWS)[1]);
  const [first] = scans(grad(f), POINT);
  // ys, which is the residual of exp too.
  expect(first!.outputs.filter((v) => v.aval.ndim === 2)).toHaveLength(1);
});

test('results that nothing uses leave the loop with what only they needed', () => {
  const s = stage(([x]) => {
    const [[, b], ys] = scan(([u, v]: [Array, Array], a: Array) => [[exp(u), mul(v, a)], tanh(u)], [x!, x!] as [Array, Array], ROWS);
    cond(gt(indexInDim(x!, 0, 0), f32(0)), () => 1, () => 2);
    const [n] = whileLoop(([k]: [Array, Array]) => lt(k, i32(3)), ([k, v]: [Array, Array]) => [add(k, i32(1)), mul(v, v)], [i32(0), x!] as [Array, Array]);
    void ys;
    return [b, n];
  }, [POINT.aval]);
  const { jaxpr } = dceJaxpr(s.jaxpr, [true, true]);
  const byName = (name: string) => jaxpr.eqns.filter((e) => e.prim.name === name);
  expect(byName('cond')).toEqual([]);
  const [loop] = byName('scan');
  expect(loop!.outputs).toHaveLength(1);
  expect(String((loop!.params as { jaxpr: unknown }).jaxpr)).not.toMatch(/exp|tanh/);
  expect(byName('while')[0]!.outputs).toHaveLength(1);
  const got = compileJaxpr(jaxpr, s.consts, { name: 'pruned' }).call([POINT]);
  const all = compileJaxpr(s.jaxpr, s.consts, { name: 'whole' }).call([POINT]);
  got.forEach((x, i) => expect(x.js()).toEqual(all[i]!.js()));
});

const compiledPrograms = () => [...primitives().values()].reduce((n, p) => n + p.compiled.size, 0);

test('an eager call with another closure of the same program compiles nothing; what it captured is read anew', () => {
  const at = (v: number) => {
    const w = full([3], v, 'float32');
    return (x: Array) => total(scan((c: Array, a: Array) => [sin(add(mul(c, a), w)), null], x, ROWS)[0]);
  };
  const first = grad(at(0.5))(POINT);
  const before = compiledPrograms();
  const again = grad(at(0.5))(POINT);
  const other = grad(at(-1.5))(POINT);
  expect(compiledPrograms()).toBe(before);
  expect(again.js()).toEqual(first.js());
  expect(other.js()).not.toEqual(first.js());
  const direct = jacfwd(at(-1.5))(POINT);
  expectClose(other, flat(direct));
});

test('fingerprints tell literals, parameters and types apart, and nothing else', () => {
  const made = (k: number, shape: number[] = [3], order = false) => hoistConsts(stage(([x, y]) => [order ? add(mul(y!, f32(k)), x!) : add(mul(x!, f32(k)), y!)], [full(shape, 0, 'float32').aval, full(shape, 0, 'float32').aval])).closed;
  expect(jaxprKey(made(2))).toBe(jaxprKey(made(2)));
  expect(new Set([made(2), made(3), made(2, [4]), made(2, [3], true), made(0), made(-0)].map(jaxprKey)).size).toBe(6);
  expect(internJaxpr(made(2))).toBe(internJaxpr(made(2)));
});

// ---- printing ----

test('applications print as JAX prints them', () => {
  const print = (f: (...a: Array[]) => unknown, ...args: Array[]) => String(makeClosedJaxpr(fn(f))(...args));
  const one = full([], 1, 'float32');
  expect(print((x, xs) => scan((c: Array, a: Array) => [add(mul(c, x!), a), c], x!, xs!), one, full([3], 1, 'float32'))).toBe(text.scan);
  expect(print((x) => whileLoop((c) => lt(c, f32(10)), (c) => add(mul(c, x!), f32(2)), x!), one)).toBe(text.while);
  expect(print((x) => cond(gt(x!, f32(0)), (c) => add(mul(c, x!), f32(2)), (c) => c, x!), one)).toBe(text.cond);
  expect(print((x) => foriLoop(0, 5, (_, c) => mul(c, x!), x!), one)).toBe(text.fori);
});

// ---- forms on trees ----

test('carries and results are trees; plain numbers are weakly typed and take the type of the loop', () => {
  const [carry, ys] = scan((c: { n: Array; s: Array }, x: Array) => [{ n: add(c.n, scalar(1, c.n.dtype, true)), s: add(convert(c.s, 'float32'), x) }, { twice: [mul(x, f32(2))] }], { s: 0, n: 0 }, asArray([1, 2, 4]));
  expect([carry.n.dtype, carry.n.item(), carry.s.dtype, carry.s.item()]).toEqual(['int32', 3, 'float32', 7]);
  expect((ys.twice[0] as unknown as Array).js()).toEqual([2, 4, 8]);
  expect(cond(true, () => f32(2.5), () => 0).dtype).toBe('float32');
  expect(cond(asArray(0), () => f32(2.5), () => 0).item()).toBe(0);
  expect(whileLoop((x) => lt(x, like(x, 100)), (x) => mul(x, like(x, 2)), 1).item()).toBe(128);
  const [last, none] = scan((c: Array) => [neg(c), null], f32(1), null, { length: 3 });
  expect([last.item(), none]).toEqual([-1, null]);
});

test('a switch clamps its index; one branch alone is applied', () => {
  const branch = (i: Array | number) => switch_(i, [() => f32(1), () => f32(2), () => f32(3)]).item();
  expect([-4, 0, 1, 2, 9].map(branch)).toEqual([1, 1, 2, 3, 3]);
  expect(branch(add(full([], 5, 'int32'), i32(1)))).toBe(3);
  expect(switch_(7, [(x) => neg(x)], f32(2)).item()).toBe(-2);
});

test('loops of no step keep the carry, and give empty results', () => {
  const [c, ys] = scan((v: Array, a: Array) => [mul(v, a), [v, i32(1)]], POINT, sliceInDim(ROWS, 0, 0, 0));
  expect(c.js()).toEqual(POINT.js());
  expect((ys as unknown as Array[]).map((y) => y.shape)).toEqual([[0, 3], [0]]);
  expect(foriLoop(4, 2, (i) => i, i32(7)).item()).toBe(7);
  expect(map((x) => neg(x), sliceInDim(ROWS, 0, 0, 0), { batchSize: 2 }).shape).toEqual([0, 3]);
  // A batch size of 0 is all entries at once.
  const sizes: number[] = [];
  const batched = map((x) => (sizes.push(1), neg(x)), ROWS, { batchSize: 0 });
  expect([batched.js(), sizes.length]).toEqual([neg(ROWS).js(), 1]);
});

test('associative scans of every small size are running results, of booleans and integers too', () => {
  const xs = asArray(new Int32Array([1, 2, 3, 4, 5, 6, 7, 8, 9]));
  const sums = [1, 3, 6, 10, 15, 21, 28, 36, 45];
  const all = stage(([x]) => sums.map((_, n) => associativeScan((a, b) => add(a, b), sliceInDim(x!, 0, n + 1, 0))), [xs.aval]);
  compileJaxpr(all.jaxpr, all.consts, { name: 'all' }).call([xs]).forEach((r, n) => expect(r.js()).toEqual(sums.slice(0, n + 1)));
  expect(associativeScan((a, b) => where(a, a, b), asArray([false, true, false]), { reverse: true }).js()).toEqual([true, true, false]);
});

test('with jit switched off loops run step by step, with the same results', () => {
  config.disableJit = true;
  try {
    const seen: number[] = [];
    const [c, ys] = scan((v: Array, a: Array) => {
      seen.push(Number(a.item()));
      return [add(v, a), v];
    }, f32(0), asArray([1, 2, 4]), { reverse: true });
    expect([seen, c.item(), ys.js()]).toEqual([[4, 2, 1], 7, [6, 4, 0]]);
    expect(whileLoop((x) => lt(x, i32(5)), (x) => add(x, i32(2)), i32(0)).item()).toBe(6);
    expect(cond(f32(3), () => i32(1), () => i32(2)).item()).toBe(1);
    expect(switch_(full([], 9, 'int32'), [() => i32(1), () => i32(2)]).item()).toBe(2);
  } finally {
    config.disableJit = false;
  }
});

// ---- transforms of their own ----

test('a while loop is linearised, but not transposed, with a reason', () => {
  const f = forward.while!;
  const [out, tangent] = linearize(fn(f as never), POINT) as [Array, (t: Array) => Array];
  const direction = asArray([1, 0, 0]);
  expectClose(out, programs.while!.value);
  expectClose(tangent(direction), [programs.while!.grad[0]!]);
  expect(() => grad(f)(POINT)).toThrow(DifferentiationError);
  expect(() => grad(f)(POINT)).toThrow(/lax\.scan.*foriLoop with static bounds/);
});

test('a derivative that does not go through a while loop is not stopped by it', () => {
  const f = (x: Array) => {
    const n = whileLoop((k) => lt(k, i32(10)), (k) => add(k, i32(3)), i32(0));
    return mul(total(mul(x, x)), float(n));
  };
  expectClose(grad(f)(POINT), flat(POINT).map((v) => 2 * v * 12));
});

test('a mapped while loop goes on for each entry as long as its own condition holds', () => {
  const steps = (limit: Array) => whileLoop(([x, , stop]: [Array, Array, Array]) => lt(x, stop), ([x, n, stop]: [Array, Array, Array]) => [add(x, f32(1)), add(n, i32(1)), stop], [f32(0), i32(0), limit] as [Array, Array, Array])[1];
  expect(mapped(steps)(asArray([3, 0, 5.5])).js()).toEqual([3, 0, 6]);
  expect(mapped(mapped(steps))(asArray([[3, 0], [5.5, 1]])).js()).toEqual([[3, 0], [6, 1]]);
  // The bound as a constant of the condition, and a carry that only the body's constants differ in.
  const captured = (limit: Array) => whileLoop((x) => lt(x, limit), (x) => add(x, f32(2)), f32(0));
  expect(mapped(captured)(asArray([3, 0, 5.5])).js()).toEqual([4, 0, 6]);
  const scaled = (w: Array) => whileLoop(([k]: [Array, Array]) => lt(k, i32(3)), ([k, x]: [Array, Array]) => [add(k, i32(1)), mul(x, w)], [i32(0), f32(1)] as [Array, Array])[1];
  expect(mapped(scaled)(asArray([2, 3])).js()).toEqual([8, 27]);
});

test('a linear scan with a counter beside is transposed', () => {
  const f = (x: Array) => {
    const [[, s], ys] = scan(([i, c]: [Array, Array], a: Array) => [[add(i, i32(1)), add(c, mul(x, float(i)))], mul(c, a)], [i32(1), full([3], 0, 'float32')] as [Array, Array], ROWS);
    return add(s, reduceSum(ys, [0]));
  };
  const [pulled] = linearTranspose(fn(f as never), POINT)(asArray([1, 1, 1])) as [Array];
  expectClose(pulled, flat(jacfwd((x) => total(f(x)))(POINT)));
});

test('cotangents reach constants, carry and scanned arrays alike', () => {
  const f = (w: Array, c: Array, xs: Array) => total(scan((h: Array, x: Array) => [mul(sin(add(h, x)), w), null], c, xs)[0]);
  const [, pull] = vjp(fn(f as never), POINT, mul(POINT, f32(2)), ROWS) as [Array, (ct: Array) => Array[]];
  const args = [POINT, mul(POINT, f32(2)), ROWS];
  pull(f32(1)).forEach((ct, i) => {
    expectClose(ct, flat(jacfwd((x) => f(...(args.map((a, j) => (i === j ? x : a)) as [Array, Array, Array])))(args[i]!)));
  });
});

test('tangents of integers and booleans in a carry are none', () => {
  const f = (x: Array) => scan(([b, n, v]: [Array, Array, Array], a: Array) => [[gt(v, f32(0)), add(n, i32(1)), where(b, mul(v, a), sin(v))], n], [asArray(true), i32(0), x] as [Array, Array, Array], asArray([0.5, -1, 2, 3]));
  const [[[, n, v]], [[, , dv]]] = jvp(fn(f as never), [f32(0.4)], [f32(1)]) as [[[Array, Array, Array]], [[Array, Array, Array]]];
  // The sign of the value before decides: three products, then a sine.
  const byHand = (x: number) => Math.sin(0.5 * x * -1 * 2);
  expect(n!.item()).toBe(4);
  expectClose(v!, [byHand(0.4)], 1e-5);
  expectClose(dv!, [(byHand(0.4 + 1e-4) - byHand(0.4 - 1e-4)) / 2e-4], 1e-3);
});

// ---- errors ----

test('misuse is told with what was given and expected', () => {
  const rows: [() => unknown, new (...a: never[]) => Error, RegExp][] = [
    [() => scan((c: Array) => [convert(c, 'int32'), null], f32(1), null, { length: 2 }), DtypeError, /carry.*f32\[\].*i32\[\]/],
    [() => scan((_: { a: Array }) => [{ a: full([2], 0, 'float32') }, null], { a: f32(1) }, null, { length: 2 }), ShapeError, /\['a'\].*f32\[\].*f32\[2\]/],
    [() => scan((c: Array) => [[c, c], null], f32(1), null, { length: 2 }), TreeError, /carry.*\*.*\[\*, \*\]/],
    [() => scan((c: Array) => c as never, f32(1), null, { length: 2 }), ArgumentError, /\[carry, y\]/],
    [() => scan((async (c: Array) => [c, null]) as never, f32(1), null, { length: 2 }), ArgumentError, /Promise/],
    [() => scan((() => undefined) as never, f32(1), null, { length: 2 }), ArgumentError, /undefined/],
    [() => scan((c: Array) => [c, null], f32(1), null), ArgumentError, /length/],
    [() => scan((c: Array) => [c, null], f32(1), [POINT, ROWS] as [Array, Array]), ShapeError, /3, 4/],
    [() => scan((c: Array) => [c, null], f32(1), POINT, { length: 5 }), ShapeError, /5.*3/],
    [() => scan((c: Array) => [c, null], f32(1), f32(2)), ShapeError, /leading axis/],
    [() => scan((c: Array) => [c, null], f32(1), POINT, { unroll: 0 }), ArgumentError, /unroll/],
    [() => scan(3 as never, f32(1), POINT), ArgumentError, /function/],
    [() => whileLoop((x) => gt(x, f32(0)), (x) => [x, x], f32(1)), TreeError, /\*/],
    [() => whileLoop(() => POINT, (x) => x, f32(1)), ShapeError, /bool scalar.*f32\[3\]/],
    [() => whileLoop((x) => x, (x) => x, f32(1)), DtypeError, /bool scalar.*f32\[\]/],
    [() => whileLoop((x) => gt(x, f32(0)), (x) => convert(x, 'int32'), f32(1)), DtypeError, /f32\[\].*i32\[\]/],
    [() => cond(gt(POINT, f32(0)), () => 1, () => 2), ShapeError, /pred.*bool\[3\]/],
    [() => cond(true, () => f32(1), () => i32(2)), DtypeError, /f32\[\].*i32\[\]/],
    [() => cond(true, () => f32(1), () => [f32(1)]), TreeError, /trueFun.*falseFun/],
    [() => cond(true, (async () => 1) as never, () => 1), ArgumentError, /Promise/],
    [() => switch_(1.5, [() => 1, () => 2]), DtypeError, /1\.5/],
    [() => switch_(0, []), ArgumentError, /branches/],
    [() => foriLoop(0, 1.5, (_, x) => x, 1), DtypeError, /upper.*1\.5/],
    [() => makeClosedJaxpr(fn((n) => foriLoop(0, n!, (_, x) => x, 1, { unroll: 4 })))(i32(3)), ArgumentError, /unroll/],
    [() => map((x) => x, POINT, { batchSize: -1 }), ArgumentError, /batchSize/],
    [() => associativeScan((a) => a, POINT, { axis: 1 }), ShapeError, /axis 1/],
    [() => associativeScan((a) => [a, a], POINT), TreeError, /structure/],
  ];
  rows.forEach(([f, type, message]) => {
    expect(f).toThrow(type as never);
    expect(f).toThrow(message);
  });
});
