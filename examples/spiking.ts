// A network of spiking neurons tells two rhythms apart: `npm run example examples/spiking.ts`, or with `-- --small`.
import { environ, grad, jit, metric, nn, numpy as np, optim, ParamState, prng, random, scan, surrogate } from 'xlastate';

const steps = process.argv.includes('--small') ? 50 : 150;
const [time, inputs, hidden, batch] = [40, 20, 32, 64];

/** Leaky neurons that fire at 1 and are set back by it, driven by spikes; then leaky readouts. */
class Network extends nn.Module {
  l1 = new nn.Linear(inputs, hidden);
  l2 = new nn.Linear(hidden, 2);
  spike = new surrogate.ReluGrad();

  /** From spikes (time, batch, inputs) to scores (batch, 2), and the hidden neurons' mean rate. */
  override call(x: np.Array): [np.Array, np.Array] {
    const rest = [np.zeros([x.shape[1]!, hidden]), np.zeros([x.shape[1]!, 2]), np.array(0)];
    const [[, readout, fired]] = scan(([v, readout, fired], now: np.Array) => {
      const charged = v!.mul(0.9).add(this.l1.call(now) as np.Array);
      const s = this.spike.call(charged.sub(1));
      return [[charged.sub(s), readout!.mul(0.95).add(this.l2.call(s) as np.Array), fired!.add(np.mean(s))], null];
    }, rest, x) as [np.Array[], null];
    return [readout!.div(10), fired!.div(time)];
  }
}

/** Trains of spikes whose rates go up and down once (class 0) or twice (class 1), with any phase: rates alone do not tell them apart. */
const draw = jit((key: np.Array) => {
  const [kc, kp, ks] = prng.split(key, 3) as unknown as [np.Array, np.Array, np.Array];
  const label = prng.randint(kc, [batch], 0, 2);
  const phase = prng.uniform(kp, [batch], { maxval: 2 * Math.PI });
  const t = np.arange(time).reshape([time, 1, 1]).div(time).mul(2 * Math.PI);
  // Each input has a delay of its own.
  const delay = np.linspace(0, 2 * Math.PI, { num: inputs });
  const rate = np.sin(np.multiply(t, label.add(1).reshape([1, batch, 1])).add(phase.reshape([1, batch, 1])).add(delay)).add(1).mul(0.25);
  return [np.less(prng.uniform(ks, [time, batch, inputs]), rate).astype('float32'), label];
});

random.seed(0);
const model = new Network();
const params = model.states(ParamState);
const optimizer = new optim.Adam({ lr: 5e-3 });
optimizer.registerTrainableWeights(params);

const trainStep = jit((x: np.Array, y: np.Array) => {
  const loss = () => {
    const [scores] = model.call(x);
    return np.mean(metric.softmaxCrossEntropyWithIntegerLabels(scores, y));
  };
  const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
  optimizer.update(grads);
  return value;
});
const evaluate = jit((x: np.Array, y: np.Array) => {
  const [scores, rate] = model.call(x);
  return [np.mean(np.argmax(scores, 1).equal(y)), rate];
});

environ.context({ fit: true }, () => {
  for (let step = 0; step < steps; step++) {
    const [x, y] = draw(prng.PRNGKey(step)) as unknown as [np.Array, np.Array];
    const loss = trainStep(x, y) as np.Array;
    if (step % 25 === 0) console.log(`step ${String(step).padStart(4)}: loss ${(loss.item() as number).toFixed(4)}`);
  }
});
let [right, rate] = [0, 0];
for (let i = 0; i < 8; i++) {
  const [x, y] = draw(prng.PRNGKey(1e6 + i)) as unknown as [np.Array, np.Array];
  const [share, fired] = evaluate(x, y) as unknown as [np.Array, np.Array];
  right += (share.item() as number) / 8;
  rate += (fired.item() as number) / 8;
}
console.log(`spiking: ${(right * 100).toFixed(1)} % of ${8 * batch} new trains are told apart; a hidden neuron fires in ${(rate * 100).toFixed(1)} % of steps`);
if (!(right > (steps < 150 ? 0.6 : 0.9))) process.exitCode = 1;
