import { ArgumentError, file, init, metric, nn, numpy as np, optim, ParamState, surrogate, trainer } from '../../lib/index';

type Make = new (...args: unknown[]) => unknown;
const [O, I, N] = [optim, init, nn.init] as unknown as Record<string, Make>[] as [Record<string, Make>, Record<string, Make>, Record<string, Make>];

test.each<[string, Make, unknown[], string]>([
  ['SGD', O.SGD!, [], 'momentum, nesterov, lr, weightDecay, gradClipNorm, gradClipValue'],
  ['AdamW', O.AdamW!, [], 'betas, eps, amsgrad, lr, weightDecay, gradClipNorm, gradClipValue'],
  ['StepLR', O.StepLR!, [], 'stepSize, gamma, baseLr, lastEpoch'],
  ['OneCycleLR', O.OneCycleLR!, [], 'maxLr, totalSteps'],
  ['KaimingNormal', I.KaimingNormal!, [], 'scale, mode, nonlinearity, negativeSlope'],
  ['XavierUniform', I.XavierUniform!, [], 'scale'],
  ['TruncatedNormal', I.TruncatedNormal!, [0, 1], 'low, high'],
  ['KaimingNormal', N.KaimingNormal!, [], 'scale, mode, distribution, inAxis, outAxis, seed'],
  ['Orthogonal', N.Orthogonal!, [], 'scale, axis, seed'],
])('%s names an option that it does not have, and those it has', (name, cls, args, known) => {
  const make = () => new cls(...args, { learningRate: 1 });
  expect(make).toThrow(ArgumentError);
  expect(make).toThrow(`${name}: unknown option 'learningRate'; expected one of ${known}`);
});

test.each<[string, () => unknown, string]>([
  ['SGD', () => new optim.SGD(0.1 as never), 'SGD: expected an options object, got number 0.1'],
  ['RAdam', () => new optim.RAdam(0.1 as never), 'RAdam: expected an options object, got number 0.1'],
  ['StepLR', () => new optim.StepLR([0.1] as never), 'StepLR: expected an options object, got'],
  ['scaleByAdam', () => optim.scaleByAdam(0.9 as never), 'scaleByAdam: expected an options object, got number 0.9'],
  ['Sigmoid', () => new surrogate.Sigmoid(4 as never), 'Sigmoid: expected an options object, got number 4'],
  ['sigmoid', () => surrogate.sigmoid([1], { beta: 1 } as never), "Sigmoid: unknown option 'beta'; expected one of alpha"],
  ['squaredError', () => metric.squaredError([1], [2], { reduce: 'mean' } as never), "squaredError: unknown option 'reduce'; expected one of axis, reduction"],
  ['firingRate', () => metric.firingRate([[1]], 1, 0.1 as never), 'firingRate: expected an options object, got number 0.1'],
  ['Trainer', () => new trainer.Trainer({ epochs: 3 } as never), "Trainer: unknown option 'epochs'; expected one of maxEpochs"],
  ['DataLoader', () => new trainer.DataLoader([[1]] as never, { batch: 3 } as never), "DataLoader: unknown option 'batch'; expected one of batchSize"],
  ['msgpackLoad', () => file.msgpackLoad('none', { strict: true } as never), "msgpackLoad: unknown option 'strict'; expected one of target"],
  ['clip', () => optim.clip('a' as never), "clip: maxDelta: expected a number, got the string \"a\""],
  ['clipByGlobalNorm', () => optim.clipByGlobalNorm('x' as never), "clipByGlobalNorm: maxNorm: expected a number, got the string \"x\""],
  ['scale', () => optim.scale(Number.NaN), 'scale: stepSize: expected a number, got number NaN'],
  ['trace', () => optim.trace(0.9, { nestrov: true } as never), "trace: unknown option 'nestrov'; expected one of nesterov"],
  ['scaleBySchedule', () => optim.scaleBySchedule(0.1 as never), 'scaleBySchedule: expected a function of the number of steps, got number 0.1'],
  ['AverageMetric', () => new nn.AverageMetric({ argName: 'loss' } as never), "AverageMetric: unknown option 'argName'; expected one of argname"],
  ['CompositeLogger', () => new trainer.CompositeLogger([3] as never), 'CompositeLogger: expected loggers, got number 3'],
  ['CallbackList', () => new trainer.CallbackList(3 as never), 'CallbackList: expected a list of callbacks, got number 3'],
  ['Subset', () => new trainer.Subset([1, 2] as never, [0]), 'Subset: expected a dataset, got'],
  ['split', () => trainer.split(new trainer.ArrayDataset([1, 2]), 2 as never), 'split: expected a list of lengths or fractions, got number 2'],
  ['defaultCollate', () => trainer.defaultCollate([{ x: 1 }, { y: 1 }]), 'defaultCollateFn: expected samples of one structure, got'],
  ['DataLoader', () => new trainer.DataLoader([[1]] as never, { collateFn: 3 } as never), 'DataLoader: expected collateFn to be a function, got number 3'],
  ['saveSafetensors', () => file.saveSafetensors('none', {}, { meta: {} } as never), "saveSafetensors: unknown option 'meta'; expected one of metadata"],
])('%s refuses a number for options, or an option that it does not have', (_name, f, message) => {
  expect(f).toThrow(ArgumentError);
  expect(f).toThrow(message);
});

test('a group of parameters has no other options than rate and decay, and a saved optimiser is an object', () => {
  const optimizer = new optim.SGD({ lr: 0.1 });
  const w = new ParamState(np.ones([2]));
  optimizer.registerTrainableWeights({ w });
  expect(() => optimizer.addParamGroup({ w }, { rate: 1 } as never)).toThrow("addParamGroup: unknown option 'rate'; expected one of lr, weightDecay");
  expect(() => optimizer.loadStateDict(null as never)).toThrow(ArgumentError);
  expect(optimizer.paramGroups).toHaveLength(1);
});

test('gradients are floats in the shapes of the states, in their structure', () => {
  const optimizer = new optim.SGD({ lr: 0.5 });
  const w = new ParamState(np.ones([2]));
  optimizer.registerTrainableWeights({ w });
  expect(() => optimizer.update({ w: np.array([1, 2], 'int32') })).toThrow(/SGD.update: the gradient for 'w': expected floats, got i32\[2\]/);
  expect(() => optimizer.update({ w: np.ones([1]) })).toThrow(/SGD.update: the gradient for 'w': expected the shape of the state's value f32\[2\], got f32\[1\]/);
  expect(() => optimizer.update({ w: { a: 1 } })).toThrow(/the gradient for 'w'/);
  expect(() => optimizer.update({ w: 'a' })).toThrow(/the gradient for 'w'/);
  optimizer.update({ w: [1, 2] });
  expect(w.value.toList()).toEqual([0.5, 0]);
});
