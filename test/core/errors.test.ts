import { grad, jit, lax, nn, numpy as np, ShapeError, vmap, XlastateError } from '../../lib';

/** The error of a call, and the line of this file that it names. */
function failure(f: () => unknown): { error: XlastateError; line: number } {
  try {
    f();
  } catch (e) {
    if (!(e instanceof XlastateError)) throw e;
    const at = /\n {2}in the call at .*errors\.test\.ts:(\d+):\d+$/.exec(e.message);
    return { error: e, line: Number(at?.[1]) };
  }
  throw new Error('expected an error');
}

/** The line of this file on which it is called. */
function here(): number {
  return Number(/errors\.test\.ts:(\d+):/.exec(new Error('here').stack!.split('\n')[2]!)![1]);
}

let wrong = 0;
const mismatched = (x: np.Array): np.Array => {
  const w = np.ones([3]);
  wrong = here() + 1;
  return np.sum(np.matmul(x, w));
};

class Mismatched extends nn.Module {
  override call(x: np.Array) {
    return mismatched(x);
  }
}

class Outer extends nn.Module {
  inner = new Mismatched();
  override call(x: np.Array) {
    return this.inner.call(x);
  }
}

test.each<[string, () => unknown]>([
  ['eagerly', () => mismatched(np.ones([2, 4]))],
  ['under jit', () => jit(mismatched)(np.ones([2, 4]))],
  ['under grad', () => grad(mismatched)(np.ones([2, 4]))],
  ['under vmap of grad of jit', () => vmap(grad(jit(mismatched)))(np.ones([2, 2, 4]))],
  ['in the body of a scan under jit', () => jit((x: np.Array) => lax.scan((c: np.Array, y: np.Array) => [c, mismatched(y)], 0, x))(np.ones([2, 2, 4]))],
  ['through modules', () => jit(new Outer())(np.ones([2, 4]))],
])('an error names the line of the user\'s code, %s', (_, f) => {
  const { error, line } = failure(f);
  expect(error).toBeInstanceOf(ShapeError);
  expect(error.message).toMatch(/matmul.*f32\[2,4\] and f32\[3\]/);
  expect(line).toBe(wrong);
});

test('the stack keeps the length that was asked for, and repeats the message', () => {
  const { error } = failure(() => np.reshape(np.ones([3]), [2]));
  const lines = error.stack!.split('\n');
  expect(lines.filter((l) => /^ +at /.test(l)).length).toBeLessThanOrEqual(Error.stackTraceLimit);
  expect(error.stack).toContain(`ShapeError: ${error.message}`);
});

test('the place is in the message where stacks are turned off, and they stay off', () => {
  const saved = Error.stackTraceLimit;
  const limited = failure(() => np.reshape(np.ones([3]), [2])).error;
  Error.stackTraceLimit = 0;
  try {
    const { error } = failure(() => np.reshape(np.ones([3]), [2]));
    expect(error.message.split('\n')[0]).toBe(limited.message.split('\n')[0]);
    expect(error.message).toContain('in the call at');
    expect(error.stack!.split('\n').filter((l) => /^ +at /.test(l))).toEqual([]);
  } finally {
    Error.stackTraceLimit = saved;
  }
});
