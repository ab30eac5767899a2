import { devicePut, environ, grad, jit, lax, makeMesh, NamedSharding, nn, numpy as np, optim, P, ParamState, prng, random, shardMap } from '../../lib';
import { setFourDevices } from './devices';

type A = np.Array;
setFourDevices(environ);
const mesh = makeMesh([4], ['batch']);
const rows = new NamedSharding(mesh, P('batch'));
const whole = new NamedSharding(mesh, P());

class Net extends nn.Module {
  first = new nn.Linear(6, 16);
  second = new nn.Linear(16, 1);
  override call(x: A) {
    return this.second.call(np.tanh(this.first.call(x) as A));
  }
}

interface Run {
  losses: number[];
  weights: unknown[];
  sharding: string;
}

const data = () => [prng.normal(prng.PRNGKey(1), [32, 6]), prng.normal(prng.PRNGKey(2), [32, 1])] as const;

function train(kind: 'one device' | 'rows' | 'rows, parameters everywhere' | 'shardMap'): Run {
  random.seed(3);
  const net = new Net();
  const params = net.states(ParamState);
  if (kind === 'rows, parameters everywhere') for (const p of params.values()) p.value = devicePut(p.value as object, whole);
  const opt = new optim.Adam({ lr: 0.05 });
  opt.registerTrainableWeights(params);
  const divided = kind === 'shardMap';
  const body = (x: A, y: A) => {
    const loss = () => np.mean(np.square(net.call(x).sub(y)));
    let [grads, value] = grad(loss, { gradStates: params, returnValue: true })() as [typeof params, A];
    if (divided) [grads, value] = [lax.pmean(grads as never, 'batch') as never, lax.pmean(value, 'batch')];
    opt.update(grads as never);
    return value;
  };
  const step = jit(divided ? shardMap(body, { mesh, inSpecs: P('batch'), outSpecs: P(), checkVma: false }) : body);
  const [x, y] = data().map((a) => (kind === 'one device' ? a : devicePut(a, rows))) as [A, A];
  const losses: number[] = [];
  let last!: A;
  for (let i = 0; i < 8; i++) {
    last = step(x, y);
    losses.push(last.item() as number);
  }
  return { losses, weights: [...params.values()].flatMap((p) => Object.values(p.value as Record<string, A>).map((a) => a.js())), sharding: String(last.sharding) };
}

test('a training step on four devices is that on one', () => {
  const one = train('one device');
  expect(one.losses[7]).toBeLessThan(one.losses[0]! * 0.8);
  for (const kind of ['rows', 'rows, parameters everywhere', 'shardMap'] as const) {
    const four = train(kind);
    expect(four.sharding).toBe(String(whole));
    four.losses.forEach((l, i) => expect(l).toBeCloseTo(one.losses[i]!, 4));
    four.weights.forEach((w, i) => expect(np.allclose(np.array(w as number[]), np.array(one.weights[i] as number[]), { atol: 1e-4 }).item()).toBe(true));
  }
});

test('runs on several devices that nobody waits for do not hold each other up', () => {
  const x = devicePut(prng.normal(prng.PRNGKey(0), [64, 64]), rows);
  const f = jit((v: A) => np.tanh(np.matmul(v, v).mul(0.1)));
  const g = jit(shardMap((v: A) => v.add(lax.psum(np.sum(v), 'batch').mul(1e-5)), { mesh, inSpecs: P('batch'), outSpecs: P('batch') }));
  let [a, b] = [x, x];
  for (let i = 0; i < 150; i++) [a, b] = [f(a), g(b)];
  expect([a.shape, Number.isFinite(b.sum().item() as number)]).toEqual([[64, 64], true]);
});
