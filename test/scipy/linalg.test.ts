import { gradCore } from '../../lib/functional/derivatives';
import * as np from '../../lib/numpy';
import * as prng from '../../lib/prng';
import { linalg } from '../../lib/scipy';
import { testTable } from '../numpy/table';

const absOf = (f: (...args: never[]) => unknown) => (...args: unknown[]) => ([(f as (...a: unknown[]) => unknown)(...args)].flat() as np.Array[]).map((x) => np.abs(x));

testTable('scipyLinalg', {
  ...linalg,
  choSolve: (c: np.Array, b: np.Array, o: { lower: boolean }) => linalg.choSolve([c, o.lower], b),
  luSolve: (a: np.Array, p: np.Array, b: np.Array, o: object) => linalg.luSolve([a, p], b, o),
  absQr: absOf(linalg.qr),
  absQrMultiply: absOf(linalg.qrMultiply),
  absSvd: absOf(linalg.svd),
  absEigh: absOf(linalg.eigh),
  absEighTridiagonal: absOf(linalg.eighTridiagonal),
  absTridiagonalPart: absOf((d: np.Array, e: np.Array) => linalg.eighTridiagonal(d, e, { select: 'i', selectRange: [1, 2] })),
  absHessenberg: absOf((a: np.Array) => linalg.hessenberg(a, { calcQ: true })),
  logm: (a: np.Array) => linalg.funm(a, (x) => np.log(x)),
  sqrtmErr: (a: np.Array) => linalg.funm(a, (x) => np.sqrt(x), { disp: false }),
  polarLeft: (a: np.Array) => linalg.polar(a, { side: 'left' }),
  gradExpm: (a: np.Array) => gradCore('grad', (x: np.Array) => np.sum(linalg.expm(x)), [a], {}).grads,
});

const near = (a: np.Array, b: np.Array) => Number(np.max(np.abs(np.subtract(a, b))).item());
const adjoint = (x: np.Array) => np.conj(np.matrixTranspose(x));

test('Schur forms: factors multiply to the matrix, real ones with blocks of two, complex ones triangular', () => {
  const a = np.array([[0, 1, 2], [-1, 0.5, 0.3], [-2, 0.1, 1]]);
  const [t, z] = linalg.schur(a);
  expect(near(np.matmul(np.matmul(z, t), adjoint(z)), a)).toBeLessThan(1e-5);
  expect(t.dtype).toBe('float32');
  for (const [u, q] of [linalg.schur(a, { output: 'complex' }), linalg.rsf2csf(t, z)]) {
    expect(near(np.matmul(np.matmul(q, u), adjoint(q)), a)).toBeLessThan(1e-5);
    expect(Number(np.max(np.abs(np.tril(u, -1))).item())).toBeLessThan(1e-5);
  }
});

test('arguments that do not go together are named', () => {
  expect(() => linalg.cholesky([[1, 2, 3]])).toThrow('linalg.cholesky');
  expect(() => linalg.solveTriangular([[1]], [1, 2])).toThrow('solveTriangular: expected right sides of 1 rows');
  expect(() => linalg.hadamard(3)).toThrow('a power of 2');
  expect(() => linalg.eighTridiagonal([1, 2], [1, 2])).toThrow('n − 1 elements');
});

test('eighTridiagonal: eigenvalues by index or as near as asked for, vectors apart where eigenvalues meet, derivatives as of the whole matrix', () => {
  const [d, e] = [np.array([1, 2, 2.5, 4.5]), np.array([1, 0.5, 2])];
  const dense = (x: np.Array, y: np.Array) => np.add(np.diag(x), np.add(np.diag(y, 1), np.diag(y, -1)));
  const weigh = ([w, v]: readonly np.Array[]) => np.sum(np.add(np.multiply(w!, np.arange(4)), np.multiply(np.square(v!), np.arange(16).reshape(4, 4))));
  const both = [weigh(linalg.eighTridiagonal(d, e)), weigh(Object.values(np.linalg.eigh(dense(d, e))))];
  expect(near(both[0]!, both[1]!)).toBeLessThan(1e-4);
  const gradient = (f: (x: np.Array, y: np.Array) => np.Array) => gradCore('grad', f, [d, e], { argnums: [0, 1] }).grads as np.Array[];
  const [ours, whole] = [gradient((x, y) => weigh(linalg.eighTridiagonal(x, y))), gradient((x, y) => weigh(Object.values(np.linalg.eigh(dense(x, y)))))];
  ours.forEach((g, i) => expect(near(g, whole[i]!)).toBeLessThan(1e-4));
  const one = (x: np.Array) => linalg.eighTridiagonal(x, e, { eigvalsOnly: true, select: 'i', selectRange: [2, 2] }).reshape([]);
  const h = 1e-2;
  const slope = gradCore('grad', one, [d], {}).grads as np.Array;
  const shifted = np.add(d, np.array([0, h, 0, 0]));
  expect(Number((slope.js() as number[])[1])).toBeCloseTo((Number(one(shifted).item()) - Number(one(d).item())) / h, 1);

  expect(near(linalg.eighTridiagonal(d, e, { eigvalsOnly: true, tol: 0.5 }), linalg.eighTridiagonal(d, e, { eigvalsOnly: true }))).toBeGreaterThan(1e-3);
  for (const [x, y] of [[np.ones([5]), np.zeros([4])], [np.zeros([5]), np.zeros([4])], [np.abs(np.arange(-10, 11)), np.ones([20])]] as [np.Array, np.Array][]) {
    const [w, v] = linalg.eighTridiagonal(x, y);
    expect(near(np.matmul(v.T, v), np.eye(x.size))).toBeLessThan(1e-5);
    expect(near(np.matmul(dense(x, y), v), np.multiply(v, w))).toBeLessThan(1e-5);
  }
  expect(() => linalg.eighTridiagonal(d, e, { select: 'i' })).toThrow('selectRange');
  expect(() => linalg.eighTridiagonal(d, e, { select: 'v' as 'i' })).toThrow("expected select to be 'a' or 'i'");
  expect(() => linalg.eighTridiagonal(d.astype('float16'), e.astype('float16'))).toThrow('expected float32');
});

test('rsf2csf of a larger matrix is a loop, and goes backward', () => {
  const a = prng.normal(prng.key(0), [40, 40]);
  const [t, z] = linalg.rsf2csf(...linalg.schur(a));
  expect(near(np.matmul(np.matmul(z, t), np.conj(z.T)), a.astype('complex64'))).toBeLessThan(1e-4);
  expect(near(np.tril(t, -1), np.zeros([40, 40]))).toBe(0);
  const f = (x: np.Array) => np.sum(np.square(np.abs(linalg.rsf2csf(x, np.eye(3))[0])));
  // Rotations keep the norm.
  expect(near(gradCore('grad', f, [np.array([[1, 2, 3], [-1, 1, 0.5], [0, 0, 2]])], {}).grads as np.Array, np.array([[2, 4, 6], [-2, 2, 1], [0, 0, 4]]))).toBeLessThan(0.1);
});

test('Sylvester equations of a batch, whose dimensions broadcast', () => {
  const [k1, k2, k3] = prng.split(prng.key(0), 3);
  const [a, b, c] = [prng.normal(k1, [2, 1, 3, 3]), prng.normal(k2, [2, 2, 2]), prng.normal(k3, [3, 2])];
  for (const method of ['schur', 'eigen'] as const) {
    const x = linalg.solveSylvester(a, b, c, { method });
    expect(x.shape).toEqual([2, 2, 3, 2]);
    expect(near(np.matmul(a, x).add(np.matmul(x, b)), np.broadcastTo(c, x.shape))).toBeLessThan(1e-4);
  }
  expect(() => linalg.solveSylvester(a, c, c)).toThrow('[..., n, n]');
});
