import { ArgumentError, DtypeError, ShapeError } from '../../lib/core/errors';
import * as lax from '../../lib/lax';
import * as np from '../../lib/numpy';
import { grad } from '../../lib/transform/grad';
import { jit } from '../../lib/transform/jit';

test('rngUniform gives other numbers at each run, all of the interval', () => {
  const draw = jit(() => lax.rngUniform(-1, 3, [2, 500]));
  const [a, b] = [draw(), draw()] as [np.Array, np.Array];
  expect(a.shape).toEqual([2, 500]);
  expect(np.arrayEqual(a, b).item()).toBe(false);
  for (const x of [a, b]) {
    expect(Number(np.min(x).item())).toBeGreaterThanOrEqual(-1);
    expect(Number(np.max(x).item())).toBeLessThan(3);
    expect(Math.abs(Number(np.mean(x).item()) - 1)).toBeLessThan(0.25);
  }
  const whole = lax.rngUniform(np.array(2, 'int32'), np.array(5, 'int32'), [200]);
  expect([whole.dtype, Number(np.min(whole).item()), Number(np.max(whole).item())]).toEqual(['int32', 2, 4]);
  expect(() => lax.rngUniform(np.array(1, 'int32'), np.array(2.5), [2])).toThrow(DtypeError);
  expect(() => lax.rngUniform(np.array([1.5, 2]), np.array(2.5), [2])).toThrow(ShapeError);
});

test('platformDependent applies the function for the platform in use', () => {
  const x = np.array([1, 4]).astype('float32');
  const cpu = (v: np.Array) => np.sqrt(v);
  const other = (v: np.Array) => np.multiply(v, 100);
  expect(lax.platformDependent(x, { cpu, cuda: other, default: other }).js()).toEqual([1, 2]);
  expect((jit((v: np.Array) => lax.platformDependent(v, { tpu: cpu, default: other }))(x) as np.Array).js()).toEqual([100, 400]);
  expect((grad((v: np.Array) => np.sum(lax.platformDependent(v, { cpu })))(x) as np.Array).js()).toEqual([0.5, 0.25]);
  expect(() => lax.platformDependent(x, { tpu: cpu })).toThrow("expected a branch for 'cpu'");
  expect(() => lax.platformDependent(x, { gpu: cpu })).toThrow("expected 'cuda' or 'rocm'");
  expect(() => lax.platformDependent(x, cpu as never)).toThrow(ArgumentError);
});

test('dimensions and scales that do not fit are refused', () => {
  const d = (rhsGroupDimensions: number[]) => ({ dotDimensionNumbers: [[[1], [0]], [[], []]], lhsRaggedDimensions: [0], rhsGroupDimensions }) as const;
  const sizes = np.array([1, 2], 'int32');
  expect(() => lax.raggedDotGeneral(np.ones([3, 2]), np.ones([2, 4]), sizes, d([]))).toThrow('expected one group dimension of rhs');
  expect(() => lax.raggedDotGeneral(np.ones([3, 2]), np.ones([2, 3, 4]), sizes, d([1]))).toThrow('of 2 groups');
  expect(() => lax.raggedDotGeneral(np.ones([3, 2]), np.ones([2, 2, 4]), np.ones([2]), d([0]))).toThrow(DtypeError);
  expect(() => lax.scaledDot(np.ones([2, 4]), np.ones([4, 2]), { lhsScale: np.ones([2, 4]) })).toThrow('divided by whole numbers of at least 2');
  expect(() => lax.scaledDot(np.ones([4]), np.ones([4]))).toThrow(ShapeError);
});
