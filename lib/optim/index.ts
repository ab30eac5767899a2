export { Adam, type AdamOptimizerOptions, AdamW } from './adam';
export { OptaxOptimizer, OptaxOptimizer as Optimizer, type OptimizerOptions, type ParamGroup } from './optimizer';
export { OptimState } from './optimState';
export { ConstantLR, type ConstantLROptions, LRScheduler, type SchedulerOptions } from './scheduler';
export { Momentum, MomentumNesterov, SGD, type SGDOptions } from './sgd';
export {
  addDecayedWeights, type AdamOptions, applyUpdates, type ArrayTree, chain, clip, clipByGlobalNorm, globalNorm, type GradientTransformation, scale, scaleByAdam, scaleByAmsgrad, scaleBySchedule, trace,
} from './transformation';
