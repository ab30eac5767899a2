export {
  Constant, type DtypeOption, type FanMode, Identity, type Initializer, type InitLike, KaimingNormal, KaimingUniform, LecunNormal, LecunUniform, Normal, param, type ParamOptions, type SeedOptions, type Size, TruncatedNormal, Uniform,
  VarianceScaling, type VarianceDistribution, type VarianceScalingOptions, XavierNormal, XavierUniform, ZeroInit,
} from './initializers';
export { calculateInitGain, DeltaOrthogonal, Orthogonal, type OrthogonalOptions } from './orthogonal';
