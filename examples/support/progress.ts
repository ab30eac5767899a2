import { SingleBar } from 'cli-progress';

/** A line that moves on a terminal, with values beside it; in a file or a pipe nothing until `done`, which then writes one line. */
export class Progress {
  private readonly label: string;
  private readonly total: number;
  private readonly bar: SingleBar | null;
  private values = '';
  private at = 0;
  private readonly start = Date.now();

  constructor(label: string, total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.label = label;
    this.total = total;
    this.bar = null;
    if (stream.isTTY) {
      this.bar = new SingleBar({ format: `${label} {bar} {value}/{total} {values}`, stream, hideCursor: true, barsize: 30, fps: 10, clearOnComplete: false });
      this.bar.start(total, 0, { values: '' });
    }
  }

  /** Moves on to `step`, with values such as `{ loss: 0.12 }` shown beside the bar. */
  update(step: number, values: Record<string, number> = {}): void {
    this.at = step;
    this.values = Object.entries(values).map(([name, v]) => `${name} ${Number.isInteger(v) ? v : v.toPrecision(4)}`).join('  ');
    this.bar?.update(step, { values: this.values });
  }

  /** Ends the line. */
  done(): void {
    if (this.bar !== null) this.bar.stop();
    else console.log(`${this.label}: ${this.at}/${this.total} in ${((Date.now() - this.start) / 1000).toFixed(1)} s  ${this.values}`);
  }
}
