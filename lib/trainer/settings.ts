import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { type Client, defaultClient } from '../pjrt';
import { type Callback, CallbackList } from './callbacks';
import { checkFolder } from './checkpoint';
import { CSVLogger, Logger } from './loggers';
import { LossScale, type LossScaleOptions } from './lossScale';
import type { Strategy, StrategyName } from './strategies';
import { join } from 'node:path';

/** What steps compute in. */
export type Precision = '32' | '32-true' | '16' | '16-mixed' | 'bf16' | 'bf16-mixed';

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
  /** Training runs on one device: 1, the list of its number, or 'auto', the default. */
  devices?: 1 | readonly number[] | 'auto';
  /** The folder for logs and checkpoints. Default: the current one. */
  defaultRootDir?: string | null;
  gradientClipVal?: number | null;
  gradientClipAlgorithm?: 'norm' | 'value';
  /** Gradients of so many batches are averaged for one update. Default 1. */
  accumulateGradBatches?: number;
  /** Seeds the global random state. */
  seed?: number | null;
  /** See {@link getStrategy}; default 'auto'. */
  strategy?: StrategyName | Strategy;
  /**
   * What steps compute in: 'bf16' and '16' take parameters and batches in half precision, while parameters are kept and updated in their own. In '16' the loss is
   * scaled, as in Lightning's '16-mixed': see {@link LossScale}. Default '32'.
   */
  precision?: Precision | 16 | 32;
  /** How the loss is scaled in precision '16'. Default: a new {@link LossScale}. */
  lossScale?: LossScale | LossScaleOptions | null;
  /** Promises that runs with the same seed give the same numbers: an error where the device does not promise it. Default false. */
  deterministic?: boolean;
  /** Take only so many batches of an epoch, or such a fraction of them; null, the default, for all. */
  limitTrainBatches?: number | null;
  /** The same for each source of a validation. */
  limitValBatches?: number | null;
  /** The same for a test. */
  limitTestBatches?: number | null;
  /** The same for predictions. */
  limitPredictBatches?: number | null;
  /** Train and validate on the first so many batches of training, the same in each epoch; 0, the default, for training as usual. */
  overfitBatches?: number;
  /** Try all parts with so many batches (true is 1) of one epoch, without loggers and checkpoints. Default false. */
  fastDevRun?: boolean | number;
  /** Validate so many batches before training, so that errors show early; no number is kept of it. Default 0. */
  numSanityValSteps?: number;
}

/** Options that have been checked. */
export interface Settings {
  readonly maxEpochs: number;
  readonly minEpochs: number;
  readonly maxSteps: number;
  readonly valCheckInterval: number;
  readonly checkValEveryNEpoch: number;
  readonly defaultRootDir: string;
  readonly enableProgressBar: boolean;
  readonly enableCheckpointing: boolean;
  readonly gradientClipVal: number | null;
  readonly gradientClipAlgorithm: 'norm' | 'value';
  readonly accumulateGradBatches: number;
  readonly precision: Precision;
  readonly deterministic: boolean;
  readonly limitTrainBatches: number | null;
  readonly limitValBatches: number | null;
  readonly limitTestBatches: number | null;
  readonly limitPredictBatches: number | null;
  readonly overfitBatches: number;
  readonly fastDevRun: number;
  readonly numSanityValSteps: number;
  readonly seed: number | null;
}

const NAMES = [
  'maxEpochs', 'minEpochs', 'maxSteps', 'valCheckInterval', 'checkValEveryNEpoch', 'callbacks', 'logger', 'enableProgressBar', 'enableCheckpointing', 'devices', 'defaultRootDir', 'gradientClipVal', 'gradientClipAlgorithm',
  'accumulateGradBatches', 'seed', 'strategy', 'precision', 'lossScale', 'deterministic', 'limitTrainBatches', 'limitValBatches', 'limitTestBatches', 'limitPredictBatches', 'overfitBatches', 'fastDevRun', 'numSanityValSteps',
] as const;
const PRECISIONS: readonly string[] = ['32', '32-true', '16', '16-mixed', 'bf16', 'bf16-mixed'];
const OP = 'Trainer';

function flag(name: string, x: unknown): boolean {
  if (typeof x !== 'boolean') throw new ArgumentError(`${OP}: expected ${name} to be true or false, got ${describeValue(x)}`);
  return x;
}

/** How many batches are taken, or which fraction. */
function limit(name: string, x: number | null): number | null {
  if (x === null || (typeof x === 'number' && x > 0 && x < 1)) return x;
  if (!Number.isInteger(x) || x < 0) throw new ArgumentError(`${OP}: expected ${name} to be a number of batches, a fraction between 0 and 1, or null, got ${describeValue(x)}`);
  return x;
}

/** The number of batches of a limit, of so many in all (null where that is not known). */
export function batchesOf(name: string, limited: number | null, total: number | null): number | null {
  if (limited === null) return total;
  if (limited >= 1 || limited === 0) return total === null ? limited : Math.min(limited, total);
  if (total === null) throw new ArgumentError(`${OP}: ${name} is a fraction, ${limited}, but it is not known how many batches there are; expected a whole number, or batches with a length`);
  return Math.floor(total * limited);
}

/** The one device that is used. */
function checkDevices(devices: TrainerOptions['devices']): void {
  const all = (defaultClient() as Client).addressableDevices.length;
  const one = devices === 1 || devices === 'auto' || (globalThis.Array.isArray(devices) && devices.length === 1);
  if (!one) throw new ArgumentError(`${OP}: training runs on one device; expected devices to be 1, a list of one number, or 'auto', got ${describeValue(devices)}`);
  if (globalThis.Array.isArray(devices) && !(Number.isInteger(devices[0]) && devices[0] === 0)) throw new ArgumentError(`${OP}: programs run on device 0 (of ${all}); expected devices to be [0], got [${describeValue(devices[0])}]`);
}

/** @throws ArgumentError where the device's programs may give other numbers each time */
function checkDeterministic(): void {
  const platform = (defaultClient() as Client).platformName;
  if (platform === 'cpu' || /--xla_gpu_(deterministic_ops|exclude_nondeterministic_ops)(=true|=1)?(\s|$)/.test(process.env.XLA_FLAGS ?? '')) return;
  throw new ArgumentError(`${OP}: deterministic is true, which programs for '${platform}' promise only if the process was started with XLA_FLAGS=--xla_gpu_deterministic_ops=true`);
}

/** What scales the loss: only gradients in float16 need it. */
function lossScaleOf(precision: string, given: TrainerOptions['lossScale']): LossScale | null {
  if (!precision.startsWith('16')) {
    if (given !== null && given !== undefined) throw new ArgumentError(`${OP}: lossScale is for precision '16', whose small gradients would be lost; expected none for '${precision}'`);
    return null;
  }
  return given instanceof LossScale ? given : new LossScale(given ?? {});
}

/** Options read and checked, loggers and callbacks made. @throws ArgumentError naming the option */
export function readSettings(given: TrainerOptions): { settings: Settings; callbacks: Callback[]; loggers: Logger[]; strategy: StrategyName | Strategy; lossScale: LossScale | null } {
  const o = checkOptions(OP, NAMES, given);
  const { maxEpochs = 1000, minEpochs = 1, maxSteps = -1, valCheckInterval = 1, checkValEveryNEpoch = 1, callbacks = [], logger = false, enableProgressBar = process.stderr.isTTY === true, enableCheckpointing = false } = o;
  const { devices = 'auto', defaultRootDir, gradientClipVal = null, gradientClipAlgorithm = 'norm', accumulateGradBatches = 1, seed = null, strategy = 'auto', precision = '32', lossScale = null, deterministic = false } = o;
  const { limitTrainBatches = null, limitValBatches = null, limitTestBatches = null, limitPredictBatches = null, overfitBatches = 0, fastDevRun = false, numSanityValSteps = 0 } = o;
  checkDevices(devices);
  if (typeof valCheckInterval !== 'number' || !(valCheckInterval > 0)) throw new ArgumentError(`${OP}: expected valCheckInterval to be a number > 0, got ${describeValue(valCheckInterval)}`);
  if (!PRECISIONS.includes(String(precision))) throw new ArgumentError(`${OP}: expected precision to be '32', '16' or 'bf16' (also '32-true', '16-mixed' or 'bf16-mixed'), got ${typeof precision === 'string' ? `'${precision}'` : describeValue(precision)}`);
  if (gradientClipAlgorithm !== 'norm' && gradientClipAlgorithm !== 'value') throw new ArgumentError(`${OP}: expected gradientClipAlgorithm to be 'norm' or 'value', got ${describeValue(gradientClipAlgorithm)}`);
  if (gradientClipVal !== null && !(typeof gradientClipVal === 'number' && gradientClipVal > 0)) throw new ArgumentError(`${OP}: expected gradientClipVal to be a number > 0 or null, got ${describeValue(gradientClipVal)}`);
  if (seed !== null) checkInteger(OP, 'seed', seed);
  if (flag('deterministic', deterministic)) checkDeterministic();
  const dev = fastDevRun === true ? 1 : fastDevRun === false ? 0 : checkInteger(OP, 'fastDevRun', fastDevRun, 1);
  const root = defaultRootDir === undefined || defaultRootDir === null ? '.' : checkFolder(OP, 'defaultRootDir', defaultRootDir);
  const list = typeof logger === 'boolean' ? (logger && dev === 0 ? [new CSVLogger(join(root, 'logs'))] : []) : globalThis.Array.isArray(logger) ? [...(logger as readonly Logger[])] : [logger as Logger];
  for (const l of list) if (!(l instanceof Logger)) throw new ArgumentError(`${OP}: expected logger to be a logger, a list of loggers, true or false, got ${describeValue(l)}`);
  return {
    callbacks: [...new CallbackList(callbacks)],
    loggers: dev > 0 ? [] : list,
    strategy,
    lossScale: lossScaleOf(String(precision), lossScale),
    settings: {
      maxEpochs: dev > 0 ? 1 : checkInteger(OP, 'maxEpochs', maxEpochs, 0), minEpochs: checkInteger(OP, 'minEpochs', minEpochs, 0), maxSteps: checkInteger(OP, 'maxSteps', maxSteps, -1), valCheckInterval,
      checkValEveryNEpoch: checkInteger(OP, 'checkValEveryNEpoch', checkValEveryNEpoch, 1), defaultRootDir: root, enableProgressBar: flag('enableProgressBar', enableProgressBar),
      enableCheckpointing: flag('enableCheckpointing', enableCheckpointing) && dev === 0, gradientClipVal, gradientClipAlgorithm, accumulateGradBatches: checkInteger(OP, 'accumulateGradBatches', accumulateGradBatches, 1),
      precision: String(precision) as Precision, deterministic, limitTrainBatches: dev > 0 ? dev : limit('limitTrainBatches', limitTrainBatches), limitValBatches: dev > 0 ? dev : limit('limitValBatches', limitValBatches),
      limitTestBatches: dev > 0 ? dev : limit('limitTestBatches', limitTestBatches), limitPredictBatches: dev > 0 ? dev : limit('limitPredictBatches', limitPredictBatches),
      overfitBatches: checkInteger(OP, 'overfitBatches', overfitBatches, 0), fastDevRun: dev, numSanityValSteps: checkInteger(OP, 'numSanityValSteps', numSanityValSteps, 0), seed,
    },
  };
}
