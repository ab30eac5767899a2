import { lax, numpy as np, prng } from '../../lib';
import { testTable } from '../numpy/table';

testTable('laxLinalg', { ...lax.linalg, qdwh: (x: np.Array) => lax.linalg.qdwh(x).slice(0, 2) });

test('qdwh: factors of singular and well-conditioned matrices, and whether it converged', () => {
  const x = prng.normal(prng.key(1), [6, 4]);
  const [u, h, iterations, converged] = lax.linalg.qdwh(x);
  expect(np.allclose(np.matmul(u, h), x, { atol: 1e-5 }).item()).toBe(true);
  expect(np.allclose(np.matmul(u.T, u), np.eye(4), { atol: 1e-5 }).item()).toBe(true);
  expect([converged.item(), iterations.dtype]).toEqual([true, 'int32']);
  const few = lax.linalg.qdwh(x, { maxIterations: 1 });
  expect([few[2].item(), few[3].item()]).toEqual([1, false]);
  expect(() => lax.linalg.qdwh(x.T)).toThrow(/no fewer rows/);
  expect(() => lax.linalg.tridiagonal(x)).toThrow(/square/);
  expect(() => lax.linalg.ormqr(x, np.ones([4]), np.ones([5, 5]))).toThrow(/6 rows/);
  expect(() => lax.linalg.choleskyUpdate(np.eye(3), np.ones([4]))).toThrow(/vector of its size/);
});

test('options that do not exist are refused by name', () => {
  const x = np.eye(2);
  const calls = { cholesky: lax.linalg.cholesky, eigh: lax.linalg.eigh, qr: lax.linalg.qr, svd: lax.linalg.svd, eig: lax.linalg.eig, schur: lax.linalg.schur, tridiagonal: lax.linalg.tridiagonal, qdwh: lax.linalg.qdwh };
  for (const [name, f] of Object.entries(calls)) expect(() => (f as (x: np.Array, o: object) => unknown)(x, { lowr: true })).toThrow(`${name}: unknown option 'lowr'`);
  expect(() => lax.linalg.triangularSolve(x, x, { lowr: true } as never)).toThrow("triangularSolve: unknown option 'lowr'");
});
