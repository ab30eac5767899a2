import { ArgumentError, checkpoint, checkpointName, type CheckpointPolicy, checkpointPolicies as policies, grad, jit, linearize, makeJaxpr, numpy as np, State } from '../../lib';

test('policies decide what a checkpoint keeps, by operation and by name', () => {
  const w = np.ones([3, 3]);
  const f = (x: np.Array) => np.sin(np.matmul(checkpointName(np.sin(x), 'inner'), w));
  const backward = (policy: CheckpointPolicy | null) => {
    const text = String(makeJaxpr(grad((x: np.Array) => np.sum(checkpoint(f, { policy })(x))))(np.ones([3])));
    const again = text.slice(text.indexOf('optimization_barrier'));
    return ['sin', 'dot_general'].map((op) => again.split(` = ${op}`).length - 1);
  };
  const least = backward(policies.everythingSaveable);
  /** Operations that the backward pass computes again. */
  const repeated = (policy: CheckpointPolicy | null) => backward(policy).flatMap((n, i) => (n > least[i]! ? [['sin', 'dot_general'][i]] : []));
  expect(repeated(null)).toEqual(['sin', 'dot_general']);
  expect(repeated(policies.nothingSaveable)).toEqual(['sin', 'dot_general']);
  expect(repeated(policies.everythingSaveable)).toEqual([]);
  expect(repeated(policies.dotsSaveable)).toEqual([]);
  expect(repeated(policies.saveOnlyTheseNames('inner'))).toEqual(['dot_general']);
  expect(repeated(policies.saveOnlyTheseNames('other'))).toEqual(['sin', 'dot_general']);
  expect(repeated(policies.saveAnyNamesButThese('inner'))).toEqual(['sin', 'dot_general']);
  expect(repeated(policies.saveAnythingExceptTheseNames('inner'))).toEqual([]);
  expect(repeated(policies.saveFromBothPolicies(policies.saveOnlyTheseNames('inner'), policies.dotsSaveable))).toEqual([]);
  const plain = grad((x: np.Array) => np.sum(f(x)))(np.ones([3])).js();
  for (const policy of [policies.dotsSaveable, policies.dotsWithNoBatchDimsSaveable, policies.saveOnlyTheseNames('inner')]) {
    expect(grad((x: np.Array) => np.sum(checkpoint(f, { policy })(x)))(np.ones([3])).js()).toEqual(plain);
  }
  expect(() => checkpointName(1, '')).toThrow(/expected name to be a string/);
});

test('a checkpoint of a function that returns nothing is fine if it writes a state', () => {
  const s = new State(1);
  checkpoint((x: np.Array) => { s.value = s.value.add(x); })(2);
  expect(Number(s.value)).toBe(3);
  expect(() => checkpoint((x: np.Array) => { x.mul(2); })(2)).toThrow('expected the function to return a tree of arrays, got undefined');
  expect(() => checkpoint((x: np.Array) => x, { policy: 3 as never })).toThrow(ArgumentError);
});

test('policies are asked of what is in compiled functions, too; tangents have no names', () => {
  const f = checkpoint((x: np.Array) => jit((y: np.Array) => np.cos(checkpointName(np.sin(y), 'inner')))(x), { policy: policies.saveOnlyTheseNames('inner') });
  const [, push] = linearize(f, 1) as [np.Array, (t: unknown) => np.Array];
  const text = String(makeJaxpr(push)(np.array(1)));
  expect([text.split(' = sin').length - 1, text.split(' = name').length - 1]).toEqual([1, 0]);
  expect(push(1).item()).toBeCloseTo(-Math.sin(Math.sin(1)) * Math.cos(1), 6);
});
