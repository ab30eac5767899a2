import { gradCore } from '../../lib/functional/derivatives';
import * as np from '../../lib/numpy';
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
