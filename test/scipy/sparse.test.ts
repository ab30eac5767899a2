import { grad, hessian, jacfwd, jit, jvp, vmap } from '../../lib/transform';
import * as np from '../../lib/numpy';
import { sparse } from '../../lib/scipy';
import { testTable } from '../numpy/table';

const A = np.array([[4, 1, 0.5], [1, 3, -0.2], [0.5, -0.2, 2]]);
const b = np.array([1, -2, 0.5]);
const want = np.linalg.solve(A, b);
const error = (x: np.Array) => Number(np.max(np.abs(np.subtract(x, want))).item());

test('conjugate gradients: by a matrix, by a function, preconditioned, compiled', () => {
  const diagonal = np.diag(A) as np.Array;
  for (const x of [
    sparse.linalg.cg(A, b)[0],
    sparse.linalg.cg((v) => np.matmul(A, v), b, { x0: np.ones([3]), tol: 1e-6 })[0],
    sparse.linalg.cg(A, b, { M: (v) => np.divide(v, diagonal), tol: 1e-6 })[0],
    jit((m: np.Array, v: np.Array) => sparse.linalg.cg(m, v)[0])(A, b) as np.Array,
  ]) expect(error(x)).toBeLessThan(1e-4);
});

test('a limit of steps is kept, and shapes are checked', () => {
  expect(error(sparse.linalg.cg(A, b, { maxiter: 1 })[0])).toBeGreaterThan(1e-3);
  expect(sparse.linalg.cg(A, b, { maxiter: 0 })[0].js()).toEqual([0, 0, 0]);
  expect(() => sparse.linalg.cg([[1, 2]], b)).toThrow('cg: expected A to be a square matrix');
  expect(() => sparse.linalg.cg(A, b, { x0: [1] })).toThrow("x0 to have b's shape");
});

type Solver = (A: sparse.linalg.LinearOperator, b: unknown, options?: object) => [never, unknown];
const solvers = Object.entries({ cg: sparse.linalg.cg, bicgstab: sparse.linalg.bicgstab, gmres: sparse.linalg.gmres } as unknown as Record<string, Solver>);
const forAll = (f: (solve: Solver) => unknown) => Object.fromEntries(solvers.map(([name, solve]) => [name, f(solve)]));

testTable('scipySparse', {
  ...sparse.linalg,
  started: forAll((solve) => (a: np.Array, y: np.Array, x0: np.Array, o: object) => solve(a, y, { x0, ...o })[0]),
  conditioned: forAll((solve) => (a: np.Array, y: np.Array, o: object) => solve(a, y, { M: (v: np.Array) => np.divide(v, np.diagonal(a)), ...o })[0]),
  d: forAll((solve) => (a: np.Array, y: np.Array, o: object) => grad((u: np.Array, v: np.Array) => np.sum(np.sin(solve(u, v, { tol: 1e-6, ...o })[0])), { argnums: [0, 1] })(a, y)),
  trees: forAll((solve) => (y: object) => {
    const A = (x: { p: np.Array; q: np.Array }) => {
      const all = x.p.sum().add(x.q.sum()).mul(0.1);
      return { p: x.p.mul(3).add(all), q: x.q.mul(3).add(all) };
    };
    const x = solve(A, y)[0] as { p: np.Array; q: np.Array };
    return [x.p, x.q];
  }),
});

test('second derivatives of a solution, and many solutions at once', () => {
  const f = (s: np.Array) => np.sum(sparse.linalg.gmres((v: np.Array) => np.multiply(s, v), np.array([2, 4]))[0]); // 6 / s
  expect(Number((grad(grad(f))(2) as np.Array).item())).toBeCloseTo(1.5, 4);
  const xs = vmap((y: np.Array) => sparse.linalg.bicgstab(A, y)[0])(np.stack([b, b])) as np.Array;
  expect(error(np.index(xs, 1))).toBeLessThan(1e-4);
});

test('options and trees that do not fit are named', () => {
  expect(() => sparse.linalg.gmres(A, b, { restart: 0 })).toThrow('gmres: expected restart');
  expect(() => sparse.linalg.gmres(A, b, { solveMethod: 'qr' as 'batched' })).toThrow("expected solveMethod to be 'batched'");
  expect(() => sparse.linalg.bicgstab((x: { p: np.Array }) => x.p, { p: b })).toThrow("bicgstab: expected the result of A to have b's structure");
  expect(() => sparse.linalg.cg(A, b, { maxiter: -1 })).toThrow('cg: expected maxiter');
});

test('forward derivatives of solutions, alone, over and under reverse ones, and mapped', () => {
  for (const [name, solve] of solvers) {
    const f = (m: np.Array, v: np.Array) => solve(m, v, { tol: 1e-6 })[0] as np.Array;
    const exact = (m: np.Array, v: np.Array) => np.linalg.solve(m, v);
    const directions = [np.array([[0.1, 0.2, 0], [0.2, -0.1, 0.3], [0, 0.3, 0.5]]), np.array([1, 0, -1])];
    const close = (x: unknown, y: unknown) => expect([name, Number(np.max(np.abs(np.subtract(x as np.Array, y as np.Array))).item()) < 2e-4]).toEqual([name, true]);
    close(jvp(f, [A, b], directions)[1], jvp(exact, [A, b], directions)[1]);
    if (name !== 'cg') continue;
    close(jit((v: np.Array) => jvp((y: np.Array) => f(A, y), [v], [directions[1]])[1])(b), exact(A, directions[1]!));
    close(jacfwd(f, { argnums: 1 })(A, b), np.linalg.inv(A));
    const loss = (g: typeof f) => (v: np.Array) => np.sum(np.sin(g(A, v)));
    close(hessian(loss(f))(b), hessian(loss(exact))(b));
    close(vmap((v: np.Array) => jvp((y: np.Array) => f(A, y), [v], [v])[1])(np.stack([b, directions[1]!])), np.stack([exact(A, b), exact(A, directions[1]!)]));
  }
});
