import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import * as environ from '../environ';
import { describeValue } from '../functional/arrayLike';
import * as np from '../numpy';
import { BrainStateError } from '../state/errors';
import { leaves } from '../tree';
import { type Batches, type BatchesList, lengthOf, sourceAndOptions, sources } from './batches';
import { formatMetrics } from './callbacks';
import { Means, rowsOf } from './means';
import { TrainModule } from './module';
import { type Compiled, evaluationProgram, type StepNumbers } from './programs';
import { batchesOf } from './settings';
import { type Stage, TrainerCore } from './trainerCore';

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

/** Validation, test and prediction. */
export abstract class Evaluating extends TrainerCore {
  private readonly evaluators = new WeakMap<TrainModule, Partial<Record<Stage, Compiled>>>();

  /** Takes a checkpoint over; with `training` the optimiser and all else too. Gives the epoch to go on with: one that was not finished is begun again. */
  protected abstract restore(path: string, training: boolean): number;

  /** The compiled step of a stage. */
  protected evaluator(model: TrainModule, stage: 'validate' | 'test' | 'predict'): Compiled {
    const known = this.evaluators.get(model) ?? {};
    this.evaluators.set(model, known);
    return (known[stage] ??= evaluationProgram(model, stage, this.settings.precision, (returned) => this.numbersOf(model, returned)));
  }

  protected async evaluate(model: TrainModule, stage: 'validate' | 'test', loaders: readonly Batches[]): Promise<Record<string, number>> {
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

  protected async validateEpoch(model: TrainModule): Promise<void> {
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
}
