import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gradCore, jvp } from '../../lib/functional/derivatives';
import { vmap } from '../../lib/functional/vmap';
import * as lax from '../../lib/lax/index';
import * as nn from '../../lib/nn/index';
import * as np from '../../lib/numpy/index';
import { special } from '../../lib/scipy/index';
import { decode } from './table';

interface Row { f: string; x: unknown[]; g: unknown[]; h?: unknown }

interface Fixture {
  cases: Row[];
  /** Module, function, whether its value and its gradient at a weak scalar are weak. */
  weak: [string, string, boolean, boolean][];
  /** A function of two scalars: whether its gradients are weak where both arguments are, then where the second is strong. */
  weakPairs: [string, boolean, boolean, boolean, boolean][];
}

const { cases, weak, weakPairs } = JSON.parse(readFileSync(join(__dirname, '../fixtures/elementwiseGradients.json'), 'utf8')) as Fixture;
const at = (v: unknown) => np.array(decode(v) as number, 'float32');
const grads = (f: (...x: np.Array[]) => np.Array, args: np.Array[], argnums: number[]) => (gradCore('grad', f, args, { argnums }).grads as np.Array[]);

function near(got: number, want: number): boolean {
  return Object.is(got, want) || got === want || Math.abs(got - want) <= 2e-5 * Math.max(1, Math.abs(want));
}

test('derivatives where rules need care are JAX\'s', () => {
  const failures: string[] = [];
  for (const { f, x, g, h } of cases) {
    const fn = (np as unknown as Record<string, (...a: np.Array[]) => np.Array>)[f]!;
    const args = x.map(at);
    grads(fn, args, args.map((_, i) => i)).forEach((d, i) => {
      const want = decode(g[i]) as number;
      if (!near(d.item() as number, want)) failures.push(`${f}(${args.join()}) by ${i}: ${String(d.item())}, expected ${want}`);
    });
    if (h !== undefined) {
      const second = grads((v) => grads(fn, [v], [0])[0]!, args, [0])[0]!.item() as number;
      if (!near(second, decode(h) as number)) failures.push(`${f}'' at ${args.join()}: ${second}, expected ${String(decode(h))}`);
    }
  }
  expect(failures).toEqual([]);
});

test('values and gradients of weak scalars are as weak as JAX\'s', () => {
  type Unary = (x: number) => np.Array;
  const modules: Record<string, unknown> = { numpy: np, nn, lax, 'scipy.special': special };
  const failures: string[] = [];
  for (const [module, name, value, gradient] of weak) {
    const f = (modules[module] as Record<string, Unary>)[name]!;
    const got = [f(0.3).weakType, (gradCore('grad', f, [0.3], {}).grads as np.Array).weakType];
    if (got[0] !== value || got[1] !== gradient) failures.push(`${module}.${name}: ${got}, expected ${value},${gradient}`);
  }
  for (const [name, ...flags] of weakPairs) {
    const f = (np as unknown as Record<string, (x: np.Array, y: np.Array) => np.Array>)[name]!;
    const got = [0.7, np.array(0.7, 'float32')].flatMap((y) => (gradCore('grad', f, [0.3, y], { argnums: [0, 1] }).grads as np.Array[]).map((g) => g.weakType));
    if (String(got) !== String(flags)) failures.push(`${name}: ${got}, expected ${flags}`);
  }
  expect(failures).toEqual([]);
});

test('cotangents of what was broadcast are summed, along dimensions of size 1 as well', () => {
  const [a, b] = [np.array([[1], [2]]), np.array([[3, 4, 5]])];
  const [ga, gb] = grads((x, y) => x.mul(y).add(x).div(y).sum(), [a, b], [0, 1]) as [np.Array, np.Array];
  const inverse = 1 / 3 + 1 / 4 + 1 / 5;
  expect(ga.shape).toEqual([2, 1]);
  expect(gb.shape).toEqual([1, 3]);
  for (const v of ga.ravel().js() as number[]) expect(v).toBeCloseTo(3 + inverse, 5);
  (gb.ravel().js() as number[]).forEach((v, i) => expect(v).toBeCloseTo(-3 / (3 + i) ** 2, 5));
  const [gv] = grads((x) => np.maximum(x, np.array([[1.5], [3]])).sum(), [np.array([1, 2, 4])], [0]) as [np.Array];
  expect(gv.js()).toEqual([0, 1, 2]);
});

test('mapped over an axis, also where only one operand is, or shapes have dimensions of size 1', () => {
  const [a, b] = [np.arange(6, { dtype: 'float32' }).reshape(3, 2, 1), np.array([[1, 10, 100]])];
  const over = vmap((x: np.Array) => x.add(b).mul(x), { inAxes: 0 })(a) as np.Array;
  expect(over.js()).toEqual(a.add(b).mul(a).js());
  const scalars = vmap((s: np.Array) => np.hypot(s, b), { inAxes: 0 })(np.array([0, 5])) as np.Array;
  expect(scalars.shape).toEqual([2, 1, 3]);
  const gradsOfRows = vmap((x: np.Array) => grads((v) => np.logaddexp(v, b).sum(), [x], [0])[0]!, { inAxes: 0 })(a) as np.Array;
  expect(gradsOfRows.shape).toEqual([3, 2, 1]);
});

test('derivatives at the ends of a domain, and of small types at zero', () => {
  const first = (f: (x: np.Array) => np.Array) => (x: np.Array) => grads(f, [x], [0])[0]!;
  const one = np.array(1);
  expect([lax.asin, lax.acos].flatMap((f) => [one, one.neg()].flatMap((x) => [first(f)(x).item(), first(first(f))(x).item()]))).toEqual([Infinity, Infinity, Infinity, -Infinity, -Infinity, -Infinity, -Infinity, Infinity]);
  for (const dtype of ['float16', 'bfloat16', 'float32'] as const) {
    const zero = np.zeros([], { dtype });
    expect([first(lax.besselI1e)(zero).item(), first(first(lax.besselI1e))(zero).item(), first(first(lax.besselI0e))(zero).item()]).toEqual([0.5, 0, 0.5]);
  }
});

test('a correlation coefficient that is NaN has a derivative that is, as in JAX', () => {
  for (const x of [np.array([[1], [2]]), np.array([1])]) {
    const [value, tangent] = jvp((v: np.Array) => np.corrcoef(v), [x], [x]) as [np.Array, np.Array];
    expect(np.isnan(value).all().item()).toBe(true);
    expect(np.isnan(tangent).all().item()).toBe(true);
  }
});
