import { jit } from '../../lib/transform';
import * as np from '../../lib/numpy';
import { sparse } from '../../lib/scipy';

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
