import '../interpreters/eval';
import '../primitives/baseOps';
export {
  Callback, CallbackList, EarlyStopping, type EarlyStoppingOptions, type GradientClipOptions, type Gradients, type Hook, LambdaCallback, LearningRateMonitor, type Mode, type Numbers, PrintCallback, Timer,
  type TimerOptions,
} from './callbacks';
export { ArrayDataset, Dataset, DatasetWrapper, DictDataset, type HostData, IterableDataset, type Rows, split, Subset } from './datasets';
export { GradientClipCallback } from './gradientClip';
export { BatchSampler, DataLoader, type DataLoaderOptions, defaultCollate, DistributedSampler, type DistributedSamplerOptions, RandomSampler, type RandomSamplerOptions, Sampler, SequentialSampler } from './loader';
export { CompositeLogger, CSVLogger, type CSVLoggerOptions, Logger } from './loggers';
export { ModelCheckpoint, type ModelCheckpointOptions } from './modelCheckpoint';
export { EvalOutput, type EvalResult, type Logged, type LogOptions, type OptimizerConfig, type Scalar, type StepResult, TrainModule, TrainModule as LightningModule, TrainOutput } from './module';
export { ProgressBar, type ProgressBarOptions } from './progress';
export { TensorBoardLogger, type TensorBoardLoggerOptions } from './tensorBoard';
export { type EvaluateOptions, type FitOptions, Trainer, type TrainerOptions, TrainerState } from './trainer';
export { CheckpointManager } from '../file';
