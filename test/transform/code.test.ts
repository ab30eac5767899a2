import { ArgumentError, jit, lax, makeJaxpr, nn, numpy as np, State, transform } from 'xlastate';

const many = (x: np.Array, w: np.Array) => {
  const s = np.tanh(np.matmul(x, w).add(1));
  const twice = jit((z: np.Array) => z.mul(2));
  return [
    np.sum(s, { axis: 0 }), np.where(np.greater(s, 0), s, 1), np.concatenate([s, s], { axis: 1 }).T, np.argmax(s, { axis: 1 }), np.cumsum(s, { axis: 0 }), np.round(s.mul(2.5)), s.astype('int32').reshape([-1]),
    np.broadcastTo(s.slice(0, 1), [2, 3]), np.arange(3).add(1), lax.rev(s, [0]), lax.pad(s, 0, [[1, 1, 0], [0, 0, 0]]), np.power(s, 2), lax.dynamicSlice(s, [0, 1], [1, 1]), twice(s), np.matmul(s, np.array([1.5, 2, 3])),
  ];
};
const evaluate = (code: string) => new Function('lax', 'np', `return (${code});`)(lax, np) as (...xs: np.Array[]) => np.Array | np.Array[];

test('the code of a jaxpr computes the same, with the same dtypes', () => {
  const [x, w] = [np.linspace(-1, 1, 8).reshape([2, 4]), np.linspace(-2, 1, 12).reshape([4, 3])];
  const code = transform.fnToPythonCode(many, x, w);
  expect(code).toMatch(/^function many\(/);
  const got = evaluate(code)(x, w) as np.Array[];
  many(x, w).forEach((wanted, i) => {
    expect([i, got[i]!.dtype, got[i]!.shape]).toEqual([i, wanted.dtype, wanted.shape]);
    expect(Number(np.max(np.abs(got[i]!.sub(wanted))).item())).toBeLessThan(1e-5);
  });
});

test('control flow, derivatives with their own rules and indices', () => {
  const x = np.linspace(0.5, 2, 6).reshape([3, 2]);
  const cases: ((x: np.Array) => np.Array | np.Array[])[] = [
    (v) => lax.scan((c: np.Array, r: np.Array) => [c.mul(2).add(r), c] as const, np.zeros([2]), v, { reverse: true }),
    (v) => lax.scan((c: np.Array) => [c.add(v.sum()), null] as const, np.zeros([]), null, { length: 3 })[0],
    (v) => lax.whileLoop(([c]: readonly [np.Array, np.Array]) => np.less(np.sum(c), np.sum(v).mul(8)), ([c, n]: readonly [np.Array, np.Array]) => [c.mul(v.add(1)), n.add(1)], [v, np.asarray(0, { dtype: 'int32' })] as const) as np.Array[],
    (v) => lax.cond(np.greater(np.sum(v), 100), (a: np.Array) => a.mul(2), (a: np.Array) => a.sub(v), v.add(1)),
    (v) => lax.switch(np.argmax(v.slice([], 0)), [(a: np.Array) => a, (a: np.Array) => a.mul(3), (a: np.Array) => np.sin(a)], v),
    (v) => lax.whileLoop((c: np.Array) => np.less(np.max(c), 50), (c: np.Array) => lax.scan((a: np.Array, r: np.Array) => [a.add(r), null] as const, c, v)[0], np.ones([2])),
    (v) => nn.relu(v.sub(1)),
    (v) => v.slice(np.array([2, 0, 5], { dtype: 'int32' })),
    (v) => v.at(np.array([0, 0, 2], { dtype: 'int32' })).add(np.ones([3, 2])),
    (v) => np.sort(v, { axis: 0 }),
    (v) => lax.topK(v, 1),
    (v) => lax.convGeneralDilated(v.reshape([1, 1, 6]), np.ones([1, 1, 3]), [1], 'SAME'),
    (v) => transform.checkpoint((a: np.Array) => np.sin(a))(v),
  ];
  for (const f of cases) {
    const code = transform.fnToPythonCode(f, x);
    const list = (r: unknown) => [r].flat() as np.Array[];
    const [got, wanted] = [list(evaluate(code)(x)), list(f(x))];
    expect(got).toHaveLength(wanted.length);
    got.forEach((g, i) => {
      expect([code, g.dtype, g.js()]).toEqual([code, wanted[i]!.dtype, wanted[i]!.js()]);
    });
  }
});

test('what it looks like, and handlers of one\'s own', () => {
  const jaxpr = makeJaxpr((x: np.Array) => np.sin(x).add(1))(np.ones([2]));
  expect(transform.jaxprToPythonCode(jaxpr)).toBe('function generatedFunction(a) {\n  const b = lax.sin(a);\n  const c = lax.add(b, 1);\n  return c;\n}');
  expect(transform.jaxprToCode(jaxpr.jaxpr.jaxpr, 'f')).toMatch(/^function f\(a\)/);
  expect(evaluate(transform.fnToPythonCode((x: np.Array) => x, np.ones([2])))(np.ones([2]))).toBeInstanceOf(np.Array);
  const fft = (x: np.Array) => np.real(np.fft.fft(x));
  expect(() => transform.fnToPythonCode(fft, np.ones([3]))).toThrow(/no handler for 'fft'; add one/);
  transform.registerPrimHandler('fft', ([x]) => `np.fft.fft(${x})`);
  expect((evaluate(transform.fnToPythonCode(fft, np.ones([3])))(np.array([3, 1, 2])) as np.Array).js()).toEqual([6, 1.5, 1.5]);
  // The name of the 213th variable would be a keyword.
  const long = transform.fnToPythonCode((x: np.Array) => Array.from({ length: 230 }).reduce((s: np.Array) => s.mul(3).sub(1), x), np.ones([]));
  expect(long).toContain('if_');
  expect(Number((evaluate(long)(np.array(0.5)) as np.Array).item())).toBe(0.5);
  expect(() => transform.jaxprToPythonCode('x' as never)).toThrow(ArgumentError);
  expect(() => transform.registerPrimHandler('x', 1 as never)).toThrow(ArgumentError);
});

/** Attributes of the elements of a kind. */
const elements = (svg: string, tag: string) => [...svg.matchAll(new RegExp(`<${tag} ([^>]*)>`, 'g'))].map((m) => Object.fromEntries([...m[1]!.matchAll(/([\w-]+)="([^"]*)"/g)].map((a) => [a[1]!, a[2]!])));

test('draw gives an SVG in which nothing overlaps and arrows go down', () => {
  const count = new State(0);
  const f = (x: np.Array, y: np.Array) => {
    count.value = count.value.add(1);
    return [lax.whileLoop((v: np.Array) => np.less(np.sum(v), 100), (v: np.Array) => v.mul(2).add(1), x), np.exp(x).mul(y), np.max(y)];
  };
  const svg = transform.draw(makeJaxpr(f)(np.ones([3]), np.ones([3])));
  for (const label of ['in 0: f32[3]', 'while', 'exp', 'mul', 'reduce_max', 'out 2: f32[]', 'condJaxpr', 'bodyJaxpr']) expect(svg).toContain(`>${label}</text>`);
  const [width, height] = [1, 2].map((i) => Number(/viewBox="0 0 (\d+) (\d+)"/.exec(svg)![i]));
  const boxes = elements(svg, 'rect').map((r) => ({ kind: r.class!, x: Number(r.x), y: Number(r.y), r: Number(r.x) + Number(r.width), b: Number(r.y) + Number(r.height) }));
  expect(boxes.filter((b) => b.kind === 'inner')).toHaveLength(2);
  for (const [i, a] of boxes.entries()) {
    expect(a.x >= 0 && a.y >= 0 && a.r <= width! && a.b <= height!).toBe(true);
    for (const b of boxes.slice(i + 1)) {
      const apart = a.r <= b.x || b.r <= a.x || a.b <= b.y || b.b <= a.y;
      const inside = (p: typeof a, q: typeof a) => p.x >= q.x && p.y >= q.y && p.r <= q.r && p.b <= q.b;
      expect(apart || inside(a, b) || inside(b, a)).toBe(true);
    }
  }
  const arrows = elements(svg, 'path').map((p) => /^M[\d.]+ ([\d.]+)C.* ([\d.]+)$/.exec(p.d!)).filter((m) => m !== null);
  expect(arrows.length).toBeGreaterThan(12);
  for (const [, from, to] of arrows) expect(Number(to)).toBeGreaterThan(Number(from));
  expect(() => transform.draw(1 as never)).toThrow(/expected a jaxpr/);
});
