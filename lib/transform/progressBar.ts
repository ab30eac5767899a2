import cliProgress from 'cli-progress';
import type { Array } from '../core/array';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { checkNamed, formatValues, parseFormat } from '../functional/pythonFormat';
import { describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { debugCallback } from '../functional/callbacks';
import type { AnyFunction, Loose } from '../functional/treeFunction';
import * as lax from '../lax/control';
import * as np from '../numpy';

/** What a description may be made of: the number of the step, the carry after it, and its result. */
export interface ProgressData {
  i: Array;
  carry: Loose;
  y: Loose;
}

/** Options of {@link ProgressBar}. */
export interface ProgressBarOptions {
  /** Steps from one update of the bar to the next. Default: a twentieth of the steps. */
  freq?: number;
  /** In place of `freq`: how many updates. */
  count?: number;
  /** The text before the bar, or a format (`'loss {loss:.3f}'`) and a function that computes its values, in the program. */
  desc?: string | readonly [string, (data: ProgressData) => { readonly [name: string]: Loose }];
  /** Where the bar goes. Default: standard error. On a terminal it moves; elsewhere each update is a line. */
  stream?: NodeJS.WritableStream & { isTTY?: boolean };
}

const FORMAT = '{title}: {percentage}%|{bar}| {value}/{total} [{duration_formatted}<{eta_formatted}]';

/** Seconds as minutes and seconds. */
function clock(seconds: number): string {
  const t = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  return `${t >= 3600 ? `${Math.floor(t / 3600)}:` : ''}${two(Math.floor(t / 60) % 60)}:${two(t % 60)}`;
}

/**
 * A bar that shows how far a loop is, while its compiled program runs: the option `pbar` of `scan`, `forLoop` and their checkpointed forms.
 *
 * Mirrors `brainstate.transform.ProgressBar`.
 *
 * @throws ArgumentError for a frequency that is not positive, or both `freq` and `count`
 * @example
 * ```ts
 * forLoop((x: np.Array) => np.sin(x), np.arange(1000), { pbar: new transform.ProgressBar({ count: 10 }) });
 * ```
 */
export class ProgressBar {
  private readonly options: ProgressBarOptions;

  constructor(options: ProgressBarOptions = {}) {
    const { freq, count, desc } = checkOptions('ProgressBar', ['freq', 'count', 'desc', 'stream'], options);
    for (const [name, n] of [['freq', freq], ['count', count]] as const) {
      if (n !== undefined) checkInteger('ProgressBar', name, n, 1);
    }
    if (freq !== undefined && count !== undefined) throw new ArgumentError('ProgressBar: give freq or count, not both');
    const isPair = globalThis.Array.isArray(desc) && desc.length === 2 && typeof desc[0] === 'string' && typeof desc[1] === 'function';
    if (desc !== undefined && typeof desc !== 'string' && !isPair) throw new ArgumentError(`ProgressBar: expected desc to be a text, or a format and a function, got ${describeValue(desc)}`);
    this.options = options;
  }

  /** For a loop of n steps. @throws ArgumentError if `freq` or `count` is larger than n */
  init(n: number): ProgressBarRunner {
    const { freq, count } = this.options;
    if (count !== undefined && count > n) throw new ArgumentError(`ProgressBar: expected count to be at most the number of steps, ${n}, got ${count}`);
    if (freq !== undefined && freq > n) throw new ArgumentError(`ProgressBar: expected freq to be at most the number of steps, ${n}, got ${freq}`);
    return new ProgressBarRunner(n, count !== undefined ? Math.floor(n / count) : (freq ?? (n > 20 ? Math.floor(n / 20) : 1)), this.options);
  }
}

/** The bar of one loop. */
export class ProgressBarRunner {
  private readonly n: number;
  private readonly freq: number;
  private readonly options: ProgressBarOptions;
  private bar: cliProgress.SingleBar | null = null;
  private start = 0;
  private value = 0;
  /** Whether the run has not shown anything yet. */
  private fresh = true;

  constructor(n: number, freq: number, options: ProgressBarOptions) {
    this.n = n;
    this.freq = freq;
    this.options = options;
  }

  /** To be called before the loop: from here on its steps count from the first again. */
  begin(): void {
    debugCallback(() => {
      this.bar?.stop();
      this.bar = null;
      this.start = Date.now();
      this.value = 0;
      this.fresh = true;
    }, { ordered: true });
  }

  /** To be called in the loop's body after step i. */
  step(i: Array, carry: unknown, y: unknown): void {
    const { n, freq } = this;
    const { desc } = this.options;
    const shown = np.logicalOr(np.equal(i, 0), np.logicalOr(np.equal(np.remainder(i, freq), freq - 1), np.equal(i, n - 1)));
    const values = typeof desc === 'object' ? desc[1]({ i, carry, y }) : {};
    if (!isPlainObject(values)) throw new ArgumentError(`ProgressBar: expected the function of desc to return an object of the format's values, got ${describeValue(values)}`);
    if (typeof desc === 'object') checkNamed('ProgressBar', desc[0], parseFormat('ProgressBar', desc[0]), 0, Object.keys(values));
    lax.cond(shown, () => {
      debugCallback((at: Array, xs: Record<string, Array>) => this.tick(at.item() as number, xs), i, values, { ordered: true });
      return null;
    }, () => null);
  }

  private title(values: Record<string, Array>): string {
    const { desc } = this.options;
    if (typeof desc === 'object') return formatValues(parseFormat('ProgressBar', desc[0]), [], values);
    return desc ?? `Running for ${this.n.toLocaleString('en-US')} iterations`;
  }

  /** On the host: after step i. */
  private tick(i: number, values: Record<string, Array>): void {
    const { n, freq } = this;
    const title = this.title(values);
    const stream = this.options.stream ?? process.stderr;
    if (i === 0 && this.fresh && stream.isTTY) {
      this.bar = new cliProgress.SingleBar({ format: FORMAT, stream, barCompleteChar: '█', barIncompleteChar: ' ', hideCursor: false, linewrap: true, formatTime: clock });
      this.bar.start(n, 0, { title });
    }
    this.fresh = false;
    const last = i === n - 1;
    if (!last && i % freq !== freq - 1) return;
    // Steps that are computed again for a gradient do not move the bar back.
    if (i + 1 <= this.value) return;
    this.value = i + 1;
    if (this.bar === null) stream.write(`${this.line(title)}\n`);
    else this.bar.update(this.value, { title });
    if (last) {
      this.bar?.stop();
      this.bar = null;
    }
  }

  private line(title: string): string {
    const { n, start, value } = this;
    const progress = value / n;
    const eta = Math.round(((Date.now() - start) / 1000) * (1 / progress - 1));
    return cliProgress.Format.Formatter({ format: FORMAT, barsize: 20, barCompleteString: '█'.repeat(20), barIncompleteString: ' '.repeat(20), barGlue: '', formatTime: clock } as never, {
      progress, eta, startTime: start, stopTime: null, total: n, value, maxWidth: 80,
    } as never, { title }).trimEnd();
  }
}

/** A loop's function and first carry with a counter that moves a bar; `done` takes the counter off the result. */
export function withProgress(op: string, pbar: ProgressBar | number, n: number, f: AnyFunction, init: unknown): { f: AnyFunction; init: unknown; done: (carry: unknown) => unknown } {
  if (!(pbar instanceof ProgressBar) && typeof pbar !== 'number') throw new ArgumentError(`${op}: expected pbar to be a ProgressBar or a number of steps, got ${describeValue(pbar)}`);
  const runner = (pbar instanceof ProgressBar ? pbar : new ProgressBar({ freq: pbar })).init(n);
  runner.begin();
  const step = ([i, carry]: [Array, unknown], x: unknown): unknown => {
    const pair = f(carry, x);
    if (!globalThis.Array.isArray(pair) || pair.length !== 2) throw new ArgumentError(`${op}: expected the function to return [carry, y], got ${describeValue(pair)}`);
    runner.step(i, pair[0], pair[1]);
    return [[i.add(1), pair[0]], pair[1]];
  };
  return { f: step as AnyFunction, init: [np.array(0, { dtype: 'int32' }), init], done: (carry) => (carry as [Array, unknown])[1] };
}
