import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { type CheckpointInfo, CheckpointManager } from '../file';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { InvalidCheckpointPath, reason } from '../storage/errors';
import { Callback, checkMode, type Mode } from './callbacks';
import { checkFolder, findCheckpoint, loadCheckpoint, NameTemplate } from './checkpoint';
import type { TrainModule } from './module';
import type { Trainer } from './trainer';

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions {
  /** The folder. Default: `checkpoints` in the trainer's. */
  dirpath?: string | null;
  /** The names of files, with `{epoch}`, `{step}` and metrics in Python's form, such as 'model-{epoch:02d}-{val_loss:.4f}'. Default 'checkpoint-{epoch:02d}'. */
  filename?: string | null;
  /** The metric that tells the best; default 'val_loss', or 'train_loss' where nothing is validated. */
  monitor?: string;
  mode?: Mode;
  /** How many of the best are kept; -1 keeps all. Default 3. */
  saveTopK?: number;
  /** Whether `last.ckpt` is written when training ends; until then the last checkpoint is kept beside the best. Default true. */
  saveLast?: boolean;
  /** Save in every so many epochs, beginning with the first. Default 1. */
  everyNEpochs?: number;
  /** Save after so many steps too; such checkpoints are not compared, and all kept. */
  everyNTrainSteps?: number | null;
  /** Whether epochs without validation are saved. Default true. */
  saveOnTrainEpochEnd?: boolean;
  verbose?: boolean;
}

/** The managers of a folder: of checkpoints that are compared, of those of single steps, and of `last.ckpt`. */
const managers = (folder: string): Record<'compared' | 'steps' | 'last', CheckpointManager> => ({
  compared: new CheckpointManager(folder, { maxToKeep: null }), steps: new CheckpointManager(folder, { maxToKeep: null, prefix: 'step' }), last: new CheckpointManager(folder, { maxToKeep: 1, prefix: 'last' }),
});

/** All checkpoints of a folder with their managers, the oldest first: by time, as the folder may have those of a run before, which went further. */
function saved(of: ReturnType<typeof managers>): { manager: CheckpointManager; info: CheckpointInfo }[] {
  return Object.values(of).flatMap((manager) => manager.list().map((info) => ({ manager, info }))).sort((a, b) => a.info.time - b.info.time || a.info.step - b.info.step);
}

/** What the last whole checkpoint of a {@link ModelCheckpoint}'s folder holds; damaged ones are passed over with a warning. @throws CheckpointError if there is none */
export function loadLast(folder: string): Record<string, unknown> {
  const described = saved(managers(folder));
  for (const { manager, info } of [...described].reverse()) {
    try {
      return manager.restore({ step: info.step }) as Record<string, unknown>;
    } catch (e) {
      if (!(e instanceof InvalidCheckpointPath)) throw e;
      process.emitWarning(`${reason(e)}; the one before is tried`, 'CheckpointWarning');
    }
  }
  // Of BrainTools, or of a save that was killed before it was described.
  const found = described.length > 0 ? null : findCheckpoint(folder, { last: true });
  if (found === null) throw new InvalidCheckpointPath(`${folder} has no ${described.length > 0 ? 'whole ' : ''}checkpoint`);
  return loadCheckpoint(found);
}

/**
 * Saves everything that is needed to go on: model, optimiser, schedule, callbacks. Files are those of `file.CheckpointManager`, with checksums, and can be
 * read by BrainTools. Mirrors `braintools.trainer.ModelCheckpoint`.
 *
 * @throws ArgumentError for a filename with folders in it, or numbers that are none
 * @example
 * new trainer.ModelCheckpoint({ dirpath: 'checkpoints', filename: 'model-{epoch:02d}-{val_loss:.4f}', saveTopK: 2 }) instanceof trainer.Callback; // true
 */
export class ModelCheckpoint extends Callback {
  /** The metric of the best checkpoint; null if there is none. */
  bestScore: number | null = null;
  /** The best checkpoint's file; null if there is none. */
  bestModelPath: string | null = null;
  /** The metrics of the best checkpoints that are kept, by file. */
  bestKModels: Record<string, number> = {};
  private readonly options: Required<Omit<ModelCheckpointOptions, 'dirpath' | 'filename' | 'monitor'>> & { dirpath: string | null; monitor: string | null };
  private readonly template: NameTemplate;
  private folder: ReturnType<typeof managers> | null = null;
  private monitor = '';
  private lastStep = -1;
  /** The newest checkpoint, which is not among the best and kept until there is a newer one. */
  private rolling: number | null = null;

  constructor(given: ModelCheckpointOptions = {}) {
    const op = new.target.name;
    const { dirpath = null, filename, monitor = null, mode = 'min', saveTopK = 3, saveLast = true, everyNEpochs = 1, everyNTrainSteps = null, saveOnTrainEpochEnd = true, verbose = false } = checkOptions(
      op, ['dirpath', 'filename', 'monitor', 'mode', 'saveTopK', 'saveLast', 'everyNEpochs', 'everyNTrainSteps', 'saveOnTrainEpochEnd', 'verbose'], given as ModelCheckpointOptions & { monitor?: string | null },
    );
    super();
    if (dirpath !== null) checkFolder(op, 'dirpath', dirpath);
    if (monitor !== null && typeof monitor !== 'string') throw new ArgumentError(`${op}: expected monitor to be a metric's name, got ${describeValue(monitor)}`);
    checkInteger(op, 'saveTopK', saveTopK, -1);
    checkInteger(op, 'everyNEpochs', everyNEpochs, 1);
    if (everyNTrainSteps !== null) checkInteger(op, 'everyNTrainSteps', everyNTrainSteps, 1);
    this.template = new NameTemplate(op, 'filename', filename ?? 'checkpoint-{epoch:02d}');
    this.options = { dirpath, monitor, mode: checkMode(op, mode), saveTopK, saveLast, everyNEpochs, everyNTrainSteps, saveOnTrainEpochEnd, verbose };
  }

  /** The last checkpoint's file; null if there is none. */
  get lastModelPath(): string | null {
    return this.folder === null ? null : (saved(this.folder).at(-1)?.info.file ?? null);
  }

  /** What the folder has, the oldest first. */
  list(): CheckpointInfo[] {
    return this.folder === null ? [] : saved(this.folder).map((c) => c.info);
  }

  override onFitStart(trainer: Trainer): void {
    this.folder = null;
    this.opened(trainer);
    // Those of a run that is gone on from may be elsewhere.
    this.bestKModels = Object.fromEntries(Object.entries(this.bestKModels).filter(([path]) => existsSync(path)));
    [this.lastStep, this.rolling] = [-1, null];
  }

  /** The folder's managers. */
  private opened(trainer: Trainer): ReturnType<typeof managers> {
    if (this.folder === null) {
      this.monitor = this.options.monitor ?? (trainer.validates ? 'val_loss' : 'train_loss');
      this.folder = managers(this.options.dirpath ?? trainer.path('checkpoints'));
    }
    return this.folder;
  }

  /** A name for the values of now. */
  private named(trainer: Trainer, withStep: boolean): string {
    const { currentEpoch: epoch, globalStep: step } = trainer;
    const name = this.template.text({ epoch, step, ...trainer.callbackMetrics }) ?? `checkpoint-epoch=${String(epoch).padStart(2, '0')}-step=${step}`;
    // Several within an epoch are not to take each other's place.
    return `${name}${withStep && !this.template.names.has('step') && !name.includes(`step=${step}`) ? `-step=${step}` : ''}.ckpt`;
  }

  private async save(trainer: Trainer, manager: CheckpointManager, filename: string): Promise<CheckpointInfo> {
    const info = await manager.saveAsync(trainer.globalStep, trainer.checkpoint(), trainer.callbackMetrics, { filename });
    if (this.options.verbose) console.log(`saved ${info.file}`);
    return info;
  }

  private drop(step: number): void {
    const { compared } = this.folder!;
    const file = compared.list().find((c) => c.step === step)?.file;
    if (compared.remove(step) && this.options.verbose) console.log(`removed ${file}`);
  }

  /** Saves, and keeps the best. */
  private async saveCompared(trainer: Trainer): Promise<void> {
    const { mode, saveTopK, saveLast, everyNEpochs } = this.options;
    // A validation by itself is no epoch of training.
    if (trainer.fitting === false || trainer.globalStep === this.lastStep || trainer.currentEpoch % everyNEpochs !== 0) return;
    const manager = this.opened(trainer).compared;
    const score = trainer.callbackMetrics[this.monitor];
    if (saveTopK === 0 && !saveLast) return;
    this.lastStep = trainer.globalStep;
    const filename = this.named(trainer, false);
    const path = join(manager.folder, filename);
    const sign = mode === 'min' ? 1 : -1;
    // What is saved tells of itself, too.
    const before = { bestScore: this.bestScore, bestModelPath: this.bestModelPath, bestKModels: { ...this.bestKModels } };
    const compared = score !== undefined && !Number.isNaN(score);
    if (compared && (this.bestScore === null || sign * score < sign * this.bestScore)) [this.bestScore, this.bestModelPath] = [score, path];
    if (compared && saveTopK !== 0) this.bestKModels[path] = score;
    else delete this.bestKModels[path];
    const worst = saveTopK > 0 && Object.keys(this.bestKModels).length > saveTopK ? Object.entries(this.bestKModels).reduce((a, b) => (sign * b[1] > sign * a[1] ? b : a))[0] : null;
    if (worst !== null) delete this.bestKModels[worst];
    let info: CheckpointInfo;
    try {
      info = await this.save(trainer, manager, filename);
    } catch (e) {
      Object.assign(this, before);
      throw e;
    }
    if (this.rolling !== null && this.rolling !== info.step) this.drop(this.rolling);
    this.rolling = null;
    if (worst !== null && worst !== path) {
      const evicted = manager.list().find((c) => c.file === worst);
      if (evicted !== undefined) this.drop(evicted.step);
    }
    const kept = this.bestKModels[path] !== undefined || (!compared && saveTopK !== 0);
    if (kept) return;
    if (saveLast) this.rolling = info.step;
    else this.drop(info.step);
  }

  override async onTrainBatchEnd(trainer: Trainer, _module: TrainModule, _outputs: unknown, _batch: unknown, _batchIdx: number): Promise<void> {
    const every = this.options.everyNTrainSteps;
    if (every !== null && trainer.globalStep % every === 0) await this.save(trainer, this.opened(trainer).steps, this.named(trainer, true));
  }

  override async onValidationEpochEnd(trainer: Trainer): Promise<void> {
    await this.saveCompared(trainer);
  }

  override async onTrainEpochEnd(trainer: Trainer): Promise<void> {
    if (!trainer.validates && this.options.saveOnTrainEpochEnd) await this.saveCompared(trainer);
  }

  override async onFitEnd(trainer: Trainer): Promise<void> {
    if (!this.options.saveLast) return;
    await this.save(trainer, this.opened(trainer).last, 'last.ckpt');
    if (this.rolling !== null) this.drop(this.rolling);
    this.rolling = null;
  }

  override stateDict(): Record<string, unknown> {
    return { best_score: this.bestScore, best_model_path: this.bestModelPath, best_k_models: { ...this.bestKModels } };
  }

  override loadStateDict(state: Record<string, unknown>): void {
    this.bestScore = state.best_score == null ? null : Number(state.best_score);
    this.bestModelPath = state.best_model_path == null ? null : String(state.best_model_path);
    this.bestKModels = Object.fromEntries(Object.entries((state.best_k_models ?? {}) as Record<string, unknown>).map(([file, x]) => [file, Number(x)]));
  }
}
