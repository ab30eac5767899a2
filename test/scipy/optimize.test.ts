import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { config } from '../../lib/core/config';
import * as np from '../../lib/numpy';
import { optimize } from '../../lib/scipy';
import { jit } from '../../lib/transform';

interface Case {
  f: string;
  dtype: 'float64';
  x0: number[];
  method: 'BFGS';
  options: Record<string, number>;
  r: { x: number[]; fun: number | string; jac: number[]; nfev: number; njev: number; nit: number; success: boolean; status: number };
  hessInv: number[][] | null;
}

const saved = config.enableX64;
beforeAll(() => {
  config.enableX64 = true;
});
afterAll(() => {
  config.enableX64 = saved;
});

const { cases } = JSON.parse(readFileSync(join(__dirname, '../fixtures/scipyOptimize.json'), 'utf8')) as { cases: Case[] };

const FUNCTIONS: Record<string, (x: np.Array) => np.Array> = {
  rosenbrock: (x) => {
    const [a, b] = [np.index(x, [null, -1]), np.index(x, [1, null])];
    return b.sub(a.square()).square().mul(100).add(np.subtract(1, a).square()).sum();
  },
  himmelblau: (x) => {
    const [a, b] = [np.index(x, 0), np.index(x, 1)];
    return a.square().add(b).sub(11).square().add(a.add(b.square()).sub(7).square());
  },
  quadratic: (x) => x.sub(1).square().mul(np.array([1, 10, 100])).sum(),
  linear: (x) => x.sum(),
  zigzag: (x) => np.abs(x.sub(0.3)).sum(),
};

const worst = (got: unknown, want: unknown) => {
  const [a, b] = [[got].flat(3), [want].flat(3)].map((xs) => xs.map(Number)) as [number[], number[]];
  expect(a.length).toBe(b.length);
  return Math.max(...b.map((w, i) => Math.abs(a[i]! - w) / Math.max(1, Math.abs(w))));
};

test.each(cases.map((c) => [`${c.f} by ${c.method} ${JSON.stringify(c.options)}`, c] as const))('%s takes the steps that JAX takes', (_, c) => {
  const r = optimize.minimize(FUNCTIONS[c.f]!, np.array(c.x0, { dtype: c.dtype }), { method: c.method, options: c.options });
  const counts = { nfev: r.nfev.item(), njev: r.njev.item(), nit: r.nit.item(), success: r.success.item(), status: r.status.item() };
  expect(counts).toEqual({ nfev: c.r.nfev, njev: c.r.njev, nit: c.r.nit, success: c.r.success, status: c.r.status });
  expect(worst(r.x.js(), c.r.x)).toBeLessThan(1e-6);
  expect(worst(r.fun.item(), c.r.fun)).toBeLessThan(1e-3);
  expect(r.hessInv === null).toBe(c.hessInv === null);
  if (c.hessInv && c.r.success) expect(worst(r.hessInv!.js(), c.hessInv)).toBeLessThan(2e-2);
});

test('arguments for the function, and a minimisation inside of a compiled function', () => {
  const f = (x: np.Array, centre: np.Array) => x.sub(centre).square().sum();
  const run = jit((c: np.Array) => optimize.minimize(f, np.zeros([2]), { method: 'BFGS', args: [c] })) as unknown as (c: np.Array) => optimize.OptimizeResults;
  const r = run(np.array([1, -2]));
  expect(r).toBeInstanceOf(optimize.OptimizeResults);
  expect(worst(r.x.js(), [1, -2])).toBeLessThan(1e-5);
  expect(r.success.item()).toBe(true);
});

test('what does not fit is named', () => {
  const f = (x: np.Array) => x.sum();
  expect(() => optimize.minimize(f, [0], { method: 'Powell' as 'BFGS' })).toThrow("minimize: expected method to be 'BFGS'");
  expect(() => optimize.minimize(f, [[0]], { method: 'BFGS' })).toThrow('expected x0 to be a vector');
  expect(() => optimize.minimize(f, [0], { method: 'BFGS', options: { maxcor: 3 } as never })).toThrow("unknown option 'maxcor'");
  expect(() => optimize.minimize(f, [0], { method: 'BFGS', options: { maxiter: 1.5 } })).toThrow('maxiter to be a non-negative integer');
  expect(() => optimize.minimize(f, [0], { method: 'BFGS', tol: 1 } as never)).toThrow("unknown option 'tol'");
});
