import { type Array, grad, jit, numpy as np, ParamState, prng, scipy } from 'xlastate';
import type { Case } from '../protocol';
import { compiledStep, sgdStep } from './sgd';
import { DEEP_LAYERS, DEEP_WIDTH, MLPS } from './sizes';

interface Layer {
  weight: ParamState;
  bias: ParamState;
}

/** A model's states, a training step that is not compiled yet, and its arguments. */
function makeStep(name: keyof typeof MLPS, batch: number = MLPS[name].batch) {
  const { widths } = MLPS[name];
  const keys = [...prng.split(prng.PRNGKey(0), widths.length + 1)];
  const x = prng.normal(keys[0]!, [batch, widths[0]!]);
  const labels = prng.randint(keys[1]!, [batch], 0, widths.at(-1)!);
  const layers = widths.slice(1).map((n, i): Layer => ({
    weight: new ParamState(np.multiply(prng.normal(keys[i + 2]!, [widths[i]!, n]), Math.sqrt(2 / widths[i]!))),
    bias: new ParamState(np.zeros([n], { dtype: 'float32' })),
  }));
  const states = Object.fromEntries(layers.flatMap((l, i) => [[`weight${i}`, l.weight], [`bias${i}`, l.bias]])) as Record<string, ParamState>;

  const model = (input: Array): Array => layers.reduce((h, { weight, bias }, i) => {
    const y = np.add(np.matmul(h, weight.value), bias.value);
    return i < layers.length - 1 ? np.maximum(y, 0) : y;
  }, input);
  const loss = (input: Array, classes: Array): Array => {
    const logits = model(input);
    const chosen = np.squeeze(np.takeAlongAxis(logits, np.expandDims(classes, 1), 1), 1);
    const logSum = scipy.special.logsumexp(logits, { axis: 1 });
    return np.mean(np.subtract(logSum, chosen));
  };
  return { states: Object.values(states), step: sgdStep(states, loss), x, labels };
}

/** A compiled training step: loss, gradients, new weights. */
export const training = (name: keyof typeof MLPS, batch?: number): Case => () => {
  const { states, step, x, labels } = makeStep(name, batch);
  return compiledStep(states, step, x, labels);
};

/** From the training step to its StableHLO. */
export const traceLowerMlp: Case = () => {
  const { step, x, labels } = makeStep('mlp_step');
  return () => jit((a: Array, b: Array) => step(a, b)).lower(x, labels).asText();
};

/** From the gradient of a net of many narrow layers to its StableHLO. */
export const traceLowerDeep = (n: number = DEEP_LAYERS): Case => () => {
  const keys = [...prng.split(prng.PRNGKey(0), n + 1)];
  const x = prng.normal(keys[0]!, [8, DEEP_WIDTH]);
  const states = Object.fromEntries(globalThis.Array.from({ length: n }, (_, i) => i).map((i) => [`w${i}`, new ParamState(np.divide(prng.normal(keys[i + 1]!, [DEEP_WIDTH, DEEP_WIDTH]), Math.sqrt(DEEP_WIDTH)))]));
  return () => {
    const loss = (input: Array) => np.sum(Object.values(states).reduce((h, s) => np.tanh(np.matmul(h, s.value)), input));
    return jit(grad(loss, { gradStates: states })).lower(x).asText();
  };
};
