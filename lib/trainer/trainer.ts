import { statSync } from 'node:fs';
import type { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import { CheckpointError } from '../file';
import * as np from '../numpy';
import { ReduceLROnPlateau } from '../optim';
import { BrainStateError } from '../state/errors';
import type { State } from '../state/state';
import { map as treeMap } from '../tree';
import { type Batches, type BatchesList, firstOf, isBatches, sourceAndOptions, sources } from './batches';
import { Callback, type Gradients } from './callbacks';
import { allOrNothing, loadCheckpoint, loadModelState, modelStateDict, optimizerStates } from './checkpoint';
import { Evaluating } from './evaluation';
import { DataLoader } from './loader';
import { Means, rowsOf } from './means';
import { TrainModule } from './module';
import { loadLast } from './modelCheckpoint';
import { settle } from './optimizerConfig';
import { type StepNumbers, trainingPrograms } from './programs';

/** Options of {@link Trainer.fit}. */
export interface FitOptions {
  /** In place of the second argument. */
  trainDataloaders?: Batches;
  /** Batches of validation, from one source or several. */
  valDataloaders?: BatchesList;
  /** Go on from this checkpoint: a file, or a folder of a {@link ModelCheckpoint}, whose last whole one is taken. */
  ckptPath?: string;
}

type Programs = ReturnType<typeof trainingPrograms>;

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
export class Trainer extends Evaluating {
  private monitor = 'val_loss';
  /** Whether the current epoch's batches have all been trained on, and whether the schedule knows of it. */
  private done = { epoch: false, schedule: false };

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

  protected override restore(path: string, training: boolean): number {
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
