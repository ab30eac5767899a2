import { ArgumentError, type Array, DtypeError, environ, grad, jit, nn, numpy as np, optim, ParamState, random, ShapeError, vmap } from '../../lib';

const close = (a: Array, b: Array, tolerance = 1e-5) => expect(np.max(np.abs(np.subtract(a, b))).item()).toBeLessThan(tolerance);
const wave = (...shape: number[]) => np.sin(np.arange(shape.reduce((a, b) => a * b, 1), { dtype: 'float32' })).reshape(shape);
const fitting = <R>(f: () => R): R => environ.context({ fit: true }, f) as R;

const layers: Record<string, [() => nn.Module, Array]> = {
  Conv1d: [() => new nn.Conv1d([6, 2], 3, 3, { bInit: new nn.init.Normal() }), wave(2, 6, 2)],
  ConvTranspose2d: [() => new nn.ConvTranspose2d([2, 3, 2], 2, 2, { stride: 2 }), wave(2, 2, 3, 2)],
  ScaledWSLinear: [() => new nn.ScaledWSLinear(3, 2), wave(2, 3)],
  SparseLinear: [() => new nn.SparseLinear({ data: [1, 2, 3], row: [0, 0, 1], col: [0, 2, 1], shape: [2, 3] }), wave(2, 2)],
  GroupNorm: [() => new nn.GroupNorm(4, { numGroups: 2 }), wave(2, 3, 4)],
  MaxPool2d: [() => new nn.MaxPool2d(2, { padding: 'SAME' }), wave(2, 3, 3, 2)],
  AvgPool1d: [() => new nn.AvgPool1d(2), wave(2, 4, 2)],
  LPPool1d: [() => new nn.LPPool1d(2, 2), wave(2, 4, 2)],
  AdaptiveAvgPool1d: [() => new nn.AdaptiveAvgPool1d(3), wave(2, 5, 2)],
  ReflectionPad1d: [() => new nn.ReflectionPad1d(2), wave(2, 4, 2)],
};

test.each(Object.keys(layers))('%s: compiled as eager, mapped as in a loop', (name) => {
  random.seed(1);
  const [make, x] = layers[name]!;
  const layer = make();
  const eager = layer.call(x) as Array;
  close(jit((v: Array) => layer.call(v) as Array)(x), eager);
  const stacked = np.stack([x, np.multiply(x, 2)]);
  close(vmap((v: Array) => layer.call(v) as Array)(stacked) as Array, np.stack([eager, layer.call(np.multiply(x, 2)) as Array]));
});

test('max pooling and its indices undo each other, under vmap and by gradient too; sizes that are no multiples need the shape of the indices', () => {
  const pool = new nn.MaxPool2d(2, { returnIndices: true });
  const unpool = new nn.MaxUnpool2d(2);
  const x = wave(2, 4, 4, 3);
  const [values, indices] = pool.call(x);
  expect([indices.dtype, indices.shape]).toEqual(['int32', [2, 2, 2, 3]]);
  const back = unpool.call(values, indices);
  expect(back.js()).toEqual(np.where(np.equal(back, x), x, 0).js());
  expect(np.sum(np.notEqual(back, 0)).item()).toBe(values.size);
  close(pool.call(back)[0].add(0), np.maximum(values, 0));
  expect(unpool.call(values, indices, { outputSize: [6, 5] }).slice([], [0, 4], [0, 4]).js()).toEqual(back.js());
  const lanes = vmap((v: Array) => { const [a, b] = pool.call(v); return unpool.call(a, b); })(np.stack([x, np.negative(x)])) as Array;
  expect(lanes.slice(0).js()).toEqual(back.js());
  const g = grad((v: Array) => np.sum(np.multiply(pool.call(v)[0], 2)))(x) as Array;
  expect(g.js()).toEqual(np.where(np.notEqual(back, 0), 2, 0).astype('float32').js());

  const odd = wave(1, 5, 5, 1);
  const [v, i] = pool.call(odd);
  const placed = unpool.call(v, i, { outputSize: [5, 5], indexShape: odd.shape });
  expect(placed.js()).toEqual(np.where(np.notEqual(placed, 0), odd, 0).js());
  expect(np.sum(np.notEqual(placed, 0)).item()).toBe(4);
});

test('types of BrainState: booleans are padded with false, norms of half floats are float32, hardTanh gives floats', () => {
  const flags = np.array([[[false], [true], [false], [false]]]);
  expect(new nn.MaxPool1d(2, { stride: 1, padding: 1 }).call(flags).js()).toEqual([[[false], [true], [true], [false], [false]]]);
  expect(new nn.LPPool1d(2, 2).call(np.ones([1, 4, 1], { dtype: 'bfloat16' })).dtype).toBe('float32');
  expect(np.add(np.ones([2], { dtype: 'bfloat16' }), new nn.L2Reg().resetValue()).dtype).toBe('bfloat16');
  for (const y of [nn.hardTanh(np.arange(3), { minVal: -1 }), new nn.ReLU6().call(np.arange(9)), new nn.Hardtanh().call(np.arange(3))]) expect([y.dtype, y.weakType]).toEqual(['float32', true]);
});

test('integers are pooled; the maximum of padding alone is −∞', () => {
  expect(new nn.MaxPool1d(2).call(np.array([[-5], [-7], [1], [2]], { dtype: 'int32' })).js()).toEqual([[-5], [2]]);
  expect(new nn.AvgPool1d(2, { stride: 2 }).call(np.array([[1], [2]], { dtype: 'int32' })).js()).toEqual([[1.5]]);
  expect(new nn.MaxPool1d(1, { padding: [1, 0] }).call(np.ones([1, 1])).js()).toEqual([[Number.NEGATIVE_INFINITY], [1]]);
  expect((grad((x: Array) => np.sum(new nn.LPPool1d(2, 2).call(x)))(np.zeros([2, 1])) as Array).js()).toEqual([[0], [0]]);
});

test('Embedding: padding gets no gradient, gradients by frequency, freezing, norms, indices beyond the ends', () => {
  expect(new nn.Embedding(3, 2).call([0, 2] as never).shape).toEqual([2, 2]);
  expect(() => new nn.Embedding(3, 2).call(np.array([0, 2]))).toThrow("Embedding: expected indices of an integer dtype, got f32[2]; convert them with astype('int32')");
  random.seed(0);
  const ids = np.array([1, 1, 2, 0], { dtype: 'int32' });
  const gradient = (e: nn.Embedding) => (grad(() => np.sum(e.call(ids)), { gradStates: e.states(ParamState) })() as { get(k: string): Array }).get('weight').js();
  expect(gradient(new nn.Embedding(3, 2, { paddingIdx: 2 }))).toEqual([[1, 1], [2, 2], [0, 0]]);
  expect(gradient(new nn.Embedding(3, 2, { scaleGradByFreq: true }))).toEqual([[1, 1], [1, 1], [1, 1]]);
  expect(gradient(nn.Embedding.fromPretrained([[1, 2], [3, 4], [5, 6]]))).toEqual([[0, 0], [0, 0], [0, 0]]);
  const e = nn.Embedding.fromPretrained([[3, 4], [0.3, 0.4], [30, 40]], { maxNorm: 1, freeze: false });
  const [first, second] = [np.array([0, 1], { dtype: 'int32' }), np.array([2], { dtype: 'int32' })];
  close(e.call(first), np.array([[0.6, 0.8], [0.3, 0.4]]));
  close(e.weight.value, np.array([[0.6, 0.8], [0.3, 0.4], [30, 40]]));
  close(jit((i: Array) => e.call(i))(second), np.array([[0.6, 0.8]]));
  close(e.weight.value, np.array([[0.6, 0.8], [0.3, 0.4], [30, 40]]));
  expect(new nn.Embedding(4, 3, { maxNorm: 1 }).call(np.zeros([0, 2], { dtype: 'int32' })).shape).toEqual([0, 2, 3]);
  const plain = nn.Embedding.fromPretrained([[1, 2], [3, 4], [5, 6]], { freeze: false });
  expect(plain.call(np.array([-5, -4, 3, 7], { dtype: 'int32' })).js()).toEqual([[1, 2], [1, 2], [5, 6], [5, 6]]);
  const toWeight = grad(() => np.sum(plain.call(np.array([-5, 7, -1], { dtype: 'int32' }))), { gradStates: plain.weight })() as Array;
  expect(toWeight.js()).toEqual([[0, 0], [0, 0], [1, 1]]);
  const wide = new nn.Embedding(200, 1, { paddingIdx: 0, embeddingInit: np.ones([200, 1]) });
  const byByte = grad(() => np.sum(wide.call(np.array([0, 56, -1], { dtype: 'int8' }))), { gradStates: wide.weight })() as Array;
  expect([0, 56, 199].map((i) => byByte.slice(i, 0).item())).toEqual([0, 1, 1]);
});

test('BatchNorm: needs `fit`; masks; statistics over the lanes of a named axis; without running statistics it normalises by the batch', () => {
  const norm = new nn.BatchNorm0d(2);
  const x = wave(4, 2);
  expect(() => norm.call(x)).toThrow(environ.EnvironError);
  const masked = fitting(() => norm.call(x, { mask: np.array([[true], [true], [false], [false]]) }));
  close(masked.slice([0, 2]), fitting(() => new nn.BatchNorm0d(2).call(x.slice([0, 2]))));
  const untracked = new nn.BatchNorm0d(2, { trackRunningStats: false, affine: false });
  close(untracked.call(x), fitting(() => new nn.BatchNorm0d(2).call(x)));
  expect(untracked.states().size).toBe(0);
  for (const useFastVariance of [true, false]) {
    const shared = new nn.LayerNorm(2, { axisName: 'i', useFastVariance });
    close(vmap((v: Array) => shared.call(v), { axisName: 'i' })(x.slice([0, 2])) as Array, new nn.LayerNorm([2, 2], { reductionAxes: [0, 1], featureAxes: -1 }).call(x.slice([0, 2])), 1e-4);
    const groups = new nn.LayerNorm(2, { axisName: 'i', axisIndexGroups: [[0, 3], [1, 2]], useFastVariance });
    const grouped = vmap((v: Array) => groups.call(v), { axisName: 'i' })(x) as Array;
    for (const lanes of [[0, 3], [1, 2]]) close(np.take(grouped, np.array(lanes, { dtype: 'int32' }), { axis: 0 }), vmap((v: Array) => shared.call(v), { axisName: 'i' })(np.take(x, np.array(lanes, { dtype: 'int32' }), { axis: 0 })) as Array, 1e-4);
  }
  const first = new nn.BatchNorm1d([2, 3], { featureAxis: 0 });
  const y = fitting(() => first.call(wave(4, 2, 3)));
  close(np.mean(y, { axis: [0, 2] }), np.zeros([2]));
  expect(first.runningMean!.value.shape).toEqual([2, 1]);
});

test('dropout keeps what it is to keep, and whole channels', () => {
  random.seed(3);
  const x = np.ones([50, 4, 8]);
  const y = fitting(() => new nn.Dropout1d(0.75).call(x));
  const kept = np.mean(np.notEqual(y, 0)).item();
  expect(kept).toBeGreaterThan(0.65);
  expect(kept).toBeLessThan(0.85);
  close(np.min(y, 1), np.max(y, 1));
  const normal = random.normal({ size: [20000] });
  const z = fitting(() => new nn.AlphaDropout(0.7).call(normal));
  expect(Math.abs(np.mean(z).item() as number)).toBeLessThan(0.05);
  expect(Math.abs((np.std(z).item() as number) - 1)).toBeLessThan(0.05);
  const fixed = nn.initAllStates(new nn.DropoutFixed(6), 3);
  expect(nn.initAllStates(new nn.DropoutFixed(6), { batchSize: 3 }).mask!.value.shape).toEqual([3, 6]);
  const once = fitting(() => fixed.call(np.ones([3, 6])));
  expect(fitting(() => fixed.call(np.ones([3, 6]))).js()).toEqual(once.js());
  expect(() => fitting(() => fixed.call(np.ones([2, 6])))).toThrow(ShapeError);
  expect(() => fitting(() => new nn.DropoutFixed(6).call(np.ones([6])))).toThrow(/initState/);
});

test('layers tell their settings under the names of BrainState', () => {
  const conv = new nn.Conv2d([8, 8, 4], 6, 3, { groups: 2, stride: 2 });
  expect({ ...conv, numSpatialDims: conv.numSpatialDims }).toMatchObject({ inChannels: 4, outChannels: 6, kernelShape: [3, 3, 2, 6], channelsLast: true, channelFirst: false, numSpatialDims: 2, stride: [2, 2] });
  const up = new nn.ConvTranspose1d([4, 8], 6, 3, { channelFirst: true, padding: 1 });
  expect([up.inChannels, up.kernelShape, up.channelsLast, up.paddingMode, up.padding, new nn.ConvTranspose1d([8, 4], 6, 3).paddingMode]).toEqual([4, [3, 6, 4], false, 'explicit', [[1, 1]], 'SAME']);
  const norm = new nn.BatchNorm1d([8, 4]);
  expect([norm.affine, norm.numSpatialDims, new nn.BatchNorm0d(4, { affine: false }).affine]).toEqual([true, 1, false]);
  expect(new nn.GroupNorm(4, { numGroups: 2, useBias: false })).toMatchObject({ featureAxes: [0], numGroups: 2, groupSize: 2, useBias: false, useScale: true });
  expect(new nn.LayerNorm(4, { useScale: false })).toMatchObject({ useBias: true, useScale: false });
  expect(new nn.RMSNorm(4).useScale).toBe(true);
  expect(new nn.init.Constant({ value: 2 }).call(2).js()).toEqual([2, 2]);
  expect(new nn.Unflatten(0, [2, 2]).sizes).toEqual([2, 2]);
  expect(new nn.AdaptiveAvgPool2d([2, null]).targetShape).toEqual([2, null]);
  const alpha = new nn.AlphaDropout(0.4);
  close(np.array([alpha.alpha, alpha.a, alpha.b]), np.array([-1.7580993408473766, 0.9358394119375942, 0.9871791919598886]));
  expect(String(new nn.FeatureAlphaDropout(0.4))).toBe('FeatureAlphaDropout(\n  prob=0.4,\n  channel_axis=-1,\n  alpha=-1.7580993408473766,\n  a=0.9358394119375942,\n  b=0.9871791919598886\n)');
});

test('errors say what was expected', () => {
  const wrong: [() => unknown, new (...args: never[]) => Error, RegExp][] = [
    [() => new nn.Conv2d([4, 4], 2, 3), ShapeError, /Conv2d: expected inSize of 3 dimensions/],
    [() => new nn.Conv1d([4, 3], 2, 3, { groups: 2 }), ArgumentError, /groups to divide/],
    [() => new nn.Conv1d([4, 3], 2, [3, 3]), ArgumentError, /kernelSize/],
    [() => new nn.Conv1d([4, 3], 2, 3, { padding: 'HALF' as never }), ArgumentError, /padding/],
    [() => new nn.Conv1d([4, 3], 2, 3).call(np.ones([5, 3])), ShapeError, /\[4,3\]/],
    [() => new nn.BatchNorm0d(3, { trackRunningStats: false }), ArgumentError, /affine/],
    [() => new nn.BatchNorm0d(3).call(np.ones([2, 2])), ShapeError, /\[3\]/],
    [() => new nn.GroupNorm(6, { numGroups: 4 }), ArgumentError, /divide/],
    [() => new nn.GroupNorm(6, { groupSize: 2 }), ArgumentError, /one of numGroups and groupSize/],
    [() => new nn.LayerNorm(3).call(np.ones([2, 4])), ShapeError, /last dimensions/],
    [() => new nn.DropoutFixed(6).initState(1.5), ArgumentError, /batchSize/],
    [() => new nn.Embedding(3, 2, { paddingIdx: 3 }), ArgumentError, /paddingIdx/],
    [() => new nn.Embedding(3, 2).call(np.ones([2])), DtypeError, /integer/],
    [() => new nn.Unflatten(1, [2, 3]).call(np.ones([2, 7])), ShapeError, /multiply to 7/],
    [() => new nn.MaxPool2d(2).call(np.ones([4, 4])), ShapeError, /at least 3/],
    [() => new nn.LPPool1d(0, 2), ArgumentError, /normType/],
    [() => new nn.AdaptiveMaxPool1d(5).call(np.ones([3, 1])), ShapeError, /at least 5/],
    [() => new nn.ZeroPad2d([1, 2, 3]), ArgumentError, /padding/],
    [() => new nn.CircularPad1d(1).call(np.ones([3])), ShapeError, /2 dimensions/],
    [() => new nn.MaxUnpool1d(2).call(np.ones([2, 1]), np.ones([2, 1])), DtypeError, /integer/],
    [() => new nn.Dropout1d(2), ArgumentError, /\[0, 1\]/],
    [() => fitting(() => new nn.Dropout2d().call(np.ones([2, 2]))), ShapeError, /3 dimensions/],
    [() => new nn.SparseLinear({ data: [1], row: [2], col: [0], shape: [2, 2] }), ArgumentError, /row from 0 to 1/],
  ];
  for (const [f, type, text] of wrong) {
    expect(f).toThrow(type);
    expect(f).toThrow(text);
  }
});

test('a network of convolution, normalisation, pooling and dropout learns under jit and grad', () => {
  random.seed(0);
  class Net extends nn.Module {
    conv = new nn.Conv2d([8, 8, 1], 4, 3);
    norm = new nn.BatchNorm2d([8, 8, 4]);
    pool = new nn.MaxPool2d(2);
    flatten = new nn.Flatten({ startAxis: 1 });
    dropout = new nn.Dropout(0.9);
    out = new nn.Linear(64, 2);
    override call(x: Array): Array {
      return this.out.call(this.dropout.call(this.flatten.call(this.pool.call(nn.relu(this.norm.call(this.conv.call(x)))))));
    }
  }
  const net = new Net();
  const noise = random.normal({ size: [16, 8, 8, 1], scale: 0.3 });
  const labels = np.arange(16, { dtype: 'int32' }).mod(2);
  // Stripes down or across.
  const stripes = np.arange(8, { dtype: 'float32' }).mod(2);
  const images = np.add(noise, np.where(np.equal(labels, 0).reshape([16, 1, 1, 1]), stripes.reshape([1, 8, 1, 1]), stripes.reshape([1, 1, 8, 1])));
  const params = net.states(ParamState);
  const optimizer = new optim.Adam({ lr: 0.01 });
  optimizer.registerTrainableWeights(params);
  const lossOf = (x: Array, y: Array) => np.negative(np.mean(np.sum(np.multiply(nn.logSoftmax(net.call(x)), nn.oneHot(y, 2)), { axis: -1 })));
  const step = jit((x: Array, y: Array) => {
    const [grads, loss] = grad(() => lossOf(x, y), { gradStates: params, returnValue: true })() as [never, Array];
    optimizer.update(grads);
    return loss;
  });
  const losses = fitting(() => globalThis.Array.from({ length: 25 }, () => step(images, labels).item() as number));
  expect(losses[losses.length - 1]!).toBeLessThan(0.3 * losses[0]!);
  expect(np.max(np.abs(net.norm.runningMean!.value)).item()).toBeGreaterThan(0);
  const evaluated = environ.context({ fit: false }, () => jit((x: Array) => net.call(x))(images)) as Array;
  expect(evaluated.shape).toEqual([16, 2]);
});
