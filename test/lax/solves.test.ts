import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShapeError, TreeError } from '../../lib/core/errors';
import { linearTranspose } from '../../lib/functional/staging';
import { DifferentiationError } from '../../lib/interpreters/jvp';
import * as lax from '../../lib/lax';
import * as np from '../../lib/numpy';
import { grad, jacrev } from '../../lib/transform/grad';
import { jvp } from '../../lib/functional/derivatives';
import { jit } from '../../lib/transform/jit';
import { vmap } from '../../lib/transform/vmap';

// The same functions as in scripts/fixtures/laxSolves.py, which gives JAX's values.

type A = np.Array;
type Loose = ReturnType<typeof lax.customRoot>;
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/laxSolves.json'), 'utf8')) as Record<string, unknown[]>;
const m = np.array([[4.0, 1.0, 0.5], [0.2, 3.0, -1.0], [0.0, 0.7, 2.0]]);
const b = np.array([1.0, -2.0, 0.5]);
const w = np.array([1, 2, -3]).astype('float32');

function close(got: unknown, expected: unknown, tol = 2e-5): void {
  if (globalThis.Array.isArray(expected) && globalThis.Array.isArray(got)) {
    expect(got.length).toBe(expected.length);
    expected.forEach((e, i) => close((got as unknown[])[i], e, tol));
    return;
  }
  if (got instanceof np.Array) {
    close(got.js(), expected, tol);
    return;
  }
  expect(Math.abs((got as number) - (expected as number))).toBeLessThanOrEqual(tol * (1 + Math.abs(expected as number)));
}

function cubeRoot(a: A): A {
  const solve = (f: (v: A) => unknown, x: A) => lax.foriLoop(0, 30, (_: A, v: A) => np.subtract(v, np.divide(f(v) as A, np.multiply(3, np.square(v)))), x);
  return lax.customRoot((x: A) => np.subtract(np.power(x, 3), a), 1, solve as never, (g, y: A) => np.divide(y, g(1) as A));
}

function pairRoot(p: A): [A[], A] {
  const [p0, p1] = lax.unstack(p) as [A, A];
  const f = ([u, v]: [A, A]) => [np.subtract(np.add(np.square(u), v), p0), np.subtract(v, np.multiply(p1, u))];
  const solve = () => {
    const u = np.divide(np.subtract(np.sqrt(np.add(np.square(p1), np.multiply(4, p0))), p1), 2);
    return [[u, np.multiply(p1, u)], np.add(np.multiply(u, 0), 7)];
  };
  const tangentSolve = (g: (x: unknown) => unknown, y: A[]) => {
    const columns = [g([1, 0]) as A[], g([0, 1]) as A[]].map((c) => np.stack(c));
    const x = np.linalg.solve(np.stack(columns, { axis: 1 }), np.stack(y));
    return lax.unstack(x);
  };
  return lax.customRoot(f as Loose, [1, 1], solve, tangentSolve, { hasAux: true });
}

const dense = (f: (x: unknown) => unknown, v: A) => np.linalg.solve(jacrev(f as (x: A) => A)(v) as A, v);
const general = (a: A, y: A): A => lax.customLinearSolve((x) => np.matmul(a, x), y, dense, { transposeSolve: dense });
const symmetric = (a: A, y: A): [A, A] => {
  const s = np.add(a, a.T);
  return lax.customLinearSolve((x) => np.matmul(s, x), y, (f, v) => [dense(f, v), np.array(5).astype('float32')], { symmetric: true, hasAux: true });
};
const loss = (f: (a: A, y: A) => A) => (a: A, y: A) => np.sum(np.multiply(w, f(a, y)));

test('customRoot: the root, and derivatives of it by the implicit function theorem', () => {
  const d = grad(cubeRoot as Loose) as (a: unknown) => A;
  close([cubeRoot(np.array(5.0)), d(5), (grad(d as Loose) as (a: unknown) => A)(5), vmap(d as Loose)(np.array([1, 5, 8]).astype('float32'))], fixture.cube);
  close(jit(d as Loose)(np.array(5.0).astype('float32')), fixture.cube![1]);
  const p = np.array([2, 0.5]);
  const root = (q: A) => pairRoot(q)[0];
  close([pairRoot(p), jacrev(root as Loose)(p), (jvp(root as Loose, [p], [np.array([1.0, -1.0]).astype('float32')]) as unknown[])[1]], fixture.pair);
});

test('customLinearSolve: the solution, and derivatives of the equation rather than of the solver', () => {
  const both = (f: (a: A, y: A) => A) => grad(loss(f), { argnums: [0, 1] }) as unknown as (a: A, y: A) => [A, A];
  const batchOfGrads = vmap(grad(loss(general)) as Loose)(np.stack([m, m.T]), np.stack([b, w]));
  const tangent = (jvp(general as Loose, [m, b], [np.square(m), w]) as unknown[])[1];
  close([general(m, b), ...both(general)(m, b), tangent, vmap(general as Loose, { inAxes: [null, 0] })(m, np.stack([b, w])), batchOfGrads], fixture.general, 1e-4);
  close(jit(both(general) as Loose)(m, b), fixture.general!.slice(1, 3), 1e-4);
  close([symmetric(m, b), ...both((a, y) => symmetric(a, y)[0])(m, b)], fixture.symmetric, 1e-4);
  const squares = (y: A) => np.sum(np.square((grad((a: A) => loss(general)(a, y)) as unknown as (a: A) => A)(m)));
  close((grad(squares) as unknown as (y: A) => A)(b), fixture.second, 1e-4);
});

test('functions that do not fit are refused', () => {
  const one = (y: A) => np.sum(lax.customLinearSolve((x) => np.matmul(m, x), y, dense));
  expect(() => grad(one)(b)).toThrow(DifferentiationError);
  expect(() => grad(one)(b)).toThrow('needs transposeSolve');
  expect(() => lax.customLinearSolve((x: A) => [x], b, dense)).toThrow(TreeError);
  expect(() => lax.customLinearSolve((x: A) => np.sum(x), b, dense)).toThrow(ShapeError);
  expect(() => lax.customRoot((x: A) => x, 1, () => [1, 2], (_, y) => y)).toThrow('expected solve to return the structure of initialGuess');
  expect(() => lax.customRoot((x: A) => x, 1, (_, x) => x, (_, y) => y, { hasAux: true })).toThrow('[solution, auxiliary]');
});

test('the transpose of a function that is not linear names the operation', () => {
  const cases: [string, (x: A) => unknown][] = [['mul', (x) => np.multiply(x, x)], ['div', (x) => np.divide(1, x)], ['dot_general', (x) => np.dot(x, x)]];
  for (const [name, f] of cases) {
    const run = () => linearTranspose(f as Loose, b)(name === 'dot_general' ? 1 : b);
    expect(run).toThrow(DifferentiationError);
    expect(run).toThrow(`${name}: expected a function that is linear`);
  }
  expect(() => linearTranspose(np.sin as Loose, b)(b)).toThrow('sin is not linear');
});
