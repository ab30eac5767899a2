import { Array } from '../core/array';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions, optionsObject } from '../functional/options';
import type { Loose } from '../functional/treeFunction';
import { Module } from '../nn';
import type { LRScheduler, OptaxOptimizer } from '../optim';
import { FlattedDict } from '../state/flattedDict';
import { ParamState } from '../state/kinds';
import type { State } from '../state/state';
import { leavesWithPath } from '../core/tree';
import { loadModelState, modelStateDict } from './checkpoint';
import type { Numbers } from './callbacks';
import type { Trainer } from './trainer';

/** A number of a batch: a scalar array, or a number. */
export type Scalar = Array | number;

/** What a training step gives. Mirrors `braintools.trainer.TrainOutput`. @example new trainer.TrainOutput(np.array(0.5), { accuracy: 0.9 }).loss.js(); // 0.5 */
export class TrainOutput {
  readonly loss: Array;
  readonly metrics: Readonly<Record<string, Scalar>>;

  constructor(loss: Array, metrics: Readonly<Record<string, Scalar>> = {}) {
    this.loss = loss;
    this.metrics = metrics;
  }
}

/** What a validation or test step gives. Mirrors `braintools.trainer.EvalOutput`. @example new trainer.EvalOutput({ accuracy: 0.9 }).metrics.accuracy; // 0.9 */
export class EvalOutput {
  readonly metrics: Readonly<Record<string, Scalar>>;

  constructor(metrics: Readonly<Record<string, Scalar>> = {}) {
    this.metrics = metrics;
  }
}

/** What `trainingStep` may return: the loss, or an object with `loss` and metrics. */
export type StepResult = Array | TrainOutput | ({ loss: Array } & Record<string, Scalar>);
/** What `validationStep` and `testStep` may return: metrics, or nothing where they were logged. */
export type EvalResult = EvalOutput | Readonly<Record<string, Scalar>> | null | undefined;

/** An optimiser; with its schedule of the rate (its `lr` too), which is then stepped at the end of each epoch; and the metric that the schedule waits for. */
export type OptimizerConfig = OptaxOptimizer | readonly [OptaxOptimizer, LRScheduler] | { optimizer: OptaxOptimizer; lrScheduler?: LRScheduler; monitor?: string };

/** Where a logged number goes. */
export interface LogOptions {
  /** Show it beside the progress bar. */
  progBar?: boolean;
  /** Write it to the loggers. Default true. */
  logger?: boolean;
}

/** A value that was logged. */
export interface Logged extends Required<LogOptions> {
  value: Scalar;
}

const logsOf = new WeakMap<TrainModule, Map<string, Logged>>();
const trainerOf = new WeakMap<TrainModule, Trainer>();
const frozenOf = new WeakMap<TrainModule, Set<State<unknown>>>();

/**
 * A model that knows how it is trained: what a step of training and evaluation computes, and by which optimiser. {@link Trainer} runs it; steps are
 * compiled, so that they may use nothing but their arguments, states, and the environment.
 *
 * Mirrors `braintools.trainer.LightningModule`.
 *
 * @example
 * class Line extends trainer.TrainModule {
 *   layer = new nn.Linear(1, 1);
 *   override trainingStep([x, y]: np.Array[]) { return metric.squaredError(this.layer.call(x!), y!, { reduction: 'mean' }); }
 *   override configureOptimizers() { return new optim.Adam({ lr: 0.1 }); }
 * }
 */
export abstract class TrainModule extends Module {
  /** The loss of a batch, and metrics. */
  abstract trainingStep(batch: Loose, batchIdx: Array): StepResult;

  /** Makes the optimiser; the trainer registers the parameters with it. */
  abstract configureOptimizers(): OptimizerConfig;

  /** Metrics of a batch of validation. Without it a trainer does not validate. */
  validationStep?(batch: Loose, batchIdx: Array): EvalResult;

  /** Metrics of a batch of testing; by default those of validation. */
  testStep(batch: Loose, batchIdx: Array): EvalResult {
    return this.validationStep?.(batch, batchIdx);
  }

  /** A batch's predictions; by default what `call` gives for the batch, or for its first part. */
  predictStep(batch: Loose, _batchIdx: Array): unknown {
    return this.call(globalThis.Array.isArray(batch) ? batch[0] : batch);
  }

  /** The trainer that runs it; null before. */
  get trainer(): Trainer | null {
    return trainerOf.get(this) ?? null;
  }

  /** The epoch. A step that reads it is compiled anew in each epoch. */
  get currentEpoch(): number {
    return this.trainer?.currentEpoch ?? 0;
  }

  /** The number of steps so far. A training step that reads it is compiled anew each time: a state that counts is better there. */
  get globalStep(): number {
    return this.trainer?.globalStep ?? 0;
  }

  /** @internal */
  attach(t: Trainer): void {
    trainerOf.set(this, t);
  }

  /** The values of its states by path, as BrainTools names them; parameters and others. */
  stateDict(): Record<string, unknown> {
    return modelStateDict(this);
  }

  /** Takes over what {@link stateDict} gave: all of it, or nothing where it does not fit. @throws CheckpointMismatchError then */
  loadStateDict(saved: Readonly<Record<string, unknown>>): void {
    loadModelState(this, saved);
  }

  /** Notes a scalar of this step, which loggers, callbacks and the progress bar get, averaged over batches at an epoch's end. */
  log(name: string, value: Scalar, given: LogOptions = {}): void {
    const { progBar = false, logger = true } = checkOptions('TrainModule.log', ['progBar', 'logger'], given);
    if (typeof name !== 'string') throw new ArgumentError(`TrainModule.log: expected a name, got ${describeValue(name)}`);
    if (typeof value !== 'number' && !(value instanceof Array)) throw new ArgumentError(`TrainModule.log: expected '${name}' to be a number or an array, got ${describeValue(value)}`);
    let logs = logsOf.get(this);
    if (logs === undefined) logsOf.set(this, (logs = new Map()));
    logs.set(name, { value, progBar, logger });
  }

  /** {@link log} for each entry. */
  logDict(metrics: Readonly<Record<string, Scalar>>, options: LogOptions = {}): void {
    for (const [name, value] of Object.entries(optionsObject('TrainModule.logDict', metrics))) this.log(name, value, options);
  }

  /** @internal */
  takeLogs(): Map<string, Logged> {
    const logs = logsOf.get(this) ?? new Map<string, Logged>();
    logsOf.delete(this);
    return logs;
  }

  /** Keeps parameters as they are in training: those of a path (`'l1'` means all below; paths may also come in a list), or all. Takes effect at the next `fit`. */
  freeze(...paths: (string | readonly string[])[]): void {
    const frozen = frozenOf.get(this) ?? new Set();
    for (const s of this.chosen('freeze', paths)) frozen.add(s);
    frozenOf.set(this, frozen);
  }

  /** Takes {@link freeze} back. */
  unfreeze(...paths: (string | readonly string[])[]): void {
    for (const s of this.chosen('unfreeze', paths)) frozenOf.get(this)?.delete(s);
  }

  /** Whether a parameter, or all below a path, is kept as it is. @throws ArgumentError for a path without parameters */
  isFrozen(path: string): boolean {
    const frozen = frozenOf.get(this);
    return this.chosen('isFrozen', [path]).every((s) => frozen?.has(s) === true);
  }

  /** The paths of the parameters that are kept as they are. */
  get frozenParameters(): string[] {
    const frozen = frozenOf.get(this);
    return this.states(ParamState).entries().filter(([, s]) => frozen?.has(s as State<unknown>) === true).map(([p]) => p.join('.'));
  }

  /** Prints its parameters and how many numbers they are. */
  printSummary(): void {
    const rows = this.states(ParamState).entries().flatMap(([p, s]) => leavesWithPath(s.value).map(([k, x]) => ({ name: [...p, ...k].join('.'), x: x as Array, frozen: frozenOf.get(this)?.has(s as State<unknown>) === true })));
    const count = (all: typeof rows): string => all.reduce((n, { x }) => n + x.size, 0).toLocaleString('en-US');
    console.log([`${this.constructor.name}`, ...rows.map(({ name, x, frozen }) => `  ${name}: ${x.dtype} [${x.shape.join(', ')}]${frozen ? ', frozen' : ''}`), `parameters: ${count(rows)}, trained: ${count(rows.filter((r) => !r.frozen))}`].join('\n'));
  }

  private chosen(op: string, given: readonly (string | readonly string[])[]): State<unknown>[] {
    const paths = given.flat();
    for (const p of paths) if (typeof p !== 'string') throw new ArgumentError(`${op}: expected paths of parameters, got ${describeValue(p)}`);
    const params = this.states(ParamState).entries();
    return (paths.length === 0 ? [''] : paths).flatMap((path) => {
      const found = params.filter(([p]) => path === '' || p.join('.') === path || p.join('.').startsWith(`${path}.`)).map(([, s]) => s as State<unknown>);
      if (found.length === 0) throw new ArgumentError(`${op}: there is no parameter at '${path}'; there are ${params.map(([p]) => p.join('.')).join(', ') || 'none'}`);
      return found;
    });
  }

  /** The parameters that are trained. */
  trainable(): FlattedDict<State<unknown>> {
    const frozen = frozenOf.get(this);
    return new FlattedDict(this.states(ParamState).entries().filter(([, s]) => frozen?.has(s as State<unknown>) !== true) as never);
  }

  /** Before anything else of `fit`. */
  onFitStart(): void | Promise<void> {}
  /** After the last epoch, at the end. */
  onFitEnd(): void | Promise<void> {}
  /** Before the first epoch. */
  onTrainStart(): void | Promise<void> {}
  /** After the last epoch. */
  onTrainEnd(): void | Promise<void> {}
  /** Before an epoch of training. */
  onTrainEpochStart(): void | Promise<void> {}
  /** After an epoch of training. */
  onTrainEpochEnd(): void | Promise<void> {}
  /** Before a step. */
  onTrainBatchStart(_batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** After a step, with the numbers that it gave. */
  onTrainBatchEnd(_outputs: Numbers, _batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** Before a validation. */
  onValidationStart(): void | Promise<void> {}
  /** After a validation. */
  onValidationEnd(): void | Promise<void> {}
  /** Before the batches of a validation. */
  onValidationEpochStart(): void | Promise<void> {}
  /** After the batches of a validation. */
  onValidationEpochEnd(): void | Promise<void> {}
  /** Before a batch of a validation. */
  onValidationBatchStart(_batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** After a batch of a validation, with the numbers that it gave. */
  onValidationBatchEnd(_outputs: Numbers, _batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** Before a test. */
  onTestStart(): void | Promise<void> {}
  /** After a test. */
  onTestEnd(): void | Promise<void> {}
  /** Before the batches of a test. */
  onTestEpochStart(): void | Promise<void> {}
  /** After the batches of a test. */
  onTestEpochEnd(): void | Promise<void> {}
  /** Before a batch of a test. */
  onTestBatchStart(_batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** After a batch of a test, with the numbers that it gave. */
  onTestBatchEnd(_outputs: Numbers, _batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** Before predictions. */
  onPredictStart(): void | Promise<void> {}
  /** After predictions. */
  onPredictEnd(): void | Promise<void> {}
  /** Before a batch of predictions. */
  onPredictBatchStart(_batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** After a batch of predictions, with them. */
  onPredictBatchEnd(_outputs: unknown, _batch: Loose, _batchIdx: number): void | Promise<void> {}
  /** After the gradients of a batch are known. Steps are two programs then. */
  onAfterBackward(): void | Promise<void> {}
  /** Before the optimiser changes parameters. */
  onBeforeOptimizerStep(_optimizer: OptaxOptimizer): void | Promise<void> {}
  /** After the optimiser has changed parameters. */
  onAfterOptimizerStep(_optimizer: OptaxOptimizer): void | Promise<void> {}
}
