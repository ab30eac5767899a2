// Two spirals, by a trainer with early stopping, checkpoints and logs: `npm run example examples/trainer.ts`, or with `-- --small`.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { metric, nn, numpy as np, optim, prng, random, trainer } from 'xlastate';

const epochs = process.argv.includes('--small') ? 15 : 60;
const out = mkdtempSync(join(tmpdir(), 'xlastate-trainer-'));

/** Points (n, 2) of two spirals, and which of them each is of. */
function spirals(n: number, key: np.Array): [np.Array, np.Array] {
  const [ka, kn] = prng.split(key) as unknown as [np.Array, np.Array];
  const label = np.arange(n, { dtype: 'int32' }).mod(2);
  const angle = np.sqrt(prng.uniform(ka, [n])).mul(3 * Math.PI);
  const turned = angle.add(label.mul(Math.PI));
  const points = np.stack([np.cos(turned).mul(angle), np.sin(turned).mul(angle)], { axis: 1 }).div(3 * Math.PI);
  return [points.add(prng.normal(kn, [n, 2]).mul(0.015)), label];
}

class Classifier extends trainer.TrainModule {
  net = new nn.Sequential(new nn.Linear(2, 64), nn.tanh, new nn.Linear(64, 64), nn.tanh, new nn.Linear(64, 2));

  override call(x: np.Array): np.Array {
    return this.net.call(x);
  }

  override trainingStep([x, y]: np.Array[]): np.Array {
    return np.mean(metric.softmaxCrossEntropyWithIntegerLabels(this.call(x!), y!));
  }

  override validationStep([x, y]: np.Array[]): Record<string, np.Array> {
    const scores = this.call(x!);
    return { loss: np.mean(metric.softmaxCrossEntropyWithIntegerLabels(scores, y!)), accuracy: np.mean(np.argmax(scores, 1).equal(y!)) };
  }

  override configureOptimizers(): trainer.OptimizerConfig {
    return new optim.Adam({ lr: 1e-2 });
  }
}

async function main(): Promise<void> {
  random.seed(0);
  const [train, validation, test] = trainer.split(new trainer.ArrayDataset(...spirals(1500, prng.PRNGKey(0))), [1000, 250, 250], { seed: 0 });
  const checkpoints = new trainer.ModelCheckpoint({ monitor: 'val_loss', saveTopK: 2 });
  const t = new trainer.Trainer({
    maxEpochs: epochs, defaultRootDir: out, gradientClipVal: 1, callbacks: [new trainer.EarlyStopping({ patience: 15 }), checkpoints],
    logger: [new trainer.CSVLogger(out), new trainer.TensorBoardLogger(out)],
  });
  const model = new Classifier();
  await t.fit(model, new trainer.DataLoader(train!, { batchSize: 50, shuffle: true, seed: 0 }), { valDataloaders: new trainer.DataLoader(validation!, { batchSize: 250 }) });
  const result = await t.test(model, new trainer.DataLoader(test!, { batchSize: 250 }), { ckptPath: checkpoints.bestModelPath! });
  console.log(`trainer: ${t.currentEpoch + 1} epochs, ${t.globalStep} steps; the best model's validation loss is ${checkpoints.bestScore!.toFixed(4)}`);
  console.log(`trainer: ${(result.test_accuracy! * 100).toFixed(1)} % of the test points are recognised; logs and checkpoints in ${out}`);
  if (!(result.test_accuracy! > (epochs < 60 ? 0.6 : 0.95))) process.exitCode = 1;
}

void main();
