import { ArgumentError, file, init, metric, nn, numpy as np, optim, ParamState, surrogate, trainer } from '../../lib/index';

type Make = new (...args: unknown[]) => unknown;
const [O, I, N] = [optim, init, nn.init] as unknown as Record<string, Make>[] as [Record<string, Make>, Record<string, Make>, Record<string, Make>];

test.each<[string, Make, unknown[], string]>([
  ['SGD', O.SGD!, [], 'momentum, nesterov, tx, lr, weightDecay, gradClipNorm, gradClipValue'],
  ['AdamW', O.AdamW!, [], 'weightDecay, betas, eps, amsgrad, tx, lr, gradClipNorm, gradClipValue'],
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
