import * as fc from 'fast-check';
import { type Array, environ, grad, jit, lax, makeJaxpr, numpy as np, pjrt, vmap } from '../../lib';
import type { ConcreteArray } from '../../lib/core/array';
import { sizeOf } from '../../lib/core/aval';
import type { Jaxpr } from '../../lib/core/jaxpr';
import { lowerToStableHlo } from '../../lib/stablehlo';
import { numbersFrom } from '../support/numbers';

// Reductions in other forms on the CPU (lib/primitives/reductionForms.ts).

const client = pjrt.defaultClient();

/** Float32 numbers from −0.5 to 0.5. */
const numbers = (size: number, seed: number): Float64Array => numbersFrom(seed, size).map(Math.fround);

/** A reduction on the host, in double precision. */
function expected(values: Float64Array, shape: readonly number[], axes: readonly number[], start: number, f: (a: number, b: number) => number): number[] {
  const kept = shape.map((_, d) => d).filter((d) => !axes.includes(d));
  const out = new globalThis.Array<number>(sizeOf(kept.map((d) => shape[d]!))).fill(start);
  for (let i = 0; i < values.length; i++) {
    const at: number[] = [];
    for (let d = shape.length - 1, rest = i; d >= 0; d--) {
      at[d] = rest % shape[d]!;
      rest = Math.floor(rest / shape[d]!);
    }
    const j = kept.reduce((n, d) => n * shape[d]! + at[d]!, 0);
    out[j] = f(out[j]!, values[i]!);
  }
  return out;
}

const shapes = fc.array(fc.constantFrom(1, 2, 3, 5, 8, 16, 31, 33, 64, 100), { minLength: 1, maxLength: 5 }).filter((s) => sizeOf(s) >= 4000 && sizeOf(s) < 300_000);

test('sums, products and extremes over any axes are those computed one by one, with OpenBLAS and without', () => {
  fc.assert(fc.property(shapes, fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), fc.nat(99), fc.boolean(), (shape, picks, seed, blas) => {
    const axes = shape.map((_, d) => d).filter((d) => picks[d]);
    const values = numbers(sizeOf(shape), seed);
    const x = np.array(Float32Array.from(values)).reshape(shape);
    const { jaxpr } = (makeJaxpr((v: Array) => [np.sum(v, axes), np.max(v, axes), np.min(v, axes), np.sum(np.square(v), { axis: axes, keepdims: true })])(x) as unknown as { jaxpr: { jaxpr: Jaxpr } });
    const { text } = lowerToStableHlo(jaxpr.jaxpr, { name: 'f', platform: 'cpu', hasProducts: () => blas && client.hasProducts });
    const got = client.compileSync(text).execute([(x as unknown as ConcreteArray).buffer]).map((b) => new Float32Array(b.toHostSync()));
    const add = (a: number, b: number) => a + b;
    const want = [expected(values, shape, axes, 0, add), expected(values, shape, axes, -Infinity, Math.max), expected(values, shape, axes, Infinity, Math.min), expected(values.map((v) => v * v), shape, axes, 0, add)];
    want.forEach((w, k) => {
      expect(got[k]!.length).toBe(w.length);
      // Sums of numbers that cancel are as exact as the numbers are large.
      const far = w.findIndex((v, i) => !(Math.abs(v - got[k]![i]!) <= 1e-5 * (1 + Math.abs(v) + Math.sqrt(sizeOf(shape) / w.length))));
      expect(far < 0 ? null : [shape, axes, k, far, w[far], got[k]![far]]).toBeNull();
    });
  }), { numRuns: 25, seed: 5 });
}, 60_000);

test('sums of many like numbers keep their digits, along the last axis, the first ones and all', () => {
  const value = Math.fround(0.1);
  for (const [shape, axis] of [[[16, 256], 1], [[16, 2048], 1], [[16, 8192], 1], [[16, 7000], 1], [[16, 1009], 1], [[16, 100_000], 1], [[100_000, 16], 0], [[40, 50, 60, 16], [0, 1, 2]], [[1_600_000], 0], [[100, 160, 100], [0, 1, 2]], [[4, 400, 16, 625], [1, 3]]] as [number[], number | number[]][]) {
    const sum = jit((x: Array) => np.sum(x, { axis }))(np.full(shape, value)) as Array;
    const count = sizeOf(shape) / Math.max(1, sum.size);
    const worst = Math.max(...[...(sum.dataSync() as Float32Array)].map((v) => Math.abs(v / (count * value) - 1)));
    expect(worst).toBeLessThan(2e-6);
  }
});

test('NaN, infinities and zeros with signs go through', () => {
  for (const special of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const values = new Float32Array(8 * 16 * 64);
    values[5 * 1024 + 3 * 64 + 7] = special;
    const x = np.array(values).reshape([8, 16, 64]);
    for (const axis of [[0, 1], [2], [1, 2], [0, 1, 2]]) {
      const all = (np.sum(x, { axis }) as Array).dataSync() as Float32Array;
      expect([...all].filter((v) => Object.is(v, special))).toHaveLength(1);
      expect([...all].filter((v) => v === 0)).toHaveLength(all.length - 1);
    }
  }
  const zeros = np.sum(np.full([64, 128], -0), 1) as Array;
  expect([...(zeros.dataSync() as Float32Array)].every((v) => v === 0)).toBe(true);
});

test('derivatives, and sums that are mapped, are those of sums', () => {
  const x = np.array(Float32Array.from(numbers(8 * 20 * 64, 3))).reshape([8, 20, 64]);
  for (const axis of [[0, 1], [2], [1, 2], [0, 1, 2], [0, 2]]) {
    const f = (v: Array) => np.sum(np.square(np.sum(v, { axis, keepdims: true })));
    const g = grad(f)(x) as Array;
    const want = np.broadcastTo(np.sum(x, { axis, keepdims: true }).mul(2), x.shape);
    expect(np.allclose(g, want, { rtol: 1e-4, atol: 1e-4 }).item()).toBe(true);
    if (axis.includes(0)) continue;
    const each = vmap((v: Array) => np.sum(v, { axis: axis.map((d) => d - 1) }))(x) as Array;
    expect(np.allclose(each, np.sum(x, { axis }), { rtol: 1e-5, atol: 1e-5 }).item()).toBe(true);
  }
});

test('only large sums on CPUs have other forms; whole numbers do not', () => {
  const forms = (shape: readonly number[], axis: readonly number[], dtype: string, platform = 'cpu') => {
    const { jaxpr } = (makeJaxpr((v: Array) => np.sum(v, { axis: [...axis] }))(np.zeros([...shape], { dtype: dtype as 'float32' })) as unknown as { jaxpr: { jaxpr: Jaxpr } });
    const { text } = lowerToStableHlo(jaxpr.jaxpr, { name: 'f', platform, hasProducts: () => true });
    return [text.includes('optimization_barrier'), text.includes('xs_product')];
  };
  expect(forms([8, 16, 64], [0, 1], 'float32')).toEqual([true, false]);
  expect(forms([8, 16, 64], [2], 'float32')).toEqual([false, true]);
  expect(forms([8, 16, 64], [1], 'float32')).toEqual([false, false]);
  expect(forms([4, 4, 16], [0, 1], 'float32')).toEqual([false, false]);
  expect(forms([512, 16], [1], 'float32')).toEqual([false, false]);
  expect(forms([8, 16, 64], [2], 'int32')).toEqual([false, false]);
  expect(forms([8, 16, 64], [0, 1], 'float32', 'cuda')).toEqual([false, false]);
  environ.context({ precision: 64 }, () => {
    const x = np.array(numbers(8 * 16 * 64, 1)).reshape([8, 16, 64]);
    expect(x.dtype).toBe('float64');
    const sums = (np.sum(x, 2) as Array).dataSync() as Float64Array;
    const want = expected(numbers(8 * 16 * 64, 1), [8, 16, 64], [2], 0, (a, b) => a + b);
    want.forEach((v, i) => { expect(Math.abs(v - sums[i]!)).toBeLessThan(1e-13); });
  });
  expect(lax.reduceMax(np.arange(8 * 16 * 64).reshape([8, 16, 64]), [0, 1]).js()).toEqual(globalThis.Array.from({ length: 64 }, (_, i) => 8192 - 64 + i));
});
