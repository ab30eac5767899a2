import { Writable } from 'node:stream';
import type { Array } from '../../lib/core/array';
import * as np from '../../lib/numpy';
import { effectsBarrier } from '../../lib/pjrt';
import { checkpointedForLoop, checkpointedScan, forLoop, grad, ifelse, jit, ProgressBar, type ProgressBarOptions, scan } from '../../lib/transform';

type A = Array;

function recorder(isTTY = false) {
  const chunks: string[] = [];
  const stream = new Writable({
    write: (chunk, _, done) => {
      chunks.push(String(chunk));
      done();
    },
  }) as Writable & { isTTY?: boolean };
  stream.isTTY = isTTY;
  return { stream, chunks };
}

/** Steps shown on lines of a bar. */
function shown(chunks: readonly string[]): number[] {
  return chunks.map((c) => Number(/(\d+)\/\d+ \[/.exec(c)![1]));
}

function run(options: ProgressBarOptions, n: number): string[] {
  const { stream, chunks } = recorder();
  forLoop((x: A) => x.mul(2), np.arange(n), { pbar: new ProgressBar({ ...options, stream }) }).blockUntilReady();
  effectsBarrier();
  return chunks;
}

test('a bar moves while the loop runs: default, by frequency, by count', () => {
  const lines = run({}, 23);
  expect(shown(lines)).toEqual(globalThis.Array.from({ length: 23 }, (_, i) => i + 1));
  expect(lines[4]).toMatch(/^Running for 23 iterations: 21%\|█+ +\| 5\/23 \[/);
  expect(shown(run({ freq: 10 }, 23))).toEqual([10, 20, 23]);
  expect(shown(run({ count: 2 }, 5))).toEqual([2, 4, 5]);
  expect(shown(run({}, 1))).toEqual([1]);
  expect(run({ freq: 2000, desc: 'steps' }, 2000)[0]).toMatch(/^steps: 100%/);
  expect(run({ freq: 1500 }, 1500)[0]).toMatch(/^Running for 1,500 iterations/);
});

test('a description of the values, in a compiled loop that runs twice', () => {
  const { stream, chunks } = recorder();
  const pbar = new ProgressBar({ freq: 2, stream, desc: ['step {i} carry {c:.1f}', ({ i, carry }) => ({ i, c: carry })] });
  const f = jit((x: A) => scan((c: A, r: A) => [c.add(r), c], x, np.ones([4]), { pbar }));
  for (const start of [0, 10]) {
    const [c, ys] = f(np.array(start)) as unknown as [A, A];
    expect([c.item(), ys.js()]).toEqual([start + 4, [start, start + 1, start + 2, start + 3]]);
    effectsBarrier();
  }
  expect(chunks.map((c) => c.split(':')[0])).toEqual(['step 1 carry 2.0', 'step 3 carry 4.0', 'step 1 carry 12.0', 'step 3 carry 14.0']);
});

test('checkpointed loops, their gradients, reversed loops', () => {
  const { stream, chunks } = recorder();
  const pbar = new ProgressBar({ freq: 4, stream });
  checkpointedForLoop((x: A) => x, np.arange(10), { base: 3, pbar });
  effectsBarrier();
  expect(shown(chunks)).toEqual([4, 8, 10]);
  chunks.length = 0;
  const g = grad((x: A) => checkpointedScan((c: A, r: A) => [np.sin(c).mul(r), null], x, np.ones([10]), { base: 3, pbar })[0])(0.5) as A;
  expect(g.item()).toBeCloseTo((grad((x: A) => scan((c: A, r: A) => [np.sin(c).mul(r), null], x, np.ones([10]))[0])(0.5) as A).item() as number, 5);
  effectsBarrier();
  expect(shown(chunks)).toEqual([4, 8, 10]);
  chunks.length = 0;
  expect(forLoop((x: A) => x, np.arange(3), { reverse: true, pbar: new ProgressBar({ stream }) }).js()).toEqual([0, 1, 2]);
  effectsBarrier();
  expect(shown(chunks)).toEqual([1, 2, 3]);
});

test('on a terminal the bar is drawn in one line', () => {
  const { stream, chunks } = recorder(true);
  forLoop((x: A) => x, np.arange(5), { pbar: new ProgressBar({ stream }) });
  effectsBarrier();
  const text = chunks.join('');
  expect(text).toContain('5/5');
  expect(text.split('\n').length).toBe(2);
});

test('what it refuses', () => {
  expect(() => new ProgressBar({ freq: 0 })).toThrow(/freq to be a positive integer, got number 0/);
  expect(() => new ProgressBar({ freq: 1, count: 1 })).toThrow(/not both/);
  expect(() => new ProgressBar({ desc: ['a'] as never })).toThrow(/a format and a function/);
  expect(() => run({ desc: ['{i}', () => 'no' as never] }, 3)).toThrow(/return an object of the format's values, got/);
  expect(() => run({ desc: ['{i}', ({ i }) => ({ j: i })] }, 3)).toThrow(/names 'i', which was not given/);
  expect(() => forLoop((x: A) => x, np.ones([3]), { pbar: 5 })).toThrow(/freq to be at most the number of steps, 3, got 5/);
  expect(() => forLoop((x: A) => x, np.ones([3]), { pbar: new ProgressBar({ count: 5 }) })).toThrow(/count to be at most/);
  expect(() => scan((c: A, x: A) => [c, x], np.array(0), np.ones([3]), { pbar: 'yes' as never })).toThrow(/pbar to be a ProgressBar/);
});

test('ifelse in a compiled function checks its conditions when it runs', () => {
  const f = jit((x: A) => ifelse([x.greater(1), x.greater(2)], [(v: A) => v, (v: A) => v.mul(2)], x));
  expect((f(np.array(1.5)) as A).item()).toBe(1.5);
  let error: Error | undefined;
  try {
    (f(np.array(3)) as A).item();
  } catch (e) {
    error = e as Error;
  }
  expect(String(error!.cause)).toMatch(/exactly one condition to hold, got \[true, true\]/);
});
