import '../interpreters/eval';
import '../primitives/baseOps';
export {
  Callback, CallbackList, EarlyStopping, type EarlyStoppingOptions, type GradientClipOptions, type Gradients, type Hook, LambdaCallback, LearningRateMonitor, type Mode, type Numbers, PrintCallback, Timer,
  type TimerOptions,
} from './callbacks';
export { ArrayDataset, Dataset, DatasetWrapper, DictDataset, type HostData, IterableDataset, type Rows, split, Subset } from './datasets';
export { GradientClipCallback } from './gradientClip';
export {
  BatchSampler, createDistributedBatches, DataLoader, type DataLoaderOptions, defaultCollateFn, defaultCollateFn as defaultCollate, DistributedDataLoader, type DistributedDataLoaderOptions, DistributedSampler, type DistributedSamplerOptions,
  RandomSampler, type RandomSamplerOptions, Sampler, SequentialSampler,
} from './loader';
export { CompositeLogger, CSVLogger, type CSVLoggerOptions, Logger } from './loggers';
export { LossScale, type LossScaleOptions } from './lossScale';
export { ModelCheckpoint, type ModelCheckpointOptions } from './modelCheckpoint';
export { EvalOutput, type EvalResult, type Logged, type LogOptions, type OptimizerConfig, type Scalar, type StepResult, TrainModule, TrainModule as LightningModule, TrainOutput } from './module';
export {
  type BarBackend, type BarOptions, type BarStart, type BarStream, getProgressBar, ProgressBar, type ProgressBarOptions, RichProgressBar, RichProgressBarWrapper, SimpleProgressBar, TQDMProgressBar, TQDMProgressBarWrapper,
} from './progress';
export {
  allReduce, AutoStrategy, type BatchLoss, broadcast, DataParallelStrategy, FullyShardedDataParallelStrategy, getStrategy, type ReduceOp, ShardedDataParallelStrategy, SingleDeviceStrategy, Strategy,
  type StrategyName,
} from './strategies';
export { TensorBoardLogger, type TensorBoardLoggerOptions } from './tensorBoard';
export type { Batches, BatchesList } from './batches';
export type { EvaluateOptions } from './evaluation';
export { type FitOptions, Trainer } from './trainer';
export { TrainerState } from './trainerCore';
export type { Precision, Settings, TrainerOptions } from './settings';
export {
  CheckpointManager, type CheckpointManagerOptions, findCheckpoint, type FindCheckpointOptions, listCheckpoints, type ListCheckpointsOptions, loadCheckpoint, type LoadTargets, saveCheckpoint, type SavedCheckpoint,
  type SaveOptions,
} from './checkpoint';
