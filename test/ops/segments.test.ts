import { ConcretizationError, grad, jit, numpy as np, ops, prng, ShapeError, vmap } from '../../lib';
import { testTable } from '../numpy/table';

testTable('segments', ops);

const ids = np.array([2, 0, 2, 5, 0, 1, -1], { dtype: 'int32' });
const x = prng.normal(prng.PRNGKey(0), [7, 2]);
const functions = ['segmentSum', 'segmentProd', 'segmentMax', 'segmentMin'] as const;

test.each(functions)('%s: compiled, mapped and differentiated', (name) => {
  const f = (v: np.Array) => ops[name](v, ids, 4);
  expect(jit(f)(x).js()).toEqual(f(x).js());
  const lanes = np.stack([x, x.neg()]);
  expect(vmap(f)(lanes).js()).toEqual([f(x).js(), f(x.neg()).js()]);
  const [a, b] = [vmap((v: np.Array, i: np.Array) => ops[name](v, i, 4))(lanes, np.stack([ids, ids.add(1)])), ops[name](x.neg(), ids.add(1), 4)];
  expect(a.slice(1).js()).toEqual(b.js());
  // As in JAX, a product of several has none.
  if (name === 'segmentProd') return expect(() => grad((v: np.Array) => np.sum(f(v)))(x)).toThrow(/unique/);
  const finite = (v: np.Array) => np.sum(np.where(np.isfinite(f(v)), np.square(f(v)), 0));
  const g = grad(finite)(x);
  for (const [i, j] of [[0, 0], [1, 1], [3, 0], [5, 1], [6, 0]] as const) {
    const h = np.zeros([7, 2]).at(i, j).set(1e-2);
    const slope = (Number(finite(x.add(h)).item()) - Number(finite(x.sub(h)).item())) / 2e-2;
    expect(Math.abs(Number(g.slice(i, j).item()) - slope)).toBeLessThan(2e-2 * (1 + Math.abs(slope)));
  }
});

test('mistakes are named', () => {
  expect(() => ops.segmentSum(x, ids.slice([0, 3]), 3)).toThrow(ShapeError);
  expect(() => ops.segmentSum(x, ids.slice([0, 3]), 3)).toThrow('segmentSum: expected an id for each entry of data along its first dimension');
  expect(() => ops.segmentMax(1, [0], 1)).toThrow(ShapeError);
  expect(() => ops.segmentSum(x, np.ones([7]), 3)).toThrow(/integer/);
  expect(() => ops.segmentSum(x, ids, -1)).toThrow('numSegments');
  expect(() => ops.segmentSum(x, ids, 2 ** 40)).toThrow('numSegments');
  expect(() => jit((i: np.Array) => ops.segmentSum(x, i))(ids)).toThrow(ConcretizationError);
  expect(() => ops.segmentSum(x, ids, { segments: 3 } as never)).toThrow("segmentSum: unknown option 'segments'");
});
