// A GRU that remembers: it adds the two marked numbers of a sequence. `npm run example examples/sequence.ts`, or with `-- --small`.
import { forLoop, grad, jit, nn, numpy as np, optim, ParamState, random } from 'xlastate';

const small = process.argv.includes('--small');
const [length, steps, rounds] = small ? [6, 100, 4] : [20, 200, 10];
const [batch, hidden] = [64, 32];

class Adder extends nn.Module {
  cell = new nn.GRUCell(2, hidden);
  out = new nn.Linear(hidden, 1);

  /** Sequences [length, batch, 2] to sums [batch]. */
  override call(xs: np.Array): np.Array {
    nn.resetAllStates(this, xs.shape[1]); // the hidden state is a state like any other
    const hs = forLoop((x: np.Array) => this.cell.call(x), xs) as np.Array;
    return this.out.call(hs.slice(-1)).slice([], 0);
  }
}

/** Numbers between 0 and 1, of which one in each half is marked, and the sum of these two. */
function sequences(): [np.Array, np.Array] {
  const numbers = random.rand(length, batch);
  const place = np.arange(length).reshape([length, 1]);
  const half = length / 2;
  const [first, second] = [random.randint(0, { high: half, size: [batch] }), random.randint(half, { high: length, size: [batch] })];
  const marked = np.logicalOr(place.equal(first), place.equal(second)).astype('float32');
  return [np.stack([numbers, marked], { axis: -1 }), np.sum(numbers.mul(marked), 0)];
}

random.seed(0);
const model = nn.initAllStates(new Adder(), batch);
const params = model.states(ParamState);
const optimizer = new optim.Adam({ lr: 5e-3, gradClipNorm: 1 });
optimizer.registerTrainableWeights(params);

// Fresh sequences at each step, made on the device; a round of steps is one program.
const round = jit(() => np.mean(forLoop(() => {
  const [xs, sums] = sequences();
  const [grads, value] = grad(() => np.mean(np.square(model.call(xs).sub(sums))), { gradStates: params, returnValue: true })();
  optimizer.update(grads);
  return value;
}, np.arange(steps))));

for (let i = 1; i <= rounds; i++) {
  const loss = round().item() as number;
  console.log(`sequence: step ${i * steps}, mean squared error ${loss.toFixed(5)}`);
}
const [xs, sums] = sequences();
const error = np.mean(np.square(model.call(xs).sub(sums))).item() as number;
console.log(`sequence: error on new sequences of ${length}: ${error.toFixed(5)}; always answering 1 has ${(1 / 6).toFixed(5)}`);
if (!(error < (small ? 0.05 : 0.01))) process.exitCode = 1;
