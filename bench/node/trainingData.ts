// Inputs and weights of the training cases, for frameworks on Node: random numbers of the shapes and scales that the others have.
import { type Tensor, uniform } from '../inferenceData';
import { CNN, MLPS } from '../cases/sizes';

/** A dense layer's weight and bias, or a convolution's kernel [height, width, in, out] and bias. */
export type Layer = readonly [weight: Tensor, bias: Tensor];

export interface TrainingData {
  readonly x: Tensor;
  readonly labels: Int32Array;
  readonly classes: number;
  readonly kernels: readonly Layer[];
  readonly dense: readonly Layer[];
}

function layer(seed: number, shape: readonly number[]): Layer {
  const fanIn = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  return [uniform(seed, shape, Math.sqrt(6 / fanIn)), uniform(seed + 100, shape.slice(-1), 0)];
}

const labelsOf = (batch: number, classes: number) => Int32Array.from({ length: batch }, (_, i) => (i * 7) % classes);

export function mlpData(name: keyof typeof MLPS): TrainingData {
  const { batch, widths } = MLPS[name];
  const classes = widths.at(-1)!;
  const dense = widths.slice(1).map((n, i) => layer(i + 1, [widths[i]!, n]));
  return { x: uniform(0, [batch, widths[0]], Math.sqrt(3)), labels: labelsOf(batch, classes), classes, kernels: [], dense };
}

export function cnnData(): TrainingData {
  const { batch, size, filters: [a, b], dense, classes } = CNN;
  return {
    x: uniform(0, [batch, size, size, 1], Math.sqrt(3)), labels: labelsOf(batch, classes), classes,
    kernels: [layer(1, [3, 3, 1, a]), layer(2, [3, 3, a, b])], dense: [layer(3, [(size / 4) ** 2 * b, dense]), layer(4, [dense, classes])],
  };
}
