import type { Device, Memory } from './client';
import { ArgumentError } from './errors';
import { native } from './native';
import type { DType } from './types';

/** How a buffer finds the devices and memories of its client. */
export interface ClientLookup {
  devices: readonly Device[];
  memories: readonly Memory[];
}

let clientOf: (id: number) => ClientLookup;

/** Says how buffers find their clients. */
export function onClient(lookup: (id: number) => ClientLookup): void {
  clientOf = lookup;
}

const MAKE = Symbol('make');

/** What the addon calls a buffer, or −1 for what is none: it knows no buffer of that number. */
let idOf: (x: unknown) => number;
let setId: (b: Buffer, id: number) => void;

/**
 * An array in the memory of a device. Made by `client.bufferFromHost` and by executables. Mirrors `PJRT_Buffer`.
 *
 * Nothing needs to be deleted: garbage collection frees the memory, too. Using a deleted buffer throws DeletedArrayError. An error of the program that
 * computes the buffer is thrown where it is read or waited for, as XlaError.
 */
export class Buffer {
  #id = -1;

  /** @internal Use {@link newBuffer}. */
  constructor(key: typeof MAKE) {
    if (key !== MAKE) throw new ArgumentError('Buffer: not made with new; use client.bufferFromHost');
  }

  static {
    idOf = (x) => (typeof x === 'object' && x !== null && #id in x ? x.#id : -1);
    setId = (b, id) => {
      b.#id = id;
    };
  }

  get dtype(): DType {
    return native().buffer.dtype(this.#id, this);
  }

  /** Sizes of the dimensions, in an array of its own. */
  get dims(): number[] {
    return native().buffer.dims(this.#id, this);
  }

  /** Bytes in the host's format: at least one for each element. */
  get nbytes(): number {
    return native().buffer.nbytes(this.#id, this);
  }

  get onDeviceSize(): number {
    return native().buffer.onDeviceSize(this.#id, this);
  }

  /** Which client of the process it belongs to. */
  get clientId(): number {
    return native().buffer.clientId(this.#id, this);
  }

  get deviceIndex(): number {
    return native().buffer.deviceIndex(this.#id, this);
  }

  get memoryIndex(): number {
    return native().buffer.memoryIndex(this.#id, this);
  }

  get device(): Device {
    return clientOf(this.clientId).devices[this.deviceIndex]!;
  }

  get memory(): Memory {
    return clientOf(this.clientId).memories[this.memoryIndex]!;
  }

  isDeleted(): boolean {
    return native().buffer.isDeleted(this.#id, this);
  }

  /** Frees the memory at once. A donated buffer is deleted by the call it is given to. */
  delete(): void {
    native().buffer.delete(this.#id, this);
  }

  /** The elements, row-major; blocks until they are there. */
  toHostSync(): ArrayBuffer {
    return native().buffer.toHostSync(this.#id, this);
  }

  /** The elements, row-major, in memory of the addon's, which Node does not let be transferred to other threads: copy it first. */
  toHost(): Promise<ArrayBuffer> {
    return native().buffer.toHost(this.#id, this);
  }

  isReady(): boolean {
    return native().buffer.isReady(this.#id, this);
  }

  blockUntilReady(): void {
    native().buffer.blockUntilReady(this.#id, this);
  }

  ready(): Promise<void> {
    return native().buffer.ready(this.#id, this);
  }

  /** The address on the device, valid while the buffer lives. */
  unsafePointer(): bigint {
    return native().buffer.unsafePointer(this.#id, this);
  }

  /** A copy on another device of the same client, or a second one on the same. */
  copyToDevice(device: Device): Buffer {
    if (clientOf(this.clientId).devices[device?.index] !== device) throw new ArgumentError('Buffer.copyToDevice: expected a device of the same client');
    return newBuffer((to) => native().buffer.copyToDevice(this.#id, this, device.index, to));
  }

  copyToMemory(memory: Memory): Buffer {
    if (clientOf(this.clientId).memories[memory?.index] !== memory) throw new ArgumentError('Buffer.copyToMemory: expected a memory of the same client');
    return newBuffer((to) => native().buffer.copyToMemory(this.#id, this, memory.index, to));
  }

  [Symbol.dispose](): void {
    this.delete();
  }
}

/** A buffer that the addon makes: `make` hands the new object over to it, and gives the buffer's id. */
export function newBuffer(make: (to: Buffer) => number): Buffer {
  const b = emptyBuffer();
  setId(b, make(b));
  return b;
}

/** An object for a result of a call of the addon's, to be completed by {@link takeIds}. */
export function emptyBuffer(): Buffer {
  return new Buffer(MAKE);
}

/** Objects for `n` results of a call of the addon's, in the form that it takes: one, or a list where there is not one. */
export function emptyBuffers(n: number): Buffer | Buffer[] {
  if (n === 1) return emptyBuffer();
  const out: Buffer[] = [];
  for (let i = 0; i < n; i++) out.push(emptyBuffer());
  return out;
}

/**
 * Where a call of the addon's finds the ids of its buffers, and leaves those of its results: kept with the addon, which all copies of this module in a thread
 * share (tests and tools that reload modules make such).
 */
function idsFor(n: number): Float64Array {
  const addon = native();
  if (addon.ids === undefined || addon.ids.length < n) addon.ids = addon.makeIds(2 * n + 64);
  return addon.ids;
}

/** In place of an id: no buffer, where one may be left out. */
const NONE = -2;

/** Leaves the ids of arguments, and of buffers that take results, to the addon. The lists must be of our own making: a getter could make a call in between. */
export function putIds(args: readonly Buffer[], targets: readonly (Buffer | null)[], results: number): void {
  const n = args.length;
  const needed = Math.max(n + targets.length, results);
  const ids = idsFor(needed);
  for (let i = 0; i < n; i++) ids[i] = idOf(args[i]);
  for (let i = 0; i < targets.length; i++) ids[n + i] = targets[i] === null ? NONE : idOf(targets[i]);
}

/** The one result of a call that has just returned. */
export function takeId(result: Buffer): Buffer {
  setId(result, native().ids![0]!);
  return result;
}

/** The results of a call that has just returned. */
export function takeIds(results: Buffer | Buffer[]): Buffer[] {
  if (!Array.isArray(results)) return [takeId(results)];
  const ids = native().ids!;
  for (let i = 0; i < results.length; i++) setId(results[i]!, ids[i]!);
  return results;
}
