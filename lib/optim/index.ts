export { AdaBelief, Adam, Adamax, type AdamOptimizerOptions, AdamW, type BetasOptions, Lion, Nadam, Novograd, RAdam, Yogi } from './adam';
export { OptaxOptimizer, OptaxOptimizer as Optimizer, type OptimizerOptions, type ParamGroup, type StepSettings } from './optimizer';
export { OptimState } from './optimState';
export {
  CosineAnnealingLR, type CosineAnnealingLROptions, CosineAnnealingWarmRestarts, type CosineAnnealingWarmRestartsOptions, WarmupCosineSchedule, type WarmupCosineScheduleOptions, WarmupScheduler,
  type WarmupSchedulerOptions,
} from './annealing';
export { ChainedScheduler, SequentialLR } from './composedSchedules';
export { CyclicLR, type CyclicLROptions, OneCycleLR, type OneCycleLROptions } from './cycles';
export {
  ConstantLR, type ConstantLROptions, ExponentialDecayLR, type ExponentialDecayLROptions, ExponentialLR, type ExponentialLROptions, LinearLR, type LinearLROptions, MultiStepLR, type MultiStepLROptions,
  PiecewiseConstantSchedule, type PiecewiseConstantScheduleOptions, PolynomialLR, type PolynomialLROptions, StepLR, type StepLROptions,
} from './decays';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau';
export { EpochSchedule, LRScheduler, type SchedulerOptions } from './scheduler';
export { Fromage, Lamb, Lars, Lookahead, Rprop, type RpropOptimizerOptions } from './layerwise';
export { type FactoredRmsOptions, type MeanSquareOptions, scaleByAdadelta, scaleByFactoredRms, scaleByRms, scaleByRss, scaleBySm3, scaleByStddev } from './meanSquares';
export { ema, scaleByAdamax, scaleByBelief, scaleByLion, scaleByNadam, scaleByNovograd, scaleByRadam, scaleByYogi } from './moments';
export { addNoise } from './gradientNoise';
export { adaptiveGradClip, type AdaptiveGradClipOptions, clipByBlockRms, lookahead, type RpropOptions, scaleByParamBlockRms, scaleByRprop, scaleByTrustRatio } from './norms';
export { Adadelta, Adafactor, type AdafactorOptions, Adagrad, type AdagradOptions, RMSprop, type RMSpropOptions, SM3 } from './rmsprop';
export { Momentum, MomentumNesterov, SGD, type SGDOptions } from './sgd';
export {
  type AdamOptions, applyUpdates, type ArrayTree, chain, clip, clipByGlobalNorm, type Factor, globalNorm, type GradientTransformation, scale, scaleByAdam, scaleByAmsgrad, scaleBySchedule, trace,
} from './transformation';
export {
  addDecayedWeights, centralize, identity, keepParamsNonnegative, namedChain, normalizeByUpdateNorm, type PolyakOptions, type Rate, scaleByAdan, scaleByLearningRate, scaleByOptimisticGradient, scaleByPolyak, scaleBySign,
  setToZero, zeroNans,
} from './adjustments';
export {
  applyIfFinite, conditionallyMask, conditionallyTransform, type Mask, masked, MultiSteps, type MultiStepsOptions, multiTransform, multiTransform as partition, skipLargeUpdates, skipNotFinite, type SkipUpdate,
  type StepCondition,
} from './wrappers';
export { injectHyperparams, type InjectOptions } from './injection';
export {
  adabelief, adadelta, adafactor, type AdafactorAliasOptions, adagrad, adam, type AdamAliasOptions, adamax, adamaxw, adamw, adan, amsgrad, fromage, lamb, lars, type LarsOptions, lbfgs, type LbfgsAliasOptions, lion, nadam,
  nadamw, noisySgd, novograd, optimisticAdamV2, optimisticGradientDescent, polyakSgd, radam, rmsprop, type RmspropOptions, rprop, sgd, type SgdOptions, signSgd, signum, sm3, yogi,
} from './aliases';
export { SOFO, type SofoLoss, type SOFOOptions, SOFOScan } from './sofo';
export { LBFGS, type LBFGSDirectionOptions, type LBFGSOptions, type LBFGSUpdateExtra, scaleByLbfgs } from './lbfgs';
export { type BacktrackingOptions, scaleByBacktrackingLinesearch, scaleByZoomLinesearch, type ZoomOptions } from './lbfgsLinesearch';
export { UniqueStateManager } from './uniqueStates';
