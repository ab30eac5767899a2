import { type Array, blockUntilReady, forLoop, grad, init, jit, metric, nn, numpy as np, ParamState, prng } from 'xlastate';
import type { Case } from '../protocol';
import { compiledStep, sgdStep } from './sgd';
import { BLOCK, CNN, GRU } from './sizes';

const zeros = new init.ZeroInit();

/** Two convolutions with pooling, and two dense layers. */
export function cnn(): nn.Sequential {
  const { size, filters, dense, classes } = CNN;
  const [a, b] = filters;
  return new nn.Sequential(
    new nn.Conv2d([size, size, 1], a, 3, { bInit: zeros }), new nn.ReLU(), new nn.MaxPool2d(2),
    new nn.Conv2d([size / 2, size / 2, a], b, 3, { bInit: zeros }), new nn.ReLU(), new nn.MaxPool2d(2),
    new nn.Flatten({ startAxis: 1 }), new nn.Linear((size / 4) ** 2 * b, dense), new nn.ReLU(), new nn.Linear(dense, classes),
  );
}

/** A transformer's block, normalised before attention and before the dense layers. */
export class Block extends nn.Module {
  readonly norm1 = new nn.LayerNorm([BLOCK.tokens, BLOCK.width]);
  readonly attention = new nn.MultiHeadAttention(BLOCK.width, BLOCK.heads);
  readonly norm2 = new nn.LayerNorm([BLOCK.tokens, BLOCK.width]);
  readonly up = new nn.Linear(BLOCK.width, BLOCK.hidden);
  readonly down = new nn.Linear(BLOCK.hidden, BLOCK.width);

  override call(x: Array): Array {
    const h = np.add(x, this.attention.call(this.norm1.call(x)));
    return np.add(h, this.down.call(nn.gelu(this.up.call(this.norm2.call(h)))));
  }
}

/** Pictures and labels. */
export function pictures(batch: number): [Array, Array] {
  const { size, classes } = CNN;
  const [k1, k2] = prng.split(prng.PRNGKey(1)) as unknown as [Array, Array];
  return [prng.normal(k1, [batch, size, size, 1]), prng.randint(k2, [batch], 0, classes)];
}

/** Sequences of tokens, and what they are to become. */
export function sequences(batch: number): [Array, Array] {
  const [k1, k2] = prng.split(prng.PRNGKey(1)) as unknown as [Array, Array];
  const shape = [batch, BLOCK.tokens, BLOCK.width];
  return [prng.normal(k1, shape), prng.normal(k2, shape)];
}

/** A compiled step of SGD. */
function training(model: nn.Module, loss: (x: Array, y: Array) => Array, x: Array, y: Array): () => unknown {
  const states = model.states(ParamState);
  return compiledStep(states.values(), sgdStep(states, loss), x, y);
}

export const cnnStep: Case = () => {
  const model = cnn();
  return training(model, (x, y) => np.mean(metric.softmaxCrossEntropyWithIntegerLabels(model.call(x) as Array, y)), ...pictures(CNN.batch));
};

export const blockStep: Case = () => {
  const model = new Block();
  return training(model, (x, y) => np.mean(np.square(np.subtract(model.call(x), y))), ...sequences(BLOCK.batch));
};

/** The gradients of a recurrent net by its weights. */
export const gruGrad: Case = () => {
  const { steps, batch, width } = GRU;
  const cell = new nn.GRUCell(width, width);
  cell.initState(batch);
  const states = cell.states(ParamState);
  const xs = prng.normal(prng.PRNGKey(1), [steps, batch, width]);
  const compiled = jit((inputs: Array) => grad(() => {
    cell.resetState(batch);
    return np.mean(np.square(forLoop((x: Array) => cell.call(x), inputs) as Array));
  }, { gradStates: states })());
  return () => blockUntilReady(compiled(xs));
};
