import * as np from '../../lib/numpy';
import * as prng from '../../lib/prng';
import { spatial } from '../../lib/scipy';
import { jit } from '../../lib/transform';
import { testTable } from '../numpy/table';

const { Rotation: R, Slerp } = spatial.transform;

testTable('scipyRotation', {
  all: (q: np.Array, v: np.Array) => {
    const r = R.fromQuat(q);
    return [r.quat, r.asMatrix(), r.asRotvec(), r.asRotvec({ degrees: true }), r.magnitude(), r.inv().quat, r.apply(v), r.apply(v, { inverse: true }), r.mul(r.get([null, null, -1])).quat];
  },
  made: (m: np.Array, v: np.Array) => [R.fromMatrix(m).quat, R.fromRotvec(v).quat, R.fromRotvec(np.multiply(v, 1e-4)).quat],
  euler: (a: np.Array, s: string) => [R.fromEuler(s, a).quat, R.fromEuler(s, a).asEuler(s), R.fromEuler(s, np.multiply(a, 0)).asEuler(s, { degrees: true })],
  more: (q: np.Array, v: np.Array, w: np.Array) => {
    const r = new R(q);
    const some = r.get([null, 4]);
    return [
      r.asMrp(), r.asQuat({ canonical: true }), r.asQuat({ scalarFirst: true }), r.asQuat({ canonical: true, scalarFirst: true }), R.fromMrp(v).quat,
      np.abs(some.mean().quat), np.abs(some.mean(w).quat), R.identity().quat, R.identity({ dtype: 'float16' }).quat,
    ];
  },
  slerpBeyond: (u: np.Array, q: np.Array, x: np.Array) => [x, x.at(1).get()].map((at) => Slerp.init(u, R.fromQuat(q)).at(at).quat),
  slerp: (u: np.Array, q: np.Array, x: np.Array) => Slerp.init(u, R.fromQuat(q)).at(x).quat,
});

test('what does not fit is named', () => {
  expect(() => R.fromEuler('xx', [1, 2])).toThrow('Rotation.fromEuler: expected one to three axes');
  expect(() => R.identity().length).toThrow('a single rotation has no length');
  expect(() => R.identity().mean()).toThrow('Rotation.mean: expected a vector of rotations');
  expect(() => R.fromQuat([[0, 0, 0, 1]]).mean([1, 2])).toThrow('Rotation.mean: expected a weight for each of 1 rotations');
  expect(() => R.identity({ dtype: 'int32' })).toThrow('Rotation.identity: expected a floating point dtype');
  expect(() => R.fromEuler('x', [1], { degree: true } as object)).toThrow("unknown option 'degree'");
  expect(() => R.random(prng.key(0), -1)).toThrow('Rotation.random: expected num');
  expect(() => Slerp.init([0, 1], R.identity())).toThrow('Slerp.init: expected two or more rotations');
});

test('rotations drawn at random are of length one and turn vectors to all sides', () => {
  const r = R.random(prng.key(0), 2000);
  expect(Number(np.max(np.abs(np.subtract(np.linalg.norm(r.quat, { axis: 1 }), 1))).item())).toBeLessThan(1e-5);
  expect(R.random(prng.key(1)).quat.shape).toEqual([4]);
  const turned = r.apply([1, 0, 0]);
  expect(Number(np.max(np.abs(np.mean(turned, { axis: 0 }))).item())).toBeLessThan(0.05);
  for (const x of np.mean(np.square(turned), { axis: 0 }).js() as number[]) expect(x).toBeCloseTo(1 / 3, 1);
});

test('rotations between others pass through transforms as trees', () => {
  const slerp = Slerp.init([0, 1], R.fromEuler('z', np.array([[0], [1]])));
  expect(jit((s: typeof slerp) => s.at(0.5).magnitude())(slerp).item()).toBeCloseTo(0.5, 5);
});
