import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { checkInteger } from '../core/checks';
import { ArgumentError, ShapeError } from '../core/errors';
import { type ArrayLike, asArray, describeValue } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import * as np from '../numpy';
import { makeFolder } from '../pjrt/cacheDir';
import type { Numbers } from './callbacks';
import { checkLogged, logFolder, Logger, versionNow } from './loggers';
import { png } from './png';

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

/** CRC-32C (Castagnoli) in the masked form of TFRecord files. */
export function maskedCrc32c(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const b of bytes) c = CRC_TABLE[(c ^ b) & 0xff]! ^ (c >>> 8);
  c = (c ^ 0xffffffff) >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}

function varint(n: number): Buffer {
  const out: number[] = [];
  let v = BigInt.asUintN(64, BigInt(n));
  for (; v > 127n; v >>= 7n) out.push(Number(v & 127n) | 128);
  return Buffer.from([...out, Number(v)]);
}

// Fields of protocol buffers, by wire type.
const integer = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field: number, value: string | Uint8Array): Buffer => {
  const b = Buffer.from(value as string);
  return Buffer.concat([varint((field << 3) | 2), varint(b.length), b]);
};
const double = (field: number, value: number): Buffer => {
  const b = Buffer.alloc(8);
  b.writeDoubleLE(value);
  return Buffer.concat([varint((field << 3) | 1), b]);
};
const float = (field: number, value: number): Buffer => {
  const b = Buffer.alloc(4);
  b.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), b]);
};

/** A record of a TFRecord file: length, its checksum, data, and theirs. */
export function tfRecord(data: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(data.length));
  const sum = (b: Uint8Array) => {
    const out = Buffer.alloc(4);
    out.writeUInt32LE(maskedCrc32c(b));
    return out;
  };
  return Buffer.concat([head, sum(head), data, sum(data)]);
}

const DT_STRING = 7;

/** Options of {@link TensorBoardLogger}. */
export interface TensorBoardLoggerOptions {
  /** Name in messages and prints. */
  name?: string;
  /** Default: the time. */
  version?: string;
  /** What names begin with. */
  prefix?: string;
}

let files = 0;

/**
 * Scalars, texts and images for TensorBoard, as an event file in `saveDir/name/version`. Mirrors `braintools.trainer.TensorBoardLogger`.
 *
 * @example
 * ```ts
 * const logger = new trainer.TensorBoardLogger('logs', { name: 'board' });
 * logger.logMetrics({ loss: 0.5 }, 1);
 * logger.finalize();
 * ```
 */
export class TensorBoardLogger extends Logger {
  override readonly name: string;
  override readonly version: string;
  override readonly rootDir: string;
  override readonly logDir: string;
  readonly prefix: string;
  /** Steps that were logged without their number. */
  private counted = 0;
  private path: string | null = null;
  private held: Buffer[] = [];

  constructor(saveDir: string, given: TensorBoardLoggerOptions = {}) {
    const { name = 'default', version = versionNow(), prefix = '' } = checkOptions(new.target.name, ['name', 'version', 'prefix'], given);
    super();
    this.logDir = logFolder('TensorBoardLogger', saveDir, name, version);
    [this.name, this.version, this.rootDir] = [name, version, saveDir];
    this.prefix = prefix;
  }

  private event(...fields: Buffer[]): void {
    this.held.push(tfRecord(Buffer.concat([double(1, Date.now() / 1000), ...fields])));
  }

  /** Logs numbers of a step as scalars. */
  logMetrics(metrics: Numbers, step: number | null = null): void {
    checkLogged('TensorBoardLogger.logMetrics', metrics, step);
    const values = Object.entries(metrics).map(([k, v]) => bytes(1, Buffer.concat([bytes(1, `${this.prefix}${k}`), float(2, v)])));
    this.event(integer(2, step ?? this.counted++), bytes(5, Buffer.concat(values)));
    if (this.held.length >= 100) this.save();
  }

  /** The number of a step, counted where none is given. */
  private stepOf(op: string, key: string, step: number | null): number {
    if (typeof key !== 'string') throw new ArgumentError(`TensorBoardLogger.${op}: expected a name, got ${describeValue(key)}`);
    if (step !== null) return checkInteger(`TensorBoardLogger.${op}`, 'step', step, 0);
    return this.counted++;
  }

  /**
   * Logs an image of whole numbers from 0 to 255, or of floats from 0 to 1; several as `key/0`, `key/1` …
   *
   * @throws ShapeError unless it is (height, width, channels) or (images, height, width, channels), of 1 to 4 channels
   */
  override logImage(key: string, images: ArrayLike, step: number | null = null): void {
    const at = this.stepOf('logImage', key, step);
    const x = asArray(images, 'TensorBoardLogger.logImage: images');
    const channels = x.shape.at(-1) ?? 0;
    if ((x.ndim !== 3 && x.ndim !== 4) || channels < 1 || channels > 4 || x.size === 0) throw new ShapeError(`TensorBoardLogger.logImage: expected images of shape (height, width, channels) or (images, height, width, channels), of 1 to 4 channels, got ${x.aval}`);
    const whole = np.issubdtype(x.dtype, np.floating) ? np.round(np.multiply(np.clip(x, 0, 1), 255)) : np.clip(x, 0, 255);
    const [height, width] = x.shape.slice(-3) as [number, number];
    const all = whole.astype('uint8').dataSync() as Uint8Array;
    const size = height * width * channels;
    for (let i = 0; i * size < all.length; i++) {
      const image = Buffer.concat([integer(1, height), integer(2, width), integer(3, channels), bytes(4, png(all.subarray(i * size, (i + 1) * size), height, width, channels))]);
      this.event(integer(2, at), bytes(5, bytes(1, Buffer.concat([bytes(1, `${this.prefix}${key}${x.ndim === 4 ? `/${i}` : ''}`), bytes(4, image)]))));
    }
  }

  override logText(key: string, text: string, step: number | null = null): void {
    const at = this.stepOf('logText', key, step);
    if (typeof text !== 'string') throw new ArgumentError(`TensorBoardLogger.logText: expected a text, got ${describeValue(text)}`);
    const metadata = bytes(9, bytes(1, bytes(1, 'text')));
    const tensor = bytes(8, Buffer.concat([integer(1, DT_STRING), bytes(2, bytes(2, integer(1, 1))), bytes(8, text)]));
    this.event(integer(2, at), bytes(5, bytes(1, Buffer.concat([bytes(1, `${this.prefix}${key}/text_summary`), tensor, metadata]))));
  }

  /** As a table of text. */
  logHyperparams(params: Readonly<Record<string, unknown>>): void {
    const rows = Object.entries(params).map(([k, v]) => `| ${k} | ${typeof v === 'string' ? v : JSON.stringify(v)} |`);
    this.logText('hparams', ['| name | value |', '| --- | --- |', ...rows].join('\n'), 0);
  }

  override save(): void {
    if (this.held.length === 0) return;
    if (this.path === null) {
      makeFolder(this.logDir, true);
      this.path = join(this.logDir, `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}.${files++}`);
      appendFileSync(this.path, tfRecord(Buffer.concat([double(1, Date.now() / 1000), bytes(3, 'brain.Event:2')])));
    }
    appendFileSync(this.path, Buffer.concat(this.held));
    this.held = [];
  }
}
