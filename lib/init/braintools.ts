// What `init` is at the root: the names and signatures of braintools.init. Those of brainstate.nn.init, which the layers use, are nn.init (./index).
export { Beta, Constant, Exponential, Gamma, LogNormal, Normal, TruncatedNormal, Uniform, Weibull, ZeroInit } from './distributions';
export {
  ApplyProfile, BimodalProfile, ClipProfile, ComposedProfile, DistanceModulated, DistanceProfile, DoGProfile, ExponentialProfile, GaussianProfile, LinearProfile, LogisticProfile, MexicanHatProfile, PipeProfile, PowerLawProfile,
  type ProfileOperand, SigmoidProfile, StepProfile,
} from './distanceProfiles';
export { type CallOptions, Clipped, Compose, Conditional, Initialization, type InitOperand, Mixture, Scaled } from './initialization';
export type { FanMode, Initializer, InitLike, ParamOptions, Size, VarianceDistribution } from './initializers';
export { param, type ParameterHolder, type ParameterOptions } from './parameter';
export {
  DeltaOrthogonal, Identity, KaimingNormal, type KaimingOptions, KaimingUniform, LecunNormal, LecunUniform, Orthogonal, VarianceScaling, type VarianceScalingOptions, XavierNormal, XavierUniform,
} from './scaling';
