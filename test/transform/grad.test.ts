import { DtypeError, ShapeError } from '../../lib/core/errors';
import * as np from '../../lib/numpy';
import { BrainStateError } from '../../lib/state/errors';
import { FlattedDict } from '../../lib/state/flattedDict';
import { ParamState } from '../../lib/state/kinds';
import { State } from '../../lib/state/state';
import { fwdAndBwd, grad, hessian, jacfwd, jacrev, jvp, linearize, valueAndGrad, vectorGrad, vjp } from '../../lib/transform/grad';
import { jit } from '../../lib/transform/jit';

type A = np.Array;
const js = (x: unknown): unknown => {
  if (x instanceof FlattedDict) return x.entries().map(([p, v]) => [p, js(v)]);
  if (Array.isArray(x)) return x.map(js);
  const a = x as A;
  return typeof a?.js === 'function' ? a.js() : Object.fromEntries(Object.entries(x as object).map(([k, v]) => [k, js(v)]));
};

let w: ParamState;
let b: ParamState;
let calls: State;
const f = (x: A, y: A): A => {
  calls.value = np.add(calls.value, 1);
  return np.add(np.multiply(np.sum(np.multiply(w.value, x)), y), b.value);
};
const x = np.array([3, 4]);
const y = np.array(2);
beforeEach(() => {
  w = new ParamState(np.array([1, 2]));
  b = new ParamState(np.array(3));
  calls = new State(0);
});

test('which gradients come in which nesting', () => {
  const unused = new ParamState(np.array([7]));
  const table: [unknown, unknown][] = [
    [grad(f)(x, y), [2, 4]],
    [grad(f, { argnums: 1 })(x, y), 11],
    [grad(f, { argnums: [0, 1] })(x, y), [[2, 4], 11]],
    [grad(f, { argnums: [1] })(x, y), [11]],
    [grad(f, { gradStates: w })(x, y), [6, 8]],
    [grad(f, { gradStates: [w, b] })(x, y), [[6, 8], 1]],
    [grad(f, { gradStates: { b, a: w } })(x, y), { a: [6, 8], b: 1 }],
    [grad(f, { gradStates: new FlattedDict([[['w'], w], [['b'], b]]) })(x, y), [[['b'], 1], [['w'], [6, 8]]]],
    [grad(f, { gradStates: [w], argnums: 0 })(x, y), [[[6, 8]], [2, 4]]],
    [grad(f, { gradStates: { w }, argnums: [0, 1] })(x, y), [{ w: [6, 8] }, [[2, 4], 11]]],
    [grad(f, { returnValue: true })(x, y), [[2, 4], 25]],
    [grad((p: A, q: A) => [f(p, q), { p }], { hasAux: true })(x, y), [[2, 4], { p: [3, 4] }]],
    [grad((p: A, q: A) => [f(p, q), p], { hasAux: true, returnValue: true })(x, y), [[2, 4], 25, [3, 4]]],
    [grad(f, { gradStates: [w, unused], checkStates: false })(x, y), [[6, 8], [0]]],
    [grad(f, { gradStates: [w, w] })(x, y), [[6, 8], [6, 8]]],
    [valueAndGrad(f)(x, y), [25, [2, 4]]],
    [valueAndGrad((p: A, q: A) => [f(p, q), p], { hasAux: true })(x, y), [[25, [3, 4]], [2, 4]]],
  ];
  for (const [got, expected] of table) expect(js(got)).toEqual(expected);
  expect(calls.value.item()).toBe(table.length);
  expect(() => grad(f, { gradStates: [w, unused] })(x, y)).toThrow(BrainStateError);
});

test('errors name what is wrong', () => {
  expect(() => grad((z: A) => z)(x)).toThrow(ShapeError);
  expect(() => grad((z: A) => np.sum(z))(np.array([1, 2], { dtype: 'int32' }))).toThrow(DtypeError);
  expect(() => grad(f, { argnums: 5 })(x, y)).toThrow('argnums 5 is out of range');
  expect(() => grad(f, { gradStates: 3 as never })(x, y)).toThrow('expected states');
  expect(() => grad(f, { hasAux: true })(x, y)).toThrow('hasAux');
  expect(() => grad((z: A) => [np.sum(z), 1, 2], { hasAux: true })(x)).toThrow('hasAux');
  expect(() => grad(f, { what: 1 } as never)).toThrow("unknown option 'what'");
});

test('numbers that are not differentiated stay numbers, and an error says so where they are used as arrays', () => {
  const f = (x: A, y: A) => x.mul(y);
  expect(() => grad(f, { argnums: 1 })(2, 3)).toThrow("grad of f: a number has no method 'mul' (x.mul is not a function). An argument that is not differentiated stays the number 2 that was given");
  expect(() => vjp(f, 2, 3, { argnums: 1, gradStates: [] })).toThrow("vjp of f: a number has no method 'mul'");
  expect(Number(grad(f, { argnums: 1 })(np.asarray(2), 3))).toBe(2);
  const power = (x: A, n: number) => globalThis.Array.from({ length: n }).reduce<A>((p) => p.mul(x), np.ones([]));
  expect(Number(grad(power)(2, 3))).toBe(12);
  // Other mistakes stay what they are.
  expect(() => grad((x: A) => (x as unknown as { mull(y: number): A }).mull(1))(2)).toThrow(TypeError);
});

test('debugNan: a gradient that is not finite is an error; states are written once', () => {
  const s = new State(1);
  const f = (x: A) => {
    s.value = s.value.add(1);
    return np.sqrt(x);
  };
  expect(js(grad(f, { debugNan: true, returnValue: true })(4))).toEqual([0.25, 2]);
  expect(Number(s.value)).toBe(2);
  for (const t of [grad, valueAndGrad, vectorGrad, jacrev, jacfwd]) expect(() => t(f, { debugNan: true })(0)).toThrow(/^NaN or infinity detected \[\w+\] in the result of the checked function\n {2}it comes from: \w+ of/);
  expect(Number(s.value)).toBe(2);
  expect(Number(grad(f)(0))).toBe(Infinity);
});

test('with respect to a state that the function overwrites: its value on entry', () => {
  const s = new ParamState(np.array(2));
  const g = grad(() => {
    s.value = np.square(s.value);
    return np.multiply(s.value, 3);
  }, { gradStates: s })();
  expect([js(g), s.value.item()]).toEqual([12, 4]);
});

test('compiled, curried, nested; a gradient in a gradient', () => {
  expect(js(jit(grad(f, { gradStates: { w } }))(x, y))).toEqual({ w: [6, 8] });
  expect(calls.value.item()).toBe(1);
  expect(js(grad({ argnums: 1 })(f)(x, y))).toBe(11);
  expect(js(grad((z: A) => grad((q: A) => np.power(q, 3))(z))(2))).toBe(12);
});

test('vectorGrad, Jacobians, Hessians with states', () => {
  expect(js(vectorGrad((z: A) => np.square(z))(np.array([3, 4])))).toEqual([6, 8]);
  const m = np.array([[1, 2], [3, 4]]);
  expect(js(jacrev(() => np.matmul(m, w.value), { gradStates: { w }, returnValue: true })())).toEqual([{ w: [[1, 2], [3, 4]] }, [5, 11]]);
  expect(js(jacfwd((z: A) => np.multiply(z, np.sum(z)))(np.array([1, 2])))).toEqual([[4, 1], [2, 5]]);
  const h = hessian(() => np.multiply(np.sum(np.square(w.value)), b.value), { gradStates: { w, b } })();
  expect(js(h)).toEqual({ b: { b: 0, w: [2, 4] }, w: { b: [2, 4], w: [[6, 0], [0, 6]] } });
  expect(js(hessian((z: A) => np.sum(np.power(z, 3)))(np.array([1, 2])))).toEqual([[6, 0], [0, 12]]);
});

test('vjp, jvp, linearize with states', () => {
  const [out, pull] = vjp(f, x, y, { gradStates: [w] });
  expect(js([out, pull(1)])).toEqual([25, [[[6, 8]], [2, 4]]]);
  const [, pullStates] = vjp(f, x, y, { gradStates: [w], argnums: null });
  expect(js(pullStates(1))).toEqual([[6, 8]]);
  const [, pullArgs] = vjp(f, [x, y]);
  expect(js(pullArgs(1))).toEqual([[2, 4], 11]);
  // One argument's cotangent alone, several as a list; of states alone where there are no arguments.
  expect(js([vjp(f, x, y, { argnums: -1 })[1](1), vjp(f, x, y, { gradStates: { w }, argnums: [0, 1] })[1](1)])).toEqual([11, [{ w: [6, 8] }, [[2, 4], 11]]]);
  expect(js(vjp(() => np.sum(np.square(w.value)), { gradStates: w })[1](1))).toEqual([2, 4]);
  expect(() => vjp(f, x, y, { argnums: [0, -2] })).toThrow('different arguments');
  expect(() => vjp(f, x, y, { gradStates: new ParamState(np.ones([2])) })).toThrow('does not touch a ParamState');
  expect(() => vjp(() => np.ones([]))).toThrow('nothing to differentiate');

  expect(js(jvp(f, [x, y], [np.ones([2]), 0]))).toEqual([25, 6]);
  const [, push] = linearize(f, x, y);
  expect(js([push(np.ones([2]), 0), push(np.zeros([2]), 1)])).toEqual([6, 11]);
  expect(calls.value.item()).toBe(7);
});

test('fwdAndBwd gives both halves of a derivative, compiled once', () => {
  let traces = 0;
  const f = (x: np.Array, y: np.Array, p: { w: np.Array }) => {
    traces++;
    return [np.multiply(np.multiply(x, np.sin(y)), p.w), { x }] as const;
  };
  const w = np.array([2, 3]);
  const [fwd, bwd] = fwdAndBwd(f, [0, -1], { hasAux: true });
  const calls = [1, 2].map((k) => {
    const [out, pull, aux] = fwd(np.array([k, k]), np.array([0.5, 1]), { w });
    return [out, aux.x, bwd(pull, np.array([1, 10]))];
  });
  expect(traces).toBe(1);
  const s = [0.5, 1].map(Math.sin) as [number, number];
  const [out, aux, [dx, dp]] = calls[1]!;
  const close = (x: np.Array, y: number[]) => (x.js() as number[]).forEach((v, i) => expect(v).toBeCloseTo(y[i]!, 5));
  close(out, [4 * s[0], 6 * s[1]]);
  close(aux, [2, 2]);
  close(dx, [2 * s[0], 30 * s[1]]);
  close(dp.w, [2 * s[0], 20 * s[1]]);
  const [plain, back] = fwdAndBwd((x: np.Array) => np.square(x), 0, { jitted: false });
  expect(back(plain(3)[1], 1).item()).toBe(6);
  expect(() => back(3 as never, 1)).toThrow('the second result of fwd');
});

test('states in the place of options are told where they go', () => {
  const w = new ParamState(np.array(1));
  for (const states of [w, [w], new FlattedDict([['w', w]])]) expect(() => grad(() => w.value, states as never)).toThrow('states are given as { gradStates: states }');
});
