import { forLoop, grad, jit, lax, numpy as np, prng } from '../../lib';
import type { Array } from '../../lib/core/array';
import { scanForm } from '../../lib/primitives/scanForms';
import type { ScanParams } from '../../lib/primitives/scan';
import { numbers } from '../support/cases';

const [T, B, N, M] = [5, 2, 8, 6];
const normal = (seed: number, ...shape: number[]) => prng.normal(prng.PRNGKey(seed), shape);
const xs = normal(1, T, B, N);
const weights = { w: normal(2, N + M, M), b: normal(3, M), v: normal(4, M, N), u: normal(5, N, M) };
type Weights = typeof weights;
type Step = (p: Weights, h: Array, x: Array) => Array;

const joined: Step = (p, h, x) => np.tanh(np.add(np.matmul(np.concatenate([x, h], { axis: -1 }), p.w), p.b));
const steps: Record<string, Step> = {
  'a product with [x, h]': joined,
  'a product with what is scanned over': (p, h, x) => np.sin(np.add(np.matmul(x, p.u), h)),
  'products with a transposed constant': (p, h, x) => np.tanh(np.add(np.matmul(np.add(np.matmul(h, p.v), x), p.v.T), p.b)),
  'one constant in two products': (p, h, x) => np.tanh(np.add(np.matmul(np.matmul(np.matmul(h, p.v), p.u), p.v), x).slice('...', [0, M])),
  'columns that nothing looks at': (p, h, x) => np.add(np.matmul(h, p.v).slice([], [1, 1 + M]), x.slice([], [0, M])),
};

/** The loops' parameters in a traced function. */
function loops(f: (...args: Array[]) => unknown, ...args: unknown[]): ScanParams[] {
  return jit(f as never).trace(...args).jaxpr.eqns.filter((e) => e.prim.name === 'scan').map((e) => e.params as ScanParams);
}

describe.each(Object.entries(steps))('%s', (_, step) => {
  // With as many steps in a trip as there are, there is no loop, and no other form of it.
  const loss = (unroll: number, reverse: boolean) => (p: Weights, all: Array) => {
    const h0 = np.multiply(np.ones([B, M]), 0.1);
    const [last, hs] = lax.scan((h: Array, x: Array) => {
      const next = step(p, h, x);
      return [next, next];
    }, h0, all, { unroll, reverse }) as [Array, Array];
    return np.add(np.sum(np.square(hs)), np.sum(last));
  };

  test.each([[1, false], [1, true], [2, false]] as const)('values and gradients are those of the steps in a row (unroll %i, reverse %s)', (unroll, reverse) => {
    const both = (n: number) => {
      const f = loss(n, reverse);
      const [g, gx] = jit((p: Weights, x: Array) => grad(f, { argnums: [0, 1] })(p, x))(weights, xs) as unknown as [Weights, Array];
      return [jit(f)(weights, xs), ...Object.values(g), gx].map(numbers);
    };
    const [got, want] = [both(unroll), both(T)];
    got.forEach((values, i) => values.forEach((v, k) => expect(Math.abs((v as number) - (want[i]![k] as number))).toBeLessThan(1e-4 * (1 + Math.abs(want[i]![k] as number)))));
    expect(want.flat().some((v) => Math.abs(v as number) > 1e-3)).toBe(true);
  });

  test('gradients of weights are summed after the loop', () => {
    const [, back] = loops(((p: Weights, x: Array) => grad(loss(1, false))(p, x)) as never, weights, xs);
    const form = scanForm(back!)!;
    expect(form.kept.filter((k) => !k).length).toBeGreaterThan(0);
    expect(form.after.toString()).toContain('dot_general');
  });
});

test('a loop under vmap keeps its gradients', () => {
  const many = normal(6, 3, T, B, N);
  const f = (unroll: number) => jit((x: Array) => grad((p: Weights) => {
    const each = lax.map((one: Array) => lax.scan((h: Array, y: Array) => [joined(p, h, y), null], np.zeros([B, M]), one, { unroll })[0] as Array, x, { batchSize: 3 });
    return np.sum(np.square(each as Array));
  })(weights))(many) as unknown as Weights;
  const [got, want] = [f(1), f(T)];
  (Object.keys(want) as (keyof Weights)[]).forEach((k) => numbers(got[k]).forEach((v, i) => expect(v).toBeCloseTo(numbers(want[k])[i] as number, 4)));
});

test('other loops stay as they are', () => {
  const none = (f: (x: Array) => unknown) => loops(f as never, xs).map(scanForm);
  // No products; a carry that is read in the loop.
  expect(none((x) => forLoop((y: Array) => np.sin(y), x))).toEqual([null]);
  const w = normal(7, B, B);
  expect(none((x) => lax.scan((h: Array, y: Array) => [np.add(h, np.matmul(w, np.multiply(h, y))), null], np.zeros([B, N]), x)[0])).toEqual([null]);
});

describe('what the backward loop needs of the forward one', () => {
  // Of a gate g = σ(h w): g is stored; 1 − g, the parts of g and their differences from 1 are computed again.
  const gated = (w: Array) => (h: Array, x: Array) => {
    const g = np.divide(1, np.add(1, np.exp(np.negative(np.matmul(h, w)))));
    const [a, b] = [g.slice([], [0, 3]), g.slice([], [3, 6])];
    const next = np.concatenate([np.multiply(a, np.tanh(x)), np.multiply(np.subtract(1, b), np.sin(a))], { axis: 1 });
    return [next, next] as const;
  };
  const start = normal(7, B, M);
  const inputs = normal(8, T, B, 3);
  const w0 = normal(9, M, M);
  const loss = (unroll: number) => (w: Array): Array => np.sum(np.square(lax.scan(gated(np.multiply(w, 2)) as never, start, inputs, { unroll })[1] as Array));

  test('cheap functions of what is stored are not stored', () => {
    const [forward, backward] = loops(grad(loss(1)) as never, w0);
    const text = String(backward!.jaxpr);
    expect(text).toMatch(/sub 1\.0:f32\[\]/);
    expect(text).toMatch(/slice\[/);
    // Of parts of g only what is expensive: tanh, sine and cosine.
    const stored = forward!.jaxpr.outAvals.slice(forward!.numCarry).map(String);
    expect(stored.filter((a) => a === `f32[${B},3]`).length).toBe(3);
  });

  test('gradients are those of the steps in a row, and of what is stored', () => {
    const [loop, row] = [jit(grad(loss(1)))(w0), jit(grad(loss(T)))(w0)] as [Array, Array];
    expectClose(numbers(loop), numbers(row));
    const second = (unroll: number) => jit(grad((w: Array) => np.sum(np.square(grad(loss(unroll))(w) as Array))))(w0) as Array;
    expectClose(numbers(second(1)), numbers(second(T)));
  });

  test('what is the same in each step is computed once, before the loop', () => {
    const [, backward] = loops(grad(loss(1)) as never, w0);
    expect(String(backward!.jaxpr)).not.toMatch(/mul .* 2\.0/);
    expect(jit(grad(loss(1))).trace(w0).jaxpr.eqns.filter((e) => e.prim.name === 'mul' && e.outputs[0]!.aval.shape.join() === `${M},${M}`).length).toBeGreaterThan(0);
  });
});

function expectClose(a: readonly number[], b: readonly number[]): void {
  expect(a.length).toBe(b.length);
  a.forEach((x, i) => expect(Math.abs(x - b[i]!)).toBeLessThanOrEqual(2e-5 * (1 + Math.abs(b[i]!))));
}
