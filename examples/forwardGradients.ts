// Trains without a backward pass: a random direction times the derivative along it is the gradient on average. `npm run example examples/forwardGradients.ts`
import { grad, jit, nn, numpy as np, optim, ParamState, random, transform, tree } from 'xlastate';

const small = process.argv.includes('--small');
const steps = small ? 200 : 2000;

random.seed(1);
const x = np.linspace(-2, 2, { num: 128 }).reshape([128, 1]);
const y = np.sin(x.mul(2));

class Net extends nn.Module {
  l1 = new nn.Linear(1, 16);
  l2 = new nn.Linear(16, 1);
  override call(input: np.Array): np.Array {
    return this.l2.call(np.tanh(this.l1.call(input)));
  }
}

function train(name: string, direction: typeof grad | typeof transform.fwdGrad, options: { tangentSize?: number }): number {
  random.seed(2);
  const net = new Net();
  const params = net.states(ParamState);
  const optimizer = new optim.Adam({ lr: 0.01 });
  optimizer.registerTrainableWeights(params);
  const step = jit(() => {
    const loss = () => np.mean(np.square(net.call(x).sub(y)));
    const [grads, value] = direction(loss, { gradStates: params, returnValue: true, ...options })();
    optimizer.update(grads);
    return value;
  });
  const first = step().item() as number;
  let last = first;
  for (let i = 1; i < steps; i++) last = step().item() as number;
  console.log(`forward gradients: ${name}: loss ${first.toFixed(4)} -> ${last.toFixed(4)}`);
  return last / first;
}

// The mean of many estimates is the gradient.
const net = new Net();
const params = net.states(ParamState);
const loss = () => np.mean(np.square(net.call(x).sub(y)));
const exact = grad(loss, { gradStates: params })();
for (const tangentSize of [1, 16, 256]) {
  const estimate = transform.fwdGrad(loss, { gradStates: params, tangentSize, key: 3 })();
  const [a, b] = [exact, estimate].map((g) => np.concatenate(tree.leaves(g).map((leaf) => np.ravel(leaf as np.Array))));
  const cosine = np.dot(a!, b!).div(np.linalg.norm(a!).mul(np.linalg.norm(b!)));
  console.log(`forward gradients: cosine of ${tangentSize} directions' mean with the gradient: ${(cosine.item() as number).toFixed(3)}`);
}
const ratio = train('8 directions a step', transform.fwdGrad, { tangentSize: 8 });
train('backward pass', grad, {});
console.log(`forward gradients: the loss fell to ${(100 * ratio).toFixed(1)} %`);
if (!(ratio < 0.6)) process.exitCode = 1;
