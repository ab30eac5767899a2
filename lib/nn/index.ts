export {
  celu, elu, gelu, glu, hardSigmoid, hardSilu, hardSwish, hardTanh, leakyRelu, logSigmoid, logSoftmax, logsumexp, mish, type NormAxis, oneHot, relu, relu6, selu, sigmoid, silu, softmax, softmin, softplus,
  softSign, standardize, swish, tanh, tanhShrink,
} from './activations';
export { Dropout } from './dropout';
export { Linear, type LinearOptions } from './linear';
export { ElementWiseBlock, initAllStates, Module, resetAllStates, Sequential } from './module';
export {
  AccuracyMetric, type ArgName, AverageMetric, type ClassAverage, ConfusionMatrix, F1ScoreMetric, Metric, type MetricInputs, MetricState, MultiMetric, PrecisionMetric, RecallMetric, Statistics, WelfordMetric,
} from './metrics';
export { assignStateValues, clipGradNorm, type ClipGradNormOptions, countParameters, type ValuesByPath } from './parameters';
export * as init from '../init/index';
