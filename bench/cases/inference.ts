import { type Array, jit, nn, numpy as np } from 'xlastate';
import { inferenceData, type ModelName, type Tensor } from '../inferenceData';
import type { Case } from '../protocol';
import { Block, cnn } from './models';
import { MLPS } from './sizes';

const onDevice = ({ data, shape }: Tensor): Array => np.reshape(np.array(data), [...shape]);

/** A net with the weights that all frameworks have. */
function model(name: ModelName, weights: Readonly<Record<string, Tensor>>): nn.Module {
  const of = (kind: string, layer: string | number) => onDevice(weights[`${kind}${layer}`]!);
  const dense = (layer: nn.Linear, i: string | number) => {
    layer.weight.value = { weight: of('kernel', i), bias: of('bias', i) };
  };
  if (name === 'mlp') {
    const [a, b, c, d] = MLPS.mlp_step.widths;
    const layers = [new nn.Linear(a, b), new nn.Linear(b, c), new nn.Linear(c, d)] as const;
    layers.forEach(dense);
    return new nn.Sequential(layers[0], new nn.ReLU(), layers[1], new nn.ReLU(), layers[2]);
  }
  if (name === 'cnn') {
    const net = cnn();
    const layers = net.layers.filter((layer): layer is nn.Conv2d | nn.Linear => layer instanceof nn.Conv2d || layer instanceof nn.Linear);
    layers.forEach((layer, i) => {
      const bias = of('bias', i);
      layer.weight.value = { weight: of('kernel', i), bias: layer instanceof nn.Linear ? bias : np.reshape(bias, [1, 1, -1]) };
    });
    return net;
  }
  const block = new Block();
  for (const part of ['query', 'key', 'value', 'out'] as const) dense(block.attention[part], `_${part}`);
  for (const part of ['up', 'down'] as const) dense(block[part], `_${part}`);
  for (const part of ['norm1', 'norm2'] as const) block[part].weight!.value = { scale: np.expandDims(of('scale_', part), 0), bias: np.expandDims(of('bias_', part), 0) };
  return block;
}

/** A compiled forward pass. */
export const inference = (name: ModelName, batch: number): Case => () => {
  const { input, weights } = inferenceData(name, batch);
  const net = model(name, weights);
  const x = onDevice(input);
  const forward = jit((v: Array) => net.call(v) as Array);
  return () => forward(x).blockUntilReady();
};
