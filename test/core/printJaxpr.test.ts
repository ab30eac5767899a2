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
import { customJvpCallP, customVjpCallP } from '../../lib/interpreters/customRules';
import { jitP } from '../../lib/interpreters/jit';
import { checkpointP, optimizationBarrierP } from '../../lib/interpreters/remat';
import { hoistConsts, stage } from '../../lib/interpreters/stage';
import { choleskyP, symmetricProduct, triangularSolve } from '../../lib/primitives/cholesky';
import { condP, scanP, whileP } from '../../lib/primitives/control';
import { convGeneralDilated } from '../../lib/primitives/convolution';
import { cumsum } from '../../lib/primitives/cumulative';
import { dotGeneral } from '../../lib/primitives/dot';
import { dynamicSlice, dynamicUpdateSlice } from '../../lib/primitives/dynamicSlice';
import { eig } from '../../lib/primitives/eig';
import { eigh } from '../../lib/primitives/eigh';
import * as e from '../../lib/primitives/elementwise';
import { fft } from '../../lib/primitives/fft';
import { gather } from '../../lib/primitives/gather';
import { hessenberg } from '../../lib/primitives/householder';
import { lu } from '../../lib/primitives/lu';
import { qr } from '../../lib/primitives/qr';
import { argmax, reduceAnd, reduceMax, reduceMin, reduceOr, reduceProd, reduceXor } from '../../lib/primitives/reduction';
import { scatterAdd } from '../../lib/primitives/scatter';
import { schur } from '../../lib/primitives/schur';
import { sort, topK } from '../../lib/primitives/sort';
import * as st from '../../lib/primitives/structural';
import { svd } from '../../lib/primitives/svd';
import { tridiagonalSolve } from '../../lib/primitives/tridiagonal';
import { reduceWindow, reduceWindowSum } from '../../lib/primitives/window';

const fixture = JSON.parse(readFileSync(`${__dirname}/../fixtures/jaxprText.json`, 'utf8')) as { floats: [number, string][]; texts: Record<string, string> };

type Case = [(...xs: Array[]) => Array[], ...ShapedArray[]];
const S = (shape: number[], dtype: DType = 'float32') => new ShapedArray(shape, dtype);
const x = S([3, 4]);
const v = S([4]);
const s = S([]);
const f32 = (value: number) => st.scalar(value, 'float32');
const w = S([4, 2]);
const indices = S([2, 1], 'int32');
const inner = (f: (xs: Array[]) => readonly Array[], ...avals: ShapedArray[]) => hoistConsts(stage(f, avals)).closed;
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
  reduce_max: [(a) => [reduceMax(a, [1])], x],
  reduce_min: [(a) => [reduceMin(a, [1])], x],
  reduce_prod: [(a) => [reduceProd(a, [1])], x],
  reduce_and: [(a) => [reduceAnd(a, [0])], S([3, 4], 'bool')],
  reduce_or: [(a) => [reduceOr(a, [0])], S([3, 4], 'bool')],
  reduce_xor: [(a) => [reduceXor(a, [0])], S([3, 4], 'bool')],
  reduce_window: [(a) => reduceWindow([a], [f32(0)], inner(([p, q]) => [e.mul(e.add(p!, q!), p!)], s, s), [2, 2]), x],
  remat: [(a) => checkpointP.bind({ jaxpr: inner(([t]) => [e.sin(t!)], x), policy: null, preventCse: true, differentiated: false }, a), x],
  optimization_barrier: [(a) => optimizationBarrierP.bind({}, a), x],
  dynamic_update_slice: [(a, i) => [dynamicUpdateSlice(a, a, [i, i])], x, S([], 'int32')],
  bitcast_convert_type: [(a) => [e.bitcastConvertType(a, 'int32')], x],
  eig: [(a) => eig(a), S([3, 3])],
  schur: [(a) => schur(a), S([3, 3])],
  hessenberg: [(a) => hessenberg(a), S([3, 3])],
  argmax: [(a) => [argmax(a, 1)], x],
  cumsum: [(a) => [cumsum(a, 1)], x],
  sort: [(a) => sort([a]), x],
  top_k: [(a) => topK(a, 2).slice(0, 1), x],
  dot_general: [(a, b) => [dotGeneral(a, b, { dimensionNumbers: [[[1], [0]], [[], []]] })], x, w],
  'dot_general precision': [(a, b) => [dotGeneral(a, b, { dimensionNumbers: [[[1], [0]], [[], []]], precision: 'highest', preferredElementType: 'float32' })], x, w],
  gather: [(a, i) => [gather(a, i, { dimensionNumbers: { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] }, sliceSizes: [1, 4] })], x, indices],
  'scatter-add': [(a, i, u) => [scatterAdd(a, i, u, { dimensionNumbers: { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0] } })], x, indices, S([2, 4])],
  dynamic_slice: [(a, i) => [dynamicSlice(a, [i, i], [1, 2])], x, S([], 'int32')],
  while: [(a) => whileP.bind({ condNconsts: 0, condJaxpr: inner(([t]) => [e.lt(t!, f32(3))], s), bodyNconsts: 0, bodyJaxpr: inner(([t]) => [e.add(t!, f32(1))], s) }, a), s],
  scan: [(a, b) => scanP.bind({ jaxpr: inner(([t, u]) => [e.add(t!, u!), e.mul(t!, u!)], s, s), length: 4, numCarry: 1, numConsts: 0, reverse: false, unroll: 1 }, a, b), s, v],
  cond: [(i, a) => condP.bind({ branches: [inner(([t]) => [e.sin(t!)], x), inner(([t]) => [e.cos(t!)], x)] }, e.clamp(st.scalar(0, 'int32'), i, st.scalar(1, 'int32')), a), S([], 'int32'), x],
  jit: [(a, b) => jitP.bind({ name: 'named', jaxpr: inner(([t, u]) => [e.add(t!, u!), u!], x, x) }, a, b), x, x],
  'jit twice': [(a) => {
    const jaxpr = inner(([t]) => [e.mul(t!, t!)], x);
    return jitP.bind({ name: '<lambda>', jaxpr }, jitP.bind({ name: '<lambda>', jaxpr }, a)[0]!);
  }, x],
  'long inner': [(a) => jitP.bind({
    name: 'chain12',
    jaxpr: inner(([t]) => {
      let y = t!;
      for (let i = 0; i < 12; i++) y = e.sin(y);
      return [y];
    }, x),
  }, a), x],
  'nested unused': [(a) => jitP.bind({ name: '<lambda>', jaxpr: inner(([t]) => topK(t!, 2).slice(0, 1), x) }, a), x],
  custom_jvp_call: [(a) => customJvpCallP.bind({
    name: 'clip', callJaxpr: inner(([t]) => [e.max(t!, f32(0))], x), jvpJaxprFun: function clip_jvp(primals, tangents) { return { outs: primals, tangents }; },
  }, a), x],
  custom_vjp_call: [(a) => customVjpCallP.bind({
    name: 'double', callJaxpr: inner(([t]) => [e.mul(t!, f32(2))], x),
    fwdJaxprFun: function double_fwd(outs) { return { outs, residuals: [] }; }, bwd: function double_bwd(_, cts) { return cts; },
  }, a), x],
  fft: [(a) => [fft(a, 'FFT', [3])], S([3], 'complex64')],
  cholesky: [(a) => [choleskyP.bind({}, a)], S([3, 3])],
  triangular_solve: [(a, b) => [triangularSolve(a, b, { leftSide: true, lower: true })], S([3, 3]), x],
  eigh: [(a) => eigh(a, { symmetrizeInput: false }), S([3, 3])],
  lu: [(a) => lu(a), S([3, 3])],
  svd: [(a) => svd(a, { fullMatrices: false }), x],
  qr: [(a) => qr(a), x],
  tridiagonal_solve: [(a, b) => [tridiagonalSolve(a, a, a, b)], v, w],
  symmetric_product: [(a, b) => [symmetricProduct(a, b, { alpha: 0.5 })], x, S([3, 3])],
  reduce_window_sum: [(a) => [reduceWindowSum(a, [2, 2])], x],
  conv: [(a, b) => [convGeneralDilated(a, b, { windowStrides: [1, 1], padding: [[0, 1], [0, 1]] })], S([1, 1, 4, 4]), S([1, 1, 2, 2])],
};

test("the migration document's model", () => {
  const { jaxpr } = stage(([a, weight, bias]) => {
    const y = dotGeneral(a!, weight!, { dimensionNumbers: [[[0], [0]], [[], []]], preferredElementType: 'float32' });
    return [e.add(y, bias!), weight!, bias!];
  }, [S([1]), S([1, 1]), S([1])]);
  const migration = JSON.parse(readFileSync(`${__dirname}/../fixtures/migration.json`, 'utf8')) as { jaxpr: { text: string } };
  expect(printJaxpr(jaxpr)).toBe(migration.jaxpr.text);
});

test('the fixture has no text that nothing here is compared with', () => {
  expect(Object.keys(fixture.texts).sort()).toEqual(Object.keys(cases).sort());
});

test.each(Object.keys(cases))('%s is printed as JAX prints it', (name) => {
  const [f, ...avals] = cases[name]!;
  expect(printJaxpr(stage((xs) => f(...xs), avals).jaxpr)).toBe(fixture.texts[name]);
});

test('numbers are written as Python writes them', () => {
  for (const [value, text] of fixture.floats) expect(pythonFloat(value)).toBe(text);
});

test('a jaxpr of very many equations is printed', () => {
  const { jaxpr } = stage(([a]) => {
    let y = a!;
    for (let i = 0; i < 130000; i++) y = e.sin(y);
    return [y];
  }, [s]);
  expect(printJaxpr(jaxpr).split('\n')).toHaveLength(130002);
});

test('String and inspect give the printed text', () => {
  const { jaxpr } = stage(([a]) => [e.neg(a!)], [x]);
  for (const j of [jaxpr, new ClosedJaxpr(jaxpr, [])]) {
    expect(String(j)).toBe(fixture.texts.neg);
    expect(inspect(j)).toBe(fixture.texts.neg);
  }
});
