import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { file, jit, nn, numpy as np, optim, ParamState, random, tree } from 'xlastate';

type Spec = unknown;
interface Course {
  tx: Spec;
  nan?: number[];
  value?: boolean;
  steps: number[][];
}
const { courses }: { courses: Course[] } = JSON.parse(readFileSync(join(__dirname, '../fixtures/optaxFactories.json'), 'utf8'));
const library = optim as unknown as Record<string, (...args: unknown[]) => optim.GradientTransformation>;
const isObject = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null && !globalThis.Array.isArray(x);
type Values = { w: np.Array; b: np.Array };

/** What the fixture's script writes for a transformation, an option or a function. */
function build(x: Spec): unknown {
  if (globalThis.Array.isArray(x) && typeof x[0] === 'string') {
    const [name, ...args] = x as [string, ...unknown[]];
    if (name === 'namedChain') return optim.namedChain(...Object.entries((args[0] as { $tree: object }).$tree).map(([k, v]): [string, optim.GradientTransformation] => [k, build(v) as optim.GradientTransformation]));
    if (name === 'multiTransform') args[0] = Object.fromEntries(Object.entries((args[0] as { $tree: object }).$tree).map(([k, v]) => [k, build(v)]));
    const given = args.map(build);
    return name === 'MultiSteps' ? new optim.MultiSteps(given[0] as optim.GradientTransformation, given[1] as number, given[2] as object) : library[name]!(...given);
  }
  if (!isObject(x)) return x;
  if ('$tree' in x) return x.$tree;
  if ('$rate' in x) return (count: np.Array) => np.multiply((x.$rate as number[])[0]!, np.power((x.$rate as number[])[1]!, count));
  if ('$every' in x) return (step: np.Array) => np.equal(np.mod(step, x.$every as number), 0);
  if ('$matrices' in x) return (p: unknown) => tree.map((a: np.Array) => a.ndim > 1, p as never);
  if ('$skip' in x) return library[x.$skip as string];
  if ('$inject' in x) {
    const [name, options] = x.$inject as [string, object];
    return optim.injectHyperparams(library[name] as never)(build(options) as Record<string, unknown>);
  }
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, build(v)]));
}

const begin = (): Values => ({ w: np.array([[1, -2], [0.5, 3]]), b: np.array([0.1, -0.2]) });
const gradients = ({ w, b }: Values, i: np.Array, wrong: boolean): Values => {
  const ofW = w.mul(2).add(np.multiply(i, 0.1));
  return { w: wrong ? np.where(np.array([[false, true], [false, false]]), NaN, ofW) : ofW, b: b.mul(0.5).sub(0.3) };
};
const numbers = ({ w, b }: Values) => [w, b].flatMap((x) => (x.js() as number[]).flat(2));

test.each(courses.map((c): [string, Course] => [JSON.stringify(c.tx), c]))('%s: the trajectory of optax', (name, { tx, nan = [], value = false, steps }) => {
  // One program need not round to bfloat16 between its operations.
  const compiled = (f: (p: Values, state: unknown, i: np.Array) => unknown) => (name.includes('bfloat16') ? f : (jit(f as never) as unknown as typeof f));
  const made = build(tx) as optim.GradientTransformation;
  const step = (wrong: boolean) => compiled((p, state, i) => {
    const loss = np.add(np.sum(np.square(p.w)), np.multiply(np.sum(np.square(p.b)), 0.25));
    const [u, next] = made.update(gradients(p, i, wrong), state as never, p, value ? { value: loss } : {});
    return [optim.applyUpdates(p, u), next];
  });
  const [plain, wrong] = [step(false), step(true)];
  let [p, state]: [Values, unknown] = [begin(), made.init(begin())];
  steps.forEach((wanted, i) => {
    [p, state] = (nan.includes(i) ? wrong : plain)(p, state, np.array(i)) as [Values, unknown];
    numbers(p).forEach((x, k) => {
      if (!(Math.abs(x - wanted[k]!) <= 5e-6 * Math.max(1, Math.abs(wanted[k]!)))) throw new Error(`step ${i}: expected ${wanted}, got ${numbers(p)}`);
    });
  });
});

test('factories and wrappers in an optimiser: masks by name, saved and loaded, hyperparameters changed between steps', () => {
  const problem = () => ({ w: new ParamState(np.array([1, 2])), b: new ParamState(np.array([3])) });
  const grads = { w: np.array([1, 1]), b: np.array([1]) };
  const p = problem();
  const make = () => new optim.OptaxOptimizer({ tx: optim.chain(optim.masked(optim.trace(0.5), { w: true, b: false }), optim.injectHyperparams(optim.sgd)(0.5)) });
  const o = make();
  o.registerTrainableWeights(p);
  o.update(grads);
  expect([p.w.value.js(), p.b.value.js()]).toEqual([[0.5, 1.5], [2.5]]);
  const saved = file.msgpackRestore(file.msgpackSerialize(o.stateDict())) as Record<string, unknown>;
  const again = make();
  again.registerTrainableWeights(p);
  again.loadStateDict(saved);
  const [[, injected]] = again.optState!.value as [[unknown, { hyperparams: Record<string, np.Array> }], unknown];
  expect(injected.hyperparams.learningRate!.js()).toBe(0.5);
  injected.hyperparams.learningRate = np.array(2);
  again.update(grads);
  // The trace of w is 1.5 by now; b has none.
  expect([p.w.value.js(), p.b.value.js()]).toEqual([[-2.5, -1.5], [0.5]]);

  // Nested states make nested trees; what is given by path stays flat.
  const nested = { a: { w: new ParamState(np.ones([2])) }, b: new ParamState(np.ones([1])) };
  const labelled = new optim.OptaxOptimizer({ tx: optim.multiTransform({ moves: optim.sgd(1), stays: optim.setToZero() }, { a: 'moves', b: 'stays' }) });
  labelled.registerTrainableWeights(nested);
  labelled.update({ a: { w: np.ones([2]) }, b: np.ones([1]) });
  expect([nested.a.w.value.js(), nested.b.value.js()]).toEqual([[0, 0], [1]]);
  expect(Object.keys((labelled.stateDict().param_groups as { 0: { params: object } })[0].params)).toEqual(['a', 'b']);
  random.seed(0);
  const layer = new nn.Linear(2, 1);
  let seen: unknown;
  const decay = new optim.OptaxOptimizer({ tx: optim.adamw(0.1, { mask: (t: unknown) => ((seen = t), tree.map((x: np.Array) => x.ndim > 1, t as never)) }) });
  decay.registerTrainableWeights(layer.states(ParamState));
  expect(Object.keys(seen as object)).toEqual(["('weight',)"]);
  const group = new optim.SGD({ lr: 1 }).registerTrainableWeights({ b: nested.b });
  expect(() => group.addParamGroup({ b: nested.a.w })).toThrow(/addParamGroup: another state is registered at 'b' already/);
  expect(() => new optim.SGD({ lr: 1 }).registerTrainableWeights({ a: nested.b }).registerTrainableWeights({ a: { w: nested.a.w } })).toThrow(/another state is registered at 'a', above 'a.w'/);
});

test('wrong uses are named', () => {
  const tx = optim.sgd(0.1);
  const params = { w: np.ones([2]), b: np.ones([1]) };
  const cases: [() => unknown, RegExp][] = [
    [() => optim.masked({} as never, true), /masked: inner: expected a gradient transformation, with init and update, got a plain object/],
    [() => optim.masked(tx, { w: 1, b: true }).init(params), /masked: expected mask to be a tree of booleans, .* got number 1 in it/],
    [() => optim.masked(tx, { w: true }).init(params), /masked/],
    [() => optim.multiTransform({ a: tx }, { w: 'a', b: 'c' }).init(params), /the label 'c' has no transformation; there are a/],
    [() => optim.multiTransform(tx.init as never, 'a'), /expected transforms to be an object/],
    [() => optim.applyIfFinite(tx, -1), /expected maxConsecutiveErrors to be a non-negative integer, got number -1/],
    [() => new optim.MultiSteps(tx, 0), /everyKSchedule to be a positive integer or a function, got number 0/],
    [() => new optim.MultiSteps(tx, 2, { shouldSkipUpdateFn: () => [np.array(1), null] }).update(params, new optim.MultiSteps(tx, 2).init(params) as never, params), /to give a boolean scalar first/],
    [() => optim.conditionallyMask(tx, true as never), /expected shouldTransformFn to be a function/],
    [() => optim.injectHyperparams(tx as never), /expected innerFactory to be a function/],
    [() => optim.injectHyperparams((() => 3) as never)(0.1).init(params), /what innerFactory makes: expected a gradient transformation/],
    [() => optim.adam('fast' as never), /adam: learningRate: expected a number, a function of the number of steps, or a schedule, got/],
    [() => optim.adam({ b1: 0.9 } as never), /adam: learningRate: expected a number/],
    [() => optim.adam(0.1, { beta1: 0.9 } as never), /adam: unknown option 'beta1'; expected one of b1, b2, eps, epsRoot, muDtype, nesterov/],
    [() => optim.sgd(...([{ learningRate: 0.1 }, { momentum: 1 }] as never as [number])), /sgd: expected learningRate before the options/],
    [() => optim.rprop((() => 0.1) as never), /rprop: learningRate: expected a number/],
    [() => optim.polyakSgd().update(params, optim.polyakSgd().init(params) as never, params), /expected the value of the loss/],
    [() => optim.namedChain(['a', tx], ['a', tx]), /the name 'a' is given twice/],
    [() => optim.scaleByLearningRate({} as never), /scaleByLearningRate: learningRate: expected a number/],
  ];
  for (const [f, message] of cases) expect(f).toThrow(message);
});

test('adaptiveGradClip: units by the number of dimensions, and an error where that does not say', () => {
  const tx = optim.adaptiveGradClip(0.5);
  const norms = (shape: number[]) => {
    const p = np.ones(shape);
    const [u] = tx.update(p.mul(4), tx.init(p) as never, p);
    return [...new Set(((u as np.Array).reshape([-1]).js() as number[]).map((v) => Math.round(v * 1000) / 1000))];
  };
  for (const shape of [[], [3], [1, 3, 1], [3, 2], [3, 2, 2], [2, 2, 2, 3], [2, 2, 2, 2, 3]]) expect([shape, norms(shape)]).toEqual([shape, [0.5]]);
  expect(() => norms([2, 2, 2, 2, 2, 2])).toThrow('adaptiveGradClip: expected parameters of 1 to 5 dimensions');
});
