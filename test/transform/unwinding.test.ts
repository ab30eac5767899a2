import { axisKey, currentScope, currentTrace, isEager } from '../../lib/core/trace';
import { customJvp, customVjp } from '../../lib/functional/customRules';
import { namedScope } from '../../lib/functional/debugging';
import * as np from '../../lib/numpy';
import { State } from '../../lib/state/state';
import { checkpoint } from '../../lib/transform/checkpoint';
import { cond, scan, whileLoop } from '../../lib/transform/controlFlow';
import { grad, jacfwd, jacrev, jvp, linearize, vjp } from '../../lib/transform/grad';
import { jit } from '../../lib/transform/jit';
import { makeJaxpr } from '../../lib/transform/makeJaxpr';
import { vmap } from '../../lib/transform/vmap';

// An exception within transformed functions, however they are nested, leaves nothing of the transformations behind.

type A = np.Array;
type F = (x: A) => A;

/** Each runs a function of an array [3] within a transformation, and gives an array [3]. */
const around: Record<string, (f: F) => F> = {
  jit: (f) => jit(f) as F,
  grad: (f) => grad((x: A) => np.sum(f(x))) as F,
  vmap: (f) => (x) => (vmap((r: A) => f(r), { axisName: 'rows' })(np.stack([x, x])) as A).sum(0),
  jvp: (f) => (x) => jvp(f, [x], [x])[1] as A,
  vjp: (f) => (x) => (vjp(f, x) as [A, (ct: A) => A[]])[1](x)[0]!,
  linearize: (f) => (x) => (linearize(f, x) as [A, F])[1](x),
  jacfwd: (f) => (x) => np.sum(jacfwd(f)(x) as A, 0),
  jacrev: (f) => (x) => np.sum(jacrev(f)(x) as A, 0),
  checkpoint: (f) => checkpoint(f) as F,
  makeJaxpr: (f) => (x) => {
    makeJaxpr(f)(x);
    return x;
  },
  scan: (f) => (x) => scan((c: A) => [f(c), null], x, null, { length: 2 })[0] as A,
  whileLoop: (f) => (x) => (whileLoop(([i]: [A, A]) => i.less(2), ([i, c]: [A, A]) => [i.add(1), f(c)], [0, x]) as [A, A])[1],
  cond: (f) => (x) => cond(np.greater(np.sum(x), 0), f, (y: A) => y, x) as A,
  namedScope: (f) => (x) => namedScope('scope', () => f(x)),
  customJvp: (f) => {
    const g = customJvp((x: A) => f(x));
    g.defjvp(([x]: [A], [t]: [A]) => [g(x), np.multiply(t, f(x))]);
    return g as F;
  },
  customVjp: (f) => {
    const g = customVjp((x: A) => np.sin(x));
    g.defvjp((x: A) => [g(x), x], (x: A, ct: A) => [np.multiply(ct, f(x))]);
    return (x) => grad((y: A) => np.sum(g(y)))(x) as A;
  },
};

test('whatever was being traced, an exception ends it, and what comes after is not affected', () => {
  const x = np.array([1, 2, 3]);
  const state = new State(np.array([1, 1, 1]));
  const base = currentTrace();
  const failing = (writes: boolean): F => (y) => {
    // Functions with rules of their own must not write states.
    if (writes) state.value = np.add(state.value as A, y);
    throw new RangeError('on purpose');
  };
  let reached = 0;
  const check = (names: string[]) => {
    const f = names.reduceRight<F>((g, name) => around[name]!(g), failing(!names.some((n) => n.startsWith('custom'))));
    let error: unknown;
    try {
      f(x);
    } catch (e) {
      error = e;
    }
    // Rules of reverse derivatives may be written where only forward ones are asked for, which is an error of its own.
    expect([names, error]).not.toEqual([names, undefined]);
    if (error instanceof RangeError) reached++;
    // Nothing traced stays in the state.
    expect((state.value as A).js()).toHaveLength(3);
    expect([names, currentTrace() === base, isEager(), axisKey(), currentScope()]).toEqual([names, true, true, '', '']);
  };
  const all = Object.keys(around);
  for (const a of all) for (const b of all) check([a, b]);
  all.forEach((a, i) => check([a, all[(i + 3) % all.length]!, all[(i + 5) % all.length]!, all[(i + 9) % all.length]!]));
  expect(reached).toBeGreaterThan(200);
  state.value = np.array([5, 5, 5]);
  expect((jit((y: A) => np.add(y, state.value as A))(x) as A).js()).toEqual([6, 7, 8]);
  expect((grad((y: A) => np.sum(np.square(y)))(x) as A).js()).toEqual([2, 4, 6]);
});
