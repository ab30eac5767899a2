// Losses of some steps of training, and how many weights its program copies.
import { type Array, grad, jit, numpy as np, optim, ParamState, pjrt, prng } from '../../../lib';

const [k1, k2, k3, k4] = [...prng.split(prng.PRNGKey(0), 4)] as [Array, Array, Array, Array];
const x = prng.normal(k1, [64, 96]);
const y = prng.normal(k2, [64, 32]);
const weights = { a: new ParamState(prng.normal(k3, [96, 128]).mul(0.1)), b: new ParamState(prng.normal(k4, [128, 32]).mul(0.1)) };
const optimizer = new optim.SGD({ lr: 0.05 });
optimizer.registerTrainableWeights(weights);
const step = jit((u: Array, v: Array) => {
  const loss = () => np.mean(np.square(np.matmul(np.tanh(np.matmul(u, weights.a.value)), weights.b.value).sub(v)).sum(1));
  const [grads, value] = grad(loss, { gradStates: weights, returnValue: true })() as [never, Array];
  optimizer.update(grads);
  return value;
});
const losses = globalThis.Array.from({ length: 30 }, () => step(x, y).item() as number);
const hlo = step.lower(x, y).compile().asText();
const entry = hlo.slice(hlo.indexOf('ENTRY'));
console.log(JSON.stringify({ blas: pjrt.defaultClient().hasProducts, copies: (entry.match(/f32\[(96,128|128,32)\][^=]* copy\(/g) ?? []).length, losses }));
