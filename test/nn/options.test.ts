import { ArgumentError, environ, graph, nn, numpy as np, util } from '../../lib/index';

// Options are written as a user without types would.
const N = nn as unknown as Record<string, new (...args: unknown[]) => { prob: number }>;

test.each<[string, unknown[], string]>([
  ['Linear', [2, 3], 'wInit, bInit, wMask, name, paramType'],
  ['Dropout', [0.5], 'broadcastDims, prob, name'],
  ['Dropout2d', [0.5], 'channelAxis, prob, name'],
  ['FeatureAlphaDropout', [0.5], 'channelAxis, prob, name'],
  ['ScaledWSConv1d', [[4, 3], 2, 3], 'wsGain, eps, lhsDilation, stride, padding, rhsDilation, groups, wInit, bInit, wMask, channelFirst, paramType, name'],
  ['RMSNorm', [3], 'useScale, scaleInit, reductionAxes, featureAxes, epsilon, dtype, axisName, axisIndexGroups, useFastVariance, paramType, name'],
  ['AvgPool2d', [2], 'stride, padding, channelAxis, inSize, name'],
  ['ReflectionPad1d', [1], 'inSize, name'],
  ['ConstantPad1d', [1], 'value, inSize, name'],
  ['GRUCell', [2, 2], 'wInit, bInit, stateInit, activation, name'],
  ['MultiHeadAttention', [4, 2], 'numKvHeads, headSize, contextSize, outSize, isCausal, prob, rotary, wInit, bInit, name'],
  ['LeakyReLU', [], 'negativeSlope, name'],
  ['ReLU', [], 'name'],
  ['GaussianReg', [0, 1], 'weight, fitHyper'],
  ['Const', [1], 't, reg, precompute, fit, enableCacheLogging'],
  ['PowerT', [], 'lmbda'],
  ['PrecisionMetric', [], 'numClasses, average'],
])('%s names an option that it does not have, and those it has', (name, args, known) => {
  const make = () => new N[name]!(...args, { bias: false });
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(`${name}: unknown option 'bias'; expected one of ${known}`);
});

test.each<[string, unknown[]]>([
  ['Linear', [2, 3]], ['Conv2d', [[8, 8, 1], 4, 3]], ['ScaledWSConv1d', [[4, 3], 2, 3]], ['ConvTranspose1d', [[4, 3], 2, 3]], ['LoRA', [1, 1, 2]], ['Embedding', [3, 4]], ['GRUCell', [2, 2]], ['RNNCell', [2, 2]],
  ['LayerNorm', [3]], ['RMSNorm', [3]], ['BatchNorm1d', [[4, 3]]], ['GroupNorm', [4]], ['MaxPool2d', [2]], ['AvgPool1d', [2]], ['LPPool1d', [2, 2]], ['MaxUnpool1d', [2]], ['AdaptiveAvgPool1d', [2]], ['ZeroPad1d', [1]], ['ConstantPad1d', [1]],
  ['Dropout', [0.5]], ['Dropout2d', [0.5]], ['DropoutFixed', [2]], ['AlphaDropout', [0.5]], ['Flatten', []], ['Unflatten', [0, [1]]], ['MultiHeadAttention', [4, 2]], ['RotaryEmbedding', []], ['Vmap', [new nn.Linear(1, 1)]],
  ['Param', [1]], ['Const', [1]], ['L1Reg', []], ['HuberReg', []], ['StudentTReg', []], ['GaussianReg', [0, 1]], ['PowerT', []], ['ELU', [1]], ['PReLU', []], ['Hardtanh', []], ['PrecisionMetric', []], ['Delay', [np.ones([2])]],
])('%s refuses a number in place of its options', (name, args) => {
  // Taken apart, a number has no entries: what was meant would be lost in silence.
  for (const bare of [7, false, 'same']) expect(() => environ.context({ dt: 1 }, () => new N[name]!(...args, bare))).toThrow(ArgumentError);
});

test('an option that is undefined is one that is not given', () => {
  expect(() => new N.Linear!(2, 3, { bias: undefined })).not.toThrow();
});

test("what a user's module does not take for itself is the base's to check", () => {
  class Mine extends nn.Module {
    readonly depth: number;
    constructor({ depth = 2, ...rest }: { depth?: number } & nn.ModuleOptions = {}) {
      super(rest);
      this.depth = depth;
    }
  }
  expect(new Mine({ depth: 3, name: 'm' }).depth).toBe(3);
  expect(() => new Mine({ dept: 3 } as never)).toThrow("Mine: unknown option 'dept'; expected one of name");
});

test('dropouts take the probability by itself or by name', () => {
  for (const name of ['Dropout', 'Dropout1d', 'AlphaDropout', 'FeatureAlphaDropout']) {
    expect([new N[name]!({ prob: 0.25 }).prob, new N[name]!(0.25).prob, new N[name]!().prob]).toEqual([0.25, 0.25, 0.5]);
  }
  expect(() => new N.Dropout!({ prob: 0.5 }, { name: 'x' })).toThrow('Dropout: expected prob before the options');
  const x = np.ones([4]);
  expect(environ.context({ fit: true }, () => new nn.Dropout({ prob: 1 }).call(x))).toBe(x);
});

test('Sequential gives the size of the input to layers that take it only', () => {
  const net = new nn.Sequential(new nn.Linear(2, 3), nn.ReLU.desc(), nn.Dropout.desc(0.5), nn.LayerNorm.desc(), nn.Linear.desc(2));
  expect(net.outSize).toEqual([2]);
});

test('functions refuse options that they do not have', () => {
  const F = nn as unknown as Record<string, (...args: unknown[]) => unknown>;
  const x = np.ones([2, 2]);
  for (const [name, args] of [['elu', [x]], ['softShrink', [x]], ['hardTanh', [x]], ['gelu', [x]], ['weightStandardization', [x]], ['clipGradNorm', [{ x }, 1]], ['callAllFns', [new nn.Linear(2, 2), 'initState']]] as const) {
    expect(() => F[name]!(...args, { slope: 1 })).toThrow(new RegExp(`^${name}: unknown option 'slope'; expected one of \\w+`));
  }
  for (const name of ['softmax', 'logSoftmax', 'logsumexp', 'logmeanexp', 'softmin', 'standardize']) {
    expect(() => F[name]!(x, { axes: 0 })).toThrow(new RegExp(`^${name}: unknown option 'axes'; expected one of axis`));
    expect(() => F[name]!(x, { axis: 'rows' })).toThrow(`${name}: expected axis to be an integer`);
    expect((F[name]!(x, [0, 1]) as np.Array).js()).toEqual((F[name]!(x, { axis: [0, 1] }) as np.Array).js());
  }
  const q = np.ones([1, 2, 1, 4]);
  expect(() => F.dotProductAttention!(q, q, q, { causal: true })).toThrow("dotProductAttention: unknown option 'causal'; expected one of bias");
  for (const layer of [new nn.LayerNorm(2), new nn.RMSNorm(2), new nn.GroupNorm(2, { numGroups: 1 }), new nn.BatchNorm0d(2)]) {
    const call = (...args: unknown[]) => environ.context({ fit: true }, () => (layer.call as (...a: unknown[]) => unknown)(...args));
    expect(() => call(x, { masks: x })).toThrow(`${layer.constructor.name}: unknown option 'masks'; expected one of mask`);
    expect(() => call(x, np.ones([2, 2], { dtype: 'bool' }))).toThrow(ArgumentError);
  }
});

test('an activation takes its one option by itself, too', () => {
  const x = np.array([-1, 2]);
  const same = (a: np.Array, b: np.Array) => {
    expect(a.js()).toEqual(b.js());
  };
  same(nn.elu(x, 0.5), nn.elu(x, { alpha: 0.5 }));
  same(nn.leakyRelu(x, 0.25), np.array([-0.25, 2]));
  same(nn.gelu(x, false), nn.gelu(x, { approximate: false }));
  same(nn.hardShrink(x, 1.5), np.array([0, 2]));
  same(new nn.ELU(0.5).call(x), nn.elu(x, 0.5));
  same(new nn.LeakyReLU(0.25, { name: 'l' }).call(x), np.array([-0.25, 2]));
  same(new nn.GELU(true).call(x), nn.gelu(x));
  same(new nn.Softmax(0).call(np.ones([2, 4])), np.full([2, 4], 0.5));
});

test('methods of modules, graphs and utilities refuse options that they do not have', () => {
  const layer = new nn.Linear(2, 2);
  const o = { self: false } as never;
  expect(() => [...layer.namedModules(o)]).toThrow("namedModules: unknown option 'self'; expected one of prefix, includeSelf");
  expect(() => [...layer.namedParameters(o)]).toThrow("namedParameters: unknown option 'self'; expected one of prefix, recurse");
  expect(() => graph.flatten(layer, o)).toThrow("flatten: unknown option 'self'; expected one of refIndex, treefyState");
  expect(() => util.flattenDict({ a: 1 }, o)).toThrow("flattenDict: unknown option 'self'; expected one of parentKey, sep");
});
