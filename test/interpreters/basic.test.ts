import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import type { Array } from '../../lib/core/array';
import { ConcreteArray } from '../../lib/core/array';
import { ShapedArray } from '../../lib/core/aval';
import { batchFlat } from '../../lib/interpreters/batch';
import { compileJaxpr } from '../../lib/interpreters/compile';
import { jvpFlat } from '../../lib/interpreters/jvp';
import { linearizeFlat } from '../../lib/interpreters/partial';
import { stage } from '../../lib/interpreters/stage';
import { backwardPass } from '../../lib/interpreters/transpose';
import { add, mul, sin } from '../../lib/primitives/elementwise';
import { reduceSum, scalar } from '../../lib/primitives/structural';

const vector = (values: number[]) => ConcreteArray.fromHost(Float32Array.from(values), new ShapedArray([values.length], 'float32'));
const numbers = (x: Array) => x.js() as number[];
const f = (x: Array) => reduceSum(mul(sin(x), x), [0]);

function gradient(g: (x: Array) => Array, x: Array): Array {
  const l = linearizeFlat(([a]) => [g(a!)], [x], [true]);
  return backwardPass(l.jaxpr, l.consts, l.jaxpr.invars, [scalar(1, 'float32')])[0]!;
}

const at = [1, 2, 3];
const expected = at.map((x) => Math.cos(x) * x + Math.sin(x));

function expectClose(actual: number[], wanted: number[]): void {
  expect(actual).toHaveLength(wanted.length);
  actual.forEach((x, i) => expect(x).toBeCloseTo(wanted[i]!, 5));
}

test('operations run eagerly, with host scalars beside arrays', () => {
  expect(numbers(add(vector([1, 2]), vector([3, 4])))).toEqual([4, 6]);
  expect(numbers(mul(vector([1, 2]), scalar(2, 'float32')))).toEqual([2, 4]);
});

test('forward and reverse derivatives are the closed form', () => {
  const x = vector(at);
  const ones = vector([1, 1, 1]);
  expect(jvpFlat(([a]) => [f(a!)], [x], [ones]).tangents[0]!.item()).toBeCloseTo(expected.reduce((a, b) => a + b), 5);
  expectClose(numbers(gradient(f, x)), expected);
});

test('the second derivative comes from differentiating the gradient', () => {
  const x = vector(at);
  const second = gradient((a) => reduceSum(gradient(f, a), [0]), x);
  expectClose(numbers(second), at.map((v) => 2 * Math.cos(v) - v * Math.sin(v)));
});

test('a staged gradient, compiled, gives what the eager one gives', () => {
  const x = vector(at);
  const s = stage(([a]) => [gradient(f, a!)], [x.aval]);
  expectClose(numbers(compileJaxpr(s.jaxpr, s.consts, { name: 'gradient' }).call([x])[0]!), expected);
});

test('a mapped gradient is the gradient of each entry', () => {
  const x = ConcreteArray.fromHost(Float32Array.from([...at, 4, 5, 6]), new ShapedArray([2, 3], 'float32'));
  const { outs, dims } = batchFlat(([a]) => [gradient(f, a!)], { size: 2, name: null }, [x], [0]);
  expect(dims).toEqual([0]);
  const rows = outs[0]!.js() as number[][];
  expectClose(rows[0]!, expected);
  expectClose(rows[1]!, [4, 5, 6].map((v) => Math.cos(v) * v + Math.sin(v)));
});
