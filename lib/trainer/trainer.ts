import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import { CheckpointError } from '../file';
import * as np from '../numpy';
import { type LRScheduler, type OptaxOptimizer, ReduceLROnPlateau } from '../optim';
import * as random from '../random';
import { BrainStateError } from '../state/errors';
import type { State } from '../state/state';
import { leaves, map as treeMap } from '../tree';
import { type Batches, type BatchesList, firstOf, isBatches, lengthOf, sourceAndOptions, sources } from './batches';
import { Callback, CallbackList, formatMetrics, type Gradients, type Hook, type Numbers } from './callbacks';
import { allOrNothing, loadCheckpoint, loadModelState, modelStateDict, optimizerStates } from './checkpoint';
import { GradientClipCallback } from './gradientClip';
import { DataLoader } from './loader';
import { CompositeLogger, type Logger } from './loggers';
import type { LossScale } from './lossScale';
import { Means, rowsOf } from './means';
import { TrainModule } from './module';
import { loadLast, ModelCheckpoint } from './modelCheckpoint';
import { settle } from './optimizerConfig';
import { isEpochBar, TQDMProgressBar } from './progress';
import { type Compiled, evaluationProgram, type StepNumbers, trainingPrograms } from './programs';
import { batchesOf, readSettings, type Settings, type TrainerOptions } from './settings';
import { getStrategy, type Strategy } from './strategies';

/** Options of {@link Trainer.fit}. */
export interface FitOptions {
  /** In place of the second argument. */
  trainDataloaders?: Batches;
  /** Batches of validation, from one source or several. */
  valDataloaders?: BatchesList;
  /** Go on from this checkpoint: a file, or a folder of a {@link ModelCheckpoint}, whose last whole one is taken. */
  ckptPath?: string;
}

/** Options of validation, test and prediction. */
export interface EvaluateOptions {
  /** The module, in place of the first argument; default: the one that the trainer had last. */
  model?: TrainModule | null;
  /** In place of the second argument; of validation by default those of `fit`. */
  dataloaders?: BatchesList;
  /** Load this checkpoint's model first. */
  ckptPath?: string;
  /** Whether the metrics of a validation or test are printed. Default false. */
  verbose?: boolean;
}

type Stage = 'train' | 'validate' | 'test' | 'predict';
type Programs = ReturnType<typeof trainingPrograms>;

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

/**
 * Runs a {@link TrainModule}: epochs of compiled training steps with `fit` set in the environment, evaluation with it unset, callbacks and loggers.
 *
 * Metrics of an epoch are means over its samples: each batch counts by its rows. They are in {@link callbackMetrics} as `train_…`, `val_…`, `test_…`.
 * After an error, of a callback or a dataset say, the trainer may be used again. Mirrors `braintools.trainer.Trainer`.
 *
 * @throws ArgumentError for an option that is not what it should be
 * @example
 * ```ts
 * class Line extends trainer.TrainModule {
 *   layer = new nn.Linear(1, 1);
 *   override trainingStep([x, y]: Array[]) { return metric.squaredError(this.layer.call(x!), y!, { reduction: 'mean' }); }
 *   override configureOptimizers() { return new optim.Adam({ lr: 0.1 }); }
 * }
 * const xs = np.linspace(0, 1, 64).reshape([64, 1]);
 * const t = new trainer.Trainer({ maxEpochs: 2, enableProgressBar: false, logger: false });
 * await t.fit(new Line(), new trainer.DataLoader([xs, xs.mul(2)], { batchSize: 16 }));
 * t.state.globalStep; // 8
 * ```
 */
export class Trainer {
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
  private monitor = 'val_loss';
  /** Whether the current epoch's batches have all been trained on, and whether the schedule knows of it. */
  private done = { epoch: false, schedule: false };
  private silent = new Set<string>();
  private readonly evaluators = new WeakMap<TrainModule, Partial<Record<Stage, Compiled>>>();

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

  private attach(model: TrainModule): void {
    this.model = model;
    model.attach(this);
  }

  /** Tells callbacks, then the module. */
  private async tell<H extends Exclude<Hook, 'onException' | 'onSaveCheckpoint' | 'onLoadCheckpoint'>>(hook: H, ...args: unknown[]): Promise<void> {
    const model = this.model!;
    await this.callbacks.tell(hook, ...([this, model, ...args] as unknown as Parameters<Callback[H]>));
    if (model[hook] !== TrainModule.prototype[hook]) await (model[hook] as (...a: unknown[]) => void | Promise<void>).apply(model, args);
  }

  /** The metrics of a step: returned ones and logged ones, as arrays. */
  private numbersOf(module: TrainModule, returned: StepNumbers): StepNumbers {
    const logged = [...module.takeLogs()];
    for (const [name, { progBar, logger }] of logged) {
      if (progBar) this.progressMetrics.add(name);
      if (!logger) this.silent.add(name);
    }
    return { ...returned, ...Object.fromEntries(logged.map(([k, v]) => [k, np.asarray(v.value)])) };
  }

  /** The values of a step, once they are there; the event loop is free until then. */
  private async read(numbers: StepNumbers): Promise<Record<string, number>> {
    const out: Record<string, number> = {};
    for (const [k, v] of Object.entries(numbers)) {
      await v.ready();
      if (v.ndim === 0) out[k] = Number(v.item());
    }
    return out;
  }

  private log(numbers: Numbers): void {
    if (this.loggers.length === 0) return;
    const shown = Object.fromEntries(Object.entries(numbers).filter(([k]) => !this.silent.has(k)));
    for (const l of this.loggers) l.logMetrics(shown, this.globalStep);
  }

  /**
   * Trains a module.
   *
   * @throws ArgumentError if the module's methods return what they should not
   * @throws BrainStateError while it trains already
   */
  async fit(model: TrainModule, trainDataloaders: Batches | FitOptions, given?: FitOptions): Promise<void> {
    if (!(model instanceof TrainModule)) throw new ArgumentError(`Trainer.fit: expected model to be a TrainModule, got ${describeValue(model)}`);
    const [source, { valDataloaders = [], ckptPath }] = sourceAndOptions<FitOptions, Batches>('Trainer.fit', 'trainDataloaders', ['valDataloaders', 'ckptPath'], trainDataloaders, given);
    if (!isBatches(source)) throw new ArgumentError(`Trainer.fit: expected trainDataloaders to be a DataLoader, or batches to iterate over, got ${describeValue(source)}`);
    const validation = sources('Trainer.fit', 'valDataloaders', valDataloaders);
    if (validation.length > 0 && model.validationStep === undefined) throw new ArgumentError(`Trainer.fit: there are valDataloaders, but ${model.constructor.name} has no validationStep`);
    if (this.fitting) throw new BrainStateError('Trainer.fit: this trainer is training already; await its end, or use another trainer');
    const params = model.trainable();
    if (params.size === 0) throw new ArgumentError(`Trainer.fit: ${model.constructor.name} has no parameters to train`);
    const config = settle(model.configureOptimizers());
    this.fitting = true;
    let told = false;
    try {
      this.attach(model);
      const { overfitBatches } = this.settings;
      this.trainDataloader = overfitBatches > 0 ? await firstOf(source, overfitBatches) : source;
      this.valDataloaders = overfitBatches > 0 && model.validationStep !== undefined ? [this.trainDataloader] : validation;
      this.state.reset();
      this.strategy.setup(model, config.optimizer);
      config.optimizer.registerTrainableWeights(params);
      [this.optimizer, this.scheduler, this.monitor] = [config.optimizer, config.scheduler, config.monitor];
      const first = ckptPath === undefined ? 0 : this.restore(ckptPath, true);
      const programs = trainingPrograms(model, config.optimizer, params, this.callbacks, this.settings.precision, this.lossScale, (returned) => this.numbersOf(model, returned));
      told = true;
      await this.run(model, programs, first);
    } catch (e) {
      if (told) await this.tellOfError(model, e);
      this.finalizeLoggers();
      throw e;
    } finally {
      this.fitting = false;
      // What was logged by a step that failed is of no other.
      model.takeLogs();
    }
    const errors = this.finalizeLoggers();
    if (errors.length > 0) throw errors[0];
  }

  private async run(model: TrainModule, programs: Programs, first: number): Promise<void> {
    const { maxEpochs, minEpochs, checkValEveryNEpoch, numSanityValSteps, accumulateGradBatches, gradientClipVal, precision } = this.settings;
    await this.tell('onFitStart');
    if (this.validates && numSanityValSteps > 0) await this.sanity(model, numSanityValSteps);
    await this.tell('onTrainStart');
    for (const l of this.loggers) l.logHyperparams({ maxEpochs, accumulateGradBatches, gradientClipVal, precision, numDevices: this.numDevices });
    for (let epoch = first; epoch < maxEpochs && !this.outOfSteps(); epoch++) {
      this.state.epoch = epoch;
      this.done = { epoch: false, schedule: false };
      await this.trainEpoch(model, programs);
      if (this.validates && (epoch + 1) % checkValEveryNEpoch === 0) await this.validateEpoch(model);
      this.stepSchedule();
      this.done.schedule = true;
      if (epoch + 1 >= minEpochs && this.stopAsked()) break;
    }
    await this.tell('onTrainEnd');
    await this.tell('onFitEnd');
  }

  /** A first look at validation. */
  private async sanity(model: TrainModule, steps: number): Promise<void> {
    const step = this.evaluator(model, 'validate');
    for (const loader of this.valDataloaders) for (const [i, batch] of (await firstOf(loader, steps)).entries()) await this.read(environ.context({ fit: false }, () => step(batch, np.array(i, 'int32'))) as StepNumbers);
    // A loader begins with the order that it would have begun with.
    for (const loader of this.valDataloaders) if (loader instanceof DataLoader) loader.setEpoch(0);
  }

  /** Callbacks that end what they have begun, whatever becomes of the others: the error that is told is the first. */
  private async tellOfError(model: TrainModule, error: unknown): Promise<void> {
    for (const c of this.callbacks) {
      try {
        if (c.onException !== Callback.prototype.onException) await c.onException(this, model, error);
      } catch {}
    }
  }

  /** Ends all loggers, whatever becomes of the others. */
  private finalizeLoggers(): unknown[] {
    const errors: unknown[] = [];
    for (const l of this.loggers) {
      try {
        l.finalize();
      } catch (e) {
        errors.push(e);
      }
    }
    return errors;
  }

  private outOfSteps(): boolean {
    return this.maxSteps >= 0 && this.globalStep >= this.maxSteps;
  }

  private stopAsked(): boolean {
    return this.state.shouldStop || [...this.callbacks].some((c) => c.shouldStop);
  }

  private stepSchedule(): void {
    if (this.scheduler === null) return;
    if (!(this.scheduler instanceof ReduceLROnPlateau)) {
      this.scheduler.step();
      return;
    }
    const metric = this.callbackMetrics[this.monitor];
    if (metric === undefined) throw new ArgumentError(`Trainer.fit: ReduceLROnPlateau waits for the metric '${this.monitor}', which is missing; there are ${Object.keys(this.callbackMetrics).join(', ')}`);
    this.scheduler.step(metric);
  }

  /** Whether a callback or the module is told between gradients and their use. */
  private splits(model: TrainModule): boolean {
    return model.onAfterBackward !== TrainModule.prototype.onAfterBackward || [...this.callbacks].some((c) => c.onAfterBackward !== Callback.prototype.onAfterBackward);
  }

  private async trainEpoch(model: TrainModule, { gradients, apply, fused }: Programs): Promise<void> {
    const { state } = this;
    const every = this.settings.accumulateGradBatches;
    const loader = this.trainDataloader!;
    const most = this.numTrainingBatches;
    const splits = every > 1 || this.splits(model);
    const training = <T>(f: () => T): T => environ.context({ fit: true }, f);
    state.stage = 'train';
    await this.tell('onTrainEpochStart');
    const means = new Means();
    let [held, kept]: [Gradients | null, number] = [null, 0];
    const update = async (f: () => StepNumbers): Promise<StepNumbers> => {
      await this.tell('onBeforeOptimizerStep', this.optimizer!);
      const numbers = training(f);
      await this.tell('onAfterOptimizerStep', this.optimizer!);
      return numbers;
    };
    const flush = () => update(() => {
      const [grads, n] = [held!, kept];
      [held, kept] = [null, 0];
      return apply(n === 1 ? grads : (treeMap((g: Array) => np.divide(g, n), grads) as Gradients)) as StepNumbers;
    });
    let batchIdx = 0;
    if (loader instanceof DataLoader) loader.setEpoch(state.epoch);
    if (most !== 0) {
      for await (const batch of loader as AsyncIterable<unknown>) {
        state.batchIdx = batchIdx;
        await this.tell('onTrainBatchStart', batch, batchIdx);
        // What callbacks logged is of this step.
        const before = this.numbersOf(model, {});
        const index = np.array(batchIdx, 'int32');
        let numbers: StepNumbers;
        if (!splits) numbers = await update(() => fused(batch, index) as StepNumbers);
        else {
          const [grads, found] = training(() => gradients(batch, index)) as [Gradients, StepNumbers];
          await this.tell('onAfterBackward');
          const sum: Gradients | null = held;
          held = sum === null ? grads : (treeMap((g: Array, h: Array) => np.add(g, h), grads, sum as Gradients) as Gradients);
          numbers = ++kept === every ? { ...found, ...(await flush()) } : found;
        }
        const outputs = await this.read({ ...before, ...numbers });
        state.globalStep++;
        means.add(outputs, rowsOf(batch));
        this.log(outputs);
        await this.tell('onTrainBatchEnd', outputs, batch, batchIdx);
        batchIdx++;
        if (this.outOfSteps()) break;
        if (this.validates && this.validatesWithin(batchIdx, most)) {
          await this.validateEpoch(model);
          state.stage = 'train';
        }
        if (batchIdx === most) break;
      }
    }
    if (batchIdx === 0 && most !== 0 && state.globalStep > 0) throw new ArgumentError(`Trainer.fit: epoch ${state.epoch} has no batches; a generator gives its batches once: expected a DataLoader, or an object that begins anew each time it is iterated over`);
    if (kept > 0) await flush();
    Object.assign(this.callbackMetrics, means.result('train_'));
    this.done.epoch = true;
    await this.tell('onTrainEpochEnd');
  }

  /** Whether to validate after so many batches, the last ones of an epoch apart. */
  private validatesWithin(done: number, total: number | null): boolean {
    const { valCheckInterval } = this.settings;
    if (valCheckInterval === 1 || done === total) return false;
    const every = valCheckInterval < 1 ? Math.max(1, Math.floor((total ?? Infinity) * valCheckInterval)) : Math.floor(valCheckInterval);
    return done % every === 0;
  }

  /** The compiled step of a stage. */
  private evaluator(model: TrainModule, stage: 'validate' | 'test' | 'predict'): Compiled {
    const known = this.evaluators.get(model) ?? {};
    this.evaluators.set(model, known);
    return (known[stage] ??= evaluationProgram(model, stage, this.settings.precision, (returned) => this.numbersOf(model, returned)));
  }

  private async evaluate(model: TrainModule, stage: 'validate' | 'test', loaders: readonly Batches[]): Promise<Record<string, number>> {
    const step = this.evaluator(model, stage);
    const name = stage === 'validate' ? 'Validation' : 'Test';
    const [limited, option] = stage === 'validate' ? [this.settings.limitValBatches, 'limitValBatches'] : [this.settings.limitTestBatches, 'limitTestBatches'];
    const before = this.state.stage;
    const means = new Means();
    this.state.stage = stage;
    try {
      await this.tell(`on${name}Start`);
      await this.tell(`on${name}EpochStart`);
      for (const loader of loaders) {
        const most = batchesOf(option, limited, lengthOf(loader));
        let batchIdx = 0;
        if (most === 0) continue;
        for await (const batch of loader as AsyncIterable<unknown>) {
          await this.tell(`on${name}BatchStart`, batch, batchIdx);
          const outputs = await this.read(environ.context({ fit: false }, () => step(batch, np.array(batchIdx, 'int32'))) as StepNumbers);
          means.add(outputs, rowsOf(batch));
          await this.tell(`on${name}BatchEnd`, outputs, batch, batchIdx);
          if (++batchIdx === most) break;
        }
      }
      const result = means.result(stage === 'test' ? 'test_' : 'val_');
      Object.assign(this.callbackMetrics, result);
      this.log(result);
      await this.tell(`on${name}EpochEnd`);
      await this.tell(`on${name}End`);
      return result;
    } finally {
      // By itself it stays what was done last, as in BrainTools.
      if (this.fitting) this.state.stage = before;
      model.takeLogs();
    }
  }

  private async validateEpoch(model: TrainModule): Promise<void> {
    await this.evaluate(model, 'validate', this.valDataloaders);
  }

  private prepare(name: string, model: TrainModule | EvaluateOptions, dataloaders: BatchesList | EvaluateOptions | undefined, options: EvaluateOptions | undefined): { model: TrainModule; loaders: readonly Batches[]; verbose: boolean } {
    const op = `Trainer.${name}`;
    const named = isPlainObject(model);
    if (named && (dataloaders !== undefined || options !== undefined)) throw new ArgumentError(`${op}: expected model before the options, got ${describeValue(model)}`);
    const [source, given] = sourceAndOptions<EvaluateOptions, BatchesList | undefined>(op, 'dataloaders', [...(named ? ['model' as const] : []), 'ckptPath', ...(name === 'predict' ? [] : ['verbose' as const])], named ? (model as EvaluateOptions) : dataloaders, options);
    const chosen = named ? (given.model ?? this.model) : (model as TrainModule);
    if (!(chosen instanceof TrainModule)) throw new ArgumentError(`${op}: expected model to be a TrainModule, got ${describeValue(chosen)}`);
    if (name === 'validate' && chosen.validationStep === undefined) throw new ArgumentError(`${op}: ${chosen.constructor.name} has no validationStep`);
    const loaders = source === undefined && name === 'validate' && this.valDataloaders.length > 0 ? this.valDataloaders : sources(op, 'dataloaders', source as BatchesList);
    if (this.fitting && chosen !== this.model) throw new BrainStateError(`${op}: this trainer is training another module; await its end, or use another trainer`);
    this.attach(chosen);
    if (given.ckptPath !== undefined) this.restore(given.ckptPath, false);
    return { model: chosen, loaders, verbose: given.verbose ?? false };
  }

  /** Metrics of a validation, as `val_…`. @throws ArgumentError if the module has no validationStep */
  async validate(model: TrainModule | EvaluateOptions = {}, dataloaders?: BatchesList | EvaluateOptions, options?: EvaluateOptions): Promise<Record<string, number>> {
    const chosen = this.prepare('validate', model, dataloaders, options);
    const result = await this.evaluate(chosen.model, 'validate', chosen.loaders);
    if (chosen.verbose) console.log(`validation: ${formatMetrics(result)}`);
    return result;
  }

  /** Metrics of a test, as `test_…`. */
  async test(given: TrainModule | EvaluateOptions = {}, dataloaders?: BatchesList | EvaluateOptions, options?: EvaluateOptions): Promise<Record<string, number>> {
    const { model, loaders, verbose } = this.prepare('test', given, dataloaders, options);
    const result = await this.evaluate(model, 'test', loaders);
    if (verbose) console.log(`test: ${formatMetrics(result)}`);
    return result;
  }

  /** What `predictStep` gives for each batch. */
  async predict(given: TrainModule | EvaluateOptions = {}, dataloaders?: BatchesList | EvaluateOptions, options?: EvaluateOptions): Promise<unknown[]> {
    const { model, loaders } = this.prepare('predict', given, dataloaders, options);
    const step = this.evaluator(model, 'predict');
    const before = this.state.stage;
    const out: unknown[] = [];
    this.state.stage = 'predict';
    try {
      await this.tell('onPredictStart');
      for (const loader of loaders) {
        const most = batchesOf('limitPredictBatches', this.settings.limitPredictBatches, lengthOf(loader));
        let batchIdx = 0;
        if (most === 0) continue;
        for await (const batch of loader as AsyncIterable<unknown>) {
          await this.tell('onPredictBatchStart', batch, batchIdx);
          const result = environ.context({ fit: false }, () => step(batch, np.array(batchIdx, 'int32')));
          for (const x of leaves(result)) if (x instanceof Array) await x.ready();
          out.push(result);
          await this.tell('onPredictBatchEnd', result, batch, batchIdx);
          if (++batchIdx === most) break;
        }
      }
      await this.tell('onPredictEnd');
      return out;
    } finally {
      // By itself it stays what was done last, as in BrainTools.
      if (this.fitting) this.state.stage = before;
      model.takeLogs();
    }
  }

  /** Everything that is needed to go on from here, as a tree to be saved; BrainTools reads it too. @throws BrainStateError before `fit` */
  checkpoint(): Record<string, unknown> {
    const { model, optimizer } = this;
    if (model === null || optimizer === null) throw new BrainStateError('Trainer.checkpoint: there is nothing to save before fit');
    const states: Record<string, unknown> = {};
    for (const c of this.callbacks) {
      const state = c.stateDict();
      if (!isPlainObject(state)) throw new ArgumentError(`${c.constructor.name}.stateDict: expected an object, got ${describeValue(state)}`);
      if (Object.keys(state).length > 0) states[c.stateKey] = state;
    }
    const out: Record<string, unknown> = {
      epoch: this.currentEpoch, global_step: this.globalStep, model_state_dict: modelStateDict(model), optimizer_state_dict: [optimizer.stateDict()], callbacks: states, metrics: { ...this.callbackMetrics }, done: { ...this.done },
    };
    if (this.scheduler !== null) out.lr_scheduler = this.scheduler.stateDict();
    if (this.lossScale !== null) out.MixedPrecision = this.lossScale.stateDict();
    for (const c of this.callbacks) c.onSaveCheckpoint(this, model, out);
    return out;
  }

  /** Takes a checkpoint over; with `training` the optimiser and all else too. Gives the epoch to go on with: one that was not finished is begun again. */
  private restore(path: string, training: boolean): number {
    if (typeof path !== 'string') throw new ArgumentError(`Trainer: expected ckptPath to be the path of a checkpoint, or of a folder of them, got ${describeValue(path)}`);
    const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    const saved = folder ? loadLast(path) : loadCheckpoint(path);
    if (!isPlainObject(saved) || saved.model_state_dict === undefined) throw new CheckpointError(`${path} is no checkpoint of a trainer: it has no model_state_dict`);
    const model = this.model!;
    return allOrNothing(model.states().values() as State<unknown>[], () => {
      loadModelState(model, saved.model_state_dict);
      const epoch = Number(saved.epoch ?? 0);
      if (!training) return epoch;
      const [ofOptimizer] = optimizerStates(saved.optimizer_state_dict);
      if (ofOptimizer !== undefined) this.optimizer!.loadStateDict(ofOptimizer);
      return this.resume(saved, epoch);
    });
  }

  private resume(saved: Record<string, unknown>, epoch: number): number {
    if (this.scheduler !== null && saved.lr_scheduler !== undefined) this.scheduler.loadStateDict(saved.lr_scheduler as Record<string, unknown>);
    if (this.lossScale !== null && saved.MixedPrecision !== undefined) this.lossScale.loadStateDict(saved.MixedPrecision as Record<string, unknown>);
    this.state.epoch = epoch;
    this.state.globalStep = Number(saved.global_step ?? saved.step ?? 0);
    const states = (saved.callbacks ?? {}) as Record<string, Record<string, unknown>>;
    for (const c of this.callbacks) {
      if (states[c.stateKey] !== undefined) c.loadStateDict(states[c.stateKey]!);
      c.onLoadCheckpoint(this, this.model!, saved);
    }
    for (const [k, v] of Object.entries((saved.metrics ?? {}) as Record<string, unknown>)) this.callbackMetrics[k] = Number(v);
    // BrainTools saves at ends of epochs, and says no more of them.
    const done = (saved.done ?? { epoch: true, schedule: false }) as { epoch: unknown; schedule: unknown };
    if (!done.epoch) return epoch;
    if (!done.schedule) this.stepSchedule();
    return epoch + 1;
  }
}
