import * as np from '../../lib/numpy';
import { spatial } from '../../lib/scipy';
import { testTable } from '../numpy/table';

const { Rotation: R, Slerp } = spatial.transform;

testTable('scipyRotation', {
  all: (q: np.Array, v: np.Array) => {
    const r = R.fromQuat(q);
    return [r.quat, r.asMatrix(), r.asRotvec(), r.asRotvec({ degrees: true }), r.magnitude(), r.inv().quat, r.apply(v), r.apply(v, { inverse: true }), r.mul(r.get([null, null, -1])).quat];
  },
  made: (m: np.Array, v: np.Array) => [R.fromMatrix(m).quat, R.fromRotvec(v).quat, R.fromRotvec(np.multiply(v, 1e-4)).quat],
  euler: (a: np.Array, s: string) => [R.fromEuler(s, a).quat, R.fromEuler(s, a).asEuler(s), R.fromEuler(s, np.multiply(a, 0)).asEuler(s, { degrees: true })],
  slerp: (u: np.Array, q: np.Array, x: np.Array) => Slerp.init(u, R.fromQuat(q)).at(x).quat,
});

test('what does not fit is named', () => {
  expect(() => R.fromEuler('xx', [1, 2])).toThrow('Rotation.fromEuler: expected one to three axes');
  expect(() => R.identity().length).toThrow('a single rotation has no length');
  expect(() => Slerp.init([0, 1], R.identity())).toThrow('Slerp.init: expected two or more rotations');
});
