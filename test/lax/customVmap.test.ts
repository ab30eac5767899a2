import { type Array, customVjp, customVmap, DifferentiationError, grad, jacfwd, jit, jvp, lax, makeJaxpr, numpy as np, scan, sequentialVmap, vjp, vmap } from '../../lib/index';
import { customJvp } from '../../lib/functional/customRules';
import * as tree from '../../lib/tree';

/** sin by itself, cos under vmap, so that it can be told which one ran; what the rule was told is kept. */
function sinOrCos(log: unknown[] = []) {
  const f = customVmap((x: Array) => np.sin(x));
  f.defVmap((size: number, inBatched: boolean[], xs: Array) => {
    log.push([size, inBatched]);
    return [np.cos(xs), inBatched[0]!];
  });
  return f;
}

const close = (got: unknown, want: unknown) => tree.map((a: Array, b: Array) => expect(np.allclose(a, b, { rtol: 1e-5, atol: 1e-6 }).item()).toBe(true), got, want);
const xs = np.array([0, 1, 2]);
const ts = np.array([0, 2, 4]);

test('the rule takes the place of the mapped function, with sizes, flags and arrays at axis 0', () => {
  const log: unknown[] = [];
  const f = sinOrCos(log);
  close(f(1), np.sin(np.array(1)));
  for (const g of [vmap(f), jit(vmap(f)), vmap(jit(f)), vmap((x: Array) => lax.cond(true, f as never, f as never, x))]) close(g(xs), np.cos(xs));
  expect(log).toEqual(globalThis.Array.from({ length: log.length }, () => [3, [true]]));
  const dot = customVmap((u: Array, v: Array) => np.dot(u, v));
  const flags: unknown[] = [];
  dot.defVmap((size: number, [a, b]: boolean[], u: Array, v: Array) => {
    flags.push([size, a, b, u.ndim, v.ndim]);
    return [a && b ? np.sum(u.mul(v), 1) : a ? np.matmul(u, v) : np.matmul(v, u), a || b];
  });
  const [m, v] = [np.arange(12, { dtype: 'float32' }).reshape([4, 3]), np.array([1, -1, 2])];
  const want = np.matmul(m, v);
  close(vmap(dot, [0, null])(m, v), want);
  close(vmap(dot, [1, null])(m.T, v), want);
  close(vmap(dot, [null, 0])(v, m), want);
  close(vmap(dot)(m, m), np.sum(m.mul(m), 1));
  expect(flags).toEqual([[4, true, false, 2, 1], [4, true, false, 2, 1], [4, false, true, 1, 2], [4, true, true, 2, 2]]);
});

test('trees, several results, captured arrays, loops, vmap of vmap', () => {
  const z = np.array([2, 1, 3]);
  const both = customVmap((x: { a: Array; b: [Array, null] }) => ({ s: np.sin(x.a), c: [z.add(x.b[0])] }));
  both.defVmap((_: number, inBatched: unknown[], x: { a: Array; b: [Array, null] }) => {
    expect(inBatched).toEqual([{ a: true, b: [false, null] }]);
    return [{ s: np.cos(x.a), c: [z.sub(x.b[0])] }, { s: true, c: [false] }];
  });
  const got = vmap(both, { inAxes: [{ a: 0, b: null }] })({ a: xs, b: [np.array(1), null] } as never) as unknown as { s: Array; c: Array[] };
  close(got, { s: np.cos(xs), c: [np.broadcastTo(z.sub(1), [3, 3])] });
  const f = sinOrCos();
  const looped = vmap((x: Array) => scan((c: Array, _: null) => [f(c), null], x, null, { length: 2 })[0] as Array)(xs);
  close(looped, np.cos(np.cos(xs)));
  // The rule is mapped in its turn.
  close(vmap(vmap(f))(np.stack([xs, ts])), np.cos(np.stack([xs, ts])));
  const nary = customVmap((x: Array, y: Array) => np.sin(x).add(y.mul(y)));
  nary.defVmap((_: number, __: boolean[], x: Array, y: Array) => [np.cos(x).add(y.mul(y)), true]);
  close(vmap(nary)(xs, ts), np.cos(xs).add(ts.mul(ts)));
  expect(String(makeJaxpr((x: Array) => f(x))(1.5))).toMatch(/custom_vmap_call\[\s+call=\{ lambda ; [\s\S]*rule=/);
});

test('forward derivatives: of the function, and of the rule where it is mapped, whatever has the axis', () => {
  const f = sinOrCos();
  const f2 = (x: Array, t: Array) => jvp(f, [x], [t]) as [Array, Array];
  close(f2(np.array(1), np.array(2)), [np.sin(np.array(1)), np.cos(np.array(1)).mul(2)]);
  const want = [np.cos(xs), np.sin(xs).mul(ts).neg()];
  close(vmap(f2)(xs, ts), want);
  close(jvp(vmap(f), [xs], [ts]), want);
  // Only tangents, or only primals, have the axis: the rule is told of none.
  const log: unknown[] = [];
  const g = sinOrCos(log);
  const g2 = (x: Array, t: Array) => jvp(g, [x], [t]) as [Array, Array];
  close(vmap(g2, { inAxes: [null, 0], outAxes: [null, 0] })(np.array(1), ts), [np.cos(np.array(1)), np.sin(np.array(1)).mul(ts).neg()]);
  close(vmap(g2, { inAxes: [0, null] })(xs, np.array(4)), [np.cos(xs), np.sin(xs).mul(-4)]);
  close(jacfwd(g)(xs), np.diag(np.sin(xs)).neg());
  expect(log.every((l) => (l as [number, boolean[]])[1][0] === false)).toBe(true);
  // A linear rule's tangent stays what it is for all.
  const linear = customVmap((x: Array) => x.mul(7));
  linear.defVmap((_: number, [b]: boolean[], x: Array) => [x.mul(11), b]);
  const l2 = (h: (x: Array) => Array) => vmap((x: Array, t: Array) => jvp(h, [x], [t]) as [Array, Array], { inAxes: [0, null], outAxes: [0, null] });
  close(l2(linear)(xs, np.array(4)), [xs.mul(11), np.array(44)]);
  expect(() => l2(f)(xs, np.array(4))).toThrow('differs along the mapped axis');
  // Arguments of which some have the axis on both sides and some on one: x and its tangent, y alone, an integer.
  const mixed = customVmap((x: Array, y: Array, n: Array) => x.mul(y).mul(n));
  mixed.defVmap((_: number, inBatched: boolean[], x: Array, y: Array, n: Array) => [x.mul(y).mul(n), inBatched.includes(true)]);
  const n = np.array([1, 2, 3], { dtype: 'int32' });
  const [out, d] = vmap((x: Array, y: Array, k: Array, t: Array) => jvp((a: Array, b: Array) => mixed(a, b, k), [x, y], [t, 1]) as [Array, Array])(xs, ts, n, ts) as unknown as [Array, Array];
  close([out, d], [xs.mul(ts).mul(n), ts.mul(ts).add(xs).mul(n)]);
  // A primal result that depends on tangents.
  const odd = customJvp((x: Array) => np.cos(x));
  odd.defjvp(([x]: [Array], [t]: [Array]) => [np.cos(x.mul(t)), t]);
  const h = customVmap((x: Array) => np.sin(x));
  h.defVmap((_: number, [b]: boolean[], x: Array) => [odd(x), b]);
  const h2 = (x: Array, t: Array) => jvp(h, [x], [t]) as [Array, Array];
  close(vmap(h2, [null, 0])(np.array(1), ts), [np.cos(ts), ts]);
});

test('reverse derivatives: by customVjp around it only', () => {
  expect(() => grad(sinOrCos())(0.5)).toThrow(DifferentiationError);
  expect(() => grad(sinOrCos())(0.5)).toThrow('wrap it in customVjp');
  const inner = customVmap((x: Array, y: Array) => np.sin(x).mul(y));
  inner.defVmap((_: number, __: boolean[], x: Array, y: Array) => [np.cos(x).mul(y), true]);
  const f = customVjp((x: Array, y: Array) => inner(x, y));
  f.defvjp((x: Array, y: Array) => [inner(x, y), [np.cos(x), np.sin(x), y]], ([c, s, y]: Array[], g: Array) => [c!.mul(g).mul(y!), s!.mul(g)]);
  close(vmap(f)(xs, ts), np.cos(xs).mul(ts));
  close(grad(f)(1, 2), np.cos(np.array(1)).mul(2));
  const fwd = sequentialVmap((x: Array, y: Array) => [np.sin(x).mul(y), [x, y]]);
  const bwd = sequentialVmap((res: Array[], ct: Array) => [res[0]!.mul(ct), res[1]!.mul(ct)]);
  const loops = customVjp((x: Array, y: Array) => (fwd(x, y) as unknown[])[0] as Array);
  loops.defvjp(fwd, bwd);
  const [out, pull] = vjp(vmap(jit(loops), [0, null]), xs, np.array(0.5)) as unknown as [Array, (ct: Array) => Array[]];
  close(pull(out), [xs.mul(out), np.sum(out.mul(0.5))]);
});

test('sequentialVmap is a loop over what has the axis', () => {
  const f = sequentialVmap((x: Array, y: Array) => x.add(y));
  const reference = (a: Array, b: Array) => lax.map((x: Array) => f(x, b), a);
  expect(String(makeJaxpr(vmap(f, [0, null]))(xs, 4))).toBe(String(makeJaxpr(reference)(xs, 4)));
  close(vmap(f)(xs, ts), xs.add(ts));
  close(vmap(f, [0, null])(xs, np.array(4)), xs.add(4));
});

test('what is wrong with a rule is said', () => {
  const f = customVmap(function waves(x: Array) { return np.sin(x); });
  expect(() => f(0.5)).toThrow('customVmap of waves: no rule was given');
  const cases: [unknown, string][] = [
    [3, 'expected it to return [result, whether it has the axis], got number 3'],
    [[[xs, xs], [true]], 'to have one structure'],
    [[[xs], [true]], "expected a result of the structure of the function's"],
    [[xs, 1], 'expected booleans'],
    [[np.ones([4]), true], 'expected result 0 to be of type f32[3], got f32[4]'],
    [[np.ones([3]), false], 'expected result 0 to be of type f32[], got f32[3]'],
  ];
  for (const [result, message] of cases) {
    f.defVmap(() => result);
    expect(() => vmap(f)(xs)).toThrow(message);
  }
  expect(() => f.defVmap(3 as never)).toThrow('customVmap of waves');
  expect(() => customVmap(3 as never)).toThrow('customVmap');
  const captured = vmap((x: Array) => {
    const g = customVmap((y: Array) => x.mul(y));
    g.defVmap((_: number, [b]: boolean[], y: Array) => [y, b]);
    return g(x);
  });
  expect(() => captured(xs)).toThrow('captured an array that has the mapped axis');
});
