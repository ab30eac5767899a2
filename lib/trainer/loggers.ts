import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkInteger } from '../core/checks';
import { ArgumentError } from '../core/errors';
import { isPlainObject } from '../core/tree';
import { type ArrayLike, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { makeFolder } from '../pjrt/cacheDir';
import type { Numbers } from './callbacks';

/** Where numbers of training go. Mirrors `braintools.trainer.Logger`. @example new trainer.CSVLogger('logs') instanceof trainer.Logger; // true */
export abstract class Logger {
  /** Name of what is logged. */
  readonly name: string = 'default';
  /** Which of the runs of this name it is; null where they are not told apart. */
  readonly version: string | null = null;
  /** The folder of all runs; null if it writes to none. */
  readonly rootDir: string | null = null;
  /** Logs numbers of a step; without one they are counted. */
  abstract logMetrics(metrics: Numbers, step?: number | null): void;
  /** Logs settings of the run. */
  abstract logHyperparams(params: Readonly<Record<string, unknown>>): void;
  /** The folder it writes to; null if it writes to none. */
  readonly logDir: string | null = null;

  /** Logs a text of a step. */
  logText(_key: string, _text: string, _step?: number | null): void {}
  /** Logs an image (height, width, channels), or several (images, height, width, channels), of a step. */
  logImage(_key: string, _images: ArrayLike, _step?: number | null): void {}
  /** Writes what is held back. */
  save(): void {}
  /** Called when training is over. */
  finalize(): void {
    this.save();
  }
}

/** The time as `20260131_235959`. */
export function versionNow(): string {
  return new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');
}

/** Where a logger writes to. @throws ArgumentError for what is no path */
export function logFolder(op: string, saveDir: string, ...parts: string[]): string {
  if (typeof saveDir !== 'string') throw new ArgumentError(`${op}: expected saveDir to be the path of a folder, got ${describeValue(saveDir)}`);
  for (const x of parts) if (typeof x !== 'string') throw new ArgumentError(`${op}: expected name and version to be strings, got ${describeValue(x)}`);
  return join(saveDir, ...parts);
}

/** @throws ArgumentError unless it is given numbers by name, and the number of a step */
export function checkLogged(op: string, metrics: Numbers, step: number | null): void {
  if (!isPlainObject(metrics)) throw new ArgumentError(`${op}: expected an object of numbers, got ${describeValue(metrics)}`);
  for (const [k, v] of Object.entries(metrics)) if (typeof v !== 'number') throw new ArgumentError(`${op}: expected the metric '${k}' to be a number, got ${describeValue(v)}`);
  if (step !== null) checkInteger(op, 'step', step, 0);
}

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** Name in messages and prints. */
  name?: string;
  /** Default: the time. */
  version?: string;
  flushLogsEveryNSteps?: number;
}

const quoted = (s: string): string => (/[",\n\r]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s);

/**
 * `metrics.csv` with a row for each call, and `hparams.json`, in `saveDir/name/version`. Mirrors `braintools.trainer.CSVLogger`.
 *
 * @example
 * ```ts
 * const logger = new trainer.CSVLogger('logs', { name: 'run' });
 * logger.logMetrics({ loss: 0.5 }, 1);
 * logger.finalize();
 * ```
 */
export class CSVLogger extends Logger {
  override readonly name: string;
  override readonly version: string;
  override readonly rootDir: string;
  override readonly logDir: string;
  private readonly every: number;
  private columns: string[] = ['step'];
  /** Rows in the file, kept while columns may be added. */
  private readonly rows: Record<string, number>[] = [];
  private written = 0;
  private writtenColumns = 0;
  private readonly params: Record<string, unknown> = {};

  constructor(saveDir: string, given: CSVLoggerOptions = {}) {
    const { name = 'logs', version = versionNow(), flushLogsEveryNSteps = 100 } = checkOptions(new.target.name, ['name', 'version', 'flushLogsEveryNSteps'], given);
    super();
    if (!(flushLogsEveryNSteps >= 1)) throw new ArgumentError(`CSVLogger: expected flushLogsEveryNSteps of at least 1, got ${flushLogsEveryNSteps}`);
    this.logDir = logFolder('CSVLogger', saveDir, name, version);
    [this.name, this.version, this.rootDir] = [name, version, saveDir];
    this.every = flushLogsEveryNSteps;
  }

  get metricsFilePath(): string {
    return join(this.logDir, 'metrics.csv');
  }

  /** Logs numbers of a step: a row of the table. */
  logMetrics(metrics: Numbers, step: number | null = null): void {
    checkLogged('CSVLogger.logMetrics', metrics, step);
    for (const k of Object.keys(metrics)) if (!this.columns.includes(k)) this.columns.push(k);
    this.rows.push({ step: step ?? this.rows.length, ...metrics });
    if (this.rows.length - this.written >= this.every) this.save();
  }

  /** Writes settings to a file beside the table. */
  logHyperparams(params: Readonly<Record<string, unknown>>): void {
    Object.assign(this.params, params);
    makeFolder(this.logDir, true);
    writeFileSync(join(this.logDir, 'hparams.json'), `${JSON.stringify(this.params, null, 2)}\n`);
  }

  override save(): void {
    if (this.written === this.rows.length) return;
    makeFolder(this.logDir, true);
    const line = (r: Record<string, number>) => `${this.columns.map((c) => (Object.hasOwn(r, c) ? r[c] : '')).join(',')}\n`;
    // A new column means a new header, and the rows again.
    if (this.writtenColumns !== this.columns.length) writeFileSync(this.metricsFilePath, `${this.columns.map(quoted).join(',')}\n${this.rows.map(line).join('')}`);
    else appendFileSync(this.metricsFilePath, this.rows.slice(this.written).map(line).join(''));
    this.written = this.rows.length;
    this.writtenColumns = this.columns.length;
  }

  /** The text of the file. */
  read(): string {
    this.save();
    return existsSync(this.metricsFilePath) ? readFileSync(this.metricsFilePath, 'utf8') : '';
  }
}

/** Several loggers as one. Mirrors `braintools.trainer.CompositeLogger`. @example new trainer.CompositeLogger([new trainer.CSVLogger('logs')]) instanceof trainer.Logger; // true */
export class CompositeLogger extends Logger {
  override readonly name: string;
  override readonly version: string | null;
  override readonly rootDir: string | null;
  override readonly logDir: string | null;
  private readonly loggers: readonly Logger[];

  constructor(loggers: readonly Logger[]) {
    super();
    if (!globalThis.Array.isArray(loggers)) throw new ArgumentError(`CompositeLogger: expected a list of loggers, got ${describeValue(loggers)}`);
    for (const l of loggers) if (!(l instanceof Logger)) throw new ArgumentError(`CompositeLogger: expected loggers, got ${describeValue(l)}`);
    this.loggers = loggers;
    const [first] = loggers;
    [this.name, this.version, this.rootDir, this.logDir] = [first?.name ?? 'default', first?.version ?? null, first?.rootDir ?? null, first?.logDir ?? null];
  }

  /** Logs numbers of a step in all of them. */
  logMetrics(metrics: Numbers, step: number | null = null): void {
    for (const l of this.loggers) l.logMetrics(metrics, step);
  }

  /** Logs settings in all of them. */
  logHyperparams(params: Readonly<Record<string, unknown>>): void {
    for (const l of this.loggers) l.logHyperparams(params);
  }

  override logText(key: string, text: string, step: number | null = null): void {
    for (const l of this.loggers) l.logText(key, text, step);
  }

  override logImage(key: string, images: ArrayLike, step: number | null = null): void {
    for (const l of this.loggers) l.logImage(key, images, step);
  }

  override save(): void {
    for (const l of this.loggers) l.save();
  }

  override finalize(): void {
    for (const l of this.loggers) l.finalize();
  }
}
