import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions, optionsObject } from '../functional/options';
import type { OptaxOptimizer } from '../optim';
import type { TrainModule } from './module';
import type { Trainer } from './trainer';

/** Numbers of a batch or an epoch, by name. */
export type Numbers = Readonly<Record<string, number>>;
/** Gradients by the parameter's path (`'l1.weight'`): arrays, or trees of them where the parameter's value is one. */
export type Gradients = Record<string, unknown>;

/**
 * Told of what happens in training. Methods that are not overridden cost nothing. Mirrors `braintools.trainer.Callback`, whose `on_before_backward` is not
 * there (BrainTools never calls it, and a step has no such moment); {@link onException} and {@link transformGradients} are more.
 *
 * @example
 * new trainer.EarlyStopping() instanceof trainer.Callback; // true
 */
export abstract class Callback {
  /** The name under which its state is saved. */
  get stateKey(): string {
    return this.constructor.name;
  }

  /** Asked after each epoch (and step, of a trainer with maxSteps). */
  get shouldStop(): boolean {
    return false;
  }

  /** Before anything else of `fit`. */
  onFitStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After the last epoch, at the end. */
  onFitEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before the first epoch. */
  onTrainStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After the last epoch. */
  onTrainEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before an epoch of training. */
  onTrainEpochStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After an epoch of training. */
  onTrainEpochEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before a step. */
  onTrainBatchStart(_trainer: Trainer, _module: TrainModule, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** After a step, with the numbers that it gave. */
  onTrainBatchEnd(_trainer: Trainer, _module: TrainModule, _outputs: Numbers, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** Before a validation. */
  onValidationStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After a validation. */
  onValidationEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before the batches of a validation. */
  onValidationEpochStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After the batches of a validation, when its metrics are known. */
  onValidationEpochEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before a batch of a validation. */
  onValidationBatchStart(_trainer: Trainer, _module: TrainModule, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** After a batch of a validation, with the numbers that it gave. */
  onValidationBatchEnd(_trainer: Trainer, _module: TrainModule, _outputs: Numbers, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** Before a test. */
  onTestStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After a test. */
  onTestEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before the batches of a test. */
  onTestEpochStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After the batches of a test, when its metrics are known. */
  onTestEpochEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before a batch of a test. */
  onTestBatchStart(_trainer: Trainer, _module: TrainModule, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** After a batch of a test, with the numbers that it gave. */
  onTestBatchEnd(_trainer: Trainer, _module: TrainModule, _outputs: Numbers, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** Before predictions. */
  onPredictStart(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** After predictions. */
  onPredictEnd(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before a batch of predictions. */
  onPredictBatchStart(_trainer: Trainer, _module: TrainModule, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** After a batch of predictions, with them. */
  onPredictBatchEnd(_trainer: Trainer, _module: TrainModule, _outputs: unknown, _batch: unknown, _batchIdx: number): void | Promise<void> {}
  /** After the gradients of a batch are known. Steps are two programs then: gradients, and their use. */
  onAfterBackward(_trainer: Trainer, _module: TrainModule): void | Promise<void> {}
  /** Before the optimiser changes parameters. */
  onBeforeOptimizerStep(_trainer: Trainer, _module: TrainModule, _optimizer: OptaxOptimizer): void | Promise<void> {}
  /** After the optimiser has changed parameters. */
  onAfterOptimizerStep(_trainer: Trainer, _module: TrainModule, _optimizer: OptaxOptimizer): void | Promise<void> {}
  /** When training ends by an error. */
  onException(_trainer: Trainer, _module: TrainModule, _error: unknown): void | Promise<void> {}
  /** May change what is saved. */
  onSaveCheckpoint(_trainer: Trainer, _module: TrainModule, _checkpoint: Record<string, unknown>): void {}
  /** When a checkpoint was read. */
  onLoadCheckpoint(_trainer: Trainer, _module: TrainModule, _checkpoint: Record<string, unknown>): void {}

  /** Changes gradients before the optimiser gets them; runs inside of the compiled step. `log` notes a scalar of the step. */
  transformGradients(grads: Gradients, _log: (name: string, value: Array) => void): Gradients {
    return grads;
  }

  /** What is to be saved with checkpoints. */
  stateDict(): Record<string, unknown> {
    return {};
  }

  /** Takes up what `stateDict` gave. */
  loadStateDict(_state: Record<string, unknown>): void {}
}

/** Names of the methods that are told of events. */
export type Hook = {
  [K in keyof Callback]: K extends `on${string}` ? K : never;
}[keyof Callback];

function checkCallback(op: string, x: unknown): Callback {
  if (!(x instanceof Callback)) throw new ArgumentError(`${op}: expected a callback, got ${describeValue(x)}`);
  return x;
}

/** Callbacks, called in their order. Mirrors `braintools.trainer.CallbackList`. @example [...new trainer.CallbackList([new trainer.Timer()])].length; // 1 */
export class CallbackList implements Iterable<Callback> {
  readonly callbacks: Callback[];

  constructor(callbacks: readonly Callback[] = []) {
    if (!globalThis.Array.isArray(callbacks)) throw new ArgumentError(`CallbackList: expected a list of callbacks, got ${describeValue(callbacks)}`);
    for (const c of callbacks) checkCallback('CallbackList', c);
    this.callbacks = [...callbacks];
  }

  /** Adds a callback. */
  append(callback: Callback): void {
    this.callbacks.push(checkCallback('CallbackList.append', callback));
  }

  get length(): number {
    return this.callbacks.length;
  }

  [Symbol.iterator](): Iterator<Callback> {
    return this.callbacks[Symbol.iterator]();
  }

  /** Calls a method of each that has one of its own. */
  async tell<H extends Hook>(hook: H, ...args: Parameters<Callback[H]>): Promise<void> {
    for (const c of this.callbacks) {
      if (c[hook] !== Callback.prototype[hook]) await (c[hook] as (...a: unknown[]) => void | Promise<void>).apply(c, args);
    }
  }
}

/** Functions as a callback. Mirrors `braintools.trainer.LambdaCallback`. @example new trainer.LambdaCallback({ onTrainEpochEnd: (t) => console.log(t.callbackMetrics) }) */
export class LambdaCallback extends Callback {
  constructor(functions: Partial<Pick<Callback, Hook>>) {
    super();
    for (const [name, f] of Object.entries(optionsObject('LambdaCallback', functions))) {
      if (!name.startsWith('on') || !(name in Callback.prototype) || typeof f !== 'function') throw new ArgumentError(`LambdaCallback: expected functions by the names of a callback's methods, got '${name}'`);
      Object.defineProperty(this, name, { value: f });
    }
  }
}

/** Whether the least or the greatest value is the best. */
export type Mode = 'min' | 'max';

export function checkMode(op: string, mode: Mode): Mode {
  if (mode !== 'min' && mode !== 'max') throw new ArgumentError(`${op}: expected mode to be 'min' or 'max', got ${String(mode)}`);
  return mode;
}

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** The metric. Default 'val_loss'. */
  monitor?: string;
  /** Whether the least or the greatest value is the best. */
  mode?: Mode;
  /** How many epochs without improvement are borne. Default 3. */
  patience?: number;
  /** The least change that counts as one. */
  minDelta?: number;
  /** Whether it is printed when training stops. */
  verbose?: boolean;
  /** Whether it is an error if the metric is missing. Default true. */
  strict?: boolean;
  /** Stop when the metric is NaN or infinite. Default true. */
  checkFinite?: boolean;
}

/**
 * Stops when a metric no longer improves, looked at after each validation (each training epoch where there is none). Mirrors `braintools.trainer.EarlyStopping`.
 *
 * @example
 * new trainer.EarlyStopping({ monitor: 'val_loss', patience: 3 }).shouldStop; // false
 */
export class EarlyStopping extends Callback {
  bestScore: number | null = null;
  waitCount = 0;
  /** The epoch in which it stopped; 0 before. */
  stoppedEpoch = 0;
  private stopped = false;
  private readonly options: Required<EarlyStoppingOptions>;

  constructor(given: EarlyStoppingOptions = {}) {
    const { monitor = 'val_loss', mode = 'min', patience = 3, minDelta = 0, verbose = false, strict = true, checkFinite = true } = checkOptions(new.target.name, ['monitor', 'mode', 'patience', 'minDelta', 'verbose', 'strict', 'checkFinite'], given);
    super();
    if (typeof monitor !== 'string') throw new ArgumentError(`EarlyStopping: expected monitor to be a metric's name, got ${describeValue(monitor)}`);
    checkInteger('EarlyStopping', 'patience', patience, 0);
    if (typeof minDelta !== 'number' || Number.isNaN(minDelta)) throw new ArgumentError(`EarlyStopping: expected minDelta to be a number, got ${describeValue(minDelta)}`);
    this.options = { monitor, mode: checkMode('EarlyStopping', mode), patience, minDelta: Math.abs(minDelta), verbose, strict, checkFinite };
  }

  /** The metric that is looked at. */
  get monitor(): string {
    return this.options.monitor;
  }

  /** Whether the metric is to become small or large. */
  get mode(): Mode {
    return this.options.mode;
  }

  /** How many epochs without progress are put up with. */
  get patience(): number {
    return this.options.patience;
  }

  /** How much better a metric must be to count. */
  get minDelta(): number {
    return this.options.minDelta;
  }

  override get shouldStop(): boolean {
    return this.stopped;
  }

  private stop(trainer: Trainer): void {
    [this.stopped, this.stoppedEpoch] = [true, trainer.currentEpoch];
  }

  private look(trainer: Trainer): void {
    // A validation by itself is no epoch of training.
    if (trainer.fitting === false) return;
    const { monitor, mode, patience, minDelta, verbose, strict, checkFinite } = this.options;
    const now = trainer.callbackMetrics[monitor];
    if (now === undefined) {
      if (strict) throw new ArgumentError(`EarlyStopping: there is no metric '${monitor}'; there are ${Object.keys(trainer.callbackMetrics).join(', ') || 'none'}`);
      return;
    }
    if (checkFinite && !Number.isFinite(now)) this.stop(trainer);
    else if (this.bestScore === null || (mode === 'min' ? now < this.bestScore - minDelta : now > this.bestScore + minDelta)) [this.bestScore, this.waitCount] = [now, 0];
    else if (++this.waitCount >= patience) this.stop(trainer);
    if (verbose && this.shouldStop) console.log(`EarlyStopping: stopped in epoch ${trainer.currentEpoch} at ${monitor} ${now}; the best was ${this.bestScore}`);
  }

  override onValidationEpochEnd(trainer: Trainer): void {
    this.look(trainer);
  }

  override onTrainEpochEnd(trainer: Trainer): void {
    if (!trainer.validates) this.look(trainer);
  }

  override stateDict(): Record<string, unknown> {
    return { best_score: this.bestScore, wait_count: this.waitCount, stopped_epoch: this.stoppedEpoch };
  }

  override loadStateDict(state: Record<string, unknown>): void {
    this.bestScore = state.best_score == null ? null : Number(state.best_score);
    this.waitCount = Number(state.wait_count ?? 0);
    this.stoppedEpoch = Number(state.stopped_epoch ?? 0);
  }
}

/**
 * Logs the learning rate as `lr-opt0`. Mirrors `braintools.trainer.LearningRateMonitor`.
 *
 * @example
 * new trainer.LearningRateMonitor({ loggingInterval: 'epoch' }) instanceof trainer.Callback; // true
 */
export class LearningRateMonitor extends Callback {
  /** The rates that were logged. */
  readonly lrHistory: Record<string, number>[] = [];
  private readonly interval: 'step' | 'epoch';

  constructor(given: { loggingInterval?: 'step' | 'epoch' } = {}) {
    const { loggingInterval = 'step' } = checkOptions(new.target.name, ['loggingInterval'], given);
    super();
    if (loggingInterval !== 'step' && loggingInterval !== 'epoch') throw new ArgumentError(`LearningRateMonitor: expected loggingInterval to be 'step' or 'epoch', got ${String(loggingInterval)}`);
    this.interval = loggingInterval;
  }

  private note(trainer: Trainer, module: TrainModule): void {
    const lr = Number(trainer.optimizer!.currentLr.item());
    this.lrHistory.push({ 'lr-opt0': lr });
    module.log('lr-opt0', lr);
  }

  override onTrainBatchStart(trainer: Trainer, module: TrainModule, _batch: unknown, batchIdx: number): void {
    if (this.interval === 'step' || batchIdx === 0) this.note(trainer, module);
  }
}

/** Options of clipping gradients. */
export interface GradientClipOptions {
  /** The largest norm of all gradients together, or the largest size of an entry; null clips nothing. */
  clipVal?: number | null;
  clipAlgorithm?: 'norm' | 'value';
  /** Logs the norm before clipping as `grad_norm`. */
  logGradNorm?: boolean;
}

/** Seconds, in a form to read. */
export function duration(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(2)} s` : seconds < 3600 ? `${(seconds / 60).toFixed(2)} min` : `${(seconds / 3600).toFixed(2)} h`;
}

/** Options of {@link Timer}. */
export interface TimerOptions {
  /** Stop after this long. */
  duration?: { seconds?: number; minutes?: number; hours?: number; days?: number };
  verbose?: boolean;
}

/** Measures time, and may stop training by it. Mirrors `braintools.trainer.Timer`. @example new trainer.Timer() instanceof trainer.Callback; // true */
export class Timer extends Callback {
  /** Seconds of each epoch. */
  readonly epochTimes: number[] = [];
  private readonly limit: number;
  private readonly verbose: boolean;
  private start: number | null = null;
  private epochStart = 0;

  constructor(given: TimerOptions = {}) {
    const { duration: d = {}, verbose = true } = checkOptions(new.target.name, ['duration', 'verbose'], given);
    super();
    for (const [k, x] of Object.entries(checkOptions('Timer: duration', ['seconds', 'minutes', 'hours', 'days'], d))) if (typeof x !== 'number' || !(x >= 0)) throw new ArgumentError(`Timer: expected duration.${k} to be a number >= 0, got ${describeValue(x)}`);
    const seconds = (d.seconds ?? 0) + 60 * (d.minutes ?? 0) + 3600 * (d.hours ?? 0) + 86400 * (d.days ?? 0);
    this.limit = Object.keys(d).length === 0 ? Infinity : seconds;
    this.verbose = verbose;
  }

  /** Seconds since `fit` began. */
  get timeElapsed(): number {
    return this.start === null ? 0 : (performance.now() - this.start) / 1000;
  }

  get timeRemaining(): number {
    return Math.max(0, this.limit - this.timeElapsed);
  }

  override get shouldStop(): boolean {
    return this.timeElapsed >= this.limit;
  }

  override onFitStart(): void {
    this.start = performance.now();
  }

  override onTrainEpochStart(): void {
    this.epochStart = performance.now();
  }

  override onTrainEpochEnd(trainer: Trainer): void {
    this.epochTimes.push((performance.now() - this.epochStart) / 1000);
    if (this.verbose) console.log(`epoch ${trainer.currentEpoch}: ${duration(this.epochTimes.at(-1)!)}`);
  }

  override onFitEnd(): void {
    if (this.verbose) console.log(`training took ${duration(this.timeElapsed)}`);
  }
}

/** Numbers in a form to read. */
export function formatMetrics(metrics: Numbers): string {
  return Object.entries(metrics).map(([k, v]) => `${k}: ${v.toFixed(4)}`).join(', ');
}

/**
 * Prints metrics every so many steps, and at the end of each epoch. Mirrors `braintools.trainer.PrintCallback`.
 *
 * @example
 * new trainer.PrintCallback({ printFreq: 10 }) instanceof trainer.Callback; // true
 */
export class PrintCallback extends Callback {
  private readonly every: number;

  constructor(given: { printFreq?: number } = {}) {
    const { printFreq = 100 } = checkOptions(new.target.name, ['printFreq'], given);
    super();
    checkInteger('PrintCallback', 'printFreq', printFreq, 1);
    this.every = printFreq;
  }

  override onTrainBatchEnd(trainer: Trainer, _module: TrainModule, outputs: Numbers, _batch: unknown, batchIdx: number): void {
    if (batchIdx % this.every === 0) console.log(`epoch ${trainer.currentEpoch}, step ${batchIdx}: ${formatMetrics(outputs)}`);
  }

  override onTrainEpochEnd(trainer: Trainer): void {
    console.log(`epoch ${trainer.currentEpoch} completed: ${formatMetrics(trainer.callbackMetrics)}`);
  }

  override onValidationEpochEnd(trainer: Trainer): void {
    console.log(`validation: ${formatMetrics(trainer.callbackMetrics)}`);
  }
}
