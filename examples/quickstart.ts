// Trains a line and a classifier of handwritten digits: `npm run quickstart`. About a minute on two cores.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { environ, file, grad, jit, nn, numpy as np, optim, ParamState, prng, random } from 'xlastate';
import { loadDigits } from './data/digits';
import { saveCurves } from './support/curve';
import { Progress } from './support/progress';

const out = process.env.QUICKSTART_OUT ?? join(process.cwd(), 'build', 'quickstart');
mkdirSync(out, { recursive: true });

/** y = 3 x + 1 from 64 noisy points, by gradient descent. */
function regression(): void {
  const [kx, ky, kw] = prng.split(prng.PRNGKey(0), 3);
  const x = prng.uniform(kx!, [64, 1], { minval: -1, maxval: 1 });
  const y = x.mul(3).add(1).add(prng.normal(ky!, [64, 1]).mul(0.1));
  const weight = new ParamState(prng.normal(kw!, [1, 1]));
  const bias = new ParamState(np.zeros([1]));
  const params = { weight, bias };
  const optimizer = new optim.SGD({ lr: 0.1 });
  optimizer.registerTrainableWeights(params);
  const trainStep = jit(() => {
    const loss = () => np.mean(np.square(np.matmul(x, weight.value).add(bias.value).sub(y)));
    const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
    optimizer.update(grads);
    return value;
  });
  for (let step = 0; step < 200; step++) {
    const loss = trainStep();
    if (step % 40 === 0) console.log(`regression, step ${String(step).padStart(3)}: loss ${(loss.item() as number).toFixed(4)}`);
  }
  console.log(`regression: y = ${(weight.value.item() as number).toFixed(3)} x + ${(bias.value.item() as number).toFixed(3)}\n`);
}

class Classifier extends nn.Module {
  l1 = new nn.Linear(784, 512);
  l2 = new nn.Linear(512, 256);
  l3 = new nn.Linear(256, 10);
  dropout = new nn.Dropout(0.8);

  override call(x: np.Array): np.Array {
    const h1 = this.dropout.call(nn.relu(this.l1.call(x)));
    const h2 = this.dropout.call(nn.relu(this.l2.call(h1)));
    return this.l3.call(h2);
  }
}

async function digits(): Promise<void> {
  const { train, test } = loadDigits();
  const [images, labels] = [np.array(train.images).reshape([train.size, 784]), np.array(train.labels)];
  const [testImages, testLabels] = [np.array(test.images).reshape([test.size, 784]), np.array(test.labels)];
  console.log(`digits: ${train.size} pictures to train with, ${test.size} to test with`);

  random.seed(0);
  const model = new Classifier();
  const params = model.states(ParamState);
  const [batch, epochs] = [128, 6];
  const perEpoch = Math.floor(train.size / batch);
  const optimizer = new optim.Adam({ lr: 1e-3 });
  optimizer.registerTrainableWeights(params);

  // The pictures stay on the device; a step takes its part of a permutation of them.
  const trainStep = jit((order, step) => environ.context({ fit: true }, () => {
    const rows = np.take(order, np.arange(batch).add(step.mul(batch)));
    const [x, y] = [np.take(images, rows, { axis: 0 }), np.take(labels, rows)];
    const loss = () => np.sum(nn.oneHot(y, 10).mul(nn.logSoftmax(model.call(x)))).div(-batch);
    const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
    optimizer.update(grads);
    return value;
  }));
  const accuracy = jit((x, y) => np.mean(np.argmax(model.call(x), 1).equal(y)));

  const curve: { name: string; x: number[]; y: number[] } = { name: 'training loss', x: [], y: [] };
  const progress = new Progress('digits', epochs * perEpoch);
  for (let epoch = 0; epoch < epochs; epoch++) {
    optimizer.currentLr = 1e-3 * 0.7 ** epoch;
    const order = random.permutation(train.size);
    for (let i = 0; i < perEpoch; i++) {
      const loss = trainStep(order, i);
      const step = epoch * perEpoch + i + 1;
      if (step % 20 === 0) {
        // Awaiting the value lets the event loop run while the device works.
        const value = Number((await loss.data())[0]);
        curve.x.push(step);
        curve.y.push(value);
        progress.update(step, { loss: value });
      }
    }
  }
  progress.update(epochs * perEpoch, { loss: curve.y.at(-1)! });
  progress.done();

  const reached = environ.context({ fit: false }, () => accuracy(testImages, testLabels).item() as number);
  console.log(`digits: ${(reached * 100).toFixed(2)} % of the test pictures are recognised`);

  const picture = join(out, 'loss.svg');
  await saveCurves(picture, [curve], { title: 'Handwritten digits', log: true });
  const checkpoint = join(out, 'digits.msgpack');
  await file.msgpackSaveAsync(checkpoint, params);
  const restored = new Classifier();
  file.msgpackLoad(checkpoint, { target: restored.states(ParamState) });
  const same = environ.context({ fit: false }, () => np.arrayEqual(restored.call(testImages), model.call(testImages)).item());
  console.log(`digits: loss curve in ${picture}, checkpoint in ${checkpoint}, which gives ${same ? 'the same' : 'OTHER'} predictions when loaded`);
  if (reached < 0.97 || !same) process.exitCode = 1;
}

regression();
void digits();
