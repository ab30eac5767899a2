import { join } from 'node:path';
import * as environ from '../environ';
import * as np from '../numpy';
import type { LRScheduler, OptaxOptimizer } from '../optim';
import * as random from '../random';
import { type Batches, lengthOf } from './batches';
import { type Callback, CallbackList, type Hook, type Numbers } from './callbacks';
import { GradientClipCallback } from './gradientClip';
import { CompositeLogger, type Logger } from './loggers';
import type { LossScale } from './lossScale';
import { ModelCheckpoint } from './modelCheckpoint';
import { TrainModule } from './module';
import { isEpochBar, TQDMProgressBar } from './progress';
import type { StepNumbers } from './programs';
import { batchesOf, readSettings, type Settings, type TrainerOptions } from './settings';
import { getStrategy, type Strategy } from './strategies';
import type { Trainer } from './trainer';

/** What a trainer does at the moment, or did last. */
export type Stage = 'train' | 'validate' | 'test' | 'predict';

/** Where training is. Mirrors `braintools.trainer.TrainerState`. @example new trainer.TrainerState().epoch; // 0 */
export class TrainerState {
  stage: Stage = 'train';
  batchIdx = 0;
  shouldStop = false;
  // In an environment, so that a compiled step that reads them is compiled anew when they have changed.
  private readonly numbers = new environ.EnvironmentState();

  constructor() {
    this.reset();
  }

  /** Back to the beginning. */
  reset(): void {
    environ.set({ epoch: 0, globalStep: 0 }, { env: this.numbers });
    [this.stage, this.batchIdx, this.shouldStop] = ['train', 0, false];
  }

  get epoch(): number {
    return environ.get<number>('epoch', { env: this.numbers });
  }

  set epoch(n: number) {
    environ.set({ epoch: n }, { env: this.numbers });
  }

  get globalStep(): number {
    return environ.get<number>('globalStep', { env: this.numbers });
  }

  set globalStep(n: number) {
    environ.set({ globalStep: n }, { env: this.numbers });
  }
}

/** What a trainer holds, and how it tells others of it. */
export abstract class TrainerCore {
  readonly state = new TrainerState();
  /** Means of the last epochs. */
  readonly callbackMetrics: Record<string, number> = {};
  readonly loggers: readonly Logger[];
  readonly callbacks: CallbackList;
  /** What puts model and optimiser in place before training; training runs on one device. */
  readonly strategy: Strategy;
  /** The options, with their defaults. */
  readonly settings: Settings;
  /** The factor of the loss of a training in float16; null in other precisions. */
  readonly lossScale: LossScale | null;
  optimizer: OptaxOptimizer | null = null;
  scheduler: LRScheduler | null = null;
  model: TrainModule | null = null;
  trainDataloader: Batches | null = null;
  /** What `fit` validates by. */
  valDataloaders: readonly Batches[] = [];
  /** Names that were logged with `progBar`. */
  readonly progressMetrics = new Set<string>();
  /** Whether `fit` runs. */
  fitting = false;
  private silent = new Set<string>();

  constructor(given: TrainerOptions = {}) {
    const { settings, callbacks, loggers, strategy, lossScale } = readSettings(given);
    this.settings = settings;
    this.lossScale = lossScale;
    this.strategy = getStrategy(strategy);
    if (settings.enableCheckpointing && !callbacks.some((c) => c instanceof ModelCheckpoint)) callbacks.push(new ModelCheckpoint());
    if (settings.gradientClipVal !== null) callbacks.push(new GradientClipCallback({ clipVal: settings.gradientClipVal, clipAlgorithm: settings.gradientClipAlgorithm }));
    if (settings.enableProgressBar && !callbacks.some(isEpochBar)) callbacks.push(new TQDMProgressBar());
    this.callbacks = new CallbackList(settings.fastDevRun > 0 ? callbacks.filter((c) => !(c instanceof ModelCheckpoint)) : callbacks);
    this.loggers = loggers;
    if (settings.seed !== null) random.seed(settings.seed);
  }

  /** A path in the trainer's folder. */
  path(name: string): string {
    return join(this.settings.defaultRootDir, name);
  }

  get maxEpochs(): number {
    return this.settings.maxEpochs;
  }

  get minEpochs(): number {
    return this.settings.minEpochs;
  }

  get maxSteps(): number {
    return this.settings.maxSteps;
  }

  get currentEpoch(): number {
    return this.state.epoch;
  }

  get globalStep(): number {
    return this.state.globalStep;
  }

  get isTraining(): boolean {
    return this.state.stage === 'train';
  }

  /** How many devices training runs on. */
  get numDevices(): number {
    return this.strategy.numDevices;
  }

  /** The optimiser, in a list. */
  get optimizers(): OptaxOptimizer[] {
    return this.optimizer === null ? [] : [this.optimizer];
  }

  /** The schedule, in a list. */
  get schedulers(): LRScheduler[] {
    return this.scheduler === null ? [] : [this.scheduler];
  }

  /** Whether `fit` validates. */
  get validates(): boolean {
    return this.valDataloaders.length > 0;
  }

  /** How many batches an epoch of training has; null where only iterating tells. */
  get numTrainingBatches(): number | null {
    return this.trainDataloader === null ? null : batchesOf('limitTrainBatches', this.settings.limitTrainBatches, lengthOf(this.trainDataloader));
  }

  /** One logger for all. */
  get logger(): Logger {
    return new CompositeLogger(this.loggers);
  }

  protected attach(model: TrainModule): void {
    this.model = model;
    model.attach(this as unknown as Trainer);
  }

  /** Tells callbacks, then the module. */
  protected async tell<H extends Exclude<Hook, 'onException' | 'onSaveCheckpoint' | 'onLoadCheckpoint'>>(hook: H, ...args: unknown[]): Promise<void> {
    const model = this.model!;
    await this.callbacks.tell(hook, ...([this, model, ...args] as unknown as Parameters<Callback[H]>));
    if (model[hook] !== TrainModule.prototype[hook]) await (model[hook] as (...a: unknown[]) => void | Promise<void>).apply(model, args);
  }

  /** The metrics of a step: returned ones and logged ones, as arrays. */
  protected numbersOf(module: TrainModule, returned: StepNumbers): StepNumbers {
    const logged = [...module.takeLogs()];
    for (const [name, { progBar, logger }] of logged) {
      if (progBar) this.progressMetrics.add(name);
      if (!logger) this.silent.add(name);
    }
    return { ...returned, ...Object.fromEntries(logged.map(([k, v]) => [k, np.asarray(v.value)])) };
  }

  /** The values of a step, once they are there; the event loop is free until then. */
  protected async read(numbers: StepNumbers): Promise<Record<string, number>> {
    const out: Record<string, number> = {};
    for (const [k, v] of Object.entries(numbers)) {
      await v.ready();
      if (v.ndim === 0) out[k] = Number(v.item());
    }
    return out;
  }

  protected log(numbers: Numbers): void {
    if (this.loggers.length === 0) return;
    const shown = Object.fromEntries(Object.entries(numbers).filter(([k]) => !this.silent.has(k)));
    for (const l of this.loggers) l.logMetrics(shown, this.globalStep);
  }
}
