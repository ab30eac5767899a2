import { gradCore } from '../../lib/functional/derivatives';
import * as np from '../../lib/numpy';
import { difference, testTable } from './table';

type Fn = (...xs: np.Array[]) => np.Array;
const gradient = (f: Fn): Fn => (...xs) => gradCore('grad', (x: np.Array) => np.sum(np.real(f(x, ...xs.slice(1)))), [xs[0]!], {}).grads as np.Array;
const { det, inv, pinv, solve, norm, svdvals, slogdet } = np.linalg;
const grad = Object.fromEntries(Object.entries({ det, inv, pinv, solve, norm, svdvals, slogdet: (x: np.Array) => slogdet(x)[1] }).map(([k, f]) => [k, gradient(f as Fn)]));

describe('linalg: what is unique, and gradients, as JAX gives them', () => testTable('numpyLinalg', { linalg: { ...np.linalg, grad } }));
describe('fft', () => testTable('numpyFft', np));

const A = np.array([[1, 2, 0.5], [-1, 0.3, 2], [0.7, 1.1, -1.4], [2, -0.2, 0.6]]);
const square = np.index(A, [0, 3]);
const symmetric = square.add(square.T);

function close(x: np.Array, y: np.Array, tol = 1e-5): void {
  expect(np.max(np.abs(np.subtract(x, y))).item() as number).toBeLessThan(tol);
}

test('decompositions multiply to the matrix, their factors being what they are called', () => {
  const eye = (n: number) => np.eye(n);
  for (const mode of ['reduced', 'complete'] as const) {
    const [q, r] = np.linalg.qr(A, { mode });
    close(q.matmul(r), A);
    close(q.T.matmul(q), eye(q.shape[1]!));
    close(np.tril(r, -1), np.zerosLike(r));
  }
  close(np.abs(np.linalg.qr(A, 'r')), np.abs(np.linalg.qr(A)[1]));
  const [h, tau] = np.linalg.qr(A, { mode: 'raw' });
  expect([h.shape, tau.shape]).toEqual([[3, 4], [3]]);
  for (const fullMatrices of [true, false]) {
    const [u, s, vh] = np.linalg.svd(A, { fullMatrices });
    expect(u.shape).toEqual([4, fullMatrices ? 4 : 3]);
    close(np.index(u, [], [0, 3]).multiply(s).matmul(vh), A);
    close(u.T.matmul(u), eye(u.shape[1]!));
  }
  const [u, s, vh] = np.linalg.svd(symmetric, { hermitian: true });
  close(u.multiply(s).matmul(vh), symmetric);
  const [w, v] = np.linalg.eigh(symmetric);
  close(v.multiply(w).matmul(v.T), symmetric);
  const [lambda, x] = np.linalg.eig(square);
  close(np.matmul(square.astype('complex64'), x), np.multiply(x, lambda));
  close(np.sort(np.abs(np.linalg.eigvals(square))), np.sort(np.abs(lambda)));
});

test('misuse is told', () => {
  expect(() => np.linalg.inv(A)).toThrow(/linalg\.inv: expected square matrices \[\.\.\., n, n\], got f32\[4,3\]/);
  expect(() => np.linalg.solve(square, [1, 2])).toThrow(/b of 3 rows/);
  expect(() => np.linalg.norm(A, 'nuc')).not.toThrow();
  expect(() => np.linalg.norm([1, 2], 'fro' as never, 0)).toThrow(/ord of a vector norm/);
  expect(() => np.fft.rfft(np.array([1, 2]).astype('complex64'))).toThrow(/real values/);
  expect(() => np.linalg.svd(A, { full: true } as never)).toThrow(/unknown option 'full'/);
  expect(difference(np.linalg.slogdet(np.zeros([2, 2]))[0], { $: ['float32', [], [0]] })).toBeNull();
});

test('least squares of no equations or no unknowns: residuals are real, and none where NumPy has none', () => {
  const types = (rows: number, columns: number, numpyResid: boolean) => np.linalg.lstsq(np.ones([rows, columns], { dtype: 'complex64' }), np.ones([rows, 2], { dtype: 'complex64' }), { numpyResid }).map((x) => `${x.dtype}[${x.shape}]`);
  expect(types(0, 3, false)).toEqual(['complex64[3,2]', 'float32[2]', 'int32[]', 'complex64[0]']);
  expect(types(0, 3, true)).toEqual(['complex64[3,2]', 'float32[0]', 'int32[]', 'complex64[0]']);
  expect(types(3, 0, true)).toEqual(['complex64[0,2]', 'float32[2]', 'int32[]', 'complex64[0]']);
});

test('eigenvectors of symmetric matrices have the signs that LAPACK, and so JAX 0.10.2, gives them', () => {
  const r = Math.SQRT1_2;
  const vectors = (a: np.ArrayLike) => np.linalg.eigh(a)[1];
  const cases: [np.ArrayLike, np.ArrayLike][] = [
    [[[2, 1], [1, 2]], [[-r, r], [r, r]]], [[[2, -1], [-1, 2]], [[-r, -r], [-r, r]]], [[[1, 0], [0, 2]], [[1, 0], [0, 1]]], [[[3, 0, 0], [0, 1, 0], [0, 0, 2]], [[0, 0, 1], [1, 0, 0], [0, 1, 0]]],
    // Where the shift's denominator is −0.
    [[[2, -1, 0], [-1, 2, -1], [0, -1, 2]], [[-0.5, -r, 0.5], [-r, 0, -r], [-0.5, r, 0.5]]], [[[0, 1, 0], [1, 0, 1], [0, 1, 0]], [[-0.5, r, 0.5], [r, 0, r], [-0.5, -r, 0.5]]],
  ];
  for (const [a, v] of cases) close(vectors(a), np.array(v));
  // By steps of both directions, and of several blocks at once.
  const mixed = np.array([[4, 1, 2, 0], [1, 3, 0, 1], [2, 0, 5, -1], [0, 1, -1, 1]]);
  const expected = np.array([[-0.019603, -0.693643, -0.377965, -0.612876], [-0.344226, 0.540385, -0.755929, -0.134403], [0.207424, 0.469162, 0.377965, -0.770717], [0.915478, 0.082035, -0.377964, 0.110965]]);
  close(vectors(mixed), expected);
  const batch = np.stack([mixed, np.eye(4), np.zeros([4, 4])]);
  close(vectors(batch), np.stack([expected, np.eye(4), np.eye(4)]));
  const c = (re: number, im = 0) => ({ re, im });
  close(vectors([[c(2), c(0, 1), c(0)], [c(0, -1), c(3), c(1, 1)], [c(0), c(1, -1), c(1)]]), np.array([
    [c(0.269108), c(-0.878182), c(-0.395445)], [c(0, 0.500758), c(0, -0.223148), c(0, 0.836329)], [c(-0.581731, -0.581731), c(-0.299166, -0.299166), c(0.268493, 0.268493)],
  ]));
});

test('eigenvalues and eigenvectors of general real matrices have the order and the signs that LAPACK, and so JAX 0.10.2, gives them', () => {
  const c = (re: number, im = 0) => ({ re, im });
  const [w, v] = np.linalg.eig([[1, 2, 0], [-1, 3, 1], [2, 0, 1]]);
  close(w, np.array([c(1, Math.SQRT2), c(1, -Math.SQRT2), c(3)]));
  close(v, np.array([[c(0, 0.53452), c(0, -0.53452), c(0.57735)], [c(-0.37796), c(-0.37796), c(0.57735)], [c(0.75593), c(0.75593), c(0.57735)]]));
  const [w4, v4] = np.linalg.eig([[4, 1, 2, 0], [1, -3, 0, 1], [2, 5, 1, -1], [0, 1, -1, 2]]);
  close(np.real(w4), np.array([5.33078, -3.20938, -0.38699, 2.26559]), 5e-5);
  close(np.real(v4), np.array([[-0.84162, -0.14049, -0.38517, -0.0164], [-0.08546, -0.55088, -0.00963, 0.18299], [-0.51727, 0.78188, 0.84968, -0.07727], [0.12964, 0.25584, 0.36, 0.97994]]), 5e-5);
  close(np.linalg.eigvals([[2, 0], [1, 3]]), np.array([3, 2]));
});

test('matrices are balanced before: eigenvalues that rows or columns have to themselves are exact and stand where LAPACK puts them, sizes far apart do no harm', () => {
  const [w, v] = np.linalg.eig([[2, 0, 0], [5, 1, 0], [1, 4, 3]]);
  expect(np.real(w).js()).toEqual([3, 1, 2]);
  close(np.real(v), np.array([[0, 0, 0.04627], [0, 0.44721, 0.23137], [1, -0.89443, -0.97176]]));
  const [w2, v2] = np.linalg.eig([[1, 1000, 2], [0.001, 2, 0.003], [3, 4000, -1]]);
  close(np.real(w2), np.array([5.41855, 0.387873, -3.806424]));
  close(np.real(v2), np.array([[0.57204, 0.998279, -0.304848], [0.000887, -0.000728, -0.00044], [0.820226, 0.058644, 0.952401]]));
  const roots = np.roots([1, -3, 2, 0, 0]);
  expect((roots.js() as unknown[]).slice(0, 2)).toEqual([{ re: 0, im: 0 }, { re: 0, im: 0 }]);
  close(roots, np.array([0, 0, 1, 2]));
});
