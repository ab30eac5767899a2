import { type Array, jit, numpy as np, prng, ShortTermState } from 'xlastate';
import type { Case } from '../protocol';
import { NORMALS, STATES, TRANSFER } from './sizes';

/** A compiled x + 1 and the wait for it. */
export const dispatch: Case = () => {
  const f = jit((x: Array) => np.add(x, 1));
  const x = np.array(1, { dtype: 'float32' });
  return () => f(x).blockUntilReady();
};

/** A compiled function that counts in a state. */
export const counter: Case = () => {
  const count = new ShortTermState(np.array(0, { dtype: 'float32' }));
  const increment = jit(() => {
    count.value = np.add(count.value, 1);
    return null;
  });
  return () => {
    increment();
    count.blockUntilReady();
  };
};

/** An addition outside of any compiled function, of two arrays. */
const eager = (make: () => [Array, Array]): Case => () => {
  const [a, b] = make();
  return () => np.add(a, b).blockUntilReady();
};
export const eagerAdd = eager(() => [np.array(1, { dtype: 'float32' }), np.array(2, { dtype: 'float32' })]);
export const eagerVectors = eager(() => [np.ones([8]), np.ones([8])]);

/** A compiled function that counts in many states. */
export const manyStates = (n: number = STATES): Case => () => {
  const counts = globalThis.Array.from({ length: n }, (_, i) => new ShortTermState(np.array(i, { dtype: 'float32' })));
  const increment = jit(() => {
    for (const c of counts) c.value = np.add(c.value, 1);
    return null;
  });
  return () => {
    increment();
    counts.at(-1)!.blockUntilReady();
  };
};

/** A million normal numbers, in one compiled function. */
export const normals: Case = () => {
  const key = prng.key(0);
  const f = jit((k: typeof key) => prng.normal(k, [NORMALS]));
  return () => f(key).blockUntilReady();
};

/** 64 MB of the host's as an array of its own. */
export const toDevice: Case = () => {
  const host = new Float32Array(TRANSFER).fill(1);
  return () => np.array(host).blockUntilReady();
};
