import { flat } from '../support/calls';
import { asArray } from '../../lib/lax/arrayLike';
import * as np from '../../lib/numpy';
import * as prng from '../../lib/prng';
import { ArgumentError, DtypeError, ShapeError } from '../../lib/core/errors';
import { stack } from './keys';

const key = prng.PRNGKey(42);
const f32 = (...v: number[]) => asArray(Float32Array.from(v));

test('a shape is given positionally or as an option, as a number or a list', () => {
  const x = prng.normal(key, [3]).js();
  expect(prng.normal(key, 3).js()).toEqual(x);
  expect(prng.normal(key, { shape: [3] }).js()).toEqual(x);
  expect(prng.normal(key, [3], { dtype: 'float32' }).js()).toEqual(x);
  expect(prng.normal(key, null, { shape: 3 }).js()).toEqual(x);
  expect(prng.normal(key).shape).toEqual([]);
  const p = prng.bernoulli(key, { p: 0.3, shape: [8] }).js();
  expect(prng.bernoulli(key, 0.3, [8]).js()).toEqual(p);
  expect(prng.bernoulli(key, 0.3, { shape: [8] }).js()).toEqual(p);
  expect(prng.split(key, 3).js()).toEqual(prng.split(key, { num: 3 }).js());
});

test('keys: seeds of any integer form, raw words, generators by name', () => {
  expect(flat(prng.PRNGKey(-1))).toEqual([0, 2 ** 32 - 1]);
  expect(flat(prng.key(2n ** 40n + 5n))).toEqual([0, 5]);
  expect(flat(prng.PRNGKey(asArray(Int32Array.of(7)[0]!)))).toEqual([0, 7]);
  expect(flat(prng.key(3, { impl: 'rbg' }))).toEqual([0, 3, 0, 3]);
  expect([prng.keyImpl(key), prng.keyImpl(prng.key(0, { impl: 'rbg' }))]).toEqual(['threefry2x32', 'rbg']);
  expect(prng.wrapKeyData(prng.keyData(key)).js()).toEqual([0, 42]);
  expect(prng.clone(key)).toBe(key);
  expect(prng.keyData(stack([key, key])).shape).toEqual([2, 2]);
});

test('the two generators of four words split differently, by option', () => {
  const rbg = prng.key(1, { impl: 'rbg' });
  expect(prng.split(rbg, 2, { impl: 'rbg' }).js()).toEqual(prng.split(rbg).js());
  expect(prng.split(rbg, 2, { impl: 'unsafe_rbg' }).js()).not.toEqual(prng.split(rbg).js());
  expect(prng.foldIn(rbg, 1, { impl: 'unsafe_rbg' }).js()).not.toEqual(prng.foldIn(rbg, 1).js());
});

test('a split of more keys begins with the keys of fewer', () => {
  expect((prng.split(key, 5).js() as unknown[]).slice(0, 2)).toEqual(prng.split(key).js());
});

test('empty shapes give empty arrays', () => {
  for (const x of [prng.normal(key, [0]), prng.gamma(key, 2, [0, 3]), prng.choice(key, 5, [0]), prng.poisson(key, 3, [0]), prng.randint(key, [0], 0, 5), prng.permutation(key, 0)]) {
    expect([x.size, flat(x)]).toEqual([0, []]);
  }
});

test.each<[string, () => unknown, new (m: string) => Error, string]>([
  ['a key that is no array', () => prng.normal(3 as never), ArgumentError, 'normal: expected key to be an array of dtype uint32'],
  ['a key of floats', () => prng.uniform(f32(1, 2)), DtypeError, 'uniform: expected a key of dtype uint32'],
  ['a key of three words', () => prng.bits(asArray(Uint32Array.of(1, 2, 3))), ShapeError, 'bits: expected a key of shape [2]'],
  ['several keys', () => prng.normal(prng.split(key)), ShapeError, 'use vmap'],
  ['a fraction as a seed', () => prng.PRNGKey(0.5), ArgumentError, 'expected seed to be an integer'],
  ['a vector of seeds', () => prng.PRNGKey(asArray(Int32Array.of(1, 2))), ShapeError, 'expected a scalar seed'],
  ['an unknown generator', () => prng.key(0, { impl: 'dice' as never }), ArgumentError, 'rbg, unsafe_rbg, philox2x32'],
  ['a generator for another key', () => prng.split(key, 2, { impl: 'rbg' }), ShapeError, 'expected a key of shape [4]'],
  ['fractional data to fold in', () => prng.foldIn(key, 1.5), ArgumentError, 'foldIn: expected data to be an integer'],
  ['a negative size', () => prng.normal(key, [-1]), ShapeError, 'non-negative'],
  ['an option that does not exist', () => prng.normal(key, { size: 3 } as never), ArgumentError, "unknown option 'size'"],
  ['a shape given twice', () => prng.normal(key, [3], { shape: [3] }), ArgumentError, 'given twice'],
  ['an integer type for floats', () => prng.normal(key, [3], { dtype: 'int32' }), DtypeError, 'normal: expected dtype to be of kind float'],
  ['a float8 type', () => prng.normal(key, [3], { dtype: 'float8_e5m2fnuz' }), DtypeError, 'float8_e4m3fn, float8_e5m2, bfloat16, float16, float32, float64'],
  ['a float type for integers', () => prng.randint(key, [3], 0, 5, { dtype: 'float32' }), DtypeError, 'kind int'],
  ['a signed type for bits', () => prng.bits(key, [3], { dtype: 'int32' }), DtypeError, 'kind uint'],
  ['bounds that do not fit the shape', () => prng.randint(key, [2], asArray(Int32Array.of(1, 2, 3)), 9), ShapeError, 'do not broadcast'],
  ['parameters larger than the shape', () => prng.gamma(key, [1, 2], { shape: [] }), ShapeError, 'broadcast to the shape []'],
  ['a probability of an integer type', () => prng.bernoulli(key, asArray(Int32Array.of(1))), DtypeError, 'float dtype'],
  ['a wide parameter for a narrow type', () => prng.pareto(key, f32(2), { dtype: 'float16' }), DtypeError, 'cannot safely convert'],
  ['too many without replacement', () => prng.choice(key, 3, [4], { replace: false }), ArgumentError, 'cannot choose 4 entries of 3'],
  ['nothing to choose from', () => prng.choice(key, 0, [2]), ArgumentError, 'at least one entry'],
  ['weights of another length', () => prng.choice(key, 3, [2], { p: [0.5, 0.5] }), ShapeError, 'vector of 3 weights'],
  ['an axis out of range', () => prng.permutation(key, f32(1, 2), { axis: 1 }), ShapeError, 'out of range'],
  ['a float to permute', () => prng.permutation(key, 2.5), ArgumentError, 'expected an integer'],
  ['too many categories', () => prng.categorical(key, f32(1, 2), { shape: [3], replace: false }), ArgumentError, '3 samples without replacement from 2'],
  ['a mode that does not exist', () => prng.gumbel(key, [2], { mode: 'top' as never }), ArgumentError, "'low', 'high' or 'highest'"],
  ['a scalar of concentrations', () => prng.dirichlet(key, 1), ShapeError, 'at least one dimension'],
  ['a covariance of another size', () => prng.multivariateNormal(key, f32(0, 0), f32(1)), ShapeError, '[..., 2, 2]'],
  ['a poisson draw with rbg', () => prng.poisson(prng.key(0, { impl: 'rbg' }), 3), ArgumentError, 'only keys of threefry2x32'],
])('%s is refused', (_, f, type, message) => {
  expect(f).toThrow(type);
  expect(f).toThrow(message);
});

test('parameters that JAX converts or broadcasts', () => {
  expect(prng.gamma(key, np.ones([]), { dtype: 'bfloat16' }).item()).toBeCloseTo(1.4921875, 6);
  expect(prng.weibullMin(key, [1, 2], 1.5).shape).toEqual([2]);
  const q = prng.orthogonal(key, 2, { dtype: 'complex64' });
  expect(q.dtype).toBe('complex64');
  const unit = np.matmul(q, np.conj(q.T)).sub(np.eye(2));
  expect(np.max(np.abs(unit)).item()).toBeLessThan(1e-5);
  expect(() => prng.foldIn(key, -1)).toThrow(ArgumentError);
  expect(() => prng.foldIn(key, 2 ** 32)).toThrow(/from 0 to 4294967295/);
});

test('types of eight bits and booleans: the values of jax.random for PRNGKey(0)', () => {
  const k = prng.PRNGKey(0);
  expect(prng.uniform(k, [4], { dtype: 'float8_e4m3fn' }).js()).toEqual([0.625, 0.5, 0.125, 0.125]);
  expect(prng.uniform(k, [4], { dtype: 'float8_e5m2' }).js()).toEqual([0.5, 0.5, 0, 0]);
  expect(prng.normal(k, [4], { dtype: 'float8_e5m2' }).js()).toEqual([0.15625, 0.15625, -1.5, -1.5]);
  expect(prng.rademacher(k, [2], { dtype: 'bool' }).js()).toEqual([true, true]);
});
