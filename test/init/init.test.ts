import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Array, init, nn, numpy as np, prng, random, State } from '../../lib';

interface Spec { f: string; a: (number | Spec | Spec[])[]; o: object }
const { cases, distances, profiles, modulated, initializers } = JSON.parse(readFileSync(join(__dirname, '../fixtures/init.json'), 'utf8')) as {
  cases: (Spec & { shape: number[]; out: number[] })[]; distances: number[]; profiles: { f: string; a: number[]; o: object; out: number[] }[]; modulated: number[];
  initializers: { name: string; options: object; shape: number[]; out: number[] }[];
};

function expectClose(x: Array, want: number[]): void {
  const got = [x.toList()].flat(9) as number[];
  const bad = got.findIndex((v, i) => !(Math.abs(v - want[i]!) <= 5e-6 * Math.max(1, Math.abs(want[i]!))));
  if (bad >= 0 || got.length !== want.length) throw new Error(`value ${bad}: expected\n${want}, got\n${got}`);
}

function make({ f, a, o }: Spec): init.Initialization {
  const args = a.map((x) => (globalThis.Array.isArray(x) ? x.map(make) : typeof x === 'object' ? make(x) : x));
  return new (init as unknown as Record<string, new (...args: unknown[]) => init.Initialization>)[f]!(...args, o);
}

test.each(cases.map((c): [string, typeof c] => [`${c.f} ${JSON.stringify(c.a)} ${JSON.stringify(c.o)} [${c.shape}]`, c]))('%s is BrainTools\'', (_, c) => {
  random.seed(42);
  const x = make(c).call(c.shape);
  expect([x.shape, x.dtype]).toEqual([c.shape, 'float32']);
  expectClose(x, c.out);
});

test.each(initializers)('nn.init.$name makes the numbers of jax.nn.initializers, of a seed or the key of it', ({ name, options, shape, out }) => {
  const Made = (nn.init as unknown as Record<string, new (o: object) => nn.init.Initializer>)[name]!;
  for (const seed of [7, prng.PRNGKey(7), new random.RandomState(7)]) expectClose(new Made({ ...options, seed }).call(shape), out);
});

test('an initialisation takes a size, a source of numbers and a dtype', () => {
  const n = new init.Normal(0, 1);
  expect(n.call(3).shape).toEqual([3]);
  expect(n.call([2], 'float16').dtype).toBe('float16');
  const a = n.call(4, { rng: new random.RandomState(1) });
  expect(a.toList()).toEqual(new random.RandomState(1).normal({ loc: 0, scale: 1, size: [4] }).toList());
});

test('initialisations are combined', () => {
  const c = new init.Constant(3);
  const values = (i: init.Initialization) => i.call(2).toList();
  expect(values(c.add(1).mul(2).sub(new init.Constant(2)).div(3))).toEqual([2, 2]);
  expect(values(c.multiply([1, 2]))).toEqual([3, 6]);
  expect(values(c.apply((x) => np.square(x)).pipe((x) => x.add(1)))).toEqual([10, 10]);
  expect(values(c.clip({ maxVal: 2 }))).toEqual([2, 2]);
  expect(() => c.clip(0.25 as never)).toThrow(/Initialization.clip: expected an options object, got number 0.25/);
  expect(values(new init.Compose(c, (x) => x.mul(2), (x) => x.sub(1)))).toEqual([5, 5]);
  expect(values(new init.Conditional((i: Array) => np.equal(np.mod(i, 2), 0), new init.Constant(1), new init.Constant(-1)))).toEqual([1, -1]);
  expect(String(new init.Scaled(c, 2).add(1))).toBe('(Scaled(baseDist=Constant(value=3), scaleFactor=2) + 1)');
  expect(String(new init.TruncatedNormal(0, 1, { low: -1 }))).toBe('TruncatedNormal(mean=0, std=1, low=-1, high=null)');
});

test('layers take them', () => {
  const layer = new nn.Linear(2, 3, { wInit: new init.Constant(2), bInit: new init.Uniform(1, 1.5) });
  expect(layer.weight.value.weight.toList()).toEqual([[2, 2, 2], [2, 2, 2]]);
  expect(init.param(new init.ZeroInit(), 2, { batchSize: 3 })!.shape).toEqual([3, 2]);
  const [state, held] = [new State(np.array([1, 2])), new nn.Param(np.array([3, 4]))];
  expect([init.param(state, 2, { batchSize: 2 }), init.param(held, 2, { batchSize: 2 })]).toEqual([expect.any(State), expect.any(nn.Param)]);
  expect([init.param(state, 2, { batchSize: 2 }) === state, init.param(held, [2]) === held]).toEqual([true, true]);
  expect([state.value.js(), held.value().js()]).toEqual([[[1, 2], [1, 2]], [[3, 4], [3, 4]]]);
  expect(() => init.param(state, 2, { batchSize: 3 })).toThrow('batch size');
  expect(init.param((shape: readonly number[], more?: object) => np.full([...shape], Object.keys(more ?? {}).length), 2, { distances: [1] })!.js()).toEqual([1, 1]);
  expect(init.param(new init.Normal(0, 1), 3, { dtype: 'float16' })!.dtype).toBe('float16');
  expect(init.param(np.ones([2]), 2, { rng: new random.RandomState(0) })!.js()).toEqual([1, 1]);
  expect(() => init.param(np.ones([2]), 2, { batchsize: 2 } as never)).toThrow("param: unknown option 'batchsize'");
});

test('those of brainstate.nn.init are nn.init', () => {
  expect(new nn.init.Normal({ mean: 5, scale: 0 }).call(1).toList()).toEqual([5]);
  expect(nn.init.KaimingNormal).not.toBe(init.KaimingNormal);
});

test('mistakes are named', () => {
  expect(() => new init.Uniform(1, 1)).toThrow('Uniform: expected low to be less than high, got number 1 and number 1');
  expect(() => new init.Normal(0, -1)).toThrow('Normal: expected std not to be negative');
  expect(() => new init.LogNormal(0, 1)).toThrow('LogNormal: expected mean to be positive');
  expect(() => new init.Gamma(0, 1)).toThrow('Gamma: expected shape to be positive');
  expect(() => new init.Constant(undefined as never)).toThrow('Constant: expected a value');
  expect(() => new init.VarianceScaling({ mode: 'x' as never })).toThrow('VarianceScaling: expected mode');
  expect(() => new init.KaimingUniform({ nonlinearity: 'tanh' as never })).toThrow('expected nonlinearity');
  expect(() => new init.Orthogonal().call(3)).toThrow('at least two dimensions');
  expect(() => new init.DeltaOrthogonal().call([3, 3])).toThrow('at least three dimensions');
  expect(() => new init.Mixture([])).toThrow('at least one distribution');
  expect(() => new init.Mixture([new init.ZeroInit()], { weights: [0.5] })).toThrow('sum to 1');
  expect(() => new init.Compose(new init.ZeroInit(), new init.ZeroInit() as never)).toThrow('expected functions of values after the first');
  expect(() => new init.Scaled(3 as never, 1)).toThrow('expected an initialisation, got number 3');
  expect(() => new init.Conditional(() => [true], new init.ZeroInit(), new init.ZeroInit()).call(2)).toThrow('to give 2 values, got 1');
});

test.each(profiles.map((c): [string, typeof c] => [`${c.f} ${JSON.stringify(c.a)} ${JSON.stringify(c.o)}`, c]))('%s is BrainTools\'', (_, c) => {
  const profile = new (init as unknown as Record<string, new (...args: unknown[]) => init.DistanceProfile>)[c.f]!(...c.a, c.o);
  expectClose(profile.call(distances), c.out);
});

test('profiles are combined, and modulate weights', () => {
  const p = new init.LinearProfile(100);
  expect(p.mul(2).sub(new init.StepProfile(50)).add(1).div(2).call([0, 75]).toList()).toEqual([1, 0.75]);
  expect(p.clip({ maxVal: 0.5 }).pipe((x) => x.mul(4)).call([0, 75]).toList()).toEqual([2, 1]);
  expect(p.apply((x) => np.square(x)).probability([50]).toList()).toEqual([0.25]);
  expect(String(p.add(1))).toBe('(LinearProfile(maxDistance=100) + 1)');
  random.seed(42);
  const w = new init.DistanceModulated(new init.Normal(0, 1), new init.GaussianProfile(2));
  expectClose(w.call([2, 3], { prePositions: [[0, 0], [3, 4]], postPositions: [[0, 0], [1, 0], [0, 2]] }), modulated);
  expect(new init.DistanceModulated(new init.Constant(2), p).add(1).call([2], { distances: [0, 50] }).toList()).toEqual([3, 2]);
  expect(() => w.call([2, 3])).toThrow('expected the option distances');
  expect(() => new init.GaussianProfile(0)).toThrow('GaussianProfile: expected sigma to be a positive number, got number 0');
});

test('an initialisation of one\'s own defines call, and is combined as others', () => {
  class Own extends init.Initialization {
    override call(size: init.Size, { rng }: init.CallOptions = {}): np.Array {
      return np.full([...(size as number[])], rng === undefined ? 1 : 2);
    }
  }
  const own = new Own();
  expect(own.call([2]).js()).toEqual([1, 1]);
  expect([own.add(1), own.mul(own), own.clip({ maxVal: 1 }), own.apply((x) => x.mul(5)), new init.Compose(own, (x: np.Array) => x.neg())].map((i) => i.call([1]).item())).toEqual([3, 4, 1, 10, -2]);
  class None extends init.Initialization {}
  expect(() => new None().call([1])).toThrow('None: expected a class that defines call(size, options)');
});

test('initialisers print their settings; a dtype by itself or as an option', () => {
  const { Constant, Identity, Normal, TruncatedNormal, VarianceScaling, ZeroInit } = nn.init;
  expect(String(new Normal({ scale: 0.5, mean: 0.1, seed: 3 }))).toBe('Normal(\n  scale=0.5,\n  mean=0.1,\n  rng=RandomState([0 3])\n)');
  expect(String(new VarianceScaling(1, 'fan_in', 'normal', { seed: 1 }))).toBe("VarianceScaling(\n  scale=1.0,\n  mode='fan_in',\n  in_axis=-2,\n  out_axis=-1,\n  distribution='normal',\n  rng=RandomState([0 1])\n)");
  expect([new ZeroInit(), new Constant(2), new Identity({ value: 3 })].map(String)).toEqual(['ZeroInit()', 'Constant(\n  value=2.0\n)', 'Identity(\n  value=3.0\n)']);
  for (const i of [new ZeroInit(), new Constant(3), new Normal(), new TruncatedNormal()]) expect([i.call([2, 2], 'float16').dtype, i.call([2, 2], { dtype: 'float16' }).dtype, i.call([2, 2]).dtype]).toEqual(['float16', 'float16', 'float32']);
  expect(() => new ZeroInit().call([2], { type: 'float16' } as never)).toThrow(/unknown option 'type'/);
  expect(() => new TruncatedNormal({ scale: -1 })).toThrow(/scale to be positive/);
});
