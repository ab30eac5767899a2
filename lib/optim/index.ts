export { Adam, type AdamOptimizerOptions, AdamW } from './adam';
export { OptaxOptimizer, OptaxOptimizer as Optimizer, type OptimizerOptions, type ParamGroup } from './optimizer';
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
export { Momentum, MomentumNesterov, SGD, type SGDOptions } from './sgd';
export {
  addDecayedWeights, type AdamOptions, applyUpdates, type ArrayTree, chain, clip, clipByGlobalNorm, globalNorm, type GradientTransformation, scale, scaleByAdam, scaleByAmsgrad, scaleBySchedule, trace,
} from './transformation';
