import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environ, jit, numpy as np, quad, random } from '../../lib/index';

const { steps } = JSON.parse(readFileSync(join(__dirname, '../fixtures/quad.json'), 'utf8')) as { steps: Record<string, number[] | number[][]> };
type Step = (...args: unknown[]) => np.Array | np.Array[];

const f = (y: np.Array, t: number, a: number) => np.add(np.multiply(-a, np.square(y)), np.sin(t));
const g = (y: np.Array, _t: number, a: number) => np.add(np.multiply(0.3, y), 0.1 * a);
const stiff = (y: np.Array, t: number) => np.add(np.multiply(-2, y), t);
const delayed = (t: number, y: np.Array, p: np.Array, q: np.Array, a: number) => np.add(np.add(np.multiply(-a, p), np.multiply(np.multiply(0.5, q), y)), t);
const history = (t: number) => np.multiply(np.array([1, 2]), np.cos(t));
const y = np.array([0.8, 1.5]);

test('one step of every method is braintools\'', () => {
  const failures: string[] = [];
  environ.context({ dt: 0.1 }, () => {
    for (const [key, want] of Object.entries(steps)) {
      const [name, form] = key.split('.') as [string, string | undefined];
      const whole = (quad as unknown as Record<string, Step & Record<string, Step>>)[name];
      const step = form === undefined ? whole! : form === 'maxIter4' ? (quad as unknown as Record<string, (o: object) => Step>)[`${name}With`]!({ maxIter: 4 }) : whole![form]!;
      random.seed(7);
      const out = name.startsWith('ode') ? step(f, y, 0.5, 1.2)
        : name.startsWith('sde') ? step(f, g, y, 0.5, 1.2)
        : name === 'imexCnabStep' ? step(f, stiff, y, np.add(y, 0.1), 0.5, 1.2)
        : name.startsWith('imex') ? step(f, stiff, y, 0.5, 1.2)
        : step(delayed, y, 0.5, history, [0.2, 0.35], 1.2);
      const got = [globalThis.Array.isArray(out) ? out.map((x) => x.toList()) : out.toList()].flat(9) as number[];
      const expected = [want].flat(9) as number[];
      if (got.length !== expected.length || got.some((v, i) => !(Math.abs(v - expected[i]!) <= 1e-6 * Math.max(1, Math.abs(expected[i]!))))) failures.push(`${key}: ${got}, expected ${expected}`);
    }
  });
  expect(Object.keys(steps).length).toBe(52);
  expect(failures).toEqual([]);
});

test('trees, compiled steps with dt as an array, orders of convergence', () => {
  const spring = ({ q, p }: { q: np.Array; p: np.Array }) => ({ q: p, p: np.negative(q) });
  const run = (n: number, step: quad.OdeStep) => environ.context({ dt: 1 / n }, () => {
    const one = jit((s: { q: np.Array; p: np.Array }, t: np.Array) => step(spring as never, s, t) as { q: np.Array; p: np.Array });
    let s = { q: np.array(1), p: np.array(0) };
    for (let i = 0; i < n; i++) s = one(s, np.array(i / n)) as typeof s;
    return Math.hypot((s.q.item() as number) - Math.cos(1), (s.p.item() as number) + Math.sin(1));
  });
  expect(run(8, quad.odeEulerStep) / run(16, quad.odeEulerStep)).toBeCloseTo(2, 0);
  expect(run(4, quad.odeMidpointStep) / run(8, quad.odeMidpointStep)).toBeGreaterThan(3.5);
  expect(run(2, quad.odeRk4Step) / run(4, quad.odeRk4Step)).toBeGreaterThan(12);
  expect(environ.context({ dt: np.array(0.5) }, () => (quad.odeExpeulerStep((v: np.Array) => np.negative(v), np.array([1, 2]), 0) as np.Array).toList())).toEqual([Math.fround(Math.exp(-0.5)), Math.fround(2 * Math.exp(-0.5))].map((v) => expect.closeTo(v, 6)));
});

test('wrong uses are named', () => {
  expect(() => quad.odeRk4Step(1 as never, y, 0)).toThrow(/odeRk4Step: expected a function/);
  expect(() => environ.context({ dt: 0.1 }, () => quad.odeExpeulerStep((v: np.Array) => v, np.array([1], 'int32'), 0))).toThrow(/float dtype/);
  expect(() => quad.sdeImplicitEulerStepWith({ maxIter: 0 })).toThrow(/maxIter/);
  expect(() => quad.imexCnabStepWith({ iterations: 3 } as never)).toThrow(/imexCnabStepWith: unknown option 'iterations'/);
});

test('noise of integers and half floats is not rounded to their types', () => {
  const step = (state: np.Array) => environ.context({ dt: 0.1 }, () => {
    random.seed(7);
    return quad.sdeEulerStep((v: np.Array) => np.zerosLike(v), (v: np.Array) => np.onesLike(v), state, 0) as np.Array;
  });
  const moved = step(np.array([1, 2]));
  expect(step(np.array([1, 2], 'int32')).toList()).toEqual(moved.toList());
  expect(step(np.array([1, 2], 'float16')).dtype).toBe('float32');
});

test('options follow the arguments, as everywhere', () => {
  const q = quad as unknown as Record<string, Step & { withError: Step; stratonovich: Step }> & Record<`${string}With`, (o: object) => Step>;
  environ.context({ dt: 0.1 }, () => {
    const [y, half] = [np.array([1, 2]), np.array([0.5, 1])];
    const [zero, none] = [(x: np.Array) => np.zerosLike(x), () => np.array([0, 0])];
    for (const step of [q.odeRk45Step!, q.odeRk23Step!, q.odeDopri8Step!, q.odeBs32Step!]) {
      const [next, error] = step(f, y, 0.5, 1.2, { returnError: true }) as [np.Array, np.Array];
      const [want, wanted] = step.withError(f, y, 0.5, 1.2) as [np.Array, np.Array];
      expect([next.js(), error.js(), (step(f, y, 0.5, 1.2, { returnError: false }) as np.Array).js()]).toEqual([want.js(), wanted.js(), want.js()]);
    }
    expect((q.imexEulerStep!(zero, stiff, y, 0, { maxIter: 5 }) as np.Array).js()).toEqual((q.imexEulerStepWith!({ maxIter: 5 })(zero, stiff, y, 0) as np.Array).js());
    expect((q.imexArs222Step!(zero, stiff, y, 0, { maxIter: 5 }) as np.Array).js()).toEqual((q.imexArs222StepWith!({ maxIter: 5 })(zero, stiff, y, 0) as np.Array).js());
    expect((q.imexCnabStep!(zero, stiff, y, half, 0, { maxIter: 5 }) as np.Array).js()).toEqual((q.imexCnabStepWith!({ maxIter: 5 })(zero, stiff, y, half, 0) as np.Array).js());
    expect((q.sdeImplicitEulerStep!(stiff, none, y, 0, { maxIter: 9 }) as np.Array).js()).toEqual((q.sdeImplicitEulerStepWith!({ maxIter: 9 })(stiff, none, y, 0) as np.Array).js());
    expect((q.ddeEulerPcStep!(delayed, y, 0.5, history, [1, 2], 0.7, { maxIter: 1 }) as np.Array).js()).toEqual((q.ddeEulerPcStepWith!({ maxIter: 1 })(delayed, y, 0.5, history, [1, 2], 0.7) as np.Array).js());
    expect(() => q.ddeHeunPcStep!(delayed, y, 0.5, history, [1, 2], 0.7, { maxIter: 0 })).toThrow(/ddeHeunPcStep: expected maxIter to be a positive integer/);
    for (const step of [q.sdeMilsteinStep!, q.sdeHeunStep!]) {
      const of = (run: () => unknown) => {
        random.seed(3);
        return (run() as np.Array).js();
      };
      expect(of(() => step(f, g, y, 0, 1, { sdeType: 'stra' }))).toEqual(of(() => step.stratonovich(f, g, y, 0, 1)));
      expect(of(() => step(f, g, y, 0, 1, { sdeType: 'ito' }))).toEqual(of(() => step(f, g, y, 0, 1)));
      expect(of(() => step(f, g, y, 0, 1, { sdeType: 'stra' }))).not.toEqual(of(() => step(f, g, y, 0, 1)));
    }
    expect(() => q.sdeEulerStep!(f, g, y, 0, 1, { sdeType: 'stra' })).toThrow("sdeEulerStep: expected sdeType to be 'ito', got the string \"stra\"");
    // Other objects are arguments of the right-hand side.
    expect((q.odeEulerStep!((x: np.Array, _t: unknown, p: { a: number }) => np.multiply(p.a, x), y, 0, { a: 2 }) as np.Array).js()).toEqual([expect.closeTo(1.2, 6), expect.closeTo(2.4, 6)]);
    expect((q.odeExpeulerStep!((x: np.Array) => np.negative(x), 1, 0) as np.Array).item()).toBeCloseTo(Math.exp(-0.1), 6);
  });
});
