export {
  CELU, ELU, GELU, GLU, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, Identity, LeakyReLU, LogSigmoid, LogSoftmax, Mish, PReLU, ReLU, ReLU6, RReLU, SELU, Sigmoid, SiLU, Softmax, Softmax2d, Softmin, Softplus,
  Softshrink, Softsign, SpikeBitwise, Tanh, Tanhshrink, Threshold,
} from './activationModules';
export {
  celu, elu, gelu, glu, hardShrink, hardSigmoid, hardSilu, hardSwish, hardTanh, identity, leakyRelu, log1mexp, logmeanexp, logSigmoid, logSoftmax, logsumexp, type LogsumexpOptions, mish, type NormAxis, oneHot, prelu, relu, relu6, rrelu, selu,
  sigmoid, silu, softmax, softmin, softplus, softShrink, softSign, sparsePlus, sparseSigmoid, squareplus, standardize, swish, tanh, tanhShrink, type StandardizeOptions, type WhereAxis,
} from './activations';
export { Conv1d, Conv2d, Conv3d, type ConvOptions, type ConvParams, type ConvTransposeOptions, ScaledWSConv1d, ScaledWSConv2d, ScaledWSConv3d, type ScaledWSConvOptions } from './conv';
export { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './convTranspose';
export { dotProductAttention, type DotProductAttentionOptions } from './attention';
export { Dropout, type DropoutOptions, type KeptOptions } from './dropout';
export { Embedding, type EmbeddingOptions } from './embedding';
export { HiData, type HiDataFields } from './hiData';
export { Flatten, type FlattenOptions, Unflatten } from './flatten';
export { Linear, type LinearOptions } from './linear';
export { callAllFns, type CallAllOptions, callOrder, initAllStates, resetAllStates } from './collective';
export { type AttentionCallOptions, MultiHeadAttention, type MultiHeadAttentionOptions } from './multiHeadAttention';
export { applyRotary, RotaryEmbedding, type RotaryOptions } from './rotary';
export { LoRA, type LoRAOptions } from './lora';
export { type FiltersByAxis, type MappedCallOptions, type MappedInitOptions, vmapCallAllFns, vmapInitAllStates, vmapResetAllStates } from './mapped';
export { ElementWiseBlock, Module, type ModuleOptions, type ParamModule } from './module';
export { type CellActivation, GRUCell, LSTMCell, MGUCell, RNNCell, type RNNCellOptions, URLSTMCell, ValinaRNNCell, VanillaRNNCell } from './rnn';
export { type Layer, Sequential } from './sequential';
export {
  AccuracyMetric, type ArgName, AverageMetric, type ClassAverage, ConfusionMatrix, F1ScoreMetric, Metric, type MetricInputs, MetricState, MultiMetric, PrecisionMetric, RecallMetric, Statistics, WelfordMetric,
} from './metrics';
export { assignStateValues, clipGradNorm, type ClipGradNormOptions, countParameters, type ValuesByPath } from './parameters';
export {
  BatchNorm0d, BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormOptions, GroupNorm, type GroupNormOptions, LayerNorm, type LayerNormOptions, type MaskOption, RMSNorm, type RMSNormOptions, type ScaleAndBias,
} from './normalization';
export {
  AllToAll, type AllToAllOptions, type ConnectionParams, OneToOne, type OneToOneOptions, ScaledWSLinear, type ScaledWSLinearOptions, SignedWLinear, type SignedWLinearOptions,
} from './scaledLinear';
export { SparseLinear, type SparseLinearOptions, type SparseMatrix } from './sparseLinear';
export { EnvironContext, Map, type MapFunctionOptions, type MapOptions, Vmap, type VmapModuleOptions } from './wrappers';
export { weightStandardization, type WeightStandardizationOptions } from './weightStandardization';
export type { PerDimension, WindowPadding } from './windowArguments';
export { Const, Param, type ParamOptions } from './param';
export {
  AffineT, ChainT, ClipT, ExpT, IdentityT, LogT, MaskedT, NegativeT, NegSoftplusT, OrderedT, PositiveT, PowerT, ReluT, ScaledSigmoidT, SigmoidT, SimplexT, SoftplusT, SoftsignT, TanhT, Transform, UnitVectorT,
} from './paramTransforms';
export {
  BetaReg, CauchyReg, DirichletReg, ExponentialReg, GammaReg, GaussianReg, HorseshoeReg, InverseGammaReg, LogNormalReg, LogUniformReg, SpikeAndSlabReg, StudentTReg, UniformReg,
} from './priors';
export {
  ChainedReg, ElasticNetReg, EntropyReg, GroupLassoReg, HuberReg, type Hyper, L1Reg, L2Reg, MaxNormReg, OrthogonalReg, Regularization, type RegOptions, SpectralNormReg, TotalVariationReg,
} from './regularization';
export { AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d, AdaptiveMaxPool2d, AdaptiveMaxPool3d, type AdaptivePoolOptions, type TargetSize } from './adaptivePooling';
export { AlphaDropout, Dropout1d, Dropout2d, Dropout3d, DropoutFixed, FeatureAlphaDropout, type FeatureDropoutOptions } from './featureDropout';
export {
  CircularPad1d, CircularPad2d, CircularPad3d, ConstantPad1d, ConstantPad2d, ConstantPad3d, type ConstantPadOptions, type PadLayerOptions, type PadSizes, ReflectionPad1d, ReflectionPad2d, ReflectionPad3d,
  ReplicationPad1d, ReplicationPad2d, ReplicationPad3d, ZeroPad1d, ZeroPad2d, ZeroPad3d,
} from './padding';
export { AvgPool1d, AvgPool2d, AvgPool3d, LPPool1d, LPPool2d, LPPool3d, MaxPool1d, MaxPool2d, MaxPool3d, type MaxPoolOptions, type PoolOptions } from './pooling';
export { MaxUnpool1d, MaxUnpool2d, MaxUnpool3d, type MaxUnpoolOptions, type UnpoolCallOptions } from './unpooling';
export * as init from '../init/index';
export { Delay, DelayAccess, type DelayInfo, type DelayInit, type DelayOptions, type DelayTime, StateWithDelay } from './delay';
export { type InterpolationMethod, InterpolationRegistry } from './delayInterpolation';
export {
  type DelayAtOptions, Dynamics, initMaybePrefetch, notReceiveUpdateInput, notReceiveUpdateOutput, OutputDelayAt, Prefetch, PrefetchDelay, PrefetchDelayAt, receiveUpdateInput, receiveUpdateOutput, type UpdateHook,
} from './dynamics';
export { expEulerStep } from './expEuler';
export { type BlockScaleConfig, getScaledDotGeneralConfig, scaledDotGeneral, type ScaledDotGeneralOptions, scaledMatmul } from './scaledDot';
