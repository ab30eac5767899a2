import { ArgumentError, init, nn, optim } from '../../lib/index';

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
