// A variational autoencoder of handwritten digits: `npm run example examples/vae.ts`, or with `-- --small`.
import { forLoop, grad, jit, metric, nn, numpy as np, optim, ParamState, random } from 'xlastate';
import { loadDigits } from './data/digits';

const small = process.argv.includes('--small');
const [count, batch, epochs, hidden, latent] = small ? [1000, 50, 5, 64, 4] : [20_000, 100, 15, 256, 8];

class VAE extends nn.Module {
  encoder = new nn.Sequential(new nn.Linear(784, hidden), nn.relu, new nn.Linear(hidden, 2 * latent));
  decoder = new nn.Sequential(new nn.Linear(latent, hidden), nn.relu, new nn.Linear(hidden, 784));

  /** Mean and logarithm of the variance of the code of pictures [batch, 784]. */
  encode(x: np.Array): [np.Array, np.Array] {
    return np.split(this.encoder.call(x), 2, { axis: -1 }) as [np.Array, np.Array];
  }

  /** The bound on −log p(x) of each picture, in two parts: error of reconstruction, and distance of the code's distribution from the normal one. */
  bound(x: np.Array): [np.Array, np.Array] {
    const [mean, logVariance] = this.encode(x);
    const code = mean.add(np.exp(logVariance.mul(0.5)).mul(random.normal({ size: mean.shape })));
    const error = np.sum(metric.sigmoidBinaryCrossEntropy(this.decoder.call(code), x), -1);
    const distance = np.sum(np.exp(logVariance).add(np.square(mean)).sub(1).sub(logVariance), -1).mul(0.5);
    return [error, distance];
  }
}

random.seed(0);
const { train, test } = loadDigits({ train: count, test: small ? 200 : 2000 });
const images = np.array(train.images).reshape([train.size, 784]);
const testImages = np.array(test.images).reshape([test.size, 784]);
const model = new VAE();
const params = model.states(ParamState);
const optimizer = new optim.Adam({ lr: small ? 3e-3 : 1e-3 });
optimizer.registerTrainableWeights(params);

const trainEpoch = jit((order: np.Array) => np.mean(forLoop((rows: np.Array) => {
  const loss = () => {
    const [error, distance] = model.bound(np.take(images, rows, { axis: 0 }));
    return np.mean(error.add(distance));
  };
  const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
  optimizer.update(grads);
  return value;
}, order.reshape([-1, batch]))));
const evaluate = jit(() => model.bound(testImages).map((part) => np.mean(part)));
const bound = () => evaluate().map((part) => part.item() as number) as [number, number];

const [e0, d0] = bound();
for (let epoch = 1; epoch <= epochs; epoch++) console.log(`vae: epoch ${epoch}, bound ${(trainEpoch(random.permutation(count)).item() as number).toFixed(2)}`);

/** Pictures beside each other, in characters. */
function draw(pictures: np.Array): string {
  const rows = pictures.reshape([-1, 28, 28]).slice([], [2, 26, 2]).js() as number[][][];
  return rows[0]!.map((_, y) => rows.map((picture) => picture[y]!.map((v) => ' .:*#'[Math.min(4, Math.floor(v * 5))]).join('')).join('')).join('\n');
}
const [mean] = model.encode(testImages.slice([0, 4]));
console.log(`vae: four digits, what the model makes of them, and new ones\n${[testImages.slice([0, 4]), nn.sigmoid(model.decoder.call(mean)), nn.sigmoid(model.decoder.call(random.normal({ size: [4, latent] })))].map(draw).join('\n\n')}`);

const [error, distance] = bound();
console.log(`vae: bound on test pictures ${(e0 + d0).toFixed(1)} -> ${(error + distance).toFixed(1)} nats (reconstruction ${error.toFixed(1)}, distance ${distance.toFixed(1)})`);
if (!(error + distance < (small ? 240 : 125))) process.exitCode = 1;
