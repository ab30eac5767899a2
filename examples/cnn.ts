// Trains a convolutional network on handwritten digits: `npm run example examples/cnn.ts`, or with `-- --small` a few seconds' worth of it.
import { environ, grad, jit, metric, nn, numpy as np, optim, ParamState, random } from 'xlastate';
import { loadDigits } from './data/digits';

const small = process.argv.includes('--small');
const [batch, epochs] = small ? [50, 4] : [100, 4];

class ConvNet extends nn.Module {
  c1 = new nn.Conv2d([28, 28, 1], 16, 3, { stride: 2 });
  n1 = new nn.BatchNorm2d([14, 14, 16], { momentum: 0.9 });
  c2 = new nn.Conv2d([14, 14, 16], 32, 3, { stride: 2 });
  n2 = new nn.BatchNorm2d([7, 7, 32], { momentum: 0.9 });
  dropout = new nn.Dropout(0.7); // keeps 70 %
  out = new nn.Linear(7 * 7 * 32, 10);

  override call(x: np.Array): np.Array {
    const h1 = nn.relu(this.n1.call(this.c1.call(x)));
    const h2 = nn.relu(this.n2.call(this.c2.call(h1)));
    return this.out.call(this.dropout.call(h2.reshape([-1, 7 * 7 * 32])));
  }
}

const { train, test } = loadDigits(small ? { train: 2000, test: 500 } : { train: 20_000 });
const [images, labels] = [np.array(train.images).reshape([train.size, 28, 28, 1]), np.array(train.labels)];
const [testImages, testLabels] = [np.array(test.images).reshape([test.size, 28, 28, 1]), np.array(test.labels)];

random.seed(0);
const model = new ConvNet();
const params = model.states(ParamState);
const optimizer = new optim.Adam({ lr: 2e-3 });
optimizer.registerTrainableWeights(params);

// `fit` is what dropout and batch normalisation look at. The pictures stay on the device; a step takes its part of a permutation of them.
const trainStep = jit((order: np.Array, step: np.Array) => environ.context({ fit: true }, () => {
  const rows = np.take(order, np.arange(batch).add(step.mul(batch)));
  const [x, y] = [np.take(images, rows, { axis: 0 }), np.take(labels, rows)];
  const loss = () => np.mean(metric.softmaxCrossEntropyWithIntegerLabels(model.call(x), y));
  const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
  optimizer.update(grads);
  return value;
}));
const accuracy = jit(() => environ.context({ fit: false }, () => np.mean(np.argmax(model.call(testImages), 1).equal(testLabels))));

nn.countParameters(model); // prints a table
for (let epoch = 1; epoch <= epochs; epoch++) {
  const order = random.permutation(train.size);
  const losses = Array.from({ length: train.size / batch }, (_, step) => trainStep(order, step));
  console.log(`cnn: epoch ${epoch}, loss ${(np.mean(np.stack(losses)).item() as number).toFixed(4)}`);
}
const reached = accuracy().item() as number;
console.log(`cnn: ${(100 * reached).toFixed(1)} % of ${test.size} test pictures are recognised`);
if (!(reached > (small ? 0.85 : 0.97))) process.exitCode = 1;
