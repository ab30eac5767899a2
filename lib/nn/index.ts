export {
  celu, elu, gelu, glu, hardSigmoid, hardSilu, hardSwish, hardTanh, leakyRelu, logSigmoid, logSoftmax, logsumexp, mish, type NormAxis, oneHot, relu, relu6, selu, sigmoid, silu, softmax, softmin, softplus,
  softSign, standardize, swish, tanh, tanhShrink,
} from './activations';
export { Dropout } from './dropout';
export { Linear, type LinearOptions } from './linear';
export { ElementWiseBlock, initAllStates, Module, resetAllStates, Sequential } from './module';
export * as init from '../init/index';
