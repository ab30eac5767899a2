import { readFileSync } from 'node:fs';
import path from 'node:path';
import { numpy as np } from '../../lib';
import { type Array, ConcreteArray } from '../../lib/core/array';
import { backend } from '../../lib/core/backend';
import { DtypeError, ShapeError } from '../../lib/core/errors';
import { jvpFlat } from '../../lib/interpreters/jvp';
import { stage } from '../../lib/interpreters/stage';
import { dynamicSlice, dynamicUpdateSlice } from '../../lib/primitives/dynamicSlice';
import { mul } from '../../lib/primitives/elementwise';
import { gather } from '../../lib/primitives/gather';
import { scatter, scatterAdd, scatterApply, scatterMax, scatterMin, scatterMul, scatterSub } from '../../lib/primitives/scatter';
import { like } from '../../lib/primitives/structural';
import { lowerToStableHlo } from '../../lib/stablehlo';
import { expectPacked, expectPrinted, numbers, type Packed, unpack, vjp } from '../support/cases';

interface Case { f: string; in: Packed[]; o: { sizes?: number[] }; out: Packed; ct?: (number | string)[]; vjp?: (Packed | null)[] }
const { cases } = JSON.parse(readFileSync(path.join(__dirname, '../fixtures/indexing.json'), 'utf8')) as { cases: Case[] };

type Apply = (xs: readonly Array[], o: never) => Array;
const three = (f: typeof scatter): Apply => ([x, i, u], o) => f(x!, i!, u!, o);
const functions: Record<string, Apply> = {
  gather: ([x, i], o) => gather(x!, i!, o),
  scatter: three(scatter), scatterAdd: three(scatterAdd), scatterSub: three(scatterSub), scatterMul: three(scatterMul), scatterMin: three(scatterMin), scatterMax: three(scatterMax),
  dynamicSlice: ([x, ...starts], o) => dynamicSlice(x!, starts, (o as { sizes: number[] }).sizes),
  dynamicUpdateSlice: ([x, u, ...starts]) => dynamicUpdateSlice(x!, u!, starts),
};
const short = (x: Packed) => `${x[1]}[${x[0]}]${x[2].length <= 4 && x[1].includes('int') ? `=${x[2]}` : ''}`;

test.each(cases.map((c) => [`${c.f} ${c.in.map(short).join(' ')} ${JSON.stringify(c.o)}`, c] as const))('JAX gives the same values and cotangents: %s', (_, c) => {
  const xs = c.in.map(unpack);
  const apply = (args: readonly Array[]) => functions[c.f]!(args, c.o as never);
  expectPacked(apply(xs), c.out);
  if (!c.vjp) return;
  const wrt = c.vjp.map((v) => v !== null);
  vjp(apply, xs, wrt, unpack([c.out[0], c.out[1], c.ct!])).forEach((g, i) => {
    if (wrt[i]) expectPacked(g!, c.vjp![i]!, c.out[1] === 'bfloat16' ? 0.01 : 1e-6);
  });
});

const rows = { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] };
const put = { updateWindowDims: [1], insertedWindowDims: [0], scatterDimsToOperandDims: [0] };
const x = () => unpack([[3, 2], 'float32', [1, 2, 3, 4, 5, 6]]);
const at = (...values: number[]) => unpack([[values.length, 1], 'int32', values]);

test('scatterApply changes each element that an index names', () => {
  const twice = (v: Array) => mul(v, like(v, 2));
  const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [0, 1], scatterDimsToOperandDims: [0, 1] };
  const indices = unpack([[3, 2], 'int32', [0, 1, 2, 0, 7, 0]]);
  const apply = (v: Array) => scatterApply(v, indices, twice, { dimensionNumbers, updateShape: [3], uniqueIndices: true });
  expect(numbers(apply(x()))).toEqual([1, 4, 3, 4, 10, 6]);
  expect(() => jvpFlat(([v]) => [apply(v!)], [x()], [x()])).toThrow('scatterApply: the derivative is not known');
  const outside = x();
  expect(() => scatterApply(x(), indices, () => outside, { dimensionNumbers, updateShape: [3] })).toThrow('one that uses an array from outside');
});

test('narrow start indices into a dimension whose size they cannot hold', () => {
  const wide = unpack([[200], 'float32', globalThis.Array.from({ length: 200 }, (_, i) => i)]);
  for (const [dtype, start, first] of [['int8', 127, 127], ['int8', -128, 0], ['uint8', 255, 197], ['int16', 199, 197]] as const) {
    const at = [unpack([[], dtype, [start]])];
    expect(numbers(dynamicSlice(wide, at, [3]))).toEqual([first, first + 1, first + 2]);
    const updated = numbers(dynamicUpdateSlice(wide, unpack([[3], 'float32', [-1, -2, -3]]), at));
    expect(updated).toEqual(globalThis.Array.from({ length: 200 }, (_, i) => (i >= first && i < first + 3 ? first - i - 1 : i)));
  }
});

test('start indices of several dtypes go together', () => {
  const starts = [unpack([[], 'uint32', [2 ** 32 - 1]]), unpack([[], 'int8', [-4]])];
  expect(numbers(dynamicSlice(x(), starts, [1, 2]))).toEqual([5, 6]);
  expect(numbers(dynamicUpdateSlice(x(), unpack([[1, 1], 'float32', [9]]), starts))).toEqual([1, 2, 3, 4, 9, 6]);
});

test('a product of factors that share an element has no derivative', () => {
  const u = unpack([[2, 2], 'float32', [1, 2, 3, 4]]);
  expect(() => jvpFlat(([v]) => [scatterMul(x(), at(0, 0), v!, { dimensionNumbers: put })], [u], [u])).toThrow('uniqueIndices: true');
});

test('what does not fit is named', () => {
  expect(() => gather(x(), unpack([[1, 1], 'float32', [0]]), { dimensionNumbers: rows, sliceSizes: [1, 2] })).toThrow(DtypeError);
  expect(() => gather(x(), at(0), { dimensionNumbers: rows, sliceSizes: [2, 2] })).toThrow('expected sliceSizes[0] to be 1 because dimension 0 is collapsed, got 2');
  expect(() => gather(x(), at(0), { dimensionNumbers: rows, sliceSizes: [1, 3] })).toThrow('expected sliceSizes[1] from 0 to 2 for f32[3,2], got 3');
  expect(() => gather(x(), at(0), { dimensionNumbers: { ...rows, startIndexMap: [0, 1] }, sliceSizes: [1, 2] })).toThrow(ShapeError);
  expect(() => gather(x(), at(0), { dimensionNumbers: rows, sliceSizes: [1, 2], mode: 'wrap' })).toThrow("expected mode to be 'clip', 'fill', 'drop' or 'promise_in_bounds', got wrap");
  expect(() => scatterAdd(x(), at(0), unpack([[1, 2], 'int32', [1, 2]]), { dimensionNumbers: put })).toThrow(DtypeError);
  expect(() => scatterAdd(x(), at(0), unpack([[2, 2], 'float32', [1, 2, 3, 4]]), { dimensionNumbers: put })).toThrow('scatterAdd: expected dimension 0 of updates f32[2,2] to be that of dimension 0 of the indices i32[1,1]');
  expect(() => dynamicSlice(x(), [unpack([[], 'int32', [0]])], [1, 2])).toThrow('expected a start index for each of the 2 dimensions of f32[3,2], got 1');
  expect(() => dynamicSlice(x(), [unpack([[], 'int32', [0]]), unpack([[], 'int32', [0]])], [4, 2])).toThrow(ShapeError);
});

test('equations are printed as JAX prints them', () => {
  expectPrinted('gather', ([a, i]) => gather(a!, i!, { dimensionNumbers: rows, sliceSizes: [1, 4] }), 'float32[3,4]', 'int32[2,1]');
  expectPrinted('scatter-add', ([a, i, u]) => scatterAdd(a!, i!, u!, { dimensionNumbers: put }), 'float32[3,4]', 'int32[2,1]', 'float32[2,4]');
  expectPrinted('dynamic_slice', ([a, i]) => dynamicSlice(a!, [i!, i!], [1, 2]), 'float32[3,4]', 'int32[]');
});

test('GPUs add complex numbers of 128 bits part by part', () => {
  const args = [unpack([[3, 1], 'complex128', [1, 2, 3, 4, 5, 6]]), at(1, 0, 1), unpack([[3, 1], 'complex128', [10, 20, 30, 40, 50, 60]])];
  for (const [f, wanted] of [[scatterAdd, [31, 42, 63, 84, 5, 6]], [scatterSub, [-29, -38, -57, -76, 5, 6]]] as const) {
    const { jaxpr } = stage(([a, i, u]) => [f(a!, i!, u!, { dimensionNumbers: put })], args.map((v) => v.aval));
    for (const [platform, scatters] of [['cpu', 1], ['cuda', 2]] as const) {
      const { text } = lowerToStableHlo(jaxpr, { name: 'f', platform });
      expect(text.match(/"stablehlo\.scatter"/g)).toHaveLength(scatters);
      const [out] = backend().client.compileSync(text).execute(args.map((v) => (v as ConcreteArray).buffer));
      expect(numbers(new ConcreteArray(args[0]!.aval, out!))).toEqual(wanted);
    }
  }
});

describe('a scatter of one element for each row of an axis', () => {
  const dimensionNumbers = { updateWindowDims: [], insertedWindowDims: [1], scatterDimsToOperandDims: [1], operandBatchingDims: [0, 2], scatterIndicesBatchingDims: [2, 0] };
  const OPERATIONS = { scatter: (_: number, u: number) => u, scatterAdd: (x: number, u: number) => x + u, scatterSub: (x: number, u: number) => x - u, scatterMul: (x: number, u: number) => x * u, scatterMax: Math.max };

  // Short axes are compared with the index, long ones are StableHLO's scatter: both against loops in JS.
  test.each([[5, 'int32'], [200, 'uint8'], [200, 'int32'], [300, 'int32'], [300, 'uint32']] as const)('of length %i, indices of %s', (n, dtype) => {
    const [rows, columns] = [3, 2];
    const x = Float32Array.from({ length: rows * n * columns }, (_, i) => ((i * 7) % 11) - 5);
    const updates = [2, -3, NaN, 4, Infinity, -7];
    const indices = [0, n - 1, 2, dtype === 'uint32' ? 2 ** 32 - 1 : n, 3, dtype === 'int32' ? -1 : 1];
    for (const [name, combine] of Object.entries(OPERATIONS)) {
      for (const mode of ['drop', 'clip'] as const) {
        const expected = x.slice();
        for (let c = 0; c < columns; c++) {
          for (let r = 0; r < rows; r++) {
            let at = indices[c * rows + r]!;
            if (mode === 'clip') at = Math.min(Math.max(at, 0), n - 1);
            const k = (r * n + at) * columns + c;
            if (at >= 0 && at < n) expected[k] = combine(expected[k]!, updates[c * rows + r]!);
          }
        }
        const put = { scatter, scatterAdd, scatterSub, scatterMul, scatterMax }[name as keyof typeof OPERATIONS];
        const at = np.array(indices, { dtype, shape: [columns, 1, rows, 1] });
        const u = np.array(updates, { dtype: 'float32', shape: [columns, 1, rows] });
        expect(put(np.array(x, { shape: [rows, n, columns] }), at, u, { dimensionNumbers, mode }).dataSync()).toEqual(expected);
      }
    }
  });
});
