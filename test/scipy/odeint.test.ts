import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Array, grad, jit, numpy as np, scipy, vmap } from '../../lib';
import { ArgumentError, DtypeError, ShapeError, TreeError } from '../../lib/core/errors';
import * as tree from '../../lib/tree';

const { odeint } = scipy.integrate;
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/odeint.json'), 'utf8')) as Record<string, number[]>;

const pendulum = ([angle, speed]: [Array, Array], _: Array, m: Array, g: Array) => [speed, np.negative(m).mul(speed).sub(np.sin(angle).mul(g))];
const decay = (y: Array, t: Array, a: Array, b: Array) => np.negative(a).mul(y).add(t.mul(b));
const rotation = (y: Array, _: Array, w: Array) => np.multiply({ re: 0, im: 1 }, w).mul(y);
const times = np.linspace(0, 1, 11);
const y = np.array([1, 2]);
const three = np.array([0, 0.5, 1]);
const start = [Math.PI - 0.1, 0];
const one = np.array([{ re: 1, im: 0 }]);
const total = (ys: unknown) => (tree.leaves(ys) as Array[]).map((v) => np.sum(v)).reduce((a, b) => a.add(b));

/** Against JAX's numbers, complex ones as two. */
function check(name: string, got: unknown, tolerance = 2e-5): void {
  const own = (tree.leaves(got) as Array[]).flatMap((v) => ([np.ravel(v).js()].flat() as (number | { re: number; im: number })[]).flatMap((u) => (typeof u === 'number' ? [u] : [u.re, u.im])));
  const want = fixture[name]!;
  expect(own.length).toBe(want.length);
  own.forEach((v, i) => expect(Math.abs(v - want[i]!) / Math.max(1, Math.abs(want[i]!))).toBeLessThan(tolerance));
}

test('solutions: trees, complex numbers, one time, steps of given tolerance, length and number, mapped and compiled', () => {
  check('pendulum', odeint(pendulum, start, times, 0.25, 9.8));
  check('pendulum', jit((m: Array) => odeint(pendulum, start, times, m, 9.8))(0.25));
  check('decay', odeint(decay, y, three, 2, 0.3));
  check('onePoint', odeint(decay, y, np.array([0.3]), 2, 0.3));
  check('loose', odeint(decay, y, three, 2, 0.3, { rtol: 1e-3, atol: 1e-3 }));
  check('shortSteps', odeint(decay, y, three, 2, 0.3, { hmax: 0.1, rtol: 1e-4 }));
  check('fewSteps', odeint(decay, y, three, 2, 0.3, { mxstep: 2, rtol: 1e-3 }));
  check('rotation', odeint(rotation, one, three, 2));
  check('mapped', vmap((a: Array) => odeint(decay, y, three, a, 0.3))(np.array([1, 3])));
});

test('gradients by the adjoint equation: of the start, the times, arguments and captured arrays, and second ones', () => {
  check('pendulumGradients', grad((...a: never[]) => total(odeint(pendulum, ...(a as unknown as [unknown, Array]))), { argnums: [0, 1, 2, 3] })(start as never, times as never, 0.25 as never, 9.8 as never), 1e-4);
  check('decayGradients', grad((y0: Array, a: Array, b: Array) => total(odeint(decay, y0, three, a, b)), { argnums: [0, 1, 2] })(y, 2, 0.3));
  check('captured', grad((a: Array) => np.sum((odeint((x: Array) => np.negative(a).mul(x), y, three) as Array).slice(-1)))(0.7));
  check('rotationGradient', grad((w: Array) => np.real((odeint(rotation, one, three, w) as Array).slice(-1, 0)))(2));
  check('decaySecond', grad(grad((a: Array) => total(odeint(decay, y, three, a, 0.3, { rtol: 1e-5, atol: 1e-5 }))))(2), 1e-3);
});

test('what does not fit is refused', () => {
  expect(() => odeint(3 as never, y, three)).toThrow(ArgumentError);
  expect(() => odeint(decay, y, [0, 1], 2, 0.3, { rtol: -1 })).toThrow(ArgumentError);
  expect(() => odeint(decay, y, np.array([0, 1], { dtype: 'int32' }), 2, 0.3)).toThrow(DtypeError);
  expect(() => odeint(decay, y, np.ones([2, 2]), 2, 0.3)).toThrow(ShapeError);
  expect(() => odeint((x: Array) => [x], y, three)).toThrow(TreeError);
  expect(() => odeint((x: Array) => np.sum(x), y, three)).toThrow(ShapeError);
});
