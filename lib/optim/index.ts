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
export { type FactoredRmsOptions, scaleByAdadelta, scaleByFactoredRms, scaleByRms, scaleByRss, scaleBySm3, scaleByStddev } from './meanSquares';
export { ema, scaleByAdamax, scaleByBelief, scaleByLion, scaleByNadam, scaleByNovograd, scaleByRadam, scaleByYogi } from './moments';
export { clipByBlockRms, lookahead, type RpropOptions, scaleByParamBlockRms, scaleByRprop, scaleByTrustRatio } from './norms';
export { Adadelta, Adafactor, type AdafactorOptions, Adagrad, type AdagradOptions, RMSprop, type RMSpropOptions, SM3 } from './rmsprop';
export { Momentum, MomentumNesterov, SGD, type SGDOptions } from './sgd';
export {
  addDecayedWeights, type AdamOptions, applyUpdates, type ArrayTree, chain, clip, clipByGlobalNorm, globalNorm, type GradientTransformation, scale, scaleByAdam, scaleByAmsgrad, scaleBySchedule, trace,
} from './transformation';
export { SOFO, type SofoLoss, type SOFOOptions, SOFOScan } from './sofo';
export { LBFGS, type LBFGSDirectionOptions, type LBFGSOptions, type LBFGSUpdateExtra, scaleByLbfgs } from './lbfgs';
export { type BacktrackingOptions, scaleByBacktrackingLinesearch, scaleByZoomLinesearch, type ZoomOptions } from './lbfgsLinesearch';
export { UniqueStateManager } from './uniqueStates';
