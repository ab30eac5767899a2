import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { Callback, type Numbers } from './callbacks';
import type { TrainModule } from './module';
import type { Trainer } from './trainer';

/** Where a bar is written. */
export type BarStream = NodeJS.WritableStream & { isTTY?: boolean };

/** What a bar begins with. */
export interface BarStart {
  /** How many steps there are; null where that is not known. */
  total?: number | null;
  /** What is written before it. */
  desc?: string;
  /** What steps are called. */
  unit?: string;
}

/** Options of bars. */
export interface BarOptions {
  /** Seconds between two drawings. Default 0.1. */
  refreshRate?: number;
  /** Whether the bar stays when it is done. Default true. */
  leave?: boolean;
  /** Default stderr. */
  stream?: BarStream;
}

/** Shows how far something is. Mirrors `braintools.trainer.ProgressBar`. @example trainer.getProgressBar() instanceof trainer.ProgressBar; // true */
export abstract class ProgressBar {
  /** Begins, anew where it was begun before. */
  abstract start(given?: BarStart): void;
  /** Goes on by n steps (1, where only numbers are given), and shows numbers. */
  abstract update(n?: number | Numbers, metrics?: Numbers): void;
  /** Shows these numbers only. */
  abstract setPostfix(metrics: Numbers): void;
  /** Ends. */
  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Seconds as minutes and seconds, or with hours. */
function clock(seconds: number): string {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), Math.floor(seconds % 60)];
  const two = (x: number): string => String(x).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

const shown = (x: unknown): string => (typeof x === 'number' && !Number.isInteger(x) ? x.toFixed(4) : String(x));

/** A bar in one line, which is drawn over on a terminal, and written once, when it is done, elsewhere. */
abstract class LineBar extends ProgressBar {
  protected n = 0;
  protected total: number | null = null;
  protected desc = '';
  protected unit = 'it';
  protected postfix: Record<string, unknown> = {};
  private began = 0;
  private drawn = 0;
  private open = false;
  private readonly options: Required<BarOptions>;

  constructor(op: string, { refreshRate = 0.1, leave = true, stream = process.stderr }: BarOptions) {
    super();
    if (!(typeof refreshRate === 'number' && refreshRate >= 0)) throw new ArgumentError(`${op}: expected refreshRate to be a number of seconds, got ${describeValue(refreshRate)}`);
    if (typeof (stream as BarStream | null)?.write !== 'function') throw new ArgumentError(`${op}: expected stream to be one that can be written to, got ${describeValue(stream)}`);
    this.options = { refreshRate, leave, stream };
  }

  /** The line as it is now. */
  protected abstract line(): string;

  protected get seconds(): number {
    return (performance.now() - this.began) / 1000;
  }

  /** How much is done, from 0 to 1; null where the whole is not known. */
  protected get fraction(): number | null {
    return this.total === null || this.total === 0 ? null : Math.max(0, Math.min(1, this.n / this.total));
  }

  /** Seconds that are left at the present rate. */
  protected get left(): number {
    return this.n === 0 || this.total === null ? 0 : (this.seconds * Math.max(0, this.total - this.n)) / this.n;
  }

  protected get numbers(): string {
    return Object.entries(this.postfix).map(([k, v]) => `${k}=${shown(v)}`).join(', ');
  }

  private draw(): void {
    if (this.options.stream.isTTY !== true) return;
    this.drawn = performance.now();
    this.options.stream.write(`\r\x1b[K${this.line()}`);
  }

  start(given: BarStart = {}): void {
    const { total = null, desc = '', unit = 'it' } = checkOptions(`${this.constructor.name}.start`, ['total', 'desc', 'unit'], given);
    if (total !== null) checkInteger(`${this.constructor.name}.start`, 'total', total, 0);
    [this.total, this.desc, this.unit, this.n, this.postfix, this.open, this.began] = [total, String(desc), String(unit), 0, {}, true, performance.now()];
    this.draw();
  }

  update(n: number | Numbers = 1, metrics: Numbers = {}): void {
    const [steps, numbers] = isPlainObject(n) ? [1, n as Numbers] : [n as number, metrics];
    if (typeof steps !== 'number' || Number.isNaN(steps)) throw new ArgumentError(`${this.constructor.name}.update: expected n to be a number, got ${describeValue(n)}`);
    this.n += steps;
    Object.assign(this.postfix, numbers);
    if (performance.now() - this.drawn >= this.options.refreshRate * 1000 || this.n === this.total) this.draw();
  }

  setPostfix(metrics: Numbers): void {
    this.postfix = { ...metrics };
    this.draw();
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    const { stream, leave } = this.options;
    if (stream.isTTY === true) stream.write(leave ? `\r\x1b[K${this.line()}\n` : '\r\x1b[K');
    else if (leave) stream.write(`${this.line()}\n`);
  }
}

const BAR_OPTIONS = ['refreshRate', 'leave', 'stream'] as const;

/**
 * A bar of text. Mirrors `braintools.trainer.SimpleProgressBar`; it is written to stderr.
 *
 * @example
 * ```ts
 * const bar = new trainer.SimpleProgressBar({ width: 20, leave: false });
 * bar.start({ total: 10, desc: 'Training' });
 * for (let i = 0; i < 10; i++) bar.update(1, { loss: 1 / (i + 1) });
 * bar.close();
 * ```
 */
export class SimpleProgressBar extends LineBar {
  private readonly width: number;

  constructor(given: BarOptions & { width?: number } = {}) {
    const { width = 50, ...options } = checkOptions(new.target.name, ['width', ...BAR_OPTIONS], given);
    super(new.target.name, options);
    this.width = checkInteger(new.target.name, 'width', width, 1);
  }

  protected line(): string {
    const { fraction } = this;
    const filled = Math.min(Math.floor(this.width * (fraction ?? 0)), this.width - 1);
    const time = this.total !== null && this.n > 0 ? `${clock(this.seconds)}<${clock(this.left)}` : clock(this.seconds);
    const bar = fraction === null ? `${this.n} ${this.unit} [${time}]` : `${(100 * fraction).toFixed(1).padStart(5)}%|${'='.repeat(filled)}>${'-'.repeat(this.width - filled - 1)}| ${this.n}/${this.total} [${time}]`;
    return `${this.desc}: ${bar}${this.numbers === '' ? '' : ` ${this.numbers}`}`;
  }
}

/** A bar that looks like tqdm's. Mirrors `braintools.trainer.TQDMProgressBarWrapper`. @example new trainer.TQDMProgressBarWrapper({ leave: false }) instanceof trainer.ProgressBar; // true */
export class TQDMProgressBarWrapper extends LineBar {
  constructor(given: BarOptions = {}) {
    super(new.target.name, checkOptions(new.target.name, BAR_OPTIONS, given));
  }

  protected line(): string {
    const { fraction, seconds } = this;
    const rate = seconds > 0 && this.n > 0 ? `${(this.n / seconds).toFixed(2)}${this.unit}/s` : `?${this.unit}/s`;
    const numbers = this.numbers === '' ? '' : `, ${this.numbers}`;
    const before = this.desc === '' ? '' : `${this.desc}: `;
    if (fraction === null) return `${before}${this.n}${this.unit} [${clock(seconds)}, ${rate}${numbers}]`;
    const filled = Math.floor(10 * fraction);
    return `${before}${String(Math.floor(100 * fraction)).padStart(3)}%|${'█'.repeat(filled)}${' '.repeat(10 - filled)}| ${this.n}/${this.total} [${clock(seconds)}<${clock(this.left)}, ${rate}${numbers}]`;
  }
}

/** A bar that looks like rich's. Mirrors `braintools.trainer.RichProgressBarWrapper`. @example new trainer.RichProgressBarWrapper({ leave: false }) instanceof trainer.ProgressBar; // true */
export class RichProgressBarWrapper extends LineBar {
  constructor(given: BarOptions = {}) {
    super(new.target.name, checkOptions(new.target.name, BAR_OPTIONS, given));
  }

  protected line(): string {
    const filled = Math.floor(40 * (this.fraction ?? 0));
    const percent = this.fraction === null ? '' : ` ${String(Math.floor(100 * this.fraction)).padStart(3)}%`;
    return `${this.desc} ${'━'.repeat(filled)}${'╺'.repeat(filled < 40 ? 1 : 0)}${' '.repeat(Math.max(0, 39 - filled))}${percent} ${clock(this.seconds)} ${clock(this.left)}${this.numbers === '' ? '' : ` ${this.numbers}`}`;
  }
}

/** Looks of bars. */
export type BarBackend = 'auto' | 'simple' | 'tqdm' | 'rich';

/**
 * A progress bar of a look; 'auto' is 'tqdm'. Mirrors `braintools.trainer.get_progress_bar`, whose bars are those of Python packages.
 *
 * @throws ArgumentError for another look
 * @example
 * trainer.getProgressBar('simple', { width: 20 }) instanceof trainer.SimpleProgressBar; // true
 */
export function getProgressBar(backend: BarBackend = 'auto', options: BarOptions & { width?: number } = {}): ProgressBar {
  switch (backend) {
    case 'simple':
      return new SimpleProgressBar(options);
    case 'auto':
    case 'tqdm':
      return new TQDMProgressBarWrapper(options);
    case 'rich':
      return new RichProgressBarWrapper(options);
    default:
      throw new ArgumentError(`getProgressBar: expected backend to be 'auto', 'simple', 'tqdm' or 'rich', got ${describeValue(backend)}`);
  }
}

/** Options of {@link TQDMProgressBar} and {@link RichProgressBar}. */
export interface ProgressBarOptions {
  /** Batches between two drawings. Default 1. */
  refreshRate?: number;
  /** Whether an epoch's bar stays on a terminal. */
  leave?: boolean;
  /** Where it is written. Default stderr. */
  stream?: BarStream;
}

/** A bar for each epoch of training. */
abstract class EpochBar extends Callback {
  private readonly every: number;
  private readonly bar: ProgressBar;
  private behind = 0;

  constructor(op: string, bar: (options: BarOptions) => ProgressBar, leave: boolean, { refreshRate = 1, ...options }: ProgressBarOptions) {
    super();
    this.every = checkInteger(op, 'refreshRate', refreshRate, 1);
    this.bar = bar({ leave, ...options, refreshRate: 0 });
  }

  override onTrainEpochStart(trainer: Trainer): void {
    this.behind = 0;
    this.bar.start({ total: trainer.numTrainingBatches, desc: `Epoch ${trainer.currentEpoch}` });
  }

  override onTrainBatchEnd(trainer: Trainer, _module: TrainModule, outputs: Numbers, _batch: unknown, batchIdx: number): void {
    this.behind++;
    if (this.behind < this.every && batchIdx + 1 !== trainer.numTrainingBatches) return;
    const names = ['loss', ...trainer.progressMetrics];
    this.bar.update(this.behind, Object.fromEntries(names.filter((n) => outputs[n] !== undefined).map((n) => [n, outputs[n]!])));
    this.behind = 0;
  }

  override onTrainEpochEnd(): void {
    this.bar.close();
  }

  override onException(): void {
    this.bar.close();
  }
}

const EPOCH_BAR_OPTIONS = ['refreshRate', 'leave', 'stream'] as const;

/**
 * A bar for each epoch, as tqdm draws it: a line that moves on a terminal, with the batches and what was logged with `progBar`; elsewhere a line for each epoch. Mirrors `braintools.trainer.TQDMProgressBar`.
 *
 * @example
 * new trainer.TQDMProgressBar({ refreshRate: 10 }) instanceof trainer.Callback; // true
 */
export class TQDMProgressBar extends EpochBar {
  constructor(given: ProgressBarOptions = {}) {
    super(new.target.name, (o) => new TQDMProgressBarWrapper(o), true, checkOptions(new.target.name, EPOCH_BAR_OPTIONS, given));
  }
}

/**
 * {@link TQDMProgressBar} as rich draws it; it vanishes at an epoch's end, unless `leave`. Mirrors `braintools.trainer.RichProgressBar`.
 *
 * @example
 * new trainer.RichProgressBar({ leave: true }) instanceof trainer.Callback; // true
 */
export class RichProgressBar extends EpochBar {
  constructor(given: ProgressBarOptions = {}) {
    super(new.target.name, (o) => new RichProgressBarWrapper(o), false, checkOptions(new.target.name, EPOCH_BAR_OPTIONS, given));
  }
}

/** Whether a callback draws epochs' bars. */
export function isEpochBar(c: Callback): boolean {
  return c instanceof EpochBar;
}
