// Stops in the middle of training and goes on in what might be another process, with the same losses: `npm run example examples/resume.ts`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environ, file, grad, graph, jit, nn, numpy as np, optim, ParamState, random } from 'xlastate';

const small = process.argv.includes('--small');
const [steps, every] = small ? [12, 4] : [200, 20];

/** Everything that a run consists of, made anew as at the start of a program. */
function newRun() {
  random.seed(0);
  const model = new nn.Sequential(new nn.Linear(4, 32), nn.relu, new nn.Dropout(0.8), new nn.Linear(32, 1));
  const params = model.states(ParamState);
  const optimizer = new optim.Adam({ lr: new optim.StepLR({ baseLr: 0.01, stepSize: 5, gamma: 0.9 }) });
  optimizer.registerTrainableWeights(params);
  const step = jit(() => environ.context({ fit: true }, () => {
    const x = random.normal({ size: [32, 4] });
    const loss = () => np.mean(np.square((model.call(x) as np.Array).slice([], 0).sub(np.sum(np.square(x), 1))));
    const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
    optimizer.update(grads);
    optimizer.lrScheduler.step();
    return value;
  }));
  // The optimiser's moments, counts and rates are states, and the random key is one.
  return { step, everything: { model: graph.states(model), optimizer: graph.states(optimizer), random: random.DEFAULT } };
}

const folder = mkdtempSync(join(tmpdir(), 'resume-'));
const losses: number[] = [];
const first = newRun();
const checkpoints = new file.CheckpointManager(folder, { maxToKeep: 2, bestMetric: 'loss' });
for (let i = 1; i <= steps; i++) {
  losses.push(first.step().item() as number);
  if (i % every === 0 && i < steps) checkpoints.save(i, first.everything, { loss: losses.at(-1)! });
}

const second = newRun();
const start = new file.CheckpointManager(folder).resume({ target: second.everything }) ?? 0;
const again: number[] = [];
for (let i = start + 1; i <= steps; i++) again.push(second.step().item() as number);

const before = losses.slice(start);
for (const [i, loss] of again.entries()) if (i % (every / 4) === 0) console.log(`resume: step ${start + i + 1}: loss ${before[i]!.toFixed(6)} without a stop, ${loss.toFixed(6)} after one`);
const same = start > 0 && again.length > 0 && again.every((loss, i) => loss === before[i]);
console.log(`resume: from step ${start} of ${steps} the losses are ${same ? 'equal to the last bit' : 'NOT equal'}`);
rmSync(folder, { recursive: true });
if (!same) process.exitCode = 1;
