import { checkOptions } from '../functional/options';
import { lengthOf } from './batches';
import { Callback, formatMetrics, type Numbers } from './callbacks';
import type { TrainModule } from './module';
import type { Trainer } from './trainer';

/** Options of {@link ProgressBar}. */
export interface ProgressBarOptions {
  /** Shown every so many batches. Default 1. */
  refreshRate?: number;
  /** Where it is written. Default stderr. */
  stream?: NodeJS.WritableStream & { isTTY?: boolean };
}

const WIDTH = 30;

/**
 * A line that moves on a terminal, with the epoch's batches and what was logged with `progBar`; elsewhere a line for each epoch. Stands for BrainTools' `RichProgressBar` and `TQDMProgressBar`.
 *
 * @example
 * new trainer.ProgressBar() instanceof trainer.Callback; // true
 */
export class ProgressBar extends Callback {
  private readonly every: number;
  private readonly stream: NodeJS.WritableStream & { isTTY?: boolean };
  private shown = '';

  constructor(given: ProgressBarOptions = {}) {
    const { refreshRate = 1, stream = process.stderr } = checkOptions(new.target.name, ['refreshRate', 'stream'], given);
    super();
    this.every = refreshRate;
    this.stream = stream;
  }

  override onTrainBatchEnd(trainer: Trainer, _module: TrainModule, outputs: Numbers, _batch: unknown, batchIdx: number): void {
    const total = trainer.trainDataloader === null ? null : lengthOf(trainer.trainDataloader);
    const names = ['loss', ...trainer.progressMetrics];
    const values = formatMetrics(Object.fromEntries(names.filter((n) => outputs[n] !== undefined).map((n) => [n, outputs[n]!])));
    const done = batchIdx + 1;
    const filled = total === null ? 0 : Math.round((WIDTH * done) / total);
    this.shown = `Epoch ${trainer.currentEpoch} ${total === null ? `${done}` : `${'='.repeat(filled)}${' '.repeat(WIDTH - filled)} ${done}/${total}`} ${values}`;
    if (this.stream.isTTY === true && (done % this.every === 0 || done === total)) this.stream.write(`\r\x1b[K${this.shown}`);
  }

  override onTrainEpochEnd(): void {
    this.stream.write(this.stream.isTTY === true ? '\n' : `${this.shown}\n`);
  }
}
