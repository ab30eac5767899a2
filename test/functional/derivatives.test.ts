import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import type { Array } from '../../lib/core/array';
import { DtypeError, ShapeError } from '../../lib/core/errors';
import { asArray } from '../../lib/functional/arrayLike';
import { customGradient, customJvp, customVjp } from '../../lib/functional/customRules';
import { type GradOptions, gradCore, jvp, linearize, vjp } from '../../lib/functional/derivatives';
import { jacfwdCore, jacrevCore } from '../../lib/functional/jacobians';
import { checkpoint, closureConvert, evalShape, linearTranspose, makeClosedJaxpr } from '../../lib/functional/staging';
import { vmap } from '../../lib/functional/vmap';
import { compileJaxpr } from '../../lib/interpreters/compile';
import { composite } from '../../lib/interpreters/jit';
import { DifferentiationError } from '../../lib/interpreters/jvp';
import { add, cos, gt, mul, sin } from '../../lib/primitives/elementwise';
import { convert, reduceSum, reshape, scalar } from '../../lib/primitives/structural';

type F = (...args: never[]) => unknown;
const grad = (f: F, o: GradOptions = {}) => (...args: unknown[]) => gradCore('grad', f, args, o).grads as Array;
const sum = (x: Array) => reduceSum(x, x.shape.map((_, i) => i));
const cube = (x: Array) => mul(x, mul(x, x));
const js = (x: unknown) => (x as Array).js();
const vec = (...v: number[]) => asArray(v);

const compiled = composite('sinTimes', ([x]) => [mul(sin(x!), x!)]);
const viaJit = (x: Array) => compiled([x], {})[0]!;

function compileAndRun(f: (x: Array) => unknown, x: Array): unknown {
  const c = makeClosedJaxpr(f as F)(x);
  return compileJaxpr(c.jaxpr, c.consts, { name: 'f' }).call([x])[0]!.js();
}

test('third derivative of a cube, eagerly and compiled', () => {
  const third = grad(grad(grad(cube as F) as F) as F);
  expect(js(third(2))).toBe(6);
  expect(compileAndRun(third as never, asArray(2.5))).toBe(6);
});

test('gradients by several arguments, trees, auxiliary results', () => {
  const f = (p: { w: Array; b: Array }, x: Array) => [sum(add(mul(p.w, x), p.b)), { x }];
  const r = gradCore('grad', f as F, [{ w: vec(1, 2), b: vec(0, 0) }, vec(3, 4)], { argnums: [0, 1], hasAux: true });
  const [p, x] = r.grads as [{ w: Array; b: Array }, Array];
  expect([js(p.w), js(p.b), js(x)]).toEqual([[3, 4], [1, 1], [1, 2]]);
  expect(js((r.aux as { x: Array }).x)).toEqual([3, 4]);
  expect(() => grad(cube as F)(vec(1, 2))).toThrow(ShapeError);
});

test('jacobians by both modes agree; the hessian of a sum of cubes is diagonal', () => {
  const f = (x: Array) => mul(sin(x), sum(x));
  const x = vec(0.5, -1, 2);
  const a = js(jacfwdCore(f as F, [x], {}).jacobian) as number[][];
  const b = js(jacrevCore(f as F, [x], {}).jacobian) as number[][];
  a.flat().forEach((v, i) => expect(v).toBeCloseTo(b.flat()[i]!, 5));
  const hessian = jacfwdCore(((y: Array) => jacrevCore(((z: Array) => sum(cube(z))) as F, [y], {}).jacobian) as F, [x], {}).jacobian;
  expect((js(hessian) as number[][]).map((r) => r.map((v) => v + 0))).toEqual([[3, 0, 0], [0, -6, 0], [0, 0, 12]]);
});

test('vjp, jvp, linearize and linearTranspose agree with each other', () => {
  const f = (x: Array) => mul(sin(x), x);
  const [y, dy] = jvp(f as F, [1.5], [1]) as Array[];
  const [y2, pull] = vjp(f as F, 1.5) as [Array, (ct: unknown) => Array[]];
  const [, push] = linearize(f as F, 1.5) as [Array, (t: unknown) => Array];
  expect(y!.item()).toBe(y2.item());
  expect(pull(1)[0]!.item()).toBeCloseTo(dy!.item() as number, 6);
  expect(push(1).item()).toBeCloseTo(dy!.item() as number, 6);
  const t = linearTranspose(((x: Array) => add(x, mul(x, scalar(2, 'float32')))) as F, vec(1, 2));
  expect(js(t(vec(1, 10))[0])).toEqual([3, 30]);
});

test('derivatives pass through compiled functions, also twice and mapped', () => {
  const direct = (x: Array) => mul(sin(x), x);
  for (const x of [0.3, 2]) {
    const a = grad(viaJit as F)(x).item() as number;
    expect(a).toBeCloseTo(grad(direct as F)(x).item() as number, 5);
    expect(grad(grad(viaJit as F) as F)(x).item() as number).toBeCloseTo(2 * Math.cos(x) - x * Math.sin(x), 4);
  }
  const rows = js(vmap(grad(viaJit as F) as F)(vec(0.3, 2))) as number[];
  expect(rows[1]).toBeCloseTo(Math.cos(2) * 2 + Math.sin(2), 5);
});

test('a custom forward rule is used, in both modes, compiled, mapped', () => {
  const f = customJvp((x: Array) => sin(x));
  f.defjvp((([x]: Array[], [t]: Array[]) => [f(x!), mul(scalar(10, 'float32'), mul(cos(x!), t!))]) as F);
  const expected = 10 * Math.cos(0.5);
  expect(grad(f as F)(0.5).item()).toBeCloseTo(expected, 5);
  expect((jvp(f as F, [0.5], [1])[1] as Array).item()).toBeCloseTo(expected, 5);
  expect(compileAndRun(grad(f as F) as never, asArray(0.5))).toBeCloseTo(expected, 5);
  expect((js(vmap(grad(f as F) as F)(vec(0.5, 1))) as number[])[0]).toBeCloseTo(expected, 5);
  expect((js(grad(((x: Array) => sum(vmap(f as F)(x) as Array)) as F)(vec(0.5, 1))) as number[])[0]).toBeCloseTo(expected, 5);
});

test('a custom reverse rule is used, also mapped with an unmapped argument; jvp of it is an error', () => {
  const f = customVjp((x: Array, y: Array) => mul(x, y));
  f.defvjp(((x: Array, y: Array) => [mul(x, y), [x, y]]) as F, (([x, y]: Array[], g: Array) => [mul(g, y!), mul(mul(g, x!), scalar(100, 'float32'))]) as F);
  expect(grad(f as F, { argnums: [0, 1] })(2, 3)).toHaveLength(2);
  expect(grad(f as F, { argnums: 1 })(scalar(2, 'float32'), 3).item()).toBe(200);
  const mapped = (x: Array, y: Array) => sum(vmap(f as F, { inAxes: [0, null] })(x, y) as Array);
  expect(grad(mapped as F, { argnums: 1 })(vec(1, 2), 3).item()).toBe(300);
  expect(compileAndRun(grad(((x: Array) => f(x, x)) as F) as never, asArray(2))).toBe(202);
  expect(() => jvp(f as F, [1, 2], [1, 1])).toThrow(DifferentiationError);
});

test('customGradient takes the pull-back that the function returns', () => {
  const f = customGradient((x: Array) => [mul(x, x), (g: Array) => mul(g, mul(x, scalar(7, 'float32')))]);
  expect(grad(f as F)(3).item()).toBe(21);
});

test('checkpoint changes no value, in first and second derivatives, through compiled functions', () => {
  const f = (x: Array) => sum(sin(viaJit(sin(x))));
  const g = checkpoint(f);
  const x = vec(0.2, 0.7);
  const [a, b] = [js(grad(f as F)(x)), js(grad(g as F)(x))] as number[][];
  a!.forEach((v, i) => expect(b![i]).toBeCloseTo(v, 6));
  const kept = checkpoint(f, { policy: (p) => p.name === 'sin' });
  (js(grad(kept as F)(x)) as number[]).forEach((v, i) => expect(v).toBeCloseTo(a![i]!, 6));
  const second = (h: F) => js(grad(((y: Array) => sum(grad(h)(y))) as F)(x)) as number[];
  const [c, d] = [second(f as F), second(g as F)];
  c.forEach((v, i) => expect(d[i]).toBeCloseTo(v, 5));
});

test('closureConvert makes captured arrays arguments where they may be differentiated', () => {
  const w = vec(2, 3);
  const [f, captured] = closureConvert(((x: Array) => sum(mul(x, w))) as F, vec(0, 0));
  expect(captured).toHaveLength(0);
  expect((f(vec(1, 1)) as Array).item()).toBe(5);
  // A whole number is a float where the example was one; other types are not what was traced.
  const [scaled] = closureConvert(((x: Array) => sum(mul(x, w))) as F, 1.5);
  expect((scaled(2) as Array).item()).toBe(10);
  expect(() => f(vec(1))).toThrow(ShapeError);
  expect(() => f(scalar(1, 'int32'))).toThrow(ShapeError);
  const seen: number[] = [];
  const outer = (a: Array, i: Array) => {
    const [g, more] = closureConvert(((x: Array) => sum(mul(x, mul(a, mul(w, convert(i, 'float32')))))) as F, vec(0, 0));
    seen.push(more.length);
    return g(vec(1, 2), ...more) as Array;
  };
  const i = scalar(2, 'int32');
  expect([js(grad(outer as F)(vec(1, 1), i)), js(vmap(grad(outer as F) as F, { inAxes: [0, null] })(reshape(vec(0, 0), [1, 2]), i) as Array)]).toEqual([[4, 12], [[4, 12]]]);
  expect((composite('f', ([a, b]) => [outer(a!, b!)])([vec(1, 1), i], {})[0] as Array).item()).toBe(16);
  expect(seen).toEqual([1, 1, 1]);
  expect(String((evalShape(((x: Array) => ({ y: mul(x, w) })) as F, vec(1, 2)) as { y: unknown }).y)).toBe('ShapeDtypeStruct(shape=(2,), dtype=float32)');
});

test('derivatives given one by one may be trees; each must have the structure of the result', () => {
  const f = customJvp((x: Array, y: Array) => [mul(x, y), add(x, y)]);
  f.defjvps((t: Array) => [mul(t, scalar(10, 'float32')), t], (t: Array) => [t, mul(t, scalar(7, 'float32'))]);
  const [, tangent] = jvp(f, [2, 3], [1, 1]) as [unknown, Array[]];
  expect(tangent.map(js)).toEqual([11, 8]);
  f.defjvps((t: Array) => t, null);
  expect(() => jvp(f, [2, 3], [1, 1])).toThrow("the result's structure PyTreeDef([*, *])");
});

test('gradients and tangents of what is weakly typed are so, those of others are not', () => {
  expect(grad((x: Array) => mul(x, x))(3).weakType).toBe(true);
  expect(grad((x: Array) => mul(x, x))(scalar(3, 'float32')).weakType).toBe(false);
  expect((jvp((x: Array) => sin(x), [1], [1])[1] as Array).weakType).toBe(true);
});

test('forward Jacobians of complex results of real inputs', () => {
  const f = (x: Array) => mul(convert(x, 'complex64'), scalar({ re: 1, im: 2 }, 'complex64'));
  expect(js(jacfwdCore(f as F, [vec(1, 2)], {}).jacobian)).toEqual([[{ re: 1, im: 2 }, { re: 0, im: 0 }], [{ re: 0, im: 0 }, { re: 1, im: 2 }]]);
  expect(() => jacrevCore(f as F, [vec(1, 2)], {})).toThrow('holomorphic');
});

test('a rule that gives another result than its function is an error', () => {
  const f = customJvp((x: Array) => mul(x, x));
  f.defjvp(([x]: [Array], [t]: [Array]) => [sum(f(x)), sum(t)]);
  expect(() => grad((x: Array) => sum(f(x)))(vec(1, 2))).toThrow(ShapeError);
  const g = customVjp((x: Array) => mul(x, x));
  g.defvjp((x: Array) => [convert(g(x), 'bfloat16'), x], (x: Array, ct: Array) => [mul(x, convert(ct, 'float32'))]);
  expect(() => grad((x: Array) => sum(g(x)))(vec(1, 2))).toThrow('the type that the function itself gives, f32[2], got bf16[2]');
  expect(() => g.defvjp(() => [], () => [], { symbolic: true } as never)).toThrow("'symbolic'");
});

test('Jacobians have the weakness of results (forward) and of arguments (reverse)', () => {
  const weak = (core: typeof jacfwdCore, f: F, x: unknown) => (core(f, [x], {}).jacobian as Array).weakType;
  const strong = scalar(2, 'float32');
  expect([weak(jacfwdCore, (x: Array) => mul(x, x), 2), weak(jacrevCore, (x: Array) => mul(x, x), 2)]).toEqual([true, true]);
  expect([weak(jacfwdCore, (x: Array) => mul(x, strong), 2), weak(jacrevCore, (x: Array) => mul(x, strong), 2)]).toEqual([false, true]);
  expect([weak(jacfwdCore, sin as F, strong), weak(jacrevCore, sin as F, strong)]).toEqual([false, false]);
  expect(() => jacfwdCore(sin as F, [scalar({ re: 1, im: 2 }, 'complex64')], {})).toThrow('expected float inputs, got the complex c64[]');
});

test('numbers among the results are floats to what differentiates', () => {
  const f = (x: Array) => [mul(x, x), 3];
  expect((jacrevCore(f as F, [2], {}).jacobian as Array[]).map(js)).toEqual([4, 0]);
  const [out, pull] = vjp(f, 2) as [Array[], (ct: unknown) => Array[]];
  expect([out.map((x) => x.dtype), pull([1, 1]).map(js)]).toEqual([['float32', 'float32'], [4]]);
});

test('tangents of integers are zeros of dtype bool and of their shape, nothing else', () => {
  const i = asArray(new Int32Array([1, 2]));
  const zeros = convert(i, 'bool');
  const [, t] = jvp((x: Array) => add(x, x), [i], [zeros]) as [Array, Array];
  expect([t.dtype, js(t)]).toEqual(['bool', [false, false]]);
  for (const bad of [i, vec(0, 0), false, 0]) expect(() => jvp((x: Array) => add(x, x), [i], [bad])).toThrow('zeros of dtype bool and shape [2]');
});

test('linearTranspose takes floats to floats or integers to integers', () => {
  const twice = (x: Array) => add(x, x);
  const int = linearTranspose(twice, scalar(1, 'int32'))(scalar(3, 'int32'))[0] as Array;
  expect([int.dtype, js(int)]).toEqual(['int32', 6]);
  expect(js(linearTranspose(twice, 1)(3)[0] as Array)).toBe(6);
  expect(() => linearTranspose((x: Array) => mul(convert(x, 'float32'), scalar(2, 'float32')), scalar(1, 'int32'))).toThrow('of integers to integers, got (i32[]) to (f32[])');
  expect(() => linearTranspose(twice, scalar(1, 'int32'))(1.5)).toThrow(DtypeError);
  expect(js(linearTranspose((x: Array) => [...composite('f', ([y]) => [add(y!, y!), gt(y!, scalar(0, 'float32'))])([x], {})].slice(0, 1), vec(1))([vec(4)])[0] as Array)).toEqual([8]);
});

test('types may be given by any object that has shape and dtype', () => {
  const out = evalShape((a: Array, b: Array) => add(a, b), { shape: [2, 3], dtype: 'float32' }, { shape: [2, 3], dtype: 'float32', weakType: true }) as { toString(): string };
  expect(String(out)).toBe('ShapeDtypeStruct(shape=(2, 3), dtype=float32)');
});
