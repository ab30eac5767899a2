// Parameter surgery: a new head on a trained body, freezing, tied weights. `npm run example examples/surgery.ts`, or with `-- --small`.
import { type FlatStates, grad, graph, jit, metric, nn, numpy as np, optim, ParamState, random } from 'xlastate';
import { type Digits, loadDigits } from './data/digits';

const small = process.argv.includes('--small');
const { train, test } = loadDigits(small ? { train: 1500, test: 600 } : { train: 20_000 });

/** Pictures of the digits from `low` on, five kinds, numbered from 0. */
function five({ images, labels }: Digits, low: number): [np.Array, np.Array] {
  const rows = [...labels.keys()].filter((i) => labels[i]! >= low && labels[i]! < low + 5);
  const pictures = np.array(images).reshape([-1, 784]);
  return [np.take(pictures, np.array(Int32Array.from(rows)), { axis: 0 }), np.array(Int32Array.from(rows, (i) => labels[i]! - low))];
}

class Net extends nn.Module {
  body = new nn.Sequential(new nn.Linear(784, 64), nn.relu, new nn.Linear(64, 32), nn.relu);
  head: nn.Linear;
  constructor(outs: number) {
    super();
    this.head = new nn.Linear(32, outs);
  }
  override call(x: np.Array): np.Array {
    return this.head.call(this.body.call(x));
  }
}

/** Trains some of the states of a net; the others stay as they are. Gives the accuracy on test pictures. */
function trained(net: Net, states: FlatStates, low: number, steps: number): number {
  const [[x, y], [testX, testY]] = [five(train, low), five(test, low)];
  const optimizer = new optim.Adam({ lr: small ? 0.01 : 3e-3 });
  optimizer.registerTrainableWeights(states);
  const step = jit(() => {
    const rows = random.randint(0, { high: x.shape[0], size: [100] });
    const loss = () => np.mean(metric.softmaxCrossEntropyWithIntegerLabels(net.call(np.take(x, rows, { axis: 0 })), np.take(y, rows)));
    optimizer.update(grad(loss, { gradStates: states })());
  });
  for (let i = 0; i < steps; i++) step();
  return np.mean(np.argmax(net.call(testX), -1).equal(testY)).item() as number;
}

random.seed(0);
const steps = small ? 120 : 600;
const net = new Net(5);
const old = trained(net, net.states(ParamState), 0, steps);

// Taken apart: what the net is, and values of its states; put together with a part of it replaced.
const [definition, values] = graph.treefySplit(net);
const copy = graph.treefyMerge(definition, values) as Net;
copy.head = new nn.Linear(32, 5, { wInit: new nn.init.XavierNormal() });
// Frozen is what the optimiser does not get: here all but the head.
const head = copy.head.states(ParamState);
const fresh = trained(copy, head, 5, steps);
const frozen = np.arrayEqual((net.body.at(0) as nn.Linear).weight.value.weight, (copy.body.at(0) as nn.Linear).weight.value.weight).item();

// Values move between models by path.
const another = new Net(5);
const [unexpected, missing] = nn.assignStateValues(another, copy.states(ParamState).filter((path) => path[0] === 'body').toDictValues());

// Tied weights are one state in two places: it counts once, gets the sum of both places' gradients, and copies keep it tied.
class Scores extends nn.Module {
  constructor(public weight: ParamState) {
    super();
  }
  override call(x: np.Array): np.Array {
    return np.matmul(x, this.weight.value.T);
  }
}
class Tied extends nn.Module {
  embed = new nn.Embedding(50, 16);
  scores = new Scores(this.embed.weight);
  override call(tokens: np.Array): np.Array {
    return this.scores.call(np.tanh(this.embed.call(tokens)));
  }
}
const tied = graph.clone(new Tied());
const apart = graph.clone(tied);
apart.scores.weight = new ParamState(tied.embed.weight.value);
const tokens = np.array([3, 1, 4, 1, 5], { dtype: 'int32' });
const gradients = (m: Tied) => grad(() => np.mean(metric.softmaxCrossEntropyWithIntegerLabels(m.call(tokens), tokens)), { gradStates: m.states(ParamState) })().values() as np.Array[];
const [together, ...more] = gradients(tied);
const sum = gradients(apart).reduce((a, b) => a.add(b));
const isTied = more.length === 0 && np.allclose(together!, sum, { atol: 1e-6 }).item();

console.log(`surgery: digits 0 to 4: ${(100 * old).toFixed(1)} %; digits 5 to 9 with a new head on the frozen body: ${(100 * fresh).toFixed(1)} %; body unchanged: ${frozen}`);
console.log(`surgery: states moved by path: ${unexpected.length} unexpected, missing ${missing.map((path) => path.join('.')).join(', ')}`);
console.log(`surgery: tied weights are ${tied.states(ParamState).size} state, whose gradient is the sum of both: ${isTied}`);
if (!(old > 0.8 && fresh > 0.5) || !frozen || !isTied || missing.join() !== 'head,weight') process.exitCode = 1;
