import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** Runs a program in a process of its own and gives the greatest resident memory it told, in MB. */
function greatest(source: string): number {
  const program = `
    const { grad, jit, numpy: np, optim, ParamState } = require('./lib/index.ts');
    let top = 0;
    const look = () => { top = Math.max(top, process.memoryUsage.rss()); };
    ${source}
    look();
    console.log(top / 2 ** 20);`;
  const r = spawnSync(process.execPath, ['-r', './test/support/register.js', '-e', program], { cwd: root, encoding: 'utf8' });
  if (r.status !== 0) throw new Error(r.stderr);
  return Number(r.stdout);
}

test('20,000 operations on arrays of 1 MB in a synchronous loop that disposes of nothing stay under 1 GB', () => {
  const mb = greatest(`
    const x = np.ones([512, 512]);
    let y = x;
    for (let i = 0; i < 20000; i++) {
      y = np.add(x, y);
      if (i % 500 === 0) look();
    }
    y.blockUntilReady();`);
  expect(mb).toBeLessThan(1000);
}, 120_000);

test('2,000 training steps that keep every loss hold no more than the losses', () => {
  const mb = greatest(`
    const w = new ParamState(np.ones([512, 512]));
    const optimizer = new optim.Adam({ lr: 1e-3 });
    optimizer.registerTrainableWeights({ w });
    const step = jit((x) => {
      const [g, loss] = grad(() => np.mean(np.square(np.matmul(x, w.value))), { gradStates: { w }, returnValue: true })();
      optimizer.update(g);
      return loss;
    });
    const x = np.ones([8, 512]);
    const losses = [];
    for (let i = 0; i < 2000; i++) {
      losses.push(step(x));
      if (i % 100 === 0) look();
    }
    losses.at(-1).item();`);
  expect(mb).toBeLessThan(700);
}, 120_000);
