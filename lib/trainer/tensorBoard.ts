import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { checkOptions } from '../functional/options';
import { makeFolder } from '../pjrt/cacheDir';
import type { Numbers } from './callbacks';
import { checkLogged, logFolder, Logger, versionNow } from './loggers';

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
 * Scalars and texts for TensorBoard, as an event file in `saveDir/name/version`. Mirrors `braintools.trainer.TensorBoardLogger`.
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

  override logText(key: string, text: string, step: number): void {
    const metadata = bytes(9, bytes(1, bytes(1, 'text')));
    const tensor = bytes(8, Buffer.concat([integer(1, DT_STRING), bytes(2, bytes(2, integer(1, 1))), bytes(8, text)]));
    this.event(integer(2, step), bytes(5, bytes(1, Buffer.concat([bytes(1, `${this.prefix}${key}/text_summary`), tensor, metadata]))));
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
