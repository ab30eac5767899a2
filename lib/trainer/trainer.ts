import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { CheckpointManager, msgpackFromStateDict, msgpackLoad } from '../file';
import * as np from '../numpy';
import { type LRScheduler, OptaxOptimizer, ReduceLROnPlateau } from '../optim';
import * as random from '../random';
import { FlattedDict } from '../state/flattedDict';
import type { State } from '../state/state';
import { grad, jit } from '../transform';
import { leaves, map as treeMap } from '../tree';
import { type Batches, type BatchesList, isBatches, lengthOf, sourceAndOptions, sources } from './batches';
import { type Callback, CallbackList, type Gradients, type Numbers } from './callbacks';
import { GradientClipCallback } from './gradientClip';
import { DataLoader } from './loader';
import { CompositeLogger, CSVLogger, Logger } from './loggers';
import { EvalOutput, type EvalResult, type OptimizerConfig, type Scalar, type StepResult, TrainModule, TrainOutput } from './module';
import { ModelCheckpoint } from './modelCheckpoint';
import { ProgressBar } from './progress';
import { getStrategy, type Strategy, type StrategyName } from './strategies';

/** Options of {@link Trainer}. */
export interface TrainerOptions {
  /** Default 1000. */
  maxEpochs?: number;
  /** Epochs before callbacks may stop training. Default 1. */
  minEpochs?: number;
  /** -1 is no limit. */
  maxSteps?: number;
  /** Validate within an epoch as well: after so many batches, or after such a fraction of them. 1.0, the default, is at the end of an epoch only. */
  valCheckInterval?: number;
  /** Default 1. */
  checkValEveryNEpoch?: number;
  callbacks?: readonly Callback[];
  /** Loggers; true is a {@link CSVLogger} in `defaultRootDir`. Default none. */
  logger?: Logger | readonly Logger[] | boolean;
  /** Default: where stderr is a terminal. */
  enableProgressBar?: boolean;
  /** Save checkpoints by a {@link ModelCheckpoint} of its own, if none is among the callbacks. Default false. */
  enableCheckpointing?: boolean;
  /** Training runs on one device: 1 or 'auto', the default. */
  devices?: 1 | 'auto';
  /** The folder for logs and checkpoints. Default: the current one. */
  defaultRootDir?: string;
  gradientClipVal?: number | null;
  gradientClipAlgorithm?: 'norm' | 'value';
  /** Gradients of so many batches are averaged for one update. Default 1. */
  accumulateGradBatches?: number;
  /** Seeds the global random state. */
  seed?: number | null;
  /** See {@link getStrategy}; default 'auto'. */
  strategy?: StrategyName | Strategy;
}

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
}

type Stage = 'train' | 'validate' | 'test' | 'predict';
type StepNumbers = Record<string, Array>;
type Compiled = (...args: unknown[]) => unknown;

/** Where training is. Mirrors `braintools.trainer.TrainerState`. @example new trainer.TrainerState().epoch; // 0 */
export class TrainerState {
  epoch = 0;
  globalStep = 0;
  stage: Stage = 'train';
  batchIdx = 0;
  shouldStop = false;
}

function settle(config: OptimizerConfig): { optimizer: OptaxOptimizer; scheduler: LRScheduler | null; monitor: string } {
  const [optimizer, scheduler, monitor] = config instanceof OptaxOptimizer ? [config, null, 'val_loss']
    : globalThis.Array.isArray(config) ? [config[0] as OptaxOptimizer, config[1] as LRScheduler, 'val_loss']
    : [(config as { optimizer: OptaxOptimizer }).optimizer, (config as { lrScheduler?: LRScheduler }).lrScheduler ?? null, (config as { monitor?: string }).monitor ?? 'val_loss'];
  if (!(optimizer instanceof OptaxOptimizer)) throw new ArgumentError('configureOptimizers: expected an optimizer, [optimizer, lrScheduler], or { optimizer, lrScheduler?, monitor? }');
  if (scheduler !== null && optimizer.lr !== scheduler) throw new ArgumentError('configureOptimizers: expected the schedule to be the optimizer\'s rate too: new optim.Adam({ lr: schedule })');
  return { optimizer, scheduler, monitor };
}

/** Rows of a batch: the length of its first array. */
function rowsOf(batch: unknown): number {
  const first = leaves(batch).find((x) => x instanceof Array && x.ndim > 0) as Array | undefined;
  return first?.shape[0] ?? 1;
}

const asScalars = (metrics: Readonly<Record<string, Scalar>>): StepNumbers => Object.fromEntries(Object.entries(metrics).map(([k, v]) => [k, np.asarray(v)]));

/** Sums that give means, with weights. */
class Means {
  private readonly sums = new Map<string, { total: number; weight: number }>();

  add(numbers: Numbers, weight: number): void {
    for (const [k, v] of Object.entries(numbers)) {
      const s = this.sums.get(k) ?? { total: 0, weight: 0 };
      this.sums.set(k, { total: s.total + v * weight, weight: s.weight + weight });
    }
  }

  result(prefix: string): Record<string, number> {
    return Object.fromEntries([...this.sums].map(([k, s]) => [k.startsWith(prefix) ? k : `${prefix}${k}`, s.total / s.weight]));
  }
}

const OPTIONS = [
  'maxEpochs', 'minEpochs', 'maxSteps', 'valCheckInterval', 'checkValEveryNEpoch', 'callbacks', 'logger', 'enableProgressBar', 'defaultRootDir', 'gradientClipVal', 'gradientClipAlgorithm',
  'accumulateGradBatches', 'seed', 'strategy', 'enableCheckpointing', 'devices',
] as const;

/**
 * Runs a {@link TrainModule}: epochs of compiled training steps with `fit` set in the environment, evaluation with it unset, callbacks and loggers.
 *
 * Metrics of an epoch are means over its samples: each batch counts by its rows. They are in {@link callbackMetrics} as `train_…`, `val_…`, `test_…`.
 * Mirrors `braintools.trainer.Trainer`.
 *
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
  optimizer: OptaxOptimizer | null = null;
  scheduler: LRScheduler | null = null;
  model: TrainModule | null = null;
  trainDataloader: Batches | null = null;
  /** Names that were logged with `progBar`. */
  readonly progressMetrics = new Set<string>();
  private valDataloaders: readonly Batches[] = [];
  private monitor = 'val_loss';
  /** Whether the current epoch's batches have all been trained on, and whether the schedule knows of it. */
  private done = { epoch: false, schedule: false };
  private silent = new Set<string>();
  private readonly options: Required<Omit<TrainerOptions, 'callbacks' | 'logger' | 'enableProgressBar' | 'gradientClipVal' | 'gradientClipAlgorithm' | 'seed' | 'strategy' | 'enableCheckpointing' | 'devices'>>;
  private readonly evaluators = new WeakMap<TrainModule, Partial<Record<Stage, Compiled>>>();

  constructor(given: TrainerOptions = {}) {
    const options = checkOptions('Trainer', OPTIONS, given);
    const { maxEpochs = 1000, minEpochs = 1, maxSteps = -1, valCheckInterval = 1, checkValEveryNEpoch = 1, callbacks = [], logger = false } = options;
    const { enableProgressBar = process.stderr.isTTY === true, defaultRootDir = '.', gradientClipVal = null, gradientClipAlgorithm = 'norm', accumulateGradBatches = 1, seed = null, strategy = 'auto' } = options;
    const { enableCheckpointing = false, devices = 'auto' } = options;
    if (devices !== 1 && devices !== 'auto') throw new ArgumentError(`Trainer: training runs on one device; expected devices to be 1 or 'auto', got ${describeValue(devices)}`);
    this.strategy = getStrategy(strategy);
    this.options = {
      maxEpochs: checkInteger('Trainer', 'maxEpochs', maxEpochs, 0), minEpochs: checkInteger('Trainer', 'minEpochs', minEpochs, 0), maxSteps: checkInteger('Trainer', 'maxSteps', maxSteps, -1), valCheckInterval,
      checkValEveryNEpoch: checkInteger('Trainer', 'checkValEveryNEpoch', checkValEveryNEpoch, 1), defaultRootDir, accumulateGradBatches: checkInteger('Trainer', 'accumulateGradBatches', accumulateGradBatches, 1),
    };
    if (!(valCheckInterval > 0)) throw new ArgumentError(`Trainer: expected valCheckInterval to be a number > 0, got ${valCheckInterval}`);
    const all: Callback[] = [...callbacks];
    if (enableCheckpointing && !all.some((c) => c instanceof ModelCheckpoint)) all.push(new ModelCheckpoint());
    if (gradientClipVal !== null) all.push(new GradientClipCallback({ clipVal: gradientClipVal, clipAlgorithm: gradientClipAlgorithm }));
    if (enableProgressBar && !all.some((c) => c instanceof ProgressBar)) all.push(new ProgressBar());
    this.callbacks = new CallbackList(all);
    this.loggers = logger === true ? [new CSVLogger(this.path('logs'))] : logger === false ? [] : logger instanceof Logger ? [logger] : [...logger];
    if (seed !== null) random.seed(seed);
  }

  /** A path in the trainer's folder. */
  path(name: string): string {
    return join(this.options.defaultRootDir, name);
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

  /** Whether `fit` validates. */
  get validates(): boolean {
    return this.valDataloaders.length > 0;
  }

  /** One logger for all. */
  get logger(): Logger {
    return new CompositeLogger(this.loggers);
  }

  private attach(model: TrainModule): void {
    this.model = model;
    model.attach(this);
  }

  /** The metrics of a step: returned ones and logged ones, as arrays. */
  private numbersOf(module: TrainModule, returned: Readonly<Record<string, Scalar>>): StepNumbers {
    const logged = [...module.takeLogs()];
    for (const [name, { progBar, logger }] of logged) {
      if (progBar) this.progressMetrics.add(name);
      if (!logger) this.silent.add(name);
    }
    return asScalars({ ...returned, ...Object.fromEntries(logged.map(([k, v]) => [k, v.value])) });
  }

  /** Programs of a training step: gradients, and what changes parameters by them. */
  private compileTraining(module: TrainModule, optimizer: OptaxOptimizer, params: FlattedDict<State<unknown>>): { gradients: Compiled; apply: Compiled; fused: Compiled } {
    const gradients = (batch: unknown, batchIdx: Array): [Gradients, StepNumbers] => {
      module.takeLogs();
      const loss = (): [Array, StepNumbers] => {
        const out: StepResult = module.trainingStep(batch, batchIdx);
        const { loss: value, metrics } = out instanceof TrainOutput ? out : out instanceof Array ? { loss: out, metrics: {} } : { loss: out?.loss, metrics: out };
        if (!(value instanceof Array) || value.ndim !== 0) throw new ArgumentError(`${module.constructor.name}.trainingStep: expected the loss to be a scalar array, or an object with it as 'loss'`);
        return [value, this.numbersOf(module, { ...metrics, loss: value })];
      };
      const [grads, , numbers] = (grad as (f: () => unknown, o: object) => () => unknown)(loss, { gradStates: params, returnValue: true, hasAux: true })() as [FlattedDict<unknown>, Array, StepNumbers];
      return [Object.fromEntries(grads.entries().map(([path, g]) => [path.join('.'), g])), numbers];
    };
    const apply = (given: Gradients): StepNumbers => {
      const numbers: StepNumbers = {};
      let grads = given;
      for (const c of this.callbacks) grads = c.transformGradients(grads, (name, value) => (numbers[name] = value));
      optimizer.update(new FlattedDict(params.keys().map((path) => [path, grads[path.join('.')]!])));
      return numbers;
    };
    const fused = (batch: unknown, batchIdx: Array): StepNumbers => {
      const [grads, numbers] = gradients(batch, batchIdx);
      return { ...numbers, ...apply(grads) };
    };
    return { gradients: jit(gradients as never, { name: 'gradients' }) as never, apply: jit(apply as never, { name: 'applyGradients' }) as never, fused: jit(fused as never, { name: 'trainingStep' }) as never };
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
   */
  async fit(model: TrainModule, trainDataloaders: Batches | FitOptions, given?: FitOptions): Promise<void> {
    const [source, { valDataloaders = [], ckptPath }] = sourceAndOptions<FitOptions, Batches>('Trainer.fit', 'trainDataloaders', ['valDataloaders', 'ckptPath'], trainDataloaders, given);
    if (!isBatches(source)) throw new ArgumentError(`Trainer.fit: expected trainDataloaders to be a DataLoader, or batches to iterate over, got ${describeValue(source)}`);
    const validation = sources('Trainer.fit', 'valDataloaders', valDataloaders);
    if (validation.length > 0 && model.validationStep === undefined) throw new ArgumentError(`Trainer.fit: there are valDataloaders, but ${model.constructor.name} has no validationStep`);
    this.attach(model);
    this.trainDataloader = source;
    this.valDataloaders = validation;
    Object.assign(this.state, new TrainerState());
    const params = model.trainable();
    if (params.size === 0) throw new ArgumentError(`Trainer.fit: ${model.constructor.name} has no parameters to train`);
    const { optimizer, scheduler, monitor } = settle(model.configureOptimizers());
    this.strategy.setup(model, optimizer);
    optimizer.registerTrainableWeights(params);
    [this.optimizer, this.scheduler, this.monitor] = [optimizer, scheduler, monitor];
    let first = 0;
    if (ckptPath !== undefined) first = this.restore(ckptPath, true);
    const programs = this.compileTraining(model, optimizer, params);
    const { maxEpochs, minEpochs } = this.options;
    try {
      await this.callbacks.tell('onFitStart', this, model);
      model.onFitStart();
      for (const l of this.loggers) l.logHyperparams({ maxEpochs, accumulateGradBatches: this.options.accumulateGradBatches });
      for (let epoch = first; epoch < maxEpochs && !this.outOfSteps(); epoch++) {
        this.state.epoch = epoch;
        this.done = { epoch: false, schedule: false };
        await this.trainEpoch(model, programs);
        if (this.validates && (epoch + 1) % this.options.checkValEveryNEpoch === 0) await this.validateEpoch(model);
        this.stepSchedule();
        this.done.schedule = true;
        if (epoch + 1 >= minEpochs && this.stopAsked()) break;
      }
      await this.callbacks.tell('onFitEnd', this, model);
      model.onFitEnd();
    } catch (e) {
      this.finalizeLoggers();
      throw e;
    }
    const errors = this.finalizeLoggers();
    if (errors.length > 0) throw errors[0];
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
    return this.options.maxSteps >= 0 && this.globalStep >= this.options.maxSteps;
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

  private async trainEpoch(model: TrainModule, { gradients, apply, fused }: { gradients: Compiled; apply: Compiled; fused: Compiled }): Promise<void> {
    const { state, callbacks } = this;
    const { accumulateGradBatches: every } = this.options;
    const loader = this.trainDataloader!;
    const training = <T>(f: () => T): T => environ.context({ fit: true }, f);
    state.stage = 'train';
    await callbacks.tell('onTrainEpochStart', this, model);
    model.onTrainEpochStart();
    const means = new Means();
    let [held, kept]: [Gradients | null, number] = [null, 0];
    const update = async (f: () => StepNumbers): Promise<StepNumbers> => {
      await callbacks.tell('onBeforeOptimizerStep', this, model, this.optimizer!);
      const numbers = training(f);
      await callbacks.tell('onAfterOptimizerStep', this, model, this.optimizer!);
      return numbers;
    };
    const flush = () => update(() => {
      const [grads, n] = [held!, kept];
      [held, kept] = [null, 0];
      return apply(n === 1 ? grads : (treeMap((g: Array) => np.divide(g, n), grads) as Gradients)) as StepNumbers;
    });
    let batchIdx = 0;
    if (loader instanceof DataLoader) loader.setEpoch(state.epoch);
    for await (const batch of loader as AsyncIterable<unknown>) {
      state.batchIdx = batchIdx;
      await callbacks.tell('onTrainBatchStart', this, model, batch, batchIdx);
      // What callbacks logged is of this step.
      const before = this.numbersOf(model, {});
      const index = np.array(batchIdx, 'int32');
      let numbers: StepNumbers;
      if (every === 1) numbers = await update(() => fused(batch, index) as StepNumbers);
      else {
        const [grads, found] = training(() => gradients(batch, index)) as [Gradients, StepNumbers];
        const sum: Gradients | null = held;
        held = sum === null ? grads : (treeMap((g: Array, h: Array) => np.add(g, h), grads, sum as Gradients) as Gradients);
        numbers = ++kept === every ? { ...found, ...(await flush()) } : found;
      }
      const outputs = await this.read({ ...before, ...numbers });
      state.globalStep++;
      means.add(outputs, rowsOf(batch));
      this.log(outputs);
      await callbacks.tell('onTrainBatchEnd', this, model, outputs, batch, batchIdx);
      batchIdx++;
      if (this.outOfSteps()) break;
      if (this.validates && this.validatesWithin(batchIdx, lengthOf(loader))) {
        await this.validateEpoch(model);
        state.stage = 'train';
      }
    }
    if (batchIdx === 0 && state.globalStep > 0) throw new ArgumentError(`Trainer.fit: epoch ${state.epoch} has no batches; a generator gives its batches once: expected a DataLoader, or an object that begins anew each time it is iterated over`);
    if (kept > 0) await flush();
    Object.assign(this.callbackMetrics, means.result('train_'));
    this.done.epoch = true;
    await callbacks.tell('onTrainEpochEnd', this, model);
    model.onTrainEpochEnd();
  }

  /** Whether to validate after so many batches, the last ones of an epoch apart. */
  private validatesWithin(done: number, total: number | null): boolean {
    const { valCheckInterval } = this.options;
    if (valCheckInterval === 1 || done === total) return false;
    const every = valCheckInterval < 1 ? Math.max(1, Math.floor((total ?? Infinity) * valCheckInterval)) : Math.floor(valCheckInterval);
    return done % every === 0;
  }

  /** The compiled step of a stage. */
  private evaluator(model: TrainModule, stage: 'validate' | 'test' | 'predict'): Compiled {
    const known = this.evaluators.get(model) ?? {};
    this.evaluators.set(model, known);
    const step = (batch: unknown, batchIdx: Array): unknown => {
      model.takeLogs();
      if (stage === 'predict') return model.predictStep(batch, batchIdx);
      const out: EvalResult = stage === 'test' ? model.testStep(batch, batchIdx) : model.validationStep!(batch, batchIdx);
      return this.numbersOf(model, out instanceof EvalOutput ? out.metrics : (out ?? {}));
    };
    known[stage] ??= jit(step as never, { name: `${stage}Step` }) as never;
    return known[stage]!;
  }

  private async evaluate(model: TrainModule, stage: 'validate' | 'test', loaders: readonly Batches[]): Promise<Record<string, number>> {
    const step = this.evaluator(model, stage);
    const means = new Means();
    this.state.stage = stage;
    for (const loader of loaders) {
      let batchIdx = 0;
      for await (const batch of loader as AsyncIterable<unknown>) {
        const outputs = await this.read(environ.context({ fit: false }, () => step(batch, np.array(batchIdx, 'int32'))) as StepNumbers);
        means.add(outputs, rowsOf(batch));
        if (stage === 'validate') await this.callbacks.tell('onValidationBatchEnd', this, model, outputs, batch, batchIdx);
        batchIdx++;
      }
    }
    const result = means.result(stage === 'test' ? 'test_' : 'val_');
    Object.assign(this.callbackMetrics, result);
    this.log(result);
    return result;
  }

  private async validateEpoch(model: TrainModule, loaders: readonly Batches[] = this.valDataloaders): Promise<Record<string, number>> {
    await this.callbacks.tell('onValidationEpochStart', this, model);
    model.onValidationEpochStart();
    const result = await this.evaluate(model, 'validate', loaders);
    await this.callbacks.tell('onValidationEpochEnd', this, model);
    model.onValidationEpochEnd();
    return result;
  }

  private prepare(name: string, model: TrainModule | EvaluateOptions, dataloaders: BatchesList | EvaluateOptions | undefined, options: EvaluateOptions | undefined): { model: TrainModule; loaders: readonly Batches[] } {
    const op = `Trainer.${name}`;
    const named = isPlainObject(model);
    if (named && (dataloaders !== undefined || options !== undefined)) throw new ArgumentError(`${op}: expected model before the options, got ${describeValue(model)}`);
    const [source, given] = sourceAndOptions<EvaluateOptions, BatchesList | undefined>(op, 'dataloaders', named ? ['model', 'ckptPath'] : ['ckptPath'], named ? (model as EvaluateOptions) : dataloaders, options);
    const chosen = named ? (given.model ?? this.model) : (model as TrainModule);
    if (!(chosen instanceof TrainModule)) throw new ArgumentError(`${op}: expected model to be a TrainModule, got ${describeValue(chosen)}`);
    if (name === 'validate' && chosen.validationStep === undefined) throw new ArgumentError(`${op}: ${chosen.constructor.name} has no validationStep`);
    const loaders = source === undefined && name === 'validate' && this.valDataloaders.length > 0 ? this.valDataloaders : sources(op, 'dataloaders', source as BatchesList);
    this.attach(chosen);
    if (given.ckptPath !== undefined) this.restore(given.ckptPath, false);
    return { model: chosen, loaders };
  }

  /** Metrics of a validation, as `val_…`. @throws ArgumentError if the module has no validationStep */
  async validate(model: TrainModule | EvaluateOptions = {}, dataloaders?: BatchesList | EvaluateOptions, options?: EvaluateOptions): Promise<Record<string, number>> {
    const chosen = this.prepare('validate', model, dataloaders, options);
    return this.evaluate(chosen.model, 'validate', chosen.loaders);
  }

  /** Metrics of a test, as `test_…`. */
  async test(given: TrainModule | EvaluateOptions = {}, dataloaders?: BatchesList | EvaluateOptions, options?: EvaluateOptions): Promise<Record<string, number>> {
    const { model, loaders } = this.prepare('test', given, dataloaders, options);
    await this.callbacks.tell('onTestEpochStart', this, model);
    const result = await this.evaluate(model, 'test', loaders);
    await this.callbacks.tell('onTestEpochEnd', this, model);
    return result;
  }

  /** What `predictStep` gives for each batch. */
  async predict(given: TrainModule | EvaluateOptions = {}, dataloaders?: BatchesList | EvaluateOptions, options?: EvaluateOptions): Promise<unknown[]> {
    const { model, loaders } = this.prepare('predict', given, dataloaders, options);
    const step = this.evaluator(model, 'predict');
    this.state.stage = 'predict';
    await this.callbacks.tell('onPredictStart', this, model);
    const out: unknown[] = [];
    for (const loader of loaders) {
      let batchIdx = 0;
      for await (const batch of loader as AsyncIterable<unknown>) {
        const result = environ.context({ fit: false }, () => step(batch, np.array(batchIdx++, 'int32')));
        for (const x of leaves(result)) if (x instanceof Array) await x.ready();
        out.push(result);
      }
    }
    await this.callbacks.tell('onPredictEnd', this, model);
    return out;
  }

  /** Everything that is needed to go on from here, as a tree to be saved. */
  checkpoint(): Record<string, unknown> {
    const states: Record<string, unknown> = {};
    for (const c of this.callbacks) if (Object.keys(c.stateDict()).length > 0) states[c.stateKey] = c.stateDict();
    const out: Record<string, unknown> = { epoch: this.currentEpoch, global_step: this.globalStep, model: this.model!.states(), optimizer: this.optimizer!.stateDict(), callbacks: states, metrics: { ...this.callbackMetrics }, done: { ...this.done } };
    if (this.scheduler !== null) out.lr_scheduler = this.scheduler.stateDict();
    for (const c of this.callbacks) c.onSaveCheckpoint(this, this.model!, out);
    return out;
  }

  /** Takes a checkpoint over; with `training` the optimiser and all else too. Gives the epoch to go on with: one that was not finished is begun again. */
  private restore(path: string, training: boolean): number {
    const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    const saved = (folder ? new CheckpointManager(path).restore() : msgpackLoad(path)) as Record<string, unknown>;
    msgpackFromStateDict(this.model!.states(), saved.model as never);
    const epoch = Number(saved.epoch);
    if (!training) return epoch;
    this.optimizer!.loadStateDict(saved.optimizer as Record<string, unknown>);
    if (this.scheduler !== null && saved.lr_scheduler !== undefined) this.scheduler.loadStateDict(saved.lr_scheduler as Record<string, unknown>);
    this.state.epoch = epoch;
    this.state.globalStep = Number(saved.global_step);
    const states = (saved.callbacks ?? {}) as Record<string, Record<string, unknown>>;
    for (const c of this.callbacks) {
      if (states[c.stateKey] !== undefined) c.loadStateDict(states[c.stateKey]!);
      c.onLoadCheckpoint(this, this.model!, saved);
    }
    for (const [k, v] of Object.entries((saved.metrics ?? {}) as Record<string, unknown>)) this.callbackMetrics[k] = Number(v);
    const done = saved.done as { epoch: unknown; schedule: unknown };
    if (!done.epoch) return epoch;
    if (!done.schedule) this.stepSchedule();
    return epoch + 1;
  }
}
