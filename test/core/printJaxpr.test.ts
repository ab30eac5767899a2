import '../../lib/interpreters/eval';
import '../../lib/primitives/baseOps';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { type Array, ConcreteArray } from '../../lib/core/array';
import { ShapedArray } from '../../lib/core/aval';
import type { DType } from '../../lib/core/dtype';
import { ClosedJaxpr } from '../../lib/core/jaxpr';
import { printJaxpr } from '../../lib/core/printJaxpr';
import { pythonFloat } from '../../lib/core/pythonText';
import { stage } from '../../lib/interpreters/stage';
import * as e from '../../lib/primitives/elementwise';
import * as st from '../../lib/primitives/structural';

const fixture = JSON.parse(readFileSync(`${__dirname}/../fixtures/jaxprText.json`, 'utf8')) as { floats: [number, string][]; texts: Record<string, string> };

type Case = [(...xs: Array[]) => Array[], ...ShapedArray[]];
const S = (shape: number[], dtype: DType = 'float32') => new ShapedArray(shape, dtype);
const x = S([3, 4]);
const v = S([4]);
const s = S([]);
const f32 = (value: number) => st.scalar(value, 'float32');
const c64 = (re: number, im: number) => st.scalar({ re, im }, 'complex64');

const cases: Record<string, Case> = {
  neg: [(a) => [e.neg(a)], x],
  exp: [(a) => [e.exp(a)], x],
  tanh: [(a) => [e.tanh(a)], x],
  binary: [(a, b) => {
    const [p, q] = [e.add(a, b), e.sub(a, b)];
    return [e.mul(p, q)];
  }, x, x],
  'two results': [(a, b) => [e.div(a, b), a], x, x],
  'no result': [() => [], x],
  'no operation': [(a) => [a], x],
  unused: [(a) => [e.sin(a), e.cos(a)].slice(1), x],
  integer_pow: [(a) => [e.integerPow(a, 3)], x],
  'long chain': [(a) => {
    let y = a;
    for (let i = 0; i < 30; i++) y = e.sin(y);
    return [y];
  }, x],
  'many inputs': [(...a) => [a[27]!], ...globalThis.Array.from({ length: 30 }, () => s)],
  literals: [(a) => [0.1, 1e-10, 1e22, 3.4e38, Infinity, -Infinity, NaN, 1e16, 123456, 1e-4, 1e-5, -0, 2.5].map((t) => e.mul(a, f32(t))), s],
  'float64 literals': [(a) => [e.mul(a, st.scalar(0.1, 'float64'))], S([], 'float64')],
  'bfloat16 literals': [(a) => [e.mul(a, st.scalar(0.1, 'bfloat16'))], S([], 'bfloat16')],
  'float8 literals': [(a) => [e.mul(a, st.scalar(0.1, 'float8_e4m3fn'))], S([], 'float8_e4m3fn')],
  'int literals': [(a) => [e.add(a, st.scalar(-7, 'int32'))], S([], 'int32')],
  'bool literals': [(a) => [e.and(a, st.scalar(true, 'bool'))], S([], 'bool')],
  'complex literals': [(a) => [c64(1, 2), c64(0, 2), c64(1.5, -0.5)].map((t) => e.mul(a, t)), S([], 'complex64')],
  weak: [(a) => [st.convert(a, 'float32')], new ShapedArray([], 'float32', true)],
  consts: [(a) => [e.add(a, ConcreteArray.fromHost(Float32Array.of(0, 1, 2), S([3])))], S([3])],
  broadcast_in_dim: [(a) => [st.broadcastInDim(a, [3, 4], [1])], v],
  'broadcast scalar': [(a) => [st.broadcastInDim(a, [3, 4], [])], s],
  reshape: [(a) => [st.reshape(a, [2, 6])], x],
  transpose: [(a) => [st.transpose(a, [1, 0])], x],
  squeeze: [(a) => [st.squeeze(a, [0])], S([1, 4])],
  reduce_sum: [(a) => [st.reduceSum(a, [0, 1])], x],
  convert_element_type: [(a) => [st.convert(a, 'int32')], x],
  iota: [() => [st.iota('int32', [2, 3], 1)]],
  slice: [(a) => [st.slice(a, [0, 1], [3, 3])], x],
  'strided slice': [(a) => [st.slice(a, [0, 0], [3, 4], [1, 2])], x],
  pad: [(a) => [st.pad(a, f32(0), [[1, 2, 0], [0, 0, 1]])], x],
  concatenate: [(a, b) => [st.concatenate([a, b], 1)], x, x],
  rev: [(a) => [st.rev(a, [0])], x],
  select_n: [(p, a, b) => [e.selectN(p, [a, b])], S([3, 4], 'bool'), x, x],
  clamp: [(a) => [e.clamp(f32(-1), a, f32(1))], x],
  reduce_precision: [(a) => [e.reducePrecision(a, 5, 10)], x],
  round: [(a) => [e.round(a)], x],
};

test.each(Object.keys(cases))('%s is printed as JAX prints it', (name) => {
  const [f, ...avals] = cases[name]!;
  expect(printJaxpr(stage((xs) => f(...xs), avals).jaxpr)).toBe(fixture.texts[name]);
});

test('numbers are written as Python writes them', () => {
  for (const [value, text] of fixture.floats) expect(pythonFloat(value)).toBe(text);
});

test('String and inspect give the printed text', () => {
  const { jaxpr } = stage(([a]) => [e.neg(a!)], [x]);
  for (const j of [jaxpr, new ClosedJaxpr(jaxpr, [])]) {
    expect(String(j)).toBe(fixture.texts.neg);
    expect(inspect(j)).toBe(fixture.texts.neg);
  }
});
