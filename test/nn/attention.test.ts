import { environ, grad, graph, jit, nn, numpy as np, optim, ParamState, prng, random } from 'xlastate';
import { camelKeys, expectClose, fixture } from '../support/nnFixture';

const { attention } = fixture;
const arrays = (o: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, k === 'bias' || k === 'mask' ? np.array(v as number[]) : v]));
const [q, k, v] = [np.array(attention.q), np.array(attention.k), np.array(attention.v)];

test.each(attention.cases as { options: Record<string, unknown>; value: unknown; residual: unknown; grads: unknown[] }[])('dotProductAttention, case %#: values and gradients of JAX', ({ options, value, residual, grads }) => {
  const o = arrays(camelKeys(options));
  const [out, sums] = nn.dotProductAttention(q, k, v, { ...o, returnResidual: true });
  expectClose(out.js(), value);
  expectClose(sums.js(), residual);
  const found = jit(grad((...a: np.Array[]) => np.sum(np.square(nn.dotProductAttention(a[0]!, a[1]!, a[2]!, o))), { argnums: [0, 1, 2] }))(q, k, v) as unknown as np.Array[];
  found.forEach((g, i) => expectClose(g.js(), grads[i], 5));
});

test('dotProductAttention: bfloat16, no batch, and what does not go together', () => {
  const half = (x: np.Array) => x.astype('bfloat16');
  const out = nn.dotProductAttention(half(q), half(k), half(v), { isCausal: true });
  expect(out.dtype).toBe('bfloat16');
  expectClose(out.astype('float32').js(), attention.bfloat16, 2);
  expectClose(nn.dotProductAttention(q.slice(1), k.slice(1), v.slice(1)).js(), attention.cases[0].value[1]);
  expect(() => nn.dotProductAttention(q, k, half(v))).toThrow('dtype');
  expect(() => nn.dotProductAttention(q, k, v.slice([0, 1]))).toThrow('value of shape');
  expect(() => nn.dotProductAttention(q.slice(null, [], [], [0, 3]).reshape([2, 3, 3, 4]), k, v)).toThrow('multiple');
  expect(() => nn.dotProductAttention(q, k, v, { mask: np.ones([3, 5]) })).toThrow('booleans');
  expect(() => nn.dotProductAttention(q, k, v, { bias: np.ones([3, 4]) })).toThrow('broadcast');
});

test.each(fixture.rotary as { options: Record<string, unknown>; value: unknown }[])('applyRotary $options: the rotations of the complex form', ({ options, value }) => {
  const o = camelKeys(options);
  expectClose(nn.applyRotary(q, o).js(), value, 5);
  const { positions = null, ...settings } = o as { positions?: number[] };
  expectClose(new nn.RotaryEmbedding(settings).call(q.slice(0), positions).js(), (value as unknown[])[0], 5);
});

test('rotations: products depend on the distance alone; wrong positions are errors', () => {
  const score = (a: number, b: number) => np.sum(nn.applyRotary(q.slice([], [0, 1]), { positions: [a] }).mul(nn.applyRotary(q.slice([], [1, 2]), { positions: [b] }))).item() as number;
  expect(score(7, 3)).toBeCloseTo(score(24, 20), 4);
  expectClose(nn.applyRotary(q, { positions: [[0, 1, 2], [4, 5, 7]] }).slice(1).js(), fixture.rotary[1].value[1], 5);
  expect(() => nn.applyRotary(q, { positions: [1, 2] })).toThrow('positions of shape');
  expect(() => nn.applyRotary(q, { rotaryDim: 3 })).toThrow('even number');
});

function ofTorch(options: nn.MultiHeadAttentionOptions = {}): nn.MultiHeadAttention {
  const layer = new nn.MultiHeadAttention(6, 2, options);
  [layer.query, layer.key, layer.value, layer.out].forEach((l, i) => {
    const { weight, bias } = fixture.torch.weights[i];
    l.weight.value = { weight: np.array(weight), bias: np.array(bias) };
  });
  return layer;
}

test('MultiHeadAttention gives what PyTorch gives with the same weights', () => {
  const x = np.array(fixture.torch.x);
  expectClose(ofTorch({ isCausal: true }).call(x).js(), fixture.torch.causal, 5);
  expectClose(ofTorch().call(x, { mask: np.tri(4, { dtype: 'bool' }) }).js(), fixture.torch.causal, 5);
  expectClose(ofTorch().call(x, { context: np.array(fixture.torch.context) }).js(), fixture.torch.cross, 5);
  expectClose(ofTorch({ isCausal: true }).call(x.slice(1)).js(), fixture.torch.causal[1], 5);
});

test('decoding step by step equals the whole at once, eager and compiled, with rotations and grouped heads', () => {
  random.seed(3);
  const layer = new nn.MultiHeadAttention(8, 4, { numKvHeads: 2, isCausal: true, rotary: new nn.RotaryEmbedding() });
  const x = prng.normal(prng.PRNGKey(0), [2, 6, 8]);
  const whole = layer.call(x).js();
  nn.initAllStates(layer, 2, 7);
  expect(layer.cachedKey.value.shape).toEqual([2, 7, 2, 2]);
  const pieces = (step: (y: np.Array) => np.Array) => np.concatenate([step(x.slice([], [0, 3])), ...[3, 4, 5].map((t) => step(x.slice([], [t, t + 1])))], { axis: 1 });
  expectClose(pieces((y) => layer.call(y, { decode: true })).js(), whole, 5);
  expect(layer.position.value.item()).toBe(6);
  expect(() => layer.call(x.slice([], [0, 2]), { decode: true })).toThrow('room for 7 positions and holds 6');
  nn.resetAllStates(layer);
  expectClose(pieces(jit((y: np.Array) => layer.call(y, { decode: true }))).js(), whole, 5);

  layer.initState(null, 6);
  expectClose(layer.call(x.slice(0), { decode: true }).js(), (whole as unknown[])[0], 5);
  expect(() => layer.call(x, { decode: true })).toThrow('fits the cache');
  expect(() => new nn.MultiHeadAttention(8, 4).call(x, { decode: true })).toThrow('initState');
});

test('weights drop out while fitting only; wrong settings are errors', () => {
  const layer = new nn.MultiHeadAttention(8, 2, { prob: 0.5 });
  const x = prng.normal(prng.PRNGKey(0), [2, 6, 8]);
  const plain = environ.context({ fit: false }, () => layer.call(x)).js();
  expectClose(environ.context({ fit: false }, () => layer.call(x)).js(), plain);
  const first = environ.context({ fit: true }, () => layer.call(x));
  const second = environ.context({ fit: true }, () => layer.call(x));
  expect(np.max(np.abs(first.sub(second))).item()).toBeGreaterThan(1e-3);
  expect(() => layer.call(x)).toThrow('fit');
  expect(() => new nn.MultiHeadAttention(7, 2)).toThrow('do not divide');
  expect(() => new nn.MultiHeadAttention(8, 4, { numKvHeads: 3 })).toThrow('multiple');
  expect([...layer.states(ParamState).keys()].map((p) => p.join('.'))).toEqual(['key.weight', 'out.weight', 'query.weight', 'value.weight']);
  expect(nn.MultiHeadAttention.desc(2).init({ inSize: 4 }).outSize).toEqual([4]);
});

class Block extends nn.Module {
  norm1: nn.LayerNorm;
  norm2: nn.LayerNorm;
  attention: nn.MultiHeadAttention;
  mlp: nn.Sequential;
  constructor(size: number) {
    super();
    this.norm1 = new nn.LayerNorm(size);
    this.norm2 = new nn.LayerNorm(size);
    this.attention = new nn.MultiHeadAttention(size, 2, { isCausal: true, rotary: new nn.RotaryEmbedding() });
    this.mlp = new nn.Sequential(new nn.Linear(size, 2 * size), new nn.GELU(), nn.Linear.desc(size));
  }
  override call(x: np.Array, options: nn.AttentionCallOptions = {}): np.Array {
    const y = x.add(this.attention.call(this.norm1.call(x), options));
    return y.add(this.mlp.call(this.norm2.call(y)));
  }
}

class Transformer extends nn.Module {
  embedding = new nn.Embedding(5, 16);
  blocks = [new Block(16), new Block(16)];
  out = new nn.Linear(16, 5);
  override call(tokens: np.Array, options: nn.AttentionCallOptions = {}): np.Array {
    let x = this.embedding.call(tokens);
    for (const b of this.blocks) x = b.call(x, options);
    return this.out.call(x);
  }
}

test('a transformer of two layers learns to repeat a sequence, and does so token by token', () => {
  random.seed(0);
  const model = new Transformer();
  const params = model.states(ParamState);
  const optimizer = new optim.Adam({ lr: 0.01 });
  optimizer.registerTrainableWeights(params);
  const draw = (n: number) => {
    const half = random.randint(0, { high: 5, size: [n, 4] });
    return np.concatenate([half, half], { axis: 1 });
  };
  const step = jit((tokens: np.Array) => {
    const loss = () => {
      const logits = nn.logSoftmax(model.call(tokens.slice([], [0, 7])));
      return np.negative(np.mean(np.sum(logits.mul(nn.oneHot(tokens.slice([], [1, 8]), 5)), { axis: -1 }).slice([], [3, 7])));
    };
    const [grads, value] = grad(loss, { gradStates: params, returnValue: true })();
    optimizer.update(grads);
    return value;
  });
  const losses = globalThis.Array.from({ length: 200 }, () => step(draw(32)).item() as number);
  expect(losses[0]).toBeGreaterThan(1.2);
  expect(losses.slice(-5).reduce((a, b) => a + b) / 5).toBeLessThan(0.2);

  const tokens = draw(4);
  const start = tokens.slice([], [0, 4]);
  const decoder = graph.clone(model);
  nn.initAllStates(decoder, 4, 8);
  const next = jit((t: np.Array) => np.argmax(decoder.call(t, { decode: true }).slice([], -1), -1).reshape([4, 1]));
  const said = [next(start)];
  for (let i = 0; i < 3; i++) said.push(next(said[i]!));
  const right = np.mean(np.equal(np.concatenate(said, { axis: 1 }), start)).item() as number;
  expect(right).toBeGreaterThan(0.85);
});

test('a scale that is an array learns; only XLA computes attention; lengths are integers', () => {
  const x = np.arange(12).reshape([1, 2, 2, 3]).div(8);
  const f = (scale: np.ArrayLike) => np.sum(np.square(nn.dotProductAttention(x, x, x, { scale })));
  expect(f(np.array(0.3)).item()).toBeCloseTo(f(0.3).item() as number, 5);
  const h = 1e-2;
  expect((grad(f)(np.array(0.3)) as np.Array).item()).toBeCloseTo(((f(0.3 + h).item() as number) - (f(0.3 - h).item() as number)) / (2 * h), 3);
  expect(nn.dotProductAttention(x, x, x, { implementation: 'xla' }).js()).toEqual(nn.dotProductAttention(x, x, x).js());
  expect(() => nn.dotProductAttention(x, x, x, { implementation: 'cudnn' as never })).toThrow(/expected implementation/);
  expect(() => nn.dotProductAttention(x, x, x, { querySeqLengths: np.array([1.5]) })).toThrow(/expected querySeqLengths to be of integers/);
});
