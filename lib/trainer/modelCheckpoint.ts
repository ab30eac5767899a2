import { type CheckpointInfo, CheckpointManager } from '../file';
import { checkOptions } from '../functional/options';
import { Callback, checkMode, type Mode } from './callbacks';
import type { TrainModule } from './module';
import type { Trainer } from './trainer';

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions {
  /** The folder. Default: `checkpoints` in the trainer's. */
  dirpath?: string;
  /** The metric that tells the best; default 'val_loss', or 'train_loss' where nothing is validated. */
  monitor?: string;
  mode?: Mode;
  /** How many of the best are kept; the last one always is. Default 3. */
  saveTopK?: number;
  /** Save after every so many epochs. Default 1. */
  everyNEpochs?: number;
  /** Save after so many steps too. */
  everyNTrainSteps?: number | null;
  verbose?: boolean;
}

/**
 * Saves everything that is needed to go on: model, optimiser, schedule, callbacks. Files are those of `file.CheckpointManager`, with checksums.
 * Mirrors `braintools.trainer.ModelCheckpoint`.
 *
 * @example
 * new trainer.ModelCheckpoint({ dirpath: 'checkpoints', monitor: 'val_loss' }) instanceof trainer.Callback; // true
 */
export class ModelCheckpoint extends Callback {
  private readonly options: ModelCheckpointOptions;
  private manager: CheckpointManager | null = null;
  private lastStep = -1;

  constructor(given: ModelCheckpointOptions = {}) {
    super();
    const options = checkOptions('ModelCheckpoint', ['dirpath', 'monitor', 'mode', 'saveTopK', 'everyNEpochs', 'everyNTrainSteps', 'verbose'], given);
    checkMode('ModelCheckpoint', options.mode ?? 'min');
    this.options = options;
  }

  /** The best checkpoint's file; null if there is none. */
  get bestModelPath(): string | null {
    return this.manager?.best()?.file ?? null;
  }

  get bestScore(): number | null {
    const best = this.manager?.best() ?? null;
    return best === null ? null : best.metrics[this.monitor!]!;
  }

  /** The last checkpoint's file; null if there is none. */
  get lastModelPath(): string | null {
    return this.manager?.latest()?.file ?? null;
  }

  /** What was saved and is kept, by step. */
  list(): CheckpointInfo[] {
    return this.manager?.list() ?? [];
  }

  private monitor: string | null = null;

  override onFitStart(trainer: Trainer): void {
    const { dirpath = trainer.path('checkpoints'), mode = 'min', saveTopK = 3 } = this.options;
    this.monitor = this.options.monitor ?? (trainer.validates ? 'val_loss' : 'train_loss');
    this.manager = new CheckpointManager(dirpath, { maxToKeep: 1, bestMetric: this.monitor, bestMode: mode, bestToKeep: Math.max(1, saveTopK) });
    this.lastStep = -1;
  }

  private async save(trainer: Trainer): Promise<void> {
    if (trainer.globalStep === this.lastStep) return;
    this.lastStep = trainer.globalStep;
    // Before the first epoch is over there is no metric yet: such a checkpoint is never the best.
    const metrics = { [this.monitor!]: NaN, ...trainer.callbackMetrics };
    const info = await this.manager!.saveAsync(trainer.globalStep, trainer.checkpoint(), metrics);
    if (this.options.verbose) console.log(`saved ${info.file}`);
  }

  override async onTrainBatchEnd(trainer: Trainer, _module: TrainModule, _outputs: unknown, _batch: unknown, _batchIdx: number): Promise<void> {
    const every = this.options.everyNTrainSteps ?? null;
    if (every !== null && trainer.globalStep % every === 0) await this.save(trainer);
  }

  override async onValidationEpochEnd(trainer: Trainer): Promise<void> {
    if ((trainer.currentEpoch + 1) % (this.options.everyNEpochs ?? 1) === 0) await this.save(trainer);
  }

  override async onTrainEpochEnd(trainer: Trainer): Promise<void> {
    if (!trainer.validates && (trainer.currentEpoch + 1) % (this.options.everyNEpochs ?? 1) === 0) await this.save(trainer);
  }

  override async onFitEnd(trainer: Trainer): Promise<void> {
    await this.save(trainer);
  }
}
