import type { Buffer, Device } from '../pjrt';
import { addSpan, recording, timed } from '../pjrt/spans';
import { type Array, ConcreteArray, setOnChosenDevice } from './array';
import { type Shape, ShapedArray, sizeOf } from './aval';
import { backend, mainBackend } from './backend';
import { ArgumentError, DeletedArrayError, ShapeError } from './errors';
import { bytesPerElement, type HostView, typedView } from './hostFormat';
import { chosenDevice, noteDevices } from './placing';
import { internSharding, onDevice, type Part, shapeOfPart, type Sharding, type ShardIndex } from './sharding';

/** Copies between an array's bytes and those of one of its parts, both row-major. */
function copyPart(array: Uint8Array, shape: Shape, index: ShardIndex, part: Uint8Array, itemsize: number, toPart: boolean): void {
  const ndim = shape.length;
  // Trailing dimensions that the part has whole are one run of bytes, with the one before them.
  let d = ndim;
  let run = itemsize;
  while (d > 0) {
    d--;
    run *= index[d]![1] - index[d]![0];
    if (index[d]![0] !== 0 || index[d]![1] !== shape[d]) break;
  }
  if (part.length === 0) return;
  const strides = new globalThis.Array<number>(ndim);
  let stride = itemsize;
  for (let k = ndim - 1; k >= 0; k--) {
    strides[k] = stride;
    stride *= shape[k]!;
  }
  let next = 0;
  const copy = (k: number, at: number): void => {
    if (k === d || ndim === 0) {
      const start = ndim === 0 ? 0 : at + index[d]![0] * strides[d]!;
      if (toPart) part.set(array.subarray(start, start + run), next);
      else array.set(part.subarray(next, next + run), start);
      next += run;
      return;
    }
    for (let i = index[k]![0]; i < index[k]![1]; i++) copy(k + 1, at + i * strides[k]!);
  };
  copy(0, 0);
}

/** The bytes of a part of an array. */
export function partOf(array: Uint8Array, shape: Shape, index: ShardIndex, itemsize: number): Uint8Array {
  const size = sizeOf(shapeOfPart(index)) * itemsize;
  if (size === array.length) return array;
  const part = new Uint8Array(size);
  copyPart(array, shape, index, part, itemsize, true);
  return part;
}

/** One device's part of an array. Mirrors `jax.Shard`. @example np.ones([2]).addressableShards[0] instanceof Shard; // true */
export class Shard {
  readonly device: Device;
  /** The range of the part in each dimension, in the form that `x.slice` takes. */
  readonly index: ShardIndex;
  /** How many devices before this one hold the same part. */
  readonly replicaId: number;
  /** The part as an array on its device; it shares the memory of the whole. */
  readonly data: ConcreteArray;

  constructor(device: Device, index: ShardIndex, replicaId: number, data: ConcreteArray) {
    this.device = device;
    this.index = index;
    this.replicaId = replicaId;
    this.data = data;
  }

  toString(): string {
    return `Shard(device=${this.device}, index=(${this.index.map(([a, b]) => `${a}:${b}`).join(', ')}), replicaId=${this.replicaId}, shape=(${this.data.shape.join(', ')}))`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** An array that was put somewhere: on a device, or in parts on the devices of a mesh. */
export class PlacedArray extends ConcreteArray {
  readonly placement: Sharding;
  /** Whether programs that take it run where it lies; else it goes where they run. */
  readonly isCommitted: boolean;
  /** A buffer for each device of the sharding. */
  private readonly parts: readonly Buffer[];

  constructor(aval: ShapedArray, placement: Sharding, parts: readonly Buffer[], isCommitted: boolean) {
    super(aval, null);
    this.placement = internSharding(placement);
    this.parts = parts;
    this.isCommitted = isCommitted;
    noteDevices();
  }

  /** The buffers, one for each device. @throws DeletedArrayError if they are gone */
  get buffers(): readonly Buffer[] {
    return this.alive('use');
  }

  private alive(what: string): readonly Buffer[] {
    if (this.isDeleted()) throw new DeletedArrayError(`${what}: the array of type ${this.aval} was disposed of or donated`);
    return this.parts;
  }

  override get onHost(): boolean {
    return false;
  }

  /** Its values on the first device of the client in use. */
  override get buffer(): Buffer {
    const { client } = backend();
    const device = client.addressableDevices[0]!;
    const [first] = this.alive('use');
    if (this.placement.isFullyReplicated && client === mainBackend().client) return first!.device === device ? first! : first!.copyToDevice(device);
    return client.bufferFromHost(this.bytes(), this.dtype, this.shape, { device });
  }

  /** The bytes of the whole array, of which each part is read once. */
  override bytes(): Uint8Array {
    const buffers = this.alive('dataSync');
    const read = (b: Buffer) => new Uint8Array(b.toHostSync());
    if (this.placement.isFullyReplicated) return read(buffers[0]!);
    const places = this.placement.parts(this.shape);
    return this.assemble(places, places.map((p, i) => (p.replicaId === 0 ? read(buffers[i]!) : null)));
  }

  private assemble(places: readonly Part[], parts: readonly (Uint8Array | null)[]): Uint8Array {
    const itemsize = bytesPerElement(this.dtype);
    const out = new Uint8Array(this.size * itemsize);
    places.forEach(({ index }, i) => {
      const part = parts[i];
      if (part) copyPart(out, this.shape, index, part, itemsize, false);
    });
    return out;
  }

  override dataSync(): HostView {
    const read = () => typedView(this.bytes().buffer as ArrayBuffer, this.dtype);
    return recording.on ? timed('to host', { bytes: this.nbytes }, read) : read();
  }

  override async data(): Promise<HostView> {
    const start = recording.on ? performance.now() : 0;
    const buffers = this.alive('data');
    const places = this.placement.parts(this.shape);
    const parts = await Promise.all(places.map(async (p, i) => (p.replicaId === 0 ? new Uint8Array(await buffers[i]!.toHost()) : null)));
    if (start > 0) addSpan('to host', start, { bytes: this.nbytes }, 'asynchronous copies');
    return typedView((this.placement.isFullyReplicated ? parts[0]! : this.assemble(places, parts)).buffer as ArrayBuffer, this.dtype);
  }

  override blockUntilReady(): this {
    const wait = () => {
      for (const b of this.alive('blockUntilReady')) b.blockUntilReady();
    };
    if (recording.on) timed('wait', {}, wait);
    else wait();
    return this;
  }

  override async ready(): Promise<this> {
    await Promise.all(this.alive('ready').map((b) => b.ready()));
    return this;
  }

  override dispose(): void {
    for (const b of this.parts) b.delete();
  }

  override isDeleted(): boolean {
    return this.parts.some((b) => b.isDeleted());
  }

  /** The parts, one for each device. */
  shards(): Shard[] {
    const buffers = this.alive('addressableShards');
    return this.placement.parts(this.shape).map(({ index, replicaId }, i) => {
      const device = this.placement.deviceList[i]!;
      const aval = new ShapedArray(shapeOfPart(index), this.dtype, this.weakType);
      return new Shard(device, index, replicaId, new PlacedArray(aval, onDevice(device), [buffers[i]!], true));
    });
  }
}

/** Whether an array was put somewhere. */
export const isPlaced = (x: Array): boolean => x instanceof PlacedArray;

/** Where an array lies. */
export function shardingOf(x: ConcreteArray): Sharding {
  if (x instanceof PlacedArray) return x.placement;
  return onDevice(x.onHost ? (chosenDevice() ?? backend().client.addressableDevices[0]!) : x.buffer.device);
}

/** An array's parts. */
export function shardsOf(x: ConcreteArray): Shard[] {
  if (x instanceof PlacedArray) return x.shards();
  const { buffer } = x;
  return [new Shard(buffer.device, x.shape.map((n) => [0, n] as const), 0, x)];
}

function checkDevices(op: string, sharding: Sharding): void {
  const { client } = mainBackend();
  if (sharding.deviceList.some((d) => d.client !== client)) throw new ArgumentError(`${op}: expected devices of the client that arrays live on (pjrt.defaultClient()), got ${sharding}`);
}

/** Buffers of an array's values, one for each device of a sharding; its own where it lies so. */
export function buffersOn(x: ConcreteArray, sharding: Sharding, op: string): readonly Buffer[] {
  if (x instanceof PlacedArray && (x.placement === sharding || x.placement.isEquivalentTo(sharding, x.ndim))) return x.buffers;
  checkDevices(op, sharding);
  sharding.check(x.shape, op);
  if (sharding.isFullyReplicated && !x.onHost && (!(x instanceof PlacedArray) || x.placement.isFullyReplicated)) {
    const held = x instanceof PlacedArray ? x.buffers : [x.buffer];
    if (held[0]!.isDeleted()) throw new DeletedArrayError(`${op}: the array of type ${x.aval} was disposed of or donated`);
    return sharding.deviceList.map((device) => held.find((b) => b.device === device) ?? held[0]!.copyToDevice(device));
  }
  return buffersOf(x.bytes(), x.aval, sharding);
}

/** A buffer on each device with its part of an array's bytes. */
function buffersOf(bytes: Uint8Array, { shape, dtype }: ShapedArray, sharding: Sharding): Buffer[] {
  const { client } = mainBackend();
  return sharding.parts(shape).map(({ index }, i) => client.bufferFromHost(partOf(bytes, shape, index, bytesPerElement(dtype)), dtype, shapeOfPart(index), { device: sharding.deviceList[i]! }));
}

/** An array of row-major host data in the dtype's host format, in the given place. */
export function placedFromHost(data: ArrayBufferView | ArrayBuffer, aval: ShapedArray, sharding: Sharding, isCommitted: boolean, op: string): PlacedArray {
  checkDevices(op, sharding);
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  const itemsize = bytesPerElement(aval.dtype);
  if (bytes.length !== aval.size * itemsize) throw new ShapeError(`${op}: expected ${aval.size * itemsize} bytes for ${aval}, got ${bytes.length}`);
  return new PlacedArray(aval, sharding, buffersOf(bytes, aval, sharding), isCommitted);
}

setOnChosenDevice((data, aval) => placedFromHost(data, aval, onDevice(chosenDevice()!), false, 'array'));
