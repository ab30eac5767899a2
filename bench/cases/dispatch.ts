import { type Array, jit, numpy as np, ShortTermState } from 'xlastate';
import type { Case } from '../protocol';

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

/** An addition outside of any compiled function. */
export const eagerAdd: Case = () => {
  const a = np.array([1], { dtype: 'float32' }).reshape([]);
  const b = np.array([2], { dtype: 'float32' }).reshape([]);
  return () => np.add(a, b).blockUntilReady();
};
