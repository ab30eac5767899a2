import * as np from '../../lib/numpy';
import { interpolate } from '../../lib/scipy';
import { grad, jit } from '../../lib/transform';
import { testTable } from '../numpy/table';

const Grid = interpolate.RegularGridInterpolator;
const at = (grid: np.Array[], values: np.Array, points: np.Array, options?: interpolate.GridOptions) => new Grid(grid, values, options).at(points);

testTable('scipyInterpolate', {
  interpolate: at,
  d: (grid: np.Array[], values: np.Array, points: np.Array) => grad((v: np.Array, p: np.Array) => np.sum(np.square(at(grid, v, p))), { argnums: [0, 1] })(values, points),
});

test('a grid goes into a compiled function, and what does not fit is named', () => {
  const f = new Grid([[0, 1], [0, 2]], [[0, 2], [1, 3]]);
  const run = jit((g: typeof f, p: np.Array) => g.at(p)) as unknown as (g: typeof f, p: np.Array) => np.Array;
  expect(run(f, np.array([[0.5, 1]])).js()).toEqual([1.5]);
  expect(() => new Grid([[0, 1]], [1, 2, 3])).toThrow('expected points[0] to be a vector');
  expect(() => new Grid([[0, 1]], [1, 2], { method: 'cubic' as 'linear' })).toThrow("expected method to be 'linear'");
  expect(() => f.at([[1, 2, 3]])).toThrow('expected points of 2 coordinates');
});
