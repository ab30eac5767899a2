import {
  allChecks, type Array, automaticChecks, BatchedError, check, CheckedError, checkError, checkify, checkpoint, cond, customJvp, customVjp, debugCheck, divChecks, type ErrorSet, FailedCheckError, floatChecks, grad, jit, lax, NaNError,
  nanChecks, numpy as np, scan, State, userChecks, vmap, whileLoop,
} from '../../lib';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const fixture = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'checkify.json'), 'utf8')) as { cases: unknown };
const f32 = (x: number | number[] | number[][]) => np.array(x, { dtype: 'float32' });
const i32 = (x: number | number[]) => np.array(x, { dtype: 'int32' });
const cases = fixture.cases as Record<string, { error: string | null; out: unknown }>;

const user = (x: Array) => {
  check(np.greater(x, 0), 'x must be positive, got {} and {y}', x, { y: x.mul(2) });
  return x.add(1);
};
const x3 = f32([0, 1, 2]);
const grid = f32([[0, 1, 2], [3, 4, 5]]);
const gatherRows = (x: Array, i: Array) => lax.gather(x, i.reshape([2, 1]), { offsetDims: [1], collapsedSliceDims: [0], startIndexMap: [0] }, [1, 3], { mode: 'promise_in_bounds' });

const programs: [string, (...args: never[]) => unknown, unknown[], ErrorSet?][] = [
  ['user ok', user, [f32(1)]],
  ['user', user, [f32(-1.5)]],
  ['user off', user, [f32(-1.5)], nanChecks],
  ['nan', np.log, [f32(-1)]],
  ['nan ok', np.log, [f32(2)]],
  ['nan off', np.log, [f32(-1)], userChecks],
  ['div', (x: Array) => lax.div(f32(1), x), [f32(0)]],
  ['div nan', (x: Array) => lax.div(x, x), [f32(0)], nanChecks],
  ['div int', (x: Array) => lax.div(i32(7), x), [i32(0)], divChecks],
  ['first of two', (x: Array) => np.sqrt(np.log(x)).add(1), [f32(-2)]],
  ['slice', (x: Array, i: Array) => lax.dynamicSlice(x, [i], [2]), [x3, i32(2)]],
  ['slice ok', (x: Array, i: Array) => lax.dynamicSlice(x, [i], [2]), [x3, i32(1)]],
  ['update', (x: Array, i: Array) => lax.dynamicUpdateSlice(x, np.ones([2]), [i.add(3)]), [x3, i32(-1)]],
  ['gather', gatherRows, [grid, i32([0, 5])]],
  ['scatter', (x: Array, i: Array) => x.at(i).add(1), [x3, i32([1, 7])]],
  ['scatter ok', (x: Array, i: Array) => x.at(i).set(1), [x3, i32([1, 2])]],
  ['scan', (x: Array) => scan((s: Array, v: Array) => [s.add(np.log(v)), s], f32(0), x), [f32([1, 2, -3, 0.5])], nanChecks],
  ['scan user', (x: Array) => (scan((s: Array, v: Array) => {
    check(np.less(v, 2), 'step value {}', v);
    return [s.add(v), s];
  }, f32(0), x) as [Array, Array])[0], [f32([1, 2, 3])]],
  ['while', (x: Array) => whileLoop((v: Array) => np.less(v, 3), (v: Array) => lax.div(v, v.sub(1)), x), [f32(1)], divChecks],
  ['while cond', (x: Array) => whileLoop((v: Array) => {
    check(np.less(v, 5), 'condition saw {}', v);
    return np.less(v, 8);
  }, (v: Array) => v.mul(2), x), [f32(1)]],
  ['cond taken', (p: Array, x: Array) => cond(p, (v: Array) => np.log(v), (v: Array) => v, x), [np.array(true), f32(-1)]],
  ['cond not taken', (p: Array, x: Array) => cond(p, (v: Array) => np.log(v), (v: Array) => v, x), [np.array(false), f32(-1)]],
  ['jit', (x: Array) => (jit(user)(x) as Array).mul(2), [f32(-3)]],
  ['remat', (x: Array) => (checkpoint(user)(x) as Array).mul(2), [f32(-3)]],
  ['grad', grad((x: Array) => np.sqrt(x)), [f32(0)], floatChecks],
  ['vmap inside', vmap(user), [f32([1, -2, -3])]],
  ['nested', (x: Array) => {
    const [error, y] = checkify((v: Array) => np.log(v), { errors: nanChecks })(x);
    checkError(error);
    return y;
  }, [f32(-1)], new Set([...userChecks, ...nanChecks])],
];

const flat = (y: unknown): number[] => (globalThis.Array.isArray(y) ? y.flatMap(flat) : [(y as { js(): unknown }).js()].flat(9) as number[]);
const wanted = (y: unknown): number[] => [y].flat(9).map((v) => (v === 'nan' ? NaN : v === 'inf' ? Infinity : Number(v)));

test.each(programs)('%s, as in JAX', (name, f, args, errors = allChecks) => {
  const expected = cases[name]!;
  const checked = checkify(f as (...a: unknown[]) => unknown, { errors });
  for (const g of [checked, jit(checked)]) {
    const [error, y] = (g as (...a: unknown[]) => [CheckedError, unknown])(...args);
    expect(error.get()).toBe(expected.error);
    // What integer division by zero gives is the platform's.
    if (name !== 'div int') flat(y).forEach((v, i) => expect(Number.isFinite(v) ? Number(v.toFixed(4)) : v).toEqual(Number.isFinite(wanted(expected.out)[i]!) ? Number(wanted(expected.out)[i]!.toFixed(4)) : wanted(expected.out)[i]));
  }
});

test('vmap of a checked function names the entries', () => {
  const [error] = vmap(checkify(user))(f32([1, -2, 3, -4])) as unknown as [CheckedError, Array];
  expect(error.get()).toBe(cases['vmap outside']!.error);
  expect(() => error.throw()).toThrow(BatchedError);
});

test('errors are thrown by kind, and eagerly at once', () => {
  const [error] = jit(checkify(user))(f32(-1)) as [CheckedError, Array];
  expect(() => error.throw()).toThrow(FailedCheckError);
  expect(String(error)).toBe('Error(x must be positive, got -1.0 and -2.0 (`check` failed))');
  const [fine] = jit(checkify(user))(f32(1)) as [CheckedError, Array];
  fine.throw();
  expect(String(fine)).toBe('Error(None)');
  expect(() => checkify(np.log, { errors: automaticChecks })(f32(-1))[0].throw()).toThrow(NaNError);
  expect(() => user(f32(-1))).toThrow(FailedCheckError);
  expect(() => jit(user)(f32(-1))).toThrow(/make it a value by checkify/);
  debugCheck(false, 'left out');
  expect((jit((x: Array) => (debugCheck(np.less(x, 0), 'left out'), x))(f32(1)) as Array).item()).toBe(1);
  expect(checkify((x: Array) => (debugCheck(np.less(x, 0), 'kept {}', x), x))(f32(1))[0].get()).toBe('kept 1.0 (`check` failed)');
});

test('a gradient of a checked function, and the check of a gradient', () => {
  const f = checkify((x: Array) => (check(np.greater(x, 0), 'negative'), x.mul(x)));
  expect((grad((x: Array) => f(x)[1])(f32(3)) as Array).item()).toBe(6);
  const [error, g] = jit(checkify(grad((x: Array) => (check(np.greater(x, 0), 'negative'), x.mul(x)))))(f32(-3)) as unknown as [CheckedError, Array];
  expect([error.get(), g.item()]).toEqual(['negative (`check` failed)', -6]);
});

test('arguments are checked', () => {
  expect(() => check(1 as never, 'm')).toThrow(/expected the predicate to be of dtype bool/);
  expect(() => check(np.array([true]), 'm')).toThrow(/expected the predicate to be a scalar/);
  expect(() => check(true, 'm {}')).toThrow(/argument 0, which was not given/);
  expect(() => check(true, 'm {}', 'text')).toThrow(/expected the values of the message to be arrays or numbers/);
  expect(() => checkify(np.log, { errors: ['infinite' as never] })).toThrow(/expected errors to be a set of checks/);
});

test('states that are written, and modules', () => {
  const count = new State(f32(0));
  const step = checkify((x: Array) => {
    count.value = count.value.add(x);
    check(np.less(count.value, 5), 'count is {}', count.value);
    return count.value.mul(2);
  });
  for (const f of [step, jit(step)]) {
    count.value = f32(0);
    const call = () => {
      const [error, y] = f(f32(3)) as [CheckedError, Array];
      return [error.get(), y.item(), count.value.item()];
    };
    expect(call()).toEqual([null, 6, 3]);
    expect(call()).toEqual(['count is 6.0 (`check` failed)', 12, 6]);
  }
  expect(checkify({ call: (x: Array) => np.log(x) }, { errors: nanChecks })(f32(-1))[0].get()).toBe('nan generated by primitive: log.');
});

test('rules of derivatives hold within checkify, beside the checks of their functions', () => {
  const f = customJvp((x: Array) => {
    check(np.greater(x, 0), 'got {}', x);
    return np.sin(x);
  });
  f.defjvp(([x]: [Array], [t]: [Array]) => [f(x), np.multiply(t, 7)]);
  const g = customVjp((x: Array) => {
    check(np.less(x, 5), 'above: {}', x);
    return np.square(x);
  });
  g.defvjp((x: Array) => [g(x), x], (x: Array, ct: Array) => [np.multiply(ct, np.multiply(x, 100))]);
  const both = (x: Array) => {
    const [error, y] = checkify((v: Array) => np.add(f(v), g(v)))(x);
    return [y, error.state[0]];
  };
  for (const run of [(h: (x: Array) => unknown) => h, (h: (x: Array) => unknown) => jit(h)]) {
    for (const [x, failed] of [[2, false], [-2, true], [6, true]] as const) {
      const [gradient, flag] = run(grad(both as never, { hasAux: true }) as never)(np.array(x)) as Array[];
      expect(gradient!.item()).toBe(7 + 100 * x);
      expect(flag!.item()).toBe(failed);
    }
  }
  expect(checkify((v: Array) => f(g(v)))(np.array(6))[0].get()).toContain('above: 6.0');
  const mapped = vmap((v: Array) => (grad(both as never, { hasAux: true }) as (x: Array) => Array[])(v))(np.array([1, 2])) as unknown as Array[];
  expect(mapped[0]!.js()).toEqual([107, 207]);
});
