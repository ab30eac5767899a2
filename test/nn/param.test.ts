import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Array, grad, graph, jit, nn, numpy as np, ParamState, random } from '../../lib';

type Nested = number | Nested[];
interface TransformCase { f: string; a: number[]; o: object; x: Nested; y: Nested; back: Nested; grad: Nested; log?: Nested }
interface RegCase { f: string; a: number[]; o: object; x: Nested; loss: number; grad: Nested; shape: number[]; sample: Nested; reset: number }
const { transforms, regs } = JSON.parse(readFileSync(join(__dirname, '../fixtures/nnParam.json'), 'utf8')) as { transforms: TransformCase[]; regs: RegCase[] };
const make = <T>(c: { f: string; a: number[]; o: object }, more: object = {}) => new (nn as unknown as Record<string, new (...args: unknown[]) => T>)[c.f]!(...c.a, { ...c.o, ...more });
const f32 = (x: Nested) => np.asarray(x as number[], { dtype: 'float32' });

function expectClose(what: string, got: Array, want: Nested, tolerance = 4e-6): void {
  const [a, b] = [[got.toList()].flat(9) as number[], [want].flat(9) as number[]];
  const bad = a.length !== b.length || a.some((x, i) => !(Math.abs(x - b[i]!) <= tolerance * Math.max(1, Math.abs(b[i]!))));
  if (bad) throw new Error(`${what}: expected ${b}, got ${a}`);
}

test.each(transforms.map((c): [string, TransformCase] => [`${c.f}(${c.a}) ${JSON.stringify(c.o)}`, c]))('%s is BrainState\'s', (_, c) => {
  const t = make<nn.Transform>(c);
  const x = f32(c.x);
  const y = t.forward(x);
  expectClose('forward', y, c.y);
  expectClose('call', t.call(x), c.y);
  expectClose('inverse', t.inverse(y), c.back, 2e-5);
  expectClose('gradient', grad((v: Array) => np.sum(np.square(t.forward(v))))(x) as Array, c.grad, 1e-5);
  if (c.log === undefined) expect(() => t.logAbsDetJacobian(x, y)).toThrow(`${c.f}.logAbsDetJacobian: this transform does not define it`);
  else expectClose('logAbsDetJacobian', t.logAbsDetJacobian(x, y), c.log);
});

test('transforms in a chain, and behind a mask', () => {
  const chain = new nn.ChainT(new nn.AffineT(2, 1), new nn.SoftplusT(0));
  const x = np.array([[0.5, -1]]);
  const y = chain.forward(x);
  expectClose('forward', y, [[Math.log1p(Math.exp(2)), Math.log1p(Math.exp(-1))]]);
  expectClose('inverse', chain.inverse(y), [[0.5, -1]], 1e-5);
  // The derivatives are 2 sigmoid(2x + 1).
  expectClose('log', chain.logAbsDetJacobian(x, y), [2 * Math.log(2) - Math.log1p(Math.exp(-2)) - Math.log1p(Math.exp(1))]);
  expect(String(chain)).toBe('ChainT(AffineT(scale=2.0, shift=1.0), SoftplusT(lower=0.0))');

  const masked = new nn.MaskedT(np.array([true, false]), new nn.LogT(0));
  expectClose('forward', masked.forward([0, 5]), [1, 5]);
  expectClose('inverse', masked.inverse([1, -5]), [0, -5]);
  const g = grad((v: Array) => np.sum(masked.inverse(v)))(np.array([2, 0])) as Array;
  expectClose('gradient where the transform has none', g, [0.5, 1]);
});

test('transforms name mistakes', () => {
  expect(() => new nn.AffineT(0, 1)).toThrow('AffineT: expected scale not to be 0, got 0');
  expect(() => new nn.ScaledSigmoidT(0, 1, { beta: -1 })).toThrow('expected beta to be a positive finite number, got number -1');
});

test.each(regs.map((c): [string, RegCase] => [`${c.f} ${JSON.stringify(c.a)} ${JSON.stringify(c.o)}`, c]))('%s is BrainState\'s', (_, c) => {
  const r = make<nn.Regularization>(c);
  const x = f32(c.x);
  expectClose('loss', r.loss(x), c.loss, 1e-5);
  expectClose('gradient', grad((v: Array) => r.loss(v))(x) as Array, c.grad, 2e-5);
  random.seed(7);
  expectClose('sample', r.sampleInit(c.shape), c.sample, 2e-5);
  expectClose('reset value', r.resetValue(), c.reset);
  const fitted = make<nn.Regularization>(c, { fitHyper: true });
  expectClose('loss with states', fitted.loss(x), c.loss, 1e-5);
  for (const s of fitted.states().values()) expect(s).toBeInstanceOf(ParamState);
});

test('regularisations together', () => {
  const r = new nn.ChainedReg(new nn.L1Reg({ weight: 2 }), new nn.L2Reg(), { weight: 0.5 });
  expectClose('loss', r.loss([1, -2]), 0.5 * (6 + 5));
  expect(r.sampleInit([2]).shape).toEqual([2]);
  expect(new nn.ChainedReg().loss([1]).item()).toBe(0);
  expect(() => new nn.ChainedReg(3 as never, {})).toThrow('ChainedReg: expected regularisations, got number 3');
  expect(() => new nn.GroupLassoReg({ groupSize: 0 })).toThrow('groupSize to be a positive integer');
  expect(() => new nn.TotalVariationReg({ order: 3 as never })).toThrow('order to be 1 or 2');
  // Orthonormal rows where there are more columns.
  const q = new nn.OrthogonalReg().sampleInit([2, 4]);
  expectClose('rows', np.matmul(q, q.T), [[1, 0], [0, 1]]);
});

describe('Param', () => {
  test('keeps unconstrained numbers in a state', () => {
    const p = new nn.Param([1, 2], { t: new nn.SoftplusT(0), reg: new nn.L2Reg({ weight: 0.1 }) });
    expect(p.states().keys()).toEqual([['val']]);
    expectClose('val', (p.val as ParamState).value, [0.541325, 1.854587]);
    expectClose('value', p.value(), [1, 2]);
    expectClose('regLoss', p.regLoss(), 0.5);
    p.setValue([3, 4]);
    expectClose('value', p.value(), [3, 4]);
    p.clip({ maxVal: 3.5 });
    expectClose('value', p.value(), [3, 3.5]);
    expect(String(p)).toContain('fit=True,\n  t=SoftplusT(lower=0.0),\n  reg=L2Reg(\n');
    expect(String(p)).toContain('  val=ParamState(\n    value=ShapedArray(float32[2])\n  )\n)');
  });

  test('is trained through its transform', () => {
    const p = new nn.Param(2, { t: new nn.ExpT(0), precompute: (v) => v.mul(10) });
    const [g, value] = grad(() => np.square(p.value()), { gradStates: { p: p.val as ParamState }, returnValue: true })() as [{ p: Array }, Array];
    expectClose('value', value, 400, 1e-5);
    // d(10 exp(x))²/dx is twice the square.
    expectClose('gradient', g.p, 800, 1e-5);
  });

  test('is reset to the most likely value in its own shape', () => {
    const p = new nn.Param([1, 2], { reg: new nn.GaussianReg(0.5, 1) });
    p.resetToPrior();
    expect(p.value().toList()).toEqual([0.5, 0.5]);
    const q = new nn.Param([1, 2]);
    q.resetToPrior();
    expect(q.value().toList()).toEqual([1, 2]);
  });

  test('a cached value is used until the numbers change', () => {
    let calls = 0;
    const p = new nn.Param([1, 2], { precompute: (v) => (calls++, v) });
    const cached = p.cache();
    expect(p.value()).toBe(cached);
    expect([calls, p.cacheStats]).toEqual([1, { valid: true, hasCachedValue: true }]);
    p.setValue([5, 6]);
    expect(p.cacheStats.valid).toBe(false);
    expect(p.value().toList()).toEqual([5, 6]);
    p.cache();
    p.clearCache();
    expect(p.cacheStats).toEqual({ valid: false, hasCachedValue: false });
  });

  test('a cached value is no constant of a transformation', () => {
    const p = new nn.Param([1, 2]);
    p.cache();
    const g = grad(() => np.sum(np.square(p.value())), { gradStates: { p: p.val as ParamState } })() as { p: Array };
    expect(g.p.toList()).toEqual([2, 4]);
    const f = jit(() => p.value());
    expect(f().toList()).toEqual([1, 2]);
    p.setValue([7, 8]);
    expect((f() as Array).toList()).toEqual([7, 8]);
  });

  test('logs what its cache does if asked to', () => {
    const info = jest.spyOn(console, 'info').mockImplementation(() => undefined);
    try {
      const p = new nn.Param(1, { enableCacheLogging: true });
      p.cache();
      p.value();
      p.setValue(2);
      p.value();
      expect(info.mock.calls.map(([x]) => x as string)).toEqual(['nn.Param: cache filled', 'nn.Param: cache hit', 'nn.Param: cache emptied: val has changed']);
    } finally {
      info.mockRestore();
    }
  });

  test('a constant has no state', () => {
    const c = new nn.Const(3, { t: new nn.SigmoidT(0, 10) });
    expect(c.states().size).toBe(0);
    expectClose('value', c.value(), 3, 1e-5);
    c.setValue(4);
    expectClose('value', c.value(), 4, 1e-5);
    expect(c.regLoss().item()).toBe(0);
    expect(() => new nn.Const(1, { fit: true as never })).toThrow('Const: expected fit to be false');
  });

  test('from data in any form', () => {
    expect(nn.Param.init(null)).toBeNull();
    const p = new nn.Param([1, 2]);
    expect(nn.Param.init(p, { sizes: 2 })).toBe(p);
    expect(nn.Param.init(new nn.init.Constant(2), { sizes: [2, 3] })!.value().shape).toEqual([2, 3]);
    expect(nn.Param.init((s) => np.ones(s as number[]), { sizes: 2 })).toBeInstanceOf(nn.Const);
    expect(nn.Param.init(2, { sizes: 3 })!.value().item()).toBe(2);
    expect(() => nn.Param.init([1, 2], { sizes: 3 })).toThrow('broadcasts with [3], got f32[2]');
    expect(() => nn.Param.init(null, { allowNone: false })).toThrow('Param.init: expected a parameter');
    expect(() => nn.Param.init(() => 1)).toThrow('needs sizes');
  });

  test('within a module: its loss, its cache, its copies', () => {
    class Net extends nn.Module {
      a = new nn.Param([1, 2], { reg: new nn.L1Reg() });
      b = [new nn.Param([3], { reg: new nn.L2Reg() })];
      c = new nn.Const(1);
    }
    const net = new Net();
    expect(net.regLoss().item()).toBe(12);
    net.paramPrecompute(() => expect(net.a.cacheStats.valid).toBe(true));
    expect(net.a.cacheStats.valid).toBe(false);
    net.a.cache();
    const copy = graph.clone(net);
    expect(copy.a.cacheStats.valid).toBe(false);
    copy.a.setValue([0, 0]);
    expect([copy.a.value().toList(), net.a.value().toList()]).toEqual([[0, 0], [1, 2]]);
  });

  test('names mistakes', () => {
    expect(() => new nn.Param(1, { t: 3 as never })).toThrow('Param: expected t to be a Transform, got number 3');
    expect(() => new nn.Param(1, { reg: 3 as never })).toThrow('Param: expected reg to be a Regularization or null');
    expect(() => new nn.Param(1, { precompute: 3 as never })).toThrow('expected precompute to be a function');
  });
});
