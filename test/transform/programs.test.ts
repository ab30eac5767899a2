import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { numpy as np } from '../../lib';
import { build, type Program, wrap, type Wrapper } from '../support/programs';

interface Case {
  seed: number;
  program: Program & { ins: number[][] };
  xs: number[][];
  /** Nestings of transforms around the program, with JAX's results. */
  runs: [Wrapper[], [shape: number[], values: number[]][]][];
}

const { cases } = JSON.parse(readFileSync(process.env.XLASTATE_PROGRAMS ?? join(__dirname, '../fixtures/programs.json'), 'utf8')) as { cases: Case[] };

/** Largest difference in relation to the largest value, or what is wrong with types. */
function difference(got: readonly np.Array[], want: [number[], number[]][]): number | string {
  const types = (list: { shape: readonly number[]; dtype?: string }[]) => list.map((x) => `${x.dtype ?? 'float32'}[${x.shape}]`).join();
  const expected = types(want.map(([shape]) => ({ shape })));
  if (types([...got]) !== expected) return `${types([...got])} instead of ${expected}`;
  let worst = 0;
  want.forEach(([, values], i) => {
    const scale = Math.max(1e-3, ...values.map(Math.abs));
    const own = got[i]!.dataSync() as Float32Array;
    values.forEach((v, k) => {
      worst = Math.max(worst, Number.isFinite(own[k]!) ? Math.abs(own[k]! - v) / scale : Number.POSITIVE_INFINITY);
    });
  });
  return worst;
}

// Programs that go through each other's transforms: eager, compiled, mapped, differentiated, in loops and branches, in any order.
test.each(cases.map((c) => [c.seed, c] as const))('random program %i under nestings of transforms gives what JAX gives', (_, { program, xs, runs }) => {
  const args = () => xs.map((x, i) => np.array(x, { dtype: 'float32' }).reshape(program.ins[i]!));
  for (const [i, [chain, want]] of runs.entries()) {
    // Run operation by operation, too: not all, for the time it takes.
    for (const nesting of [[...chain, ['jit'] as Wrapper], ...(i < 2 ? [chain] : [])]) {
      const d = difference(wrap(build(program), nesting)(args()), want);
      // What is in a failure's text says which.
      expect(typeof d === 'number' && d < 2e-3 ? 'equal' : `${JSON.stringify(nesting)}: ${d}`).toBe('equal');
    }
  }
});
