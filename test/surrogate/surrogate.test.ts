import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { grad, hessian, jit, jvp, makeJaxpr, numpy as np, surrogate, vmap } from '../../lib/index';

interface Case { c: string; f: string; o: Record<string, number>; out: number[]; grad: number[]; fun: number[] | null }
const fixture = JSON.parse(readFileSync(join(__dirname, '../fixtures/surrogate.json'), 'utf8')) as { x: number[]; cases: Case[]; byAlpha: number; neuron: number; neuronGrad: number[][] };
const classes = surrogate as unknown as Record<string, new (o?: object) => surrogate.Surrogate>;
const functions = surrogate as unknown as Record<string, (x: np.Array, o?: object) => np.Array>;
const x = np.array(fixture.x, 'float32');

function differs(got: np.Array, want: unknown): boolean {
  const [a, b] = [[got.toList()].flat(9) as number[], [want].flat(9) as number[]];
  return a.length !== b.length || a.some((v, i) => !(Math.abs(v - b[i]!) <= 2e-6 * Math.max(1, Math.abs(b[i]!))));
}

test('spikes, gradients and functions of every surrogate are braintools\'', () => {
  const failures: string[] = [];
  for (const { c, f, o, out, grad: slopes, fun } of fixture.cases) {
    const name = `${c}(${JSON.stringify(o)})`;
    const s = new classes[c]!(o);
    if (differs(s.call(x), out)) failures.push(`${name}: ${s.call(x)}`);
    if (differs(functions[f]!(x, o), out)) failures.push(`${f}: ${functions[f]!(x, o)}`);
    const g = grad((v: np.Array) => np.sum(functions[f]!(v, o)))(x) as np.Array;
    if (differs(g, slopes)) failures.push(`gradient of ${name}: ${g}, expected ${slopes}`);
    if (fun === null) expect(() => s.surrogateFun(x)).toThrow(/surrogateFun: only the gradient/);
    else if (differs(s.surrogateFun(x), fun)) failures.push(`surrogateFun of ${name}: ${s.surrogateFun(x)}, expected ${fun}`);
  }
  expect(fixture.cases.length).toBe(36);
  expect(new Set(fixture.cases.map((k) => k.c)).size).toBe(18);
  expect(failures).toEqual([]);
});

test('compiled, batched, forward and through time', () => {
  const spikes = (v: np.Array) => surrogate.reluGrad(v);
  const slopes = fixture.cases.find((k) => k.f === 'reluGrad')!.grad;
  expect(differs(jit(grad((v: np.Array) => np.sum(spikes(v))))(x) as np.Array, slopes)).toBe(false);
  expect(differs(vmap(grad(spikes))(x) as np.Array, slopes)).toBe(false);
  const [out, t] = jvp(spikes, [x], [np.onesLike(x)]) as unknown as [np.Array, np.Array];
  expect(out.toList()).toEqual(fixture.x.map((v) => Number(v >= 0)));
  expect(differs(t, slopes)).toBe(false);
  // The slope counts as a constant.
  expect((hessian((v: np.Array) => np.sum(spikes(v)))(np.array([0.1, 0.2])) as np.Array).toList()).toEqual([[0, 0], [0, 0]]);
  const byAlpha = grad((alpha: np.Array) => np.sum(surrogate.sigmoid(x, { alpha })))(np.array(2)) as np.Array;
  expect(byAlpha.item()).toBeCloseTo(fixture.byAlpha, 5);

  const inputs = np.array([[0.6, -0.2], [1.1, 0.4], [0.3, 0.9]]);
  const neuron = (w: np.Array): np.Array => {
    let [v, total] = [np.zeros([2]), np.array(0)];
    for (let i = 0; i < 3; i++) {
      v = v.mul(0.9).mul(np.subtract(1, surrogate.reluGrad(v.sub(1)))).add(np.matmul(inputs.slice(i) as np.Array, w));
      total = total.add(surrogate.sigmoid(v.sub(1)).sum());
    }
    return total;
  };
  const w = np.array([[0.9, -0.4], [0.7, 1.2]]);
  expect(neuron(w).item()).toBe(fixture.neuron);
  expect(differs(jit(grad(neuron))(w) as np.Array, fixture.neuronGrad)).toBe(false);
});

test('surrogates of one\'s own; arrays as parameters; names', () => {
  class Tanh extends surrogate.Surrogate {
    override surrogateGrad(v: np.Array): np.Array {
      return np.subtract(1, np.square(np.tanh(v)));
    }
  }
  const f = new Tanh();
  expect(f.call([-1, 0, 1]).toList()).toEqual([0, 1, 1]);
  expect((grad((v: np.Array) => f.call(v))(np.array(0.5)) as np.Array).item()).toBeCloseTo(1 - Math.tanh(0.5) ** 2, 6);
  const perNeuron = new surrogate.SlayerGrad({ alpha: np.array([1, 2]) });
  const g = grad((v: np.Array) => np.sum(perNeuron.call(v)))(np.array([1, 1])) as np.Array;
  expect(differs(g, [Math.exp(-1), Math.exp(-2)])).toBe(false);
  expect(String(new surrogate.ReluGrad())).toBe('ReluGrad(alpha=0.3, width=1)');
  expect(String(makeJaxpr((v: np.Array) => surrogate.sigmoid(v))(np.array(1)))).toMatch(/heavisideSurrogateGradient/);
  expect(surrogate.sigmoid(np.array([1, -1], 'bfloat16')).dtype).toBe('bfloat16');
});
