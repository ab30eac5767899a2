import { type Array, customJvp, type CustomVJPPrimal, customVjp, DtypeError, grad, jacfwd, jit, jvp, lax, makeJaxpr, numpy as np, scan, SymbolicZero, valueAndGrad, vjp, vmap, zeroFromPrimal } from '../../lib';

type A = Array;
const js = (x: unknown): unknown => (globalThis.Array.isArray(x) ? x.map(js) : (x as A).js());
const F0 = np.zeros([], { dtype: 'bool' });

test('functions and rules see values where there are some', () => {
  const f = customJvp((x: A) => (x.item() as number > 0 ? np.square(x) : np.negative(x)));
  f.defjvp(([x]: [A], [t]: [A]) => [f(x), t.mul(x.item() as number > 0 ? 10 : 20)]);
  expect([f(3), f(-3), grad(f)(3), grad(f)(-3), jvp(f, [-3], [2])[1]].map(js)).toEqual([9, 3, 10, 20, 40]);
  expect(() => jit(f)(3)).toThrow('not known while tracing');
  const g = customVjp((x: A) => (x.item() as number > 0 ? np.square(x) : np.negative(x)));
  g.defvjp((x: A) => [g(x), x], (x: A, ct: A) => [ct.mul(x.item() as number > 0 ? 10 : 20)]);
  expect([valueAndGrad(g)(3), valueAndGrad(g)(-3)].map(js)).toEqual([[9, 10], [3, 20]]);
});

test('functions and rules may hold arrays that an enclosing vmap maps', () => {
  const forward = (z: A) => vmap((x: A) => {
    const g = customJvp((y: A) => np.multiply(x, y));
    g.defjvp(([y]: [A], [t]: [A]) => [np.multiply(x, y), np.multiply(x, t)]);
    return g(z);
  })(np.arange(3, { dtype: 'float32' })) as A;
  expect(js(jvp(forward, [1], [2]))).toEqual([[0, 1, 2], [0, 2, 4]]);
  const reverse = (z: A) => np.sum(vmap((x: A) => {
    const g = customVjp((y: A) => np.multiply(x, y));
    g.defvjp((y: A) => [np.multiply(x, y), x], (r: A, ct: A) => [np.multiply(r, ct)]);
    return g(z);
  })(np.arange(3, { dtype: 'float32' })) as A);
  expect(js([grad(reverse)(5), jit(grad(reverse))(5)])).toEqual([3, 3]);
  // As an argument that is not differentiated, too.
  const times = customJvp((x: A, y: A) => np.multiply(x, y), { nondiffArgnums: [0] });
  times.defjvp((x: A, [y]: [A], [t]: [A]) => [times(x, y), t.mul(5)]);
  expect(js(jvp((y: A) => vmap(times)(np.array([2]), y) as A, [np.array([3])], [np.array([1])]))).toEqual([[6], [5]]);
});

test('a rule may apply its function to tangents in which it is linear', () => {
  const neg = customJvp((x: A) => np.negative(x));
  neg.defjvp(([x]: [A], [t]: [A]) => [neg(x), neg(t)]);
  expect(js([grad(neg)(3), grad((x: A) => (scan((c: A) => [neg(c), null], x, null, { length: 3 }) as unknown[])[0] as A)(3)])).toEqual([-1, -1]);
  const div = customJvp((x: A, y: A) => np.divide(x, y));
  div.defjvp(([x, y]: [A, A], [t]: [A, A]) => [div(x, y), div(t, y)]);
  expect(js([grad((x: A) => div(x, 2) as A)(1), vmap(grad((x: A) => div(x, 2) as A))(np.ones([2]))])).toEqual([0.5, [0.5, 0.5]]);
});

test('tangents of integers are zeros of dtype bool in rules, too; cotangents of integers need not be given', () => {
  let seen: unknown;
  const f = customJvp((x: A, y: A) => [np.multiply(x, y), y]);
  f.defjvp(([x, y]: [A, A], [dx, dy]: [A, A]) => {
    seen = dy.dtype;
    return [f(x, y), [np.multiply(dx, y), zeroFromPrimal(y)]];
  });
  const three = np.array(3, { dtype: 'int32' });
  const step = (x: A, y: A) => (scan((c: [A, A]) => [f(...c), null], [x, y] as [A, A], null, { length: 2 }) as unknown[])[0];
  for (const g of [f, jit(f)]) expect(js(jvp(g, [2, three], [1, F0]))).toEqual([[6, 3], [3, false]]);
  expect(js(jvp(step, [2, three], [1, F0]))).toEqual([[18, 3], [9, false]]);
  expect(seen).toBe('bool');
  f.defjvp(([x, y]: [A, A], [dx]: [A, A]) => [f(x, y), [dx, np.ones([])]]);
  expect(() => jvp(f, [2, three], [1, F0])).toThrow(DtypeError);
  const g = customVjp((i: A, x: A) => np.sin(x).mul(i));
  g.defvjp((i: A, x: A) => [g(i, x), np.cos(x)], (c: A, ct: A) => [7, c.mul(ct)]);
  expect(js(grad(g, { argnums: 1 })(three, 0))).toBe(1);
});

test('numbers are floats to functions with rules of their own', () => {
  const f = customVjp((x: A, c: A) => x.mul(c));
  f.defvjp((x: A, c: A) => [f(x, c), [x, c]], ([x, c]: [A, A], ct: A) => [ct.mul(c), ct.mul(x)]);
  expect(js(grad((x: A) => f(x, 2) as A)(3))).toBe(2);
  expect((f(3, 2) as A).dtype).toBe('float32');
});

test('symbolic zeros: what is not differentiated is told to rules, through vmap and jit', () => {
  const f = customJvp((x: A, y: A) => np.multiply(x, y));
  let kinds: unknown[] = [];
  f.defjvp(([x, y]: [A, A], [dx, dy]: [A | SymbolicZero, A | SymbolicZero]) => {
    kinds = [dx, dy].map((t) => (t instanceof SymbolicZero ? `zero [${t.shape.join()}] ${t.dtype}` : 'array'));
    return [f(x, y), dy];
  }, { symbolicZeros: true });
  const of = (x: A) => f(x, np.ones([2]));
  for (const [g, mapped] of [[of, false], [jit(of), false], [vmap(of), true], [jit(vmap(of)), true], [vmap(jit(of)), true]] as const) {
    expect(js(jvp(g, [np.ones(mapped ? [3, 2] : [2])], [np.ones(mapped ? [3, 2] : [2])])[1])).toEqual(mapped ? np.zeros([3, 2]).js() : [0, 0]);
    expect(kinds).toEqual(['array', 'zero [2] float32']);
  }
  expect(js(jacfwd(jit((x: A, y: A) => f(y, x)))(2, 3))).toBe(1);
  let perturbed: unknown;
  const g = customVjp((x: A, y: A) => [np.multiply(x, y), x]);
  g.defvjp((x: CustomVJPPrimal, y: CustomVJPPrimal) => {
    perturbed = [x.perturbed, y.perturbed];
    return [g(x.value, y.value), y.value];
  }, (y: A, [ct, other]: [A, unknown]) => {
    expect(other).toBeInstanceOf(SymbolicZero);
    return [ct.mul(y), other];
  }, { symbolicZeros: true });
  for (const h of [(x: A) => (g(x, 4) as A[])[0], jit((x: A) => (g(x, 4) as A[])[0])]) expect(js(grad(h)(3))).toBe(4);
  expect(perturbed).toEqual([true, false]);
  expect(js(vmap(grad((x: A) => (g(x, 4) as A[])[0]))(np.ones([2])))).toEqual([4, 4]);
});

test('null in a cotangent stands for zeros of whatever is there', () => {
  const f = customVjp((x: { a: A[]; b: A }, y: A) => np.add(x.a[0]!, np.add(x.b, y)));
  f.defvjp((x, y) => [f(x, y), null], (_: null, ct: A) => [{ a: null, b: ct.mul(2) }, null]);
  const x = { a: [np.ones([]), np.ones([2])], b: np.ones([]) };
  expect(grad((p: typeof x) => f(p, 1))(x)).toEqual({ a: [expect.anything(), expect.anything()], b: expect.anything() });
  const d = grad((p: typeof x) => f(p, 1))(x) as typeof x;
  expect(js([...d.a, d.b])).toEqual([0, [0, 0], 2]);
  f.defvjp((p, y) => [f(p, y), null], (_: null, ct: A) => [ct, null]);
  expect(() => grad((p: typeof x) => f(p, 1))(x)).toThrow('expected a cotangent of structure');
});

test('collectives of what is not mapped see the axis inside compiled functions and functions with rules', () => {
  const f = customJvp((x: A) => lax.psum(x, 'i'));
  f.defjvp(([x]: [A], [t]: [A]) => [lax.psum(x, 'i'), t]);
  const g = customVjp((x: A) => lax.psum(x, 'i'));
  g.defvjp((x: A) => [lax.psum(x, 'i'), null], (_: null, ct: A) => [ct]);
  for (const h of [f, jit(f), g, jit(g)]) expect(js(vmap((_: A, x: A) => h(x), { axisName: 'i', inAxes: [0, null], outAxes: null })(np.ones([4]), 2))).toBe(8);
});

test('jaxprs name the rules', () => {
  const f = customJvp(function f(x: A) {
    return x.add(1);
  });
  f.defjvp(function rule(p: [A], t: [A]) {
    return [f(...p), t[0]];
  });
  expect(String(makeJaxpr(f)(np.array([4])))).toContain('jvp=rule\n      symbolic_zeros=False');
  f.defjvp((p: [A], t: [A]) => [f(...p), t[0]], { symbolicZeros: true });
  expect(String(makeJaxpr(vmap(f))(np.array([4])))).toContain('jvp=<lambda>\n      symbolic_zeros=True');
  const g = customVjp((x: A) => x.add(1));
  const forward = (x: A) => [g(x), null];
  g.defvjp(forward, function back(_: null, ct: A) {
    return [ct];
  });
  expect(String(makeJaxpr(g)(1))).toMatch(/bwd=back\n[\s\S]*fwd=forward\n/);
  expect(js((vjp(g, 1) as [A, (ct: A) => A[]])[1](np.array(2)))).toEqual([2]);
});
