import type { Array } from '../core/array';
import { sizeOf } from '../core/aval';
import type { DType } from '../core/dtype';
import { ArgumentError, DtypeError } from '../core/errors';
import { bytesPerElement, type ComplexArray, type SmallFloatArray } from '../core/hostFormat';
import { isPlainObject } from '../core/tree';
import type { ArrayLike } from '../functional/arrayLike';
import { checkOptions } from '../functional/options';
import { RangeReader, writeAtomic, writeAtomicSync } from '../storage/disk';
import { CheckpointError, InvalidCheckpointPath, reason } from '../storage/errors';
import { HostArray } from '../storage/hostArray';
import { type FileName, filePath, type SaveOptions } from './msgpack';
import { setOwn } from './stateDict';

// In the order in which the reference implementation lays tensors out, the last first.
const NAMES: [string, DType][] = [
  ['BOOL', 'bool'], ['U8', 'uint8'], ['I8', 'int8'], ['F8_E5M2', 'float8_e5m2'], ['F8_E4M3', 'float8_e4m3fn'], ['F8_E8M0', 'float8_e8m0fnu'],
  ['F8_E4M3FNUZ', 'float8_e4m3fnuz'], ['F8_E5M2FNUZ', 'float8_e5m2fnuz'],
  ['I16', 'int16'], ['U16', 'uint16'], ['F16', 'float16'], ['BF16', 'bfloat16'], ['I32', 'int32'], ['U32', 'uint32'], ['F32', 'float32'], ['C64', 'complex64'],
  ['F64', 'float64'], ['I64', 'int64'], ['U64', 'uint64'],
];
const FROM_NAME = new Map(NAMES);
const RANK = new Map(NAMES.map(([, dtype], i) => [dtype, i]));
const TO_NAME = new Map(NAMES.map(([name, dtype]) => [dtype, name]));

/** What is saved under a name. */
export type Tensor = ArrayLike | HostArray | SmallFloatArray | ComplexArray;
/** Arrays by name: a plain object, or a Map. */
export type Tensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/** Options of {@link saveSafetensors} and {@link saveSafetensorsAsync}. */
export interface SafetensorsSaveOptions extends SaveOptions {
  /** Text by name, kept in the file's header. */
  metadata?: Readonly<Record<string, string>>;
}

function entriesOf(op: string, tensors: Tensors): [string, Tensor][] {
  if (tensors instanceof Map) return [...tensors];
  if (!isPlainObject(tensors)) throw new ArgumentError(`${op}: expected tensors to be a plain object or a Map of arrays by name`);
  return Object.entries(tensors);
}

function serialize(arrays: [string, HostArray][], metadata: Readonly<Record<string, string>> | undefined): Uint8Array[] {
  const header: Record<string, unknown> = {};
  if (metadata !== undefined) {
    for (const [k, v] of Object.entries(metadata)) if (typeof v !== 'string') throw new ArgumentError(`saveSafetensors: expected metadata '${k}' to be text, got ${typeof v}`);
    header.__metadata__ = metadata;
  }
  for (const [name, { dtype }] of arrays) {
    if (typeof name !== 'string' || name === '__metadata__') throw new ArgumentError(`saveSafetensors: a tensor cannot be named ${String(name)}`);
    if (!RANK.has(dtype)) throw new DtypeError(`saveSafetensors: the format has no type for '${name}', which is ${dtype}; convert it first`);
  }
  arrays.sort(([a, x], [b, y]) => RANK.get(y.dtype)! - RANK.get(x.dtype)! || Buffer.compare(Buffer.from(a), Buffer.from(b)));
  let at = 0;
  for (const [name, { dtype, shape, bytes }] of arrays) {
    setOwn(header, name, { dtype: TO_NAME.get(dtype), shape, data_offsets: [at, at + bytes.byteLength] });
    at += bytes.byteLength;
  }
  // JSON.stringify would put whole numbers first, and the layout wants the order of the data.
  const parts = ['__metadata__' in header ? `"__metadata__":${JSON.stringify(metadata)}` : '', ...arrays.map(([name]) => `${JSON.stringify(name)}:${JSON.stringify(header[name])}`)];
  const json = Buffer.from(`{${parts.filter(Boolean).join(',')}}`);
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [Buffer.concat([length, padded]), ...arrays.map(([, a]) => a.bytes)];
}

/**
 * Saves arrays by name in the safetensors format, in the layout of its reference implementation; the file is replaced in one step.
 *
 * @param filename path of the file
 * @param tensors arrays by name
 * @throws DtypeError for types the format has none for (integers below 8 bits, complex128, some float8 kinds)
 * @example
 * file.saveSafetensors('model.safetensors', { weight: np.ones([2, 3]) }, { metadata: { format: 'np' } });
 */
export function saveSafetensors(filename: FileName, tensors: Tensors, options: SafetensorsSaveOptions = {}): string {
  const path = filePath('saveSafetensors', filename);
  checkOptions('saveSafetensors', ['metadata', 'overwrite', 'verbose'], options);
  const arrays = entriesOf('saveSafetensors', tensors).map(([name, x]): [string, HostArray] => [name, HostArray.from(x, name)]);
  writeAtomicSync(path, serialize(arrays, options.metadata), options.overwrite ?? true);
  if (options.verbose) console.log(`Saved ${arrays.length} tensors into ${path}`);
  return path;
}

/**
 * {@link saveSafetensors} with the event loop free; the values are those at the time of the call.
 *
 * @param filename path of the file
 * @param tensors arrays by name
 * @example
 * ```ts
 * await file.saveSafetensorsAsync('w.safetensors', { w: np.ones([2, 3]) }, { metadata: { by: 'xlastate' } });
 * file.loadSafetensors('w.safetensors').w!.shape; // [2, 3]
 * ```
 */
export async function saveSafetensorsAsync(filename: FileName, tensors: Tensors, options: SafetensorsSaveOptions = {}): Promise<string> {
  const path = filePath('saveSafetensorsAsync', filename);
  checkOptions('saveSafetensorsAsync', ['metadata', 'overwrite', 'verbose'], options);
  const arrays = await Promise.all(entriesOf('saveSafetensorsAsync', tensors).map(async ([name, x]): Promise<[string, HostArray]> => [name, await HostArray.fromAsync(x, name)]));
  await writeAtomic(path, serialize(arrays, options.metadata), options.overwrite ?? true);
  if (options.verbose) console.log(`Saved ${arrays.length} tensors into ${path}`);
  return path;
}

/** Where a tensor lies in a file. */
export interface TensorInfo {
  /** Element type. */
  readonly dtype: DType;
  /** Sizes of the dimensions. */
  readonly shape: readonly number[];
  /** Its first byte and the one behind its last, in the file. */
  readonly range: readonly [number, number];
}

const MAX_HEADER = 100_000_000;

function parseHeader(path: string, reader: RangeReader): { tensors: Map<string, TensorInfo>; metadata: Record<string, string> } {
  const bad = (what: string): never => {
    throw new InvalidCheckpointPath(`${path} is no valid safetensors file: ${what}`);
  };
  if (reader.size < 8) bad('it has fewer than 8 bytes');
  const length = Number(new DataView(reader.read(0, 8).buffer).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > reader.size) bad(`its header is declared to have ${length} bytes, the file has ${reader.size}`);
  const start = 8 + length;
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(reader.read(8, start)));
  } catch (e) {
    bad(`its header is no JSON: ${reason(e)}`);
  }
  if (!isPlainObject(header)) return bad('its header is no JSON object');
  const tensors = new Map<string, TensorInfo>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__' && entry === null) continue;
    if (!isPlainObject(entry)) return bad(`the entry '${name}' is no object`);
    if (name === '__metadata__') {
      if (!Object.values(entry).every((v) => typeof v === 'string')) bad('its metadata is not all text');
      metadata = entry as Record<string, string>;
      continue;
    }
    const { dtype: type, shape, data_offsets: offsets } = entry;
    const dtype = FROM_NAME.get(type as string) ?? bad(`tensor '${name}' has the unknown type ${JSON.stringify(type)}`);
    const isList = (x: unknown): x is number[] => globalThis.Array.isArray(x) && x.every((n) => Number.isSafeInteger(n) && n >= 0);
    if (!isList(shape) || shape.length > 64 || !isList(offsets) || offsets.length !== 2) return bad(`tensor '${name}' has no valid shape and offsets`);
    const [from, to] = offsets as [number, number];
    const expected = sizeOf(shape) * bytesPerElement(dtype);
    if (to - from !== expected || start + to > reader.size) bad(`tensor '${name}' of type ${dtype}[${shape.join(', ')}] is said to be at bytes ${from} to ${to} of ${reader.size - start}`);
    tensors.set(name, { dtype, shape, range: [start + from, start + to] });
  }
  // All bytes belong to just one tensor, so that nothing can hide, and no small file unfold into large tensors.
  let at = start;
  for (const { range } of [...tensors.values()].sort((a, b) => a.range[0] - b.range[0] || a.range[1] - b.range[1])) {
    if (range[0] !== at) bad(`its tensors overlap or leave gaps at byte ${Math.min(at, range[0])}`);
    at = range[1];
  }
  if (at !== reader.size) bad(`${reader.size - at} bytes belong to no tensor`);
  return { tensors, metadata };
}

/**
 * An open safetensors file, of which only what is asked for is read: a tensor, or some rows of one.
 *
 * @example
 * ```ts
 * file.saveSafetensors('embedding.safetensors', { embedding: np.ones([1000, 4]) });
 * using f = file.openSafetensors('embedding.safetensors');
 * f.slice('embedding', 0, 100).shape; // [100, 4]
 * ```
 */
export class SafetensorsFile implements Disposable {
  /** Text by name from the header. */
  readonly metadata: Readonly<Record<string, string>>;
  private readonly tensors: Map<string, TensorInfo>;
  private readonly reader: RangeReader;

  constructor(filename: FileName) {
    const path = filePath('openSafetensors', filename);
    this.reader = new RangeReader(path);
    try {
      ({ tensors: this.tensors, metadata: this.metadata } = parseHeader(path, this.reader));
    } catch (e) {
      this.reader.close();
      throw e;
    }
  }

  /** Names of the tensors, in the header's order. */
  keys(): string[] {
    return [...this.tensors.keys()];
  }

  /** Type, shape and place of a tensor. @throws CheckpointError if there is none of the name */
  info(name: string): TensorInfo {
    const info = this.tensors.get(name);
    if (info === undefined) throw new CheckpointError(`${this.reader.file} has no tensor '${name}'; it has ${this.keys().slice(0, 20).join(', ')}${this.tensors.size > 20 ? ', …' : ''}`);
    return info;
  }

  /** A tensor in the file's type, on the host. */
  getHost(name: string): HostArray {
    const { dtype, shape, range } = this.info(name);
    return new HostArray(dtype, shape, this.reader.read(range[0], range[1]));
  }

  /** {@link get} with the event loop free. */
  async getAsync(name: string): Promise<Array> {
    const { dtype, shape, range } = this.info(name);
    return new HostArray(dtype, shape, await this.reader.readAsync(range[0], range[1])).toArray();
  }

  /** A tensor on the default device. */
  get(name: string): Array {
    return this.getHost(name).toArray();
  }

  /** Entries `start` to `stop` of a tensor's first axis, counted from the end where negative, as a slice of NumPy's. */
  slice(name: string, start: number, stop?: number): Array {
    const { dtype, shape, range } = this.info(name);
    if (shape.length === 0) throw new ArgumentError(`SafetensorsFile.slice: tensor '${name}' has shape [] and no axis`);
    const n = shape[0]!;
    const clip = (i: number) => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
    if (!Number.isInteger(start) || (stop !== undefined && !Number.isInteger(stop))) throw new ArgumentError('SafetensorsFile.slice: expected start and stop to be integers');
    const from = clip(start);
    const to = Math.max(from, clip(stop ?? n));
    const row = n === 0 ? 0 : (range[1] - range[0]) / n;
    return new HostArray(dtype, [to - from, ...shape.slice(1)], this.reader.read(range[0] + from * row, range[0] + to * row)).toArray();
  }

  /** Closes the file; reading from it is an error from then on. */
  close(): void {
    this.reader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Opens a file to read parts of it. @throws InvalidCheckpointPath if it is damaged
 *
 * @example
 * ```ts
 * file.saveSafetensors('w.safetensors', { w: np.ones([2, 3]) });
 * using tensors = file.openSafetensors('w.safetensors');
 * tensors.slice('w', 0, 1).shape; // [1, 3]
 * ```
 */
export function openSafetensors(filename: FileName): SafetensorsFile {
  return new SafetensorsFile(filename);
}

/** Options of {@link loadSafetensors} and {@link loadSafetensorsAsync}. */
export interface SafetensorsLoadOptions {
  /** Only these tensors. */
  names?: readonly string[];
}

/**
 * The arrays of a safetensors file by name, on the default device; `host: true` gives them on the host, in the file's types.
 *
 * @throws InvalidCheckpointPath if the file is damaged
 * @example
 * const { weight } = file.loadSafetensors('model.safetensors');
 */
export function loadSafetensors(filename: FileName, options: SafetensorsLoadOptions & { host: true }): Record<string, HostArray>;
export function loadSafetensors(filename: FileName, options?: SafetensorsLoadOptions & { host?: false }): Record<string, Array>;
export function loadSafetensors(filename: FileName, options: SafetensorsLoadOptions & { host?: boolean } = {}): Record<string, Array | HostArray> {
  checkOptions('loadSafetensors', ['names', 'host'], options);
  const f = openSafetensors(filename);
  try {
    const out: Record<string, Array | HostArray> = {};
    for (const name of options.names ?? f.keys()) setOwn(out, name, options.host ? f.getHost(name) : f.get(name));
    return out;
  } finally {
    f.close();
  }
}

/**
 * {@link loadSafetensors} with the event loop free.
 *
 * @example
 * ```ts
 * file.saveSafetensors('w.safetensors', { w: np.ones([2, 3]) });
 * (await file.loadSafetensorsAsync('w.safetensors')).w!.shape; // [2, 3]
 * ```
 */
export async function loadSafetensorsAsync(filename: FileName, options: SafetensorsLoadOptions = {}): Promise<Record<string, Array>> {
  checkOptions('loadSafetensorsAsync', ['names'], options);
  const f = openSafetensors(filename);
  try {
    const out: Record<string, Array> = {};
    for (const name of options.names ?? f.keys()) {
      setOwn(out, name, await f.getAsync(name));
    }
    return out;
  } finally {
    f.close();
  }
}
